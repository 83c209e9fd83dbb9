/* POSIX (Linux): address space, page protection, the deadline clock. */
#define _GNU_SOURCE

#include "os.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* --- memory ------------------------------------------------------------- */

/* NORESERVE: only what is touched counts against the machine's memory. */
void *we_os_reserve(size_t size)
{
    void *p;

    p = mmap(NULL, size, PROT_NONE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

bool we_os_commit(void *ptr, size_t size)
{
    return size == 0 || mprotect(ptr, size, PROT_READ | PROT_WRITE) == 0;
}

void we_os_unmap(void *ptr, size_t size)
{
    (void) munmap(ptr, size);
}

size_t we_os_page(void)
{
    return (size_t) sysconf(_SC_PAGESIZE);
}

/* --- the deadline clock ------------------------------------------------- */

enum {
    TICK = 1000000,                      /* asked for; the kernel gives its */
    NEAR = 20000000,                     /* time left below: exact timer */
    NEAREST = 50000,
    WALL_FACTOR = 10                     /* wall-clock bound, deadline = 1 */
};
static const uint64_t WALL_LEAST = 1000000000;

/*
 * The handler runs on the thread that it interrupts, between two instructions
 * of it; so fences against the compiler are all that the two need.  The
 * handler writes cpu, wall and expired of the watches below top, and *flag
 * only while one of them has expired.
 */
struct we_clock {
    struct we_watch *volatile top;       /* innermost watch */
    uint32_t volatile *flag;
    uint32_t           value;
    bool               armed;
    pid_t              pid;              /* whose timers these are */
    int                signal;
    timer_t            tick, shot;
    void *(*resize)(void *, void *, size_t, size_t);
    void *env;
};

static uint64_t now(clockid_t id)
{
    struct timespec t;

    (void) clock_gettime(id, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static struct timespec span(uint64_t ns)
{
    struct timespec t;

    t.tv_sec = (time_t) (ns / 1000000000u);
    t.tv_nsec = (long) (ns % 1000000000u);
    return t;
}

/* CPU time left to a watch; 0: it has run out.  A watch starts to count when
 * it is first seen, so it never ends early. */
static uint64_t watch_left(struct we_watch *watch, uint64_t cpu,
                           uint64_t wall)
{
    uint64_t bound = WALL_LEAST;
    uint64_t used;

    if (watch->cpu == 0) {
        watch->cpu = cpu;
        watch->wall = wall;
    }
    used = cpu - watch->cpu;
    if (watch->deadline > WALL_LEAST / WALL_FACTOR) {
        bound = watch->deadline > UINT64_MAX / WALL_FACTOR
                ? UINT64_MAX : watch->deadline * WALL_FACTOR;
    }
    if (used >= watch->deadline || wall - watch->wall >= bound) {
        watch->expired = true;
        return 0;
    }
    return watch->deadline - used;
}

static void clock_look(struct we_clock *clock)
{
    struct itimerspec shot = { { 0, 0 }, { 0, 0 } };
    struct we_watch *watch = clock->top;
    uint64_t cpu, wall, left, least = NEAR;

    if (watch == NULL) {
        return;
    }
    cpu = now(CLOCK_THREAD_CPUTIME_ID);
    wall = now(CLOCK_MONOTONIC);
    for (; watch != NULL; watch = watch->outer) {
        left = watch_left(watch, cpu, wall);
        if (left == 0) {
            *clock->flag = clock->value;
        } else if (left < least) {
            least = left;
        }
    }
    if (least < NEAR) {
        shot.it_value = span(least < NEAREST ? NEAREST : least);
        (void) timer_settime(clock->shot, 0, &shot, NULL);
    }
}

/* Async-signal-safe: clock_gettime and timer_settime are. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;

    (void) number;
    (void) context;
    if (info->si_code == SI_TIMER && info->si_value.sival_ptr != NULL) {
        clock_look(info->si_value.sival_ptr);
    }
    errno = saved;
}

/* A real-time signal that nobody else handles, from the top; 0: none. */
static int take_signal(void)
{
    struct sigaction action, old;
    int number;

    for (number = SIGRTMAX - 1; number > SIGRTMIN; number--) {
        if (sigaction(number, NULL, &old) != 0) {
            continue;
        }
        if ((old.sa_flags & SA_SIGINFO) != 0 && old.sa_sigaction == on_signal) {
            return number;
        }
        if ((old.sa_flags & SA_SIGINFO) == 0 && old.sa_handler == SIG_DFL) {
            action.sa_sigaction = on_signal;
            action.sa_flags = SA_RESTART | SA_SIGINFO | SA_ONSTACK;
            (void) sigemptyset(&action.sa_mask);
            return sigaction(number, &action, NULL) == 0 ? number : 0;
        }
    }
    return 0;
}

struct we_clock *we_os_clock_new(void *(*resize)(void *, void *, size_t,
                                                 size_t),
                                 void *env, uint32_t volatile *flag,
                                 uint32_t value)
{
    struct we_clock *clock = resize(env, NULL, 0, sizeof *clock);

    if (clock != NULL) {
        clock->top = NULL;
        clock->flag = flag;
        clock->value = value;
        clock->armed = false;
        clock->resize = resize;
        clock->env = env;
    }
    return clock;
}

/* A forked process has none of its parent's timers.  What is still pending
 * points to the clock, so it must be taken back, too. */
static void clock_stop(struct we_clock *clock)
{
    static const struct timespec none = { 0, 0 };
    sigset_t set, old;

    if (!clock->armed) {
        return;
    }
    clock->armed = false;
    if (clock->pid != getpid()) {
        return;
    }
    (void) sigemptyset(&set);
    (void) sigaddset(&set, clock->signal);
    (void) pthread_sigmask(SIG_BLOCK, &set, &old);
    (void) timer_delete(clock->tick);
    (void) timer_delete(clock->shot);
    while (sigtimedwait(&set, NULL, &none) > 0) {
    }
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
}

bool we_os_clock_start(struct we_clock *clock)
{
    struct itimerspec every = { { 0, TICK }, { 0, TICK } };
    struct sigevent event = { 0 };
    sigset_t set;

    clock_stop(clock);
    clock->signal = take_signal();
    if (clock->signal == 0) {
        return false;
    }
    (void) sigemptyset(&set);
    (void) sigaddset(&set, clock->signal);
    (void) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = clock->signal;
    event.sigev_value.sival_ptr = clock;
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &clock->shot) != 0) {
        return false;
    }
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &clock->tick) != 0) {
        (void) timer_delete(clock->shot);
        return false;
    }
    clock->pid = getpid();
    clock->armed = true;
    if (timer_settime(clock->tick, 0, &every, NULL) != 0) {
        clock_stop(clock);
        return false;
    }
    return true;
}

void we_os_clock_free(struct we_clock *clock)
{
    if (clock != NULL) {
        clock_stop(clock);
        (void) clock->resize(clock->env, clock, sizeof *clock, 0);
    }
}

void we_os_clock_watch(struct we_clock *clock, uint64_t deadline,
                       struct we_watch *watch)
{
    watch->deadline = deadline;
    watch->cpu = 0;
    watch->wall = 0;
    watch->expired = false;
    watch->outer = clock->top;
    atomic_signal_fence(memory_order_seq_cst);
    clock->top = watch;
}

/* A signal between the two steps below finds an outer watch only, and raises
 * the flag for itself. */
void we_os_clock_end(struct we_clock *clock, const struct we_watch *watch)
{
    const struct we_watch *outer = watch->outer;

    clock->top = watch->outer;
    atomic_signal_fence(memory_order_seq_cst);
    if (*clock->flag == 0) {
        return;
    }
    *clock->flag = 0;
    atomic_signal_fence(memory_order_seq_cst);
    for (; outer != NULL; outer = outer->outer) {
        if (outer->expired) {
            *clock->flag = clock->value;
        }
    }
}

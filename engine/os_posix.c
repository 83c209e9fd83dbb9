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
    SOON = 2000000,                      /* a new watch is seen within */
    LEAST = 50000,                       /* between two looks */
    WALL_FACTOR = 10                     /* wall-clock bound, deadline = 1 */
};
static const uint64_t WALL_LEAST = 1000000000;

/*
 * One timer a thread, on the monotonic clock, armed only when it is needed:
 * watch() arms it to go off soon, unless it is armed so already, and whoever
 * it finds then is seen: from there on CPU time counts, and the timer is set
 * to the end of the deadline.  Calls that follow each other closely share one
 * arming; a thread that is idle gets one signal at most.  A timer on the
 * thread's CPU clock would need no arming, but it is looked at in the kernel's
 * tick only: 4 ms late at 250 Hz, more if the thread is out when the tick
 * comes.
 *
 * The handler runs on the thread that it interrupts, between two instructions
 * of it; so fences against the compiler are all that the two need.  It writes
 * cpu, wall and expired of the watches below top, soon, and *flag only while
 * one of the watches has expired.
 */
struct timed {
    struct we_clock    clock;
    bool               started;
    pid_t              pid;              /* whose timer it is */
    int                signal;
    timer_t            timer;
    void *(*resize)(void *, void *, size_t, size_t);
    void *env;
};

static uint64_t now(clockid_t id)
{
    struct timespec t;

    (void) clock_gettime(id, &t);
    return (uint64_t) t.tv_sec * 1000000000u + (uint64_t) t.tv_nsec;
}

static struct timed *timed(struct we_clock *clock)
{
    return (struct timed *) (void *) clock;
}

static void clock_arm(struct we_clock *clock, uint64_t ns)
{
    struct itimerspec when = { { 0, 0 }, { 0, 0 } };

    when.it_value.tv_sec = (time_t) (ns / 1000000000u);
    when.it_value.tv_nsec = (long) (ns % 1000000000u);
    clock->soon = ns <= SOON;
    (void) timer_settime(timed(clock)->timer, 0, &when, NULL);
}

/* How long until a watch can have run out; 0: it has.  It starts to count when
 * it is first seen, so it never ends early. */
static uint64_t watch_left(struct we_watch *watch, uint64_t cpu,
                           uint64_t wall)
{
    uint64_t bound = WALL_LEAST;
    uint64_t used, passed;

    if (watch->cpu == 0) {
        watch->cpu = cpu;
        watch->wall = wall;
    }
    if (watch->deadline > WALL_LEAST / WALL_FACTOR) {
        bound = watch->deadline > UINT64_MAX / WALL_FACTOR
                ? UINT64_MAX : watch->deadline * WALL_FACTOR;
    }
    used = cpu - watch->cpu;
    passed = wall - watch->wall;
    if (used >= watch->deadline || passed >= bound) {
        watch->expired = true;
        return 0;
    }
    used = watch->deadline - used;
    passed = bound - passed;
    return used < passed ? used : passed;
}

static void clock_look(struct we_clock *clock)
{
    struct we_watch *watch = clock->top;
    uint64_t cpu, wall, left, least = UINT64_MAX;

    clock->soon = false;
    if (watch == NULL) {
        return;
    }
    cpu = now(CLOCK_THREAD_CPUTIME_ID);
    wall = now(CLOCK_MONOTONIC);
    for (; watch != NULL; watch = watch->outer) {
        left = watch_left(watch, cpu, wall);
        if (left == 0) {
            *clock->flag = clock->value;
            left = SOON;
        }
        least = left < least ? left : least;
    }
    clock_arm(clock, least < LEAST ? LEAST : least);
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

/* Is the handler ours, or nobody's so that it becomes ours? */
static bool take_signal(int number)
{
    struct sigaction action, old;

    if (sigaction(number, NULL, &old) != 0) {
        return false;
    }
    if ((old.sa_flags & SA_SIGINFO) != 0) {
        return old.sa_sigaction == on_signal;
    }
    if (old.sa_handler != SIG_DFL) {
        return false;
    }
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_RESTART | SA_SIGINFO | SA_ONSTACK;
    (void) sigemptyset(&action.sa_mask);
    return sigaction(number, &action, NULL) == 0;
}

struct we_clock *we_os_clock_new(void *(*resize)(void *, void *, size_t,
                                                 size_t),
                                 void *env, uint32_t volatile *flag,
                                 uint32_t value)
{
    struct timed *t = resize(env, NULL, 0, sizeof *t);

    if (t == NULL) {
        return NULL;
    }
    t->clock = (struct we_clock){ NULL, false, flag, value };
    t->started = false;
    t->resize = resize;
    t->env = env;
    return &t->clock;
}

/* A forked process doesn't have its parent's timer.  What is still pending
 * points to the clock, so it must be taken back, too; what is another clock's,
 * that one gets. */
static void clock_stop(struct we_clock *clock)
{
    static const struct timespec none = { 0, 0 };
    struct timed *t = timed(clock);
    siginfo_t info;
    sigset_t set, old;

    if (!t->started) {
        return;
    }
    t->started = false;
    if (t->pid != getpid()) {
        return;
    }
    (void) sigemptyset(&set);
    (void) sigaddset(&set, t->signal);
    (void) pthread_sigmask(SIG_BLOCK, &set, &old);
    (void) timer_delete(t->timer);
    while (sigtimedwait(&set, &info, &none) > 0) {
        if (info.si_code == SI_TIMER && info.si_value.sival_ptr != clock) {
            clock_look(info.si_value.sival_ptr);
        }
    }
    (void) pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* The clock's timer, by a signal of that number. */
static bool timer_new(struct timed *t, int number)
{
    struct sigevent event = { 0 };
    sigset_t set;

    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = number;
    event.sigev_value.sival_ptr = &t->clock;
    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_MONOTONIC, &event, &t->timer) != 0) {
        return false;
    }
    t->signal = number;
    (void) sigemptyset(&set);
    (void) sigaddset(&set, number);
    (void) pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    return true;
}

/* A real-time signal, from the top.  Some can be handled but not sent where
 * the kernel is only emulated. */
bool we_os_clock_start(struct we_clock *clock)
{
    struct timed *t = timed(clock);
    int number = SIGRTMAX - 1;

    clock_stop(clock);
    while (number > SIGRTMIN
           && !(take_signal(number) && timer_new(t, number))) {
        number--;
    }
    if (number <= SIGRTMIN) {
        return false;
    }
    t->pid = getpid();
    t->started = true;
    clock->soon = false;
    return true;
}

void we_os_clock_free(struct we_clock *clock)
{
    if (clock != NULL) {
        clock_stop(clock);
        (void) timed(clock)->resize(timed(clock)->env, clock,
                                    sizeof (struct timed), 0);
    }
}

void we_os_clock_arm(struct we_clock *clock)
{
    clock_arm(clock, SOON);
}

void we_os_clock_lower(struct we_clock *clock, const struct we_watch *outer)
{
    *clock->flag = 0;
    atomic_signal_fence(memory_order_seq_cst);
    for (; outer != NULL; outer = outer->outer) {
        if (outer->expired) {
            *clock->flag = clock->value;
        }
    }
}

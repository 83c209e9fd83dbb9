/* Deadlines: anything ends in time, nothing ends early. */
#include "world.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MS = 1000000, OVERRUN = 5 * MS };

struct nest {
    struct world *w;
    we_func      *spin, *fib;
    uint64_t      inner;                 /* deadline of the nested call */
    bool          work;                  /* nested call ends by itself */
    bool          late;                  /* after it, the outer one is */
    enum we_trap_code got;
};

static uint64_t cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t) t.tv_sec * 1000 * MS + (uint64_t) t.tv_nsec;
}

static double milli(uint64_t ns)
{
    return (double) ns / (double) MS;
}

static enum we_trap_code nop(void *env, we_instance *instance,
                             uint64_t *slots)
{
    (void) env;
    (void) instance;
    (void) slots;
    return WE_TRAP_NONE;
}

/* Sleeps for 100 ms, interrupted or not. */
static enum we_trap_code doze(void *env, we_instance *instance,
                              uint64_t *slots)
{
    struct timespec left = { 0, 100 * MS };

    (void) env;
    (void) instance;
    (void) slots;
    while (nanosleep(&left, &left) != 0) {
    }
    return WE_TRAP_NONE;
}

static enum we_trap_code nest(void *env, we_instance *instance,
                              uint64_t *slots)
{
    struct nest *n = env;
    uint64_t arg[1] = { 10 };
    struct we_trap trap;
    enum we_error e;

    (void) slots;
    e = we_call(n->work ? n->fib : n->spin, arg, n->inner, &trap);
    n->got = e == WE_OK ? WE_TRAP_NONE : trap.code;
    n->late = we_instance_is_late(instance);
    return WE_TRAP_NONE;
}

/* CPU time of a call that never ends. */
static uint64_t spent(struct world *w, we_instance *i, const char *name,
                      int64_t *got)
{
    uint64_t begin = cpu();

    *got = world_int(w, i, name, 0, 0, 0);
    return cpu() - begin;
}

static void ends(struct world *w, we_instance *i, const char *name,
                 enum we_trap_code code)
{
    int64_t got;
    uint64_t used = spent(w, i, name, &got);

    is_int(got, -1000 - (int64_t) code, "%s ends", name);
    if (code == WE_TRAP_DEADLINE) {
        ok(used >= w->deadline, "%s: not early", name);
        ok(used <= w->deadline + OVERRUN, "%s: %.2f ms of %.0f", name,
           milli(used), milli(w->deadline));
    }
}

static void endless(struct world *w, we_instance *i)
{
    static const char *const loops[] = {
        "spin", "spin_table", "spin_if", "spin_host", "spin_call",
        "spin_call_indirect",
        "spin_fill", "spin_copy", "spin_table_copy", "spin_grow"
    };
    uint64_t deadlines[] = { 1 * MS, 10 * MS, 30 * MS };
    size_t k, d;

    for (d = 0; d < 3; d++) {
        w->deadline = deadlines[d];
        for (k = 0; k < sizeof loops / sizeof *loops; k++) {
            ends(w, i, loops[k], WE_TRAP_DEADLINE);
        }
    }
    ends(w, i, "recurse", WE_TRAP_STACK);
    ends(w, i, "recurse_indirect", WE_TRAP_STACK);
}

/* One instruction that touches 4 GiB. */
static void one_instruction(struct world *w)
{
    we_instance *i = world_new_of(w, big_fill);

    w->deadline = 10 * MS;
    if (ok(i != NULL, "big_fill.wat")) {
        ends(w, i, "fill", WE_TRAP_DEADLINE);
    }
    we_instance_free(i);
}

/* 0.3 s of short calls: many ticks, none of them may hit a call. */
static void short_calls(we_instance *i)
{
    we_func *nothing = we_instance_func(i, "nothing", 7);
    we_func *fib = we_instance_func(i, "fib", 3);
    uint64_t begin = cpu(), slots[1], calls = 0, killed = 0;

    while (cpu() - begin < 300 * MS) {
        slots[0] = 12;
        killed += we_call(fib, slots, 1 * MS, NULL) != WE_OK;
        for (int k = 0; k < 1000; k++) {
            killed += we_call(nothing, slots, 1 * MS, NULL) != WE_OK;
        }
        calls += 1001;
    }
    is_int((int64_t) killed, 0, "%llu short calls, none killed",
           (unsigned long long) calls);
}

/* A call that follows one that ran out begins afresh. */
static void after(struct world *w, we_instance *i)
{
    int k, bad = 0;

    w->deadline = 1 * MS;
    for (k = 0; k < 20; k++) {
        bad += world_int(w, i, "spin", 0, 0, 0) != -1000 - WE_TRAP_DEADLINE;
        bad += world_int(w, i, "fib", 10, 0, 0) != 55;
    }
    is_int(bad, 0, "calls after a deadline");
}

static void nested(struct world *w, we_instance *i, struct nest *n)
{
    w->deadline = 100 * MS;
    n->inner = 5 * MS;
    n->work = false;
    is_int(world_int(w, i, "nest", 0, 0, 0), 0, "the outer call goes on");
    is_int(n->got, WE_TRAP_DEADLINE, "the inner one ran out");
    ok(!n->late, "the outer one isn't late");
    w->deadline = 20 * MS;
    ends(w, i, "nest_spin", WE_TRAP_DEADLINE);
    is_int(n->got, WE_TRAP_DEADLINE, "the inner one ran out first");
    w->deadline = 5 * MS;
    n->inner = 1000 * MS;
    ends(w, i, "nest_spin", WE_TRAP_DEADLINE);
    is_int(n->got, WE_TRAP_DEADLINE, "an outer deadline ends an inner call");
    ok(n->late, "so the outer one is late");
    n->inner = 0;
    ends(w, i, "nest_spin", WE_TRAP_DEADLINE);
    is_int(n->got, WE_TRAP_DEADLINE, "and one without a deadline");
    n->work = true;
    n->inner = 1 * MS;
    ends(w, i, "nest_spin", WE_TRAP_DEADLINE);
    is_int(n->got, WE_TRAP_NONE, "a short inner call isn't killed");
}

/* A signal comes at most once after the last call: no sleep is interrupted. */
static void idle(struct world *w, we_instance *i)
{
    struct timespec soon = { 0, 20 * MS }, wish = { 0, 300 * MS }, left;

    w->deadline = 5 * MS;
    world_int(w, i, "fib", 10, 0, 0);
    nanosleep(&soon, &left);
    is_int(nanosleep(&wish, &left), 0, "no signal while the thread is idle");
    world_int(w, i, "spin", 0, 0, 0);
    nanosleep(&soon, &left);
    is_int(nanosleep(&wish, &left), 0, "nor after a deadline");
}

/* A host function that sleeps takes no CPU time: nothing has run out, but the
 * wall-clock bound. */
static void asleep(struct world *w, we_instance *i)
{
    w->deadline = 20 * MS;
    is_int(world_int(w, i, "sleep", 0, 0, 0), 0, "sleep isn't CPU time");
    w->deadline = 20 * MS;
    is_int(world_int(w, i, "sleep_on", 0, 0, 0), -1000 - WE_TRAP_DEADLINE,
           "a second is too much");
}

/* A forked process has its own timer after we_engine_attach. */
static void forked(struct world *w, we_instance *i)
{
    int status = -1;
    pid_t child;

    w->deadline = 5 * MS;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        we_engine *other = we_engine_new(NULL);

        if (we_engine_attach(w->engine) != WE_OK
            || we_engine_attach(other) != WE_OK) {
            exit(1);
        }
        status = world_int(w, i, "spin", 0, 0, 0) == -1000 - WE_TRAP_DEADLINE
                 ? 0 : 2;
        if (fork() == 0) {               /* whose timer it isn't */
            we_engine_free(other);
            exit(0);
        }
        wait(NULL);
        we_engine_free(other);
        exit(status);
    }
    waitpid(child, &status, 0);
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0,
           "deadline in a forked process");
    is_int(world_int(w, i, "spin", 0, 0, 0), -1000 - WE_TRAP_DEADLINE,
           "and still in its parent");
}

/* Many engines made, attached and freed: no stray signal finds a freed one,
 * and none is taken from an engine that stays. */
static void come_and_go(struct world *w, we_instance *i)
{
    we_engine *engine;
    uint64_t begin;
    int k, bad = 0;

    w->deadline = 1 * MS;
    for (k = 0; k < 50; k++) {
        struct world other;

        world_open(&other);
        engine = other.engine;
        bad += we_engine_attach(engine) != WE_OK;
        world_int(w, i, "nothing", 0, 0, 0);
        begin = cpu();
        while (cpu() - begin < (uint64_t) (k % 5) * MS / 2) {
        }
        bad += we_engine_attach(engine) != WE_OK;
        we_linker_free(other.linker);
        we_engine_free(engine);
        bad += world_int(w, i, "spin", 0, 0, 0) != -1000 - WE_TRAP_DEADLINE;
    }
    is_int(bad, 0, "50 engines came and went");
}

/* The signal of one engine is pending while another engine goes. */
static void not_taken(struct world *w, we_instance *i)
{
    we_engine *other = we_engine_new(NULL);
    sigset_t all, old;

    w->deadline = 1 * MS;
    we_engine_attach(other);
    sigfillset(&all);
    sigdelset(&all, SIGALRM);
    sigprocmask(SIG_SETMASK, &all, &old);
    world_int(w, i, "nothing", 0, 0, 0);
    nanosleep(&(struct timespec) { 0, 10 * MS }, NULL);
    we_engine_free(other);
    sigprocmask(SIG_SETMASK, &old, NULL);
    is_int(world_int(w, i, "spin", 0, 0, 0), -1000 - WE_TRAP_DEADLINE,
           "the deadline still holds");
}

static void nothing(int number)
{
    (void) number;
}

/* The same signal, sent by somebody else; and a deadline longer than any. */
static void strangers(struct world *w, we_instance *i)
{
    int k, bad = 0;

    w->deadline = 2 * MS;
    for (k = 0; k < 10; k++) {
        kill(getpid(), SIGRTMAX - 1);
        sigqueue(getpid(), SIGRTMAX - 1, (union sigval){ .sival_ptr = w });
        bad += world_int(w, i, "fib", 10, 0, 0) != 55;
    }
    is_int(bad, 0, "another's signal is no deadline");
    w->deadline = UINT64_MAX;
    is_int(world_int(w, i, "fib", 20, 0, 0), 6765, "2^64 - 1 nanoseconds");
}

/* In a process of its own, which may have no timer. */
static void no_timer(void)
{
    struct rlimit none = { 0, 0 };
    int status = -1;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        we_engine *engine = we_engine_new(NULL);

        setrlimit(RLIMIT_SIGPENDING, &none);
        status = (int) we_engine_attach(engine);
        we_engine_free(engine);
        exit(status);
    }
    waitpid(child, &status, 0);
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, WE_SYSTEM,
           "no timer: said so");
}

/* In a process of its own, which handles all real-time signals itself. */
static void no_signal_left(void)
{
    struct sigaction action = { .sa_handler = nothing };
    int status = -1, number;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0) {
        we_engine *engine = we_engine_new(NULL);

        for (number = SIGRTMIN; number <= SIGRTMAX; number++) {
            sigaction(number, &action, NULL);
        }
        status = (int) we_engine_attach(engine);
        we_engine_free(engine);
        exit(status);
    }
    waitpid(child, &status, 0);
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, WE_SYSTEM,
           "without a signal that is free: no timer");
}

int main(void)
{
    struct world w;
    struct nest n = { 0 };
    we_instance *i;

    alarm(120);                          /* for what never ends after all */
    world_open(&w);
    no_signal_left();
    no_timer();
    is_int(we_engine_attach(w.engine), WE_OK, "attach");
    we_linker_define_func(w.linker, "env", "nop", ":", nop, NULL);
    we_linker_define_func(w.linker, "env", "nest", ":", nest, &n);
    we_linker_define_func(w.linker, "env", "doze", ":", doze, NULL);
    w.limits.memory_bytes = UINT64_C(1) << 32;
    i = world_new_of(&w, loops);
    if (ok(i != NULL, "loops.wat")) {
        n.w = &w;
        n.spin = we_instance_func(i, "spin", 4);
        n.fib = we_instance_func(i, "fib", 3);
        endless(&w, i);
        one_instruction(&w);
        short_calls(i);
        after(&w, i);
        nested(&w, i, &n);
        idle(&w, i);
        asleep(&w, i);
        forked(&w, i);
        come_and_go(&w, i);
        not_taken(&w, i);
        strangers(&w, i);
    }
    we_instance_free(i);
    world_close(&w);
    return done();
}

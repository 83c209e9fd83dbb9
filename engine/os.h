/* Every need of the operating system; os_posix.c answers. */
#ifndef WE_OS_H
#define WE_OS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address space without access; NULL if there is none.  All sizes and
 * addresses: whole pages. */
void  *we_os_reserve(size_t size);
/* Makes [ptr, ptr + size) readable and writable, zeroed if never used. */
bool   we_os_commit(void *ptr, size_t size);
void   we_os_unmap(void *ptr, size_t size);
size_t we_os_page(void);

/*
 * The deadline clock of a thread.  While a deadline is being watched, and once
 * after it, signals interrupt the thread.
 */
struct we_watch;
struct we_clock {                        /* the system's part follows */
    struct we_watch *volatile top;       /* innermost watch */
    bool volatile      soon;             /* the timer goes off within 2 ms */
    uint32_t volatile *flag;
    uint32_t           value;
};
/* *flag receives value when a deadline has passed.  resize is that of struct
 * we_allocator.  NULL: out of memory. */
struct we_clock *we_os_clock_new(void *(*resize)(void *, void *, size_t,
                                                 size_t),
                                 void *env, uint32_t volatile *flag,
                                 uint32_t value);
/* Makes the timer of the calling thread (again after a fork). */
bool we_os_clock_start(struct we_clock *clock);
/* By the thread that started it. */
void we_os_clock_free(struct we_clock *clock);

/*
 * A watch is one call under a deadline: deadline ns of CPU time of the thread
 * (and ten times as much, at least a second, of wall-clock time).  It is never
 * cut short, and overruns by 2 ms and a little.  The watch belongs to the
 * caller and must stay where it is until end().  Watches nest: inner ones end
 * first, and each that has run out raises the flag.  A watch costs a system
 * call where none was set within the last 2 ms, else a few stores.
 */
struct we_watch {
    uint64_t         deadline;
    uint64_t         cpu, wall;          /* when it was seen; 0: not yet */
    bool             expired;
    struct we_watch *outer;
};
/* Arms the timer. */
void we_os_clock_arm(struct we_clock *clock);
/* Lowers the flag, unless outer or a watch around it has run out. */
void we_os_clock_lower(struct we_clock *clock, const struct we_watch *outer);

static inline void we_os_clock_watch(struct we_clock *clock, uint64_t deadline,
                                     struct we_watch *watch)
{
    watch->deadline = deadline;
    watch->cpu = 0;
    watch->wall = 0;
    watch->expired = false;
    watch->outer = clock->top;
    atomic_signal_fence(memory_order_seq_cst);
    clock->top = watch;
    atomic_signal_fence(memory_order_seq_cst);
    if (!clock->soon) {
        we_os_clock_arm(clock);
    }
}

/* A signal between the two steps below finds an outer watch only, and raises
 * the flag for itself. */
static inline void we_os_clock_end(struct we_clock *clock,
                                   const struct we_watch *watch)
{
    clock->top = watch->outer;
    atomic_signal_fence(memory_order_seq_cst);
    if (*clock->flag != 0) {
        we_os_clock_lower(clock, watch->outer);
    }
}

#endif

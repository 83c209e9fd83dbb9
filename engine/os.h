/* Every need of the operating system; os_posix.c answers. */
#ifndef WE_OS_H
#define WE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Address space without access; NULL if there is none.  size: whole pages. */
void *we_os_reserve(size_t size);
/* Makes [ptr, ptr + size) readable and writable, zeroed if never used. */
bool  we_os_commit(void *ptr, size_t size);
void  we_os_unmap(void *ptr, size_t size);
size_t we_os_page(void);

/*
 * The deadline clock of a thread: a timer on its CPU time that ticks while it
 * runs, with the grain of the kernel's tick (1-4 ms).
 *
 * start() arms it for the calling thread; *flag receives value when a deadline
 * has passed.  A watch is what one call sets up: no system call on that path.
 */
struct we_clock;
struct we_clock *we_os_clock_new(void *(*resize)(void *, void *, size_t,
                                                 size_t),
                                 void *env, uint32_t volatile *flag,
                                 uint32_t value);
/* Arms the timer for the calling thread (again after a fork). */
bool we_os_clock_start(struct we_clock *clock);
void we_os_clock_free(struct we_clock *clock);
/*
 * Watches a call that may run for deadline ns of CPU time (a wall-clock bound
 * of ten times as much stands behind it); it is never cut short, and
 * overruns by at most one tick.  Nested: the outer watch goes on.  end()
 * restores what watch() found in *saved.
 */
struct we_watch {
    uint64_t deadline, cpu, wall;        /* 0: none / not seen by a tick */
};
void we_os_clock_watch(struct we_clock *clock, uint64_t deadline,
                       struct we_watch *saved);
void we_os_clock_end(struct we_clock *clock, const struct we_watch *saved);

#endif

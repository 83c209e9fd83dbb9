/*
 * TAP for the unit tests: results, inputs that end at an unreadable page, and
 * an allocator that checks its callers and fails on the n-th call.
 *
 * A test program is: any number of ok/is_*, then `return done();`.
 */
#ifndef SLUICE_TAP_H
#define SLUICE_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One result.  Each returns whether it passed; the name may be NULL. */
bool ok(bool pass, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool is_int(int64_t got, int64_t want, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Either string may be NULL. */
bool is_str(const char *got, const char *want, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
bool is_bytes(const void *got, size_t got_len, const void *want,
              size_t want_len, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* A line that explains. */
void diag(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Counts as a result; says why a test can't run here. */
void skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Prints the plan; the value for main to return. */
int done(void);

/*
 * A copy of len bytes whose end is the end of a readable page, so that the
 * first byte read past it ends the program.  Exits if out of memory.
 */
void *tap_guarded(const void *data, size_t len);
void  tap_guarded_free(void *copy, size_t len);

/*
 * An allocator that has the shape of the engine's: pass tap_resize and a
 * struct tap_allocator as env.  All zero, it never fails.
 */
struct tap_allocator {
    uint64_t fail_at;       /* the call that fails, 1 is the first; 0: none */
    bool     fail_after;    /* ... and so do all after it */
    uint64_t limit;         /* bytes live at once; 0: no limit */
    uint64_t calls;         /* allocations and growths asked for */
    uint64_t failures;      /* of those, refused */
    uint64_t blocks, bytes; /* live now; 0 when all was released */
    uint64_t peak;          /* most bytes live at once */
    uint64_t mistakes;      /* old sizes that were wrong, blocks overrun */
};
void *tap_resize(void *env, void *ptr, size_t old_size, size_t new_size);

#endif

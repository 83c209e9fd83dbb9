/*
 * TAP for the unit tests; see tap.h.
 */
#include "tap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static unsigned tap_count, tap_failed;

static bool result(bool pass, const char *format, va_list args)
{
    tap_count++;
    tap_failed += !pass;
    printf("%sok %u", pass ? "" : "not ", tap_count);
    if (format != NULL) {
        printf(" - ");
        vprintf(format, args);
    }
    printf("\n");
    fflush(stdout);
    return pass;
}

#define RESULT(pass, format)              \
    do {                                  \
        va_list args_;                    \
        va_start(args_, format);          \
        result((pass), (format), args_);  \
        va_end(args_);                    \
    } while (0)

bool ok(bool pass, const char *format, ...)
{
    RESULT(pass, format);
    return pass;
}

bool is_int(int64_t got, int64_t want, const char *format, ...)
{
    RESULT(got == want, format);
    if (got != want) {
        diag("got  %" PRId64 " (0x%" PRIx64 ")", got, (uint64_t)got);
        diag("want %" PRId64 " (0x%" PRIx64 ")", want, (uint64_t)want);
    }
    return got == want;
}

bool is_str(const char *got, const char *want, const char *format, ...)
{
    bool pass = got == NULL || want == NULL ? got == want
                                            : strcmp(got, want) == 0;

    RESULT(pass, format);
    if (!pass) {
        diag("got  %s", got == NULL ? "(null)" : got);
        diag("want %s", want == NULL ? "(null)" : want);
    }
    return pass;
}

static void diag_bytes(const char *name, const uint8_t *data, size_t len)
{
    printf("# %s %zu bytes:", name, len);
    for (size_t i = 0; i < len && i < 64; i++) {
        printf(" %02x", data[i]);
    }
    printf("%s\n", len > 64 ? " ..." : "");
}

bool is_bytes(const void *got, size_t got_len, const void *want,
              size_t want_len, const char *format, ...)
{
    bool pass = got_len == want_len
                && (got_len == 0 || memcmp(got, want, got_len) == 0);

    RESULT(pass, format);
    if (!pass) {
        diag_bytes("got ", got, got_len);
        diag_bytes("want", want, want_len);
    }
    return pass;
}

void diag(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    printf("# ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

void skip(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    tap_count++;
    printf("ok %u # skip ", tap_count);
    vprintf(format, args);
    printf("\n");
    va_end(args);
}

int done(void)
{
    printf("1..%u\n", tap_count);
    return tap_failed != 0 || tap_count == 0;
}

/* | readable pages ... data | unreadable page | */
static size_t guarded_span(size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    return (len + page - 1) / page * page;
}

void *tap_guarded(const void *data, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), span = guarded_span(len);
    uint8_t *base = mmap(NULL, span + page, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (base == MAP_FAILED || mprotect(base + span, page, PROT_NONE) != 0) {
        printf("Bail out! no memory for a guarded copy\n");
        exit(1);
    }
    if (len != 0) {
        memcpy(base + span - len, data, len);
    }
    return base + span - len;
}

void tap_guarded_free(void *copy, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), span = guarded_span(len);

    munmap((uint8_t *)copy + len - span, span + page);
}

/* | size, magic | block | magic | */
enum { TAP_HEAD = 16, TAP_TAIL = 8 };
static const uint64_t tap_magic = 0x5a17e7a110c8ed00;

static bool block_is_whole(const uint8_t *block, size_t size)
{
    uint64_t head[2], tail;

    memcpy(head, block - TAP_HEAD, sizeof head);
    if (head[1] != tap_magic || head[0] != size) {
        return false;
    }
    memcpy(&tail, block + size, sizeof tail);
    return tail == tap_magic;
}

static uint64_t block_size(const uint8_t *block)
{
    uint64_t size;

    memcpy(&size, block - TAP_HEAD, sizeof size);
    return size;
}

static bool refuses(struct tap_allocator *a, uint64_t real, size_t new_size)
{
    a->calls++;
    if ((a->fail_at != 0
         && (a->calls == a->fail_at
             || (a->fail_after && a->calls > a->fail_at)))
        || (a->limit != 0 && a->bytes - real + new_size > a->limit)
        || new_size > SIZE_MAX - TAP_HEAD - TAP_TAIL) {
        a->failures++;
        return true;
    }
    return false;
}

void *tap_resize(void *env, void *ptr, size_t old_size, size_t new_size)
{
    struct tap_allocator *a = env;
    uint64_t real = ptr == NULL ? 0 : block_size(ptr), head[2];
    uint8_t *raw;

    if (ptr == NULL ? old_size != 0 : !block_is_whole(ptr, old_size)) {
        a->mistakes++;
    }
    if (new_size == 0) {
        if (ptr != NULL) {
            memset(ptr, 0xdd, real);
            free((uint8_t *)ptr - TAP_HEAD);
            a->blocks--;
            a->bytes -= real;
        }
        return NULL;
    }
    if (refuses(a, real, new_size)) {
        return NULL;
    }
    /* Always moves, and never hands out zeroed memory. */
    raw = malloc(TAP_HEAD + new_size + TAP_TAIL);
    if (raw == NULL) {
        a->failures++;
        return NULL;
    }
    head[0] = new_size;
    head[1] = tap_magic;
    memcpy(raw, head, sizeof head);
    memset(raw + TAP_HEAD, 0xcd, new_size);
    memcpy(raw + TAP_HEAD + new_size, &tap_magic, sizeof tap_magic);
    if (ptr != NULL) {
        memcpy(raw + TAP_HEAD, ptr, real < new_size ? real : new_size);
        free((uint8_t *)ptr - TAP_HEAD);
    } else {
        a->blocks++;
    }
    a->bytes += new_size - real;
    if (a->bytes > a->peak) {
        a->peak = a->bytes;
    }
    return raw + TAP_HEAD;
}

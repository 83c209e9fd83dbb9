/* What toolchains import besides Proxy-Wasm: WASI preview 1, and two functions
 * of emscripten's. */
#include "wasi.h"

#include "guest.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

enum { LINE_SIZE = 4096, RANDOM_MAX = 65536, FDSTAT_SIZE = 24,
       RIGHT_FD_WRITE = 64 };

static uint32_t put32(struct pw_call *c, uint64_t ptr, uint32_t value)
{
    return pw_guest_put32(c, (uint32_t)ptr, value) == PW_OK ? PW_WASI_SUCCESS
                                                            : PW_WASI_FAULT;
}

static uint32_t put64(struct pw_call *c, uint64_t ptr, uint64_t value)
{
    return pw_guest_put64(c, (uint32_t)ptr, value) == PW_OK ? PW_WASI_SUCCESS
                                                            : PW_WASI_FAULT;
}

/* Standard output and standard error exist, they lead to the log. */
static bool is_log(uint64_t fd)
{
    return (uint32_t)fd == 1 || (uint32_t)fd == 2;
}

/* --- arguments and environment: there are none --------------------------- */

static uint32_t put_zeros(struct pw_call *c, const uint64_t *a)
{
    uint8_t *data;

    if (!pw_guest_span(c, (uint32_t)a[1], 4, &data)) {
        return PW_WASI_FAULT;
    }
    return put32(c, a[0], 0) == PW_WASI_SUCCESS ? put32(c, a[1], 0)
                                                : PW_WASI_FAULT;
}

static uint32_t args_sizes_get(struct pw_call *c, const uint64_t *a)
{
    return put_zeros(c, a);
}

static uint32_t args_get(struct pw_call *c, const uint64_t *a)
{
    (void)c;
    (void)a;
    return PW_WASI_SUCCESS;
}

static uint32_t environ_sizes_get(struct pw_call *c, const uint64_t *a)
{
    return put_zeros(c, a);
}

static uint32_t environ_get(struct pw_call *c, const uint64_t *a)
{
    return args_get(c, a);
}

/* --- time and chance ----------------------------------------------------- */

enum { CLOCK_REAL, CLOCK_MONO };

static uint32_t clock_res_get(struct pw_call *c, const uint64_t *a)
{
    return (uint32_t)a[0] > CLOCK_MONO ? (uint32_t)PW_WASI_NOTSUP
                                       : put64(c, a[1], 1);
}

/* The monotonic clock is the host's that never goes back. */
static uint32_t clock_time_get(struct pw_call *c, const uint64_t *a)
{
    uint64_t now;

    if ((uint32_t)a[0] > CLOCK_MONO) {
        return PW_WASI_NOTSUP;
    }
    now = c->host->now(c->root);
    if ((uint32_t)a[0] == CLOCK_MONO) {
        if (now < c->instance->clock) {
            now = c->instance->clock;
        }
        c->instance->clock = now;
    }
    return put64(c, a[2], now);
}

static uint32_t random_get(struct pw_call *c, const uint64_t *a)
{
    uint64_t len = (uint32_t)a[1], done = 0;
    uint8_t *data = NULL;

    if (len > RANDOM_MAX) {
        return PW_WASI_INVAL;
    }
    if (len != 0 && !pw_guest_span(c, (uint32_t)a[0], len, &data)) {
        return PW_WASI_FAULT;
    }
    while (done < len) {
        ssize_t n = getrandom(data + done, (size_t)(len - done), 0);

        if (n > 0) {
            done += (uint64_t)n;
        } else if (errno != EINTR) {
            return PW_WASI_IO;
        }
    }
    return PW_WASI_SUCCESS;
}

/* A worker can't sleep: nothing has happened yet, always. */
static uint32_t poll_oneoff(struct pw_call *c, const uint64_t *a)
{
    return put32(c, a[3], 0);
}

/* --- descriptors --------------------------------------------------------- */

static uint32_t only_log(struct pw_call *c, const uint64_t *a)
{
    (void)c;
    return is_log(a[0]) ? PW_WASI_SUCCESS : PW_WASI_BADF;
}

static uint32_t fd_allocate(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_datasync(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_sync(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_fdstat_set_rights(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_filestat_set_size(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_filestat_set_times(struct pw_call *c, const uint64_t *a)
{
    return only_log(c, a);
}

static uint32_t fd_renumber(struct pw_call *c, const uint64_t *a)
{
    (void)c;
    return is_log(a[0]) && is_log(a[1]) ? PW_WASI_NOTSUP : PW_WASI_BADF;
}

static uint32_t fd_tell(struct pw_call *c, const uint64_t *a)
{
    return is_log(a[0]) ? put64(c, a[1], 0) : (uint32_t)PW_WASI_BADF;
}

/* | filetype, 0, flags | ... | rights u64 | inherited rights u64 | */
static uint32_t fd_fdstat_get(struct pw_call *c, const uint64_t *a)
{
    uint8_t *stat;

    if (!is_log(a[0])) {
        return PW_WASI_BADF;
    }
    if (!pw_guest_span(c, (uint32_t)a[1], FDSTAT_SIZE, &stat)) {
        return PW_WASI_FAULT;
    }
    memset(stat, 0, FDSTAT_SIZE);
    pw_guest_store64(stat + 8, RIGHT_FD_WRITE);
    return PW_WASI_SUCCESS;
}

static uint32_t fd_readdir(struct pw_call *c, const uint64_t *a)
{
    uint32_t e = put32(c, a[4], 0);

    return e != PW_WASI_SUCCESS ? e : (uint32_t)PW_WASI_NOTDIR;
}

static uint32_t path_readlink(struct pw_call *c, const uint64_t *a)
{
    uint32_t e = put32(c, a[5], 0);

    return e != PW_WASI_SUCCESS ? e : (uint32_t)PW_WASI_NOTSUP;
}

/* --- writing: a call is a line of the log -------------------------------- */

struct line {
    char     text[LINE_SIZE];
    size_t   len;                        /* of what is kept */
    uint64_t total;
    char     last;
};

/* Gathers the vectors {ptr, len}. */
static uint32_t gather(struct pw_call *c, uint32_t vectors, uint32_t n,
                       struct line *line)
{
    struct pw_str bytes;
    uint8_t *v = NULL;

    line->len = 0;
    line->total = 0;
    line->last = '\0';
    if (n != 0 && !pw_guest_span(c, vectors, (uint64_t)n * 8, &v)) {
        return PW_WASI_FAULT;
    }
    for (uint32_t i = 0; i < n; i++) {
        size_t room = sizeof line->text - line->len;
        const uint8_t *entry = v + (size_t)i * 8;

        if (!pw_guest_read(c, pw_guest_load32(entry),
                           pw_guest_load32(entry + 4), &bytes)) {
            return PW_WASI_FAULT;
        }
        if (bytes.len == 0) {
            continue;
        }
        line->total += bytes.len;
        line->last = bytes.data[bytes.len - 1];
        if (room > bytes.len) {
            room = bytes.len;
        }
        memcpy(line->text + line->len, bytes.data, room);
        line->len += room;
    }
    return line->total > UINT32_MAX ? PW_WASI_INVAL : PW_WASI_SUCCESS;
}

static uint32_t write_line(struct pw_call *c, uint64_t fd, uint64_t vectors,
                           uint64_t n, uint64_t out)
{
    enum pw_log_level level = (uint32_t)fd == 1 ? PW_INFO : PW_ERROR;
    struct line line;
    uint32_t e;

    if (!is_log(fd)) {
        return PW_WASI_BADF;
    }
    e = gather(c, (uint32_t)vectors, (uint32_t)n, &line);
    if (e == PW_WASI_SUCCESS) {
        e = put32(c, out, (uint32_t)line.total);
    }
    if (e != PW_WASI_SUCCESS || line.total == 0) {
        return e;
    }
    if (line.last == '\n' && line.total == line.len) {
        line.len--;
    }
    if (pw_call_logs(c, level)) {
        pw_call_log(c, level, (struct pw_str){ line.text, line.len });
    }
    return PW_WASI_SUCCESS;
}

static uint32_t fd_write(struct pw_call *c, const uint64_t *a)
{
    return write_line(c, a[0], a[1], a[2], a[3]);
}

static uint32_t fd_pwrite(struct pw_call *c, const uint64_t *a)
{
    return write_line(c, a[0], a[1], a[2], a[4]);
}

/* --- the end ------------------------------------------------------------- */

/* Compilers put unreachable behind it: it must not return.  Status 0 in a
 * start function ends that well, see instance.c. */
static enum we_trap_code proc_exit(void *env, we_instance *guest,
                                   uint64_t *slots)
{
    int32_t status = (int32_t)(uint32_t)slots[0];

    (void)env;
    we_instance_set_trap(guest, status, "program exited");
    return WE_TRAP_EXIT;
}

/* --- emscripten ---------------------------------------------------------- */

static uint32_t pthread_equal(struct pw_call *c, uint32_t a, uint32_t b)
{
    (void)c;
    return a == b;
}

static uint32_t emscripten_notify_memory_growth(struct pw_call *c)
{
    (void)c;
    return 0;
}

PW_DEFINE_CALLS(PW_RUNTIME_CALLS)

/* --- the rows ------------------------------------------------------------ */

#define DEFINE_CALL(name, signature, when)                                    \
    static enum we_trap_code call_##name(void *env, we_instance *guest,       \
                                         uint64_t *slots)                     \
    {                                                                         \
        struct pw_call *c = pw_call_of(guest, PW_WHEN_##when);                \
                                                                              \
        (void)env;                                                            \
        slots[0] = pw_call_is_open(c, PW_WHEN_##when)                         \
                       ? name(c, slots)                                       \
                       : (uint32_t)PW_WASI_NOTCAPABLE;                        \
        return pw_call_end(c);                                                \
    }
#define DEFINE_ANSWER(name, signature, error)                                 \
    static enum we_trap_code call_##name(void *env, we_instance *guest,       \
                                         uint64_t *slots)                     \
    {                                                                         \
        struct pw_call *c = pw_call_of(guest, PW_WHEN_START);                 \
                                                                              \
        (void)env;                                                            \
        slots[0] = pw_call_is_open(c, PW_WHEN_START)                          \
                       ? (uint32_t)PW_WASI_##error                            \
                       : (uint32_t)PW_WASI_NOTCAPABLE;                        \
        return pw_call_end(c);                                                \
    }
PW_WASI_CALLS(DEFINE_CALL, DEFINE_ANSWER)

#define ROW(name, signature, ...)                                             \
    { #name, signature, call_##name, PW_ALLOW_NOTHING },
static const struct pw_import rows[] = {
    PW_WASI_CALLS(ROW, ROW)
    { "proc_exit", "i:", proc_exit, PW_ALLOW_NOTHING },
};

const struct pw_import *pw_wasi_row(size_t i)
{
    return i < sizeof rows / sizeof rows[0] ? &rows[i] : NULL;
}

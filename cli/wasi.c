/*
 * The system calls of WASI preview 1 that a program needs to compute and to
 * print: arguments, environment, standard streams, clocks, random numbers,
 * exit.  All others answer ENOSYS.  No file can be opened.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

/* Error numbers of the WASI interface. */
enum { BADF = 8, FAULT = 21, INVAL = 28, IO = 29, NOSYS = 52, SPIPE = 70 };

enum { IOVECS = 1024 };                  /* more in one call are refused */

/* --- guest memory ------------------------------------------------------- */

static uint8_t *span(we_instance *instance, uint64_t at, uint64_t len)
{
    we_memory *memory = we_instance_memory(instance, "memory", 6);
    uint8_t *data;

    return memory && we_memory_span(memory, at, len, &data) ? data : NULL;
}

static void store(uint8_t *to, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        to[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t load32(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 |
           (uint32_t)from[3] << 24;
}

static uint64_t put(we_instance *instance, uint64_t at, uint64_t value,
                    unsigned bytes)
{
    uint8_t *to = span(instance, at, bytes);

    if (!to)
        return FAULT;
    store(to, value, bytes);
    return 0;
}

/* --- arguments and environment ------------------------------------------ */

static uint64_t list_sizes(we_instance *instance, char *const *list, int n,
                           const uint64_t *s)
{
    uint64_t bytes = 0, e;

    for (int i = 0; i < n; i++)
        bytes += strlen(list[i]) + 1;
    e = put(instance, s[0], (uint64_t)n, 4);
    return e ? e : put(instance, s[1], bytes, 4);
}

static uint64_t list_get(we_instance *instance, char *const *list, int n,
                         const uint64_t *s)
{
    uint64_t pointer = s[0], text = s[1];

    for (int i = 0; i < n; i++) {
        size_t len = strlen(list[i]) + 1;
        uint8_t *to = span(instance, text, len);

        if (!to || put(instance, pointer, text, 4))
            return FAULT;
        memcpy(to, list[i], len);
        pointer += 4;
        text += len;
    }
    return 0;
}

static uint64_t args_sizes_get(struct cli_wasi *w, we_instance *instance,
                               const uint64_t *s)
{
    return list_sizes(instance, w->argv, w->argc, s);
}

static uint64_t args_get(struct cli_wasi *w, we_instance *instance,
                         const uint64_t *s)
{
    return list_get(instance, w->argv, w->argc, s);
}

static uint64_t environ_sizes_get(struct cli_wasi *w, we_instance *instance,
                                  const uint64_t *s)
{
    return list_sizes(instance, w->envv, w->envc, s);
}

static uint64_t environ_get(struct cli_wasi *w, we_instance *instance,
                            const uint64_t *s)
{
    return list_get(instance, w->envv, w->envc, s);
}

/* --- clocks, random numbers --------------------------------------------- */

static const clockid_t clocks[] = {
    CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID,
    CLOCK_THREAD_CPUTIME_ID};

static uint64_t tell_time(we_instance *instance, uint64_t clock, uint64_t at,
                          int (*ask)(clockid_t, struct timespec *))
{
    struct timespec t;

    if (clock >= sizeof clocks / sizeof *clocks || ask(clocks[clock], &t))
        return INVAL;
    return put(instance, at,
               (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec, 8);
}

static uint64_t clock_res_get(struct cli_wasi *w, we_instance *instance,
                              const uint64_t *s)
{
    (void)w;
    return tell_time(instance, s[0], s[1], clock_getres);
}

static uint64_t clock_time_get(struct cli_wasi *w, we_instance *instance,
                               const uint64_t *s)
{
    (void)w;
    return tell_time(instance, s[0], s[2], clock_gettime);
}

static uint64_t random_get(struct cli_wasi *w, we_instance *instance,
                           const uint64_t *s)
{
    uint8_t *to = span(instance, s[0], s[1]);

    (void)w;
    if (!to)
        return FAULT;
    for (uint64_t done = 0; done < s[1];) {
        ssize_t n = getrandom(to + done, (size_t)(s[1] - done), 0);

        if (n < 0 && errno != EINTR)
            return IO;
        done += n > 0 ? (uint64_t)n : 0;
    }
    return 0;
}

/* --- the standard streams ----------------------------------------------- */

static bool write_all(int fd, const uint8_t *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            return false;
        data += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return true;
}

/* The i-th of an array of {pointer, length}. */
static bool iovec(we_instance *instance, uint64_t array, uint64_t i,
                  uint8_t **data, uint32_t *len)
{
    const uint8_t *at = span(instance, array + 8 * i, 8);

    if (!at)
        return false;
    *len = load32(at + 4);
    *data = span(instance, load32(at), *len);
    return *data != NULL;
}

static uint64_t fd_write(struct cli_wasi *w, we_instance *instance,
                         const uint64_t *s)
{
    uint32_t len, total = 0;
    uint8_t *data;

    (void)w;
    if (s[0] != 1 && s[0] != 2)
        return BADF;
    if (s[2] > IOVECS)
        return INVAL;
    for (uint64_t i = 0; i < s[2]; i++) {
        if (!iovec(instance, s[1], i, &data, &len))
            return FAULT;
        if (len > UINT32_MAX - total)
            return INVAL;
        if (!write_all((int)s[0], data, len))
            return IO;
        total += len;
    }
    return put(instance, s[3], total, 4);
}

static uint64_t fd_read(struct cli_wasi *w, we_instance *instance,
                        const uint64_t *s)
{
    uint32_t len;
    uint8_t *data;
    ssize_t n;

    (void)w;
    if (s[0] != 0)
        return BADF;
    if (s[2] > IOVECS)
        return INVAL;
    for (uint64_t i = 0; i < s[2]; i++) {
        if (!iovec(instance, s[1], i, &data, &len))
            return FAULT;
        if (len == 0)
            continue;
        do
            n = read(0, data, len);
        while (n < 0 && errno == EINTR);
        return n < 0 ? IO : put(instance, s[3], (uint64_t)n, 4);
    }
    return put(instance, s[3], 0, 4);
}

static uint64_t fd_seek(struct cli_wasi *w, we_instance *instance,
                        const uint64_t *s)
{
    (void)w;
    (void)instance;
    return s[0] <= 2 ? SPIPE : BADF;
}

static uint64_t fd_close(struct cli_wasi *w, we_instance *instance,
                         const uint64_t *s)
{
    (void)w;
    (void)instance;
    return s[0] <= 2 ? 0 : BADF;
}

/* Of a character device, so that the program writes out each line; rights to
 * read (bit 1) or to write (bit 6). */
static uint64_t fd_fdstat_get(struct cli_wasi *w, we_instance *instance,
                              const uint64_t *s)
{
    uint8_t *to = span(instance, s[1], 24);

    (void)w;
    if (s[0] > 2)
        return BADF;
    if (!to)
        return FAULT;
    memset(to, 0, 24);
    to[0] = 2;
    store(to + 8, s[0] == 0 ? 1 << 1 : 1 << 6, 8);
    return 0;
}

/* No folders are handed to the program. */
static uint64_t bad_file(struct cli_wasi *w, we_instance *instance,
                         const uint64_t *s)
{
    (void)w;
    (void)instance;
    (void)s;
    return BADF;
}

static uint64_t sched_yield_(struct cli_wasi *w, we_instance *instance,
                             const uint64_t *s)
{
    (void)w;
    (void)instance;
    (void)s;
    return 0;
}

/* --- the table ---------------------------------------------------------- */

typedef uint64_t call_fn(struct cli_wasi *wasi, we_instance *instance,
                         const uint64_t *slots);

/* All return an error number, 0 is good. */
static const struct cli_wasi_row {
    const char *name, *signature;
    call_fn    *call;
} rows[] = {
    {"args_get", "ii:i", args_get},
    {"args_sizes_get", "ii:i", args_sizes_get},
    {"environ_get", "ii:i", environ_get},
    {"environ_sizes_get", "ii:i", environ_sizes_get},
    {"clock_res_get", "ii:i", clock_res_get},
    {"clock_time_get", "iIi:i", clock_time_get},
    {"random_get", "ii:i", random_get},
    {"sched_yield", ":i", sched_yield_},
    {"fd_write", "iiii:i", fd_write},
    {"fd_read", "iiii:i", fd_read},
    {"fd_seek", "iIii:i", fd_seek},
    {"fd_close", "i:i", fd_close},
    {"fd_fdstat_get", "ii:i", fd_fdstat_get},
    {"fd_prestat_get", "ii:i", bad_file},
    {"fd_prestat_dir_name", "iii:i", bad_file},
};

_Static_assert(sizeof rows / sizeof *rows <= CLI_WASI_ROWS, "too many rows");

static enum we_trap_code answer(void *env, we_instance *instance,
                                uint64_t *slots)
{
    const struct cli_wasi_call *call = env;

    slots[0] = call->row->call(call->wasi, instance, slots);
    return WE_TRAP_NONE;
}

static enum we_trap_code proc_exit(void *env, we_instance *instance,
                                   uint64_t *slots)
{
    (void)env;
    we_instance_set_trap(instance, (int32_t)(uint32_t)slots[0], "exit");
    return WE_TRAP_EXIT;
}

static enum we_trap_code no_such_call(void *env, we_instance *instance,
                                      uint64_t *slots)
{
    (void)env;
    (void)instance;
    slots[0] = NOSYS;
    return WE_TRAP_NONE;
}

static const char module[] = "wasi_snapshot_preview1";

/* Any other call of the interface that returns an error number. */
static bool resolve(void *env, const struct we_extern *import,
                    const char *signature, struct we_host_def *def)
{
    const char *colon = strchr(signature, ':');

    (void)env;
    if (import->module_len != sizeof module - 1 ||
        memcmp(import->module, module, sizeof module - 1) != 0 || !colon ||
        strcmp(colon, ":i") != 0)
        return false;
    *def = (struct we_host_def){no_such_call, NULL};
    return true;
}

enum we_error cli_wasi_define(we_linker *linker, struct cli_wasi *wasi)
{
    enum we_error e = we_linker_define_func(linker, module, "proc_exit", "i:",
                                            proc_exit, NULL);

    for (size_t i = 0; !e && i < sizeof rows / sizeof *rows; i++) {
        wasi->calls[i] = (struct cli_wasi_call){&rows[i], wasi};
        e = we_linker_define_func(linker, module, rows[i].name,
                                  rows[i].signature, answer,
                                  &wasi->calls[i]);
    }
    we_linker_set_resolver(linker, resolve, NULL);
    return e;
}

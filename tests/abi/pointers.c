/*
 * Every host call with every pointer argument in every bad shape, from the
 * rows of abi/hostcalls.h and abi/wasi.h: status 6 (WASI: 21), no result
 * touched, no trap.  Results that overlap each other or an argument are no
 * fault.
 */
#include "fake_host.h"

#include "../../abi/hostcalls.h"
#include "../../abi/wasi.h"

#include <stdio.h>
#include <string.h>

/* Arguments with which a call gets as far as its last pointer. */
static const struct baseline {
    const char *call, *arguments;
} baselines[] = {
    { "proxy_log", "2 \"text\"" },
    { "proxy_get_log_level", "%" },
    { "proxy_get_current_time_nanoseconds", "%q" },
    { "proxy_get_configuration", "%%" },
    { "proxy_get_buffer_bytes", "0 0 9 %%" },
    { "proxy_get_buffer_status", "0 % %" },
    { "proxy_set_buffer_bytes", "0 0 0 \"x\"" },
    { "proxy_get_header_map_pairs", "0 %%" },
    { "proxy_set_header_map_pairs", "0 {a=b}" },
    { "proxy_get_header_map_value", "0 \"x-a\" %%" },
    { "proxy_add_header_map_value", "0 \"a\" \"b\"" },
    { "proxy_replace_header_map_value", "0 \"a\" \"b\"" },
    { "proxy_remove_header_map_value", "0 \"a\"" },
    { "proxy_get_header_map_size", "0 %" },
    { "proxy_get_property", "\"plugin_name\" %%" },
    { "proxy_set_property", "\"a\" \"b\"" },
    { "proxy_send_local_response", "200 \"a\" \"b\" {c=d} -1" },
    { "proxy_http_call", "\"up\" {:method=GET,:path=/,host=h} \"b\" {} 9 %" },
    { "proxy_get_status", "% %%" },
    { "proxy_get_shared_data", "\"key\" %% %" },
    { "proxy_set_shared_data", "\"key\" \"value\" 0" },
    { "proxy_register_shared_queue", "\"queue\" %" },
    { "proxy_resolve_shared_queue", "\"\" \"queue\" %" },
    { "proxy_enqueue_shared_queue", "1 \"item\"" },
    { "proxy_dequeue_shared_queue", "1 %%" },
    { "proxy_define_metric", "0 \"metric\" %" },
    { "proxy_get_metric", "4 %q" },
    { "proxy_call_foreign_function", "\"sha256\" \"abc\" %%" },
};

struct row {
    const char *name, *params;
    bool        lacks;
};
#define CALL(name, arity, params, ...) { #name, params, false },
#define LACK(name, arity, params, ...) { #name, params, true },
#define BARE(name, signature, when)
static const struct row rows[] = { PW_HOSTCALLS(CALL, LACK, BARE) };

/* Those of WASI that look at pointers; letters as in hostcalls.h, I: an i64,
 * s: a pointer to a struct that is a result. */
static const struct wasi_row {
    struct row  row;
    const char *arguments;
} wasi_rows[] = {
    { { "args_sizes_get",    "uu",      false }, "% %"             },
    { { "environ_sizes_get", "uu",      false }, "% %"             },
    { { "clock_res_get",     "vq",      false }, "0 %q"            },
    { { "clock_time_get",    "vIq",     false }, "0 0 %q"          },
    { { "fd_fdstat_get",     "vs",      false }, "1 64"            },
    { { "fd_pwrite",         "vp0Iu",   false }, "1 0 0 0 %"       },
    { { "fd_write",          "vp0u",    false }, "1 0 0 %"         },
    { { "fd_readdir",        "vvvIu",   false }, "3 0 0 0 %"       },
    { { "fd_tell",           "vq",      false }, "1 %q"            },
    { { "path_readlink",     "vvvvvu",  false }, "3 0 0 0 0 %"     },
    { { "poll_oneoff",       "vvvu",    false }, "0 0 0 %"         },
};
/* Those that don't: what they get is ignored; random_get, for which a length
 * is too large before it is outside, is in wasi.c. */
static const char *const wasi_blind[] = {
    "args_get", "environ_get", "fd_allocate", "fd_datasync",
    "fd_fdstat_set_rights", "fd_filestat_set_size", "fd_filestat_set_times",
    "fd_renumber", "fd_sync", "random_get",
};
#define NAME(name, signature, when) #name,
#define ANSWER(name, signature, errno)
static const char *const wasi_calls[] = { PW_WASI_CALLS(NAME, ANSWER) };

/* { bad pointer, length } and { pointer to a result } */
static const struct span {
    const char *ptr, *len;
} bad_spans[] = {
    { "0xfffffff0", "17" }, { "0xfffffff0", "15" }, { "0xffffffff", "1" },
    { "0", "0xffffffff" }, { "1", "0xffffffff" }, { "E", "1" },
    { "E-1", "2" }, { "E-3", "0x80000000" }, { "0x80000000", "0x80000000" },
};
static const char *const bad_results[] = {
    "0xffffffff", "0xfffffffc", "0xfffffff8", "E", "E-1", "E-3", "0x80000000",
    "0x7ffffffd",
};
/* They don't point outside: whatever the status is, there is no trap. */
static const struct span odd_spans[] = {
    { "0xffffffff", "0" }, { "E", "0" }, { "1", "1" }, { "E-1", "1" },
    { "0", "0" },
};
static const char *const odd_results[] = { "0", "1", "E-8" };
/* An address that all results of a call get, and its arguments. */
static const char *const shared[] = { "0", "1", "256", "E-8" };

static const char *const request[] = { ":path", "/", "x-a", "1", NULL };

static const char *baseline(const struct row *row)
{
    for (size_t i = 0; i < sizeof baselines / sizeof baselines[0]; i++) {
        if (strcmp(baselines[i].call, row->name) == 0) {
            return baselines[i].arguments;
        }
    }
    return row->lacks ? "0 0 0 0 0 0 0 0 0 0 0 0" : NULL;
}

static char script[1 << 16];

/* A line a shape of argument i; how many they are. */
static int add_spans(const char *call, const char *arguments, size_t i,
                     const struct span *spans, size_t n)
{
    for (size_t s = 0; s < n; s++) {
        snprintf(script + strlen(script), sizeof script - strlen(script),
                 "%s %s ! %zu %s %zu %s\n", call, arguments, i, spans[s].ptr,
                 i + 1, spans[s].len);
    }
    return (int)n;
}

static int add_results(const char *call, const char *arguments, size_t i,
                       const char *const *results, size_t n)
{
    for (size_t s = 0; s < n; s++) {
        snprintf(script + strlen(script), sizeof script - strlen(script),
                 "%s %s ! %zu %s\n", call, arguments, i, results[s]);
    }
    return (int)n;
}

#define COUNT(array) (sizeof array / sizeof array[0])

/* All results, and with them all arguments, at one address. */
static void add_overlaps(const char *call, const char *arguments,
                         const char *params)
{
    for (int with_spans = 0; with_spans < 2; with_spans++) {
        for (size_t s = 0; s < COUNT(shared); s++) {
            size_t at = strlen(script);

            at += (size_t)sprintf(script + at, "%s %s !", call, arguments);
            for (size_t i = 0; i < strlen(params); i++) {
                if (strchr("uq", params[i]) != NULL
                    || (with_spans && params[i] == 'p')) {
                    at += (size_t)sprintf(script + at, " %zu %s", i,
                                          shared[s]);
                }
                if (with_spans && params[i] == 'p') {
                    at += (size_t)sprintf(script + at, " %zu 8", i + 1);
                }
            }
            strcpy(script + at, "\n");
        }
    }
}

/* Results go to what the allocator gives, or to an arena. */
static bool has_arena;

static void begin_script(void)
{
    strcpy(script, "@conf\nset_shared_data \"key\" \"v\" 0\n"
                   "register_shared_queue \"queue\" %\n"
                   "enqueue_shared_queue 1 \"item\"\n"
                   "define_metric 0 \"metric\" %\n@rh\n");
    if (has_arena) {
        strcat(script, "arena 4096\n");
    }
}

static int write_script(const struct row *row, const char *arguments, bool bad)
{
    const char *call = row->name;
    int n = 0;

    if (strncmp(call, "proxy_", 6) == 0) {
        call += 6;
    }
    begin_script();
    if (!bad) {
        add_overlaps(call, arguments, row->params);
    }
    for (size_t i = 0; i < strlen(row->params); i++) {
        if (row->params[i] == 'p') {
            n += bad ? add_spans(call, arguments, i, bad_spans,
                                 COUNT(bad_spans))
                     : add_spans(call, arguments, i, odd_spans,
                                 COUNT(odd_spans));
        } else if (strchr("uqs", row->params[i]) != NULL) {
            n += bad ? add_results(call, arguments, i, bad_results,
                                   COUNT(bad_results))
                     : add_results(call, arguments, i, odd_results,
                                   COUNT(odd_results));
        }
    }
    return n;
}

/* "NAME=STATUS - -" */
static bool is_untouched(const char *line, size_t len, const char *status)
{
    const char *equals = memchr(line, '=', len);
    size_t n = strlen(status);

    if (equals == NULL || strncmp(equals, status, n) != 0) {
        return false;
    }
    for (const char *s = equals + n; s < line + len; s++) {
        if (*s != ' ' && *s != '-') {
            return false;
        }
    }
    return true;
}

static int count_untouched(const char *log, const char *status)
{
    int n = 0;

    while (*log != '\0') {
        size_t len = strcspn(log, "\n");

        if (is_untouched(log, len, status)) {
            n++;
        } else {
            diag("%.*s", (int)len, log);
        }
        log += len + (log[len] == '\n');
    }
    return n;
}

static struct fake *run(const char *name)
{
    struct fake *fake = fake_probe_with(has_arena ? "-DARENA=" : NULL, script,
                                        NULL);

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
           "%s: no trap", name);
    return fake;
}

static void test_shapes(const struct row *row, const char *arguments,
                        const char *status)
{
    struct fake *fake;
    int n = write_script(row, arguments, true);

    fake = run(row->name);
    is_int(count_untouched(fake_log(fake), status), n, "%s: %d bad pointers",
           row->name, n);
    fake_free(fake);
    write_script(row, arguments, false);
    fake_free(run(row->name));
}

static void test_row(const struct row *row)
{
    if (strpbrk(row->params, "puq") == NULL) {
        return;
    }
    if (baseline(row) == NULL) {
        ok(false, "%s: no baseline", row->name);
        return;
    }
    test_shapes(row, baseline(row), row->lacks ? "=12" : "=6");
}

static bool is_known(const char *name)
{
    for (size_t i = 0; i < COUNT(wasi_rows); i++) {
        if (strcmp(wasi_rows[i].row.name, name) == 0) {
            return true;
        }
    }
    for (size_t i = 0; i < COUNT(wasi_blind); i++) {
        if (strcmp(wasi_blind[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static void test_wasi(void)
{
    for (size_t i = 0; i < COUNT(wasi_calls); i++) {
        ok(is_known(wasi_calls[i]), "%s: has a row", wasi_calls[i]);
    }
    for (size_t i = 0; i < COUNT(wasi_rows); i++) {
        test_shapes(&wasi_rows[i].row, wasi_rows[i].arguments, "=21");
    }
}

/* The letters of a row are as many as its signature has parameters. */
#define SAME(name, arity, params, ...)                                      \
    is_int((int64_t)strlen(params), (int64_t)strlen(PW_SIG_##arity) - 2,    \
           #name ": parameters");

int main(void)
{
    PW_HOSTCALLS(SAME, SAME, BARE)
    for (int i = 0; i < 2; i++) {
        has_arena = i == 1;
        for (size_t row = 0; row < COUNT(rows); row++) {
            test_row(&rows[row]);
        }
    }
    test_wasi();
    return done();
}

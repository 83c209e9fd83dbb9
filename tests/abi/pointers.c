/*
 * Every host call with every pointer argument in every bad shape, from the
 * rows of abi/hostcalls.h: status 6, no result touched, no trap.
 */
#include "fake_host.h"

#include "../../abi/hostcalls.h"

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

static char script[1 << 15];

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

static int write_script(const struct row *row, bool bad)
{
    const char *call = row->name, *arguments = baseline(row);
    int n = 0;

    if (strncmp(call, "proxy_", 6) == 0) {
        call += 6;
    }
    strcpy(script, "@conf\nset_shared_data \"key\" \"v\" 0\n"
                   "register_shared_queue \"queue\" %\n"
                   "enqueue_shared_queue 1 \"item\"\n"
                   "define_metric 0 \"metric\" %\n@rh\n");
    for (size_t i = 0; i < strlen(row->params); i++) {
        if (row->params[i] == 'p') {
            n += bad ? add_spans(call, arguments, i, bad_spans,
                                 COUNT(bad_spans))
                     : add_spans(call, arguments, i, odd_spans,
                                 COUNT(odd_spans));
        } else if (strchr("uq", row->params[i]) != NULL) {
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
    struct fake *fake = fake_probe(script);

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
           "%s: no trap", name);
    return fake;
}

static void test_row(const struct row *row)
{
    struct fake *fake;
    int n;

    if (strpbrk(row->params, "puq") == NULL) {
        return;
    }
    if (baseline(row) == NULL) {
        ok(false, "%s: no baseline", row->name);
        return;
    }
    n = write_script(row, true);
    fake = run(row->name);
    is_int(count_untouched(fake_log(fake), row->lacks ? "=12" : "=6"), n,
           "%s: %d bad pointers", row->name, n);
    fake_free(fake);
    write_script(row, false);
    fake_free(run(row->name));
}

/* The letters of a row are as many as its signature has parameters. */
#define SAME(name, arity, params, ...)                                      \
    is_int((int64_t)strlen(params), (int64_t)strlen(PW_SIG_##arity) - 2,    \
           #name ": parameters");

int main(void)
{
    PW_HOSTCALLS(SAME, SAME, BARE)
    for (size_t i = 0; i < COUNT(rows); i++) {
        test_row(&rows[i]);
    }
    return done();
}

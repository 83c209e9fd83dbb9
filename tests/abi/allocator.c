/* The guest's allocator: what it may do, and what it does wrong. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = { ":path", "/index", "x-a", "1", NULL };

static struct fake *with(const char *mode, const char *flags,
                         const struct pw_limits *limits)
{
    char script[512];
    struct fake *fake;

    snprintf(script, sizeof script,
             "@rh\nalloc %s\nget_header_map_value 0 \":path\" %%%%\n"
             "get_header_map_pairs 0 %%m\nget_buffer_bytes 0 0 9 %%%%\n"
             "get_property \"plugin_name\" %%%%\n"
             "get_property \"request\\x00headers\" %%m\n", mode);
    fake = fake_probe_with(flags, script, limits);
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    fake_clear(fake);
    return fake;
}

static void survives(const char *mode, const char *flags, const char *want)
{
    struct fake *fake = with(mode, flags, NULL);

    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "%s",
           mode);
    is_str(fake_log(fake), want, "%s: log", mode);
    fake_free(fake);
}

static void dies(const char *mode, const char *fault)
{
    static const struct pw_limits limits = { .deadline = 20000000 };
    struct fake *fake = with(mode, NULL, &limits);
    const char *text;

    is_int(pw_on_request_headers(fake->stream, true), PW_FAULT, "%s", mode);
    is_str(fake_log(fake), "", "%s: no guest code runs after it", mode);
    text = pw_instance_fault(fake->instance);
    ok(text != NULL && strncmp(text, fault, strlen(fault)) == 0, "%s: %s",
       mode, text);
    is_int(pw_on_request_headers(fake->stream, true), PW_FAULT,
           "%s: dead from then on", mode);
    fake_free(fake);
}

#define GOOD_RESULTS(before)                                            \
    before "get_header_map_value=0 \"/index\"\n"                        \
    before "get_header_map_pairs=0 {:path=/index,x-a=1}\n"              \
    before "get_buffer_bytes=0 \"body\"\n"                              \
    before "get_property=0 \"test\"\n"                                  \
    before "get_property=0 {:path=/index,x-a=1}\n"
#define BAD_RESULTS                                                     \
    "get_header_map_value=6 -\nget_header_map_pairs=6 -\n"              \
    "get_buffer_bytes=6 -\nget_property=6 -\nget_property=6 -\n"

int main(void)
{
    survives("good", NULL, GOOD_RESULTS(""));
    survives("good", "-DWASI_ALLOCATOR", GOOD_RESULTS(""));
    survives("zero", NULL, BAD_RESULTS);
    survives("wild", NULL, BAD_RESULTS);
    survives("edge", NULL, BAD_RESULTS);
    survives("same", NULL, GOOD_RESULTS(""));
    survives("odd", NULL, GOOD_RESULTS(""));
    survives("grows", NULL, GOOD_RESULTS(""));
    survives("logs", NULL, GOOD_RESULTS("allocating\n"));
    survives("calls", NULL,
             GOOD_RESULTS("get_header_map_size=10\nset_property=10\n"
                          "random_get=76\nclock_time_get=0\n"
                          "sched_yield=76\n"));
    dies("trap", "allocator malloc: unreachable in malloc (func ");
    dies("loop", "allocator malloc: deadline exceeded (20 ms) in spin (func ");
    dies("recurses", "allocator malloc: call stack exhausted in recurse (");
    return done();
}

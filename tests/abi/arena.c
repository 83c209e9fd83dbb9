/* The guest's arena: what is taken from it, and what a guest may say of it. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = {
    "a", "1", "of-16", "0123456789abcdef", "of-17", "0123456789abcdefg",
    "empty", "", NULL
};

static struct fake *with(const char *commands)
{
    char script[1024];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\nalloc logs\n%s", commands);
    fake = fake_probe_with("-DARENA=", script, NULL);
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    fake_clear(fake);
    return fake;
}

static void logs(const char *commands, const char *want)
{
    struct fake *fake = with(commands);

    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "%s",
           commands);
    is_str(fake_log(fake), want, "log");
    fake_free(fake);
}

#define A     "get_header_map_value 0 \"a\" %%\n"
#define OF_16 "get_header_map_value 0 \"of-16\" %%\n"
#define OF_17 "get_header_map_value 0 \"of-17\" %%\n"
#define A_IS     "get_header_map_value=0 \"1\"\n"
#define OF_16_IS "get_header_map_value=0 \"0123456789abcdef\"\n"
#define OF_17_IS "get_header_map_value=0 \"0123456789abcdefg\"\n"
#define OUTSIDE  "get_header_map_value=6 -\n"
#define BY_ALLOCATOR "allocating\n"

/* Whole 16 bytes; what doesn't fit comes from the allocator, and the next one
 * may fit again. */
static void test_room(void)
{
    logs("arena 64\n" A "arena_left\n" OF_16 "arena_left\n" OF_17
         "arena_left\n" A,
         A_IS "arena_left=48\n" OF_16_IS "arena_left=32\n" OF_17_IS
         "arena_left=0\n" BY_ALLOCATOR A_IS);
    logs("arena 31\n" OF_17 "arena_left\n" OF_16 "arena_left\n" A,
         BY_ALLOCATOR OF_17_IS "arena_left=31\n" OF_16_IS "arena_left=15\n"
         BY_ALLOCATOR A_IS);
    logs("get_header_map_value 0 \"empty\" %%\n" A,
         "get_header_map_value=0 null\n" BY_ALLOCATOR A_IS);
    logs("arena 16\nget_header_map_value 0 \"empty\" %%\narena_left\n",
         "get_header_map_value=0 null\narena_left=16\n");
    logs("arena 1000\nget_header_map_pairs 0 %m\nget_buffer_bytes 0 0 9 %%\n"
         "get_property \"plugin_name\" %%\nget_header_map_value 0 \"A\" %%\n",
         "get_header_map_pairs=0 {a=1,of-16=0123456789abcdef,"
         "of-17=0123456789abcdefg,empty=}\nget_buffer_bytes=0 \"body\"\n"
         "get_property=0 \"test\"\n" A_IS);
}

/* A guest can only harm itself. */
static void test_lies(void)
{
    logs("arena_at 100 50\n" A, BY_ALLOCATOR A_IS);
    logs("arena_at 0xfffffff0 0xffffffff\n" A, BY_ALLOCATOR A_IS);
    logs("arena_at 0xffffffff 0xffffffff\n" A, BY_ALLOCATOR A_IS);
    logs("arena_at 0xffffff00 0xffffffff\n" A, OUTSIDE);
    logs("arena_at E 0xffffffff\n" A, OUTSIDE);
    logs("arena_at E-8 0xffffffff\n" OF_16, OUTSIDE);
    logs("arena_at E-1 0xffffffff\n" A, A_IS);
    logs("arena_at 0 0xffffffff\n" A, OUTSIDE);
    logs("arena_at 0xffffff00 0xffffffff\nget_header_map_pairs 0 %%\n"
         "get_buffer_bytes 0 0 9 %%\n",
         "get_header_map_pairs=6 -\nget_buffer_bytes=6 -\n");
    /* the value comes to lie on the arena: next is "0123", end "4567" */
    logs("arena_self\nget_header_map_value 0 \"of-17\" 8 12\n"
         "get_header_map_value 0 \"of-17\" 8 12\n",
         "get_header_map_value=0\nget_header_map_value=6\n");
}

static void starts(const char *flags, const char *error)
{
    struct fake *fake = fake_new();
    size_t len;
    const void *bytes = fake_compile("probe", flags, &len);

    ok(fake_load(fake, bytes, len, "@rh\n", NULL), "%s: loads", flags);
    is_int(fake_start(fake), error == NULL, "%s: starts", flags);
    if (error != NULL) {
        is_str(fake->error.phase, "start", "phase");
        ok(strncmp(fake->error.text, error, strlen(error)) == 0, "%s",
           fake->error.text);
    }
    fake_free(fake);
}

static void test_starts(void)
{
    starts("'-DARENA=return 0'", NULL);
    starts("'-DARENA=return 65528'", NULL);
    starts("'-DARENA=return 0xfffffff0'",
           "sluice_arena: its result is out of bounds");
    starts("'-DARENA=return __builtin_wasm_memory_size(0) * 65536 - 7'",
           "sluice_arena: its result is out of bounds");
    starts("'-DARENA=return __builtin_wasm_memory_size(0) * 65536 - 8'", NULL);
    starts("'-DARENA=__builtin_trap()'",
           "start function sluice_arena: unreachable in sluice_arena");
}

int main(void)
{
    test_room();
    test_lies();
    test_starts();
    return done();
}

/* Contexts and callbacks: ids, order, arguments, answers, effective context. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = { ":path", "/", "a", "1", NULL };

static void test_life(void)
{
    static const char script[] =
        "@create\nargs\n@screate\nargs\n@start\nargs\n@conf\nargs\n@rh\nargs\n"
        "@rb\nargs\n@rt\nargs\n@sh\nargs\n@sb\nargs\n@st\nargs\n@log\nargs\n"
        "@done\nargs\n@delete\nargs\n";
    struct fake *fake = fake_probe(script);
    char want[1024];

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_map(&fake->side, PW_REQUEST_TRAILERS, PW_WRITE, request);
    fake_set_map(&fake->side, PW_RESPONSE_HEADERS, PW_WRITE, request + 2);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "12345");
    fake_set_body(&fake->side, PW_RESPONSE_BODY, PW_WRITE, "123");
    is_int(pw_on_request_headers(fake->stream, false), PW_CONTINUE, "rh");
    is_int(pw_on_request_body(fake->stream, false), PW_CONTINUE, "rb");
    is_int(pw_on_request_trailers(fake->stream), PW_CONTINUE, "rt");
    is_int(pw_on_response_headers(fake->stream, true), PW_CONTINUE, "sh");
    is_int(pw_on_response_body(fake->stream, true), PW_CONTINUE, "sb");
    is_int(pw_on_response_trailers(fake->stream), PW_CONTINUE, "st");
    is_int(pw_on_log(fake->stream), PW_CONTINUE, "log");
    is_int(pw_stream_free(fake->stream), PW_CONTINUE, "stream_free");
    fake_open(fake);
    pw_stream_free(fake->stream);
    fake->stream = NULL;
    pw_root_free(fake->root);
    fake->root = NULL;
    snprintf(want, sizeof want,
           "create(1,0)\nstart(1,%zu)\nconf(1,13)\nscreate(2,1)\nrh(2,2,0)\n"
           "rb(2,5,0)\nrt(2,2)\nsh(2,1,1)\nsb(2,3,1)\nst(2,0)\nlog(2)\n"
           "done(2)\ndelete(2)\n"
           "screate(3,1)\ndone(3)\ndelete(3)\ndone(1)\ndelete(1)\n",
           sizeof script - 1);
    is_str(fake_log(fake), want,
           "ids from one counter, order, arguments");
    fake_free(fake);
}

static void answer(const char *callback, int value, enum pw_action want)
{
    char script[64];
    struct fake *fake;

    snprintf(script, sizeof script, "@%s\nret %d\n", callback, value);
    fake = fake_probe(script);
    is_int(callback[1] == 'h'   ? pw_on_request_headers(fake->stream, true)
           : callback[1] == 'b' ? pw_on_response_body(fake->stream, true)
                                : pw_on_request_trailers(fake->stream),
           want, "%s answers %d", callback, value);
    fake_free(fake);
}

static void test_answers(void)
{
    answer("rh", 0, PW_CONTINUE);
    answer("rh", 1, PW_PAUSE);
    answer("rh", 2, PW_CONTINUE);
    answer("rh", 3, PW_PAUSE);
    answer("rh", 4, PW_PAUSE);
    answer("rh", 9, PW_PAUSE);
    answer("rh", -1, PW_PAUSE);
    answer("sb", 0, PW_CONTINUE);
    answer("sb", 1, PW_PAUSE);
    answer("sb", 2, PW_PAUSE);
    answer("sb", 3, PW_DROP);
    answer("sb", 9, PW_DROP);
    answer("rt", 0, PW_CONTINUE);
    answer("rt", 1, PW_PAUSE);
    answer("rt", 7, PW_PAUSE);
}

static void test_refusals(void)
{
    static const struct {
        const char *script, *phase, *text;
    } cases[] = {
        { "@start\nret 0\n", "vm_start",
          "the plugin refused to start: proxy_on_vm_start returned 0" },
        { "@conf\nret 0\n", "configure",
          "the plugin refused its configuration: "
          "proxy_on_configure returned 0" },
    };
    size_t len;
    const void *bytes = fake_compile("probe", NULL, &len);

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct fake *fake = fake_new();

        fake_load(fake, bytes, len, cases[i].script, NULL);
        fake_start(fake);
        ok(!fake_configure(fake, ""), "refused");
        is_str(fake->error.phase, cases[i].phase, "phase");
        is_str(fake->error.text, cases[i].text, "text");
        is_str(pw_instance_fault(fake->instance), NULL, "no fault");
        fake_free(fake);
    }
}

/* Several roots and streams at once; a stream can act on another one of its
 * instance, on nothing else, and only while its callback runs. */
static void test_effective(void)
{
    struct fake *fake = fake_probe(
        "@rh\nset_effective_context 3\nget_header_map_value 0 \"a\" %%\n"
        "set_effective_context 2\nget_header_map_value 0 \"a\" %%\n"
        "set_effective_context 1\nget_header_map_value 0 \"a\" %%\n"
        "get_property \"plugin_root_id\" %%\n"
        "continue_stream 0\nsend_local_response 403 \"\" \"\" {} -1\n"
        "set_effective_context 0\nget_header_map_value 0 \"a\" %%\n"
        "get_property \"plugin_root_id\" %%\n"
        "set_effective_context 999\nset_effective_context -1\n"
        "set_effective_context 3\ncontinue_stream 0\n"
        "@log\nget_header_map_value 0 \"a\" %%\n");
    pw_stream *other = pw_stream_new(fake->root, &fake->side);

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    pw_on_log(fake->stream);
    is_str(fake_log(fake),
           "set_effective_context=0\nget_header_map_value=0 \"1\"\n"
           "set_effective_context=0\nget_header_map_value=0 \"1\"\n"
           "set_effective_context=0\nget_header_map_value=1 -\n"
           "get_property=0 \"root-id\"\n"
           "continue_stream=0\nsend_local_response=0\n"
           "set_effective_context=0\nget_header_map_value=0 \"1\"\n"
           "get_property=0 \"root-id\"\n"
           "set_effective_context=2\nset_effective_context=2\n"
           "set_effective_context=0\n[continue 0]\ncontinue_stream=0\n"
           "get_header_map_value=0 \"1\"\n",
           "effective contexts");
    pw_stream_free(other);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strncmp(fake_log(fake), "set_effective_context=2\n", 24) == 0,
       "the id of a freed context is unknown");
    fake_free(fake);
}

/* 10,000 streams at once, freed in another order: ids stay unique, and what
 * the abi keeps comes back. */
static void test_many(void)
{
    enum { N = 10000 };
    static pw_stream *streams[N];
    struct fake *fake = fake_probe("");
    uint64_t blocks;
    int bad = 0;

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++) {
            streams[i] = pw_stream_new(fake->root, &fake->side);
            bad += streams[i] == NULL;
        }
        blocks = fake->allocator.blocks;
        for (int i = 0; i < N; i++) {
            bad += pw_stream_free(streams[(i * 7919) % N]) != PW_CONTINUE;
        }
        is_int((int64_t)fake->allocator.blocks, (int64_t)blocks,
               "freed streams wait for the next requests");
    }
    is_int(bad, 0, "streams");
    fake_free(fake);
}

static void test_host_memory(void)
{
    struct pw_limits limits = { .host_memory = 64 * 1024,
                                .deadline = 1000000000 };
    struct fake *fake = fake_probe_with(NULL, "", &limits);
    static pw_stream *streams[10000];
    int n = 0;

    while (n < 10000
           && (streams[n] = pw_stream_new(fake->root, &fake->side)) != NULL) {
        n++;
    }
    ok(n > 100 && n < 2000, "host_memory bounds the streams (%d)", n);
    is_str(pw_instance_fault(fake->instance), NULL, "that is no fault");
    ok(fake->allocator.bytes < 4 * 1024 * 1024, "memory is bounded");
    for (int i = 0; i < n; i++) {
        pw_stream_free(streams[i]);
    }
    ok((streams[0] = pw_stream_new(fake->root, &fake->side)) != NULL,
       "and goes on after some ended");
    pw_stream_free(streams[0]);
    fake_free(fake);
}

int main(void)
{
    test_life();
    test_answers();
    test_refusals();
    test_effective();
    test_many();
    test_host_memory();
    return done();
}

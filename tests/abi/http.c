/* Call-outs: what is sent, what comes back, and the refusals. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

#define HEADERS "{:method=GET,:path=/,:authority=a}"

static const struct pw_pair answer_headers[] = {
    { { ":status", 7 }, { "200", 3 } }, { { "x-a", 3 }, { "1", 1 } }
};
static const struct pw_pair answer_trailers[] = {
    { { "t", 1 }, { "2", 1 } }
};

static void check(const char *what, const char *commands, const char *want)
{
    char script[4096];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\n%s\n", commands);
    fake = fake_probe(script);
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "%s", what);
    is_str(fake_log(fake), want, "%s: log", what);
    fake_free(fake);
}

static void test_call(void)
{
    check("calls",
          "http_call \"up\" {:method=GET,:path=/p,:authority=a,X-B=1} "
          "\"body\" {T=1} 500 %\n"
          "http_call \"up\" {:method=GET,:path=/p,Host=h} \"\" {} 0 %",
          "[call 4: :method=GET :path=/p :authority=a x-b=1 body=body "
          "trailers: t=1 500 ms]\nhttp_call=0 4\n"
          "[call 8: :method=GET :path=/p :authority=h body= trailers: 0 ms]\n"
          "http_call=0 8\n");
    check("refusals",
          "http_call \"none\" " HEADERS " \"\" {} 1 %\n"
          "http_call \"\" " HEADERS " \"\" {} 1 %\n"
          "http_call \"full\" " HEADERS " \"\" {} 1 %\n"
          "http_call \"up\" " HEADERS " \"\" {} -1 %\n"
          "http_call \"up\" {:path=/,:authority=a} \"\" {} 1 %\n"
          "http_call \"up\" {:method=GET,:authority=a} \"\" {} 1 %\n"
          "http_call \"up\" {:method=GET,:path=/} \"\" {} 1 %\n"
          "http_call \"up\" \"xyz\" \"\" {} 1 %\n"
          "http_call \"up\" " HEADERS " \"\" \"xyz\" 1 %",
          "http_call=2 0\nhttp_call=2 0\nhttp_call=10 0\nhttp_call=2 0\n"
          "http_call=2 0\nhttp_call=2 0\nhttp_call=2 0\nhttp_call=2 0\n"
          "http_call=2 0\n");
    check("hygiene",
          "http_call \"up\" {:method=GET,:path=/,:authority=a,x=\\x0a,"
          ":path=/2} \"\" {:status=1,t=\\x0d} 1 %",
          "warn: header \"x\" is not applied: CR, LF or NUL in the value; "
          "value \"\\x0a\"\n"
          "warn: header \":path\" is not applied: it is there already; "
          "value \"/2\"\n"
          "warn: header \":status\" is not applied: no such pseudo-header "
          "here; value \"1\"\n"
          "warn: header \"t\" is not applied: CR, LF or NUL in the value; "
          "value \"\\x0d\"\n"
          "[call 4: :method=GET :path=/ :authority=a body= trailers: 1 ms]\n"
          "http_call=0 4\n");
}

static const char answer_script[] =
    "@call\nargs\nget_header_map_value 6 \":status\" %%\n"
    "get_header_map_value 6 \"X-A\" %%\nget_header_map_pairs 6 %m\n"
    "get_header_map_pairs 7 %m\nget_header_map_value 6 \"none\" %%\n"
    "get_header_map_value 6 \":dispatch_status\" %%\n"
    "get_buffer_bytes 4 0 -1 %%\nget_buffer_status 4 % %\n"
    "set_buffer_bytes 4 0 0 \"x\"\nadd_header_map_value 6 \"a\" \"b\"\n"
    "get_header_map_size 6 %\nget_status % %%\n"
    "set_effective_context 2\nget_header_map_value 6 \"x-a\" %%\n"
    "set_effective_context 1\n"
    "http_call \"up\" " HEADERS " \"\" {} 1 %\n"
    "@rh\nget_header_map_value 6 \":status\" %%\nget_buffer_bytes 4 0 1 %%\n"
    "get_status % %%\n";

static void test_answer(void)
{
    const struct pw_http_answer answer = {
        answer_headers, answer_trailers, 2, 1, { "text", 4 }, { NULL, 0 }, 0,
        { NULL, 0 }
    };
    struct fake *fake = fake_probe(answer_script);

    fake_clear(fake);
    is_int(pw_on_http_call_response(fake->root, 4, &answer), PW_CONTINUE,
           "an answer");
    is_str(fake_log(fake),
           "call(1,4,2,4,1)\nget_header_map_value=0 \"200\"\n"
           "get_header_map_value=0 \"1\"\n"
           "get_header_map_pairs=0 {:status=200,x-a=1}\n"
           "get_header_map_pairs=0 {t=2}\nget_header_map_value=1 -\n"
           "get_header_map_value=1 -\n"
           "get_buffer_bytes=0 \"text\"\nget_buffer_status=0 4 0\n"
           "set_buffer_bytes=2\nadd_header_map_value=2\n"
           "get_header_map_size=2 -\nget_status=0 0 null\n"
           "set_effective_context=0\nget_header_map_value=0 \"1\"\n"
           "set_effective_context=0\n"
           "[call 4 of root: :method=GET :path=/ :authority=a body= "
           "trailers: 1 ms]\nhttp_call=0 4\n", "an answer: log");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "get_header_map_value=1 -\nget_buffer_bytes=1 -\n"
           "get_status=0 0 null\n", "outside of the callback");
    fake_free(fake);
}

static void test_failure(void)
{
    const struct pw_http_answer answer = {
        NULL, NULL, 0, 0, { NULL, 0 }, { "reset", 5 }, 11, { "reset", 5 }
    };
    struct fake *fake = fake_probe(answer_script);

    fake_clear(fake);
    is_int(pw_on_http_call_response(fake->root, 8, &answer), PW_CONTINUE,
           "a failure");
    is_str(fake_log(fake),
           "call(1,8,0,0,0)\nget_header_map_value=1 -\n"
           "get_header_map_value=1 -\nget_header_map_pairs=0 null\n"
           "get_header_map_pairs=0 null\nget_header_map_value=1 -\n"
           "get_header_map_value=0 \"reset\"\n"
           "get_buffer_bytes=1 -\nget_buffer_status=1 - -\n"
           "set_buffer_bytes=1\nadd_header_map_value=2\n"
           "get_header_map_size=2 -\nget_status=0 11 \"reset\"\n"
           "set_effective_context=0\nget_header_map_value=1 -\n"
           "set_effective_context=0\n"
           "[call 4 of root: :method=GET :path=/ :authority=a body= "
           "trailers: 1 ms]\nhttp_call=0 4\n", "a failure: log");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "get_header_map_value=1 -\nget_buffer_bytes=1 -\n"
           "get_status=0 11 null\n", "the code stays, its text doesn't");
    fake_free(fake);
}

static void test_fault(void)
{
    const struct pw_http_answer answer = { .nheaders = 0 };
    struct fake *fake = fake_probe("@call\ntrap\n@tick\ntrap\n");

    is_int(pw_on_http_call_response(fake->root, 4, &answer), PW_FAULT,
           "a trap");
    is_int(pw_on_tick(fake->root), PW_FAULT, "dead: tick");
    is_int(pw_on_queue_ready(fake->root, 1), PW_FAULT, "dead: queue");
    is_int(pw_on_http_call_response(fake->root, 4, &answer), PW_FAULT,
           "dead: answer");
    ok(strncmp(pw_instance_fault(fake->instance),
               "callback proxy_on_http_call_response: unreachable in ", 53)
           == 0, "%s", pw_instance_fault(fake->instance));
    ok(pw_root_done(fake->root), "a dead root is done");
    fake_free(fake);
}

int main(void)
{
    test_call();
    test_answer();
    test_failure();
    test_fault();
    return done();
}

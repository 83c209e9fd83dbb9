/* Bodies and configurations: reading windows, splicing, statuses. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

/* In on_request_body, body "abcdefghi". */
static struct fake *body_probe(const char *commands)
{
    char script[4096];
    struct fake *fake;

    snprintf(script, sizeof script, "@rb\n%s\n", commands);
    fake = fake_probe(script);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "abcdefghi");
    fake_clear(fake);
    is_int(pw_on_request_body(fake->stream, false), PW_CONTINUE,
           "on_request_body");
    return fake;
}

static void check(const char *what, const char *commands, const char *want)
{
    struct fake *fake = body_probe(commands);

    is_str(fake_log(fake), want, "%s", what);
    fake_free(fake);
}

static void splice(const char *call, int status, const char *body)
{
    struct fake *fake = body_probe(call);
    const struct fake_body *b = &fake->side.bodies[PW_REQUEST_BODY];
    char want[64];

    snprintf(want, sizeof want, "set_buffer_bytes=%d\n", status);
    is_str(fake_log(fake), want, "%s: status", call);
    is_str((const char *)b->data, body, "%s: body", call);
    fake_free(fake);
}

static void test_get(void)
{
    check("types 9, 99",
          "get_buffer_bytes 9 0 9 %%\nget_buffer_bytes 99 0 9 %%",
          "get_buffer_bytes=2 -\nget_buffer_bytes=2 -\n");
    check("bodies that aren't there",
          "get_buffer_bytes 1 0 9 %%\nget_buffer_bytes 2 0 9 %%\n"
          "get_buffer_bytes 3 0 9 %%\nget_buffer_bytes 5 0 9 %%\n"
          "get_buffer_bytes 8 0 9 %%",
          "get_buffer_bytes=0 null\nget_buffer_bytes=0 null\n"
          "get_buffer_bytes=0 null\nget_buffer_bytes=0 null\n"
          "get_buffer_bytes=0 null\n");
    check("4 and 7 outside of their callbacks",
          "get_buffer_bytes 4 0 9 %%\nget_buffer_bytes 7 0 9 %%\n"
          "get_buffer_status 4 % %\nget_buffer_status 7 % %",
          "get_buffer_bytes=1 -\nget_buffer_bytes=1 -\n"
          "get_buffer_status=1 - -\nget_buffer_status=1 - -\n");
    check("start at and behind the end, no bytes",
          "get_buffer_bytes 0 9 9 %%\nget_buffer_bytes 0 10 9 %%\n"
          "get_buffer_bytes 0 -1 9 %%\nget_buffer_bytes 0 0 0 %%",
          "get_buffer_bytes=0 null\nget_buffer_bytes=0 null\n"
          "get_buffer_bytes=0 null\nget_buffer_bytes=0 null\n");
    check("parts",
          "get_buffer_bytes 0 0 9 %%\nget_buffer_bytes 0 5 -1 %%\n"
          "get_buffer_bytes 0 0 3 %%\nget_buffer_bytes 0 8 1 %%",
          "get_buffer_bytes=0 \"abcdefghi\"\nget_buffer_bytes=0 \"fghi\"\n"
          "get_buffer_bytes=0 \"abc\"\nget_buffer_bytes=0 \"i\"\n");
    check("outs", "get_buffer_bytes 0 0 9 0xfffffffd 0\n"
                  "get_buffer_bytes 0 0 9 0 0xffffffff\n"
                  "get_buffer_bytes 1 0 9 0 0xffffffff\n"
                  "get_buffer_status 0 0xfffffffe 0",
          "get_buffer_bytes=6\nget_buffer_bytes=6\nget_buffer_bytes=6\n"
          "get_buffer_status=6\n");
    check("status", "get_buffer_status 0 % %\nget_buffer_status 1 % %\n"
                    "get_buffer_status 9 % %",
          "get_buffer_status=0 9 0\nget_buffer_status=0 0 0\n"
          "get_buffer_status=2 - -\n");
}

/* proxy_wasm_abi A.3: a full splice, the middle included. */
static void test_set(void)
{
    splice("set_buffer_bytes 0 0 0 \"XY\"", 0, "XYabcdefghi");
    splice("set_buffer_bytes 0 0 4 \"XY\"", 0, "XYefghi");
    splice("set_buffer_bytes 0 0 9 \"XY\"", 0, "XY");
    splice("set_buffer_bytes 0 0 999 \"XY\"", 0, "XY");
    splice("set_buffer_bytes 0 0 -1 \"XY\"", 0, "XY");
    splice("set_buffer_bytes 0 0 9 \"\"", 0, "");
    splice("set_buffer_bytes 0 9 0 \"XY\"", 0, "abcdefghiXY");
    splice("set_buffer_bytes 0 9 5 \"XY\"", 0, "abcdefghiXY");
    splice("set_buffer_bytes 0 100 0 \"XY\"", 0, "abcdefghiXY");
    splice("set_buffer_bytes 0 -1 0 \"XY\"", 0, "abcdefghiXY");
    splice("set_buffer_bytes 0 3 2 \"XY\"", 0, "abcXYfghi");
    splice("set_buffer_bytes 0 3 0 \"XY\"", 0, "abcXYdefghi");
    splice("set_buffer_bytes 0 8 1 \"XY\"", 0, "abcdefghXY");
    splice("set_buffer_bytes 0 8 -1 \"\"", 0, "abcdefgh");
    splice("set_buffer_bytes 0 0 0 0xfffffff0 17", 6, "abcdefghi");
    splice("set_buffer_bytes 9 0 0 \"X\"", 2, "abcdefghi");
    splice("set_buffer_bytes 99 0 0 \"X\"", 2, "abcdefghi");
    splice("set_buffer_bytes 1 0 0 \"X\"", 2, "abcdefghi");
    splice("set_buffer_bytes 6 0 0 \"X\"", 2, "abcdefghi");
    splice("set_buffer_bytes 4 0 0 \"X\"", 1, "abcdefghi");
    splice("set_buffer_bytes 7 0 0 \"X\"", 1, "abcdefghi");
}

static void test_read_only(void)
{
    struct fake *fake = fake_probe("@sb\nget_buffer_bytes 1 0 9 %%\n"
                                   "set_buffer_bytes 1 0 0 \"X\"\nargs\n"
                                   "ret 1\n");

    fake_set_body(&fake->side, PW_RESPONSE_BODY, PW_READ, "text");
    fake_clear(fake);
    is_int(pw_on_response_body(fake->stream, true), PW_PAUSE, "Pause");
    is_str(fake_log(fake),
           "get_buffer_bytes=0 \"text\"\nset_buffer_bytes=2\nsb(2,4,1)\n",
           "a body that can only be read");
    fake_free(fake);
}

static void test_host_fails(void)
{
    struct fake *fake = fake_probe("@rb\nset_buffer_bytes 0 0 0 \"X\"\n");

    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "text");
    fake->refuse = PW_INTERNAL_FAILURE;
    fake_clear(fake);
    pw_on_request_body(fake->stream, true);
    is_str(fake_log(fake), "set_buffer_bytes=10\n",
           "what the host answers is passed on");
    fake_free(fake);
}

/* "What the configuration is made of": buffers 6 and 7. */
static void test_configuration(void)
{
    static const char script[] =
        "@create\nget_buffer_bytes 7 0 -1 %%\n"
        "@start\nargs\nget_buffer_bytes 6 0 7 %%\n"
        "@conf\nargs\nget_buffer_bytes 7 0 -1 %%\n"
        "get_buffer_bytes 7 6 4 %%\nget_buffer_status 7 % %\n"
        "set_buffer_bytes 7 0 0 \"x\"\nset_buffer_bytes 6 0 0 \"x\"\n"
        "get_configuration %%\n"
        "@rh\nget_buffer_bytes 6 0 7 %%\nget_configuration %%\n";
    struct fake *fake = fake_probe(script);
    static const char later[] = "get_buffer_bytes=0 \"@create\"\n"
                                "get_configuration=0 \"@create\\x0a";
    char want[1024];

    snprintf(want, sizeof want,
           "get_buffer_bytes=0 \"configuration\"\n"
           "start(1,%zu)\nget_buffer_bytes=0 \"@create\"\n"
           "conf(1,13)\nget_buffer_bytes=0 \"configuration\"\n"
           "get_buffer_bytes=0 \"urat\"\nget_buffer_status=0 13 0\n"
           "set_buffer_bytes=2\nset_buffer_bytes=2\n"
           "get_configuration=0 \"configuration\"\n", sizeof script - 1);
    is_str(fake_log(fake), want, "configurations while starting");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strncmp(fake_log(fake), later, sizeof later - 1) == 0,
       "in a request both have that of the virtual machine");
    fake_free(fake);
}

static void test_no_stream(void)
{
    struct fake *fake = fake_probe("@conf\nget_buffer_bytes 0 0 9 %%\n"
                                   "set_buffer_bytes 0 0 0 \"X\"\n"
                                   "get_buffer_status 0 % %\n");

    is_str(fake_log(fake),
           "get_buffer_bytes=0 null\nset_buffer_bytes=2\n"
           "get_buffer_status=0 0 0\n", "bodies of a root context");
    fake_free(fake);
}

int main(void)
{
    test_get();
    test_set();
    test_read_only();
    test_host_fails();
    test_configuration();
    test_no_stream();
    return done();
}

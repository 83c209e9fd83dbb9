/* Local responses, continue and close, log, time, done. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

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

static void test_local_response(void)
{
    check("a local response",
          "send_local_response 403 \"why not\" \"body\" {X-A=1,b=2} -1",
          "[respond 403 details=why not body=body x-a:1 b:2 grpc=-1]\n"
          "send_local_response=0\n");
    check("gRPC status",
          "send_local_response 200 \"\" \"\" {} 0\n"
          "send_local_response 200 \"\" \"\" {} 16\n"
          "send_local_response 200 \"\" \"\" {} 17",
          "[respond 200 details= body= grpc=0]\nsend_local_response=0\n"
          "[respond 200 again details= body= grpc=16]\n"
          "send_local_response=0\n"
          "[respond 200 again details= body= grpc=-1]\n"
          "send_local_response=0\n");
    check("statuses that there aren't become 500",
          "send_local_response 0 \"\" \"\" {} -1\n"
          "send_local_response 199 \"\" \"\" {} -1\n"
          "send_local_response 600 \"\" \"\" {} -1\n"
          "send_local_response -1 \"\" \"\" {} -1",
          "[respond 500 details= body= grpc=-1]\nsend_local_response=0\n"
          "[respond 500 again details= body= grpc=-1]\n"
          "send_local_response=0\n"
          "[respond 500 again details= body= grpc=-1]\n"
          "send_local_response=0\n"
          "[respond 500 again details= body= grpc=-1]\n"
          "send_local_response=0\n");
    check("hygiene; pseudo-headers are dropped silently",
          "send_local_response 200 \"\" \"\" {:status=1,a=\\x0a,c=d} -1",
          "warn: header \"a\" is not applied: CR, LF or NUL in the value; "
          "value \"\\x0a\"\n"
          "[respond 200 details= body= c:d grpc=-1]\n"
          "send_local_response=0\n");
    check("headers as one zero byte, as nothing, broken",
          "send_local_response 200 \"\" \"\" \"\\x00\" -1\n"
          "send_local_response 200 \"\" \"\" 0 0 -1\n"
          "send_local_response 200 \"\" \"\" \"xyz\" -1",
          "[respond 200 details= body= grpc=-1]\nsend_local_response=0\n"
          "[respond 200 again details= body= grpc=-1]\n"
          "send_local_response=0\nsend_local_response=2\n");
    check("memory",
          "send_local_response 200 0xfffffff0 17 \"\" {} -1\n"
          "send_local_response 200 \"\" 0xfffffff0 17 {} -1\n"
          "send_local_response 200 \"\" \"\" 0xfffffff0 17 -1",
          "send_local_response=6\nsend_local_response=6\n"
          "send_local_response=6\n");
}

static void test_steering(void)
{
    check("continue_stream",
          "continue_stream 0\ncontinue_stream 1\ncontinue_stream 2\n"
          "continue_stream 3\ncontinue_stream 4\ncontinue_stream -1",
          "[continue 0]\ncontinue_stream=0\n[continue 1]\n"
          "continue_stream=0\ncontinue_stream=0\ncontinue_stream=12\n"
          "continue_stream=2\ncontinue_stream=2\n");
    check("close_stream",
          "close_stream 0\nclose_stream 1\nclose_stream 2\nclose_stream 3\n"
          "close_stream 4",
          "[close 0]\nclose_stream=0\n[close 1]\nclose_stream=0\n"
          "close_stream=0\nclose_stream=0\nclose_stream=2\n");
    check("those of 0.1.0",
          "continue_request\ncontinue_response\nclear_route_cache",
          "[continue 0]\ncontinue_request=0\n[continue 1]\n"
          "continue_response=0\n[clear_route]\nclear_route_cache=0\n");
    check("done in a stream", "done", "done=1\n");
}

/* The end of a request, and where there is none: Ok, and nothing happens. */
static void test_over(void)
{
    static const char commands[] =
        "send_local_response 200 \"\" \"\" {} -1\ncontinue_stream 0\n"
        "continue_stream 1\nclose_stream 0\n";
    char script[2048];
    struct fake *fake;

    snprintf(script, sizeof script, "@conf\n%s@log\n%s@done\n%s@delete\n%s",
             commands, commands, commands, commands);
    fake = fake_probe(script);
    pw_on_log(fake->stream);
    pw_stream_free(fake->stream);
    fake->stream = NULL;
#define NOTHING                                                         \
    "send_local_response=0\ncontinue_stream=0\ncontinue_stream=0\n"     \
    "close_stream=0\n"
    is_str(fake_log(fake), NOTHING NOTHING NOTHING NOTHING,
           "in configure, log, done and delete");
    fake_free(fake);
}

static void test_log(void)
{
    static char script[8192], want[8192];
    struct fake *fake;

    check("levels",
          "log 0 \"t\"\nlog 1 \"d\"\nlog 2 \"i\"\nlog 3 \"w\"\nlog 4 \"e\"\n"
          "log 5 \"c\"\nlog 6 \"x\"\nlog 99 \"x\"\nlog -1 \"x\"\nlog 2 \"\"",
          "log=0\nlog=0\ni\nlog=0\nwarn: w\nlog=0\nerror: e\nlog=0\n"
          "critical: c\nlog=0\nlog=2\nlog=2\nlog=2\n\nlog=0\n");
    check("memory", "log 2 0xfffffff0 17\nlog 0 0xfffffff0 17\nlog 2 5 0",
          "log=6\nlog=6\n\nlog=0\n");
    check("raw bytes reach the host", "log 2 \"a\\x0ab\\x00c\"",
          "a\\x0ab\\x00c\nlog=0\n");
    check("level", "get_log_level %\nget_log_level 0xfffffffd",
          "get_log_level=0 2\nget_log_level=6\n");

    memset(want, 'x', 4096);
    strcpy(want + 4096, "\nlog=0\n");
    strcpy(script, "@rh\nlog 2 \"");
    memset(script + strlen(script), 'x', 5000);
    strcpy(script + strlen("@rh\nlog 2 \"") + 5000, "\"\n");
    fake = fake_probe(script);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake), want, "a line is cut at 4 KiB");
    fake_free(fake);
}

static void test_time(void)
{
    struct fake *fake = fake_probe(
        "@rh\nget_current_time_nanoseconds %q\n"
        "get_current_time_nanoseconds 0xfffffff9\n");

    fake->now = 1700000000123456789;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "get_current_time_nanoseconds=0 1700000000123456789\n"
           "get_current_time_nanoseconds=6\n", "time");
    fake_free(fake);
}

int main(void)
{
    test_local_response();
    test_steering();
    test_over();
    test_log();
    test_time();
    return done();
}

/* Shared data, queues, metrics, timers: statuses as Envoy gives them. */
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

static void test_data(void)
{
    check("shared data",
          "get_shared_data \"k\" %% %\nset_shared_data \"k\" \"v\" 0\n"
          "get_shared_data \"k\" %% %\nset_shared_data \"k\" \"w\" 7\n"
          "set_shared_data \"k\" \"w\" 1\nget_shared_data \"k\" %% %\n"
          "set_shared_data \"k\" 0 0 0\nget_shared_data \"k\" %% %\n"
          "set_shared_data \"new\" \"x\" 99\nset_shared_data \"\" \"e\" 0\n"
          "get_shared_data \"\" %% %\nset_shared_data \"a\\x00b\" \"n\" 0\n"
          "get_shared_data \"a\\x00b\" %% %",
          "get_shared_data=1 - -\nset_shared_data=0\n"
          "get_shared_data=0 \"v\" 1\nset_shared_data=8\n"
          "set_shared_data=0\nget_shared_data=0 \"w\" 2\n"
          "set_shared_data=0\nget_shared_data=0 null 3\n"
          "set_shared_data=0\nset_shared_data=0\n"
          "get_shared_data=0 \"e\" 5\nset_shared_data=0\n"
          "get_shared_data=0 \"n\" 6\n");
    check("no result is touched if one is bad",
          "set_shared_data \"k\" \"v\" 0\n"
          "get_shared_data \"k\" %% 0xfffffffd",
          "set_shared_data=0\nget_shared_data=6 -\n");
}

static void test_queues(void)
{
    check("queues",
          "resolve_shared_queue \"\" \"q\" %\nregister_shared_queue \"q\" %\n"
          "register_shared_queue \"q\" %\nregister_shared_queue \"\" %\n"
          "resolve_shared_queue \"\" \"q\" %\n"
          "resolve_shared_queue \"test\" \"q\" %\n"
          "resolve_shared_queue \"other\" \"q\" %\n"
          "dequeue_shared_queue 1 %%\nenqueue_shared_queue 1 \"first\"\n"
          "enqueue_shared_queue 1 \"\"\ndequeue_shared_queue 1 %%\n"
          "dequeue_shared_queue 1 %%\ndequeue_shared_queue 1 %%\n"
          "dequeue_shared_queue 99 %%\nenqueue_shared_queue 99 \"x\"\n"
          "enqueue_shared_queue 0 \"x\"",
          "resolve_shared_queue=1 -\nregister_shared_queue=0 1\n"
          "register_shared_queue=0 1\nregister_shared_queue=0 2\n"
          "resolve_shared_queue=0 1\nresolve_shared_queue=0 1\n"
          "resolve_shared_queue=1 -\n"
          "dequeue_shared_queue=7 -\nenqueue_shared_queue=0\n"
          "enqueue_shared_queue=0\ndequeue_shared_queue=0 \"first\"\n"
          "dequeue_shared_queue=0 null\ndequeue_shared_queue=7 -\n"
          "dequeue_shared_queue=1 -\nenqueue_shared_queue=1\n"
          "enqueue_shared_queue=1\n");
    check("an item isn't lost to a bad pointer",
          "register_shared_queue \"q\" %\nenqueue_shared_queue 1 \"i\"\n"
          "dequeue_shared_queue 1 0xfffffffd 0\n"
          "dequeue_shared_queue 1 %%",
          "register_shared_queue=0 1\nenqueue_shared_queue=0\n"
          "dequeue_shared_queue=6\ndequeue_shared_queue=0 \"i\"\n");
}

static void test_metrics(void)
{
    check("definition",
          "define_metric 0 \"c\" %\ndefine_metric 0 \"d\" %\n"
          "define_metric 1 \"g\" %\ndefine_metric 2 \"h\" %\n"
          "define_metric 1 \"c\" %\ndefine_metric 3 \"x\" %\n"
          "define_metric 99 \"x\" %\ndefine_metric 0 \"\" %",
          "define_metric=0 4\ndefine_metric=0 8\ndefine_metric=0 5\n"
          "define_metric=0 6\ndefine_metric=0 9\ndefine_metric=2 -\n"
          "define_metric=2 -\ndefine_metric=0 12\n");
    check("counter",
          "define_metric 0 \"c\" %\nincrement_metric 4 5\n"
          "increment_metric 4 0\nincrement_metric 4 -1\nget_metric 4 %q\n"
          "record_metric 4 3\nget_metric 4 %q\nrecord_metric 4 -5\n"
          "get_metric 4 %q\nincrement_metric 8 1\nincrement_metric 8 0\n"
          "get_metric 8 %q\nrecord_metric 8 1\nincrement_metric 0 1",
          "define_metric=0 4\nincrement_metric=0\nincrement_metric=2\n"
          "increment_metric=2\nget_metric=0 5\nrecord_metric=0\n"
          "get_metric=0 8\nrecord_metric=0\nget_metric=0 3\n"
          "increment_metric=1\nincrement_metric=1\nget_metric=1 -\n"
          "record_metric=1\nincrement_metric=1\n");
    check("gauge",
          "define_metric 1 \"g\" %\nrecord_metric 5 7\n"
          "increment_metric 5 -100\nget_metric 5 %q\nincrement_metric 5 0\n"
          "increment_metric 9 1\nget_metric 9 %q\nrecord_metric 9 1",
          "define_metric=0 5\nrecord_metric=0\nincrement_metric=0\n"
          "get_metric=0 18446744073709551523\nincrement_metric=0\n"
          "increment_metric=1\nget_metric=1 -\nrecord_metric=1\n");
    check("histogram, and no kind at all",
          "define_metric 2 \"h\" %\nrecord_metric 6 42\n"
          "increment_metric 6 1\nget_metric 6 %q\nrecord_metric 10 1\n"
          "get_metric 7 %q\nincrement_metric 7 1\nrecord_metric 7 1",
          "define_metric=0 6\n[sample h 42]\nrecord_metric=0\n"
          "increment_metric=2\nget_metric=2 -\nrecord_metric=1\n"
          "get_metric=2 -\nincrement_metric=2\nrecord_metric=1\n");
}

static void test_events(void)
{
    struct fake *fake = fake_probe(
        "@conf\nset_tick_period_milliseconds 100\n"
        "register_shared_queue \"q\" %\n"
        "@tick\nargs\nset_tick_period_milliseconds 0\n"
        "get_header_map_value 0 \":path\" %%\n"
        "get_property \"plugin_root_id\" %%\n"
        "@queue\nargs\ndequeue_shared_queue 1 %%\n"
        "@rh\nset_tick_period_milliseconds -1\n"
        "enqueue_shared_queue 1 \"i\"\n");

    is_str(fake_log(fake),
           "[tick 100]\nset_tick_period_milliseconds=0\n"
           "register_shared_queue=0 1\n", "in configure");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_int(pw_on_tick(fake->root), PW_CONTINUE, "tick");
    is_int(pw_on_queue_ready(fake->root, 1), PW_CONTINUE, "queue");
    is_str(fake_log(fake),
           "[tick 4294967295]\nset_tick_period_milliseconds=0\n"
           "enqueue_shared_queue=0\n"
           "tick(1)\n[tick 0]\nset_tick_period_milliseconds=0\n"
           "get_header_map_value=1 -\nget_property=0 \"root-id\"\n"
           "queue(1,1)\ndequeue_shared_queue=0 \"i\"\n", "events");
    fake_free(fake);
}

/* A host that has none of it. */
static void test_absent(void)
{
    struct fake *fake = fake_probe(
        "@rh\nset_tick_period_milliseconds 1\nget_shared_data \"k\" %% %\n"
        "set_shared_data \"k\" \"v\" 0\nregister_shared_queue \"q\" %\n"
        "resolve_shared_queue \"\" \"q\" %\nenqueue_shared_queue 1 \"i\"\n"
        "dequeue_shared_queue 1 %%\ndefine_metric 0 \"c\" %\n"
        "increment_metric 4 1\nrecord_metric 4 1\nget_metric 4 %q\n"
        "http_call \"up\" {} \"\" {} 0 %\n");

    fake->host.tick_period = NULL;
    fake->host.shared_get = NULL;
    fake->host.shared_set = NULL;
    fake->host.queue_open = NULL;
    fake->host.queue_find = NULL;
    fake->host.queue_push = NULL;
    fake->host.queue_pop = NULL;
    fake->host.metric_define = NULL;
    fake->host.metric_add = NULL;
    fake->host.metric_set = NULL;
    fake->host.metric_get = NULL;
    fake->host.http_call = NULL;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "set_tick_period_milliseconds=12\nget_shared_data=12 - -\n"
           "set_shared_data=12\nregister_shared_queue=12 -\n"
           "resolve_shared_queue=12 -\nenqueue_shared_queue=12\n"
           "dequeue_shared_queue=12 -\ndefine_metric=12 -\n"
           "increment_metric=12\nrecord_metric=12\nget_metric=12 -\n"
           "http_call=12 -\n", "Unimplemented");
    fake_free(fake);
}

static void test_done(void)
{
    struct fake *fake = fake_probe(
        "@done\nsay on_done\ndone\nret 0\n@delete\nsay on_delete\ndone\n"
        "@tick\ndone\ndone\n@log\ndone\n");

    fake_clear(fake);
    pw_on_log(fake->stream);
    pw_stream_free(fake->stream);
    fake->stream = NULL;
    pw_on_tick(fake->root);
    ok(!pw_root_done(fake->root), "the root isn't done yet");
    ok(!pw_root_is_done(fake->root), "it waits for proxy_done");
    pw_on_tick(fake->root);
    ok(pw_root_is_done(fake->root), "now it is");
    ok(pw_root_done(fake->root), "on_done isn't called again");
    pw_root_free(fake->root);
    fake->root = NULL;
    is_str(fake_log(fake),
           "done=1\non_done\ndone=1\non_delete\ndone=1\n"
           "done=1\ndone=1\non_done\ndone=1\ndone=0\ndone=1\n"
           "on_delete\ndone=1\n", "proxy_done");
    fake_free(fake);
}

int main(void)
{
    test_data();
    test_queues();
    test_metrics();
    test_events();
    test_absent();
    test_done();
    return done();
}

/* What a plugin is allowed: refused calls answer InternalFailure, are counted
 * and named once; what is the plugin's own is always allowed. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = { ":path", "/", "x-a", "1", NULL };

static const char script[] =
    "@rh\nget_header_map_value 0 \"x-a\" %%\nget_header_map_pairs 0 %m\n"
    "add_header_map_value 0 \"b\" \"2\"\nset_header_map_pairs 0 {}\n"
    "get_buffer_bytes 0 0 9 %%\nget_buffer_status 0 % %\n"
    "set_buffer_bytes 0 0 9 \"x\"\n"
    "send_local_response 403 \"\" \"\" {} -1\n"
    "get_property \"request\\x00path\" %%\n"
    "get_property \"request\\x00headers\\x00x-a\" %%\n"
    "set_property \"ngx\\x00limit\" \"1\"\nset_property \"ngx.limit\" \"1\"\n"
    "get_shared_data \"k\" %% %\nset_shared_data \"k\" \"v\" 0\n"
    "register_shared_queue \"q\" %\ndefine_metric 0 \"m\" %\n"
    "set_tick_period_milliseconds 9\n"
    "http_call \"up\" {:method=GET,:path=/,host=h} \"\" {} 1 %\n"
    "log 2 \"line\"\nget_buffer_bytes 6 0 3 %%\nget_log_level %\n"
    "get_property \"plugin_name\" %%\nset_property \"state\" \"1\"\n"
    "get_current_time_nanoseconds %q\ncontinue_stream 0\n";

#define ALWAYS                                                          \
    "line\nlog=0\nget_buffer_bytes=0 \"@rh\"\nget_log_level=0 2\n"      \
    "get_property=0 \"test\"\n[property state=1]\nset_property=0\n"     \
    "get_current_time_nanoseconds=0 0\n[continue 0]\ncontinue_stream=0\n"

static void check(uint32_t allow, const char *want, int denied)
{
    const struct pw_limits limits = { .deadline = 1000000000,
                                      .allow = allow };
    struct fake *fake = fake_probe_with(NULL, script, &limits);

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
           "allow %#x", allow);
    is_str(fake_log(fake), want, "allow %#x: log", allow);
    is_int((int64_t)pw_instance_denied(fake->instance), denied,
           "allow %#x: counted", allow);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strstr(fake_log(fake), "is not allowed") == NULL, "named once");
    fake_free(fake);
}

static void test_denied_imports(void)
{
    const struct pw_limits none = { .allow = PW_ALLOW_ONLY };
    const struct pw_limits most = {
        .allow = PW_ALLOW_ONLY | PW_ALLOW_HEADERS | PW_ALLOW_BODY
                 | PW_ALLOW_LOCAL_RESPONSE | PW_ALLOW_SHARED_DATA
                 | PW_ALLOW_QUEUES | PW_ALLOW_METRICS | PW_ALLOW_TIMERS
                 | PW_ALLOW_FOREIGN
    };
    struct fake *fake = fake_new();
    size_t len;
    const void *bytes = fake_compile("probe", NULL, &len);
    uint32_t n = 0;

    fake_load(fake, bytes, len, "", &most);
    is_str(pw_plugin_denied(fake->plugin, 0), "proxy_http_call",
           "an import that isn't allowed");
    is_str(pw_plugin_denied(fake->plugin, 1), NULL, "there is no other");
    pw_plugin_free(fake->plugin);
    fake_load(fake, bytes, len, "", &none);
    while (pw_plugin_denied(fake->plugin, n) != NULL) {
        n++;
    }
    is_int(n, 22, "the imports that need something");
    pw_plugin_free(fake->plugin);
    fake_load(fake, bytes, len, "", NULL);
    is_str(pw_plugin_denied(fake->plugin, 0), NULL, "no mask: all allowed");
    fake_free(fake);
}

/* One foreign function, and one upstream, of several. */
static void test_chosen(void)
{
    static const struct pw_str up[] = { { "up", 2 }, { "other", 5 } };
    static const struct pw_str any[] = { { "up", 2 }, { "*", 1 } };
    struct pw_limits limits = {
        .deadline = 1000000000,
        .allow = PW_ALLOW_ONLY | PW_ALLOW_FOREIGN | PW_ALLOW_HTTP_CALL,
        .foreign = pw_foreign_bit((struct pw_str){ "sha1", 4 }),
        .upstreams = up, .nupstreams = 2
    };
    static const char calls[] =
        "@rh\ncall_foreign_function \"sha1\" \"\" 0 0\n"
        "call_foreign_function \"sha256\" \"\" 0 0\n"
        "call_foreign_function \"base64_encode\" \"\" 0 0\n"
        "call_foreign_function \"none\" \"\" 0 0\n"
        "http_call \"up\" {:method=GET,:path=/,host=h} \"\" {} 1 %\n"
        "http_call \"upper\" {:method=GET,:path=/,host=h} \"\" {} 1 %\n"
        "http_call \"\" {:method=GET,:path=/,host=h} \"\" {} 1 %\n";
    struct fake *fake = fake_probe_with(NULL, calls, &limits);

    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "call_foreign_function=0\n"
           "warn: sha256 is not allowed to this plugin\n"
           "call_foreign_function=10\ncall_foreign_function=10\n"
           "call_foreign_function=1\n"
           "[call 4: :method=GET :path=/ :authority=h body= trailers: 1 ms]\n"
           "http_call=0 4\n"
           "warn: a call to this upstream is not allowed to this plugin\n"
           "http_call=10 0\nhttp_call=10 0\n", "some are allowed");
    is_int((int64_t)pw_instance_denied(fake->instance), 4, "counted");
    fake_free(fake);
    limits.upstreams = any;
    fake = fake_probe_with(NULL, calls, &limits);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strstr(fake_log(fake), "http_call=2 0\nhttp_call=2 0\n") != NULL,
       "any upstream, if there is one");
    fake_free(fake);
    is_int((int64_t)pw_foreign_bit((struct pw_str){ "none", 4 }), 0,
           "no such function");
}

int main(void)
{
    test_chosen();
    check(PW_ALLOW_ONLY,
          "warn: proxy_get_header_map_value is not allowed to this plugin\n"
          "get_header_map_value=10 -\nget_header_map_pairs=10 -\n"
          "warn: proxy_add_header_map_value is not allowed to this plugin\n"
          "add_header_map_value=10\nset_header_map_pairs=10\n"
          "warn: reading a body is not allowed to this plugin\n"
          "get_buffer_bytes=10 -\nget_buffer_status=10 - -\n"
          "warn: proxy_set_buffer_bytes is not allowed to this plugin\n"
          "set_buffer_bytes=10\n"
          "warn: proxy_send_local_response is not allowed to this plugin\n"
          "send_local_response=10\n"
          "warn: reading a property is not allowed to this plugin\n"
          "get_property=10 -\nget_property=10 -\n"
          "warn: setting a variable is not allowed to this plugin\n"
          "set_property=10\nset_property=10\n"
          "warn: proxy_get_shared_data is not allowed to this plugin\n"
          "get_shared_data=10 - -\nset_shared_data=10\n"
          "warn: proxy_register_shared_queue is not allowed to this plugin\n"
          "register_shared_queue=10 -\n"
          "warn: proxy_define_metric is not allowed to this plugin\n"
          "define_metric=10 -\n"
          "warn: proxy_set_tick_period_milliseconds is not allowed to this "
          "plugin\nset_tick_period_milliseconds=10\n"
          "warn: proxy_http_call is not allowed to this plugin\n"
          "http_call=10 -\n" ALWAYS, 18);
    check(PW_ALLOW_ONLY | PW_ALLOW_HEADERS | PW_ALLOW_BODY_READ
              | PW_ALLOW_PROPERTY_READ | PW_ALLOW_LOCAL_RESPONSE
              | PW_ALLOW_SHARED_DATA | PW_ALLOW_QUEUES | PW_ALLOW_METRICS
              | PW_ALLOW_TIMERS,
          "get_header_map_value=0 \"1\"\n"
          "get_header_map_pairs=0 {:path=/,x-a=1}\n"
          "[add request b=2]\nadd_header_map_value=0\n"
          "[set request 0]\nset_header_map_pairs=0\n"
          "get_buffer_bytes=0 \"body\"\nget_buffer_status=0 4 0\n"
          "warn: proxy_set_buffer_bytes is not allowed to this plugin\n"
          "set_buffer_bytes=10\n"
          "[respond 403 details= body= grpc=-1]\nsend_local_response=0\n"
          "get_property=1 -\nget_property=1 -\n"
          "warn: setting a variable is not allowed to this plugin\n"
          "set_property=10\nset_property=10\n"
          "get_shared_data=1 - -\nset_shared_data=0\n"
          "register_shared_queue=0 1\ndefine_metric=0 4\n"
          "[tick 9]\nset_tick_period_milliseconds=0\n"
          "warn: proxy_http_call is not allowed to this plugin\n"
          "http_call=10 -\n" ALWAYS, 4);
    test_denied_imports();
    return done();
}

/* Faults: in every callback, every cause; nothing of the instance runs after
 * one, and its line says what happened. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct pw_limits limits = { .deadline = 10000000,
                                         .start_deadline = 30000000,
                                         .memory = 1 << 20 };

static const struct cause {
    const char *command, *text;
} causes[] = {
    { "trap", "unreachable in " },
    { "loop", "deadline exceeded (10 ms) in spin (func " },
    { "hostloop", "deadline exceeded (10 ms) in " },
    { "recurse", "call stack exhausted in recurse (func " },
    { "exit 0", "program exited (status 0) in " },
    { "exit 255", "program exited (status 255) in " },
    { "peek 0x7fffffff", "out of bounds memory access in " },
};

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- in the callbacks of a stream ---------------------------------------- */

static enum pw_action on_rh(pw_stream *s)
{
    return pw_on_request_headers(s, true);
}

static enum pw_action on_rb(pw_stream *s)
{
    return pw_on_request_body(s, true);
}

static enum pw_action on_sh(pw_stream *s)
{
    return pw_on_response_headers(s, true);
}

static enum pw_action on_sb(pw_stream *s)
{
    return pw_on_response_body(s, true);
}

static const struct callback {
    const char *section, *name;
    enum pw_action (*run)(pw_stream *);
} callbacks[] = {
    { "rh", "proxy_on_request_headers", on_rh },
    { "rb", "proxy_on_request_body", on_rb },
    { "rt", "proxy_on_request_trailers", pw_on_request_trailers },
    { "sh", "proxy_on_response_headers", on_sh },
    { "sb", "proxy_on_response_body", on_sb },
    { "st", "proxy_on_response_trailers", pw_on_response_trailers },
    { "log", "proxy_on_log", pw_on_log },
    { "done", "proxy_on_done", pw_stream_free },
    { "delete", "proxy_on_delete", pw_stream_free },
};

static void is_fault(struct fake *fake, const char *name, const char *cause)
{
    const char *fault = pw_instance_fault(fake->instance);
    char want[128];

    snprintf(want, sizeof want, "callback %s: %s", name, cause);
    ok(fault != NULL && strncmp(fault, want, strlen(want)) == 0, "%s",
       fault == NULL ? "(no fault)" : fault);
    ok(fault != NULL && strchr(fault, '\n') == NULL && strlen(fault) < 1000,
       "one line");
}

static void is_dead(struct fake *fake)
{
    struct pw_error error;

    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_FAULT, "dead: rh");
    is_int(pw_on_response_body(fake->stream, true), PW_FAULT, "dead: sb");
    is_int(pw_on_log(fake->stream), PW_FAULT, "dead: log");
    ok(pw_stream_new(fake->root, &fake->side) == NULL, "dead: new stream");
    ok(pw_root_new(fake->instance, (struct pw_str){ NULL, 0 },
                   (struct pw_str){ NULL, 0 }, &fake->root_side, &error)
           == NULL, "dead: new root");
    is_int(pw_stream_free(fake->stream), PW_FAULT, "dead: stream_free");
    fake->stream = NULL;
    is_str(fake_log(fake), "", "dead: no guest code");
}

static void test_callback(const struct callback *callback,
                          const struct cause *cause)
{
    char script[256];
    struct fake *fake;
    double start;

    snprintf(script, sizeof script,
             "@%s\n%s\nsay alive\n@done\nsay done\n@delete\nsay delete\n",
             callback->section, cause->command);
    fake = fake_probe_with(NULL, script, &limits);
    start = cpu();
    is_int(callback->run(fake->stream), PW_FAULT, "%s in %s", cause->command,
           callback->name);
    ok(cpu() - start < 0.1, "ends in time");
    if (callback->run == pw_stream_free) {
        fake->stream = NULL;
    }
    ok(strstr(fake_log(fake), "alive") == NULL, "not resumed");
    is_fault(fake, callback->name, cause->text);
    if (fake->stream != NULL) {
        is_dead(fake);
    }
    fake_free(fake);
}

/* --- while it starts ------------------------------------------------------ */

static void test_root(const char *section, const char *phase,
                      const char *name, const char *command,
                      const char *cause)
{
    char script[256], want[256];
    struct fake *fake = fake_new();
    size_t len;
    const void *bytes = fake_compile("probe", NULL, &len);

    snprintf(script, sizeof script, "@%s\n%s\nsay alive\n", section, command);
    snprintf(want, sizeof want, "callback %s: %s", name, cause);
    ok(fake_load(fake, bytes, len, script, &limits) && fake_start(fake),
       "starts");
    ok(!fake_configure(fake, ""), "%s in %s", command, name);
    is_str(fake->error.phase, phase, "phase");
    ok(strncmp(fake->error.text, want, strlen(want)) == 0, "%s",
       fake->error.text);
    is_fault(fake, name, cause);
    is_str(fake_log(fake), "", "not resumed");
    fake_free(fake);
}

static void test_screate(void)
{
    struct fake *fake = fake_probe_with(NULL, "@screate\ntrap\n", &limits);

    ok(fake->stream == NULL, "trap in context_create of a stream");
    is_fault(fake, "proxy_on_context_create", "unreachable in ");
    fake_free(fake);
}

static void test_memory(void)
{
    struct fake *fake = fake_probe_with(NULL, "@rh\ngrow_all\ngrow 1\n"
                                              "say alive\n", &limits);

    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
           "growing for ever");
    is_int((int64_t)pw_instance_memory(fake->instance),
           (int64_t)limits.memory, "ends at the limit");
    is_str(fake_log(fake), "grow=1\nalive\n", "and the guest goes on");
    fake_free(fake);
}

/* A second instance of the plugin doesn't notice. */
static void test_bystander(void)
{
    struct fake *fake = fake_probe_with(NULL, "@rh\ntrap\n@sh\nsay here\n",
                                        &limits);
    pw_instance *other = pw_instance_new(fake->plugin, &fake->error);
    pw_root *root = pw_root_new(other, (struct pw_str){ NULL, 0 },
                                (struct pw_str){ NULL, 0 }, &fake->root_side,
                                &fake->error);
    pw_stream *stream = pw_stream_new(root, &fake->side);

    is_int(pw_on_request_headers(fake->stream, true), PW_FAULT, "fault");
    fake_clear(fake);
    is_int(pw_on_response_headers(stream, true), PW_CONTINUE, "bystander");
    is_str(fake_log(fake), "here\n", "bystander runs");
    is_str(pw_instance_fault(other), NULL, "bystander has no fault");
    pw_stream_free(stream);
    pw_root_free(root);
    pw_instance_free(other);
    fake_free(fake);
}

int main(void)
{
    for (size_t i = 0; i < sizeof callbacks / sizeof callbacks[0]; i++) {
        for (size_t j = 0; j < sizeof causes / sizeof causes[0]; j++) {
            test_callback(&callbacks[i], &causes[j]);
        }
    }
    test_root("create", "context_create", "proxy_on_context_create", "trap",
              "unreachable in ");
    test_root("start", "vm_start", "proxy_on_vm_start", "loop",
              "deadline exceeded (30 ms) in spin (func ");
    test_root("conf", "configure", "proxy_on_configure", "recurse",
              "call stack exhausted in recurse (func ");
    test_root("conf", "configure", "proxy_on_configure", "loop",
              "deadline exceeded (30 ms) in spin (func ");
    test_screate();
    test_memory();
    test_bystander();
    return done();
}

/* The n-th allocation fails, for every n: an error and no leak. */
#include "fake_host.h"

#include <string.h>

static const char script[] =
    "@create\nget_property \"plugin_name\" %%\n"
    "@rh\nget_header_map_value 0 \"X-A\" %%\nset_header_map_pairs 0 {a=b}\n"
    "add_header_map_value 0 \":path\" \"/x\"\n"
    "get_property \"request\\x00headers\" %m\n"
    "send_local_response 200 \"\" \"\" {a=b} -1\n";
static const char *const request[] = { ":path", "/", "x-a", "1", NULL };

static bool fill(struct fake *fake, const void *bytes, size_t len)
{
    static const struct pw_limits limits = { .deadline = 1000000000 };

    if (!fake_load(fake, bytes, len, script, &limits) || !fake_start(fake)
        || !fake_configure(fake, "configuration")) {
        ok(fake->error.phase != NULL && fake->error.text[0] != '\0',
           "%s: %s", fake->error.phase, fake->error.text);
        return false;
    }
    if (!fake_open(fake)) {
        ok(pw_instance_fault(fake->instance) == NULL, "no stream, no fault");
        return false;
    }
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
           "a callback");
    return fake->allocator.failures == 0;
}

int main(void)
{
    size_t len;
    const void *bytes = fake_compile("probe", NULL, &len);
    bool all = false;
    uint64_t n;

    for (n = 1; !all && n < 2000; n++) {
        struct fake *fake = fake_new();

        fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
        fake->error.phase = NULL;
        fake->allocator.fail_at = fake->allocator.calls + n;
        all = fill(fake, bytes, len);
        fake->allocator.fail_at = 0;
        fake_free(fake);
    }
    ok(all, "succeeds when %d allocations do", (int)n - 2);
    return done();
}

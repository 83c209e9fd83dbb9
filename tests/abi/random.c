/*
 * Sequences of host calls with arguments drawn at random from hostile ones:
 * whatever comes, the guest gets a status, the host's contract holds and
 * nothing leaks.  Seeds are fixed, so that a failure comes again.
 */
#include "fake_host.h"

#include "../../abi/hostcalls.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *params;
} rows[] = {
#define CALL(name, arity, params, ...) { #name, params },
#define BARE(name, signature, when)
    PW_HOSTCALLS(CALL, CALL, BARE)
};

static const char *const numbers[] = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "99", "-1", "200",
    "403", "0x7fffffff", "0x80000000", "0xfffffff0", "E", "E-1", "E-4", "1024",
    "4096", "65536",
};
static const char *const spans[] = {
    "\"\"", "\"a\"", "\":path\"", "\":status\"", "\"host\"", "\"X-A\"",
    "\"x-a\"", "\"a\\x0ab\"", "\"\\x00\"", "\"request\\x00headers\"",
    "\"request\\x00headers\\x00x-a\"", "\"plugin_name\"", "\"up\"", "{}",
    "{a=b}", "{:method=GET,:path=/,host=h}", "{A=1,a=2,:status=99,b=\\x0d}",
    "\"\\x01\\x00\\x00\\x00\\xff\\xff\\xff\\xff\\x00\\x00\\x00\\x00\"",
    "0 4", "E 1", "E-4 4", "E-4 5", "0xfffffff0 32", "1024 65535", "0 0",
};
static const char *const results[] = {
    "0", "1", "E-4", "E-3", "0xffffffff", "2048", "2049", "%",
};
static const char *const modes[] = {
    "good", "good", "good", "zero", "wild", "edge", "same", "odd", "grows",
};

static uint32_t state;

static uint32_t draw(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % n;
}

#define ONE_OF(array) array[draw(sizeof array / sizeof array[0])]

static char script[1 << 16];

static void add(const char *text)
{
    strcat(strcat(script, " "), text);
}

static void add_call(void)
{
    size_t i = draw(sizeof rows / sizeof rows[0]);
    const char *name = rows[i].name;

    strcat(script, strncmp(name, "proxy_", 6) == 0 ? name + 6 : name);
    for (const char *p = rows[i].params; *p != '\0'; p++) {
        if (*p == 'v' || *p == 'w') {
            add(ONE_OF(numbers));
        } else if (*p == 'p') {
            add(ONE_OF(spans));
        } else if (*p == 'u' || *p == 'q') {
            add(ONE_OF(results));
        }
    }
    strcat(script, "\n");
}

static void write_script(void)
{
    static const char *const sections[] = { "conf", "screate", "rh", "rb",
                                            "sh", "sb", "log", "done",
                                            "delete", "tick", "call" };

    script[0] = '\0';
    for (size_t s = 0; s < sizeof sections / sizeof sections[0]; s++) {
        sprintf(script + strlen(script), "@%s\n", sections[s]);
        for (int i = 0; i < 20; i++) {
            if (draw(8) == 0) {
                sprintf(script + strlen(script), "alloc %s\n",
                        ONE_OF(modes));
            }
            add_call();
        }
        strcat(script, "alloc good\n");
    }
}

/* The statuses that came, a bit each. */
static uint32_t seen;

static void look(const char *log)
{
    while ((log = strchr(log, '=')) != NULL) {
        unsigned status;

        log++;
        if (sscanf(log, "%u", &status) == 1 && status < 32) {
            seen |= 1u << status;
        }
    }
}

static bool run(uint32_t seed)
{
    static const char *const pairs[] = { ":path", "/", "x-a", "1", "x-a", "2",
                                         NULL };
    static const struct pw_pair header = { { "x-a", 3 }, { "1", 1 } };
    const struct pw_http_answer answer = { .headers = &header, .nheaders = 1,
                                           .body = { "text", 4 } };
    struct fake *fake;
    int faults = 0;

    state = seed;
    write_script();
    fake = fake_probe(script);
    if (fake->stream == NULL) {
        fake_free(fake);
        return false;
    }
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, pairs);
    fake_set_body(&fake->side, PW_REQUEST_BODY, PW_WRITE, "body");
    faults += pw_on_request_headers(fake->stream, false) == PW_FAULT;
    faults += pw_on_request_body(fake->stream, true) == PW_FAULT;
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_READ, pairs);
    fake_set_map(&fake->side, PW_RESPONSE_HEADERS, PW_WRITE, pairs + 2);
    faults += pw_on_response_headers(fake->stream, false) == PW_FAULT;
    fake_set_body(&fake->side, PW_RESPONSE_BODY, PW_WRITE, "");
    faults += pw_on_response_body(fake->stream, true) == PW_FAULT;
    faults += pw_on_tick(fake->root) == PW_FAULT;
    faults += pw_on_http_call_response(fake->root, 4, &answer) == PW_FAULT;
    faults += pw_on_log(fake->stream) == PW_FAULT;
    faults += pw_stream_free(fake->stream) == PW_FAULT;
    fake->stream = NULL;
    look(fake_log(fake));
    if (faults != 0) {
        diag("seed %u: %s", seed, pw_instance_fault(fake->instance));
    }
    fake_free(fake);
    return faults == 0;
}

int main(void)
{
    int bad = 0;

    for (uint32_t seed = 1; seed <= 200; seed++) {
        bad += !run(seed * 2654435761u);
    }
    is_int(bad, 0, "200 sequences of 220 calls");
    is_int(seen & 0x15c7, 0x15c7, "answered 0, 1, 2, 6, 7, 8, 10 and 12");
    return done();
}

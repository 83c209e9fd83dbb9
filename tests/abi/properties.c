/* Properties: paths, encodings, the abi's own. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = {
    ":authority", "ex.test", ":path", "/p", "x-b", "3", "x-a", "1",
    "x-a", "2", "x.dot", "d", NULL
};

static void set_properties(struct fake *fake)
{
    struct pw_property p = { PW_PROP_BYTES, { "/p", 2 }, 0 };

    fake_set_property(fake, "request.path", p);
    p.bytes.len = 0;
    fake_set_property(fake, "request.query", p);
    p = (struct pw_property){ PW_PROP_INT, { NULL, 0 },
                              0x0123456789abcdef };
    fake_set_property(fake, "source.port", p);
    p = (struct pw_property){ PW_PROP_BOOL, { NULL, 0 }, 1 };
    fake_set_property(fake, "connection.mtls", p);
}

static void check(const char *what, const char *commands, const char *want)
{
    char script[4096];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\n%s\n", commands);
    fake = fake_probe(script);
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    set_properties(fake);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake), want, "%s", what);
    fake_free(fake);
}

static void test_own(void)
{
    static const char commands[] =
        "get_property \"plugin_name\" %%\nget_property \"plugin_root_id\" %%\n"
        "get_property \"plugin_vm_id\" %%\n";
    char script[1024];
    struct fake *fake;

    snprintf(script, sizeof script, "@create\n%s@screate\n%s@log\n%s",
             commands, commands, commands);
    fake = fake_probe(script);
    pw_on_log(fake->stream);
#define OWN                                                             \
    "get_property=0 \"test\"\nget_property=0 \"root-id\"\n"             \
    "get_property=0 \"vm\"\n"
    is_str(fake_log(fake), OWN OWN OWN, "plugin_*, in every callback");
    fake_free(fake);
}

static void test_encoding(void)
{
    check("text", "get_property \"request\\x00path\" %%",
          "get_property=0 \"/p\"\n");
    check("empty text", "get_property \"request\\x00query\" %%",
          "get_property=0 null\n");
    check("integer: 8 bytes, little-endian",
          "get_property \"source\\x00port\" %%",
          "get_property=0 \"\\xef\\xcd\\xab\\x89gE#\\x01\"\n");
    check("boolean: 1 byte", "get_property \"connection\\x00mtls\" %%",
          "get_property=0 \"\\x01\"\n");
}

static void test_paths(void)
{
    check("one NUL at the end is accepted",
          "get_property \"request\\x00path\\x00\" %%\n"
          "get_property \"plugin_name\\x00\" %%",
          "get_property=0 \"/p\"\nget_property=0 \"test\"\n");
    check("two, one in front, or one after the other are not",
          "get_property \"request\\x00path\\x00\\x00\" %%\n"
          "get_property \"\\x00request\\x00path\" %%\n"
          "get_property \"request\\x00\\x00path\" %%\n"
          "get_property \"\\x00\" %%",
          "get_property=1 -\nget_property=1 -\nget_property=1 -\n"
          "get_property=1 -\n");
    check("a single dotted text", "get_property \"request.path\" %%",
          "get_property=0 \"/p\"\n");
    check("unknown",
          "get_property \"request\\x00nothing\" %%\n"
          "get_property \"nothing\" %%",
          "get_property=1 -\nget_property=1 -\n");
    check("an object alone, and no path",
          "get_property \"request\" %%\nget_property \"source\" %%\n"
          "get_property \"connection\" %%\nget_property \"upstream\" %%\n"
          "get_property \"filter_state\" %%\nget_property \"\" %%",
          "get_property=3 -\nget_property=3 -\nget_property=3 -\n"
          "get_property=3 -\nget_property=3 -\nget_property=3 -\n");
    check("memory",
          "get_property 0xfffffff0 17 %%\nget_property 0 0xffffffff %%\n"
          "get_property \"plugin_name\" 0xfffffffd 0\n"
          "get_property \"plugin_name\" 0 0xfffffffd",
          "get_property=6 -\nget_property=6 -\nget_property=6\n"
          "get_property=6\n");
    check("a path of 64 KiB", "get_property 1024 65536 %%",
          "get_property=1 -\n");
}

static void test_maps(void)
{
    check("a header",
          "get_property \"request\\x00headers\\x00x-b\" %%\n"
          "get_property \"request\\x00headers\\x00X-B\" %%\n"
          "get_property \"request.headers.x-b\" %%\n"
          "get_property \"request\\x00headers\\x00x.dot\" %%\n"
          "get_property \"request\\x00headers\\x00host\" %%\n"
          "get_property \"request\\x00headers\\x00:path\" %%",
          "get_property=0 \"3\"\nget_property=0 \"3\"\n"
          "get_property=0 \"3\"\nget_property=0 \"d\"\n"
          "get_property=0 \"ex.test\"\nget_property=0 \"/p\"\n");
    check("repeated headers are joined",
          "get_property \"request\\x00headers\\x00x-a\" %%",
          "get_property=0 \"1,2\"\n");
    check("missing ones",
          "get_property \"request\\x00headers\\x00x-z\" %%\n"
          "get_property \"response\\x00headers\\x00x-a\" %%",
          "get_property=1 -\nget_property=1 -\n");
    check("a whole map, each name once",
          "get_property \"request\\x00headers\" %m\n"
          "get_property \"request\\x00headers\\x00\" %m",
          "get_property=0 {:authority=ex.test,:path=/p,x-a=1,2,x-b=3,"
          "x.dot=d}\n"
          "get_property=0 {:authority=ex.test,:path=/p,x-a=1,2,x-b=3,"
          "x.dot=d}\n");
    check("one that isn't there: 4 zero bytes",
          "get_property \"response\\x00headers\" %%\n"
          "get_property \"response\\x00trailers\" %%",
          "get_property=0 \"\\x00\\x00\\x00\\x00\"\n"
          "get_property=0 \"\\x00\\x00\\x00\\x00\"\n");
}

/* 2,000 headers, in an order that hurts: sorted within the deadline. */
static void test_large_map(void)
{
    struct pw_limits limits = { .deadline = 1000000000 };
    struct fake *fake = fake_probe_with(
        NULL, "@rh\nget_property \"request\\x00headers\\x00\" %%\n", &limits);
    static const char *pairs[4001];
    static char names[2000][8];

    for (int i = 0; i < 2000; i++) {
        snprintf(names[i], sizeof names[i], "n%d", 1999 - i / 2);
        pairs[i * 2] = names[i];
        pairs[i * 2 + 1] = "v";
    }
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_READ, pairs);
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "2,000");
    /* 1,000 names: 0x3e8, and the first is "n1000" with "v,v". */
    ok(strncmp(fake_log(fake), "get_property=0 \"\\xe8\\x03\\x00\\x00\\x05"
               "\\x00\\x00\\x00\\x03\\x00\\x00\\x00", 63) == 0,
       "1,000 names");
    fake_free(fake);
}

static void test_set(void)
{
    struct fake *fake = fake_probe(
        "@conf\nset_property \"a\" \"b\"\n"
        "get_property \"request\\x00headers\" %%\n"
        "@rh\nset_property \"a\\x00b\" \"c\"\nset_property \"a\" \"\"\n"
        "set_property 0xfffffff0 17 \"c\"\nset_property \"a\" 0xfffffff0 17\n");

    is_str(fake_log(fake),
           "[property of root a=b]\nset_property=1\nget_property=1 -\n",
           "in a root context");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "[property a\\x00b=c]\nset_property=0\n[property a=]\n"
           "set_property=0\nset_property=6\nset_property=6\n",
           "in a stream: raw path");
    fake_free(fake);
}

int main(void)
{
    test_own();
    test_encoding();
    test_paths();
    test_maps();
    test_large_map();
    test_set();
    return done();
}

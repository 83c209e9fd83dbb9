/* Header maps: every call, every status, and what is not applied. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const char *const request[] = {
    ":authority", "ex.test", ":path", "/p?q=1", ":method", "GET",
    ":scheme", "http", "x-a", "1", "x-b", "", "x-a", "2", NULL
};
static const char *const response[] = {
    ":status", "200", "content-type", "text/plain", NULL
};

/* In on_request_headers, where the response isn't there yet. */
static void check(const char *what, const char *command, const char *want)
{
    char script[4096];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\n%s\n", command);
    fake = fake_probe(script);
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "%s", what);
    is_str(fake_log(fake), want, "%s: log", what);
    fake_free(fake);
}

static void test_value(void)
{
    check("a value", "get_header_map_value 0 \"x-a\" %%",
          "get_header_map_value=0 \"1\"\n");
    check("any case", "get_header_map_value 0 \"X-A\" %%",
          "get_header_map_value=0 \"1\"\n");
    check("pseudo", "get_header_map_value 0 \":path\" %%",
          "get_header_map_value=0 \"/p?q=1\"\n");
    check("host is :authority",
          "get_header_map_value 0 \"host\" %%\n"
          "get_header_map_value 0 \"HOST\" %%",
          "get_header_map_value=0 \"ex.test\"\n"
          "get_header_map_value=0 \"ex.test\"\n");
    check("missing", "get_header_map_value 0 \"x-z\" %%",
          "get_header_map_value=1 -\n");
    check("empty key", "get_header_map_value 0 \"\" %%",
          "get_header_map_value=1 -\n");
    check("key at 0", "get_header_map_value 0 0 4 %%",
          "get_header_map_value=1 -\n");
    check("empty value", "get_header_map_value 0 \"x-b\" %%",
          "get_header_map_value=0 null\n");
    check("types 8, 99",
          "get_header_map_value 8 \"x-a\" %%\n"
          "get_header_map_value 99 \"x-a\" %%\n"
          "get_header_map_value -1 \"x-a\" %%",
          "get_header_map_value=2 -\n"
          "get_header_map_value=2 -\n"
          "get_header_map_value=2 -\n");
    check("key outside of memory",
          "get_header_map_value 0 0xfffffff0 16 %%\n"
          "get_header_map_value 0 0xfffffff0 17 %%\n"
          "get_header_map_value 0 0 0xffffffff %%",
          "get_header_map_value=6 -\n"
          "get_header_map_value=6 -\n"
          "get_header_map_value=6 -\n");
    check("outs outside of memory",
          "get_header_map_value 0 \"x-a\" 0xfffffffc 0\n"
          "get_header_map_value 0 \"x-a\" 0 0xfffffffd",
          "get_header_map_value=6\nget_header_map_value=6\n");
    check("outs at address 0",
          "poke 0 7\nget_header_map_value 0 \":path\" 4 0\npeek 0",
          "get_header_map_value=0\npeek 6\n");
    check("outs that overlap: address first, then size",
          "get_header_map_value 0 \":path\" 8 8\npeek 8",
          "get_header_map_value=0\npeek 6\n");
    check("a map that isn't there", "get_header_map_value 2 \":status\" %%",
          "get_header_map_value=1 -\n");
}

static void test_pairs(void)
{
    check("pairs", "get_header_map_pairs 0 %m",
          "get_header_map_pairs=0 {:authority=ex.test,:path=/p?q=1,"
          ":method=GET,:scheme=http,x-a=1,x-b=,x-a=2}\n");
    check("pairs of maps that aren't there",
          "get_header_map_pairs 1 %m\nget_header_map_pairs 2 %m\n"
          "get_header_map_pairs 7 %m",
          "get_header_map_pairs=0 null\nget_header_map_pairs=0 null\n"
          "get_header_map_pairs=0 null\n");
    check("pairs of types 8, 99",
          "get_header_map_pairs 8 %m\nget_header_map_pairs 99 %m",
          "get_header_map_pairs=2 -\nget_header_map_pairs=2 -\n");
    check("size: bytes of names and values", "get_header_map_size 0 %",
          "get_header_map_size=0 60\n");
    check("size of others",
          "get_header_map_size 1 %\nget_header_map_size 8 %",
          "get_header_map_size=2 -\nget_header_map_size=2 -\n");
}

static void test_change(void)
{
    check("add", "add_header_map_value 0 \"x-c\" \"3\"",
          "[add request x-c=3]\nadd_header_map_value=0\n");
    check("add in upper case", "add_header_map_value 0 \"X-C\" \"Ab\"",
          "[add request x-c=Ab]\nadd_header_map_value=0\n");
    check("upper case anywhere in a long name",
          "add_header_map_value 0 \"x-@[`{-abcdefgZ\" \"v\"\n"
          "get_header_map_value 0 \"X-AAAAAAAAAAAAAAAAAA\" %%\n"
          "add_header_map_value 0 \"abcdefgHijklmnop-QrstUvwxyZ~\" \"v\"\n"
          "add_header_map_value 0 \"Abcdefgh\" \"v\"\n"
          "add_header_map_value 0 \"abcdefgZ\" \"v\"",
          "warn: header \"x-@[`{-abcdefgz\" is not applied: the name is no "
          "token; value \"v\"\nadd_header_map_value=0\n"
          "get_header_map_value=1 -\n"
          "[add request abcdefghijklmnop-qrstuvwxyz~=v]\n"
          "add_header_map_value=0\n[add request abcdefgh=v]\n"
          "add_header_map_value=0\n[add request abcdefgz=v]\n"
          "add_header_map_value=0\n");
    check("add an empty value", "add_header_map_value 0 \"x-c\" \"\"",
          "[add request x-c=]\nadd_header_map_value=0\n");
    check("bytes above 0x7f in a value",
          "add_header_map_value 0 \"x-c\" \"\\xe9\"",
          "[add request x-c=\xe9]\nadd_header_map_value=0\n");
    check("add joins pseudo-headers",
          "add_header_map_value 0 \":path\" \"/x\"\n"
          "add_header_map_value 0 \"Host\" \"b\"",
          "[replace request :path=/p?q=1,/x]\nadd_header_map_value=0\n"
          "[replace request :authority=ex.test,b]\nadd_header_map_value=0\n");
    check("replace",
          "replace_header_map_value 0 \"X-A\" \"9\"\n"
          "replace_header_map_value 0 \":path\" \"/new\"\n"
          "replace_header_map_value 0 \"host\" \"other\"\n"
          "get_header_map_pairs 0 %m",
          "[replace request x-a=9]\nreplace_header_map_value=0\n"
          "[replace request :path=/new]\nreplace_header_map_value=0\n"
          "[replace request :authority=other]\nreplace_header_map_value=0\n"
          "get_header_map_pairs=0 {:method=GET,:scheme=http,x-b=,x-a=9,"
          ":path=/new,:authority=other}\n");
    check("remove",
          "remove_header_map_value 0 \"X-a\"\n"
          "remove_header_map_value 0 \"x-zz\"\n"
          "remove_header_map_value 0 \"\"\n"
          "remove_header_map_value 0 \"host\"",
          "[remove request x-a]\nremove_header_map_value=0\n"
          "[remove request x-zz]\nremove_header_map_value=0\n"
          "remove_header_map_value=0\n"
          "[remove request :authority]\nremove_header_map_value=0\n");
    check("types 8, 99",
          "add_header_map_value 8 \"a\" \"b\"\n"
          "replace_header_map_value 99 \"a\" \"b\"\n"
          "remove_header_map_value 8 \"a\"\n"
          "set_header_map_pairs 8 {a=b}",
          "add_header_map_value=2\nreplace_header_map_value=2\n"
          "remove_header_map_value=2\nset_header_map_pairs=2\n");
    check("maps that aren't there",
          "add_header_map_value 1 \"a\" \"b\"\n"
          "replace_header_map_value 2 \"a\" \"b\"\n"
          "remove_header_map_value 3 \"a\"\n"
          "set_header_map_pairs 6 {a=b}",
          "add_header_map_value=2\nreplace_header_map_value=2\n"
          "remove_header_map_value=2\nset_header_map_pairs=2\n");
    check("memory",
          "add_header_map_value 0 0xfffffff0 32 \"b\"\n"
          "add_header_map_value 0 \"a\" 0xfffffff0 32\n"
          "replace_header_map_value 0 \"a\" 0xfffffff0 32\n"
          "remove_header_map_value 0 0xfffffff0 32\n"
          "set_header_map_pairs 0 0xfffffff0 32",
          "add_header_map_value=6\nadd_header_map_value=6\n"
          "replace_header_map_value=6\nremove_header_map_value=6\n"
          "set_header_map_pairs=6\n");
}

/* Not applied, Ok, and one line that says so. */
static void refused(const char *what, const char *command, const char *line)
{
    char want[1024], call[64];

    snprintf(call, sizeof call, "%.*s", (int)strcspn(command, " "), command);
    snprintf(want, sizeof want, "warn: header %s\n%s=0\n", line, call);
    check(what, command, want);
}

static void test_hygiene(void)
{
    refused("LF in a value", "add_header_map_value 0 \"x-c\" \"a\\x0ab: c\"",
            "\"x-c\" is not applied: CR, LF or NUL in the value; "
            "value \"a\\x0ab: c\"");
    refused("CR in a value",
            "replace_header_map_value 0 \"x-c\" \"a\\x0db\"",
            "\"x-c\" is not applied: CR, LF or NUL in the value; "
            "value \"a\\x0db\"");
    refused("NUL in a value", "add_header_map_value 0 \"x-c\" \"\\x00\"",
            "\"x-c\" is not applied: CR, LF or NUL in the value; "
            "value \"\\x00\"");
    refused("empty name", "add_header_map_value 0 \"\" \"v\"",
            "\"\" is not applied: the name is empty; value \"v\"");
    refused("LF in a name", "add_header_map_value 0 \"a\\x0a\" \"v\"",
            "\"a\\x0a\" is not applied: the name is no token; value \"v\"");
    refused("blank in a name", "add_header_map_value 0 \"a\\x20b\" \"v\"",
            "\"a b\" is not applied: the name is no token; value \"v\"");
    refused("colon in a name", "replace_header_map_value 0 \"a:b\" \"v\"",
            "\"a:b\" is not applied: the name is no token; value \"v\"");
    refused("byte above 0x7f in a name",
            "add_header_map_value 0 \"\\xe9\" \"v\"",
            "\"\\xe9\" is not applied: the name is no token; value \"v\"");
    refused("unknown pseudo-header", "add_header_map_value 0 \":foo\" \"v\"",
            "\":foo\" is not applied: no such pseudo-header here; "
            "value \"v\"");
    refused(":status of a request",
            "replace_header_map_value 0 \":status\" \"200\"",
            "\":status\" is not applied: no such pseudo-header here; "
            "value \"200\"");
    refused("blank in :path",
            "replace_header_map_value 0 \":path\" \"/a\\x20b\"",
            "\":path\" is not applied: the value is empty or has blanks or "
            "control characters; value \"/a b\"");
    refused("empty :path", "replace_header_map_value 0 \":path\" \"\"",
            "\":path\" is not applied: the value is empty or has blanks or "
            "control characters; value \"\"");
    refused("blank in :method",
            "replace_header_map_value 0 \":method\" \"B\\x20D\"",
            "\":method\" is not applied: the value is no token; "
            "value \"B D\"");
    refused("removed :method", "remove_header_map_value 0 \":method\"",
            "\":method\" is not applied: it can't be removed; value \"\"");
    check("every character of a token",
          "add_header_map_value 0 \"!#$&'*+-.^_`|~09az\" \"v\"",
          "[add request !#$&'*+-.^_`|~09az=v]\nadd_header_map_value=0\n");
    check("one bad of three pairs",
          "set_header_map_pairs 0 {A=1,b=2\\x0d,c=3}",
          "warn: header \"b\" is not applied: CR, LF or NUL in the value; "
          "value \"2\\x0d\"\n[set request 2]\nset_header_map_pairs=0\n");
}

static void test_set_pairs(void)
{
    check("set", "set_header_map_pairs 0 {X=1,Host=h}\n"
                 "get_header_map_pairs 0 %m",
          "[set request 2]\nset_header_map_pairs=0\n"
          "get_header_map_pairs=0 {:path=/p?q=1,:method=GET,:scheme=http,"
          "x=1,:authority=h}\n");
    check("empty in all three forms",
          "set_header_map_pairs 0 0 0\n"
          "set_header_map_pairs 0 \"\\x00\"\n"
          "set_header_map_pairs 0 \"\\x00\\x00\\x00\\x00\"\n"
          "get_header_map_pairs 0 %m",
          "[set request 0]\nset_header_map_pairs=0\n"
          "[set request 0]\nset_header_map_pairs=0\n"
          "[set request 0]\nset_header_map_pairs=0\n"
          "get_header_map_pairs=0 {:authority=ex.test,:path=/p?q=1,"
          ":method=GET,:scheme=http}\n");
    check("broken blobs change nothing",
          "set_header_map_pairs 0 \"abc\"\n"
          "set_header_map_pairs 0 \"\\x01\\x00\\x00\\x00\"\n"
          "set_header_map_pairs 0 \"\\xff\\xff\\xff\\xff\\x00\\x00\"\n"
          "set_header_map_pairs 0 \"garbage-garbage\"\n"
          "get_header_map_size 0 %",
          "set_header_map_pairs=2\nset_header_map_pairs=2\n"
          "set_header_map_pairs=2\nset_header_map_pairs=2\n"
          "get_header_map_size=0 60\n");
}

static void test_response(void)
{
    struct fake *fake = fake_probe(
        "@sh\n"
        "get_header_map_value 2 \":status\" %%\n"
        "get_header_map_value 0 \":path\" %%\n"
        "replace_header_map_value 0 \"x-late\" \"1\"\n"
        "replace_header_map_value 2 \":status\" \"418\"\n"
        "replace_header_map_value 2 \":status\" \"99\"\n"
        "replace_header_map_value 2 \":status\" \"600\"\n"
        "replace_header_map_value 2 \":status\" \"2x0\"\n"
        "add_header_map_value 2 \":status\" \"201\"\n"
        "remove_header_map_value 2 \":status\"\n"
        "add_header_map_value 2 \"host\" \"h\"\n"
        "set_header_map_pairs 2 {x=y}\n"
        "get_header_map_pairs 2 %m\n"
        "@log\n"
        "get_header_map_value 2 \":status\" %%\n"
        "add_header_map_value 2 \"x\" \"y\"\n"
        "set_header_map_pairs 2 {}\n"
        "get_header_map_size 2 %\n");

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_READ, request);
    fake_set_map(&fake->side, PW_RESPONSE_HEADERS, PW_WRITE, response);
    /* The fake host answers PW_OK to what it notes, "host" included. */
    fake_clear(fake);
    is_int(pw_on_response_headers(fake->stream, false), PW_CONTINUE,
           "response headers");
    is_str(fake_log(fake),
           "get_header_map_value=0 \"200\"\n"
           "get_header_map_value=0 \"/p?q=1\"\n"
           "replace_header_map_value=2\n"
           "[replace response :status=418]\nreplace_header_map_value=0\n"
           "warn: header \":status\" is not applied: the value is not 200 to "
           "599; value \"99\"\nreplace_header_map_value=0\n"
           "warn: header \":status\" is not applied: the value is not 200 to "
           "599; value \"600\"\nreplace_header_map_value=0\n"
           "warn: header \":status\" is not applied: the value is not 200 to "
           "599; value \"2x0\"\nreplace_header_map_value=0\n"
           "warn: header \":status\" is not applied: the value is not 200 to "
           "599; value \"418,201\"\nadd_header_map_value=0\n"
           "warn: header \":status\" is not applied: it can't be removed; "
           "value \"\"\nremove_header_map_value=0\n"
           "[add response host=h]\nadd_header_map_value=0\n"
           "[set response 1]\nset_header_map_pairs=0\n"
           "get_header_map_pairs=0 {:status=418,x=y}\n",
           "response headers: log");
    fake->side.maps[PW_RESPONSE_HEADERS].access = PW_READ;
    fake_clear(fake);
    is_int(pw_on_log(fake->stream), PW_CONTINUE, "log");
    is_str(fake_log(fake),
           "get_header_map_value=0 \"418\"\nadd_header_map_value=2\n"
           "set_header_map_pairs=2\nget_header_map_size=2 -\n", "log: log");
    fake_free(fake);
}

static void test_0_1_0(void)
{
    struct fake *fake = fake_probe_with(
        "-DABI_0_1_0",
        "@rh\nargs\nget_header_map_value 0 \"x-z\" %%\n"
        "get_header_map_value 2 \"x-z\" %%\n"
        "get_header_map_value 0 \"x-a\" %%\nget_header_map_value 8 \"x\" %%\n"
        "@sh\nargs\n",
        NULL);

    is_str(pw_plugin_abi(fake->plugin), "0.1.0", "version");
    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake_set_map(&fake->side, PW_RESPONSE_HEADERS, PW_WRITE, response);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    pw_on_response_headers(fake->stream, true);
    is_str(fake_log(fake),
           "rh(2,7)\nget_header_map_value=0 null\n"
           "get_header_map_value=0 null\nget_header_map_value=0 \"1\"\n"
           "get_header_map_value=2 -\nsh(2,2)\n",
           "0.1.0: two parameters, missing values are empty");
    fake_free(fake);
}

static void test_host_fails(void)
{
    struct fake *fake = fake_probe(
        "@rh\nadd_header_map_value 0 \"a\" \"b\"\n"
        "replace_header_map_value 0 \"a\" \"b\"\n"
        "remove_header_map_value 0 \"a\"\nset_header_map_pairs 0 {a=b}\n");

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake->refuse = PW_INTERNAL_FAILURE;
    fake->level = PW_INFO;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "[add request a=b]\nadd_header_map_value=10\n"
           "[replace request a=b]\nreplace_header_map_value=10\n"
           "[remove request a]\nremove_header_map_value=10\n"
           "[set request 1]\nset_header_map_pairs=10\n",
           "what the host answers is passed on");
    fake_free(fake);
}

static void test_below_threshold(void)
{
    struct fake *fake = fake_probe(
        "@rh\nadd_header_map_value 0 \"a\" \"\\x0a\"\nlog 4 \"error\"\n");

    fake_set_map(&fake->side, PW_REQUEST_HEADERS, PW_WRITE, request);
    fake->level = PW_ERROR;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake), "error: error\n",
           "no warning below the threshold");
    fake_free(fake);
}

int main(void)
{
    test_value();
    test_pairs();
    test_change();
    test_hygiene();
    test_set_pairs();
    test_response();
    test_0_1_0();
    test_host_fails();
    test_below_threshold();
    return done();
}

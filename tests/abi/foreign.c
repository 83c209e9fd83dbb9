/* Foreign functions: values from their standards. */
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

static void call(const char *name, const char *argument, const char *want)
{
    char command[512], log[512];

    snprintf(command, sizeof command,
             "call_foreign_function \"%s\" \"%s\" %%%%", name, argument);
    snprintf(log, sizeof log, "call_foreign_function=%s\n", want);
    check(name, command, log);
}

/* RFC 4648, section 10. */
static void test_base64(void)
{
    static const char *const vectors[][3] = {
        { "", "", "" }, { "f", "Zg==", "Zg" }, { "fo", "Zm8=", "Zm8" },
        { "foo", "Zm9v", "Zm9v" }, { "foob", "Zm9vYg==", "Zm9vYg" },
        { "fooba", "Zm9vYmE=", "Zm9vYmE" },
        { "foobar", "Zm9vYmFy", "Zm9vYmFy" },
        { "\\xfb\\xff\\xbf", "+/+/", "-_-_" },
    };
    static const char *const bad[] = {
        "Z", "Zg", "Zg=", "Zg===", "Zm9v=", "Zm9v====", "Zm9v!", "Zh==",
        "Zm9=", "Z=g=", "=", "==", "Zm-v", "Zm9v\\x0a", "Zg==Zg==",
    };

    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        char text[3][64];

        for (int j = 0; j < 3; j++) {
            if (vectors[i][0][0] == '\0') {
                strcpy(text[j], "0 null");
            } else {
                snprintf(text[j], sizeof text[j], "0 \"%s\"", vectors[i][j]);
            }
        }
        call("base64_encode", vectors[i][0], text[1]);
        call("base64_decode", vectors[i][1], text[0]);
        call("base64url_encode", vectors[i][0], text[2]);
        call("base64url_decode", vectors[i][2], text[0]);
        if (strchr(vectors[i][1], '=') != NULL) {
            call("base64url_decode", vectors[i][1], text[0]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        call("base64_decode", bad[i], "2 null");
    }
    call("base64url_decode", "Z", "2 null");
    call("base64url_decode", "Zh", "2 null");
    call("base64url_decode", "+/+/", "2 null");
}

/* The script's escapes of hexadecimal digits, as the probe shows bytes. */
static const char *shown(const char *hex)
{
    static char text[512];
    size_t n = (size_t)sprintf(text, "0 \"");

    for (; *hex != '\0'; hex += 2) {
        unsigned byte;

        sscanf(hex, "%2x", &byte);
        if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
            text[n++] = (char)byte;
        } else {
            n += (size_t)sprintf(text + n, "\\x%02x", byte);
        }
    }
    strcpy(text + n, "\"");
    return text;
}

/* FIPS 180-4's "abc"; RFC 2202 and RFC 4231, test case 2. */
static void test_digests(void)
{
    static const char jefe[] =
        "\\x04\\x00\\x00\\x00Jefewhat do ya want for nothing?";

    call("sha1", "abc", shown("a9993e364706816aba3e25717850c26c9cd0d89d"));
    call("sha256", "abc",
         shown("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f200"
               "15ad"));
    call("sha384", "abc",
         shown("cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff"
               "5bed8086072ba1e7cc2358baeca134c825a7"));
    call("sha512", "abc",
         shown("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55"
               "d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94f"
               "a54ca49f"));
    call("sha256", "",
         shown("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852"
               "b855"));
    call("hmac_sha1", jefe,
         shown("effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"));
    call("hmac_sha256", jefe,
         shown("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec"
               "3843"));
    call("hmac_sha512", jefe,
         shown("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea25"
               "05549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a"
               "38bce737"));
    call("hmac_sha256", "abc", "2 null");
    call("hmac_sha256", "\\x01\\x00\\x00\\x00", "2 null");
    call("hmac_sha256", "\\xff\\xff\\xff\\xffabc", "2 null");
}

static void test_random(void)
{
    struct fake *fake = fake_probe(
        "@rh\ncall_foreign_function \"random_bytes\" \"\\x10\\x00\\x00\\x00\""
        " %%\n");
    char first[256];

    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    snprintf(first, sizeof first, "%s", fake_log(fake));
    ok(strncmp(first, "call_foreign_function=0 \"", 25) == 0, "16 bytes");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strcmp(first, fake_log(fake)) != 0, "and 16 others");
    fake_free(fake);
    call("random_bytes", "\\x00\\x00\\x00\\x00", "0 null");
    call("random_bytes", "\\x01\\x00\\x01\\x00", "2 null");
    call("random_bytes", "\\x01\\x00", "2 null");
}

static void test_calling(void)
{
    call("nothing", "x", "1 -");
    call("", "x", "1 -");
    check("clear_route_cache",
          "call_foreign_function \"clear_route_cache\" \"x\" %%",
          "[clear_route]\ncall_foreign_function=0 null\n");
    check("results that aren't wanted",
          "call_foreign_function \"sha256\" \"abc\" 0 0\n"
          "poke 64 7\ncall_foreign_function \"sha256\" \"abc\" 0 64\n"
          "peek 64\ncall_foreign_function \"sha256\" \"abc\" 64 0",
          "call_foreign_function=0\ncall_foreign_function=0\npeek 32\n"
          "call_foreign_function=0\n");
    check("too much", "call_foreign_function \"sha256\" 0 1048577 %%",
          "call_foreign_function=6 -\n");
    check("too much in memory",
          "grow 32\ncall_foreign_function \"sha256\" 0 1048577 %%",
          "grow=0\ncall_foreign_function=2 null\n");
}

int main(void)
{
    test_calling();
    test_base64();
    test_digests();
    test_random();
    return done();
}

/*
 * Regular expressions: what they find (values from the manual of Perl's
 * regular expressions, perlre), their life, and their bounds.
 */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static char script[1 << 15];

static const char *run(const char *commands, const struct pw_limits *limits)
{
    static char log[FAKE_LOG];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\n%s\n", commands);
    fake = limits == NULL ? fake_probe(script)
                          : fake_probe_with(NULL, script, limits);
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    strcpy(log, fake_log(fake));
    fake_free(fake);
    return log;
}

#define COMPILE(options, pattern) \
    "call_foreign_function \"regex_compile\" \"\\x" options \
    "\\x00\\x00\\x00" pattern "\" %%\n"
#define MATCH(id, start, subject) \
    "call_foreign_function \"regex_match\" \"\\x" id "\\x00\\x00\\x00\\x" \
    start "\\x00\\x00\\x00" subject "\" %%\n"
#define REPLACE(id, times, len, rest) \
    "call_foreign_function \"regex_replace\" \"\\x" id "\\x00\\x00\\x00\\x" \
    times "\\x00\\x00\\x00\\x" len "\\x00\\x00\\x00" rest "\" %%\n"
#define FREE(id) \
    "call_foreign_function \"regex_free\" \"\\x" id "\\x00\\x00\\x00\" %%\n"
#define ID(id) "call_foreign_function=0 \"\\x" id "\\x00\\x00\\x00\"\n"
#define AT(a, b) "\\x" a "\\x00\\x00\\x00\\x" b "\\x00\\x00\\x00"
#define FOUND(pairs) "call_foreign_function=0 \"" pairs "\"\n"
#define STATUS(n) "call_foreign_function=" n " null\n"

static void test_match(void)
{
    is_str(run(COMPILE("00", "b(c+)(d)?") MATCH("01", "00", "abccx")
               MATCH("01", "00", "ab") MATCH("01", "02", "abccbc")
               MATCH("01", "03", "abc") MATCH("01", "04", "abc")
               MATCH("01", "00", ""), NULL),
           ID("01") FOUND(AT("01", "04") AT("02", "04")) STATUS("1")
           FOUND(AT("04", "06") AT("05", "06")) STATUS("1") STATUS("2")
           STATUS("1"), "groups, start");
    is_str(run(COMPILE("00", "(x)?(b)") MATCH("01", "00", "b"), NULL),
           ID("01") FOUND(AT("00", "01") "\\xff\\xff\\xff\\xff\\xff\\xff\\xff"
                          "\\xff" AT("00", "01")), "a group without a match");
    is_str(run(COMPILE("01", "B") COMPILE("02", "^b$") COMPILE("04", "a.b")
               COMPILE("08", "a b # c") COMPILE("10", "^.$")
               COMPILE("00", "^.$") MATCH("01", "00", "ab")
               MATCH("02", "00", "a\\x0ab\\x0ac") MATCH("03", "00", "a\\x0ab")
               MATCH("04", "00", "ab") MATCH("05", "00", "\\xc3\\xa4")
               MATCH("06", "00", "\\xc3\\xa4") MATCH("05", "00", "\\xc3"),
               NULL),
           ID("01") ID("02") ID("03") ID("04") ID("05") ID("06")
           FOUND(AT("01", "02")) FOUND(AT("02", "03")) FOUND(AT("00", "03"))
           FOUND(AT("00", "02")) FOUND(AT("00", "02")) STATUS("1")
           STATUS("2"), "caseless, multiline, dotall, extended, utf");
    is_str(run(COMPILE("00", "") MATCH("01", "00", "a"), NULL),
           ID("01") FOUND(AT("00", "00")), "an empty pattern");
}

static void test_replace(void)
{
    is_str(run(COMPILE("00", "([a-z])([0-9])?")
               REPLACE("01", "00", "06", "<$2$1>a1-b")
               REPLACE("01", "01", "06", "<$2$1>a1-b")
               REPLACE("01", "00", "00", "a1-b")
               REPLACE("01", "00", "01", "x12") REPLACE("01", "00", "01", "x")
               REPLACE("01", "00", "02", "$$a") REPLACE("01", "00", "02", "$aa")
               REPLACE("01", "00", "03", "$9xa") REPLACE("01", "00", "04", "a")
               REPLACE("01", "02", "01", "xa"), NULL),
           FOUND("\\x01\\x00\\x00\\x00") FOUND("<1a>-<b>") FOUND("<1a>-b")
           FOUND("-") FOUND("12") STATUS("0") FOUND("$") STATUS("2")
           STATUS("2") STATUS("2") STATUS("2"), "replacing");
}

/* More than there is room for at first, and more than there may be. */
static void test_long(void)
{
    static const char with[] =
        "12345678901234567890123456789012345678901234567890123456789012345678"
        "90123456";
    char commands[1024], want[1024] = FOUND("\\x01\\x00\\x00\\x00");

    snprintf(commands, sizeof commands, "%s%s%s%s", COMPILE("00", "a"),
             "call_foreign_function \"regex_replace\" \"\\x01\\x00\\x00\\x00"
             "\\x00\\x00\\x00\\x00\\x4c\\x00\\x00\\x00",
             with, "aaaaaaaaaa\" %%");
    strcat(want, "call_foreign_function=0 \"");
    for (int i = 0; i < 10; i++) {
        strcat(want, with);
    }
    strcat(want, "\"\n");
    is_str(run(commands, NULL), want, "more than there is room for at first");
    is_str(run("call_foreign_function \"regex_compile\" "
               "\"\\x00\\x00\\x00\\x00\\x00\" 0 0\ngrow 40\n"
               "poke 1048576 1\npoke 1048584 1000\n"
               "call_foreign_function \"regex_replace\" 1048576 3012 0 68\n"
               "peek 68\n"
               "call_foreign_function \"regex_replace\" 1048576 9012 %%",
               NULL),
           "call_foreign_function=0\ngrow=0\ncall_foreign_function=0\n"
           "peek 2000000\ncall_foreign_function=10 null\n",
           "more than there may be");
}

static void test_life(void)
{
    is_str(run(COMPILE("00", "a") COMPILE("00", "a") COMPILE("01", "a")
               FREE("01") MATCH("01", "00", "a") FREE("01")
               MATCH("01", "00", "a") FREE("01") MATCH("02", "00", "A")
               COMPILE("00", "b") MATCH("01", "00", "b"), NULL),
           ID("01") ID("01") ID("02") STATUS("0") FOUND(AT("00", "01"))
           STATUS("0") STATUS("2") STATUS("2") FOUND(AT("00", "01")) ID("01")
           FOUND(AT("00", "01")), "ids");
    is_str(run(MATCH("01", "00", "a") FREE("01") REPLACE("01", "00", "00", "")
               COMPILE("20", "a") COMPILE("00", "(")
               "call_foreign_function \"regex_compile\" \"abc\" %%\n"
               COMPILE("00", "a") MATCH("00", "00", "a")
               MATCH("41", "00", "a") MATCH("02", "00", "a")
               "call_foreign_function \"regex_match\" "
               "\"\\x01\\x00\\x00\\x00\\x00\" %%\n"
               "call_foreign_function \"regex_free\" "
               "\"\\x01\\x00\\x00\\x00\\x00\" %%", NULL),
           STATUS("2") STATUS("2") STATUS("2") STATUS("2")
           "warn: regex_compile: missing closing parenthesis (at byte 1)\n"
           STATUS("2") STATUS("2") ID("01") STATUS("2") STATUS("2") STATUS("2")
           STATUS("2") STATUS("2"), "bad arguments");
}

/* How many of n different expressions compile. */
static int compiled(int n, const char *pattern, uint64_t host_memory)
{
    const struct pw_limits limits = { .deadline = 10000000000,
                                      .host_memory = host_memory };
    char commands[1 << 14] = "";
    const char *log;
    int good = 0;

    for (int i = 0; i < n; i++) {
        snprintf(commands + strlen(commands),
                 sizeof commands - strlen(commands),
                 "call_foreign_function \"regex_compile\" "
                 "\"\\x00\\x00\\x00\\x00%d%s\" 0 0\n", i, pattern);
    }
    log = run(commands, &limits);
    for (const char *s = log; (s = strstr(s, "=0\n")) != NULL; s++) {
        good++;
    }
    for (const char *s = log; (s = strstr(s, "=10\n")) != NULL; s++) {
        n--;
    }
    is_int(good, n, "those that don't: InternalFailure");
    return good;
}

static void test_bounds(void)
{
    is_int(compiled(70, "a", 0), 64, "64 expressions");
    ok(compiled(60, "(a|\\x5cpL*?)+(a|\\x5cpL*?)+(a|\\x5cpL*?)+(a|\\x5cpL*?)+"
                    "(a|\\x5cpL*?)+(a|\\x5cpL*?)+(a|\\x5cpL*?)+", 30000) < 60,
       "their memory counts");
}

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The subject is a megabyte of NULs, behind the id at 1 MiB. */
static void test_deadline(const char *pattern)
{
    const struct pw_limits limits = { .deadline = 20000000 };
    char commands[512];
    struct fake *fake;
    double start;

    snprintf(commands, sizeof commands,
             "@conf\ncall_foreign_function \"regex_compile\" "
             "\"\\x00\\x00\\x00\\x00%s\" 0 0\ngrow 40\n"
             "@rh\npoke 1048576 1\n"
             "call_foreign_function \"regex_match\" 1048576 1048576 0 0\n"
             "call_foreign_function \"regex_match\" 1048576 1048576 0 0\n"
             "call_foreign_function \"regex_match\" 1048576 1048576 0 0\n",
             pattern);
    fake = fake_probe_with(NULL, commands, &limits);
    ok(strstr(fake_log(fake), "=0\n") != NULL, "%s is good", pattern);
    fake_clear(fake);
    start = cpu();
    pw_on_request_headers(fake->stream, true);
    start = cpu() - start;
    ok(strstr(fake_log(fake), "=0") == NULL, "%s: no match", pattern);
    ok(start < 25, "%s: over after %.1f ms", pattern, start);
    fake_free(fake);
}

int main(void)
{
    test_match();
    test_replace();
    test_long();
    test_life();
    test_bounds();
    test_deadline("(\\x00+)+b");
    test_deadline("\\x00*[bc]");
    test_deadline("(.*)(.*)(.*)(.*)[bc]");
    test_deadline("(?:(?=(\\x00*))x|\\x00)*[bc]");
    test_deadline("(\\x00*)\\x5c1[bc]");
    return done();
}

/*
 * abi/README.md has tables of the calls and callbacks that come from the rows:
 * this compares them, and with --write brings them up to date.  It also looks
 * for tests of every call and callback that is supported: one of the abi and
 * one in nginx.
 */
#include "../../abi/foreign.h"
#include "../tap.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char readme[] = "abi/README.md";
static const char begin[] = "<!-- from the rows -->\n";
static const char end[] = "<!-- end -->\n";

static char table[1 << 15];

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void add(const char *format, ...)
{
    size_t len = strlen(table);
    va_list args;

    va_start(args, format);
    vsnprintf(table + len, sizeof table - len, format, args);
    va_end(args);
}

/* "vpn" -> "value, bytes" */
static const char *explain(const char *params)
{
    static char text[256];
    const char *separator = "";

    text[0] = '\0';
    for (; *params != '\0'; params++) {
        const char *word = *params == 'v'   ? "value"
                           : *params == 'w' ? "value64"
                           : *params == 'p' ? "bytes"
                           : *params == 'u' ? "out"
                           : *params == 'q' ? "out64"
                                            : NULL;

        if (word != NULL) {
            strcat(strcat(text, separator), word);
            separator = ", ";
        }
    }
    return text;
}

/* The word of the allow= parameter. */
static const char *allow_word(uint32_t bit)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } words[] = {
        { PW_ALLOW_NOTHING, "" },
        { PW_ALLOW_HEADERS_READ, ", if allowed headers.read" },
        { PW_ALLOW_HEADERS, ", if allowed headers" },
        { PW_ALLOW_BODY, ", if allowed body" },
        { PW_ALLOW_LOCAL_RESPONSE, ", if allowed local_response" },
        { PW_ALLOW_SHARED_DATA, ", if allowed shared_data" },
        { PW_ALLOW_QUEUES, ", if allowed queues" },
        { PW_ALLOW_METRICS, ", if allowed metrics" },
        { PW_ALLOW_TIMERS, ", if allowed timers" },
        { PW_ALLOW_FOREIGN, ", if allowed foreign" },
        { PW_ALLOW_HTTP_CALL, ", if allowed http_call" },
    };

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (words[i].bit == bit) {
            return words[i].text;
        }
    }
    return ", if allowed ?";
}

#define CALL(name, arity, params, versions, when, needs)                      \
    add("| `%s` | %s | %s | yes%s%s |\n", #name, explain(params), versions,   \
        strcmp(#when, "ALWAYS") == 0 ? ", at any time" : "",                  \
        allow_word(PW_ALLOW_##needs));
#define LACK(name, arity, params, versions, why)                              \
    add("| `%s` | %s | %s | no: %s |\n", #name, explain(params), versions,    \
        why);
#define BARE(name, signature, when)                                           \
    if (strcmp(signature, ":") != 0) {                                        \
        add("| `%s` | value | all | yes, at any time |\n", #name);            \
    }
#define CALLED(id, export_, signature) add("| `%s` | yes |\n", #export_);
#define FUNCTION(name, function, argument, result)                            \
    add("| `%s` | %s | %s |\n", #name, argument, result);
#define IDLE(export_, signature, why)                                         \
    add("| `%s` | no: %s |\n", #export_, why);

static void make_table(void)
{
    add("| call | arguments | versions | supported |\n|---|---|---|---|\n");
    PW_HOSTCALLS(CALL, LACK, BARE)
    add("\n| callback | called |\n|---|---|\n");
    PW_CALLBACKS(CALLED, IDLE)
    add("\n| foreign function | argument | result |\n|---|---|---|\n");
    PW_FOREIGN(FUNCTION)
}

static char *read_text(const char *path)
{
    char *text = calloc(1, 1 << 18);
    FILE *file = fopen(path, "r");

    if (file != NULL) {
        text[fread(text, 1, (1 << 18) - 1, file)] = '\0';
        fclose(file);
    }
    return text;
}

static void write_readme(const char *text, const char *from, const char *to)
{
    FILE *file = fopen(readme, "w");

    fwrite(text, 1, (size_t)(from - text), file);
    fputs(table, file);
    fputs(to, file);
    fclose(file);
}

/* All tests of a folder but this one and the generated matrix of pointers. */
static char *read_tests(const char *folder_name, const char *suffix)
{
    enum { SIZE = 1 << 21 };
    char *all = calloc(1, SIZE), path[512], *text;
    DIR *folder = opendir(folder_name);
    struct dirent *entry;

    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        const char *name = entry->d_name, *dot = strrchr(name, '.');

        if (dot == NULL || strcmp(dot, suffix) != 0
            || strcmp(name, "readme.c") == 0
            || strcmp(name, "pointers.c") == 0) {
            continue;
        }
        snprintf(path, sizeof path, "%s/%s", folder_name, name);
        text = read_text(path);
        strncat(all, text, SIZE - 1 - strlen(all));
        free(text);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return all;
}

static bool in_word(char ch)
{
    return isalnum((unsigned char)ch) || ch == '_';
}

/* As a word of its own; "\n" in front of it is the end of a line. */
static bool occurs(const char *text, const char *word)
{
    size_t len = strlen(word);

    for (const char *s = text; (s = strstr(s, word)) != NULL; s++) {
        bool starts = s == text || !in_word(s[-1])
                      || (s > text + 1 && s[-1] == 'n' && s[-2] == '\\');

        if (starts && !in_word(s[len])) {
            return true;
        }
    }
    return false;
}

static char *abi_tests, *nginx_tests, *probe;

/* As the scripts of the probe name it, or as people do. */
static void is_tested(const char *name)
{
    const char *brief = strncmp(name, "proxy_", 6) == 0 ? name + 6 : name;

    ok(occurs(abi_tests, brief), "%s has a test in tests/abi", name);
    ok(occurs(nginx_tests, brief), "%s has a test in tests/nginx", name);
}

/* The probe's word for the callback stands behind its name, in quotes; a
 * script of a test has it behind an @. */
static void is_called(const char *name)
{
    char event[32] = "@";
    const char *s = strstr(probe, name);

    s = s == NULL ? NULL : strchr(s, '"');
    if (s == NULL || sscanf(s, "\"%30[a-z]\"", event + 1) != 1) {
        ok(false, "%s is not in the probe", name);
        return;
    }
    ok(occurs(abi_tests, event), "%s has a test in tests/abi", name);
    ok(occurs(nginx_tests, name), "%s has a test in tests/nginx", name);
}

#define TESTED(name, ...) is_tested(#name);
#define CALLED_IN(id, export_, signature) is_called(#export_);
#define FOREIGN_IN(name, ...)                                                 \
    ok(occurs(abi_tests, #name), "%s has a test in tests/abi", #name);
#define UNTESTED(...)

int main(int argc, char **argv)
{
    char *text = read_text(readme);
    char *from = strstr(text, begin), *to;

    to = from == NULL ? NULL : strstr(from, end);
    if (to == NULL) {
        printf("Bail out! no place for the tables in %s\n", readme);
        return 1;
    }
    from += strlen(begin);
    make_table();
    if (argc > 1 && strcmp(argv[1], "--write") == 0) {
        write_readme(text, from, to);
        return 0;
    }
    ok((size_t)(to - from) == strlen(table)
           && memcmp(from, table, strlen(table)) == 0,
       "the tables of %s; --write updates them", readme);
    abi_tests = read_tests("tests/abi", ".c");
    nginx_tests = read_tests("tests/nginx", ".t");
    probe = read_text("tests/abi/plugins/probe.c");
    PW_HOSTCALLS(TESTED, UNTESTED, TESTED)
    PW_CALLBACKS(CALLED_IN, UNTESTED)
    PW_FOREIGN(FOREIGN_IN)
    free(abi_tests);
    free(nginx_tests);
    free(probe);
    free(text);
    return done();
}

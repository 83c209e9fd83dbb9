/* The command `sluice`: main and the table of commands. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

#ifndef SLUICE_VERSION
#define SLUICE_VERSION "0.1.0"
#endif

static int help(int argc, char **argv);
static int version(int argc, char **argv);

static const struct command {
    const char *name, *usage, *purpose;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"run",
     "[--mode=interp] [--memory=SIZE] [--timeout=TIME] [--env NAME=VALUE]... "
     "[--invoke NAME] FILE.wasm [ARGUMENT]...",
     "run a program, or call one function and print its results", cli_run},
    {"check", "FILE.wasm",
     "say whether a module is valid, and what it imports and exports",
     cli_check},
    {"help", "", "this list", help},
    {"version", "", "the version", version},
};

enum { NCOMMANDS = sizeof commands / sizeof *commands };

int cli_fail(const char *format, ...)
{
    va_list args;

    fflush(stdout);
    fputs("sluice: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return CLI_FAILED;
}

static const struct command *find(const char *name)
{
    for (int i = 0; i < NCOMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int cli_usage(const char *name)
{
    const struct command *c = find(name);

    fprintf(stderr, "usage: sluice %s %s\n", c->name, c->usage);
    return CLI_USAGE;
}

static void list(FILE *to)
{
    fputs("usage: sluice COMMAND ...\n\n", to);
    for (int i = 0; i < NCOMMANDS; i++)
        fprintf(to, "  sluice %s%s%s\n      %s\n", commands[i].name,
                commands[i].usage[0] ? " " : "", commands[i].usage,
                commands[i].purpose);
}

static int help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    list(stdout);
    return CLI_OK;
}

static int version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    puts("sluice " SLUICE_VERSION);
    return CLI_OK;
}

/* --- files -------------------------------------------------------------- */

/* Everything up to the end, so that a pipe can be read, too. */
static void *read_all(FILE *f, size_t *len)
{
    size_t room = 1 << 16;
    unsigned char *bytes = malloc(room), *more;

    *len = 0;
    while (bytes) {
        *len += fread(bytes + *len, 1, room - *len, f);
        if (*len < room)
            break;
        more = realloc(bytes, room *= 2);
        if (!more)
            free(bytes);
        bytes = more;
    }
    if (bytes && ferror(f)) {
        free(bytes);
        bytes = NULL;
    }
    return bytes;
}

void *cli_read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    void *bytes = f ? read_all(f, len) : NULL;

    if (!bytes)
        cli_fail("%s: %s", path, strerror(errno));
    if (f)
        fclose(f);
    return bytes;
}

we_module *cli_load(we_engine *engine, const char *path)
{
    struct we_detail detail;
    we_module *module = NULL;
    size_t len;
    void *bytes = cli_read_file(path, &len);
    enum we_error e;

    if (!bytes)
        return NULL;
    e = we_module_load(engine, bytes, len, &module, &detail);
    free(bytes);
    if (e == WE_OK)
        return module;
    cli_fail("%s: %s: %s", path, we_error_text(e), detail.text);
    return NULL;
}

/* --- main --------------------------------------------------------------- */

int main(int argc, char **argv)
{
    const struct command *command;
    const char *name = argc > 1 ? argv[1] : "";
    char title[32];

    if (strcmp(name, "--version") == 0)
        name = "version";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    command = find(name);
    if (!command) {
        if (*name)
            cli_fail("there is no command \"%s\"", name);
        list(stderr);
        return CLI_USAGE;
    }
    snprintf(title, sizeof title, "sluice %s", command->name);
    argv[1] = title;
    return command->run(argc - 1, argv + 1);
}

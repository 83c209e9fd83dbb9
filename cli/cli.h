/* What the files of the command `sluice` share. */
#ifndef SLUICE_CLI_H
#define SLUICE_CLI_H

#include "../engine/engine.h"

enum cli_status {
    CLI_OK = 0,
    CLI_FAILED = 1,
    CLI_USAGE = 2,
    CLI_TRAPPED = 134                    /* what a shell says of abort() */
};

/* Each prints "sluice: ..." on stderr and returns the status. */
int cli_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const char *command);      /* the command's line of usage */

/* --- sluice.c ----------------------------------------------------------- */

/* The bytes of a file, to be freed; NULL, and the reason is printed. */
void *cli_read_file(const char *path, size_t *len);
/* Loads a module from a file; NULL, and the reason is printed. */
we_module *cli_load(we_engine *engine, const char *path);

/* --- value.c: values as text -------------------------------------------- */

/* "64k", "16m", "1g", bytes; false if it is no size. */
bool cli_parse_size(const char *text, uint64_t *bytes);
/* "500us", "20ms", "1.5s", "2m"; seconds without a unit. */
bool cli_parse_time(const char *text, uint64_t *nanoseconds);

/*
 * A value of the type that the letter stands for (engine.h), in the form in
 * which results are printed and arguments are read:
 *
 *   i32, i64    decimal, signed; 0x... is read, too
 *   f32, f64    the shortest decimal that reads back as the same number; inf;
 *               nan, nan:0x12345 with a payload of its own
 *   v128        0x and 32 digits, lane 0 is the last ones
 *   references  null; func (can't be read); a number, of a host reference
 */
bool cli_parse_value(char letter, const char *text, uint64_t slots[2]);
void cli_print_value(char letter, const uint64_t slots[2]);
/* The letter's type, as the text format writes it. */
const char *cli_type_name(char letter);

/* --- wasi.c: the system calls of a program ------------------------------ */

struct cli_wasi;
struct cli_wasi_row;
struct cli_wasi_call {
    const struct cli_wasi_row *row;
    struct cli_wasi           *wasi;
};
enum { CLI_WASI_ROWS = 16 };

struct cli_wasi {
    int          argc, envc;
    char *const *argv;
    char *const *envv;                   /* "NAME=VALUE" */
    struct cli_wasi_call calls[CLI_WASI_ROWS];   /* wasi.c's own */
};
/* Defines wasi_snapshot_preview1; wasi outlives the instances. */
enum we_error cli_wasi_define(we_linker *linker, struct cli_wasi *wasi);

/* --- the commands: argv[0] is for messages; a status -------------------- */

int cli_run(int argc, char **argv);
int cli_check(int argc, char **argv);

#endif

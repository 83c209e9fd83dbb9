/* The harness of the official test suite: what its files share. */
#ifndef SLUICE_SPEC_H
#define SLUICE_SPEC_H

#include <jansson.h>

#include "../../engine/engine.h"

/* --- results: shared by the parent and the child that runs a file ------- */

struct spec_counts {
    unsigned files;
    unsigned asserts;        /* assertions of all kinds: what totals lists */
    unsigned passed, failed; /* failed: and other commands that fail */
    unsigned not_applicable; /* assertions about the text format */
    unsigned skipped;        /* assertions that an exception covers */
};

struct spec_progress {
    struct spec_counts counts;
    unsigned line;           /* command under way */
    char     command[32];
    bool     finished;
};

/* --- skip.c: the exceptions --------------------------------------------- */

/* Reads a file of exceptions; exits with a message if it is wrong. */
void spec_skip_load(const char *path);
/* Is the command excepted?  It is expected to fail. */
bool spec_skip_line(const char *file, unsigned line);
/* May a module be refused with this text of WE_UNSUPPORTED? */
bool spec_skip_feature(const char *text);
/* Prints exceptions that nothing met: of files that were run (files: those of
 * folder), or features (folder NULL); returns how many. */
unsigned spec_skip_unmet(const char *folder);

/* --- value.c: values of the JSON files ---------------------------------- */

enum { SPEC_SLOTS = 64 };

/* Arguments into slots; the number of slots, or -1 and a text in error. */
int spec_arguments(const json_t *values, uint64_t *slots, char *error,
                   size_t size);
/* Compares nslots results of the instance with the patterns.  False, and error says what was
 * expected and what found.  letters: the types found, or "..." */
bool spec_results_match(const json_t *expected, const we_instance *instance,
                        const uint64_t *slots, unsigned nslots,
                        const char *letters, char *error, size_t size);

/* --- store.c: modules and instances of one file ------------------------- */

enum spec_state {
    SPEC_GOOD,
    SPEC_SKIPPED,            /* refused, and an exception allows that */
    SPEC_FAILED
};

struct spec_instance {
    enum spec_state state;
    unsigned        line;    /* of the command that made it */
    we_instance    *instance;
};

struct spec_store;
/* dir: where the modules are.  Fresh engine, registry and spectest module;
 * exits with a message if that fails. */
struct spec_store *spec_store_new(const char *dir);
void spec_store_free(struct spec_store *store);

/* What came of a load or an instantiation. */
struct spec_outcome {
    enum spec_state  state;  /* SPEC_SKIPPED, or else see error */
    enum we_error    error;
    struct we_detail detail;
    struct we_trap   trap;
};

/* Loads the module that a command names; NULL and *outcome if it fails. */
we_module *spec_store_load(struct spec_store *store, const json_t *command,
                           struct spec_outcome *outcome);
we_instance *spec_store_instantiate(struct spec_store *store,
                                    we_module *module,
                                    struct spec_outcome *outcome);
/* Name may be NULL (unnamed). */
void spec_store_define(struct spec_store *store, const json_t *name,
                       we_module *module, enum spec_state state);
/* The definition of that name or, if NULL, the latest. */
we_module *spec_store_definition(struct spec_store *store, const json_t *name,
                                 enum spec_state *state);
/* Adds an instance, which becomes the current one. */
void spec_store_add(struct spec_store *store, const json_t *name,
                    unsigned line, we_instance *instance,
                    enum spec_state state);
/* The instance of that name or, if NULL, the current one; NULL if none. */
const struct spec_instance *spec_store_find(struct spec_store *store,
                                            const json_t *name);
/* Makes an instance importable. */
void spec_store_register(struct spec_store *store, const json_t *as,
                         const struct spec_instance *instance);

/* --- spectest.c --------------------------------------------------------- */

/* Makes the instances that the module spectest is made of (of what the engine
 * supports); how many. */
enum { SPEC_SPECTEST_MAX = 4 };
size_t spec_spectest_new(we_engine *engine,
                         we_instance *instances[SPEC_SPECTEST_MAX]);
enum we_error spec_spectest_define(we_linker *linker, we_instance **instances,
                                   size_t n);

/* --- command.c ---------------------------------------------------------- */

/* Runs the commands of dir/NAME.json; file is FOLDER/NAME.wast, as printed.
 * At most limit failures are printed. */
void spec_run_file(const char *dir, const char *file, const char *json,
                   unsigned limit, struct spec_progress *progress);

#endif

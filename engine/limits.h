/* The implementation's limits on modules: those that the JavaScript interface
 * publishes ("Implementation-defined Limits"), and a few of our own that bound
 * what a few bytes of a module can ask for. */
#ifndef WE_LIMITS_H
#define WE_LIMITS_H

#include <stdint.h>

#define WE_MAXIMA(row)                                           \
    row(TYPES,      1000000,   "types")                          \
    row(DEPTH,      63,        "levels of supertypes")           \
    row(PARAMS,     1000,      "parameters of a function type")  \
    row(RESULTS,    1000,      "results of a function type")     \
    row(FIELDS,     10000,     "fields of a structure type")     \
    row(IMPORTS,    1000000,   "imports")                        \
    row(EXPORTS,    1000000,   "exports")                        \
    row(FUNCS,      1000000,   "functions")                      \
    row(TABLES,     100000,    "tables")                         \
    row(MEMORIES,   100,       "memories")                       \
    row(GLOBALS,    1000000,   "globals")                        \
    row(TAGS,       1000000,   "tags")                           \
    row(ELEMS,      10000000,  "element segments")               \
    row(ITEMS,      10000000,  "elements of a segment")          \
    row(DATAS,      100000,    "data segments")                  \
    row(BODY,       7654321,   "bytes of a function body")       \
    row(LOCALS,     50000,     "locals of a function")           \
    row(ALL_LOCALS, 100000000, "locals of all functions")        \
    row(WORK,       50000000,  "operands of all instructions")   \
    row(TARGETS,    65520,     "targets of a br_table")          \
    row(CATCHES,    65520,     "clauses of a try_table")         \
    row(NEW_FIXED,  10000,     "operands of array.new_fixed")    \
    row(OPERANDS,   1000000,   "operands on the stack")

#define WE_ROW_MAX(name, most, what) WE_MAX_##name,
enum we_maximum { WE_MAXIMA(WE_ROW_MAX) WE_NMAXIMA };
#undef WE_ROW_MAX

struct we_maximum_row {
    uint32_t    most;
    const char *what;
};
extern const struct we_maximum_row we_maxima[WE_NMAXIMA];  /* detail.c */

#endif

/* Reading a module's bytes: what the files of the decoder share. */
#ifndef WE_DECODE_H
#define WE_DECODE_H

#include "detail.h"
#include "limits.h"
#include "reader.h"
#include "validate.h"

/* --- value types (Section 5.3) ------------------------------------------ */

/*
 * A type index below m->ntypes is a canonical type; the ngroup indices from
 * there on are the group that is being read (WE_IN_GROUP).  An error is the
 * reader's.
 */
uint32_t   we_decode_heaptype(struct we_reader *r, const struct we_module *m,
                              uint32_t ngroup);
we_valtype we_decode_reftype(struct we_reader *r, const struct we_module *m,
                             uint32_t ngroup);
we_valtype we_decode_valtype(struct we_reader *r, const struct we_module *m,
                             uint32_t ngroup);

/* --- modules ------------------------------------------------------------ */

/* Scratch of the type section: the group that is being read. */
struct we_decode_group {
    struct we_subtype *subs;
    size_t             subs_cap;
    we_valtype        *values;
    size_t             values_cap, nvalues;
    struct we_field   *fields;
    size_t             fields_cap, nfields;
    uint32_t          *ids;
    size_t             ids_cap;
};

struct we_decoder {
    struct we_module    *module;
    struct we_reader     r;
    struct we_validator *validator;
    const struct we_sink *sink;          /* of expressions */
    struct we_lower     *lower;
    struct we_detail    *detail;
    const char          *where;          /* the section, for messages */
    struct we_decode_group group;
    uint32_t             types_cap;
};

/* Records an error at a module offset and ends the reading. */
void we_decode_fail(struct we_decoder *d, enum we_error error, uint32_t at,
                    const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Is there no error yet, neither ours nor the reader's? */
bool we_decode_good(struct we_decoder *d);
/* The length of a vector that a limit bounds. */
uint32_t we_decode_count(struct we_decoder *d, enum we_maximum limit);
/* Arena memory, zeroed; NULL with the error recorded. */
void *we_decode_array(struct we_decoder *d, size_t n, size_t size);

/* A constant expression of a type, that may see the first nglobals globals. */
struct we_expr we_decode_expr(struct we_decoder *d, we_valtype type,
                              uint32_t nglobals);
/* The type section; d->group is released by the caller. */
void we_decode_types(struct we_decoder *d);

/*
 * Fills in module, whose engine, arena and bytes are set, all but the code of
 * the function bodies and the hash of the exports.  Constant expressions are
 * checked by validator and lowered by lower.
 */
enum we_error we_decode_module(struct we_module *module,
                               struct we_validator *validator,
                               struct we_lower *lower,
                               struct we_detail *detail);

#endif

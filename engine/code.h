/* The interpreter's register code: what lower.c makes of a body and interp.c
 * runs.  Immutable, shared by all instances. */
#ifndef WE_CODE_H
#define WE_CODE_H

#include "validate.h"

/*
 * A frame is an array of 64-bit slots:
 *
 *   fp[0 ..            parameters, other locals, operand stack   .. frame_slots)
 *
 * A v128 takes two slots.  A caller puts the arguments where the callee's
 * frame begins (they are the top of its own operand stack) and finds the
 * results there.  What returns where is kept apart, in struct we_frame.
 *
 * An instruction is a run of 16-bit units, a multiple of four: the address of
 * its handler (64 bits), then its operands: slot numbers (16 bits), immediates
 * and branch distances (32 or 64 bits, host byte order: memcpy).  iops.h has
 * the operations and their layouts.
 */
struct we_code_map {                     /* sorted by at */
    uint32_t at;                         /* unit of the instruction's end */
    uint32_t offset;                     /* byte in the module */
};

/* A clause of a try_table, from `from` to `to` in units; the innermost come
 * last, a try_table's own in reverse order. */
struct we_code_catch {
    uint32_t from, to;
    uint32_t target;                     /* unit to go on at ... */
    uint32_t slot;                       /* ... with what it gives from here */
    uint32_t tag;
    uint8_t  kind;                       /* as in struct we_catch */
};

enum { WE_READS = 8 };

/* There may be a million, of four bytes each: see we_module_load. */
struct we_code {
    const uint16_t *units;               /* then the map, then the catches */
    uint32_t nunits, nmap;
    uint32_t ncatches : 24;
    uint32_t reads : WE_READS;           /* a bit for each of the first
                                            parameters: some code reads it */
    uint32_t charge;                     /* bytes that a call takes from the
                                            guest stack: of the frame's slots
                                            and WE_FRAME_SLOTS */
};

static inline const struct we_code_map *we_code_map(const struct we_code *code)
{
    return (const void *)(code->units + code->nunits);
}

static inline const struct we_code_catch *
we_code_catches(const struct we_code *code)
{
    return (const void *)(we_code_map(code) + code->nmap);
}

enum { WE_FRAME_SLOTS = 4 };             /* sizeof (struct we_frame) / 8 */

/* The sink of we_validate_func that lowers for the interpreter. */
struct we_lower;
struct we_lower      *we_lower_new(struct we_module *module);
void                  we_lower_free(struct we_lower *lower);
const struct we_sink *we_lower_sink(struct we_lower *lower);
/* The code of the body that was finished last; lives in the module's arena. */
struct we_code       *we_lower_take(struct we_lower *lower);

/* The byte offset in the module of the instruction that pc points behind. */
uint32_t we_code_offset(const struct we_code *code, const uint16_t *pc);

#endif

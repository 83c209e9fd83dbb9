/* Type-checks a body (Section 3.4) and hands it, instruction by instruction,
 * to a sink: lower.c for the interpreter, jit/build.c for the compiler. */
#ifndef WE_VALIDATE_H
#define WE_VALIDATE_H

#include "module.h"
#include "opcodes.h"

struct we_catch {
    uint8_t  kind;                       /* 0 catch, 1 catch_ref, 2 catch_all,
                                            3 catch_all_ref */
    uint32_t tag;
    uint32_t depth;                      /* label, relative to the try_table's
                                            outside */
};

/*
 * One instruction, decoded and valid.  Only what the opcode has is set.
 * Pointers live until insn() returns (types: as long as the module).
 */
struct we_insn {
    enum we_op op;
    uint32_t   offset;                   /* byte of the opcode in the module */
    /* index: local, global, function, type, table, memory, segment, tag,
     *   field, lane, label depth (relative: 0 is the innermost block).
     * index2: the second immediate: call_indirect: index = type, index2 =
     *   table; table.init/memory.init: index = segment, index2 = table or
     *   memory; *.copy: index = destination, index2 = source; struct.get:
     *   index = type, index2 = field; lane loads and stores: index = memory,
     *   index2 = lane. */
    uint32_t   index, index2;
    /* imm[0]: constant's bits, or a memory access' offset; v128.const and
     * shuffle: both halves, low first. */
    uint64_t   imm[2];
    we_valtype type;                     /* select, drop, ref.null, ref.is_null
                                            etc.: operand type (bottom never
                                            occurs in reachable code);
                                            ref.test, casts: target type */
    we_valtype type2;                    /* br_on_cast*: source type */
    /* block, loop, if, try_table: its type.  call*, return_call*: callee's. */
    uint32_t   nparams, nresults;
    const we_valtype *params, *results;
    /* br_table: ntargets + 1 depths, the default last. */
    uint32_t   ntargets;
    const uint32_t *targets;
    uint32_t   ncatches;
    const struct we_catch *catches;
    /* else, end: the code before it can't fall through. */
    bool       dead;
};

/*
 * What the sink sees: begin, then every reachable instruction in order, then
 * finish; the last insn is the body's own end.  After an instruction that
 * never falls through (br, return, unreachable, throw ...), all is left out
 * up to the else or end of the same block.  An else or end that is delivered
 * with dead set finds the operand stack of the sink unspecified: it must be
 * reset to the block's own height; after an end come the block's results.
 * A sink keeps its own operand and label stacks and needs no checks.
 * Errors end the validation and are returned by we_validate_func.
 */
struct we_body {
    const struct we_module *module;
    const struct we_type   *type;        /* NULL: an expression */
    uint32_t          func;              /* index, WE_NO_INDEX: an expression */
    uint32_t          nresults;
    const we_valtype *results;
    uint32_t          nlocals;           /* with parameters */
    const we_valtype *locals;
    uint32_t          local_slots;       /* sum over locals */
};

struct we_sink {
    void *env;
    enum we_error (*begin)(void *env, const struct we_body *body);
    enum we_error (*insn)(void *env, const struct we_insn *insn);
    /* stack_slots: the deepest operand stack of the body, in slots, reached
     * in any code, dead code left out. */
    enum we_error (*finish)(void *env, uint32_t stack_slots);
};

struct we_validator;                     /* scratch: stacks, reused a body */
/* module->bytes is set. */
struct we_validator *we_validator_new(struct we_module *module);
void we_validator_free(struct we_validator *v);

/* One function body, func >= nfuncs_imported. */
enum we_error we_validate_func(struct we_validator *v, uint32_t func,
                               const struct we_sink *sink,
                               struct we_detail *detail);
/* One constant expression at module offset [at, end): *len says how many bytes
 * it took.  nglobals: how many globals it may see. */
enum we_error we_validate_expr(struct we_validator *v, uint32_t at,
                               uint32_t end, we_valtype type,
                               uint32_t nglobals, const struct we_sink *sink,
                               uint32_t *len, struct we_detail *detail);

#endif

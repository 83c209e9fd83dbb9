/* The validator's state (Section 7.3): what the driver (validate.c), the
 * stacks (operands.c) and the instructions' own rules (rules.c) share. */
#ifndef WE_VALIDATOR_H
#define WE_VALIDATOR_H

#include "decode.h"

/* A block that is open.  The outermost is the body itself. */
struct we_label {
    const struct we_type *type;          /* NULL: no parameters, and */
    we_valtype single;                   /* this result, or WE_BOT: none */
    uint16_t   op;                       /* enum we_op that opened it */
    bool       unreachable;              /* its code here can't run */
    bool       dead;                     /* it stands in code that can't */
    uint32_t   height;                   /* of the operands, params popped */
    uint32_t   slots;                    /* likewise, in slots */
    uint32_t   nset;                     /* of the locals that were set */
};

struct we_validator {
    struct we_module *module;
    struct we_types  *types;
    const struct we_allocator *allocator;
    struct we_reader  r;
    struct we_detail *detail;
    uint32_t          func;              /* index, or WE_NO_INDEX */
    uint32_t          nglobals;          /* that an expression may see */
    uint32_t          offset;            /* of the instruction in the module */
    we_valtype        address;           /* of the memory it accesses */

    we_valtype       *operands;
    size_t            operands_cap;
    uint32_t          noperands;
    uint32_t          slots, most_slots; /* kept while code is reachable */

    struct we_label  *labels;
    size_t            labels_cap;
    uint32_t          nlabels;

    we_valtype       *locals;
    size_t            locals_cap;
    uint32_t          nlocals;
    uint64_t          all_locals;        /* of all functions so far */
    uint64_t          work, most_work;   /* likewise, see we_validator_work */
    /* locals that have no default value: which are not set yet (if there are
     * any: has_unset), and which were set, in order */
    bool              has_unset;
    bool             *unset;
    size_t            unset_cap;
    uint32_t         *set;
    size_t            set_cap;
    uint32_t          nset;

    uint32_t         *targets;
    size_t            targets_cap;
    struct we_catch  *catches;
    size_t            catches_cap;
    struct we_label   block;             /* the block type that was read */
};

/* The rule of an instruction whose types depend on more than its opcode: pops
 * and pushes, and sets the types in insn.  After an error it may do anything
 * harmless; the driver looks once, at its end. */
typedef void we_rule(struct we_validator *v, struct we_insn *insn);
extern we_rule *const we_rules[WE_NOPS];

/* --- errors ------------------------------------------------------------- */

void we_validator_fail(struct we_validator *v, enum we_error error,
                       const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static inline bool we_validator_good(const struct we_validator *v)
{
    return v->detail->error == WE_OK;
}

/* To be called by whoever looks at n operands, fields or types for one
 * instruction: a few bytes may ask for thousands of them, so the module's sum
 * is limited, to what is far beyond any real module's. */
void we_validator_work(struct we_validator *v, uint32_t n);

enum { WE_TYPE_TEXT_MAX = 32 };
/* A type as the text format writes it, with the module's type indices. */
char *we_valtype_text(const struct we_module *m, we_valtype type,
                      char buf[WE_TYPE_TEXT_MAX]);

/* --- labels ------------------------------------------------------------- */

static inline struct we_label *we_label_at(struct we_validator *v,
                                           uint32_t depth)
{
    return &v->labels[v->nlabels - 1 - depth];
}

static inline uint32_t we_label_nparams(const struct we_label *label)
{
    return label->type ? label->type->nparams : 0;
}

static inline uint32_t we_label_nresults(const struct we_label *label)
{
    return label->type ? label->type->nresults : label->single != WE_BOT;
}

static inline const we_valtype *we_label_results(const struct we_label *label)
{
    return label->type ? label->type->values + label->type->nparams
                       : &label->single;
}

/* Can the code here run? */
static inline bool we_validator_live(const struct we_validator *v)
{
    const struct we_label *top = &v->labels[v->nlabels - 1];

    return !top->unreachable && !top->dead;
}

/* What a branch to the label takes along. */
uint32_t          we_label_ntypes(const struct we_label *label);
const we_valtype *we_label_types(const struct we_label *label);

/* Opens a block; its parameters are popped by the caller and pushed here. */
void we_label_push(struct we_validator *v, const struct we_label *type);
/* Closes the innermost block, whose results must be the operands there are;
 * the operands are as before it.  Returns what it was. */
struct we_label we_label_pop(struct we_validator *v);

/* --- operands ----------------------------------------------------------- */

void       we_operand_push(struct we_validator *v, we_valtype type);
void       we_operand_push_all(struct we_validator *v, const we_valtype *types,
                               uint32_t n);
/* Any operand; WE_BOT if unreachable code made it up. */
we_valtype we_operand_pop_any(struct we_validator *v);
/* A reference; WE_BOTREF if unreachable code made it up. */
we_valtype we_operand_pop_ref(struct we_validator *v);
/* An operand of a subtype; returns it. */
we_valtype we_operand_pop(struct we_validator *v, we_valtype type);
void       we_operand_pop_all(struct we_validator *v, const we_valtype *types,
                              uint32_t n);
/* What follows in this block can't run. */
void       we_operand_unreachable(struct we_validator *v);

/* Marks a local as set, until the end of the innermost block. */
void we_local_set(struct we_validator *v, uint32_t local);

#endif

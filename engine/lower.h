/* The lowering's state: what the bodies (lower_body.c), the emission of code
 * (lower_code.c), the blocks and calls (lower_control.c) and the other
 * instructions (lower.c) share. */
#ifndef WE_LOWER_H
#define WE_LOWER_H

#include "code.h"
#include "iops.h"

#define WE_NONE UINT32_MAX

/* What an accumulator can hold; a v128 is in slots only. */
enum we_class { WE_CLASS_INT, WE_CLASS_F32, WE_CLASS_F64, WE_NACCS,
                WE_CLASS_V128 = WE_NACCS };

/*
 * An operand of the stack, as late as possible: local.get and constants are
 * not copied, a result that is used at once stays in its accumulator.  Every
 * operand has a slot of its own all the same, its canonical one, where it is
 * at joins.  The sum of a local and a constant, an i32, waits for the load or
 * store whose address it is.
 */
enum we_place { WE_AT_SLOT, WE_AT_LOCAL, WE_AT_CONST, WE_AT_ACC, WE_AT_SUM };

struct we_operand {
    uint8_t  place, class;
    uint32_t slot;                       /* canonical */
    uint32_t local;                      /* WE_AT_LOCAL, WE_AT_SUM: the
                                            local's slot */
    uint64_t bits;                       /* WE_AT_CONST, WE_AT_SUM */
};

/* How an instruction gets at an operand: slot, accumulator, immediate. */
enum we_mode { WE_S, WE_A, WE_I };

/* What an accumulator holds at the end of the code so far. */
struct we_acc {
    uint32_t mirror;                     /* the value of this slot, too */
    uint32_t pending;                    /* this operand (index), which is
                                            WE_AT_ACC */
    uint32_t at;                         /* unit of the instruction that made
                                            that, and its operation ... */
    uint16_t iop;                        /* ... if it wrote the slot */
};

/* The instruction that was emitted last, if a following one may absorb it. */
enum we_fusible { WE_FUSE_NOTHING, WE_FUSE_COMPARE, WE_FUSE_ADD,
                  WE_FUSE_SHIFT, WE_FUSE_SCALED };

struct we_last {
    enum we_fusible kind;
    uint32_t at, end;                    /* its units */
    uint32_t slot;                       /* d */
    uint16_t iop;                        /* of the variant WE_SS */
    uint8_t  variant;
    uint8_t  shift;                      /* WE_FUSE_SCALED */
    uint8_t  class;                      /* of its operands */
    bool     negate;                     /* the comparison's result is wanted
                                            the other way round */
    uint32_t a, b;                       /* slots, if in slots */
    uint64_t imm;
    struct we_acc accs[WE_NACCS];        /* as they were before it */
};

/* A condition that is about to become a branch: a comparison, or a test. */
struct we_condition {
    bool     compares;
    struct we_last last;                 /* compares */
    enum we_mode mode;                   /* else: S or A is not 0 */
    uint32_t slot;
};

struct we_block {
    enum we_op op;                       /* block, loop, if, else, try_table;
                                            end: the body */
    uint32_t height;                     /* operands below its parameters */
    uint32_t slot;                       /* first slot above those */
    uint32_t nparams, nresults;
    const we_valtype *params;
    const we_valtype *results;           /* of several; of one: */
    we_valtype single;                   /* the validator's own may move */
    uint32_t nset;                       /* locals set before it */
    uint32_t fixups;                     /* chain of the branches to its end */
    uint32_t start;                      /* loop: unit to branch to */
    uint32_t otherwise;                  /* if: chain of the false branch */
    uint32_t catches, ncatches;          /* try_table: in the lowering's */
    uint32_t stub, stub_of;              /* br_table: way out to here, of the
                                            br_table at that unit */
};

enum { WE_PAIR_PLACES = 4096 };          /* twice the rows at least */

struct we_lower {
    struct we_module *module;
    const struct we_allocator *allocator;
    struct we_sink  sink;
    enum we_error   error;               /* the first; the rest is rubbish */
    struct we_code *code;                /* made last */

    const struct we_body *body;          /* until it is finished */
    uint32_t       *local_slot;          /* by local */
    size_t          local_slot_cap;
    uint32_t       *waiting;             /* by slot of a local: operands that
                                            are WE_AT_LOCAL or _SUM there */
    size_t          waiting_cap;
    /* A local that is read only where it was surely set before needs no zero
     * at the beginning.  It is set from here on if its flag is; `set` has
     * those that the open blocks set, which forget them at their ends. */
    bool           *is_set;              /* by local */
    size_t          is_set_cap;
    uint32_t       *set;
    size_t          set_cap;
    uint32_t        nset;
    uint32_t        zero_from, zero_to;  /* slots to be zeroed */
    uint32_t        result_slots;
    uint32_t        offset;              /* of the instruction in the module */

    uint16_t       *units;
    size_t          units_cap;
    uint32_t        n;                   /* units */
    uint32_t        barrier;             /* a label: nothing before it may be
                                            changed in the light of what
                                            follows */
    struct we_code_map *map;
    size_t          map_cap;
    uint32_t        nmap;
    struct we_code_catch *catches;       /* target: the label's depth, until
                                            the try_table ends */
    size_t          catches_cap;
    uint32_t        ncatches;
    uint32_t        reads;               /* see struct we_code */
    uint32_t        returns;             /* chain of what needs the charge */

    struct we_operand *operands;
    size_t          operands_cap;
    uint32_t        noperands;
    uint32_t        flushed;             /* below: canonical or constant */
    uint32_t        top;                 /* first free slot */
    struct we_acc   accs[WE_NACCS];
    struct we_last  last;
    uint32_t        def_at, def_end;     /* the last instruction that defined */
    uint32_t        move_end;            /* end of a WE_I_MOV that was last */

    struct we_block *blocks;
    size_t          blocks_cap;
    uint32_t        nblocks;
    uint16_t        pairs[WE_PAIR_PLACES]; /* hashed: a row of we_pairs and 1,
                                            or 0 */
};

static inline uint8_t we_class_of(we_valtype type)
{
    return type == WE_F32 ? WE_CLASS_F32
           : type == WE_F64 ? WE_CLASS_F64
           : type == WE_V128 ? WE_CLASS_V128 : WE_CLASS_INT;
}

static inline uint32_t we_class_slots(uint8_t class)
{
    return class == WE_CLASS_V128 ? 2 : 1;
}

/* Operands and units that are always there, so that after an error what is
 * left of an instruction can go on without checks. */
enum { WE_SPARE_OPERANDS = 16, WE_SPARE_UNITS = 64, WE_SLOTS_MAX = 65535 };

/* Records an error unless there is one. */
void we_lower_fail(struct we_lower *l, enum we_error error);

/* --- emission (lower_code.c) ---------------------------------------------- */

/* Appends an instruction of that many units, zero but for the handler. */
uint16_t *we_emit(struct we_lower *l, uint32_t iop, uint32_t units);
void we_put_imm32(uint16_t *at, uint32_t x);
void we_put_imm64(uint16_t *at, uint64_t x);
/* The handlers' addresses, from that unit on: no instruction follows. */
void we_emit_handlers(struct we_lower *l, uint32_t from);
void we_lower_index_pairs(struct we_lower *l);
/* The instruction that was just emitted may trap or call. */
void we_emit_map(struct we_lower *l);
/* Appends a label. */
void we_emit_label(struct we_lower *l);

/*
 * Appends an operation with a result, which it pushes: an operand of a class.
 * The result is also in the accumulator of class acc.  If late, operation iop
 * + late leaves it there only; whether the slot is needed will be seen.
 */
uint16_t *we_emit_def(struct we_lower *l, uint32_t iop, uint32_t late,
                      uint8_t acc, uint8_t class, uint32_t units);
void we_emit_move(struct we_lower *l, uint32_t d, uint32_t a, uint8_t class);
void we_emit_const(struct we_lower *l, uint32_t d, uint64_t bits);
/* Loads a constant into the accumulator of a class. */
void we_emit_const_acc(struct we_lower *l, uint8_t class, uint64_t bits);

/* --- operands (lower_code.c) ---------------------------------------------- */

struct we_operand *we_lower_push(struct we_lower *l, enum we_place place,
                                 uint8_t class);
void we_lower_push_types(struct we_lower *l, const we_valtype *types,
                         uint32_t n);
/* A popped operand stays where it is until the next push.  It isn't WE_AT_SUM,
 * unless it is an address. */
struct we_operand we_lower_pop(struct we_lower *l);
struct we_operand we_lower_pop_address(struct we_lower *l);
/* If the top operand is a sum, it becomes a pending result. */
void we_lower_add_top(struct we_lower *l);
void we_lower_drop(struct we_lower *l, uint32_t n);
/* Forgets all operands above a block's parameters. */
void we_lower_reset(struct we_lower *l, const struct we_block *block);

enum we_mode we_operand_mode(const struct we_lower *l,
                             const struct we_operand *o);
/* Where a popped or stacked operand can be read; puts it there if need be. */
uint32_t we_operand_slot(struct we_lower *l, struct we_operand *o);

/* A pending result goes to its slot, after all. */
void we_settle(struct we_lower *l, uint8_t class);
void we_settle_all(struct we_lower *l);
/* Slot s is written: what mirrored it, doesn't. */
void we_wrote(struct we_lower *l, uint32_t s, uint8_t class);
void we_forget_accs(struct we_lower *l);
/* Makes canonical: all operands from index `from` on; and of those below it,
 * the ones that wait for a local. */
void we_flush(struct we_lower *l, uint32_t from);
/* A local is about to change: the operands that wait for it are copied. */
void we_flush_local(struct we_lower *l, uint32_t slot);

/* Takes back the last instruction. */
void we_emit_undo(struct we_lower *l, const struct we_last *last);

/* Locals: whether they may be read before they were set (lower_code.c). */
void we_lower_mark_set(struct we_lower *l, uint32_t local);
void we_lower_mark_read(struct we_lower *l, uint32_t local);
void we_lower_unmark(struct we_lower *l, uint32_t nset);

/* --- all instructions (lower.c) ------------------------------------------- */

enum we_error we_lower_insn(void *env, const struct we_insn *insn);

/* --- exceptions, structures, arrays, casts (lower_gc.c) ------------------- */

/* False: not one of its instructions. */
bool we_lower_gc(struct we_lower *l, const struct we_insn *insn);
/* Tests the top operand, which stays; the answer is in the accumulator only,
 * which no other instruction may come to want before a branch. */
void we_lower_ref_test(struct we_lower *l, we_valtype type);

/* --- control and calls (lower_control.c) ---------------------------------- */

/* False: not one of its instructions. */
bool we_lower_control(struct we_lower *l, const struct we_insn *insn);
void we_lower_body(struct we_lower *l);

#endif

/* Lowering of blocks, branches, calls and returns. */
#include "lower.h"

#include "arena.h"
#include "instance.h"

#include <string.h>

/* --- branches ------------------------------------------------------------- */

/*
 * A branch's distance counts in units from its own place.  Until the target
 * is known the place holds the previous member of the target's chain.
 */
static void link(struct we_lower *l, uint32_t *chain, uint32_t at)
{
    we_put_imm32(l->units + at, *chain);
    *chain = at;
}

static void resolve(struct we_lower *l, uint32_t *chain, uint32_t target)
{
    uint32_t at = *chain, next;

    while (at != WE_NONE && l->error == WE_OK) {
        memcpy(&next, l->units + at, sizeof next);
        we_put_imm32(l->units + at, target - at);
        at = next;
    }
    *chain = WE_NONE;
}

static void branch_to(struct we_lower *l, struct we_block *block, uint32_t at)
{
    if (block->op == WE_OP_LOOP) {
        we_put_imm32(l->units + at, block->start - at);
    } else {
        link(l, &block->fixups, at);
    }
}

/* The unit of the distance of a branch that is emitted. */
static uint32_t emit_br(struct we_lower *l)
{
    we_emit(l, WE_I_BR, 8);
    we_emit_map(l);
    return l->n - 2;
}

/* --- conditions ----------------------------------------------------------- */

/* Pops a condition; if the last instruction compared for it, takes that back,
 * to become part of the branch. */
static struct we_condition pop_condition(struct we_lower *l)
{
    struct we_operand o = we_lower_pop(l);
    struct we_condition c = { .last = l->last };

    c.compares = l->last.kind == WE_FUSE_COMPARE && l->last.end == l->n
                 && o.place == WE_AT_SLOT && o.slot == l->last.slot;
    if (c.compares) {
        we_emit_undo(l, &c.last);
        return c;
    }
    c.mode = we_operand_mode(l, &o);
    if (c.mode == WE_A) {
        return c;
    }
    c.mode = WE_S;
    c.slot = we_operand_slot(l, &o);
    return c;
}

static uint32_t emit_test(struct we_lower *l, enum we_mode mode, uint32_t slot,
                          bool sense)
{
    uint32_t iop = sense ? mode == WE_A ? WE_I_BR_IF_A : WE_I_BR_IF_S
                         : mode == WE_A ? WE_I_BR_UNLESS_A : WE_I_BR_UNLESS_S;

    we_emit(l, iop, 8)[4] = (uint16_t) slot;
    return l->n - 2;
}

/* Comparison of integers; its opposite is another row's. */
static uint32_t emit_compare(struct we_lower *l, const struct we_last *c,
                             bool sense)
{
    static const uint16_t opposite[] = {
#define OPPOSITE(x, n, T, o, ...) [WE_I_##n##_SS - WE_I_I32_EQ_SS] = \
        WE_I_##o##_SS,
        WE_CMP2(OPPOSITE, )
#undef OPPOSITE
    };
    uint32_t iop = sense ? c->iop : opposite[c->iop - WE_I_I32_EQ_SS];
    bool immediate = c->variant == WE_SI || c->variant == WE_AI;
    uint16_t *p;

    if (immediate && c->imm == 0
        && (iop == WE_I_I32_EQ_SS || iop == WE_I_I64_EQ_SS
            || iop == WE_I_I32_NE_SS || iop == WE_I_I64_NE_SS)) {
        return emit_test(l, c->variant == WE_AI ? WE_A : WE_S, c->a,
                         iop == WE_I_I32_NE_SS || iop == WE_I_I64_NE_SS);
    }
    p = we_emit(l, iop + WE_NVARIANTS + c->variant, immediate ? 12 : 8);
    p[4] = (uint16_t) c->a;
    p[5] = (uint16_t) c->b;
    if (immediate) {
        we_put_imm64(p + 8, c->imm);
    }
    return l->n - (immediate ? 6 : 2);
}

/* The branch that is taken if the condition is as sense says; returns the unit
 * of its distance. */
static uint32_t emit_branch(struct we_lower *l, const struct we_condition *c,
                            bool sense)
{
    const struct we_last *last = &c->last;
    uint32_t at;

    we_settle_all(l);
    if (!c->compares) {
        at = emit_test(l, c->mode, c->slot, sense);
    } else if (last->class == WE_CLASS_INT) {
        at = emit_compare(l, last, sense != last->negate);
    } else {
        bool no = sense == last->negate;
        uint16_t *p = we_emit(l, last->iop + (no ? 6u : 3u) + last->variant,
                              8);

        p[4] = (uint16_t) last->a;
        p[5] = (uint16_t) last->b;
        at = l->n - 2;
    }
    we_emit_map(l);
    return at;
}

/* --- values that branches take along -------------------------------------- */

static uint32_t slots_of(const we_valtype *types, uint32_t n)
{
    uint32_t i, slots = 0;

    for (i = 0; i < n; i++) {
        slots += we_slots(types[i]);
    }
    return slots;
}

/* The top n operands move to their own slots counted from d on, in rising
 * order: no slot is overwritten before it was read, as d is at or below the
 * first one's, and no local is a target. */
static void move_values(struct we_lower *l, uint32_t n, uint32_t d)
{
    uint32_t i;

    for (i = l->noperands - n; i < l->noperands; i++) {
        struct we_operand *o = &l->operands[i];

        if (o->place == WE_AT_CONST) {
            we_emit_const(l, d, o->bits);
        } else if (o->place == WE_AT_LOCAL) {
            we_emit_move(l, d, o->local, o->class);
        } else if (we_operand_slot(l, o) != d) {
            we_emit_move(l, d, o->slot, o->class);
        }
        d += we_class_slots(o->class);
    }
}

/* Are the top n operands where they belong if the first belongs into d? */
static bool in_place(const struct we_lower *l, uint32_t n, uint32_t d)
{
    uint32_t i = l->noperands - n;

    if (n > 0 && l->operands[i].slot != d) {
        return false;
    }
    for (; i < l->noperands; i++) {
        if (l->operands[i].place != WE_AT_SLOT) {
            return false;
        }
    }
    return true;
}

/* The top n operands, which are canonical, go to slot d on in one go. */
static void emit_copy(struct we_lower *l, uint32_t n, uint32_t d)
{
    uint32_t from = n > 0 ? l->operands[l->noperands - n].slot : d;
    uint16_t *p;

    if (from == d) {
        return;
    }
    p = we_emit(l, WE_I_COPY, 8);
    p[4] = (uint16_t) d;
    p[5] = (uint16_t) from;
    we_put_imm32(p + 6, l->top - from);
}

/* --- returns -------------------------------------------------------------- */

/* By class; a vector isn't one slot. */
static const uint16_t return_slot[WE_NACCS] = {
    WE_I_RETURN_INT_S, WE_I_RETURN_F32_S, WE_I_RETURN_F64_S
};
static const uint16_t return_acc[WE_NACCS] = {
    WE_I_RETURN_INT_A, WE_I_RETURN_F32_A, WE_I_RETURN_F64_A
};

static void emit_return1(struct we_lower *l)
{
    struct we_operand *o = &l->operands[l->noperands - 1];
    enum we_mode mode = we_operand_mode(l, o);

    if (mode == WE_I) {
        we_emit_const_acc(l, o->class, o->bits);
    }
    if (mode == WE_S) {
        we_emit(l, return_slot[o->class], 8)[4] =
            (uint16_t) we_operand_slot(l, o);
    } else {
        we_emit(l, return_acc[o->class], 8);
    }
}

/* Returns the top operands; more than one must be canonical. */
static void emit_return(struct we_lower *l)
{
    uint32_t n = l->body->nresults;
    uint16_t *p;

    if (n == 0) {
        we_emit(l, WE_I_RETURN, 8);
    } else if (l->result_slots == 1) {
        emit_return1(l);
    } else {
        p = we_emit(l, WE_I_RETURN_N, 8);
        p[4] = (uint16_t) l->operands[l->noperands - n].slot;
        p[5] = (uint16_t) l->result_slots;
    }
    link(l, &l->returns, l->n - 2);
}

static void lower_return(struct we_lower *l)
{
    if (l->result_slots > 1) {
        we_flush(l, l->noperands - l->body->nresults);
    }
    emit_return(l);
}

/* --- blocks --------------------------------------------------------------- */

static struct we_block *block_at(struct we_lower *l, uint32_t depth)
{
    return &l->blocks[l->nblocks - 1 - depth];
}

static uint32_t arity(const struct we_block *block)
{
    return block->op == WE_OP_LOOP ? block->nparams : block->nresults;
}

static void push_block(struct we_lower *l, const struct we_insn *insn)
{
    struct we_block *block;
    uint32_t height = l->noperands - insn->nparams;

    if (!we_grow(l->allocator, &l->blocks, &l->blocks_cap,
                 (size_t) l->nblocks + 1, sizeof *l->blocks)) {
        l->error = l->error != WE_OK ? l->error : WE_NOMEM;
        return;
    }
    block = &l->blocks[l->nblocks++];
    *block = (struct we_block){
        .op = insn->op, .height = height,
        .slot = insn->nparams > 0 ? l->operands[height].slot : l->top,
        .nparams = insn->nparams, .nresults = insn->nresults,
        .params = insn->params, .results = insn->results,
        .single = insn->nresults == 1 ? insn->results[0] : WE_BOT,
        .nset = l->nset, .fixups = WE_NONE, .otherwise = WE_NONE,
        .stub_of = WE_NONE
    };
}

static void add_catches(struct we_lower *l, const struct we_insn *insn)
{
    uint32_t n = insn->ncatches;

    if (!we_grow(l->allocator, &l->catches, &l->catches_cap,
                 (size_t) l->ncatches + n, sizeof *l->catches)) {
        we_lower_fail(l, WE_NOMEM);
        return;
    }
    block_at(l, 0)->catches = l->ncatches;
    block_at(l, 0)->ncatches = n;
    while (n-- > 0) {
        l->catches[l->ncatches++] = (struct we_code_catch){
            .from = l->n, .target = insn->catches[n].depth,
            .tag = insn->catches[n].tag, .kind = insn->catches[n].kind
        };
    }
}

/* Where a clause goes on: what it gives is in the label's slots, or in the
 * frame's first ones, where results belong. */
static void emit_catch(struct we_lower *l, struct we_code_catch *c)
{
    struct we_block *block = block_at(l, c->target + 1);
    uint8_t class = WE_NACCS;

    c->target = l->n;
    c->slot = block->op == WE_OP_END ? 0 : block->slot;
    if (block->op != WE_OP_END) {
        branch_to(l, block, emit_br(l));
        return;
    }
    if (l->body->nresults == 1) {
        class = we_class_of(l->body->results[0]);
    }
    we_emit(l, class < WE_NACCS ? return_slot[class] : WE_I_RETURN, 8);
    link(l, &l->returns, l->n - 2);
}

/* The end of a try_table: the code before goes around its clauses. */
static void end_catches(struct we_lower *l, struct we_block *block)
{
    uint32_t to = l->n, i;

    for (i = block->catches; i < block->catches + block->ncatches; i++) {
        emit_catch(l, &l->catches[i]);
        l->catches[i].to = to;
    }
}

static void lower_block(struct we_lower *l, const struct we_insn *insn)
{
    we_flush(l, l->noperands - insn->nparams);
    if (insn->op == WE_OP_LOOP || insn->op == WE_OP_TRY_TABLE) {
        we_emit_label(l);
    }
    push_block(l, insn);
    block_at(l, 0)->start = l->n;
    if (insn->op == WE_OP_TRY_TABLE) {
        add_catches(l, insn);
    }
}

static void lower_if(struct we_lower *l, const struct we_insn *insn)
{
    struct we_condition c = pop_condition(l);
    uint32_t at;

    we_flush(l, l->noperands - insn->nparams);
    push_block(l, insn);
    at = emit_branch(l, &c, false);
    link(l, &block_at(l, 0)->otherwise, at);
}

/* The code before goes on behind the block. */
static void leave(struct we_lower *l, struct we_block *block)
{
    if (block->nresults > 4) {
        we_flush(l, l->noperands - block->nresults);
        emit_copy(l, block->nresults, block->slot);
    } else {
        move_values(l, block->nresults, block->slot);
    }
}

static void lower_else(struct we_lower *l, const struct we_insn *insn)
{
    struct we_block *block = block_at(l, 0);

    if (!insn->dead) {
        leave(l, block);
        link(l, &block->fixups, emit_br(l));
    }
    resolve(l, &block->otherwise, l->n);
    we_lower_unmark(l, block->nset);
    we_lower_reset(l, block);
    we_emit_label(l);
    we_lower_push_types(l, block->params, block->nparams);
    block->op = WE_OP_ELSE;
}

static void lower_end(struct we_lower *l, const struct we_insn *insn)
{
    struct we_block *block = block_at(l, 0);
    bool joins = block->fixups != WE_NONE || block->otherwise != WE_NONE
                 || block->ncatches > 0;

    if (block->op == WE_OP_END) {
        if (!insn->dead) {
            lower_return(l);
        }
        l->nblocks--;
        return;
    }
    we_lower_unmark(l, block->nset);
    if (!insn->dead && joins) {
        leave(l, block);
    }
    if (block->ncatches > 0) {
        if (!insn->dead) {
            link(l, &block->fixups, emit_br(l));
        }
        end_catches(l, block);
    }
    if (insn->dead || joins) {
        resolve(l, &block->otherwise, l->n);
        resolve(l, &block->fixups, l->n);
        we_lower_reset(l, block);
        we_emit_label(l);
        we_lower_push_types(l, block->nresults == 1 ? &block->single
                                                    : block->results,
                            block->nresults);
    }
    l->nblocks--;
}

void we_lower_body(struct we_lower *l)
{
    struct we_insn insn = { .op = WE_OP_END, .nresults = l->body->nresults,
                            .results = l->body->results };

    push_block(l, &insn);
}

/* --- br, br_if, br_on_null, br_table -------------------------------------- */

static void lower_br(struct we_lower *l, uint32_t depth)
{
    struct we_block *block = block_at(l, depth);

    if (block->op == WE_OP_END) {
        lower_return(l);
        return;
    }
    if (arity(block) > 4) {
        we_flush(l, l->noperands - arity(block));
        emit_copy(l, arity(block), block->slot);
    } else {
        move_values(l, arity(block), block->slot);
    }
    branch_to(l, block, emit_br(l));
}

/* Goes around what is emitted for the other outcome; what the accumulators
 * hold is as before it then. */
static void emit_unless(struct we_lower *l, const struct we_condition *c,
                        bool sense, struct we_block *block)
{
    struct we_acc accs[WE_NACCS];
    uint32_t chain = WE_NONE;

    link(l, &chain, emit_branch(l, c, !sense));
    memcpy(accs, l->accs, sizeof accs);
    if (block->op == WE_OP_END) {
        emit_return(l);
    } else {
        if (arity(block) > 4) {
            emit_copy(l, arity(block), block->slot);
        } else {
            move_values(l, arity(block), block->slot);
        }
        branch_to(l, block, emit_br(l));
    }
    resolve(l, &chain, l->n);
    we_emit_label(l);
    memcpy(l->accs, accs, sizeof accs);
}

/* A conditional branch takes the top operands along and leaves them. */
static void branch_if(struct we_lower *l, const struct we_condition *c,
                      bool sense, uint32_t depth)
{
    struct we_block *block = block_at(l, depth);
    uint32_t n = arity(block), i;

    we_settle_all(l);
    for (i = l->noperands - n; i < l->noperands; i++) {
        if (l->operands[i].place == WE_AT_SUM) {
            we_operand_slot(l, &l->operands[i]);
        }
    }
    if (n > 4 || (block->op == WE_OP_END && l->result_slots > 1)) {
        we_flush(l, l->noperands - n);
    }
    if (block->op != WE_OP_END && in_place(l, n, block->slot)) {
        branch_to(l, block, emit_branch(l, c, sense));
    } else {
        emit_unless(l, c, sense, block);
    }
}

static void lower_br_if(struct we_lower *l, uint32_t depth)
{
    struct we_condition c = pop_condition(l);

    branch_if(l, &c, true, depth);
}

/* The reference stays if it isn't null, without being taken along. */
static void lower_br_on_null(struct we_lower *l, uint32_t depth)
{
    struct we_condition c = { .mode = WE_S };
    struct we_operand o = we_lower_pop(l);

    c.slot = we_operand_slot(l, &o);
    branch_if(l, &c, false, depth);
    if (o.place == WE_AT_LOCAL) {
        we_emit_move(l, o.slot, o.local, o.class);
    }
    we_lower_push(l, WE_AT_SLOT, WE_CLASS_INT);
}

/* The reference is the last of what is taken along. */
static void lower_br_on_non_null(struct we_lower *l, uint32_t depth)
{
    struct we_condition c = { .mode = WE_S };

    we_settle_all(l);
    c.slot = we_operand_slot(l, &l->operands[l->noperands - 1]);
    branch_if(l, &c, true, depth);
    we_lower_drop(l, 1);
}

/* The reference is the last of what is taken along, and stays. */
static void lower_br_on_cast(struct we_lower *l, const struct we_insn *insn)
{
    struct we_condition c = { .mode = WE_A };
    const struct we_block *block = block_at(l, insn->index);

    if (arity(block) > 4
        || (block->op == WE_OP_END && l->result_slots > 1)) {
        we_flush(l, l->noperands - arity(block));
    }
    we_lower_ref_test(l, insn->type);
    branch_if(l, &c, insn->op == WE_OP_BR_ON_CAST, insn->index);
}

/* Where a target's entry leads: there, or to a way out behind the table that
 * moves the values first, one for each block. */
static void table_entry(struct we_lower *l, uint32_t table, uint32_t at,
                        struct we_block *block)
{
    uint32_t n = arity(block);

    if (block->op != WE_OP_END && in_place(l, n, block->slot)) {
        branch_to(l, block, at);
        return;
    }
    if (block->stub_of != table) {
        block->stub_of = table;
        block->stub = l->n;
        if (block->op == WE_OP_END) {
            emit_return(l);
        } else {
            emit_copy(l, n, block->slot);
            branch_to(l, block, emit_br(l));
        }
    }
    we_put_imm32(l->units + at, block->stub - at);
}

static void lower_br_table(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand o = we_lower_pop(l);
    enum we_mode mode = we_operand_mode(l, &o);
    uint32_t slot = mode == WE_A ? 0 : we_operand_slot(l, &o);
    uint32_t n = insn->ntargets, table, i;
    uint16_t *p;

    we_settle_all(l);
    we_flush(l, l->noperands - arity(block_at(l, insn->targets[n])));
    table = l->n;
    p = we_emit(l, mode == WE_A ? WE_I_BR_TABLE_A : WE_I_BR_TABLE_S,
                8 + ((2 * (n + 1) + 3) & ~3u));
    we_emit_map(l);
    p[4] = (uint16_t) slot;
    we_put_imm32(p + 6, n);
    l->barrier = l->n;
    for (i = 0; i <= n && l->error == WE_OK; i++) {
        we_forget_accs(l);
        table_entry(l, table, table + 8 + 2 * i,
                    block_at(l, insn->targets[i]));
    }
}

/* --- calls ---------------------------------------------------------------- */

/* Pops n arguments, brought to their slots; returns the first slot. */
static uint32_t pop_arguments(struct we_lower *l, uint32_t n)
{
    we_flush(l, l->noperands - n);
    we_settle_all(l);
    we_lower_drop(l, n);
    return l->top;
}

static void push_results(struct we_lower *l, const struct we_insn *insn)
{
    uint8_t class;

    we_emit_map(l);
    we_forget_accs(l);
    we_lower_push_types(l, insn->results, insn->nresults);
    if (insn->nresults == 1) {
        class = l->operands[l->noperands - 1].class;
        if (class < WE_NACCS) {
            l->accs[class].mirror = l->operands[l->noperands - 1].slot;
        }
    }
}

/* Is this what most host functions are, of small values and with a status? */
static bool is_small(const struct we_type *type)
{
    return type->narrow && type->nresults == 1
           && type->values[type->nparams] == WE_I32;
}

static void lower_call_import(struct we_lower *l, uint32_t index,
                              uint32_t args)
{
    const struct we_type *type = l->module->funcs[index].type;
    uint16_t *p = we_emit(l, is_small(type) ? WE_I_CALL_IMPORT_INT
                                            : WE_I_CALL_IMPORT, 12);

    p[4] = (uint16_t) args;
    p[5] = (uint16_t) we_call_slots(type);
    we_put_imm32(p + 6, index);
}

static void lower_call(struct we_lower *l, const struct we_insn *insn)
{
    uint32_t imported = l->module->nfuncs_imported;
    uint32_t args = pop_arguments(l, insn->nparams);
    uint16_t *p;

    if (insn->index < imported) {
        lower_call_import(l, insn->index, args);
    } else {
        p = we_emit(l, WE_I_CALL, 8);
        p[4] = (uint16_t) args;
        we_put_imm32(p + 6, (insn->index - imported)
                            * (uint32_t) sizeof (struct we_func));
    }
    push_results(l, insn);
}

static void put_type(struct we_lower *l, uint16_t *at, uint32_t index)
{
    we_put_imm64(at, (uintptr_t) l->module->types[index]);
}

static void lower_call_indirect(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand o = we_lower_pop(l);
    enum we_mode mode = we_operand_mode(l, &o);
    uint32_t slot = mode == WE_A ? 0 : we_operand_slot(l, &o);
    uint32_t args = pop_arguments(l, insn->nparams);
    uint16_t *p = we_emit(l, mode == WE_A ? WE_I_CALL_INDIRECT_A
                                          : WE_I_CALL_INDIRECT_S, 12);

    p[4] = (uint16_t) args;
    p[5] = (uint16_t) slot;
    we_put_imm32(p + 6, insn->index2);
    put_type(l, p + 8, insn->index);
    push_results(l, insn);
}

static void lower_call_ref(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand o = we_lower_pop(l);
    uint32_t slot = we_operand_slot(l, &o);
    uint32_t args = pop_arguments(l, insn->nparams);
    uint16_t *p = we_emit(l, WE_I_CALL_REF, 12);

    p[4] = (uint16_t) args;
    p[5] = (uint16_t) slot;
    push_results(l, insn);
}

/* A tail call's arguments go to the frame's beginning. */
static uint16_t *emit_tail(struct we_lower *l, const struct we_insn *insn,
                           uint32_t iop, uint32_t units)
{
    uint32_t args = pop_arguments(l, insn->nparams);
    uint16_t *p = we_emit(l, iop, units);

    p[4] = (uint16_t) args;
    p[5] = (uint16_t) slots_of(insn->params, insn->nparams);
    we_emit_map(l);
    return p;
}

static void lower_return_call(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand o;
    uint32_t slot;
    uint16_t *p;

    if (insn->op == WE_OP_RETURN_CALL) {
        p = emit_tail(l, insn, WE_I_RETURN_CALL, 8);
        we_put_imm32(p + 6, insn->index);
        return;
    }
    o = we_lower_pop(l);
    slot = we_operand_slot(l, &o);
    if (insn->op == WE_OP_RETURN_CALL_REF) {
        emit_tail(l, insn, WE_I_RETURN_CALL_REF, 8)[6] = (uint16_t) slot;
        return;
    }
    p = emit_tail(l, insn, WE_I_RETURN_CALL_INDIRECT, 16);
    we_put_imm32(p + 6, insn->index2);
    put_type(l, p + 8, insn->index);
    p[12] = (uint16_t) slot;
}

bool we_lower_control(struct we_lower *l, const struct we_insn *insn)
{
    switch (insn->op) {
    case WE_OP_UNREACHABLE:
        we_emit(l, WE_I_UNREACHABLE, 8);
        we_emit_map(l);
        return true;
    case WE_OP_BLOCK:
    case WE_OP_TRY_TABLE:
    case WE_OP_LOOP:                 lower_block(l, insn);          return true;
    case WE_OP_IF:                   lower_if(l, insn);             return true;
    case WE_OP_ELSE:                 lower_else(l, insn);           return true;
    case WE_OP_END:                  lower_end(l, insn);            return true;
    case WE_OP_BR:                   lower_br(l, insn->index);      return true;
    case WE_OP_BR_IF:                lower_br_if(l, insn->index);   return true;
    case WE_OP_BR_TABLE:             lower_br_table(l, insn);       return true;
    case WE_OP_BR_ON_NULL:           lower_br_on_null(l, insn->index);
        return true;
    case WE_OP_BR_ON_NON_NULL:       lower_br_on_non_null(l, insn->index);
        return true;
    case WE_OP_BR_ON_CAST:
    case WE_OP_BR_ON_CAST_FAIL:      lower_br_on_cast(l, insn);     return true;
    case WE_OP_RETURN:               lower_return(l);               return true;
    case WE_OP_CALL:                 lower_call(l, insn);           return true;
    case WE_OP_CALL_INDIRECT:        lower_call_indirect(l, insn);  return true;
    case WE_OP_CALL_REF:             lower_call_ref(l, insn);       return true;
    case WE_OP_RETURN_CALL:
    case WE_OP_RETURN_CALL_INDIRECT:
    case WE_OP_RETURN_CALL_REF:      lower_return_call(l, insn);    return true;
    default:
        return false;
    }
}

/* Emission of register code, and the operand stack that delays it. */
#include "lower.h"

#include "arena.h"
#include "interp.h"

enum { UNITS_MAX = INT32_MAX };

/* --- units ---------------------------------------------------------------- */

/* Behind the code there is always room for WE_SPARE_UNITS.  After an error
 * they are overwritten again and again, so that callers need no checks and the
 * positions that they keep stay good; whoever asks in the end finds
 * l->error. */
static uint16_t *reserve(struct we_lower *l, uint32_t units)
{
    if (l->n > UNITS_MAX - WE_SPARE_UNITS - units) {
        we_lower_fail(l, WE_LIMIT);
    } else if (l->error == WE_OK
               && !we_grow(l->allocator, &l->units, &l->units_cap,
                           (size_t) l->n + units + WE_SPARE_UNITS,
                           sizeof *l->units)) {
        we_lower_fail(l, WE_NOMEM);
    }
    return l->units + l->n;
}

void we_lower_fail(struct we_lower *l, enum we_error error)
{
    if (l->error == WE_OK) {
        l->error = error;
    }
}

/* Until the body is finished the place of the handler's address holds the
 * operation (a unit) and the instruction's length (two). */
static void set_iop(uint16_t *at, uint32_t iop)
{
    at[0] = (uint16_t) iop;
}

uint16_t *we_emit(struct we_lower *l, uint32_t iop, uint32_t units)
{
    uint16_t *p = reserve(l, units);

    if (l->error != WE_OK) {
        memset(p, 0, WE_SPARE_UNITS * sizeof *p);
        return p;
    }
    memset(p, 0, units * sizeof *p);
    set_iop(p, iop);
    we_put_imm32(p + 1, units);
    l->n += units;
    return p;
}

/* The place of a pair in the table, or the free one where it would be. */
static uint32_t pair_place(const struct we_lower *l, uint32_t first,
                           uint32_t then)
{
    uint32_t i = (first * 0x9e3779b1 + then * 0x85ebca6b) >> 20;

    while (l->pairs[i] != 0 && (we_pairs[l->pairs[i] - 1].first != first
                                || we_pairs[l->pairs[i] - 1].then != then)) {
        i = (i + 1) % WE_PAIR_PLACES;
    }
    return i;
}

void we_lower_index_pairs(struct we_lower *l)
{
    uint32_t i;

    for (i = 0; i < we_npairs && i < WE_PAIR_PLACES / 2; i++) {
        l->pairs[pair_place(l, we_pairs[i].first, we_pairs[i].then)] =
            (uint16_t) (i + 1);
    }
}

static we_handler *find_handler(const struct we_lower *l, uint32_t first,
                                uint32_t then)
{
    uint32_t i = l->pairs[pair_place(l, first, then)];

    return i != 0 ? we_pairs[i - 1].handler : we_handlers[first];
}

void we_emit_handlers(struct we_lower *l, uint32_t from)
{
    uint32_t at = from, next, units;

    for (; at < l->n; at = next) {
        uint16_t *p = l->units + at;
        we_handler *handler;

        memcpy(&units, p + 1, sizeof units);
        next = at + units;
        handler = next < l->n ? find_handler(l, p[0], l->units[next])
                              : we_handlers[p[0]];
        memcpy(p, &handler, sizeof handler);
    }
}

void we_put_imm32(uint16_t *at, uint32_t x)
{
    memcpy(at, &x, sizeof x);
}

void we_put_imm64(uint16_t *at, uint64_t x)
{
    memcpy(at, &x, sizeof x);
}

void we_emit_map(struct we_lower *l)
{
    if (!we_grow(l->allocator, &l->map, &l->map_cap, (size_t) l->nmap + 1,
                 sizeof *l->map)) {
        we_lower_fail(l, WE_NOMEM);
        return;
    }
    l->map[l->nmap++] = (struct we_code_map){ l->n, l->offset };
}

void we_emit_label(struct we_lower *l)
{
    l->barrier = l->n;
    l->last.kind = WE_FUSE_NOTHING;
    we_forget_accs(l);
}

void we_emit_undo(struct we_lower *l, const struct we_last *last)
{
    uint32_t i;

    l->n = last->at;
    memcpy(l->accs, last->accs, sizeof l->accs);
    for (i = 0; i < WE_NACCS; i++) {
        uint32_t k = l->accs[i].pending;

        if (k >= l->noperands || l->operands[k].place != WE_AT_ACC
            || l->operands[k].class != i) {
            l->accs[i].pending = WE_NONE;
        }
    }
    l->last.kind = WE_FUSE_NOTHING;
    l->def_end = l->move_end = WE_NONE;
    while (l->nmap > 0 && l->map[l->nmap - 1].at > l->n) {
        l->nmap--;
    }
}

/* --- accumulators --------------------------------------------------------- */

void we_wrote(struct we_lower *l, uint32_t s, uint8_t class)
{
    uint32_t i, last = s + we_class_slots(class) - 1;

    for (i = 0; i < WE_NACCS; i++) {
        if (l->accs[i].mirror == s || l->accs[i].mirror == last) {
            l->accs[i].mirror = WE_NONE;
        }
    }
}

void we_forget_accs(struct we_lower *l)
{
    uint32_t i;

    for (i = 0; i < WE_NACCS; i++) {
        l->accs[i] = (struct we_acc){ .mirror = WE_NONE, .pending = WE_NONE };
    }
}

void we_settle(struct we_lower *l, uint8_t class)
{
    struct we_acc *acc;

    if (class >= WE_NACCS || l->accs[class].pending == WE_NONE) {
        return;
    }
    acc = &l->accs[class];
    we_operand_slot(l, &l->operands[acc->pending]);
}

void we_settle_all(struct we_lower *l)
{
    uint8_t i;

    for (i = 0; i < WE_NACCS; i++) {
        we_settle(l, i);
    }
}

/* --- definitions ---------------------------------------------------------- */

uint16_t *we_emit_def(struct we_lower *l, uint32_t iop, uint32_t late,
                      uint8_t acc, uint8_t class, uint32_t units)
{
    struct we_operand *o;
    uint16_t *p;

    we_settle(l, acc);
    o = we_lower_push(l, late ? WE_AT_ACC : WE_AT_SLOT, class);
    we_wrote(l, o->slot, class);
    l->def_at = l->n;
    p = we_emit(l, iop + late, units);
    l->def_end = l->n;
    p[4] = (uint16_t) o->slot;
    if (acc < WE_NACCS) {
        l->accs[acc] = (struct we_acc){
            .mirror = late ? WE_NONE : o->slot,
            .pending = late ? l->noperands - 1 : WE_NONE,
            .at = l->def_at, .iop = (uint16_t) iop
        };
    }
    return p;
}

void we_emit_move(struct we_lower *l, uint32_t d, uint32_t a, uint8_t class)
{
    uint16_t *p;

    we_wrote(l, d, class);
    if (class != WE_CLASS_V128 && l->move_end == l->n
        && l->n - 8 >= l->barrier) {
        p = l->units + l->n - 8;
        set_iop(p, WE_I_MOV2);
        p[6] = (uint16_t) d;
        p[7] = (uint16_t) a;
        l->move_end = WE_NONE;
        return;
    }
    p = we_emit(l, class == WE_CLASS_V128 ? WE_I_MOV_V : WE_I_MOV, 8);
    p[4] = (uint16_t) d;
    p[5] = (uint16_t) a;
    l->move_end = class == WE_CLASS_V128 ? WE_NONE : l->n;
}

void we_emit_const(struct we_lower *l, uint32_t d, uint64_t bits)
{
    uint16_t *p;

    we_wrote(l, d, WE_CLASS_INT);
    if (bits <= UINT32_MAX) {
        p = we_emit(l, WE_I_CONST32, 8);
        we_put_imm32(p + 6, (uint32_t) bits);
    } else {
        p = we_emit(l, WE_I_CONST64, 12);
        we_put_imm64(p + 8, bits);
    }
    p[4] = (uint16_t) d;
}

void we_emit_const_acc(struct we_lower *l, uint8_t class, uint64_t bits)
{
    static const uint16_t iops[WE_NACCS] = {
        WE_I_CONST_INT_A, WE_I_CONST_F32_A, WE_I_CONST_F64_A
    };

    const uint16_t iop = iops[class];
    struct we_acc *acc = &l->accs[class];

    we_settle(l, class);
    acc->mirror = WE_NONE;
    if (class == WE_CLASS_F64) {
        we_put_imm64(we_emit(l, iop, 12) + 8, bits);
    } else if (bits <= UINT32_MAX) {
        we_put_imm32(we_emit(l, iop, 8) + 6, (uint32_t) bits);
    } else {
        we_put_imm64(we_emit(l, WE_I_CONST_INT64_A, 12) + 8, bits);
    }
}

/* --- operands ------------------------------------------------------------- */

struct we_operand *we_lower_push(struct we_lower *l, enum we_place place,
                                 uint8_t class)
{
    struct we_operand *o;

    if (l->top + we_class_slots(class) > WE_SLOTS_MAX) {
        we_lower_fail(l, WE_LIMIT);
        l->top--;
    }
    if (we_grow(l->allocator, &l->operands, &l->operands_cap,
                (size_t) l->noperands + 1, sizeof *l->operands)) {
        l->noperands++;
    } else {
        we_lower_fail(l, WE_NOMEM);      /* the last one is overwritten */
    }
    o = &l->operands[l->noperands - 1];
    *o = (struct we_operand){ .place = (uint8_t) place, .class = class,
                              .slot = l->top };
    l->top += we_class_slots(class);
    return o;
}

void we_lower_push_types(struct we_lower *l, const we_valtype *types,
                         uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        we_lower_push(l, WE_AT_SLOT, we_class_of(types[i]));
    }
}

struct we_operand we_lower_pop_address(struct we_lower *l)
{
    struct we_operand o = l->operands[--l->noperands];

    if (l->flushed > l->noperands) {
        l->flushed = l->noperands;
    }
    if (o.place == WE_AT_LOCAL || o.place == WE_AT_SUM) {
        l->waiting[o.local]--;
    } else if (o.place == WE_AT_ACC) {
        l->accs[o.class].pending = WE_NONE;
    }
    l->top = o.slot;
    return o;
}

/* In its slot; no accumulator is changed. */
static void emit_sum(struct we_lower *l, struct we_operand *o)
{
    uint16_t *p;

    we_wrote(l, o->slot, o->class);
    p = we_emit(l, WE_I_SUM, 8);
    p[4] = (uint16_t) o->slot;
    p[5] = (uint16_t) o->local;
    we_put_imm32(p + 6, (uint32_t) o->bits);
    o->place = WE_AT_SLOT;
}

struct we_operand we_lower_pop(struct we_lower *l)
{
    struct we_operand o = we_lower_pop_address(l);

    if (o.place == WE_AT_SUM) {
        emit_sum(l, &o);
    }
    return o;
}

void we_lower_add_top(struct we_lower *l)
{
    struct we_operand o;
    bool in_acc;
    uint16_t *p;

    if (l->noperands == 0
        || l->operands[l->noperands - 1].place != WE_AT_SUM) {
        return;
    }
    o = we_lower_pop_address(l);
    in_acc = l->accs[WE_CLASS_INT].mirror == o.local;
    p = we_emit_def(l, in_acc ? WE_I_I32_ADD_AI : WE_I_I32_ADD_SI,
                    WE_NVARIANTS, WE_CLASS_INT, WE_CLASS_INT, 8);
    p[5] = (uint16_t) o.local;
    we_put_imm32(p + 6, (uint32_t) o.bits);
}

void we_lower_drop(struct we_lower *l, uint32_t n)
{
    while (n-- > 0) {
        we_lower_pop_address(l);
    }
}

void we_lower_reset(struct we_lower *l, const struct we_block *block)
{
    while (l->noperands > block->height) {
        we_lower_pop_address(l);
    }
    l->top = block->slot;
}

enum we_mode we_operand_mode(const struct we_lower *l,
                             const struct we_operand *o)
{
    uint32_t slot = o->place == WE_AT_LOCAL ? o->local : o->slot;

    if (o->place == WE_AT_ACC) {
        return WE_A;
    }
    if (o->place == WE_AT_CONST) {
        return WE_I;
    }
    return o->class < WE_NACCS && l->accs[o->class].mirror == slot ? WE_A
                                                                   : WE_S;
}

uint32_t we_operand_slot(struct we_lower *l, struct we_operand *o)
{
    struct we_acc *acc;

    switch (o->place) {
    case WE_AT_LOCAL:
        return o->local;
    case WE_AT_CONST:
        we_emit_const(l, o->slot, o->bits);
        break;
    case WE_AT_SUM:                      /* still on the stack */
        l->waiting[o->local]--;
        emit_sum(l, o);
        break;
    case WE_AT_ACC:
        acc = &l->accs[o->class];
        set_iop(l->units + acc->at, acc->iop);
        acc->mirror = o->slot;
        acc->pending = WE_NONE;
        break;
    default:
        break;
    }
    o->place = WE_AT_SLOT;
    return o->slot;
}

static void canonical(struct we_lower *l, struct we_operand *o)
{
    if (o->place == WE_AT_ACC) {
        we_settle(l, o->class);
    } else if (o->place == WE_AT_LOCAL) {
        we_emit_move(l, o->slot, o->local, o->class);
        l->waiting[o->local]--;
        o->place = WE_AT_SLOT;
    } else {
        we_operand_slot(l, o);
    }
}

void we_flush(struct we_lower *l, uint32_t from)
{
    uint32_t i = l->flushed < from ? l->flushed : from;

    for (; i < l->noperands; i++) {
        if (i >= from || l->operands[i].place != WE_AT_CONST) {
            canonical(l, &l->operands[i]);
        }
    }
    l->flushed = l->noperands;
}

void we_flush_local(struct we_lower *l, uint32_t slot)
{
    uint32_t i = l->noperands;

    while (l->waiting[slot] > 0 && i > l->flushed) {
        struct we_operand *o = &l->operands[--i];

        if ((o->place == WE_AT_LOCAL || o->place == WE_AT_SUM)
            && o->local == slot) {
            canonical(l, o);
        }
    }
}

/* --- locals --------------------------------------------------------------- */

void we_lower_mark_set(struct we_lower *l, uint32_t local)
{
    if (l->is_set[local]) {
        return;
    }
    if (!we_grow(l->allocator, &l->set, &l->set_cap, (size_t) l->nset + 1,
                 sizeof *l->set)) {
        we_lower_fail(l, WE_NOMEM);
        return;
    }
    l->is_set[local] = true;
    l->set[l->nset++] = local;
}

void we_lower_mark_read(struct we_lower *l, uint32_t local)
{
    uint32_t slot = l->local_slot[local];
    uint32_t end = slot + we_slots(l->body->locals[local]);

    if (l->is_set[local]) {
        return;
    }
    if (l->zero_from == l->zero_to) {
        l->zero_from = slot;
        l->zero_to = end;
    }
    l->zero_from = slot < l->zero_from ? slot : l->zero_from;
    l->zero_to = end > l->zero_to ? end : l->zero_to;
}

void we_lower_unmark(struct we_lower *l, uint32_t nset)
{
    while (l->nset > nset) {
        l->is_set[l->set[--l->nset]] = false;
    }
}

/* Lowering of the instructions that aren't control: what becomes what, and the
 * sink of all of them. */
#include "lower.h"

#include <string.h>

/* --- which instruction becomes what --------------------------------------- */

/* What kind of lowering; each has a function below. */
enum we_how {
    HOW_NONE, HOW_BINARY, HOW_COMPARE, HOW_UNARY, HOW_LOAD, HOW_STORE,
    HOW_ALIAS, HOW_CONST, HOW_EQZ, HOW_SLOTS, HOW_SLOTS_DEF,
    HOW_VECTOR, HOW_VLOAD, HOW_VLANE, HOW_ATOMIC, HOW_ATOMIC_STORE
};

struct we_row {
    uint8_t  how;
    uint8_t  class;                      /* of the operands */
    uint8_t  result;                     /* class */
    uint8_t  n;                          /* operands */
    uint16_t iop;                        /* the family's first variant */
    bool     narrow;                     /* 32 bits of the operands count */
};

#define CLASS_i32 WE_CLASS_INT
#define CLASS_i64 WE_CLASS_INT
#define CLASS_f32 WE_CLASS_F32
#define CLASS_f64 WE_CLASS_F64
#define NARROW_i32 true
#define NARROW_i64 false
#define NARROW_f32 false
#define NARROW_f64 false

#define BINARY(x, name, T, ...)                                               \
    [WE_OP_##name] = { HOW_BINARY, CLASS_##T, CLASS_##T, 2,                   \
                       WE_I_##name##_SS, NARROW_##T },
#define COMPARE(x, name, T, ...)                                              \
    [WE_OP_##name] = { HOW_COMPARE, CLASS_##T, WE_CLASS_INT, 2,               \
                       WE_I_##name##_SS, NARROW_##T },
#define UNARY(x, name, T, R, ...)                                             \
    [WE_OP_##name] = { HOW_UNARY, CLASS_##T, CLASS_##R, 1,                    \
                       WE_I_##name##_S, false },
#define LOAD(x, name, T, ...)                                                 \
    [WE_OP_##name] = { HOW_LOAD, WE_CLASS_INT, CLASS_##T, 1,                  \
                       WE_I_##name##_S, false },
#define STORE(x, name, T, ...)                                                \
    [WE_OP_##name] = { HOW_STORE, CLASS_##T, CLASS_##T, 2,                    \
                       WE_I_##name##_SS, false },
#define EQZ(name, compare)                                                    \
    [WE_OP_##name] = { HOW_EQZ, WE_CLASS_INT, WE_CLASS_INT, 1,                \
                       WE_I_##compare##_SS, false }
#define ALIAS(name, T)                                                        \
    [WE_OP_##name] = { HOW_ALIAS, CLASS_##T, CLASS_##T, 1, 0, false }
#define CONSTANT(name, T)                                                     \
    [WE_OP_##name] = { HOW_CONST, CLASS_##T, CLASS_##T, 0, 0, false }
#define SLOTS(name, n)                                                        \
    [WE_OP_##name] = { HOW_SLOTS, 0, 0, n, WE_I_##name, false }
#define SLOTS_DEF(name, n)                                                    \
    [WE_OP_##name] = { HOW_SLOTS_DEF, 0, WE_CLASS_INT, n, WE_I_##name, false }
#define N_V   1
#define N_VV  2
#define N_VVV 3
#define N_VI  2
#define LANES(x, name, operands, ...)                                         \
    [WE_OP_##name] = { HOW_VECTOR, 0, WE_CLASS_V128, N_##operands,            \
                       WE_I_##name, false },
#define VECTOR1(x, name, ...)                                                 \
    [WE_OP_##name] = { HOW_VECTOR, 0, WE_CLASS_V128, 1, WE_I_##name, false },
#define VECTOR2(x, name, ...)                                                 \
    [WE_OP_##name] = { HOW_VECTOR, 0, WE_CLASS_V128, 2, WE_I_##name, false },
#define EXTRACT(x, name, T, to, ...)                                          \
    [WE_OP_##name] = { HOW_VECTOR, 0, CLASS_##to, 1, WE_I_##name, false },
#define REDUCTION(x, name, ...)                                               \
    [WE_OP_##name] = { HOW_VECTOR, 0, WE_CLASS_INT, 1, WE_I_##name, false },
#define VLOAD(x, name, ...)                                                   \
    [WE_OP_##name] = { HOW_VLOAD, WE_CLASS_INT, WE_CLASS_V128, 1,             \
                       WE_I_##name##_S, false },
#define VLANE(x, load, store, ...)                                            \
    [WE_OP_##load] = { HOW_VLANE, 0, WE_CLASS_V128, 2, WE_I_##load, false },  \
    [WE_OP_##store] = { HOW_VLANE, 0, 0, 2, WE_I_##store, false },
#define ATOMIC(name, n)                                                       \
    [WE_OP_##name] = { HOW_ATOMIC, 0, WE_CLASS_INT, n, WE_I_##name, false },
#define ATOMIC1(x, name, ...) ATOMIC(name, 1)
#define ATOMIC2(x, name, ...) ATOMIC(name, 2)
#define ATOMIC3(x, name, ...) ATOMIC(name, 3)
#define ATOMIC_STORE(x, name, ...)                                            \
    [WE_OP_##name] = { HOW_ATOMIC_STORE, 0, 0, 2, WE_I_##name, false },

static const struct we_row rows[WE_NOPS] = {
    WE_INT2(BINARY, )
    WE_DIV2(BINARY, )
    WE_FLT2(BINARY, )
    WE_CMP2(COMPARE, )
    WE_FCMP2(COMPARE, )
    WE_UNARY(UNARY, )
    WE_TRUNC(UNARY, )
    WE_LOADS(LOAD, )
    WE_STORES(STORE, )
    WE_LANES(LANES, )
    WE_SPLATS(VECTOR1, )
    WE_EXTRACTS(EXTRACT, )
    WE_REPLACES(VECTOR2, )
    WE_REDUCTIONS(REDUCTION, )
    WE_VLOADS(VLOAD, )
    WE_VLANES(VLANE, )
    WE_ATOMIC_LOADS(ATOMIC1, )
    WE_ATOMIC_STORES(ATOMIC_STORE, )
    WE_ATOMIC_RMWS(ATOMIC2, )
    WE_ATOMIC_CMPXCHGS(ATOMIC3, )
    ATOMIC(MEMORY_ATOMIC_NOTIFY, 2) ATOMIC(MEMORY_ATOMIC_WAIT32, 3)
    ATOMIC(MEMORY_ATOMIC_WAIT64, 3)
    EQZ(I32_EQZ, I32_EQ), EQZ(I64_EQZ, I64_EQ), EQZ(REF_IS_NULL, I64_EQ),
    [WE_OP_REF_EQ] = { HOW_COMPARE, WE_CLASS_INT, WE_CLASS_INT, 2,
                       WE_I_I64_EQ_SS, false },
    /* the same slot read as another class */
    ALIAS(I64_EXTEND_I32_U, i64),
    ALIAS(I32_REINTERPRET_F32, i32), ALIAS(I64_REINTERPRET_F64, i64),
    ALIAS(F32_REINTERPRET_I32, f32), ALIAS(F64_REINTERPRET_I64, f64),
    CONSTANT(I32_CONST, i32), CONSTANT(I64_CONST, i64),
    CONSTANT(F32_CONST, f32), CONSTANT(F64_CONST, f64),
    SLOTS_DEF(TABLE_GET, 1), SLOTS(TABLE_SET, 2), SLOTS_DEF(TABLE_SIZE, 0),
    SLOTS_DEF(TABLE_GROW, 2), SLOTS(TABLE_FILL, 3), SLOTS(TABLE_COPY, 3),
    SLOTS(TABLE_INIT, 3), SLOTS(ELEM_DROP, 0),
    SLOTS_DEF(MEMORY_SIZE, 0), SLOTS_DEF(MEMORY_GROW, 1),
    SLOTS(MEMORY_FILL, 3), SLOTS(MEMORY_COPY, 3), SLOTS(MEMORY_INIT, 3),
    SLOTS(DATA_DROP, 0)
};

/* --- arithmetic ----------------------------------------------------------- */

/* Can the bits be an immediate, 32 bits that are sign-extended? */
static bool fits(const struct we_row *row, uint64_t bits)
{
    return row->class == WE_CLASS_INT
           && (row->narrow || bits == (uint64_t) (int64_t) (int32_t) bits);
}

/* Two operands become one of the forms that there are: at most one in the
 * accumulator, at most the second immediate. */
static enum we_variant choose(struct we_lower *l, const struct we_row *row,
                              struct we_operand *a, struct we_operand *b)
{
    enum we_mode ma = we_operand_mode(l, a), mb = we_operand_mode(l, b);

    if (mb == WE_I && !fits(row, b->bits)) {
        if (ma == WE_A) {
            we_operand_slot(l, b);
            return WE_AS;
        }
        we_operand_slot(l, a);
        we_emit_const_acc(l, row->class, b->bits);
        return WE_SA;
    }
    if (ma == WE_I) {
        if (mb == WE_A) {
            we_operand_slot(l, a);
            return WE_SA;
        }
        we_emit_const_acc(l, row->class, a->bits);
        ma = WE_A;
    }
    if (mb == WE_I) {
        return ma == WE_A ? WE_AI : WE_SI;
    }
    return ma == WE_A ? WE_AS : mb == WE_A ? WE_SA : WE_SS;
}

/* Where an operand is that isn't in the accumulator alone. */
static uint32_t slot_of(const struct we_operand *o)
{
    return o->place == WE_AT_LOCAL || o->place == WE_AT_SUM ? o->local
                                                            : o->slot;
}

/* An i32 constant added to, or taken from, a local or such a sum? */
static bool make_sum(struct we_lower *l, const struct we_row *row)
{
    struct we_operand *b = &l->operands[l->noperands - 1], *a = b - 1;
    bool adds = row->iop == WE_I_I32_ADD_SS;

    if ((!adds && row->iop != WE_I_I32_SUB_SS) || b->place != WE_AT_CONST
        || (a->place != WE_AT_LOCAL && a->place != WE_AT_SUM)) {
        return false;
    }
    a->bits = a->place == WE_AT_SUM ? a->bits : 0;
    a->bits = (uint32_t) (adds ? a->bits + b->bits : a->bits - b->bits);
    a->place = WE_AT_SUM;
    we_lower_pop(l);
    return true;
}

static const uint16_t scaled_iops[WE_NVARIANTS] = {
    [WE_SS] = WE_I_SCALED_SS, [WE_AS] = WE_I_SCALED_AS,
    [WE_SI] = WE_I_SCALED_SI, [WE_AI] = WE_I_SCALED_AI
};

/* The sum of something that the last instruction shifted left by a constant
 * takes that over: an element's address, mostly. */
static bool make_scaled(struct we_lower *l, const struct we_row *row,
                        const struct we_operand *a, const struct we_operand *b)
{
    const struct we_operand *other = a->place == WE_AT_ACC ? b : a;
    bool constant = other->place == WE_AT_CONST;
    struct we_last shift = l->last, last = { .kind = WE_FUSE_SCALED };
    uint16_t *p;

    if (row->iop != WE_I_I32_ADD_SS || shift.kind != WE_FUSE_SHIFT
        || shift.end != l->n
        || (a->place != WE_AT_ACC && b->place != WE_AT_ACC)) {
        return false;
    }
    we_emit_undo(l, &shift);
    last.at = l->n;
    last.variant = constant ? shift.variant
                            : shift.variant == WE_AI ? WE_AS : WE_SS;
    last.a = shift.a;
    last.b = slot_of(other);
    last.imm = other->bits;
    last.shift = (uint8_t) (shift.imm & 31);
    memcpy(last.accs, l->accs, sizeof last.accs);
    p = we_emit_def(l, scaled_iops[last.variant], 4, WE_CLASS_INT,
                    WE_CLASS_INT, 12);
    p[5] = (uint16_t) last.a;
    p[6] = last.shift;
    if (constant) {
        we_put_imm32(p + 8, (uint32_t) last.imm);
    } else {
        p[8] = (uint16_t) last.b;
    }
    last.end = l->n;
    l->last = last;
    return true;
}

static void lower_binary(struct we_lower *l, const struct we_row *row)
{
    struct we_operand b = we_lower_pop(l), a = we_lower_pop(l);
    enum we_variant variant;
    uint32_t late = row->class == WE_CLASS_INT ? WE_NVARIANTS : 3;
    struct we_last last;
    uint16_t *p;

    if (make_scaled(l, row, &a, &b)) {
        return;
    }
    variant = choose(l, row, &a, &b);
    last = (struct we_last){
        .kind = row->iop == WE_I_I32_ADD_SS ? WE_FUSE_ADD : WE_FUSE_NOTHING,
        .at = l->n, .iop = row->iop, .variant = (uint8_t) variant,
        .a = slot_of(&a), .b = slot_of(&b), .imm = b.bits
    };
    memcpy(last.accs, l->accs, sizeof last.accs);
    p = we_emit_def(l, row->iop + variant, late, row->class, row->result, 8);
    p[5] = (uint16_t) last.a;
    if (variant == WE_SI || variant == WE_AI) {
        we_put_imm32(p + 6, (uint32_t) b.bits);
        if (row->iop == WE_I_I32_SHL_SS) {
            last.kind = WE_FUSE_SHIFT;
        }
    } else {
        p[6] = (uint16_t) last.b;
    }
    last.end = l->n;
    l->last = last;
    if (row->iop >= WE_I_I32_DIV_S_SS && row->iop <= WE_I_I64_REM_U_AIa) {
        we_emit_map(l);
    }
}

static void emit_comparison(struct we_lower *l, const struct we_row *row,
                            struct we_operand *a, struct we_operand *b)
{
    enum we_variant variant = choose(l, row, a, b);
    struct we_last last = {
        .kind = WE_FUSE_COMPARE, .at = l->n, .iop = row->iop,
        .variant = (uint8_t) variant, .class = row->class,
        .a = slot_of(a), .b = slot_of(b), .imm = b->bits
    };
    uint16_t *p;

    memcpy(last.accs, l->accs, sizeof last.accs);
    p = we_emit_def(l, row->iop + variant, 0, WE_CLASS_INT, WE_CLASS_INT, 8);
    p[5] = (uint16_t) last.a;
    if (variant == WE_SI || variant == WE_AI) {
        we_put_imm32(p + 6, (uint32_t) last.imm);
    } else {
        p[6] = (uint16_t) last.b;
    }
    last.end = l->n;
    last.slot = p[4];
    l->last = last;
}

static void lower_compare(struct we_lower *l, const struct we_row *row)
{
    struct we_operand b = we_lower_pop(l), a = we_lower_pop(l);

    emit_comparison(l, row, &a, &b);
}

/* Comparison with zero; of a comparison's result: its opposite, known to the
 * branch that may follow. */
static void lower_eqz(struct we_lower *l, const struct we_row *row)
{
    struct we_operand zero = { .place = WE_AT_CONST, .class = WE_CLASS_INT };
    struct we_operand a = we_lower_pop(l);
    struct we_last before = l->last;
    bool negates = before.kind == WE_FUSE_COMPARE && before.end == l->n
                   && a.place == WE_AT_SLOT && a.slot == before.slot;

    emit_comparison(l, row, &a, &zero);
    if (negates) {
        before.negate = !before.negate;
        before.end = l->n;
        before.slot = l->last.slot;
        l->last = before;
    }
}

static void lower_unary(struct we_lower *l, const struct we_row *row)
{
    struct we_operand a = we_lower_pop(l);
    enum we_mode mode = we_operand_mode(l, &a);
    uint16_t *p;

    if (mode == WE_I) {
        we_emit_const_acc(l, a.class, a.bits);
        mode = WE_A;
    }
    p = we_emit_def(l, mode == WE_A ? row->iop + 1u : row->iop, 2,
                    row->result, row->result, 8);
    p[5] = (uint16_t) slot_of(&a);
    if (row->iop >= WE_I_I32_TRUNC_F32_S_S
        && row->iop <= WE_I_I64_TRUNC_F64_U_Aa) {
        we_emit_map(l);
    }
}

static void lower_alias(struct we_lower *l, const struct we_row *row)
{
    struct we_operand *o = &l->operands[l->noperands - 1];

    if (o->class != row->result) {
        we_settle(l, o->class);
        o->class = row->result;
    }
}

/* --- memory --------------------------------------------------------------- */

static bool is_general(const struct we_lower *l, const struct we_insn *insn)
{
    return insn->index != 0 || insn->imm[0] > UINT32_MAX
           || l->module->memories[0].range.is64;
}

static void put_general(uint16_t *p, const struct we_insn *insn)
{
    we_put_imm32(p + 6, insn->index);
    we_put_imm64(p + 8, insn->imm[0]);
}

/* The address of a load that the last instruction added up: the load's form,
 * which takes that instruction over, by variant. */
static const uint8_t sum_loads[2][WE_NVARIANTS] = {
    { [WE_SS] = WE_LOAD_SS, [WE_AS] = WE_LOAD_AS, [WE_SA] = WE_LOAD_AS,
      [WE_SI] = WE_LOAD_X, [WE_AI] = WE_LOAD_Y },
    { [WE_SS] = WE_LOAD_US, [WE_AS] = WE_LOAD_UA,
      [WE_SI] = WE_LOAD_TS, [WE_AI] = WE_LOAD_TA }
};

/* The address of a load in memory 0 in one of its forms; *sum has its parts if
 * there are several. */
static enum we_address load_address(struct we_lower *l, struct we_operand *o,
                                    uint64_t *offset, struct we_last *sum)
{
    enum we_mode mode = we_operand_mode(l, o);

    *sum = l->last;
    if (mode == WE_I) {
        *offset += (uint32_t) o->bits;
        return WE_LOAD_K;
    }
    if (o->place == WE_AT_SUM) {
        sum->a = o->local;
        sum->imm = o->bits;
        return WE_LOAD_X;
    }
    if ((sum->kind == WE_FUSE_ADD || sum->kind == WE_FUSE_SCALED)
        && sum->end == l->n && o->place == WE_AT_ACC) {
        we_emit_undo(l, sum);
        return sum_loads[sum->kind == WE_FUSE_SCALED][sum->variant];
    }
    sum->a = slot_of(o);
    return mode == WE_A ? WE_LOAD_A : WE_LOAD_S;
}

static void lower_load(struct we_lower *l, const struct we_row *row,
                       const struct we_insn *insn)
{
    struct we_operand o = is_general(l, insn) ? we_lower_pop(l)
                                              : we_lower_pop_address(l);
    uint64_t offset = insn->imm[0];
    enum we_address form;
    struct we_last sum;
    uint16_t *p;

    if (is_general(l, insn)
        || (o.place == WE_AT_CONST
            && (uint32_t) o.bits + offset > UINT32_MAX)) {
        uint32_t slot = we_operand_slot(l, &o);

        p = we_emit_def(l, row->iop + 2 * WE_NLOADS, 0, row->result,
                        row->result, 12);
        p[5] = (uint16_t) slot;
        put_general(p, insn);
        we_emit_map(l);
        return;
    }
    form = load_address(l, &o, &offset, &sum);
    p = we_emit_def(l, row->iop + form, WE_NLOADS, row->result, row->result,
                    form == WE_LOAD_SS || form >= WE_LOAD_X ? 12 : 8);
    p[5] = (uint16_t) sum.a;
    we_put_imm32(p + 6, (uint32_t) offset);
    switch (form) {
    case WE_LOAD_SS:
    case WE_LOAD_US:
    case WE_LOAD_UA:
        p[8] = (uint16_t) sum.b;
        p[10] = sum.shift;
        break;
    case WE_LOAD_X:
    case WE_LOAD_Y:
    case WE_LOAD_TS:
    case WE_LOAD_TA:
        we_put_imm32(p + 8, (uint32_t) sum.imm);
        p[10] = sum.shift;
        break;
    case WE_LOAD_AS:
        p[5] = (uint16_t) (sum.variant == WE_AS ? sum.b : sum.a);
        break;
    default:
        break;
    }
    we_emit_map(l);
}

/* by value, if the address is the sum of a slot and a constant */
static const uint8_t sum_forms[3] = {
    [WE_S] = WE_STORE_XS, [WE_A] = WE_STORE_XA, [WE_I] = WE_STORE_XI
};

/* by address and value; in an accumulator they are of different classes, or
 * the same number */
static const uint8_t store_forms[3][3] = {
    [WE_S] = { [WE_S] = WE_STORE_SS, [WE_A] = WE_STORE_SA,
               [WE_I] = WE_STORE_SI },
    [WE_A] = { [WE_S] = WE_STORE_AS, [WE_A] = WE_STORE_AA,
               [WE_I] = WE_STORE_AI },
    [WE_I] = { [WE_S] = WE_STORE_KS, [WE_A] = WE_STORE_KA,
               [WE_I] = WE_STORE_KI }
};

static void lower_store(struct we_lower *l, const struct we_row *row,
                        const struct we_insn *insn)
{
    struct we_operand v = we_lower_pop(l);
    struct we_operand o = is_general(l, insn) ? we_lower_pop(l)
                                              : we_lower_pop_address(l);
    bool sum = o.place == WE_AT_SUM;
    enum we_mode value = we_operand_mode(l, &v);
    enum we_mode address = we_operand_mode(l, &o);
    uint64_t offset = insn->imm[0];
    uint32_t form;
    uint16_t *p;

    if (is_general(l, insn)
        || (address == WE_I && (uint32_t) o.bits + offset > UINT32_MAX)) {
        uint32_t slot = we_operand_slot(l, &o), from = we_operand_slot(l, &v);

        p = we_emit(l, row->iop + WE_STORE_G, 12);
        p[4] = (uint16_t) slot;
        p[5] = (uint16_t) from;
        put_general(p, insn);
        we_emit_map(l);
        return;
    }
    if (address == WE_I) {
        offset += (uint32_t) o.bits;
    }
    form = sum ? sum_forms[value] : store_forms[address][value];
    p = we_emit(l, row->iop + form,
                (value == WE_I ? 12u : 8u) + (sum ? 4u : 0u));
    p[4] = (uint16_t) slot_of(&o);
    p[5] = (uint16_t) slot_of(&v);
    we_put_imm32(p + 6, (uint32_t) offset);
    if (sum) {
        we_put_imm32(p + 8, (uint32_t) o.bits);
    }
    if (value == WE_I) {
        we_put_imm64(p + (sum ? 12 : 8), v.bits);
    }
    we_emit_map(l);
}

/* --- tables, bulk memory: all operands in slots --------------------------- */

static void lower_slots(struct we_lower *l, const struct we_row *row,
                        const struct we_insn *insn)
{
    bool defines = row->how == HOW_SLOTS_DEF;
    struct we_operand *o = &l->operands[l->noperands - row->n];
    uint32_t slots[3] = { 0 }, i;
    uint16_t *p;

    for (i = 0; i < row->n; i++) {
        slots[i] = we_operand_slot(l, &o[i]);
    }
    we_lower_drop(l, row->n);
    p = defines ? we_emit_def(l, row->iop, 0, WE_CLASS_INT, row->result, 12)
                : we_emit(l, row->iop, 12);
    for (i = 0; i < row->n; i++) {
        p[4 + defines + i] = (uint16_t) slots[i];
    }
    we_put_imm32(p + 8, insn->index);
    we_put_imm32(p + 10, insn->index2);
    we_emit_map(l);
}

/* --- vectors: in slots, too ----------------------------------------------- */

static void lower_vector(struct we_lower *l, const struct we_row *row,
                         const struct we_insn *insn)
{
    struct we_operand *o = &l->operands[l->noperands - row->n];
    uint32_t slots[3] = { 0 }, i;
    uint8_t acc = row->result == WE_CLASS_V128 ? WE_CLASS_V128 : WE_CLASS_INT;
    uint16_t *p;

    for (i = 0; i < row->n; i++) {
        slots[i] = we_operand_slot(l, &o[i]);
    }
    we_lower_drop(l, row->n);
    p = we_emit_def(l, row->iop, 0, acc, row->result, 8);
    for (i = 0; i < row->n; i++) {
        p[5 + i] = (uint16_t) slots[i];
    }
    if (row->n < 3) {
        p[7] = (uint16_t) insn->index;
    }
}

static void lower_v128_const(struct we_lower *l, const struct we_insn *insn)
{
    uint32_t slot = we_lower_push(l, WE_AT_SLOT, WE_CLASS_V128)->slot;

    we_emit_const(l, slot, insn->imm[0]);
    we_emit_const(l, slot + 1, insn->imm[1]);
}

static void lower_shuffle(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand b = we_lower_pop(l), a = we_lower_pop(l);
    uint32_t x = we_operand_slot(l, &a), y = we_operand_slot(l, &b);
    uint16_t *p = we_emit_def(l, WE_I_I8X16_SHUFFLE, 0, WE_CLASS_V128,
                              WE_CLASS_V128, 16);

    p[5] = (uint16_t) x;
    p[6] = (uint16_t) y;
    we_put_imm64(p + 8, insn->imm[0]);
    we_put_imm64(p + 12, insn->imm[1]);
}

static void lower_vload(struct we_lower *l, const struct we_row *row,
                        const struct we_insn *insn)
{
    struct we_operand o = we_lower_pop(l);
    bool in_acc = we_operand_mode(l, &o) == WE_A;
    uint32_t slot;
    uint16_t *p;

    if (is_general(l, insn)) {
        slot = we_operand_slot(l, &o);
        p = we_emit_def(l, row->iop + 2u, 0, WE_CLASS_V128, WE_CLASS_V128, 12);
        put_general(p, insn);
    } else {
        slot = in_acc ? 0 : we_operand_slot(l, &o);
        p = we_emit_def(l, row->iop + (in_acc ? 1u : 0u), 0, WE_CLASS_V128,
                        WE_CLASS_V128, 8);
        we_put_imm32(p + 6, (uint32_t) insn->imm[0]);
    }
    p[5] = (uint16_t) slot;
    we_emit_map(l);
}

static void lower_vstore(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand v = we_lower_pop(l), o = we_lower_pop(l);
    bool in_acc = we_operand_mode(l, &o) == WE_A;
    uint32_t from = we_operand_slot(l, &v), slot;
    uint16_t *p;

    if (is_general(l, insn)) {
        slot = we_operand_slot(l, &o);
        p = we_emit(l, WE_I_V128_STORE_G, 12);
        put_general(p, insn);
    } else {
        slot = in_acc ? 0 : we_operand_slot(l, &o);
        p = we_emit(l, in_acc ? WE_I_V128_STORE_AS : WE_I_V128_STORE_SS, 8);
        we_put_imm32(p + 6, (uint32_t) insn->imm[0]);
    }
    p[4] = (uint16_t) slot;
    p[5] = (uint16_t) from;
    we_emit_map(l);
}

static void lower_vlane(struct we_lower *l, const struct we_row *row,
                        const struct we_insn *insn)
{
    struct we_operand v = we_lower_pop(l), o = we_lower_pop(l);
    uint32_t from = we_operand_slot(l, &v), slot = we_operand_slot(l, &o);
    uint16_t *p = row->result == WE_CLASS_V128
                  ? we_emit_def(l, row->iop, 0, WE_CLASS_V128, WE_CLASS_V128,
                                16)
                  : we_emit(l, row->iop, 16);

    p[5] = (uint16_t) slot;
    put_general(p, insn);
    p[12] = (uint16_t) from;
    p[13] = (uint16_t) insn->index2;
    we_emit_map(l);
}

/* --- atomics -------------------------------------------------------------- */

static void lower_atomic(struct we_lower *l, const struct we_row *row,
                         const struct we_insn *insn)
{
    struct we_operand *o = &l->operands[l->noperands - row->n];
    uint32_t slots[3] = { 0 }, i;
    uint16_t *p;

    for (i = 0; i < row->n; i++) {
        slots[i] = we_operand_slot(l, &o[i]);
    }
    we_lower_drop(l, row->n);
    p = row->how == HOW_ATOMIC
        ? we_emit_def(l, row->iop, 0, WE_CLASS_INT, WE_CLASS_INT, 16)
        : we_emit(l, row->iop, 16);
    p[5] = (uint16_t) slots[0];
    p[12] = (uint16_t) slots[1];
    p[13] = (uint16_t) slots[2];
    put_general(p, insn);
    we_emit_map(l);
}

/* --- variables ------------------------------------------------------------ */

static void lower_local_get(struct we_lower *l, uint32_t local)
{
    uint32_t slot = l->local_slot[local];
    struct we_operand *o =
        we_lower_push(l, WE_AT_LOCAL, we_class_of(l->body->locals[local]));

    we_lower_mark_read(l, local);
    l->reads |= local < WE_READS ? 1u << local : 0;
    o->local = slot;
    l->waiting[slot]++;
}

/* The last instruction made this operand: it can write elsewhere. */
static bool redirect(struct we_lower *l, struct we_operand *o, uint32_t d)
{
    struct we_acc *acc = o->class < WE_NACCS ? &l->accs[o->class] : NULL;

    if (l->error != WE_OK || l->def_end != l->n || l->def_at < l->barrier
        || l->units[l->def_at + 4] != o->slot
        || (o->place != WE_AT_ACC && o->place != WE_AT_SLOT)) {
        return false;
    }
    we_operand_slot(l, o);
    we_wrote(l, d, o->class);
    l->units[l->def_at + 4] = (uint16_t) d;
    if (acc != NULL && acc->mirror == o->slot) {
        acc->mirror = d;
    }
    l->last.kind = WE_FUSE_NOTHING;
    l->def_end = WE_NONE;
    return true;
}

static void lower_local_set(struct we_lower *l, uint32_t local)
{
    uint32_t d = l->local_slot[local];
    struct we_operand o = we_lower_pop(l);

    we_lower_mark_set(l, local);
    if (o.place == WE_AT_LOCAL && o.local == d) {
        return;
    }
    if (l->waiting[d] > 0) {
        if (o.place == WE_AT_ACC) {
            we_operand_slot(l, &o);
        }
        we_flush_local(l, d);
    }
    if (redirect(l, &o, d)) {
        return;
    }
    if (o.place == WE_AT_CONST) {
        we_emit_const(l, d, o.bits);
    } else {
        we_emit_move(l, d, we_operand_slot(l, &o), o.class);
    }
}

static void lower_global_get(struct we_lower *l, const struct we_insn *insn)
{
    uint8_t class = we_class_of(l->module->globals[insn->index].type);
    uint16_t *p;

    if (class == WE_CLASS_V128) {
        p = we_emit_def(l, WE_I_GLOBAL_GET_V, 0, class, class, 8);
    } else {
        p = we_emit_def(l, WE_I_GLOBAL_GET, class == WE_CLASS_INT,
                        WE_CLASS_INT, class, 8);
    }
    we_put_imm32(p + 6, insn->index);
}

static void lower_global_set(struct we_lower *l, const struct we_insn *insn)
{
    struct we_operand o = we_lower_pop(l);
    uint32_t iop = WE_I_GLOBAL_SET_V, slot = 0;
    uint16_t *p;

    if (o.class == WE_CLASS_INT && we_operand_mode(l, &o) == WE_A) {
        iop = WE_I_GLOBAL_SET_A;
    } else {
        slot = we_operand_slot(l, &o);
        if (o.class != WE_CLASS_V128) {
            iop = WE_I_GLOBAL_SET_S;
        }
    }
    p = we_emit(l, iop, 8);
    p[4] = (uint16_t) slot;
    we_put_imm32(p + 6, insn->index);
}

/* --- the rest ------------------------------------------------------------- */

static void lower_const(struct we_lower *l, uint8_t class, uint64_t bits)
{
    we_lower_push(l, WE_AT_CONST, class)->bits = bits;
}

static void lower_select(struct we_lower *l)
{
    struct we_operand c = we_lower_pop(l), b = we_lower_pop(l);
    struct we_operand a = we_lower_pop(l);
    bool vector = a.class == WE_CLASS_V128;
    bool in_acc = we_operand_mode(l, &c) == WE_A && !vector;
    uint32_t slot = in_acc ? 0 : we_operand_slot(l, &c);
    uint32_t from = we_operand_slot(l, &a), other = we_operand_slot(l, &b);
    uint16_t *p = we_emit_def(l, vector ? WE_I_SELECT_V
                                 : in_acc ? WE_I_SELECT_A : WE_I_SELECT_S, 0,
                              vector ? WE_CLASS_V128 : WE_CLASS_INT, a.class,
                              8);

    p[5] = (uint16_t) from;
    p[6] = (uint16_t) other;
    p[7] = (uint16_t) slot;
}

static void lower_ref_as_non_null(struct we_lower *l)
{
    uint32_t slot = we_operand_slot(l, &l->operands[l->noperands - 1]);

    we_emit(l, WE_I_REF_AS_NON_NULL, 8)[4] = (uint16_t) slot;
    we_emit_map(l);
}

static bool lower_single(struct we_lower *l, const struct we_insn *insn)
{
    uint16_t *p;

    switch (insn->op) {
    case WE_OP_NOP:
    case WE_OP_ATOMIC_FENCE:                                        break;
    case WE_OP_DROP:        we_lower_drop(l, 1);                    break;
    case WE_OP_SELECT:
    case WE_OP_SELECT_T:    lower_select(l);                        break;
    case WE_OP_LOCAL_GET:   lower_local_get(l, insn->index);        break;
    case WE_OP_LOCAL_SET:   lower_local_set(l, insn->index);        break;
    case WE_OP_LOCAL_TEE:   lower_local_set(l, insn->index);
                            lower_local_get(l, insn->index);        break;
    case WE_OP_GLOBAL_GET:  lower_global_get(l, insn);              break;
    case WE_OP_GLOBAL_SET:  lower_global_set(l, insn);              break;
    case WE_OP_REF_NULL:    lower_const(l, WE_CLASS_INT, 0);        break;
    case WE_OP_REF_AS_NON_NULL: lower_ref_as_non_null(l);           break;
    case WE_OP_V128_CONST:  lower_v128_const(l, insn);              break;
    case WE_OP_V128_STORE:  lower_vstore(l, insn);                  break;
    case WE_OP_I8X16_SHUFFLE: lower_shuffle(l, insn);               break;
    case WE_OP_REF_FUNC:
        p = we_emit_def(l, WE_I_REF_FUNC, 0, WE_CLASS_INT, WE_CLASS_INT, 8);
        we_put_imm32(p + 6, insn->index);
        break;
    default:
        return false;
    }
    return true;
}

/* Those that don't use the top operand, or take it as an address. */
static bool leaves_top(const struct we_row *row, enum we_op op)
{
    return row->how == HOW_LOAD || row->how == HOW_CONST
           || op == WE_OP_LOCAL_GET || op == WE_OP_GLOBAL_GET
           || op == WE_OP_DROP || op == WE_OP_NOP;
}

enum we_error we_lower_insn(void *env, const struct we_insn *insn)
{
    struct we_lower *l = env;
    const struct we_row *row = &rows[insn->op];

    l->offset = insn->offset;
    if (!leaves_top(row, insn->op)) {
        we_lower_add_top(l);
    }
    switch ((enum we_how) row->how) {
    case HOW_BINARY:
        if (!make_sum(l, row)) {
            lower_binary(l, row);
        }
        break;
    case HOW_COMPARE:   lower_compare(l, row);                      break;
    case HOW_EQZ:       lower_eqz(l, row);                          break;
    case HOW_UNARY:     lower_unary(l, row);                        break;
    case HOW_ALIAS:     lower_alias(l, row);                        break;
    case HOW_CONST:     lower_const(l, row->class, insn->imm[0]);   break;
    case HOW_LOAD:      lower_load(l, row, insn);                   break;
    case HOW_STORE:     lower_store(l, row, insn);                  break;
    case HOW_SLOTS:
    case HOW_SLOTS_DEF: lower_slots(l, row, insn);                  break;
    case HOW_VECTOR:    lower_vector(l, row, insn);                 break;
    case HOW_VLOAD:     lower_vload(l, row, insn);                  break;
    case HOW_VLANE:     lower_vlane(l, row, insn);                  break;
    case HOW_ATOMIC:
    case HOW_ATOMIC_STORE: lower_atomic(l, row, insn);              break;
    case HOW_NONE:
        if (!we_lower_control(l, insn) && !lower_single(l, insn)
            && !we_lower_gc(l, insn)) {
            we_lower_fail(l, WE_UNSUPPORTED);
        }
        break;
    }
    return l->error;
}

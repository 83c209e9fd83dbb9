/* Lowering of exceptions, structures, arrays and casts (not the branches). */
#include "lower.h"

#include "heap.h"

/* Where the operands' slots stand in the instruction, in order. */
static const uint8_t places[] = { 5, 6, 7, 16, 17 };

/* The first slot above those that hold operands; the topmost ones are often
 * locals or constants, whose own slots hold what was there before. */
static uint32_t live_top(const struct we_lower *l)
{
    enum { LOOK_AT = 16 };
    uint32_t i = l->noperands, least = i > LOOK_AT ? i - LOOK_AT : 0;
    const struct we_operand *o;

    while (i > least && l->operands[i - 1].place != WE_AT_SLOT) {
        i--;
    }
    if (i == 0) {
        return l->body->local_slots;
    }
    o = &l->operands[i - 1];
    return o->slot + we_class_slots(o->class);
}

/* Emits operation iop on the top n operands; a result of a class is pushed,
 * with WE_CLASS_NONE there is none. */
enum { WE_CLASS_NONE = WE_CLASS_V128 + 1 };

static uint16_t *emit(struct we_lower *l, uint32_t iop, uint32_t n,
                      uint8_t result)
{
    struct we_operand *o = &l->operands[l->noperands - n];
    uint32_t slots[5] = { 0 }, top, i;
    uint16_t *p;

    for (i = 0; i < n; i++) {
        slots[i] = we_operand_slot(l, &o[i]);
    }
    we_settle_all(l);
    top = live_top(l);
    we_lower_drop(l, n);
    if (result == WE_CLASS_NONE) {
        p = we_emit(l, iop, WE_GC_UNITS);
    } else {
        p = we_emit_def(l, iop, 0, result == WE_CLASS_V128 ? WE_CLASS_V128
                                                           : WE_CLASS_INT,
                        result, WE_GC_UNITS);
    }
    for (i = 0; i < n; i++) {
        p[places[i]] = (uint16_t) slots[i];
    }
    p[18] = (uint16_t) top;
    we_emit_map(l);
    return p;
}

static void put(uint16_t *p, uint32_t x, uint32_t y,
                const struct we_type *type)
{
    we_put_imm32(p + 8, x);
    we_put_imm32(p + 10, y);
    we_put_imm64(p + 12, (uintptr_t) type);
}

/* The same with n operands in a row, from slot a on. */
static uint16_t *emit_row(struct we_lower *l, uint32_t iop, uint32_t n,
                          uint8_t result)
{
    uint32_t first, top;
    uint16_t *p;

    we_flush(l, l->noperands - n);
    we_settle_all(l);
    top = live_top(l);
    we_lower_drop(l, n);
    first = l->top;
    p = emit(l, iop, 0, result);
    p[5] = (uint16_t) first;
    p[18] = (uint16_t) top;
    return p;
}

/* --- structures ----------------------------------------------------------- */

/* Bytes before field n. */
static uint32_t field_at(const struct we_type *type, uint32_t n)
{
    uint32_t i, slots = 0;

    for (i = 0; i < n; i++) {
        slots += we_slots(type->fields[i].type);
    }
    return slots * 8;
}

static void lower_struct_new(struct we_lower *l, const struct we_insn *insn)
{
    const struct we_type *type = l->module->types[insn->index];
    bool fields = insn->op == WE_OP_STRUCT_NEW;
    uint16_t *p = emit_row(l, fields ? WE_I_STRUCT_NEW
                                     : WE_I_STRUCT_NEW_DEFAULT,
                           fields ? type->nfields : 0, WE_CLASS_INT);

    put(p, field_at(type, type->nfields), 0, type);
}

static void lower_struct_get(struct we_lower *l, const struct we_insn *insn)
{
    const struct we_type *type = l->module->types[insn->index];
    we_valtype of = type->fields[insn->index2].type;
    bool s = insn->op == WE_OP_STRUCT_GET_S;
    uint32_t iop = of == WE_V128 ? WE_I_STRUCT_GET_V
                   : of == WE_I8 ? s ? WE_I_STRUCT_GET_S8 : WE_I_STRUCT_GET_U8
                   : of == WE_I16
                     ? s ? WE_I_STRUCT_GET_S16 : WE_I_STRUCT_GET_U16
                   : WE_I_STRUCT_GET_64;

    put(emit(l, iop, 1, we_class_of(of)), field_at(type, insn->index2), 0,
        type);
}

static void lower_struct_set(struct we_lower *l, const struct we_insn *insn)
{
    const struct we_type *type = l->module->types[insn->index];
    we_valtype of = type->fields[insn->index2].type;

    put(emit(l, of == WE_V128 ? WE_I_STRUCT_SET_V : WE_I_STRUCT_SET_64, 2,
             WE_CLASS_NONE), field_at(type, insn->index2), 0, type);
}

/* --- arrays --------------------------------------------------------------- */

static void lower_array_get(struct we_lower *l, const struct we_insn *insn)
{
    static const uint16_t iops[] = {
        WE_I_ARRAY_GET_U8, WE_I_ARRAY_GET_U16, WE_I_ARRAY_GET_32,
        WE_I_ARRAY_GET_64, WE_I_ARRAY_GET_V
    };
    we_valtype of = l->module->types[insn->index]->fields[0].type;
    uint32_t iop = iops[we_heap_elem_shift(of)];

    if (insn->op == WE_OP_ARRAY_GET_S) {
        iop = of == WE_I8 ? WE_I_ARRAY_GET_S8 : WE_I_ARRAY_GET_S16;
    }
    emit(l, iop, 2, we_class_of(of));
}

static void lower_array_set(struct we_lower *l, const struct we_insn *insn)
{
    static const uint16_t iops[] = {
        WE_I_ARRAY_SET_U8, WE_I_ARRAY_SET_U16, WE_I_ARRAY_SET_32,
        WE_I_ARRAY_SET_64, WE_I_ARRAY_SET_V
    };
    we_valtype of = l->module->types[insn->index]->fields[0].type;

    emit(l, iops[we_heap_elem_shift(of)], 3, WE_CLASS_NONE);
}

/* What works on a whole array: x is its elements' size. */
static bool lower_array(struct we_lower *l, const struct we_insn *insn)
{
    static const struct {
        enum we_op op;
        uint16_t   iop;
        uint8_t    n;
        bool       makes;
    } rows[] = {
        { WE_OP_ARRAY_NEW, WE_I_ARRAY_NEW, 2, true },
        { WE_OP_ARRAY_NEW_DEFAULT, WE_I_ARRAY_NEW_DEFAULT, 1, true },
        { WE_OP_ARRAY_NEW_DATA, WE_I_ARRAY_NEW_DATA, 2, true },
        { WE_OP_ARRAY_NEW_ELEM, WE_I_ARRAY_NEW_ELEM, 2, true },
        { WE_OP_ARRAY_FILL, WE_I_ARRAY_FILL, 4, false },
        { WE_OP_ARRAY_COPY, WE_I_ARRAY_COPY, 5, false },
        { WE_OP_ARRAY_INIT_DATA, WE_I_ARRAY_INIT_DATA, 4, false },
        { WE_OP_ARRAY_INIT_ELEM, WE_I_ARRAY_INIT_ELEM, 4, false }
    };
    const struct we_type *type = l->module->types[insn->index];
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].op == insn->op) {
            put(emit(l, rows[i].iop, rows[i].n,
                     rows[i].makes ? WE_CLASS_INT : WE_CLASS_NONE),
                we_heap_elem_shift(type->fields[0].type), insn->index2, type);
            return true;
        }
    }
    return false;
}

static void lower_array_fixed(struct we_lower *l, const struct we_insn *insn)
{
    const struct we_type *type = l->module->types[insn->index];

    put(emit_row(l, WE_I_ARRAY_NEW_FIXED, insn->index2, WE_CLASS_INT),
        we_heap_elem_shift(type->fields[0].type), insn->index2, type);
}

/* --- the rest ------------------------------------------------------------- */

/* The operand stays. */
static void lower_cast(struct we_lower *l, we_valtype type)
{
    uint32_t slot = we_operand_slot(l, &l->operands[l->noperands - 1]);
    uint16_t *p;

    p = emit(l, WE_I_REF_CAST, 0, WE_CLASS_NONE);
    p[5] = (uint16_t) slot;
    put(p, type, 0, NULL);
}

void we_lower_ref_test(struct we_lower *l, we_valtype type)
{
    uint32_t slot = we_operand_slot(l, &l->operands[l->noperands - 1]);
    uint16_t *p;

    we_settle_all(l);
    p = we_emit(l, WE_I_REF_TEST_A, WE_GC_UNITS);
    p[5] = (uint16_t) slot;
    put(p, type, 0, NULL);
    l->accs[WE_CLASS_INT].mirror = WE_NONE;
}

static void lower_throw(struct we_lower *l, const struct we_insn *insn)
{
    const struct we_type *type = l->module->tags[insn->index].type;

    put(emit_row(l, WE_I_THROW, type->nparams, WE_CLASS_NONE), insn->index, 0,
        NULL);
}

bool we_lower_gc(struct we_lower *l, const struct we_insn *insn)
{
    const uint8_t ref = WE_CLASS_INT, none = WE_CLASS_NONE;

    switch (insn->op) {
    case WE_OP_THROW:       lower_throw(l, insn);                   break;
    case WE_OP_THROW_REF:   emit(l, WE_I_THROW_REF, 1, none);       break;
    case WE_OP_STRUCT_NEW:
    case WE_OP_STRUCT_NEW_DEFAULT: lower_struct_new(l, insn);       break;
    case WE_OP_STRUCT_GET:
    case WE_OP_STRUCT_GET_S:
    case WE_OP_STRUCT_GET_U: lower_struct_get(l, insn);             break;
    case WE_OP_STRUCT_SET:  lower_struct_set(l, insn);              break;
    case WE_OP_ARRAY_NEW_FIXED: lower_array_fixed(l, insn);         break;
    case WE_OP_ARRAY_GET:
    case WE_OP_ARRAY_GET_S:
    case WE_OP_ARRAY_GET_U: lower_array_get(l, insn);               break;
    case WE_OP_ARRAY_SET:   lower_array_set(l, insn);               break;
    case WE_OP_ARRAY_LEN:   emit(l, WE_I_ARRAY_LEN, 1, ref);        break;
    case WE_OP_REF_TEST:
    case WE_OP_REF_TEST_NULL:
        put(emit(l, WE_I_REF_TEST, 1, ref), insn->type, 0, NULL);
        break;
    case WE_OP_REF_CAST:
    case WE_OP_REF_CAST_NULL: lower_cast(l, insn->type);            break;
    case WE_OP_REF_I31:     emit(l, WE_I_REF_I31, 1, ref);          break;
    case WE_OP_I31_GET_S:   emit(l, WE_I_I31_GET_S, 1, ref);        break;
    case WE_OP_I31_GET_U:   emit(l, WE_I_I31_GET_U, 1, ref);        break;
    case WE_OP_ANY_CONVERT_EXTERN:
        emit(l, WE_I_ANY_CONVERT_EXTERN, 1, ref);
        break;
    case WE_OP_EXTERN_CONVERT_ANY:
        emit(l, WE_I_EXTERN_CONVERT_ANY, 1, ref);
        break;
    default:
        return lower_array(l, insn);
    }
    return true;
}

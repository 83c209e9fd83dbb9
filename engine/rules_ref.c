/* The rules of instructions on references, structures and arrays: each pops and
 * pushes what its section of 3.4 says. */
#include "rules.h"

/* --- references --------------------------------------------------------- */

void we_rule_ref_null(struct we_validator *v, struct we_insn *insn)
{
    we_operand_push(v, insn->type);
}

void we_rule_ref_is_null(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_operand_push(v, WE_I32);
}

void we_rule_ref_func(struct we_validator *v, struct we_insn *insn)
{
    struct we_func_desc *func = &v->module->funcs[insn->index];

    if (v->func == WE_NO_INDEX)
        func->declared = true;
    else if (!func->declared)
        we_validator_fail(v, WE_INVALID, "undeclared function reference %u",
                          insn->index);
    insn->type = we_ref_to(func->type, false);
    we_operand_push(v, insn->type);
}

void we_rule_ref_as_non_null(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_operand_push(v, insn->type & ~WE_NULL);
}

void we_rule_br_on_null(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label = we_label_at(v, insn->index);
    uint32_t n = we_label_ntypes(label);

    insn->type = we_operand_pop_ref(v);
    we_operand_pop_all(v, we_label_types(label), n);
    we_operand_push_all(v, we_label_types(label), n);
    we_operand_push(v, insn->type & ~WE_NULL);
}

/* The reference that a label takes last; the others are left out of *n. */
static we_valtype label_ref(struct we_validator *v, uint32_t depth,
                            uint32_t *n)
{
    const struct we_label *label = we_label_at(v, depth);

    *n = we_label_ntypes(label);
    if (*n > 0 && we_is_ref(we_label_types(label)[*n - 1]))
        return we_label_types(label)[--*n];
    we_validator_fail(v, WE_INVALID,
                      "type mismatch: the label takes no reference");
    return WE_FUNCREF;
}

void we_rule_br_on_non_null(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label = we_label_at(v, insn->index);
    uint32_t n;
    we_valtype last = label_ref(v, insn->index, &n);

    insn->type = we_operand_pop_ref(v);
    we_must_match(v, insn->type & ~WE_NULL, last);
    we_operand_pop_all(v, we_label_types(label), n);
    we_operand_push_all(v, we_label_types(label), n);
}

/* The top of a reference type's hierarchy. */
static we_valtype top_of(struct we_validator *v, we_valtype type)
{
    static const uint8_t tops[] = { WE_HEAP_FUNC, WE_HEAP_EXTERN,
                                    WE_HEAP_EXN };
    we_valtype top;
    size_t i;

    for (i = 0; i < sizeof tops; i++) {
        top = WE_REF | WE_NULL | tops[i];
        if (we_types_sub(v->types, type, top))
            return top;
    }
    return WE_REF | WE_NULL | WE_HEAP_ANY;
}

void we_rule_ref_test(struct we_validator *v, struct we_insn *insn)
{
    insn->type2 = we_operand_pop(v, top_of(v, insn->type));
    we_operand_push(v, WE_I32);
}

void we_rule_ref_cast(struct we_validator *v, struct we_insn *insn)
{
    insn->type2 = we_operand_pop(v, top_of(v, insn->type));
    we_operand_push(v, insn->type);
}

/* What remains of a reference that was found not to be of the other type. */
static we_valtype difference(we_valtype type, we_valtype other)
{
    return other & WE_NULL ? type & ~WE_NULL : type;
}

static void br_on_cast(struct we_validator *v, struct we_insn *insn,
                       we_valtype taken, we_valtype other)
{
    struct we_label *label = we_label_at(v, insn->index);
    uint32_t n;
    we_valtype last = label_ref(v, insn->index, &n);

    we_must_match(v, insn->type, insn->type2);
    we_must_match(v, taken, last);
    we_operand_pop(v, insn->type2);
    we_operand_pop_all(v, we_label_types(label), n);
    we_operand_push_all(v, we_label_types(label), n);
    we_operand_push(v, other);
}

void we_rule_br_on_cast(struct we_validator *v, struct we_insn *insn)
{
    br_on_cast(v, insn, insn->type, difference(insn->type2, insn->type));
}

void we_rule_br_on_cast_fail(struct we_validator *v, struct we_insn *insn)
{
    br_on_cast(v, insn, difference(insn->type2, insn->type), insn->type);
}

void we_rule_any_convert_extern(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_must_match(v, insn->type, WE_EXTERNREF);
    we_operand_push(v, WE_REF | (insn->type & WE_NULL) | WE_HEAP_ANY);
}

void we_rule_extern_convert_any(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_must_match(v, insn->type, WE_REF | WE_NULL | WE_HEAP_ANY);
    we_operand_push(v, WE_REF | (insn->type & WE_NULL) | WE_HEAP_EXTERN);
}

/* --- structures --------------------------------------------------------- */

static bool is_packed(we_valtype type)
{
    return type == WE_I8 || type == WE_I16;
}

static we_valtype unpacked(we_valtype type)
{
    return is_packed(type) ? WE_I32 : type;
}

static bool has_default(we_valtype type)
{
    return !we_is_ref(type) || (type & WE_NULL);
}

static void must_default(struct we_validator *v, we_valtype type)
{
    char text[WE_TYPE_TEXT_MAX];

    if (!has_default(type))
        we_validator_fail(v, WE_INVALID, "type mismatch: %s has no default "
                          "value", we_valtype_text(v->module, type, text));
}

static void must_mutable(struct we_validator *v, const struct we_field *field)
{
    if (!field->mutable_)
        we_validator_fail(v, WE_INVALID, "immutable field or array");
}

/* Accessors with a sign are for packed fields, those without for others. */
static void must_packed(struct we_validator *v, const struct we_field *field,
                        bool packed)
{
    if (is_packed(field->type) != packed)
        we_validator_fail(v, WE_INVALID, "type mismatch: the field is %spacked",
                          packed ? "not " : "");
}

void we_rule_struct_new(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_STRUCT);
    uint32_t i;

    if (!type)
        return;
    we_validator_work(v, type->nfields);
    for (i = type->nfields; i-- > 0;)
        we_operand_pop(v, unpacked(type->fields[i].type));
    we_operand_push(v, we_ref_to(type, false));
}

void we_rule_struct_new_default(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_STRUCT);
    uint32_t i;

    if (!type)
        return;
    we_validator_work(v, type->nfields);
    for (i = 0; i < type->nfields; i++)
        must_default(v, type->fields[i].type);
    we_operand_push(v, we_ref_to(type, false));
}

/* The field that is accessed; NULL: not valid. */
static const struct we_field *field_at(struct we_validator *v,
                                       struct we_insn *insn)
{
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_STRUCT);

    if (!type)
        return NULL;
    if (insn->index2 >= type->nfields) {
        we_validator_fail(v, WE_INVALID, "unknown field %u of type %u",
                          insn->index2, insn->index);
        return NULL;
    }
    insn->type = type->fields[insn->index2].type;
    return &type->fields[insn->index2];
}

static void struct_get(struct we_validator *v, struct we_insn *insn,
                       bool packed)
{
    const struct we_field *field = field_at(v, insn);

    if (!field)
        return;
    must_packed(v, field, packed);
    we_operand_pop(v, we_ref_to(v->module->types[insn->index], true));
    we_operand_push(v, unpacked(field->type));
}

void we_rule_struct_get(struct we_validator *v, struct we_insn *insn)
{
    struct_get(v, insn, false);
}

void we_rule_struct_get_packed(struct we_validator *v, struct we_insn *insn)
{
    struct_get(v, insn, true);
}

void we_rule_struct_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *field = field_at(v, insn);

    if (!field)
        return;
    must_mutable(v, field);
    we_operand_pop(v, unpacked(field->type));
    we_operand_pop(v, we_ref_to(v->module->types[insn->index], true));
}

/* --- arrays ------------------------------------------------------------- */

/* The elements of the array type at index; NULL: not valid. */
static const struct we_field *array_at(struct we_validator *v,
                                       struct we_insn *insn)
{
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_ARRAY);

    if (!type)
        return NULL;
    insn->type = type->fields[0].type;
    return &type->fields[0];
}

static void pop_array(struct we_validator *v, uint32_t index)
{
    we_operand_pop(v, we_ref_to(v->module->types[index], true));
}

static void push_array(struct we_validator *v, uint32_t index)
{
    we_operand_push(v, we_ref_to(v->module->types[index], false));
}

void we_rule_array_new(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, unpacked(elem->type));
    push_array(v, insn->index);
}

void we_rule_array_new_default(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_default(v, elem->type);
    we_operand_pop(v, WE_I32);
    push_array(v, insn->index);
}

void we_rule_array_new_fixed(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);
    uint32_t i;

    if (!elem)
        return;
    we_validator_work(v, insn->index2);
    for (i = 0; i < insn->index2; i++)
        we_operand_pop(v, unpacked(elem->type));
    push_array(v, insn->index);
}

static void must_number(struct we_validator *v, const struct we_field *elem)
{
    if (we_is_ref(elem->type))
        we_validator_fail(v, WE_INVALID, "type mismatch: array type is not "
                          "numeric or vector");
}

void we_rule_array_new_data(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_number(v, elem);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    push_array(v, insn->index);
}

void we_rule_array_new_elem(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    we_must_match(v, v->module->elems[insn->index2].type, elem->type);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    push_array(v, insn->index);
}

static void array_get(struct we_validator *v, struct we_insn *insn,
                      bool packed)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_packed(v, elem, packed);
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
    we_operand_push(v, unpacked(elem->type));
}

void we_rule_array_get(struct we_validator *v, struct we_insn *insn)
{
    array_get(v, insn, false);
}

void we_rule_array_get_packed(struct we_validator *v, struct we_insn *insn)
{
    array_get(v, insn, true);
}

void we_rule_array_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_mutable(v, elem);
    we_operand_pop(v, unpacked(elem->type));
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
}

void we_rule_array_fill(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_mutable(v, elem);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, unpacked(elem->type));
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
}

void we_rule_array_copy(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *dst = array_at(v, insn);
    const struct we_type *src = we_type_at(v, insn->index2, WE_TYPE_ARRAY);

    if (!dst || !src)
        return;
    must_mutable(v, dst);
    we_must_match(v, src->fields[0].type, dst->type);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index2);
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
}

static void array_init(struct we_validator *v, struct we_insn *insn,
                       const struct we_field *elem)
{
    must_mutable(v, elem);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
}

void we_rule_array_init_data(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_number(v, elem);
    array_init(v, insn, elem);
}

void we_rule_array_init_elem(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    we_must_match(v, v->module->elems[insn->index2].type, elem->type);
    array_init(v, insn, elem);
}

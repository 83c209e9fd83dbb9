/* The instructions whose types depend on more than their opcode: a rule each
 * (Section 3.4). */
#include "instance.h"
#include "validator.h"

enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };

#define EXNREF     (WE_REF | WE_NULL | WE_HEAP_EXN)

static we_valtype ref_to(const struct we_type *type, bool null)
{
    return WE_REF | (null ? WE_NULL : 0) | WE_CONCRETE | type->id;
}

static we_valtype address_of(const struct we_range *range)
{
    return range->is64 ? WE_I64 : WE_I32;
}

/* The type of that index and kind; NULL with the error recorded. */
static const struct we_type *type_at(struct we_validator *v, uint32_t index,
                                     enum we_type_kind kind)
{
    static const char *const names[] = { "a function", "a structure",
                                         "an array" };
    const struct we_type *type = v->module->types[index];

    if (type->kind == kind)
        return type;
    we_validator_fail(v, WE_INVALID, "type mismatch: type %u is not %s type",
                      index, names[kind]);
    return NULL;
}

static void must_match(struct we_validator *v, we_valtype sub,
                       we_valtype super)
{
    char a[WE_TYPE_TEXT_MAX], b[WE_TYPE_TEXT_MAX];

    if (!we_types_sub(v->types, sub, super))
        we_validator_fail(v, WE_INVALID, "type mismatch: %s does not match %s",
                          we_valtype_text(v->module, sub, a),
                          we_valtype_text(v->module, super, b));
}

/* --- blocks ------------------------------------------------------------- */

static void rule_block(struct we_validator *v, struct we_insn *insn)
{
    const struct we_label *label;
    uint32_t n = we_label_nparams(&v->block);

    v->block.op = (uint16_t)insn->op;
    insn->nparams = n;
    insn->params = n > 0 ? v->block.type->values : NULL;
    we_operand_pop_all(v, insn->params, n);
    we_label_push(v, &v->block);
    if (!we_validator_good(v))
        return;
    label = we_label_at(v, 0);
    insn->nresults = we_label_nresults(label);
    insn->results = we_label_results(label);
    we_operand_push_all(v, insn->params, n);
}

static void rule_if(struct we_validator *v, struct we_insn *insn)
{
    we_operand_pop(v, WE_I32);
    rule_block(v, insn);
}

static void rule_else(struct we_validator *v, struct we_insn *insn)
{
    struct we_label label;

    if (we_label_at(v, 0)->op != WE_OP_IF) {
        we_validator_fail(v, WE_MALFORMED, "else without an if");
        return;
    }
    label = we_label_pop(v);
    insn->dead = label.unreachable;
    label.op = WE_OP_ELSE;
    we_label_push(v, &label);
    if (label.type)
        we_operand_push_all(v, label.type->values, label.type->nparams);
}

/* An if without else hands its parameters on as its results. */
static void check_no_else(struct we_validator *v,
                          const struct we_label *label)
{
    uint32_t i, n = we_label_nparams(label);

    if (n != we_label_nresults(label)) {
        we_validator_fail(v, WE_INVALID, "type mismatch: an if without an "
                          "else must return what it takes");
        return;
    }
    for (i = 0; i < n; i++)
        must_match(v, label->type->values[i], we_label_results(label)[i]);
}

static void rule_end(struct we_validator *v, struct we_insn *insn)
{
    struct we_label label = we_label_pop(v);
    uint32_t i, n = we_label_nresults(&label);

    insn->dead = label.unreachable;
    if (label.op == WE_OP_IF)
        check_no_else(v, &label);
    if (v->nlabels > 0) {
        we_operand_push_all(v, we_label_results(&label), n);
        return;
    }
    for (i = 0; i < n; i++)              /* the body's: for the depth only */
        v->slots += we_slots(we_label_results(&label)[i]);
    if (v->slots > v->most_slots)
        v->most_slots = v->slots;
}

/* --- branches ----------------------------------------------------------- */

static void rule_unreachable(struct we_validator *v, struct we_insn *insn)
{
    (void)insn;
    we_operand_unreachable(v);
}

static void rule_br(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label = we_label_at(v, insn->index);

    we_operand_pop_all(v, we_label_types(label), we_label_ntypes(label));
    we_operand_unreachable(v);
}

static void rule_br_if(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label = we_label_at(v, insn->index);
    uint32_t n = we_label_ntypes(label);

    we_operand_pop(v, WE_I32);
    we_operand_pop_all(v, we_label_types(label), n);
    we_operand_push_all(v, we_label_types(label), n);
}

/* Are the topmost operands of these types?  They stay where they are. */
static void check_operands(struct we_validator *v, const we_valtype *types,
                           uint32_t n)
{
    const struct we_label *top = we_label_at(v, 0);
    uint32_t i, have = v->noperands - top->height;

    if (have < n && !top->unreachable) {
        we_validator_fail(v, WE_INVALID, "type mismatch: expected %u values, "
                          "found %u on the stack", n, have);
        return;
    }
    for (i = 0; i < n && i < have; i++)
        must_match(v, v->operands[v->noperands - 1 - i], types[n - 1 - i]);
}

static void rule_br_table(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label, *last = NULL;
    uint32_t i, n;

    we_operand_pop(v, WE_I32);
    n = we_label_ntypes(we_label_at(v, insn->targets[insn->ntargets]));
    for (i = 0; i <= insn->ntargets && we_validator_good(v); i++) {
        label = we_label_at(v, insn->targets[i]);
        if (label == last)
            continue;
        if (we_label_ntypes(label) != n)
            we_validator_fail(v, WE_INVALID, "type mismatch: the targets "
                              "take %u and %u values",
                              n, we_label_ntypes(label));
        else
            check_operands(v, we_label_types(label), n);
        last = label;
    }
    we_operand_unreachable(v);
}

static void rule_return(struct we_validator *v, struct we_insn *insn)
{
    const struct we_label *body = &v->labels[0];

    (void)insn;
    we_operand_pop_all(v, we_label_results(body), we_label_nresults(body));
    we_operand_unreachable(v);
}

/* --- calls -------------------------------------------------------------- */

static void call(struct we_validator *v, struct we_insn *insn,
                 const struct we_type *type)
{
    insn->nparams = type->nparams;
    insn->params = type->values;
    insn->nresults = type->nresults;
    insn->results = type->values + type->nparams;
    we_operand_pop_all(v, insn->params, insn->nparams);
    we_operand_push_all(v, insn->results, insn->nresults);
}

static void tail_call(struct we_validator *v, struct we_insn *insn,
                      const struct we_type *type)
{
    const struct we_label *body = &v->labels[0];
    uint32_t i;

    call(v, insn, type);
    if (type->nresults != we_label_nresults(body)) {
        we_validator_fail(v, WE_INVALID, "type mismatch: the callee returns "
                          "%u values, the function %u", type->nresults,
                          we_label_nresults(body));
        return;
    }
    for (i = 0; i < type->nresults; i++)
        must_match(v, insn->results[i], we_label_results(body)[i]);
    we_operand_unreachable(v);
}

static void rule_call(struct we_validator *v, struct we_insn *insn)
{
    call(v, insn, v->module->funcs[insn->index].type);
}

static void rule_return_call(struct we_validator *v, struct we_insn *insn)
{
    tail_call(v, insn, v->module->funcs[insn->index].type);
}

/* The callee's type, its table and index checked; NULL: not valid. */
static const struct we_type *indirect(struct we_validator *v,
                                      const struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index2];

    must_match(v, table->type, WE_FUNCREF);
    we_operand_pop(v, address_of(&table->range));
    return type_at(v, insn->index, WE_TYPE_FUNC);
}

static void rule_call_indirect(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = indirect(v, insn);

    if (type)
        call(v, insn, type);
}

static void rule_return_call_indirect(struct we_validator *v,
                                      struct we_insn *insn)
{
    const struct we_type *type = indirect(v, insn);

    if (type)
        tail_call(v, insn, type);
}

static void rule_call_ref(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_FUNC);

    if (!type)
        return;
    we_operand_pop(v, ref_to(type, true));
    call(v, insn, type);
}

static void rule_return_call_ref(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_FUNC);

    if (!type)
        return;
    we_operand_pop(v, ref_to(type, true));
    tail_call(v, insn, type);
}

/* --- exceptions --------------------------------------------------------- */

static void rule_throw(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = v->module->tags[insn->index].type;

    insn->nparams = type->nparams;
    insn->params = type->values;
    we_operand_pop_all(v, type->values, type->nparams);
    we_operand_unreachable(v);
}

static void rule_throw_ref(struct we_validator *v, struct we_insn *insn)
{
    (void)insn;
    we_operand_pop(v, EXNREF);
    we_operand_unreachable(v);
}

/* What a clause catches must be what its label takes. */
static void check_catch(struct we_validator *v, const struct we_catch *c)
{
    const struct we_label *label = we_label_at(v, c->depth);
    const we_valtype *types = we_label_types(label);
    const struct we_type *tag = NULL;
    uint32_t i, n = 0;
    bool ref = c->kind == CATCH_REF || c->kind == CATCH_ALL_REF;

    if (c->kind == CATCH || c->kind == CATCH_REF) {
        tag = v->module->tags[c->tag].type;
        n = tag->nparams;
    }
    if (we_label_ntypes(label) != n + ref) {
        we_validator_fail(v, WE_INVALID, "type mismatch: a catch clause gives "
                          "%u values, its label takes %u", n + ref,
                          we_label_ntypes(label));
        return;
    }
    for (i = 0; i < n; i++)
        must_match(v, tag->values[i], types[i]);
    if (ref)
        must_match(v, WE_REF | WE_HEAP_EXN, types[n]);
}

static void rule_try_table(struct we_validator *v, struct we_insn *insn)
{
    uint32_t i;

    for (i = 0; i < insn->ncatches && we_validator_good(v); i++)
        check_catch(v, &insn->catches[i]);
    rule_block(v, insn);
}

/* --- drop, select, variables -------------------------------------------- */

static void rule_drop(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_any(v);
}

static void rule_select(struct we_validator *v, struct we_insn *insn)
{
    we_valtype a, b;

    we_operand_pop(v, WE_I32);
    a = we_operand_pop_any(v);
    b = we_operand_pop_any(v);
    insn->type = a == WE_BOT ? b : a;
    if (we_is_ref(a) || we_is_ref(b)
        || (a != b && a != WE_BOT && b != WE_BOT))
        we_validator_fail(v, WE_INVALID, "type mismatch: select without a "
                          "type takes two equal numbers or vectors");
    we_operand_push(v, insn->type);
}

static void rule_select_t(struct we_validator *v, struct we_insn *insn)
{
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, insn->type);
    we_operand_pop(v, insn->type);
    we_operand_push(v, insn->type);
}

static void rule_local_get(struct we_validator *v, struct we_insn *insn)
{
    insn->type = v->locals[insn->index];
    if (v->has_unset && v->unset[insn->index])
        we_validator_fail(v, WE_INVALID, "uninitialized local %u",
                          insn->index);
    we_operand_push(v, insn->type);
}

static void rule_local_set(struct we_validator *v, struct we_insn *insn)
{
    insn->type = v->locals[insn->index];
    we_operand_pop(v, insn->type);
    we_local_set(v, insn->index);
}

static void rule_local_tee(struct we_validator *v, struct we_insn *insn)
{
    rule_local_set(v, insn);
    we_operand_push(v, insn->type);
}

static void rule_global_get(struct we_validator *v, struct we_insn *insn)
{
    const struct we_global_desc *global = &v->module->globals[insn->index];

    if (v->func == WE_NO_INDEX && global->mutable_)
        we_validator_fail(v, WE_INVALID, "constant expression required: "
                          "global %u is mutable", insn->index);
    insn->type = global->type;
    we_operand_push(v, insn->type);
}

static void rule_global_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_global_desc *global = &v->module->globals[insn->index];

    if (!global->mutable_)
        we_validator_fail(v, WE_INVALID, "immutable global %u", insn->index);
    insn->type = global->type;
    we_operand_pop(v, insn->type);
}

/* --- tables and memories ------------------------------------------------ */

static void rule_table_get(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index];

    insn->type = table->type;
    we_operand_pop(v, address_of(&table->range));
    we_operand_push(v, table->type);
}

static void rule_table_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index];

    insn->type = table->type;
    we_operand_pop(v, table->type);
    we_operand_pop(v, address_of(&table->range));
}

static void rule_table_size(struct we_validator *v, struct we_insn *insn)
{
    we_operand_push(v, address_of(&v->module->tables[insn->index].range));
}

static void rule_table_grow(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index];

    insn->type = table->type;
    we_operand_pop(v, address_of(&table->range));
    we_operand_pop(v, table->type);
    we_operand_push(v, address_of(&table->range));
}

static void rule_table_fill(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index];

    insn->type = table->type;
    we_operand_pop(v, address_of(&table->range));
    we_operand_pop(v, table->type);
    we_operand_pop(v, address_of(&table->range));
}

/* The count is as narrow as the narrower address. */
static void pop_copy(struct we_validator *v, const struct we_range *dst,
                     const struct we_range *src)
{
    we_operand_pop(v, dst->is64 && src->is64 ? WE_I64 : WE_I32);
    we_operand_pop(v, address_of(src));
    we_operand_pop(v, address_of(dst));
}

static void rule_table_copy(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *dst = &v->module->tables[insn->index];
    const struct we_table_desc *src = &v->module->tables[insn->index2];

    insn->type = dst->type;
    must_match(v, src->type, dst->type);
    pop_copy(v, &dst->range, &src->range);
}

static void rule_memory_copy(struct we_validator *v, struct we_insn *insn)
{
    pop_copy(v, &v->module->memories[insn->index].range,
             &v->module->memories[insn->index2].range);
}

static void rule_table_init(struct we_validator *v, struct we_insn *insn)
{
    const struct we_table_desc *table = &v->module->tables[insn->index2];

    insn->type = table->type;
    must_match(v, v->module->elems[insn->index].type, table->type);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, address_of(&table->range));
}

/* --- references --------------------------------------------------------- */

static void rule_ref_null(struct we_validator *v, struct we_insn *insn)
{
    we_operand_push(v, insn->type);
}

static void rule_ref_is_null(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_operand_push(v, WE_I32);
}

static void rule_ref_func(struct we_validator *v, struct we_insn *insn)
{
    struct we_func_desc *func = &v->module->funcs[insn->index];

    if (v->func == WE_NO_INDEX)
        func->declared = true;
    else if (!func->declared)
        we_validator_fail(v, WE_INVALID, "undeclared function reference %u",
                          insn->index);
    insn->type = ref_to(func->type, false);
    we_operand_push(v, insn->type);
}

static void rule_ref_as_non_null(struct we_validator *v, struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    we_operand_push(v, insn->type & ~WE_NULL);
}

static void rule_br_on_null(struct we_validator *v, struct we_insn *insn)
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

static void rule_br_on_non_null(struct we_validator *v, struct we_insn *insn)
{
    struct we_label *label = we_label_at(v, insn->index);
    uint32_t n;
    we_valtype last = label_ref(v, insn->index, &n);

    insn->type = we_operand_pop_ref(v);
    must_match(v, insn->type & ~WE_NULL, last);
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

static void rule_ref_test(struct we_validator *v, struct we_insn *insn)
{
    insn->type2 = we_operand_pop(v, top_of(v, insn->type));
    we_operand_push(v, WE_I32);
}

static void rule_ref_cast(struct we_validator *v, struct we_insn *insn)
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

    must_match(v, insn->type, insn->type2);
    must_match(v, taken, last);
    we_operand_pop(v, insn->type2);
    we_operand_pop_all(v, we_label_types(label), n);
    we_operand_push_all(v, we_label_types(label), n);
    we_operand_push(v, other);
}

static void rule_br_on_cast(struct we_validator *v, struct we_insn *insn)
{
    br_on_cast(v, insn, insn->type, difference(insn->type2, insn->type));
}

static void rule_br_on_cast_fail(struct we_validator *v, struct we_insn *insn)
{
    br_on_cast(v, insn, difference(insn->type2, insn->type), insn->type);
}

static void rule_any_convert_extern(struct we_validator *v,
                                    struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    must_match(v, insn->type, WE_EXTERNREF);
    we_operand_push(v, WE_REF | (insn->type & WE_NULL) | WE_HEAP_ANY);
}

static void rule_extern_convert_any(struct we_validator *v,
                                    struct we_insn *insn)
{
    insn->type = we_operand_pop_ref(v);
    must_match(v, insn->type, WE_REF | WE_NULL | WE_HEAP_ANY);
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

static void rule_struct_new(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_STRUCT);
    uint32_t i;

    if (!type)
        return;
    for (i = type->nfields; i-- > 0;)
        we_operand_pop(v, unpacked(type->fields[i].type));
    we_operand_push(v, ref_to(type, false));
}

static void rule_struct_new_default(struct we_validator *v,
                                    struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_STRUCT);
    uint32_t i;

    if (!type)
        return;
    for (i = 0; i < type->nfields; i++)
        must_default(v, type->fields[i].type);
    we_operand_push(v, ref_to(type, false));
}

/* The field that is accessed; NULL: not valid. */
static const struct we_field *field_at(struct we_validator *v,
                                       struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_STRUCT);

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
    we_operand_pop(v, ref_to(v->module->types[insn->index], true));
    we_operand_push(v, unpacked(field->type));
}

static void rule_struct_get(struct we_validator *v, struct we_insn *insn)
{
    struct_get(v, insn, false);
}

static void rule_struct_get_packed(struct we_validator *v,
                                   struct we_insn *insn)
{
    struct_get(v, insn, true);
}

static void rule_struct_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *field = field_at(v, insn);

    if (!field)
        return;
    must_mutable(v, field);
    we_operand_pop(v, unpacked(field->type));
    we_operand_pop(v, ref_to(v->module->types[insn->index], true));
}

/* --- arrays ------------------------------------------------------------- */

/* The elements of the array type at index; NULL: not valid. */
static const struct we_field *array_at(struct we_validator *v,
                                       struct we_insn *insn)
{
    const struct we_type *type = type_at(v, insn->index, WE_TYPE_ARRAY);

    if (!type)
        return NULL;
    insn->type = type->fields[0].type;
    return &type->fields[0];
}

static void pop_array(struct we_validator *v, uint32_t index)
{
    we_operand_pop(v, ref_to(v->module->types[index], true));
}

static void push_array(struct we_validator *v, uint32_t index)
{
    we_operand_push(v, ref_to(v->module->types[index], false));
}

static void rule_array_new(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, unpacked(elem->type));
    push_array(v, insn->index);
}

static void rule_array_new_default(struct we_validator *v,
                                   struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_default(v, elem->type);
    we_operand_pop(v, WE_I32);
    push_array(v, insn->index);
}

static void rule_array_new_fixed(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);
    uint32_t i;

    if (!elem)
        return;
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

static void rule_array_new_data(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_number(v, elem);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    push_array(v, insn->index);
}

static void rule_array_new_elem(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_match(v, v->module->elems[insn->index2].type, elem->type);
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

static void rule_array_get(struct we_validator *v, struct we_insn *insn)
{
    array_get(v, insn, false);
}

static void rule_array_get_packed(struct we_validator *v,
                                  struct we_insn *insn)
{
    array_get(v, insn, true);
}

static void rule_array_set(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_mutable(v, elem);
    we_operand_pop(v, unpacked(elem->type));
    we_operand_pop(v, WE_I32);
    pop_array(v, insn->index);
}

static void rule_array_fill(struct we_validator *v, struct we_insn *insn)
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

static void rule_array_copy(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *dst = array_at(v, insn);
    const struct we_type *src = type_at(v, insn->index2, WE_TYPE_ARRAY);

    if (!dst || !src)
        return;
    must_mutable(v, dst);
    must_match(v, src->fields[0].type, dst->type);
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

static void rule_array_init_data(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_number(v, elem);
    array_init(v, insn, elem);
}

static void rule_array_init_elem(struct we_validator *v, struct we_insn *insn)
{
    const struct we_field *elem = array_at(v, insn);

    if (!elem)
        return;
    must_match(v, v->module->elems[insn->index2].type, elem->type);
    array_init(v, insn, elem);
}

/* --- the table ---------------------------------------------------------- */

we_rule *const we_rules[WE_NOPS] = {
    [WE_OP_UNREACHABLE] = rule_unreachable,
    [WE_OP_BLOCK] = rule_block,
    [WE_OP_LOOP] = rule_block,
    [WE_OP_IF] = rule_if,
    [WE_OP_ELSE] = rule_else,
    [WE_OP_THROW] = rule_throw,
    [WE_OP_THROW_REF] = rule_throw_ref,
    [WE_OP_END] = rule_end,
    [WE_OP_BR] = rule_br,
    [WE_OP_BR_IF] = rule_br_if,
    [WE_OP_BR_TABLE] = rule_br_table,
    [WE_OP_RETURN] = rule_return,
    [WE_OP_CALL] = rule_call,
    [WE_OP_CALL_INDIRECT] = rule_call_indirect,
    [WE_OP_RETURN_CALL] = rule_return_call,
    [WE_OP_RETURN_CALL_INDIRECT] = rule_return_call_indirect,
    [WE_OP_CALL_REF] = rule_call_ref,
    [WE_OP_RETURN_CALL_REF] = rule_return_call_ref,
    [WE_OP_DROP] = rule_drop,
    [WE_OP_SELECT] = rule_select,
    [WE_OP_SELECT_T] = rule_select_t,
    [WE_OP_TRY_TABLE] = rule_try_table,
    [WE_OP_LOCAL_GET] = rule_local_get,
    [WE_OP_LOCAL_SET] = rule_local_set,
    [WE_OP_LOCAL_TEE] = rule_local_tee,
    [WE_OP_GLOBAL_GET] = rule_global_get,
    [WE_OP_GLOBAL_SET] = rule_global_set,
    [WE_OP_TABLE_GET] = rule_table_get,
    [WE_OP_TABLE_SET] = rule_table_set,
    [WE_OP_REF_NULL] = rule_ref_null,
    [WE_OP_REF_IS_NULL] = rule_ref_is_null,
    [WE_OP_REF_FUNC] = rule_ref_func,
    [WE_OP_REF_AS_NON_NULL] = rule_ref_as_non_null,
    [WE_OP_BR_ON_NULL] = rule_br_on_null,
    [WE_OP_BR_ON_NON_NULL] = rule_br_on_non_null,
    [WE_OP_STRUCT_NEW] = rule_struct_new,
    [WE_OP_STRUCT_NEW_DEFAULT] = rule_struct_new_default,
    [WE_OP_STRUCT_GET] = rule_struct_get,
    [WE_OP_STRUCT_GET_S] = rule_struct_get_packed,
    [WE_OP_STRUCT_GET_U] = rule_struct_get_packed,
    [WE_OP_STRUCT_SET] = rule_struct_set,
    [WE_OP_ARRAY_NEW] = rule_array_new,
    [WE_OP_ARRAY_NEW_DEFAULT] = rule_array_new_default,
    [WE_OP_ARRAY_NEW_FIXED] = rule_array_new_fixed,
    [WE_OP_ARRAY_NEW_DATA] = rule_array_new_data,
    [WE_OP_ARRAY_NEW_ELEM] = rule_array_new_elem,
    [WE_OP_ARRAY_GET] = rule_array_get,
    [WE_OP_ARRAY_GET_S] = rule_array_get_packed,
    [WE_OP_ARRAY_GET_U] = rule_array_get_packed,
    [WE_OP_ARRAY_SET] = rule_array_set,
    [WE_OP_ARRAY_FILL] = rule_array_fill,
    [WE_OP_ARRAY_COPY] = rule_array_copy,
    [WE_OP_ARRAY_INIT_DATA] = rule_array_init_data,
    [WE_OP_ARRAY_INIT_ELEM] = rule_array_init_elem,
    [WE_OP_REF_TEST] = rule_ref_test,
    [WE_OP_REF_TEST_NULL] = rule_ref_test,
    [WE_OP_REF_CAST] = rule_ref_cast,
    [WE_OP_REF_CAST_NULL] = rule_ref_cast,
    [WE_OP_BR_ON_CAST] = rule_br_on_cast,
    [WE_OP_BR_ON_CAST_FAIL] = rule_br_on_cast_fail,
    [WE_OP_ANY_CONVERT_EXTERN] = rule_any_convert_extern,
    [WE_OP_EXTERN_CONVERT_ANY] = rule_extern_convert_any,
    [WE_OP_MEMORY_COPY] = rule_memory_copy,
    [WE_OP_TABLE_INIT] = rule_table_init,
    [WE_OP_TABLE_COPY] = rule_table_copy,
    [WE_OP_TABLE_GROW] = rule_table_grow,
    [WE_OP_TABLE_SIZE] = rule_table_size,
    [WE_OP_TABLE_FILL] = rule_table_fill
};

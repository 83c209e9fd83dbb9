/* The instructions whose types depend on more than their opcode: a rule each
 * (Section 3.4). */
#include "instance.h"
#include "rules.h"

enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF };

#define EXNREF     (WE_REF | WE_NULL | WE_HEAP_EXN)

static we_valtype address_of(const struct we_range *range)
{
    return range->is64 ? WE_I64 : WE_I32;
}

const struct we_type *we_type_at(struct we_validator *v, uint32_t index,
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

void we_must_match(struct we_validator *v, we_valtype sub,
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
        we_must_match(v, label->type->values[i], we_label_results(label)[i]);
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
    we_validator_work(v, n);
    for (i = 0; i < n && i < have; i++)
        we_must_match(v, v->operands[v->noperands - 1 - i], types[n - 1 - i]);
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
        we_must_match(v, insn->results[i], we_label_results(body)[i]);
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

    we_must_match(v, table->type, WE_FUNCREF);
    we_operand_pop(v, address_of(&table->range));
    return we_type_at(v, insn->index, WE_TYPE_FUNC);
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
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_FUNC);

    if (!type)
        return;
    we_operand_pop(v, we_ref_to(type, true));
    call(v, insn, type);
}

static void rule_return_call_ref(struct we_validator *v, struct we_insn *insn)
{
    const struct we_type *type = we_type_at(v, insn->index, WE_TYPE_FUNC);

    if (!type)
        return;
    we_operand_pop(v, we_ref_to(type, true));
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
    we_validator_work(v, n);
    for (i = 0; i < n; i++)
        we_must_match(v, tag->values[i], types[i]);
    if (ref)
        we_must_match(v, WE_REF | WE_HEAP_EXN, types[n]);
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
    we_must_match(v, src->type, dst->type);
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
    we_must_match(v, v->module->elems[insn->index].type, table->type);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, WE_I32);
    we_operand_pop(v, address_of(&table->range));
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
    [WE_OP_REF_NULL] = we_rule_ref_null,
    [WE_OP_REF_IS_NULL] = we_rule_ref_is_null,
    [WE_OP_REF_FUNC] = we_rule_ref_func,
    [WE_OP_REF_AS_NON_NULL] = we_rule_ref_as_non_null,
    [WE_OP_BR_ON_NULL] = we_rule_br_on_null,
    [WE_OP_BR_ON_NON_NULL] = we_rule_br_on_non_null,
    [WE_OP_STRUCT_NEW] = we_rule_struct_new,
    [WE_OP_STRUCT_NEW_DEFAULT] = we_rule_struct_new_default,
    [WE_OP_STRUCT_GET] = we_rule_struct_get,
    [WE_OP_STRUCT_GET_S] = we_rule_struct_get_packed,
    [WE_OP_STRUCT_GET_U] = we_rule_struct_get_packed,
    [WE_OP_STRUCT_SET] = we_rule_struct_set,
    [WE_OP_ARRAY_NEW] = we_rule_array_new,
    [WE_OP_ARRAY_NEW_DEFAULT] = we_rule_array_new_default,
    [WE_OP_ARRAY_NEW_FIXED] = we_rule_array_new_fixed,
    [WE_OP_ARRAY_NEW_DATA] = we_rule_array_new_data,
    [WE_OP_ARRAY_NEW_ELEM] = we_rule_array_new_elem,
    [WE_OP_ARRAY_GET] = we_rule_array_get,
    [WE_OP_ARRAY_GET_S] = we_rule_array_get_packed,
    [WE_OP_ARRAY_GET_U] = we_rule_array_get_packed,
    [WE_OP_ARRAY_SET] = we_rule_array_set,
    [WE_OP_ARRAY_FILL] = we_rule_array_fill,
    [WE_OP_ARRAY_COPY] = we_rule_array_copy,
    [WE_OP_ARRAY_INIT_DATA] = we_rule_array_init_data,
    [WE_OP_ARRAY_INIT_ELEM] = we_rule_array_init_elem,
    [WE_OP_REF_TEST] = we_rule_ref_test,
    [WE_OP_REF_TEST_NULL] = we_rule_ref_test,
    [WE_OP_REF_CAST] = we_rule_ref_cast,
    [WE_OP_REF_CAST_NULL] = we_rule_ref_cast,
    [WE_OP_BR_ON_CAST] = we_rule_br_on_cast,
    [WE_OP_BR_ON_CAST_FAIL] = we_rule_br_on_cast_fail,
    [WE_OP_ANY_CONVERT_EXTERN] = we_rule_any_convert_extern,
    [WE_OP_EXTERN_CONVERT_ANY] = we_rule_extern_convert_any,
    [WE_OP_MEMORY_COPY] = rule_memory_copy,
    [WE_OP_TABLE_INIT] = rule_table_init,
    [WE_OP_TABLE_COPY] = rule_table_copy,
    [WE_OP_TABLE_GROW] = rule_table_grow,
    [WE_OP_TABLE_SIZE] = rule_table_size,
    [WE_OP_TABLE_FILL] = rule_table_fill
};

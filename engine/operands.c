/* The validator's stacks of operands and labels (Section 7.3). */
#include "arena.h"
#include "instance.h"
#include "validator.h"

#include <stdio.h>

/* --- errors ------------------------------------------------------------- */

static const char *abstract_name(uint32_t heap)
{
    static const char *const names[] = {
        "exn", "array", "struct", "i31", "eq", "any", "extern", "func", "none",
        "noextern", "nofunc", "noexn"
    };

    return heap < WE_HEAP_EXN ? "bot" : names[heap - WE_HEAP_EXN];
}

/* The index that a module gives to a canonical type: the first. */
static uint32_t type_index(const struct we_module *m, uint32_t id)
{
    uint32_t i = 0;

    while (i < m->ntypes && m->types[i]->id != id)
        i++;
    return i;
}

char *we_valtype_text(const struct we_module *m, we_valtype type,
                      char buf[WE_TYPE_TEXT_MAX])
{
    static const char *const numbers[] = { "v128", "f64", "f32", "i64", "i32" };
    const char *null = type & WE_NULL ? "null " : "";

    if (type == WE_I8 || type == WE_I16)
        snprintf(buf, WE_TYPE_TEXT_MAX, type == WE_I8 ? "i8" : "i16");
    else if (!we_is_ref(type))
        snprintf(buf, WE_TYPE_TEXT_MAX, "%s",
                 type == WE_BOT ? "any type" : numbers[type - WE_V128]);
    else if (we_is_concrete(type))
        snprintf(buf, WE_TYPE_TEXT_MAX, "(ref %s%u)", null,
                 type_index(m, type & WE_TYPE_ID));
    else
        snprintf(buf, WE_TYPE_TEXT_MAX, "(ref %s%s)", null,
                 abstract_name(type & WE_HEAP));
    return buf;
}

void we_validator_fail(struct we_validator *v, enum we_error error,
                       const char *format, ...)
{
    char text[WE_TEXT_MAX], name[WE_QUOTE_MAX] = "";
    struct we_bytes bytes;
    va_list args;

    if (!we_validator_good(v))
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (v->func == WE_NO_INDEX) {
        we_detail_set(v->detail, error, v->offset,
                      "constant expression, offset 0x%x: %s", v->offset, text);
        return;
    }
    bytes = we_module_func_name(v->module, v->func);
    if (bytes.len > 0)
        we_detail_quote(name, bytes);
    we_detail_set(v->detail, error, v->offset,
                  "function %u%s%s%s, offset 0x%x: %s", v->func,
                  name[0] ? " (" : "", name, name[0] ? ")" : "", v->offset,
                  text);
}

void we_validator_work(struct we_validator *v, uint32_t n)
{
    v->work += n;
    if (v->work > v->most_work)
        we_validator_fail(v, WE_LIMIT, "more than %llu %s",
                          (unsigned long long)v->most_work,
                          we_maxima[WE_MAX_WORK].what);
}

static void mismatch(struct we_validator *v, we_valtype expected,
                     we_valtype found)
{
    char a[WE_TYPE_TEXT_MAX], b[WE_TYPE_TEXT_MAX];

    we_validator_fail(v, WE_INVALID, "type mismatch: expected %s, found %s",
                      we_valtype_text(v->module, expected, a),
                      we_valtype_text(v->module, found, b));
}

/* --- operands ----------------------------------------------------------- */

static bool operands_room(struct we_validator *v)
{
    uint32_t most = we_maxima[WE_MAX_OPERANDS].most;

    if (v->noperands >= most) {
        we_validator_fail(v, WE_LIMIT, "more than %u %s", most,
                          we_maxima[WE_MAX_OPERANDS].what);
        return false;
    }
    if (we_grow(v->allocator, &v->operands, &v->operands_cap,
                (size_t)v->noperands + 1, sizeof *v->operands))
        return true;
    we_validator_fail(v, WE_NOMEM, "out of memory");
    return false;
}

static void count_slots(struct we_validator *v, we_valtype type)
{
    v->slots += we_slots(type);
    if (v->slots > v->most_slots)
        v->most_slots = v->slots;
}

void we_operand_push(struct we_validator *v, we_valtype type)
{
    if (!operands_room(v))
        return;
    v->operands[v->noperands++] = type;
    if (we_validator_live(v))
        count_slots(v, type);
}

void we_operand_push_all(struct we_validator *v, const we_valtype *types,
                         uint32_t n)
{
    uint32_t i;

    we_validator_work(v, n);
    for (i = 0; i < n && we_validator_good(v); i++)
        we_operand_push(v, types[i]);
}

/* expected is for the message. */
static we_valtype pop(struct we_validator *v, we_valtype expected)
{
    const struct we_label *top = we_label_at(v, 0);
    char text[WE_TYPE_TEXT_MAX];
    we_valtype type;

    if (v->noperands == top->height) {
        if (!top->unreachable)
            we_validator_fail(v, WE_INVALID, "type mismatch: expected %s, "
                              "found nothing on the stack",
                              we_valtype_text(v->module, expected, text));
        return WE_BOT;
    }
    type = v->operands[--v->noperands];
    if (we_validator_live(v))
        v->slots -= we_slots(type);
    return type;
}

we_valtype we_operand_pop_any(struct we_validator *v)
{
    return pop(v, WE_BOT);
}

we_valtype we_operand_pop(struct we_validator *v, we_valtype type)
{
    we_valtype found = pop(v, type);

    if (found != type && !we_types_sub(v->types, found, type))
        mismatch(v, type, found);
    return found;
}

we_valtype we_operand_pop_ref(struct we_validator *v)
{
    char text[WE_TYPE_TEXT_MAX];
    we_valtype found = pop(v, WE_BOT);

    if (found == WE_BOT)
        return WE_BOTREF;
    if (!we_is_ref(found))
        we_validator_fail(v, WE_INVALID, "type mismatch: expected a "
                          "reference, found %s",
                          we_valtype_text(v->module, found, text));
    return found;
}

void we_operand_pop_all(struct we_validator *v, const we_valtype *types,
                        uint32_t n)
{
    we_validator_work(v, n);
    while (n-- > 0 && we_validator_good(v))
        we_operand_pop(v, types[n]);
}

void we_operand_unreachable(struct we_validator *v)
{
    struct we_label *top = we_label_at(v, 0);

    top->unreachable = true;
    v->noperands = top->height;
}

/* --- labels ------------------------------------------------------------- */

uint32_t we_label_ntypes(const struct we_label *label)
{
    return label->op == WE_OP_LOOP ? we_label_nparams(label)
                                   : we_label_nresults(label);
}

const we_valtype *we_label_types(const struct we_label *label)
{
    return label->op == WE_OP_LOOP && label->type ? label->type->values
                                                  : we_label_results(label);
}

void we_label_push(struct we_validator *v, const struct we_label *type)
{
    bool dead = v->nlabels > 0 && !we_validator_live(v);
    struct we_label *label;

    if (!we_grow(v->allocator, &v->labels, &v->labels_cap,
                 (size_t)v->nlabels + 1, sizeof *v->labels)) {
        we_validator_fail(v, WE_NOMEM, "out of memory");
        return;
    }
    label = &v->labels[v->nlabels++];
    *label = *type;
    label->unreachable = false;
    label->dead = dead;
    label->height = v->noperands;
    label->slots = v->slots;
    label->nset = v->nset;
}

/* Locals that were set inside a block are unset behind it. */
static void unset_locals(struct we_validator *v, uint32_t nset)
{
    while (v->nset > nset)
        v->unset[v->set[--v->nset]] = true;
}

struct we_label we_label_pop(struct we_validator *v)
{
    struct we_label label = *we_label_at(v, 0);

    we_operand_pop_all(v, we_label_results(&label),
                       we_label_nresults(&label));
    if (v->noperands != label.height)
        we_validator_fail(v, WE_INVALID, "type mismatch: operands left over "
                          "at the end of a block: %u",
                          v->noperands - label.height);
    v->slots = label.slots;
    unset_locals(v, label.nset);
    v->nlabels--;
    return label;
}

void we_local_set(struct we_validator *v, uint32_t local)
{
    if (!v->has_unset || !v->unset[local])
        return;
    v->unset[local] = false;
    if (!we_grow(v->allocator, &v->set, &v->set_cap, (size_t)v->nset + 1,
                 sizeof *v->set)) {
        we_validator_fail(v, WE_NOMEM, "out of memory");
        return;
    }
    v->set[v->nset++] = local;
}

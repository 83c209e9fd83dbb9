/* Reads constant expressions: the simple ones become values, the others code
 * (Section 3.4.13). */
#include "code.h"
#include "decode.h"

/* What a sink sees of an expression that may be a single value. */
struct probe {
    uint32_t       n;
    struct we_insn first;
};

static enum we_error probe_begin(void *env, const struct we_body *body)
{
    (void)env;
    (void)body;
    return WE_OK;
}

static enum we_error probe_insn(void *env, const struct we_insn *insn)
{
    struct probe *probe = env;

    if (probe->n++ == 0)
        probe->first = *insn;
    return WE_OK;
}

static enum we_error probe_finish(void *env, uint32_t stack_slots)
{
    (void)env;
    (void)stack_slots;
    return WE_OK;
}

/* Is it one instruction and the end, and needs nothing run? */
static bool simple(const struct probe *probe, struct we_expr *expr)
{
    if (probe->n != 2)
        return false;
    switch (probe->first.op) {
    case WE_OP_I32_CONST:
    case WE_OP_I64_CONST:
    case WE_OP_F32_CONST:
    case WE_OP_F64_CONST:
        expr->value[0] = probe->first.imm[0];
        return true;
    case WE_OP_V128_CONST:
        expr->value[0] = probe->first.imm[0];
        expr->value[1] = probe->first.imm[1];
        return true;
    case WE_OP_REF_NULL:
        return true;
    case WE_OP_REF_FUNC:
        expr->kind = WE_EXPR_FUNC;
        expr->index = probe->first.index;
        return true;
    case WE_OP_GLOBAL_GET:
        expr->kind = WE_EXPR_GLOBAL;
        expr->index = probe->first.index;
        return true;
    default:
        return false;
    }
}

struct we_expr we_decode_expr(struct we_decoder *d, we_valtype type,
                              uint32_t nglobals)
{
    struct probe probe = { 0 };
    struct we_sink sink = { &probe, probe_begin, probe_insn, probe_finish };
    struct we_expr expr = { .offset = we_reader_offset(&d->r) };
    uint32_t end = expr.offset + we_reader_left(&d->r), len = 0;
    enum we_error error;

    if (!we_decode_good(d))
        return expr;
    error = we_validate_expr(d->validator, expr.offset, end, type, nglobals,
                             &sink, &len, d->detail);
    if (error == WE_OK && !simple(&probe, &expr)) {
        expr.kind = WE_EXPR_CODE;
        error = we_validate_expr(d->validator, expr.offset, end, type,
                                 nglobals, d->sink, &len, d->detail);
        if (error == WE_OK)
            expr.code = we_lower_take(d->lower);
    }
    d->r.at = error == WE_OK ? d->r.at + len : d->r.end;
    return expr;
}

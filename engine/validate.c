/* The validation of a body (Sections 3.4 and 7.3): reads instructions, checks
 * them and hands them to a sink. */
#include "arena.h"
#include "instance.h"
#include "validator.h"

/* --- the rows, column by column ----------------------------------------- */

#define ROW(symbol, code, text, immediate, rule) \
    [WE_OP_##symbol] = WE_IMM_##immediate,
static const uint8_t op_immediate[WE_NOPS] = { WE_OPCODES(ROW) };
#undef ROW

#define ROW(symbol, code, text, immediate, rule) [WE_OP_##symbol] = rule,
static const char *const op_rule[WE_NOPS] = { WE_OPCODES(ROW) };
#undef ROW

#define ROW(symbol, code, text, immediate, rule) [WE_OP_##symbol] = text,
static const char *const op_text[WE_NOPS] = { WE_OPCODES(ROW) };
#undef ROW

/* From code to opcode + 1, 0: there is none. */
#define ROW(symbol, code, text, immediate, rule) \
    [(code) & 0xfff] = WE_OP_##symbol + 1,
static const uint16_t ops_byte[] = { WE_OPCODES_BYTE(ROW) };
static const uint16_t ops_fb[] = { WE_OPCODES_FB(ROW) };
static const uint16_t ops_fc[] = { WE_OPCODES_FC(ROW) };
static const uint16_t ops_fd[] = { WE_OPCODES_FD(ROW) };
static const uint16_t ops_fe[] = { WE_OPCODES_FE(ROW) };
#undef ROW

#define COUNT(array) (sizeof(array) / sizeof *(array))
enum { PREFIX_FIRST = 0xfb, PREFIX_LAST = 0xfe };
static const struct {
    const uint16_t *ops;
    uint32_t        n;
} prefixed[] = {
    { ops_fb, COUNT(ops_fb) }, { ops_fc, COUNT(ops_fc) },
    { ops_fd, COUNT(ops_fd) }, { ops_fe, COUNT(ops_fe) }
};

/* What may stand in a constant expression (Section 3.4.13). */
static const bool op_constant[WE_NOPS] = {
    [WE_OP_END] = true, [WE_OP_GLOBAL_GET] = true,
    [WE_OP_I32_CONST] = true, [WE_OP_I64_CONST] = true,
    [WE_OP_F32_CONST] = true, [WE_OP_F64_CONST] = true,
    [WE_OP_V128_CONST] = true,
    [WE_OP_I32_ADD] = true, [WE_OP_I32_SUB] = true, [WE_OP_I32_MUL] = true,
    [WE_OP_I64_ADD] = true, [WE_OP_I64_SUB] = true, [WE_OP_I64_MUL] = true,
    [WE_OP_REF_NULL] = true, [WE_OP_REF_FUNC] = true, [WE_OP_REF_I31] = true,
    [WE_OP_STRUCT_NEW] = true, [WE_OP_STRUCT_NEW_DEFAULT] = true,
    [WE_OP_ARRAY_NEW] = true, [WE_OP_ARRAY_NEW_DEFAULT] = true,
    [WE_OP_ARRAY_NEW_FIXED] = true,
    [WE_OP_ANY_CONVERT_EXTERN] = true, [WE_OP_EXTERN_CONVERT_ANY] = true
};

/* The types that the letters of a rule stand for; p is in the state. */
static const we_valtype letter_type[128] = {
    ['i'] = WE_I32, ['I'] = WE_I64, ['f'] = WE_F32, ['F'] = WE_F64,
    ['v'] = WE_V128, ['q'] = WE_REF | WE_NULL | WE_HEAP_EQ,
    ['j'] = WE_REF | WE_NULL | WE_HEAP_I31, ['J'] = WE_REF | WE_HEAP_I31,
    ['y'] = WE_REF | WE_NULL | WE_HEAP_ARRAY
};

/* --- state -------------------------------------------------------------- */

struct we_validator *we_validator_new(struct we_module *module)
{
    const struct we_allocator *a = module->arena.allocator;
    struct we_validator *v = we_alloc(a, sizeof *v);

    if (!v)
        return NULL;
    *v = (struct we_validator){ .module = module, .allocator = a,
                                .types = module->engine->types };
    /* a real module's blocks and calls take and give less than one a byte */
    v->most_work = we_maxima[WE_MAX_WORK].most
                   + 4 * (uint64_t)module->bytes.len;
    return v;
}

void we_validator_free(struct we_validator *v)
{
    const struct we_allocator *a;

    if (!v)
        return;
    a = v->allocator;
    we_release(a, v->operands, v->operands_cap * sizeof *v->operands);
    we_release(a, v->labels, v->labels_cap * sizeof *v->labels);
    we_release(a, v->locals, v->locals_cap * sizeof *v->locals);
    we_release(a, v->unset, v->unset_cap * sizeof *v->unset);
    we_release(a, v->set, v->set_cap * sizeof *v->set);
    we_release(a, v->targets, v->targets_cap * sizeof *v->targets);
    we_release(a, v->catches, v->catches_cap * sizeof *v->catches);
    we_release(a, v, sizeof *v);
}

static bool room(struct we_validator *v, void *array, size_t *cap,
                 size_t need, size_t size)
{
    if (we_grow(v->allocator, array, cap, need, size))
        return true;
    we_validator_fail(v, WE_NOMEM, "out of memory");
    return false;
}

/* Is all well so far?  The reader's error becomes ours. */
static bool good(struct we_validator *v)
{
    if (v->r.error && we_validator_good(v)) {
        v->offset = v->r.error_at;
        we_validator_fail(v, v->r.code, "%s", v->r.error);
    }
    return we_validator_good(v);
}

static void over_limit(struct we_validator *v, enum we_maximum limit,
                       uint64_t n)
{
    we_validator_fail(v, WE_LIMIT, "%llu %s, at most %u are supported",
                      (unsigned long long)n, we_maxima[limit].what,
                      we_maxima[limit].most);
}

/* --- immediates --------------------------------------------------------- */

/* An index into a space of n; what is in it is never looked at if it fails. */
static uint32_t read_index(struct we_validator *v, uint32_t n,
                           const char *what)
{
    uint32_t index = we_reader_u32(&v->r);

    if (index < n || !good(v))
        return index;
    we_validator_fail(v, WE_INVALID, "unknown %s %u", what, index);
    return 0;
}

static uint32_t read_label(struct we_validator *v)
{
    return read_index(v, v->nlabels, "label");
}

static uint32_t read_type(struct we_validator *v)
{
    return read_index(v, v->module->ntypes, "type");
}

static uint32_t read_table(struct we_validator *v)
{
    return read_index(v, v->module->ntables, "table");
}

static uint32_t read_elem(struct we_validator *v)
{
    return read_index(v, v->module->nelems, "elem segment");
}

static uint32_t read_data(struct we_validator *v)
{
    if (!v->module->has_data_count)
        we_validator_fail(v, WE_MALFORMED, "data count section required");
    return read_index(v, v->module->ndatas, "data segment");
}

static uint32_t read_memory(struct we_validator *v)
{
    uint32_t index = read_index(v, v->module->nmemories, "memory");

    if (good(v))
        v->address = v->module->memories[index].range.is64 ? WE_I64 : WE_I32;
    return index;
}

static uint32_t read_global(struct we_validator *v)
{
    uint32_t n = v->module->nglobals;

    return read_index(v, v->func == WE_NO_INDEX && v->nglobals < n
                             ? v->nglobals : n, "global");
}

/* The block type (Section 5.4.1): empty, a value type or a type index. */
static void read_block(struct we_validator *v)
{
    enum { EMPTY = 0x40 };
    uint8_t byte = we_reader_peek(&v->r);
    int64_t index;

    v->block = (struct we_label){ .single = WE_BOT };
    if (byte == EMPTY) {
        we_reader_byte(&v->r);
    } else if ((byte & 0xc0) == 0x40) {  /* a negative number of one byte */
        v->block.single = we_decode_valtype(&v->r, v->module, 0);
    } else {
        index = we_reader_s33(&v->r);
        if (!good(v))
            return;
        if (index < 0)
            we_reader_fail(&v->r, "malformed block type");
        else if (index >= v->module->ntypes)
            we_validator_fail(v, WE_INVALID, "unknown type %u",
                              (uint32_t)index);
        else if (v->module->types[index]->kind != WE_TYPE_FUNC)
            we_validator_fail(v, WE_INVALID, "type mismatch: type %u is not "
                              "a function type", (uint32_t)index);
        else
            v->block.type = v->module->types[index];
    }
}

static void read_labels(struct we_validator *v, struct we_insn *insn)
{
    uint32_t n = we_reader_count(&v->r), i;

    if (n > we_maxima[WE_MAX_TARGETS].most)
        over_limit(v, WE_MAX_TARGETS, n);
    if (!good(v)
        || !room(v, &v->targets, &v->targets_cap, (size_t)n + 1,
                 sizeof *v->targets))
        return;
    for (i = 0; i <= n && good(v); i++)
        v->targets[i] = read_label(v);
    insn->ntargets = n;
    insn->targets = v->targets;
}

static void read_catches(struct we_validator *v, struct we_insn *insn)
{
    uint32_t n, i;
    struct we_catch *c;

    read_block(v);
    n = we_reader_count(&v->r);
    if (n > we_maxima[WE_MAX_CATCHES].most)
        over_limit(v, WE_MAX_CATCHES, n);
    if (!good(v)
        || !room(v, &v->catches, &v->catches_cap, n, sizeof *v->catches))
        return;
    for (i = 0; i < n && good(v); i++) {
        c = &v->catches[i];
        *c = (struct we_catch){ .kind = we_reader_byte(&v->r) };
        if (c->kind > 3)
            we_reader_fail(&v->r, "malformed catch clause");
        else if (c->kind < 2)
            c->tag = read_index(v, v->module->ntags, "tag");
        c->depth = read_label(v);
    }
    insn->ncatches = n;
    insn->catches = v->catches;
}

static void read_valtypes(struct we_validator *v, struct we_insn *insn)
{
    uint32_t n = we_reader_count(&v->r);

    if (n != 1 && good(v))
        we_validator_fail(v, WE_INVALID, "invalid result arity %u", n);
    insn->type = we_decode_valtype(&v->r, v->module, 0);
}

/* Which type: of the instructions with a heap type, these take no null. */
static void read_heap(struct we_validator *v, struct we_insn *insn)
{
    bool null = insn->op != WE_OP_REF_TEST && insn->op != WE_OP_REF_CAST;

    insn->type = WE_REF | (null ? WE_NULL : 0)
                 | we_decode_heaptype(&v->r, v->module, 0);
}

static void read_cast(struct we_validator *v, struct we_insn *insn)
{
    enum { NULL_SOURCE = 1, NULL_TARGET = 2 };
    uint8_t flags = we_reader_byte(&v->r);

    if (flags > (NULL_SOURCE | NULL_TARGET))
        we_reader_fail(&v->r, "malformed cast flags");
    insn->index = read_label(v);
    insn->type2 = WE_REF | (flags & NULL_SOURCE ? WE_NULL : 0)
                  | we_decode_heaptype(&v->r, v->module, 0);
    insn->type = WE_REF | (flags & NULL_TARGET ? WE_NULL : 0)
                 | we_decode_heaptype(&v->r, v->module, 0);
}

/* A memory access of 1 << size bytes (Section 5.4.7). */
static void read_memarg(struct we_validator *v, struct we_insn *insn,
                        unsigned size, bool exact)
{
    enum { HAS_MEMORY = 1 << 6 };
    uint32_t align = we_reader_u32(&v->r);

    if (align >= 2 * HAS_MEMORY)
        we_reader_fail(&v->r, "malformed memop flags");
    insn->index = 0;
    if (align & HAS_MEMORY)
        insn->index = read_memory(v);
    else if (v->module->nmemories == 0 && good(v))
        we_validator_fail(v, WE_INVALID, "unknown memory 0");
    else if (good(v))
        v->address = v->module->memories[0].range.is64 ? WE_I64 : WE_I32;
    align &= HAS_MEMORY - 1;
    insn->imm[0] = we_reader_u64(&v->r);
    if (!good(v))
        return;
    if (align > size)
        we_validator_fail(v, WE_INVALID,
                          "alignment must not be larger than natural");
    else if (exact && align != size)
        we_validator_fail(v, WE_INVALID,
                          "atomic alignment must be natural");
    else if (v->address == WE_I32 && insn->imm[0] > UINT32_MAX)
        we_validator_fail(v, WE_INVALID, "offset out of range");
}

static uint32_t read_lane(struct we_validator *v, unsigned lanes)
{
    uint8_t lane = we_reader_byte(&v->r);

    if (lane >= lanes && good(v))
        we_validator_fail(v, WE_INVALID, "invalid lane index %u", lane);
    return lane;
}

static void read_shuffle(struct we_validator *v, struct we_insn *insn)
{
    int i;

    insn->imm[0] = insn->imm[1] = 0;
    for (i = 0; i < 16; i++)
        insn->imm[i / 8] |= (uint64_t)read_lane(v, 32) << i % 8 * 8;
}

static void read_new_fixed(struct we_validator *v, struct we_insn *insn)
{
    insn->index = read_type(v);
    insn->index2 = we_reader_u32(&v->r);
    if (insn->index2 > we_maxima[WE_MAX_NEW_FIXED].most && good(v))
        over_limit(v, WE_MAX_NEW_FIXED, insn->index2);
}

/* How to read each kind.  The binary order of two indices is not always that
 * of struct we_insn. */
static void read_immediate(struct we_validator *v, struct we_insn *insn)
{
    const struct we_module *m = v->module;
    unsigned kind = op_immediate[insn->op];

    switch (kind) {
    case WE_IMM_NONE:
        break;
    case WE_IMM_BLOCK:
        read_block(v);
        break;
    case WE_IMM_LABEL:
        insn->index = read_label(v);
        break;
    case WE_IMM_LABELS:
        read_labels(v, insn);
        break;
    case WE_IMM_TAG:
        insn->index = read_index(v, m->ntags, "tag");
        break;
    case WE_IMM_TRY:
        read_catches(v, insn);
        break;
    case WE_IMM_FUNC:
        insn->index = read_index(v, m->nfuncs, "function");
        break;
    case WE_IMM_TYPE:
        insn->index = read_type(v);
        break;
    case WE_IMM_TYPE_TABLE:
        insn->index = read_type(v);
        insn->index2 = read_table(v);
        break;
    case WE_IMM_LOCAL:
        insn->index = read_index(v, v->nlocals, "local");
        break;
    case WE_IMM_GLOBAL:
        insn->index = read_global(v);
        break;
    case WE_IMM_TABLE:
        insn->index = read_table(v);
        break;
    case WE_IMM_MEMORY:
        insn->index = read_memory(v);
        break;
    case WE_IMM_VALTYPES:
        read_valtypes(v, insn);
        break;
    case WE_IMM_HEAP:
        read_heap(v, insn);
        break;
    case WE_IMM_CAST:
        read_cast(v, insn);
        break;
    case WE_IMM_FENCE:
        if (we_reader_byte(&v->r) != 0)
            we_reader_fail(&v->r, "zero byte expected");
        break;
    case WE_IMM_I32:
        insn->imm[0] = (uint32_t)we_reader_s32(&v->r);
        break;
    case WE_IMM_I64:
        insn->imm[0] = (uint64_t)we_reader_s64(&v->r);
        break;
    case WE_IMM_F32:
        insn->imm[0] = we_reader_fixed(&v->r, 4);
        break;
    case WE_IMM_F64:
        insn->imm[0] = we_reader_fixed(&v->r, 8);
        break;
    case WE_IMM_V128:
        insn->imm[0] = we_reader_fixed(&v->r, 8);
        insn->imm[1] = we_reader_fixed(&v->r, 8);
        break;
    case WE_IMM_SHUFFLE:
        read_shuffle(v, insn);
        break;
    case WE_IMM_LANE2:
    case WE_IMM_LANE4:
    case WE_IMM_LANE8:
    case WE_IMM_LANE16:
        insn->index = read_lane(v, 2u << (kind - WE_IMM_LANE2));
        break;
    case WE_IMM_MEM1:
    case WE_IMM_MEM2:
    case WE_IMM_MEM4:
    case WE_IMM_MEM8:
    case WE_IMM_MEM16:
        read_memarg(v, insn, kind - WE_IMM_MEM1, false);
        break;
    case WE_IMM_ATOMIC1:
    case WE_IMM_ATOMIC2:
    case WE_IMM_ATOMIC4:
    case WE_IMM_ATOMIC8:
        read_memarg(v, insn, kind - WE_IMM_ATOMIC1, true);
        break;
    case WE_IMM_MEMLANE1:
    case WE_IMM_MEMLANE2:
    case WE_IMM_MEMLANE4:
    case WE_IMM_MEMLANE8:
        read_memarg(v, insn, kind - WE_IMM_MEMLANE1, false);
        insn->index2 = read_lane(v, 16u >> (kind - WE_IMM_MEMLANE1));
        break;
    case WE_IMM_DATA:
        insn->index = read_data(v);
        break;
    case WE_IMM_ELEM:
        insn->index = read_elem(v);
        break;
    case WE_IMM_DATA_MEMORY:
        insn->index = read_data(v);
        insn->index2 = read_memory(v);
        break;
    case WE_IMM_ELEM_TABLE:
        insn->index = read_elem(v);
        insn->index2 = read_table(v);
        break;
    case WE_IMM_MEMORY_MEMORY:
        insn->index = read_memory(v);
        insn->index2 = read_memory(v);
        break;
    case WE_IMM_TABLE_TABLE:
        insn->index = read_table(v);
        insn->index2 = read_table(v);
        break;
    case WE_IMM_TYPE_FIELD:
        insn->index = read_type(v);
        insn->index2 = we_reader_u32(&v->r);
        break;
    case WE_IMM_TYPE_COUNT:
        read_new_fixed(v, insn);
        break;
    case WE_IMM_TYPE_DATA:
        insn->index = read_type(v);
        insn->index2 = read_data(v);
        break;
    case WE_IMM_TYPE_ELEM:
        insn->index = read_type(v);
        insn->index2 = read_elem(v);
        break;
    case WE_IMM_TYPE_TYPE:
        insn->index = read_type(v);
        insn->index2 = read_type(v);
        break;
    }
}

/* --- instructions ------------------------------------------------------- */

/* The opcode + 1, 0 with the error set if there is none. */
static uint16_t read_op(struct we_validator *v)
{
    uint8_t byte = we_reader_byte(&v->r);
    uint32_t code;
    uint16_t op = 0;

    if (byte >= PREFIX_FIRST && byte <= PREFIX_LAST) {
        code = we_reader_u32(&v->r);
        if (code < prefixed[byte - PREFIX_FIRST].n)
            op = prefixed[byte - PREFIX_FIRST].ops[code];
        if (op == 0 && good(v))
            we_validator_fail(v, WE_MALFORMED, "illegal opcode 0x%02x 0x%02x",
                              byte, code);
    } else {
        if (byte < COUNT(ops_byte))
            op = ops_byte[byte];
        if (op == 0 && good(v))
            we_validator_fail(v, WE_MALFORMED, "illegal opcode 0x%02x", byte);
    }
    return op;
}

static we_valtype type_of_letter(const struct we_validator *v, char letter)
{
    return letter == 'p' ? v->address : letter_type[(unsigned char)letter];
}

/* "operands:results" */
static void apply(struct we_validator *v, const char *rule)
{
    const char *colon = rule, *p;

    while (*colon != ':')
        colon++;
    for (p = colon; p > rule; p--)
        we_operand_pop(v, type_of_letter(v, p[-1]));
    for (p = colon + 1; *p; p++)
        we_operand_push(v, type_of_letter(v, *p));
}

static const char *sink_error(enum we_error error)
{
    return error == WE_UNSUPPORTED ? "this instruction is not supported"
           : error == WE_LIMIT ? "the function needs more than 65,535 slots"
                               : we_error_text(error);
}

static enum we_error deliver(struct we_validator *v,
                             const struct we_sink *sink,
                             const struct we_insn *insn)
{
    enum we_error error = sink->insn(sink->env, insn);

    if (error != WE_OK)
        we_validator_fail(v, error, "%s: %s", op_text[insn->op],
                          sink_error(error));
    return error;
}

/* One instruction: reads, checks, delivers it. */
static void step(struct we_validator *v, const struct we_sink *sink,
                 struct we_insn *insn)
{
    uint16_t op;
    bool wanted;

    v->offset = we_reader_offset(&v->r);
    insn->offset = v->offset;
    op = read_op(v);
    if (op == 0 || !good(v))
        return;
    insn->op = (enum we_op)(op - 1);
    insn->dead = false;
    if (v->func == WE_NO_INDEX && !op_constant[insn->op]) {
        we_validator_fail(v, WE_INVALID, "constant expression required, "
                          "found %s", op_text[insn->op]);
        return;
    }
    read_immediate(v, insn);
    if (!good(v))
        return;
    wanted = insn->op == WE_OP_ELSE || insn->op == WE_OP_END
                 ? !we_label_at(v, 0)->dead : we_validator_live(v);
    if (we_rules[insn->op])
        we_rules[insn->op](v, insn);
    else
        apply(v, op_rule[insn->op]);
    if (wanted && we_validator_good(v))
        deliver(v, sink, insn);
}

/* All instructions up to the end of the body, which is type's. */
static enum we_error run(struct we_validator *v, const struct we_label *type,
                         const struct we_body *body,
                         const struct we_sink *sink)
{
    struct we_insn insn = { .op = WE_OP_NOP };
    enum we_error error;

    v->noperands = v->nlabels = 0;
    v->slots = v->most_slots = 0;
    v->nset = 0;
    we_label_push(v, type);
    if (good(v)) {
        error = sink->begin(sink->env, body);
        if (error != WE_OK)
            we_validator_fail(v, error, "%s", sink_error(error));
    }
    while (good(v) && v->nlabels > 0)
        step(v, sink, &insn);
    if (good(v)) {
        error = sink->finish(sink->env, v->most_slots);
        if (error != WE_OK)
            we_validator_fail(v, error, "%s", sink_error(error));
    }
    return v->detail->error;
}

/* --- locals ------------------------------------------------------------- */

/* Appends n locals of a type, not set unless it has a default value. */
static void add_locals(struct we_validator *v, we_valtype type, uint32_t n,
                       bool set)
{
    uint32_t i;

    if (n > we_maxima[WE_MAX_LOCALS].most - v->nlocals) {
        over_limit(v, WE_MAX_LOCALS, (uint64_t)n + v->nlocals);
        return;
    }
    v->all_locals += n;
    if (v->all_locals > we_maxima[WE_MAX_ALL_LOCALS].most) {
        over_limit(v, WE_MAX_ALL_LOCALS, v->all_locals);
        return;
    }
    if (!room(v, &v->locals, &v->locals_cap, (size_t)v->nlocals + n,
              sizeof *v->locals)
        || !room(v, &v->unset, &v->unset_cap, (size_t)v->nlocals + n,
                 sizeof *v->unset))
        return;
    for (i = 0; i < n; i++)
        v->locals[v->nlocals + i] = type;
    if (n > 0)
        memset(v->unset + v->nlocals, !set, n * sizeof *v->unset);
    if (n > 0 && !set)
        v->has_unset = true;
    v->nlocals += n;
}

/* Section 5.5.13: all counts together must fit into 32 bits. */
static void sum_locals(struct we_validator *v)
{
    struct we_reader start = v->r;
    uint32_t groups = we_reader_count(&v->r), i;
    uint64_t sum = 0;

    for (i = 0; i < groups && good(v); i++) {
        v->offset = we_reader_offset(&v->r);
        sum += we_reader_u32(&v->r);
        we_decode_valtype(&v->r, v->module, 0);
        if (sum > UINT32_MAX && good(v))
            we_validator_fail(v, WE_MALFORMED, "too many locals");
    }
    if (good(v))
        v->r = start;
}

static void read_locals(struct we_validator *v, const struct we_type *type)
{
    uint32_t groups, n, i;
    we_valtype t;

    v->nlocals = 0;
    v->has_unset = false;
    for (i = 0; i < type->nparams && we_validator_good(v); i++)
        add_locals(v, type->values[i], 1, true);
    sum_locals(v);
    groups = we_reader_count(&v->r);
    for (i = 0; i < groups && good(v); i++) {
        v->offset = we_reader_offset(&v->r);
        n = we_reader_u32(&v->r);
        t = we_decode_valtype(&v->r, v->module, 0);
        if (good(v))
            add_locals(v, t, n, !we_is_ref(t) || (t & WE_NULL));
    }
}

static uint32_t count_slots(const struct we_validator *v)
{
    uint32_t i, slots = 0;

    for (i = 0; i < v->nlocals; i++)
        slots += we_slots(v->locals[i]);
    return slots;
}

/* --- entry points ------------------------------------------------------- */

enum we_error we_validate_func(struct we_validator *v, uint32_t func,
                               const struct we_sink *sink,
                               struct we_detail *detail)
{
    const struct we_func_desc *desc = &v->module->funcs[func];
    struct we_label label = { .type = desc->type, .op = WE_OP_BLOCK };
    struct we_body body = {
        .module = v->module, .type = desc->type, .func = func,
        .nresults = desc->type->nresults,
        .results = desc->type->values + desc->type->nparams
    };

    v->detail = detail;
    v->func = func;
    v->offset = desc->offset;
    v->r = we_reader_new(v->module->bytes, desc->offset,
                         desc->offset + desc->size);
    read_locals(v, desc->type);
    if (!good(v))
        return detail->error;
    body.nlocals = v->nlocals;
    body.locals = v->locals;
    body.local_slots = count_slots(v);
    if (run(v, &label, &body, sink) == WE_OK && we_reader_left(&v->r) > 0) {
        v->offset = we_reader_offset(&v->r);
        we_validator_fail(v, WE_MALFORMED,
                          "operators remaining after the end of the function");
    }
    return detail->error;
}

enum we_error we_validate_expr(struct we_validator *v, uint32_t at,
                               uint32_t end, we_valtype type,
                               uint32_t nglobals, const struct we_sink *sink,
                               uint32_t *len, struct we_detail *detail)
{
    struct we_label label = { .single = type, .op = WE_OP_BLOCK };
    struct we_body body = { .module = v->module, .func = WE_NO_INDEX,
                            .nresults = 1, .results = &label.single };

    v->detail = detail;
    v->func = WE_NO_INDEX;
    v->nglobals = nglobals;
    v->nlocals = 0;
    v->r = we_reader_new(v->module->bytes, at, end);
    run(v, &label, &body, sink);
    *len = we_reader_offset(&v->r) - at;
    return detail->error;
}

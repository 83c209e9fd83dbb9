/* What the validator hands to its sink; the limits of bodies.  That it accepts
 * and refuses what it must is shown by invalid.c and the official suite. */
#include "build.h"
#include "front.h"

#include <stdio.h>

enum { I32 = 0x7f, I64 = 0x7e, F32 = 0x7d, V128 = 0x7b, EMPTY = 0x40 };

#define ROW(symbol, code, text, immediate, rule) text,
static const char *const texts[WE_NOPS] = { WE_OPCODES(ROW) };
#undef ROW

/* --- a sink that remembers ---------------------------------------------- */

struct tape {
    char           text[4096];           /* the instructions, "!": dead */
    uint32_t       n;
    struct we_insn insns[64];            /* the first of them */
    uint32_t       targets[8];           /* of the last br_table */
    struct we_catch catches[4];          /* of the last try_table */
    struct we_body body;
    uint32_t       stack_slots;
    enum we_error  error;                /* to answer to i32.add */
};

static enum we_error tape_begin(void *env, const struct we_body *body)
{
    struct tape *tape = env;

    tape->body = *body;
    return WE_OK;
}

static enum we_error tape_insn(void *env, const struct we_insn *insn)
{
    struct tape *tape = env;
    size_t len = strlen(tape->text);

    if (tape->n < 64)
        tape->insns[tape->n] = *insn;
    tape->n++;
    if (len + 64 < sizeof tape->text)
        snprintf(tape->text + len, 64, "%s%s%s", len ? " " : "",
                 texts[insn->op], insn->dead ? "!" : "");
    if (insn->op == WE_OP_BR_TABLE && insn->ntargets < 8)
        memcpy(tape->targets, insn->targets,
               (insn->ntargets + 1) * sizeof *tape->targets);
    if (insn->op == WE_OP_TRY_TABLE && insn->ncatches <= 4)
        memcpy(tape->catches, insn->catches,
               insn->ncatches * sizeof *tape->catches);
    return insn->op == WE_OP_I32_ADD ? tape->error : WE_OK;
}

static enum we_error tape_finish(void *env, uint32_t stack_slots)
{
    struct tape *tape = env;

    tape->stack_slots = stack_slots;
    return WE_OK;
}

/* --- modules around a body ---------------------------------------------- */

/*
 * Types 0: (i32) -> (), 1: () -> (i32), 2: (i32 i64) -> (f32 v128), 3: a
 * structure, 4: (i32) -> (i32).  Two tables, two memories (the second with
 * 64 bits), a mutable i64, a tag of type 0, a passive segment of each sort.
 * Function 0 has the body and type, 1 is of type 2.
 */
static struct bytes around(uint8_t type, struct bytes *body)
{
    struct bytes b = module_new(), code = { 0 };

    SECTION(&b, 1, 5, 0x60, 1, I32, 0, 0x60, 0, 1, I32,
            0x60, 2, I32, I64, 2, F32, V128, 0x5f, 1, I32, 1,
            0x60, 1, I32, 1, I32);
    SECTION(&b, 2, 1, 1, 'm', 1, 'f', 0, 2);
    SECTION(&b, 3, 1, type);
    SECTION(&b, 4, 2, 0x70, 0, 1, 0x6f, 0, 1);
    SECTION(&b, 5, 2, 0, 1, 4, 1);
    SECTION(&b, 13, 1, 0, 0);
    SECTION(&b, 6, 1, I64, 1, 0x42, 0, 0x0b);
    SECTION(&b, 9, 1, 1, 0, 1, 1);
    SECTION(&b, 12, 1);
    PUT(&code, 1);
    put_sized(&code, body);
    put_section(&b, 10, &code);
    SECTION(&b, 11, 1, 1, 0);
    return b;
}

static struct front front;
static struct tape tape;

/* Validates it; to be closed with front_close. */
static enum we_error validate(uint8_t type, struct bytes *body)
{
    struct we_sink sink = { &tape, tape_begin, tape_insn, tape_finish };
    enum we_error stop = tape.error, error;
    struct bytes module = around(type, body);

    tape = (struct tape){ .error = stop };
    error = front_open(&front, module.data, module.len);
    if (error == WE_OK)
        error = we_validate_func(front.validator, 1, &sink, &front.detail);
    free(module.data);
    return error;
}

/* The same of code without locals and its end. */
static enum we_error validate_code(uint8_t type, const uint8_t *code,
                                   size_t len)
{
    struct bytes body = { 0 };

    PUT(&body, 0);
    put(&body, code, len);
    PUT(&body, 0x0b);
    return validate(type, &body);
}

#define CODE(type, ...)                                        \
    validate_code((type), (const uint8_t[]){ __VA_ARGS__ },    \
                  sizeof (const uint8_t[]){ __VA_ARGS__ })

static void is_valid(enum we_error error, const char *what)
{
    if (!is_int(error, WE_OK, "%s", what))
        diag("%s", front.detail.text);
}

/* --- what the sink sees ------------------------------------------------- */

static const struct flow {
    const char *what;
    uint8_t     type, len, code[32];
    const char *seen;
    uint32_t    slots;
} flows[] = {
    { "nothing", 0, 0, { 0 }, "end", 0 },
    { "straight", 0, 7, { 0x41, 1, 0x41, 2, 0x6a, 0x1a, 0x01 },
      "i32.const i32.const i32.add drop nop end", 2 },
    { "code behind a branch", 0, 13,
      { 0x02, EMPTY, 0x0c, 0, 0x41, 1, 0x1a, 0x02, EMPTY, 0x01, 0x0b, 0x0b,
        0x01 },
      "block br end! nop end", 0 },
    { "unreachable to the end", 0, 3, { 0x00, 0x6a, 0x1a },
      "unreachable end!", 0 },
    { "the results of a dead end count", 1, 1, { 0x00 }, "unreachable end!",
      1 },
    { "a dead first branch", 0, 9,
      { 0x41, 1, 0x04, EMPTY, 0x0f, 0x05, 0x01, 0x0b, 0x01 },
      "i32.const if return else! nop end nop end", 1 },
    { "a dead second branch", 0, 9,
      { 0x41, 1, 0x04, EMPTY, 0x01, 0x05, 0x0f, 0x0b, 0x01 },
      "i32.const if nop else return end! nop end", 1 },
    { "an if without else", 0, 6, { 0x41, 1, 0x04, EMPTY, 0x00, 0x0b },
      "i32.const if unreachable end! end", 1 },
    { "a dead if with an else", 0, 11,
      { 0x02, EMPTY, 0x00, 0x41, 1, 0x04, EMPTY, 0x05, 0x0b, 0x0b, 0x01 },
      "block unreachable end! nop end", 0 },
    { "an endless loop", 0, 6, { 0x03, EMPTY, 0x0c, 0, 0x0b, 0x01 },
      "loop br end! nop end", 0 },
    { "br_if falls through", 0, 8,
      { 0x02, EMPTY, 0x41, 1, 0x0d, 0, 0x0b, 0x01 },
      "block i32.const br_if end nop end", 1 },
    { "pushes of dead code don't count", 0, 11,
      { 0x41, 1, 0x1a, 0x00, 0x41, 1, 0x41, 1, 0x41, 1, 0x00 },
      "i32.const drop unreachable end!", 1 },
    { "a block's results", 1, 10,
      { 0x41, 1, 0x02, I32, 0x41, 2, 0x0b, 0x1a, 0x01, 0x01 },
      "i32.const block i32.const end drop nop nop end", 2 },
    { "a block's parameters", 1, 8,
      { 0x41, 1, 0x02, 4, 0x41, 2, 0x6a, 0x0b },
      "i32.const block i32.const i32.add end end", 2 },
    { "a dead block's results stand behind it", 1, 9,
      { 0x41, 1, 0x02, I32, 0x00, 0x0b, 0x6a, 0x01, 0x01 },
      "i32.const block unreachable end! i32.add nop nop end", 2 },
    { "a v128 takes two", 0, 12,
      { 0x41, 1, 0x42, 2, 0x10, 0, 0x1a, 0x1a, 0x01, 0x01, 0x01, 0x01 },
      "i32.const i64.const call drop drop nop nop nop nop end", 3 },
    { "a branch takes its value and leaves others", 1, 10,
      { 0x02, I32, 0x41, 1, 0x41, 2, 0x41, 3, 0x0c, 0 },
      "block i32.const i32.const i32.const br end! end", 3 }
};

static void test_flow(void)
{
    const struct flow *t;
    struct bytes body;

    for (t = flows; t < flows + sizeof flows / sizeof *flows; t++) {
        body = (struct bytes){ 0 };
        PUT(&body, 0);
        put(&body, t->code, t->len);
        if (strstr(t->what, "leaves others"))
            PUT(&body, 0x0b);
        PUT(&body, 0x0b);
        is_valid(validate(t->type, &body), t->what);
        is_str(tape.text, t->seen, "... what is seen");
        is_int(tape.stack_slots, t->slots, "... the deepest stack");
        front_close(&front);
    }
}

static void test_body(void)
{
    struct bytes body = { 0 };

    PUT(&body, 2, 2, I64, 1, V128, 0x43, 0, 0, 0x80, 0x3f,
        0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b);
    is_valid(validate(2, &body), "a body with locals");
    is_int(tape.body.func, 1, "its index");
    is_int(tape.body.nlocals, 5, "locals with parameters");
    is_int(tape.body.local_slots, 6, "... in slots");
    is_int(tape.body.nresults, 2, "results");
    is_int(tape.body.type == front.module.funcs[1].type, true, "its type");
    is_int(tape.insns[0].offset, front.module.funcs[1].offset + 5,
           "an instruction's offset is the module's");
    is_int(tape.insns[1].offset, tape.insns[0].offset + 5, "... the next's");
    front_close(&front);
}

/* The instruction that stands before the end or drop in the code. */
static const struct we_insn *seen(enum we_op op)
{
    static const struct we_insn none;
    uint32_t i;

    for (i = 0; i < tape.n && i < 64; i++)
        if (tape.insns[i].op == op)
            return &tape.insns[i];
    ok(false, "%s was seen", texts[op]);
    return &none;
}

static void test_constants(void)
{
    const struct we_insn *insn;

    is_valid(CODE(0, 0x41, 0x7f, 0x1a, 0x42, 0x7f, 0x1a,
                  0x43, 1, 2, 3, 0xff, 0x1a,
                  0x44, 1, 2, 3, 4, 5, 6, 7, 0xff, 0x1a,
                  0xfd, 12, 1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x80,
                  0x1a), "constants");
    is_int((int64_t)seen(WE_OP_I32_CONST)->imm[0], 0xffffffff,
           "i32: upper half zero");
    is_int((int64_t)seen(WE_OP_I64_CONST)->imm[0], -1, "i64");
    is_int((int64_t)seen(WE_OP_F32_CONST)->imm[0], 0xff030201, "f32: bits");
    is_int((int64_t)seen(WE_OP_F64_CONST)->imm[0],
           (int64_t)0xff07060504030201u, "f64: bits");
    insn = seen(WE_OP_V128_CONST);
    is_int((int64_t)insn->imm[0], 1, "v128: low half first");
    is_int((int64_t)insn->imm[1], (int64_t)0x8000000000000002u, "... high");
    front_close(&front);

    is_valid(CODE(0, 0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                  0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                  0xfd, 13, 0, 1, 2, 3, 4, 5, 6, 7, 31, 30, 29, 28, 27, 26,
                  25, 24, 0xfd, 27, 3, 0x1a), "lanes");
    insn = seen(WE_OP_I8X16_SHUFFLE);
    is_int((int64_t)insn->imm[0], 0x0706050403020100, "shuffle: low half");
    is_int((int64_t)insn->imm[1], 0x18191a1b1c1d1e1f, "... high half");
    is_int(seen(WE_OP_I32X4_EXTRACT_LANE)->index, 3, "lane");
    front_close(&front);
}

static void test_memory(void)
{
    const struct we_insn *insn;

    is_valid(CODE(0, 0x41, 0, 0x28, 2, 8, 0x1a,
                  0x42, 0, 0x29, 0x43, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                  0xff, 0xff, 0xff, 0x01, 0x1a), "short and long access");
    insn = seen(WE_OP_I32_LOAD);
    is_int(insn->index, 0, "memory");
    is_int((int64_t)insn->imm[0], 8, "offset");
    insn = seen(WE_OP_I64_LOAD);
    is_int(insn->index, 1, "second memory");
    is_int((int64_t)insn->imm[0], -1, "64-bit offset");
    front_close(&front);

    is_valid(CODE(0, 0x42, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 0, 1,
                  0x42, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 1, 0,
                  0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 12, 0, 0),
             "bulk operations");
    insn = seen(WE_OP_MEMORY_INIT);
    ok(insn->index == 0 && insn->index2 == 1, "memory.init: segment, memory");
    insn = seen(WE_OP_MEMORY_COPY);
    ok(insn->index == 1 && insn->index2 == 0, "memory.copy: to, from");
    insn = seen(WE_OP_TABLE_INIT);
    ok(insn->index == 0 && insn->index2 == 0, "table.init: segment, table");
    is_int(insn->type, WE_FUNCREF, "... and its type");
    front_close(&front);

    is_valid(CODE(0, 0x42, 0,
                  0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
                  0xfd, 85, 0x41, 1, 16, 7, 0x1a), "a lane's load");
    insn = seen(WE_OP_V128_LOAD16_LANE);
    ok(insn->index == 1 && insn->index2 == 7 && insn->imm[0] == 16,
       "memory, lane, offset");
    front_close(&front);
}

static void test_calls(void)
{
    const struct we_insn *insn;

    is_valid(CODE(0, 0x41, 0, 0x42, 0, 0x41, 0, 0x11, 2, 0, 0x1a, 0x1a,
                  0x41, 0, 0x12, 1), "calls");
    insn = seen(WE_OP_CALL_INDIRECT);
    ok(insn->index == 2 && insn->index2 == 0, "type, table");
    ok(insn->nparams == 2 && insn->params[1] == WE_I64, "parameters");
    ok(insn->nresults == 2 && insn->results[1] == WE_V128, "results");
    is_int(seen(WE_OP_DROP)->type, WE_V128, "what is dropped");
    is_int(seen(WE_OP_RETURN_CALL)->index, 1, "a tail call");
    front_close(&front);
}

static void test_types(void)
{
    const struct we_insn *insn;

    is_valid(CODE(0, 0x23, 0, 0x23, 0, 0x20, 0, 0x1b, 0x24, 0,
                  0xd0, 0x6f, 0xd0, 0x6f, 0x41, 0, 0x1c, 1, 0x6f, 0x1a,
                  0xd0, 0x70, 0xd1, 0x1a), "operand types");
    is_int(seen(WE_OP_GLOBAL_GET)->type, WE_I64, "global.get");
    is_int(seen(WE_OP_LOCAL_GET)->type, WE_I32, "local.get");
    is_int(seen(WE_OP_SELECT)->type, WE_I64, "select");
    is_int(seen(WE_OP_SELECT_T)->type, WE_EXTERNREF, "select with a type");
    is_int(seen(WE_OP_REF_IS_NULL)->type, WE_FUNCREF, "ref.is_null");
    front_close(&front);

    is_valid(CODE(1, 0x02, I32, 0x41, 1, 0x0b, 0x03, 4, 0x0b), "block types");
    insn = seen(WE_OP_LOOP);
    ok(insn->nparams == 1 && insn->params[0] == WE_I32
       && insn->nresults == 1, "by index");
    is_int(seen(WE_OP_BLOCK)->nresults, 1, "by value type");
    is_int(seen(WE_OP_BLOCK)->nparams, 0, "... takes nothing");
    front_close(&front);

    is_valid(CODE(0, 0xd0, 3, 0xfb, 2, 3, 0, 0x1a), "a field");
    insn = seen(WE_OP_STRUCT_GET);
    ok(insn->index == 3 && insn->index2 == 0 && insn->type == WE_I32,
       "type, field, the field's type");
    front_close(&front);
}

static void test_tables_of_labels(void)
{
    const struct we_insn *insn;

    is_valid(CODE(0, 0x02, EMPTY, 0x02, EMPTY, 0x41, 0, 0x0e, 2, 0, 2, 1,
                  0x0b, 0x0b), "br_table");
    is_int(seen(WE_OP_BR_TABLE)->ntargets, 2, "its targets");
    ok(tape.targets[0] == 0 && tape.targets[1] == 2 && tape.targets[2] == 1,
       "... the default last");
    front_close(&front);

    is_valid(CODE(0, 0x02, I32, 0x02, EMPTY, 0x1f, EMPTY, 2, 0, 0, 1, 2, 0,
                  0x01, 0x0b, 0x0b, 0x41, 0, 0x0b, 0x1a), "try_table");
    insn = seen(WE_OP_TRY_TABLE);
    is_int(insn->ncatches, 2, "its clauses");
    ok(tape.catches[0].kind == 0 && tape.catches[0].tag == 0
       && tape.catches[0].depth == 1, "catch: depth from outside");
    ok(tape.catches[1].kind == 2 && tape.catches[1].depth == 0, "catch_all");
    front_close(&front);
}

static void test_sink_error(void)
{
    char want[WE_TEXT_MAX];

    tape.error = WE_UNSUPPORTED;
    is_int(CODE(1, 0x41, 1, 0x41, 2, 0x6a), WE_UNSUPPORTED,
           "what the sink refuses");
    snprintf(want, sizeof want, "function 1, offset 0x%x: i32.add: this "
             "instruction is not supported", front.module.funcs[1].offset + 5);
    is_str(front.detail.text, want, "... with the place");
    is_str(tape.text, "i32.const i32.const i32.add", "... ends the body");
    front_close(&front);
    tape.error = WE_OK;
    is_int(CODE(0, 0x00, 0x6a, 0x1a), WE_OK, "not so in dead code");
    front_close(&front);
}

/* --- limits ------------------------------------------------------------- */

static void test_locals(void)
{
    struct bytes body = { 0 };

    PUT(&body, 2);
    put_u32(&body, 49998);
    PUT(&body, I64, 1, V128, 0x0b);
    is_valid(validate(0, &body), "50,000 locals");
    is_int(tape.body.local_slots, 50001, "... in slots");
    front_close(&front);
    PUT(&body, 2);
    put_u32(&body, 49998);
    PUT(&body, I64, 2, V128, 0x0b);
    is_int(validate(0, &body), WE_LIMIT, "one more is too many");
    front_close(&front);
}

static void test_targets(void)
{
    struct bytes body = { 0 };
    uint32_t n;

    for (n = 65520; n <= 65521; n++) {
        PUT(&body, 0, 0x41, 0, 0x0e);
        put_u32(&body, n);
        PUT_TIMES(&body, n + 1, 0);
        PUT(&body, 0x0b);
        is_int(validate(0, &body), n == 65520 ? WE_OK : WE_LIMIT,
               "%u targets", n);
        front_close(&front);
    }
}

static void test_operands(void)
{
    struct bytes body = { 0 };
    uint32_t n;

    for (n = 1000000; n <= 1000001; n++) {
        PUT(&body, 0);
        PUT_TIMES(&body, n, 0x41, 0);
        PUT_TIMES(&body, n, 0x1a);
        PUT(&body, 0x0b);
        is_int(validate(0, &body), n == 1000000 ? WE_OK : WE_LIMIT,
               "%u operands", n);
        front_close(&front);
    }
    is_int(tape.n, 1000000, "refused at once");
}

static void test_depth(void)
{
    struct bytes body = { 0 };

    PUT(&body, 0);
    PUT_TIMES(&body, 200000, 0x02, EMPTY);
    PUT(&body, 0x0c);
    put_u32(&body, 200000);
    PUT_TIMES(&body, 200001, 0x0b);
    is_valid(validate(0, &body), "200,000 nested blocks");
    is_int(tape.n, 400002, "... are all seen");
    front_close(&front);

    PUT(&body, 0);
    PUT_TIMES(&body, 100000, 0x41, 1, 0x04, EMPTY);
    PUT_TIMES(&body, 100000, 0x05, 0x0b);
    PUT(&body, 0x0b);
    is_valid(validate(0, &body), "100,000 nested ifs");
    front_close(&front);
}

int main(void)
{
    test_flow();
    test_body();
    test_constants();
    test_memory();
    test_calls();
    test_types();
    test_tables_of_labels();
    test_sink_error();
    test_locals();
    test_targets();
    test_operands();
    test_depth();
    return done();
}

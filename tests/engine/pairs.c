/* Each handler of two operations in a row does what the two do by themselves,
 * one after the other: to slots, accumulators, memory, globals and frames, in
 * where it goes on and where it traps, with operands of all kinds. */
#include "../../engine/interp_steps.h"
#include "../../engine/iops_pairs.h"
#include "../tap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NSLOTS = 32, NAMED = 16, BYTES = 64, NFRAMES = 4, UNITS = 64,
       TRIES = 1500, LONGEST = 16 };

/* --- the pairs ------------------------------------------------------------ */

/* Of operations that are jumped to; a table of four branches is 16 long. */
static const struct { const char *name; uint32_t units; } jumped[] = {
    { "BR_TABLE_S", 16 }, { "BR_TABLE_A", 16 }, { "CALL", 8 },
    { "CALL_IMPORT", 12 }, { "CALL_IMPORT_INT", 12 },
    { "CALL_INDIRECT_S", 12 }, { "CALL_INDIRECT_A", 12 },
    { "RETURN", 8 }, { "RETURN_INT_S", 8 }, { "RETURN_INT_A", 8 },
    { "RETURN_F32_S", 8 }, { "RETURN_F32_A", 8 }, { "RETURN_F64_S", 8 },
    { "RETURN_F64_A", 8 }
};

struct op {
    const char *name;
    char        kind;                    /* as in iops_pairs.h */
    uint32_t    units;                   /* 0: see above */
};

#define UNITS_S(name) we_n_##name
#define UNITS_B(name) we_n_##name
#define UNITS_T(name) 0
#define ROW(k, l, first, then)                                                \
    { { #first, #k[0], UNITS_##k(first) }, { #then, #l[0], UNITS_##l(then) } },
static const struct op rows[][2] = { WE_PAIRS(ROW) };

static uint32_t units_of(const struct op *op)
{
    size_t i;

    for (i = 0; op->kind == 'T' && i < sizeof jumped / sizeof *jumped; i++)
        if (strcmp(op->name, jumped[i].name) == 0)
            return jumped[i].units;
    return op->units;
}

/* --- values --------------------------------------------------------------- */

static uint32_t below(uint32_t n)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * n >> 32);
}

static uint64_t integer(void)
{
    static const uint64_t list[] = {
        0, UINT32_MAX, UINT64_MAX, 0x80000000, UINT64_C(1) << 63,
        UINT64_C(1) << 32, 0x7fffffff, UINT64_C(0x123456789abcdef0)
    };
    uint32_t n = below(2 * sizeof list / sizeof *list);

    return n < sizeof list / sizeof *list ? list[n] : below(BYTES + 4);
}

/* One of f32 or f64.  A NaN is the one that the machine makes, so that it's
 * the same from whichever operand. */
static uint64_t real(void)
{
    volatile double endless = INFINITY;
    const double list[] = {
        0.0, -0.0, 1.5, -2.5, 1e30, endless, -1e-3, endless - endless
    };
    double x = list[below(sizeof list / sizeof *list)];

    return below(2) ? we_bits64(x) : we_bits32((float)x);
}

/* --- the machine ---------------------------------------------------------- */

static struct we_code callee;
static struct we_func funcs[NAMED];
static struct we_type type;

/* All that an operation can reach; compared byte by byte. */
struct state {
    uint64_t          slots[NSLOTS];
    uint8_t           memory[BYTES];
    struct we_global  globals[NAMED];
    struct we_frame   frames[NFRAMES];
    uint64_t          used;
    ptrdiff_t         high;              /* frames */
    ptrdiff_t         pc, fp;            /* units, slots */
    uint64_t          acc, size, dacc;   /* bits */
    uint32_t          sacc, result;
};

/* Where code goes on; three are told apart by their places. */
static uint32_t stop(WE_REGS)
{
    return we_park(WE_PASS);
}

static uint16_t code[UNITS + 4 * 4];
static uint64_t slots[NSLOTS], elems[4];
static uint8_t memory[BYTES];
static struct we_global globals[NAMED];
static struct we_frame frames[NFRAMES];

/* where a run's first frame returns to */
static we_handler *const outside = we_h_EXIT;

static struct we_memory memory0 = { .base = memory, .size = BYTES };
static struct we_table table = { .elems = elems, .size = 3 };
static struct we_memory *memories[NAMED];
static struct we_table *tables[NAMED];
static struct we_global *global_at[NAMED];
static struct we_func *func_at[NAMED];
static struct we_instance instance = {
    .memories = memories, .memory0 = &memory0, .tables = tables, .globals = global_at,
    .funcs = func_at, .own_funcs = funcs
};

static void set_up(void)
{
    uint32_t i;

    callee.units = code + UNITS + 3 * 4;
    callee.charge = 40;
    for (i = 0; i < NAMED; i++) {
        memories[i] = &memory0;
        tables[i] = &table;
        global_at[i] = &globals[i];
        func_at[i] = &funcs[i];
        funcs[i] = (struct we_func){
            .type = &type, .instance = &instance, .code = &callee
        };
    }
    elems[0] = elems[1] = (uintptr_t)&funcs[0];
}

static void put_handler(uint16_t *at, we_handler *handler)
{
    memcpy(at, &handler, sizeof handler);
}

/* --- code ----------------------------------------------------------------- */

static bool ends(const char *name, const char *end)
{
    size_t len = strlen(name), n = strlen(end);

    return len >= n && strcmp(name + len - n, end) == 0;
}

static bool has_immediate(const struct op *op)
{
    return ends(op->name, "_SI") || ends(op->name, "_AI")
           || ends(op->name, "_SIa") || ends(op->name, "_AIa")
           || ends(op->name, "_KI") || ends(op->name, "_XI")
           || strstr(op->name, "CONST") != NULL
           || strcmp(op->name, "SUM") == 0;
}

static void put32(uint16_t *at, int32_t x)
{
    memcpy(at, &x, sizeof x);
}

/* Where it is wide, behind what the others have; else at 6.  One in two is
 * the value of a slot. */
static void put_immediate(uint16_t *p, const struct op *op, uint32_t units)
{
    uint64_t x = below(2) ? slots[below(NAMED)]
                 : strchr(op->name, 'F') ? real() : integer();

    if (units == 8)
        put32(p + 6, (int32_t)(uint32_t)x);
    else
        memcpy(p + units - 4, &x, sizeof x);
}

/* An instruction at unit `at` that branches to the end number `to`. */
static void put_op(uint32_t at, const struct op *op, uint32_t to)
{
    uint32_t units = units_of(op), end = UNITS + 4 * to, i;
    uint16_t *p = code + at;
    uint64_t bits = (uintptr_t)&type;

    for (i = 4; i < units; i++)
        p[i] = (uint16_t)below(NAMED);
    for (i = 6; i < 12 && i < units; i += 2)
        put32(p + i, (int32_t)below(NAMED));
    if (strstr(op->name, "_K"))          /* the address */
        put32(p + 6, (int32_t)below(BYTES + 4));
    if (has_immediate(op))
        put_immediate(p, op, units);
    if (strstr(op->name, "INDIRECT"))
        memcpy(p + 8, &bits, sizeof bits);
    if (op->kind == 'B')
        put32(p + 6, (int32_t)(end - (at + 6)));
    if (strncmp(op->name, "BR_TABLE", 8) == 0) {
        put32(p + 6, 3);
        for (i = 0; i < 4; i++)
            put32(p + 8 + 2 * i,
                  (int32_t)(UNITS + 4 * i - (at + 8 + 2 * i)));
    }
    if (strcmp(op->name, "CALL") == 0)
        put32(p + 6, (int32_t)(below(NAMED) * sizeof *funcs));
}

/* --- runs ----------------------------------------------------------------- */

struct start {
    struct state state;
    uint32_t     interrupt;
    uint64_t     bytes;                  /* of guest stack */
};

static void draw(struct start *s, bool reals)
{
    uint32_t zero_from = below(3) * BYTES / 2, i;

    memset(s, 0, sizeof *s);
    for (i = 0; i < NSLOTS; i++)
        s->state.slots[i] = reals && below(2) ? real() : integer();
    /* no bytes that could be a NaN, and often only zeroes */
    for (i = 0; i < zero_from; i++)
        s->state.memory[i] = (uint8_t)below(64);
    for (i = 0; i < NAMED; i++)
        s->state.globals[i].value[0] = integer();
    s->state.frames[2].pc = code + UNITS + 2 * 4;
    s->state.frames[2].fp = slots + 1;
    s->state.frames[3].pc = (const uint16_t *)(const void *)&outside;
    s->state.acc = integer();
    s->state.sacc = (uint32_t)we_bits32(we_float32((uint32_t)below(1000)));
    s->state.dacc = we_bits64(below(100) / 8.0);
    if (reals) {
        uint64_t x = real();

        s->state.sacc = x >> 32 != 0 ? 0 : (uint32_t)x;
        s->state.dacc = real();
    }
    s->interrupt = below(8) == 0 ? WE_TRAP_DEADLINE : 0;
    s->bytes = below(8) == 0 ? 100 : 1000;
    memcpy(slots, s->state.slots, sizeof slots);
}

static void finish(struct state *s, const struct we_stack *run,
                   const struct we_regs *r, uint32_t result)
{
    memcpy(s->slots, slots, sizeof slots);
    memcpy(s->memory, memory, sizeof memory);
    memcpy(s->globals, globals, sizeof globals);
    memcpy(s->frames, frames, sizeof frames);
    s->used = run->used;
    s->high = run->high - frames;
    s->result = result;
    if (result != WE_PARKED)             /* the rest is gone */
        return;
    s->pc = r->pc - code;
    s->fp = r->fp - slots;
    s->acc = r->acc;
    s->size = r->size;
    s->sacc = we_bits32(r->sacc);
    s->dacc = we_bits64(r->dacc);
}

/* Until an end or a trap. */
static struct state run_code(const struct start *start)
{
    struct we_regs r = {
        .pc = code, .fp = slots, .mem = memory, .acc = start->state.acc,
        .size = BYTES, .sacc = we_float32(start->state.sacc),
        .dacc = we_float64(start->state.dacc)
    };
    struct we_stack run = {
        .bytes = start->bytes, .used = 64, .interrupt = start->interrupt,
        .instance = &instance, .high = frames + 2, .regs = &r
    };
    struct state s;
    uint32_t result;

    memset(&s, 0, sizeof s);
    memcpy(slots, start->state.slots, sizeof slots);
    memcpy(memory, start->state.memory, sizeof memory);
    memcpy(globals, start->state.globals, sizeof globals);
    memcpy(frames, start->state.frames, sizeof frames);
    do {
        result = we_handler_at(r.pc)(r.pc, r.fp, r.mem, r.acc, r.size, &run,
                                     r.sacc, r.dacc);
    } while (result == WE_PARKED && we_handler_at(r.pc) != stop);
    finish(&s, &run, &r, result);
    return s;
}

/* How many of the tries came out differently. */
static uint32_t test_pair(uint32_t row)
{
    const struct op *ops = rows[row];
    const struct we_pair *pair = &we_pairs[row];
    bool reals = strchr(ops[0].name, 'F') || strchr(ops[1].name, 'F');
    uint32_t units = units_of(&ops[0]), next = units + units_of(&ops[1]);
    uint32_t i, wrong = 0;
    struct start start;
    struct state alone, both;

    for (i = 0; i < TRIES; i++) {
        draw(&start, reals);
        put_op(0, &ops[0], 0);
        put_op(units, &ops[1], 1);
        put_handler(code + units, we_handlers[pair->then]);
        put_handler(code + next, stop);
        put_handler(code, we_handlers[pair->first]);
        alone = run_code(&start);
        put_handler(code, pair->handler);
        both = run_code(&start);
        if (memcmp(&alone, &both, sizeof both) != 0 && wrong++ == 0)
            diag("%s %s: to %td, not %td; result %u, not %u", ops[0].name,
                 ops[1].name, both.pc, alone.pc, both.result, alone.result);
    }
    return wrong;
}

int main(void)
{
    uint32_t i, wrong = 0, short_ = 0;

    set_up();
    for (i = 0; i < 4; i++)
        put_handler(code + UNITS + 4 * i, stop);
    is_int(we_npairs, sizeof rows / sizeof *rows, "a row each");
    for (i = 0; i < we_npairs; i++) {
        short_ += units_of(&rows[i][0]) == 0 || units_of(&rows[i][1]) == 0
                  || units_of(&rows[i][1]) > LONGEST;
        wrong += test_pair(i) > 0;
    }
    is_int(short_, 0, "the length of each is known");
    is_int(wrong, 0, "%u pairs do what the two do by themselves", we_npairs);
    return done();
}

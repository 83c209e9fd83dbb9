/* Every load, store and atomic operation, at the ends of its memory and in
 * every form of address and value that lowering tells apart: it finds or
 * changes the bytes that Section 4.6 says, or traps and changes none. */
#include "forms.h"
#include "world.h"

enum { END = 0x0b, PAGE = 65536, NADDRESSES = 14, NVALUES = 4, NUSES = 3 };

#define ROW(symbol, code, text, immediate, rule) { code, text, rule },
static const struct op ops[] = {
    WE_OPCODES_BYTE(ROW) WE_OPCODES_FD(ROW) WE_OPCODES_FE(ROW)
};
#undef ROW

/* --- what an instruction is, from its name -------------------------------- */

enum kind { NO_ACCESS, LOAD, STORE, RMW, CMPXCHG };

struct access {
    const struct op *op;
    enum kind        kind;
    char             type;               /* of value and result */
    uint32_t         bytes;              /* that it touches */
    uint32_t         part;               /* bits of the number in the name */
    bool             atomic, sign;
};

static uint32_t type_bytes(char type)
{
    return type == 'v' ? 16 : type == 'i' || type == 'f' ? 4 : 8;
}

static struct access parse(const struct op *op)
{
    static const struct { const char *part; enum kind kind; } kinds[] = {
        { ".load", LOAD }, { ".store", STORE }, { ".rmw", RMW }
    };
    struct access a = { .op = op };
    const char *at = NULL;
    uint32_t i;

    for (i = 0; i < sizeof kinds / sizeof *kinds && !at; i++) {
        at = strstr(op->text, kinds[i].part);
        a.kind = at ? kinds[i].kind : NO_ACCESS;
        at = at ? at + strlen(kinds[i].part) : NULL;
    }
    if (!at)
        return a;
    a.kind = strstr(op->text, "cmpxchg") ? CMPXCHG : a.kind;
    a.type = op->text[0] == 'v' ? 'v'
             : op->text[0] == 'i' ? (op->text[1] == '3' ? 'i' : 'I')
             : op->text[1] == '3' ? 'f' : 'F';
    a.atomic = strstr(op->text, "atomic") != NULL;
    a.sign = strstr(op->text, "_s") && !strstr(op->text, "_splat");
    a.part = (uint32_t)strtoul(at, NULL, 10);
    a.bytes = strchr(at, 'x') && a.type == 'v' ? 8
              : a.part != 0 ? a.part / 8 : type_bytes(a.type);
    return a;
}

static bool has(const struct access *a, const char *word)
{
    return strstr(a->op->text, word) != NULL;
}

static bool takes_value(const struct access *a)
{
    return a->kind != LOAD || has(a, "_lane");
}

/* --- what it does --------------------------------------------------------- */

static uint64_t get(const uint8_t *p, uint32_t bytes)
{
    uint64_t x = 0;

    while (bytes-- > 0)
        x = x << 8 | p[bytes];
    return x;
}

static void set(uint8_t *p, uint32_t bytes, uint64_t x)
{
    for (; bytes > 0; bytes--, x >>= 8)
        *p++ = (uint8_t)x;
}

static uint64_t extend(uint64_t x, uint32_t bits, bool sign)
{
    return sign && x >> (bits - 1) & 1 ? x | UINT64_MAX << (bits - 1) : x;
}

/* v128 loads; r has the vector that a lane is put into. */
static void load_vector(const struct access *a, const uint8_t *p, uint8_t *r)
{
    uint32_t n, i;

    if (has(a, "_lane")) {
        memcpy(r + 16 - a->bytes, p, a->bytes);
    } else if (a->part != 0 && has(a, "x")) {
        n = a->part / 8;
        for (i = 0; i < 8 / n; i++)
            set(r + 2 * n * i, 2 * n,
                extend(get(p + n * i, n), a->part, a->sign));
    } else if (has(a, "_splat")) {
        for (i = 0; i < 16; i += a->bytes)
            memcpy(r + i, p, a->bytes);
    } else {
        memset(r, 0, 16);
        memcpy(r, p, a->bytes);
    }
}

static uint64_t modify(const struct access *a, uint64_t old, uint64_t value)
{
    return has(a, ".add") || has(a, "add_u") ? old + value
           : has(a, "sub") ? old - value : has(a, "and") ? old & value
           : has(a, "xor") ? old ^ value : has(a, "or_u") || has(a, ".or")
           ? old | value : value;
}

/* At p: changes the bytes there, puts the result's slots into r.  v and w are
 * the values that it was given. */
static void perform(const struct access *a, uint8_t *p, const uint64_t *v,
                    const uint64_t *w, uint64_t *r)
{
    uint8_t vector[16];
    uint64_t old = a->bytes < 16 ? get(p, a->bytes) : 0;

    set(vector, 8, v[0]);
    set(vector + 8, 8, v[1]);
    if (a->kind == STORE) {
        if (a->type == 'v')              /* a lane: the last */
            memcpy(p, vector + 16 - a->bytes, a->bytes);
        else
            set(p, a->bytes, v[0]);
    } else if (a->type == 'v') {
        load_vector(a, p, vector);
        r[0] = get(vector, 8);
        r[1] = get(vector + 8, 8);
    } else {
        r[0] = extend(old, a->bytes * 8, a->sign);
        r[0] = type_bytes(a->type) == 4 ? (uint32_t)r[0] : r[0];
        if (a->kind == RMW)
            set(p, a->bytes, modify(a, old, v[0]));
        if (a->kind == CMPXCHG && v[0] == old)
            set(p, a->bytes, w[0]);
    }
}

/* --- functions in all forms ----------------------------------------------- */

/* The instruction on memory `memory`, at the address x and this offset. */
struct place {
    const struct access *a;
    uint32_t memory;
    uint64_t x, offset;
};

/* Four memories of a page, but the last is empty; the third has 64 bits. */
enum { WIDE = 2, NONE_THERE = 3, NMEMORIES };

static char address_type(const struct place *p)
{
    return p->memory == WIDE ? 'I' : 'i';
}

/* Parameters: the address, and some from which it can be added up (the last
 * two: a quarter of it, and the rest); two values.  Locals: zeroes, and where
 * the result is kept. */
enum { X, X_LESS, X_MORE, X_BASE, FIVE, QUARTER, REST, VALUE, SECOND, ZERO_I,
       ZERO_L, KEPT, NPARTS = VALUE };

/* 60 to 63 */
static uint64_t rest(uint64_t x)
{
    return 60 + (x & 3);
}

static void put_address(struct bytes *b, const struct place *p, uint32_t form)
{
    static const uint8_t locals[NADDRESSES] = {
        X, X, 0, X, X_LESS, X_MORE, X_BASE, X_BASE, X_LESS, QUARTER, QUARTER,
        QUARTER, QUARTER, X_LESS
    };
    char type = address_type(p);

    if (form == 2) {
        put_const(b, type, p->x);
        return;
    }
    PUT(b, 0x20, locals[form]);
    switch (form) {
    case 1: put_again(b, type, ZERO_I, ZERO_L); break;
    case 3: PUT(b, 0x10, 0); break;
    case 4: PUT(b, 0x41, 0xe4, 0, 0x6a); break;          /* + 100 */
    case 5: PUT(b, 0x41, 7, 0x6b); break;
    case 6: PUT(b, 0x20, FIVE, 0x6a); break;
    case 7: put_again(b, type, ZERO_I, ZERO_L);
            PUT(b, 0x20, FIVE, 0x6a); break;
    case 8: PUT(b, 0x41, 40, 0x6a, 0x41, 60, 0x6a); break;
    case 10:
    case 12:
    case 13: put_again(b, type, ZERO_I, ZERO_L); break;
    }
    switch (form) {
    case 9:
    case 10: PUT(b, 0x41, 2, 0x74, 0x41, (uint8_t)rest(p->x), 0x6a); break;
    case 11:
    case 12: PUT(b, 0x41, 2, 0x74, 0x20, REST, 0x6a); break;
    case 13: PUT(b, 0x41, 0xe4, 0, 0x6a); break;
    }
}

static void put_value(struct bytes *b, const struct access *a, uint32_t form,
                      const uint64_t *v)
{
    uint32_t i;

    if (form == 2 && a->type == 'v') {
        PUT(b, 0xfd, 0x0c);
        for (i = 0; i < 16; i++)
            PUT(b, (uint8_t)(v[i / 8] >> i % 8 * 8));
    } else if (form == 2) {
        put_const(b, a->type, v[0]);
    } else {
        PUT(b, 0x20, VALUE);
        if (form == 1)
            put_again(b, a->type, ZERO_I, ZERO_L);
        if (form == 3)
            PUT(b, 0x10, 1);
    }
}

static void put_u64(struct bytes *b, uint64_t n)
{
    for (; n > 0x7f; n >>= 7)
        PUT(b, (uint8_t)(n | 0x80));
    PUT(b, (uint8_t)n);
}

static void put_access(struct bytes *b, const struct place *p)
{
    const struct access *a = p->a;
    uint8_t align = 0;

    while (a->atomic && 1u << align < a->bytes)
        align++;
    put_op(b, a->op->code);
    if (p->memory != 0)
        PUT(b, align | 0x40, (uint8_t)p->memory);
    else
        PUT(b, align);
    put_u64(b, p->offset);
    if (has(a, "_lane"))
        PUT(b, (uint8_t)(16 / a->bytes - 1));
}

/* form: address, value, use. */
static void put_func(struct bytes *code, const struct place *p,
                     const uint32_t *form, const uint64_t *v)
{
    struct bytes body = { 0 };

    PUT(&body, 3, 1, 0x7f, 1, 0x7e, 1, type_byte(p->a->type));
    put_address(&body, p, form[0]);
    if (takes_value(p->a))
        put_value(&body, p->a, form[1], v);
    if (p->a->kind == CMPXCHG)
        PUT(&body, 0x20, SECOND);
    put_access(&body, p);
    if (form[2] == 1)
        PUT(&body, 0x21, KEPT, 0x20, KEPT);
    if (form[2] == 2)
        put_again(&body, p->a->type, ZERO_I, ZERO_L);
    PUT(&body, END);
    put_sized(code, &body);
}

static struct bytes make_module(const struct place *p, uint32_t n,
                                const struct bytes *bodies)
{
    uint8_t t = type_byte(p->a->type), at = type_byte(address_type(p));
    struct bytes b = module_new(), types = { 0 }, section = { 0 };
    uint32_t i;

    PUT(&types, 3, 0x60, 1, at, 1, at, 0x60, 1, t, 1, t);
    PUT(&types, 0x60, NPARTS + 2);
    PUT_TIMES(&types, NPARTS, at);
    PUT(&types, t, t);
    if (p->a->kind == STORE)
        PUT(&types, 0);
    else
        PUT(&types, 1, t);
    put_section(&b, 1, &types);
    put_u32(&section, n + 2);
    PUT(&section, 0, 1);
    PUT_TIMES(&section, n, 2);
    put_section(&b, 3, &section);
    SECTION(&b, 5, NMEMORIES, 0, 1, 0, 1, 4, 1, 0, 0);
    put_u32(&section, n + NMEMORIES);
    for (i = 0; i < n; i++) {
        PUT(&section, 2, (uint8_t)('a' + i / 16), (uint8_t)('a' + i % 16), 0);
        put_u32(&section, i + 2);
    }
    for (i = 0; i < NMEMORIES; i++)
        PUT(&section, 1, (uint8_t)('0' + i), 2, (uint8_t)i);
    put_section(&b, 7, &section);
    put_u32(&section, n + 2);
    PUT(&section, 4, 0, 0x20, 0, END, 4, 0, 0x20, 0, END);
    put(&section, bodies->data, bodies->len);
    put_section(&b, 10, &section);
    return b;
}

/* --- calls ---------------------------------------------------------------- */

/* What the memory must hold, and the values of the calls. */
struct run {
    struct world *w;
    we_instance  *instance;
    uint8_t      *memory;                /* NULL: it is empty */
    uint8_t       shadow[PAGE];
    uint64_t      v[2], w2[2];
    uint32_t      wrong;
};

static enum we_trap_code call(struct run *run, const struct place *p,
                              uint32_t i, uint64_t *slots)
{
    char name[3] = { (char)('a' + i / 16), (char)('a' + i % 16) };
    uint64_t rubbish = p->memory == WIDE ? 0 : UINT64_C(0xdeadbeef) << 32;
    uint64_t mask = p->memory == WIDE ? UINT64_MAX : UINT32_MAX;
    const uint64_t from[NPARTS] = {
        p->x, p->x - 100, p->x + 7, p->x - 5, 5,
        ((p->x - rest(p->x)) & mask) >> 2, rest(p->x)
    };
    uint32_t n, k;
    enum we_error e;

    for (n = 0; n < NPARTS; n++)
        slots[n] = (from[n] & mask) | rubbish;
    for (k = 0; k < (p->a->type == 'v' ? 2 : 1); k++)
        slots[n++] = run->v[k];
    for (k = 0; k < (p->a->type == 'v' ? 2 : 1); k++)
        slots[n++] = run->w2[k];
    e = world_call(run->w, run->instance, name, slots);
    return e == WE_OK ? WE_TRAP_NONE
           : e == WE_TRAP ? run->w->trap.code : WE_NTRAPS;
}

/* The trap that there must be; of an atomic one that is wrong in both ways,
 * the specification leaves it open which. */
static bool right_trap(const struct place *p, uint64_t size,
                       enum we_trap_code got)
{
    uint64_t at = p->x + p->offset;
    bool out = at < p->x || size < p->a->bytes || at > size - p->a->bytes;
    bool odd = p->a->atomic && at % p->a->bytes != 0;

    return (got == WE_TRAP_NONE && !out && !odd)
           || (got == WE_TRAP_MEMORY && out)
           || (got == WE_TRAP_UNALIGNED && odd);
}

static void check(struct run *run, const struct place *p, uint32_t i)
{
    uint64_t slots[NPARTS + 4], want[2] = { 0, 0 };
    enum we_trap_code got = call(run, p, i, slots);
    uint32_t n = p->a->kind == STORE ? 0 : p->a->type == 'v' ? 2 : 1;
    bool good = right_trap(p, run->memory ? PAGE : 0, got);

    if (good && got == WE_TRAP_NONE)
        perform(p->a, run->shadow + p->x + p->offset, run->v, run->w2, want);
    else
        n = 0;
    good = good && memcmp(slots, want, n * sizeof *want) == 0
           && (!run->memory || memcmp(run->memory, run->shadow, PAGE) == 0);
    if (!good && run->wrong++ == 0)
        diag("%s form %u, memory %u, at %llx + %llx: %s, %llx not %llx",
             p->a->op->text, i, p->memory, (unsigned long long)p->x,
             (unsigned long long)p->offset, we_trap_text(got),
             (unsigned long long)slots[0], (unsigned long long)want[0]);
}

static void fill_memory(struct run *run, uint32_t memory)
{
    char name = (char)('0' + memory);
    we_memory *m = we_instance_memory(run->instance, &name, 1);
    uint32_t i;

    for (i = 0; i < PAGE; i++)
        run->shadow[i] = (uint8_t)(i * 37 ^ i >> 7 ^ 0xa5);
    run->memory = NULL;
    if (memory != NONE_THERE && we_memory_span(m, 0, PAGE, &run->memory))
        memcpy(run->memory, run->shadow, PAGE);
}

static void set_values(struct run *run, const struct place *p)
{
    uint64_t at = p->x + p->offset;
    uint32_t bytes = p->a->bytes;
    bool narrow = type_bytes(p->a->type) == 4;

    run->v[0] = UINT64_C(0x8192a3b4c5d6e7f8);
    run->v[1] = UINT64_C(0x1f2e3d4c5b6a7988);
    run->w2[0] = UINT64_C(0x7766554433221100);
    run->w2[1] = 0;
    /* half of the exchanges find what they expect */
    if (p->a->kind == CMPXCHG && at <= PAGE - bytes && p->x % 16 == 0)
        run->v[0] = get(run->shadow + at, bytes);
    if (narrow) {
        run->v[0] = (uint32_t)run->v[0];
        run->w2[0] = (uint32_t)run->w2[0];
    }
}

/* All forms of one instruction at one place. */
static uint32_t test_place(struct world *w, const struct place *p)
{
    static struct run run;
    uint32_t naddresses = p->memory == 0 ? NADDRESSES : 4;
    uint32_t nvalues = takes_value(p->a) ? NVALUES : 1;
    uint32_t nuses = p->a->kind == STORE ? 1 : NUSES;
    uint32_t n = naddresses * nvalues * nuses, i, form[3];
    struct bytes bodies = { 0 }, b;

    run = (struct run){ .w = w };
    for (i = 0; i < PAGE; i++)
        run.shadow[i] = (uint8_t)(i * 37 ^ i >> 7 ^ 0xa5);
    set_values(&run, p);
    for (i = 0; i < n; i++) {
        form[0] = i % naddresses;
        form[1] = i / naddresses % nvalues;
        form[2] = i / naddresses / nvalues;
        put_func(&bodies, p, form, run.v);
    }
    b = make_module(p, n, &bodies);
    run.instance = world_new(w, b.data, b.len);
    if (run.instance) {
        fill_memory(&run, p->memory);
        for (i = 0; i < n; i++)
            check(&run, p, i);
    } else {
        run.wrong = n;
    }
    we_instance_free(run.instance);
    free(bodies.data);
    free(b.data);
    return run.wrong;
}

static uint32_t test_memory(struct world *w, const struct access *a,
                            uint32_t memory)
{
    const uint64_t last = PAGE - a->bytes;
    const uint64_t narrow[][2] = {
        { 0, 0 }, { 1, 0 }, { last, 0 }, { last + 1, 0 }, { 16, last - 16 },
        { 16, last - 15 }, { UINT32_MAX, 0 }, { 0, UINT32_MAX },
        { UINT32_MAX, UINT32_MAX }, { 0x80000000, 0 }, { 0, 0x80000000 },
        { 48, 16 }
    };
    const uint64_t wide[][2] = {
        { UINT64_C(1) << 32, 0 }, { 0, UINT64_C(1) << 32 },
        { UINT64_MAX, 0 }, { 16, UINT64_MAX - 7 }, { 0, UINT64_MAX },
        { UINT64_MAX, UINT64_MAX }, { UINT64_MAX - 15, 16 }
    };
    struct place p = { .a = a, .memory = memory };
    uint32_t i, wrong = 0;

    for (i = 0; i < sizeof narrow / sizeof *narrow; i++) {
        p.x = narrow[i][0];
        p.offset = narrow[i][1];
        wrong += test_place(w, &p);
    }
    for (i = 0; i < sizeof wide / sizeof *wide && memory == WIDE; i++) {
        p.x = wide[i][0];
        p.offset = wide[i][1];
        wrong += test_place(w, &p);
    }
    return wrong;
}

/* --- waiting -------------------------------------------------------------- */

/* One memory, shared or not: notify (address), wait32, wait64 (address,
 * expected, nanoseconds). */
static we_instance *waiting(struct world *w, bool shared)
{
    struct bytes b = module_new();
    we_instance *instance;

    SECTION(&b, 1, 3, 0x60, 1, 0x7f, 1, 0x7f,
            0x60, 3, 0x7f, 0x7f, 0x7e, 1, 0x7f,
            0x60, 3, 0x7f, 0x7e, 0x7e, 1, 0x7f);
    SECTION(&b, 3, 3, 0, 1, 2);
    SECTION(&b, 5, 1, shared ? 3 : 1, 1, 1);
    SECTION(&b, 7, 3, 1, 'n', 0, 0, 1, 'w', 0, 1, 1, 'W', 0, 2);
    SECTION(&b, 10, 3, 10, 0, 0x20, 0, 0x41, 1, 0xfe, 0, 2, 0, END,
            12, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfe, 1, 2, 0, END,
            12, 0, 0x20, 0, 0x20, 1, 0x20, 2, 0xfe, 2, 3, 0, END);
    instance = world_new(w, b.data, b.len);
    free(b.data);
    return instance;
}

/* One thread: nobody waits, and nobody will wake one that does. */
static void test_wait(struct world *w, we_instance *instance, bool shared,
                      const char *name, uint64_t at, uint64_t old,
                      uint64_t nanoseconds, int64_t want)
{
    uint64_t slots[3] = { at, old, nanoseconds };
    enum we_error e = world_call(w, instance, name, slots);

    is_int(e == WE_OK ? (int64_t)slots[0] : -1000 - (int64_t)w->trap.code,
           want, "%s %s at %llu: %llu for %lld ns", shared ? "shared" : "own",
           name, (unsigned long long)at, (unsigned long long)old,
           (long long)nanoseconds);
}

static void test_waits(struct world *w)
{
    enum { EQUAL_TIMED_OUT = 2, NOT_EQUAL = 1 };
    we_instance *own = waiting(w, false), *shared = waiting(w, true);

    test_wait(w, own, false, "n", 0, 0, 0, 0);
    test_wait(w, own, false, "n", 65532, 0, 0, 0);
    test_wait(w, own, false, "n", 65536, 0, 0, -1000 - WE_TRAP_MEMORY);
    test_wait(w, own, false, "n", 2, 0, 0, -1000 - WE_TRAP_UNALIGNED);
    test_wait(w, own, false, "w", 0, 0, 0, -1000 - WE_TRAP_NOT_SHARED);
    test_wait(w, own, false, "W", 0, 0, 0, -1000 - WE_TRAP_NOT_SHARED);
    test_wait(w, shared, true, "w", 65532, 1, 1000, NOT_EQUAL);
    test_wait(w, shared, true, "w", 65532, 0, 1000, EQUAL_TIMED_OUT);
    test_wait(w, shared, true, "w", 65536, 0, 0, -1000 - WE_TRAP_MEMORY);
    test_wait(w, shared, true, "w", 65534, 0, 0, -1000 - WE_TRAP_MEMORY);
    test_wait(w, shared, true, "w", 2, 0, 0, -1000 - WE_TRAP_UNALIGNED);
    test_wait(w, shared, true, "w", 0, 1, UINT64_MAX, NOT_EQUAL);
    test_wait(w, shared, true, "w", 0, 0, UINT64_MAX,
              -1000 - WE_TRAP_DEADLINE);
    test_wait(w, shared, true, "W", 65528, 1, 1000, NOT_EQUAL);
    test_wait(w, shared, true, "W", 65528, 0, 1000, EQUAL_TIMED_OUT);
    test_wait(w, shared, true, "W", 65536, 0, 0, -1000 - WE_TRAP_MEMORY);
    test_wait(w, shared, true, "W", 4, 0, 0, -1000 - WE_TRAP_UNALIGNED);
    test_wait(w, shared, true, "W", 0, 0, UINT64_MAX,
              -1000 - WE_TRAP_DEADLINE);
    we_instance_free(own);
    we_instance_free(shared);
}

/* Notify, wait32 and wait64 with an offset of 8, in a shared memory of 64
 * bits: (address) -> i32. */
static void test_wide_waits(struct world *w)
{
    static const struct {
        uint64_t at;
        int64_t  notify, wait32, wait64;
    } rows[] = {
        { 0, 0, 1, 1 },
        { 1, -1000 - WE_TRAP_UNALIGNED, -1000 - WE_TRAP_UNALIGNED,
          -1000 - WE_TRAP_UNALIGNED },
        { PAGE - 12, 0, 1, -1000 - WE_TRAP_MEMORY },
        { PAGE - 16, 0, 1, 1 },
        { PAGE - 8, -1000 - WE_TRAP_MEMORY, -1000 - WE_TRAP_MEMORY,
          -1000 - WE_TRAP_MEMORY },
        { PAGE - 4, -1000 - WE_TRAP_MEMORY, -1000 - WE_TRAP_MEMORY,
          -1000 - WE_TRAP_MEMORY },
        { UINT64_C(1) << 32, -1000 - WE_TRAP_MEMORY, -1000 - WE_TRAP_MEMORY,
          -1000 - WE_TRAP_MEMORY },
        { UINT64_MAX - 7, -1000 - WE_TRAP_MEMORY, -1000 - WE_TRAP_MEMORY,
          -1000 - WE_TRAP_MEMORY }
    };
    static const char *const names[] = { "n", "w", "W" };
    struct bytes b = module_new();
    we_instance *instance, *empty;
    uint32_t i, k;

    SECTION(&b, 1, 1, 0x60, 1, 0x7e, 1, 0x7f);
    SECTION(&b, 3, 3, 0, 0, 0);
    SECTION(&b, 5, 1, 7, 1, 1);
    SECTION(&b, 7, 3, 1, 'n', 0, 0, 1, 'w', 0, 1, 1, 'W', 0, 2);
    SECTION(&b, 10, 3, 10, 0, 0x20, 0, 0x41, 1, 0xfe, 0, 2, 8, END,
            12, 0, 0x20, 0, 0x41, 1, 0x42, 1, 0xfe, 1, 2, 8, END,
            12, 0, 0x20, 0, 0x42, 1, 0x42, 1, 0xfe, 2, 3, 8, END);
    instance = world_new(w, b.data, b.len);
    b.data[8 + 8 + 6 + 3 + 1] = 0;       /* no page */
    empty = world_new(w, b.data, b.len);
    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        const int64_t want[] = { rows[i].notify, rows[i].wait32,
                                 rows[i].wait64 };

        for (k = 0; k < 3; k++) {
            test_wait(w, instance, true, names[k], rows[i].at, 0, 0, want[k]);
            test_wait(w, empty, true, names[k], rows[i].at, 0, 0,
                      -1000 - WE_TRAP_MEMORY);
        }
    }
    we_instance_free(instance);
    we_instance_free(empty);
    free(b.data);
}

/* A store of the address itself, just computed: x + y at x + y. */
static void test_own_address(struct world *w)
{
    static const uint8_t stores[][2] = {
        { 0x36, 4 }, { 0x3a, 1 }, { 0x3b, 2 }
    };
    uint64_t slots[2];
    uint8_t *memory;
    size_t i;

    for (i = 0; i < sizeof stores / sizeof *stores; i++) {
        struct bytes b = module_new();
        we_instance *instance;
        enum we_error e;

        SECTION(&b, 1, 1, 0x60, 2, 0x7f, 0x7f, 0);
        SECTION(&b, 3, 1, 0);
        SECTION(&b, 5, 1, 0, 1);
        SECTION(&b, 7, 2, 1, 'f', 0, 0, 1, 'm', 2, 0);
        SECTION(&b, 10, 1, 17, 0, 0x20, 0, 0x20, 1, 0x6a, 0x22, 0, 0x20, 0,
                stores[i][0], 0, 4, 0x20, 0, 0x1a, END);
        instance = world_new(w, b.data, b.len);
        if (!ok(instance != NULL
                && we_memory_span(we_instance_memory(instance, "m", 1), 0,
                                  PAGE, &memory), "a memory")) {
            free(b.data);
            continue;
        }
        slots[0] = 1000;
        slots[1] = 234;
        e = world_call(w, instance, "f", slots);
        ok(e == WE_OK && get(memory + 1238, stores[i][1])
           == (1234 & (UINT64_MAX >> (64 - 8 * stores[i][1]))),
           "store %02x of its own address", stores[i][0]);
        slots[0] = 65536 - 4;
        slots[1] = 0;
        e = world_call(w, instance, "f", slots);
        ok(e == WE_TRAP && w->trap.code == WE_TRAP_MEMORY,
           "... past the end");
        we_instance_free(instance);
        free(b.data);
    }
}

int main(void)
{
    struct world w;
    struct access a;
    uint32_t i, memory, wrong;

    world_open(&w);
    for (i = 0; i < sizeof ops / sizeof *ops; i++) {
        a = parse(&ops[i]);
        if (a.kind == NO_ACCESS)
            continue;
        wrong = 0;
        for (memory = 0; memory < NMEMORIES; memory++)
            wrong += test_memory(&w, &a, memory);
        is_int(wrong, 0, "%s", ops[i].text);
    }
    test_waits(&w);
    test_wide_waits(&w);
    test_own_address(&w);
    world_close(&w);
    return done();
}

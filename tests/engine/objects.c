/* Structures and arrays of every storage type: what is put in comes out, at
 * the ends, packed and not; null, bad indices and a full heap trap; and bulk
 * operations end at the deadline. */
#include "forms.h"
#include "world.h"

enum { END = 0x0b, STRUCT = 0, ARRAY = 1, NULLED = 2, FIXED = 3, INIT = 8 };

struct storage {
    uint8_t  byte;
    char     type;                       /* on the stack */
    uint32_t bytes;
};

static const struct storage storages[] = {
    { 0x78, 'i', 1 }, { 0x77, 'i', 2 }, { 0x7f, 'i', 4 }, { 0x7e, 'I', 8 },
    { 0x7d, 'f', 4 }, { 0x7c, 'F', 8 }, { 0x7b, 'v', 16 }
};

static const uint8_t segment[40] = {
    0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8, 9, 10, 11, 12, 13, 14, 15,
    16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34,
    35, 36, 37, 38, 39, 0xff
};

/* --- functions: (a b c: i32, x) -> the storage's type on the stack -------- */

enum { A, B, C, VALUE, OBJECT, OTHER };  /* locals; the last: null references */

enum test {
    FIELD, FIELD_S, FIELD_SET, FIELD_NULL, FIELD_SET_NULL,
    ELEMENT, ELEMENT_S, ELEMENT_SET, ELEMENT_NULL, ELEMENT_SET_NULL,
    LIST, FILLED, COPIED, COPIED_BACK, FROM_DATA, INIT_DATA,
    FILL_NULL, COPY_NULL, COPY_FROM_NULL, INIT_NULL, LENGTH_NULL, NTESTS
};

#define GC(b, ...) PUT((b), 0xfb, __VA_ARGS__)
#define GET(b, local) PUT((b), 0x20, (local))

static void put_get(struct bytes *b, const struct storage *s, uint8_t base,
                    bool sign)
{
    GC(b, s->bytes < 4 && s->type == 'i' ? (uint8_t)(base + (sign ? 1 : 2))
                                         : base);
}

static void put_field(struct bytes *b, const struct storage *s,
                      enum test test)
{
    if (test == FIELD_SET || test == FIELD_SET_NULL) {
        if (test == FIELD_SET)
            GC(b, 1, STRUCT, 0x21, OBJECT);
        GET(b, OBJECT);
        GET(b, VALUE);
        GC(b, 5, STRUCT, 1);
    }
    if (test == FIELD || test == FIELD_S) {
        PUT(b, 0x41, 1);
        GET(b, VALUE);
        PUT(b, 0x41, 2);
        GC(b, 0, STRUCT);
    } else {
        GET(b, OBJECT);
    }
    put_get(b, s, 2, test == FIELD_S);
    PUT(b, STRUCT, 1);
}

static void put_element(struct bytes *b, const struct storage *s,
                        enum test test)
{
    if (test == ELEMENT_SET || test == ELEMENT_SET_NULL) {
        GET(b, A);
        if (test == ELEMENT_SET)
            GC(b, 7, ARRAY, 0x21, OTHER, 0x20, OTHER);
        else
            PUT(b, 0x1a, 0x20, OTHER);
        GET(b, B);
        GET(b, VALUE);
        GC(b, 0x0e, ARRAY);
        GET(b, OTHER);
        GET(b, C);
    } else if (test == ELEMENT_NULL) {
        GET(b, OTHER);
        GET(b, B);
    } else {
        GET(b, VALUE);
        GET(b, A);
        GC(b, 6, ARRAY);
        GET(b, B);
    }
    put_get(b, s, 0x0b, test == ELEMENT_S);
    PUT(b, ARRAY);
}

/* Then the element at `at`. */
static void put_last(struct bytes *b, const struct storage *s, uint8_t at)
{
    GET(b, OTHER);
    GET(b, at);
    put_get(b, s, 0x0b, false);
    PUT(b, ARRAY);
}

static void put_bulk(struct bytes *b, const struct storage *s, enum test test)
{
    uint8_t at = B;

    switch (test) {
    case LIST:
        PUT(b, 0x20, VALUE, 0x20, VALUE, 0x20, VALUE);
        GC(b, 8, ARRAY, FIXED, 0x21, OTHER);
        break;
    case FILLED:
        GET(b, A);
        GC(b, 7, ARRAY, 0x21, OTHER);
        /* fall through */
    case FILL_NULL:
        PUT(b, 0x20, OTHER, 0x20, B, 0x20, VALUE, 0x20, C);
        GC(b, 0x10, ARRAY);
        break;
    case COPIED:                         /* within one array, up or down */
    case COPIED_BACK:
        PUT(b, 0x41, INIT);
        GC(b, 7, ARRAY, 0x21, OTHER);
        PUT(b, 0x20, OTHER, 0x20, A, 0x20, VALUE);
        GC(b, 0x0e, ARRAY);
        PUT(b, 0x20, OTHER, 0x20, B, 0x20, OTHER, 0x20, A, 0x20, C);
        GC(b, 0x11, ARRAY, ARRAY);
        break;
    case COPY_NULL:
    case COPY_FROM_NULL:
        PUT(b, 0x41, INIT);
        GC(b, 7, ARRAY, 0x21, OTHER);
        if (test == COPY_NULL)
            PUT(b, 0xd0, ARRAY, 0x41, 0, 0x20, OTHER, 0x41, 0, 0x20, C);
        else
            PUT(b, 0x20, OTHER, 0x41, 0, 0xd0, ARRAY, 0x41, 0, 0x20, C);
        GC(b, 0x11, ARRAY, ARRAY);
        break;
    case FROM_DATA:
        PUT(b, 0x20, B, 0x20, C);
        GC(b, 9, ARRAY, 0, 0x21, OTHER);
        at = A;
        break;
    case INIT_DATA:
        PUT(b, 0x41, INIT);
        GC(b, 7, ARRAY, 0x21, OTHER);
        /* fall through */
    case INIT_NULL:
        PUT(b, 0x20, OTHER, 0x20, A, 0x20, B, 0x20, C);
        GC(b, 0x12, ARRAY, 0);
        at = A;
        break;
    default:                             /* LENGTH_NULL */
        GET(b, OTHER);
        GC(b, 0x0f, 0x1a);
    }
    put_last(b, s, at);
}

static void put_func(struct bytes *code, const struct storage *s,
                     enum test test)
{
    struct bytes body = { 0 };

    PUT(&body, 2, 1, 0x63, STRUCT, 1, 0x63, ARRAY);
    if (test <= FIELD_SET_NULL)
        put_field(&body, s, test);
    else if (test <= ELEMENT_SET_NULL)
        put_element(&body, s, test);
    else
        put_bulk(&body, s, test);
    PUT(&body, END);
    put_sized(code, &body);
}

/* An instruction of one's own on plain numbers can't be read signed. */
static bool makes_sense(const struct storage *s, enum test test)
{
    return (test != FIELD_S && test != ELEMENT_S)
           || (s->bytes < 4 && s->type == 'i');
}

static struct bytes make_module(const struct storage *s)
{
    struct bytes b = module_new(), section = { 0 };
    uint8_t t = type_byte(s->type), i;

    /* the field between two others, to see that they are left alone */
    SECTION(&b, 1, 3, 0x5f, 3, 0x78, 1, s->byte, 1, 0x77, 1,
            0x5e, s->byte, 1, 0x60, 4, 0x7f, 0x7f, 0x7f, t, 1, t);
    PUT(&section, NTESTS);
    PUT_TIMES(&section, NTESTS, 2);
    put_section(&b, 3, &section);
    PUT(&section, NTESTS);
    for (i = 0; i < NTESTS; i++)
        PUT(&section, 1, (uint8_t)('a' + i), 0, i);
    put_section(&b, 7, &section);
    SECTION(&b, 12, 1);
    PUT(&section, NTESTS);
    for (i = 0; i < NTESTS; i++)
        put_func(&section, s, makes_sense(s, (enum test)i) ? (enum test)i
                                                           : FIELD);
    put_section(&b, 10, &section);
    PUT(&section, 1, 1, sizeof segment);
    put(&section, segment, sizeof segment);
    put_section(&b, 11, &section);
    return b;
}

/* --- calls ---------------------------------------------------------------- */

struct run {
    struct world         *w;
    we_instance          *instance;
    const struct storage *s;
};

static const uint64_t value[2] = {
    UINT64_C(0xfedcba9876543210), UINT64_C(0x0123456789abcdef)
};

/* The value as it comes out again, its bytes taken from `from`. */
static void stored(const struct storage *s, const uint8_t *from, bool sign,
                   uint64_t out[2])
{
    uint32_t i, bits = s->bytes * 8;

    out[0] = out[1] = 0;
    for (i = 0; i < s->bytes; i++)
        out[i / 8] |= (uint64_t)from[i] << i % 8 * 8;
    if (sign && s->bytes < 4 && out[0] >> (bits - 1) & 1)
        out[0] = (uint32_t)(out[0] | UINT64_MAX << bits);
}

/* What was given in, or that of these bytes, or a trap. */
static void expect(struct run *run, enum test test, uint32_t a, uint32_t b,
                   uint32_t c, enum we_trap_code trap, const uint8_t *from)
{
    const char name[2] = { (char)('a' + test) };
    uint64_t slots[5] = { a, b, c, value[0], value[1] }, want[2];
    enum we_error e = world_call(run->w, run->instance, name, slots);
    enum we_trap_code got = e == WE_OK ? WE_TRAP_NONE : run->w->trap.code;
    uint32_t n = run->s->type == 'v' ? 2 : 1;

    stored(run->s, from, test == FIELD_S || test == ELEMENT_S, want);
    is_str(we_trap_text(got), we_trap_text(trap),
           "storage %02x, test %c (%u %u %u)", run->s->byte, name[0], a, b, c);
    if (trap == WE_TRAP_NONE && got == WE_TRAP_NONE)
        ok(memcmp(slots, want, n * sizeof *want) == 0,
           "... the value: %llx, want %llx", (unsigned long long)slots[0],
           (unsigned long long)want[0]);
}

static const uint8_t zero[16];

static void test_fields(struct run *run, const uint8_t *x)
{
    expect(run, FIELD, 0, 0, 0, WE_TRAP_NONE, x);
    if (makes_sense(run->s, FIELD_S))
        expect(run, FIELD_S, 0, 0, 0, WE_TRAP_NONE, x);
    expect(run, FIELD_SET, 0, 0, 0, WE_TRAP_NONE, x);
    expect(run, FIELD_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, FIELD_SET_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
}

static void test_elements(struct run *run, const uint8_t *x)
{
    expect(run, ELEMENT, 3, 0, 0, WE_TRAP_NONE, x);
    expect(run, ELEMENT, 3, 2, 0, WE_TRAP_NONE, x);
    expect(run, ELEMENT, 3, 3, 0, WE_TRAP_ARRAY, x);
    expect(run, ELEMENT, 3, UINT32_MAX, 0, WE_TRAP_ARRAY, x);
    expect(run, ELEMENT, 0, 0, 0, WE_TRAP_ARRAY, x);
    if (makes_sense(run->s, ELEMENT_S)) {
        expect(run, ELEMENT_S, 3, 2, 0, WE_TRAP_NONE, x);
        expect(run, ELEMENT_S, 3, 3, 0, WE_TRAP_ARRAY, x);
        expect(run, ELEMENT_S, 3, UINT32_MAX, 0, WE_TRAP_ARRAY, x);
    }
    expect(run, ELEMENT_SET, 3, 1, 1, WE_TRAP_NONE, x);
    expect(run, ELEMENT_SET, 3, 1, 0, WE_TRAP_NONE, zero);
    expect(run, ELEMENT_SET, 3, 1, 2, WE_TRAP_NONE, zero);
    expect(run, ELEMENT_SET, 3, 3, 0, WE_TRAP_ARRAY, x);
    expect(run, ELEMENT_NULL, 3, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, ELEMENT_SET_NULL, 3, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, LENGTH_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
}

static void test_bulk(struct run *run, const uint8_t *x)
{
    uint32_t all = (uint32_t)sizeof segment / run->s->bytes;

    expect(run, LIST, 0, 2, 0, WE_TRAP_NONE, x);
    expect(run, LIST, 0, 3, 0, WE_TRAP_ARRAY, x);
    expect(run, FILLED, 5, 2, 3, WE_TRAP_NONE, x);
    expect(run, FILLED, 5, 2, 0, WE_TRAP_NONE, zero);
    expect(run, FILLED, 5, 2, 4, WE_TRAP_ARRAY, x);
    expect(run, FILLED, 5, 6, 0, WE_TRAP_ARRAY, x);
    expect(run, FILLED, 5, 2, UINT32_MAX, WE_TRAP_ARRAY, x);
    expect(run, FILL_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, COPIED, 1, 4, 3, WE_TRAP_NONE, x);
    expect(run, COPIED, 5, 2, 3, WE_TRAP_NONE, x);
    expect(run, COPIED, 1, 2, 0, WE_TRAP_NONE, zero);
    expect(run, COPIED, 0, 5, 4, WE_TRAP_ARRAY, x);
    expect(run, COPIED, 5, 0, 4, WE_TRAP_ARRAY, x);
    expect(run, COPY_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, COPY_FROM_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
    expect(run, FROM_DATA, 0, 0, 1, WE_TRAP_NONE, segment);
    expect(run, FROM_DATA, 0, 3, 1, WE_TRAP_NONE, segment + 3);
    expect(run, FROM_DATA, 0, 0, 0, WE_TRAP_ARRAY, x);
    expect(run, FROM_DATA, all - 1, 0, all, WE_TRAP_NONE,
           segment + (all - 1) * run->s->bytes);
    expect(run, FROM_DATA, 0, 1, (40 / run->s->bytes), run->s->bytes == 16
           ? WE_TRAP_NONE : WE_TRAP_MEMORY, segment + 1);
    expect(run, FROM_DATA, 0, 0, UINT32_MAX, WE_TRAP_MEMORY, x);
    expect(run, INIT_DATA, 7, 1, 1, WE_TRAP_NONE, segment + 1);
    expect(run, INIT_DATA, 7, 1, 2, WE_TRAP_ARRAY, x);
    expect(run, INIT_DATA, 0, 41, 0, WE_TRAP_MEMORY, x);
    expect(run, INIT_NULL, 0, 0, 0, WE_TRAP_NULL_REFERENCE, x);
}

static void test_full(struct run *run, const uint8_t *x)
{
    expect(run, ELEMENT, UINT32_MAX, 0, 0, WE_TRAP_HEAP, x);
    expect(run, ELEMENT_SET, 0x10000000, 0, 0, WE_TRAP_HEAP, x);
    expect(run, FILLED, 0x7fffffff, 0, 0, WE_TRAP_HEAP, x);
}

static void test_storage(struct world *w, const struct storage *s)
{
    struct bytes b = make_module(s);
    struct run run = { .w = w, .s = s };
    uint8_t x[16];
    uint32_t i;

    for (i = 0; i < 16; i++)
        x[i] = (uint8_t)(value[i / 8] >> i % 8 * 8);
    w->limits = (struct we_limits){ .memory_bytes = 1 << 20 };
    run.instance = world_new(w, b.data, b.len);
    if (ok(run.instance != NULL, "storage %02x", s->byte)) {
        test_fields(&run, x);
        test_elements(&run, x);
        test_bulk(&run, x);
        test_full(&run, x);
    }
    we_instance_free(run.instance);
    free(b.data);
}

int main(void)
{
    struct world w;
    uint32_t i;

    world_open(&w);
    for (i = 0; i < sizeof storages / sizeof *storages; i++)
        test_storage(&w, &storages[i]);
    world_close(&w);
    return done();
}

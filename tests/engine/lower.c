/* Lowering: programs whose operands wait (wat/lower.wat), and its limits.
 * Expected results are worked out by hand. */
#include "world.h"

#include <stdlib.h>

static const struct row {
    const char *name;
    uint32_t    a, b, c;
    int64_t     want;
} rows[] = {
    { "get_set", 4, 0, 0, 45 },
    { "get_tee", 2, 0, 0, 2 - 49 },
    { "swap", 3, 8, 0, 803 },
    { "rotate", 1, 2, 3, 30102 },
    { "conditional_set", 5, 1, 0, 77005 },
    { "conditional_set", 5, 0, 0, 5005 },
    { "loop_set", 4, 0, 0, 1004 },
    { "pair", 2, 9, 0, 7 },
    { "pair", 9, 2, 0, 5 },
    { "swapped", 30, 4, 0, -26 },
    { "unwind", 10, 0, 0, 1010 },
    { "unwind", 9, 0, 0, 1015 },
    { "table", 0, 0, 0, 101040 },
    { "table", 1, 0, 0, 101002 },
    { "table", 2, 0, 0, 100004 },
    { "table", 3, 0, 0, 6 },
    { "table", 4, 0, 0, 101008 },
    { "table", 0xffffffff, 0, 0, 100998 },
    { "float_compare", 0, 0, 0, 6 },
    { "float_compare", 1, 0, 0, 3 },
    { "not_not", (uint32_t) -4, 0, 0, 2 },
    { "not_not", (uint32_t) -3, 0, 0, 1 },
    { "left", 4, 0, 0, 112 },
    { "fold", 0, 0, 0, -3 },
    { "square", 6, 0, 0, 49 },
    { "square_tee", 6, 0, 0, 25 },
    { "classes", 8, 0, 0, 36 },
    { "reinterpret", 0x3f800000, 0, 0, INT32_MIN },
    { "addresses", 200, 16, 0, 110000 + 22000 - 1 + 255 },
    { "wraps", 0xfffffff0, 0x18, 0, 0 },
    { "wraps", 0xfffffff0, 0x0b, 0, -1000 - WE_TRAP_MEMORY },
    { "wraps", 0, 65528, 0, 0 },
    { "wraps", 0, 65529, 0, -1000 - WE_TRAP_MEMORY },
    { "beyond", 0, 0, 0, -1000 - WE_TRAP_MEMORY },
    { "beyond", 1, 0, 0, -1000 - WE_TRAP_MEMORY },
    { "select", 3, 4, 0, 5 },
    { "select", 4, 3, 0, 4 },
    { "dropped", 12, 0, 0, 12 },
    { "arguments", 3, 0, 0, 3 * (7 + 3 + 7) },
    { "dead", 0, 0, 0, 1 },
    { "dead", 1, 0, 0, 2 },
    { "carried", 1, 2, 1, 1 },
    { "carried", 2, 1, 1, 0 },
    { "carried", 1, 2, 0, 11 },
    { "carried", 2, 1, 0, 10 },
    { "carried_if", 1, 2, 1, 101 },
    { "carried_if", 2, 1, 0, 200 },
    { "carried_if", 1, 2, 0, 201 },
    { "carried_not", 1, 2, 7, 1 },
    { "carried_not", 1, 2, 0, 11 },
    { "carried_not", 2, 1, 0, 10 },
    { "earlier", 3, 3, 4, 1 },
    { "earlier", 3, 3, 2, 1 },
    { "earlier", 4, 3, 4, 2 },
    { "earlier", 4, 3, 2, 2 },
    { "earlier_not", 3, 3, 4, 1 },
    { "earlier_not", 3, 3, 2, 1 },
    { "earlier_not", 4, 3, 4, 0 },
    { "earlier_not", 4, 3, 2, 0 },
    { "earlier_not_if", 3, 3, 4, 3 },
    { "earlier_not_if", 3, 3, 2, 3 },
    { "earlier_not_if", 4, 3, 4, 4 },
    { "earlier_not_if", 4, 3, 2, 4 },
    { "shifted", 3, 5, 7, 36 },
    { "shifted_dropped", 2, 3, 4, 18 },
    { "two_wait", 9, 4, 10, 50 },
    { "vector", 3, 4, 0, 19 },
    { "vectors", 11, 22, 4, 11 },
    { "vectors", 11, 22, 5, 22 },
    { "vectors_less", 11, 22, 4, 11 },
    { "vectors_less", 11, 22, 5, 22 }
};

static void programs(struct world *w)
{
    we_instance *instance = world_new_of(w, lower);
    uint64_t slots[1] = { 0x76543210 };
    size_t i;

    for (i = 0; instance != NULL && i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];

        is_int(world_int(w, instance, r->name, r->a, r->b, r->c), r->want,
               "%s(%d, %d, %d)", r->name, (int) r->a, (int) r->b, (int) r->c);
    }
    is_int(world_call(w, instance, "wide", slots), WE_OK, "wide");
    ok(slots[0] == (0x76543210u ^ 0x123456789abcdef0u) + 0x80000000u,
       "immediates of 64 bits");
    we_instance_free(instance);
}

/* --- limits --------------------------------------------------------------- */

struct bytes {
    uint8_t data[400000];
    size_t  n;
};

static void put(struct bytes *b, const void *data, size_t n)
{
    memcpy(b->data + b->n, data, n);
    b->n += n;
}

static void put_u32(struct bytes *b, uint32_t x)
{
    do {
        b->data[b->n++] = (uint8_t) ((x & 0x7f) | (x > 0x7f ? 0x80 : 0));
        x >>= 7;
    } while (x != 0);
}

/* A module whose function "f" has n locals of type v128 and this body. */
static void make(struct bytes *m, uint32_t n, const struct bytes *code)
{
    static const uint8_t head[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0, 1, 5, 1, 0x60, 0, 1, 0x7f,
        3, 2, 1, 0, 7, 5, 1, 1, 'f', 0, 0
    };
    static struct bytes body;

    body.n = 0;
    put(&body, "\1", 1);
    put_u32(&body, n);
    put(&body, "\x7b", 1);
    put(&body, code->data, code->n);
    m->n = 0;
    put(m, head, sizeof head);
    put(m, "\x0a", 1);
    put_u32(m, (uint32_t) body.n + 1
               + (body.n < 0x80 ? 1 : body.n < 0x4000 ? 2 : 3));
    put(m, "\1", 1);
    put_u32(m, (uint32_t) body.n);
    put(m, body.data, body.n);
}

/* depth constants, added up */
static void sum(struct bytes *code, uint32_t depth)
{
    uint32_t i;

    code->n = 0;
    for (i = 0; i < depth; i++) {
        put(code, "\x41\1", 2);
    }
    for (i = 1; i < depth; i++) {
        put(code, "\x6a", 1);
    }
    put(code, "\x0b", 1);
}

static void limits(struct world *w)
{
    static struct bytes m, code;
    we_instance *instance;

    sum(&code, 65535);
    make(&m, 0, &code);
    instance = world_new(w, m.data, m.n);
    is_int(instance ? world_int(w, instance, "f", 0, 0, 0) : -1, 65535,
           "65,535 slots");
    if (instance != NULL) {
        we_instance_free(instance);
    }
    sum(&code, 65536);
    make(&m, 0, &code);
    is_int(world_error(w, m.data, m.n, &instance), WE_LIMIT, "65,536 slots");
    is_str(strstr(w->detail.text, "the function needs more"),
           "the function needs more than 65,535 slots", "and the text");
    memset(&w->detail, 0, sizeof w->detail);
    sum(&code, 2);
    make(&m, 32768, &code);
    is_int(world_error(w, m.data, m.n, &instance), WE_LIMIT,
           "65,536 slots of locals");
    memset(&w->detail, 0, sizeof w->detail);
    sum(&code, 2);
    make(&m, 32766, &code);
    instance = world_new(w, m.data, m.n);
    is_int(instance ? world_int(w, instance, "f", 0, 0, 0) : -1, 2,
           "65,534 slots");
    if (instance != NULL) {
        we_instance_free(instance);
    }
}

int main(void)
{
    struct world w;

    world_open(&w);
    programs(&w);
    limits(&w);
    world_close(&w);
    return done();
}

/* Blocks and functions with none to nine results, of all types, left in every
 * way there is, with other operands beneath: the results are those given. */
#include "forms.h"
#include "world.h"

enum { END = 0x0b, EMPTY = 0x40, MOST = 9 };

/* Where the values come from. */
enum source { CONSTANTS, COMPUTED, SUMS, NSOURCES };

/* How they leave. */
enum way { FALL, BR, BR_IF, BR_IF_NOT, BR_TABLE, IF, ELSE, RETURN, RETURN_DEEP,
           RETURN_IF, CALL, LOOP, BR_OUT, NWAYS };

static const char letters[] = "iIfFvIiFv";

static uint64_t value(uint32_t i, uint32_t half)
{
    uint64_t x = (i + 1) * UINT64_C(0x0101010101010101) + half;

    return strchr("if", letters[i]) ? (uint32_t)x : x;
}

/* Types: 0 gives the results, 1 takes and gives them. */
enum { GIVES, PASSES };

/* Locals: zeroes, a counter, then one for each result. */
enum { ZERO_I, ZERO_L, COUNTER, FIRST };

static void put_vector(struct bytes *b, uint32_t i)
{
    uint32_t k;

    PUT(b, 0xfd, 0x0c);
    for (k = 0; k < 16; k++)
        PUT(b, (uint8_t)(value(i, k / 8) >> k % 8 * 8));
}

static void put_values(struct bytes *b, uint32_t n, enum source source)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (source == SUMS && letters[i] == 'i') {
            PUT(b, 0x20, ZERO_I);
            put_const(b, 'i', value(i, 0));
            PUT(b, 0x6a);
            continue;
        }
        if (letters[i] == 'v')
            put_vector(b, i);
        else
            put_const(b, letters[i], value(i, 0));
        if (source == COMPUTED)
            put_again(b, letters[i], ZERO_I, ZERO_L);
    }
}

/* Three times around, the values through locals. */
static void put_loop(struct bytes *b, uint32_t n, enum source source)
{
    uint32_t i;

    PUT(b, 0x02, GIVES);
    put_values(b, n, source);
    PUT(b, 0x03, PASSES);
    for (i = n; i-- > 0;)
        PUT(b, 0x21, (uint8_t)(FIRST + i));
    PUT(b, 0x41, 7);
    for (i = 0; i < n; i++)
        PUT(b, 0x20, (uint8_t)(FIRST + i));
    PUT(b, 0x20, COUNTER, 0x41, 1, 0x6a, 0x22, COUNTER);
    PUT(b, 0x41, 3, 0x48, 0x0d, 0, 0x0c, 1, END, END);
}

static void put_way(struct bytes *b, uint32_t n, enum way way,
                    enum source source)
{
    static const uint8_t opens[NWAYS][6] = {
        [BR] = { 0x02, GIVES, 0x41, 7 }, [BR_IF] = { 0x02, GIVES, 0x41, 7 },
        [BR_IF_NOT] = { 0x02, GIVES, 0x41, 7 },
        [BR_TABLE] = { 0x02, GIVES, 0x41, 7 },
        [IF] = { 0x41, 1, 0x04, GIVES },
        [RETURN] = { 0x41, 7 },
        [RETURN_IF] = { 0x41, 7 },
        [BR_OUT] = { 0x02, GIVES, 0x41, 7, 0x42, 8 }
    };
    uint32_t i;

    if (way == LOOP) {
        put_loop(b, n, source);
        return;
    }
    if (way == ELSE)
        PUT(b, 0x41, 0, 0x04, GIVES, 0x00, 0x05);
    if (way == RETURN_DEEP || way == CALL)
        PUT(b, 0x41, 7, 0x02, EMPTY);
    for (i = 0; i < 6 && opens[way][i] != 0; i += 2)
        PUT(b, opens[way][i], opens[way][i + 1]);
    if (way == BR_OUT)
        PUT(b, 0x02, EMPTY);
    if (way == CALL)
        PUT(b, 0x10, 0);
    else
        put_values(b, n, source);
    switch (way) {
    case BR:        PUT(b, 0x0c, 0, END); break;
    case BR_IF:     PUT(b, 0x41, 1, 0x0d, 0, 0x00, END); break;
    case BR_IF_NOT: PUT(b, 0x20, ZERO_I, 0x0d, 0, 0x0c, 0, END); break;
    case BR_TABLE:  PUT(b, 0x41, 1, 0x0e, 2, 0, 0, 0, END); break;
    case IF:        PUT(b, 0x05, 0x00, END); break;
    case ELSE:      PUT(b, END); break;
    case RETURN:    PUT(b, 0x0f); break;
    case RETURN_IF: PUT(b, 0x41, 1, 0x0d, 0, 0x00); break;
    case RETURN_DEEP:
    case CALL:      PUT(b, 0x0f, END, 0x00); break;
    case BR_OUT:    PUT(b, 0x0c, 1, END, 0x00, END); break;
    default:        break;
    }
}

static void put_func(struct bytes *code, uint32_t n, enum way way,
                     enum source source)
{
    struct bytes body = { 0 };
    uint32_t i;

    put_u32(&body, 3 + n);
    PUT(&body, 1, 0x7f, 1, 0x7e, 1, 0x7f);
    for (i = 0; i < n; i++)
        PUT(&body, 1, type_byte(letters[i]));
    put_way(&body, n, way, source);
    PUT(&body, END);
    put_sized(code, &body);
}

static struct bytes make_module(uint32_t n, enum source source)
{
    struct bytes b = module_new(), types = { 0 }, section = { 0 };
    uint32_t i;

    for (i = 0; i < n; i++)
        PUT(&types, type_byte(letters[i]));
    PUT(&section, 2, 0x60, 0, (uint8_t)n);
    put(&section, types.data, types.len);
    PUT(&section, 0x60, (uint8_t)n);
    put(&section, types.data, types.len);
    PUT(&section, (uint8_t)n);
    put(&section, types.data, types.len);
    put_section(&b, 1, &section);
    free(types.data);
    PUT(&section, NWAYS);
    PUT_TIMES(&section, NWAYS, GIVES);
    put_section(&b, 3, &section);
    PUT(&section, NWAYS);
    for (i = 0; i < NWAYS; i++)
        PUT(&section, 1, (uint8_t)('a' + i), 0, (uint8_t)i);
    put_section(&b, 7, &section);
    PUT(&section, NWAYS);
    for (i = 0; i < NWAYS; i++)
        put_func(&section, n, (enum way)i, source);
    put_section(&b, 10, &section);
    return b;
}

static void test(struct world *w, uint32_t n, enum source source)
{
    struct bytes b = make_module(n, source);
    we_instance *instance = world_new(w, b.data, b.len);
    uint64_t slots[2 * MOST], want[2 * MOST];
    uint32_t i, nslots = 0;

    for (i = 0; i < n; i++) {
        want[nslots++] = value(i, 0);
        if (letters[i] == 'v')
            want[nslots++] = value(i, 1);
    }
    ok(instance != NULL, "%u results, source %u", n, source);
    for (i = 0; i < NWAYS && instance; i++) {
        const char name[2] = { (char)('a' + i) };
        enum we_error e = world_call(w, instance, name, slots);

        ok(e == WE_OK && memcmp(slots, want, nslots * sizeof *want) == 0,
           "... way %u%s%s", i, e == WE_OK ? "" : ": ", w->trap.text);
    }
    we_instance_free(instance);
    free(b.data);
}

int main(void)
{
    struct world w;
    uint32_t n, source;

    world_open(&w);
    for (n = 0; n <= MOST; n++)
        for (source = 0; source < NSOURCES; source++)
            test(&w, n, (enum source)source);
    world_close(&w);
    return done();
}

/* Bugs that other engines shipped, and what a guest may try (README.md has the
 * list), as far as no other test has them: what is left behind by another
 * instance, an interruption, a trap or an exception under a function of the
 * host's; many instances; little process stack, big frames; lanes shifted by
 * more than they have bits, and compared; an import asked for twice. */
#include "build.h"
#include "modules_gc.h"
#include "world.h"

#include <pthread.h>
#include <unistd.h>

enum { PAGE = 65536, MS = 1000000 };

/* --- memory of an instance that went -------------------------------------- */

static void reuse(struct world *w)
{
    uint64_t size, i, dirty = 0;
    we_instance *instance;
    we_memory *memory;
    uint8_t *bytes;
    int k;

    for (k = 0; k < 20; k++) {
        instance = world_new_of(w, host);
        memory = we_instance_memory(instance, "memory", 6);
        size = we_memory_size(memory);
        dirty += size != PAGE || !we_memory_span(memory, 0, PAGE, &bytes);
        for (i = 0; i < PAGE; i++)
            dirty += bytes[i] != 0;
        dirty += world_int(w, instance, "read", PAGE, 0, 0)
                 != -1000 - WE_TRAP_MEMORY;
        world_int(w, instance, "fill", 0, 0, 0);
        dirty += world_int(w, instance, "read", 4 * PAGE - 1, 0, 0) != 170;
        we_instance_free(instance);
    }
    is_int((int64_t)dirty, 0, "20 instances in one place: each begins anew");
}

/* --- many instances ------------------------------------------------------- */

/* Pages of this process that are in memory. */
static int64_t resident(void)
{
    FILE *f = fopen("/proc/self/statm", "r");
    long size = 0, pages = 0;

    if (f == NULL || fscanf(f, "%ld %ld", &size, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return pages;
}

/* Each takes all that it may, and gives it back: what is kept after the first
 * time is enough for the second. */
static void thousand(struct world *w, bool again)
{
    static we_instance *instances[1000];
    int64_t before = resident(), grown = 0, after;
    uint32_t i, made = 0;

    w->limits.memory_bytes = PAGE;
    for (i = 0; i < 1000; i++) {
        instances[i] = world_new_of(w, host);
        if (instances[i] == NULL)
            break;
        made++;
        grown += we_memory_grow(we_instance_memory(instances[i], "memory", 6),
                                1) != UINT64_MAX;
        world_int(w, instances[i], "fill_page", 0, 0, 0);
    }
    is_int(made, 1000, "1,000 instances at once");
    is_int(grown, 0, "none has more than it may");
    for (i = 0; i < made; i++)
        we_instance_free(instances[i]);
    w->limits.memory_bytes = 0;
    after = resident();
    if (!again)
        return;
    if (getenv("SLUICE_SAN") && *getenv("SLUICE_SAN"))
        skip("the address sanitizer keeps what was freed");
    else
        ok(after - before < (1 << 20) / sysconf(_SC_PAGESIZE),
           "they leave little behind: %d pages", (int)(after - before));
}

/* --- interruptions -------------------------------------------------------- */

static void interrupted_memory(struct world *w, we_instance *instance)
{
    we_memory *memory = we_instance_memory(instance, "memory", 6);
    uint64_t size, i, dirty = 0;
    uint8_t *bytes;

    is_int(world_int(w, instance, "spin_memory", 0, 0, 0),
           -1000 - WE_TRAP_DEADLINE, "memory.grow without end");
    size = we_memory_size(memory);
    ok(size % PAGE == 0 && size <= 100 * PAGE, "whole pages");
    ok(we_memory_span(memory, 0, size, &bytes)
       && !we_memory_span(memory, 0, size + 1, &bytes), "all in bounds");
    for (i = 0; i < size; i++)
        dirty += bytes[i] != 0;
    is_int((int64_t)dirty, 0, "and zero");
}

static void interrupted_table(struct world *w, we_instance *instance)
{
    int64_t size, i, set = 0;

    is_int(world_int(w, instance, "spin_table", 0, 0, 0),
           -1000 - WE_TRAP_DEADLINE, "table.grow without end");
    w->deadline = 0;
    size = world_int(w, instance, "table_size", 0, 0, 0);
    ok(size % 100 == 1, "grown as a whole: %d", (int)size);
    for (i = 0; i < size; i++)
        set += world_int(w, instance, "is_null", (uint32_t)i, 0, 0) != 1;
    is_int(set, 0, "and null");
    is_int(world_int(w, instance, "is_null", (uint32_t)size, 0, 0),
           -1000 - WE_TRAP_TABLE, "up to its size");
}

/* --- traps and exceptions under a function of the host's ------------------ */

/* What env.nest does: calls these, gives the answer or the last trap. */
enum mode { PASS_EXCEPTION, SWALLOW_EXCEPTION, PASS_TRAP, SWALLOW_TRAP,
            DEEPER };

struct guest {
    we_instance *instance;
    enum mode    mode;
};

static enum we_trap_code inner(struct guest *g, const char *name,
                               uint64_t *slots)
{
    struct we_trap trap;
    enum we_error e =
        we_call(we_instance_func(g->instance, name, strlen(name)), slots, 0,
                &trap);

    return e == WE_OK ? WE_TRAP_NONE : trap.code;
}

static enum we_trap_code nest(void *env, we_instance *instance,
                              uint64_t *slots)
{
    struct guest *g = env;
    uint64_t own[1] = { slots[0] };
    enum we_trap_code code;

    (void)instance;
    if (g->mode == DEEPER) {
        code = inner(g, "deep", own);
        slots[0] = own[0] + 1;
        return code;
    }
    code = inner(g, g->mode <= SWALLOW_EXCEPTION ? "throw" : "trap", own);
    if (g->mode == PASS_EXCEPTION || g->mode == PASS_TRAP)
        return code;
    code = inner(g, "seven", own);
    slots[0] = own[0];
    return code;
}

static void under_host(struct world *w, struct guest *g)
{
    g->mode = PASS_EXCEPTION;
    is_int(world_int(w, g->instance, "outer", 0, 0, 0),
           -1000 - WE_TRAP_EXCEPTION,
           "an exception doesn't cross the host: a trap that none catches");
    is_str(w->trap.text, "uncaught exception", "it says so");
    g->mode = PASS_TRAP;
    is_int(world_int(w, g->instance, "outer", 0, 0, 0),
           -1000 - WE_TRAP_UNREACHABLE, "nor is a trap caught");
    g->mode = SWALLOW_EXCEPTION;
    is_int(world_int(w, g->instance, "outer", 0, 0, 0), 7,
           "after an exception the host calls again and goes on");
    g->mode = SWALLOW_TRAP;
    is_int(world_int(w, g->instance, "outer", 0, 0, 0), 7,
           "and after a trap");
    is_int(world_int(w, g->instance, "known", 3, 0, 0), 7,
           "the host's function out of a table");
    is_int(world_int(w, g->instance, "computed", 3, 5, 0), 7,
           "by an index just computed");
    is_int(world_int(w, g->instance, "tail", 3, 0, 0), 7, "in tail position");
    is_int(world_int(w, g->instance, "seven", 0, 0, 0), 7, "all is well");
}

/* --- big frames ----------------------------------------------------------- */

/* Function 0 has 50,000 locals and calls the second, if that is there, which
 * calls it; else itself. */
static void big_frames(struct world *w, bool mutual)
{
    struct bytes b = module_new(), code = { 0 }, body = { 0 };
    /* of 131,072 slots it takes 50,004, the other one 4 */
    uint32_t deepest = mutual ? 4 : 2;
    we_instance *instance;

    SECTION(&b, 1, 1, 0x60, 0, 0);
    if (mutual)
        SECTION(&b, 3, 2, 0, 0);
    else
        SECTION(&b, 3, 1, 0);
    SECTION(&b, 7, 1, 1, 'f', 0, 0);
    PUT(&code, mutual ? 2 : 1);
    PUT(&body, 1, 0xd0, 0x86, 3, 0x7e, 0x10, mutual ? 1 : 0, 0x0b);
    put_sized(&code, &body);
    if (mutual)
        PUT(&code, 4, 0, 0x10, 0, 0x0b);
    put_section(&b, 10, &code);
    instance = world_new(w, b.data, b.len);
    is_int(world_int(w, instance, "f", 0, 0, 0), -1000 - WE_TRAP_STACK,
           "50,000 locals, %s recursion", mutual ? "mutual" : "direct");
    is_int(w->trap.depth, deepest, "... as deep as the stack is");
    we_instance_free(instance);
    free(b.data);
}

/* --- lanes ---------------------------------------------------------------- */

static const uint32_t amounts[] = {
    0, 1, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256,
    0x7fffffff, 0x80000000, 0xffffffff
};
enum { NAMOUNTS = sizeof amounts / sizeof *amounts };

/* The lanes of 64 bits that come of it (Section 4.6.2): the amount counts
 * modulo the lane's width. */
static uint64_t shifted(uint64_t lanes, uint32_t bits, char how, uint32_t by)
{
    uint64_t mask = UINT64_MAX >> (64 - bits), lane, r = 0;
    uint32_t at;

    by %= bits;
    for (at = 0; at < 64; at += bits) {
        lane = lanes >> at & mask;
        if (how == 'l')
            lane = lane << by;
        else if (how == 's' && lane >> (bits - 1))
            lane = lane >> by | ~(mask >> by);
        else
            lane >>= by;
        r |= (lane & mask) << at;
    }
    return r;
}

/* i64x2.extract_lane 0 of one shift by each amount: as a constant; behind
 * those the function that is given it, and the one that computes it. */
static we_instance *shifts_new(struct world *w, uint8_t opcode, uint64_t lanes)
{
    struct bytes b = module_new(), section = { 0 }, body = { 0 };
    we_instance *instance;
    uint32_t i, k;

    SECTION(&b, 1, 1, 0x60, 1, 0x7f, 1, 0x7e);
    PUT(&section, NAMOUNTS + 2);
    PUT_TIMES(&section, NAMOUNTS + 2, 0);
    put_section(&b, 3, &section);
    PUT(&section, NAMOUNTS + 2);
    for (i = 0; i < NAMOUNTS + 2; i++)
        PUT(&section, 1, (uint8_t)('a' + i), 0, (uint8_t)i);
    put_section(&b, 7, &section);
    PUT(&section, NAMOUNTS + 2);
    for (i = 0; i < NAMOUNTS + 2; i++) {
        PUT(&body, 0, 0xfd, 12);
        for (k = 0; k < 16; k++)
            PUT(&body, (uint8_t)(lanes >> k % 8 * 8));
        if (i < NAMOUNTS)                /* signed, five bytes */
            PUT(&body, 0x41, (uint8_t)(amounts[i] | 0x80),
                (uint8_t)(amounts[i] >> 7 | 0x80),
                (uint8_t)(amounts[i] >> 14 | 0x80),
                (uint8_t)(amounts[i] >> 21 | 0x80),
                (uint8_t)((amounts[i] >> 28 ^ 8) - 8) & 0x7f);
        else
            PUT(&body, 0x20, 0);
        if (i == NAMOUNTS + 1)
            PUT(&body, 0x41, 0, 0x73);
        PUT(&body, 0xfd, opcode, 1, 0xfd, 29, 0, 0x0b);
        put_sized(&section, &body);
    }
    put_section(&b, 10, &section);
    instance = world_new(w, b.data, b.len);
    free(b.data);
    return instance;
}

static void shifts(struct world *w)
{
    static const struct { uint8_t opcode, bits; char how; } rows[] = {
        { 0x6b, 8, 'l' }, { 0x6c, 8, 's' }, { 0x6d, 8, 'u' },
        { 0x8b, 16, 'l' }, { 0x8c, 16, 's' }, { 0x8d, 16, 'u' },
        { 0xab, 32, 'l' }, { 0xac, 32, 's' }, { 0xad, 32, 'u' },
        { 0xcb, 64, 'l' }, { 0xcc, 64, 's' }, { 0xcd, 64, 'u' }
    };
    const uint64_t lanes = UINT64_C(0x81c27f0380fe1234);
    uint32_t r, i, k, wrong;

    for (r = 0; r < sizeof rows / sizeof *rows; r++) {
        we_instance *instance = shifts_new(w, rows[r].opcode, lanes);

        wrong = instance == NULL;
        for (i = 0; i < NAMOUNTS && instance; i++) {
            const uint32_t funcs[] = { i, NAMOUNTS, NAMOUNTS + 1 };

            for (k = 0; k < 3; k++) {
                char name[2] = { (char)('a' + funcs[k]) };
                uint64_t slots[1] = { amounts[i] };
                enum we_error e = world_call(w, instance, name, slots);

                wrong += e != WE_OK
                         || slots[0] != shifted(lanes, rows[r].bits,
                                                rows[r].how, amounts[i]);
            }
        }
        is_int(wrong, 0, "lanes of %u bits, shift %c: by any amount",
               rows[r].bits, rows[r].how);
        we_instance_free(instance);
    }
}

/* Whether i64x2's comparison of two vectors gives -1 or 0 in each lane. */
static void compares(struct world *w)
{
    static const struct { uint8_t sub; const char *name, *holds; } rows[] = {
        { 0xd6, "eq", "=" }, { 0xd7, "ne", "<>" }, { 0xd8, "lt", "<" },
        { 0xd9, "gt", ">" }, { 0xda, "le", "<=" }, { 0xdb, "ge", ">=" }
    };
    static const int64_t values[] = { 0, -1, 1, INT64_MIN, INT64_MAX };
    uint32_t r, n, lane, wrong;

    for (r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct bytes b = module_new();
        we_instance *instance;

        SECTION(&b, 1, 1, 0x60, 2, 0x7b, 0x7b, 1, 0x7b);
        SECTION(&b, 3, 1, 0);
        SECTION(&b, 7, 1, 1, 'f', 0, 0);
        SECTION(&b, 10, 1, 9, 0, 0x20, 0, 0x20, 1, 0xfd, rows[r].sub, 1, 0x0b);
        instance = world_new(w, b.data, b.len);
        wrong = instance == NULL;
        for (n = 0; n < 625 && instance; n++) {
            const int64_t x[2] = { values[n % 5], values[n / 5 % 5] };
            const int64_t y[2] = { values[n / 25 % 5], values[n / 125] };
            uint64_t slots[4] = { (uint64_t)x[0], (uint64_t)x[1],
                                  (uint64_t)y[0], (uint64_t)y[1] };

            world_call(w, instance, "f", slots);
            for (lane = 0; lane < 2; lane++) {
                char order = x[lane] < y[lane] ? '<'
                             : x[lane] > y[lane] ? '>' : '=';
                bool holds = strchr(rows[r].holds, order) != NULL;

                wrong += slots[lane] != (holds ? UINT64_MAX : 0);
            }
        }
        is_int(wrong, 0, "i64x2.%s", rows[r].name);
        we_instance_free(instance);
        free(b.data);
    }
}

/* --- an import twice ------------------------------------------------------ */

/* Each is one function more, and the same one (Section 4.5.4). */
static void twice(struct world *w)
{
    struct bytes b = module_new();
    we_instance *instance;

    SECTION(&b, 1, 2, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 1, 0x7e, 1, 0x7f);
    SECTION(&b, 2, 2, 3, 'e', 'n', 'v', 4, 'n', 'e', 's', 't', 0, 0,
            3, 'e', 'n', 'v', 4, 'n', 'e', 's', 't', 0, 0);
    SECTION(&b, 7, 2, 1, 'a', 0, 0, 1, 'b', 0, 1);
    instance = world_new(w, b.data, b.len);
    ok(instance != NULL, "an import asked for twice");
    we_instance_free(instance);
    b.data[b.len - 11 - 1] = 1;          /* the second one's type */
    ok(world_error(w, b.data, b.len, &instance) == WE_LINK,
       "and with two types: refused");
    free(b.data);
}

/* --- little process stack ------------------------------------------------- */

/* Blocks, types and constant expressions that nest. */
static bool load_nested(struct world *w)
{
    struct bytes b = module_new(), code = { 0 }, section = { 0 };
    we_module *module = NULL;
    enum we_error e;

    SECTION(&b, 1, 1, 0x60, 0, 0);
    SECTION(&b, 3, 1, 0);
    PUT(&section, 1, 0x7f, 0, 0x41, 0);
    PUT_TIMES(&section, 5000, 0x41, 0);
    PUT_TIMES(&section, 5000, 0x6a);
    PUT(&section, 0x0b);
    put_section(&b, 6, &section);
    PUT(&code, 0);
    PUT_TIMES(&code, 8000, 0x02, 0x40);
    PUT_TIMES(&code, 8000, 0x0b);
    PUT(&code, 0x0b);
    put_body(&b, &code);
    e = we_module_load(w->engine, b.data, b.len, &module, &w->detail);
    we_module_free(module);
    free(b.data);
    return e == WE_OK;
}

struct thread {
    bool    loaded, instantiated;
    int64_t sink, nested, list;
};

static void *on_little_stack(void *env)
{
    struct thread *t = env;
    struct world w;
    struct guest g = { .mode = DEEPER };
    we_instance *heap;
    uint64_t slots[2] = { 100000 };

    world_open(&w);
    we_linker_define_func(w.linker, "env", "nest", "i:i", nest, &g);
    t->loaded = load_nested(&w);
    g.instance = world_new_of(&w, host);
    t->instantiated = g.instance != NULL;
    t->sink = world_int(&w, g.instance, "sink", 0, 0, 0);
    t->nested = world_int(&w, g.instance, "deep", 1000000, 0, 0);
    heap = world_new_of(&w, heap);
    world_call(&w, heap, "build", slots);
    world_int(&w, heap, "churn", 1000000, 0, 0);
    world_call(&w, heap, "sum", slots);
    t->list = (int64_t)slots[0];
    we_instance_free(heap);
    we_instance_free(g.instance);
    world_close(&w);
    return NULL;
}

/* The C library takes some of it. */
static void little_stack(void)
{
    struct thread t = { 0 };
    pthread_attr_t attributes;
    pthread_t thread;

    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    if (pthread_create(&thread, &attributes, on_little_stack, &t) != 0) {
        skip("no thread");
        return;
    }
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    ok(t.loaded, "128 KiB of stack: a module that nests is loaded");
    ok(t.instantiated, "another one instantiated");
    is_int(t.sink, -1000 - WE_TRAP_STACK, "endless recursion traps");
    is_int(t.nested, -1000 - WE_TRAP_STACK, "so it does through the host");
    is_int(t.list, INT64_C(100000) * 100001 / 2,
           "a long list is collected around");
}

int main(void)
{
    struct world w;
    struct guest g = { 0 };

    world_open(&w);
    we_linker_define_func(w.linker, "env", "nest", "i:i", nest, &g);
    is_int(we_engine_attach(w.engine), WE_OK, "a timer");
    reuse(&w);
    thousand(&w, false);
    thousand(&w, true);
    big_frames(&w, false);
    big_frames(&w, true);
    shifts(&w);
    compares(&w);
    twice(&w);
    g.instance = world_new_of(&w, host);
    if (ok(g.instance != NULL, "host.wat")) {
        under_host(&w, &g);
        w.deadline = 5 * MS;
        interrupted_memory(&w, g.instance);
        interrupted_table(&w, g.instance);
    }
    we_instance_free(g.instance);
    world_close(&w);
    little_stack();
    return done();
}

/* Bugs that other engines shipped, and what a guest may try (engine/README.md
 * has the list), as far as no other test has them: what is left behind by
 * another instance, an interruption, a trap or an exception under a function
 * of the host's; little process stack. */
#include "build.h"
#include "modules_gc.h"
#include "world.h"

#include <pthread.h>

enum { PAGE = 65536, MS = 1000000 };

/* --- memory of an instance that went ---------------------------------------- */

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

/* --- interruptions -------------------------------------------------------------- */

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

/* --- traps and exceptions under a function of the host's ------------------------ */

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
    is_int(world_int(w, g->instance, "seven", 0, 0, 0), 7, "all is well");
}

/* --- little process stack ---------------------------------------------------------- */

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

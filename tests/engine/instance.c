/* Instantiation: order, matching of imports, errors, limits (Sections 4.5.3
 * and 4.5.4). */
#include "world.h"

static void kinds(struct world *w)
{
    we_instance *instance = world_new_of(w, kinds);
    uint64_t slots[2] = { 1, 1 };
    uint8_t *data;

    if (!ok(instance != NULL, "kinds.wat")) {
        return;
    }
    ok(we_instance_host_data(instance) == w, "host data");
    ok(we_module_find_export(we_instance_module(instance), "one", 3, NULL),
       "its module");
    ok(we_memory_span(we_instance_memory(instance, "memory", 6), 16, 5, &data)
       && memcmp(data, "hello", 5) == 0, "active data");
    we_global_get(we_instance_global(instance, "g", 1), slots);
    is_int((int64_t) slots[0], 9, "the start function ran");
    we_global_get(we_instance_global(instance, "f", 1), slots);
    ok(slots[0] == UINT64_C(0x3fe0000000000000), "f64 global");
    we_global_get(we_instance_global(instance, "sum", 3), slots);
    is_int((int64_t) slots[0], 42, "extended constant expression");
    slots[0] = 11;
    is_int(we_global_set(we_instance_global(instance, "g", 1), slots), WE_OK,
           "mutable global");
    is_int(we_global_set(we_instance_global(instance, "k", 1), slots),
           WE_ARGUMENT, "immutable global");
    ok(we_instance_func(instance, "memory", 6) == NULL, "wrong kind");
    ok(we_instance_memory(instance, "one", 3) == NULL, "wrong kind");
    ok(we_instance_table(instance, "t", 1) != NULL, "table");
    ok(we_instance_func(instance, "on", 2) == NULL, "no such name");
    we_instance_free(instance);
}

static void linked(struct world *w)
{
    we_instance *instance = world_new_of(w, kinds);
    we_instance *user;
    uint64_t slots[2] = { 0, 0 };

    is_int(we_linker_define_instance(w->linker, "kinds", 5, instance), WE_OK,
           "define_instance");
    is_int(we_linker_define_instance(w->linker, "kinds", 5, instance),
           WE_ARGUMENT, "defined twice");
    user = world_new_of(w, import_all);
    if (ok(user != NULL, "import_all.wat")) {
        is_int(world_int(w, user, "get", 0, 0, 0), 1 + 6 + 9,
               "function and globals of another instance");
        slots[0] = 100;
        we_global_set(we_instance_global(instance, "g", 1), slots);
        is_int(world_int(w, user, "get", 0, 0, 0), 1 + 6 + 100,
               "a mutable global is shared");
    }
    we_instance_free(user);
    we_instance_free(instance);
}

#define BAD(name, why) { wasm_bad_##name, sizeof wasm_bad_##name, why }
static const struct bad {
    const uint8_t *bytes;
    size_t         len;
    const char    *why;
} bad[] = {
    BAD(func, "import \"kinds\" \"one\": function type mismatch: "
              "signature differs"),
    BAD(kind, "import \"kinds\" \"one\": defined, but not as a memory"),
    BAD(unknown, "import \"kinds\" \"nothing\": unknown function"),
    BAD(memory_min, "import \"kinds\" \"memory\": memory type mismatch: "
                    "smaller than its minimum"),
    BAD(memory_max, "import \"kinds\" \"memory\": memory type mismatch: "
                    "maximum too large"),
    BAD(table_min, "import \"kinds\" \"t\": table type mismatch: "
                   "smaller than its minimum"),
    BAD(table_max, "import \"kinds\" \"t\": table type mismatch: "
                   "maximum too large"),
    BAD(table_type, "import \"kinds\" \"t\": table type mismatch: "
                    "element type differs"),
    BAD(global_mut, "import \"kinds\" \"k\": global type mismatch: "
                    "mutability differs"),
    BAD(global_const, "import \"kinds\" \"g\": global type mismatch: "
                      "mutability differs"),
    BAD(global_type, "import \"kinds\" \"k\": global type mismatch: "
                     "type differs"),
};

static void mismatches(struct world *w)
{
    we_instance *instance = world_new_of(w, kinds);
    we_instance *user;
    size_t i;

    we_linker_define_instance(w->linker, "kinds", 5, instance);
    for (i = 0; i < sizeof bad / sizeof *bad; i++) {
        is_int(world_error(w, bad[i].bytes, bad[i].len, &user), WE_LINK,
               "refused");
        ok(user == NULL, "no instance");
        is_str(w->detail.text, bad[i].why, "why");
    }
    we_instance_free(instance);
}

/* Side effects of earlier segments stay; functions of an instance that failed
 * may be called afterwards. */
static void failed_segments(struct world *w)
{
    we_instance *instance = world_new_of(w, kinds);
    we_instance *user;
    uint8_t *data;

    we_linker_define_instance(w->linker, "kinds", 5, instance);
    is_int(world_error_of(w, segment_data, &user), WE_TRAP, "data");
    is_int(w->trap.code, WE_TRAP_MEMORY, "its trap");
    is_str(w->detail.text, "data segment 1: out of bounds memory access",
           "its text");
    ok(we_memory_span(we_instance_memory(instance, "memory", 6), 0, 5, &data)
       && memcmp(data, "first", 5) == 0, "the first segment stays");
    is_int(world_error_of(w, segment_elem, &user), WE_TRAP, "elements");
    is_int(w->trap.code, WE_TRAP_TABLE, "its trap");
    is_str(w->detail.text, "element segment 1: out of bounds table access",
           "its text");
    is_int(world_int(w, instance, "call", 0, 0, 0), 77,
           "a function of the failed instance is alive");
    we_instance_free(instance);
}

static void starts(struct world *w)
{
    we_instance *instance;

    is_int(world_error_of(w, start_trap, &instance), WE_TRAP, "start traps");
    is_int(w->trap.code, WE_TRAP_UNREACHABLE, "its trap");
    is_str(w->detail.text, "start function: unreachable", "its text");
    is_int(w->trap.nframes, 1, "its back-trace");
    is_int(world_error_of(w, start_recurse, &instance), WE_TRAP,
           "start recurses");
    is_int(w->trap.code, WE_TRAP_STACK, "its trap");
    w->deadline = 1000000;
    is_int(world_error_of(w, start_spin, &instance), WE_SYSTEM,
           "a deadline needs we_engine_attach");
    is_int(we_engine_attach(w->engine), WE_OK, "attach");
    is_int(world_error_of(w, start_spin, &instance), WE_TRAP,
           "start never ends");
    is_int(w->trap.code, WE_TRAP_DEADLINE, "its trap");
    w->deadline = 0;
}

static enum we_trap_code hello(void *env, we_instance *instance,
                               uint64_t *slots)
{
    struct world *w = env;
    uint8_t *data;

    (void) slots;
    ok(we_instance_host_data(instance) == w
       && we_memory_span(we_instance_memory(instance, "memory", 6), 0, 65536,
                         &data), "the unfinished instance can be used");
    return WE_TRAP_NONE;
}

static bool resolve(void *env, const struct we_extern *import,
                    const char *signature, struct we_host_def *def)
{
    is_str(signature, ":", "the resolver gets the signature");
    ok(import->name_len == 5 && memcmp(import->name, "hello", 5) == 0
       && import->module_len == 3, "and the name");
    def->fn = hello;
    def->env = env;
    return true;
}

static void resolver(struct world *w)
{
    we_instance *instance;

    is_int(world_error_of(w, start_host, &instance), WE_LINK, "unknown");
    is_str(w->detail.text, "import \"env\" \"hello\": unknown function",
           "its text");
    we_linker_set_resolver(w->linker, resolve, w);
    instance = world_new_of(w, start_host);
    ok(instance != NULL, "start function of the host");
    we_instance_free(instance);
    is_int(we_linker_define_func(w->linker, "env", "hello", "i:", hello, w),
           WE_OK, "define_func");
    is_int(world_error_of(w, start_host, &instance), WE_LINK,
           "a definition goes before the resolver, and mismatches");
    is_int(we_linker_define_func(w->linker, "env", "hello", "i:", hello, w),
           WE_ARGUMENT, "defined twice");
    is_int(we_linker_define_func(w->linker, "env", "x", "iq:", hello, w),
           WE_ARGUMENT, "no signature");
}

static bool promise(void *env, const struct we_extern *import,
                    const char *signature, struct we_host_def *def)
{
    (void) env;
    (void) import;
    (void) signature;
    def->fn = NULL;
    return true;
}

/* What a host may get wrong. */
static void host_mistakes(struct world *w)
{
    struct we_config tall = { .stack_bytes = UINT64_MAX };
    struct we_config low = { .stack_bytes = 4096 };
    static const uint8_t odd[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0,
        2, 12, 1, 6, 'a', '"', 'b', '\\', 1, 0x7f, 1, 'n', 0, 0
    };
    char many[1010];
    we_instance *instance, *other;
    we_module *module = NULL;
    struct world w2;
    uint64_t slots[1000] = { 0 };
    we_engine *engine;

    memset(many, 'i', sizeof many);
    many[sizeof many - 2] = ':';
    many[sizeof many - 1] = '\0';
    is_int(we_linker_define_func(w->linker, "env", "f", many, hello, w),
           WE_ARGUMENT, "a signature of more than 1,000 parameters");
    we_linker_set_resolver(w->linker, promise, w);
    is_int(world_error_of(w, start_host, &instance), WE_LINK,
           "a resolver that gives no function");
    we_module_load(w->engine, wasm_start_host, sizeof wasm_start_host,
                   &module, NULL);
    is_int(we_instance_new(module, NULL, NULL, 0, NULL, &instance, NULL,
                           NULL), WE_LINK, "an import, and no linker");
    we_module_free(module);

    is_int(world_error(w, odd, sizeof odd, &instance), WE_LINK,
           "an import of an odd name");
    is_str(w->detail.text, "import \"a\\x22b\\x5c\\x01\\x7f\" \"n\": unknown "
           "function", "is told");

    world_open(&w2);
    other = world_new_of(&w2, kinds);
    is_int(we_linker_define_instance(w->linker, "k", 1, other), WE_ARGUMENT,
           "an instance of another engine");
    ok(we_instance_global(other, "nothing", 7) == NULL, "no such global");
    we_instance_free(other);
    world_close(&w2);

    ok(we_engine_new(&tall) == NULL, "a stack of 2^64 bytes");
    engine = we_engine_new(&low);
    is_int(we_module_load(engine, wasm_thousand, sizeof wasm_thousand,
                          &module, NULL), WE_OK, "1,000 parameters");
    is_int(we_instance_new(module, NULL, NULL, 0, NULL, &instance, NULL,
                           NULL), WE_OK, "instantiated");
    is_int(we_call(we_instance_func(instance, "f", 1), slots, 0, &w->trap),
           WE_TRAP, "more than a stack of 512 slots has");
    is_int(w->trap.code, WE_TRAP_STACK, "its trap");
    is_int(we_call(we_instance_func(instance, "f", 1), slots, 0, NULL),
           WE_TRAP, "and none who asks");
    we_instance_free(instance);
    we_module_free(module);
    we_engine_free(engine);
    is_str(we_error_text((enum we_error) 1000), "unknown error", "a text");
    is_str(we_trap_text((enum we_trap_code) 1000), "unknown trap", "a text");
}

static void limits(struct world *w)
{
    static const uint8_t two_memories[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0, 5, 5, 2, 0, 3, 0, 1
    };
    we_instance *instance;

    w->limits.memory_bytes = 256 * 65536;
    is_int(world_error_of(w, memory_257, &instance), WE_LIMIT, "memory");
    is_str(w->detail.text, "memory of 257 pages exceeds the limit of "
           "16777216 bytes", "its text");
    w->limits.memory_bytes = 257 * 65536;
    instance = world_new_of(w, memory_257);
    ok(instance != NULL, "memory that just fits");
    we_instance_free(instance);
    w->limits.memory_bytes = 0;
    is_int(world_error_of(w, table_huge, &instance), WE_LIMIT, "table");
    is_str(w->detail.text, "table of 20000000 elements exceeds the limit of "
           "10000000", "its text");
    ok(w->allocator.peak < 4 << 20, "nothing of that size was allocated");
    w->limits.memory_bytes = 2 * 65536;
    is_int(world_error(w, two_memories, sizeof two_memories, &instance),
           WE_LIMIT, "the first of two memories");
}

/* Many definitions: the linker's table grows and finds each of them. */
static void many(struct world *w)
{
    we_instance *instance;
    char name[16];
    int i;

    for (i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "f%d", i);
        if (we_linker_define_func(w->linker, "env", name, ":", hello, w)) {
            break;
        }
    }
    is_int(i, 5000, "5,000 definitions");
    is_int(we_linker_define_func(w->linker, "env", "f0", ":", hello, w),
           WE_ARGUMENT, "the first is still found");
    is_int(we_linker_define_func(w->linker, "en", "vf0", ":", hello, w),
           WE_OK, "names don't run into each other");
    is_int(we_linker_define_func(w->linker, "", "", ":", hello, w), WE_OK,
           "names may be empty");
    is_int(we_linker_define_func(w->linker, "", "", ":", hello, w),
           WE_ARGUMENT, "... and are found");
    we_linker_define_func(w->linker, "env", "hello", ":", hello, w);
    instance = world_new_of(w, start_host);
    ok(instance != NULL, "linked");
    we_instance_free(instance);
}

static void tags(struct world *w)
{
    static const uint8_t bytes[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0,
        1, 6, 1, 0x60, 2, 0x7f, 0x7e, 0,         /* (i32, i64) -> () */
        13, 3, 1, 0, 0,
        7, 5, 1, 1, 'e', 4, 0
    };
    we_instance *i = world_new(w, bytes, sizeof bytes);
    char text[8];

    ok(we_instance_tag(i, "f", 1) == NULL, "no such tag");
    is_str(we_tag_signature(we_instance_tag(i, "e", 1), text, sizeof text),
           "iI:", "what it carries");
    we_instance_free(i);
}

int main(void)
{
    static void (*const tests[])(struct world *) = {
        kinds, linked, mismatches, failed_segments, starts, resolver,
        host_mistakes, limits, many, tags
    };
    struct world w;
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++) {
        world_open(&w);
        tests[i](&w);
        world_close(&w);
    }
    return done();
}

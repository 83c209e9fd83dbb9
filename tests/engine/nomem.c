/* The n-th allocation fails, for each n: an error, and nothing leaks. */
#include "build.h"
#include "modules_gc.h"
#include "world.h"

static enum we_trap_code host(void *env, we_instance *instance,
                              uint64_t *slots)
{
    (void) env;
    (void) instance;
    (void) slots;
    return WE_TRAP_NONE;
}

/* With names for which the linker's arena needs a block. */
static enum we_error define_long(we_linker *linker, we_instance *instance)
{
    char name[5000];
    enum we_error e;

    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    e = we_linker_define_func(linker, name, "f", ":", host, NULL);
    if (e == WE_OK) {
        e = we_linker_define_func(linker, "f", name, ":", host, NULL);
    }
    return e != WE_OK ? e
           : we_linker_define_instance(linker, name, sizeof name, instance);
}

static enum we_error define(we_linker *linker)
{
    static const char *const names[][2] = {
        { "add", "ii:i" }, { "fail", "i:" }, { "again", "i:i" },
        { "nop", ":" }, { "nest", ":" }, { "hello", ":" }, { "doze", ":" }
    };
    enum we_error e = WE_OK;
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names && e == WE_OK; i++) {
        e = we_linker_define_func(linker, "env", names[i][0], names[i][1],
                                  host, NULL);
    }
    return e;
}

/* A call that may run out of memory by itself. */
static enum we_error run(we_instance *instance, const char *name)
{
    uint64_t slots[2] = { 300, 300 };
    struct we_trap trap;
    enum we_error e = we_call(we_instance_func(instance, name, strlen(name)),
                              slots, 0, &trap);

    return e == WE_TRAP && trap.code == WE_TRAP_HEAP ? WE_NOMEM : e;
}

/* Load, link, instantiate, link with each other, call. */
static enum we_error all(we_engine *engine, const uint8_t *bytes, size_t len,
                         const char *call)
{
    bool kinds = call == NULL;
    we_linker *linker = we_linker_new(engine);
    we_module *module = NULL, *user_module = NULL;
    we_instance *instance = NULL, *user = NULL;
    uint64_t slots[1] = { 2 };
    enum we_error e = linker == NULL ? WE_NOMEM : define(linker);

    if (e == WE_OK) {
        e = we_module_load(engine, bytes, len, &module, NULL);
    }
    if (e == WE_OK) {
        e = we_instance_new(module, linker, NULL, 0, NULL, &instance, NULL,
                            NULL);
    }
    if (e == WE_OK && !kinds && *call != '\0') {
        e = run(instance, call);
    }
    if (e == WE_OK && kinds) {
        e = we_linker_define_instance(linker, "kinds", 5, instance);
        if (e == WE_OK) {
            e = define_long(linker, instance);
        }
        if (e == WE_OK) {
            e = we_module_load(engine, wasm_import_all,
                               sizeof wasm_import_all, &user_module, NULL);
        }
        if (e == WE_OK) {
            e = we_instance_new(user_module, linker, NULL, 0, NULL, &user,
                                NULL, NULL);
        }
        if (e == WE_OK) {
            e = we_call(we_instance_func(user, "get", 3), slots, 0, NULL);
        }
        if (e == WE_OK) {
            slots[0] = 1;
            e = we_call(we_instance_func(instance, "grow", 4), slots, 0, NULL);
            e = e == WE_OK && slots[0] != 4 ? WE_NOMEM : e;
        }
    }
    we_instance_free(user);
    we_instance_free(instance);
    we_module_free(user_module);
    we_module_free(module);
    we_linker_free(linker);
    return e;
}

/* call: an export, "", or NULL for what wasm_import_all does.  after: all that
 * follow fail, too. */
static void rising_of(const char *name, const uint8_t *bytes, size_t len,
                      const char *call, bool after)
{
    uint64_t n, failures = 0, wrong = 0, leaks = 0, mistakes = 0;
    enum we_error e = WE_NOMEM;

    for (n = 1; n < 5000 && e != WE_OK; n++) {
        struct tap_allocator allocator = { .fail_at = n,
                                           .fail_after = after };
        struct we_config config = { .allocator = { tap_resize, &allocator } };
        we_engine *engine = we_engine_new(&config);

        e = engine == NULL ? WE_NOMEM : WE_OK;
        if (engine != NULL) {
            e = we_engine_attach(engine);
        }
        if (e == WE_OK) {
            e = all(engine, bytes, len, call);
        }
        we_engine_free(engine);
        failures += allocator.failures;
        wrong += e != WE_NOMEM && e != WE_OK;
        leaks += allocator.blocks;
        mistakes += allocator.mistakes;
    }
    is_int(e, WE_OK, "%s: works at last", name);
    ok(n > 10 && failures >= n - 2, "%s: %llu allocations failed", name,
       (unsigned long long) failures);
    is_int((int64_t) wrong, 0, "%s: always out of memory", name);
    is_int((int64_t) leaks, 0, "%s: no leak", name);
    is_int((int64_t) mistakes, 0, "%s: right sizes", name);
}

static void rising(const char *name, const uint8_t *bytes, size_t len,
                   const char *call)
{
    rising_of(name, bytes, len, call, false);
    rising_of(name, bytes, len, call, true);
}

/* Many types in a group, fields, exports, locals that must be set, operands,
 * labels, catches, and a body whose code isn't copied. */
static struct bytes large(void)
{
    struct bytes b = module_new(), section = { 0 };
    uint32_t i;

    PUT(&section, 3, 0x60, 0, 0, 0x4e);
    put_u32(&section, 600);
    PUT_TIMES(&section, 600, 0x60, 0, 0);
    PUT(&section, 0x5f, 100);
    PUT_TIMES(&section, 100, 0x7f, 0);
    put_section(&b, 1, &section);
    SECTION(&b, 3, 1, 0);
    SECTION(&b, 5, 1, 0, 0);
    SECTION(&b, 13, 1, 0, 0);
    put_u32(&section, 600);
    for (i = 0; i < 600; i++)
        PUT(&section, 2, (uint8_t)('a' + i / 26), (uint8_t)('a' + i % 26), 0,
            0);
    put_section(&b, 7, &section);
    PUT(&section, 1, 40, 0x64, 0x70);
    for (i = 0; i < 40; i++)
        PUT(&section, 0xd2, 0, 0x21, (uint8_t)i);
    PUT_TIMES(&section, 40, 0x02, 0x40);
    PUT_TIMES(&section, 10, 0x1f, 0x40, 1, 2, 0);
    PUT_TIMES(&section, 50, 0x0b);
    PUT_TIMES(&section, 200, 0x41, 0);
    PUT_TIMES(&section, 200, 0x1a);
    PUT_TIMES(&section, 5000, 0x3f, 0, 0x1a);
    PUT(&section, 0x0b);
    put_body(&b, &section);
    return b;
}

int main(void)
{
    struct bytes b = large();

    rising("kinds", wasm_kinds, sizeof wasm_kinds, NULL);
    rising("calls", wasm_calls, sizeof wasm_calls, "");
    rising("loops", wasm_loops, sizeof wasm_loops, "");
    rising("objects", wasm_heap, sizeof wasm_heap, "build");
    rising("exceptions", wasm_heap, sizeof wasm_heap, "caught");
    rising("wide", wasm_wide, sizeof wasm_wide, "");
    rising("objects in segments", wasm_big, sizeof wasm_big, "exception");
    rising("large", b.data, b.len, "");
    free(b.data);
    return done();
}

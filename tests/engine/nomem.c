/* The n-th allocation fails, for each n: an error, and nothing leaks. */
#include "world.h"

static enum we_trap_code host(void *env, we_instance *instance,
                              uint64_t *slots)
{
    (void) env;
    (void) instance;
    (void) slots;
    return WE_TRAP_NONE;
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

/* Load, link, instantiate, link with each other, call. */
static enum we_error all(we_engine *engine, const uint8_t *bytes, size_t len,
                         bool kinds)
{
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
    if (e == WE_OK && kinds) {
        e = we_linker_define_instance(linker, "kinds", 5, instance);
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

static void rising(const char *name, const uint8_t *bytes, size_t len,
                   bool kinds)
{
    uint64_t n, failures = 0, wrong = 0, leaks = 0, mistakes = 0;
    enum we_error e = WE_NOMEM;

    for (n = 1; n < 5000 && e != WE_OK; n++) {
        struct tap_allocator allocator = { .fail_at = n };
        struct we_config config = { .allocator = { tap_resize, &allocator } };
        we_engine *engine = we_engine_new(&config);

        e = engine == NULL ? WE_NOMEM : WE_OK;
        if (engine != NULL) {
            e = we_engine_attach(engine);
        }
        if (e == WE_OK) {
            e = all(engine, bytes, len, kinds);
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

int main(void)
{
    rising("kinds", wasm_kinds, sizeof wasm_kinds, true);
    rising("calls", wasm_calls, sizeof wasm_calls, false);
    rising("loops", wasm_loops, sizeof wasm_loops, false);
    return done();
}

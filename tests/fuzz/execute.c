/* One execution; also the entry of a libFuzzer program. */
#include "execute.h"
#include "../tap.h"
#include "mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALLS_MAX = 8, SLOTS_MAX = 64, DEADLINE = 5000000 };

static const struct we_limits limits = {
    .memory_bytes = 16 << 20,
    .table_elements = 100000,
};

/* A host function returns zeros; env is the count of their slots. */
static enum we_trap_code zeros(void *env, we_instance *instance,
                               uint64_t *slots)
{
    uintptr_t i;

    (void)instance;
    for (i = 0; i < (uintptr_t)env; i++)
        slots[i] = 0;
    return WE_TRAP_NONE;
}

/* Any function that the letters describe. */
static bool resolve(void *env, const struct we_extern *import,
                    const char *signature, struct we_host_def *def)
{
    const char *p = strchr(signature, ':');
    uintptr_t slots = 0;

    (void)env;
    (void)import;
    if (p == NULL)
        return false;
    while (*++p != '\0')
        slots += *p == 'v' ? 2 : 1;
    def->fn = zeros;
    def->env = (void *)slots;
    return true;
}

static void call(we_func *func, struct fuzz_rng *rng,
                 struct fuzz_counts *counts)
{
    static const uint64_t odd[] = {
        0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x10000, 0xfffc,
    };
    uint64_t slots[SLOTS_MAX] = { 0 };
    char signature[SLOTS_MAX + 1];
    struct we_trap trap;
    size_t i, n = 0;
    const char *p;

    we_func_signature(func, signature, sizeof signature);
    if (strchr(signature, ':') == NULL
        || we_func_param_slots(func) > SLOTS_MAX
        || we_func_result_slots(func) > SLOTS_MAX)
        return;
    for (p = signature; *p != ':'; p++)
        for (i = *p == 'v' ? 2 : 1; i > 0; i--, n++)
            if (*p != 'r' && *p != 'e')
                slots[n] = odd[fuzz_below(rng, 7)];
    counts->calls++;
    counts->returned += we_call(func, slots, DEADLINE, &trap) == WE_OK;
}

static void call_exports(we_instance *instance, struct fuzz_rng *rng,
                         struct fuzz_counts *counts)
{
    const we_module *module = we_instance_module(instance);
    uint32_t i, n = we_module_nexports(module), calls = 0;
    struct we_extern export_;
    we_func *func;

    for (i = 0; i < n && calls < CALLS_MAX; i++) {
        we_module_export(module, i, &export_);
        func = we_instance_func(instance, export_.name, export_.name_len);
        if (func != NULL) {
            call(func, rng, counts);
            calls++;
        }
    }
}

static const char *run(we_engine *engine, const uint8_t *data, size_t len,
                       struct tap_allocator *memory, struct fuzz_rng *rng,
                       struct fuzz_counts *counts)
{
    we_instance *instance = NULL;
    we_linker *linker;
    we_module *module;
    struct we_detail detail;
    struct we_trap trap;
    enum we_error error = we_module_load(engine, data, len, &module, &detail);

    if (memory->peak > 20 * (uint64_t)len + (1 << 20))
        return "loading took more than 20 times the module";
    if (error != WE_OK) {
        return module != NULL ? "refused, but there is a module"
             : detail.error != error ? "two errors"
             : detail.offset > len ? "the error stands past the end"
             : detail.text[0] == '\0' ? "an error without text" : NULL;
    }
    counts->loaded++;
    linker = we_linker_new(engine);
    if (linker != NULL) {
        we_linker_set_resolver(linker, resolve, NULL);
        error = we_instance_new(module, linker, &limits, DEADLINE, NULL,
                                &instance, &detail, &trap);
        if (error == WE_OK) {
            counts->instantiated++;
            call_exports(instance, rng, counts);
            we_instance_free(instance);
        }
        we_linker_free(linker);
    }
    we_module_free(module);
    return NULL;
}

const char *fuzz_execute(const uint8_t *data, size_t len, uint64_t seed,
                         struct fuzz_counts *counts)
{
    struct tap_allocator memory = { .limit = 64 << 20 };
    struct we_config config = { { tap_resize, &memory }, 0, 64 << 10 };
    struct fuzz_rng rng = { seed };
    const char *broken = NULL;
    we_engine *engine;
    enum we_error attached;
    uint8_t *copy;

    if (fuzz_below(&rng, 16) == 0)
        memory.fail_at = 1 + fuzz_below(&rng, 100);
    counts->executions++;
    engine = we_engine_new(&config);
    if (engine == NULL)
        return memory.blocks > 0 ? "an engine that failed leaks" : NULL;
    /* Of the exact length, so that the sanitizer knows its end. */
    copy = malloc(len > 0 ? len : 1);
    if (copy == NULL)
        abort();
    memcpy(copy, data, len);
    attached = we_engine_attach(engine);
    if (attached == WE_OK)
        broken = run(engine, copy, len, &memory, &rng, counts);
    else if (attached == WE_SYSTEM)
        broken = "no timer";
    free(copy);
    we_engine_free(engine);
    return broken != NULL ? broken
         : memory.blocks > 0 ? "leak"
         : memory.mistakes > 0 ? "an allocator's size was wrong" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct fuzz_counts counts = { 0 };
    const char *broken = fuzz_execute(data, len, len, &counts);

    if (broken != NULL) {
        fprintf(stderr, "%s\n", broken);
        abort();
    }
    return 0;
}

/* What the tests of running instances share: an engine on the checking
 * allocator, and short ways to load, instantiate and call. */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "../../engine/engine.h"
#include "../tap.h"
#include "modules.h"

#include <stdio.h>
#include <string.h>

struct world {
    struct tap_allocator allocator;
    we_engine           *engine;
    we_linker           *linker;
    struct we_limits     limits;
    uint64_t             deadline;       /* of calls and start functions */
    struct we_detail     detail;         /* of the last load or instance */
    struct we_trap       trap;           /* of the last call or instance */
};

static inline void world_open(struct world *w)
{
    struct we_config config = { 0 };

    memset(w, 0, sizeof *w);
    config.allocator.resize = tap_resize;
    config.allocator.env = &w->allocator;
    w->engine = we_engine_new(&config);
    w->linker = we_linker_new(w->engine);
}

/* Everything that was made from it is released by now. */
static inline void world_close(struct world *w)
{
    we_linker_free(w->linker);
    we_engine_free(w->engine);
    is_int((int64_t) w->allocator.blocks, 0, "nothing leaked");
    is_int((int64_t) w->allocator.mistakes, 0, "sizes given back are right");
}

static inline enum we_error world_error(struct world *w, const void *bytes,
                                        size_t len, we_instance **instance)
{
    uint8_t *copy = tap_guarded(bytes, len);
    we_module *module = NULL;
    enum we_error e = we_module_load(w->engine, copy, len, &module,
                                     &w->detail);

    tap_guarded_free(copy, len);
    *instance = NULL;                    /* if there is no module */
    if (e == WE_OK) {
        e = we_instance_new(module, w->linker, &w->limits, w->deadline, w,
                            instance, &w->detail, &w->trap);
        we_module_free(module);
    }
    return e;
}

static inline we_instance *world_new(struct world *w, const void *bytes,
                                     size_t len)
{
    we_instance *instance;
    enum we_error e = world_error(w, bytes, len, &instance);

    if (e != WE_OK) {
        diag("%s: %s", we_error_text(e), w->detail.text);
    }
    return instance;
}

#define world_new_of(w, name) world_new(w, wasm_##name, sizeof wasm_##name)
#define world_error_of(w, name, instance) \
    world_error(w, wasm_##name, sizeof wasm_##name, instance)

/* Calls an export; slots as we_call's. */
static inline enum we_error world_call(struct world *w, we_instance *instance,
                                       const char *name, uint64_t *slots)
{
    we_func *func = we_instance_func(instance, name, strlen(name));

    memset(&w->trap, 0, sizeof w->trap);
    return func == NULL ? WE_NOT_FOUND
                        : we_call(func, slots, w->deadline, &w->trap);
}

/* For functions of three i32 at most that give one i32 or nothing: the result,
 * or -1000 - the trap's code. */
static inline int64_t world_int(struct world *w, we_instance *instance,
                                const char *name, uint32_t a, uint32_t b,
                                uint32_t c)
{
    uint64_t slots[3] = { a, b, c };
    enum we_error e = world_call(w, instance, name, slots);

    if (e != WE_OK) {
        return e == WE_TRAP ? -1000 - (int64_t) w->trap.code : -1;
    }
    return (int32_t) (uint32_t) slots[0];
}

#endif

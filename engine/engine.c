/* The engine's life, and the texts of errors and traps. */
#include "instance.h"

#include <stdlib.h>
#include <string.h>

enum {
    STACK_BYTES = 1 << 20,
    STACK_LEAST = 4096,
    MODULE_BYTES = 256 << 20
};

#define ERROR_TEXT(name, text) text,
static const char *const error_texts[] = { WE_ERRORS(ERROR_TEXT) };
static const char *const trap_texts[] = { WE_TRAPS(ERROR_TEXT) };
#undef ERROR_TEXT

const char *we_error_text(enum we_error e)
{
    return (unsigned) e < WE_NERRORS ? error_texts[e] : "unknown error";
}

const char *we_trap_text(enum we_trap_code t)
{
    return (unsigned) t < WE_NTRAPS ? trap_texts[t] : "unknown trap";
}

static void *libc_resize(void *env, void *ptr, size_t old_size,
                         size_t new_size)
{
    (void) env;
    (void) old_size;
    if (new_size == 0) {
        free(ptr);
        return NULL;
    }
    return realloc(ptr, new_size);
}

static bool stack_make(struct we_stack *stack, const struct we_allocator *a,
                       uint64_t bytes)
{
    if (bytes > SIZE_MAX / 2) {
        return false;
    }
    stack->bytes = (size_t) bytes & ~(sizeof (struct we_frame) - 1);
    stack->base = we_alloc(a, stack->bytes);
    if (stack->base == NULL) {
        return false;
    }
    stack->low = stack->base;
    stack->end = (struct we_frame *) (void *)
                 (stack->base + stack->bytes / sizeof *stack->base);
    stack->high = stack->end;
    stack->interrupt = WE_TRAP_NONE;
    return true;
}

we_engine *we_engine_new(const struct we_config *config)
{
    static const struct we_config defaults;
    struct we_allocator allocator = { libc_resize, NULL };
    we_engine *engine;
    uint64_t stack_bytes;

    config = config != NULL ? config : &defaults;
    if (config->allocator.resize != NULL) {
        allocator = config->allocator;
    }
    engine = we_alloc(&allocator, sizeof *engine);
    if (engine == NULL) {
        return NULL;
    }
    memset(engine, 0, sizeof *engine);
    engine->allocator = allocator;
    engine->module_bytes = config->module_bytes != 0 ? config->module_bytes
                                                     : MODULE_BYTES;
    stack_bytes = config->stack_bytes != 0 ? config->stack_bytes
                                           : STACK_BYTES;
    stack_bytes = stack_bytes < STACK_LEAST ? STACK_LEAST : stack_bytes;
    engine->types = we_types_new(&engine->allocator);
    if (engine->types == NULL
        || !stack_make(&engine->stack, &engine->allocator, stack_bytes)) {
        we_engine_free(engine);
        return NULL;
    }
    return engine;
}

void we_engine_free(we_engine *engine)
{
    struct we_allocator allocator;

    if (engine == NULL) {
        return;
    }
    we_instance_free_failed(engine);
    we_os_clock_free(engine->clock);
    if (engine->types != NULL) {
        we_types_free(engine->types);
    }
    allocator = engine->allocator;
    we_release(&allocator, engine->stack.base, engine->stack.bytes);
    we_release(&allocator, engine, sizeof *engine);
}

const struct we_allocator *we_engine_allocator(const we_engine *engine)
{
    return &engine->allocator;
}

enum we_error we_engine_attach(we_engine *engine)
{
    if (engine->clock == NULL) {
        engine->clock = we_os_clock_new(engine->allocator.resize,
                                        engine->allocator.env,
                                        &engine->stack.interrupt,
                                        WE_TRAP_DEADLINE);
        if (engine->clock == NULL) {
            return WE_NOMEM;
        }
    }
    return we_os_clock_start(engine->clock) ? WE_OK : WE_SYSTEM;
}

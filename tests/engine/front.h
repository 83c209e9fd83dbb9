/* The front end without what comes behind it: decodes a module, and validates
 * its functions into a sink of the test's. */
#ifndef TESTS_FRONT_H
#define TESTS_FRONT_H

#include "../../engine/code.h"
#include "../../engine/decode.h"
#include "../../engine/instance.h"
#include "../tap.h"

struct front {
    struct tap_allocator memory;
    we_engine           *engine;
    struct we_module     module;
    struct we_validator *validator;
    struct we_lower     *lower;
    struct we_detail     detail;
};

static inline enum we_error front_open(struct front *f, const void *bytes,
                                       size_t len)
{
    struct we_config config = { .allocator = { tap_resize, &f->memory },
                                .stack_bytes = 4096 };
    struct we_module *m = &f->module;

    memset(f, 0, sizeof *f);
    f->engine = we_engine_new(&config);
    m->engine = f->engine;
    we_budget_init(&m->budget, &f->engine->allocator, UINT64_MAX);
    we_arena_init(&m->arena, &m->budget.allocator);
    m->bytes.data = we_arena_copy(&m->arena, bytes, len);
    m->bytes.len = (uint32_t)len;
    f->validator = we_validator_new(m);
    f->lower = we_lower_new(m);
    return we_decode_module(m, f->validator, f->lower, &f->detail);
}

static inline void front_close(struct front *f)
{
    uint32_t i;

    for (i = 0; i < f->module.ntypes; i++)
        we_types_release(f->engine->types, f->module.types[i]->id);
    we_lower_free(f->lower);
    we_validator_free(f->validator);
    we_arena_free(&f->module.arena);
    we_engine_free(f->engine);
    is_int((int64_t)f->memory.blocks, 0, "nothing leaked");
    is_int((int64_t)f->memory.mistakes, 0, "sizes given back are right");
}

#endif

/* Calls from the host: entry into the guest, nesting, the deadline. */
#include "instance.h"

#include <string.h>

uint32_t we_func_param_slots(const we_func *func)
{
    return func->type->param_slots;
}

uint32_t we_func_result_slots(const we_func *func)
{
    return func->type->result_slots;
}

bool we_func_reads(const we_func *func, uint32_t param)
{
    return func->code == NULL || param >= WE_READS
           || (func->code->reads >> param & 1) != 0;
}

char *we_func_signature(const we_func *func, char *buf, size_t size)
{
    return we_types_text(func->type, buf, size);
}

/* A host function that is called from outside. */
static enum we_error call_host(const we_func *func, uint64_t *slots,
                               struct we_trap *trap)
{
    we_engine *engine = func->instance->engine;
    struct we_frame *entry = engine->stack.high;
    enum we_trap_code code = WE_TRAP_STACK;

    if (engine->depth < WE_DEPTH_MAX) {
        engine->depth++;
        code = func->host(func->env, func->instance, slots);
        engine->depth--;
    }
    if (code == WE_TRAP_NONE) {
        return WE_OK;
    }
    we_trap_take(engine, code, entry, trap);
    return WE_TRAP;
}

static __attribute__((noinline)) enum we_error
call_host_in_time(const we_func *func, uint64_t *slots,
                  struct we_clock *clock, uint64_t deadline,
                  struct we_trap *trap)
{
    struct we_watch watch;
    enum we_error error;

    we_os_clock_watch(clock, deadline, &watch);
    error = call_host(func, slots, trap);
    we_os_clock_end(clock, &watch);
    return error;
}

enum we_error we_call(we_func *func, uint64_t *slots, uint64_t deadline,
                      struct we_trap *trap)
{
    struct we_clock *clock;

    if (deadline == 0) {
        return func->code != NULL ? we_interp_call(func, slots, trap)
                                  : call_host(func, slots, trap);
    }
    clock = func->instance->engine->clock;
    if (clock == NULL) {
        return WE_SYSTEM;
    }
    return func->code != NULL
           ? we_interp_call_in_time(func, slots, clock, deadline, trap)
           : call_host_in_time(func, slots, clock, deadline, trap);
}

bool we_instance_is_late(const we_instance *instance)
{
    const volatile uint32_t *flag = &instance->engine->stack.interrupt;

    return *flag != WE_TRAP_NONE;
}

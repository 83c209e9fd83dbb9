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

char *we_func_signature(const we_func *func, char *buf, size_t size)
{
    return we_types_text(func->type, buf, size);
}

static enum we_trap_code call_guest(struct we_stack *stack,
                                    const we_func *func, uint64_t *slots)
{
    const struct we_type *type = func->type;
    uint32_t nparams = type->param_slots, nresults = type->result_slots;
    uint32_t need = nparams > nresults ? nparams : nresults;
    uint64_t *low = stack->low;
    enum we_trap_code code;
    uint32_t i;

    if ((uintptr_t) stack->high - (uintptr_t) low < need * sizeof *low) {
        return WE_TRAP_STACK;
    }
    for (i = 0; i < nparams; i++) {
        low[i] = slots[i];
    }
    code = we_interp_run(stack, func);
    if (code == WE_TRAP_NONE) {
        for (i = 0; i < nresults; i++) {
            slots[i] = low[i];
        }
    }
    return code;
}

enum we_error we_call(we_func *func, uint64_t *slots, uint64_t deadline,
                      struct we_trap *trap)
{
    we_engine *engine = func->instance->engine;
    struct we_frame *entry = engine->stack.high;
    enum we_trap_code code = WE_TRAP_STACK;
    struct we_watch watch;

    if (deadline != 0 && engine->clock == NULL) {
        return WE_SYSTEM;
    }
    if (engine->depth < WE_DEPTH_MAX) {
        engine->depth++;
        if (deadline != 0) {
            we_os_clock_watch(engine->clock, deadline, &watch);
        }
        code = func->code != NULL
               ? call_guest(&engine->stack, func, slots)
               : func->host(func->env, func->instance, slots);
        if (deadline != 0) {
            we_os_clock_end(engine->clock, &watch);
        }
        engine->depth--;
    }
    if (code == WE_TRAP_NONE) {
        return WE_OK;
    }
    we_trap_take(engine, code, entry, trap);
    return WE_TRAP;
}

bool we_instance_is_late(const we_instance *instance)
{
    const volatile uint32_t *flag = &instance->engine->stack.interrupt;

    return *flag != WE_TRAP_NONE;
}

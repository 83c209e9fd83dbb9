/* The record of a trap: its text, and the back-trace with names and offsets. */
#include "instance.h"

#include <stdio.h>

static void frame_info(const struct we_frame *frame,
                       struct we_frame_info *info)
{
    const struct we_func *func = frame->func;
    const struct we_module *module = func->instance->module;
    uint32_t index = func->index;
    struct we_bytes name;

    info->func = index;
    info->offset = we_code_offset(func->code, frame->pc);
    info->name = NULL;
    info->name_len = 0;
    if (index != WE_NO_INDEX) {
        name = we_module_func_name(module, index);
        info->name = (const char *) name.data;
        info->name_len = name.len;
    }
}

static void trap_text(const struct we_engine *engine, struct we_trap *trap)
{
    bool by_host = trap->code == WE_TRAP_HOST || trap->code == WE_TRAP_EXIT;

    trap->exit_status = trap->code == WE_TRAP_EXIT ? engine->exit_status : 0;
    if (by_host && engine->trap_text[0] != '\0') {
        snprintf(trap->text, sizeof trap->text, "%s", engine->trap_text);
    } else if (trap->code == WE_TRAP_EXIT) {
        snprintf(trap->text, sizeof trap->text, "%s with status %d",
                 we_trap_text(trap->code), (int) trap->exit_status);
    } else {
        snprintf(trap->text, sizeof trap->text, "%s",
                 we_trap_text(trap->code));
    }
}

void we_trap_take(struct we_engine *engine, enum we_trap_code code,
                  struct we_frame *entry, struct we_trap *trap)
{
    struct we_stack *stack = &engine->stack;
    const struct we_frame *frame = stack->high;
    uint32_t n = 0;

    if (trap != NULL) {
        trap->code = code;
        trap->depth = (uint32_t) (entry - frame);
        for (; frame < entry && n < WE_BACKTRACE_MAX; frame++) {
            frame_info(frame, &trap->frames[n++]);
        }
        trap->nframes = n;
        trap_text(engine, trap);
    }
    for (; stack->high < entry; stack->high++) {
        stack->used -= stack->high->func->code->charge;
    }
    engine->exit_status = 0;
    engine->trap_text[0] = '\0';
}

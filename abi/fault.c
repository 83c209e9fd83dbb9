/* The line that describes a fault: cause and back-trace. */
#include "instance.h"

#include <inttypes.h>

enum { NAME_SHOWN = 80 };

static void add_duration(struct pw_text *text, uint64_t ns)
{
    if (ns % 1000000 == 0) {
        pw_text_add(text, " (%" PRIu64 " ms)", ns / 1000000);
    } else {
        pw_text_add(text, " (%" PRIu64 " us)", ns / 1000);
    }
}

static void add_cause(struct pw_text *text, const struct we_trap *trap,
                      uint64_t deadline)
{
    size_t len = 0;

    while (len < sizeof trap->text && trap->text[len] != '\0') {
        len++;
    }
    if (trap->code == WE_TRAP_DEADLINE) {
        pw_text_add(text, "%s", we_trap_text(trap->code));
        add_duration(text, deadline);
    } else if (trap->code == WE_TRAP_EXIT) {
        pw_text_add(text, "%s (status %" PRId32 ")", we_trap_text(trap->code),
                    trap->exit_status);
    } else if (len != 0) {
        pw_text_add_foreign(text, (struct pw_str){ trap->text, len }, len);
    } else {
        pw_text_add(text, "%s", we_trap_text(trap->code));
    }
}

static void add_frame(struct pw_text *text, const struct we_frame_info *frame)
{
    struct pw_str name = { frame->name, frame->name_len };

    if (name.data == NULL || name.len == 0) {
        pw_text_add(text, "func %" PRIu32 " (0x%" PRIx32 ")", frame->func,
                    frame->offset);
    } else {
        pw_text_add_foreign(text, name, NAME_SHOWN);
        pw_text_add(text, " (func %" PRIu32 ", 0x%" PRIx32 ")", frame->func,
                    frame->offset);
    }
}

void pw_fault_describe(struct pw_text *text, const struct we_trap *trap,
                       uint64_t deadline)
{
    add_cause(text, trap, deadline);
    for (uint32_t i = 0; i < trap->nframes; i++) {
        pw_text_add(text, i == 0 ? " in " : " < ");
        add_frame(text, &trap->frames[i]);
    }
    if (trap->depth > trap->nframes) {
        pw_text_add(text, " < %" PRIu32 " more",
                    trap->depth - trap->nframes);
    }
}

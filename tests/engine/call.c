/* Calls in both directions: values, traps with back-traces, nesting. */
#include "world.h"

struct guest {
    struct world *w;
    we_instance  *instance;
    uint32_t      nested;                /* deepest nesting seen */
};

static enum we_trap_code add(void *env, we_instance *instance,
                             uint64_t *slots)
{
    struct guest *g = env;

    if (g->instance != NULL && g->instance != instance) {
        ok(false, "the host gets the calling instance");
    }
    /* what stands above an i32 doesn't matter */
    slots[0] = (uint32_t) (slots[0] + slots[1]) | UINT64_C(0xbad) << 32;
    return WE_TRAP_NONE;
}

static enum we_trap_code fail(void *env, we_instance *instance,
                              uint64_t *slots)
{
    (void) env;
    switch (slots[0]) {
    case 0:
        we_instance_set_trap(instance, 0, "host says %s", "no");
        return WE_TRAP_HOST;
    case 1:
        return WE_TRAP_HOST;
    case 2:
        we_instance_set_trap(instance, 3, "%s", "");
        return WE_TRAP_EXIT;
    default:
        return WE_TRAP_NONE;
    }
}

/* Calls the guest's "reenter" until n is 0, then answers the depth. */
static enum we_trap_code again(void *env, we_instance *instance,
                               uint64_t *slots)
{
    struct guest *g = env;
    uint64_t inner[1] = { slots[0] - 1 };
    struct we_trap trap;
    enum we_error e;

    if (slots[0] == 0) {
        return WE_TRAP_NONE;
    }
    g->nested++;
    e = we_call(we_instance_func(instance, "reenter", 7), inner, 0, &trap);
    slots[0] = (uint32_t) inner[0] + 1;
    return e == WE_OK ? WE_TRAP_NONE : trap.code;
}

static we_instance *open_calls(struct world *w, struct guest *g)
{
    memset(g, 0, sizeof *g);
    g->w = w;
    we_linker_define_func(w->linker, "env", "add", "ii:i", add, g);
    we_linker_define_func(w->linker, "env", "fail", "i:", fail, g);
    we_linker_define_func(w->linker, "env", "again", "i:i", again, g);
    g->instance = world_new_of(w, calls);
    return g->instance;
}

static void values(struct world *w, we_instance *i)
{
    uint64_t slots[6] = { 21 };
    char text[32];

    is_int(world_call(w, i, "twice", slots), WE_OK, "twice");
    is_int((int64_t) slots[0], 42, "guest calls host");
    slots[0] = UINT32_MAX;
    slots[1] = 2;
    is_int(world_call(w, i, "add", slots), WE_OK, "exported import");
    is_int((uint32_t) slots[0], 1, "host calls host");
    slots[0] = UINT64_C(0x123456789abcdef0);
    slots[1] = UINT64_C(0x7ff4000000000001);
    is_int(world_call(w, i, "swap", slots), WE_OK, "swap");
    ok(slots[0] == UINT64_C(0x7ff4000000000001)
       && slots[1] == UINT64_C(0x123456789abcdef0),
       "bit patterns pass unchanged");
    memcpy(slots, (uint64_t[]) { 1, 2, 3, 4, 5, 6 }, sizeof slots);
    is_int(world_call(w, i, "many", slots), WE_OK, "many");
    ok(memcmp(slots, (uint64_t[]) { 6, 5, 4, 3, 2, 1 }, sizeof slots) == 0,
       "six results");
    is_str(we_func_signature(we_instance_func(i, "many", 4), text,
                             sizeof text), "iIfFiI:IiFfIi", "signature");
    is_int(world_call(w, i, "blocks", slots), WE_OK, "deep blocks");
    ok(slots[0] == UINT64_C(0x3ffc000000000000), "their result");
    is_int(we_func_param_slots(we_instance_func(i, "swap", 4)), 2, "params");
    is_int(we_func_result_slots(we_instance_func(i, "many", 4)), 6,
           "results");
}

static void is_frame(const struct we_trap *trap, uint32_t n, uint32_t func,
                     const char *name)
{
    const struct we_frame_info *frame = &trap->frames[n];

    is_int(frame->func, func, "frame %u: function", n);
    ok(frame->name_len == strlen(name)
       && (name[0] == '\0' || memcmp(frame->name, name, frame->name_len) == 0),
       "frame %u: %s", n, name);
}

/* Is the byte of the module that a frame names this opcode? */
static void is_opcode(const struct we_trap *trap, uint32_t n, uint8_t opcode)
{
    uint32_t at = trap->frames[n].offset;

    is_int(at < sizeof wasm_calls ? wasm_calls[at] : -1, opcode,
           "frame %u: the offset is that of the instruction", n);
}

static void traps(struct world *w, we_instance *i)
{
    enum { CALL = 0x10, DIV_U = 0x6e, UNREACHABLE = 0x00 };
    struct we_trap *trap = &w->trap;

    is_int(world_int(w, i, "outer", 3, 0, 0), 51, "no trap");
    is_int(world_int(w, i, "outer", 1, 0, 0), -1000 - WE_TRAP_DIVIDE,
           "division by zero");
    is_str(trap->text, "integer divide by zero", "text");
    is_int(trap->depth, 3, "depth");
    is_int(trap->nframes, 3, "frames");
    is_frame(trap, 0, 6, "inner");
    is_frame(trap, 1, 7, "middle");
    is_frame(trap, 2, 8, "outer");
    is_opcode(trap, 0, DIV_U);
    is_opcode(trap, 1, CALL);
    is_opcode(trap, 2, CALL);
    is_int(world_int(w, i, "nameless", 0, 0, 0), -1000 - WE_TRAP_UNREACHABLE,
           "unreachable");
    ok(trap->frames[0].name_len == 0, "a function without a name");
    is_opcode(trap, 0, UNREACHABLE);
    is_int(world_int(w, i, "outer", 3, 0, 0), 51, "and on it goes");
}

static void host_traps(struct world *w, we_instance *i)
{
    struct we_trap *trap = &w->trap;

    is_int(world_int(w, i, "fails", 0, 0, 0), -1000 - WE_TRAP_HOST, "host");
    is_str(trap->text, "host says no", "its text");
    is_frame(trap, 0, 9, "fails");
    is_int(world_int(w, i, "fails", 1, 0, 0), -1000 - WE_TRAP_HOST, "again");
    is_str(trap->text, "host function failed", "no old text");
    is_int(world_int(w, i, "fails", 2, 0, 0), -1000 - WE_TRAP_EXIT, "exit");
    is_str(trap->text, "program exited with status 3", "its text");
    is_int(trap->exit_status, 3, "its status");
    is_int(world_int(w, i, "fails", 9, 0, 0), 9, "no trap");
}

/* The rule of engine.h: a frame is parameters, locals, deepest operand stack
 * and 4 more.  recurse has 1 parameter and 2 operands at most. */
static void depth(struct world *w, we_instance *i)
{
    const uint32_t slots = 1 + 2 + 4, most = (1 << 20) / 8 / slots;
    struct we_trap *trap = &w->trap;
    uint32_t low, high, mid;

    is_int(world_int(w, i, "recurse", 0, 0, 0), -1000 - WE_TRAP_STACK,
           "endless recursion");
    is_str(trap->text, "call stack exhausted", "text");
    is_int(trap->nframes, WE_BACKTRACE_MAX, "frames are cut");
    ok(trap->depth >= most, "depth %u, a frame is at most %u slots",
       trap->depth, slots);
    is_frame(trap, 0, 10, "recurse");
    low = 1;
    high = 1 << 20;
    while (low < high) {
        mid = low + (high - low) / 2;
        if (world_int(w, i, "down", mid, 0, 0) == (int64_t) mid) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    is_int(world_int(w, i, "down", low - 1, 0, 0), low - 1, "deepest");
    is_int(world_int(w, i, "down", low, 0, 0), -1000 - WE_TRAP_STACK,
           "one more");
    is_int(w->trap.depth, low, "exactly as deep");
}

/* No two causes are told in the same words. */
static void causes(void)
{
    int i, k, same = 0;

    for (i = 0; i < WE_NTRAPS; i++) {
        const char *text = we_trap_text((enum we_trap_code) i);

        same += *text == '\0';
        for (k = 0; k < i; k++) {
            same += strcmp(text, we_trap_text((enum we_trap_code) k)) == 0;
        }
    }
    is_int(same, 0, "each trap has a text of its own");
}

static void nesting(struct world *w, we_instance *i, struct guest *g)
{
    is_int(world_int(w, i, "reenter", 20, 0, 0), 20, "20 nested calls");
    is_int(g->nested, 20, "all of them");
    is_int(world_int(w, i, "reenter", 1000000, 0, 0), -1000 - WE_TRAP_STACK,
           "endless re-entry");
    is_int(world_int(w, i, "twice", 4, 0, 0), 8, "and on it goes");
}

/* Three parameters; the code sets the second and reads the third. */
static const uint8_t wasm_reads[] = {
    0, 'a', 's', 'm', 1, 0, 0, 0,
    1, 8, 1, 0x60, 3, 0x7f, 0x7f, 0x7f, 1, 0x7f,
    3, 2, 1, 0,
    7, 5, 1, 1, 'f', 0, 0,
    10, 10, 1, 8, 0, 0x41, 5, 0x21, 1, 0x20, 2, 0x0b
};

static void reads(struct world *w, we_instance *calls)
{
    we_instance *i = world_new_of(w, reads);
    const we_func *f = we_instance_func(i, "f", 1);

    ok(!we_func_reads(f, 0), "a parameter that isn't mentioned");
    ok(!we_func_reads(f, 1), "... that is only set");
    ok(we_func_reads(f, 2), "... that is read");
    ok(we_func_reads(f, 8) && we_func_reads(f, UINT32_MAX),
       "perhaps, of parameters far behind");
    ok(we_func_reads(we_instance_func(calls, "add", 3), 1),
       "perhaps, of the host's functions");
    we_instance_free(i);
}

int main(void)
{
    struct world w;
    struct guest g;
    we_instance *i;

    world_open(&w);
    i = open_calls(&w, &g);
    if (ok(i != NULL, "calls.wat")) {
        values(&w, i);
        traps(&w, i);
        host_traps(&w, i);
        depth(&w, i);
        nesting(&w, i, &g);
        causes();
        reads(&w, i);
    }
    we_instance_free(i);
    world_close(&w);
    return done();
}

/* The interpreter: calls, depth, traps and where they happened. */
#include "world.h"

static uint32_t noted;

static enum we_trap_code note(void *env, we_instance *instance,
                              uint64_t *slots)
{
    (void) env;
    (void) instance;
    noted = (uint32_t) slots[0];
    return noted == 666 ? WE_TRAP_HOST : WE_TRAP_NONE;
}

static void calls(struct world *w, we_instance *instance)
{
    is_int(world_int(w, instance, "indirect", 0, 20, 0), 21, "table[0]");
    is_int(world_int(w, instance, "indirect", 1, 20, 0), 40, "table[1]");
    is_int(world_int(w, instance, "indirect", 2, 20, 0),
           -1000 - WE_TRAP_CALL_TYPE, "of another type");
    is_int(world_int(w, instance, "indirect", 3, 20, 0),
           -1000 - WE_TRAP_UNINIT_ELEMENT, "null");
    is_int(world_int(w, instance, "indirect", 10, 20, 0),
           -1000 - WE_TRAP_UNDEFINED_ELEMENT, "past the end");
    is_int(world_int(w, instance, "indirect", 0xffffffff, 20, 0),
           -1000 - WE_TRAP_UNDEFINED_ELEMENT, "index -1");
    is_int(world_int(w, instance, "even", 3000001, 0, 0), 0,
           "three million tail calls");
    world_int(w, instance, "tail_host", 4, 0, 0);
    is_int(noted, 5, "a host function called in tail position");
    is_int(world_int(w, instance, "tail_host", 665, 0, 0),
           -1000 - WE_TRAP_HOST, "that traps");
    is_int(world_int(w, instance, "many", 9, 0, 0), 9, "locals start as 0");
}

/* Some 7 million instructions: if handlers didn't end in jumps, they would
 * need hundreds of megabytes of the C stack. */
static void length(struct world *w, we_instance *instance)
{
    uint32_t i, want = 0;

    for (i = 1000000; i > 0; i--) {
        want = want * 3 ^ i;
    }
    is_int(world_int(w, instance, "long", 1000000, 0, 0), (int32_t) want,
           "a long loop");
}

static void memory(struct world *w, we_instance *instance)
{
    is_int(world_int(w, instance, "grow", 1, 0, 0), 142,
           "memory that was grown is there at once");
    is_int(world_int(w, instance, "grow", 2, 0, 0), -100 + 42,
           "growth beyond the maximum");
    is_int(world_int(w, instance, "grow", 0, 0, 0), 242, "by nothing");
}

/* A call of "depth" takes 1 slot of locals, 2 of operands and 4 more. */
static void depth(struct world *w, we_instance *instance)
{
    uint32_t most = (1 << 20) / 8 / 7;
    uint64_t seen[2] = { 0, 0 };

    is_int(world_int(w, instance, "depth", most - 1, 0, 0), 7,
           "as deep as the stack is");
    is_int(world_int(w, instance, "depth", most, 0, 0),
           -1000 - WE_TRAP_STACK, "one deeper");
    is_int(w->trap.depth, most, "the frames that there were");
    is_int(w->trap.nframes, WE_BACKTRACE_MAX, "those that are shown");
    is_int(world_int(w, instance, "depth", most - 1, 0, 0), 7,
           "the trap has cost nothing");
    is_int(world_int(w, instance, "sink", 1, 0, 0), -1000 - WE_TRAP_STACK,
           "endless recursion");
    we_global_get(we_instance_global(instance, "seen", 4), seen);
    is_int((int64_t) seen[0], most, "its depth");
}

/* Offsets are those of wasm-objdump -d. */
static void traps(struct world *w, we_instance *instance)
{
    static const uint8_t divide[] = { 0x20, 0, 0x20, 1, 0x6d, 0x0b };
    const uint8_t *at = NULL;
    size_t i;

    is_int(world_int(w, instance, "traps", 7, 0, 0), -1000 - WE_TRAP_DIVIDE,
           "division by zero");
    is_int(w->trap.nframes, 2, "two frames");
    ok(w->trap.frames[0].name_len == 6
       && memcmp(w->trap.frames[0].name, "divide", 6) == 0, "the callee");
    for (i = 0; at == NULL && i + sizeof divide <= sizeof wasm_interp; i++) {
        if (memcmp(wasm_interp + i, divide, sizeof divide) == 0) {
            at = wasm_interp + i;
        }
    }
    is_int(w->trap.frames[0].offset, at ? at + 4 - wasm_interp : -1,
           "the offset of i32.div_s");
    ok(wasm_interp[w->trap.frames[1].offset] == 0x10
       && wasm_interp[w->trap.frames[1].offset + 2] == 0x0b,
       "the offset of the second call");
    is_int(world_int(w, instance, "divide", 0x80000000, 0xffffffff, 0),
           -1000 - WE_TRAP_OVERFLOW, "overflow");
    is_int(world_int(w, instance, "divide", (uint32_t) -7, 2, 0), -3,
           "quotient");
    is_int(world_int(w, instance, "unreachable", 0, 0, 0),
           -1000 - WE_TRAP_UNREACHABLE, "unreachable");
    is_int(wasm_interp[w->trap.frames[0].offset], 0, "its offset");
    is_int(world_int(w, instance, "truncate", 17, 0, 0), 4, "truncation");
    is_int(world_int(w, instance, "truncate", (uint32_t) -1, 0, 0),
           -1000 - WE_TRAP_CONVERSION, "of what is not a number");
}

int main(void)
{
    struct world w;
    we_instance *instance;

    world_open(&w);
    we_linker_define_func(w.linker, "env", "note", "i:", note, NULL);
    instance = world_new_of(&w, interp);
    if (ok(instance != NULL, "instantiated")) {
        calls(&w, instance);
        length(&w, instance);
        memory(&w, instance);
        depth(&w, instance);
        traps(&w, instance);
        we_instance_free(instance);
    }
    world_close(&w);
    return done();
}

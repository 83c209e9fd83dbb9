/* Tail calls between two instances (wat/tail_a.wat, tail_b.wat): each runs on
 * its own memory, the way back is right, depth and deadline hold. */
#include "world.h"

enum { A = 'A', B = 'B' };

/* A frame of "deep" has 7 slots, that of "wide" 166. */
enum { DEEPEST = ((1 << 20) - 166 * 8) / (7 * 8) };

static int64_t call(struct world *w, we_instance *b, const char *name,
                    uint32_t n)
{
    return world_int(w, b, name, n, 0, 0);
}

static void calls(struct world *w, we_instance *b)
{
    is_int(call(w, b, "theirs", 5), A + 5, "an imported function");
    is_int(call(w, b, "inner", 5), (A + 5) * 1000 + B,
           "from an inner call: back on one's own memory");
    is_int(call(w, b, "forth", 0), B, "none to the other side");
    is_int(call(w, b, "forth", 1), A, "one");
    is_int(call(w, b, "forth", 2), B, "there and back");
    is_int(call(w, b, "forth", 1000001), A, "a million, in one frame");
    is_int(call(w, b, "then", 1), A * 1000 + B, "and what comes back is used");
    is_int(call(w, b, "then", 1000000), B * 1000 + B, "... however far");
}

static void elements(struct world *w, we_instance *b)
{
    is_int(call(w, b, "element", 3), A, "of a table: the other side's");
    is_int(call(w, b, "element", 1), B, "one's own");
    is_int(call(w, b, "element", 0), -1000 - WE_TRAP_UNINIT_ELEMENT, "null");
    is_int(call(w, b, "element", 2), -1000 - WE_TRAP_CALL_TYPE,
           "of another type");
    is_int(call(w, b, "element", 5), -1000 - WE_TRAP_UNDEFINED_ELEMENT,
           "past the end");
}

/* The same, not in tail position, the index just computed. */
static void computed(struct world *w, we_instance *b)
{
    is_int(call(w, b, "computed", 1003), A, "computed: the other side's");
    is_int(call(w, b, "computed", 1001), B, "one's own");
    is_int(call(w, b, "computed", 1000), -1000 - WE_TRAP_UNINIT_ELEMENT,
           "null");
    is_int(call(w, b, "computed", 1002), -1000 - WE_TRAP_CALL_TYPE,
           "of another type");
    is_int(call(w, b, "computed", 1005), -1000 - WE_TRAP_UNDEFINED_ELEMENT,
           "past the end");
    is_int(call(w, b, "computed", 999), -1000 - WE_TRAP_UNDEFINED_ELEMENT,
           "before the beginning");
}

static void bounds(struct world *w, we_instance *b)
{
    is_int(call(w, b, "deep", DEEPEST), B, "a frame that just fits");
    is_int(call(w, b, "deep", DEEPEST + 1), -1000 - WE_TRAP_STACK,
           "one that doesn't");
    is_int(w->trap.depth, DEEPEST + 2, "the frames that there were");
    is_int(call(w, b, "down", 0), -1000 - WE_TRAP_STACK,
           "calls between the instances, without end");
    is_int(we_engine_attach(w->engine), WE_OK, "a timer");
    w->deadline = 5000000;
    is_int(call(w, b, "forth", UINT32_MAX), -1000 - WE_TRAP_DEADLINE,
           "tail calls there and back, without end");
    is_int(call(w, b, "then", 1), A * 1000 + B, "all is well after that");
}

int main(void)
{
    struct world w;
    we_instance *a, *b = NULL;

    world_open(&w);
    a = world_new_of(&w, tail_a);
    if (ok(a != NULL, "one side")) {
        we_linker_define_instance(w.linker, "a", 1, a);
        b = world_new_of(&w, tail_b);
    }
    if (ok(b != NULL, "the other side")) {
        calls(&w, b);
        elements(&w, b);
        computed(&w, b);
        bounds(&w, b);
    }
    we_instance_free(b);
    we_instance_free(a);
    world_close(&w);
    return done();
}

/* The collected heap and exceptions: garbage goes, what can be reached stays,
 * limits hold, instances share (gc/heap.wat, gc/big.wat). */
#include "world.h"
#include "modules_gc.h"

enum { MIB = 1 << 20, ROUNDS = 100000 };

/* Calls with an i64 (or i32) and an i32; the i64 that comes back, or -1000 -
 * the trap's code. */
static int64_t call2(struct world *w, we_instance *instance, const char *name,
                     uint64_t a, uint64_t b)
{
    uint64_t slots[3] = { a, b };
    enum we_error e = world_call(w, instance, name, slots);

    return e == WE_OK ? (int64_t) slots[0]
           : e == WE_TRAP ? -1000 - (int64_t) w->trap.code : -1;
}

static we_instance *heap_new(struct world *w, uint64_t bytes)
{
    w->limits = (struct we_limits){ .memory_bytes = bytes };
    return world_new_of(w, heap);
}

static void garbage_goes(struct world *w)
{
    we_instance *instance = heap_new(w, MIB);

    is_int(world_int(w, instance, "churn", 10000000, 0, 0), 10000000,
           "ten million objects through 1 MiB");
    is_int(world_int(w, instance, "cycles", ROUNDS * 10, 0, 0), ROUNDS * 10,
           "a million rings");
    is_int(world_int(w, instance, "mixed", ROUNDS, 0, 0), ROUNDS,
           "arrays of all sizes");
    is_int(world_int(w, instance, "bytes", 900000, 0, 0), 900000,
           "one that takes nearly all");
    is_int(world_int(w, instance, "churn", ROUNDS, 0, 0), ROUNDS,
           "and small ones again");
    we_instance_free(instance);
}

static void lists_stay(struct world *w)
{
    we_instance *instance = heap_new(w, 64 * MIB);
    int64_t n = 1000000;

    call2(w, instance, "build", (uint64_t) n, 0);
    call2(w, instance, "churn", 2000000, 0);
    is_int(call2(w, instance, "sum", 0, 0), n * (n + 1) / 2,
           "a list of a million is whole after collections");
    call2(w, instance, "build", (uint64_t) n, 0);
    is_int(call2(w, instance, "sum", 0, 0), n * (n + 1) / 2,
           "and another one in its place");
    we_instance_free(instance);
}

static void roots(struct world *w)
{
    static const char *const names[] = {
        "local", "operand", "table", "array", "extern"
    };
    we_instance *instance = heap_new(w, MIB);
    uint64_t slots[2] = { 0, ROUNDS };
    size_t i;

    for (i = 0; i < sizeof names / sizeof *names; i++) {
        is_int(call2(w, instance, names[i], 1000 + i, ROUNDS),
               2000 + 2 * (int64_t) i, "held by: %s", names[i]);
    }
    is_int(call2(w, instance, "kept", 5, ROUNDS), 15,
           "held by an exception in a table");
    is_int(call2(w, instance, "caught", 6, ROUNDS), 18,
           "held by what a catch gave");
    we_global_get(we_instance_global(instance, "out", 3), slots);
    is_int(we_extern_kind(instance, slots[0]), WE_REF_IS_STRUCT,
           "the host sees a structure");
    is_int(we_ref_kind(instance, 0), WE_REF_IS_NULL, "null");
    is_int(we_ref_kind(instance, 77), WE_REF_IS_I31, "an i31");
    is_int(we_ref_kind(instance, 78), WE_REF_IS_HOST, "its own number");
    is_int(we_ref_i31(77), 38, "which");
    is_int((int64_t) we_ref_host(78), 78, "the number");
    we_instance_free(instance);
}

static void limits(struct world *w)
{
    we_instance *instance = heap_new(w, MIB);

    is_int(world_int(w, instance, "bytes", MIB, 0, 0), -1000 - WE_TRAP_HEAP,
           "an array as big as the limit");
    is_int(world_int(w, instance, "bytes", UINT32_MAX, 0, 0),
           -1000 - WE_TRAP_HEAP, "an array of 4 GiB");
    is_int(world_int(w, instance, "build", 1000000, 0, 0),
           -1000 - WE_TRAP_HEAP, "a list beyond the limit");
    is_int(world_int(w, instance, "bytes", 500000, 0, 0),
           -1000 - WE_TRAP_HEAP, "which is in the way");
    call2(w, instance, "forget", 0, 0);
    is_int(world_int(w, instance, "bytes", 500000, 0, 0), 500000,
           "until it is forgotten");
    we_instance_free(instance);
}

static void exceptions(struct world *w)
{
    we_instance *instance = heap_new(w, MIB);
    uint64_t slots[2] = { 9 };
    uint32_t i, bad = 0;

    is_int(call2(w, instance, "deep", 1000, 3), 3,
           "thrown through a thousand frames");
    for (i = 0; i < 1000; i++) {
        bad += call2(w, instance, "deep", 100, i) != (int64_t) i;
    }
    is_int(bad, 0, "the stack's charge comes back each time");
    is_int(world_call(w, instance, "whole", slots), WE_OK, "caught");
    is_int((int64_t) slots[0], 9, "as results of the function: the first");
    is_int(we_ref_kind(instance, slots[1]), WE_REF_IS_STRUCT, "the second");
    is_int(call2(w, instance, "uncaught", 0, 0), -1000 - WE_TRAP_EXCEPTION,
           "not caught");
    is_int(w->trap.depth, 8, "all frames are in the back-trace");
    ok(w->trap.frames[7].func != w->trap.frames[1].func,
           "from the innermost to the outermost");
    we_instance_free(instance);
}

/* A collection must not outlast the deadline by more than itself. */
static void deadline(struct world *w)
{
    we_instance *instance = heap_new(w, 16 * MIB);

    is_int(we_engine_attach(w->engine), WE_OK, "attach");
    call2(w, instance, "build", 250000, 0);
    w->deadline = 20 * 1000 * 1000;
    is_int(world_int(w, instance, "churn", 0, 0, 0), -1000 - WE_TRAP_DEADLINE,
           "4 billion objects end by the deadline");
    w->deadline = 0;
    is_int(call2(w, instance, "sum", 0, 0), INT64_C(250000) * 250001 / 2,
           "the list is whole");
    we_instance_free(instance);
}

static we_instance *big_new(struct world *w, uint64_t bytes)
{
    w->limits = (struct we_limits){ .memory_bytes = bytes };
    return world_new_of(w, big);
}

/* 8 arrays of 100,000 bytes in 1 MiB; of every other one the room is used
 * again, by as big ones, and by smaller ones. */
static void holes(struct world *w)
{
    static const uint32_t sizes[] = { 99000, 100000, 60000, 39000, 80000 };
    we_instance *instance = big_new(w, MIB);
    uint32_t i;

    for (i = 0; i < 8; i++) {
        world_int(w, instance, "put", i, 100000, 0);
    }
    for (i = 1; i < 8; i += 2) {
        world_int(w, instance, "drop", i, 0, 0);
    }
    for (i = 0; i < 5; i++) {
        is_int(world_int(w, instance, "put", 8 + i, sizes[i], 0), 8 + i,
               "%u bytes in a hole", (unsigned) sizes[i]);
    }
    for (i = 0; i < 8; i += 2) {
        is_int(world_int(w, instance, "count", i, 0, 0), 100000,
               "the array before it is whole");
    }
    for (i = 0; i < 5; i++) {
        is_int(world_int(w, instance, "count", 8 + i, 0, 0), sizes[i],
               "and so is the new one");
    }
    is_int(world_int(w, instance, "put", 15, 300000, 0),
           -1000 - WE_TRAP_HEAP, "but no more than the limit");
    world_int(w, instance, "put", 13, 100000, 0);    /* if there is room */
    world_int(w, instance, "put", 14, 100000, 0);
    world_int(w, instance, "drop", 0, 0, 0);
    is_int(world_int(w, instance, "put", 0, 100000, 0), 0,
           "a hole of just that size");
    is_int(world_int(w, instance, "count", 0, 0, 0), 100000, "is whole, too");
    is_int(world_int(w, instance, "count", 2, 0, 0), 100000,
           "and what is behind it");
    we_instance_free(instance);
}

/* Small objects where others were, between some that stay, and when there are
 * no more such places, at the heap's end, which grows. */
static void gaps(struct world *w)
{
    we_instance *instance = big_new(w, 16 * MIB);
    uint32_t k;

    world_int(w, instance, "nodes", 0, 1, 100000);
    for (k = 4; k > 1; k--) {
        world_int(w, instance, "nodes_drop", 0, k, 100000);
        world_int(w, instance, "churn", 3 * ROUNDS, 0, 0);
        is_int(world_int(w, instance, "nodes_wrong", 1, k, 100000), 0,
               "those between the gaps stay");
        world_int(w, instance, "nodes", 0, k, 100000);
        world_int(w, instance, "nodes", 100000, 1, 200000);
        is_int(world_int(w, instance, "nodes_wrong", 0, 1, 200000), 0,
               "so do those in the gaps, and behind");
    }
    we_instance_free(instance);
}

/* What an object by default has is nothing of those that were there before. */
static void defaults(struct world *w)
{
    we_instance *instance = big_new(w, MIB);
    uint32_t i;

    is_int(world_int(w, instance, "defaults", 10 * ROUNDS, 0, 0), 0,
           "structures by default are zero, also where others were");
    for (i = 1; i < 16; i++) {
        world_int(w, instance, "put", i, 60000, 0);
    }
    for (i = 1; i < 16; i++) {
        world_int(w, instance, "drop", i, 0, 0);
    }
    is_int(world_int(w, instance, "put_default", 0, 900000, 0), 0,
           "an array where others were");
    is_int(world_int(w, instance, "count", 0, 0, 0), 900000, "... is zero");
    we_instance_free(instance);
}

/* An object that nothing but a passive segment leads to. */
static void segments(struct world *w)
{
    we_instance *instance = big_new(w, MIB);

    world_int(w, instance, "churn", ROUNDS, 0, 0);
    is_int(world_int(w, instance, "from_segment", 0, 0, 0), 77,
           "an object of a segment stays");
    world_int(w, instance, "drop_segment", 0, 0, 0);
    world_int(w, instance, "churn", ROUNDS, 0, 0);
    is_int(world_int(w, instance, "from_segment", 0, 0, 0),
           -1000 - WE_TRAP_TABLE, "... and goes with the segment");
    we_instance_free(instance);
}

static void kinds(struct world *w)
{
    we_instance *instance = big_new(w, MIB);
    uint64_t slots[1] = { 0 };

    world_call(w, instance, "exception", slots);
    is_int(we_ref_kind(instance, slots[0]), WE_REF_IS_EXCEPTION,
           "an exception is one");
    slots[0] = 1234567;
    world_call(w, instance, "same", slots);
    is_int((int64_t) slots[0], 1234567, "a number of the host's stays");
    is_int(we_extern_kind(instance, slots[0]), WE_REF_IS_HOST, "and is one");
    world_call(w, instance, "inside", slots);
    is_int(we_ref_kind(instance, slots[0]), WE_REF_IS_HOST,
           "... as anyref, too");
    world_call(w, instance, "outside", slots);
    is_int(we_extern_kind(instance, slots[0]), WE_REF_IS_STRUCT,
           "a structure as externref");
    world_call(w, instance, "small", slots);
    is_int(we_extern_kind(instance, slots[0]), WE_REF_IS_I31,
           "a small number as externref");
    is_int(world_int(w, instance, "is_node", 1234567, 0, 0), 0,
           "a number of the host's is no structure");
    is_int(world_int(w, instance, "is_node", 1234568, 0, 0), 0,
           "nor is an even one");
    world_call(w, instance, "small", slots);
    world_call(w, instance, "is_node", slots);
    is_int((int64_t) slots[0], 0, "nor is a small number");
    world_call(w, instance, "outside", slots);
    world_call(w, instance, "is_node", slots);
    is_int((int64_t) slots[0], 1, "a structure is one");
    world_call(w, instance, "outside", slots);
    slots[0] += 8;
    is_int(world_call(w, instance, "is_node", slots), WE_TRAP,
           "what the host made up");
    is_int(w->trap.code, WE_TRAP_CAST, "is no object");
    is_int(we_ref_kind(instance, 0), WE_REF_IS_NULL, "null");
    is_int(we_extern_kind(instance, 0), WE_REF_IS_NULL, "null as externref");
    we_instance_free(instance);
}

static void endless(struct world *w)
{
    static const char *const names[] = { "spin_fill", "spin_copy", "spin_new",
                                         "spin_throw" };
    we_instance *instance = big_new(w, 16 * MIB);
    size_t i;

    world_int(w, instance, "put", 0, 4000000, 0);
    w->deadline = 10 * 1000 * 1000;
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        is_int(world_int(w, instance, names[i], 0, 0, 0),
               -1000 - WE_TRAP_DEADLINE, "%s ends", names[i]);
    }
    w->deadline = 0;
    we_instance_free(instance);
}

/* Whatever makes the object for which there is no room: a trap, and when the
 * objects have gone, there is room again. */
static void full(struct world *w)
{
    static const char *const names[] = {
        "struct_new", "struct_new_default", "array_new", "array_new_default",
        "array_new_fixed", "array_new_data", "array_new_elem", "throw"
    };
    we_instance *instance;
    size_t i;
    int k;

    w->limits = (struct we_limits){ .memory_bytes = MIB };
    instance = world_new_of(w, full);
    for (i = 0; i < sizeof names / sizeof *names; i++) {
        for (k = 0; k < 2; k++) {
            is_int(world_int(w, instance, names[i], 0, 0, 0),
                   -1000 - WE_TRAP_HEAP, "%s until the heap is full",
                   names[i]);
            world_int(w, instance, "clear", 0, 0, 0);
        }
    }
    we_instance_free(instance);
}

static void nulls_and_casts(struct world *w)
{
    enum { NULLED = -1000 - WE_TRAP_NULL_REFERENCE,
           OUT = -1000 - WE_TRAP_ARRAY };
    we_instance *instance = world_new_of(w, full);

    is_int(world_int(w, instance, "field8", 0, 0, 0), -1, "a field, signed");
    is_int(world_int(w, instance, "field8", 1, 0, 0), NULLED, "of null");
    is_int(world_int(w, instance, "field16", 0, 0, 0), -2, "a field, signed");
    is_int(world_int(w, instance, "field16", 1, 0, 0), NULLED, "of null");
    is_int(world_int(w, instance, "element8", 0, 2, 0), -1, "an element");
    is_int(world_int(w, instance, "element8", 0, 3, 0), OUT, "past the end");
    is_int(world_int(w, instance, "element8", 1, 0, 0), NULLED, "of null");
    is_int(world_int(w, instance, "element16", 0, 2, 0), -2, "an element");
    is_int(world_int(w, instance, "element16", 0, 3, 0), OUT, "past the end");
    is_int(world_int(w, instance, "element16", 1, 0, 0), NULLED, "of null");
    is_int(world_int(w, instance, "which", 0, 0, 0), 1, "a tail call");
    is_int(world_int(w, instance, "which", 1, 0, 0), 2, "of a subtype");
    is_int(world_int(w, instance, "which", 2, 0, 0),
           -1000 - WE_TRAP_CALL_TYPE, "of another type");
    is_int(world_int(w, instance, "throw_null", 0, 0, 0), NULLED,
           "null is thrown");
    is_int(world_int(w, instance, "cast_many", 1, 0, 0), 15,
           "a cast that branches takes five values along");
    is_int(world_int(w, instance, "cast_many", 0, 0, 0), -1, "or doesn't");
    is_int(world_int(w, instance, "cast_out", 1, 0, 0), 12,
           "one that leaves the function, two");
    is_int(world_int(w, instance, "cast_out", 0, 0, 0), -1, "or doesn't");
    we_instance_free(instance);
}

static void shared(struct world *w)
{
    we_instance *a = heap_new(w, MIB), *b = heap_new(w, MIB), *c;

    we_linker_define_instance(w->linker, "a", 1, a);
    we_linker_define_instance(w->linker, "b", 1, b);
    is_int(world_error_of(w, two, &c), WE_OK, "unused heaps become one");
    we_instance_free(c);
    we_linker_free(w->linker);
    w->linker = we_linker_new(w->engine);
    we_instance_free(a);
    we_instance_free(b);

    a = heap_new(w, MIB);
    b = heap_new(w, MIB);
    call2(w, a, "churn", 1, 0);
    call2(w, b, "churn", 1, 0);
    we_linker_define_instance(w->linker, "a", 1, a);
    we_linker_define_instance(w->linker, "b", 1, b);
    is_int(world_error_of(w, two, &c), WE_LINK, "used ones don't");
    ok(strstr(w->detail.text, "heap") != NULL, "and it says so: %s",
       w->detail.text);
    we_instance_free(a);
    we_instance_free(b);
}

int main(void)
{
    struct world w;

    world_open(&w);
    garbage_goes(&w);
    lists_stay(&w);
    roots(&w);
    limits(&w);
    exceptions(&w);
    deadline(&w);
    shared(&w);
    holes(&w);
    gaps(&w);
    defaults(&w);
    segments(&w);
    kinds(&w);
    full(&w);
    nulls_and_casts(&w);
    endless(&w);
    world_close(&w);
    return done();
}

/* Tables: indirect calls, growth, limits, bulk operations. */
#include "../../engine/instance.h"
#include "modules_gc.h"
#include "world.h"

enum {
    TAB = -1000 - WE_TRAP_TABLE,
    UNDEFINED = -1000 - WE_TRAP_UNDEFINED_ELEMENT,
    UNINIT = -1000 - WE_TRAP_UNINIT_ELEMENT
};

static void calls(struct world *w)
{
    we_instance *i = world_new_of(w, kinds);

    is_int(world_int(w, i, "call", 1, 0, 0), 1, "first function");
    is_int(world_int(w, i, "call", 2, 0, 0), 2, "second function");
    is_int(world_int(w, i, "call", 0, 0, 0), UNINIT, "null");
    is_int(world_int(w, i, "call", 4, 0, 0), UNDEFINED, "behind the end");
    is_int(world_int(w, i, "call", UINT32_MAX, 0, 0), UNDEFINED, "far out");
    is_int(world_int(w, i, "set_null", 1, 0, 0), 1, "table.set");
    is_int(world_int(w, i, "call", 1, 0, 0), UNINIT, "null now");
    is_int(world_int(w, i, "set_null", 4, 0, 0), TAB, "table.set, out");
    we_instance_free(i);
}

static void growth(struct world *w)
{
    we_instance *i;

    w->limits.table_elements = 9;
    i = world_new_of(w, kinds);
    is_int(world_int(w, i, "grow", 0, 0, 0), 4, "by nothing");
    is_int(world_int(w, i, "grow", UINT32_MAX, 0, 0), -1, "by 2^32 - 1");
    is_int(world_int(w, i, "grow", 7, 0, 0), -1, "above the maximum");
    is_int(world_int(w, i, "grow", 6, 0, 0), -1, "above the limit");
    is_int(world_int(w, i, "size", 0, 0, 0), 4, "nothing changed");
    is_int(world_int(w, i, "grow", 1, 0, 0), 4, "by 1");
    is_int(world_int(w, i, "grow", 4, 0, 0), 5, "up to the limit");
    is_int(world_int(w, i, "call", 8, 0, 0), 2, "filled");
    is_int(world_int(w, i, "call", 3, 0, 0), UNINIT, "the old end");
    is_int(world_int(w, i, "grow", 1, 0, 0), -1, "full");
    we_instance_free(i);
}

static void bulk(struct world *w)
{
    we_instance *i = world_new_of(w, kinds);

    is_int(world_int(w, i, "fill", 3, 2, 0), TAB, "fill, out");
    is_int(world_int(w, i, "call", 3, 0, 0), UNINIT, "nothing filled");
    is_int(world_int(w, i, "fill", 4, 0, 0), 4, "nothing at the end");
    is_int(world_int(w, i, "fill", 5, 0, 0), TAB, "and behind it");
    is_int(world_int(w, i, "fill", 2, 2, 0), 2, "fill");
    is_int(world_int(w, i, "call", 3, 0, 0), 1, "filled");
    is_int(world_int(w, i, "init", 0, 0, 4), TAB, "init, segment's end");
    is_int(world_int(w, i, "init", 2, 0, 3), TAB, "init, table's end");
    is_int(world_int(w, i, "init", 1, 0, 3), 1, "init: one, null, two");
    is_int(world_int(w, i, "call", 1, 0, 0), 1, "one");
    is_int(world_int(w, i, "call", 2, 0, 0), UNINIT, "null");
    is_int(world_int(w, i, "call", 3, 0, 0), 2, "two");
    is_int(world_int(w, i, "copy", 0, 1, 3), 0, "copy down");
    is_int(world_int(w, i, "call", 0, 0, 0), 1, "one");
    is_int(world_int(w, i, "call", 2, 0, 0), 2, "two");
    is_int(world_int(w, i, "copy", 1, 0, 3), 1, "copy up");
    is_int(world_int(w, i, "call", 1, 0, 0), 1, "one");
    is_int(world_int(w, i, "call", 3, 0, 0), 2, "two");
    is_int(world_int(w, i, "copy", 2, 0, 3), TAB, "copy, out");
    is_int(world_int(w, i, "copy", 0, UINT32_MAX, 1), TAB, "copy, wraps");
    world_int(w, i, "drop", 0, 0, 0);
    is_int(world_int(w, i, "init", 0, 0, 1), TAB, "dropped");
    is_int(world_int(w, i, "init", 0, 0, 0), 0, "nothing of nothing");
    we_instance_free(i);
}

static void from_outside(struct world *w)
{
    we_instance *i = world_new_of(w, kinds);
    we_table *table = we_instance_table(i, "t", 1);
    we_func *one = we_instance_func(i, "one", 3);
    uint64_t slot = 99;

    ok(we_instance_table(i, "g", 1) == NULL, "a global is no table");
    is_int(we_table_type(table), 'r', "of functions");
    is_int((int64_t) we_table_size(table), 4, "4 elements");
    is_int(we_table_get(table, 0, &slot), WE_OK, "get");
    ok(we_ref_func(slot) == NULL, "null");
    is_int(we_table_get(table, 1, &slot), WE_OK, "get");
    ok(we_ref_func(slot) == one, "the first function");
    is_int(we_table_get(table, 4, &slot), WE_ARGUMENT, "get, out");
    is_int(we_table_set(table, 4, 0), WE_ARGUMENT, "set, out");
    is_int(we_table_set(table, 0, we_func_ref(one)), WE_OK, "set");
    is_int(world_int(w, i, "call", 0, 0, 0), 1, "the guest calls it");
    is_int((int64_t) we_table_grow(table, 7, 0), -1, "above the maximum");
    is_int((int64_t) we_table_grow(table, 6, we_func_ref(one)), 4, "grow");
    is_int(world_int(w, i, "call", 9, 0, 0), 1, "filled");
    is_int(we_table_set(table, 9, 0), WE_OK, "set null");
    is_int(world_int(w, i, "call", 9, 0, 0), UNINIT, "the guest finds none");
    we_instance_free(i);
}

/* The deadline has passed before the table is filled. */
static void interrupted(struct world *w)
{
    we_instance *i = world_new_of(w, wide), *none;
    we_table *table = we_instance_table(i, "large", 5);

    w->engine->stack.interrupt = WE_TRAP_DEADLINE;
    is_int((int64_t) we_table_grow(table, 90000, 0), -1, "interrupted: no");
    is_int((int64_t) we_table_size(table), 1, "nothing has changed");
    is_int(world_error_of(w, wide, &none), WE_OK, "little is done at once");
    we_instance_free(none);
    is_int(world_error_of(w, table_100000, &none), WE_LIMIT, "much isn't");
    is_str(w->detail.text, "deadline exceeded in a table of 100000 elements",
           "it says so");
    w->engine->stack.interrupt = WE_TRAP_NONE;
    is_int((int64_t) we_table_grow(table, 90000, 0), 1, "then it grows");
    we_instance_free(i);
}

/* Tables of other references, and without null. */
static void others(struct world *w)
{
    we_instance *i = world_new_of(w, full);

    is_int(we_table_type(we_instance_table(i, "kept", 4)), '.',
           "a table of a type without a letter");
    is_int(we_global_type(we_instance_global(i, "any", 3)), '.', "a global");
    is_int(we_table_set(we_instance_table(i, "solid", 5), 0, 0), WE_ARGUMENT,
           "null where there is none");
    is_int(we_table_set(we_instance_table(i, "solid", 5), 0, 9), WE_OK,
           "another small number");
    we_instance_free(i);
}

int main(void)
{
    static void (*const tests[])(struct world *) = {
        calls, growth, bulk, from_outside, interrupted, others
    };
    struct world w;
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++) {
        world_open(&w);
        tests[i](&w);
        world_close(&w);
    }
    return done();
}

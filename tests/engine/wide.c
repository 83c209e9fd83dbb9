/* Memories and tables of 64 bits, and several of each (gc/wide.wat): no index,
 * offset, length or size is narrowed to 32 bits, and what is meant for one
 * doesn't go to another (Sections 4.5.4, 4.6). */
#include "world.h"
#include "modules_gc.h"

#include <inttypes.h>

enum { PAGE = 65536 };

#define HIGH (INT64_C(1) << 32)          /* nothing in the lower half */
#define MEM (-1000 - (int64_t)WE_TRAP_MEMORY)
#define TAB (-1000 - (int64_t)WE_TRAP_TABLE)
#define UNDEFINED (-1000 - (int64_t)WE_TRAP_UNDEFINED_ELEMENT)
#define UNINIT (-1000 - (int64_t)WE_TRAP_UNINIT_ELEMENT)
#define UNALIGNED (-1000 - (int64_t)WE_TRAP_UNALIGNED)
#define NOTHING INT64_MIN                /* no result */

struct row {
    const char *name;
    int64_t     a, b, c, want;
};

/* Each call, in order, on one instance. */
static const struct row memory_rows[] = {
    { "load", 8, 0, 0, 'b' },
    { "load", HIGH + 8, 0, 0, MEM },
    { "load", -1, 0, 0, MEM },
    { "store", HIGH, 0, 0, MEM },
    { "fill", 0, HIGH, 0, MEM },
    { "fill", HIGH, 1, 0, MEM },
    { "fill", HIGH, 0, 0, MEM },
    { "fill", -1, 2, 0, MEM },
    { "fill", 2, -1, 0, MEM },
    { "fill", PAGE, 0, 0, NOTHING },
    { "copy", 0, 8, HIGH, MEM },
    { "copy", HIGH, 8, 1, MEM },
    { "copy", 0, HIGH + 8, 1, MEM },
    { "copy", -4, 8, 8, MEM },
    { "load", 0, 0, 0, 0 },              /* nothing was changed */
    { "from_a", 100, 8, 4, NOTHING },
    { "load", 103, 0, 0, 'a' },
    { "from_a", HIGH + 100, 8, 4, MEM },
    { "to_c", 200, HIGH + 8, 4, MEM },
    { "to_c", 200, 8, 4, NOTHING },
    { "init", HIGH, 0, 5, MEM },
    { "init", 300, 0, 5, NOTHING },
    { "load", 304, 0, 0, 'r' },
    { "init_c", 300, 1, 4, NOTHING },
    { "grow", HIGH, 0, 0, -1 },
    { "grow", HIGH + 1, 0, 0, -1 },
    { "grow", INT64_C(1) << 48, 0, 0, -1 },
    { "grow", -1, 0, 0, -1 },
    { "size", 0, 0, 0, 1 },
    { "grow", 2, 0, 0, 1 },
    { "grow", 1, 0, 0, -1 },
    { "size", 0, 0, 0, 3 },
    { "load", 3 * PAGE - 1, 0, 0, 0 },
    { "load", 3 * PAGE, 0, 0, MEM },
    { "add", HIGH, 1, 0, MEM },
    { "add", PAGE, 1, 0, MEM },
    { "add", 4, 1, 0, UNALIGNED },
    { "add", 16, HIGH + 5, 0, 0 },
    { "add", 16, 1, 0, HIGH + 5 },
    { "add", 16, 0, 0, HIGH + 6 }
};

static const struct row table_rows[] = {
    { "call", 1, 0, 0, 1 },
    { "call", HIGH + 1, 0, 0, UNDEFINED },
    { "call", 2, 0, 0, UNINIT },
    { "tail_call", 1, 0, 0, 1 },
    { "tail_call", HIGH + 1, 0, 0, UNDEFINED },
    { "table_get", 0, 0, 0, 1 },
    { "table_get", HIGH, 0, 0, TAB },
    { "table_set", HIGH, 0, 0, TAB },
    { "table_fill", 0, HIGH, 0, TAB },
    { "table_fill", HIGH, 1, 0, TAB },
    { "table_fill", HIGH, 0, 0, TAB },
    { "table_fill", -1, 2, 0, TAB },
    { "table_copy", 0, 1, HIGH, TAB },
    { "table_copy", HIGH, 1, 1, TAB },
    { "table_copy", 0, HIGH + 1, 1, TAB },
    { "table_from", HIGH, 0, 1, TAB },
    { "table_init", HIGH, 0, 1, TAB },
    { "table_get", 0, 0, 0, 1 },         /* nothing was changed */
    { "table_grow", HIGH, 0, 0, -1 },
    { "table_grow", HIGH + 1, 0, 0, -1 },
    { "table_grow", -1, 0, 0, -1 },
    { "table_size", 0, 0, 0, 4 },
    { "table_grow", 6, 0, 0, 4 },
    { "table_grow", 1, 0, 0, -1 },
    { "table_size", 0, 0, 0, 10 },
    { "call", 9, 0, 0, 2 },
    { "table_init", 6, 0, 4, NOTHING },
    { "call", 8, 0, 0, 1 },
    { "table_copy", 0, 8, 2, NOTHING },
    { "call", 0, 0, 0, 1 },
    { "call", 1, 0, 0, 2 },
    { "table_from", 0, 0, 2, NOTHING },  /* nulls */
    { "call", 0, 0, 0, UNINIT },
    { "table_fill", 0, 1, 0, NOTHING },
    { "call", 0, 0, 0, 2 }
};

static void run(struct world *w, we_instance *instance, const struct row *rows,
                size_t n)
{
    size_t i;

    for (i = 0; i < n; i++) {
        const struct row *r = &rows[i];
        uint64_t slots[3] = { (uint64_t) r->a, (uint64_t) r->b,
                              (uint64_t) r->c };
        enum we_error e = world_call(w, instance, r->name, slots);
        int64_t got = e == WE_TRAP ? -1000 - (int64_t) w->trap.code
                      : e != WE_OK ? -1
                      : r->want == NOTHING ? NOTHING : (int64_t) slots[0];

        is_int(got, r->want, "%s %" PRIx64 " %" PRIx64 " %" PRIx64, r->name,
               (uint64_t) r->a, (uint64_t) r->b, (uint64_t) r->c);
    }
}

/* Whether the memory has these bytes there, and the host sees its own 64
 * bits. */
static bool has(we_instance *instance, const char *name, uint64_t at,
                const char *text)
{
    we_memory *memory = we_instance_memory(instance, name, 1);
    size_t len = strlen(text);
    uint8_t *data;

    return memory != NULL && we_memory_span(memory, at, len, &data)
           && memcmp(data, text, len) == 0
           && !we_memory_span(memory, HIGH + at, len, &data);
}

static void segments(we_instance *instance)
{
    ok(has(instance, "a", 8, "aaaa"), "a segment of the first memory");
    ok(has(instance, "b", 8, "bbbb"), "of the second");
    ok(has(instance, "c", 8, "cccc"), "of the third");
    ok(has(instance, "s", 0, "") && !has(instance, "s", 8, "a")
       && !has(instance, "s", 8, "b") && !has(instance, "s", 8, "c"),
       "none of the last");
}

int main(void)
{
    struct world w;
    we_instance *instance;

    world_open(&w);
    instance = world_new_of(&w, wide);
    if (ok(instance != NULL, "wide.wat")) {
        segments(instance);
        run(&w, instance, memory_rows,
            sizeof memory_rows / sizeof *memory_rows);
        ok(has(instance, "a", 8, "aaaa") && has(instance, "b", 100, "aaaa")
           && has(instance, "c", 200, "bbbb") && has(instance, "c", 300, "ater")
           && !has(instance, "a", 300, "l"), "each has what was meant for it");
        run(&w, instance, table_rows, sizeof table_rows / sizeof *table_rows);
    }
    we_instance_free(instance);
    world_close(&w);
    return done();
}

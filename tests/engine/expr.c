/* A constant expression that traps, in each place where there is one, with
 * another of its kind behind it: the instantiation fails with its trap, and
 * leaves nothing (Section 4.5.4). */
#include "build.h"
#include "world.h"

enum { I32 = 0x7f, I31REF = 0x6c, FUNCREF = 0x70, END = 0x0b };
enum { TYPES = 1, FUNCS = 3, TABLES, MEMORIES, GLOBALS, ELEMS = 9, CODE,
       DATAS };

/* A guest stack of 512 slots, and an expression that takes 1,000. */
enum { STACK = 4096, DEEP = 1000 };

static void put_deep(struct bytes *b)
{
    PUT_TIMES(b, DEEP, 0x41, 0);
    PUT_TIMES(b, DEEP - 1, 0x6a);
}

static void put_deep_i31(struct bytes *b)
{
    put_deep(b);
    PUT(b, 0xfb, 0x1c, END);
}

static void put_deep_i32(struct bytes *b)
{
    put_deep(b);
    PUT(b, END);
}

/* What stands in front of the expression, and behind it. */
static const struct row {
    const char *what;
    uint8_t     section, nbefore, before[8], nafter, after[4];
    bool        i31;
} rows[] = {
    { "a global", GLOBALS, 2, { I32, 0 }, 0, { 0 }, false },
    { "a table", TABLES, 5, { 0x40, 0, I31REF, 0, 1 }, 0, { 0 }, true },
    { "a passive element", ELEMS, 3, { 5, I31REF, 2 },
      3, { 0xd0, I31REF, END }, true },
    { "an active element", ELEMS, 7, { 6, 1, 0x41, 0, END, I31REF, 2 },
      3, { 0xd0, I31REF, END }, true },
    { "an element segment's offset", ELEMS, 1, { 0 }, 2, { 1, 0 }, false },
    { "a data segment's offset", DATAS, 1, { 0 }, 2, { 1, 'x' }, false }
};

/* A function, tables of functions and of i31, a memory, and two of the row. */
static struct bytes module_of(const struct row *row)
{
    struct bytes b = module_new(), section = { 0 };
    uint8_t id;
    int k;

    for (id = TYPES; id <= DATAS; id++) {
        if (id == row->section) {
            PUT(&section, 2);
            for (k = 0; k < 2; k++) {
                put(&section, row->before, row->nbefore);
                if (row->i31)
                    put_deep_i31(&section);
                else
                    put_deep_i32(&section);
                put(&section, row->after, row->nafter);
            }
            put_section(&b, id, &section);
        } else if (id == TYPES) {
            SECTION(&b, id, 1, 0x60, 0, 0);
        } else if (id == FUNCS) {
            SECTION(&b, id, 1, 0);
        } else if (id == TABLES) {
            SECTION(&b, id, 2, FUNCREF, 0, 4, I31REF, 0, 4);
        } else if (id == MEMORIES) {
            SECTION(&b, id, 1, 0, 1);
        } else if (id == CODE) {
            SECTION(&b, id, 1, 2, 0, END);
        }
    }
    return b;
}

static void test(const struct row *row)
{
    struct tap_allocator allocator = { 0 };
    struct we_config config = { .allocator = { tap_resize, &allocator },
                                .stack_bytes = STACK };
    we_engine *engine = we_engine_new(&config);
    struct bytes b = module_of(row);
    struct we_detail detail = { .text = "" };
    struct we_trap trap = { .text = "" };
    we_module *module = NULL;
    we_instance *instance = NULL;

    if (!is_int(we_module_load(engine, b.data, b.len, &module, &detail),
                WE_OK, "%s: valid", row->what)) {
        diag("%s", detail.text);
    } else {
        is_int(we_instance_new(module, NULL, NULL, 0, NULL, &instance, &detail,
                               &trap), WE_TRAP, "... traps");
        is_int(trap.code, WE_TRAP_STACK, "... with its cause");
        is_int(trap.depth, 0, "... before there is a frame");
        ok(instance == NULL && strstr(detail.text, trap.text) != NULL,
           "... which is told: %s", detail.text);
        is_int(we_instance_new(module, NULL, NULL, 0, NULL, &instance, NULL,
                               NULL), WE_TRAP, "... or not");
    }
    we_module_free(module);
    we_engine_free(engine);
    is_int((int64_t) allocator.blocks, 0, "... nothing leaked");
    free(b.data);
}

/* An array for which there is no room: the frame is the expression's. */
static void no_room(void)
{
    struct bytes b = module_new();
    struct world w;
    we_instance *instance;

    SECTION(&b, TYPES, 1, 0x5e, 0x78, 0);
    SECTION(&b, GLOBALS, 1, 0x63, 0, 0, 0x41, 0x80, 0x80, 0x80, 0x80, 4,
            0xfb, 7, 0, END);
    world_open(&w);
    w.limits.memory_bytes = 1 << 20;
    is_int(world_error(&w, b.data, b.len, &instance), WE_TRAP,
           "an array of 2^30 bytes: traps");
    is_int(w.trap.code, WE_TRAP_HEAP, "... with its cause");
    is_int(w.trap.nframes, 1, "... in a frame");
    is_int(w.trap.frames[0].func, UINT32_MAX, "... that is no function's");
    is_int(w.trap.frames[0].offset, (int64_t)b.len - 4, "... but has a place");
    is_int(w.trap.frames[0].name_len, 0, "... and no name");
    world_close(&w);
    free(b.data);
}

int main(void)
{
    size_t i;

    no_room();
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        test(&rows[i]);
    return done();
}

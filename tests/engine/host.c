/* Memories, tables, globals and tags that the host makes (host.c): a guest
 * imports and uses them (import_host.wat); mistakes are told. */
#include "world.h"
#include "modules_gc.h"

static const struct we_host_object objects[] = {
    { .kind = WE_MEMORY, .name = "memory", .min = 1, .max = 3 },
    { .kind = WE_MEMORY, .name = "wide", .min = 2, .is64 = true },
    { .kind = WE_MEMORY, .name = "shared", .min = 1, .max = 2,
      .shared = true },
    { .kind = WE_TABLE, .name = "funcs", .type = "r", .min = 2, .max = 4 },
    { .kind = WE_TABLE, .name = "things", .type = "e", .min = 300,
      .is64 = true, .value = { 77 } },
    { .kind = WE_GLOBAL, .name = "i", .type = "i", .value = { 0xfffffffe } },
    { .kind = WE_GLOBAL, .name = "I", .type = "I", .mutable_ = true,
      .value = { UINT64_MAX / 2 } },
    { .kind = WE_GLOBAL, .name = "f", .type = "f", .value = { 0x7fa00001 } },
    { .kind = WE_GLOBAL, .name = "F", .type = "F",
      .value = { 0xbff0000000000000 } },
    { .kind = WE_GLOBAL, .name = "v", .type = "v", .value = { 1, 2 } },
    { .kind = WE_GLOBAL, .name = "r", .type = "r" },
    { .kind = WE_GLOBAL, .name = "e", .type = "e", .value = { 1234 } },
    { .kind = WE_TAG, .name = "pair", .type = "iI:" },
    { .kind = WE_TAG, .name = "empty", .type = ":" },
};

enum { NOBJECTS = sizeof objects / sizeof *objects };

static void values(struct world *w, we_instance *guest)
{
    static const struct {
        const char *name;
        uint64_t    value[2];
    } rows[] = {
        { "i", { 0xfffffffe } }, { "I", { (uint64_t) 1 << 63 } },
        { "f", { 0x7fa00001 } }, { "F", { 0xbff0000000000000 } },
        { "v", { 1, 2 } }, { "r", { 1 } }, { "e", { 1234 } },
    };
    uint64_t slots[2];
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        slots[0] = slots[1] = 0;
        is_int(world_call(w, guest, rows[i].name, slots), WE_OK, "global %s",
               rows[i].name);
        ok(slots[0] == rows[i].value[0] && slots[1] == rows[i].value[1],
           "its value");
    }
}

static void tables(struct world *w, we_instance *host, we_instance *guest)
{
    we_table *funcs = we_instance_table(host, "funcs", 5);
    we_func *func = we_instance_func(guest, "forty-two", 9);
    uint64_t slots[2] = { 299 };

    is_int(world_int(w, guest, "null", 0, 0, 0), 1, "functions: null at first");
    is_int(we_table_set(funcs, 1, we_func_ref(func)), WE_OK, "set");
    is_int(world_int(w, guest, "call", 1, 0, 0), 42, "called");
    is_int((int64_t) we_table_grow(funcs, 3, 0), -1, "not beyond its maximum");
    is_int((int64_t) we_table_grow(funcs, 2, 0), 2, "up to it");
    is_int(world_int(w, guest, "call", 3, 0, 0),
           -1000 - WE_TRAP_UNINIT_ELEMENT, "the guest sees that");
    is_int(world_call(w, guest, "thing", slots), WE_OK, "the last element");
    is_int((int64_t) slots[0], 77, "holds what it was filled with");
}

static void memories(struct world *w, we_instance *host, we_instance *guest)
{
    we_memory *memory = we_instance_memory(host, "memory", 6);
    uint8_t *data;

    is_int(world_int(w, guest, "sizes", 0, 0, 0), 121, "sizes in pages");
    ok(we_memory_span(memory, 65532, 4, &data), "the host's span");
    memcpy(data, "\1\2\3\4", 4);
    is_int(world_int(w, guest, "load", 65532, 0, 0), 0x04030201,
           "is the guest's memory");
    is_int(world_int(w, guest, "grow", 2, 0, 0), 1, "the guest grows it");
    is_int((int64_t) we_memory_size(memory), 3 << 16, "for both");
    is_int(world_int(w, guest, "grow", 1, 0, 0), -1, "up to its maximum");
}

static void used(struct world *w)
{
    char buf[16];
    we_instance *host, *guest;

    is_int(we_instance_new_host(w->engine, objects, NOBJECTS, NULL, &host,
                                &w->detail), WE_OK, "made");
    is_int(we_linker_define_instance(w->linker, "host", 4, host), WE_OK,
           "importable");
    guest = world_new_of(w, import_host);
    ok(guest != NULL, "imported");
    values(w, guest);
    tables(w, host, guest);
    memories(w, host, guest);
    is_int(world_int(w, guest, "catch", 1, 0, 0), 7, "a tag with values");
    is_int(world_int(w, guest, "catch", 0, 0, 0), -1, "one without");
    is_str(we_tag_signature(we_instance_tag(host, "pair", 4), buf,
                            sizeof buf), "iI:", "its signature");
    we_instance_free(guest);
    we_instance_free(host);
}

static void mistakes(struct world *w)
{
    static const struct {
        struct we_host_object object;
        enum we_error         error;
        const char           *text;
    } rows[] = {
        { { .kind = WE_FUNC, .name = "f", .type = ":" }, WE_ARGUMENT,
          "object 1: a function is the linker's" },
        { { .kind = WE_MEMORY }, WE_ARGUMENT, "object 1: without a name" },
        { { .kind = WE_MEMORY, .name = "m", .type = "i" }, WE_ARGUMENT,
          "object 1: a memory has no type" },
        { { .kind = WE_TABLE, .name = "t", .type = "i" }, WE_ARGUMENT,
          "object 1: a table's type is r or e" },
        { { .kind = WE_TABLE, .name = "t" }, WE_ARGUMENT,
          "object 1: a table's type is r or e" },
        { { .kind = WE_GLOBAL, .name = "g", .type = "ii" }, WE_ARGUMENT,
          "object 1: a global's type is one letter" },
        { { .kind = WE_GLOBAL, .name = "g", .type = "x" }, WE_ARGUMENT,
          "object 1: a global's type is one letter" },
        { { .kind = WE_TAG, .name = "t", .type = "i" }, WE_ARGUMENT,
          "object 1: a tag's type is a signature without results" },
        { { .kind = WE_TAG, .name = "t", .type = ":i" }, WE_ARGUMENT,
          "object 1: a tag's type is a signature without results" },
        { { .kind = WE_TAG, .name = "t", .type = "ix:" }, WE_ARGUMENT,
          "object 1: a tag's type is a signature without results" },
        { { .kind = (enum we_kind) 9, .name = "k" }, WE_ARGUMENT,
          "object 1: unknown kind" },
        { { .kind = WE_MEMORY, .name = "first", .min = 1 }, WE_INVALID,
          "duplicate export name" },
        { { .kind = WE_MEMORY, .name = "\xff", .min = 1 }, WE_MALFORMED,
          "malformed UTF-8 encoding" },
        { { .kind = WE_MEMORY, .name = "m", .min = 2, .max = 1 }, WE_INVALID,
          "size minimum must not be greater than maximum" },
        { { .kind = WE_MEMORY, .name = "m", .min = 1, .shared = true },
          WE_INVALID, "shared memory must have maximum" },
        { { .kind = WE_MEMORY, .name = "m", .min = 17 }, WE_LIMIT,
          "memory of 17 pages exceeds the limit of 1048576 bytes" },
        { { .kind = WE_TABLE, .name = "t", .type = "r", .min = 1001 },
          WE_LIMIT, "table of 1001 elements exceeds the limit of 1000" },
    };
    const struct we_limits limits = { 1 << 20, 1000 };
    struct we_host_object two[2] = {
        { .kind = WE_GLOBAL, .name = "first", .type = "i" }
    };
    struct we_detail detail;
    we_instance *host;
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++) {
        two[1] = rows[i].object;
        memset(&detail, 0, sizeof detail);
        is_int(we_instance_new_host(w->engine, two, 2, &limits, &host,
                                    &detail), rows[i].error, "refused");
        ok(strstr(detail.text, rows[i].text) != NULL, "%s", detail.text);
        ok(host == NULL, "no instance");
    }
    is_int(we_instance_new_host(w->engine, NULL, 0, NULL, &host, NULL), WE_OK,
           "nothing can be had, too");
    we_instance_free(host);
}

/* The n-th allocation fails, for each n. */
static void nomem(struct world *w)
{
    we_instance *host = NULL;
    enum we_error e = WE_NOMEM;
    uint64_t n, failed = 0;

    for (n = 1; e != WE_OK && n < 1000; n++) {
        w->allocator.fail_at = w->allocator.calls + n;
        e = we_instance_new_host(w->engine, objects, NOBJECTS, NULL, &host,
                                 NULL);
        failed += e == WE_NOMEM && host == NULL;
    }
    w->allocator.fail_at = 0;
    is_int((int64_t) failed, (int64_t) n - 2, "each failed allocation is told");
    ok(failed > 10, "%u of them", (unsigned) failed);
    we_instance_free(host);
}

int main(void)
{
    struct world w;

    world_open(&w);
    used(&w);
    mistakes(&w);
    nomem(&w);
    world_close(&w);
    return done();
}

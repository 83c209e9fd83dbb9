/* Loading modules: what hosts may ask about one, and lack of memory. */
#include "../../engine/engine.h"
#include "../tap.h"
#include "build.h"

enum { I32 = 0x7f, I64 = 0x7e };

static struct tap_allocator memory;
static we_engine *engine;
static struct we_detail detail;

static void open(void)
{
    struct we_config config = { .allocator = { tap_resize, &memory },
                                .stack_bytes = 65536 };

    memory = (struct tap_allocator){ 0 };
    engine = we_engine_new(&config);
}

static void close(void)
{
    we_engine_free(engine);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
    is_int((int64_t)memory.mistakes, 0, "sizes given back are right");
}

/* --- what hosts may ask ------------------------------------------------- */

/* Functions a (imported, i32 -> ()), b (exported, (i32 i64) -> f64), c (takes
 * an eqref); an exported memory; a custom section "x". */
static struct bytes small(void)
{
    struct bytes b = module_new();

    SECTION(&b, 0, 1, 'x', 7, 8, 9);
    SECTION(&b, 1, 3, 0x60, 1, I32, 0, 0x60, 2, I32, I64, 1, 0x7c,
            0x60, 1, 0x6d, 0);
    SECTION(&b, 2, 1, 3, 'e', 'n', 'v', 1, 'a', 0, 0);
    SECTION(&b, 3, 2, 1, 2);
    SECTION(&b, 5, 1, 0, 1);
    SECTION(&b, 7, 3, 1, 'b', 0, 1, 0, 2, 0, 3, 'c', 0, 'c', 0, 2);
    SECTION(&b, 10, 2, 11, 0, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b, 2, 0, 0x0b);
    SECTION(&b, 0, 1, 'x', 1);
    SECTION(&b, 0, 1, 'y');
    /* the names of functions, then a length that has no end */
    SECTION(&b, 0, 4, 'n', 'a', 'm', 'e', 1, 4, 1, 1, 1, 'B', 2, 0x80);
    return b;
}

static void test_accessors(void)
{
    struct bytes b = small();
    we_module *m = NULL;
    struct we_extern e;
    const uint8_t *custom;
    char buf[32];
    size_t len;

    open();
    if (!is_int(we_module_load(engine, b.data, b.len, &m, &detail), WE_OK,
                "loads"))
        diag("%s", detail.text);
    is_int(detail.error, WE_OK, "the detail says so");
    memset(b.data, 0xff, b.len);         /* the module has its own copy */
    is_int(we_module_nimports(m), 1, "imports");
    we_module_import(m, 0, &e);
    ok(e.kind == WE_FUNC && e.index == 0, "an import's kind and index");
    is_bytes(e.module, e.module_len, "env", 3, "... module");
    is_bytes(e.name, e.name_len, "a", 1, "... name");
    is_int(we_module_nexports(m), 3, "exports");
    we_module_export(m, 1, &e);
    ok(e.kind == WE_MEMORY && e.index == 0 && e.name_len == 0
       && e.module == NULL, "an export without a name");
    ok(we_module_find_export(m, "b", 1, &e) && e.kind == WE_FUNC
       && e.index == 1, "an export is found");
    ok(we_module_find_export(m, "", 0, NULL), "... the empty name, too");
    ok(we_module_find_export(m, "c\0c", 3, &e) && e.index == 2,
       "... and one with NUL");
    ok(!we_module_find_export(m, "c", 1, &e), "... others are not");
    ok(we_module_func_is(m, 0, "i:"), "a signature");
    ok(we_module_func_is(m, 1, "iI:F"), "another");
    ok(!we_module_func_is(m, 1, "iI:f") && !we_module_func_is(m, 1, "i:F")
       && !we_module_func_is(m, 1, "iI:"), "... and no other");
    ok(!we_module_func_is(m, 3, ":"), "a function that is not there");
    is_str(we_module_func_signature(m, 1, buf, sizeof buf), "iI:F", "written");
    is_str(we_module_func_signature(m, 2, buf, sizeof buf), "...",
           "one without letters");
    custom = we_module_custom(m, "x", &len);
    is_bytes(custom, len, "\7\10\11", 3, "the first custom section x");
    custom = we_module_custom(m, "y", &len);
    ok(custom != NULL && len == 0, "an empty one");
    ok(we_module_custom(m, "z", &len) == NULL, "none");
    we_module_free(m);
    we_module_free(NULL);
    free(b.data);
    close();
}

/* Imports of each kind, as the text format writes them. */
static void test_texts(void)
{
    static const char *const texts[] = {
        "func (param i32 i64) (result f64)", "table i64 1 2 (ref null extern)",
        "memory i64 1 2 shared", "memory 3", "global (mut f32)", "global v128",
        "tag (param i32 i64)"
    };
    struct bytes b = module_new();
    we_module *m = NULL;
    struct we_extern e;
    char buf[64];
    size_t size;
    uint32_t i;

    SECTION(&b, 1, 2, 0x60, 2, I32, I64, 1, 0x7c, 0x60, 2, I32, I64, 0);
    SECTION(&b, 2, 7, 0, 0, 0, 0, 0, 0, 1, 0x6f, 5, 1, 2, 0, 0, 2, 7, 1, 2,
            0, 0, 2, 0, 3, 0, 0, 3, 0x7d, 1, 0, 0, 3, 0x7b, 0, 0, 0, 4, 0, 1);
    open();
    if (!is_int(we_module_load(engine, b.data, b.len, &m, &detail), WE_OK,
                "imports of each kind"))
        diag("%s", detail.text);
    for (i = 0; m && i < sizeof texts / sizeof *texts; i++) {
        we_module_import(m, i, &e);
        is_str(we_module_extern_text(m, &e, buf, sizeof buf), texts[i],
               "as text");
        for (size = 1; size < strlen(texts[i]) + 1; size++) {
            buf[size] = '#';
            we_module_extern_text(m, &e, buf, size);
            if (strlen(buf) != size - 1 || buf[size] != '#'
                || strncmp(buf, texts[i], size - 1) != 0)
                break;
        }
        is_int((int64_t)size, (int64_t)strlen(texts[i]) + 1,
               "cut where the room ends");
    }
    buf[0] = '#';
    we_module_extern_text(m, &e, buf, 0);
    we_module_func_signature(m, 0, buf, 0);
    is_int(buf[0], '#', "and without any room");
    we_module_free(m);
    free(b.data);
    close();
}

/* The same types in two modules are one; the second outlives the first. */
static void test_two(void)
{
    struct bytes b = small();
    we_module *one = NULL, *two = NULL;

    open();
    we_module_load(engine, b.data, b.len, &one, NULL);
    we_module_load(engine, b.data, b.len, &two, NULL);
    we_module_free(one);
    ok(two && we_module_func_is(two, 1, "iI:F"), "types are shared");
    we_module_free(two);
    free(b.data);
    close();
}

static void test_size_limit(void)
{
    struct we_config config = { .module_bytes = 50 };
    struct bytes b = small();
    we_module *m;

    ok(b.len > 50, "a module of more than 50 bytes");
    engine = we_engine_new(&config);
    is_int(we_module_load(engine, b.data, b.len, &m, &detail), WE_LIMIT,
           "the host's limit");
    ok(m == NULL && strstr(detail.text, "at most 50 "), "... is named");
    we_engine_free(engine);
    config.module_bytes = UINT64_MAX;
    engine = we_engine_new(&config);
    is_int(we_module_load(engine, b.data, (size_t)UINT32_MAX + 1, &m, &detail),
           WE_LIMIT, "more than offsets have bits, and no limit");
    we_engine_free(engine);
    free(b.data);
}

/* The n-th allocation fails, for every n. */
static void test_nomem(void)
{
    struct bytes b = small();
    enum we_error error = WE_NOMEM;
    we_module *m = NULL;
    uint64_t n;
    bool good = true;

    for (n = 1; error == WE_NOMEM && n < 1000 && good; n++) {
        open();
        memory.fail_at = memory.calls + n;
        error = we_module_load(engine, b.data, b.len, &m, &detail);
        if (error == WE_NOMEM)
            good = detail.error == WE_NOMEM && !m;
        else
            we_module_free(m);
        we_engine_free(engine);
        good = good && memory.blocks == 0 && memory.mistakes == 0;
    }
    ok(good, "without memory: refused, nothing leaked");
    is_int(error, WE_OK, "... until there is enough");
    ok(n > 5, "... after %d attempts", (int)n - 1);
    free(b.data);
}

int main(void)
{
    test_accessors();
    test_texts();
    test_two();
    test_size_limit();
    test_nomem();
    return done();
}

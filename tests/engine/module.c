/* Loading modules: what hosts may ask about one, lack of memory, and modules
 * that are large or pretend to be. */
#include "../../engine/engine.h"
#include "../tap.h"
#include "build.h"

#include <stdio.h>
#include <time.h>

enum { I32 = 0x7f, I64 = 0x7e, EMPTY = 0x40 };

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

/* --- bombs -------------------------------------------------------------- */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Refused within a second and 20 times the module's size in memory, or loaded
 * within a second and memory that grows like the module. */
static void bomb(const char *what, struct bytes *b, enum we_error want,
                 const char *text)
{
    enum we_error error;
    uint64_t before;
    we_module *m;
    double start;

    open();
    before = memory.bytes;
    start = seconds();
    error = we_module_load(engine, b->data, b->len, &m, &detail);
    start = seconds() - start;
    is_int(error, want, "%s: %s", what, text ? text : "loads");
    if (error != want || (text && !strstr(detail.text, text)))
        ok(false, "... it says: %s", detail.text);
    ok(memory.peak - before
           <= (want == WE_OK ? 64u : 20u) * (uint64_t)b->len + 2000000,
       "... in memory: %llu bytes for %llu",
       (unsigned long long)(memory.peak - before),
       (unsigned long long)b->len);
    ok(start < (getenv("SLUICE_SAN") && *getenv("SLUICE_SAN") ? 20 : 1),
       "... in time: %.3f s", start);
    we_module_free(m);
    close();
    free(b->data);
}

/* A section of n times the same item, in a module that begins with b. */
#define MANY(b, id, n, ...)                            \
    do {                                               \
        struct bytes many_ = { 0 };                    \
        put_u32(&many_, (n));                          \
        PUT_TIMES(&many_, (n), __VA_ARGS__);           \
        put_section((b), (id), &many_);                \
    } while (0)

static void bombs_of_count(void)
{
    struct bytes b = module_new(), names = { 0 };
    uint32_t i;

    MANY(&b, 1, 1000000, 0x60, 0, 0);
    bomb("a million types", &b, WE_OK, NULL);

    b = module_new();
    put_u32(&names, 50000);              /* each after the one before */
    for (i = 0; i < 50000; i++) {
        PUT(&names, 0x5f, 1, 0x63);
        if (i == 0)
            PUT(&names, 0x6e);
        else                             /* signed: three bytes */
            PUT(&names, (uint8_t)((i - 1) | 0x80),
                (uint8_t)((i - 1) >> 7 | 0x80), (uint8_t)((i - 1) >> 14));
        PUT(&names, 0);
    }
    put_section(&b, 1, &names);
    bomb("50,000 different types", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, 1, 1, 0x60, 0, 0);
    MANY(&b, 3, 1000000, 0);
    MANY(&b, 10, 1000000, 2, 0, 0x0b);
    bomb("a million functions", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, 1, 1, 0x60, 0, 0);
    MANY(&b, 2, 1000000, 0, 0, 0, 0);
    bomb("a million imports", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, 6, 1000000, I32, 0, 0x41, 0, 0x0b);
    bomb("a million globals", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, 1, 1, 0x60, 0, 0);
    MANY(&b, 3, 1, 0);
    put_u32(&names, 1000000);
    for (i = 0; i < 1000000; i++)
        PUT(&names, 4, (uint8_t)(i & 127), (uint8_t)(i >> 7 & 127),
            (uint8_t)(i >> 14), 'x', 0, 0);
    put_section(&b, 7, &names);
    MANY(&b, 10, 1, 2, 0, 0x0b);
    bomb("a million exports", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, 5, 1, 0, 1);
    MANY(&b, 11, 100000, 0, 0x41, 0, 0x0b, 0);
    bomb("100,000 data segments", &b, WE_OK, NULL);
    b = module_new();
    MANY(&b, 11, 100001, 1, 0);
    bomb("100,001", &b, WE_LIMIT, "data segments, at most 100000");

    b = module_new();
    MANY(&b, 1, 1000001, 0x60, 0, 0);
    bomb("a million and one types", &b, WE_LIMIT, "types, at most 1000000");
    b = module_new();
    MANY(&b, 0, 0, 0);
    PUT_TIMES(&b, 1000000, 0, 1, 0);
    bomb("a million custom sections", &b, WE_OK, NULL);
}

/* A module of one function without locals, whose code ends. */
static struct bytes with_code(struct bytes *code)
{
    struct bytes b = module_new(), body = { 0 };

    MANY(&b, 1, 1, 0x60, 0, 0);
    MANY(&b, 3, 1, 0);
    PUT(&body, 0);
    put(&body, code->data, code->len);
    PUT(&body, 0x0b);
    put_body(&b, &body);
    free(code->data);
    *code = (struct bytes){ 0 };
    return b;
}

static void bombs_of_code(void)
{
    struct bytes b, code = { 0 };

    PUT_TIMES(&code, 2400000, 0x41, 0, 0x1a);
    b = with_code(&code);
    bomb("a body of 7 MB", &b, WE_OK, NULL);

    PUT_TIMES(&code, 7654320, 0x01);
    b = with_code(&code);
    bomb("a body that is too long", &b, WE_LIMIT, "bytes of a function body");

    PUT_TIMES(&code, 200000, 0x02, EMPTY);
    PUT_TIMES(&code, 200000, 0x0b);
    b = with_code(&code);
    bomb("200,000 nested blocks", &b, WE_OK, NULL);

    PUT_TIMES(&code, 100000, 0x41, 1, 0x04, EMPTY);
    PUT_TIMES(&code, 100000, 0x0b);
    b = with_code(&code);
    bomb("100,000 nested ifs", &b, WE_OK, NULL);

    PUT(&code, 0x41, 0, 0x0e);
    put_u32(&code, 1000000);
    PUT_TIMES(&code, 1000001, 0);
    b = with_code(&code);
    bomb("a br_table of a million", &b, WE_LIMIT, "targets of a br_table");

    PUT(&code, 0x41, 0, 0x0e);
    put_u32(&code, 65520);
    PUT_TIMES(&code, 65521, 0);
    b = with_code(&code);
    bomb("a br_table of 65,520", &b, WE_OK, NULL);
}

/* Work that a few bytes ask for. */
static void bombs_of_work(void)
{
    struct bytes b = module_new(), section = { 0 };
    uint32_t i;

    /* 50,000 locals in each of 100,000 functions */
    MANY(&b, 1, 1, 0x60, 0, 0);
    MANY(&b, 3, 100000, 0);
    MANY(&b, 10, 100000, 6, 1, 0xd0, 0x86, 0x03, I64, 0x0b);
    bomb("locals without end", &b, WE_LIMIT, "locals of all functions");

    b = module_new();
    PUT(&section, 1, I32, 0, 0x41, 0);
    PUT_TIMES(&section, 500000, 0x41, 0, 0x6a);
    PUT(&section, 0x0b);
    put_section(&b, 6, &section);
    bomb("a long constant expression", &b, WE_OK, NULL);

    b = module_new();
    PUT(&section, 1, I32, 0, 0x41, 0);
    PUT_TIMES(&section, 10000, 0x41, 0);
    PUT_TIMES(&section, 10000, 0x6a);
    PUT(&section, 0x0b);
    put_section(&b, 6, &section);
    bomb("a nested constant expression", &b, WE_OK, NULL);

    /* (1000 x i32) -> (1000 x i32), called in 2 bytes */
    PUT(&section, 1, 0x60);
    put_u32(&section, 1000);
    PUT_TIMES(&section, 1000, I32);
    put_u32(&section, 1000);
    PUT_TIMES(&section, 1000, I32);
    b = module_new();
    put_section(&b, 1, &section);
    SECTION(&b, 3, 1, 0);
    PUT(&section, 0);
    for (i = 0; i < 1000; i++)
        PUT(&section, 0x20, (uint8_t)(i & 127) | 128, (uint8_t)(i >> 7));
    PUT_TIMES(&section, 3000000, 0x10, 0);
    PUT(&section, 0x0b);
    put_body(&b, &section);
    bomb("calls with 1000 operands", &b, WE_LIMIT,
         "operands of all instructions");

    /* a structure of 10,000 fields, made in 4 bytes */
    PUT(&section, 2, 0x60, 0, 0, 0x5f);
    put_u32(&section, 10000);
    PUT_TIMES(&section, 10000, I32, 0);
    b = module_new();
    put_section(&b, 1, &section);
    SECTION(&b, 3, 1, 0);
    PUT(&section, 0, 0);
    PUT_TIMES(&section, 1500000, 0xfb, 1, 1, 0x1a);
    PUT(&section, 0x0b);
    put_body(&b, &section);
    bomb("structures with 10,000 fields", &b, WE_LIMIT,
         "operands of all instructions");

    b = module_new();
    PUT(&section, 1, 'c');
    PUT_TIMES(&section, 10000000, 0xaa);
    put_section(&b, 0, &section);
    bomb("a custom section of 10 MB", &b, WE_OK, NULL);

    b = module_new();
    PUT(&section, 4, 'n', 'a', 'm', 'e', 1);
    put_u32(&section, 1000005);
    put_u32(&section, 0x3fffff);
    PUT_TIMES(&section, 500000, 0, 0);
    put_section(&b, 0, &section);
    bomb("a name section that lies", &b, WE_OK, NULL);
}

int main(void)
{
    test_accessors();
    test_two();
    test_size_limit();
    test_nomem();
    bombs_of_count();
    bombs_of_code();
    bombs_of_work();
    return done();
}

/* Module bombs: each is refused, or loaded and instantiated, within a second
 * and 20 times its size in memory.  The table in engine/README.md is what
 * BOMBS_TABLE=1 prints. */
#include "../../engine/engine.h"
#include "../tap.h"
#include "build.h"

#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

enum { I32 = 0x7f, I64 = 0x7e, FUNCREF = 0x70, EMPTY = 0x40, END = 0x0b };
enum { MIB = 1 << 20 };

/* Each section's first byte counts its items. */
enum { TYPES = 1, IMPORTS, FUNCS, TABLES, MEMORIES, GLOBALS, EXPORTS, START,
       ELEMS, CODE, DATAS, NDATAS, TAGS };

static bool wants_table;

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Sanitizers, emulators, and builds without optimisation, are slower than what
 * is promised. */
static double most_seconds(void)
{
    const char *san = getenv("SLUICE_SAN");
#ifdef __OPTIMIZE__
    bool slow = san != NULL && *san != '\0';
#else
    bool slow = san != NULL;
#endif

    return slow || getenv("SLUICE_EMULATED") != NULL ? 20 : 1;
}

struct outcome {
    enum we_error error;                 /* of loading, or of the instance */
    bool          loaded;
    double        time;
    uint64_t      load, instance;        /* most bytes above what was there */
    struct we_detail detail;
};

static enum we_trap_code nothing(void *env, we_instance *instance,
                                 uint64_t *slots)
{
    (void)env, (void)instance, (void)slots;
    return WE_TRAP_NONE;
}

static struct outcome explode(const void *bytes, size_t len)
{
    struct tap_allocator memory = { 0 };
    struct we_config config = { .allocator = { tap_resize, &memory },
                                .stack_bytes = 65536 };
    struct we_limits limits = { .memory_bytes = MIB, .table_elements = 1000 };
    we_engine *engine = we_engine_new(&config);
    we_linker *linker = we_linker_new(engine);
    uint64_t before;
    struct outcome o = { 0 };
    we_instance *instance = NULL;
    we_module *m = NULL;

    we_engine_attach(engine);
    we_linker_define_func(linker, "h", "f", ":", nothing, NULL);
    before = memory.bytes;
    o.time = seconds();
    o.error = we_module_load(engine, bytes, len, &m, &o.detail);
    o.load = memory.peak - before;
    o.loaded = o.error == WE_OK;
    if (o.loaded) {
        before = memory.bytes;
        memory.peak = 0;
        o.error = we_instance_new(m, linker, &limits, 100000000, NULL,
                                  &instance, &o.detail, NULL);
        o.instance = memory.peak > before ? memory.peak - before : 0;
    }
    we_instance_free(instance);
    we_module_free(m);
    o.time = seconds() - o.time;
    we_linker_free(linker);
    we_engine_free(engine);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
    is_int((int64_t)memory.mistakes, 0, "sizes given back are right");
    return o;
}

static void row(const char *what, size_t len, const struct outcome *o,
                const char *text)
{
    char ratio[2][16] = { "-", "-" };

    if (len >= MIB / 16) {
        snprintf(ratio[0], sizeof ratio[0], "%.1f",
                 (double)o->load / (double)len);
        if (o->instance > 0)
            snprintf(ratio[1], sizeof ratio[1], "%.1f",
                     (double)o->instance / (double)len);
    }
    printf("| %s | %zu | %.2f | %s | %s | %s%s |\n", what, len, o->time,
           ratio[0], ratio[1], text ? "refused: " : "works",
           text ? text : "");
}

/* text: NULL, or part of the message of a refusal.  Of the time the best of
 * three counts: a machine that is busy otherwise is no fault. */
static void expect(const char *what, const void *bytes, size_t len,
                   enum we_error error, const char *text)
{
    struct outcome o = explode(bytes, len);
    uint64_t most = 20 * (uint64_t)len + MIB;

    for (int i = 0; i < 2 && o.time >= most_seconds(); i++) {
        o = explode(bytes, len);
    }
    is_int(o.error, error, "%s: %s", what, text ? text : "works");
    if (o.error != error || (text && !strstr(o.detail.text, text)))
        ok(false, "... it says: %s", o.detail.text);
    ok(o.load <= most, "... in memory: %llu bytes for %llu",
       (unsigned long long)o.load, (unsigned long long)len);
    ok(o.instance <= most, "... and %llu for the instance",
       (unsigned long long)o.instance);
    ok(o.time < most_seconds(), "... in time: %.3f s", o.time);
    if (wants_table)
        row(what, len, &o, text);
}

static void bomb(const char *what, struct bytes *b, enum we_error error,
                 const char *text)
{
    expect(what, b->data, b->len, error, text);
    free(b->data);
    *b = (struct bytes){ 0 };
}

/* A section of n times the same item. */
#define MANY(b, id, n, ...)                            \
    do {                                               \
        struct bytes many_ = { 0 };                    \
        put_u32(&many_, (n));                          \
        PUT_TIMES(&many_, (n), __VA_ARGS__);           \
        put_section((b), (id), &many_);                \
    } while (0)

/* --- many of a kind ------------------------------------------------------- */

static void many_types(void)
{
    struct bytes b = module_new(), types = { 0 };
    uint32_t i;

    MANY(&b, TYPES, 1000000, 0x60, 0, 0);
    bomb("a million types", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, TYPES, 1000001, 0x60, 0, 0);
    bomb("a million and one types", &b, WE_LIMIT, "types, at most 1000000");

    b = module_new();
    put_u32(&types, 50000);              /* each after the one before */
    for (i = 0; i < 50000; i++) {
        PUT(&types, 0x5f, 1, 0x63);
        if (i == 0)
            PUT(&types, 0x6e);
        else                             /* signed: three bytes */
            PUT(&types, (uint8_t)((i - 1) | 0x80),
                (uint8_t)((i - 1) >> 7 | 0x80), (uint8_t)((i - 1) >> 14));
        PUT(&types, 0);
    }
    put_section(&b, TYPES, &types);
    bomb("50,000 different types", &b, WE_OK, NULL);

    b = module_new();
    PUT(&types, 1, 0x4e);
    put_u32(&types, 1000000);
    PUT_TIMES(&types, 1000000, 0x60, 0, 0);
    put_section(&b, TYPES, &types);
    bomb("a recursion group of a million types", &b, WE_LIMIT,
         "20 times its size");

    b = module_new();
    put_u32(&types, 600001);
    PUT_TIMES(&types, 600000, 0x60, 0, 0);
    PUT(&types, 0x4e);
    put_u32(&types, 400001);
    PUT_TIMES(&types, 400001, 0x60, 0, 0);
    put_section(&b, TYPES, &types);
    bomb("a million types and one, some in a group", &b, WE_LIMIT,
         "more than 1000000 types");
}

static void many_definitions(void)
{
    struct bytes b = module_new(), exports = { 0 };
    uint32_t i;

    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, FUNCS, 1000000, 0);
    MANY(&b, CODE, 1000000, 2, 0, END);
    bomb("a million functions", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, GLOBALS, 1000000, I32, 0, 0x41, 0, END);
    bomb("a million globals", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, TAGS, 1000000, 0, 0);
    bomb("a million tags", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, TABLES, 100000, FUNCREF, 0, 0);
    bomb("100,000 tables", &b, WE_LIMIT, "20 times the module's size");

    b = module_new();
    MANY(&b, MEMORIES, 101, 0, 0);
    bomb("101 memories", &b, WE_LIMIT, "memories, at most 100");

    b = module_new();
    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, FUNCS, 1, 0);
    put_u32(&exports, 1000000);
    for (i = 0; i < 1000000; i++)
        PUT(&exports, 4, (uint8_t)(i & 127), (uint8_t)(i >> 7 & 127),
            (uint8_t)(i >> 14), 'x', 0, 0);
    put_section(&b, EXPORTS, &exports);
    MANY(&b, CODE, 1, 2, 0, END);
    bomb("a million exports", &b, WE_OK, NULL);
}

static void many_imports(void)
{
    struct bytes b = module_new();

    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, IMPORTS, 1000000, 0, 0, 0, 0);
    bomb("a million imports", &b, WE_LINK, "unknown function");

    b = module_new();
    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, IMPORTS, 1000000, 1, 'h', 1, 'f', 0, 0);
    bomb("a million imports that are there", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, IMPORTS, 1000000, 0, 0, 3, I32, 0);
    bomb("a million imported globals", &b, WE_LINK, "unknown global");

    b = module_new();
    MANY(&b, IMPORTS, 100001, 0, 0, 1, FUNCREF, 0, 0);
    bomb("100,001 imported tables", &b, WE_LIMIT, "more than 100000 tables");
}

static void many_segments(void)
{
    struct bytes b = module_new(), elems = { 0 };

    MANY(&b, MEMORIES, 1, 0, 1);
    MANY(&b, DATAS, 100000, 0, 0x41, 0, END, 0);
    bomb("100,000 data segments", &b, WE_OK, NULL);

    b = module_new();
    MANY(&b, DATAS, 100000, 1, 0);
    bomb("100,000 passive data segments", &b, WE_LIMIT, "20 times its size");

    b = module_new();
    MANY(&b, DATAS, 100001, 1, 0);
    bomb("100,001 data segments", &b, WE_LIMIT,
         "data segments, at most 100000");

    b = module_new();
    MANY(&b, ELEMS, 100000, 1, 0, 0);
    bomb("100,000 element segments", &b, WE_LIMIT, "20 times its size");

    b = module_new();
    PUT(&elems, 1, 1, 0);
    put_u32(&elems, 1000000);
    PUT_TIMES(&elems, 1000000, 0);
    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, FUNCS, 1, 0);
    put_section(&b, ELEMS, &elems);
    MANY(&b, CODE, 1, 2, 0, END);
    bomb("a segment of a million functions", &b, WE_OK, NULL);

    b = module_new();
    PUT(&elems, 1, 5, FUNCREF);
    put_u32(&elems, 1000000);
    PUT_TIMES(&elems, 1000000, 0xd0, FUNCREF, END);
    put_section(&b, ELEMS, &elems);
    bomb("a segment of a million expressions", &b, WE_OK, NULL);
}

/* --- one function --------------------------------------------------------- */

/* A module of one function; what follows its locals, without the end. */
static struct bytes with_body(struct bytes *locals, struct bytes *code)
{
    struct bytes b = module_new();

    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, FUNCS, 1, 0);
    put(locals, code->data, code->len);
    PUT(locals, END);
    put_body(&b, locals);
    free(code->data);
    *code = (struct bytes){ 0 };
    return b;
}

static struct bytes with_code(struct bytes *code)
{
    struct bytes none = { 0 };

    PUT(&none, 0);
    return with_body(&none, code);
}

static void big_bodies(void)
{
    struct bytes b, code = { 0 };

    PUT_TIMES(&code, 2400000, 0x41, 0, 0x1a);
    b = with_code(&code);
    bomb("a body of 7 MB", &b, WE_OK, NULL);

    PUT_TIMES(&code, 3500000, 0x10, 0);
    b = with_code(&code);
    bomb("a body of 3,500,000 calls", &b, WE_OK, NULL);

    PUT_TIMES(&code, 7654320, 0x01);
    b = with_code(&code);
    bomb("a body that is too long", &b, WE_LIMIT, "bytes of a function body");
}

static void nested_blocks(void)
{
    struct bytes b, code = { 0 };

    PUT_TIMES(&code, 10000, 0x02, EMPTY);
    PUT_TIMES(&code, 10000, END);
    b = with_code(&code);
    bomb("10,000 nested blocks", &b, WE_OK, NULL);

    PUT_TIMES(&code, 200000, 0x02, EMPTY);
    PUT_TIMES(&code, 200000, END);
    b = with_code(&code);
    bomb("200,000 nested blocks", &b, WE_LIMIT, "20 times its size");

    PUT_TIMES(&code, 100000, 0x41, 1, 0x04, EMPTY);
    PUT_TIMES(&code, 100000, END);
    b = with_code(&code);
    bomb("100,000 nested ifs", &b, WE_LIMIT, "20 times its size");

    /* more than 2^20 labels, none of which needs another's room */
    PUT_TIMES(&code, 2000000, 0x02, EMPTY, END);
    b = with_code(&code);
    bomb("2,000,000 blocks in a row", &b, WE_OK, NULL);

    PUT_TIMES(&code, (1 << 24) + 1, 0x02, EMPTY, END);
    b = with_code(&code);
    bomb("2^24 blocks and one in a row", &b, WE_LIMIT,
         "bytes of a function body");
}

/* Clauses of a try_table, and many of those. */
static void many_catches(void)
{
    struct bytes b, code = { 0 };

    PUT(&code, 0x1f, EMPTY);
    put_u32(&code, 100000);
    PUT_TIMES(&code, 100000, 2, 0);
    PUT(&code, END);
    b = with_code(&code);
    bomb("a try_table of 100,000 clauses", &b, WE_LIMIT,
         "clauses of a try_table");

    PUT_TIMES(&code, 1000000, 0x1f, EMPTY, 1, 2, 0, END);
    b = with_code(&code);
    bomb("a million try_tables", &b, WE_OK, NULL);
}

static void many_values(void)
{
    struct bytes b, code = { 0 }, locals = { 0 };

    PUT_TIMES(&code, (1 << 24) + 1, 0x41, 0, 0x1a);
    b = with_code(&code);
    bomb("2^24 values and one in a row", &b, WE_LIMIT,
         "bytes of a function body");

    PUT_TIMES(&code, 1000001, 0x41, 0);
    b = with_code(&code);
    bomb("a million and one operands", &b, WE_LIMIT,
         "more than 65,535 slots");

    PUT_TIMES(&code, 70000, 0x41, 0);
    PUT_TIMES(&code, 70000, 0x1a);
    b = with_code(&code);
    bomb("70,000 operands", &b, WE_LIMIT, "more than 65,535 slots");

    PUT(&locals, 1, 0x80, 0x40, I64);
    b = with_body(&locals, &code);
    bomb("8,192 i64 locals", &b, WE_OK, NULL);

    PUT(&locals, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, I32);
    b = with_body(&locals, &code);
    bomb("2^32-1 locals", &b, WE_LIMIT, "locals of a function");

    PUT(&locals, 2, 0xff, 0xff, 0xff, 0xff, 0x0f, I32, 2, I64);
    b = with_body(&locals, &code);
    bomb("2^32+1 locals", &b, WE_MALFORMED, "too many locals");
}

static void big_br_tables(void)
{
    struct bytes b, code = { 0 };

    PUT(&code, 0x41, 0, 0x0e, 0xfc, 0xff, 0xff, 0xff, 0x0f, 0);
    b = with_code(&code);
    bomb("a br_table of 0xfffffffc", &b, WE_MALFORMED,
         "length out of bounds");

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

/* --- work that a few bytes ask for ---------------------------------------- */

static void work(void)
{
    struct bytes b = module_new(), section = { 0 };
    uint32_t i;

    /* 50,000 locals in each of 100,000 functions */
    MANY(&b, TYPES, 1, 0x60, 0, 0);
    MANY(&b, FUNCS, 100000, 0);
    MANY(&b, CODE, 100000, 6, 1, 0xd0, 0x86, 0x03, I64, END);
    bomb("locals without end", &b, WE_LIMIT, "locals of all functions");

    /* (1000 x i32) -> (1000 x i32), called in 2 bytes */
    PUT(&section, 1, 0x60);
    put_u32(&section, 1000);
    PUT_TIMES(&section, 1000, I32);
    put_u32(&section, 1000);
    PUT_TIMES(&section, 1000, I32);
    b = module_new();
    put_section(&b, TYPES, &section);
    MANY(&b, FUNCS, 1, 0);
    PUT(&section, 0);
    for (i = 0; i < 1000; i++)
        PUT(&section, 0x20, (uint8_t)(i & 127) | 128, (uint8_t)(i >> 7));
    PUT_TIMES(&section, 3000000, 0x10, 0);
    PUT(&section, END);
    put_body(&b, &section);
    bomb("calls with 1,000 operands", &b, WE_LIMIT,
         "operands of all instructions");

    /* a structure of 10,000 fields, made in 4 bytes */
    PUT(&section, 2, 0x60, 0, 0, 0x5f);
    put_u32(&section, 10000);
    PUT_TIMES(&section, 10000, I32, 0);
    b = module_new();
    put_section(&b, TYPES, &section);
    MANY(&b, FUNCS, 1, 0);
    PUT(&section, 0, 0);
    PUT_TIMES(&section, 1500000, 0xfb, 1, 1, 0x1a);
    PUT(&section, END);
    put_body(&b, &section);
    bomb("structures of 10,000 fields", &b, WE_LIMIT,
         "operands of all instructions");
}

static void expressions(void)
{
    struct bytes b = module_new(), section = { 0 };

    PUT(&section, 1, I32, 0, 0x41, 0);
    PUT_TIMES(&section, 500000, 0x41, 0, 0x6a);
    PUT(&section, END);
    put_section(&b, GLOBALS, &section);
    bomb("a long constant expression", &b, WE_OK, NULL);

    b = module_new();
    PUT(&section, 1, I32, 0, 0x41, 0);
    PUT_TIMES(&section, 30000, 0x41, 0);
    PUT_TIMES(&section, 30000, 0x6a);
    PUT(&section, END);
    put_section(&b, GLOBALS, &section);
    bomb("a constant expression, 30,000 deep", &b, WE_TRAP,
         "call stack exhausted");

    b = module_new();
    MANY(&b, GLOBALS, 200000, I32, 0, 0x41, 0, 0x41, 0, 0x6a, END);
    bomb("200,000 constant expressions", &b, WE_OK, NULL);
}

static void customs(void)
{
    struct bytes b = module_new(), section = { 0 };

    PUT_TIMES(&b, 1000000, 0, 1, 0);
    bomb("a million custom sections", &b, WE_OK, NULL);

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

/* --- sizes ---------------------------------------------------------------- */

/* A custom section up to the end of 256 MiB, of which one page is in memory. */
static void big_files(void)
{
    const size_t most = (size_t)256 * MIB;
    struct bytes b = module_new();
    uint8_t *file = mmap(NULL, most + 1, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    PUT(&b, 0);
    put_u32(&b, (uint32_t)(most - 8 - 5));
    memcpy(file, b.data, b.len);
    expect("a file of 256 MiB", file, most, WE_OK, NULL);
    expect("a file of 256 MiB and a byte", file, most + 1, WE_LIMIT,
           "at most 268435456 are allowed");
    munmap(file, most + 1);
    free(b.data);
}

static void big_tables(void)
{
    struct bytes b = module_new();

    MANY(&b, TABLES, 1, FUNCREF, 0, 0xff, 0xff, 0xff, 0xff, 0x0f);
    bomb("a table of 2^32-1 elements", &b, WE_LIMIT, "table");

    b = module_new();
    MANY(&b, MEMORIES, 1, 0, 0x80, 0x80, 0x04);
    bomb("a memory of 4 GiB", &b, WE_LIMIT, "memory");

    b = module_new();
    MANY(&b, MEMORIES, 1, 4, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x40);
    bomb("a 64-bit memory of 2^48 pages", &b, WE_LIMIT, "memory");

    b = module_new();
    MANY(&b, TABLES, 1, FUNCREF, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 1);
    bomb("a 64-bit table of 2^64-1 elements", &b, WE_LIMIT, "table");
}

int main(void)
{
    wants_table = getenv("BOMBS_TABLE") != NULL;
    many_types();
    many_definitions();
    many_imports();
    many_segments();
    big_bodies();
    nested_blocks();
    many_values();
    big_br_tables();
    many_catches();
    work();
    expressions();
    customs();
    big_files();
    big_tables();
    return done();
}

/*
 * Calls every export of the modules named, with three sets of arguments, and
 * prints results, causes of traps, globals, tables and a check sum of each
 * memory, as v8.js and peer.py do.
 *
 *   guest [--vectors] [--types] FILES.wasm...
 *
 * --types prints the types that those two need, as JSON.  --vectors: also what
 * takes or gives vectors, which JavaScript can't.
 */
#include "../../engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLOTS = 64, FILE_MAX = 4 << 20 };
static const uint64_t DEADLINE = 5000000000;
static bool vectors;

/* Argument sets: zeros; minus one; something odd. */
static uint64_t argument(char type, int set)
{
    static const uint64_t values[][3] = {
        { 0, 0xffffffff, 0x80000001 },
        { 0, UINT64_MAX, UINT64_C(0x8000000000000001) },
        { 0, 0xbfc00000, 0x4f800000 },
        { 0, UINT64_C(0xbff8000000000000), UINT64_C(0x41f0000000000000) }
    };
    const char *at = strchr("iIfF", type);

    return at != NULL && *at != '\0' ? values[at - "iIfF"][set] : 0;
}

/* All NaNs are one. */
static void print(char type, const uint64_t slots[2])
{
    uint64_t v = slots[0];

    if (type == 'f' && (v & 0x7fffffff) > 0x7f800000) {
        v = 0x7fc00000;
    }
    if (type == 'F' && (v & INT64_MAX) > UINT64_C(0x7ff0000000000000)) {
        v = UINT64_C(0x7ff8000000000000);
    }
    if (strchr("if", type) != NULL) {
        printf(" %c:%08x", type, (unsigned) v);
    } else if (strchr("IF", type) != NULL) {
        printf(" %c:%016llx", type, (unsigned long long) v);
    } else if (type == 'v') {
        printf(" v:%016llx%016llx", (unsigned long long) slots[1],
               (unsigned long long) v);
    } else {
        printf(" %c:%s", type, v != 0 ? "set" : "null");
    }
}

/* --- types ----------------------------------------------------------------- */

/*
 * The letter of the value type that the text at *at begins with: those of
 * signatures, and r any reference that may be null, R one that may not, x what
 * JavaScript knows nothing of.
 */
static char letter(const char **at)
{
    static const struct { const char *text, letter; } numbers[] = {
        { "i32", 'i' }, { "i64", 'I' }, { "f32", 'f' }, { "f64", 'F' },
        { "v128", 'v' }
    };
    const char *p = *at;
    bool compound = *p == '(', null = !compound || p[5] == 'n';
    size_t i, len = compound ? strcspn(p, ")") + 1 : strcspn(p, " )");

    *at += len + (p[len] == ' ');
    for (i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (strncmp(p, numbers[i].text, len) == 0) {
            return numbers[i].letter;
        }
    }
    p += compound ? null ? 10 : 5 : 0;
    if (strncmp(p, "exn", 3) == 0 || strncmp(p, "noexn", 5) == 0
        || strncmp(p, "nullexn", 7) == 0) {
        return 'x';
    }
    return null ? 'r' : 'R';
}

/* Letters of the values at text, up to stop; false: too many. */
static bool letters(const char *text, char *out, char **end)
{
    size_t n = 0;

    while (*text != '\0' && *text != ')') {
        if (n == SLOTS / 2 - 1) {
            return false;
        }
        out[n++] = letter(&text);
    }
    out[n] = '\0';
    *end = out + n;
    return true;
}

/* "params:results" in letters, or what a global or table holds; false: it can't
 * be called or looked at. */
static bool describe(const we_module *module, const struct we_extern *export_,
                     char *out)
{
    char text[2048], *at;
    const char *p;

    we_module_extern_text(module, export_, text, sizeof text);
    if (strlen(text) == sizeof text - 1) {
        return false;
    }
    if (export_->kind == WE_TABLE) {
        p = strstr(text, " (ref");
        p = p != NULL ? p + 1 : strrchr(text, ' ') + 1;
        return letters(p, out, &at) && *out != 'x';
    }
    if (export_->kind == WE_GLOBAL) {
        p = strncmp(text, "global (mut ", 12) == 0 ? text + 12 : text + 7;
        return letters(p, out, &at) && *out != 'x'
               && (vectors || *out != 'v');
    }
    p = strstr(text, "(param ");
    at = out;
    if (p != NULL && !letters(p + 7, out, &at)) {
        return false;
    }
    if (memchr(out, 'R', (size_t) (at - out)) != NULL) {
        return false;
    }
    *at++ = ':';
    *at = '\0';
    p = strstr(text, "(result ");
    if (p != NULL && !letters(p + 8, at, &at)) {
        return false;
    }
    return strchr(out, 'x') == NULL && (vectors || strchr(out, 'v') == NULL);
}

static void types(const we_module *module, const char *path)
{
    struct we_extern export_;
    char text[SLOTS];
    uint32_t i;

    printf("\"%s\":{", path);
    for (i = 0; i < we_module_nexports(module); i++) {
        we_module_export(module, i, &export_);
        if (export_.kind != WE_MEMORY && export_.kind != WE_TAG
            && describe(module, &export_, text)) {
            printf("\"%u\":\"%s\",", i, text);
        }
    }
    printf("\"\":0},\n");
}

/* --- one module ------------------------------------------------------------ */

/* V8 tells fewer causes apart; an access may be out of bounds and unaligned. */
static const char *cause(enum we_trap_code code)
{
    switch (code) {
    case WE_TRAP_UNINIT_ELEMENT:
        code = WE_TRAP_CALL_TYPE;
        break;
    case WE_TRAP_UNDEFINED_ELEMENT:
        code = WE_TRAP_TABLE;
        break;
    case WE_TRAP_UNALIGNED:
        code = WE_TRAP_MEMORY;
        break;
    case WE_TRAP_OVERFLOW:
        code = WE_TRAP_CONVERSION;
        break;
    default:
        break;
    }
    return we_trap_text(code);
}

static void call(const we_module *module, we_instance *guest,
                 const struct we_extern *export_, uint32_t n, int set)
{
    we_func *func = we_instance_func(guest, export_->name, export_->name_len);
    uint64_t slots[SLOTS] = { 0 };
    struct we_trap trap;
    char text[SLOTS], *p;
    uint32_t at = 0;

    if (!describe(module, export_, text)) {
        return;
    }
    for (p = text; *p != ':'; p++, at += p[-1] == 'v' ? 2 : 1) {
        slots[at] = argument(*p, set);
    }
    printf("%d %u", set, n);
    if (we_call(func, slots, DEADLINE, &trap) != WE_OK) {
        printf(" trap: %s\n", cause(trap.code));
        return;
    }
    for (at = 0, p++; *p != '\0'; at += *p++ == 'v' ? 2 : 1) {
        print(*p, &slots[at]);
    }
    printf("\n");
}

/* CRC-32, as zlib has it. */
static uint32_t check_sum(const uint8_t *data, uint64_t len)
{
    static uint32_t table[256];
    uint32_t sum = UINT32_MAX, i, k;

    for (i = 0; i < 256 && table[1] == 0; i++) {
        table[255 - i] = 255 - i;
        for (k = 0; k < 8; k++) {
            table[255 - i] = table[255 - i] >> 1
                             ^ (table[255 - i] & 1 ? 0xedb88320 : 0);
        }
    }
    while (len-- > 0) {
        sum = sum >> 8 ^ table[(sum ^ *data++) & 0xff];
    }
    return ~sum;
}

static void state_of_table(const we_table *table, uint32_t n)
{
    uint64_t i, slot, size = we_table_size(table);

    printf("t%u ", n);
    for (i = 0; i < size; i++) {
        we_table_get(table, i, &slot);
        printf("%c", slot != 0 ? '+' : '-');
    }
    printf("\n");
}

static void state(const we_module *module, we_instance *guest,
                  const struct we_extern *export_, uint32_t n)
{
    const char *name = export_->name;
    size_t len = export_->name_len;
    uint64_t slots[2], size;
    we_memory *memory;
    char text[SLOTS];
    uint8_t *data;

    if (export_->kind == WE_MEMORY) {
        memory = we_instance_memory(guest, name, len);
        size = we_memory_size(memory);
        we_memory_span(memory, 0, size, &data);
        printf("m%u %llu %08x\n", n, (unsigned long long) size,
               (unsigned) check_sum(data, size));
    } else if (export_->kind == WE_FUNC || export_->kind == WE_TAG
               || !describe(module, export_, text)) {
        return;
    } else if (export_->kind == WE_TABLE) {
        state_of_table(we_instance_table(guest, name, len), n);
    } else {
        we_global_get(we_instance_global(guest, name, len), slots);
        printf("g%u", n);
        print(*text, slots);
        printf("\n");
    }
}

static void run(const we_module *module, we_instance *guest)
{
    struct we_extern export_;
    uint32_t i, n = we_module_nexports(module);
    int set;

    for (set = 0; set < 3; set++) {
        for (i = 0; i < n; i++) {
            we_module_export(module, i, &export_);
            if (export_.kind == WE_FUNC) {
                call(module, guest, &export_, i, set);
            }
        }
    }
    for (i = 0; i < n; i++) {
        we_module_export(module, i, &export_);
        state(module, guest, &export_, i);
    }
}

static void module(we_engine *engine, const char *path, bool only_types)
{
    static uint8_t bytes[FILE_MAX];
    struct we_limits limits = { .memory_bytes = 64 << 20 };
    struct we_detail detail;
    we_instance *guest;
    we_module *m;
    struct we_trap trap;
    enum we_error e;
    FILE *file = fopen(path, "rb");
    size_t len = file != NULL ? fread(bytes, 1, sizeof bytes, file) : 0;
    clock_t start = clock();

    if (file != NULL) {
        fclose(file);
    }
    if (!only_types) {
        printf("== %s\n", path);
    }
    if (we_module_load(engine, bytes, len, &m, &detail) != WE_OK) {
        printf(only_types ? "" : "refused: %s\n", detail.text);
        return;
    }
    if (only_types) {
        types(m, path);
    } else {
        e = we_instance_new(m, NULL, &limits, DEADLINE, NULL, &guest, &detail,
                            &trap);
        if (e == WE_OK) {
            run(m, guest);
        } else {
            printf("trap: %s\n",
                   e == WE_TRAP ? cause(trap.code) : detail.text);
        }
        we_instance_free(guest);
    }
    we_module_free(m);
    if (clock() - start > CLOCKS_PER_SEC) {
        printf("took %.1f s\n", (double) (clock() - start) / CLOCKS_PER_SEC);
    }
}

/* Blocks in use, to find leaks. */
static void *resize(void *env, void *ptr, size_t old_size, size_t new_size)
{
    long *blocks = env;
    void *p = NULL;

    (void) old_size;
    if (new_size == 0) {
        free(ptr);
        *blocks -= ptr != NULL;
    } else {
        p = realloc(ptr, new_size);
        *blocks += ptr == NULL && p != NULL;
    }
    return p;
}

int main(int argc, char **argv)
{
    long blocks = 0;
    struct we_config config = { { resize, &blocks }, 0, 64 << 20 };
    we_engine *engine = we_engine_new(&config);
    bool only_types = false;
    int i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        vectors |= strcmp(argv[i], "--vectors") == 0;
        only_types |= strcmp(argv[i], "--types") == 0;
    }
    if (we_engine_attach(engine) != WE_OK) {
        return 1;
    }
    printf("%s", only_types ? "{" : "");
    for (; i < argc; i++) {
        module(engine, argv[i], only_types);
    }
    printf("%s", only_types ? "\"\":{}}\n" : "");
    we_engine_free(engine);
    if (blocks != 0) {
        printf("leak: %ld blocks\n", blocks);
    }
    return 0;
}

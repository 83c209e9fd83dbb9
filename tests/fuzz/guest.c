/*
 * Calls every export of the modules named, with three sets of arguments, and
 * prints results, causes of traps, globals and a hash of each memory, as v8.js
 * does.  With
 * --types it prints the types that v8.js needs, as JSON.
 */
#include "../../engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64, FILE_MAX = 4 << 20 };
static const uint64_t DEADLINE = 5000000000;

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
static void print(char type, uint64_t v)
{
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
    } else {
        printf(" %c:%s", type, v != 0 ? "set" : "null");
    }
}

/* JavaScript has no vectors. */
static bool known(const char *signature)
{
    return strchr(signature, ':') != NULL && strchr(signature, 'v') == NULL
           && strlen(signature) < SLOTS;
}

/* V8 tells fewer causes apart. */
static const char *cause(enum we_trap_code code)
{
    switch (code) {
    case WE_TRAP_UNINIT_ELEMENT:
        code = WE_TRAP_CALL_TYPE;
        break;
    case WE_TRAP_UNDEFINED_ELEMENT:
        code = WE_TRAP_TABLE;
        break;
    default:
        break;
    }
    return we_trap_text(code);
}

static void call(we_instance *guest, const struct we_extern *export_,
                 uint32_t n, int set)
{
    we_func *func = we_instance_func(guest, export_->name, export_->name_len);
    uint64_t slots[SLOTS] = { 0 };
    char signature[256], *p;
    struct we_trap trap;

    if (!known(we_func_signature(func, signature, sizeof signature))) {
        return;
    }
    for (p = signature; *p != ':'; p++) {
        slots[p - signature] = argument(*p, set);
    }
    printf("%d %u", set, n);
    if (we_call(func, slots, DEADLINE, &trap) != WE_OK) {
        printf(" trap: %s\n", cause(trap.code));
        if (trap.code == WE_TRAP_DEADLINE) {
            fprintf(stderr, "a call doesn't end\n");
        }
        return;
    }
    for (n = 0, p++; p[n] != '\0'; n++) {
        print(p[n], slots[n]);
    }
    printf("\n");
}

static void state(we_instance *guest, const struct we_extern *export_,
                  uint32_t n)
{
    we_global *global = we_instance_global(guest, export_->name,
                                           export_->name_len);
    we_memory *memory = we_instance_memory(guest, export_->name,
                                           export_->name_len);
    uint64_t slots[2], i, size;
    uint32_t hash = 0;
    uint8_t *data;

    if (global != NULL && we_global_type(global) != 'v') {
        we_global_get(global, slots);
        printf("g%u", n);
        print(we_global_type(global), slots[0]);
        printf("\n");
    }
    if (memory != NULL) {
        size = we_memory_size(memory);
        we_memory_span(memory, 0, size, &data);
        for (i = 0; i < size; i++) {
            hash = (hash ^ data[i]) * 0x01000193u;
        }
        printf("m%u %llu %08x\n", n, (unsigned long long) size, hash);
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
                call(guest, &export_, i, set);
            }
        }
    }
    for (i = 0; i < n; i++) {
        we_module_export(module, i, &export_);
        state(guest, &export_, i);
    }
}

static void types(const we_module *module, we_instance *guest,
                  const char *path)
{
    struct we_extern export_;
    we_global *global;
    char signature[256];
    uint32_t i;

    printf("\"%s\":{", path);
    for (i = 0; i < we_module_nexports(module); i++) {
        we_module_export(module, i, &export_);
        global = we_instance_global(guest, export_.name, export_.name_len);
        if (export_.kind == WE_FUNC
            && known(we_module_func_signature(module, export_.index,
                                              signature, sizeof signature))) {
            printf("\"%u\":\"%s\",", i, signature);
        } else if (global != NULL && we_global_type(global) != 'v') {
            printf("\"%u\":\"%c\",", i, we_global_type(global));
        }
    }
    printf("\"\":0},\n");
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

    if (file != NULL) {
        fclose(file);
    }
    if (!only_types) {
        printf("== %s\n", path);
    }
    if (we_module_load(engine, bytes, len, &m, &detail) != WE_OK) {
        fprintf(stderr, "%s: %s\n", path, detail.text);
        return;
    }
    e = we_instance_new(m, NULL, &limits, DEADLINE, NULL, &guest, &detail,
                        &trap);
    if (e == WE_OK) {
        only_types ? types(m, guest, path) : run(m, guest);
    } else if (!only_types) {
        printf("trap: %s\n", e == WE_TRAP ? cause(trap.code) : detail.text);
    }
    we_instance_free(guest);
    we_module_free(m);
}

int main(int argc, char **argv)
{
    struct we_config config = { .stack_bytes = 64 << 20 };
    we_engine *engine = we_engine_new(&config);
    bool only_types = argc > 1 && strcmp(argv[1], "--types") == 0;
    int i;

    if (we_engine_attach(engine) != WE_OK) {
        return 1;
    }
    printf("%s", only_types ? "{" : "");
    for (i = 1 + only_types; i < argc; i++) {
        module(engine, argv[i], only_types);
    }
    printf("%s", only_types ? "\"\":{}}\n" : "");
    we_engine_free(engine);
    return 0;
}

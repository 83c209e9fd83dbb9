/* The module "spectest" that the suite imports from. */
#include <stdio.h>
#include <stdlib.h>

#include "spec.h"

#define MAGIC 0x00, 'a', 's', 'm', 0x01, 0x00, 0x00, 0x00

/* Table, memory, globals.  666 is 0x29a, in LEB128 9a 05. */
static const unsigned char core[] = {
    MAGIC,
    0x04, 5, 1, 0x70, 0x01, 10, 20,
    0x05, 4, 1, 0x01, 1, 2,
    0x06, 33, 4,
    0x7f, 0x00, 0x41, 0x9a, 0x05, 0x0b,
    0x7e, 0x00, 0x42, 0x9a, 0x05, 0x0b,
    0x7d, 0x00, 0x43, 0x66, 0xa6, 0x26, 0x44, 0x0b,
    0x7c, 0x00, 0x44, 0xcd, 0xcc, 0xcc, 0xcc, 0xcc, 0xd4, 0x84, 0x40, 0x0b,
    0x07, 70, 6,
    5, 't', 'a', 'b', 'l', 'e', 0x01, 0,
    6, 'm', 'e', 'm', 'o', 'r', 'y', 0x02, 0,
    10, 'g', 'l', 'o', 'b', 'a', 'l', '_', 'i', '3', '2', 0x03, 0,
    10, 'g', 'l', 'o', 'b', 'a', 'l', '_', 'i', '6', '4', 0x03, 1,
    10, 'g', 'l', 'o', 'b', 'a', 'l', '_', 'f', '3', '2', 0x03, 2,
    10, 'g', 'l', 'o', 'b', 'a', 'l', '_', 'f', '6', '4', 0x03, 3,
};

static const unsigned char table64[] = {
    MAGIC,
    0x04, 5, 1, 0x70, 0x05, 10, 20,
    0x07, 11, 1, 7, 't', 'a', 'b', 'l', 'e', '6', '4', 0x01, 0,
};

static const unsigned char shared_memory[] = {
    MAGIC,
    0x05, 4, 1, 0x03, 1, 2,
    0x07, 17, 1, 13, 's', 'h', 'a', 'r', 'e', 'd', '_', 'm', 'e', 'm', 'o',
    'r', 'y', 0x02, 0,
};

static const struct {
    const unsigned char *bytes;
    size_t               len;
    bool                 optional;   /* a module that needs it is refused */
} parts[] = {
    {core, sizeof core, false},
    {table64, sizeof table64, true},
    {shared_memory, sizeof shared_memory, true},
};

static const struct {
    const char *name, *signature;
} functions[] = {
    {"print", ":"},         {"print_i32", "i:"},
    {"print_i64", "I:"},    {"print_f32", "f:"},
    {"print_f64", "F:"},    {"print_i32_f32", "if:"},
    {"print_f64_f64", "FF:"},
};

static enum we_trap_code print(void *env, we_instance *instance,
                               uint64_t *slots)
{
    (void)env;
    (void)instance;
    (void)slots;
    return WE_TRAP_NONE;
}

static void die(const char *what, const char *why)
{
    printf("spectest: %s: %s\n", what, why);
    exit(1);
}

size_t spec_spectest_new(we_engine *engine,
                         we_instance *instances[SPEC_SPECTEST_MAX])
{
    we_linker *linker = we_linker_new(engine);
    size_t n = 0;

    if (!linker)
        die("linker", we_error_text(WE_NOMEM));
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct we_detail detail;
        struct we_trap trap;
        we_module *module;
        enum we_error e = we_module_load(engine, parts[i].bytes, parts[i].len,
                                         &module, &detail);

        if (e == WE_UNSUPPORTED && parts[i].optional)
            continue;
        if (e)
            die("load", detail.text);
        e = we_instance_new(module, linker, NULL, 0, NULL, &instances[n++],
                            &detail, &trap);
        we_module_free(module);
        if (e)
            die("instantiate", detail.text);
    }
    we_linker_free(linker);
    return n;
}

enum we_error spec_spectest_define(we_linker *linker, we_instance **instances,
                                   size_t n)
{
    enum we_error e = WE_OK;

    for (size_t i = 0; !e && i < sizeof functions / sizeof *functions; i++)
        e = we_linker_define_func(linker, "spectest", functions[i].name,
                                  functions[i].signature, print, NULL);
    for (size_t i = 0; !e && i < n; i++)
        e = we_linker_define_instance(linker, "spectest", 8, instances[i]);
    return e;
}

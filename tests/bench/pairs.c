/*
 * Counts which two instructions of the register code stand in a row: in all of
 * a module, or where execution goes through both when an export is called with
 * N.  Imports do nothing.  Linked with --wrap=we_emit_handlers, to see the code
 * before operations become addresses.
 *
 *   pairs FILE [EXPORT N]        prints: count, first, second
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../engine/engine.h"
#include "../../engine/interp.h"
#include "../../engine/lower.h"

#define NAME(name) #name,
static const char *const names[WE_NIOPS] = { WE_IOPS(NAME) };

static uint64_t counts[WE_NIOPS][WE_NIOPS];
static uint32_t lengths[WE_NIOPS];
static bool runs;

/* The instruction that was executed last. */
static const uint16_t *last_pc;
static uint32_t last_iop;

static void executed(uint32_t iop, const uint16_t *pc)
{
    if (last_pc && last_pc + lengths[last_iop] == pc)
        counts[last_iop][iop]++;
    last_pc = pc;
    last_iop = iop;
}

#define COUNTING(name)                                                        \
    extern we_handler we_h_##name;                                            \
    static uint32_t count_##name(WE_REGS)                                     \
    {                                                                         \
        executed(WE_I_##name, pc);                                            \
        WE_TAIL(we_h_##name(WE_PASS));                                        \
    }
WE_IOPS(COUNTING)

#define ADDRESS(name) count_##name,
static we_handler *const counting[WE_NIOPS] = { WE_IOPS(ADDRESS) };

void __wrap_we_emit_handlers(struct we_lower *l, uint32_t from);

void __wrap_we_emit_handlers(struct we_lower *l, uint32_t from)
{
    uint32_t at = from, units, last = WE_NIOPS;

    while (at < l->n) {
        uint16_t *p = l->units + at;
        uint32_t iop = p[0];

        memcpy(&units, p + 1, sizeof units);
        lengths[iop] = units;
        if (!runs && last < WE_NIOPS)
            counts[last][iop]++;
        memcpy(p, &counting[iop], sizeof counting[iop]);
        last = iop;
        at += units;
    }
}

static int fail(const char *why)
{
    fprintf(stderr, "pairs: %s\n", why);
    return 1;
}

static enum we_trap_code nothing(void *env, we_instance *instance,
                                 uint64_t *slots)
{
    (void)env, (void)instance;
    slots[0] = 0;
    return WE_TRAP_NONE;
}

static void define_imports(we_linker *linker, const we_module *module)
{
    char from[80], name[80], signature[80];
    struct we_extern x;

    for (uint32_t i = 0; i < we_module_nimports(module); i++) {
        we_module_import(module, i, &x);
        if (x.kind != WE_FUNC)
            continue;
        snprintf(from, sizeof from, "%.*s", (int)x.module_len, x.module);
        snprintf(name, sizeof name, "%.*s", (int)x.name_len, x.name);
        we_linker_define_func(linker, from, name,
                              we_module_func_signature(module, x.index,
                                                       signature,
                                                       sizeof signature),
                              nothing, NULL);
    }
}

static int call(we_engine *engine, we_module *module, const char *name,
                uint64_t n)
{
    we_linker *linker = we_linker_new(engine);
    struct we_detail detail;
    struct we_trap trap;
    we_instance *instance;
    we_func *func;

    define_imports(linker, module);
    if (we_instance_new(module, linker, NULL, 0, NULL, &instance, &detail,
                        &trap))
        return fail(detail.text);
    func = we_instance_func(instance, "_initialize", 11);
    if (func && we_call(func, &n, 0, &trap))
        return fail(trap.text);
    memset(counts, 0, sizeof counts);
    func = we_instance_func(instance, name, strlen(name));
    if (!func || we_func_param_slots(func) != 1)
        return fail("no such function");
    if (we_call(func, &n, 0, &trap))
        return fail(trap.text);
    we_instance_free(instance);
    we_linker_free(linker);
    return 0;
}

int main(int argc, char **argv)
{
    static unsigned char bytes[16 << 20];
    we_engine *engine = we_engine_new(NULL);
    FILE *f = fopen(argc > 1 ? argv[1] : "", "rb");
    struct we_detail detail;
    we_module *module;
    size_t len;

    if (!engine || !f)
        return fail("no engine or no file");
    len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    runs = argc > 3;
    if (we_module_load(engine, bytes, len, &module, &detail))
        return fail(detail.text);
    if (runs && call(engine, module, argv[2], strtoull(argv[3], NULL, 10)))
        return 1;
    for (uint32_t i = 0; i < WE_NIOPS; i++)
        for (uint32_t k = 0; k < WE_NIOPS; k++)
            if (counts[i][k])
                printf("%llu %s %s\n", (unsigned long long)counts[i][k],
                       names[i], names[k]);
    we_module_free(module);
    we_engine_free(engine);
    return 0;
}

/* Damages the modules named, loads them, and runs what is still valid: every
 * failure has a text, nothing crashes.  flip SEED TIMES FILE... */
#include "../../engine/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 64, FILE_MAX = 4 << 20, EXPORTS = 20 };
static const uint64_t DEADLINE = 3000000;
static uint64_t seed, loaded, made, calls, bad;

static uint64_t any(uint64_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (seed >> 33) % below;
}

static enum we_trap_code nothing(void *env, we_instance *instance,
                                 uint64_t *slots)
{
    (void) env;
    (void) instance;
    (void) slots;
    return WE_TRAP_NONE;
}

static enum we_trap_code zero(void *env, we_instance *instance,
                              uint64_t *slots)
{
    slots[0] = 0;
    return nothing(env, instance, slots);
}

static bool resolve(void *env, const struct we_extern *import,
                    const char *signature, struct we_host_def *def)
{
    const char *colon = strchr(signature, ':');

    (void) env;
    (void) import;
    if (colon == NULL || strlen(colon) > 2) {
        return false;
    }
    def->fn = colon[1] != '\0' && colon[1] != 'v' ? zero : nothing;
    return colon[1] != 'v';
}

static void expect_text(const char *text)
{
    if (text[0] == '\0' || strchr(text, '\n') != NULL) {
        fprintf(stderr, "no text, or one of two lines: \"%s\"\n", text);
        bad++;
    }
}

static void damage(uint8_t *bytes, size_t *len)
{
    static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff, 0x0b, 0x40, 0x10 };
    uint64_t n = 1 + any(4), at;

    if (any(8) == 0) {
        *len = any(*len + 1);
    }
    for (; n > 0 && *len > 0; n--) {
        at = any(*len);
        switch (any(3)) {
        case 0:
            bytes[at] ^= (uint8_t) (1 << any(8));
            break;
        case 1:
            bytes[at] = (uint8_t) any(256);
            break;
        default:
            bytes[at] = edges[any(sizeof edges)];
        }
    }
}

static void run(const we_module *module, we_instance *guest)
{
    struct we_extern export_;
    struct we_trap trap;
    we_func *func;
    uint32_t i;

    for (i = 0; i < we_module_nexports(module) && i < EXPORTS; i++) {
        uint64_t slots[SLOTS] = { 0 };

        we_module_export(module, i, &export_);
        func = we_instance_func(guest, export_.name, export_.name_len);
        if (func == NULL || we_func_param_slots(func) > SLOTS
            || we_func_result_slots(func) > SLOTS) {
            continue;
        }
        calls++;
        if (we_call(func, slots, DEADLINE, &trap) != WE_OK) {
            expect_text(trap.text);
        }
    }
}

static void load(we_engine *engine, we_linker *linker, const uint8_t *bytes,
                 size_t len)
{
    struct we_limits limits = { 4 << 20, 10000 };
    struct we_detail detail = { .text = "" };
    we_instance *guest = NULL;
    we_module *module;

    if (we_module_load(engine, bytes, len, &module, &detail) != WE_OK) {
        expect_text(detail.text);
        return;
    }
    loaded++;
    if (we_instance_new(module, linker, &limits, DEADLINE, NULL, &guest,
                        &detail, NULL) == WE_OK) {
        made++;
        run(module, guest);
    } else {
        expect_text(detail.text);
    }
    we_instance_free(guest);
    we_module_free(module);
}

int main(int argc, char **argv)
{
    static uint8_t original[FILE_MAX];
    we_engine *engine = we_engine_new(NULL);
    we_linker *linker = we_linker_new(engine);
    unsigned long times = argc > 2 ? strtoul(argv[2], NULL, 0) : 0, k;
    int i;

    seed = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;
    we_linker_set_resolver(linker, resolve, NULL);
    bad += we_engine_attach(engine) != WE_OK;
    for (i = 3; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        size_t len = file != NULL
                     ? fread(original, 1, sizeof original, file) : 0, cut;

        for (k = 0; k < times; k++) {
            uint8_t *copy = malloc(len + 1);

            if (copy == NULL) {
                return 1;
            }
            memcpy(copy, original, len);
            cut = len;
            damage(copy, &cut);
            copy = realloc(copy, cut + (cut == 0));
            load(engine, linker, copy, cut);
            free(copy);
        }
        if (file != NULL) {
            fclose(file);
        }
    }
    we_linker_free(linker);
    we_engine_free(engine);
    printf("%llu still valid, %llu instances, %llu calls\n",
           (unsigned long long) loaded, (unsigned long long) made,
           (unsigned long long) calls);
    return bad != 0;
}

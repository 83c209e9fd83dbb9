/*
 * Runs a kernel in the engine for the benchmark's driver: for each number n
 * on a line it calls the module's function "run" with it, and answers with the
 * checksum and the nanoseconds of CPU time that it took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../engine/engine.h"

static void *read_file(const char *path, size_t *len)
{
    static unsigned char bytes[1 << 20];
    FILE *f = fopen(path, "rb");

    *len = f ? fread(bytes, 1, sizeof bytes, f) : 0;
    if (f)
        fclose(f);
    return bytes;
}

static uint64_t now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int fail(const char *why)
{
    fprintf(stderr, "runner: %s\n", why);
    return 1;
}

int main(int argc, char **argv)
{
    we_engine *engine = we_engine_new(NULL);
    struct we_detail detail;
    struct we_trap trap;
    we_module *module;
    we_instance *instance;
    we_func *func;
    uint64_t slot, began;
    uint32_t n;
    size_t len;
    void *bytes = read_file(argc > 1 ? argv[1] : "", &len);

    if (!engine)
        return fail("no engine");
    if (we_module_load(engine, bytes, len, &module, &detail) ||
        we_instance_new(module, NULL, NULL, 0, NULL, &instance, &detail,
                        &trap))
        return fail(detail.text);
    func = we_instance_func(instance, "run", 3);
    if (!func || we_func_param_slots(func) != 1)
        return fail("no function \"run\"");
    while (scanf("%" SCNu32, &n) == 1) {
        slot = n;
        began = now();
        if (we_call(func, &slot, 0, &trap))
            return fail(trap.text);
        printf("%" PRIu64 " %" PRIu64 "\n", slot, now() - began);
        fflush(stdout);
    }
    we_instance_free(instance);
    we_module_free(module);
    we_engine_free(engine);
    return 0;
}

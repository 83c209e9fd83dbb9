/* Runs every exported function of a module for n = 0..3, in turn. */
#include "engine.h"

#include <stdio.h>
#include <stdlib.h>

static void *read_file(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    char *bytes = malloc(16 << 20);

    *len = f != NULL && bytes != NULL ? fread(bytes, 1, 16 << 20, f) : 0;
    return bytes;
}

int main(int argc, char **argv)
{
    we_engine *engine = we_engine_new(NULL);
    struct we_extern export_;
    struct we_detail detail;
    struct we_trap trap;
    we_instance *instance;
    we_module *module;
    uint64_t slot;
    uint32_t i, n;
    size_t len;
    void *bytes = read_file(argc > 1 ? argv[1] : "", &len);

    if (we_module_load(engine, bytes, len, &module, &detail) != WE_OK
        || we_instance_new(module, NULL, NULL, 0, NULL, &instance, &detail,
                           &trap) != WE_OK) {
        printf("%s\n", detail.text);
        return 1;
    }
    for (i = 0; i < we_module_nexports(module); i++) {
        we_module_export(module, i, &export_);
        for (n = 0; export_.kind == WE_FUNC && n < 4; n++) {
            slot = n;
            if (we_call(we_instance_func(instance, export_.name,
                                         export_.name_len),
                        &slot, 0, &trap) != WE_OK) {
                printf("%s\n", trap.text);
                return 1;
            }
            printf("%.*s %u %u\n", (int) export_.name_len, export_.name, n,
                   (unsigned) slot);
        }
    }
    we_instance_free(instance);
    we_module_free(module);
    we_engine_free(engine);
    free(bytes);
    return 0;
}

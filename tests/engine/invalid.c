/* Modules that must be refused: each folder of invalid/ has input.wasm and the
 * error that it is refused with, as one line. */
#include "../../engine/engine.h"
#include "../tap.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *folder = "tests/engine/invalid";

/* A file of a case; its length in *len; NULL: it can't be read. */
static char *slurp(const char *name, const char *file, size_t *len)
{
    char path[512], *data = malloc(1 << 20);
    FILE *f;

    snprintf(path, sizeof path, "%s/%s/%s", folder, name, file);
    f = fopen(path, "rb");
    if (!f || !data) {
        free(data);
        return NULL;
    }
    *len = fread(data, 1, (1 << 20) - 1, f);
    data[*len] = '\0';
    fclose(f);
    return data;
}

static void check(const char *name)
{
    struct tap_allocator memory = { 0 };
    struct we_config config = { .allocator = { tap_resize, &memory } };
    we_engine *engine = we_engine_new(&config);
    size_t len = 0, error_len = 0;
    char *input = slurp(name, "input.wasm", &len), *copy, *want;
    char got[WE_TEXT_MAX + 64];
    struct we_detail detail;
    we_module *module;

    want = slurp(name, "error", &error_len);
    if (!ok(input && want, "%s: both files are there", name))
        exit(1);
    want[strcspn(want, "\n")] = '\0';
    copy = tap_guarded(input, len);
    ok(we_module_load(engine, copy, len, &module, &detail) == detail.error
           && !module, "%s is refused", name);
    snprintf(got, sizeof got, "%s: %s", we_error_text(detail.error),
             detail.text);
    is_str(got, want, "%s: the reason", name);
    we_engine_free(engine);
    is_int((int64_t)memory.blocks, 0, "%s: nothing leaked", name);
    is_int((int64_t)memory.mistakes, 0, "%s: sizes are right", name);
    tap_guarded_free(copy, len);
    free(input);
    free(want);
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int n, i;

    if (argc > 1)
        folder = argv[1];
    n = scandir(folder, &entries, visible, alphasort);
    ok(n > 0, "there are cases in %s", folder);
    for (i = 0; i < n; i++) {
        check(entries[i]->d_name);
        free(entries[i]);
    }
    if (n > 0)
        free(entries);
    return done();
}

/* Imports of plugins: from names and signatures to functions. */
#include "call.h"

#include <string.h>

static enum we_trap_code unimplemented(void *env, we_instance *guest,
                                       uint64_t *slots)
{
    (void)env;
    (void)guest;
    slots[0] = PW_UNIMPLEMENTED;
    return WE_TRAP_NONE;
}

#define ROW_CALL(name, arity, params, versions, when, needs)                  \
    { #name, PW_SIG_##arity, pw_call_##name, PW_ALLOW_##needs },
#define ROW_LACK(name, arity, params, versions, why)                          \
    { #name, PW_SIG_##arity, unimplemented, PW_ALLOW_NOTHING },
#define ROW_BARE(name, signature, when)                                       \
    { #name, signature, pw_call_bare_##name, PW_ALLOW_NOTHING },
static const struct pw_import hostcalls[] = {
    PW_HOSTCALLS(ROW_CALL, ROW_LACK, ROW_BARE)
};

static const struct pw_import *hostcall_row(size_t i)
{
    return i < sizeof hostcalls / sizeof hostcalls[0] ? &hostcalls[i] : NULL;
}

/* Modules that plugins import from. */
static const struct module {
    const char *name;
    const struct pw_import *(*row)(size_t i);
} modules[] = {
    { "env", hostcall_row },
    { "wasi_snapshot_preview1", pw_wasi_row },
    { "wasi_unstable", pw_wasi_row },
};

static bool equals(const char *name, uint32_t len, const char *text)
{
    return strlen(text) == len && memcmp(name, text, len) == 0;
}

static const struct module *find_module(const struct we_extern *import)
{
    for (size_t i = 0; i < sizeof modules / sizeof modules[0]; i++) {
        if (equals(import->module, import->module_len, modules[i].name)) {
            return &modules[i];
        }
    }
    return NULL;
}

const struct pw_import *pw_link_find(const struct we_extern *import,
                                     const char *signature,
                                     const char **wanted)
{
    const struct module *module = find_module(import);
    const struct pw_import *row;

    *wanted = NULL;
    if (module == NULL || import->kind != WE_FUNC) {
        return NULL;
    }
    for (size_t i = 0; (row = module->row(i)) != NULL; i++) {
        if (!equals(import->name, import->name_len, row->name)) {
            continue;
        }
        if (strcmp(signature, row->signature) == 0) {
            return row;
        }
        if (*wanted == NULL) {
            *wanted = row->signature;
        }
    }
    return NULL;
}

bool pw_link_resolve(void *env, const struct we_extern *import,
                     const char *signature, struct we_host_def *def)
{
    const char *wanted;
    const struct pw_import *row = pw_link_find(import, signature, &wanted);

    (void)env;
    if (row == NULL) {
        return false;
    }
    def->fn = row->fn;
    def->env = (void *)(uintptr_t)row;
    return true;
}

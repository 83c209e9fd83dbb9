/* `sluice check`: is a module valid, what does it want and offer, and is it a
 * plugin that a proxy would take? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../abi/proxy_wasm.h"
#include "cli.h"

/* Names are UTF-8 of the module's; what could disturb a terminal is shown as
 * an escape. */
static void print_name(const char *name, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)name[i];

        if (c < 0x20 || c == 0x7f || c == '"' || c == '\\')
            printf("\\%02x", c);
        else
            putchar(c);
    }
}

static void print_extern(const we_module *module, const struct we_extern *x)
{
    char type[400];

    fputs("  \"", stdout);
    if (x->module) {
        print_name(x->module, x->module_len);
        fputs("\" \"", stdout);
    }
    print_name(x->name, x->name_len);
    printf("\"  %s\n",
           we_module_extern_text(module, x, type, sizeof type));
}

static void print_module(const char *file, const we_module *module)
{
    uint32_t nimports = we_module_nimports(module);
    uint32_t nexports = we_module_nexports(module);
    struct we_extern x;

    printf("%s: valid\n", file);
    printf("imports: %u\n", nimports);
    for (uint32_t i = 0; i < nimports; i++) {
        we_module_import(module, i, &x);
        print_extern(module, &x);
    }
    printf("exports: %u\n", nexports);
    for (uint32_t i = 0; i < nexports; i++) {
        we_module_export(module, i, &x);
        print_extern(module, &x);
    }
}

/* All Proxy-Wasm plugins export a function that names the version. */
static bool claims_abi(const we_module *module)
{
    static const char prefix[] = "proxy_abi_version_";
    struct we_extern x;

    for (uint32_t i = 0; i < we_module_nexports(module); i++) {
        we_module_export(module, i, &x);
        if (x.kind == WE_FUNC && x.name_len >= sizeof prefix - 1 &&
            memcmp(x.name, prefix, sizeof prefix - 1) == 0)
            return true;
    }
    return false;
}

/* To load a plugin runs nothing of it and asks nothing of the proxy. */
static int check_plugin(we_engine *engine, const char *file,
                        const unsigned char *bytes, size_t len)
{
    static const struct pw_host nobody;
    struct pw_error error;
    pw_runtime *runtime = pw_runtime_new(engine, &nobody);
    pw_plugin *plugin;
    int status = CLI_OK;

    if (!runtime)
        return cli_fail("out of memory");
    plugin = pw_plugin_load(runtime, (struct pw_str){"check", 5}, bytes, len,
                            (struct pw_str){0}, NULL, &error);
    if (plugin)
        printf("plugin: Proxy-Wasm %s\n", pw_plugin_abi(plugin));
    else
        status = cli_fail("%s: no plugin that can be used: %s: %s", file,
                          error.phase, error.text);
    if (plugin)
        pw_plugin_free(plugin);
    pw_runtime_free(runtime);
    return status;
}

static int check(we_engine *engine, const char *file,
                 const unsigned char *bytes, size_t len)
{
    struct we_detail detail;
    we_module *module;
    enum we_error e = we_module_load(engine, bytes, len, &module, &detail);
    bool plugin;

    if (e)
        return cli_fail("%s: %s: %s", file, we_error_text(e), detail.text);
    print_module(file, module);
    plugin = claims_abi(module);
    we_module_free(module);
    if (plugin)
        return check_plugin(engine, file, bytes, len);
    puts("plugin: no");
    return CLI_OK;
}

int cli_check(int argc, char **argv)
{
    unsigned char *bytes;
    we_engine *engine;
    size_t len;
    int status;

    if (argc != 2 || argv[1][0] == '-') {
        cli_fail(argc < 2 ? "check: which file?"
                 : argc > 2 ? "check: one file only"
                 : "check: there are no options");
        return cli_usage("check");
    }
    bytes = cli_read_file(argv[1], &len);
    if (!bytes)
        return CLI_FAILED;
    engine = we_engine_new(NULL);
    status = engine ? check(engine, argv[1], bytes, len)
                    : cli_fail("out of memory");
    if (engine)
        we_engine_free(engine);
    free(bytes);
    return status;
}

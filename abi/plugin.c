/* Loading a plugin: what it must export and may import. */
#include "plugin.h"

#include "call.h"
#include "text.h"

#include <string.h>

enum { NAME_SHOWN = 100, SIGNATURE_SIZE = 64 };

struct export_row {
    const char *name, *signature;
};

#define ROW_NAME(id, export_, signature) [PW_##id] = #export_,
#define ROW_NONE(...)
static const char *const callback_names[PW_NCALLBACKS] = {
    PW_CALLBACKS(ROW_NAME, ROW_NONE)
};

#define ROW_CALLED(id, export_, signature) { #export_, signature },
#define ROW_EXPORT(export_, ...)           { #export_, __VA_ARGS__ },
#define ROW_IDLE(export_, signature, why)  { #export_, signature },
static const struct export_row exports[] = {
    PW_CALLBACKS(ROW_CALLED, ROW_IDLE)
    PW_START_EXPORTS(ROW_EXPORT)
};
static const struct export_row exports_0_1_0[] = {
    PW_CALLBACKS_0_1_0(ROW_EXPORT)
};

#define ROW_MARKER(id, export_, text) [PW_##id] = { #export_, text },
static const struct { const char *export_, *text; } versions[] = {
    PW_VERSIONS(ROW_MARKER)
};

const char *pw_plugin_callback_name(enum pw_callback callback)
{
    return callback_names[callback];
}

/* --- runtime ------------------------------------------------------------- */

pw_runtime *pw_runtime_new(we_engine *engine, const struct pw_host *host)
{
    struct pw_budget budget = { we_engine_allocator(engine), 0, 0 };
    pw_runtime *runtime = pw_budget_new(&budget, sizeof *runtime);

    if (runtime == NULL) {
        return NULL;
    }
    runtime->engine = engine;
    runtime->host = host;
    runtime->budget = budget;
    runtime->linker = we_linker_new(engine);
    if (runtime->linker == NULL) {
        pw_runtime_free(runtime);
        return NULL;
    }
    we_linker_set_resolver(runtime->linker, pw_link_resolve, runtime);
    return runtime;
}

void pw_runtime_free(pw_runtime *runtime)
{
    struct pw_budget budget;

    if (runtime == NULL) {
        return;
    }
    budget = runtime->budget;
    if (runtime->linker != NULL) {
        we_linker_free(runtime->linker);
    }
    pw_budget_free(&budget, runtime, sizeof *runtime);
}

/* --- the checks ---------------------------------------------------------- */

/* "ii:i" -> "(i32, i32) -> i32" */
static void add_signature(struct pw_text *text, const char *signature)
{
    static const char *const names[] = {
        ['i'] = "i32", ['I'] = "i64", ['f'] = "f32", ['F'] = "f64",
        ['v'] = "v128", ['r'] = "funcref", ['e'] = "externref",
    };
    bool results = false, first = true;

    if (strchr(signature, ':') == NULL) {
        pw_text_add(text, "another one");
        return;
    }
    pw_text_add(text, "(");
    for (const char *s = signature; *s != '\0'; s++) {
        if (*s == ':') {
            pw_text_add(text, ") -> %s", s[1] == '\0' ? "nothing" : "");
            results = first = true;
        } else {
            pw_text_add(text, "%s%s", first ? "" : ", ",
                        names[(unsigned char)*s]);
            first = false;
        }
    }
    if (!results) {
        pw_text_add(text, ")");
    }
}

static void add_mismatch(struct pw_text *text, const char *wanted,
                         const char *found)
{
    pw_text_add(text, " has the wrong signature: wanted ");
    add_signature(text, wanted);
    pw_text_add(text, ", found ");
    add_signature(text, found);
}

static bool is_marker(const struct we_extern *e, const char *name)
{
    return e->kind == WE_FUNC && e->name_len == strlen(name)
           && memcmp(e->name, name, e->name_len) == 0;
}

/* The first export in order that is a known marker decides, as in Envoy. */
static bool find_version(pw_plugin *plugin, struct pw_error *error)
{
    static const char prefix[] = "proxy_abi_version_";
    uint32_t n = we_module_nexports(plugin->module);
    struct we_extern e, unknown = { .name = NULL };
    struct pw_text text;

    for (uint32_t i = 0; i < n; i++) {
        we_module_export(plugin->module, i, &e);
        for (int v = 0; v < PW_NVERSIONS; v++) {
            if (is_marker(&e, versions[v].export_)) {
                plugin->version = (enum pw_version)v;
                return true;
            }
        }
        if (unknown.name == NULL && e.name_len >= sizeof prefix - 1
            && memcmp(e.name, prefix, sizeof prefix - 1) == 0) {
            unknown = e;
        }
    }
    text = pw_text_error(error, "load");
    if (unknown.name == NULL) {
        pw_text_add(&text, "not a Proxy-Wasm plugin: no export "
                           "proxy_abi_version_0_1_0, _0_2_0 or _0_2_1");
    } else {
        pw_text_add(&text, "unknown Proxy-Wasm version: export ");
        pw_text_add_foreign(&text,
                            (struct pw_str){ unknown.name, unknown.name_len },
                            NAME_SHOWN);
    }
    return false;
}

static bool has_export(const pw_plugin *plugin, const char *name)
{
    struct we_extern e;

    return we_module_find_export(plugin->module, name, strlen(name), &e)
           && e.kind == WE_FUNC;
}

static bool find_memory(pw_plugin *plugin, struct pw_error *error)
{
    struct we_extern e;
    struct pw_text text;

    if (!we_module_find_export(plugin->module, "memory", 6, &e)
        || e.kind != WE_MEMORY) {
        text = pw_text_error(error, "load");
        pw_text_add(&text, "no exported memory named \"memory\"");
        return false;
    }
    return true;
}

static bool find_allocator(pw_plugin *plugin, struct pw_error *error)
{
    struct pw_text text;

    if (has_export(plugin, "malloc")) {
        plugin->allocator = "malloc";
    } else if (has_export(plugin, "proxy_on_memory_allocate")) {
        plugin->allocator = "proxy_on_memory_allocate";
    } else {
        text = pw_text_error(error, "load");
        pw_text_add(&text, "no allocator: neither malloc nor "
                           "proxy_on_memory_allocate is exported");
        return false;
    }
    return true;
}

static const char *wanted_signature(const pw_plugin *plugin,
                                    const struct export_row *row)
{
    size_t n = sizeof exports_0_1_0 / sizeof exports_0_1_0[0];

    if (plugin->version == PW_V0_1_0) {
        for (size_t i = 0; i < n; i++) {
            if (strcmp(exports_0_1_0[i].name, row->name) == 0) {
                return exports_0_1_0[i].signature;
            }
        }
    }
    return row->signature;
}

static bool check_export(const pw_plugin *plugin, const struct export_row *row,
                         struct pw_error *error)
{
    const char *wanted = wanted_signature(plugin, row);
    char found[SIGNATURE_SIZE];
    struct we_extern e;
    struct pw_text text;

    if (!we_module_find_export(plugin->module, row->name, strlen(row->name),
                               &e)
        || (e.kind == WE_FUNC
            && we_module_func_is(plugin->module, e.index, wanted))) {
        return true;
    }
    text = pw_text_error(error, "load");
    pw_text_add(&text, "export %s", row->name);
    if (e.kind == WE_FUNC) {
        add_mismatch(&text, wanted,
                     we_module_func_signature(plugin->module, e.index, found,
                                              sizeof found));
    } else {
        pw_text_add(&text, " is not a function");
    }
    return false;
}

static bool check_exports(pw_plugin *plugin, struct pw_error *error)
{
    for (size_t i = 0; i < sizeof exports / sizeof exports[0]; i++) {
        if (!check_export(plugin, &exports[i], error)) {
            return false;
        }
    }
    for (int i = 0; i < PW_NCALLBACKS; i++) {
        plugin->has[i] = has_export(plugin, callback_names[i]);
    }
    return true;
}

static bool check_import(const pw_plugin *plugin,
                         const struct we_extern *import,
                         struct pw_error *error)
{
    char found[SIGNATURE_SIZE] = "";
    const char *wanted;
    struct pw_text text;

    if (import->kind == WE_FUNC) {
        we_module_func_signature(plugin->module, import->index, found,
                                 sizeof found);
    }
    if (pw_link_find(import, found, &wanted) != NULL) {
        return true;
    }
    text = pw_text_error(error, "link");
    pw_text_add(&text, "import ");
    pw_text_add_foreign(&text,
                        (struct pw_str){ import->module, import->module_len },
                        NAME_SHOWN);
    pw_text_add(&text, ".");
    pw_text_add_foreign(&text,
                        (struct pw_str){ import->name, import->name_len },
                        NAME_SHOWN);
    if (import->kind != WE_FUNC) {
        pw_text_add(&text, " is not a function");
    } else if (wanted != NULL) {
        add_mismatch(&text, wanted, found);
    } else {
        pw_text_add(&text, " is unknown");
    }
    return false;
}

static bool check_imports(const pw_plugin *plugin, struct pw_error *error)
{
    uint32_t n = we_module_nimports(plugin->module);
    struct we_extern import;

    for (uint32_t i = 0; i < n; i++) {
        we_module_import(plugin->module, i, &import);
        if (!check_import(plugin, &import, error)) {
            return false;
        }
    }
    return true;
}

/* --- loading ------------------------------------------------------------- */

static void set_limits(struct pw_limits *limits, const struct pw_limits *given)
{
    const struct pw_limits defaults = {
        .memory = (uint64_t)16 << 20,
        .host_memory = (uint64_t)4 << 20,
        .deadline = (uint64_t)10 * 1000 * 1000,
        .start_deadline = (uint64_t)5 * 1000 * 1000 * 1000,
    };

    *limits = given == NULL ? defaults : *given;
    if (limits->memory == 0) {
        limits->memory = defaults.memory;
    }
    if (limits->host_memory == 0) {
        limits->host_memory = defaults.host_memory;
    }
    if (limits->deadline == 0) {
        limits->deadline = defaults.deadline;
    }
    if (limits->start_deadline == 0) {
        limits->start_deadline = defaults.start_deadline;
    }
    if (limits->allow == 0) {
        limits->allow = UINT32_MAX;
    }
    if ((limits->allow & PW_ALLOW_HEADERS) != 0) {
        limits->allow |= PW_ALLOW_HEADERS_READ;
    }
    if ((limits->allow & PW_ALLOW_BODY) != 0) {
        limits->allow |= PW_ALLOW_BODY_READ;
    }
}

static bool load_module(pw_plugin *plugin, const void *bytes, size_t len,
                        struct pw_error *error)
{
    struct we_detail detail;
    struct pw_text text;
    enum we_error e = we_module_load(plugin->runtime->engine, bytes, len,
                                     &plugin->module, &detail);

    if (e == WE_OK) {
        return true;
    }
    plugin->module = NULL;
    text = pw_text_error(error, "load");
    pw_text_add(&text, "%s: ", we_error_text(e));
    pw_text_add_foreign(&text,
                        (struct pw_str){ detail.text, strlen(detail.text) },
                        WE_TEXT_MAX);
    if (detail.offset != 0) {
        pw_text_add(&text, " (at byte 0x%llx)",
                    (unsigned long long)detail.offset);
    }
    return false;
}

static bool load(pw_plugin *plugin, const void *bytes, size_t len,
                 struct pw_error *error)
{
    return load_module(plugin, bytes, len, error)
           && find_version(plugin, error) && find_memory(plugin, error)
           && find_allocator(plugin, error) && check_exports(plugin, error)
           && check_imports(plugin, error);
}

pw_plugin *pw_plugin_load(pw_runtime *runtime, struct pw_str name,
                          const void *bytes, size_t len,
                          struct pw_str vm_config,
                          const struct pw_limits *limits,
                          struct pw_error *error)
{
    struct pw_budget *budget = &runtime->budget;
    pw_plugin *plugin = pw_budget_new(budget, sizeof *plugin);
    struct pw_text text;

    if (plugin != NULL) {
        plugin->runtime = runtime;
        set_limits(&plugin->limits, limits);
    }
    if (plugin == NULL || !pw_budget_copy(budget, name, &plugin->name)
        || !pw_budget_copy(budget, vm_config, &plugin->vm_config)) {
        text = pw_text_error(error, "load");
        pw_text_add(&text, "out of memory");
        pw_plugin_free(plugin);
        return NULL;
    }
    if (!load(plugin, bytes, len, error)) {
        pw_plugin_free(plugin);
        return NULL;
    }
    return plugin;
}

void pw_plugin_free(pw_plugin *plugin)
{
    struct pw_budget *budget;

    if (plugin == NULL) {
        return;
    }
    budget = &plugin->runtime->budget;
    if (plugin->module != NULL) {
        we_module_free(plugin->module);
    }
    pw_budget_release(budget, &plugin->name);
    pw_budget_release(budget, &plugin->vm_config);
    pw_budget_free(budget, plugin, sizeof *plugin);
}

bool pw_plugin_has(const pw_plugin *plugin, enum pw_callback callback)
{
    return plugin->has[callback];
}

const char *pw_plugin_denied(const pw_plugin *plugin, uint32_t i)
{
    uint32_t n = we_module_nimports(plugin->module);
    const struct pw_import *row;
    struct we_extern import;
    char found[SIGNATURE_SIZE];
    const char *wanted;

    for (uint32_t at = 0; at < n; at++) {
        we_module_import(plugin->module, at, &import);
        we_module_func_signature(plugin->module, import.index, found,
                                 sizeof found);
        row = pw_link_find(&import, found, &wanted);
        if (row != NULL && (row->needs & ~plugin->limits.allow) != 0
            && i-- == 0) {
            return row->name;
        }
    }
    return NULL;
}

const char *pw_plugin_abi(const pw_plugin *plugin)
{
    return versions[plugin->version].text;
}

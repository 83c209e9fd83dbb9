/* What is loaded once: the runtime and the plugins. */
#ifndef PW_PLUGIN_H
#define PW_PLUGIN_H

#include "budget.h"
#include "callbacks.h"

#define PW_ROW_VERSION(id, export_, text) PW_##id,
enum pw_version { PW_VERSIONS(PW_ROW_VERSION) PW_NVERSIONS };
#undef PW_ROW_VERSION

struct pw_runtime {
    we_engine            *engine;
    we_linker            *linker;
    const struct pw_host *host;
    struct pw_budget      budget;        /* no bound: the operator's */
};

struct pw_plugin {
    pw_runtime      *runtime;
    we_module       *module;
    struct pw_str    name, vm_config;
    struct pw_limits limits;
    enum pw_version  version;
    const char      *allocator;          /* the export to be called */
    bool             has[PW_NCALLBACKS];
};

/* The export of a callback. */
const char *pw_plugin_callback_name(enum pw_callback callback);

#endif

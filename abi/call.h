/* What a host call knows, and how the rows of hostcalls.h become functions
 * that the engine calls. */
#ifndef PW_CALL_H
#define PW_CALL_H

#include "hostcalls.h"
#include "instance.h"

enum { PW_WHEN_RUNNING = PW_OPEN_RUNNING, PW_WHEN_START = PW_OPEN_START,
       PW_WHEN_ALWAYS = 0 };

static inline struct pw_call *pw_call_of(we_instance *guest, uint32_t when)
{
    pw_instance *in = we_instance_host_data(guest);

    if (when != PW_WHEN_RUNNING && in->call.bytes == NULL) {
        pw_instance_find_memory(in, guest);    /* its start function runs */
    }
    return &in->call;
}

/* May it be called now? */
static inline bool pw_call_is_open(const struct pw_call *c, uint32_t when)
{
    return (when & ~c->open) == 0;
}

/* Counts a call that the plugin isn't allowed, and says so once. */
void pw_call_deny(const struct pw_call *c, const char *name, uint32_t needs);

/* May the plugin do what the call needs? */
static inline bool pw_call_allowed(const struct pw_call *c, const char *name,
                                   uint32_t needs)
{
    bool allowed = (needs & PW_OPEN_ALLOW & ~c->open) == 0;

    if (!allowed) {
        pw_call_deny(c, name, needs);
    }
    return allowed;
}

/* The guest may have died while its allocator ran for the host. */
static inline enum we_trap_code pw_call_end(const struct pw_call *c)
{
    return c->instance->dead ? WE_TRAP_HOST : WE_TRAP_NONE;
}

/* The status of a call that isn't open. */
uint32_t pw_call_refuse(const struct pw_call *c, const char *name,
                        uint32_t when, uint32_t needs);

#define PW_DEFINE_CALL(name, arity, params, versions, when, needs)            \
    enum we_trap_code pw_call_##name(void *env, we_instance *guest,           \
                                     uint64_t *slots)                         \
    {                                                                         \
        struct pw_call *c = pw_call_of(guest, PW_WHEN_##when);                \
                                                                              \
        (void)env;                                                            \
        slots[0] = pw_call_is_open(c, PW_WHEN_##when | PW_ALLOW_##needs)      \
                       ? name(c PW_ARGS_##arity(slots))                       \
                       : pw_call_refuse(c, #name, PW_WHEN_##when,             \
                                        PW_ALLOW_##needs);                    \
        return pw_call_end(c);                                                \
    }
#define PW_DEFINE_LACK(name, arity, params, versions, why)
#define PW_DEFINE_BARE(name, signature, when)                                 \
    enum we_trap_code pw_call_bare_##name(void *env, we_instance *guest,      \
                                          uint64_t *slots)                    \
    {                                                                         \
        struct pw_call *c = pw_call_of(guest, PW_WHEN_##when);                \
                                                                              \
        (void)env;                                                            \
        (void)slots;                                                          \
        if (pw_call_is_open(c, PW_WHEN_##when)) {                             \
            (void)name(c);                                                    \
        }                                                                     \
        return pw_call_end(c);                                                \
    }

/* At the end of a file: the functions of its group. */
#define PW_DEFINE_CALLS(group)                                                \
    group(PW_DEFINE_CALL, PW_DEFINE_LACK, PW_DEFINE_BARE)

#define PW_DECLARE_CALL(name, arity, params, versions, when, needs)           \
    we_host_fn pw_call_##name;
#define PW_DECLARE_LACK(name, arity, params, versions, why)
#define PW_DECLARE_BARE(name, signature, when) we_host_fn pw_call_bare_##name;
PW_HOSTCALLS(PW_DECLARE_CALL, PW_DECLARE_LACK, PW_DECLARE_BARE)

/* A function that plugins can import; its env is its row. */
struct pw_import {
    const char *name, *signature;
    we_host_fn *fn;
    uint32_t    needs;                   /* enum pw_allow */
};

/* The answer of a call-out that this call may look at, or NULL. */
static inline const struct pw_http_answer *pw_call_answer(
    const struct pw_call *c)
{
    const pw_instance *in = c->instance;

    return in->answer != NULL && c->context->root == in->current->root
               ? in->answer
               : NULL;
}

/* --- call_headers.c --- */

/* The pairs of a map of the host's, in scratch area PW_SCRATCH_PAIRS; bytes: of
 * all names and values.  False: no memory. */
struct pw_list {
    const struct pw_pair *pairs;
    size_t   n;
    uint64_t bytes;
};
bool pw_call_list(const struct pw_call *c, enum pw_map map,
                  struct pw_list *list);

/* --- link.c --- */

/* The row of an import that has this signature, or NULL; then *wanted is the
 * signature that it should have, or NULL if there is no such import. */
const struct pw_import *pw_link_find(const struct we_extern *import,
                                     const char *signature,
                                     const char **wanted);
/* A we_resolve_fn. */
bool pw_link_resolve(void *env, const struct we_extern *import,
                     const char *signature, struct we_host_def *def);

/* --- wasi.c --- */

const struct pw_import *pw_wasi_row(size_t i);        /* NULL: past the last */

/* --- call_log.c --- */

/* A line of the host's about what the plugin did. */
void pw_call_log(const struct pw_call *c, enum pw_log_level level,
                 struct pw_str text);
bool pw_call_logs(const struct pw_call *c, enum pw_log_level level);

#endif

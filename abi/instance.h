/* A running plugin: the guest, its contexts and the call under way. */
#ifndef PW_INSTANCE_H
#define PW_INSTANCE_H

#include "plugin.h"
#include "text.h"

/* Which host calls are open: each needs its bits, of these and of enum
 * pw_allow, in call.open.  Neither of these: the guest's allocator runs
 * for the host. */
enum {
    PW_OPEN_START = 1 << 16,             /* WASI's, and all that log */
    PW_OPEN_RUNNING = 1 << 17,           /* all: a callback runs */
    PW_OPEN_ALLOW = (1 << 16) - 1        /* the bits of enum pw_allow */
};
_Static_assert((PW_ALLOW_HTTP_CALL << 1) - 1 <= PW_OPEN_ALLOW,
               "the bits of enum pw_allow lie below");

/* The common head of root and stream contexts; id 0 is the context of the
 * instance itself. */
struct pw_context {
    uint32_t           id;
    bool               is_stream;
    struct pw_root    *root;             /* NULL only while starting */
    void              *data;             /* the host's */
    struct pw_context *next;             /* in its bucket */
};

struct pw_root {
    struct pw_context context;
    pw_instance      *instance;
    struct pw_str     root_id, configuration;
    bool              configuring;       /* its configuration is readable */
    bool              ended;             /* on_done has run */
    bool              waiting;           /* ... and said: not yet */
    uint32_t          call_code;         /* proxy_get_status: of the last call
                                            that failed */
};

struct pw_stream {
    struct pw_context context;
    struct pw_stream *next_free;
};

/* Memory for the length of one host call. */
struct pw_scratch {
    uint8_t *data;
    size_t   size;
};

/* Scratch areas: names and what else stands in front of a change; what a call
 * makes; a map's pairs. */
enum { PW_FAULT_TEXT = 1000, PW_SCRATCH_PAIRS = 2, PW_NSCRATCH = 3 };

/* What a host call knows: who calls, and the context that it acts on. */
struct pw_call {
    pw_instance          *instance;
    const struct pw_host *host;
    const struct we_memory_bytes *bytes; /* of the guest's memory */
    uint32_t              open;          /* what may be called, see above */
    uint32_t              arena;         /* where the guest's is, or 0 */
    struct pw_context    *context;       /* the effective one */
    void                 *root, *stream; /* the host's data, or NULL */
};

struct pw_instance {
    pw_plugin            *plugin;
    const struct pw_host *host;
    we_instance          *guest;
    we_memory            *memory;
    we_func              *allocate;
    we_func              *callbacks[PW_NCALLBACKS];
    bool                  counts[PW_NCALLBACKS];  /* reads what follows the
                                                     context's id */
    struct pw_budget      budget;

    /* the callback under way, and what it calls */
    struct pw_context    *current;
    struct pw_call        call;
    struct pw_context     none;          /* id 0: while it starts */
    enum pw_callback      running;
    uint64_t              deadline;
    uint32_t              denied;        /* bits that were said to the log */
    uint64_t              ndenied;
    bool                  dead;
    struct pw_scratch     scratch[PW_NSCRATCH];
    uint64_t              clock;         /* the last monotonic time given */
    const struct pw_http_answer *answer; /* while its callback runs */
    uint32_t              last_call;     /* id of the last call-out */
    struct pw_regexes    *regexes;       /* NULL: none yet */

    /* contexts by id; nbuckets is a power of two or 0 */
    struct pw_context   **buckets;
    uint32_t              nbuckets, ncontexts, last_id;
    struct pw_stream     *free_streams;

    char                  fault[PW_FAULT_TEXT];
};

/* --- instance.c --- */

/* Kills the instance; the first fault is kept.  where: "callback NAME". */
void pw_instance_fail(pw_instance *instance, const char *what,
                      const char *name, const struct we_trap *trap);
/* Looks up the guest's memory. */
void pw_instance_find_memory(pw_instance *instance, we_instance *guest);
/* Host calls act on the context from now on. */
static inline void pw_instance_act(pw_instance *instance,
                                   struct pw_context *context)
{
    struct pw_call *c = &instance->call;

    c->context = context;
    c->root = context->root == NULL ? NULL : context->root->context.data;
    c->stream = context->is_stream ? context->data : NULL;
}
/* At least size bytes that live until scratch area i is asked for again; NULL
 * if there is no memory. */
void *pw_instance_scratch(pw_instance *instance, unsigned i, size_t size);

/* --- context.c --- */

struct pw_context *pw_context_find(const pw_instance *instance, uint32_t id);
/* Releases what is left of the instance's tables. */
void pw_context_free_all(pw_instance *instance);

/* --- callbacks.c --- */

void pw_callback_failed(pw_instance *instance, const struct we_trap *trap);

/*
 * Runs a callback, which must be exported, as the current context: slots hold
 * the arguments behind the context's id, slots[0] then the result.  False: a
 * fault; the instance is dead.
 */
static inline __attribute__((always_inline)) bool
pw_callback_run(struct pw_context *context, enum pw_callback callback,
                uint64_t *slots, uint64_t deadline)
{
    pw_instance *in = context->root->instance;
    struct we_trap trap;

    in->current = context;
    pw_instance_act(in, context);
    in->running = callback;
    in->deadline = deadline;
    if (we_call(in->callbacks[callback], slots, deadline, &trap) != WE_OK) {
        pw_callback_failed(in, &trap);
    }
    return !in->dead;
}

/* --- regex.c --- */

void pw_regex_free_all(pw_instance *instance);

/* --- fault.c --- */

/* Appends cause and back-trace of a trap. */
void pw_fault_describe(struct pw_text *text, const struct we_trap *trap,
                       uint64_t deadline);

#endif

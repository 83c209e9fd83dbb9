/* Root and stream contexts: ids, lifetimes, and finding one by its id. */
#include "instance.h"

#include <string.h>

/* --- the table ----------------------------------------------------------- */

/* Ids are handed out in order, so their low bits spread them evenly. */
static struct pw_context **bucket(const pw_instance *in, uint32_t id)
{
    return &in->buckets[id & (in->nbuckets - 1)];
}

struct pw_context *pw_context_find(const pw_instance *in, uint32_t id)
{
    struct pw_context *at = in->nbuckets == 0 ? NULL : *bucket(in, id);

    while (at != NULL && at->id != id) {
        at = at->next;
    }
    return at;
}

static bool grow(pw_instance *in)
{
    uint32_t old = in->nbuckets, n = old == 0 ? 16 : old * 2;
    struct pw_context **buckets = in->buckets, **at, *context, *next;

    in->buckets = n == 0 ? NULL
                         : pw_budget_new(&in->budget, n * sizeof *buckets);
    if (in->buckets == NULL) {
        in->buckets = buckets;
        return false;
    }
    in->nbuckets = n;
    for (uint32_t i = 0; i < old; i++) {
        for (context = buckets[i]; context != NULL; context = next) {
            next = context->next;
            at = bucket(in, context->id);
            context->next = *at;
            *at = context;
        }
    }
    pw_budget_free(&in->budget, buckets, old * sizeof *buckets);
    return true;
}

/* One counter for roots and streams, as in Envoy; 0 is never an id. */
static inline bool add(pw_instance *in, struct pw_context *context,
                       struct pw_root *root, void *data)
{
    struct pw_context **at, *other;
    uint32_t id;

    if (in->ncontexts >= in->nbuckets && !grow(in)) {
        return false;
    }
    do {
        id = ++in->last_id;
        at = bucket(in, id);
        for (other = *at; other != NULL && other->id != id;
             other = other->next) { }
    } while (id == 0 || other != NULL);
    context->id = id;
    context->root = root;
    context->data = data;
    context->next = *at;
    *at = context;
    in->ncontexts++;
    return true;
}

static inline void drop(pw_instance *in, struct pw_context *context)
{
    struct pw_context **at = bucket(in, context->id);

    while (*at != context) {
        at = &(*at)->next;
    }
    *at = context->next;
    in->ncontexts--;
}

void pw_context_free_all(pw_instance *in)
{
    struct pw_stream *stream;

    while ((stream = in->free_streams) != NULL) {
        in->free_streams = stream->next_free;
        pw_budget_free(&in->budget, stream, sizeof *stream);
    }
    pw_budget_free(&in->budget, in->buckets,
                   in->nbuckets * sizeof *in->buckets);
}

/* --- both kinds ---------------------------------------------------------- */

/* Runs a callback whose second argument is arg; its result, or 1 if it isn't
 * there. */
static bool run(struct pw_context *context, enum pw_callback callback,
                uint32_t arg, uint64_t deadline, bool *result)
{
    pw_instance *in = context->root->instance;
    uint64_t slots[2] = { context->id, arg };

    *result = true;
    if (in->callbacks[callback] == NULL) {
        return true;
    }
    if (!pw_callback_run(context, callback, slots, deadline)) {
        return false;
    }
    *result = (uint32_t)slots[0] != 0;
    return true;
}

/* on_done or on_delete; false if the plugin isn't done yet. */
static inline bool end(struct pw_context *context, enum pw_callback callback)
{
    pw_instance *in = context->root->instance;
    bool result = true;

    if (in->callbacks[callback] != NULL && !in->dead) {
        (void)run(context, callback, 0, in->plugin->limits.deadline, &result);
    }
    return in->dead || result;
}

/* --- roots --------------------------------------------------------------- */

/* What a root context runs when it starts. */
static const struct {
    enum pw_callback callback;
    const char *phase, *refusal;
} root_starts[] = {
    { PW_ON_CONTEXT_CREATE, "context_create", NULL },
    { PW_ON_VM_START, "vm_start",
      "the plugin refused to start: proxy_on_vm_start returned 0" },
    { PW_ON_CONFIGURE, "configure",
      "the plugin refused its configuration: "
      "proxy_on_configure returned 0" },
};

static uint32_t start_argument(const struct pw_root *root,
                               enum pw_callback callback)
{
    switch (callback) {
    case PW_ON_VM_START:
        return (uint32_t)root->instance->plugin->vm_config.len;
    case PW_ON_CONFIGURE:
        return (uint32_t)root->configuration.len;
    default:
        return 0;
    }
}

static bool start(struct pw_root *root, struct pw_error *error)
{
    pw_instance *in = root->instance;
    const size_t n = sizeof root_starts / sizeof root_starts[0];
    struct pw_text text;
    bool result;

    root->configuring = true;
    for (size_t i = 0; i < n; i++) {
        enum pw_callback callback = root_starts[i].callback;
        bool alive = run(&root->context, callback,
                         start_argument(root, callback),
                         in->plugin->limits.start_deadline, &result);

        if (!alive || (!result && root_starts[i].refusal != NULL)) {
            text = pw_text_error(error, root_starts[i].phase);
            pw_text_add(&text, "%s",
                        alive ? root_starts[i].refusal : in->fault);
            return false;
        }
    }
    root->configuring = false;
    return true;
}

static void release(struct pw_root *root)
{
    pw_instance *in = root->instance;

    pw_budget_release(&in->budget, &root->root_id);
    pw_budget_release(&in->budget, &root->configuration);
    pw_budget_free(&in->budget, root, sizeof *root);
}

static pw_root *new_root(pw_instance *in, struct pw_str root_id,
                         struct pw_str configuration, void *data)
{
    pw_root *root = pw_budget_new(&in->budget, sizeof *root);

    if (root == NULL) {
        return NULL;
    }
    root->instance = in;
    if (configuration.len > UINT32_MAX
        || !pw_budget_copy(&in->budget, root_id, &root->root_id)
        || !pw_budget_copy(&in->budget, configuration, &root->configuration)
        || !add(in, &root->context, root, data)) {
        release(root);
        return NULL;
    }
    return root;
}

pw_root *pw_root_new(pw_instance *instance, struct pw_str root_id,
                     struct pw_str configuration, void *data,
                     struct pw_error *error)
{
    struct pw_text text;
    pw_root *root;

    if (instance->dead) {
        text = pw_text_error(error, "context_create");
        pw_text_add(&text, "%s", instance->fault);
        return NULL;
    }
    root = new_root(instance, root_id, configuration, data);
    if (root == NULL) {
        text = pw_text_error(error, "context_create");
        pw_text_add(&text, "out of memory (host_memory)");
        return NULL;
    }
    if (!start(root, error)) {
        drop(instance, &root->context);
        release(root);
        return NULL;
    }
    return root;
}

bool pw_root_done(pw_root *root)
{
    if (!root->ended) {
        root->waiting = !end(&root->context, PW_ON_DONE);
        root->ended = true;
    }
    return pw_root_is_done(root);
}

bool pw_root_is_done(const pw_root *root)
{
    return root->instance->dead || (root->ended && !root->waiting);
}

void pw_root_free(pw_root *root)
{
    if (root == NULL) {
        return;
    }
    (void)pw_root_done(root);
    (void)end(&root->context, PW_ON_DELETE);
    drop(root->instance, &root->context);
    release(root);
}

/* --- streams ------------------------------------------------------------- */

static inline pw_stream *take_stream(pw_instance *in)
{
    pw_stream *stream = in->free_streams;

    if (stream != NULL) {
        in->free_streams = stream->next_free;
        return stream;
    }
    return pw_budget_resize(&in->budget, NULL, 0, sizeof *stream);
}

static inline void give_stream(pw_instance *in, pw_stream *stream)
{
    stream->next_free = in->free_streams;
    in->free_streams = stream;
}

pw_stream *pw_stream_new(pw_root *root, void *data)
{
    pw_instance *in = root->instance;
    pw_stream *stream;
    bool result;

    if (in->dead || (stream = take_stream(in)) == NULL) {
        return NULL;
    }
    stream->context.is_stream = true;
    if (!add(in, &stream->context, root, data)) {
        give_stream(in, stream);
        return NULL;
    }
    if (in->callbacks[PW_ON_CONTEXT_CREATE] != NULL
        && !run(&stream->context, PW_ON_CONTEXT_CREATE, root->context.id,
                in->plugin->limits.deadline, &result)) {
        drop(in, &stream->context);
        give_stream(in, stream);
        return NULL;
    }
    return stream;
}

enum pw_action pw_stream_free(pw_stream *stream)
{
    pw_instance *in;

    if (stream == NULL) {
        return PW_CONTINUE;
    }
    in = stream->context.root->instance;
    (void)end(&stream->context, PW_ON_DONE);
    (void)end(&stream->context, PW_ON_DELETE);
    drop(in, &stream->context);
    give_stream(in, stream);
    return in->dead ? PW_FAULT : PW_CONTINUE;
}

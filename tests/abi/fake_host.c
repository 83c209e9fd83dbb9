/* A proxy in memory, see fake_host.h. */
#include "fake_host.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const map_names[PW_NMAPS] = {
    "request", "request-trailers", "response", "response-trailers",
    "grpc-initial", "grpc-trailing", "call", "call-trailers",
};

/* --- the log ------------------------------------------------------------- */

static void put(struct fake *fake, char ch)
{
    if (fake->log_len < FAKE_LOG - 1) {
        fake->log[fake->log_len++] = ch;
        fake->log[fake->log_len] = '\0';
    }
}

static void note(struct fake *fake, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct fake *fake, const char *format, ...)
{
    char text[8192];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (const char *s = text; *s != '\0'; s++) {
        put(fake, *s);
    }
}

static void note_bytes(struct fake *fake, struct pw_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] == '\n' || s.data[i] == '\r' || s.data[i] == '\0') {
            note(fake, "\\x%02x", (unsigned char)s.data[i]);
        } else {
            put(fake, s.data[i]);
        }
    }
}

void fake_clear(struct fake *fake)
{
    fake->log_len = 0;
    fake->log[0] = '\0';
}

const char *fake_log(const struct fake *fake)
{
    return fake->log;
}

/* --- struct pw_host ------------------------------------------------------ */

/* The contracts of proxy_wasm.h that the host can check. */
static void demand(bool holds, const char *what)
{
    if (!holds) {
        ok(false, "the abi broke the host's contract: %s", what);
    }
}

/* The one proxy of a test program while an instance starts, when the abi has
 * no root to name it with. */
static struct fake *starting;

static struct fake *proxy(void *root)
{
    return root == NULL ? starting : ((struct fake_stream *)root)->fake;
}

static void host_log(void *root, void *stream, struct pw_str plugin,
                     enum pw_log_level level, struct pw_str text)
{
    static const char *const prefix[] = { "trace: ", "debug: ", "", "warn: ",
                                          "error: ", "critical: " };
    struct fake *fake = proxy(root);

    demand(plugin.len == 4 && memcmp(plugin.data, "test", 4) == 0, "name");
    demand(text.len <= 4096, "line length");
    demand(stream == NULL || stream == &fake->side, "stream");
    note(fake, "%s", prefix[level]);
    note_bytes(fake, text);
    put(fake, '\n');
}

static enum pw_log_level host_log_level(void *root, void *stream)
{
    (void)stream;
    return proxy(root)->level;
}

static uint64_t host_now(void *root)
{
    return proxy(root)->now;
}

static struct fake_map *map_of(void *stream, enum pw_map map)
{
    demand(stream != NULL, "a map needs a stream");
    demand(map < PW_CALL_RESPONSE_HEADERS, "an answer's map is the abi's");
    return &((struct fake_stream *)stream)->maps[map];
}

static enum pw_access host_map_access(void *stream, enum pw_map map)
{
    return map_of(stream, map)->access;
}

static uint32_t host_map_count(void *stream, enum pw_map map)
{
    return host_map_access(stream, map) == PW_ABSENT
               ? 0 : (uint32_t)map_of(stream, map)->n;
}

static struct pw_pair view(const struct fake_pair *p)
{
    return (struct pw_pair){ { p->key, p->key_len },
                             { p->value, p->value_len } };
}

static size_t host_map_list(void *stream, enum pw_map map,
                            struct pw_pair *pairs, size_t room,
                            uint64_t *bytes)
{
    struct fake_map *m = map_of(stream, map);

    *bytes = 0;
    if (m->access == PW_ABSENT) {
        return 0;
    }
    if (room < m->n + 2) {
        return m->n + 2;                 /* more than is needed */
    }
    for (size_t i = 0; i < m->n; i++) {
        pairs[i] = view(&m->pairs[i]);
        *bytes += m->pairs[i].key_len + m->pairs[i].value_len;
    }
    return m->n;
}

static bool same(const struct fake_pair *p, struct pw_str key)
{
    return p->key_len == key.len && memcmp(p->key, key.data, key.len) == 0;
}

static void demand_key(struct pw_str key)
{
    for (size_t i = 0; i < key.len; i++) {
        demand(key.data[i] < 'A' || key.data[i] > 'Z', "lower case");
    }
}

static void demand_field(enum pw_map map, struct pw_str key,
                         struct pw_str value)
{
    demand_key(key);
    demand(key.len != 0, "a name");
    demand(map != PW_REQUEST_HEADERS || key.len != 4
               || memcmp(key.data, "host", 4) != 0, "host");
    for (size_t i = 0; i < key.len; i++) {
        demand((unsigned char)key.data[i] > 0x20, "a clean name");
    }
    for (size_t i = 0; i < value.len; i++) {
        demand(strchr("\r\n", value.data[i]) == NULL, "a clean value");
    }
}

static bool host_map_get(void *stream, enum pw_map map, struct pw_str key,
                         struct pw_str *value)
{
    struct fake_map *m = map_of(stream, map);

    /* a key in upper case, which it may be asked for first, is never there */
    for (size_t i = 0; m->access != PW_ABSENT && i < m->n; i++) {
        if (same(&m->pairs[i], key)) {
            *value = view(&m->pairs[i]).value;
            return true;
        }
    }
    return false;
}

static char *copy(const char *data, size_t len)
{
    char *text = malloc(len + 1);

    if (len != 0) {
        memcpy(text, data, len);
    }
    text[len] = '\0';
    return text;
}

static void append(struct fake_map *m, struct pw_str key, struct pw_str value)
{
    struct fake_pair *p = &m->pairs[m->n++];

    p->key = copy(key.data, key.len);
    p->key_len = key.len;
    p->value = copy(value.data, value.len);
    p->value_len = value.len;
}

static void free_pair(struct fake_pair *p)
{
    free(p->key);
    free(p->value);
}

static void drop(struct fake_map *m, struct pw_str key)
{
    size_t n = 0;

    for (size_t i = 0; i < m->n; i++) {
        if (same(&m->pairs[i], key)) {
            free_pair(&m->pairs[i]);
        } else {
            m->pairs[n++] = m->pairs[i];
        }
    }
    m->n = n;
}

static void note_change(void *stream, const char *what, enum pw_map map,
                        struct pw_str key, const struct pw_str *value)
{
    struct fake *fake = ((struct fake_stream *)stream)->fake;

    note(fake, "[%s %s ", what, map_names[map]);
    note_bytes(fake, key);
    if (value != NULL) {
        put(fake, '=');
        note_bytes(fake, *value);
    }
    note(fake, "]\n");
}

static enum pw_status host_map_add(void *stream, enum pw_map map,
                                   struct pw_str key, struct pw_str value)
{
    struct fake_map *m = map_of(stream, map);

    if (m->access != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    demand(key.len == 0 || key.data[0] != ':', "no added pseudo-header");
    demand_field(map, key, value);
    note_change(stream, "add", map, key, &value);
    append(m, key, value);
    return ((struct fake_stream *)stream)->fake->refuse;
}

static enum pw_status host_map_replace(void *stream, enum pw_map map,
                                       struct pw_str key, struct pw_str value)
{
    struct fake_map *m = map_of(stream, map);

    if (m->access != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    demand_field(map, key, value);
    note_change(stream, "replace", map, key, &value);
    drop(m, key);
    append(m, key, value);
    return ((struct fake_stream *)stream)->fake->refuse;
}

static enum pw_status host_map_remove(void *stream, enum pw_map map,
                                      struct pw_str key)
{
    struct fake_map *m = map_of(stream, map);

    demand(m->access == PW_WRITE, "a map that can be changed");
    demand_key(key);
    note_change(stream, "remove", map, key, NULL);
    drop(m, key);
    return ((struct fake_stream *)stream)->fake->refuse;
}

/* Pseudo-headers that are left out stay. */
static enum pw_status host_map_set(void *stream, enum pw_map map,
                                   const struct pw_pair *pairs, size_t npairs)
{
    static struct fake_map new;
    struct fake_map *m = map_of(stream, map);

    demand(m->access == PW_WRITE, "a map that can be changed");
    new.n = 0;
    new.access = m->access;
    for (size_t i = 0; i < m->n; i++) {
        bool stays = m->pairs[i].key[0] == ':';

        for (size_t j = 0; j < npairs; j++) {
            stays = stays && !same(&m->pairs[i], pairs[j].key);
        }
        if (stays) {
            append(&new, view(&m->pairs[i]).key, view(&m->pairs[i]).value);
        }
    }
    for (size_t i = 0; i < npairs; i++) {
        demand_field(map, pairs[i].key, pairs[i].value);
        append(&new, pairs[i].key, pairs[i].value);
    }
    for (size_t i = 0; i < m->n; i++) {
        free_pair(&m->pairs[i]);
    }
    *m = new;
    note(((struct fake_stream *)stream)->fake, "[set %s %zu]\n",
         map_names[map], npairs);
    return ((struct fake_stream *)stream)->fake->refuse;
}

static struct fake_body *body_of(void *stream, enum pw_buffer buffer)
{
    demand(stream != NULL, "a body needs a stream");
    demand(buffer != PW_VM_CONFIGURATION && buffer != PW_PLUGIN_CONFIGURATION
               && buffer != PW_CALL_RESPONSE_BODY,
           "configurations and an answer's body are the abi's");
    return &((struct fake_stream *)stream)->bodies[buffer];
}

static enum pw_access host_buffer_access(void *stream, enum pw_buffer buffer)
{
    return body_of(stream, buffer)->access;
}

static size_t host_buffer_size(void *stream, enum pw_buffer buffer)
{
    return body_of(stream, buffer)->len;
}

static void host_buffer_read(void *stream, enum pw_buffer buffer, size_t start,
                             size_t len, uint8_t *out)
{
    struct fake_body *b = body_of(stream, buffer);

    demand(b->access != PW_ABSENT, "the body is there");
    demand(start <= b->len && len <= b->len - start, "inside the body");
    memcpy(out, b->data + start, len);
}

static enum pw_status host_buffer_splice(void *stream, enum pw_buffer buffer,
                                         size_t start, size_t remove_,
                                         struct pw_str data)
{
    struct fake_body *b = body_of(stream, buffer);
    uint8_t *new;

    demand(b->access == PW_WRITE, "a body that can be changed");
    demand(start <= b->len && remove_ <= b->len - start, "inside the body");
    new = malloc(b->len - remove_ + data.len + 1);
    if (start != 0) {
        memcpy(new, b->data, start);
    }
    if (data.len != 0) {
        memcpy(new + start, data.data, data.len);
    }
    if (b->len != start + remove_) {
        memcpy(new + start + data.len, b->data + start + remove_,
               b->len - start - remove_);
    }
    free(b->data);
    b->data = new;
    b->len = b->len - remove_ + data.len;
    b->data[b->len] = '\0';
    return ((struct fake_stream *)stream)->fake->refuse;
}

static enum pw_status host_local_response(void *stream,
                                          const struct pw_response *r)
{
    struct fake_stream *side = stream;
    struct fake *fake = side->fake;

    demand(r->status >= 200 && r->status <= 599, "status 200-599");
    demand(r->grpc_status >= -1 && r->grpc_status <= 16, "gRPC status");
    note(fake, "[respond %" PRIu32, r->status);
    if (side->answered) {
        note(fake, " again");
    }
    side->answered = true;
    note(fake, " details=");
    note_bytes(fake, r->details);
    note(fake, " body=");
    note_bytes(fake, r->body);
    for (size_t i = 0; i < r->nheaders; i++) {
        demand_field(PW_RESPONSE_HEADERS, r->headers[i].key,
                     r->headers[i].value);
        demand(r->headers[i].key.data[0] != ':', "no pseudo-headers");
        put(fake, ' ');
        note_bytes(fake, r->headers[i].key);
        put(fake, ':');
        note_bytes(fake, r->headers[i].value);
    }
    note(fake, " grpc=%" PRId32 "]\n", r->grpc_status);
    return PW_OK;
}

static enum pw_status host_continue(void *stream, enum pw_stream_type type)
{
    demand(type <= PW_STREAM_RESPONSE, "type");
    note(((struct fake_stream *)stream)->fake, "[continue %d]\n", (int)type);
    return PW_OK;
}

static enum pw_status host_close(void *stream, enum pw_stream_type type)
{
    demand(type <= PW_STREAM_RESPONSE, "type");
    note(((struct fake_stream *)stream)->fake, "[close %d]\n", (int)type);
    return PW_OK;
}

static enum pw_status host_clear_route(void *stream)
{
    note(((struct fake_stream *)stream)->fake, "[clear_route]\n");
    return PW_OK;
}

static enum pw_status host_property_get(void *root, void *stream,
                                        struct pw_str path,
                                        struct pw_property *value)
{
    struct fake *fake = proxy(root);

    demand(stream == NULL || stream == &fake->side, "stream");
    if (path.len == 12 && memcmp(path.data, "plugin_vm_id", 12) == 0) {
        *value = (struct pw_property){ PW_PROP_BYTES, { "vm", 2 }, 0 };
        return PW_OK;
    }
    for (size_t i = 0; i < FAKE_PROPS; i++) {
        const char *name = fake->props[i].path;

        if (name != NULL && strlen(name) == path.len
            && memcmp(name, path.data, path.len) == 0) {
            *value = fake->props[i].value;
            return PW_OK;
        }
    }
    return PW_NOT_FOUND;
}

static enum pw_status host_property_set(void *root, void *stream,
                                        struct pw_str path,
                                        struct pw_str value)
{
    struct fake *fake = proxy(root);

    note(fake, "[property%s ", stream == NULL ? " of root" : "");
    note_bytes(fake, path);
    put(fake, '=');
    note_bytes(fake, value);
    note(fake, "]\n");
    return stream == NULL ? PW_NOT_FOUND : PW_OK;
}

/* --- shared things -------------------------------------------------------- */

static enum pw_status host_tick_period(void *root, uint32_t ms)
{
    note(proxy(root), "[tick %" PRIu32 "]\n", ms);
    return PW_OK;
}

static struct fake_shared *find_shared(struct fake *fake, struct pw_str key)
{
    for (size_t i = 0; i < FAKE_SHARED; i++) {
        struct fake_shared *s = &fake->shared[i];

        if (s->key != NULL && s->key_len == key.len
            && memcmp(s->key, key.data == NULL ? "" : key.data, key.len)
                   == 0) {
            return s;
        }
    }
    return NULL;
}

static enum pw_status host_shared_get(void *root, struct pw_str key,
                                      struct pw_str *value, uint32_t *cas)
{
    struct fake_shared *s = find_shared(proxy(root), key);

    if (s == NULL) {
        return PW_NOT_FOUND;
    }
    *value = (struct pw_str){ s->value, s->value_len };
    *cas = s->cas;
    return PW_OK;
}

static enum pw_status host_shared_set(void *root, struct pw_str key,
                                      struct pw_str value, uint32_t cas)
{
    struct fake *fake = proxy(root);
    struct fake_shared *s = find_shared(fake, key);

    if (s != NULL && cas != 0 && s->cas != cas) {
        return PW_CAS_MISMATCH;
    }
    for (size_t i = 0; s == NULL; i++) {
        if (i == FAKE_SHARED) {
            return PW_INTERNAL_FAILURE;
        }
        if (fake->shared[i].key == NULL) {
            s = &fake->shared[i];
            s->key = copy(key.data, key.len);
            s->key_len = key.len;
        }
    }
    free(s->value);
    s->value = copy(value.data, value.len);
    s->value_len = value.len;
    s->cas = ++fake->cas;
    return PW_OK;
}

static struct fake_queue *find_queue(struct fake *fake, uint32_t id)
{
    return id == 0 || id > FAKE_QUEUES || fake->queues[id - 1].name == NULL
               ? NULL
               : &fake->queues[id - 1];
}

static enum pw_status host_queue_find(void *root, struct pw_str vm_id,
                                      struct pw_str name, uint32_t *id)
{
    struct fake *fake = proxy(root);

    if (vm_id.len != 0
        && (vm_id.len != 4 || memcmp(vm_id.data, "test", 4) != 0)) {
        return PW_NOT_FOUND;
    }
    for (uint32_t i = 0; i < FAKE_QUEUES; i++) {
        const char *have = fake->queues[i].name;

        if (have != NULL && strlen(have) == name.len
            && memcmp(have, name.len == 0 ? "" : name.data, name.len) == 0) {
            *id = i + 1;
            return PW_OK;
        }
    }
    return PW_NOT_FOUND;
}

static enum pw_status host_queue_open(void *root, struct pw_str name,
                                      uint32_t *id)
{
    struct fake *fake = proxy(root);

    if (host_queue_find(root, (struct pw_str){ NULL, 0 }, name, id)
        == PW_OK) {
        return PW_OK;
    }
    for (uint32_t i = 0; i < FAKE_QUEUES; i++) {
        if (fake->queues[i].name == NULL) {
            fake->queues[i].name = copy(name.data, name.len);
            *id = i + 1;
            return PW_OK;
        }
    }
    return PW_INTERNAL_FAILURE;
}

static enum pw_status host_queue_push(void *root, uint32_t id,
                                      struct pw_str item)
{
    struct fake_queue *q = find_queue(proxy(root), id);

    if (q == NULL) {
        return PW_NOT_FOUND;
    }
    if (q->n == FAKE_ITEMS) {
        return PW_INTERNAL_FAILURE;
    }
    q->items[q->n] = copy(item.data, item.len);
    q->len[q->n++] = item.len;
    return PW_OK;
}

static enum pw_status host_queue_pop(void *root, uint32_t id,
                                     struct pw_str *item)
{
    struct fake_queue *q = find_queue(proxy(root), id);

    if (q == NULL) {
        return PW_NOT_FOUND;
    }
    if (q->first == q->n) {
        return PW_EMPTY;
    }
    *item = (struct pw_str){ q->items[q->first], q->len[q->first] };
    q->first++;
    return PW_OK;
}

static struct fake_metric *find_metric(void *root, enum pw_metric kind,
                                       uint32_t number)
{
    struct fake *fake = proxy(root);

    demand(kind < PW_NMETRICS, "kind of a metric");
    return number >= FAKE_METRICS || fake->metrics[kind][number].name == NULL
               ? NULL
               : &fake->metrics[kind][number];
}

static enum pw_status host_metric_define(void *root, enum pw_metric kind,
                                         struct pw_str name, uint32_t *number)
{
    struct fake_metric *m = proxy(root)->metrics[kind];

    for (uint32_t i = 0; i < FAKE_METRICS; i++) {
        if (m[i].name == NULL) {
            m[i].name = copy(name.data, name.len);
        } else if (strlen(m[i].name) != name.len
                   || (name.len != 0
                       && memcmp(m[i].name, name.data, name.len) != 0)) {
            continue;
        }
        *number = i;
        return PW_OK;
    }
    return PW_INTERNAL_FAILURE;
}

static enum pw_status host_metric_add(void *root, enum pw_metric kind,
                                      uint32_t number, int64_t delta)
{
    struct fake_metric *m = find_metric(root, kind, number);

    demand(kind != PW_HISTOGRAM, "no sum of a histogram");
    if (m == NULL) {
        return PW_NOT_FOUND;
    }
    m->value += (uint64_t)delta;
    return PW_OK;
}

static enum pw_status host_metric_set(void *root, enum pw_metric kind,
                                      uint32_t number, uint64_t value)
{
    struct fake_metric *m = find_metric(root, kind, number);

    demand(kind != PW_COUNTER, "no setting of a counter");
    if (m == NULL) {
        return PW_NOT_FOUND;
    }
    m->value = value;
    if (kind == PW_HISTOGRAM) {
        note(proxy(root), "[sample %s %" PRIu64 "]\n", m->name, value);
    }
    return PW_OK;
}

static enum pw_status host_metric_get(void *root, enum pw_metric kind,
                                      uint32_t number, uint64_t *value)
{
    struct fake_metric *m = find_metric(root, kind, number);

    demand(kind != PW_HISTOGRAM, "no value of a histogram");
    if (m == NULL) {
        return PW_NOT_FOUND;
    }
    *value = m->value;
    return PW_OK;
}

static void note_pairs(struct fake *fake, const struct pw_pair *pairs,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        put(fake, ' ');
        note_bytes(fake, pairs[i].key);
        put(fake, '=');
        note_bytes(fake, pairs[i].value);
    }
}

/* Knows the upstream "up", and refuses "full". */
static enum pw_status host_http_call(void *root, void *stream,
                                     const struct pw_http_call *call,
                                     uint32_t id)
{
    struct fake *fake = proxy(root);

    if (call->upstream.len == 4
        && memcmp(call->upstream.data, "full", 4) == 0) {
        return PW_INTERNAL_FAILURE;
    }
    if (call->upstream.len != 2 || memcmp(call->upstream.data, "up", 2) != 0) {
        return PW_BAD_ARGUMENT;
    }
    note(fake, "[call %" PRIu32 "%s:", id, stream == NULL ? " of root" : "");
    note_pairs(fake, call->headers, call->nheaders);
    note(fake, " body=");
    note_bytes(fake, call->body);
    note(fake, " trailers:");
    note_pairs(fake, call->trailers, call->ntrailers);
    note(fake, " %" PRIu32 " ms]\n", call->timeout);
    return PW_OK;
}

static void free_shared(struct fake *fake)
{
    for (size_t i = 0; i < FAKE_SHARED; i++) {
        free(fake->shared[i].key);
        free(fake->shared[i].value);
    }
    for (size_t i = 0; i < FAKE_QUEUES; i++) {
        free(fake->queues[i].name);
        for (size_t j = 0; j < fake->queues[i].n; j++) {
            free(fake->queues[i].items[j]);
        }
    }
    for (size_t k = 0; k < PW_NMETRICS; k++) {
        for (size_t i = 0; i < FAKE_METRICS; i++) {
            free(fake->metrics[k][i].name);
        }
    }
}

static const struct pw_host host = {
    .log = host_log,
    .log_level = host_log_level,
    .now = host_now,
    .map_access = host_map_access,
    .map_count = host_map_count,
    .map_list = host_map_list,
    .map_get = host_map_get,
    .map_add = host_map_add,
    .map_replace = host_map_replace,
    .map_remove = host_map_remove,
    .map_set = host_map_set,
    .buffer_access = host_buffer_access,
    .buffer_size = host_buffer_size,
    .buffer_read = host_buffer_read,
    .buffer_splice = host_buffer_splice,
    .local_response = host_local_response,
    .continue_stream = host_continue,
    .close_stream = host_close,
    .clear_route = host_clear_route,
    .property_get = host_property_get,
    .property_set = host_property_set,
    .tick_period = host_tick_period,
    .shared_get = host_shared_get,
    .shared_set = host_shared_set,
    .queue_open = host_queue_open,
    .queue_find = host_queue_find,
    .queue_push = host_queue_push,
    .queue_pop = host_queue_pop,
    .metric_define = host_metric_define,
    .metric_add = host_metric_add,
    .metric_set = host_metric_set,
    .metric_get = host_metric_get,
    .http_call = host_http_call,
};

/* --- what tests put in and look at --------------------------------------- */

void fake_set_map(struct fake_stream *side, enum pw_map map,
                  enum pw_access access, const char *const *pairs)
{
    struct fake_map *m = &side->maps[map];

    for (size_t i = 0; i < m->n; i++) {
        free_pair(&m->pairs[i]);
    }
    m->n = 0;
    m->access = access;
    for (size_t i = 0; pairs != NULL && pairs[i] != NULL; i += 2) {
        append(m, (struct pw_str){ pairs[i], strlen(pairs[i]) },
               (struct pw_str){ pairs[i + 1], strlen(pairs[i + 1]) });
    }
}

void fake_set_body(struct fake_stream *side, enum pw_buffer buffer,
                   enum pw_access access, const char *text)
{
    struct fake_body *b = &side->bodies[buffer];

    free(b->data);
    b->access = access;
    b->len = strlen(text);
    b->data = (uint8_t *)copy(text, b->len);
}

const char *fake_map_text(const struct fake_stream *side, enum pw_map map)
{
    static char text[1 << 16];
    size_t len = 0;

    text[0] = '\0';
    for (size_t i = 0; i < side->maps[map].n; i++) {
        const struct fake_pair *p = &side->maps[map].pairs[i];

        len += (size_t)snprintf(text + len, sizeof text - len, "%s%s=%s",
                                i == 0 ? "" : ",", p->key, p->value);
    }
    return text;
}

void fake_set_property(struct fake *fake, const char *path,
                       struct pw_property value)
{
    size_t i = 0;

    while (fake->props[i].path != NULL) {
        i++;
    }
    fake->props[i].path = path;
    fake->props[i].value = value;
}

static void free_side(struct fake_stream *side)
{
    for (size_t m = 0; m < PW_NMAPS; m++) {
        for (size_t i = 0; i < side->maps[m].n; i++) {
            free_pair(&side->maps[m].pairs[i]);
        }
    }
    for (size_t b = 0; b < PW_NBUFFERS; b++) {
        free(side->bodies[b].data);
    }
}

/* --- compiling ----------------------------------------------------------- */

static void *read_file(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    struct stat st;
    void *bytes;

    if (file == NULL || fstat(fileno(file), &st) != 0) {
        printf("Bail out! can't read %s\n", path);
        exit(1);
    }
    *len = (size_t)st.st_size;
    bytes = malloc(*len + 1);
    if (fread(bytes, 1, *len, file) != *len) {
        printf("Bail out! can't read %s\n", path);
        exit(1);
    }
    fclose(file);
    return bytes;
}

static void *compile(const char *name, const char *flags, size_t *len)
{
    const char *build = getenv("SLUICE_BUILD");
    char out[256], command[1024];
    void *bytes;
    int fd;

    snprintf(out, sizeof out, "%s/abi-plugin-XXXXXX",
             build == NULL ? "." : build);
    fd = mkstemp(out);
    if (fd < 0) {
        printf("Bail out! can't write to %s\n", out);
        exit(1);
    }
    close(fd);
    snprintf(command, sizeof command,
             "clang-19 --target=wasm32-unknown-unknown -nostdlib -O1 "
             "-fno-builtin -Wall -Wno-main -I. "
             "-Wl,--no-entry -Wl,-z,stack-size=65536 %s -o %s "
             "tests/abi/plugins/%s.c", flags, out, name);
    if (system(command) != 0) {
        unlink(out);
        printf("Bail out! can't compile %s %s\n", name, flags);
        exit(1);
    }
    bytes = read_file(out, len);
    unlink(out);
    return bytes;
}

/* What was compiled in this program, by name and flags. */
static struct {
    char   key[256];
    void  *bytes;
    size_t len;
} compiled[64];

const void *fake_compile(const char *name, const char *flags, size_t *len)
{
    char key[256];
    size_t i = 0;

    snprintf(key, sizeof key, "%s %s", name, flags == NULL ? "" : flags);
    while (compiled[i].bytes != NULL && strcmp(compiled[i].key, key) != 0) {
        i++;
    }
    if (i == 0 && compiled[0].bytes == NULL
        && system("clang-19 --version >/dev/null 2>&1 && "
                  "wasm-ld-19 --version >/dev/null 2>&1") != 0) {
        printf("1..0 # skip no clang-19 or wasm-ld-19\n");
        exit(0);
    }
    if (compiled[i].bytes == NULL) {
        strcpy(compiled[i].key, key);
        compiled[i].bytes = compile(name, flags == NULL ? "" : flags,
                                    &compiled[i].len);
    }
    *len = compiled[i].len;
    return compiled[i].bytes;
}

/* --- the rig ------------------------------------------------------------- */

struct fake *fake_new(void)
{
    struct fake *fake = calloc(1, sizeof *fake);
    struct we_config config = { .allocator = { tap_resize,
                                               &fake->allocator } };

    fake->host = host;
    fake->level = PW_INFO;
    fake->root_side.fake = fake->side.fake = fake;
    fake->engine = we_engine_new(&config);
    if (fake->engine == NULL || we_engine_attach(fake->engine) != WE_OK) {
        printf("Bail out! no engine\n");
        exit(1);
    }
    fake->runtime = pw_runtime_new(fake->engine, &fake->host);
    starting = fake;
    return fake;
}

void fake_free(struct fake *fake)
{
    pw_stream_free(fake->stream);
    pw_root_free(fake->root);
    pw_instance_free(fake->instance);
    pw_plugin_free(fake->plugin);
    pw_runtime_free(fake->runtime);
    we_engine_free(fake->engine);
    if (fake->allocator.blocks != 0 || fake->allocator.mistakes != 0) {
        ok(false, "%" PRIu64 " blocks leaked, %" PRIu64 " mistakes",
           fake->allocator.blocks, fake->allocator.mistakes);
    }
    free_side(&fake->side);
    free_side(&fake->root_side);
    free_shared(fake);
    free(fake);
}

static struct pw_str str(const char *text)
{
    return (struct pw_str){ text, text == NULL ? 0 : strlen(text) };
}

bool fake_load(struct fake *fake, const void *bytes, size_t len,
               const char *vm_config, const struct pw_limits *limits)
{
    void *guarded = tap_guarded(bytes, len);

    fake->plugin = pw_plugin_load(fake->runtime, str("test"), guarded, len,
                                  str(vm_config), limits, &fake->error);
    tap_guarded_free(guarded, len);
    return fake->plugin != NULL;
}

bool fake_start(struct fake *fake)
{
    fake->instance = pw_instance_new(fake->plugin, &fake->error);
    return fake->instance != NULL;
}

bool fake_configure(struct fake *fake, const char *configuration)
{
    fake->root = pw_root_new(fake->instance, str("root-id"),
                             str(configuration), &fake->root_side,
                             &fake->error);
    return fake->root != NULL;
}

bool fake_open(struct fake *fake)
{
    fake->stream = pw_stream_new(fake->root, &fake->side);
    return fake->stream != NULL;
}

struct fake *fake_probe_with(const char *flags, const char *script,
                             const struct pw_limits *limits)
{
    static const struct pw_limits patient = { .deadline = 1000000000 };
    struct fake *fake = fake_new();
    size_t len;
    const void *bytes = fake_compile("probe", flags, &len);

    if (!fake_load(fake, bytes, len, script,
                   limits == NULL ? &patient : limits)
        || !fake_start(fake) || !fake_configure(fake, "configuration")
        || !fake_open(fake)) {
        diag("%s: %s", fake->error.phase == NULL ? "" : fake->error.phase,
             fake->error.text);
        fflush(stdout);
    }
    return fake;
}

struct fake *fake_probe(const char *script)
{
    return fake_probe_with(NULL, script, NULL);
}

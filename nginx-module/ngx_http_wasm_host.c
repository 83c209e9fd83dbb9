
/*
 * What the abi needs of nginx: one thin function a row of struct pw_host.
 */


#include "ngx_http_wasm_headers.h"
#include "ngx_http_wasm_shared.h"


static void ngx_http_wasm_host_log(void *root, void *stream,
    struct pw_str plugin, enum pw_log_level level, struct pw_str text);
static enum pw_log_level ngx_http_wasm_host_log_level(void *root,
    void *stream);
static uint64_t ngx_http_wasm_host_now(void *root);
static enum pw_access ngx_http_wasm_host_map_access(void *stream,
    enum pw_map map);
static enum pw_access ngx_http_wasm_host_access_any(ngx_http_wasm_ctx_t *ctx,
    enum pw_map map);
static uint32_t ngx_http_wasm_host_map_count(void *stream, enum pw_map map);
static size_t ngx_http_wasm_host_map_list(void *stream, enum pw_map map,
    struct pw_pair *pairs, size_t room, uint64_t *bytes);
static bool ngx_http_wasm_host_map_get(void *stream, enum pw_map map,
    struct pw_str key, struct pw_str *value);
static bool ngx_http_wasm_host_map_get_any(ngx_http_wasm_ctx_t *ctx,
    enum pw_map map, struct pw_str key, struct pw_str *value);
static ngx_inline bool ngx_http_wasm_host_found(ngx_str_t *found,
    struct pw_str *value);
static enum pw_status ngx_http_wasm_host_map_add(void *stream,
    enum pw_map map, struct pw_str key, struct pw_str value);
static enum pw_status ngx_http_wasm_host_map_replace(void *stream,
    enum pw_map map, struct pw_str key, struct pw_str value);
static enum pw_status ngx_http_wasm_host_map_remove(void *stream,
    enum pw_map map, struct pw_str key);
static enum pw_status ngx_http_wasm_host_map_set(void *stream,
    enum pw_map map, const struct pw_pair *pairs, size_t npairs);
static enum pw_access ngx_http_wasm_host_buffer_access(void *stream,
    enum pw_buffer buffer);
static size_t ngx_http_wasm_host_buffer_size(void *stream,
    enum pw_buffer buffer);
static void ngx_http_wasm_host_buffer_read(void *stream,
    enum pw_buffer buffer, size_t start, size_t len, uint8_t *out);
static enum pw_status ngx_http_wasm_host_buffer_splice(void *stream,
    enum pw_buffer buffer, size_t start, size_t cut, struct pw_str data);
static enum pw_status ngx_http_wasm_host_local_response(void *stream,
    const struct pw_response *response);
static enum pw_status ngx_http_wasm_host_continue_stream(void *stream,
    enum pw_stream_type type);
static enum pw_status ngx_http_wasm_host_close_stream(void *stream,
    enum pw_stream_type type);
static enum pw_status ngx_http_wasm_host_clear_route(void *stream);
static enum pw_status ngx_http_wasm_host_property_get(void *root,
    void *stream, struct pw_str path, struct pw_property *value);
static enum pw_status ngx_http_wasm_host_property_set(void *root,
    void *stream, struct pw_str path, struct pw_str value);


/* what a line takes */
#define NGX_HTTP_WASM_HOST_LINE(key, value)                                   \
    ((key).len + (value).len + sizeof(ngx_table_elt_t))


static ngx_log_t *ngx_http_wasm_host_log_of(void *stream);
static ngx_inline enum pw_status ngx_http_wasm_host_change(
    ngx_http_wasm_stream_t *st, enum pw_map map, size_t size);
static enum pw_status ngx_http_wasm_host_change_save(
    ngx_http_wasm_stream_t *st, enum pw_map map, size_t size);


const struct pw_host  ngx_http_wasm_host = {
    .log = ngx_http_wasm_host_log,
    .log_level = ngx_http_wasm_host_log_level,
    .now = ngx_http_wasm_host_now,
    .map_access = ngx_http_wasm_host_map_access,
    .map_count = ngx_http_wasm_host_map_count,
    .map_list = ngx_http_wasm_host_map_list,
    .map_get = ngx_http_wasm_host_map_get,
    .map_add = ngx_http_wasm_host_map_add,
    .map_replace = ngx_http_wasm_host_map_replace,
    .map_remove = ngx_http_wasm_host_map_remove,
    .map_set = ngx_http_wasm_host_map_set,
    .buffer_access = ngx_http_wasm_host_buffer_access,
    .buffer_size = ngx_http_wasm_host_buffer_size,
    .buffer_read = ngx_http_wasm_host_buffer_read,
    .buffer_splice = ngx_http_wasm_host_buffer_splice,
    .local_response = ngx_http_wasm_host_local_response,
    .continue_stream = ngx_http_wasm_host_continue_stream,
    .close_stream = ngx_http_wasm_host_close_stream,
    .clear_route = ngx_http_wasm_host_clear_route,
    .property_get = ngx_http_wasm_host_property_get,
    .property_set = ngx_http_wasm_host_property_set,
    .tick_period = ngx_http_wasm_tick_period,
    .shared_get = ngx_http_wasm_shared_get,
    .shared_set = ngx_http_wasm_shared_set,
    .queue_open = ngx_http_wasm_queue_open,
    .queue_find = ngx_http_wasm_queue_find,
    .queue_push = ngx_http_wasm_queue_push,
    .queue_pop = ngx_http_wasm_queue_pop,
    .metric_define = ngx_http_wasm_metric_define,
    .metric_add = ngx_http_wasm_metric_add,
    .metric_set = ngx_http_wasm_metric_set,
    .metric_get = ngx_http_wasm_metric_get,
    .http_call = ngx_http_wasm_call_new
};


#define NGX_HTTP_WASM_NO_MAP  NGX_HTTP_WASM_NMAPS

static const ngx_http_wasm_dir_e  ngx_http_wasm_host_maps[PW_NMAPS] = {
    NGX_HTTP_WASM_REQUEST,                 /* PW_REQUEST_HEADERS */
    NGX_HTTP_WASM_NO_MAP,                  /* PW_REQUEST_TRAILERS */
    NGX_HTTP_WASM_RESPONSE,                /* PW_RESPONSE_HEADERS */
    NGX_HTTP_WASM_TRAILERS,                /* PW_RESPONSE_TRAILERS */
    NGX_HTTP_WASM_NO_MAP,                  /* PW_GRPC_INITIAL_METADATA */
    NGX_HTTP_WASM_NO_MAP,                  /* PW_GRPC_TRAILING_METADATA */
    NGX_HTTP_WASM_NO_MAP,                  /* PW_CALL_RESPONSE_HEADERS */
    NGX_HTTP_WASM_NO_MAP                   /* PW_CALL_RESPONSE_TRAILERS */
};


/* levels of Proxy-Wasm and of nginx */

static const ngx_uint_t  ngx_http_wasm_host_levels[] = {
    NGX_LOG_DEBUG,                         /* PW_TRACE */
    NGX_LOG_DEBUG,                         /* PW_DEBUG */
    NGX_LOG_INFO,                          /* PW_INFO */
    NGX_LOG_WARN,                          /* PW_WARN */
    NGX_LOG_ERR,                           /* PW_ERROR */
    NGX_LOG_CRIT                           /* PW_CRITICAL */
};


#define ngx_http_wasm_str(to, from)                                           \
    (to)->data = (u_char *) (from).data; (to)->len = (from).len


static void
ngx_http_wasm_host_log(void *root, void *stream, struct pw_str name,
    enum pw_log_level level, struct pw_str text)
{
    ngx_log_t               *log;
    ngx_str_t                plugin_name;
    ngx_http_wasm_config_t  *config = root;

    log = ngx_http_wasm_host_log_of(stream);
    ngx_http_wasm_str(&plugin_name, name);

    if (log->log_level < ngx_http_wasm_host_levels[level]) {
        return;
    }

    if (config && !ngx_http_wasm_log_count(config->plugin, log)) {
        return;
    }

    ngx_http_wasm_log(ngx_http_wasm_host_levels[level], log, &plugin_name,
                      text.data, text.len);
}


static enum pw_log_level
ngx_http_wasm_host_log_level(void *root, void *stream)
{
    ngx_log_t          *log;
    enum pw_log_level   level;

    log = ngx_http_wasm_host_log_of(stream);

    for (level = PW_TRACE; level < PW_CRITICAL; level++) {
        if (log->log_level >= ngx_http_wasm_host_levels[level]) {
            break;
        }
    }

    return level;
}


static ngx_log_t *
ngx_http_wasm_host_log_of(void *stream)
{
    ngx_http_wasm_stream_t  *st = stream;

    return st ? st->ctx->request->connection->log : ngx_cycle->log;
}


static uint64_t
ngx_http_wasm_host_now(void *root)
{
    struct timespec  ts;

    (void) clock_gettime(CLOCK_REALTIME, &ts);

    return (uint64_t) ts.tv_sec * 1000000000 + ts.tv_nsec;
}


/*
 * Request headers can be read all the time, and changed until the request goes
 * to the content handler; response headers from the response on, and changed
 * until they are sent; response trailers at the end of the body.  nginx drops
 * the trailers of requests.
 */

static ngx_inline enum pw_access
ngx_http_wasm_host_access(ngx_http_wasm_ctx_t *ctx, enum pw_map map)
{
    if (map == PW_REQUEST_HEADERS
        && ctx->request_at < NGX_HTTP_WASM_REQUEST_UNBUFFERED
        && ctx->response_at == NGX_HTTP_WASM_RESPONSE_NONE
        && !ctx->logging && !ctx->ended)
    {
        return PW_WRITE;
    }

    return ngx_http_wasm_host_access_any(ctx, map);
}


static enum pw_access
ngx_http_wasm_host_map_access(void *stream, enum pw_map map)
{
    ngx_http_wasm_stream_t  *st = stream;

    return ngx_http_wasm_host_access(st->ctx, map);
}


static enum pw_access
ngx_http_wasm_host_access_any(ngx_http_wasm_ctx_t *ctx, enum pw_map map)
{
    if (ctx->ended) {
        return PW_ABSENT;
    }

    switch (map) {

    case PW_REQUEST_HEADERS:
        return (ctx->request_at >= NGX_HTTP_WASM_REQUEST_UNBUFFERED
                || ctx->logging
                || ctx->response_at != NGX_HTTP_WASM_RESPONSE_NONE)
               ? PW_READ : PW_WRITE;

    case PW_RESPONSE_HEADERS:

        if (ctx->request->headers_out.status == 0) {
            return PW_ABSENT;
        }

        switch (ctx->response_at) {

        case NGX_HTTP_WASM_RESPONSE_NONE:
            return ctx->logging ? PW_READ : PW_ABSENT;

        case NGX_HTTP_WASM_RESPONSE_HEADERS:
        case NGX_HTTP_WASM_RESPONSE_BODY:
            return (ctx->headers_sent || ctx->logging) ? PW_READ : PW_WRITE;

        default:
            return PW_READ;
        }

    case PW_RESPONSE_TRAILERS:

        if (ctx->logging || ctx->complete) {
            return PW_READ;
        }

        return ctx->ending ? PW_WRITE : PW_ABSENT;

    default:
        return PW_ABSENT;
    }
}


static uint32_t
ngx_http_wasm_host_map_count(void *stream, enum pw_map map)
{
    ngx_http_wasm_dir_e      dir;
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;
    dir = ngx_http_wasm_host_maps[map];

    if (ctx->known & NGX_HTTP_WASM_KNOWN_COUNT(dir)) {
        return ctx->count;
    }

    if (ngx_http_wasm_host_map_access(st, map) == PW_ABSENT) {
        return 0;
    }

    ctx->count = ngx_http_wasm_headers_count(ctx, dir);

    if (ctx->known & NGX_HTTP_WASM_KNOWN_KEEPS) {
        ctx->known = (ctx->known & ~NGX_HTTP_WASM_KNOWN_COUNTS)
                     | NGX_HTTP_WASM_KNOWN_COUNT(dir);
    }

    return ctx->count;
}


static size_t
ngx_http_wasm_host_map_list(void *stream, enum pw_map map,
    struct pw_pair *pairs, size_t room, uint64_t *bytes)
{
    ngx_http_wasm_stream_t  *st = stream;

    if (ngx_http_wasm_host_access(st->ctx, map) == PW_ABSENT) {
        return 0;
    }

    return ngx_http_wasm_headers_list(st->ctx, ngx_http_wasm_host_maps[map],
                                      pairs, room, bytes);
}


static bool
ngx_http_wasm_host_map_get(void *stream, enum pw_map map, struct pw_str key,
    struct pw_str *value)
{
    ngx_str_t               *found;
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;

    if (map != PW_REQUEST_HEADERS
        || !(ctx->known & NGX_HTTP_WASM_KNOWN_INDEX)
        || ngx_http_wasm_lines_get(ctx, (u_char *) key.data, key.len, &found)
           != NGX_OK)
    {
        return ngx_http_wasm_host_map_get_any(ctx, map, key, value);
    }

    return ngx_http_wasm_host_found(found, value);
}


static ngx_inline bool
ngx_http_wasm_host_found(ngx_str_t *found, struct pw_str *value)
{
    if (found == NULL) {
        return false;
    }

    value->data = (char *) found->data;
    value->len = found->len;

    return true;
}


static ngx_http_wasm_noinline bool
ngx_http_wasm_host_map_get_any(ngx_http_wasm_ctx_t *ctx, enum pw_map map,
    struct pw_str key, struct pw_str *value)
{
    ngx_str_t  *found, room;

    if ((map != PW_REQUEST_HEADERS || ctx->ended)
        && ngx_http_wasm_host_access_any(ctx, map) == PW_ABSENT)
    {
        return false;
    }

    found = ngx_http_wasm_headers_get(ctx, ngx_http_wasm_host_maps[map],
                                      (u_char *) key.data, key.len, &room);

    return ngx_http_wasm_host_found(found, value);
}


static enum pw_status
ngx_http_wasm_host_map_add(void *stream, enum pw_map map, struct pw_str key,
    struct pw_str value)
{
    ngx_str_t                name, text;
    ngx_http_wasm_stream_t  *st = stream;

    if (ngx_http_wasm_host_access(st->ctx, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }

    ngx_http_wasm_str(&name, key);
    ngx_http_wasm_str(&text, value);

    if (ngx_http_wasm_host_change(st, map, NGX_HTTP_WASM_HOST_LINE(key, value))
        != PW_OK
        || ngx_http_wasm_headers_add(st->ctx, ngx_http_wasm_host_maps[map],
                                     &name, &text)
           != NGX_OK)
    {
        return PW_INTERNAL_FAILURE;
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_map_replace(void *stream, enum pw_map map,
    struct pw_str key, struct pw_str value)
{
    ngx_str_t                name, text;
    ngx_http_wasm_stream_t  *st = stream;

    if (ngx_http_wasm_host_access(st->ctx, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }

    ngx_http_wasm_str(&name, key);
    ngx_http_wasm_str(&text, value);

    if (ngx_http_wasm_host_change(st, map, NGX_HTTP_WASM_HOST_LINE(key, value))
        != PW_OK
        || ngx_http_wasm_headers_replace(st->ctx, ngx_http_wasm_host_maps[map],
                                         &name, &text)
           != NGX_OK)
    {
        return PW_INTERNAL_FAILURE;
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_map_remove(void *stream, enum pw_map map,
    struct pw_str key)
{
    ngx_str_t                name;
    ngx_http_wasm_stream_t  *st = stream;

    ngx_http_wasm_str(&name, key);

    if (ngx_http_wasm_host_change(st, map, 0) != PW_OK
        || ngx_http_wasm_headers_remove(st->ctx, ngx_http_wasm_host_maps[map],
                                        &name)
           != NGX_OK)
    {
        return PW_INTERNAL_FAILURE;
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_map_set(void *stream, enum pw_map map,
    const struct pw_pair *pairs, size_t npairs)
{
    size_t                   i, size;
    ngx_http_wasm_stream_t  *st = stream;

    for (size = 0, i = 0; i < npairs; i++) {
        size += pairs[i].key.len + pairs[i].value.len
                + sizeof(ngx_table_elt_t);
    }

    if (ngx_http_wasm_host_change(st, map, size) != PW_OK
        || ngx_http_wasm_headers_set(st->ctx, ngx_http_wasm_host_maps[map],
                                     pairs, npairs)
           != NGX_OK)
    {
        return PW_INTERNAL_FAILURE;
    }

    return PW_OK;
}


/* size bytes more, or none; keeps what a fault of this callback undoes */

static ngx_inline enum pw_status
ngx_http_wasm_host_change(ngx_http_wasm_stream_t *st, enum pw_map map,
    size_t size)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;
    ctx->known &= NGX_HTTP_WASM_KNOWN_KEEPS;

    if (size > NGX_HTTP_WASM_SET_MAX - ctx->set_size || st->save
        || map == PW_RESPONSE_TRAILERS)
    {
        return ngx_http_wasm_host_change_save(st, map, size);
    }

    ctx->set_size += size;

    return PW_OK;
}


static ngx_http_wasm_noinline enum pw_status
ngx_http_wasm_host_change_save(ngx_http_wasm_stream_t *st, enum pw_map map,
    size_t size)
{
    if (size && ngx_http_wasm_charge(st, size) != NGX_OK) {
        return PW_INTERNAL_FAILURE;
    }

    if (map == PW_RESPONSE_TRAILERS) {
        st->ctx->trailed = 1;
    }

    if (!st->save || !st->entered) {
        return PW_OK;
    }

    return (ngx_http_wasm_undo_save(st->ctx, ngx_http_wasm_host_maps[map])
            == NGX_OK)
           ? PW_OK : PW_INTERNAL_FAILURE;
}


static enum pw_access
ngx_http_wasm_host_buffer_access(void *stream, enum pw_buffer buffer)
{
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;

    if (st->body == NULL || ctx->logging) {
        return PW_ABSENT;
    }

    if ((buffer == PW_REQUEST_BODY && ctx->dir == NGX_HTTP_WASM_REQUEST)
        || (buffer == PW_RESPONSE_BODY && ctx->dir == NGX_HTTP_WASM_RESPONSE))
    {
        /* a part that waits has the length that was told */

        return (ctx->waiting && (ctx->framed & (1 << ctx->dir)))
               ? PW_READ : PW_WRITE;
    }

    return PW_ABSENT;
}


static size_t
ngx_http_wasm_host_buffer_size(void *stream, enum pw_buffer buffer)
{
    ngx_http_wasm_stream_t  *st = stream;

    return st->body->size;
}


static void
ngx_http_wasm_host_buffer_read(void *stream, enum pw_buffer buffer,
    size_t start, size_t len, uint8_t *out)
{
    ngx_http_wasm_stream_t  *st = stream;

    if (ngx_http_wasm_body_read(st->ctx->request, st->body, start, len, out)
        != NGX_OK)
    {
        ngx_memzero(out, len);
        st->ctx->failed = 1;
    }
}


static enum pw_status
ngx_http_wasm_host_buffer_splice(void *stream, enum pw_buffer buffer,
    size_t start, size_t cut, struct pw_str data)
{
    ngx_int_t                rc;
    ngx_str_t                bytes;
    ngx_uint_t               copy;
    ngx_http_wasm_stream_t  *st = stream;

    /* more than may be held, and growing */

    if (data.len > cut
        && st->body->size - cut + data.len
           > st->config->plugin->body_buffer + NGX_HTTP_WASM_CHUNK)
    {
        return PW_INTERNAL_FAILURE;
    }

    ngx_http_wasm_str(&bytes, data);

    copy = (st->save && !st->saved);

    if (copy) {
        st->before = *st->body;
    }

    rc = ngx_http_wasm_body_splice(st->ctx, st->body, start, cut, &bytes,
                                   copy);
    if (rc != NGX_OK) {
        return PW_INTERNAL_FAILURE;
    }

    st->saved |= copy;

    return PW_OK;
}


/* Outside of a callback of this stream it ends a pause. */

static enum pw_status
ngx_http_wasm_host_local_response(void *stream,
    const struct pw_response *response)
{
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;

    if (ctx->logging || ctx->local || (!st->entered && ctx->waiting == NULL)) {
        return PW_OK;
    }

    ctx->local = ngx_http_wasm_local_copy(ctx->request, response);

    if (ctx->local == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    if (!st->entered) {
        ngx_http_wasm_stream_wake(ctx);
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_continue_stream(void *stream, enum pw_stream_type type)
{
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;

    if (ctx->logging
        || (type == PW_STREAM_REQUEST && ctx->dir != NGX_HTTP_WASM_REQUEST)
        || (type == PW_STREAM_RESPONSE && ctx->dir != NGX_HTTP_WASM_RESPONSE)
        || (!st->entered && !(st->paused & (1 << ctx->dir))))
    {
        return PW_OK;
    }

    st->resume |= 1 << ctx->dir;

    if (!st->entered) {
        ngx_http_wasm_stream_wake(ctx);
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_close_stream(void *stream, enum pw_stream_type type)
{
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_stream_t  *st = stream;

    ctx = st->ctx;

    if (ctx->logging
        || (type != PW_STREAM_REQUEST && type != PW_STREAM_RESPONSE)
        || (!st->entered && ctx->waiting == NULL))
    {
        return PW_OK;
    }

    ctx->close = 1;

    if (!st->entered) {
        ngx_http_wasm_stream_wake(ctx);
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_clear_route(void *stream)
{
    ngx_http_wasm_stream_t  *st = stream;

    st->ctx->reroute = 1;

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_host_property_get(void *root, void *stream, struct pw_str path,
    struct pw_property *value)
{
    ngx_str_t  name;

    ngx_http_wasm_str(&name, path);

    return ngx_http_wasm_property_get(root, stream, &name, value);
}


static enum pw_status
ngx_http_wasm_host_property_set(void *root, void *stream, struct pw_str path,
    struct pw_str value)
{
    ngx_str_t  name, text;

    ngx_http_wasm_str(&name, path);
    ngx_http_wasm_str(&text, value);

    return ngx_http_wasm_property_set(stream, &name, &text);
}

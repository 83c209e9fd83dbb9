
/*
 * Properties: what plugins ask of a request by Envoy's names, one row each;
 * variables of nginx as "ngx.NAME"; and values that plugins leave for each
 * other under names of their own.
 */


#include "ngx_http_wasm_module.h"


/* bytes of names and values that the plugins of a request may leave */
#define NGX_HTTP_WASM_STATE_MAX  65536


typedef struct ngx_http_wasm_property_s  ngx_http_wasm_property_t;

typedef enum pw_status (*ngx_http_wasm_property_pt)(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);

struct ngx_http_wasm_property_s {
    ngx_str_t                    path;
    ngx_http_wasm_property_pt    get;
    uintptr_t                    data;     /* for get */
};


static enum pw_status ngx_http_wasm_property_variable(
    ngx_http_wasm_ctx_t *ctx, ngx_str_t *name, struct pw_property *value);
static enum pw_status ngx_http_wasm_property_set_variable(
    ngx_http_wasm_ctx_t *ctx, ngx_str_t *name, ngx_str_t *value);
static ngx_http_wasm_state_t *ngx_http_wasm_property_state(
    ngx_http_wasm_ctx_t *ctx, ngx_str_t *path);
static enum pw_status ngx_http_wasm_property_str(struct pw_property *value,
    ngx_str_t *s);
static enum pw_status ngx_http_wasm_property_int(struct pw_property *value,
    off_t n);

static enum pw_status ngx_http_wasm_get_field(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_url_path(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_query(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_protocol(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_variable(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_number(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_id(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_duration(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_request_size(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_property_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_total_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_code(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_grpc_status(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_details(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_response_size(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_property_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_latency(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_address(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_port(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_connection(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_server_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_mtls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream_port(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_property_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_constant(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value);


#define NGX_HTTP_WASM_HERE   0             /* of the server's end */
#define NGX_HTTP_WASM_THERE  1             /* of the client's end */

#define ngx_http_wasm_name(s)  (uintptr_t) s


static ngx_http_wasm_property_t  ngx_http_wasm_properties[] = {

    { ngx_string("request.path"), ngx_http_wasm_get_field,
      ngx_http_wasm_name(":path") },
    { ngx_string("request.url_path"), ngx_http_wasm_get_url_path, 0 },
    { ngx_string("request.query"), ngx_http_wasm_get_query, 0 },
    { ngx_string("request.host"), ngx_http_wasm_get_field,
      ngx_http_wasm_name(":authority") },
    { ngx_string("request.scheme"), ngx_http_wasm_get_field,
      ngx_http_wasm_name(":scheme") },
    { ngx_string("request.method"), ngx_http_wasm_get_field,
      ngx_http_wasm_name(":method") },
    { ngx_string("request.referer"), ngx_http_wasm_get_field,
      ngx_http_wasm_name("referer") },
    { ngx_string("request.useragent"), ngx_http_wasm_get_field,
      ngx_http_wasm_name("user-agent") },
    { ngx_string("request.protocol"), ngx_http_wasm_get_protocol, 0 },
    { ngx_string("request.id"), ngx_http_wasm_get_id, 0 },
    { ngx_string("request.time"), ngx_http_wasm_get_time, 0 },
    { ngx_string("request.duration"), ngx_http_wasm_get_duration, 0 },
    { ngx_string("request.size"), ngx_http_wasm_get_request_size, 0 },
    { ngx_string("request.total_size"), ngx_http_wasm_get_total_size, 0 },

    { ngx_string("response.code"), ngx_http_wasm_get_code, 0 },
    { ngx_string("response.code_details"), ngx_http_wasm_get_details, 0 },
    { ngx_string("response.flags"), ngx_http_wasm_get_constant, 0 },
    { ngx_string("response.grpc_status"), ngx_http_wasm_get_grpc_status, 0 },
    { ngx_string("response.size"), ngx_http_wasm_get_response_size, 0 },
    { ngx_string("response.total_size"), ngx_http_wasm_get_response_size, 1 },
    { ngx_string("response.backend_latency"), ngx_http_wasm_get_latency, 0 },

    { ngx_string("source.address"), ngx_http_wasm_get_address,
      NGX_HTTP_WASM_THERE },
    { ngx_string("source.port"), ngx_http_wasm_get_port,
      NGX_HTTP_WASM_THERE },
    { ngx_string("destination.address"), ngx_http_wasm_get_address,
      NGX_HTTP_WASM_HERE },
    { ngx_string("destination.port"), ngx_http_wasm_get_port,
      NGX_HTTP_WASM_HERE },

    { ngx_string("connection.id"), ngx_http_wasm_get_connection, 0 },
    { ngx_string("connection_id"), ngx_http_wasm_get_connection, 0 },
    { ngx_string("connection.mtls"), ngx_http_wasm_get_mtls, 0 },
    { ngx_string("connection.requested_server_name"),
      ngx_http_wasm_get_server_name, 0 },
    { ngx_string("connection.tls_version"), ngx_http_wasm_get_variable,
      ngx_http_wasm_name("ssl_protocol") },
    { ngx_string("connection.subject_peer_certificate"),
      ngx_http_wasm_get_variable, ngx_http_wasm_name("ssl_client_s_dn") },

    { ngx_string("upstream.address"), ngx_http_wasm_get_upstream, 0 },
    { ngx_string("upstream.port"), ngx_http_wasm_get_upstream_port, 0 },
    { ngx_string("upstream.request_attempt_count"), ngx_http_wasm_get_number,
      0 },

    { ngx_null_string, NULL, 0 }
};


enum pw_status
ngx_http_wasm_property_get(ngx_http_wasm_stream_t *st, ngx_str_t *path,
    struct pw_property *value)
{
    ngx_str_t                  name;
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_state_t     *state;
    ngx_http_wasm_property_t  *row;

    if (st == NULL || st->ctx->ended) {
        return PW_NOT_FOUND;
    }

    ctx = st->ctx;

    if (path->len > 4 && ngx_strncmp(path->data, "ngx.", 4) == 0) {
        name.data = path->data + 4;
        name.len = path->len - 4;
        return ngx_http_wasm_property_variable(ctx, &name, value);
    }

    for (row = ngx_http_wasm_properties; row->path.len; row++) {
        if (row->path.len == path->len
            && ngx_memcmp(row->path.data, path->data, path->len) == 0)
        {
            return row->get(ctx, row, value);
        }
    }

    name = *path;

    if (name.len > sizeof("filter_state.wasm.") - 1
        && ngx_strncmp(name.data, "filter_state.wasm.",
                       sizeof("filter_state.wasm.") - 1)
           == 0)
    {
        name.data += sizeof("filter_state.wasm.") - 1;
        name.len -= sizeof("filter_state.wasm.") - 1;
    }

    state = ngx_http_wasm_property_state(ctx, &name);

    return state ? ngx_http_wasm_property_str(value, &state->value)
                 : PW_NOT_FOUND;
}


/* Parts of the path are separated by NUL, as the guest gave it. */

enum pw_status
ngx_http_wasm_property_set(ngx_http_wasm_stream_t *st, ngx_str_t *path,
    ngx_str_t *value)
{
    u_char                 *p;
    ngx_str_t               name;
    ngx_uint_t              i;
    ngx_http_wasm_ctx_t    *ctx;
    ngx_http_wasm_state_t  *state;

    if (st == NULL || st->ctx->ended) {
        return PW_NOT_FOUND;
    }

    ctx = st->ctx;

    if (path->len > 4 && ngx_strncmp(path->data, "ngx", 3) == 0
        && (path->data[3] == '\0' || path->data[3] == '.'))
    {
        name.data = path->data + 4;
        name.len = path->len - 4;

        if (name.data[name.len - 1] == '\0') {
            name.len--;
        }

        return ngx_http_wasm_property_set_variable(ctx, &name, value);
    }

    if (path->len + value->len + sizeof(ngx_http_wasm_state_t)
        > NGX_HTTP_WASM_STATE_MAX - ctx->state_size)
    {
        return PW_INTERNAL_FAILURE;
    }

    ctx->state_size += path->len + value->len + sizeof(ngx_http_wasm_state_t);

    p = ngx_pnalloc(ctx->request->pool, path->len + value->len + 1);
    if (p == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    name.data = p;
    name.len = path->len;

    for (i = 0; i < path->len; i++) {
        *p++ = path->data[i] ? path->data[i] : '.';
    }

    if (name.len && path->data[name.len - 1] == '\0') {
        name.len--;
    }

    state = ngx_http_wasm_property_state(ctx, &name);

    if (state == NULL) {
        state = ngx_palloc(ctx->request->pool, sizeof(ngx_http_wasm_state_t));
        if (state == NULL) {
            return PW_INTERNAL_FAILURE;
        }

        state->key = name;
        state->next = ctx->state;
        ctx->state = state;
    }

    state->value.data = p;
    state->value.len = value->len;

    if (value->len) {
        ngx_memcpy(p, value->data, value->len);
    }

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_property_variable(ngx_http_wasm_ctx_t *ctx, ngx_str_t *name,
    struct pw_property *value)
{
    u_char                     *p;
    ngx_str_t                   s;
    ngx_uint_t                  key;
    ngx_http_variable_value_t  *vv;

    p = ngx_pnalloc(ctx->request->pool, name->len);
    if (p == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    key = ngx_hash_strlow(p, name->data, name->len);

    s.data = p;
    s.len = name->len;

    vv = ngx_http_get_variable(ctx->request, &s, key);

    if (vv == NULL || vv->not_found || !vv->valid) {
        return PW_NOT_FOUND;
    }

    s.data = vv->data;
    s.len = vv->len;

    return ngx_http_wasm_property_str(value, &s);
}


/* what the directive "set" could set */

static enum pw_status
ngx_http_wasm_property_set_variable(ngx_http_wasm_ctx_t *ctx, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char                     *p, *data;
    ngx_uint_t                  key;
    ngx_http_request_t         *r;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *vv;
    ngx_http_core_main_conf_t  *cmcf;

    r = ctx->request;

    p = ngx_pnalloc(r->pool, name->len);
    data = ngx_pnalloc(r->pool, value->len + 1);
    vv = ngx_palloc(r->pool, sizeof(ngx_http_variable_value_t));

    if (p == NULL || data == NULL || vv == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    key = ngx_hash_strlow(p, name->data, name->len);

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = ngx_hash_find(&cmcf->variables_hash, key, p, name->len);
    if (v == NULL) {
        return PW_NOT_FOUND;
    }

    if (!(v->flags & NGX_HTTP_VAR_CHANGEABLE)) {
        return PW_BAD_ARGUMENT;
    }

    *ngx_cpymem(data, value->data, value->len) = '\0';

    if (v->set_handler == NULL && (v->flags & NGX_HTTP_VAR_INDEXED)) {
        vv = &r->variables[v->index];
    }

    ngx_memzero(vv, sizeof(ngx_http_variable_value_t));

    vv->valid = 1;
    vv->data = data;
    vv->len = value->len;

    if (v->set_handler) {
        v->set_handler(r, vv, v->data);
        return PW_OK;
    }

    return (v->flags & NGX_HTTP_VAR_INDEXED) ? PW_OK : PW_BAD_ARGUMENT;
}


static ngx_http_wasm_state_t *
ngx_http_wasm_property_state(ngx_http_wasm_ctx_t *ctx, ngx_str_t *path)
{
    ngx_http_wasm_state_t  *state;

    for (state = ctx->state; state; state = state->next) {
        if (state->key.len == path->len
            && ngx_memcmp(state->key.data, path->data, path->len) == 0)
        {
            break;
        }
    }

    return state;
}


static enum pw_status
ngx_http_wasm_property_str(struct pw_property *value, ngx_str_t *s)
{
    value->kind = PW_PROP_BYTES;
    value->bytes.data = (char *) s->data;
    value->bytes.len = s->len;

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_property_int(struct pw_property *value, off_t n)
{
    value->kind = PW_PROP_INT;
    value->number = (uint64_t) n;

    return PW_OK;
}


/* --- the rows ----------------------------------------------------------- */


/* data: a request header's name */

static enum pw_status
ngx_http_wasm_get_field(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_str_t  key, s;

    key.data = (u_char *) row->data;
    key.len = ngx_strlen(key.data);

    if (!ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_REQUEST, &key, &s)) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_str(value, &s);
}


static enum pw_status
ngx_http_wasm_get_url_path(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    u_char     *p;
    ngx_str_t   s;

    s = ctx->request->unparsed_uri;

    if (s.len == 0) {
        return PW_NOT_FOUND;
    }

    p = ngx_strlchr(s.data, s.data + s.len, '?');

    if (p) {
        s.len = p - s.data;
    }

    return ngx_http_wasm_property_str(value, &s);
}


static enum pw_status
ngx_http_wasm_get_query(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    u_char     *p;
    ngx_str_t   s;

    s = ctx->request->unparsed_uri;

    p = s.len ? ngx_strlchr(s.data, s.data + s.len, '?') : NULL;

    if (p) {
        s.len -= p + 1 - s.data;
        s.data = p + 1;

    } else {
        s.len = 0;
    }

    return ngx_http_wasm_property_str(value, &s);
}


static enum pw_status
ngx_http_wasm_get_protocol(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_str_t  s;

    s = ctx->request->http_protocol;

    if (s.len == 0) {
        return PW_NOT_FOUND;
    }

    /* nginx says HTTP/2.0 */

    if (ctx->request->http_version >= NGX_HTTP_VERSION_20 && s.len > 2
        && s.data[s.len - 2] == '.')
    {
        s.len -= 2;
    }

    return ngx_http_wasm_property_str(value, &s);
}


/* data: a variable's name */

static enum pw_status
ngx_http_wasm_get_variable(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_str_t  name;

    name.data = (u_char *) row->data;
    name.len = ngx_strlen(name.data);

    return ngx_http_wasm_property_variable(ctx, &name, value);
}


/* upstreams that were tried */

static enum pw_status
ngx_http_wasm_get_number(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value, r->upstream_states
                                             ? r->upstream_states->nelts : 0);
}


/* the client's, or the one that nginx makes */

static enum pw_status
ngx_http_wasm_get_id(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_property_t *row,
    struct pw_property *value)
{
    ngx_str_t  key, s, name;

    ngx_str_set(&key, "x-request-id");

    if (ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_REQUEST, &key, &s)) {
        return ngx_http_wasm_property_str(value, &s);
    }

    ngx_str_set(&name, "request_id");

    return ngx_http_wasm_property_variable(ctx, &name, value);
}


static enum pw_status
ngx_http_wasm_get_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value,
                                      ((off_t) r->start_sec * 1000
                                       + (off_t) r->start_msec) * 1000000);
}


static enum pw_status
ngx_http_wasm_get_duration(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    off_t                ms;
    ngx_time_t          *tp;
    ngx_http_request_t  *r = ctx->request;

    if (!ctx->logging) {
        return PW_NOT_FOUND;
    }

    tp = ngx_timeofday();

    ms = (off_t) (tp->sec - r->start_sec) * 1000
         + ((off_t) tp->msec - (off_t) r->start_msec);

    return ngx_http_wasm_property_int(value, ngx_max(ms, 0) * 1000000);
}


static enum pw_status
ngx_http_wasm_get_request_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value,
                                   ngx_max(r->headers_in.content_length_n, 0));
}


static enum pw_status
ngx_http_wasm_get_total_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value, ctx->request->request_length);
}


static enum pw_status
ngx_http_wasm_get_code(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->headers_out.status == 0) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_int(value, (off_t) r->headers_out.status);
}


/* the header's, or what the HTTP status stands for */

static enum pw_status
ngx_http_wasm_get_grpc_status(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_int_t   status;
    ngx_str_t   key = ngx_string("grpc-status"), s;
    ngx_uint_t  http;

    http = ctx->request->headers_out.status;

    if (http == 0) {
        return PW_NOT_FOUND;
    }

    status = NGX_ERROR;

    if (ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_RESPONSE, &key, &s)) {
        status = ngx_atoi(s.data, s.len);
    }

    if (status == NGX_ERROR) {
        status = ngx_http_wasm_local_grpc_status(http);
    }

    return ngx_http_wasm_property_int(value, status);
}


static enum pw_status
ngx_http_wasm_get_details(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_str_t  s;

    if (ctx->request->headers_out.status == 0) {
        return PW_NOT_FOUND;
    }

    if (ctx->request->upstream) {
        ngx_str_set(&s, "via_upstream");

    } else {
        ngx_str_set(&s, "direct_response");
    }

    return ngx_http_wasm_property_str(value, &s);
}


/* data: with the headers */

static enum pw_status
ngx_http_wasm_get_response_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    off_t                sent;
    ngx_http_request_t  *r = ctx->request;

    sent = r->connection->sent;

    if (row->data == 0) {
        sent = ngx_max(sent - (off_t) r->header_size, 0);
    }

    return ngx_http_wasm_property_int(value, sent);
}


static enum pw_status
ngx_http_wasm_get_latency(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (!ctx->logging || r->upstream == NULL || r->upstream->state == NULL) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_int(value,
                            (off_t) r->upstream->state->response_time
                            * 1000000);
}


/* data: the end of the connection */

static enum pw_status
ngx_http_wasm_get_address(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    u_char            *p;
    ngx_str_t          s;
    ngx_connection_t  *c = ctx->request->connection;

    p = ngx_pnalloc(ctx->request->pool, NGX_SOCKADDR_STRLEN);
    if (p == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    s.data = p;

    if (row->data == NGX_HTTP_WASM_THERE) {
        s.len = ngx_sock_ntop(c->sockaddr, c->socklen, p, NGX_SOCKADDR_STRLEN,
                              1);

    } else {
        s.len = NGX_SOCKADDR_STRLEN;

        if (ngx_connection_local_sockaddr(c, &s, 1) != NGX_OK) {
            return PW_NOT_FOUND;
        }
    }

    return ngx_http_wasm_property_str(value, &s);
}


static enum pw_status
ngx_http_wasm_get_port(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_connection_t  *c = ctx->request->connection;

    if (row->data == NGX_HTTP_WASM_THERE) {
        return ngx_http_wasm_property_int(value, ngx_inet_get_port(c->sockaddr));
    }

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_int(value,
                                      ngx_inet_get_port(c->local_sockaddr));
}


static enum pw_status
ngx_http_wasm_get_connection(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value,
                                  (off_t) ctx->request->connection->number);
}


/* empty if the client named none */

static enum pw_status
ngx_http_wasm_get_server_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_str_t  none = ngx_null_string, name = ngx_string("ssl_server_name");

    if (ctx->request->http_connection->ssl
        && ngx_http_wasm_property_variable(ctx, &name, value) == PW_OK)
    {
        return PW_OK;
    }

    return ngx_http_wasm_property_str(value, &none);
}


static enum pw_status
ngx_http_wasm_get_mtls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    struct pw_property  verify;

    ngx_memzero(&verify, sizeof(struct pw_property));

    if (ctx->request->http_connection->ssl) {
        ngx_str_t  name = ngx_string("ssl_client_verify");

        (void) ngx_http_wasm_property_variable(ctx, &name, &verify);
    }

    value->kind = PW_PROP_BOOL;
    value->number = (verify.bytes.len == 7
                     && ngx_strncmp(verify.bytes.data, "SUCCESS", 7) == 0);

    return PW_OK;
}


static enum pw_status
ngx_http_wasm_get_upstream(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->upstream == NULL || r->upstream->state == NULL
        || r->upstream->state->peer == NULL)
    {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_str(value, r->upstream->state->peer);
}


static enum pw_status
ngx_http_wasm_get_upstream_port(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    u_char     *p, *last;
    ngx_int_t   port;

    if (ngx_http_wasm_get_upstream(ctx, row, value) != PW_OK) {
        return PW_NOT_FOUND;
    }

    last = (u_char *) value->bytes.data + value->bytes.len;

    for (p = last; p > (u_char *) value->bytes.data && p[-1] != ':'; p--) {
        /* void */
    }

    port = ngx_atoi(p, last - p);

    return (port == NGX_ERROR) ? PW_NOT_FOUND
                               : ngx_http_wasm_property_int(value, port);
}


static enum pw_status
ngx_http_wasm_get_constant(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_property_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value, (off_t) row->data);
}

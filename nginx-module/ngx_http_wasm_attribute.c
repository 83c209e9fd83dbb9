
/*
 * Envoy's attributes of a request, as far as nginx knows them: a row each.
 */


#include "ngx_http_wasm_property.h"


static enum pw_status ngx_http_wasm_get_field(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_url_path(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_query(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_protocol(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_variable(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_number(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_id(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_duration(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_request_size(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_total_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_code(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_grpc_status(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_details(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_response_size(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_latency(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_address(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_port(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_connection(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_server_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_mtls(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream_port(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_headers_bytes(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_flags(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream_local(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_upstream_failure(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value);
static enum pw_status ngx_http_wasm_get_endpoints(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_connect_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_cluster(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_route(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_host_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_node(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_text(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);
static enum pw_status ngx_http_wasm_get_constant(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value);


#define NGX_HTTP_WASM_HERE   0             /* of the server's end */
#define NGX_HTTP_WASM_THERE  1             /* of the client's end */

#define ngx_http_wasm_name(s)  (uintptr_t) s

#define ngx_http_wasm_certificate(name, flags)                                \
    { ngx_string(name), ngx_http_wasm_certificate_get, flags }

#define ngx_http_wasm_certificates(of, flags)                                 \
    ngx_http_wasm_certificate(of ".subject_local_certificate",                \
        NGX_HTTP_WASM_CERT_SUBJECT|(flags)),                                  \
    ngx_http_wasm_certificate(of ".subject_peer_certificate",                 \
        NGX_HTTP_WASM_CERT_SUBJECT|NGX_HTTP_WASM_CERT_PEER|(flags)),          \
    ngx_http_wasm_certificate(of ".dns_san_local_certificate",                \
        NGX_HTTP_WASM_CERT_DNS|(flags)),                                      \
    ngx_http_wasm_certificate(of ".dns_san_peer_certificate",                 \
        NGX_HTTP_WASM_CERT_DNS|NGX_HTTP_WASM_CERT_PEER|(flags)),              \
    ngx_http_wasm_certificate(of ".uri_san_local_certificate",                \
        NGX_HTTP_WASM_CERT_URI|(flags)),                                      \
    ngx_http_wasm_certificate(of ".uri_san_peer_certificate",                 \
        NGX_HTTP_WASM_CERT_URI|NGX_HTTP_WASM_CERT_PEER|(flags)),              \
    ngx_http_wasm_certificate(of ".sha256_peer_certificate_digest",           \
        NGX_HTTP_WASM_CERT_DIGEST|NGX_HTTP_WASM_CERT_PEER|(flags))


static ngx_http_wasm_attribute_t  ngx_http_wasm_attributes[] = {

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
    { ngx_string("request.headers_bytes"), ngx_http_wasm_get_headers_bytes,
      NGX_HTTP_WASM_REQUEST },

    { ngx_string("response.code"), ngx_http_wasm_get_code, 0 },
    { ngx_string("response.code_details"), ngx_http_wasm_get_details, 0 },
    { ngx_string("response.flags"), ngx_http_wasm_get_flags, 0 },
    { ngx_string("response.grpc_status"), ngx_http_wasm_get_grpc_status, 0 },
    { ngx_string("response.size"), ngx_http_wasm_get_response_size, 0 },
    { ngx_string("response.total_size"), ngx_http_wasm_get_response_size, 1 },
    { ngx_string("response.headers_bytes"), ngx_http_wasm_get_headers_bytes,
      NGX_HTTP_WASM_RESPONSE },
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
    ngx_http_wasm_certificates("connection", 0),

    { ngx_string("upstream.address"), ngx_http_wasm_get_upstream, 0 },
    { ngx_string("upstream.port"), ngx_http_wasm_get_upstream_port, 0 },
    { ngx_string("upstream.request_attempt_count"), ngx_http_wasm_get_number,
      0 },
    { ngx_string("upstream.num_endpoints"), ngx_http_wasm_get_endpoints, 0 },
    { ngx_string("upstream.local_address"), ngx_http_wasm_get_upstream_local,
      0 },
    { ngx_string("upstream.transport_failure_reason"),
      ngx_http_wasm_get_upstream_failure, 0 },
    { ngx_string("upstream.cx_pool_ready_duration"),
      ngx_http_wasm_get_connect_time, 0 },
    { ngx_string("upstream.tls_version"), ngx_http_wasm_certificate_tls,
      NGX_HTTP_WASM_CERT_UPSTREAM },
    ngx_http_wasm_certificates("upstream",
                               NGX_HTTP_WASM_CERT_UPSTREAM),

    { ngx_string("xds.cluster_name"), ngx_http_wasm_get_cluster, 0 },
    { ngx_string("xds.route_name"), ngx_http_wasm_get_route, 0 },
    { ngx_string("xds.virtual_host_name"), ngx_http_wasm_get_host_name, 0 },
    { ngx_string("xds.filter_chain_name"), ngx_http_wasm_get_text,
      ngx_http_wasm_name("") },
    { ngx_string("xds.listener_direction"), ngx_http_wasm_get_constant, 0 },
    { ngx_string("xds.node.id"), ngx_http_wasm_get_node, 0 },

    /* the names that Envoy had before */

    { ngx_string("cluster_name"), ngx_http_wasm_get_cluster, 0 },
    { ngx_string("route_name"), ngx_http_wasm_get_route, 0 },
    { ngx_string("listener_direction"), ngx_http_wasm_get_constant, 0 },
    { ngx_string("node.id"), ngx_http_wasm_get_node, 0 },

    { ngx_null_string, NULL, 0 }
};


ngx_http_wasm_attribute_t *
ngx_http_wasm_attribute(ngx_str_t *path)
{
    ngx_http_wasm_attribute_t  *row;

    for (row = ngx_http_wasm_attributes; row->path.len; row++) {
        if (row->path.len == path->len
            && ngx_memcmp(row->path.data, path->data, path->len) == 0)
        {
            return row;
        }
    }

    return NULL;
}


/* data: a request header's name */

static enum pw_status
ngx_http_wasm_get_field(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    u_char     *name;
    ngx_str_t  *s, room;

    name = (u_char *) row->data;

    s = ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_REQUEST, name,
                                  ngx_strlen(name), &room);

    return s ? ngx_http_wasm_property_str(value, s) : PW_NOT_FOUND;
}


static enum pw_status
ngx_http_wasm_get_url_path(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_str_t  name;

    name.data = (u_char *) row->data;
    name.len = ngx_strlen(name.data);

    return ngx_http_wasm_property_variable(ctx, &name, value);
}


/* upstreams that were tried */

static enum pw_status
ngx_http_wasm_get_number(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value, r->upstream_states
                                             ? r->upstream_states->nelts : 0);
}


/* the client's, or the one that nginx makes */

static enum pw_status
ngx_http_wasm_get_id(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_attribute_t *row,
    struct pw_property *value)
{
    ngx_str_t  *s, room, name;

    ngx_str_set(&name, "x-request-id");

    s = ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_REQUEST, name.data,
                                  name.len, &room);
    if (s) {
        return ngx_http_wasm_property_str(value, s);
    }

    ngx_str_set(&name, "request_id");

    return ngx_http_wasm_property_variable(ctx, &name, value);
}


static enum pw_status
ngx_http_wasm_get_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value,
                                      ((off_t) r->start_sec * 1000
                                       + (off_t) r->start_msec) * 1000000);
}


static enum pw_status
ngx_http_wasm_get_duration(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    return ngx_http_wasm_property_int(value,
                                   ngx_max(r->headers_in.content_length_n, 0));
}


static enum pw_status
ngx_http_wasm_get_total_size(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    off_t                size;
    ngx_http_request_t  *r = ctx->request;

    size = ngx_http_wasm_headers_bytes(ctx, NGX_HTTP_WASM_REQUEST);

    if (r->request_body) {
        size += ngx_max(r->headers_in.content_length_n, 0);
    }

    return ngx_http_wasm_property_int(value, size);
}


static enum pw_status
ngx_http_wasm_get_code(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_int_t   status;
    ngx_str_t   name = ngx_string("grpc-status"), *s, room;
    ngx_uint_t  http;

    http = ctx->request->headers_out.status;

    if (http == 0) {
        return PW_NOT_FOUND;
    }

    status = NGX_ERROR;

    s = ngx_http_wasm_headers_get(ctx, NGX_HTTP_WASM_RESPONSE, name.data,
                                  name.len, &room);
    if (s) {
        status = ngx_atoi(s->data, s->len);
    }

    if (status == NGX_ERROR) {
        status = ngx_http_wasm_local_grpc_status(http);
    }

    return ngx_http_wasm_property_int(value, status);
}


static enum pw_status
ngx_http_wasm_get_details(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    off_t                sent;
    ngx_http_request_t  *r = ctx->request;

    sent = ngx_max(r->connection->sent - (off_t) r->header_size, 0);

    if (row->data) {
        sent += ngx_http_wasm_headers_bytes(ctx, NGX_HTTP_WASM_RESPONSE);
    }

    return ngx_http_wasm_property_int(value, sent);
}


static enum pw_status
ngx_http_wasm_get_latency(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_connection_t  *c = ctx->request->connection;

    if (row->data == NGX_HTTP_WASM_THERE) {
        return ngx_http_wasm_property_int(value,
                                          ngx_inet_get_port(c->sockaddr));
    }

    if (ngx_connection_local_sockaddr(c, NULL, 0) != NGX_OK) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_int(value,
                                      ngx_inet_get_port(c->local_sockaddr));
}


static enum pw_status
ngx_http_wasm_get_connection(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value,
                                  (off_t) ctx->request->connection->number);
}


/* empty if the client named none */

static enum pw_status
ngx_http_wasm_get_server_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
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


/* names and values of the pairs; data: the map */

static enum pw_status
ngx_http_wasm_get_headers_bytes(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value,
                                  ngx_http_wasm_headers_bytes(ctx, row->data));
}


/* Envoy's bits of what went wrong with the upstream */

static enum pw_status
ngx_http_wasm_get_flags(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    off_t                       flags;
    ngx_http_request_t         *r = ctx->request;
    ngx_http_upstream_state_t  *state;

    flags = 0;
    state = r->upstream ? r->upstream->state : NULL;

    if (state && state->header_time == (ngx_msec_t) -1) {

        if (state->status == NGX_HTTP_GATEWAY_TIME_OUT) {
            flags = 0x04;          /* upstream request timeout */

        } else if (state->connect_time == (ngx_msec_t) -1) {
            flags = 0x20;          /* upstream connection failure */

        } else if (state->status == NGX_HTTP_BAD_GATEWAY) {
            flags = 0x40;          /* upstream connection termination */
        }
    }

    return ngx_http_wasm_property_int(value, flags);
}


static enum pw_status
ngx_http_wasm_get_upstream_local(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_str_t            s;
    ngx_connection_t    *c;
    ngx_http_request_t  *r = ctx->request;

    c = r->upstream ? r->upstream->peer.connection : NULL;

    if (c == NULL) {
        return PW_NOT_FOUND;
    }

    s.len = NGX_SOCKADDR_STRLEN;
    s.data = ngx_pnalloc(r->pool, s.len);
    if (s.data == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    if (ngx_connection_local_sockaddr(c, &s, 1) != NGX_OK) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_str(value, &s);
}


/* empty where nothing failed */

static enum pw_status
ngx_http_wasm_get_upstream_failure(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_str_t            s;
    ngx_http_request_t  *r = ctx->request;

    if (r->upstream == NULL || r->upstream->state == NULL) {
        return PW_NOT_FOUND;
    }

    ngx_str_null(&s);

    if (r->upstream->state->connect_time == (ngx_msec_t) -1) {
        ngx_str_set(&s, "connect failed");
    }

    return ngx_http_wasm_property_str(value, &s);
}


/* addresses of the upstream */

static enum pw_status
ngx_http_wasm_get_endpoints(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    off_t                          n;
    ngx_uint_t                     i;
    ngx_http_upstream_t           *u;
    ngx_http_upstream_server_t    *server;
    ngx_http_upstream_srv_conf_t  *uscf;

    u = ctx->request->upstream;

    if (u == NULL) {
        return ngx_http_wasm_property_int(value, 0);
    }

    uscf = u->upstream;
    n = 0;

    if (uscf && uscf->servers) {
        server = uscf->servers->elts;

        for (i = 0; i < uscf->servers->nelts; i++) {
            n += server[i].naddrs;
        }

    } else if (u->resolved) {
        n = u->resolved->naddrs;
    }

    return ngx_http_wasm_property_int(value, n);
}


static enum pw_status
ngx_http_wasm_get_connect_time(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->upstream == NULL || r->upstream->state == NULL
        || r->upstream->state->connect_time == (ngx_msec_t) -1)
    {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_int(value,
                                (off_t) r->upstream->state->connect_time
                                * 1000000);
}


/* Envoy's cluster is nginx's upstream ... */

static enum pw_status
ngx_http_wasm_get_cluster(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->upstream == NULL || r->upstream->upstream == NULL) {
        return PW_NOT_FOUND;
    }

    return ngx_http_wasm_property_str(value, &r->upstream->upstream->host);
}


/* ... its route the location ... */

static enum pw_status
ngx_http_wasm_get_route(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_get_module_loc_conf(ctx->request, ngx_http_core_module);

    return ngx_http_wasm_property_str(value, &clcf->name);
}


/* ... and its virtual host the server */

static enum pw_status
ngx_http_wasm_get_host_name(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_http_core_srv_conf_t  *cscf;

    cscf = ngx_http_get_module_srv_conf(ctx->request, ngx_http_core_module);

    return ngx_http_wasm_property_str(value, &cscf->server_name);
}


static enum pw_status
ngx_http_wasm_get_node(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_str(value,
                                      (ngx_str_t *) &ngx_cycle->hostname);
}


static enum pw_status
ngx_http_wasm_get_text(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    ngx_str_t  s;

    s.data = (u_char *) row->data;
    s.len = ngx_strlen(s.data);

    return ngx_http_wasm_property_str(value, &s);
}


static enum pw_status
ngx_http_wasm_get_constant(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_attribute_t *row, struct pw_property *value)
{
    return ngx_http_wasm_property_int(value, (off_t) row->data);
}

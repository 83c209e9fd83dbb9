
/*
 * What a call sends, and what nginx's upstream code has to know of it: what a
 * proxy module would tell.
 */


#include "ngx_http_wasm_call.h"


/* an answer's headers */
#define NGX_HTTP_WASM_WIRE_HEADERS  8192


typedef struct {
    ngx_str_t        name;
    ngx_uint_t       method;
    ngx_uint_t       body;                 /* even an empty one has a length */
} ngx_http_wasm_wire_method_t;


static size_t ngx_http_wasm_wire_size(const struct pw_http_call *http);
static const struct pw_str *ngx_http_wasm_wire_pseudo(
    const struct pw_http_call *http, const char *name);
static u_char *ngx_http_wasm_wire_copy(u_char *p, const struct pw_str *text);
static u_char *ngx_http_wasm_wire_pairs(u_char *p,
    const struct pw_pair *pairs, size_t n);
static ngx_uint_t ngx_http_wasm_wire_dropped(const struct pw_str *name);
static ngx_http_wasm_wire_method_t *ngx_http_wasm_wire_method(
    const struct pw_str *name);
static ngx_int_t ngx_http_wasm_wire_fields(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http);
static ngx_int_t ngx_http_wasm_wire_headers(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http, u_char *p);
static ngx_int_t ngx_http_wasm_wire_resolved(ngx_http_wasm_call_t *call,
    ngx_url_t *url);
static ngx_int_t ngx_http_wasm_wire_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us);
static ngx_int_t ngx_http_wasm_wire_get_peer(ngx_peer_connection_t *pc,
    void *data);
static ngx_uint_t ngx_http_wasm_wire_fits(ngx_http_wasm_call_t *call,
    ngx_connection_t *c);
static ngx_int_t ngx_http_wasm_wire_create_request(ngx_http_request_t *r);
static void ngx_http_wasm_wire_abort_request(ngx_http_request_t *r);
static void ngx_http_wasm_wire_finalize_request(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_http_wasm_call_e ngx_http_wasm_wire_outcome(
    ngx_http_wasm_call_t *call, ngx_int_t rc);


static ngx_http_wasm_wire_method_t  ngx_http_wasm_wire_methods[] = {
    { ngx_string("GET"),   NGX_HTTP_GET,     0 },
    { ngx_string("HEAD"),  NGX_HTTP_HEAD,    0 },
    { ngx_string("POST"),  NGX_HTTP_POST,    1 },
    { ngx_string("PUT"),   NGX_HTTP_PUT,     1 },
    { ngx_string("PATCH"), NGX_HTTP_PATCH,   1 },
    { ngx_string("LOCK"),  NGX_HTTP_LOCK,    0 },
    { ngx_null_string,     NGX_HTTP_UNKNOWN, 0 }
};


/* what concerns this one connection, or the length */

static const char  *ngx_http_wasm_wire_drop[] = {
    "connection", "content-length", "expect", "keep-alive",
    "proxy-connection", "te", "transfer-encoding", "upgrade", NULL
};


/*
 * The request as bytes, in one buffer.  There is always a method, a path and
 * an authority; all of them, names and values are free of what could split a
 * message.
 */

ngx_int_t
ngx_http_wasm_wire_request(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http)
{
    size_t                        size;
    u_char                       *p;
    ngx_int_t                     rc;
    const struct pw_str          *method;
    ngx_http_wasm_wire_method_t  *m;

    size = ngx_http_wasm_wire_size(http);

    rc = ngx_http_wasm_call_charge(call, size);
    if (rc != NGX_OK) {
        return rc;
    }

    call->out = ngx_create_temp_buf(call->pool, size);
    if (call->out == NULL) {
        return NGX_ERROR;
    }

    method = ngx_http_wasm_wire_pseudo(http, ":method");
    m = ngx_http_wasm_wire_method(method);

    call->request.method = m->method;
    call->head = (m->method == NGX_HTTP_HEAD);

    p = ngx_http_wasm_wire_copy(call->out->last, method);
    *p++ = ' ';
    p = ngx_http_wasm_wire_copy(p, ngx_http_wasm_wire_pseudo(http, ":path"));
    p = ngx_cpymem(p, " HTTP/1.1\r\nHost: ", sizeof(" HTTP/1.1\r\nHost: ") - 1);
    p = ngx_http_wasm_wire_copy(p, ngx_http_wasm_wire_pseudo(http,
                                                             ":authority"));
    p = ngx_cpymem(p, CRLF, 2);
    p = ngx_http_wasm_wire_pairs(p, http->headers, http->nheaders);

    if (http->ntrailers) {
        p = ngx_sprintf(p, "Transfer-Encoding: chunked" CRLF CRLF);

        if (http->body.len) {
            p = ngx_sprintf(p, "%xz" CRLF, http->body.len);
            p = ngx_http_wasm_wire_copy(p, &http->body);
            p = ngx_cpymem(p, CRLF, 2);
        }

        p = ngx_sprintf(p, "0" CRLF);
        p = ngx_http_wasm_wire_pairs(p, http->trailers, http->ntrailers);
        p = ngx_cpymem(p, CRLF, 2);

    } else {
        if (http->body.len || m->body) {
            p = ngx_sprintf(p, "Content-Length: %uz" CRLF, http->body.len);
        }

        p = ngx_cpymem(p, CRLF, 2);
        p = ngx_http_wasm_wire_copy(p, &http->body);
    }

    call->out->last = p;
    call->out->flush = 1;

    return ngx_http_wasm_wire_fields(call, http);
}


/* at most */

static size_t
ngx_http_wasm_wire_size(const struct pw_http_call *http)
{
    size_t  i, size;

    size = sizeof("  HTTP/1.1\r\nHost: \r\nTransfer-Encoding: chunked\r\n\r\n"
                  "\r\n\r\n0\r\n\r\n") + 2 * NGX_SIZE_T_LEN + http->body.len;

    for (i = 0; i < http->nheaders; i++) {
        size += http->headers[i].key.len + http->headers[i].value.len + 4;
    }

    for (i = 0; i < http->ntrailers; i++) {
        size += http->trailers[i].key.len + http->trailers[i].value.len + 4;
    }

    return size;
}


static const struct pw_str *
ngx_http_wasm_wire_pseudo(const struct pw_http_call *http, const char *name)
{
    size_t                      i, len;
    static const struct pw_str  none = { "", 0 };

    len = ngx_strlen(name);

    for (i = 0; i < http->nheaders; i++) {
        if (http->headers[i].key.len == len
            && ngx_memcmp(http->headers[i].key.data, name, len) == 0)
        {
            return &http->headers[i].value;
        }
    }

    return &none;
}


static u_char *
ngx_http_wasm_wire_copy(u_char *p, const struct pw_str *text)
{
    return text->len ? ngx_cpymem(p, text->data, text->len) : p;
}


static u_char *
ngx_http_wasm_wire_pairs(u_char *p, const struct pw_pair *pairs, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {

        if (pairs[i].key.data[0] == ':'
            || ngx_http_wasm_wire_dropped(&pairs[i].key))
        {
            continue;
        }

        p = ngx_http_wasm_wire_copy(p, &pairs[i].key);
        *p++ = ':';
        *p++ = ' ';
        p = ngx_http_wasm_wire_copy(p, &pairs[i].value);
        p = ngx_cpymem(p, CRLF, 2);
    }

    return p;
}


static ngx_uint_t
ngx_http_wasm_wire_dropped(const struct pw_str *name)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_wasm_wire_drop[i]; i++) {
        if (name->len == ngx_strlen(ngx_http_wasm_wire_drop[i])
            && ngx_memcmp(name->data, ngx_http_wasm_wire_drop[i], name->len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_http_wasm_wire_method_t *
ngx_http_wasm_wire_method(const struct pw_str *name)
{
    ngx_http_wasm_wire_method_t  *m;

    for (m = ngx_http_wasm_wire_methods; m->name.len; m++) {
        if (m->name.len == name->len
            && ngx_memcmp(m->name.data, name->data, name->len) == 0)
        {
            break;
        }
    }

    return m;
}


/* what balancers may ask of a request by way of variables */

static ngx_int_t
ngx_http_wasm_wire_fields(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http)
{
    u_char               *p, *last;
    ngx_str_t             host;
    const struct pw_str  *authority;
    ngx_http_request_t   *r;

    r = &call->request;

    r->method_name.data = call->out->pos;
    r->method_name.len = ngx_http_wasm_wire_pseudo(http, ":method")->len;

    r->unparsed_uri.data = call->out->pos + r->method_name.len + 1;
    r->unparsed_uri.len = ngx_http_wasm_wire_pseudo(http, ":path")->len;

    last = r->unparsed_uri.data + r->unparsed_uri.len;
    p = ngx_strlchr(r->unparsed_uri.data, last, '?');

    r->uri.data = r->unparsed_uri.data;
    r->uri.len = (p ? p : last) - r->uri.data;

    if (p) {
        r->args.data = p + 1;
        r->args.len = last - r->args.data;
    }

    /* the name that TLS asks for and checks, too */

    authority = ngx_http_wasm_wire_pseudo(http, ":authority");

    host.data = last + sizeof(" HTTP/1.1\r\nHost: ") - 1;
    host.len = authority->len;

    call->tls_name.value = host;

    last = host.data + host.len;
    p = host.data;

    if (host.len && *p == '[') {
        p = ngx_strlchr(p, last, ']');
    }

    p = p ? ngx_strlchr(p, last, ':') : NULL;

    r->headers_in.server.data = host.data;
    r->headers_in.server.len = (p ? p : last) - host.data;

    return ngx_http_wasm_wire_headers(call, http, last + 2);
}


/* headers_in: lines that stand in the request's bytes, from p on */

static ngx_int_t
ngx_http_wasm_wire_headers(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http, u_char *p)
{
    size_t            i;
    ngx_table_elt_t  *h;

    for (i = 0; i < http->nheaders; i++) {

        if (http->headers[i].key.data[0] == ':'
            || ngx_http_wasm_wire_dropped(&http->headers[i].key))
        {
            continue;
        }

        h = ngx_list_push(&call->request.headers_in.headers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));

        h->hash = 1;
        h->key.data = p;
        h->key.len = http->headers[i].key.len;
        h->lowcase_key = p;
        h->value.data = p + h->key.len + 2;
        h->value.len = http->headers[i].value.len;

        p = h->value.data + h->value.len + 2;
    }

    return NGX_OK;
}


/* All that nginx needs to know, as a proxy module would tell it. */

ngx_int_t
ngx_http_wasm_wire_upstream(ngx_http_wasm_call_t *call,
    ngx_http_wasm_callee_t *callee)
{
    ngx_http_request_t        *r;
    ngx_http_upstream_t       *u;
    ngx_http_upstream_conf_t  *conf;

    r = &call->request;
    conf = &call->conf;

    if (ngx_http_upstream_create(r) != NGX_OK) {
        return NGX_ERROR;
    }

    u = r->upstream;

    /* half of the time for one peer, so that another can be tried */

    conf->connect_timeout = (call->timeout + 1) / 2;
    conf->send_timeout = call->timeout;
    conf->read_timeout = call->timeout;
    conf->buffer_size = NGX_HTTP_WASM_WIRE_HEADERS;
    conf->next_upstream = NGX_HTTP_UPSTREAM_FT_ERROR
                          |NGX_HTTP_UPSTREAM_FT_TIMEOUT;
    conf->ignore_client_abort = 1;
    ngx_str_set(&conf->module, "wasm");

    ngx_str_set(&u->schema, "http://");

#if (NGX_HTTP_SSL)

    if (callee->tls) {
        ngx_str_set(&u->schema, "https://");

        u->ssl = 1;
        conf->ssl = call->config->plugin->callout_ssl;
        conf->ssl_server_name = 1;
        conf->ssl_name = &call->tls_name;
        conf->ssl_verify = (call->config->plugin->callout_ca.len != 0);

        /* a session says nothing of whom others have trusted */

        conf->ssl_session_reuse = !conf->ssl_verify;
    }

#endif

    u->output.tag = (ngx_buf_tag_t) &ngx_http_wasm_filter_module;
    u->conf = conf;

    u->create_request = ngx_http_wasm_wire_create_request;
    u->reinit_request = ngx_http_wasm_answer_reinit_request;
    u->process_header = ngx_http_wasm_answer_status_line;
    u->abort_request = ngx_http_wasm_wire_abort_request;
    u->finalize_request = ngx_http_wasm_wire_finalize_request;

    u->input_filter_init = ngx_http_wasm_answer_filter_init;
    u->input_filter = ngx_http_wasm_answer_copy_filter;
    u->input_filter_ctx = call;

    if (callee->upstream == NULL) {
        return ngx_http_wasm_wire_resolved(call, &callee->url);
    }

    call->upstream = callee->upstream;
    call->own = *callee->upstream;
    call->own.peer.init = ngx_http_wasm_wire_init_peer;

    conf->upstream = &call->own;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_resolved(ngx_http_wasm_call_t *call, ngx_url_t *url)
{
    ngx_http_upstream_resolved_t  *resolved;

    resolved = ngx_pcalloc(call->pool, sizeof(ngx_http_upstream_resolved_t));
    if (resolved == NULL) {
        return NGX_ERROR;
    }

    if (url->addrs) {
        resolved->sockaddr = url->addrs[0].sockaddr;
        resolved->socklen = url->addrs[0].socklen;
        resolved->name = url->addrs[0].name;
        resolved->naddrs = 1;
    }

    resolved->host = url->host;
    resolved->port = url->port;
    resolved->no_port = url->no_port;

    call->request.upstream->resolved = resolved;

    return NGX_OK;
}


/*
 * A kept connection may be somebody else's: one of proxy_pass, or of a plugin
 * that trusts another authority.
 */

static ngx_int_t
ngx_http_wasm_wire_init_peer(ngx_http_request_t *r,
    ngx_http_upstream_srv_conf_t *us)
{
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    u = r->upstream;
    call = u->input_filter_ctx;

    if (call->upstream->peer.init(r, call->upstream) != NGX_OK) {
        return NGX_ERROR;
    }

    call->get_peer = u->peer.get;
    u->peer.get = ngx_http_wasm_wire_get_peer;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_get_peer(ngx_peer_connection_t *pc, void *data)
{
    ngx_int_t              rc;
    ngx_connection_t      *c;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    u = (ngx_http_upstream_t *)
            ((u_char *) pc - offsetof(ngx_http_upstream_t, peer));
    call = u->input_filter_ctx;

    rc = call->get_peer(pc, data);

    if (rc != NGX_DONE || ngx_http_wasm_wire_fits(call, pc->connection)) {
        return rc;
    }

    /* NGX_OK: a new connection to the same address */

    c = pc->connection;
    pc->connection = NULL;
    pc->cached = 0;

#if (NGX_HTTP_SSL)

    if (c->ssl) {
        c->ssl->no_wait_shutdown = 1;
        c->ssl->no_send_shutdown = 1;

        (void) ngx_ssl_shutdown(c);
    }

#endif

    ngx_destroy_pool(c->pool);
    ngx_close_connection(c);

    return NGX_OK;
}


static ngx_uint_t
ngx_http_wasm_wire_fits(ngx_http_wasm_call_t *call, ngx_connection_t *c)
{
#if (NGX_HTTP_SSL)

    ngx_ssl_t  *ssl;
    ngx_str_t   name;

    if (c->ssl == NULL || !call->request.upstream->ssl) {
        return c->ssl == NULL && !call->request.upstream->ssl;
    }

    ssl = call->conf.ssl;

    if (SSL_get_SSL_CTX(c->ssl->connection) != ssl->ctx) {
        return 0;
    }

    name = call->request.headers_in.server;

    return !call->conf.ssl_verify || ngx_ssl_check_host(c, &name) == NGX_OK;

#else

    return 1;

#endif
}


static ngx_int_t
ngx_http_wasm_wire_create_request(ngx_http_request_t *r)
{
    ngx_chain_t           *cl;
    ngx_http_wasm_call_t  *call;

    call = r->upstream->input_filter_ctx;

    cl = ngx_alloc_chain_link(r->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = call->out;
    cl->next = NULL;

    r->upstream->request_bufs = cl;

    return NGX_OK;
}


static void
ngx_http_wasm_wire_abort_request(ngx_http_request_t *r)
{
}


/* The connection is still there; NGX_DONE: the call was cancelled. */

static void
ngx_http_wasm_wire_finalize_request(ngx_http_request_t *r, ngx_int_t rc)
{
    ngx_http_wasm_call_t  *call;

    call = r->upstream->input_filter_ctx;

    if (rc != NGX_DONE) {
        ngx_http_wasm_call_over(call, ngx_http_wasm_wire_outcome(call, rc));
    }
}


static ngx_http_wasm_call_e
ngx_http_wasm_wire_outcome(ngx_http_wasm_call_t *call, ngx_int_t rc)
{
    ngx_connection_t     *c;
    ngx_http_upstream_t  *u;

    u = call->request.upstream;
    c = u->peer.connection;

    if (call->begun) {
        return rc == NGX_OK ? NGX_HTTP_WASM_CALL_OK
               : call->too_large ? NGX_HTTP_WASM_CALL_TOO_LARGE
               : NGX_HTTP_WASM_CALL_RESET;
    }

    if (rc == NGX_HTTP_GATEWAY_TIME_OUT) {
        return NGX_HTTP_WASM_CALL_TIMEOUT;
    }

    if (u->state == NULL || u->state->peer == NULL) {
        return (u->resolved && u->upstream == NULL && u->peer.get == NULL)
               ? NGX_HTTP_WASM_CALL_RESOLVE : NGX_HTTP_WASM_CALL_NO_PEER;
    }

    if (call->invalid) {
        return NGX_HTTP_WASM_CALL_INVALID;
    }

    if (c == NULL) {
        return NGX_HTTP_WASM_CALL_NO_PEER;
    }

    if (u->state->connect_time == (ngx_msec_t) -1) {
#if (NGX_HTTP_SSL)
        if (c->ssl) {
            return NGX_HTTP_WASM_CALL_TLS;
        }
#endif
        return NGX_HTTP_WASM_CALL_CONNECT;
    }

    if (u->buffer.start && u->buffer.last == u->buffer.end) {
        return NGX_HTTP_WASM_CALL_TOO_LARGE;
    }

    return NGX_HTTP_WASM_CALL_RESET;
}

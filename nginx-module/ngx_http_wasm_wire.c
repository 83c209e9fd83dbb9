
/*
 * What a call sends and gets: the bytes of its request, and the functions that
 * nginx's upstream code asks to read the answer.
 *
 * The answer is neither filtered nor sent anywhere: its header stops in our
 * header filter, and its body is collected by the input filters here.
 */


#include "ngx_http_wasm_call.h"


/* an answer's headers; its trailers */
#define NGX_HTTP_WASM_WIRE_HEADERS   8192
#define NGX_HTTP_WASM_WIRE_TRAILERS  4096

#define NGX_HTTP_WASM_WIRE_BODY      4096


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
static ngx_int_t ngx_http_wasm_wire_resolved(ngx_http_wasm_call_t *call,
    ngx_url_t *url);
static ngx_int_t ngx_http_wasm_wire_create_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_wire_reinit_request(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_wire_status_line(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_wire_header(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_wire_line(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_wire_pair(ngx_http_wasm_call_t *call,
    ngx_array_t *pairs);
static ngx_int_t ngx_http_wasm_wire_invalid(ngx_http_wasm_call_t *call,
    const char *what);
static void ngx_http_wasm_wire_abort_request(ngx_http_request_t *r);
static void ngx_http_wasm_wire_finalize_request(ngx_http_request_t *r,
    ngx_int_t rc);
static ngx_http_wasm_call_e ngx_http_wasm_wire_outcome(
    ngx_http_wasm_call_t *call, ngx_int_t rc);
static ngx_int_t ngx_http_wasm_wire_filter_init(void *data);
static ngx_int_t ngx_http_wasm_wire_copy_filter(void *data, ssize_t bytes);
static ngx_int_t ngx_http_wasm_wire_chunked_filter(void *data, ssize_t bytes);
static ngx_int_t ngx_http_wasm_wire_append(ngx_http_wasm_call_t *call,
    u_char *p, size_t len);
static ngx_int_t ngx_http_wasm_wire_tail(ngx_http_wasm_call_t *call,
    u_char *p, size_t len);
static ngx_int_t ngx_http_wasm_wire_trailers(ngx_http_wasm_call_t *call);


#if (nginx_version >= 1027002)
#define ngx_http_wasm_wire_chunk(r, b, ctx)                                   \
    ngx_http_parse_chunked(r, b, ctx, 0)
#else
#define ngx_http_wasm_wire_chunk(r, b, ctx)                                   \
    ngx_http_parse_chunked(r, b, ctx)
#endif


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


/* the same in an answer, as far as plugins don't get it */

static const char  *ngx_http_wasm_wire_hide[] = {
    "connection", "keep-alive", NULL
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
    size_t                i;
    ngx_str_t             host;
    ngx_table_elt_t      *h;
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

    p = ngx_strlchr(host.data, host.data + host.len, ':');

    r->headers_in.server.data = host.data;
    r->headers_in.server.len = p ? (size_t) (p - host.data) : host.len;

    p = host.data + host.len + 2;

    for (i = 0; i < http->nheaders; i++) {

        if (http->headers[i].key.data[0] == ':'
            || ngx_http_wasm_wire_dropped(&http->headers[i].key))
        {
            continue;
        }

        h = ngx_list_push(&r->headers_in.headers);
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
    ngx_http_wasm_callee_t *callee, ngx_msec_t timeout)
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

    conf->upstream = callee->upstream;
    conf->connect_timeout = (timeout + 1) / 2;
    conf->send_timeout = timeout;
    conf->read_timeout = timeout;
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
        conf->ssl_session_reuse = 1;
        conf->ssl_server_name = 1;
        conf->ssl_name = &call->tls_name;
        conf->ssl_verify = (call->config->plugin->callout_ca.len != 0);
    }

#endif

    u->output.tag = (ngx_buf_tag_t) &ngx_http_wasm_filter_module;
    u->conf = conf;

    u->create_request = ngx_http_wasm_wire_create_request;
    u->reinit_request = ngx_http_wasm_wire_reinit_request;
    u->process_header = ngx_http_wasm_wire_status_line;
    u->abort_request = ngx_http_wasm_wire_abort_request;
    u->finalize_request = ngx_http_wasm_wire_finalize_request;

    u->input_filter_init = ngx_http_wasm_wire_filter_init;
    u->input_filter = ngx_http_wasm_wire_copy_filter;
    u->input_filter_ctx = call;

    return callee->upstream ? NGX_OK
                            : ngx_http_wasm_wire_resolved(call, &callee->url);
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


/* another peer gets the request, and the answer begins anew */

static ngx_int_t
ngx_http_wasm_wire_reinit_request(ngx_http_request_t *r)
{
    ngx_http_wasm_call_t  *call;

    call = r->upstream->input_filter_ctx;

    ngx_memzero(&call->status, sizeof(ngx_http_status_t));
    call->headers.nelts = 0;
    call->invalid = 0;
    call->too_large = 0;

    r->upstream->process_header = ngx_http_wasm_wire_status_line;
    r->upstream->input_filter = ngx_http_wasm_wire_copy_filter;
    r->state = 0;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_status_line(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    struct pw_pair        *pair;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    u = r->upstream;
    call = u->input_filter_ctx;

    rc = ngx_http_parse_status_line(r, &u->buffer, &call->status);

    if (rc == NGX_AGAIN) {
        return rc;
    }

    if (rc == NGX_ERROR || call->status.code < 100
        || call->status.code == NGX_HTTP_SWITCHING_PROTOCOLS)
    {
        return ngx_http_wasm_wire_invalid(call, "status line");
    }

    if (u->state && u->state->status == 0) {
        u->state->status = call->status.code;
    }

    u->headers_in.status_n = call->status.code;

    if (call->status.http_version < NGX_HTTP_VERSION_11) {
        u->headers_in.connection_close = 1;
    }

    (void) ngx_sprintf(call->code, "%03ui", call->status.code % 1000);

    pair = ngx_array_push(&call->headers);
    if (pair == NULL) {
        return NGX_ERROR;
    }

    pair->key.data = ":status";
    pair->key.len = sizeof(":status") - 1;
    pair->value.data = (char *) call->code;
    pair->value.len = 3;

    u->process_header = ngx_http_wasm_wire_header;

    return ngx_http_wasm_wire_header(r);
}


static ngx_int_t
ngx_http_wasm_wire_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    u = r->upstream;
    call = u->input_filter_ctx;

    for ( ;; ) {

        rc = ngx_http_parse_header_line(r, &u->buffer, 1);

        if (rc == NGX_OK) {
            rc = ngx_http_wasm_wire_line(call);

            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_HTTP_PARSE_HEADER_DONE) {
            return ngx_http_wasm_wire_invalid(call, "header");
        }

        break;
    }

    if (u->headers_in.status_n < NGX_HTTP_OK) {

        /* 1xx: the answer is still to come */

        (void) ngx_http_wasm_wire_reinit_request(r);

        u->headers_in.content_length_n = -1;
        u->headers_in.chunked = 0;

        return (u->buffer.pos == u->buffer.last)
               ? NGX_AGAIN : u->process_header(r);
    }

    if (u->headers_in.chunked && u->headers_in.content_length_n >= 0) {
        return ngx_http_wasm_wire_invalid(call,
                               "Content-Length beside Transfer-Encoding");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_line(ngx_http_wasm_call_t *call)
{
    off_t                n;
    ngx_str_t            name, value;
    ngx_uint_t           i;
    ngx_http_request_t  *r;
    ngx_http_upstream_t *u;

    r = &call->request;
    u = r->upstream;

    name.data = r->header_name_start;
    name.len = r->header_name_end - r->header_name_start;
    value.data = r->header_start;
    value.len = r->header_end - r->header_start;

#define ngx_http_wasm_wire_is(text)                                           \
    (name.len == sizeof(text) - 1                                             \
     && ngx_strncasecmp(name.data, (u_char *) text, sizeof(text) - 1) == 0)

    if (ngx_http_wasm_wire_is("content-length")) {
        n = ngx_atoof(value.data, value.len);

        if (n == NGX_ERROR || (u->headers_in.content_length_n >= 0
                               && u->headers_in.content_length_n != n))
        {
            return ngx_http_wasm_wire_invalid(call, "Content-Length");
        }

        u->headers_in.content_length_n = n;

    } else if (ngx_http_wasm_wire_is("transfer-encoding")) {

        if (u->headers_in.chunked || value.len != 7
            || ngx_strncasecmp(value.data, (u_char *) "chunked", 7) != 0)
        {
            return ngx_http_wasm_wire_invalid(call, "Transfer-Encoding");
        }

        u->headers_in.chunked = 1;

    } else if (ngx_http_wasm_wire_is("connection")) {

        if (ngx_strlcasestrn(value.data, value.data + value.len,
                             (u_char *) "close", 5 - 1)
            != NULL)
        {
            u->headers_in.connection_close = 1;
        }
    }

    for (i = 0; ngx_http_wasm_wire_hide[i]; i++) {
        if (name.len == ngx_strlen(ngx_http_wasm_wire_hide[i])
            && ngx_strncasecmp(name.data,
                               (u_char *) ngx_http_wasm_wire_hide[i],
                               name.len)
               == 0)
        {
            return NGX_OK;
        }
    }

    return ngx_http_wasm_wire_pair(call, &call->headers);
}


/* a copy of the line that nginx has just read, its name in lower case */

static ngx_int_t
ngx_http_wasm_wire_pair(ngx_http_wasm_call_t *call, ngx_array_t *pairs)
{
    size_t               name, value;
    u_char              *p;
    struct pw_pair      *pair;
    ngx_http_request_t  *r;

    r = &call->request;

    name = r->header_name_end - r->header_name_start;
    value = r->header_end - r->header_start;

    pair = ngx_array_push(pairs);
    p = ngx_pnalloc(call->pool, name + value + 1);

    if (pair == NULL || p == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(p, r->header_name_start, name);
    ngx_memcpy(p + name, r->header_start, value);

    pair->key.data = (char *) p;
    pair->key.len = name;
    pair->value.data = (char *) p + name;
    pair->value.len = value;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_invalid(ngx_http_wasm_call_t *call, const char *what)
{
    call->invalid = 1;

    ngx_log_error(NGX_LOG_ERR, &call->log, 0, "upstream sent invalid %s",
                  what);

    return NGX_HTTP_UPSTREAM_INVALID_HEADER;
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


/* u->length is what is to come: -1 until the end, or as much at least */

static ngx_int_t
ngx_http_wasm_wire_filter_init(void *data)
{
    ngx_http_wasm_call_t  *call = data;

    ngx_http_upstream_t  *u;

    u = call->request.upstream;
    call->begun = 1;

    if (u->headers_in.status_n == NGX_HTTP_NO_CONTENT
        || u->headers_in.status_n == NGX_HTTP_NOT_MODIFIED
        || call->head)
    {
        u->length = 0;

    } else if (u->headers_in.chunked) {
        u->input_filter = ngx_http_wasm_wire_chunked_filter;
        u->length = 1;

    } else {
        u->length = u->headers_in.content_length_n;
    }

    u->keepalive = (u->length == 0 && !u->headers_in.connection_close);

    return NGX_OK;
}


/* New bytes stand behind u->buffer.last, which needn't be moved: nginx begins
 * at the buffer's start again. */

static ngx_int_t
ngx_http_wasm_wire_copy_filter(void *data, ssize_t bytes)
{
    ngx_http_wasm_call_t  *call = data;

    size_t                len;
    ngx_http_upstream_t  *u;

    u = call->request.upstream;
    len = bytes;

    if (u->length >= 0 && bytes > u->length) {
        ngx_log_error(NGX_LOG_WARN, &call->log, 0,
                      "upstream sent more data than specified in "
                      "\"Content-Length\" header");

        len = (size_t) u->length;
        u->headers_in.connection_close = 1;
        u->keepalive = 0;
    }

    if (ngx_http_wasm_wire_append(call, u->buffer.last, len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (u->length > 0) {
        u->length -= len;
        u->keepalive = (u->length == 0 && !u->headers_in.connection_close);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_wire_chunked_filter(void *data, ssize_t bytes)
{
    ngx_http_wasm_call_t  *call = data;

    size_t                len;
    u_char               *start;
    ngx_int_t             rc;
    ngx_buf_t            *b;
    ngx_http_upstream_t  *u;

    u = call->request.upstream;
    b = &u->buffer;

    b->pos = b->last;
    b->last += bytes;

    for ( ;; ) {
        start = b->pos;

        rc = ngx_http_wasm_wire_chunk(&call->request, b, &call->chunked);

        if (rc != NGX_OK) {
            break;
        }

        len = (size_t) ngx_min(b->last - b->pos, call->chunked.size);

        if (ngx_http_wasm_wire_append(call, b->pos, len) != NGX_OK) {
            return NGX_ERROR;
        }

        b->pos += len;
        call->chunked.size -= len;
        call->tail_len = 0;
    }

    if (rc == NGX_ERROR) {
        ngx_log_error(NGX_LOG_ERR, &call->log, 0,
                      "upstream sent invalid chunked response");
        return NGX_ERROR;
    }

    len = ((rc == NGX_DONE) ? b->pos : b->last) - start;

    if (ngx_http_wasm_wire_tail(call, start, len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (rc == NGX_AGAIN) {
        return NGX_OK;
    }

    u->length = 0;
    u->keepalive = !u->headers_in.connection_close && b->pos == b->last;

    return ngx_http_wasm_wire_trailers(call);
}


static ngx_int_t
ngx_http_wasm_wire_append(ngx_http_wasm_call_t *call, u_char *p, size_t len)
{
    size_t   size, limit;
    u_char  *body;

    limit = call->config->plugin->callout_body;

    if (len > limit - call->body_len) {
        goto too_large;
    }

    if (call->body_len + len > call->body_size) {

        size = ngx_max(2 * call->body_size, NGX_HTTP_WASM_WIRE_BODY);
        size = ngx_min(ngx_max(size, call->body_len + len), limit);

        if (ngx_http_wasm_call_charge(call, size - call->body_size) != NGX_OK)
        {
            goto too_large;
        }

        body = ngx_alloc(size, &call->log);
        if (body == NULL) {
            return NGX_ERROR;
        }

        if (call->body) {
            ngx_memcpy(body, call->body, call->body_len);
            ngx_free(call->body);
        }

        call->body = body;
        call->body_size = size;
    }

    if (len) {
        ngx_memcpy(call->body + call->body_len, p, len);
        call->body_len += len;
    }

    return NGX_OK;

too_large:

    call->too_large = 1;

    ngx_log_error(NGX_LOG_ERR, &call->log, 0,
                  "upstream sent more than callout_body=%uz", limit);

    return NGX_ERROR;
}


/* Bytes that were no chunk: perhaps the last one, with the trailers. */

static ngx_int_t
ngx_http_wasm_wire_tail(ngx_http_wasm_call_t *call, u_char *p, size_t len)
{
    if (len > NGX_HTTP_WASM_WIRE_TRAILERS - call->tail_len) {
        call->too_large = 1;

        ngx_log_error(NGX_LOG_ERR, &call->log, 0,
                      "upstream sent too big trailers");
        return NGX_ERROR;
    }

    if (call->tail == NULL) {
        call->tail = ngx_pnalloc(call->pool, NGX_HTTP_WASM_WIRE_TRAILERS);
        if (call->tail == NULL) {
            return NGX_ERROR;
        }
    }

    ngx_memcpy(call->tail + call->tail_len, p, len);
    call->tail_len += len;

    return NGX_OK;
}


/* What stands behind the last chunk's line; nginx has seen that it ends. */

static ngx_int_t
ngx_http_wasm_wire_trailers(ngx_http_wasm_call_t *call)
{
    ngx_buf_t  b;
    ngx_int_t  rc;

    ngx_memzero(&b, sizeof(ngx_buf_t));

    b.pos = call->tail;
    b.last = call->tail + call->tail_len;

    while (b.pos < b.last && (*b.pos == CR || *b.pos == LF)) {
        b.pos++;
    }

    while (b.pos < b.last && *b.pos++ != LF) { /* void */ }

    call->request.state = 0;

    for ( ;; ) {
        rc = ngx_http_parse_header_line(&call->request, &b, 1);

        if (rc != NGX_OK) {
            return (rc == NGX_HTTP_PARSE_HEADER_DONE) ? NGX_OK : NGX_ERROR;
        }

        if (ngx_http_wasm_wire_pair(call, &call->trailers) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}

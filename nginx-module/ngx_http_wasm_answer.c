
/*
 * The answer of a call: nginx's upstream code reads it, and asks the functions
 * here what it is and how long.
 *
 * It is neither filtered nor sent anywhere: its header stops in our header
 * filter, and its body is collected by the input filters.
 */


#include "ngx_http_wasm_call.h"


#define NGX_HTTP_WASM_ANSWER_TRAILERS  4096

/* room for a body, at first */
#define NGX_HTTP_WASM_ANSWER_BODY      4096


static ngx_int_t ngx_http_wasm_answer_header(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_answer_line(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_answer_pair(ngx_http_wasm_call_t *call,
    ngx_array_t *pairs);
static ngx_int_t ngx_http_wasm_answer_invalid(ngx_http_wasm_call_t *call,
    const char *what);
static ngx_int_t ngx_http_wasm_answer_chunked_filter(void *data,
    ssize_t bytes);
static ngx_int_t ngx_http_wasm_answer_append(ngx_http_wasm_call_t *call,
    u_char *p, size_t len);
static ngx_int_t ngx_http_wasm_answer_tail(ngx_http_wasm_call_t *call,
    u_char *p, size_t len);
static ngx_int_t ngx_http_wasm_answer_trailers(ngx_http_wasm_call_t *call);


#if (nginx_version >= 1027002)
#define ngx_http_wasm_answer_chunk(r, b, ctx)                                 \
    ngx_http_parse_chunked(r, b, ctx, 0)
#else
#define ngx_http_wasm_answer_chunk(r, b, ctx)                                 \
    ngx_http_parse_chunked(r, b, ctx)
#endif


/* what concerns the connection: plugins don't get it */

static const char  *ngx_http_wasm_answer_hide[] = {
    "connection", "keep-alive", NULL
};


/* another peer gets the request, and the answer begins anew */

ngx_int_t
ngx_http_wasm_answer_reinit_request(ngx_http_request_t *r)
{
    ngx_http_wasm_call_t  *call;

    call = r->upstream->input_filter_ctx;

    ngx_memzero(&call->status, sizeof(ngx_http_status_t));
    call->headers.nelts = 0;
    call->invalid = 0;
    call->too_large = 0;

    r->upstream->process_header = ngx_http_wasm_answer_status_line;
    r->upstream->input_filter = ngx_http_wasm_answer_copy_filter;
    r->state = 0;

    return NGX_OK;
}


ngx_int_t
ngx_http_wasm_answer_status_line(ngx_http_request_t *r)
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
        return ngx_http_wasm_answer_invalid(call, "status line");
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

    u->process_header = ngx_http_wasm_answer_header;

    return ngx_http_wasm_answer_header(r);
}


static ngx_int_t
ngx_http_wasm_answer_header(ngx_http_request_t *r)
{
    ngx_int_t              rc;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    u = r->upstream;
    call = u->input_filter_ctx;

    for ( ;; ) {

        rc = ngx_http_parse_header_line(r, &u->buffer, 1);

        if (rc == NGX_OK) {
            rc = ngx_http_wasm_answer_line(call);

            if (rc != NGX_OK) {
                return rc;
            }

            continue;
        }

        if (rc == NGX_AGAIN) {
            return NGX_AGAIN;
        }

        if (rc != NGX_HTTP_PARSE_HEADER_DONE) {
            return ngx_http_wasm_answer_invalid(call, "header");
        }

        break;
    }

    if (u->headers_in.status_n < NGX_HTTP_OK) {

        /* 1xx: the answer is still to come */

        (void) ngx_http_wasm_answer_reinit_request(r);

        u->headers_in.content_length_n = -1;
        u->headers_in.chunked = 0;

        return (u->buffer.pos == u->buffer.last)
               ? NGX_AGAIN : u->process_header(r);
    }

    if (u->headers_in.chunked && u->headers_in.content_length_n >= 0) {
        return ngx_http_wasm_answer_invalid(call,
                               "Content-Length beside Transfer-Encoding");
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_answer_line(ngx_http_wasm_call_t *call)
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

#define ngx_http_wasm_answer_is(text)                                         \
    (name.len == sizeof(text) - 1                                             \
     && ngx_strncasecmp(name.data, (u_char *) text, sizeof(text) - 1) == 0)

    if (ngx_http_wasm_answer_is("content-length")) {
        n = ngx_atoof(value.data, value.len);

        if (n == NGX_ERROR || (u->headers_in.content_length_n >= 0
                               && u->headers_in.content_length_n != n))
        {
            return ngx_http_wasm_answer_invalid(call, "Content-Length");
        }

        u->headers_in.content_length_n = n;

    } else if (ngx_http_wasm_answer_is("transfer-encoding")) {

        if (u->headers_in.chunked || value.len != 7
            || ngx_strncasecmp(value.data, (u_char *) "chunked", 7) != 0)
        {
            return ngx_http_wasm_answer_invalid(call, "Transfer-Encoding");
        }

        u->headers_in.chunked = 1;

    } else if (ngx_http_wasm_answer_is("connection")) {

        if (ngx_strlcasestrn(value.data, value.data + value.len,
                             (u_char *) "close", 5 - 1)
            != NULL)
        {
            u->headers_in.connection_close = 1;
        }
    }

    for (i = 0; ngx_http_wasm_answer_hide[i]; i++) {
        if (name.len == ngx_strlen(ngx_http_wasm_answer_hide[i])
            && ngx_strncasecmp(name.data,
                               (u_char *) ngx_http_wasm_answer_hide[i],
                               name.len)
               == 0)
        {
            return NGX_OK;
        }
    }

    return ngx_http_wasm_answer_pair(call, &call->headers);
}


/* a copy of the line that nginx has just read, its name in lower case */

static ngx_int_t
ngx_http_wasm_answer_pair(ngx_http_wasm_call_t *call, ngx_array_t *pairs)
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
ngx_http_wasm_answer_invalid(ngx_http_wasm_call_t *call, const char *what)
{
    call->invalid = 1;

    ngx_log_error(NGX_LOG_ERR, &call->log, 0, "upstream sent invalid %s",
                  what);

    return NGX_HTTP_UPSTREAM_INVALID_HEADER;
}


/* u->length is what is to come: -1 until the end, or as much at least */

ngx_int_t
ngx_http_wasm_answer_filter_init(void *data)
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
        u->input_filter = ngx_http_wasm_answer_chunked_filter;
        u->length = 1;

    } else {
        u->length = u->headers_in.content_length_n;
    }

    u->keepalive = (u->length == 0 && !u->headers_in.connection_close);

    return NGX_OK;
}


/* New bytes stand behind u->buffer.last, which needn't be moved: nginx begins
 * at the buffer's start again. */

ngx_int_t
ngx_http_wasm_answer_copy_filter(void *data, ssize_t bytes)
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

    if (ngx_http_wasm_answer_append(call, u->buffer.last, len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (u->length > 0) {
        u->length -= len;
        u->keepalive = (u->length == 0 && !u->headers_in.connection_close);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_answer_chunked_filter(void *data, ssize_t bytes)
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

        rc = ngx_http_wasm_answer_chunk(&call->request, b, &call->chunked);

        if (rc != NGX_OK) {
            break;
        }

        len = (size_t) ngx_min(b->last - b->pos, call->chunked.size);

        if (ngx_http_wasm_answer_append(call, b->pos, len) != NGX_OK) {
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

    if (ngx_http_wasm_answer_tail(call, start, len) != NGX_OK) {
        return NGX_ERROR;
    }

    if (rc == NGX_AGAIN) {
        return NGX_OK;
    }

    u->length = 0;
    u->keepalive = !u->headers_in.connection_close && b->pos == b->last;

    return ngx_http_wasm_answer_trailers(call);
}


static ngx_int_t
ngx_http_wasm_answer_append(ngx_http_wasm_call_t *call, u_char *p, size_t len)
{
    size_t   size, limit;
    u_char  *body;

    limit = call->config->plugin->callout_body;

    if (len > limit - call->body_len) {
        goto too_large;
    }

    if (call->body_len + len > call->body_size) {

        size = ngx_max(2 * call->body_size, NGX_HTTP_WASM_ANSWER_BODY);
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
ngx_http_wasm_answer_tail(ngx_http_wasm_call_t *call, u_char *p, size_t len)
{
    if (len > NGX_HTTP_WASM_ANSWER_TRAILERS - call->tail_len) {
        call->too_large = 1;

        ngx_log_error(NGX_LOG_ERR, &call->log, 0,
                      "upstream sent too big trailers");
        return NGX_ERROR;
    }

    if (call->tail == NULL) {
        call->tail = ngx_pnalloc(call->pool, NGX_HTTP_WASM_ANSWER_TRAILERS);
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
ngx_http_wasm_answer_trailers(ngx_http_wasm_call_t *call)
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

        if (ngx_http_wasm_answer_pair(call, &call->trailers) != NGX_OK) {
            return NGX_ERROR;
        }
    }
}


/*
 * Responses that a plugin makes itself.
 */


#include "ngx_http_wasm_headers.h"


static ngx_int_t ngx_http_wasm_local_headers(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_local_t *local);
static ngx_int_t ngx_http_wasm_local_grpc(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_local_t *local);
static size_t ngx_http_wasm_local_message(u_char *dst, ngx_str_t *text);
static ngx_uint_t ngx_http_wasm_local_is_grpc(ngx_http_request_t *r);
static ngx_uint_t ngx_http_wasm_local_ignored(const struct pw_str *name);
static ngx_int_t ngx_http_wasm_local_string(ngx_pool_t *pool,
    const struct pw_str *from, struct pw_str *to);


/* the gRPC status that an HTTP status stands for */

static struct {
    ngx_uint_t  http;
    ngx_int_t   grpc;
} ngx_http_wasm_local_grpc_statuses[] = {
    { 400, 13 },
    { 401, 16 },
    { 403,  7 },
    { 404, 12 },
    { 429, 14 },
    { 502, 14 },
    { 503, 14 },
    { 504, 14 },
    {   0,  2 }
};


/* what nginx decides itself */

static const char  *ngx_http_wasm_local_ignore[] = {
    ":status", "content-length", "transfer-encoding", "connection",
    "keep-alive", "upgrade", "te", NULL
};


ngx_http_wasm_local_t *
ngx_http_wasm_local_copy(ngx_http_request_t *r,
    const struct pw_response *response)
{
    size_t                  i;
    struct pw_str           body;
    struct pw_pair         *to;
    ngx_http_wasm_local_t  *local;

    local = ngx_pcalloc(r->pool, sizeof(ngx_http_wasm_local_t));
    if (local == NULL) {
        return NULL;
    }

    local->headers = ngx_palloc(r->pool, (response->nheaders + 1)
                                         * sizeof(struct pw_pair));
    if (local->headers == NULL) {
        return NULL;
    }

    local->status = response->status;
    local->grpc_status = response->grpc_status;

    if (ngx_http_wasm_local_string(r->pool, &response->body, &body) != NGX_OK)
    {
        return NULL;
    }

    local->body.data = (u_char *) body.data;
    local->body.len = body.len;

    to = local->headers;

    for (i = 0; i < response->nheaders; i++) {

        if (ngx_http_wasm_local_ignored(&response->headers[i].key)) {
            continue;
        }

        if (ngx_http_wasm_local_string(r->pool, &response->headers[i].key,
                                       &to->key)
            != NGX_OK
            || ngx_http_wasm_local_string(r->pool, &response->headers[i].value,
                                          &to->value)
               != NGX_OK)
        {
            return NULL;
        }

        ngx_strlow((u_char *) to->key.data, (u_char *) to->key.data,
                   to->key.len);
        to++;
    }

    local->nheaders = to - local->headers;

    return local;
}


/* Makes ctx->local the response: its headers, and its body as a chain. */

ngx_int_t
ngx_http_wasm_local_prepare(ngx_http_wasm_ctx_t *ctx, ngx_chain_t **body)
{
    ngx_int_t               rc;
    ngx_buf_t              *b;
    ngx_chain_t            *cl;
    ngx_http_request_t     *r;
    ngx_http_wasm_local_t  *local;

    r = ctx->request;
    local = ctx->local;
    ctx->local = NULL;

    ngx_http_clean_header(r);

    r->err_status = 0;
    r->expect_trailers = 0;
    r->allow_ranges = 0;
    r->disable_not_modified = 1;

    if (ngx_http_wasm_local_is_grpc(r)) {
        rc = ngx_http_wasm_local_grpc(ctx, local);

    } else {
        rc = ngx_http_wasm_local_headers(ctx, local);
    }

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    if (local->status == NGX_HTTP_NO_CONTENT
        || local->status == NGX_HTTP_NOT_MODIFIED)
    {
        local->body.len = 0;

    } else {
        r->headers_out.content_length_n = local->body.len;
    }

    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    if (local->body.len) {
        b->pos = local->body.data;
        b->last = local->body.data + local->body.len;
        b->memory = 1;
    }

    b->last_buf = 1;
    b->last_in_chain = 1;

    cl->buf = b;
    cl->next = NULL;

    *body = cl;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_local_headers(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_local_t *local)
{
    ngx_str_t            key, value;
    ngx_uint_t           i;
    ngx_http_request_t  *r;

    r = ctx->request;

    r->headers_out.status = local->status;

    for (i = 0; i < local->nheaders; i++) {
        key.data = (u_char *) local->headers[i].key.data;
        key.len = local->headers[i].key.len;
        value.data = (u_char *) local->headers[i].value.data;
        value.len = local->headers[i].value.len;

        if (ngx_http_wasm_headers_add(ctx, NGX_HTTP_WASM_RESPONSE, &key,
                                      &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    if (local->body.len && r->headers_out.content_type.len == 0) {
        ngx_str_set(&r->headers_out.content_type, "text/plain");
        r->headers_out.content_type_len = r->headers_out.content_type.len;
        r->headers_out.content_type_lowcase = NULL;
    }

    return NGX_OK;
}


/* the status of a gRPC call that is answered so, without a grpc-status */

ngx_int_t
ngx_http_wasm_local_grpc_status(ngx_uint_t http)
{
    ngx_uint_t  i;

    for (i = 0; ngx_http_wasm_local_grpc_statuses[i].http; i++) {
        if (ngx_http_wasm_local_grpc_statuses[i].http == http) {
            break;
        }
    }

    return ngx_http_wasm_local_grpc_statuses[i].grpc;
}


/* headers only: the body is the message, the status goes into a header */

static ngx_int_t
ngx_http_wasm_local_grpc(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_local_t *local)
{
    u_char      number[NGX_INT_T_LEN];
    ngx_int_t   status;
    ngx_str_t   key, type, value;

    status = local->grpc_status;

    if (status < 0) {
        status = (local->status == NGX_HTTP_OK)
                 ? 0 : ngx_http_wasm_local_grpc_status(local->status);
    }

    value = local->body;

    local->status = NGX_HTTP_OK;
    local->body.len = 0;

    if (ngx_http_wasm_local_headers(ctx, local) != NGX_OK) {
        return NGX_ERROR;
    }

    ngx_str_set(&key, "content-type");
    ngx_str_set(&type, "application/grpc");

    if (ctx->request->headers_out.content_type.len == 0
        && ngx_http_wasm_headers_add(ctx, NGX_HTTP_WASM_RESPONSE, &key, &type)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value.len) {
        local->body.data = ngx_pnalloc(ctx->request->pool, 3 * value.len);
        if (local->body.data == NULL) {
            return NGX_ERROR;
        }

        value.len = ngx_http_wasm_local_message(local->body.data, &value);
        value.data = local->body.data;

        ngx_str_set(&key, "grpc-message");

        if (ngx_http_wasm_headers_add(ctx, NGX_HTTP_WASM_RESPONSE, &key,
                                      &value)
            != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    ngx_str_set(&key, "grpc-status");
    value.data = number;
    value.len = ngx_sprintf(number, "%i", status) - number;

    return ngx_http_wasm_headers_add(ctx, NGX_HTTP_WASM_RESPONSE, &key,
                                     &value);
}


/* grpc-message: bytes other than printable ASCII, and "%", as %XX */

static size_t
ngx_http_wasm_local_message(u_char *dst, ngx_str_t *text)
{
    size_t               i;
    u_char               ch, *p;
    static const u_char  hex[] = "0123456789ABCDEF";

    p = dst;

    for (i = 0; i < text->len; i++) {
        ch = text->data[i];

        if (ch >= 0x20 && ch < 0x7f && ch != '%') {
            *p++ = ch;
            continue;
        }

        *p++ = '%';
        *p++ = hex[ch >> 4];
        *p++ = hex[ch & 0x0f];
    }

    return p - dst;
}


static ngx_uint_t
ngx_http_wasm_local_is_grpc(ngx_http_request_t *r)
{
    ngx_str_t  *type;

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    type = &r->headers_in.content_type->value;

    return type->len >= 16
           && ngx_strncasecmp(type->data, (u_char *) "application/grpc", 16)
              == 0
           && (type->len == 16 || type->data[16] == '+'
               || type->data[16] == ';');
}


static ngx_uint_t
ngx_http_wasm_local_ignored(const struct pw_str *name)
{
    size_t      len;
    ngx_uint_t  i;

    for (i = 0; ngx_http_wasm_local_ignore[i]; i++) {
        len = ngx_strlen(ngx_http_wasm_local_ignore[i]);

        if (name->len == len
            && ngx_strncasecmp((u_char *) name->data,
                               (u_char *) ngx_http_wasm_local_ignore[i], len)
               == 0)
        {
            return 1;
        }
    }

    return 0;
}


static ngx_int_t
ngx_http_wasm_local_string(ngx_pool_t *pool, const struct pw_str *from,
    struct pw_str *to)
{
    u_char  *p;

    p = ngx_pnalloc(pool, from->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    if (from->len) {
        ngx_memcpy(p, from->data, from->len);
    }

    to->data = (char *) p;
    to->len = from->len;

    return NGX_OK;
}

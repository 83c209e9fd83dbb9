
/*
 * Request bodies that nginx reads before the content handler runs: in memory
 * or in a file, the whole goes through the chain.
 */


#include "ngx_http_wasm_module.h"


static void ngx_http_wasm_buffered_have(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_buffered_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body);
static ngx_int_t ngx_http_wasm_buffered_spill(ngx_http_wasm_ctx_t *ctx);
static ngx_temp_file_t *ngx_http_wasm_buffered_file(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_buffered_gather(ngx_http_wasm_ctx_t *ctx);


/*
 * Lets nginx read the whole body if a stream wants to see it.  NGX_OK: none
 * does, or the content handler reads; NGX_BUSY: the phases go on from the
 * handler below, and perhaps they have already.
 */

ngx_int_t
ngx_http_wasm_buffered_read(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_request_t      *r;
    ngx_http_wasm_stream_t  *st;

    r = ctx->request;

    for (st = ctx->streams; /* void */ ; st++) {
        if (st == ctx->end) {
            return NGX_OK;
        }

        if (!st->skip
            && ngx_http_wasm_has(st->config->plugin, PW_ON_REQUEST_BODY))
        {
            break;
        }
    }

    ngx_memzero(&ctx->request_in, offsetof(ngx_http_wasm_ctx_t, response_at)
                                  - offsetof(ngx_http_wasm_ctx_t, request_in));

    ctx->request_last = &ctx->request_out;

    if (ngx_http_wasm_unbuffered_is(ctx)) {
        ctx->request_at = NGX_HTTP_WASM_REQUEST_UNBUFFERED;
        return NGX_OK;
    }

    ctx->request_at = NGX_HTTP_WASM_REQUEST_READ;

    if (r->method == NGX_HTTP_PUT && r->content_handler == NULL) {

        /* the handler of PUT moves the file that the body is in */

        r->request_body_in_file_only = 1;
        r->request_body_in_persistent_file = 1;
        r->request_body_in_clean_file = 1;
        r->request_body_file_group_access = 1;
        r->request_body_file_log_level = 0;
    }

    rc = ngx_http_read_client_request_body(r, ngx_http_wasm_buffered_have);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_BUSY;
}


static void
ngx_http_wasm_buffered_have(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_wasm_ctx_get(r);

    ctx->request_at = NGX_HTTP_WASM_REQUEST_BODY;
    ctx->request_in = r->request_body ? r->request_body->bufs : NULL;
    ctx->in_offset = 0;

    r->preserve_body = 1;
    r->write_event_handler = ngx_http_core_run_phases;

    ngx_http_core_run_phases(r);
}


ngx_int_t
ngx_http_wasm_buffered_run(ngx_http_wasm_ctx_t *ctx)
{
    off_t                  left;
    ngx_buf_t             *b;
    ngx_int_t              rc;
    ngx_uint_t             eos;
    ngx_http_wasm_body_t   body;

    if (ctx->at) {

        /* a stream that was paused at the end lets go of what it held */

        body = ctx->at->held[NGX_HTTP_WASM_REQUEST];
        ngx_memzero(&ctx->at->held[NGX_HTTP_WASM_REQUEST],
                    sizeof(ngx_http_wasm_body_t));

        rc = ngx_http_wasm_stream_chunk(ngx_http_wasm_stream_next(ctx->at),
                                        &body, 1);
        ctx->at = ctx->waiting;

        return (rc == NGX_OK) ? ngx_http_wasm_buffered_emit(ctx, &body) : rc;
    }

    do {
        ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

        if (ctx->request_in) {
            b = ctx->request_in->buf;
            left = ngx_buf_size(b) - ctx->in_offset;

            body.src = b;
            body.offset = ctx->in_offset;
            body.size = (size_t) ngx_min(left, NGX_HTTP_WASM_CHUNK);

            ctx->in_offset += body.size;

            if ((off_t) body.size == left) {
                ctx->request_in = ctx->request_in->next;
                ctx->in_offset = 0;
            }
        }

        eos = (ctx->request_in == NULL);

        if (body.size == 0 && !eos) {
            continue;
        }

        rc = ngx_http_wasm_stream_chunk(ctx->streams, &body, eos);
        ctx->at = ctx->waiting;

        if (rc == NGX_OK) {
            rc = ngx_http_wasm_buffered_emit(ctx, &body);
        }

        if (rc != NGX_OK && (rc != NGX_AGAIN || eos)) {
            return rc;
        }

    } while (ctx->request_in);

    return NGX_OK;
}


/* What came out of the chain is collected, the original stays as it is. */

static ngx_int_t
ngx_http_wasm_buffered_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body)
{
    ngx_buf_t  *b;

    if (body->size == 0) {
        ngx_http_wasm_body_clear(ctx, body);
        return NGX_OK;
    }

    b = body->own ? body->own : ngx_http_wasm_body_view(ctx, body);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_wasm_body_put(ctx, b, &ctx->request_last) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->request_length += body->size;

    if (body->own == NULL) {
        return NGX_OK;
    }

    ctx->request_memory += body->size;

    if (ctx->request_memory <= ctx->body_buffer) {
        return NGX_OK;
    }

    return ngx_http_wasm_buffered_spill(ctx);
}


/* A body that grows beyond memory goes to a file, as nginx's own do. */

static ngx_int_t
ngx_http_wasm_buffered_spill(ngx_http_wasm_ctx_t *ctx)
{
    off_t                start;
    ssize_t              n;
    ngx_buf_t           *b;
    ngx_chain_t         *cl, *next;
    ngx_temp_file_t     *tf;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->request_file == NULL) {
        ctx->request_file = ngx_http_wasm_buffered_file(r);
        if (ctx->request_file == NULL) {
            return NGX_ERROR;
        }
    }

    tf = ctx->request_file;

    /* views of the original have their place in the order: each run of own
     * blocks becomes one buffer of the file */

    for (cl = ctx->request_out; cl; cl = cl->next) {

        if (cl->buf->tag != (ngx_buf_tag_t) &ngx_http_wasm_filter_module) {
            continue;
        }

        start = tf->offset;
        next = cl->next;
        cl->next = NULL;

        n = ngx_write_chain_to_temp_file(tf, cl);
        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        tf->offset += n;
        cl->next = next;

        ngx_http_wasm_body_reuse(ctx, cl->buf);

        b = ngx_calloc_buf(r->pool);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->in_file = 1;
        b->file = &tf->file;
        b->file_pos = start;
        b->file_last = tf->offset;

        cl->buf = b;
    }

    ctx->request_memory = 0;

    return NGX_OK;
}


static ngx_temp_file_t *
ngx_http_wasm_buffered_file(ngx_http_request_t *r)
{
    ngx_temp_file_t           *tf;
    ngx_http_core_loc_conf_t  *clcf;

    tf = ngx_pcalloc(r->pool, sizeof(ngx_temp_file_t));
    if (tf == NULL) {
        return NULL;
    }

    clcf = ngx_http_get_module_loc_conf(r, ngx_http_core_module);

    tf->file.fd = NGX_INVALID_FILE;
    tf->file.log = r->connection->log;
    tf->path = clcf->client_body_temp_path;
    tf->pool = r->pool;
    tf->warn = "a request body changed by a wasm plugin is buffered to "
               "a temporary file";
    tf->log_level = NGX_LOG_INFO;

    return tf;
}


/* The new body in one file that somebody may move, if that is wanted. */

static ngx_int_t
ngx_http_wasm_buffered_gather(ngx_http_wasm_ctx_t *ctx)
{
    ssize_t                n;
    ngx_buf_t             *b;
    ngx_chain_t           *cl, out;
    ngx_temp_file_t       *tf;
    ngx_http_request_t    *r;
    ngx_http_wasm_body_t   body;

    r = ctx->request;

    tf = ngx_http_wasm_buffered_file(r);
    b = ngx_calloc_buf(r->pool);
    cl = ngx_alloc_chain_link(r->pool);

    if (tf == NULL || b == NULL || cl == NULL) {
        return NGX_ERROR;
    }

    tf->persistent = 1;
    tf->clean = 1;
    tf->access = 0660;

    out.next = NULL;

    for (out.buf = NULL; ctx->request_out || !out.buf; /* void */ ) {

        ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

        if (ctx->request_out) {
            body.src = ctx->request_out->buf;
            body.size = (size_t) ngx_buf_size(body.src);
            ctx->request_out = ctx->request_out->next;
        }

        if (ngx_http_wasm_body_own(ctx, &body, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        out.buf = body.own;

        n = ngx_write_chain_to_temp_file(tf, &out);
        if (n == NGX_ERROR) {
            return NGX_ERROR;
        }

        tf->offset += n;
        ngx_http_wasm_body_reuse(ctx, body.own);
    }

    b->in_file = 1;
    b->file = &tf->file;
    b->file_last = tf->offset;

    cl->buf = b;
    cl->next = NULL;

    ctx->request_out = cl;
    ctx->request_file = tf;

    return NGX_OK;
}


/* Gives nginx the new body, and the request the length that it has. */

ngx_int_t
ngx_http_wasm_buffered_finish(ngx_http_wasm_ctx_t *ctx)
{
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->touched & (1 << NGX_HTTP_WASM_REQUEST)) {

        if (r->request_body_in_persistent_file
            && ngx_http_wasm_buffered_gather(ctx) != NGX_OK)
        {
            return NGX_ERROR;
        }

        for (cl = ctx->request_out; cl && cl->next; cl = cl->next) {
            /* void */
        }

        if (cl) {
            cl->buf->last_buf = 1;
        }

        r->request_body->bufs = ctx->request_out;
        r->request_body->buf = NULL;
        r->request_body->temp_file = ctx->request_file;

        r->headers_in.content_length_n = ctx->request_length;

        return ngx_http_wasm_headers_length(ctx, ctx->request_length);
    }

    if ((ctx->length_removed & (1 << NGX_HTTP_WASM_REQUEST))
        && r->headers_in.content_length_n >= 0)
    {
        return ngx_http_wasm_headers_length(ctx,
                                            r->headers_in.content_length_n);
    }

    return NGX_OK;
}

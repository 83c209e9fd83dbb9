
/*
 * Chunks of a response: from nginx's buffers through the chain to ctx->out.
 */


#include "ngx_http_wasm_module.h"


static ngx_int_t ngx_http_wasm_chunk_special(ngx_http_wasm_ctx_t *ctx,
    ngx_buf_t *b);
static void ngx_http_wasm_chunk_extend(ngx_buf_t *b, size_t size,
    ngx_uint_t eos);


/* the next chunk of ctx->in through the chain to ctx->out */

ngx_int_t
ngx_http_wasm_chunk_take(ngx_http_wasm_ctx_t *ctx)
{
    off_t                  left;
    ngx_buf_t             *b;
    ngx_int_t              rc;
    ngx_uint_t             last, eos;
    ngx_chain_t           *cl;
    ngx_http_wasm_body_t   body;

    cl = ctx->in;
    b = cl->buf;
    left = ngx_buf_size(b) - ctx->in_offset;

    ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

    body.size = (size_t) ngx_min(left, NGX_HTTP_WASM_CHUNK);
    last = ((off_t) body.size == left);
    eos = (last && b->last_buf);

    /* nothing else may come before or behind what is to be one buffer */

    ctx->whole &= b->last_buf && (ctx->out || ctx->in_offset == 0);

    if (body.size) {
        body.src = b;
        body.offset = ctx->in_offset;
    }

    ctx->in_offset += body.size;

    if (last) {
        ctx->in = cl->next;
        ctx->in_offset = 0;
        ngx_free_chain(ctx->request->pool, cl);
    }

    if (body.size == 0 && !eos) {
        return ngx_http_wasm_chunk_special(ctx, b);
    }

    ctx->ending = eos;

    rc = ngx_http_wasm_stream_chunk(ctx->seen - 1, &body, eos);

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_chunk_emit(ctx, &body, last ? b : NULL, eos);
    }

    if (last) {

        /* b is used up when the last buffer that shares its bytes is */

        if (ctx->shadow) {
            ctx->shadow->shadow = b;
            ctx->shadow = NULL;

        } else {
            ngx_http_wasm_body_consume(b);
        }
    }

    return rc;
}


/* Neither bytes nor the end: flush and sync. */

static ngx_int_t
ngx_http_wasm_chunk_special(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b)
{
    ngx_http_request_t      *r;
    ngx_http_wasm_body_t     body;
    ngx_http_wasm_stream_t  *st;

    if (!ngx_buf_special(b)) {
        return NGX_OK;
    }

    r = ctx->request;

    if (b->flush && r->upstream && r->upstream->cleanup == NULL) {

        /*
         * The upstream broke off, and nginx is about to close the connection
         * of a response that has begun.  It begins now, unless that would show
         * something that isn't finished.
         */

        for (st = ctx->streams; st < ctx->seen; st++) {
            if (st->held[NGX_HTTP_WASM_RESPONSE].size) {
                return NGX_HTTP_CLOSE;
            }
        }

        if (ctx->collecting) {
            return NGX_HTTP_CLOSE;
        }

    } else if (!ctx->headers_sent) {
        return NGX_OK;
    }

    ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

    return ngx_http_wasm_chunk_emit(ctx, &body, b, 0);
}


/* body to ctx->out; b: nginx's buffer whose last bytes came with it, or NULL */

ngx_int_t
ngx_http_wasm_chunk_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, ngx_buf_t *b, ngx_uint_t eos)
{
    ngx_buf_t  *to;

    if (body->own || body->size == 0) {
        ctx->whole = 0;
    }

    if (ctx->whole && ctx->out) {
        ngx_http_wasm_chunk_extend(ctx->out->buf, body->size, eos);
        ctx->complete |= eos;
        return NGX_OK;
    }

    if (body->size == 0) {
        ngx_http_wasm_body_clear(ctx, body);

        if (!eos && (b == NULL || !ngx_buf_special(b))) {
            return NGX_OK;
        }

        to = ngx_http_wasm_body_shell(ctx);

    } else {
        if (ctx->collecting && ngx_http_wasm_body_own(ctx, body, 0) != NGX_OK)
        {
            return NGX_ERROR;
        }

        to = body->own ? body->own : ngx_http_wasm_body_view(ctx, body);

        if (body->own == NULL) {
            ctx->shadow = to;
        }
    }

    if (to == NULL
        || ngx_http_wasm_body_put(ctx, to, &ctx->out_last) != NGX_OK)
    {
        return NGX_ERROR;
    }

    to->last_buf = eos;
    to->last_in_chain = eos || (b && b->last_in_chain);
    to->flush = (b && b->flush);
    to->sync = (b && b->sync);

    ctx->complete |= eos;

    if (eos && ctx->trailed && ctx->headers_sent && !ctx->request->chunked
        && ctx->request->http_version < NGX_HTTP_VERSION_20)
    {
        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "wasm: trailers cannot be sent: the response is not "
                      "chunked; remove Content-Length in "
                      "on_response_headers");
    }

    return NGX_OK;
}


/* b, a view of nginx's buffer, and the next bytes of that */

static void
ngx_http_wasm_chunk_extend(ngx_buf_t *b, size_t size, ngx_uint_t eos)
{
    if (ngx_buf_in_memory(b)) {
        b->last += size;
    }

    if (b->in_file) {
        b->file_last += size;
    }

    b->last_buf = eos;
    b->last_in_chain = eos;
}

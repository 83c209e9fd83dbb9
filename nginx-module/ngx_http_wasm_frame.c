
/*
 * How the length of a response is told: the Content-Length that it has, an
 * exact new one, or chunks, which trailers need.
 */


#include "ngx_http_wasm_module.h"


#define ngx_http_wasm_response_bit  (1 << NGX_HTTP_WASM_RESPONSE)


static ngx_int_t ngx_http_wasm_frame_collect(ngx_http_wasm_ctx_t *ctx);


/*
 * Makes the length that the headers tell the length of the body.  NGX_DECLINED:
 * it will be known at the end, which is worth waiting for.
 */

ngx_int_t
ngx_http_wasm_frame(ngx_http_wasm_ctx_t *ctx)
{
    off_t                size;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->complete
        && !ngx_http_wasm_lines_empty(&r->headers_out.trailers))
    {
        r->expect_trailers = 1;
    }

    if (!((ctx->touched | ctx->length_removed) & ngx_http_wasm_response_bit)) {
        return NGX_OK;
    }

    size = ngx_http_wasm_body_bytes(ctx->out);

    if (!ctx->complete
        && ctx->length >= 0 && ctx->length <= (off_t) ctx->body_buffer
        && size <= (off_t) ctx->body_buffer)
    {
        return ngx_http_wasm_frame_collect(ctx);
    }

    ctx->collecting = 0;

    ngx_http_clear_content_length(r);

    if (ctx->complete && ctx->length >= 0) {
        r->headers_out.content_length_n = size;
    }

    if (!ctx->complete || (ctx->touched & ngx_http_wasm_response_bit)) {
        ngx_http_clear_accept_ranges(r);
        ngx_http_weak_etag(r);
        ngx_http_wasm_lines_drop(r, "content-md5");
    }

    return NGX_OK;
}


/* From now on ctx->out holds bytes of its own: nginx gets its buffers back. */

static ngx_int_t
ngx_http_wasm_frame_collect(ngx_http_wasm_ctx_t *ctx)
{
    ngx_buf_t             *b;
    ngx_chain_t           *cl;
    ngx_http_wasm_body_t   body;

    if (ctx->collecting) {
        return NGX_DECLINED;
    }

    ctx->collecting = 1;

    for (cl = ctx->out; cl; cl = cl->next) {
        b = cl->buf;

        if (ngx_buf_special(b)
            || b->tag == (ngx_buf_tag_t) &ngx_http_wasm_filter_module)
        {
            continue;
        }

        ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

        body.src = b;
        body.size = (size_t) ngx_buf_size(b);

        if (ngx_http_wasm_body_own(ctx, &body, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        body.own->flush = b->flush;
        body.own->sync = b->sync;
        body.own->last_in_chain = b->last_in_chain;
        cl->buf = body.own;

        if (b->shadow) {
            ngx_http_wasm_body_consume(b->shadow);
        }

        if (ctx->shadow == b) {
            ctx->shadow = NULL;
        }

        ngx_http_wasm_body_reuse(ctx, b);
    }

    return NGX_DECLINED;
}

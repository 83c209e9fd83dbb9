
/*
 * Request bodies that aren't read before the content handler runs: where
 * "proxy_request_buffering" (or another module's) is off, and of gRPC.  The
 * content handler reads them, and each piece goes through the chain on its way
 * to the upstream.
 *
 * A piece that nobody changed is passed on as it came.  Of one that was, or
 * that is collected, the bytes are in blocks of our own; nginx gets its buffer
 * back when the last of them is sent, so that it reads no faster than the
 * upstream takes.
 */


#include "ngx_http_wasm_module.h"


/* where a directive's value stands in the configuration of its module */

typedef struct {
    ngx_uint_t  module;
    ngx_uint_t  offset;
} ngx_http_wasm_flag_t;


static ngx_uint_t ngx_http_wasm_unbuffered_grpc(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_unbuffered_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_int_t ngx_http_wasm_unbuffered_take(ngx_http_wasm_ctx_t *ctx,
    ngx_buf_t *b);
static ngx_int_t ngx_http_wasm_unbuffered_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, ngx_uint_t eos);
static ngx_int_t ngx_http_wasm_unbuffered_send(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_unbuffered_fail(ngx_http_wasm_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_wasm_unbuffered_create(ngx_http_request_t *r);


static ngx_http_request_body_filter_pt  ngx_http_next_request_body_filter;


ngx_int_t
ngx_http_wasm_unbuffered_init(ngx_conf_t *cf)
{
    ngx_str_t                   suffix;
    ngx_uint_t                  i;
    ngx_module_t              **modules;
    ngx_command_t              *cmd;
    ngx_http_wasm_flag_t       *flag;
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasm_filter_module);

    if (ngx_array_init(&wmcf->unbuffered, cf->pool, 4,
                       sizeof(ngx_http_wasm_flag_t))
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_str_set(&suffix, "_request_buffering");
    modules = cf->cycle->modules;

    for (i = 0; modules[i]; i++) {

        if (modules[i]->type != NGX_HTTP_MODULE) {
            continue;
        }

        for (cmd = modules[i]->commands; cmd && cmd->name.len; cmd++) {

            if (cmd->name.len <= suffix.len
                || ngx_strcmp(cmd->name.data + cmd->name.len - suffix.len,
                              suffix.data)
                   != 0
                || cmd->conf != NGX_HTTP_LOC_CONF_OFFSET
                || cmd->set != ngx_conf_set_flag_slot)
            {
                continue;
            }

            flag = ngx_array_push(&wmcf->unbuffered);
            if (flag == NULL) {
                return NGX_ERROR;
            }

            flag->module = modules[i]->ctx_index;
            flag->offset = cmd->offset;
        }
    }

    ngx_http_next_request_body_filter = ngx_http_top_request_body_filter;
    ngx_http_top_request_body_filter = ngx_http_wasm_unbuffered_filter;

    return NGX_OK;
}


/*
 * Is the body, which a stream wants to see, left to the content handler?  Where
 * a filter has removed Content-Length it means to change the length: then the
 * body is read before, and its new length told.
 */

ngx_uint_t
ngx_http_wasm_unbuffered_is(ngx_http_wasm_ctx_t *ctx)
{
    u_char                     *conf;
    ngx_uint_t                  i;
    ngx_http_request_t         *r;
    ngx_http_wasm_flag_t       *flag;
    ngx_http_wasm_main_conf_t  *wmcf;

    r = ctx->request;

    if (r->request_body
        || (ctx->length_removed & (1 << NGX_HTTP_WASM_REQUEST)))
    {
        return 0;
    }

    if (!r->headers_in.chunked) {
        ctx->framed |= 1 << NGX_HTTP_WASM_REQUEST;
    }

    if (ngx_http_wasm_unbuffered_grpc(r)) {
        return 1;
    }

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wasm_filter_module);
    flag = wmcf->unbuffered.elts;

    for (i = 0; i < wmcf->unbuffered.nelts; i++) {
        conf = r->loc_conf[flag[i].module];

        if (*(ngx_flag_t *) (conf + flag[i].offset) == 0) {
            return 1;
        }
    }

    ctx->framed &= ~(1 << NGX_HTTP_WASM_REQUEST);

    return 0;
}


static ngx_uint_t
ngx_http_wasm_unbuffered_grpc(ngx_http_request_t *r)
{
    size_t      len;
    ngx_str_t  *value;

    if (r->headers_in.content_type == NULL) {
        return 0;
    }

    len = sizeof("application/grpc") - 1;
    value = &r->headers_in.content_type->value;

    return value->len >= len
           && ngx_strncasecmp(value->data, (u_char *) "application/grpc", len)
              == 0;
}


/* may be entered while the response is on its way already */

static ngx_int_t
ngx_http_wasm_unbuffered_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_int_t             rc;
    ngx_http_wasm_ctx_t  *ctx;
    ngx_http_wasm_dir_e   dir;

    ctx = (r == r->main) ? ngx_http_wasm_ctx_get(r) : NULL;

    if (ctx == NULL || ctx->request_at != NGX_HTTP_WASM_REQUEST_UNBUFFERED) {
        return ngx_http_next_request_body_filter(r, in);
    }

    rc = ctx->request_rc;

    dir = ctx->dir;
    ctx->dir = NGX_HTTP_WASM_REQUEST;
    ctx->known = 0;

    for ( /* void */ ; in && rc == NGX_OK; in = in->next) {
        rc = ngx_http_wasm_unbuffered_take(ctx, in->buf);
    }

    ctx->dir = dir;
    ctx->known = 0;

    return (rc == NGX_OK) ? ngx_http_wasm_unbuffered_send(ctx)
                          : ngx_http_wasm_unbuffered_fail(ctx, rc);
}


/* a buffer of nginx's through the chain to ctx->request_out */

static ngx_int_t
ngx_http_wasm_unbuffered_take(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b)
{
    size_t                 size, done;
    ngx_buf_t             *last;
    ngx_int_t              rc;
    ngx_uint_t             eos;
    ngx_http_wasm_body_t   body;

    size = b->last - b->pos;
    last = NULL;
    done = 0;

    if (size == 0 && !b->last_buf) {
        return ngx_http_wasm_body_put(ctx, b, &ctx->request_last);
    }

    do {
        ngx_memzero(&body, sizeof(ngx_http_wasm_body_t));

        body.size = ngx_min(size - done, NGX_HTTP_WASM_CHUNK);

        if (body.size) {
            body.src = b;
            body.offset = done;
        }

        done += body.size;
        eos = (b->last_buf && done == size);

        rc = ngx_http_wasm_stream_chunk(ctx->streams, &body, eos);

        if (rc == NGX_AGAIN) {
            continue;
        }

        if (rc != NGX_OK) {
            return rc;
        }

        if (body.src && body.size == size) {
            ctx->request_length += size;
            return ngx_http_wasm_body_put(ctx, b, &ctx->request_last);
        }

        if (ngx_http_wasm_unbuffered_emit(ctx, &body, eos) != NGX_OK) {
            return NGX_ERROR;
        }

        last = body.own ? body.own : last;

    } while (done < size);

    /* b is used up when the last block made of it is */

    if (last) {
        last->shadow = b;

    } else {
        ngx_http_wasm_body_consume(b);
    }

    return NGX_OK;
}


/* body to ctx->request_out, in a block of its own */

static ngx_int_t
ngx_http_wasm_unbuffered_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, ngx_uint_t eos)
{
    ngx_buf_t     *b;
    ngx_chain_t  **ll;

    if (body->size == 0) {
        ngx_http_wasm_body_clear(ctx, body);

        if (!eos) {
            return NGX_OK;
        }

        b = ngx_http_wasm_body_shell(ctx);
        if (b == NULL) {
            return NGX_ERROR;
        }

        b->last_buf = 1;

        return ngx_http_wasm_body_put(ctx, b, &ctx->request_last);
    }

    if (ngx_http_wasm_body_own(ctx, body, 0) != NGX_OK) {
        return NGX_ERROR;
    }

    b = body->own;
    b->last_buf = eos;
    b->flush = ctx->request->request_body_no_buffering;

    for (ll = &ctx->request_busy; *ll; ll = &(*ll)->next) { /* void */ }

    if (ngx_http_wasm_body_put(ctx, b, &ll) != NGX_OK) {
        return NGX_ERROR;
    }

    ctx->request_length += body->size;

    return ngx_http_wasm_body_put(ctx, b, &ctx->request_last);
}


static ngx_int_t
ngx_http_wasm_unbuffered_send(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_uint_t           eos;
    ngx_chain_t         *out, *next;
    ngx_http_request_t  *r;

    r = ctx->request;

    if ((ctx->touched & (1 << NGX_HTTP_WASM_REQUEST))
        && r->upstream && ctx->create_request == NULL)
    {
        ctx->create_request = r->upstream->create_request;
        r->upstream->create_request = ngx_http_wasm_unbuffered_create;
    }

    out = ctx->request_out;
    ctx->request_out = NULL;
    ctx->request_last = &ctx->request_out;

    rc = ngx_http_next_request_body_filter(r, out);

    for (eos = 0; out; out = next) {
        next = out->next;
        eos |= out->buf->last_buf;
        ngx_free_chain(r->pool, out);
    }

    ngx_http_wasm_body_update(ctx, &ctx->request_busy);

    if (eos && r->upstream == NULL
        && (ctx->touched & (1 << NGX_HTTP_WASM_REQUEST)))
    {
        /* read for somebody else, "mirror": an upstream may be still to come;
         * HTTP/2 takes the length from the body */

        r->headers_in.content_length_n = ctx->request_length;
        r->request_body->received = ctx->request_length;
    }

    return rc;
}


/*
 * The request ends, whoever reads it, with ctx->request_rc from now on.  A
 * local response takes the place of the error page that nginx is about to make,
 * unless the response has begun.  What is left of the body must never be taken
 * for another request: nginx throws it away only before it reads any of it.
 */

static ngx_int_t
ngx_http_wasm_unbuffered_fail(ngx_http_wasm_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    if (r->request_body->rest == 0 && !r->headers_in.chunked) {
        r->reading_body = 0;

    } else if (r->http_version < NGX_HTTP_VERSION_20) {
        r->keepalive = 0;
        r->lingering_close = 1;
    }

    if (rc == NGX_DONE && ctx->response_at == NGX_HTTP_WASM_RESPONSE_NONE) {
        r->error_page = 1;
        rc = NGX_HTTP_FORBIDDEN;

    } else if (rc < NGX_HTTP_SPECIAL_RESPONSE) {
        ctx->local = NULL;
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ctx->request_rc = rc;

    return rc;
}


/* The upstream is told the length of what came out of the chain. */

static ngx_int_t
ngx_http_wasm_unbuffered_create(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_wasm_ctx_get(r);

    if (r->headers_in.chunked && !r->reading_body) {
        r->headers_in.content_length_n = ctx->request_length;
    }

    return ctx->create_request(r);
}


/* a stream that was paused at the end, or the request ends */

void
ngx_http_wasm_unbuffered_wake(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_request_t      *r;
    ngx_http_wasm_body_t     body;
    ngx_http_wasm_stream_t  *st;

    r = ctx->request;
    st = ctx->waiting;

    rc = ngx_http_wasm_stream_resume(ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_OK) {
        body = st->held[NGX_HTTP_WASM_REQUEST];
        ngx_memzero(&st->held[NGX_HTTP_WASM_REQUEST],
                    sizeof(ngx_http_wasm_body_t));

        rc = ngx_http_wasm_stream_chunk(ngx_http_wasm_stream_next(st), &body,
                                        1);
    }

    if (rc == NGX_AGAIN) {
        return;
    }

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_unbuffered_emit(ctx, &body, 1);
    }

    ctx->request_rc = rc;

    /* whoever reads the body calls the filter again */

    r->read_event_handler(r);
}


/*
 * Responses: the header filter and the body filter.
 *
 * The module stands before the range filter and nginx's reader of files: it
 * gets what the content handler made, in memory or as parts of files, and what
 * it passes on is what ranges are cut from.  Headers are held until the first
 * chunk has come through the chain, so that they still can be changed and the
 * length that they tell is the length that is sent.
 */


#include "ngx_http_wasm_module.h"


/* bytes that may wait in the filters behind before more is produced */
#define NGX_HTTP_WASM_PENDING  (4 * NGX_HTTP_WASM_CHUNK)

/* chunks that one event may take through the chain, then others have a turn */
#define NGX_HTTP_WASM_TURN     32

/* what streams do with a body */
#define NGX_HTTP_WASM_READS    1
#define NGX_HTTP_WASM_WRITES   2


static ngx_int_t ngx_http_wasm_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static ngx_http_wasm_noinline ngx_int_t ngx_http_wasm_response_take(
    ngx_http_request_t *r, ngx_chain_t *in);
static void ngx_http_wasm_response_enter(ngx_http_wasm_ctx_t *ctx);
static ngx_uint_t ngx_http_wasm_response_bodyless(ngx_http_request_t *r);
static ngx_inline ngx_int_t ngx_http_wasm_response_headers(
    ngx_http_wasm_ctx_t *ctx);
static ngx_inline ngx_int_t ngx_http_wasm_response_start(
    ngx_http_wasm_ctx_t *ctx);
static ngx_http_wasm_noinline ngx_int_t ngx_http_wasm_response_body(
    ngx_http_wasm_ctx_t *ctx, ngx_uint_t how);
static ngx_http_wasm_noinline ngx_int_t ngx_http_wasm_response_release(
    ngx_http_wasm_ctx_t *ctx);
static ngx_http_wasm_noinline ngx_uint_t ngx_http_wasm_response_use(
    ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_response_begin(ngx_http_wasm_ctx_t *ctx);
static ngx_uint_t ngx_http_wasm_response_ranges(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_response_run(ngx_http_wasm_ctx_t *ctx);
static ngx_uint_t ngx_http_wasm_response_more(ngx_http_wasm_ctx_t *ctx,
    ngx_uint_t turn);
static ngx_int_t ngx_http_wasm_response_send(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_response_resume(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_response_fail(ngx_http_wasm_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_wasm_response_cut(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_response_replace(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_response_discard(ngx_http_wasm_ctx_t *ctx);


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


void
ngx_http_wasm_response_init(void)
{
    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_wasm_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_wasm_body_filter;
}


static ngx_int_t
ngx_http_wasm_header_filter(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_loc_conf_t  *wlcf;

    if (r != r->main) {
        return ngx_http_wasm_caller_is(r) ? NGX_OK
                                          : ngx_http_next_header_filter(r);
    }

    ctx = ngx_http_wasm_ctx_get(r);

    if (ctx == NULL) {
        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasm_filter_module);

        if (wlcf->chain == NULL) {
            return ngx_http_next_header_filter(r);
        }

        ctx = ngx_http_wasm_ctx_create(r, wlcf->chain);
        if (ctx == NULL) {
            return NGX_ERROR;
        }
    }

    if (ctx->request_at == NGX_HTTP_WASM_REQUEST_HEADERS) {

        /* the request never came as far as the chain, or through it */

        ctx->seen = ctx->end;
        ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;
    }

    if (ctx->response_at != NGX_HTTP_WASM_RESPONSE_NONE) {

        /* another response in place of the first one: an error page */

        ngx_http_wasm_response_discard(ctx);
        ctx->response_at = NGX_HTTP_WASM_RESPONSE_PASS;

        return ngx_http_next_header_filter(r);
    }

    if (ctx->head && r->upstream) {

        /* the length of a body that will not come */

        ngx_http_clear_content_length(r);
        r->headers_out.content_length_n = 0;
    }

    if (ctx->seen == ctx->streams) {
        ctx->response_at = NGX_HTTP_WASM_RESPONSE_PASS;
        return ngx_http_next_header_filter(r);
    }

    if (ctx->local && ngx_http_wasm_local_prepare(ctx, &ctx->answer) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_http_wasm_response_enter(ctx);

    return ngx_http_wasm_response_headers(ctx);
}


/* from now on it is the response that passes the chain */

static void
ngx_http_wasm_response_enter(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_request_t      *r;
    ngx_http_wasm_stream_t  *st;

    r = ctx->request;

    if (ctx->holding && ctx->request_at == NGX_HTTP_WASM_REQUEST_DONE) {

        /* of a request that was answered before its end */

        for (st = ctx->streams; st < ctx->seen; st++) {
            ngx_http_wasm_body_clear(ctx, &st->held[NGX_HTTP_WASM_REQUEST]);
        }
    }

    if (ctx->waiting) {
        ctx->waiting = NULL;
        ngx_del_timer(&ctx->timer);
    }

    ctx->response_at = NGX_HTTP_WASM_RESPONSE_HEADERS;
    ctx->dir = NGX_HTTP_WASM_RESPONSE;
    ctx->at = ctx->seen;
    ctx->length = r->headers_out.content_length_n;
    ctx->in_offset = 0;

    if (ngx_http_wasm_response_bodyless(r)) {
        ctx->bodyless = 1;
    }
}


static ngx_uint_t
ngx_http_wasm_response_bodyless(ngx_http_request_t *r)
{
    if (r->method == NGX_HTTP_HEAD || r->headers_out.content_length_n == 0) {
        return 1;
    }

    switch (r->headers_out.status) {

    case NGX_HTTP_OK:
        return 0;

    case NGX_HTTP_NO_CONTENT:
    case NGX_HTTP_NOT_MODIFIED:
        return 1;

    default:
        return r->headers_out.status < NGX_HTTP_OK;
    }
}


/* shows them to the streams; then the response goes on, if it may */

static ngx_inline ngx_int_t
ngx_http_wasm_response_headers(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t  rc;

    rc = ngx_http_wasm_stream_response_headers(ctx);

    if (rc == NGX_OK) {
        return ngx_http_wasm_response_start(ctx);
    }

    if (rc == NGX_AGAIN) {
        ctx->request->buffered |= NGX_HTTP_WASM_BUFFERED;
        return NGX_OK;
    }

    return ngx_http_wasm_response_fail(ctx, rc);
}


/* All have seen the headers: holds them if a body is to pass, or sends them. */

static ngx_inline ngx_int_t
ngx_http_wasm_response_start(ngx_http_wasm_ctx_t *ctx)
{
    ngx_uint_t           how;
    ngx_http_request_t  *r;

    r = ctx->request;
    r->buffered &= ~NGX_HTTP_WASM_BUFFERED;

    if (!ctx->bodyless
        && (ngx_http_wasm_has(ctx->chain, PW_ON_RESPONSE_BODY)
            || ngx_http_wasm_has(ctx->chain, PW_ON_RESPONSE_TRAILERS)))
    {
        how = ngx_http_wasm_response_use(ctx);

        if (how) {
            return ngx_http_wasm_response_body(ctx, how);
        }
    }

    if (ctx->length == 0 && r->headers_out.content_length_n == -1) {

        /* removed, but it is known that nothing follows */

        r->headers_out.content_length_n = 0;
    }

    ctx->response_at = NGX_HTTP_WASM_RESPONSE_PASS;
    ctx->headers_sent = 1;

    return ctx->in ? ngx_http_wasm_response_release(ctx)
                   : ngx_http_next_header_filter(r);
}


static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_response_body(ngx_http_wasm_ctx_t *ctx, ngx_uint_t how)
{
    ngx_int_t  rc;

    ctx->response_at = NGX_HTTP_WASM_RESPONSE_BODY;
    ctx->out_last = &ctx->out;
    ctx->whole = ngx_http_wasm_response_ranges(ctx->request);

    if (how == NGX_HTTP_WASM_READS && !ctx->whole) {
        rc = ngx_http_wasm_response_begin(ctx);

        if (rc != NGX_OK || ctx->response_at != NGX_HTTP_WASM_RESPONSE_BODY) {
            return rc;
        }
    }

    return ctx->in ? ngx_http_wasm_response_run(ctx) : NGX_OK;
}


/* sends the headers, and what came while they waited */

static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_response_release(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *in;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_next_header_filter(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    if (r->header_only) {
        ngx_http_wasm_response_discard(ctx);
        ctx->response_at = NGX_HTTP_WASM_RESPONSE_DROP;
        return rc;
    }

    in = ctx->in;
    ctx->in = NULL;

    return ngx_http_next_body_filter(r, in);
}


/* what the streams do with the body that follows */

static ngx_http_wasm_noinline ngx_uint_t
ngx_http_wasm_response_use(ngx_http_wasm_ctx_t *ctx)
{
    ngx_uint_t               how;
    ngx_http_wasm_plugin_t  *plugin;
    ngx_http_wasm_stream_t  *st;

    how = 0;

    for (st = ctx->streams; st < ctx->seen; st++) {
        plugin = st->config->plugin;

        if (!st->skip
            && (ngx_http_wasm_has(plugin, PW_ON_RESPONSE_BODY)
                || ngx_http_wasm_has(plugin, PW_ON_RESPONSE_TRAILERS)))
        {
            how |= NGX_HTTP_WASM_READS;

            if (plugin->limits.allow & PW_ALLOW_BODY) {
                how |= NGX_HTTP_WASM_WRITES;
            }
        }
    }

    return how;
}


/* Several ranges are asked for, which nginx only cuts from one buffer. */

static ngx_uint_t
ngx_http_wasm_response_ranges(ngx_http_request_t *r)
{
    ngx_str_t  *value;

    if (r->headers_in.range == NULL || !r->allow_ranges || r->single_range) {
        return 0;
    }

    value = &r->headers_in.range->value;

    return ngx_strlchr(value->data, value->data + value->len, ',') != NULL;
}


/* sends the headers of a response whose body passes through the chain */

static ngx_int_t
ngx_http_wasm_response_begin(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    ctx->headers_sent = 1;

    rc = ngx_http_next_header_filter(r);

    if (rc > NGX_OK) {
        return ngx_http_wasm_response_fail(ctx, rc);
    }

    if (rc == NGX_ERROR) {
        return NGX_ERROR;
    }

    if (r->header_only) {
        ngx_http_wasm_response_discard(ctx);
        ctx->response_at = NGX_HTTP_WASM_RESPONSE_DROP;
        return NGX_OK;
    }

    if (r->headers_out.content_length_n >= 0) {
        ctx->framed |= 1 << NGX_HTTP_WASM_RESPONSE;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wasm_filter_module);

    if (ctx && r == r->main
        && ctx->response_at == NGX_HTTP_WASM_RESPONSE_PASS
        && ctx->answer == NULL)
    {
        return ngx_http_next_body_filter(r, in);
    }

    return ngx_http_wasm_response_take(r, in);
}


/* what doesn't merely pass */

static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_response_take(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t          *cl;
    ngx_http_wasm_ctx_t  *ctx;

    if (r != r->main && ngx_http_wasm_caller_is(r)) {
        return NGX_OK;
    }

    ctx = (r == r->main) ? ngx_http_wasm_ctx_get(r) : NULL;

    if (ctx == NULL) {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->answer) {

        for (cl = in; cl; cl = cl->next) {
            ngx_http_wasm_body_consume(cl->buf);
        }

        in = ctx->answer;
        ctx->answer = NULL;
    }

    if (ctx->response_at == NGX_HTTP_WASM_RESPONSE_NONE
        || ctx->response_at == NGX_HTTP_WASM_RESPONSE_PASS)
    {
        return ngx_http_next_body_filter(r, in);
    }

    if (ctx->response_at == NGX_HTTP_WASM_RESPONSE_DROP) {

        for ( /* void */ ; in; in = in->next) {
            ngx_http_wasm_body_consume(in->buf);
        }

        return ngx_http_next_body_filter(r, NULL);
    }

    if (in && ngx_chain_add_copy(r->pool, &ctx->in, in) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ctx->response_at == NGX_HTTP_WASM_RESPONSE_HEADERS) {
        r->buffered |= NGX_HTTP_WASM_BUFFERED;
        return NGX_AGAIN;
    }

    return ngx_http_wasm_response_run(ctx);
}


/*
 * Chunk after chunk, as long as the filters behind take them and for one turn.
 */

static ngx_int_t
ngx_http_wasm_response_run(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_uint_t           turn;
    ngx_http_request_t  *r;

    r = ctx->request;
    turn = 0;

    do {
        while (ngx_http_wasm_response_more(ctx, turn)) {

            turn++;
            rc = ngx_http_wasm_chunk_take(ctx);

            if (rc != NGX_OK && rc != NGX_AGAIN) {
                return ngx_http_wasm_response_fail(ctx, rc);
            }

            if (ctx->out && !ctx->headers_sent && !ctx->collecting
                && !ctx->whole)
            {
                break;
            }
        }

        rc = ngx_http_wasm_response_send(ctx);

        if (rc == NGX_ERROR || rc > NGX_OK
            || ctx->response_at != NGX_HTTP_WASM_RESPONSE_BODY)
        {
            return rc;
        }

    } while (ngx_http_wasm_response_more(ctx, turn));

    if (ctx->in || ctx->waiting) {
        r->buffered |= NGX_HTTP_WASM_BUFFERED;

        if (turn == NGX_HTTP_WASM_TURN) {
            ngx_post_event(&ctx->wake, &ngx_posted_next_events);
        }

        return NGX_AGAIN;
    }

    r->buffered &= ~NGX_HTTP_WASM_BUFFERED;

    return rc;
}


/* may the next chunk be taken, the turn-th of this event? */

static ngx_uint_t
ngx_http_wasm_response_more(ngx_http_wasm_ctx_t *ctx, ngx_uint_t turn)
{
    return ctx->in && !ctx->waiting && turn < NGX_HTTP_WASM_TURN
           && (ctx->collecting || ctx->whole
               || ngx_http_wasm_body_bytes(ctx->out)
                  + ngx_http_wasm_body_bytes(ctx->busy)
                  < NGX_HTTP_WASM_PENDING);
}


static ngx_int_t
ngx_http_wasm_response_send(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *out, *next, **ll;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (!ctx->headers_sent) {

        if (ctx->out == NULL || (ctx->whole && !ctx->complete)) {
            return NGX_OK;
        }

        if (ctx->out->next || !ctx->out->buf->last_buf) {
            r->single_range = 1;
        }

        rc = ngx_http_wasm_frame(ctx);

        if (rc != NGX_OK) {
            return (rc == NGX_DECLINED)
                   ? NGX_OK : ngx_http_wasm_response_fail(ctx, rc);
        }

        rc = ngx_http_wasm_response_begin(ctx);

        if (rc != NGX_OK || ctx->response_at != NGX_HTTP_WASM_RESPONSE_BODY) {
            return rc;
        }
    }

    out = ctx->out;
    ctx->out = NULL;
    ctx->out_last = &ctx->out;

    do {
        next = NULL;

        if (out && r->headers_out.status == NGX_HTTP_PARTIAL_CONTENT) {

            /* behind a range's end the range filter forgets buffers */

            next = out->next;
            out->next = NULL;
        }

        for (ll = &ctx->busy; *ll; ll = &(*ll)->next) { /* void */ }
        *ll = out;

        rc = ngx_http_next_body_filter(r, out);

        ngx_http_wasm_body_update(ctx, &ctx->busy);

        if (rc == NGX_ERROR) {
            return NGX_ERROR;
        }

        out = next;

    } while (out);

    return rc;
}


void
ngx_http_wasm_response_wake(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    rc = ngx_http_wasm_response_resume(ctx);

    if (ctx->waiting) {
        return;
    }

    if (rc == NGX_ERROR || rc > NGX_OK) {

        /* ending the request, nginx ends the upstream, which lets go of it */

        if (r->upstream) {
            r->main->count++;
        }

        ngx_http_finalize_request(r, rc);
        return;
    }

    /* whoever feeds the response goes on, or finds that it is complete */

    r->write_event_handler(r);
}


static ngx_int_t
ngx_http_wasm_response_resume(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_wasm_body_t     body;
    ngx_http_wasm_stream_t  *st;

    st = ctx->waiting;

    rc = ngx_http_wasm_stream_resume(ctx);

    if (rc == NGX_AGAIN) {
        return NGX_AGAIN;
    }

    if (rc != NGX_OK) {
        return ngx_http_wasm_response_fail(ctx, rc);
    }

    if (ctx->response_at == NGX_HTTP_WASM_RESPONSE_HEADERS) {
        return ngx_http_wasm_response_headers(ctx);
    }

    /* it was paused at the end of the body */

    body = st->held[NGX_HTTP_WASM_RESPONSE];
    ngx_memzero(&st->held[NGX_HTTP_WASM_RESPONSE],
                sizeof(ngx_http_wasm_body_t));

    rc = ngx_http_wasm_stream_chunk(ngx_http_wasm_stream_next(st), &body, 1);

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_chunk_emit(ctx, &body, NULL, 1);
    }

    if (rc != NGX_OK && rc != NGX_AGAIN) {
        return ngx_http_wasm_response_fail(ctx, rc);
    }

    return ngx_http_wasm_response_run(ctx);
}


/* rc is what a stream came to, or an error page's status */

static ngx_int_t
ngx_http_wasm_response_fail(ngx_http_wasm_ctx_t *ctx, ngx_int_t rc)
{
    ngx_http_request_t  *r;

    r = ctx->request;
    r->buffered &= ~NGX_HTTP_WASM_BUFFERED;

    if (rc == NGX_HTTP_CLOSE) {
        return ngx_http_wasm_response_cut(ctx);
    }

    if (r->header_sent
        || (ctx->headers_sent && rc < NGX_HTTP_SPECIAL_RESPONSE))
    {
        return ngx_http_wasm_response_cut(ctx);
    }

    if (rc == NGX_DONE) {
        return ngx_http_wasm_response_replace(ctx);
    }

    if (rc == NGX_ERROR) {
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    ngx_http_wasm_response_discard(ctx);
    ctx->response_at = NGX_HTTP_WASM_RESPONSE_PASS;

    if (ctx->headers_sent && r->upstream == NULL) {

        /* a filter behind wants another response: nginx makes it */

        return rc;
    }

    if (ctx->headers_sent) {

        /* here, too, with what that filter has put into the headers */

        r->filter_finalize = 1;
        rc = ngx_http_special_response_handler(r, rc);
        rc = (rc == NGX_OK || rc == NGX_DONE) ? NGX_ERROR : rc;

    } else {
        rc = ngx_http_filter_finalize_request(r, &ngx_http_wasm_filter_module,
                                              rc);
    }

    /* should the content handler go on, nobody wants it any more */

    ctx->response_at = NGX_HTTP_WASM_RESPONSE_DROP;

    return rc;
}


/*
 * Ends a response that can't be ended well.  Where only the end of the
 * connection tells the end of the body, a reset tells that this isn't it.
 */

static ngx_int_t
ngx_http_wasm_response_cut(ngx_http_wasm_ctx_t *ctx)
{
    struct linger        linger;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_wasm_response_discard(ctx);
    ctx->response_at = NGX_HTTP_WASM_RESPONSE_DROP;

    if (r->header_sent && !r->chunked && r->headers_out.content_length_n < 0
        && r->http_version < NGX_HTTP_VERSION_20)
    {
        linger.l_onoff = 1;
        linger.l_linger = 0;

        if (setsockopt(r->connection->fd, SOL_SOCKET, SO_LINGER,
                       (const void *) &linger, sizeof(struct linger)) == -1)
        {
            ngx_log_error(NGX_LOG_ALERT, r->connection->log, ngx_socket_errno,
                          "setsockopt(SO_LINGER) failed");
        }
    }

    r->connection->error = 1;
    r->keepalive = 0;

    return NGX_ERROR;
}


/* The plugin's response in place of the one that came. */

static ngx_int_t
ngx_http_wasm_response_replace(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = ctx->request;

    ngx_http_wasm_response_discard(ctx);

    ctx->response_at = NGX_HTTP_WASM_RESPONSE_DROP;
    ctx->headers_sent = 1;

    if (ngx_http_wasm_local_prepare(ctx, &out) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_next_header_filter(r);

    if (rc == NGX_ERROR || rc > NGX_OK || r->header_only) {
        return rc;
    }

    return ngx_http_next_body_filter(r, out);
}


static void
ngx_http_wasm_response_discard(ngx_http_wasm_ctx_t *ctx)
{
    ngx_chain_t             *cl;
    ngx_http_wasm_stream_t  *st;

    ctx->request->buffered &= ~NGX_HTTP_WASM_BUFFERED;

    for (cl = ctx->out; cl; cl = cl->next) {
        if (cl->buf->shadow) {
            ngx_http_wasm_body_consume(cl->buf->shadow);
        }
    }

    for (cl = ctx->in; cl; cl = cl->next) {
        ngx_http_wasm_body_consume(cl->buf);
    }

    for (st = ctx->streams; ctx->holding && st < ctx->end; st++) {
        ngx_http_wasm_body_clear(ctx, &st->held[NGX_HTTP_WASM_RESPONSE]);
    }

    ctx->in = NULL;
    ctx->out = NULL;
    ctx->out_last = &ctx->out;
    ctx->shadow = NULL;

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    ctx->waiting = NULL;
}


/*
 * The streams of a request: they are opened, entered, paused and resumed here,
 * one callback at a time, the same way in both directions.
 *
 * What a callback came to is a return code:
 *
 *    NGX_OK        on to the next stream
 *    NGX_AGAIN     paused
 *    NGX_DECLINED  the chunk of a body is consumed
 *    NGX_DONE      ctx->local is to be sent
 *    NGX_ERROR     out of memory, or a file can't be read
 *    444           close the connection
 *    4xx, 5xx      the request ends so
 */


#include "ngx_http_wasm_headers.h"


static ngx_inline ngx_int_t ngx_http_wasm_stream_new(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st);
static ngx_inline ngx_int_t ngx_http_wasm_stream_headers(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_stream_t *st,
    enum pw_callback callback, bool eos);
static ngx_uint_t ngx_http_wasm_stream_trailers(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_stream_body(ngx_http_wasm_stream_t *st,
    ngx_http_wasm_body_t *body, enum pw_callback callback, ngx_uint_t eos);
static ngx_int_t ngx_http_wasm_stream_call(ngx_http_wasm_stream_t *st,
    enum pw_callback callback, ngx_uint_t eos);
static ngx_inline void ngx_http_wasm_stream_enter(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st);
static ngx_inline ngx_int_t ngx_http_wasm_stream_left(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st, enum pw_action action);
static ngx_int_t ngx_http_wasm_stream_answer(ngx_http_wasm_stream_t *st,
    enum pw_action action);
static ngx_int_t ngx_http_wasm_stream_fail(ngx_http_wasm_stream_t *st,
    ngx_int_t status);


/* the stream's context, made when it is first entered */

ngx_int_t
ngx_http_wasm_stream_open(ngx_http_wasm_stream_t *st)
{
    ngx_int_t  rc;

    if (st->instance || st->skip) {
        return st->stream ? NGX_OK : NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    rc = ngx_http_wasm_stream_new(st->ctx, st);

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
}


/* NGX_DECLINED: it goes without the stream */

static ngx_inline ngx_int_t
ngx_http_wasm_stream_new(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_stream_t *st)
{
    ngx_int_t                  rc;
    ngx_http_wasm_instance_t  *in;

    in = st->config->plugin->instance;

    if (in == NULL) {
        in = ngx_http_wasm_instance_get(st->config->plugin,
                                        ctx->request->connection->log);
    }

    if (in == NULL) {
        rc = ngx_http_wasm_stream_fail(st, NGX_HTTP_SERVICE_UNAVAILABLE);
        return (rc == NGX_OK) ? NGX_DECLINED : rc;
    }

    in->refs++;
    st->instance = in;

    ngx_http_wasm_stream_enter(ctx, st);
    st->stream = pw_stream_new(in->roots[st->config->index], st);
    st->entered = 0;
    st->resume = 0;

    if (st->stream == NULL) {
        ngx_http_wasm_instance_fault(in, ctx->request->connection->log);
        rc = ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);
        return (rc == NGX_OK) ? NGX_DECLINED : rc;
    }

    return NGX_OK;
}


/* those in front of end that haven't seen them */

ngx_int_t
ngx_http_wasm_stream_request_headers(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *end, bool eos)
{
    ngx_int_t                rc;
    ngx_http_wasm_stream_t  *st;

    rc = NGX_OK;
    st = ctx->at;

    if (st == NULL) {
        return NGX_OK;
    }

    ctx->known = NGX_HTTP_WASM_KNOWN_KEEPS;

    while (st < end) {
        rc = ngx_http_wasm_stream_headers(ctx, st++, PW_ON_REQUEST_HEADERS,
                                          eos);
        if (rc != NGX_OK) {
            break;
        }
    }

    ctx->known = 0;
    ctx->seen = st;
    ctx->at = st;

    if (st == ctx->end) {
        ctx->opened = 1;
        ctx->at = NULL;
    }

    if (rc == NGX_AGAIN) {
        ngx_http_wasm_stream_wait(st - 1);
    }

    return rc;
}


/* ... of the response, in front of ctx->at */

ngx_int_t
ngx_http_wasm_stream_response_headers(ngx_http_wasm_ctx_t *ctx)
{
    bool                     eos;
    ngx_int_t                rc;
    ngx_http_wasm_stream_t  *st, *first;

    rc = NGX_OK;
    st = ctx->at;
    first = ctx->streams;
    eos = ctx->bodyless;

    ctx->known = NGX_HTTP_WASM_KNOWN_KEEPS;

    while (st > first) {
        st--;

        rc = ngx_http_wasm_stream_headers(ctx, st, PW_ON_RESPONSE_HEADERS,
                                          eos);

        if (rc == NGX_AGAIN && ctx->request->headers_out.status < NGX_HTTP_OK)
        {
            rc = NGX_OK;           /* a changed protocol can't be held */
        }

        if (rc != NGX_OK) {
            break;
        }
    }

    ctx->known = 0;
    ctx->at = st;

    if (rc == NGX_AGAIN) {
        ngx_http_wasm_stream_wait(st);
    }

    return rc;
}


static ngx_inline ngx_int_t
ngx_http_wasm_stream_headers(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st, enum pw_callback callback, bool eos)
{
    ngx_int_t       rc;
    enum pw_action  action;

    if (st->skip) {
        return NGX_OK;
    }

    if (st->instance == NULL) {
        rc = ngx_http_wasm_stream_new(ctx, st);

        if (rc != NGX_OK) {
            return (rc == NGX_DECLINED) ? NGX_OK : rc;
        }
    }

    if (!ngx_http_wasm_has(st->config->plugin, callback)) {
        return NGX_OK;
    }

    ngx_http_wasm_stream_enter(ctx, st);

    action = (callback == PW_ON_REQUEST_HEADERS)
             ? pw_on_request_headers(st->stream, eos)
             : pw_on_response_headers(st->stream, eos);

    return ngx_http_wasm_stream_left(ctx, st, action);
}


/*
 * Takes a chunk through st and the streams behind it.  NGX_OK: *body is what
 * comes out at the end.  NGX_AGAIN: a stream holds it; at the end of the body
 * that stream is then ctx->waiting.  Where trailers follow, it is they that
 * are the end for a stream, and what it holds can be changed once more.
 */

ngx_int_t
ngx_http_wasm_stream_chunk(ngx_http_wasm_stream_t *st,
    ngx_http_wasm_body_t *body, ngx_uint_t eos)
{
    size_t                 fresh;
    ngx_int_t              rc;
    ngx_uint_t             trailers;
    ngx_http_wasm_ctx_t   *ctx;
    ngx_http_wasm_body_t  *held;

    for ( /* void */ ; st; st = ngx_http_wasm_stream_next(st)) {

        ctx = st->ctx;
        fresh = body->size;
        trailers = eos && ngx_http_wasm_stream_trailers(ctx);

        held = &st->held[ctx->dir];

        if (held->size) {
            if (ngx_http_wasm_body_append(ctx, held, body) != NGX_OK) {
                return NGX_ERROR;
            }

            *body = *held;
            ngx_memzero(held, sizeof(ngx_http_wasm_body_t));
        }

        rc = NGX_OK;

        if (fresh || !trailers) {
            rc = ngx_http_wasm_stream_body(st, body,
                                           ctx->dir == NGX_HTTP_WASM_REQUEST
                                           ? PW_ON_REQUEST_BODY
                                           : PW_ON_RESPONSE_BODY,
                                           eos && !trailers);
        }

        if (trailers && (rc == NGX_OK || rc == NGX_AGAIN)) {
            rc = ngx_http_wasm_stream_body(st, body, PW_ON_RESPONSE_TRAILERS,
                                           0);
        }

        if (body->changed) {
            ctx->touched |= 1 << ctx->dir;
        }

        if (rc == NGX_OK) {
            st->paused &= ~(1 << ctx->dir);
            continue;
        }

        if (rc != NGX_AGAIN) {
            return rc;
        }

        if (ngx_http_wasm_body_own(ctx, body, 0) != NGX_OK) {
            return NGX_ERROR;
        }

        st->paused |= 1 << ctx->dir;
        ctx->holding = 1;
        *held = *body;
        ngx_memzero(body, sizeof(ngx_http_wasm_body_t));

        /* nobody waits for a request that is being answered */

        if (eos && (ctx->dir == NGX_HTTP_WASM_RESPONSE
                    || ctx->response_at == NGX_HTTP_WASM_RESPONSE_NONE))
        {
            ngx_http_wasm_stream_wait(st);
        }

        return NGX_AGAIN;
    }

    return NGX_OK;
}


/* Do trailers follow the body?  nginx has them for responses only. */

static ngx_uint_t
ngx_http_wasm_stream_trailers(ngx_http_wasm_ctx_t *ctx)
{
    return ctx->dir == NGX_HTTP_WASM_RESPONSE
           && !ngx_http_wasm_lines_empty(&ctx->request->headers_out.trailers);
}


/* a callback that can change the body */

static ngx_int_t
ngx_http_wasm_stream_body(ngx_http_wasm_stream_t *st,
    ngx_http_wasm_body_t *body, enum pw_callback callback, ngx_uint_t eos)
{
    size_t                   size;
    ngx_int_t                rc;
    ngx_log_t               *log;
    const char              *name;
    ngx_http_wasm_ctx_t     *ctx;
    ngx_http_wasm_plugin_t  *plugin;

    ctx = st->ctx;
    plugin = st->config->plugin;
    log = ctx->request->connection->log;
    size = body->size;

    if (st->skip || st->stream == NULL) {
        return NGX_OK;
    }

    st->body = body;

    rc = ngx_http_wasm_stream_call(st, callback, eos);

    if (rc == NGX_DECLINED && body->size) {
        rc = NGX_OK;
        ngx_http_wasm_body_splice(ctx, body, 0, body->size, NULL, 0);
    }

    if ((ctx->framed & (1 << ctx->dir)) && body->size != size
        && (rc == NGX_OK || rc == NGX_AGAIN))
    {
        name = (ctx->dir == NGX_HTTP_WASM_REQUEST) ? "request" : "response";

        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "wasm plugin \"%V\": on_%s_body changed the "
                      "length of a %s whose Content-Length was sent; "
                      "remove Content-Length in on_%s_headers",
                      &plugin->name, name, name, name);

        rc = ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    if (rc == NGX_AGAIN && body->size > plugin->body_buffer) {

        if (ctx->dir == NGX_HTTP_WASM_REQUEST) {
            rc = NGX_HTTP_REQUEST_ENTITY_TOO_LARGE;

        } else {
            ngx_log_error(NGX_LOG_ERR, log, 0,
                          "wasm plugin \"%V\": paused on_response_body with "
                          "more than body_buffer=%uz",
                          &plugin->name, plugin->body_buffer);

            rc = ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);
        }
    }

    if (st->saved) {
        st->saved = 0;
        ngx_http_wasm_body_clear(ctx, &st->before);
    }

    st->body = NULL;

    return rc;
}


static ngx_int_t
ngx_http_wasm_stream_call(ngx_http_wasm_stream_t *st,
    enum pw_callback callback, ngx_uint_t eos)
{
    enum pw_action        action;
    ngx_http_wasm_ctx_t  *ctx;

    if (!ngx_http_wasm_has(st->config->plugin, callback)) {
        return NGX_OK;
    }

    ctx = st->ctx;

    /* a continue_stream from before counts for a pause only */

    if (st->resume && !(st->paused & (1 << ctx->dir))) {
        st->resume &= ~(1 << ctx->dir);
    }

    ngx_http_wasm_stream_enter(ctx, st);

    switch (callback) {

    case PW_ON_REQUEST_BODY:
        action = pw_on_request_body(st->stream, eos);
        break;

    case PW_ON_RESPONSE_TRAILERS:
        action = pw_on_response_trailers(st->stream);
        break;

    default: /* PW_ON_RESPONSE_BODY */
        action = pw_on_response_body(st->stream, eos);
        break;
    }

    return ngx_http_wasm_stream_left(ctx, st, action);
}


static ngx_inline void
ngx_http_wasm_stream_enter(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st)
{
    st->entered = 1;
    ctx->undo = NULL;
}


/* what the stream's own callback came to */

static ngx_inline ngx_int_t
ngx_http_wasm_stream_left(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *st, enum pw_action action)
{
    st->entered = 0;

    if (action == PW_CONTINUE && !st->resume
        && !ctx->failed && !ctx->close && ctx->local == NULL)
    {
        return NGX_OK;
    }

    return ngx_http_wasm_stream_answer(st, action);
}


static ngx_int_t
ngx_http_wasm_stream_answer(ngx_http_wasm_stream_t *st, enum pw_action action)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    if (action == PW_FAULT) {
        ngx_http_wasm_instance_fault(st->instance,
                                     ctx->request->connection->log);
        return ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    if (ctx->failed) {
        return NGX_ERROR;
    }

    if (ctx->local) {
        return NGX_DONE;
    }

    if (ctx->close) {
        return NGX_HTTP_CLOSE;
    }

    if (action == PW_DROP) {
        return NGX_DECLINED;
    }

    if (action == PW_PAUSE && !(st->resume & (1 << ctx->dir))) {
        return NGX_AGAIN;
    }

    st->resume &= ~(1 << ctx->dir);

    return NGX_OK;
}


/*
 * A callback that isn't the stream's own, but may concern it, since the stream
 * waits: what it holds of a body can be read and changed.
 */

void
ngx_http_wasm_stream_visit(ngx_http_wasm_stream_t *st)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    ngx_http_wasm_stream_enter(ctx, st);

    if (ctx->dir == NGX_HTTP_WASM_REQUEST
        ? (ctx->request_at == NGX_HTTP_WASM_REQUEST_BODY
           || ctx->request_at == NGX_HTTP_WASM_REQUEST_UNBUFFERED)
        : ctx->response_at == NGX_HTTP_WASM_RESPONSE_BODY)
    {
        ctx->holding = 1;
        st->body = &st->held[ctx->dir];
    }
}


void
ngx_http_wasm_stream_leave(ngx_http_wasm_stream_t *st, ngx_uint_t fault)
{
    ngx_http_wasm_ctx_t   *ctx;
    ngx_http_wasm_body_t  *held;

    ctx = st->ctx;
    st->entered = 0;
    st->body = NULL;

    held = &st->held[ctx->dir];

    if (st->saved && fault) {
        ngx_http_wasm_body_clear(ctx, held);
        *held = st->before;

    } else if (st->saved) {
        ngx_http_wasm_body_clear(ctx, &st->before);
    }

    st->saved = 0;

    if (!fault) {
        ctx->undo = NULL;
    }

    if (held->changed) {
        ctx->touched |= 1 << ctx->dir;
    }

    if ((st->resume & (1 << ctx->dir)) || ctx->local || ctx->close) {
        ngx_http_wasm_stream_wake(ctx);
    }

    if (!(st->paused & (1 << ctx->dir))) {
        st->resume &= ~(1 << ctx->dir);
    }
}


/*
 * The stream can't go on: its request ends with the status, or, with fail=open,
 * goes on without it and as if the callback had changed nothing.
 */

static ngx_int_t
ngx_http_wasm_stream_fail(ngx_http_wasm_stream_t *st, ngx_int_t status)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;
    st->paused = 0;
    st->skip = 1;

    ctx->local = NULL;
    ctx->close = 0;

    if (st->config->plugin->fail == NGX_HTTP_WASM_FAIL_CLOSED) {
        return status;
    }

    while (ctx->undo) {
        ngx_http_wasm_undo_back(ctx);
    }

    if (st->saved && st->body) {
        ngx_http_wasm_body_clear(ctx, st->body);
        *st->body = st->before;
        st->saved = 0;
    }

    return NGX_OK;
}


/* NULL behind the last one of the direction */

ngx_http_wasm_stream_t *
ngx_http_wasm_stream_next(ngx_http_wasm_stream_t *st)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    if (ctx->dir == NGX_HTTP_WASM_RESPONSE) {
        return (st == ctx->streams) ? NULL : st - 1;
    }

    st++;

    return (st == ctx->end) ? NULL : st;
}


/* paused, and nothing but continue_stream or the timer ends that */

void
ngx_http_wasm_stream_wait(ngx_http_wasm_stream_t *st)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    st->paused |= 1 << ctx->dir;
    ctx->waiting = st;

    if (!st->queued) {
        st->queued = 1;
        ngx_queue_insert_tail(&st->instance->waiting, &st->queue);
    }

    ctx->undo = NULL;

    ngx_add_timer(&ctx->timer, st->config->plugin->pause_timeout);
}


void
ngx_http_wasm_stream_wake(ngx_http_wasm_ctx_t *ctx)
{
    if (ctx->waiting) {
        ngx_post_event(&ctx->wake, &ngx_posted_events);
    }
}


/* What has become of ctx->waiting; NGX_OK: it goes on. */

ngx_int_t
ngx_http_wasm_stream_resume(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t                rc;
    ngx_http_wasm_stream_t  *st;

    st = ctx->waiting;

    if (st->instance->dead) {
        rc = ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);

    } else if (ctx->local) {
        rc = NGX_DONE;

    } else if (ctx->close) {
        rc = NGX_HTTP_CLOSE;

    } else if (st->resume & (1 << ctx->dir)) {
        rc = NGX_OK;

    } else if (ctx->timedout) {
        ngx_log_error(NGX_LOG_ERR, ctx->request->connection->log, 0,
                      "wasm plugin \"%V\": paused longer than "
                      "pause_timeout=%Mms", &st->config->plugin->name,
                      st->config->plugin->pause_timeout);

        rc = (ctx->dir == NGX_HTTP_WASM_REQUEST)
             ? NGX_HTTP_GATEWAY_TIME_OUT
             : ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);

    } else {
        return NGX_AGAIN;
    }

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    st->paused &= ~(1 << ctx->dir);
    st->resume &= ~(1 << ctx->dir);
    ctx->timedout = 0;
    ctx->waiting = NULL;

    return rc;
}

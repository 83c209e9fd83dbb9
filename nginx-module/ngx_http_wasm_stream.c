
/*
 * The chain of a request: its streams are made, entered, paused, resumed and
 * ended here, one callback at a time, the same way in both directions.
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


#include "ngx_http_wasm_module.h"


static ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_take(ngx_http_request_t *r);
static ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_alloc(
    ngx_http_wasm_main_conf_t *wmcf, ngx_log_t *log);
static void ngx_http_wasm_ctx_give(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_ctx_streams(ngx_http_wasm_ctx_t *ctx,
    ngx_array_t *filters, ngx_uint_t early);
static void ngx_http_wasm_ctx_cleanup(void *data);
static ngx_int_t ngx_http_wasm_stream_open(ngx_http_wasm_stream_t *st);
static ngx_uint_t ngx_http_wasm_stream_trailers(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_stream_body(ngx_http_wasm_stream_t *st,
    ngx_http_wasm_body_t *body, enum pw_callback callback, ngx_uint_t eos);
static ngx_int_t ngx_http_wasm_stream_call(ngx_http_wasm_stream_t *st,
    enum pw_callback callback, ngx_uint_t eos);
static void ngx_http_wasm_stream_enter(ngx_http_wasm_stream_t *st);
static ngx_int_t ngx_http_wasm_stream_fail(ngx_http_wasm_stream_t *st,
    ngx_int_t status);
static void ngx_http_wasm_wake_handler(ngx_event_t *ev);


/* nginx forgets the contexts of modules at an internal redirect */

ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_get(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wasm_filter_module);

    if (ctx || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_wasm_ctx_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_wasm_filter_module);
            return ctx;
        }
    }

    return NULL;
}


ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_create(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t        *cln;
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_loc_conf_t  *wlcf;

    wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasm_filter_module);

    cln = ngx_pool_cleanup_add(r->pool, 0);
    if (cln == NULL) {
        return NULL;
    }

    ctx = ngx_http_wasm_ctx_take(r);
    if (ctx == NULL) {
        return NULL;
    }

    if (wlcf->early) {
        if (ngx_http_wasm_ctx_streams(ctx, wlcf->filters, 1) != NGX_OK) {
            ngx_http_wasm_ctx_give(ctx);
            return NULL;
        }

        ctx->early = ctx->nstreams;
    }

    if (ngx_http_wasm_ctx_streams(ctx, wlcf->filters, 0) != NGX_OK) {
        ngx_http_wasm_ctx_give(ctx);
        return NULL;
    }

    ctx->at = ctx->nstreams ? ctx->streams : NULL;

    cln->handler = ngx_http_wasm_ctx_cleanup;
    cln->data = ctx;

    ngx_http_set_ctx(r, ctx, ngx_http_wasm_filter_module);

    return ctx;
}


/*
 * A context isn't in the request's pool, which would have to grow for it; one
 * that is over serves the next request.
 */

static ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_take(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t        *ctx;
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(r, ngx_http_wasm_filter_module);

    ctx = wmcf->spare;

    if (ctx) {
        wmcf->spare = ctx->next;
        wmcf->nspare--;

    } else {
        ctx = ngx_http_wasm_ctx_alloc(wmcf, r->connection->log);
        if (ctx == NULL) {
            return NULL;
        }
    }

    ngx_memzero(&ctx->request, sizeof(ngx_http_wasm_ctx_t)
                               - offsetof(ngx_http_wasm_ctx_t, request));

    ctx->request = r;
    ctx->streams = (ngx_http_wasm_stream_t *) (ctx + 1);
    ctx->request_last = &ctx->request_out;
    ctx->out_last = &ctx->out;
    ctx->length = -1;
    ctx->timer.log = r->connection->log;
    ctx->wake.log = r->connection->log;

    return ctx;
}


static ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_alloc(ngx_http_wasm_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_calloc(sizeof(ngx_http_wasm_ctx_t)
                     + wmcf->longest * sizeof(ngx_http_wasm_stream_t), log);
    if (ctx == NULL) {
        return NULL;
    }

    ctx->timer.handler = ngx_http_wasm_wake_handler;
    ctx->timer.data = ctx;
    ctx->wake.handler = ngx_http_wasm_wake_handler;
    ctx->wake.data = ctx;

    return ctx;
}


/* Its events are neither set nor posted. */

static void
ngx_http_wasm_ctx_give(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_http_get_module_main_conf(ctx->request,
                                         ngx_http_wasm_filter_module);

    if (wmcf->nspare == NGX_HTTP_WASM_SPARE) {
        ngx_free(ctx);
        return;
    }

    ctx->next = wmcf->spare;
    wmcf->spare = ctx;
    wmcf->nspare++;
}


void
ngx_http_wasm_ctx_free_spare(ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_http_wasm_ctx_t  *ctx;

    while (wmcf->spare) {
        ctx = wmcf->spare;
        wmcf->spare = ctx->next;
        ngx_free(ctx);
    }

    wmcf->nspare = 0;
}


/* adds those of one phase to the chain */

static ngx_int_t
ngx_http_wasm_ctx_streams(ngx_http_wasm_ctx_t *ctx, ngx_array_t *filters,
    ngx_uint_t early)
{
    ngx_str_t                value;
    ngx_uint_t               i;
    ngx_http_wasm_filter_t  *filter;
    ngx_http_wasm_stream_t  *st;

    filter = filters->elts;
    st = ctx->streams + ctx->nstreams;

    for (i = 0; i < filters->nelts; i++) {

        if (filter[i].early != early) {
            continue;
        }

        if (filter[i].condition) {
            if (ngx_http_complex_value(ctx->request, filter[i].condition,
                                       &value)
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            if (value.len == 0 || (value.len == 1 && value.data[0] == '0')) {
                continue;
            }
        }

        ngx_memzero(st, sizeof(ngx_http_wasm_stream_t));

        st->ctx = ctx;
        st->config = filter[i].config;
        st->save = (st->config->plugin->fail == NGX_HTTP_WASM_FAIL_OPEN);
        st++;

        ctx->body_buffer = ngx_max(ctx->body_buffer,
                                   filter[i].config->plugin->body_buffer);
    }

    ctx->nstreams = st - ctx->streams;

    return NGX_OK;
}


static void
ngx_http_wasm_ctx_cleanup(void *data)
{
    ngx_http_wasm_ctx_end(data, 0);
    ngx_http_wasm_ctx_give(data);
}


/* on_log of all streams, then on_done and on_delete of each */

void
ngx_http_wasm_ctx_end(ngx_http_wasm_ctx_t *ctx, ngx_uint_t log)
{
    ngx_uint_t               i;
    ngx_http_wasm_stream_t  *st;

    if (ctx->ended) {
        return;
    }

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    if (ctx->wake.posted) {
        ngx_delete_posted_event(&ctx->wake);
    }

    ctx->waiting = NULL;
    ctx->logging = 1;

    for (i = 0; log && i < ctx->nstreams; i++) {
        st = &ctx->streams[i];

        if (ngx_http_wasm_stream_open(st) == NGX_OK && !st->skip
            && pw_on_log(st->stream) == PW_FAULT)
        {
            ngx_http_wasm_instance_fault(st->instance,
                                         ctx->request->connection->log);
        }
    }

    ctx->ended = 1;

    for (i = 0; i < ctx->nstreams; i++) {
        st = &ctx->streams[i];

        if (st->stream && pw_stream_free(st->stream) == PW_FAULT) {
            ngx_http_wasm_instance_fault(st->instance,
                                         ctx->request->connection->log);
        }

        if (st->instance) {
            if (st->calls) {
                ngx_http_wasm_call_detach(st);
            }

            ngx_queue_remove(&st->queue);
            ngx_http_wasm_instance_release(st->instance);
        }
    }
}


/* the stream's context, made when it is first entered */

static ngx_int_t
ngx_http_wasm_stream_open(ngx_http_wasm_stream_t *st)
{
    ngx_log_t                 *log;
    ngx_http_wasm_instance_t  *in;

    if (st->opened) {
        return st->stream ? NGX_OK : NGX_HTTP_SERVICE_UNAVAILABLE;
    }

    st->opened = 1;
    log = st->ctx->request->connection->log;

    in = ngx_http_wasm_instance_get(st->config->plugin, log);
    if (in == NULL) {
        return ngx_http_wasm_stream_fail(st, NGX_HTTP_SERVICE_UNAVAILABLE);
    }

    in->refs++;
    st->instance = in;
    ngx_queue_insert_tail(&in->streams, &st->queue);

    ngx_http_wasm_stream_enter(st);
    st->stream = pw_stream_new(in->roots[st->config->index], st);
    st->entered = 0;

    if (st->stream == NULL) {
        ngx_http_wasm_instance_fault(in, log);
        return ngx_http_wasm_stream_fail(st, NGX_HTTP_INTERNAL_SERVER_ERROR);
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_wasm_stream_headers(ngx_http_wasm_stream_t *st, ngx_uint_t eos)
{
    ngx_int_t  rc;

    if (st->skip) {
        return NGX_OK;
    }

    rc = ngx_http_wasm_stream_open(st);

    if (rc != NGX_OK || st->skip) {
        return rc;
    }

    st->ctx->counting = 1;

    rc = ngx_http_wasm_stream_call(st, st->ctx->dir == NGX_HTTP_WASM_REQUEST
                                       ? PW_ON_REQUEST_HEADERS
                                       : PW_ON_RESPONSE_HEADERS, eos);

    st->ctx->counting = 0;

    return (rc == NGX_DECLINED) ? NGX_OK : rc;
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
           && !ngx_http_wasm_headers_empty(&ctx->request->headers_out.trailers);
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

    if (!ngx_http_wasm_has(st, callback)) {
        return NGX_OK;
    }

    ctx = st->ctx;

    if (st->resume && !(st->paused & (1 << ctx->dir))) {
        st->resume &= ~(1 << ctx->dir);
    }

    ngx_http_wasm_stream_enter(st);

    switch (callback) {

    case PW_ON_REQUEST_HEADERS:
        action = pw_on_request_headers(st->stream, eos);
        break;

    case PW_ON_REQUEST_BODY:
        action = pw_on_request_body(st->stream, eos);
        break;

    case PW_ON_RESPONSE_HEADERS:
        action = pw_on_response_headers(st->stream, eos);
        break;

    case PW_ON_RESPONSE_TRAILERS:
        action = pw_on_response_trailers(st->stream);
        break;

    default: /* PW_ON_RESPONSE_BODY */
        action = pw_on_response_body(st->stream, eos);
        break;
    }

    st->entered = 0;

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

    if (st->resume) {
        st->resume &= ~(1 << ctx->dir);
    }

    return NGX_OK;
}


static void
ngx_http_wasm_stream_enter(ngx_http_wasm_stream_t *st)
{
    st->entered = 1;
    st->ctx->undo = NULL;
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

    ngx_http_wasm_stream_enter(st);

    if (ctx->dir == NGX_HTTP_WASM_REQUEST
        ? (ctx->request_at == NGX_HTTP_WASM_REQUEST_BODY
           || ctx->request_at == NGX_HTTP_WASM_REQUEST_UNBUFFERED)
        : ctx->response_at == NGX_HTTP_WASM_RESPONSE_BODY)
    {
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

    return (st == ctx->streams + ctx->nstreams) ? NULL : st;
}


/* paused, and nothing but continue_stream or the timer ends that */

void
ngx_http_wasm_stream_wait(ngx_http_wasm_stream_t *st)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    st->paused |= 1 << ctx->dir;
    ctx->waiting = st;
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


/* size bytes of the request's memory for what the plugin sets */

ngx_int_t
ngx_http_wasm_charge(ngx_http_wasm_stream_t *st, size_t size)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    if (size <= NGX_HTTP_WASM_SET_MAX - ctx->set_size) {
        ctx->set_size += size;
        return NGX_OK;
    }

    if (!ctx->full) {
        ctx->full = 1;

        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "wasm plugin \"%V\": more than %d bytes of headers and "
                      "variables set for one request",
                      &st->config->plugin->name, NGX_HTTP_WASM_SET_MAX);
    }

    return NGX_DECLINED;
}


static void
ngx_http_wasm_wake_handler(ngx_event_t *ev)
{
    ngx_connection_t     *c;
    ngx_http_request_t   *r;
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ev->data;
    r = ctx->request;
    c = r->connection;

    ngx_http_set_log_request(c->log, r);

    if (ev->timedout) {
        ev->timedout = 0;
        ctx->timedout = (ctx->waiting != NULL);
    }

    if (ctx->waiting == NULL) {

        /* another turn for a long response */

        if (ctx->in) {
            r->write_event_handler(r);
        }

    } else if (ctx->dir == NGX_HTTP_WASM_REQUEST) {
        ngx_http_wasm_request_wake(ctx);

    } else {
        ngx_http_wasm_response_wake(ctx);
    }

    ngx_http_run_posted_requests(c);
}


/*
 * The context of a request: its streams, its events, what it may use of
 * memory, and its end.
 */


#include "ngx_http_wasm_module.h"


static ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_take(ngx_http_request_t *r);
static ngx_http_wasm_noinline ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_alloc(
    ngx_http_wasm_main_conf_t *wmcf, ngx_log_t *log);
static ngx_inline void ngx_http_wasm_ctx_give(ngx_http_wasm_ctx_t *ctx);
static ngx_http_wasm_noinline void ngx_http_wasm_ctx_free(
    ngx_http_wasm_ctx_t *ctx);
static ngx_inline ngx_int_t ngx_http_wasm_ctx_streams(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_filter_t *filter,
    ngx_http_wasm_filter_t *end);
static ngx_http_wasm_noinline ngx_int_t ngx_http_wasm_ctx_early(
    ngx_http_wasm_ctx_t *ctx);
static ngx_http_wasm_noinline ngx_int_t ngx_http_wasm_ctx_condition(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_filter_t *filter);
static void ngx_http_wasm_ctx_cleanup(void *data);
static ngx_int_t ngx_http_wasm_ctx_end(ngx_http_wasm_ctx_t *ctx,
    ngx_uint_t log);
static void ngx_http_wasm_ctx_log(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_ctx_forget(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_ctx_wake(ngx_event_t *ev);


ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_create(ngx_http_request_t *r, ngx_http_wasm_chain_t *chain)
{
    ngx_int_t             rc;
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_wasm_ctx_take(r);
    if (ctx == NULL) {
        return NULL;
    }

    ctx->chain = chain;
    ctx->body_buffer = chain->body_buffer;
    ctx->end = ctx->streams;

    rc = chain->early ? ngx_http_wasm_ctx_early(ctx) : NGX_OK;

    ctx->early = ctx->end;

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_ctx_streams(ctx, chain->late, chain->end);
    }

    if (rc != NGX_OK) {
        ngx_http_wasm_ctx_give(ctx);
        return NULL;
    }

    ctx->seen = ctx->streams;
    ctx->at = ctx->streams;

    ctx->cleanup.next = r->pool->cleanup;
    r->pool->cleanup = &ctx->cleanup;

    ngx_http_set_ctx(r, ctx, ngx_http_wasm_filter_module);

    return ctx;
}


/* nginx forgets the contexts of modules at an internal redirect */

ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_find(ngx_http_request_t *r)
{
    ngx_pool_cleanup_t   *cln;
    ngx_http_wasm_ctx_t  *ctx;

    for (cln = r->pool->cleanup; cln; cln = cln->next) {
        if (cln->handler == ngx_http_wasm_ctx_cleanup) {
            ctx = cln->data;
            ngx_http_set_ctx(r, ctx, ngx_http_wasm_filter_module);
            return ctx;
        }
    }

    return NULL;
}


/* Compilers store zeros one by one only where they are few: part by part. */

#define ngx_http_wasm_ctx_zero(ctx, from, to)                                 \
    ngx_memzero(&(ctx)->from, offsetof(ngx_http_wasm_ctx_t, to)               \
                              - offsetof(ngx_http_wasm_ctx_t, from))

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

    ngx_http_wasm_ctx_zero(ctx, dir, known);
    ngx_http_wasm_ctx_zero(ctx, known, request_in);
    ngx_memzero(&ctx->response_at, sizeof(ngx_http_wasm_ctx_t)
                                - offsetof(ngx_http_wasm_ctx_t, response_at));

    ctx->request = r;
    ctx->length = -1;
    ctx->timer.log = r->connection->log;
    ctx->wake.log = r->connection->log;

    return ctx;
}


static ngx_http_wasm_noinline ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_alloc(ngx_http_wasm_main_conf_t *wmcf, ngx_log_t *log)
{
    ngx_uint_t            i;
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_calloc(sizeof(ngx_http_wasm_ctx_t)
                     + wmcf->longest * sizeof(ngx_http_wasm_stream_t), log);
    if (ctx == NULL) {
        return NULL;
    }

    ctx->conf = wmcf;

    ctx->cleanup.handler = ngx_http_wasm_ctx_cleanup;
    ctx->cleanup.data = ctx;

    ctx->timer.handler = ngx_http_wasm_ctx_wake;
    ctx->timer.data = ctx;
    ctx->wake.handler = ngx_http_wasm_ctx_wake;
    ctx->wake.data = ctx;

    ctx->streams = (ngx_http_wasm_stream_t *) (ctx + 1);

    for (i = 0; i < wmcf->longest; i++) {
        ctx->streams[i].ctx = ctx;
    }

    return ctx;
}


/* Its events are neither set nor posted. */

static ngx_inline void
ngx_http_wasm_ctx_give(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ctx->conf;

    if (wmcf->nspare == NGX_HTTP_WASM_SPARE) {
        ngx_http_wasm_ctx_free(ctx);
        return;
    }

    ctx->next = wmcf->spare;
    wmcf->spare = ctx;
    wmcf->nspare++;
}


/* Not at once: when a cleanup is over, nginx reads its member "next". */

static ngx_http_wasm_noinline void
ngx_http_wasm_ctx_free(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ctx->conf;

    if (wmcf->over) {
        ngx_free(wmcf->over);
    }

    wmcf->over = ctx;
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

    if (wmcf->over) {
        ngx_free(wmcf->over);
        wmcf->over = NULL;
    }
}


/* adds those of the filters up to end whose conditions hold */

static ngx_inline ngx_int_t
ngx_http_wasm_ctx_streams(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_filter_t *filter, ngx_http_wasm_filter_t *end)
{
    ngx_int_t                rc;
    ngx_http_wasm_stream_t  *st;

    for (st = ctx->end; filter < end; filter++) {

        if (filter->condition) {
            rc = ngx_http_wasm_ctx_condition(ctx, filter);

            if (rc == NGX_ERROR) {
                return NGX_ERROR;
            }

            if (rc == NGX_DECLINED) {
                continue;
            }
        }

        ngx_memzero(&st->instance, sizeof(ngx_http_wasm_stream_t)
                                 - offsetof(ngx_http_wasm_stream_t, instance));

        st->config = filter->config;

        if (st->config->plugin->fail == NGX_HTTP_WASM_FAIL_OPEN) {
            st->save = 1;
        }

        st++;
    }

    ctx->end = st;

    return NGX_OK;
}


static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_ctx_early(ngx_http_wasm_ctx_t *ctx)
{
    return ngx_http_wasm_ctx_streams(ctx, ctx->chain->filters.elts,
                                     ctx->chain->late);
}


/* NGX_DECLINED: the filter is skipped */

static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_ctx_condition(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_filter_t *filter)
{
    ngx_str_t  value;

    if (ngx_http_complex_value(ctx->request, filter->condition, &value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (value.len == 0 || (value.len == 1 && value.data[0] == '0')) {
        return NGX_DECLINED;
    }

    ctx->body_buffer = ngx_max(ctx->body_buffer,
                               filter->config->plugin->body_buffer);

    return NGX_OK;
}


/* in the log phase */

ngx_int_t
ngx_http_wasm_ctx_log_handler(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = (r == r->main) ? ngx_http_wasm_ctx_get(r) : NULL;

    return (ctx && !ctx->ended) ? ngx_http_wasm_ctx_end(ctx, 1) : NGX_OK;
}


/* with the request's pool: nginx may leave out the log phase */

static void
ngx_http_wasm_ctx_cleanup(void *data)
{
    ngx_http_wasm_ctx_t *ctx = data;

    if (!ctx->ended) {
        (void) ngx_http_wasm_ctx_end(ctx, 0);
    }

    ngx_http_wasm_ctx_give(ctx);
}


/* on_log of all streams, then on_done and on_delete of each; once */

static ngx_int_t
ngx_http_wasm_ctx_end(ngx_http_wasm_ctx_t *ctx, ngx_uint_t log)
{
    ngx_http_wasm_stream_t  *st, *end;

    if (ctx->timer.timer_set) {
        ngx_del_timer(&ctx->timer);
    }

    if (ctx->wake.posted) {
        ngx_delete_posted_event(&ctx->wake);
    }

    ctx->waiting = NULL;
    ctx->logging = 1;

    if (log && (!ctx->opened || ngx_http_wasm_has(ctx->chain, PW_ON_LOG))) {
        ngx_http_wasm_ctx_log(ctx);
    }

    ctx->ended = 1;
    ctx->known = 0;
    end = ctx->end;

    for (st = ctx->streams; st < end; st++) {

        if (st->instance == NULL) {
            continue;
        }

        if (st->stream && pw_stream_free(st->stream) == PW_FAULT) {
            ngx_http_wasm_instance_fault(st->instance,
                                         ctx->request->connection->log);
        }

        if (st->calls) {
            ngx_http_wasm_call_detach(st);
        }

        if (st->queued) {
            ngx_queue_remove(&st->queue);
        }

        ngx_http_wasm_instance_release(st->instance);
    }

    if (ctx->holding) {
        ngx_http_wasm_ctx_forget(ctx);
    }

    return NGX_OK;
}


static void
ngx_http_wasm_ctx_log(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_wasm_stream_t  *st;

    for (st = ctx->streams; st < ctx->end; st++) {

        if (ngx_http_wasm_stream_open(st) == NGX_OK && !st->skip
            && pw_on_log(st->stream) == PW_FAULT)
        {
            ngx_http_wasm_instance_fault(st->instance,
                                         ctx->request->connection->log);
        }
    }
}


/* The next request's streams hold nothing of bodies. */

static void
ngx_http_wasm_ctx_forget(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_wasm_stream_t  *st;

    for (st = ctx->streams; st < ctx->end; st++) {
        ngx_memzero(st->held, sizeof(st->held));
    }
}


/* says so, once a request */

ngx_int_t
ngx_http_wasm_charge_full(ngx_http_wasm_stream_t *st)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    if (!ctx->full) {
        ctx->full = 1;

        ngx_log_error(NGX_LOG_WARN, ctx->request->connection->log, 0,
                      "wasm plugin \"%V\": more than %d bytes of headers and "
                      "variables set for one request",
                      &st->config->plugin->name, NGX_HTTP_WASM_SET_MAX);
    }

    return NGX_DECLINED;
}


/* the timer of a pause is over, or the request's turn has come */

static void
ngx_http_wasm_ctx_wake(ngx_event_t *ev)
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

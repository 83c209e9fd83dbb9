
/*
 * Requests: their headers go through the chain before the content handler is
 * chosen.
 */


#include "ngx_http_wasm_module.h"


static ngx_int_t ngx_http_wasm_request_again(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_next(ngx_http_wasm_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_wasm_request_reroute(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_request_forget(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_request_run(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_pause(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_answer(ngx_http_wasm_ctx_t *ctx);
static ngx_inline ngx_uint_t ngx_http_wasm_request_has_body(
    ngx_http_request_t *r);


/* variables that nginx makes of what plugins change; with "_" all such */

static ngx_str_t  ngx_http_wasm_request_variables[] = {
    ngx_string("http_"),
    ngx_string("cookie_"),
    ngx_string("content_type"),
    ngx_string("host"),
    ngx_string("request_method"),
    ngx_string("request_uri"),
    ngx_string("scheme"),
    ngx_null_string
};


/* in the rewrite phase: the filters that are to choose the location */

ngx_int_t
ngx_http_wasm_request_rewrite(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_loc_conf_t  *wlcf;

    if (r != r->main || r->post_action) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_wasm_ctx_get(r);

    if (ctx == NULL) {
        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasm_filter_module);

        if (wlcf->chain == NULL || wlcf->chain->early == 0) {
            return NGX_DECLINED;
        }

        ctx = ngx_http_wasm_ctx_create(r, wlcf->chain);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    if (ctx->request_at != NGX_HTTP_WASM_REQUEST_HEADERS
        || ctx->response_at != NGX_HTTP_WASM_RESPONSE_NONE
        || ctx->at == NULL || ctx->at >= ctx->early)
    {
        return NGX_DECLINED;
    }

    if (ctx->waiting) {
        return NGX_DONE;
    }

    rc = ngx_http_wasm_stream_request_headers(ctx, ctx->early,
                                           !ngx_http_wasm_request_has_body(r));

    if (rc != NGX_OK) {
        return ngx_http_wasm_request_next(ctx, rc);
    }

    ctx->undo = NULL;

    return (ctx->moved || ctx->reroute) ? ngx_http_wasm_request_reroute(ctx)
                                        : NGX_DECLINED;
}


/* behind the access phase: the others, and bodies */

ngx_int_t
ngx_http_wasm_request_handler(ngx_http_request_t *r)
{
    ngx_int_t                  rc;
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_loc_conf_t  *wlcf;

    if (r != r->main || r->post_action) {
        return NGX_DECLINED;
    }

    ctx = ngx_http_wasm_ctx_get(r);

    if (ctx) {
        rc = ngx_http_wasm_request_again(ctx);

        if (rc != NGX_OK) {
            return rc;
        }

    } else {
        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasm_filter_module);

        if (wlcf->chain == NULL) {
            return NGX_DECLINED;
        }

        ctx = ngx_http_wasm_ctx_create(r, wlcf->chain);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

    rc = ngx_http_wasm_request_run(ctx);

    if (rc != NGX_OK) {
        return ngx_http_wasm_request_next(ctx, rc);
    }

    if (ctx->request_at != NGX_HTTP_WASM_REQUEST_UNBUFFERED) {
        ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;
    }

    ctx->undo = NULL;

    if (!ctx->reroute) {
        return NGX_DECLINED;
    }

    /* what modules know of the old location doesn't count any more */

    ngx_memzero(r->ctx, sizeof(void *) * ngx_http_max_module);
    ngx_http_set_ctx(r, ctx, ngx_http_wasm_filter_module);

    return ngx_http_wasm_request_reroute(ctx);
}


/* NGX_OK: a request that has met the chain already goes on */

static ngx_int_t
ngx_http_wasm_request_again(ngx_http_wasm_ctx_t *ctx)
{
    if (ctx->request_at >= NGX_HTTP_WASM_REQUEST_UNBUFFERED
        || ctx->response_at != NGX_HTTP_WASM_RESPONSE_NONE)
    {
        return NGX_DECLINED;
    }

    if (ctx->request_at == NGX_HTTP_WASM_REQUEST_READ) {

        /* the body could not be read, this is an error page */

        ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;
        return NGX_DECLINED;
    }

    return ctx->waiting ? NGX_DONE : NGX_OK;
}


/* what a phase's handler answers if the chain isn't through */

static ngx_int_t
ngx_http_wasm_request_next(ngx_http_wasm_ctx_t *ctx, ngx_int_t rc)
{
    switch (rc) {

    case NGX_AGAIN:
        return ngx_http_wasm_request_pause(ctx);

    case NGX_BUSY:

        /* the request may be gone */

        return NGX_DONE;

    case NGX_DONE:
        return ngx_http_wasm_request_answer(ctx);

    case NGX_ERROR:
        rc = NGX_HTTP_INTERNAL_SERVER_ERROR;
        break;
    }

    ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;

    return rc;
}


/*
 * Lets nginx choose the location anew, as "rewrite" does.  The request stays
 * one from outside, and passes the access checks of its new location.
 */

static ngx_int_t
ngx_http_wasm_request_reroute(ngx_http_wasm_ctx_t *ctx)
{
    ngx_uint_t                  i;
    ngx_http_request_t         *r;
    ngx_http_phase_handler_t   *ph;
    ngx_http_core_main_conf_t  *cmcf;

    r = ctx->request;
    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    ph = cmcf->phase_engine.handlers;

    ctx->moved = 0;
    ctx->reroute = 0;

    ngx_http_wasm_request_forget(r);

    for (i = 0; ph[i].checker; i++) {

        if (ph[i].checker == ngx_http_core_post_rewrite_phase) {
            r->uri_changed = 1;
            r->add_uri_to_alias = 0;
            r->phase_handler = i - 1;      /* the phases add 1 */
            break;
        }
    }

    return NGX_DECLINED;
}


/* "if" may ask for them again */

static void
ngx_http_wasm_request_forget(ngx_http_request_t *r)
{
    ngx_str_t                  *name;
    ngx_uint_t                  i;
    ngx_http_variable_t        *v;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);
    v = cmcf->variables.elts;

    for (i = 0; i < cmcf->variables.nelts; i++) {

        for (name = ngx_http_wasm_request_variables; name->len; name++) {

            if (v[i].name.len < name->len
                || (v[i].name.len > name->len
                    && name->data[name->len - 1] != '_')
                || ngx_strncmp(v[i].name.data, name->data, name->len) != 0)
            {
                continue;
            }

            r->variables[i].valid = 0;
            r->variables[i].not_found = 0;
        }
    }
}


static ngx_int_t
ngx_http_wasm_request_run(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t   rc;
    ngx_uint_t  eos;

    if (ctx->request_at == NGX_HTTP_WASM_REQUEST_HEADERS) {

        eos = !ngx_http_wasm_request_has_body(ctx->request);
        rc = ngx_http_wasm_stream_request_headers(ctx, ctx->end, eos);

        if (rc == NGX_OK && !eos) {
            rc = ngx_http_wasm_buffered_read(ctx);
        }

    } else {
        rc = ngx_http_wasm_buffered_run(ctx);
    }

    if (rc == NGX_OK
        && ((ctx->touched & (1 << NGX_HTTP_WASM_REQUEST))
            || (ctx->length_removed & (1 << NGX_HTTP_WASM_REQUEST))))
    {
        return ngx_http_wasm_buffered_finish(ctx);
    }

    return rc;
}


static ngx_int_t
ngx_http_wasm_request_pause(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_request_t  *r;

    r = ctx->request;

    /* notices a client that leaves */

    r->read_event_handler = ngx_http_test_reading;

    if (r->connection->read->ready) {

        /* perhaps it has left already */

        ngx_post_event(r->connection->read, &ngx_posted_events);

    } else if (ngx_handle_read_event(r->connection->read, 0) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return NGX_DONE;
}


void
ngx_http_wasm_request_wake(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->request_at == NGX_HTTP_WASM_REQUEST_UNBUFFERED) {
        ngx_http_wasm_unbuffered_wake(ctx);
        return;
    }

    rc = ngx_http_wasm_stream_resume(ctx);

    if (rc == NGX_AGAIN) {
        return;
    }

    r->read_event_handler = ngx_http_block_reading;

    switch (rc) {

    case NGX_OK:
        r->write_event_handler = ngx_http_core_run_phases;
        ngx_http_core_run_phases(r);
        return;

    case NGX_DONE:
        (void) ngx_http_wasm_request_answer(ctx);
        return;
    }

    ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;

    ngx_http_finalize_request(r, rc);
}


/* the local response; the streams that saw the request see it, too */

static ngx_int_t
ngx_http_wasm_request_answer(ngx_http_wasm_ctx_t *ctx)
{
    ngx_int_t            rc;
    ngx_chain_t         *out;
    ngx_http_request_t  *r;

    r = ctx->request;

    out = NULL;

    ctx->request_at = NGX_HTTP_WASM_REQUEST_DONE;

    rc = ngx_http_discard_request_body(r);

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_local_prepare(ctx, &out);
    }

    if (rc == NGX_OK) {
        rc = ngx_http_send_header(r);

        if (rc != NGX_ERROR && rc <= NGX_OK && !r->header_only) {
            rc = ngx_http_output_filter(r, out);
        }
    }

    ngx_http_finalize_request(r, rc);

    return NGX_DONE;
}


static ngx_inline ngx_uint_t
ngx_http_wasm_request_has_body(ngx_http_request_t *r)
{
    if (r->headers_in.content_length_n <= 0 && !r->headers_in.chunked) {
        return 0;
    }

    switch (r->err_status) {

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_REQUEST_TIME_OUT:
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_REQUEST_URI_TOO_LARGE:
    case NGX_HTTP_NOT_IMPLEMENTED:
    case NGX_HTTP_VERSION_NOT_SUPPORTED:

        /* this is an error page, nginx doesn't want the body */

        return 0;
    }

    return 1;
}

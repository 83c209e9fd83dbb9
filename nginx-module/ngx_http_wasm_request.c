
/*
 * Requests: headers and body go through the chain before the content handler
 * is chosen; the log phase ends the chain.
 */


#include "ngx_http_wasm_module.h"


static ngx_int_t ngx_http_wasm_request_next(ngx_http_wasm_ctx_t *ctx,
    ngx_int_t rc);
static ngx_int_t ngx_http_wasm_request_reroute(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_request_forget(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_request_run(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_read(ngx_http_wasm_ctx_t *ctx);
static void ngx_http_wasm_request_have(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_request_body(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body);
static ngx_int_t ngx_http_wasm_request_spill(ngx_http_wasm_ctx_t *ctx);
static ngx_temp_file_t *ngx_http_wasm_request_file(ngx_http_request_t *r);
static ngx_int_t ngx_http_wasm_request_gather(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_finish(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_pause(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_request_answer(ngx_http_wasm_ctx_t *ctx);
static ngx_uint_t ngx_http_wasm_request_has_body(ngx_http_request_t *r);


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

    if (ctx == NULL) {
        wlcf = ngx_http_get_module_loc_conf(r, ngx_http_wasm_filter_module);

        if (wlcf->chain == NULL) {
            return NGX_DECLINED;
        }

        ctx = ngx_http_wasm_ctx_create(r, wlcf->chain);
        if (ctx == NULL) {
            return NGX_HTTP_INTERNAL_SERVER_ERROR;
        }
    }

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

    if (ctx->waiting) {
        return NGX_DONE;
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
            rc = ngx_http_wasm_request_read(ctx);
        }

    } else {
        rc = ngx_http_wasm_request_body(ctx);
    }

    return (rc == NGX_OK) ? ngx_http_wasm_request_finish(ctx) : rc;
}


/*
 * Lets nginx read the whole body if a stream wants to see it.  NGX_OK: none
 * does, or the content handler reads; NGX_BUSY: the phases go on from the
 * handler below, and perhaps they have already.
 */

static ngx_int_t
ngx_http_wasm_request_read(ngx_http_wasm_ctx_t *ctx)
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

    rc = ngx_http_read_client_request_body(r, ngx_http_wasm_request_have);

    if (rc >= NGX_HTTP_SPECIAL_RESPONSE) {
        return rc;
    }

    ngx_http_finalize_request(r, NGX_DONE);

    return NGX_BUSY;
}


static void
ngx_http_wasm_request_have(ngx_http_request_t *r)
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


static ngx_int_t
ngx_http_wasm_request_body(ngx_http_wasm_ctx_t *ctx)
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

        return (rc == NGX_OK) ? ngx_http_wasm_request_emit(ctx, &body) : rc;
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
            rc = ngx_http_wasm_request_emit(ctx, &body);
        }

        if (rc != NGX_OK && (rc != NGX_AGAIN || eos)) {
            return rc;
        }

    } while (ctx->request_in);

    return NGX_OK;
}


/* What came out of the chain is collected, the original stays as it is. */

static ngx_int_t
ngx_http_wasm_request_emit(ngx_http_wasm_ctx_t *ctx,
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

    return ngx_http_wasm_request_spill(ctx);
}


/* A body that grows beyond memory goes to a file, as nginx's own do. */

static ngx_int_t
ngx_http_wasm_request_spill(ngx_http_wasm_ctx_t *ctx)
{
    off_t                start;
    ssize_t              n;
    ngx_buf_t           *b;
    ngx_chain_t         *cl, *next;
    ngx_temp_file_t     *tf;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->request_file == NULL) {
        ctx->request_file = ngx_http_wasm_request_file(r);
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
ngx_http_wasm_request_file(ngx_http_request_t *r)
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
ngx_http_wasm_request_gather(ngx_http_wasm_ctx_t *ctx)
{
    ssize_t                n;
    ngx_buf_t             *b;
    ngx_chain_t           *cl, out;
    ngx_temp_file_t       *tf;
    ngx_http_request_t    *r;
    ngx_http_wasm_body_t   body;

    r = ctx->request;

    tf = ngx_http_wasm_request_file(r);
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

static ngx_int_t
ngx_http_wasm_request_finish(ngx_http_wasm_ctx_t *ctx)
{
    ngx_chain_t         *cl;
    ngx_http_request_t  *r;

    r = ctx->request;

    if (ctx->touched & (1 << NGX_HTTP_WASM_REQUEST)) {

        if (r->request_body_in_persistent_file
            && ngx_http_wasm_request_gather(ctx) != NGX_OK)
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


static ngx_uint_t
ngx_http_wasm_request_has_body(ngx_http_request_t *r)
{
    switch (r->err_status) {

    case 0:
        break;

    case NGX_HTTP_BAD_REQUEST:
    case NGX_HTTP_REQUEST_TIME_OUT:
    case NGX_HTTP_REQUEST_ENTITY_TOO_LARGE:
    case NGX_HTTP_REQUEST_URI_TOO_LARGE:
    case NGX_HTTP_NOT_IMPLEMENTED:
    case NGX_HTTP_VERSION_NOT_SUPPORTED:

        /* this is an error page, nginx doesn't want the body */

        return 0;
    }

    return r->headers_in.content_length_n > 0 || r->headers_in.chunked;
}


ngx_int_t
ngx_http_wasm_request_log(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = (r == r->main) ? ngx_http_wasm_ctx_get(r) : NULL;

    if (ctx && !ctx->ended) {
        ngx_http_wasm_ctx_end(ctx, 1);
    }

    return NGX_OK;
}

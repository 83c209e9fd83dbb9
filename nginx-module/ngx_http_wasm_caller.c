
/*
 * Who calls: a client's connection without a socket, and requests on it, as
 * nginx's upstream code needs them.
 */


#include "ngx_http_wasm_call.h"


static ngx_int_t ngx_http_wasm_caller_client(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_caller_request(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_caller_lists(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_caller_subrequest(ngx_http_request_t *r,
    void *data, ngx_int_t rc);
static u_char *ngx_http_wasm_caller_log_error(ngx_log_t *log, u_char *buf,
    size_t len);


/* where a call without a client would come from */

static struct sockaddr  ngx_http_wasm_caller_nowhere = { .sa_family = AF_UNIX };
static ngx_str_t        ngx_http_wasm_caller_nobody = ngx_string("unix:");


/*
 * The connection is always writable, nothing ever comes from it, and whatever
 * is set on it is set already.
 */

ngx_int_t
ngx_http_wasm_caller_init(ngx_http_wasm_call_t *call)
{
    ngx_log_t                 *log;
    ngx_connection_t          *c;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_wasm_plugin_t    *plugin;

    plugin = call->config->plugin;
    clcf = call->config->conf.loc_conf[ngx_http_core_module.ctx_index];
    log = clcf->error_log ? clcf->error_log : ngx_cycle->log;

    call->log = *log;
    call->log.handler = ngx_http_wasm_caller_log_error;
    call->log.data = &call->log_ctx;
    call->log.action = "calling upstream";

    if (plugin->log_second == ngx_time()
        && plugin->log_lines >= plugin->log_rate
        && call->log.log_level > NGX_LOG_CRIT)
    {
        /* what fails is the plugin's doing, and counts with its own lines */

        call->log.log_level = NGX_LOG_CRIT;
    }

    c = &call->connection;

    c->fd = (ngx_socket_t) -1;
    c->data = &call->main;
    c->read = &call->read;
    c->write = &call->write;
    c->log = &call->log;
    c->pool = call->pool;
    c->tcp_nodelay = NGX_TCP_NODELAY_DISABLED;
    c->tcp_nopush = NGX_TCP_NOPUSH_DISABLED;

    c->read->data = c;
    c->read->log = c->log;
    c->write->data = c;
    c->write->log = c->log;
    c->write->write = 1;
    c->write->active = 1;
    c->write->ready = 1;

    c->sockaddr = &ngx_http_wasm_caller_nowhere;
    c->socklen = sizeof(sa_family_t);
    c->addr_text = ngx_http_wasm_caller_nobody;
    c->local_sockaddr = c->sockaddr;
    c->local_socklen = c->socklen;

    call->log_ctx.connection = c;
    call->log_ctx.request = &call->main;

    if (call->stream && ngx_http_wasm_caller_client(call) != NGX_OK) {
        return NGX_ERROR;
    }

    return ngx_http_wasm_caller_request(call);
}


/* balancers may go by the client's address */

static ngx_int_t
ngx_http_wasm_caller_client(ngx_http_wasm_call_t *call)
{
    ngx_connection_t  *c, *client;

    c = &call->connection;
    client = call->stream->ctx->request->connection;

    c->number = client->number;

    c->sockaddr = ngx_palloc(call->pool, client->socklen);
    c->addr_text.data = ngx_pstrdup(call->pool, &client->addr_text);

    if (c->sockaddr == NULL || c->addr_text.data == NULL) {
        return NGX_ERROR;
    }

    ngx_memcpy(c->sockaddr, client->sockaddr, client->socklen);
    c->socklen = client->socklen;
    c->addr_text.len = client->addr_text.len;

    return NGX_OK;
}


/*
 * The main request ends with the call, and no sooner: its count never comes
 * down to one.  It isn't active, its subrequest neither, so that at its end
 * nothing is logged, and the main one is asked to go on, which does nothing.
 */

static ngx_int_t
ngx_http_wasm_caller_request(ngx_http_wasm_call_t *call)
{
    ngx_time_t                   *tp;
    ngx_http_request_t           *r;
    ngx_http_conf_ctx_t          *conf;
    ngx_http_post_subrequest_t   *ps;

    conf = &call->config->conf;
    tp = ngx_timeofday();

    r = &call->request;

    r->signature = NGX_HTTP_MODULE;
    r->connection = &call->connection;
    r->pool = call->pool;
    r->main_conf = conf->main_conf;
    r->srv_conf = conf->srv_conf;
    r->loc_conf = conf->loc_conf;
    r->http_version = NGX_HTTP_VERSION_11;
    r->http_state = NGX_HTTP_PROCESS_REQUEST_STATE;
    r->start_sec = tp->sec;
    r->start_msec = tp->msec;
    r->uri_changes = NGX_HTTP_MAX_URI_CHANGES + 1;
    r->subrequests = NGX_HTTP_MAX_SUBREQUESTS + 1;
    r->headers_in.content_length_n = -1;
    r->headers_in.keep_alive_n = -1;
    r->headers_out.content_length_n = -1;
    r->headers_out.last_modified_time = -1;
    r->read_event_handler = ngx_http_block_reading;
    r->write_event_handler = ngx_http_request_empty_handler;

    if (ngx_http_wasm_caller_lists(call) != NGX_OK) {
        return NGX_ERROR;
    }

    call->main = *r;
    call->main.main = &call->main;
    call->main.count = 1000;

    ps = ngx_palloc(call->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_wasm_caller_subrequest;
    ps->data = call;

    r->main = &call->main;
    r->parent = &call->main;
    r->post_subrequest = ps;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_caller_lists(ngx_http_wasm_call_t *call)
{
    ngx_http_request_t         *r;
    ngx_http_core_main_conf_t  *cmcf;

    r = &call->request;
    cmcf = r->main_conf[ngx_http_core_module.ctx_index];

    r->ctx = ngx_pcalloc(call->pool, sizeof(void *) * ngx_http_max_module);
    r->variables = ngx_pcalloc(call->pool,
                               cmcf->variables.nelts
                               * sizeof(ngx_http_variable_value_t));

    if (r->ctx == NULL || r->variables == NULL
        || ngx_list_init(&r->headers_in.headers, call->pool, 8,
                         sizeof(ngx_table_elt_t))
           != NGX_OK
        || ngx_list_init(&r->headers_out.headers, call->pool, 1,
                         sizeof(ngx_table_elt_t))
           != NGX_OK
        || ngx_list_init(&r->headers_out.trailers, call->pool, 1,
                         sizeof(ngx_table_elt_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    return NGX_OK;
}


/*
 * nginx's upstream code has ended.  It tells finalize_request what came of it,
 * unless it hadn't begun.
 */

static ngx_int_t
ngx_http_wasm_caller_subrequest(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_wasm_call_over(data, NGX_HTTP_WASM_CALL_NO_PEER);

    return NGX_OK;
}


/* the call that a request of nginx's belongs to */

ngx_uint_t
ngx_http_wasm_caller_is(ngx_http_request_t *r)
{
    return r->post_subrequest
           && r->post_subrequest->handler == ngx_http_wasm_caller_subrequest;
}


static u_char *
ngx_http_wasm_caller_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                *p;
    ngx_http_log_ctx_t    *ctx;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    ctx = log->data;
    call = (ngx_http_wasm_call_t *) ctx->connection;
    u = call->request.upstream;

    if (log->action) {
        p = ngx_snprintf(buf, len, " while %s", log->action);
        len -= p - buf;
        buf = p;
    }

    p = ngx_snprintf(buf, len, ", wasm plugin: \"%V\", call to: \"%V\"",
                     &call->config->plugin->name, &call->name);
    len -= p - buf;
    buf = p;

    if (u && u->peer.name) {
        p = ngx_snprintf(buf, len, ", upstream: \"%V%V%V\"",
                         &u->schema, u->peer.name, &call->request.uri);
    }

    return p;
}

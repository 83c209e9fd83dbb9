
/*
 * Calls of plugins to other servers: made, bounded, timed, cancelled, and
 * answered to the root context that they belong to.
 *
 * A call outlives the request that it was made for, as it does in Envoy; it
 * ends with its instance.  The callback never runs inside of the host call or
 * of nginx's upstream code: what is over is posted.
 */


#include "ngx_http_wasm_call.h"


#define NGX_HTTP_WASM_CALL_POOL   8192

/* a worker's calls for a plugin, at once: times callouts, times callout_body */
#define NGX_HTTP_WASM_CALL_MANY   64
#define NGX_HTTP_WASM_CALL_BYTES  16

/* while there are calls: whether the worker shuts down */
#define NGX_HTTP_WASM_CALL_WATCH  1000


static void ngx_http_wasm_call_refuse(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *name, const char *why);
static ngx_uint_t ngx_http_wasm_call_https(const struct pw_http_call *http);
static ngx_http_wasm_call_t *ngx_http_wasm_call_create(
    ngx_http_wasm_config_t *config, ngx_http_wasm_stream_t *st,
    ngx_pool_t *pool);
static ngx_int_t ngx_http_wasm_call_connection(ngx_http_wasm_call_t *call);
static ngx_int_t ngx_http_wasm_call_request(ngx_http_wasm_call_t *call);
static ngx_http_wasm_instance_t *ngx_http_wasm_call_instance(
    ngx_http_wasm_config_t *config, ngx_http_wasm_stream_t *st);
static void ngx_http_wasm_call_start(ngx_http_wasm_call_t *call,
    ngx_msec_t timeout);
static void ngx_http_wasm_call_watch(ngx_event_t *ev);
static ngx_int_t ngx_http_wasm_call_subrequest(ngx_http_request_t *r,
    void *data, ngx_int_t rc);
static void ngx_http_wasm_call_timeout(ngx_event_t *ev);
static void ngx_http_wasm_call_done(ngx_event_t *ev);
static void ngx_http_wasm_call_failure(ngx_http_wasm_call_t *call,
    struct pw_http_answer *answer);
static void ngx_http_wasm_call_deliver(ngx_http_wasm_call_t *call,
    struct pw_http_answer *answer);
static void ngx_http_wasm_call_unlink(ngx_http_wasm_call_t *call);
static void ngx_http_wasm_call_stop(ngx_http_wasm_call_t *call,
    ngx_uint_t failed);
static void ngx_http_wasm_call_free(ngx_http_wasm_call_t *call);
static u_char *ngx_http_wasm_call_log_error(ngx_log_t *log, u_char *buf,
    size_t len);


/*
 * What plugins get for an answer that didn't come, as Envoy words it.  After
 * the headers there is none: a body that isn't whole is of no use.
 */

#define NGX_HTTP_WASM_CALL_NO_HEADERS                                         \
    "upstream connect error or disconnect/reset before headers. "             \
    "reset reason: "

typedef struct {
    ngx_str_t        status;
    ngx_str_t        text;
    ngx_str_t        dispatch;             /* :dispatch_status */
} ngx_http_wasm_call_failure_t;

static ngx_http_wasm_call_failure_t  ngx_http_wasm_call_failures[] = {

    { ngx_null_string, ngx_null_string,
      ngx_null_string },                   /* NGX_HTTP_WASM_CALL_OK */

    { ngx_string("504"), ngx_string("upstream request timeout"),
      ngx_string("timeout") },

    { ngx_string("503"),
      ngx_string(NGX_HTTP_WASM_CALL_NO_HEADERS "remote connection failure"),
      ngx_string("connect failed") },

    { ngx_string("503"), ngx_string("no healthy upstream"),
      ngx_string("connect failed") },

    { ngx_string("503"), ngx_string("no healthy upstream"),
      ngx_string("resolve failed") },

    { ngx_string("503"),
      ngx_string(NGX_HTTP_WASM_CALL_NO_HEADERS "remote connection failure"),
      ngx_string("tls failed") },

    { ngx_string("503"),
      ngx_string(NGX_HTTP_WASM_CALL_NO_HEADERS "connection termination"),
      ngx_string("reset") },

    { ngx_string("502"),
      ngx_string(NGX_HTTP_WASM_CALL_NO_HEADERS "protocol error"),
      ngx_string("bad response") },

    { ngx_string("502"),
      ngx_string(NGX_HTTP_WASM_CALL_NO_HEADERS "protocol error"),
      ngx_string("too large") },
};


/* of this process: calls, and what looks after them */
static ngx_uint_t        ngx_http_wasm_calls;
static ngx_event_t       ngx_http_wasm_call_watcher;
static ngx_msec_t        ngx_http_wasm_call_exiting;

/* what debug lines ask for the name of an event */
static ngx_connection_t  ngx_http_wasm_call_nothing = {
    .fd = (ngx_socket_t) -1
};

/* where a call without a client would come from */

static struct sockaddr  ngx_http_wasm_call_nowhere = { .sa_family = AF_UNIX };
static ngx_str_t        ngx_http_wasm_call_nobody = ngx_string("unix:");


enum pw_status
ngx_http_wasm_call_new(void *root, void *stream,
    const struct pw_http_call *http, uint32_t id)
{
    ngx_int_t                rc;
    ngx_str_t                name;
    ngx_msec_t               timeout;
    ngx_pool_t              *pool;
    ngx_http_wasm_call_t    *call;
    ngx_http_wasm_callee_t   callee;
    ngx_http_wasm_config_t  *config = root;
    ngx_http_wasm_stream_t  *st = stream;
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    name.data = (u_char *) http->upstream.data;
    name.len = http->upstream.len;

    pool = ngx_create_pool(NGX_HTTP_WASM_CALL_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    /* the name is kept by what is found for it */

    if (name.len) {
        name.data = ngx_pstrdup(pool, &name);
        if (name.data == NULL) {
            goto failed;
        }
    }

    rc = ngx_http_wasm_callee_find(config, pool, &name,
                                   ngx_http_wasm_call_https(http), &callee);

    if (rc == NGX_DECLINED) {
        ngx_http_wasm_call_refuse(config, st, &name, "no such upstream");
        ngx_destroy_pool(pool);
        return PW_BAD_ARGUMENT;
    }

    if (rc != NGX_OK) {
        goto failed;
    }

    if (!plugin->running && !ngx_exiting && !ngx_terminate && !ngx_quit) {

        /* it is tried out: nothing is sent, and no answer comes */

        ngx_destroy_pool(pool);
        return PW_OK;
    }

    if (!plugin->running || (st == NULL && ngx_exiting)) {
        ngx_http_wasm_call_refuse(config, st, &name, "the worker shuts down");
        goto failed;
    }

    if ((st ? st->calls : config->calls) >= plugin->callouts
        || plugin->calls >= NGX_HTTP_WASM_CALL_MANY * plugin->callouts)
    {
        ngx_http_wasm_call_refuse(config, st, &name,
                                  "too many at once, see callouts=");
        goto failed;
    }

    call = ngx_http_wasm_call_create(config, st, pool);
    if (call == NULL) {
        goto failed;
    }

    call->id = id;
    call->name = name;

    timeout = plugin->callout_timeout;

    if (http->timeout && http->timeout < timeout) {
        timeout = http->timeout;
    }

    rc = ngx_http_wasm_wire_request(call, http);

    if (rc == NGX_BUSY) {
        ngx_http_wasm_call_refuse(config, st, &name,
                                  "too many bytes at once, see callout_body=");
    }

    if (rc != NGX_OK
        || ngx_http_wasm_wire_upstream(call, &callee, timeout) != NGX_OK)
    {
        plugin->call_bytes -= call->charged;
        goto failed;
    }

    ngx_http_wasm_call_start(call, timeout);

    return PW_OK;

failed:

    ngx_destroy_pool(pool);

    return PW_INTERNAL_FAILURE;
}


/* why, in the plugin's log */

static void
ngx_http_wasm_call_refuse(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *name, const char *why)
{
    u_char         line[NGX_MAX_CONF_ERRSTR];
    struct pw_str  plugin, text;

    plugin.data = (char *) config->plugin->name.data;
    plugin.len = config->plugin->name.len;

    text.data = (char *) line;
    text.len = ngx_snprintf(line, sizeof(line), "call to \"%V\" refused: %s",
                            name, why)
               - line;

    ngx_http_wasm_host.log(config, st, plugin, PW_WARN, text);
}


static ngx_uint_t
ngx_http_wasm_call_https(const struct pw_http_call *http)
{
    size_t                i;
    const struct pw_pair  *pair;

    for (i = 0; i < http->nheaders; i++) {
        pair = &http->headers[i];

        if (pair->key.len == 7 && ngx_memcmp(pair->key.data, ":scheme", 7) == 0)
        {
            return pair->value.len == 5
                   && ngx_strncasecmp((u_char *) pair->value.data,
                                      (u_char *) "https", 5)
                      == 0;
        }
    }

    return 0;
}


static ngx_http_wasm_call_t *
ngx_http_wasm_call_create(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_pool_t *pool)
{
    ngx_http_wasm_call_t  *call;

    call = ngx_pcalloc(pool, sizeof(ngx_http_wasm_call_t));
    if (call == NULL) {
        return NULL;
    }

    call->pool = pool;
    call->config = config;
    call->stream = st;
    call->instance = ngx_http_wasm_call_instance(config, st);

    if (ngx_http_wasm_call_connection(call) != NGX_OK
        || ngx_http_wasm_call_request(call) != NGX_OK
        || ngx_array_init(&call->headers, pool, 16, sizeof(struct pw_pair))
           != NGX_OK
        || ngx_array_init(&call->trailers, pool, 1, sizeof(struct pw_pair))
           != NGX_OK)
    {
        return NULL;
    }

    call->timer.handler = ngx_http_wasm_call_timeout;
    call->timer.data = call;
    call->timer.log = &call->log;

    call->done = call->timer;
    call->done.handler = ngx_http_wasm_call_done;

    return call;
}


/*
 * A client's connection, as nginx's upstream code sees it: always writable,
 * nothing ever comes from it, and whatever is set on it is set already.
 */

static ngx_int_t
ngx_http_wasm_call_connection(ngx_http_wasm_call_t *call)
{
    ngx_log_t                 *log;
    ngx_connection_t          *c, *client;
    ngx_http_core_loc_conf_t  *clcf;
    ngx_http_wasm_plugin_t    *plugin;

    plugin = call->config->plugin;
    clcf = call->config->conf.loc_conf[ngx_http_core_module.ctx_index];
    log = clcf->error_log ? clcf->error_log : ngx_cycle->log;

    call->log = *log;
    call->log.handler = ngx_http_wasm_call_log_error;
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

    c->sockaddr = &ngx_http_wasm_call_nowhere;
    c->socklen = sizeof(sa_family_t);
    c->addr_text = ngx_http_wasm_call_nobody;
    c->local_sockaddr = c->sockaddr;
    c->local_socklen = c->socklen;

    call->log_ctx.connection = c;
    call->log_ctx.request = &call->main;

    if (call->stream == NULL) {
        return NGX_OK;
    }

    /* balancers may go by the client's address */

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
ngx_http_wasm_call_request(ngx_http_wasm_call_t *call)
{
    ngx_time_t                   *tp;
    ngx_http_request_t           *r;
    ngx_http_conf_ctx_t          *conf;
    ngx_http_core_main_conf_t    *cmcf;
    ngx_http_post_subrequest_t   *ps;

    conf = &call->config->conf;
    cmcf = conf->main_conf[ngx_http_core_module.ctx_index];
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

    call->main = *r;
    call->main.main = &call->main;
    call->main.count = 1000;

    ps = ngx_palloc(call->pool, sizeof(ngx_http_post_subrequest_t));
    if (ps == NULL) {
        return NGX_ERROR;
    }

    ps->handler = ngx_http_wasm_call_subrequest;
    ps->data = call;

    r->main = &call->main;
    r->parent = &call->main;
    r->post_subrequest = ps;

    return NGX_OK;
}


/* where the callback that makes the call runs */

static ngx_http_wasm_instance_t *
ngx_http_wasm_call_instance(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st)
{
    if (st) {
        return st->instance;
    }

    return config->plugin->starting ? config->plugin->starting
                                    : config->plugin->instance;
}


static void
ngx_http_wasm_call_start(ngx_http_wasm_call_t *call, ngx_msec_t timeout)
{
    ngx_queue_insert_tail(&call->instance->calls, &call->queue);

    call->config->plugin->calls++;

    if (call->stream) {
        call->stream->calls++;

    } else {
        call->config->calls++;
    }

    ngx_add_timer(&call->timer, timeout);

    if (ngx_http_wasm_calls++ == 0) {
        ngx_http_wasm_call_watch(&ngx_http_wasm_call_watcher);
    }

    ngx_http_upstream_init(&call->request);
}


/*
 * A worker that shuts down waits for calls as it does for requests: for
 * worker_shutdown_timeout at most, which closes connections of clients only.
 */

static void
ngx_http_wasm_call_watch(ngx_event_t *ev)
{
    ngx_uint_t                  i;
    ngx_core_conf_t            *ccf;
    ngx_http_wasm_plugin_t    **plugins;
    ngx_http_wasm_main_conf_t  *wmcf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    if (ngx_exiting && ngx_http_wasm_call_exiting == 0) {
        ngx_http_wasm_call_exiting = ngx_current_msec;
    }

    if (ngx_exiting && ccf->shutdown_timeout
        && ngx_current_msec - ngx_http_wasm_call_exiting
           >= ccf->shutdown_timeout)
    {
        wmcf = ngx_http_cycle_get_module_main_conf(ngx_cycle,
                                                 ngx_http_wasm_filter_module);
        plugins = wmcf->plugins.elts;

        for (i = 0; i < wmcf->plugins.nelts; i++) {
            if (plugins[i]->instance) {
                ngx_http_wasm_call_cancel(plugins[i]->instance);
            }
        }
    }

    if (ngx_http_wasm_calls && !ev->timer_set) {
        ev->handler = ngx_http_wasm_call_watch;
        ev->data = &ngx_http_wasm_call_nothing;
        ev->log = ngx_cycle->log;
        ev->cancelable = 1;

        ngx_add_timer(ev, NGX_HTTP_WASM_CALL_WATCH);
    }
}


/* NGX_BUSY: the plugin's calls hold as much as they may */

ngx_int_t
ngx_http_wasm_call_charge(ngx_http_wasm_call_t *call, size_t size)
{
    ngx_http_wasm_plugin_t  *plugin;

    plugin = call->config->plugin;

    if (size > NGX_HTTP_WASM_CALL_BYTES * plugin->callout_body
               - plugin->call_bytes)
    {
        return NGX_BUSY;
    }

    plugin->call_bytes += size;
    call->charged += size;

    return NGX_OK;
}


/*
 * nginx's upstream code has ended.  It tells finalize_request what came of it,
 * unless it hadn't begun.
 */

static ngx_int_t
ngx_http_wasm_call_subrequest(ngx_http_request_t *r, void *data, ngx_int_t rc)
{
    ngx_http_wasm_call_over(data, NGX_HTTP_WASM_CALL_NO_PEER);

    return NGX_OK;
}


/* the first outcome counts */

void
ngx_http_wasm_call_over(ngx_http_wasm_call_t *call,
    ngx_http_wasm_call_e outcome)
{
    if (call->done.posted) {
        return;
    }

    call->outcome = outcome;

    ngx_post_event(&call->done, &ngx_posted_events);
}


static void
ngx_http_wasm_call_timeout(ngx_event_t *ev)
{
    ngx_http_wasm_call_t *call = ev->data;

    if (call->done.posted) {
        return;
    }

    ngx_log_error(NGX_LOG_ERR, &call->log, NGX_ETIMEDOUT, "call timed out");

    ngx_http_wasm_call_stop(call, 1);

    call->outcome = NGX_HTTP_WASM_CALL_TIMEOUT;

    ngx_http_wasm_call_done(&call->done);
}


static void
ngx_http_wasm_call_done(ngx_event_t *ev)
{
    ngx_http_wasm_call_t *call = ev->data;

    struct pw_http_answer  answer;

    ngx_http_wasm_call_unlink(call);

    ngx_memzero(&answer, sizeof(struct pw_http_answer));

    if (call->outcome == NGX_HTTP_WASM_CALL_OK) {
        answer.headers = call->headers.elts;
        answer.nheaders = call->headers.nelts;
        answer.trailers = call->trailers.elts;
        answer.ntrailers = call->trailers.nelts;
        answer.body.data = (char *) call->body;
        answer.body.len = call->body_len;

        ngx_http_wasm_call_deliver(call, &answer);

    } else {
        ngx_http_wasm_call_failure(call, &answer);
    }

    ngx_http_wasm_call_free(call);
}


static void
ngx_http_wasm_call_failure(ngx_http_wasm_call_t *call,
    struct pw_http_answer *answer)
{
    u_char                         length[NGX_INT_T_LEN];
    struct pw_pair                 headers[3];
    ngx_http_wasm_call_failure_t  *f;

    f = &ngx_http_wasm_call_failures[call->outcome];

    (void) ngx_http_wasm_log_count(call->config->plugin, ngx_cycle->log);

    answer->dispatch_status.data = (char *) f->dispatch.data;
    answer->dispatch_status.len = f->dispatch.len;

    if (call->begun) {
        answer->code = 11;
        answer->message.data = "reset";
        answer->message.len = 5;

    } else {
        answer->body.data = (char *) f->text.data;
        answer->body.len = f->text.len;
        answer->headers = headers;
        answer->nheaders = 3;

        headers[0].key = (struct pw_str) { ":status", 7 };
        headers[0].value.data = (char *) f->status.data;
        headers[0].value.len = f->status.len;

        headers[1].key = (struct pw_str) { "content-length", 14 };
        headers[1].value.data = (char *) length;
        headers[1].value.len = ngx_sprintf(length, "%uz", f->text.len)
                               - length;

        headers[2].key = (struct pw_str) { "content-type", 12 };
        headers[2].value = (struct pw_str) { "text/plain", 10 };
    }

    ngx_http_wasm_call_deliver(call, answer);
}


/* a request that waits for this answer shares what becomes of the callback */

static void
ngx_http_wasm_call_deliver(ngx_http_wasm_call_t *call,
    struct pw_http_answer *answer)
{
    ngx_log_t                 *log;
    enum pw_action             action;
    ngx_http_wasm_stream_t    *st;
    ngx_http_wasm_instance_t  *in;

    in = call->instance;
    in->refs++;

    st = call->stream;
    log = ngx_cycle->log;

    if (st) {
        log = st->ctx->request->connection->log;
        ngx_http_set_log_request(log, st->ctx->request);

        if (st->ctx->waiting != st) {
            st = NULL;
        }
    }

    if (st) {
        ngx_http_wasm_stream_visit(st);
    }

    action = pw_on_http_call_response(in->roots[call->config->index], call->id,
                                      answer);

    if (st) {
        ngx_http_wasm_stream_leave(st, action == PW_FAULT);
    }

    if (action == PW_FAULT) {
        ngx_http_wasm_instance_fault(in, log);
    }

    ngx_http_wasm_instance_release(in);
}


/* The instance goes: nobody is there to be told any more. */

void
ngx_http_wasm_call_cancel(ngx_http_wasm_instance_t *in)
{
    ngx_queue_t           *q;
    ngx_http_wasm_call_t  *call;

    while (!ngx_queue_empty(&in->calls)) {

        q = ngx_queue_head(&in->calls);
        call = ngx_queue_data(q, ngx_http_wasm_call_t, queue);

        ngx_http_wasm_call_unlink(call);
        ngx_http_wasm_call_stop(call, 0);
        ngx_http_wasm_call_free(call);
    }
}


/* The stream goes; its calls are the root's alone. */

void
ngx_http_wasm_call_detach(ngx_http_wasm_stream_t *st)
{
    ngx_queue_t           *q;
    ngx_http_wasm_call_t  *call;

    for (q = ngx_queue_head(&st->instance->calls);
         st->calls && q != ngx_queue_sentinel(&st->instance->calls);
         q = ngx_queue_next(q))
    {
        call = ngx_queue_data(q, ngx_http_wasm_call_t, queue);

        if (call->stream == st) {
            call->stream = NULL;
            call->detached = 1;
            st->calls--;
        }
    }
}


static void
ngx_http_wasm_call_unlink(ngx_http_wasm_call_t *call)
{
    ngx_queue_remove(&call->queue);

    ngx_http_wasm_calls--;
    call->config->plugin->calls--;

    if (call->stream) {
        call->stream->calls--;

    } else if (!call->detached) {
        call->config->calls--;
    }

    if (call->timer.timer_set) {
        ngx_del_timer(&call->timer);
    }

    if (call->done.posted) {
        ngx_delete_posted_event(&call->done);
    }
}


/* takes the call from nginx's upstream code, if that still has it */

static void
ngx_http_wasm_call_stop(ngx_http_wasm_call_t *call, ngx_uint_t failed)
{
    ngx_http_upstream_t  *u;

    u = call->request.upstream;

    if (u->cleanup == NULL) {
        return;
    }

    if (failed && u->peer.free && u->peer.sockaddr) {
        u->peer.free(&u->peer, u->peer.data, NGX_PEER_FAILED);
        u->peer.sockaddr = NULL;
    }

    (*u->cleanup)(&call->request);
}


static void
ngx_http_wasm_call_free(ngx_http_wasm_call_t *call)
{
    call->config->plugin->call_bytes -= call->charged;

    if (call->body) {
        ngx_free(call->body);
    }

    ngx_destroy_pool(call->pool);
}


/* the call that a request of nginx's belongs to */

ngx_uint_t
ngx_http_wasm_call_is(ngx_http_request_t *r)
{
    return r->post_subrequest
           && r->post_subrequest->handler == ngx_http_wasm_call_subrequest;
}


static u_char *
ngx_http_wasm_call_log_error(ngx_log_t *log, u_char *buf, size_t len)
{
    u_char                *p;
    ngx_http_log_ctx_t    *ctx;
    ngx_http_upstream_t   *u;
    ngx_http_wasm_call_t  *call;

    p = buf;
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

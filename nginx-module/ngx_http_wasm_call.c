
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


static ngx_int_t ngx_http_wasm_call_make(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, const struct pw_http_call *http,
    ngx_pool_t *pool, ngx_http_wasm_call_t **made);
static ngx_uint_t ngx_http_wasm_call_ending(void);
static ngx_int_t ngx_http_wasm_call_admit(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *name);
static void ngx_http_wasm_call_refuse(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *name, const char *why);
static ngx_uint_t ngx_http_wasm_call_https(const struct pw_http_call *http);
static ngx_http_wasm_call_t *ngx_http_wasm_call_create(
    ngx_http_wasm_config_t *config, ngx_http_wasm_stream_t *st,
    ngx_pool_t *pool);
static ngx_http_wasm_instance_t *ngx_http_wasm_call_instance(
    ngx_http_wasm_config_t *config, ngx_http_wasm_stream_t *st);
static void ngx_http_wasm_call_start(ngx_http_wasm_call_t *call);
static void ngx_http_wasm_call_watch(ngx_event_t *ev);
static void ngx_http_wasm_call_timeout(ngx_event_t *ev);
static void ngx_http_wasm_call_done(ngx_event_t *ev);
static void ngx_http_wasm_call_failure(ngx_http_wasm_call_t *call);
static void ngx_http_wasm_call_deliver(ngx_http_wasm_call_t *call,
    struct pw_http_answer *answer);
static void ngx_http_wasm_call_unlink(ngx_http_wasm_call_t *call);
static void ngx_http_wasm_call_stop(ngx_http_wasm_call_t *call,
    ngx_uint_t failed);
static void ngx_http_wasm_call_free(ngx_http_wasm_call_t *call);


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

enum pw_status
ngx_http_wasm_call_new(void *root, void *stream,
    const struct pw_http_call *http, uint32_t id)
{
    ngx_int_t              rc;
    ngx_pool_t            *pool;
    ngx_http_wasm_call_t  *call;

    pool = ngx_create_pool(NGX_HTTP_WASM_CALL_POOL, ngx_cycle->log);
    if (pool == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    call = NULL;
    rc = ngx_http_wasm_call_make(root, stream, http, pool, &call);

    if (rc == NGX_OK && call) {
        call->id = id;
        ngx_http_wasm_call_start(call);

        return PW_OK;
    }

    ngx_destroy_pool(pool);

    switch (rc) {

    case NGX_OK:
        return PW_OK;

    case NGX_DECLINED:
        return PW_BAD_ARGUMENT;

    default:
        return PW_INTERNAL_FAILURE;
    }
}


/*
 * NGX_OK without a call: the plugin is being tried out, nothing is sent and no
 * answer comes.  NGX_DECLINED: there is no such upstream.
 */

static ngx_int_t
ngx_http_wasm_call_make(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, const struct pw_http_call *http,
    ngx_pool_t *pool, ngx_http_wasm_call_t **made)
{
    ngx_int_t                rc;
    ngx_str_t                name, given;
    ngx_http_wasm_call_t    *call;
    ngx_http_wasm_callee_t   callee;

    /* what is found for the name keeps it */

    given.data = (u_char *) http->upstream.data;
    given.len = http->upstream.len;

    name.len = given.len;
    name.data = ngx_pstrdup(pool, &given);
    if (name.data == NULL) {
        return NGX_ERROR;
    }

    rc = ngx_http_wasm_callee_find(config, pool, &name,
                                   ngx_http_wasm_call_https(http), &callee);

    if (rc == NGX_DECLINED) {
        ngx_http_wasm_call_refuse(config, st, &name, "no such upstream");
    }

    if (rc != NGX_OK) {
        return rc;
    }

    if (!config->plugin->running && !ngx_http_wasm_call_ending()) {
        return NGX_OK;
    }

    if (ngx_http_wasm_call_admit(config, st, &name) != NGX_OK) {
        return NGX_ERROR;
    }

    call = ngx_http_wasm_call_create(config, st, pool);
    if (call == NULL) {
        return NGX_ERROR;
    }

    call->name = name;
    call->timeout = config->plugin->callout_timeout;

    if (http->timeout && http->timeout < call->timeout) {
        call->timeout = http->timeout;
    }

    rc = ngx_http_wasm_wire_request(call, http);

    if (rc == NGX_BUSY) {
        ngx_http_wasm_call_refuse(config, st, &name,
                                  "too many bytes at once, see callout_body=");
    }

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_wire_upstream(call, &callee);
    }

    if (rc != NGX_OK) {
        config->plugin->call_bytes -= call->charged;
        return NGX_ERROR;
    }

    *made = call;

    return NGX_OK;
}


/* the process ends, or the worker: it takes no more than it has to */

static ngx_uint_t
ngx_http_wasm_call_ending(void)
{
    return ngx_exiting || ngx_terminate || ngx_quit;
}


static ngx_int_t
ngx_http_wasm_call_admit(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *name)
{
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    if (!plugin->running || (st == NULL && ngx_http_wasm_call_ending())) {
        ngx_http_wasm_call_refuse(config, st, name, "the worker shuts down");
        return NGX_ERROR;
    }

    if ((st ? st->calls : config->calls) >= plugin->callouts
        || plugin->calls >= NGX_HTTP_WASM_CALL_MANY * plugin->callouts)
    {
        ngx_http_wasm_call_refuse(config, st, name,
                                  "too many at once, see callouts=");
        return NGX_ERROR;
    }

    return NGX_OK;
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

    if (ngx_http_wasm_caller_init(call) != NGX_OK
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
ngx_http_wasm_call_start(ngx_http_wasm_call_t *call)
{
    ngx_queue_insert_tail(&call->instance->calls, &call->queue);

    call->config->plugin->calls++;

    if (call->stream) {
        call->stream->calls++;

    } else {
        call->config->calls++;
    }

    ngx_add_timer(&call->timer, call->timeout);

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

    if (call->outcome == NGX_HTTP_WASM_CALL_OK) {
        ngx_memzero(&answer, sizeof(struct pw_http_answer));

        answer.headers = call->headers.elts;
        answer.nheaders = call->headers.nelts;
        answer.trailers = call->trailers.elts;
        answer.ntrailers = call->trailers.nelts;
        answer.body.data = (char *) call->body;
        answer.body.len = call->body_len;

        ngx_http_wasm_call_deliver(call, &answer);

    } else {
        ngx_http_wasm_call_failure(call);
    }

    ngx_http_wasm_call_free(call);
}


static void
ngx_http_wasm_call_failure(ngx_http_wasm_call_t *call)
{
    u_char                         length[NGX_INT_T_LEN];
    struct pw_pair                 headers[3];
    struct pw_http_answer          answer;
    ngx_http_wasm_call_failure_t  *f;

    f = &ngx_http_wasm_call_failures[call->outcome];

    (void) ngx_http_wasm_log_count(call->config->plugin, ngx_cycle->log);

    ngx_memzero(&answer, sizeof(struct pw_http_answer));

    answer.dispatch_status.data = (char *) f->dispatch.data;
    answer.dispatch_status.len = f->dispatch.len;

    if (call->begun) {
        answer.code = 11;
        answer.message.data = "reset";
        answer.message.len = 5;

    } else {
        answer.body.data = (char *) f->text.data;
        answer.body.len = f->text.len;
        answer.headers = headers;
        answer.nheaders = 3;

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

    ngx_http_wasm_call_deliver(call, &answer);
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
    ngx_queue_t           *q, *next;
    ngx_http_wasm_call_t  *call;

    for (q = ngx_queue_head(&in->calls);
         q != ngx_queue_sentinel(&in->calls);
         q = next)
    {
        next = ngx_queue_next(q);
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


/*
 * Plugins and instances: what the master checks before it takes a
 * configuration, and what each worker starts, replaces and ends.
 *
 * The master decodes each plugin once, into memory that its workers inherit;
 * the instance in which it tries out the configurations is thrown away.
 */


#include "ngx_http_wasm_shared.h"

#include <openssl/evp.h>


/* a plugin that failed to start isn't tried again before this time */
#define NGX_HTTP_WASM_RETRY  1000

/* for proxy_done, at shutdown; worker_shutdown_timeout takes its place */
#define NGX_HTTP_WASM_DONE_TIMEOUT  5000
#define NGX_HTTP_WASM_DONE_POLL     20


static ngx_int_t ngx_http_wasm_plugin_check(ngx_conf_t *cf,
    ngx_http_wasm_main_conf_t *wmcf, ngx_http_wasm_plugin_t *plugin);
static ngx_int_t ngx_http_wasm_plugin_read(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *bytes);
static ngx_int_t ngx_http_wasm_plugin_digest(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *bytes);
static void ngx_http_wasm_plugin_error(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_http_wasm_place_t *place,
    const char *phase, const char *text, ngx_err_t err);
static ngx_http_wasm_instance_t *ngx_http_wasm_instance_start(
    ngx_http_wasm_plugin_t *plugin, struct pw_error *error,
    ngx_http_wasm_config_t **failed);
static void ngx_http_wasm_process_watch(ngx_cycle_t *cycle,
    ngx_http_wasm_main_conf_t *wmcf);
static void ngx_http_wasm_process_leave(ngx_event_t *ev);
static void ngx_http_wasm_process_linger(ngx_event_t *ev);
static ngx_uint_t ngx_http_wasm_instance_done(ngx_http_wasm_instance_t *in);
static void ngx_http_wasm_plugins_stop(ngx_http_wasm_main_conf_t *wmcf);
static void ngx_http_wasm_process_cleanup(void *data);


/* of this process: it waits for plugins to be done */
static ngx_event_t  ngx_http_wasm_leaving;
static ngx_msec_t   ngx_http_wasm_leave_by;


ngx_int_t
ngx_http_wasm_process_check(ngx_conf_t *cf, ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_uint_t                i;
    ngx_pool_cleanup_t       *cln;
    ngx_http_wasm_plugin_t  **plugins;

    cln = ngx_pool_cleanup_add(cf->cycle->pool, 0);
    if (cln == NULL) {
        return NGX_ERROR;
    }

    wmcf->engine = we_engine_new(NULL);
    if (wmcf->engine == NULL) {
        return NGX_ERROR;
    }

    cln->handler = ngx_http_wasm_process_cleanup;
    cln->data = wmcf;

    wmcf->runtime = pw_runtime_new(wmcf->engine, &ngx_http_wasm_host);
    if (wmcf->runtime == NULL) {
        return NGX_ERROR;
    }

    if (we_engine_attach(wmcf->engine) != WE_OK) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "wasm: no timer for deadlines");
        return NGX_ERROR;
    }

    if (ngx_http_wasm_shared_scratch(wmcf, cf->log) != NGX_OK) {
        return NGX_ERROR;
    }

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        if (ngx_http_wasm_plugin_check(cf, wmcf, plugins[i]) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    ngx_http_wasm_shared_end_scratch(wmcf);

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_plugin_check(ngx_conf_t *cf, ngx_http_wasm_main_conf_t *wmcf,
    ngx_http_wasm_plugin_t *plugin)
{
    ngx_int_t                  rc;
    ngx_str_t                  bytes;
    ngx_uint_t                 i;
    struct pw_str              name, vm_config;
    struct pw_error            error;
    ngx_http_wasm_config_t    *failed;
    ngx_http_wasm_instance_t  *in;

    if (!plugin->defined) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "unknown wasm plugin \"%V\" in %V:%ui",
                      &plugin->name, &plugin->place.file, plugin->place.line);
        return NGX_ERROR;
    }

    if (ngx_http_wasm_plugin_read(cf, plugin, &bytes) != NGX_OK) {
        return NGX_ERROR;
    }

    rc = ngx_http_wasm_plugin_digest(cf, plugin, &bytes);

    if (rc == NGX_OK) {
        name.data = (char *) plugin->name.data;
        name.len = plugin->name.len;
        vm_config.data = (char *) plugin->vm_config.data;
        vm_config.len = plugin->vm_config.len;

        plugin->plugin = pw_plugin_load(wmcf->runtime, name, bytes.data,
                                        bytes.len, vm_config, &plugin->limits,
                                        &error);
        if (plugin->plugin == NULL) {
            ngx_http_wasm_plugin_error(cf, plugin, &plugin->place,
                                       error.phase, error.text, 0);
            rc = NGX_ERROR;
        }
    }

    ngx_free(bytes.data);

    if (rc != NGX_OK) {
        return NGX_ERROR;
    }

    for (i = 0; i < PW_NCALLBACKS; i++) {
        if (pw_plugin_has(plugin->plugin, i)) {
            plugin->callbacks |= (ngx_uint_t) 1 << i;
        }
    }

    if (!(plugin->limits.allow & PW_ALLOW_BODY_READ)) {
        plugin->callbacks &= ~(((ngx_uint_t) 1 << PW_ON_REQUEST_BODY)
                               | ((ngx_uint_t) 1 << PW_ON_RESPONSE_BODY));
    }

    if (ngx_test_config) {
        ngx_http_wasm_allow_warn(cf, plugin);
    }

    if (ngx_http_wasm_callee_init(cf, plugin) != NGX_OK) {
        return NGX_ERROR;
    }

    in = ngx_http_wasm_instance_start(plugin, &error, &failed);
    if (in == NULL) {
        ngx_http_wasm_plugin_error(cf, plugin,
                                   failed ? &failed->place : &plugin->place,
                                   error.phase, error.text, 0);
        return NGX_ERROR;
    }

    ngx_http_wasm_instance_release(in);

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_plugin_read(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *bytes)
{
    ssize_t           n;
    const char       *reason;
    ngx_err_t         err;
    ngx_file_t        file;
    ngx_file_info_t   fi;

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.log = cf->log;
    file.name = plugin->file;
    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_http_wasm_plugin_error(cf, plugin, &plugin->place, "load",
                                   "the file cannot be opened", ngx_errno);
        return NGX_ERROR;
    }

    err = 0;
    bytes->data = NULL;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR) {
        reason = "the file cannot be read";
        err = ngx_errno;

    } else if (!ngx_is_file(&fi)) {
        reason = "it is not a file";

    } else if (ngx_file_size(&fi) == 0) {
        reason = "the file is empty";

    } else if (ngx_file_size(&fi) > 256 * 1024 * 1024) {
        reason = "the file is larger than 256 MiB";

    } else {
        reason = "the file cannot be read";

        bytes->len = (size_t) ngx_file_size(&fi);
        bytes->data = ngx_alloc(bytes->len, cf->log);

        if (bytes->data) {
            n = ngx_read_file(&file, bytes->data, bytes->len, 0);

            if (n != NGX_ERROR && (size_t) n == bytes->len) {
                reason = NULL;
            }
        }
    }

    (void) ngx_close_file(file.fd);

    if (reason == NULL) {
        return NGX_OK;
    }

    ngx_http_wasm_plugin_error(cf, plugin, &plugin->place, "load", reason,
                               err);

    if (bytes->data) {
        ngx_free(bytes->data);
    }

    return NGX_ERROR;
}


static ngx_int_t
ngx_http_wasm_plugin_digest(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *bytes)
{
    u_char        digest[EVP_MAX_MD_SIZE], hex[2 * EVP_MAX_MD_SIZE];
    unsigned int  len;

    if (plugin->sha256.len == 0) {
        return NGX_OK;
    }

    if (EVP_Digest(bytes->data, bytes->len, digest, &len, EVP_sha256(), NULL)
        != 1)
    {
        ngx_http_wasm_plugin_error(cf, plugin, &plugin->place, "load",
                                   "its digest cannot be computed", 0);
        return NGX_ERROR;
    }

    (void) ngx_hex_dump(hex, digest, len);

    if (plugin->sha256.len == 2 * len
        && ngx_strncasecmp(hex, plugin->sha256.data, 2 * len) == 0)
    {
        return NGX_OK;
    }

    ngx_http_wasm_plugin_error(cf, plugin, &plugin->place, "load",
                               "its digest is not the one of sha256=", 0);

    return NGX_ERROR;
}


static void
ngx_http_wasm_plugin_error(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_http_wasm_place_t *place, const char *phase, const char *text,
    ngx_err_t err)
{
    ngx_log_error(NGX_LOG_EMERG, cf->log, err,
                  "wasm plugin \"%V\" (%V): %s: %s in %V:%ui",
                  &plugin->name, &plugin->file, phase, text,
                  &place->file, place->line);
}


/* an instance with all its root contexts; *failed: whose root it was, if any */

static ngx_http_wasm_instance_t *
ngx_http_wasm_instance_start(ngx_http_wasm_plugin_t *plugin,
    struct pw_error *error, ngx_http_wasm_config_t **failed)
{
    size_t                     size;
    ngx_uint_t                 i;
    struct pw_str              root_id, text;
    ngx_http_wasm_config_t   **configs;
    ngx_http_wasm_instance_t  *in;

    *failed = NULL;
    error->phase = "start";
    ngx_memcpy(error->text, "out of memory", sizeof("out of memory"));

    size = sizeof(ngx_http_wasm_instance_t)
           + plugin->configs.nelts * sizeof(pw_root *);

    in = ngx_calloc(size, ngx_cycle->log);
    if (in == NULL) {
        return NULL;
    }

    in->plugin = plugin;
    in->refs = 1;
    ngx_queue_init(&in->waiting);
    ngx_queue_init(&in->calls);

    in->instance = pw_instance_new(plugin->plugin, error);
    if (in->instance == NULL) {
        ngx_free(in);
        return NULL;
    }

    configs = plugin->configs.elts;
    plugin->starting = in;

    for (i = 0; i < plugin->configs.nelts; i++) {
        root_id.data = (char *) configs[i]->root_id.data;
        root_id.len = configs[i]->root_id.len;
        text.data = (char *) configs[i]->text.data;
        text.len = configs[i]->text.len;

        in->roots[i] = pw_root_new(in->instance, root_id, text, configs[i],
                                   error);
        if (in->roots[i] == NULL) {
            *failed = configs[i];
            in->dead = 1;          /* error says it */
            plugin->starting = NULL;
            ngx_http_wasm_instance_release(in);
            return NULL;
        }
    }

    plugin->starting = NULL;

    return in;
}


ngx_int_t
ngx_http_wasm_process_init(ngx_cycle_t *cycle)
{
    ngx_uint_t                  i;
    ngx_http_wasm_plugin_t    **plugins;
    ngx_http_wasm_main_conf_t  *wmcf;

    if (ngx_process != NGX_PROCESS_WORKER && ngx_process != NGX_PROCESS_SINGLE)
    {
        return NGX_OK;
    }

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wasm_filter_module);

    if (wmcf == NULL || wmcf->runtime == NULL
        || wmcf->chains.nelts == 0) {
        return NGX_OK;
    }

    if (we_engine_attach(wmcf->engine) != WE_OK) {
        ngx_log_error(NGX_LOG_ALERT, cycle->log, 0,
                      "wasm: no timer for deadlines");
    }

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        plugins[i]->running = 1;
        plugins[i]->queues = 0;
        plugins[i]->full = 0;
        plugins[i]->crowded = 0;
        (void) ngx_http_wasm_instance_get(plugins[i], cycle->log);
    }

    if (ngx_process == NGX_PROCESS_WORKER) {
        ngx_http_wasm_process_watch(cycle, wmcf);
    }

    return NGX_OK;
}


/*
 * Root contexts are told that the worker is shutting down while its events
 * still run.  nginx tells that to idle connections only: so there is one, with
 * a descriptor that never has events.
 */

static void
ngx_http_wasm_process_watch(ngx_cycle_t *cycle,
    ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_uint_t                i;
    ngx_connection_t         *c;
    ngx_http_wasm_plugin_t  **plugins;

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        if (plugins[i]->callbacks & ((ngx_uint_t) 1 << PW_ON_DONE)) {
            break;
        }
    }

    if (i == wmcf->plugins.nelts) {
        return;
    }

    c = ngx_get_connection(0, cycle->log);
    if (c == NULL) {
        return;
    }

    c->data = wmcf;
    c->idle = 1;
    c->read->handler = ngx_http_wasm_process_leave;
    c->read->log = cycle->log;
    c->write->log = cycle->log;
}


static void
ngx_http_wasm_process_leave(ngx_event_t *ev)
{
    ngx_core_conf_t            *ccf;
    ngx_connection_t           *c;
    ngx_http_wasm_main_conf_t  *wmcf;

    c = ev->data;
    wmcf = c->data;

    ngx_free_connection(c);
    c->fd = (ngx_socket_t) -1;

    if (!ngx_exiting) {
        return;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(ngx_cycle->conf_ctx,
                                           ngx_core_module);

    ngx_http_wasm_leave_by = ngx_current_msec
                             + (ccf->shutdown_timeout
                                ? ccf->shutdown_timeout
                                : NGX_HTTP_WASM_DONE_TIMEOUT);

    ngx_http_wasm_leaving.handler = ngx_http_wasm_process_linger;
    ngx_http_wasm_leaving.data = wmcf;
    ngx_http_wasm_leaving.log = ngx_cycle->log;

    ngx_http_wasm_process_linger(&ngx_http_wasm_leaving);
}


/* The timer keeps the worker alive until all are done. */

static void
ngx_http_wasm_process_linger(ngx_event_t *ev)
{
    ngx_uint_t                  i, done;
    ngx_http_wasm_plugin_t    **plugins;
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ev->data;
    plugins = wmcf->plugins.elts;
    done = 1;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        if (plugins[i]->instance
            && !ngx_http_wasm_instance_done(plugins[i]->instance))
        {
            done = 0;
        }
    }

    if (!done && (ngx_msec_int_t) (ngx_http_wasm_leave_by - ngx_current_msec)
                 > 0)
    {
        ngx_add_timer(ev, NGX_HTTP_WASM_DONE_POLL);
    }
}


/* on_done of its root contexts, once; are they done by now? */

static ngx_uint_t
ngx_http_wasm_instance_done(ngx_http_wasm_instance_t *in)
{
    ngx_uint_t  i, done;

    done = 1;
    in->refs++;

    for (i = 0; i < in->plugin->configs.nelts; i++) {
        done &= pw_root_done(in->roots[i]);
    }

    if (pw_instance_fault(in->instance)) {
        ngx_http_wasm_instance_fault(in, ngx_cycle->log);
    }

    ngx_http_wasm_instance_release(in);

    return done;
}


void
ngx_http_wasm_process_exit(ngx_cycle_t *cycle)
{
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_http_cycle_get_module_main_conf(cycle,
                                               ngx_http_wasm_filter_module);
    if (wmcf) {
        ngx_http_wasm_plugins_stop(wmcf);
    }
}


static void
ngx_http_wasm_plugins_stop(ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_uint_t                  i;
    ngx_http_wasm_plugin_t    **plugins;
    ngx_http_wasm_instance_t   *in;

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        in = plugins[i]->instance;
        plugins[i]->running = 0;
        ngx_http_wasm_tick_stop(plugins[i]);

        if (in) {
            plugins[i]->instance = NULL;
            ngx_http_wasm_call_cancel(in);
            ngx_http_wasm_instance_release(in);
        }
    }
}


static void
ngx_http_wasm_process_cleanup(void *data)
{
    ngx_http_wasm_main_conf_t *wmcf = data;

    ngx_uint_t                i;
    ngx_http_wasm_plugin_t  **plugins;

    ngx_http_wasm_plugins_stop(wmcf);

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        if (plugins[i]->plugin) {
            pw_plugin_free(plugins[i]->plugin);
        }
    }

    if (wmcf->runtime) {
        pw_runtime_free(wmcf->runtime);
    }

    ngx_http_wasm_ctx_free_spare(wmcf);
    ngx_http_wasm_shared_end_scratch(wmcf);

    we_engine_free(wmcf->engine);
}


/* the instance that takes a new request; NULL if it can't be started */

ngx_http_wasm_instance_t *
ngx_http_wasm_instance_get(ngx_http_wasm_plugin_t *plugin, ngx_log_t *log)
{
    struct pw_error          error;
    ngx_http_wasm_config_t  *failed;

    if (plugin->instance) {
        return plugin->instance;
    }

    if (plugin->failing
        && (ngx_msec_int_t) (plugin->retry - ngx_current_msec) > 0)
    {
        return NULL;
    }

    plugin->instance = ngx_http_wasm_instance_start(plugin, &error, &failed);

    plugin->failing = (plugin->instance == NULL);

    if (plugin->failing) {
        plugin->retry = ngx_current_msec + NGX_HTTP_WASM_RETRY;

        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "wasm plugin \"%V\" cannot be started: %s: %s",
                      &plugin->name, error.phase, error.text);

        ngx_http_wasm_tick_stop(plugin);
        ngx_http_wasm_tick_restart(plugin);
    }

    return plugin->instance;
}


/* nobody has it any more */

void
ngx_http_wasm_instance_free(ngx_http_wasm_instance_t *in)
{
    ngx_uint_t   i;
    const char  *text;

    ngx_http_wasm_call_cancel(in);

    for (i = 0; i < in->plugin->configs.nelts; i++) {
        if (in->roots[i]) {
            pw_root_free(in->roots[i]);
        }
    }

    text = pw_instance_fault(in->instance);

    if (text && !in->dead) {
        ngx_http_wasm_log(NGX_LOG_ERR, ngx_cycle->log, &in->plugin->name, text,
                          ngx_strlen(text));
    }

    pw_instance_free(in->instance);
    ngx_free(in);
}


/*
 * A callback of the instance returned PW_FAULT.  If it is dead, the fault is
 * logged once, new requests get another instance, and requests that wait in it
 * are woken to share its fate.
 */

void
ngx_http_wasm_instance_fault(ngx_http_wasm_instance_t *in, ngx_log_t *log)
{
    const char              *text;
    ngx_queue_t             *q;
    ngx_http_wasm_stream_t  *st;

    if (in->dead) {
        return;
    }

    text = pw_instance_fault(in->instance);

    if (text == NULL) {
        ngx_log_error(NGX_LOG_ERR, log, 0,
                      "wasm plugin \"%V\": out of memory", &in->plugin->name);
        return;
    }

    in->dead = 1;

    ngx_http_wasm_log(NGX_LOG_ERR, log, &in->plugin->name, text,
                      ngx_strlen(text));

    for (q = ngx_queue_head(&in->waiting);
         q != ngx_queue_sentinel(&in->waiting);
         q = ngx_queue_next(q))
    {
        st = ngx_queue_data(q, ngx_http_wasm_stream_t, queue);

        if (st->paused) {
            ngx_http_wasm_stream_wake(st->ctx);
        }
    }

    ngx_http_wasm_call_cancel(in);

    if (in->plugin->instance == in) {
        in->plugin->instance = NULL;
        ngx_http_wasm_tick_stop(in->plugin);
        ngx_http_wasm_tick_restart(in->plugin);
        ngx_http_wasm_instance_release(in);
    }
}


/*
 * Shared data, queues and metrics of plugins: the zone that wasm_zone names,
 * and the abi's view of it.
 *
 * Each share (a plugin's name, or what share= says) may fill its part of the
 * zone.  A reload takes the zone over as nginx does: if name and size are the
 * same.  Plugins are tried out on a store of their own, so that a
 * configuration that isn't taken in the end changes nothing.
 */


#include "ngx_http_wasm_shared.h"


#define NGX_HTTP_WASM_ZONE_MIN  (16 * 4096)


static ngx_int_t ngx_http_wasm_zone_init(ngx_shm_zone_t *zone, void *data);
static ngx_int_t ngx_http_wasm_zone_shares(ngx_http_wasm_main_conf_t *wmcf,
    ngx_http_wasm_store_t *store);
static ngx_http_wasm_store_t *ngx_http_wasm_shared_store(
    ngx_http_wasm_config_t *config);
static ngx_http_wasm_store_t *ngx_http_wasm_shared_enter(
    ngx_http_wasm_config_t *config);
static enum pw_status ngx_http_wasm_shared_full(
    ngx_http_wasm_config_t *config);
static ngx_int_t ngx_http_wasm_queue_make(ngx_http_wasm_config_t *config,
    ngx_str_t *name, uint32_t *id);
static enum pw_status ngx_http_wasm_queue_busy(
    ngx_http_wasm_config_t *config);
static ngx_http_wasm_record_t *ngx_http_wasm_metric(
    ngx_http_wasm_config_t *config, enum pw_metric kind, uint32_t number,
    enum pw_status *status);


#define ngx_http_wasm_str(to, from)                                           \
    (to)->data = (u_char *) (from).data; (to)->len = (from).len


char *
ngx_http_wasm_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wasm_main_conf_t *wmcf = conf;

    ssize_t                 size;
    ngx_str_t              *value;
    ngx_http_wasm_store_t  *store;

    if (wmcf->zone) {
        return "is duplicate";
    }

    value = cf->args->elts;
    size = ngx_parse_size(&value[2]);

    if (value[1].len == 0 || size == NGX_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid zone \"%V %V\"", &value[1], &value[2]);
        return NGX_CONF_ERROR;
    }

    if (size < NGX_HTTP_WASM_ZONE_MIN) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "zone \"%V\" is too small", &value[1]);
        return NGX_CONF_ERROR;
    }

    store = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasm_store_t));
    if (store == NULL) {
        return NGX_CONF_ERROR;
    }

    wmcf->zone = ngx_shared_memory_add(cf, &value[1], size,
                                       &ngx_http_wasm_filter_module);
    if (wmcf->zone == NULL) {
        return NGX_CONF_ERROR;
    }

    wmcf->store = store;
    wmcf->zone->init = ngx_http_wasm_zone_init;
    wmcf->zone->data = wmcf;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_wasm_zone_init(ngx_shm_zone_t *zone, void *data)
{
    ngx_http_wasm_main_conf_t *old = data;

    void                       *memory;
    size_t                      size;
    ngx_slab_pool_t            *pool;
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = zone->data;
    pool = (ngx_slab_pool_t *) zone->shm.addr;
    wmcf->store->mutex = &pool->mutex;

    if (old) {
        ngx_http_wasm_store_attach(wmcf->store, old->store->area);

    } else if (zone->shm.exists) {
        ngx_http_wasm_store_attach(wmcf->store, pool->data);

    } else {
        size = pool->pfree * ngx_pagesize;
        memory = ngx_slab_calloc(pool, size);

        if (memory == NULL
            || ngx_http_wasm_store_create(wmcf->store, memory, size) != NGX_OK)
        {
            return NGX_ERROR;
        }

        pool->data = memory;
    }

    return ngx_http_wasm_zone_shares(wmcf, wmcf->store);
}


/* finds or makes the plugins' shares, and divides the store among them */

static ngx_int_t
ngx_http_wasm_zone_shares(ngx_http_wasm_main_conf_t *wmcf,
    ngx_http_wasm_store_t *store)
{
    uint32_t                  *shares;
    ngx_int_t                  rc;
    ngx_str_t                  none;
    ngx_uint_t                 i, j, n;
    ngx_http_wasm_plugin_t   **plugins;
    ngx_http_wasm_record_t     like;

    ngx_str_null(&none);
    ngx_memzero(&like, sizeof(ngx_http_wasm_record_t));
    like.kind = NGX_HTTP_WASM_SHARE;

    shares = ngx_alloc((wmcf->plugins.nelts + 1) * sizeof(uint32_t),
                       ngx_cycle->log);
    if (shares == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_wasm_store_lock(store) != NGX_OK) {
        ngx_log_error(NGX_LOG_EMERG, ngx_cycle->log, 0,
                      "wasm: zone \"%V\" is locked by another process",
                      &wmcf->zone->shm.name);
        ngx_free(shares);
        return NGX_ERROR;
    }

    rc = NGX_OK;
    plugins = wmcf->plugins.elts;

    for (i = 0, n = 0; i < wmcf->plugins.nelts; i++) {

        if (plugins[i]->share.len == 0) {
            plugins[i]->share = plugins[i]->name;
        }

        plugins[i]->share_id = ngx_http_wasm_store_find(store, 0, like.kind,
                                                        &plugins[i]->share);
        if (plugins[i]->share_id == 0) {
            plugins[i]->share_id = ngx_http_wasm_store_add(store, &like,
                                                  &plugins[i]->share, &none);
        }

        if (plugins[i]->share_id == 0) {
            rc = NGX_ERROR;
            break;
        }

        plugins[i]->store = store;

        for (j = 0; j < n && shares[j] != plugins[i]->share_id; j++) {
            /* void */
        }

        if (j == n) {
            shares[n++] = plugins[i]->share_id;
        }
    }

    if (rc == NGX_OK) {
        ngx_http_wasm_store_quotas(store, shares, n);
    }

    ngx_http_wasm_store_unlock(store);
    ngx_free(shares);

    return rc;
}


/* a store for plugins that are tried out, in the place of the zone */

ngx_int_t
ngx_http_wasm_shared_scratch(ngx_http_wasm_main_conf_t *wmcf, ngx_log_t *log)
{
    if (wmcf->zone == NULL) {
        return NGX_OK;
    }

    ngx_memzero(&wmcf->scratch, sizeof(ngx_shm_t));

    wmcf->scratch.size = wmcf->zone->shm.size;
    wmcf->scratch.name = wmcf->zone->shm.name;
    wmcf->scratch.log = log;

    if (ngx_shm_alloc(&wmcf->scratch) != NGX_OK) {
        return NGX_ERROR;
    }

    if (ngx_http_wasm_store_create(wmcf->store, wmcf->scratch.addr,
                                   wmcf->scratch.size)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wasm_zone_shares(wmcf, wmcf->store);
}


void
ngx_http_wasm_shared_end_scratch(ngx_http_wasm_main_conf_t *wmcf)
{
    if (wmcf->store && wmcf->store->out) {
        ngx_free(wmcf->store->out);
        wmcf->store->out = NULL;
    }

    if (wmcf->scratch.addr) {
        ngx_shm_free(&wmcf->scratch);
        wmcf->scratch.addr = NULL;
        wmcf->store->area = NULL;
    }
}


static ngx_http_wasm_store_t *
ngx_http_wasm_shared_store(ngx_http_wasm_config_t *config)
{
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    if (plugin->store && plugin->store->area) {
        return plugin->store;
    }

    if (!plugin->warned) {
        plugin->warned = 1;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "wasm plugin \"%V\" uses shared data, queues or "
                      "metrics: they need the directive \"wasm_zone\"",
                      &plugin->name);
    }

    return NULL;
}


static ngx_http_wasm_store_t *
ngx_http_wasm_shared_enter(ngx_http_wasm_config_t *config)
{
    ngx_uint_t              stuck;
    ngx_http_wasm_store_t  *store;

    store = ngx_http_wasm_shared_store(config);
    if (store == NULL) {
        return NULL;
    }

    stuck = store->stuck;

    if (ngx_http_wasm_store_lock(store) == NGX_OK) {
        return store;
    }

    if (!stuck) {
        ngx_log_error(NGX_LOG_ERR, ngx_cycle->log, 0,
                      "wasm: shared data is locked by another process "
                      "for too long");
    }

    return NULL;
}


/* its share has no room for what the plugin adds: said once, and unlocked */

static enum pw_status
ngx_http_wasm_shared_full(ngx_http_wasm_config_t *config)
{
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    if (!plugin->full) {
        plugin->full = 1;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "wasm plugin \"%V\": no room in its share of the zone",
                      &plugin->name);
    }

    return PW_INTERNAL_FAILURE;
}


enum pw_status
ngx_http_wasm_shared_get(void *root, struct pw_str key, struct pw_str *value,
    uint32_t *cas)
{
    uint32_t                 n;
    ngx_str_t                name, bytes;
    enum pw_status           status;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    ngx_http_wasm_str(&name, key);
    status = PW_NOT_FOUND;

    n = ngx_http_wasm_store_find(store, config->plugin->share_id,
                                 NGX_HTTP_WASM_DATA, &name);
    if (n) {
        status = PW_INTERNAL_FAILURE;

        if (ngx_http_wasm_store_value(store, n, &bytes) == NGX_OK) {
            ngx_http_wasm_store_touch(store, n);

            status = PW_OK;
            value->data = (char *) bytes.data;
            value->len = bytes.len;
            *cas = store->records[n].cas;
        }
    }

    ngx_http_wasm_store_unlock(store);

    return status;
}


enum pw_status
ngx_http_wasm_shared_set(void *root, struct pw_str key, struct pw_str value,
    uint32_t cas)
{
    uint32_t                 n;
    ngx_str_t                name, bytes;
    enum pw_status           status;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_record_t   like;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    ngx_http_wasm_str(&name, key);
    ngx_http_wasm_str(&bytes, value);

    n = ngx_http_wasm_store_find(store, config->plugin->share_id,
                                 NGX_HTTP_WASM_DATA, &name);

    if (n && cas && store->records[n].cas != cas) {
        status = PW_CAS_MISMATCH;

    } else {

        if (n) {
            ngx_http_wasm_store_touch(store, n);
        }

        ngx_memzero(&like, sizeof(ngx_http_wasm_record_t));
        like.kind = NGX_HTTP_WASM_DATA;
        like.share = config->plugin->share_id;
        like.parent = like.share;
        like.cas = ngx_http_wasm_store_cas(store);

        status = ngx_http_wasm_store_add(store, &like, &name, &bytes)
                 ? PW_OK : PW_INTERNAL_FAILURE;
    }

    ngx_http_wasm_store_unlock(store);

    return (status == PW_INTERNAL_FAILURE) ? ngx_http_wasm_shared_full(config)
                                           : status;
}


/* The last that opened a queue is the one that is woken. */

enum pw_status
ngx_http_wasm_queue_open(void *root, struct pw_str name, uint32_t *id)
{
    ngx_int_t                rc;
    ngx_str_t                key;
    ngx_atomic_uint_t        owner;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    ngx_http_wasm_str(&key, name);

    rc = ngx_http_wasm_queue_make(config, &key, id);
    owner = (ngx_atomic_uint_t) ngx_http_wasm_store_seq(store);

    ngx_http_wasm_store_unlock(store);

    if (rc == NGX_OK) {
        rc = ngx_http_wasm_tick_wait(config, *id, owner);
    }

    switch (rc) {

    case NGX_OK:
        return PW_OK;

    case NGX_BUSY:
        return ngx_http_wasm_queue_busy(config);

    case NGX_DECLINED:
        return ngx_http_wasm_shared_full(config);

    default:
        return PW_INTERNAL_FAILURE;
    }
}


/* A queue's number.  Names stay for good: what will be refused makes none. */

static ngx_int_t
ngx_http_wasm_queue_make(ngx_http_wasm_config_t *config, ngx_str_t *name,
    uint32_t *id)
{
    ngx_str_t                none;
    ngx_http_wasm_plugin_t  *plugin;
    ngx_http_wasm_record_t   like;

    plugin = config->plugin;

    *id = ngx_http_wasm_store_find(plugin->store, plugin->share_id,
                                   NGX_HTTP_WASM_QUEUE, name);
    if (*id) {
        return NGX_OK;
    }

    if (plugin->queues >= NGX_HTTP_WASM_QUEUES_MAX) {
        return NGX_BUSY;
    }

    ngx_str_null(&none);
    ngx_memzero(&like, sizeof(ngx_http_wasm_record_t));
    like.kind = NGX_HTTP_WASM_QUEUE;
    like.share = plugin->share_id;

    *id = ngx_http_wasm_store_add(plugin->store, &like, name, &none);
    if (*id == 0) {
        return NGX_DECLINED;
    }

    /* being tried out: nobody waits, but the limit is the same */

    if (!plugin->running) {
        plugin->queues++;
    }

    return NGX_OK;
}


/* too many open queues: said once */

static enum pw_status
ngx_http_wasm_queue_busy(ngx_http_wasm_config_t *config)
{
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    if (!plugin->crowded) {
        plugin->crowded = 1;

        ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                      "wasm plugin \"%V\" may not open more than %d queues "
                      "in a worker", &plugin->name, NGX_HTTP_WASM_QUEUES_MAX);
    }

    return PW_INTERNAL_FAILURE;
}


enum pw_status
ngx_http_wasm_queue_find(void *root, struct pw_str vm_id, struct pw_str name,
    uint32_t *id)
{
    uint32_t                 share;
    ngx_str_t                key;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    share = config->plugin->share_id;

    if (vm_id.len) {
        ngx_http_wasm_str(&key, vm_id);
        share = ngx_http_wasm_store_find(store, 0, NGX_HTTP_WASM_SHARE, &key);
    }

    ngx_http_wasm_str(&key, name);

    *id = share ? ngx_http_wasm_store_find(store, share, NGX_HTTP_WASM_QUEUE,
                                           &key)
                : 0;

    ngx_http_wasm_store_unlock(store);

    return *id ? PW_OK : PW_NOT_FOUND;
}


/* An item is charged to who pushes it. */

enum pw_status
ngx_http_wasm_queue_push(void *root, uint32_t id, struct pw_str item)
{
    ngx_str_t                bytes, none;
    enum pw_status           status;
    ngx_http_wasm_list_t    *queue;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_record_t   like;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    status = PW_NOT_FOUND;

    if (ngx_http_wasm_store_is(store, id, NGX_HTTP_WASM_QUEUE)) {
        ngx_http_wasm_str(&bytes, item);
        ngx_str_null(&none);

        ngx_memzero(&like, sizeof(ngx_http_wasm_record_t));
        like.kind = NGX_HTTP_WASM_ITEM;
        like.share = config->plugin->share_id;
        like.parent = id;

        status = PW_INTERNAL_FAILURE;

        if (ngx_http_wasm_store_add(store, &like, &none, &bytes)) {
            queue = ngx_http_wasm_store_list(store, id);
            (void) ngx_atomic_fetch_add(&queue->pushed, 1);
            status = PW_OK;
        }
    }

    ngx_http_wasm_store_unlock(store);

    return (status == PW_INTERNAL_FAILURE) ? ngx_http_wasm_shared_full(config)
                                           : status;
}


enum pw_status
ngx_http_wasm_queue_pop(void *root, uint32_t id, struct pw_str *item)
{
    uint32_t                 n;
    ngx_str_t                bytes;
    enum pw_status           status;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    status = PW_NOT_FOUND;

    if (ngx_http_wasm_store_is(store, id, NGX_HTTP_WASM_QUEUE)) {
        n = ngx_http_wasm_store_list(store, id)->head;
        status = PW_EMPTY;

        if (n) {
            status = PW_INTERNAL_FAILURE;

            if (ngx_http_wasm_store_value(store, n, &bytes) == NGX_OK) {
                ngx_http_wasm_store_remove(store, n);

                status = PW_OK;
                item->data = (char *) bytes.data;
                item->len = bytes.len;
            }
        }
    }

    ngx_http_wasm_store_unlock(store);

    return status;
}


/* A metric's number is its record's, less one. */

enum pw_status
ngx_http_wasm_metric_define(void *root, enum pw_metric kind,
    struct pw_str name, uint32_t *number)
{
    uint32_t                 n;
    ngx_str_t                key, none;
    ngx_http_wasm_store_t   *store;
    ngx_http_wasm_record_t   like;
    ngx_http_wasm_config_t  *config = root;

    store = ngx_http_wasm_shared_enter(config);
    if (store == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    ngx_memzero(&like, sizeof(ngx_http_wasm_record_t));
    like.kind = NGX_HTTP_WASM_METRIC + kind;
    like.share = config->plugin->share_id;

    ngx_http_wasm_str(&key, name);
    ngx_str_null(&none);

    n = ngx_http_wasm_store_find(store, like.share, like.kind, &key);

    if (n == 0) {
        n = ngx_http_wasm_store_add(store, &like, &key, &none);
    }

    ngx_http_wasm_store_unlock(store);

    if (n == 0) {
        return ngx_http_wasm_shared_full(config);
    }

    *number = n - 1;

    return PW_OK;
}


/* A plugin has its share's metrics.  They never end: no lock is needed. */

static ngx_http_wasm_record_t *
ngx_http_wasm_metric(ngx_http_wasm_config_t *config, enum pw_metric kind,
    uint32_t number, enum pw_status *status)
{
    ngx_http_wasm_store_t  *store;

    store = ngx_http_wasm_shared_store(config);

    if (store == NULL) {
        *status = PW_INTERNAL_FAILURE;
        return NULL;
    }

    if (!ngx_http_wasm_store_is(store, number + 1,
                                NGX_HTTP_WASM_METRIC + kind)
        || store->records[number + 1].share != config->plugin->share_id)
    {
        *status = PW_NOT_FOUND;
        return NULL;
    }

    *status = PW_OK;

    return &store->records[number + 1];
}


enum pw_status
ngx_http_wasm_metric_add(void *root, enum pw_metric kind, uint32_t number,
    int64_t delta)
{
    enum pw_status           status;
    ngx_http_wasm_record_t  *r;

    r = ngx_http_wasm_metric(root, kind, number, &status);

    if (r) {
        (void) ngx_atomic_fetch_add(&r->u.values[0],
                                    (ngx_atomic_int_t) delta);
    }

    return status;
}


enum pw_status
ngx_http_wasm_metric_set(void *root, enum pw_metric kind, uint32_t number,
    uint64_t value)
{
    uint64_t                 bound;
    ngx_uint_t               i;
    enum pw_status           status;
    ngx_http_wasm_record_t  *r;

    r = ngx_http_wasm_metric(root, kind, number, &status);

    if (r == NULL) {
        return status;
    }

    if (kind != PW_HISTOGRAM) {
        r->u.values[0] = (ngx_atomic_uint_t) value;
        return PW_OK;
    }

    bound = 1;

    for (i = NGX_HTTP_WASM_BUCKETS; i < NGX_HTTP_WASM_VALUES; i++) {
        if (value <= bound) {
            (void) ngx_atomic_fetch_add(&r->u.values[i], 1);
        }

        bound *= 10;
    }

    (void) ngx_atomic_fetch_add(&r->u.values[NGX_HTTP_WASM_SUM],
                                (ngx_atomic_int_t) value);
    (void) ngx_atomic_fetch_add(&r->u.values[NGX_HTTP_WASM_COUNT], 1);

    return PW_OK;
}


enum pw_status
ngx_http_wasm_metric_get(void *root, enum pw_metric kind, uint32_t number,
    uint64_t *value)
{
    enum pw_status           status;
    ngx_http_wasm_record_t  *r;

    r = ngx_http_wasm_metric(root, kind, number, &status);

    if (r) {
        *value = r->u.values[0];
    }

    return status;
}

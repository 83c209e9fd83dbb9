
/*
 * What a plugin does without a request: on_tick and on_queue_ready, in the
 * instance of the worker.
 *
 * For queues a worker looks at the counters in the zone every 10 milliseconds,
 * as long as one of its plugins has opened a queue and is the last that did.
 * That costs time for each of them: a plugin may open so many and no more.
 * A plugin that fails here is started again after a second, or by the next
 * request.  None of the timers holds up a worker that is shutting down.
 */


#include "ngx_http_wasm_shared.h"


#define NGX_HTTP_WASM_TICK_POLL     10
#define NGX_HTTP_WASM_TICK_RESTART  1000

/* on_queue_ready for one queue before other events have their turn */
#define NGX_HTTP_WASM_TICK_BATCH    16


/* a queue that a plugin's configuration has opened in this worker */

typedef struct {
    ngx_queue_t               queue;
    ngx_http_wasm_config_t   *config;
    uint32_t                  id;
    ngx_atomic_uint_t         owner;
} ngx_http_wasm_wait_t;


static void ngx_http_wasm_tick_handler(ngx_event_t *ev);
static void ngx_http_wasm_tick_restart_handler(ngx_event_t *ev);
static void ngx_http_wasm_tick_poll(ngx_event_t *ev);
static ngx_uint_t ngx_http_wasm_tick_ready(ngx_http_wasm_wait_t *wait);
static void ngx_http_wasm_tick_timer(ngx_event_t *ev, ngx_event_handler_pt h,
    void *data, ngx_msec_t ms);


/* of this process */
static ngx_queue_t  ngx_http_wasm_waits;
static ngx_event_t  ngx_http_wasm_poll;

/* what debug lines ask for the name of an event */
static ngx_connection_t  ngx_http_wasm_nothing = { .fd = (ngx_socket_t) -1 };


enum pw_status
ngx_http_wasm_tick_period(void *root, uint32_t ms)
{
    ngx_http_wasm_config_t *config = root;

    config->period = ms;

    /* being tried out */

    if (!config->plugin->running) {
        return PW_OK;
    }

    if (config->tick.timer_set) {
        ngx_del_timer(&config->tick);
    }

    if (ms) {
        ngx_http_wasm_tick_timer(&config->tick, ngx_http_wasm_tick_handler,
                                 config, ms);
    }

    return PW_OK;
}


static void
ngx_http_wasm_tick_handler(ngx_event_t *ev)
{
    ngx_http_wasm_config_t    *config = ev->data;
    ngx_http_wasm_instance_t  *in;

    in = config->plugin->instance;

    if (in == NULL) {
        return;
    }

    in->refs++;

    if (pw_on_tick(in->roots[config->index]) == PW_FAULT) {
        ngx_http_wasm_instance_fault(in, ngx_cycle->log);
    }

    ngx_http_wasm_instance_release(in);

    if (config->period && !ev->timer_set) {
        ngx_http_wasm_tick_timer(ev, ngx_http_wasm_tick_handler, config,
                                 config->period);
    }
}


/* owner: a number that nobody else has.  NGX_BUSY: the plugin has too many */

ngx_int_t
ngx_http_wasm_tick_wait(ngx_http_wasm_config_t *config, uint32_t id,
    ngx_atomic_uint_t owner)
{
    ngx_queue_t             *q;
    ngx_http_wasm_wait_t    *wait;
    ngx_http_wasm_plugin_t  *plugin;

    plugin = config->plugin;

    if (!plugin->running) {
        return NGX_OK;
    }

    if (ngx_http_wasm_waits.next == NULL) {
        ngx_queue_init(&ngx_http_wasm_waits);
    }

    wait = NULL;

    for (q = ngx_queue_head(&ngx_http_wasm_waits);
         q != ngx_queue_sentinel(&ngx_http_wasm_waits);
         q = ngx_queue_next(q))
    {
        wait = ngx_queue_data(q, ngx_http_wasm_wait_t, queue);

        if (wait->id == id && wait->config->plugin->store == plugin->store) {
            break;
        }

        wait = NULL;
    }

    /* another plugin's, with the same share, counts as well */

    if ((wait == NULL || wait->config->plugin != plugin)
        && plugin->queues >= NGX_HTTP_WASM_QUEUES_MAX)
    {
        return NGX_BUSY;
    }

    if (wait == NULL) {
        wait = ngx_alloc(sizeof(ngx_http_wasm_wait_t), ngx_cycle->log);
        if (wait == NULL) {
            return NGX_ERROR;
        }

        wait->id = id;
        ngx_queue_insert_tail(&ngx_http_wasm_waits, &wait->queue);

    } else {
        wait->config->plugin->queues--;
    }

    plugin->queues++;

    wait->config = config;
    wait->owner = owner;

    ngx_http_wasm_store_list(plugin->store, id)->owner = owner;

    if (!ngx_http_wasm_poll.timer_set) {
        ngx_http_wasm_tick_timer(&ngx_http_wasm_poll, ngx_http_wasm_tick_poll,
                                 &ngx_http_wasm_nothing,
                                 NGX_HTTP_WASM_TICK_POLL);
    }

    return NGX_OK;
}


static void
ngx_http_wasm_tick_poll(ngx_event_t *ev)
{
    ngx_uint_t             n, round, ready;
    ngx_queue_t           *q;
    ngx_http_wasm_wait_t  *wait;

    ready = 1;

    for (round = 0; ready && round < NGX_HTTP_WASM_TICK_BATCH; round++) {

        ready = 0;
        n = 0;

        for (q = ngx_queue_head(&ngx_http_wasm_waits);
             q != ngx_queue_sentinel(&ngx_http_wasm_waits);
             q = ngx_queue_next(q))
        {
            n++;
        }

        /* a callback may add to the list, and a fault take away from it */

        while (n-- && !ngx_queue_empty(&ngx_http_wasm_waits)) {

            q = ngx_queue_head(&ngx_http_wasm_waits);
            ngx_queue_remove(q);
            ngx_queue_insert_tail(&ngx_http_wasm_waits, q);

            wait = ngx_queue_data(q, ngx_http_wasm_wait_t, queue);
            ready |= ngx_http_wasm_tick_ready(wait);
        }
    }

    if (!ngx_queue_empty(&ngx_http_wasm_waits) && !ev->timer_set) {
        ngx_http_wasm_tick_timer(ev, ngx_http_wasm_tick_poll,
                                 &ngx_http_wasm_nothing,
                                 ready ? 1 : NGX_HTTP_WASM_TICK_POLL);
    }
}


/* one on_queue_ready, if one is due here; wait may be gone afterwards */

static ngx_uint_t
ngx_http_wasm_tick_ready(ngx_http_wasm_wait_t *wait)
{
    ngx_atomic_uint_t          notified;
    ngx_http_wasm_list_t      *queue;
    ngx_http_wasm_plugin_t    *plugin;
    ngx_http_wasm_instance_t  *in;

    plugin = wait->config->plugin;
    in = plugin->instance;
    queue = ngx_http_wasm_store_list(plugin->store, wait->id);

    if (in == NULL || queue->owner != wait->owner) {
        return 0;
    }

    notified = queue->notified;

    if ((ngx_atomic_int_t) (queue->pushed - notified) <= 0
        || !ngx_atomic_cmp_set(&queue->notified, notified, notified + 1))
    {
        return 0;
    }

    in->refs++;

    if (pw_on_queue_ready(in->roots[wait->config->index], wait->id)
        == PW_FAULT)
    {
        ngx_http_wasm_instance_fault(in, ngx_cycle->log);
    }

    ngx_http_wasm_instance_release(in);

    return 1;
}


/* The plugin's instance goes: what it asked for is over. */

void
ngx_http_wasm_tick_stop(ngx_http_wasm_plugin_t *plugin)
{
    ngx_uint_t                i;
    ngx_queue_t              *q, *next;
    ngx_http_wasm_wait_t     *wait;
    ngx_http_wasm_config_t  **configs;

    if (plugin->restart.timer_set) {
        ngx_del_timer(&plugin->restart);
    }

    configs = plugin->configs.elts;

    for (i = 0; i < plugin->configs.nelts; i++) {
        configs[i]->period = 0;

        if (configs[i]->tick.timer_set) {
            ngx_del_timer(&configs[i]->tick);
        }
    }

    plugin->queues = 0;

    if (ngx_http_wasm_waits.next == NULL) {
        return;
    }

    for (q = ngx_queue_head(&ngx_http_wasm_waits);
         q != ngx_queue_sentinel(&ngx_http_wasm_waits);
         q = next)
    {
        next = ngx_queue_next(q);
        wait = ngx_queue_data(q, ngx_http_wasm_wait_t, queue);

        if (wait->config->plugin == plugin) {
            ngx_queue_remove(q);
            ngx_free(wait);
        }
    }
}


/* for plugins that have something to do without a request */

void
ngx_http_wasm_tick_restart(ngx_http_wasm_plugin_t *plugin)
{
    if (plugin->running && !plugin->restart.timer_set
        && (plugin->callbacks & ((ngx_uint_t) 1 << PW_ON_TICK
                                 | (ngx_uint_t) 1 << PW_ON_QUEUE_READY)))
    {
        ngx_http_wasm_tick_timer(&plugin->restart,
                                 ngx_http_wasm_tick_restart_handler, plugin,
                                 NGX_HTTP_WASM_TICK_RESTART);
    }
}


static void
ngx_http_wasm_tick_restart_handler(ngx_event_t *ev)
{
    ngx_http_wasm_plugin_t *plugin = ev->data;

    if (ngx_http_wasm_instance_get(plugin, ngx_cycle->log) == NULL) {
        ngx_http_wasm_tick_restart(plugin);
    }
}


static void
ngx_http_wasm_tick_timer(ngx_event_t *ev, ngx_event_handler_pt handler,
    void *data, ngx_msec_t ms)
{
    ev->handler = handler;
    ev->data = data;
    ev->log = ngx_cycle->log;
    ev->cancelable = 1;

    ngx_add_timer(ev, ms);
}

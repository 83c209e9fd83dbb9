
/*
 * Sluice: what plugins share, and what time does to them.
 */


#ifndef _NGX_HTTP_WASM_SHARED_H_INCLUDED_
#define _NGX_HTTP_WASM_SHARED_H_INCLUDED_


#include "ngx_http_wasm_module.h"


/* what a record is */

typedef enum {
    NGX_HTTP_WASM_FREE = 0,
    NGX_HTTP_WASM_PART,                    /* more bytes of a record */
    NGX_HTTP_WASM_SHARE,
    NGX_HTTP_WASM_DATA,
    NGX_HTTP_WASM_QUEUE,
    NGX_HTTP_WASM_ITEM,
    NGX_HTTP_WASM_METRIC                   /* + enum pw_metric */
} ngx_http_wasm_kind_e;


/*
 * What a share or a queue keeps beside its name.  A share has its data in a
 * list, the least recently used first; a queue its items.
 */

typedef struct {
    uint32_t                   head;
    uint32_t                   tail;
    uint32_t                   next;       /* share: one more share */
    uint32_t                   used;       /* share: blocks */
    uint32_t                   quota;
    uint32_t                   count;      /* queue: items */
    ngx_atomic_t               owner;      /* queue: who is woken */
    ngx_atomic_t               pushed;     /* queue: items, ever */
    ngx_atomic_t               notified;   /* queue: callbacks, ever */
} ngx_http_wasm_list_t;


/* of a histogram: samples, their sum, those that are at most 1, 10 ... 10^6 */

#define NGX_HTTP_WASM_COUNT    0
#define NGX_HTTP_WASM_SUM      1
#define NGX_HTTP_WASM_BUCKETS  2
#define NGX_HTTP_WASM_VALUES   9

#define NGX_HTTP_WASM_BLOCK    128
#define NGX_HTTP_WASM_INLINE   72

typedef struct {
    volatile uint32_t          kind;
    uint32_t                   next;       /* where its bytes go on */
    uint32_t                   share;      /* that is charged */
    uint32_t                   parent;     /* in whose list it is, or 0 */
    uint32_t                   prev;
    uint32_t                   after;
    uint32_t                   link;       /* the same bucket; free blocks */
    uint32_t                   hash;
    uint32_t                   key_len;
    uint32_t                   value_len;
    uint32_t                   blocks;
    uint32_t                   cas;
    uint64_t                   seq;        /* order of making and of use */

    union {
        u_char                 bytes[NGX_HTTP_WASM_INLINE];
        ngx_http_wasm_list_t   list;
        ngx_atomic_t           values[NGX_HTTP_WASM_VALUES];
    } u;
} ngx_http_wasm_record_t;


#define NGX_HTTP_WASM_REST     (NGX_HTTP_WASM_BLOCK - 2 * sizeof(uint32_t))

typedef struct {
    volatile uint32_t          kind;
    uint32_t                   next;
    u_char                     bytes[NGX_HTTP_WASM_REST];
} ngx_http_wasm_part_t;


typedef struct ngx_http_wasm_area_s  ngx_http_wasm_area_t;

/* a process's view of shared records; a record's number is its block, not 0 */

struct ngx_http_wasm_store_s {
    ngx_http_wasm_area_t      *area;
    uint32_t                  *buckets;
    ngx_http_wasm_record_t    *records;
    ngx_shmtx_t               *mutex;      /* NULL: it is not shared */
    u_char                    *out;        /* a value for a plugin */
    size_t                     out_size;
    ngx_uint_t                 stuck;      /* the lock wasn't to be had */
};


/* ngx_http_wasm_store.c: records in memory that processes share */

ngx_int_t ngx_http_wasm_store_create(ngx_http_wasm_store_t *store,
    void *memory, size_t size);
void ngx_http_wasm_store_attach(ngx_http_wasm_store_t *store, void *memory);
ngx_int_t ngx_http_wasm_store_lock(ngx_http_wasm_store_t *store);
void ngx_http_wasm_store_unlock(ngx_http_wasm_store_t *store);
ngx_uint_t ngx_http_wasm_store_is(ngx_http_wasm_store_t *store, uint32_t n,
    ngx_uint_t kind);
uint32_t ngx_http_wasm_store_find(ngx_http_wasm_store_t *store,
    uint32_t share, ngx_uint_t kind, ngx_str_t *key);
uint32_t ngx_http_wasm_store_add(ngx_http_wasm_store_t *store,
    ngx_http_wasm_record_t *like, ngx_str_t *key, ngx_str_t *value);
void ngx_http_wasm_store_remove(ngx_http_wasm_store_t *store, uint32_t n);
void ngx_http_wasm_store_touch(ngx_http_wasm_store_t *store, uint32_t n);
ngx_int_t ngx_http_wasm_store_value(ngx_http_wasm_store_t *store, uint32_t n,
    ngx_str_t *value);
uint64_t ngx_http_wasm_store_seq(ngx_http_wasm_store_t *store);
uint32_t ngx_http_wasm_store_cas(ngx_http_wasm_store_t *store);
void ngx_http_wasm_store_quotas(ngx_http_wasm_store_t *store,
    uint32_t *shares, ngx_uint_t n);

#define ngx_http_wasm_store_list(store, n)  (&(store)->records[n].u.list)

/* ngx_http_wasm_shared.c: the zone, and the abi's view of it */

char *ngx_http_wasm_zone(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
ngx_int_t ngx_http_wasm_shared_scratch(ngx_http_wasm_main_conf_t *wmcf,
    ngx_log_t *log);
void ngx_http_wasm_shared_end_scratch(ngx_http_wasm_main_conf_t *wmcf);

enum pw_status ngx_http_wasm_shared_get(void *root, struct pw_str key,
    struct pw_str *value, uint32_t *cas);
enum pw_status ngx_http_wasm_shared_set(void *root, struct pw_str key,
    struct pw_str value, uint32_t cas);
enum pw_status ngx_http_wasm_queue_open(void *root, struct pw_str name,
    uint32_t *id);
enum pw_status ngx_http_wasm_queue_find(void *root, struct pw_str vm_id,
    struct pw_str name, uint32_t *id);
enum pw_status ngx_http_wasm_queue_push(void *root, uint32_t id,
    struct pw_str item);
enum pw_status ngx_http_wasm_queue_pop(void *root, uint32_t id,
    struct pw_str *item);
enum pw_status ngx_http_wasm_metric_define(void *root, enum pw_metric kind,
    struct pw_str name, uint32_t *number);
enum pw_status ngx_http_wasm_metric_add(void *root, enum pw_metric kind,
    uint32_t number, int64_t delta);
enum pw_status ngx_http_wasm_metric_set(void *root, enum pw_metric kind,
    uint32_t number, uint64_t value);
enum pw_status ngx_http_wasm_metric_get(void *root, enum pw_metric kind,
    uint32_t number, uint64_t *value);

/* ngx_http_wasm_tick.c: timers of root contexts, and waking up for queues */

/* that a plugin may have open in one worker, which looks at each */
#define NGX_HTTP_WASM_QUEUES_MAX  1024

enum pw_status ngx_http_wasm_tick_period(void *root, uint32_t ms);
ngx_int_t ngx_http_wasm_tick_wait(ngx_http_wasm_config_t *config,
    uint32_t queue, ngx_atomic_uint_t owner);
void ngx_http_wasm_tick_stop(ngx_http_wasm_plugin_t *plugin);
void ngx_http_wasm_tick_restart(ngx_http_wasm_plugin_t *plugin);


#endif /* _NGX_HTTP_WASM_SHARED_H_INCLUDED_ */

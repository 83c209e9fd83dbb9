
/*
 * Records in memory that processes share: a heap of blocks, found by name.
 *
 * A process may be killed at any instruction, while it holds the lock, too;
 * nginx's master then takes the lock from it.  So nothing but the records
 * themselves counts, and those change by one store each:
 *
 *  - A record is written into free blocks and exists once its kind is stored;
 *    it ends when its kind becomes FREE.  Its bytes never change in between:
 *    a new value is a new record, after which the old one ends.  If both are
 *    there, the later one counts.
 *  - Buckets, lists, the heap's free blocks and what is charged to a share all
 *    follow from the records.  area->dirty is set as long as somebody holds
 *    the lock: who finds it set with the lock free rebuilds them.
 *  - What changes inside a record without the lock are words by themselves:
 *    values of metrics, counters of queues.  Queues and metrics never end.
 */


#include "ngx_http_wasm_shared.h"


/* how long others wait for the lock: 100 microseconds each */
#define NGX_HTTP_WASM_STORE_PAUSE  100
#define NGX_HTTP_WASM_STORE_SPINS  1000
#define NGX_HTTP_WASM_STORE_WAITS  6000


struct ngx_http_wasm_area_s {
    volatile uint32_t          dirty;
    uint32_t                   nbuckets;   /* a power of 2 */
    uint32_t                   nblocks;
    uint32_t                   fresh;      /* from here on never used */
    uint32_t                   free;
    uint32_t                   nfree;      /* in free's list */
    uint32_t                   shares;
    uint32_t                   cas;
    uint64_t                   seq;
    uint64_t                   seed;
};


typedef enum {
    NGX_HTTP_WASM_STORE_READ,
    NGX_HTTP_WASM_STORE_WRITE,
    NGX_HTTP_WASM_STORE_COMPARE
} ngx_http_wasm_store_mode_e;


#define ngx_http_wasm_part(store, n)                                          \
    ((ngx_http_wasm_part_t *) &(store)->records[n])


static ngx_int_t ngx_http_wasm_store_walk(ngx_http_wasm_store_t *store,
    uint32_t n, size_t skip, ngx_str_t *bytes,
    ngx_http_wasm_store_mode_e mode);
static ngx_int_t ngx_http_wasm_store_copy(ngx_http_wasm_store_t *store,
    uint32_t n, size_t skip, size_t len, ngx_str_t *bytes);
static ngx_uint_t ngx_http_wasm_store_inline(ngx_uint_t kind);
static uint32_t ngx_http_wasm_store_hash(ngx_http_wasm_store_t *store,
    uint32_t share, ngx_uint_t kind, ngx_str_t *key);
static ngx_int_t ngx_http_wasm_store_room(ngx_http_wasm_store_t *store,
    uint32_t share, uint32_t blocks);
static uint32_t ngx_http_wasm_store_take(ngx_http_wasm_store_t *store);
static void ngx_http_wasm_store_give(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_index(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_forget(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_append(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_detach(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_rebuild(ngx_http_wasm_store_t *store);
static void ngx_http_wasm_store_newest(ngx_http_wasm_store_t *store,
    uint32_t n);
static void ngx_http_wasm_store_sort(ngx_http_wasm_store_t *store,
    ngx_http_wasm_list_t *list);
static uint32_t ngx_http_wasm_store_merge(ngx_http_wasm_store_t *store,
    uint32_t a, uint32_t b);


/* memory is zero */

ngx_int_t
ngx_http_wasm_store_create(ngx_http_wasm_store_t *store, void *memory,
    size_t size)
{
    size_t                 room, blocks;
    ngx_http_wasm_area_t  *area = memory;

    if (size < 16 * NGX_HTTP_WASM_BLOCK) {
        return NGX_ERROR;
    }

    blocks = size / NGX_HTTP_WASM_BLOCK;
    blocks = ngx_min(blocks, 0x10000000);

    area->nbuckets = 1;

    while (2 * (size_t) area->nbuckets <= blocks) {
        area->nbuckets *= 2;
    }

    room = sizeof(ngx_http_wasm_area_t) + area->nbuckets * sizeof(uint32_t)
           + NGX_HTTP_WASM_BLOCK;

    area->nblocks = (uint32_t)
                    ((blocks * NGX_HTTP_WASM_BLOCK - room)
                     / NGX_HTTP_WASM_BLOCK);
    area->fresh = 1;
    area->seed = ((uint64_t) ngx_random() << 32) ^ (uint64_t) ngx_random()
                 ^ ((uint64_t) ngx_pid << 16) ^ (uintptr_t) memory;

    ngx_http_wasm_store_attach(store, memory);

    return NGX_OK;
}


void
ngx_http_wasm_store_attach(ngx_http_wasm_store_t *store, void *memory)
{
    store->area = memory;
    store->buckets = (uint32_t *) (store->area + 1);
    store->records = (ngx_http_wasm_record_t *)
                     ngx_align_ptr(store->buckets + store->area->nbuckets,
                                   NGX_HTTP_WASM_BLOCK);
}


/*
 * Never waits for long: a process that is stopped while it holds the lock must
 * not stop the others.
 */

ngx_int_t
ngx_http_wasm_store_lock(ngx_http_wasm_store_t *store)
{
    ngx_uint_t  n;

    if (store->mutex == NULL) {
        return NGX_OK;
    }

    for (n = 0; !ngx_shmtx_trylock(store->mutex); n++) {

        if (n < NGX_HTTP_WASM_STORE_SPINS) {
            ngx_cpu_pause();

            if (n % 64 == 63) {
                ngx_sched_yield();
            }

            continue;
        }

        if (store->stuck
            || n >= NGX_HTTP_WASM_STORE_SPINS + NGX_HTTP_WASM_STORE_WAITS)
        {
            store->stuck = 1;
            return NGX_ERROR;
        }

        (void) usleep(NGX_HTTP_WASM_STORE_PAUSE);
    }

    store->stuck = 0;

    if (store->area->dirty) {
        ngx_http_wasm_store_rebuild(store);
    }

    store->area->dirty = 1;
    ngx_memory_barrier();

    return NGX_OK;
}


void
ngx_http_wasm_store_unlock(ngx_http_wasm_store_t *store)
{
    if (store->mutex) {
        ngx_memory_barrier();
        store->area->dirty = 0;
        ngx_shmtx_unlock(store->mutex);
    }
}


/* Is there such a record?  Of queues and metrics without the lock, too. */

ngx_uint_t
ngx_http_wasm_store_is(ngx_http_wasm_store_t *store, uint32_t n,
    ngx_uint_t kind)
{
    return n > 0 && n < store->area->nblocks && store->records[n].kind == kind;
}


uint64_t
ngx_http_wasm_store_seq(ngx_http_wasm_store_t *store)
{
    return ++store->area->seq;
}


uint32_t
ngx_http_wasm_store_cas(ngx_http_wasm_store_t *store)
{
    if (++store->area->cas == 0) {
        store->area->cas = 1;
    }

    return store->area->cas;
}


/* The area is divided among these shares; what others have may be evicted. */

void
ngx_http_wasm_store_quotas(ngx_http_wasm_store_t *store, uint32_t *shares,
    ngx_uint_t n)
{
    uint32_t    at;
    ngx_uint_t  i;

    for (at = store->area->shares; at;
         at = ngx_http_wasm_store_list(store, at)->next)
    {
        ngx_http_wasm_store_list(store, at)->quota = 0;
    }

    for (i = 0; i < n; i++) {
        ngx_http_wasm_store_list(store, shares[i])->quota
            = (uint32_t) ((store->area->nblocks - 1) / n);
    }
}


uint32_t
ngx_http_wasm_store_find(ngx_http_wasm_store_t *store, uint32_t share,
    ngx_uint_t kind, ngx_str_t *key)
{
    uint32_t                 n, hash;
    ngx_http_wasm_record_t  *r;

    hash = ngx_http_wasm_store_hash(store, share, kind, key);

    for (n = store->buckets[hash & (store->area->nbuckets - 1)]; n;
         n = r->link)
    {
        r = &store->records[n];

        if (r->hash == hash && r->share == share && r->kind == kind
            && r->key_len == key->len
            && ngx_http_wasm_store_walk(store, n, 0, key,
                                        NGX_HTTP_WASM_STORE_COMPARE)
               == NGX_OK)
        {
            return n;
        }
    }

    return 0;
}


/*
 * A new record with what like says, kind to seq and u; it takes the place of
 * one of the same name.  0: no room.
 */

uint32_t
ngx_http_wasm_store_add(ngx_http_wasm_store_t *store,
    ngx_http_wasm_record_t *like, ngx_str_t *key, ngx_str_t *value)
{
    size_t                   left, first;
    uint32_t                 n, i, old, blocks, *last;
    ngx_http_wasm_record_t  *r;

    if (key->len >= 0x7fffffff || value->len >= 0x7fffffff) {
        return 0;
    }

    first = ngx_http_wasm_store_inline(like->kind);
    left = key->len + value->len;
    left -= ngx_min(left, first);
    blocks = 1 + (uint32_t) ((left + NGX_HTTP_WASM_REST - 1)
                             / NGX_HTTP_WASM_REST);

    if (ngx_http_wasm_store_room(store, like->share, blocks) != NGX_OK) {
        return 0;
    }

    old = (like->kind == NGX_HTTP_WASM_ITEM) ? 0
          : ngx_http_wasm_store_find(store, like->share, like->kind, key);

    n = ngx_http_wasm_store_take(store);
    r = &store->records[n];

    r->share = like->share;
    r->parent = like->parent;
    r->hash = ngx_http_wasm_store_hash(store, like->share, like->kind, key);
    r->key_len = (uint32_t) key->len;
    r->value_len = (uint32_t) value->len;
    r->blocks = blocks;
    r->cas = like->cas;
    r->seq = ngx_http_wasm_store_seq(store);
    r->u = like->u;

    last = &r->next;

    for (i = 1; i < blocks; i++) {
        *last = ngx_http_wasm_store_take(store);
        ngx_http_wasm_part(store, *last)->kind = NGX_HTTP_WASM_PART;
        last = &ngx_http_wasm_part(store, *last)->next;
    }

    *last = 0;

    /* its kind says how the bytes are laid out, and isn't stored yet */

    r->link = like->kind;

    (void) ngx_http_wasm_store_walk(store, n, 0, key,
                                    NGX_HTTP_WASM_STORE_WRITE);
    (void) ngx_http_wasm_store_walk(store, n, key->len, value,
                                    NGX_HTTP_WASM_STORE_WRITE);

    ngx_memory_barrier();
    r->kind = like->kind;
    ngx_memory_barrier();

    ngx_http_wasm_store_index(store, n);

    if (r->share) {
        ngx_http_wasm_store_list(store, r->share)->used += blocks;
    }

    if (old) {
        ngx_http_wasm_store_remove(store, old);
    }

    return n;
}


void
ngx_http_wasm_store_remove(ngx_http_wasm_store_t *store, uint32_t n)
{
    uint32_t                 next;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    ngx_http_wasm_store_forget(store, n);
    ngx_http_wasm_store_detach(store, n);
    ngx_http_wasm_store_list(store, r->share)->used -= r->blocks;

    r->kind = NGX_HTTP_WASM_FREE;
    ngx_memory_barrier();

    while (n) {
        next = store->records[n].next;
        ngx_http_wasm_store_give(store, n);
        n = next;
    }
}


void
ngx_http_wasm_store_touch(ngx_http_wasm_store_t *store, uint32_t n)
{
    ngx_http_wasm_store_detach(store, n);
    store->records[n].seq = ngx_http_wasm_store_seq(store);
    ngx_http_wasm_store_append(store, n);
}


/* a copy, until the next one */

ngx_int_t
ngx_http_wasm_store_value(ngx_http_wasm_store_t *store, uint32_t n,
    ngx_str_t *value)
{
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    return ngx_http_wasm_store_copy(store, n, r->key_len, r->value_len, value);
}


static ngx_int_t
ngx_http_wasm_store_copy(ngx_http_wasm_store_t *store, uint32_t n,
    size_t skip, size_t len, ngx_str_t *bytes)
{
    if (store->out == NULL || len > store->out_size
        || store->out_size / 4 > ngx_max(len, 65536))
    {
        if (store->out) {
            ngx_free(store->out);
        }

        store->out_size = ngx_max(len, 4096);
        store->out = ngx_alloc(store->out_size, ngx_cycle->log);

        if (store->out == NULL) {
            return NGX_ERROR;
        }
    }

    bytes->data = store->out;
    bytes->len = len;

    return ngx_http_wasm_store_walk(store, n, skip, bytes,
                                    NGX_HTTP_WASM_STORE_READ);
}


/* bytes of a record that stand in its first block */

static ngx_uint_t
ngx_http_wasm_store_inline(ngx_uint_t kind)
{
    return (kind == NGX_HTTP_WASM_DATA || kind == NGX_HTTP_WASM_ITEM)
           ? NGX_HTTP_WASM_INLINE : 0;
}


/* a record's bytes, key and value, from skip on */

static ngx_int_t
ngx_http_wasm_store_walk(ngx_http_wasm_store_t *store, uint32_t n,
    size_t skip, ngx_str_t *bytes, ngx_http_wasm_store_mode_e mode)
{
    size_t                   room, size, left;
    u_char                  *p, *at;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];
    p = r->u.bytes;
    room = ngx_http_wasm_store_inline(r->kind ? r->kind : r->link);
    at = bytes->data;
    left = bytes->len;

    if (left == 0) {
        return NGX_OK;
    }

    for ( ;; ) {

        if (skip >= room) {
            skip -= room;

        } else {
            size = ngx_min(room - skip, left);

            switch (mode) {

            case NGX_HTTP_WASM_STORE_READ:
                ngx_memcpy(at, p + skip, size);
                break;

            case NGX_HTTP_WASM_STORE_WRITE:
                ngx_memcpy(p + skip, at, size);
                break;

            default:
                if (ngx_memcmp(p + skip, at, size) != 0) {
                    return NGX_DECLINED;
                }
            }

            skip = 0;
            at += size;
            left -= size;
        }

        if (left == 0) {
            return NGX_OK;
        }

        n = store->records[n].next;

        if (n == 0 || n >= store->area->nblocks) {
            return NGX_ERROR;
        }

        p = ngx_http_wasm_part(store, n)->bytes;
        room = NGX_HTTP_WASM_REST;
    }
}


/* seeded: plugins choose the names */

static uint32_t
ngx_http_wasm_store_hash(ngx_http_wasm_store_t *store, uint32_t share,
    ngx_uint_t kind, ngx_str_t *key)
{
    size_t    i;
    uint64_t  h, odd, word;

    odd = store->area->seed | 1;
    h = (store->area->seed ^ share) * UINT64_C(0x9e3779b97f4a7c15) + kind;

    for (i = 0; i < key->len; i += 8) {
        word = 0;
        ngx_memcpy(&word, key->data + i, ngx_min(key->len - i, 8));

        h = (h ^ word) * odd;
        h ^= h >> 29;
        h *= UINT64_C(0xbf58476d1ce4e5b9);
        h ^= h >> 32;
    }

    return (uint32_t) (h ^ (h >> 32) ^ key->len);
}


/*
 * Blocks for a record of a share: first its own oldest data goes, then what
 * shares have beyond their quota, which a new configuration may have cut.
 */

static ngx_int_t
ngx_http_wasm_store_room(ngx_http_wasm_store_t *store, uint32_t share,
    uint32_t blocks)
{
    uint32_t               at;
    ngx_http_wasm_area_t  *area = store->area;
    ngx_http_wasm_list_t  *list, *own;

    own = share ? ngx_http_wasm_store_list(store, share) : NULL;

    if (own) {
        if (blocks > own->quota) {
            return NGX_DECLINED;
        }

        while (own->used + blocks > own->quota) {
            if (own->head == 0) {
                return NGX_DECLINED;
            }

            ngx_http_wasm_store_remove(store, own->head);
        }
    }

    while (area->nfree + (area->nblocks - area->fresh) < blocks) {

        for (at = area->shares; at; at = list->next) {
            list = ngx_http_wasm_store_list(store, at);

            if (list->used > list->quota && list->head) {
                ngx_http_wasm_store_remove(store, list->head);
                break;
            }
        }

        if (at == 0) {
            if (own == NULL || own->head == 0) {
                return NGX_DECLINED;
            }

            ngx_http_wasm_store_remove(store, own->head);
        }
    }

    return NGX_OK;
}


static uint32_t
ngx_http_wasm_store_take(ngx_http_wasm_store_t *store)
{
    uint32_t               n;
    ngx_http_wasm_area_t  *area = store->area;

    if (area->nfree == 0) {
        return area->fresh++;
    }

    n = area->free;
    area->free = store->records[n].link;
    area->nfree--;

    return n;
}


static void
ngx_http_wasm_store_give(ngx_http_wasm_store_t *store, uint32_t n)
{
    store->records[n].kind = NGX_HTTP_WASM_FREE;
    store->records[n].link = store->area->free;
    store->area->free = n;
    store->area->nfree++;
}


static void
ngx_http_wasm_store_index(ngx_http_wasm_store_t *store, uint32_t n)
{
    uint32_t                *bucket;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    if (r->kind != NGX_HTTP_WASM_ITEM) {
        bucket = &store->buckets[r->hash & (store->area->nbuckets - 1)];
        r->link = *bucket;
        *bucket = n;
    }

    if (r->kind == NGX_HTTP_WASM_SHARE) {
        r->u.list.next = store->area->shares;
        store->area->shares = n;
    }

    ngx_http_wasm_store_append(store, n);
}


static void
ngx_http_wasm_store_forget(ngx_http_wasm_store_t *store, uint32_t n)
{
    uint32_t                *at;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    if (r->kind == NGX_HTTP_WASM_ITEM) {
        return;
    }

    at = &store->buckets[r->hash & (store->area->nbuckets - 1)];

    while (*at) {
        if (*at == n) {
            *at = r->link;
            return;
        }

        at = &store->records[*at].link;
    }
}


static void
ngx_http_wasm_store_append(ngx_http_wasm_store_t *store, uint32_t n)
{
    ngx_http_wasm_list_t    *list;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    if (r->parent == 0) {
        return;
    }

    list = ngx_http_wasm_store_list(store, r->parent);

    r->prev = list->tail;
    r->after = 0;

    if (list->tail) {
        store->records[list->tail].after = n;
    } else {
        list->head = n;
    }

    list->tail = n;
    list->count++;
}


static void
ngx_http_wasm_store_detach(ngx_http_wasm_store_t *store, uint32_t n)
{
    ngx_http_wasm_list_t    *list;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    if (r->parent == 0) {
        return;
    }

    list = ngx_http_wasm_store_list(store, r->parent);

    if (r->prev) {
        store->records[r->prev].after = r->after;
    } else {
        list->head = r->after;
    }

    if (r->after) {
        store->records[r->after].prev = r->prev;
    } else {
        list->tail = r->prev;
    }

    list->count--;
}


/*
 * After somebody died with the lock: all but the records is made anew.  It
 * may be interrupted as well, and then begins again.
 */

static void
ngx_http_wasm_store_rebuild(ngx_http_wasm_store_t *store)
{
    uint32_t                 n, part;
    ngx_http_wasm_area_t    *area = store->area;
    ngx_http_wasm_list_t    *list;
    ngx_http_wasm_record_t  *r;

    ngx_log_error(NGX_LOG_WARN, ngx_cycle->log, 0,
                  "wasm: a process died while it changed shared data: "
                  "rebuilding the index");

    ngx_memzero(store->buckets, area->nbuckets * sizeof(uint32_t));

    area->free = 0;
    area->nfree = 0;
    area->shares = 0;

    for (n = 1; n < area->fresh; n++) {
        r = &store->records[n];

        if (r->kind == NGX_HTTP_WASM_PART) {
            r->kind = NGX_HTTP_WASM_FREE;

        } else if (r->kind == NGX_HTTP_WASM_SHARE
                   || r->kind == NGX_HTTP_WASM_QUEUE)
        {
            list = &r->u.list;
            list->head = 0;
            list->tail = 0;
            list->count = 0;
            list->used = 0;
        }
    }

    for (n = 1; n < area->fresh; n++) {
        if (store->records[n].kind != NGX_HTTP_WASM_FREE
            && store->records[n].kind != NGX_HTTP_WASM_PART)
        {
            ngx_http_wasm_store_newest(store, n);
        }
    }

    for (n = 1; n < area->fresh; n++) {
        r = &store->records[n];

        if (r->kind == NGX_HTTP_WASM_FREE || r->kind == NGX_HTTP_WASM_PART) {
            continue;
        }

        for (part = r->next; part; part = store->records[part].next) {
            store->records[part].kind = NGX_HTTP_WASM_PART;
        }

        if (r->share) {
            ngx_http_wasm_store_list(store, r->share)->used += r->blocks;
        }
    }

    for (n = 1; n < area->fresh; n++) {
        r = &store->records[n];

        switch (r->kind) {

        case NGX_HTTP_WASM_FREE:
            ngx_http_wasm_store_give(store, n);
            break;

        case NGX_HTTP_WASM_QUEUE:
            list = &r->u.list;

            /* one that was put in but not told of */

            if (list->pushed - list->notified < list->count) {
                list->pushed = list->notified + list->count;
            }

            /* fall through */

        case NGX_HTTP_WASM_SHARE:
            ngx_http_wasm_store_sort(store, &r->u.list);
            break;
        }
    }
}


/* indexes a record unless there is a later one of its name */

static void
ngx_http_wasm_store_newest(ngx_http_wasm_store_t *store, uint32_t n)
{
    uint32_t                 other;
    ngx_str_t                key;
    ngx_http_wasm_record_t  *r;

    r = &store->records[n];

    if (r->kind == NGX_HTTP_WASM_DATA
        && ngx_http_wasm_store_copy(store, n, 0, r->key_len, &key) == NGX_OK)
    {
        other = ngx_http_wasm_store_find(store, r->share, r->kind, &key);

        if (other && store->records[other].seq > r->seq) {
            r->kind = NGX_HTTP_WASM_FREE;
            return;
        }

        if (other) {
            ngx_http_wasm_store_forget(store, other);
            ngx_http_wasm_store_detach(store, other);
            store->records[other].kind = NGX_HTTP_WASM_FREE;
        }
    }

    ngx_http_wasm_store_index(store, n);
}


/* by seq; bins[i] holds a sorted list of 2^i records */

static void
ngx_http_wasm_store_sort(ngx_http_wasm_store_t *store,
    ngx_http_wasm_list_t *list)
{
    uint32_t    n, next, prev, bins[32];
    ngx_uint_t  i;

    ngx_memzero(bins, sizeof(bins));

    for (n = list->head; n; n = next) {
        next = store->records[n].after;
        store->records[n].after = 0;

        for (i = 0; bins[i]; i++) {
            n = ngx_http_wasm_store_merge(store, bins[i], n);
            bins[i] = 0;
        }

        bins[i] = n;
    }

    n = 0;

    for (i = 0; i < 32; i++) {
        n = ngx_http_wasm_store_merge(store, bins[i], n);
    }

    list->head = n;

    for (prev = 0; n; n = store->records[n].after) {
        store->records[n].prev = prev;
        prev = n;
    }

    list->tail = prev;
}


static uint32_t
ngx_http_wasm_store_merge(ngx_http_wasm_store_t *store, uint32_t a,
    uint32_t b)
{
    uint32_t  head, *last;

    last = &head;

    while (a && b) {
        if (store->records[a].seq < store->records[b].seq) {
            *last = a;
            last = &store->records[a].after;
            a = *last;

        } else {
            *last = b;
            last = &store->records[b].after;
            b = *last;
        }
    }

    *last = a ? a : b;

    return head;
}


/*
 * Sluice: header maps, what their files share.
 */


#ifndef _NGX_HTTP_WASM_HEADERS_H_INCLUDED_
#define _NGX_HTTP_WASM_HEADERS_H_INCLUDED_


#include "ngx_http_wasm_module.h"


#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif


typedef struct ngx_http_wasm_field_s  ngx_http_wasm_field_t;

/* NGX_DECLINED: it isn't there; value is NULL if only that is asked */
typedef ngx_int_t (*ngx_http_wasm_field_get_pt)(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
typedef ngx_int_t (*ngx_http_wasm_field_set_pt)(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
typedef ngx_int_t (*ngx_http_wasm_field_remove_pt)(ngx_http_wasm_ctx_t *ctx);

/* without a line, or with one that is shown under another name */

struct ngx_http_wasm_field_s {
    ngx_str_t                        name;
    ngx_http_wasm_field_get_pt       get;
    ngx_http_wasm_field_set_pt       set;
    ngx_http_wasm_field_remove_pt    remove;
    ngx_http_wasm_field_t           *same;     /* the next in its bucket */
};


/* with a line, and a pointer to it in nginx's structure */

typedef struct ngx_http_wasm_slot_s  ngx_http_wasm_slot_t;

struct ngx_http_wasm_slot_s {
    ngx_str_t                        name;
    size_t                           offset;
    ngx_uint_t                       flags;
    ngx_http_wasm_slot_t            *same;     /* the next in its bucket */
};

#define NGX_HTTP_WASM_SLOT      0x01   /* there is a pointer */
#define NGX_HTTP_WASM_MULTI     0x02   /* ... or pointers to all such lines */
#define NGX_HTTP_WASM_HIDDEN    0x04   /* plugins don't see it */
#define NGX_HTTP_WASM_FIXED     0x08   /* plugins can't change it */
#define NGX_HTTP_WASM_OWN       0x10   /* the pointer is for nginx's lines */


/* One of the maps.  Names are found by their length and last letter. */

#define NGX_HTTP_WASM_BUCKETS  64
#define NGX_HTTP_WASM_NAME_MAX  32     /* no name of a row is as long */

typedef struct {
    ngx_http_wasm_field_t           *fields;
    ngx_http_wasm_slot_t            *slots;
    size_t                           offset;   /* of the structure in r */
    size_t                           size;
    uint32_t                         hidden_lens;    /* a bit each length */
    uint64_t                         known;          /* a bit each bucket */
    ngx_http_wasm_field_t           *field[NGX_HTTP_WASM_BUCKETS];
    ngx_http_wasm_slot_t            *slot[NGX_HTTP_WASM_BUCKETS];
} ngx_http_wasm_map_t;

#define ngx_http_wasm_bucket(name)                                            \
    ((5 * (name)->len + ((name)->data[(name)->len - 1] | 0x20))               \
     % NGX_HTTP_WASM_BUCKETS)


#define ngx_http_wasm_map_struct(ctx, map)                                    \
    ((u_char *) (ctx)->request + (map)->offset)

/* the list is the first member of the structures, or the structure */

#define ngx_http_wasm_map_list(ctx, map)                                      \
    ((ngx_list_t *) ngx_http_wasm_map_struct(ctx, map))


extern ngx_http_wasm_map_t    ngx_http_wasm_maps[NGX_HTTP_WASM_NMAPS];
extern ngx_http_wasm_field_t  ngx_http_wasm_request_fields[];
extern ngx_http_wasm_field_t  ngx_http_wasm_response_fields[];


/* ngx_http_wasm_headers.c; slot may be NULL */

ngx_http_wasm_slot_t *ngx_http_wasm_headers_slot_of(
    ngx_http_wasm_slot_t *slot, ngx_str_t *key);

static ngx_inline ngx_http_wasm_slot_t *
ngx_http_wasm_headers_slot(ngx_http_wasm_map_t *map, ngx_str_t *key)
{
    ngx_http_wasm_slot_t  *slot;

    slot = map->slot[ngx_http_wasm_bucket(key)];

    return slot ? ngx_http_wasm_headers_slot_of(slot, key) : NULL;
}

ngx_int_t ngx_http_wasm_headers_line(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_str_t *value);
ngx_int_t ngx_http_wasm_headers_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_uint_t keep);
ngx_int_t ngx_http_wasm_headers_link(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot);
ngx_int_t ngx_http_wasm_headers_copy(ngx_pool_t *pool, ngx_str_t *from,
    ngx_str_t *to);


#ifdef __GNUC__
#pragma GCC visibility pop
#endif


#endif /* _NGX_HTTP_WASM_HEADERS_H_INCLUDED_ */

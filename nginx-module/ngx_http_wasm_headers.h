
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

typedef struct {
    ngx_http_wasm_field_t           *fields;
    ngx_http_wasm_slot_t            *slots;
    size_t                           offset;   /* of the structure in r */
    size_t                           size;
    ngx_uint_t                       nfields;
    u_char                           known[NGX_HTTP_WASM_NAME_BUCKETS];
                                               /* NGX_HTTP_WASM_LINES_MANY if
                                                  there is a row */
    u_char                           hidden[NGX_HTTP_WASM_NAME_BUCKETS];
                                               /* ... that plugins don't see */
    ngx_http_wasm_field_t           *field[NGX_HTTP_WASM_NAME_BUCKETS];
    ngx_http_wasm_slot_t            *slot[NGX_HTTP_WASM_NAME_BUCKETS];
} ngx_http_wasm_map_t;

#define ngx_http_wasm_bucket_of(data, len)                                    \
    ((5 * (len) + ((data)[(len) - 1] | 0x20)) % NGX_HTTP_WASM_NAME_BUCKETS)

#define ngx_http_wasm_bucket(name)                                            \
    ngx_http_wasm_bucket_of((name)->data, (name)->len)


/* what ctx->known says, of the map of a direction */

#define NGX_HTTP_WASM_KNOWN_COUNT(dir)  (1 << (dir))     /* ctx->count */
#define NGX_HTTP_WASM_KNOWN_COUNTS      0x07
#define NGX_HTTP_WASM_KNOWN_KEEPS       0x08   /* only plugins change headers,
                                                  so that more may be known */
#define NGX_HTTP_WASM_KNOWN_INDEX       0x10   /* ctx->index: of the request */
#define NGX_HTTP_WASM_KNOWN_ASKED       0x20   /* and on: how often for names */


#define ngx_http_wasm_map_struct(ctx, map)                                    \
    ((u_char *) (ctx)->request + (map)->offset)

/* nginx's pointer to the line, or to the first of them; of a slot that has one
 * and isn't NGX_HTTP_WASM_MULTI */

#define ngx_http_wasm_slot_line(ctx, map, slot)                               \
    ((ngx_table_elt_t **) (ngx_http_wasm_map_struct(ctx, map)                 \
                           + (slot)->offset))

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

ngx_int_t ngx_http_wasm_headers_copy(ngx_pool_t *pool, ngx_str_t *from,
    ngx_str_t *to);


/* ngx_http_wasm_lines.c; slot may be NULL */

/* in ctx->index, where others are a line's number from 1 on: look at all that
 * there is */
#define NGX_HTTP_WASM_LINES_MANY  255

ngx_int_t ngx_http_wasm_lines_index(ngx_http_wasm_ctx_t *ctx);
ngx_table_elt_t *ngx_http_wasm_lines_find(ngx_list_t *list, ngx_str_t *key);
ngx_int_t ngx_http_wasm_lines_push(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_str_t *value);
ngx_int_t ngx_http_wasm_lines_set(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_str_t *value);
ngx_int_t ngx_http_wasm_lines_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_uint_t keep);
/* a bit each row of a map's slots: all */
#define NGX_HTTP_WASM_LINES_ALL   (~(uint64_t) 0)

void ngx_http_wasm_lines_cut(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_list_part_t *prev, ngx_list_part_t *part,
    ngx_uint_t i, uint64_t multi);
ngx_int_t ngx_http_wasm_lines_relink(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, uint64_t slots);
ngx_int_t ngx_http_wasm_lines_link(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot);

/* a line's name, as it came, and a key; mostly they differ at the end */

static ngx_inline ngx_uint_t
ngx_http_wasm_lines_same(u_char *name, u_char *key, size_t len)
{
    u_char  ch;

    while (len--) {
        ch = name[len];

        if (ngx_tolower(ch) != key[len]) {
            return 0;
        }
    }

    return 1;
}


/* two names in lower case */

static ngx_inline ngx_uint_t
ngx_http_wasm_lines_equal(const u_char *a, const u_char *b, size_t len)
{
    size_t    i;
    uint64_t  x, y;
    uint32_t  v, w;

    if (len >= sizeof(x)) {

        for (i = 0; /* void */ ; i += sizeof(x)) {
            i = ngx_min(i, len - sizeof(x));

            ngx_memcpy(&x, a + i, sizeof(x));
            ngx_memcpy(&y, b + i, sizeof(y));

            if (x != y || i == len - sizeof(x)) {
                return x == y;
            }
        }
    }

    if (len >= sizeof(v)) {
        ngx_memcpy(&v, a, sizeof(v));
        ngx_memcpy(&w, b, sizeof(w));
        x = v ^ w;

        ngx_memcpy(&v, a + len - sizeof(v), sizeof(v));
        ngx_memcpy(&w, b + len - sizeof(w), sizeof(w));

        return (x | (v ^ w)) == 0;
    }

    for (i = 0; i < len; i++) {
        if (a[i] != b[i]) {
            return 0;
        }
    }

    return 1;
}


/* The line of the request with this name, which has to be in lower case, by the
 * index; NGX_DECLINED: ask again without. */

static ngx_inline ngx_int_t
ngx_http_wasm_lines_get(ngx_http_wasm_ctx_t *ctx, u_char *name, size_t len,
    ngx_str_t **value)
{
    ngx_uint_t        n;
    ngx_table_elt_t  *h;

    n = ctx->index[ngx_http_wasm_bucket_of(name, len)];

    if (n == NGX_HTTP_WASM_LINES_MANY) {
        return NGX_DECLINED;
    }

    h = (ngx_table_elt_t *) ctx->request->headers_in.headers.part.elts + n - 1;

    *value = (n != 0 && h->key.len == len
              && ngx_http_wasm_lines_equal(h->lowcase_key, name, len))
             ? &h->value : NULL;

    return NGX_OK;
}


/* removed lines of a response have no hash */

static ngx_inline ngx_uint_t
ngx_http_wasm_lines_is(ngx_table_elt_t *h, ngx_str_t *key)
{
    return h->key.len == key->len
           && h->hash != 0
           && ngx_http_wasm_lines_same(h->key.data, key->data, key->len);
}


/* key is in lower case; nearly all names are those of lines that nginx doesn't
 * look at */

ngx_int_t ngx_http_wasm_headers_change(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value,
    ngx_uint_t add);

/* may there be a row of this name? */

#define ngx_http_wasm_headers_known(map, key)                                 \
    ((map)->known[ngx_http_wasm_bucket(key)])

static ngx_inline ngx_int_t
ngx_http_wasm_headers_add(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    ngx_str_t *key, ngx_str_t *value)
{
    ngx_http_wasm_map_t  *map;

    map = &ngx_http_wasm_maps[dir];

    return ngx_http_wasm_headers_known(map, key)
           ? ngx_http_wasm_headers_change(ctx, map, key, value, 1)
           : ngx_http_wasm_lines_push(ctx, map, NULL, key, value);
}

static ngx_inline ngx_int_t
ngx_http_wasm_headers_replace(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *key, ngx_str_t *value)
{
    ngx_http_wasm_map_t  *map;

    map = &ngx_http_wasm_maps[dir];

    return ngx_http_wasm_headers_known(map, key)
           ? ngx_http_wasm_headers_change(ctx, map, key, value, 0)
           : ngx_http_wasm_lines_set(ctx, map, NULL, key, value);
}


#ifdef __GNUC__
#pragma GCC visibility pop
#endif


#endif /* _NGX_HTTP_WASM_HEADERS_H_INCLUDED_ */

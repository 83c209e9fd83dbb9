
/*
 * Header maps over nginx's structures.
 *
 * A header is a line of a list, or a field of nginx's that has no line; and
 * for those that nginx itself looks at there is a pointer to the line, which is
 * kept in step.  Lines that no plugin touches keep their wire form; a plugin
 * sees lower-case names.
 */


#include "ngx_http_wasm_module.h"


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
};


/* with a line, and a pointer to it in nginx's structure */

typedef struct {
    ngx_str_t                        name;
    size_t                           offset;
    ngx_uint_t                       flags;
} ngx_http_wasm_slot_t;

#define NGX_HTTP_WASM_SLOT      0x01   /* there is a pointer */
#define NGX_HTTP_WASM_MULTI     0x02   /* ... or pointers to all such lines */
#define NGX_HTTP_WASM_HIDDEN    0x04   /* plugins don't see it */
#define NGX_HTTP_WASM_FIXED     0x08   /* plugins can't change it */
#define NGX_HTTP_WASM_OWN       0x10   /* the pointer is for nginx's lines */


/* one of the two maps */

typedef struct {
    ngx_http_wasm_field_t           *fields;
    ngx_http_wasm_slot_t            *slots;
    size_t                           offset;   /* of the structure in r */
    size_t                           size;
} ngx_http_wasm_map_t;


/* what a faulting callback with fail=open must not have changed */

typedef struct {
    ngx_table_elt_t                 *at;
    ngx_table_elt_t                  was;
} ngx_http_wasm_undo_line_t;

struct ngx_http_wasm_undo_s {
    ngx_http_wasm_dir_e              dir;
    void                            *fields;   /* nginx's structure */
    ngx_list_part_t                 *parts;    /* those behind the first */
    ngx_array_t                      lines;    /* ngx_http_wasm_undo_line_t */
    ngx_uint_t                       method;
    ngx_str_t                        method_name;
    ngx_str_t                        unparsed_uri;
    ngx_str_t                        uri;
    ngx_str_t                        args;
    ngx_str_t                        exten;
    ngx_str_t                        scheme;
    unsigned                         length_removed:2;
    unsigned                         head:1;
};


/* the name of a response header, as it stands in its line and in lower case */

typedef struct {
    u_char                          *key;
    u_char                          *lower;
} ngx_http_wasm_name_t;


static ngx_http_wasm_field_t *ngx_http_wasm_headers_field(
    ngx_http_wasm_map_t *map, ngx_str_t *key);
static ngx_http_wasm_slot_t *ngx_http_wasm_headers_slot(
    ngx_http_wasm_map_t *map, ngx_str_t *key);
static ngx_uint_t ngx_http_wasm_headers_visible(ngx_http_wasm_map_t *map,
    ngx_table_elt_t *h);
static u_char *ngx_http_wasm_headers_lower(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_table_elt_t *h);
static ngx_uint_t ngx_http_wasm_headers_is(ngx_table_elt_t *h, ngx_str_t *key);
static ngx_table_elt_t *ngx_http_wasm_headers_find(ngx_list_t *list,
    ngx_str_t *key);
static ngx_int_t ngx_http_wasm_headers_push(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value);
static ngx_int_t ngx_http_wasm_headers_line(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value);
static ngx_int_t ngx_http_wasm_headers_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_uint_t keep);
static ngx_int_t ngx_http_wasm_headers_clear(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map);
static ngx_int_t ngx_http_wasm_headers_cut(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_list_part_t *prev, ngx_list_part_t *part,
    ngx_uint_t i);
static ngx_int_t ngx_http_wasm_headers_link(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot);
static ngx_int_t ngx_http_wasm_headers_copy(ngx_pool_t *pool, ngx_str_t *from,
    ngx_str_t *to);

static ngx_int_t ngx_http_wasm_get_authority(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_authority(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_authority(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_get_path(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_path(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_get_method(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_method(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_get_scheme(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_scheme(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_get_request_length(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_request_length(
    ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_get_status(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_status(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_get_content_type(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_content_type(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_content_type(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_get_content_length(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_content_length(
    ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_get_last_modified(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_set_last_modified(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_last_modified(ngx_http_wasm_ctx_t *ctx);
static ngx_int_t ngx_http_wasm_set_nothing(ngx_http_wasm_ctx_t *ctx,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_remove_nothing(ngx_http_wasm_ctx_t *ctx);


static ngx_http_wasm_field_t  ngx_http_wasm_request_fields[] = {

    { ngx_string(":authority"), ngx_http_wasm_get_authority,
      ngx_http_wasm_set_authority, ngx_http_wasm_remove_authority },

    { ngx_string(":path"), ngx_http_wasm_get_path,
      ngx_http_wasm_set_path, ngx_http_wasm_remove_nothing },

    { ngx_string(":method"), ngx_http_wasm_get_method,
      ngx_http_wasm_set_method, ngx_http_wasm_remove_nothing },

    { ngx_string(":scheme"), ngx_http_wasm_get_scheme,
      ngx_http_wasm_set_scheme, ngx_http_wasm_remove_nothing },

    { ngx_string("content-length"), ngx_http_wasm_get_request_length,
      ngx_http_wasm_set_nothing, ngx_http_wasm_remove_request_length },

    { ngx_null_string, NULL, NULL, NULL }
};


static ngx_http_wasm_field_t  ngx_http_wasm_response_fields[] = {

    { ngx_string(":status"), ngx_http_wasm_get_status,
      ngx_http_wasm_set_status, ngx_http_wasm_remove_nothing },

    { ngx_string("content-type"), ngx_http_wasm_get_content_type,
      ngx_http_wasm_set_content_type, ngx_http_wasm_remove_content_type },

    { ngx_string("content-length"), ngx_http_wasm_get_content_length,
      ngx_http_wasm_set_nothing, ngx_http_wasm_remove_content_length },

    { ngx_string("last-modified"), ngx_http_wasm_get_last_modified,
      ngx_http_wasm_set_last_modified, ngx_http_wasm_remove_last_modified },

    { ngx_null_string, NULL, NULL, NULL }
};


/* releases with a pointer to a chain of lines, and those with an array */

#if (nginx_version >= 1023000)

#define ngx_http_wasm_cookies  cookie

#define ngx_http_wasm_line_init(h)  (h)->next = NULL

/* has it pointers that don't stand in the slot itself? */
#define ngx_http_wasm_slot_multi(slot, h)  ((h)->next != NULL)


static void
ngx_http_wasm_slot_clear(ngx_http_wasm_slot_t *slot, void *p)
{
    *(ngx_table_elt_t **) p = NULL;
}


static ngx_int_t
ngx_http_wasm_slot_add(ngx_http_wasm_slot_t *slot, void *p, ngx_pool_t *pool,
    ngx_table_elt_t *h)
{
    ngx_table_elt_t  **ph;

    for (ph = p; *ph; ph = &(*ph)->next) { /* void */ }

    h->next = NULL;
    *ph = h;

    return NGX_OK;
}

#else

#define ngx_http_wasm_cookies  cookies

#define ngx_http_wasm_line_init(h)

#define ngx_http_wasm_slot_multi(slot, h)                                     \
    ((slot)->flags & NGX_HTTP_WASM_MULTI)


static void
ngx_http_wasm_slot_clear(ngx_http_wasm_slot_t *slot, void *p)
{
    if (slot->flags & NGX_HTTP_WASM_MULTI) {
        ((ngx_array_t *) p)->nelts = 0;
        return;
    }

    *(ngx_table_elt_t **) p = NULL;
}


static ngx_int_t
ngx_http_wasm_slot_add(ngx_http_wasm_slot_t *slot, void *p, ngx_pool_t *pool,
    ngx_table_elt_t *h)
{
    ngx_array_t       *array = p;
    ngx_table_elt_t  **ph;

    if (!(slot->flags & NGX_HTTP_WASM_MULTI)) {
        ph = p;

        if (*ph == NULL) {
            *ph = h;
        }

        return NGX_OK;
    }

    if (array->elts == NULL
        && ngx_array_init(array, pool, 1, sizeof(ngx_table_elt_t *)) != NGX_OK)
    {
        return NGX_ERROR;
    }

    ph = ngx_array_push(array);
    if (ph == NULL) {
        return NGX_ERROR;
    }

    *ph = h;

    return NGX_OK;
}

#endif


#define ngx_http_wasm_in(name, field)                                         \
    { ngx_string(name), offsetof(ngx_http_headers_in_t, field),               \
      NGX_HTTP_WASM_SLOT }

/* the hidden ones first */

static ngx_http_wasm_slot_t  ngx_http_wasm_request_slots[] = {

    { ngx_string("host"), offsetof(ngx_http_headers_in_t, host),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN },

    { ngx_string("content-length"),
      offsetof(ngx_http_headers_in_t, content_length),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN },

    { ngx_string("connection"),
      offsetof(ngx_http_headers_in_t, connection),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED },

    { ngx_string("transfer-encoding"),
      offsetof(ngx_http_headers_in_t, transfer_encoding),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED },

    { ngx_string("expect"),
      offsetof(ngx_http_headers_in_t, expect),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED },

    { ngx_string("keep-alive"),
      offsetof(ngx_http_headers_in_t, keep_alive),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_FIXED },

    { ngx_string("cookie"),
      offsetof(ngx_http_headers_in_t, ngx_http_wasm_cookies),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI },

#if (NGX_HTTP_X_FORWARDED_FOR)
    { ngx_string("x-forwarded-for"),
      offsetof(ngx_http_headers_in_t, x_forwarded_for),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI },
#endif

    ngx_http_wasm_in("if-modified-since", if_modified_since),
    ngx_http_wasm_in("if-unmodified-since", if_unmodified_since),
    ngx_http_wasm_in("if-match", if_match),
    ngx_http_wasm_in("if-none-match", if_none_match),
    ngx_http_wasm_in("user-agent", user_agent),
    ngx_http_wasm_in("referer", referer),
    ngx_http_wasm_in("content-range", content_range),
    ngx_http_wasm_in("content-type", content_type),
    ngx_http_wasm_in("range", range),
    ngx_http_wasm_in("if-range", if_range),
    ngx_http_wasm_in("te", te),
    ngx_http_wasm_in("upgrade", upgrade),
#if (NGX_HTTP_GZIP || NGX_HTTP_HEADERS)
    ngx_http_wasm_in("accept-encoding", accept_encoding),
    ngx_http_wasm_in("via", via),
#endif
    ngx_http_wasm_in("authorization", authorization),
#if (NGX_HTTP_REALIP)
    ngx_http_wasm_in("x-real-ip", x_real_ip),
#endif
#if (NGX_HTTP_HEADERS)
    ngx_http_wasm_in("accept", accept),
    ngx_http_wasm_in("accept-language", accept_language),
#endif
#if (NGX_HTTP_DAV)
    ngx_http_wasm_in("depth", depth),
    ngx_http_wasm_in("destination", destination),
    ngx_http_wasm_in("overwrite", overwrite),
    ngx_http_wasm_in("date", date),
#endif

    { ngx_null_string, 0, 0 }
};


#define ngx_http_wasm_out(name, field)                                        \
    { ngx_string(name), offsetof(ngx_http_headers_out_t, field),              \
      NGX_HTTP_WASM_SLOT }

/* the hidden ones first */

static ngx_http_wasm_slot_t  ngx_http_wasm_response_slots[] = {

    { ngx_string("content-length"),
      offsetof(ngx_http_headers_out_t, content_length),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN },

    { ngx_string("content-type"), 0, NGX_HTTP_WASM_HIDDEN },

    { ngx_string("last-modified"),
      offsetof(ngx_http_headers_out_t, last_modified),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN },

    { ngx_string("connection"), 0, NGX_HTTP_WASM_FIXED },
    { ngx_string("keep-alive"), 0, NGX_HTTP_WASM_FIXED },
    { ngx_string("transfer-encoding"), 0, NGX_HTTP_WASM_FIXED },
    { ngx_string("upgrade"), 0, NGX_HTTP_WASM_FIXED },
    { ngx_string("te"), 0, NGX_HTTP_WASM_FIXED },

    { ngx_string("cache-control"),
      offsetof(ngx_http_headers_out_t, cache_control),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI },

    { ngx_string("link"), offsetof(ngx_http_headers_out_t, link),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI },

    /* nginx makes its own locations absolute */

    { ngx_string("location"), offsetof(ngx_http_headers_out_t, location),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_OWN },

    ngx_http_wasm_out("server", server),
    ngx_http_wasm_out("date", date),
    ngx_http_wasm_out("content-encoding", content_encoding),
    ngx_http_wasm_out("refresh", refresh),
    ngx_http_wasm_out("content-range", content_range),
    ngx_http_wasm_out("accept-ranges", accept_ranges),
    ngx_http_wasm_out("www-authenticate", www_authenticate),
    ngx_http_wasm_out("expires", expires),
    ngx_http_wasm_out("etag", etag),

    { ngx_null_string, 0, 0 }
};


static ngx_http_wasm_map_t  ngx_http_wasm_maps[] = {

    { ngx_http_wasm_request_fields, ngx_http_wasm_request_slots,
      offsetof(ngx_http_request_t, headers_in),
      sizeof(ngx_http_headers_in_t) },

    { ngx_http_wasm_response_fields, ngx_http_wasm_response_slots,
      offsetof(ngx_http_request_t, headers_out),
      sizeof(ngx_http_headers_out_t) }
};


#define ngx_http_wasm_map_struct(ctx, map)                                    \
    ((u_char *) (ctx)->request + (map)->offset)

/* the list is the first member of both structures */

#define ngx_http_wasm_map_list(ctx, map)                                      \
    ((ngx_list_t *) ngx_http_wasm_map_struct(ctx, map))


static ngx_str_t  ngx_http_wasm_host_name = ngx_string("host");
static ngx_str_t  ngx_http_wasm_length_name = ngx_string("content-length");
static ngx_str_t  ngx_http_wasm_modified_name = ngx_string("last-modified");


static struct {
    ngx_str_t   name;
    ngx_uint_t  method;
} ngx_http_wasm_methods[] = {
    { ngx_string("GET"), NGX_HTTP_GET },
    { ngx_string("HEAD"), NGX_HTTP_HEAD },
    { ngx_string("POST"), NGX_HTTP_POST },
    { ngx_string("PUT"), NGX_HTTP_PUT },
    { ngx_string("DELETE"), NGX_HTTP_DELETE },
    { ngx_string("MKCOL"), NGX_HTTP_MKCOL },
    { ngx_string("COPY"), NGX_HTTP_COPY },
    { ngx_string("MOVE"), NGX_HTTP_MOVE },
    { ngx_string("OPTIONS"), NGX_HTTP_OPTIONS },
    { ngx_string("PROPFIND"), NGX_HTTP_PROPFIND },
    { ngx_string("PROPPATCH"), NGX_HTTP_PROPPATCH },
    { ngx_string("LOCK"), NGX_HTTP_LOCK },
    { ngx_string("UNLOCK"), NGX_HTTP_UNLOCK },
    { ngx_string("PATCH"), NGX_HTTP_PATCH },
    { ngx_string("TRACE"), NGX_HTTP_TRACE },
    { ngx_null_string, 0 }
};


/* --- reading ------------------------------------------------------------ */

/* A key that is asked for is in lower case. */


uint32_t
ngx_http_wasm_headers_count(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir)
{
    uint32_t                n;
    ngx_uint_t              i;
    ngx_list_part_t        *part;
    ngx_table_elt_t        *h;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];
    n = 0;

    for (field = map->fields; field->name.len; field++) {
        n += (field->get(ctx, NULL) == NGX_OK);
    }

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            n += ngx_http_wasm_headers_visible(map, &h[i]);
        }
    }

    return n;
}


/* the fields (stage 0), then the lines */

ngx_uint_t
ngx_http_wasm_headers_next(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    struct pw_cursor *at, struct pw_pair *pair)
{
    ngx_str_t                value;
    ngx_table_elt_t         *h;
    const ngx_list_part_t   *part;
    ngx_http_wasm_map_t     *map;
    ngx_http_wasm_field_t   *field;

    map = &ngx_http_wasm_maps[dir];

    if (at->stage == 0) {

        while (map->fields[at->index].name.len) {
            field = &map->fields[at->index++];

            if (field->get(ctx, &value) == NGX_OK) {
                pair->key.data = (char *) field->name.data;
                pair->key.len = field->name.len;
                pair->value.data = (char *) value.data;
                pair->value.len = value.len;
                return 1;
            }
        }

        at->stage = 1;
        at->index = 0;
        at->part = &ngx_http_wasm_map_list(ctx, map)->part;
    }

    for (part = at->part; part; part = part->next) {

        while (at->index < part->nelts) {
            h = (ngx_table_elt_t *) part->elts + at->index++;

            if (ngx_http_wasm_headers_visible(map, h)) {
                at->part = part;

                pair->key.data = (char *) ngx_http_wasm_headers_lower(ctx, dir,
                                                                      h);
                if (pair->key.data == NULL) {
                    return 0;
                }

                pair->key.len = h->key.len;
                pair->value.data = (char *) h->value.data;
                pair->value.len = h->value.len;
                return 1;
            }
        }

        at->index = 0;
    }

    at->part = NULL;

    return 0;
}


ngx_uint_t
ngx_http_wasm_headers_get(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    ngx_str_t *key, ngx_str_t *value)
{
    u_char                 *base;
    ngx_table_elt_t        *h;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];
    base = ngx_http_wasm_map_struct(ctx, map);

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->get(ctx, value) == NGX_OK;
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_HIDDEN)) {
        return 0;
    }

    if (slot && slot->flags == NGX_HTTP_WASM_SLOT) {
        h = *(ngx_table_elt_t **) (base + slot->offset);

        if (h && h->hash == 0) {
            h = NULL;
        }

    } else {
        h = ngx_http_wasm_headers_find(ngx_http_wasm_map_list(ctx, map), key);
    }

    if (h == NULL) {
        return 0;
    }

    *value = h->value;

    return 1;
}


static ngx_http_wasm_field_t *
ngx_http_wasm_headers_field(ngx_http_wasm_map_t *map, ngx_str_t *key)
{
    ngx_http_wasm_field_t  *field;

    for (field = map->fields; field->name.len; field++) {
        if (field->name.len == key->len
            && ngx_memcmp(field->name.data, key->data, key->len) == 0)
        {
            return field;
        }
    }

    return NULL;
}


static ngx_http_wasm_slot_t *
ngx_http_wasm_headers_slot(ngx_http_wasm_map_t *map, ngx_str_t *key)
{
    ngx_http_wasm_slot_t  *slot;

    for (slot = map->slots; slot->name.len; slot++) {
        if (slot->name.len == key->len
            && ngx_strncasecmp(slot->name.data, key->data, key->len) == 0)
        {
            return slot;
        }
    }

    return NULL;
}


/* not those that are shown as a field, or not at all */

static ngx_uint_t
ngx_http_wasm_headers_visible(ngx_http_wasm_map_t *map, ngx_table_elt_t *h)
{
    ngx_http_wasm_slot_t  *slot;

    if (h->hash == 0) {
        return 0;
    }

    for (slot = map->slots; slot->flags & NGX_HTTP_WASM_HIDDEN; slot++) {
        if (slot->name.len == h->key.len
            && ngx_strncasecmp(slot->name.data, h->key.data, h->key.len) == 0)
        {
            return 0;
        }
    }

    return 1;
}


/*
 * The name in lower case.  nginx leaves lowcase_key of response lines unset:
 * those names are kept in ctx, so that asking again takes no more memory.
 */

static u_char *
ngx_http_wasm_headers_lower(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    ngx_table_elt_t *h)
{
    ngx_uint_t             i, n;
    ngx_http_wasm_name_t  *name;

    if (dir == NGX_HTTP_WASM_REQUEST) {
        return h->lowcase_key;
    }

    n = ctx->names.nelts;
    name = ctx->names.elts;

    /* mostly the one after the last that was asked for */

    for (i = 0; i < n; i++) {
        ctx->names_at = (ctx->names_at + 1) % n;

        if (name[ctx->names_at].key == h->key.data) {
            return name[ctx->names_at].lower;
        }
    }

    if (ctx->names.pool == NULL
        && ngx_array_init(&ctx->names, ctx->request->pool, 16,
                          sizeof(ngx_http_wasm_name_t))
           != NGX_OK)
    {
        return NULL;
    }

    name = ngx_array_push(&ctx->names);
    if (name == NULL) {
        return NULL;
    }

    name->key = h->key.data;
    name->lower = ngx_pnalloc(ctx->request->pool, h->key.len);
    if (name->lower == NULL) {
        ctx->names.nelts--;
        return NULL;
    }

    ngx_strlow(name->lower, h->key.data, h->key.len);

    return name->lower;
}


/* removed lines of a response have no hash */

static ngx_uint_t
ngx_http_wasm_headers_is(ngx_table_elt_t *h, ngx_str_t *key)
{
    return h->key.len == key->len
           && h->hash != 0
           && ngx_strncasecmp(h->key.data, key->data, key->len) == 0;
}


static ngx_table_elt_t *
ngx_http_wasm_headers_find(ngx_list_t *list, ngx_str_t *key)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_wasm_headers_is(&h[i], key)) {
                return &h[i];
            }
        }
    }

    return NULL;
}


/* --- changing ----------------------------------------------------------- */


ngx_int_t
ngx_http_wasm_headers_add(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    ngx_str_t *key, ngx_str_t *value)
{
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->set(ctx, value);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return ngx_http_wasm_headers_push(ctx, map, key, value);
}


ngx_int_t
ngx_http_wasm_headers_replace(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *key, ngx_str_t *value)
{
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->set(ctx, value);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return ngx_http_wasm_headers_line(ctx, map, key, value);
}


ngx_int_t
ngx_http_wasm_headers_remove(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *key)
{
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->remove(ctx);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return ngx_http_wasm_headers_delete(ctx, map, key, 0);
}


ngx_int_t
ngx_http_wasm_headers_set(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    const struct pw_pair *pairs, size_t n)
{
    size_t                  i;
    ngx_str_t               key, value;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];

    if (ngx_http_wasm_headers_clear(ctx, map) != NGX_OK) {
        return NGX_ERROR;
    }

    for (field = map->fields; field->name.len; field++) {

        if (field->name.data[0] == ':') {
            continue;
        }

        for (i = 0; i < n; i++) {
            if (pairs[i].key.len == field->name.len
                && ngx_strncmp(pairs[i].key.data, field->name.data,
                               field->name.len)
                   == 0)
            {
                break;
            }
        }

        if (i == n && field->remove(ctx) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    for (i = 0; i < n; i++) {
        key.data = (u_char *) pairs[i].key.data;
        key.len = pairs[i].key.len;
        value.data = (u_char *) pairs[i].value.data;
        value.len = pairs[i].value.len;

        if (ngx_http_wasm_headers_add(ctx, dir, &key, &value) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* one more line */

static ngx_int_t
ngx_http_wasm_headers_push(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_str_t *key, ngx_str_t *value)
{
    u_char                *p;
    ngx_str_t              copy;
    ngx_table_elt_t       *h;
    ngx_http_wasm_slot_t  *slot;

    p = ngx_pnalloc(ctx->request->pool, key->len + 1);

    if (p == NULL
        || ngx_http_wasm_headers_copy(ctx->request->pool, value, &copy)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    h = ngx_list_push(ngx_http_wasm_map_list(ctx, map));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->hash = ngx_hash_strlow(p, key->data, key->len);
    p[key->len] = '\0';

    if (h->hash == 0) {
        h->hash = 1;
    }

    h->key.data = p;
    h->key.len = key->len;
    h->lowcase_key = p;
    h->value = copy;

    ngx_http_wasm_line_init(h);

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_SLOT)
        && !(slot->flags & NGX_HTTP_WASM_OWN))
    {
        return ngx_http_wasm_slot_add(slot, ngx_http_wasm_map_struct(ctx, map)
                                            + slot->offset,
                                      ctx->request->pool, h);
    }

    return NGX_OK;
}


/* exactly one line of this name, the first one if there are */

static ngx_int_t
ngx_http_wasm_headers_line(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_wasm_headers_find(ngx_http_wasm_map_list(ctx, map), key);

    if (h == NULL) {
        return ngx_http_wasm_headers_push(ctx, map, key, value);
    }

    if (ngx_http_wasm_headers_copy(ctx->request->pool, value, &h->value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wasm_headers_delete(ctx, map, key, 1);
}


/* removes the lines of this name but the first keep ones */

static ngx_int_t
ngx_http_wasm_headers_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_uint_t keep)
{
    ngx_uint_t             i, n;
    ngx_list_part_t       *part, *prev, *next;
    ngx_table_elt_t       *h;
    ngx_http_wasm_slot_t  *slot;

    n = 0;
    prev = NULL;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part; part = next) {
        next = part->next;
        h = part->elts;

        for (i = 0; i < part->nelts; /* void */ ) {

            if (!ngx_http_wasm_headers_is(&h[i], key) || keep) {
                keep -= ngx_http_wasm_headers_is(&h[i], key);
                i++;
                continue;
            }

            n++;

            if (ngx_http_wasm_headers_cut(ctx, map, prev, part, i) != NGX_OK) {
                return NGX_ERROR;
            }

            if (h[i].hash == 0) {
                i++;               /* it has stayed in its place */
            }
        }

        if (prev == NULL || prev->next == part) {
            prev = part;
        }
    }

    if (n == 0) {
        return NGX_OK;
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    return slot ? ngx_http_wasm_headers_link(ctx, map, slot) : NGX_OK;
}


/* removes all lines that a plugin may change */

static ngx_int_t
ngx_http_wasm_headers_clear(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map)
{
    ngx_uint_t             i;
    ngx_list_part_t       *part, *prev, *next;
    ngx_table_elt_t       *h;
    ngx_http_wasm_slot_t  *slot;

    prev = NULL;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part; part = next) {
        next = part->next;
        h = part->elts;

        for (i = part->nelts; i-- > 0; /* void */ ) {

            if (!ngx_http_wasm_headers_visible(map, &h[i])) {
                continue;
            }

            slot = ngx_http_wasm_headers_slot(map, &h[i].key);

            if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
                continue;
            }

            if (ngx_http_wasm_headers_cut(ctx, map, prev, part, i) != NGX_OK) {
                return NGX_ERROR;
            }
        }

        if (prev == NULL || prev->next == part) {
            prev = part;
        }
    }

    for (slot = map->slots; slot->name.len; slot++) {
        if (ngx_http_wasm_headers_link(ctx, map, slot) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/*
 * Removes a line.  In a response it stays in its place, without a hash, as
 * nginx has it.  From a request it has to go: nginx sends on all that is in the
 * list.  The lines behind it in its part move; a part that gets empty goes,
 * unless it is the first (nginx expects a line in each other part).
 */

static ngx_int_t
ngx_http_wasm_headers_cut(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_list_part_t *prev, ngx_list_part_t *part, ngx_uint_t i)
{
    u_char                *base;
    ngx_list_t            *list;
    ngx_table_elt_t       *h, **ph;
    ngx_http_wasm_slot_t  *slot;

    h = part->elts;

    if (map == &ngx_http_wasm_maps[NGX_HTTP_WASM_RESPONSE]) {
        h[i].hash = 0;
        return NGX_OK;
    }

    list = ngx_http_wasm_map_list(ctx, map);
    base = ngx_http_wasm_map_struct(ctx, map);

    part->nelts--;
    ngx_memmove(&h[i], &h[i + 1], (part->nelts - i) * sizeof(ngx_table_elt_t));

    if (part->nelts == 0 && prev) {
        prev->next = part->next;

        if (list->last == part) {
            list->last = prev;
        }
    }

    for (slot = map->slots; slot->name.len; slot++) {

        if (!(slot->flags & NGX_HTTP_WASM_SLOT)) {
            continue;
        }

        ph = (ngx_table_elt_t **) (base + slot->offset);

        if (slot->flags & NGX_HTTP_WASM_MULTI
            || (*ph && ngx_http_wasm_slot_multi(slot, *ph)))
        {
            if (ngx_http_wasm_headers_link(ctx, map, slot) != NGX_OK) {
                return NGX_ERROR;
            }

        } else if (*ph > &h[i] && *ph <= &h[part->nelts]) {
            (*ph)--;
        }
    }

    return NGX_OK;
}


/* points nginx's pointer to the lines of its name */

static ngx_int_t
ngx_http_wasm_headers_link(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot)
{
    u_char           *p;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    if (!(slot->flags & NGX_HTTP_WASM_SLOT)) {
        return NGX_OK;
    }

    p = ngx_http_wasm_map_struct(ctx, map) + slot->offset;

    ngx_http_wasm_slot_clear(slot, p);

    if (slot->flags & NGX_HTTP_WASM_OWN) {
        return NGX_OK;
    }

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_wasm_headers_is(&h[i], &slot->name)
                && ngx_http_wasm_slot_add(slot, p, ctx->request->pool, &h[i])
                   != NGX_OK)
            {
                return NGX_ERROR;
            }
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_headers_copy(ngx_pool_t *pool, ngx_str_t *from, ngx_str_t *to)
{
    u_char  *p;

    p = ngx_pnalloc(pool, from->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(p, from->data, from->len) = '\0';

    to->data = p;
    to->len = from->len;

    return NGX_OK;
}


/* the length of a request's new body */

ngx_int_t
ngx_http_wasm_headers_length(ngx_http_wasm_ctx_t *ctx, off_t length)
{
    u_char     buf[NGX_OFF_T_LEN];
    ngx_str_t  value;

    value.data = buf;
    value.len = ngx_sprintf(buf, "%O", length) - buf;

    return ngx_http_wasm_headers_line(ctx,
                                  &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST],
                                  &ngx_http_wasm_length_name, &value);
}


void
ngx_http_wasm_headers_drop(ngx_http_request_t *r, const char *name)
{
    ngx_str_t         key;
    ngx_table_elt_t  *h;

    key.data = (u_char *) name;
    key.len = ngx_strlen(name);

    for ( ;; ) {
        h = ngx_http_wasm_headers_find(&r->headers_out.headers, &key);

        if (h == NULL) {
            return;
        }

        h->hash = 0;
    }
}


/* --- undoing ------------------------------------------------------------ */


ngx_int_t
ngx_http_wasm_headers_save(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir)
{
    size_t                      n;
    ngx_uint_t                  i;
    ngx_pool_t                 *pool;
    ngx_list_part_t            *part;
    ngx_table_elt_t            *h;
    ngx_http_request_t         *r;
    ngx_http_wasm_map_t        *map;
    ngx_http_wasm_undo_t       *undo;
    ngx_http_wasm_undo_line_t  *line;

    r = ctx->request;
    pool = r->pool;
    map = &ngx_http_wasm_maps[dir];

    undo = ngx_palloc(pool, sizeof(ngx_http_wasm_undo_t));
    if (undo == NULL) {
        return NGX_ERROR;
    }

    undo->dir = dir;
    undo->method = r->method;
    undo->method_name = r->method_name;
    undo->unparsed_uri = r->unparsed_uri;
    undo->uri = r->uri;
    undo->args = r->args;
    undo->exten = r->exten;
    undo->scheme = ctx->scheme;
    undo->length_removed = ctx->length_removed;
    undo->head = ctx->head;

    n = 0;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        n++;
    }

    undo->fields = ngx_palloc(pool, map->size);
    undo->parts = ngx_palloc(pool, n * sizeof(ngx_list_part_t));

    if (undo->fields == NULL || undo->parts == NULL
        || ngx_array_init(&undo->lines, pool, 16,
                          sizeof(ngx_http_wasm_undo_line_t))
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    ngx_memcpy(undo->fields, ngx_http_wasm_map_struct(ctx, map), map->size);

    n = 0;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        undo->parts[n++] = *part;
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            line = ngx_array_push(&undo->lines);
            if (line == NULL) {
                return NGX_ERROR;
            }

            line->at = &h[i];
            line->was = h[i];
        }
    }

    ctx->undo = undo;

    return NGX_OK;
}


void
ngx_http_wasm_headers_undo(ngx_http_wasm_ctx_t *ctx)
{
    size_t                      n;
    ngx_uint_t                  i;
    ngx_list_part_t            *part;
    ngx_http_request_t         *r;
    ngx_http_wasm_map_t        *map;
    ngx_http_wasm_undo_t       *undo;
    ngx_http_wasm_slot_t       *slot;
    ngx_http_wasm_undo_line_t  *line;

    r = ctx->request;
    undo = ctx->undo;
    map = &ngx_http_wasm_maps[undo->dir];

    ctx->undo = NULL;

    if (undo->dir == NGX_HTTP_WASM_REQUEST) {
        r->method = undo->method;
        r->method_name = undo->method_name;
        r->unparsed_uri = undo->unparsed_uri;
        r->uri = undo->uri;
        r->args = undo->args;
        r->exten = undo->exten;
        ctx->scheme = undo->scheme;
    }

    ctx->length_removed = undo->length_removed;
    ctx->head = undo->head;

    ngx_memcpy(ngx_http_wasm_map_struct(ctx, map), undo->fields, map->size);

    /* each part tells where the next one was */

    n = 0;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        *part = undo->parts[n++];
    }

    line = undo->lines.elts;

    for (i = 0; i < undo->lines.nelts; i++) {
        *line[i].at = line[i].was;
    }

    for (slot = map->slots; slot->name.len; slot++) {
        if (slot->flags & NGX_HTTP_WASM_MULTI) {
            (void) ngx_http_wasm_headers_link(ctx, map, slot);
        }
    }
}


/* --- fields of requests ------------------------------------------------- */


static ngx_int_t
ngx_http_wasm_get_authority(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->headers_in.host == NULL) {
        return NGX_DECLINED;
    }

    if (value) {
        *value = r->headers_in.host->value;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_set_authority(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char              *p;
    size_t               i, len;
    ngx_str_t            host;
    ngx_http_request_t  *r = ctx->request;

    len = value->len;

    for (i = 0; i < value->len; i++) {

        switch (value->data[i]) {

        case '/':
        case '\\':
            return NGX_OK;

        case ':':
            if (len == value->len
                && (value->data[0] != '[' || value->data[i - 1] == ']'))
            {
                len = i;
            }

            break;
        }
    }

    if (len && value->data[len - 1] == '.') {
        len--;
    }

    if (len == 0) {
        return NGX_OK;
    }

    if (ngx_http_wasm_headers_line(ctx,
                                   &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST],
                                   &ngx_http_wasm_host_name, value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    /* what $host is: no port, lower case */

    p = ngx_pnalloc(r->pool, len);
    if (p == NULL) {
        return NGX_ERROR;
    }

    ngx_strlow(p, value->data, len);

    host.data = p;
    host.len = len;

    r->headers_in.server = host;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_remove_authority(ngx_http_wasm_ctx_t *ctx)
{
    return ngx_http_wasm_headers_delete(ctx,
                                   &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST],
                                   &ngx_http_wasm_host_name, 0);
}


static ngx_int_t
ngx_http_wasm_get_path(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    if (value) {
        *value = ctx->request->unparsed_uri;
    }

    return ctx->request->unparsed_uri.len ? NGX_OK : NGX_DECLINED;
}


/* A path that nginx would not accept from a client isn't applied. */

static ngx_int_t
ngx_http_wasm_set_path(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char                    *p;
    ngx_str_t                  uri, args, exten;
    ngx_http_request_t        *r = ctx->request;
    ngx_http_core_srv_conf_t  *cscf;

    if (value->len == 0 || value->data[0] != '/') {
        return NGX_OK;
    }

    /* nginx's parser looks at the byte behind, too */

    p = ngx_pnalloc(r->pool, 2 * value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    *ngx_cpymem(p, value->data, value->len) = LF;

    uri = r->uri;
    args = r->args;
    exten = r->exten;

    r->uri_start = p;
    r->uri_end = p + value->len;
    r->uri.data = p + value->len + 1;
    r->uri.len = value->len;
    r->empty_path_in_uri = 0;
    r->quoted_uri = 0;
    r->plus_in_uri = 0;

    ngx_str_null(&r->args);
    ngx_str_null(&r->exten);

    cscf = ngx_http_get_module_srv_conf(r, ngx_http_core_module);

    if (ngx_http_parse_complex_uri(r, cscf->merge_slashes) != NGX_OK) {
        r->uri = uri;
        r->args = args;
        r->exten = exten;
        return NGX_OK;
    }

    if (r->args_start && r->uri_end > r->args_start) {
        r->args.data = r->args_start;
        r->args.len = r->uri_end - r->args_start;
    }

    r->unparsed_uri.data = p;
    r->unparsed_uri.len = value->len;
    r->valid_unparsed_uri = 1;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_get_method(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    if (value) {
        *value = ctx->request->method_name;
    }

    return ctx->request->method_name.len ? NGX_OK : NGX_DECLINED;
}


/*
 * The upstream gets the name.  r->method also says whether the client waits
 * for a body, and so never changes from or to HEAD.
 */

static ngx_int_t
ngx_http_wasm_set_method(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_uint_t           i;
    ngx_http_request_t  *r = ctx->request;

    if (value->len == 0) {
        return NGX_OK;
    }

    for (i = 0; ngx_http_wasm_methods[i].name.len; i++) {
        if (ngx_http_wasm_methods[i].name.len == value->len
            && ngx_strncmp(ngx_http_wasm_methods[i].name.data, value->data,
                           value->len)
               == 0)
        {
            break;
        }
    }

    ctx->head = 0;

    if (r->method != NGX_HTTP_HEAD) {

        if (ngx_http_wasm_methods[i].method == NGX_HTTP_HEAD) {
            ctx->head = 1;

        } else {
            r->method = ngx_http_wasm_methods[i].method
                        ? ngx_http_wasm_methods[i].method : NGX_HTTP_UNKNOWN;
        }
    }

    return ngx_http_wasm_headers_copy(r->pool, value, &r->method_name);
}


static ngx_int_t
ngx_http_wasm_get_scheme(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    if (value == NULL) {
        return NGX_OK;
    }

    if (ctx->scheme.len) {
        *value = ctx->scheme;
        return NGX_OK;
    }

#if (NGX_HTTP_SSL)

    if (ctx->request->connection->ssl) {
        ngx_str_set(value, "https");
        return NGX_OK;
    }

#endif

    ngx_str_set(value, "http");

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_set_scheme(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    return ngx_http_wasm_headers_copy(ctx->request->pool, value, &ctx->scheme);
}


static ngx_int_t
ngx_http_wasm_get_request_length(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->headers_in.content_length == NULL) {
        return NGX_DECLINED;
    }

    if (value) {
        *value = r->headers_in.content_length->value;
    }

    return NGX_OK;
}


/* Only the guest's view changes: the length that is sent on is the body's. */

static ngx_int_t
ngx_http_wasm_remove_request_length(ngx_http_wasm_ctx_t *ctx)
{
    if (ctx->request->headers_in.content_length == NULL) {
        return NGX_OK;
    }

    ctx->length_removed |= 1 << NGX_HTTP_WASM_REQUEST;

    return ngx_http_wasm_headers_delete(ctx,
                                   &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST],
                                   &ngx_http_wasm_length_name, 0);
}


/* --- fields of responses ------------------------------------------------ */


static ngx_int_t
ngx_http_wasm_get_status(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char      *p = ctx->status_text;
    ngx_uint_t   status = ctx->request->headers_out.status;

    if (value) {
        p[0] = (u_char) ('0' + status / 100 % 10);
        p[1] = (u_char) ('0' + status / 10 % 10);
        p[2] = (u_char) ('0' + status % 10);

        value->data = p;
        value->len = 3;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_set_status(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_int_t            status;
    ngx_http_request_t  *r = ctx->request;

    status = ngx_atoi(value->data, value->len);

    if (status < 200 || status > 599) {
        return NGX_OK;
    }

    if (r->headers_out.status != (ngx_uint_t) status) {
        r->headers_out.status = (ngx_uint_t) status;
        ngx_str_null(&r->headers_out.status_line);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_get_content_type(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char                  *p;
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    if (out->content_type.len == 0) {
        return NGX_DECLINED;
    }

    if (value == NULL) {
        return NGX_OK;
    }

    *value = out->content_type;

    if (out->charset.len == 0 || out->content_type_len != value->len) {
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool, value->len + sizeof("; charset=") - 1
                                        + out->charset.len);
    if (p == NULL) {
        return NGX_OK;
    }

    value->len = ngx_sprintf(p, "%V; charset=%V", value, &out->charset) - p;
    value->data = p;

    return NGX_OK;
}


/* as nginx takes it from an upstream */

static ngx_int_t
ngx_http_wasm_set_content_type(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char                  *p, *last;
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    if (ngx_http_wasm_headers_copy(ctx->request->pool, value,
                                   &out->content_type)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    out->content_type_len = out->content_type.len;
    out->content_type_lowcase = NULL;
    ngx_str_null(&out->charset);

    last = out->content_type.data + out->content_type.len;

    for (p = out->content_type.data; p < last; p++) {

        if (*p != ';') {
            continue;
        }

        out->content_type_len = p - out->content_type.data;

        while (*++p == ' ') { /* void */ }

        if (ngx_strncasecmp(p, (u_char *) "charset=", 8) == 0) {
            p += 8;

            if (*p == '"') {
                p++;
            }

            if (last > p && *(last - 1) == '"') {
                last--;
            }

            out->charset.data = p;
            out->charset.len = last - p;

            return NGX_OK;
        }

        out->content_type_len = out->content_type.len;
        p--;
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_remove_content_type(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    ngx_str_null(&out->content_type);
    ngx_str_null(&out->charset);
    out->content_type_len = 0;
    out->content_type_lowcase = NULL;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_get_content_length(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    if (out->content_length_n < 0) {
        return NGX_DECLINED;
    }

    if (value == NULL) {
        return NGX_OK;
    }

    if (out->content_length && out->content_length->hash) {
        *value = out->content_length->value;
        return NGX_OK;
    }

    value->data = ctx->length_text;
    value->len = ngx_sprintf(ctx->length_text, "%O", out->content_length_n)
                 - ctx->length_text;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_remove_content_length(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_request_t  *r = ctx->request;

    if (r->headers_out.content_length_n >= 0) {
        ctx->length_removed |= 1 << NGX_HTTP_WASM_RESPONSE;
        ngx_http_clear_content_length(r);
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_get_last_modified(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    u_char                  *p;
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    ngx_uint_t               line = out->last_modified
                                    && out->last_modified->hash;

    if (!line && out->last_modified_time == -1) {
        return NGX_DECLINED;
    }

    if (value == NULL) {
        return NGX_OK;
    }

    if (line) {
        *value = out->last_modified->value;
        return NGX_OK;
    }

    p = ngx_pnalloc(ctx->request->pool,
                    sizeof("Mon, 28 Sep 1970 06:00:00 GMT") - 1);
    if (p == NULL) {
        return NGX_DECLINED;
    }

    value->data = p;
    value->len = ngx_http_time(p, out->last_modified_time) - p;

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_set_last_modified(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    ngx_http_headers_out_t  *out = &ctx->request->headers_out;

    out->last_modified_time = ngx_parse_http_time(value->data, value->len);

    return ngx_http_wasm_headers_line(ctx,
                                  &ngx_http_wasm_maps[NGX_HTTP_WASM_RESPONSE],
                                  &ngx_http_wasm_modified_name, value);
}


static ngx_int_t
ngx_http_wasm_remove_last_modified(ngx_http_wasm_ctx_t *ctx)
{
    ngx_http_clear_last_modified(ctx->request);

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_set_nothing(ngx_http_wasm_ctx_t *ctx, ngx_str_t *value)
{
    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_remove_nothing(ngx_http_wasm_ctx_t *ctx)
{
    return NGX_OK;
}

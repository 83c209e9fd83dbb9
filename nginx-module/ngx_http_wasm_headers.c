
/*
 * Header maps over nginx's structures.
 *
 * A header is a line of a list, or a field of nginx's that has no line; and
 * for those that nginx itself looks at there is a pointer to the line, which is
 * kept in step.  Lines that no plugin touches keep their wire form; a plugin
 * sees lower-case names.
 */


#include "ngx_http_wasm_headers.h"


/* may there be a row of this name? */

#define ngx_http_wasm_headers_known(map, key)                                 \
    ((map)->known & (uint64_t) 1 << ngx_http_wasm_bucket(key))


/* the name of a response header, as it stands in its line and in lower case */

typedef struct {
    u_char                          *key;
    u_char                          *lower;
} ngx_http_wasm_name_t;


static ngx_uint_t ngx_http_wasm_headers_get_known(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value);
static ngx_inline ngx_http_wasm_field_t *ngx_http_wasm_headers_field(
    ngx_http_wasm_map_t *map, ngx_str_t *key);
static ngx_http_wasm_field_t *ngx_http_wasm_headers_field_of(
    ngx_http_wasm_field_t *field, ngx_str_t *key);
static ngx_inline ngx_uint_t ngx_http_wasm_headers_visible(
    ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map, ngx_table_elt_t *h);
static u_char *ngx_http_wasm_headers_lower(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_table_elt_t *h);
static ngx_inline ngx_uint_t ngx_http_wasm_headers_is(ngx_table_elt_t *h,
    ngx_str_t *key);
static ngx_table_elt_t *ngx_http_wasm_headers_find(ngx_list_t *list,
    ngx_str_t *key);
static ngx_int_t ngx_http_wasm_headers_push(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_str_t *value);
static ngx_int_t ngx_http_wasm_headers_clear(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map);
static ngx_int_t ngx_http_wasm_headers_cut(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_list_part_t *prev, ngx_list_part_t *part,
    ngx_uint_t i);


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
      NGX_HTTP_WASM_SLOT, NULL }

static ngx_http_wasm_slot_t  ngx_http_wasm_request_slots[] = {

    { ngx_string("host"), offsetof(ngx_http_headers_in_t, host),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN, NULL },

    { ngx_string("content-length"),
      offsetof(ngx_http_headers_in_t, content_length),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN, NULL },

    { ngx_string("connection"),
      offsetof(ngx_http_headers_in_t, connection),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED, NULL },

    { ngx_string("transfer-encoding"),
      offsetof(ngx_http_headers_in_t, transfer_encoding),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED, NULL },

    { ngx_string("expect"),
      offsetof(ngx_http_headers_in_t, expect),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN|NGX_HTTP_WASM_FIXED, NULL },

    { ngx_string("keep-alive"),
      offsetof(ngx_http_headers_in_t, keep_alive),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_FIXED, NULL },

    { ngx_string("cookie"),
      offsetof(ngx_http_headers_in_t, ngx_http_wasm_cookies),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI, NULL },

#if (NGX_HTTP_X_FORWARDED_FOR)
    { ngx_string("x-forwarded-for"),
      offsetof(ngx_http_headers_in_t, x_forwarded_for),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI, NULL },
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

    { ngx_null_string, 0, 0, NULL }
};


#define ngx_http_wasm_out(name, field)                                        \
    { ngx_string(name), offsetof(ngx_http_headers_out_t, field),              \
      NGX_HTTP_WASM_SLOT, NULL }

static ngx_http_wasm_slot_t  ngx_http_wasm_response_slots[] = {

    { ngx_string("content-length"),
      offsetof(ngx_http_headers_out_t, content_length),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN, NULL },

    { ngx_string("content-type"), 0, NGX_HTTP_WASM_HIDDEN, NULL },

    { ngx_string("last-modified"),
      offsetof(ngx_http_headers_out_t, last_modified),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_HIDDEN, NULL },

    { ngx_string("connection"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("keep-alive"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("transfer-encoding"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("upgrade"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("te"), 0, NGX_HTTP_WASM_FIXED, NULL },

    { ngx_string("cache-control"),
      offsetof(ngx_http_headers_out_t, cache_control),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI, NULL },

    { ngx_string("link"), offsetof(ngx_http_headers_out_t, link),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_MULTI, NULL },

    /* nginx makes its own locations absolute */

    { ngx_string("location"), offsetof(ngx_http_headers_out_t, location),
      NGX_HTTP_WASM_SLOT|NGX_HTTP_WASM_OWN, NULL },

    ngx_http_wasm_out("server", server),
    ngx_http_wasm_out("date", date),
    ngx_http_wasm_out("content-encoding", content_encoding),
    ngx_http_wasm_out("refresh", refresh),
    ngx_http_wasm_out("content-range", content_range),
    ngx_http_wasm_out("accept-ranges", accept_ranges),
    ngx_http_wasm_out("www-authenticate", www_authenticate),
    ngx_http_wasm_out("expires", expires),
    ngx_http_wasm_out("etag", etag),

    { ngx_null_string, 0, 0, NULL }
};


/* what would change how the message is framed or read */

static ngx_http_wasm_slot_t  ngx_http_wasm_trailer_slots[] = {
    { ngx_string("connection"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("content-encoding"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("content-length"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("content-range"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("content-type"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("host"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("keep-alive"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("te"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("trailer"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("transfer-encoding"), 0, NGX_HTTP_WASM_FIXED, NULL },
    { ngx_string("upgrade"), 0, NGX_HTTP_WASM_FIXED, NULL },

    { ngx_null_string, 0, 0, NULL }
};


static ngx_http_wasm_field_t  ngx_http_wasm_trailer_fields[] = {
    { ngx_null_string, NULL, NULL, NULL, NULL }
};


ngx_http_wasm_map_t  ngx_http_wasm_maps[NGX_HTTP_WASM_NMAPS] = {

    { ngx_http_wasm_request_fields, ngx_http_wasm_request_slots,
      offsetof(ngx_http_request_t, headers_in),
      sizeof(ngx_http_headers_in_t), 0, 0, { NULL }, { NULL } },

    { ngx_http_wasm_response_fields, ngx_http_wasm_response_slots,
      offsetof(ngx_http_request_t, headers_out),
      sizeof(ngx_http_headers_out_t), 0, 0, { NULL }, { NULL } },

    { ngx_http_wasm_trailer_fields, ngx_http_wasm_trailer_slots,
      offsetof(ngx_http_request_t, headers_out)
      + offsetof(ngx_http_headers_out_t, trailers),
      sizeof(ngx_list_t), 0, 0, { NULL }, { NULL } }
};


static ngx_str_t  ngx_http_wasm_length_name = ngx_string("content-length");


/* fills the buckets from the tables */

void
ngx_http_wasm_headers_init(void)
{
    ngx_uint_t               dir;
    ngx_http_wasm_map_t     *map;
    ngx_http_wasm_slot_t    *slot, **s;
    ngx_http_wasm_field_t   *field, **f;

    for (dir = 0; dir < NGX_HTTP_WASM_NMAPS; dir++) {
        map = &ngx_http_wasm_maps[dir];
        ngx_memzero(map->field, sizeof(map->field));
        ngx_memzero(map->slot, sizeof(map->slot));

        for (field = map->fields; field->name.len; field++) {
            f = &map->field[ngx_http_wasm_bucket(&field->name)];
            field->same = *f;
            *f = field;
            map->known |= (uint64_t) 1 << ngx_http_wasm_bucket(&field->name);
        }

        for (slot = map->slots; slot->name.len; slot++) {
            s = &map->slot[ngx_http_wasm_bucket(&slot->name)];
            slot->same = *s;
            *s = slot;
            map->known |= (uint64_t) 1 << ngx_http_wasm_bucket(&slot->name);

            if (slot->flags & NGX_HTTP_WASM_HIDDEN) {
                map->hidden_lens |= (uint32_t) 1 << slot->name.len;
            }
        }
    }
}


/* --- reading ------------------------------------------------------------ */

/* A key that is asked for is in lower case, and never empty. */


/* a line's name, as it came, and a key; mostly they differ at the end */

static ngx_inline ngx_uint_t
ngx_http_wasm_headers_same(u_char *name, u_char *key, size_t len)
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
            n += ngx_http_wasm_headers_visible(ctx, map, &h[i]);
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

            if (ngx_http_wasm_headers_visible(ctx, map, h)) {
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
    ngx_table_elt_t      *h;
    ngx_http_wasm_map_t  *map;

    map = &ngx_http_wasm_maps[dir];

    if (ngx_http_wasm_headers_known(map, key)) {
        return ngx_http_wasm_headers_get_known(ctx, map, key, value);
    }

    h = ngx_http_wasm_headers_find(ngx_http_wasm_map_list(ctx, map), key);

    if (h == NULL) {
        return 0;
    }

    *value = h->value;

    return 1;
}


/* ... if there may be a row of it */

static ngx_uint_t
ngx_http_wasm_headers_get_known(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t        *h;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->get(ctx, value) == NGX_OK;
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_HIDDEN)) {
        return 0;
    }

    if (slot && slot->flags == NGX_HTTP_WASM_SLOT) {
        h = *(ngx_table_elt_t **) (ngx_http_wasm_map_struct(ctx, map)
                                   + slot->offset);

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


static ngx_inline ngx_http_wasm_field_t *
ngx_http_wasm_headers_field(ngx_http_wasm_map_t *map, ngx_str_t *key)
{
    ngx_http_wasm_field_t  *field;

    field = map->field[ngx_http_wasm_bucket(key)];

    return field ? ngx_http_wasm_headers_field_of(field, key) : NULL;
}


static ngx_http_wasm_field_t *
ngx_http_wasm_headers_field_of(ngx_http_wasm_field_t *field, ngx_str_t *key)
{
    for ( /* void */ ; field; field = field->same) {
        if (field->name.len == key->len
            && ngx_memcmp(field->name.data, key->data, key->len) == 0)
        {
            break;
        }
    }

    return field;
}


/* key may be a line's, as it came */

ngx_http_wasm_slot_t *
ngx_http_wasm_headers_slot_of(ngx_http_wasm_slot_t *slot, ngx_str_t *key)
{
    for ( /* void */ ; slot; slot = slot->same) {
        if (slot->name.len == key->len
            && ngx_http_wasm_headers_same(key->data, slot->name.data,
                                          key->len))
        {
            break;
        }
    }

    return slot;
}


/* not those that are shown as a field, or not at all */

static ngx_inline ngx_uint_t
ngx_http_wasm_headers_visible(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_table_elt_t *h)
{
    ngx_http_wasm_slot_t  *slot;

    if (h->hash == 0) {
        return 0;
    }

    if (h->key.len >= NGX_HTTP_WASM_NAME_MAX
        || !(map->hidden_lens & (uint32_t) 1 << h->key.len))
    {
        return 1;
    }

    slot = map->slot[ngx_http_wasm_bucket(&h->key)];

    if (slot && slot->flags & NGX_HTTP_WASM_SLOT
        && h == *(ngx_table_elt_t **) (ngx_http_wasm_map_struct(ctx, map)
                                       + slot->offset))
    {
        return !(slot->flags & NGX_HTTP_WASM_HIDDEN);
    }

    slot = ngx_http_wasm_headers_slot_of(slot, &h->key);

    return slot == NULL || !(slot->flags & NGX_HTTP_WASM_HIDDEN);
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


/* Is there no line that counts? */

ngx_uint_t
ngx_http_wasm_headers_empty(ngx_list_t *list)
{
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash) {
                return 0;
            }
        }
    }

    return 1;
}


/* removed lines of a response have no hash */

static ngx_inline ngx_uint_t
ngx_http_wasm_headers_is(ngx_table_elt_t *h, ngx_str_t *key)
{
    return h->key.len == key->len
           && h->hash != 0
           && ngx_http_wasm_headers_same(h->key.data, key->data, key->len);
}


static ngx_table_elt_t *
ngx_http_wasm_headers_find(ngx_list_t *list, ngx_str_t *key)
{
    u_char            last;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *end;

    last = key->data[key->len - 1] | 0x20;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (end = h + part->nelts; h < end; h++) {

            if (h->key.len == key->len
                && (h->key.data[key->len - 1] | 0x20) == last
                && ngx_http_wasm_headers_is(h, key))
            {
                return h;
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

    if (!ngx_http_wasm_headers_known(map, key)) {
        return ngx_http_wasm_headers_push(ctx, map, NULL, key, value);
    }

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->set(ctx, value);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return ngx_http_wasm_headers_push(ctx, map, slot, key, value);
}


ngx_int_t
ngx_http_wasm_headers_replace(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *key, ngx_str_t *value)
{
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];

    if (!ngx_http_wasm_headers_known(map, key)) {
        return ngx_http_wasm_headers_line(ctx, map, NULL, key, value);
    }

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->set(ctx, value);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return ngx_http_wasm_headers_line(ctx, map, slot, key, value);
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

    return ngx_http_wasm_headers_delete(ctx, map, slot, key, 0);
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


/* one more line; key is in lower case */

static ngx_int_t
ngx_http_wasm_headers_push(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot, ngx_str_t *key, ngx_str_t *value)
{
    u_char           *p;
    ngx_table_elt_t  *h;

    p = ngx_pnalloc(ctx->request->pool, key->len + 1 + value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    h = ngx_list_push(ngx_http_wasm_map_list(ctx, map));
    if (h == NULL) {
        return NGX_ERROR;
    }

    h->key.data = p;
    h->key.len = key->len;
    h->lowcase_key = p;

    p = ngx_cpymem(p, key->data, key->len);
    *p++ = '\0';

    h->value.data = p;
    h->value.len = value->len;

    *ngx_cpymem(p, value->data, value->len) = '\0';

    /* of a response's line nothing but 0 means anything */

    h->hash = 1;

    if (map == &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST]) {
        h->hash = ngx_hash_key(h->key.data, h->key.len);
        h->hash += (h->hash == 0);
    }

    ngx_http_wasm_line_init(h);

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

ngx_int_t
ngx_http_wasm_headers_line(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot, ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_wasm_headers_find(ngx_http_wasm_map_list(ctx, map), key);

    if (h == NULL) {
        return ngx_http_wasm_headers_push(ctx, map, slot, key, value);
    }

    if (ngx_http_wasm_headers_copy(ctx->request->pool, value, &h->value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wasm_headers_delete(ctx, map, slot, key, 1);
}


/* removes the lines of this name but the first keep ones */

ngx_int_t
ngx_http_wasm_headers_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_uint_t keep)
{
    ngx_uint_t        i, n;
    ngx_list_part_t  *part, *prev, *next;
    ngx_table_elt_t  *h;

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

    return (n && slot) ? ngx_http_wasm_headers_link(ctx, map, slot) : NGX_OK;
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

            if (!ngx_http_wasm_headers_visible(ctx, map, &h[i])) {
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

    if (map != &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST]) {
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

ngx_int_t
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


ngx_int_t
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
    u_char                buf[NGX_OFF_T_LEN];
    ngx_str_t             value;
    ngx_http_wasm_map_t  *map;

    map = &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST];

    value.data = buf;
    value.len = ngx_sprintf(buf, "%O", length) - buf;

    return ngx_http_wasm_headers_line(ctx, map,
                         ngx_http_wasm_headers_slot(map,
                                                  &ngx_http_wasm_length_name),
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


/*
 * Header maps over nginx's structures.
 *
 * A header is a line of a list, or a field of nginx's that has no line; and
 * for those that nginx itself looks at there is a pointer to the line, which is
 * kept in step.  Lines that no plugin touches keep their wire form; a plugin
 * sees lower-case names.
 */


#include "ngx_http_wasm_headers.h"


/* the name of a response header, as it stands in its line and in lower case */

typedef struct {
    u_char                          *key;
    u_char                          *lower;
} ngx_http_wasm_name_t;


static ngx_inline ngx_uint_t ngx_http_wasm_headers_indexed(
    ngx_http_wasm_ctx_t *ctx);
static ngx_str_t *ngx_http_wasm_headers_get_any(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, u_char *name, size_t len, ngx_str_t *room);
static ngx_inline ngx_http_wasm_field_t *ngx_http_wasm_headers_field(
    ngx_http_wasm_map_t *map, ngx_str_t *key);
static ngx_http_wasm_field_t *ngx_http_wasm_headers_field_of(
    ngx_http_wasm_field_t *field, ngx_str_t *key);
static ngx_inline ngx_uint_t ngx_http_wasm_headers_visible(
    ngx_http_wasm_map_t *map, ngx_table_elt_t *h);
static u_char *ngx_http_wasm_headers_lower(ngx_http_wasm_ctx_t *ctx,
    ngx_table_elt_t *h);
static ngx_inline size_t ngx_http_wasm_headers_pair(struct pw_pair *pair,
    u_char *name, size_t len, ngx_str_t *value);
static ngx_int_t ngx_http_wasm_headers_clear(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map);


#if (nginx_version >= 1023000)
#define ngx_http_wasm_cookies  cookie
#else
#define ngx_http_wasm_cookies  cookies
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
      sizeof(ngx_http_headers_in_t), 0, { 0 }, { 0 }, { NULL },
      { NULL } },

    { ngx_http_wasm_response_fields, ngx_http_wasm_response_slots,
      offsetof(ngx_http_request_t, headers_out),
      sizeof(ngx_http_headers_out_t), 0, { 0 }, { 0 }, { NULL },
      { NULL } },

    { ngx_http_wasm_trailer_fields, ngx_http_wasm_trailer_slots,
      offsetof(ngx_http_request_t, headers_out)
      + offsetof(ngx_http_headers_out_t, trailers),
      sizeof(ngx_list_t), 0, { 0 }, { 0 }, { NULL },
      { NULL } }
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
        map->nfields = 0;
        ngx_memzero(map->slot, sizeof(map->slot));

        for (field = map->fields; field->name.len; field++) {
            f = &map->field[ngx_http_wasm_bucket(&field->name)];
            field->same = *f;
            *f = field;
            map->known[ngx_http_wasm_bucket(&field->name)] =
                                                     NGX_HTTP_WASM_LINES_MANY;
            map->nfields++;
        }

        for (slot = map->slots; slot->name.len; slot++) {
            s = &map->slot[ngx_http_wasm_bucket(&slot->name)];
            slot->same = *s;
            *s = slot;
            map->known[ngx_http_wasm_bucket(&slot->name)] =
                                                     NGX_HTTP_WASM_LINES_MANY;

            if (slot->flags & NGX_HTTP_WASM_HIDDEN) {
                map->hidden[ngx_http_wasm_bucket(&slot->name)] = 1;
            }
        }
    }
}


/* --- reading ------------------------------------------------------------ */

/* A key that is asked for is in lower case, and never empty. */


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


/*
 * The fields, then the lines: how many, and the bytes of all.  If there may not
 * be room, nothing is listed, and the result is how much surely is enough.
 */

size_t
ngx_http_wasm_headers_list(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    struct pw_pair *pairs, size_t room, uint64_t *bytes)
{
    size_t                  n;
    u_char                 *name;
    uint64_t                size;
    ngx_str_t               value;
    struct pw_pair         *p;
    ngx_list_part_t        *part, *first;
    ngx_table_elt_t        *h, *end;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];
    first = &ngx_http_wasm_map_list(ctx, map)->part;

    n = map->nfields;

    for (part = first; part; part = part->next) {
        n += part->nelts;
    }

    if (n > room) {
        return n;
    }

    p = pairs;
    size = 0;

    for (field = map->fields; field->name.len; field++) {

        if (field->get(ctx, &value) == NGX_OK) {
            size += ngx_http_wasm_headers_pair(p++, field->name.data,
                                               field->name.len, &value);
        }
    }

    for (part = first; part; part = part->next) {
        h = part->elts;

        for (end = h + part->nelts; h < end; h++) {

            if (!ngx_http_wasm_headers_visible(map, h)) {
                continue;
            }

            name = h->lowcase_key;

            if (dir != NGX_HTTP_WASM_REQUEST) {
                name = ngx_http_wasm_headers_lower(ctx, h);

                if (name == NULL) {
                    return SIZE_MAX;
                }
            }

            size += ngx_http_wasm_headers_pair(p++, name, h->key.len,
                                               &h->value);
        }
    }

    *bytes = size;

    return p - pairs;
}


static ngx_inline size_t
ngx_http_wasm_headers_pair(struct pw_pair *pair, u_char *name, size_t len,
    ngx_str_t *value)
{
    pair->key.data = (char *) name;
    pair->key.len = len;
    pair->value.data = (char *) value->data;
    pair->value.len = value->len;

    return len + value->len;
}


/* of all names and values; 0 of a response that there isn't yet */

size_t
ngx_http_wasm_headers_bytes(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir)
{
    size_t                  size;
    ngx_str_t               value;
    ngx_uint_t              i;
    ngx_list_part_t        *part;
    ngx_table_elt_t        *h;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_field_t  *field;

    if (dir == NGX_HTTP_WASM_RESPONSE && ctx->request->headers_out.status == 0)
    {
        return 0;
    }

    map = &ngx_http_wasm_maps[dir];
    size = 0;

    for (field = map->fields; field->name.len; field++) {
        if (field->get(ctx, &value) == NGX_OK) {
            size += field->name.len + value.len;
        }
    }

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_wasm_headers_visible(map, &h[i])) {
                size += h[i].key.len + h[i].value.len;
            }
        }
    }

    return size;
}


/*
 * NULL: it isn't there; room is for values that stand in no line.  The index is
 * made when a plugin looks for the second name that has no row.
 */

ngx_str_t *
ngx_http_wasm_headers_get(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    u_char *name, size_t len, ngx_str_t *room)
{
    ngx_str_t  *value;

    if (dir == NGX_HTTP_WASM_REQUEST
        && !ngx_http_wasm_maps[dir].known[ngx_http_wasm_bucket_of(name, len)]
        && ngx_http_wasm_headers_indexed(ctx)
        && ngx_http_wasm_lines_get(ctx, name, len, &value) == NGX_OK)
    {
        return value;
    }

    return ngx_http_wasm_headers_get_any(ctx, dir, name, len, room);
}


/* ... without the index */

static ngx_http_wasm_noinline ngx_str_t *
ngx_http_wasm_headers_get_any(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, u_char *name, size_t len, ngx_str_t *room)
{
    ngx_str_t               key;
    ngx_table_elt_t        *h;
    ngx_http_wasm_map_t    *map;
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    map = &ngx_http_wasm_maps[dir];
    key.data = name;
    key.len = len;

    field = ngx_http_wasm_headers_field(map, &key);

    if (field) {
        return (field->get(ctx, room) == NGX_OK) ? room : NULL;
    }

    slot = ngx_http_wasm_headers_slot(map, &key);

    if (slot && (slot->flags & NGX_HTTP_WASM_HIDDEN)) {
        return NULL;
    }

    if (slot && slot->flags == NGX_HTTP_WASM_SLOT) {
        h = *ngx_http_wasm_slot_line(ctx, map, slot);

        return (h && h->hash) ? &h->value : NULL;
    }

    h = ngx_http_wasm_lines_find(ngx_http_wasm_map_list(ctx, map), &key);

    return h ? &h->value : NULL;
}


static ngx_inline ngx_uint_t
ngx_http_wasm_headers_indexed(ngx_http_wasm_ctx_t *ctx)
{
    if (ctx->known & NGX_HTTP_WASM_KNOWN_INDEX) {
        return 1;
    }

    if (!(ctx->known & NGX_HTTP_WASM_KNOWN_KEEPS)) {
        return 0;
    }

    ctx->known += NGX_HTTP_WASM_KNOWN_ASKED;

    return ctx->known >= 2 * NGX_HTTP_WASM_KNOWN_ASKED
           && ngx_http_wasm_lines_index(ctx) == NGX_OK;
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
            && ngx_http_wasm_lines_same(key->data, slot->name.data,
                                          key->len))
        {
            break;
        }
    }

    return slot;
}


/* not those that are shown as a field, or not at all */

static ngx_inline ngx_uint_t
ngx_http_wasm_headers_visible(ngx_http_wasm_map_t *map, ngx_table_elt_t *h)
{
    ngx_uint_t             n;
    ngx_http_wasm_slot_t  *slot;

    if (h->hash == 0) {
        return 0;
    }

    if (h->key.len == 0) {
        return 1;
    }

    n = ngx_http_wasm_bucket(&h->key);

    if (!map->hidden[n]) {
        return 1;
    }

    slot = ngx_http_wasm_headers_slot_of(map->slot[n], &h->key);

    return slot == NULL || !(slot->flags & NGX_HTTP_WASM_HIDDEN);
}


/*
 * The name in lower case.  nginx leaves lowcase_key of response lines unset:
 * those names are kept in ctx, so that asking again takes no more memory.
 */

static ngx_http_wasm_noinline u_char *
ngx_http_wasm_headers_lower(ngx_http_wasm_ctx_t *ctx, ngx_table_elt_t *h)
{
    ngx_uint_t             i, n;
    ngx_http_wasm_name_t  *name;

    for (i = 0; i < h->key.len; i++) {
        if (h->key.data[i] >= 'A' && h->key.data[i] <= 'Z') {
            break;
        }
    }

    if (i == h->key.len) {
        return h->key.data;        /* all that plugins have added */
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


/* --- changing ----------------------------------------------------------- */


/* Adds a field, or sets it, that there may be a row of. */

ngx_int_t
ngx_http_wasm_headers_change(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_str_t *key, ngx_str_t *value, ngx_uint_t add)
{
    ngx_http_wasm_slot_t   *slot;
    ngx_http_wasm_field_t  *field;

    field = ngx_http_wasm_headers_field(map, key);
    if (field) {
        return field->set(ctx, value);
    }

    slot = ngx_http_wasm_headers_slot(map, key);

    if (slot && (slot->flags & NGX_HTTP_WASM_FIXED)) {
        return NGX_OK;
    }

    return add ? ngx_http_wasm_lines_push(ctx, map, slot, key, value)
               : ngx_http_wasm_lines_set(ctx, map, slot, key, value);
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

    return ngx_http_wasm_lines_delete(ctx, map, slot, key, 0);
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

            ngx_http_wasm_lines_cut(ctx, map, prev, part, i,
                                    NGX_HTTP_WASM_LINES_ALL);
        }

        if (prev == NULL || prev->next == part) {
            prev = part;
        }
    }

    return ngx_http_wasm_lines_relink(ctx, map, NGX_HTTP_WASM_LINES_ALL);
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

    return ngx_http_wasm_lines_set(ctx, map,
                         ngx_http_wasm_headers_slot(map,
                                                  &ngx_http_wasm_length_name),
                         &ngx_http_wasm_length_name, &value);
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

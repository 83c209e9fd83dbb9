
/*
 * Lines of nginx's lists of headers: found, added, changed, removed, and its
 * own pointers to them kept in step.
 */


#include "ngx_http_wasm_headers.h"


static ngx_inline ngx_uint_t ngx_http_wasm_lines_like(ngx_table_elt_t *h,
    ngx_str_t *key);
static ngx_inline u_char *ngx_http_wasm_lines_copy(u_char *p, u_char *data,
    size_t len);
static ngx_inline ngx_uint_t ngx_http_wasm_lines_hash(ngx_str_t *name);
static ngx_int_t ngx_http_wasm_lines_reset(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_str_t *value);
static uint64_t ngx_http_wasm_lines_multi(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map);


/* releases with a pointer to a chain of lines, and those with an array */

#if (nginx_version >= 1023000)

#define ngx_http_wasm_line_init(h)  (h)->next = NULL

/* has it pointers that don't stand in the slot itself? */
#define ngx_http_wasm_slot_multi(slot, h)  ((h)->next != NULL)

/* where to add what comes behind h */
#define ngx_http_wasm_slot_behind(p, h)  ((u_char *) &(h)->next)


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

#define ngx_http_wasm_line_init(h)

#define ngx_http_wasm_slot_multi(slot, h)                                     \
    ((slot)->flags & NGX_HTTP_WASM_MULTI)

#define ngx_http_wasm_slot_behind(p, h)  (p)


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


/* Is there no line that counts? */

ngx_uint_t
ngx_http_wasm_lines_empty(ngx_list_t *list)
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


/* the first line of this name, which is in lower case */

ngx_table_elt_t *
ngx_http_wasm_lines_find(ngx_list_t *list, ngx_str_t *key)
{
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *end;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (end = h + part->nelts; h < end; h++) {
            if (ngx_http_wasm_lines_is(h, key)) {
                return h;
            }
        }
    }

    return NULL;
}


/*
 * Where the request's names are, good until somebody changes a header.  A list
 * has its first lines in one part, and that is all if they are not very many.
 */

ngx_int_t
ngx_http_wasm_lines_index(ngx_http_wasm_ctx_t *ctx)
{
    u_char           *at;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    part = &ctx->request->headers_in.headers.part;

    if (part->next || part->nelts >= NGX_HTTP_WASM_LINES_MANY) {
        return NGX_DECLINED;
    }

    ngx_memcpy(ctx->index, ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST].known,
               NGX_HTTP_WASM_NAME_BUCKETS);

    for (h = part->elts, i = 1; i <= part->nelts; h++, i++) {

        if (h->key.len == 0 || h->hash == 0) {
            continue;
        }

        at = &ctx->index[ngx_http_wasm_bucket(&h->key)];
        *at = (*at == 0 && h->lowcase_key) ? i : NGX_HTTP_WASM_LINES_MANY;
    }

    ctx->known |= NGX_HTTP_WASM_KNOWN_INDEX;

    return NGX_OK;
}


/* one more line; key is in lower case */

ngx_int_t
ngx_http_wasm_lines_push(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot, ngx_str_t *key, ngx_str_t *value)
{
    u_char           *p;
    ngx_list_t       *list;
    ngx_list_part_t  *last;
    ngx_table_elt_t  *h;

    p = ngx_pnalloc(ctx->request->pool, key->len + 1 + value->len + 1);
    if (p == NULL) {
        return NGX_ERROR;
    }

    list = ngx_http_wasm_map_list(ctx, map);
    last = list->last;

    if (last->nelts < list->nalloc) {
        h = (ngx_table_elt_t *) last->elts + last->nelts++;

    } else {
        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }
    }

    h->key.data = p;
    h->key.len = key->len;
    h->lowcase_key = p;

    p = ngx_http_wasm_lines_copy(p, key->data, key->len);

    h->value.data = p;
    h->value.len = value->len;

    (void) ngx_http_wasm_lines_copy(p, value->data, value->len);

    /* of a response's line nothing but 0 means anything */

    h->hash = (map == &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST])
              ? ngx_http_wasm_lines_hash(key) : 1;

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


/* ... and a zero behind it; names and values mostly are short */

static ngx_inline u_char *
ngx_http_wasm_lines_copy(u_char *p, u_char *data, size_t len)
{
    uint64_t  first, last;
    uint32_t  head, tail;

    if (len - sizeof(head) > 2 * sizeof(first) - sizeof(head)) {
        ngx_memcpy(p, data, len);

    } else if (len < sizeof(first)) {
        ngx_memcpy(&head, data, sizeof(head));
        ngx_memcpy(&tail, data + len - sizeof(tail), sizeof(tail));
        ngx_memcpy(p, &head, sizeof(head));
        ngx_memcpy(p + len - sizeof(tail), &tail, sizeof(tail));

    } else {
        ngx_memcpy(&first, data, sizeof(first));
        ngx_memcpy(&last, data + len - sizeof(last), sizeof(last));
        ngx_memcpy(p, &first, sizeof(first));
        ngx_memcpy(p + len - sizeof(last), &last, sizeof(last));
    }

    p += len;
    *p++ = '\0';

    return p;
}


/* what ngx_hash_key() gives, four letters at a time; never 0 */

static ngx_inline ngx_uint_t
ngx_http_wasm_lines_hash(ngx_str_t *name)
{
    u_char      *p, *last;
    ngx_uint_t   hash;

    hash = 0;
    p = name->data;
    last = p + name->len;

    for ( /* void */ ; last - p >= 4; p += 4) {
        hash = hash * (31 * 31 * 31 * 31) + p[0] * (31 * 31 * 31)
               + p[1] * (31 * 31) + p[2] * 31 + p[3];
    }

    while (p < last) {
        hash = ngx_hash(hash, *p++);
    }

    return hash ? hash : 1;
}


/* may be of this name: worth a closer look, out of the way */

static ngx_inline ngx_uint_t
ngx_http_wasm_lines_like(ngx_table_elt_t *h, ngx_str_t *key)
{
    return h->key.len == key->len
           && ((h->key.data[key->len - 1] ^ key->data[key->len - 1])
               & ~0x20) == 0;
}


/* exactly one line of this name, the first one if there are */

ngx_int_t
ngx_http_wasm_lines_set(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot, ngx_str_t *key, ngx_str_t *value)
{
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h, *end;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part;
         part = part->next)
    {
        h = part->elts;

        for (end = h + part->nelts; h < end; h++) {
            if (ngx_http_wasm_lines_like(h, key)) {
                return ngx_http_wasm_lines_reset(ctx, map, slot, key, value);
            }
        }
    }

    return ngx_http_wasm_lines_push(ctx, map, slot, key, value);
}


static ngx_http_wasm_noinline ngx_int_t
ngx_http_wasm_lines_reset(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_http_wasm_slot_t *slot, ngx_str_t *key, ngx_str_t *value)
{
    ngx_table_elt_t  *h;

    h = ngx_http_wasm_lines_find(ngx_http_wasm_map_list(ctx, map), key);

    if (h == NULL) {
        return ngx_http_wasm_lines_push(ctx, map, slot, key, value);
    }

    if (ngx_http_wasm_headers_copy(ctx->request->pool, value, &h->value)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_wasm_lines_delete(ctx, map, slot, key, 1);
}


/* removes the lines of this name but the first keep ones */

ngx_int_t
ngx_http_wasm_lines_delete(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_map_t *map, ngx_http_wasm_slot_t *slot, ngx_str_t *key,
    ngx_uint_t keep)
{
    uint64_t          multi;
    ngx_uint_t        i, n;
    ngx_list_part_t  *part, *prev, *next;
    ngx_table_elt_t  *h;

    n = 0;
    multi = 0;
    prev = NULL;

    for (part = &ngx_http_wasm_map_list(ctx, map)->part; part; part = next) {
        next = part->next;
        h = part->elts;

        for (i = 0; i < part->nelts; /* void */ ) {

            if (!ngx_http_wasm_lines_is(&h[i], key) || keep) {
                keep -= ngx_http_wasm_lines_is(&h[i], key);
                i++;
                continue;
            }

            if (n++ == 0) {
                multi = ngx_http_wasm_lines_multi(ctx, map);
            }

            ngx_http_wasm_lines_cut(ctx, map, prev, part, i, multi);

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

    if (slot) {
        multi |= (uint64_t) 1 << (slot - map->slots);
    }

    return ngx_http_wasm_lines_relink(ctx, map, multi);
}


/*
 * The slots, a bit each, that nginx has pointers of outside of themselves: they
 * are made anew when all lines are where they stay.  Of a response no line ever
 * moves.
 */

static uint64_t
ngx_http_wasm_lines_multi(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map)
{
    uint64_t               multi;
    ngx_table_elt_t       *h;
    ngx_http_wasm_slot_t  *slot;

    multi = 0;

    if (map != &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST]) {
        return 0;
    }

    for (slot = map->slots; slot->name.len; slot++) {

        if (!(slot->flags & NGX_HTTP_WASM_SLOT)) {
            continue;
        }

        if (!(slot->flags & NGX_HTTP_WASM_MULTI)) {
            h = *ngx_http_wasm_slot_line(ctx, map, slot);

            if (h == NULL || !ngx_http_wasm_slot_multi(slot, h)) {
                continue;
            }
        }

        multi |= (uint64_t) 1 << (slot - map->slots);
    }

    return multi;
}


/*
 * Removes a line.  In a response it stays in its place, without a hash, as
 * nginx has it.  From a request it has to go: nginx sends on all that is in the
 * list.  The lines behind it in its part move, and nginx's pointers to them, but
 * for those of the slots in multi; a part that gets empty goes, unless it is the
 * first (nginx expects a line in each other part).
 */

void
ngx_http_wasm_lines_cut(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    ngx_list_part_t *prev, ngx_list_part_t *part, ngx_uint_t i, uint64_t multi)
{
    ngx_list_t            *list;
    ngx_table_elt_t       *h, **ph;
    ngx_http_wasm_slot_t  *slot;

    h = part->elts;

    if (map != &ngx_http_wasm_maps[NGX_HTTP_WASM_REQUEST]) {
        h[i].hash = 0;
        return;
    }

    list = ngx_http_wasm_map_list(ctx, map);
    part->nelts--;
    ngx_memmove(&h[i], &h[i + 1], (part->nelts - i) * sizeof(ngx_table_elt_t));

    if (part->nelts == 0 && prev) {
        prev->next = part->next;

        if (list->last == part) {
            list->last = prev;
        }
    }

    for (slot = map->slots; slot->name.len; slot++) {

        if (!(slot->flags & NGX_HTTP_WASM_SLOT)
            || (multi & (uint64_t) 1 << (slot - map->slots)))
        {
            continue;
        }

        ph = ngx_http_wasm_slot_line(ctx, map, slot);

        if (*ph > &h[i] && *ph <= &h[part->nelts]) {
            (*ph)--;
        }
    }
}


/* ... of the slots that have a bit */

ngx_int_t
ngx_http_wasm_lines_relink(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
    uint64_t slots)
{
    ngx_http_wasm_slot_t  *slot;

    for (slot = map->slots; slot->name.len; slot++) {
        if ((slots & (uint64_t) 1 << (slot - map->slots))
            && ngx_http_wasm_lines_link(ctx, map, slot) != NGX_OK)
        {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


/* points nginx's pointer to the lines of its name */

ngx_int_t
ngx_http_wasm_lines_link(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_map_t *map,
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

            if (!ngx_http_wasm_lines_is(&h[i], &slot->name)) {
                continue;
            }

            if (ngx_http_wasm_slot_add(slot, p, ctx->request->pool, &h[i])
                != NGX_OK)
            {
                return NGX_ERROR;
            }

            p = ngx_http_wasm_slot_behind(p, &h[i]);
        }
    }

    return NGX_OK;
}


/* removes those of a response */

void
ngx_http_wasm_lines_drop(ngx_http_request_t *r, const char *name)
{
    ngx_str_t         key;
    ngx_uint_t        i;
    ngx_list_part_t  *part;
    ngx_table_elt_t  *h;

    key.data = (u_char *) name;
    key.len = ngx_strlen(name);

    for (part = &r->headers_out.headers.part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (ngx_http_wasm_lines_is(&h[i], &key)) {
                h[i].hash = 0;
            }
        }
    }
}

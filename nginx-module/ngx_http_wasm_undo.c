
/*
 * What a faulting callback with fail=open has changed of the headers is undone:
 * they are kept when a callback first changes one.
 */


#include "ngx_http_wasm_headers.h"


/* what a faulting callback with fail=open must not have changed */

typedef struct {
    ngx_table_elt_t                 *at;
    ngx_table_elt_t                  was;
} ngx_http_wasm_undo_line_t;

struct ngx_http_wasm_undo_s {
    ngx_http_wasm_undo_t            *next;     /* of another map */
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
    unsigned                         moved:1;
};


/* once a callback and map */

ngx_int_t
ngx_http_wasm_undo_save(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir)
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

    for (undo = ctx->undo; undo; undo = undo->next) {
        if (undo->dir == dir) {
            return NGX_OK;
        }
    }

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
    undo->moved = ctx->moved;

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

    undo->next = ctx->undo;
    ctx->undo = undo;

    return NGX_OK;
}


/* the map that was changed last */

void
ngx_http_wasm_undo_back(ngx_http_wasm_ctx_t *ctx)
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

    ctx->undo = undo->next;
    ctx->known = 0;

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
    ctx->moved = undo->moved;

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
            (void) ngx_http_wasm_lines_link(ctx, map, slot);
        }
    }
}

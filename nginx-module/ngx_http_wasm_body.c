
/*
 * Bytes of bodies: parts of nginx's buffers, in memory or in a file, that are
 * read where they are, and blocks of our own for what a plugin changed or
 * collected.  Blocks are used again within a request.
 */


#include "ngx_http_wasm_module.h"


#define NGX_HTTP_WASM_BLOCK  4096


static ngx_buf_t *ngx_http_wasm_body_alloc(ngx_http_wasm_ctx_t *ctx,
    size_t size);
static ngx_int_t ngx_http_wasm_body_file(ngx_http_request_t *r, ngx_buf_t *b,
    off_t offset, size_t len, u_char *out);


/* copies [start, start + len) */

ngx_int_t
ngx_http_wasm_body_read(ngx_http_request_t *r, ngx_http_wasm_body_t *body,
    size_t start, size_t len, u_char *out)
{
    if (len == 0) {
        return NGX_OK;
    }

    if (body->own) {
        ngx_memcpy(out, body->own->pos + start, len);
        return NGX_OK;
    }

    if (ngx_buf_in_memory(body->src)) {
        ngx_memcpy(out, body->src->pos + body->offset + start, len);
        return NGX_OK;
    }

    return ngx_http_wasm_body_file(r, body->src, body->offset + start, len,
                                   out);
}


static ngx_int_t
ngx_http_wasm_body_file(ngx_http_request_t *r, ngx_buf_t *b, off_t offset,
    size_t len, u_char *out)
{
    ssize_t      n;
    ngx_file_t  *file;

    file = b->file;

#if (NGX_HAVE_ALIGNED_DIRECTIO)

    if (file->directio && ngx_directio_off(file->fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, ngx_errno,
                      ngx_directio_off_n " \"%V\" failed", &file->name);
    }

#endif

    n = ngx_read_file(file, out, len, b->file_pos + offset);

#if (NGX_HAVE_ALIGNED_DIRECTIO)

    if (file->directio && ngx_directio_on(file->fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, ngx_errno,
                      ngx_directio_on_n " \"%V\" failed", &file->name);
    }

#endif

    if (n == NGX_ERROR) {
        return NGX_ERROR;
    }

    if ((size_t) n != len) {
        ngx_log_error(NGX_LOG_ALERT, r->connection->log, 0,
                      "wasm: read %z of %uz bytes from \"%V\"",
                      n, len, &file->name);
        return NGX_ERROR;
    }

    return NGX_OK;
}


/* puts the bytes into a block of our own with room more bytes of space */

ngx_int_t
ngx_http_wasm_body_own(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_body_t *body,
    size_t room)
{
    size_t      need, capacity;
    ngx_buf_t  *b;

    need = body->size + room;

    if (body->own) {
        capacity = body->own->end - body->own->pos;

        if (capacity >= need) {
            return NGX_OK;
        }

        need = ngx_max(need, 2 * capacity);
    }

    b = ngx_http_wasm_body_alloc(ctx, need);
    if (b == NULL) {
        return NGX_ERROR;
    }

    if (ngx_http_wasm_body_read(ctx->request, body, 0, body->size, b->pos)
        != NGX_OK)
    {
        ngx_http_wasm_body_reuse(ctx, b);
        return NGX_ERROR;
    }

    b->last = b->pos + body->size;

    if (body->own) {
        ngx_http_wasm_body_reuse(ctx, body->own);
    }

    body->own = b;
    body->src = NULL;

    return NGX_OK;
}


/* moves from's bytes behind to's */

ngx_int_t
ngx_http_wasm_body_append(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_body_t *to,
    ngx_http_wasm_body_t *from)
{
    if (ngx_http_wasm_body_own(ctx, to, from->size) != NGX_OK
        || ngx_http_wasm_body_read(ctx->request, from, 0, from->size,
                                   to->own->last)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    to->own->last += from->size;
    to->size += from->size;
    to->changed |= from->changed;

    ngx_http_wasm_body_clear(ctx, from);

    return NGX_OK;
}


/*
 * Takes cut bytes out at start and puts data there.  copy: the block that
 * body is in now is to stay as it is, somebody else has it.
 */

ngx_int_t
ngx_http_wasm_body_splice(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_body_t *body,
    size_t start, size_t cut, ngx_str_t *data, ngx_uint_t copy)
{
    u_char              *p;
    size_t               size, rest, len;
    ngx_buf_t           *b;
    ngx_http_request_t  *r;

    r = ctx->request;

    len = data ? data->len : 0;
    rest = body->size - start - cut;
    size = start + len + rest;

    if (body->own && !copy
        && size <= (size_t) (body->own->end - body->own->pos))
    {
        p = body->own->pos + start;
        ngx_memmove(p + len, p + cut, rest);
        b = body->own;

    } else {
        b = ngx_http_wasm_body_alloc(ctx, size);
        if (b == NULL) {
            return NGX_ERROR;
        }

        p = b->pos + start;

        if (ngx_http_wasm_body_read(r, body, 0, start, b->pos) != NGX_OK
            || ngx_http_wasm_body_read(r, body, start + cut, rest, p + len)
               != NGX_OK)
        {
            ngx_http_wasm_body_reuse(ctx, b);
            return NGX_ERROR;
        }

        if (body->own && !copy) {
            ngx_http_wasm_body_reuse(ctx, body->own);
        }
    }

    if (len) {
        ngx_memcpy(p, data->data, len);
    }

    b->last = b->pos + size;

    body->own = b;
    body->src = NULL;
    body->size = size;
    body->changed = 1;

    return NGX_OK;
}


void
ngx_http_wasm_body_clear(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_body_t *body)
{
    if (body->own) {
        ngx_http_wasm_body_reuse(ctx, body->own);
    }

    ngx_memzero(body, sizeof(ngx_http_wasm_body_t));
}


/* a buffer for the part of nginx's that body is */

ngx_buf_t *
ngx_http_wasm_body_view(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_body_t *body)
{
    ngx_buf_t  *b;

    b = ngx_http_wasm_body_shell(ctx);
    if (b == NULL) {
        return NULL;
    }

    *b = *body->src;

    b->tag = NULL;
    b->shadow = NULL;
    b->last_shadow = 0;
    b->last_buf = 0;
    b->last_in_chain = 0;
    b->flush = 0;
    b->sync = 0;

    if (ngx_buf_in_memory(b)) {
        b->pos += body->offset;
        b->last = b->pos + body->size;
    }

    if (b->in_file) {
        b->file_pos += body->offset;
        b->file_last = b->file_pos + body->size;
    }

    return b;
}


/* a buffer without memory */

ngx_buf_t *
ngx_http_wasm_body_shell(ngx_http_wasm_ctx_t *ctx)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    cl = ctx->shells;

    if (cl == NULL) {
        return ngx_calloc_buf(ctx->request->pool);
    }

    b = cl->buf;
    ctx->shells = cl->next;
    ngx_free_chain(ctx->request->pool, cl);

    ngx_memzero(b, sizeof(ngx_buf_t));

    return b;
}


/* an empty block for size bytes */

static ngx_buf_t *
ngx_http_wasm_body_alloc(ngx_http_wasm_ctx_t *ctx, size_t size)
{
    ngx_buf_t    *b;
    ngx_pool_t   *pool;
    ngx_chain_t  *cl, **ll;

    pool = ctx->request->pool;
    b = NULL;

    for (ll = &ctx->free; *ll; ll = &cl->next) {
        cl = *ll;

        if ((size_t) (cl->buf->end - cl->buf->start) < size) {
            continue;
        }

        b = cl->buf;
        *ll = cl->next;
        ngx_free_chain(pool, cl);

        return b;
    }

    size = ngx_align(ngx_max(size, 1), NGX_HTTP_WASM_BLOCK);

    if (ctx->free) {

        /* all are too small: one of them becomes larger */

        cl = ctx->free;
        ctx->free = cl->next;
        b = cl->buf;
        ngx_free_chain(pool, cl);
        (void) ngx_pfree(pool, b->start);

    } else {
        b = ngx_calloc_buf(pool);
        if (b == NULL) {
            return NULL;
        }

        b->tag = (ngx_buf_tag_t) &ngx_http_wasm_filter_module;
        b->temporary = 1;
    }

    b->start = ngx_palloc(pool, size);
    if (b->start == NULL) {
        return NULL;
    }

    b->pos = b->start;
    b->last = b->start;
    b->end = b->start + size;

    return b;
}


/* takes back a block or a shell that nobody uses any more */

void
ngx_http_wasm_body_reuse(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b)
{
    ngx_chain_t  *cl, **list;

    cl = ngx_alloc_chain_link(ctx->request->pool);
    if (cl == NULL) {
        return;
    }

    list = &ctx->shells;

    if (b->tag == (ngx_buf_tag_t) &ngx_http_wasm_filter_module) {
        list = &ctx->free;

        b->pos = b->start;
        b->last = b->start;
        b->shadow = NULL;
        b->flush = 0;
        b->sync = 0;
        b->last_buf = 0;
        b->last_in_chain = 0;
    }

    cl->buf = b;
    cl->next = *list;
    *list = cl;
}


/* to the end of a chain, whose place *last is */

ngx_int_t
ngx_http_wasm_body_put(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b,
    ngx_chain_t ***last)
{
    ngx_chain_t  *cl;

    cl = ngx_alloc_chain_link(ctx->request->pool);
    if (cl == NULL) {
        return NGX_ERROR;
    }

    cl->buf = b;
    cl->next = NULL;

    **last = cl;
    *last = &cl->next;

    return NGX_OK;
}


/*
 * Takes back those that are used up from a chain that filters behind have, and
 * with the last of them that came from a buffer of nginx's, that one.
 */

void
ngx_http_wasm_body_update(ngx_http_wasm_ctx_t *ctx, ngx_chain_t **busy)
{
    ngx_buf_t    *b;
    ngx_chain_t  *cl;

    while (*busy) {
        cl = *busy;
        b = cl->buf;

        if (ngx_buf_size(b) != 0) {
            break;
        }

        if (b->shadow) {
            ngx_http_wasm_body_consume(b->shadow);
        }

        if (ctx->shadow == b) {
            ctx->shadow = NULL;
        }

        *busy = cl->next;
        ngx_free_chain(ctx->request->pool, cl);

        ngx_http_wasm_body_reuse(ctx, b);
    }
}


/* marks a buffer of nginx's as used up */

void
ngx_http_wasm_body_consume(ngx_buf_t *b)
{
    b->pos = b->last;
    b->file_pos = b->file_last;
}


off_t
ngx_http_wasm_body_bytes(ngx_chain_t *cl)
{
    off_t  size;

    for (size = 0; cl; cl = cl->next) {
        size += ngx_buf_size(cl->buf);
    }

    return size;
}


/*
 * Headers that are fields of nginx's and not, or not only, lines of its lists;
 * pseudo-headers are among them.
 */


#include "ngx_http_wasm_headers.h"


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
static ngx_int_t ngx_http_wasm_fields_line(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *name, ngx_str_t *value);


ngx_http_wasm_field_t  ngx_http_wasm_request_fields[] = {

    { ngx_string(":authority"), ngx_http_wasm_get_authority,
      ngx_http_wasm_set_authority, ngx_http_wasm_remove_authority, NULL },

    { ngx_string(":path"), ngx_http_wasm_get_path,
      ngx_http_wasm_set_path, ngx_http_wasm_remove_nothing, NULL },

    { ngx_string(":method"), ngx_http_wasm_get_method,
      ngx_http_wasm_set_method, ngx_http_wasm_remove_nothing, NULL },

    { ngx_string(":scheme"), ngx_http_wasm_get_scheme,
      ngx_http_wasm_set_scheme, ngx_http_wasm_remove_nothing, NULL },

    { ngx_string("content-length"), ngx_http_wasm_get_request_length,
      ngx_http_wasm_set_nothing, ngx_http_wasm_remove_request_length, NULL },

    { ngx_null_string, NULL, NULL, NULL, NULL }
};


ngx_http_wasm_field_t  ngx_http_wasm_response_fields[] = {

    { ngx_string(":status"), ngx_http_wasm_get_status,
      ngx_http_wasm_set_status, ngx_http_wasm_remove_nothing, NULL },

    { ngx_string("content-type"), ngx_http_wasm_get_content_type,
      ngx_http_wasm_set_content_type, ngx_http_wasm_remove_content_type,
      NULL },

    { ngx_string("content-length"), ngx_http_wasm_get_content_length,
      ngx_http_wasm_set_nothing, ngx_http_wasm_remove_content_length, NULL },

    { ngx_string("last-modified"), ngx_http_wasm_get_last_modified,
      ngx_http_wasm_set_last_modified, ngx_http_wasm_remove_last_modified,
      NULL },

    { ngx_null_string, NULL, NULL, NULL, NULL }
};


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

    if (ngx_http_wasm_fields_line(ctx, NGX_HTTP_WASM_REQUEST,
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
    return ngx_http_wasm_fields_line(ctx, NGX_HTTP_WASM_REQUEST,
                                     &ngx_http_wasm_host_name, NULL);
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

    ngx_http_set_exten(r);

    ctx->moved = 1;

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

    return ngx_http_wasm_fields_line(ctx, NGX_HTTP_WASM_REQUEST,
                                     &ngx_http_wasm_length_name, NULL);
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

    return ngx_http_wasm_fields_line(ctx, NGX_HTTP_WASM_RESPONSE,
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


/* the line behind a field; value NULL removes it */

static ngx_int_t
ngx_http_wasm_fields_line(ngx_http_wasm_ctx_t *ctx, ngx_http_wasm_dir_e dir,
    ngx_str_t *name, ngx_str_t *value)
{
    ngx_http_wasm_map_t   *map;
    ngx_http_wasm_slot_t  *slot;

    map = &ngx_http_wasm_maps[dir];
    slot = ngx_http_wasm_headers_slot(map, name);

    return value
           ? ngx_http_wasm_lines_set(ctx, map, slot, name, value)
           : ngx_http_wasm_lines_delete(ctx, map, slot, name, 0);
}

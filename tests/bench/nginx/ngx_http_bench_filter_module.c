
/*
 * What the plugins of the benchmark do, as a C module of nginx: `bench headers`
 * sets a header of the request and one of the response, `bench ten` reads ten
 * headers, tests one and adds one, `bench upper` changes the body's case.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


typedef enum {
    NGX_HTTP_BENCH_OFF = 0,
    NGX_HTTP_BENCH_HEADERS,
    NGX_HTTP_BENCH_TEN,
    NGX_HTTP_BENCH_UPPER
} ngx_http_bench_e;


typedef struct {
    ngx_uint_t  what;
} ngx_http_bench_loc_conf_t;


static ngx_int_t ngx_http_bench_access_handler(ngx_http_request_t *r);
static ngx_int_t ngx_http_bench_header_filter(ngx_http_request_t *r);
static ngx_int_t ngx_http_bench_body_filter(ngx_http_request_t *r,
    ngx_chain_t *in);
static void ngx_http_bench_upper(u_char *p, size_t n);
static ngx_int_t ngx_http_bench_set(ngx_http_request_t *r, ngx_list_t *list,
    const char *name, size_t len);
static ngx_table_elt_t *ngx_http_bench_find(ngx_list_t *list,
    const char *name, size_t len);
static void *ngx_http_bench_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_bench_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_bench_init(ngx_conf_t *cf);


static ngx_conf_enum_t  ngx_http_bench_whats[] = {
    { ngx_string("off"), NGX_HTTP_BENCH_OFF },
    { ngx_string("headers"), NGX_HTTP_BENCH_HEADERS },
    { ngx_string("ten"), NGX_HTTP_BENCH_TEN },
    { ngx_string("upper"), NGX_HTTP_BENCH_UPPER },
    { ngx_null_string, 0 }
};


static ngx_command_t  ngx_http_bench_commands[] = {

    { ngx_string("bench"),
      NGX_HTTP_LOC_CONF|NGX_CONF_TAKE1,
      ngx_conf_set_enum_slot,
      NGX_HTTP_LOC_CONF_OFFSET,
      offsetof(ngx_http_bench_loc_conf_t, what),
      ngx_http_bench_whats },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_bench_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_bench_init,                   /* postconfiguration */

    NULL,                                  /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_bench_create_loc_conf,        /* create location configuration */
    ngx_http_bench_merge_loc_conf          /* merge location configuration */
};


ngx_module_t  ngx_http_bench_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_bench_filter_module_ctx,     /* module context */
    ngx_http_bench_commands,               /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    NULL,                                  /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    NULL,                                  /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static ngx_http_output_header_filter_pt  ngx_http_next_header_filter;
static ngx_http_output_body_filter_pt    ngx_http_next_body_filter;


static ngx_int_t
ngx_http_bench_access_handler(ngx_http_request_t *r)
{
    ngx_http_bench_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_bench_filter_module);

    if (blcf->what != NGX_HTTP_BENCH_HEADERS || r != r->main) {
        return NGX_DECLINED;
    }

    return ngx_http_bench_set(r, &r->headers_in.headers, "x-greeting",
                              sizeof("x-greeting") - 1)
           == NGX_OK ? NGX_DECLINED : NGX_HTTP_INTERNAL_SERVER_ERROR;
}


static ngx_int_t
ngx_http_bench_header_filter(ngx_http_request_t *r)
{
    ngx_uint_t                  i;
    ngx_table_elt_t            *h;
    ngx_http_bench_loc_conf_t  *blcf;
    static char                 name[] = "x-h0";

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_bench_filter_module);

    switch (blcf->what) {

    case NGX_HTTP_BENCH_OFF:
        return ngx_http_next_header_filter(r);

    case NGX_HTTP_BENCH_UPPER:
        ngx_http_clear_etag(r);
        r->filter_need_in_memory = 1;
        r->filter_need_temporary = 1;
        return ngx_http_next_header_filter(r);

    case NGX_HTTP_BENCH_TEN:
        for (i = 0; i < 10; i++) {
            name[3] = '0' + i;
            h = ngx_http_bench_find(&r->headers_in.headers, name, 4);

            if (i == 3 && (h == NULL || h->value.len == 0
                           || h->value.data[0] != 'v'))
            {
                return NGX_HTTP_FORBIDDEN;
            }
        }
    }

    if (ngx_http_bench_set(r, &r->headers_out.headers, "x-greeting",
                           sizeof("x-greeting") - 1)
        != NGX_OK)
    {
        return NGX_ERROR;
    }

    return ngx_http_next_header_filter(r);
}


static ngx_int_t
ngx_http_bench_body_filter(ngx_http_request_t *r, ngx_chain_t *in)
{
    ngx_chain_t                *cl;
    ngx_http_bench_loc_conf_t  *blcf;

    blcf = ngx_http_get_module_loc_conf(r, ngx_http_bench_filter_module);

    if (blcf->what == NGX_HTTP_BENCH_UPPER) {
        for (cl = in; cl; cl = cl->next) {
            ngx_http_bench_upper(cl->buf->pos, cl->buf->last - cl->buf->pos);
        }
    }

    return ngx_http_next_body_filter(r, in);
}


/* as somebody would write it who wants it to be fast: it becomes vectors */

#if (defined __GNUC__ && !defined __clang__)
__attribute__((optimize("O3")))
#endif
static void
ngx_http_bench_upper(u_char *p, size_t n)
{
    size_t  i;

    for (i = 0; i < n; i++) {
        p[i] -= ((u_char) (p[i] - 'a') < 26) << 5;
    }
}


static ngx_int_t
ngx_http_bench_set(ngx_http_request_t *r, ngx_list_t *list, const char *name,
    size_t len)
{
    ngx_table_elt_t  *h;

    h = ngx_http_bench_find(list, name, len);

    if (h == NULL) {
        h = ngx_list_push(list);
        if (h == NULL) {
            return NGX_ERROR;
        }

        ngx_memzero(h, sizeof(ngx_table_elt_t));
        h->key.data = (u_char *) name;
        h->key.len = len;
        h->lowcase_key = h->key.data;
        h->hash = ngx_hash_key(h->key.data, len);
    }

    ngx_str_set(&h->value, "hello");

    return NGX_OK;
}


static ngx_table_elt_t *
ngx_http_bench_find(ngx_list_t *list, const char *name, size_t len)
{
    ngx_uint_t        i;
    ngx_table_elt_t  *h;
    ngx_list_part_t  *part;

    for (part = &list->part; part; part = part->next) {
        h = part->elts;

        for (i = 0; i < part->nelts; i++) {
            if (h[i].hash && h[i].key.len == len
                && ngx_strncasecmp(h[i].key.data, (u_char *) name, len) == 0)
            {
                return &h[i];
            }
        }
    }

    return NULL;
}


static void *
ngx_http_bench_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_bench_loc_conf_t  *conf;

    conf = ngx_palloc(cf->pool, sizeof(ngx_http_bench_loc_conf_t));
    if (conf == NULL) {
        return NULL;
    }

    conf->what = NGX_CONF_UNSET_UINT;

    return conf;
}


static char *
ngx_http_bench_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_bench_loc_conf_t  *prev = parent;
    ngx_http_bench_loc_conf_t  *conf = child;

    ngx_conf_merge_uint_value(conf->what, prev->what, NGX_HTTP_BENCH_OFF);

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_bench_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_ACCESS_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_bench_access_handler;

    ngx_http_next_header_filter = ngx_http_top_header_filter;
    ngx_http_top_header_filter = ngx_http_bench_header_filter;

    ngx_http_next_body_filter = ngx_http_top_body_filter;
    ngx_http_top_body_filter = ngx_http_bench_body_filter;

    return NGX_OK;
}

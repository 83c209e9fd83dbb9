
/*
 * Sluice: the directives, the module's record, and where it hooks into nginx.
 */


#include "ngx_http_wasm_conf.h"
#include "ngx_http_wasm_shared.h"


static char *ngx_http_wasm_unsupported(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static void *ngx_http_wasm_create_main_conf(ngx_conf_t *cf);
static void *ngx_http_wasm_create_loc_conf(ngx_conf_t *cf);
static char *ngx_http_wasm_merge_loc_conf(ngx_conf_t *cf, void *parent,
    void *child);
static ngx_int_t ngx_http_wasm_init(ngx_conf_t *cf);


#define NGX_HTTP_WASM_ANYWHERE                                                \
    (NGX_HTTP_MAIN_CONF|NGX_HTTP_SRV_CONF|NGX_HTTP_LOC_CONF|NGX_HTTP_LIF_CONF)

static ngx_command_t  ngx_http_wasm_commands[] = {

    { ngx_string("wasm_plugin"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_2MORE,
      ngx_http_wasm_conf_plugin,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_filter"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_wasm_conf_filter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("proxy_wasm"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_wasm_conf_filter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("proxy_wasm_isolation"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_ANY,
      ngx_http_wasm_unsupported,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_zone"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_TAKE2,
      ngx_http_wasm_zone,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_cache"),
      NGX_HTTP_MAIN_CONF|NGX_CONF_ANY,
      ngx_http_wasm_unsupported,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_status"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_ANY,
      ngx_http_wasm_unsupported,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_control"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_ANY,
      ngx_http_wasm_unsupported,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_wasm_filter_module_ctx = {
    NULL,                                  /* preconfiguration */
    ngx_http_wasm_init,                    /* postconfiguration */

    ngx_http_wasm_create_main_conf,        /* create main configuration */
    NULL,                                  /* init main configuration */

    NULL,                                  /* create server configuration */
    NULL,                                  /* merge server configuration */

    ngx_http_wasm_create_loc_conf,         /* create location configuration */
    ngx_http_wasm_merge_loc_conf           /* merge location configuration */
};


ngx_module_t  ngx_http_wasm_filter_module = {
    NGX_MODULE_V1,
    &ngx_http_wasm_filter_module_ctx,      /* module context */
    ngx_http_wasm_commands,                /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL,                                  /* init master */
    NULL,                                  /* init module */
    ngx_http_wasm_process_init,            /* init process */
    NULL,                                  /* init thread */
    NULL,                                  /* exit thread */
    ngx_http_wasm_process_exit,            /* exit process */
    NULL,                                  /* exit master */
    NGX_MODULE_V1_PADDING
};


static char *
ngx_http_wasm_unsupported(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return "is not supported yet";
}


static void *
ngx_http_wasm_create_main_conf(ngx_conf_t *cf)
{
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasm_main_conf_t));
    if (wmcf == NULL) {
        return NULL;
    }

    if (ngx_array_init(&wmcf->plugins, cf->pool, 4,
                       sizeof(ngx_http_wasm_plugin_t *))
        != NGX_OK
        || ngx_array_init(&wmcf->chains, cf->pool, 4,
                          sizeof(ngx_http_wasm_chain_t *))
           != NGX_OK)
    {
        return NULL;
    }

    return wmcf;
}


static void *
ngx_http_wasm_create_loc_conf(ngx_conf_t *cf)
{
    ngx_http_wasm_loc_conf_t  *wlcf;

    wlcf = ngx_palloc(cf->pool, sizeof(ngx_http_wasm_loc_conf_t));
    if (wlcf == NULL) {
        return NULL;
    }

    wlcf->chain = NGX_CONF_UNSET_PTR;

    return wlcf;
}


static char *
ngx_http_wasm_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_wasm_loc_conf_t *prev = parent;
    ngx_http_wasm_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->chain, prev->chain, NULL);

    return NGX_CONF_OK;
}


/*
 * The handler of request headers is the first of the phase just before the
 * content: all of nginx's access checks come earlier, and "satisfy any" can't
 * jump over it; try_files and mirror come later.  The one for phase=rewrite
 * comes before the location's own "rewrite" and "return".  Without handlers in
 * that phase nginx leaves out the one behind it, which can choose the location
 * anew.
 */

static ngx_int_t
ngx_http_wasm_init(ngx_conf_t *cf)
{
    ngx_http_handler_pt        *h;
    ngx_http_core_main_conf_t  *cmcf;
    ngx_http_wasm_main_conf_t  *wmcf;

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasm_filter_module);

    if (wmcf->plugins.nelts == 0) {
        return NGX_OK;
    }

    if (ngx_http_wasm_process_check(cf, wmcf) != NGX_OK) {
        return NGX_ERROR;
    }

    if (wmcf->chains.nelts == 0) {
        return NGX_OK;
    }

    ngx_http_wasm_conf_chains(wmcf);

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_wasm_request_handler;

    if (wmcf->early
        || cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers.nelts == 0)
    {
        h = ngx_array_push(&cmcf->phases[NGX_HTTP_REWRITE_PHASE].handlers);
        if (h == NULL) {
            return NGX_ERROR;
        }

        *h = ngx_http_wasm_request_rewrite;
    }

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_wasm_ctx_log_handler;

    ngx_http_wasm_headers_init();
    ngx_http_wasm_response_init();

    return ngx_http_wasm_unbuffered_init(cf);
}

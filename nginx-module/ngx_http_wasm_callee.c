
/*
 * Whom a call goes to: names of upstream{} blocks, and hosts; and with whom
 * it speaks TLS.
 */


#include "ngx_http_wasm_call.h"


/* certificates between the server's and a trusted one */
#define NGX_HTTP_WASM_CALLEE_DEPTH  3


static ngx_http_upstream_srv_conf_t *ngx_http_wasm_callee_upstream(
    ngx_http_upstream_main_conf_t *umcf, ngx_str_t *name);
static ngx_uint_t ngx_http_wasm_callee_listed(ngx_str_t *list,
    ngx_str_t *name);
static ngx_int_t ngx_http_wasm_callee_host(ngx_http_wasm_config_t *config,
    ngx_pool_t *pool, ngx_str_t *name, ngx_url_t *url);
static ngx_uint_t ngx_http_wasm_callee_is_host(ngx_url_t *url);
static ngx_int_t ngx_http_wasm_callee_check(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *name);
static ngx_int_t ngx_http_wasm_callee_tls(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin);
static void ngx_http_wasm_callee_place(ngx_conf_t *cf,
    ngx_http_wasm_config_t *config);


ngx_int_t
ngx_http_wasm_callee_find(ngx_http_wasm_config_t *config, ngx_pool_t *pool,
    ngx_str_t *name, ngx_uint_t https, ngx_http_wasm_callee_t *callee)
{
    ngx_str_t                      *list;
    ngx_http_upstream_main_conf_t  *umcf;

    ngx_memzero(callee, sizeof(ngx_http_wasm_callee_t));

    umcf = config->conf.main_conf[ngx_http_upstream_module.ctx_index];
    list = &config->plugin->callout_tls;

    callee->upstream = ngx_http_wasm_callee_upstream(umcf, name);
    callee->tls = ngx_http_wasm_callee_listed(list, name);

    if (callee->upstream) {
        return NGX_OK;
    }

    if (https && config->plugin->callout_ssl == NULL) {
        return NGX_DECLINED;
    }

    callee->tls |= https;
    callee->url.default_port = callee->tls ? 443 : 80;

    return ngx_http_wasm_callee_host(config, pool, name, &callee->url);
}


static ngx_http_upstream_srv_conf_t *
ngx_http_wasm_callee_upstream(ngx_http_upstream_main_conf_t *umcf,
    ngx_str_t *name)
{
    ngx_uint_t                      i;
    ngx_http_upstream_srv_conf_t  **uscfp;

    uscfp = umcf->upstreams.elts;

    for (i = 0; i < umcf->upstreams.nelts; i++) {
        if ((uscfp[i]->flags & NGX_HTTP_UPSTREAM_CREATE)
            && uscfp[i]->host.len == name->len
            && ngx_strncasecmp(uscfp[i]->host.data, name->data, name->len)
               == 0)
        {
            return uscfp[i];
        }
    }

    return NULL;
}


/* NAME[,NAME...], or "*" for all */

static ngx_uint_t
ngx_http_wasm_callee_listed(ngx_str_t *list, ngx_str_t *name)
{
    size_t   len;
    u_char  *p, *last, *comma;

    p = list->data;
    last = list->data + list->len;

    while (p < last) {
        comma = ngx_strlchr(p, last, ',');
        len = (comma ? comma : last) - p;

        if ((len == 1 && *p == '*')
            || (len == name->len && ngx_strncasecmp(p, name->data, len) == 0))
        {
            return 1;
        }

        p += len + 1;
    }

    return 0;
}


/* HOST[:PORT] */

static ngx_int_t
ngx_http_wasm_callee_host(ngx_http_wasm_config_t *config, ngx_pool_t *pool,
    ngx_str_t *name, ngx_url_t *url)
{
    ngx_http_core_loc_conf_t  *clcf;

    if (name->len == 0
        || (name->len >= 5
            && ngx_strncasecmp(name->data, (u_char *) "unix:", 5) == 0))
    {
        return NGX_DECLINED;
    }

    url->url = *name;
    url->no_resolve = 1;

    if (ngx_parse_url(pool, url) != NGX_OK) {
        return url->err ? NGX_DECLINED : NGX_ERROR;
    }

    if (url->addrs) {
        return NGX_OK;
    }

    clcf = config->conf.loc_conf[ngx_http_core_module.ctx_index];

    return (ngx_http_wasm_callee_is_host(url)
            && clcf->resolver && clcf->resolver->connections.nelts)
           ? NGX_OK : NGX_DECLINED;
}


/*
 * A name that looks like one of an upstream{}, without a dot and a port, is no
 * host: a mistake is told at once, and not by the resolver.
 */

static ngx_uint_t
ngx_http_wasm_callee_is_host(ngx_url_t *url)
{
    u_char  *p, ch;
    size_t   i;

    if (url->host.len == 0 || url->host.len > 253) {
        return 0;
    }

    p = url->host.data;

    for (i = 0; i < url->host.len; i++) {
        ch = (u_char) (p[i] | 0x20);

        if ((ch < 'a' || ch > 'z') && (p[i] < '0' || p[i] > '9')
            && p[i] != '-' && p[i] != '.' && p[i] != '_')
        {
            return 0;
        }
    }

    return !url->no_port || ngx_strlchr(p, p + url->host.len, '.') != NULL;
}


/*
 * What calls need of the configuration, before plugins are tried out; and
 * whether the names in it mean something.
 */

ngx_int_t
ngx_http_wasm_callee_init(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin)
{
    u_char                   *p, *last, *comma;
    ngx_str_t                 name;
    ngx_uint_t                i;
    struct pw_str            *upstreams;
    ngx_http_wasm_config_t  **configs;

    configs = plugin->configs.elts;

    for (i = 0; i < plugin->configs.nelts; i++) {
        ngx_http_wasm_callee_place(cf, configs[i]);
    }

    if (ngx_http_wasm_callee_tls(cf, plugin) != NGX_OK) {
        return NGX_ERROR;
    }

    upstreams = plugin->upstreams.elts;

    for (i = 0; i < plugin->upstreams.nelts; i++) {
        name.data = (u_char *) upstreams[i].data;
        name.len = upstreams[i].len;

        if (ngx_http_wasm_callee_check(cf, plugin, &name) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    last = plugin->callout_tls.data + plugin->callout_tls.len;

    for (p = plugin->callout_tls.data; p < last; p += name.len + 1) {
        comma = ngx_strlchr(p, last, ',');

        name.data = p;
        name.len = (comma ? comma : last) - p;

        if (ngx_http_wasm_callee_check(cf, plugin, &name) != NGX_OK) {
            return NGX_ERROR;
        }
    }

    return NGX_OK;
}


static ngx_int_t
ngx_http_wasm_callee_check(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *name)
{
    ngx_int_t                 rc;
    ngx_http_wasm_callee_t    callee;
    ngx_http_wasm_config_t  **configs;

    if (plugin->configs.nelts == 0 || (name->len == 1 && name->data[0] == '*'))
    {
        return NGX_OK;
    }

    configs = plugin->configs.elts;

    rc = ngx_http_wasm_callee_find(configs[0], cf->temp_pool, name, 0,
                                   &callee);

    if (rc == NGX_DECLINED) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "wasm plugin \"%V\": \"%V\" is neither an upstream nor "
                      "a host that can be resolved in %V:%ui",
                      &plugin->name, name,
                      &plugin->place.file, plugin->place.line);
        return NGX_ERROR;
    }

    return rc;
}


/*
 * A configuration's calls have the resolver and the log of the place where it
 * stands first; those of the first server, if that is http{}, where nothing is
 * merged.
 */

static void
ngx_http_wasm_callee_place(ngx_conf_t *cf, ngx_http_wasm_config_t *config)
{
    ngx_http_conf_ctx_t         *http;
    ngx_http_core_srv_conf_t   **servers;
    ngx_http_core_main_conf_t   *cmcf;

    http = cf->ctx;
    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    if (config->conf.loc_conf == http->loc_conf && cmcf->servers.nelts) {
        servers = cmcf->servers.elts;
        config->conf = *servers[0]->ctx;
    }
}


#if (NGX_HTTP_SSL)

static ngx_int_t
ngx_http_wasm_callee_tls(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin)
{
    ngx_ssl_t           *ssl;
    ngx_pool_cleanup_t  *cln;

    if (!(plugin->limits.allow & PW_ALLOW_HTTP_CALL)) {
        return NGX_OK;
    }

    ssl = ngx_pcalloc(cf->pool, sizeof(ngx_ssl_t));
    if (ssl == NULL) {
        return NGX_ERROR;
    }

    ssl->log = cf->log;

    if (ngx_ssl_create(ssl, NGX_SSL_TLSv1_2|NGX_SSL_TLSv1_3, NULL) != NGX_OK) {
        return NGX_ERROR;
    }

    cln = ngx_pool_cleanup_add(cf->pool, 0);
    if (cln == NULL) {
        ngx_ssl_cleanup_ctx(ssl);
        return NGX_ERROR;
    }

    cln->handler = ngx_ssl_cleanup_ctx;
    cln->data = ssl;

    if (plugin->callout_ca.len
        && ngx_ssl_trusted_certificate(cf, ssl, &plugin->callout_ca,
                                       NGX_HTTP_WASM_CALLEE_DEPTH)
           != NGX_OK)
    {
        return NGX_ERROR;
    }

    if (ngx_ssl_client_session_cache(cf, ssl, 1) != NGX_OK) {
        return NGX_ERROR;
    }

    plugin->callout_ssl = ssl;

    return NGX_OK;
}

#else

static ngx_int_t
ngx_http_wasm_callee_tls(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin)
{
    if (plugin->callout_tls.len || plugin->callout_ca.len) {
        ngx_log_error(NGX_LOG_EMERG, cf->log, 0,
                      "wasm plugin \"%V\": this nginx has no SSL for calls "
                      "in %V:%ui", &plugin->name,
                      &plugin->place.file, plugin->place.line);
        return NGX_ERROR;
    }

    return NGX_OK;
}

#endif


/*
 * Plugins and filters as the configuration has them.
 */


#include "ngx_http_wasm_conf.h"


/* what wasm_filter says of one filter */

typedef struct {
    ngx_str_t                name;
    ngx_str_t                text;
    ngx_str_t                root_id;
    ngx_str_t                condition;
    ngx_uint_t               early;
} ngx_http_wasm_filter_params_t;


static char *ngx_http_wasm_param_fail(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_phase(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static ngx_http_wasm_plugin_t *ngx_http_wasm_plugin_named(ngx_conf_t *cf,
    ngx_http_wasm_main_conf_t *wmcf, ngx_str_t *name);
static ngx_http_wasm_config_t *ngx_http_wasm_config(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *root_id, ngx_str_t *text);
static ngx_http_wasm_chain_t *ngx_http_wasm_chain(ngx_conf_t *cf,
    ngx_http_wasm_main_conf_t *wmcf);
static ngx_http_wasm_filter_t *ngx_http_wasm_chain_push(
    ngx_http_wasm_chain_t *chain, ngx_uint_t early);
static void ngx_http_wasm_place(ngx_conf_t *cf, ngx_http_wasm_place_t *place);


#define NGX_HTTP_WASM_HOUR  (UINT64_C(3600) * 1000)

static ngx_http_wasm_param_t  ngx_http_wasm_plugin_params[] = {

    { ngx_string("memory"), ngx_http_wasm_param_bytes,
      offsetof(ngx_http_wasm_plugin_t, limits.memory),
      65536, UINT64_C(4) << 30 },

    { ngx_string("host_memory"), ngx_http_wasm_param_bytes,
      offsetof(ngx_http_wasm_plugin_t, limits.host_memory),
      65536, UINT64_C(4) << 30 },

    { ngx_string("deadline"), ngx_http_wasm_param_nsec,
      offsetof(ngx_http_wasm_plugin_t, limits.deadline),
      1, NGX_HTTP_WASM_HOUR },

    { ngx_string("start_deadline"), ngx_http_wasm_param_nsec,
      offsetof(ngx_http_wasm_plugin_t, limits.start_deadline),
      1, NGX_HTTP_WASM_HOUR },

    { ngx_string("fail"), ngx_http_wasm_param_fail,
      offsetof(ngx_http_wasm_plugin_t, fail), 0, 0 },

    { ngx_string("sha256"), ngx_http_wasm_param_sha256,
      offsetof(ngx_http_wasm_plugin_t, sha256), 0, 0 },

    { ngx_string("vm_config"), ngx_http_wasm_param_text,
      offsetof(ngx_http_wasm_plugin_t, vm_config), 0, 0 },

    { ngx_string("body_buffer"), ngx_http_wasm_param_size,
      offsetof(ngx_http_wasm_plugin_t, body_buffer),
      1024, UINT64_C(1) << 30 },

    { ngx_string("pause_timeout"), ngx_http_wasm_param_msec,
      offsetof(ngx_http_wasm_plugin_t, pause_timeout),
      1, 24 * NGX_HTTP_WASM_HOUR },

    { ngx_string("log_rate"), ngx_http_wasm_param_number,
      offsetof(ngx_http_wasm_plugin_t, log_rate),
      1, 1000000 },

    { ngx_string("share"), ngx_http_wasm_param_string,
      offsetof(ngx_http_wasm_plugin_t, share), 0, 0 },

    { ngx_string("allow"), ngx_http_wasm_param_allow, 0, 0, 0 },

    { ngx_string("callouts"), ngx_http_wasm_param_number,
      offsetof(ngx_http_wasm_plugin_t, callouts),
      1, 10000 },

    { ngx_string("callout_timeout"), ngx_http_wasm_param_msec,
      offsetof(ngx_http_wasm_plugin_t, callout_timeout),
      1, 24 * NGX_HTTP_WASM_HOUR },

    { ngx_string("callout_body"), ngx_http_wasm_param_size,
      offsetof(ngx_http_wasm_plugin_t, callout_body),
      1024, UINT64_C(1) << 30 },

    { ngx_string("callout_tls"), ngx_http_wasm_param_string,
      offsetof(ngx_http_wasm_plugin_t, callout_tls), 0, 0 },

    { ngx_string("callout_ca"), ngx_http_wasm_param_string,
      offsetof(ngx_http_wasm_plugin_t, callout_ca), 0, 0 },

    { ngx_string("budget"), NULL, 0, 0, 0 },
    { ngx_string("isolation"), NULL, 0, 0, 0 },
    { ngx_string("breaker"), NULL, 0, 0, 0 },

    { ngx_null_string, NULL, 0, 0, 0 }
};


static ngx_http_wasm_param_t  ngx_http_wasm_filter_params[] = {

    { ngx_string("config"), ngx_http_wasm_param_text,
      offsetof(ngx_http_wasm_filter_params_t, text), 0, 0 },

    { ngx_string("root_id"), ngx_http_wasm_param_string,
      offsetof(ngx_http_wasm_filter_params_t, root_id), 0, 0 },

    { ngx_string("if"), ngx_http_wasm_param_string,
      offsetof(ngx_http_wasm_filter_params_t, condition), 0, 0 },

    { ngx_string("phase"), ngx_http_wasm_param_phase,
      offsetof(ngx_http_wasm_filter_params_t, early), 0, 0 },

    { ngx_null_string, NULL, 0, 0, 0 }
};


char *
ngx_http_wasm_conf_plugin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wasm_main_conf_t *wmcf = conf;

    ngx_str_t               *value;
    ngx_http_wasm_plugin_t  *plugin;

    value = cf->args->elts;

    if (value[1].len == 0
        || (value[1].len == 3 && ngx_strncmp(value[1].data, "off", 3) == 0))
    {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "invalid plugin name \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    plugin = ngx_http_wasm_plugin_named(cf, wmcf, &value[1]);
    if (plugin == NULL) {
        return NGX_CONF_ERROR;
    }

    if (plugin->defined) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "duplicate wasm_plugin \"%V\"", &value[1]);
        return NGX_CONF_ERROR;
    }

    plugin->defined = 1;
    plugin->file = value[2];
    ngx_http_wasm_place(cf, &plugin->place);

    if (ngx_conf_full_name(cf->cycle, &plugin->file, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return ngx_http_wasm_params(cf, ngx_http_wasm_plugin_params, &value[3],
                                cf->args->nelts - 3, plugin, NULL);
}


char *
ngx_http_wasm_conf_filter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_wasm_loc_conf_t *wlcf = conf;

    char                              *rv;
    ngx_str_t                         *value;
    ngx_http_wasm_filter_t            *filter;
    ngx_http_wasm_plugin_t            *plugin;
    ngx_http_wasm_main_conf_t         *wmcf;
    ngx_http_wasm_filter_params_t      params;
    ngx_http_compile_complex_value_t   ccv;

    value = cf->args->elts;

    if (cf->args->nelts == 2 && ngx_strcmp(value[1].data, "off") == 0) {
        if (wlcf->chain != NGX_CONF_UNSET_PTR) {
            return "\"off\" stands beside another filter";
        }

        wlcf->chain = NULL;
        return NGX_CONF_OK;
    }

    if (wlcf->chain == NULL) {
        return "\"off\" stands beside another filter";
    }

    ngx_memzero(&params, sizeof(ngx_http_wasm_filter_params_t));

    rv = ngx_http_wasm_params(cf, ngx_http_wasm_filter_params, &value[2],
                              cf->args->nelts - 2, &params, &params.text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasm_filter_module);

    plugin = ngx_http_wasm_plugin_named(cf, wmcf, &value[1]);
    if (plugin == NULL) {
        return NGX_CONF_ERROR;
    }

    if (wlcf->chain == NGX_CONF_UNSET_PTR) {
        wlcf->chain = ngx_http_wasm_chain(cf, wmcf);
        if (wlcf->chain == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    filter = ngx_http_wasm_chain_push(wlcf->chain, params.early);
    if (filter == NULL) {
        return NGX_CONF_ERROR;
    }

    filter->condition = NULL;
    filter->config = ngx_http_wasm_config(cf, plugin, &params.root_id,
                                          &params.text);
    if (filter->config == NULL) {
        return NGX_CONF_ERROR;
    }

    if (params.condition.data == NULL) {
        return NGX_CONF_OK;
    }

    if (params.condition.len < 2 || params.condition.data[0] != '$') {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"if=%V\" is not a variable", &params.condition);
        return NGX_CONF_ERROR;
    }

    filter->condition = ngx_palloc(cf->pool, sizeof(ngx_http_complex_value_t));
    if (filter->condition == NULL) {
        return NGX_CONF_ERROR;
    }

    ngx_memzero(&ccv, sizeof(ngx_http_compile_complex_value_t));

    ccv.cf = cf;
    ccv.value = &params.condition;
    ccv.complex_value = filter->condition;

    if (ngx_http_compile_complex_value(&ccv) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_param_fail(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_uint_t  *to = field;

    if (ngx_strcmp(value->data, "open") == 0) {
        *to = NGX_HTTP_WASM_FAIL_OPEN;
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "closed") == 0) {
        *to = NGX_HTTP_WASM_FAIL_CLOSED;
        return NGX_CONF_OK;
    }

    return "neither \"open\" nor \"closed\"";
}


static char *
ngx_http_wasm_param_phase(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_uint_t  *early = field;

    if (ngx_strcmp(value->data, "access") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "rewrite") == 0) {

        /* the chain is chosen before "if" is looked at */

        if (cf->cmd_type & NGX_HTTP_LIF_CONF) {
            return "not in \"if\"";
        }

        *early = 1;
        return NGX_CONF_OK;
    }

    return "unknown phase";
}


static ngx_http_wasm_plugin_t *
ngx_http_wasm_plugin_named(ngx_conf_t *cf, ngx_http_wasm_main_conf_t *wmcf,
    ngx_str_t *name)
{
    ngx_uint_t                i;
    ngx_http_wasm_plugin_t   *plugin, **plugins, **slot;

    plugins = wmcf->plugins.elts;

    for (i = 0; i < wmcf->plugins.nelts; i++) {
        if (plugins[i]->name.len == name->len
            && ngx_strncmp(plugins[i]->name.data, name->data, name->len) == 0)
        {
            return plugins[i];
        }
    }

    slot = ngx_array_push(&wmcf->plugins);
    if (slot == NULL) {
        return NULL;
    }

    plugin = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasm_plugin_t));
    if (plugin == NULL) {
        return NULL;
    }

    if (ngx_array_init(&plugin->configs, cf->pool, 2,
                       sizeof(ngx_http_wasm_config_t *))
        != NGX_OK
        || ngx_array_init(&plugin->upstreams, cf->pool, 1,
                          sizeof(struct pw_str))
           != NGX_OK)
    {
        return NULL;
    }

    plugin->name = *name;
    plugin->limits.memory = 16 * 1024 * 1024;
    plugin->limits.host_memory = 4 * 1024 * 1024;
    plugin->limits.deadline = UINT64_C(10) * 1000000;
    plugin->limits.start_deadline = UINT64_C(5000) * 1000000;
    plugin->limits.allow = NGX_HTTP_WASM_ALLOW_DEFAULT;
    plugin->fail = NGX_HTTP_WASM_FAIL_CLOSED;
    plugin->body_buffer = 1024 * 1024;
    plugin->pause_timeout = 60 * 1000;
    plugin->log_rate = 100;
    plugin->callouts = 16;
    plugin->callout_timeout = 60 * 1000;
    plugin->callout_body = 1024 * 1024;

    ngx_http_wasm_place(cf, &plugin->place);

    *slot = plugin;

    return plugin;
}


/* equal configurations of a plugin are one */

static ngx_http_wasm_config_t *
ngx_http_wasm_config(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *root_id, ngx_str_t *text)
{
    ngx_uint_t                i;
    ngx_http_wasm_config_t   *config, **configs, **slot;

    configs = plugin->configs.elts;

    for (i = 0; i < plugin->configs.nelts; i++) {
        config = configs[i];

        if (config->root_id.len == root_id->len
            && config->text.len == text->len
            && ngx_memcmp(config->root_id.data, root_id->data, root_id->len)
               == 0
            && ngx_memcmp(config->text.data, text->data, text->len) == 0)
        {
            return config;
        }
    }

    slot = ngx_array_push(&plugin->configs);
    if (slot == NULL) {
        return NULL;
    }

    config = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasm_config_t));
    if (config == NULL) {
        return NULL;
    }

    config->plugin = plugin;
    config->index = plugin->configs.nelts - 1;
    config->root_id = *root_id;
    config->text = *text;

    config->conf = *(ngx_http_conf_ctx_t *) cf->ctx;

    ngx_http_wasm_place(cf, &config->place);

    *slot = config;

    return config;
}


static ngx_http_wasm_chain_t *
ngx_http_wasm_chain(ngx_conf_t *cf, ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_http_wasm_chain_t  *chain, **slot;

    slot = ngx_array_push(&wmcf->chains);
    if (slot == NULL) {
        return NULL;
    }

    chain = ngx_pcalloc(cf->pool, sizeof(ngx_http_wasm_chain_t));
    if (chain == NULL) {
        return NULL;
    }

    if (ngx_array_init(&chain->filters, cf->pool, 2,
                       sizeof(ngx_http_wasm_filter_t))
        != NGX_OK)
    {
        return NULL;
    }

    *slot = chain;

    return chain;
}


/* The early ones come first. */

static ngx_http_wasm_filter_t *
ngx_http_wasm_chain_push(ngx_http_wasm_chain_t *chain, ngx_uint_t early)
{
    ngx_http_wasm_filter_t  *filter, *last;

    last = ngx_array_push(&chain->filters);

    if (last == NULL || !early) {
        return last;
    }

    filter = (ngx_http_wasm_filter_t *) chain->filters.elts + chain->early;
    ngx_memmove(filter + 1, filter, (u_char *) last - (u_char *) filter);

    chain->early++;

    return filter;
}


/* what is known of the chains when all plugins are loaded */

void
ngx_http_wasm_conf_chains(ngx_http_wasm_main_conf_t *wmcf)
{
    ngx_uint_t                i, j;
    ngx_http_wasm_chain_t   **chains;
    ngx_http_wasm_filter_t   *filter;
    ngx_http_wasm_plugin_t   *plugin;

    chains = wmcf->chains.elts;

    for (i = 0; i < wmcf->chains.nelts; i++) {

        filter = chains[i]->filters.elts;
        chains[i]->late = filter + chains[i]->early;
        chains[i]->end = filter + chains[i]->filters.nelts;

        for (j = 0; j < chains[i]->filters.nelts; j++) {

            plugin = filter[j].config->plugin;
            chains[i]->callbacks |= plugin->callbacks;

            if (filter[j].condition == NULL) {
                chains[i]->body_buffer = ngx_max(chains[i]->body_buffer,
                                                 plugin->body_buffer);
            }
        }

        wmcf->longest = ngx_max(wmcf->longest, j);
        wmcf->early |= chains[i]->early;
    }
}


static void
ngx_http_wasm_place(ngx_conf_t *cf, ngx_http_wasm_place_t *place)
{
    ngx_str_null(&place->file);
    place->line = 0;

    if (cf->conf_file) {
        place->file = cf->conf_file->file.name;
        place->line = cf->conf_file->line;
    }
}

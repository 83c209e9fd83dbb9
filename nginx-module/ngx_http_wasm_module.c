
/*
 * Sluice: the directives, the module's record, and where it hooks into nginx.
 */


#include "ngx_http_wasm_shared.h"


/* configuration read from a file: plugins get it in memory */
#define NGX_HTTP_WASM_TEXT_MAX  (16 * 1024 * 1024)


typedef struct ngx_http_wasm_param_s  ngx_http_wasm_param_t;

typedef char *(*ngx_http_wasm_param_pt)(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);

struct ngx_http_wasm_param_s {
    ngx_str_t                name;
    ngx_http_wasm_param_pt   parse;        /* NULL: not supported yet */
    size_t                   offset;       /* in what the directive fills in */
    uint64_t                 min, max;
};


/* what wasm_filter says of one filter */

typedef struct {
    ngx_str_t                name;
    ngx_str_t                text;
    ngx_str_t                root_id;
    ngx_str_t                condition;
    ngx_uint_t               phase;
} ngx_http_wasm_filter_params_t;


static char *ngx_http_wasm_plugin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_wasm_filter(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_wasm_unsupported(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static char *ngx_http_wasm_params(ngx_conf_t *cf,
    ngx_http_wasm_param_t *params, ngx_str_t *args, ngx_uint_t n,
    void *target, ngx_str_t *bare);
static char *ngx_http_wasm_param_bytes(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_size(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_nsec(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_msec(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_number(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_fail(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_phase(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_sha256(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_string(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static char *ngx_http_wasm_param_text(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
static ngx_http_wasm_plugin_t *ngx_http_wasm_plugin_named(ngx_conf_t *cf,
    ngx_http_wasm_main_conf_t *wmcf, ngx_str_t *name);
static ngx_http_wasm_config_t *ngx_http_wasm_config(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *root_id, ngx_str_t *text);
static void ngx_http_wasm_place(ngx_conf_t *cf, ngx_http_wasm_place_t *place);
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
      ngx_http_wasm_plugin,
      NGX_HTTP_MAIN_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("wasm_filter"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_wasm_filter,
      NGX_HTTP_LOC_CONF_OFFSET,
      0,
      NULL },

    { ngx_string("proxy_wasm"),
      NGX_HTTP_WASM_ANYWHERE|NGX_CONF_1MORE,
      ngx_http_wasm_filter,
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

    { ngx_string("budget"), NULL, 0, 0, 0 },
    { ngx_string("isolation"), NULL, 0, 0, 0 },
    { ngx_string("allow"), NULL, 0, 0, 0 },
    { ngx_string("callouts"), NULL, 0, 0, 0 },
    { ngx_string("callout_timeout"), NULL, 0, 0, 0 },
    { ngx_string("callout_body"), NULL, 0, 0, 0 },
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
      offsetof(ngx_http_wasm_filter_params_t, phase), 0, 0 },

    { ngx_null_string, NULL, 0, 0, 0 }
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
ngx_http_wasm_plugin(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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


static char *
ngx_http_wasm_filter(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
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
        if (wlcf->filters != NGX_CONF_UNSET_PTR) {
            return "\"off\" stands beside another filter";
        }

        wlcf->filters = NULL;
        return NGX_CONF_OK;
    }

    if (wlcf->filters == NULL) {
        return "\"off\" stands beside another filter";
    }

    ngx_memzero(&params, sizeof(ngx_http_wasm_filter_params_t));

    rv = ngx_http_wasm_params(cf, ngx_http_wasm_filter_params, &value[2],
                              cf->args->nelts - 2, &params, &params.text);
    if (rv != NGX_CONF_OK) {
        return rv;
    }

    wmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_wasm_filter_module);
    wmcf->used = 1;

    plugin = ngx_http_wasm_plugin_named(cf, wmcf, &value[1]);
    if (plugin == NULL) {
        return NGX_CONF_ERROR;
    }

    if (wlcf->filters == NGX_CONF_UNSET_PTR) {
        wlcf->filters = ngx_array_create(cf->pool, 2,
                                         sizeof(ngx_http_wasm_filter_t));
        if (wlcf->filters == NULL) {
            return NGX_CONF_ERROR;
        }
    }

    filter = ngx_array_push(wlcf->filters);
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
ngx_http_wasm_unsupported(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    return "is not supported yet";
}


/*
 * KEY=VALUE arguments after a table; one argument that has no KEY of the table
 * goes to bare, if there is one.
 */

static char *
ngx_http_wasm_params(ngx_conf_t *cf, ngx_http_wasm_param_t *params,
    ngx_str_t *args, ngx_uint_t n, void *target, ngx_str_t *bare)
{
    char                   *rv;
    ngx_str_t               value;
    ngx_uint_t              i, seen, bit;
    ngx_http_wasm_param_t  *p;

    seen = 0;

    for (i = 0; i < n; i++) {

        for (p = params; p->name.len; p++) {
            if (args[i].len > p->name.len
                && args[i].data[p->name.len] == '='
                && ngx_strncmp(args[i].data, p->name.data, p->name.len) == 0)
            {
                break;
            }
        }

        value = args[i];

        if (p->name.len) {
            value.data += p->name.len + 1;
            value.len -= p->name.len + 1;

        } else if (bare == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "unknown parameter \"%V\"", &args[i]);
            return NGX_CONF_ERROR;

        } else {
            p = params;            /* a bare text stands for the first row */
        }

        bit = (ngx_uint_t) 1 << (p - params);

        if (seen & bit) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "duplicate parameter \"%V\"", &args[i]);
            return NGX_CONF_ERROR;
        }

        seen |= bit;

        if (p->parse == NULL) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "parameter \"%V=\" is not supported yet",
                               &p->name);
            return NGX_CONF_ERROR;
        }

        if (value.data == args[i].data) {
            *bare = value;
            continue;
        }

        rv = p->parse(cf, p, &value, (char *) target + p->offset);

        if (rv == NGX_CONF_OK) {
            continue;
        }

        if (rv != NGX_CONF_ERROR) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                               "invalid parameter \"%V\": %s", &args[i], rv);
        }

        return NGX_CONF_ERROR;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_param_bytes(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    off_t     size;
    uint64_t  *to = field;

    size = ngx_parse_offset(value);

    if (size == NGX_ERROR) {
        return "not a size";
    }

    if ((uint64_t) size < param->min || (uint64_t) size > param->max) {
        return "out of range";
    }

    *to = (uint64_t) size;

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_param_size(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    char      *rv;
    size_t    *to = field;
    uint64_t   size;

    rv = ngx_http_wasm_param_bytes(cf, param, value, &size);

    if (rv == NGX_CONF_OK) {
        *to = (size_t) size;
    }

    return rv;
}


static char *
ngx_http_wasm_param_msec(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_int_t    msec;
    ngx_msec_t  *to = field;

    msec = ngx_parse_time(value, 0);

    if (msec == NGX_ERROR) {
        return "not a time";
    }

    if ((uint64_t) msec < param->min || (uint64_t) msec > param->max) {
        return "out of range";
    }

    *to = (ngx_msec_t) msec;

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_param_nsec(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    char        *rv;
    uint64_t    *to = field;
    ngx_msec_t   msec;

    rv = ngx_http_wasm_param_msec(cf, param, value, &msec);

    if (rv == NGX_CONF_OK) {
        *to = (uint64_t) msec * 1000000;
    }

    return rv;
}


static char *
ngx_http_wasm_param_number(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_int_t    n;
    ngx_uint_t  *to = field;

    n = ngx_atoi(value->data, value->len);

    if (n == NGX_ERROR) {
        return "not a number";
    }

    if ((uint64_t) n < param->min || (uint64_t) n > param->max) {
        return "out of range";
    }

    *to = (ngx_uint_t) n;

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
    if (ngx_strcmp(value->data, "access") == 0) {
        return NGX_CONF_OK;
    }

    if (ngx_strcmp(value->data, "rewrite") == 0) {
        return "\"phase=rewrite\" is not supported yet";
    }

    return "unknown phase";
}


static char *
ngx_http_wasm_param_sha256(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    size_t      i;
    ngx_str_t  *to = field;

    if (value->len != 64) {
        return "not 64 hexadecimal digits";
    }

    for (i = 0; i < value->len; i++) {
        if (ngx_hextoi(&value->data[i], 1) == NGX_ERROR) {
            return "not 64 hexadecimal digits";
        }
    }

    *to = *value;

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_param_string(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_str_t  *to = field;

    *to = *value;

    return NGX_CONF_OK;
}


/* TEXT, or @FILE for what a file holds */

static char *
ngx_http_wasm_param_text(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    char             *rv;
    ssize_t           n;
    ngx_str_t        *to = field;
    ngx_file_t        file;
    ngx_file_info_t   fi;

    if (value->len == 0 || value->data[0] != '@') {
        *to = *value;
        return NGX_CONF_OK;
    }

    ngx_memzero(&file, sizeof(ngx_file_t));

    file.log = cf->log;
    file.name.data = value->data + 1;
    file.name.len = value->len - 1;

    if (ngx_conf_full_name(cf->cycle, &file.name, 1) != NGX_OK) {
        return NGX_CONF_ERROR;
    }

    file.fd = ngx_open_file(file.name.data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                            NGX_FILE_OPEN, 0);

    if (file.fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "cannot open \"%V\"", &file.name);
        return NGX_CONF_ERROR;
    }

    rv = NGX_CONF_ERROR;

    if (ngx_fd_info(file.fd, &fi) == NGX_FILE_ERROR || !ngx_is_file(&fi)) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is not a file", &file.name);
        goto done;
    }

    if (ngx_file_size(&fi) > NGX_HTTP_WASM_TEXT_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" is too large", &file.name);
        goto done;
    }

    to->len = (size_t) ngx_file_size(&fi);
    to->data = ngx_pnalloc(cf->pool, to->len + 1);
    if (to->data == NULL) {
        goto done;
    }

    n = ngx_read_file(&file, to->data, to->len, 0);

    if (n == NGX_ERROR || (size_t) n != to->len) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "cannot read \"%V\"", &file.name);
        goto done;
    }

    rv = NGX_CONF_OK;

done:

    (void) ngx_close_file(file.fd);

    return rv;
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
        != NGX_OK)
    {
        return NULL;
    }

    plugin->name = *name;
    plugin->limits.memory = 16 * 1024 * 1024;
    plugin->limits.host_memory = 4 * 1024 * 1024;
    plugin->limits.deadline = UINT64_C(10) * 1000000;
    plugin->limits.start_deadline = UINT64_C(5000) * 1000000;
    plugin->fail = NGX_HTTP_WASM_FAIL_CLOSED;
    plugin->body_buffer = 1024 * 1024;
    plugin->pause_timeout = 60 * 1000;
    plugin->log_rate = 100;

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

    ngx_http_wasm_place(cf, &config->place);

    *slot = config;

    return config;
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

    wlcf->filters = NGX_CONF_UNSET_PTR;

    return wlcf;
}


static char *
ngx_http_wasm_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child)
{
    ngx_http_wasm_loc_conf_t *prev = parent;
    ngx_http_wasm_loc_conf_t *conf = child;

    ngx_conf_merge_ptr_value(conf->filters, prev->filters, NULL);

    return NGX_CONF_OK;
}


/*
 * The handler of request headers is the first of the phase just before the
 * content: all of nginx's access checks come earlier, and "satisfy any" can't
 * jump over it; try_files and mirror come later.
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

    if (!wmcf->used) {
        return NGX_OK;
    }

    cmcf = ngx_http_conf_get_module_main_conf(cf, ngx_http_core_module);

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_PRECONTENT_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_wasm_request_handler;

    h = ngx_array_push(&cmcf->phases[NGX_HTTP_LOG_PHASE].handlers);
    if (h == NULL) {
        return NGX_ERROR;
    }

    *h = ngx_http_wasm_request_log;

    ngx_http_wasm_response_init();

    return NGX_OK;
}

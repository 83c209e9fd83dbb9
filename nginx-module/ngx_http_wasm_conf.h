
/*
 * Sluice: directives and their parameters.
 */


#ifndef _NGX_HTTP_WASM_CONF_H_INCLUDED_
#define _NGX_HTTP_WASM_CONF_H_INCLUDED_


#include "ngx_http_wasm_module.h"


typedef struct ngx_http_wasm_param_s  ngx_http_wasm_param_t;

/* NGX_CONF_OK, NGX_CONF_ERROR if all is said, or what is wrong */
typedef char *(*ngx_http_wasm_param_pt)(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);

struct ngx_http_wasm_param_s {
    ngx_str_t                name;
    ngx_http_wasm_param_pt   parse;        /* NULL: not supported yet */
    size_t                   offset;       /* in what the directive fills in */
    uint64_t                 min, max;
};


/* ngx_http_wasm_param.c: KEY=VALUE after a table, and kinds of values */

char *ngx_http_wasm_params(ngx_conf_t *cf, ngx_http_wasm_param_t *params,
    ngx_str_t *args, ngx_uint_t n, void *target, ngx_str_t *bare);
char *ngx_http_wasm_param_bytes(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_size(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_msec(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_nsec(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_number(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_sha256(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_string(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);
char *ngx_http_wasm_param_text(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);

/* ngx_http_wasm_allow.c: into a plugin */

char *ngx_http_wasm_param_allow(ngx_conf_t *cf,
    ngx_http_wasm_param_t *param, ngx_str_t *value, void *field);

/* ngx_http_wasm_conf.c: wasm_plugin and wasm_filter */

char *ngx_http_wasm_conf_plugin(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_wasm_conf_filter(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
void ngx_http_wasm_conf_chains(ngx_http_wasm_main_conf_t *wmcf);


#endif /* _NGX_HTTP_WASM_CONF_H_INCLUDED_ */

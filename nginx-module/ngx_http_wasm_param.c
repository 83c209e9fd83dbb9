
/*
 * Parameters of directives: KEY=VALUE after a table, and the kinds of values.
 */


#include "ngx_http_wasm_conf.h"


/* configuration read from a file: plugins get it in memory */
#define NGX_HTTP_WASM_TEXT_MAX  (16 * 1024 * 1024)


/*
 * KEY=VALUE arguments after a table; one argument that has no KEY of the table
 * goes to bare, if there is one.
 */

char *
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


char *
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


char *
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


char *
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


char *
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


char *
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


char *
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


char *
ngx_http_wasm_param_string(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_str_t  *to = field;

    *to = *value;

    return NGX_CONF_OK;
}


/* TEXT, or @FILE for what a file holds */

char *
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

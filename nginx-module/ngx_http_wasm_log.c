
/*
 * Lines of plugins in the error log.
 */


#include "ngx_http_wasm_module.h"


/* bytes of a line's text, escaped */
#define NGX_HTTP_WASM_LOG_MAX    4096

/* bytes that fit into one entry of nginx's log beside what it adds */
#define NGX_HTTP_WASM_LOG_ENTRY  1600


/*
 * Control characters are written as \xHH.  nginx cuts an entry off at 2 KiB:
 * a longer line goes on in the next entry.
 */

void
ngx_http_wasm_log(ngx_uint_t level, ngx_log_t *log, ngx_str_t *name,
    const char *data, size_t len)
{
    u_char                *p, *end;
    size_t                 left;
    ngx_str_t              text;
    const char            *more;
    static const u_char    hex[] = "0123456789abcdef";
    u_char                 buf[NGX_HTTP_WASM_LOG_ENTRY];

    if (log->log_level < level) {
        return;
    }

    more = "";
    left = NGX_HTTP_WASM_LOG_MAX;
    text.data = buf;

    do {
        p = buf;
        end = buf + ngx_min(left, NGX_HTTP_WASM_LOG_ENTRY) - 4;

        while (len && p <= end) {
            u_char  ch = (u_char) *data++;

            len--;

            if (ch >= 0x20 && ch != 0x7f) {
                *p++ = ch;
                continue;
            }

            *p++ = '\\';
            *p++ = 'x';
            *p++ = hex[ch >> 4];
            *p++ = hex[ch & 0x0f];
        }

        text.len = p - buf;
        left -= text.len;

        ngx_log_error(level, log, 0, "wasm plugin \"%V\"%s: %V",
                      name, more, &text);

        more = " (continued)";

    } while (len && left >= 8);
}


/* A plugin writes log_rate lines a second: is this one more among them? */

ngx_uint_t
ngx_http_wasm_log_count(ngx_http_wasm_plugin_t *plugin, ngx_log_t *log)
{
    ngx_uint_t  suppressed;

    if (plugin->log_second != ngx_time()) {

        suppressed = (plugin->log_lines > plugin->log_rate)
                     ? plugin->log_lines - plugin->log_rate : 0;

        plugin->log_second = ngx_time();
        plugin->log_lines = 0;

        if (suppressed) {
            ngx_log_error(NGX_LOG_WARN, log, 0,
                          "wasm plugin \"%V\": suppressed %ui log lines",
                          &plugin->name, suppressed);
        }
    }

    return ++plugin->log_lines <= plugin->log_rate;
}

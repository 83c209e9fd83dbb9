
/*
 * What a plugin may do: the words of allow=, and what "nginx -t" says about
 * imports that they leave out.
 */


#include "ngx_http_wasm_conf.h"


/* what may stand behind a word and a colon */

typedef enum {
    NGX_HTTP_WASM_ALLOW_ALONE = 0,
    NGX_HTTP_WASM_ALLOW_FUNCTION,          /* or nothing: all of them */
    NGX_HTTP_WASM_ALLOW_UPSTREAM,
    NGX_HTTP_WASM_ALLOW_IGNORED            /* for what isn't there */
} ngx_http_wasm_allow_e;


typedef struct {
    ngx_str_t                name;
    uint32_t                 bits;
    ngx_http_wasm_allow_e    kind;
} ngx_http_wasm_allow_word_t;


static char *ngx_http_wasm_allow_word(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *word);
static char *ngx_http_wasm_allow_function(ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *name);
static char *ngx_http_wasm_allow_upstream(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin, ngx_str_t *name);


#define NGX_HTTP_WASM_ALLOW_HEADERS  (PW_ALLOW_HEADERS|PW_ALLOW_HEADERS_READ)
#define NGX_HTTP_WASM_ALLOW_BODY     (PW_ALLOW_BODY|PW_ALLOW_BODY_READ)

static ngx_http_wasm_allow_word_t  ngx_http_wasm_allow_words[] = {

    { ngx_string("default"), NGX_HTTP_WASM_ALLOW_DEFAULT,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("none"), 0, NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("headers"), NGX_HTTP_WASM_ALLOW_HEADERS,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("headers.read"), PW_ALLOW_HEADERS_READ,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("body"), NGX_HTTP_WASM_ALLOW_BODY,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("body.read"), PW_ALLOW_BODY_READ,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("local_response"), PW_ALLOW_LOCAL_RESPONSE,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("property.read"), PW_ALLOW_PROPERTY_READ,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("property.write"), PW_ALLOW_PROPERTY_WRITE,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("shared_data"), PW_ALLOW_SHARED_DATA,
      NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("queues"), PW_ALLOW_QUEUES, NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("metrics"), PW_ALLOW_METRICS, NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("timers"), PW_ALLOW_TIMERS, NGX_HTTP_WASM_ALLOW_ALONE },

    { ngx_string("foreign"), PW_ALLOW_FOREIGN, NGX_HTTP_WASM_ALLOW_FUNCTION },

    { ngx_string("http_call"), PW_ALLOW_HTTP_CALL,
      NGX_HTTP_WASM_ALLOW_UPSTREAM },

    { ngx_string("grpc_call"), 0, NGX_HTTP_WASM_ALLOW_IGNORED },

    { ngx_null_string, 0, NGX_HTTP_WASM_ALLOW_ALONE }
};


/* WORD[,WORD...] in place of the default */

char *
ngx_http_wasm_param_allow(ngx_conf_t *cf, ngx_http_wasm_param_t *param,
    ngx_str_t *value, void *field)
{
    ngx_http_wasm_plugin_t *plugin = field;

    char       *rv;
    u_char     *p, *last;
    ngx_str_t   word;

    plugin->limits.allow = PW_ALLOW_ONLY;

    p = value->data;
    last = value->data + value->len;

    for ( ;; ) {
        word.data = p;
        p = ngx_strlchr(p, last, ',');
        word.len = (p ? p : last) - word.data;

        rv = ngx_http_wasm_allow_word(cf, plugin, &word);

        if (rv != NGX_CONF_OK || p == NULL) {
            return rv;
        }

        p++;
    }
}


static char *
ngx_http_wasm_allow_word(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *word)
{
    u_char                      *colon;
    ngx_str_t                    name, arg;
    ngx_http_wasm_allow_word_t  *w;

    name = *word;
    ngx_str_null(&arg);

    colon = ngx_strlchr(word->data, word->data + word->len, ':');

    if (colon) {
        name.len = colon - word->data;
        arg.data = colon + 1;
        arg.len = word->len - name.len - 1;
    }

    for (w = ngx_http_wasm_allow_words; w->name.len; w++) {
        if (w->name.len == name.len
            && ngx_strncmp(w->name.data, name.data, name.len) == 0)
        {
            break;
        }
    }

    if (w->name.len == 0) {
        return "an unknown word";
    }

    if (colon ? w->kind == NGX_HTTP_WASM_ALLOW_ALONE
              : w->kind >= NGX_HTTP_WASM_ALLOW_UPSTREAM)
    {
        return colon ? "a name behind a word that takes none"
                     : "no name behind a word that needs one";
    }

    if (colon && arg.len == 0) {
        return "an empty name";
    }

    if (w->kind == NGX_HTTP_WASM_ALLOW_UPSTREAM) {
        plugin->limits.allow |= w->bits;
        return ngx_http_wasm_allow_upstream(cf, plugin, &arg);
    }

    if (w->kind == NGX_HTTP_WASM_ALLOW_FUNCTION && colon) {
        return ngx_http_wasm_allow_function(plugin, &arg);
    }

    plugin->limits.allow |= w->bits;

    if (w->bits & PW_ALLOW_FOREIGN) {
        plugin->limits.foreign = 0;
    }

    return NGX_CONF_OK;
}


/* one foreign function, unless all are allowed already */

static char *
ngx_http_wasm_allow_function(ngx_http_wasm_plugin_t *plugin, ngx_str_t *name)
{
    uint64_t       bit;
    struct pw_str  function;

    function.data = (char *) name->data;
    function.len = name->len;

    bit = pw_foreign_bit(function);

    if (bit == 0) {
        return "an unknown foreign function";
    }

    if (!(plugin->limits.allow & PW_ALLOW_FOREIGN) || plugin->limits.foreign) {
        plugin->limits.allow |= PW_ALLOW_FOREIGN;
        plugin->limits.foreign |= bit;
    }

    return NGX_CONF_OK;
}


static char *
ngx_http_wasm_allow_upstream(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin,
    ngx_str_t *name)
{
    struct pw_str  *upstream;

    upstream = ngx_array_push(&plugin->upstreams);
    if (upstream == NULL) {
        return NGX_CONF_ERROR;
    }

    upstream->data = (char *) name->data;
    upstream->len = name->len;

    plugin->limits.upstreams = plugin->upstreams.elts;
    plugin->limits.nupstreams = plugin->upstreams.nelts;

    return NGX_CONF_OK;
}


/* one line with the imports that will be refused */

void
ngx_http_wasm_allow_warn(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin)
{
    u_char       line[NGX_MAX_CONF_ERRSTR], *p, *last;
    uint32_t     i;
    const char  *name;

    p = line;
    last = line + sizeof(line);

    for (i = 0; (name = pw_plugin_denied(plugin->plugin, i)) != NULL; i++) {
        p = ngx_slprintf(p, last, "%s%s", i ? ", " : "", name);
    }

    if (i) {
        ngx_log_error(NGX_LOG_WARN, cf->log, 0,
                      "wasm plugin \"%V\" (%V) is not allowed what it "
                      "imports: %*s in %V:%ui",
                      &plugin->name, &plugin->file, (size_t) (p - line), line,
                      &plugin->place.file, plugin->place.line);
    }
}


/*
 * Properties: Envoy's attributes, variables of nginx as "ngx.NAME", and values
 * that plugins leave for each other under names of their own.
 */


#include "ngx_http_wasm_property.h"


/* bytes of names and values that the plugins of a request may leave */
#define NGX_HTTP_WASM_STATE_MAX     65536

/* bytes of a variable's name; the abi lets paths have no more */
#define NGX_HTTP_WASM_VARIABLE_MAX  1024


static enum pw_status ngx_http_wasm_property_set_variable(
    ngx_http_wasm_ctx_t *ctx, ngx_str_t *name, ngx_str_t *value);
static ngx_http_wasm_state_t *ngx_http_wasm_property_state(
    ngx_http_wasm_ctx_t *ctx, ngx_str_t *path);


enum pw_status
ngx_http_wasm_property_get(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *path, struct pw_property *value)
{
    ngx_str_t                  name;
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_state_t     *state;
    ngx_http_wasm_attribute_t  *row;

    if (path->len == sizeof("plugin_vm_id") - 1
        && ngx_strncmp(path->data, "plugin_vm_id", path->len) == 0)
    {
        return ngx_http_wasm_property_str(value, config->plugin->share.len
                                                 ? &config->plugin->share
                                                 : &config->plugin->name);
    }

    if (st == NULL || st->ctx->ended) {
        return PW_NOT_FOUND;
    }

    ctx = st->ctx;

    if (path->len > 4 && ngx_strncmp(path->data, "ngx.", 4) == 0) {
        name.data = path->data + 4;
        name.len = path->len - 4;
        return ngx_http_wasm_property_variable(ctx, &name, value);
    }

    row = ngx_http_wasm_attribute(path);

    if (row) {
        return row->get(ctx, row, value);
    }

    name = *path;

    if (name.len > sizeof("filter_state.wasm.") - 1
        && ngx_strncmp(name.data, "filter_state.wasm.",
                       sizeof("filter_state.wasm.") - 1)
           == 0)
    {
        name.data += sizeof("filter_state.wasm.") - 1;
        name.len -= sizeof("filter_state.wasm.") - 1;
    }

    state = ngx_http_wasm_property_state(ctx, &name);

    return state ? ngx_http_wasm_property_str(value, &state->value)
                 : PW_NOT_FOUND;
}


/* Parts of the path are separated by NUL, as the guest gave it. */

enum pw_status
ngx_http_wasm_property_set(ngx_http_wasm_stream_t *st, ngx_str_t *path,
    ngx_str_t *value)
{
    u_char                 *p;
    ngx_str_t               name;
    ngx_uint_t              i;
    ngx_http_wasm_ctx_t    *ctx;
    ngx_http_wasm_state_t  *state;

    if (st == NULL || st->ctx->ended) {
        return PW_NOT_FOUND;
    }

    ctx = st->ctx;

    if (path->len > 4 && ngx_strncmp(path->data, "ngx", 3) == 0
        && (path->data[3] == '\0' || path->data[3] == '.'))
    {
        name.data = path->data + 4;
        name.len = path->len - 4;

        if (name.data[name.len - 1] == '\0') {
            name.len--;
        }

        if (ngx_http_wasm_charge(st, name.len + value->len) != NGX_OK) {
            return PW_INTERNAL_FAILURE;
        }

        return ngx_http_wasm_property_set_variable(ctx, &name, value);
    }

    if (path->len + value->len + sizeof(ngx_http_wasm_state_t)
        > NGX_HTTP_WASM_STATE_MAX - ctx->state_size)
    {
        return PW_INTERNAL_FAILURE;
    }

    ctx->state_size += path->len + value->len + sizeof(ngx_http_wasm_state_t);

    p = ngx_pnalloc(ctx->request->pool, path->len + value->len + 1);
    if (p == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    name.data = p;
    name.len = path->len;

    for (i = 0; i < path->len; i++) {
        *p++ = path->data[i] ? path->data[i] : '.';
    }

    if (name.len && path->data[name.len - 1] == '\0') {
        name.len--;
    }

    state = ngx_http_wasm_property_state(ctx, &name);

    if (state == NULL) {
        state = ngx_palloc(ctx->request->pool, sizeof(ngx_http_wasm_state_t));
        if (state == NULL) {
            return PW_INTERNAL_FAILURE;
        }

        state->key = name;
        state->next = ctx->state;
        ctx->state = state;
    }

    state->value.data = p;
    state->value.len = value->len;

    if (value->len) {
        ngx_memcpy(p, value->data, value->len);
    }

    return PW_OK;
}


enum pw_status
ngx_http_wasm_property_variable(ngx_http_wasm_ctx_t *ctx, ngx_str_t *name,
    struct pw_property *value)
{
    u_char                      lower[NGX_HTTP_WASM_VARIABLE_MAX];
    ngx_str_t                   s;
    ngx_uint_t                  key;
    ngx_http_variable_value_t  *vv;

    if (name->len > NGX_HTTP_WASM_VARIABLE_MAX) {
        return PW_NOT_FOUND;
    }

    key = ngx_hash_strlow(lower, name->data, name->len);

    s.data = lower;
    s.len = name->len;

    vv = ngx_http_get_variable(ctx->request, &s, key);

    if (vv == NULL || vv->not_found || !vv->valid) {
        return PW_NOT_FOUND;
    }

    s.data = vv->data;
    s.len = vv->len;

    return ngx_http_wasm_property_str(value, &s);
}


/* what the directive "set" could set */

static enum pw_status
ngx_http_wasm_property_set_variable(ngx_http_wasm_ctx_t *ctx, ngx_str_t *name,
    ngx_str_t *value)
{
    u_char                     *p, *data;
    ngx_uint_t                  key;
    ngx_http_request_t         *r;
    ngx_http_variable_t        *v;
    ngx_http_variable_value_t  *vv;
    ngx_http_core_main_conf_t  *cmcf;

    r = ctx->request;

    p = ngx_pnalloc(r->pool, name->len);
    data = ngx_pnalloc(r->pool, value->len + 1);
    vv = ngx_palloc(r->pool, sizeof(ngx_http_variable_value_t));

    if (p == NULL || data == NULL || vv == NULL) {
        return PW_INTERNAL_FAILURE;
    }

    key = ngx_hash_strlow(p, name->data, name->len);

    cmcf = ngx_http_get_module_main_conf(r, ngx_http_core_module);

    v = ngx_hash_find(&cmcf->variables_hash, key, p, name->len);
    if (v == NULL) {
        return PW_NOT_FOUND;
    }

    if (!(v->flags & NGX_HTTP_VAR_CHANGEABLE)) {
        return PW_BAD_ARGUMENT;
    }

    *ngx_cpymem(data, value->data, value->len) = '\0';

    if (v->set_handler == NULL && (v->flags & NGX_HTTP_VAR_INDEXED)) {
        vv = &r->variables[v->index];
    }

    ngx_memzero(vv, sizeof(ngx_http_variable_value_t));

    vv->valid = 1;
    vv->data = data;
    vv->len = value->len;

    if (v->set_handler) {
        v->set_handler(r, vv, v->data);
        return PW_OK;
    }

    return (v->flags & NGX_HTTP_VAR_INDEXED) ? PW_OK : PW_BAD_ARGUMENT;
}


static ngx_http_wasm_state_t *
ngx_http_wasm_property_state(ngx_http_wasm_ctx_t *ctx, ngx_str_t *path)
{
    ngx_http_wasm_state_t  *state;

    for (state = ctx->state; state; state = state->next) {
        if (state->key.len == path->len
            && ngx_memcmp(state->key.data, path->data, path->len) == 0)
        {
            break;
        }
    }

    return state;
}


enum pw_status
ngx_http_wasm_property_str(struct pw_property *value, ngx_str_t *s)
{
    value->kind = PW_PROP_BYTES;
    value->bytes.data = (char *) s->data;
    value->bytes.len = s->len;

    return PW_OK;
}


enum pw_status
ngx_http_wasm_property_int(struct pw_property *value, off_t n)
{
    value->kind = PW_PROP_INT;
    value->number = (uint64_t) n;

    return PW_OK;
}

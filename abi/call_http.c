/* Host calls: calls to upstreams. */
#include "guest.h"
#include "header.h"
#include "str.h"

/* The low bits of an id say what kind of call it is, as in Envoy: 0 HTTP. */
enum { CALL_STEP = 4 };

static bool has(const struct pw_header_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++) {
        if (pw_str_is(list->pairs[i].key, name)) {
            return true;
        }
    }
    return false;
}

static bool is_allowed(const struct pw_call *c, struct pw_str upstream)
{
    const struct pw_limits *limits = &c->instance->plugin->limits;

    for (size_t i = 0; i < limits->nupstreams; i++) {
        struct pw_str name = limits->upstreams[i];

        if (pw_str_is(name, "*") || pw_str_equal(name, upstream)) {
            return true;
        }
    }
    if (limits->nupstreams != 0) {
        pw_call_deny(c, "a call to this upstream", PW_ALLOW_HTTP_CALL);
    }
    return limits->nupstreams == 0;
}

static uint32_t new_id(pw_instance *in)
{
    in->last_call += CALL_STEP;
    if (in->last_call == 0) {
        in->last_call = CALL_STEP;
    }
    return in->last_call;
}

static uint32_t send_call(struct pw_call *c, const struct pw_http_call *call,
                          uint32_t out)
{
    uint32_t id = new_id(c->instance), status;

    status = c->host->http_call(c->root, c->stream, call, id);
    return status != PW_OK ? status : pw_guest_put32(c, out, id);
}

/* The order of the checks is Envoy's; the id is 0 unless all went well. */
static uint32_t proxy_http_call(struct pw_call *c, uint32_t upstream_ptr,
                                uint32_t upstream_len, uint32_t headers_ptr,
                                uint32_t headers_len, uint32_t body_ptr,
                                uint32_t body_len, uint32_t trailers_ptr,
                                uint32_t trailers_len, uint32_t timeout,
                                uint32_t out)
{
    struct pw_http_call call = { .timeout = timeout };
    struct pw_header_list headers, trailers;
    struct pw_str blob;
    uint32_t status;

    if (c->host->http_call == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, upstream_ptr, upstream_len, &call.upstream)
        || !pw_guest_read(c, headers_ptr, headers_len, &blob)
        || !pw_guest_read(c, body_ptr, body_len, &call.body)
        || !pw_guest_read(c, trailers_ptr, trailers_len, &blob)
        || pw_guest_put32(c, out, 0) != PW_OK) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if ((int32_t)timeout < 0) {
        return PW_BAD_ARGUMENT;
    }
    if (!is_allowed(c, call.upstream)) {
        return PW_INTERNAL_FAILURE;
    }
    status = pw_header_read_list(c, PW_PSEUDO_REQUEST, false, 0, headers_ptr,
                                 headers_len, &headers);
    if (status == PW_OK) {
        status = pw_header_read_list(c, PW_PSEUDO_NONE, false, 1,
                                     trailers_ptr, trailers_len, &trailers);
    }
    if (status != PW_OK) {
        return status;
    }
    if (!has(&headers, ":method") || !has(&headers, ":path")
        || !has(&headers, ":authority")) {
        return PW_BAD_ARGUMENT;
    }
    call.headers = headers.pairs;
    call.nheaders = headers.n;
    call.trailers = trailers.pairs;
    call.ntrailers = trailers.n;
    return send_call(c, &call, out);
}

/* The code of the last call that failed; its message only in its callback. */
static uint32_t proxy_get_status(struct pw_call *c, uint32_t out_code,
                                 uint32_t out_data, uint32_t out_size)
{
    const struct pw_http_answer *answer = pw_call_answer(c);
    struct pw_str message = { NULL, 0 };
    uint32_t status;
    uint8_t *room;

    if (!pw_guest_span(c, out_code, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if (answer != NULL && answer->code != 0) {
        message = answer->message;
    }
    status = pw_guest_give(c, message, out_data, out_size);
    return status != PW_OK
               ? status
               : pw_guest_put32(c, out_code, c->context->root->call_code);
}

PW_DEFINE_CALLS(PW_HTTP_CALLS)

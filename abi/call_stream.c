/* Host calls: the course of a stream, local responses, contexts. */
#include "foreign.h"
#include "guest.h"
#include "header.h"

/* Is the request the callback is about over, or is there none?  Then what
 * would steer it answers Ok and does nothing. */
static bool is_over(const struct pw_call *c)
{
    const pw_instance *in = c->instance;

    return !c->context->is_stream
           || (c->context == in->current
               && (in->running == PW_ON_LOG || in->running == PW_ON_DONE
                   || in->running == PW_ON_DELETE));
}

static uint32_t continue_http(const struct pw_call *c,
                              enum pw_stream_type type)
{
    return is_over(c) ? PW_OK : c->host->continue_stream(c->stream, type);
}

static uint32_t proxy_continue_stream(struct pw_call *c, uint32_t type)
{
    switch (type) {
    case PW_STREAM_REQUEST:
    case PW_STREAM_RESPONSE:
        return continue_http(c, (enum pw_stream_type)type);
    case PW_STREAM_DOWNSTREAM:
        return PW_OK;
    case PW_STREAM_UPSTREAM:
        return PW_UNIMPLEMENTED;
    default:
        return PW_BAD_ARGUMENT;
    }
}

static uint32_t proxy_continue_request(struct pw_call *c)
{
    return continue_http(c, PW_STREAM_REQUEST);
}

static uint32_t proxy_continue_response(struct pw_call *c)
{
    return continue_http(c, PW_STREAM_RESPONSE);
}

static uint32_t proxy_clear_route_cache(struct pw_call *c)
{
    return is_over(c) ? PW_OK : c->host->clear_route(c->stream);
}

/* What plugins for 0.2.0 and later have instead. */
uint32_t pw_foreign_clear_route(struct pw_call *c, struct pw_str argument,
                                struct pw_str *result)
{
    (void)argument;
    *result = (struct pw_str){ NULL, 0 };
    return proxy_clear_route_cache(c);
}

static uint32_t proxy_close_stream(struct pw_call *c, uint32_t type)
{
    if (type > PW_STREAM_UPSTREAM) {
        return PW_BAD_ARGUMENT;
    }
    if (type > PW_STREAM_RESPONSE || is_over(c)) {
        return PW_OK;
    }
    return c->host->close_stream(c->stream, (enum pw_stream_type)type);
}

static uint32_t proxy_send_local_response(
    struct pw_call *c, uint32_t status, uint32_t details_ptr,
    uint32_t details_len, uint32_t body_ptr, uint32_t body_len,
    uint32_t headers_ptr, uint32_t headers_len, uint32_t grpc_status)
{
    struct pw_response r = { .status = status, .grpc_status = -1 };
    struct pw_header_list list;
    uint32_t error;

    if (!pw_guest_read(c, details_ptr, details_len, &r.details)
        || !pw_guest_read(c, body_ptr, body_len, &r.body)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    error = pw_header_read_list(c, PW_PSEUDO_NONE, true, 0, headers_ptr,
                                headers_len, &list);
    if (error != PW_OK || is_over(c)) {
        return error;
    }
    if (status < 200 || status > 599) {
        r.status = 500;
    }
    if (grpc_status <= 16) {
        r.grpc_status = (int32_t)grpc_status;
    }
    r.headers = list.pairs;
    r.nheaders = list.n;
    return c->host->local_response(c->stream, &r);
}

/* Lasts until the callback is over; 0 is the instance's own context. */
static uint32_t proxy_set_effective_context(struct pw_call *c, uint32_t id)
{
    pw_instance *in = c->instance;
    struct pw_context *context = id == 0 ? in->current
                                         : pw_context_find(in, id);

    if (context == NULL) {
        return PW_BAD_ARGUMENT;
    }
    pw_instance_act(in, context);
    return PW_OK;
}

/* For a root context whose on_done said that it isn't done yet. */
static uint32_t proxy_done(struct pw_call *c)
{
    struct pw_root *root = c->context->root;

    if (c->context->is_stream || !root->waiting) {
        return PW_NOT_FOUND;
    }
    root->waiting = false;
    return PW_OK;
}

PW_DEFINE_CALLS(PW_STREAM_CALLS)

/* Host calls: bodies and configurations. */
#include "guest.h"

#include <string.h>

/* A buffer as the guest may see it now. */
struct view {
    uint32_t       status;               /* of reading: PW_OK or what it is */
    enum pw_access access;
    bool           is_text;              /* a configuration, not the host's */
    struct pw_str  text;
    uint64_t       size;
};

static struct view text_view(struct pw_str text)
{
    return (struct view){ PW_OK, PW_READ, true, text, text.len };
}

/* The plugin configuration shows only while it is being configured, that of
 * the instance always, an answer's body while its callback runs and if there
 * is one (all as in Envoy). */
static struct view view(const struct pw_call *c, uint32_t buffer)
{
    const struct pw_http_answer *answer = pw_call_answer(c);
    const struct pw_root *root = c->context->root;
    struct view v = { PW_OK, PW_ABSENT, false, { NULL, 0 }, 0 };

    switch (buffer) {
    case PW_VM_CONFIGURATION:
        return text_view(c->instance->plugin->vm_config);
    case PW_PLUGIN_CONFIGURATION:
        if (root->configuring) {
            return text_view(root->configuration);
        }
        v.status = PW_NOT_FOUND;
        return v;
    case PW_CALL_RESPONSE_BODY:
        if (answer != NULL && answer->nheaders != 0) {
            return text_view(answer->body);
        }
        v.status = PW_NOT_FOUND;
        return v;
    default:
        break;
    }
    if (c->context->is_stream) {
        v.access = c->host->buffer_access(c->stream, (enum pw_buffer)buffer);
    }
    if (v.access != PW_ABSENT) {
        v.size = c->host->buffer_size(c->stream, (enum pw_buffer)buffer);
    }
    return v;
}

static uint32_t give(const struct pw_call *c, const struct view *v,
                     uint32_t buffer, uint32_t start, uint32_t max,
                     uint32_t out_data, uint32_t out_size)
{
    uint64_t len = start >= v->size ? 0 : v->size - start;
    uint32_t ptr = 0, status;
    uint8_t *data;

    if (len > max) {
        len = max;
    }
    if (len == 0) {
        return pw_guest_return(c, out_data, out_size, 0, 0);
    }
    status = pw_guest_alloc(c, len, &ptr, &data);
    if (status != PW_OK) {
        return status;
    }
    if (v->is_text) {
        memcpy(data, v->text.data + start, (size_t)len);
    } else {
        c->host->buffer_read(c->stream, (enum pw_buffer)buffer, start,
                             (size_t)len, data);
    }
    return pw_guest_return(c, out_data, out_size, ptr, (uint32_t)len);
}

/* Configurations and answers of call-outs may always be read. */
static bool may_read(const struct pw_call *c, uint32_t buffer)
{
    return buffer > PW_UPSTREAM_DATA
           || pw_call_allowed(c, "reading a body", PW_ALLOW_BODY_READ);
}

static uint32_t proxy_get_buffer_bytes(struct pw_call *c, uint32_t buffer,
                                       uint32_t start, uint32_t max,
                                       uint32_t out_data, uint32_t out_size)
{
    struct view v;

    if (buffer >= PW_NBUFFERS) {
        return PW_BAD_ARGUMENT;
    }
    if (!may_read(c, buffer)) {
        return PW_INTERNAL_FAILURE;
    }
    v = view(c, buffer);
    return v.status != PW_OK
               ? v.status
               : give(c, &v, buffer, start, max, out_data, out_size);
}

static uint32_t proxy_get_buffer_status(struct pw_call *c, uint32_t buffer,
                                        uint32_t out_len, uint32_t out_flags)
{
    struct view v;

    if (buffer >= PW_NBUFFERS) {
        return PW_BAD_ARGUMENT;
    }
    if (!may_read(c, buffer)) {
        return PW_INTERNAL_FAILURE;
    }
    v = view(c, buffer);
    return v.status != PW_OK
               ? v.status
               : pw_guest_return(c, out_len, out_flags, (uint32_t)v.size, 0);
}

/* Takes length bytes out at start and puts the data there; at or behind the
 * end it is appended. */
static uint32_t proxy_set_buffer_bytes(struct pw_call *c, uint32_t buffer,
                                       uint32_t start, uint32_t length,
                                       uint32_t ptr, uint32_t len)
{
    struct pw_str bytes;
    uint64_t remove;
    struct view v;

    if (buffer >= PW_NBUFFERS) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_guest_read(c, ptr, len, &bytes)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    v = view(c, buffer);
    if (v.status != PW_OK) {
        return v.status;
    }
    if (v.access != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    if (start >= v.size) {
        return c->host->buffer_splice(c->stream, (enum pw_buffer)buffer,
                                      (size_t)v.size, 0, bytes);
    }
    remove = length < v.size - start ? length : v.size - start;
    return c->host->buffer_splice(c->stream, (enum pw_buffer)buffer, start,
                                  (size_t)remove, bytes);
}

/* Version 0.1.0: whichever configuration the callback is about. */
static uint32_t proxy_get_configuration(struct pw_call *c, uint32_t out_data,
                                        uint32_t out_size)
{
    const struct pw_root *root = c->context->root;

    return pw_guest_give(c, root->configuring
                                && c->instance->running != PW_ON_VM_START
                            ? root->configuration
                            : c->instance->plugin->vm_config,
                         out_data, out_size);
}

PW_DEFINE_CALLS(PW_BODY_CALLS)

/* Host calls: what all instances of a plugin share, data and queues. */
#include "guest.h"

/* --- data ---------------------------------------------------------------- */

static uint32_t proxy_get_shared_data(struct pw_call *c, uint32_t key_ptr,
                                      uint32_t key_len, uint32_t out_data,
                                      uint32_t out_size, uint32_t out_cas)
{
    struct pw_str key, value = { NULL, 0 };
    uint32_t cas = 0, status;
    uint8_t *room;

    if (c->host->shared_get == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, key_ptr, key_len, &key)
        || !pw_guest_span(c, out_cas, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    status = c->host->shared_get(c->root, key, &value, &cas);
    if (status == PW_OK) {
        status = pw_guest_give(c, value, out_data, out_size);
    }
    return status != PW_OK ? status : pw_guest_put32(c, out_cas, cas);
}

static uint32_t proxy_set_shared_data(struct pw_call *c, uint32_t key_ptr,
                                      uint32_t key_len, uint32_t value_ptr,
                                      uint32_t value_len, uint32_t cas)
{
    struct pw_str key, value;

    if (c->host->shared_set == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, key_ptr, key_len, &key)
        || !pw_guest_read(c, value_ptr, value_len, &value)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    return c->host->shared_set(c->root, key, value, cas);
}

/* --- queues -------------------------------------------------------------- */

static uint32_t proxy_register_shared_queue(struct pw_call *c,
                                            uint32_t name_ptr,
                                            uint32_t name_len, uint32_t out)
{
    struct pw_str name;
    uint32_t id = 0, status;
    uint8_t *room;

    if (c->host->queue_open == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, name_ptr, name_len, &name)
        || !pw_guest_span(c, out, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    status = c->host->queue_open(c->root, name, &id);
    return status != PW_OK ? status : pw_guest_put32(c, out, id);
}

static uint32_t proxy_resolve_shared_queue(struct pw_call *c, uint32_t vm_ptr,
                                           uint32_t vm_len, uint32_t name_ptr,
                                           uint32_t name_len, uint32_t out)
{
    struct pw_str vm_id, name;
    uint32_t id = 0, status;
    uint8_t *room;

    if (c->host->queue_find == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, vm_ptr, vm_len, &vm_id)
        || !pw_guest_read(c, name_ptr, name_len, &name)
        || !pw_guest_span(c, out, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    status = c->host->queue_find(c->root, vm_id, name, &id);
    return status != PW_OK ? status : pw_guest_put32(c, out, id);
}

static uint32_t proxy_enqueue_shared_queue(struct pw_call *c, uint32_t id,
                                           uint32_t ptr, uint32_t len)
{
    struct pw_str item;

    if (c->host->queue_push == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_read(c, ptr, len, &item)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    return c->host->queue_push(c->root, id, item);
}

/* The results are looked at first: an item that was taken out is gone. */
static uint32_t proxy_dequeue_shared_queue(struct pw_call *c, uint32_t id,
                                           uint32_t out_data,
                                           uint32_t out_size)
{
    struct pw_str item = { NULL, 0 };
    uint32_t status;
    uint8_t *room;

    if (c->host->queue_pop == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (!pw_guest_span(c, out_data, 4, &room)
        || !pw_guest_span(c, out_size, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    status = c->host->queue_pop(c->root, id, &item);
    return status != PW_OK ? status
                           : pw_guest_give(c, item, out_data, out_size);
}

PW_DEFINE_CALLS(PW_SHARED_CALLS)

/* Memory of the guest, as host calls use it. */
#include "guest.h"

#include <string.h>

uint32_t pw_guest_put32(const struct pw_call *c, uint32_t ptr, uint32_t value)
{
    uint8_t *data;

    if (!pw_guest_span(c, ptr, 4, &data)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    pw_guest_store32(data, value);
    return PW_OK;
}

uint32_t pw_guest_put64(const struct pw_call *c, uint32_t ptr, uint64_t value)
{
    uint8_t *data;

    if (!pw_guest_span(c, ptr, 8, &data)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    pw_guest_store64(data, value);
    return PW_OK;
}

/* The calls that the allocator may make are few, as in Envoy, so
 * that it can't change what the interrupted call works on. */
static inline __attribute__((always_inline)) uint32_t
allocate(const struct pw_call *c, uint64_t len, uint32_t *ptr)
{
    pw_instance *in = c->instance;
    uint32_t before = in->call.open;
    uint64_t slots[1] = { len };
    struct we_trap trap;
    enum we_error error;

    if (in->allocate == NULL || (before & PW_OPEN_RUNNING) == 0
        || len > UINT32_MAX) {
        return PW_INTERNAL_FAILURE;
    }
    in->call.open = before & PW_OPEN_ALLOW;
    error = we_call(in->allocate, slots, 0, &trap);
    in->call.open = before;
    if (error != WE_OK) {
        pw_instance_fail(in, "allocator", in->plugin->allocator, &trap);
        return PW_INTERNAL_FAILURE;
    }
    *ptr = (uint32_t)slots[0];
    return PW_OK;
}

uint32_t pw_guest_alloc(const struct pw_call *c, uint64_t len, uint32_t *ptr,
                        uint8_t **data)
{
    uint32_t status = pw_guest_take(c, len, ptr) ? PW_OK
                                                 : allocate(c, len, ptr);

    if (status != PW_OK) {
        return status;
    }
    return *ptr != 0 && pw_guest_span(c, *ptr, len, data)
               ? PW_OK
               : PW_INVALID_MEMORY_ACCESS;
}

uint32_t pw_guest_give_slowly(const struct pw_call *c, struct pw_str bytes,
                              uint32_t out_data, uint32_t out_size)
{
    uint32_t ptr, status;

    if (bytes.len == 0) {
        return pw_guest_return(c, out_data, out_size, 0, 0);
    }
    status = allocate(c, bytes.len, &ptr);
    return status == PW_OK
               ? pw_guest_put(c, ptr, bytes, out_data, out_size)
               : status;
}

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
static inline bool run_allocator(pw_instance *in, uint32_t len, uint32_t *ptr)
{
    enum pw_restriction before = in->restriction;
    uint64_t slots[1] = { len };
    struct we_trap trap;
    enum we_error error;

    in->restriction = PW_ALLOCATING;
    error = we_call(in->allocate, slots, 0, &trap);
    in->restriction = before;
    if (error != WE_OK) {
        pw_instance_fail(in, "allocator", in->plugin->allocator, &trap);
        return false;
    }
    *ptr = (uint32_t)slots[0];
    return true;
}

static inline uint32_t alloc(const struct pw_call *c, uint64_t len,
                             uint32_t *ptr, uint8_t **data)
{
    pw_instance *in = c->instance;

    if (in->allocate == NULL || in->restriction != PW_RUNNING
        || len > UINT32_MAX) {
        return PW_INTERNAL_FAILURE;
    }
    if (!run_allocator(in, (uint32_t)len, ptr)) {
        return PW_INTERNAL_FAILURE;
    }
    if (*ptr == 0 || !pw_guest_span(c, *ptr, len, data)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    return PW_OK;
}

uint32_t pw_guest_alloc(const struct pw_call *c, uint64_t len, uint32_t *ptr,
                        uint8_t **data)
{
    return alloc(c, len, ptr, data);
}

uint32_t pw_guest_give(const struct pw_call *c, struct pw_str bytes,
                       uint32_t out_data, uint32_t out_size)
{
    uint32_t ptr = 0, status;
    uint8_t *data;

    if (bytes.len != 0) {
        status = alloc(c, bytes.len, &ptr, &data);
        if (status != PW_OK) {
            return status;
        }
        memcpy(data, bytes.data, bytes.len);
    }
    return pw_guest_return(c, out_data, out_size, ptr, (uint32_t)bytes.len);
}

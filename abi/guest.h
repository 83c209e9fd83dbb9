/* Memory of the guest, as host calls use it. */
#ifndef PW_GUEST_H
#define PW_GUEST_H

#include "call.h"

/* The bytes [ptr, ptr + len), to be written; false if they are not all in
 * memory. */
static inline bool pw_guest_span(const struct pw_call *c, uint32_t ptr,
                                 uint64_t len, uint8_t **data)
{
    return we_memory_span(c->instance->memory, ptr, len, data);
}

/* The same for reading.  Of no bytes any ptr is good: guests pass dangling
 * ones. */
static inline bool pw_guest_read(const struct pw_call *c, uint32_t ptr,
                                 uint32_t len, struct pw_str *bytes)
{
    uint8_t *data = NULL;
    bool good = len == 0 || pw_guest_span(c, ptr, len, &data);

    *bytes = (struct pw_str){ (const char *)data, len };
    return good;
}

uint32_t pw_guest_load32(const uint8_t *data);
uint64_t pw_guest_load64(const uint8_t *data);
void     pw_guest_store32(uint8_t *data, uint32_t value);
void     pw_guest_store64(uint8_t *data, uint64_t value);

/* Store a result: PW_OK or PW_INVALID_MEMORY_ACCESS. */
uint32_t pw_guest_put32(const struct pw_call *c, uint32_t ptr, uint32_t value);
uint32_t pw_guest_put64(const struct pw_call *c, uint32_t ptr, uint64_t value);

/*
 * Returning bytes to the guest.  pw_guest_alloc runs the guest's allocator:
 * spans taken before are invalid after it.  len must not be 0.  The caller
 * fills data and then publishes it with pw_guest_return, which stores nothing
 * unless it can store both.
 */
uint32_t pw_guest_alloc(const struct pw_call *c, uint64_t len, uint32_t *ptr,
                        uint8_t **data);
uint32_t pw_guest_return(const struct pw_call *c, uint32_t out_data,
                         uint32_t out_size, uint32_t ptr, uint32_t len);
/* Both at once, bytes copied; no bytes are returned as null/0. */
uint32_t pw_guest_give(const struct pw_call *c, struct pw_str bytes,
                       uint32_t out_data, uint32_t out_size);

#endif

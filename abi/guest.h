/* Memory of the guest, as host calls use it. */
#ifndef PW_GUEST_H
#define PW_GUEST_H

#include "call.h"

#include <string.h>

/* The bytes [ptr, ptr + len), to be written; false if they are not all in
 * memory. */
static inline bool pw_guest_span(const struct pw_call *c, uint32_t ptr,
                                 uint64_t len, uint8_t **data)
{
    const struct we_memory_bytes *bytes = c->bytes;

    if (ptr > bytes->size || len > bytes->size - ptr) {
        return false;
    }
    *data = bytes->base + ptr;
    return true;
}

/* The same for reading.  Of no bytes any ptr is good: guests pass dangling
 * ones. */
static inline bool pw_guest_read(const struct pw_call *c, uint32_t ptr,
                                 uint32_t len, struct pw_str *bytes)
{
    const struct we_memory_bytes *memory = c->bytes;

    *bytes = (struct pw_str){ (const char *)memory->base + ptr, len };
    return (uint64_t)ptr + len <= memory->size || len == 0;
}

/* Numbers in memory are little-endian. */
static inline uint32_t pw_guest_little32(uint32_t value)
{
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap32(value)
                                                  : value;
}

static inline uint32_t pw_guest_load32(const uint8_t *data)
{
    uint32_t value;

    memcpy(&value, data, sizeof value);
    return pw_guest_little32(value);
}

static inline uint64_t pw_guest_load64(const uint8_t *data)
{
    return (uint64_t)pw_guest_load32(data)
           | (uint64_t)pw_guest_load32(data + 4) << 32;
}

static inline void pw_guest_store32(uint8_t *data, uint32_t value)
{
    value = pw_guest_little32(value);
    memcpy(data, &value, sizeof value);
}

static inline void pw_guest_store64(uint8_t *data, uint64_t value)
{
    pw_guest_store32(data, (uint32_t)value);
    pw_guest_store32(data + 4, (uint32_t)(value >> 32));
}

/* Copies n bytes, which mostly are few. */
static inline void pw_guest_copy(uint8_t *to, const char *from, size_t n)
{
    uint64_t first, last;
    uint32_t head, tail;

    if (n - 4 <= 12) {
        if (n < 8) {
            memcpy(&head, from, sizeof head);
            memcpy(&tail, from + n - sizeof tail, sizeof tail);
            memcpy(to, &head, sizeof head);
            memcpy(to + n - sizeof tail, &tail, sizeof tail);
        } else {
            memcpy(&first, from, sizeof first);
            memcpy(&last, from + n - sizeof last, sizeof last);
            memcpy(to, &first, sizeof first);
            memcpy(to + n - sizeof last, &last, sizeof last);
        }
    } else if (n >= 4) {
        memcpy(to, from, n);
    } else if (n != 0) {
        to[0] = (uint8_t)from[0];
        to[n / 2] = (uint8_t)from[n / 2];
        to[n - 1] = (uint8_t)from[n - 1];
    }
}

/* Store a result: PW_OK or PW_INVALID_MEMORY_ACCESS. */
uint32_t pw_guest_put32(const struct pw_call *c, uint32_t ptr, uint32_t value);
uint32_t pw_guest_put64(const struct pw_call *c, uint32_t ptr, uint64_t value);

/*
 * Returning bytes to the guest.  pw_guest_alloc may run the guest's allocator:
 * spans taken before are invalid after it.  len must not be 0.  The caller
 * fills data and then publishes it with pw_guest_return, which stores nothing
 * unless it can store both.
 */
uint32_t pw_guest_alloc(const struct pw_call *c, uint64_t len, uint32_t *ptr,
                        uint8_t **data);
static inline uint32_t pw_guest_return(const struct pw_call *c,
                                       uint32_t out_data, uint32_t out_size,
                                       uint32_t ptr, uint32_t len)
{
    uint8_t *data, *size;

    if (!pw_guest_span(c, out_data, 4, &data)
        || !pw_guest_span(c, out_size, 4, &size)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    pw_guest_store32(data, ptr);
    pw_guest_store32(size, len);
    return PW_OK;
}

/* Takes room out of the guest's arena (README.md); false: it has none, or not
 * that much. */
static inline bool pw_guest_take(const struct pw_call *c, uint64_t len,
                                 uint32_t *ptr)
{
    uint8_t *arena = c->bytes->base + c->arena;
    uint64_t next;

    if (c->arena == 0) {
        return false;
    }
    *ptr = pw_guest_load32(arena);
    next = *ptr + ((len + 15) & ~(uint64_t)15);
    if (next > pw_guest_load32(arena + 4)) {
        return false;
    }
    pw_guest_store32(arena, (uint32_t)next);
    return true;
}

/* Copies bytes to ptr and publishes them. */
static inline uint32_t pw_guest_put(const struct pw_call *c, uint32_t ptr,
                                    struct pw_str bytes, uint32_t out_data,
                                    uint32_t out_size)
{
    uint8_t *base = c->bytes->base;
    uint64_t size = c->bytes->size;

    if (ptr == 0 || ptr + (uint64_t)bytes.len > size
        || out_data + (uint64_t)4 > size || out_size + (uint64_t)4 > size) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    pw_guest_copy(base + ptr, bytes.data, bytes.len);
    pw_guest_store32(base + out_data, ptr);
    pw_guest_store32(base + out_size, (uint32_t)bytes.len);
    return PW_OK;
}

/* The same where the allocator has to run, or there are no bytes. */
uint32_t pw_guest_give_slowly(const struct pw_call *c, struct pw_str bytes,
                              uint32_t out_data, uint32_t out_size);

/* All at once; no bytes are returned as null/0. */
static inline __attribute__((always_inline)) uint32_t
pw_guest_give(const struct pw_call *c, struct pw_str bytes, uint32_t out_data,
              uint32_t out_size)
{
    uint32_t ptr;

    return bytes.len != 0 && pw_guest_take(c, bytes.len, &ptr)
               ? pw_guest_put(c, ptr, bytes, out_data, out_size)
               : pw_guest_give_slowly(c, bytes, out_data, out_size);
}

#endif

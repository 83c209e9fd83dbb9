/* A seeded hash for the engine's tables, so that a module can't be made whose
 * names or types all collide. */
#ifndef WE_HASH_H
#define WE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The address of an object differs from process to process. */
static inline uint64_t we_hash_seed(const void *object)
{
    return ((uint64_t)(uintptr_t)object ^ UINT64_C(0x9e3779b97f4a7c15))
           * UINT64_C(0xff51afd7ed558ccd);
}

static inline uint64_t we_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0xc4ceb9fe1a85ec53);
    return hash ^ hash >> 29;
}

static inline uint64_t we_hash_bytes(uint64_t hash, const void *data,
                                     size_t len)
{
    const uint8_t *p = data;
    uint64_t word;

    hash = we_hash_word(hash, len);
    for (; len >= 8; p += 8, len -= 8) {
        memcpy(&word, p, 8);
        hash = we_hash_word(hash, word);
    }
    word = 0;
    if (len)
        memcpy(&word, p, len);
    return we_hash_word(hash, word);
}

#endif

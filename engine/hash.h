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

/* The length comes last: what differs in the upper bits of the last word only
 * would not reach the lowest bits of its round. */
static inline uint64_t we_hash_bytes(uint64_t hash, const void *data,
                                     size_t len)
{
    const uint8_t *p = data;
    size_t left = len;
    uint64_t word;

    for (; left >= 8; p += 8, left -= 8) {
        memcpy(&word, p, 8);
        hash = we_hash_word(hash, word);
    }
    word = 0;
    if (left)
        memcpy(&word, p, left);
    return we_hash_word(we_hash_word(hash, word), len);
}

#endif

/*
 * Pairs of header maps as guests read and write them:
 *
 *   | n | key_len value_len | ... n times | key 0 value 0 | ... n times |
 *
 * numbers are u32, little-endian; lengths leave the NUL out.
 */
#ifndef PW_MAP_H
#define PW_MAP_H

#include "proxy_wasm.h"

/* Bounds of what guests send. */
enum { PW_MAP_BYTES = 1 << 20, PW_MAP_PAIRS = 1024 };

struct pw_map_reader {
    const uint8_t *sizes, *data;
    uint32_t       left;                 /* pairs */
    uint64_t       key_bytes;            /* of all keys */
};

/* Checks the whole of a blob; false if it is broken or over the bounds.
 * No bytes and one zero byte are empty maps, too. */
bool pw_map_read(struct pw_map_reader *reader, struct pw_str blob);
/* The pair points into the blob.  False at the end. */
bool pw_map_next(struct pw_map_reader *reader, struct pw_pair *pair);

struct pw_map_writer {
    uint8_t *sizes, *data, *end;
    uint32_t left;                       /* pairs */
};

/* Bytes of a map of n pairs, whose names and values have so many. */
static inline uint64_t pw_map_size(uint64_t n, uint64_t bytes)
{
    return 4 + n * (8 + 2) + bytes;
}
/* Writes the whole of it; out has that size, and n is less than 2^32. */
void pw_map_put_all(uint8_t *out, const struct pw_pair *pairs, size_t n);

/* Bytes that a pair adds to the 4 of the count. */
uint64_t pw_map_pair_size(uint64_t key_len, uint64_t value_len);
/* out has room for size bytes, as reckoned for npairs pairs. */
void pw_map_write(struct pw_map_writer *writer, uint8_t *out, uint64_t size,
                  uint32_t npairs);
/* A pair without its value, which the caller puts where the result points to;
 * NULL if the pair was not reckoned with. */
uint8_t *pw_map_put_open(struct pw_map_writer *writer, struct pw_str key,
                         uint64_t value_len);
/* Has it all been written? */
bool pw_map_done(const struct pw_map_writer *writer);

#endif

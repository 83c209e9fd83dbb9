/* Pairs of header maps as guests read and write them, see map.h. */
#include "map.h"

#include "guest.h"

#include <string.h>

/* A zero byte ends each string; data is at the length's end then. */
static bool skip_string(const uint8_t **data, uint64_t *left, uint32_t len)
{
    if (*left < (uint64_t)len + 1 || (*data)[len] != 0) {
        return false;
    }
    *data += (size_t)len + 1;
    *left -= (uint64_t)len + 1;
    return true;
}

bool pw_map_read(struct pw_map_reader *reader, struct pw_str blob)
{
    const uint8_t *bytes = (const uint8_t *)blob.data, *data;
    uint64_t left = blob.len;
    uint32_t n;

    *reader = (struct pw_map_reader){ NULL, NULL, 0, 0 };
    if (left == 0 || (left == 1 && bytes[0] == 0)) {
        return true;
    }
    if (left < 4 || left > PW_MAP_BYTES) {
        return false;
    }
    n = pw_guest_load32(bytes);
    left -= 4;
    if (n > PW_MAP_PAIRS || (uint64_t)n * 8 > left) {
        return false;
    }
    left -= (uint64_t)n * 8;
    data = bytes + 4 + (size_t)n * 8;
    *reader = (struct pw_map_reader){ bytes + 4, data, n, 0 };
    for (uint32_t i = 0; i < n; i++) {
        uint32_t key_len = pw_guest_load32(bytes + 4 + (size_t)i * 8);
        uint32_t value_len = pw_guest_load32(bytes + 8 + (size_t)i * 8);

        if (!skip_string(&data, &left, key_len)
            || !skip_string(&data, &left, value_len)) {
            return false;
        }
        reader->key_bytes += key_len;
    }
    return left == 0;
}

bool pw_map_next(struct pw_map_reader *reader, struct pw_pair *pair)
{
    uint32_t key_len, value_len;

    if (reader->left == 0) {
        return false;
    }
    key_len = pw_guest_load32(reader->sizes);
    value_len = pw_guest_load32(reader->sizes + 4);
    pair->key = (struct pw_str){ (const char *)reader->data, key_len };
    reader->data += (size_t)key_len + 1;
    pair->value = (struct pw_str){ (const char *)reader->data, value_len };
    reader->data += (size_t)value_len + 1;
    reader->sizes += 8;
    reader->left--;
    return true;
}

uint64_t pw_map_pair_size(uint64_t key_len, uint64_t value_len)
{
    return 8 + key_len + 1 + value_len + 1;
}

static inline uint8_t *put_string(uint8_t *at, struct pw_str s)
{
    pw_guest_copy(at, s.data, s.len);
    at += s.len;
    *at = 0;
    return at + 1;
}

void pw_map_put_all(uint8_t *out, const struct pw_pair *pairs, size_t n)
{
    uint8_t *sizes = out + 4, *at = sizes + n * 8;

    pw_guest_store32(out, (uint32_t)n);
    for (size_t i = 0; i < n; i++, sizes += 8) {
        pw_guest_store32(sizes, (uint32_t)pairs[i].key.len);
        pw_guest_store32(sizes + 4, (uint32_t)pairs[i].value.len);
        at = put_string(at, pairs[i].key);
        at = put_string(at, pairs[i].value);
    }
}

void pw_map_write(struct pw_map_writer *writer, uint8_t *out, uint64_t size,
                  uint32_t npairs)
{
    pw_guest_store32(out, npairs);
    writer->sizes = out + 4;
    writer->data = writer->sizes + (size_t)npairs * 8;
    writer->end = out + size;
    writer->left = npairs;
}

uint8_t *pw_map_put_open(struct pw_map_writer *writer, struct pw_str key,
                         uint64_t value_len)
{
    uint64_t need = pw_map_pair_size(key.len, value_len) - 8;
    uint8_t *value;

    if (writer->left == 0 || need > (uint64_t)(writer->end - writer->data)) {
        return NULL;
    }
    writer->left--;
    pw_guest_store32(writer->sizes, (uint32_t)key.len);
    pw_guest_store32(writer->sizes + 4, (uint32_t)value_len);
    writer->sizes += 8;
    if (key.len != 0) {
        memcpy(writer->data, key.data, key.len);
    }
    writer->data[key.len] = 0;
    value = writer->data + key.len + 1;
    value[value_len] = 0;
    writer->data = value + value_len + 1;
    return value;
}

bool pw_map_done(const struct pw_map_writer *writer)
{
    return writer->left == 0 && writer->data == writer->end;
}

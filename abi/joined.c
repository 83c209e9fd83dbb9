/* A header map as a property: each name once, its values joined with ",". */
#include "joined.h"

#include "guest.h"
#include "map.h"
#include "str.h"

#include <string.h>

/* Puts a value behind what is in out (if there is room), returns the length
 * with it.  len UINT64_MAX: there is no value yet. */
static uint64_t append(uint64_t len, struct pw_str value, uint8_t *out,
                       uint64_t room)
{
    uint64_t start = len == UINT64_MAX ? 0 : len + 1;

    if (out != NULL && start + value.len <= room) {
        if (start != 0) {
            out[start - 1] = ',';
        }
        if (value.len != 0) {
            memcpy(out + start, value.data, value.len);
        }
    }
    return start + value.len;
}

/* --- one name ------------------------------------------------------------ */

static uint64_t join(const struct pw_list *list, struct pw_str key,
                     uint8_t *out, uint64_t room)
{
    uint64_t len = UINT64_MAX;

    for (size_t i = 0; i < list->n; i++) {
        if (pw_str_equal(list->pairs[i].key, key)) {
            len = append(len, list->pairs[i].value, out, room);
        }
    }
    return len;
}

uint32_t pw_joined_value(const struct pw_call *c, enum pw_map map,
                         struct pw_str key, uint32_t out_data,
                         uint32_t out_size)
{
    uint32_t ptr = 0, status;
    struct pw_list list;
    uint8_t *data;
    uint64_t len;

    if (!pw_call_list(c, map, &list)) {
        return PW_INTERNAL_FAILURE;
    }
    len = join(&list, key, NULL, 0);
    if (len == UINT64_MAX) {
        return PW_NOT_FOUND;
    }
    if (len != 0) {
        status = pw_guest_alloc(c, len, &ptr, &data);
        if (status != PW_OK) {
            return status;
        }
        (void)join(&list, key, data, len);
    }
    return pw_guest_return(c, out_data, out_size, ptr, (uint32_t)len);
}

/* --- all names ----------------------------------------------------------- */

static int compare(struct pw_str a, struct pw_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int order = n == 0 ? 0 : memcmp(a.data, b.data, n);

    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static void merge(const struct pw_pair *from, size_t left, size_t right,
                  size_t end, struct pw_pair *to)
{
    size_t i = left, j = right;

    for (size_t k = left; k < end; k++) {
        bool take_left = j == end
                         || (i < right
                             && compare(from[i].key, from[j].key) <= 0);

        to[k] = from[take_left ? i++ : j++];
    }
}

/* Sorts by name and keeps the order of equal ones, in n log n whatever a
 * client sends; returns the one of the two arrays that has the result. */
static struct pw_pair *sort(struct pw_pair *pairs, struct pw_pair *other,
                            size_t n)
{
    for (size_t width = 1; width < n; width *= 2) {
        struct pw_pair *swap = pairs;

        for (size_t i = 0; i < n; i += width * 2) {
            size_t right = n - i < width ? n : i + width;
            size_t end = n - i < width * 2 ? n : i + width * 2;

            merge(pairs, i, right, end, other);
        }
        pairs = other;
        other = swap;
    }
    return pairs;
}

/* The map's pairs, sorted, in scratch areas; false if there is no memory. */
static bool collect(const struct pw_call *c, enum pw_map map,
                    struct pw_pair **pairs, size_t *n)
{
    struct pw_list list;
    struct pw_pair *block;

    if (!pw_call_list(c, map, &list)) {
        return false;
    }
    *n = list.n;
    if (list.n == 0) {
        return true;
    }
    block = pw_instance_scratch(c->instance, 0, list.n * 2 * sizeof *block);
    if (block == NULL) {
        return false;
    }
    memcpy(block, list.pairs, list.n * sizeof *block);
    *pairs = sort(block, block + list.n, list.n);
    return true;
}

/* How many pairs from the first on have its name. */
static size_t run_length(const struct pw_pair *pairs, size_t n)
{
    size_t i = 1;

    while (i < n && pw_str_equal(pairs[i].key, pairs[0].key)) {
        i++;
    }
    return i;
}

static uint64_t join_run(const struct pw_pair *pairs, size_t n, uint8_t *out,
                         uint64_t room)
{
    uint64_t len = UINT64_MAX;

    for (size_t i = 0; i < n; i++) {
        len = append(len, pairs[i].value, out, room);
    }
    return len;
}

static uint64_t measure(const struct pw_pair *pairs, size_t n, uint32_t *names)
{
    uint64_t size = 4;
    size_t length;

    *names = 0;
    for (size_t i = 0; i < n; i += length) {
        length = run_length(pairs + i, n - i);
        size += pw_map_pair_size(pairs[i].key.len,
                                 join_run(pairs + i, length, NULL, 0));
        ++*names;
    }
    return size;
}

static void write(const struct pw_pair *pairs, size_t n, uint8_t *out,
                  uint64_t size, uint32_t names)
{
    struct pw_map_writer writer;
    size_t length;

    pw_map_write(&writer, out, size, names);
    for (size_t i = 0; i < n; i += length) {
        uint64_t value_len;
        uint8_t *value;

        length = run_length(pairs + i, n - i);
        value_len = join_run(pairs + i, length, NULL, 0);
        value = pw_map_put_open(&writer, pairs[i].key, value_len);
        if (value != NULL) {
            (void)join_run(pairs + i, length, value, value_len);
        }
    }
}

uint32_t pw_joined_map(const struct pw_call *c, enum pw_map map,
                       uint32_t out_data, uint32_t out_size)
{
    struct pw_pair *pairs = NULL;
    uint32_t ptr = 0, names, status;
    uint8_t *data;
    uint64_t size;
    size_t n = 0;

    if (!collect(c, map, &pairs, &n)) {
        return PW_INTERNAL_FAILURE;
    }
    size = measure(pairs, n, &names);
    status = pw_guest_alloc(c, size, &ptr, &data);
    if (status != PW_OK) {
        return status;
    }
    write(pairs, n, data, size, names);
    return pw_guest_return(c, out_data, out_size, ptr, (uint32_t)size);
}

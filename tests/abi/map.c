/* Blobs of pairs: bounds, lies, and what is read back. */
#include "../../abi/map.h"

#include "../tap.h"

#include <stdlib.h>
#include <string.h>

static void put32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++) {
        at[i] = (uint8_t)(n >> i * 8);
    }
}

/* Reads a copy that ends at an unreadable page. */
static bool reads(const void *bytes, size_t len, uint32_t *n)
{
    void *blob = tap_guarded(bytes, len);
    struct pw_map_reader reader;
    struct pw_pair pair;
    bool good = pw_map_read(&reader, (struct pw_str){ blob, len });

    *n = 0;
    while (good && pw_map_next(&reader, &pair)) {
        ++*n;
    }
    tap_guarded_free(blob, len);
    return good;
}

/* {"a": "1", "b": "22"}, 29 bytes. */
static const uint8_t two[] = {
    2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0,
    'a', 0, '1', 0, 'b', 0, '2', '2', 0
};

static void test_read(void)
{
    struct pw_map_reader reader;
    struct pw_pair pair;
    struct pw_str blob = { (const char *)two, sizeof two };

    ok(pw_map_read(&reader, blob), "two pairs");
    is_int((int64_t)reader.key_bytes, 2, "bytes of keys");
    ok(pw_map_next(&reader, &pair), "first");
    is_bytes(pair.key.data, pair.key.len, "a", 1, "first key");
    is_bytes(pair.value.data, pair.value.len, "1", 1, "first value");
    ok(pw_map_next(&reader, &pair), "second");
    is_bytes(pair.key.data, pair.key.len, "b", 1, "second key");
    is_bytes(pair.value.data, pair.value.len, "22", 2, "second value");
    ok(!pw_map_next(&reader, &pair), "no third");
}

static void test_broken(void)
{
    uint8_t copy[sizeof two + 1];
    uint32_t n;
    int good = 0;

    for (size_t len = 1; len < sizeof two; len++) {
        good += reads(two, len, &n);
    }
    is_int(good, 0, "no truncation is read");
    memcpy(copy, two, sizeof two);
    copy[sizeof two] = 0;
    ok(!reads(copy, sizeof copy, &n), "a byte behind the end");
    for (size_t i = 0; i < 20; i++) {
        memcpy(copy, two, sizeof two);
        copy[i] = 0xff;
        good += reads(copy, sizeof two, &n);
    }
    is_int(good, 0, "no lie of a count or size is read");
    for (size_t i = 21; i < sizeof two; i += 2) {
        memcpy(copy, two, sizeof two);
        copy[i == 27 ? 28 : i] = 'x';
        good += reads(copy, sizeof two, &n);
    }
    is_int(good, 0, "every NUL has to be there");
}

static void test_empty(void)
{
    uint32_t n;

    ok(reads("", 0, &n) && n == 0, "no bytes");
    ok(reads("\0", 1, &n) && n == 0, "one zero byte");
    ok(reads("\0\0\0\0", 4, &n) && n == 0, "a count of 0");
    ok(!reads("\1", 1, &n), "another byte");
    ok(!reads("\0\0", 2, &n), "two zero bytes");
}

/* n pairs of empty strings, or one pair with a value of so many bytes. */
static bool reads_pairs(uint32_t pairs, uint32_t value, uint32_t *n)
{
    size_t len = 4 + (size_t)pairs * 10 + value;
    uint8_t *blob = calloc(1, len);
    bool good;

    put32(blob, pairs);
    if (value != 0) {
        put32(blob + 8, value);
    }
    good = reads(blob, len, n);
    free(blob);
    return good;
}

static void test_bounds(void)
{
    uint32_t n;

    ok(reads_pairs(1024, 0, &n) && n == 1024, "1,024 pairs");
    ok(!reads_pairs(1025, 0, &n), "1,025 pairs");
    ok(reads_pairs(1, (1 << 20) - 14, &n) && n == 1, "1 MiB");
    ok(!reads_pairs(1, (1 << 20) - 13, &n), "1 MiB + 1");
}

static void test_write(void)
{
    static const struct pw_pair pairs[] = { { { "a", 1 }, { "1", 1 } },
                                            { { "b", 1 }, { "22", 2 } } };
    static const struct pw_str a = { "a", 1 }, b = { "b", 1 };
    uint8_t *out = tap_guarded(two, sizeof two);
    struct pw_map_writer writer;
    uint64_t size = 4 + pw_map_pair_size(1, 1) + pw_map_pair_size(1, 2);
    uint8_t *value;

    is_int((int64_t)size, sizeof two, "size");
    memset(out, 0xee, sizeof two);
    pw_map_write(&writer, out, size, 2);
    value = pw_map_put_open(&writer, a, 1);
    ok(value != NULL && !pw_map_done(&writer), "first");
    memcpy(value, "1", 1);
    ok(pw_map_put_open(&writer, b, 3) == NULL, "a pair that is too large");
    value = pw_map_put_open(&writer, b, 2);
    ok(value != NULL && pw_map_done(&writer), "second");
    memcpy(value, "22", 2);
    ok(pw_map_put_open(&writer, (struct pw_str){ NULL, 0 }, 0) == NULL,
       "one too many");
    is_bytes(out, sizeof two, two, sizeof two, "bytes");
    is_int((int64_t)pw_map_size(2, 5), sizeof two, "size, known at once");
    memset(out, 0xee, sizeof two);
    pw_map_put_all(out, pairs, 2);
    is_bytes(out, sizeof two, two, sizeof two, "bytes, written at once");
    tap_guarded_free(out, sizeof two);
}

int main(void)
{
    test_read();
    test_broken();
    test_empty();
    test_bounds();
    test_write();
    return done();
}

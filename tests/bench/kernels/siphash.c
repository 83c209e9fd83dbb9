/* Hashing: SipHash-2-4 of short keys, 64-bit rotations. */
#include "kernel.h"

static uint8_t keys[4096 + 8];

static uint64_t rol(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

#define ROUND                                                   \
    (v0 += v1, v1 = rol(v1, 13), v1 ^= v0, v0 = rol(v0, 32),    \
     v2 += v3, v3 = rol(v3, 16), v3 ^= v2,                      \
     v0 += v3, v3 = rol(v3, 21), v3 ^= v0,                      \
     v2 += v1, v1 = rol(v1, 17), v1 ^= v2, v2 = rol(v2, 32))

static uint64_t load(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v |= (uint64_t)p[i] << 8 * i;
    return v;
}

static uint64_t siphash(const uint8_t *p, uint32_t len, uint64_t k0,
                        uint64_t k1)
{
    uint64_t v0 = k0 ^ 0x736f6d6570736575, v1 = k1 ^ 0x646f72616e646f6d;
    uint64_t v2 = k0 ^ 0x6c7967656e657261, v3 = k1 ^ 0x7465646279746573;
    uint64_t last = (uint64_t)len << 56;
    uint32_t i;

    for (i = 0; i + 8 <= len; i += 8) {
        uint64_t m = load(p + i);

        v3 ^= m;
        ROUND;
        ROUND;
        v0 ^= m;
    }
    for (int k = 0; i < len; i++, k += 8)
        last |= (uint64_t)p[i] << k;
    v3 ^= last;
    ROUND;
    ROUND;
    v0 ^= last;
    v2 ^= 0xff;
    ROUND;
    ROUND;
    ROUND;
    ROUND;
    return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 5;
    for (uint32_t i = 0; i < sizeof keys; i++)
        keys[i] = (uint8_t)rnd();
    while (n-- > 0)
        for (uint32_t i = 0; i < 4096 - 40; i += 16)
            h ^= siphash(keys + i, 5 + i % 35, h, i);
    return h;
}

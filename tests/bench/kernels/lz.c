/* Compression: LZ77 with a hash table of positions, and its inverse. */
#include "kernel.h"

enum { SIZE = 1 << 14, HASH = 1 << 11 };

static uint8_t plain[SIZE + 8], packed[2 * SIZE], back[SIZE + 8];
static uint16_t last[HASH];

static void make(void)
{
    uint32_t at = 0;

    while (at < SIZE) {
        if (at > 200 && rnd() % 3) {
            uint32_t from = rnd() % (at - 100), n = 4 + rnd() % 40;

            while (n-- > 0 && at < SIZE)
                plain[at++] = plain[from++];
        } else {
            plain[at++] = (uint8_t)('a' + rnd() % 20);
        }
    }
}

static uint32_t hash(const uint8_t *p)
{
    return ((p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16) * 2654435761u)
           >> 21;
}

/* A literal is 0 and the byte, a match its length, and the distance. */
static uint32_t compress(void)
{
    uint32_t at = 0, to = 0;

    for (uint32_t i = 0; i < HASH; i++)
        last[i] = 0;
    while (at < SIZE) {
        uint32_t h = hash(plain + at), from = last[h], n = 0;

        last[h] = (uint16_t)at;
        if (from < at)
            while (n < 255 && at + n < SIZE && plain[from + n] == plain[at + n])
                n++;
        if (n >= 4) {
            packed[to++] = (uint8_t)n;
            packed[to++] = (uint8_t)((at - from) >> 8);
            packed[to++] = (uint8_t)(at - from);
            at += n;
        } else {
            packed[to++] = 0;
            packed[to++] = plain[at++];
        }
    }
    return to;
}

static uint32_t expand(uint32_t len)
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < len;) {
        uint32_t n = packed[i++];

        if (n == 0) {
            back[at++] = packed[i++];
        } else {
            uint32_t from = at - ((uint32_t)packed[i] << 8 | packed[i + 1]);

            i += 2;
            while (n-- > 0)
                back[at++] = back[from++];
        }
    }
    return at;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 8;
    make();
    while (n-- > 0) {
        uint32_t len = compress();

        h = mix(h, (uint64_t)len << 32 | expand(len));
        for (uint32_t i = 0; i < SIZE; i += 97)
            h = mix(h, back[i]);
        plain[n % SIZE] ^= 1;
    }
    return h;
}

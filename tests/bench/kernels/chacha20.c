/* Coding: the ChaCha20 stream, 16 live values. */
#include "kernel.h"

static uint32_t out[256];

#define ROL(x, n) ((x) << (n) | (x) >> (32 - (n)))
#define QUARTER(a, b, c, d)                                     \
    (a += b, d ^= a, d = ROL(d, 16), c += d, b ^= c, b = ROL(b, 12),  \
     a += b, d ^= a, d = ROL(d, 8), c += d, b ^= c, b = ROL(b, 7))

static void block(const uint32_t in[16], uint32_t *to)
{
    uint32_t x[16];

    for (int i = 0; i < 16; i++)
        x[i] = in[i];
    for (int i = 0; i < 10; i++) {
        QUARTER(x[0], x[4], x[8], x[12]);
        QUARTER(x[1], x[5], x[9], x[13]);
        QUARTER(x[2], x[6], x[10], x[14]);
        QUARTER(x[3], x[7], x[11], x[15]);
        QUARTER(x[0], x[5], x[10], x[15]);
        QUARTER(x[1], x[6], x[11], x[12]);
        QUARTER(x[2], x[7], x[8], x[13]);
        QUARTER(x[3], x[4], x[9], x[14]);
    }
    for (int i = 0; i < 16; i++)
        to[i] ^= x[i] + in[i];
}

uint64_t run(uint32_t n)
{
    uint32_t state[16];
    uint64_t h = 0;

    seed = 20;
    for (int i = 0; i < 16; i++)
        state[i] = rnd();
    for (int i = 0; i < 256; i++)
        out[i] = 0;
    while (n-- > 0)
        for (int i = 0; i < 256; i += 16) {
            state[12]++;
            block(state, out + i);
        }
    for (int i = 0; i < 256; i++)
        h = mix(h, out[i]);
    return h;
}

/* Hashing: SHA-256, many live 32-bit values. */
#include "kernel.h"

static uint32_t k[64];
static uint8_t data[1 << 12];

static uint32_t ror(uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

/* Any 64 constants do for a measurement. */
static void make(void)
{
    for (int i = 0; i < 64; i++)
        k[i] = rnd();
    for (uint32_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)rnd();
}

static void block(uint32_t state[8], const uint8_t *p)
{
    uint32_t w[64], s[8];

    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16
               | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7]
               + (ror(w[i - 15], 7) ^ ror(w[i - 15], 18) ^ w[i - 15] >> 3)
               + (ror(w[i - 2], 17) ^ ror(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (int i = 0; i < 8; i++)
        s[i] = state[i];
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = s[7] + (ror(s[4], 6) ^ ror(s[4], 11) ^ ror(s[4], 25))
                      + ((s[4] & s[5]) ^ (~s[4] & s[6])) + k[i] + w[i];
        uint32_t t2 = (ror(s[0], 2) ^ ror(s[0], 13) ^ ror(s[0], 22))
                      + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));

        s[7] = s[6];
        s[6] = s[5];
        s[5] = s[4];
        s[4] = s[3] + t1;
        s[3] = s[2];
        s[2] = s[1];
        s[1] = s[0];
        s[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++)
        state[i] += s[i];
}

uint64_t run(uint32_t n)
{
    uint32_t state[8];
    uint64_t h = 0;

    seed = 4;
    make();
    for (int i = 0; i < 8; i++)
        state[i] = rnd();
    while (n-- > 0)
        for (uint32_t i = 0; i < sizeof data; i += 64)
            block(state, data + i);
    for (int i = 0; i < 8; i++)
        h = mix(h, state[i]);
    return h;
}

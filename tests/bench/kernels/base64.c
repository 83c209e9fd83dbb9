/* Coding: base64, there and back. */
#include "kernel.h"

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static uint8_t values[256];
static uint8_t plain[6144], back[6144];
static char coded[8192];

static void encode(void)
{
    char *to = coded;

    for (uint32_t i = 0; i < sizeof plain; i += 3) {
        uint32_t v = (uint32_t)plain[i] << 16 | (uint32_t)plain[i + 1] << 8
                     | plain[i + 2];

        *to++ = letters[v >> 18];
        *to++ = letters[v >> 12 & 63];
        *to++ = letters[v >> 6 & 63];
        *to++ = letters[v & 63];
    }
}

static int decode(void)
{
    uint8_t *to = back;

    for (uint32_t i = 0; i < sizeof coded; i += 4) {
        uint32_t a = values[(uint8_t)coded[i]];
        uint32_t b = values[(uint8_t)coded[i + 1]];
        uint32_t c = values[(uint8_t)coded[i + 2]];
        uint32_t d = values[(uint8_t)coded[i + 3]];

        if ((a | b | c | d) & 0x80)
            return 0;
        *to++ = (uint8_t)(a << 2 | b >> 4);
        *to++ = (uint8_t)(b << 4 | c >> 2);
        *to++ = (uint8_t)(c << 6 | d);
    }
    return 1;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 6;
    for (uint32_t i = 0; i < 256; i++)
        values[i] = 0x80;
    for (uint32_t i = 0; i < 64; i++)
        values[(uint8_t)letters[i]] = (uint8_t)i;
    for (uint32_t i = 0; i < sizeof plain; i++)
        plain[i] = (uint8_t)rnd();
    while (n-- > 0) {
        plain[n % sizeof plain]++;
        encode();
        h = mix(h, (uint64_t)decode());
        h = mix(h, back[n % sizeof back] + (uint64_t)back[1000]);
    }
    return h;
}

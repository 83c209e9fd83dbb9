/* Coding: UTF-8 to code points to UTF-16 and back. */
#include "kernel.h"

static uint8_t text[8192 + 8], back[8192 + 8];
static uint16_t wide[8192 + 8];
static uint32_t len;

static uint32_t put(uint8_t *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (uint8_t)(0xc0 | c >> 6);
        to[1] = (uint8_t)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (uint8_t)(0xe0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
        to[2] = (uint8_t)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (uint8_t)(0xf0 | c >> 18);
    to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
    to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
    to[3] = (uint8_t)(0x80 | (c & 63));
    return 4;
}

static void make(void)
{
    len = 0;
    while (len < 8192 - 4) {
        uint32_t r = rnd() % 16;
        uint32_t c = r < 9 ? 32 + rnd() % 90 : r < 12 ? 0x80 + rnd() % 0x700
                     : r < 15 ? 0x800 + rnd() % 0xc000
                     : 0x10000 + rnd() % 0xf0000;

        len += put(text + len, c);
    }
}

/* The number of code units, or 0 if the text isn't UTF-8. */
static uint32_t widen(void)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < len;) {
        uint32_t c = text[i++], more = 0, least = 0;

        if (c >= 0xf0)
            more = 3, least = 0x10000, c &= 7;
        else if (c >= 0xe0)
            more = 2, least = 0x800, c &= 15;
        else if (c >= 0xc0)
            more = 1, least = 0x80, c &= 31;
        else if (c >= 0x80)
            return 0;
        for (; more > 0; more--) {
            if (i == len || (text[i] & 0xc0) != 0x80)
                return 0;
            c = c << 6 | (text[i++] & 63);
        }
        if (c < least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
            return 0;
        if (c >= 0x10000) {
            wide[n++] = (uint16_t)(0xd7c0 + (c >> 10));
            wide[n++] = (uint16_t)(0xdc00 | (c & 0x3ff));
        } else {
            wide[n++] = (uint16_t)c;
        }
    }
    return n;
}

static uint32_t narrow(uint32_t n)
{
    uint32_t m = 0;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = wide[i];

        if (c >= 0xd800 && c < 0xdc00)
            c = ((c - 0xd7c0) << 10) + (wide[++i] & 0x3ff);
        m += put(back + m, c);
    }
    return m;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 7;
    make();
    while (n-- > 0) {
        uint32_t units = widen(), bytes = narrow(units);

        h = mix(h, units + (uint64_t)bytes + back[(h & 4095)]);
    }
    return h;
}

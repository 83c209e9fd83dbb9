/* SIMD: bytes counted and folded, and a set of points iterated, 128 bits at a
 * time. */
#include "kernel.h"

typedef float   f32x4 __attribute__((vector_size(16)));
typedef int32_t i32x4 __attribute__((vector_size(16)));
typedef uint8_t u8x16 __attribute__((vector_size(16)));

static u8x16 text[256];

static uint64_t fold(void)
{
    u8x16 sum = {0};
    uint64_t h = 0;

    for (uint32_t i = 0; i < 256; i++) {
        u8x16 t = text[i];
        u8x16 upper = (u8x16)((t >= 'A') & (t <= 'Z'));

        t += upper & 32;
        sum += t ^ (u8x16)(t == ' ');
        text[i] = t ^ 1;
    }
    for (int i = 0; i < 16; i++)
        h = h * 31 + sum[i];
    return h;
}

static uint32_t points(float y)
{
    i32x4 n = {0, 0, 0, 0};

    for (int i = 0; i < 16; i++) {
        float x = (float)i * 0.125f - 1.5f;
        f32x4 cx = {x, x + 0.03f, x + 0.06f, x + 0.09f}, cy = {y, y, y, y};
        f32x4 zx = {0, 0, 0, 0}, zy = {0, 0, 0, 0};

        for (int k = 0; k < 24; k++) {
            f32x4 xx = zx * zx, yy = zy * zy;

            zy = 2 * zx * zy + cy;
            zx = xx - yy + cx;
            n -= (i32x4)(xx + yy < 4);
        }
    }
    return (uint32_t)(n[0] + n[1] * 3 + n[2] * 5 + n[3] * 7);
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 23;
    for (uint32_t i = 0; i < 256; i++)
        for (int k = 0; k < 16; k++)
            text[i][k] = (uint8_t)(32 + rnd() % 90);
    while (n-- > 0) {
        h = mix(h, fold());
        h = mix(h, points((float)(n % 64) / 64));
    }
    return h;
}

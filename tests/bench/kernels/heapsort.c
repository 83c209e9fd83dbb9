/* Sorting: heapsort of 64-bit keys. */
#include "kernel.h"

enum { N = 4000 };

static uint64_t a[N];

static void sift(uint32_t i, uint32_t n)
{
    uint64_t t = a[i];
    uint32_t k;

    while ((k = 2 * i + 1) < n) {
        if (k + 1 < n && a[k + 1] > a[k])
            k++;
        if (t >= a[k])
            break;
        a[i] = a[k];
        i = k;
    }
    a[i] = t;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 13;
    while (n-- > 0) {
        for (uint32_t i = 0; i < N; i++)
            a[i] = (uint64_t)rnd() << 32 | rnd();
        for (uint32_t i = N / 2; i-- > 0;)
            sift(i, N);
        for (uint32_t i = N; i-- > 1;) {
            uint64_t t = a[0];

            a[0] = a[i];
            a[i] = t;
            sift(0, i);
        }
        for (uint32_t i = 0; i < N; i += 40)
            h = mix(h, a[i]);
    }
    return h;
}

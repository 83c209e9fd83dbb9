/* Hashing's neighbour: products of long numbers, 64-bit carries. */
#include "kernel.h"

enum { N = 32 };

static uint32_t a[N], b[N], product[2 * N];

static void multiply(void)
{
    for (int i = 0; i < 2 * N; i++)
        product[i] = 0;
    for (int i = 0; i < N; i++) {
        uint64_t carry = 0;

        for (int k = 0; k < N; k++) {
            carry += (uint64_t)a[i] * b[k] + product[i + k];
            product[i + k] = (uint32_t)carry;
            carry >>= 32;
        }
        product[i + N] = (uint32_t)carry;
    }
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 21;
    for (int i = 0; i < N; i++) {
        a[i] = rnd();
        b[i] = rnd() | 1;
    }
    while (n-- > 0) {
        multiply();
        for (int i = 0; i < N; i++)
            a[i] = product[i] ^ product[i + N];
        h = mix(h, a[n % N]);
    }
    return h;
}

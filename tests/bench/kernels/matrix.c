/* Matrices: the product of two, in double precision. */
#include "kernel.h"

enum { N = 48 };

static double a[N][N], b[N][N], c[N][N];

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 10;
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            a[i][k] = (double)(rnd() % 1000) / 1000;
            b[i][k] = (double)(rnd() % 1000) / 24000;
        }
    while (n-- > 0) {
        for (int i = 0; i < N; i++)
            for (int j = 0; j < N; j++) {
                double sum = 0;

                for (int k = 0; k < N; k++)
                    sum += a[i][k] * b[k][j];
                c[i][j] = sum;
            }
        a[n % N][n / N % N] += 0.001;
        h = mix(h, (uint64_t)(int64_t)(c[n % N][7] * 1e9));
    }
    return h;
}

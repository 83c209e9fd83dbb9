/* Matrices: bodies that attract each other; divisions and square roots. */
#include "kernel.h"

enum { N = 8 };

static double x[N][3], v[N][3], m[N];

static void step(double dt)
{
    for (int i = 0; i < N; i++)
        for (int k = i + 1; k < N; k++) {
            double d[3], square = 0.01, f;

            for (int c = 0; c < 3; c++) {
                d[c] = x[i][c] - x[k][c];
                square += d[c] * d[c];
            }
            f = dt / (square * __builtin_sqrt(square));
            for (int c = 0; c < 3; c++) {
                v[i][c] -= d[c] * m[k] * f;
                v[k][c] += d[c] * m[i] * f;
            }
        }
    for (int i = 0; i < N; i++)
        for (int c = 0; c < 3; c++)
            x[i][c] += dt * v[i][c];
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 11;
    for (int i = 0; i < N; i++) {
        m[i] = 1 + rnd() % 5;
        for (int c = 0; c < 3; c++) {
            x[i][c] = (double)(rnd() % 1000) / 10 - 50;
            v[i][c] = 0;
        }
    }
    while (n-- > 0)
        for (int i = 0; i < 100; i++)
            step(0.001);
    for (int i = 0; i < N; i++)
        h = mix(h, (uint64_t)(int64_t)(x[i][0] * 1e6));
    return h;
}

/* Sorting: quicksort with insertion sort for what is short. */
#include "kernel.h"

enum { N = 5000 };

static uint32_t a[N];

static void sort(int32_t lo, int32_t hi)
{
    while (hi - lo > 12) {
        uint32_t pivot = a[lo + (hi - lo) / 2], t;
        int32_t i = lo, k = hi;

        while (i <= k) {
            while (a[i] < pivot)
                i++;
            while (a[k] > pivot)
                k--;
            if (i <= k) {
                t = a[i];
                a[i++] = a[k];
                a[k--] = t;
            }
        }
        if (k - lo < hi - i) {
            sort(lo, k);
            lo = i;
        } else {
            sort(i, hi);
            hi = k;
        }
    }
    for (int32_t i = lo + 1; i <= hi; i++) {
        uint32_t t = a[i];
        int32_t k = i;

        for (; k > lo && a[k - 1] > t; k--)
            a[k] = a[k - 1];
        a[k] = t;
    }
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 12;
    while (n-- > 0) {
        for (uint32_t i = 0; i < N; i++)
            a[i] = rnd();
        sort(0, N - 1);
        for (uint32_t i = 0; i < N; i += 50)
            h = mix(h, a[i]);
    }
    return h;
}

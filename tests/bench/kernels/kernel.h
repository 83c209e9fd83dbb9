/*
 * What the kernels share.  A kernel is one function, run(n): it does n rounds
 * of its work from the same start and returns a checksum, which must be equal
 * wherever it runs.  No C library, no pointers of 64 bits in what is counted.
 */
#ifndef SLUICE_BENCH_KERNEL_H
#define SLUICE_BENCH_KERNEL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __wasm__
#define EXPORT __attribute__((export_name("run")))
#else
#define EXPORT __attribute__((visibility("default")))
#endif

EXPORT uint64_t run(uint32_t n);

static uint32_t seed;

static inline uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed ^ seed >> 15;
}

static inline uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

#endif

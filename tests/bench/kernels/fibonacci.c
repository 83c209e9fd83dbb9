/* Recursion: calls and little else. */
#include "kernel.h"

__attribute__((noinline)) static uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    while (n-- > 0)
        h = mix(h, fib(20 + n % 2));
    return h;
}

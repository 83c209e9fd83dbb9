/* What clang calls where the guest has no instruction for it. */
#include <stddef.h>
#include <stdint.h>

void *memset(void *to, int value, size_t n)
{
    char *p = to;

    while (n-- > 0) *p++ = (char) value;
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    char *p = to;
    const char *q = from;

    while (n-- > 0) *p++ = *q++;
    return to;
}

void *memmove(void *to, const void *from, size_t n)
{
    char *p = to;
    const char *q = from;

    if (p < q) return memcpy(to, from, n);
    while (n-- > 0) p[n] = q[n];
    return to;
}

unsigned __int128 __multi3(unsigned __int128 a, unsigned __int128 b)
{
    uint64_t x = (uint64_t) a, y = (uint64_t) b;
    uint64_t x0 = (uint32_t) x, x1 = x >> 32, y0 = (uint32_t) y, y1 = y >> 32;
    uint64_t mid = x1 * y0 + (x0 * y0 >> 32), mid2 = x0 * y1 + (uint32_t) mid;
    uint64_t high = x1 * y1 + (mid >> 32) + (mid2 >> 32)
                    + x * (uint64_t) (b >> 64) + (uint64_t) (a >> 64) * y;

    return (unsigned __int128) high << 64 | x * y;
}

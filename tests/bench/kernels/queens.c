/* Recursion: queens on a board, by backtracking. */
#include "kernel.h"

__attribute__((noinline))
static uint32_t place(uint32_t all, uint32_t columns, uint32_t down,
                      uint32_t up)
{
    uint32_t free_ = all & ~(columns | down | up), n = 0;

    if (columns == all)
        return 1;
    while (free_ != 0) {
        uint32_t bit = free_ & -free_;

        free_ ^= bit;
        n += place(all, columns | bit, (down | bit) << 1, (up | bit) >> 1);
    }
    return n;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    while (n-- > 0)
        h = mix(h, place(255, 0, 0, 0));
    return h;
}

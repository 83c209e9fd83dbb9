/* Strings: words counted in a hash table, case folded, and searched for. */
#include "kernel.h"

enum { SIZE = 8192, TABLE = 1024 };

static char text[SIZE + 1];
static struct word {
    uint32_t at, len, count;
} table[TABLE];

static void make(void)
{
    for (uint32_t i = 0; i < SIZE;) {
        uint32_t word = rnd() % 300, n = 2 + word % 9;

        for (; n > 0 && i < SIZE; n--) {
            text[i++] = (char)((rnd() % 8 ? 'a' : 'A') + word % 26);
            word = word * 7 + 3;
        }
        if (i < SIZE)
            text[i++] = ' ';
    }
}

static uint32_t fold(char c)
{
    return (uint8_t)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

static int same(const char *a, const char *b, uint32_t n)
{
    while (n > 0 && fold(*a) == fold(*b)) {
        a++;
        b++;
        n--;
    }
    return n == 0;
}

static uint32_t count(void)
{
    uint32_t words = 0;

    for (uint32_t i = 0; i < TABLE; i++)
        table[i].count = 0;
    for (uint32_t i = 0; i < SIZE; i++) {
        uint32_t begin = i, h = 5381;

        for (; i < SIZE && text[i] != ' '; i++)
            h = h * 33 ^ fold(text[i]);
        for (h %= TABLE; table[h].count != 0; h = (h + 1) % TABLE)
            if (table[h].len == i - begin
                && same(text + table[h].at, text + begin, i - begin))
                break;
        if (table[h].count++ == 0) {
            table[h].at = begin;
            table[h].len = i - begin;
            words++;
        }
    }
    return words;
}

/* Horspool's search. */
static uint32_t search(const char *needle, uint32_t n)
{
    uint8_t skip[256];
    uint32_t found = 0;

    for (uint32_t i = 0; i < 256; i++)
        skip[i] = (uint8_t)n;
    for (uint32_t i = 0; i + 1 < n; i++)
        skip[(uint8_t)needle[i]] = (uint8_t)(n - 1 - i);
    for (uint32_t i = 0; i + n <= SIZE;
         i += skip[(uint8_t)text[i + n - 1]]) {
        uint32_t k = n;

        while (k > 0 && text[i + k - 1] == needle[k - 1])
            k--;
        found += k == 0;
    }
    return found;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 19;
    make();
    while (n-- > 0) {
        h = mix(h, count());
        h = mix(h, search("dyn", 3) + search(text + n % 4000, 12));
    }
    return h;
}

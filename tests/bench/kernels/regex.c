/* Parsing: a backtracking matcher of patterns with ., *, classes. */
#include "kernel.h"

static char text[4096 + 1];

static int here(const char *p, const char *s);

/* One letter of the pattern: a class in brackets, a dot, or itself. */
static const char *after(const char *p)
{
    if (*p == '[')
        while (*p != ']')
            p++;
    return p + 1;
}

static int fits(const char *p, char c)
{
    if (c == 0)
        return 0;
    if (*p == '[') {
        for (p++; *p != ']'; p += p[1] == '-' ? 3 : 1)
            if (c == *p || (p[1] == '-' && c >= *p && c <= p[2]))
                return 1;
        return 0;
    }
    return *p == '.' || *p == c;
}

static int star(const char *p, const char *rest, const char *s)
{
    const char *t = s;

    while (fits(p, *t))
        t++;
    do
        if (here(rest, t))
            return 1;
    while (t-- > s);
    return 0;
}

static int here(const char *p, const char *s)
{
    for (;;) {
        const char *next = after(p);

        if (*p == 0)
            return 1;
        if (*next == '*')
            return star(p, next + 1, s);
        if (!fits(p, *s))
            return 0;
        p = next;
        s++;
    }
}

uint64_t run(uint32_t n)
{
    static const char *const patterns[] = {
        "[a-c]*d[e-h]*z", "x.*y", "ab*a", "[0-9][0-9]*\\.[0-9]", "a[ab]*aab"};
    uint64_t h = 0;

    seed = 22;
    for (uint32_t i = 0; i < 4096; i++)
        text[i] = (char)(rnd() % 40 ? "abcdefgh0123.xyab"[rnd() % 17] : 0);
    while (n-- > 0) {
        uint32_t found = 0;

        for (uint32_t k = 0; k < 5; k++)
            for (uint32_t i = 0; i < 4096; i++)
                found += (uint32_t)here(patterns[k], text + i) << k;
        h = mix(h, found);
    }
    return h;
}

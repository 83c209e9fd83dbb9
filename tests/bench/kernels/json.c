/* Parsing: a JSON text, by recursive descent, into counts and sums. */
#include "kernel.h"

static char text[1 << 15];
static uint32_t len;
static const char *at;
static uint64_t sum;

static void put(const char *s)
{
    while (*s)
        text[len++] = *s++;
}

static void put_number(uint32_t v)
{
    char digits[10];
    uint32_t n = 0;

    do
        digits[n++] = (char)('0' + v % 10);
    while ((v /= 10) != 0);
    while (n > 0)
        text[len++] = digits[--n];
}

static void make(void)
{
    len = 0;
    put("[");
    while (len < sizeof text - 400) {
        put("{\"id\": ");
        put_number(rnd() % 100000);
        put(", \"price\": ");
        put_number(rnd() % 1000);
        put(".5e2, \"name\": \"caf\\u00e9 \\\"");
        put_number(rnd());
        put("\\\"\", \"tags\": [\"a\", true, false, null, -17, []]},\n  ");
    }
    put("{}]");
    text[len] = 0;
}

static void blanks(void)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
}

static void string(void)
{
    uint32_t h = 0;

    for (at++; *at != '"'; at++) {
        if (*at == '\\')
            at++;
        h = h * 31 + (uint8_t)*at;
    }
    at++;
    sum += h;
}

static void number(void)
{
    int negative = *at == '-', exponent = 0;
    double v = 0, scale = 1;

    at += negative;
    for (; *at >= '0' && *at <= '9'; at++)
        v = v * 10 + (*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9'; at++)
            v += (*at - '0') * (scale /= 10);
    if (*at == 'e' || *at == 'E')
        for (at++; *at >= '0' && *at <= '9'; at++)
            exponent = exponent * 10 + (*at - '0');
    while (exponent-- > 0)
        v *= 10;
    sum += (uint64_t)(int64_t)(negative ? -v : v);
}

static void value(void)
{
    char close = *at == '[' ? ']' : '}';

    switch (*at) {
    case '"': string(); return;
    case 't': case 'n': at += 4; sum += 3; return;
    case 'f': at += 5; sum += 5; return;
    default: number(); return;
    case '[': case '{': break;
    }
    at++;
    blanks();
    while (*at != close) {
        if (close == '}') {
            string();
            blanks();
            at++;                        /* the colon */
            blanks();
        }
        value();
        blanks();
        if (*at == ',')
            at++;
        blanks();
    }
    at++;
    sum++;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 1;
    make();
    while (n-- > 0) {
        at = text;
        sum = 0;
        value();
        h = mix(h, sum + (uint64_t)(at - text));
    }
    return h;
}

/* What plugins in C do, with the C library: each export works through a text of
 * its own n times. */
#include <regex.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EXPORT(name) \
    __attribute__((export_name(#name))) uint64_t name(uint32_t n)

static const char head[] =
    "GET /api/v2/items?q=caf%C3%A9%20au+lait&page=3&sort=-name HTTP/1.1\r\n"
    "Host: shop.example.com\r\nAccept: text/html,application/xml;q=0.9\r\n"
    "Cookie: session=0123456789abcdef; theme=dark; lang=en\r\n"
    "X-Forwarded-For: 203.0.113.7, 198.51.100.20\r\n\r\n";

EXPORT(c_regex)
{
    regex_t pattern;
    regmatch_t match[3];
    uint64_t h = 0;

    if (regcomp(&pattern, "([a-z]+)=([0-9a-f]+);", REG_EXTENDED))
        return 1;
    while (n-- > 0)
        if (!regexec(&pattern, head, 3, match, 0))
            h = h * 31 + (uint64_t)match[2].rm_so;
    regfree(&pattern);
    return h;
}

EXPORT(c_fields)
{
    uint64_t h = 0;
    char copy[sizeof head], *line, *rest;

    while (n-- > 0) {
        memcpy(copy, head, sizeof copy);
        for (line = strtok_r(copy, "\r\n", &rest); line;
             line = strtok_r(NULL, "\r\n", &rest)) {
            char *colon = strchr(line, ':');

            if (colon && strncasecmp(line, "cookie", 6) == 0)
                h += strlen(colon + 1);
            h = h * 31 + (uint64_t)(strstr(line, "example") != NULL)
                + strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        }
    }
    return h;
}

static char decode(const char *p)
{
    char hex[3] = { p[1], p[2], 0 };

    return (char)strtol(hex, NULL, 16);
}

EXPORT(c_query)
{
    uint64_t h = 0;
    char out[64];

    while (n-- > 0) {
        const char *p = strchr(head, '?') + 1;
        size_t len = 0;

        for (; *p != ' ' && len < sizeof out; p++) {
            if (*p == '%') {
                out[len++] = decode(p);
                p += 2;
            } else {
                out[len++] = *p == '+' ? ' ' : *p;
            }
        }
        for (size_t i = 0; i < len; i++)
            h = (h ^ (uint8_t)out[i]) * 0x100000001b3;
    }
    return h;
}

EXPORT(c_print)
{
    char text[128];
    uint64_t h = 0;

    while (n-- > 0) {
        int len = snprintf(text, sizeof text, "%s %08x %5d %.3f %llu", "value",
                           (unsigned)h, (int)n - 5, n / 7.0,
                           (unsigned long long)h);

        h = h * 31 + (uint64_t)len + (uint64_t)strtod(text + 20, NULL);
    }
    return h;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return x < y ? -1 : x > y;
}

EXPORT(c_sort)
{
    uint32_t numbers[200], seed = 7, *found;
    uint64_t h = 0;

    while (n-- > 0) {
        for (uint32_t i = 0; i < 200; i++)
            numbers[i] = seed = seed * 1664525 + 1013904223;
        qsort(numbers, 200, sizeof *numbers, by_number);
        found = bsearch(&numbers[17], numbers, 200, sizeof *numbers, by_number);
        h = h * 31 + (uint64_t)(found - numbers) + numbers[100];
    }
    return h;
}

EXPORT(c_lists)
{
    struct node { struct node *next; char name[12]; uint32_t hash; };
    uint64_t h = 0;

    while (n-- > 0) {
        struct node *buckets[16] = { 0 }, *p;

        for (uint32_t i = 0; i < 100; i++) {
            p = malloc(sizeof *p);
            p->hash = 5381;
            memcpy(p->name, head + i, sizeof p->name);
            for (uint32_t k = 0; k < sizeof p->name; k++)
                p->hash = p->hash * 33 + (uint8_t)p->name[k];
            p->next = buckets[p->hash % 16];
            buckets[p->hash % 16] = p;
        }
        for (uint32_t i = 0; i < 16; i++) {
            while ((p = buckets[i]) != NULL) {
                buckets[i] = p->next;
                h = h * 31 + (uint64_t)(memcmp(p->name, "session", 7) == 0);
                free(p);
            }
        }
    }
    return h;
}

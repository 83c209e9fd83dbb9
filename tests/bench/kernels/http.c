/* Parsing: request heads, by a table of character classes and a state. */
#include "kernel.h"

enum { OTHER, TOKEN, COLON, SPACE, CR, LF, NCLASSES };

static uint8_t class_of[256];
static char head[1 << 13];
static uint32_t len;

static void put(const char *s)
{
    while (*s)
        head[len++] = *s++;
}

static void make(void)
{
    static const char *const names[] = {
        "host", "user-agent", "accept", "accept-encoding", "cookie",
        "x-forwarded-for", "if-none-match", "content-type"};

    for (uint32_t c = 0; c < 256; c++)
        class_of[c] = (uint8_t)((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                                || (c >= '0' && c <= '9') || c == '-' ? TOKEN
                                : c == ':' ? COLON : c == ' ' ? SPACE
                                : c == '\r' ? CR : c == '\n' ? LF : OTHER);
    len = 0;
    put("GET /a/path?with=a&query=string HTTP/1.1\r\n");
    while (len < sizeof head - 200) {
        put(names[rnd() % 8]);
        put(": ");
        for (uint32_t k = rnd() % 60; k > 0; k--)
            head[len++] = (char)(33 + rnd() % 90);
        put("\r\n");
    }
    put("\r\n");
}

static uint32_t lower(uint32_t c)
{
    return c >= 'A' && c <= 'Z' ? c + 32 : c;
}

static uint64_t parse(void)
{
    enum { START, LINE, NAME, BLANK, VALUE, END } state = START;
    uint64_t h = 0;
    uint32_t name = 0, value = 0, headers = 0;

    for (uint32_t i = 0; i < len; i++) {
        uint32_t c = (uint8_t)head[i], k = class_of[c];

        switch (state) {
        case START:
            if (k == LF)
                state = LINE;
            break;
        case LINE:
            name = 0;
            if (k == CR) {
                state = END;
                break;
            }
            state = NAME;
            /* fall through */
        case NAME:
            if (k == COLON)
                state = BLANK;
            else
                name = name * 33 + lower(c);
            break;
        case BLANK:
            value = 0;
            if (k == SPACE)
                break;
            state = VALUE;
            /* fall through */
        case VALUE:
            if (k == LF) {
                h = mix(h, (uint64_t)name << 32 | value);
                headers++;
                state = LINE;
            } else if (k != CR) {
                value = value * 17 + c;
            }
            break;
        case END:
            h += headers;
            break;
        }
    }
    return h;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 2;
    make();
    while (n-- > 0)
        h = mix(h, parse());
    return h;
}

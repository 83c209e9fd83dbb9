/* One line of text for people, bounded, with what is foreign escaped. */
#include "text.h"

#include <stdio.h>
#include <string.h>

void pw_text_init(struct pw_text *text, char *buf, size_t size)
{
    *text = (struct pw_text){ buf, size, 0 };
    buf[0] = '\0';
}

/* The end of a text that is longer than its room. */
static void cut(struct pw_text *text)
{
    text->len = text->size - 1;
    memcpy(text->buf + text->size - 4, "...", 4);
}

void pw_text_add(struct pw_text *text, const char *format, ...)
{
    size_t room = text->size - text->len;
    va_list args;
    int n;

    if (room <= 1) {
        return;
    }
    va_start(args, format);
    n = vsnprintf(text->buf + text->len, room, format, args);
    va_end(args);
    if (n < 0) {
        text->buf[text->len] = '\0';
    } else if ((size_t)n >= room) {
        cut(text);
    } else {
        text->len += (size_t)n;
    }
}

void pw_text_add_foreign(struct pw_text *text, struct pw_str bytes,
                         size_t max)
{
    static const char hex[] = "0123456789abcdef";
    size_t n = bytes.len < max ? bytes.len : max;

    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)bytes.data[i];

        if (text->size - text->len <= 4) {
            if (text->size > 4) {
                cut(text);
            }
            return;
        }
        if (byte >= 0x20 && byte < 0x7f) {
            text->buf[text->len++] = (char)byte;
        } else {
            text->buf[text->len++] = '\\';
            text->buf[text->len++] = 'x';
            text->buf[text->len++] = hex[byte >> 4];
            text->buf[text->len++] = hex[byte & 15];
        }
    }
    text->buf[text->len] = '\0';
    if (n < bytes.len) {
        pw_text_add(text, "...");
    }
}

struct pw_text pw_text_error(struct pw_error *error, const char *phase)
{
    struct pw_text text;

    error->phase = phase;
    pw_text_init(&text, error->text, sizeof error->text);
    return text;
}

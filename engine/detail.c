/* Filling in the caller's record of why a load failed. */
#include "detail.h"
#include "limits.h"

#include <stdio.h>

#define WE_ROW_MAX(name, most, what) { most, what },
const struct we_maximum_row we_maxima[WE_NMAXIMA] = { WE_MAXIMA(WE_ROW_MAX) };
#undef WE_ROW_MAX

enum we_error we_detail_setv(struct we_detail *detail, enum we_error error,
                             uint64_t offset, const char *format,
                             va_list args)
{
    if (detail->error == WE_OK) {
        detail->error = error;
        detail->offset = offset;
        vsnprintf(detail->text, sizeof detail->text, format, args);
    }
    return detail->error;
}

enum we_error we_detail_set(struct we_detail *detail, enum we_error error,
                            uint64_t offset, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    error = we_detail_setv(detail, error, offset, format, args);
    va_end(args);
    return error;
}

char *we_detail_quote(char buf[WE_QUOTE_MAX], struct we_bytes name)
{
    static const char hex[] = "0123456789abcdef";
    enum { ROOM = WE_QUOTE_MAX - 9 };    /* an escape, "...", '"', NUL */
    uint32_t n = 0, i;
    uint8_t c;

    buf[n++] = '"';
    for (i = 0; i < name.len && n < ROOM; i++) {
        c = name.data[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            buf[n++] = (char)c;
        } else {
            buf[n++] = '\\';
            buf[n++] = 'x';
            buf[n++] = hex[c >> 4];
            buf[n++] = hex[c & 15];
        }
    }
    snprintf(buf + n, WE_QUOTE_MAX - n, "%s\"", i < name.len ? "..." : "");
    return buf;
}

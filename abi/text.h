/* One line of text for people, bounded, with what is foreign escaped. */
#ifndef PW_TEXT_H
#define PW_TEXT_H

#include "proxy_wasm.h"

/* buf is NUL-terminated at all times; a text that didn't fit ends in "...". */
struct pw_text {
    char  *buf;
    size_t size, len;
};

void pw_text_init(struct pw_text *text, char *buf, size_t size);
void pw_text_add(struct pw_text *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Appends bytes from a plugin or a client: what is not printable ASCII as
 * \xHH, and of more than max bytes only the first, with "..." behind. */
void pw_text_add_foreign(struct pw_text *text, struct pw_str bytes,
                         size_t max);

/* Sets an error; the text is empty then and may be added to. */
struct pw_text pw_text_error(struct pw_error *error, const char *phase);

#endif

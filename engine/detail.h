/* Filling in the caller's record of why a load failed. */
#ifndef WE_DETAIL_H
#define WE_DETAIL_H

#include "module.h"

enum { WE_QUOTE_MAX = 44 };              /* a quoted name, with its NUL */

/* Records an error, unless one is recorded already; returns the error that the
 * record holds then. */
enum we_error we_detail_set(struct we_detail *detail, enum we_error error,
                            uint64_t offset, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
enum we_error we_detail_setv(struct we_detail *detail, enum we_error error,
                             uint64_t offset, const char *format,
                             va_list args);

/* A name of a module between quotes, on one line, in ASCII, cut to fit. */
char *we_detail_quote(char buf[WE_QUOTE_MAX], struct we_bytes name);

#endif

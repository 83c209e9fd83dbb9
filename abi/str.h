/* Comparing strings: where there are no bytes, data may be NULL, which the C
 * library's functions don't take. */
#ifndef PW_STR_H
#define PW_STR_H

#include "proxy_wasm.h"

#include <string.h>

static inline bool pw_str_equal(struct pw_str a, struct pw_str b)
{
    return a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static inline bool pw_str_is(struct pw_str s, const char *text)
{
    return pw_str_equal(s, (struct pw_str){ text, strlen(text) });
}

#endif

/*
 * Sluice SDK: reading JSON, for plugins whose configuration is JSON.
 *
 * A value is its text.  sluice_json_valid() checks a whole text once; the
 * other functions are for values that lie in a checked text, and copy nothing
 * but strings with escapes.
 *
 *     struct sluice_json_items items = sluice_json_items(text);
 *     struct sluice_str key, value;
 *
 *     while (sluice_json_next(&items, &key, &value)) ...
 */
#ifndef SLUICE_JSON_H
#define SLUICE_JSON_H

#include "sluice.h"

enum sluice_json_kind {
    SLUICE_JSON_NULL, SLUICE_JSON_BOOL, SLUICE_JSON_NUMBER,
    SLUICE_JSON_STRING, SLUICE_JSON_ARRAY, SLUICE_JSON_OBJECT
};

/* One JSON value (RFC 8259) and nothing else, nested at most 64 deep? */
static inline bool sluice_json_valid(struct sluice_str text);
static inline enum sluice_json_kind sluice_json_kind(struct sluice_str value);

/* Over the members of an object (key is its text without escapes undone) or
 * the elements of an array (key is empty); nothing for other values. */
struct sluice_json_items {
    const char *at, *end;
    bool        object;
};
static inline struct sluice_json_items
sluice_json_items(struct sluice_str value);
static inline bool sluice_json_next(struct sluice_json_items *items,
                                    struct sluice_str *key,
                                    struct sluice_str *value);

/* False if the value isn't a string; lives as sluice_temp() does. */
static inline bool sluice_json_string(struct sluice_str value,
                                      struct sluice_str *text);
/* False if the value isn't a whole number from 0 to 2^63. */
static inline bool sluice_json_number(struct sluice_str value,
                                      uint64_t *number);

/* ======================================================================== */
/* What follows is how it is done.  Each reader returns where it stopped, NULL
 * if the text is malformed there. */

static inline const char *sluice_json_space_(const char *at, const char *end)
{
    while (at < end
           && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

static inline int sluice_json_hex_(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static inline const char *sluice_json_skip_string_(const char *at,
                                                   const char *end)
{
    if (at >= end || *at++ != '"') {
        return NULL;
    }
    while (at < end && *at != '"') {
        if ((unsigned char)*at < 0x20) {
            return NULL;
        }
        if (*at++ != '\\') {
            continue;
        }
        if (at >= end) {
            return NULL;
        }
        if (*at == 'u') {
            for (int i = 1; i <= 4; i++) {
                if (end - at <= i || sluice_json_hex_(at[i]) < 0) {
                    return NULL;
                }
            }
            at += 4;
        } else if (!sluice_contains(SLUICE_STR("\"\\/bfnrt"),
                                    (struct sluice_str){ at, 1 })) {
            return NULL;
        }
        at++;
    }
    return at < end ? at + 1 : NULL;
}

static inline const char *sluice_json_digits_(const char *at, const char *end)
{
    const char *start = at;

    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at == start ? NULL : at;
}

static inline const char *sluice_json_skip_number_(const char *at,
                                                   const char *end)
{
    at += at < end && *at == '-';
    if (at < end && *at == '0') {
        at++;
    } else if ((at = sluice_json_digits_(at, end)) == NULL) {
        return NULL;
    }
    if (at < end && *at == '.') {
        at = sluice_json_digits_(at + 1, end);
    }
    if (at != NULL && at < end && (*at | 0x20) == 'e') {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        at = sluice_json_digits_(at, end);
    }
    return at;
}

static inline const char *sluice_json_skip_scalar_(const char *at,
                                                   const char *end)
{
    static const char words[3][6] = { "true", "false", "null" };
    struct sluice_str rest = { at, (size_t)(end - at) };

    for (int i = 0; i < 3; i++) {
        if (sluice_starts(rest, sluice_str(words[i]))) {
            return at + sluice_str(words[i]).len;
        }
    }
    return at < end && *at == '"' ? sluice_json_skip_string_(at, end)
                                  : sluice_json_skip_number_(at, end);
}

/* A key and its colon. */
static inline const char *sluice_json_skip_key_(const char *at,
                                                const char *end)
{
    at = sluice_json_skip_string_(sluice_json_space_(at, end), end);
    if (at == NULL) {
        return NULL;
    }
    at = sluice_json_space_(at, end);
    return at < end && *at == ':' ? at + 1 : NULL;
}

/* A value.  Bit depth - 1 of objects says what the innermost container is. */
static inline const char *sluice_json_skip_(const char *at, const char *end)
{
    uint64_t objects = 0;
    unsigned depth = 0;

    for (;;) {
        bool more = false;

        at = sluice_json_space_(at, end);
        if (at < end && (*at == '{' || *at == '[')) {
            if (depth == 64) {
                return NULL;
            }
            objects &= ~((uint64_t)1 << depth);
            objects |= (uint64_t)(*at == '{') << depth++;
            at = sluice_json_space_(at + 1, end);
            more = at < end && *at != '}' && *at != ']';
        } else {
            at = sluice_json_skip_scalar_(at, end);
        }
        while (at != NULL && !more) {
            bool object = depth != 0 && (objects >> (depth - 1) & 1);

            if (depth == 0) {
                return at;
            }
            at = sluice_json_space_(at, end);
            if (at < end && *at == ',') {
                at++;
                more = true;
            } else if (at < end && *at == (object ? '}' : ']')) {
                at++;
                depth--;
            } else {
                return NULL;
            }
        }
        if (at != NULL && (objects >> (depth - 1) & 1)) {
            at = sluice_json_skip_key_(at, end);
        }
        if (at == NULL) {
            return NULL;
        }
    }
}

static inline bool sluice_json_valid(struct sluice_str text)
{
    const char *end = text.data + text.len;
    const char *at = sluice_json_skip_(text.data, end);

    return at != NULL && sluice_json_space_(at, end) == end;
}

static inline enum sluice_json_kind sluice_json_kind(struct sluice_str value)
{
    const char *end = value.data + value.len;

    switch (*sluice_json_space_(value.data, end)) {
    case '{':
        return SLUICE_JSON_OBJECT;
    case '[':
        return SLUICE_JSON_ARRAY;
    case '"':
        return SLUICE_JSON_STRING;
    case 'n':
        return SLUICE_JSON_NULL;
    case 't':
    case 'f':
        return SLUICE_JSON_BOOL;
    default:
        return SLUICE_JSON_NUMBER;
    }
}

static inline struct sluice_json_items
sluice_json_items(struct sluice_str value)
{
    const char *end = value.data + value.len;
    const char *at = sluice_json_space_(value.data, end);
    enum sluice_json_kind kind = sluice_json_kind(value);

    if (kind != SLUICE_JSON_OBJECT && kind != SLUICE_JSON_ARRAY) {
        at = end - 1;
    }
    return (struct sluice_json_items){ at + 1, end,
                                       kind == SLUICE_JSON_OBJECT };
}

static inline bool sluice_json_next(struct sluice_json_items *items,
                                    struct sluice_str *key,
                                    struct sluice_str *value)
{
    const char *at = sluice_json_space_(items->at, items->end);

    if (at < items->end && *at == ',') {
        at = sluice_json_space_(at + 1, items->end);
    }
    if (at >= items->end || *at == ']' || *at == '}') {
        return false;
    }
    *key = (struct sluice_str){ NULL, 0 };
    if (items->object) {
        const char *after = sluice_json_skip_string_(at, items->end);

        *key = (struct sluice_str){ at + 1, (size_t)(after - at - 2) };
        at = sluice_json_skip_key_(at, items->end);
        at = sluice_json_space_(at, items->end);
    }
    items->at = sluice_json_skip_(at, items->end);
    *value = (struct sluice_str){ at, (size_t)(items->at - at) };
    return true;
}

static inline uint32_t sluice_json_unit_(const char *at)
{
    uint32_t unit = 0;

    for (int i = 0; i < 4; i++) {
        unit = unit << 4 | (uint32_t)sluice_json_hex_(at[i]);
    }
    return unit;
}

/* A code point in UTF-8. */
static inline char *sluice_json_utf8_(char *out, uint32_t c)
{
    unsigned tail = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const unsigned char lead[4] = { 0, 0xc0, 0xe0, 0xf0 };

    *out++ = (char)(lead[tail] | c >> (6 * tail));
    while (tail-- != 0) {
        *out++ = (char)(0x80 | (c >> (6 * tail) & 0x3f));
    }
    return out;
}

/* at stands on the 'u'; half a surrogate pair becomes U+FFFD. */
static inline char *sluice_json_escape_(char *out, const char **at)
{
    uint32_t c = sluice_json_unit_(*at + 1), low;

    *at += 5;
    if (c >= 0xd800 && c < 0xdc00 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        low = sluice_json_unit_(*at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            *at += 6;
        }
    }
    return sluice_json_utf8_(out, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
}

static inline bool sluice_json_string(struct sluice_str value,
                                      struct sluice_str *text)
{
    static const char codes[] = "bfnrt", bytes[] = "\b\f\n\r\t";
    const char *at = value.data, *end = at + value.len - 1;
    char *copy, *out;

    *text = (struct sluice_str){ NULL, 0 };
    if (value.len < 2 || *at++ != '"') {
        return false;
    }
    out = copy = sluice_temp(value.len);
    if (copy == NULL) {
        return false;
    }
    while (at < end) {
        if (*at != '\\') {
            *out++ = *at++;
        } else if (*++at == 'u') {
            out = sluice_json_escape_(out, &at);
        } else {
            *out = *at;
            for (int i = 0; codes[i] != '\0'; i++) {
                if (*at == codes[i]) {
                    *out = bytes[i];
                }
            }
            out++;
            at++;
        }
    }
    *text = (struct sluice_str){ copy, (size_t)(out - copy) };
    return true;
}

static inline bool sluice_json_number(struct sluice_str value,
                                      uint64_t *number)
{
    *number = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.data[i];

        if (c < '0' || c > '9' || *number > INT64_MAX / 10 - 1) {
            return false;
        }
        *number = *number * 10 + (uint64_t)(c - '0');
    }
    return value.len != 0;
}

#endif

/* A bounded cursor over the module's bytes (Section 5.2) with a sticky error:
 * after the first one every read gives 0 and nothing is left. */
#ifndef WE_READER_H
#define WE_READER_H

#include "module.h"

#include <string.h>

struct we_reader {
    const uint8_t *base;                 /* of the module: offsets count here */
    const uint8_t *at, *end;
    const char    *error;                /* NULL: none; the first one stays */
    enum we_error  code;                 /* WE_MALFORMED or WE_INVALID */
    uint32_t       error_at;
};

static inline struct we_reader we_reader_new(struct we_bytes module,
                                             uint32_t at, uint32_t end)
{
    return (struct we_reader){ .base = module.data, .at = module.data + at,
                               .end = module.data + end };
}

static inline uint32_t we_reader_offset(const struct we_reader *r)
{
    return (uint32_t)(r->at - r->base);
}

static inline uint32_t we_reader_left(const struct we_reader *r)
{
    return (uint32_t)(r->end - r->at);
}

static inline void we_reader_stop(struct we_reader *r, enum we_error code,
                                  const char *error)
{
    if (!r->error) {
        r->error = error;
        r->code = code;
        r->error_at = we_reader_offset(r);
    }
    r->at = r->end;
}

static inline void we_reader_fail(struct we_reader *r, const char *error)
{
    we_reader_stop(r, WE_MALFORMED, error);
}

static inline uint8_t we_reader_byte(struct we_reader *r)
{
    if (r->at == r->end) {
        we_reader_fail(r, "unexpected end");
        return 0;
    }
    return *r->at++;
}

/* The byte that comes next; 0 at the end. */
static inline uint8_t we_reader_peek(const struct we_reader *r)
{
    return r->at == r->end ? 0 : *r->at;
}

/* n bytes; NULL, with the error set, if there are fewer. */
static inline const uint8_t *we_reader_take(struct we_reader *r, uint32_t n)
{
    const uint8_t *p = r->at;

    if (n > we_reader_left(r)) {
        we_reader_fail(r, "unexpected end");
        return NULL;
    }
    r->at += n;
    return p;
}

/*
 * LEB128 (Section 5.2.2) of at most bits bits.  The last byte that these can
 * take has bits - shift < 7 bits of use; the others must be zero, or copies of
 * the sign.
 */
static inline uint64_t we_reader_leb(struct we_reader *r, unsigned bits,
                                     bool sign)
{
    uint64_t value = 0;
    unsigned shift = 0, unused;
    uint8_t byte;

    do {
        byte = we_reader_byte(r);
        if (shift + 7 > bits) {
            unused = (0x7fu << (bits - shift - (sign ? 1 : 0))) & 0x7f;
            if (byte & 0x80)
                we_reader_fail(r, "integer representation too long");
            else if ((byte & unused) != 0
                     && !(sign && (byte & unused) == unused))
                we_reader_fail(r, "integer too large");
        }
        if (r->error)
            return 0;
        value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
    } while (byte & 0x80);
    if (sign && shift < 64 && (byte & 0x40))
        value |= UINT64_MAX << shift;
    return value;
}

static inline uint32_t we_reader_u32(struct we_reader *r)
{
    if (r->at != r->end && *r->at < 0x80)
        return *r->at++;
    return (uint32_t)we_reader_leb(r, 32, false);
}

static inline uint64_t we_reader_u64(struct we_reader *r)
{
    return we_reader_leb(r, 64, false);
}

static inline int32_t we_reader_s32(struct we_reader *r)
{
    return (int32_t)(uint32_t)we_reader_leb(r, 32, true);
}

static inline int64_t we_reader_s33(struct we_reader *r)
{
    return (int64_t)we_reader_leb(r, 33, true);
}

static inline int64_t we_reader_s64(struct we_reader *r)
{
    return (int64_t)we_reader_leb(r, 64, true);
}

/* n <= 8 bytes, little endian. */
static inline uint64_t we_reader_fixed(struct we_reader *r, uint32_t n)
{
    const uint8_t *p = we_reader_take(r, n);
    uint64_t value = 0;

    while (p && n-- > 0)
        value = value << 8 | p[n];
    return value;
}

/* The length of a vector whose items take at least one byte each. */
static inline uint32_t we_reader_count(struct we_reader *r)
{
    uint32_t n = we_reader_u32(r);

    if (n > we_reader_left(r)) {
        we_reader_fail(r, "length out of bounds");
        return 0;
    }
    return n;
}

/* A vector of bytes. */
static inline struct we_bytes we_reader_bytes(struct we_reader *r)
{
    struct we_bytes bytes = { .len = we_reader_count(r) };

    bytes.data = we_reader_take(r, bytes.len);
    return bytes;
}

/* How many bytes the UTF-8 character at p takes (Section 5.2.4: no surrogates,
 * no over-long forms, nothing above U+10FFFF); 0 if it is none. */
static inline uint32_t we_reader_utf8(const uint8_t *p, const uint8_t *end)
{
    uint8_t c = p[0], low = 0x80, high = 0xbf;
    uint32_t n, i;

    if (c < 0x80)
        return 1;
    n = c >= 0xc2 && c < 0xe0 ? 2 : c >= 0xe0 && c < 0xf0 ? 3
        : c >= 0xf0 && c < 0xf5 ? 4 : 0;
    if (n == 0 || (size_t)(end - p) < n)
        return 0;
    low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : low;
    high = c == 0xed ? 0x9f : c == 0xf4 ? 0x8f : high;
    if (p[1] < low || p[1] > high)
        return 0;
    for (i = 2; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

static inline struct we_bytes we_reader_name(struct we_reader *r)
{
    struct we_bytes name = we_reader_bytes(r);
    const uint8_t *p = name.data, *end = p + name.len;
    uint32_t n;

    for (; p && p < end; p += n) {
        n = we_reader_utf8(p, end);
        if (n == 0) {
            r->at = p;
            we_reader_fail(r, "malformed UTF-8 encoding");
            return (struct we_bytes){ 0 };
        }
    }
    return name;
}

#endif

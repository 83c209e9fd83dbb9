/* Foreign functions: base64 and base64url (RFC 4648, 4 and 5). */
#include "foreign.h"

#include <string.h>

struct alphabet {
    const char *digits;
    bool        pads;
};

static const struct alphabet standard = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", true
};
static const struct alphabet url = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", false
};

static uint32_t byte_at(struct pw_str s, size_t i)
{
    return i < s.len ? (uint8_t)s.data[i] : 0;
}

static uint32_t encode(struct pw_call *c, const struct alphabet *alphabet,
                       struct pw_str in, struct pw_str *result)
{
    size_t n = 0, size = (in.len + 2) / 3 * 4;
    char *out = pw_instance_scratch(c->instance, 1, size);

    if (size != 0 && out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    for (size_t i = 0; i < in.len; i += 3) {
        uint32_t bits = byte_at(in, i) << 16 | byte_at(in, i + 1) << 8
                        | byte_at(in, i + 2);
        size_t digits = in.len - i < 3 ? in.len - i + 1 : 4;

        for (size_t d = 0; d < 4; d++, bits <<= 6) {
            if (d < digits) {
                out[n++] = alphabet->digits[bits >> 18 & 63];
            } else if (alphabet->pads) {
                out[n++] = '=';
            }
        }
    }
    *result = (struct pw_str){ out, n };
    return PW_OK;
}

/* The value of a digit, or 64. */
static uint32_t value_of(const struct alphabet *alphabet, char digit)
{
    const char *at = memchr(alphabet->digits, digit, 64);

    return at == NULL ? 64 : (uint32_t)(at - alphabet->digits);
}

/* Without its padding, if that is right: as much as is missing to a multiple
 * of four, or, where the alphabet doesn't pad, none. */
static bool strip(const struct alphabet *alphabet, struct pw_str *in)
{
    size_t len = in->len;

    while (len > 0 && in->len - len < 2 && in->data[len - 1] == '=') {
        len--;
    }
    if (len % 4 == 1 || (len != in->len && in->len % 4 != 0)
        || (alphabet->pads && in->len % 4 != 0)) {
        return false;
    }
    in->len = len;
    return true;
}

/* Strict: no other characters, and no bits that are thrown away. */
static uint32_t decode(struct pw_call *c, const struct alphabet *alphabet,
                       struct pw_str in, struct pw_str *result)
{
    uint32_t bits = 0, digit;
    size_t n = 0, left = 0;
    char *out;

    if (!strip(alphabet, &in)) {
        return PW_BAD_ARGUMENT;
    }
    out = pw_instance_scratch(c->instance, 1, in.len);
    if (in.len != 0 && out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    for (size_t i = 0; i < in.len; i++) {
        digit = value_of(alphabet, in.data[i]);
        if (digit == 64) {
            return PW_BAD_ARGUMENT;
        }
        bits = (bits & 63) << 6 | digit;
        left += 6;
        if (left >= 8) {
            left -= 8;
            out[n++] = (char)(uint8_t)(bits >> left);
        }
    }
    if ((bits & ((1u << left) - 1)) != 0) {
        return PW_BAD_ARGUMENT;
    }
    *result = (struct pw_str){ out, n };
    return PW_OK;
}

uint32_t pw_base64_encode(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    return encode(c, &standard, argument, result);
}

uint32_t pw_base64_decode(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    return decode(c, &standard, argument, result);
}

uint32_t pw_base64_encode_url(struct pw_call *c, struct pw_str argument,
                              struct pw_str *result)
{
    return encode(c, &url, argument, result);
}

uint32_t pw_base64_decode_url(struct pw_call *c, struct pw_str argument,
                              struct pw_str *result)
{
    return decode(c, &url, argument, result);
}

/*
 * Foreign functions: what proxy_call_foreign_function can call, one row each.
 *
 *   row(name, function, argument, result)
 *
 * argument and result are for people.  A function gets the bytes of the
 * guest, at most PW_FOREIGN_MAX, and sets the result, which lives in scratch
 * area 1 or is constant.  Numbers are u32, little-endian.
 *
 * To add one: a row, and a function in a file of its subject.
 */
#ifndef PW_FOREIGN_H
#define PW_FOREIGN_H

#include "call.h"

/* So that none takes longer than a few milliseconds. */
enum { PW_FOREIGN_MAX = 1 << 20 };

typedef uint32_t pw_foreign_fn(struct pw_call *c, struct pw_str argument,
                               struct pw_str *result);

#define PW_FOREIGN(row)                                                       \
    row(clear_route_cache, pw_foreign_clear_route, "any", "none")             \
    row(base64_encode, pw_base64_encode, "bytes", "text with padding")        \
    row(base64_decode, pw_base64_decode, "text", "bytes")                     \
    row(base64url_encode, pw_base64_encode_url, "bytes",                      \
        "text without padding")                                               \
    row(base64url_decode, pw_base64_decode_url, "text", "bytes")              \
    row(sha1, pw_digest_sha1, "bytes", "20 bytes")                            \
    row(sha256, pw_digest_sha256, "bytes", "32 bytes")                        \
    row(sha384, pw_digest_sha384, "bytes", "48 bytes")                        \
    row(sha512, pw_digest_sha512, "bytes", "64 bytes")                        \
    row(hmac_sha1, pw_digest_hmac_sha1, "length of key, key, bytes",          \
        "20 bytes")                                                           \
    row(hmac_sha256, pw_digest_hmac_sha256, "length of key, key, bytes",      \
        "32 bytes")                                                           \
    row(hmac_sha512, pw_digest_hmac_sha512, "length of key, key, bytes",      \
        "64 bytes")                                                           \
    row(random_bytes, pw_digest_random, "count, up to 65,536", "bytes")       \
    row(regex_compile, pw_regex_compile, "options, pattern", "id")            \
    row(regex_match, pw_regex_match, "id, start, bytes",                      \
        "start and end of the match and of each group")                       \
    row(regex_replace, pw_regex_replace,                                      \
        "id, 1 or 0 (all), length of replacement, replacement, bytes",        \
        "bytes")                                                              \
    row(regex_free, pw_regex_free, "id", "none")

#define PW_DECLARE_FOREIGN(name, function, argument, result)                  \
    pw_foreign_fn function;
PW_FOREIGN(PW_DECLARE_FOREIGN)

#endif

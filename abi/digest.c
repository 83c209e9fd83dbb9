/* Foreign functions: digests, message authentication codes and random bytes,
 * by libcrypto. */
#include "foreign.h"
#include "guest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

enum { RANDOM_MAX = 65536 };

static uint32_t finish(bool good, const uint8_t *out, unsigned len,
                       struct pw_str *result)
{
    *result = (struct pw_str){ (const char *)out, len };
    return good ? PW_OK : PW_INTERNAL_FAILURE;
}

static uint32_t digest(struct pw_call *c, const EVP_MD *md, struct pw_str in,
                       struct pw_str *result)
{
    uint8_t *out = pw_instance_scratch(c->instance, 1, EVP_MAX_MD_SIZE);
    unsigned len = 0;
    bool good;

    if (out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    good = EVP_Digest(in.data, in.len, out, &len, md, NULL) == 1;
    return finish(good, out, len, result);
}

/* | length of key | key | bytes | */
static uint32_t hmac(struct pw_call *c, const EVP_MD *md, struct pw_str in,
                     struct pw_str *result)
{
    const uint8_t *bytes = (const uint8_t *)in.data;
    uint8_t *out = pw_instance_scratch(c->instance, 1, EVP_MAX_MD_SIZE);
    unsigned len = 0;
    uint32_t key_len;
    bool good;

    if (in.len < 4) {
        return PW_BAD_ARGUMENT;
    }
    key_len = pw_guest_load32(bytes);
    if (key_len > in.len - 4) {
        return PW_BAD_ARGUMENT;
    }
    if (out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    good = HMAC(md, bytes + 4, (int)key_len, bytes + 4 + key_len,
                in.len - 4 - key_len, out, &len) != NULL;
    return finish(good, out, len, result);
}

uint32_t pw_digest_sha1(struct pw_call *c, struct pw_str argument,
                        struct pw_str *result)
{
    return digest(c, EVP_sha1(), argument, result);
}

uint32_t pw_digest_sha256(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    return digest(c, EVP_sha256(), argument, result);
}

uint32_t pw_digest_sha384(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    return digest(c, EVP_sha384(), argument, result);
}

uint32_t pw_digest_sha512(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    return digest(c, EVP_sha512(), argument, result);
}

uint32_t pw_digest_hmac_sha1(struct pw_call *c, struct pw_str argument,
                             struct pw_str *result)
{
    return hmac(c, EVP_sha1(), argument, result);
}

uint32_t pw_digest_hmac_sha256(struct pw_call *c, struct pw_str argument,
                               struct pw_str *result)
{
    return hmac(c, EVP_sha256(), argument, result);
}

uint32_t pw_digest_hmac_sha512(struct pw_call *c, struct pw_str argument,
                               struct pw_str *result)
{
    return hmac(c, EVP_sha512(), argument, result);
}

uint32_t pw_digest_random(struct pw_call *c, struct pw_str argument,
                          struct pw_str *result)
{
    uint32_t n;
    uint8_t *out;

    if (argument.len != 4) {
        return PW_BAD_ARGUMENT;
    }
    n = pw_guest_load32((const uint8_t *)argument.data);
    if (n > RANDOM_MAX) {
        return PW_BAD_ARGUMENT;
    }
    out = pw_instance_scratch(c->instance, 1, n);
    if (n != 0 && out == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    return finish(n == 0 || RAND_bytes(out, (int)n) == 1, out, n, result);
}

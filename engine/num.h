/* Arithmetic of the numeric instructions (Section 4.3), free of undefined
 * behaviour, and little-endian access to bytes.  Unsigned types everywhere:
 * signed C arithmetic appears only where it can't overflow.  The floating
 * point unit must be IEEE 754 in its default rounding mode, without excess
 * precision (no x87). */
#ifndef WE_NUM_H
#define WE_NUM_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* --- bits of floats ------------------------------------------------------ */

static inline uint32_t we_bits32(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline uint64_t we_bits64(double x)
{
    uint64_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float we_float32(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double we_float64(uint64_t bits)
{
    double x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* --- little-endian bytes -------------------------------------------------- */

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WE_LE16(x) __builtin_bswap16(x)
#define WE_LE32(x) __builtin_bswap32(x)
#define WE_LE64(x) __builtin_bswap64(x)
#define WE_BIG_ENDIAN 1
#else
#define WE_LE16(x) (x)
#define WE_LE32(x) (x)
#define WE_LE64(x) (x)
#define WE_BIG_ENDIAN 0
#endif

static inline uint16_t we_get16(const uint8_t *p)
{
    uint16_t x;

    memcpy(&x, p, sizeof x);
    return WE_LE16(x);
}

static inline uint32_t we_get32(const uint8_t *p)
{
    uint32_t x;

    memcpy(&x, p, sizeof x);
    return WE_LE32(x);
}

static inline uint64_t we_get64(const uint8_t *p)
{
    uint64_t x;

    memcpy(&x, p, sizeof x);
    return WE_LE64(x);
}

static inline void we_put16(uint8_t *p, uint16_t x)
{
    x = WE_LE16(x);
    memcpy(p, &x, sizeof x);
}

static inline void we_put32(uint8_t *p, uint32_t x)
{
    x = WE_LE32(x);
    memcpy(p, &x, sizeof x);
}

static inline void we_put64(uint8_t *p, uint64_t x)
{
    x = WE_LE64(x);
    memcpy(p, &x, sizeof x);
}

/* --- integers ------------------------------------------------------------- */

static inline uint32_t we_clz32(uint32_t x)
{
    return x == 0 ? 32 : (uint32_t) __builtin_clz(x);
}

static inline uint32_t we_ctz32(uint32_t x)
{
    return x == 0 ? 32 : (uint32_t) __builtin_ctz(x);
}

static inline uint64_t we_clz64(uint64_t x)
{
    return x == 0 ? 64 : (uint64_t) __builtin_clzll(x);
}

static inline uint64_t we_ctz64(uint64_t x)
{
    return x == 0 ? 64 : (uint64_t) __builtin_ctzll(x);
}

/* Sign extension from the low bits. */
static inline uint32_t we_sext8(uint64_t x)
{
    return (uint32_t) (int32_t) (int8_t) x;
}

static inline uint32_t we_sext16(uint64_t x)
{
    return (uint32_t) (int32_t) (int16_t) x;
}

static inline uint64_t we_sext32(uint64_t x)
{
    return (uint64_t) (int64_t) (int32_t) x;
}

/* Without the processor's instruction the builtin is a call. */
static inline uint64_t we_popcnt64(uint64_t x)
{
    x = x - ((x >> 1) & 0x5555555555555555u);
    x = (x & 0x3333333333333333u) + ((x >> 2) & 0x3333333333333333u);
    x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu;
    return x * 0x0101010101010101u >> 56;
}

static inline uint32_t we_rotl32(uint32_t x, uint32_t n)
{
    return x << (n & 31) | x >> (-n & 31);
}

static inline uint32_t we_rotr32(uint32_t x, uint32_t n)
{
    return x >> (n & 31) | x << (-n & 31);
}

static inline uint64_t we_rotl64(uint64_t x, uint64_t n)
{
    return x << (n & 63) | x >> (-n & 63);
}

static inline uint64_t we_rotr64(uint64_t x, uint64_t n)
{
    return x >> (n & 63) | x << (-n & 63);
}

/* Right shifts of negative numbers are arithmetic in every compiler that
 * knows the builtins above. */
static inline uint32_t we_sar32(uint32_t x, uint32_t n)
{
    return (uint32_t) ((int32_t) x >> (n & 31));
}

static inline uint64_t we_sar64(uint64_t x, uint64_t n)
{
    return (uint64_t) ((int64_t) x >> (n & 63));
}

/* The divisor is not 0; the quotient of the minimum and -1, which traps, must
 * not get here, its remainder may. */
static inline uint32_t we_div_s32(uint32_t a, uint32_t b)
{
    return (uint32_t) ((int32_t) a / (int32_t) b);
}

static inline uint64_t we_div_s64(uint64_t a, uint64_t b)
{
    return (uint64_t) ((int64_t) a / (int64_t) b);
}

static inline uint32_t we_rem_s32(uint32_t a, uint32_t b)
{
    return b == UINT32_MAX ? 0 : (uint32_t) ((int32_t) a % (int32_t) b);
}

static inline uint64_t we_rem_s64(uint64_t a, uint64_t b)
{
    return b == UINT64_MAX ? 0 : (uint64_t) ((int64_t) a % (int64_t) b);
}

static inline bool we_div_overflows32(uint32_t a, uint32_t b)
{
    return a == 0x80000000u && b == UINT32_MAX;
}

static inline bool we_div_overflows64(uint64_t a, uint64_t b)
{
    return a == 0x8000000000000000u && b == UINT64_MAX;
}

/* --- floats --------------------------------------------------------------- */

/*
 * NaN: an operation that computes quiets it (adding does); abs, neg and
 * copysign only touch the sign.  Which payload comes out is left open by
 * Section 4.3.3; here it is the processor's choice.
 */

static inline float we_abs32(float x)
{
    return we_float32(we_bits32(x) & 0x7fffffffu);
}

static inline double we_abs64(double x)
{
    return we_float64(we_bits64(x) & 0x7fffffffffffffffu);
}

static inline float we_neg32(float x)
{
    return we_float32(we_bits32(x) ^ 0x80000000u);
}

static inline double we_neg64(double x)
{
    return we_float64(we_bits64(x) ^ 0x8000000000000000u);
}

static inline float we_copysign32(float x, float y)
{
    return we_float32((we_bits32(x) & 0x7fffffffu)
                      | (we_bits32(y) & 0x80000000u));
}

static inline double we_copysign64(double x, double y)
{
    return we_float64((we_bits64(x) & 0x7fffffffffffffffu)
                      | (we_bits64(y) & 0x8000000000000000u));
}

/* Equal operands differ at most in the sign of a zero. */
static inline float we_min32(float a, float b)
{
    if (a < b) {
        return a;
    }
    if (a > b) {
        return b;
    }
    return a == b ? we_float32(we_bits32(a) | we_bits32(b)) : a + b;
}

static inline float we_max32(float a, float b)
{
    if (a > b) {
        return a;
    }
    if (a < b) {
        return b;
    }
    return a == b ? we_float32(we_bits32(a) & we_bits32(b)) : a + b;
}

static inline double we_min64(double a, double b)
{
    if (a < b) {
        return a;
    }
    if (a > b) {
        return b;
    }
    return a == b ? we_float64(we_bits64(a) | we_bits64(b)) : a + b;
}

static inline double we_max64(double a, double b)
{
    if (a > b) {
        return a;
    }
    if (a < b) {
        return b;
    }
    return a == b ? we_float64(we_bits64(a) & we_bits64(b)) : a + b;
}

/* A signaling NaN is quieted; by hand, as compilers take adding 0 away. */
static inline float we_quiet32(float x)
{
    return x != x ? we_float32(we_bits32(x) | 0x00400000u) : x;
}

static inline double we_quiet64(double x)
{
    return x != x ? we_float64(we_bits64(x) | 0x0008000000000000u) : x;
}

/* From 2^23 and 2^52 on every float is an integer. */
#define WE_WHOLE32 8388608.0f
#define WE_WHOLE64 4503599627370496.0

static inline float we_trunc32(float x)
{
    if (!(we_abs32(x) < WE_WHOLE32)) {
        return we_quiet32(x);
    }
    return we_copysign32((float) (int32_t) x, x);
}

static inline double we_trunc64(double x)
{
    if (!(we_abs64(x) < WE_WHOLE64)) {
        return we_quiet64(x);
    }
    return we_copysign64((double) (int64_t) x, x);
}

static inline float we_floor32(float x)
{
    float t = we_trunc32(x);

    return t > x ? t - 1.0f : t;
}

static inline double we_floor64(double x)
{
    double t = we_trunc64(x);

    return t > x ? t - 1.0 : t;
}

/* -0.5 rounds to -0: the sign is kept. */
static inline float we_ceil32(float x)
{
    float t = we_trunc32(x);

    return t < x ? we_copysign32(t + 1.0f, x) : t;
}

static inline double we_ceil64(double x)
{
    double t = we_trunc64(x);

    return t < x ? we_copysign64(t + 1.0, x) : t;
}

/* Ties to even: what the addition of 2^23 or 2^52 rounds to (never built with
 * -ffast-math, which would cancel the two steps).  The casts round where the
 * machine calculates with more digits than the type has. */
static inline float we_nearest32(float x)
{
    float a = we_abs32(x);

    if (!(a < WE_WHOLE32)) {
        return we_quiet32(x);
    }
    return we_copysign32((float)(a + WE_WHOLE32) - WE_WHOLE32, x);
}

static inline double we_nearest64(double x)
{
    double a = we_abs64(x);

    if (!(a < WE_WHOLE64)) {
        return we_quiet64(x);
    }
    return we_copysign64((double)(a + WE_WHOLE64) - WE_WHOLE64, x);
}

static inline float we_sqrt32(float x)
{
    return __builtin_sqrtf(x);
}

static inline double we_sqrt64(double x)
{
    return __builtin_sqrt(x);
}

/* --- floats to integers --------------------------------------------------- */

/* Bounds of what truncates into range; a float is exact as a double. */
static inline bool we_fits_s32(double x)
{
    return x > -2147483649.0 && x < 2147483648.0;
}

static inline bool we_fits_u32(double x)
{
    return x > -1.0 && x < 4294967296.0;
}

static inline bool we_fits_s64(double x)
{
    return x >= -9223372036854775808.0 && x < 9223372036854775808.0;
}

static inline bool we_fits_u64(double x)
{
    return x > -1.0 && x < 18446744073709551616.0;
}

static inline uint32_t we_to_s32(double x)
{
    return (uint32_t) (int32_t) x;
}

static inline uint32_t we_to_u32(double x)
{
    return (uint32_t) (int64_t) x;
}

static inline uint64_t we_to_s64(double x)
{
    return (uint64_t) (int64_t) x;
}

static inline uint64_t we_to_u64(double x)
{
    if (x < 9223372036854775808.0) {
        return (uint64_t) (int64_t) x;
    }
    return (uint64_t) (int64_t) (x - 9223372036854775808.0)
           ^ 0x8000000000000000u;
}

/* Saturating: NaN is 0. */
static inline uint32_t we_sat_s32(double x)
{
    if (we_fits_s32(x)) {
        return we_to_s32(x);
    }
    return x < 0 ? 0x80000000u : x > 0 ? 0x7fffffffu : 0;
}

static inline uint32_t we_sat_u32(double x)
{
    if (we_fits_u32(x)) {
        return we_to_u32(x);
    }
    return x > 0 ? UINT32_MAX : 0;
}

static inline uint64_t we_sat_s64(double x)
{
    if (we_fits_s64(x)) {
        return we_to_s64(x);
    }
    return x < 0 ? 0x8000000000000000u
                 : x > 0 ? 0x7fffffffffffffffu : 0;
}

static inline uint64_t we_sat_u64(double x)
{
    if (we_fits_u64(x)) {
        return we_to_u64(x);
    }
    return x > 0 ? UINT64_MAX : 0;
}

#endif

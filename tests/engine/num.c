/* Arithmetic at its edges.  Expected: the specification's numbers, and the C
 * library's rounding in the default mode. */
#include "../../engine/num.h"
#include "../../engine/simd.h"
#include "../tap.h"

#include <math.h>

static const double edges[] = {
    0.0, -0.0, 0.25, -0.25, 0.5, -0.5, 0.75, 1.0, -1.0, 1.5, -1.5, 2.5, -2.5,
    3.5, 8388607.5, 8388608.5, -8388607.5, 4503599627370495.5,
    -4503599627370495.5, 4503599627370496.0, 9007199254740993.0, 2147483647.0,
    2147483648.0, -2147483648.0, -2147483649.0, 4294967295.0, 4294967296.0,
    9223372036854774784.0, 9223372036854775808.0, -9223372036854775808.0,
    18446744073709549568.0, 18446744073709551616.0, 1e300, -1e300, 5e-324,
    INFINITY, -INFINITY
};
enum { NEDGES = sizeof edges / sizeof *edges };

static uint64_t state = 88172645463325252u;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* An edge, or any bits. */
static double sample(int i)
{
    return i < NEDGES ? edges[i] : we_float64(next());
}

/* The same bits, or both NaN and ours quiet. */
static bool same64(double got, double want)
{
    if (want != want) {
        return got != got && (we_bits64(got) & 0x0008000000000000u) != 0;
    }
    return we_bits64(got) == we_bits64(want);
}

static bool same32(float got, float want)
{
    if (want != want) {
        return got != got && (we_bits32(got) & 0x00400000u) != 0;
    }
    return we_bits32(got) == we_bits32(want);
}

static void rounding(void)
{
    int i, bad[8] = { 0 };

    for (i = 0; i < 200000; i++) {
        double x = sample(i);
        float y = i % 2 ? (float) x : we_float32((uint32_t) next());

        bad[0] += !same64(we_ceil64(x), ceil(x));
        bad[1] += !same64(we_floor64(x), floor(x));
        bad[2] += !same64(we_trunc64(x), trunc(x));
        bad[3] += !same64(we_nearest64(x), rint(x));
        bad[4] += !same32(we_ceil32(y), ceilf(y));
        bad[5] += !same32(we_floor32(y), floorf(y));
        bad[6] += !same32(we_trunc32(y), truncf(y));
        bad[7] += !same32(we_nearest32(y), rintf(y));
    }
    for (i = 0; i < 8; i++) {
        is_int(bad[i], 0, "%s of f%d as the C library",
               (const char *[]){ "ceil", "floor", "trunc", "nearest" }[i % 4],
               i < 4 ? 64 : 32);
    }
}

static void extrema(void)
{
    double snan = we_float64(0x7ff0000000000001u);

    ok(same64(we_min64(0.0, -0.0), -0.0), "min(0, -0)");
    ok(same64(we_min64(-0.0, 0.0), -0.0), "min(-0, 0)");
    ok(same64(we_max64(-0.0, 0.0), 0.0), "max(-0, 0)");
    ok(same64(we_max64(0.0, -0.0), 0.0), "max(0, -0)");
    ok(same64(we_min64(1.0, NAN), NAN), "min(1, nan)");
    ok(same64(we_max64(snan, 1.0), NAN), "max(snan, 1) is quiet");
    ok(same32(we_min32(-0.0f, 0.0f), -0.0f), "f32 min(-0, 0)");
    ok(same32(we_max32(NAN, -INFINITY), NAN), "f32 max(nan, -inf)");
    is_int((int64_t) we_bits64(we_neg64(snan)),
           (int64_t) 0xfff0000000000001u, "neg keeps a signaling NaN");
    is_int((int64_t) we_bits64(we_abs64(we_neg64(snan))),
           0x7ff0000000000001, "abs keeps a signaling NaN");
    is_int(we_bits32(we_copysign32(1.0f, -NAN)), 0xbf800000,
           "copysign takes the sign of a NaN");
}

static void conversions(void)
{
    ok(we_fits_s32(-2147483648.9) && !we_fits_s32(-2147483649.0),
       "s32 from below");
    ok(we_fits_s32(2147483647.9) && !we_fits_s32(2147483648.0),
       "s32 from above");
    ok(we_fits_u32(-0.9) && !we_fits_u32(-1.0), "u32 from below");
    ok(we_fits_u32(4294967295.9) && !we_fits_u32(4294967296.0),
       "u32 from above");
    ok(we_fits_s64(-9223372036854775808.0)
       && !we_fits_s64(-9223372036854777856.0), "s64 from below");
    ok(!we_fits_s64(9223372036854775808.0), "s64 from above");
    ok(we_fits_u64(18446744073709549568.0)
       && !we_fits_u64(18446744073709551616.0), "u64 from above");
    ok(!we_fits_s32(NAN) && !we_fits_u32(NAN) && !we_fits_s64(NAN)
       && !we_fits_u64(NAN), "NaN fits nowhere");
    ok(we_to_u64(9223372036854775808.0) == 0x8000000000000000u
       && we_to_u64(18446744073709549568.0) == 0xfffffffffffff800u,
       "u64 above the signed half");
    is_int(we_sat_s32(NAN), 0, "saturated NaN");
    is_int((int32_t) we_sat_s32(-INFINITY), INT32_MIN, "saturated -inf");
    is_int(we_sat_u32(-5.0), 0, "saturated u32 below");
    is_int(we_sat_u32(1e10), UINT32_MAX, "saturated u32 above");
    ok(we_sat_s64(1e19) == 0x7fffffffffffffffu, "saturated s64 above");
    ok(we_sat_u64(-0.5) == 0 && we_sat_u64(1e20) == UINT64_MAX,
       "saturated u64");
}

static void integers(void)
{
    is_int(we_clz32(0), 32, "clz of 0");
    is_int(we_ctz32(0), 32, "ctz of 0");
    is_int((int64_t) we_clz64(1), 63, "clz of 1");
    is_int((int64_t) we_ctz64(1ull << 63), 63, "ctz of the top bit");
    is_int((int64_t) we_popcnt64(UINT64_MAX), 64, "popcnt of all ones");
    is_int((int64_t) we_popcnt64(0x8000000100000001u), 3, "popcnt");
    is_int(we_rotl32(0x80000001u, 33), 3, "rotl by more than the width");
    is_int(we_rotl32(0x80000001u, 0), 0x80000001u, "rotl by 0");
    is_int(we_rotr32(1, 1), 0x80000000u, "rotr");
    ok(we_rotr64(1, 65) == 1ull << 63, "rotr of 64 bits");
    is_int((int32_t) we_sar32(0x80000000u, 63), -1, "arithmetic shift");
    is_int((int64_t) we_rem_s64(1ull << 63, UINT64_MAX), 0, "the minimum modulo -1");
    is_int((int32_t) we_div_s32((uint32_t) -7, 2), -3, "division truncates");
    is_int((int32_t) we_rem_s32((uint32_t) -7, 2), -1, "remainder's sign");
    ok(we_div_overflows32(1u << 31, UINT32_MAX)
       && !we_div_overflows32(1u << 31, 1), "min / -1 overflows");
    is_int((int32_t) we_sext8(0x1ff), -1, "sign extension of 8 bits");
    is_int((int64_t) we_sext32(0x180000000u), INT32_MIN, "of 32 bits");
}

static void bytes(void)
{
    static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 0xf8 };
    uint8_t out[8] = { 0 };
    union we_v128 v = { { 0x0706050403020100u, 0x0f0e0d0c0b0a0908u } };

    is_int(we_get16(in + 1), 0x0302, "16 bits, unaligned");
    is_int(we_get32(in + 1), 0x05040302, "32 bits");
    ok(we_get64(in) == 0xf807060504030201u, "64 bits");
    we_put64(out, 0xf807060504030201u);
    is_bytes(out, 8, in, 8, "64 bits written");
    is_int(WE_LANE(v, u8, 9), 9, "lane of 8 bits");
    is_int(WE_LANE(v, u16, 1), 0x0302, "lane of 16 bits");
    is_int(WE_LANE(v, u32, 3), 0x0f0e0d0c, "lane of 32 bits");
    is_int((int8_t) we_clamp_i8(-300), -128, "saturation");
    is_int(we_clamp_u16(70000), 65535, "unsigned saturation");
}

int main(void)
{
    rounding();
    extrema();
    conversions();
    integers();
    bytes();
    return done();
}

/* Vectors of 128 bits (Section 4.3): their lanes in two slots, and saturation
 * to the width of a lane. */
#ifndef WE_SIMD_H
#define WE_SIMD_H

#include "num.h"

/* Lane 0 is in the low bits of the first slot.  Where the host is big-endian,
 * the lanes of each half stand in reverse order: WE_LANE says where. */
union we_v128 {
    uint64_t slots[2];
    uint8_t  u8[16];
    int8_t   i8[16];
    uint16_t u16[8];
    int16_t  i16[8];
    uint32_t u32[4];
    int32_t  i32[4];
    uint64_t u64[2];
    int64_t  i64[2];
    float    f32[4];
    double   f64[2];
};

#define WE_LANES_OF(v, T) ((uint32_t) (sizeof (v).T / sizeof (v).T[0]))
#if WE_BIG_ENDIAN
#define WE_LANE(v, T, j) (v).T[(j) ^ (WE_LANES_OF(v, T) / 2 - 1)]
#else
#define WE_LANE(v, T, j) (v).T[j]
#endif

static inline uint8_t we_clamp_i8(int32_t x)
{
    return (uint8_t) (x < -128 ? -128 : x > 127 ? 127 : x);
}

static inline uint8_t we_clamp_u8(int32_t x)
{
    return (uint8_t) (x < 0 ? 0 : x > 255 ? 255 : x);
}

static inline uint16_t we_clamp_i16(int32_t x)
{
    return (uint16_t) (x < -32768 ? -32768 : x > 32767 ? 32767 : x);
}

static inline uint16_t we_clamp_u16(int32_t x)
{
    return (uint16_t) (x < 0 ? 0 : x > 65535 ? 65535 : x);
}

#endif

/* The interpreter's operations on vectors, a row each; part of iops.h. */
#ifndef WE_IOPS_SIMD_H
#define WE_IOPS_SIMD_H

/*
 * row(x, NAME, operands, result, lanes, value of lane i)
 *
 *   operands  V, VV, VVV vectors x, y, z, or VI a vector and a number N
 *   result    type of its lanes: u8 ... u64, f32, f64
 *   X(t, j)   lane j of x, as type t (i8 ... i64: signed); likewise Y, Z
 *
 * What relaxed instructions leave open (Section 4.3.2, "Relaxed Operations")
 * is done as the plain instruction does it, and without fusing; the relaxed
 * dot products multiply signed by signed bytes and wrap around.
 */
#define WE_LANES(row, x)                                                      \
    /* comparisons: all ones or zero */                                       \
    row(x, I8X16_EQ, VV, u8, 16, MASK(X(u8, i) == Y(u8, i)))                  \
    row(x, I8X16_NE, VV, u8, 16, MASK(X(u8, i) != Y(u8, i)))                  \
    row(x, I8X16_LT_S, VV, u8, 16, MASK(X(i8, i) < Y(i8, i)))                 \
    row(x, I8X16_LT_U, VV, u8, 16, MASK(X(u8, i) < Y(u8, i)))                 \
    row(x, I8X16_GT_S, VV, u8, 16, MASK(X(i8, i) > Y(i8, i)))                 \
    row(x, I8X16_GT_U, VV, u8, 16, MASK(X(u8, i) > Y(u8, i)))                 \
    row(x, I8X16_LE_S, VV, u8, 16, MASK(X(i8, i) <= Y(i8, i)))                \
    row(x, I8X16_LE_U, VV, u8, 16, MASK(X(u8, i) <= Y(u8, i)))                \
    row(x, I8X16_GE_S, VV, u8, 16, MASK(X(i8, i) >= Y(i8, i)))                \
    row(x, I8X16_GE_U, VV, u8, 16, MASK(X(u8, i) >= Y(u8, i)))                \
    row(x, I16X8_EQ, VV, u16, 8, MASK(X(u16, i) == Y(u16, i)))                \
    row(x, I16X8_NE, VV, u16, 8, MASK(X(u16, i) != Y(u16, i)))                \
    row(x, I16X8_LT_S, VV, u16, 8, MASK(X(i16, i) < Y(i16, i)))               \
    row(x, I16X8_LT_U, VV, u16, 8, MASK(X(u16, i) < Y(u16, i)))               \
    row(x, I16X8_GT_S, VV, u16, 8, MASK(X(i16, i) > Y(i16, i)))               \
    row(x, I16X8_GT_U, VV, u16, 8, MASK(X(u16, i) > Y(u16, i)))               \
    row(x, I16X8_LE_S, VV, u16, 8, MASK(X(i16, i) <= Y(i16, i)))              \
    row(x, I16X8_LE_U, VV, u16, 8, MASK(X(u16, i) <= Y(u16, i)))              \
    row(x, I16X8_GE_S, VV, u16, 8, MASK(X(i16, i) >= Y(i16, i)))              \
    row(x, I16X8_GE_U, VV, u16, 8, MASK(X(u16, i) >= Y(u16, i)))              \
    row(x, I32X4_EQ, VV, u32, 4, MASK(X(u32, i) == Y(u32, i)))                \
    row(x, I32X4_NE, VV, u32, 4, MASK(X(u32, i) != Y(u32, i)))                \
    row(x, I32X4_LT_S, VV, u32, 4, MASK(X(i32, i) < Y(i32, i)))               \
    row(x, I32X4_LT_U, VV, u32, 4, MASK(X(u32, i) < Y(u32, i)))               \
    row(x, I32X4_GT_S, VV, u32, 4, MASK(X(i32, i) > Y(i32, i)))               \
    row(x, I32X4_GT_U, VV, u32, 4, MASK(X(u32, i) > Y(u32, i)))               \
    row(x, I32X4_LE_S, VV, u32, 4, MASK(X(i32, i) <= Y(i32, i)))              \
    row(x, I32X4_LE_U, VV, u32, 4, MASK(X(u32, i) <= Y(u32, i)))              \
    row(x, I32X4_GE_S, VV, u32, 4, MASK(X(i32, i) >= Y(i32, i)))              \
    row(x, I32X4_GE_U, VV, u32, 4, MASK(X(u32, i) >= Y(u32, i)))              \
    row(x, I64X2_EQ, VV, u64, 2, MASK(X(u64, i) == Y(u64, i)))                \
    row(x, I64X2_NE, VV, u64, 2, MASK(X(u64, i) != Y(u64, i)))                \
    row(x, I64X2_LT_S, VV, u64, 2, MASK(X(i64, i) < Y(i64, i)))               \
    row(x, I64X2_GT_S, VV, u64, 2, MASK(X(i64, i) > Y(i64, i)))               \
    row(x, I64X2_LE_S, VV, u64, 2, MASK(X(i64, i) <= Y(i64, i)))              \
    row(x, I64X2_GE_S, VV, u64, 2, MASK(X(i64, i) >= Y(i64, i)))              \
    row(x, F32X4_EQ, VV, u32, 4, MASK(X(f32, i) == Y(f32, i)))                \
    row(x, F32X4_NE, VV, u32, 4, MASK(X(f32, i) != Y(f32, i)))                \
    row(x, F32X4_LT, VV, u32, 4, MASK(X(f32, i) < Y(f32, i)))                 \
    row(x, F32X4_GT, VV, u32, 4, MASK(X(f32, i) > Y(f32, i)))                 \
    row(x, F32X4_LE, VV, u32, 4, MASK(X(f32, i) <= Y(f32, i)))                \
    row(x, F32X4_GE, VV, u32, 4, MASK(X(f32, i) >= Y(f32, i)))                \
    row(x, F64X2_EQ, VV, u64, 2, MASK(X(f64, i) == Y(f64, i)))                \
    row(x, F64X2_NE, VV, u64, 2, MASK(X(f64, i) != Y(f64, i)))                \
    row(x, F64X2_LT, VV, u64, 2, MASK(X(f64, i) < Y(f64, i)))                 \
    row(x, F64X2_GT, VV, u64, 2, MASK(X(f64, i) > Y(f64, i)))                 \
    row(x, F64X2_LE, VV, u64, 2, MASK(X(f64, i) <= Y(f64, i)))                \
    row(x, F64X2_GE, VV, u64, 2, MASK(X(f64, i) >= Y(f64, i)))                \
    /* bits */                                                                \
    row(x, V128_NOT, V, u64, 2, ~X(u64, i))                                   \
    row(x, V128_AND, VV, u64, 2, X(u64, i) & Y(u64, i))                       \
    row(x, V128_ANDNOT, VV, u64, 2, X(u64, i) & ~Y(u64, i))                   \
    row(x, V128_OR, VV, u64, 2, X(u64, i) | Y(u64, i))                        \
    row(x, V128_XOR, VV, u64, 2, X(u64, i) ^ Y(u64, i))                       \
    row(x, V128_BITSELECT, VVV, u64, 2,                                       \
        (X(u64, i) & Z(u64, i)) | (Y(u64, i) & ~Z(u64, i)))                   \
    row(x, I8X16_RELAXED_LANESELECT, VVV, u64, 2,                             \
        (X(u64, i) & Z(u64, i)) | (Y(u64, i) & ~Z(u64, i)))                   \
    row(x, I16X8_RELAXED_LANESELECT, VVV, u64, 2,                             \
        (X(u64, i) & Z(u64, i)) | (Y(u64, i) & ~Z(u64, i)))                   \
    row(x, I32X4_RELAXED_LANESELECT, VVV, u64, 2,                             \
        (X(u64, i) & Z(u64, i)) | (Y(u64, i) & ~Z(u64, i)))                   \
    row(x, I64X2_RELAXED_LANESELECT, VVV, u64, 2,                             \
        (X(u64, i) & Z(u64, i)) | (Y(u64, i) & ~Z(u64, i)))                   \
    /* integers, lane by lane; sums and products in unsigned arithmetic */    \
    row(x, I8X16_ABS, V, u8, 16,                                              \
        X(i8, i) < 0 ? -(uint32_t) X(u8, i) : X(u8, i))                       \
    row(x, I8X16_NEG, V, u8, 16, -(uint32_t) X(u8, i))                        \
    row(x, I8X16_POPCNT, V, u8, 16, we_popcnt64(X(u8, i)))                    \
    row(x, I8X16_SHL, VI, u8, 16, X(u8, i) << (N & 7))                        \
    row(x, I8X16_SHR_S, VI, u8, 16, X(i8, i) >> (N & 7))                      \
    row(x, I8X16_SHR_U, VI, u8, 16, X(u8, i) >> (N & 7))                      \
    row(x, I8X16_ADD, VV, u8, 16, X(u8, i) + Y(u8, i))                        \
    row(x, I8X16_SUB, VV, u8, 16, X(u8, i) - Y(u8, i))                        \
    row(x, I8X16_ADD_SAT_S, VV, u8, 16, we_clamp_i8(X(i8, i) + Y(i8, i)))     \
    row(x, I8X16_SUB_SAT_S, VV, u8, 16, we_clamp_i8(X(i8, i) - Y(i8, i)))     \
    row(x, I8X16_ADD_SAT_U, VV, u8, 16, we_clamp_u8(X(u8, i) + Y(u8, i)))     \
    row(x, I8X16_SUB_SAT_U, VV, u8, 16, we_clamp_u8(X(u8, i) - Y(u8, i)))     \
    row(x, I8X16_AVGR_U, VV, u8, 16, (X(u8, i) + Y(u8, i) + 1) / 2)           \
    row(x, I8X16_MIN_S, VV, u8, 16,                                           \
        X(i8, i) < Y(i8, i) ? X(u8, i) : Y(u8, i))                            \
    row(x, I8X16_MAX_S, VV, u8, 16,                                           \
        X(i8, i) > Y(i8, i) ? X(u8, i) : Y(u8, i))                            \
    row(x, I8X16_MIN_U, VV, u8, 16,                                           \
        X(u8, i) < Y(u8, i) ? X(u8, i) : Y(u8, i))                            \
    row(x, I8X16_MAX_U, VV, u8, 16,                                           \
        X(u8, i) > Y(u8, i) ? X(u8, i) : Y(u8, i))                            \
    row(x, I16X8_ABS, V, u16, 8,                                              \
        X(i16, i) < 0 ? -(uint32_t) X(u16, i) : X(u16, i))                    \
    row(x, I16X8_NEG, V, u16, 8, -(uint32_t) X(u16, i))                       \
    row(x, I16X8_SHL, VI, u16, 8, X(u16, i) << (N & 15))                      \
    row(x, I16X8_SHR_S, VI, u16, 8, X(i16, i) >> (N & 15))                    \
    row(x, I16X8_SHR_U, VI, u16, 8, X(u16, i) >> (N & 15))                    \
    row(x, I16X8_ADD, VV, u16, 8, X(u16, i) + Y(u16, i))                      \
    row(x, I16X8_SUB, VV, u16, 8, X(u16, i) - Y(u16, i))                      \
    row(x, I16X8_MUL, VV, u16, 8, (uint32_t) X(u16, i) * Y(u16, i))           \
    row(x, I16X8_ADD_SAT_S, VV, u16, 8, we_clamp_i16(X(i16, i) + Y(i16, i)))  \
    row(x, I16X8_SUB_SAT_S, VV, u16, 8, we_clamp_i16(X(i16, i) - Y(i16, i)))  \
    row(x, I16X8_ADD_SAT_U, VV, u16, 8, we_clamp_u16(X(u16, i) + Y(u16, i)))  \
    row(x, I16X8_SUB_SAT_U, VV, u16, 8, we_clamp_u16(X(u16, i) - Y(u16, i)))  \
    row(x, I16X8_AVGR_U, VV, u16, 8, (X(u16, i) + Y(u16, i) + 1) / 2)         \
    row(x, I16X8_MIN_S, VV, u16, 8,                                           \
        X(i16, i) < Y(i16, i) ? X(u16, i) : Y(u16, i))                        \
    row(x, I16X8_MAX_S, VV, u16, 8,                                           \
        X(i16, i) > Y(i16, i) ? X(u16, i) : Y(u16, i))                        \
    row(x, I16X8_MIN_U, VV, u16, 8,                                           \
        X(u16, i) < Y(u16, i) ? X(u16, i) : Y(u16, i))                        \
    row(x, I16X8_MAX_U, VV, u16, 8,                                           \
        X(u16, i) > Y(u16, i) ? X(u16, i) : Y(u16, i))                        \
    row(x, I32X4_ABS, V, u32, 4,                                              \
        X(i32, i) < 0 ? -(uint32_t) X(u32, i) : X(u32, i))                    \
    row(x, I32X4_NEG, V, u32, 4, -(uint32_t) X(u32, i))                       \
    row(x, I32X4_SHL, VI, u32, 4, X(u32, i) << (N & 31))                      \
    row(x, I32X4_SHR_S, VI, u32, 4, X(i32, i) >> (N & 31))                    \
    row(x, I32X4_SHR_U, VI, u32, 4, X(u32, i) >> (N & 31))                    \
    row(x, I32X4_ADD, VV, u32, 4, X(u32, i) + Y(u32, i))                      \
    row(x, I32X4_SUB, VV, u32, 4, X(u32, i) - Y(u32, i))                      \
    row(x, I32X4_MUL, VV, u32, 4, X(u32, i) * Y(u32, i))                      \
    row(x, I32X4_MIN_S, VV, u32, 4,                                           \
        X(i32, i) < Y(i32, i) ? X(u32, i) : Y(u32, i))                        \
    row(x, I32X4_MAX_S, VV, u32, 4,                                           \
        X(i32, i) > Y(i32, i) ? X(u32, i) : Y(u32, i))                        \
    row(x, I32X4_MIN_U, VV, u32, 4,                                           \
        X(u32, i) < Y(u32, i) ? X(u32, i) : Y(u32, i))                        \
    row(x, I32X4_MAX_U, VV, u32, 4,                                           \
        X(u32, i) > Y(u32, i) ? X(u32, i) : Y(u32, i))                        \
    row(x, I64X2_ABS, V, u64, 2,                                              \
        X(i64, i) < 0 ? -(uint64_t) X(u64, i) : X(u64, i))                    \
    row(x, I64X2_NEG, V, u64, 2, -(uint64_t) X(u64, i))                       \
    row(x, I64X2_SHL, VI, u64, 2, X(u64, i) << (N & 63))                      \
    row(x, I64X2_SHR_S, VI, u64, 2, X(i64, i) >> (N & 63))                    \
    row(x, I64X2_SHR_U, VI, u64, 2, X(u64, i) >> (N & 63))                    \
    row(x, I64X2_ADD, VV, u64, 2, X(u64, i) + Y(u64, i))                      \
    row(x, I64X2_SUB, VV, u64, 2, X(u64, i) - Y(u64, i))                      \
    row(x, I64X2_MUL, VV, u64, 2, X(u64, i) * Y(u64, i))                      \
    row(x, I16X8_Q15MULR_SAT_S, VV, u16, 8,                                   \
        we_clamp_i16((X(i16, i) * Y(i16, i) + 0x4000) >> 15))                 \
    row(x, I16X8_RELAXED_Q15MULR_S, VV, u16, 8,                               \
        we_clamp_i16((X(i16, i) * Y(i16, i) + 0x4000) >> 15))                 \
    /* lanes of another width */                                              \
    row(x, I16X8_EXTEND_LOW_I8X16_S, V, u16, 8, X(i8, i))                     \
    row(x, I16X8_EXTMUL_LOW_I8X16_S, VV, u16, 8, X(i8, i) * Y(i8, i))         \
    row(x, I16X8_EXTEND_HIGH_I8X16_S, V, u16, 8, X(i8, i + 8))                \
    row(x, I16X8_EXTMUL_HIGH_I8X16_S, VV, u16, 8,                             \
        X(i8, i + 8) * Y(i8, i + 8))                                          \
    row(x, I16X8_EXTADD_PAIRWISE_I8X16_S, V, u16, 8,                          \
        X(i8, 2 * i) + X(i8, 2 * i + 1))                                      \
    row(x, I16X8_EXTEND_LOW_I8X16_U, V, u16, 8, X(u8, i))                     \
    row(x, I16X8_EXTMUL_LOW_I8X16_U, VV, u16, 8, X(u8, i) * Y(u8, i))         \
    row(x, I16X8_EXTEND_HIGH_I8X16_U, V, u16, 8, X(u8, i + 8))                \
    row(x, I16X8_EXTMUL_HIGH_I8X16_U, VV, u16, 8,                             \
        X(u8, i + 8) * Y(u8, i + 8))                                          \
    row(x, I16X8_EXTADD_PAIRWISE_I8X16_U, V, u16, 8,                          \
        X(u8, 2 * i) + X(u8, 2 * i + 1))                                      \
    row(x, I8X16_NARROW_I16X8_S, VV, u8, 16,                                  \
        we_clamp_i8(i < 8 ? X(i16, i) : Y(i16, i - 8)))                       \
    row(x, I8X16_NARROW_I16X8_U, VV, u8, 16,                                  \
        we_clamp_u8(i < 8 ? X(i16, i) : Y(i16, i - 8)))                       \
    row(x, I32X4_EXTEND_LOW_I16X8_S, V, u32, 4, X(i16, i))                    \
    row(x, I32X4_EXTMUL_LOW_I16X8_S, VV, u32, 4, X(i16, i) * Y(i16, i))       \
    row(x, I32X4_EXTEND_HIGH_I16X8_S, V, u32, 4, X(i16, i + 4))               \
    row(x, I32X4_EXTMUL_HIGH_I16X8_S, VV, u32, 4,                             \
        X(i16, i + 4) * Y(i16, i + 4))                                        \
    row(x, I32X4_EXTADD_PAIRWISE_I16X8_S, V, u32, 4,                          \
        X(i16, 2 * i) + X(i16, 2 * i + 1))                                    \
    row(x, I32X4_EXTEND_LOW_I16X8_U, V, u32, 4, X(u16, i))                    \
    row(x, I32X4_EXTMUL_LOW_I16X8_U, VV, u32, 4,                              \
        (uint32_t) X(u16, i) * Y(u16, i))                                     \
    row(x, I32X4_EXTEND_HIGH_I16X8_U, V, u32, 4, X(u16, i + 4))               \
    row(x, I32X4_EXTMUL_HIGH_I16X8_U, VV, u32, 4,                             \
        (uint32_t) X(u16, i + 4) * Y(u16, i + 4))                             \
    row(x, I32X4_EXTADD_PAIRWISE_I16X8_U, V, u32, 4,                          \
        (uint32_t) X(u16, 2 * i) + X(u16, 2 * i + 1))                         \
    row(x, I16X8_NARROW_I32X4_S, VV, u16, 8,                                  \
        we_clamp_i16(i < 4 ? X(i32, i) : Y(i32, i - 4)))                      \
    row(x, I16X8_NARROW_I32X4_U, VV, u16, 8,                                  \
        we_clamp_u16(i < 4 ? X(i32, i) : Y(i32, i - 4)))                      \
    row(x, I64X2_EXTEND_LOW_I32X4_S, V, u64, 2, X(i32, i))                    \
    row(x, I64X2_EXTMUL_LOW_I32X4_S, VV, u64, 2,                              \
        (int64_t) X(i32, i) * Y(i32, i))                                      \
    row(x, I64X2_EXTEND_HIGH_I32X4_S, V, u64, 2, X(i32, i + 2))               \
    row(x, I64X2_EXTMUL_HIGH_I32X4_S, VV, u64, 2,                             \
        (int64_t) X(i32, i + 2) * Y(i32, i + 2))                              \
    row(x, I64X2_EXTEND_LOW_I32X4_U, V, u64, 2, X(u32, i))                    \
    row(x, I64X2_EXTMUL_LOW_I32X4_U, VV, u64, 2,                              \
        (uint64_t) X(u32, i) * Y(u32, i))                                     \
    row(x, I64X2_EXTEND_HIGH_I32X4_U, V, u64, 2, X(u32, i + 2))               \
    row(x, I64X2_EXTMUL_HIGH_I32X4_U, VV, u64, 2,                             \
        (uint64_t) X(u32, i + 2) * Y(u32, i + 2))                             \
    row(x, I32X4_DOT_I16X8_S, VV, u32, 4, DOT2((uint32_t), i16, 2 * i))       \
    row(x, I16X8_RELAXED_DOT_I8X16_I7X16_S, VV, u16, 8, DOT2(, i8, 2 * i))    \
    row(x, I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S, VVV, u32, 4,                  \
        Z(u32, i) + we_sext16((uint32_t) DOT2(, i8, 4 * i))                   \
        + we_sext16((uint32_t) DOT2(, i8, 4 * i + 2)))                        \
    row(x, I8X16_SWIZZLE, VV, u8, 16, Y(u8, i) < 16 ? X(u8, Y(u8, i)) : 0)    \
    row(x, I8X16_RELAXED_SWIZZLE, VV, u8, 16,                                 \
        Y(u8, i) < 16 ? X(u8, Y(u8, i)) : 0)                                  \
    /* floats */                                                              \
    row(x, F32X4_ABS, V, f32, 4, we_abs32(X(f32, i)))                         \
    row(x, F32X4_NEG, V, f32, 4, we_neg32(X(f32, i)))                         \
    row(x, F32X4_SQRT, V, f32, 4, we_sqrt32(X(f32, i)))                       \
    row(x, F32X4_CEIL, V, f32, 4, we_ceil32(X(f32, i)))                       \
    row(x, F32X4_FLOOR, V, f32, 4, we_floor32(X(f32, i)))                     \
    row(x, F32X4_TRUNC, V, f32, 4, we_trunc32(X(f32, i)))                     \
    row(x, F32X4_NEAREST, V, f32, 4, we_nearest32(X(f32, i)))                 \
    row(x, F32X4_ADD, VV, f32, 4, X(f32, i) + Y(f32, i))                      \
    row(x, F32X4_SUB, VV, f32, 4, X(f32, i) - Y(f32, i))                      \
    row(x, F32X4_MUL, VV, f32, 4, X(f32, i) * Y(f32, i))                      \
    row(x, F32X4_DIV, VV, f32, 4, X(f32, i) / Y(f32, i))                      \
    row(x, F32X4_MIN, VV, f32, 4, we_min32(X(f32, i), Y(f32, i)))             \
    row(x, F32X4_MAX, VV, f32, 4, we_max32(X(f32, i), Y(f32, i)))             \
    row(x, F32X4_RELAXED_MIN, VV, f32, 4, we_min32(X(f32, i), Y(f32, i)))     \
    row(x, F32X4_RELAXED_MAX, VV, f32, 4, we_max32(X(f32, i), Y(f32, i)))     \
    row(x, F32X4_PMIN, VV, f32, 4,                                            \
        Y(f32, i) < X(f32, i) ? Y(f32, i) : X(f32, i))                        \
    row(x, F32X4_PMAX, VV, f32, 4,                                            \
        X(f32, i) < Y(f32, i) ? Y(f32, i) : X(f32, i))                        \
    row(x, F32X4_RELAXED_MADD, VVV, f32, 4,                                   \
        (float) (X(f32, i) * Y(f32, i)) + Z(f32, i))                          \
    row(x, F32X4_RELAXED_NMADD, VVV, f32, 4,                                  \
        Z(f32, i) - (float) (X(f32, i) * Y(f32, i)))                          \
    row(x, F64X2_ABS, V, f64, 2, we_abs64(X(f64, i)))                         \
    row(x, F64X2_NEG, V, f64, 2, we_neg64(X(f64, i)))                         \
    row(x, F64X2_SQRT, V, f64, 2, we_sqrt64(X(f64, i)))                       \
    row(x, F64X2_CEIL, V, f64, 2, we_ceil64(X(f64, i)))                       \
    row(x, F64X2_FLOOR, V, f64, 2, we_floor64(X(f64, i)))                     \
    row(x, F64X2_TRUNC, V, f64, 2, we_trunc64(X(f64, i)))                     \
    row(x, F64X2_NEAREST, V, f64, 2, we_nearest64(X(f64, i)))                 \
    row(x, F64X2_ADD, VV, f64, 2, X(f64, i) + Y(f64, i))                      \
    row(x, F64X2_SUB, VV, f64, 2, X(f64, i) - Y(f64, i))                      \
    row(x, F64X2_MUL, VV, f64, 2, X(f64, i) * Y(f64, i))                      \
    row(x, F64X2_DIV, VV, f64, 2, X(f64, i) / Y(f64, i))                      \
    row(x, F64X2_MIN, VV, f64, 2, we_min64(X(f64, i), Y(f64, i)))             \
    row(x, F64X2_MAX, VV, f64, 2, we_max64(X(f64, i), Y(f64, i)))             \
    row(x, F64X2_RELAXED_MIN, VV, f64, 2, we_min64(X(f64, i), Y(f64, i)))     \
    row(x, F64X2_RELAXED_MAX, VV, f64, 2, we_max64(X(f64, i), Y(f64, i)))     \
    row(x, F64X2_PMIN, VV, f64, 2,                                            \
        Y(f64, i) < X(f64, i) ? Y(f64, i) : X(f64, i))                        \
    row(x, F64X2_PMAX, VV, f64, 2,                                            \
        X(f64, i) < Y(f64, i) ? Y(f64, i) : X(f64, i))                        \
    row(x, F64X2_RELAXED_MADD, VVV, f64, 2,                                   \
        (double) (X(f64, i) * Y(f64, i)) + Z(f64, i))                         \
    row(x, F64X2_RELAXED_NMADD, VVV, f64, 2,                                  \
        Z(f64, i) - (double) (X(f64, i) * Y(f64, i)))                         \
    /* conversions */                                                         \
    row(x, I32X4_TRUNC_SAT_F32X4_S, V, u32, 4,                                \
        we_sat_s32((double) X(f32, i)))                                       \
    row(x, I32X4_RELAXED_TRUNC_F32X4_S, V, u32, 4,                            \
        we_sat_s32((double) X(f32, i)))                                       \
    row(x, I32X4_TRUNC_SAT_F64X2_S_ZERO, V, u32, 4,                           \
        i < 2 ? we_sat_s32(X(f64, i & 1)) : 0)                                \
    row(x, I32X4_RELAXED_TRUNC_F64X2_S_ZERO, V, u32, 4,                       \
        i < 2 ? we_sat_s32(X(f64, i & 1)) : 0)                                \
    row(x, F32X4_CONVERT_I32X4_S, V, f32, 4, (float) X(i32, i))               \
    row(x, F64X2_CONVERT_LOW_I32X4_S, V, f64, 2, (double) X(i32, i))          \
    row(x, I32X4_TRUNC_SAT_F32X4_U, V, u32, 4,                                \
        we_sat_u32((double) X(f32, i)))                                       \
    row(x, I32X4_RELAXED_TRUNC_F32X4_U, V, u32, 4,                            \
        we_sat_u32((double) X(f32, i)))                                       \
    row(x, I32X4_TRUNC_SAT_F64X2_U_ZERO, V, u32, 4,                           \
        i < 2 ? we_sat_u32(X(f64, i & 1)) : 0)                                \
    row(x, I32X4_RELAXED_TRUNC_F64X2_U_ZERO, V, u32, 4,                       \
        i < 2 ? we_sat_u32(X(f64, i & 1)) : 0)                                \
    row(x, F32X4_CONVERT_I32X4_U, V, f32, 4, (float) X(u32, i))               \
    row(x, F64X2_CONVERT_LOW_I32X4_U, V, f64, 2, (double) X(u32, i))          \
    row(x, F32X4_DEMOTE_F64X2_ZERO, V, f32, 4,                                \
        i < 2 ? (float) X(f64, i & 1) : 0.0f)                                 \
    row(x, F64X2_PROMOTE_LOW_F32X4, V, f64, 2, (double) X(f32, i))

/* row(x, NAME, number, result, lanes): all lanes are the number */
#define WE_SPLATS(row, x)                                                     \
    row(x, I8X16_SPLAT, i32, u8, 16)                                          \
    row(x, I16X8_SPLAT, i32, u16, 8)                                          \
    row(x, I32X4_SPLAT, i32, u32, 4)                                          \
    row(x, I64X2_SPLAT, i64, u64, 2)                                          \
    row(x, F32X4_SPLAT, f32, f32, 4)                                          \
    row(x, F64X2_SPLAT, f64, f64, 2)

/* row(x, NAME, type, result, slot of lane v) */
#define WE_EXTRACTS(row, x)                                                   \
    row(x, I8X16_EXTRACT_LANE_S, u8, i32, we_sext8(v))                        \
    row(x, I8X16_EXTRACT_LANE_U, u8, i32, v)                                  \
    row(x, I16X8_EXTRACT_LANE_S, u16, i32, we_sext16(v))                      \
    row(x, I16X8_EXTRACT_LANE_U, u16, i32, v)                                 \
    row(x, I32X4_EXTRACT_LANE, u32, i32, v)                                   \
    row(x, I64X2_EXTRACT_LANE, u64, i64, v)                                   \
    row(x, F32X4_EXTRACT_LANE, u32, f32, v)                                   \
    row(x, F64X2_EXTRACT_LANE, u64, f64, v)

/* row(x, NAME, type) */
#define WE_REPLACES(row, x)                                                   \
    row(x, I8X16_REPLACE_LANE, u8)                                            \
    row(x, I16X8_REPLACE_LANE, u16)                                           \
    row(x, I32X4_REPLACE_LANE, u32)                                           \
    row(x, I64X2_REPLACE_LANE, u64)                                           \
    row(x, F32X4_REPLACE_LANE, u32)                                           \
    row(x, F64X2_REPLACE_LANE, u64)

/* row(x, NAME, lanes, start, r after lane i) */
#define WE_REDUCTIONS(row, x)                                                 \
    row(x, V128_ANY_TRUE, 2, 0, r | (X(u64, i) != 0))                         \
    row(x, I8X16_ALL_TRUE, 16, 1, r & (X(u8, i) != 0))                        \
    row(x, I16X8_ALL_TRUE, 8, 1, r & (X(u16, i) != 0))                        \
    row(x, I32X4_ALL_TRUE, 4, 1, r & (X(u32, i) != 0))                        \
    row(x, I64X2_ALL_TRUE, 2, 1, r & (X(u64, i) != 0))                        \
    row(x, I8X16_BITMASK, 16, 0, r | (uint32_t) (X(i8, i) < 0) << i)          \
    row(x, I16X8_BITMASK, 8, 0, r | (uint32_t) (X(i16, i) < 0) << i)          \
    row(x, I32X4_BITMASK, 4, 0, r | (uint32_t) (X(i32, i) < 0) << i)          \
    row(x, I64X2_BITMASK, 2, 0, r | (uint32_t) (X(i64, i) < 0) << i)

/* row(x, NAME, bytes, result, lanes, value of lane i from the bytes at p) */
#define WE_VLOADS(row, x)                                                     \
    row(x, V128_LOAD, 16, u64, 2, we_get64(p + 8 * i))                        \
    row(x, V128_LOAD8X8_S, 8, u16, 8, we_sext8(p[i]))                         \
    row(x, V128_LOAD8X8_U, 8, u16, 8, p[i])                                   \
    row(x, V128_LOAD16X4_S, 8, u32, 4, we_sext16(we_get16(p + 2 * i)))        \
    row(x, V128_LOAD16X4_U, 8, u32, 4, we_get16(p + 2 * i))                   \
    row(x, V128_LOAD32X2_S, 8, u64, 2, we_sext32(we_get32(p + 4 * i)))        \
    row(x, V128_LOAD32X2_U, 8, u64, 2, we_get32(p + 4 * i))                   \
    row(x, V128_LOAD8_SPLAT, 1, u8, 16, *p)                                   \
    row(x, V128_LOAD16_SPLAT, 2, u16, 8, we_get16(p))                         \
    row(x, V128_LOAD32_SPLAT, 4, u32, 4, we_get32(p))                         \
    row(x, V128_LOAD64_SPLAT, 8, u64, 2, we_get64(p))                         \
    row(x, V128_LOAD32_ZERO, 4, u32, 4, i == 0 ? we_get32(p) : 0)             \
    row(x, V128_LOAD64_ZERO, 8, u64, 2, i == 0 ? we_get64(p) : 0)

/* row(x, LOAD, STORE, bytes, type, value of the bytes at p, what puts v) */
#define WE_VLANES(row, x)                                                     \
    row(x, V128_LOAD8_LANE, V128_STORE8_LANE, 1, u8, *p, *p = v)              \
    row(x, V128_LOAD16_LANE, V128_STORE16_LANE, 2, u16, we_get16(p),          \
        we_put16(p, v))                                                       \
    row(x, V128_LOAD32_LANE, V128_STORE32_LANE, 4, u32, we_get32(p),          \
        we_put32(p, v))                                                       \
    row(x, V128_LOAD64_LANE, V128_STORE64_LANE, 8, u64, we_get64(p),          \
        we_put64(p, v))

/*
 * Layouts as in iops.h; the number of a lane is c.  A shuffle's 16 bytes are
 * at 8; lane loads and stores, which are of the general form only, have the
 * vector at 12 and the number at 13.  V128_STORE comes as SS, AS, G.
 */
#define WE_LIST_LANES(op, n, ...) op(n)
#define WE_LIST_VLOADS(op, n, ...) op(n##_S) op(n##_A) op(n##_G)
#define WE_LIST_VLANES(op, n, m, ...) op(n) op(m)

#define WE_IOPS_SIMD(op)                                                      \
    WE_LANES(WE_LIST_LANES, op)                                               \
    WE_SPLATS(WE_LIST_LANES, op)                                              \
    WE_EXTRACTS(WE_LIST_LANES, op)                                            \
    WE_REPLACES(WE_LIST_LANES, op)                                            \
    WE_REDUCTIONS(WE_LIST_LANES, op)                                          \
    WE_VLOADS(WE_LIST_VLOADS, op)                                             \
    WE_VLANES(WE_LIST_VLANES, op)                                             \
    op(I8X16_SHUFFLE)                                                         \
    op(V128_STORE_SS) op(V128_STORE_AS) op(V128_STORE_G)

#endif

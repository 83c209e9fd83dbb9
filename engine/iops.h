/* The interpreter's operations, a row each: lower.c chooses them, interp*.c
 * have their handlers, and both take their numbers from the enum below. */
#ifndef WE_IOPS_H
#define WE_IOPS_H

#include "iops_atomic.h"
#include "iops_gc.h"
#include "iops_simd.h"

/*
 * An operand is in a slot (S), an immediate (I), or in the accumulator (A) of
 * its class: one for integers and references, one for f32, one for f64.  An
 * operation leaves its result in the accumulator, and in slot d, too, unless
 * it is the form whose name ends in "a", which has d all the same: lowering
 * turns one into the other.
 *
 * Layouts, in 16-bit units; h is the handler's address:
 *
 *   0   1   2   3 | 4   5   6   7 | 8 ...
 *   h   .   .   . | d   a   b   c |          slots
 *   h   .   .   . | d   a   imm . |          imm, distance, index: 32 bits
 *   h   .   .   . | a   b   dist  | imm64    branches; the distance counts
 *                                            from its own place
 *   h   .   .   . | d   a   off . | b        load from slot a + slot b + off
 *   h   .   .   . | d   a   off . | imm32    load from slot a + imm + off
 *   h   .   .   . | d   a   off . | b . k    load from (slot a << k) + slot b
 *                                            + off; or imm32 for slot b
 *   h   .   .   . | a   v   off . | imm64    store
 *   h   .   .   . | a   v   off . | imm32 imm64   store to slot a + imm + off
 *   h   .   .   . | d   a   b   c | x y      two 32-bit indices x and y
 */

/*
 * Families.  Each is WE_X(row, x): row is called with x and the row's cells, so
 * that one list serves for several purposes.  i32, i64, f32, f64 are tokens of
 * the classes' macros in interp.h.
 */

/* row(x, NAME, type, value of a and b) */
#define WE_INT2(row, x)                                                       \
    row(x, I32_ADD, i32, a + b)                                               \
    row(x, I32_SUB, i32, a - b)                                               \
    row(x, I32_MUL, i32, a * b)                                               \
    row(x, I32_AND, i32, a & b)                                               \
    row(x, I32_OR, i32, a | b)                                                \
    row(x, I32_XOR, i32, a ^ b)                                               \
    row(x, I32_SHL, i32, a << (b & 31))                                       \
    row(x, I32_SHR_S, i32, we_sar32(a, b))                                    \
    row(x, I32_SHR_U, i32, a >> (b & 31))                                     \
    row(x, I32_ROTL, i32, we_rotl32(a, b))                                    \
    row(x, I32_ROTR, i32, we_rotr32(a, b))                                    \
    row(x, I64_ADD, i64, a + b)                                               \
    row(x, I64_SUB, i64, a - b)                                               \
    row(x, I64_MUL, i64, a * b)                                               \
    row(x, I64_AND, i64, a & b)                                               \
    row(x, I64_OR, i64, a | b)                                                \
    row(x, I64_XOR, i64, a ^ b)                                               \
    row(x, I64_SHL, i64, a << (b & 63))                                       \
    row(x, I64_SHR_S, i64, we_sar64(a, b))                                    \
    row(x, I64_SHR_U, i64, a >> (b & 63))                                     \
    row(x, I64_ROTL, i64, we_rotl64(a, b))                                    \
    row(x, I64_ROTR, i64, we_rotr64(a, b))

/* row(x, NAME, type, overflows, value of a and b); b = 0 traps, too */
#define WE_DIV2(row, x)                                                       \
    row(x, I32_DIV_S, i32, we_div_overflows32(a, b), we_div_s32(a, b))        \
    row(x, I32_DIV_U, i32, false, a / b)                                      \
    row(x, I32_REM_S, i32, false, we_rem_s32(a, b))                           \
    row(x, I32_REM_U, i32, false, a % b)                                      \
    row(x, I64_DIV_S, i64, we_div_overflows64(a, b), we_div_s64(a, b))        \
    row(x, I64_DIV_U, i64, false, a / b)                                      \
    row(x, I64_REM_S, i64, false, we_rem_s64(a, b))                           \
    row(x, I64_REM_U, i64, false, a % b)

/* row(x, NAME, type, opposite, condition) */
#define WE_CMP2(row, x)                                                       \
    row(x, I32_EQ, i32, I32_NE, a == b)                                       \
    row(x, I32_NE, i32, I32_EQ, a != b)                                       \
    row(x, I32_LT_S, i32, I32_GE_S, (int32_t) a < (int32_t) b)                \
    row(x, I32_LT_U, i32, I32_GE_U, a < b)                                    \
    row(x, I32_GT_S, i32, I32_LE_S, (int32_t) a > (int32_t) b)                \
    row(x, I32_GT_U, i32, I32_LE_U, a > b)                                    \
    row(x, I32_LE_S, i32, I32_GT_S, (int32_t) a <= (int32_t) b)               \
    row(x, I32_LE_U, i32, I32_GT_U, a <= b)                                   \
    row(x, I32_GE_S, i32, I32_LT_S, (int32_t) a >= (int32_t) b)               \
    row(x, I32_GE_U, i32, I32_LT_U, a >= b)                                   \
    row(x, I64_EQ, i64, I64_NE, a == b)                                       \
    row(x, I64_NE, i64, I64_EQ, a != b)                                       \
    row(x, I64_LT_S, i64, I64_GE_S, (int64_t) a < (int64_t) b)                \
    row(x, I64_LT_U, i64, I64_GE_U, a < b)                                    \
    row(x, I64_GT_S, i64, I64_LE_S, (int64_t) a > (int64_t) b)                \
    row(x, I64_GT_U, i64, I64_LE_U, a > b)                                    \
    row(x, I64_LE_S, i64, I64_GT_S, (int64_t) a <= (int64_t) b)               \
    row(x, I64_LE_U, i64, I64_GT_U, a <= b)                                   \
    row(x, I64_GE_S, i64, I64_LT_S, (int64_t) a >= (int64_t) b)               \
    row(x, I64_GE_U, i64, I64_LT_U, a >= b)

/* row(x, NAME, type, condition) */
#define WE_FCMP2(row, x)                                                      \
    row(x, F32_EQ, f32, a == b)                                               \
    row(x, F32_NE, f32, a != b)                                               \
    row(x, F32_LT, f32, a < b)                                                \
    row(x, F32_GT, f32, a > b)                                                \
    row(x, F32_LE, f32, a <= b)                                               \
    row(x, F32_GE, f32, a >= b)                                               \
    row(x, F64_EQ, f64, a == b)                                               \
    row(x, F64_NE, f64, a != b)                                               \
    row(x, F64_LT, f64, a < b)                                                \
    row(x, F64_GT, f64, a > b)                                                \
    row(x, F64_LE, f64, a <= b)                                               \
    row(x, F64_GE, f64, a >= b)

/* row(x, NAME, type, value of a and b) */
#define WE_FLT2(row, x)                                                       \
    row(x, F32_ADD, f32, a + b)                                               \
    row(x, F32_SUB, f32, a - b)                                               \
    row(x, F32_MUL, f32, a * b)                                               \
    row(x, F32_DIV, f32, a / b)                                               \
    row(x, F32_MIN, f32, we_min32(a, b))                                      \
    row(x, F32_MAX, f32, we_max32(a, b))                                      \
    row(x, F32_COPYSIGN, f32, we_copysign32(a, b))                            \
    row(x, F64_ADD, f64, a + b)                                               \
    row(x, F64_SUB, f64, a - b)                                               \
    row(x, F64_MUL, f64, a * b)                                               \
    row(x, F64_DIV, f64, a / b)                                               \
    row(x, F64_MIN, f64, we_min64(a, b))                                      \
    row(x, F64_MAX, f64, we_max64(a, b))                                      \
    row(x, F64_COPYSIGN, f64, we_copysign64(a, b))

/* row(x, NAME, operand, result, value of a) */
#define WE_UNARY(row, x)                                                      \
    row(x, I32_CLZ, i32, i32, we_clz32(a))                                    \
    row(x, I32_CTZ, i32, i32, we_ctz32(a))                                    \
    row(x, I32_POPCNT, i32, i32, we_popcnt64(a))                              \
    row(x, I64_CLZ, i64, i64, we_clz64(a))                                    \
    row(x, I64_CTZ, i64, i64, we_ctz64(a))                                    \
    row(x, I64_POPCNT, i64, i64, we_popcnt64(a))                              \
    row(x, I32_EXTEND8_S, i32, i32, we_sext8(a))                              \
    row(x, I32_EXTEND16_S, i32, i32, we_sext16(a))                            \
    row(x, I64_EXTEND8_S, i64, i64, we_sext32(we_sext8(a)))                   \
    row(x, I64_EXTEND16_S, i64, i64, we_sext32(we_sext16(a)))                 \
    row(x, I64_EXTEND32_S, i64, i64, we_sext32(a))                            \
    row(x, I32_WRAP_I64, i64, i32, (uint32_t) a)                              \
    row(x, I64_EXTEND_I32_S, i32, i64, we_sext32(a))                          \
    row(x, F32_ABS, f32, f32, we_abs32(a))                                    \
    row(x, F32_NEG, f32, f32, we_neg32(a))                                    \
    row(x, F32_CEIL, f32, f32, we_ceil32(a))                                  \
    row(x, F32_FLOOR, f32, f32, we_floor32(a))                                \
    row(x, F32_TRUNC, f32, f32, we_trunc32(a))                                \
    row(x, F32_NEAREST, f32, f32, we_nearest32(a))                            \
    row(x, F32_SQRT, f32, f32, we_sqrt32(a))                                  \
    row(x, F64_ABS, f64, f64, we_abs64(a))                                    \
    row(x, F64_NEG, f64, f64, we_neg64(a))                                    \
    row(x, F64_CEIL, f64, f64, we_ceil64(a))                                  \
    row(x, F64_FLOOR, f64, f64, we_floor64(a))                                \
    row(x, F64_TRUNC, f64, f64, we_trunc64(a))                                \
    row(x, F64_NEAREST, f64, f64, we_nearest64(a))                            \
    row(x, F64_SQRT, f64, f64, we_sqrt64(a))                                  \
    row(x, F32_CONVERT_I32_S, i32, f32, (float) (int32_t) a)                  \
    row(x, F32_CONVERT_I32_U, i32, f32, (float) a)                            \
    row(x, F32_CONVERT_I64_S, i64, f32, (float) (int64_t) a)                  \
    row(x, F32_CONVERT_I64_U, i64, f32, (float) a)                            \
    row(x, F32_DEMOTE_F64, f64, f32, (float) a)                               \
    row(x, F64_CONVERT_I32_S, i32, f64, (double) (int32_t) a)                 \
    row(x, F64_CONVERT_I32_U, i32, f64, (double) a)                           \
    row(x, F64_CONVERT_I64_S, i64, f64, (double) (int64_t) a)                 \
    row(x, F64_CONVERT_I64_U, i64, f64, (double) a)                           \
    row(x, F64_PROMOTE_F32, f32, f64, (double) a)                             \
    row(x, I32_TRUNC_SAT_F32_S, f32, i32, we_sat_s32((double) a))             \
    row(x, I32_TRUNC_SAT_F32_U, f32, i32, we_sat_u32((double) a))             \
    row(x, I32_TRUNC_SAT_F64_S, f64, i32, we_sat_s32(a))                      \
    row(x, I32_TRUNC_SAT_F64_U, f64, i32, we_sat_u32(a))                      \
    row(x, I64_TRUNC_SAT_F32_S, f32, i64, we_sat_s64((double) a))             \
    row(x, I64_TRUNC_SAT_F32_U, f32, i64, we_sat_u64((double) a))             \
    row(x, I64_TRUNC_SAT_F64_S, f64, i64, we_sat_s64(a))                      \
    row(x, I64_TRUNC_SAT_F64_U, f64, i64, we_sat_u64(a))

/* row(x, NAME, operand, result, form): in range if we_fits_form says so */
#define WE_TRUNC(row, x)                                                      \
    row(x, I32_TRUNC_F32_S, f32, i32, s32)                                    \
    row(x, I32_TRUNC_F32_U, f32, i32, u32)                                    \
    row(x, I32_TRUNC_F64_S, f64, i32, s32)                                    \
    row(x, I32_TRUNC_F64_U, f64, i32, u32)                                    \
    row(x, I64_TRUNC_F32_S, f32, i64, s64)                                    \
    row(x, I64_TRUNC_F32_U, f32, i64, u64)                                    \
    row(x, I64_TRUNC_F64_S, f64, i64, s64)                                    \
    row(x, I64_TRUNC_F64_U, f64, i64, u64)

/* row(x, NAME, result, bytes, value of the bytes at p) */
#define WE_LOADS(row, x)                                                      \
    row(x, I32_LOAD, i32, 4, we_get32(p))                                     \
    row(x, I64_LOAD, i64, 8, we_get64(p))                                     \
    row(x, F32_LOAD, f32, 4, we_float32(we_get32(p)))                         \
    row(x, F64_LOAD, f64, 8, we_float64(we_get64(p)))                         \
    row(x, I32_LOAD8_S, i32, 1, we_sext8(*p))                                 \
    row(x, I32_LOAD8_U, i32, 1, *p)                                           \
    row(x, I32_LOAD16_S, i32, 2, we_sext16(we_get16(p)))                      \
    row(x, I32_LOAD16_U, i32, 2, we_get16(p))                                 \
    row(x, I64_LOAD8_S, i64, 1, we_sext32(we_sext8(*p)))                      \
    row(x, I64_LOAD8_U, i64, 1, *p)                                           \
    row(x, I64_LOAD16_S, i64, 2, we_sext32(we_sext16(we_get16(p))))           \
    row(x, I64_LOAD16_U, i64, 2, we_get16(p))                                 \
    row(x, I64_LOAD32_S, i64, 4, we_sext32(we_get32(p)))                      \
    row(x, I64_LOAD32_U, i64, 4, we_get32(p))

/* row(x, NAME, type, bytes, what puts v to p) */
#define WE_STORES(row, x)                                                     \
    row(x, I32_STORE, i32, 4, we_put32(p, v))                                 \
    row(x, I64_STORE, i64, 8, we_put64(p, v))                                 \
    row(x, F32_STORE, f32, 4, we_put32(p, we_bits32(v)))                      \
    row(x, F64_STORE, f64, 8, we_put64(p, we_bits64(v)))                      \
    row(x, I32_STORE8, i32, 1, *p = (uint8_t) v)                              \
    row(x, I32_STORE16, i32, 2, we_put16(p, (uint16_t) v))                    \
    row(x, I64_STORE8, i64, 1, *p = (uint8_t) v)                              \
    row(x, I64_STORE16, i64, 2, we_put16(p, (uint16_t) v))                    \
    row(x, I64_STORE32, i64, 4, we_put32(p, (uint32_t) v))

/*
 * The variants of a family, in the order that the enums below count.
 *
 * Memory operations: address in a slot (S), the accumulator (A), constant (K),
 * the sum of two slots (SS), of accumulator and slot (AS), of a slot and an
 * immediate (X), of accumulator and immediate (Y); a slot or the accumulator
 * shifted left, plus an immediate (TS, TA) or a slot (US, UA); the last form,
 * G, takes a memory's index and a 64-bit offset.
 */
enum we_variant { WE_SS, WE_AS, WE_SA, WE_SI, WE_AI, WE_NVARIANTS };
enum we_address { WE_LOAD_S, WE_LOAD_A, WE_LOAD_K, WE_LOAD_SS, WE_LOAD_AS,
                  WE_LOAD_X, WE_LOAD_Y, WE_LOAD_TS, WE_LOAD_TA, WE_LOAD_US,
                  WE_LOAD_UA, WE_NLOADS };
enum we_stored { WE_STORE_SS, WE_STORE_AS, WE_STORE_SA, WE_STORE_AA,
                 WE_STORE_KS, WE_STORE_KA, WE_STORE_SI, WE_STORE_AI,
                 WE_STORE_KI, WE_STORE_XS, WE_STORE_XA, WE_STORE_XI,
                 WE_STORE_G };

#define WE_LIST_INT2(op, n, ...)                                              \
    op(n##_SS) op(n##_AS) op(n##_SA) op(n##_SI) op(n##_AI)                    \
    op(n##_SSa) op(n##_ASa) op(n##_SAa) op(n##_SIa) op(n##_AIa)
#define WE_LIST_COMPARE2(op, n, ...)                                          \
    op(n##_SS) op(n##_AS) op(n##_SA) op(n##_SI) op(n##_AI)
#define WE_LIST_BRANCH2(op, n, ...)                                           \
    op(BR_##n##_SS) op(BR_##n##_AS) op(BR_##n##_SA)                           \
    op(BR_##n##_SI) op(BR_##n##_AI)
#define WE_LIST_CMP2(op, n, ...)                                              \
    WE_LIST_COMPARE2(op, n, ) WE_LIST_BRANCH2(op, n, )
#define WE_LIST_FCOMPARE2(op, n, ...)                                         \
    op(n##_SS) op(n##_AS) op(n##_SA)
#define WE_LIST_FBRANCH2(op, n, ...)                                          \
    op(BR_##n##_SS) op(BR_##n##_AS) op(BR_##n##_SA)                           \
    op(BRN_##n##_SS) op(BRN_##n##_AS) op(BRN_##n##_SA)
#define WE_LIST_FCMP2(op, n, ...)                                             \
    WE_LIST_FCOMPARE2(op, n, ) WE_LIST_FBRANCH2(op, n, )
/* (a << k) + b, i32: d, a, k and b or 32 bits at 8 */
#define WE_LIST_SCALED(op)                                                    \
    op(SCALED_SS) op(SCALED_AS) op(SCALED_SI) op(SCALED_AI)                   \
    op(SCALED_SSa) op(SCALED_ASa) op(SCALED_SIa) op(SCALED_AIa)
#define WE_LIST_FLT2(op, n, ...)                                              \
    op(n##_SS) op(n##_AS) op(n##_SA) op(n##_SSa) op(n##_ASa) op(n##_SAa)
#define WE_LIST_UNARY(op, n, ...)                                             \
    op(n##_S) op(n##_A) op(n##_Sa) op(n##_Aa)
#define WE_LIST_LOADS(op, n, ...)                                             \
    op(n##_S) op(n##_A) op(n##_K) op(n##_SS) op(n##_AS) op(n##_X) op(n##_Y)   \
    op(n##_TS) op(n##_TA) op(n##_US) op(n##_UA)                               \
    op(n##_Sa) op(n##_Aa) op(n##_Ka) op(n##_SSa) op(n##_ASa) op(n##_Xa)       \
    op(n##_Ya) op(n##_TSa) op(n##_TAa) op(n##_USa) op(n##_UAa)                \
    op(n##_G)
#define WE_LIST_STORES(op, n, ...)                                            \
    op(n##_SS) op(n##_AS) op(n##_SA) op(n##_AA) op(n##_KS) op(n##_KA)         \
    op(n##_SI) op(n##_AI) op(n##_KI) op(n##_XS) op(n##_XA) op(n##_XI)         \
    op(n##_G)

/* Unconditional, and by a test of a. */
#define WE_TESTS(op)                                                          \
    op(BR)                                                                    \
    op(BR_IF_S) op(BR_IF_A) op(BR_UNLESS_S) op(BR_UNLESS_A)

/* What it does as an equation or a word, its operands. */
#define WE_MOVES(op)                                                          \
    op(MOV) op(MOV2)               /* d = a, b = c */                         \
    op(SUM)                        /* d = a + imm, i32, and no accumulator */ \
    op(CONST32) op(CONST64)        /* d = imm */                              \
    op(CONST_INT_A) op(CONST_INT64_A) op(CONST_F32_A) op(CONST_F64_A)         \
    op(SELECT_S) op(SELECT_A)      /* d = c ? a : b */                        \
    op(GLOBAL_GET) op(GLOBAL_GETa) op(GLOBAL_SET_S) op(GLOBAL_SET_A)

/* The rest. */
#define WE_SINGLES(op)                                                        \
    /* control; a return has the bytes that its frame gives back in imm */    \
    op(UNREACHABLE)                                                           \
    op(ZERO)               /* slots d .. d + imm = 0 */                       \
    op(BR_TABLE_S) op(BR_TABLE_A)  /* a, count in imm, then distances */      \
    op(RETURN)                                                                \
    op(RETURN_INT_S) op(RETURN_INT_A)                                         \
    op(RETURN_F32_S) op(RETURN_F32_A)                                         \
    op(RETURN_F64_S) op(RETURN_F64_A)                                         \
    op(RETURN_N)           /* a slots from slot d; imm */                     \
    /* calls: arguments from slot d; function's index in imm (CALL: its byte  \
       offset in own_funcs); the type of an indirect one at 8.  Tail calls: a slots from slot d, then b or, of  \
       an indirect one, the slot at 12 */                                     \
    op(CALL) op(CALL_IMPORT)                                                  \
    op(CALL_IMPORT_INT)    /* only i32 and f32, one i32 back; a slots */      \
    op(CALL_INDIRECT_S) op(CALL_INDIRECT_A) /* a, table in imm */             \
    op(CALL_REF)           /* a */                                            \
    op(RETURN_CALL) op(RETURN_CALL_INDIRECT) op(RETURN_CALL_REF)              \
    op(MOV_V)                      /* d = a */                                \
    op(COPY)                       /* imm slots from a on, to d, d <= a */    \
    op(SELECT_V)                   /* d = c ? a : b */                        \
    op(GLOBAL_GET_V) op(GLOBAL_SET_V)                                         \
    /* references, tables, bulk: slots d a b c, indices x y */                \
    op(REF_FUNC) op(REF_AS_NON_NULL)                                          \
    op(TABLE_GET) op(TABLE_SET) op(TABLE_SIZE) op(TABLE_GROW)                 \
    op(TABLE_FILL) op(TABLE_COPY) op(TABLE_INIT) op(ELEM_DROP)                \
    op(MEMORY_SIZE) op(MEMORY_GROW)                                           \
    op(MEMORY_FILL) op(MEMORY_COPY) op(MEMORY_INIT) op(DATA_DROP)

/* All those that interp_steps.h has: straight operations and branches. */
#define WE_STEPS(straight, branch)                                            \
    WE_INT2(WE_LIST_INT2, straight)                                           \
    WE_DIV2(WE_LIST_INT2, straight)                                           \
    WE_CMP2(WE_LIST_COMPARE2, straight)                                       \
    WE_CMP2(WE_LIST_BRANCH2, branch)                                          \
    WE_FCMP2(WE_LIST_FCOMPARE2, straight)                                     \
    WE_FCMP2(WE_LIST_FBRANCH2, branch)                                        \
    WE_FLT2(WE_LIST_FLT2, straight)                                           \
    WE_UNARY(WE_LIST_UNARY, straight)                                         \
    WE_TRUNC(WE_LIST_UNARY, straight)                                         \
    WE_LIST_SCALED(straight)                                                  \
    WE_LOADS(WE_LIST_LOADS, straight)                                         \
    WE_STORES(WE_LIST_STORES, straight)                                       \
    WE_MOVES(straight)                                                        \
    WE_TESTS(branch)

#define WE_IOPS(op)                                                           \
    WE_INT2(WE_LIST_INT2, op)                                                 \
    WE_DIV2(WE_LIST_INT2, op)                                                 \
    WE_CMP2(WE_LIST_CMP2, op)                                                 \
    WE_FCMP2(WE_LIST_FCMP2, op)                                               \
    WE_FLT2(WE_LIST_FLT2, op)                                                 \
    WE_UNARY(WE_LIST_UNARY, op)                                               \
    WE_TRUNC(WE_LIST_UNARY, op)                                               \
    WE_LIST_SCALED(op)                                                        \
    WE_LOADS(WE_LIST_LOADS, op)                                               \
    WE_STORES(WE_LIST_STORES, op)                                             \
    WE_MOVES(op)                                                              \
    WE_TESTS(op)                                                              \
    WE_IOPS_SIMD(op)                                                          \
    WE_IOPS_ATOMIC(op)                                                        \
    WE_IOPS_GC(op)                                                            \
    WE_SINGLES(op)

#define WE_ROW_IOP(name) WE_I_##name,
enum we_iop { WE_IOPS(WE_ROW_IOP) WE_NIOPS };
#undef WE_ROW_IOP

#endif

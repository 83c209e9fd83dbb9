/* What the straight operations and the conditional branches do: a function
 * each, inlined into the handlers of one (interp_ops.c) and of two in a row
 * (interp_pairs.c). */
#ifndef WE_INTERP_STEPS_H
#define WE_INTERP_STEPS_H

#include "interp.h"

/*
 * we_s_NAME is the function, we_n_NAME the instruction's length in units.  A
 * straight operation returns a trap, or WE_TRAP_NONE and is done; a branch
 * returns whether it is taken, by the distance at unit 6.  Only pc, at its
 * beginning, is the caller's business.  we_t_NAME: a straight one may trap.
 */
#define WE_STEP(name, units) WE_STEP_THAT(name, units, false)
#define WE_STEP_TRAPS(name, units) WE_STEP_THAT(name, units, true)
#define WE_STEP_THAT(name, units, traps)                                      \
    enum { we_n_##name = (units), we_t_##name = (traps) };                    \
    WE_INLINE uint32_t we_s_##name(                                           \
        const uint16_t *pc, uint64_t *fp, uint8_t *mem, uint64_t *accp,       \
        uint64_t size, struct we_stack *run, float *saccp, double *daccp)
#define WE_DO(name) we_s_##name(pc, fp, mem, &acc, size, run, &sacc, &dacc)

/* The accumulators are variables in here, too. */
#define WE_BEGIN                                                              \
    uint64_t acc = *accp;                                                     \
    float sacc = *saccp;                                                      \
    double dacc = *daccp;                                                     \
                                                                              \
    (void) pc, (void) fp, (void) mem, (void) size, (void) run, (void) acc,    \
    (void) sacc, (void) dacc
#define WE_END                                                                \
    *accp = acc;                                                              \
    *saccp = sacc;                                                            \
    *daccp = dacc;                                                            \
    return WE_TRAP_NONE
#undef WE_STOP
#define WE_STOP(trap) return (uint32_t) (trap)

/* --- binary --------------------------------------------------------------- */

#define AB_SS(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(5));                                       \
    WE_T_##T b = WE_OF_##T(WE_SLOT(6));
#define AB_AS(T)                                                              \
    WE_T_##T a = WE_ACC_##T;                                                  \
    WE_T_##T b = WE_OF_##T(WE_SLOT(6));
#define AB_SA(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(5));                                       \
    WE_T_##T b = WE_ACC_##T;
#define AB_SI(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(5));                                       \
    WE_T_##T b = (WE_T_##T) (int32_t) WE_IMM(6);
#define AB_AI(T)                                                              \
    WE_T_##T a = WE_ACC_##T;                                                  \
    WE_T_##T b = (WE_T_##T) (int32_t) WE_IMM(6);

#define BINARY(form, ab, to, T, ...)                                          \
    WE_STEP(form, 8)                                                          \
    {                                                                         \
        WE_BEGIN;                                                             \
        AB_##ab(T)                                                            \
        WE_TO_##to(T, __VA_ARGS__);                                           \
        WE_END;                                                               \
    }

#define INT2(x, n, T, ...)                                                    \
    BINARY(n##_SS, SS, S, T, __VA_ARGS__)                                     \
    BINARY(n##_AS, AS, S, T, __VA_ARGS__)                                     \
    BINARY(n##_SA, SA, S, T, __VA_ARGS__)                                     \
    BINARY(n##_SI, SI, S, T, __VA_ARGS__)                                     \
    BINARY(n##_AI, AI, S, T, __VA_ARGS__)                                     \
    BINARY(n##_SSa, SS, A, T, __VA_ARGS__)                                    \
    BINARY(n##_ASa, AS, A, T, __VA_ARGS__)                                    \
    BINARY(n##_SAa, SA, A, T, __VA_ARGS__)                                    \
    BINARY(n##_SIa, SI, A, T, __VA_ARGS__)                                    \
    BINARY(n##_AIa, AI, A, T, __VA_ARGS__)
WE_INT2(INT2, )

#define FLT2(x, n, T, ...)                                                    \
    BINARY(n##_SS, SS, S, T, __VA_ARGS__)                                     \
    BINARY(n##_AS, AS, S, T, __VA_ARGS__)                                     \
    BINARY(n##_SA, SA, S, T, __VA_ARGS__)                                     \
    BINARY(n##_SSa, SS, A, T, __VA_ARGS__)                                    \
    BINARY(n##_ASa, AS, A, T, __VA_ARGS__)                                    \
    BINARY(n##_SAa, SA, A, T, __VA_ARGS__)
WE_FLT2(FLT2, )

#define DIVISION(form, ab, to, T, overflows, value)                           \
    WE_STEP_TRAPS(form, 8)                                                    \
    {                                                                         \
        WE_BEGIN;                                                             \
        AB_##ab(T)                                                            \
        WE_TRAP_IF(b == 0, WE_TRAP_DIVIDE);                                   \
        WE_TRAP_IF(overflows, WE_TRAP_OVERFLOW);                              \
        WE_TO_##to(T, value);                                                 \
        WE_END;                                                               \
    }
#define DIV2(x, n, T, overflows, value)                                       \
    DIVISION(n##_SS, SS, S, T, overflows, value)                              \
    DIVISION(n##_AS, AS, S, T, overflows, value)                              \
    DIVISION(n##_SA, SA, S, T, overflows, value)                              \
    DIVISION(n##_SI, SI, S, T, overflows, value)                              \
    DIVISION(n##_AI, AI, S, T, overflows, value)                              \
    DIVISION(n##_SSa, SS, A, T, overflows, value)                             \
    DIVISION(n##_ASa, AS, A, T, overflows, value)                             \
    DIVISION(n##_SAa, SA, A, T, overflows, value)                             \
    DIVISION(n##_SIa, SI, A, T, overflows, value)                             \
    DIVISION(n##_AIa, AI, A, T, overflows, value)
WE_DIV2(DIV2, )

#define SCALE(form, to, a, b)                                                 \
    WE_STEP(form, 12)                                                         \
    {                                                                         \
        WE_BEGIN;                                                             \
        WE_TO_##to(i32, ((uint32_t) (a) << pc[6]) + (uint32_t) (b));          \
        WE_END;                                                               \
    }
SCALE(SCALED_SS, S, WE_SLOT(5), WE_SLOT(8))
SCALE(SCALED_AS, S, acc, WE_SLOT(8))
SCALE(SCALED_SI, S, WE_SLOT(5), WE_IMM(8))
SCALE(SCALED_AI, S, acc, WE_IMM(8))
SCALE(SCALED_SSa, A, WE_SLOT(5), WE_SLOT(8))
SCALE(SCALED_ASa, A, acc, WE_SLOT(8))
SCALE(SCALED_SIa, A, WE_SLOT(5), WE_IMM(8))
SCALE(SCALED_AIa, A, acc, WE_IMM(8))

/* --- comparisons, and the branches that they are part of ------------------ */

#define COMPARE(form, ab, T, condition)                                       \
    WE_STEP(form, 8)                                                          \
    {                                                                         \
        WE_BEGIN;                                                             \
        AB_##ab(T)                                                            \
        WE_TO_S(i32, condition);                                              \
        WE_END;                                                               \
    }

/* a, b at units 4 and 5; an immediate at 8. */
#define BR_SS(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(4));                                       \
    WE_T_##T b = WE_OF_##T(WE_SLOT(5));
#define BR_AS(T)                                                              \
    WE_T_##T a = WE_ACC_##T;                                                  \
    WE_T_##T b = WE_OF_##T(WE_SLOT(5));
#define BR_SA(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(4));                                       \
    WE_T_##T b = WE_ACC_##T;
#define BR_SI(T)                                                              \
    WE_T_##T a = WE_OF_##T(WE_SLOT(4));                                       \
    WE_T_##T b = (WE_T_##T) WE_IMM8(8);
#define BR_AI(T)                                                              \
    WE_T_##T a = WE_ACC_##T;                                                  \
    WE_T_##T b = (WE_T_##T) WE_IMM8(8);

#define BRANCH(form, ab, T, units, condition)                                 \
    WE_STEP(form, units)                                                      \
    {                                                                         \
        WE_BEGIN;                                                             \
        BR_##ab(T)                                                            \
        return condition;                                                     \
    }

#define CMP2(x, n, T, opposite, condition)                                    \
    COMPARE(n##_SS, SS, T, condition)                                         \
    COMPARE(n##_AS, AS, T, condition)                                         \
    COMPARE(n##_SA, SA, T, condition)                                         \
    COMPARE(n##_SI, SI, T, condition)                                         \
    COMPARE(n##_AI, AI, T, condition)                                         \
    BRANCH(BR_##n##_SS, SS, T, 8, condition)                                  \
    BRANCH(BR_##n##_AS, AS, T, 8, condition)                                  \
    BRANCH(BR_##n##_SA, SA, T, 8, condition)                                  \
    BRANCH(BR_##n##_SI, SI, T, 12, condition)                                 \
    BRANCH(BR_##n##_AI, AI, T, 12, condition)
WE_CMP2(CMP2, )

#define FCMP2(x, n, T, condition)                                             \
    COMPARE(n##_SS, SS, T, condition)                                         \
    COMPARE(n##_AS, AS, T, condition)                                         \
    COMPARE(n##_SA, SA, T, condition)                                         \
    BRANCH(BR_##n##_SS, SS, T, 8, condition)                                  \
    BRANCH(BR_##n##_AS, AS, T, 8, condition)                                  \
    BRANCH(BR_##n##_SA, SA, T, 8, condition)                                  \
    BRANCH(BRN_##n##_SS, SS, T, 8, !(condition))                              \
    BRANCH(BRN_##n##_AS, AS, T, 8, !(condition))                              \
    BRANCH(BRN_##n##_SA, SA, T, 8, !(condition))
WE_FCMP2(FCMP2, )

/* --- unary ---------------------------------------------------------------- */

#define A_S(T) WE_T_##T a = WE_OF_##T(WE_SLOT(5));
#define A_A(T) WE_T_##T a = WE_ACC_##T;

#define CONVERT(form, from, to, T, R, ...)                                    \
    WE_STEP(form, 8)                                                          \
    {                                                                         \
        WE_BEGIN;                                                             \
        A_##from(T)                                                           \
        WE_TO_##to(R, __VA_ARGS__);                                           \
        WE_END;                                                               \
    }
#define UNARY(x, n, T, R, ...)                                                \
    CONVERT(n##_S, S, S, T, R, __VA_ARGS__)                                   \
    CONVERT(n##_A, A, S, T, R, __VA_ARGS__)                                   \
    CONVERT(n##_Sa, S, A, T, R, __VA_ARGS__)                                  \
    CONVERT(n##_Aa, A, A, T, R, __VA_ARGS__)
WE_UNARY(UNARY, )

#define TRUNCATE(name, from, to, T, R, form)                                  \
    WE_STEP_TRAPS(name, 8)                                                    \
    {                                                                         \
        WE_BEGIN;                                                             \
        A_##from(T)                                                           \
        WE_TRAP_IF(!we_fits_##form((double) a),                               \
                   a != a ? WE_TRAP_CONVERSION : WE_TRAP_OVERFLOW);           \
        WE_TO_##to(R, we_to_##form((double) a));                              \
        WE_END;                                                               \
    }
#define TRUNC(x, n, T, R, form)                                               \
    TRUNCATE(n##_S, S, S, T, R, form)                                         \
    TRUNCATE(n##_A, A, S, T, R, form)                                         \
    TRUNCATE(n##_Sa, S, A, T, R, form)                                        \
    TRUNCATE(n##_Aa, A, A, T, R, form)
WE_TRUNC(TRUNC, )

/* --- memory --------------------------------------------------------------- */

#define LOAD(form, from, to, units, T, bytes, value)                          \
    WE_STEP_TRAPS(form, units)                                                \
    {                                                                         \
        WE_BEGIN;                                                             \
        const uint8_t *p;                                                     \
        WE_AT_##from(5)                                                       \
        WE_IN_BOUNDS(bytes);                                                  \
        p = mem + at;                                                         \
        WE_TO_##to(T, value);                                                 \
        WE_END;                                                               \
    }
#define LOADS(x, n, T, bytes, value)                                          \
    LOAD(n##_S, S, S, 8, T, bytes, value)                                     \
    LOAD(n##_A, A, S, 8, T, bytes, value)                                     \
    LOAD(n##_K, K, S, 8, T, bytes, value)                                     \
    LOAD(n##_SS, SS, S, 12, T, bytes, value)                                  \
    LOAD(n##_AS, AS, S, 8, T, bytes, value)                                   \
    LOAD(n##_X, X, S, 12, T, bytes, value)                                    \
    LOAD(n##_Y, Y, S, 12, T, bytes, value)                                    \
    LOAD(n##_TS, TS, S, 12, T, bytes, value)                                  \
    LOAD(n##_TA, TA, S, 12, T, bytes, value)                                  \
    LOAD(n##_US, US, S, 12, T, bytes, value)                                  \
    LOAD(n##_UA, UA, S, 12, T, bytes, value)                                  \
    LOAD(n##_Sa, S, A, 8, T, bytes, value)                                    \
    LOAD(n##_Aa, A, A, 8, T, bytes, value)                                    \
    LOAD(n##_Ka, K, A, 8, T, bytes, value)                                    \
    LOAD(n##_SSa, SS, A, 12, T, bytes, value)                                 \
    LOAD(n##_ASa, AS, A, 8, T, bytes, value)                                  \
    LOAD(n##_Xa, X, A, 12, T, bytes, value)                                   \
    LOAD(n##_Ya, Y, A, 12, T, bytes, value)                                   \
    LOAD(n##_TSa, TS, A, 12, T, bytes, value)                                 \
    LOAD(n##_TAa, TA, A, 12, T, bytes, value)                                 \
    LOAD(n##_USa, US, A, 12, T, bytes, value)                                 \
    LOAD(n##_UAa, UA, A, 12, T, bytes, value)                                 \
    WE_STEP_TRAPS(n##_G, 12)                                                  \
    {                                                                         \
        WE_BEGIN;                                                             \
        const uint8_t *p;                                                     \
        WE_AT_G(5, bytes)                                                     \
        p = memory->base + index + offset;                                    \
        WE_TO_S(T, value);                                                    \
        WE_END;                                                               \
    }
WE_LOADS(LOADS, )

#define V_S(T) WE_T_##T v = WE_OF_##T(WE_SLOT(5));
#define V_A(T) WE_T_##T v = WE_ACC_##T;
#define V_I(T) WE_T_##T v = WE_OF_##T(WE_IMM8(8));
#define V_J(T) WE_T_##T v = WE_OF_##T(WE_IMM8(12));

#define STORE(form, to, from, units, T, bytes, put)                           \
    WE_STEP_TRAPS(form, units)                                                \
    {                                                                         \
        WE_BEGIN;                                                             \
        uint8_t *p;                                                           \
        V_##from(T)                                                           \
        WE_AT_##to(4)                                                         \
        WE_IN_BOUNDS(bytes);                                                  \
        p = mem + at;                                                         \
        put;                                                                  \
        WE_END;                                                               \
    }
#define STORES(x, n, T, bytes, put)                                           \
    STORE(n##_SS, S, S, 8, T, bytes, put)                                     \
    STORE(n##_AS, A, S, 8, T, bytes, put)                                     \
    STORE(n##_SA, S, A, 8, T, bytes, put)                                     \
    STORE(n##_AA, A, A, 8, T, bytes, put)                                     \
    STORE(n##_KS, K, S, 8, T, bytes, put)                                     \
    STORE(n##_KA, K, A, 8, T, bytes, put)                                     \
    STORE(n##_SI, S, I, 12, T, bytes, put)                                    \
    STORE(n##_AI, A, I, 12, T, bytes, put)                                    \
    STORE(n##_KI, K, I, 12, T, bytes, put)                                    \
    STORE(n##_XS, X, S, 12, T, bytes, put)                                    \
    STORE(n##_XA, X, A, 12, T, bytes, put)                                    \
    STORE(n##_XI, X, J, 16, T, bytes, put)                                    \
    WE_STEP_TRAPS(n##_G, 12)                                                  \
    {                                                                         \
        WE_BEGIN;                                                             \
        uint8_t *p;                                                           \
        V_S(T)                                                                \
        WE_AT_G(4, bytes)                                                     \
        p = memory->base + index + offset;                                    \
        put;                                                                  \
        WE_END;                                                               \
    }
WE_STORES(STORES, )

/* --- moves, constants, globals -------------------------------------------- */

#define GLOBAL run->instance->globals[WE_IMM(6)]
#define MOVE(name, units, ...)                                                \
    WE_STEP(name, units)                                                      \
    {                                                                         \
        WE_BEGIN;                                                             \
        __VA_ARGS__;                                                          \
        WE_END;                                                               \
    }
MOVE(MOV, 8, WE_SLOT(4) = WE_SLOT(5))
MOVE(MOV2, 8, WE_SLOT(4) = WE_SLOT(5); WE_SLOT(6) = WE_SLOT(7))
MOVE(SUM, 8, WE_SLOT(4) = (uint32_t) WE_SLOT(5) + WE_IMM(6))
MOVE(CONST32, 8, WE_SLOT(4) = WE_IMM(6))
MOVE(CONST64, 12, WE_SLOT(4) = WE_IMM8(8))
MOVE(CONST_INT_A, 8, acc = WE_IMM(6))
MOVE(CONST_INT64_A, 12, acc = WE_IMM8(8))
MOVE(CONST_F32_A, 8, sacc = we_float32(WE_IMM(6)))
MOVE(CONST_F64_A, 12, dacc = we_float64(WE_IMM8(8)))
MOVE(SELECT_S, 8,
     WE_SLOT(4) = acc = (uint32_t) WE_SLOT(7) != 0 ? WE_SLOT(5) : WE_SLOT(6))
MOVE(SELECT_A, 8,
     WE_SLOT(4) = acc = (uint32_t) acc != 0 ? WE_SLOT(5) : WE_SLOT(6))
MOVE(GLOBAL_GET, 8, WE_SLOT(4) = acc = GLOBAL->value[0])
MOVE(GLOBAL_GETa, 8, acc = GLOBAL->value[0])
MOVE(GLOBAL_SET_S, 8, GLOBAL->value[0] = WE_SLOT(4))
MOVE(GLOBAL_SET_A, 8, GLOBAL->value[0] = acc)

/* --- branches ------------------------------------------------------------- */

#define TEST(name, condition)                                                 \
    WE_STEP(name, 8)                                                          \
    {                                                                         \
        WE_BEGIN;                                                             \
        return condition;                                                     \
    }
TEST(BR, true)
TEST(BR_IF_S, WE_SLOT(4) != 0)
TEST(BR_IF_A, acc != 0)
TEST(BR_UNLESS_S, WE_SLOT(4) == 0)
TEST(BR_UNLESS_A, acc == 0)

#undef WE_STOP
#define WE_STOP(trap) WE_STOP_RUN(trap)

/* --- what handlers are made of -------------------------------------------- */

/* A straight operation at pc, and to the next one or on to a handler. */
#define WE_STRAIGHT(name)                                                     \
    do {                                                                      \
        uint32_t why = WE_DO(name);                                           \
                                                                              \
        if (we_t_##name && __builtin_expect(why != WE_TRAP_NONE, 0)) {        \
            WE_STOP(why);                                                     \
        }                                                                     \
    } while (0)
#define WE_BRANCH(name)                                                       \
    do {                                                                      \
        if (WE_DO(name)) {                                                    \
            WE_JUMP(6);                                                       \
        }                                                                     \
    } while (0)

#endif

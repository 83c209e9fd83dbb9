/* Handlers of the operations on vectors.  The loops over lanes are for the
 * compiler to turn into vector instructions. */
#include "interp.h"
#include "simd.h"

typedef union we_v128 vector;

#define TYPE_u8  uint8_t
#define TYPE_u16 uint16_t
#define TYPE_u32 uint32_t
#define TYPE_u64 uint64_t
#define TYPE_f32 float
#define TYPE_f64 double

#define GET(v, n)  memcpy(&(v), &WE_SLOT(n), sizeof (vector))
#define PUT(n, v)  memcpy(&WE_SLOT(n), &(v), sizeof (vector))

/* What rows are written in. */
#define X(T, j)    WE_LANE(x, T, j)
#define Y(T, j)    WE_LANE(y, T, j)
#define Z(T, j)    WE_LANE(z, T, j)
#define MASK(c)    ((c) ? -1 : 0)
#define DOT2(cast, T, j)                                                      \
    (cast (X(T, j) * Y(T, j)) + cast (X(T, (j) + 1) * Y(T, (j) + 1)))

#define OPERANDS_V   vector x; GET(x, 5);
#define OPERANDS_VV  vector x, y; GET(x, 5); GET(y, 6);
#define OPERANDS_VVV vector x, y, z; GET(x, 5); GET(y, 6); GET(z, 7);
#define OPERANDS_VI  vector x; uint32_t N = (uint32_t) WE_SLOT(6); GET(x, 5);

#define LANES(unused, name, operands, T, n, ...)                              \
    WE_OP(name)                                                               \
    {                                                                         \
        vector r;                                                             \
        uint32_t i;                                                           \
        OPERANDS_##operands                                                   \
        for (i = 0; i < n; i++) {                                             \
            WE_LANE(r, T, i) = (TYPE_##T) (__VA_ARGS__);                      \
        }                                                                     \
        PUT(4, r);                                                            \
        WE_NEXT(8);                                                           \
    }
WE_LANES(LANES, )

#define SPLAT(unused, name, from, T, n)                                       \
    WE_OP(name)                                                               \
    {                                                                         \
        TYPE_##T v = (TYPE_##T) WE_OF_##from(WE_SLOT(5));                     \
        vector r;                                                             \
        uint32_t i;                                                           \
        for (i = 0; i < n; i++) {                                             \
            r.T[i] = v;                                                       \
        }                                                                     \
        PUT(4, r);                                                            \
        WE_NEXT(8);                                                           \
    }
WE_SPLATS(SPLAT, )

/* The result is bits in a slot, whatever the class. */
#define EXTRACT(unused, name, T, to, ...)                                     \
    WE_OP(name)                                                               \
    {                                                                         \
        vector x;                                                             \
        TYPE_##T v;                                                           \
        GET(x, 5);                                                            \
        v = X(T, pc[7]);                                                      \
        WE_SLOT(4) = acc = (__VA_ARGS__);                                     \
        WE_NEXT(8);                                                           \
    }
WE_EXTRACTS(EXTRACT, )

#define REPLACE(unused, name, T)                                              \
    WE_OP(name)                                                               \
    {                                                                         \
        TYPE_##T v = (TYPE_##T) WE_SLOT(6);                                   \
        vector x;                                                             \
        GET(x, 5);                                                            \
        X(T, pc[7]) = v;                                                      \
        PUT(4, x);                                                            \
        WE_NEXT(8);                                                           \
    }
WE_REPLACES(REPLACE, )

#define REDUCTION(unused, name, n, start, ...)                                \
    WE_OP(name)                                                               \
    {                                                                         \
        uint32_t r = start, i;                                                \
        OPERANDS_V                                                            \
        for (i = 0; i < n; i++) {                                             \
            r = (__VA_ARGS__);                                                \
        }                                                                     \
        WE_SLOT(4) = acc = r;                                                 \
        WE_NEXT(8);                                                           \
    }
WE_REDUCTIONS(REDUCTION, )

WE_OP(I8X16_SHUFFLE)
{
    const uint64_t halves[2] = { WE_IMM8(8), WE_IMM8(12) };
    vector r;
    uint32_t i;
    OPERANDS_VV

    for (i = 0; i < 16; i++) {
        uint32_t j = (uint8_t) (halves[i / 8] >> 8 * (i % 8));

        WE_LANE(r, u8, i) = j < 16 ? X(u8, j) : Y(u8, j - 16);
    }
    PUT(4, r);
    WE_NEXT(16);
}

/* --- memory --------------------------------------------------------------- */

#define LOAD_LANES(T, n, ...)                                                 \
    vector r;                                                                 \
    uint32_t i;                                                               \
    for (i = 0; i < n; i++) {                                                 \
        WE_LANE(r, T, i) = (TYPE_##T) (__VA_ARGS__);                          \
    }                                                                         \
    PUT(4, r);

#define VLOAD(form, from, T, bytes, n, ...)                                   \
    WE_OP(form)                                                               \
    {                                                                         \
        const uint8_t *p;                                                     \
        WE_AT_##from(5)                                                       \
        WE_IN_BOUNDS(bytes);                                                  \
        p = mem + at;                                                         \
        LOAD_LANES(T, n, __VA_ARGS__)                                         \
        WE_NEXT(8);                                                           \
    }
#define VLOADS(unused, name, bytes, T, n, ...)                                \
    VLOAD(name##_S, S, T, bytes, n, __VA_ARGS__)                              \
    VLOAD(name##_A, A, T, bytes, n, __VA_ARGS__)                              \
    WE_OP(name##_G)                                                           \
    {                                                                         \
        const uint8_t *p;                                                     \
        WE_AT_G(5, bytes)                                                     \
        p = memory->base + index + offset;                                    \
        LOAD_LANES(T, n, __VA_ARGS__)                                         \
        WE_NEXT(12);                                                          \
    }
WE_VLOADS(VLOADS, )

#define VSTORE(form, to)                                                      \
    WE_OP(form)                                                               \
    {                                                                         \
        WE_AT_##to(4)                                                         \
        WE_IN_BOUNDS(16);                                                     \
        we_put64(mem + at, (&WE_SLOT(5))[0]);                                 \
        we_put64(mem + at + 8, (&WE_SLOT(5))[1]);                             \
        WE_NEXT(8);                                                           \
    }
VSTORE(V128_STORE_SS, S)
VSTORE(V128_STORE_AS, A)

WE_OP(V128_STORE_G)
{
    WE_AT_G(4, 16)
    we_put64(memory->base + index + offset, (&WE_SLOT(5))[0]);
    we_put64(memory->base + index + offset + 8, (&WE_SLOT(5))[1]);
    WE_NEXT(12);
}

#define VLANES(unused, load, store, bytes, T, value, put)                     \
    WE_OP(load)                                                               \
    {                                                                         \
        const uint8_t *p;                                                     \
        vector x;                                                             \
        WE_AT_G(5, bytes)                                                     \
        p = memory->base + index + offset;                                    \
        GET(x, 12);                                                           \
        X(T, pc[13]) = value;                                                 \
        PUT(4, x);                                                            \
        WE_NEXT(16);                                                          \
    }                                                                         \
    WE_OP(store)                                                              \
    {                                                                         \
        uint8_t *p;                                                           \
        TYPE_##T v;                                                           \
        vector x;                                                             \
        WE_AT_G(5, bytes)                                                     \
        p = memory->base + index + offset;                                    \
        GET(x, 12);                                                           \
        v = X(T, pc[13]);                                                     \
        put;                                                                  \
        WE_NEXT(16);                                                          \
    }
WE_VLANES(VLANES, )

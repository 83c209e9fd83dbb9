/* The interpreter's operations on exceptions, structures, arrays and casts, a
 * row each; part of iops.h. */
#ifndef WE_IOPS_GC_H
#define WE_IOPS_GC_H

/*
 * Slots: d at unit 4, a b c at 5 to 7, e f at 16 and 17.  x at 8 and y at 10
 * are immediates of 32 bits; at 12 is the address of the type; at 18 the first
 * slot above all operands.  All are WE_GC_UNITS long.
 */
enum { WE_GC_UNITS = 20 };

#define WE_IOPS_GC(op)                                                        \
    op(THROW)                 /* arguments from slot a; tag x */              \
    op(THROW_REF)             /* a */                                         \
    op(STRUCT_NEW)            /* fields from slot a; bytes x */               \
    op(STRUCT_NEW_DEFAULT)    /* bytes x */                                   \
    /* object a, byte x; of a set: value b */                                 \
    op(STRUCT_GET_64) op(STRUCT_GET_V)                                        \
    op(STRUCT_GET_U8) op(STRUCT_GET_S8) op(STRUCT_GET_U16) op(STRUCT_GET_S16) \
    op(STRUCT_SET_64) op(STRUCT_SET_V)                                        \
    /* element of 1 << x bytes; value a, n b; fixed: y of them from slot a;   \
       data and elem: segment y, from a, n b */                               \
    op(ARRAY_NEW) op(ARRAY_NEW_DEFAULT) op(ARRAY_NEW_FIXED)                   \
    op(ARRAY_NEW_DATA) op(ARRAY_NEW_ELEM)                                     \
    /* object a, index b; of a set: value c */                                \
    op(ARRAY_GET_U8) op(ARRAY_GET_S8) op(ARRAY_GET_U16) op(ARRAY_GET_S16)     \
    op(ARRAY_GET_32) op(ARRAY_GET_64) op(ARRAY_GET_V)                         \
    op(ARRAY_SET_U8) op(ARRAY_SET_U16)                                        \
    op(ARRAY_SET_32) op(ARRAY_SET_64) op(ARRAY_SET_V)                         \
    op(ARRAY_LEN)                                                             \
    op(ARRAY_FILL)            /* object a, from b, value c, n e */            \
    op(ARRAY_COPY)            /* to a b, from c e, n f */                     \
    op(ARRAY_INIT_DATA) op(ARRAY_INIT_ELEM) /* to a b, segment y, from c, n e */ \
    op(REF_TEST)              /* d = a is of type x */                        \
    op(REF_TEST_A)            /* the accumulator instead of d */              \
    op(REF_CAST)              /* a must be of type x */                       \
    op(REF_I31) op(I31_GET_S) op(I31_GET_U)                                   \
    op(ANY_CONVERT_EXTERN) op(EXTERN_CONVERT_ANY)

#endif

/* The interpreter's atomic operations (threads proposal), a row each; part of
 * iops.h. */
#ifndef WE_IOPS_ATOMIC_H
#define WE_IOPS_ATOMIC_H

/* row(x, NAME, type, bits) */
#define WE_ATOMIC_LOADS(row, x)                                               \
    row(x, I32_ATOMIC_LOAD, i32, 32)                                          \
    row(x, I64_ATOMIC_LOAD, i64, 64)                                          \
    row(x, I32_ATOMIC_LOAD8_U, i32, 8)                                        \
    row(x, I32_ATOMIC_LOAD16_U, i32, 16)                                      \
    row(x, I64_ATOMIC_LOAD8_U, i64, 8)                                        \
    row(x, I64_ATOMIC_LOAD16_U, i64, 16)                                      \
    row(x, I64_ATOMIC_LOAD32_U, i64, 32)

#define WE_ATOMIC_STORES(row, x)                                              \
    row(x, I32_ATOMIC_STORE, i32, 32)                                         \
    row(x, I64_ATOMIC_STORE, i64, 64)                                         \
    row(x, I32_ATOMIC_STORE8, i32, 8)                                         \
    row(x, I32_ATOMIC_STORE16, i32, 16)                                       \
    row(x, I64_ATOMIC_STORE8, i64, 8)                                         \
    row(x, I64_ATOMIC_STORE16, i64, 16)                                       \
    row(x, I64_ATOMIC_STORE32, i64, 32)

/* The seven widths of one read-modify-write; row(x, NAME, type, bits, value),
 * of the old value a and the operand b. */
#define WE_RMW(row, x, op, value)                                             \
    row(x, I32_ATOMIC_RMW_##op, i32, 32, value)                               \
    row(x, I64_ATOMIC_RMW_##op, i64, 64, value)                               \
    row(x, I32_ATOMIC_RMW8_##op##_U, i32, 8, value)                           \
    row(x, I32_ATOMIC_RMW16_##op##_U, i32, 16, value)                         \
    row(x, I64_ATOMIC_RMW8_##op##_U, i64, 8, value)                           \
    row(x, I64_ATOMIC_RMW16_##op##_U, i64, 16, value)                         \
    row(x, I64_ATOMIC_RMW32_##op##_U, i64, 32, value)
#define WE_ATOMIC_RMWS(row, x)                                                \
    WE_RMW(row, x, ADD, a + b)                                                \
    WE_RMW(row, x, SUB, a - b)                                                \
    WE_RMW(row, x, AND, a & b)                                                \
    WE_RMW(row, x, OR, a | b)                                                 \
    WE_RMW(row, x, XOR, a ^ b)                                                \
    WE_RMW(row, x, XCHG, b)

/* Compare and exchange: the old value is compared with b as it is. */
#define WE_ATOMIC_CMPXCHGS(row, x) WE_RMW(row, x, CMPXCHG, )

/*
 * All are of the general form: address in slot a, memory and offset as in
 * iops.h, further operands in the slots at 12 and 13.
 */
#define WE_LIST_ATOMIC(op, n, ...) op(n)
#define WE_IOPS_ATOMIC(op)                                                    \
    WE_ATOMIC_LOADS(WE_LIST_ATOMIC, op)                                       \
    WE_ATOMIC_STORES(WE_LIST_ATOMIC, op)                                      \
    WE_ATOMIC_RMWS(WE_LIST_ATOMIC, op)                                        \
    WE_ATOMIC_CMPXCHGS(WE_LIST_ATOMIC, op)                                    \
    op(MEMORY_ATOMIC_NOTIFY) op(MEMORY_ATOMIC_WAIT32) op(MEMORY_ATOMIC_WAIT64)

#endif

/* The interpreter's machine: registers, how one operation goes on to the next,
 * access to operands.  For interp*.c only. */
#ifndef WE_INTERP_H
#define WE_INTERP_H

#include "instance.h"
#include "iops.h"
#include "num.h"

/*
 * A handler is a function of the machine's registers that ends by calling the
 * next one: a tail call keeps them in the processor's registers, and what is
 * rare and slow stands in functions of its own, where it costs the fast path
 * nothing.  Six integers, as many as the usual conventions have registers:
 *
 *   pc     the instruction        fp     the frame's slots
 *   mem    memory 0's base        size   and its bytes
 *   acc    accumulator            run    the guest stack
 *   sacc   the one of f32         dacc   and of f64
 *
 * mem and size belong to run->instance and are loaded again after whatever can
 * change them.
 */
#define WE_REGS                                                               \
    const uint16_t *pc, uint64_t *fp, uint8_t *mem, uint64_t acc,             \
    uint64_t size, struct we_stack *run, float sacc, double dacc
#define WE_PASS pc, fp, mem, acc, size, run, sacc, dacc

typedef uint32_t we_handler(WE_REGS);    /* enum we_trap_code, or WE_PARKED */
/* Where an outermost call, and one of another instance's function, return. */
extern we_handler we_h_EXIT, we_h_CROSS_RETURN;
extern we_handler *const we_handlers[WE_NIOPS];

/* An instruction that is followed by one of these may have this handler, which
 * runs both: nothing else is different, either can still be jumped to. */
struct we_pair {
    uint16_t    first, then;             /* enum we_iop */
    we_handler *handler;
};
extern const struct we_pair we_pairs[];
extern const uint32_t we_npairs;

/* What a handler returned for the run to go on with, where it parks. */
struct we_regs {
    const uint16_t *pc;
    uint64_t *fp;
    uint8_t  *mem;
    uint64_t  acc, size;
    float     sacc;
    double    dacc;
};
enum { WE_PARKED = WE_NTRAPS };

/*
 * The configuration: WE_TAIL(call) where the compiler makes it a jump, by
 * promise (musttail) or by habit (GCC's -foptimize-sibling-calls, which the
 * Makefile gives; tests/engine/interp.c runs a loop that needs it).
 * Elsewhere, and in sanitized builds of GCC, a handler parks its registers and
 * returns to we_interp_run's loop.
 */
#if defined(__has_attribute)
#if __has_attribute(musttail) \
    && (defined(__x86_64__) || defined(__aarch64__))
#define WE_TAIL(call) __attribute__((musttail)) return call
#endif
#endif
#if !defined(WE_TAIL) && defined(__GNUC__) && !defined(__clang__) \
    && defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) \
    && (defined(__x86_64__) || defined(__aarch64__))
#define WE_TAIL(call) return call
#endif
#ifdef WE_TAIL
#define WE_GO() WE_TAIL(we_handler_at(pc)(WE_PASS))
#else
#define WE_PARKS
#define WE_TAIL(call) return call
#define WE_GO() return we_park(WE_PASS)
#endif

/* Compilers like to compute the next handler's address early and in a register
 * of its own; adding to pc first and jumping through it is shorter. */
#ifdef __GNUC__
#define WE_KEEP(x) __asm__ volatile("" : "+r" (x) : : "memory")
#define WE_INLINE static inline __attribute__((always_inline, unused))
#else
#define WE_KEEP(x) ((void) 0)
#define WE_INLINE static inline
#endif

static inline we_handler *we_handler_at(const uint16_t *pc)
{
    we_handler *handler;

    memcpy(&handler, pc, sizeof handler);
    return handler;
}

static inline uint32_t we_park(WE_REGS)
{
    struct we_regs regs = { pc, fp, mem, acc, size, sacc, dacc };

    *run->regs = regs;
    return WE_PARKED;
}

/* Ends the run with the trap in acc, at the instruction at pc. */
we_handler we_trap_here __attribute__((noinline, cold));
/* The same with the interrupt's. */
we_handler we_interrupt_here __attribute__((noinline, cold));

#define WE_OP(name)                                                           \
    uint32_t we_h_##name(WE_REGS);                                            \
    uint32_t we_h_##name(WE_REGS)
/* A part of a handler, apart because it is rare or big. */
#define WE_SLOW(name)                                                         \
    static __attribute__((noinline)) uint32_t name(WE_REGS)
#define WE_NEXT(units)                                                        \
    do {                                                                      \
        pc += (units);                                                        \
        WE_KEEP(pc);                                                          \
        WE_GO();                                                              \
    } while (0)
#define WE_STOP_RUN(trap)                                                     \
    do {                                                                      \
        acc = (trap);                                                         \
        WE_TAIL(we_trap_here(WE_PASS));                                       \
    } while (0)
#define WE_STOP(trap) WE_STOP_RUN(trap)  /* interp_steps.h has another */
#define WE_TRAP_IF(condition, trap)                                           \
    do {                                                                      \
        if (__builtin_expect(condition, 0)) {                                 \
            WE_STOP(trap);                                                    \
        }                                                                     \
    } while (0)

/* A taken branch, by the distance at unit n: loops are made of them, so the
 * interrupt is polled here (and at calls). */
#define WE_JUMP(n)                                                            \
    do {                                                                      \
        if (__builtin_expect(run->interrupt != 0, 0)) {                       \
            WE_TAIL(we_interrupt_here(WE_PASS));                              \
        }                                                                     \
        WE_NEXT((n) + WE_DIST(n));                                            \
    } while (0)

/* --- operands ------------------------------------------------------------- */

static inline uint32_t we_imm32(const uint16_t *at)
{
    uint32_t x;

    memcpy(&x, at, sizeof x);
    return x;
}

static inline uint64_t we_imm64(const uint16_t *at)
{
    uint64_t x;

    memcpy(&x, at, sizeof x);
    return x;
}

#define WE_SLOT(n)  fp[pc[n]]            /* named at unit n */
#define WE_IMM(n)   we_imm32(pc + (n))
#define WE_IMM8(n)  we_imm64(pc + (n))   /* of 8 bytes */
#define WE_DIST(n)  ((ptrdiff_t) (int32_t) we_imm32(pc + (n)))

/* The classes: C type, value of a slot, accumulator, slot of a value. */
#define WE_T_i32 uint32_t
#define WE_T_i64 uint64_t
#define WE_T_f32 float
#define WE_T_f64 double
#define WE_OF_i32(slot) ((uint32_t) (slot))
#define WE_OF_i64(slot) (slot)
#define WE_OF_f32(slot) we_float32((uint32_t) (slot))
#define WE_OF_f64(slot) we_float64(slot)
#define WE_ACC_i32 ((uint32_t) acc)
#define WE_ACC_i64 acc
#define WE_ACC_f32 sacc
#define WE_ACC_f64 dacc
#define WE_SET_i32(value) (acc = (uint32_t) (value))
#define WE_SET_i64(value) (acc = (value))
#define WE_SET_f32(value) (sacc = (value))
#define WE_SET_f64(value) (dacc = (value))
#define WE_BITS_i32 acc
#define WE_BITS_i64 acc
#define WE_BITS_f32 we_bits32(sacc)
#define WE_BITS_f64 we_bits64(dacc)

/* The result in the accumulator, or also in slot d. */
#define WE_TO_A(T, value) WE_SET_##T(value)
#define WE_TO_S(T, value)                                                     \
    do {                                                                      \
        WE_SET_##T(value);                                                    \
        WE_SLOT(4) = WE_BITS_##T;                                             \
    } while (0)

/* --- memory -------------------------------------------------------------- */

/*
 * Effective addresses in memory 0, 32 bits wide: an index and an offset below
 * 2^32 can't overflow 64 bits.  The index is taken as 32 bits here again,
 * whatever the upper half of its slot holds.
 */
#define WE_AT_S(n)  uint64_t at = (uint64_t) (uint32_t) WE_SLOT(n) + WE_IMM(6);
#define WE_AT_A(n)  uint64_t at = (uint64_t) (uint32_t) acc + WE_IMM(6);
#define WE_AT_K(n)  uint64_t at = WE_IMM(6);
#define WE_SUM(a, b) ((uint64_t) ((uint32_t) (a) + (uint32_t) (b)) + WE_IMM(6))
#define WE_AT_SS(n) uint64_t at = WE_SUM(WE_SLOT(n), WE_SLOT(8));
#define WE_AT_AS(n) uint64_t at = WE_SUM(acc, WE_SLOT(n));
#define WE_AT_X(n)  uint64_t at = WE_SUM(WE_SLOT(n), WE_IMM(8));
#define WE_AT_Y(n)  uint64_t at = WE_SUM(acc, WE_IMM(8));
#define WE_AT_TS(n)                                                           \
    uint64_t at = WE_SUM((uint32_t) WE_SLOT(n) << pc[10], WE_IMM(8));
#define WE_AT_TA(n) uint64_t at = WE_SUM((uint32_t) acc << pc[10], WE_IMM(8));
#define WE_AT_US(n)                                                           \
    uint64_t at = WE_SUM((uint32_t) WE_SLOT(n) << pc[10], WE_SLOT(8));
#define WE_AT_UA(n) uint64_t at = WE_SUM((uint32_t) acc << pc[10], WE_SLOT(8));
#define WE_IN_BOUNDS(bytes) WE_TRAP_IF(at + (bytes) > size, WE_TRAP_MEMORY)

/* The general form: any memory, any address width; sums may overflow. */
#define WE_AT_G(n, bytes)                                                     \
    const struct we_memory *memory =                                          \
        run->instance->memories[WE_IMM(6)];                                   \
    uint64_t index = WE_SLOT(n), offset = WE_IMM8(8);                         \
    WE_TRAP_IF(memory->size < (bytes)                                         \
               || index > memory->size - (bytes)                              \
               || offset > memory->size - (bytes) - index, WE_TRAP_MEMORY);

#endif

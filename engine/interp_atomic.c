/* Handlers of the atomic operations.  An engine and its memories belong to one
 * thread (engine.h), so nothing can come between a load and its store. */
#include "interp.h"

#define TYPE_8  uint8_t
#define TYPE_16 uint16_t
#define TYPE_32 uint32_t
#define TYPE_64 uint64_t

static inline uint8_t we_get8(const uint8_t *p)
{
    return *p;
}

static inline void we_put8(uint8_t *p, uint8_t x)
{
    *p = x;
}

/* The place of an access, in bounds and aligned to its own size. */
#define PLACE(bits)                                                           \
    uint8_t *p;                                                               \
    WE_AT_G(5, bits / 8)                                                      \
    WE_TRAP_IF((index + offset) % (bits / 8) != 0, WE_TRAP_UNALIGNED);        \
    p = memory->base + index + offset;

#define LOADS(x, name, T, bits)                                               \
    WE_OP(name)                                                               \
    {                                                                         \
        PLACE(bits)                                                           \
        WE_SLOT(4) = acc = we_get##bits(p);                                   \
        WE_NEXT(16);                                                          \
    }
WE_ATOMIC_LOADS(LOADS, )

#define STORES(x, name, T, bits)                                              \
    WE_OP(name)                                                               \
    {                                                                         \
        PLACE(bits)                                                           \
        we_put##bits(p, (TYPE_##bits) WE_SLOT(12));                           \
        WE_NEXT(16);                                                          \
    }
WE_ATOMIC_STORES(STORES, )

#define RMWS(x, name, T, bits, value)                                         \
    WE_OP(name)                                                               \
    {                                                                         \
        uint64_t a, b = WE_SLOT(12);                                          \
        PLACE(bits)                                                           \
        a = we_get##bits(p);                                                  \
        we_put##bits(p, (TYPE_##bits) (value));                               \
        WE_SLOT(4) = acc = a;                                                 \
        WE_NEXT(16);                                                          \
    }
WE_ATOMIC_RMWS(RMWS, )

#define CMPXCHGS(x, name, T, bits, value)                                     \
    WE_OP(name)                                                               \
    {                                                                         \
        uint64_t a;                                                           \
        PLACE(bits)                                                           \
        a = we_get##bits(p);                                                  \
        if (a == WE_OF_##T(WE_SLOT(12))) {                                    \
            we_put##bits(p, (TYPE_##bits) WE_SLOT(13));                       \
        }                                                                     \
        WE_SLOT(4) = acc = a;                                                 \
        WE_NEXT(16);                                                          \
    }
WE_ATOMIC_CMPXCHGS(CMPXCHGS, )

WE_OP(MEMORY_ATOMIC_NOTIFY)
{
    PLACE(32)
    (void) p;
    WE_SLOT(4) = acc = 0;                /* nobody can be waiting */
    WE_NEXT(16);
}

/* Only this thread could wake the waiter: a wait for a value that is there
 * times out at once, and one without a limit is past every deadline. */
#define WAIT(name, T, bits)                                                   \
    WE_OP(name)                                                               \
    {                                                                         \
        bool equal;                                                           \
        PLACE(bits)                                                           \
        WE_TRAP_IF(!memory->range.shared, WE_TRAP_NOT_SHARED);                \
        equal = we_get##bits(p) == WE_OF_##T(WE_SLOT(12));                    \
        WE_TRAP_IF(equal && (int64_t) WE_SLOT(13) < 0, WE_TRAP_DEADLINE);     \
        WE_SLOT(4) = acc = equal ? 2 : 1;                                     \
        WE_NEXT(16);                                                          \
    }
WAIT(MEMORY_ATOMIC_WAIT32, i32, 32)
WAIT(MEMORY_ATOMIC_WAIT64, i64, 64)

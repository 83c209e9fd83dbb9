/* Handlers of exceptions, structures, arrays and casts. */
#include "interp.h"

#include "heap.h"

#define TYPE() ((const struct we_type *) (uintptr_t) WE_IMM8(12))
#define HEAP() run->instance->heap

/* Makes an object, its offset in acc, or ends the run.  All references that
 * the frame holds are in slots below the one named at unit 18; where frames
 * overlap, the upper one begins at its arguments. */
#define NEW(type, bytes, length)                                              \
    do {                                                                      \
        run->low = fp + pc[18];                                               \
        acc = we_heap_new(run->instance, type, bytes, length);                \
        WE_TRAP_IF(acc == 0 || run->interrupt != 0,                           \
                   run->interrupt != 0 ? run->interrupt : WE_TRAP_HEAP);      \
    } while (0)

#define DATA_OF(ref) we_object_data(we_heap_at(HEAP(), ref))
/* The object that slot n refers to. */
#define OBJECT(name, n)                                                       \
    struct we_object *name;                                                   \
                                                                              \
    WE_TRAP_IF(WE_SLOT(n) == 0, WE_TRAP_NULL_REFERENCE);                      \
    name = we_heap_at(HEAP(), WE_SLOT(n));

/* --- exceptions ----------------------------------------------------------- */

static inline bool is_stub(const uint16_t *pc, we_handler *handler)
{
    return we_handler_at(pc) == handler;
}

static const struct we_tag *tag_of(struct we_object *exception)
{
    return (const struct we_tag *) (uintptr_t)
           we_get64(we_object_data(exception));
}

/* The clause of a function that catches: the innermost try_table around unit
 * `at`, the end of an instruction; NULL if none does. */
static const struct we_code_catch *find_catch(const struct we_func *func,
                                              uint32_t at,
                                              const struct we_tag *tag)
{
    const struct we_code *code = func->code;
    const struct we_code_catch *c;
    uint32_t i = code->ncatches;

    while (i-- > 0) {
        c = &we_code_catches(code)[i];
        if (c->from < at && at <= c->to
            && (c->kind >= 2 || func->instance->tags[c->tag] == tag)) {
            return c;
        }
    }
    return NULL;
}

/* Writes what a clause gives its label to the slots there. */
static void give(const struct we_code_catch *c, struct we_object *exception,
                 uint64_t ref, uint64_t *slots)
{
    uint32_t n = 0;

    if (c->kind < 2) {
        n = exception->type->param_slots;
        memcpy(slots, we_object_data(exception) + 8, n * sizeof *slots);
    }
    if (c->kind % 2 != 0) {
        slots[n] = ref;
    }
}

/*
 * Throws the exception in acc.  Frames are only looked at until a clause is
 * found: if none is, all of them are there for the back-trace.
 */
WE_SLOW(throw)
{
    struct we_object *exception = we_heap_at(HEAP(), acc);
    const struct we_tag *tag = tag_of(exception);
    const struct we_code_catch *c;
    struct we_frame *frame = run->high;
    const uint16_t *at = pc + 1;
    uint64_t *slots = fp;
    uint64_t used = run->used;

    for (;;) {
        const struct we_code *code = frame->func->code;

        c = find_catch(frame->func, (uint32_t) (at - code->units), tag);
        WE_TRAP_IF(run->interrupt != 0, run->interrupt);
        if (c != NULL) {
            break;
        }
        WE_TRAP_IF(is_stub(frame->pc, we_h_EXIT), WE_TRAP_EXCEPTION);
        at = is_stub(frame->pc, we_h_CROSS_RETURN)
             ? (const uint16_t *) (uintptr_t) frame->reserved : frame->pc;
        slots = frame->fp;
        used -= code->charge;
        frame++;
    }
    run->high = frame;
    run->used = used;
    run->instance = frame->func->instance;
    fp = slots;
    give(c, exception, acc, fp + c->slot);
    pc = frame->func->code->units + c->target;
    mem = run->instance->memory0->base;
    size = run->instance->memory0->size;
    WE_GO();
}

WE_OP(THROW)
{
    const struct we_tag *tag = run->instance->tags[WE_IMM(8)];
    uint32_t n = tag->type->param_slots * (uint32_t) sizeof *fp;
    uint8_t *p;

    NEW(tag->type, n + 8, n + 8);
    p = DATA_OF(acc);
    we_put64(p, (uintptr_t) tag);
    memcpy(p + 8, fp + pc[5], n);
    WE_TAIL(throw(WE_PASS));
}

WE_OP(THROW_REF)
{
    acc = WE_SLOT(5);
    WE_TRAP_IF(acc == 0, WE_TRAP_NULL_REFERENCE);
    WE_TAIL(throw(WE_PASS));
}

/* --- structures ----------------------------------------------------------- */

#define RESULT(units, value)                                                  \
    WE_SLOT(4) = acc = (value);                                               \
    WE_NEXT(units);

WE_OP(STRUCT_NEW)
{
    NEW(TYPE(), WE_IMM(8), WE_IMM(8));
    memcpy(DATA_OF(acc), fp + pc[5], WE_IMM(8));
    RESULT(WE_GC_UNITS, acc)
}

WE_OP(STRUCT_NEW_DEFAULT)
{
    NEW(TYPE(), WE_IMM(8), WE_IMM(8));
    memset(DATA_OF(acc), 0, WE_IMM(8));
    RESULT(WE_GC_UNITS, acc)
}

/* A field is a slot, also if it is packed: then its low bits count. */
#define STRUCT_GET(name, value)                                               \
    WE_OP(STRUCT_GET_##name)                                                  \
    {                                                                         \
        uint64_t v;                                                           \
        OBJECT(object, 5)                                                     \
        memcpy(&v, we_object_data(object) + WE_IMM(8), sizeof v);             \
        RESULT(WE_GC_UNITS, value)                                            \
    }
STRUCT_GET(64, v)
STRUCT_GET(U8, (uint8_t) v)
STRUCT_GET(S8, we_sext8((uint8_t) v))
STRUCT_GET(U16, (uint16_t) v)
STRUCT_GET(S16, we_sext16((uint16_t) v))

WE_OP(STRUCT_GET_V)
{
    OBJECT(object, 5)
    memcpy(&WE_SLOT(4), we_object_data(object) + WE_IMM(8), 16);
    WE_NEXT(WE_GC_UNITS);
}

#define STRUCT_SET(name, bytes)                                               \
    WE_OP(STRUCT_SET_##name)                                                  \
    {                                                                         \
        OBJECT(object, 5)                                                     \
        memcpy(we_object_data(object) + WE_IMM(8), &WE_SLOT(6), bytes);       \
        WE_NEXT(WE_GC_UNITS);                                                 \
    }
STRUCT_SET(64, 8)
STRUCT_SET(V, 16)

/* --- arrays --------------------------------------------------------------- */

enum { CHUNK = 256 << 10 };              /* bytes between two polls */

/* An element of 1 << shift bytes, in the host's byte order. */
static void put_elem(uint8_t *p, const uint64_t *slot, uint32_t shift)
{
    uint16_t half = (uint16_t) *slot;
    uint32_t word = (uint32_t) *slot;

    switch (shift) {
    case 0:  *p = (uint8_t) *slot;                                  break;
    case 1:  memcpy(p, &half, sizeof half);                         break;
    case 2:  memcpy(p, &word, sizeof word);                         break;
    default: memcpy(p, slot, (size_t) 1 << shift);                  break;
    }
}

/* n elements become what the slot holds. */
static enum we_trap_code fill(const struct we_stack *run, uint8_t *p,
                              uint32_t shift, const uint64_t *slot,
                              uint64_t n)
{
    uint8_t value[16];
    size_t size = (size_t) 1 << shift, i;

    put_elem(value, slot, shift);
    while (n > 0) {
        size_t step = n < (uint64_t) CHUNK >> shift ? (size_t) n
                                           : (size_t) CHUNK >> shift;

        for (i = 0; i < step; i++, p += size) {
            memcpy(p, value, size);
        }
        n -= step;
        if (*(const volatile uint32_t *) &run->interrupt != 0) {
            return (enum we_trap_code) run->interrupt;
        }
    }
    return WE_TRAP_NONE;
}

static enum we_trap_code move(const struct we_stack *run, uint8_t *to,
                              const uint8_t *from, uint64_t n)
{
    bool backward = (uintptr_t) to > (uintptr_t) from;

    while (n > 0) {
        size_t step = n < CHUNK ? (size_t) n : CHUNK;

        n -= step;
        if (backward) {
            memmove(to + n, from + n, step);
        } else {
            memmove(to, from, step);
            to += step;
            from += step;
        }
        if (*(const volatile uint32_t *) &run->interrupt != 0) {
            return (enum we_trap_code) run->interrupt;
        }
    }
    return WE_TRAP_NONE;
}

/* Elements from a data segment, which has the format's byte order. */
static enum we_trap_code from_data(const struct we_stack *run, uint8_t *to,
                                   const uint8_t *from, uint32_t shift,
                                   uint64_t n)
{
    uint64_t i, slot[2];

    for (i = 0; i < n; i++) {
        const uint8_t *p = from + (i << shift);

        if (i % CHUNK == 0
            && *(const volatile uint32_t *) &run->interrupt != 0) {
            return (enum we_trap_code) run->interrupt;
        }
        slot[0] = shift == 0 ? *p : shift == 1 ? we_get16(p)
                  : shift == 2 ? we_get32(p) : we_get64(p);
        slot[1] = shift == 4 ? we_get64(p + 8) : 0;
        put_elem(to + (i << shift), slot, shift);
    }
    return WE_TRAP_NONE;
}

static bool inside(uint64_t size, uint64_t at, uint64_t n)
{
    return at <= size && n <= size - at;
}

static uint64_t data_size(const struct we_instance *instance, uint32_t i)
{
    return instance->data_dropped[i] ? 0 : instance->module->datas[i].bytes.len;
}

static uint64_t elem_size(const struct we_instance *instance, uint32_t i)
{
    return instance->elem_dropped[i] ? 0 : instance->module->elems[i].count;
}

#define CHECK(code)                                                           \
    do {                                                                      \
        uint64_t why = (code);                                                \
                                                                              \
        WE_TRAP_IF(why != WE_TRAP_NONE, why);                                 \
    } while (0)
#define NEW_ARRAY(n) NEW(TYPE(), (uint64_t) (n) << WE_IMM(8), n)

WE_OP(ARRAY_NEW)
{
    uint32_t n = (uint32_t) WE_SLOT(6);

    NEW_ARRAY(n);
    CHECK(fill(run, DATA_OF(acc), WE_IMM(8), &WE_SLOT(5), n));
    RESULT(WE_GC_UNITS, acc)
}

WE_OP(ARRAY_NEW_DEFAULT)
{
    static const uint64_t zero[2];
    uint32_t n = (uint32_t) WE_SLOT(5);

    NEW_ARRAY(n);
    CHECK(fill(run, DATA_OF(acc), 0, zero, (uint64_t) n << WE_IMM(8)));
    RESULT(WE_GC_UNITS, acc)
}

WE_OP(ARRAY_NEW_FIXED)
{
    const uint64_t *from = &WE_SLOT(5);
    uint32_t n = WE_IMM(10), shift = WE_IMM(8), i;
    uint8_t *p;

    NEW_ARRAY(n);
    p = DATA_OF(acc);
    for (i = 0; i < n; i++) {
        put_elem(p + ((size_t) i << shift), from, shift);
        from += shift == 4 ? 2 : 1;
    }
    RESULT(WE_GC_UNITS, acc)
}

WE_OP(ARRAY_NEW_DATA)
{
    const struct we_bytes *bytes =
        &run->instance->module->datas[WE_IMM(10)].bytes;
    uint32_t n = (uint32_t) WE_SLOT(6), from = (uint32_t) WE_SLOT(5);

    WE_TRAP_IF(!inside(data_size(run->instance, WE_IMM(10)), from,
                       (uint64_t) n << WE_IMM(8)), WE_TRAP_MEMORY);
    NEW_ARRAY(n);
    if (n > 0) {
        CHECK(from_data(run, DATA_OF(acc), bytes->data + from, WE_IMM(8), n));
    }
    RESULT(WE_GC_UNITS, acc)
}

WE_OP(ARRAY_NEW_ELEM)
{
    uint32_t n = (uint32_t) WE_SLOT(6), from = (uint32_t) WE_SLOT(5);

    WE_TRAP_IF(!inside(elem_size(run->instance, WE_IMM(10)), from, n),
               WE_TRAP_TABLE);
    NEW_ARRAY(n);
    if (n > 0) {
        memcpy(DATA_OF(acc), run->instance->elems[WE_IMM(10)] + from,
               (size_t) n * sizeof *fp);
    }
    RESULT(WE_GC_UNITS, acc)
}

#define ELEMENT(bytes)                                                        \
    uint8_t *p;                                                               \
    uint32_t i = (uint32_t) WE_SLOT(6);                                       \
    OBJECT(object, 5)                                                         \
    WE_TRAP_IF(i >= object->length, WE_TRAP_ARRAY);                           \
    p = we_object_data(object) + (uint64_t) i * (bytes);

#define ARRAY_GET(form, T, value)                                             \
    WE_OP(ARRAY_GET_##form)                                                   \
    {                                                                         \
        T v;                                                                  \
        ELEMENT(sizeof v)                                                     \
        memcpy(&v, p, sizeof v);                                              \
        RESULT(WE_GC_UNITS, value)                                            \
    }
ARRAY_GET(U8, uint8_t, v)
ARRAY_GET(S8, uint8_t, we_sext8(v))
ARRAY_GET(U16, uint16_t, v)
ARRAY_GET(S16, uint16_t, we_sext16(v))
ARRAY_GET(32, uint32_t, v)
ARRAY_GET(64, uint64_t, v)

#define ARRAY_SET(form, T)                                                    \
    WE_OP(ARRAY_SET_##form)                                                   \
    {                                                                         \
        T v = (T) WE_SLOT(7);                                                 \
        ELEMENT(sizeof v)                                                     \
        memcpy(p, &v, sizeof v);                                              \
        WE_NEXT(WE_GC_UNITS);                                                 \
    }
ARRAY_SET(U8, uint8_t)
ARRAY_SET(U16, uint16_t)
ARRAY_SET(32, uint32_t)
ARRAY_SET(64, uint64_t)

WE_OP(ARRAY_GET_V)
{
    ELEMENT(16)
    memcpy(&WE_SLOT(4), p, 16);
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(ARRAY_SET_V)
{
    ELEMENT(16)
    memcpy(p, &WE_SLOT(7), 16);
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(ARRAY_LEN)
{
    OBJECT(object, 5)
    RESULT(WE_GC_UNITS, object->length)
}

WE_OP(ARRAY_FILL)
{
    uint32_t at = (uint32_t) WE_SLOT(6), n = (uint32_t) WE_SLOT(16);
    OBJECT(object, 5)
    WE_TRAP_IF(!inside(object->length, at, n), WE_TRAP_ARRAY);
    CHECK(fill(run, we_object_data(object) + ((uint64_t) at << WE_IMM(8)),
               WE_IMM(8), &WE_SLOT(7), n));
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(ARRAY_COPY)
{
    uint32_t to = (uint32_t) WE_SLOT(6), from = (uint32_t) WE_SLOT(16);
    uint32_t n = (uint32_t) WE_SLOT(17), shift = WE_IMM(8);
    OBJECT(dst, 5)
    OBJECT(src, 7)
    WE_TRAP_IF(!inside(dst->length, to, n) || !inside(src->length, from, n),
               WE_TRAP_ARRAY);
    CHECK(move(run, we_object_data(dst) + ((uint64_t) to << shift),
               we_object_data(src) + ((uint64_t) from << shift),
               (uint64_t) n << shift));
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(ARRAY_INIT_DATA)
{
    uint32_t to = (uint32_t) WE_SLOT(6), from = (uint32_t) WE_SLOT(7);
    uint32_t n = (uint32_t) WE_SLOT(16), shift = WE_IMM(8);
    OBJECT(object, 5)
    WE_TRAP_IF(!inside(object->length, to, n), WE_TRAP_ARRAY);
    WE_TRAP_IF(!inside(data_size(run->instance, WE_IMM(10)), from,
                       (uint64_t) n << shift), WE_TRAP_MEMORY);
    if (n > 0) {
        const struct we_bytes *bytes =
            &run->instance->module->datas[WE_IMM(10)].bytes;

        CHECK(from_data(run,
                        we_object_data(object) + ((uint64_t) to << shift),
                        bytes->data + from, shift, n));
    }
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(ARRAY_INIT_ELEM)
{
    uint32_t to = (uint32_t) WE_SLOT(6), from = (uint32_t) WE_SLOT(7);
    uint32_t n = (uint32_t) WE_SLOT(16);
    OBJECT(object, 5)
    WE_TRAP_IF(!inside(object->length, to, n), WE_TRAP_ARRAY);
    WE_TRAP_IF(!inside(elem_size(run->instance, WE_IMM(10)), from, n),
               WE_TRAP_TABLE);
    if (n > 0) {
        memcpy(we_object_data(object) + (uint64_t) to * sizeof *fp,
               run->instance->elems[WE_IMM(10)] + from,
               (size_t) n * sizeof *fp);
    }
    WE_NEXT(WE_GC_UNITS);
}

/* --- casts, i31, conversions ---------------------------------------------- */

WE_OP(REF_TEST)
{
    RESULT(WE_GC_UNITS, we_heap_is(run->instance, WE_SLOT(5), WE_IMM(8)))
}

WE_OP(REF_TEST_A)
{
    acc = we_heap_is(run->instance, WE_SLOT(5), WE_IMM(8));
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(REF_CAST)
{
    WE_TRAP_IF(!we_heap_is(run->instance, WE_SLOT(5), WE_IMM(8)),
               WE_TRAP_CAST);
    WE_NEXT(WE_GC_UNITS);
}

WE_OP(REF_I31)
{
    RESULT(WE_GC_UNITS, (uint32_t) WE_SLOT(5) << 1 | 1)
}

WE_OP(I31_GET_U)
{
    WE_TRAP_IF(WE_SLOT(5) == 0, WE_TRAP_NULL_REFERENCE);
    RESULT(WE_GC_UNITS, (uint32_t) WE_SLOT(5) >> 1)
}

WE_OP(I31_GET_S)
{
    uint32_t v = (uint32_t) WE_SLOT(5) >> 1;

    WE_TRAP_IF(WE_SLOT(5) == 0, WE_TRAP_NULL_REFERENCE);
    RESULT(WE_GC_UNITS, v | (v & 0x40000000) << 1)
}

/* The host may have kept a guest's reference for too long, or have it from
 * another guest: an offset must be an object's. */
WE_OP(ANY_CONVERT_EXTERN)
{
    uint64_t v = WE_SLOT(5);

    if ((v & WE_REF_GUEST) != 0) {
        v &= ~WE_REF_GUEST;
        WE_TRAP_IF(v % 2 == 0 && !we_heap_has(HEAP(), v), WE_TRAP_CAST);
    } else if (v != 0) {
        v |= WE_REF_HOST;
    }
    RESULT(WE_GC_UNITS, v)
}

WE_OP(EXTERN_CONVERT_ANY)
{
    uint64_t v = WE_SLOT(5);

    if ((v & WE_REF_HOST) != 0) {
        v &= ~WE_REF_HOST;
    } else if (v != 0) {
        v |= WE_REF_GUEST;
    }
    RESULT(WE_GC_UNITS, v)
}

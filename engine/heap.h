/* The heap of garbage-collected objects, and what a reference is. */
#ifndef WE_HEAP_H
#define WE_HEAP_H

#include "instance.h"

/*
 * A slot of reference type.  0 is null; then, by hierarchy:
 *
 *   func     address of a struct we_func
 *   exn      offset of an object in the heap
 *   any      value << 1 | 1: an i31; an offset, a multiple of 16: a structure
 *            or an array; WE_REF_HOST | number: the host's
 *   extern   the host's number; WE_REF_GUEST | i31 or offset: the guest's
 */
#define WE_REF_HOST  ((uint64_t) 1 << 63)
#define WE_REF_GUEST ((uint64_t) 1 << 62)

/* What an offset refers to; the data follow: of a structure its fields, a slot
 * each or two; of an array its elements, packed; of an exception its tag's
 * address and its arguments' slots. */
struct we_object {
    const struct we_type *type;          /* of a function: an exception */
    uint32_t length;                     /* of an array; else data bytes */
    uint32_t mark;                       /* while it collects: 1 | the object
                                            that is to be looked at next */
};

/* One heap for all instances that may pass references to each other. */
struct we_heap {
    we_engine   *engine;
    we_instance *instances;              /* linked by heap_next */
    uint8_t     *base;                   /* NULL: never used */
    uint64_t    *starts;                 /* a bit for 16 bytes: an object
                                            begins here */
    uint64_t     reserved;               /* address space, a power of two */
    uint64_t     size;                   /* bytes that may be used */
    uint64_t     at, end;                /* the free run that is being used */
    uint32_t     runs[2];                /* the other ones: small, big */
    uint64_t     fresh, budget;          /* bytes made since the last
                                            collection, until the next */
};

/* Gives an instance a heap of its own; false: no memory.  Release also if
 * none was given. */
bool we_heap_join(we_instance *instance);
void we_heap_leave(we_instance *instance);
/* Both have the same heap from now on; false: both used theirs already. */
bool we_heap_unite(we_instance *a, we_instance *b);

/*
 * A new object of so many bytes of data, which are not set; its offset, or 0:
 * the quota of the instance is used up.  May collect what can't be found from
 * globals, tables, passive segments and the guest stack up to stack->low.
 */
uint32_t we_heap_new(we_instance *instance, const struct we_type *type,
                     uint64_t bytes, uint32_t length);

/* An offset is masked: whatever it is, it stays in the reservation. */
static inline struct we_object *we_heap_at(const struct we_heap *heap,
                                           uint64_t ref)
{
    return (struct we_object *) (void *)
           (heap->base + (ref & (heap->reserved - 16)));
}

static inline uint8_t *we_object_data(struct we_object *object)
{
    return (uint8_t *) (object + 1);
}

/* Does an object begin at this offset, which may be anything? */
bool we_heap_has(const struct we_heap *heap, uint64_t ref);

/* Bytes of an array's element, as a power of two. */
uint32_t we_heap_elem_shift(we_valtype type);

/* Is a reference, of the type's hierarchy, of the type (Section 4.2.2)? */
bool we_heap_is(const we_instance *instance, uint64_t ref, we_valtype type);

#endif

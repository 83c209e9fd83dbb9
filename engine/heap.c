/* The heap: reservation and growth, allocation, mark and sweep. */
#include "heap.h"

#include "arena.h"

#include <string.h>

/*
 *   base              size              reserved
 *   | objects and runs | no access ...   | starts, committed along |
 *
 * Objects are multiples of 16 bytes, as are the free runs between them.  New
 * objects are cut from the front of one run, [at, end); when that is too
 * short, a small object takes the next run, whose predecessor's rest is left
 * to the next collection.  A big object is cut from the end of the first big
 * run that has room.  Offset 0 is never an object.
 */
enum {
    GRAIN = 16, BIG = 1024, STEP = 64 << 10,
    BUDGET_LEAST = 256 << 10
};
static const uint64_t RESERVED_MOST = (uint64_t) 1 << 32;
static const uint64_t RESERVED_LEAST = 1 << 20;

struct run {
    uint32_t next;                       /* 0: the last */
    uint32_t grains;
};

static struct run *run_at(const struct we_heap *heap, uint64_t offset)
{
    return (struct run *) (void *) (heap->base + offset);
}

/* --- the instances of a heap ---------------------------------------------- */

bool we_heap_join(we_instance *instance)
{
    struct we_heap *heap = we_alloc(&instance->engine->allocator,
                                    sizeof *heap);

    if (heap == NULL) {
        return false;
    }
    *heap = (struct we_heap){ .engine = instance->engine,
                              .instances = instance,
                              .budget = BUDGET_LEAST };
    instance->heap = heap;
    return true;
}

static void release(struct we_heap *heap)
{
    if (heap->base != NULL) {
        we_os_unmap(heap->base,
                    (size_t) (heap->reserved + heap->reserved / 128));
    }
    we_release(&heap->engine->allocator, heap, sizeof *heap);
}

void we_heap_leave(we_instance *instance)
{
    struct we_heap *heap = instance->heap;
    we_instance **link;

    if (heap == NULL) {
        return;
    }
    for (link = &heap->instances; *link != instance;
         link = &(*link)->heap_next) {
    }
    *link = instance->heap_next;
    if (heap->instances == NULL) {
        release(heap);
    }
}

bool we_heap_unite(we_instance *a, we_instance *b)
{
    struct we_heap *to = a->heap, *from = b->heap;
    we_instance *instance;

    if (to == from) {
        return true;
    }
    if (from->base != NULL) {
        to = b->heap;
        from = a->heap;
    }
    if (from->base != NULL) {
        return false;
    }
    while ((instance = from->instances) != NULL) {
        from->instances = instance->heap_next;
        instance->heap_next = to->instances;
        instance->heap = to;
        to->instances = instance;
    }
    release(from);
    return true;
}

/* --- growth --------------------------------------------------------------- */

static uint64_t round_up(uint64_t n, uint64_t unit)
{
    return (n + unit - 1) & ~(unit - 1);
}

static bool reserve(struct we_heap *heap)
{
    uint64_t n = RESERVED_MOST, all;

    for (; heap->base == NULL && n >= RESERVED_LEAST; n /= 2) {
        all = n + n / 128;
        heap->base = all <= SIZE_MAX ? we_os_reserve((size_t) all) : NULL;
        heap->reserved = n;
    }
    if (heap->base == NULL) {
        return false;
    }
    heap->starts = (uint64_t *) (void *) (heap->base + heap->reserved);
    return true;
}

static bool commit(struct we_heap *heap, uint64_t n)
{
    uint64_t bits = heap->size / 128, page = we_os_page();
    uint64_t from = bits & ~(page - 1);

    return we_os_commit(heap->base + heap->size, (size_t) n)
           && we_os_commit((uint8_t *) heap->starts + from,
                           (size_t) round_up(bits + n / 128 - from, page));
}

static void add_run(struct we_heap *heap, uint64_t at, uint64_t end)
{
    uint32_t *list = &heap->runs[end - at >= BIG];

    if (end > at) {
        *run_at(heap, at) = (struct run){ *list,
                                          (uint32_t) ((end - at) / GRAIN) };
        *list = (uint32_t) at;
    }
}

/* Makes the current run one of n bytes at least; charged to the quota. */
static bool grow(struct we_heap *heap, struct we_quota *quota, uint64_t n)
{
    uint64_t step = STEP > we_os_page() ? STEP : we_os_page();
    uint64_t most, least;

    if (heap->base == NULL && !reserve(heap)) {
        return false;
    }
    if (heap->size == 0) {
        n += GRAIN;
    } else if (heap->end == heap->size) {
        n -= heap->end - heap->at;       /* or it would have fitted there */
    }
    least = round_up(n, step);
    most = quota->memory_bytes - quota->memory_used;
    if (most > heap->reserved - heap->size) {
        most = heap->reserved - heap->size;
    }
    if (least > most) {
        return false;
    }
    n = round_up(heap->size / 8, step);
    n = n < least ? least : n > most ? least : n;
    if (!commit(heap, n)) {
        return false;
    }
    if (heap->end != heap->size || heap->size == 0) {
        add_run(heap, heap->at, heap->end);
        heap->at = heap->size == 0 ? GRAIN : heap->size;
    }
    heap->size += n;
    heap->end = heap->size;
    quota->memory_used += n;
    return true;
}

/* --- allocation ----------------------------------------------------------- */

static uint64_t take_big(struct we_heap *heap, uint64_t n)
{
    uint32_t *link = &heap->runs[1];
    uint32_t grains = (uint32_t) (n / GRAIN), at;
    struct run *run;

    for (; (at = *link) != 0; link = &run->next) {
        run = run_at(heap, at);
        if (run->grains > grains) {
            run->grains -= grains;
            return at + (uint64_t) run->grains * GRAIN;
        }
        if (run->grains == grains) {
            *link = run->next;
            return at;
        }
    }
    return 0;
}

/* An offset with room for n bytes from what is free; 0: none. */
static uint64_t take(struct we_heap *heap, uint64_t n)
{
    uint32_t i, at;

    for (i = 0; n < BIG && i < 2; i++) {
        while (heap->end - heap->at < n && (at = heap->runs[i]) != 0) {
            heap->runs[i] = run_at(heap, at)->next;
            heap->end = at + (uint64_t) run_at(heap, at)->grains * GRAIN;
            heap->at = at;
        }
    }
    if (heap->end - heap->at < n) {
        return n < BIG ? 0 : take_big(heap, n);
    }
    heap->at += n;
    return heap->at - n;
}

static void collect(struct we_heap *heap);

static uint64_t find_room(struct we_heap *heap, struct we_quota *quota,
                          uint64_t n)
{
    uint64_t at = take(heap, n);

    if (at == 0 && heap->fresh < heap->budget && grow(heap, quota, n)) {
        at = take(heap, n);
    }
    if (at == 0 && heap->size > 0) {
        collect(heap);
        at = take(heap, n);
    }
    if (at == 0 && grow(heap, quota, n)) {
        at = take(heap, n);
    }
    return at;
}

uint32_t we_heap_new(we_instance *instance, const struct we_type *type,
                     uint64_t bytes, uint32_t length)
{
    struct we_heap *heap = instance->heap;
    uint64_t n = round_up(bytes + sizeof (struct we_object), GRAIN);
    uint64_t at = n < RESERVED_MOST
                  ? find_room(heap, &instance->quota, n) : 0;

    if (at == 0) {
        return 0;
    }
    *we_heap_at(heap, at) = (struct we_object){ type, length, 0 };
    heap->starts[at / GRAIN / 64] |= (uint64_t) 1 << at / GRAIN % 64;
    heap->fresh += n;
    return (uint32_t) at;
}

bool we_heap_has(const struct we_heap *heap, uint64_t ref)
{
    return ref < heap->size && ref % GRAIN == 0
           && (heap->starts[ref / GRAIN / 64] >> ref / GRAIN % 64 & 1) != 0;
}

uint32_t we_heap_elem_shift(we_valtype type)
{
    switch (type) {
    case WE_I8:   return 0;
    case WE_I16:  return 1;
    case WE_I32:
    case WE_F32:  return 2;
    case WE_V128: return 4;
    default:      return 3;
    }
}

static uint64_t object_size(const struct we_object *object)
{
    uint64_t bytes = object->length;

    if (object->type->kind == WE_TYPE_ARRAY) {
        bytes <<= we_heap_elem_shift(object->type->fields[0].type);
    }
    return round_up(bytes + sizeof *object, GRAIN);
}

/* --- marking -------------------------------------------------------------- */

/*
 * What is marked and not looked at yet is linked through the marks: memory for
 * the work is never needed, and nothing recurs.
 */
static void mark(struct we_heap *heap, uint64_t ref, uint32_t *work)
{
    struct we_object *object;

    ref &= ~WE_REF_GUEST;
    if (!we_heap_has(heap, ref)) {
        return;
    }
    object = we_heap_at(heap, ref);
    if (object->mark == 0) {
        object->mark = *work | 1;
        *work = (uint32_t) ref;
    }
}

/* Can a value of the type lead to an object? */
static bool leads(const struct we_heap *heap, we_valtype type)
{
    uint32_t of = type & WE_HEAP;

    if (!we_is_ref(type)) {
        return false;
    }
    return we_is_concrete(type)
           ? we_types_get(heap->engine->types, type & WE_TYPE_ID)->kind
             != WE_TYPE_FUNC
           : of != WE_HEAP_FUNC && of != WE_HEAP_NOFUNC && of != WE_HEAP_I31;
}

static void mark_values(struct we_heap *heap, we_valtype type,
                        const uint64_t *values, uint64_t n, uint32_t *work)
{
    uint64_t i;

    for (i = 0; leads(heap, type) && i < n; i++) {
        mark(heap, values[i], work);
    }
}

static void mark_fields(struct we_heap *heap, struct we_object *object,
                        uint32_t *work)
{
    const struct we_type *type = object->type;
    const uint64_t *data = (uint64_t *) (void *) we_object_data(object);
    uint32_t i;

    if (type->kind == WE_TYPE_ARRAY) {
        mark_values(heap, type->fields[0].type, data, object->length, work);
    } else if (type->kind == WE_TYPE_STRUCT) {
        for (i = 0; i < type->nfields; i++) {
            mark_values(heap, type->fields[i].type, data, 1, work);
            data += we_slots(type->fields[i].type);
        }
    } else {
        data++;
        for (i = 0; i < type->nparams; i++) {
            mark_values(heap, type->values[i], data, 1, work);
            data += we_slots(type->values[i]);
        }
    }
}

static void mark_instance(struct we_heap *heap, const we_instance *instance,
                          uint32_t *work)
{
    const struct we_module *m = instance->module;
    uint32_t i;

    for (i = 0; i < m->nglobals - m->nglobals_imported; i++) {
        mark_values(heap, instance->own_globals[i].type,
                    instance->own_globals[i].value, 1, work);
    }
    for (i = 0; i < m->ntables - m->ntables_imported; i++) {
        mark_values(heap, instance->own_tables[i].type,
                    instance->own_tables[i].elems,
                    instance->own_tables[i].size, work);
    }
    for (i = 0; i < m->nelems; i++) {
        if (m->elems[i].mode == WE_PASSIVE && !instance->elem_dropped[i]) {
            mark_values(heap, m->elems[i].type, instance->elems[i],
                        m->elems[i].count, work);
        }
    }
}

/* --- sweeping ------------------------------------------------------------- */

/* All that isn't an object with a mark becomes runs; the one at the end, which
 * growth may make longer, becomes the current one. */
static uint64_t sweep(struct we_heap *heap)
{
    uint64_t words = heap->size / GRAIN / 64, free_from = GRAIN, live = 0;
    uint64_t i, bit, word, at;
    struct we_object *object;

    for (i = 0; i < words; i++) {
        for (word = heap->starts[i]; word != 0; word &= word - 1) {
            bit = (uint64_t) __builtin_ctzll(word);
            at = (i * 64 + bit) * GRAIN;
            object = we_heap_at(heap, at);
            if (object->mark == 0) {
                heap->starts[i] &= ~((uint64_t) 1 << bit);
                continue;
            }
            object->mark = 0;
            add_run(heap, free_from, at);
            free_from = at + object_size(object);
            live += free_from - at;
        }
    }
    heap->at = free_from;
    heap->end = heap->size;
    return live;
}

static void collect(struct we_heap *heap)
{
    const struct we_stack *stack = &heap->engine->stack;
    const we_instance *instance = heap->instances;
    const uint64_t *slot = stack->base;
    struct we_object *object;
    uint32_t work = 0;
    uint64_t live;

    for (; instance != NULL; instance = instance->heap_next) {
        mark_instance(heap, instance, &work);
    }
    for (; slot < stack->low; slot++) {
        mark(heap, *slot, &work);
    }
    while (work != 0) {
        object = we_heap_at(heap, work);
        work = object->mark & ~(uint32_t) 1;
        mark_fields(heap, object, &work);
    }
    heap->runs[0] = heap->runs[1] = 0;
    live = sweep(heap);
    heap->fresh = 0;
    heap->budget = live > BUDGET_LEAST ? live : BUDGET_LEAST;
}

/* --- what a reference is -------------------------------------------------- */

bool we_heap_is(const we_instance *instance, uint64_t ref, we_valtype type)
{
    const struct we_types *types = instance->engine->types;
    bool is_object = ref % 2 == 0 && (ref & WE_REF_HOST) == 0;
    const struct we_type *of;

    if (ref == 0) {
        return (type & WE_NULL) != 0;
    }
    if (we_is_concrete(type)) {
        uint32_t id = type & WE_TYPE_ID;

        if (we_types_get(types, id)->kind == WE_TYPE_FUNC) {
            of = ((const struct we_func *) (uintptr_t) ref)->type;
        } else if (is_object) {
            of = we_heap_at(instance->heap, ref)->type;
        } else {
            return false;
        }
        return we_types_id_sub(types, of->id, id);
    }
    switch (type & WE_HEAP) {
    case WE_HEAP_I31:
        return ref % 2 == 1 && (ref & WE_REF_HOST) == 0;
    case WE_HEAP_EQ:
        return (ref & WE_REF_HOST) == 0;
    case WE_HEAP_STRUCT:
    case WE_HEAP_ARRAY:
        return is_object
               && we_heap_at(instance->heap, ref)->type->kind
                  == ((type & WE_HEAP) == WE_HEAP_STRUCT ? WE_TYPE_STRUCT
                                                         : WE_TYPE_ARRAY);
    case WE_HEAP_NONE:
    case WE_HEAP_NOFUNC:
    case WE_HEAP_NOEXTERN:
    case WE_HEAP_NOEXN:
        return false;
    default:
        return true;
    }
}

enum we_ref_kind we_ref_kind(const we_instance *instance, uint64_t ref)
{
    if (ref == 0) {
        return WE_REF_IS_NULL;
    }
    if ((ref & WE_REF_HOST) != 0) {
        return WE_REF_IS_HOST;
    }
    if (ref % 2 == 1) {
        return WE_REF_IS_I31;
    }
    if (!we_heap_has(instance->heap, ref)) {
        return WE_REF_IS_HOST;
    }
    switch (we_heap_at(instance->heap, ref)->type->kind) {
    case WE_TYPE_STRUCT: return WE_REF_IS_STRUCT;
    case WE_TYPE_ARRAY:  return WE_REF_IS_ARRAY;
    default:             return WE_REF_IS_EXCEPTION;
    }
}

enum we_ref_kind we_extern_kind(const we_instance *instance, uint64_t slot)
{
    if (slot != 0 && (slot & WE_REF_GUEST) == 0) {
        return WE_REF_IS_HOST;
    }
    return we_ref_kind(instance, slot & ~WE_REF_GUEST);
}

uint64_t we_ref_host(uint64_t slot)
{
    return slot & ~(WE_REF_HOST | WE_REF_GUEST);
}

int32_t we_ref_i31(uint64_t slot)
{
    return (int32_t) (uint32_t) slot >> 1;
}

we_func *we_ref_func(uint64_t slot)
{
    return (we_func *) (uintptr_t) slot;
}

uint64_t we_func_ref(we_func *func)
{
    return (uintptr_t) func;
}

/* Linear memories: reservation, growth within the quota, bulk operations. */
#include "instance.h"

#include "detail.h"

#include <string.h>

/*
 * Address space is reserved once, so base never moves and host code and
 * compiled code may keep it over growth:
 *
 *   base            size             reserved          + WE_MEMORY_GUARD
 *   | read and write | no access ...  | no access, never committed |
 *
 * A 32-bit memory reserves all that an index can reach where the address
 * space allows it; otherwise what it may grow to.
 */

enum { CHUNK = 256 << 10 };              /* bytes between two polls */

static uint64_t round_up(uint64_t n, uint64_t page)
{
    return (n + page - 1) & ~(page - 1); /* n is at most 2^63 */
}

/* --- creation ----------------------------------------------------------- */

/* The most bytes that the memory may ever have: by type and by quota. */
static uint64_t memory_bound(const struct we_memory *memory, uint64_t left)
{
    const struct we_range *range = &memory->range;
    uint64_t bound = left;

    if (!range->is64 && bound > (uint64_t) 1 << 32) {
        bound = (uint64_t) 1 << 32;
    }
    if (range->has_max && range->max < bound >> memory->page_shift) {
        bound = range->max << memory->page_shift;
    }
    return bound;
}

static bool reserve(struct we_memory *memory, uint64_t bytes)
{
    uint64_t page = we_os_page();
    uint64_t all;

    if (bytes > (uint64_t) 1 << 62) {
        return false;
    }
    all = round_up(bytes, page) + WE_MEMORY_GUARD;
    if (all > SIZE_MAX) {
        return false;
    }
    memory->base = we_os_reserve((size_t) all);
    if (memory->base == NULL) {
        return false;
    }
    memory->reserved = all - WE_MEMORY_GUARD;
    return true;
}

/* min bytes at least; the more the better. */
static bool reserve_best(struct we_memory *memory, uint64_t min,
                         uint64_t bound)
{
    if (!memory->range.is64 && reserve(memory, (uint64_t) 1 << 32)) {
        return true;
    }
    for (; bound > min; bound = bound / 2) {
        if (reserve(memory, bound)) {
            return true;
        }
    }
    return reserve(memory, min);
}

enum we_error we_memory_make(struct we_memory *memory,
                             const struct we_memory_desc *desc,
                             we_instance *owner, struct we_detail *detail)
{
    struct we_quota *quota = &owner->quota;
    uint64_t left = quota->memory_bytes - quota->memory_used;
    uint64_t min = desc->range.min << desc->page_shift;

    memory->range = desc->range;
    memory->page_shift = desc->page_shift;
    memory->quota = quota;
    memory->engine = owner->engine;
    if (min >> desc->page_shift != desc->range.min || min > left) {
        return we_detail_set(detail, WE_LIMIT, 0,
                             "memory of %llu pages exceeds the limit of "
                             "%llu bytes",
                             (unsigned long long) desc->range.min,
                             (unsigned long long) quota->memory_bytes);
    }
    if (!reserve_best(memory, min, memory_bound(memory, left))) {
        return we_detail_set(detail, WE_NOMEM, 0,
                             "no address space for a memory of %llu bytes",
                             (unsigned long long) min);
    }
    if (!we_os_commit(memory->base,
                      (size_t) round_up(min, we_os_page()))) {
        we_memory_release(memory);
        return we_detail_set(detail, WE_NOMEM, 0,
                             "out of memory for a memory of %llu bytes",
                             (unsigned long long) min);
    }
    memory->size = min;
    quota->memory_used += min;
    return WE_OK;
}

void we_memory_release(struct we_memory *memory)
{
    if (memory->base != NULL) {
        we_os_unmap(memory->base,
                    (size_t) (memory->reserved + WE_MEMORY_GUARD));
        memory->base = NULL;
    }
}

/* --- public ------------------------------------------------------------- */

bool we_memory_span(we_memory *memory, uint64_t ptr, uint64_t len,
                    uint8_t **data)
{
    if (ptr > memory->size || len > memory->size - ptr) {
        return false;
    }
    *data = memory->base + ptr;
    return true;
}

const struct we_memory_bytes *we_memory_bytes(const we_memory *memory)
{
    return &memory->bytes;
}

uint64_t we_memory_size(const we_memory *memory)
{
    return memory->size;
}

uint64_t we_memory_grow(we_memory *memory, uint64_t pages)
{
    struct we_quota *quota = memory->quota;
    uint64_t old = memory->size >> memory->page_shift;
    uint64_t bound = memory_bound(memory, memory->size + quota->memory_bytes
                                          - quota->memory_used);
    uint64_t page = we_os_page();
    uint64_t from, to, size;

    bound = bound < memory->reserved ? bound : memory->reserved;
    if (memory->size > bound
        || pages > (bound - memory->size) >> memory->page_shift) {
        return UINT64_MAX;
    }
    size = memory->size + (pages << memory->page_shift);
    from = round_up(memory->size, page);
    to = round_up(size, page);
    if (!we_os_commit(memory->base + from, (size_t) (to - from))) {
        return UINT64_MAX;
    }
    quota->memory_used += size - memory->size;
    memory->size = size;
    return old;
}

/* --- bulk operations ---------------------------------------------------- */

static bool inside(uint64_t size, uint64_t at, uint64_t n)
{
    return at <= size && n <= size - at;
}

static enum we_trap_code poll(const we_engine *engine)
{
    return (enum we_trap_code)
           *(const volatile uint32_t *) &engine->stack.interrupt;
}

static size_t chunk(uint64_t n)
{
    return n < CHUNK ? (size_t) n : CHUNK;
}

/* Both ranges are in bounds; they may overlap. */
static enum we_trap_code move(const we_engine *engine, uint8_t *to,
                              const uint8_t *from, uint64_t n)
{
    enum we_trap_code trap = WE_TRAP_NONE;
    bool backward = (uintptr_t) to > (uintptr_t) from;
    size_t step;

    while (n > 0 && trap == WE_TRAP_NONE) {
        step = chunk(n);
        n -= step;
        if (backward) {
            memmove(to + n, from + n, step);
        } else {
            memmove(to, from, step);
            to += step;
            from += step;
        }
        trap = n > 0 ? poll(engine) : WE_TRAP_NONE;
    }
    return trap;
}

enum we_trap_code we_memory_init(we_instance *instance, uint32_t memory,
                                 uint32_t segment, uint64_t dst, uint64_t src,
                                 uint64_t n)
{
    struct we_memory *to = instance->memories[memory];
    const struct we_bytes *bytes = &instance->module->datas[segment].bytes;
    uint64_t size = instance->data_dropped[segment] ? 0 : bytes->len;

    if (!inside(size, src, n) || !inside(to->size, dst, n)) {
        return WE_TRAP_MEMORY;
    }
    return n == 0 ? WE_TRAP_NONE
                  : move(to->engine, to->base + dst, bytes->data + src, n);
}

enum we_trap_code we_memory_copy(struct we_memory *dst, struct we_memory *src,
                                 uint64_t to, uint64_t from, uint64_t n)
{
    if (!inside(src->size, from, n) || !inside(dst->size, to, n)) {
        return WE_TRAP_MEMORY;
    }
    return move(dst->engine, dst->base + to, src->base + from, n);
}

enum we_trap_code we_memory_fill(struct we_memory *memory, uint64_t to,
                                 uint8_t value, uint64_t n)
{
    enum we_trap_code trap = WE_TRAP_NONE;
    size_t step;

    if (!inside(memory->size, to, n)) {
        return WE_TRAP_MEMORY;
    }
    while (n > 0 && trap == WE_TRAP_NONE) {
        step = chunk(n);
        memset(memory->base + to, value, step);
        to += step;
        n -= step;
        trap = n > 0 ? poll(memory->engine) : WE_TRAP_NONE;
    }
    return trap;
}

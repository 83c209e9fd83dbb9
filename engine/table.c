/* Tables: growth within the quota, access, bulk operations. */
#include "instance.h"

#include "detail.h"

#include <string.h>

enum { CHUNK = 32 << 10 };               /* elements between two polls */

static bool inside(uint64_t size, uint64_t at, uint64_t n)
{
    return at <= size && n <= size - at;
}

static enum we_trap_code poll(const we_engine *engine)
{
    return (enum we_trap_code)
           *(const volatile uint32_t *) &engine->stack.interrupt;
}

static uint64_t chunk(uint64_t n)
{
    return n < CHUNK ? n : CHUNK;
}

static enum we_trap_code fill(const struct we_table *table, uint64_t to,
                              uint64_t value, uint64_t n)
{
    enum we_trap_code trap = WE_TRAP_NONE;
    uint64_t end;

    while (n > 0 && trap == WE_TRAP_NONE) {
        end = to + chunk(n);
        n -= end - to;
        while (to < end) {
            table->elems[to++] = value;
        }
        trap = n > 0 ? poll(table->engine) : WE_TRAP_NONE;
    }
    return trap;
}

/* Room for n elements; the quota has admitted them. */
static bool table_room(struct we_table *table, uint64_t n)
{
    struct we_allocator *a = &table->engine->allocator;
    uint64_t *elems;

    if (n <= table->capacity) {
        return true;
    }
    if (n > SIZE_MAX / sizeof *elems) {
        return false;
    }
    elems = a->resize(a->env, table->elems,
                      (size_t) table->capacity * sizeof *elems,
                      (size_t) n * sizeof *elems);
    if (elems == NULL) {
        return false;
    }
    table->elems = elems;
    table->capacity = n;
    return true;
}

/* --- creation and growth ------------------------------------------------ */

enum we_error we_table_make(struct we_table *table,
                            const struct we_table_desc *desc, uint64_t value,
                            we_instance *owner, struct we_detail *detail)
{
    struct we_quota *quota = &owner->quota;
    uint64_t min = desc->range.min;

    table->type = desc->type;
    table->range = desc->range;
    table->quota = quota;
    table->engine = owner->engine;
    if (min > quota->table_elements - quota->table_used) {
        return we_detail_set(detail, WE_LIMIT, 0,
                             "table of %llu elements exceeds the limit of "
                             "%llu", (unsigned long long) min,
                             (unsigned long long) quota->table_elements);
    }
    if (!table_room(table, min)) {
        return we_detail_set(detail, WE_NOMEM, 0,
                             "out of memory for a table of %llu elements",
                             (unsigned long long) min);
    }
    if (fill(table, 0, value, min) != WE_TRAP_NONE) {
        we_table_release(table);
        return we_detail_set(detail, WE_LIMIT, 0,
                             "deadline exceeded in a table of %llu elements",
                             (unsigned long long) min);
    }
    table->size = min;
    quota->table_used += min;
    return WE_OK;
}

void we_table_release(struct we_table *table)
{
    struct we_allocator *a;

    if (table->elems != NULL) {
        a = &table->engine->allocator;
        (void) a->resize(a->env, table->elems,
                         (size_t) table->capacity * sizeof *table->elems, 0);
        table->elems = NULL;
        table->capacity = 0;
    }
}

/* Twice the room that is needed, as far as the table may still grow. */
static uint64_t table_ahead(const struct we_table *table, uint64_t need,
                            uint64_t bound)
{
    uint64_t ahead = table->capacity * 2;

    ahead = ahead < bound ? ahead : bound;
    return need <= table->capacity || ahead < need ? need : ahead;
}

uint64_t we_table_grow(struct we_table *table, uint64_t n, uint64_t value)
{
    struct we_quota *quota = table->quota;
    uint64_t old = table->size;
    uint64_t bound = table->range.is64 ? UINT64_MAX : UINT32_MAX;
    uint64_t left = quota->table_elements - quota->table_used;
    uint64_t need;

    if (table->range.has_max && table->range.max < bound) {
        bound = table->range.max;
    }
    if (n > left || old > bound || n > bound - old) {
        return UINT64_MAX;
    }
    need = old + n;
    bound = left < bound - old ? old + left : bound;
    if (!table_room(table, table_ahead(table, need, bound))
        && !table_room(table, need)) {
        return UINT64_MAX;
    }
    if (fill(table, old, value, n) != WE_TRAP_NONE) {
        return UINT64_MAX;
    }
    table->size = need;
    quota->table_used += n;
    return old;
}

/* --- access ------------------------------------------------------------- */

char we_table_type(const we_table *table)
{
    char letter = we_types_letter(table->type);

    return letter != 0 ? letter : '.';
}

uint64_t we_table_size(const we_table *table)
{
    return table->size;
}

enum we_error we_table_get(const we_table *table, uint64_t i, uint64_t *slot)
{
    if (i >= table->size) {
        return WE_ARGUMENT;
    }
    *slot = table->elems[i];
    return WE_OK;
}

enum we_error we_table_set(we_table *table, uint64_t i, uint64_t slot)
{
    if (i >= table->size || (slot == 0 && (table->type & WE_NULL) == 0)) {
        return WE_ARGUMENT;
    }
    table->elems[i] = slot;
    return WE_OK;
}

/* --- bulk operations ---------------------------------------------------- */

/* Both ranges are in bounds; they may overlap. */
static enum we_trap_code move(const we_engine *engine, uint64_t *to,
                              const uint64_t *from, uint64_t n)
{
    enum we_trap_code trap = WE_TRAP_NONE;
    bool backward = (uintptr_t) to > (uintptr_t) from;
    uint64_t step;

    while (n > 0 && trap == WE_TRAP_NONE) {
        step = chunk(n);
        n -= step;
        if (backward) {
            memmove(to + n, from + n, (size_t) step * sizeof *to);
        } else {
            memmove(to, from, (size_t) step * sizeof *to);
            to += step;
            from += step;
        }
        trap = n > 0 ? poll(engine) : WE_TRAP_NONE;
    }
    return trap;
}

enum we_trap_code we_table_init(we_instance *instance, uint32_t table,
                                uint32_t segment, uint64_t dst, uint64_t src,
                                uint64_t n)
{
    struct we_table *to = instance->tables[table];
    uint64_t size = instance->elem_dropped[segment]
                    ? 0 : instance->module->elems[segment].count;

    if (!inside(size, src, n) || !inside(to->size, dst, n)) {
        return WE_TRAP_TABLE;
    }
    return n == 0 ? WE_TRAP_NONE
                  : move(to->engine, to->elems + dst,
                         instance->elems[segment] + src, n);
}

enum we_trap_code we_table_copy(struct we_table *dst, struct we_table *src,
                                uint64_t to, uint64_t from, uint64_t n)
{
    if (!inside(src->size, from, n) || !inside(dst->size, to, n)) {
        return WE_TRAP_TABLE;
    }
    return n == 0 ? WE_TRAP_NONE
                  : move(dst->engine, dst->elems + to, src->elems + from, n);
}

enum we_trap_code we_table_fill(struct we_table *table, uint64_t to,
                                uint64_t value, uint64_t n)
{
    return inside(table->size, to, n) ? fill(table, to, value, n)
                                      : WE_TRAP_TABLE;
}

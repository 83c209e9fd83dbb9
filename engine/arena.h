/* Memory that lives as long as its owner, from the host's allocator. */
#ifndef WE_ARENA_H
#define WE_ARENA_H

#include "engine.h"

/* size 0 gives a valid pointer; NULL: out of memory.  Array forms check the
 * product. */
void *we_alloc(const struct we_allocator *a, size_t size);
void *we_alloc_array(const struct we_allocator *a, size_t n, size_t size);
void  we_release(const struct we_allocator *a, void *ptr, size_t size);

/* Makes *array (of *cap elements of size bytes) hold at least need elements;
 * false if out of memory, the array unchanged. */
bool we_grow(const struct we_allocator *a, void *array, size_t *cap,
             size_t need, size_t size);

/*
 * An allocator that takes from another one, up to `most` bytes: what one owner
 * may have.  exceeded says that this, and no lack of memory, was the reason of
 * a NULL.
 */
struct we_budget {
    struct we_allocator        allocator;    /* env: the budget */
    const struct we_allocator *from;
    uint64_t                   used, most;
    bool                       exceeded;
};

void we_budget_init(struct we_budget *budget, const struct we_allocator *from,
                    uint64_t most);
/* Charges it for bytes that are allocated elsewhere. */
bool we_budget_charge(struct we_budget *budget, uint64_t bytes);

struct we_arena_block;
struct we_arena_guest;
struct we_arena {
    const struct we_allocator *allocator;
    struct we_arena_block     *blocks;
    struct we_arena_guest     *guests;   /* adopted */
    size_t                     total;    /* bytes taken from the allocator */
};

void  we_arena_init(struct we_arena *arena, const struct we_allocator *a);
void  we_arena_free(struct we_arena *arena);
/* Zeroed memory, 8-byte aligned.  NULL: out of memory. */
void *we_arena_alloc(struct we_arena *arena, size_t size);
void *we_arena_array(struct we_arena *arena, size_t n, size_t size);
void *we_arena_copy(struct we_arena *arena, const void *data, size_t size);
/* Takes over a block of the same allocator; false: out of memory, the block
 * is still the caller's. */
bool  we_arena_adopt(struct we_arena *arena, void *block, size_t size);

#endif

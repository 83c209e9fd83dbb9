/* Allocation through the host's allocator, and arenas on top of it. */
#include "arena.h"

#include <string.h>

void *we_alloc(const struct we_allocator *a, size_t size)
{
    return a->resize(a->env, NULL, 0, size ? size : 1);
}

void *we_alloc_array(const struct we_allocator *a, size_t n, size_t size)
{
    return size && n > SIZE_MAX / size ? NULL : we_alloc(a, n * size);
}

void we_release(const struct we_allocator *a, void *ptr, size_t size)
{
    if (ptr)
        a->resize(a->env, ptr, size ? size : 1, 0);
}

/* Below that many bytes, arrays double; above, they waste less. */
enum { GROW_DOUBLY = 65536 };

bool we_grow(const struct we_allocator *a, void *array, size_t *cap,
             size_t need, size_t size)
{
    void *old, *new;
    size_t n = *cap;

    if (need <= n)
        return true;
    if (need > SIZE_MAX / 2 / size)
        return false;
    n = n < 8 ? 8 : n * size < GROW_DOUBLY ? n * 2 : n + n / 2;
    if (n < need || n > SIZE_MAX / size)
        n = need;
    memcpy(&old, array, sizeof old);
    new = a->resize(a->env, old, *cap * size, n * size);
    if (!new)
        return false;
    memcpy(array, &new, sizeof new);
    *cap = n;
    return true;
}

/* --- budgets ------------------------------------------------------------ */

bool we_budget_charge(struct we_budget *budget, uint64_t bytes)
{
    if (bytes > budget->most - budget->used) {
        budget->exceeded = true;
        return false;
    }
    budget->used += bytes;
    return true;
}

static void *budget_resize(void *env, void *ptr, size_t old_size,
                           size_t new_size)
{
    struct we_budget *budget = env;
    void *block;

    budget->used -= old_size;
    if (!we_budget_charge(budget, new_size)) {
        budget->used += old_size;
        return NULL;
    }
    block = budget->from->resize(budget->from->env, ptr, old_size, new_size);
    if (!block && new_size > 0)
        budget->used = budget->used - new_size + old_size;
    return block;
}

void we_budget_init(struct we_budget *budget, const struct we_allocator *from,
                    uint64_t most)
{
    *budget = (struct we_budget){
        .allocator = { .resize = budget_resize, .env = budget },
        .from = from, .most = most
    };
}

/* --- arenas ------------------------------------------------------------- */

enum { ALIGN = 8, BLOCK_MIN = 4096, BLOCK_MAX = 1 << 18 };

struct we_arena_block {
    struct we_arena_block *next;
    size_t size, used;                   /* with this header */
};

struct we_arena_guest {
    struct we_arena_guest *next;
    void  *block;
    size_t size;
};

#define HEADER \
    ((sizeof(struct we_arena_block) + ALIGN - 1) & ~(size_t)(ALIGN - 1))

void we_arena_init(struct we_arena *arena, const struct we_allocator *a)
{
    *arena = (struct we_arena){ .allocator = a };
}

void we_arena_free(struct we_arena *arena)
{
    struct we_arena_block *block = arena->blocks, *next;
    struct we_arena_guest *guest = arena->guests;

    for (; guest; guest = guest->next)
        we_release(arena->allocator, guest->block, guest->size);
    for (; block; block = next) {
        next = block->next;
        we_release(arena->allocator, block, block->size);
    }
    arena->blocks = NULL;
    arena->guests = NULL;
    arena->total = 0;
}

/* A new block with room for size bytes.  It comes first, unless it is made for
 * one large piece alone: then the block in use stays in use. */
static struct we_arena_block *add_block(struct we_arena *arena, size_t size)
{
    size_t want = BLOCK_MIN;
    struct we_arena_block *block;
    bool alone;

    while (want < BLOCK_MAX && want < arena->total / 4)
        want *= 2;
    alone = size > want / 2;
    if (alone)
        want = HEADER + size;
    block = we_alloc(arena->allocator, want);
    if (!block)
        return NULL;
    block->size = want;
    block->used = HEADER;
    arena->total += want;
    if (alone && arena->blocks) {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    } else {
        block->next = arena->blocks;
        arena->blocks = block;
    }
    return block;
}

void *we_arena_alloc(struct we_arena *arena, size_t size)
{
    struct we_arena_block *block = arena->blocks;
    void *piece;

    if (size > SIZE_MAX / 2)
        return NULL;
    size = size ? (size + ALIGN - 1) & ~(size_t)(ALIGN - 1) : ALIGN;
    if (!block || block->size - block->used < size)
        block = add_block(arena, size);
    if (!block)
        return NULL;
    piece = (uint8_t *)block + block->used;
    block->used += size;
    return memset(piece, 0, size);
}

void *we_arena_array(struct we_arena *arena, size_t n, size_t size)
{
    return size && n > SIZE_MAX / size ? NULL
                                       : we_arena_alloc(arena, n * size);
}

void *we_arena_copy(struct we_arena *arena, const void *data, size_t size)
{
    void *copy = we_arena_alloc(arena, size);

    if (copy && size)
        memcpy(copy, data, size);
    return copy;
}

bool we_arena_adopt(struct we_arena *arena, void *block, size_t size)
{
    struct we_arena_guest *guest = we_arena_alloc(arena, sizeof *guest);

    if (!guest)
        return false;
    *guest = (struct we_arena_guest){ arena->guests, block, size };
    arena->guests = guest;
    arena->total += size;
    return true;
}

/* Lowers bodies to the interpreter's register code: a body from its beginning
 * to its end, and the sink's life. */
#include "lower.h"

#include "arena.h"

#include <string.h>

enum { ZERO_UNITS = 8, BIG = 65536 };

static bool number_locals(struct we_lower *l)
{
    const struct we_body *body = l->body;
    uint32_t nparams = body->type != NULL ? body->type->nparams : 0;
    uint32_t i, slot = 0;

    if (!we_grow(l->allocator, &l->local_slot, &l->local_slot_cap,
                 body->nlocals, sizeof *l->local_slot)
        || !we_grow(l->allocator, &l->is_set, &l->is_set_cap, body->nlocals,
                    sizeof *l->is_set)
        || !we_grow(l->allocator, &l->waiting, &l->waiting_cap,
                    body->local_slots, sizeof *l->waiting)) {
        return false;
    }
    for (i = 0; i < body->nlocals; i++) {
        l->is_set[i] = i < nparams;
        l->local_slot[i] = slot;
        slot += we_slots(body->locals[i]);
    }
    if (slot > 0) {
        memset(l->waiting, 0, slot * sizeof *l->waiting);
    }
    return true;
}

static enum we_error lower_begin(void *env, const struct we_body *body)
{
    struct we_lower *l = env;
    uint32_t i;

    l->error = WE_OK;
    l->body = body;
    l->n = l->nmap = l->ncatches = l->reads = l->barrier = 0;
    l->noperands = l->flushed = l->nblocks = 0;
    l->nset = l->zero_from = l->zero_to = 0;
    l->top = body->local_slots;
    l->returns = l->def_end = l->move_end = WE_NONE;
    l->result_slots = 0;
    for (i = 0; i < body->nresults; i++) {
        l->result_slots += we_slots(body->results[i]);
    }
    if (body->local_slots > WE_SLOTS_MAX) {
        return WE_LIMIT;
    }
    if (!number_locals(l)
        || !we_grow(l->allocator, &l->units, &l->units_cap, WE_SPARE_UNITS,
                    sizeof *l->units)) {
        return WE_NOMEM;
    }
    we_emit_label(l);
    we_emit(l, WE_I_ZERO, ZERO_UNITS);   /* filled in, or left out, when
                                            it is known which are read */
    we_lower_body(l);
    return l->error;
}

/* The returns give back what the call was charged. */
static void resolve_returns(struct we_lower *l, uint32_t charge)
{
    uint32_t at = l->returns, next;

    while (at != WE_NONE) {
        memcpy(&next, l->units + at, sizeof next);
        we_put_imm32(l->units + at, charge);
        at = next;
    }
}

/* Map and catches go behind the units, with `skip` units left out there. */
static void put_tables(const struct we_lower *l, uint32_t skip, void *at)
{
    struct we_code_map *map = at;
    struct we_code_catch *catches = (void *) (map + l->nmap);
    uint32_t i;

    for (i = 0; i < l->nmap; i++) {
        map[i] = l->map[i];
        map[i].at -= skip;
    }
    for (i = 0; i < l->ncatches; i++) {
        catches[i] = l->catches[i];
        catches[i].from -= skip;
        catches[i].to -= skip;
        catches[i].target -= skip;
    }
}

/* A body's last home, its record and all: a copy. */
static struct we_code *keep_copy(struct we_lower *l, uint32_t skip,
                                 size_t units, size_t tables)
{
    struct we_code *code = we_arena_alloc(&l->module->arena,
                                          sizeof *code + units + tables);

    if (code != NULL) {
        memcpy(code + 1, l->units + skip, units);
        put_tables(l, skip, (uint8_t *) (code + 1) + units);
        code->units = (const uint16_t *) (code + 1);
    }
    return code;
}

/* Of a big body: the very buffer; then the next body finds a new one. */
static struct we_code *keep_buffer(struct we_lower *l, uint32_t skip,
                                   size_t tables)
{
    struct we_arena *arena = &l->module->arena;
    size_t size = l->n * sizeof *l->units + tables;
    struct we_code *code = we_arena_alloc(arena, sizeof *code);
    uint16_t *units = l->allocator->resize(l->allocator->env, l->units,
                                           l->units_cap * sizeof *units,
                                           size);

    if (units == NULL) {
        return NULL;
    }
    l->units = units;
    l->units_cap = size / sizeof *units;
    if (code == NULL || !we_arena_adopt(arena, units, size)) {
        return NULL;
    }
    put_tables(l, skip, units + l->n);
    l->units = NULL;
    l->units_cap = 0;
    code->units = units + skip;
    return code;
}

static enum we_error lower_finish(void *env, uint32_t stack_slots)
{
    struct we_lower *l = env;
    uint32_t frame_slots = l->body->local_slots + stack_slots;
    uint32_t charge = (frame_slots + WE_FRAME_SLOTS) * 8;
    uint32_t skip = l->zero_from < l->zero_to ? 0 : ZERO_UNITS;
    size_t units = (l->n - skip) * sizeof *l->units;
    size_t tables = l->nmap * sizeof *l->map
                    + l->ncatches * sizeof *l->catches;
    struct we_code *code;

    if (frame_slots > WE_SLOTS_MAX) {
        return WE_LIMIT;
    }
    resolve_returns(l, charge);
    we_emit_handlers(l, skip);
    l->units[4] = (uint16_t) l->zero_from;
    we_put_imm32(l->units + 6, l->zero_to - l->zero_from);
    code = units <= BIG ? keep_copy(l, skip, units, tables)
                        : keep_buffer(l, skip, tables);
    if (code == NULL) {
        return WE_NOMEM;
    }
    code->nunits = l->n - skip;
    code->nmap = l->nmap;
    code->ncatches = l->ncatches & 0xffffff;
    code->reads = l->reads & 0xff;
    code->charge = charge;
    l->code = code;
    return WE_OK;
}

struct we_lower *we_lower_new(struct we_module *module)
{
    const struct we_allocator *a = module->arena.allocator;
    struct we_lower *l = we_alloc(a, sizeof *l);

    if (l == NULL) {
        return NULL;
    }
    *l = (struct we_lower){ .module = module, .allocator = a };
    we_lower_index_pairs(l);
    l->sink = (struct we_sink){ l, lower_begin, we_lower_insn, lower_finish };
    if (!we_grow(a, &l->operands, &l->operands_cap, WE_SPARE_OPERANDS,
                 sizeof *l->operands)) {
        we_lower_free(l);
        return NULL;
    }
    return l;
}

void we_lower_free(struct we_lower *l)
{
    const struct we_allocator *a;

    if (l == NULL) {
        return;
    }
    a = l->allocator;
    we_release(a, l->local_slot, l->local_slot_cap * sizeof *l->local_slot);
    we_release(a, l->is_set, l->is_set_cap * sizeof *l->is_set);
    we_release(a, l->set, l->set_cap * sizeof *l->set);
    we_release(a, l->waiting, l->waiting_cap * sizeof *l->waiting);
    we_release(a, l->units, l->units_cap * sizeof *l->units);
    we_release(a, l->map, l->map_cap * sizeof *l->map);
    we_release(a, l->catches, l->catches_cap * sizeof *l->catches);
    we_release(a, l->operands, l->operands_cap * sizeof *l->operands);
    we_release(a, l->blocks, l->blocks_cap * sizeof *l->blocks);
    we_release(a, l, sizeof *l);
}

const struct we_sink *we_lower_sink(struct we_lower *lower)
{
    return &lower->sink;
}

struct we_code *we_lower_take(struct we_lower *lower)
{
    return lower->code;
}

uint32_t we_code_offset(const struct we_code *code, const uint16_t *pc)
{
    const struct we_code_map *map = we_code_map(code);
    uint32_t at = (uint32_t) (pc - code->units);
    uint32_t low = 0, high = code->nmap;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (map[middle].at < at) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < code->nmap ? map[low].offset : 0;
}

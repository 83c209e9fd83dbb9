/* Instances: layout, instantiation (Section 4.5.4), exports. */
#include "instance.h"

#include "detail.h"
#include "heap.h"

#include <stdio.h>
#include <string.h>

static const uint64_t MEMORY_BYTES = (uint64_t) 1 << 32;
static const uint64_t TABLE_ELEMENTS = 10000000;

/* --- layout ------------------------------------------------------------- */

/* The next n elements of the block; base NULL only counts. */
static void *take(uint8_t *base, uint64_t *at, uint64_t n, size_t size)
{
    uint64_t here = (*at + 15) & ~(uint64_t) 15;

    *at = here + n * size;               /* n < 2^32 * limits.h: no wrap */
    return base != NULL ? base + here : NULL;
}

static void *take_elems(we_instance *instance, uint8_t *base, uint64_t *at,
                        const struct we_module *m)
{
    uint64_t **elems = take(base, at, m->nelems, sizeof *elems);
    uint64_t *values;
    uint32_t i;

    for (i = 0; i < m->nelems; i++) {
        if (m->elems[i].mode == WE_PASSIVE) {
            values = take(base, at, m->elems[i].count, sizeof *values);
            if (instance != NULL) {
                elems[i] = values;
            }
        }
    }
    return elems;
}

_Static_assert(offsetof(we_instance, host_data) == 0, "as engine.h says");

/* The one block of an instance: itself, then the arrays it points to.  Host
 * functions that it imports are copied behind its own ones. */
static uint64_t layout(we_instance *instance, const struct we_module *m)
{
    uint8_t *base = (uint8_t *) instance;
    we_instance it = { 0 };
    uint64_t at = sizeof it;

    it.memories = take(base, &at, m->nmemories, sizeof *it.memories);
    it.tables = take(base, &at, m->ntables, sizeof *it.tables);
    it.globals = take(base, &at, m->nglobals, sizeof *it.globals);
    it.funcs = take(base, &at, m->nfuncs, sizeof *it.funcs);
    it.tags = take(base, &at, m->ntags, sizeof *it.tags);
    it.own_memories = take(base, &at, m->nmemories - m->nmemories_imported,
                           sizeof *it.own_memories);
    it.own_tables = take(base, &at, m->ntables - m->ntables_imported,
                         sizeof *it.own_tables);
    it.own_globals = take(base, &at, m->nglobals - m->nglobals_imported,
                          sizeof *it.own_globals);
    it.own_tags = take(base, &at, m->ntags - m->ntags_imported,
                       sizeof *it.own_tags);
    it.own_funcs = take(base, &at, m->nfuncs, sizeof *it.own_funcs);
    it.elem_dropped = take(base, &at, m->nelems, sizeof *it.elem_dropped);
    it.data_dropped = take(base, &at, m->ndatas, sizeof *it.data_dropped);
    it.elems = take_elems(instance, base, &at, m);
    if (instance != NULL) {
        *instance = it;
    }
    return at;
}

static we_instance *instance_make(we_module *module,
                                  const struct we_limits *limits,
                                  struct we_detail *detail)
{
    static const struct we_limits none;
    struct we_engine *engine = module->engine;
    uint64_t size = layout(NULL, module);
    we_instance *instance = NULL;

    limits = limits != NULL ? limits : &none;
    if (size > we_module_most(module)) {
        we_detail_set(detail, WE_LIMIT, 0, "an instance takes %llu bytes of "
                      "memory, more than %u times the module's size",
                      (unsigned long long) size, (unsigned) WE_MEMORY_RATIO);
    } else if (size <= SIZE_MAX) {
        instance = we_alloc(&engine->allocator, (size_t) size);
    }
    if (instance != NULL) {
        memset(instance, 0, (size_t) size);
        layout(instance, module);
        instance->block_size = (size_t) size;
        instance->engine = engine;
        instance->module = module;
        module->count++;
        instance->quota.memory_bytes = limits->memory_bytes != 0
                                       ? limits->memory_bytes : MEMORY_BYTES;
        instance->quota.table_elements = limits->table_elements != 0
                                         ? limits->table_elements
                                         : TABLE_ELEMENTS;
        if (!we_heap_join(instance)) {
            we_instance_free(instance);
            instance = NULL;
        }
    }
    return instance;
}

void we_instance_free(we_instance *instance)
{
    struct we_engine *engine;
    we_module *m;
    uint32_t i;

    if (instance == NULL) {
        return;
    }
    engine = instance->engine;
    m = instance->module;
    for (i = 0; i < m->nmemories - m->nmemories_imported; i++) {
        we_memory_release(&instance->own_memories[i]);
    }
    for (i = 0; i < m->ntables - m->ntables_imported; i++) {
        we_table_release(&instance->own_tables[i]);
    }
    we_heap_leave(instance);
    we_release(&engine->allocator, instance, instance->block_size);
    we_module_free(m);
}

void we_instance_free_failed(struct we_engine *engine)
{
    we_instance *instance;

    while ((instance = engine->failed) != NULL) {
        engine->failed = instance->next;
        we_instance_free(instance);
    }
}

/* --- constant expressions ----------------------------------------------- */

static enum we_error run_expr(we_instance *instance,
                              const struct we_expr *expr, uint64_t value[2],
                              struct we_trap *trap)
{
    struct we_func func = { .instance = instance, .code = expr->code,
                            .index = WE_NO_INDEX };
    struct we_stack *stack = &instance->engine->stack;
    struct we_frame *entry = stack->high;
    enum we_trap_code code = we_interp_run(stack, &func);

    if (code != WE_TRAP_NONE) {
        we_trap_take(instance->engine, code, entry, trap);
        return WE_TRAP;
    }
    value[0] = stack->low[0];            /* code makes no v128 */
    value[1] = 0;
    return WE_OK;
}

static uint64_t func_ref(const we_instance *instance, uint32_t index)
{
    return (uint64_t) (uintptr_t) instance->funcs[index];
}

static enum we_error evaluate(we_instance *instance,
                              const struct we_expr *expr, uint64_t value[2],
                              struct we_trap *trap)
{
    switch (expr->kind) {
    case WE_EXPR_VALUE:
        memcpy(value, expr->value, sizeof expr->value);
        break;
    case WE_EXPR_FUNC:
        value[0] = func_ref(instance, expr->index);
        value[1] = 0;
        break;
    case WE_EXPR_GLOBAL:
        memcpy(value, instance->globals[expr->index]->value,
               sizeof expr->value);
        break;
    case WE_EXPR_CODE:
        return run_expr(instance, expr, value, trap);
    }
    return WE_OK;
}

/* --- what a module defines ---------------------------------------------- */

static void make_funcs(we_instance *instance)
{
    const struct we_module *m = instance->module;
    struct we_func *func = instance->own_funcs;
    uint32_t i;

    for (i = m->nfuncs_imported; i < m->nfuncs; i++, func++) {
        func->type = m->funcs[i].type;
        func->instance = instance;
        func->code = m->funcs[i].code;
        func->index = i;
        instance->funcs[i] = func;
    }
}

static void make_tags(we_instance *instance)
{
    const struct we_module *m = instance->module;
    struct we_tag *tag = instance->own_tags;
    uint32_t i;

    for (i = m->ntags_imported; i < m->ntags; i++, tag++) {
        tag->type = m->tags[i].type;
        instance->tags[i] = tag;
    }
}

static enum we_error make_memories(we_instance *instance,
                                   struct we_detail *detail)
{
    static const struct we_memory none;
    const struct we_module *m = instance->module;
    struct we_memory *memory = instance->own_memories;
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = m->nmemories_imported; i < m->nmemories && error == WE_OK;
         i++, memory++) {
        error = we_memory_make(memory, &m->memories[i], instance, detail);
        instance->memories[i] = memory;
    }
    instance->memory0 = m->nmemories > 0 ? instance->memories[0] : &none;
    return error;
}

static enum we_error make_globals(we_instance *instance, struct we_trap *trap)
{
    const struct we_module *m = instance->module;
    struct we_global *global = instance->own_globals;
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = m->nglobals_imported; i < m->nglobals && error == WE_OK;
         i++, global++) {
        global->type = m->globals[i].type;
        global->mutable_ = m->globals[i].mutable_;
        instance->globals[i] = global;
        error = evaluate(instance, &m->globals[i].init, global->value, trap);
    }
    return error;
}

static enum we_error make_tables(we_instance *instance,
                                 struct we_detail *detail,
                                 struct we_trap *trap)
{
    const struct we_module *m = instance->module;
    struct we_table *table = instance->own_tables;
    enum we_error error = WE_OK;
    uint64_t value[2];
    uint32_t i;

    for (i = m->ntables_imported; i < m->ntables && error == WE_OK;
         i++, table++) {
        instance->tables[i] = table;
        error = evaluate(instance, &m->tables[i].init, value, trap);
        if (error == WE_OK) {
            error = we_table_make(table, &m->tables[i], value[0], instance,
                                  detail);
        }
    }
    return error;
}

/* --- segments ----------------------------------------------------------- */

static enum we_error elem_values(we_instance *instance,
                                 const struct we_elem_desc *elem,
                                 uint64_t *to, struct we_trap *trap)
{
    enum we_error error = WE_OK;
    uint64_t value[2];
    uint32_t i;

    for (i = 0; i < elem->count && error == WE_OK; i++) {
        if (elem->funcs != NULL) {
            to[i] = func_ref(instance, elem->funcs[i]);
        } else {
            error = evaluate(instance, &elem->exprs[i], value, trap);
            to[i] = value[0];
        }
    }
    return error;
}

static enum we_error make_elems(we_instance *instance, struct we_trap *trap)
{
    const struct we_module *m = instance->module;
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = 0; i < m->nelems && error == WE_OK; i++) {
        if (m->elems[i].mode == WE_PASSIVE) {
            error = elem_values(instance, &m->elems[i], instance->elems[i],
                                trap);
        }
        instance->elem_dropped[i] = m->elems[i].mode != WE_PASSIVE;
    }
    return error;
}

/* A 32-bit table or memory has an offset of 32 bits: slots have the upper
 * half zero.  The values are written only when all of them fit. */
static enum we_error place_elem(we_instance *instance,
                                const struct we_elem_desc *elem,
                                struct we_trap *trap)
{
    struct we_table *table = instance->tables[elem->table];
    uint64_t offset[2];
    enum we_error error = evaluate(instance, &elem->offset, offset, trap);

    if (error != WE_OK) {
        return error;
    }
    if (offset[0] > table->size || elem->count > table->size - offset[0]) {
        we_trap_take(instance->engine, WE_TRAP_TABLE,
                     instance->engine->stack.high, trap);
        return WE_TRAP;
    }
    return elem->count == 0
           ? WE_OK
           : elem_values(instance, elem, table->elems + offset[0], trap);
}

static enum we_error place_data(we_instance *instance, uint32_t i,
                                struct we_trap *trap)
{
    const struct we_data_desc *data = &instance->module->datas[i];
    enum we_trap_code code;
    uint64_t offset[2];
    enum we_error error = evaluate(instance, &data->offset, offset, trap);

    if (error != WE_OK) {
        return error;
    }
    code = we_memory_init(instance, data->memory, i, offset[0], 0,
                          data->bytes.len);
    instance->data_dropped[i] = true;
    if (code != WE_TRAP_NONE) {
        we_trap_take(instance->engine, code, instance->engine->stack.high,
                     trap);
        return WE_TRAP;
    }
    return WE_OK;
}

static enum we_error place_segments(we_instance *instance,
                                    struct we_detail *detail,
                                    struct we_trap *trap)
{
    const struct we_module *m = instance->module;
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = 0; i < m->nelems && error == WE_OK; i++) {
        if (m->elems[i].mode == WE_ACTIVE) {
            error = place_elem(instance, &m->elems[i], trap);
        }
    }
    if (error != WE_OK) {
        return we_detail_set(detail, error, 0, "element segment %u: %s",
                             i - 1, trap->text);
    }
    for (i = 0; i < m->ndatas && error == WE_OK; i++) {
        if (m->datas[i].mode == WE_ACTIVE) {
            error = place_data(instance, i, trap);
        }
    }
    if (error != WE_OK) {
        return we_detail_set(detail, error, 0, "data segment %u: %s", i - 1,
                             trap->text);
    }
    return WE_OK;
}

/* --- instantiation ------------------------------------------------------ */

/* Up to here nobody else can have seen the instance. */
static enum we_error build(we_instance *instance, we_linker *linker,
                           struct we_detail *detail, struct we_trap *trap)
{
    enum we_error error = we_linker_bind(linker, instance, detail);

    make_funcs(instance);
    make_tags(instance);
    if (error == WE_OK) {
        error = make_memories(instance, detail);
    }
    if (error == WE_OK) {
        error = make_globals(instance, trap);
    }
    if (error == WE_OK) {
        error = make_tables(instance, detail, trap);
    }
    if (error == WE_OK) {
        error = make_elems(instance, trap);
    }
    return error;
}

static enum we_error start(we_instance *instance, uint64_t deadline,
                           struct we_detail *detail, struct we_trap *trap)
{
    uint32_t index = instance->module->start;
    enum we_error error;

    if (index == WE_NO_INDEX) {
        return WE_OK;
    }
    error = we_call(instance->funcs[index], NULL, deadline, trap);
    if (error == WE_OK) {
        return WE_OK;
    }
    return we_detail_set(detail, error, 0, "start function: %s",
                         error == WE_TRAP ? trap->text
                         : "the engine is not attached to the thread");
}

enum we_error we_instance_new(we_module *module, we_linker *linker,
                              const struct we_limits *limits,
                              uint64_t deadline, void *host_data,
                              we_instance **instance,
                              struct we_detail *detail, struct we_trap *trap)
{
    struct we_detail own_detail;
    struct we_trap own_trap;
    we_instance *it;
    enum we_error error = WE_NOMEM;
    bool seen = false;

    detail = detail != NULL ? detail : &own_detail;
    trap = trap != NULL ? trap : &own_trap;
    detail->error = WE_OK;
    *instance = NULL;
    it = instance_make(module, limits, detail);
    if (it == NULL && detail->error != WE_OK) {
        return detail->error;
    }
    if (it != NULL) {
        it->host_data = host_data;
        error = build(it, linker, detail, trap);
        seen = error == WE_OK;
        if (error == WE_OK) {
            error = place_segments(it, detail, trap);
        }
        if (error == WE_OK) {
            error = start(it, deadline, detail, trap);
        }
    }
    if (error == WE_OK) {
        *instance = it;
        return WE_OK;
    }
    we_detail_set(detail, error, 0, "%s", error == WE_TRAP
                  ? trap->text : we_error_text(error));
    if (it != NULL && it->linked && (seen || it->heap->base != NULL)) {
        /* Its functions may stand in a table of another instance now, objects
         * of its types in their heap. */
        it->next = it->engine->failed;
        it->engine->failed = it;
    } else {
        we_instance_free(it);
    }
    return error;
}

/* --- access ------------------------------------------------------------- */

const we_module *we_instance_module(const we_instance *instance)
{
    return instance->module;
}

void we_instance_set_trap(we_instance *instance, int32_t exit_status,
                          const char *format, ...)
{
    struct we_engine *engine = instance->engine;
    va_list args;

    engine->exit_status = exit_status;
    va_start(args, format);
    vsnprintf(engine->trap_text, sizeof engine->trap_text, format, args);
    va_end(args);
}

static bool find_export(const we_instance *instance, enum we_kind kind,
                        const char *name, size_t len, uint32_t *index)
{
    struct we_extern found;

    if (!we_module_find_export(instance->module, name, len, &found)
        || found.kind != kind) {
        return false;
    }
    *index = found.index;
    return true;
}

we_func *we_instance_func(we_instance *instance, const char *name, size_t len)
{
    uint32_t i;

    return find_export(instance, WE_FUNC, name, len, &i)
           ? instance->funcs[i] : NULL;
}

we_memory *we_instance_memory(we_instance *instance, const char *name,
                              size_t len)
{
    uint32_t i;

    return find_export(instance, WE_MEMORY, name, len, &i)
           ? instance->memories[i] : NULL;
}

we_global *we_instance_global(we_instance *instance, const char *name,
                              size_t len)
{
    uint32_t i;

    return find_export(instance, WE_GLOBAL, name, len, &i)
           ? instance->globals[i] : NULL;
}

we_table *we_instance_table(we_instance *instance, const char *name,
                            size_t len)
{
    uint32_t i;

    return find_export(instance, WE_TABLE, name, len, &i)
           ? instance->tables[i] : NULL;
}

we_tag *we_instance_tag(we_instance *instance, const char *name, size_t len)
{
    uint32_t i;

    return find_export(instance, WE_TAG, name, len, &i)
           ? instance->tags[i] : NULL;
}

char *we_tag_signature(const we_tag *tag, char *buf, size_t size)
{
    return we_types_text(tag->type, buf, size);
}

char we_global_type(const we_global *global)
{
    char letter = we_types_letter(global->type);

    return letter != 0 ? letter : '.';
}

void we_global_get(const we_global *global, uint64_t slots[2])
{
    memcpy(slots, global->value, sizeof global->value);
}

enum we_error we_global_set(we_global *global, const uint64_t slots[2])
{
    if (!global->mutable_) {
        return WE_ARGUMENT;
    }
    memcpy(global->value, slots, sizeof global->value);
    return WE_OK;
}

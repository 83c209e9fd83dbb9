/* Linkers: what modules may import, by name, and the matching of imports
 * (Section 4.5.3). */
#include "instance.h"

#include "detail.h"
#include "hash.h"
#include "heap.h"

#include <string.h>

static const char *const kind_names[] = {
    [WE_FUNC] = "function", [WE_TABLE] = "table", [WE_MEMORY] = "memory",
    [WE_GLOBAL] = "global", [WE_TAG] = "tag"
};

struct def {
    struct we_bytes    module, name;     /* in the linker's arena */
    uint64_t           hash;
    uint32_t           next;             /* in the bucket: index + 1, or 0 */
    enum we_kind       kind;
    we_instance       *instance;         /* whose export it is */
    void              *object;           /* of an instance; NULL: */
    struct we_host_def host;
    uint32_t           type;             /* canonical, counted */
};

struct we_linker {
    we_engine       *engine;
    struct we_arena  arena;
    struct def      *defs;
    size_t           ndefs, cap;
    uint32_t        *buckets;            /* a power of two */
    size_t           nbuckets;
    we_resolve_fn   *resolve;
    void            *resolve_env;
};

we_linker *we_linker_new(we_engine *engine)
{
    we_linker *linker = we_alloc(&engine->allocator, sizeof *linker);

    if (linker != NULL) {
        memset(linker, 0, sizeof *linker);
        linker->engine = engine;
        we_arena_init(&linker->arena, &engine->allocator);
    }
    return linker;
}

void we_linker_free(we_linker *linker)
{
    const struct we_allocator *a;
    size_t i;

    if (linker == NULL) {
        return;
    }
    a = &linker->engine->allocator;
    for (i = 0; i < linker->ndefs; i++) {
        if (linker->defs[i].object == NULL) {
            we_types_release(linker->engine->types, linker->defs[i].type);
        }
    }
    we_release(a, linker->defs, linker->cap * sizeof *linker->defs);
    we_release(a, linker->buckets,
               linker->nbuckets * sizeof *linker->buckets);
    we_arena_free(&linker->arena);
    we_release(a, linker, sizeof *linker);
}

void we_linker_set_resolver(we_linker *linker, we_resolve_fn *resolve,
                            void *env)
{
    linker->resolve = resolve;
    linker->resolve_env = env;
}

/* --- definitions -------------------------------------------------------- */

static uint64_t key_hash(const we_linker *linker, struct we_bytes module,
                         struct we_bytes name)
{
    uint64_t hash = we_hash_seed(linker);

    hash = we_hash_bytes(hash, module.data, module.len);
    return we_hash_bytes(hash, name.data, name.len);
}

static bool same(struct we_bytes a, struct we_bytes b)
{
    return a.len == b.len
           && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static uint32_t *bucket(const we_linker *linker, uint64_t hash)
{
    return &linker->buckets[hash & (linker->nbuckets - 1)];
}

static const struct def *find(const we_linker *linker, struct we_bytes module,
                              struct we_bytes name)
{
    uint64_t hash = key_hash(linker, module, name);
    const struct def *def;
    uint32_t i;

    if (linker->nbuckets == 0) {
        return NULL;
    }
    for (i = *bucket(linker, hash); i != 0; i = def->next) {
        def = &linker->defs[i - 1];
        if (def->hash == hash && same(def->module, module)
            && same(def->name, name)) {
            return def;
        }
    }
    return NULL;
}

static void enter(we_linker *linker, size_t i)
{
    uint32_t *head = bucket(linker, linker->defs[i].hash);

    linker->defs[i].next = *head;
    *head = (uint32_t) i + 1;
}

static void leave_last(we_linker *linker)
{
    struct def *def = &linker->defs[--linker->ndefs];

    *bucket(linker, def->hash) = def->next;
}

/* Room for one more, and never more definitions than buckets. */
static bool room(we_linker *linker)
{
    const struct we_allocator *a = &linker->engine->allocator;
    size_t n = linker->nbuckets != 0 ? linker->nbuckets * 2 : 64;
    uint32_t *buckets;
    size_t i;

    if (linker->ndefs >= UINT32_MAX / 2
        || !we_grow(a, &linker->defs, &linker->cap, linker->ndefs + 1,
                    sizeof *linker->defs)) {
        return false;
    }
    if (linker->ndefs < linker->nbuckets) {
        return true;
    }
    buckets = we_alloc_array(a, n, sizeof *buckets);
    if (buckets == NULL) {
        return false;
    }
    memset(buckets, 0, n * sizeof *buckets);
    we_release(a, linker->buckets,
               linker->nbuckets * sizeof *linker->buckets);
    linker->buckets = buckets;
    linker->nbuckets = n;
    for (i = 0; i < linker->ndefs; i++) {
        enter(linker, i);
    }
    return true;
}

/* def->module is in the arena already. */
static enum we_error add(we_linker *linker, struct def *def)
{
    def->name.data = we_arena_copy(&linker->arena, def->name.data,
                                   def->name.len);
    if (def->name.data == NULL || !room(linker)) {
        return WE_NOMEM;
    }
    def->hash = key_hash(linker, def->module, def->name);
    linker->defs[linker->ndefs] = *def;
    enter(linker, linker->ndefs++);
    return WE_OK;
}

static bool bytes_of(const char *text, struct we_bytes *bytes)
{
    size_t len = strlen(text);

    bytes->data = (const uint8_t *) text;
    bytes->len = (uint32_t) len;
    return len < UINT32_MAX;
}

enum we_error we_linker_define_func(we_linker *linker, const char *module,
                                    const char *name, const char *signature,
                                    we_host_fn *fn, void *env)
{
    struct we_types *types = linker->engine->types;
    struct def def = { .kind = WE_FUNC, .host = { fn, env } };
    enum we_error error;

    if (!bytes_of(module, &def.module) || !bytes_of(name, &def.name)
        || find(linker, def.module, def.name) != NULL) {
        return WE_ARGUMENT;
    }
    error = we_types_signature(types, signature, &def.type);
    if (error != WE_OK) {
        return error;
    }
    def.module.data = we_arena_copy(&linker->arena, module, def.module.len);
    error = def.module.data == NULL ? WE_NOMEM : add(linker, &def);
    if (error != WE_OK) {
        we_types_release(types, def.type);
    }
    return error;
}

static void *export_object(const we_instance *instance,
                           const struct we_export_desc *export_)
{
    switch (export_->kind) {
    case WE_FUNC:   return instance->funcs[export_->index];
    case WE_TABLE:  return instance->tables[export_->index];
    case WE_MEMORY: return instance->memories[export_->index];
    case WE_GLOBAL: return instance->globals[export_->index];
    case WE_TAG:    return instance->tags[export_->index];
    }
    return NULL;
}

enum we_error we_linker_define_instance(we_linker *linker, const char *module,
                                        size_t module_len,
                                        we_instance *instance)
{
    const struct we_module *m = instance->module;
    struct def def = { .module = { (const uint8_t *) module,
                                   (uint32_t) module_len } };
    size_t before = linker->ndefs;
    enum we_error error = WE_OK;
    uint32_t i;

    if (module_len >= UINT32_MAX || instance->engine != linker->engine) {
        return WE_ARGUMENT;
    }
    for (i = 0; i < m->nexports; i++) {
        if (find(linker, def.module, m->exports[i].name) != NULL) {
            return WE_ARGUMENT;
        }
    }
    def.module.data = we_arena_copy(&linker->arena, module, module_len);
    if (def.module.data == NULL) {
        return WE_NOMEM;
    }
    for (i = 0; i < m->nexports && error == WE_OK; i++) {
        def.kind = m->exports[i].kind;
        def.name = m->exports[i].name;
        def.object = export_object(instance, &m->exports[i]);
        def.instance = instance;
        error = add(linker, &def);
    }
    while (error != WE_OK && linker->ndefs > before) {
        leave_last(linker);
    }
    return error;
}

/* --- matching ----------------------------------------------------------- */

/* Why limits don't match; NULL if they do. */
static const char *range_mismatch(const struct we_range *have, uint64_t size,
                                  const struct we_range *want)
{
    if (have->is64 != want->is64) {
        return "address type differs";
    }
    if (have->shared != want->shared) {
        return "one is shared";
    }
    if (size < want->min) {
        return "smaller than its minimum";
    }
    if (want->has_max && !have->has_max) {
        return "has no maximum";
    }
    if (want->has_max && have->max > want->max) {
        return "maximum too large";
    }
    return NULL;
}

static const char *func_mismatch(const we_instance *instance, uint32_t i,
                                 const struct we_func *func)
{
    return we_types_id_sub(instance->engine->types, func->type->id,
                           instance->module->funcs[i].type->id)
           ? NULL : "signature differs";
}

static const char *table_mismatch(const we_instance *instance, uint32_t i,
                                  const struct we_table *table)
{
    const struct we_table_desc *want = &instance->module->tables[i];

    return table->type != want->type
           ? "element type differs"
           : range_mismatch(&table->range, table->size, &want->range);
}

static const char *memory_mismatch(const we_instance *instance, uint32_t i,
                                   const struct we_memory *memory)
{
    const struct we_memory_desc *want = &instance->module->memories[i];

    return range_mismatch(&memory->range,
                          memory->size >> memory->page_shift, &want->range);
}

static const char *global_mismatch(const we_instance *instance, uint32_t i,
                                   const struct we_global *global)
{
    const struct we_global_desc *want = &instance->module->globals[i];

    if (global->mutable_ != want->mutable_) {
        return "mutability differs";
    }
    if (global->type == want->type
        || (!want->mutable_ && we_types_sub(instance->engine->types,
                                            global->type, want->type))) {
        return NULL;
    }
    return "type differs";
}

static const char *tag_mismatch(const we_instance *instance, uint32_t i,
                                const struct we_tag *tag)
{
    return tag->type != instance->module->tags[i].type ? "signature differs"
                                                       : NULL;
}

/* --- binding ------------------------------------------------------------ */

static enum we_error refuse(const struct we_import_desc *import,
                            const char *verb, const char *reason,
                            struct we_detail *detail)
{
    char module[WE_QUOTE_MAX], name[WE_QUOTE_MAX];

    return we_detail_set(detail, WE_LINK, 0, "import %s %s: %s%s%s%s",
                         we_detail_quote(module, import->module),
                         we_detail_quote(name, import->name), verb,
                         kind_names[import->kind],
                         reason != NULL ? " type mismatch: " : "",
                         reason != NULL ? reason : "");
}

/* Enters an object of the right kind; NULL if its type matches. */
static const char *bind_object(we_instance *instance,
                               const struct we_import_desc *import,
                               void *object)
{
    uint32_t i = import->index;

    instance->linked = true;
    switch (import->kind) {
    case WE_FUNC:
        instance->funcs[i] = object;
        return func_mismatch(instance, i, object);
    case WE_TABLE:
        instance->tables[i] = object;
        return table_mismatch(instance, i, object);
    case WE_MEMORY:
        instance->memories[i] = object;
        return memory_mismatch(instance, i, object);
    case WE_GLOBAL:
        instance->globals[i] = object;
        return global_mismatch(instance, i, object);
    case WE_TAG:
        instance->tags[i] = object;
        return tag_mismatch(instance, i, object);
    }
    return "unknown kind";
}

/* Can references come through this import? */
static bool shares_heap(const we_instance *instance,
                        const struct we_import_desc *import)
{
    return import->kind != WE_MEMORY
           && (import->kind != WE_GLOBAL
               || we_is_ref(instance->module->globals[import->index].type));
}

/* Host functions get the type of the import, which the module keeps alive. */
static void bind_host(we_instance *instance, uint32_t i, struct we_func *func,
                      const struct we_host_def *host)
{
    func->type = instance->module->funcs[i].type;
    func->instance = instance;
    func->host = host->fn;
    func->env = host->env;
    func->index = i;
    instance->funcs[i] = func;
}

static bool ask(const we_linker *linker, const we_module *module,
                const struct we_import_desc *import, struct we_host_def *host)
{
    char signature[2048];                /* limits.h: 1000 + 1000 letters */
    struct we_extern what = {
        .kind = WE_FUNC,
        .module = (const char *) import->module.data,
        .module_len = import->module.len,
        .name = (const char *) import->name.data,
        .name_len = import->name.len,
        .index = import->index
    };

    if (import->kind != WE_FUNC || linker->resolve == NULL) {
        return false;
    }
    we_types_text(module->funcs[import->index].type, signature,
                  sizeof signature);
    return linker->resolve(linker->resolve_env, &what, signature, host)
           && host->fn != NULL;
}

static enum we_error bind(const we_linker *linker, we_instance *instance,
                          const struct we_import_desc *import,
                          struct we_func *copy, struct we_detail *detail)
{
    const struct we_module *module = instance->module;
    struct we_host_def host = { NULL, NULL };
    const struct def *def = NULL;
    const char *reason;

    if (linker != NULL) {
        def = find(linker, import->module, import->name);
    }
    if (def == NULL) {
        if (linker == NULL || !ask(linker, module, import, &host)) {
            return refuse(import, "unknown ", NULL, detail);
        }
        bind_host(instance, import->index, copy, &host);
        return WE_OK;
    }
    if (def->kind != import->kind) {
        return refuse(import, "defined, but not as a ", NULL, detail);
    }
    if (def->object == NULL) {
        bind_host(instance, import->index, copy, &def->host);
        return def->type == module->funcs[import->index].type->id
               ? WE_OK : refuse(import, "", "signature differs", detail);
    }
    reason = bind_object(instance, import, def->object);
    if (reason == NULL && shares_heap(instance, import)
        && !we_heap_unite(instance, def->instance)) {
        reason = "its heap is not the one of another import";
    }
    return reason == NULL ? WE_OK : refuse(import, "", reason, detail);
}

enum we_error we_linker_bind(we_linker *linker, we_instance *instance,
                             struct we_detail *detail)
{
    const struct we_module *module = instance->module;
    struct we_func *copy = instance->own_funcs
                           + (module->nfuncs - module->nfuncs_imported);
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = 0; i < module->nimports && error == WE_OK; i++) {
        error = bind(linker, instance, &module->imports[i], copy, detail);
        copy += module->imports[i].kind == WE_FUNC;
    }
    return error;
}

/* Modules: loading (Section 4.5.4: decode, validate, prepare), and what hosts
 * may ask about one. */
#include "module.h"
#include "code.h"
#include "decode.h"
#include "detail.h"
#include "hash.h"
#include "instance.h"
#include "reader.h"

/* --- exports by name ---------------------------------------------------- */

static bool equal(struct we_bytes a, const char *name, size_t len)
{
    return a.len == len && (len == 0 || memcmp(a.data, name, len) == 0);
}

/* Where the export of that name is in the table, or where it would go. */
static uint32_t *find_bucket(const struct we_module *m, const char *name,
                             size_t len)
{
    uint64_t hash = we_hash_bytes(we_hash_seed(m), name, len);
    uint32_t mask = m->nexports_hash - 1, i = (uint32_t)hash & mask;

    while (m->export_hash[i] != 0
           && !equal(m->exports[m->export_hash[i] - 1].name, name, len))
        i = (i + 1) & mask;
    return &m->export_hash[i];
}

static enum we_error hash_exports(struct we_module *m,
                                  struct we_detail *detail)
{
    char quoted[WE_QUOTE_MAX];
    struct we_bytes name;
    uint32_t size = 2, i, *bucket;

    while (size / 2 < m->nexports)
        size *= 2;
    m->nexports_hash = size;
    m->export_hash = we_arena_array(&m->arena, size, sizeof *m->export_hash);
    if (!m->export_hash)
        return we_detail_set(detail, WE_NOMEM, 0, "out of memory");
    for (i = 0; i < m->nexports; i++) {
        name = m->exports[i].name;
        bucket = find_bucket(m, (const char *)name.data, name.len);
        if (*bucket != 0)
            return we_detail_set(detail, WE_INVALID,
                                 (uint64_t)(name.data - m->bytes.data),
                                 "export section, offset 0x%llx: duplicate "
                                 "export name %s",
                                 (unsigned long long)(name.data
                                                      - m->bytes.data),
                                 we_detail_quote(quoted, name));
        *bucket = i + 1;
    }
    return WE_OK;
}

/* --- loading ------------------------------------------------------------ */

static enum we_error load_bodies(struct we_module *m, struct we_validator *v,
                                 struct we_lower *lower,
                                 struct we_detail *detail)
{
    const struct we_sink *sink = we_lower_sink(lower);
    enum we_error error = WE_OK;
    uint32_t i;

    for (i = m->nfuncs_imported; i < m->nfuncs && error == WE_OK; i++) {
        error = we_validate_func(v, i, sink, detail);
        if (error == WE_OK)
            m->funcs[i].code = we_lower_take(lower);
    }
    return error;
}

static enum we_error load(struct we_module *m, const void *bytes, size_t len,
                          struct we_detail *detail)
{
    struct we_validator *v;
    struct we_lower *lower;
    enum we_error error;

    m->bytes.data = we_arena_copy(&m->arena, bytes, len);
    v = we_validator_new(m);
    lower = we_lower_new(m);
    if (v && lower && m->bytes.data)
        error = we_decode_module(m, v, lower, detail);
    else
        error = we_detail_set(detail, WE_NOMEM, 0, "out of memory");
    if (error == WE_OK)
        error = hash_exports(m, detail);
    if (error == WE_OK)
        error = load_bodies(m, v, lower, detail);
    we_lower_free(lower);
    we_validator_free(v);
    return error;
}

/* Whoever ran out of memory didn't know that it was the module's own. */
static enum we_error too_greedy(const struct we_module *m,
                                struct we_detail *detail)
{
    uint64_t offset = detail->offset;

    detail->error = WE_OK;
    return we_detail_set(detail, WE_LIMIT, offset, "offset 0x%llx: the module "
                         "takes more than %llu bytes of memory, %u times its "
                         "size", (unsigned long long)offset,
                         (unsigned long long)we_module_most(m),
                         (unsigned)WE_MEMORY_RATIO);
}

enum we_error we_module_load(we_engine *engine, const void *bytes, size_t len,
                             we_module **module, struct we_detail *detail)
{
    const struct we_allocator *a = &engine->allocator;
    struct we_detail ignored;
    struct we_module *m;
    enum we_error error;

    *module = NULL;
    detail = detail ? detail : &ignored;
    *detail = (struct we_detail){ .error = WE_OK };
    if (len > engine->module_bytes || len > UINT32_MAX)
        return we_detail_set(detail, WE_LIMIT, 0, "module of %llu bytes, at "
                             "most %llu are allowed", (unsigned long long)len,
                             (unsigned long long)engine->module_bytes);
    m = we_alloc(a, sizeof *m);
    if (!m)
        return we_detail_set(detail, WE_NOMEM, 0, "out of memory");
    *m = (struct we_module){ .engine = engine, .count = 1 };
    m->bytes.len = (uint32_t)len;
    we_budget_init(&m->budget, a, we_module_most(m));
    we_arena_init(&m->arena, &m->budget.allocator);
    error = load(m, bytes, len, detail);
    if (error == WE_NOMEM && m->budget.exceeded)
        error = too_greedy(m, detail);
    if (error == WE_OK)
        *module = m;
    else
        we_module_free(m);
    return error;
}

void we_module_free(we_module *module)
{
    uint32_t i;

    if (!module || --module->count > 0)
        return;
    for (i = 0; i < module->ntypes; i++)
        we_types_release(module->engine->types, module->types[i]->id);
    we_arena_free(&module->arena);
    we_release(&module->engine->allocator, module, sizeof *module);
}

/* --- what hosts may ask ------------------------------------------------- */

uint32_t we_module_nimports(const we_module *module)
{
    return module->nimports;
}

uint32_t we_module_nexports(const we_module *module)
{
    return module->nexports;
}

void we_module_import(const we_module *module, uint32_t i,
                      struct we_extern *import)
{
    const struct we_import_desc *desc = &module->imports[i];

    *import = (struct we_extern){
        .kind = desc->kind, .index = desc->index,
        .module = (const char *)desc->module.data,
        .module_len = desc->module.len,
        .name = (const char *)desc->name.data, .name_len = desc->name.len
    };
}

void we_module_export(const we_module *module, uint32_t i,
                      struct we_extern *export_)
{
    const struct we_export_desc *desc = &module->exports[i];

    *export_ = (struct we_extern){
        .kind = desc->kind, .index = desc->index,
        .name = (const char *)desc->name.data, .name_len = desc->name.len
    };
}

bool we_module_find_export(const we_module *module, const char *name,
                           size_t len, struct we_extern *export_)
{
    uint32_t found = *find_bucket(module, name, len);

    if (found != 0 && export_)
        we_module_export(module, found - 1, export_);
    return found != 0;
}

bool we_module_func_is(const we_module *module, uint32_t func,
                       const char *signature)
{
    return func < module->nfuncs
           && we_types_has_text(module->funcs[func].type, signature);
}

char *we_module_func_signature(const we_module *module, uint32_t func,
                               char *buf, size_t size)
{
    return we_types_text(module->funcs[func].type, buf, size);
}

struct we_bytes we_module_func_name(const struct we_module *m, uint32_t func)
{
    uint32_t at = m->funcs[func].name;
    struct we_reader r = we_reader_new(m->bytes, at, m->bytes.len);

    return at == 0 ? (struct we_bytes){ 0 } : we_reader_bytes(&r);
}

const uint8_t *we_module_custom(const we_module *module, const char *name,
                                size_t *len)
{
    const struct we_custom_desc *custom = module->customs;
    uint32_t i;

    for (i = 0; i < module->ncustoms; i++, custom++)
        if (equal(custom->name, name, strlen(name))) {
            *len = custom->bytes.len;
            return custom->bytes.data;
        }
    return NULL;
}

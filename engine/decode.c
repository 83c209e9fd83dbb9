/* Decodes a module: its sections, one after the other (Section 5.5). */
#include "decode.h"
#include "arena.h"
#include "code.h"
#include "instance.h"

#include <stdio.h>

/* --- errors and bounded counts ------------------------------------------ */

static void record(struct we_decoder *d, enum we_error error, uint32_t at,
                   const char *text)
{
    we_detail_set(d->detail, error, at, "%s, offset 0x%x: %s", d->where, at,
                  text);
}

bool we_decode_good(struct we_decoder *d)
{
    if (d->r.error)
        record(d, d->r.code, d->r.error_at, d->r.error);
    return d->detail->error == WE_OK;
}

void we_decode_fail(struct we_decoder *d, enum we_error error, uint32_t at,
                    const char *format, ...)
{
    char text[WE_TEXT_MAX];
    va_list args;

    if (we_decode_good(d)) {
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        record(d, error, at, text);
    }
    d->r.at = d->r.end;
}

uint32_t we_decode_count(struct we_decoder *d, enum we_maximum limit)
{
    uint32_t at = we_reader_offset(&d->r), n = we_reader_count(&d->r);

    if (n <= we_maxima[limit].most)
        return n;
    we_decode_fail(d, WE_LIMIT, at, "%u %s, at most %u are supported", n,
                   we_maxima[limit].what, we_maxima[limit].most);
    return 0;
}

void *we_decode_array(struct we_decoder *d, size_t n, size_t size)
{
    void *array = we_arena_array(&d->module->arena, n, size);

    if (!array)
        we_decode_fail(d, WE_NOMEM, we_reader_offset(&d->r), "out of memory");
    return array;
}

/* An index into a space of n; 0 with the error recorded. */
static uint32_t read_index(struct we_decoder *d, uint32_t n, const char *what)
{
    uint32_t at = we_reader_offset(&d->r), index = we_reader_u32(&d->r);

    if (index >= n) {
        we_decode_fail(d, WE_INVALID, at, "unknown %s %u", what, index);
        return 0;
    }
    return index;
}

/* --- types of what is imported or defined ------------------------------- */

enum { HAS_MAX = 1, SHARED = 2, IS64 = 4 };

static struct we_range read_range(struct we_decoder *d, uint8_t allowed)
{
    struct we_range range = { 0 };
    uint8_t flags = we_reader_byte(&d->r);

    if (flags & ~allowed) {
        we_reader_fail(&d->r, "malformed limits flags");
        return range;
    }
    range.has_max = flags & HAS_MAX;
    range.shared = flags & SHARED;
    range.is64 = flags & IS64;
    range.min = we_reader_u64(&d->r);
    if (range.has_max)
        range.max = we_reader_u64(&d->r);
    return range;
}

/* Section 3.2.12 */
static void check_range(struct we_decoder *d, uint32_t at,
                        const struct we_range *range, uint64_t most,
                        const char *what, const char *unit)
{
    if (range->min > most || (range->has_max && range->max > most))
        we_decode_fail(d, WE_INVALID, at, "%s size must be at most %llu %s",
                       what, (unsigned long long)most, unit);
    else if (range->has_max && range->min > range->max)
        we_decode_fail(d, WE_INVALID, at,
                       "size minimum must not be greater than maximum");
}

static const struct we_type *read_func_type(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t at = we_reader_offset(&d->r);
    uint32_t index = read_index(d, m->ntypes, "type");

    if (!we_decode_good(d))
        return NULL;
    if (m->types[index]->kind != WE_TYPE_FUNC)
        we_decode_fail(d, WE_INVALID, at, "type %u is not a function type",
                       index);
    return m->types[index];
}

static void read_table_type(struct we_decoder *d, struct we_table_desc *table)
{
    uint32_t at;

    table->type = we_decode_reftype(&d->r, d->module, 0);
    at = we_reader_offset(&d->r);
    table->range = read_range(d, HAS_MAX | IS64);
    check_range(d, at, &table->range,
                table->range.is64 ? UINT64_MAX : UINT32_MAX,
                "table", "elements");
}

static void read_memory_type(struct we_decoder *d,
                             struct we_memory_desc *memory)
{
    uint32_t at = we_reader_offset(&d->r);

    memory->range = read_range(d, HAS_MAX | SHARED | IS64);
    memory->page_shift = 16;
    if (memory->range.shared && !memory->range.has_max)
        we_decode_fail(d, WE_INVALID, at, "shared memory must have maximum");
    check_range(d, at, &memory->range,
                memory->range.is64 ? (uint64_t)1 << 48 : 65536,
                "memory", "pages");
}

static void read_global_type(struct we_decoder *d,
                             struct we_global_desc *global)
{
    uint8_t mutability;

    global->type = we_decode_valtype(&d->r, d->module, 0);
    mutability = we_reader_byte(&d->r);
    if (mutability > 1)
        we_reader_fail(&d->r, "malformed mutability");
    global->mutable_ = mutability == 1;
}

static void read_tag_type(struct we_decoder *d, struct we_tag_desc *tag)
{
    uint32_t at = we_reader_offset(&d->r);

    if (we_reader_byte(&d->r) != 0)
        we_reader_fail(&d->r, "malformed tag attribute");
    tag->type = read_func_type(d);
    if (we_decode_good(d) && tag->type->nresults > 0)
        we_decode_fail(d, WE_INVALID, at, "non-empty tag result type");
}

static we_valtype address_type(const struct we_range *range)
{
    return range->is64 ? WE_I64 : WE_I32;
}

/* --- index spaces ------------------------------------------------------- */

static void read_item(struct we_decoder *d, enum we_kind kind, void *desc);

/* The five index spaces: where the module keeps them. */
struct space {
    uint32_t *n, *nimported;
    void     *array;                     /* address of the array's pointer */
    size_t    size;
};

static struct space space_of(struct we_module *m, enum we_kind kind)
{
    const struct space spaces[] = {
        [WE_FUNC] = { &m->nfuncs, &m->nfuncs_imported, &m->funcs,
                      sizeof *m->funcs },
        [WE_TABLE] = { &m->ntables, &m->ntables_imported, &m->tables,
                       sizeof *m->tables },
        [WE_MEMORY] = { &m->nmemories, &m->nmemories_imported, &m->memories,
                        sizeof *m->memories },
        [WE_GLOBAL] = { &m->nglobals, &m->nglobals_imported, &m->globals,
                        sizeof *m->globals },
        [WE_TAG] = { &m->ntags, &m->ntags_imported, &m->tags,
                     sizeof *m->tags }
    };

    return spaces[kind];
}

enum { NKINDS = WE_TAG + 1 };

static const struct {
    const char     *name;
    enum we_maximum limit;
    bool            together;            /* of imports and own together */
} kinds[NKINDS] = {
    [WE_FUNC] = { "function", WE_MAX_FUNCS, false },
    [WE_TABLE] = { "table", WE_MAX_TABLES, true },
    [WE_MEMORY] = { "memory", WE_MAX_MEMORIES, true },
    [WE_GLOBAL] = { "global", WE_MAX_GLOBALS, false },
    [WE_TAG] = { "tag", WE_MAX_TAGS, false }
};

static void too_many(struct we_decoder *d, enum we_kind kind)
{
    we_decode_fail(d, WE_LIMIT, we_reader_offset(&d->r),
                   "more than %u %s are not supported",
                   we_maxima[kinds[kind].limit].most,
                   we_maxima[kinds[kind].limit].what);
}

static void *space_item(const struct space *s, uint32_t i)
{
    uint8_t *array;

    memcpy(&array, s->array, sizeof array);
    return array + i * s->size;
}

/* Allocates the index spaces: nothing is moved or wasted when the imports are
 * followed by own definitions. */
static void reserve_spaces(struct we_decoder *d, const uint32_t *imported,
                           const uint32_t *own)
{
    struct space s;
    void *array;
    int k;

    for (k = 0; k < NKINDS; k++) {
        s = space_of(d->module, (enum we_kind)k);
        if (kinds[k].together
            && imported[k] + own[k] > we_maxima[kinds[k].limit].most)
            too_many(d, (enum we_kind)k);
        array = we_decode_array(d, (size_t)imported[k] + own[k], s.size);
        memcpy(s.array, &array, sizeof array);
        *s.nimported = imported[k];
    }
}

/* An item of the import section, its type put into desc. */
static struct we_import_desc read_import(struct we_decoder *d)
{
    struct we_import_desc import = { 0 };
    uint8_t kind;

    import.module = we_reader_name(&d->r);
    import.name = we_reader_name(&d->r);
    kind = we_reader_byte(&d->r);
    if (kind >= NKINDS) {
        we_reader_fail(&d->r, "malformed import kind");
        kind = 0;
    }
    import.kind = (enum we_kind)kind;
    return import;
}

/* Counts the imports of each kind; the reader is left where it was. */
static void count_imports(struct we_decoder *d, uint32_t *imported)
{
    struct we_reader start = d->r;
    uint32_t n = we_decode_count(d, WE_MAX_IMPORTS), i;
    union {
        struct we_func_desc func;
        struct we_table_desc table;
        struct we_memory_desc memory;
        struct we_global_desc global;
        struct we_tag_desc tag;
    } ignored;
    enum we_kind kind;

    for (i = 0; i < n && we_decode_good(d); i++) {
        kind = read_import(d).kind;
        read_item(d, kind, &ignored);
        if (++imported[kind] > we_maxima[kinds[kind].limit].most)
            too_many(d, kind);
    }
    if (we_decode_good(d))
        d->r = start;
}

static void read_imports(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_IMPORTS), i;
    struct space s;

    m->imports = we_decode_array(d, n, sizeof *m->imports);
    for (i = 0; i < n && we_decode_good(d); i++) {
        m->imports[i] = read_import(d);
        s = space_of(m, m->imports[i].kind);
        m->imports[i].index = *s.n;
        read_item(d, m->imports[i].kind, space_item(&s, (*s.n)++));
        m->nimports++;
    }
}

/* The type of an import or of a function, memory or tag that is defined. */
static void read_item(struct we_decoder *d, enum we_kind kind, void *desc)
{
    switch (kind) {
    case WE_FUNC:
        ((struct we_func_desc *)desc)->type = read_func_type(d);
        break;
    case WE_TABLE:
        read_table_type(d, desc);
        break;
    case WE_MEMORY:
        read_memory_type(d, desc);
        break;
    case WE_GLOBAL:
        read_global_type(d, desc);
        break;
    case WE_TAG:
        read_tag_type(d, desc);
        break;
    }
}

/* A section that is a vector of types of one kind. */
static void read_items(struct we_decoder *d, enum we_kind kind)
{
    struct space s = space_of(d->module, kind);
    uint32_t n = we_decode_count(d, kinds[kind].limit), i;

    for (i = 0; i < n && we_decode_good(d); i++)
        read_item(d, kind, space_item(&s, (*s.n)++));
}

static void read_funcs(struct we_decoder *d)
{
    read_items(d, WE_FUNC);
}

static void read_memories(struct we_decoder *d)
{
    read_items(d, WE_MEMORY);
}

static void read_tags(struct we_decoder *d)
{
    read_items(d, WE_TAG);
}

enum { TABLE_WITH_INIT = 0x40 };

static void read_tables(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_TABLES), i, at;
    struct we_table_desc *table;
    bool init;

    for (i = 0; i < n && we_decode_good(d); i++) {
        at = we_reader_offset(&d->r);
        table = &m->tables[m->ntables];
        init = we_reader_peek(&d->r) == TABLE_WITH_INIT;
        if (init) {
            we_reader_byte(&d->r);
            if (we_reader_byte(&d->r) != 0)
                we_reader_fail(&d->r, "malformed table");
        }
        read_table_type(d, table);
        if (init)
            table->init = we_decode_expr(d, table->type, m->nglobals_imported);
        else if (!(table->type & WE_NULL))
            we_decode_fail(d, WE_INVALID, at, "table %u of a non-nullable "
                           "type needs an initializer", m->ntables);
        m->ntables++;
    }
}

static void read_globals(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_GLOBALS), i;
    struct we_global_desc *global;

    for (i = 0; i < n && we_decode_good(d); i++) {
        global = &m->globals[m->nglobals];
        read_global_type(d, global);
        global->init = we_decode_expr(d, global->type, m->nglobals);
        m->nglobals++;
    }
}

/* --- exports, start ----------------------------------------------------- */

static void read_exports(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_EXPORTS);
    struct we_export_desc *e;
    struct space s;
    uint8_t kind;

    m->exports = we_decode_array(d, n, sizeof *m->exports);
    while (m->nexports < n && we_decode_good(d)) {
        e = &m->exports[m->nexports++];
        e->name = we_reader_name(&d->r);
        kind = we_reader_byte(&d->r);
        if (kind >= NKINDS) {
            we_reader_fail(&d->r, "malformed export kind");
            return;
        }
        e->kind = (enum we_kind)kind;
        s = space_of(m, e->kind);
        e->index = read_index(d, *s.n, kinds[kind].name);
        if (e->kind == WE_FUNC && we_decode_good(d))
            m->funcs[e->index].declared = true;
    }
}

static void read_start(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t at = we_reader_offset(&d->r);
    const struct we_type *type;

    m->start = read_index(d, m->nfuncs, "function");
    if (!we_decode_good(d))
        return;
    type = m->funcs[m->start].type;
    if (type->nparams > 0 || type->nresults > 0)
        we_decode_fail(d, WE_INVALID, at,
                       "the start function must have type []->[]");
}

/* --- segments ----------------------------------------------------------- */

/* Bits of an element segment's flags (Section 5.5.12). */
enum { NOT_ACTIVE = 1, EXPLICIT = 2, EXPRS = 4 };

/* Which table an active segment initialises, and where. */
static void read_elem_target(struct we_decoder *d, struct we_elem_desc *elem,
                             uint32_t flags)
{
    struct we_module *m = d->module;

    elem->table = 0;
    if (flags & EXPLICIT)
        elem->table = read_index(d, m->ntables, "table");
    else if (m->ntables == 0)
        we_decode_fail(d, WE_INVALID, we_reader_offset(&d->r),
                       "unknown table 0");
    if (we_decode_good(d))
        elem->offset = we_decode_expr(
            d, address_type(&m->tables[elem->table].range), m->nglobals);
}

/* The type of its elements: written unless the flags say neither a table nor
 * a mode; element kind 0 is (ref func). */
static void read_elem_type(struct we_decoder *d, struct we_elem_desc *elem,
                           uint32_t flags)
{
    bool written = flags & (NOT_ACTIVE | EXPLICIT);

    if (flags & EXPRS) {
        elem->type = written ? we_decode_reftype(&d->r, d->module, 0)
                             : WE_FUNCREF;
        return;
    }
    elem->type = WE_REF | WE_HEAP_FUNC;
    if (written && we_reader_byte(&d->r) != 0)
        we_reader_fail(&d->r, "malformed element kind");
}

static void read_elem_funcs(struct we_decoder *d, struct we_elem_desc *elem)
{
    struct we_module *m = d->module;
    uint32_t *funcs = we_decode_array(d, elem->count, sizeof *funcs), i;

    for (i = 0; i < elem->count && we_decode_good(d); i++) {
        funcs[i] = read_index(d, m->nfuncs, "function");
        if (we_decode_good(d))
            m->funcs[funcs[i]].declared = true;
    }
    elem->funcs = funcs;
}

static void read_elem_exprs(struct we_decoder *d, struct we_elem_desc *elem)
{
    uint32_t i;

    elem->exprs = we_decode_array(d, elem->count, sizeof *elem->exprs);
    for (i = 0; i < elem->count && we_decode_good(d); i++)
        elem->exprs[i] = we_decode_expr(d, elem->type, d->module->nglobals);
}

static void read_elem(struct we_decoder *d, struct we_elem_desc *elem)
{
    struct we_module *m = d->module;
    uint32_t at = we_reader_offset(&d->r), flags = we_reader_u32(&d->r);

    if (flags > (NOT_ACTIVE | EXPLICIT | EXPRS)) {
        we_reader_fail(&d->r, "malformed elements segment kind");
        return;
    }
    elem->mode = !(flags & NOT_ACTIVE) ? WE_ACTIVE
                 : flags & EXPLICIT ? WE_DECLARATIVE : WE_PASSIVE;
    if (elem->mode == WE_ACTIVE)
        read_elem_target(d, elem, flags);
    read_elem_type(d, elem, flags);
    if (elem->mode == WE_ACTIVE && we_decode_good(d)
        && !we_types_sub(m->engine->types, elem->type,
                         m->tables[elem->table].type))
        we_decode_fail(d, WE_INVALID, at, "type mismatch: the elements don't "
                       "match table %u", elem->table);
    elem->count = we_decode_count(d, WE_MAX_ITEMS);
    if (flags & EXPRS)
        read_elem_exprs(d, elem);
    else
        read_elem_funcs(d, elem);
}

static void read_elems(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_ELEMS);

    m->elems = we_decode_array(d, n, sizeof *m->elems);
    while (m->nelems < n && we_decode_good(d))
        read_elem(d, &m->elems[m->nelems++]);
}

static void read_data_count(struct we_decoder *d)
{
    uint32_t at = we_reader_offset(&d->r), n = we_reader_u32(&d->r);

    if (n > we_maxima[WE_MAX_DATAS].most)
        we_decode_fail(d, WE_LIMIT, at, "%u %s, at most %u are supported", n,
                       we_maxima[WE_MAX_DATAS].what,
                       we_maxima[WE_MAX_DATAS].most);
    d->module->has_data_count = true;
    d->module->ndatas = n;
}

static void read_data(struct we_decoder *d, struct we_data_desc *data)
{
    struct we_module *m = d->module;
    uint32_t at = we_reader_offset(&d->r), flags = we_reader_u32(&d->r);

    if (flags > 2) {
        we_reader_fail(&d->r, "malformed data segment kind");
        return;
    }
    data->mode = flags == 1 ? WE_PASSIVE : WE_ACTIVE;
    if (flags == 2)
        data->memory = read_index(d, m->nmemories, "memory");
    else if (flags == 0 && m->nmemories == 0)
        we_decode_fail(d, WE_INVALID, at, "unknown memory 0");
    if (data->mode == WE_ACTIVE && we_decode_good(d))
        data->offset = we_decode_expr(
            d, address_type(&m->memories[data->memory].range), m->nglobals);
    data->bytes = we_reader_bytes(&d->r);
}

static void read_datas(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_DATAS), i;

    if (m->has_data_count && n != m->ndatas)
        we_reader_fail(&d->r,
                       "data count and data section have inconsistent lengths");
    m->datas = we_decode_array(d, n, sizeof *m->datas);
    m->ndatas = n;
    for (i = 0; i < n && we_decode_good(d); i++)
        read_data(d, &m->datas[i]);
}

/* --- bodies ------------------------------------------------------------- */

static void read_bodies(struct we_decoder *d)
{
    struct we_module *m = d->module;
    uint32_t n = we_decode_count(d, WE_MAX_FUNCS), i, at;
    struct we_func_desc *func;

    for (i = 0; i < n && we_decode_good(d); i++) {
        func = &m->funcs[m->nfuncs_imported + i];
        at = we_reader_offset(&d->r);
        func->size = we_reader_bytes(&d->r).len;
        func->offset = we_reader_offset(&d->r) - func->size;
        if (func->size > we_maxima[WE_MAX_BODY].most)
            we_decode_fail(d, WE_LIMIT, at, "%u %s, at most %u are supported",
                           func->size, we_maxima[WE_MAX_BODY].what,
                           we_maxima[WE_MAX_BODY].most);
    }
}

/* --- the whole ---------------------------------------------------------- */

enum { CUSTOM = 0, IMPORT = 2, FUNCTION = 3, TABLE = 4, MEMORY = 5, GLOBAL = 6,
       CODE = 10, DATA = 11, DATA_COUNT = 12, TAG = 13, NSECTIONS = 14 };

/* By section id. */
static const struct section {
    const char *where;
    uint8_t     rank;                    /* their order in a module */
    void      (*read)(struct we_decoder *d);
} sections[NSECTIONS] = {
    { "custom section", 0, NULL },
    { "type section", 1, we_decode_types },
    { "import section", 2, read_imports },
    { "function section", 3, read_funcs },
    { "table section", 4, read_tables },
    { "memory section", 5, read_memories },
    { "global section", 7, read_globals },
    { "export section", 8, read_exports },
    { "start section", 9, read_start },
    { "element section", 10, read_elems },
    { "code section", 12, read_bodies },
    { "data section", 13, read_datas },
    { "data count section", 11, read_data_count },
    { "tag section", 6, read_tags }
};

/* Where the sections are, and what they say they hold. */
struct survey {
    uint32_t at[NSECTIONS], end[NSECTIONS];  /* end 0: not there */
    uint32_t count[NSECTIONS];
    bool     unreadable;                 /* one of the counts is malformed */
    uint32_t ncustoms;
};

/* One step from section to section: the id; the reader is bounded to its
 * content, to be widened again by the caller. */
static uint8_t next_section(struct we_decoder *d)
{
    uint8_t id;
    uint32_t size;

    d->where = "module";
    id = we_reader_byte(&d->r);
    if (id >= NSECTIONS) {
        d->r.at--;
        we_reader_fail(&d->r, "malformed section id");
        return 0;
    }
    d->where = sections[id].where;
    size = we_reader_u32(&d->r);
    if (size > we_reader_left(&d->r))
        we_reader_fail(&d->r, "length out of bounds");
    else
        d->r.end = d->r.at + size;
    return id;
}

static void read_magic(struct we_decoder *d)
{
    static const uint8_t magic[8] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
    const uint8_t *p = d->r.at;
    uint32_t left = we_reader_left(&d->r), n = left < 8 ? left : 8;

    if (memcmp(p, magic, n < 4 ? n : 4) != 0)
        we_reader_fail(&d->r, "magic header not detected");
    else if (n > 4 && memcmp(p + 4, magic + 4, n - 4) != 0)
        we_reader_fail(&d->r, "unknown binary version");
    we_reader_take(&d->r, 8);
}

static void survey_sections(struct we_decoder *d, struct survey *s)
{
    const uint8_t *end = d->r.end;
    struct we_reader peek;
    uint8_t id, rank = 0;

    while (we_reader_left(&d->r) > 0) {
        id = next_section(d);
        if (id == CUSTOM) {
            s->ncustoms++;
        } else if (sections[id].rank <= rank) {
            we_reader_fail(&d->r, "section out of order, or twice");
        } else {
            peek = d->r;
            rank = sections[id].rank;
            s->at[id] = we_reader_offset(&d->r);
            s->end[id] = s->at[id] + we_reader_left(&d->r);
            s->count[id] = we_reader_count(&peek);
            if (id == FUNCTION || id == CODE)
                s->unreadable |= peek.error != NULL;
        }
        if (!we_decode_good(d))
            return;
        d->r.at = d->r.end;
        d->r.end = end;
    }
    d->where = "module";
    if (s->count[FUNCTION] != s->count[CODE] && !s->unreadable)
        we_decode_fail(d, WE_MALFORMED, we_reader_offset(&d->r),
                       "function and code section have inconsistent lengths");
}

static void read_section(struct we_decoder *d, uint8_t id,
                         const struct survey *s)
{
    struct we_bytes bytes = d->module->bytes;

    if (s->end[id] == 0 || !we_decode_good(d))
        return;
    d->where = sections[id].where;
    d->r = we_reader_new(bytes, s->at[id], s->end[id]);
    sections[id].read(d);
    if (we_decode_good(d) && we_reader_left(&d->r) > 0)
        we_decode_fail(d, WE_MALFORMED, we_reader_offset(&d->r),
                       "section size mismatch");
}

static void read_spaces(struct we_decoder *d, const struct survey *s)
{
    static const uint8_t ids[NKINDS] = {
        [WE_FUNC] = FUNCTION, [WE_TABLE] = TABLE, [WE_MEMORY] = MEMORY,
        [WE_GLOBAL] = GLOBAL, [WE_TAG] = TAG
    };
    uint32_t imported[NKINDS] = { 0 }, own[NKINDS];
    int k;

    for (k = 0; k < NKINDS; k++) {
        own[k] = s->count[ids[k]];
        if (own[k] > we_maxima[kinds[k].limit].most)
            own[k] = 0;                  /* refused when it is read */
    }
    if (s->end[IMPORT] > 0) {
        d->where = sections[IMPORT].where;
        d->r = we_reader_new(d->module->bytes, s->at[IMPORT], s->end[IMPORT]);
        count_imports(d, imported);
    }
    if (we_decode_good(d))
        reserve_spaces(d, imported, own);
}

static void read_customs(struct we_decoder *d, uint32_t n)
{
    struct we_module *m = d->module;
    struct we_custom_desc *custom;
    const uint8_t *end;

    m->customs = we_decode_array(d, n, sizeof *m->customs);
    d->r = we_reader_new(m->bytes, 8, m->bytes.len);
    end = d->r.end;
    while (we_reader_left(&d->r) > 0 && we_decode_good(d)) {
        if (next_section(d) == CUSTOM) {
            custom = &m->customs[m->ncustoms++];
            custom->name = we_reader_name(&d->r);
            custom->bytes = (struct we_bytes){ d->r.at,
                                               we_reader_left(&d->r) };
        }
        d->r.at = d->r.end;
        d->r.end = end;
    }
}

/* --- the name section --------------------------------------------------- */

static void read_func_names(struct we_module *m, struct we_reader *r)
{
    uint32_t n = we_reader_count(r), index, at;

    for (; n > 0 && !r->error; n--) {
        index = we_reader_u32(r);
        at = we_reader_offset(r);
        we_reader_name(r);
        if (!r->error && index < m->nfuncs)
            m->funcs[index].name = at;
    }
}

/* What is malformed here is left out: names are for people. */
static void read_names(struct we_module *m, struct we_bytes section)
{
    struct we_reader r = { .base = m->bytes.data, .at = section.data,
                           .end = section.data + section.len };
    const uint8_t *end = r.end;
    uint32_t size;
    uint8_t id;

    while (we_reader_left(&r) > 0) {
        id = we_reader_byte(&r);
        size = we_reader_u32(&r);
        if (r.error || size > we_reader_left(&r))
            return;
        r.end = r.at + size;
        if (id == 0)
            m->name = we_reader_name(&r);
        else if (id == 1)
            read_func_names(m, &r);
        if (r.error)
            return;
        r.at = r.end;
        r.end = end;
    }
}

static bool is_name_section(const struct we_custom_desc *custom)
{
    return custom->name.len == 4 && memcmp(custom->name.data, "name", 4) == 0;
}

static void read_all(struct we_decoder *d)
{
    static const uint8_t order[] = { 1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10,
                                     11 };
    struct we_module *m = d->module;
    struct survey survey = { 0 };
    uint32_t i;

    read_magic(d);
    if (we_decode_good(d))
        survey_sections(d, &survey);
    if (!we_decode_good(d))
        return;
    read_section(d, order[0], &survey);
    if (we_decode_good(d))
        read_spaces(d, &survey);
    for (i = 1; i < sizeof order; i++)
        read_section(d, order[i], &survey);
    if (!we_decode_good(d))
        return;
    d->where = "module";
    if (m->ndatas > 0 && !m->datas)
        we_decode_fail(d, WE_MALFORMED, m->bytes.len,
                       "data count and data section have inconsistent lengths");
    if (we_decode_good(d))
        read_customs(d, survey.ncustoms);
    for (i = 0; i < m->ncustoms && we_decode_good(d); i++)
        if (is_name_section(&m->customs[i])) {
            read_names(m, m->customs[i].bytes);
            break;
        }
}

static void release_group(struct we_decoder *d)
{
    const struct we_allocator *a = d->module->arena.allocator;
    struct we_decode_group *g = &d->group;

    we_release(a, g->subs, g->subs_cap * sizeof *g->subs);
    we_release(a, g->values, g->values_cap * sizeof *g->values);
    we_release(a, g->fields, g->fields_cap * sizeof *g->fields);
    we_release(a, g->ids, g->ids_cap * sizeof *g->ids);
}

enum we_error we_decode_module(struct we_module *module,
                               struct we_validator *validator,
                               struct we_lower *lower,
                               struct we_detail *detail)
{
    struct we_decoder d = {
        .module = module, .validator = validator, .lower = lower,
        .sink = we_lower_sink(lower), .detail = detail, .where = "module",
        .r = we_reader_new(module->bytes, 0, module->bytes.len)
    };

    module->start = WE_NO_INDEX;
    read_all(&d);
    release_group(&d);
    return detail->error;
}

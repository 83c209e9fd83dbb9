/* Reads value types and the type section (Sections 5.3 and 5.5.4). */
#include "arena.h"
#include "decode.h"
#include "instance.h"

/* --- value types -------------------------------------------------------- */

static bool is_abstract(uint8_t byte)
{
    return byte >= WE_HEAP_EXN && byte <= WE_HEAP_NOEXN;
}

uint32_t we_decode_heaptype(struct we_reader *r, const struct we_module *m,
                            uint32_t ngroup)
{
    uint8_t byte = we_reader_peek(r);
    int64_t index;

    if ((byte & 0xc0) == 0x40) {         /* a negative number of one byte */
        if (!is_abstract(byte))
            we_reader_fail(r, "malformed heap type");
        return we_reader_byte(r);
    }
    index = we_reader_s33(r);
    if (r->error)
        return 0;
    if (index < 0)
        we_reader_fail(r, "malformed heap type");
    else if (index < m->ntypes)
        return WE_CONCRETE | m->types[index]->id;
    else if (index - m->ntypes < ngroup)
        return WE_CONCRETE | WE_IN_GROUP | (uint32_t)(index - m->ntypes);
    else
        we_reader_stop(r, WE_INVALID, "unknown type");
    return 0;
}

enum { REF = 0x64, REF_NULL = 0x63, FUNC = 0x60, STRUCT = 0x5f, ARRAY = 0x5e,
       SUB = 0x50, SUB_FINAL = 0x4f, REC = 0x4e };

we_valtype we_decode_reftype(struct we_reader *r, const struct we_module *m,
                             uint32_t ngroup)
{
    uint8_t byte = we_reader_byte(r);

    if (byte == REF)
        return WE_REF | we_decode_heaptype(r, m, ngroup);
    if (byte == REF_NULL)
        return WE_REF | WE_NULL | we_decode_heaptype(r, m, ngroup);
    if (!is_abstract(byte))
        we_reader_fail(r, "malformed reference type");
    return WE_REF | WE_NULL | byte;
}

we_valtype we_decode_valtype(struct we_reader *r, const struct we_module *m,
                             uint32_t ngroup)
{
    uint8_t byte = we_reader_peek(r);

    if (byte >= WE_V128 && byte <= WE_I32)
        return we_reader_byte(r);
    if (byte == REF || byte == REF_NULL || is_abstract(byte))
        return we_decode_reftype(r, m, ngroup);
    we_reader_fail(r, "malformed value type");
    return WE_I32;
}

/* --- the type section --------------------------------------------------- */

static bool room(struct we_decoder *d, void *array, size_t *cap, size_t need,
                 size_t size)
{
    if (we_grow(d->module->arena.allocator, array, cap, need, size))
        return true;
    we_decode_fail(d, WE_NOMEM, we_reader_offset(&d->r), "out of memory");
    return false;
}

/* Appends a vector of value types to the group's; how many. */
static uint32_t read_values(struct we_decoder *d, uint32_t ngroup,
                            enum we_maximum limit)
{
    struct we_decode_group *g = &d->group;
    uint32_t n = we_decode_count(d, limit), i;

    if (!room(d, &g->values, &g->values_cap, g->nvalues + n,
              sizeof *g->values))
        return 0;
    for (i = 0; i < n; i++)
        g->values[g->nvalues++] = we_decode_valtype(&d->r, d->module, ngroup);
    return n;
}

static struct we_field read_field(struct we_decoder *d, uint32_t ngroup)
{
    struct we_field field;
    uint8_t byte = we_reader_peek(&d->r);

    if (byte == WE_I8 || byte == WE_I16)
        field.type = we_reader_byte(&d->r);
    else
        field.type = we_decode_valtype(&d->r, d->module, ngroup);
    byte = we_reader_byte(&d->r);
    if (byte > 1)
        we_reader_fail(&d->r, "malformed mutability");
    field.mutable_ = byte == 1;
    return field;
}

static uint32_t read_fields(struct we_decoder *d, uint32_t ngroup, uint32_t n)
{
    struct we_decode_group *g = &d->group;
    uint32_t i;

    if (!room(d, &g->fields, &g->fields_cap, g->nfields + n,
              sizeof *g->fields))
        return 0;
    for (i = 0; i < n; i++)
        g->fields[g->nfields++] = read_field(d, ngroup);
    return n;
}

/* The declared supertype of the type at position pos, if any. */
static void read_super(struct we_decoder *d, struct we_subtype *sub,
                       uint32_t pos)
{
    uint32_t ntypes = d->module->ntypes, at, n, index;

    at = we_reader_offset(&d->r);
    n = we_reader_count(&d->r);
    if (n > 1)
        we_decode_fail(d, WE_INVALID, at,
                       "a type can't have %u supertypes", n);
    if (n != 1 || !we_decode_good(d))
        return;
    at = we_reader_offset(&d->r);
    index = we_reader_u32(&d->r);
    sub->has_super = true;
    if (index < ntypes)
        sub->super = d->module->types[index]->id;
    else if (index - ntypes < pos)
        sub->super = WE_IN_GROUP | (index - ntypes);
    else
        we_decode_fail(d, WE_INVALID, at, "unknown type %u", index);
}

static void read_subtype(struct we_decoder *d, uint32_t pos, uint32_t ngroup)
{
    struct we_subtype *sub = &d->group.subs[pos];
    uint8_t form = we_reader_peek(&d->r);

    *sub = (struct we_subtype){ .final = form != SUB };
    if (form == SUB || form == SUB_FINAL) {
        we_reader_byte(&d->r);
        read_super(d, sub, pos);
    }
    switch (we_reader_byte(&d->r)) {
    case FUNC:
        sub->kind = WE_TYPE_FUNC;
        sub->nparams = read_values(d, ngroup, WE_MAX_PARAMS);
        sub->nresults = read_values(d, ngroup, WE_MAX_RESULTS);
        break;
    case STRUCT:
        sub->kind = WE_TYPE_STRUCT;
        sub->nfields = read_fields(d, ngroup,
                                   we_decode_count(d, WE_MAX_FIELDS));
        break;
    case ARRAY:
        sub->kind = WE_TYPE_ARRAY;
        sub->nfields = read_fields(d, ngroup, 1);
        break;
    default:
        we_reader_fail(&d->r, "malformed type");
    }
}

/* Interns the n types that were read and appends them to the module's. */
static void add_group(struct we_decoder *d, uint32_t n, uint32_t at)
{
    struct we_decode_group *g = &d->group;
    struct we_module *m = d->module;
    struct we_types *types = m->engine->types;
    const we_valtype *values = g->values;
    const struct we_field *fields = g->fields;
    enum we_error error;
    uint32_t i, bad = 0;

    for (i = 0; i < n; i++) {
        g->subs[i].values = values;
        g->subs[i].fields = fields;
        values += g->subs[i].nparams + g->subs[i].nresults;
        fields += g->subs[i].nfields;
    }
    error = we_types_intern(types, &m->budget, g->subs, n, g->ids, &bad);
    if (error == WE_INVALID)
        we_decode_fail(d, error, at, "sub type %u does not match super type",
                       m->ntypes + bad);
    else if (error == WE_LIMIT)
        we_decode_fail(d, error, at, "type %u: too many types, or more than "
                       "%u levels of supertypes", m->ntypes + bad,
                       we_maxima[WE_MAX_DEPTH].most);
    else if (error != WE_OK)
        we_decode_fail(d, error, at, "out of memory");
    for (i = 0; error == WE_OK && i < n; i++)
        m->types[m->ntypes++] = we_types_get(types, g->ids[i]);
}

/* Room for n more types of the module. */
static bool types_room(struct we_decoder *d, uint32_t n)
{
    struct we_module *m = d->module;
    const struct we_type **types;
    uint32_t need = m->ntypes + n, cap = d->types_cap;

    if (need > we_maxima[WE_MAX_TYPES].most) {
        we_decode_fail(d, WE_LIMIT, we_reader_offset(&d->r),
                       "more than %u types", we_maxima[WE_MAX_TYPES].most);
        return false;
    }
    if (need <= cap)
        return true;
    cap = need > cap * 2 ? need : cap * 2;
    types = we_decode_array(d, cap, sizeof *types);
    if (!types)
        return false;
    if (m->ntypes > 0)
        memcpy(types, m->types, m->ntypes * sizeof *types);
    m->types = types;
    d->types_cap = cap;
    return true;
}

static void read_group(struct we_decoder *d)
{
    struct we_decode_group *g = &d->group;
    uint32_t n = 1, i, at = we_reader_offset(&d->r);

    if (we_reader_peek(&d->r) == REC) {
        we_reader_byte(&d->r);
        n = we_decode_count(d, WE_MAX_TYPES);
    }
    g->nvalues = g->nfields = 0;
    /* One value and one field, so that there are arrays to point into. */
    if (!types_room(d, n)
        || !room(d, &g->values, &g->values_cap, 1, sizeof *g->values)
        || !room(d, &g->fields, &g->fields_cap, 1, sizeof *g->fields)
        || !room(d, &g->subs, &g->subs_cap, n, sizeof *g->subs)
        || !room(d, &g->ids, &g->ids_cap, n, sizeof *g->ids))
        return;
    for (i = 0; i < n && we_decode_good(d); i++)
        read_subtype(d, i, n);
    if (we_decode_good(d))
        add_group(d, n, at);
}

void we_decode_types(struct we_decoder *d)
{
    uint32_t n = we_decode_count(d, WE_MAX_TYPES), i;

    if (!types_room(d, n))
        return;
    for (i = 0; i < n && we_decode_good(d); i++)
        read_group(d);
}

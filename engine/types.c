/* The engine's registry of canonical types: groups are hash-consed, so that
 * equal types have equal ids (Section 3.1.4), and subtyping is a look-up. */
#include "types.h"
#include "arena.h"
#include "hash.h"
#include "limits.h"

#include <stdio.h>

/* One block: this header, the types, their supers, values, fields. */
struct group {
    struct group  *next;                 /* in its bucket */
    uint64_t       count;                /* of owned ids */
    size_t         size;
    uint32_t       hash, n;
    struct we_type types[];
};

/* An id: its group and position; a free one: NULL and the next free id. */
struct slot {
    struct group *group;
    uint32_t      pos;
};

struct we_types {
    const struct we_allocator *allocator;
    uint64_t       seed;
    struct group **buckets;
    size_t         nbuckets;             /* a power of two, or 0 */
    size_t         ngroups;
    struct slot   *slots;
    size_t         slots_cap;
    uint32_t       nslots, free, nfree;
};

#define NO_ID UINT32_MAX

struct we_types *we_types_new(const struct we_allocator *allocator)
{
    struct we_types *types = we_alloc(allocator, sizeof *types);

    if (types)
        *types = (struct we_types){ .allocator = allocator, .free = NO_ID,
                                    .seed = we_hash_seed(types) };
    return types;
}

void we_types_free(struct we_types *types)
{
    struct group *group, *next;
    size_t i;

    if (!types)
        return;
    for (i = 0; i < types->nbuckets; i++)
        for (group = types->buckets[i]; group; group = next) {
            next = group->next;
            we_release(types->allocator, group, group->size);
        }
    we_release(types->allocator, types->buckets,
               types->nbuckets * sizeof *types->buckets);
    we_release(types->allocator, types->slots,
               types->slots_cap * sizeof *types->slots);
    we_release(types->allocator, types, sizeof *types);
}

const struct we_type *we_types_get(const struct we_types *types, uint32_t id)
{
    return &types->slots[id].group->types[types->slots[id].pos];
}

/* --- subtyping ---------------------------------------------------------- */

bool we_types_id_sub(const struct we_types *types, uint32_t sub,
                     uint32_t super)
{
    const struct we_type *a, *b;

    if (sub == super)
        return true;
    a = we_types_get(types, sub);
    b = we_types_get(types, super);
    return a->depth > b->depth && a->supers[b->depth] == super;
}

/* The abstract heap types of the three hierarchies, as bits: what each is a
 * subtype of, and the kinds of concrete types likewise. */
enum {
    ANY = 1, EQ = 2, I31 = 4, STRUCT = 8, ARRAY = 16, NONE = 32,
    FUNC = 64, NOFUNC = 128, EXTERN = 256, NOEXTERN = 512, EXN = 1024,
    NOEXN = 2048, ALL = 4095
};

static const uint16_t heap_bit[128] = {
    [WE_HEAP_ANY] = ANY, [WE_HEAP_EQ] = EQ, [WE_HEAP_I31] = I31,
    [WE_HEAP_STRUCT] = STRUCT, [WE_HEAP_ARRAY] = ARRAY, [WE_HEAP_NONE] = NONE,
    [WE_HEAP_FUNC] = FUNC, [WE_HEAP_NOFUNC] = NOFUNC,
    [WE_HEAP_EXTERN] = EXTERN, [WE_HEAP_NOEXTERN] = NOEXTERN,
    [WE_HEAP_EXN] = EXN, [WE_HEAP_NOEXN] = NOEXN
};

static const uint16_t heap_supers[128] = {
    [WE_HEAP_ANY] = ANY, [WE_HEAP_EQ] = EQ | ANY,
    [WE_HEAP_I31] = I31 | EQ | ANY,
    [WE_HEAP_STRUCT] = STRUCT | EQ | ANY, [WE_HEAP_ARRAY] = ARRAY | EQ | ANY,
    [WE_HEAP_NONE] = NONE | I31 | STRUCT | ARRAY | EQ | ANY,
    [WE_HEAP_FUNC] = FUNC, [WE_HEAP_NOFUNC] = NOFUNC | FUNC,
    [WE_HEAP_EXTERN] = EXTERN, [WE_HEAP_NOEXTERN] = NOEXTERN | EXTERN,
    [WE_HEAP_EXN] = EXN, [WE_HEAP_NOEXN] = NOEXN | EXN,
    [WE_BOT] = ALL
};

static const uint8_t kind_heap[] = {
    [WE_TYPE_FUNC] = WE_HEAP_FUNC, [WE_TYPE_STRUCT] = WE_HEAP_STRUCT,
    [WE_TYPE_ARRAY] = WE_HEAP_ARRAY
};

static const uint8_t kind_none[] = {
    [WE_TYPE_FUNC] = WE_HEAP_NOFUNC, [WE_TYPE_STRUCT] = WE_HEAP_NONE,
    [WE_TYPE_ARRAY] = WE_HEAP_NONE
};

static bool heap_sub(const struct we_types *types, uint32_t sub,
                     uint32_t super)
{
    uint32_t kind;

    if (sub == super)
        return true;
    if ((sub & WE_CONCRETE) && (super & WE_CONCRETE))
        return we_types_id_sub(types, sub & WE_TYPE_ID, super & WE_TYPE_ID);
    if (super & WE_CONCRETE) {
        kind = we_types_get(types, super & WE_TYPE_ID)->kind;
        return sub == WE_BOT || sub == kind_none[kind];
    }
    if (sub & WE_CONCRETE)
        sub = kind_heap[we_types_get(types, sub & WE_TYPE_ID)->kind];
    return (heap_supers[sub & 127] & heap_bit[super & 127]) != 0;
}

bool we_types_sub(const struct we_types *types, we_valtype sub,
                  we_valtype super)
{
    if (sub == super || sub == WE_BOT)
        return true;
    if (!we_is_ref(sub) || !we_is_ref(super))
        return false;
    if ((sub & WE_NULL) && !(super & WE_NULL))
        return false;
    return heap_sub(types, sub & WE_HEAP, super & WE_HEAP);
}

static bool field_sub(const struct we_types *types, const struct we_field *sub,
                      const struct we_field *super)
{
    if (sub->mutable_ != super->mutable_)
        return false;
    return sub->mutable_ ? sub->type == super->type
                         : we_types_sub(types, sub->type, super->type);
}

/* Does the structure of a type match that of its declared supertype?
 * (Section 3.3.10) */
static bool matches(const struct we_types *types, const struct we_type *sub,
                    const struct we_type *super)
{
    uint32_t i;

    if (super->final || sub->kind != super->kind
        || sub->nfields < super->nfields || sub->nparams != super->nparams
        || sub->nresults != super->nresults)
        return false;
    for (i = 0; i < super->nfields; i++)
        if (!field_sub(types, &sub->fields[i], &super->fields[i]))
            return false;
    for (i = 0; i < sub->nparams; i++)
        if (!we_types_sub(types, super->values[i], sub->values[i]))
            return false;
    for (; i < sub->nparams + sub->nresults; i++)
        if (!we_types_sub(types, sub->values[i], super->values[i]))
            return false;
    return true;
}

/* --- equality of groups ------------------------------------------------- */

static uint32_t hash_group(const struct we_types *types,
                           const struct we_subtype *subs, uint32_t n)
{
    uint64_t h = we_hash_word(types->seed, n);
    const struct we_subtype *s;
    uint32_t i;

    for (s = subs; n > 0; n--, s++) {
        h = we_hash_word(h, (uint64_t)s->kind << 2 | (uint64_t)s->final << 1
                                | (uint64_t)s->has_super);
        h = we_hash_word(h, s->has_super ? s->super : 0);
        h = we_hash_word(h, (uint64_t)s->nparams << 32 | s->nresults);
        for (i = 0; i < s->nparams + s->nresults; i++)
            h = we_hash_word(h, s->values[i]);
        for (i = 0; i < s->nfields; i++)
            h = we_hash_word(h, (uint64_t)s->fields[i].mutable_ << 32
                                    | s->fields[i].type);
    }
    return (uint32_t)h;
}

/* An id as a reader of the group would see it. */
static uint32_t unbound_id(const struct we_types *types,
                           const struct group *group, uint32_t id)
{
    return types->slots[id].group == group
               ? WE_IN_GROUP | types->slots[id].pos : id;
}

static we_valtype unbound(const struct we_types *types,
                          const struct group *group, we_valtype type)
{
    if (!we_is_concrete(type))
        return type;
    return (type & ~WE_TYPE_ID)
           | unbound_id(types, group, type & WE_TYPE_ID);
}

static bool equal_type(const struct we_types *types, const struct group *group,
                       const struct we_type *type, const struct we_subtype *sub)
{
    uint32_t i;

    if (type->kind != sub->kind || type->final != sub->final
        || (type->depth > 0) != sub->has_super
        || type->nparams != sub->nparams || type->nresults != sub->nresults
        || type->nfields != sub->nfields)
        return false;
    if (sub->has_super
        && unbound_id(types, group, type->supers[type->depth - 1])
               != sub->super)
        return false;
    for (i = 0; i < type->nparams + type->nresults; i++)
        if (unbound(types, group, type->values[i]) != sub->values[i])
            return false;
    for (i = 0; i < type->nfields; i++)
        if (type->fields[i].mutable_ != sub->fields[i].mutable_
            || unbound(types, group, type->fields[i].type)
                   != sub->fields[i].type)
            return false;
    return true;
}

static struct group *find_group(const struct we_types *types, uint32_t hash,
                                const struct we_subtype *subs, uint32_t n)
{
    struct group *group;
    uint32_t i;

    if (types->nbuckets == 0)
        return NULL;
    group = types->buckets[hash & (types->nbuckets - 1)];
    for (; group; group = group->next) {
        if (group->hash != hash || group->n != n)
            continue;
        for (i = 0; i < n; i++)
            if (!equal_type(types, group, &group->types[i], &subs[i]))
                break;
        if (i == n)
            return group;
    }
    return NULL;
}

/* --- making groups ------------------------------------------------------ */

static bool rehash(struct we_types *types)
{
    size_t n = types->nbuckets ? types->nbuckets * 2 : 64, i;
    struct group **buckets, *group, *next;

    if (types->ngroups < types->nbuckets)
        return true;
    buckets = we_alloc_array(types->allocator, n, sizeof *buckets);
    if (!buckets)
        return false;
    memset(buckets, 0, n * sizeof *buckets);
    for (i = 0; i < types->nbuckets; i++)
        for (group = types->buckets[i]; group; group = next) {
            next = group->next;
            group->next = buckets[group->hash & (n - 1)];
            buckets[group->hash & (n - 1)] = group;
        }
    we_release(types->allocator, types->buckets,
               types->nbuckets * sizeof *buckets);
    types->buckets = buckets;
    types->nbuckets = n;
    return true;
}

/* Takes n ids, the free ones first. */
static enum we_error take_ids(struct we_types *types, struct group *group,
                              uint32_t n, uint32_t *ids)
{
    uint32_t i, fresh = n > types->nfree ? n - types->nfree : 0;

    if (fresh > WE_TYPE_ID - types->nslots)
        return WE_LIMIT;
    if (!we_grow(types->allocator, &types->slots, &types->slots_cap,
                 (size_t)types->nslots + fresh, sizeof *types->slots))
        return WE_NOMEM;
    for (i = 0; i < n; i++) {
        if (types->nfree > 0) {
            ids[i] = types->free;
            types->free = types->slots[ids[i]].pos;
            types->nfree--;
        } else {
            ids[i] = types->nslots++;
        }
        types->slots[ids[i]] = (struct slot){ group, i };
    }
    return WE_OK;
}

/* Takes a group out of the registry that is in no bucket. */
static void drop_group(struct we_types *types, struct group *group)
{
    uint32_t i, id;

    for (i = group->n; i-- > 0;) {
        id = group->types[i].id;
        types->slots[id] = (struct slot){ NULL, types->free };
        types->free = id;
        types->nfree++;
    }
    we_release(types->allocator, group, group->size);
}

/* Sets the depths; the size of the group's block. */
static enum we_error measure(const struct we_types *types,
                             struct we_subtype *subs, uint32_t n, size_t *size,
                             uint32_t *bad)
{
    struct we_subtype *s;
    uint32_t i;

    *size = sizeof(struct group) + n * sizeof(struct we_type);
    for (i = 0; i < n; i++) {
        s = &subs[i];
        *bad = i;
        s->depth = 0;
        if (s->has_super && (s->super & WE_IN_GROUP))
            s->depth = subs[s->super & ~WE_IN_GROUP].depth + 1;
        else if (s->has_super)
            s->depth = we_types_get(types, s->super)->depth + 1;
        if (s->depth > we_maxima[WE_MAX_DEPTH].most)
            return WE_LIMIT;
        *size += (s->depth + 1) * sizeof(uint32_t)
                 + (s->nparams + s->nresults) * sizeof(we_valtype)
                 + s->nfields * sizeof(struct we_field);
    }
    return WE_OK;
}

static we_valtype bound(we_valtype type, const uint32_t *ids)
{
    if (!we_is_concrete(type) || !(type & WE_IN_GROUP))
        return type;
    return (type & ~(WE_IN_GROUP | WE_TYPE_ID)) | ids[type & WE_TYPE_ID];
}

static uint32_t slots_of(const we_valtype *values, uint32_t n)
{
    uint32_t i, slots = 0;

    for (i = 0; i < n; i++)
        slots += we_slots(values[i]);
    return slots;
}

static bool are_narrow(const we_valtype *values, uint32_t n)
{
    uint32_t i;

    for (i = 0; i < n; i++) {
        if (values[i] != WE_I32 && values[i] != WE_F32) {
            return false;
        }
    }
    return true;
}

/* Fills in one type; *at is where its arrays go (multiples of 4 bytes). */
static void fill(const struct we_types *types, struct we_type *type,
                 const struct we_subtype *sub, const uint32_t *ids,
                 uint8_t **at)
{
    uint32_t i, super, nvalues = sub->nparams + sub->nresults;
    bool narrow;
    uint32_t *supers = (void *)*at;
    we_valtype *values = supers + sub->depth + 1;
    struct we_field *fields = (void *)(values + nvalues);

    if (sub->has_super) {
        super = sub->super & WE_IN_GROUP ? ids[sub->super & ~WE_IN_GROUP]
                                         : sub->super;
        memcpy(supers, we_types_get(types, super)->supers,
               sub->depth * sizeof *supers);
    }
    supers[sub->depth] = type->id;
    for (i = 0; i < nvalues; i++)
        values[i] = bound(sub->values[i], ids);
    for (i = 0; i < sub->nfields; i++)
        fields[i] = (struct we_field){ bound(sub->fields[i].type, ids),
                                       sub->fields[i].mutable_ };
    narrow = are_narrow(values, nvalues);
    *type = (struct we_type){
        .id = type->id, .kind = sub->kind, .final = sub->final,
        .depth = (uint8_t)sub->depth, .supers = supers,
        .nparams = sub->nparams, .nresults = sub->nresults,
        .param_slots = slots_of(values, sub->nparams),
        .result_slots = slots_of(values + sub->nparams, sub->nresults),
        .narrow = narrow,
        .brief = narrow && sub->nparams > 0 && sub->nresults <= 1,
        .values = values, .nfields = sub->nfields, .fields = fields
    };
    *at = (uint8_t *)(fields + sub->nfields);
}

static enum we_error make_group(struct we_types *types,
                                struct we_budget *budget,
                                struct we_subtype *subs, uint32_t n,
                                uint32_t hash, uint32_t *ids,
                                struct group **made, uint32_t *bad)
{
    struct group *group;
    const struct we_type *type;
    enum we_error error;
    uint8_t *at;
    size_t size;
    uint32_t i;

    error = measure(types, subs, n, &size, bad);
    if (error != WE_OK)
        return error;
    if (budget && !we_budget_charge(budget, size + n * sizeof(struct slot)))
        return WE_NOMEM;
    group = rehash(types) ? we_alloc(types->allocator, size) : NULL;
    if (!group)
        return WE_NOMEM;
    *group = (struct group){ .hash = hash, .size = size, .n = n };
    error = take_ids(types, group, n, ids);
    if (error != WE_OK) {
        we_release(types->allocator, group, size);
        return error;
    }
    at = (uint8_t *)&group->types[n];
    for (i = 0; i < n; i++)
        group->types[i].id = ids[i];
    for (i = 0; i < n; i++)
        fill(types, &group->types[i], &subs[i], ids, &at);
    for (i = 0; i < n; i++) {
        type = &group->types[i];
        if (type->depth > 0
            && !matches(types, type, we_types_get(
                            types, type->supers[type->depth - 1]))) {
            *bad = i;
            drop_group(types, group);
            return WE_INVALID;
        }
    }
    group->next = types->buckets[hash & (types->nbuckets - 1)];
    types->buckets[hash & (types->nbuckets - 1)] = group;
    types->ngroups++;
    *made = group;
    return WE_OK;
}

enum we_error we_types_intern(struct we_types *types,
                              struct we_budget *budget,
                              struct we_subtype *subs, uint32_t n,
                              uint32_t *ids, uint32_t *bad)
{
    uint32_t hash = hash_group(types, subs, n);
    struct group *group = find_group(types, hash, subs, n);
    enum we_error error;
    uint32_t i;

    if (n == 0)
        return WE_OK;
    if (!group) {
        error = make_group(types, budget, subs, n, hash, ids, &group, bad);
        if (error != WE_OK)
            return error;
    }
    for (i = 0; i < n; i++)
        ids[i] = group->types[i].id;
    group->count += n;
    return WE_OK;
}

void we_types_release(struct we_types *types, uint32_t id)
{
    struct group *group = types->slots[id].group, **link;

    if (--group->count > 0)
        return;
    link = &types->buckets[group->hash & (types->nbuckets - 1)];
    while (*link != group)
        link = &(*link)->next;
    *link = group->next;
    types->ngroups--;
    drop_group(types, group);
}

/* --- text signatures ---------------------------------------------------- */

static const struct we_letter letters[] = {
    { 'i', WE_I32, "\x41\0\x0b", 3 },
    { 'I', WE_I64, "\x42\0\x0b", 3 },
    { 'f', WE_F32, "\x43\0\0\0\0\x0b", 6 },
    { 'F', WE_F64, "\x44\0\0\0\0\0\0\0\0\x0b", 10 },
    { 'v', WE_V128, "\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x0b", 19 },
    { 'r', WE_FUNCREF, "\xd0\x70\x0b", 3 },
    { 'e', WE_EXTERNREF, "\xd0\x6f\x0b", 3 }
};

const struct we_letter *we_types_of_letter(char letter)
{
    size_t i;

    for (i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].letter == letter)
            return &letters[i];
    return NULL;
}

/* Reads the letters up to stop; false at one that is none. */
static bool read_letters(const char **at, char stop, we_valtype *values,
                         uint32_t *n)
{
    const struct we_letter *letter;

    for (; **at != stop; (*at)++, (*n)++) {
        letter = we_types_of_letter(**at);
        if (!letter)
            return false;
        values[*n] = letter->type;
    }
    return true;
}

enum we_error we_types_signature(struct we_types *types,
                                 const char *signature, uint32_t *id)
{
    size_t room = strlen(signature);
    struct we_subtype sub = { .kind = WE_TYPE_FUNC, .final = true };
    const char *at = signature;
    we_valtype *values;
    enum we_error error = WE_ARGUMENT;
    uint32_t bad;

    if (room > we_maxima[WE_MAX_PARAMS].most)
        return WE_ARGUMENT;
    values = we_alloc_array(types->allocator, room, sizeof *values);
    if (!values)
        return WE_NOMEM;
    sub.values = values;
    if (read_letters(&at, ':', values, &sub.nparams)) {
        at++;
        if (read_letters(&at, '\0', values + sub.nparams, &sub.nresults))
            error = we_types_intern(types, NULL, &sub, 1, id, &bad);
    }
    we_release(types->allocator, values, room * sizeof *values);
    return error;
}

char we_types_letter(we_valtype type)
{
    size_t i;

    for (i = 0; i < sizeof letters / sizeof *letters; i++)
        if (letters[i].type == type)
            return letters[i].letter;
    return 0;
}

char *we_types_text(const struct we_type *type, char *buf, size_t size)
{
    uint32_t i, n = type->nparams + type->nresults;
    bool whole = (size_t)n + 2 <= size;

    for (i = 0; whole && i < n; i++) {
        buf[i + (i >= type->nparams)] = we_types_letter(type->values[i]);
        whole = we_types_letter(type->values[i]) != 0;
    }
    if (whole) {
        buf[type->nparams] = ':';
        buf[n + 1] = '\0';
    } else if (size > 0) {
        snprintf(buf, size, "...");
    }
    return buf;
}

bool we_types_has_text(const struct we_type *type, const char *signature)
{
    uint32_t i, n = type->nparams + type->nresults;

    for (i = 0; i <= n; i++) {
        if (i == type->nparams && *signature++ != ':')
            return false;
        if (i < n && (*signature == '\0'
                      || *signature++ != we_types_letter(type->values[i])))
            return false;
    }
    return *signature == '\0';
}

/* Types whose hashes collide are still told apart by their content, and found
 * again: the registry, with a hash of three bits. */
#include "../../engine/hash.h"

static inline uint64_t poor_hash(uint64_t hash, uint64_t word)
{
    return we_hash_word(hash, word) & 7;
}
#define we_hash_word poor_hash
#include "../../engine/types.c"
#undef we_hash_word

#include "../tap.h"

enum { ROUNDS = 300, MOST = 6, NSHAPES = 8, NTYPES = ROUNDS * NSHAPES };

static uint32_t below(uint32_t n)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * n >> 32);
}

/* A type as it was read, with its content. */
struct made {
    struct we_subtype sub;
    we_valtype        values[MOST];
    struct we_field   fields[MOST];
    uint32_t          id;
};
static struct made made[NTYPES];

static we_valtype reference(uint32_t id)
{
    return WE_REF | WE_CONCRETE | id;
}

static we_valtype any_type(uint32_t n)
{
    static const we_valtype list[] = { WE_I32, WE_I64, WE_F32, WE_V128 };

    return n > 0 && below(3) == 0 ? reference(made[below(n)].id)
                                  : list[below(4)];
}

/* The n-th type.  Its first field or value refers to the one before, so that
 * no other is equal by chance. */
static void make(struct made *m, uint32_t n, uint32_t before)
{
    uint32_t shape = below(3), count = shape == 1 ? 1 : 1 + below(MOST - 1), i;

    *m = (struct made){ .sub = { .kind = shape == 0 ? WE_TYPE_FUNC
                                         : shape == 1 ? WE_TYPE_ARRAY
                                         : WE_TYPE_STRUCT } };
    for (i = 0; i < count; i++) {
        m->values[i] = i == 0 ? reference(before) : any_type(n);
        m->fields[i] = (struct we_field){ m->values[i], below(2) != 0 };
    }
    if (shape == 0) {
        m->sub.nparams = 1 + below(count);
        m->sub.nresults = count - m->sub.nparams;
    } else {
        m->sub.nfields = count;
    }
    m->sub.values = m->values;
    m->sub.fields = m->fields;
}

static void set_super(struct made *m, uint32_t super)
{
    m->sub.has_super = true;
    m->sub.super = super;
}

static void other_null(struct made *m)
{
    m->values[0] ^= WE_NULL;
    m->fields[0].type ^= WE_NULL;
}

static void other_kind(struct made *m)
{
    if (m->sub.kind == WE_TYPE_FUNC) {
        m->sub.nparams--;
        m->sub.nresults++;
    } else {
        m->fields[0].mutable_ = !m->fields[0].mutable_;
    }
}

/* The n-th of of[0] and its kin, which differ in little. */
static void make_kin(struct made *m, const struct made *of, uint32_t n)
{
    *m = *of;
    m->sub.values = m->values;
    m->sub.fields = m->fields;
    switch (n) {
    case 1: m->sub.final = true; break;
    case 2: set_super(m, of[0].id); break;
    case 3: set_super(m, of[2].id); break;
    case 4: other_null(m); break;
    case 5: other_kind(m); break;
    case 6:
    case 7:
        if (of->sub.kind == WE_TYPE_STRUCT) {
            m->fields[m->sub.nfields++] = (struct we_field){ WE_F64, false };
            if (n == 6)
                set_super(m, of[0].id);
        } else if (of->sub.kind == WE_TYPE_ARRAY && n == 7) {
            m->sub.kind = WE_TYPE_STRUCT;
        } else {
            other_null(m);
            other_kind(m);
            m->sub.final = n == 6;
        }
        break;
    }
}

static bool interned(struct we_types *types, struct made *m, uint32_t *id)
{
    uint32_t bad;

    return we_types_intern(types, NULL, &m->sub, 1, id, &bad) == WE_OK;
}

static void make_all(struct we_types *types, uint32_t base)
{
    uint32_t n, failed = 0;

    for (n = 0; n < NTYPES; n++) {
        if (n % NSHAPES == 0)
            make(&made[n], n, n == 0 ? base : made[n - 1].id);
        else
            make_kin(&made[n], &made[n - n % NSHAPES], n % NSHAPES);
        failed += !interned(types, &made[n], &made[n].id);
    }
    is_int(failed, 0, "%u types", NTYPES);
}

/* The content of two as one group; the second of another group is that of the
 * first. */
static uint32_t group(struct we_types *types, uint32_t a, uint32_t b,
                      uint32_t ids[2])
{
    struct we_subtype subs[2] = { made[a].sub, made[b].sub };
    uint32_t bad;

    return we_types_intern(types, NULL, subs, 2, ids, &bad) != WE_OK;
}

static void groups(struct we_types *types)
{
    uint32_t n, i, failed = 0, alike = 0, ids[4][2];

    for (n = 0; n + NSHAPES < NTYPES; n += NSHAPES) {
        failed += group(types, n, n + 1, ids[0]);
        failed += group(types, n + 1, n, ids[1]);
        failed += group(types, n, n + 4, ids[2]);
        failed += group(types, n, n + 1, ids[3]);
        alike += ids[0][0] != ids[3][0] || ids[0][1] != ids[3][1];
        alike += ids[0][0] == ids[0][1] || ids[0][0] == made[n].id
                 || ids[0][1] == made[n + 1].id || ids[0][0] == ids[1][1]
                 || ids[0][0] == ids[2][0];
        for (i = 0; i < 8; i++)
            we_types_release(types, ids[i / 2][i % 2]);
    }
    is_int(failed, 0, "groups of two");
    is_int(alike, 0, "... are one if both are the same, in order");
}

int main(void)
{
    struct tap_allocator memory = { 0 };
    struct we_allocator allocator = { tap_resize, &memory };
    struct we_types *types = we_types_new(&allocator);
    struct made base = { .sub = { .kind = WE_TYPE_STRUCT } };
    static bool seen[NTYPES + 1];
    uint32_t i, id, twice = 0, lost = 0;

    ok(interned(types, &base, &base.id), "the first");
    make_all(types, base.id);
    for (i = 0; i < NTYPES; i++) {
        twice += made[i].id > NTYPES || seen[made[i].id];
        if (made[i].id <= NTYPES)
            seen[made[i].id] = true;
    }
    is_int(twice, 0, "each is another one");
    for (i = 0; i < NTYPES; i++)
        lost += !interned(types, &made[i], &id) || id != made[i].id;
    is_int(lost, 0, "and is found again");
    groups(types);
    for (i = 0; i < 2 * NTYPES; i++)
        we_types_release(types, made[NTYPES - 1 - i % NTYPES].id);
    we_types_release(types, base.id);
    we_types_free(types);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
    is_int((int64_t)memory.mistakes, 0, "sizes given back are right");
    return done();
}

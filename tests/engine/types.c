/* Canonical types: equality of recursion groups, subtyping, counting. */
#include "../../engine/types.h"
#include "../tap.h"

#include <string.h>

#define REF(id)  (WE_REF | WE_CONCRETE | (id))
#define NULLABLE(id) (REF(id) | WE_NULL)
#define OWN(pos) (WE_REF | WE_CONCRETE | WE_IN_GROUP | (pos))
#define ABS(heap) (WE_REF | WE_NULL | (heap))

static struct tap_allocator memory;
static struct we_allocator allocator = { tap_resize, &memory };
static uint32_t bad;

static struct we_subtype structure(const struct we_field *fields, uint32_t n)
{
    return (struct we_subtype){ .kind = WE_TYPE_STRUCT, .nfields = n,
                                .fields = fields };
}

static struct we_subtype array(const struct we_field *field)
{
    return (struct we_subtype){ .kind = WE_TYPE_ARRAY, .nfields = 1,
                                .fields = field };
}

static struct we_subtype below(struct we_subtype sub, uint32_t super)
{
    sub.has_super = true;
    sub.super = super;
    return sub;
}

static uint32_t intern(struct we_types *types, struct we_subtype sub)
{
    uint32_t id = UINT32_MAX;

    is_int(we_types_intern(types, NULL, &sub, 1, &id, &bad), WE_OK, "interned");
    return id;
}

/* --- equality ----------------------------------------------------------- */

static void test_equality(struct we_types *types)
{
    const struct we_field number = { WE_I32, false };
    const struct we_field self = { OWN(0), false }, other = { OWN(1), false };
    struct we_subtype pair[2], one;
    uint32_t a[2], b[2], c;

    one = structure(&number, 1);
    a[0] = intern(types, one);
    b[0] = intern(types, one);
    is_int(a[0], b[0], "equal types are one");
    one.final = true;
    c = intern(types, one);
    ok(c != a[0], "a final one is another");

    /* rec (A = struct (ref A)) is not A = struct (ref A of before) */
    one = structure(&self, 1);
    a[0] = intern(types, one);
    b[0] = intern(types, one);
    is_int(a[0], b[0], "recursive types are equal by structure");
    const struct we_field unrolled = { REF(a[0]), false };
    c = intern(types, structure(&unrolled, 1));
    ok(c != a[0], "... but not to what they unroll to");

    pair[0] = structure(&other, 1);
    pair[1] = structure(&self, 1);
    is_int(we_types_intern(types, NULL, pair, 2, a, &bad), WE_OK, "a pair");
    is_int(we_types_intern(types, NULL, pair, 2, b, &bad), WE_OK, "again");
    ok(a[0] == b[0] && a[1] == b[1], "groups are equal as wholes");
    ok(a[0] != a[1], "... whose equal members are not one");
    pair[0] = structure(&number, 1);
    pair[1] = structure(&number, 1);
    is_int(we_types_intern(types, NULL, pair, 2, b, &bad), WE_OK, "two equal ones");
    ok(b[0] != b[1] && b[0] != intern(types, pair[0]),
       "a type's place in its group counts");

    const struct we_type *type = we_types_get(types, a[0]);
    is_int(type->fields[0].type, REF(a[1]), "own references have become ids");
    is_int(type->id, a[0], "a type knows its id");
}

/* --- subtyping ---------------------------------------------------------- */

static void test_declared(struct we_types *types)
{
    const struct we_field fields[] = { { WE_I32, false }, { WE_I64, true } };
    const struct we_field wrong[] = { { WE_F32, false }, { WE_I64, true } };
    const struct we_field fixed[] = { { WE_I32, false }, { WE_I64, false } };
    uint32_t id[5], i, j, none;
    struct we_subtype sub;

    id[0] = intern(types, structure(NULL, 0));
    id[1] = intern(types, below(structure(fields, 1), id[0]));
    id[2] = intern(types, below(structure(fields, 2), id[1]));
    id[3] = intern(types, below(structure(fields, 2), id[0]));
    for (i = 0; i < 3; i++)
        for (j = 0; j < 3; j++)
            is_int(we_types_id_sub(types, id[i], id[j]), i >= j,
                   "chain: %u below %u", i, j);
    ok(!we_types_id_sub(types, id[3], id[1]), "same structure, other chain");
    is_int(we_types_get(types, id[2])->depth, 2, "depth");

    sub = below(structure(wrong, 2), id[1]);
    is_int(we_types_intern(types, NULL, &sub, 1, &none, &bad), WE_INVALID,
           "a field of another type does not match");
    sub = below(structure(fixed, 2), id[2]);
    is_int(we_types_intern(types, NULL, &sub, 1, &none, &bad), WE_INVALID,
           "nor does one of other mutability");
    sub = below(structure(fields, 1), id[2]);
    is_int(we_types_intern(types, NULL, &sub, 1, &none, &bad), WE_INVALID,
           "nor do fewer fields");
    sub = below(array(fields), id[0]);
    is_int(we_types_intern(types, NULL, &sub, 1, &none, &bad), WE_INVALID,
           "nor does another kind");
    sub = structure(fields, 1);
    sub.final = true;
    id[4] = intern(types, sub);
    sub = below(structure(fields, 2), id[4]);
    is_int(we_types_intern(types, NULL, &sub, 1, &none, &bad), WE_INVALID,
           "nothing is below a final type");
}

/* Functions: parameters the other way round (Section 3.3.7). */
static void test_functions(struct we_types *types)
{
    const we_valtype any_eq[] = { ABS(WE_HEAP_ANY), ABS(WE_HEAP_EQ) };
    const we_valtype eq_any[] = { ABS(WE_HEAP_EQ), ABS(WE_HEAP_ANY) };
    struct we_subtype f = { .kind = WE_TYPE_FUNC, .nparams = 1, .nresults = 1,
                            .values = eq_any };
    uint32_t super = intern(types, f), id;

    f = below(f, super);
    f.values = any_eq;
    is_int(we_types_intern(types, NULL, &f, 1, &id, &bad), WE_OK,
           "takes more, gives less: matches");
    f.values = (const we_valtype[]){ ABS(WE_HEAP_I31), ABS(WE_HEAP_ANY) };
    is_int(we_types_intern(types, NULL, &f, 1, &id, &bad), WE_INVALID,
           "takes less: does not");
    f.values = (const we_valtype[]){ ABS(WE_HEAP_EQ), ABS(WE_HEAP_EXTERN) };
    is_int(we_types_intern(types, NULL, &f, 1, &id, &bad), WE_INVALID,
           "gives another: does not");
}

/* Section 3.3.3: an x where the row's heap type is below the column's. */
static void test_abstract(struct we_types *types)
{
    static const uint8_t heaps[] = {
        WE_HEAP_ANY, WE_HEAP_EQ, WE_HEAP_I31, WE_HEAP_STRUCT, WE_HEAP_ARRAY,
        WE_HEAP_NONE, WE_HEAP_FUNC, WE_HEAP_NOFUNC, WE_HEAP_EXTERN,
        WE_HEAP_NOEXTERN, WE_HEAP_EXN, WE_HEAP_NOEXN
    };
    static const char *const below_of[] = {
        "x...........",                  /* any */
        "xx..........",                  /* eq */
        "xxx.........",                  /* i31 */
        "xx.x........",                  /* struct */
        "xx..x.......",                  /* array */
        "xxxxxx......",                  /* none */
        "......x.....",                  /* func */
        "......xx....",                  /* nofunc */
        "........x...",                  /* extern */
        "........xx..",                  /* noextern */
        "..........x.",                  /* exn */
        "..........xx"                   /* noexn */
    };
    uint32_t i, j, n = sizeof heaps;

    for (i = 0; i < n; i++)
        for (j = 0; j < n; j++)
            is_int(we_types_sub(types, ABS(heaps[i]), ABS(heaps[j])),
                   below_of[i][j] == 'x', "heap 0x%x below 0x%x", heaps[i],
                   heaps[j]);
    ok(we_types_sub(types, WE_REF | WE_HEAP_ANY, ABS(WE_HEAP_ANY)),
       "non-null is below nullable");
    ok(!we_types_sub(types, ABS(WE_HEAP_ANY), WE_REF | WE_HEAP_ANY),
       "... not the other way");
    ok(we_types_sub(types, WE_BOT, WE_I32) && !we_types_sub(types, WE_I32,
                                                            WE_BOT),
       "bottom is below numbers");
    ok(we_types_sub(types, WE_BOT, ABS(WE_HEAP_EXN)), "... and references");
    ok(!we_types_sub(types, WE_I32, WE_I64), "numbers are apart");
    ok(!we_types_sub(types, WE_I32, WE_FUNCREF)
       && !we_types_sub(types, WE_FUNCREF, WE_I32), "... from references, too");
}

static void test_concrete(struct we_types *types)
{
    const struct we_field field = { WE_I8, true };
    const struct {
        uint32_t id;
        uint8_t  heap, none, other;
    } t[] = {
        { intern(types, structure(&field, 1)), WE_HEAP_STRUCT, WE_HEAP_NONE,
          WE_HEAP_ARRAY },
        { intern(types, array(&field)), WE_HEAP_ARRAY, WE_HEAP_NONE,
          WE_HEAP_STRUCT },
        { intern(types, (struct we_subtype){ .kind = WE_TYPE_FUNC }),
          WE_HEAP_FUNC, WE_HEAP_NOFUNC, WE_HEAP_ANY }
    };
    int i;

    for (i = 0; i < 3; i++) {
        ok(we_types_sub(types, REF(t[i].id), ABS(t[i].heap)), "own kind");
        is_int(we_types_sub(types, REF(t[i].id), ABS(WE_HEAP_EQ)), i < 2,
               "eq");
        ok(!we_types_sub(types, REF(t[i].id), ABS(t[i].other)), "other kind");
        ok(!we_types_sub(types, ABS(t[i].heap), NULLABLE(t[i].id)),
           "the kind is not below it");
        ok(we_types_sub(types, ABS(t[i].none), NULLABLE(t[i].id)),
           "the bottom of the hierarchy is");
        ok(!we_types_sub(types, ABS(t[i].none), REF(t[i].id)),
           "... unless null is left out");
        ok(we_types_sub(types, WE_BOTREF, REF(t[i].id)), "so is bottom");
        ok(!we_types_sub(types, NULLABLE(t[i].id), REF(t[i].id)), "null");
    }
}

/* --- limits, counting --------------------------------------------------- */

/* 63 levels are allowed (JavaScript interface's limits). */
static void test_depth(struct we_types *types)
{
    struct we_subtype sub = structure(NULL, 0);
    uint32_t id = 0, i;
    enum we_error error = we_types_intern(types, NULL, &sub, 1, &id, &bad);

    for (i = 1; i <= 63 && error == WE_OK; i++) {
        sub = below(sub, id);
        error = we_types_intern(types, NULL, &sub, 1, &id, &bad);
    }
    is_int(error, WE_OK, "63 supertypes");
    is_int(we_types_get(types, id)->depth, 63, "... the depth");
    sub = below(sub, id);
    is_int(we_types_intern(types, NULL, &sub, 1, &id, &bad), WE_LIMIT,
           "64 are one too many");
}

static void test_counts(void)
{
    struct we_types *types = we_types_new(&allocator);
    struct we_subtype pair[2] = { { .kind = WE_TYPE_FUNC, .final = true },
                                  { .kind = WE_TYPE_STRUCT } };
    uint32_t a[2], b[2], c;
    uint64_t blocks;

    we_types_signature(types, "i:i", &c);
    blocks = memory.blocks;
    we_types_intern(types, NULL, pair, 2, a, &bad);
    we_types_intern(types, NULL, pair, 2, b, &bad);
    is_int((int64_t)memory.blocks, (int64_t)blocks + 1, "one group is made");
    we_types_release(types, a[0]);
    we_types_release(types, a[1]);
    we_types_release(types, b[1]);
    is_int((int64_t)memory.blocks, (int64_t)blocks + 1,
           "it stays while one id is in use");
    we_types_release(types, b[0]);
    is_int((int64_t)memory.blocks, (int64_t)blocks, "then it goes");
    ok(we_types_get(types, c)->nparams == 1, "others stay");
    pair[0].kind = WE_TYPE_STRUCT;
    we_types_intern(types, NULL, pair, 2, b, &bad);
    ok((b[0] == a[0] && b[1] == a[1]) || (b[0] == a[1] && b[1] == a[0]),
       "ids are used again");
    we_types_free(types);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
}

/* Many groups: the table grows, and each is found again. */
static void test_many(void)
{
    struct we_types *types = we_types_new(&allocator);
    enum { N = 1000 };
    struct we_field field = { WE_I32, false };
    struct we_subtype sub;
    uint32_t ids[N], id, i, j, wrong = 0;

    for (j = 0; j < 2; j++)
        for (i = 0; i < N; i++) {
            field.type = i == 0 ? WE_I32 : REF(ids[i - 1]);
            sub = structure(&field, 1);
            if (we_types_intern(types, NULL, &sub, 1, &id, &bad) != WE_OK)
                wrong++;
            else if (j == 0)
                ids[i] = id;
            else if (ids[i] != id)
                wrong++;
        }
    is_int(wrong, 0, "a thousand types, each found again");
    for (j = 0; j < 2; j++)
        for (i = 0; i < N; i++)
            we_types_release(types, ids[i]);
    we_types_free(types);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
}

/* The n-th allocation fails: an error, nothing leaks, all goes on after it. */
static void test_nomem(void)
{
    enum we_error error = WE_NOMEM;
    struct we_types *types;
    uint32_t id;

    for (uint64_t n = 1; error == WE_NOMEM; n++) {
        memory = (struct tap_allocator){ .fail_at = n };
        types = we_types_new(&allocator);
        if (types)
            error = we_types_signature(types, "iIfFvre:i", &id);
        if (error == WE_NOMEM && memory.failures == 0)
            break;
        if (types && error == WE_NOMEM)
            is_int(we_types_signature(types, "iIfFvre:i", &id), WE_OK,
                   "works after allocation %d failed", (int)n);
        we_types_free(types);
        is_int((int64_t)memory.blocks, 0, "nothing leaked");
    }
    is_int(error, WE_OK, "until there is enough");
    is_int((int64_t)memory.mistakes, 0, "sizes given back are right");
}

/* --- text signatures ---------------------------------------------------- */

static void test_text(struct we_types *types)
{
    static const char *const good[] = { ":", "i:", ":I", "ii:i", "fFvre:eI",
                                        "iIfFvre:iIfFvre" };
    static const char *const wrong[] = { "", "i", "x:", ":x", "i:i:i", "i :" };
    char buf[32], small[4];
    uint32_t id, a, b;
    size_t i;

    for (i = 0; i < sizeof good / sizeof *good; i++) {
        is_int(we_types_signature(types, good[i], &id), WE_OK, "%s", good[i]);
        is_str(we_types_text(we_types_get(types, id), buf, sizeof buf),
               good[i], "... and back");
        ok(we_types_has_text(we_types_get(types, id), good[i]), "... is it");
        ok(!we_types_has_text(we_types_get(types, id), "i:ii"),
           "... and no other");
    }
    for (i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_int(we_types_signature(types, wrong[i], &id), WE_ARGUMENT,
               "\"%s\" is no signature", wrong[i]);
    we_types_signature(types, "ii:v", &a);
    we_types_signature(types, "ii:v", &b);
    is_int(a, b, "equal signatures are one type");
    is_int(we_types_get(types, a)->param_slots, 2, "slots of parameters");
    is_int(we_types_get(types, a)->result_slots, 2, "... a v128 has two");
    is_str(we_types_text(we_types_get(types, a), small, sizeof small), "...",
           "no room");
    const we_valtype odd = ABS(WE_HEAP_EQ);
    a = intern(types, (struct we_subtype){ .kind = WE_TYPE_FUNC, .nparams = 1,
                                           .values = &odd });
    is_str(we_types_text(we_types_get(types, a), buf, sizeof buf), "...",
           "no letter");
    ok(!we_types_has_text(we_types_get(types, a), "r:"), "... is not r");
}

int main(void)
{
    struct we_types *types = we_types_new(&allocator);

    test_equality(types);
    test_declared(types);
    test_functions(types);
    test_abstract(types);
    test_concrete(types);
    test_depth(types);
    test_text(types);
    we_types_free(types);
    is_int((int64_t)memory.blocks, 0, "nothing leaked");
    is_int((int64_t)memory.mistakes, 0, "sizes given back are right");
    test_counts();
    test_many();
    test_nomem();
    return done();
}

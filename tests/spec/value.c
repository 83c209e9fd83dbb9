/* Values of the JSON files: arguments, and patterns of results. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

enum class { INTEGER, FLOAT, VECTOR, REFERENCE, ANYREF, OBJECT, NULLREF };

/* A row a type; a lane of a vector is one, too. */
static const struct type {
    const char *name;
    char        letter;      /* of engine.h's signatures; 0: none */
    enum class  class;
    unsigned    bits;        /* of numbers; of objects: kinds, 1 << we_ref_kind */
} types[] = {
    {"i32", 'i', INTEGER, 32},       {"i64", 'I', INTEGER, 64},
    {"f32", 'f', FLOAT, 32},         {"f64", 'F', FLOAT, 64},
    {"i8", 0, INTEGER, 8},           {"i16", 0, INTEGER, 16},
    {"v128", 'v', VECTOR, 128},      {"funcref", 'r', REFERENCE, 0},
    {"externref", 'e', REFERENCE, 0}, {"exnref", 0, REFERENCE, 0},
    {"anyref", 0, ANYREF, 0},        {"nullref", 0, NULLREF, 0},
    {"i31ref", 0, OBJECT, 1 << WE_REF_IS_I31},
    {"structref", 0, OBJECT, 1 << WE_REF_IS_STRUCT},
    {"arrayref", 0, OBJECT, 1 << WE_REF_IS_ARRAY},
    {"eqref", 0, OBJECT, 1 << WE_REF_IS_I31 | 1 << WE_REF_IS_STRUCT |
                         1 << WE_REF_IS_ARRAY},
    {"nullfuncref", 0, NULLREF, 0},  {"nullexternref", 0, NULLREF, 0},
    {"nullexnref", 0, NULLREF, 0},   {"refnull", 0, NULLREF, 0},
};

static const struct type *find_type(const char *name)
{
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return &types[i];
    return NULL;
}

static const struct type *type_of(const json_t *value)
{
    return find_type(json_string_value(json_object_get(value, "type")));
}

static unsigned slots_of(const struct type *t)
{
    return t->class == VECTOR ? 2 : 1;
}

static uint64_t mask(unsigned bits)
{
    return bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
}

/* The host's reference number n, as the engine sees it: never null. */
static uint64_t host_reference(const char *n)
{
    return strtoull(n, NULL, 10) + 1;
}

/* The same as anyref: the engine marks what it converted (engine/README.md). */
static uint64_t internal_reference(const char *n)
{
    return host_reference(n) | (uint64_t)1 << 63;
}

/* Integers are signed decimals, floats the unsigned one of their bits. */
static bool parse_number(const struct type *t, const char *text, uint64_t *out)
{
    char *end;

    if (!text)
        return false;
    *out = t->class == INTEGER && text[0] == '-'
        ? (uint64_t)strtoll(text, &end, 10) : strtoull(text, &end, 10);
    *out &= mask(t->bits);
    return end != text && *end == '\0';
}

static const char *lane_text(const json_t *value, size_t i)
{
    return json_string_value(
        json_array_get(json_object_get(value, "value"), i));
}

static const struct type *lane_type(const json_t *value)
{
    const char *name =
        json_string_value(json_object_get(value, "lane_type"));
    const struct type *t = find_type(name);

    return t && (t->class == INTEGER || t->class == FLOAT) ? t : NULL;
}

static bool parse_vector(const json_t *value, uint64_t *slots)
{
    const struct type *lane = lane_type(value);
    uint64_t bits;

    if (!lane)
        return false;
    slots[0] = slots[1] = 0;
    for (unsigned i = 0; i < 128 / lane->bits; i++) {
        unsigned at = i * lane->bits;

        if (!parse_number(lane, lane_text(value, i), &bits))
            return false;
        slots[at / 64] |= bits << at % 64;
    }
    return true;
}

static bool parse_argument(const struct type *t, const json_t *value,
                           uint64_t *slots)
{
    const char *text = json_string_value(json_object_get(value, "value"));

    switch (t->class) {
    case INTEGER:
    case FLOAT:
        return parse_number(t, text, slots);
    case VECTOR:
        return parse_vector(value, slots);
    case REFERENCE:
        if (!text)
            return false;
        slots[0] = strcmp(text, "null") == 0 ? 0 : host_reference(text);
        return slots[0] == 0 || t->letter == 'e';
    case ANYREF:
        if (!text)
            return false;
        slots[0] = strcmp(text, "null") == 0 ? 0 : internal_reference(text);
        return true;
    case OBJECT:
        return false;
    case NULLREF:
        slots[0] = 0;
        return true;
    }
    return false;
}

int spec_arguments(const json_t *values, uint64_t *slots, char *error,
                   size_t size)
{
    size_t i;
    json_t *value;
    unsigned n = 0;

    json_array_foreach(values, i, value) {
        const struct type *t = type_of(value);

        if (!t || n + 2 > SPEC_SLOTS ||
            !parse_argument(t, value, slots + n)) {
            char *text = json_dumps(value, JSON_COMPACT);

            snprintf(error, size, "can't pass the argument %s", text);
            free(text);
            return -1;
        }
        n += slots_of(t);
    }
    return (int)n;
}

/* --- patterns ----------------------------------------------------------- */

static bool number_matches(const struct type *t, const char *text,
                           uint64_t bits)
{
    uint64_t want;
    uint64_t quiet = t->bits == 32 ? 0x7fc00000 : 0x7ff8000000000000;
    uint64_t sign = (uint64_t)1 << (t->bits - 1);

    if (!text || (bits & ~mask(t->bits)))
        return false;
    if (t->class == FLOAT && strcmp(text, "nan:canonical") == 0)
        return (bits & ~sign) == quiet;
    if (t->class == FLOAT && strcmp(text, "nan:arithmetic") == 0)
        return (bits & quiet) == quiet;
    return parse_number(t, text, &want) && bits == want;
}

static bool vector_matches(const json_t *value, const uint64_t *slots)
{
    const struct type *lane = lane_type(value);

    if (!lane)
        return false;
    for (unsigned i = 0; i < 128 / lane->bits; i++) {
        unsigned at = i * lane->bits;

        if (!number_matches(lane, lane_text(value, i),
                            slots[at / 64] >> at % 64 & mask(lane->bits)))
            return false;
    }
    return true;
}

static bool matches(const struct type *t, const json_t *value,
                    const uint64_t *slots, const we_instance *instance)
{
    const char *text = json_string_value(json_object_get(value, "value"));

    switch (t->class) {
    case INTEGER:
    case FLOAT:
        return number_matches(t, text, slots[0]);
    case VECTOR:
        return vector_matches(value, slots);
    case REFERENCE:
        if (!text)
            return slots[0] != 0;
        return slots[0] ==
               (strcmp(text, "null") == 0 ? 0 : host_reference(text));
    case ANYREF:
        if (!text)
            return slots[0] != 0;
        return slots[0] ==
               (strcmp(text, "null") == 0 ? 0 : internal_reference(text));
    case OBJECT:
        return (t->bits >> we_ref_kind(instance, slots[0]) & 1) != 0;
    case NULLREF:
        return slots[0] == 0;
    }
    return false;
}

/* "either": one of several patterns, all of one type. */
static const json_t *alternatives(const json_t *value, size_t *n)
{
    const char *name = json_string_value(json_object_get(value, "type"));
    const json_t *values = json_object_get(value, "values");

    if (name && strcmp(name, "either") == 0 && json_array_size(values) > 0) {
        *n = json_array_size(values);
        return values;
    }
    *n = 1;
    return NULL;
}

/* Is a result of the engine's type (letter) one that the pattern means? */
static bool type_matches(const struct type *t, char letter)
{
    if (letter == '.')
        return true;
    if (t->letter)
        return t->letter == letter;
    return letter == 'r' || letter == 'e';
}

static void describe(const json_t *value, const uint64_t *slots, unsigned n,
                     char letter, char *error, size_t size)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    int at = snprintf(error, size, "expected %.200s, found %c",
                      text ? text : "no result", letter);

    for (unsigned i = 0; i < n && at > 0 && (size_t)at < size; i++)
        at += snprintf(error + at, size - (size_t)at, " %" PRIu64 " (0x%" PRIx64
                       ")", slots[i], slots[i]);
    free(text);
}

bool spec_results_match(const json_t *expected, const we_instance *instance,
                        const uint64_t *slots, unsigned nslots,
                        const char *letters, char *error, size_t size)
{
    size_t i, n;
    json_t *value;
    unsigned at = 0;
    bool known = strcmp(letters, "...") != 0;

    if (known && strlen(letters) != json_array_size(expected)) {
        snprintf(error, size, "expected %zu results, found types \"%s\"",
                 json_array_size(expected), letters);
        return false;
    }
    json_array_foreach(expected, i, value) {
        const json_t *values = alternatives(value, &n);
        const json_t *first = values ? json_array_get(values, 0) : value;
        const struct type *t = type_of(first);
        char letter = known ? letters[i] : '.';
        bool found = false;

        if (!t || at + slots_of(t) > nslots || !type_matches(t, letter)) {
            describe(value, slots + at, at < nslots, letter, error, size);
            return false;
        }
        for (size_t k = 0; k < n; k++)
            found |= matches(t, values ? json_array_get(values, k) : value,
                             slots + at, instance);
        if (!found) {
            describe(value, slots + at, slots_of(t), letter, error, size);
            return false;
        }
        at += slots_of(t);
    }
    if (at != nslots) {
        snprintf(error, size, "expected %u slots of results, found %u", at,
                 nslots);
        return false;
    }
    return true;
}

/* The modules, instances and registered names of one file of the suite. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"

struct definition {
    const json_t   *name;
    we_module      *module;
    enum spec_state state;
};

struct named_instance {
    const json_t        *name;
    struct spec_instance it;
};

struct registered {
    const json_t        *as;
    struct spec_instance it;
};

struct spec_store {
    const char *dir;
    we_engine  *engine;
    we_linker  *linker;      /* remade when a name is registered */
    size_t ndefinitions, ninstances, nregistered, nspectest;
    struct definition     *definitions;
    struct named_instance *instances;
    struct registered     *registered;
    we_instance           *spectest[SPEC_SPECTEST_MAX];
};

static void *grown(void *array, size_t n, size_t size)
{
    void *p = n & (n - 1) ? array : realloc(array, (n ? 2 * n : 1) * size);

    if (!p) {
        puts("out of memory");
        exit(1);
    }
    return p;
}

static bool same(const json_t *a, const json_t *b)
{
    return a && b && json_string_length(a) == json_string_length(b) &&
           memcmp(json_string_value(a), json_string_value(b),
                  json_string_length(a)) == 0;
}

/* Later registrations replace earlier ones of the same name. */
static bool replaced(const struct spec_store *s, size_t i)
{
    for (size_t k = i + 1; k < s->nregistered; k++)
        if (same(s->registered[i].as, s->registered[k].as))
            return true;
    return false;
}

static enum we_error make_linker(struct spec_store *s)
{
    enum we_error e = WE_OK;

    we_linker_free(s->linker);
    s->linker = we_linker_new(s->engine);
    if (!s->linker)
        return WE_NOMEM;
    e = spec_spectest_define(s->linker, s->spectest, s->nspectest);
    for (size_t i = 0; !e && i < s->nregistered; i++) {
        const struct registered *r = &s->registered[i];

        if (r->it.state == SPEC_GOOD && !replaced(s, i))
            e = we_linker_define_instance(s->linker,
                                          json_string_value(r->as),
                                          json_string_length(r->as),
                                          r->it.instance);
    }
    return e;
}

struct spec_store *spec_store_new(const char *dir)
{
    struct spec_store *s = calloc(1, sizeof *s);

    if (s)
        s->engine = we_engine_new(NULL);
    if (!s || !s->engine) {
        puts("no engine");
        exit(1);
    }
    s->dir = dir;
    s->nspectest = spec_spectest_new(s->engine, s->spectest);
    if (make_linker(s)) {
        puts("no linker");
        exit(1);
    }
    return s;
}

void spec_store_free(struct spec_store *s)
{
    for (size_t i = s->ninstances; i-- > 0;)
        we_instance_free(s->instances[i].it.instance);
    for (size_t i = s->nspectest; i-- > 0;)
        we_instance_free(s->spectest[i]);
    for (size_t i = 0; i < s->ndefinitions; i++)
        we_module_free(s->definitions[i].module);
    we_linker_free(s->linker);
    we_engine_free(s->engine);
    free(s->definitions);
    free(s->instances);
    free(s->registered);
    free(s);
}

/* --- loading ------------------------------------------------------------ */

static void *read_file(const char *dir, const char *name, size_t *len)
{
    char path[4096];
    FILE *f;
    long size = -1;
    void *bytes = NULL;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    f = fopen(path, "rb");
    if (f && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size >= 0)
        bytes = malloc((size_t)size + 1);
    if (bytes) {
        rewind(f);
        *len = fread(bytes, 1, (size_t)size, f);
    }
    if (f)
        fclose(f);
    return bytes;
}

we_module *spec_store_load(struct spec_store *s, const json_t *command,
                           struct spec_outcome *outcome)
{
    const char *name =
        json_string_value(json_object_get(command, "binary_filename"));
    we_module *module = NULL;
    size_t len;
    void *bytes;

    if (!name)
        name = json_string_value(json_object_get(command, "filename"));
    memset(outcome, 0, sizeof *outcome);
    bytes = name ? read_file(s->dir, name, &len) : NULL;
    if (!bytes) {
        outcome->state = SPEC_FAILED;
        outcome->error = WE_NOT_FOUND;
        snprintf(outcome->detail.text, sizeof outcome->detail.text,
                 "can't read the file %s", name ? name : "(none)");
        return NULL;
    }
    outcome->error =
        we_module_load(s->engine, bytes, len, &module, &outcome->detail);
    free(bytes);
    if (!outcome->error)
        return module;
    outcome->state = outcome->error == WE_UNSUPPORTED &&
                     spec_skip_feature(outcome->detail.text)
        ? SPEC_SKIPPED : SPEC_FAILED;
    return NULL;
}

/* Does the module import from one that was skipped? */
static bool needs_skipped(const struct spec_store *s, const we_module *module)
{
    struct we_extern import;

    for (uint32_t i = 0; i < we_module_nimports(module); i++) {
        we_module_import(module, i, &import);
        for (size_t k = 0; k < s->nregistered; k++) {
            const struct registered *r = &s->registered[k];

            if (r->it.state == SPEC_SKIPPED && !replaced(s, k) &&
                json_string_length(r->as) == import.module_len &&
                memcmp(json_string_value(r->as), import.module,
                       import.module_len) == 0)
                return true;
        }
    }
    return false;
}

we_instance *spec_store_instantiate(struct spec_store *s, we_module *module,
                                    struct spec_outcome *outcome)
{
    we_instance *instance = NULL;

    memset(outcome, 0, sizeof *outcome);
    if (needs_skipped(s, module)) {
        outcome->state = SPEC_SKIPPED;
        return NULL;
    }
    outcome->error = we_instance_new(module, s->linker, NULL, 0, NULL,
                                     &instance, &outcome->detail,
                                     &outcome->trap);
    outcome->state = outcome->error ? SPEC_FAILED : SPEC_GOOD;
    return outcome->error ? NULL : instance;
}

/* --- names -------------------------------------------------------------- */

void spec_store_define(struct spec_store *s, const json_t *name,
                       we_module *module, enum spec_state state)
{
    s->definitions = grown(s->definitions, s->ndefinitions,
                           sizeof *s->definitions);
    s->definitions[s->ndefinitions++] =
        (struct definition){name, module, state};
}

we_module *spec_store_definition(struct spec_store *s, const json_t *name,
                                 enum spec_state *state)
{
    for (size_t i = s->ndefinitions; i-- > 0;) {
        if (name && !same(s->definitions[i].name, name))
            continue;
        *state = s->definitions[i].state;
        return s->definitions[i].module;
    }
    *state = SPEC_FAILED;
    return NULL;
}

void spec_store_add(struct spec_store *s, const json_t *name, unsigned line,
                    we_instance *instance, enum spec_state state)
{
    s->instances = grown(s->instances, s->ninstances, sizeof *s->instances);
    s->instances[s->ninstances++] =
        (struct named_instance){name, {state, line, instance}};
}

const struct spec_instance *spec_store_find(struct spec_store *s,
                                            const json_t *name)
{
    for (size_t i = s->ninstances; i-- > 0;)
        if (!name || same(s->instances[i].name, name))
            return &s->instances[i].it;
    return NULL;
}

void spec_store_register(struct spec_store *s, const json_t *as,
                         const struct spec_instance *instance)
{
    s->registered = grown(s->registered, s->nregistered,
                          sizeof *s->registered);
    s->registered[s->nregistered++] = (struct registered){as, *instance};
    if (make_linker(s) != WE_OK) {
        puts("can't register an instance");
        exit(1);
    }
}

/* The decoded module, against what valid/all.wat says; and damaged modules. */
#include "front.h"

#include <stdio.h>
#include <stdlib.h>

static const char *folder = "tests/engine/valid";

static uint8_t *slurp(const char *file, size_t *len)
{
    char path[512];
    uint8_t *data = malloc(1 << 16);
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, file);
    f = fopen(path, "rb");
    if (!ok(f && data, "%s is there", path))
        exit(1);
    *len = fread(data, 1, 1 << 16, f);
    fclose(f);
    return data;
}

static void is_name(struct we_bytes got, const char *want, const char *what)
{
    is_bytes(got.data, got.len, want, strlen(want), "%s", what);
}

static enum we_error ignore_begin(void *env, const struct we_body *body)
{
    (void)env;
    (void)body;
    return WE_OK;
}

static enum we_error ignore_insn(void *env, const struct we_insn *insn)
{
    ++*(uint32_t *)env;
    (void)insn;
    return WE_OK;
}

static enum we_error ignore_finish(void *env, uint32_t stack_slots)
{
    (void)env;
    (void)stack_slots;
    return WE_OK;
}

/* Decodes, and validates all bodies. */
static enum we_error check(struct front *f, const uint8_t *bytes, size_t len)
{
    uint32_t ninsns = 0, i;
    struct we_sink sink = { &ninsns, ignore_begin, ignore_insn,
                            ignore_finish };
    enum we_error error = front_open(f, bytes, len);

    for (i = f->module.nfuncs_imported;
         i < f->module.nfuncs && error == WE_OK; i++)
        error = we_validate_func(f->validator, i, &sink, &f->detail);
    return error;
}

/* --- all.wat, section by section ---------------------------------------- */

static void test_types(const struct we_module *m)
{
    const struct we_type *const *t = m->types;

    is_int(m->ntypes, 17, "types");
    is_int(t[0]->kind, WE_TYPE_FUNC, "0: a function");
    ok(t[1]->nparams == 2 && t[1]->nresults == 2
       && t[1]->values[1] == WE_I64 && t[1]->values[3] == WE_F64,
       "1: its values");
    ok(t[2]->kind == WE_TYPE_STRUCT && t[2]->nfields == 2 && !t[2]->final,
       "2: an open structure");
    is_int(t[2]->fields[0].type, WE_REF | WE_NULL | WE_CONCRETE | t[2]->id,
           "... that refers to itself");
    ok(!t[2]->fields[0].mutable_ && t[2]->fields[1].mutable_, "mutability");
    ok(t[3]->final && t[3]->depth == 1 && t[3]->supers[0] == t[2]->id,
       "3: below 2");
    is_int(t[3]->fields[2].type, WE_I8, "... a packed field");
    ok(t[4]->kind == WE_TYPE_ARRAY && t[4]->fields[0].type == WE_I8,
       "4: an array of bytes");
}

static void test_imports(const struct we_module *m)
{
    static const enum we_kind kinds[] = { WE_FUNC, WE_TABLE, WE_MEMORY,
                                          WE_GLOBAL, WE_TAG, WE_FUNC };
    static const uint32_t indices[] = { 0, 0, 0, 0, 0, 1 };
    uint32_t i;

    is_int(m->nimports, 6, "imports");
    for (i = 0; i < 6; i++)
        ok(m->imports[i].kind == kinds[i]
           && m->imports[i].index == indices[i], "import %u", i);
    is_name(m->imports[1].name, "table", "a name");
    is_name(m->imports[5].module, "\xce\xbb", "UTF-8");
    is_name(m->imports[5].name, "na\xc3\xafve", "... and the other");
    ok(m->memories[0].range.shared && m->memories[0].range.max == 4,
       "an imported memory's type");
    ok(m->tables[0].type == WE_FUNCREF && m->tables[0].range.max == 2,
       "an imported table's");
    ok(m->globals[0].type == WE_I32 && !m->globals[0].mutable_,
       "an imported global's");
    is_int(m->tags[0].type->nparams, 1, "an imported tag's");
}

static void test_spaces(const struct we_module *m)
{
    ok(m->nfuncs == 15 && m->nfuncs_imported == 2, "functions");
    ok(m->ntables == 4 && m->ntables_imported == 1, "tables");
    ok(m->nmemories == 3 && m->nmemories_imported == 1, "memories");
    ok(m->nglobals == 6 && m->nglobals_imported == 1, "globals");
    ok(m->ntags == 2 && m->ntags_imported == 1, "tags");
    is_int(m->funcs[1].size, 0, "imported functions have no body");
    ok(m->funcs[14].size > 0, "others have");
    ok(m->tables[2].type == WE_EXTERNREF && m->tables[2].range.has_max
       && m->tables[2].range.min == 1 && m->tables[2].range.max == 10,
       "a table's type");
    ok(m->tables[3].range.is64 && !m->tables[3].range.has_max,
       "a 64-bit table");
    is_int(m->tables[3].init.kind, WE_EXPR_VALUE, "... its first value");
    is_int((int64_t)m->tables[3].init.value[0], 0, "... is null");
    ok(m->memories[2].range.is64
       && m->memories[2].range.max == 0x1000000000, "a 64-bit memory");
    is_int(m->memories[2].page_shift, 16, "pages of 64 KiB");
    is_int(m->tags[1].type->values[1], WE_F32, "a tag's type");
}

static void test_globals(const struct we_module *m)
{
    const struct we_global_desc *g = m->globals;

    ok(g[1].mutable_ && g[1].init.kind == WE_EXPR_VALUE, "a value");
    is_int((int64_t)g[1].init.value[0], -5, "... -5");
    is_int((int64_t)g[2].init.value[0], 0x400921fb54442d18, "... pi");
    ok(g[3].init.kind == WE_EXPR_CODE && g[3].init.code != NULL,
       "an expression to run");
    ok(g[4].init.value[0] == 1 && g[4].init.value[1] == 2, "a vector");
    ok(g[5].init.kind == WE_EXPR_FUNC && g[5].init.index == 14, "a function");
}

static void test_exports(const struct we_module *m)
{
    is_int(m->nexports, 6, "exports");
    is_name(m->exports[1].name, "factorial", "in their order");
    ok(m->exports[1].kind == WE_FUNC && m->exports[1].index == 3,
       "a function");
    ok(m->exports[3].kind == WE_MEMORY && m->exports[3].index == 1,
       "a memory");
    ok(m->exports[5].kind == WE_TAG && m->exports[5].index == 0, "a tag");
    is_int(m->start, 14, "the start function");
}

static void test_segments(const struct we_module *m)
{
    const struct we_elem_desc *e = m->elems;
    const struct we_data_desc *d = m->datas;

    is_int(m->nelems, 6, "element segments");
    ok(e[0].mode == WE_ACTIVE && e[0].table == 1 && e[0].count == 2
       && e[0].offset.value[0] == 1, "an active one");
    ok(e[0].funcs && e[0].funcs[0] == 10 && e[0].funcs[1] == 1,
       "... of functions");
    ok(e[1].mode == WE_PASSIVE && e[1].count == 1, "a passive one");
    ok(e[2].type == WE_EXTERNREF && e[2].exprs && !e[2].funcs,
       "one of expressions");
    ok(e[3].exprs[0].kind == WE_EXPR_FUNC && e[3].exprs[0].index == 4
       && e[3].exprs[1].kind == WE_EXPR_VALUE, "... function and null");
    is_int(e[4].mode, WE_DECLARATIVE, "a declarative one");
    ok(e[5].table == 3 && e[5].mode == WE_ACTIVE, "one of a 64-bit table");
    ok(m->funcs[3].declared && m->funcs[4].declared && m->funcs[14].declared,
       "functions that are named outside bodies are declared");
    ok(!m->funcs[12].declared, "... others are not");

    ok(m->has_data_count && m->ndatas == 3, "data segments");
    ok(d[0].mode == WE_ACTIVE && d[0].memory == 1
       && d[0].offset.value[0] == 1024, "an active one");
    is_bytes(d[0].bytes.data, d[0].bytes.len, "The quick brown fox\0\xff\n",
             22, "... its bytes");
    ok(d[1].mode == WE_PASSIVE && d[1].bytes.len == 4, "a passive one");
    is_int(d[2].memory, 2, "one of another memory");
}

static void test_names(const struct we_module *m)
{
    is_int(m->ncustoms, 3, "custom sections");
    is_name(m->customs[0].name, "note", "their names");
    is_bytes(m->customs[0].bytes.data, m->customs[0].bytes.len,
             "a custom section", 16, "... and bytes");
    is_name(m->name, "all", "the module's name");
    is_name(we_module_func_name(m, 0), "print", "a function's");
    is_name(we_module_func_name(m, 14), "start", "the last one's");
}

static void test_all(void)
{
    struct front f;
    size_t len;
    uint8_t *bytes = slurp("all.wasm", &len);

    if (!is_int(check(&f, bytes, len), WE_OK, "all.wasm is valid"))
        diag("%s", f.detail.text);
    test_types(&f.module);
    test_imports(&f.module);
    test_spaces(&f.module);
    test_globals(&f.module);
    test_exports(&f.module);
    test_segments(&f.module);
    test_names(&f.module);
    front_close(&f);
    free(bytes);
}

/* --- damaged modules ---------------------------------------------------- */

/* Where the section that holds byte `at` begins; a section's first byte
 * is its id. */
static bool is_boundary(const uint8_t *bytes, size_t len, size_t at)
{
    size_t p = 8, size, shift;

    while (p < len && p < at) {
        for (size = shift = 0, p++;; shift += 7) {
            size |= (size_t)(bytes[p] & 0x7f) << shift;
            if (!(bytes[p++] & 0x80))
                break;
        }
        p += size;
    }
    return p == at;
}

static bool clean(struct front *f)
{
    uint32_t i;

    for (i = 0; i < f->module.ntypes; i++)
        we_types_release(f->engine->types, f->module.types[i]->id);
    we_lower_free(f->lower);
    we_validator_free(f->validator);
    we_arena_free(&f->module.arena);
    we_engine_free(f->engine);
    return f->memory.blocks == 0 && f->memory.mistakes == 0;
}

/* A verdict, a reason within the module, and nothing left behind. */
static bool survives(const uint8_t *bytes, size_t len, enum we_error *error)
{
    struct front f;
    bool good;

    *error = check(&f, bytes, len);
    good = *error == WE_OK || (f.detail.text[0] && f.detail.offset <= len);
    return clean(&f) && good;
}

/* Cut at every byte: malformed unless the cut is between two sections. */
static void test_cut(const char *file)
{
    enum we_error error;
    size_t len, n;
    uint8_t *bytes = slurp(file, &len), *copy;
    bool good;

    for (n = 0; n < len; n++) {
        copy = tap_guarded(bytes, n);
        good = survives(copy, n, &error)
               && (error == WE_MALFORMED || is_boundary(bytes, len, n));
        tap_guarded_free(copy, n);
        if (!good)
            break;
    }
    is_int((int64_t)n, (int64_t)len, "%s cut at every byte", file);
    free(bytes);
}

/* Every byte flipped in several ways. */
static void test_flip(const char *file)
{
    enum we_error error;
    size_t len, at, refused = 0;
    uint8_t *bytes = slurp(file, &len), *copy = tap_guarded(bytes, len), flips;
    bool good = true;

    for (at = 0; at < len && good; at++) {
        const uint8_t ways[] = { 0xff, (uint8_t)(1u << at % 8), 0x80, 0x01 };

        for (flips = 0; flips < sizeof ways && good; flips++) {
            copy[at] = bytes[at] ^ ways[flips];
            good = survives(copy, len, &error);
            refused += error != WE_OK;
        }
        copy[at] = bytes[at];
    }
    is_int((int64_t)at, (int64_t)len, "%s with every byte flipped", file);
    ok(refused > len, "... which is noticed in general");
    tap_guarded_free(copy, len);
    free(bytes);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        folder = argv[1];
    test_all();
    test_cut("all.wasm");
    test_cut("kernels.wasm");
    test_flip("all.wasm");
    test_flip("kernels.wasm");
    return done();
}

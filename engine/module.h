/* The decoded module (Section 2.5): immutable, shared by its instances. */
#ifndef WE_MODULE_H
#define WE_MODULE_H

#include "arena.h"
#include "types.h"

struct we_code;                          /* code.h: what lower.c makes */

struct we_bytes {
    const uint8_t *data;
    uint32_t       len;
};

/* Limits of memories (in pages) and tables (in elements). */
struct we_range {
    uint64_t min, max;
    bool     has_max, is64, shared;
};

/*
 * A constant expression (Section 3.3.10): simple ones are values, all others
 * are a body without parameters that the interpreter runs.
 */
struct we_expr {
    enum { WE_EXPR_VALUE, WE_EXPR_FUNC, WE_EXPR_GLOBAL, WE_EXPR_CODE } kind;
    uint32_t            offset;          /* byte in the module */
    union {
        uint64_t        value[2];        /* slots; a null reference is 0 */
        uint32_t        index;           /* function or global */
        struct we_code *code;
    };
};

struct we_import_desc {
    struct we_bytes module, name;
    enum we_kind    kind;
    uint32_t        index;               /* in the index space of its kind */
};

struct we_export_desc {
    struct we_bytes name;
    enum we_kind    kind;
    uint32_t        index;
};

/* There may be a million, of four bytes each: see we_module_load. */
struct we_func_desc {
    const struct we_type *type;
    struct we_code *code;                /* NULL: imported */
    uint32_t        offset, size;        /* of the body, locals and code, in
                                            the module; 0: imported */
    uint32_t        name;                /* where the module has its name,
                                            with the length; 0: none */
    bool            declared;            /* may be ref.func'ed in bodies */
};

struct we_table_desc {
    we_valtype      type;
    struct we_range range;
    struct we_expr  init;                /* value 0 if none is written */
};

struct we_memory_desc {
    struct we_range range;               /* pages of 1 << page_shift bytes */
    uint8_t         page_shift;          /* 16 */
};

struct we_global_desc {
    we_valtype     type;
    bool           mutable_;
    struct we_expr init;                 /* not of an imported one */
};

struct we_tag_desc {
    const struct we_type *type;
};

enum we_segment_mode { WE_PASSIVE, WE_ACTIVE, WE_DECLARATIVE };

struct we_elem_desc {
    enum we_segment_mode mode;
    we_valtype      type;
    uint32_t        table;
    struct we_expr  offset;
    uint32_t        count;
    const uint32_t *funcs;               /* function indices, or NULL: */
    struct we_expr *exprs;
};

struct we_data_desc {
    enum we_segment_mode mode;
    uint32_t        memory;
    struct we_expr  offset;
    struct we_bytes bytes;
};

struct we_custom_desc {
    struct we_bytes name, bytes;
};

#define WE_NO_INDEX UINT32_MAX

/*
 * What a module may take of the host's memory: so much for each of its bytes,
 * and something for those that are small.  The same bounds each of its
 * instances, but for what struct we_limits does.
 */
enum { WE_MEMORY_RATIO = 20, WE_MEMORY_FIXED = 1 << 20 };

/* Index spaces: imports first, n* counts all, n*_imported the imports. */
struct we_module {
    we_engine      *engine;
    uint32_t        count;               /* owners: the caller, instances */
    struct we_budget budget;             /* for the arena, and scratch */
    struct we_arena arena;               /* everything below lives here */
    struct we_bytes bytes;               /* the module's own copy */

    uint32_t ntypes;
    const struct we_type **types;        /* by type index; canonical */
    uint32_t nimports, nexports;
    struct we_import_desc *imports;
    struct we_export_desc *exports;
    uint32_t nfuncs, nfuncs_imported;
    struct we_func_desc *funcs;
    uint32_t ntables, ntables_imported;
    struct we_table_desc *tables;
    uint32_t nmemories, nmemories_imported;
    struct we_memory_desc *memories;
    uint32_t nglobals, nglobals_imported;
    struct we_global_desc *globals;
    uint32_t ntags, ntags_imported;
    struct we_tag_desc *tags;
    uint32_t start;                      /* function, or WE_NO_INDEX */
    uint32_t nelems;
    struct we_elem_desc *elems;
    bool     has_data_count;
    uint32_t ndatas;
    struct we_data_desc *datas;
    uint32_t ncustoms;
    struct we_custom_desc *customs;
    struct we_bytes name;                /* of the name section */
    uint32_t *export_hash;               /* open addressing: export + 1 */
    uint32_t nexports_hash;              /* a power of two */
};

/* The most memory that a module, or an instance, may take. */
static inline uint64_t we_module_most(const struct we_module *m)
{
    return WE_MEMORY_RATIO * (uint64_t)m->bytes.len + WE_MEMORY_FIXED;
}

/* A function's name in the name section; len 0: none. */
struct we_bytes we_module_func_name(const struct we_module *m, uint32_t func);

#endif

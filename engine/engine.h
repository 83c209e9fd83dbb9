/*
 * Sluice engine: the public interface (installed as sluice/engine.h).
 *
 * General rules, true of every function below unless its line says otherwise:
 *
 *  - An engine and everything made from it belong to one thread at a time.
 *    A forked process may go on using what it inherited, after
 *    we_engine_attach().
 *  - A function that can fail returns enum we_error; WE_OK is 0.  Details go
 *    into the caller's record (struct we_detail, struct we_trap), which may be
 *    NULL; the first error wins.
 *  - Pointers that are returned are owned by the object that returned them and
 *    live as long as it does; what a *_new or *_load function makes, the
 *    caller releases with the matching *_free.  Modules are counted: an
 *    instance keeps its module alive.
 *  - Every allocation goes through the allocator of struct we_config.
 *  - Values cross the border as slots: an array of 64-bit numbers, one a value
 *    and two for a v128 (low half first).  i32 and f32 stand in the low 32
 *    bits, the upper ones are zero; f32 and f64 are bit patterns.  A reference
 *    is an opaque number, 0 is null.
 *  - Sizes and offsets in guest memory are in bytes, times in nanoseconds.
 *
 * "Section" in a comment means the WebAssembly core specification 3.0.
 */
#ifndef SLUICE_ENGINE_H
#define SLUICE_ENGINE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct we_engine   we_engine;
typedef struct we_module   we_module;
typedef struct we_linker   we_linker;
typedef struct we_instance we_instance;
typedef struct we_func     we_func;
typedef struct we_memory   we_memory;
typedef struct we_table    we_table;
typedef struct we_global   we_global;
typedef struct we_tag      we_tag;

/* --- errors and traps: one row each ------------------------------------- */

#define WE_ERRORS(row)                                          \
    row(OK,          "ok")                                      \
    row(NOMEM,       "out of memory")                           \
    row(MALFORMED,   "malformed module")                        \
    row(INVALID,     "invalid module")                          \
    row(UNSUPPORTED, "feature not supported")                   \
    row(LIMIT,       "limit exceeded")                          \
    row(LINK,        "import cannot be linked")                 \
    row(TRAP,        "trap")                                    \
    row(NOT_FOUND,   "not found")                               \
    row(ARGUMENT,    "wrong argument")                          \
    row(SYSTEM,      "system call failed")

/* The texts of the traps are those of the official test suite. */
#define WE_TRAPS(row)                                           \
    row(NONE,              "no trap")                           \
    row(UNREACHABLE,       "unreachable")                       \
    row(MEMORY,            "out of bounds memory access")       \
    row(TABLE,             "out of bounds table access")        \
    row(UNDEFINED_ELEMENT, "undefined element")                 \
    row(UNINIT_ELEMENT,    "uninitialized element")             \
    row(CALL_TYPE,         "indirect call type mismatch")       \
    row(DIVIDE,            "integer divide by zero")            \
    row(OVERFLOW,          "integer overflow")                  \
    row(CONVERSION,        "invalid conversion to integer")     \
    row(STACK,             "call stack exhausted")              \
    row(NULL_REFERENCE,    "null reference")                    \
    row(CAST,              "cast failure")                      \
    row(ARRAY,             "out of bounds array access")        \
    row(HEAP,              "allocation size too large")         \
    row(UNALIGNED,         "unaligned atomic")                  \
    row(NOT_SHARED,        "expected shared memory")            \
    row(EXCEPTION,         "uncaught exception")                \
    row(DEADLINE,          "deadline exceeded")                 \
    row(EXIT,              "program exited")                    \
    row(HOST,              "host function failed")              \
    row(NOMEM,             "host out of memory")

#define WE_ROW_ERROR(name, text) WE_##name,
#define WE_ROW_TRAP(name, text)  WE_TRAP_##name,
enum we_error     { WE_ERRORS(WE_ROW_ERROR) WE_NERRORS };
enum we_trap_code { WE_TRAPS(WE_ROW_TRAP) WE_NTRAPS };
#undef WE_ROW_ERROR
#undef WE_ROW_TRAP

/* Constant texts. */
const char *we_error_text(enum we_error e);
const char *we_trap_text(enum we_trap_code t);

enum { WE_TEXT_MAX = 160, WE_BACKTRACE_MAX = 24 };

/* Why a load or an instantiation failed. */
struct we_detail {
    enum we_error error;
    uint64_t      offset;              /* byte in the module, or 0 */
    char          text[WE_TEXT_MAX];   /* one line, NUL-terminated */
};

/* One frame of a back-trace.  The name is not NUL-terminated; it belongs to
 * the module and lives as long as it does; NULL if the module has none. */
struct we_frame_info {
    uint32_t    func;                  /* function index; UINT32_MAX: a
                                          constant expression */
    uint32_t    offset;                /* byte offset in the module */
    const char *name;
    uint32_t    name_len;
};

/* Why a call ended early.  frames[0] is the innermost; nframes counts what is
 * recorded, depth all that there were. */
struct we_trap {
    enum we_trap_code    code;
    int32_t              exit_status;  /* of WE_TRAP_EXIT */
    uint32_t             depth;
    uint32_t             nframes;
    struct we_frame_info frames[WE_BACKTRACE_MAX];
    char                 text[WE_TEXT_MAX]; /* one line, says the cause */
};

/* --- types -------------------------------------------------------------- */

/*
 * A signature in text: a letter a parameter, a colon, a letter a result.
 *   i i32   I i64   f f32   F f64   v v128   r funcref   e externref
 * "ii:i" takes two i32 and returns one; ":" takes and returns nothing.
 */

enum we_kind { WE_FUNC, WE_TABLE, WE_MEMORY, WE_GLOBAL, WE_TAG };

/* An import or export.  Names are UTF-8, not NUL-terminated, may hold NUL and
 * belong to the module. */
struct we_extern {
    enum we_kind kind;
    const char  *module;               /* of an import; NULL for an export */
    uint32_t     module_len;
    const char  *name;
    uint32_t     name_len;
    uint32_t     index;                /* in the index space of its kind */
};

/* --- engine ------------------------------------------------------------- */

/* The host's allocator: new_size 0 frees, ptr NULL allocates, else resizes;
 * NULL means failure and leaves the old block as it was. */
struct we_allocator {
    void *(*resize)(void *env, void *ptr, size_t old_size, size_t new_size);
    void  *env;
};

struct we_config {
    struct we_allocator allocator;     /* resize NULL: the C library's */
    uint64_t module_bytes;             /* largest module; 0: 256 MiB */
    uint64_t stack_bytes;              /* guest stack; 0: 1 MiB.  See below */
};

/*
 * The guest stack: a call takes, in 8-byte slots, its parameters and locals,
 * the deepest operand stack of its body and 4 more.  When the stack of
 * stack_bytes is used up, the call traps with WE_TRAP_STACK.  The rule is
 * exact and the same in every executor.
 */

/*
 * A module takes at most 20 bytes of the host's memory for each of its own,
 * and 1 MiB; so does each instance, what struct we_limits is for left out.  One
 * that would take more is refused with WE_LIMIT.
 */

/* config is copied, and may be NULL (all defaults).  The engine is the
 * caller's; NULL if out of memory. */
we_engine *we_engine_new(const struct we_config *config);
void       we_engine_free(we_engine *engine);  /* after all that it made */
/* The allocator that it uses, for what is built on top of it; the engine's. */
const struct we_allocator *we_engine_allocator(const we_engine *engine);

/*
 * Prepares the calling thread to run guests: makes its deadline timer, which
 * takes a real-time signal that nobody handles yet.  To be called once in each
 * process (again after a fork) before a call with a deadline.  WE_SYSTEM if
 * there is no timer.
 */
enum we_error we_engine_attach(we_engine *engine);

/* --- module ------------------------------------------------------------- */

/* Decodes, validates and prepares a module.  bytes are copied; *module is the
 * caller's, NULL after a failure. */
enum we_error we_module_load(we_engine *engine, const void *bytes, size_t len,
                             we_module **module, struct we_detail *detail);
void we_module_free(we_module *module);        /* drops the caller's count */

uint32_t we_module_nimports(const we_module *module);
uint32_t we_module_nexports(const we_module *module);
/* i < the count; in the order of the section.  The names are the module's. */
void we_module_import(const we_module *module, uint32_t i,
                      struct we_extern *import);
void we_module_export(const we_module *module, uint32_t i,
                      struct we_extern *export_);
/* Finds an export by name; NULL-able out.  False if there is none. */
bool we_module_find_export(const we_module *module, const char *name,
                           size_t len, struct we_extern *export_);
/* Has function func this signature exactly?  (func: function index) */
bool we_module_func_is(const we_module *module, uint32_t func,
                       const char *signature);
/* Writes function func's signature, or "..." where the letters lack a type;
 * returns buf. */
char *we_module_func_signature(const we_module *module, uint32_t func,
                               char *buf, size_t size);
/* Writes the type of an import or export as the text format puts it:
 * "func (param i32) (result i64)", "memory 1 2", "global (mut f32)"; returns
 * buf.  What doesn't fit is cut off. */
char *we_module_extern_text(const we_module *module,
                            const struct we_extern *extern_, char *buf,
                            size_t size);
/* The first custom section of that name, the module's; NULL if there is
 * none. */
const uint8_t *we_module_custom(const we_module *module, const char *name,
                                size_t *len);

/* --- linker ------------------------------------------------------------- */

/*
 * A host function.  It finds its arguments in slots[0..], and puts its results
 * there, too (room for the larger of the two).  env is what the definition
 * gave; instance is the caller, whose memory and host data it may use; during
 * instantiation of the caller that is the unfinished instance.
 * It returns WE_TRAP_NONE, or a trap that ends the guest's call; for
 * WE_TRAP_HOST and WE_TRAP_EXIT it may set text and status first with
 * we_instance_set_trap().  It may call guests again (we_call), must not free
 * the instance, and must take spans anew after anything that ran a guest.
 */
typedef enum we_trap_code we_host_fn(void *env, we_instance *instance,
                                     uint64_t *slots);

/* The linker is the caller's; NULL if out of memory. */
we_linker *we_linker_new(we_engine *engine);
void       we_linker_free(we_linker *linker);  /* instances don't need it */

/* Defines a function; a name defined twice is WE_ARGUMENT, as is a bad
 * signature.  module and name are NUL-terminated and copied; env is the
 * caller's, and has to outlive the instances. */
enum we_error we_linker_define_func(we_linker *linker, const char *module,
                                    const char *name, const char *signature,
                                    we_host_fn *fn, void *env);
/* Defines all exports of an instance, which stays the caller's, under a module
 * name, which is copied.  Instances linked with each other share tables and
 * functions: none may run any more once the first of them is freed. */
enum we_error we_linker_define_instance(we_linker *linker, const char *module,
                                        size_t module_len,
                                        we_instance *instance);
/* Asked for imports that nobody defined: fill in the definition and return
 * true, or return false to refuse the module. */
struct we_host_def {
    we_host_fn *fn;
    void       *env;
};
typedef bool we_resolve_fn(void *env, const struct we_extern *import,
                           const char *signature, struct we_host_def *def);
void we_linker_set_resolver(we_linker *linker, we_resolve_fn *resolve,
                            void *env);

/* --- instance ----------------------------------------------------------- */

struct we_limits {
    uint64_t memory_bytes;    /* all linear memories; 0: no limit but 4 GiB */
    uint64_t table_elements;  /* all tables; 0: 10,000,000 */
};

/*
 * Links (linker may be NULL: nothing is defined), allocates, initialises and
 * runs the start function (Section 4.5.4), under limits (NULL: defaults) and a
 * deadline for the start function (CPU nanoseconds; 0: none).  host_data is
 * what we_instance_host_data returns.  WE_TRAP: *trap says why.  *instance is
 * the caller's and keeps the module; after any failure it is NULL.
 */
enum we_error we_instance_new(we_module *module, we_linker *linker,
                              const struct we_limits *limits,
                              uint64_t deadline, void *host_data,
                              we_instance **instance,
                              struct we_detail *detail, struct we_trap *trap);
void we_instance_free(we_instance *instance);
/* Every instance begins with it. */
static inline void *we_instance_host_data(const we_instance *instance)
{
    return *(void *const *) (const void *) instance;
}
/* The module, which the instance keeps. */
const we_module *we_instance_module(const we_instance *instance);

/* For a host function that is about to return WE_TRAP_HOST or WE_TRAP_EXIT. */
void we_instance_set_trap(we_instance *instance, int32_t exit_status,
                          const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Exports by name, the instance's (one that it imports: the other's); NULL if
 * there is none of that kind. */
we_func   *we_instance_func(we_instance *instance, const char *name,
                            size_t len);
we_memory *we_instance_memory(we_instance *instance, const char *name,
                              size_t len);
we_global *we_instance_global(we_instance *instance, const char *name,
                              size_t len);
we_table  *we_instance_table(we_instance *instance, const char *name,
                             size_t len);
we_tag    *we_instance_tag(we_instance *instance, const char *name,
                           size_t len);

/* --- the host's own objects --------------------------------------------- */

/*
 * A memory, table, global or tag that the host makes for guests to import;
 * functions are the linker's.  What doesn't concern its kind is 0.
 */
struct we_host_object {
    enum we_kind kind;        /* not WE_FUNC */
    const char  *name;        /* UTF-8, NUL-terminated; each another one */
    const char  *type;        /* table: "r" or "e", with null; global: a letter;
                                 tag: a signature without results, "iI:" */
    uint64_t     min, max;    /* memory: pages of 64 KiB; table: elements; max
                                 0: none */
    bool         is64;        /* memory, table: addresses are i64 */
    bool         shared;      /* memory: for atomics; has a max */
    bool         mutable_;    /* global */
    uint64_t     value[2];    /* global: its slots; table: [0] of all */
};

/*
 * An instance without code that has and exports n objects, under limits (NULL:
 * defaults).  Names and types are copied.  *instance is the caller's, NULL
 * after a failure; we_linker_define_instance() makes its objects importable,
 * and it has to outlive the guests.  WE_ARGUMENT: *detail says which object.
 */
enum we_error we_instance_new_host(we_engine *engine,
                                   const struct we_host_object *objects,
                                   size_t n, const struct we_limits *limits,
                                   we_instance **instance,
                                   struct we_detail *detail);

/* --- calls -------------------------------------------------------------- */

/* Counts of slots that func takes and gives. */
uint32_t we_func_param_slots(const we_func *func);
uint32_t we_func_result_slots(const we_func *func);
/* False: its code never looks at this parameter, so anything may be passed. */
bool we_func_reads(const we_func *func, uint32_t param);
/* As we_module_func_signature. */
char *we_func_signature(const we_func *func, char *buf, size_t size);

/*
 * Calls func.  slots holds the arguments and receives the results: room for
 * the larger of the two counts.  deadline: CPU nanoseconds of this thread from
 * now, 0: none; a nested call can't outlive the outer one's.  A call is never
 * cut short of its deadline, and overruns by 2 ms and a little.  After WE_TRAP
 * the instance is in the state in which the trap left it; *trap is written
 * only then.
 * Errors: WE_TRAP; WE_SYSTEM: a deadline, but no we_engine_attach.
 */
enum we_error we_call(we_func *func, uint64_t *slots, uint64_t deadline,
                      struct we_trap *trap);
/* Of a host function that takes long: has the deadline of the call passed?
 * Then the guest stops when it returns. */
bool we_instance_is_late(const we_instance *instance);

/* --- memory ------------------------------------------------------------- */

/*
 * The only way to guest memory.  True and *data set if [ptr, ptr + len) lies
 * inside the memory; then *data is valid until the guest runs or the memory
 * grows.  len 0 is in bounds up to and including the end.
 */
bool we_memory_span(we_memory *memory, uint64_t ptr, uint64_t len,
                    uint8_t **data);
uint64_t we_memory_size(const we_memory *memory);        /* bytes */
/* For hosts that look often: where the memory is and how far it goes now.  They
 * check as we_memory_span does, at each access; the address is the memory's. */
struct we_memory_bytes {
    uint8_t *base;
    uint64_t size;
};
const struct we_memory_bytes *we_memory_bytes(const we_memory *memory);
/* Grows by pages of 64 KiB; the old size in pages, or UINT64_MAX if refused. */
uint64_t we_memory_grow(we_memory *memory, uint64_t pages);

/* --- tables ------------------------------------------------------------- */

/* The letter of its elements' type (see signatures), or '.' if it has none. */
char we_table_type(const we_table *table);
uint64_t we_table_size(const we_table *table);           /* elements */
/* WE_ARGUMENT if there is no element i. */
enum we_error we_table_get(const we_table *table, uint64_t i, uint64_t *slot);
/* slot must be a reference of the elements' type.  WE_ARGUMENT if there is no
 * element i, or if slot is null and none may be. */
enum we_error we_table_set(we_table *table, uint64_t i, uint64_t slot);
/* Grows by n elements that are slot; the old size, or UINT64_MAX if refused:
 * then nothing has changed. */
uint64_t we_table_grow(we_table *table, uint64_t n, uint64_t slot);

/* --- references --------------------------------------------------------- */

/*
 * What a slot of a reference type holds: we_ref_kind is for types below anyref
 * and for exnref, we_extern_kind for externref, where the host's own numbers
 * stand as they are.  Objects belong to the guest's collector: what the host
 * keeps between calls and no global or table of the guest does, may be gone;
 * handing it to the guest again is a mistake.
 * The host's own references are numbers from 1 to 2^62 - 1, as externref.
 */
enum we_ref_kind {
    WE_REF_IS_NULL, WE_REF_IS_HOST, WE_REF_IS_I31, WE_REF_IS_STRUCT,
    WE_REF_IS_ARRAY, WE_REF_IS_EXCEPTION
};
enum we_ref_kind we_ref_kind(const we_instance *instance, uint64_t slot);
enum we_ref_kind we_extern_kind(const we_instance *instance, uint64_t slot);
/* The number of one that is WE_REF_IS_HOST, in a slot of any type. */
uint64_t we_ref_host(uint64_t slot);
/* The value of one that is WE_REF_IS_I31, sign-extended. */
int32_t we_ref_i31(uint64_t slot);

/* Slots of type funcref: the function belongs to its instance; null is NULL. */
we_func *we_ref_func(uint64_t slot);
uint64_t we_func_ref(we_func *func);

/* --- globals ------------------------------------------------------------ */

/* The letter of its type (see signatures), or '.' if it has none. */
char we_global_type(const we_global *global);
void we_global_get(const we_global *global, uint64_t slots[2]);
/* WE_ARGUMENT if it is immutable. */
enum we_error we_global_set(we_global *global, const uint64_t slots[2]);

/* --- tags --------------------------------------------------------------- */

/* What an exception of the tag carries, as a signature without results: "iI:";
 * as we_module_func_signature. */
char *we_tag_signature(const we_tag *tag, char *buf, size_t size);

/* Releases of the interface: rises when a declaration above changes. */
enum { WE_API_VERSION = 1 };

#ifdef __cplusplus
}
#endif
#endif

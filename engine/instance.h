/* Run-time objects: instances and what they hold, the guest stack.  The layout
 * is shared by interpreter and compiler. */
#ifndef WE_INSTANCE_H
#define WE_INSTANCE_H

#include "code.h"
#include "os.h"

/* What a function reference points to; a null reference is 0. */
struct we_func {
    const struct we_type *type;          /* canonical: compare pointers */
    we_instance          *instance;      /* that defines it; of a host
                                            function, that imports it */
    const struct we_code *code;          /* NULL: host function */
    we_host_fn           *host;
    void                 *env;
    uint32_t              index;         /* in the defining module */
};

/* Bounds of an instance, shared by all memories and tables it defines; in
 * bytes and elements. */
struct we_quota {
    uint64_t memory_bytes, memory_used;
    uint64_t table_elements, table_used;
};

struct we_memory {
    union {
        struct we_memory_bytes bytes;    /* what engine.h shows of it */
        struct {
            uint8_t *base;               /* never moves */
            uint64_t size;               /* bytes that may be accessed */
        };
    };
    uint64_t         reserved;           /* bytes of address space at base,
                                            the guard left out */
    struct we_range  range;              /* the type, in pages */
    uint8_t          page_shift;
    struct we_quota *quota;
    we_engine       *engine;
};

struct we_table {
    uint64_t        *elems;              /* slots */
    uint64_t         size, capacity;
    we_valtype       type;
    struct we_range  range;
    struct we_quota *quota;
    we_engine       *engine;
};

struct we_global {
    uint64_t   value[2];
    we_valtype type;
    bool       mutable_;
};

/* A tag is its address: two tags of one type are different (Section 4.2.9). */
struct we_tag {
    const struct we_type *type;
};

struct we_instance {
    void             *host_data;         /* first: engine.h looks at it */
    /* index spaces; imported entries point into other instances */
    struct we_memory **memories;
    const struct we_memory *memory0;     /* the first; one of no bytes if there
                                            is none */
    struct we_table  **tables;
    struct we_global **globals;
    struct we_func   **funcs;
    struct we_tag    **tags;
    /* what it defines itself: the last n of the spaces above */
    struct we_memory *own_memories;
    struct we_table  *own_tables;
    struct we_global *own_globals;
    struct we_func   *own_funcs;         /* and copies of the linker's */
    struct we_tag    *own_tags;
    bool             *elem_dropped, *data_dropped;
    uint64_t        **elems;             /* values of passive segments, made
                                            at instantiation; NULL: none */

    we_module        *module;
    we_engine        *engine;
    struct we_quota   quota;
    struct we_heap   *heap;              /* heap.h */
    we_instance      *heap_next;         /* another one of that heap */
    bool              linked;            /* imports another instance's */
    we_instance      *next;              /* in the engine's list of failed
                                            ones, see instance.c */
    size_t            block_size;        /* of the one allocation */
};

/* --- the guest stack ---------------------------------------------------- */

/* One call that is under way: 4 slots, see engine.h, "The guest stack". */
struct we_frame {
    const struct we_func *func;
    const uint16_t       *pc;            /* where it goes on; for the top
                                            frame, where it trapped */
    uint64_t             *fp;
    uint64_t              reserved;
};

/*
 * Values grow up from low, frames grow down from high; the stack is full when
 * a call's slots and its frame no longer fit between them.
 */
struct we_stack {
    uint64_t        *base;               /* the block */
    uint64_t        *low;                /* first free slot; while a host
                                            function runs, behind the slots
                                            that it was given */
    struct we_frame *high;               /* last frame pushed */
    struct we_frame *end;
    size_t           bytes;
    uint32_t         interrupt;          /* enum we_trap_code: the guest stops
                                            with it at the next back edge or
                                            call.  Signal handlers set it,
                                            through volatile */
    /* the interpreter's own; zero at first */
    uint64_t         used;               /* bytes charged, see engine.h */
    we_instance     *instance;           /* whose code runs */
    struct we_frame *entry;              /* of the run that trapped last, its
                                            first frame, one past */
    struct we_regs  *regs;               /* see interp.h */
};

struct we_engine {
    struct we_allocator allocator;
    struct we_types    *types;
    struct we_stack     stack;
    struct we_clock    *clock;           /* os.h: the deadline timer, or NULL */
    uint64_t            module_bytes;
    uint32_t            depth;           /* of we_calls under way */
    /* set by we_instance_set_trap, taken by we_call */
    int32_t             exit_status;
    char                trap_text[WE_TEXT_MAX];
    we_instance        *failed;          /* instantiations that others may
                                            still refer to */
};

/* Calls from the host nest no deeper, as each also takes some of the process's
 * own stack; then they trap with WE_TRAP_STACK. */
enum { WE_DEPTH_MAX = 50 };

/* Behind every reservation of a memory: no access is allowed here, so that
 * compiled code may fold offsets below it without a check. */
#define WE_MEMORY_GUARD ((uint64_t)32 << 20)

/*
 * Runs func with its arguments at stack->low, where its results will be.  On
 * a trap the frames that it pushed are still there (from the value that
 * stack->high had at entry down to stack->high), and their charge; they are
 * we_trap_take's.  stack->low is as at entry.
 */
enum we_trap_code we_interp_run(struct we_stack *stack,
                                const struct we_func *func);
/* we_call of a function that has code: without a deadline, and with one. */
enum we_error we_interp_call(const struct we_func *func, uint64_t *slots,
                             struct we_trap *trap);
enum we_error we_interp_call_in_time(const struct we_func *func,
                                     uint64_t *slots, struct we_clock *clock,
                                     uint64_t deadline, struct we_trap *trap);

/*
 * Growth (we_memory_grow, we_table_grow) is in engine.h; it is also refused
 * when it is interrupted.
 *
 * The bulk operations (Section 4.6) return a trap code.  Out of bounds traps
 * have changed nothing.  They poll engine->stack.interrupt between chunks, and
 * return its value with part of the work done: the guest is not resumed then.
 * dst, src, to and from are as wide as the guest gave them, so their sums may
 * wrap; the functions check.
 */
enum we_trap_code we_memory_init(we_instance *instance, uint32_t memory,
                                 uint32_t segment, uint64_t dst, uint64_t src,
                                 uint64_t n);
enum we_trap_code we_memory_copy(struct we_memory *dst, struct we_memory *src,
                                 uint64_t to, uint64_t from, uint64_t n);
enum we_trap_code we_memory_fill(struct we_memory *memory, uint64_t to,
                                 uint8_t value, uint64_t n);
enum we_trap_code we_table_init(we_instance *instance, uint32_t table,
                                uint32_t segment, uint64_t dst, uint64_t src,
                                uint64_t n);
enum we_trap_code we_table_copy(struct we_table *dst, struct we_table *src,
                                uint64_t to, uint64_t from, uint64_t n);
enum we_trap_code we_table_fill(struct we_table *table, uint64_t to,
                                uint64_t value, uint64_t n);

/* Creation by type, charged to the owner's quota; a failure says why in
 * *detail and leaves nothing behind.  A zeroed struct may be released, too. */
enum we_error we_memory_make(struct we_memory *memory,
                             const struct we_memory_desc *desc,
                             we_instance *owner, struct we_detail *detail);
void we_memory_release(struct we_memory *memory);
enum we_error we_table_make(struct we_table *table,
                            const struct we_table_desc *desc, uint64_t value,
                            we_instance *owner, struct we_detail *detail);
void we_table_release(struct we_table *table);

/* Finds and matches all imports (Section 4.5.3) and enters them into the index
 * spaces of an instance whose block is laid out.  Host functions are copied
 * to own_funcs, behind those that the module defines. */
enum we_error we_linker_bind(we_linker *linker, we_instance *instance,
                             struct we_detail *detail);

/* Records why a run that found the frames down to `entry` stopped with code,
 * and pops what it left there, with its charge.  trap may be NULL. */
void we_trap_take(struct we_engine *engine, enum we_trap_code code,
                  struct we_frame *entry, struct we_trap *trap);

/* For we_engine_free: the instances in engine->failed. */
void we_instance_free_failed(struct we_engine *engine);

#endif

/* Run-time objects: instances and what they hold, the guest stack.  The layout
 * is shared by interpreter and compiler. */
#ifndef WE_INSTANCE_H
#define WE_INSTANCE_H

#include "code.h"
#include "os.h"

/* What a function reference points to; a null reference is 0. */
struct we_func {
    const struct we_type *type;          /* canonical: compare pointers */
    we_instance          *instance;      /* that defines it; NULL: the host */
    const struct we_code *code;          /* NULL: host function */
    we_host_fn           *host;
    void                 *env;
    uint32_t              index;         /* in the defining module */
};

/* Bounds of an instance, shared by all memories and tables it defines. */
struct we_quota {
    uint64_t memory_bytes, memory_used;
    uint64_t table_elements, table_used;
};

struct we_memory {
    uint8_t         *base;               /* never moves */
    uint64_t         size;               /* bytes that may be accessed */
    uint64_t         reserved;           /* bytes of address space at base */
    struct we_range  range;              /* the type, in pages */
    uint8_t          page_shift;
    struct we_quota *quota;
};

struct we_table {
    uint64_t        *elems;              /* slots */
    uint64_t         size, capacity;
    we_valtype       type;
    struct we_range  range;
    struct we_quota *quota;
    const struct we_allocator *allocator;
};

struct we_global {
    uint64_t   value[2];
    we_valtype type;
    bool       mutable_;
};

struct we_instance {
    /* index spaces; imported entries point into other instances */
    struct we_memory **memories;
    struct we_table  **tables;
    struct we_global **globals;
    struct we_func   **funcs;
    /* what it defines itself: the last n of the spaces above */
    struct we_memory *own_memories;
    struct we_table  *own_tables;
    struct we_global *own_globals;
    struct we_func   *own_funcs;         /* and copies of the linker's */
    bool             *elem_dropped, *data_dropped;
    uint64_t        **elems;             /* values of passive segments, made
                                            at instantiation; NULL: none */

    we_module        *module;
    we_engine        *engine;
    void             *host_data;
    struct we_quota   quota;
    /* set by we_instance_set_trap, taken by we_call */
    int32_t           exit_status;
    char              trap_text[WE_TEXT_MAX];
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
    uint64_t        *low;                /* first free slot */
    struct we_frame *high;               /* last frame pushed */
    struct we_frame *end;
    size_t           bytes;
    uint32_t volatile interrupt;         /* enum we_trap_code: the guest stops
                                            with it at the next back edge or
                                            call */
};

struct we_engine {
    struct we_allocator allocator;
    struct we_types    *types;
    struct we_stack     stack;
    struct we_clock    *clock;           /* os.h: the deadline timer, or NULL */
    uint64_t            module_bytes;
};

/*
 * Runs func with its arguments at stack->low, where its results will be.  On
 * a trap the frames that it pushed are still there (from the value that
 * stack->high had at entry down to stack->high), for the back-trace; the
 * caller restores high.  stack->low is as at entry.
 */
enum we_trap_code we_interp_run(struct we_stack *stack,
                                const struct we_func *func);

/* Guest memory and tables; each returns the old size, or UINT64_MAX. */
uint64_t we_table_grow(struct we_table *table, uint64_t n, uint64_t value);
/* The bulk operations (Section 4.6): a trap code, nothing done on a trap.
 * They are interrupted by nothing: a call is bounded by the quota. */
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

#endif

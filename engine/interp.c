/* Runs register code: entry, calls, tables of branches, and what is one of a
 * kind.  The families are in interp_ops.c, the machine is described in
 * interp.h. */
#include "interp.h"

#define DECLARE(name) extern we_handler we_h_##name;
#define ADDRESS(name) we_h_##name,
WE_IOPS(DECLARE)
we_handler *const we_handlers[WE_NIOPS] = { WE_IOPS(ADDRESS) };

/* Code that is no function's: where the outermost call of a run returns to,
 * and a call of another instance's function. */
union stub {
    we_handler *handler;
    uint16_t    units[4];
};
static const union stub exit_stub = { we_h_EXIT };
static const union stub cross_stub = { we_h_CROSS_RETURN };

/*
 * While it runs, a frame has its caller's pc and fp, so that a return finds
 * all in one place; we_trap_here gives each its own.  reserved: where a call
 * that returns to the cross stub goes on.
 */

/* --- entry, traps --------------------------------------------------------- */

/* Copies slots without the upper halves of i32 and f32, in which the host may
 * have left anything. */
static inline void copy_clean(uint64_t *to, const uint64_t *from,
                              const struct we_type *type,
                              const we_valtype *values, uint32_t n)
{
    uint32_t i, wide;

    if (type->narrow) {
        for (i = 0; i < n; i++) {
            to[i] = (uint32_t) from[i];
        }
        return;
    }
    for (i = 0; i < n; i++) {
        *to++ = values[i] == WE_I32 || values[i] == WE_F32
                ? (uint32_t) *from : *from;
        from++;
        for (wide = we_slots(values[i]); wide > 1; wide--) {
            *to++ = *from++;
        }
    }
}

static inline bool has_room(const struct we_stack *stack,
                            const struct we_func *func)
{
    return stack->used + func->code->charge <= stack->bytes;
}

/* From a function's first instruction to where its run ends. */
#ifdef WE_PARKS
static inline uint32_t run_from(const uint16_t *pc, uint64_t *fp,
                                const struct we_memory *memory,
                                struct we_stack *stack)
{
    struct we_regs *regs = stack->regs, r;
    uint32_t code;

    stack->regs = &r;
    code = we_handler_at(pc)(pc, fp, memory->base, 0, memory->size, stack, 0,
                             0);
    while (code == WE_PARKED) {
        code = we_handler_at(r.pc)(r.pc, r.fp, r.mem, r.acc, r.size, stack,
                                   r.sacc, r.dacc);
    }
    stack->regs = regs;
    return code;
}
#else
static inline uint32_t run_from(const uint16_t *pc, uint64_t *fp,
                                const struct we_memory *memory,
                                struct we_stack *stack)
{
    return we_handler_at(pc)(pc, fp, memory->base, 0, memory->size, stack, 0,
                             0);
}
#endif

/* There is room, and the arguments are at low, the stack's. */
static inline enum we_trap_code run_code(struct we_stack *stack,
                                         const struct we_func *func,
                                         uint64_t *low)
{
    const struct we_code *to = func->code;
    struct we_instance *instance = stack->instance;
    struct we_frame *frame = stack->high - 1;
    uint32_t code;

    stack->used += to->charge;
    stack->high = frame;
    stack->instance = func->instance;
    frame->func = func;
    frame->pc = exit_stub.units;
    frame->fp = NULL;
    code = run_from(to->units, low, func->instance->memory0, stack);
    stack->low = low;
    stack->instance = instance;
    return (enum we_trap_code) code;
}

enum we_trap_code we_interp_run(struct we_stack *stack,
                                const struct we_func *func)
{
    return has_room(stack, func) ? run_code(stack, func, stack->low)
                                 : WE_TRAP_STACK;
}

/* Nothing has run yet, or the run has trapped: its frames end at entry. */
static __attribute__((noinline, cold)) enum we_error
trapped(we_engine *engine, enum we_trap_code code, struct we_frame *entry,
        struct we_trap *trap)
{
    we_trap_take(engine, code, entry, trap);
    return WE_TRAP;
}

static inline bool may_enter(const we_engine *engine,
                             const struct we_func *func)
{
    return engine->depth < WE_DEPTH_MAX && has_room(&engine->stack, func);
}

/* Of any type. */
static __attribute__((noinline)) enum we_error
call_any_type(const struct we_func *func, uint64_t *slots,
              struct we_trap *trap)
{
    const struct we_type *type = func->type;
    we_engine *engine = func->instance->engine;
    struct we_stack *stack = &engine->stack;
    uint64_t *low = stack->low;
    enum we_trap_code code;

    if (!may_enter(engine, func)) {
        return trapped(engine, WE_TRAP_STACK, stack->high, trap);
    }
    engine->depth++;
    copy_clean(low, slots, type, type->values, type->nparams);
    code = run_code(stack, func, low);
    engine->depth--;
    if (code != WE_TRAP_NONE) {
        return trapped(engine, code, stack->entry, trap);
    }
    for (uint32_t i = 0; i < type->result_slots; i++) {
        slots[i] = low[i];
    }
    return WE_OK;
}

/* What most calls are costs little: those of a brief type. */
static inline __attribute__((always_inline)) enum we_error
call_brief(const struct we_func *func, uint64_t *slots, struct we_trap *trap)
{
    const struct we_type *type = func->type;
    we_engine *engine = func->instance->engine;
    uint64_t *low = engine->stack.low;
    enum we_trap_code code;
    uint32_t i = 0, n = type->nparams;

    if (__builtin_expect(!type->brief || !may_enter(engine, func), 0)) {
        return call_any_type(func, slots, trap);
    }
    engine->depth++;
    do {
        low[i] = (uint32_t) slots[i];
    } while (++i < n);
    code = run_code(&engine->stack, func, low);
    engine->depth--;
    if (__builtin_expect(code != WE_TRAP_NONE, 0)) {
        return trapped(engine, code, engine->stack.entry, trap);
    }
    if (type->nresults != 0) {
        slots[0] = low[0];
    }
    return WE_OK;
}

enum we_error we_interp_call(const struct we_func *func, uint64_t *slots,
                             struct we_trap *trap)
{
    return call_brief(func, slots, trap);
}

enum we_error we_interp_call_in_time(const struct we_func *func,
                                     uint64_t *slots, struct we_clock *clock,
                                     uint64_t deadline, struct we_trap *trap)
{
    struct we_watch watch;
    enum we_error error;

    we_os_clock_watch(clock, deadline, &watch);
    error = call_brief(func, slots, trap);
    we_os_clock_end(clock, &watch);
    return error;
}

WE_OP(EXIT)
{
    (void) pc, (void) fp, (void) mem, (void) size, (void) run, (void) sacc,
    (void) dacc, (void) acc;
    return WE_TRAP_NONE;
}

uint32_t we_trap_here(WE_REGS)
{
    struct we_frame *frame = run->high;
    const uint16_t *at = pc + 1;

    for (;; frame++) {
        const uint16_t *back = frame->pc;
        uint64_t *back_fp = frame->fp;

        if (back == cross_stub.units) {
            back = (const uint16_t *) (uintptr_t) frame->reserved;
        }
        frame->pc = at;
        frame->fp = fp;
        if (we_handler_at(back) == we_h_EXIT) {
            break;                       /* the first frame of the run */
        }
        at = back;
        fp = back_fp;
    }
    run->entry = frame + 1;
    (void) mem, (void) size, (void) sacc, (void) dacc;
    return (uint32_t) acc;
}

uint32_t we_interrupt_here(WE_REGS)
{
    acc = run->interrupt;
    return we_trap_here(WE_PASS);
}

WE_OP(UNREACHABLE)
{
    WE_STOP(WE_TRAP_UNREACHABLE);
}

/* --- branches ------------------------------------------------------------- */

#define BR_TABLE(name, value)                                                 \
    WE_OP(name)                                                               \
    {                                                                         \
        uint32_t i = (uint32_t) (value), n = WE_IMM(6);                       \
                                                                              \
        pc += 8 + 2 * (size_t) (i < n ? i : n);                               \
        WE_JUMP(0);                                                           \
    }
BR_TABLE(BR_TABLE_S, WE_SLOT(4))
BR_TABLE(BR_TABLE_A, acc)

/* --- calls and returns ---------------------------------------------------- */

/* Pops the frame and goes on behind the call. */
#define RETURN()                                                              \
    do {                                                                      \
        struct we_frame *frame = run->high;                                   \
                                                                              \
        run->used -= WE_IMM(6);                                               \
        run->high = frame + 1;                                                \
        pc = frame->pc;                                                       \
        fp = frame->fp;                                                       \
        WE_KEEP(pc);                                                          \
        WE_GO();                                                              \
    } while (0)

#define RETURN1(name, ...)                                                    \
    WE_OP(name)                                                               \
    {                                                                         \
        __VA_ARGS__;                                                          \
        RETURN();                                                             \
    }
RETURN1(RETURN, )
RETURN1(RETURN_INT_S, fp[0] = acc = WE_SLOT(4))
RETURN1(RETURN_INT_A, fp[0] = acc)
RETURN1(RETURN_F32_S, sacc = WE_OF_f32(WE_SLOT(4)); fp[0] = WE_BITS_f32)
RETURN1(RETURN_F32_A, fp[0] = WE_BITS_f32)
RETURN1(RETURN_F64_S, dacc = WE_OF_f64(WE_SLOT(4)); fp[0] = WE_BITS_f64)
RETURN1(RETURN_F64_A, fp[0] = WE_BITS_f64)
RETURN1(RETURN_N, memmove(fp, fp + pc[4], pc[5] * sizeof *fp))

/* A call that can't be charged, or that the interrupt stops. */
WE_SLOW(refuse_call)
{
    WE_STOP(run->interrupt != 0 ? run->interrupt : WE_TRAP_STACK);
}

/* Charges a call of f, a function of this instance, and enters it.  The
 * accumulator is free to be used here. */
#define ENTER(f, args, length)                                                \
    do {                                                                      \
        const struct we_func *callee = (f);                                   \
        const struct we_code *code = callee->code;                            \
        struct we_frame *frame = run->high - 1;                               \
                                                                              \
        WE_KEEP(frame);                                                       \
        acc = run->used + code->charge;                                       \
        if (__builtin_expect(acc > run->bytes || run->interrupt != 0, 0)) {   \
            WE_TAIL(refuse_call(WE_PASS));                                    \
        }                                                                     \
        run->used = acc;                                                      \
        run->high = frame;                                                    \
        frame->func = callee;                                                 \
        frame->fp = fp;                                                       \
        fp += (args);                                                         \
        pc += (length);                                                       \
        frame->pc = pc;                                                       \
        pc = code->units;                                                     \
        WE_KEEP(pc);                                                          \
        WE_GO();                                                              \
    } while (0)

/* Calls the host's function f with its slots in place; the registers that it
 * may have changed are the caller's to load. */
static inline uint32_t call_host(struct we_stack *run, const struct we_func *f,
                                 uint64_t *slots)
{
    const struct we_type *type = f->type;
    enum we_trap_code code;

    run->low = slots + we_call_slots(type);
    code = f->host(f->env, run->instance, slots);
    if (code == WE_TRAP_NONE) {
        copy_clean(slots, slots, type, type->values + type->nparams,
                   type->nresults);
    }
    return code;
}

/* The memory's registers after what may have changed them. */
#define RELOAD()                                                              \
    do {                                                                      \
        const struct we_memory *now = run->instance->memory0;                 \
                                                                              \
        mem = now->base;                                                      \
        size = now->size;                                                     \
    } while (0)
/* A result that a host function left in its slot, in all accumulators. */
#define RESULT_OF(slots)                                                      \
    do {                                                                      \
        acc = *(slots);                                                       \
        sacc = WE_OF_f32(acc);                                                \
        dacc = WE_OF_f64(acc);                                                \
    } while (0)

/* Calls the host's function that acc points to.  All instructions that come
 * here and to call_any are 12 units long. */
WE_SLOW(call_out)
{
    const struct we_func *f = (const struct we_func *) (uintptr_t) acc;
    uint64_t *slots = fp + pc[4];

    WE_TRAP_IF(run->interrupt != 0, run->interrupt);
    acc = call_host(run, f, slots);
    if (__builtin_expect(acc != WE_TRAP_NONE, 0)) {
        WE_TAIL(we_trap_here(WE_PASS));
    }
    RELOAD();
    RESULT_OF(fp + pc[4]);
    WE_NEXT(12);
}

/* Calls the function that acc points to: the host's, or any instance's. */
WE_SLOW(call_any)
{
    const struct we_func *f = (const struct we_func *) (uintptr_t) acc;

    if (f->code == NULL) {
        WE_TAIL(call_out(WE_PASS));
    }
    if (f->instance == run->instance) {
        ENTER(f, pc[4], 12);
    }
    if (run->used + f->code->charge > run->bytes || run->interrupt != 0) {
        WE_TAIL(refuse_call(WE_PASS));
    }
    run->used += f->code->charge;
    run->high--;
    run->high->func = f;
    run->high->pc = cross_stub.units;
    run->high->fp = fp;
    run->high->reserved = (uintptr_t) (pc + 12);
    run->instance = f->instance;
    RELOAD();
    fp += pc[4];
    pc = f->code->units;
    WE_GO();
}

/* The frame that was just popped lies below high still. */
WE_OP(CROSS_RETURN)
{
    pc = (const uint16_t *) (uintptr_t) run->high[-1].reserved;
    run->instance = run->high->func->instance;
    RELOAD();
    WE_GO();
}

WE_OP(CALL)
{
    const char *own = (const char *) run->instance->own_funcs;

    ENTER((const struct we_func *) (own + WE_IMM(6)), pc[4], 8);
}

WE_OP(CALL_IMPORT)
{
    acc = (uintptr_t) run->instance->funcs[WE_IMM(6)];
    WE_TAIL(call_any(WE_PASS));
}

/* As call_out, where no value is wider than 32 bits and an i32 comes back; a
 * is the number of slots. */
WE_OP(CALL_IMPORT_INT)
{
    const struct we_func *f = run->instance->funcs[WE_IMM(6)];
    uint64_t *slots = fp + pc[4];

    acc = (uintptr_t) f;
    if (__builtin_expect(f->code != NULL || run->interrupt != 0, 0)) {
        WE_TAIL(call_any(WE_PASS));
    }
    run->low = slots + pc[5];
    acc = f->host(f->env, run->instance, slots);
    if (__builtin_expect(acc != WE_TRAP_NONE, 0)) {
        WE_TAIL(we_trap_here(WE_PASS));
    }
    acc = slots[0] = (uint32_t) slots[0];
    sacc = 0;
    dacc = 0;
    RELOAD();
    WE_NEXT(12);
}

#define TYPE_AT(n) ((const struct we_type *) (uintptr_t) WE_IMM8(n))

static bool is_subtype(const struct we_stack *run, const struct we_func *f,
                       const struct we_type *type)
{
    return we_types_id_sub(run->instance->engine->types, f->type->id,
                           type->id);
}

/* As call_any, for a type that isn't exactly the one that is called. */
WE_SLOW(call_subtype)
{
    const struct we_func *f = (const struct we_func *) (uintptr_t) acc;

    WE_TRAP_IF(!is_subtype(run, f, TYPE_AT(8)), WE_TRAP_CALL_TYPE);
    WE_TAIL(call_any(WE_PASS));
}

#define CALL_INDIRECT(name, value)                                            \
    WE_OP(name)                                                               \
    {                                                                         \
        const struct we_table *table = run->instance->tables[WE_IMM(6)];      \
        const struct we_func *f;                                              \
        uint64_t i = (value);                                                 \
                                                                              \
        WE_TRAP_IF(i >= table->size, WE_TRAP_UNDEFINED_ELEMENT);              \
        acc = table->elems[i];                                                \
        f = (const struct we_func *) (uintptr_t) acc;                         \
        WE_TRAP_IF(f == NULL, WE_TRAP_UNINIT_ELEMENT);                        \
        if (__builtin_expect(f->type != TYPE_AT(8), 0)) {                     \
            WE_TAIL(call_subtype(WE_PASS));                                   \
        }                                                                     \
        if (f->instance != run->instance || f->code == NULL) {                \
            WE_TAIL(call_any(WE_PASS));                                       \
        }                                                                     \
        ENTER(f, pc[4], 12);                                                  \
    }
CALL_INDIRECT(CALL_INDIRECT_S, WE_SLOT(5))
CALL_INDIRECT(CALL_INDIRECT_A, acc)

WE_OP(CALL_REF)
{
    acc = WE_SLOT(5);
    WE_TRAP_IF(acc == 0, WE_TRAP_NULL_REFERENCE);
    WE_TAIL(call_any(WE_PASS));
}

/* Tail calls: the frame becomes that of the function in acc. */
WE_SLOW(tail_any)
{
    const struct we_func *f = (const struct we_func *) (uintptr_t) acc;
    struct we_frame *frame = run->high;
    uint64_t used = run->used - frame->func->code->charge;

    WE_TRAP_IF(run->interrupt != 0, run->interrupt);
    memmove(fp, fp + pc[4], pc[5] * sizeof *fp);
    if (f->code == NULL) {
        acc = call_host(run, f, fp);
        if (acc != WE_TRAP_NONE) {
            WE_TAIL(we_trap_here(WE_PASS));
        }
        RELOAD();
        RESULT_OF(fp);
        run->used = used;
        run->high = frame + 1;
        pc = frame->pc;
        fp = frame->fp;
        WE_GO();
    }
    used += f->code->charge;
    WE_TRAP_IF(used > run->bytes, WE_TRAP_STACK);
    run->used = used;
    frame->func = f;
    if (f->instance != run->instance) {
        if (frame->pc != exit_stub.units && frame->pc != cross_stub.units) {
            frame->reserved = (uintptr_t) frame->pc;
            frame->pc = cross_stub.units;
        }
        run->instance = f->instance;
        RELOAD();
    }
    pc = f->code->units;
    WE_GO();
}

WE_OP(RETURN_CALL)
{
    acc = (uintptr_t) run->instance->funcs[WE_IMM(6)];
    WE_TAIL(tail_any(WE_PASS));
}

WE_OP(RETURN_CALL_INDIRECT)
{
    const struct we_table *table = run->instance->tables[WE_IMM(6)];
    const struct we_func *f;
    uint64_t i = WE_SLOT(12);

    WE_TRAP_IF(i >= table->size, WE_TRAP_UNDEFINED_ELEMENT);
    acc = table->elems[i];
    WE_TRAP_IF(acc == 0, WE_TRAP_UNINIT_ELEMENT);
    f = (const struct we_func *) (uintptr_t) acc;
    WE_TRAP_IF(f->type != TYPE_AT(8) && !is_subtype(run, f, TYPE_AT(8)),
               WE_TRAP_CALL_TYPE);
    WE_TAIL(tail_any(WE_PASS));
}

WE_OP(RETURN_CALL_REF)
{
    acc = WE_SLOT(6);
    WE_TRAP_IF(acc == 0, WE_TRAP_NULL_REFERENCE);
    WE_TAIL(tail_any(WE_PASS));
}

/* --- moves ---------------------------------------------------------------- */

#define MOVE(name, units, ...)                                                \
    WE_OP(name)                                                               \
    {                                                                         \
        __VA_ARGS__;                                                          \
        WE_NEXT(units);                                                       \
    }
MOVE(MOV_V, 8, memcpy(&WE_SLOT(4), &WE_SLOT(5), 16))
MOVE(COPY, 8, memmove(&WE_SLOT(4), &WE_SLOT(5), WE_IMM(6) * sizeof *fp))
MOVE(SELECT_V, 8,
     memmove(&WE_SLOT(4),
             (uint32_t) WE_SLOT(7) != 0 ? &WE_SLOT(5) : &WE_SLOT(6), 16))
MOVE(GLOBAL_GET_V, 8,
     memcpy(&WE_SLOT(4), run->instance->globals[WE_IMM(6)]->value, 16))
MOVE(GLOBAL_SET_V, 8,
     memcpy(run->instance->globals[WE_IMM(6)]->value, &WE_SLOT(4), 16))
MOVE(REF_FUNC, 8,
     WE_SLOT(4) = acc = (uintptr_t) run->instance->funcs[WE_IMM(6)])

WE_OP(ZERO)
{
    uint64_t *slot = &WE_SLOT(4), *end = slot + WE_IMM(6);

    do {
        *slot++ = 0;
        WE_KEEP(slot);                   /* no call of memset */
    } while (slot < end);
    WE_NEXT(8);
}

WE_OP(REF_AS_NON_NULL)
{
    WE_TRAP_IF(WE_SLOT(4) == 0, WE_TRAP_NULL_REFERENCE);
    WE_NEXT(8);
}

/* --- tables --------------------------------------------------------------- */

#define TABLE(n)  run->instance->tables[WE_IMM(n)]
#define MEMORY(n) run->instance->memories[WE_IMM(n)]
/* Sizes as wide as the addresses; UINT64_MAX becomes -1. */
#define AS_ADDRESS(object, value)                                             \
    ((object)->range.is64 ? (value) : (uint32_t) (value))
/* Ends the run with a trap code that isn't WE_TRAP_NONE. */
#define CHECK(code)                                                           \
    do {                                                                      \
        uint64_t why = (code);                                                \
                                                                              \
        WE_TRAP_IF(why != WE_TRAP_NONE, why);                                 \
    } while (0)

WE_OP(TABLE_GET)
{
    const struct we_table *table = TABLE(8);
    uint64_t i = WE_SLOT(5);

    WE_TRAP_IF(i >= table->size, WE_TRAP_TABLE);
    WE_SLOT(4) = acc = table->elems[i];
    WE_NEXT(12);
}

WE_OP(TABLE_SET)
{
    const struct we_table *table = TABLE(8);
    uint64_t i = WE_SLOT(4);

    WE_TRAP_IF(i >= table->size, WE_TRAP_TABLE);
    table->elems[i] = WE_SLOT(5);
    WE_NEXT(12);
}

WE_OP(TABLE_SIZE)
{
    WE_SLOT(4) = acc = TABLE(8)->size;
    WE_NEXT(12);
}

WE_OP(TABLE_GROW)
{
    struct we_table *table = TABLE(8);
    uint64_t old = we_table_grow(table, WE_SLOT(6), WE_SLOT(5));

    WE_SLOT(4) = acc = AS_ADDRESS(table, old);
    WE_NEXT(12);
}

WE_OP(TABLE_FILL)
{
    CHECK(we_table_fill(TABLE(8), WE_SLOT(4), WE_SLOT(5), WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(TABLE_COPY)
{
    CHECK(we_table_copy(TABLE(8), TABLE(10), WE_SLOT(4), WE_SLOT(5),
                        WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(TABLE_INIT)
{
    CHECK(we_table_init(run->instance, WE_IMM(10), WE_IMM(8), WE_SLOT(4),
                        WE_SLOT(5), WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(ELEM_DROP)
{
    run->instance->elem_dropped[WE_IMM(8)] = true;
    WE_NEXT(12);
}

/* --- memories ------------------------------------------------------------- */

WE_OP(MEMORY_SIZE)
{
    const struct we_memory *memory = MEMORY(8);

    WE_SLOT(4) = acc = memory->size >> memory->page_shift;
    WE_NEXT(12);
}

WE_OP(MEMORY_GROW)
{
    struct we_memory *memory = MEMORY(8);
    uint64_t old = we_memory_grow(memory, WE_SLOT(5));

    WE_SLOT(4) = acc = AS_ADDRESS(memory, old);
    RELOAD();
    WE_NEXT(12);
}

WE_OP(MEMORY_FILL)
{
    CHECK(we_memory_fill(MEMORY(8), WE_SLOT(4), (uint8_t) WE_SLOT(5),
                         WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(MEMORY_COPY)
{
    CHECK(we_memory_copy(MEMORY(8), MEMORY(10), WE_SLOT(4), WE_SLOT(5),
                         WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(MEMORY_INIT)
{
    CHECK(we_memory_init(run->instance, WE_IMM(10), WE_IMM(8), WE_SLOT(4),
                         WE_SLOT(5), WE_SLOT(6)));
    WE_NEXT(12);
}

WE_OP(DATA_DROP)
{
    run->instance->data_dropped[WE_IMM(8)] = true;
    WE_NEXT(12);
}

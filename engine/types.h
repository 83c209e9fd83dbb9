/* Value types and defined types (Section 2.3), canonical over the engine. */
#ifndef WE_TYPES_H
#define WE_TYPES_H

#include "engine.h"

/*
 * A value type is one 32-bit number; equal types are equal numbers, in all
 * modules of an engine, because concrete heap types are canonical ids.
 *
 *   number, vector   the byte of the binary format (0x7f i32 ... 0x7b v128)
 *   packed           0x78 i8, 0x77 i16: storage of fields only
 *   reference        WE_REF [| WE_NULL] | heap
 *   heap             an abstract heap type's byte (0x70 func ...), or
 *                    WE_CONCRETE | canonical id
 *   bottom           0: the type of an operand that unreachable code made up
 */
typedef uint32_t we_valtype;

#define WE_REF      0x80000000u
#define WE_NULL     0x40000000u
#define WE_CONCRETE 0x20000000u
#define WE_TYPE_ID  0x00ffffffu          /* of a concrete heap type */
#define WE_HEAP     (WE_CONCRETE | WE_TYPE_ID)
/* In a group that is not interned yet: the "id" is a position in the group. */
#define WE_IN_GROUP 0x10000000u

enum {
    WE_BOT = 0,
    WE_I32 = 0x7f, WE_I64 = 0x7e, WE_F32 = 0x7d, WE_F64 = 0x7c, WE_V128 = 0x7b,
    WE_I8 = 0x78, WE_I16 = 0x77,
    /* abstract heap types */
    WE_HEAP_NOEXN = 0x74, WE_HEAP_NOFUNC = 0x73, WE_HEAP_NOEXTERN = 0x72,
    WE_HEAP_NONE = 0x71, WE_HEAP_FUNC = 0x70, WE_HEAP_EXTERN = 0x6f,
    WE_HEAP_ANY = 0x6e, WE_HEAP_EQ = 0x6d, WE_HEAP_I31 = 0x6c,
    WE_HEAP_STRUCT = 0x6b, WE_HEAP_ARRAY = 0x6a, WE_HEAP_EXN = 0x69
};

/* What is known of a reference that unreachable code made up: a subtype of
 * every reference type. */
#define WE_BOTREF    WE_REF

#define WE_FUNCREF   (WE_REF | WE_NULL | WE_HEAP_FUNC)
#define WE_EXTERNREF (WE_REF | WE_NULL | WE_HEAP_EXTERN)

static inline bool we_is_ref(we_valtype t) { return (t & WE_REF) != 0; }
static inline bool we_is_concrete(we_valtype t)
{
    return we_is_ref(t) && (t & WE_CONCRETE) != 0;
}
/* Slots (8 bytes) that a value of the type takes in frames and arguments. */
static inline uint32_t we_slots(we_valtype t) { return t == WE_V128 ? 2 : 1; }

enum we_type_kind { WE_TYPE_FUNC, WE_TYPE_STRUCT, WE_TYPE_ARRAY };

struct we_field {
    we_valtype type;                     /* may be packed */
    bool       mutable_;
};

/* A defined type.  Immutable; owned by the engine's registry. */
struct we_type {
    uint32_t id;                         /* canonical: registry index */
    uint8_t  kind;                       /* enum we_type_kind */
    bool     final;
    uint8_t  depth;                      /* of its chain of supertypes */
    bool     narrow : 1;                 /* all values are i32 or f32 */
    bool     brief : 1;                  /* ... and they are one parameter or
                                            more, and one result or none */
    const uint32_t *supers;              /* canonical ids, [0] the root,
                                            [depth] itself */
    /* function: values = params, then results; one field is a slot or two */
    uint32_t nparams, nresults;
    uint32_t param_slots, result_slots;
    const we_valtype *values;
    const struct we_field *fields;
    uint32_t nfields;                    /* of an array: 1 */
};

/*
 * The engine's registry of canonical types.  Recursion groups are compared as
 * wholes (iso-recursive, Section 3.1.4); a group is counted by the modules
 * that use it and its ids are reused when the last one goes.
 */
struct we_types;
struct we_types *we_types_new(const struct we_allocator *allocator);
void             we_types_free(struct we_types *types);

/* One type of a group as it was read.  super: a canonical id, or WE_IN_GROUP
 * and an earlier position.  The arrays are as in struct we_type. */
struct we_subtype {
    uint8_t    kind;
    bool       final, has_super;
    uint32_t   super;
    uint32_t   nparams, nresults, nfields;
    const we_valtype      *values;
    const struct we_field *fields;
    uint32_t   depth;                    /* set by we_types_intern */
};

/* Finds or makes the group, which is charged to the budget, if there is one;
 * ids[n] receives its canonical ids.  Each of the n ids is counted once more.
 * WE_INVALID: *bad is the first type that does not match its supertype.
 * WE_LIMIT: its chain is too long, or ids ran out. */
struct we_budget;
enum we_error we_types_intern(struct we_types *types,
                              struct we_budget *budget,
                              struct we_subtype *subs, uint32_t n,
                              uint32_t *ids, uint32_t *bad);
void we_types_release(struct we_types *types, uint32_t id);

/* Slots for a call: arguments come where results go. */
static inline uint32_t we_call_slots(const struct we_type *type)
{
    return type->param_slots > type->result_slots ? type->param_slots
                                                  : type->result_slots;
}

/* The type of a canonical id in use. */
const struct we_type *we_types_get(const struct we_types *types, uint32_t id);

/* Subtyping (Section 3.3). */
bool we_types_id_sub(const struct we_types *types, uint32_t sub,
                     uint32_t super);
bool we_types_sub(const struct we_types *types, we_valtype sub,
                  we_valtype super);

/* A value type that has a letter in text signatures. */
struct we_letter {
    char        letter;
    we_valtype  type;
    const char *zero;                    /* of the type, or null: a constant */
    uint8_t     zero_len;                /* expression in the binary format */
};
const struct we_letter *we_types_of_letter(char letter);    /* NULL: none */

/* The function type of a text signature (engine.h), counted once for the
 * caller; WE_ARGUMENT if the text is no signature. */
enum we_error we_types_signature(struct we_types *types,
                                 const char *signature, uint32_t *id);
/* The letter of a type in a text signature; 0 if it has none. */
char we_types_letter(we_valtype type);
/* Text signature of a function type; "..." if letters lack. */
char *we_types_text(const struct we_type *type, char *buf, size_t size);
bool  we_types_has_text(const struct we_type *type, const char *signature);

#endif

/* Instructions with a type that is of the wrong kind, or whose fields don't
 * allow what they do (Section 3.4), are refused, with the reason; the same
 * with the right one is valid.  The code before can't be reached, so that all
 * operands are there. */
#include "../../engine/engine.h"
#include "../tap.h"
#include "build.h"

/* Types: a function; a structure of a mutable i32, an i8 and a (ref func); the
 * arrays of mutable i32, of i8, of mutable (ref func). */
enum { FUNC, STRUCT, INTS, BYTES, FUNCS };
/* Fields. */
enum { INT, BYTE, REF };

struct row {
    const char *name;
    uint8_t     code[6];
    uint8_t     len;
    const char *error;                   /* NULL: valid */
};

#define ROW(name, error, ...)                                                 \
    { name, { __VA_ARGS__ }, sizeof (const uint8_t[]){ __VA_ARGS__ }, error }

static const char no_func[] = "type 1 is not a function type";
static const char no_struct[] = "type 2 is not a structure type";
static const char no_array[] = "type 0 is not an array type";
static const char fixed[] = "immutable field or array";
static const char packed[] = "the field is packed";
static const char unpacked[] = "the field is not packed";
static const char bare[] = "has no default value";

static const struct row rows[] = {
    ROW("call_indirect", NULL, 0x11, FUNC, 0),
    ROW("call_indirect", no_func, 0x11, STRUCT, 0),
    ROW("call_indirect", "(ref null extern) does not match", 0x11, FUNC, 1),
    ROW("return_call_indirect", NULL, 0x13, FUNC, 0),
    ROW("return_call_indirect", no_func, 0x13, STRUCT, 0),
    ROW("call_ref", NULL, 0x14, FUNC),
    ROW("call_ref", no_func, 0x14, STRUCT),
    ROW("return_call_ref", NULL, 0x15, FUNC),
    ROW("return_call_ref", no_func, 0x15, STRUCT),
    ROW("block", NULL, 0x02, FUNC, 0x0b),
    ROW("block", no_func, 0x02, STRUCT, 0x0b),
    ROW("struct.new", NULL, 0xfb, 0, STRUCT),
    ROW("struct.new", no_struct, 0xfb, 0, INTS),
    ROW("struct.new_default", no_struct, 0xfb, 1, INTS),
    ROW("struct.new_default", bare, 0xfb, 1, STRUCT),
    ROW("struct.get", NULL, 0xfb, 2, STRUCT, INT),
    ROW("struct.get", no_struct, 0xfb, 2, INTS, INT),
    ROW("struct.get", packed, 0xfb, 2, STRUCT, BYTE),
    ROW("struct.get", "unknown field 3 of type 1", 0xfb, 2, STRUCT, 3),
    ROW("struct.get_s", NULL, 0xfb, 3, STRUCT, BYTE),
    ROW("struct.get_s", no_struct, 0xfb, 3, INTS, BYTE),
    ROW("struct.get_s", unpacked, 0xfb, 3, STRUCT, INT),
    ROW("struct.get_u", unpacked, 0xfb, 4, STRUCT, REF),
    ROW("struct.set", NULL, 0xfb, 5, STRUCT, INT),
    ROW("struct.set", no_struct, 0xfb, 5, INTS, INT),
    ROW("struct.set", fixed, 0xfb, 5, STRUCT, REF),
    ROW("struct.set", "unknown field 9 of type 1", 0xfb, 5, STRUCT, 9),
    ROW("array.new", NULL, 0xfb, 6, INTS),
    ROW("array.new", no_array, 0xfb, 6, FUNC),
    ROW("array.new_default", NULL, 0xfb, 7, BYTES),
    ROW("array.new_default", no_array, 0xfb, 7, FUNC),
    ROW("array.new_default", bare, 0xfb, 7, FUNCS),
    ROW("array.new_fixed", NULL, 0xfb, 8, INTS, 2),
    ROW("array.new_fixed", no_array, 0xfb, 8, FUNC, 2),
    ROW("array.new_data", NULL, 0xfb, 9, BYTES, 0),
    ROW("array.new_data", no_array, 0xfb, 9, FUNC, 0),
    ROW("array.new_data", "not", 0xfb, 9, FUNCS, 0),
    ROW("array.new_elem", NULL, 0xfb, 10, FUNCS, 0),
    ROW("array.new_elem", no_array, 0xfb, 10, FUNC, 0),
    ROW("array.new_elem", "does not match i32", 0xfb, 10, INTS, 0),
    ROW("array.get", NULL, 0xfb, 11, INTS),
    ROW("array.get", no_array, 0xfb, 11, FUNC),
    ROW("array.get", packed, 0xfb, 11, BYTES),
    ROW("array.get_s", NULL, 0xfb, 12, BYTES),
    ROW("array.get_s", no_array, 0xfb, 12, FUNC),
    ROW("array.get_s", unpacked, 0xfb, 12, INTS),
    ROW("array.get_u", unpacked, 0xfb, 13, FUNCS),
    ROW("array.set", NULL, 0xfb, 14, INTS),
    ROW("array.set", no_array, 0xfb, 14, FUNC),
    ROW("array.set", fixed, 0xfb, 14, BYTES),
    ROW("array.fill", NULL, 0xfb, 16, INTS),
    ROW("array.fill", no_array, 0xfb, 16, FUNC),
    ROW("array.fill", fixed, 0xfb, 16, BYTES),
    ROW("array.copy", NULL, 0xfb, 17, INTS, INTS),
    ROW("array.copy", no_array, 0xfb, 17, FUNC, INTS),
    ROW("array.copy", no_array, 0xfb, 17, INTS, FUNC),
    ROW("array.copy", fixed, 0xfb, 17, BYTES, BYTES),
    ROW("array.copy", "does not match i32", 0xfb, 17, INTS, BYTES),
    ROW("array.init_data", NULL, 0xfb, 18, INTS, 0),
    ROW("array.init_data", no_array, 0xfb, 18, FUNC, 0),
    ROW("array.init_data", fixed, 0xfb, 18, BYTES, 0),
    ROW("array.init_data", "not", 0xfb, 18, FUNCS, 0),
    ROW("array.init_elem", NULL, 0xfb, 19, FUNCS, 0),
    ROW("array.init_elem", no_array, 0xfb, 19, FUNC, 0),
    ROW("array.init_elem", "does not match i32", 0xfb, 19, INTS, 0),
    ROW("struct.new", "unknown type 5", 0xfb, 0, 5)
};

static struct bytes make_module(const struct row *row)
{
    struct bytes b = module_new(), body = { 0 };

    SECTION(&b, 1, 5, 0x60, 0, 0,
            0x5f, 3, 0x7f, 1, 0x78, 0, 0x64, 0x70, 0,
            0x5e, 0x7f, 1, 0x5e, 0x78, 0, 0x5e, 0x64, 0x70, 1);
    SECTION(&b, 3, 1, FUNC);
    SECTION(&b, 4, 2, 0x70, 0, 1, 0x6f, 0, 1);
    SECTION(&b, 9, 1, 1, 0, 1, 0);
    SECTION(&b, 12, 1);
    PUT(&body, 0, 0x00);
    put(&body, row->code, row->len);
    PUT(&body, 0x00, 0x0b);
    put_body(&b, &body);
    SECTION(&b, 11, 1, 1, 0);
    return b;
}

static void check(const struct row *row)
{
    struct bytes b = make_module(row);
    struct we_config config = { .stack_bytes = 4096 };
    we_engine *engine = we_engine_new(&config);
    struct we_detail detail;
    we_module *m;
    enum we_error error = we_module_load(engine, b.data, b.len, &m, &detail);

    is_int(error, row->error ? WE_INVALID : WE_OK, "%s: %s", row->name,
           row->error ? row->error : "valid");
    if (row->error ? !strstr(detail.text, row->error) : error != WE_OK)
        ok(false, "... it says: %s", detail.text);
    we_module_free(m);
    we_engine_free(engine);
    free(b.data);
}

int main(void)
{
    size_t i;

    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i]);
    return done();
}

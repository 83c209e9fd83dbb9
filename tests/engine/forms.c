/* Numeric instructions in every form of operand and use that lowering tells
 * apart: the results are those of Section 4.3.2, whatever register, slot,
 * immediate or branch they go through; and each loop on a comparison ends at
 * the deadline. */
#include "forms.h"
#include "world.h"

#include <math.h>

enum { EMPTY = 0x40, END = 0x0b, NFORMS = 4, NUSES = 3, NTESTS = 10 };

#define ROW(symbol, code, text, immediate, rule) { code, text, rule },
static const struct op ops[] = { WE_OPCODES_BYTE(ROW) WE_OPCODES_FC(ROW) };
#undef ROW

static bool is_numeric(uint32_t code)
{
    return (code >= 0x45 && code <= 0xc4)
           || (code >= 0xfc000 && code <= 0xfc007);
}

/* Comparisons and tests; the operation on integers that tests for zero. */
static bool is_test(uint32_t code)
{
    return code >= 0x45 && code <= 0x66;
}

/* --- what the results are (Section 4.3.2) --------------------------------- */

static float f32_of(uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float f;

    memcpy(&f, &low, sizeof f);
    return f;
}

static double f64_of(uint64_t bits)
{
    double f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint64_t of_f32(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static uint64_t of_f64(double f)
{
    uint64_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static uint32_t clz(uint64_t x, uint32_t bits)
{
    uint32_t n = 0;

    while (n < bits && !(x >> (bits - 1 - n) & 1))
        n++;
    return n;
}

static uint32_t ctz(uint64_t x, uint32_t bits)
{
    uint32_t n = 0;

    while (n < bits && !(x >> n & 1))
        n++;
    return n;
}

static uint32_t popcnt(uint64_t x)
{
    uint32_t n = 0;

    for (; x != 0; x >>= 1)
        n += x & 1;
    return n;
}

static double least(double a, double b)
{
    return a != a || b != b ? NAN : a < b ? a : b < a ? b : signbit(a) ? a : b;
}

static double most(double a, double b)
{
    return a != a || b != b ? NAN : a > b ? a : b > a ? b : signbit(a) ? b : a;
}

/* To an integer, whose range begins at low and ends before high. */
static enum we_trap_code to_int(double x, double low, double high,
                                bool saturates, uint64_t min, uint64_t max,
                                uint64_t *r)
{
    double t = trunc(x);

    if (saturates && x != x)
        *r = 0;
    else if (saturates && (t < low || t >= high))
        *r = t < low ? min : max;
    else if (x != x)
        return WE_TRAP_CONVERSION;
    else if (t < low || t >= high)
        return WE_TRAP_OVERFLOW;
    else
        *r = low < 0 ? (uint64_t)(int64_t)t : (uint64_t)t;
    return WE_TRAP_NONE;
}

static enum we_trap_code to_form(uint32_t form, double x, bool saturates,
                                 uint64_t *r)
{
    static const double two31 = 2147483648.0, two63 = 9223372036854775808.0;
    enum we_trap_code trap;

    switch (form) {
    case 0:
        trap = to_int(x, -two31, two31, saturates, UINT64_C(1) << 31,
                      INT32_MAX, r);
        *r = (uint32_t)*r;
        return trap;
    case 1:
        return to_int(x, 0, 2 * two31, saturates, 0, UINT32_MAX, r);
    case 2:
        return to_int(x, -two63, two63, saturates, UINT64_C(1) << 63,
                      INT64_MAX, r);
    default:
        return to_int(x, 0, 2 * two63, saturates, 0, UINT64_MAX, r);
    }
}

static enum we_trap_code divide(uint32_t code, uint64_t a, uint64_t b,
                                bool wide, uint64_t *r)
{
    uint64_t min = wide ? (uint64_t)INT64_MIN : (uint32_t)INT32_MIN;
    uint64_t ones = wide ? UINT64_MAX : UINT32_MAX;
    int64_t x = wide ? (int64_t)a : (int32_t)(uint32_t)a;
    int64_t y = wide ? (int64_t)b : (int32_t)(uint32_t)b;

    if (b == 0)
        return WE_TRAP_DIVIDE;
    switch (code) {
    case 0:                              /* div_s */
        if (a == min && b == ones)
            return WE_TRAP_OVERFLOW;
        *r = (uint64_t)(x / y) & ones;
        break;
    case 1:
        *r = a / b;
        break;
    case 2:
        *r = b == ones ? 0 : (uint64_t)(x % y) & ones;
        break;
    default:
        *r = a % b;
    }
    return WE_TRAP_NONE;
}

/* The operations on integers that never trap, from clz to rotr; n is the
 * number behind the type's clz. */
static uint64_t integer(uint32_t n, uint64_t a, uint64_t b, uint32_t bits)
{
    uint64_t mask = bits == 64 ? UINT64_MAX : UINT32_MAX, s = b & (bits - 1);
    int64_t x = bits == 64 ? (int64_t)a : (int32_t)(uint32_t)a;

    switch (n) {
    case 0:  return clz(a, bits);
    case 1:  return ctz(a, bits);
    case 2:  return popcnt(a);
    case 3:  return (a + b) & mask;
    case 4:  return (a - b) & mask;
    case 5:  return (a * b) & mask;
    case 10: return a & b;
    case 11: return a | b;
    case 12: return a ^ b;
    case 13: return (a << s) & mask;
    case 14: return (uint64_t)(x >> s) & mask;
    case 15: return a >> s;
    case 16: return s == 0 ? a : (a << s | a >> (bits - s)) & mask;
    default: return s == 0 ? a : (a >> s | a << (bits - s)) & mask;
    }
}

/* eqz, eq, ne, lt_s ... */
static bool compares(uint32_t n, uint64_t a, uint64_t b, bool wide)
{
    int64_t x = wide ? (int64_t)a : (int32_t)(uint32_t)a;
    int64_t y = wide ? (int64_t)b : (int32_t)(uint32_t)b;

    switch (n) {
    case 0:  return a == 0;
    case 1:  return a == b;
    case 2:  return a != b;
    case 3:  return x < y;
    case 4:  return a < b;
    case 5:  return x > y;
    case 6:  return a > b;
    case 7:  return x <= y;
    case 8:  return a <= b;
    case 9:  return x >= y;
    default: return a >= b;
    }
}

static bool compares_float(uint32_t n, double a, double b)
{
    return n == 0 ? a == b : n == 1 ? a != b : n == 2 ? a < b
           : n == 3 ? a > b : n == 4 ? a <= b : a >= b;
}

/* abs, neg, ceil ... of doubles; those of floats are exact in double, but for
 * +, -, *, / and sqrt, which f32 rounds itself. */
static double of_float(uint32_t n, double a, double b)
{
    switch (n) {
    case 2:  return ceil(a);
    case 3:  return floor(a);
    case 4:  return trunc(a);
    case 5:  return rint(a);
    case 6:  return sqrt(a);
    case 7:  return a + b;
    case 8:  return a - b;
    case 9:  return a * b;
    case 10: return a / b;
    case 11: return least(a, b);
    default: return most(a, b);
    }
}

/* abs, neg and copysign move bits only. */
static uint64_t with_sign(uint32_t n, uint64_t a, uint64_t b, uint64_t sign)
{
    return n == 0 ? a & ~sign : n == 1 ? a ^ sign : (a & ~sign) | (b & sign);
}

static bool moves_sign(uint32_t n)
{
    return n < 2 || n == 13;
}

static uint64_t f32_op(uint32_t n, uint64_t a, uint64_t b)
{
    float x = f32_of(a), y = f32_of(b);

    if (moves_sign(n))
        return with_sign(n, a, b, UINT64_C(1) << 31);
    switch (n) {
    case 6:  return of_f32(sqrtf(x));
    case 7:  return of_f32(x + y);
    case 8:  return of_f32(x - y);
    case 9:  return of_f32(x * y);
    case 10: return of_f32(x / y);
    default: return of_f32((float)of_float(n, x, y));
    }
}

static uint64_t f64_op(uint32_t n, uint64_t a, uint64_t b)
{
    return moves_sign(n) ? with_sign(n, a, b, UINT64_C(1) << 63)
                         : of_f64(of_float(n, f64_of(a), f64_of(b)));
}

static uint64_t sext(uint64_t x, uint32_t from)
{
    uint64_t sign = UINT64_C(1) << (from - 1);

    return ((x & (2 * sign - 1)) ^ sign) - sign;
}

static uint64_t convert(uint32_t code, uint64_t a)
{
    int32_t i = (int32_t)(uint32_t)a;

    switch (code) {
    case 0xa7: return (uint32_t)a;
    case 0xac: return sext(a, 32);
    case 0xad: return a;
    case 0xb2: return of_f32((float)i);
    case 0xb3: return of_f32((float)(uint32_t)a);
    case 0xb4: return of_f32((float)(int64_t)a);
    case 0xb5: return of_f32((float)a);
    case 0xb6: return of_f32((float)f64_of(a));
    case 0xb7: return of_f64(i);
    case 0xb8: return of_f64((uint32_t)a);
    case 0xb9: return of_f64((double)(int64_t)a);
    case 0xba: return of_f64((double)a);
    case 0xbb: return of_f64(f32_of(a));
    case 0xc0: return (uint32_t)sext(a, 8);
    case 0xc1: return (uint32_t)sext(a, 16);
    case 0xc2: return sext(a, 8);
    case 0xc3: return sext(a, 16);
    case 0xc4: return sext(a, 32);
    default:   return a;                 /* reinterpret */
    }
}

static enum we_trap_code expected(uint32_t code, uint64_t a, uint64_t b,
                                  uint64_t *r)
{
    uint32_t n;

    if (code >= 0xfc000) {               /* trunc_sat: s u of f32, of f64 */
        n = code & 7;
        return to_form(n / 4 * 2 + n % 2, n & 2 ? f64_of(a) : f32_of(a), true,
                       r);
    }
    if ((code >= 0xa8 && code <= 0xab) || (code >= 0xae && code <= 0xb1)) {
        n = code < 0xac ? code - 0xa8 : code - 0xae + 4;
        return to_form(n / 4 * 2 + n % 2, n & 2 ? f64_of(a) : f32_of(a), false,
                       r);
    }
    if ((code >= 0x6d && code <= 0x70) || (code >= 0x7f && code <= 0x82))
        return divide((code - 0x6d) % 18, a, b, code >= 0x7f, r);
    *r = code < 0x50 ? compares(code - 0x45, a, b, false)
         : code < 0x5b ? compares(code - 0x50, a, b, true)
         : code < 0x61 ? compares_float(code - 0x5b, f32_of(a), f32_of(b))
         : code < 0x67 ? compares_float(code - 0x61, f64_of(a), f64_of(b))
         : code < 0x79 ? integer(code - 0x67, a, b, 32)
         : code < 0x8b ? integer(code - 0x79, a, b, 64)
         : code < 0x99 ? f32_op(code - 0x8b, a, b)
         : code < 0xa7 ? f64_op(code - 0x99, a, b) : convert(code, a);
    return WE_TRAP_NONE;
}

/* Any NaN will do where the instruction made it; one whose bits are only
 * moved must be the same. */
static bool equal(const struct op *op, uint64_t got, uint64_t want)
{
    char type = op->rule[strlen(op->rule) - 1];
    uint32_t n = op->code < 0x99 ? op->code - 0x8b : op->code - 0x99;
    bool moved = op->code >= 0xbc || (op->code < 0xa7 && moves_sign(n));

    if (got == want)
        return true;
    return !moved && ((type == 'f' && isnan(f32_of(got)) && got >> 32 == 0
                       && isnan(f32_of(want)))
                      || (type == 'F' && isnan(f64_of(got))
                          && isnan(f64_of(want))));
}

/* --- functions in all forms ----------------------------------------------- */

/* Locals: the operands, zeroes of i32 and i64, the results' four types. */
enum { ZERO_I = 2, ZERO_L, KEPT };
static const char kept_types[] = "iIfF";

/* An operand: a local, computed, a constant, the result of function 0. */
static void put_operand(struct bytes *b, uint32_t form, char type,
                        uint8_t local, uint64_t bits)
{
    if (form == 2) {
        put_const(b, type, bits);
        return;
    }
    PUT(b, 0x20, local);
    if (form == 1)
        put_again(b, type, ZERO_I, ZERO_L);
    if (form == 3)
        PUT(b, 0x10, 0);
}

struct form {
    const struct op *op;
    uint32_t         a, b, use;          /* use: 0 .. NUSES, or NTESTS */
    uint64_t         x, y;
};

static void put_operation(struct bytes *b, const struct form *f)
{
    const char *rule = f->op->rule;

    put_operand(b, f->a, rule[0], 0, f->x);
    if (rule[1] != ':')
        put_operand(b, f->b, rule[1], 1, f->y);
    put_op(b, f->op->code);
}

/* Returned; kept in a local; used at once; and of a test, what it decides. */
static void put_use(struct bytes *b, const struct form *f)
{
    char type = f->op->rule[strlen(f->op->rule) - 1];
    uint8_t kept = (uint8_t)(KEPT + (strchr(kept_types, type) - kept_types));

    if (f->use == 3 || f->use == 4)
        PUT(b, 0x02, EMPTY);
    if (f->use == 7)
        PUT(b, 0x41, 1, 0x41, 0);
    put_operation(b, f);
    switch (f->use) {
    case 1: PUT(b, 0x21, kept, 0x20, kept); break;
    case 2: put_again(b, type, ZERO_I, ZERO_L); break;
    case 3: PUT(b, 0x0d, 0, 0x41, 0, 0x0f, END, 0x41, 1); break;
    case 4: PUT(b, 0x45, 0x0d, 0, 0x41, 1, 0x0f, END, 0x41, 0); break;
    case 5: PUT(b, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0, END); break;
    case 6: PUT(b, 0x45, 0x04, 0x7f, 0x41, 0, 0x05, 0x41, 1, END); break;
    case 7: PUT(b, 0x1b); break;
    case 8: PUT(b, 0x45, 0x45); break;
    case 9: PUT(b, 0x45, 0x45, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0, END); break;
    }
}

static void put_func(struct bytes *code, struct bytes *body)
{
    struct bytes whole = { 0 };

    PUT(&whole, 6, 1, 0x7f, 1, 0x7e, 1, 0x7f, 1, 0x7e, 1, 0x7d, 1, 0x7c);
    put(&whole, body->data, body->len);
    PUT(&whole, END);
    put_sized(code, &whole);
    free(body->data);
    *body = (struct bytes){ 0 };
}

/* (x y) -> result, n functions named by two letters behind the identity. */
static struct bytes open_module(const struct op *op, uint32_t n)
{
    struct bytes b = module_new(), section = { 0 };
    uint8_t from = type_byte(op->rule[0]);
    uint32_t i;

    SECTION(&b, 1, 2, 0x60, 1, from, 1, from, 0x60, 2, from, from, 1,
            type_byte(op->rule[strlen(op->rule) - 1]));
    put_u32(&section, n + 1);
    PUT(&section, 0);
    PUT_TIMES(&section, n, 1);
    put_section(&b, 3, &section);
    put_u32(&section, n);
    for (i = 0; i < n; i++) {
        PUT(&section, 2, (uint8_t)('a' + i / 16), (uint8_t)('a' + i % 16), 0);
        put_u32(&section, i + 1);
    }
    put_section(&b, 7, &section);
    return b;
}

static void close_module(struct bytes *b, struct bytes *bodies, uint32_t n)
{
    struct bytes section = { 0 };

    put_u32(&section, n + 1);
    PUT(&section, 4, 0, 0x20, 0, END);
    put(&section, bodies->data, bodies->len);
    put_section(b, 10, &section);
    free(bodies->data);
}

/* Operands of 32 bits come with rubbish above. */
static enum we_trap_code call(struct world *w, we_instance *instance,
                              uint32_t i, const struct form *f, uint64_t *r)
{
    char name[3] = { (char)('a' + i / 16), (char)('a' + i % 16) };
    bool narrow = strchr("if", f->op->rule[0]) != NULL;
    uint64_t above = narrow ? UINT64_C(0xdeadbeef) << 32 : 0;
    uint64_t slots[2] = { f->x | above, f->y | above };
    enum we_error e = world_call(w, instance, name, slots);

    *r = slots[0];
    return e == WE_OK ? WE_TRAP_NONE : e == WE_TRAP ? w->trap.code : WE_NTRAPS;
}

/* All forms of one instruction on the same operands: how many are wrong. */
static uint32_t test_values(struct world *w, const struct op *op, uint64_t x,
                            uint64_t y)
{
    uint32_t uses = is_test(op->code) ? NTESTS : NUSES;
    uint32_t seconds = op->rule[1] == ':' ? 1 : NFORMS, wrong = 0, i;
    uint32_t n = NFORMS * seconds * uses;
    struct form f = { .op = op, .x = x, .y = y };
    struct bytes b = open_module(op, n), bodies = { 0 }, body = { 0 };
    uint64_t want = 0, got;
    enum we_trap_code trap = expected(op->code, x, y, &want), code;
    we_instance *instance;

    for (i = 0; i < n; i++) {
        f.a = i % NFORMS;
        f.b = i / NFORMS % seconds;
        f.use = i / NFORMS / seconds;
        put_use(&body, &f);
        put_func(&bodies, &body);
    }
    close_module(&b, &bodies, n);
    instance = world_new(w, b.data, b.len);
    for (i = 0; i < n && instance; i++) {
        code = call(w, instance, i, &f, &got);
        if (code == trap && (trap != WE_TRAP_NONE || equal(op, got, want)))
            continue;
        if (wrong++ == 0)
            diag("%s form %u: %llx %llx: %s %llx, not %s %llx", op->text, i,
                 (unsigned long long)x, (unsigned long long)y,
                 we_trap_text(code), (unsigned long long)got,
                 we_trap_text(trap), (unsigned long long)want);
    }
    we_instance_free(instance);
    free(b.data);
    return instance ? wrong : n;
}

/* --- values --------------------------------------------------------------- */

#define NVALUES 8
static const uint64_t values_i[NVALUES] = {
    0, 1, UINT32_MAX, 0x80000000, 0x7fffffff, 33, 0xffff8080, 0x12345678
};
static const uint64_t values_I[NVALUES] = {
    0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(1) << 32, 65,
    UINT64_C(0xffffffff7fffffff), UINT64_C(0x123456789abcdef0)
};

static void float_values(char type, uint64_t *values)
{
    static const double list[NVALUES - 2] = {
        0.0, 1.5, -2.5, 1e30, 3e-39, -INFINITY
    };
    uint32_t i;

    for (i = 0; i < NVALUES - 2; i++)
        values[i] = type == 'f' ? of_f32((float)list[i]) : of_f64(list[i]);
    values[i++] = type == 'f' ? of_f32(-0.0f) : of_f64(-0.0);
    values[i] = type == 'f' ? 0x7fc12345 : UINT64_C(0xfff8000012345678);
}

static void values_of(char type, uint64_t *values)
{
    if (type == 'i')
        memcpy(values, values_i, sizeof values_i);
    else if (type == 'I')
        memcpy(values, values_I, sizeof values_I);
    else
        float_values(type, values);
}

/* Around the ends of the integers' ranges. */
static uint32_t test_ends(struct world *w, const struct op *op)
{
    static const double ends[] = {
        -2147483649.0, -2147483648.0, 2147483647.0, 2147483648.0, -1.0, -0.9,
        4294967295.0, 4294967296.0, -9223372036854775808.0,
        -9223372036854777856.0, 9223372036854775808.0, 18446744073709551616.0,
        18446744073709549568.0, 9223372036854774784.0
    };
    uint32_t i, wrong = 0;

    for (i = 0; i < sizeof ends / sizeof *ends; i++)
        wrong += test_values(w, op, op->rule[0] == 'f'
                                    ? of_f32((float)ends[i])
                                    : of_f64(ends[i]), 0);
    return wrong;
}

static void test_op(struct world *w, const struct op *op)
{
    uint64_t values[NVALUES];
    uint32_t i, j, wrong = 0;
    bool binary = op->rule[1] != ':';

    values_of(op->rule[0], values);
    for (i = 0; i < NVALUES; i++)
        for (j = 0; j < (binary ? NVALUES : 1u); j++)
            wrong += test_values(w, op, values[i], values[j]);
    if (!binary && (op->rule[0] == 'f' || op->rule[0] == 'F'))
        wrong += test_ends(w, op);
    is_int(wrong, 0, "%s", op->text);
}

/* --- loops ---------------------------------------------------------------- */

/* A loop that goes on while the test of x and y says so, or its opposite. */
static uint32_t test_loops(struct world *w, const struct op *op, uint64_t x,
                           uint64_t y, bool negated)
{
    uint32_t seconds = op->rule[1] == ':' ? 1 : NFORMS;
    uint32_t n = NFORMS * seconds, i, wrong = 0;
    struct bytes b = open_module(op, n), bodies = { 0 }, body = { 0 };
    struct form f = { .op = op, .x = x, .y = y };
    we_instance *instance;
    uint64_t got;

    for (i = 0; i < n; i++) {
        f.a = i % NFORMS;
        f.b = i / NFORMS;
        PUT(&body, 0x03, EMPTY);
        put_operation(&body, &f);
        if (negated)
            PUT(&body, 0x45);
        PUT(&body, 0x0d, 0, END, 0x41, 1);
        put_func(&bodies, &body);
    }
    close_module(&b, &bodies, n);
    instance = world_new(w, b.data, b.len);
    for (i = 0; i < n && instance; i++)
        wrong += call(w, instance, i, &f, &got) != WE_TRAP_DEADLINE;
    we_instance_free(instance);
    free(b.data);
    return instance ? wrong : n;
}

/* With operands for which the test holds, then some for which it doesn't. */
static void test_endless(struct world *w, const struct op *op)
{
    uint64_t values[NVALUES], r;
    bool done_with[2] = { false, false };
    uint32_t i, j, wrong = 0;

    values_of(op->rule[0], values);
    for (i = 0; i < NVALUES; i++)
        for (j = 0; j < NVALUES; j++) {
            expected(op->code, values[i], values[j], &r);
            if (!done_with[r])
                wrong += test_loops(w, op, values[i], values[j], r == 0);
            done_with[r] = true;
        }
    is_int(wrong, 0, "%s: loops end at the deadline", op->text);
}

int main(void)
{
    struct world w;
    uint32_t i;

    world_open(&w);
    for (i = 0; i < sizeof ops / sizeof *ops; i++)
        if (is_numeric(ops[i].code))
            test_op(&w, &ops[i]);
    is_int(we_engine_attach(w.engine), WE_OK, "a timer");
    w.deadline = 50000;
    for (i = 0; i < sizeof ops / sizeof *ops; i++)
        if (is_test(ops[i].code))
            test_endless(&w, &ops[i]);
    world_close(&w);
    return done();
}

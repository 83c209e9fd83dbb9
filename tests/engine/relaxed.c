/* Relaxed vector instructions: what the specification leaves open is done as
 * the plain instruction does it (iops_simd.h), the same on every machine. */
#include "build.h"
#include "world.h"

enum { END = 0x0b };

/* The plain instructions that do the same, of operands x, y and z. */
struct row {
    const char *name;
    uint16_t    relaxed;                 /* behind 0xfd */
    uint8_t     operands;
    uint8_t     plain[12];
    uint8_t     len;
};

#define X 0x20, 0
#define Y 0x20, 1
#define Z 0x20, 2
#define ROW(name, relaxed, operands, ...)                                     \
    { name, relaxed, operands, { __VA_ARGS__ },                               \
      sizeof (const uint8_t[]){ __VA_ARGS__ } }

static const struct row rows[] = {
    ROW("i8x16.relaxed_swizzle", 0x100, 2, X, Y, 0xfd, 0x0e),
    ROW("i32x4.relaxed_trunc_f32x4_s", 0x101, 1, X, 0xfd, 0xf8, 1),
    ROW("i32x4.relaxed_trunc_f32x4_u", 0x102, 1, X, 0xfd, 0xf9, 1),
    ROW("i32x4.relaxed_trunc_f64x2_s_zero", 0x103, 1, X, 0xfd, 0xfc, 1),
    ROW("i32x4.relaxed_trunc_f64x2_u_zero", 0x104, 1, X, 0xfd, 0xfd, 1),
    ROW("f32x4.relaxed_madd", 0x105, 3, X, Y, 0xfd, 0xe6, 1, Z, 0xfd, 0xe4, 1),
    ROW("f32x4.relaxed_nmadd", 0x106, 3, Z, X, Y, 0xfd, 0xe6, 1,
        0xfd, 0xe5, 1),
    ROW("f64x2.relaxed_madd", 0x107, 3, X, Y, 0xfd, 0xf2, 1, Z, 0xfd, 0xf0, 1),
    ROW("f64x2.relaxed_nmadd", 0x108, 3, Z, X, Y, 0xfd, 0xf2, 1,
        0xfd, 0xf1, 1),
    ROW("i8x16.relaxed_laneselect", 0x109, 3, X, Y, Z, 0xfd, 0x52),
    ROW("i16x8.relaxed_laneselect", 0x10a, 3, X, Y, Z, 0xfd, 0x52),
    ROW("i32x4.relaxed_laneselect", 0x10b, 3, X, Y, Z, 0xfd, 0x52),
    ROW("i64x2.relaxed_laneselect", 0x10c, 3, X, Y, Z, 0xfd, 0x52),
    ROW("f32x4.relaxed_min", 0x10d, 2, X, Y, 0xfd, 0xe8, 1),
    ROW("f32x4.relaxed_max", 0x10e, 2, X, Y, 0xfd, 0xe9, 1),
    ROW("f64x2.relaxed_min", 0x10f, 2, X, Y, 0xfd, 0xf4, 1),
    ROW("f64x2.relaxed_max", 0x110, 2, X, Y, 0xfd, 0xf5, 1),
    ROW("i16x8.relaxed_q15mulr_s", 0x111, 2, X, Y, 0xfd, 0x82, 1)
};

/* Zeroes, ends of ranges, NaNs, infinities, of each width. */
static const uint64_t vectors[][2] = {
    { 0, UINT64_C(0x8000000000000000) },
    { UINT64_C(0x7f8000007fc00000), UINT64_C(0xff80000080000000) },
    { UINT64_C(0x4f0000004effffff), UINT64_C(0xcf000001cf000000) },
    { UINT64_C(0x4f8000004f7fffff), UINT64_C(0xbf800000bf000000) },
    { UINT64_C(0x41dfffffffc00000), UINT64_C(0x41e0000000000000) },
    { UINT64_C(0xc1e0000000000000), UINT64_C(0xc1e0000000200000) },
    { UINT64_C(0x41efffffffe00000), UINT64_C(0x41f0000000000000) },
    { UINT64_C(0x7ff8000000000000), UINT64_C(0xbff0000000000000) },
    { UINT64_C(0x8000800080008000), UINT64_C(0x7fff7fff80018000) },
    { UINT64_C(0x0f101180ff7f0302), UINT64_C(0x000102030405060f) },
    { UINT64_C(0x3ff8000000000001), UINT64_C(0x3fc000013f800001) }
};

/* (x y z) -> what the relaxed one gives, and the plain ones. */
static struct bytes make_module(const struct row *row)
{
    struct bytes b = module_new(), body = { 0 };
    uint8_t i;

    SECTION(&b, 1, 1, 0x60, 3, 0x7b, 0x7b, 0x7b, 2, 0x7b, 0x7b);
    SECTION(&b, 3, 1, 0);
    SECTION(&b, 7, 1, 1, 'f', 0, 0);
    PUT(&body, 0);
    for (i = 0; i < row->operands; i++)
        PUT(&body, 0x20, i);
    PUT(&body, 0xfd);
    put_u32(&body, row->relaxed);
    put(&body, row->plain, row->len);
    PUT(&body, END);
    put_body(&b, &body);
    return b;
}

static bool is_nan(const char *name, uint64_t x)
{
    return name[1] == '3' ? (x & 0x7fffffff) > 0x7f800000
                          : (x & INT64_MAX) > UINT64_C(0x7ff0000000000000);
}

/* Bit by bit; of numbers that aren't, which one is open. */
static bool same(const char *name, const uint64_t *a, const uint64_t *b)
{
    uint32_t lanes = name[1] == '3' ? 4 : 2, i;
    uint64_t x, y;

    if (name[0] != 'f')
        return memcmp(a, b, 16) == 0;
    for (i = 0; i < lanes; i++) {
        x = lanes == 2 ? a[i] : (uint32_t)(a[i / 2] >> i % 2 * 32);
        y = lanes == 2 ? b[i] : (uint32_t)(b[i / 2] >> i % 2 * 32);
        if (x != y && !(is_nan(name, x) && is_nan(name, y)))
            return false;
    }
    return true;
}

static void test(struct world *w, const struct row *row)
{
    enum { N = sizeof vectors / sizeof *vectors };
    struct bytes b = make_module(row);
    we_instance *instance = world_new(w, b.data, b.len);
    uint64_t slots[6];
    uint32_t i, j, wrong = 0;

    for (i = 0; i < N * N && instance; i++) {
        for (j = 0; j < 2; j++) {
            slots[j] = vectors[i % N][j];
            slots[2 + j] = vectors[i / N][j];
            slots[4 + j] = vectors[(i + i / N) % N][j];
        }
        if (world_call(w, instance, "f", slots) != WE_OK
            || !same(row->name, slots, slots + 2))
            wrong++;
    }
    is_int(instance ? wrong : N, 0, "%s", row->name);
    we_instance_free(instance);
    free(b.data);
}

int main(void)
{
    struct world w;
    size_t i;

    world_open(&w);
    for (i = 0; i < sizeof rows / sizeof *rows; i++)
        test(&w, &rows[i]);
    world_close(&w);
    return done();
}

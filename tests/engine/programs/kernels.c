/* Programs without a library: each export takes a number and answers a
 * checksum, that two engines must agree on. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

static uint32_t seed;

static uint32_t rnd(void)
{
    seed = seed * 1664525u + 1013904223u;
    return seed ^ seed >> 15;
}

static uint32_t mix(uint32_t h, uint64_t v)
{
    h = (h ^ (uint32_t) v) * 0x01000193u;
    return (h ^ (uint32_t) (v >> 32)) * 0x01000193u;
}

static uint32_t mix_double(uint32_t h, double d)
{
    union { double d; uint64_t u; } x = { .d = d };

    return d != d ? mix(h, 1) : mix(h, x.u);
}

static uint8_t buffer[1 << 16];

EXPORT(crc32) uint32_t crc32(uint32_t n)
{
    uint32_t crc = ~n, i, k;

    for (i = 0; i < 5000; i++) {
        crc ^= (uint8_t) rnd();
        for (k = 0; k < 8; k++) {
            crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
        }
    }
    return ~crc;
}

#define ROTR(x, n) ((x) >> (n) | (x) << (32 - (n)))

EXPORT(sha256) uint32_t sha256(uint32_t n)
{
    static const uint32_t primes[] = { 2, 3, 5, 7, 11, 13, 17, 19 };
    uint32_t h[8], w[64], v[8], i, r, t1, t2;

    for (i = 0; i < 8; i++) {
        h[i] = primes[i] * 0x9e3779b9u + n;
    }
    for (r = 0; r < 40; r++) {
        for (i = 0; i < 64; i++) {
            w[i] = i < 16 ? rnd()
                 : w[i - 16] + w[i - 7]
                   + (ROTR(w[i - 15], 7) ^ ROTR(w[i - 15], 18)
                      ^ w[i - 15] >> 3)
                   + (ROTR(w[i - 2], 17) ^ ROTR(w[i - 2], 19)
                      ^ w[i - 2] >> 10);
        }
        for (i = 0; i < 8; i++) {
            v[i] = h[i];
        }
        for (i = 0; i < 64; i++) {
            t1 = v[7] + (ROTR(v[4], 6) ^ ROTR(v[4], 11) ^ ROTR(v[4], 25))
                 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + w[i];
            t2 = (ROTR(v[0], 2) ^ ROTR(v[0], 13) ^ ROTR(v[0], 22))
                 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
            v[7] = v[6]; v[6] = v[5]; v[5] = v[4]; v[4] = v[3] + t1;
            v[3] = v[2]; v[2] = v[1]; v[1] = v[0]; v[0] = t1 + t2;
        }
        for (i = 0; i < 8; i++) {
            h[i] += v[i];
        }
    }
    for (i = 1; i < 8; i++) {
        h[0] = mix(h[0], h[i]);
    }
    return h[0];
}

/* function pointers: indirect calls of several signatures */
static int up(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

    return x < y ? -1 : x > y;
}

static int down(const void *a, const void *b)
{
    return up(b, a);
}

static void sort(uint32_t *v, int lo, int hi,
                 int (*compare)(const void *, const void *))
{
    uint32_t pivot, t;
    int i = lo, j = hi;

    if (lo >= hi) {
        return;
    }
    pivot = v[lo + (hi - lo) / 2];
    while (i <= j) {
        while (compare(&v[i], &pivot) < 0) i++;
        while (compare(&v[j], &pivot) > 0) j--;
        if (i <= j) {
            t = v[i]; v[i++] = v[j]; v[j--] = t;
        }
    }
    sort(v, lo, j, compare);
    sort(v, i, hi, compare);
}

EXPORT(sorting) uint32_t sorting(uint32_t n)
{
    uint32_t *v = (uint32_t *) buffer, h = n;
    int i;

    for (i = 0; i < 3000; i++) v[i] = rnd();
    sort(v, 0, 2999, n & 1 ? up : down);
    for (i = 0; i < 3000; i += 7) h = mix(h, v[i]);
    return h;
}

EXPORT(sieve) uint32_t sieve(uint32_t n)
{
    uint32_t i, k, count = 0;

    __builtin_memset(buffer, 1, sizeof buffer);
    for (i = 2; i < 60000; i++) {
        if (buffer[i]) {
            count = mix(count, i + n);
            for (k = i * 2; k < 60000; k += i) buffer[k] = 0;
        }
    }
    return count;
}

EXPORT(matrix) uint32_t matrix(uint32_t n)
{
    static double a[24][24], b[24][24], c[24][24];
    uint32_t h = n;
    int i, j, k;

    for (i = 0; i < 24; i++) {
        for (j = 0; j < 24; j++) {
            a[i][j] = (double) (int32_t) rnd() / 65536.0;
            b[i][j] = (double) (rnd() % 1000) - 500.5;
        }
    }
    for (i = 0; i < 24; i++) {
        for (j = 0; j < 24; j++) {
            c[i][j] = 0;
            for (k = 0; k < 24; k++) c[i][j] += a[i][k] * b[k][j];
            h = mix_double(h, c[i][j] / (1.0 + i));
        }
    }
    return h;
}

EXPORT(mandelbrot) uint32_t mandelbrot(uint32_t n)
{
    uint32_t h = n;
    int x, y, k;

    for (y = 0; y < 24; y++) {
        for (x = 0; x < 24; x++) {
            float cr = (float) x / 12.0f - 1.5f, ci = (float) y / 12.0f - 1.0f;
            float r = 0, i = 0, t;

            for (k = 0; k < 100 && r * r + i * i < 4.0f; k++) {
                t = r * r - i * i + cr;
                i = 2.0f * r * i + ci;
                r = t;
            }
            h = mix(h, (uint32_t) k);
        }
    }
    return h;
}

EXPORT(floats) uint32_t floats(uint32_t n)
{
    static const double values[] = {
        0.0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, 1e300, -1e300, 1e-310, 4.9e-324,
        2147483647.0, -2147483648.0, 4294967295.0, 9007199254740993.0, 0.1,
        123456.789, -3.999999
    };
    uint32_t h = n, i, k;
    double x, y;

    for (i = 0; i < sizeof values / sizeof *values; i++) {
        x = values[i];
        h = mix_double(h, __builtin_sqrt(x < 0 ? -x : x));
        h = mix_double(h, __builtin_floor(x));
        h = mix_double(h, __builtin_ceil(x));
        h = mix_double(h, __builtin_trunc(x));
        h = mix_double(h, __builtin_rint(x));
        h = mix_double(h, (double) (float) x);
        h = mix_double(h, __builtin_copysign(3.0, x));
        if (x > -2147483649.0 && x < 2147483648.0) {
            h = mix(h, (uint32_t) (int32_t) x);
        }
        if (x > -9e18 && x < 9e18) {
            h = mix(h, (uint64_t) (int64_t) x);
        }
        for (k = 0; k < sizeof values / sizeof *values; k++) {
            y = values[k];
            h = mix_double(h, x + y);
            h = mix_double(h, x * y);
            h = mix_double(h, y != 0 ? x / y : x);
            h = mix(h, (x < y) + 2 * (x <= y) + 4 * (x == y) + 8 * (x != y));
            h = mix_double(h, __builtin_wasm_min_f64(x, y));
        }
    }
    return h;
}

EXPORT(ints) uint32_t ints(uint32_t n)
{
    uint32_t h = n, i, a, b;
    uint64_t x, y;

    for (i = 0; i < 3000; i++) {
        a = rnd(); b = rnd() >> (i & 31);
        x = (uint64_t) rnd() << 32 | rnd();
        y = ((uint64_t) rnd() << 32 | rnd()) >> (i & 63);
        h = mix(h, (uint32_t) __builtin_clz(a | 1));
        h = mix(h, (uint32_t) __builtin_ctz(a | 0x80000000u));
        h = mix(h, (uint32_t) __builtin_popcount(a));
        h = mix(h, (uint32_t) __builtin_clzll(x | 1));
        h = mix(h, (uint32_t) __builtin_ctzll(y | UINT64_C(1) << 63));
        h = mix(h, (uint32_t) __builtin_popcountll(y));
        h = mix(h, a / (b | 1)); h = mix(h, a % (b | 1));
        h = mix(h, (uint32_t) ((int32_t) a / (int32_t) (b | 1)));
        h = mix(h, (uint32_t) ((int32_t) a % (int32_t) (b >> 1 | 1)));
        h = mix(h, x / (y | 1)); h = mix(h, x % (y | 1));
        h = mix(h, (uint64_t) ((int64_t) x / (int64_t) (y >> 1 | 1)));
        h = mix(h, (uint64_t) ((int64_t) x % (int64_t) (y >> 1 | 1)));
        h = mix(h, (uint32_t) ((int32_t) a >> (b & 31)));
        h = mix(h, (uint64_t) ((int64_t) x >> (b & 63)));
        h = mix(h, ROTR(a, (b & 30) + 1)); h = mix(h, x << (b & 63));
        h = mix(h, (uint32_t) (int8_t) a); h = mix(h, (uint32_t) (int16_t) a);
        h = mix(h, (uint64_t) (int64_t) (int8_t) x);
        h = mix(h, (uint64_t) (int64_t) (int32_t) x);
        h = mix(h, (x < y) + 2 * ((int64_t) x < (int64_t) y)
                   + 4 * (a <= b) + 8 * ((int32_t) a >= (int32_t) b));
    }
    return h;
}

/* a byte-code machine: br_table */
EXPORT(machine) uint32_t machine(uint32_t n)
{
    static const uint8_t code[] = {
        0, 5, 1, 3, 2, 7, 3, 4, 5, 9, 6, 7, 0, 8, 2, 9, 1, 10, 11, 4, 3, 6, 12
    };
    uint32_t acc = n, reg = 77, pc = 0, steps;

    for (steps = 0; steps < 40000; steps++) {
        switch (code[pc++ % sizeof code]) {
        case 0: acc += reg; break;
        case 1: acc ^= reg << 3; break;
        case 2: reg = acc * 31; break;
        case 3: acc = ~acc; break;
        case 4: if (acc & 1) pc++; break;
        case 5: reg = reg >> 1 | acc << 31; break;
        case 6: acc -= steps; break;
        case 7: if (reg & 4) pc += 2; break;
        case 8: reg = mix(reg, acc); break;
        case 9: acc = acc / ((reg & 15) + 1); break;
        case 10: buffer[acc & 255] = (uint8_t) reg; break;
        case 11: acc += buffer[reg & 255]; break;
        default: pc = acc & 15;
        }
    }
    return mix(acc, reg);
}

/* allocation and trees */
struct node { struct node *left, *right; uint32_t key; };
static struct node pool[2000];

static struct node *insert(struct node *at, struct node *new)
{
    if (at == NULL) {
        return new;
    }
    if (new->key < at->key) {
        at->left = insert(at->left, new);
    } else {
        at->right = insert(at->right, new);
    }
    return at;
}

static uint32_t walk(const struct node *at, uint32_t h)
{
    if (at != NULL) {
        h = walk(at->left, h);
        h = mix(h, at->key);
        h = walk(at->right, h);
    }
    return h;
}

EXPORT(tree) uint32_t tree(uint32_t n)
{
    struct node *root = NULL;
    int i;

    for (i = 0; i < 2000; i++) {
        pool[i] = (struct node) { NULL, NULL, rnd() };
        root = insert(root, &pool[i]);
    }
    return walk(root, n);
}

/* variable arguments and text */
static size_t format(char *out, const char *text, ...)
{
    char digits[24];
    va_list args;
    size_t n = 0, k;
    uint64_t v;

    va_start(args, text);
    for (; *text; text++) {
        if (*text != '%') {
            out[n++] = *text;
            continue;
        }
        switch (*++text) {
        case 'd': v = va_arg(args, uint32_t); break;
        case 'l': v = va_arg(args, uint64_t); break;
        default: v = (uint64_t) va_arg(args, double);
        }
        k = 0;
        do {
            digits[k++] = (char) ('0' + v % 10);
        } while ((v /= 10) != 0);
        while (k > 0) out[n++] = digits[--k];
    }
    va_end(args);
    return n;
}

EXPORT(text) uint32_t text(uint32_t n)
{
    uint32_t h = n, i;
    size_t len, k;

    for (i = 0; i < 300; i++) {
        len = format((char *) buffer, "a%db%lc%fd", rnd(),
                     (uint64_t) rnd() << 31, (double) rnd() * 1.5);
        __builtin_memmove(buffer + 3, buffer, len);
        __builtin_memcpy(buffer + 2000, buffer, len + 3);
        for (k = 0; k < len + 3; k++) h = mix(h, buffer[2000 + k]);
    }
    return h;
}

/* large structures by value, 128-bit products, many arguments */
struct big { uint64_t v[6]; double d; };

__attribute__((noinline))
static struct big turn(struct big b, uint32_t by)
{
    struct big r = b;
    int i;

    for (i = 0; i < 6; i++) r.v[i] = b.v[(i + by) % 6] + by;
    r.d = b.d * 1.25 + by;
    return r;
}

__attribute__((noinline))
static uint64_t eleven(int a, uint64_t b, float c, double d, char e, short f,
                       unsigned g, int64_t h, double i, uint8_t j, int k)
{
    return (uint64_t) a + b * 3 + (uint64_t) c + (uint64_t) d
           + (uint64_t) e + (uint64_t) f + g + (uint64_t) h + (uint64_t) i
           + j + (uint64_t) k;
}

EXPORT(structs) uint32_t structs(uint32_t n)
{
    struct big b = { { n, 2, 3, 4, 5, 6 }, 0.5 };
    unsigned __int128 p = n + 3;
    uint32_t h = n, i;

    for (i = 0; i < 200; i++) {
        b = turn(b, i % 7);
        p = p * 0x123456789abcdefULL + (p >> 64);
        h = mix(h, b.v[i % 6]);
        h = mix(h, (uint64_t) p);
        h = mix(h, eleven((int) i, b.v[0], (float) i / 3, i * 1.5, (char) i,
                          (short) -i, i << 20, -5, 1e6, (uint8_t) i, -1));
    }
    return mix_double(h, b.d);
}

/* eight queens */
static uint32_t place(uint32_t all, uint32_t cols, uint32_t d1, uint32_t d2)
{
    uint32_t free = all & ~(cols | d1 | d2), bit, count = 0;

    if (cols == all) {
        return 1;
    }
    while (free) {
        bit = free & -free;
        free ^= bit;
        count += place(all, cols | bit, (d1 | bit) << 1, (d2 | bit) >> 1);
    }
    return count;
}

EXPORT(queens) uint32_t queens(uint32_t n)
{
    return place((1u << (6 + n % 3)) - 1, 0, 0, 0);
}

EXPORT(reset) uint32_t reset(uint32_t n)
{
    seed = n;
    return n;
}

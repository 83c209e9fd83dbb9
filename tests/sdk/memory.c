/*
 * Takes memory in all ways at random, fills it, and looks at the end whether
 * all is still there: for tests/sdk/memory.t.  The request says x-seed, a
 * number, and x-value, letters v.
 */
#include "sluice.h"

enum { BLOCKS = 2000, AT_MOST = 4 << 20 };

static struct block {
    unsigned char *at;
    size_t         size;
    unsigned char  fill;
    bool           lasts;
} blocks[BLOCKS];
static size_t nblocks, total;
static uint32_t seed;
static const char *wrong;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed % n;
}

static void check(bool ok, const char *what)
{
    if (!ok && wrong == NULL) {
        wrong = what;
    }
}

static bool is_all(const unsigned char *at, size_t size, unsigned char ch)
{
    size_t i = 0;

    while (i < size && at[i] == ch) {
        i++;
    }
    return i == size;
}

static void keep(void *at, size_t size, unsigned char fill, bool lasts)
{
    check(at != NULL, "no memory");
    check((uintptr_t)at % 16 == 0, "not aligned");
    if (at != NULL) {
        blocks[nblocks++] = (struct block){ at, size, fill, lasts };
        total += size;
    }
}

static void take(size_t size, bool lasts)
{
    unsigned char fill = (unsigned char)(1 + nblocks % 100);
    unsigned char *at = lasts ? sluice_alloc(size) : sluice_temp(size);

    if (lasts && at != NULL) {
        check(is_all(at, size, 0), "not zero");
    }
    keep(at, size, fill, lasts);
    for (size_t i = 0; at != NULL && i < size; i++) {
        at[i] = fill;
    }
}

static void read_value(void)
{
    struct sluice_str value;

    check(sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-value"),
                            &value), "no value");
    if (value.len != 0) {
        keep((void *)value.data, value.len, 'v', false);
    }
}

static void read_all(void)
{
    struct sluice_cursor all = sluice_headers_all(SLUICE_REQUEST_HEADERS);
    struct sluice_pair pair, *pairs;
    size_t n = sluice_headers(SLUICE_REQUEST_HEADERS, &pairs), i = 0;

    check(n == all.left && n > 4, "how many headers");
    while (sluice_headers_next(&all, &pair)) {
        check(sluice_equal(pair.key, pairs[i].key), "a header's name");
        check(sluice_equal(pair.value, pairs[i].value), "a header's value");
        i++;
    }
    check(i == n, "the end of the headers");
    total += n * sizeof pair;
}

static void step(void)
{
    static const uint32_t sizes[] = { 1, 40, 2000, 70000 };
    uint32_t what = below(8);
    size_t size = below(sizes[below(4)]);

    if (what < 5) {
        take(size, false);
    } else if (what == 5) {
        take(size, true);
    } else if (what == 6) {
        read_value();
    } else {
        read_all();
    }
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_str number;
    size_t i;

    nblocks = total = 0;
    wrong = NULL;
    seed = 0;
    sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-seed"), &number);
    for (i = 0; i < number.len; i++) {
        seed = seed * 10 + (uint32_t)(number.data[i] - '0');
    }
    while (nblocks < BLOCKS && total < AT_MOST && wrong == NULL) {
        step();
    }
    for (i = 0; i < nblocks; i++) {
        struct block *b = &blocks[i];

        check(is_all(b->at, b->size, b->fill), "overwritten");
        if (b->lasts) {
            sluice_free(b->at);
        }
    }
    check(sluice_temp((size_t)100 << 20) == NULL, "100 MiB of 16");
    check(sluice_temp(SIZE_MAX) == NULL, "all that there is, and more");
    check(sluice_temp(0) != NULL, "nothing");
    sluice_respond(200, sluice_str(wrong == NULL ? "ok" : wrong), NULL, 0);
    return SLUICE_PAUSE;
}

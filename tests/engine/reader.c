/* The bounded reader: LEB128 (Section 5.2.2), names (5.2.4), ends. */
#include "../../engine/reader.h"
#include "../tap.h"

#include <stdio.h>

static const char *hex(const uint8_t *bytes, size_t len)
{
    static char buf[64];
    size_t i;

    buf[0] = '\0';
    for (i = 0; i < len && i < 20; i++)
        sprintf(buf + 3 * i, "%02x ", bytes[i]);
    return buf;
}

static struct we_reader reader(const uint8_t *bytes, size_t len)
{
    return we_reader_new((struct we_bytes){ bytes, (uint32_t)len }, 0,
                         (uint32_t)len);
}

/* --- integers ----------------------------------------------------------- */

#define LONG  "integer representation too long"
#define LARGE "integer too large"
#define END   "unexpected end"

enum kind { U32, S32, S33, U64, S64 };

static const struct leb {
    enum kind   kind;
    uint8_t     bytes[12];
    uint8_t     len;
    int64_t     value;
    const char *error;
} lebs[] = {
    { U32, { 0x00 }, 1, 0, NULL },
    { U32, { 0x7f }, 1, 127, NULL },
    { U32, { 0x80, 0x01 }, 2, 128, NULL },
    { U32, { 0xe5, 0x8e, 0x26 }, 3, 624485, NULL },
    { U32, { 0x80, 0x80, 0x80, 0x80, 0x00 }, 5, 0, NULL },
    { U32, { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, 0xffffffff, NULL },
    { U32, { 0xff, 0xff, 0xff, 0xff, 0x1f }, 5, 0, LARGE },
    { U32, { 0xff, 0xff, 0xff, 0xff, 0x7f }, 5, 0, LARGE },
    { U32, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 6, 0, LONG },
    { U32, { 0x80 }, 1, 0, END },
    { U32, { 0x80, 0x80, 0x80, 0x80 }, 4, 0, END },
    { U32, { 0 }, 0, 0, END },
    { S32, { 0x7f }, 1, -1, NULL },
    { S32, { 0x40 }, 1, -64, NULL },
    { S32, { 0x3f }, 1, 63, NULL },
    { S32, { 0xc0, 0xbb, 0x78 }, 3, -123456, NULL },
    { S32, { 0xff, 0xff, 0xff, 0xff, 0x07 }, 5, INT32_MAX, NULL },
    { S32, { 0x80, 0x80, 0x80, 0x80, 0x78 }, 5, INT32_MIN, NULL },
    { S32, { 0xff, 0xff, 0xff, 0xff, 0x7f }, 5, -1, NULL },
    { S32, { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, 0, LARGE },
    { S32, { 0x80, 0x80, 0x80, 0x80, 0x70 }, 5, 0, LARGE },
    { S32, { 0xff, 0xff, 0xff, 0xff, 0x4f }, 5, 0, LARGE },
    { S32, { 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f }, 6, 0, LONG },
    { S33, { 0x40 }, 1, -64, NULL },
    { S33, { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, 0xffffffff, NULL },
    { S33, { 0x80, 0x80, 0x80, 0x80, 0x70 }, 5, -4294967296, NULL },
    { S33, { 0xff, 0xff, 0xff, 0xff, 0x1f }, 5, 0, LARGE },
    { S33, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x00 }, 6, 0, LONG },
    { U64, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 },
      10, -1, NULL },
    { U64, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02 },
      10, 0, LARGE },
    { U64, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 },
      11, 0, LONG },
    { S64, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 },
      10, INT64_MAX, NULL },
    { S64, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f },
      10, INT64_MIN, NULL },
    { S64, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7e },
      10, 0, LARGE },
    { S64, { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01 },
      10, 0, LARGE },
    { S64, { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 },
      11, 0, LONG }
};

static int64_t read_leb(struct we_reader *r, enum kind kind)
{
    switch (kind) {
    case U32:
        return we_reader_u32(r);
    case S32:
        return we_reader_s32(r);
    case S33:
        return we_reader_s33(r);
    case U64:
        return (int64_t)we_reader_u64(r);
    default:
        return we_reader_s64(r);
    }
}

static void test_integers(void)
{
    static const char *const names[] = { "u32", "s32", "s33", "u64", "s64" };
    const struct leb *t;
    struct we_reader r;
    uint8_t *copy;

    for (t = lebs; t < lebs + sizeof lebs / sizeof *lebs; t++) {
        copy = tap_guarded(t->bytes, t->len);
        r = reader(copy, t->len);
        is_int(read_leb(&r, t->kind), t->value, "%s of %s", names[t->kind],
               hex(t->bytes, t->len));
        is_str(r.error, t->error, "... and its error");
        is_int(we_reader_left(&r), 0, "... and nothing is left");
        tap_guarded_free(copy, t->len);
    }
}

/* --- names -------------------------------------------------------------- */

static const struct name {
    const char *text;                    /* its length is in front */
    uint8_t     len;
    bool        good;
} names[] = {
    { "", 0, true },
    { "abc", 3, true },
    { "a\0b", 3, true },
    { "\x7f", 1, true },
    { "\xc2\x80", 2, true },
    { "\xdf\xbf", 2, true },
    { "\xe0\xa0\x80", 3, true },
    { "\xed\x9f\xbf", 3, true },
    { "\xee\x80\x80", 3, true },
    { "\xef\xbf\xbf", 3, true },
    { "\xf0\x90\x80\x80", 4, true },
    { "\xf4\x8f\xbf\xbf", 4, true },
    { "\x80", 1, false },                /* a continuation alone */
    { "\xbf", 1, false },
    { "\xc0\x80", 2, false },            /* over-long */
    { "\xc1\xbf", 2, false },
    { "\xe0\x9f\xbf", 3, false },
    { "\xf0\x8f\xbf\xbf", 4, false },
    { "\xed\xa0\x80", 3, false },        /* surrogates */
    { "\xed\xbf\xbf", 3, false },
    { "\xf4\x90\x80\x80", 4, false },    /* above U+10FFFF */
    { "\xf5\x80\x80\x80", 4, false },
    { "\xff", 1, false },
    { "\xc2", 1, false },                /* cut */
    { "\xe2\x82", 2, false },
    { "\xf0\x9f\x98", 3, false },
    { "\xc2\x41", 2, false },
    { "\xe2\x82\x41", 3, false },
    { "\xf0\x9f\x98\xc0", 4, false },
    { "ab\x80" "c", 4, false }
};

static void test_names(void)
{
    const struct name *t;
    struct we_bytes name;
    struct we_reader r;
    uint8_t bytes[8], *copy;

    for (t = names; t < names + sizeof names / sizeof *names; t++) {
        bytes[0] = t->len;
        memcpy(bytes + 1, t->text, t->len);
        copy = tap_guarded(bytes, 1u + t->len);
        r = reader(copy, 1u + t->len);
        name = we_reader_name(&r);
        is_str(r.error, t->good ? NULL : "malformed UTF-8 encoding",
               "the name %s", hex((const uint8_t *)t->text, t->len));
        if (t->good)
            is_bytes(name.data, name.len, t->text, t->len, "... is itself");
        tap_guarded_free(copy, 1u + t->len);
    }
}

/* --- ends --------------------------------------------------------------- */

static void test_ends(void)
{
    static const uint8_t bytes[] = { 3, 'a', 'b', 0xff, 0xff };
    uint8_t *copy = tap_guarded(bytes, sizeof bytes);
    struct we_reader r = reader(copy, 3);

    we_reader_name(&r);
    is_str(r.error, "length out of bounds", "a length beyond the end");
    is_int(r.error_at, 1, "... and where");
    is_int(we_reader_byte(&r), 0, "after an error all is 0");
    is_int(we_reader_count(&r), 0, "... counts, too");
    ok(we_reader_take(&r, 0) != NULL, "... and nothing can be taken");
    is_str(r.error, "length out of bounds", "the first error stays");

    r = reader(copy, 5);
    is_int((int64_t)we_reader_fixed(&r, 4), 0xff626103,
           "fixed width, little endian");
    is_int((int64_t)we_reader_fixed(&r, 4), 0, "... not past the end");
    is_str(r.error, "unexpected end", "... which is an error");
    is_int(r.error_at, 4, "... at the offset where it began");

    r = reader(copy, 5);
    r.end = copy + 4;
    is_int(we_reader_count(&r), 3, "a count of as many items as bytes left");
    is_str(r.error, NULL, "... is possible");
    tap_guarded_free(copy, sizeof bytes);
}

int main(void)
{
    test_integers();
    test_names();
    test_ends();
    return done();
}

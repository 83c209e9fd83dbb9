/* Header fields from a guest: which may be applied, and in what form. */
#include "header.h"

#include "guest.h"
#include "map.h"
#include "str.h"

#include <string.h>

enum { NAME_SHOWN = 100, VALUE_SHOWN = 200, LINE_SIZE = 1200 };

/* --- characters ---------------------------------------------------------- */

enum {
    UPPER = 1,                           /* a letter in upper case */
    NO_TOKEN = 2,                        /* not in RFC 9110's token, 5.6.2 */
    BLANK = 8                            /* a blank or control character */
};

static const uint8_t classes[256] = {
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10,
    10,  0,  2,  0,  0,  0,  0,  0,  2,  2,  0,  0,  2,  0,  0,  2,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  2,  2,  2,  2,  2,
     2,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,
     1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  1,  2,  2,  2,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,
     0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  0,  2,  0,  2,  0, 10,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
     2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,  2,
};

/* Eight characters at a time: a word has a high bit for each that is meant. */
#define EACH(c) ((uint64_t)(c) * 0x0101010101010101u)
enum { LETTERS = 0x41, BEHIND_LETTERS = 0x5b };

static inline uint64_t upper_bits(uint64_t w)
{
    uint64_t low = w & EACH(0x7f);

    return (low + EACH(0x80 - LETTERS)) & ~(low + EACH(0x80 - BEHIND_LETTERS))
           & ~w & EACH(0x80);
}

static inline uint64_t zero_bits(uint64_t w)
{
    return (w - EACH(1)) & ~w & EACH(0x80);
}

static inline uint64_t splitting_bits(uint64_t w)
{
    return zero_bits(w) | zero_bits(w ^ EACH('\r')) | zero_bits(w ^ EACH('\n'));
}

static inline uint64_t load64(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

static inline uint64_t load32(const char *p)
{
    uint32_t w;

    memcpy(&w, p, sizeof w);
    return w;
}

/* All of one to seven characters, some of them twice. */
static inline uint64_t load_few(struct pw_str s)
{
    const char *last = s.data + s.len - 1;

    if (s.len >= 4) {
        return load32(s.data) | load32(last - 3) << 32;
    }
    return EACH((uint8_t)s.data[0]) << 16
           | (uint64_t)(uint8_t)s.data[s.len / 2] << 8 | (uint8_t)*last;
}

static inline __attribute__((always_inline)) bool
any(struct pw_str s, uint64_t (*bits)(uint64_t))
{
    size_t i;

    if (s.len < 8) {
        return s.len != 0 && bits(load_few(s)) != 0;
    }
    for (i = 0; i < s.len - 8; i += 8) {
        if (bits(load64(s.data + i)) != 0) {
            return true;
        }
    }
    return bits(load64(s.data + s.len - 8)) != 0;
}

bool pw_header_has_upper(struct pw_str s)
{
    return any(s, upper_bits);
}

/* Sixteen at a time. */
typedef uint8_t bytes16 __attribute__((vector_size(16)));

/* All of n characters, 1 to 16, some of them twice. */
static inline bytes16 load16(const char *p, size_t n)
{
    uint64_t half[2];
    bytes16 v;

    if (n >= 8) {
        half[0] = load64(p);
        half[1] = load64(p + n - 8);
    } else {
        half[0] = half[1] = load_few((struct pw_str){ p, n });
    }
    memcpy(&v, half, sizeof v);
    return v;
}

static inline bool all_set(bytes16 v)
{
    uint64_t half[2];

    memcpy(half, &v, sizeof half);
    return (half[0] & half[1]) == UINT64_MAX;
}

/* 0xff for each character that is plain. */
static inline bytes16 plain_name(bytes16 v)
{
    return (bytes16)((v - 'a' <= 'z' - 'a') | (v - '0' <= '9' - '0')
                     | (v == '-'));
}

static inline bytes16 plain_value(bytes16 v)
{
    return (bytes16)(v >= ' ');
}

static __attribute__((noinline)) bool is_plain_long(struct pw_str name,
                                                    struct pw_str value)
{
    for (; name.len > 16; name.data += 16, name.len -= 16) {
        if (!all_set(plain_name(load16(name.data, 16)))) {
            return false;
        }
    }
    for (; value.len > 16; value.data += 16, value.len -= 16) {
        if (!all_set(plain_value(load16(value.data, 16)))) {
            return false;
        }
    }
    return pw_header_is_plain(name, value);
}

bool pw_header_is_plain(struct pw_str name, struct pw_str value)
{
    bytes16 good;

    if (name.len - 1 > 15 || value.len > 16) {
        return name.len != 0 && is_plain_long(name, value);
    }
    good = plain_name(load16(name.data, name.len));
    if (value.len != 0) {
        good &= plain_value(load16(value.data, value.len));
    }
    return all_set(good);
}

/* What there is in s, all characters' classes together. */
static unsigned scan(struct pw_str s)
{
    unsigned all = 0;

    for (size_t i = 0; i < s.len; i++) {
        all |= classes[(uint8_t)s.data[i]];
    }
    return all;
}

bool pw_header_is_token(struct pw_str s)
{
    return s.len != 0 && (scan(s) & NO_TOKEN) == 0;
}

/* Something that stands in a request line between blanks. */
static bool is_visible(struct pw_str s)
{
    return s.len != 0 && (scan(s) & BLANK) == 0;
}

static bool is_status(struct pw_str s)
{
    return s.len == 3 && s.data[0] >= '2' && s.data[0] <= '5'
           && s.data[1] >= '0' && s.data[1] <= '9' && s.data[2] >= '0'
           && s.data[2] <= '9';
}

/* --- what may be applied ------------------------------------------------- */

static const struct pseudo_row {
    const char    *name;
    enum pw_pseudo of;
    bool (*accepts)(struct pw_str value);
    const char    *refusal;
} pseudo_rows[] = {
    { ":method", PW_PSEUDO_REQUEST, pw_header_is_token,
      "the value is no token" },
    { ":scheme", PW_PSEUDO_REQUEST, pw_header_is_token,
      "the value is no token" },
    { ":path", PW_PSEUDO_REQUEST, is_visible,
      "the value is empty or has blanks or control characters" },
    { ":authority", PW_PSEUDO_REQUEST, is_visible,
      "the value is empty or has blanks or control characters" },
    { ":status", PW_PSEUDO_RESPONSE, is_status,
      "the value is not 200 to 599" },
};

enum { NPSEUDO = sizeof pseudo_rows / sizeof pseudo_rows[0] };

/* NPSEUDO: there is no such row. */
static unsigned pseudo_row(enum pw_pseudo pseudo, struct pw_str key)
{
    unsigned i = 0;

    while (i < NPSEUDO && (pseudo_rows[i].of != pseudo
                           || !pw_str_is(key, pseudo_rows[i].name))) {
        i++;
    }
    return i;
}

static const char *pseudo_refusal(enum pw_pseudo pseudo, struct pw_str key,
                                  struct pw_str value)
{
    unsigned i = pseudo_row(pseudo, key);

    if (i == NPSEUDO) {
        return "no such pseudo-header here";
    }
    return pseudo_rows[i].accepts(value) ? NULL : pseudo_rows[i].refusal;
}

bool pw_header_splits(struct pw_str value)
{
    return any(value, splitting_bits);
}

const char *pw_header_why(enum pw_pseudo pseudo, struct pw_str key,
                          struct pw_str value)
{
    if (key.len == 0) {
        return "the name is empty";
    }
    if (pw_header_splits(value)) {
        return "CR, LF or NUL in the value";
    }
    return pw_header_is_pseudo(key) ? pseudo_refusal(pseudo, key, value)
                                    : "the name is no token";
}

void pw_header_warn(const struct pw_call *c, struct pw_str key,
                    struct pw_str value, const char *why)
{
    char line[LINE_SIZE];
    struct pw_text text;

    if (!pw_call_logs(c, PW_WARN)) {
        return;
    }
    pw_text_init(&text, line, sizeof line);
    pw_text_add(&text, "header \"");
    pw_text_add_foreign(&text, key, NAME_SHOWN);
    pw_text_add(&text, "\" is not applied: %s; value \"", why);
    pw_text_add_foreign(&text, value, VALUE_SHOWN);
    pw_text_add(&text, "\"");
    pw_call_log(c, PW_WARN, (struct pw_str){ text.buf, text.len });
}

/* --- names --------------------------------------------------------------- */

struct pw_str pw_header_lower(enum pw_pseudo pseudo, struct pw_str name,
                              char *buf)
{
    if (!pw_header_has_upper(name)) {
        return pw_header_alias(pseudo, name);
    }
    for (size_t i = 0; i < name.len; i++) {
        bool upper = (classes[(uint8_t)name.data[i]] & UPPER) != 0;

        buf[i] = (char)(name.data[i] | (upper ? 0x20 : 0));
    }
    return pw_header_alias(pseudo, (struct pw_str){ buf, name.len });
}

bool pw_header_key_lower(const struct pw_call *c, enum pw_pseudo pseudo,
                         struct pw_str name, struct pw_str *key)
{
    char *buf = pw_instance_scratch(c->instance, 0, name.len);

    if (buf == NULL) {
        return false;
    }
    *key = pw_header_lower(pseudo, name, buf);
    return true;
}

bool pw_header_name(const struct pw_call *c, enum pw_pseudo pseudo,
                    struct pw_str name, struct pw_header_name *out)
{
    unsigned found = scan(name);

    out->is_token = name.len != 0 && (found & NO_TOKEN) == 0;
    if ((found & UPPER) != 0) {
        return pw_header_key_lower(c, pseudo, name, &out->key);
    }
    out->key = pw_header_alias(pseudo, name);
    return true;
}

/* --- lists --------------------------------------------------------------- */

/* Scratch: | pairs ... | names in lower case ... | */
static void fill_list(const struct pw_call *c, enum pw_pseudo pseudo,
                      bool drop_pseudo, struct pw_map_reader *reader,
                      char *names, struct pw_header_list *list)
{
    struct pw_pair pair;
    unsigned seen = 0, bit;
    const char *why;

    while (pw_map_next(reader, &pair)) {
        struct pw_str name = pair.key;

        pair.key = pw_header_lower(pseudo, name, names);
        names += name.len;
        if (drop_pseudo && pw_header_is_pseudo(pair.key)) {
            continue;
        }
        why = pw_header_refusal(pseudo, pair.key,
                                pw_header_is_token(pair.key), pair.value);
        if (why == NULL && pw_header_is_pseudo(pair.key)) {
            bit = 1u << pseudo_row(pseudo, pair.key);
            why = (seen & bit) == 0 ? NULL : "it is there already";
            seen |= bit;
        }
        if (why != NULL) {
            pw_header_warn(c, pair.key, pair.value, why);
        } else {
            list->pairs[list->n++] = pair;
        }
    }
}

uint32_t pw_header_read_list(const struct pw_call *c, enum pw_pseudo pseudo,
                             bool drop_pseudo, unsigned i, uint32_t ptr,
                             uint32_t len, struct pw_header_list *list)
{
    struct pw_map_reader reader;
    struct pw_str blob;
    size_t pairs_size;
    uint8_t *block;

    *list = (struct pw_header_list){ NULL, 0 };
    if (!pw_guest_read(c, ptr, len, &blob)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if (!pw_map_read(&reader, blob)) {
        return PW_BAD_ARGUMENT;
    }
    if (reader.left == 0) {
        return PW_OK;
    }
    pairs_size = reader.left * sizeof *list->pairs;
    block = pw_instance_scratch(c->instance, i,
                                pairs_size + (size_t)reader.key_bytes);
    if (block == NULL) {
        return PW_INTERNAL_FAILURE;
    }
    list->pairs = (struct pw_pair *)(void *)block;
    fill_list(c, pseudo, drop_pseudo, &reader, (char *)block + pairs_size,
              list);
    return PW_OK;
}

/* Header fields from a guest: which may be applied, and in what form. */
#include "header.h"

#include "guest.h"
#include "map.h"
#include "str.h"

#include <string.h>

enum { NAME_SHOWN = 100, VALUE_SHOWN = 200, LINE_SIZE = 1200 };

enum pw_pseudo pw_header_pseudo(uint32_t map)
{
    return map == PW_REQUEST_HEADERS    ? PW_PSEUDO_REQUEST
           : map == PW_RESPONSE_HEADERS ? PW_PSEUDO_RESPONSE
                                        : PW_PSEUDO_NONE;
}

bool pw_header_is_pseudo(struct pw_str key)
{
    return key.len != 0 && key.data[0] == ':';
}

/* --- characters ---------------------------------------------------------- */

enum {
    UPPER = 1,                           /* a letter in upper case */
    NO_TOKEN = 2,                        /* not in RFC 9110's token, 5.6.2 */
    SPLITS = 4,                          /* CR, LF, NUL */
    BLANK = 8                            /* a blank or control character */
};

static const uint8_t classes[256] = {
    14, 10, 10, 10, 10, 10, 10, 10, 10, 10, 14, 10, 10, 14, 10, 10,
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

/* What there is in s, all characters' classes together. */
static unsigned scan(struct pw_str s)
{
    unsigned all = 0;

    for (size_t i = 0; i < s.len; i++) {
        all |= classes[(uint8_t)s.data[i]];
    }
    return all;
}

static bool is_token(struct pw_str s)
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
    { ":method", PW_PSEUDO_REQUEST, is_token, "the value is no token" },
    { ":scheme", PW_PSEUDO_REQUEST, is_token, "the value is no token" },
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

const char *pw_header_refusal(enum pw_pseudo pseudo, struct pw_str key,
                              struct pw_str value)
{
    if (key.len == 0) {
        return "the name is empty";
    }
    if ((scan(value) & SPLITS) != 0) {
        return "CR, LF or NUL in the value";
    }
    if (pw_header_is_pseudo(key)) {
        return pseudo_refusal(pseudo, key, value);
    }
    return is_token(key) ? NULL : "the name is no token";
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

static bool has_upper(struct pw_str s)
{
    return (scan(s) & UPPER) != 0;
}

/* The entry of the Host field is :authority, as in Envoy. */
static struct pw_str alias(enum pw_pseudo pseudo, struct pw_str key)
{
    if (key.len == 4 && pseudo == PW_PSEUDO_REQUEST
        && memcmp(key.data, "host", 4) == 0) {
        return (struct pw_str){ ":authority", 10 };
    }
    return key;
}

struct pw_str pw_header_lower(enum pw_pseudo pseudo, struct pw_str name,
                              char *buf)
{
    if (!has_upper(name)) {
        return alias(pseudo, name);
    }
    for (size_t i = 0; i < name.len; i++) {
        bool upper = (classes[(uint8_t)name.data[i]] & UPPER) != 0;

        buf[i] = (char)(name.data[i] | (upper ? 0x20 : 0));
    }
    return alias(pseudo, (struct pw_str){ buf, name.len });
}

bool pw_header_key(const struct pw_call *c, enum pw_pseudo pseudo,
                   struct pw_str name, struct pw_str *key)
{
    char *buf;

    if (!has_upper(name)) {
        *key = alias(pseudo, name);
        return true;
    }
    buf = pw_instance_scratch(c->instance, 0, name.len);
    if (buf == NULL) {
        return false;
    }
    *key = pw_header_lower(pseudo, name, buf);
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
        why = pw_header_refusal(pseudo, pair.key, pair.value);
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

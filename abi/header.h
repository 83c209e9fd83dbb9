/* Header fields from a guest: which may be applied, and in what form. */
#ifndef PW_HEADER_H
#define PW_HEADER_H

#include "call.h"

#include <string.h>

/* Which pseudo-headers belong to a map. */
enum pw_pseudo { PW_PSEUDO_NONE, PW_PSEUDO_REQUEST, PW_PSEUDO_RESPONSE };
static inline enum pw_pseudo pw_header_pseudo(uint32_t map)
{
    return map == PW_REQUEST_HEADERS    ? PW_PSEUDO_REQUEST
           : map == PW_RESPONSE_HEADERS ? PW_PSEUDO_RESPONSE
                                        : PW_PSEUDO_NONE;
}

static inline bool pw_header_is_pseudo(struct pw_str key)
{
    return key.len != 0 && key.data[0] == ':';
}

/* The entry of the Host field is :authority, as in Envoy. */
static inline struct pw_str pw_header_alias(enum pw_pseudo pseudo,
                                            struct pw_str key)
{
    if (key.len == 4 && pseudo == PW_PSEUDO_REQUEST
        && memcmp(key.data, "host", 4) == 0) {
        return (struct pw_str){ ":authority", 10 };
    }
    return key;
}

bool pw_header_has_upper(struct pw_str s);

/*
 * The name as hosts get it: in lower case, "host" of a request as
 * ":authority".  It lies in scratch area 0.  False: no memory.
 */
bool pw_header_key_lower(const struct pw_call *c, enum pw_pseudo pseudo,
                         struct pw_str name, struct pw_str *key);

/* As above, into buf, which has room for name.len bytes. */
struct pw_str pw_header_lower(enum pw_pseudo pseudo, struct pw_str name,
                              char *buf);

/* A name that is to be changed: as above, and whether it is a token (":status"
 * is none, its alias may be). */
struct pw_header_name {
    struct pw_str key;
    bool          is_token;
};
bool pw_header_name(const struct pw_call *c, enum pw_pseudo pseudo,
                    struct pw_str name, struct pw_header_name *out);
bool pw_header_is_token(struct pw_str s);

/* CR, LF or NUL. */
bool pw_header_splits(struct pw_str value);
/* Why a field whose name is no token or whose value splits isn't applied; NULL
 * if it is, being a pseudo-header. */
const char *pw_header_why(enum pw_pseudo pseudo, struct pw_str key,
                          struct pw_str value);

/* What nearly all fields are: the name has lower-case letters, digits and
 * hyphens, the value no control characters.  It may be applied as it is. */
bool pw_header_is_plain(struct pw_str name, struct pw_str value);

/* NULL if the field may be applied, else why not; key is in lower case. */
static inline const char *pw_header_refusal(enum pw_pseudo pseudo,
                                            struct pw_str key, bool is_token,
                                            struct pw_str value)
{
    return is_token && !pw_header_is_pseudo(key) && !pw_header_splits(value)
               ? NULL
               : pw_header_why(pseudo, key, value);
}
/* Says in the log what was not applied. */
void pw_header_warn(const struct pw_call *c, struct pw_str key,
                    struct pw_str value, const char *why);

/*
 * A list of fields from a blob of pairs in guest memory, without those that
 * may not be applied, in scratch area i.  With drop_pseudo, pseudo-headers are
 * left out silently.  A status.
 */
struct pw_header_list {
    struct pw_pair *pairs;
    size_t          n;
};
uint32_t pw_header_read_list(const struct pw_call *c, enum pw_pseudo pseudo,
                             bool drop_pseudo, unsigned i, uint32_t ptr,
                             uint32_t len, struct pw_header_list *list);

#endif

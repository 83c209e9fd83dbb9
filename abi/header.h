/* Header fields from a guest: which may be applied, and in what form. */
#ifndef PW_HEADER_H
#define PW_HEADER_H

#include "call.h"

/* Which pseudo-headers belong to a map. */
enum pw_pseudo { PW_PSEUDO_NONE, PW_PSEUDO_REQUEST, PW_PSEUDO_RESPONSE };
enum pw_pseudo pw_header_pseudo(uint32_t map);

bool pw_header_is_pseudo(struct pw_str key);

/*
 * The name as hosts get it: in lower case, "host" of a request as
 * ":authority".  It is the name itself or lies in scratch area 0.  False: no
 * memory.
 */
bool pw_header_key(const struct pw_call *c, enum pw_pseudo pseudo,
                   struct pw_str name, struct pw_str *key);
/* As above, into buf, which has room for name.len bytes. */
struct pw_str pw_header_lower(enum pw_pseudo pseudo, struct pw_str name,
                              char *buf);

/* NULL if the field may be applied, else why not; key is in lower case. */
const char *pw_header_refusal(enum pw_pseudo pseudo, struct pw_str key,
                              struct pw_str value);
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

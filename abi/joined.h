/* A header map as a property: each name once, its values joined with ",". */
#ifndef PW_JOINED_H
#define PW_JOINED_H

#include "call.h"

/* The values of one name, which is in the form that hosts get and lies outside
 * of guest memory, as the result of a call.  A status. */
uint32_t pw_joined_value(const struct pw_call *c, enum pw_map map,
                         struct pw_str key, uint32_t out_data,
                         uint32_t out_size);
/* The whole map as pairs; one that is absent is empty. */
uint32_t pw_joined_map(const struct pw_call *c, enum pw_map map,
                       uint32_t out_data, uint32_t out_size);

#endif

/*
 * Reads ten headers of the request, all at once, tests one of them, and adds a
 * header to the response.
 */
#include "sluice.h"

static volatile size_t seen;

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_pair *pairs;
    size_t n = sluice_headers(SLUICE_REQUEST_HEADERS, &pairs);

    for (size_t i = 0; i < n; i++) {
        struct sluice_str name = pairs[i].key, value = pairs[i].value;

        if (name.len != 4 || !sluice_starts(name, SLUICE_STR("x-h"))) {
            continue;
        }
        seen += value.len;
        if (name.data[3] == '3' && !sluice_starts(value, SLUICE_STR("v"))) {
            sluice_respond(403, SLUICE_STR(""), NULL, 0);
            return SLUICE_PAUSE;
        }
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    sluice_header_add(SLUICE_RESPONSE_HEADERS, SLUICE_STR("x-greeting"),
                      SLUICE_STR("hello"));
    return SLUICE_CONTINUE;
}

/*
 * Reads ten headers of the request, all at once, tests one of them, and adds a
 * header to the response.
 */
#include "sluice.h"

static volatile size_t seen;

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_cursor all = sluice_headers_all(SLUICE_REQUEST_HEADERS);
    struct sluice_pair header;

    while (sluice_headers_next(&all, &header)) {
        if (header.key.len != 4
            || !sluice_starts(header.key, SLUICE_STR("x-h"))) {
            continue;
        }
        seen += header.value.len;
        if (header.key.data[3] == '3'
            && !sluice_starts(header.value, SLUICE_STR("v"))) {
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

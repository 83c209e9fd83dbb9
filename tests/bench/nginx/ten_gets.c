/*
 * Reads ten headers of the request, one call each, tests one of them, and adds
 * a header to the response.
 */
#include "sluice.h"

static volatile size_t seen;

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    static char name[] = "x-h0";
    struct sluice_str value;

    for (int i = 0; i < 10; i++) {
        name[3] = (char)('0' + i);
        if (!sluice_header_get(SLUICE_REQUEST_HEADERS,
                               (struct sluice_str){ name, 4 }, &value)) {
            continue;
        }
        seen += value.len;
        if (i == 3 && !sluice_starts(value, SLUICE_STR("v"))) {
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

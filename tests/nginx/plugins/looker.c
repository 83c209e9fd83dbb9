/*
 * Exports every callback of a request, reads whatever there is to read in each,
 * changes nothing and returns Continue.
 */
#include "sluice.h"

static volatile size_t seen;

static void look_headers(enum sluice_map map)
{
    struct sluice_pair *p;
    struct sluice_str value;
    size_t n = sluice_headers(map, &p);

    for (size_t i = 0; i < n; i++) {
        if (sluice_header_get(map, p[i].key, &value)) {
            seen += value.len;
        }
    }
}

static void look_properties(void)
{
    static const char *const paths[] = {
        "request.path", "request.host", "request.size", "source.address",
        "connection.mtls", "response.code", "response.size", "ngx.request_uri",
    };
    struct sluice_str value;

    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (sluice_property(paths[i], &value)) {
            seen += value.len;
        }
    }
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    look_headers(SLUICE_REQUEST_HEADERS);
    look_properties();
    return SLUICE_CONTINUE;
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    seen += sluice_body_get(SLUICE_REQUEST_BODY, 0, size).len;
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    look_headers(SLUICE_REQUEST_HEADERS);
    look_headers(SLUICE_RESPONSE_HEADERS);
    look_properties();
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    seen += sluice_body_get(SLUICE_RESPONSE_BODY, 0, size).len;
    return SLUICE_CONTINUE;
}

SLUICE_ON_LOG(context)
{
    look_headers(SLUICE_REQUEST_HEADERS);
    look_headers(SLUICE_RESPONSE_HEADERS);
    look_properties();
}

SLUICE_ON_DONE(context)
{
    look_properties();
    return true;
}

/*
 * Adds 50,000 headers, then does one thing with all of them, as its
 * configuration says: of the request (r) or the response (s): list (l), remove
 * (r), remove all (c).
 */
#include "sluice.h"

static struct sluice_str how;

SLUICE_ON_CONFIGURE(root, text)
{
    how = sluice_keep(text);
    return true;
}

static void crowd(enum sluice_map map)
{
    static const struct sluice_str name = { "q", 1 };
    struct sluice_pair *pairs = NULL;

    for (int i = 0; i < 50000; i++) {
        sluice_header_add(map, i % 500 == 0 ? SLUICE_STR("cookie") : name,
                          SLUICE_STR("1"));
    }
    switch (how.data[1]) {
    case 'l':
        sluice_headers(map, &pairs);
        break;
    case 'r':
        sluice_header_remove(map, name);
        break;
    default:
        sluice_headers_set(map, pairs, 0);
        break;
    }
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    if (how.data[0] == 'r') {
        crowd(SLUICE_REQUEST_HEADERS);
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    if (how.data[0] == 's') {
        crowd(SLUICE_RESPONSE_HEADERS);
        sluice_headers_set(SLUICE_RESPONSE_HEADERS, NULL, 0);
    }
    return SLUICE_CONTINUE;
}

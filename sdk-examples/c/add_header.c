/*
 * Adds a header to each request and to each response.  Its value is the
 * plugin's configuration, or "hello" if that is empty.
 */
#include "sluice.h"

SLUICE_STATE(struct sluice_str, char)

SLUICE_ON_CONFIGURE(root, text)
{
    *sluice_root(root) = text.len == 0 ? SLUICE_STR("hello")
                                       : sluice_keep(text);
    return true;
}

SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)
{
    sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-greeting"),
                      *sluice_root(context));
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, end_of_stream)
{
    sluice_header_set(SLUICE_RESPONSE_HEADERS, SLUICE_STR("x-greeting"),
                      *sluice_root(context));
    return SLUICE_CONTINUE;
}

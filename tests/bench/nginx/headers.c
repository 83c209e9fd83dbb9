/* Sets a header of the request and one of the response. */
#include "sluice.h"

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-greeting"),
                      SLUICE_STR("hello"));
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    sluice_header_set(SLUICE_RESPONSE_HEADERS, SLUICE_STR("x-greeting"),
                      SLUICE_STR("hello"));
    return SLUICE_CONTINUE;
}

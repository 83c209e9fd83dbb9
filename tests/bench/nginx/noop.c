/* Is called for the headers of request and response, and does nothing. */
#include "sluice.h"

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    return SLUICE_CONTINUE;
}

/* Sees every chunk of a body and does nothing. */
#include "sluice.h"

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    return SLUICE_CONTINUE;
}

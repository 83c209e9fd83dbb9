/*
 * Turns the bodies of requests and responses into upper case, chunk by chunk
 * as they come.
 */
#include "sluice.h"

static enum sluice_action upper(enum sluice_body body, size_t size)
{
    struct sluice_str chunk = sluice_body_get(body, 0, size);
    char *text = (char *)chunk.data;
    size_t i;

    for (i = 0; i < chunk.len; i++) {
        if (text[i] >= 'a' && text[i] <= 'z') {
            text[i] = (char)(text[i] - 'a' + 'A');
        }
    }
    if (chunk.len != 0) {
        sluice_body_splice(body, 0, size, chunk);
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_REQUEST_BODY(context, size, end_of_stream)
{
    return upper(SLUICE_REQUEST_BODY, size);
}

/* Says that the length may change, as a plugin must that changes it; then the
 * response is sent in chunks. */
SLUICE_ON_RESPONSE_HEADERS(context, end_of_stream)
{
    if (!end_of_stream) {
        sluice_header_remove(SLUICE_RESPONSE_HEADERS,
                             SLUICE_STR("content-length"));
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_BODY(context, size, end_of_stream)
{
    return upper(SLUICE_RESPONSE_BODY, size);
}

/* Turns the body of a response into upper case, 16 characters at a time. */
#include "sluice.h"

typedef uint8_t vector __attribute__((vector_size(16), aligned(1)));

__attribute__((target("simd128")))
static void upper(uint8_t *text, size_t len)
{
    size_t i;

    for (i = 0; i + 16 <= len; i += 16) {
        vector v = *(const vector *)(text + i);

        *(vector *)(text + i) = v - ((vector)(v - 'a' < 26) & 0x20);
    }
    for (; i < len; i++) {
        text[i] -= (uint8_t)(text[i] - 'a') < 26 ? 0x20 : 0;
    }
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    sluice_header_remove(SLUICE_RESPONSE_HEADERS,
                         SLUICE_STR("content-length"));
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    struct sluice_str chunk = sluice_body_get(SLUICE_RESPONSE_BODY, 0, size);

    if (chunk.len != 0) {
        upper((uint8_t *)(uintptr_t)chunk.data, chunk.len);
        sluice_body_splice(SLUICE_RESPONSE_BODY, 0, size, chunk);
    }
    return SLUICE_CONTINUE;
}

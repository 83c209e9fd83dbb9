/*
 * Changes bodies of both directions so that what comes out doesn't depend on
 * the pieces they come in.  The configuration is one word:
 *
 *   pass     reads, changes nothing
 *   upper    a to z in upper case
 *   insert   "<<" in front of the first byte and ">>" behind the last
 *   shrink   only every second byte, beginning with the first
 *   grow     every byte twice
 *   hold     nothing until the end, then as insert
 *   replace  nothing until the end, then "REPLACED"
 *
 * All but pass remove Content-Length.
 */
#include "sluice.h"

enum { CONTEXTS = 1024 };

static struct sluice_str how;
/* bytes that came so far, of request and response */
static uint64_t offsets[CONTEXTS][2];

static bool is(const char *word)
{
    return sluice_equal(how, sluice_str(word));
}

SLUICE_ON_CONFIGURE(root, text)
{
    how = sluice_keep(text);
    return true;
}

static void begin(uint32_t context, enum sluice_map map)
{
    offsets[context % CONTEXTS][map != SLUICE_REQUEST_HEADERS] = 0;
    if (!is("pass")) {
        sluice_header_remove(map, SLUICE_STR("content-length"));
    }
}

static struct sluice_str changed(struct sluice_str s, uint64_t offset)
{
    char *out = sluice_temp(2 * s.len);
    size_t n = 0;

    for (size_t i = 0; i < s.len; i++) {
        char c = s.data[i];

        if (is("upper")) {
            out[n++] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
        } else if (is("grow")) {
            out[n++] = c;
            out[n++] = c;
        } else if ((offset + i) % 2 == 0) {
            out[n++] = c;
        }
    }
    return (struct sluice_str){ out, n };
}

static enum sluice_action chunk(enum sluice_body body, uint64_t *offset,
                                size_t size, bool end)
{
    struct sluice_str s;

    if ((is("hold") || is("replace")) && !end) {
        return SLUICE_PAUSE;
    }
    if (is("replace")) {
        sluice_body_splice(body, 0, size, SLUICE_STR("REPLACED"));
        return SLUICE_CONTINUE;
    }
    if (is("hold") || is("insert")) {
        if (end) {
            sluice_body_splice(body, size, 0, SLUICE_STR(">>"));
        }
        if (*offset == 0 && (size || end)) {
            sluice_body_splice(body, 0, 0, SLUICE_STR("<<"));
        }
    } else {
        s = sluice_body_get(body, 0, size);
        if (!is("pass") && size) {
            sluice_body_splice(body, 0, size, changed(s, *offset));
        }
    }
    *offset += size;
    return SLUICE_CONTINUE;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    begin(context, SLUICE_REQUEST_HEADERS);
    return SLUICE_CONTINUE;
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    return chunk(SLUICE_REQUEST_BODY, &offsets[context % CONTEXTS][0], size,
                 over);
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    begin(context, SLUICE_RESPONSE_HEADERS);
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    return chunk(SLUICE_RESPONSE_BODY, &offsets[context % CONTEXTS][1], size,
                 over);
}

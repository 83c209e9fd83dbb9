/*
 * sluice_json.h behind a few exports, for tests/sdk/json.t to drive: the text
 * stands at text_at(size), the answers go to out_at().
 */
#include "sluice_json.h"

static char *in, out[1 << 16];
static size_t out_len;

SLUICE_EXPORT_("text_at") char *text_at(size_t size);
char *text_at(size_t size)
{
    sluice_temp_reset_();
    in = sluice_temp(size + 1);
    return in;
}

SLUICE_EXPORT_("out_at") char *out_at(void);
char *out_at(void)
{
    return out;
}

static void put(const char *data, size_t len)
{
    for (size_t i = 0; i < len && out_len < sizeof out; i++) {
        out[out_len++] = data[i];
    }
}

SLUICE_EXPORT_("valid") uint32_t valid(size_t size);
uint32_t valid(size_t size)
{
    return sluice_json_valid((struct sluice_str){ in, size });
}

/* A line an item: kind, key, and the value or a string's text. */
SLUICE_EXPORT_("items") size_t items(size_t size);
size_t items(size_t size)
{
    struct sluice_json_items all
        = sluice_json_items((struct sluice_str){ in, size });
    struct sluice_str key, value, text;

    out_len = 0;
    while (sluice_json_next(&all, &key, &value)) {
        char kind = (char)('0' + sluice_json_kind(value));

        put(&kind, 1);
        put(" ", 1);
        put(key.data, key.len);
        put(" ", 1);
        if (sluice_json_string(value, &text)) {
            value = text;
        }
        put(value.data, value.len);
        put("\n", 1);
    }
    return out_len;
}

/* Which fields are plain: every character at every place, up to the end of
 * readable memory. */
#include "../../abi/header.h"

#include "../tap.h"

#include <string.h>

enum { LONGEST = 40 };

static bool is_name_char(unsigned c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

static bool is_value_char(unsigned c)
{
    return c >= 0x20;
}

/* Is the verdict on text, with c at i, what c is? */
static bool agrees(char *text, size_t len, size_t i, unsigned c)
{
    static const struct pw_str good = { "x-a", 3 };
    struct pw_str s = { text, len };
    char before = text[i];
    bool agreed;

    text[i] = (char)c;
    agreed = pw_header_is_plain(s, good) == is_name_char(c)
             && pw_header_is_plain(good, s) == is_value_char(c)
             && pw_header_is_plain(s, s) == is_name_char(c);
    text[i] = before;
    return agreed;
}

static void test_length(size_t len)
{
    char letters[LONGEST], *text;
    unsigned bad = 0;

    memset(letters, 'q', sizeof letters);
    text = tap_guarded(letters, len);
    for (size_t i = 0; i < len; i++) {
        for (unsigned c = 0; c < 256; c++) {
            bad += !agrees(text, len, i, c);
        }
    }
    is_int(bad, 0, "%u characters", (unsigned)len);
    tap_guarded_free(text, len);
}

int main(void)
{
    static const struct pw_str none = { NULL, 0 }, name = { "x-a", 3 };

    ok(!pw_header_is_plain(none, name), "no name");
    ok(pw_header_is_plain(name, none), "no value");
    for (size_t len = 1; len <= LONGEST; len++) {
        test_length(len);
    }
    return done();
}

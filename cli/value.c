/* Values, sizes and times as text. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

/* --- sizes and times ---------------------------------------------------- */

struct unit {
    const char *name;
    double      factor;
};

static bool parse_unit(const char *text, const struct unit *units, size_t n,
                       uint64_t *value)
{
    char *end;
    double number;

    if (*text < '0' || *text > '9')
        return false;
    number = strtod(text, &end);
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(end, units[i].name) != 0)
            continue;
        number *= units[i].factor;
        *value = (uint64_t)number;
        return number >= 1 && number < 0x1p63;
    }
    return false;
}

bool cli_parse_size(const char *text, uint64_t *bytes)
{
    static const struct unit units[] = {
        {"", 1}, {"k", 0x1p10}, {"m", 0x1p20}, {"g", 0x1p30}};

    return parse_unit(text, units, sizeof units / sizeof *units, bytes);
}

bool cli_parse_time(const char *text, uint64_t *nanoseconds)
{
    static const struct unit units[] = {
        {"", 1e9}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}};

    return parse_unit(text, units, sizeof units / sizeof *units, nanoseconds);
}

/* --- floats ------------------------------------------------------------- */

/* f32 and f64 by their bits. */
struct format {
    unsigned bits, mantissa;
    int      digits;                     /* that always suffice */
};
static const struct format single = {32, 23, 9}, double_ = {64, 52, 17};

static double to_double(const struct format *f, uint64_t bits)
{
    uint32_t low = (uint32_t)bits;
    float narrow;
    double wide;

    if (f == &double_) {
        memcpy(&wide, &bits, sizeof wide);
        return wide;
    }
    memcpy(&narrow, &low, sizeof narrow);
    return (double)narrow;
}

/* Rounds once, as strtof and strtod do. */
static uint64_t read_bits(const struct format *f, const char *text, char **end)
{
    uint64_t bits = 0;
    uint32_t low;
    float narrow;
    double wide;

    if (f == &double_) {
        wide = strtod(text, end);
        memcpy(&bits, &wide, sizeof bits);
        return bits;
    }
    narrow = strtof(text, end);
    memcpy(&low, &narrow, sizeof low);
    return low;
}

static uint64_t payload_mask(const struct format *f)
{
    return ((uint64_t)1 << f->mantissa) - 1;
}

/* Is it a NaN?  Infinity has no payload. */
static uint64_t nan_payload(const struct format *f, uint64_t bits)
{
    return isnan(to_double(f, bits)) ? bits & payload_mask(f) : 0;
}

static void print_float(const struct format *f, uint64_t bits)
{
    uint64_t payload = nan_payload(f, bits);
    uint64_t quiet = (uint64_t)1 << (f->mantissa - 1);
    char text[40], *end;

    if (payload != 0) {
        printf("%snan", bits >> (f->bits - 1) ? "-" : "");
        if (payload != quiet)
            printf(":0x%" PRIx64, payload);
        putchar('\n');
        return;
    }
    for (int digits = 1; digits <= f->digits; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, to_double(f, bits));
        if (read_bits(f, text, &end) == bits)
            break;
    }
    puts(text);
}

static bool parse_nan(const struct format *f, const char *text, uint64_t *bits)
{
    uint64_t sign = (uint64_t)(*text == '-') << (f->bits - 1);
    uint64_t payload = (uint64_t)1 << (f->mantissa - 1);
    uint64_t exponent = ((uint64_t)1 << (f->bits - 1)) - 1 - payload_mask(f);
    char *end;

    text += *text == '-' || *text == '+';
    if (strncmp(text, "nan", 3) != 0)
        return false;
    if (strncmp(text, "nan:0x", 6) == 0) {
        payload = strtoull(text + 6, &end, 16);
        if (end == text + 6 || *end != '\0')
            return false;
    } else if (text[3] != '\0') {
        return false;
    }
    *bits = sign | exponent | payload;
    return payload != 0 && payload <= payload_mask(f);
}

static bool parse_float(const struct format *f, const char *text,
                        uint64_t *bits)
{
    char *end;

    if (strstr(text, "nan"))
        return parse_nan(f, text, bits);
    *bits = read_bits(f, text, &end);
    return end != text && *end == '\0';
}

/* --- integers, vectors, references -------------------------------------- */

/* Signed or unsigned, as long as it fits the bits. */
static bool parse_integer(unsigned bits, const char *text, uint64_t *value)
{
    int base = strncmp(text + (*text == '-'), "0x", 2) == 0 ? 16 : 10;
    uint64_t most = UINT64_MAX >> (64 - bits);
    char *end;

    if (*text == '\0' || strchr(" +\t\n", *text))
        return false;
    errno = 0;
    *value = strtoull(text, &end, base);
    if (errno || end == text || *end != '\0')
        return false;
    if (*text == '-') {
        uint64_t magnitude = 0 - *value;

        *value &= most;
        return magnitude <= most / 2 + 1;
    }
    return *value <= most;
}

static bool parse_vector(const char *text, uint64_t slots[2])
{
    char high[17];

    if (strncmp(text, "0x", 2) != 0 || strlen(text) != 34 ||
        strspn(text + 2, "0123456789abcdefABCDEF") != 32)
        return false;
    memcpy(high, text + 2, 16);
    high[16] = '\0';
    slots[1] = strtoull(high, NULL, 16);
    slots[0] = strtoull(text + 18, NULL, 16);
    return true;
}

/* The host's reference number n is not null. */
static bool parse_host_reference(const char *text, uint64_t *slot)
{
    if (!parse_integer(64, text, slot) || *text == '-' || *slot == UINT64_MAX)
        return false;
    ++*slot;
    return true;
}

const char *cli_type_name(char letter)
{
    static const char *const names[] = {
        ['i'] = "i32",  ['I'] = "i64",     ['f'] = "f32",      ['F'] = "f64",
        ['v'] = "v128", ['r'] = "funcref", ['e'] = "externref"};
    unsigned i = (unsigned char)letter;

    return i < sizeof names / sizeof *names && names[i] ? names[i] : "value";
}

bool cli_parse_value(char letter, const char *text, uint64_t slots[2])
{
    slots[0] = slots[1] = 0;
    if ((letter == 'r' || letter == 'e') && strcmp(text, "null") == 0)
        return true;
    switch (letter) {
    case 'i': return parse_integer(32, text, slots);
    case 'I': return parse_integer(64, text, slots);
    case 'f': return parse_float(&single, text, slots);
    case 'F': return parse_float(&double_, text, slots);
    case 'v': return parse_vector(text, slots);
    case 'e': return parse_host_reference(text, slots);
    }
    return false;
}

void cli_print_value(char letter, const uint64_t slots[2])
{
    switch (letter) {
    case 'i': printf("%" PRId32 "\n", (int32_t)(uint32_t)slots[0]); return;
    case 'I': printf("%" PRId64 "\n", (int64_t)slots[0]); return;
    case 'f': print_float(&single, slots[0]); return;
    case 'F': print_float(&double_, slots[0]); return;
    case 'v':
        printf("0x%016" PRIx64 "%016" PRIx64 "\n", slots[1], slots[0]);
        return;
    }
    if (slots[0] == 0)
        puts("null");
    else if (letter == 'e')
        printf("%" PRIu64 "\n", slots[0] - 1);
    else
        puts(letter == 'r' ? "func" : "reference");
}

/*
 * Looks each header of the request up by its name, as it is, in upper case and
 * with a letter more; then changes some, and looks again.  Says in the log how
 * many lookups there were and what was wrong.
 */
#include "sluice.h"

static size_t looked, wrong;

static void expect(struct sluice_str name, const struct sluice_str *value)
{
    struct sluice_str found;
    bool there = sluice_header_get(SLUICE_REQUEST_HEADERS, name, &found);

    looked++;
    if (there != (value != NULL)
        || (there && !sluice_equal(found, *value))) {
        wrong++;
        sluice_log(SLUICE_ERROR,
                   sluice_join(SLUICE_STR("wrong: "), name));
    }
}

static struct sluice_str upper(struct sluice_str name)
{
    char *p = sluice_temp(name.len);

    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        p[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return (struct sluice_str){ p, name.len };
}

/* Of lines with the same name the first one is found. */
static const struct sluice_str *first(const struct sluice_pair *p, size_t n,
                                      struct sluice_str name)
{
    for (size_t i = 0; i < n; i++) {
        if (sluice_equal(p[i].key, name)) {
            return &p[i].value;
        }
    }
    return NULL;
}

static void look(void)
{
    struct sluice_pair *p;
    size_t n = sluice_headers(SLUICE_REQUEST_HEADERS, &p);

    for (size_t i = 0; i < n; i++) {
        struct sluice_str more = sluice_join(p[i].key, SLUICE_STR("z"));

        expect(p[i].key, first(p, n, p[i].key));
        expect(upper(p[i].key), first(p, n, p[i].key));
        expect(more, first(p, n, more));
    }
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_pair *p;
    size_t n;

    looked = wrong = 0;
    look();
    sluice_header_add(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-new"),
                      SLUICE_STR("1"));
    look();
    n = sluice_headers(SLUICE_REQUEST_HEADERS, &p);
    sluice_header_remove(SLUICE_REQUEST_HEADERS, p[n / 2].key);
    look();
    sluice_header_set(SLUICE_REQUEST_HEADERS, p[n - 2].key, SLUICE_STR("2"));
    look();
    sluice_log(SLUICE_WARN,
               sluice_join(sluice_join(sluice_decimal(looked),
                                       SLUICE_STR(" looked up, wrong: ")),
                           sluice_decimal(wrong)));
    return SLUICE_CONTINUE;
}

/* The exceptions: tests/spec/skip, a line each, with its reason. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "spec.h"

enum { ROWS = 256 };

static struct row {
    char    *file;           /* FOLDER/NAME.wast; NULL: a feature */
    char    *feature;
    unsigned line;
} rows[ROWS];
static unsigned nrows;
static bool *met;            /* a row; seen by parent and children */

static void die(const char *path, unsigned n, const char *why)
{
    fprintf(stderr, "%s:%u: %s\n", path, n, why);
    exit(2);
}

/*
 *   FOLDER/NAME.wast:LINE  reason     the command fails
 *   unsupported "PATTERN"  reason     modules may be refused with such a text
 */
static void read_row(char *text, const char *path, unsigned n)
{
    struct row *row = &rows[nrows];
    char *end, *reason;

    if (nrows == ROWS)
        die(path, n, "too many exceptions");
    if (strncmp(text, "unsupported \"", 13) == 0) {
        end = strchr(text + 13, '"');
        if (!end || end == text + 13)
            die(path, n, "a pattern in quotes is missing");
        row->feature = strndup(text + 13, (size_t)(end - text) - 13);
        reason = end + 1;
    } else {
        end = strchr(text, ':');
        if (!end || !strchr(text, '/'))
            die(path, n, "FOLDER/NAME.wast:LINE is missing");
        row->file = strndup(text, (size_t)(end - text));
        row->line = (unsigned)strtoul(end + 1, &reason, 10);
        if (row->line == 0)
            die(path, n, "the line number is missing");
    }
    if (*reason != ' ' || reason[strspn(reason, " ")] == '\0')
        die(path, n, "the reason is missing");
    nrows++;
}

void spec_skip_load(const char *path)
{
    FILE *f = fopen(path, "r");
    char text[512];

    met = mmap(NULL, ROWS, PROT_READ | PROT_WRITE,
               MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (!f || met == MAP_FAILED) {
        perror(path);
        exit(2);
    }
    for (unsigned n = 1; fgets(text, sizeof text, f); n++) {
        text[strcspn(text, "\n")] = '\0';
        if (text[0] != '#' && text[0] != '\0')
            read_row(text, path, n);
    }
    fclose(f);
}

bool spec_skip_line(const char *file, unsigned line)
{
    for (unsigned i = 0; i < nrows; i++)
        if (rows[i].file && rows[i].line == line &&
            strcmp(rows[i].file, file) == 0)
            return met[i] = true;
    return false;
}

bool spec_skip_feature(const char *text)
{
    for (unsigned i = 0; i < nrows; i++)
        if (rows[i].feature &&
            fnmatch(rows[i].feature, text, 0) == 0)
            return met[i] = true;
    return false;
}

unsigned spec_skip_unmet(const char *folder)
{
    unsigned n = 0;

    for (unsigned i = 0; i < nrows; i++) {
        const struct row *row = &rows[i];
        size_t len = folder ? strlen(folder) : 0;

        if (met[i] || !folder != !row->file)
            continue;
        if (row->feature) {
            printf("skip: nothing is refused for \"%s\"\n", row->feature);
            n++;
        } else if (strncmp(row->file, folder, len) == 0 &&
                   row->file[len] == '/') {
            printf("skip: there is no command %s:%u\n", row->file, row->line);
            n++;
        }
    }
    return n;
}

/*
 * Runs folders of the official test suite (made by tests/spec/fetch):
 *
 *   run [OPTION...] FOLDER...
 *
 *   --mode=interp      the executor
 *   --skip=FILE        the exceptions
 *   --totals=FILE      compares with what the suite consists of
 *   --failures=N       prints at most N failures a file (10)
 *   --timeout=SECONDS  of one file (60)
 *   --only=NAME        runs only this file of each folder
 *
 * FOLDER holds NAME/NAME.json and the modules beside it.  Each file runs in a
 * process of its own, so that a crash is that file's.
 */
#include <dirent.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec.h"

static struct {
    const char *totals, *only;
    unsigned    failures, timeout;
} options = {.failures = 10, .timeout = 60};

static struct spec_progress *progress;   /* shared with the child */

static void die(const char *what)
{
    fflush(stdout);
    perror(what);
    exit(2);
}

/* --- one file, one folder ----------------------------------------------- */

static void add(struct spec_counts *to, const struct spec_counts *c)
{
    to->files += c->files;
    to->asserts += c->asserts;
    to->passed += c->passed;
    to->failed += c->failed;
    to->not_applicable += c->not_applicable;
    to->skipped += c->skipped;
}

/* The assertions that a process which died left are failures. */
static void report_death(const char *file, int status)
{
    struct spec_counts *c = &progress->counts;
    unsigned seen = c->passed + c->not_applicable + c->skipped;

    if (WIFSIGNALED(status))
        printf("%s:%u: %s: died of signal %d (%s)\n", file, progress->line,
               progress->command, WTERMSIG(status),
               WTERMSIG(status) == SIGALRM ? "time is up"
                                           : strsignal(WTERMSIG(status)));
    else
        printf("%s:%u: %s: exited with status %d\n", file, progress->line,
               progress->command, WEXITSTATUS(status));
    c->failed = c->asserts - seen;
    if (c->failed == 0)
        c->failed = 1;
}

static void run_file(const char *folder, const char *label, const char *name,
                     struct spec_counts *counts)
{
    char dir[4096], json[4200], file[300];
    pid_t pid;
    int status;

    snprintf(dir, sizeof dir, "%s/%s", folder, name);
    snprintf(json, sizeof json, "%.3900s/%.255s.json", dir, name);
    snprintf(file, sizeof file, "%.40s/%.240s.wast", label, name);
    memset(progress, 0, sizeof *progress);
    fflush(stdout);
    pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        alarm(options.timeout);
        spec_run_file(dir, file, json, options.failures, progress);
        fflush(stdout);
        exit(0);                         /* leaks are looked for here */
    }
    if (waitpid(pid, &status, 0) != pid)
        die("waitpid");
    if (!progress->finished || status != 0)
        report_death(file, status);
    progress->counts.files = 1;
    add(counts, &progress->counts);
}

static int is_name(const struct dirent *d)
{
    return d->d_name[0] != '.' &&
           (!options.only || strcmp(d->d_name, options.only) == 0);
}

static const char *last_part(char *path)
{
    size_t len = strlen(path);
    char *slash;

    while (len > 1 && path[len - 1] == '/')
        path[--len] = '\0';
    slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void print_counts(const char *label, const struct spec_counts *c)
{
    printf("%s: %u files, %u passed, %u failed, %u not applicable, "
           "%u skipped\n", label, c->files, c->passed, c->failed,
           c->not_applicable, c->skipped);
}

static struct spec_counts run_folder(char *folder)
{
    const char *label = last_part(folder);
    struct dirent **names;
    struct spec_counts counts = {0};
    int n = scandir(folder, &names, is_name, alphasort);

    if (n < 0)
        die(folder);
    for (int i = 0; i < n; i++) {
        run_file(folder, label, names[i]->d_name, &counts);
        free(names[i]);
    }
    free(names);
    if (!options.only)
        counts.failed += spec_skip_unmet(label);
    print_counts(label, &counts);
    return counts;
}

/* --- totals ------------------------------------------------------------- */

struct total {
    char     label[64];
    unsigned files, asserts, not_applicable;
};
static struct total totals[64];
static unsigned ntotals;

static void load_totals(const char *path)
{
    FILE *f = fopen(path, "r");
    char text[256];

    if (!f)
        die(path);
    while (fgets(text, sizeof text, f)) {
        struct total *t = &totals[ntotals];

        if (text[0] == '#' || text[0] == '\n')
            continue;
        if (ntotals + 1 == sizeof totals / sizeof *totals ||
            sscanf(text, "%63s %u %u %u", t->label, &t->files, &t->asserts,
                   &t->not_applicable) != 4) {
            fprintf(stderr, "%s: wrong line: %s", path, text);
            exit(2);
        }
        ntotals++;
    }
    fclose(f);
}

/* Is the folder what the table says?  Takes its row off. */
static bool is_complete(const char *label, const struct spec_counts *c)
{
    for (unsigned i = 0; i < ntotals; i++) {
        struct total t = totals[i];

        if (strcmp(t.label, label) != 0)
            continue;
        totals[i] = totals[--ntotals];
        if (t.files == c->files && t.asserts == c->asserts &&
            t.not_applicable == c->not_applicable)
            return true;
        printf("%s: expected %u files, %u assertions, %u of them not "
               "applicable, found %u, %u, %u\n", label, t.files, t.asserts,
               t.not_applicable, c->files, c->asserts, c->not_applicable);
        return false;
    }
    printf("%s: not in the table of totals, or run twice\n", label);
    return false;
}

/* --- main --------------------------------------------------------------- */

static void usage(void)
{
    fputs("usage: run [--mode=interp] [--skip=FILE] [--totals=FILE] "
          "[--failures=N]\n"
          "           [--timeout=SECONDS] [--only=NAME] FOLDER...\n", stderr);
    exit(2);
}

static void read_options(int argc, char **argv)
{
    enum { MODE = 1, SKIP, TOTALS, FAILURES, TIMEOUT, ONLY };
    static const struct option table[] = {
        {"mode", required_argument, NULL, MODE},
        {"skip", required_argument, NULL, SKIP},
        {"totals", required_argument, NULL, TOTALS},
        {"failures", required_argument, NULL, FAILURES},
        {"timeout", required_argument, NULL, TIMEOUT},
        {"only", required_argument, NULL, ONLY},
        {NULL, 0, NULL, 0}};
    int c;

    while ((c = getopt_long(argc, argv, "", table, NULL)) != -1) {
        switch (c) {
        case MODE:
            if (strcmp(optarg, "interp") != 0) {
                fprintf(stderr, "run: there is no mode \"%s\"\n", optarg);
                exit(2);
            }
            break;
        case SKIP:     spec_skip_load(optarg); break;
        case TOTALS:   options.totals = optarg; break;
        case FAILURES: options.failures = (unsigned)atoi(optarg); break;
        case TIMEOUT:  options.timeout = (unsigned)atoi(optarg); break;
        case ONLY:     options.only = optarg; break;
        default:       usage();
        }
    }
    if (optind == argc || (options.totals && options.only))
        usage();
}

int main(int argc, char **argv)
{
    struct spec_counts all = {0};
    bool complete = true;

    read_options(argc, argv);
    if (options.totals)
        load_totals(options.totals);
    progress = mmap(NULL, sizeof *progress, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (progress == MAP_FAILED)
        die("mmap");
    for (int i = optind; i < argc; i++) {
        struct spec_counts counts = run_folder(argv[i]);

        if (options.totals && !is_complete(last_part(argv[i]), &counts))
            complete = false;
        add(&all, &counts);
    }
    if (options.totals) {
        for (unsigned i = 0; i < ntotals; i++)
            printf("%s: was not run\n", totals[i].label);
        complete = complete && ntotals == 0;
        all.failed += spec_skip_unmet(NULL);
    }
    print_counts("total", &all);
    return complete && all.failed == 0 && all.files > 0 ? 0 : 1;
}

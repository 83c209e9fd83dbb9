/*
 * Fuzzes the loader and what follows it: changed modules of a corpus, for a
 * time or a count.
 *
 *   load [--seed=N] [--count=N] [--seconds=N] [--save=FOLDER] FILES.wasm...
 *   load --as-is FILES.wasm...     executes files without a change
 *
 * "-" reads names of files from standard input.  Execution i is made from seed
 * N + i alone, so a failure is repeated with --seed=N+i --count=1 and the same
 * files.  Ends with 1 at the first failure.
 */
#include "execute.h"
#include "mutate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { HANG_SECONDS = 1 };

/* What the signal handler has to save. */
static struct fuzz_input input;
static uint64_t seed;
static const char *save = ".";

/* The sanitizers' libraries look for these: end in SIGABRT, which saves the
 * input; the allocator counts leaks, the corpus is kept. */
#define OPTIONS __attribute__((visibility("default")))
OPTIONS const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "abort_on_error=1:detect_leaks=0:allocator_may_return_null=1";
}

OPTIONS const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
    return "abort_on_error=1:print_stacktrace=1";
}

static void keep(const char *why)
{
    char path[512], text[1024];
    int fd, n;

    snprintf(path, sizeof path, "%s/load-%llu.wasm", save,
             (unsigned long long)seed);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, input.data, input.len) != (ssize_t)input.len)
        path[0] = '\0';
    n = snprintf(text, sizeof text, "FAILED: %s: --seed=%llu --count=1; %s\n",
                 why, (unsigned long long)seed, path);
    if (write(STDERR_FILENO, text, (size_t)n) < 0)
        _exit(2);
}

static void on_signal(int number)
{
    keep(number == SIGPROF ? "hang" : "crash");
    _exit(1);
}

static void watch(void)
{
    static const int signals[] = { SIGABRT, SIGPROF, SIGILL, SIGFPE };
    struct sigaction action;
    size_t i;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    for (i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
}

/* In time that this process uses, so that a busy machine is no hang. */
static void set_alarm(void)
{
    struct itimerval timer = { { 0, 0 }, { HANG_SECONDS, 0 } };

    setitimer(ITIMER_PROF, &timer, NULL);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Adds a file, if it isn't too large for one. */
static void add(struct fuzz_corpus *corpus, const char *name)
{
    static uint8_t bytes[FUZZ_INPUT_MAX / 2 + 1];
    FILE *f = fopen(name, "rb");
    struct fuzz_file *files;
    uint8_t *data;
    size_t len;

    if (f == NULL) {
        fprintf(stderr, "load: %s: %s\n", name, strerror(errno));
        exit(2);
    }
    len = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    if (len == sizeof bytes)
        return;
    files = realloc(corpus->files, (corpus->n + 1) * sizeof *files);
    data = malloc(len + 1);
    if (files == NULL || data == NULL)
        exit(2);
    memcpy(data, bytes, len);
    corpus->files = files;
    files[corpus->n++] = (struct fuzz_file){ strdup(name), data, len };
}

static void add_listed(struct fuzz_corpus *corpus)
{
    char line[1024];

    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        add(corpus, line);
    }
}

static bool execute(struct fuzz_counts *counts)
{
    const char *broken;

    set_alarm();
    broken = fuzz_execute(input.data, input.len, seed, counts);
    if (broken != NULL)
        keep(broken);
    return broken == NULL;
}

static bool execute_files(const struct fuzz_corpus *corpus,
                          struct fuzz_counts *counts)
{
    bool good = true;
    size_t i;

    for (i = 0; i < corpus->n; i++) {
        memcpy(input.data, corpus->files[i].data, corpus->files[i].len);
        input.len = corpus->files[i].len;
        if (!execute(counts)) {
            fprintf(stderr, "load: that was %s\n", corpus->files[i].name);
            good = false;
        }
    }
    return good;
}

static bool fuzz(const struct fuzz_corpus *corpus, uint64_t count,
                 double seconds, struct fuzz_counts *counts)
{
    double end = now() + seconds;
    struct fuzz_rng rng;

    for (; count > 0; count--, seed++) {
        if (seconds > 0 && seed % 64 == 0 && now() > end)
            break;
        rng.state = seed;
        fuzz_make(&input, corpus, &rng);
        if (!execute(counts))
            return false;
    }
    return true;
}

static void report(const struct fuzz_counts *c, size_t files, double seconds)
{
    double n = c->executions > 0 ? (double)c->executions : 1;

    printf("load: %llu executions from %zu files in %.0f s, %.0f a second; "
           "loaded %.1f%%, instantiated %.1f%%, %llu calls of which %llu "
           "returned; next --seed=%llu\n",
           (unsigned long long)c->executions, files, seconds, n / seconds,
           100 * (double)c->loaded / n, 100 * (double)c->instantiated / n,
           (unsigned long long)c->calls, (unsigned long long)c->returned,
           (unsigned long long)seed);
}

int main(int argc, char **argv)
{
    struct fuzz_corpus corpus = { NULL, 0 };
    struct fuzz_counts counts = { 0 };
    uint64_t count = 0;
    bool as_is = false, good;
    double seconds = 0, start;
    int i;

    for (i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0)
            seed = strtoull(argv[i] + 7, NULL, 0);
        else if (strncmp(argv[i], "--count=", 8) == 0)
            count = strtoull(argv[i] + 8, NULL, 0);
        else if (strncmp(argv[i], "--seconds=", 10) == 0)
            seconds = strtod(argv[i] + 10, NULL);
        else if (strncmp(argv[i], "--save=", 7) == 0)
            save = argv[i] + 7;
        else if (strcmp(argv[i], "--as-is") == 0)
            as_is = true;
        else if (strcmp(argv[i], "-") == 0)
            add_listed(&corpus);
        else
            add(&corpus, argv[i]);
    }
    if (corpus.n == 0 || (!as_is && count == 0 && seconds <= 0)) {
        fprintf(stderr, "load: no files, or no end\n");
        return 2;
    }
    watch();
    start = now();
    good = as_is ? execute_files(&corpus, &counts)
                 : fuzz(&corpus, count > 0 ? count : UINT64_MAX, seconds,
                        &counts);
    report(&counts, corpus.n, now() - start);
    return good ? 0 : 1;
}

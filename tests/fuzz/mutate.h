/*
 * Makes modules that are almost right: takes one of a corpus and changes it,
 * mostly so that the sizes around the change stay true and the loader gets as
 * far as the change itself.
 */
#ifndef SLUICE_FUZZ_MUTATE_H
#define SLUICE_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

enum { FUZZ_INPUT_MAX = 1 << 16 };

struct fuzz_rng {
    uint64_t state;
};

/* The same numbers on every machine (splitmix64). */
uint64_t fuzz_next(struct fuzz_rng *rng);
/* Less than n; 0 if n is 0. */
uint64_t fuzz_below(struct fuzz_rng *rng, uint64_t n);

/* A module of the corpus, at most FUZZ_INPUT_MAX / 2 bytes. */
struct fuzz_file {
    const char    *name;
    const uint8_t *data;
    size_t         len;
};

struct fuzz_corpus {
    struct fuzz_file *files;
    size_t            n;               /* at least 1 */
};

struct fuzz_input {
    uint8_t data[FUZZ_INPUT_MAX];
    size_t  len;
};

/* Fills in with a file of the corpus and one to eight changes.  It depends on
 * the corpus and the numbers only. */
void fuzz_make(struct fuzz_input *in, const struct fuzz_corpus *corpus,
               struct fuzz_rng *rng);

#endif

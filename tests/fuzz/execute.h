/* Loads, instantiates and calls a module that nobody trusts, and says what of
 * the engine's promises it broke. */
#ifndef SLUICE_FUZZ_EXECUTE_H
#define SLUICE_FUZZ_EXECUTE_H

#include "../../engine/engine.h"

struct fuzz_counts {
    uint64_t executions, loaded, instantiated, calls, returned;
};

/* One execution; seed picks arguments and, at times, an allocation that fails.
 * NULL, or a promise that was broken. */
const char *fuzz_execute(const uint8_t *data, size_t len, uint64_t seed,
                         struct fuzz_counts *counts);

#endif

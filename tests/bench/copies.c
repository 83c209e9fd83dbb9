/* Preloaded into nginx, counts the bytes that are copied 1 KiB or more at a
 * time, and at the end writes their number into the file COPIES. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { LEAST = 1024 };
static uint64_t copied;
static FILE *file;

void *memmove(void *to, const void *from, size_t n)
{
    unsigned char *t = to;
    const unsigned char *f = from;

    copied += n < LEAST ? 0 : n;
    if ((uintptr_t)to - (uintptr_t)from >= n) {
        for (size_t i = 0; i < n; i++) {
            t[i] = f[i];
        }
    } else {
        while (n-- > 0) {
            t[n] = f[n];
        }
    }
    return to;
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
    return memmove(to, from, n);
}

/* Early, as nginx clears its environment. */
__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("COPIES");

    file = name == NULL ? NULL : fopen(name, "w");
}

__attribute__((destructor)) static void tell(void)
{
    if (file != NULL) {
        fprintf(file, "%llu\n", (unsigned long long)copied);
        fclose(file);
    }
}

/* The n-th mapping or change of protection fails, for each n: an error, and
 * nothing stays mapped. */
#include "modules_gc.h"
#include "world.h"

#include <errno.h>
#include <sys/mman.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

static uint64_t calls, fail_at;
static bool fail_after;                  /* ... and all after it */
static int64_t mapped;                   /* regions */

#ifndef SANITIZED
/* The archive's calls come here instead of to the C library (the linker's
 * --wrap). */
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
int __real_mprotect(void *at, size_t size, int protection);
int __real_munmap(void *at, size_t size);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset);
int __wrap_mprotect(void *at, size_t size, int protection);
int __wrap_munmap(void *at, size_t size);

static bool fails(void)
{
    calls++;
    return fail_at != 0 && (calls == fail_at
                            || (fail_after && calls > fail_at));
}

void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd,
                  off_t offset)
{
    if (fails()) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    mapped++;
    return __real_mmap(at, size, protection, flags, fd, offset);
}

int __wrap_mprotect(void *at, size_t size, int protection)
{
    if (fails()) {
        errno = ENOMEM;
        return -1;
    }
    return __real_mprotect(at, size, protection);
}

int __wrap_munmap(void *at, size_t size)
{
    mapped--;
    return __real_munmap(at, size);
}
#endif

/* An instance whose memory grows by a page, if it can. */
static enum we_error memory(struct world *w, we_module *module,
                            int64_t *grown)
{
    we_instance *instance = NULL;
    enum we_error e = we_instance_new(module, w->linker, NULL, 0, NULL,
                                      &instance, &w->detail, &w->trap);

    if (e == WE_OK) {
        *grown = world_int(w, instance, "grow", 1, 0, 0);
        if (*grown == -1) {
            is_int(world_int(w, instance, "load", 65533, 0, 0),
                   -1000 - WE_TRAP_MEMORY, "nothing was grown");
        }
    }
    we_instance_free(instance);
    return e;
}

/* Objects, with a heap that needs mappings, too: they are all there, or the
 * heap is full. */
static enum we_error objects(struct world *w, we_module *module,
                             int64_t *grown)
{
    we_instance *instance = NULL;
    uint64_t slots[2] = { 10000, 0 };
    enum we_error e = we_instance_new(module, w->linker, NULL, 0, NULL,
                                      &instance, &w->detail, &w->trap);

    if (e == WE_OK) {
        e = world_call(w, instance, "build", slots);
        *grown = e == WE_OK;
        e = e == WE_TRAP && w->trap.code == WE_TRAP_HEAP ? WE_NOMEM : e;
    }
    we_instance_free(instance);
    return e;
}

typedef enum we_error attempt_fn(struct world *, we_module *, int64_t *);

static void rising(struct world *w, we_module *module,
                   attempt_fn *attempt, bool after)
{
    int64_t grown = -1;
    enum we_error e;
    uint64_t n, failed = 0, wrong = 0, left = 0;

    fail_after = after;
    for (n = 1; n <= 40; n++) {
        fail_at = n;
        calls = 0;
        mapped = 0;
        e = attempt(w, module, &grown);
        failed += e == WE_NOMEM;
        wrong += e != WE_OK && e != WE_NOMEM;
        left += mapped != 0;
    }
    fail_at = 0;
    is_int(grown, 1, "works at last");
    ok(failed > 0 || !after, "some attempts failed: %u", (unsigned) failed);
    is_int((int64_t) wrong, 0, "for lack of memory");
    is_int((int64_t) left, 0, "all unmapped");
}

int main(void)
{
    struct world w;
    we_module *module = NULL;

#ifdef SANITIZED
    skip("the sanitizer has the mappings");
    (void) calls;
    return done();
#endif
    world_open(&w);
    we_module_load(w.engine, wasm_memory, sizeof wasm_memory, &module,
                   &w.detail);
    rising(&w, module, memory, false);
    rising(&w, module, memory, true);
    we_module_free(module);
    we_module_load(w.engine, wasm_heap, sizeof wasm_heap, &module, &w.detail);
    rising(&w, module, objects, false);
    rising(&w, module, objects, true);
    we_module_free(module);
    world_close(&w);
    return done();
}

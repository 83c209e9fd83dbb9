/* Memories: bounds, growth, limits, short address space. */
#include "world.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 65536, MEM = -1000 - WE_TRAP_MEMORY };

static void spans(struct world *w)
{
    we_instance *instance = world_new_of(w, memory);
    we_memory *memory = we_instance_memory(instance, "memory", 6);
    uint8_t *data = NULL;

    is_int((int64_t) we_memory_size(memory), PAGE, "one page");
    ok(we_memory_span(memory, 0, PAGE, &data), "all of it");
    ok(data != NULL && data[0] == 0 && data[PAGE - 1] == 0, "zeroed");
    ok(we_memory_span(memory, PAGE, 0, &data), "nothing at the end");
    ok(!we_memory_span(memory, PAGE + 1, 0, &data), "nothing behind it");
    ok(!we_memory_span(memory, 1, PAGE, &data), "one byte too many");
    ok(!we_memory_span(memory, UINT64_MAX, 1, &data), "sum wraps");
    ok(!we_memory_span(memory, 1, UINT64_MAX, &data), "sum wraps");
    ok(!we_memory_span(memory, UINT64_MAX, UINT64_MAX, &data), "both");
    we_instance_free(instance);
}

static void accesses(struct world *w)
{
    we_instance *i = world_new_of(w, memory);

    is_int(world_int(w, i, "load", PAGE - 4, 0, 0), 0, "last word");
    is_int(world_int(w, i, "load", PAGE - 3, 0, 0), MEM, "one byte out");
    is_int(world_int(w, i, "load", UINT32_MAX, 0, 0), MEM, "far out");
    is_int(world_int(w, i, "load_far", 0, 0, 0), MEM, "large offset");
    is_int(world_int(w, i, "load_far", UINT32_MAX, 0, 0), MEM, "33 bits");
    is_int(world_int(w, i, "load_far", 1, 0, 0), MEM, "no wrap at 32 bits");
    is_int(world_int(w, i, "store", PAGE - 2, 7, 0), MEM, "store");
    is_int(world_int(w, i, "load8", PAGE - 1, 0, 0), 0, "nothing stored");
    we_instance_free(i);
}

static void bulk(struct world *w)
{
    we_instance *i = world_new_of(w, memory);
    uint8_t *data;

    is_int(world_int(w, i, "fill", PAGE - 2, 5, 3), MEM, "fill");
    is_int(world_int(w, i, "load8", PAGE - 1, 0, 0), 0, "nothing filled");
    is_int(world_int(w, i, "fill", PAGE, 5, 0), PAGE, "nothing at the end");
    is_int(world_int(w, i, "fill", PAGE + 1, 5, 0), MEM, "and behind it");
    is_int(world_int(w, i, "fill", 1, 5, UINT32_MAX), MEM, "length wraps");
    is_int(world_int(w, i, "copy", 0, 1, PAGE), MEM, "copy");
    is_int(world_int(w, i, "copy", UINT32_MAX, 0, 1), MEM, "copy");
    we_memory_grow(we_instance_memory(i, "memory", 6), 31);
    we_memory_span(we_instance_memory(i, "memory", 6), 0, 32 * PAGE, &data);
    for (uint32_t k = 0; k < 32 * PAGE; k++) {
        data[k] = (uint8_t) (k * 7 + (k >> 11));
    }
    is_int(world_int(w, i, "copy", 5, 0, 31 * PAGE), 5, "overlapping, up");
    for (uint32_t k = 0; k < 31 * PAGE; k++) {
        if (data[k + 5] != (uint8_t) (k * 7 + (k >> 11))) {
            ok(false, "byte %u", k);
            break;
        }
    }
    is_int(world_int(w, i, "copy", 1, 5, 31 * PAGE), 1, "overlapping, down");
    for (uint32_t k = 0; k < 31 * PAGE; k++) {
        if (data[k + 1] != (uint8_t) (k * 7 + (k >> 11))) {
            ok(false, "byte %u", k);
            break;
        }
    }
    is_int(world_int(w, i, "fill", 3, 9, 20 * PAGE), 3, "large fill");
    ok(data[2] != 9 && data[3] == 9 && data[20 * PAGE + 2] == 9
       && data[10 * PAGE] == 9, "filled");
    we_instance_free(i);
}

static void growth(struct world *w)
{
    we_instance *i;
    we_memory *memory;

    w->limits.memory_bytes = 10 * PAGE;
    i = world_new_of(w, memory);
    memory = we_instance_memory(i, "memory", 6);
    is_int(world_int(w, i, "grow", 0, 0, 0), 1, "by nothing");
    is_int(world_int(w, i, "grow", UINT32_MAX, 0, 0), -1, "by 2^32 - 1");
    is_int(world_int(w, i, "grow", 10, 0, 0), -1, "above the limit");
    is_int(world_int(w, i, "grow", 2, 0, 0), 1, "by 2");
    is_int(world_int(w, i, "load", 3 * PAGE - 4, 0, 0), 0, "new memory");
    is_int(world_int(w, i, "load", 3 * PAGE - 3, 0, 0), MEM, "its end");
    is_int((int64_t) we_memory_grow(memory, UINT64_MAX), -1, "host: 2^64");
    is_int((int64_t) we_memory_grow(memory, UINT64_C(1) << 48), -1,
           "host: pages that wrap in bytes");
    is_int((int64_t) we_memory_grow(memory, 1), 3, "host: by 1");
    is_int(world_int(w, i, "grow_forever", 0, 0, 0), 6, "up to the limit");
    is_int(world_int(w, i, "size", 0, 0, 0), 10, "the limit");
    we_instance_free(i);
}

/* The maximum of the type counts, too. */
static void maximum(struct world *w)
{
    we_instance *i = world_new_of(w, kinds);
    we_memory *memory = we_instance_memory(i, "memory", 6);

    is_int((int64_t) we_memory_grow(memory, 4), -1, "above the maximum");
    is_int((int64_t) we_memory_grow(memory, 3), 1, "up to the maximum");
    is_int((int64_t) we_memory_grow(memory, 1), -1, "above the maximum");
    we_instance_free(i);
}

static void largest(struct world *w)
{
    we_instance *i = world_new_of(w, memory_max);

    if (ok(i != NULL, "65,536 pages")) {
        is_int(world_int(w, i, "last", 0, 0, 0), 0, "last byte");
        is_int(world_int(w, i, "over", 0, 0, 0), MEM, "behind it");
    }
    we_instance_free(i);
}

/* Limits above what addresses reach, and above what can be reserved. */
static void beyond(struct world *w)
{
    static const uint8_t wide[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0,
        5, 3, 1, 4, 1,                   /* 64 bits, a page, no maximum */
        7, 5, 1, 1, 'm', 2, 0
    };
    we_instance *i;
    we_memory *memory;

    w->limits.memory_bytes = UINT64_C(8) << 30;
    i = world_new_of(w, memory);
    is_int(world_int(w, i, "grow", 65536, 0, 0), -1, "beyond 32 bits");
    is_int(world_int(w, i, "grow", 65535, 0, 0), 1, "up to 32 bits");
    is_int(world_int(w, i, "grow", 1, 0, 0), -1, "by one more");
    we_instance_free(i);
    w->limits.memory_bytes = UINT64_MAX;
    i = world_new(w, wide, sizeof wide);
    if (ok(i != NULL, "a limit that can't be reserved")) {
        memory = we_instance_memory(i, "m", 1);
        is_int((int64_t) we_memory_grow(memory, UINT64_C(1) << 47), -1,
               "by what there isn't");
        is_int((int64_t) we_memory_size(memory), PAGE, "as it was");
    }
    we_instance_free(i);
}

static void segments(struct world *w)
{
    we_instance *i = world_new_of(w, kinds);
    uint8_t *data;

    we_memory_span(we_instance_memory(i, "memory", 6), 0, PAGE, &data);
    is_int(world_int(w, i, "data_init", 100, 1, 4), 100, "memory.init");
    ok(memcmp(data + 100, "orld", 5) == 0, "copied");
    is_int(world_int(w, i, "data_init", 0, 2, 4), MEM, "segment's end");
    is_int(world_int(w, i, "data_init", PAGE - 1, 0, 2), MEM, "memory's end");
    ok(data[0] == 0 && data[PAGE - 1] == 0, "nothing copied");
    world_int(w, i, "data_drop", 0, 0, 0);
    is_int(world_int(w, i, "data_init", 0, 0, 1), MEM, "dropped");
    is_int(world_int(w, i, "data_init", 7, 0, 0), 7, "nothing of nothing");
    we_instance_free(i);
}

/* In a child: less address space than a full reservation takes. */
static int short_space(void)
{
    struct rlimit limit = { 600 << 20, 600 << 20 };
    struct world w;
    we_instance *i;
    int bad = 0;

    if (setrlimit(RLIMIT_AS, &limit) != 0) {
        return 99;
    }
    world_open(&w);
    w.limits.memory_bytes = 100 << 20;
    i = world_new_of(&w, memory);
    if (i == NULL) {
        return 1;
    }
    bad |= world_int(&w, i, "load", PAGE - 3, 0, 0) != MEM ? 2 : 0;
    bad |= world_int(&w, i, "grow", 1599, 0, 0) != 1 ? 4 : 0;
    bad |= world_int(&w, i, "grow", 1, 0, 0) != -1 ? 8 : 0;
    bad |= world_int(&w, i, "load", (100 << 20) - 4, 0, 0) != 0 ? 16 : 0;
    we_instance_free(i);
    w.limits.memory_bytes = UINT64_C(3) << 30;
    i = world_new_of(&w, memory);
    bad |= i == NULL || world_int(&w, i, "grow", 100, 0, 0) != 1 ? 32 : 0;
    we_instance_free(i);
    return bad;
}

static void little(struct world *w)
{
    int status = -1;
    pid_t child;

    (void) w;
    if (getenv("SLUICE_SAN") != NULL && *getenv("SLUICE_SAN") != '\0') {
        skip("the address sanitizer needs the address space");
        return;
    }
    fflush(NULL);
    child = fork();
    if (child == 0) {
        _exit(short_space());
    }
    waitpid(child, &status, 0);
    is_int(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0,
           "short address space: what fits is not refused");
}

int main(void)
{
    static void (*const tests[])(struct world *) = {
        spans, accesses, bulk, growth, maximum, largest, beyond, segments,
        little
    };
    struct world w;
    size_t i;

    for (i = 0; i < sizeof tests / sizeof *tests; i++) {
        world_open(&w);
        tests[i](&w);
        world_close(&w);
    }
    return done();
}

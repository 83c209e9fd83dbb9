/* Puts modules together byte by byte. */
#ifndef TESTS_BUILD_H
#define TESTS_BUILD_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bytes {
    uint8_t *data;
    size_t   len, cap;
};

static inline void put(struct bytes *b, const void *data, size_t len)
{
    if (len > b->cap - b->len) {
        b->cap = b->len + len > b->cap * 2 ? b->len + len : b->cap * 2;
        b->data = realloc(b->data, b->cap);
        if (b->data == NULL)
            abort();
    }
    if (len > 0)
        memcpy(b->data + b->len, data, len);
    b->len += len;
}

/* PUT(&b, 0x41, 0, 0x1a) */
#define PUT(b, ...)                                    \
    put((b), (const uint8_t[]){ __VA_ARGS__ },         \
        sizeof (const uint8_t[]){ __VA_ARGS__ })

static inline void put_u32(struct bytes *b, uint32_t n)
{
    for (; n > 0x7f; n >>= 7)
        PUT(b, (uint8_t)(n | 0x80));
    PUT(b, (uint8_t)n);
}

/* The same bytes n times. */
static inline void put_times(struct bytes *b, uint32_t n, const void *data,
                             size_t len)
{
    while (n-- > 0)
        put(b, data, len);
}

#define PUT_TIMES(b, n, ...)                           \
    put_times((b), (n), (const uint8_t[]){ __VA_ARGS__ }, \
              sizeof (const uint8_t[]){ __VA_ARGS__ })

/* Appends the content with its length, and releases it. */
static inline void put_sized(struct bytes *b, struct bytes *content)
{
    put_u32(b, (uint32_t)content->len);
    put(b, content->data, content->len);
    free(content->data);
    *content = (struct bytes){ 0 };
}

static inline void put_section(struct bytes *b, uint8_t id,
                               struct bytes *content)
{
    PUT(b, id);
    put_sized(b, content);
}

static inline struct bytes module_new(void)
{
    struct bytes b = { 0 };

    PUT(&b, 0, 'a', 's', 'm', 1, 0, 0, 0);
    return b;
}

/* A section of given bytes. */
#define SECTION(b, id, ...)                            \
    do {                                               \
        struct bytes content_ = { 0 };                 \
        PUT(&content_, __VA_ARGS__);                   \
        put_section((b), (id), &content_);             \
    } while (0)

/* The code section of one function: its locals and code, which it releases. */
static inline void put_body(struct bytes *b, struct bytes *body)
{
    struct bytes section = { 0 };

    PUT(&section, 1);
    put_sized(&section, body);
    put_section(b, 10, &section);
}

#endif

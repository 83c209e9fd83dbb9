/* Memories, tables, globals and tags that the host makes: a module that has and
 * exports them is written, loaded and instantiated. */
#include "instance.h"

#include "detail.h"

#include <string.h>

struct writer {
    const struct we_allocator *allocator;
    uint8_t                   *bytes;
    size_t                     len, cap;
    bool                       failed;   /* out of memory */
};

/* Sections, by their numbers (Section 5.5.2). */
enum { TYPES = 1, TABLES = 4, MEMORIES = 5, GLOBALS = 6, EXPORTS = 7,
       TAGS = 13 };

/* --- writing ------------------------------------------------------------ */

static void put(struct writer *w, const void *bytes, size_t n)
{
    if (!w->failed && we_grow(w->allocator, &w->bytes, &w->cap, w->len + n,
                              1)) {
        memcpy(w->bytes + w->len, bytes, n);
        w->len += n;
    } else {
        w->failed = true;
    }
}

static void put_byte(struct writer *w, unsigned byte)
{
    uint8_t b = (uint8_t) byte;

    put(w, &b, 1);
}

static void put_number(struct writer *w, uint64_t n)
{
    for (; n >= 0x80; n >>= 7) {
        put_byte(w, 0x80 | (n & 0x7f));
    }
    put_byte(w, (unsigned) n);
}

/* A section whose size comes later, in 5 bytes; returns where it begins. */
static size_t open_section(struct writer *w, unsigned id)
{
    put_byte(w, id);
    put(w, "\x80\x80\x80\x80\0", 5);
    return w->len;
}

static void close_section(struct writer *w, size_t from)
{
    uint64_t size = w->len - from;
    size_t i;

    for (i = from - 5; i < from && !w->failed; i++) {
        w->bytes[i] |= size & 0x7f;
        size >>= 7;
    }
}

static void put_range(struct writer *w, const struct we_host_object *o)
{
    put_byte(w, (o->max != 0) | (unsigned) o->shared << 1
                | (unsigned) o->is64 << 2);
    put_number(w, o->min);
    if (o->max != 0) {
        put_number(w, o->max);
    }
}

/* A nullable reference is told by its heap type's byte (Section 5.3.5). */
static void put_type(struct writer *w, char letter)
{
    put_byte(w, we_types_of_letter(letter)->type & 0x7f);
}

static void put_zero(struct writer *w, char letter)
{
    const struct we_letter *row = we_types_of_letter(letter);

    put(w, row->zero, row->zero_len);
}

static void put_types(struct writer *w, const char *letters, size_t n)
{
    put_number(w, n);
    while (n-- > 0) {
        put_type(w, *letters++);
    }
}

static void put_object(struct writer *w, const struct we_host_object *o,
                       uint32_t index)
{
    switch (o->kind) {
    case WE_MEMORY:
        put_range(w, o);
        break;
    case WE_TABLE:
        put_type(w, *o->type);
        put_range(w, o);
        break;
    case WE_GLOBAL:
        put_type(w, *o->type);
        put_byte(w, o->mutable_);
        put_zero(w, *o->type);
        break;
    default:                             /* WE_TAG: a type each */
        put_byte(w, 0);
        put_number(w, index);
        break;
    }
}

static uint32_t count(const struct we_host_object *objects, uint32_t n,
                      enum we_kind kind)
{
    uint32_t i, found = 0;

    for (i = 0; i < n; i++) {
        found += objects[i].kind == kind;
    }
    return found;
}

static void put_section(struct writer *w, unsigned id, enum we_kind kind,
                        const struct we_host_object *objects, uint32_t n)
{
    size_t from = open_section(w, id);
    uint32_t i, index = 0;

    put_number(w, count(objects, n, kind));
    for (i = 0; i < n; i++) {
        if (objects[i].kind != kind) {
            continue;
        }
        if (id == TYPES) {
            put_byte(w, 0x60);
            put_types(w, objects[i].type, strlen(objects[i].type) - 1);
            put_number(w, 0);
        } else {
            put_object(w, &objects[i], index);
        }
        index++;
    }
    close_section(w, from);
}

static void put_exports(struct writer *w,
                        const struct we_host_object *objects, uint32_t n)
{
    size_t from = open_section(w, EXPORTS);
    uint32_t i, index[WE_TAG + 1] = { 0 };

    put_number(w, n);
    for (i = 0; i < n; i++) {
        put_number(w, strlen(objects[i].name));
        put(w, objects[i].name, strlen(objects[i].name));
        put_byte(w, objects[i].kind);
        put_number(w, index[objects[i].kind]++);
    }
    close_section(w, from);
}

static void put_module(struct writer *w,
                       const struct we_host_object *objects, uint32_t n)
{
    put(w, "\0asm\1\0\0\0", 8);
    put_section(w, TYPES, WE_TAG, objects, n);
    put_section(w, TABLES, WE_TABLE, objects, n);
    put_section(w, MEMORIES, WE_MEMORY, objects, n);
    put_section(w, TAGS, WE_TAG, objects, n);
    put_section(w, GLOBALS, WE_GLOBAL, objects, n);
    put_exports(w, objects, n);
}

/* --- what is asked for -------------------------------------------------- */

/* What is wrong with the type; NULL if nothing. */
static const char *type_mistake(const struct we_host_object *o)
{
    const char *type = o->type != NULL ? o->type : "";
    size_t len = strlen(type), i;

    switch (o->kind) {
    case WE_FUNC:
        return "a function is the linker's";
    case WE_MEMORY:
        return len != 0 ? "a memory has no type" : NULL;
    case WE_TABLE:
        return len == 1 && (*type == 'r' || *type == 'e')
               ? NULL : "a table's type is r or e";
    case WE_GLOBAL:
        return len == 1 && we_types_of_letter(*type)
               ? NULL : "a global's type is one letter";
    case WE_TAG:
        for (i = 0; i + 1 < len && we_types_of_letter(type[i]); i++) {
        }
        return len != 0 && i == len - 1 && type[i] == ':'
               ? NULL : "a tag's type is a signature without results";
    }
    return "unknown kind";
}

static enum we_error check(const struct we_host_object *objects, size_t n,
                           struct we_detail *detail)
{
    const char *mistake;
    size_t i;

    for (i = 0; i < n; i++) {
        mistake = objects[i].name == NULL ? "without a name"
                  : type_mistake(&objects[i]);
        if (mistake != NULL) {
            return we_detail_set(detail, WE_ARGUMENT, 0, "object %llu: %s",
                                 (unsigned long long) i, mistake);
        }
    }
    return n <= UINT32_MAX ? WE_OK
           : we_detail_set(detail, WE_ARGUMENT, 0, "too many objects");
}

/* Values may be ones that no constant expression gives. */
static void set_values(we_instance *instance,
                       const struct we_host_object *objects, size_t n)
{
    uint32_t globals = 0, tables = 0;
    struct we_table *table;
    size_t i;

    for (i = 0; i < n; i++) {
        if (objects[i].kind == WE_GLOBAL) {
            memcpy(instance->globals[globals++]->value, objects[i].value,
                   sizeof objects[i].value);
        } else if (objects[i].kind == WE_TABLE) {
            table = instance->tables[tables++];
            we_table_fill(table, 0, objects[i].value[0], table->size);
        }
    }
}

enum we_error we_instance_new_host(we_engine *engine,
                                   const struct we_host_object *objects,
                                   size_t n, const struct we_limits *limits,
                                   we_instance **instance,
                                   struct we_detail *detail)
{
    struct writer w = { .allocator = &engine->allocator };
    struct we_detail own_detail;
    we_module *module = NULL;
    enum we_error error;

    detail = detail != NULL ? detail : &own_detail;
    detail->error = WE_OK;
    *instance = NULL;
    error = check(objects, n, detail);
    if (error != WE_OK) {
        return error;
    }
    put_module(&w, objects, (uint32_t) n);
    error = w.failed ? we_detail_set(detail, WE_NOMEM, 0, "out of memory")
            : we_module_load(engine, w.bytes, w.len, &module, detail);
    we_release(w.allocator, w.bytes, w.cap);
    if (error == WE_OK) {
        error = we_instance_new(module, NULL, limits, 0, NULL, instance,
                                detail, NULL);
        we_module_free(module);
    }
    if (error == WE_OK) {
        set_values(*instance, objects, n);
    }
    return error;
}

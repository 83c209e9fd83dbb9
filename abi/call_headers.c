/* Host calls: header maps. */
#include "guest.h"
#include "header.h"
#include "map.h"
#include "str.h"

#include <string.h>

/* --- maps: the host's, and those of a call-out's answer ------------------ */

static bool is_answer(uint32_t map)
{
    return map == PW_CALL_RESPONSE_HEADERS || map == PW_CALL_RESPONSE_TRAILERS;
}

/* The answer is there; bytes aren't counted. */
static struct pw_list answer_list(const struct pw_call *c, enum pw_map map)
{
    const struct pw_http_answer *answer = pw_call_answer(c);

    return map == PW_CALL_RESPONSE_HEADERS
               ? (struct pw_list){ answer->headers, answer->nheaders, 0 }
               : (struct pw_list){ answer->trailers, answer->ntrailers, 0 };
}

static inline enum pw_access map_access(const struct pw_call *c, uint32_t map)
{
    if (is_answer(map)) {
        return pw_call_answer(c) == NULL ? PW_ABSENT : PW_READ;
    }
    return !c->context->is_stream
               ? PW_ABSENT
               : c->host->map_access(c->stream, (enum pw_map)map);
}

/* Room for the pairs that most maps have. */
enum { PAIRS = 32 };

bool pw_call_list(const struct pw_call *c, enum pw_map map,
                  struct pw_list *list)
{
    const struct pw_host *host = c->host;
    struct pw_scratch *area = &c->instance->scratch[PW_SCRATCH_PAIRS];
    size_t room = area->size / sizeof *list->pairs;

    for (;;) {
        list->pairs = (void *)area->data;
        list->n = host->map_list(c->stream, map, (void *)area->data, room,
                                 &list->bytes);
        if (list->n <= room || list->n == SIZE_MAX) {
            return list->n != SIZE_MAX;
        }
        room = list->n > PAIRS ? list->n : PAIRS;
        if (pw_instance_scratch(c->instance, PW_SCRATCH_PAIRS,
                                room * sizeof *list->pairs) == NULL) {
            return false;
        }
    }
}

static inline bool map_list(const struct pw_call *c, enum pw_map map,
                            struct pw_list *list)
{
    if (!is_answer(map) && c->context->is_stream) {
        return pw_call_list(c, map, list);
    }
    *list = (struct pw_list){ NULL, 0, 0 };
    if (is_answer(map) && pw_call_answer(c) != NULL) {
        *list = answer_list(c, map);
    }
    for (size_t i = 0; i < list->n; i++) {
        list->bytes += list->pairs[i].key.len + list->pairs[i].value.len;
    }
    return true;
}

static bool answer_get(const struct pw_call *c, enum pw_map map,
                       struct pw_str key, struct pw_str *value)
{
    static const struct pw_str dispatch_status = { ":dispatch_status", 16 };
    struct pw_list list = answer_list(c, map);

    if (pw_str_equal(key, dispatch_status)) {
        *value = pw_call_answer(c)->dispatch_status;
        return map == PW_CALL_RESPONSE_HEADERS && value->len != 0;
    }
    for (size_t i = 0; i < list.n; i++) {
        if (pw_str_equal(key, list.pairs[i].key)) {
            *value = list.pairs[i].value;
            return true;
        }
    }
    return false;
}

static inline bool map_get(const struct pw_call *c, enum pw_map map,
                           struct pw_str key, struct pw_str *value)
{
    if (is_answer(map)) {
        return pw_call_answer(c) != NULL && answer_get(c, map, key, value);
    }
    return c->context->is_stream
           && c->host->map_get(c->stream, map, key, value);
}

/* --- reading ------------------------------------------------------------- */

static uint32_t proxy_get_header_map_pairs(struct pw_call *c, uint32_t map,
                                           uint32_t out_data,
                                           uint32_t out_size)
{
    uint32_t ptr = 0, status;
    struct pw_list list;
    uint64_t size;
    uint8_t *data;

    if (map >= PW_NMAPS) {
        return PW_BAD_ARGUMENT;
    }
    if (!map_list(c, (enum pw_map)map, &list)) {
        return PW_INTERNAL_FAILURE;
    }
    if (list.n == 0) {
        return pw_guest_return(c, out_data, out_size, 0, 0);
    }
    size = pw_map_size(list.n, list.bytes);
    status = pw_guest_alloc(c, size, &ptr, &data);
    if (status != PW_OK) {
        return status;
    }
    pw_map_put_all(data, list.pairs, list.n);
    return pw_guest_return(c, out_data, out_size, ptr, (uint32_t)size);
}

/* Version 0.1.0 had no NotFound: a missing value reads as an empty one. */
static uint32_t missing(const struct pw_call *c, uint32_t out_data,
                        uint32_t out_size)
{
    return c->instance->plugin->version == PW_V0_1_0
               ? pw_guest_return(c, out_data, out_size, 0, 0)
               : (uint32_t)PW_NOT_FOUND;
}

/* Looks again for a name that has upper case. */
static __attribute__((noinline)) uint32_t
get_lower(const struct pw_call *c, enum pw_map map, struct pw_str name,
          uint32_t out_data, uint32_t out_size)
{
    struct pw_str key, value;

    if (!pw_header_has_upper(name)) {
        return missing(c, out_data, out_size);
    }
    if (!pw_header_key_lower(c, pw_header_pseudo(map), name, &key)) {
        return PW_INTERNAL_FAILURE;
    }
    return map_get(c, map, key, &value)
               ? pw_guest_give(c, value, out_data, out_size)
               : missing(c, out_data, out_size);
}

/* Names mostly are in lower case. */
static inline uint32_t proxy_get_header_map_value(struct pw_call *c,
                                                  uint32_t map,
                                                  uint32_t key_ptr,
                                                  uint32_t key_len,
                                                  uint32_t out_data,
                                                  uint32_t out_size)
{
    struct pw_str name, value;

    if (map >= PW_NMAPS) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_guest_read(c, key_ptr, key_len, &name)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    return name.len != 0
                   && map_get(c, (enum pw_map)map,
                              pw_header_alias(pw_header_pseudo(map), name),
                              &value)
               ? pw_guest_give(c, value, out_data, out_size)
               : get_lower(c, (enum pw_map)map, name, out_data, out_size);
}

/* As Envoy: the bytes of names and values, and of maps that can be changed
 * only. */
static uint32_t proxy_get_header_map_size(struct pw_call *c, uint32_t map,
                                          uint32_t out)
{
    struct pw_list list;

    if (map >= PW_NMAPS || map_access(c, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    return map_list(c, (enum pw_map)map, &list)
               ? pw_guest_put32(c, out, (uint32_t)list.bytes)
               : (uint32_t)PW_INTERNAL_FAILURE;
}

/* --- changing ------------------------------------------------------------ */

static uint32_t proxy_set_header_map_pairs(struct pw_call *c, uint32_t map,
                                           uint32_t ptr, uint32_t len)
{
    struct pw_header_list list;
    uint32_t status;

    if (map >= PW_NMAPS || map_access(c, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    status = pw_header_read_list(c, pw_header_pseudo(map), false, 0, ptr, len,
                                 &list);
    if (status != PW_OK) {
        return status;
    }
    return c->host->map_set(c->stream, (enum pw_map)map, list.pairs, list.n);
}

/* A field as the guest gave it, then its name in the form that hosts get. */
struct field {
    struct pw_header_name name;
    struct pw_str value;
};

/* The guest's name and value, for a map that there may be. */
static inline uint32_t read_field(const struct pw_call *c, uint32_t map,
                                  uint32_t key_ptr, uint32_t key_len,
                                  uint32_t value_ptr, uint32_t value_len,
                                  struct pw_str *name, struct pw_str *value)
{
    if (map >= PW_NMAPS) {
        return PW_BAD_ARGUMENT;
    }
    return pw_guest_read(c, key_ptr, key_len, name)
                   && pw_guest_read(c, value_ptr, value_len, value)
               ? PW_OK
               : PW_INVALID_MEMORY_ACCESS;
}

/* An error status makes the Rust SDK panic, and then a client could end an
 * instance by what it sends: so a field that can't be applied answers Ok. */
static bool may_apply(const struct pw_call *c, uint32_t map,
                      const struct field *field)
{
    const char *why = pw_header_refusal(pw_header_pseudo(map),
                                        field->name.key, field->name.is_token,
                                        field->value);

    if (why != NULL) {
        pw_header_warn(c, field->name.key, field->value, why);
    }
    return why == NULL;
}

/* A pseudo-header stands once: what is added to it joins with a comma, as in
 * Envoy. */
static bool join(const struct pw_call *c, uint32_t map, struct field *field)
{
    struct pw_str old;
    char *buf;

    if (!map_get(c, (enum pw_map)map, field->name.key, &old)) {
        return true;
    }
    buf = pw_instance_scratch(c->instance, 1, old.len + 1 + field->value.len);
    if (buf == NULL) {
        return false;
    }
    if (old.len != 0) {
        memcpy(buf, old.data, old.len);
    }
    buf[old.len] = ',';
    if (field->value.len != 0) {
        memcpy(buf + old.len + 1, field->value.data, field->value.len);
    }
    field->value = (struct pw_str){ buf, old.len + 1 + field->value.len };
    return true;
}

typedef enum pw_status change_fn(void *stream, enum pw_map map,
                                 struct pw_str key, struct pw_str value);

/* Adds or replaces a field that isn't plain. */
static __attribute__((noinline)) uint32_t
change_slowly(const struct pw_call *c, enum pw_map map, change_fn *fn,
              struct pw_str name, struct pw_str value)
{
    struct field field = { .value = value };

    if (map_access(c, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_header_name(c, pw_header_pseudo(map), name, &field.name)) {
        return PW_INTERNAL_FAILURE;
    }
    if (pw_header_is_pseudo(field.name.key)) {
        if (fn == c->host->map_add && !join(c, map, &field)) {
            return PW_INTERNAL_FAILURE;
        }
        fn = c->host->map_replace;
    }
    return may_apply(c, map, &field)
               ? fn(c->stream, map, field.name.key, field.value)
               : PW_OK;
}

static inline uint32_t change(const struct pw_call *c, uint32_t map,
                              uint32_t key_ptr, uint32_t key_len,
                              uint32_t value_ptr, uint32_t value_len,
                              change_fn *fn)
{
    struct pw_str name, key, value;
    uint32_t status = read_field(c, map, key_ptr, key_len, value_ptr,
                                 value_len, &name, &value);

    if (status != PW_OK) {
        return status;
    }
    key = pw_header_alias(pw_header_pseudo(map), name);
    return key.data == name.data && pw_header_is_plain(name, value)
                   && c->context->is_stream && !is_answer(map)
               ? fn(c->stream, (enum pw_map)map, name, value)
               : change_slowly(c, (enum pw_map)map, fn, name, value);
}

static uint32_t proxy_add_header_map_value(struct pw_call *c, uint32_t map,
                                           uint32_t key_ptr, uint32_t key_len,
                                           uint32_t value_ptr,
                                           uint32_t value_len)
{
    return change(c, map, key_ptr, key_len, value_ptr, value_len,
                  c->host->map_add);
}

static uint32_t proxy_replace_header_map_value(struct pw_call *c, uint32_t map,
                                               uint32_t key_ptr,
                                               uint32_t key_len,
                                               uint32_t value_ptr,
                                               uint32_t value_len)
{
    return change(c, map, key_ptr, key_len, value_ptr, value_len,
                  c->host->map_replace);
}

static bool is_authority(struct pw_str key)
{
    return pw_str_equal(key, (struct pw_str){ ":authority", 10 });
}

static uint32_t proxy_remove_header_map_value(struct pw_call *c, uint32_t map,
                                              uint32_t key_ptr,
                                              uint32_t key_len)
{
    struct field field;
    struct pw_str name;
    uint32_t status = read_field(c, map, key_ptr, key_len, 0, 0, &name,
                                 &field.value);

    if (status != PW_OK) {
        return status;
    }
    if (map_access(c, map) != PW_WRITE) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_header_name(c, pw_header_pseudo(map), name, &field.name)) {
        return PW_INTERNAL_FAILURE;
    }
    if (pw_header_is_pseudo(field.name.key) && !is_authority(field.name.key)) {
        pw_header_warn(c, field.name.key, field.value, "it can't be removed");
        return PW_OK;
    }
    return field.name.key.len == 0
               ? PW_OK
               : c->host->map_remove(c->stream, (enum pw_map)map,
                                     field.name.key);
}

PW_DEFINE_CALLS(PW_HEADER_CALLS)

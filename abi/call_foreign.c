/* Host calls: foreign functions. */
#include "foreign.h"
#include "guest.h"
#include "str.h"

#include <string.h>

#define ROW(name, function, argument, result) { #name, function },
static const struct foreign_row {
    const char    *name;
    pw_foreign_fn *function;
} rows[] = { PW_FOREIGN(ROW) };
_Static_assert(sizeof rows / sizeof rows[0] <= 64, "a bit each");

static const struct foreign_row *find(struct pw_str name)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (pw_str_is(name, rows[i].name)) {
            return &rows[i];
        }
    }
    return NULL;
}

uint64_t pw_foreign_bit(struct pw_str name)
{
    const struct foreign_row *row = find(name);

    return row == NULL ? 0 : (uint64_t)1 << (row - rows);
}

static bool is_allowed(const struct pw_call *c, const struct foreign_row *row)
{
    uint64_t allowed = c->instance->plugin->limits.foreign;
    bool good = allowed == 0 || (allowed & (uint64_t)1 << (row - rows)) != 0;

    if (!good) {
        pw_call_deny(c, row->name, PW_ALLOW_FOREIGN);
    }
    return good;
}

/* A result that the guest doesn't want has 0 for its address, as in Envoy. */
static uint32_t put(const struct pw_call *c, uint32_t out, uint32_t value)
{
    return out == 0 ? (uint32_t)PW_OK : pw_guest_put32(c, out, value);
}

static bool is_good_out(const struct pw_call *c, uint32_t out)
{
    uint8_t *room;

    return out == 0 || pw_guest_span(c, out, 4, &room);
}

static uint32_t give(const struct pw_call *c, struct pw_str bytes,
                     uint32_t out_data, uint32_t out_size)
{
    uint32_t ptr = 0, status;
    uint8_t *data;

    if (bytes.len != 0 && out_data != 0) {
        status = pw_guest_alloc(c, bytes.len, &ptr, &data);
        if (status != PW_OK) {
            return status;
        }
        memcpy(data, bytes.data, bytes.len);
    }
    status = put(c, out_data, ptr);
    return status != PW_OK ? status
                           : put(c, out_size, (uint32_t)bytes.len);
}

/* Both results are stored even if the function failed (Envoy). */
static uint32_t proxy_call_foreign_function(
    struct pw_call *c, uint32_t name_ptr, uint32_t name_len,
    uint32_t argument_ptr, uint32_t argument_len, uint32_t out_data,
    uint32_t out_size)
{
    struct pw_str name, argument, result = { NULL, 0 };
    const struct foreign_row *row;
    uint32_t status, given;

    if (!pw_guest_read(c, name_ptr, name_len, &name)
        || !pw_guest_read(c, argument_ptr, argument_len, &argument)
        || !is_good_out(c, out_data) || !is_good_out(c, out_size)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    row = find(name);
    if (row == NULL) {
        return PW_NOT_FOUND;
    }
    if (!is_allowed(c, row)) {
        return PW_INTERNAL_FAILURE;
    }
    status = argument.len > PW_FOREIGN_MAX
                 ? (uint32_t)PW_BAD_ARGUMENT
                 : row->function(c, argument, &result);
    if (status != PW_OK) {
        result.len = 0;
    }
    given = give(c, result, out_data, out_size);
    return status != PW_OK ? status : given;
}

PW_DEFINE_CALLS(PW_FOREIGN_CALLS)

/* Host calls: metrics that plugins define. */
#include "guest.h"

/* Guests get the numbers that Envoy gives: the kind stands in the low bits. */
enum { KIND_BITS = 2, KIND_MASK = 3 };

static enum pw_metric kind_of(uint32_t id)
{
    return (enum pw_metric)(id & KIND_MASK);
}

static uint32_t proxy_define_metric(struct pw_call *c, uint32_t kind,
                                    uint32_t name_ptr, uint32_t name_len,
                                    uint32_t out)
{
    uint32_t number = 0, status;
    struct pw_str name;
    uint8_t *room;

    if (c->host->metric_define == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (kind >= PW_NMETRICS) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_guest_read(c, name_ptr, name_len, &name)
        || !pw_guest_span(c, out, 4, &room)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    status = c->host->metric_define(c->root, (enum pw_metric)kind, name,
                                    &number);
    return status != PW_OK
               ? status
               : pw_guest_put32(c, out, (number + 1) << KIND_BITS | kind);
}

/* The host's number; false: no metric has this id. */
static bool number_of(uint32_t id, uint32_t *number)
{
    *number = (id >> KIND_BITS) - 1;
    return id >> KIND_BITS != 0 && kind_of(id) < PW_NMETRICS;
}

static uint32_t add(const struct pw_call *c, uint32_t id, int64_t delta)
{
    uint32_t number;

    return number_of(id, &number)
               ? c->host->metric_add(c->root, kind_of(id), number, delta)
               : (uint32_t)PW_NOT_FOUND;
}

static uint32_t get(const struct pw_call *c, uint32_t id, uint64_t *value)
{
    uint32_t number;

    return number_of(id, &number)
               ? c->host->metric_get(c->root, kind_of(id), number, value)
               : (uint32_t)PW_NOT_FOUND;
}

static uint32_t proxy_increment_metric(struct pw_call *c, uint32_t id,
                                       int64_t delta)
{
    uint64_t value;
    uint32_t status;

    if (c->host->metric_add == NULL || c->host->metric_get == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (kind_of(id) != PW_COUNTER && kind_of(id) != PW_GAUGE) {
        return PW_BAD_ARGUMENT;
    }
    if (kind_of(id) == PW_COUNTER && delta <= 0) {
        status = get(c, id, &value);
        return status != PW_OK ? status : (uint32_t)PW_BAD_ARGUMENT;
    }
    return add(c, id, delta);
}

/* On a counter it adds, as in Envoy: the C++ SDK counts so. */
static uint32_t proxy_record_metric(struct pw_call *c, uint32_t id,
                                    int64_t value)
{
    uint32_t number;

    if (c->host->metric_add == NULL || c->host->metric_set == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (kind_of(id) == PW_COUNTER) {
        return add(c, id, value);
    }
    return number_of(id, &number)
               ? c->host->metric_set(c->root, kind_of(id), number,
                                     (uint64_t)value)
               : (uint32_t)PW_NOT_FOUND;
}

static uint32_t proxy_get_metric(struct pw_call *c, uint32_t id, uint32_t out)
{
    uint64_t value = 0;
    uint32_t status;

    if (c->host->metric_get == NULL) {
        return PW_UNIMPLEMENTED;
    }
    if (kind_of(id) != PW_COUNTER && kind_of(id) != PW_GAUGE) {
        return PW_BAD_ARGUMENT;
    }
    status = get(c, id, &value);
    return status != PW_OK ? status : pw_guest_put64(c, out, value);
}

PW_DEFINE_CALLS(PW_METRIC_CALLS)

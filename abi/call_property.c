/* Host calls: properties. */
#include "guest.h"
#include "header.h"
#include "joined.h"
#include "str.h"

#include <string.h>

enum { PATH_MAX_BYTES = 1024, NAME_MAX_BYTES = PATH_MAX_BYTES };

/* --- what the abi knows itself ------------------------------------------- */

static struct pw_str plugin_name(const struct pw_call *c)
{
    return c->instance->plugin->name;
}

static struct pw_str root_id(const struct pw_call *c)
{
    return c->context->root->root_id;
}

static const struct own_row {
    const char *path;
    struct pw_str (*value)(const struct pw_call *c);
} own_rows[] = {
    { "plugin_name",    plugin_name },
    { "plugin_root_id", root_id     },
};

/* Maps that are properties: the map itself, and behind a dot a name. */
static const struct map_row {
    const char *path;
    enum pw_map map;
} map_rows[] = {
    { "request.headers",   PW_REQUEST_HEADERS   },
    { "response.headers",  PW_RESPONSE_HEADERS  },
    { "response.trailers", PW_RESPONSE_TRAILERS },
};

/* Objects have no encoding of their own; Envoy answers so. */
static const char *const objects[] = {
    "request", "response", "source", "destination", "connection", "upstream",
    "filter_state", "upstream_filter_state", "xds", "",
};

static uint32_t give_map(const struct pw_call *c, enum pw_map map,
                         struct pw_str name, bool whole, uint32_t out_data,
                         uint32_t out_size)
{
    enum pw_pseudo pseudo = pw_header_pseudo(map);
    char buf[NAME_MAX_BYTES];

    if (!c->context->is_stream) {
        return PW_NOT_FOUND;
    }
    if (whole) {
        return pw_joined_map(c, map, out_data, out_size);
    }
    return pw_joined_value(c, map, pw_header_lower(pseudo, name, buf),
                           out_data, out_size);
}

/* The row whose path this is, or is the front of with a dot behind. */
static const struct map_row *find_map(struct pw_str path, struct pw_str *name)
{
    for (size_t i = 0; i < sizeof map_rows / sizeof map_rows[0]; i++) {
        size_t len = strlen(map_rows[i].path);

        if (path.len < len || memcmp(path.data, map_rows[i].path, len) != 0
            || (path.len > len && path.data[len] != '.')) {
            continue;
        }
        *name = path.len == len
                    ? (struct pw_str){ NULL, 0 }
                    : (struct pw_str){ path.data + len + 1,
                                       path.len - len - 1 };
        return &map_rows[i];
    }
    return NULL;
}

static bool is_object(struct pw_str path)
{
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        if (pw_str_is(path, objects[i])) {
            return true;
        }
    }
    return false;
}

/* --- the host's ---------------------------------------------------------- */

/* Encodings as Envoy's: integers 8 bytes, booleans 1, texts as they are. */
static uint32_t give_host(const struct pw_call *c, struct pw_str path,
                          uint32_t out_data, uint32_t out_size)
{
    struct pw_property p = { PW_PROP_BYTES, { NULL, 0 }, 0 };
    uint32_t status = c->host->property_get(c->root, c->stream, path, &p);
    uint8_t number[8];

    if (status != PW_OK) {
        return status;
    }
    switch (p.kind) {
    case PW_PROP_INT:
        pw_guest_store64(number, p.number);
        p.bytes = (struct pw_str){ (const char *)number, 8 };
        break;
    case PW_PROP_BOOL:
        number[0] = p.number != 0;
        p.bytes = (struct pw_str){ (const char *)number, 1 };
        break;
    case PW_PROP_BYTES:
        break;
    }
    return pw_guest_give(c, p.bytes, out_data, out_size);
}

/* --- the calls ----------------------------------------------------------- */

/* Parts separated by NUL, with one NUL allowed at the end, become parts
 * separated by dots.  False: no property has such a path. */
static bool read_path(struct pw_str bytes, char *buf, struct pw_str *path)
{
    size_t len = bytes.len;

    if (len != 0 && bytes.data[len - 1] == '\0') {
        len--;
    }
    if (len > PATH_MAX_BYTES || (len == 0 && bytes.len != 0)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        bool separator = bytes.data[i] == '\0';

        if (separator
            && (i == 0 || i == len - 1 || bytes.data[i - 1] == '\0')) {
            return false;
        }
        buf[i] = separator ? '.' : bytes.data[i];
    }
    *path = (struct pw_str){ buf, len };
    return true;
}

static uint32_t proxy_get_property(struct pw_call *c, uint32_t path_ptr,
                                   uint32_t path_len, uint32_t out_data,
                                   uint32_t out_size)
{
    char buf[PATH_MAX_BYTES];
    struct pw_str bytes, path, name;
    const struct map_row *map;

    if (!pw_guest_read(c, path_ptr, path_len, &bytes)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if (!read_path(bytes, buf, &path)) {
        return PW_NOT_FOUND;
    }
    if (is_object(path)) {
        return PW_SERIALIZATION_FAILURE;
    }
    for (size_t i = 0; i < sizeof own_rows / sizeof own_rows[0]; i++) {
        if (pw_str_is(path, own_rows[i].path)) {
            return pw_guest_give(c, own_rows[i].value(c), out_data, out_size);
        }
    }
    if (!pw_str_is(path, "plugin_vm_id")
        && !pw_call_allowed(c, "reading a property", PW_ALLOW_PROPERTY_READ)) {
        return PW_INTERNAL_FAILURE;
    }
    map = find_map(path, &name);
    if (map != NULL) {
        return give_map(c, map->map, name, name.data == NULL, out_data,
                        out_size);
    }
    return give_host(c, path, out_data, out_size);
}

/* The proxy's own variables, not the plugin's state. */
static bool is_variable(struct pw_str path)
{
    return path.len > 4 && memcmp(path.data, "ngx", 3) == 0
           && (path.data[3] == '.' || path.data[3] == '\0');
}

static uint32_t proxy_set_property(struct pw_call *c, uint32_t path_ptr,
                                   uint32_t path_len, uint32_t value_ptr,
                                   uint32_t value_len)
{
    struct pw_str path, value;

    if (!pw_guest_read(c, path_ptr, path_len, &path)
        || !pw_guest_read(c, value_ptr, value_len, &value)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if (is_variable(path)
        && !pw_call_allowed(c, "setting a variable",
                            PW_ALLOW_PROPERTY_WRITE)) {
        return PW_INTERNAL_FAILURE;
    }
    return c->host->property_set(c->root, c->stream, path, value);
}

PW_DEFINE_CALLS(PW_PROPERTY_CALLS)

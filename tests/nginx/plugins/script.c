/*
 * Does what its configuration says: commands separated by "|", each of them
 * "CALLBACK COMMAND [ARGUMENTS]".  Callbacks: start, configure, create,
 * rh, rb, sh, sb, st (headers, body and trailers of request and response),
 * log, done, delete.  With "rb end ..." a command of a body callback waits for the end,
 * with "rb data ..." it passes over chunks without bytes.
 *
 *   log TEXT           a line in the log, with the context's number
 *   set|add NAME VALUE, remove NAME, show NAME, pairs, copy
 *                      headers of the callback's map, "show" and "pairs" log
 *                      them, "copy" sets all as they are
 *   raw set|add|all NAME VALUE
 *                      %XX in them are bytes, any other % is none; "all" makes
 *                      it the middle one of three; logs the call's status
 *   want NAME          goes on in the line only if the request has the header
 *   req ...            the same with the request's map
 *   trail ...          the same with the map of the response's trailers
 *   body               logs size and end
 *   upper, show-body, replace T, append T, prepend T, splice START LEN T, cut
 *   respond STATUS BODY [NAME VALUE]
 *   prop PATH, number PATH, setprop PATH VALUE
 *   pause, drop, continue, close, route (Envoy's clear_route_cache)
 *   false (start, configure)
 *   trap, loop, recurse, grow, table (a wrong indirect call)
 */
#include "sluice.h"

SLUICE_IMPORT_("proxy_call_foreign_function")
enum sluice_status foreign(const char *, size_t, const char *, size_t,
                           char **, size_t *);

enum { CONFIG_MAX = 4096, ROOTS = 64, WHOLE = INT32_MAX };

static struct root { uint32_t id; struct sluice_str text; } roots[ROOTS];
static struct { uint32_t id; struct root *root; } contexts[1024];
static char texts[ROOTS][CONFIG_MAX];
static uint32_t nroots;

static volatile uint32_t sink;
static uint32_t action;
static bool accepted;

struct event {
    const char     *name;
    uint32_t        context;
    enum sluice_map map;
    bool            is_body, end;
    size_t          size;
};

static struct sluice_str word(struct sluice_str *line)
{
    struct sluice_str w;

    while (line->len && (*line->data == ' ' || *line->data == '\n')) {
        line->data++;
        line->len--;
    }
    w.data = line->data;
    while (line->len && *line->data != ' ') {
        line->data++;
        line->len--;
    }
    w.len = (size_t)(line->data - w.data);
    while (line->len && (*line->data == ' ' || *line->data == '\n')) {
        line->data++;
        line->len--;
    }
    return w;
}

static bool is(struct sluice_str w, const char *text)
{
    return sluice_equal(w, sluice_str(text));
}

static size_t number(struct sluice_str w)
{
    size_t n = 0;

    for (size_t i = 0; i < w.len; i++) {
        n = n * 10 + (size_t)(w.data[i] - '0');
    }
    return n;
}

static void say(const struct event *e, struct sluice_str a,
                struct sluice_str b)
{
    struct sluice_str s = sluice_join(sluice_str("["), sluice_str(e->name));

    s = sluice_join(sluice_join(s, SLUICE_STR(" ")),
                    sluice_decimal(e->context));
    s = sluice_join(sluice_join(s, SLUICE_STR("] ")), a);
    sluice_log(SLUICE_WARN, sluice_join(s, b));
}

static uint32_t recurse(uint32_t n)
{
    sink = n;
    return n == UINT32_MAX ? 0 : recurse(n + 1) + sink;
}

static void show_pairs(const struct event *e, enum sluice_map map)
{
    struct sluice_pair *p;
    size_t n = sluice_headers(map, &p);
    struct sluice_str s = sluice_decimal(n);

    for (size_t i = 0; i < n; i++) {
        s = sluice_join(s, SLUICE_STR(" "));
        s = sluice_join(s, sluice_join(p[i].key, SLUICE_STR("=")));
        s = sluice_join(s, p[i].value);
    }
    say(e, SLUICE_STR("pairs "), s);
}

static unsigned hex(char c)
{
    return c >= '0' && c <= '9' ? (unsigned)(c - '0')
           : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) : 16;
}

static struct sluice_str decode(struct sluice_str s)
{
    struct sluice_str out = { sluice_join(s, SLUICE_STR("")).data, 0 };
    char *to = (char *)out.data;

    for (size_t i = 0; i < s.len; i++) {
        if (s.data[i] != '%') {
            to[out.len++] = s.data[i];
        } else if (i + 2 < s.len && hex(s.data[i + 1]) < 16) {
            to[out.len++] = (char)(hex(s.data[i + 1]) << 4
                                   | hex(s.data[i + 2]));
            i += 2;
        }
    }
    return out;
}

static void raw(const struct event *e, enum sluice_map map,
                struct sluice_str op, struct sluice_str line)
{
    struct sluice_pair p[] = {
        { SLUICE_STR("x-before"), SLUICE_STR("1") },
        { decode(word(&line)), decode(line) },
        { SLUICE_STR("x-behind"), SLUICE_STR("2") }
    };
    enum sluice_status status
        = is(op, "all") ? sluice_headers_set(map, p, 3)
          : (is(op, "set") ? sluice_header_set : sluice_header_add)(
                map, p[1].key, p[1].value);

    say(e, SLUICE_STR("status "), sluice_decimal(status));
}

static bool headers(const struct event *e, enum sluice_map map,
                    struct sluice_str op, struct sluice_str line)
{
    struct sluice_str name, value;
    struct sluice_pair *p;
    size_t n;

    if (is(op, "pairs")) {
        show_pairs(e, map);
    } else if (is(op, "copy")) {
        n = sluice_headers(map, &p);
        sluice_headers_set(map, p, n);
    } else if (is(op, "raw")) {
        op = word(&line);
        raw(e, map, op, line);
    } else if (is(op, "set") || is(op, "add")) {
        name = word(&line);
        (is(op, "set") ? sluice_header_set : sluice_header_add)(map, name,
                                                                line);
    } else if (is(op, "remove")) {
        sluice_header_remove(map, word(&line));
    } else if (is(op, "show")) {
        name = word(&line);
        if (sluice_header_get(map, name, &value)) {
            say(e, sluice_join(name, SLUICE_STR("=")), value);
        } else {
            say(e, name, SLUICE_STR(" missing"));
        }
    } else {
        return false;
    }
    return true;
}

static bool bodies(const struct event *e, struct sluice_str op,
                   struct sluice_str line)
{
    enum sluice_body b = e->map == SLUICE_REQUEST_HEADERS
                             ? SLUICE_REQUEST_BODY : SLUICE_RESPONSE_BODY;
    struct sluice_str s;
    size_t start, len;
    char *p;

    if (is(op, "body")) {
        say(e, sluice_decimal(e->size),
            e->end ? SLUICE_STR(" end") : SLUICE_STR(""));
    } else if (is(op, "upper")) {
        s = sluice_body_get(b, 0, e->size);
        p = (char *)s.data;
        for (size_t i = 0; i < s.len; i++) {
            p[i] = p[i] >= 'a' && p[i] <= 'z' ? (char)(p[i] - 32) : p[i];
        }
        sluice_body_splice(b, 0, e->size, s);
    } else if (is(op, "show-body")) {
        say(e, SLUICE_STR("body "), sluice_body_get(b, 0, e->size));
    } else if (is(op, "replace")) {
        sluice_body_splice(b, 0, e->size, line);
    } else if (is(op, "prepend")) {
        sluice_body_splice(b, 0, 0, line);
    } else if (is(op, "append")) {
        sluice_body_splice(b, e->size, 0, line);
    } else if (is(op, "splice")) {
        start = number(word(&line));
        len = number(word(&line));
        sluice_body_splice(b, start, len, line);
    } else if (is(op, "cut")) {
        sluice_body_splice(b, 0, e->size, SLUICE_STR(""));
    } else {
        return false;
    }
    return true;
}

static void properties(const struct event *e, struct sluice_str op,
                       struct sluice_str line)
{
    struct sluice_str name = word(&line), value;
    char path[128] = { 0 };
    uint64_t n;

    for (size_t i = 0; i < name.len && i < sizeof path - 1; i++) {
        path[i] = name.data[i];
    }
    if (is(op, "setprop")) {
        say(e, SLUICE_STR("set "),
            sluice_decimal(sluice_property_set(path, line)));
    } else if (is(op, "number")) {
        value = sluice_property_number(path, &n) ? sluice_decimal(n)
                                                 : SLUICE_STR("missing");
        say(e, sluice_join(name, SLUICE_STR("=")), value);
    } else if (sluice_property(path, &value)) {
        say(e, sluice_join(name, SLUICE_STR("=")), value);
    } else {
        say(e, name, SLUICE_STR(" missing"));
    }
}

static void respond(struct sluice_str line)
{
    struct sluice_str status = word(&line), body = word(&line);
    struct sluice_pair p = { word(&line), line };

    sluice_respond((uint32_t)number(status), body, &p, p.key.len != 0);
}

static void faults(struct sluice_str op)
{
    if (is(op, "trap")) {
        __builtin_trap();
    } else if (is(op, "loop")) {
        for (;;) {
            sink++;
        }
    } else if (is(op, "recurse")) {
        sink = recurse(0);
    } else if (is(op, "grow")) {
        while (__builtin_wasm_memory_grow(0, 1) != SIZE_MAX) {
        }
    } else if (is(op, "table")) {
        ((void (*)(void))(size_t)(sink + 12345))();
    }
}

static void run(const struct event *e, struct sluice_str line)
{
    struct sluice_str op = word(&line), ignored;
    enum sluice_map map = e->map;
    char *found;
    size_t found_size;

    if (is(op, "end")) {
        if (!e->end) {
            return;
        }
        op = word(&line);
    }
    if (is(op, "data")) {
        if (e->size == 0) {
            return;
        }
        op = word(&line);
    }
    if (is(op, "want")) {
        if (!sluice_header_get(SLUICE_REQUEST_HEADERS, word(&line),
                               &ignored)) {
            return;
        }
        op = word(&line);
    }
    if (is(op, "req")) {
        map = SLUICE_REQUEST_HEADERS;
        op = word(&line);
    }
    if (is(op, "trail")) {
        map = SLUICE_RESPONSE_TRAILERS;
        op = word(&line);
    }
    if (headers(e, map, op, line) || (e->is_body && bodies(e, op, line))) {
        return;
    }
    if (is(op, "log")) {
        say(e, line, SLUICE_STR(""));
    } else if (is(op, "pause")) {
        action = SLUICE_PAUSE;
    } else if (is(op, "drop")) {
        action = 3;
    } else if (is(op, "continue")) {
        sluice_continue(e->map == SLUICE_REQUEST_HEADERS ? SLUICE_REQUEST
                                                         : SLUICE_RESPONSE);
    } else if (is(op, "close")) {
        sluice_close(SLUICE_REQUEST);
    } else if (is(op, "route")) {
        foreign("clear_route_cache", 17, NULL, 0, &found, &found_size);
    } else if (is(op, "respond")) {
        respond(line);
    } else if (is(op, "false")) {
        accepted = false;
    } else if (is(op, "prop") || is(op, "number") || is(op, "setprop")) {
        properties(e, op, line);
    } else {
        faults(op);
    }
}

static void all(const struct event *e, struct sluice_str text)
{
    struct sluice_str line, first;

    action = SLUICE_CONTINUE;
    accepted = true;
    while (text.len) {
        line.data = text.data;
        while (text.len && *text.data != '|') {
            text.data++;
            text.len--;
        }
        line.len = (size_t)(text.data - line.data);
        if (text.len) {
            text.data++;
            text.len--;
        }
        first = word(&line);
        if (is(first, e->name)) {
            run(e, line);
        }
    }
}

static struct sluice_str text_of(uint32_t context)
{
    struct root *root = contexts[context % 1024].root;

    return root ? root->text : SLUICE_STR("");
}

static uint32_t event(struct event e)
{
    all(&e, text_of(e.context));
    return action;
}

SLUICE_EXPORT_("proxy_on_context_create")
void on_create(uint32_t id, uint32_t root);
void on_create(uint32_t id, uint32_t root)
{
    sluice_temp_reset_();
    if (root == 0) {
        roots[nroots].id = id;
        contexts[id % 1024].root = &roots[nroots++];
        return;
    }
    contexts[id % 1024].root = contexts[root % 1024].root;
    event((struct event){ .name = "create", .context = id });
}

SLUICE_EXPORT_("proxy_on_delete") void on_delete(uint32_t id);
void on_delete(uint32_t id)
{
    sluice_temp_reset_();
    event((struct event){ .name = "delete", .context = id });
}

SLUICE_ON_VM_START(root, text)
{
    all(&(struct event){ .name = "start", .context = root }, text);
    return accepted;
}

SLUICE_ON_CONFIGURE(root, text)
{
    struct root *r = contexts[root % 1024].root;
    char *copy = texts[r - roots];

    r->text = (struct sluice_str){ copy, text.len };
    for (size_t i = 0; i < text.len && i < CONFIG_MAX; i++) {
        copy[i] = text.data[i];
    }
    event((struct event){ .name = "configure", .context = root });
    return accepted;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    return event((struct event){ .name = "rh", .context = context,
                                 .end = over });
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    return event((struct event){ .name = "rb", .context = context,
                                 .is_body = true, .end = over,
                                 .size = size });
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    return event((struct event){ .name = "sh", .context = context,
                                 .map = SLUICE_RESPONSE_HEADERS,
                                 .end = over });
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    return event((struct event){ .name = "sb", .context = context,
                                 .map = SLUICE_RESPONSE_HEADERS,
                                 .is_body = true, .end = over,
                                 .size = size });
}

SLUICE_ON_RESPONSE_TRAILERS(context, count)
{
    return event((struct event){ .name = "st", .context = context,
                                 .map = SLUICE_RESPONSE_TRAILERS,
                                 .is_body = true, .size = WHOLE });
}

SLUICE_ON_LOG(context)
{
    event((struct event){ .name = "log", .context = context,
                          .map = SLUICE_RESPONSE_HEADERS });
}

SLUICE_ON_DONE(context)
{
    event((struct event){ .name = "done", .context = context });
    return true;
}

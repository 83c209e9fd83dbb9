/*
 * Calls other servers.  The request header x-call holds calls separated by
 * "; ", each "UPSTREAM TIMEOUT METHOD PATH [BODY]"; x-at says in which callback
 * they are made (rh, rb: at the end of the body, sh, sb: at its end, log;
 * default rh).  The request then waits for all answers; x-then says what comes
 * after them:
 *
 *   tell       a local response with a line a call (the default), "|" behind
 *   on         goes on, with the lines in the request header x-answers
 *   leave      doesn't wait at all
 *   again      the first answer makes the same calls once more
 *   trap       the first answer sets x-trapped and the body, then traps
 *   body       goes on with the last answer's body in place of the request's
 *
 * A line is "STATUS" of the host call if it was refused, else
 * "HEADERS SIZE TRAILERS :status :dispatch_status CODE MESSAGE BODY", where
 * what is missing is "-", a long BODY is its length and a sum, and an empty one
 * is "-".  All of them are logged, too.
 *
 * The configuration is a word and calls: "tick MS CALLS" makes them at each
 * tick, "start CALLS" in on_configure; their answers are only logged.
 * The header x-more has lines "NAME=VALUE" separated by "; " for the headers
 * of calls ("%0a" is LF), x-trailer one for their trailers.
 */
#include "sluice.h"

SLUICE_IMPORT_("proxy_get_status")
uint32_t get_status(uint32_t *, const char **, size_t *);
SLUICE_IMPORT_("proxy_set_tick_period_milliseconds")
uint32_t set_period(uint32_t);

struct request {
    struct sluice_str lines;
    uint32_t          waiting;
    bool              again;
};
struct config { struct sluice_str calls; };
SLUICE_STATE(struct config, struct request)

enum { CALLS = 8192 };
static uint32_t owner[CALLS];              /* by the number of a call / 4 */

static struct sluice_str part(struct sluice_str *line, const char *end)
{
    struct sluice_str w = { line->data, 0 }, mark = sluice_str(end);
    struct sluice_str rest = *line;

    while (rest.len && !sluice_starts(rest, mark)) {
        rest.data++;
        rest.len--;
        w.len++;
    }
    line->len = rest.len < mark.len ? 0 : rest.len - mark.len;
    line->data = rest.data + mark.len;
    return w;
}

static uint32_t number(struct sluice_str w)
{
    uint32_t n = 0;

    for (size_t i = 0; i < w.len; i++) {
        n = n * 10 + (uint32_t)(w.data[i] - '0');
    }
    return n;
}

static struct sluice_str header(const char *name)
{
    struct sluice_str value;

    return sluice_header_get(SLUICE_REQUEST_HEADERS, sluice_str(name), &value)
               ? value : SLUICE_STR("");
}

static bool is(struct sluice_str text, const char *word)
{
    return sluice_equal(text, sluice_str(word));
}

static struct sluice_str add(struct sluice_str line, struct sluice_str more)
{
    if (line.len) {
        line = sluice_join(line, SLUICE_STR(" "));
    }
    return sluice_join(line, more.len ? more : SLUICE_STR("-"));
}

/* "%0a" and the like */
static struct sluice_str decoded(struct sluice_str text)
{
    char *out = sluice_temp(text.len + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '%' && i + 2 < text.len) {
            char low = text.data[i + 2];

            out[n++] = (char)((text.data[i + 1] - '0') * 16
                              + (low >= 'a' ? low - 'a' + 10 : low - '0'));
            i += 2;
        } else {
            out[n++] = text.data[i];
        }
    }
    return (struct sluice_str){ out, n };
}

static void pair(struct sluice_str text, struct sluice_pair *p)
{
    p->key = part(&text, "=");
    p->value = decoded(text);
}

static struct sluice_str blob(struct sluice_str text)
{
    struct sluice_pair p;

    if (text.len == 0) {
        return SLUICE_STR("");
    }
    pair(text, &p);
    return sluice_serialize_(&p, 1);
}

/* "-" leaves a pseudo-header out */
static size_t pseudo(struct sluice_pair *p, const char *name,
                     struct sluice_str value)
{
    *p = (struct sluice_pair){ sluice_str(name), value };
    return !is(value, "-");
}

static uint32_t call(uint32_t context, struct sluice_str line)
{
    struct sluice_str upstream = part(&line, " "), more, out, trailers;
    uint32_t timeout = number(part(&line, " ")), id = 1, status;
    struct sluice_pair p[20];
    size_t n = 0;

    n += pseudo(&p[n], ":method", part(&line, " "));
    n += pseudo(&p[n], ":path", part(&line, " "));
    more = header("x-authority");
    n += pseudo(&p[n], ":authority", more.len ? more : SLUICE_STR("a.test"));
    for (more = header("x-more"); more.len && n < 20; n++) {
        pair(part(&more, "; "), &p[n]);
    }
    out = sluice_serialize_(p, n);
    trailers = blob(header("x-trailer"));
    if (sluice_starts(line, SLUICE_STR("*"))) {
        line.data++;
        line.len--;
        line.len = number(line);
        line.data = __builtin_memset(sluice_temp(line.len), 'b', line.len);
    }
    status = proxy_http_call_(upstream.data, upstream.len, out.data, out.len,
                              line.data, line.len, trailers.data, trailers.len,
                              timeout, &id);
    if (status == SLUICE_OK) {
        owner[id / 4 % CALLS] = context;
    } else if (id != 0) {
        __builtin_trap();
    }
    return status;
}

static void keep(struct request *r, struct sluice_str line)
{
    struct sluice_str lines = sluice_join(r->lines, line);

    sluice_free((void *)r->lines.data);
    r->lines = sluice_keep(sluice_join(lines, SLUICE_STR("|")));
}

/* Makes them; how many are under way.  A body of "*N" is N times "b". */
static uint32_t calls(uint32_t context, struct request *r,
                      struct sluice_str text)
{
    uint32_t n = 0, status;

    while (text.len) {
        status = call(context, part(&text, "; "));
        n += status == SLUICE_OK;
        if (status != SLUICE_OK && r) {
            keep(r, sluice_decimal(status));
        } else if (status != SLUICE_OK) {
            sluice_log(SLUICE_WARN, sluice_join(SLUICE_STR("refused "),
                                                sluice_decimal(status)));
        }
    }
    return n;
}

static enum sluice_action finish(uint32_t context)
{
    struct request *r = sluice_request(context);
    struct sluice_str then = header("x-then");

    if (is(then, "leave")) {
        return SLUICE_CONTINUE;
    }
    if (is(then, "on") || is(then, "body")) {
        sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-answers"),
                          (struct sluice_str){ r->lines.data,
                                               r->lines.len
                                                   ? r->lines.len - 1 : 0 });
        return SLUICE_CONTINUE;
    }
    sluice_respond(200, r->lines, NULL, 0);
    return SLUICE_PAUSE;
}

static enum sluice_action at(uint32_t context, const char *phase)
{
    struct sluice_str text = header("x-call"), when = header("x-at");
    struct request *r = sluice_request(context);

    if (text.len == 0
        || !sluice_equal(when.len ? when : SLUICE_STR("rh"),
                         sluice_str(phase))) {
        return SLUICE_CONTINUE;
    }
    r->waiting = calls(context, r, text);
    if (is(header("x-then"), "leave")) {
        return SLUICE_CONTINUE;
    }
    return r->waiting ? SLUICE_PAUSE : finish(context);
}

static struct sluice_str sum(struct sluice_str body)
{
    uint32_t n = 0;

    for (size_t i = 0; i < body.len; i++) {
        n = n * 31 + (uint8_t)body.data[i];
    }
    return add(sluice_join(SLUICE_STR("*"), sluice_decimal(body.len)),
               sluice_decimal(n));
}

static struct sluice_str value(enum sluice_map map, const char *name)
{
    struct sluice_str v;

    return sluice_header_get(map, sluice_str(name), &v) ? v : SLUICE_STR("");
}

static struct sluice_str describe(size_t headers, size_t size, size_t trailers)
{
    struct sluice_str line = sluice_decimal(headers), message = { NULL, 0 };
    struct sluice_str body = sluice_body_get(SLUICE_ANSWER_BODY, 0, SIZE_MAX);
    struct sluice_pair *p;
    uint32_t code = 99;

    if (sluice_headers(SLUICE_ANSWER_HEADERS, &p) != headers
        || sluice_headers(SLUICE_ANSWER_TRAILERS, &p) != trailers
        || body.len != size) {
        __builtin_trap();
    }
    line = add(line, sluice_decimal(size));
    line = add(line, sluice_decimal(trailers));
    line = add(line, value(SLUICE_ANSWER_HEADERS, ":status"));
    line = add(line, value(SLUICE_ANSWER_HEADERS, ":dispatch_status"));
    get_status(&code, &message.data, &message.len);
    line = add(add(line, sluice_decimal(code)), message);
    line = add(line, body.len > 100 ? sum(body) : body);
    if (trailers) {
        line = add(line, sluice_join(p[0].key, SLUICE_STR("=")));
        line = sluice_join(line, p[0].value);
    }
    return line;
}

static void answered(uint32_t context, struct request *r,
                     struct sluice_str body)
{
    struct sluice_str then = header("x-then");

    if (is(then, "again") && !r->again) {
        r->again = true;
        r->waiting += calls(context, r, header("x-call"));
    } else if (is(then, "trap")) {
        sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-trapped"),
                          SLUICE_STR("1"));
        sluice_body_splice(SLUICE_REQUEST_BODY, 0, 1, SLUICE_STR("trapped"));
        __builtin_trap();
    } else if (is(then, "body")) {
        sluice_body_splice(SLUICE_REQUEST_BODY, 0, 100000, body);
    }
    if (--r->waiting == 0 && finish(context) == SLUICE_CONTINUE) {
        sluice_continue(SLUICE_REQUEST);
        sluice_continue(SLUICE_RESPONSE);
    }
}

SLUICE_ON_ANSWER(root, id, headers, size, trailers)
{
    struct sluice_str line = describe(headers, size, trailers);
    struct sluice_str body = sluice_body_get(SLUICE_ANSWER_BODY, 0, SIZE_MAX);
    uint32_t context = owner[id / 4 % CALLS];

    sluice_log(SLUICE_WARN,
               add(SLUICE_STR("answer"),
                   line.len > 200 ? SLUICE_STR("long") : line));
    if (context == root) {
        return;
    }
    if (!sluice_turn_to(context)) {
        sluice_log(SLUICE_WARN, SLUICE_STR("its request is gone"));
        return;
    }
    if (sluice_request(context)->waiting) {
        keep(sluice_request(context), line);
        answered(context, sluice_request(context), body);
    }
}

SLUICE_ON_CONFIGURE(root, text)
{
    struct sluice_str what = part(&text, " ");

    if (is(what, "tick")) {
        set_period(number(part(&text, " ")));
        sluice_root(root)->calls = sluice_keep(text);
    } else if (is(what, "start")) {
        calls(root, NULL, text);
    }
    return true;
}

SLUICE_EXPORT_("proxy_on_tick") void on_tick(uint32_t root);
void on_tick(uint32_t root)
{
    sluice_temp_reset_();
    calls(root, NULL, sluice_root(root)->calls);
}

SLUICE_ON_REQUEST_HEADERS(context, end)
{
    return at(context, "rh");
}

SLUICE_ON_REQUEST_BODY(context, size, end)
{
    return end ? at(context, "rb")
               : is(header("x-at"), "rb") ? SLUICE_PAUSE : SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, end)
{
    return at(context, "sh");
}

SLUICE_ON_RESPONSE_BODY(context, size, end)
{
    return end ? at(context, "sb")
               : is(header("x-at"), "sb") ? SLUICE_PAUSE : SLUICE_CONTINUE;
}

SLUICE_ON_LOG(context)
{
    at(context, "log");
}

SLUICE_ON_DONE(context)
{
    struct request *r = sluice_request(context);

    sluice_free((void *)r->lines.data);
    r->lines = SLUICE_STR("");
    return true;
}

/*
 * Asks another server whether a request may go on.  The configuration is
 * "UPSTREAM PATH": where to ask, as the proxy names it.
 *
 * It gets a GET with the request's authorization and, as x-original-method and
 * x-original-path, what it is about.  2xx: the request goes on, with the
 * answer's x-user in place of its own; 401, 403: that is the client's answer,
 * with its body; anything else, or none within two seconds: 503.
 */
#include "sluice.h"

enum { TIMEOUT = 2000 };

struct asked {
    struct asked *next;
    uint32_t      call, context;
};

struct config {
    struct sluice_str upstream, path;
    struct asked     *first;
};

SLUICE_STATE(struct config, char)

SLUICE_ON_CONFIGURE(root, text)
{
    struct config *config = sluice_root(root);
    struct sluice_str kept = sluice_keep(text);

    config->upstream.data = kept.data;
    while (config->upstream.len < kept.len
           && kept.data[config->upstream.len] != ' ') {
        config->upstream.len++;
    }
    if (kept.len < config->upstream.len + 2) {
        sluice_log(SLUICE_ERROR,
                   SLUICE_STR("authorize: the configuration is not "
                              "\"UPSTREAM PATH\""));
        return false;
    }
    config->path.data = kept.data + config->upstream.len + 1;
    config->path.len = kept.len - config->upstream.len - 1;
    return true;
}

static struct sluice_str header(const char *name)
{
    struct sluice_str value;

    sluice_header_get(SLUICE_REQUEST_HEADERS, sluice_str(name), &value);
    return value;
}

static enum sluice_action unavailable(void)
{
    sluice_respond(503, SLUICE_STR("no authorization\n"), NULL, 0);
    return SLUICE_PAUSE;
}

SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)
{
    struct config *config = sluice_root(context);
    struct sluice_pair headers[] = {
        { SLUICE_STR(":method"), SLUICE_STR("GET") },
        { SLUICE_STR(":path"), config->path },
        { SLUICE_STR(":authority"), config->upstream },
        { SLUICE_STR("x-original-method"), header(":method") },
        { SLUICE_STR("x-original-path"), header(":path") },
        { SLUICE_STR("authorization"), header("authorization") }
    };
    size_t n = sizeof headers / sizeof headers[0];
    struct asked *asked = sluice_alloc(sizeof *asked);

    if (headers[n - 1].value.len == 0) {
        n--;
    }
    if (asked == NULL
        || sluice_call(config->upstream, headers, n, SLUICE_STR(""), TIMEOUT,
                       &asked->call) != SLUICE_OK) {
        sluice_free(asked);
        return unavailable();
    }
    asked->context = context;
    asked->next = config->first;
    config->first = asked;
    return SLUICE_PAUSE;
}

static uint32_t asked_by(struct config *config, uint32_t call)
{
    struct asked **at = &config->first, *asked;
    uint32_t context;

    while ((*at)->call != call) {
        at = &(*at)->next;
    }
    asked = *at;
    context = asked->context;
    *at = asked->next;
    sluice_free(asked);
    return context;
}

SLUICE_ON_ANSWER(root, call, count, size, trailers)
{
    struct sluice_str status, user;
    uint32_t context = asked_by(sluice_root(root), call);

    if (!sluice_turn_to(context)) {
        return;                            /* the client has left */
    }
    sluice_header_get(SLUICE_ANSWER_HEADERS, SLUICE_STR(":status"), &status);
    if (sluice_starts(status, SLUICE_STR("2"))) {
        sluice_header_remove(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-user"));
        if (sluice_header_get(SLUICE_ANSWER_HEADERS, SLUICE_STR("x-user"),
                              &user)) {
            sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-user"),
                              user);
        }
        sluice_continue(SLUICE_REQUEST);
    } else if (sluice_equal(status, SLUICE_STR("401"))
               || sluice_equal(status, SLUICE_STR("403"))) {
        sluice_respond(status.data[2] == '1' ? 401 : 403,
                       sluice_body_get(SLUICE_ANSWER_BODY, 0, size), NULL, 0);
    } else {
        unavailable();
    }
}

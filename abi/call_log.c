/* Host calls: log lines, the log level and the time. */
#include "guest.h"

enum { LINE_MAX_BYTES = 4096 };

bool pw_call_logs(const struct pw_call *c, enum pw_log_level level)
{
    return level >= c->host->log_level(c->root, c->stream);
}

void pw_call_log(const struct pw_call *c, enum pw_log_level level,
                 struct pw_str text)
{
    if (text.len > LINE_MAX_BYTES) {
        text.len = LINE_MAX_BYTES;
    }
    c->host->log(c->root, c->stream, c->instance->plugin->name, level, text);
}

void pw_call_deny(const struct pw_call *c, const char *name, uint32_t needs)
{
    pw_instance *in = c->instance;
    char line[128];
    struct pw_text text;

    in->ndenied++;
    if ((in->denied & needs) == needs || !pw_call_logs(c, PW_WARN)) {
        return;
    }
    in->denied |= needs;
    pw_text_init(&text, line, sizeof line);
    pw_text_add(&text, "%s is not allowed to this plugin", name);
    pw_call_log(c, PW_WARN, (struct pw_str){ text.buf, text.len });
}

uint32_t pw_call_refuse(const struct pw_call *c, const char *name,
                        uint32_t when, uint32_t needs)
{
    if (pw_call_is_open(c, when)) {
        pw_call_deny(c, name, needs);
    }
    return PW_INTERNAL_FAILURE;
}

static uint32_t proxy_log(struct pw_call *c, uint32_t level, uint32_t ptr,
                          uint32_t len)
{
    struct pw_str text;

    if (level > PW_CRITICAL) {
        return PW_BAD_ARGUMENT;
    }
    if (!pw_guest_read(c, ptr, len, &text)) {
        return PW_INVALID_MEMORY_ACCESS;
    }
    if (pw_call_logs(c, (enum pw_log_level)level)) {
        pw_call_log(c, (enum pw_log_level)level, text);
    }
    return PW_OK;
}

static uint32_t proxy_get_log_level(struct pw_call *c, uint32_t out)
{
    return pw_guest_put32(c, out,
                          (uint32_t)c->host->log_level(c->root, c->stream));
}

static uint32_t proxy_get_current_time_nanoseconds(struct pw_call *c,
                                                   uint32_t out)
{
    return pw_guest_put64(c, out, c->host->now(c->root));
}

PW_DEFINE_CALLS(PW_LOG_CALLS)

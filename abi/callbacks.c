/* From the proxy into the guest: the callbacks of a stream. */
#include "instance.h"

void pw_callback_failed(pw_instance *in, const struct we_trap *trap)
{
    pw_instance_fail(in, "callback", pw_plugin_callback_name(in->running),
                     trap);
}

/* What a guest's answer means, by the kind of callback: 0 is PW_CONTINUE in
 * all; answers beyond the table mean what its last entry does. */
enum { NHEADERS = 5, NBODY = 4, NTRAILERS = 2 };
static const enum pw_action on_headers[NHEADERS] = {
    PW_CONTINUE,
    PW_PAUSE,                            /* StopIteration */
    PW_CONTINUE,                         /* ContinueAndEndStream */
    PW_PAUSE,                            /* StopAllIterationAndBuffer */
    PW_PAUSE,                            /* StopAllIterationAndWatermark */
};
static const enum pw_action on_body[NBODY] = {
    PW_CONTINUE,
    PW_PAUSE,                            /* StopIterationAndBuffer */
    PW_PAUSE,                            /* StopIterationAndWatermark */
    PW_DROP,                             /* StopIterationNoBuffer */
};
static const enum pw_action on_trailers[NTRAILERS] = {
    PW_CONTINUE,
    PW_PAUSE,                            /* StopIteration */
};

/* True if the guest need not be entered; *action is the answer then. */
static inline bool is_answered(const struct pw_context *context,
                               enum pw_callback callback,
                               enum pw_action *action)
{
    const pw_instance *in = context->root->instance;

    *action = in->dead ? PW_FAULT : PW_CONTINUE;
    return in->dead || in->callbacks[callback] == NULL;
}

static __attribute__((noinline)) enum pw_action
run(pw_stream *stream, enum pw_callback callback, uint64_t amount,
    bool end_of_stream, const enum pw_action *answers, uint32_t nanswers)
{
    struct pw_context *context = &stream->context;
    uint64_t slots[3] = { context->id, (uint32_t)amount, end_of_stream };
    uint32_t answer;

    if (!pw_callback_run(context, callback, slots,
                         context->root->instance->plugin->limits.deadline)) {
        return PW_FAULT;
    }
    answer = (uint32_t)slots[0];
    return answer == 0 ? PW_CONTINUE
                       : answers[answer < nanswers ? answer : nanswers - 1];
}

/* How many headers the guest will find, if it looks at that. */
static inline uint32_t count(const pw_stream *stream,
                             enum pw_callback callback, enum pw_map map)
{
    const pw_instance *in = stream->context.root->instance;

    return in->counts[callback]
               ? in->host->map_count(stream->context.data, map)
               : 0;
}

static inline enum pw_action headers(pw_stream *stream,
                                     enum pw_callback callback,
                                     enum pw_map map, bool end_of_stream)
{
    enum pw_action action;

    return is_answered(&stream->context, callback, &action)
               ? action
               : run(stream, callback, count(stream, callback, map),
                     end_of_stream, on_headers, NHEADERS);
}

static enum pw_action body(pw_stream *stream, enum pw_callback callback,
                           enum pw_buffer buffer, bool end_of_stream)
{
    const struct pw_host *host = stream->context.root->instance->host;
    void *data = stream->context.data;
    enum pw_action action;
    uint64_t size;

    if (is_answered(&stream->context, callback, &action)) {
        return action;
    }
    size = host->buffer_access(data, buffer) == PW_ABSENT
               ? 0
               : host->buffer_size(data, buffer);
    return run(stream, callback, size, end_of_stream, on_body, NBODY);
}

static enum pw_action trailers(pw_stream *stream, enum pw_callback callback,
                               enum pw_map map)
{
    enum pw_action action;

    return is_answered(&stream->context, callback, &action)
               ? action
               : run(stream, callback, count(stream, callback, map), false,
                     on_trailers, NTRAILERS);
}

enum pw_action pw_on_request_headers(pw_stream *stream, bool end_of_stream)
{
    return headers(stream, PW_ON_REQUEST_HEADERS, PW_REQUEST_HEADERS,
                   end_of_stream);
}

enum pw_action pw_on_request_body(pw_stream *stream, bool end_of_stream)
{
    return body(stream, PW_ON_REQUEST_BODY, PW_REQUEST_BODY, end_of_stream);
}

enum pw_action pw_on_request_trailers(pw_stream *stream)
{
    return trailers(stream, PW_ON_REQUEST_TRAILERS, PW_REQUEST_TRAILERS);
}

enum pw_action pw_on_response_headers(pw_stream *stream, bool end_of_stream)
{
    return headers(stream, PW_ON_RESPONSE_HEADERS, PW_RESPONSE_HEADERS,
                   end_of_stream);
}

enum pw_action pw_on_response_body(pw_stream *stream, bool end_of_stream)
{
    return body(stream, PW_ON_RESPONSE_BODY, PW_RESPONSE_BODY, end_of_stream);
}

enum pw_action pw_on_response_trailers(pw_stream *stream)
{
    return trailers(stream, PW_ON_RESPONSE_TRAILERS, PW_RESPONSE_TRAILERS);
}

/* --- callbacks without an answer ----------------------------------------- */

static enum pw_action notify(struct pw_context *context,
                             enum pw_callback callback, uint64_t *slots)
{
    enum pw_action action;

    if (is_answered(context, callback, &action)) {
        return action;
    }
    slots[0] = context->id;
    return pw_callback_run(context, callback, slots,
                           context->root->instance->plugin->limits.deadline)
               ? PW_CONTINUE
               : PW_FAULT;
}

enum pw_action pw_on_log(pw_stream *stream)
{
    uint64_t slots[1];

    return notify(&stream->context, PW_ON_LOG, slots);
}

enum pw_action pw_on_tick(pw_root *root)
{
    uint64_t slots[1];

    return notify(&root->context, PW_ON_TICK, slots);
}

enum pw_action pw_on_queue_ready(pw_root *root, uint32_t queue)
{
    uint64_t slots[2] = { 0, queue };

    return notify(&root->context, PW_ON_QUEUE_READY, slots);
}

enum pw_action pw_on_http_call_response(pw_root *root, uint32_t id,
                                        const struct pw_http_answer *answer)
{
    uint64_t slots[5] = { 0, id, (uint32_t)answer->nheaders,
                          (uint32_t)answer->body.len,
                          (uint32_t)answer->ntrailers };
    pw_instance *in = root->instance;
    enum pw_action action;

    if (answer->code != 0) {
        root->call_code = answer->code;
    }
    in->answer = answer;
    action = notify(&root->context, PW_ON_HTTP_CALL_RESPONSE, slots);
    in->answer = NULL;
    return action;
}

/*
 * The host functions of Proxy-Wasm, one row each: what module "env" offers.
 *
 *   call(name, arity, parameters, versions, when, needs)
 *       A function `static uint32_t name(struct pw_call *c, ...)` in the file
 *       of its group answers it.
 *   lack(name, arity, parameters, versions, why)
 *       Links, does nothing and answers Unimplemented (12).
 *   bare(name, signature, when)
 *       A form without result and with parameters that don't matter (SPEC
 *       0.1.0 declares three calls so); `name(c)` answers it.
 *
 * arity names the shape of the signature: a count of i32 parameters, or 1L for
 * (i32, i64); the result is an i32.  parameters has a letter each:
 *   v  a value                     w  an i64 value
 *   p  a pointer, and n  the length of what it points to
 *   u  where a u32 result goes     q  where a u64 result goes
 * when: RUNNING, or ALWAYS also while the instance starts and while the
 * guest's allocator runs for the host.  needs: PW_ALLOW_##needs of
 * enum pw_allow.
 *
 * To add a call: a row, and a function in the file of its group.
 */
#ifndef PW_HOSTCALLS_H
#define PW_HOSTCALLS_H

/* call_log.c */
#define PW_LOG_CALLS(call, lack, bare)                                        \
    call(proxy_log, 3, "vpn", "all", ALWAYS, NOTHING)                         \
    call(proxy_get_log_level, 1, "u", "0.2.1", RUNNING, NOTHING)              \
    call(proxy_get_current_time_nanoseconds, 1, "q", "all", RUNNING, NOTHING)

/* call_body.c */
#define PW_BODY_CALLS(call, lack, bare)                                       \
    call(proxy_get_configuration, 2, "uu", "0.1.0", RUNNING, NOTHING)         \
    call(proxy_get_buffer_bytes, 5, "vvvuu", "all", RUNNING, NOTHING)         \
    call(proxy_get_buffer_status, 3, "vuu", "all", RUNNING, NOTHING)          \
    call(proxy_set_buffer_bytes, 5, "vvvpn", "all", RUNNING, BODY)

/* call_headers.c */
#define PW_HEADER_CALLS(call, lack, bare)                                     \
    call(proxy_get_header_map_pairs, 3, "vuu", "all", RUNNING, HEADERS_READ)  \
    call(proxy_set_header_map_pairs, 3, "vpn", "all", RUNNING, HEADERS)       \
    call(proxy_get_header_map_value, 5, "vpnuu", "all",                       \
         RUNNING, HEADERS_READ)                                               \
    call(proxy_add_header_map_value, 5, "vpnpn", "all", RUNNING, HEADERS)     \
    call(proxy_replace_header_map_value, 5, "vpnpn", "all", RUNNING, HEADERS) \
    call(proxy_remove_header_map_value, 3, "vpn", "all", RUNNING, HEADERS)    \
    call(proxy_get_header_map_size, 2, "vu", "all", RUNNING, HEADERS_READ)

/* call_property.c */
#define PW_PROPERTY_CALLS(call, lack, bare)                                   \
    call(proxy_get_property, 4, "pnuu", "all", RUNNING, NOTHING)              \
    call(proxy_set_property, 4, "pnpn", "all", RUNNING, NOTHING)

/* call_stream.c */
#define PW_STREAM_CALLS(call, lack, bare)                                     \
    call(proxy_continue_request, 0, "", "0.1.0", RUNNING, NOTHING)            \
    bare(proxy_continue_request, ":", RUNNING)                                \
    call(proxy_continue_response, 0, "", "0.1.0", RUNNING, NOTHING)           \
    bare(proxy_continue_response, ":", RUNNING)                               \
    call(proxy_clear_route_cache, 0, "", "0.1.0", RUNNING, NOTHING)           \
    bare(proxy_clear_route_cache, ":", RUNNING)                               \
    call(proxy_continue_stream, 1, "v", "0.2.0, 0.2.1", RUNNING, NOTHING)     \
    call(proxy_close_stream, 1, "v", "0.2.0, 0.2.1", RUNNING, NOTHING)        \
    call(proxy_send_local_response, 8, "vpnpnpnv", "all",                     \
         RUNNING, LOCAL_RESPONSE)                                             \
    call(proxy_set_effective_context, 1, "v", "all", RUNNING, NOTHING)        \
    call(proxy_done, 0, "", "all", RUNNING, NOTHING)

/* call_http.c */
#define PW_HTTP_CALLS(call, lack, bare)                                       \
    call(proxy_http_call, 10, "pnpnpnpnvu", "all", RUNNING, HTTP_CALL)        \
    call(proxy_get_status, 3, "uuu", "all", RUNNING, NOTHING)                 \
    lack(proxy_grpc_call, 12, "pnpnpnpnpnvu", "all", "no HTTP/2 to upstreams")\
    lack(proxy_grpc_stream, 9, "pnpnpnpnu", "all", "no HTTP/2 to upstreams")  \
    lack(proxy_grpc_send, 4, "vpnv", "all", "no HTTP/2 to upstreams")         \
    lack(proxy_grpc_cancel, 1, "v", "all", "no HTTP/2 to upstreams")          \
    lack(proxy_grpc_close, 1, "v", "all", "no HTTP/2 to upstreams")           \
    lack(envoy_resolve_dns, 3, "pnu", "all", "Envoy's own, not in the ABI")

/* call_shared.c */
#define PW_SHARED_CALLS(call, lack, bare)                                     \
    call(proxy_get_shared_data, 5, "pnuuu", "all", RUNNING, SHARED_DATA)      \
    call(proxy_set_shared_data, 5, "pnpnv", "all", RUNNING, SHARED_DATA)      \
    call(proxy_register_shared_queue, 3, "pnu", "all", RUNNING, QUEUES)       \
    call(proxy_resolve_shared_queue, 5, "pnpnu", "all", RUNNING, QUEUES)      \
    call(proxy_enqueue_shared_queue, 3, "vpn", "all", RUNNING, QUEUES)        \
    call(proxy_dequeue_shared_queue, 3, "vuu", "all", RUNNING, QUEUES)

/* call_metrics.c */
#define PW_METRIC_CALLS(call, lack, bare)                                     \
    call(proxy_define_metric, 4, "vpnu", "all", RUNNING, METRICS)             \
    call(proxy_increment_metric, 1L, "vw", "all", RUNNING, METRICS)           \
    call(proxy_record_metric, 1L, "vw", "all", RUNNING, METRICS)              \
    call(proxy_get_metric, 2, "vq", "all", RUNNING, METRICS)

/* call_timer.c */
#define PW_TIMER_CALLS(call, lack, bare)                                      \
    call(proxy_set_tick_period_milliseconds, 1, "v", "all", RUNNING, TIMERS)

/* call_foreign.c */
#define PW_FOREIGN_CALLS(call, lack, bare)                                    \
    call(proxy_call_foreign_function, 6, "pnpnuu", "all", RUNNING, FOREIGN)

/* wasi.c: what emscripten adds to "env" */
#define PW_RUNTIME_CALLS(call, lack, bare)                                    \
    call(pthread_equal, 2, "vv", "all", ALWAYS, NOTHING)                      \
    bare(emscripten_notify_memory_growth, "i:", ALWAYS)

#define PW_HOSTCALLS(call, lack, bare)                                        \
    PW_LOG_CALLS(call, lack, bare)                                            \
    PW_BODY_CALLS(call, lack, bare)                                           \
    PW_HEADER_CALLS(call, lack, bare)                                         \
    PW_PROPERTY_CALLS(call, lack, bare)                                       \
    PW_STREAM_CALLS(call, lack, bare)                                         \
    PW_HTTP_CALLS(call, lack, bare)                                           \
    PW_SHARED_CALLS(call, lack, bare)                                         \
    PW_METRIC_CALLS(call, lack, bare)                                         \
    PW_TIMER_CALLS(call, lack, bare)                                          \
    PW_FOREIGN_CALLS(call, lack, bare)                                        \
    PW_RUNTIME_CALLS(call, lack, bare)

/* The signature of a shape, see engine.h. */
#define PW_SIG_0  ":i"
#define PW_SIG_1  "i:i"
#define PW_SIG_1L "iI:i"
#define PW_SIG_2  "ii:i"
#define PW_SIG_3  "iii:i"
#define PW_SIG_4  "iiii:i"
#define PW_SIG_5  "iiiii:i"
#define PW_SIG_6  "iiiiii:i"
#define PW_SIG_8  "iiiiiiii:i"
#define PW_SIG_9  "iiiiiiiii:i"
#define PW_SIG_10 "iiiiiiiiii:i"
#define PW_SIG_12 "iiiiiiiiiiii:i"

/* The arguments of a shape out of slots, after the first one. */
#define PW_ARG(s, i) , (uint32_t)(s)[i]
#define PW_ARGS_0(s)
#define PW_ARGS_1(s)  PW_ARG(s, 0)
#define PW_ARGS_1L(s) PW_ARG(s, 0) , (int64_t)(s)[1]
#define PW_ARGS_2(s)  PW_ARGS_1(s) PW_ARG(s, 1)
#define PW_ARGS_3(s)  PW_ARGS_2(s) PW_ARG(s, 2)
#define PW_ARGS_4(s)  PW_ARGS_3(s) PW_ARG(s, 3)
#define PW_ARGS_5(s)  PW_ARGS_4(s) PW_ARG(s, 4)
#define PW_ARGS_6(s)  PW_ARGS_5(s) PW_ARG(s, 5)
#define PW_ARGS_7(s)  PW_ARGS_6(s) PW_ARG(s, 6)
#define PW_ARGS_8(s)  PW_ARGS_7(s) PW_ARG(s, 7)
#define PW_ARGS_9(s)  PW_ARGS_8(s) PW_ARG(s, 8)
#define PW_ARGS_10(s) PW_ARGS_9(s) PW_ARG(s, 9)

#endif

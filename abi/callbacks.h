/*
 * The functions that a plugin exports for the host, one row each.
 *
 *   call(id, export, signature)
 *       The abi calls it where it is exported.  id is PW_##id of
 *       enum pw_callback.
 *   idle(export, signature, why)
 *       Known, its signature is checked, it is never called.
 *
 * A missing callback acts as Continue, true or nothing.  The signature is that
 * of 0.2.0 and 0.2.1; PW_CALLBACKS_0_1_0 has the ones that differ.
 * PW_VERSIONS: exports that are never called and say which version the plugin
 * was made for.
 */
#ifndef PW_CALLBACKS_H
#define PW_CALLBACKS_H

#define PW_CALLBACKS(call, idle)                                              \
    call(ON_REQUEST_HEADERS, proxy_on_request_headers, "iii:i")               \
    call(ON_REQUEST_BODY, proxy_on_request_body, "iii:i")                     \
    call(ON_REQUEST_TRAILERS, proxy_on_request_trailers, "ii:i")              \
    call(ON_RESPONSE_HEADERS, proxy_on_response_headers, "iii:i")             \
    call(ON_RESPONSE_BODY, proxy_on_response_body, "iii:i")                   \
    call(ON_RESPONSE_TRAILERS, proxy_on_response_trailers, "ii:i")            \
    call(ON_LOG, proxy_on_log, "i:")                                          \
    call(ON_DONE, proxy_on_done, "i:i")                                       \
    call(ON_DELETE, proxy_on_delete, "i:")                                    \
    call(ON_TICK, proxy_on_tick, "i:")                                        \
    call(ON_QUEUE_READY, proxy_on_queue_ready, "ii:")                         \
    call(ON_HTTP_CALL_RESPONSE, proxy_on_http_call_response, "iiiii:")        \
    call(ON_CONTEXT_CREATE, proxy_on_context_create, "ii:")                   \
    call(ON_VM_START, proxy_on_vm_start, "ii:i")                              \
    call(ON_CONFIGURE, proxy_on_configure, "ii:i")                            \
    idle(proxy_validate_configuration, "ii:i", "Envoy doesn't call it")       \
    idle(proxy_on_foreign_function, "iii:", "no function calls back")         \
    idle(proxy_on_request_metadata, "ii:i", "HTTP/2 METADATA: not in nginx")  \
    idle(proxy_on_response_metadata, "ii:i", "HTTP/2 METADATA: not in nginx") \
    idle(proxy_on_grpc_receive_initial_metadata, "iii:", "no gRPC calls")     \
    idle(proxy_on_grpc_receive, "iii:", "no gRPC calls")                      \
    idle(proxy_on_grpc_receive_trailing_metadata, "iii:", "no gRPC calls")    \
    idle(proxy_on_grpc_close, "iii:", "no gRPC calls")                        \
    idle(proxy_on_new_connection, "i:i", "TCP filter")                        \
    idle(proxy_on_downstream_data, "iii:i", "TCP filter")                     \
    idle(proxy_on_upstream_data, "iii:i", "TCP filter")                       \
    idle(proxy_on_downstream_connection_close, "ii:", "TCP filter")           \
    idle(proxy_on_upstream_connection_close, "ii:", "TCP filter")

#define PW_CALLBACKS_0_1_0(call)                                              \
    call(proxy_on_request_headers, "ii:i")                                    \
    call(proxy_on_response_headers, "ii:i")

/* Exports that start the guest and that give it memory.  sluice_arena is ours:
 * see README.md. */
#define PW_START_EXPORTS(call)                                                \
    call(_initialize, ":")                                                    \
    call(main, "ii:i")                                                        \
    call(__main_void, ":i")                                                   \
    call(_start, ":")                                                         \
    call(malloc, "i:i")                                                       \
    call(proxy_on_memory_allocate, "i:i")                                     \
    call(sluice_arena, ":i")

#define PW_VERSIONS(mark)                                                     \
    mark(V0_1_0, proxy_abi_version_0_1_0, "0.1.0")                          \
    mark(V0_2_0, proxy_abi_version_0_2_0, "0.2.0")                          \
    mark(V0_2_1, proxy_abi_version_0_2_1, "0.2.1")

#endif


/*
 * Sluice: call-outs, what their files share.
 *
 * A call is an nginx request of its own that has neither a client nor a
 * location: a connection without a socket, a main request that does nothing,
 * and below it the request that nginx's upstream code works on.  It lives in
 * one pool, from the host call to the callback.
 */


#ifndef _NGX_HTTP_WASM_CALL_H_INCLUDED_
#define _NGX_HTTP_WASM_CALL_H_INCLUDED_


#include "ngx_http_wasm_module.h"


/* what has become of a call */

typedef enum {
    NGX_HTTP_WASM_CALL_OK = 0,
    NGX_HTTP_WASM_CALL_TIMEOUT,
    NGX_HTTP_WASM_CALL_CONNECT,
    NGX_HTTP_WASM_CALL_NO_PEER,
    NGX_HTTP_WASM_CALL_RESOLVE,
    NGX_HTTP_WASM_CALL_TLS,
    NGX_HTTP_WASM_CALL_RESET,
    NGX_HTTP_WASM_CALL_INVALID,
    NGX_HTTP_WASM_CALL_TOO_LARGE
} ngx_http_wasm_call_e;


/* who is called: an upstream{}, or a host */

typedef struct {
    ngx_http_upstream_srv_conf_t  *upstream;
    ngx_url_t                      url;
    ngx_uint_t                     tls;
} ngx_http_wasm_callee_t;


struct ngx_http_wasm_call_s {
    ngx_connection_t               connection;   /* has to be the first */
    ngx_event_t                    read;
    ngx_event_t                    write;
    ngx_log_t                      log;
    ngx_http_log_ctx_t             log_ctx;
    ngx_http_request_t             main;
    ngx_http_request_t             request;
    ngx_http_upstream_conf_t       conf;
    ngx_http_complex_value_t       tls_name;
    ngx_http_upstream_srv_conf_t  *upstream;
    ngx_http_upstream_srv_conf_t   own;          /* with a peer.init of ours */
    ngx_event_get_peer_pt          get_peer;

    ngx_pool_t                    *pool;
    ngx_queue_t                    queue;        /* in instance->calls */
    ngx_http_wasm_instance_t      *instance;
    ngx_http_wasm_config_t        *config;
    ngx_http_wasm_stream_t        *stream;       /* NULL: none, or it ended */
    uint32_t                       id;
    ngx_str_t                      name;         /* of the upstream */
    size_t                         charged;      /* bytes, in the plugin's */
    ngx_msec_t                     timeout;
    ngx_event_t                    timer;
    ngx_event_t                    done;         /* posted: is over */
    ngx_http_wasm_call_e           outcome;

    ngx_buf_t                     *out;          /* the request's bytes */

    /* the answer */
    ngx_http_status_t              status;
    u_char                         code[3];
    ngx_array_t                    headers;      /* struct pw_pair */
    ngx_array_t                    trailers;
    ngx_http_chunked_t             chunked;
    u_char                        *tail;         /* what may be trailers */
    size_t                         tail_len;
    u_char                        *body;
    size_t                         body_len;
    size_t                         body_size;    /* room */

    unsigned                       detached:1;   /* the stream ended */
    unsigned                       head:1;
    unsigned                       begun:1;      /* all headers are there */
    unsigned                       invalid:1;
    unsigned                       too_large:1;
};


/* ngx_http_wasm_call.c */

ngx_int_t ngx_http_wasm_call_charge(ngx_http_wasm_call_t *call, size_t size);
void ngx_http_wasm_call_over(ngx_http_wasm_call_t *call,
    ngx_http_wasm_call_e outcome);

/* ngx_http_wasm_caller.c: the connection and the requests */

ngx_int_t ngx_http_wasm_caller_init(ngx_http_wasm_call_t *call);

/* ngx_http_wasm_callee.c: NGX_DECLINED: there is no such upstream */

ngx_int_t ngx_http_wasm_callee_find(ngx_http_wasm_config_t *config,
    ngx_pool_t *pool, ngx_str_t *name, ngx_uint_t https,
    ngx_http_wasm_callee_t *callee);

/* ngx_http_wasm_answer.c: for nginx's upstream code */

ngx_int_t ngx_http_wasm_answer_reinit_request(ngx_http_request_t *r);
ngx_int_t ngx_http_wasm_answer_status_line(ngx_http_request_t *r);
ngx_int_t ngx_http_wasm_answer_filter_init(void *data);
ngx_int_t ngx_http_wasm_answer_copy_filter(void *data, ssize_t bytes);

/* ngx_http_wasm_wire.c: NGX_BUSY: too large */

ngx_int_t ngx_http_wasm_wire_request(ngx_http_wasm_call_t *call,
    const struct pw_http_call *http);
ngx_int_t ngx_http_wasm_wire_upstream(ngx_http_wasm_call_t *call,
    ngx_http_wasm_callee_t *callee);


#endif /* _NGX_HTTP_WASM_CALL_H_INCLUDED_ */

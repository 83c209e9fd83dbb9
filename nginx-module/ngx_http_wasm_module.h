
/*
 * Sluice: what the files of the nginx module share.
 */


#ifndef _NGX_HTTP_WASM_MODULE_H_INCLUDED_
#define _NGX_HTTP_WASM_MODULE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "../abi/proxy_wasm.h"


/* a free bit of r->buffered: the response waits in this module */
#define NGX_HTTP_WASM_BUFFERED  0x08

/* bytes of headers and variables that plugins may set for one request: nginx
 * frees none of them before its end */
#define NGX_HTTP_WASM_SET_MAX   (4 * 1024 * 1024)

/* names of headers are sorted by their length and last letter into so many */
#define NGX_HTTP_WASM_NAME_BUCKETS  256

/* bytes of a body that one callback gets, at most */
#define NGX_HTTP_WASM_CHUNK     65536


/* for what few requests need, out of the way of what all do */
#ifdef __GNUC__
#define ngx_http_wasm_noinline  __attribute__((noinline))
#else
#define ngx_http_wasm_noinline
#endif


/* a dynamic module's own names need no way around by the linker's tables */
#ifdef __GNUC__
#pragma GCC visibility push(hidden)
#endif


typedef struct ngx_http_wasm_plugin_s    ngx_http_wasm_plugin_t;
typedef struct ngx_http_wasm_instance_s  ngx_http_wasm_instance_t;
typedef struct ngx_http_wasm_ctx_s       ngx_http_wasm_ctx_t;
typedef struct ngx_http_wasm_stream_s    ngx_http_wasm_stream_t;
typedef struct ngx_http_wasm_undo_s      ngx_http_wasm_undo_t;
typedef struct ngx_http_wasm_call_s      ngx_http_wasm_call_t;
typedef struct ngx_http_wasm_store_s     ngx_http_wasm_store_t;


/* a directive's place in the configuration */

typedef struct {
    ngx_str_t                  file;
    ngx_uint_t                 line;
} ngx_http_wasm_place_t;


/* one configuration of a plugin: a root context in each of its instances */

typedef struct {
    ngx_http_wasm_plugin_t    *plugin;
    ngx_uint_t                 index;
    ngx_str_t                  root_id;
    ngx_str_t                  text;
    ngx_http_wasm_place_t      place;
    ngx_http_conf_ctx_t        conf;       /* nginx's own, of that place */

    /* of the worker */
    ngx_uint_t                 calls;      /* that no request has made */
    ngx_event_t                tick;
    ngx_msec_t                 period;     /* of ticks; 0: none */
} ngx_http_wasm_config_t;


struct ngx_http_wasm_plugin_s {
    ngx_str_t                  name;
    ngx_str_t                  file;
    ngx_http_wasm_place_t      place;      /* wasm_plugin, or the first user */
    ngx_array_t                configs;    /* ngx_http_wasm_config_t * */

    struct pw_limits           limits;
    ngx_uint_t                 fail;       /* ngx_http_wasm_fail_e */
    ngx_str_t                  vm_config;
    ngx_str_t                  sha256;
    ngx_array_t                upstreams;  /* struct pw_str: limits.upstreams */
    size_t                     body_buffer;
    ngx_msec_t                 pause_timeout;
    ngx_uint_t                 log_rate;
    ngx_str_t                  share;
    ngx_uint_t                 share_id;   /* in store */
    ngx_http_wasm_store_t     *store;      /* NULL: there is no wasm_zone */

    ngx_uint_t                 callouts;
    ngx_msec_t                 callout_timeout;
    size_t                     callout_body;
    ngx_str_t                  callout_tls;
    ngx_str_t                  callout_ca;
    void                      *callout_ssl;  /* ngx_ssl_t */

    pw_plugin                 *plugin;
    ngx_uint_t                 callbacks;  /* a bit each enum pw_callback */

    /* of the worker */
    ngx_http_wasm_instance_t  *instance;   /* takes new requests, or NULL */
    ngx_http_wasm_instance_t  *starting;
    ngx_uint_t                 calls;
    size_t                     call_bytes;
    ngx_msec_t                 retry;      /* no start before this time */
    time_t                     log_second;
    ngx_uint_t                 log_lines;  /* in log_second */
    ngx_event_t                restart;
    ngx_uint_t                 queues;     /* open ones */

    unsigned                   defined:1;  /* there is a wasm_plugin */
    unsigned                   failing:1;  /* the last start failed */
    unsigned                   running:1;  /* in a worker: time passes */
    unsigned                   warned:1;   /* that there is no wasm_zone */
    unsigned                   full:1;     /* warned of its share */
    unsigned                   crowded:1;  /* warned of its queues */
};


typedef enum {
    NGX_HTTP_WASM_FAIL_CLOSED = 0,
    NGX_HTTP_WASM_FAIL_OPEN
} ngx_http_wasm_fail_e;


/* lives until its last request has let go of it, dead or alive */

struct ngx_http_wasm_instance_s {
    ngx_http_wasm_plugin_t    *plugin;
    pw_instance               *instance;
    ngx_queue_t                waiting;    /* ngx_http_wasm_stream_t.queue */
    ngx_queue_t                calls;      /* ngx_http_wasm_call_t.queue */
    ngx_uint_t                 refs;
    unsigned                   dead:1;
    pw_root                   *roots[1];   /* one a configuration */
};


typedef struct {
    ngx_array_t                plugins;    /* ngx_http_wasm_plugin_t * */
    ngx_array_t                chains;     /* ngx_http_wasm_chain_t * */
    ngx_uint_t                 early;      /* there is a phase=rewrite */
    ngx_array_t                unbuffered; /* see ngx_http_wasm_unbuffered.c */
    we_engine                 *engine;
    pw_runtime                *runtime;
    ngx_shm_zone_t            *zone;
    ngx_http_wasm_store_t     *store;      /* in the zone, or in scratch */
    ngx_shm_t                  scratch;    /* while plugins are tried out */
    ngx_uint_t                 longest;    /* chain: its filters */
    ngx_http_wasm_ctx_t       *spare;      /* with room for that */
    ngx_uint_t                 nspare;
    ngx_http_wasm_ctx_t       *over;       /* freed when the next one is */
} ngx_http_wasm_main_conf_t;


typedef struct {
    ngx_http_wasm_config_t    *config;
    ngx_http_complex_value_t  *condition;
} ngx_http_wasm_filter_t;


/* the filters of a location, and of those that inherit them */

typedef struct {
    ngx_array_t                filters;    /* ngx_http_wasm_filter_t */
    ngx_uint_t                 early;      /* the first ones: phase=rewrite */

    /* when all plugins are loaded */
    ngx_http_wasm_filter_t    *late;       /* the first that isn't early */
    ngx_http_wasm_filter_t    *end;        /* behind the last one */
    ngx_uint_t                 callbacks;  /* of any of them: a bit each */
    size_t                     body_buffer;  /* of those without condition */
} ngx_http_wasm_chain_t;


typedef struct {
    ngx_http_wasm_chain_t     *chain;      /* or NULL */
} ngx_http_wasm_loc_conf_t;


/*
 * Bytes of a body on their way through the streams: a part of a buffer of
 * nginx's, memory or file, as it came (src), or a block of our own (own).
 */

typedef struct {
    ngx_buf_t                 *src;
    off_t                      offset;     /* in src */
    ngx_buf_t                 *own;
    size_t                     size;
    unsigned                   changed:1;
} ngx_http_wasm_body_t;


typedef enum {
    NGX_HTTP_WASM_REQUEST = 0,
    NGX_HTTP_WASM_RESPONSE,
    NGX_HTTP_WASM_NDIRS,

    /* header maps have the numbers of the directions, and there is one more */

    NGX_HTTP_WASM_TRAILERS = NGX_HTTP_WASM_NDIRS,
    NGX_HTTP_WASM_NMAPS
} ngx_http_wasm_dir_e;


/* one filter of the chain, for one request */

struct ngx_http_wasm_stream_s {
    ngx_http_wasm_ctx_t       *ctx;
    ngx_http_wasm_config_t    *config;
    ngx_queue_t                queue;      /* in instance->waiting */

    /* collected by Pause; all zero unless ctx->holding */
    ngx_http_wasm_body_t       held[NGX_HTTP_WASM_NDIRS];
    ngx_http_wasm_body_t       before;     /* undoes a callback's changes */

    /* from here on all is zero at first */
    ngx_http_wasm_instance_t  *instance;   /* NULL: it isn't opened, or skip */
    pw_stream                 *stream;
    ngx_uint_t                 calls;      /* without an answer yet */
    ngx_http_wasm_body_t      *body;       /* what the guest sees now */

    unsigned                   skip:1;     /* is not entered any more */
    unsigned                   entered:1;  /* its callback is running */
    unsigned                   queued:1;   /* since it waited first */
    unsigned                   paused:2;   /* a bit each direction */
    unsigned                   resume:2;   /* continue_stream was called */
    unsigned                   save:1;     /* keep what a fault undoes */
    unsigned                   saved:1;    /* before holds it */
};


/* a header that goes with a local response */

typedef struct {
    ngx_uint_t                 status;
    ngx_str_t                  body;
    struct pw_pair            *headers;
    ngx_uint_t                 nheaders;
    ngx_int_t                  grpc_status;
} ngx_http_wasm_local_t;


/* a value that a plugin set with proxy_set_property */

typedef struct ngx_http_wasm_state_s  ngx_http_wasm_state_t;

struct ngx_http_wasm_state_s {
    ngx_http_wasm_state_t     *next;
    ngx_str_t                  key;
    ngx_str_t                  value;
};


typedef enum {
    NGX_HTTP_WASM_REQUEST_HEADERS = 0,
    NGX_HTTP_WASM_REQUEST_READ,            /* nginx reads the body */
    NGX_HTTP_WASM_REQUEST_BODY,
    NGX_HTTP_WASM_REQUEST_UNBUFFERED,      /* the content handler reads it */
    NGX_HTTP_WASM_REQUEST_DONE
} ngx_http_wasm_request_e;


typedef enum {
    NGX_HTTP_WASM_RESPONSE_NONE = 0,
    NGX_HTTP_WASM_RESPONSE_HEADERS,        /* callbacks run, or one waits */
    NGX_HTTP_WASM_RESPONSE_BODY,           /* chunks pass the streams */
    NGX_HTTP_WASM_RESPONSE_PASS,           /* nothing to do any more */
    NGX_HTTP_WASM_RESPONSE_DROP            /* what comes is thrown away */
} ngx_http_wasm_response_e;


/* one request */

struct ngx_http_wasm_ctx_s {
    ngx_event_t                timer;      /* of a pause */
    ngx_event_t                wake;       /* posted: go on */
    ngx_pool_cleanup_t         cleanup;    /* in the request's pool */
    ngx_http_wasm_main_conf_t *conf;
    ngx_http_wasm_ctx_t       *next;       /* of the spare ones */

    ngx_http_request_t        *request;
    ngx_http_wasm_chain_t     *chain;
    ngx_http_wasm_stream_t    *streams;    /* in the order of the chain */
    ngx_http_wasm_stream_t    *early;      /* behind those of phase=rewrite */
    ngx_http_wasm_stream_t    *end;        /* behind the last one */
    ngx_http_wasm_stream_t    *seen;       /* behind the last one that saw the
                                              request's headers */
    ngx_http_wasm_stream_t    *at;         /* whose turn it is; the one behind
                                              that for response headers */
    size_t                     body_buffer;
    uint32_t                   count;      /* of a header map's lines */
    u_char                     index[NGX_HTTP_WASM_NAME_BUCKETS];
    u_char                     status_text[3];
    u_char                     length_text[NGX_OFF_T_LEN];
    off_t                      length;     /* Content-Length as it came */
    ngx_chain_t              **out_last;   /* of out, when the body passes */

    /* from here on all is zero at first */
    ngx_http_wasm_dir_e        dir;
    ngx_http_wasm_stream_t    *waiting;    /* paused, no input wakes it */
    ngx_http_wasm_local_t     *local;
    ngx_http_wasm_undo_t      *undo;
    ngx_http_wasm_state_t     *state;
    size_t                     state_size;
    size_t                     set_size;   /* of NGX_HTTP_WASM_SET_MAX */
    ngx_str_t                  scheme;     /* if a plugin has set it */

    ngx_uint_t                 known;      /* of header maps: count, index */
    ngx_uint_t                 names_at;
    ngx_array_t                names;      /* of response headers, lower case */
    ngx_chain_t               *free;       /* own blocks */
    ngx_chain_t               *shells;     /* buffers without a block */

    ngx_http_wasm_request_e    request_at;

    /* the request's body: zero when reading it begins */
    ngx_chain_t               *request_in; /* what is left to show */
    ngx_chain_t               *request_out;
    ngx_chain_t              **request_last;
    ngx_temp_file_t           *request_file;
    size_t                     request_memory;  /* of request_out */
    off_t                      request_length;  /* of all that came out */
    ngx_chain_t               *request_busy; /* own blocks, not yet sent */
    ngx_int_t                  request_rc; /* why reading it ends */
    ngx_int_t                (*create_request)(ngx_http_request_t *r);

    /* the response */
    ngx_http_wasm_response_e   response_at;
    ngx_chain_t               *in;         /* from the content handler */
    off_t                      in_offset;  /* in its first buffer */
    ngx_chain_t               *out;        /* to the next filter */
    ngx_chain_t               *busy;       /* still with the next filter */
    ngx_buf_t                 *shadow;     /* the last part of in's buffer */
    ngx_chain_t               *answer;     /* the body of what replaces it */

    unsigned                   touched:2;  /* a bit each direction */
    unsigned                   length_removed:2;
    unsigned                   close:1;    /* close_stream was called */
    unsigned                   failed:1;   /* reading or memory failed */
    unsigned                   reroute:1;  /* clear_route_cache was called */
    unsigned                   moved:1;    /* :path was changed */
    unsigned                   timedout:1;
    unsigned                   holding:1;  /* what streams hold may be there */
    unsigned                   head:1;     /* a GET became a HEAD */
    unsigned                   bodyless:1; /* no response body follows */
    unsigned                   collecting:1;  /* to know the new length */
    unsigned                   opened:1;   /* all streams are */
    unsigned                   whole:1;    /* out is to be one buffer of in's */
    unsigned                   complete:1; /* the end is in out */
    unsigned                   ending:1;   /* the last chunk is on its way */
    unsigned                   trailed:1;  /* a plugin has changed trailers */
    unsigned                   headers_sent:1;
    unsigned                   framed:2;   /* Content-Length was sent */
    unsigned                   full:1;     /* set_size would be too large */
    unsigned                   logging:1;  /* the request is over: on_log */
    unsigned                   ended:1;    /* on_done, on_delete */
};


/* does what has callbacks, a plugin or a chain, have this one? */
#define ngx_http_wasm_has(what, callback)                                     \
    ((what)->callbacks & ((ngx_uint_t) 1 << (callback)))


/* ngx_http_wasm_allow.c: what plugins may do */

/* all that stays inside the plugin's bounded share */
#define NGX_HTTP_WASM_ALLOW_DEFAULT                                           \
    (PW_ALLOW_ONLY|PW_ALLOW_HEADERS|PW_ALLOW_HEADERS_READ|PW_ALLOW_BODY       \
     |PW_ALLOW_BODY_READ|PW_ALLOW_LOCAL_RESPONSE|PW_ALLOW_PROPERTY_READ       \
     |PW_ALLOW_SHARED_DATA|PW_ALLOW_QUEUES|PW_ALLOW_METRICS|PW_ALLOW_TIMERS   \
     |PW_ALLOW_FOREIGN)

void ngx_http_wasm_allow_warn(ngx_conf_t *cf, ngx_http_wasm_plugin_t *plugin);

/* ngx_http_wasm_process.c: plugins and instances */

ngx_int_t ngx_http_wasm_process_check(ngx_conf_t *cf,
    ngx_http_wasm_main_conf_t *wmcf);
ngx_int_t ngx_http_wasm_process_init(ngx_cycle_t *cycle);
void ngx_http_wasm_process_exit(ngx_cycle_t *cycle);
ngx_http_wasm_instance_t *ngx_http_wasm_instance_get(
    ngx_http_wasm_plugin_t *plugin, ngx_log_t *log);
void ngx_http_wasm_instance_free(ngx_http_wasm_instance_t *in);
void ngx_http_wasm_instance_fault(ngx_http_wasm_instance_t *in,
    ngx_log_t *log);


static ngx_inline void
ngx_http_wasm_instance_release(ngx_http_wasm_instance_t *in)
{
    if (--in->refs == 0) {
        ngx_http_wasm_instance_free(in);
    }
}


/*
 * Of contexts that are over, a worker keeps so many for requests to come; none
 * where use after the end is to be found.
 */

#if (NGX_DEBUG_PALLOC)
#define NGX_HTTP_WASM_SPARE  0
#else
#define NGX_HTTP_WASM_SPARE  64
#endif

/* ngx_http_wasm_ctx.c: the context of a request, from its start to its end */

ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_create(ngx_http_request_t *r,
    ngx_http_wasm_chain_t *chain);
ngx_http_wasm_ctx_t *ngx_http_wasm_ctx_find(ngx_http_request_t *r);
ngx_int_t ngx_http_wasm_ctx_log_handler(ngx_http_request_t *r);
void ngx_http_wasm_ctx_free_spare(ngx_http_wasm_main_conf_t *wmcf);
ngx_int_t ngx_http_wasm_charge_full(ngx_http_wasm_stream_t *st);


/* size bytes of the request's memory for what the plugin sets */

static ngx_inline ngx_int_t
ngx_http_wasm_charge(ngx_http_wasm_stream_t *st, size_t size)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = st->ctx;

    if (size > NGX_HTTP_WASM_SET_MAX - ctx->set_size) {
        return ngx_http_wasm_charge_full(st);
    }

    ctx->set_size += size;

    return NGX_OK;
}


/* ngx_http_wasm_stream.c: the streams of a request, callback by callback */

ngx_int_t ngx_http_wasm_stream_open(ngx_http_wasm_stream_t *st);
ngx_int_t ngx_http_wasm_stream_request_headers(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_stream_t *end, bool eos);
ngx_int_t ngx_http_wasm_stream_response_headers(ngx_http_wasm_ctx_t *ctx);
ngx_int_t ngx_http_wasm_stream_chunk(ngx_http_wasm_stream_t *st,
    ngx_http_wasm_body_t *body, ngx_uint_t eos);
ngx_int_t ngx_http_wasm_stream_resume(ngx_http_wasm_ctx_t *ctx);
ngx_http_wasm_stream_t *ngx_http_wasm_stream_next(ngx_http_wasm_stream_t *st);
void ngx_http_wasm_stream_wait(ngx_http_wasm_stream_t *st);
void ngx_http_wasm_stream_visit(ngx_http_wasm_stream_t *st);
void ngx_http_wasm_stream_leave(ngx_http_wasm_stream_t *st,
    ngx_uint_t fault);
void ngx_http_wasm_stream_wake(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_request.c */

ngx_int_t ngx_http_wasm_request_handler(ngx_http_request_t *r);
ngx_int_t ngx_http_wasm_request_rewrite(ngx_http_request_t *r);
void ngx_http_wasm_request_wake(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_buffered.c: bodies that are read before the content handler */

ngx_int_t ngx_http_wasm_buffered_read(ngx_http_wasm_ctx_t *ctx);
ngx_int_t ngx_http_wasm_buffered_run(ngx_http_wasm_ctx_t *ctx);
ngx_int_t ngx_http_wasm_buffered_finish(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_unbuffered.c: bodies that the content handler reads */

ngx_int_t ngx_http_wasm_unbuffered_init(ngx_conf_t *cf);
ngx_uint_t ngx_http_wasm_unbuffered_is(ngx_http_wasm_ctx_t *ctx);
void ngx_http_wasm_unbuffered_wake(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_response.c */

void ngx_http_wasm_response_init(void);
void ngx_http_wasm_response_wake(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_chunk.c: chunks of a response */

ngx_int_t ngx_http_wasm_chunk_take(ngx_http_wasm_ctx_t *ctx);
ngx_int_t ngx_http_wasm_chunk_emit(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, ngx_buf_t *b, ngx_uint_t eos);

/* ngx_http_wasm_frame.c: the length that a response tells */

ngx_int_t ngx_http_wasm_frame(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_local.c: responses that a plugin makes */

ngx_http_wasm_local_t *ngx_http_wasm_local_copy(ngx_http_request_t *r,
    const struct pw_response *response);
ngx_int_t ngx_http_wasm_local_grpc_status(ngx_uint_t http);
ngx_int_t ngx_http_wasm_local_prepare(ngx_http_wasm_ctx_t *ctx,
    ngx_chain_t **body);

/* ngx_http_wasm_call.c: calls to other servers */

enum pw_status ngx_http_wasm_call_new(void *root, void *stream,
    const struct pw_http_call *http, uint32_t id);
void ngx_http_wasm_call_detach(ngx_http_wasm_stream_t *st);
void ngx_http_wasm_call_cancel(ngx_http_wasm_instance_t *in);

/* ngx_http_wasm_caller.c: is it a call's request? */

ngx_uint_t ngx_http_wasm_caller_is(ngx_http_request_t *r);

/* ngx_http_wasm_callee.c */

ngx_int_t ngx_http_wasm_callee_init(ngx_conf_t *cf,
    ngx_http_wasm_plugin_t *plugin);

/* ngx_http_wasm_host.c: the abi's view of nginx */

extern const struct pw_host  ngx_http_wasm_host;

/* ngx_http_wasm_log.c */

void ngx_http_wasm_log(ngx_uint_t level, ngx_log_t *log, ngx_str_t *name,
    const char *data, size_t len);
ngx_uint_t ngx_http_wasm_log_count(ngx_http_wasm_plugin_t *plugin,
    ngx_log_t *log);

/* ngx_http_wasm_headers.c */

void ngx_http_wasm_headers_init(void);

uint32_t ngx_http_wasm_headers_count(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir);
size_t ngx_http_wasm_headers_list(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, struct pw_pair *pairs, size_t room,
    uint64_t *bytes);
size_t ngx_http_wasm_headers_bytes(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir);
ngx_str_t *ngx_http_wasm_headers_get(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, u_char *name, size_t len, ngx_str_t *room);
ngx_int_t ngx_http_wasm_headers_remove(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, ngx_str_t *key);
ngx_int_t ngx_http_wasm_headers_set(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir, const struct pw_pair *pairs, size_t n);
ngx_int_t ngx_http_wasm_headers_length(ngx_http_wasm_ctx_t *ctx,
    off_t length);

/* ngx_http_wasm_lines.c */

void ngx_http_wasm_lines_drop(ngx_http_request_t *r, const char *name);
ngx_uint_t ngx_http_wasm_lines_empty(ngx_list_t *list);

/* ngx_http_wasm_undo.c */

ngx_int_t ngx_http_wasm_undo_save(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_dir_e dir);
void ngx_http_wasm_undo_back(ngx_http_wasm_ctx_t *ctx);

/* ngx_http_wasm_body.c */

ngx_int_t ngx_http_wasm_body_read(ngx_http_request_t *r,
    ngx_http_wasm_body_t *body, size_t start, size_t len, u_char *out);
ngx_int_t ngx_http_wasm_body_own(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, size_t room);
ngx_int_t ngx_http_wasm_body_append(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *to, ngx_http_wasm_body_t *from);
ngx_int_t ngx_http_wasm_body_splice(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body, size_t start, size_t cut, ngx_str_t *data,
    ngx_uint_t copy);
void ngx_http_wasm_body_clear(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body);
ngx_buf_t *ngx_http_wasm_body_view(ngx_http_wasm_ctx_t *ctx,
    ngx_http_wasm_body_t *body);
ngx_buf_t *ngx_http_wasm_body_shell(ngx_http_wasm_ctx_t *ctx);
void ngx_http_wasm_body_reuse(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b);
ngx_int_t ngx_http_wasm_body_put(ngx_http_wasm_ctx_t *ctx, ngx_buf_t *b,
    ngx_chain_t ***last);
void ngx_http_wasm_body_update(ngx_http_wasm_ctx_t *ctx, ngx_chain_t **busy);
void ngx_http_wasm_body_consume(ngx_buf_t *b);
off_t ngx_http_wasm_body_bytes(ngx_chain_t *cl);

/* ngx_http_wasm_property.c */

enum pw_status ngx_http_wasm_property_get(ngx_http_wasm_config_t *config,
    ngx_http_wasm_stream_t *st, ngx_str_t *path, struct pw_property *value);
enum pw_status ngx_http_wasm_property_set(ngx_http_wasm_stream_t *st,
    ngx_str_t *path, ngx_str_t *value);


extern ngx_module_t  ngx_http_wasm_filter_module;


/* the request's context, or NULL */

static ngx_inline ngx_http_wasm_ctx_t *
ngx_http_wasm_ctx_get(ngx_http_request_t *r)
{
    ngx_http_wasm_ctx_t  *ctx;

    ctx = ngx_http_get_module_ctx(r, ngx_http_wasm_filter_module);

    if (ctx || (!r->internal && !r->filter_finalize)) {
        return ctx;
    }

    return ngx_http_wasm_ctx_find(r);
}


#ifdef __GNUC__
#pragma GCC visibility pop
#endif


#endif /* _NGX_HTTP_WASM_MODULE_H_INCLUDED_ */

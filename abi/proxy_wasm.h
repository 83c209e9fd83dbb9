/*
 * Sluice abi: Proxy-Wasm 0.1.0, 0.2.0 and 0.2.1 on top of the engine.
 *
 * A proxy fills in one struct pw_host, loads plugins, makes one instance of a
 * plugin per worker, one root context per configuration in it, one stream
 * context per request, and calls pw_on_*.  What a plugin gets wrong is
 * answered to it with a Proxy-Wasm status; only a trap or an exceeded deadline
 * is a fault: the callback returns PW_FAULT, the instance is dead from then
 * on (no guest code of it runs again; every call on it or its contexts returns
 * PW_FAULT at once), and the proxy makes a new one.
 *
 * Ownership: what a *_new or *_load function makes, the caller releases with
 * the matching *_free.  An instance must outlive its contexts, a plugin its
 * instances, a runtime its plugins.  Text that a function returns belongs to
 * the object it was asked of.  All of it belongs to one thread.
 *
 * Sources: the Proxy-Wasm specification, abi-versions v0.1.0, v0.2.0, v0.2.1,
 * and, where it is silent, Envoy's behaviour; abi/README.md lists the calls.
 */
#ifndef SLUICE_PROXY_WASM_H
#define SLUICE_PROXY_WASM_H

#include "../engine/engine.h"

enum pw_status {
    PW_OK = 0, PW_NOT_FOUND = 1, PW_BAD_ARGUMENT = 2,
    PW_SERIALIZATION_FAILURE = 3, PW_PARSE_FAILURE = 4,
    PW_INVALID_MEMORY_ACCESS = 6, PW_EMPTY = 7, PW_CAS_MISMATCH = 8,
    PW_INTERNAL_FAILURE = 10, PW_UNIMPLEMENTED = 12
};

enum pw_log_level {
    PW_TRACE, PW_DEBUG, PW_INFO, PW_WARN, PW_ERROR, PW_CRITICAL
};

enum pw_map {
    PW_REQUEST_HEADERS, PW_REQUEST_TRAILERS,
    PW_RESPONSE_HEADERS, PW_RESPONSE_TRAILERS,
    PW_GRPC_INITIAL_METADATA, PW_GRPC_TRAILING_METADATA,
    PW_CALL_RESPONSE_HEADERS, PW_CALL_RESPONSE_TRAILERS,
    PW_NMAPS
};

enum pw_buffer {
    PW_REQUEST_BODY, PW_RESPONSE_BODY, PW_DOWNSTREAM_DATA, PW_UPSTREAM_DATA,
    PW_CALL_RESPONSE_BODY, PW_GRPC_MESSAGE, PW_VM_CONFIGURATION,
    PW_PLUGIN_CONFIGURATION, PW_CALL_DATA,
    PW_NBUFFERS
};

enum pw_stream_type {
    PW_STREAM_REQUEST, PW_STREAM_RESPONSE,
    PW_STREAM_DOWNSTREAM, PW_STREAM_UPSTREAM
};

/* Bytes, not NUL-terminated; data may be NULL if len is 0. */
struct pw_str {
    const char *data;
    size_t      len;
};

struct pw_pair {
    struct pw_str key, value;
};

/* --- the proxy ---------------------------------------------------------- */

enum pw_access { PW_ABSENT, PW_READ, PW_WRITE };   /* PW_WRITE reads, too */

struct pw_response {
    uint32_t status;                     /* 200-599 */
    struct pw_str details, body;
    const struct pw_pair *headers;       /* clean, no pseudo-headers */
    size_t   nheaders;
    int32_t  grpc_status;                /* 0-16, or -1: none */
};

/* A property's value; the abi encodes it for the guest (integers 8 bytes
 * little-endian, booleans 1 byte, strings as they are). */
struct pw_property {
    enum { PW_PROP_BYTES, PW_PROP_INT, PW_PROP_BOOL } kind;
    struct pw_str bytes;
    uint64_t      number;
};

/* A call to an upstream.  headers have :method, :path and :authority. */
struct pw_http_call {
    struct pw_str upstream;
    const struct pw_pair *headers, *trailers;
    size_t   nheaders, ntrailers;
    struct pw_str body;
    uint32_t timeout;                    /* ms; 0: none */
};

/* Its answer.  No headers at all: the call failed, see code and message (what
 * proxy_get_status tells, "reset"). */
struct pw_http_answer {
    const struct pw_pair *headers, *trailers;   /* names in lower case */
    size_t   nheaders, ntrailers;
    struct pw_str body;
    struct pw_str dispatch_status;       /* readable as :dispatch_status */
    uint32_t code;                       /* 0, or 11: broken connection */
    struct pw_str message;
};

enum pw_metric { PW_COUNTER, PW_GAUGE, PW_HISTOGRAM, PW_NMETRICS };

/*
 * What the abi needs of the proxy.  root and stream are the data pointers of
 * pw_root_new and pw_stream_new.  While an instance starts there is neither:
 * log, log_level and now get a NULL root then.  Elsewhere root is always there
 * and stream is missing (NULL) only where the comment says.
 *
 * Keys of header maps come in lower case from the abi, and "host" of a request
 * comes as ":authority".  Only map_get may be asked in upper case first: it need
 * not find that, and must not find "HOST" of a request; then it is asked in
 * lower case.  The host compares without regard to case and gives names in
 * lower case, pseudo-headers first (":authority", ":path", ":method",
 * ":scheme"; ":status").  Keys and values that could split a message never
 * reach the host: names are tokens or known pseudo-headers, values are free of
 * CR, LF and NUL, :status is 200-599, :method and :scheme tokens, :path and
 * :authority without blanks and control characters.  Pseudo-headers are never
 * added, only replaced, stand once in a list, and only :authority is ever
 * removed.
 *
 * Strings that the host returns are valid until the abi calls it to change the
 * same map, or the callback is over; the guest's allocator may run in between,
 * and log lines with it.  No function may call into the abi.  All pointers
 * must be set.
 */
struct pw_host {
    /* One line of the plugin's log, raw bytes, 4 KiB at most; the host escapes
     * control characters.  stream may be NULL; plugin is the name. */
    void (*log)(void *root, void *stream, struct pw_str plugin,
                enum pw_log_level level, struct pw_str text);
    /* Lowest level that is logged.  stream may be NULL. */
    enum pw_log_level (*log_level)(void *root, void *stream);
    /* Wall clock, nanoseconds since 1970. */
    uint64_t (*now)(void *root);

    /* Header maps.  Those of a call's answer are the abi's own affair, as is
     * its body: see pw_on_http_call_response. */
    enum pw_access (*map_access)(void *stream, enum pw_map map);
    /* 0 of a map that isn't there. */
    uint32_t (*map_count)(void *stream, enum pw_map map);
    /* The pairs of a map, how many there are (0 of a map that isn't there), and
     * the bytes of all their names and values.  If there may not be room: a
     * number that surely is enough, and nothing is stored.  SIZE_MAX: out of
     * memory. */
    size_t (*map_list)(void *stream, enum pw_map map, struct pw_pair *pairs,
                       size_t room, uint64_t *bytes);
    /* False also of a map that isn't there. */
    bool (*map_get)(void *stream, enum pw_map map, struct pw_str key,
                    struct pw_str *value);
    /* PW_OK, or PW_INTERNAL_FAILURE if out of memory.  The first two also:
     * PW_BAD_ARGUMENT if the map isn't there or can't be changed now (of the
     * others, the abi has asked). */
    enum pw_status (*map_add)(void *stream, enum pw_map map,
                              struct pw_str key, struct pw_str value);
    enum pw_status (*map_replace)(void *stream, enum pw_map map,
                                  struct pw_str key, struct pw_str value);
    enum pw_status (*map_remove)(void *stream, enum pw_map map,
                                 struct pw_str key);
    /* Replaces all; pseudo-headers that are left out stay as they are. */
    enum pw_status (*map_set)(void *stream, enum pw_map map,
                              const struct pw_pair *pairs, size_t npairs);

    /* Bodies (not the configurations).  Offsets are inside the size. */
    enum pw_access (*buffer_access)(void *stream, enum pw_buffer buffer);
    size_t (*buffer_size)(void *stream, enum pw_buffer buffer);
    /* Copies [start, start + len) to out. */
    void (*buffer_read)(void *stream, enum pw_buffer buffer, size_t start,
                        size_t len, uint8_t *out);
    /* Takes remove bytes out at start and puts data there. */
    enum pw_status (*buffer_splice)(void *stream, enum pw_buffer buffer,
                                    size_t start, size_t remove,
                                    struct pw_str data);

    /* Keeps a copy of the response and sends it when the callback has
     * returned; the first one wins. */
    enum pw_status (*local_response)(void *stream,
                                     const struct pw_response *response);
    /* Both take effect when the callback has returned. */
    enum pw_status (*continue_stream)(void *stream, enum pw_stream_type type);
    enum pw_status (*close_stream)(void *stream, enum pw_stream_type type);
    /* The request's route is chosen anew when all filters have seen it. */
    enum pw_status (*clear_route)(void *stream);

    /* path: the parts joined with dots ("request.path", "ngx.host").  The abi
     * itself answers plugin_name, plugin_root_id, request.headers* and
     * response.headers*; plugin_vm_id is whose shared data it is.  stream may
     * be NULL. */
    enum pw_status (*property_get)(void *root, void *stream,
                                   struct pw_str path,
                                   struct pw_property *value);
    /* path as the guest gave it.  stream may be NULL. */
    enum pw_status (*property_set)(void *root, void *stream,
                                   struct pw_str path, struct pw_str value);

    /*
     * From here on a pointer may be NULL: the guest's calls that need it
     * answer Unimplemented then.
     */

    /* Timer: pw_on_tick every ms milliseconds from now on, instead of what was
     * set before; 0: no more. */
    enum pw_status (*tick_period)(void *root, uint32_t ms);

    /* Shared data, common to all instances of the plugin.  get: PW_OK or
     * PW_NOT_FOUND; cas is never 0.  set: cas 0 sets in any case, another one
     * only if the key is missing or has it, else PW_CAS_MISMATCH;
     * PW_INTERNAL_FAILURE if there is no room. */
    enum pw_status (*shared_get)(void *root, struct pw_str key,
                                 struct pw_str *value, uint32_t *cas);
    enum pw_status (*shared_set)(void *root, struct pw_str key,
                                 struct pw_str value, uint32_t cas);

    /* Queues, common likewise.  open makes or finds one, and root gets
     * pw_on_queue_ready for each item from then on; find: PW_NOT_FOUND if there
     * is none, vm_id may be empty: its own.  Ids are not 0.  push, pop:
     * PW_NOT_FOUND for unknown ids, pop: PW_EMPTY. */
    enum pw_status (*queue_open)(void *root, struct pw_str name,
                                 uint32_t *id);
    enum pw_status (*queue_find)(void *root, struct pw_str vm_id,
                                 struct pw_str name, uint32_t *id);
    enum pw_status (*queue_push)(void *root, uint32_t id, struct pw_str item);
    enum pw_status (*queue_pop)(void *root, uint32_t id, struct pw_str *item);

    /* Metrics.  define makes or finds one; number is less than 2^30 - 1,
     * unique among those of its kind.  The others: PW_NOT_FOUND for unknown
     * numbers.  add: counters (delta may stand for an unsigned number) and
     * gauges; set: gauges, and histograms take it as a sample; get: counters
     * and gauges. */
    enum pw_status (*metric_define)(void *root, enum pw_metric kind,
                                    struct pw_str name, uint32_t *number);
    enum pw_status (*metric_add)(void *root, enum pw_metric kind,
                                 uint32_t number, int64_t delta);
    enum pw_status (*metric_set)(void *root, enum pw_metric kind,
                                 uint32_t number, uint64_t value);
    enum pw_status (*metric_get)(void *root, enum pw_metric kind,
                                 uint32_t number, uint64_t *value);

    /* Sends a call (all of it is copied).  PW_OK: one pw_on_http_call_response
     * with this id follows, later, not from here.  PW_BAD_ARGUMENT: no such
     * upstream; PW_INTERNAL_FAILURE: refused; then nothing follows.  stream
     * may be NULL; the call belongs to root and may outlive stream. */
    enum pw_status (*http_call)(void *root, void *stream,
                                const struct pw_http_call *call, uint32_t id);
};

/* --- runtime, plugin, instance ------------------------------------------ */

typedef struct pw_runtime  pw_runtime;
typedef struct pw_plugin   pw_plugin;
typedef struct pw_instance pw_instance;
typedef struct pw_root     pw_root;
typedef struct pw_stream   pw_stream;

/* Engine, host functions and proxy.  Neither is owned; both must outlive it.
 * NULL if out of memory. */
pw_runtime *pw_runtime_new(we_engine *engine, const struct pw_host *host);
void        pw_runtime_free(pw_runtime *runtime);

/* What a plugin may do besides logging, reading its configuration and the
 * time, and keeping state of its own.  Writing includes reading. */
enum pw_allow {
    PW_ALLOW_NOTHING = 0,
    PW_ALLOW_HEADERS_READ = 1 << 0, PW_ALLOW_HEADERS = 1 << 1,
    PW_ALLOW_BODY_READ = 1 << 2, PW_ALLOW_BODY = 1 << 3,
    PW_ALLOW_LOCAL_RESPONSE = 1 << 4,
    PW_ALLOW_PROPERTY_READ = 1 << 5, PW_ALLOW_PROPERTY_WRITE = 1 << 6,
    PW_ALLOW_SHARED_DATA = 1 << 7, PW_ALLOW_QUEUES = 1 << 8,
    PW_ALLOW_METRICS = 1 << 9, PW_ALLOW_TIMERS = 1 << 10,
    PW_ALLOW_FOREIGN = 1 << 11,
    PW_ALLOW_HTTP_CALL = 1 << 12,        /* those of limits.upstreams */
    PW_ALLOW_ONLY = 1 << 30              /* set in every mask but 0 */
};

/* Bounds of a plugin's instances; 0 takes the default. */
struct pw_limits {
    uint64_t memory;                     /* bytes; 16 MiB */
    uint64_t host_memory;                /* bytes the abi keeps an instance;
                                            4 MiB */
    uint64_t deadline;                   /* CPU ns a callback; 10 ms */
    uint64_t start_deadline;             /* start, vm_start, configure; 5 s */
    uint32_t allow;                      /* enum pw_allow, PW_ALLOW_ONLY and
                                            more; 0: all */
    uint64_t foreign;                    /* bits of pw_foreign_bit; 0: all */
    const struct pw_str *upstreams;      /* that may be called, "*" is any;
                                            the caller's as long as the plugin
                                            lives */
    size_t   nupstreams;                 /* 0: any */
};

/* The bit of a foreign function in limits.foreign; 0: there is none. */
uint64_t pw_foreign_bit(struct pw_str name);

/* Why a plugin could not be loaded or started.  One line. */
struct pw_error {
    const char *phase;                   /* "load", "link", "start",
                                            "vm_start", "configure", ... */
    char        text[1024];
};

/* Decodes and checks a plugin: ABI marker, memory, imports, signatures of the
 * callbacks.  name and vm_config are copied; NULL and *error set on failure. */
pw_plugin *pw_plugin_load(pw_runtime *runtime, struct pw_str name,
                          const void *bytes, size_t len,
                          struct pw_str vm_config,
                          const struct pw_limits *limits,
                          struct pw_error *error);
void       pw_plugin_free(pw_plugin *plugin);

enum pw_callback {
    PW_ON_REQUEST_HEADERS, PW_ON_REQUEST_BODY, PW_ON_REQUEST_TRAILERS,
    PW_ON_RESPONSE_HEADERS, PW_ON_RESPONSE_BODY, PW_ON_RESPONSE_TRAILERS,
    PW_ON_LOG, PW_ON_DONE, PW_ON_DELETE, PW_ON_TICK, PW_ON_QUEUE_READY,
    PW_ON_HTTP_CALL_RESPONSE,
    PW_ON_CONTEXT_CREATE, PW_ON_VM_START, PW_ON_CONFIGURE,
    PW_NCALLBACKS
};
/* Does the plugin export the callback?  Missing ones act as Continue. */
bool pw_plugin_has(const pw_plugin *plugin, enum pw_callback callback);
/* Imports that it isn't allowed to use; NULL past the last. */
const char *pw_plugin_denied(const pw_plugin *plugin, uint32_t i);
/* "0.2.1" ... */
const char *pw_plugin_abi(const pw_plugin *plugin);

/* Instantiates and runs _initialize or _start.  NULL and *error on failure. */
pw_instance *pw_instance_new(pw_plugin *plugin, struct pw_error *error);
void         pw_instance_free(pw_instance *instance);
/* The line that describes the fault that killed it: callback, cause and
 * back-trace; NULL while it is alive. */
const char  *pw_instance_fault(const pw_instance *instance);
/* Host calls that were refused because of limits.allow. */
uint64_t     pw_instance_denied(const pw_instance *instance);
/* Linear memory it holds, bytes. */
uint64_t     pw_instance_memory(const pw_instance *instance);

/* --- contexts ----------------------------------------------------------- */

/* A root context: on_context_create, on_vm_start, on_configure.  root_id and
 * configuration are copied.  NULL and *error on failure; the instance may then
 * be dead. */
pw_root *pw_root_new(pw_instance *instance, struct pw_str root_id,
                     struct pw_str configuration, void *data,
                     struct pw_error *error);
/* Runs on_done.  False: the plugin isn't done yet, the root should live on
 * until pw_root_is_done (the plugin called proxy_done) or a time-out. */
bool     pw_root_done(pw_root *root);
bool     pw_root_is_done(const pw_root *root);
/* on_done if it hasn't run, on_delete (unless dead), then releases. */
void     pw_root_free(pw_root *root);

enum pw_action {
    PW_CONTINUE,
    PW_PAUSE,
    PW_DROP,                             /* body: the chunk is consumed */
    PW_FAULT
};

/* PW_CONTINUE or PW_FAULT. */
enum pw_action pw_on_tick(pw_root *root);
enum pw_action pw_on_queue_ready(pw_root *root, uint32_t queue);
/* id as the host got it; the answer has to live until this returns. */
enum pw_action pw_on_http_call_response(pw_root *root, uint32_t id,
                                        const struct pw_http_answer *answer);

/* A stream context; on_context_create runs here.  NULL: out of memory or a
 * fault (pw_instance_fault tells which). */
pw_stream *pw_stream_new(pw_root *root, void *data);

/* The counts and sizes that the guest gets come from the host. */
enum pw_action pw_on_request_headers(pw_stream *stream, bool end_of_stream);
enum pw_action pw_on_request_body(pw_stream *stream, bool end_of_stream);
enum pw_action pw_on_request_trailers(pw_stream *stream);
enum pw_action pw_on_response_headers(pw_stream *stream, bool end_of_stream);
enum pw_action pw_on_response_body(pw_stream *stream, bool end_of_stream);
enum pw_action pw_on_response_trailers(pw_stream *stream);
/* PW_CONTINUE or PW_FAULT. */
enum pw_action pw_on_log(pw_stream *stream);
/* on_done, on_delete (unless dead), then releases; the answer of on_done is
 * ignored.  PW_CONTINUE or PW_FAULT. */
enum pw_action pw_stream_free(pw_stream *stream);

#endif

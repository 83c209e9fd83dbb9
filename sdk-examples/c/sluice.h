/*
 * Sluice SDK: Proxy-Wasm plugins in C.  One header, no library, no libc needed.
 *
 *     #include "sluice.h"
 *
 *     SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)
 *     {
 *         sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-hello"),
 *                           SLUICE_STR("world"));
 *         return SLUICE_CONTINUE;
 *     }
 *
 * Compile with any clang that has the wasm32 target:
 *
 *     clang --target=wasm32-wasi -mexec-model=reactor -O2 a.c -o a.wasm
 *     clang --target=wasm32 -nostdlib -mbulk-memory -Wl,--no-entry -O2 ...
 *
 * (or `python3 -m ziglang cc` in place of clang, from the package ziglang).
 * The plugin speaks Proxy-Wasm 0.2.1 and runs in every host that does.
 *
 * A callback is exported by being defined, and only then does the host call
 * it: define what you need and nothing else.  Include the header in one source
 * file of a plugin.
 *
 * Memory.  What the functions below return lives until the callback returns;
 * sluice_temp() gives memory of that kind.  What has to live longer goes into
 * the state of its context (SLUICE_STATE), or is sluice_alloc()'ed and
 * sluice_free()'d, or the libc's malloc is used as always.  Memory never goes
 * back to the host, but it is used again.
 *
 * Text is struct sluice_str: bytes and length, not NUL-terminated, any byte.
 * Header names come in lower case; they are found in any case.
 */
#ifndef SLUICE_H
#define SLUICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sluice_str {
    const char *data;
    size_t      len;
};

struct sluice_pair {
    struct sluice_str key, value;
};

/* Of a string literal; of a NUL-terminated string. */
#define SLUICE_STR(literal) \
    ((struct sluice_str){ (literal), sizeof(literal) - 1 })
static inline struct sluice_str sluice_str(const char *text);

/* What a headers or body callback answers. */
enum sluice_action {
    SLUICE_CONTINUE,       /* go on */
    SLUICE_PAUSE           /* headers: wait for sluice_continue();
                              body: collect, call again with all so far */
};

/* What a call into the host answers. */
enum sluice_status {
    SLUICE_OK, SLUICE_NOT_FOUND, SLUICE_BAD_ARGUMENT,
    SLUICE_SERIALIZATION_FAILURE, SLUICE_PARSE_FAILURE,
    SLUICE_INVALID_MEMORY_ACCESS = 6, SLUICE_EMPTY, SLUICE_CAS_MISMATCH,
    SLUICE_INTERNAL_FAILURE = 10, SLUICE_UNIMPLEMENTED = 12
};

enum sluice_map {
    SLUICE_REQUEST_HEADERS, SLUICE_REQUEST_TRAILERS,
    SLUICE_RESPONSE_HEADERS, SLUICE_RESPONSE_TRAILERS,
    SLUICE_ANSWER_HEADERS = 6, SLUICE_ANSWER_TRAILERS   /* of a call */
};

enum sluice_body {
    SLUICE_REQUEST_BODY, SLUICE_RESPONSE_BODY, SLUICE_ANSWER_BODY = 4
};
enum sluice_stream { SLUICE_REQUEST, SLUICE_RESPONSE };

enum sluice_level {
    SLUICE_TRACE, SLUICE_DEBUG, SLUICE_INFO, SLUICE_WARN, SLUICE_ERROR,
    SLUICE_CRITICAL
};

/* --- callbacks ----------------------------------------------------------- */

/*
 * Each is followed by a body, as a function is; the names in parentheses are
 * yours.  context is the number of the request's context, root that of a
 * configuration's.
 *
 *   SLUICE_ON_VM_START(root, text)       bool: false refuses to start
 *   SLUICE_ON_CONFIGURE(root, text)      bool: false refuses the configuration
 *   SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)      enum sluice_action
 *   SLUICE_ON_REQUEST_BODY(context, size, end_of_stream)   enum sluice_action
 *   SLUICE_ON_RESPONSE_HEADERS(context, end_of_stream)     enum sluice_action
 *   SLUICE_ON_RESPONSE_BODY(context, size, end_of_stream)  enum sluice_action
 *   SLUICE_ON_RESPONSE_TRAILERS(context, count)            enum sluice_action
 *   SLUICE_ON_LOG(context)               nothing
 *   SLUICE_ON_DONE(context)              bool
 *   SLUICE_ON_ANSWER(root, call, headers, size, trailers)  nothing:
 *                                        see sluice_call()
 *
 * text (struct sluice_str) is the configuration, size the bytes of the body
 * that can be read in this callback, end_of_stream (bool) says that no more of
 * the message follows, count the number of trailers.
 */
#define SLUICE_ON_VM_START(root, text) \
    SLUICE_CONFIGURING_("proxy_on_vm_start", vm_start, 6, root, text)
#define SLUICE_ON_CONFIGURE(root, text) \
    SLUICE_CONFIGURING_("proxy_on_configure", configure, 7, root, text)
#define SLUICE_ON_REQUEST_HEADERS(context, end) \
    SLUICE_HEADERS_("proxy_on_request_headers", request_headers, context, end)
#define SLUICE_ON_RESPONSE_HEADERS(context, end) \
    SLUICE_HEADERS_("proxy_on_response_headers", response_headers, context, end)
#define SLUICE_ON_REQUEST_BODY(context, size, end) \
    SLUICE_BODY_("proxy_on_request_body", request_body, context, size, end)
#define SLUICE_ON_RESPONSE_BODY(context, size, end) \
    SLUICE_BODY_("proxy_on_response_body", response_body, context, size, end)

#define SLUICE_ON_RESPONSE_TRAILERS(context, count)                        \
    static enum sluice_action sluice_on_response_trailers_(uint32_t,       \
                                                           size_t);        \
    SLUICE_EXPORT_("proxy_on_response_trailers")                           \
    uint32_t sluice_export_response_trailers_(uint32_t, uint32_t);         \
    uint32_t sluice_export_response_trailers_(uint32_t id_, uint32_t n_)   \
    {                                                                      \
        sluice_temp_reset_();                                              \
        return sluice_on_response_trailers_(id_, n_);                      \
    }                                                                      \
    static enum sluice_action                                              \
    sluice_on_response_trailers_(SLUICE_UNUSED_ uint32_t context,          \
                                 SLUICE_UNUSED_ size_t count)

#define SLUICE_ON_LOG(context)                                             \
    static void sluice_on_log_(uint32_t);                                  \
    SLUICE_EXPORT_("proxy_on_log") void sluice_export_log_(uint32_t id);   \
    void sluice_export_log_(uint32_t id)                                   \
    {                                                                      \
        sluice_temp_reset_();                                              \
        sluice_on_log_(id);                                                \
    }                                                                      \
    static void sluice_on_log_(SLUICE_UNUSED_ uint32_t context)

#define SLUICE_ON_DONE(context)                                            \
    static bool sluice_on_done_(uint32_t);                                 \
    SLUICE_EXPORT_("proxy_on_done") uint32_t sluice_export_done_(uint32_t);\
    uint32_t sluice_export_done_(uint32_t id)                              \
    {                                                                      \
        sluice_temp_reset_();                                              \
        return sluice_on_done_(id);                                        \
    }                                                                      \
    static bool sluice_on_done_(SLUICE_UNUSED_ uint32_t context)

#define SLUICE_ON_ANSWER(root, call, headers, size, trailers)              \
    static void sluice_on_answer_(uint32_t, uint32_t, size_t, size_t,      \
                                  size_t);                                 \
    SLUICE_EXPORT_("proxy_on_http_call_response")                          \
    void sluice_export_answer_(uint32_t, uint32_t, uint32_t, uint32_t,     \
                               uint32_t);                                  \
    void sluice_export_answer_(uint32_t root_, uint32_t call_,             \
                               uint32_t headers_, uint32_t size_,          \
                               uint32_t trailers_)                         \
    {                                                                      \
        sluice_temp_reset_();                                              \
        sluice_on_answer_(root_, call_, headers_, size_, trailers_);       \
    }                                                                      \
    static void sluice_on_answer_(SLUICE_UNUSED_ uint32_t root,            \
                                  SLUICE_UNUSED_ uint32_t call,            \
                                  SLUICE_UNUSED_ size_t headers,           \
                                  SLUICE_UNUSED_ size_t size,              \
                                  SLUICE_UNUSED_ size_t trailers)

/*
 * State that lives as long as its context: after SLUICE_STATE(struct config,
 * struct request), at the top of a plugin,
 *
 *   struct config  *sluice_root(context)    of the configuration in force;
 *                                           context may be a root, too
 *   struct request *sluice_request(context) of a request
 *
 * Both are all zero at first.  A plugin that keeps nothing a request says
 * SLUICE_STATE(struct config, char).  Memory that they point to isn't freed
 * with them: a root lives as long as the plugin, and for a request
 * SLUICE_ON_DONE is the place to free.
 */
#define SLUICE_STATE(root_type, request_type)                              \
    SLUICE_EXPORT_("proxy_on_context_create")                              \
    void sluice_export_context_create_(uint32_t id, uint32_t root);        \
    void sluice_export_context_create_(uint32_t id, uint32_t root)         \
    {                                                                      \
        sluice_temp_reset_();                                              \
        sluice_context_new_(id, root, root == 0 ? sizeof(root_type)        \
                                                : sizeof(request_type));   \
    }                                                                      \
    SLUICE_EXPORT_("proxy_on_delete")                                      \
    void sluice_export_delete_(uint32_t id);                               \
    void sluice_export_delete_(uint32_t id)                                \
    {                                                                      \
        sluice_context_free_(id);                                          \
    }                                                                      \
    SLUICE_UNUSED_ static root_type *sluice_root(uint32_t context)         \
    {                                                                      \
        struct sluice_context_ *c = sluice_context_find_(context);         \
        return (void *)(c->root == NULL ? c : c->root)->state;             \
    }                                                                      \
    SLUICE_UNUSED_ static request_type *sluice_request(uint32_t context)   \
    {                                                                      \
        return (void *)sluice_context_find_(context)->state;               \
    }

/* --- headers ------------------------------------------------------------- */

/* False if there is no such header.  Pseudo-headers: ":method", ":path",
 * ":authority", ":scheme"; ":status". */
static inline bool sluice_header_get(enum sluice_map map,
                                     struct sluice_str name,
                                     struct sluice_str *value);
/* One value in the place of all that there are; one more; none. */
static inline enum sluice_status
sluice_header_set(enum sluice_map map, struct sluice_str name,
                  struct sluice_str value);
static inline enum sluice_status
sluice_header_add(enum sluice_map map, struct sluice_str name,
                  struct sluice_str value);
static inline enum sluice_status sluice_header_remove(enum sluice_map map,
                                                      struct sluice_str name);
/*
 * All of them in order, one after the other; who looks for eight or more gets
 * them cheaper so than by a sluice_header_get for each:
 *
 *     struct sluice_cursor all = sluice_headers_all(SLUICE_REQUEST_HEADERS);
 *     struct sluice_pair header;
 *
 *     while (sluice_headers_next(&all, &header)) { ... }
 *
 * They are those that there were at first, whatever is changed meanwhile.
 */
struct sluice_cursor {
    const char *lens, *at;
    size_t      left;
};
static inline struct sluice_cursor sluice_headers_all(enum sluice_map map);
static inline bool sluice_headers_next(struct sluice_cursor *all,
                                       struct sluice_pair *header);
/* All of them at once; the count.  sluice_headers_set puts these in their
 * place. */
static inline size_t sluice_headers(enum sluice_map map,
                                    struct sluice_pair **pairs);
static inline enum sluice_status
sluice_headers_set(enum sluice_map map, const struct sluice_pair *pairs,
                   size_t count);

/* --- bodies -------------------------------------------------------------- */

/* The bytes [start, start + len) of what this callback has, or as many as
 * there are; they are a copy and may be changed in place. */
static inline struct sluice_str sluice_body_get(enum sluice_body body,
                                                size_t start, size_t len);
/* Takes remove bytes out at start and puts data there: (0, size, data)
 * replaces, (0, 0, data) prepends, (size, 0, data) appends.  If the length of
 * a response changes, remove its content-length in the headers callback. */
static inline enum sluice_status
sluice_body_splice(enum sluice_body body, size_t start, size_t remove,
                   struct sluice_str data);

/* --- the course of a request --------------------------------------------- */

/* Answers the client instead of going on; then return SLUICE_PAUSE. */
static inline enum sluice_status
sluice_respond(uint32_t status, struct sluice_str body,
               const struct sluice_pair *headers, size_t count);
/* Ends a SLUICE_PAUSE; ends the stream. */
static inline enum sluice_status sluice_continue(enum sluice_stream stream);
static inline enum sluice_status sluice_close(enum sluice_stream stream);

/* --- other servers ------------------------------------------------------- */

/*
 * Sends a request to an upstream by its name in the proxy's configuration.
 * headers has to have :method, :path and :authority.  The answer comes later,
 * in SLUICE_ON_ANSWER with this *call, within timeout milliseconds (0: as long
 * as the host allows): a failed one, too, with a :status of 502, 503 or 504, or
 * with no headers at all if it broke off.  There it can be read:
 * SLUICE_ANSWER_HEADERS, SLUICE_ANSWER_BODY, SLUICE_ANSWER_TRAILERS.
 * Return SLUICE_PAUSE to wait for it.
 */
static inline enum sluice_status
sluice_call(struct sluice_str upstream, const struct sluice_pair *headers,
            size_t count, struct sluice_str body, uint32_t timeout,
            uint32_t *call);
/* Until the callback returns, calls into the host are about this context:
 * the request that an answer is for, say.  False if it has ended. */
static inline bool sluice_turn_to(uint32_t context);

/* --- the rest of the host ------------------------------------------------ */

static inline void sluice_log(enum sluice_level level, struct sluice_str text);
/* Nanoseconds since 1970. */
static inline uint64_t sluice_now(void);
/* path: "request.path", "source.address", "plugin_name", "ngx.host" ...; dots
 * separate its parts.  False if there is none. */
static inline bool sluice_property(const char *path, struct sluice_str *value);
/* One that is a number (8 bytes) or truth (1 byte), like "response.code". */
static inline bool sluice_property_number(const char *path, uint64_t *value);
static inline enum sluice_status
sluice_property_set(const char *path, struct sluice_str value);

/* --- memory and text ----------------------------------------------------- */

/* Until the callback returns; NULL if the plugin's memory is used up. */
static inline void *sluice_temp(size_t size);
/* Until sluice_free(); all zero; NULL as above. */
static inline void *sluice_alloc(size_t size);
static inline void sluice_free(void *ptr);
/* A lasting copy, to be freed with sluice_free((void *)copy.data). */
static inline struct sluice_str sluice_keep(struct sluice_str text);

static inline bool sluice_equal(struct sluice_str a, struct sluice_str b);
static inline bool sluice_starts(struct sluice_str text,
                                 struct sluice_str prefix);
static inline bool sluice_contains(struct sluice_str text,
                                   struct sluice_str part);
/* a and b joined; number in decimal.  Both live as sluice_temp does. */
static inline struct sluice_str sluice_join(struct sluice_str a,
                                            struct sluice_str b);
static inline struct sluice_str sluice_decimal(uint64_t number);

/* ======================================================================== */
/* What follows is how it is done. */

#define SLUICE_UNUSED_ __attribute__((unused))
#define SLUICE_EXPORT_(name) __attribute__((export_name(name)))
#define SLUICE_IMPORT_(name) \
    __attribute__((import_module("env"), import_name(name)))

#define SLUICE_CONFIGURING_(export, name, buffer, id, text)                \
    static bool sluice_on_##name##_(uint32_t, struct sluice_str);          \
    SLUICE_EXPORT_(export)                                                 \
    uint32_t sluice_export_##name##_(uint32_t, uint32_t);                  \
    uint32_t sluice_export_##name##_(uint32_t root_, uint32_t size_)       \
    {                                                                      \
        sluice_temp_reset_();                                              \
        return sluice_on_##name##_(root_,                                  \
                                   sluice_buffer_(buffer, 0, size_));      \
    }                                                                      \
    static bool sluice_on_##name##_(SLUICE_UNUSED_ uint32_t id,            \
                                    SLUICE_UNUSED_ struct sluice_str text)

#define SLUICE_HEADERS_(export, name, context, end)                        \
    static enum sluice_action sluice_on_##name##_(uint32_t, bool);         \
    SLUICE_EXPORT_(export)                                                 \
    uint32_t sluice_export_##name##_(uint32_t, uint32_t, uint32_t);        \
    uint32_t sluice_export_##name##_(uint32_t id_, uint32_t count_,        \
                                     uint32_t end_)                        \
    {                                                                      \
        (void)count_;                                                      \
        sluice_temp_reset_();                                              \
        return sluice_on_##name##_(id_, end_ != 0);                        \
    }                                                                      \
    static enum sluice_action                                              \
    sluice_on_##name##_(SLUICE_UNUSED_ uint32_t context,                   \
                        SLUICE_UNUSED_ bool end)

#define SLUICE_BODY_(export, name, context, size, end)                     \
    static enum sluice_action sluice_on_##name##_(uint32_t, size_t, bool); \
    SLUICE_EXPORT_(export)                                                 \
    uint32_t sluice_export_##name##_(uint32_t, uint32_t, uint32_t);        \
    uint32_t sluice_export_##name##_(uint32_t id_, uint32_t size_,         \
                                     uint32_t end_)                        \
    {                                                                      \
        sluice_temp_reset_();                                              \
        return sluice_on_##name##_(id_, size_, end_ != 0);                 \
    }                                                                      \
    static enum sluice_action                                              \
    sluice_on_##name##_(SLUICE_UNUSED_ uint32_t context,                   \
                        SLUICE_UNUSED_ size_t size, SLUICE_UNUSED_ bool end)

SLUICE_EXPORT_("proxy_abi_version_0_2_1") void sluice_abi_version_(void);
void sluice_abi_version_(void)
{
}

SLUICE_IMPORT_("proxy_log")
enum sluice_status proxy_log_(uint32_t, const char *, size_t);
SLUICE_IMPORT_("proxy_get_current_time_nanoseconds")
enum sluice_status proxy_get_current_time_nanoseconds_(uint64_t *);
SLUICE_IMPORT_("proxy_get_header_map_value")
enum sluice_status proxy_get_header_map_value_(uint32_t, const char *, size_t,
                                               const char **, size_t *);
SLUICE_IMPORT_("proxy_replace_header_map_value")
enum sluice_status proxy_replace_header_map_value_(uint32_t, const char *,
                                                   size_t, const char *,
                                                   size_t);
SLUICE_IMPORT_("proxy_add_header_map_value")
enum sluice_status proxy_add_header_map_value_(uint32_t, const char *, size_t,
                                               const char *, size_t);
SLUICE_IMPORT_("proxy_remove_header_map_value")
enum sluice_status proxy_remove_header_map_value_(uint32_t, const char *,
                                                  size_t);
SLUICE_IMPORT_("proxy_get_header_map_pairs")
enum sluice_status proxy_get_header_map_pairs_(uint32_t, const char **,
                                               size_t *);
SLUICE_IMPORT_("proxy_set_header_map_pairs")
enum sluice_status proxy_set_header_map_pairs_(uint32_t, const char *, size_t);
SLUICE_IMPORT_("proxy_get_buffer_bytes")
enum sluice_status proxy_get_buffer_bytes_(uint32_t, size_t, size_t,
                                           const char **, size_t *);
SLUICE_IMPORT_("proxy_set_buffer_bytes")
enum sluice_status proxy_set_buffer_bytes_(uint32_t, size_t, size_t,
                                           const char *, size_t);
SLUICE_IMPORT_("proxy_get_property")
enum sluice_status proxy_get_property_(const char *, size_t, const char **,
                                       size_t *);
SLUICE_IMPORT_("proxy_set_property")
enum sluice_status proxy_set_property_(const char *, size_t, const char *,
                                       size_t);
SLUICE_IMPORT_("proxy_send_local_response")
enum sluice_status proxy_send_local_response_(uint32_t, const char *, size_t,
                                              const char *, size_t,
                                              const char *, size_t, uint32_t);
SLUICE_IMPORT_("proxy_continue_stream")
enum sluice_status proxy_continue_stream_(uint32_t);
SLUICE_IMPORT_("proxy_close_stream")
enum sluice_status proxy_close_stream_(uint32_t);
SLUICE_IMPORT_("proxy_http_call")
enum sluice_status proxy_http_call_(const char *, size_t, const char *, size_t,
                                    const char *, size_t, const char *, size_t,
                                    uint32_t, uint32_t *);
SLUICE_IMPORT_("proxy_set_effective_context")
enum sluice_status proxy_set_effective_context_(uint32_t);

/*
 * Memory comes from the host in whole pages.  Two heaps of regions: one for
 * what lives as long as a callback (emptied when the next one begins), one for
 * what is freed by hand, in blocks of powers of two.
 */
struct sluice_region_ {
    struct sluice_region_ *next;
    size_t                 size, used;   /* with this head */
    size_t                 pad_;
};

struct sluice_heap_ {
    struct sluice_region_ *first;
};

static struct sluice_heap_ sluice_temp_heap_, sluice_lasting_heap_;
static void *sluice_free_blocks_[32];
enum { SLUICE_PAGE_ = 65536, SLUICE_BLOCK_HEAD_ = 16 };

/* What is free in the region of the first heap that is taken from now.  Sluice
 * itself takes from here what it hands over; other hosts don't know it. */
static struct sluice_arena_ {
    char *next, *end;
} sluice_arena_;
static struct sluice_region_ *sluice_arena_region_;

/* A region with room for size more bytes; the newest one is extended if
 * nobody else has grown the memory since. */
static inline struct sluice_region_ *sluice_grow_(struct sluice_heap_ *heap,
                                                  size_t size)
{
    struct sluice_region_ *r = heap->first;
    size_t end = __builtin_wasm_memory_size(0) * SLUICE_PAGE_;
    bool extend = r != NULL && (size_t)r + r->size == end;
    size_t need = extend ? size - (r->size - r->used)
                         : size + sizeof(struct sluice_region_);
    size_t pages = need / SLUICE_PAGE_ + (need % SLUICE_PAGE_ != 0);

    if (need < size && !extend) {
        return NULL;
    }
    if (__builtin_wasm_memory_grow(0, pages) == SIZE_MAX) {
        return NULL;
    }
    if (!extend) {
        r = (struct sluice_region_ *)end;
        r->next = heap->first;
        r->size = 0;
        r->used = sizeof *r;
        heap->first = r;
    }
    r->size += pages * SLUICE_PAGE_;
    return r;
}

static inline struct sluice_region_ *sluice_room_(struct sluice_heap_ *heap,
                                                  size_t size)
{
    struct sluice_region_ *r = heap->first;

    while (r != NULL && r->size - r->used < size) {
        r = r->next;
    }
    return r != NULL ? r : sluice_grow_(heap, size);
}

/* size in whole 16 bytes, of which there is one at least; 0: that is no size. */
static inline size_t sluice_round_(size_t size)
{
    return size > SIZE_MAX - SLUICE_PAGE_
               ? 0
               : (size + (size == 0) + 15) & ~(size_t)15;
}

static inline void sluice_arena_open_(struct sluice_region_ *r)
{
    sluice_arena_region_ = r;
    sluice_arena_.next = (char *)r + r->used;
    sluice_arena_.end = (char *)r + r->size;
}

static inline void sluice_temp_reset_(void)
{
    struct sluice_region_ *r;

    for (r = sluice_temp_heap_.first; r != NULL; r = r->next) {
        r->used = sizeof *r;
    }
    if (sluice_temp_heap_.first != NULL) {
        sluice_arena_open_(sluice_temp_heap_.first);
    }
}

/* Goes on where there is room. */
static inline bool sluice_arena_turn_(size_t size)
{
    struct sluice_region_ *r = sluice_arena_region_;

    if (r != NULL) {
        r->used = (size_t)(sluice_arena_.next - (char *)r);
    }
    r = sluice_room_(&sluice_temp_heap_, size);
    if (r != NULL) {
        sluice_arena_open_(r);
    }
    return r != NULL;
}

static inline void *sluice_temp(size_t size)
{
    size_t rounded = sluice_round_(size);
    void *block;

    if (rounded < size
        || (rounded > (size_t)(sluice_arena_.end - sluice_arena_.next)
            && !sluice_arena_turn_(rounded))) {
        return NULL;
    }
    block = sluice_arena_.next;
    sluice_arena_.next += rounded;
    return block;
}

/* The host asks for room here when it hands over bytes ... */
SLUICE_EXPORT_("proxy_on_memory_allocate") void *sluice_allocate_(size_t size);
void *sluice_allocate_(size_t size)
{
    return sluice_temp(size);
}

/* ... unless it knows the way to where there is some left. */
SLUICE_EXPORT_("sluice_arena") struct sluice_arena_ *sluice_export_arena_(void);
struct sluice_arena_ *sluice_export_arena_(void)
{
    return &sluice_arena_;
}

/* Memory of the second heap. */
static inline char *sluice_take_(size_t size)
{
    size_t rounded = sluice_round_(size);
    struct sluice_region_ *r = rounded < size
                                   ? NULL
                                   : sluice_room_(&sluice_lasting_heap_,
                                                  rounded);

    if (r == NULL) {
        return NULL;
    }
    r->used += rounded;
    return (char *)r + r->used - rounded;
}

/* | class (16 bytes) | block of 2^class bytes | */
static inline void *sluice_alloc(size_t size)
{
    uint32_t class = 5;
    char *block;

    if (size > SIZE_MAX / 4) {
        return NULL;
    }
    while (((size_t)1 << class) < size) {
        class++;
    }
    block = sluice_free_blocks_[class];
    if (block != NULL) {
        __builtin_memcpy(&sluice_free_blocks_[class], block, sizeof(void *));
    } else {
        block = sluice_take_(SLUICE_BLOCK_HEAD_ + ((size_t)1 << class));
        if (block == NULL) {
            return NULL;
        }
        block += SLUICE_BLOCK_HEAD_;
        __builtin_memcpy(block - SLUICE_BLOCK_HEAD_, &class, sizeof class);
    }
    __builtin_memset(block, 0, size);
    return block;
}

static inline void sluice_free(void *ptr)
{
    uint32_t class;

    if (ptr != NULL) {
        __builtin_memcpy(&class, (char *)ptr - SLUICE_BLOCK_HEAD_,
                         sizeof class);
        __builtin_memcpy(ptr, &sluice_free_blocks_[class], sizeof(void *));
        sluice_free_blocks_[class] = ptr;
    }
}

static inline struct sluice_str sluice_keep(struct sluice_str text)
{
    char *copy = sluice_alloc(text.len);

    if (copy == NULL) {
        return (struct sluice_str){ NULL, 0 };
    }
    if (text.len != 0) {
        __builtin_memcpy(copy, text.data, text.len);
    }
    return (struct sluice_str){ copy, text.len };
}

/* Contexts by their number. */
struct sluice_context_ {
    struct sluice_context_ *next, *root;   /* root NULL: it is one */
    uint32_t                id;
    _Alignas(16) char       state[];
};

enum { SLUICE_BUCKETS_ = 64 };
static struct sluice_context_ *sluice_contexts_[SLUICE_BUCKETS_];

/* The host knows the contexts that it made: an unknown one can't be. */
static inline struct sluice_context_ *sluice_context_find_(uint32_t id)
{
    struct sluice_context_ *c = sluice_contexts_[id % SLUICE_BUCKETS_];

    while (c != NULL && c->id != id) {
        c = c->next;
    }
    if (c == NULL) {
        __builtin_trap();
    }
    return c;
}

static inline void sluice_context_new_(uint32_t id, uint32_t root, size_t size)
{
    struct sluice_context_ *c = sluice_alloc(sizeof *c + size);

    if (c == NULL) {
        __builtin_trap();
    }
    c->id = id;
    c->root = root == 0 ? NULL : sluice_context_find_(root);
    c->next = sluice_contexts_[id % SLUICE_BUCKETS_];
    sluice_contexts_[id % SLUICE_BUCKETS_] = c;
}

static inline void sluice_context_free_(uint32_t id)
{
    struct sluice_context_ **at = &sluice_contexts_[id % SLUICE_BUCKETS_], *c;

    while ((c = *at) != NULL && c->id != id) {
        at = &c->next;
    }
    if (c != NULL) {
        *at = c->next;
        sluice_free(c);
    }
}

static inline struct sluice_str sluice_str(const char *text)
{
    return (struct sluice_str){ text, __builtin_strlen(text) };
}

static inline bool sluice_starts(struct sluice_str text,
                                 struct sluice_str prefix)
{
    size_t i = 0;

    if (prefix.len > text.len) {
        return false;
    }
    while (i < prefix.len && text.data[i] == prefix.data[i]) {
        i++;
    }
    return i == prefix.len;
}

static inline bool sluice_equal(struct sluice_str a, struct sluice_str b)
{
    return a.len == b.len && sluice_starts(a, b);
}

static inline bool sluice_contains(struct sluice_str text,
                                   struct sluice_str part)
{
    while (text.len >= part.len) {
        if (sluice_starts(text, part)) {
            return true;
        }
        if (text.len == 0) {
            break;
        }
        text.data++;
        text.len--;
    }
    return false;
}

static inline struct sluice_str sluice_join(struct sluice_str a,
                                            struct sluice_str b)
{
    char *joined = sluice_temp(a.len + b.len);

    if (joined == NULL) {
        return (struct sluice_str){ NULL, 0 };
    }
    if (a.len != 0) {
        __builtin_memcpy(joined, a.data, a.len);
    }
    if (b.len != 0) {
        __builtin_memcpy(joined + a.len, b.data, b.len);
    }
    return (struct sluice_str){ joined, a.len + b.len };
}

static inline struct sluice_str sluice_decimal(uint64_t number)
{
    char *end = (char *)sluice_temp(20), *p;

    if (end == NULL) {
        return (struct sluice_str){ NULL, 0 };
    }
    end += 20;
    p = end;
    do {
        *--p = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    return (struct sluice_str){ p, (size_t)(end - p) };
}

static inline void sluice_log(enum sluice_level level, struct sluice_str text)
{
    proxy_log_(level, text.data, text.len);
}

static inline uint64_t sluice_now(void)
{
    uint64_t now = 0;

    proxy_get_current_time_nanoseconds_(&now);
    return now;
}

static inline bool sluice_header_get(enum sluice_map map,
                                     struct sluice_str name,
                                     struct sluice_str *value)
{
    *value = (struct sluice_str){ NULL, 0 };
    return proxy_get_header_map_value_(map, name.data, name.len, &value->data,
                                       &value->len) == SLUICE_OK;
}

static inline enum sluice_status
sluice_header_set(enum sluice_map map, struct sluice_str name,
                  struct sluice_str value)
{
    return proxy_replace_header_map_value_(map, name.data, name.len,
                                           value.data, value.len);
}

static inline enum sluice_status
sluice_header_add(enum sluice_map map, struct sluice_str name,
                  struct sluice_str value)
{
    return proxy_add_header_map_value_(map, name.data, name.len, value.data,
                                       value.len);
}

static inline enum sluice_status sluice_header_remove(enum sluice_map map,
                                                      struct sluice_str name)
{
    return proxy_remove_header_map_value_(map, name.data, name.len);
}

/*
 * Pairs on the wire: the count, then two lengths a pair, then key, NUL, value,
 * NUL a pair; numbers are 32 bits, little-endian.
 */
static inline struct sluice_cursor sluice_headers_all(enum sluice_map map)
{
    const char *blob = NULL;
    uint32_t count;
    size_t size = 0;

    if (proxy_get_header_map_pairs_(map, &blob, &size) != SLUICE_OK
        || size < sizeof count) {
        return (struct sluice_cursor){ NULL, NULL, 0 };
    }
    __builtin_memcpy(&count, blob, sizeof count);
    return (struct sluice_cursor){ blob + 4, blob + 4 + count * 8, count };
}

static inline bool sluice_headers_next(struct sluice_cursor *all,
                                       struct sluice_pair *header)
{
    uint32_t lens[2];

    if (all->left == 0) {
        return false;
    }
    __builtin_memcpy(lens, all->lens, sizeof lens);
    header->key = (struct sluice_str){ all->at, lens[0] };
    header->value = (struct sluice_str){ all->at + lens[0] + 1, lens[1] };
    all->lens += sizeof lens;
    all->at = header->value.data + lens[1] + 1;
    all->left--;
    return true;
}

static inline size_t sluice_headers(enum sluice_map map,
                                    struct sluice_pair **pairs)
{
    struct sluice_cursor all = sluice_headers_all(map);
    size_t count = all.left;
    struct sluice_pair *p = sluice_temp(count * sizeof *p);

    *pairs = p;
    while (p != NULL && sluice_headers_next(&all, p)) {
        p++;
    }
    return *pairs == NULL ? 0 : count;
}

static inline char *sluice_put_(char *at, struct sluice_str text)
{
    if (text.len != 0) {
        __builtin_memcpy(at, text.data, text.len);
    }
    at[text.len] = '\0';
    return at + text.len + 1;
}

static inline struct sluice_str
sluice_serialize_(const struct sluice_pair *pairs, size_t count)
{
    size_t size = 4 + count * 8, i;
    uint32_t n = (uint32_t)count, lens[2];
    char *blob, *at;

    for (i = 0; i < count; i++) {
        size += pairs[i].key.len + pairs[i].value.len + 2;
    }
    blob = sluice_temp(size);
    if (blob == NULL) {
        return (struct sluice_str){ NULL, 0 };
    }
    __builtin_memcpy(blob, &n, sizeof n);
    at = blob + 4 + count * 8;
    for (i = 0; i < count; i++) {
        lens[0] = (uint32_t)pairs[i].key.len;
        lens[1] = (uint32_t)pairs[i].value.len;
        __builtin_memcpy(blob + 4 + i * 8, lens, sizeof lens);
        at = sluice_put_(at, pairs[i].key);
        at = sluice_put_(at, pairs[i].value);
    }
    return (struct sluice_str){ blob, size };
}

static inline enum sluice_status
sluice_headers_set(enum sluice_map map, const struct sluice_pair *pairs,
                   size_t count)
{
    struct sluice_str blob = sluice_serialize_(pairs, count);

    if (blob.data == NULL) {
        return SLUICE_INTERNAL_FAILURE;
    }
    return proxy_set_header_map_pairs_(map, blob.data, blob.len);
}

static inline struct sluice_str sluice_buffer_(uint32_t buffer, size_t start,
                                               size_t len)
{
    struct sluice_str bytes = { NULL, 0 };

    if (len != 0) {
        proxy_get_buffer_bytes_(buffer, start, len, &bytes.data, &bytes.len);
    }
    return bytes;
}

static inline struct sluice_str sluice_body_get(enum sluice_body body,
                                                size_t start, size_t len)
{
    return sluice_buffer_(body, start, len);
}

static inline enum sluice_status
sluice_body_splice(enum sluice_body body, size_t start, size_t remove,
                   struct sluice_str data)
{
    return proxy_set_buffer_bytes_(body, start, remove, data.data, data.len);
}

static inline enum sluice_status
sluice_respond(uint32_t status, struct sluice_str body,
               const struct sluice_pair *headers, size_t count)
{
    struct sluice_str blob = sluice_serialize_(headers, count);

    if (blob.data == NULL) {
        return SLUICE_INTERNAL_FAILURE;
    }
    return proxy_send_local_response_(status, NULL, 0, body.data, body.len,
                                      blob.data, blob.len, UINT32_MAX);
}

static inline enum sluice_status sluice_continue(enum sluice_stream stream)
{
    return proxy_continue_stream_(stream);
}

static inline enum sluice_status sluice_close(enum sluice_stream stream)
{
    return proxy_close_stream_(stream);
}

static inline enum sluice_status
sluice_call(struct sluice_str upstream, const struct sluice_pair *headers,
            size_t count, struct sluice_str body, uint32_t timeout,
            uint32_t *call)
{
    struct sluice_str blob = sluice_serialize_(headers, count);

    if (blob.data == NULL) {
        return SLUICE_INTERNAL_FAILURE;
    }
    return proxy_http_call_(upstream.data, upstream.len, blob.data, blob.len,
                            body.data, body.len, NULL, 0, timeout, call);
}

static inline bool sluice_turn_to(uint32_t context)
{
    return proxy_set_effective_context_(context) == SLUICE_OK;
}

/* The parts of a path are separated by NUL. */
static inline struct sluice_str sluice_path_(const char *path)
{
    struct sluice_str text = sluice_str(path);
    char *copy = sluice_temp(text.len);
    size_t i;

    if (copy == NULL) {
        return (struct sluice_str){ NULL, 0 };
    }
    for (i = 0; i < text.len; i++) {
        copy[i] = path[i] == '.' ? '\0' : path[i];
    }
    return (struct sluice_str){ copy, text.len };
}

static inline bool sluice_property(const char *path, struct sluice_str *value)
{
    struct sluice_str p = sluice_path_(path);

    *value = (struct sluice_str){ NULL, 0 };
    return proxy_get_property_(p.data, p.len, &value->data, &value->len)
           == SLUICE_OK;
}

static inline bool sluice_property_number(const char *path, uint64_t *value)
{
    struct sluice_str bytes;

    *value = 0;
    if (!sluice_property(path, &bytes) || (bytes.len != 8 && bytes.len != 1)) {
        return false;
    }
    if (bytes.len == 1) {
        *value = (uint8_t)bytes.data[0];
    } else {
        __builtin_memcpy(value, bytes.data, 8);
    }
    return true;
}

static inline enum sluice_status
sluice_property_set(const char *path, struct sluice_str value)
{
    struct sluice_str p = sluice_path_(path);

    return proxy_set_property_(p.data, p.len, value.data, value.len);
}

#endif

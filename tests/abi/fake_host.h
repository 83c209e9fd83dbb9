/*
 * A proxy in memory for the tests of the abi, and a rig around it: an engine,
 * one plugin compiled from tests/abi/plugins, an instance, a root and a
 * stream.  What the plugin logs and what the host was asked to do comes
 * together in one text, in order: see fake_log.
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include "../../abi/proxy_wasm.h"
#include "../tap.h"

enum { FAKE_PAIRS = 2048, FAKE_LOG = 1 << 20, FAKE_PROPS = 16 };

struct fake_pair {
    char  *key, *value;
    size_t key_len, value_len;
};

struct fake_map {
    enum pw_access   access;
    struct fake_pair pairs[FAKE_PAIRS];
    size_t           n;
};

struct fake_body {
    enum pw_access access;
    uint8_t       *data;
    size_t         len;
};

struct fake_property {
    const char *path;                    /* NULL: unused */
    struct pw_property value;
    char       *text;                    /* of one that was set */
};

/* Shared things; name NULL: unused. */
enum { FAKE_SHARED = 8, FAKE_QUEUES = 4, FAKE_ITEMS = 8, FAKE_METRICS = 8 };

struct fake_shared {
    char    *key, *value;
    size_t   key_len, value_len;
    uint32_t cas;
};

struct fake_queue {
    char  *name;
    char  *items[FAKE_ITEMS];
    size_t len[FAKE_ITEMS], first, n;
};

struct fake_metric {
    char    *name;
    uint64_t value;
};

struct fake;

/* The host's side of a stream; also that of a root (without maps in use). */
struct fake_stream {
    struct fake     *fake;
    struct fake_map  maps[PW_NMAPS];
    struct fake_body bodies[PW_NBUFFERS];
    bool             answered;
};

struct fake {
    struct pw_host     host;
    enum pw_log_level  level;
    uint64_t           now;
    char               log[FAKE_LOG];    /* NUL-terminated */
    size_t             log_len;
    struct fake_property props[FAKE_PROPS];
    enum pw_status     refuse;           /* what changes answer, if not 0 */
    struct fake_shared shared[FAKE_SHARED];
    uint32_t           cas;              /* the last one given */
    struct fake_queue  queues[FAKE_QUEUES];
    struct fake_metric metrics[PW_NMETRICS][FAKE_METRICS];

    struct tap_allocator allocator;
    we_engine         *engine;
    pw_runtime        *runtime;
    pw_plugin         *plugin;
    pw_instance       *instance;
    pw_root           *root;
    pw_stream         *stream;
    struct fake_stream root_side, side;
    struct pw_error    error;
};

/*
 * Compiles tests/abi/plugins/NAME.c with more flags for the compiler (or
 * NULL).  Ends the test program, as skipped, if there is no compiler for
 * wasm32, and as failed if it fails.
 */
const void *fake_compile(const char *name, const char *flags, size_t *len);

/* An empty proxy with an engine. */
struct fake *fake_new(void);
/* Frees plugin, instance and contexts, too; checks the allocator's books. */
void fake_free(struct fake *fake);

/* Each step alone; false: fake->error says why. */
bool fake_load(struct fake *fake, const void *bytes, size_t len,
               const char *vm_config, const struct pw_limits *limits);
bool fake_start(struct fake *fake);
bool fake_configure(struct fake *fake, const char *configuration);
bool fake_open(struct fake *fake);       /* a stream */

/* The probe with a script, up to an open stream; a deadline of 1 s. */
struct fake *fake_probe(const char *script);
struct fake *fake_probe_with(const char *flags, const char *script,
                             const struct pw_limits *limits);

/* A map or body that can be changed; pairs is a list that ends in NULL. */
void fake_set_map(struct fake_stream *side, enum pw_map map,
                  enum pw_access access, const char *const *pairs);
void fake_set_body(struct fake_stream *side, enum pw_buffer buffer,
                   enum pw_access access, const char *text);
/* "k=v,k=v" in order; static storage. */
const char *fake_map_text(const struct fake_stream *side, enum pw_map map);
void fake_set_property(struct fake *fake, const char *path,
                       struct pw_property value);

/* Empties what fake_log returns. */
void fake_clear(struct fake *fake);
/*
 * What happened, a line each: log lines as they are (with "warn: " and so on
 * before levels other than info), and what the host was asked to do in
 * brackets, as [add request x-a=1].
 */
const char *fake_log(const struct fake *fake);

#endif

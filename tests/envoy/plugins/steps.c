/*
 * Does what its configuration says and logs what came of it, straight over
 * the ABI.  A line of the configuration is a step:
 *
 *     CALLBACK [WHEN...] STEP [ARGUMENTS]
 *
 * Callbacks: start, configure, rcreate, rdone, rdelete, tick, queue, called
 * (the answer of a call-out), foreign, of a root; create, rh, rb, rt, sh, sb,
 * st, log, done, delete, of a request.
 * When: end (of the stream), data (a body callback with bytes), nth=N (the
 * N-th time that the callback runs), request=N (in the N-th request).
 * Steps are rows of calls[] (a host call: it is logged with its status and
 * results) and of acts[].  Arguments, by the letters of a row:
 *
 *     v  a number, or $a: what was kept there; $root, $stream, $context
 *     b  text; "with blanks and \x00"; null; wild (out of memory);
 *        300*x (300 of them)
 *     p  {name=value,name=value}, or as b
 * and of results, which take no argument but the last one:
 *     B  bytes   M  pairs   S  pairs, sorted   P  a number of 1 or 8 bytes
 *     o  u32   q  u64
 *     i  u32 that is kept in $a: the argument; only that it isn't 0 is logged
 *
 * A result is shown as number or text (escaped), as null (address and size 0)
 * or as - (nothing was written).
 */
typedef unsigned char      u8;
typedef unsigned int       u32;
typedef unsigned long long u64;

#define EXPORT(name) __attribute__((export_name(#name)))
#define ENV(name) \
    __attribute__((import_module("env"), import_name(#name)))
#define WASI(name) \
    __attribute__((import_module("wasi_snapshot_preview1"), \
                   import_name(#name)))
#define ADDRESS(p) ((u32)(unsigned long)(p))
#define LENGTH(a)  (sizeof(a) / sizeof((a)[0]))

#define T0  void
#define T1  u32
#define T2  T1, u32
#define T3  T2, u32
#define T4  T3, u32
#define T5  T4, u32
#define T6  T5, u32
#define T8  T6, u32, u32
#define T9  T8, u32
#define T10 T9, u32
#define T12 T10, u32, u32
#define A0
#define A1  (u32)a[0]
#define A2  A1, (u32)a[1]
#define A3  A2, (u32)a[2]
#define A4  A3, (u32)a[3]
#define A5  A4, (u32)a[4]
#define A6  A5, (u32)a[5]
#define A8  A6, (u32)a[6], (u32)a[7]
#define A9  A8, (u32)a[8]
#define A10 A9, (u32)a[9]
#define A12 A10, (u32)a[10], (u32)a[11]
#define TL  u32, u64
#define AL  (u32)a[0], a[1]

/* row(name of the step, host call, shape, arguments and results) */
#define HOSTCALLS(row)                                        \
    row(time, proxy_get_current_time_nanoseconds, 1, "q")     \
    row(equal, pthread_equal, 2, "vv")                        \
    row(get, proxy_get_buffer_bytes, 5, "vvvB")               \
    row(size, proxy_get_buffer_status, 3, "voo")              \
    row(put, proxy_set_buffer_bytes, 5, "vvvb")               \
    row(pairs, proxy_get_header_map_pairs, 3, "vM")           \
    row(setpairs, proxy_set_header_map_pairs, 3, "vp")        \
    row(value, proxy_get_header_map_value, 5, "vbB")          \
    row(add, proxy_add_header_map_value, 5, "vbb")            \
    row(set, proxy_replace_header_map_value, 5, "vbb")        \
    row(remove, proxy_remove_header_map_value, 3, "vb")       \
    row(mapsize, proxy_get_header_map_size, 2, "vo")          \
    row(prop, proxy_get_property, 4, "bB")                    \
    row(number, proxy_get_property, 4, "bP")                  \
    row(map, proxy_get_property, 4, "bS")                     \
    row(setprop, proxy_set_property, 4, "bb")                 \
    row(respond, proxy_send_local_response, 8, "vbbpv")       \
    row(context, proxy_set_effective_context, 1, "v")         \
    row(finish, proxy_done, 0, "")                            \
    row(call, proxy_http_call, 10, "bpbpvi")                  \
    row(status, proxy_get_status, 3, "oB")                    \
    row(grpc, proxy_grpc_call, 12, "bbbpbvi")                 \
    row(grpcstream, proxy_grpc_stream, 9, "bbbpi")            \
    row(grpcsend, proxy_grpc_send, 4, "vbv")                  \
    row(grpccancel, proxy_grpc_cancel, 1, "v")                \
    row(grpcclose, proxy_grpc_close, 1, "v")                  \
    row(dns, envoy_resolve_dns, 3, "bi")                      \
    row(ticks, proxy_set_tick_period_milliseconds, 1, "v")    \
    row(getdata, proxy_get_shared_data, 5, "bBi")                \
    row(setdata, proxy_set_shared_data, 5, "bbv")             \
    row(register, proxy_register_shared_queue, 3, "bi")       \
    row(resolve, proxy_resolve_shared_queue, 5, "bbi")        \
    row(enqueue, proxy_enqueue_shared_queue, 3, "vb")         \
    row(dequeue, proxy_dequeue_shared_queue, 3, "vB")         \
    row(define, proxy_define_metric, 4, "vbi")                \
    row(metric, proxy_get_metric, 2, "vq")                    \
    row(foreign, proxy_call_foreign_function, 6, "bbB")

#define LONG_HOSTCALLS(row)                                   \
    row(increment, proxy_increment_metric, L, "vv")           \
    row(record, proxy_record_metric, L, "vv")

/* What only some versions have. */
#ifdef ABI_0_1_0
#define VERSION proxy_abi_version_0_1_0
#define VERSION_HOSTCALLS(row)                                \
    row(config, proxy_get_configuration, 2, "B")              \
    row(continue_request, proxy_continue_request, 0, "")      \
    row(continue_response, proxy_continue_response, 0, "")    \
    row(clear_route, proxy_clear_route_cache, 0, "")
#elif defined ABI_0_2_0
#define VERSION proxy_abi_version_0_2_0
#define VERSION_HOSTCALLS(row)                                \
    row(continue, proxy_continue_stream, 1, "v")              \
    row(close, proxy_close_stream, 1, "v")
#else
#define VERSION proxy_abi_version_0_2_1
#define VERSION_HOSTCALLS(row)                                \
    row(continue, proxy_continue_stream, 1, "v")              \
    row(close, proxy_close_stream, 1, "v")                    \
    row(level, proxy_get_log_level, 1, "o")
#endif

#define DECLARE(step, call, arity, kinds) ENV(call) u32 call(T##arity);
HOSTCALLS(DECLARE) LONG_HOSTCALLS(DECLARE) VERSION_HOSTCALLS(DECLARE)
ENV(proxy_log) u32 proxy_log(u32 level, u32 text, u32 len);
WASI(proc_exit) void proc_exit(u32 status);
WASI(fd_write) u32 fd_write(u32 fd, u32 vectors, u32 count, u32 out);
WASI(random_get) u32 random_get(u32 at, u32 len);
WASI(clock_time_get) u32 clock_time_get(u32 id, u64 precision, u32 out);
WASI(environ_sizes_get) u32 environ_sizes_get(u32 count, u32 size);
WASI(environ_get) u32 environ_get(u32 at, u32 text);
WASI(args_sizes_get) u32 args_sizes_get(u32 count, u32 size);
WASI(args_get) u32 args_get(u32 at, u32 text);
WASI(fd_close) u32 fd_close(u32 fd);
WASI(fd_seek) u32 fd_seek(u32 fd, u64 offset, u32 whence, u32 out);
WASI(fd_read) u32 fd_read(u32 fd, u32 vectors, u32 count, u32 out);
WASI(fd_tell) u32 fd_tell(u32 fd, u32 out);
WASI(fd_fdstat_get) u32 fd_fdstat_get(u32 fd, u32 out);
WASI(fd_fdstat_set_flags) u32 fd_fdstat_set_flags(u32 fd, u32 flags);
WASI(fd_filestat_get) u32 fd_filestat_get(u32 fd, u32 out);
WASI(fd_prestat_get) u32 fd_prestat_get(u32 fd, u32 out);
WASI(fd_prestat_dir_name) u32 fd_prestat_dir_name(u32 fd, u32 out, u32 len);
WASI(fd_sync) u32 fd_sync(u32 fd);
WASI(path_open) u32 path_open(u32 fd, u32 flags, u32 path, u32 len, u32 open,
                              u64 rights, u64 more, u32 fdflags, u32 out);
WASI(path_filestat_get) u32 path_filestat_get(u32 fd, u32 flags, u32 path,
                                              u32 len, u32 out);
WASI(poll_oneoff) u32 poll_oneoff(u32 in, u32 out, u32 count, u32 got);
WASI(sched_yield) u32 sched_yield(void);
WASI(clock_res_get) u32 clock_res_get(u32 id, u32 out);
ENV(emscripten_notify_memory_growth)
void emscripten_notify_memory_growth(u32 index);

#define WRAP(step, call, arity, kinds) \
    static u32 step##_(const u64 *a) { (void)a; return call(A##arity); }
HOSTCALLS(WRAP) LONG_HOSTCALLS(WRAP) VERSION_HOSTCALLS(WRAP)

static const struct call {
    const char *name, *kinds;
    u32       (*call)(const u64 *a);
} calls[] = {
#define ROW(step, call, arity, kinds) { #step, kinds, step##_ },
    HOSTCALLS(ROW) LONG_HOSTCALLS(ROW) VERSION_HOSTCALLS(ROW)
};

/* --- memory: all of it is taken back when a callback begins --------------- */

extern u8 __heap_base;
static u32 heap;
static enum { GOOD, ZERO, WILD, TRAP } allocator;

static u32 take(u32 size)
{
    u32 at = heap, have = (u32)__builtin_wasm_memory_size(0) * 65536u;

    heap += (size + 15) & ~15u;
    if (heap > have && __builtin_wasm_memory_grow(0, (heap - have) / 65536 + 1)
                           == (unsigned long)-1) {
        __builtin_trap();
    }
    return at;
}

#ifndef ALLOCATOR
#define ALLOCATOR malloc
#endif
#define EXPORT_(name) EXPORT(name)

EXPORT_(ALLOCATOR) u32 allocate(u32 size);
u32 allocate(u32 size)
{
    if (allocator == TRAP) {
        __builtin_trap();
    }
    return allocator == GOOD ? take(size) : allocator == WILD ? 0xfffffff0 : 0;
}

/* --- the line for the log ------------------------------------------------- */

static char line[1 << 15];
static u32 line_len;

static void put_char(char ch)
{
    if (line_len < sizeof line) {
        line[line_len++] = ch;
    }
}

static void put_text(const char *s)
{
    while (*s != '\0') {
        put_char(*s++);
    }
}

static void put_number(u64 n)
{
    char digits[20];
    u32 i = 0;

    do {
        digits[i++] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    while (i > 0) {
        put_char(digits[--i]);
    }
}

static void put_bytes(const u8 *s, u32 len)
{
    for (u32 i = 0; i < len && i < 1000; i++) {
        if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\') {
            put_char((char)s[i]);
        } else {
            put_text("\\x");
            put_char("0123456789abcdef"[s[i] >> 4]);
            put_char("0123456789abcdef"[s[i] & 15]);
        }
    }
    if (len > 1000) {
        put_text("... ");
        put_number(len);
    }
}

static void flush(void)
{
    proxy_log(3, ADDRESS(line), line_len);
    line_len = 0;
}

/* --- what runs now -------------------------------------------------------- */

static struct event {
    const char *name;
    u32         context, result;
    u32         count, args[5];    /* as the host gave them, after context */
    int         end;
} event;

/* By the number of a context, as small as it is. */
static struct context {
    struct context *root;
    const char     *script;
    u32             script_len, id;
    u32             times[24];     /* by callback */
} contexts[512];

static u32 root_id, stream_id, requests;
static u64 kept[26];

struct words {
    const char *at, *end;
};

static int is(const char *s, u32 len, const char *text)
{
    for (u32 i = 0; i < len; i++) {
        if (text[i] != s[i]) {
            return 0;
        }
    }
    return text[len] == '\0';
}

/* The next word; quotes and braces keep blanks together. */
static u32 word(struct words *w, const char **start)
{
    char close = 0;

    while (w->at < w->end && *w->at == ' ') {
        w->at++;
    }
    *start = w->at;
    while (w->at < w->end && (close != 0 || *w->at != ' ')) {
        if (close != 0) {
            close = *w->at == close ? 0 : close;
        } else if (*w->at == '"' || *w->at == '{') {
            close = *w->at == '"' ? '"' : '}';
        }
        w->at++;
    }
    return (u32)(w->at - *start);
}

static u64 decimal(const char *s, u32 len)
{
    u64 n = 0;
    u32 i = len > 0 && s[0] == '-';

    for (; i < len && s[i] >= '0' && s[i] <= '9'; i++) {
        n = n * 10 + (u64)(s[i] - '0');
    }
    return len > 0 && s[0] == '-' ? (u64)0 - n : n;
}

static u64 number(const char *s, u32 len)
{
    if (len == 0 || s[0] != '$') {
        return decimal(s, len);
    }
    return is(s, len, "$root") ? root_id
           : is(s, len, "$stream") ? stream_id
           : is(s, len, "$context") ? event.context : kept[(s[1] - 'a') % 26];
}

static u32 hex(char ch)
{
    return ch <= '9' ? (u32)(ch - '0') : (u32)(ch - 'a' + 10);
}

/* Copies s up to one of stop's characters; \xHH is a byte. */
static const char *unescape(const char *s, const char *end, const char *stop,
                            u8 *out, u32 *len)
{
    *len = 0;
    for (; s < end && *s != stop[0] && *s != stop[1]; s++) {
        if (*s == '\\' && end - s > 3) {
            out[(*len)++] = (u8)(hex(s[2]) << 4 | hex(s[3]));
            s += 3;
        } else {
            out[(*len)++] = (u8)*s;
        }
    }
    return s;
}

static void text(const char *s, u32 len, u64 *a)
{
    const char *star = s;
    u32 n, count;
    u8 *out;

    a[0] = a[1] = 0;
    if (len == 0 || is(s, len, "null")) {
        return;
    }
    if (is(s, len, "wild")) {
        a[0] = 0xfffffff0;
        a[1] = 64;
        return;
    }
    while (star < s + len && *star >= '0' && *star <= '9') {
        star++;
    }
    count = star > s && star < s + len && *star == '*'
                ? (u32)decimal(s, len) : 0;
    out = (u8 *)(unsigned long)take(count > len ? count : len);
    if (count != 0) {
        __builtin_memset(out, star[1], count);
        n = count;
    } else {
        unescape(s[0] == '"' ? s + 1 : s, s + len, "\"\"", out, &n);
    }
    a[0] = ADDRESS(out);
    a[1] = n;
}

static void put32(u8 *at, u32 n)
{
    __builtin_memcpy(at, &n, 4);
}

static u32 get32(u32 at)
{
    u32 n;

    __builtin_memcpy(&n, (u8 *)(unsigned long)at, 4);
    return n;
}

static void pairs(const char *s, u32 len, u64 *a)
{
    const char *at = s + 1, *end = s + len - 1;
    u32 count = 1, n = 0, size;
    u8 *sizes, *out;

    if (len == 0 || s[0] != '{') {
        text(s, len, a);
        return;
    }
    for (u32 i = 0; i < len; i++) {
        count += s[i] == ',';
    }
    count = len == 2 ? 0 : count;
    sizes = (u8 *)(unsigned long)take(4 + count * 8 + 2 * len);
    put32(sizes, count);
    out = sizes + 4 + count * 8;
    for (; n < count * 2; n++) {
        at = unescape(at, end, n % 2 ? ",," : "==", out, &size) + 1;
        put32(sizes + 4 + n * 4, size);
        out += size;
        *out++ = 0;
    }
    a[0] = ADDRESS(sizes);
    a[1] = (u64)(out - sizes);
}

/* --- results --------------------------------------------------------------- */

enum { POISON = 0x5a5a5a5a };

static struct {
    u32   at;
    char  kind;
    u64  *keep;
} results[4];
static u32 nresults;

struct pair {
    u8 *key, *value;
    u32 key_len, value_len;
};

static int after(const struct pair *x, const struct pair *y)
{
    return __builtin_strcmp((const char *)x->key, (const char *)y->key) > 0;
}

static void show_pairs(u32 at, int sort)
{
    u32 n = get32(at), i, k;
    u8 *s = (u8 *)(unsigned long)(at + 4 + n * 8);
    struct pair *pairs = (struct pair *)(unsigned long)take(n * sizeof *pairs);

    for (i = 0; i < n; i++) {
        struct pair p = { s, 0, get32(at + 4 + i * 8), get32(at + 8 + i * 8) };

        p.value = s + p.key_len + 1;
        s = p.value + p.value_len + 1;
        for (k = i; sort && k > 0 && after(&pairs[k - 1], &p); k--) {
            pairs[k] = pairs[k - 1];
        }
        pairs[k] = p;
    }
    put_text("pairs");
    for (i = 0; i < n; i++) {
        flush();
        put_text("[+] ");
        put_bytes(pairs[i].key, pairs[i].key_len);
        put_text(": ");
        put_bytes(pairs[i].value, pairs[i].value_len);
    }
}

static void show_bytes(u32 at, u32 size, char kind)
{
    u64 n = 0;

    if (at == POISON && size == POISON) {
        put_char('-');
    } else if (at == 0 && size == 0) {
        put_text("null");
    } else if (kind == 'M' || kind == 'S') {
        show_pairs(at, kind == 'S');
    } else if (kind == 'P' && (size == 8 || size == 1)) {
        __builtin_memcpy(&n, (u8 *)(unsigned long)at, size);
        put_number(n);
    } else {
        put_bytes((u8 *)(unsigned long)at, size);
    }
}

static void show_results(void)
{
    for (u32 i = 0; i < nresults; i++) {
        u32 at = results[i].at, low = get32(at), high = get32(at + 4);

        put_char(' ');
        switch (results[i].kind) {
        case 'B': case 'M': case 'S': case 'P':
            show_bytes(low, high, results[i].kind);
            break;
        case 'q':
            put_number(low | (u64)high << 32);
            break;
        default:
            if (low == POISON) {
                put_char('-');
            } else if (results[i].keep != 0) {
                *results[i].keep = low;
                put_text(low == 0 ? "0" : "id");
            } else {
                put_number(low);
            }
        }
    }
}

/* Where results go: 0 in their own room, else this address. */
static u32 results_at;

static void result(char kind, struct words *w, u64 **a)
{
    u32 at = take(8);
    const char *s;

    put32((u8 *)(unsigned long)at, POISON);
    put32((u8 *)(unsigned long)(at + 4), POISON);
    results[nresults].at = at;
    results[nresults].kind = kind;
    results[nresults].keep = 0;
    if (kind == 'i' && word(w, &s) == 2) {
        results[nresults].keep = &kept[(s[1] - 'a') % 26];
    }
    nresults++;
    at = results_at != 0 ? results_at : at;
    *(*a)++ = at;
    if (kind == 'B' || kind == 'M' || kind == 'S' || kind == 'P') {
        *(*a)++ = at + 4;
    }
}

static void host_call(const struct call *c, struct words *w)
{
    const char *s, *step = w->at;
    u64 args[16], *a = args;
    u32 len, status;

    nresults = 0;
    for (const char *k = c->kinds; *k != '\0'; k++) {
        if (*k == 'v') {
            len = word(w, &s);
            *a++ = number(s, len);
        } else if (*k == 'b' || *k == 'p') {
            len = word(w, &s);
            (*k == 'b' ? text : pairs)(s, len, a);
            a += 2;
        } else {
            result(*k, w, &a);
        }
    }
    status = c->call(args);
    line_len = 0;
    put_char('[');
    put_text(event.name);
    put_text("] ");
    put_text(c->name);
    while (step < w->end) {
        put_char(*step++);
    }
    put_text(" = ");
    put_number(status);
    if (status == 0 && is(c->name, 4, "time")) {
        put_text(get32(results[0].at + 4) > 0x16000000 ? " sane" : " odd");
    } else if (results_at == 0) {
        show_results();
    }
    results_at = 0;
    flush();
}

/* --- steps that aren't host calls ------------------------------------------ */

static volatile u32 sink;

static u32 recurse(u32 n)
{
    sink = n;
    return n == 0xffffffff ? 0 : recurse(n + 1) + sink;
}

static void say(const char *what, u64 n)
{
    line_len = 0;
    put_char('[');
    put_text(event.name);
    put_text("] ");
    put_text(what);
    put_number(n);
    flush();
}

/* The callback's arguments after the context. */
static void act_args(struct words *w)
{
    (void)w;
    put_char('[');
    put_text(event.name);
    put_text("] args");
    for (u32 i = 0; i < event.count; i++) {
        put_char(' ');
        put_number(event.args[i]);
    }
    flush();
}

/* A line at a level, with the proxy's status if it isn't 0. */
static void act_log(struct words *w)
{
    const char *s;
    u32 len = word(w, &s), status;
    u64 level = number(s, len), a[2];

    len = word(w, &s);
    text(s, len, a);
    status = proxy_log((u32)level, (u32)a[0], (u32)a[1]);
    if (status != 0) {
        say("log ", level);
        say("log = ", status);
    }
}

static void act_say(struct words *w)
{
    put_char('[');
    put_text(event.name);
    put_char(']');
    put_bytes((const u8 *)w->at, (u32)(w->end - w->at));
    flush();
}

static u64 argument(struct words *w)
{
    const char *s;
    u32 len = word(w, &s);

    return number(s, len);
}

static void act_return(struct words *w)
{
    event.result = (u32)argument(w);
}

/* The context's number, into $a. */
static void act_keep(struct words *w)
{
    const char *s;

    if (word(w, &s) == 2) {
        kept[(s[1] - 'a') % 26] = event.context;
    }
}

static void act_allocator(struct words *w)
{
    const char *s;
    u32 len = word(w, &s);

    allocator = is(s, len, "zero") ? ZERO : is(s, len, "wild") ? WILD
                : is(s, len, "trap") ? TRAP : GOOD;
}

/* The results of the next call go to this address. */
static void act_results(struct words *w)
{
    results_at = (u32)argument(w);
}

static void act_trap(struct words *w)
{
    (void)w;
    __builtin_trap();
}

static void act_loop(struct words *w)
{
    for (;;) {
        sink = (u32)(w->end - w->at);
    }
}

static void act_recurse(struct words *w)
{
    (void)w;
    sink = recurse(0);
}

static void act_outside(struct words *w)
{
    (void)w;
    sink = get32(0xffffff00);
}

static void act_table(struct words *w)
{
    (void)w;
    ((void (*)(void))(unsigned long)(sink % 2 + 12345))();
}

static void act_divide(struct words *w)
{
    sink = (u32)argument(w);
    sink = 1 / sink;
}

static void act_exit(struct words *w)
{
    proc_exit((u32)argument(w));
    say("exit came back ", 0);
}

/* Adds that many pages; -1 is shown as failed. */
static void act_grow(struct words *w)
{
    unsigned long before =
        __builtin_wasm_memory_grow(0, (unsigned long)argument(w));

    say("grow failed ", before == (unsigned long)-1);
}

/* What is answered of a descriptor. */
static void wasi_files(u32 fd)
{
    static u64 out[8];
    u32 at = ADDRESS(out);

    say("fd_seek = ", fd_seek(fd, 0, 0, at));
    say("fd_tell = ", fd_tell(fd, at));
    say("fd_read = ", fd_read(fd, at, 0, at));
    say("fd_fdstat_get = ", fd_fdstat_get(fd, at));
    say("fd_fdstat_set_flags = ", fd_fdstat_set_flags(fd, 0));
    say("fd_filestat_get = ", fd_filestat_get(fd, at));
    say("fd_prestat_get = ", fd_prestat_get(fd, at));
    say("fd_prestat_dir_name = ", fd_prestat_dir_name(fd, at, 1));
    say("fd_sync = ", fd_sync(fd));
    say("path_open = ", path_open(fd, 0, at, 1, 0, 0, 0, 0, at));
    say("path_filestat_get = ", path_filestat_get(fd, 0, at, 1, at));
    say("fd_close = ", fd_close(fd));
}

/* What toolchains ask for besides. */
static void act_runtime(struct words *w)
{
    static u64 out[8];
    u32 at = ADDRESS(out);

    (void)w;
    say("environ_get = ", environ_get(at, at));
    say("args_sizes_get = ", args_sizes_get(at, at + 8));
    say("args_get = ", args_get(at, at));
    say("sched_yield = ", sched_yield());
    say("poll_oneoff = ", poll_oneoff(at, at, 0, at + 32));
    say("clock_res_get = ", clock_res_get(0, at));
    say("clock_res_get = ", clock_res_get(7, at));
    emscripten_notify_memory_growth(0);
    say("emscripten_notify_memory_growth", 0);
}

static void act_wasi(struct words *w)
{
    static u8 bytes[16];
    const char *s;
    u32 len = word(w, &s);
    u64 a[2];

    if (is(s, len, "random")) {
        say("random = ", random_get(ADDRESS(bytes), 16));
    } else if (is(s, len, "clock")) {
        say("clock = ", clock_time_get((u32)argument(w), 0, ADDRESS(bytes)));
    } else if (is(s, len, "environ")) {
        say("environ = ", environ_sizes_get(ADDRESS(bytes), ADDRESS(bytes)));
    } else if (is(s, len, "files")) {
        wasi_files((u32)argument(w));
    } else if (is(s, len, "write")) {
        u32 fd = (u32)argument(w);

        len = word(w, &s);
        text(s, len, a);
        put32(bytes, (u32)a[0]);
        put32(bytes + 4, (u32)a[1]);
        say("write = ", fd_write(fd, ADDRESS(bytes), 1, ADDRESS(bytes + 8)));
    }
}

static const struct act {
    const char *name;
    void      (*act)(struct words *w);
} acts[] = {
    { "args", act_args },       { "log", act_log },
    { "say", act_say },         { "return", act_return },
    { "keep", act_keep },
    { "allocator", act_allocator }, { "results", act_results },
    { "trap", act_trap },       { "loop", act_loop },
    { "recurse", act_recurse }, { "outside", act_outside },
    { "table", act_table },     { "divide", act_divide },
    { "exit", act_exit },       { "grow", act_grow },
    { "wasi", act_wasi },       { "runtime", act_runtime },
};

/* --- running the steps ------------------------------------------------------ */

static void run_step(struct words *w, u32 times)
{
    const char *s;
    u32 len;

    while ((len = word(w, &s)) != 0) {
        if (is(s, len, "end") ? !event.end
            : is(s, len, "data") ? event.count > 0 && event.args[0] == 0
            : len > 4 && is(s, 4, "nth=") ? decimal(s + 4, len - 4) != times
            : len > 8 && is(s, 8, "request=")
                ? decimal(s + 8, len - 8) != requests : 0) {
            return;
        }
        for (u32 i = 0; i < LENGTH(calls); i++) {
            if (is(s, len, calls[i].name)) {
                host_call(&calls[i], w);
                return;
            }
        }
        for (u32 i = 0; i < LENGTH(acts); i++) {
            if (is(s, len, acts[i].name)) {
                acts[i].act(w);
                return;
            }
        }
        if (!(is(s, len, "end") || (len > 4 && is(s, 4, "nth="))
              || (len > 8 && is(s, 8, "request=")))
            && !is(s, len, "data")) {
            say("no such step ", 0);
            return;
        }
    }
}

static void run(const char *script, u32 script_len, u32 times)
{
    const char *at, *end, *s;
    struct words w;
    u32 len;

    for (at = script; at < script + script_len; at = end + 1) {
        end = at;
        while (end < script + script_len && *end != '\n') {
            end++;
        }
        w = (struct words){ at, end };
        len = word(&w, &s);
        if (len != 0 && is(s, len, event.name)) {
            line_len = 0;
            run_step(&w, times);
        }
    }
}

static const char *const names[] = {
    "start", "configure", "rcreate", "rdone", "rdelete", "tick", "queue",
    "called", "foreign", "create", "rh", "rb", "rt", "sh", "sb", "st", "log",
    "done", "delete",
};

static u32 times_of(struct context *c)
{
    for (u32 i = 0; i < LENGTH(names); i++) {
        if (is(event.name, (u32)__builtin_strlen(event.name), names[i])) {
            return ++c->times[i];
        }
    }
    return 0;
}

static char memory[1 << 16];
static u32 memory_used;

/* The configuration, kept. */
static void load(struct context *c)
{
    static u32 out[2];

    out[0] = out[1] = 0;
#ifdef ABI_0_1_0
    proxy_get_configuration(ADDRESS(&out[0]), ADDRESS(&out[1]));
#else
    proxy_get_buffer_bytes(7, 0, 0xffffffff, ADDRESS(&out[0]),
                           ADDRESS(&out[1]));
#endif
    if (out[1] > sizeof memory - memory_used) {
        __builtin_trap();
    }
    c->script = memory + memory_used;
    c->script_len = out[1];
    __builtin_memcpy(memory + memory_used, (char *)(unsigned long)out[0],
                     out[1]);
    memory_used += out[1];
}

static u32 enter(const char *name, u32 context, u32 usual, u32 count, u32 a,
                 u32 b, u32 c, u32 d)
{
    struct context *me = &contexts[context % LENGTH(contexts)];
    struct context *owner = me->root != 0 ? me->root : me;

    heap = ADDRESS(&__heap_base);
    event = (struct event){ name, context, usual, count, { a, b, c, d, 0 },
                            count > 1 && b != 0 };
    if (owner->script_len == 0 && me == owner && !is(name, 5, "start")) {
        load(owner);
    }
    run(owner->script, owner->script_len, times_of(me));
    return event.result;
}

EXPORT_(VERSION) void version(void);
void version(void)
{
}

EXPORT(proxy_on_context_create) void on_context_create(u32 id, u32 parent);
void on_context_create(u32 id, u32 parent)
{
    struct context *c = &contexts[id % LENGTH(contexts)];

    __builtin_memset(c, 0, sizeof *c);
    c->id = id;
    if (parent == 0) {
        root_id = id;
        enter("rcreate", id, 0, 0, 0, 0, 0, 0);
    } else {
        stream_id = id;
        requests++;
        c->root = &contexts[parent % LENGTH(contexts)];
        enter("create", id, 0, 0, 0, 0, 0, 0);
    }
}

static const char *of(u32 context, const char *root, const char *stream)
{
    return contexts[context % LENGTH(contexts)].root == 0 ? root : stream;
}

#define EVENT2(export_, name, usual)                                    \
    EXPORT(export_) u32 export_(u32 id, u32 a);                         \
    u32 export_(u32 id, u32 a)                                          \
    { return enter(name, id, usual, 1, a, 0, 0, 0); }
#define EVENT3(export_, name)                                           \
    EXPORT(export_) u32 export_(u32 id, u32 a, u32 b);                  \
    u32 export_(u32 id, u32 a, u32 b)                                   \
    { return enter(name, id, 0, 2, a, b, 0, 0); }

EVENT2(proxy_on_vm_start, "start", 1)
EVENT2(proxy_on_configure, "configure", 1)
#ifdef ABI_0_1_0
EVENT2(proxy_on_request_headers, "rh", 0)
EVENT2(proxy_on_response_headers, "sh", 0)
#else
EVENT3(proxy_on_request_headers, "rh")
EVENT3(proxy_on_response_headers, "sh")
#endif
EVENT3(proxy_on_request_body, "rb")
EVENT3(proxy_on_response_body, "sb")
EVENT2(proxy_on_request_trailers, "rt", 0)
EVENT2(proxy_on_response_trailers, "st", 0)

EXPORT(proxy_on_log) void on_log(u32 id);
void on_log(u32 id)
{
    enter("log", id, 0, 0, 0, 0, 0, 0);
}

EXPORT(proxy_on_done) u32 on_done(u32 id);
u32 on_done(u32 id)
{
    return enter(of(id, "rdone", "done"), id, 1, 0, 0, 0, 0, 0);
}

EXPORT(proxy_on_delete) void on_delete(u32 id);
void on_delete(u32 id)
{
    enter(of(id, "rdelete", "delete"), id, 0, 0, 0, 0, 0, 0);
}

EXPORT(proxy_on_tick) void on_tick(u32 id);
void on_tick(u32 id)
{
    enter("tick", id, 0, 0, 0, 0, 0, 0);
}

EXPORT(proxy_on_queue_ready) void on_queue_ready(u32 id, u32 queue);
void on_queue_ready(u32 id, u32 queue)
{
    enter("queue", id, 0, 0, queue, 0, 0, 0);
}

EXPORT(proxy_on_http_call_response)
void on_http_call_response(u32 id, u32 call, u32 headers, u32 size,
                           u32 trailers);
void on_http_call_response(u32 id, u32 call, u32 headers, u32 size,
                           u32 trailers)
{
    kept['z' - 'a'] = call;
    enter("called", id, 0, 3, headers, size, trailers, 0);
}

EXPORT(proxy_on_foreign_function)
void on_foreign_function(u32 id, u32 function, u32 size);
void on_foreign_function(u32 id, u32 function, u32 size)
{
    enter("foreign", id, 0, 2, function, size, 0, 0);
}

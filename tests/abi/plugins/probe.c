/*
 * A plugin that does what a script says and logs what came of it, straight
 * over the ABI.  The script is the configuration of the instance:
 *
 *     @rh                        what follows is for on_request_headers
 *     args                       logs the callback's arguments
 *     get_header_map_value 0 "x" %%
 *     ret 1
 *
 * Callbacks: create (of a root), screate (of a stream), start, conf, rh, rb,
 * rt, sh, sb, st, log, done, delete, tick, queue, call.  A command is a host
 * call without "proxy_", or one of those in commands() below.  Arguments:
 *
 *     12 -1 0x10      a number
 *     "a\x00b"        pointer and length
 *     {a=1,b=2}       pointer and length of a blob of pairs
 *     %  %q           pointer to a result, u32 or u64
 *     %%  %m          two: pointers to where address and size of a result go;
 *                     %m shows it as pairs
 *     E E-3           the end of memory, and 3 bytes before it
 *     $               the last number that came as a result
 *     ! 1 5 2 6       at the end: argument 1 is 5 instead, argument 2 is 6
 *
 * It logs NAME=STATUS and the results: numbers, texts in quotes, null, or - if
 * the host didn't write there.
 */
#include "abi/hostcalls.h"

typedef unsigned char      u8;
typedef unsigned int       u32;
typedef unsigned long long u64;

#define EXPORT(name)  EXPORT_(name)
#define EXPORT_(name) __attribute__((export_name(#name)))
#define ENV(name) \
    __attribute__((import_module("env"), import_name(#name)))
#ifndef WASI_MODULE
#define WASI_MODULE "wasi_snapshot_preview1"
#endif
#define WASI(name) \
    __attribute__((import_module(WASI_MODULE), import_name(#name)))

/* --- all host calls, from the rows --------------------------------------- */

#define T_0  void
#define T_1  u32
#define T_1L u32, u64
#define T_2  T_1, u32
#define T_3  T_2, u32
#define T_4  T_3, u32
#define T_5  T_4, u32
#define T_6  T_5, u32
#define T_8  T_6, u32, u32
#define T_9  T_8, u32
#define T_10 T_9, u32
#define T_12 T_10, u32, u32
#define A_0
#define A_1  (u32)a[0]
#define A_1L (u32)a[0], a[1]
#define A_2  A_1, (u32)a[1]
#define A_3  A_2, (u32)a[2]
#define A_4  A_3, (u32)a[3]
#define A_5  A_4, (u32)a[4]
#define A_6  A_5, (u32)a[5]
#define A_8  A_6, (u32)a[6], (u32)a[7]
#define A_9  A_8, (u32)a[8]
#define A_10 A_9, (u32)a[9]
#define A_12 A_10, (u32)a[10], (u32)a[11]

#define DECLARE(name, arity, ...) ENV(name) u32 name(T_##arity);
#define NONE(...)
PW_HOSTCALLS(DECLARE, DECLARE, NONE)
ENV(emscripten_notify_memory_growth)
void emscripten_notify_memory_growth(u32 index);

/* --- WASI, as its documents declare it ----------------------------------- */

#define WASI_ROWS(row)                                                  \
    row(args_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))                \
    row(args_sizes_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))          \
    row(environ_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))             \
    row(environ_sizes_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))       \
    row(clock_res_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))           \
    row(clock_time_get, 3, (u32, u64, u32),                             \
        ((u32)a[0], a[1], (u32)a[2]))                                   \
    row(fd_advise, 4, (u32, u64, u64, u32),                             \
        ((u32)a[0], a[1], a[2], (u32)a[3]))                             \
    row(fd_allocate, 3, (u32, u64, u64), ((u32)a[0], a[1], a[2]))       \
    row(fd_close, 1, (u32), ((u32)a[0]))                                \
    row(fd_datasync, 1, (u32), ((u32)a[0]))                             \
    row(fd_fdstat_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))           \
    row(fd_fdstat_set_flags, 2, (u32, u32), ((u32)a[0], (u32)a[1]))     \
    row(fd_fdstat_set_rights, 3, (u32, u64, u64),                       \
        ((u32)a[0], a[1], a[2]))                                        \
    row(fd_filestat_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))         \
    row(fd_filestat_set_size, 2, (u32, u64), ((u32)a[0], a[1]))         \
    row(fd_filestat_set_times, 4, (u32, u64, u64, u32),                 \
        ((u32)a[0], a[1], a[2], (u32)a[3]))                             \
    row(fd_pread, 5, (u32, u32, u32, u64, u32),                         \
        ((u32)a[0], (u32)a[1], (u32)a[2], a[3], (u32)a[4]))             \
    row(fd_prestat_get, 2, (u32, u32), ((u32)a[0], (u32)a[1]))          \
    row(fd_prestat_dir_name, 3, (u32, u32, u32), (A_3))                 \
    row(fd_pwrite, 5, (u32, u32, u32, u64, u32),                        \
        ((u32)a[0], (u32)a[1], (u32)a[2], a[3], (u32)a[4]))             \
    row(fd_read, 4, (u32, u32, u32, u32), (A_4))                        \
    row(fd_readdir, 5, (u32, u32, u32, u64, u32),                       \
        ((u32)a[0], (u32)a[1], (u32)a[2], a[3], (u32)a[4]))             \
    row(fd_renumber, 2, (u32, u32), (A_2))                              \
    row(fd_seek, 4, (u32, u64, u32, u32),                               \
        ((u32)a[0], a[1], (u32)a[2], (u32)a[3]))                        \
    row(fd_sync, 1, (u32), (A_1))                                       \
    row(fd_tell, 2, (u32, u32), (A_2))                                  \
    row(fd_write, 4, (u32, u32, u32, u32), (A_4))                       \
    row(path_create_directory, 3, (u32, u32, u32), (A_3))               \
    row(path_filestat_get, 5, (u32, u32, u32, u32, u32), (A_5))         \
    row(path_filestat_set_times, 7, (u32, u32, u32, u32, u64, u64, u32),\
        (A_4, a[4], a[5], (u32)a[6]))                                   \
    row(path_link, 7, (u32, u32, u32, u32, u32, u32, u32),              \
        (A_6, (u32)a[6]))                                               \
    row(path_open, 9, (u32, u32, u32, u32, u32, u64, u64, u32, u32),    \
        (A_5, a[5], a[6], (u32)a[7], (u32)a[8]))                        \
    row(path_readlink, 6, (u32, u32, u32, u32, u32, u32), (A_6))        \
    row(path_remove_directory, 3, (u32, u32, u32), (A_3))               \
    row(path_rename, 6, (u32, u32, u32, u32, u32, u32), (A_6))          \
    row(path_symlink, 5, (u32, u32, u32, u32, u32), (A_5))              \
    row(path_unlink_file, 3, (u32, u32, u32), (A_3))                    \
    row(poll_oneoff, 4, (u32, u32, u32, u32), (A_4))                    \
    row(proc_raise, 1, (u32), (A_1))                                    \
    row(random_get, 2, (u32, u32), (A_2))                               \
    row(sched_yield, 0, (void), ())                                     \
    row(sock_accept, 3, (u32, u32, u32), (A_3))                         \
    row(sock_recv, 6, (u32, u32, u32, u32, u32, u32), (A_6))            \
    row(sock_send, 5, (u32, u32, u32, u32, u32), (A_5))                 \
    row(sock_shutdown, 2, (u32, u32), (A_2))

#define DECLARE_WASI(name, n, types, args) WASI(name) u32 name types;
WASI_ROWS(DECLARE_WASI)
WASI(proc_exit) void proc_exit(u32 status);

/* --- the allocator, which may misbehave ---------------------------------- */

extern u8 __heap_base;

static u32 heap;
static enum { GOOD, ZERO, WILD, EDGE, SAME, TRAP, LOOP, CALLS, GROWS, LOGS,
              ODD, RECURSES } mode;
static const char *const modes[] = { "good", "zero", "wild", "edge", "same",
                                     "trap", "loop", "calls", "grows", "logs",
                                     "odd", "recurses" };

__attribute__((noinline)) static u32 recurse(u32 n)
{
    static volatile u32 depth;

    depth = n;
    return n == 0 ? 0 : recurse(n + 1) + depth;
}

__attribute__((noinline)) static u32 spin(void)
{
    for (volatile u32 i = 0;; i++) {
    }
}

static u32 take(u32 size)
{
    u32 at = heap, end = heap + size;
    u32 have = (u32)__builtin_wasm_memory_size(0) * 65536u;

    if (end > have) {
        if (__builtin_wasm_memory_grow(0, (end - have + 65535u) / 65536u)
            == (unsigned long)-1) {
            return 0;
        }
    }
    heap = end;
    return at;
}

static void say(const char *text);
static void say_number(const char *text, u32 n);

static u32 while_allocating(u32 size)
{
    static u64 time;
    static u32 size_out;

    say_number("get_header_map_size", proxy_get_header_map_size(
                                          0, (u32)(unsigned long)&size_out));
    say_number("set_property", proxy_set_property(0, 0, 0, 0));
    say_number("random_get", random_get((u32)(unsigned long)&time, 8));
    say_number("clock_time_get",
               clock_time_get(0, 0, (u32)(unsigned long)&time));
    say_number("sched_yield", sched_yield());
    emscripten_notify_memory_growth(0);
    return take(size);
}

#ifdef WASI_ALLOCATOR
#define ALLOCATOR proxy_on_memory_allocate
#else
#define ALLOCATOR malloc
#endif

static u32 allocate(u32 size)
{
    switch (mode) {
    case ZERO:     return 0;
    case WILD:     return 0xfffffff0u;
    case EDGE:     return (u32)__builtin_wasm_memory_size(0) * 65536u - 2;
    case SAME:     return (u32)(unsigned long)&__heap_base;
    case TRAP:     __builtin_trap();
    case LOOP:     return spin();
    case CALLS:    return while_allocating(size);
    case LOGS:     say("allocating"); return take(size);
    case ODD:      return take(size + 1) + 1;
    case RECURSES: return recurse(1);
    case GROWS:
        return (u32)__builtin_wasm_memory_grow(0, 1 + size / 65536) * 65536u;
    default:       return take(size);
    }
}

EXPORT(ALLOCATOR) void *ALLOCATOR(unsigned long size)
{
    return (void *)(unsigned long)allocate((u32)size);
}

/* With -DARENA="...", which is what sluice_arena does: "arena 64" gives it 64
 * bytes, "arena_at 8 9" what it likes, and "arena_left" says how many there
 * are. */
static struct { u32 next, end; } arena;
static _Alignas(16) u8 arena_room[4096];

#ifdef ARENA
EXPORT(sluice_arena) u32 sluice_arena(void)
{
    ARENA;
    return (u32)(unsigned long)&arena;
}
#endif

/* --- text ---------------------------------------------------------------- */

static char line[1 << 16];
static u32 line_len;

static void put(char ch)
{
    if (line_len < sizeof line) {
        line[line_len++] = ch;
    }
}

static void puts_(const char *s)
{
    while (*s != '\0') {
        put(*s++);
    }
}

static void putn(u64 n)
{
    char digits[20];
    u32 i = 0;

    do {
        digits[i++] = (char)('0' + n % 10);
        n /= 10;
    } while (n != 0);
    while (i > 0) {
        put(digits[--i]);
    }
}

static void putq(const u8 *s, u32 len)
{
    for (u32 i = 0; i < len; i++) {
        if (s[i] >= 0x20 && s[i] < 0x7f && s[i] != '\\') {
            put((char)s[i]);
        } else {
            puts_("\\x");
            put("0123456789abcdef"[s[i] >> 4]);
            put("0123456789abcdef"[s[i] & 15]);
        }
    }
}

static void flush(void)
{
    proxy_log(2, (u32)(unsigned long)line, line_len);
    line_len = 0;
}

static void say(const char *text)
{
    u32 len = 0;

    while (text[len] != '\0') {
        len++;
    }
    proxy_log(2, (u32)(unsigned long)text, len);
}

static void say_number(const char *text, u32 n)
{
    char keep[80];
    u32 i = 0;

    for (; text[i] != '\0'; i++) {
        keep[i] = text[i];
    }
    keep[i++] = '=';
    if (n >= 10) {
        keep[i++] = (char)('0' + n / 10);
    }
    keep[i++] = (char)('0' + n % 10);
    proxy_log(2, (u32)(unsigned long)keep, i);
}

/* --- the script ---------------------------------------------------------- */

static char script[1 << 16];
static u32 script_len;
static int loaded;

static void load(void)
{
    static u32 data, size;

    if (loaded) {
        return;
    }
    loaded = 1;
    heap = (u32)(unsigned long)&__heap_base;
#ifdef ABI_0_1_0
    proxy_get_configuration((u32)(unsigned long)&data,
                            (u32)(unsigned long)&size);
#else
    proxy_get_buffer_bytes(6, 0, 0xffffffffu, (u32)(unsigned long)&data,
                           (u32)(unsigned long)&size);
#endif
    if (size > sizeof script) {
        size = sizeof script;
    }
    for (script_len = 0; script_len < size; script_len++) {
        script[script_len] = ((char *)(unsigned long)data)[script_len];
    }
}

struct words {
    const char *at, *end;
};

static void skip_blanks(struct words *w)
{
    while (w->at < w->end && *w->at == ' ') {
        w->at++;
    }
}

static int is(const char *word, u32 len, const char *text)
{
    for (u32 i = 0; i < len; i++) {
        if (text[i] != word[i]) {
            return 0;
        }
    }
    return text[len] == '\0';
}

static u32 word(struct words *w, const char **start)
{
    skip_blanks(w);
    *start = w->at;
    while (w->at < w->end && *w->at != ' ') {
        w->at++;
    }
    return (u32)(w->at - *start);
}

static u32 hex(char ch)
{
    return ch <= '9' ? (u32)(ch - '0') : (u32)(ch - 'a' + 10);
}

static u32 last_result;

static u64 number(struct words *w)
{
    const char *s;
    u32 len = word(w, &s), i = 0;
    u64 n = 0;
    int minus = len > 0 && s[0] == '-';

    if (len > 0 && s[0] == '$') {
        return last_result;
    }
    if (len > 0 && s[0] == 'E') {
        n = (u64)__builtin_wasm_memory_size(0) * 65536u;
        if (len > 1) {
            n -= (u64)(s[2] - '0');
        }
        return n;
    }
    if (len > 2 && s[0] == '0' && s[1] == 'x') {
        for (i = 2; i < len; i++) {
            n = n * 16 + hex(s[i]);
        }
        return n;
    }
    for (i = minus ? 1 : 0; i < len; i++) {
        n = n * 10 + (u64)(s[i] - '0');
    }
    return minus ? (u64)0 - n : n;
}

static u8 texts[1 << 16];
static u32 ntexts;

/* A character of a quoted text, or -1 at one of the two that end it. */
static int character(struct words *w, char end, char other)
{
    char ch;

    if (w->at >= w->end || *w->at == end || *w->at == other) {
        return -1;
    }
    ch = *w->at++;
    if (ch == '\\' && *w->at == 'x') {
        ch = (char)(hex(w->at[1]) << 4 | hex(w->at[2]));
        w->at += 3;
    }
    return (u8)ch;
}

static u32 text(struct words *w, u64 *a)
{
    u32 start = ntexts;
    int ch;

    w->at++;
    while ((ch = character(w, '"', '"')) >= 0) {
        texts[ntexts++] = (u8)ch;
    }
    w->at++;
    a[0] = (u32)(unsigned long)(texts + start);
    a[1] = ntexts - start;
    return 2;
}

static void put32(u8 *at, u32 n)
{
    for (u32 i = 0; i < 4; i++) {
        at[i] = (u8)(n >> i * 8);
    }
}

static u32 get32(const u8 *at)
{
    return (u32)at[0] | (u32)at[1] << 8 | (u32)at[2] << 16 | (u32)at[3] << 24;
}

static u32 string_to(struct words *w, char end, u8 *out)
{
    u32 n = 0;
    int ch;

    while ((ch = character(w, end, ',' == end ? '}' : ',')) >= 0) {
        out[n++] = (u8)ch;
    }
    out[n] = 0;
    return n;
}

static u32 blob(struct words *w, u64 *a)
{
    static u8 strings[1 << 15];
    u32 start = ntexts, n = 0, used = 0, len;
    u8 *sizes = texts + start + 4;

    w->at++;
    while (w->at < w->end && *w->at != '}') {
        len = string_to(w, '=', strings + used);
        w->at++;
        put32(sizes + n * 8, len);
        used += len + 1;
        len = string_to(w, ',', strings + used);
        put32(sizes + n * 8 + 4, len);
        used += len + 1;
        n++;
        if (*w->at == ',') {
            w->at++;
        }
    }
    w->at++;
    put32(texts + start, n);
    ntexts = start + 4 + n * 8;
    for (u32 i = 0; i < used; i++) {
        texts[ntexts++] = strings[i];
    }
    a[0] = (u32)(unsigned long)(texts + start);
    a[1] = ntexts - start;
    return 2;
}

/* --- results ------------------------------------------------------------- */

#define POISON 0x5a5a5a5au

static struct {
    u32 words[32];
    u32 n;
    char kinds[16];
    u32 nkinds;
} outs;

static u32 out(struct words *w, u64 *a)
{
    char kind = ' ';
    u32 n, at = outs.n;

    w->at++;
    if (w->at < w->end && *w->at != ' ') {
        kind = *w->at++;
    }
    n = kind == ' ' ? 1 : 2;
    outs.kinds[outs.nkinds++] = kind;
    for (u32 i = 0; i < n; i++) {
        outs.words[outs.n++] = POISON;
        a[i] = (u32)(unsigned long)&outs.words[at + i];
    }
    return kind == 'q' ? 1 : n;
}

static void show_pairs(const u8 *data)
{
    u32 n = get32(data);
    const u8 *s = data + 4 + n * 8;

    put('{');
    for (u32 i = 0; i < n; i++) {
        if (i > 0) {
            put(',');
        }
        putq(s, get32(data + 4 + i * 8));
        s += get32(data + 4 + i * 8) + 1;
        put('=');
        putq(s, get32(data + 8 + i * 8));
        s += get32(data + 8 + i * 8) + 1;
    }
    put('}');
}

static void show_outs(void)
{
    u32 *o = outs.words;

    for (u32 i = 0; i < outs.nkinds; i++) {
        char kind = outs.kinds[i];

        put(' ');
        if (o[0] == POISON && (kind == ' ' || o[1] == POISON)) {
            put('-');
        } else if (kind != ' ' && (o[0] == POISON || o[1] == POISON)) {
            puts_("half");
        } else if (kind == ' ') {
            putn(o[0]);
            last_result = o[0];
        } else if (kind == 'q') {
            putn((u64)o[0] | (u64)o[1] << 32);
        } else if (o[0] == 0) {
            puts_("null");
            if (o[1] != 0) {
                putn(o[1]);
            }
        } else if (kind == 'm') {
            show_pairs((u8 *)(unsigned long)o[0]);
        } else {
            put('"');
            putq((u8 *)(unsigned long)o[0], o[1]);
            put('"');
        }
        o += kind == ' ' ? 1 : 2;
    }
}

/* --- commands ------------------------------------------------------------ */

static u64 a[64];
static u32 na;

static void overrides(struct words *w)
{
    u32 i;

    w->at++;
    for (skip_blanks(w); w->at < w->end; skip_blanks(w)) {
        i = (u32)number(w);
        a[i] = number(w);
    }
}

static void arguments(struct words *w)
{
    na = outs.n = outs.nkinds = ntexts = 0;
    for (;;) {
        skip_blanks(w);
        if (w->at >= w->end) {
            return;
        }
        switch (*w->at) {
        case '"': na += text(w, a + na); break;
        case '{': na += blob(w, a + na); break;
        case '%': na += out(w, a + na); break;
        case '!': overrides(w); return;
        default:  a[na++] = number(w); break;
        }
    }
}

static int same_call(const char *s, u32 len, const char *name)
{
    static const char prefix[] = "proxy_";
    u32 i = 0;

    while (i < 6 && name[i] == prefix[i]) {
        i++;
    }
    return is(s, len, i == 6 ? name + 6 : name);
}

static int host_call(const char *s, u32 len, u32 *status)
{
#define TRY(name, arity, ...)                                           \
    if (same_call(s, len, #name)) {                                     \
        *status = name(A_##arity);                                      \
        return 1;                                                       \
    }
#define TRY_WASI(name, n, types, args)                                  \
    if (is(s, len, #name)) {                                            \
        *status = name args;                                            \
        return 1;                                                       \
    }
    PW_HOSTCALLS(TRY, TRY, NONE)
    WASI_ROWS(TRY_WASI)
    return 0;
}

static struct {
    const char *name;
    u32 values[6], n, result;
} callback;

static void show_arguments(void)
{
    puts_(callback.name);
    put('(');
    for (u32 i = 0; i < callback.n; i++) {
        if (i > 0) {
            put(',');
        }
        putn(callback.values[i]);
    }
    put(')');
    flush();
}

static void set_mode(const char *s, u32 len)
{
    for (u32 i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        if (is(s, len, modes[i])) {
            mode = i;
        }
    }
}

/* Commands that aren't host calls. */
static int command(const char *s, u32 len, struct words *w)
{
    const char *arg;
    u32 arg_len;

    if (is(s, len, "args")) {
        show_arguments();
    } else if (is(s, len, "ret")) {
        callback.result = (u32)number(w);
    } else if (is(s, len, "trap")) {
        __builtin_trap();
    } else if (is(s, len, "loop")) {
        spin();
    } else if (is(s, len, "recurse")) {
        callback.result = recurse(1);
    } else if (is(s, len, "exit")) {
        proc_exit((u32)number(w));
        say("proc_exit returned");
    } else if (is(s, len, "alloc")) {       /* how the allocator behaves */
        arg_len = word(w, &arg);
        set_mode(arg, arg_len);
    } else if (is(s, len, "arena")) {       /* bytes */
        arena.next = (u32)(unsigned long)arena_room;
        arena.end = arena.next + (u32)number(w);
    } else if (is(s, len, "arena_at")) {    /* two addresses */
        arena.next = (u32)number(w);
        arena.end = (u32)number(w);
    } else if (is(s, len, "arena_self")) {
        arena.next = (u32)(unsigned long)&arena;
        arena.end = arena.next + 64;
    } else if (is(s, len, "arena_left")) {
        say_number("arena_left", arena.end - arena.next);
    } else if (is(s, len, "grow")) {        /* pages: memory.grow */
        say_number("grow",
                   __builtin_wasm_memory_grow(0, (u32)number(w))
                           == (unsigned long)-1
                       ? 1
                       : 0);
    } else if (is(s, len, "grow_all")) {    /* until it is refused */
        while (__builtin_wasm_memory_grow(0, 1) != (unsigned long)-1) {
        }
    } else if (is(s, len, "hostloop")) {    /* a loop of host calls */
        for (;;) {
            proxy_get_current_time_nanoseconds(
                (u32)(unsigned long)outs.words);
        }
    } else if (is(s, len, "vectors")) {     /* n bytes: fd_write of n vectors */
        u32 n = (u32)number(w), bytes = (u32)number(w);
        u32 status;

        heap = (u32)(unsigned long)&__heap_base;
        take(n * 8 + bytes);
        outs.words[0] = POISON;
        for (u32 i = 0; i < n; i++) {
            put32(&__heap_base + i * 8, heap - bytes);
            put32(&__heap_base + i * 8 + 4, bytes);
        }
        status = fd_write(1, (u32)(unsigned long)&__heap_base, n,
                          (u32)(unsigned long)outs.words);
        puts_("vectors=");
        putn(status);
        put(' ');
        putn(outs.words[0]);
        flush();
    } else if (is(s, len, "peek")) {        /* address: shows the u32 there */
        u32 at = (u32)number(w);

        puts_("peek ");
        putn(get32((u8 *)(unsigned long)at));
        flush();
    } else if (is(s, len, "poke")) {        /* address value */
        u32 at = (u32)number(w);

        put32((u8 *)(unsigned long)at, (u32)number(w));
    } else if (is(s, len, "say")) {         /* the rest of the line */
        skip_blanks(w);
        proxy_log(2, (u32)(unsigned long)w->at, (u32)(w->end - w->at));
    } else {
        return 0;
    }
    return 1;
}

static void run_line(const char *start, const char *end)
{
    struct words w = { start, end };
    const char *s;
    u32 len = word(&w, &s), status;

    if (len == 0 || command(s, len, &w)) {
        return;
    }
    heap = (u32)(unsigned long)&__heap_base;
    arguments(&w);
    line_len = 0;
    if (!host_call(s, len, &status)) {
        puts_("no such command: ");
    }
    for (u32 i = 0; i < len; i++) {
        put(s[i]);
    }
    put('=');
    putn(status);
    show_outs();
    flush();
}

static void run(void)
{
    const char *at, *end;
    int mine = 0;

    load();
    for (at = script; at < script + script_len; at = end + 1) {
        end = at;
        while (end < script + script_len && *end != '\n') {
            end++;
        }
        if (*at == '@') {
            mine = is(at + 1, (u32)(end - at - 1), callback.name);
        } else if (mine) {
            run_line(at, end);
        }
    }
}

static u32 enter(const char *name, u32 result, u32 n, u32 v0, u32 v1, u32 v2,
                 u32 v3, u32 v4)
{
    callback.name = name;
    callback.result = result;
    callback.n = n;
    callback.values[0] = v0;
    callback.values[1] = v1;
    callback.values[2] = v2;
    callback.values[3] = v3;
    callback.values[4] = v4;
    run();
    return callback.result;
}

#define CB1(export_, name, result) \
    EXPORT(export_) u32 export_(u32 x) \
    { return enter(name, result, 1, x, 0, 0, 0, 0); }
#define CB2(export_, name, result) \
    EXPORT(export_) u32 export_(u32 x, u32 y) \
    { return enter(name, result, 2, x, y, 0, 0, 0); }
#define CB3(export_, name, result) \
    EXPORT(export_) u32 export_(u32 x, u32 y, u32 z) \
    { return enter(name, result, 3, x, y, z, 0, 0); }
#define CV1(export_, name) \
    EXPORT(export_) void export_(u32 x) \
    { enter(name, 0, 1, x, 0, 0, 0, 0); }
#define CV2(export_, name) \
    EXPORT(export_) void export_(u32 x, u32 y) \
    { enter(name, 0, 2, x, y, 0, 0, 0); }

#ifdef ABI_0_1_0
EXPORT(proxy_abi_version_0_1_0) void marker(void) {}
CB2(proxy_on_request_headers, "rh", 0)
CB2(proxy_on_response_headers, "sh", 0)
#elif defined ABI_0_2_0
EXPORT(proxy_abi_version_0_2_0) void marker(void) {}
CB3(proxy_on_request_headers, "rh", 0)
CB3(proxy_on_response_headers, "sh", 0)
#else
EXPORT(proxy_abi_version_0_2_1) void marker(void) {}
CB3(proxy_on_request_headers, "rh", 0)
CB3(proxy_on_response_headers, "sh", 0)
#endif
CB3(proxy_on_request_body, "rb", 0)
CB2(proxy_on_request_trailers, "rt", 0)
CB3(proxy_on_response_body, "sb", 0)
CB2(proxy_on_response_trailers, "st", 0)
CB2(proxy_on_vm_start, "start", 1)
CB2(proxy_on_configure, "conf", 1)
CB1(proxy_on_done, "done", 1)
CV1(proxy_on_log, "log")
CV1(proxy_on_delete, "delete")
CV1(proxy_on_tick, "tick")
CV2(proxy_on_queue_ready, "queue")

EXPORT(proxy_on_http_call_response)
void proxy_on_http_call_response(u32 root, u32 id, u32 headers, u32 body,
                                 u32 trailers)
{
    enter("call", 0, 5, root, id, headers, body, trailers);
}

#ifdef ABI_0_1_0
/* The configuration shows only in on_vm_start. */
EXPORT(proxy_on_context_create) void create(u32 id, u32 parent)
{
    if (parent != 0) {
        enter("screate", 0, 2, id, parent, 0, 0, 0);
    }
}
#else
EXPORT(proxy_on_context_create) void create(u32 id, u32 parent)
{
    enter(parent == 0 ? "create" : "screate", 0, 2, id, parent, 0, 0, 0);
}
#endif

/* Loading and starting: what is refused and in which words, what isn't. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static const struct pw_limits limits = { .memory = 4 << 20,
                                         .start_deadline = 20000000 };

static struct fake *load(const char *flags)
{
    struct fake *fake = fake_new();
    size_t len;
    const void *bytes = fake_compile("loading", flags, &len);

    fake_load(fake, bytes, len, "", &limits);
    return fake;
}

/* --- loading -------------------------------------------------------------- */

static const struct refusal {
    const char *flags, *phase, *text;
} refusals[] = {
    { "-DMARKERS=", "load",
      "not a Proxy-Wasm plugin: no export proxy_abi_version_0_1_0, _0_2_0 or "
      "_0_2_1" },
    { "'-DMARKERS=MARKER(0_3_0)'", "load",
      "unknown Proxy-Wasm version: export proxy_abi_version_0_3_0" },
    { "'-DMARKERS=MARKER(0_3_0) MARKER(0_9_9)'", "load",
      "unknown Proxy-Wasm version: export proxy_abi_version_0_3_0" },
    { "-DNO_ALLOCATOR", "load",
      "no allocator: neither malloc nor proxy_on_memory_allocate is "
      "exported" },
    { "-DNO_ALLOCATOR '-DMORE=EXPORT(malloc) u32 m(u64 n) { return 0; }'",
      "load",
      "export malloc has the wrong signature: wanted (i32) -> i32, found "
      "(i64) -> i32" },
    { "'-DMORE=EXPORT(sluice_arena) u32 arena(u32 a) { return a; }'", "load",
      "export sluice_arena has the wrong signature: wanted () -> i32, found "
      "(i32) -> i32" },
    { "'-DMORE=EXPORT(proxy_on_request_headers) u32 rh(u32 a, u32 b)"
      " { return 0; }'", "load",
      "export proxy_on_request_headers has the wrong signature: wanted "
      "(i32, i32, i32) -> i32, found (i32, i32) -> i32" },
    { "'-DMARKERS=MARKER(0_1_0)' '-DMORE=EXPORT(proxy_on_request_headers) "
      "u32 rh(u32 a, u32 b, u32 c) { return 0; }'", "load",
      "export proxy_on_request_headers has the wrong signature: wanted "
      "(i32, i32) -> i32, found (i32, i32, i32) -> i32" },
    { "'-DMORE=EXPORT(proxy_on_log) u32 l(u32 a) { return 0; }'", "load",
      "export proxy_on_log has the wrong signature: wanted (i32) -> nothing, "
      "found (i32) -> i32" },
    { "'-DMORE=EXPORT(proxy_on_new_connection) void n(float a) {}'", "load",
      "export proxy_on_new_connection has the wrong signature: wanted "
      "(i32) -> i32, found (f32) -> nothing" },
    { "'-DMORE=EXPORT(_start) u32 s(void) { return 0; }'", "load",
      "export _start has the wrong signature: wanted () -> nothing, found "
      "() -> i32" },
    { "'-DMORE=USE(env, proxy_nothing, u32, (u32), (1))'", "link",
      "import env.proxy_nothing is unknown" },
    { "'-DMORE=USE(elsewhere, proxy_log2, u32, (u32), (1))'", "link",
      "import elsewhere.proxy_log2 is unknown" },
    { "'-DMORE=USE(wasi_snapshot_preview1, proxy_done, u32, (void), ())'",
      "link", "import wasi_snapshot_preview1.proxy_done is unknown" },
    { "'-DMORE=USE(env, proxy_get_log_level, u32, (u32, u32), (1, 2))'",
      "link",
      "import env.proxy_get_log_level has the wrong signature: wanted "
      "(i32) -> i32, found (i32, i32) -> i32" },
    { "'-DMORE=USE(env, proxy_increment_metric, u32, (u32, u32), (1, 2))'",
      "link",
      "import env.proxy_increment_metric has the wrong signature: wanted "
      "(i32, i64) -> i32, found (i32, i32) -> i32" },
    { "'-DMORE=USE(wasi_unstable, fd_seek, u32, (u32, u32, u32, u32), "
      "(1, 2, 3, 4))'", "link",
      "import wasi_unstable.fd_seek has the wrong signature: wanted "
      "(i32, i64, i32, i32) -> i32, found (i32, i32, i32, i32) -> i32" },
    { "-Wl,--import-memory", "load",
      "no exported memory named \"memory\"" },
    { "-Wl,--import-memory,--export-memory", "link",
      "import env.memory is not a function" },
    { "-Wl,--import-table", "link",
      "import env.__indirect_function_table is not a function" },
};

static void test_refusals(void)
{
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        struct fake *fake = load(refusals[i].flags);

        ok(fake->plugin == NULL, "%s", refusals[i].flags);
        is_str(fake->error.phase, refusals[i].phase, "phase");
        is_str(fake->error.text, refusals[i].text, "text");
        fake_free(fake);
    }
}

static void accepts(const char *flags, const char *version)
{
    struct fake *fake = load(flags);

    if (ok(fake->plugin != NULL, "%s: %s", flags, fake->error.text)) {
        is_str(pw_plugin_abi(fake->plugin), version, "version");
        ok(fake_start(fake) && fake_configure(fake, ""), "starts");
        ok(fake_open(fake), "a stream");
        is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE,
               "missing callbacks continue");
        is_int(pw_on_response_body(fake->stream, true), PW_CONTINUE,
               "missing callbacks continue");
        ok(!pw_plugin_has(fake->plugin, PW_ON_REQUEST_HEADERS)
               && pw_plugin_has(fake->plugin, PW_ON_CONFIGURE), "has");
    }
    fake_free(fake);
}

static void test_accepted(void)
{
    accepts("", "0.2.1");
    accepts("'-DMARKERS=MARKER(0_1_0)'", "0.1.0");
    accepts("'-DMARKERS=MARKER(0_2_0)'", "0.2.0");
    /* The first known one in the order of the exports. */
    accepts("'-DMARKERS=MARKER(0_3_0) MARKER(0_2_0) MARKER(0_1_0)'", "0.2.0");
    accepts("'-DMORE=USE(env, proxy_continue_request, void, (void), ()) "
            "USE(env, proxy_continue_response, void, (void), ()) "
            "USE(env, proxy_clear_route_cache, void, (void), ())'", "0.2.1");
    accepts("'-DMORE=USE(env, emscripten_notify_memory_growth, void, (u32), "
            "(1))'", "0.2.1");
}

static void test_allocators(const char *flags, const char *want)
{
    struct fake *fake = load(flags);

    fake_start(fake);
    fake_configure(fake, "");
    is_str(fake_log(fake), want, "allocator: %s", flags);
    fake_free(fake);
}

/* --- bytes that aren't a plugin ------------------------------------------- */

static void test_bytes(void)
{
    static const char *const texts[] = { "", "text\n", "\177ELF", "\0asm" };
    struct fake *fake = fake_new();
    size_t len;
    const uint8_t *bytes = fake_compile("loading", NULL, &len);
    int loaded = 0, silent = 0;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ok(!fake_load(fake, texts[i], strlen(texts[i]), "", &limits),
           "not a module");
        is_str(fake->error.phase, "load", "phase");
        ok(strlen(fake->error.text) > 10, "%s", fake->error.text);
    }
    for (size_t n = 0; n < len; n++) {
        fake->error.text[0] = '\0';
        if (fake_load(fake, bytes, n, "", &limits)) {
            pw_plugin_free(fake->plugin);
            fake->plugin = NULL;
            loaded++;
        } else if (strlen(fake->error.text) < 10
                   || strchr(fake->error.text, '\n') != NULL) {
            silent++;
        }
    }
    diag("%d of %zu truncations load: custom sections cut off", loaded, len);
    is_int(silent, 0, "every truncation is refused with a line");
    ok(loaded < 5, "truncations are refused");
    fake_free(fake);
}

/* --- starting ------------------------------------------------------------- */

static void test_start(const char *flags, const char *want)
{
    struct fake *fake = load(flags);

    ok(fake_start(fake), "starts: %s", flags);
    is_str(fake_log(fake), want, "start functions: %s", flags);
    fake_free(fake);
}

static void test_start_fails(const char *flags, const char *phase,
                             const char *text)
{
    struct fake *fake = load(flags);

    ok(!fake_start(fake), "does not start: %s", flags);
    is_str(fake->error.phase, phase, "phase");
    ok(strncmp(fake->error.text, text, strlen(text)) == 0, "%s",
       fake->error.text);
    fake_free(fake);
}

/*
 * (module (import "env" "proxy_log" (func (param i32 i32 i32) (result i32)))
 *   (memory (export "memory") 1) (data (i32.const 8) "start")
 *   (func (export "proxy_abi_version_0_2_1"))
 *   (func (export "malloc") (param i32) (result i32) i32.const 0)
 *   (func $s i32.const 2 i32.const 8 i32.const 5 call 0 drop)
 *   (start $s))
 * and the same with (loop (br 0)) in $s.
 */
#define HEAD                                                                  \
    "\0asm\1\0\0\0"                                                           \
    "\1\20\3\x60\3\x7f\x7f\x7f\1\x7f\x60\0\0\x60\1\x7f\1\x7f"                 \
    "\2\21\1\3env\11proxy_log\0\0\3\4\3\1\2\1\5\3\1\0\1"                      \
    "\7\55\3\6memory\2\0\27proxy_abi_version_0_2_1\0\1\6malloc\0\2"           \
    "\10\1\3"
static const char logging[] =
    HEAD "\12\25\3\2\0\13\4\0\x41\0\13\13\0\x41\2\x41\10\x41\5\20\0\32\13"
         "\13\13\1\0\x41\10\13\5start";
static const char looping[] =
    HEAD "\12\21\3\2\0\13\4\0\x41\0\13\7\0\3\x40\14\0\13\13"
         "\13\13\1\0\x41\10\13\5start";

static void test_start_section(void)
{
    struct fake *fake = fake_new();

    ok(fake_load(fake, logging, sizeof logging - 1, "", &limits), "%s",
       fake->error.text);
    ok(fake_start(fake), "%s", fake->error.text);
    is_str(fake_log(fake), "start\n", "a log line in the start section");
    fake_free(fake);

    fake = fake_new();
    ok(fake_load(fake, looping, sizeof looping - 1, "", &limits), "%s",
       fake->error.text);
    ok(!fake_start(fake), "an endless start section");
    is_str(fake->error.phase, "start", "phase");
    ok(strncmp(fake->error.text, "module start: deadline exceeded (20 ms) in "
                                 "func 3 (0x", 53) == 0, "%s",
       fake->error.text);
    fake_free(fake);
}

static void test_starts(void)
{
    test_start("", "");
    test_start("-DSTARTS", "_initialize\n");
    test_start("-DSTARTS -DCOMMANDS", "_initialize\n");
    test_start("-DCOMMANDS", "_start\n");
    test_start("-DSTARTS -DMAINS", "_initialize\nmain(0, 0)\n");
    test_start("-DSTARTS -DMAINS -DMAIN_VOID", "_initialize\nmain(0, 0)\n");
    test_start("-DSTARTS -DMAIN_VOID", "_initialize\n__main_void\n");
    test_start("-DCOMMANDS -DMAINS", "_start\n");
    test_start("-DMAINS", "");
    test_start("-DEXITS=0", "");
    test_start("-DCALLS", "10, untouched\n");
    test_start_fails("-DEXITS=3", "start",
                     "start function _start: program exited (status 3) in ");
    test_start_fails("-DLOOPS", "start",
                     "start function _initialize: deadline exceeded (20 ms) "
                     "in initialize (func ");
    test_start_fails("-DMEMORY=5000000", "start", "limit exceeded: ");
    test_start_section();
}

int main(void)
{
    test_refusals();
    test_accepted();
    test_allocators("", "malloc\n");
    test_allocators("-DBOTH_ALLOCATORS", "malloc\n");
    test_bytes();
    test_starts();
    return done();
}

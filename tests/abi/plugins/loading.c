/*
 * The smallest plugin, which flags of the compiler break in one way each:
 *
 *     -DMARKERS=...    its ABI markers; -DNO_ALLOCATOR; -DBOTH_ALLOCATORS
 *     -DMORE=...       more declarations
 *     -DMEMORY=n       bytes of data
 */
typedef unsigned int       u32;
typedef unsigned long long u64;

#define EXPORT(name)  __attribute__((export_name(#name)))
#define IMPORT(module, name) \
    __attribute__((import_module(#module), import_name(#name)))
#define MARKER(version) \
    EXPORT(proxy_abi_version_##version) void marker_##version(void) {}
/* An import with its use; a start function or a callback that counts. */
#define USE(module, name, result, types, args)                          \
    IMPORT(module, name) result name types;                             \
    EXPORT(use_##name) void use_##name(void) { name args; }

IMPORT(env, proxy_log) u32 proxy_log(u32 level, u32 ptr, u32 len);
IMPORT(wasi_snapshot_preview1, proc_exit) void proc_exit(u32 status);
IMPORT(env, proxy_get_property)
u32 proxy_get_property(u32 path, u32 len, u32 data, u32 size);

__attribute__((unused)) static void say(const char *text)
{
    u32 len = 0;

    while (text[len] != '\0') {
        len++;
    }
    proxy_log(2, (u32)(unsigned long)text, len);
}

#ifndef MARKERS
#define MARKERS MARKER(0_2_1)
#endif
MARKERS

#ifndef NO_ALLOCATOR
EXPORT(malloc) u32 malloc(u32 size)
{
    static char block[64];

    say("malloc");
    return size > sizeof block ? 0 : (u32)(unsigned long)block;
}
#endif
#ifdef BOTH_ALLOCATORS
EXPORT(proxy_on_memory_allocate) u32 allocate(u32 size)
{
    say("proxy_on_memory_allocate");
    return malloc(size);
}
#endif

#ifdef MEMORY
static char data[MEMORY];
EXPORT(touch) u32 touch(u32 i)
{
    return (u32)data[i]++;
}
#endif

#ifdef STARTS
EXPORT(_initialize) void initialize(void) { say("_initialize"); }
#endif
#ifdef MAINS
EXPORT(main) u32 main_(u32 argc, u32 argv)
{
    say(argc == 0 && argv == 0 ? "main(0, 0)" : "main");
    return 1;
}
#endif
#ifdef MAIN_VOID
EXPORT(__main_void) u32 main_void(void) { say("__main_void"); return 1; }
#endif
#ifdef COMMANDS
EXPORT(_start) void start(void) { say("_start"); }
#endif
#ifdef EXITS
EXPORT(_start) void start(void) { proc_exit(EXITS); say("returned"); }
#endif
#ifdef LOOPS
EXPORT(_initialize) void initialize(void) { for (volatile u32 i = 0;; i++) {} }
#endif
#ifdef CALLS
/* Host calls while it starts: what the allocator would be needed for, too. */
EXPORT(_initialize) void initialize(void)
{
    u32 data = 7, size = 7;
    u32 status = proxy_get_property((u32)(unsigned long)"plugin_name", 11,
                                    (u32)(unsigned long)&data,
                                    (u32)(unsigned long)&size);

    say(status == 10 && data == 7 && size == 7 ? "10, untouched" : "wrong");
}
#endif

EXPORT(proxy_on_configure) u32 configure(u32 root, u32 size)
{
    u32 data, len;

    return proxy_get_property((u32)(unsigned long)"plugin_name", 11,
                              (u32)(unsigned long)&data,
                              (u32)(unsigned long)&len) == 0;
}

#ifdef MORE
MORE
#endif

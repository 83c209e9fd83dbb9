/*
 * A plugin that may be wrong in one way, chosen by what is defined: MARKER and
 * SECOND_MARKER (names of exports), ALLOCATOR (likewise), and one of those
 * below.  Says "[rh] runs" for a request.
 */
typedef unsigned int u32;

#define EXPORT(name)  EXPORT_(name)
#define EXPORT_(name) __attribute__((export_name(#name)))
#define IMPORT(module, name) \
    __attribute__((import_module(module), import_name(name)))
#define ADDRESS(p) ((u32)(unsigned long)(p))

IMPORT("env", "proxy_log") u32 proxy_log(u32 level, u32 text, u32 len);

#define SAY(text) proxy_log(3, ADDRESS(text), sizeof(text) - 1)

#ifdef MARKER
EXPORT(MARKER) void marker(void) {}
#endif
#ifdef SECOND_MARKER
EXPORT(SECOND_MARKER) void second_marker(void) {}
#endif

#ifdef ALLOCATOR
static char memory[65536];

EXPORT(ALLOCATOR) void *allocate(u32 size);
void *allocate(u32 size)
{
    return size <= sizeof memory ? memory : 0;
}
#endif

#ifdef UNKNOWN_IMPORT
IMPORT("env", "proxy_no_such_call") u32 unknown(u32 x);
#elif defined UNKNOWN_WASI
IMPORT("wasi_snapshot_preview1", "no_such_call") u32 unknown(u32 x);
#elif defined UNKNOWN_MODULE
IMPORT("elsewhere", "call") u32 unknown(u32 x);
#elif defined OLD_IMPORT
IMPORT("env", "proxy_continue_request") u32 unknown(void);
#define unknown(x) unknown()
#elif defined WRONG_IMPORT
IMPORT("env", "proxy_get_header_map_size") u32 unknown(u32 x);
#else
#define unknown(x) (x)
#endif

#ifdef CONSTRUCTOR_LOGS
__attribute__((constructor)) static void constructor(void)
{
    SAY("[start] constructor");
}
#elif defined CONSTRUCTOR_CALLS
IMPORT("env", "proxy_set_tick_period_milliseconds") u32 ticks(u32 period);
__attribute__((constructor)) static void constructor(void)
{
    ticks(0);
}
#elif defined CONSTRUCTOR_TRAPS
__attribute__((constructor)) static void constructor(void)
{
    __builtin_trap();
}
#endif

EXPORT(proxy_on_vm_start) u32 on_start(u32 root, u32 size);
u32 on_start(u32 root, u32 size)
{
    (void)root;
    (void)size;
#ifdef START_TRAPS
    __builtin_trap();
#endif
#ifdef START_FALSE
    return 0;
#else
    return 1;
#endif
}

EXPORT(proxy_on_configure) u32 on_configure(u32 root, u32 size);
u32 on_configure(u32 root, u32 size)
{
    (void)root;
    (void)size;
#ifdef CONFIGURE_TRAPS
    __builtin_trap();
#endif
#ifdef CONFIGURE_FALSE
    return 0;
#elif defined CONFIGURE_LARGE
    return 7;
#else
    return 1;
#endif
}

#ifdef WRONG_EXPORT
EXPORT(proxy_on_request_headers) u32 on_headers(u32 context);
u32 on_headers(u32 context)
{
    return unknown(context);
}
#else
EXPORT(proxy_on_request_headers) u32 on_headers(u32 context, u32 n, u32 end);
u32 on_headers(u32 context, u32 n, u32 end)
{
    (void)context;
    (void)n;
    (void)end;
    SAY("[rh] runs");
    return n == 0xffffffff ? unknown(0) : 0;
}
#endif

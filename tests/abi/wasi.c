/* What toolchains import besides Proxy-Wasm: WASI preview 1, emscripten. */
#include "fake_host.h"

#include <stdio.h>
#include <string.h>

static void check(const char *what, const char *commands, const char *want)
{
    char script[4096];
    struct fake *fake;

    snprintf(script, sizeof script, "@rh\n%s\n", commands);
    fake = fake_probe(script);
    fake_clear(fake);
    is_int(pw_on_request_headers(fake->stream, true), PW_CONTINUE, "%s", what);
    is_str(fake_log(fake), want, "%s: log", what);
    fake_free(fake);
}

/* At 64 "hi2\nho\n\n", at 16 the vectors of its halves. */
#define VECTORS                                                         \
    "poke 64 0x0a326968\npoke 68 0x0a0a6f68\n"                          \
    "poke 16 64\npoke 20 4\npoke 24 68\npoke 28 4\n"

static void test_write(void)
{
    check("fd_write: one line a call, one newline taken off",
          VECTORS "fd_write 1 16 1 %\nfd_write 2 16 2 %\n"
                  "fd_pwrite 1 16 1 0 %",
          "hi2\nfd_write=0 4\nerror: hi2\\x0aho\\x0a\nfd_write=0 8\n"
          "hi2\nfd_pwrite=0 4\n");
    check("fd_write: nothing", "fd_write 1 0 0 %\nfd_write 2 0 0 %",
          "fd_write=0 0\nfd_write=0 0\n");
    check("fd_write: others", "fd_write 0 0 0 %\nfd_write 3 0 0 %",
          "fd_write=8 -\nfd_write=8 -\n");
    check("fd_write: memory",
          "fd_write 1 0xfffffff0 3 %\nfd_write 1 16 0x20000000 %\n"
          "poke 16 0xfffffff0\npoke 20 17\nfd_write 1 16 1 %\n"
          "poke 16 64\npoke 20 1\nfd_write 1 16 1 0xfffffffd",
          "fd_write=21 -\nfd_write=21 -\nfd_write=21 -\nfd_write=21\n");
}

/* A million vectors over the same 64 KiB of "a"s: 4 GiB and more. */
static void test_many_vectors(void)
{
    struct fake *fake = fake_probe("@rh\nvectors 100000 40000\n"
                                   "vectors 1000 5\n");

    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strstr(fake_log(fake), "vectors=0 4000000000\n") != NULL,
       "4,000,000,000 bytes");
    ok(strstr(fake_log(fake), "vectors=0 5000\n") != NULL, "5,000 bytes");
    fake_free(fake);
    fake = fake_probe("@rh\nvectors 120000 40000\n");
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake), "vectors=28 1515870810\n",
           "more than a u32 can count");
    fake_free(fake);
}

static void test_clock(void)
{
    struct fake *fake = fake_probe("@rh\nclock_time_get 0 0 %q\n"
                                   "clock_time_get 1 0 %q\n"
                                   "clock_time_get 2 0 %q\n"
                                   "clock_res_get 1 %q\nclock_res_get 3 %q\n"
                                   "clock_time_get 0 0 0xfffffff9\n");

    fake->now = 100;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake),
           "clock_time_get=0 100\nclock_time_get=0 100\n"
           "clock_time_get=58 -\nclock_res_get=0 1\nclock_res_get=58 -\n"
           "clock_time_get=21\n", "clocks");
    fake->now = 50;
    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strstr(fake_log(fake),
              "clock_time_get=0 50\nclock_time_get=0 100\n") != NULL,
       "the monotonic one doesn't go back");
    fake_free(fake);
}

/* What Envoy's host answers. */
static void test_rest(void)
{
    check("arguments and environment",
          "args_sizes_get % %\nargs_get 0 0\nenviron_sizes_get % %\n"
          "environ_get 0 0\nargs_sizes_get 0xfffffffd 0",
          "args_sizes_get=0 0 0\nargs_get=0\nenviron_sizes_get=0 0 0\n"
          "environ_get=0\nargs_sizes_get=21\n");
    check("random_get",
          "random_get 0 65537\nrandom_get 0 0\nrandom_get 0xfffffff0 17\n"
          "random_get 0xfffffff0 0",
          "random_get=28\nrandom_get=0\nrandom_get=21\nrandom_get=0\n");
    check("descriptors",
          "fd_close 3\nfd_seek 1 0 0 %\nfd_read 0 0 0 %\nfd_tell 1 %q\n"
          "fd_tell 3 %q\nfd_fdstat_get 1 64\npeek 64\npeek 72\n"
          "fd_fdstat_get 3 64\nfd_prestat_get 3 64\nfd_renumber 1 2\n"
          "fd_renumber 1 3\nfd_sync 1\nfd_sync 4\nfd_datasync 2\n"
          "fd_allocate 1 0 0\nfd_allocate 9 0 0\nfd_advise 9 0 0 0\n"
          "fd_filestat_get 1 64\nfd_filestat_set_size 1 0\n"
          "fd_filestat_set_times 5 0 0 0\nfd_fdstat_set_flags 1 0\n"
          "fd_fdstat_set_rights 1 0 0\nfd_readdir 3 0 0 0 %\n"
          "fd_pread 0 0 0 0 %\nfd_prestat_dir_name 3 0 0",
          "fd_close=0\nfd_seek=0 -\nfd_read=52 -\nfd_tell=0 0\n"
          "fd_tell=8 -\nfd_fdstat_get=0\npeek 0\npeek 64\n"
          "fd_fdstat_get=8\nfd_prestat_get=8\nfd_renumber=58\n"
          "fd_renumber=8\nfd_sync=0\nfd_sync=8\nfd_datasync=0\n"
          "fd_allocate=0\nfd_allocate=8\nfd_advise=0\n"
          "fd_filestat_get=8\nfd_filestat_set_size=0\n"
          "fd_filestat_set_times=8\nfd_fdstat_set_flags=52\n"
          "fd_fdstat_set_rights=0\nfd_readdir=54 0\n"
          "fd_pread=52 -\nfd_prestat_dir_name=52\n");
    check("files",
          "path_open 3 0 0 0 0 0 0 0 %\npath_filestat_get 3 0 0 0 0\n"
          "path_create_directory 3 0 0\npath_remove_directory 3 0 0\n"
          "path_unlink_file 3 0 0\npath_link 3 0 0 0 0 0 0\n"
          "path_symlink 0 0 3 0 0\npath_rename 3 0 0 3 0 0\n"
          "path_readlink 3 0 0 0 0 %\npath_filestat_set_times 3 0 0 0 0 0 0",
          "path_open=44 -\npath_filestat_get=58\n"
          "path_create_directory=58\npath_remove_directory=58\n"
          "path_unlink_file=58\npath_link=58\n"
          "path_symlink=58\npath_rename=58\n"
          "path_readlink=58 0\npath_filestat_set_times=58\n");
    check("sockets and the rest",
          "sock_accept 3 0 %\nsock_recv 3 0 0 0 % %\nsock_send 3 0 0 0 %\n"
          "sock_shutdown 3 0\nsched_yield\npoll_oneoff 0 0 1 %\n"
          "poll_oneoff 0 0 1 0xfffffffd\nproc_raise 9\n"
          "pthread_equal 3 3\npthread_equal 3 4",
          "sock_accept=58 -\nsock_recv=58 - -\nsock_send=58 -\n"
          "sock_shutdown=58\nsched_yield=0\npoll_oneoff=0 0\n"
          "poll_oneoff=21\nproc_raise=58\n"
          "pthread_equal=1\npthread_equal=0\n");
}

static void test_random(void)
{
    struct fake *fake = fake_probe("@rh\npoke 64 0\npoke 68 0\n"
                                   "random_get 64 8\npeek 64\npeek 68\n");

    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    ok(strcmp(fake_log(fake), "random_get=0\npeek 0\npeek 0\n") != 0,
       "random bytes are not all zero");
    fake_free(fake);
}

static void test_old_module(void)
{
    struct fake *fake = fake_probe_with("-DWASI_MODULE='\"wasi_unstable\"'",
                                        "@rh\nsched_yield\n", NULL);

    fake_clear(fake);
    pw_on_request_headers(fake->stream, true);
    is_str(fake_log(fake), "sched_yield=0\n", "wasi_unstable");
    fake_free(fake);
}

int main(void)
{
    test_write();
    test_many_vectors();
    test_clock();
    test_rest();
    test_random();
    test_old_module();
    return done();
}

/*
 * WASI preview 1, one row a function; modules wasi_snapshot_preview1 and
 * wasi_unstable.  There are no files: what isn't listed as a function of its
 * own answers one and the same error number.
 *
 *   call(name, signature, when)         `static uint32_t name(c, arguments)`
 *   answer(name, signature, errno)
 *
 * when: RUNNING excludes start functions, START doesn't, ALWAYS is allowed
 * even to the guest's allocator (the same set as in Envoy: the garbage
 * collector of Go may run there).  What is not allowed answers NOTCAPABLE.
 */
#ifndef PW_WASI_H
#define PW_WASI_H

enum pw_wasi_errno {
    PW_WASI_SUCCESS = 0, PW_WASI_BADF = 8, PW_WASI_FAULT = 21,
    PW_WASI_INVAL = 28, PW_WASI_IO = 29, PW_WASI_NOENT = 44,
    PW_WASI_NOSYS = 52, PW_WASI_NOTDIR = 54, PW_WASI_NOTSUP = 58,
    PW_WASI_NOTCAPABLE = 76
};

#define PW_WASI_CALLS(call, answer)                                           \
    call(args_get, "ii:i", START)                                             \
    call(args_sizes_get, "ii:i", START)                                       \
    call(environ_get, "ii:i", START)                                          \
    call(environ_sizes_get, "ii:i", START)                                    \
    call(clock_res_get, "ii:i", START)                                        \
    call(clock_time_get, "iIi:i", ALWAYS)                                     \
    answer(fd_advise, "iIIi:i", SUCCESS)                                      \
    call(fd_allocate, "iII:i", START)                                         \
    answer(fd_close, "i:i", SUCCESS)                                          \
    call(fd_datasync, "i:i", START)                                           \
    call(fd_fdstat_get, "ii:i", START)                                        \
    answer(fd_fdstat_set_flags, "ii:i", NOSYS)                                \
    call(fd_fdstat_set_rights, "iII:i", START)                                \
    answer(fd_filestat_get, "ii:i", BADF)                                     \
    call(fd_filestat_set_size, "iI:i", START)                                 \
    call(fd_filestat_set_times, "iIIi:i", START)                              \
    answer(fd_pread, "iiiIi:i", NOSYS)                                        \
    answer(fd_prestat_get, "ii:i", BADF)                                      \
    answer(fd_prestat_dir_name, "iii:i", NOSYS)                               \
    call(fd_pwrite, "iiiIi:i", START)                                         \
    answer(fd_read, "iiii:i", NOSYS)                                          \
    call(fd_readdir, "iiiIi:i", START)                                        \
    call(fd_renumber, "ii:i", START)                                          \
    answer(fd_seek, "iIii:i", SUCCESS)                                        \
    call(fd_sync, "i:i", START)                                               \
    call(fd_tell, "ii:i", START)                                              \
    call(fd_write, "iiii:i", ALWAYS)                                          \
    answer(path_create_directory, "iii:i", NOTSUP)                            \
    answer(path_filestat_get, "iiiii:i", NOTSUP)                              \
    answer(path_filestat_set_times, "iiiiIIi:i", NOTSUP)                      \
    answer(path_link, "iiiiiii:i", NOTSUP)                                    \
    answer(path_open, "iiiiiIIii:i", NOENT)                                   \
    call(path_readlink, "iiiiii:i", START)                                    \
    answer(path_remove_directory, "iii:i", NOTSUP)                            \
    answer(path_rename, "iiiiii:i", NOTSUP)                                   \
    answer(path_symlink, "iiiii:i", NOTSUP)                                   \
    answer(path_unlink_file, "iii:i", NOTSUP)                                 \
    call(poll_oneoff, "iiii:i", ALWAYS)                                       \
    answer(proc_raise, "i:i", NOTSUP)                                         \
    call(random_get, "ii:i", START)                                           \
    answer(sched_yield, ":i", SUCCESS)                                        \
    answer(sock_accept, "iii:i", NOTSUP)                                      \
    answer(sock_recv, "iiiiii:i", NOTSUP)                                     \
    answer(sock_send, "iiiii:i", NOTSUP)                                      \
    answer(sock_shutdown, "ii:i", NOTSUP)

#endif

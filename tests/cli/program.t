#!/usr/bin/perl
# sluice run of programs: arguments, environment, streams, exit.
use strict;
use warnings;
use lib 'tests/cli/lib';
use Test::More;
use Command;

# --- the interface, from the guest's side

my $exit = wat(<<'EOF');
(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start") (call $exit (i32.const 7)) (unreachable)))
EOF
my $r = sluice('run', $exit);
is "$r->{status}$r->{out}$r->{err}", '7', 'proc_exit: the status';

# A call of the interface with constant arguments prints its error number.
sub answer {
    my ($name, $type, @arguments) = @_;
    my $result = sluice('run', '--invoke', 'f', wat(<<"EOF"));
(module
  (import "wasi_snapshot_preview1" "$name" (func \$f $type))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\03\\00\\00\\00")
  (data (i32.const 8) "\\ff\\ff\\00\\00\\02\\00\\00\\00" "abc")
  (func (export "f") (result i32) (call \$f @arguments)))
EOF
    return $result->{status} ? $result->{err} : $result->{out};
}
my $i2 = '(param i32 i32) (result i32)';
my $i4 = '(param i32 i32 i32 i32) (result i32)';
my ($ok, $badf, $fault, $inval, $nosys) = map { "$_\n" } 0, 8, 21, 28, 52;

is answer('fd_write', $i4, map { "(i32.const $_)" } 1, 0, 1, 32), "abc$ok",
    'fd_write';
is answer('fd_write', $i4, map { "(i32.const $_)" } 3, 0, 1, 32), $badf,
    'fd_write: no such file';
is answer('fd_write', $i4, map { "(i32.const $_)" } 1, 0, 2, 32), "abc$fault",
    'fd_write: bytes out of bounds';
is answer('fd_write', $i4, map { "(i32.const $_)" } 1, 65532, 1, 32), $fault,
    'fd_write: array out of bounds';
is answer('fd_write', $i4, map { "(i32.const $_)" } 1, 0, -1, 32), $inval,
    'fd_write: an endless array';
is answer('fd_write', $i4, map { "(i32.const $_)" } 1, 0, 0, 65533), $fault,
    'fd_write: result out of bounds';
is answer('fd_read', $i4, map { "(i32.const $_)" } 0, 0, 1, 32), $ok,
    'fd_read at the end';
is answer('random_get', $i2, '(i32.const 0)', '(i32.const 65536)'), $ok,
    'random_get';
is answer('random_get', $i2, '(i32.const 1)', '(i32.const 65536)'), $fault,
    'random_get: out of bounds';
is answer('clock_time_get', '(param i32 i64 i32) (result i32)',
    '(i32.const 1)', '(i64.const 0)', '(i32.const 8)'), $ok, 'clock_time_get';
is answer('clock_time_get', '(param i32 i64 i32) (result i32)',
    '(i32.const 9)', '(i64.const 0)', '(i32.const 8)'), $inval,
    'clock_time_get: no such clock';
is answer('clock_res_get', $i2, '(i32.const 0)', '(i32.const 65529)'), $fault,
    'clock_res_get: out of bounds';
is answer('args_get', $i2, '(i32.const -1)', '(i32.const 0)'), $fault,
    'args_get: out of bounds';
is answer('fd_prestat_get', $i2, '(i32.const 3)', '(i32.const 0)'), $badf,
    'no folder is handed over';
is answer('path_open',
    '(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)',
    ('(i32.const 0)') x 5, ('(i64.const 0)') x 2, ('(i32.const 0)') x 2),
    $nosys, 'path_open: ENOSYS';
is answer('sock_shutdown', $i2, ('(i32.const 0)') x 2), $nosys,
    'sock_shutdown: ENOSYS';
like answer('fd_write', '(param i32) (result i32)', '(i32.const 0)'),
    qr/import/, 'fd_write of a wrong type is refused';

# --- a program in C with its library

my $program = c(<<'EOF');
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv)
{
    char line[100];

    for (int i = 1; i < argc; i++)
        printf("%d %s\n", i, argv[i]);
    printf("%s %s\n", getenv("A"), getenv("B") ? getenv("B") : "no B");
    if (fgets(line, sizeof line, stdin))
        printf("read %s", line);
    fprintf(stderr, "%s\n", time(NULL) > 1700000000 ? "now" : "then");
    printf("%d\n", fopen("/etc/passwd", "r") != NULL);
    if (argc == 1)
        abort();
    return 3;
}
EOF
SKIP: {
    skip 'no compiler for WASI', 5 if !$program;
    $r = sluice({in => "a line\n"}, 'run', '--env', 'A=1 2', '--env=C=',
        $program, '--memory', '', 'b c');
    is $r->{out}, "1 --memory\n2 \n3 b c\n1 2 no B\nread a line\n0\n",
        'what main prints';
    is $r->{err}, "now\n", 'on the error stream';
    is $r->{status}, 3, 'what main returns';
    $r = sluice('run', '--env', 'A=', $program);
    is $r->{status}, 134, 'abort is a trap';
    like $r->{err}, qr/trap: unreachable\n  #0 .*abort\n/, 'in abort';
}

done_testing;

#!/usr/bin/perl
# sluice run: traps with their back-trace, bounds of time, memory and stack.
use strict;
use warnings;
use lib 'tests/cli/lib';
use Test::More;
use Command;
use Time::HiRes 'time';

my $module = wat(<<'EOF');
(module
  (memory 1)
  (table 2 funcref)
  (func $divide (param i32 i32) (result i32)
    (i32.div_s (local.get 0) (local.get 1)))
  (func $half (export "divide") (param i32 i32) (result i32)
    (call $divide (local.get 0) (local.get 1)))
  (func (export "unreachable") (unreachable))
  (func (export "load") (result i32) (i32.load (i32.const 65533)))
  (func (export "indirect") (call_indirect (i32.const 1)))
  (func (export "element") (call_indirect (i32.const 9)))
  (func (export "convert") (result i32) (i32.trunc_f32_s (f32.const nan)))
  (func $deep (export "deep") (call $deep))
  (func (export "loop") (loop (br 0)))
  (func (export "grow") (param i32) (result i32)
    (memory.grow (local.get 0))))
EOF

# function, arguments, the cause
my @traps = (
    ['divide', [1, 0], 'integer divide by zero'],
    ['divide', [-2147483648, -1], 'integer overflow'],
    ['unreachable', [], 'unreachable'],
    ['load', [], 'out of bounds memory access'],
    ['indirect', [], 'uninitialized element'],
    ['element', [], 'undefined element'],
    ['convert', [], 'invalid conversion to integer'],
    ['deep', [], 'call stack exhausted'],
);
for my $case (@traps) {
    my ($name, $arguments, $cause) = @$case;
    my $r = sluice('run', '--invoke', $name, $module, @$arguments);
    is $r->{status}, 134, "$name: status";
    like $r->{err}, qr/\Asluice: trap: \Q$cause\E/, 'cause';
    is $r->{out}, '', 'no results';
}

my $r = sluice('run', '--invoke', 'divide', $module, 1, 0);
my @lines = split /\n/, $r->{err};
is @lines, 3, 'a line a frame';
like $lines[1], qr/^  #0  func\[0\] at 0x[0-9a-f]+  divide$/, 'innermost';
like $lines[2], qr/^  #1  func\[1\] at 0x[0-9a-f]+  half$/, 'its caller';

# The offset is that of the instruction: its byte stands there.
my ($offset) = $lines[1] =~ /at (0x[0-9a-f]+)/;
is ord substr(read_bytes($module), hex $offset, 1), 0x6d,
    'the offset is that of i32.div_s';

$r = sluice('run', '--invoke', 'deep', $module);
like $r->{err}, qr/\n  \.\.\. \d+ more\n\z/, 'a long back-trace is cut off';
cmp_ok scalar(() = $r->{err} =~ /\n/g), '<', 40, 'after some frames';

# --- time

for my $case (['loop', $module, '--invoke', 'loop'],
    ['start', wat('(module (func $s (loop (br 0))) (start $s))')]) {
    my ($name, $file, @options) = @$case;
    my $began = time;
    $r = sluice('run', '--timeout=30ms', @options, $file);
    my $took = time - $began;
    is $r->{status}, 134, "$name: time is up";
    like $r->{err}, qr/trap: deadline exceeded/, 'cause';
    cmp_ok $took, '<', 5, 'soon';
    cmp_ok $took, '>=', 0.03, 'but not before';
}
$r = sluice('run', '--timeout=10s', '--invoke', 'grow', $module, 1);
is $r->{out}, "1\n", 'a call that is in time';

# --- memory

for my $case (['128k', 1, 1], ['128k', 2, -1], ['64k', 1, -1], ['1m', 15, 1],
    ['1M', 16, -1], ['65536', 0, 1], ['1g', 70000, -1]) {
    my ($size, $pages, $old) = @$case;
    $r = sluice('run', "--memory=$size", '--invoke', 'grow', $module, $pages);
    is $r->{out}, "$old\n", "$size: memory.grow by $pages pages";
}
$r = sluice('run', '--memory=65535', '--invoke', 'grow', $module, 0);
is $r->{status}, 1, 'the first page is too much';
like $r->{err}, qr/limit exceeded: memory/, 'the complaint';

# --- names of functions are the module's

$r = sluice('run', '--invoke', 'f',
    wat(qq{(module (func \$"a\\1b[31m" (export "f") (unreachable)))}));
like $r->{err}, qr/  a\?\[31m\n/, 'no escapes for the terminal in names';

done_testing;

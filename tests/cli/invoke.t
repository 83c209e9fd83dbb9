#!/usr/bin/perl
# sluice run --invoke: arguments, results, and what is wrong with them.
use strict;
use warnings;
use lib 'tests/cli/lib';
use Test::More;
use Command;

my $module = wat(<<'EOF');
(module
  (elem declare func $none)
  (func $none (export "none"))
  (func (export "i32") (param i32) (result i32) (local.get 0))
  (func (export "i64") (param i64) (result i64) (local.get 0))
  (func (export "f32") (param f32) (result f32) (local.get 0))
  (func (export "f64") (param f64) (result f64) (local.get 0))
  (func (export "extern") (param externref) (result externref) (local.get 0))
  (func (export "func") (param funcref) (result funcref) (local.get 0))
  (func (export "a func") (result funcref) (ref.func $none))
  (func (export "f32 bits") (param i32) (result f32)
    (f32.reinterpret_i32 (local.get 0)))
  (func (export "f64 bits") (param i64) (result f64)
    (f64.reinterpret_i64 (local.get 0)))
  (func (export "bits f32") (param f32) (result i32)
    (i32.reinterpret_f32 (local.get 0)))
  (func (export "bits f64") (param f64) (result i64)
    (i64.reinterpret_f64 (local.get 0)))
  (func (export "v128") (param v128) (result v128) (local.get 0))
  (func (export "splat") (param i32) (result v128)
    (i32x4.replace_lane 0 (v128.const i32x4 0 1 2 3) (local.get 0)))
  (func (export "both") (param i32 v128 i32) (result i32 v128)
    (local.get 2) (local.get 1))
  (func (export "swap") (param i32 f64) (result f64 i32)
    (local.get 1) (local.get 0))
  (func (export "") (result i32) (i32.const 1))
  (global (export "g") i32 (i32.const 1)))
EOF

# function, arguments, what is printed
my @good = (
    ['none', [], ''],
    ['', [], "1\n"],
    ['swap', [1, 2.5], "2.5\n1\n"],
    ['i32', [-1], "-1\n"],
    ['i32', [4294967295], "-1\n"],
    ['i32', ['0xffffffff'], "-1\n"],
    ['i32', [-2147483648], "-2147483648\n"],
    ['i32', ['-0x80000000'], "-2147483648\n"],
    ['i64', ['-9223372036854775808'], "-9223372036854775808\n"],
    ['i64', ['18446744073709551615'], "-1\n"],
    ['i64', ['9223372036854775807'], "9223372036854775807\n"],
    ['f32', ['0.1'], "0.1\n"],
    ['f32', ['16777217'], "16777216\n"],
    ['f32', ['3.4028235e38'], "3.4028235e+38\n"],
    ['f32', ['1e-45'], "1e-45\n"],
    ['f32', ['-0'], "-0\n"],
    ['f32', ['inf'], "inf\n"],
    ['f32', ['-inf'], "-inf\n"],
    ['f32', ['0x1p-3'], "0.125\n"],
    ['f64', ['0.1'], "0.1\n"],
    ['f64', ['0.30000000000000004'], "0.30000000000000004\n"],
    ['f64', ['5e-324'], "5e-324\n"],
    ['f64', ['1.7976931348623157e308'], "1.7976931348623157e+308\n"],
    ['f64', ['nan'], "nan\n"],
    ['f32 bits', ['0x7fc00000'], "nan\n"],
    ['f32 bits', ['0xffc00000'], "-nan\n"],
    ['f32 bits', ['0x7f800001'], "nan:0x1\n"],
    ['f32 bits', ['0xff800000'], "-inf\n"],
    ['f64 bits', ['0x7ff0000000000003'], "nan:0x3\n"],
    ['f64 bits', ['0xfff8000000000000'], "-nan\n"],
    ['bits f32', ['nan:0x1'], "2139095041\n"],
    ['bits f32', ['-nan'], "-4194304\n"],
    ['bits f64', ['-nan:0x8000000000001'], "-2251799813685247\n"],
    ['v128', ['0x0123456789abcdefFEDCBA9876543210'],
        "0x0123456789abcdeffedcba9876543210\n"],
    ['splat', [-1], "0x000000030000000200000001ffffffff\n"],
    ['both', [1, '0x' . '0' x 31 . '7', 2],
        "2\n0x00000000000000000000000000000007\n"],
    ['extern', ['null'], "null\n"],
    ['extern', [0], "0\n"],
    ['extern', [77], "77\n"],
    ['func', ['null'], "null\n"],
    ['a func', [], "func\n"],
);
for my $case (@good) {
    my ($name, $arguments, $printed) = @$case;
    my $r = sluice('run', '--invoke', $name, $module, @$arguments);
    is $r->{out}, $printed, "$name(@$arguments)";
    is "$r->{status}$r->{err}", '0', 'status';
}

# function, arguments, the complaint
my @bad = (
    ['nobody', [], qr/there is no function "nobody"/],
    ['g', [], qr/there is no function "g"/],
    ['i32', [], qr/takes 1 arguments \(i\), 0 are given/],
    ['none', [1], qr/takes 0 arguments \(\), 1 are given/],
    ['i32', ['4294967296'], qr/argument 1, "4294967296", is no i32/],
    ['i32', ['-2147483649'], qr/is no i32/],
    ['i32', ['1x'], qr/is no i32/],
    ['i32', [''], qr/is no i32/],
    ['i32', ['1.5'], qr/is no i32/],
    ['i32', [' 1'], qr/is no i32/],
    ['i64', ['18446744073709551616'], qr/is no i64/],
    ['f32', ['one'], qr/is no f32/],
    ['f32', ['nan:0x800000'], qr/is no f32/],
    ['f32', ['nan:0x0'], qr/is no f32/],
    ['f64', ['nanny'], qr/is no f64/],
    ['v128', ['0x1'], qr/is no v128/],
    ['v128', ['0x' . 'g' x 32], qr/is no v128/],
    ['v128', ['1' x 34], qr/is no v128/],
    ['extern', ['-1'], qr/is no externref/],
    ['func', ['1'], qr/is no funcref/],
    ['swap', [1, 'x'], qr/argument 2, "x", is no f64/],
);
for my $case (@bad) {
    my ($name, $arguments, $complaint) = @$case;
    my $r = sluice('run', '--invoke', $name, $module, @$arguments);
    is $r->{status}, 1, "$name(@$arguments): status";
    like $r->{err}, $complaint, 'the complaint';
    is $r->{out}, '', 'no results';
}

my $r = sluice('run', $module);
is $r->{status}, 1, 'no _start: status';
like $r->{err}, qr/it is no program.*--invoke/, 'the complaint';

$r = sluice('run', wat('(module (func (export "_start") (param i32)))'));
like $r->{err}, qr/"_start" has arguments or results/, '_start of a wrong type';

$r = sluice('run', '--mode=interp', '--invoke=get', wat(<<'EOF'));
(module
  (global $g (mut i32) (i32.const 0))
  (func (export "_initialize") (global.set $g (i32.const 42)))
  (func (export "get") (result i32) (global.get $g)))
EOF
is $r->{out}, "42\n", '_initialize runs first';

$r = sluice('run', wat('(module (import "env" "f" (func)))'));
is $r->{status}, 1, 'an import that nobody has: status';
like $r->{err}, qr/import.*"env".*"f"/, 'the complaint names it';

done_testing;

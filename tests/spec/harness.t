#!/usr/bin/perl
# The harness of the official suite must find what is wrong: every assertion
# below is false, or about something that isn't there.
use strict;
use warnings;
use File::Temp 'tempdir';
use Test::More;

my $build = $ENV{SLUICE_BUILD} // 'build';
my $tools = $ENV{SLUICE_TOOLS} // $build;
my $dir = tempdir(CLEANUP => 1);

sub write_file {
    my ($path, $text) = @_;
    open my $f, '>', $path or die "$path: $!";
    print $f $text;
    close $f or die "$path: $!";
}

# A folder with one file; what the harness prints, and its status.
sub suite {
    my ($name, $text, @options) = @_;
    mkdir "$dir/$name";
    mkdir "$dir/$name/file";
    write_file("$dir/$name.wast", $text);
    system("$tools/venv/bin/wasm-tools", 'json-from-wast', '--wasm-dir',
        "$dir/$name/file", '-o', "$dir/$name/file/file.json",
        "$dir/$name.wast") == 0 or die "can't convert $name";
    my $out = `$build/tests/spec/run @options $dir/$name 2>&1`;
    return ($out, $? >> 8);
}

my $module = <<'EOF';
(module $m
  (func $none (export "none"))
  (func (export "one") (result i32) (i32.const 1))
  (func (export "two") (result i32 i64) (i32.const 1) (i64.const -2))
  (func (export "f32") (param i32) (result f32)
    (f32.reinterpret_i32 (local.get 0)))
  (func (export "f64") (param i64) (result f64)
    (f64.reinterpret_i64 (local.get 0)))
  (func (export "extern") (param externref) (result externref) (local.get 0))
  (func (export "func") (result funcref) (ref.func $none))
  (func (export "nofunc") (result funcref) (ref.null func))
  (func (export "trap") (unreachable))
  (func $deep (export "deep") (call $deep))
  (global (export "g") i32 (i32.const 5)))
EOF

my $true = <<'EOF';
(assert_return (invoke "none"))
(assert_return (invoke "one") (i32.const 1))
(assert_return (invoke "two") (i32.const 1) (i64.const -2))
(assert_return (invoke "f32" (i32.const 0x7fc00000)) (f32.const nan:canonical))
(assert_return (invoke "f32" (i32.const 0xffc00000)) (f32.const nan:canonical))
(assert_return (invoke "f32" (i32.const 0x7fc00001)) (f32.const nan:arithmetic))
(assert_return (invoke "f64" (i64.const 0x8000000000000000)) (f64.const -0))
(assert_return (invoke "extern" (ref.extern 0)) (ref.extern 0))
(assert_return (invoke "extern" (ref.extern 3)) (ref.extern))
(assert_return (invoke "extern" (ref.null extern)) (ref.null extern))
(assert_return (invoke "func") (ref.func))
(assert_return (invoke "nofunc") (ref.null func))
(assert_return (get "g") (i32.const 5))
(assert_trap (invoke "trap") "unreachable")
(assert_exhaustion (invoke "deep") "call stack exhausted")
(assert_invalid (module (func (result i32))) "type mismatch")
(assert_unlinkable (module (import "a" "b" (func))) "unknown import")
(assert_trap (module (func $s (unreachable)) (start $s)) "unreachable")
EOF

# Each with a piece of the complaint.
my @false = split /\n/, <<'EOF';
(assert_return (invoke "none") (i32.const 1))       ;; expected 1 results
(assert_return (invoke "one"))                      ;; expected 0 results
(assert_return (invoke "one") (i32.const 2))        ;; found i 1
(assert_return (invoke "one") (i64.const 1))        ;; found i
(assert_return (invoke "two") (i32.const 1))        ;; expected 1 results
(assert_return (invoke "two") (i32.const 1) (i64.const 2)) ;; found I
(assert_return (invoke "f32" (i32.const 0x7fc00001)) (f32.const nan:canonical)) ;; nan:canonical
(assert_return (invoke "f32" (i32.const 0x7fa00000)) (f32.const nan:arithmetic)) ;; nan:arithmetic
(assert_return (invoke "f32" (i32.const 0x7f800000)) (f32.const nan:arithmetic)) ;; nan:arithmetic
(assert_return (invoke "f64" (i64.const 0x7ff8000000000001)) (f64.const nan:canonical)) ;; nan:canonical
(assert_return (invoke "f64" (i64.const 0)) (f64.const -0)) ;; found F
(assert_return (invoke "extern" (ref.extern 1)) (ref.extern 2)) ;; found e 2
(assert_return (invoke "extern" (ref.extern 0)) (ref.null extern)) ;; found e
(assert_return (invoke "extern" (ref.null extern)) (ref.extern)) ;; found e 0
(assert_return (invoke "extern" (ref.null extern)) (ref.func)) ;; found e 0
(assert_return (invoke "func") (ref.null func))     ;; found r
(assert_return (invoke "nofunc") (ref.func))        ;; found r 0
(assert_return (invoke "one" (i32.const 1)) (i32.const 1)) ;; 1 slots of arguments
(assert_return (invoke "nobody"))                   ;; no such function
(assert_return (invoke $x "one") (i32.const 1))     ;; no such module
(assert_return (get "g") (i32.const 6))             ;; found i 5
(assert_return (get "one") (i32.const 6))           ;; no such global
(assert_return (invoke "trap"))                     ;; found the trap: unreachable
(assert_trap (invoke "one") "unreachable")          ;; returns, expected the trap
(assert_trap (invoke "trap") "integer overflow")    ;; found: unreachable
(assert_trap (invoke "deep") "unreachable")         ;; found: call stack
(assert_exhaustion (invoke "trap") "call stack exhausted") ;; found: unreachable
(assert_exception (invoke "one"))                   ;; expected an exception
(assert_exception (invoke "trap"))                  ;; found the trap
(assert_invalid (module (func)) "type mismatch")    ;; loads, but
(assert_malformed (module binary "\00asm\01\00\00\00") "no") ;; loads, but
(assert_unlinkable (module (func)) "unknown import") ;; instantiates, but
(assert_unlinkable (module (func $s (unreachable)) (start $s)) "no") ;; no: trap
(assert_trap (module (func)) "unreachable")         ;; instantiates, but
(assert_trap (module (import "a" "b" (func))) "unreachable") ;; import cannot be linked
(invoke "trap")                                     ;; found the trap
(invoke "nobody")                                   ;; no such function
(register "r" $x)                                   ;; no such module
(module (import "r" "none" (func)))                 ;; instantiation: import
EOF

my ($out, $status) = suite('true', $module . $true);
my $n = () = $true =~ /^\(assert/mg;
is $status, 0, 'what is true passes';
is $out, <<"EOF", 'and is counted';
true: 1 files, $n passed, 0 failed, 0 not applicable, 0 skipped
total: 1 files, $n passed, 0 failed, 0 not applicable, 0 skipped
EOF

for my $i (0 .. $#false) {
    my ($command, $complaint) = $false[$i] =~ /^(.*?)\s*;; (.*)$/;
    ($out, $status) = suite("false$i", $module . $command);
    is $status, 1, "$command fails";
    like $out, qr/^false$i\/file\.wast:15: .*\Q$complaint\E/m,
        'with the reason';
    like $out, qr/^total: 1 files, 0 passed, 1 failed/m, 'and is counted';
}

# --- exceptions

my $wrong = $module . "(assert_return (invoke \"one\") (i32.const 2))\n";
write_file("$dir/skip", "skipped/file.wast:15  a reason\n");
($out, $status) = suite('skipped', $wrong, "--skip=$dir/skip");
is $status, 0, 'an exception';
like $out, qr/^total: 1 files, 0 passed, 0 failed, 0 not .*, 1 skipped/m,
    'is counted as such';

write_file("$dir/skip", "passes/file.wast:15  a reason\n");
($out, $status) = suite('passes',
    $module . "(assert_return (invoke \"one\") (i32.const 1))\n",
    "--skip=$dir/skip");
is $status, 1, 'an exception that passes';
like $out, qr/:15: .*passes: its line in the file of exceptions is wrong/,
    'is a failure';

write_file("$dir/skip", "unmet/file.wast:99  a reason\n");
($out, $status) = suite('unmet', $module, "--skip=$dir/skip");
is $status, 1, 'an exception that nothing meets';
like $out, qr/there is no command unmet\/file\.wast:99/, 'is a failure';

for my $row ('reasonless/file.wast:15', 'x', 'unsupported "x"',
    'unsupported x  why', 'a/b:c  why') {
    write_file("$dir/skip", "$row\n");
    ($out, $status) = suite('row', $module, "--skip=$dir/skip");
    is $status, 2, "exception \"$row\" is refused";
}

# --- totals

write_file("$dir/totals", "complete 1 $n 0\n");
($out, $status) = suite('complete', $module . $true, "--totals=$dir/totals");
is $status, 0, 'complete';
for my $row ("less 1 @{[$n + 1]} 0", "files 2 $n 0", "na 1 $n 1", "other 1 1 0") {
    my ($name) = split ' ', $row;
    write_file("$dir/totals", "$row\n");
    $name = 'missing' if $name eq 'other';
    ($out, $status) = suite($name, $module . $true, "--totals=$dir/totals");
    is $status, 1, "totals \"$row\": incomplete";
    like $out, qr/expected \d+ files|was not run/, 'says so';
}

# --- files that can't be run

($out, $status) = suite('time', '(module (func (export "f") (loop (br 0))))'
    . '(invoke "f") (assert_return (invoke "f")) (assert_return (invoke "f"))',
    '--timeout=1');
is $status, 1, 'a file that never ends';
like $out, qr/file\.wast:1: action: died of signal 14 \(time is up\)/,
    'is ended, and the command named';
like $out, qr/^total: 1 files, 0 passed, 2 failed/m,
    'and its assertions are counted as failures';

mkdir "$dir/broken";
mkdir "$dir/broken/file";
write_file("$dir/broken/file/file.json", '{"commands": [');
$out = `$build/tests/spec/run $dir/broken`;
is $? >> 8, 1, 'a file that can\'t be read';
write_file("$dir/broken/file/file.json",
    '{"commands": [{"type": "dance", "line": 3}]}');
$out = `$build/tests/spec/run $dir/broken`;
is $? >> 8, 1, 'an unknown command';
like $out, qr/:3: dance : unknown command/, 'is a failure';

done_testing;

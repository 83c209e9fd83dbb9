#!/usr/bin/perl
# sluice check, and what check and run say of files that are no modules.
use strict;
use warnings;
use lib 'tests/cli/lib';
use Test::More;
use Command;

my $module = wat(<<'EOF');
(module
  (import "env" "log" (func (param i32 i64) (result f32)))
  (import "env" "mem" (memory 1 2))
  (import "en\1bv" "q\22" (global (mut f64)))
  (import "env" "t" (table 3 funcref))
  (func (export "f") (param externref) (result i32 i32)
    (i32.const 0) (i32.const 0))
  (func (export "") )
  (memory (export "second") i64 5)
  (global (export "g") i64 (i64.const 0))
  (table (export "table") 1 9 externref)
  (tag (export "tag") (param i32)))
EOF
my $r = sluice('check', $module);
is $r->{status}, 0, 'a module: status';
is $r->{err}, '', 'no complaint';
is $r->{out}, <<"EOF", 'what it imports and exports';
$module: valid
imports: 4
  "env" "log"  func (param i32 i64) (result f32)
  "env" "mem"  memory 1 2
  "en\\1bv" "q\\22"  global (mut f64)
  "env" "t"  table 3 (ref null func)
exports: 6
  "f"  func (param (ref null extern)) (result i32 i32)
  ""  func
  "second"  memory i64 5
  "g"  global i64
  "table"  table 1 9 (ref null extern)
  "tag"  tag (param i32)
plugin: no
EOF

# --- plugins

for my $version ('0.1.0', '0.2.0', '0.2.1') {
    (my $marker = "proxy_abi_version_$version") =~ tr/./_/;
    $r = sluice('check', wat(<<"EOF"));
(module
  (func (export "$marker"))
  (func (export "proxy_on_memory_allocate") (param i32) (result i32)
    (i32.const 1024))
  (memory (export "memory") 1))
EOF
    is $r->{status}, 0, "a plugin of $version: status";
    like $r->{out}, qr/^plugin: Proxy-Wasm \Q$version\E$/m, 'its version';
}
$r = sluice('check', wat('(module (func (export "proxy_abi_version_9_9_9"))
    (memory (export "memory") 1))'));
is $r->{status}, 1, 'a plugin of a later version: status';
like $r->{err}, qr/no plugin that can be used/, 'the complaint';
$r = sluice('check', wat('(module (func (export "proxy_abi_version_0_2_1")))'));
is $r->{status}, 1, 'a plugin without a memory: status';
like $r->{err}, qr/memory/, 'the complaint';

# --- no modules

my $bytes = read_bytes($module);
my %files = (
    'nothing'  => '',
    'text'     => "#!/bin/sh\necho hello\n",
    'a letter' => "\0",
    'version'  => "\0asm\2\0\0\0",
    'section'  => "\0asm\1\0\0\0\x01\xff\xff\xff\xff\x0f",
    'type'     => "\0asm\1\0\0\0\x01\x04\x01\x60\x00\x01",
    'body'     => "\0asm\1\0\0\0\x01\x05\x01\x60\x00\x01\x7f\x03\x02\x01\x00"
        . "\x0a\x04\x01\x02\x00\x0b",
);
for my $name (sort keys %files) {
    my $path = write_bytes('bad.wasm', $files{$name});
    for my $command ('check', 'run') {
        $r = sluice($command, $path);
        is $r->{status}, 1, "$command: $name: status";
        like $r->{err},
            qr/\Asluice: \S+bad\.wasm: (malformed|invalid) module: .+\n\z/,
            'one line that says why';
        is $r->{out}, '', 'and nothing else';
    }
}

for my $case (['/nonexistent.wasm', qr/No such file/],
    [dir(), qr/Is a directory/]) {
    my ($path, $complaint) = @$case;
    for my $command ('check', 'run') {
        $r = sluice($command, $path);
        is $r->{status}, 1, "$command: " . ($path eq dir() ? 'folder' : $path);
        like $r->{err}, $complaint, 'the complaint';
    }
}

# Truncated anywhere, a module is refused, but for where sections end.
my %whole = map { $_ => 1 } section_ends($bytes);
my @wrong;
for my $len (0 .. length($bytes) - 1) {
    $r = sluice('check', write_bytes('cut.wasm', substr $bytes, 0, $len));
    push @wrong, $len
        if $r->{status} != 1 && !($whole{$len} && $r->{status} == 0);
}
is "@wrong", '', 'truncated at each of ' . length($bytes) . ' offsets';

sub section_ends {
    my ($module) = @_;
    my ($at, @ends) = (8, 8);
    while ($at < length $module) {
        my ($size, $shift) = (0, 0);
        $at++;
        while (1) {
            my $byte = ord substr $module, $at++, 1;
            $size |= ($byte & 127) << $shift;
            $shift += 7;
            last if $byte < 128;
        }
        push @ends, $at += $size;
    }
    return @ends;
}

done_testing;

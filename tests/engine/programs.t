#!/usr/bin/perl
# C programs, compiled by clang in several ways, give the same results here
# and in V8.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

my $here = dirname(__FILE__) . '/programs';
my $top = dirname(__FILE__) . '/../..';
my $build = $ENV{SLUICE_BUILD} || "$top/build";
my $cc = $ENV{SLUICE_CC} || 'gcc';
my $san = $ENV{SLUICE_SAN} ? '-fsanitize=address,undefined' : '';
sub installed { return `command -v $_[0] 2>/dev/null` ne '' }
my ($clang) = grep { installed($_) }
    split(' ', $ENV{SLUICE_WASM_CC} // ''), qw(clang-19 clang-22 clang);
my $version = $clang ? `$clang --version` =~ /version (\d+)/ && $1 : '';
plan skip_all => 'no clang and linker for wasm32'
    unless installed("wasm-ld-$version") || installed('wasm-ld');
plan skip_all => 'no node' unless installed('node');

my $out = "$build/tests/engine/programs";
system('mkdir', '-p', $out) == 0 or die;
system("$cc -std=c11 -O2 $san -I$top/engine -o $out/runner $here/runner.c "
       . "$build/libsluice.a -lm") == 0
    or BAIL_OUT('runner.c does not compile');

my @modern = qw(-mbulk-memory -mnontrapping-fptoint -msign-ext
                -mmutable-globals -mmultivalue);
my @ways = map { [ $_, "-mcpu=mvp $_" ], [ "$_ modern", "$_ @modern" ] }
           qw(-O0 -O1 -O2 -Os);
push @ways, [ '-O2 tail calls', '-O2 -mtail-call' ];
push @ways, [ '-O2 64-bit memory', '-O2 --target=wasm64' ];

my $want = '';
for (@ways) {
    my ($name, $flags) = @$_;
    my $target = $flags =~ /--target/ ? '' : '--target=wasm32';
    my $wasm = "$out/kernels.wasm";
    system("$clang $target $flags -ffreestanding -nostdlib -fno-builtin"
           . " -Wl,--no-entry -o $wasm $here/kernels.c $here/runtime.c "
           . "2>$out/clang.log") == 0
        or do { fail("$name: clang"); diag(`cat $out/clang.log`); next };
    # Older nodes lack tail calls and 64-bit tables; the results are the same.
    $want = `node $here/v8.js $wasm 2>&1` unless $name =~ /64-bit|tail/;
    is(`$out/runner $wasm 2>&1`, $want, "$name: as in V8");
    cmp_ok(scalar(split /\n/, $want), '>', 50, "$name: all programs ran");
}
done_testing();

#!/usr/bin/perl
# The example of engine/README.md compiles and does what it says.
use strict;
use warnings;
use File::Basename qw(dirname);
use Test::More;

my $here = dirname(__FILE__);
my $top = "$here/../..";
my $build = $ENV{SLUICE_BUILD} || "$top/build";
my $cc = $ENV{SLUICE_CC} || 'gcc';
my $san = $ENV{SLUICE_SAN} ? '-fsanitize=address,undefined' : '';
my $out = "$build/tests/engine/readme";

sub slurp {
    open my $file, '<', shift or die "$_[0]: $!";
    local $/;
    return <$file>;
}

sub spew {
    my ($path, $text) = @_;
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}

my ($example) = slurp("$top/engine/README.md") =~ /^```c\n(.*?)^```/ms;
ok($example, 'there is an example');
cmp_ok(scalar(split /\n/, $example =~ s/.*(?=static int run)//sr), '<=', 32,
       'it is short');

system('mkdir', '-p', "$out/sluice") == 0 or die;
spew("$out/sluice/engine.h", slurp("$top/engine/engine.h"));
spew("$out/example.c", $example . <<'END');

#include "modules.h"

int main(int argc, char **argv)
{
    we_engine *engine = we_engine_new(NULL);
    int bad = we_engine_attach(engine) != WE_OK;

    (void) argv;
    bad |= run(engine, wasm_hello, sizeof wasm_hello - (argc > 1));
    we_engine_free(engine);
    return bad;
}
END
is(system("$cc -std=c11 -O2 -Wall -Wextra -Werror $san -I$out -I$here "
          . "-o $out/example $out/example.c $build/libsluice.a -lm"), 0,
   'it compiles');
is(`$out/example`, "hello from the guest\n42\n", 'it runs');
is($?, 0, 'well');
like(`$out/example cut`, qr/offset/, 'it says why a module is refused');
done_testing();

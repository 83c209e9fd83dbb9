#!/usr/bin/perl
# `make install` puts everything where it belongs, and what it put there works
# without the source tree: a program on the engine, a plugin on the SDK.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use Test::More;

plan skip_all => 'a build with sanitizers is not to be installed'
    if $ENV{SLUICE_SAN};

my $top = abs_path(dirname(__FILE__) . '/../..');
my $build = abs_path($ENV{SLUICE_BUILD} || "$top/build");
my $cc = $ENV{SLUICE_CC} || 'gcc';
my $wasm_cc = $ENV{SLUICE_WASM_CC} || 'clang-19';
my $dir = File::Temp->newdir;
delete $ENV{MAKEFLAGS};

sub file
{
    my ($name, $text) = @_;
    open my $f, '>', "$dir/$name" or die;
    print $f $text;
    close $f;
    return "$dir/$name";
}

is system("make -C $top B=$build CC=$cc DESTDIR=$dir/dest PREFIX=/usr install"
    . " >$dir/log 2>&1"), 0, 'make install' or diag(`cat $dir/log`);
for (qw(bin/sluice lib/libsluice.a include/sluice/engine.h
    include/sluice/sluice.h include/sluice/sluice_json.h share/man/man1/sluice.1
    share/man/man5/nginx-sluice.5
    lib/nginx/modules/ngx_http_wasm_filter_module.so)) {
    ok -s "$dir/dest/usr/$_", $_;
}

my $program = file('embed.c', <<'EOF');
#include <stdio.h>
#include <sluice/engine.h>

static const unsigned char wasm[] = {
    0, 'a', 's', 'm', 1, 0, 0, 0,
    1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f,          /* (i32, i32) -> i32 */
    3, 2, 1, 0,
    7, 7, 1, 3, 'a', 'd', 'd', 0, 0,
    10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b
};

int main(void)
{
    we_engine *engine = we_engine_new(NULL);
    we_linker *linker = we_linker_new(engine);
    we_module *module = NULL;
    we_instance *instance = NULL;
    uint64_t slots[2] = { 40, 2 };

    if (we_module_load(engine, wasm, sizeof wasm, &module, NULL) != WE_OK
        || we_instance_new(module, linker, NULL, 0, NULL, &instance, NULL,
                           NULL) != WE_OK
        || we_call(we_instance_func(instance, "add", 3), slots, 0, NULL)
               != WE_OK) {
        return 1;
    }
    printf("%u\n", (unsigned)slots[0]);
    we_instance_free(instance);
    we_module_free(module);
    we_linker_free(linker);
    we_engine_free(engine);
    return 0;
}
EOF
my $usr = "$dir/dest/usr";
my $compile = "$cc -std=c11 -Wall -Wextra -Werror $program -o $dir/embed";
is system("$compile -I$usr/include -L$usr/lib -lsluice -lm"), 0,
    'a program on the engine compiles';
is `$dir/embed`, "42\n", 'and runs';

# The engine alone: archive, header and what pkg-config says about them.
is system("make -C $top B=$build CC=$cc PREFIX=$dir/alone install-engine"
    . " >$dir/log 2>&1"), 0, 'make install-engine' or diag(`cat $dir/log`);
is join(' ', map { s|^\Q$dir\E/alone/||r } sort split /\n/,
    `find $dir/alone -type f`),
    'include/sluice/engine.h lib/libsluice-engine.a'
    . ' lib/pkgconfig/sluice-engine.pc', 'nothing else is installed';
unlink "$dir/embed";
$ENV{PKG_CONFIG_PATH} = "$dir/alone/lib/pkgconfig";
my $flags = `pkg-config --cflags --libs sluice-engine`;
is system("$compile " . $flags =~ s/\n//r), 0,
    'a program on it compiles, without any library';
is `$dir/embed`, "42\n", 'and runs';
is system("ar t $dir/alone/lib/libsluice-engine.a | sed 's/o\$/c/'"
    . " | (cd $top/engine && xargs ls) >$dir/log 2>&1"), 0,
    'the archive has nothing but the engine' or diag(`cat $dir/log`);

# The header is usable from C++, too: it must at least parse.
SKIP: {
    my $cxx = $cc =~ s/gcc/g++/r =~ s/clang/clang++/r;
    skip "no $cxx", 1 if system("command -v $cxx >/dev/null 2>&1");
    my $cpp = file('cpp.cc', "#include <sluice/engine.h>\n");
    is system("$cxx -Wall -Wextra -Werror -fsyntax-only -I$usr/include $cpp"), 0,
        'engine.h is C++, too';
}

my $plugin = file('plugin.c', <<'EOF');
#include <sluice/sluice.h>

SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)
{
    sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-hello"),
                      SLUICE_STR("world"));
    return SLUICE_CONTINUE;
}
EOF
my @ways = ('--target=wasm32-wasi -mexec-model=reactor',
    '--target=wasm32 -nostdlib -mbulk-memory -Wl,--no-entry');
for my $way (@ways) {
    is system("$wasm_cc $way -O2 -Wall -Wextra -Werror -I$usr/include $plugin"
        . " -o $dir/plugin.wasm"), 0, "a plugin compiles: $way";
    my $bytes = do { local (@ARGV, $/) = "$dir/plugin.wasm"; <> };
    my @exports = $bytes =~ /(proxy_on_\w+)/g;
    my %seen = map { $_ => 1 } @exports;
    is join(' ', sort keys %seen),
        'proxy_on_memory_allocate proxy_on_request_headers',
        'with the callbacks that it defines, and no other';
}
done_testing;

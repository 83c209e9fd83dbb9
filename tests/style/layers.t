#!/usr/bin/perl
# The rooms know only what is below them.  From the object files: what engine/
# leaves undefined is the C library's, what abi/ leaves undefined is that or
# the engine's, and what they define carries their names.  From the sources: no
# header of a room above is included.  And nothing in the tree names a place
# that is only here.
use strict;
use warnings;
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Temp;
use Test::More;

my $top = abs_path(dirname(__FILE__) . '/../..');
chdir $top or die;
my $build = abs_path($ENV{SLUICE_BUILD} || 'build');
my $dir = File::Temp->newdir;

sub symbols
{
    my ($object, @flags) = @_;
    my @names = map { (split ' ')[-1] } `nm @flags $object`;
    die "nm failed\n" if $?;
    return map { s/@.*//r } @names;
}

# What the libraries below the engine define, found by the linker itself.
sub undefined_beyond
{
    my ($object, @libraries) = @_;
    my @left = symbols($object, '-u');
    my %known;
    for my $library (@libraries) {
        my ($file) = grep { -f } map { glob "$_/$library" }
            qw(/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu
            /lib/aarch64-linux-gnu /usr/lib/aarch64-linux-gnu /lib64 /usr/lib64)
            or die "no $library\n";
        $known{$_} = 1 for symbols($file, '-D', '--defined-only');
    }
    # Compilers' own, position-independent code's, sanitizers'.
    my $own = qr/^(__(asan|ubsan|sanitizer|tsan)_|_GLOBAL_OFFSET_TABLE_$
        |__stack_chk_fail$|__tls_get_addr$)/x;
    return grep { !$known{$_} && !/$own/ } @left;
}

sub linked
{
    my ($room) = @_;
    my @objects = map { "$build/$_.o" } map { s/\.c$//r } glob "$room/*.c";
    system('ld', '-r', '-o', "$dir/$room.o", @objects) == 0
        or die "ld -r failed\n";
    return "$dir/$room.o";
}

my %room = (
    engine => { prefix => 'we_', libraries => ['libc.so.6', 'libm.so.6'] },
    abi => { prefix => 'pw_', libraries => ['libc.so.6', 'libpcre2-8.so.0',
        'libcrypto.so.3'], below => qr/^we_/ },
);
for my $name (sort keys %room) {
    my $object = linked($name);
    my $r = $room{$name};
    my @undefined = undefined_beyond($object, @{ $r->{libraries} });
    @undefined = grep { !/$r->{below}/ } @undefined if $r->{below};
    is "@undefined", '', "$name/ needs only what is below it";
    my @foreign = grep { !/^(\Q$r->{prefix}\E|__(odr_)?asan|DW\.ref|\.)/ }
        symbols($object, '-g', '--defined-only');
    is "@foreign", '', "$name/ defines only $r->{prefix}* names";
}

# --- state: below nginx-module nothing is mutable but through an argument ----

for my $name (sort keys %room) {
    my @mutable = map { /^\S+ .{7} (\S+)\s+[0-9a-f]+ (\S+)$/
        && [$1, $2] || () } grep { /^\S+ .{6}O/ } `objdump -t $dir/$name.o`;
    @mutable = map { $_->[1] } grep { $_->[0] =~ /^\.?t?(data|bss)|COM/
        && $_->[0] !~ /^\.data\.rel\.ro/ } @mutable;
    SKIP: {
        # Sanitizers keep descriptions of their own in writable data.
        skip 'sanitizers add data', 1 if $ENV{SLUICE_SAN};
        is "@mutable", '', "$name/ has no mutable globals";
    }
}

# --- includes --------------------------------------------------------------

my %above = (
    engine => qr{abi/|nginx-module/|cli/|ngx_|tests/|proxy_wasm},
    abi => qr{nginx-module/|cli/|ngx_|tests/|engine/(?!engine\.h")},
    'nginx-module' => qr{cli/|tests/|engine/(?!engine\.h")
        |abi/(?!proxy_wasm\.h")}x,
    cli => qr{nginx-module/|ngx_|engine/(?!engine\.h")|abi/(?!proxy_wasm\.h")},
    'sdk-examples/c' => qr{engine/|abi/|nginx-module/|cli/|tests/},
);
for my $name (sort keys %above) {
    my @bad;
    for my $file (glob "$name/*.[ch]") {
        open my $f, '<', $file or die "$file: $!\n";
        while (<$f>) {
            push @bad, "$file:$.: $1"
                if /^\s*#\s*include\s*(["<].*)/ && $1 =~ $above{$name};
        }
    }
    is join("\n", @bad), '', "$name/ includes nothing from above";
}

# --- the tree ----------------------------------------------------------------

my @files = grep { -f && -T _ && !/^Cargo\.lock$|\/Cargo\.lock$/ }
    split /\n/, `git ls-files 2>/dev/null` || `find . -type f`;
my $home = $ENV{HOME} // '/root';
my $place = join '|', map { quotemeta } grep { length > 1 }
    "$home/", dirname($top) . '/';
my $registry = join '|', map { quotemeta } map { join '.', @$_ }
    [qw(crates io)], [qw(pypi org)], [qw(npmjs org)], [qw(npmjs com)],
    [qw(proxy golang org)], [qw(deb debian org)], [qw(pythonhosted org)];
my (@places, @blanks);
for my $file (@files) {
    open my $f, '<', $file or next;
    while (<$f>) {
        push @places, "$file:$." if m{(?<![\w./%-])(?:$place)|$registry};
        push @blanks, "$file:$." if /[ \t]+$/ && $file =~ /\.(c|h|pm|t|md)$/;
    }
}
is join("\n", @places), '', 'no place of this machine or registry is named';
is join("\n", @blanks), '', 'no blanks at the end of a line';
done_testing;

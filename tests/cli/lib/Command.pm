# Runs the command `sluice` and looks at its status and at what it prints.
package Command;
use strict;
use warnings;
use Exporter 'import';
use File::Temp 'tempdir';

our @EXPORT = qw(sluice wat c write_bytes read_bytes dir build);

my $build = $ENV{SLUICE_BUILD} // 'build';
my $tools = $ENV{SLUICE_TOOLS} // $build;
my $dir   = tempdir(CLEANUP => 1);
my $n     = 0;

sub dir   { $dir }
sub build { $build }

sub read_bytes {
    my ($path) = @_;
    open my $f, '<:raw', $path or die "$path: $!";
    local $/;
    return scalar <$f> // '';
}

sub write_bytes {
    my ($name, $bytes) = @_;
    open my $f, '>:raw', "$dir/$name" or die "$name: $!";
    print $f $bytes;
    close $f or die "$name: $!";
    return "$dir/$name";
}

# A module of text format, assembled; the path.
sub wat {
    my ($text) = @_;
    my $path = write_bytes('m' . ++$n . '.wat', $text);
    system("$tools/venv/bin/wasm-tools", 'parse', $path, '-o', "$path.wasm")
        == 0 or die "can't assemble $path";
    return "$path.wasm";
}

# A program in C; the path, or undef if there is no compiler for it.
sub c {
    my ($text) = @_;
    my $path = write_bytes('m' . ++$n . '.c', $text);
    my $cc = $ENV{SLUICE_WASM_CC} || 'clang-19';
    system("$cc --target=wasm32-wasi -O1 -o $path.wasm $path "
        . "2>$dir/cc.log") == 0 or return undef;
    return "$path.wasm";
}

# Runs it; in => what it reads.  A hash: status, out, err.
sub sluice {
    my @argv = @_;
    my $in = ref $argv[0] ? shift(@argv)->{in} : '';
    my ($out, $err, $input) = map { "$dir/$_" } qw(out err in);
    write_bytes('in', $in);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        open STDIN,  '<', $input or die;
        open STDOUT, '>', $out   or die;
        open STDERR, '>', $err   or die;
        exec "$build/sluice", @argv or die "$build/sluice: $!";
    }
    waitpid $pid, 0;
    return {
        status => $? & 127 ? "signal $?" : $? >> 8,
        out    => read_bytes($out),
        err    => read_bytes($err),
    };
}

1;

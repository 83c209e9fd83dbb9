package Sluice::Nginx;

# Runs nginx with a test's configuration in a private folder, and gives the
# tests their HTTP client, upstreams and plugins.
#
#     use lib 'tests/nginx/lib';
#     use Sluice::Nginx;                     # brings Test::More, too
#
#     my $up = upstream(sub { "HTTP/1.1 200 OK\r\n\r\nhello" });
#     my $nginx = nginx(<<'EOF', up => $up->port);
#     wasm_plugin echo %%plugin:echo%%;      # tests/nginx/plugins/echo.c
#     server {
#         listen 127.0.0.1:%%port%%;
#         location / { wasm_filter echo; proxy_pass http://127.0.0.1:%%up%%; }
#     }
#     EOF
#     my $r = $nginx->get('/x', headers => ['X-A: 1']);
#     is $r->status, 200;
#     like $r->header('x-b'), qr/2/;
#     done_testing;
#
# What is inside http {} is the heredoc; main => TEXT and events => TEXT add to
# the other levels; files => { 'html/a' => BYTES } are put into the folder.  Macros: %%port%% and %%port:NAME%% free ports, %%dir%% the
# folder (its html/ is the root of static files), %%plugin:NAME%% a compiled
# plugin, %%example:c/NAME%% and %%example:rust/NAME%% one of sdk-examples/ (`make
# examples`), %%cert%% and %%key%% a self-made certificate, %%NAME%% an argument.
#
# The environment chooses the nginx: SLUICE_NGINX, SLUICE_NGINX_MODULE (empty:
# built in), SLUICE_BUILD, SLUICE_TOOLS, SLUICE_SAN; SLUICE_LOG=debug and
# SLUICE_KEEP=1 (keeps the folder) help at debugging.
#
# At the end of the program everything is stopped, and the test fails if an
# error log has an [alert], [emerg], [crit] or sanitizer line that
# $nginx->expect(qr/.../) didn't announce.

use strict;
use warnings;
use Cwd qw(abs_path);
use Exporter 'import';
use File::Basename qw(basename dirname);
use File::Path qw(make_path);
use File::Temp qw(tempdir);
use IO::Socket::INET;
use POSIX qw(WNOHANG);
use Socket qw(SOL_SOCKET SO_REUSEADDR);
use Test::More;
use Time::HiRes qw(sleep time);

use Sluice::HTTP qw(client response responses request_bytes curl);
use Sluice::Upstream qw(upstream);

our @EXPORT = (@Test::More::EXPORT, qw(nginx nginx_t plugin upstream client
    response responses request_bytes curl free_port slow write_file
    read_file));

our $TOP = abs_path(dirname(__FILE__) . '/../../../..');
our $BUILD = abs_path($ENV{SLUICE_BUILD} || "$TOP/build");
our $TOOLS = abs_path($ENV{SLUICE_TOOLS} || $BUILD);
our $NGINX = $ENV{SLUICE_NGINX} || '/usr/sbin/nginx';
our $MODULE = $ENV{SLUICE_NGINX_MODULE}
    // "$BUILD/nginx-deb/ngx_http_wasm_filter_module.so";

my $owner = $$;
my @running;
# Sanitizers and a busy machine: bounds on time are multiplied by this.
sub slow { $ENV{SLUICE_SAN} ? 10 : 1 }

# --- ports and files ------------------------------------------------------

# Below the range of outgoing connections, a stretch of its own a process.
my $next_port = 10000 + $$ * 16 % 20000;
sub free_port
{
    for (1 .. 2000) {
        my $port = $next_port++;
        $next_port = 10000 if $next_port > 32000;
        my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1',
            LocalPort => $port, Listen => 1, ReuseAddr => 1) or next;
        close $s;
        return $port;
    }
    die "no free port\n";
}

sub read_file
{
    my ($path) = @_;
    open my $f, '<:raw', $path or return;
    local $/;
    return <$f> // '';
}

sub write_file
{
    my ($path, $bytes) = @_;
    make_path(dirname($path));
    open my $f, '>:raw', $path or die "$path: $!\n";
    print $f $bytes;
    close $f or die "$path: $!\n";
    return $path;
}

# --- plugins --------------------------------------------------------------

# plugin('echo'), plugin('sdk-examples/c/deny.c'), plugin('x', source => TEXT):
# the path of the compiled module.  Text of a .wat is assembled by wasm-tools;
# flags => [...] are the compiler's.
sub plugin
{
    my ($name, %o) = @_;
    my $out = "$BUILD/tests/plugins";
    make_path($out);
    my $source = $name;
    if (defined $o{source}) {
        my $kind = $o{source} =~ /^\s*\(/ ? 'wat' : 'c';
        $source = write_file("$out/$name-$$.$kind", $o{source});
    } elsif ($name !~ /\.(c|wat)$/) {
        ($source) = grep { -e } "$TOP/tests/nginx/plugins/$name.c",
            "$TOP/tests/nginx/plugins/$name.wat"
            or die "no plugin $name\n";
    } else {
        $source = "$TOP/$name" unless $name =~ m{^/};
    }
    my $wasm = $source;
    $wasm =~ s{^\Q$TOP\E/}{};
    $wasm =~ s{.*/tests/plugins/}{};
    $wasm = join '', $wasm, @{ $o{flags} // [] };
    $wasm =~ tr{/ }{--};
    $wasm = "$out/$wasm.wasm";
    my @deps = ($source, glob("$TOP/tests/nginx/plugins/*.h"),
        glob("$TOP/sdk-examples/c/*.h"));
    my $made = (stat $wasm)[9];
    if (!$made || grep { (stat $_)[9] > $made } @deps) {
        my @cmd = $source =~ /\.wat$/
            ? ("$TOOLS/venv/bin/wasm-tools", 'parse', $source)
            : (split(' ', $ENV{SLUICE_WASM_CC} || 'clang-19'),
                '--target=wasm32-wasi', '-mexec-model=reactor', '-O2', '-Wall',
                '-Wextra', '-Werror', "-I$TOP", "-I$TOP/sdk-examples/c",
                @{ $o{flags} // [] }, $source);
        system(@cmd, '-o', "$wasm.$$") == 0 or die "@cmd failed\n";
        rename "$wasm.$$", $wasm or die "$wasm: $!\n";
    }
    unlink $source if defined $o{source};
    return $wasm;
}

# --- nginx ----------------------------------------------------------------

# A running nginx; dies if it doesn't start.
sub nginx
{
    my $self = prepare(@_);
    $self->start;
    return $self;
}

# `nginx -t` on a configuration: (exit status, output).
sub nginx_t
{
    my $self = prepare(@_);
    my $out = $self->command('-t');
    my $status = $? >> 8 || $? & 127;
    @running = grep { $_ != $self } @running;
    return ($status, $out, $self);
}

sub prepare
{
    my ($http, %o) = @_;
    my $dir = tempdir('sluice-XXXXXX', TMPDIR => 1,
        CLEANUP => !$ENV{SLUICE_KEEP});
    chmod 0755, $dir;
    my $self = bless { dir => $dir, ports => {}, vars => \%o, expected => [] };
    for (qw(html tmp)) {
        mkdir "$dir/$_" or die;
        chmod 0777, "$dir/$_";
    }
    write_file("$dir/$_", $o{files}{$_}) for keys %{ $o{files} // {} };
    my $load = $MODULE eq '' || $o{without_module} ? ''
        : "load_module $MODULE;";
    my $user = $> == 0 ? 'user nobody nogroup;' : '';
    my $level = $ENV{SLUICE_LOG} || $o{log_level} || 'info';
    my $access = $o{access_log} ? 'access.log' : 'off';
    my $main = $o{main} // '';
    $main = "worker_processes 1;\n$main" if $main !~ /worker_processes/;
    ($self->{workers}) = $main =~ /worker_processes (\d+)/;
    my $events = $o{events} // '';
    my $temp = join "\n    ", map { "${_}_temp_path $dir/tmp/$_;" }
        qw(client_body proxy fastcgi uwsgi scgi);
    write_file("$dir/nginx.conf", $self->expand(<<EOF));
$load
daemon off;
$user
pid $dir/nginx.pid;
error_log $dir/error.log $level;
$main
events { worker_connections 512; $events }
http {
    root $dir/html;
    access_log $access;
    $temp
    default_type text/plain;
$http}
EOF
    push @running, $self;
    return $self;
}

sub expand
{
    my ($self, $text) = @_;
    # From the inside out: %%example:%%language%%/x%%.
    1 while $text =~ s/%%(\w+)(?::([\w.\/-]+))?%%/$self->macro($1, $2)/ge;
    return $text;
}

sub macro
{
    my ($self, $name, $arg) = @_;
    return $self->port($arg // 'main') if $name eq 'port';
    return $self->{dir} if $name eq 'dir';
    return plugin($arg) if $name eq 'plugin';
    return "$BUILD/plugins/$arg.wasm" if $name eq 'example';
    return $self->certificate->{$name} if $name =~ /^(cert|key)$/;
    return $self->{vars}{$name} // die "no macro %%$name%%\n";
}

sub dir { $_[0]{dir} }
sub port { $_[0]{ports}{$_[1] // 'main'} //= free_port() }
sub pid { $_[0]{pid} }

sub certificate
{
    my ($self) = @_;
    return $self->{certificate} //= do {
        my %c = (cert => "$self->{dir}/cert.pem", key => "$self->{dir}/key.pem");
        system("openssl req -x509 -newkey ec -pkeyopt "
            . "ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost "
            . "-keyout $c{key} -out $c{cert} >/dev/null 2>&1") == 0
            or die "openssl failed\n";
        \%c;
    };
}

sub arguments
{
    my ($self) = @_;
    return ($NGINX, '-p', "$self->{dir}/", '-e', "$self->{dir}/start.log",
        '-c', "$self->{dir}/nginx.conf");
}

sub environment
{
    $ENV{ASAN_OPTIONS} //= 'detect_leaks=0:abort_on_error=1';
    $ENV{UBSAN_OPTIONS} //= 'print_stacktrace=1:halt_on_error=1';
}

# Output of nginx with more arguments; the status is in $?.
sub command
{
    my ($self, @more) = @_;
    environment();
    my $pid = open(my $out, '-|') // die "fork: $!\n";
    if (!$pid) {
        open STDERR, '>&', \*STDOUT;
        exec $self->arguments, @more or POSIX::_exit(127);
    }
    my $text = do { local $/; <$out> } // '';
    close $out;
    return $text;
}

sub start
{
    my ($self) = @_;
    environment();
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/stderr.log";
        open STDERR, '>&', \*STDOUT;
        exec $self->arguments or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    my $end = time + 20 * slow();
    until ($self->is_up) {
        if (waitpid($pid, WNOHANG) == $pid || time > $end) {
            delete $self->{pid} if time <= $end;
            diag(read_file("$self->{dir}/nginx.conf"), $self->messages);
            $self->{failed} = 1;
            die "nginx did not start\n";
        }
        sleep 0.02;
    }
}

sub is_up
{
    my ($self) = @_;
    return 0 unless -s "$self->{dir}/nginx.pid"
        && $self->workers >= ($self->{workers} // 1);
    for my $port (values %{ $self->{ports} }) {
        IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 1)
            or return 0;
    }
    return 1;
}

# Process ids of the workers, oldest first.
sub workers
{
    my ($self) = @_;
    my $pid = $self->{pid} or return;
    my @pids = sort { $a <=> $b } split ' ',
        read_file("/proc/$pid/task/$pid/children") // '';
    return @pids;
}

# Bytes of memory that a worker (the first by default) has resident.
sub rss
{
    my ($self, $pid) = @_;
    $pid //= ($self->workers)[0];
    my ($kb) = (read_file("/proc/$pid/status") // '') =~ /VmRSS:\s+(\d+) kB/;
    return ($kb // 0) * 1024;
}

# CPU seconds that a worker has used.
sub cpu
{
    my ($self, $pid) = @_;
    $pid //= ($self->workers)[0];
    my @f = split ' ', (read_file("/proc/$pid/stat") // '') =~ s/.*\)//sr;
    return ($f[11] + $f[12]) / POSIX::sysconf(&POSIX::_SC_CLK_TCK);
}

sub signal
{
    my ($self, $name) = @_;
    kill $name, $self->{pid};
}

# New configuration (same heredoc with macros) or the same one; waits until the
# old workers are gone.
sub reload
{
    my ($self) = @_;
    my %old = map { $_ => 1 } $self->workers;
    $self->signal('HUP');
    my $end = time + 20 * slow();
    until (time > $end) {
        my @now = $self->workers;
        return 1 if @now && !grep { $old{$_} } @now;
        sleep 0.02;
    }
    return 0;
}

# --- the error log --------------------------------------------------------

sub log { read_file("$_[0]{dir}/error.log") // '' }

# Lines of the log that match.
sub lines
{
    my ($self, $re) = @_;
    return grep { /$re/ } split /\n/, $self->log;
}

# Waits for such lines, and returns them; log lines come after the answer.
sub wait_log
{
    my ($self, $re, $count) = @_;
    my $end = time + 5 * slow();
    my @found;
    until ((@found = $self->lines($re)) >= ($count // 1) || time > $end) {
        sleep 0.02;
    }
    return @found;
}

# The contents of a file in the folder (an access log, say), once it matches;
# what there is after 5 seconds.
sub wait_file
{
    my ($self, $name, $re) = @_;
    my $end = time + 5 * slow();
    my $text;
    until (($text = read_file("$self->{dir}/$name") // '') =~ $re
        || time > $end) {
        sleep 0.02;
    }
    return $text;
}

# Announces [alert], [crit] or [emerg] lines that are meant to be.
sub expect
{
    my ($self, $re) = @_;
    push @{ $self->{expected} }, $re;
}

sub messages
{
    my ($self) = @_;
    return join '', map { read_file("$self->{dir}/$_") // '' }
        qw(start.log stderr.log error.log);
}

sub complaints
{
    my ($self) = @_;
    my @bad = grep { /\[(alert|emerg|crit)\]|Sanitizer|runtime error:/ }
        split /\n/, $self->messages;
    for my $re (@{ $self->{expected} }) {
        @bad = grep { !/$re/ } @bad;
    }
    return @bad;
}

# Stops nginx; in a test's last lines or, for all, at the end.  With how =>
# 'QUIT' it finishes its requests.
sub stop
{
    my ($self, %o) = @_;
    my $pid = delete $self->{pid} or return;
    kill $o{how} // 'TERM', $pid;
    my $end = time + 15 * slow();
    my $gone;
    until (($gone = waitpid $pid, WNOHANG) || time > $end) {
        sleep 0.01;
    }
    if (!$gone) {
        diag('nginx had to be killed');
        kill 'KILL', split(' ',
            read_file("/proc/$pid/task/$pid/children") // ''), $pid;
        waitpid $pid, 0;
        $self->{failed} = 1;
    }
    if (my @bad = $self->complaints) {
        diag($_) for @bad[0 .. ($#bad < 19 ? $#bad : 19)];
        # nginx sends stderr to its error log.
        my ($report) = $self->messages
            =~ /^([^\n]*(?:Sanitizer|runtime error).*)/ms;
        diag(substr $report, 0, 6000) if defined $report;
        $self->{failed} = 1;
    }
}

sub failed { $_[0]{failed} }

END {
    if ($$ == $owner) {
        my $status = $?;
        $_->stop for @running;
        Sluice::Upstream::stop_all();
        $status ||= 1 if grep { $_->failed } @running;
        $? = $status;
    }
}
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);

# --- requests -------------------------------------------------------------

# A keep-alive client; see Sluice::HTTP.
sub connect
{
    my ($self, $port) = @_;
    $port = $self->port($port // 'main') unless ($port // '') =~ /^\d+$/;
    return client($port);
}

# One request on one connection: get('/uri', headers => [...], port => NAME).
sub request
{
    my ($self, $method, $uri, %o) = @_;
    my $c = $self->connect($o{port});
    return $c->request($method, $uri, close => 1, %o);
}

sub get { my $self = shift; return $self->request('GET', @_) }
sub post
{
    my ($self, $uri, $body, %o) = @_;
    return $self->request('POST', $uri, body => $body, %o);
}

# All bytes that come back for these bytes, until the connection is closed.
sub raw
{
    my ($self, $bytes, %o) = @_;
    my $c = $self->connect($o{port});
    $c->send($bytes);
    return $c->read_all($o{timeout});
}

1;

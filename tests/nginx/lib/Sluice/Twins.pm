package Sluice::Twins;

# Two nginxes with one configuration: one without the module, the other with
# plugins on everything that look at all and change nothing.  What a client gets
# from both must be the same.
#
#     my $twins = twins(<<'EOF', files => {...});     # as for nginx()
#     ...
#     EOF
#     $twins->same('GET', '/x', headers => ['Range: bytes=0-1']);
#     $twins->same_bytes("GET / HTTP/1.0\r\n\r\n", port => 'other');
#     $twins->same_curl('--http2-prior-knowledge', 'http://HOST:%%port:h2%%/x');
#     $twins->report(300);           # fails if there were fewer, or differences
#
# Compared are, for each response on the connection, the header lines in their
# order, the decoded body, the trailers, and how the message ended; at the end
# the access logs.  Not compared are values that are a clock or a counter.

use strict;
use warnings;
use Exporter 'import';
use File::Find;
use IO::Select;
use Sluice::Nginx;
use Test::More;
use Time::HiRes qw(time);

our @EXPORT = (@Sluice::Nginx::EXPORT, 'twins');

my $both = <<'EOF';
    log_format twins '$request_method $uri $status $request_completion '
                     '$upstream_status $upstream_cache_status';
    access_log %%dir%%/twins.log twins;
    port_in_redirect off;
EOF

my $second = <<'EOF';
    wasm_plugin looker %%plugin:looker%% deadline=500ms;
    wasm_plugin script %%plugin:script%% deadline=500ms;
    wasm_filter looker;
    wasm_filter script;
EOF

sub twins
{
    my ($http, %o) = @_;
    my @nginx;
    for my $with (0, 1) {
        my $nginx = Sluice::Nginx::prepare(
            $both . ($with ? $second : '') . $http,
            %o, without_module => !$with);
        # Entity tags and listings tell the time of files; nginx may write.
        find({ no_chdir => 1, wanted => sub {
            chmod -d $_ ? 0777 : 0666, $_;
            utime 1.7e9, 1.7e9, $_;
        } }, $nginx->dir . '/html');
        $nginx->start;
        push @nginx, $nginx;
    }
    return bless { both => \@nginx, count => 0, seen => {}, different => [] };
}

sub both { @{ $_[0]{both} } }

sub same
{
    my ($self, $method, $uri, %o) = @_;
    my $body = $o{body} // '';
    $body = join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
        @{ $o{chunked} }, '' if $o{chunked};
    my $bytes = request_bytes($method, $uri, close => 1, %o) . $body;
    return $self->same_bytes($bytes, method => $method, %o);
}

# more => [BYTES...] is sent piece by piece, with pauses before each.
sub same_bytes
{
    my ($self, $bytes, %o) = @_;
    my $name = substr $bytes, 0, 400;
    $name =~ s/\r\nHost: localhost|\r\nConnection: close|\s+$//g;
    $name =~ s/\r\n/ | /g;
    return $self->compare(join(' ', $o{port} // (), $name), sub {
        my @c = map { $_->connect($o{port}) } @_;
        $_->exchange($bytes, 10) for @c;
        for my $more (@{ $o{more} // [] }) {
            select undef, undef, undef, 0.05;
            $_->send($more) for @c;
        }
        read_all($o{timeout} // 10, @c);
        return map {
            my @responses = responses($_->{buffer}, method => $o{method});
            join "\n", (map { shape($_) } @responses),
                @responses ? () : $_->{buffer}, $_->{closed} ? '' : 'not closed';
        } @c;
    });
}

# What comes on all of them, until they are closed or nothing does.
sub read_all
{
    my ($timeout, @clients) = @_;
    while (my @open = grep { !$_->{closed} } @clients) {
        my %ready = map { fileno $_ => 1 }
            IO::Select->new(map { $_->socket } @open)->can_read($timeout)
            or last;
        $_->fill(0) for grep { $ready{fileno $_->socket} } @open;
    }
}

# %%MACROS%% in the arguments are those of each twin.
sub same_curl
{
    my ($self, @args) = @_;
    return $self->compare("curl @args", sub {
        return map {
            my $nginx = $_;
            my $r = Sluice::HTTP::curl(map { $nginx->expand($_) } @args);
            $r->{body} = '' if grep { $_ eq '-I' } @args;
            # Of a stream that is reset curl tells more or less.
            ($r->complete ? shape($r) : '') . $r->exit;
        } @_;
    });
}

sub compare
{
    my ($self, $name, $ask) = @_;
    my $began = time;
    my @got = $ask->($self->both);
    $self->{slow}{$name} = time - $began;
    $self->{count}++ unless $self->{seen}{$name}++;
    return 1 if $got[0] eq $got[1];
    push @{ $self->{different} }, substr $name, 0, 200;
    diag(substr($name, 0, 400), "\n", difference(@got));
    return 0;
}

sub shape
{
    my ($r) = @_;
    my $head = $r->head;
    my $body = $r->body;
    $head =~ s/^(Date|Expires): \w{3}, .*\r\n/$1\r\n/mgi;
    # The boundary of a multipart response is a counter.
    $_ =~ s/\b\d{20}\b/BOUNDARY/g for $head, $body;
    return join "\n", $head, length $body, $body, $r->trailers,
        $r->complete ? 'complete' : 'cut', '';
}

# Both, without what is equal at the beginning of long ones.
sub difference
{
    my ($x, $y) = @_;
    my $n = 0;
    if (length $x > 800 || length $y > 800) {
        ($x ^ $y) =~ /^(\0*)/;
        $n = length $1 > 200 ? length($1) - 200 : 0;
    }
    return join "\n-- with the plugins:\n",
        map { substr($_, $n, 800) =~ s/[^\n\x20-\x7e]//gr } $x, $y;
}

sub report
{
    my ($self, $least) = @_;
    is join("\n", @{ $self->{different} }), '',
        "$self->{count} requests, no difference";
    cmp_ok $self->{count}, '>=', $least, "at least $least";
    my %took = %{ $self->{slow} };
    diag(sprintf '%.2f %s', $took{$_}, $_ =~ s/\n.*//sr)
        for grep { $ENV{SLUICE_TWINS} && $took{$_} > 0.3 } sort keys %took;
    my @logs;
    for my $nginx ($self->both) {
        $nginx->stop(how => 'QUIT');
        push @logs, read_file($nginx->dir . '/twins.log');
    }
    is log_difference(@logs), '', 'the same access logs';
    return;
}

# Lines that aren't as often in both.
sub log_difference
{
    my @n = ({}, {});
    for my $i (0, 1) {
        $n[$i]{$_}++ for split /\n/, $_[$i];
    }
    return join "\n", map { ($n[0]{$_} // 0) . '/' . ($n[1]{$_} // 0) . " $_" }
        sort grep { ($n[0]{$_} // 0) != ($n[1]{$_} // 0) }
        keys %{ { %{ $n[0] }, %{ $n[1] } } };
}

1;

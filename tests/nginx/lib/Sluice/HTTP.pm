package Sluice::HTTP;

# HTTP/1.x over a plain socket, byte-exact, and curl for HTTP/2 and TLS.
#
#     my $c = client($port);
#     my $r = $c->request('POST', '/x', headers => ['A: 1'], body => 'abc');
#     $r->status  $r->header('a')  $r->headers('a')  $r->body  $r->head
#     $r->complete      # was all of it there (length, last chunk)?
#     $r->framing       # 'length', 'chunked', 'close' or 'none'
#
# Options of request: headers (list of lines), body (string), chunked (list of
# pieces, sent one by one), version ('1.1'), close (send Connection: close),
# host ('localhost'), timeout (seconds), expect_continue.

use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use File::Temp;
use Time::HiRes qw(sleep time);

our @EXPORT_OK = qw(client response responses request_bytes curl decode_chunks);

sub client
{
    my ($port) = @_;
    my $s = IO::Socket::INET->new(PeerAddr => "127.0.0.1:$port", Timeout => 5)
        or die "connect to $port: $!\n";
    $s->autoflush(1);
    return bless { socket => $s, buffer => '' };
}

# The bytes of a request without its body.
sub request_bytes
{
    my ($method, $uri, %o) = @_;
    my $v = $o{version} // '1.1';
    my @h = @{ $o{headers} // [] };
    my $host = $o{host} // 'localhost';
    unshift @h, "Host: $host" unless $v eq '1.0' && !$o{host};
    push @h, 'Connection: close' if $o{close} && $v eq '1.1';
    push @h, 'Connection: keep-alive' if !$o{close} && $v eq '1.0';
    push @h, 'Transfer-Encoding: chunked' if $o{chunked};
    push @h, 'Expect: 100-continue' if $o{expect_continue};
    push @h, 'Content-Length: ' . length $o{body} if defined $o{body};
    return join("\r\n", "$method $uri HTTP/$v", @h) . "\r\n\r\n";
}

sub send
{
    my ($self, $bytes) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $at = 0;
    while ($at < length $bytes) {
        my $n = syswrite $self->{socket}, $bytes, 65536, $at;
        return 0 unless $n;
        $at += $n;
    }
    return 1;
}

sub request
{
    my ($self, $method, $uri, %o) = @_;
    my $head = request_bytes($method, $uri, %o);
    if ($o{expect_continue}) {
        $self->send($head);
        my $r = $self->response(%o, interim => 1);
        return $r if $r->status != 100;
        $head = '';
    }
    if ($o{chunked}) {
        $self->send($head) if length $head;
        for my $piece (@{ $o{chunked} }, '') {
            $self->send(sprintf("%x\r\n%s\r\n", length $piece, $piece));
            sleep $o{pause} if $o{pause};
        }
        return $self->response(%o, method => $method);
    }
    # A server may answer before it has read all: write and read by turns.
    $self->exchange($head . ($o{body} // ''), $o{timeout} // 30);
    return $self->response(%o, method => $method);
}

sub exchange
{
    my ($self, $bytes, $timeout) = @_;
    local $SIG{PIPE} = 'IGNORE';
    my $s = $self->{socket};
    my $at = 0;
    $s->blocking(0);
    while ($at < length $bytes) {
        my ($r, $w) = IO::Select->select(IO::Select->new($s),
            IO::Select->new($s), undef, $timeout) or last;
        if (@$r) {
            my $n = sysread $s, $self->{buffer}, 262144,
                length $self->{buffer};
            last if defined $n && $n == 0;
        }
        if (@$w) {
            my $n = syswrite $s, $bytes, 262144, $at;
            last if !defined $n && !$!{EAGAIN};
            $at += $n // 0;
        }
    }
    $s->blocking(1);
}

# Reads more; 0 at the end of the connection or after the time.
sub fill
{
    my ($self, $timeout) = @_;
    return 0 unless IO::Select->new($self->{socket})->can_read($timeout // 10);
    my $n = sysread $self->{socket}, $self->{buffer}, 262144,
        length $self->{buffer};
    $self->{closed} = 1 unless $n;
    return $n // 0;
}

sub read_all
{
    my ($self, $timeout) = @_;
    1 while $self->fill($timeout);
    return delete($self->{buffer}) // '';
}

# The next response on the connection; interim answers (1xx) are passed over
# unless interim is set.
sub response
{
    if (!ref $_[0]) {
        my ($bytes, %o) = @_;
        return (responses($bytes, %o))[0];
    }
    my ($self, %o) = @_;
    for (;;) {
        my $r = Sluice::HTTP::Response::parse($self->{buffer}, $o{method},
            $self->{closed});
        if (defined $r && ($r->complete || $self->{closed})) {
            substr $self->{buffer}, 0, $r->{size}, '';
            next if $r->status =~ /^1/ && $r->status != 101 && !$o{interim};
            return $r;
        }
        next if $self->fill($o{timeout});
        next if $self->{closed} && !$self->{seen_end}++;
        return $r // bless { status => 0, head => '', fields => [],
            body => '', raw => $self->{buffer} }, 'Sluice::HTTP::Response';
    }
}

# All responses in the bytes of a closed connection.
sub responses
{
    my ($bytes, %o) = @_;
    my @all;
    while (length $bytes) {
        my $r = Sluice::HTTP::Response::parse($bytes, $o{method}, 1) or last;
        substr $bytes, 0, $r->{size}, '';
        push @all, $r;
    }
    return @all;
}

# Has the server closed the connection, and nothing is left to read?
sub at_end
{
    my ($self, $timeout) = @_;
    return 1 if $self->{closed} && $self->{buffer} eq '';
    return !$self->fill($timeout // 2) && $self->{closed}
        && $self->{buffer} eq '';
}

sub close { close $_[0]{socket} }
sub socket { $_[0]{socket} }

# (body, bytes used, was the last chunk there, trailer lines)
sub decode_chunks
{
    my ($bytes, $at) = @_;
    my $body = '';
    $at //= 0;
    for (;;) {
        pos($bytes) = $at;
        $bytes =~ /\G([0-9a-fA-F]+)[^\r\n]*\r\n/g
            or return ($body, $at, 0);
        my ($n, $start) = (hex $1, pos $bytes);
        if ($n == 0) {
            pos($bytes) = $start;
            $bytes =~ /\G((?:[^\r\n]+\r\n)*)\r\n/g or return ($body, $at, 0);
            return ($body, pos $bytes, 1, split /\r\n/, $1);
        }
        return ($body, $at, 0) if length $bytes < $start + $n + 2;
        $body .= substr $bytes, $start, $n;
        return ($body, $at, 0) if substr($bytes, $start + $n, 2) ne "\r\n";
        $at = $start + $n + 2;
    }
}

# curl(@arguments): HTTP/2 by --http2-prior-knowledge or https with -k.
# Returns a response; its exit is curl's exit status.
sub curl { return (curls([@_]))[0] }

# Several, one after the other, each the arguments for one URL.  Those of one
# host share a connection.
sub curls
{
    my @runs = @_;
    my $dir = File::Temp->newdir;
    my @args = map { ($_ ? '--next' : (), qw(-s -g --path-as-is -m 60 -D),
        "$dir/$_.head", '-o', "$dir/$_.body", '-w', '%{exitcode}\n',
        @{ $runs[$_] }) } 0 .. $#runs;
    open my $f, '-|', 'curl', @args or die "curl: $!\n";
    my @exits = map { $_ + 0 } <$f>;
    CORE::close $f;
    @exits = $? >> 8 if @runs == 1;
    return map { curled("$dir/$_", $exits[$_] // -1) } 0 .. $#runs;
}

sub curled
{
    my ($path, $exit) = @_;
    my ($head, $body)
        = map { Sluice::Nginx::read_file("$path.$_") // '' } qw(head body);
    my @heads = split /(?<=\r\n\r\n)/, $head;
    my $r = Sluice::HTTP::Response::of_head($heads[-1] // '');
    $r->{body} = $body;
    $r->{exit} = $exit;
    $r->{complete} = $exit == 0;
    return $r;
}

package Sluice::HTTP::Response;

sub of_head
{
    my ($head) = @_;
    my ($first, @lines) = split /\r\n/, $head;
    my ($version, $status, $reason)
        = ($first // '') =~ m{^HTTP/([\d.]+) (\d+) ?(.*)};
    my @fields = map { /^([^:]*):[ \t]*(.*?)[ \t]*$/s ? [lc $1, $2] : () }
        @lines;
    return bless { head => $head, version => $version, status => $status // 0,
        reason => $reason, fields => \@fields, body => '' };
}

# undef unless all of the head is there.  size: bytes used.
sub parse
{
    my ($bytes, $method, $closed) = @_;
    my $end = index $bytes, "\r\n\r\n";
    return if $end < 0;
    my $r = of_head(substr $bytes, 0, $end + 4);
    my $at = $end + 4;
    my $length = $r->header('content-length');
    if (($method // '') eq 'HEAD' || $r->{status} =~ /^(1\d\d|204|304)$/) {
        @$r{qw(framing size complete)} = ('none', $at, 1);
    } elsif (($r->header('transfer-encoding') // '') =~ /chunked/i) {
        $r->{framing} = 'chunked';
        my @trailers;
        ($r->{body}, $r->{size}, $r->{complete}, @trailers)
            = Sluice::HTTP::decode_chunks($bytes, $at);
        $r->{trailers} = \@trailers;
    } elsif (defined $length) {
        $r->{framing} = 'length';
        $r->{body} = substr $bytes, $at, $length;
        $r->{size} = $at + length $r->{body};
        $r->{complete} = length $r->{body} == $length;
    } else {
        $r->{framing} = 'close';
        $r->{body} = substr $bytes, $at;
        $r->{size} = length $bytes;
        $r->{complete} = $closed ? 1 : 0;
    }
    return $r;
}

# Of a request that an upstream recorded.
sub line { $_[0]{line} }
sub method { $_[0]{method} }
sub uri { $_[0]{uri} }
sub raw { $_[0]{raw} }

sub status { $_[0]{status} }
sub reason { $_[0]{reason} }
sub body { $_[0]{body} }
sub head { $_[0]{head} }
sub framing { $_[0]{framing} }
sub complete { $_[0]{complete} }
sub exit { $_[0]{exit} }
sub version { $_[0]{version} }
sub trailers { @{ $_[0]{trailers} // [] } }
# [name, value] in wire order, names in lower case.
sub fields { @{ $_[0]{fields} } }

# All values of a header, in order.
sub headers
{
    my ($self, $name) = @_;
    return map { $_->[1] } grep { $_->[0] eq lc $name } @{ $self->{fields} };
}

# Its values joined by ", "; undef if there is none.
sub header
{
    my ($self, $name) = @_;
    my @v = $self->headers($name);
    return @v ? join(', ', @v) : undef;
}

1;

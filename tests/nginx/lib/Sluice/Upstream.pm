package Sluice::Upstream;

# A small upstream server in a process of its own, which records the requests.
#
#     my $up = upstream(sub {
#         my ($request, $socket) = @_;
#         return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
#     });
#     $up->port   $up->requests (waits for none)   $up->wait($n)   $up->clear
#
# A request is { raw, line, method, uri, version, head, body, fields }, with
# header() and headers() as responses have.  The sub returns the bytes to send,
# or undef if it wrote to the socket itself; the connection is closed after it
# unless the bytes say Connection: keep-alive.

use strict;
use warnings;
use Exporter 'import';
use Fcntl qw(:flock);
use File::Temp;
use IO::Socket::INET;
use POSIX ();
use Time::HiRes qw(sleep time);

use Sluice::HTTP;

our @EXPORT_OK = qw(upstream);
my @all;

sub upstream
{
    my ($answer, %o) = @_;
    my $port = $o{port} // Sluice::Nginx::free_port();
    my $listen = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
        Listen => 128, ReuseAddr => 1) or die "listen $port: $!\n";
    my $record = File::Temp->new;
    my $owner = $$;
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        setpgrp;
        $SIG{CHLD} = 'IGNORE';
        $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
        while (getppid == $owner) {
            IO::Select->new($listen)->can_read(2) or next;
            my $s = $listen->accept or next;
            my $child = fork;
            if (defined $child && !$child) {
                serve($s, $answer, $record->filename);
                POSIX::_exit(0);
            }
        }
        POSIX::_exit(0);
    }
    my $self = bless { port => $port, pid => $pid, record => $record };
    push @all, $self;
    return $self;
}

sub port { $_[0]{port} }

sub stop
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    kill 'TERM', -$pid, $pid;
    waitpid $pid, 0;
}

sub stop_all { $_->stop for @all }

# Process ids of its open connections, one a connection.
sub connections
{
    my ($self) = @_;
    open my $f, '<', "/proc/$self->{pid}/task/$self->{pid}/children"
        or return;
    return split ' ', <$f> // '';
}

sub serve
{
    my ($s, $answer, $file) = @_;
    my $buffer = '';
    $s->autoflush(1);
    $SIG{PIPE} = 'IGNORE';
    while (my $request = read_request($s, \$buffer)) {
        open my $f, '>>:raw', $file or return;
        flock $f, LOCK_EX;
        syswrite $f, pack 'N/a*', $request->{raw};
        close $f;
        my $bytes = $answer->($request, $s);
        print $s $bytes if defined $bytes;
        last if ($bytes // '') !~ /^connection: keep-alive\r$/mi;
    }
    return unless $s->opened;
    shutdown $s, 1;
    # Don't reset what nginx still sends.
    IO::Select->new($s)->can_read(1) and sysread $s, $buffer, 65536;
}

sub read_request
{
    my ($s, $buffer) = @_;
    until (defined request_size($$buffer)) {
        my $n = sysread $s, $$buffer, 262144, length $$buffer;
        return unless $n;
    }
    return parse(substr $$buffer, 0, request_size($$buffer), '');
}

# Bytes of the first request; undef if it isn't all there.
sub request_size
{
    my ($bytes) = @_;
    my $end = index $bytes, "\r\n\r\n";
    return if $end < 0;
    my $head = substr $bytes, 0, $end + 2;
    if ($head =~ /^transfer-encoding:.*chunked/mi) {
        my (undef, $size, $complete)
            = Sluice::HTTP::decode_chunks($bytes, $end + 4);
        return $complete ? $size : undef;
    }
    my $size = $end + 4 + ($head =~ /^content-length: *(\d+)/mi ? $1 : 0);
    return length $bytes >= $size ? $size : undef;
}

sub parse
{
    my ($raw) = @_;
    my ($head, $body) = split /(?<=\r\n\r\n)/, $raw, 2;
    my ($line, @lines) = split /\r\n/, $head;
    my ($method, $uri, $version) = split / /, $line;
    my @fields = map { /^([^:]*):[ \t]*(.*)$/s ? [lc $1, $2] : () } @lines;
    my $chunked = $head =~ /^transfer-encoding:.*chunked/mi;
    my @trailers;
    ($body, undef, undef, @trailers) = Sluice::HTTP::decode_chunks($body // '')
        if $chunked;
    return bless { raw => $raw, head => $head, line => $line,
        method => $method, uri => $uri, version => $version,
        fields => \@fields, body => $body // '', chunked => $chunked,
        trailers => \@trailers },
        'Sluice::HTTP::Response';
}

# What was received so far, in order.
sub requests
{
    my ($self) = @_;
    open my $f, '<:raw', $self->{record}->filename or return;
    my $bytes = do { local $/; <$f> } // '';
    return map { parse($_) } unpack '(N/a*)*', $bytes;
}

# Waits until there are that many, at most 5 seconds.
sub wait
{
    my ($self, $count) = @_;
    my $end = time + 5;
    my @r;
    until ((@r = $self->requests) >= $count || time > $end) {
        sleep 0.02;
    }
    return @r;
}

# The last request.
sub last { ($_[0]->requests)[-1] }

sub clear { truncate $_[0]{record}->filename, 0 }

1;

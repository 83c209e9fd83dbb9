package Sluice::Gateway;

# A small server for FastCGI, SCGI and uwsgi, a port each.
#
#     my $gw = gateway(sub {
#         my ($params, $body) = @_;      # hash of CGI variables, bytes
#         return "Status: 200 OK\r\n\r\nhello";
#     });
#     $gw->{fastcgi}  $gw->{scgi}  $gw->{uwsgi}        # the ports
#
# Each request has a connection and a process; it ends with the program.

use strict;
use warnings;
use Exporter 'import';
use IO::Select;
use IO::Socket::INET;
use POSIX ();

our @EXPORT_OK = qw(gateway);

my %serve = (fastcgi => \&fastcgi, scgi => \&scgi, uwsgi => \&uwsgi);

sub gateway
{
    my ($answer) = @_;
    my %self;
    my %listen;
    for my $kind (keys %serve) {
        my $port = Sluice::Nginx::free_port();
        $listen{$kind} = IO::Socket::INET->new(LocalAddr => "127.0.0.1:$port",
            Listen => 64, ReuseAddr => 1) or die "listen $port: $!\n";
        $self{$kind} = $port;
    }
    my $owner = $$;
    my $pid = fork // die "fork: $!\n";
    return \%self if $pid;
    $SIG{CHLD} = 'IGNORE';
    $SIG{$_} = 'DEFAULT' for qw(TERM INT HUP);
    while (getppid == $owner) {
        for my $ready (IO::Select->new(values %listen)->can_read(1)) {
            my ($kind) = grep { $listen{$_} == $ready } keys %listen;
            my $s = $ready->accept or next;
            next if fork;
            $s->autoflush(1);
            $SIG{PIPE} = 'IGNORE';
            $serve{$kind}->($s, $answer);
            shutdown $s, 1;
            IO::Select->new($s)->can_read(1) and sysread $s, my $rest, 65536;
            POSIX::_exit(0);
        }
    }
    POSIX::_exit(0);
}

sub take
{
    my ($s, $n) = @_;
    my $bytes = '';
    while (length $bytes < $n) {
        sysread $s, $bytes, $n - length $bytes, length $bytes
            or POSIX::_exit(0);
    }
    return $bytes;
}

# "LENGTH:name NUL value NUL ...,BODY"
sub scgi
{
    my ($s, $answer) = @_;
    my $n = '';
    $n .= take($s, 1) until $n =~ /:$/;
    my @pairs = split /\0/, take($s, $n =~ s/://r), -1;
    pop @pairs;
    my %params = @pairs;
    take($s, 1);
    print $s $answer->(\%params, take($s, $params{CONTENT_LENGTH} || 0));
}

# modifier, 16 bits of length, modifier; then names and values with lengths
sub uwsgi
{
    my ($s, $answer) = @_;
    my (undef, $n) = unpack 'CvC', take($s, 4);
    my %params = unpack '(v/a*)*', take($s, $n);
    print $s $answer->(\%params, take($s, $params{CONTENT_LENGTH} || 0));
}

# records of version, type, id, content length, padding length, a byte
sub fastcgi
{
    my ($s, $answer) = @_;
    my ($params, $body, $id) = ('', '');
    for (;;) {
        my (undef, $type, $i, $n, $pad) = unpack 'CCnnCx', take($s, 8);
        my $content = take($s, $n);
        take($s, $pad);
        $id = $i;
        $params .= $content if $type == 4;
        $body .= $content if $type == 5;
        last if $type == 5 && $n == 0;
    }
    my %params;
    my $at = 0;
    while ($at < length $params) {
        my @n = map {
            my $n = ord substr $params, $at, 1;
            $n = unpack 'N', substr $params, $at, 4 if $n > 127;
            $at += $n > 127 ? 4 : 1;
            $n & 0x7fffffff;
        } 1, 2;
        my $name = substr $params, $at, $n[0];
        $params{$name} = substr $params, $at + $n[0], $n[1];
        $at += $n[0] + $n[1];
    }
    my $record = sub {
        my ($type, $content) = @_;
        print $s pack('CCnnCx', 1, $type, $id, length $content, 0), $content;
    };
    my $out = $answer->(\%params, $body);
    $record->(6, $_) for unpack '(a30000)*', $out;
    $record->(6, '');
    $record->(3, "\0" x 8);
}

1;

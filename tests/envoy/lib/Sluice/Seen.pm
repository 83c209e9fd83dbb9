package Sluice::Seen;

# What client, upstream and log saw of a scenario, as lines of text that can be
# compared; and the differences between two lists of them.
#
#     client 1 status 200
#     client 1 x-up: one
#     upstream 1 GET /x
#     upstream 1 body abc
#     callee 1 POST /call
#     log warn [rh] value 0 x-a = 1 -

use strict;
use warnings;
use Exporter 'import';

our @EXPORT_OK = qw(client_lines server_lines log_lines diff);

# Headers that a proxy writes by itself, whatever its plugins do.  Framing is
# shown as such on the client's side; towards the server nginx sends a length
# where Envoy passes chunks on.
my %own = (
    client => { map { $_ => 1 } qw(connection keep-alive transfer-encoding
        date server content-length) },
    server => { map { $_ => 1 } qw(connection transfer-encoding content-length
        x-scenario x-forwarded-proto x-envoy-internal
        x-envoy-expected-rq-timeout-ms) },
);

sub printable
{
    my ($s) = @_;
    $s = substr($s, 0, 300) . ' ... ' . length $s if length $s > 400;
    $s =~ s/([^\x20-\x7e])/sprintf '\x%02x', ord $1/ge;
    return $s;
}

sub fields
{
    my ($side, $r) = @_;
    my $own = $own{$side};
    return sort { ($a =~ /^([^:]*)/)[0] cmp ($b =~ /^([^:]*)/)[0] }
        map { printable("$_->[0]: $_->[1]") } grep { !$own->{ $_->[0] } }
        $r->fields;
}

sub client_lines
{
    my ($n, $r, %o) = @_;
    return "client $n nothing" unless $r->status;
    my @lines = 'status ' . $r->status;
    push @lines, 'framing ' . $r->framing if $r->framing;
    push @lines, fields('client', $r);
    push @lines, map { "$_: " . join ',', $r->headers($_) }
        grep { defined $r->header($_) } @{ $o{show} // [] };
    # The page that nginx makes of a status.
    my $body = $r->body =~ m{<center>nginx} ? '(error page)' : $r->body;
    push @lines, 'body ' . printable($body) if length $body;
    push @lines, map { "trailer \L$_" } $r->trailers;
    push @lines, 'cut off' unless $r->complete;
    return map { "client $n $_" } @lines;
}

sub server_lines
{
    my ($name, @requests) = @_;
    my ($n, @lines) = (0);
    for my $r (@requests) {
        my @more = ($r->method . ' ' . $r->uri, fields('server', $r));
        push @more, 'body ' . printable($r->body) if length $r->body;
        push @more, map { "trailer \L$_" } $r->trailers;
        $n++;
        push @lines, map { "$name $n $_" } @more;
    }
    return @lines;
}

# [level, filter, text]; lines of the host about a plugin aren't the plugin's.
# Ports, times and the like are numbers of the run.
sub log_lines
{
    my ($several, @lines) = @_;
    my %level = (warning => 'warn', critical => 'crit', trace => 'debug');
    for (map { \$_->[2] } @lines) {
        $$_ =~ s/\b[0-9a-f]{32}\b/(32 hexadecimal digits)/;
        $$_ =~ s/(127\.0\.0\.1):\d+/$1:PORT/;
        $$_ =~ s/(port|id|time|duration|latency) = 0 [1-9]\d*$/$1 = 0 N/;
    }
    return map { 'log' . ($several ? ".$_->[1]" : '') . ' '
            . ($level{ $_->[0] } // $_->[0]) . " $_->[2]" }
        grep { $_->[2] =~ /^\[/ && $_->[2] !~ /^\[\+\] x-envoy-/ } @lines;
}

# "- line" of the first list, "+ line" of the second.
sub diff
{
    my ($x, $y) = @_;
    my @common = map { [(0) x (@$y + 1)] } 0 .. @$x;
    for my $i (reverse 0 .. $#$x) {
        for my $j (reverse 0 .. $#$y) {
            $common[$i][$j] = $x->[$i] eq $y->[$j]
                ? $common[$i + 1][$j + 1] + 1
                : $common[$i + 1][$j] > $common[$i][$j + 1]
                    ? $common[$i + 1][$j] : $common[$i][$j + 1];
        }
    }
    my ($i, $j, @diff) = (0, 0);
    while ($i < @$x || $j < @$y) {
        if ($i < @$x && $j < @$y && $x->[$i] eq $y->[$j]) {
            $i++;
            $j++;
        } elsif ($j >= @$y || ($i < @$x
            && $common[$i + 1][$j] >= $common[$i][$j + 1])) {
            push @diff, "- $x->[$i++]";
        } else {
            push @diff, "+ $y->[$j++]";
        }
    }
    return @diff;
}

1;

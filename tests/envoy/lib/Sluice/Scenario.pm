package Sluice::Scenario;

# Scenarios: what a plugin does, what is asked and what is answered, read from
# a file of lines.
#
#     = NAME: what it shows
#     rh value 0 x-a             a step of the plugin, see plugins/steps.c
#     + [same]                   what follows is for a second filter (of the
#                                same plugin)
#     > GET /path                a request; GET / if there is none
#     > X-A: 1                   one of its headers
#     >> text                    a piece of its body, sent by itself
#     >- X-T: 1                  a trailer
#     < 200                      what the server behind the proxy answers
#     < X-B: 2
#     << text                    (300*x: 300 of them; \x00: a byte; !close:
#     <- X-T: 1                  the end of the connection; !wait SECONDS)
#     @ /path 200                what it answers to a call-out; !wait for 200:
#                                two seconds later
#     @ X-C: 3
#     @@ text
#     ! OPTION VALUE
#
# Options: plugin FILE [FLAGS] (of plugins/, or c/NAME of sdk-examples/), steps
# TEXT (the configuration of such), root TEXT (root_id), fail open, parameters TEXT (more of
# wasm_plugin), alone (in processes of its own), nginx DIRECTIVE, cluster NAME
# (where requests go), http2, together (the requests on one connection),
# at_once (each sent before the first answer is read), show
# HEADERS (of those a proxy writes), wait SECONDS (for what happens later), gap
# SECONDS (between requests), patience SECONDS (for an answer).
#
# A length or Transfer-Encoding: chunked is added where it's missing: a message
# with pieces and trailers is chunked, others have a length.  %here% is a name
# of the scenario's own.

use strict;
use warnings;

sub read_file
{
    my ($path) = @_;
    my ($group) = $path =~ m{([^/]+)\.txt$};
    open my $f, '<', $path or die "$path: $!\n";
    my (@all, $s);
    while (my $line = <$f>) {
        chomp $line;
        next if $line =~ /^\s*(#|$)/;
        if ($line =~ /^= ([\w-]+): (.+)/) {
            push @all, $s = { name => "$group/$1", here => "$group-$1",
                title => $2, filters => [{ steps => '' }], requests => [],
                answer => { head => ['200'] }, calls => {}, options => {} };
            next;
        }
        die "$path:$.: not in a scenario\n" unless $s;
        $line =~ s/%here%/$s->{here}/g;
        line($s, $line) or die "$path:$.: what is this?\n";
    }
    finish($_) for @all;
    return @all;
}

sub line
{
    my ($s, $line) = @_;
    if ($line =~ /^\+( same)?$/) {
        push @{ $s->{filters} }, { steps => '', same => $1 };
    } elsif ($line =~ /^> ([A-Z]+ \S+( HTTP.*)?)$/) {
        push @{ $s->{requests} }, { head => [$1] };
    } elsif ($line =~ /^< (\d.*)/) {
        $s->{answer} = { head => [$1] };
    } elsif ($line =~ /^@ (\S+) (\d.*|!wait)$/) {
        $s->{calls}{$1} = $s->{call} = { head => [$2] };
    } elsif ($line =~ /^([><@])([>\-<@]?) ?(.*)/) {
        my $m = $1 eq '<' ? $s->{answer} : $1 eq '@' ? $s->{call}
            : $s->{requests}[-1];
        push @{ $m->{ $2 eq '' ? 'head' : $2 eq '-' ? 'trailers' : 'pieces' } },
            $3;
    } elsif ($line =~ /^! (\w+)(?: (.*))?/) {
        my $value = $2 // 1;
        if ($1 =~ /^(plugin|fail|parameters|steps|root)$/) {
            $s->{filters}[-1]{$1} = $value;
        } else {
            $s->{options}{$1} = $value;
        }
    } elsif ($line =~ /^[a-z]+ /) {
        $s->{filters}[-1]{steps} .= "$line\n";
    } else {
        return 0;
    }
    return 1;
}

sub finish
{
    my ($s) = @_;
    chomp $_->{steps} for @{ $s->{filters} };
    push @{ $s->{requests} }, { head => ['GET /'] } unless @{ $s->{requests} };
    $s->{answer}{pieces} //= ['hello'] unless @{ $s->{answer}{head} } > 1
        || $s->{answer}{head}[0] ne '200';
    for my $m ($s->{answer}, values %{ $s->{calls} }) {
        $m->{late} = $m->{head}[0] =~ s/^!wait/200/;
        $m->{head}[0] = "HTTP/1.1 $m->{head}[0]";
        $m->{head}[0] .= ' OK' unless $m->{head}[0] =~ /^\S+ \S+ /;
        frame($m, 1);
    }
    for my $m (@{ $s->{requests} }) {
        $m->{method} = $m->{head}[0] =~ s/ .*//r;
        $m->{head}[0] .= ' HTTP/1.1' unless $m->{head}[0] =~ / HTTP/;
        push @{ $m->{head} }, 'Host: h.test'
            unless grep { /^host:/i } @{ $m->{head} };
        # Envoy adds it where it is missing.
        push @{ $m->{head} }, 'X-Forwarded-Proto: http';
        frame($m, 0);
    }
}

# The message as what is sent piece by piece.
sub frame
{
    my ($m, $is_answer) = @_;
    my @head = @{ $m->{head} };
    my @pieces = map { unescape($_) } @{ $m->{pieces} // [] };
    my $body = join '', grep { !/^!/ } @pieces;
    my $no_body = $is_answer ? $head[0] =~ / (1\d\d|204|304)/ : !$m->{pieces};
    my $chunked = $m->{trailers}
        || grep { /^transfer-encoding: *chunked/i } @head;
    if (!$no_body && !grep { /^(content-length|transfer-encoding):/i
            || /^connection: *close/i } @head) {
        push @head, $m->{trailers} ? 'Transfer-Encoding: chunked'
            : 'Content-Length: ' . length $body;
    }
    if ($chunked) {
        @pieces = map { /^!/ ? $_ : sprintf "%x\r\n%s\r\n", length, $_ }
            @pieces;
        push @pieces, join "\r\n", 0, @{ $m->{trailers} // [] }, '', ''
            unless grep { /^!close/ } @pieces;
    }
    $m->{send} = [$m->{late} ? '!wait 2' : (), join("\r\n", @head, '', ''),
        @pieces];
}

sub unescape
{
    my ($text) = @_;
    return $2 x $1 if $text =~ /^(\d+)\*(.)$/;
    return $text =~ s/\\x([0-9a-f]{2})/chr hex $1/ger;
}

1;

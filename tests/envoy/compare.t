# The same plugins in Envoy and here: what client, upstream and log see.
#
#     perl tests/envoy/compare.t [PATTERN]
#
# Runs the scenarios (tests/envoy/scenarios/*.txt) whose names match.  What
# differs has to be what tests/envoy/differences says, line by line: "-" is
# Envoy's, "+" is ours.  SHOW=1 prints what Envoy did.
use strict;
use warnings;
use lib 'tests/nginx/lib', 'tests/envoy/lib';
use Sluice::Envoy;
use Sluice::Nginx;
use Sluice::Scenario;
use Sluice::Seen qw(client_lines server_lines log_lines diff);
use Time::HiRes qw(sleep);

my $dir = 'tests/envoy';
my $pattern = shift // '';
plan skip_all => 'no Envoy: ./setup envoy' unless -x Sluice::Envoy::binary();
$SIG{PIPE} = 'IGNORE';

my @scenarios = grep { $_->{name} =~ /$pattern/ }
    map { Sluice::Scenario::read_file($_) } sort glob "$dir/scenarios/*.txt";
my %by_here = map { $_->{here} => $_ } @scenarios;
my %known = differences("$dir/differences");

# --- the server behind the proxies ------------------------------------------

# A list of pieces; "!close" ends the connection.
sub send_pieces
{
    my ($socket, @pieces) = @_;
    for my $piece (@pieces) {
        return if $piece eq '!close';
        if ($piece =~ /^!wait ([\d.]+)/) {
            sleep $1;
        } else {
            print $socket $piece;
            sleep 0.05 if @pieces > 2;
        }
    }
}

my $up = upstream(sub {
    my ($r, $socket) = @_;
    my $s = $by_here{ $r->header('x-scenario') // '' } or return;
    send_pieces($socket, @{ $s->{answer}{send} });
    return;
});
my $callee = upstream(sub {
    my ($r, $socket) = @_;
    my $s = $by_here{ $r->header('host') // '' } or return;
    my $answer = $s->{calls}{ $r->uri } or return;
    send_pieces($socket, @{ $answer->{send} });
    return;
});
my %ports = (up => $up->port, callee => $callee->port, dead => free_port());

# --- the proxies -------------------------------------------------------------

sub module_of
{
    my ($filter) = @_;
    my ($name, @flags) = split ' ', $filter->{plugin} // 'steps.c';
    return plugin($name =~ m{/} ? "sdk-examples/$name" : "$dir/plugins/$name",
        flags => \@flags);
}

sub nginx_server
{
    my ($s) = @_;
    my ($plugins, $filters, $i) = ('', '', 0);
    my $deadline = (slow() > 1 ? 2000 : 500) . 'ms';
    for my $f (@{ $s->{filters} }) {
        my $of = $f->{same} ? 0 : $i;
        my $fail = ($f->{fail} // '') eq 'open' ? 'fail=open' : '';
        $plugins .= "wasm_plugin $s->{here}.$i " . module_of($f)
            . " deadline=$deadline log_rate=10000 memory=64m $fail "
            . "'vm_config=vm configuration' share=$s->{here}.$i "
            . 'allow=default,http_call:* '
            . ($f->{parameters} // '')
            . ";\n" unless $f->{same};
        my $root = defined $f->{root} ? "root_id=$f->{root}" : '';
        $filters .= "wasm_filter $s->{here}.$of config=\@$s->{here}.$i "
            . "$root;\n";
        $i++;
    }
    my $pass = $ports{ $s->{options}{cluster} // 'up' };
    my $more = $s->{options}{nginx} // '';
    my $http2 = $s->{options}{http2} ? 'http2' : '';
    return <<EOF;
$plugins
server {
    listen 127.0.0.1:%%port:$s->{here}%% $http2;
    location / {
        $filters
        $more
        proxy_pass http://127.0.0.1:$pass;
    }
}
EOF
}

# undef if it refuses its configuration.
sub start_nginx
{
    my (@all) = @_;
    my %files;
    for my $s (@all) {
        my $i = 0;
        $files{"$s->{here}." . $i++} = $_->{steps} || "\n"
            for @{ $s->{filters} };
    }
    my $servers = join '', map { nginx_server($_) } @all;
    my $map = join '', map { "%%port:$_->{here}%% $_->{here};\n" } @all;
    my $configuration = <<EOF;
ignore_invalid_headers off;
underscores_in_headers on;
merge_slashes off;
map_hash_bucket_size 256;
proxy_http_version 1.1;
proxy_next_upstream off;
proxy_set_header Host \$http_host;
map \$server_port \$scenario {
$map
}
proxy_set_header X-Scenario \$scenario;
wasm_zone shared 8m;
upstream callee { server 127.0.0.1:$ports{callee}; }
upstream dead { server 127.0.0.1:$ports{dead}; }
$servers
EOF
    if ($all[0]{options}{alone}) {
        my ($status) = nginx_t($configuration, files => \%files);
        return if $status;
    }
    my $nginx = nginx($configuration, files => \%files);
    $nginx->expect(qr/wasm/);
    return $nginx;
}

sub nginx_lines
{
    my ($nginx, $s) = @_;
    my @lines;
    for (split /\n/, $nginx->log) {
        /\[(\w+)\] .*?wasm plugin "\Q$s->{here}\E\.(\d+)"( \(cont\w+\))?: (.*)/
            or next;
        my ($level, $filter, $more, $text) = ($1, $2, $3, $4);
        $text =~ s/(?: while [a-z ]+)?, client: [\d.]+, server: .*//;
        push @lines, [$level, $filter, ''] unless $more;
        $lines[-1][2] .= $text;
    }
    return @lines;
}

# --- asking -------------------------------------------------------------------

# Over HTTP/2, by curl.
sub ask_http2
{
    my ($m, $port) = @_;
    my ($line, @head) = @{ $m->{head} };
    my (undef, $target) = split ' ', $line;
    my ($host) = map { /^host: *(.*)/i ? $1 : () } @head;
    my @pieces = @{ $m->{pieces} // [] };
    my $r = curl('--http2-prior-knowledge', '-X', $m->{method},
        $m->{method} eq 'HEAD' ? '-I' : (), '--connect-to',
        "::127.0.0.1:$port", '-A', '', '-H', 'Accept:',
        '-H', 'Content-Type:', (map { ('-H', $_) } grep { !/^host:/i } @head),
        @pieces ? ('--data-binary', join '', @pieces) : (),
        "http://$host$target");
    $r->{body} = '' if $m->{method} eq 'HEAD';
    return $r;
}

# All of a message but its answer; false if the client goes away before.
sub send_one
{
    my ($m, $c) = @_;
    for my $piece (@{ $m->{send} }) {
        return 0 if $piece eq '!close';
        $c->send($piece);
        sleep 0.05 if @{ $m->{send} } > 2;
    }
    return 1;
}

sub ask
{
    my ($s, $port) = @_;
    my $o = $s->{options};
    my (@lines, $n, $c, @waiting);
    my $answer = sub {
        my ($n, $m, $c) = @_;
        my $r = $o->{http2} ? ask_http2($m, $port) : $c->response(
            method => $m->{method}, timeout => $o->{patience} // 5);
        push @lines,
            client_lines($n, $r, show => [split ' ', $o->{show} // '']);
    };
    for my $m (@{ $s->{requests} }) {
        $n++;
        sleep $o->{gap} if $o->{gap} && $n > 1;
        undef $c unless $o->{together};
        $c //= eval { client($port) } unless $o->{http2};
        if (!$c && !$o->{http2}) {
            push @lines, "client $n refused";
        } elsif ($o->{http2} || send_one($m, $c)) {
            push @waiting, [$n, $m, $c];
        }
        sleep 0.05 if $o->{at_once};
        $answer->(@{ shift @waiting }) while !$o->{at_once} && @waiting;
    }
    $answer->(@$_) for splice @waiting;
    undef $c;
    sleep $s->{options}{wait} if $s->{options}{wait};
    my @up = grep { ($_->header('x-scenario') // '') eq $s->{here} }
        $up->requests;
    @up = sort { $a->uri cmp $b->uri } @up if $o->{at_once};
    # Two calls at once arrive in any order.
    my @called = sort { $a->uri cmp $b->uri }
        grep { ($_->header('host') // '') eq $s->{here} } $callee->requests;
    $_->clear for $up, $callee;
    return (@lines, server_lines('upstream', @up),
        server_lines('callee', @called));
}

# Scenarios of one file share the processes.
sub compare
{
    my (@all) = @_;
    my $envoy = Sluice::Envoy->start(\@all, %ports, plugin => \&module_of);
    my (%theirs, %ours);
    if (!$envoy->died) {
        $theirs{ $_->{here} } = [ask($_, $envoy->port($_))] for @all;
        sleep 0.2;
    }
    $envoy->stop;
    my $nginx = start_nginx(@all);
    if ($nginx) {
        $ours{ $_->{here} } = [ask($_, $nginx->port($_->{here}))] for @all;
        sleep 0.2;
        $nginx->stop;
    }
    for my $s (@all) {
        my $several = @{ $s->{filters} } > 1;
        # What is seen of a proxy that dies isn't the same each time.
        $theirs{ $s->{here} } = $envoy->died ? ['the proxy ' . $envoy->died]
            : [@{ $theirs{ $s->{here} } },
                log_lines($several, $envoy->lines($s))];
        $ours{ $s->{here} } = !$nginx ? ['the proxy refuses to start']
            : [@{ $ours{ $s->{here} } },
                log_lines($several, nginx_lines($nginx, $s))];
        verdict($s, $theirs{ $s->{here} }, $ours{ $s->{here} });
    }
}

# --- the differences that are wanted -------------------------------------------

# name => { reasons, lines }
sub differences
{
    my ($path) = @_;
    open my $f, '<', $path or die "$path: $!\n";
    my (%all, $d);
    while (my $line = <$f>) {
        chomp $line;
        next if $line =~ /^\s*(#|$)/;
        if ($line =~ m{^= ([\w/-]+) (.+)}) {
            $d = $all{$1} = { reasons => [split ' ', $2], lines => [] };
        } elsif ($line =~ /^[+-] /) {
            push @{ $d->{lines} }, $line;
        } else {
            die "$path:$.: what is this?\n";
        }
    }
    return %all;
}

sub verdict
{
    my ($s, $theirs, $ours) = @_;
    if ($ENV{SHOW}) {
        diag("= $s->{name}");
        diag("    $_") for @$theirs;
    }
    my @diff = diff($theirs, $ours);
    my $want = $known{ $s->{name} };
    my $name = "$s->{name}: $s->{title}";
    $name .= ' (differs: ' . join(', ', @{ $want->{reasons} }) . ')' if $want;
    return if ok(join("\n", @diff)
        eq join("\n", $want ? @{ $want->{lines} } : ()), $name);
    diag(join "\n", 'it was to differ like this:', @{ $want->{lines} })
        if $want;
    diag(join "\n", "= $s->{name} REASON", @diff);
}

# The callbacks and the rows of abi/hostcalls.h that no scenario has.
sub unused
{
    my $plugin = read_file("$dir/plugins/steps.c");
    my %call_of = ($plugin =~ /row\((\w+), (\w+),/g, log => 'proxy_log');
    my ($names) = $plugin =~ /\bnames\[\] = \{(.*?)\}/s;
    my @wanted = (($names =~ /"(?!foreign)(\w+)"/g), read_file(
        'abi/hostcalls.h') =~ /^ +(?:call|lack)\((\w+), \d/mg);
    my %used;
    for my $steps (map { $_->{steps} } map { @{ $_->{filters} } } @scenarios) {
        for my $line (split /\n/, $steps) {
            my ($event, @words) = split ' ', $line;
            $used{$_} = 1 for $event, map { $call_of{$_} // () } @words;
        }
    }
    return grep { !$used{$_} } @wanted;
}

my @groups;
for my $s (@scenarios) {
    my ($group) = $s->{name} =~ m{^(.*)/};
    $group = $s->{name} if $s->{options}{alone};
    push @groups, [$group, []] unless @groups && $groups[-1][0] eq $group;
    push @{ $groups[-1][1] }, $s;
}
compare(@{ $_->[1] }) for @groups;

# Each reason is a row of abi/README.md.
if ($pattern eq '') {
    my %rows = map { $_ => 1 }
        (read_file('abi/README.md') =~ /^\| \*\*([\w-]+)\*\* \|/mg);
    my %used = map { $_ => 1 } map { @{ $_->{reasons} } } values %known;
    is join(' ', grep { !$rows{$_} } sort keys %used), '',
        'each reason is a row in abi/README.md';
    is join(' ', unused()), '',
        'each host call and each callback is in a scenario';
    cmp_ok scalar(@scenarios), '>=', 150, 'scenarios: ' . @scenarios;
    my %names = map { $_->{name} => 1 } @scenarios;
    is join(' ', grep { !$names{$_} } sort keys %known), '',
        'each difference belongs to a scenario';
}

done_testing;

# Shared data: compare-and-swap, shares and their bounds, reloads, and workers
# that are killed while they change it.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time sleep);

my $nginx = nginx(<<'EOF', main => 'worker_processes 2;');
wasm_zone plugins 4m;
wasm_plugin a %%plugin:shared%% deadline=300s share=ours memory=64m;
wasm_plugin b %%plugin:shared%% deadline=300s share=ours memory=64m;
wasm_plugin c %%plugin:shared%% deadline=300s memory=64m;
server {
    listen 127.0.0.1:%%port%% reuseport;
    location /a { wasm_filter a 'set start 0 x|get start'; }
    location /b { wasm_filter b; }
    location /c { wasm_filter c; }
}
EOF

sub call
{
    my ($plugin, $command) = @_;
    return $nginx->get("/$plugin", headers => ["x-do: $command"])->body;
}

is scalar($nginx->wait_log(qr/get start -> 0 [1-9]\d* x/, 2)), 2,
    'shared data in on_configure';
is call(a => 'get k'), '1 0 ', 'missing: NotFound';
is call(a => 'set k 0 one'), '0 ', 'set in any case';
my ($cas) = call(a => 'get k') =~ /^0 (\d+) one$/;
ok $cas, 'its value and number';
is call(a => 'set k 4000000000 two'), '8 ', 'another number: CasMismatch';
is call(a => 'get k'), "0 $cas one", 'nothing changed';
is call(a => "set k $cas two"), '0 ', 'the right number';
my ($next) = call(a => 'get k') =~ /^0 (\d+) two$/;
ok $next && $next != $cas, 'a new number';
is call(a => "set k $cas three"), '8 ', 'the old number';
is call(a => 'set new 77 x'), '0 ', 'a number for a missing key: inserted';
is call(a => 'set empty 0 '), '0 ', 'an empty value';
like call(a => 'get empty'), qr/^0 [1-9]\d* $/, 'is there';
is call(a => 'set  0 nameless'), '0 ', 'an empty key';
like call(a => 'get '), qr/^0 \d+ nameless$/, 'is one';
my $long = join '', map { chr(33 + $_ * $_ % 90) } 1 .. 3000;
for my $n (1, 68, 69, 70, 188, 189, 190, 1000, 3000) {
    my $v = substr $long, 0, $n;
    call(a => "set len 0 $v");
    is call(a => 'get len') =~ s/^0 \d+ //r, $v, "$n bytes";
}

# Shares.
like call(b => 'get k'), qr/^0 \d+ two$/, 'share= is common';
is call(c => 'get k'), '1 0 ', 'the other share is not';

# Two workers: connections are spread over them.
my ($rounds, $n) = (20, 50_000);
is call(a => 'count sum 1'), '1', 'the number is there before they start';
my @pids;
for my $i (0, 1) {
    my $pid = fork // die;
    if (!$pid) {
        my $bad = grep { call(a => "count sum $n") < $n } 1 .. $rounds;
        POSIX::_exit($bad ? 1 : 0);
    }
    push @pids, $pid;
}
for (@pids) {
    waitpid $_, 0;
    is $?, 0, 'a client that counts';
}
is call(a => 'number sum'), '0 ' . (1 + 2 * $rounds * $n),
    'the sum by compare-and-swap';

# Floods stay in the share; what wasn't used for the longest time goes first.
is call(c => 'set mine 0 c'), '0 ', 'a neighbour';
is call(a => 'fill x 100000 20'), '0 ', 'a flood of keys';
like call(c => 'get mine'), qr/^0 \d+ c$/, 'the neighbour has its data';
like call(a => 'get x99999'), qr/^0/, 'the newest is there';
like call(a => 'get x0'), qr/^1/, 'the oldest is gone';
my $room = call(a => 'have x 100000');
cmp_ok $room, '>', 10000, "keys in half a zone ($room)";
is call(a => 'fill y 100 100000'), '0 ', 'a flood of large values';
like call(c => 'get mine'), qr/^0 \d+ c$/, 'the neighbour, again';
is call(c => 'fill z 3 1000000'), '0 ', 'three times half a share';
like call(c => 'get mine'), qr/^1/, 'the neighbour floods itself';
is call(a => 'set last 0 kept'), '0 ', 'before the reload';

ok $nginx->reload, 'reload';
like call(a => 'get last'), qr/^0 \d+ kept$/, 'the data is still there';

# Workers die at any point, with the lock or without.
is call(c => 'set witness 0 alive'), '0 ', 'a witness';
my $slowest = 0;
for my $round (1 .. 25) {
    my @clients = map {
        my $c = $nginx->connect;
        $c->send("GET /a HTTP/1.1\r\nHost: x\r\nx-do: "
            . ($_ % 2 ? 'fill k 100000 300' : 'count busy 100000')
            . "\r\n\r\n");
        $c;
    } 1 .. 4;
    sleep 0.02 + rand(0.03);
    kill 'KILL', $nginx->workers;
    $_->close for @clients;
    my $from = time;
    my $got = '';
    until ($got =~ /alive/ || time - $from > 10 * slow()) {
        $got = eval { call(c => 'get witness') } // '';
    }
    $slowest = time - $from if time - $from > $slowest;
    like $got, qr/^0 \d+ alive$/, "killed, $round: the witness";
    is call(a => "set r 0 $round"), '0 ', "killed, $round: the share";
    my $sum = call(a => 'number busy');
    like $sum, qr/^[01] \d+$/, 'a number';
}
cmp_ok $slowest, '<', 3 * slow(), 'others go on';
is call(c => 'fill z 20 100000'), '0 ', 'room is found again';
# What clients had sent to the killed workers may still run for a while.
my ($now, $end) = (0, time + 20 * slow());
until ($now == $room || time > $end) {
    is call(a => 'fill x 100000 20'), '0 ', 'in both shares';
    $now = call(a => 'have x 100000');
}
is $now, $room, 'and not a block is lost';
note scalar(() = $nginx->lines(qr/rebuilding the index/)),
    ' times somebody died with the lock';
$nginx->expect(qr/exited on signal 9|was locked by/);

# Without a zone.
my ($status, $out) = nginx_t(<<'EOF');
wasm_plugin a %%plugin:shared%%;
server {
    listen 127.0.0.1:%%port%%;
    wasm_filter a 'get k|set k 0 v|define 0 m|open q';
}
EOF
is $status, 0, 'no zone: the configuration is good';
is scalar(() = $out =~ /\[warn\].*"a".*wasm_zone/g), 1, 'one line tells why'
    or diag $out;

my $without = nginx(<<'EOF');
wasm_plugin a %%plugin:shared%%;
server { listen 127.0.0.1:%%port%%; wasm_filter a; }
EOF
is $without->get('/', headers => ["x-do: $_->[0]"])->body, $_->[1], $_->[0]
    for ['get k', '10 0 '], ['set k 0 v', '10 '], ['open q', '10 0'],
    ['define 0 m', '10 0'];
is scalar(() = $without->wait_log(qr/\[warn\].*wasm_zone/)), 1, 'one warning';
done_testing;

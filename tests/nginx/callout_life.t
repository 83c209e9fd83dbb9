# Calls and the lives of others: ticks, requests that end first, faults,
# reloads, shutting down; memory and descriptors.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(sleep time);

my $up = upstream(sub {
    my ($r, $s) = @_;
    return '' if $r->uri =~ m{^/close};
    sleep $1 if $r->uri =~ m{^/slow/([\d.]+)};
    my $n = $r->uri =~ m{^/bytes/(\d+)} ? $1 : 2;
    return "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: $n\r\n"
        . "\r\n" . 'o' x $n;
});

# --- without a request ----------------------------------------------------

my $config = <<'EOF';
upstream u { server 127.0.0.1:%%up%% max_fails=0; keepalive 8; }
wasm_plugin c %%plugin:call%% allow=default,http_call:u;
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter c '%%what%%'; return 204; }
}
EOF
my $nginx = nginx($config, up => $up->port, what => 'tick 50 u 9000 GET /tick');
ok $nginx->wait_log(qr/answer 2 2 0 200 - 0 - oo/, 3), 'calls of ticks';
cmp_ok scalar(grep { $_->uri eq '/tick' } $up->requests), '>=', 3, 'were made';
ok $nginx->reload, 'they do not hold up a reload';
$nginx->stop(how => 'QUIT');
ok !$nginx->failed, 'and not the end';

$up->clear;
$nginx = nginx($config, up => $up->port,
    what => 'start u 9000 GET /a; u 9000 GET /b; none 1 GET /');
ok $nginx->wait_log(qr/answer 2 2 0 200/, 2), 'calls of on_configure';
is scalar($up->requests), 2, 'one each: not in the master';
ok $nginx->lines(qr/refused 2/) || $nginx->lines(qr/refused 10/), 'what is wrong is told';
$nginx->stop;

$nginx = nginx($config, up => $up->port,
    what => 'tick 5 u 60000 GET /slow/2');
ok $nginx->wait_log(qr/call to "u" refused: too many at once/), 'bounded';
my $t = time;
ok $nginx->reload, 'slow ones of ticks';
cmp_ok time - $t, '<', 5 * slow(), 'do not stop a reload for long';
$nginx->stop;

# --- with requests --------------------------------------------------------

$nginx = nginx(<<'EOF', up => $up->port, main => 'worker_shutdown_timeout 3s;');
upstream u { server 127.0.0.1:%%up%% max_fails=0; keepalive 8; }
wasm_plugin c %%plugin:call%% allow=default,http_call:u log_rate=100000 callouts=64;
wasm_plugin p %%plugin:call%% allow=default,http_call:u pause_timeout=100ms;
wasm_plugin open %%plugin:call%% allow=default,http_call:u fail=open;
server {
    listen 127.0.0.1:%%port%%;
    keepalive_requests 1000000;
    location / { wasm_filter c; empty_gif; }
    location /p { wasm_filter p; empty_gif; }
    location /open { wasm_filter open; empty_gif; }
}
EOF
my ($pid) = $nginx->workers;

sub asks
{
    my ($call, $uri) = @_;
    my $c = $nginx->connect;
    $c->send('GET ' . ($uri // '/') . " HTTP/1.1\r\nHost: a\r\nx-call: $call\r\n\r\n");
    return $c;
}
sub gone { $nginx->wait_log(qr/its request is gone/, $_[0]) }
sub works { is $nginx->get($_[1] // '/', headers => ['x-call: u 9000 GET /'])->body,
    '2 2 0 200 - 0 - oo|', $_[0] }

$_->close for map { asks('u 9000 GET /slow/0.3') } 1 .. 10;
is scalar(gone(10)), 10, 'clients leave: the answers find nobody';
is $nginx->get('/p', headers => ['x-call: u 9000 GET /slow/0.4'])->status, 504,
    'pause_timeout is shorter than the call';
is scalar(gone(11)), 11, 'whose answer comes later';
works('all is well');

# A fault: calls of the instance are cancelled, and nobody is told.
for (['/', 500], ['/open', 200]) {
    my ($uri, $status) = @$_;
    my $answers = () = $nginx->lines(qr/": answer \d/);
    my @c = map { asks('u 9000 GET /slow/1', $uri) } 1 .. 5;
    sleep 0.2;
    is $nginx->get($uri, headers => ['x-call: u 9000 GET /', 'x-then: trap'])
        ->status, $status, "$uri: a fault";
    is scalar(grep { $_->response->status == $status } @c), 5,
        'those that wait for answers share its fate';
    sleep 1.1;
    is scalar(my @all = $nginx->lines(qr/": answer \d/)), $answers + 1,
        'no answer comes to the new instance';
    works('which works', $uri);
}
is +($nginx->workers)[0], $pid, 'the same worker';

# Memory and descriptors.
sub fds { my @f = glob "/proc/$pid/fd/*"; return scalar @f }
my $few = $ENV{SLUICE_SAN} ? 10 : 1;
my $limit = $ENV{SLUICE_SAN} ? 8 << 20 : 1 << 20;
my $base = fds();
for (['answers', 'u 9000 GET /', 600], ['large ones', 'u 9000 GET /bytes/500000', 60],
    ['failures', 'u 9000 GET /close', 200], ['time-outs', 'u 1 GET /slow/0.05', 60],
    ['refusals', 'v 1 GET /', 600], ['eight at once', join('; ', ('u 9000 GET /') x 8), 60]) {
    my ($name, $call, $n) = @$_;
    my $c = $nginx->connect;
    my @rss;
    for (1 .. 2) {
        $c->request('GET', '/', headers => ["x-call: $call"]) for 1 .. $n / $few;
        push @rss, $nginx->rss($pid);
    }
    cmp_ok $rss[1] - $rss[0], '<', $limit, "$name: memory";
    $c->close;
}
sleep 0.3;
cmp_ok fds(), '<=', $base + 8, 'descriptors: those of keepalive';

# A reload: the old worker ends what has begun.
my @c = map { asks('u 9000 GET /slow/1') } 1 .. 3;
sleep 0.2;
my $reload = fork // die;
if (!$reload) { $nginx->signal('HUP'); POSIX::_exit(0) }
waitpid $reload, 0;
sleep 0.3;
works('a new worker works at once');
is scalar(grep { $_->response->body eq '2 2 0 200 - 0 - oo|' } @c), 3,
    'calls under way at a reload are answered';
# worker_shutdown_timeout ends requests, and with them what they wait for.
@c = map { asks('u 60000 GET /slow/30') } 1 .. 3;
sleep 0.2;
$t = time;
ok $nginx->reload, 'a reload with calls that last';
cmp_ok time - $t, '<', 12 * slow(), 'ends in time';
is scalar(grep { $_->response->status == 200 } @c), 0, 'they are not answered';
works('the next worker works');

# Shutting down.
my $c = asks('u 9000 GET /slow/1');
sleep 0.2;
$nginx->stop(how => 'QUIT');
is $c->response->body, '2 2 0 200 - 0 - oo|', 'QUIT waits for an answer';
$nginx->start;
$c = asks('u 9000 GET /slow/5');
sleep 0.2;
$t = time;
$nginx->stop;
cmp_ok time - $t, '<', 3 * slow(), 'TERM does not';
ok !$nginx->failed, 'no complaints';

done_testing;

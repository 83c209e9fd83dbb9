# How requests that nginx doesn't buffer end: refused, faulting, held for a
# call, mirrored, answered before their end.  What is left of a body is never
# taken for a request.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(time sleep);

$SIG{PIPE} = 'IGNORE';

# The server behind nginx is this program itself, byte by byte.
my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64,
    ReuseAddr => 1) or die "listen: $!\n";
my $callee = upstream(sub {
    my ($r) = @_;
    sleep $r->uri =~ /slow/ ? 20 : 0.1;
    return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nanswer";
});

# Collects the body, calls a server at its end and puts a word in front of it
# when that has answered; the configuration is the path, or "deny" or "trap" in
# the answer.
my $asker = plugin('asker', source => <<'EOF');
#include "sluice.h"

static struct sluice_str how;
static uint32_t waiting;

SLUICE_ON_CONFIGURE(root, text)
{
    how = sluice_keep(text);
    return true;
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    struct sluice_pair headers[] = {
        { SLUICE_STR(":method"), SLUICE_STR("GET") },
        { SLUICE_STR(":path"), sluice_join(SLUICE_STR("/"), how) },
        { SLUICE_STR(":authority"), SLUICE_STR("callee") },
    };
    uint32_t call;

    if (over) {
        waiting = context;
        sluice_call(SLUICE_STR("callee"), headers, 3, SLUICE_STR(""), 30000,
                    &call);
    }
    return SLUICE_PAUSE;
}

SLUICE_ON_ANSWER(root, call, headers, size, trailers)
{
    if (!sluice_turn_to(waiting)) {
        return;
    }
    if (sluice_equal(how, SLUICE_STR("trap"))) {
        __builtin_trap();
    } else if (sluice_equal(how, SLUICE_STR("deny"))) {
        sluice_respond(403, SLUICE_STR("denied"), NULL, 0);
    } else {
        sluice_body_splice(SLUICE_REQUEST_BODY, 0, 0, SLUICE_STR("asked:"));
        sluice_continue(SLUICE_REQUEST);
    }
}
EOF

my %chains = (
    stuck => ['short', 'rb pause'],
    deny => ['s', 'rb respond 403 no|log log LOGGED'],
    denyend => ['s', 'rb end respond 403 no|log log LOGGED'],
    close => ['s', 'rb end close'],
    trap => ['s', 'rb trap'], trapend => ['s', 'rb end trap'],
    open => ['o', 'rb end append lost|rb end trap'],
    both => ['s', 'rb upper|sh set x-both 1|sb upper'],
    ask => ['ask', 'ask'], askdeny => ['ask-deny', 'deny'],
    asktrap => ['ask-trap', 'trap'], askslow => ['ask-slow', 'slow'],
);
my $locations = join '', map { "location /$_ { wasm_filter $chains{$_}[0] "
    . "'$chains{$_}[1]'; proxy_pass http://127.0.0.1:%%up%%; }\n"
} sort keys %chains;
my $nginx = nginx(<<"EOF", up => $listen->sockport, callee => $callee->port);
wasm_plugin s %%plugin:script%% deadline=1s log_rate=100000;
wasm_plugin o %%plugin:script%% fail=open deadline=1s;
wasm_plugin short %%plugin:script%% pause_timeout=300ms;
wasm_plugin ask $asker allow=default,http_call:callee;
wasm_plugin ask-deny $asker allow=default,http_call:callee;
wasm_plugin ask-trap $asker allow=default,http_call:callee;
wasm_plugin ask-slow $asker allow=default,http_call:callee pause_timeout=300ms;
upstream callee { server 127.0.0.1:%%callee%%; }
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    client_max_body_size 200m;
    proxy_http_version 1.1; proxy_request_buffering off; proxy_buffering off;
    location / { empty_gif; }
    location /mirrored { wasm_filter s 'rh remove content-length|rb data append !'; mirror /copy; proxy_pass http://127.0.0.1:%%up%%; }
    location = /copy { internal; proxy_pass http://127.0.0.1:%%callee%%; }
    location /mirrored-deny { wasm_filter s 'rb respond 403 no'; mirror /copy; proxy_pass http://127.0.0.1:%%up%%; }
    location = /secret { return 200 secret; }
    $locations
}
EOF
my ($pid) = $nginx->workers;

# The connection from nginx, and what came over it.  There's none if the client
# that is given has its answer before.
my ($server, $got);
sub accept_it
{
    my ($client) = @_;
    my $any = IO::Select->new($listen, $client ? $client->socket : ());
    undef $server;
    $got = '';
    $server = $listen->accept
        if grep { $_ == $listen } $any->can_read(5 * slow());
    return $server;
}
sub got_until
{
    my ($re, $time) = @_;
    my $end = time + ($time // 3 * slow());
    while ($got !~ $re && time < $end) {
        next unless IO::Select->new($server)->can_read(0.05);
        sysread $server, $got, 65536, length $got or last;
    }
    return $got =~ $re;
}
sub post
{
    my ($uri, $length, @headers) = @_;
    my $c = $nginx->connect;
    $c->send(join "\r\n", "POST $uri HTTP/1.1", 'Host: a', @headers,
        $length eq 'chunked' ? 'Transfer-Encoding: chunked'
            : "Content-Length: $length", '', '');
    return $c;
}
my $ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

# Pauses.
my $c = post('/ask', 'chunked');
$c->send("3\r\nabc\r\n");
accept_it();
$c->send("3\r\ndef\r\n0\r\n\r\n");
ok got_until(qr/asked:abcdef\r\n0\r\n\r\n$/), 'held for a call, and changed';
print $server $ok;
is $c->response->status, 200, 'asked';
for my $case (['askdeny', 403], ['asktrap', 500], ['askslow', 504],
    ['stuck', 504])
{
    my ($uri, $status) = @$case;
    for my $length (6, 'chunked') {
        $c = post("/$uri", $length);
        $c->send($length eq 6 ? 'abc' : "3\r\nabc\r\n");
        accept_it();
        $c->send($length eq 6 ? 'def' : "3\r\ndef\r\n0\r\n\r\n");
        my $r = $c->response(timeout => 10);
        is $r->status, $status, "$uri, $length: $status";
        ok !got_until(qr/abc/, 0.1), 'nothing of the body upstream';
        is $r->header('connection'), $length eq 6 && $status != 500
            ? 'keep-alive' : 'close', 'the connection';
    }
}

# Refusals and faults while the request is under way.
for my $case (['deny', 403], ['denyend', 403], ['trap', 500],
    ['trapend', 500])
{
    my ($uri, $status) = @$case;
    my $end = $uri =~ /end/;
    for my $all (0, 1) {
        $c = post("/$uri", 6);
        $c->send('abc');
        accept_it($c);
        got_until(qr/abc/, 0.2) if $end;
        $c->send('def') if $end || $all;
        my $r = $c->response;
        is $r->status, $status, "$uri, $all: $status";
        got_until(qr/\r\n\r\n.{6}/s, 0.1);
        ok $got !~ /def/, 'the upstream has no whole request';
        is $c->request('GET', '/')->status, 200, 'keep-alive'
            if $end && $status != 500;
    }
}
my $evil = "GET /secret HTTP/1.1\r\nHost: b\r\n\r\n";
for my $case ([5 + length $evil, 'hello', $evil],
    [5 + length $evil, '', "hello$evil"],
    ['chunked', "5\r\nhello\r\n", $evil],
    ['chunked', "5\r\nhello\r\n", sprintf "%x\r\n%s\r\n0\r\n\r\n",
        length $evil, $evil])
{
    my ($length, $first, $rest) = @$case;
    for my $way (qw(deny mirrored-deny)) {
        $c = post("/$way", $length);
        $c->send($first);
        sleep 0.05;
        $c->send($rest);
        my @all = responses($c->read_all(0.3 * slow()));
        is join(' ', map { $_->status } @all), 403,
            "$way, $length: the rest of the body is no request";
    }
}
$listen->accept while IO::Select->new($listen)->can_read(0.1);
is scalar($nginx->wait_log(qr/LOGGED/, 8)), 8, 'on_log';
$c = post('/close', 6);
$c->send('abc');
accept_it();
$c->send('def');
is $c->read_all(3), '', 'closed';
$c = post('/open', 6);
$c->send('abc');
accept_it();
$c->send('def');
ok got_until(qr/abcdef$/), 'fail=open: as it came';
print $server $ok;
is $c->response->status, 200, 'and on';

# The response begins first; both directions pass the chain.
$c = post('/both', 'chunked');
$c->send("3\r\nabc\r\n");
accept_it();
got_until(qr/ABC/);
print $server "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n";
ok $c->fill(3) && $c->{buffer} =~ /x-both: 1.*XYZ/s, 'a response that comes first';
for my $n (1 .. 3) {
    $c->send("4\r\nmore\r\n");
    ok got_until(qr/(MORE.*){$n}/s), 'the request goes on';
    print $server "2\r\nhi\r\n";
    $c->fill(3) until $c->{buffer} =~ /(HI.*){$n}/s || $c->{closed};
    like $c->{buffer}, qr/(HI.*){$n}/s, 'and the response';
}
$c->send("0\r\n\r\n");
ok got_until(qr/\r\n0\r\n\r\n$/), 'the end of the request';
print $server "0\r\n\r\n";
my $r = $c->response;
ok $r->complete && $r->body eq 'XYZHIHIHI', 'and of the response';

# Something else has read the body before.
my $slow = write_file($nginx->dir . '/slow.pl',
    '$| = 1; for (1 .. 20) { print "x"; select undef, undef, undef, 0.02 }');
$callee->clear;
for my $length (qw(3 chunked)) {
    $c = post('/mirrored', $length);
    $c->send($length eq 'chunked' ? "3\r\nabc\r\n0\r\n\r\n" : 'abc');
    accept_it();
    ok got_until(qr/abc!$/), "mirrored, $length";
    like $got, qr/^Content-Length: 4\r$/m, 'an exact length';
    print $server $ok;
    is $c->response->status, 200, 'goes on';
    ok $callee->wait(1) && ($callee->last->body // '') eq 'abc!', 'its copy';
    $callee->clear;
}
{
    open my $curl, '-|', "perl $slow | curl -s --http2-prior-knowledge -X POST "
        . '-T - http://127.0.0.1:' . $nginx->port('h2') . '/mirrored' or die;
    accept_it();
    ok got_until(qr/(x+!)+$/), 'mirrored, HTTP/2';
    my ($body) = $got =~ /\r\n\r\n(.*)/s;
    like $got, qr/^Content-Length: @{[length $body]}\r$/m, 'an exact length';
    print $server $ok;
    is join('', <$curl>), 'ok', 'goes on';
}

is +($nginx->workers)[0], $pid, 'the same worker';

done_testing;

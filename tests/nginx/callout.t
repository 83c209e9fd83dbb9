# Calls to other servers: what is sent, what comes back, in each callback.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use List::Util qw(uniq);
use Time::HiRes qw(sleep time);

my %answers = (
    ok => "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello",
    empty => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    none => "HTTP/1.1 204 No Content\r\n\r\n",
    304 => "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    500 => "HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno",
    end => "HTTP/1.0 200 OK\r\nX: 1\r\n\r\nuntil the end",
    head => "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
    hints => "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 Continue"
        . "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    chunked => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        . "5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n",
    trailers => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        . "2\r\nhi\r\n0;last\r\nX-T: 1\r\nX-U: 2\r\n\r\n",
    hop => "HTTP/1.1 200 OK\r\nConnection: close\r\nKeep-Alive: 1\r\n"
        . "UPPER: A\r\nContent-Length: 1\r\n\r\nx",
    big => "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n" . 'b' x 900_000,
    more => "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n"
        . "\r\nhithere",
);
s{^(HTTP/1.\d [2-5]\d\d .*\r\n)(?!Connection)}{$1Connection: close\r\n}m
    for values %answers;
my $up = upstream(sub {
    my ($r, $s) = @_;
    my ($name) = $r->uri =~ m{^/(\w+)};
    if ($name eq 'pid') {
        sleep 0.2 if $r->uri =~ /slow/;
        return "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: "
            . length($$) . "\r\n\r\n$$";
    }
    if ($name =~ /^drip(.*)/) {
        syswrite($s, $_), sleep 0.002 for split //, $answers{$1};
        return;
    }
    if ($name eq 'echo') {
        my $n = length $r->body;
        return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: $n\r\n\r\n"
            . $r->body;
    }
    return $answers{$name} // $answers{ok};
});
my $nginx = nginx(<<'EOF', up => $up->port, files => { 'html/f' => 'file' });
upstream u { server 127.0.0.1:%%up%%; keepalive 4; }
upstream close { server 127.0.0.1:%%up%%; }
wasm_plugin c %%plugin:call%% memory=32m deadline=1s allow=default,http_call:u,http_call:close;
wasm_plugin few %%plugin:call%% callouts=64 allow=default,http_call:u;
wasm_plugin open %%plugin:call%% fail=open allow=default,http_call:u;
wasm_filter c;
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:h2%% ssl http2;
    ssl_certificate %%cert%%;
    ssl_certificate_key %%key%%;
    keepalive_requests 100000;
    location / { proxy_pass http://127.0.0.1:%%up%%; }
    location /file { alias %%dir%%/html/f; }
    location /few { wasm_filter few; proxy_pass http://127.0.0.1:%%up%%; }
    location /open { wasm_filter open; proxy_pass http://127.0.0.1:%%up%%; }
}
EOF

sub called { $nginx->get('/ok', headers => ["x-call: $_[0]", @_[1 .. $#_]])->body }

is called('u 9000 GET /ok'), '3 5 0 200 - 0 - hello|', 'an answer';
is called('u 0 GET /ok'), '3 5 0 200 - 0 - hello|', 'no time-out of its own';
is called('u 9000 GET /empty'), '2 0 0 200 - 0 - -|', 'an empty one';
is called('u 9000 GET /none'), '1 0 0 204 - 0 - -|', 'status 204';
is called('u 9000 GET /304'), '2 0 0 304 - 0 - -|', 'status 304';
is called('u 9000 GET /500'), '2 2 0 500 - 0 - no|', 'status 500';
is called('u 9000 HEAD /head'), '2 0 0 200 - 0 - -|', 'HEAD';
is called('u 9000 GET /end'), '2 13 0 200 - 0 - until the end|',
    'ended by the connection';
is called('u 9000 GET /hints'), '2 2 0 200 - 0 - ok|', '1xx is passed over';
is called('u 9000 GET /chunked'), '2 6 0 200 - 0 - hello!|', 'chunked';
is called('u 9000 GET /trailers'), '2 2 2 200 - 0 - hi x-t=1|', 'trailers';
is called('u 9000 GET /hop'), '3 1 0 200 - 0 - x|',
    'headers of the connection are left out';
is called('u 9000 GET /more'), '2 2 0 200 - 0 - hi|', 'more than announced';
for (qw(ok chunked trailers hints)) {
    is called("u 9000 GET /drip$_"), called("u 9000 GET /$_"),
        "$_, byte by byte";
}
my $sum = 0;
$sum = ($sum * 31 + ord 'b') & 0xffffffff for 1 .. 900_000;
is called('u 9000 GET /big'), "2 900000 0 200 - 0 - *900000 $sum|",
    '900,000 bytes';

# What is sent.
$up->clear;
called('u 9000 GET /p?q=1', 'x-more: X-B=1; accept=*/*');
is $up->wait(1) && ($up->requests)[0]->raw,
    "GET /p?q=1 HTTP/1.1\r\nHost: a.test\r\nx-b: 1\r\naccept: */*\r\n\r\n",
    'a request';
$up->clear;
called('u 9000 POST /p some bytes');
is +($up->requests)[0]->raw, "POST /p HTTP/1.1\r\nHost: a.test\r\n"
    . "Content-Length: 10\r\n\r\nsome bytes", 'with a body';
$up->clear;
called('u 9000 POST /p');
is +($up->requests)[0]->raw, "POST /p HTTP/1.1\r\nHost: a.test\r\n"
    . "Content-Length: 0\r\n\r\n", 'with an empty one';
$up->clear;
called('u 9000 PUT /p abc', 'x-trailer: x-t=1');
is +($up->requests)[0]->raw, "PUT /p HTTP/1.1\r\nHost: a.test\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nx-t: 1\r\n\r\n",
    'with trailers';
$up->clear;
called('u 9000 GET /p', 'x-more: content-length=7; transfer-encoding=chunked; '
    . 'connection=close; keep-alive=1; upgrade=h2c; te=trailers; '
    . 'expect=100-continue; proxy-connection=x; x-b=%0aX-C: 1; x d=2; '
    . ':path=/2; x-e=%00; :other=1');
is +($up->requests)[0]->raw, "GET /p HTTP/1.1\r\nHost: a.test\r\n\r\n",
    'neither framing nor anything that could split it';
is called('u 9000 POST /echo *900000'), "2 900000 0 200 - 0 - *900000 $sum|",
    '900,000 bytes there and back';

# In each callback.
$up->clear;
is $nginx->get('/ok', headers => ['x-call: u 9000 GET /empty; u 9000 GET /none',
    'x-then: on'])->body, 'hello', 'the request goes on';
like +($up->requests)[-1]->header('x-answers'),
    qr/^\Q2 0 0 200 - 0 - -|1 0 0 204 - 0 - -\E$|^\Q1 0 0 204 - 0 - -|2 0 0 200 - 0 - -\E$/,
    'with what was answered';
for my $at (qw(rh rb sh sb)) {
    for my $uri ('/ok', '/file') {
        next if $uri eq '/file' && $at eq 'rb';
        my @post = ($at eq 'rb' ? 'POST' : 'GET', $uri,
            $at eq 'rb' ? (body => 'abc') : ());
        my @h = ("x-at: $at", 'x-call: u 9000 GET /ok');
        my $r = $nginx->request(@post, headers => [@h]);
        is $r->status . $r->body, '2003 5 0 200 - 0 - hello|',
            "$at $uri: a local response";
        is $nginx->request(@post, headers => [@h, 'x-then: on'])->body,
            $uri eq '/ok' ? 'hello' : 'file', "$at $uri: goes on";
    }
}
$up->clear;
is $nginx->post('/ok', 'abc', headers => ['x-at: rb', 'x-then: body',
    'x-call: u 9000 GET /end'])->body, 'hello', 'the body is changed';
is $up->last->body, 'until the end', 'by the answer';
is $up->last->header('content-length'), 13, 'and its length';
is called('u 9000 GET /empty', 'x-then: again'),
    '2 0 0 200 - 0 - -|' x 2, 'a call in the answer of another';

# Calls that nobody waits for: on_log, and a request that goes on.
for my $how (['x-at: log'], ['x-then: leave']) {
    my $before = () = $nginx->lines(qr/its request is gone/);
    is $nginx->get('/ok', headers => ['x-call: u 9000 GET /pid?slow', @$how])
        ->body, 'hello', "@$how: the request doesn't wait";
    is scalar($nginx->wait_log(qr/its request is gone/, $before + 1)),
        $before + 1, "@$how: the answer comes to the root context";
}

# Connections are kept, and several calls go out at once.
my @pids = map { called('u 9000 GET /pid') =~ /- (\d+)\|/ } 1 .. 20;
is scalar(@pids), 20, '20 calls';
is scalar(uniq @pids), 1, 'over one connection';
@pids = map { called('close 9000 GET /pid') =~ /- (\d+)\|/ } 1 .. 5;
is scalar(uniq @pids), 5, 'without keepalive over one each';
my $t = time;
my $four = called(join '; ', ('u 9000 GET /pid?slow') x 4);
cmp_ok time - $t, '<', 0.6 * slow(), 'four at once take the time of one';
@pids = $four =~ /- (\d+)\|/g;
is scalar(uniq @pids), 4, 'over four connections';
@pids = map { called(join '; ', ('u 9000 GET /pid') x 4) =~ /- (\d+)\|/g }
    1 .. 5;
cmp_ok scalar(uniq @pids), '<=', 4, 'which are used again';
my @many = $nginx->get('/few', headers =>
    ['x-call: ' . join '; ', ('u 9000 GET /pid') x 60])->body =~ / 200 - /g;
is scalar(@many), 60, '60 at once';

# Clients that wait at the same time.
my @c = map { $nginx->connect } 1 .. 20;
$_->send("GET /ok HTTP/1.1\r\nHost: a\r\nx-call: u 9000 GET /pid?slow\r\n\r\n")
    for @c;
is scalar(grep { $_->response->body =~ /^2 \d+ 0 200/ } @c), 20,
    '20 clients wait at once';

# HTTP/2.
for my $at (qw(rh sh)) {
    my ($size, $pid) = curl('-k', '--http2', '-H', "x-at: $at", '-H',
        'x-call: u 9000 GET /pid', 'https://127.0.0.1:' . $nginx->port('h2')
            . '/ok')->body =~ /^2 (\d+) 0 200 - 0 - (\d+)\|$/;
    is $size, length($pid // ''), "HTTP/2, $at";
}

# A fault in an answer's callback.
my $r = $nginx->get('/ok', headers => ['x-call: u 9000 GET /ok', 'x-then: trap']);
is $r->status, 500, 'a fault: 500';
is scalar($nginx->wait_log(qr/\[error\].*callback proxy_on_http_call_response: unreachable/)),
    1, 'and a line';
$up->clear;
is $nginx->get('/open', headers => ['x-call: u 9000 GET /ok', 'x-then: trap'])
    ->body, 'hello', 'fail=open: the request goes on';
is $up->last->header('x-trapped'), undef, 'without what the callback changed';
$up->clear;
is $nginx->post('/open', 'abc', headers => ['x-call: u 9000 GET /ok',
    'x-then: trap', 'x-at: rb'])->body, 'hello', 'fail=open, in a body';
is $up->last->body, 'abc', 'which is as it was';
is called('u 9000 GET /ok'), '3 5 0 200 - 0 - hello|', 'a new instance works';
is scalar($nginx->workers), 1, 'the worker lives';

done_testing;

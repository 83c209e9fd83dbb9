# Calls that fail: what plugins get, limits, wrong arguments, what nginx -t says.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Socket qw(SOL_SOCKET SO_LINGER);
use POSIX ();
use Time::HiRes qw(sleep time);

my $ok = "HTTP/1.1 200 OK\r\nConnection: close\r\n";
my %answers = (
    ok => "${ok}Content-Length: 2\r\n\r\nok",
    close => '',
    garbage => "garbage\r\n\r\n",
    old => "hello, this is HTTP/0.9",
    nul => "${ok}A: b\0c\r\n\r\n",
    name => "${ok}no colon\r\n\r\n",
    both => "${ok}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    lengths => "${ok}Content-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
    minus => "${ok}Content-Length: -1\r\n\r\n",
    coding => "${ok}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    switch => "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    head => "${ok}A: " . 'h' x 10_000 . "\r\n\r\n",
    half => "${ok}Content-Length: 10\r\n\r\nhalf",
    halfhead => "${ok}Content-Le",
    halfchunk => "${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhel",
    badchunk => "${ok}Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
    trailers => "${ok}Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"
        . ("T: x\r\n" x 1000) . "\r\n",
    big => "${ok}Content-Length: 70000\r\n\r\n" . 'b' x 70_000,
    bigchunk => "${ok}Transfer-Encoding: chunked\r\n\r\n"
        . sprintf("%x\r\n%s\r\n", 70_000, 'c' x 70_000) . "0\r\n\r\n",
    bigend => "HTTP/1.0 200 OK\r\n\r\n" . 'd' x 70_000,
    lie => "${ok}Content-Length: 9000000000000\r\n\r\nabc",
);
my $up = upstream(sub {
    my ($r, $s) = @_;
    my ($name) = $r->uri =~ m{^/(\w+)};
    if ($name eq 'rst') {
        setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'II', 1, 0;
        POSIX::_exit(0);
    }
    sleep 3 if $name eq 'slow';
    if ($name eq 'slowbody') {
        syswrite $s, "${ok}Content-Length: 10\r\n\r\nabc";
        sleep 3;
        return;
    }
    return $answers{$name};
});
my $nginx = nginx(<<'EOF', up => $up->port);
upstream u { server 127.0.0.1:%%up%%; keepalive 4; }
upstream refused { server 127.0.0.1:1; }
upstream two { server 127.0.0.1:1; server 127.0.0.1:1 backup; }
upstream down { server 127.0.0.1:%%up%% down; }
upstream unix { server unix:%%dir%%/none; }
wasm_plugin c %%plugin:call%% allow=default,http_call:* callout_body=64k log_rate=100000;
wasm_plugin short %%plugin:call%% allow=default,http_call:u callout_timeout=500ms;
wasm_plugin few %%plugin:call%% allow=default,http_call:u callouts=3;
wasm_plugin one %%plugin:call%% allow=default,http_call:u callouts=1 memory=32m deadline=1s log_rate=100000;
wasm_plugin rate %%plugin:call%% allow=default,http_call:refused callouts=64 log_rate=20;
server {
    listen 127.0.0.1:%%port%%;
    wasm_filter c;
    location /rate { wasm_filter rate; empty_gif; }
    location / { empty_gif; }
    location /short { wasm_filter short; empty_gif; }
    location /few { wasm_filter few; empty_gif; }
    location /one { wasm_filter one; empty_gif; }
}
EOF
$nginx->expect(qr/connect\(\) to unix:/);

sub called { $nginx->get('/', headers => ["x-call: $_[0]", @_[1 .. $#_]])->body }

# Sizes and texts are Envoy's.
my $before = 'upstream connect error or disconnect/reset before headers. reset reason: ';
my $refused = "3 98 0 503 connect failed 0 - ${before}remote connection failure|";
my $reset = "3 95 0 503 reset 0 - ${before}connection termination|";
my $bad = "3 87 0 502 bad response 0 - ${before}protocol error|";
my $broken = '0 0 0 - reset 11 reset -|';
# The code of the last one that broke off stays, as in Envoy.
my $late = '3 24 0 504 timeout 11 - upstream request timeout|';

is called('refused 9000 GET /'), $refused, 'refused';
is called('two 9000 GET /'), $refused, 'refused by all';
is called('127.0.0.1:1 9000 GET /'), $refused, 'an address that refuses';
like called('unix 9000 GET /'), qr/^3 \d+ 0 503 connect failed 0 - /,
    'no such socket';
$_ = called('down 9000 GET /');
is $_, '3 19 0 503 connect failed 0 - no healthy upstream|', 'no peer';
is called("u 9000 GET /$_"), $reset, "$_: before the headers"
    for qw(close rst halfhead);
is called("u 9000 GET /$_"), $bad, "$_: no HTTP"
    for qw(garbage nul both lengths minus coding switch);
is called('u 9000 GET /head'), $bad =~ s/bad response/too large/r,
    'long headers';
is called("u 9000 GET /$_"), $broken, "$_: in the body"
    for qw(half halfchunk badchunk);
is called("u 9000 GET /$_"), $broken =~ s/- reset/- too large/r,
    "$_: more than callout_body" for qw(big bigchunk bigend trailers);
is called('u 9000 GET /lie'), $broken, 'a length that lies';
for (['/', 200, 'its own'], ['/short', 0, "the operator's"],
    ['/short', 9999, "the operator's"]) {
    my ($uri, $ms, $whose) = @$_;
    my $t = time;
    my $got = $nginx->get($uri, headers => ["x-call: u $ms GET /slow"])->body;
    is $got =~ s/timeout \d+/timeout 11/r, $late, "time-out: $whose";
    cmp_ok time - $t, '<', 2.5 * slow(), 'in time';
}
is called('u 100 GET /slowbody'), $broken =~ s/- reset/- timeout/r,
    'time-out in the body';
is called('u 9000 GET /ok'), '2 2 0 200 - 11 - ok|', 'afterwards all is well';
my @lines = $nginx->lines(qr/connect\(\) failed.*wasm plugin: "c", call to: "refused", upstream: "http:\/\/127.0.0.1:1\/"/);
is scalar(@lines), 1, 'a line says so';

# Wrong arguments.
my %wrong = (
    'none 1 GET /' => 2, 'NONE 1 GET /' => 2, ' 1 GET /' => 2,
    'unix:/x 1 GET /' => 2, 'a.b:99999 1 GET /' => 2, 'a.b/c 1 GET /' => 2,
    'a.b?c:1 1 GET /' => 2, 'no.resolver 1 GET /' => 2, '127.0.0.1/x 1 GET /' => 2,
    'u 4294967295 GET /' => 2, 'u 1 - /' => 2, 'u 1 GET -' => 2,
    'u 1 GET  /' => 2, "u 1 G@ /" => 2,
);
is called($_), "$wrong{$_}|", "refused: $_" for sort keys %wrong;
is called('u 1 GET /', 'x-authority: -'), '2|', 'refused: no authority';
is called('U 9000 GET /ok'), '2 2 0 200 - 11 - ok|', 'names in any case';
is called('u 9000 GET /ok', 'x-authority: -', 'x-more: host=h'),
    '2 2 0 200 - 11 - ok|', 'host stands for it';

# Limits.
sub at { $nginx->get($_[0], headers => ["x-call: $_[1]"])->body }
my @got = split /\|/, at('/few', join '; ', ('u 9000 GET /ok') x 5);
is scalar(grep { $_ eq '10' } @got), 2, 'more than callouts: refused';
is scalar(grep { /^2 2 0 200/ } @got), 3, 'the others not';
is scalar($nginx->wait_log(qr/call to "u" refused: too many at once, see callouts=/, 2)),
    2, 'and said so';
@got = split /\|/, at('/few', 'u 9000 GET /ok');
like $got[0], qr/^2 2 0 200/, 'then there is room again';
is at('/one', 'u 9000 POST /ok *20000000'), '10|', 'more bytes than calls may hold';
like at('/one', 'u 9000 POST /ok *2000000'), qr/^2 2 0 200/, 'fewer';
# 64 clients' calls stay under way, and the 65th is one too many.
my @c = map { $nginx->connect } 1 .. 65;
for (@c) {
    $_->send("GET /one HTTP/1.1\r\nHost: a\r\nx-call: u 1500 GET /slow\r\n\r\n");
    sleep 0.002;
}
my $many = $c[64]->response->body;
is $many, '10|', 'more than 64 times callouts a worker';
$_->close for @c;
is scalar($nginx->wait_log(qr/"one": its request is gone/, 64)), 64, 'their answers come to the root';

# Failures count as lines of the plugin: not more than log_rate a second.
$nginx->get('/rate', headers => ['x-call: ' . join '; ',
    ('refused 9000 GET /') x 60]);
my @rated = $nginx->lines(qr/connect\(\) failed.*wasm plugin: "rate"/);
cmp_ok scalar(@rated), '>=', 1, 'failures are logged';
$nginx->get('/rate', headers => ['x-call: ' . join '; ',
    ('refused 9000 GET /') x 60]) for 1 .. 10;
@rated = $nginx->lines(qr/connect\(\) failed.*wasm plugin: "rate"/);
cmp_ok scalar(@rated), '<', 400, 'up to log_rate';

# nginx -t.
sub refused
{
    my ($name, $plugin, $re) = @_;
    my ($status, $out) = nginx_t("upstream u { server 127.0.0.1:1; }\n"
        . "wasm_plugin p %%plugin:call%% $plugin;\n"
        . "server { listen 127.0.0.1:%%port%%; wasm_filter p 'start u 1 GET /'; }\n");
    if (defined $re) {
        ok $status, "$name: refused";
        like $out, qr/\[emerg\].*$re.* in \S+nginx\.conf:\d+/, $name;
    } else {
        is $status, 0, "$name: taken" or diag $out;
    }
}
refused('an upstream', 'allow=default,http_call:u', undef);
refused('a typing error', 'allow=default,http_call:v',
    qr/"v" is neither an upstream nor a host/);
refused('a host without a resolver', 'allow=default,http_call:a.test',
    qr/"a.test" is neither/);
refused('an address', 'allow=default,http_call:127.0.0.1:80', undef);
refused('TLS', 'allow=http_call:u callout_tls=u', undef);
refused('TLS to all', 'allow=http_call:* callout_tls=*', undef);
refused('TLS to whom', 'allow=http_call:u callout_tls=u,w', qr/"w" is neither/);
refused("$_", "allow=http_call:u $_", qr/out of range|not a/)
    for qw(callouts=0 callouts=x callouts=10001 callout_timeout=0
    callout_timeout=25h callout_body=1 callout_body=2g);
my ($status, $out) = nginx_t('upstream u { server 127.0.0.1:1; } wasm_plugin p '
    . '%%plugin:call%% allow=http_call:u callout_ca=/none;'
    . "server { listen 127.0.0.1:%%port%%; wasm_filter p; }\n");
ok $status, 'no such CA file: refused';
like $out, qr/\[emerg\].*\/none/, 'and named';

done_testing;

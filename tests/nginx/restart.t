# A plugin that can't be started again: 503 or without it, one line, and a new
# attempt a second later.  A body that can't be read.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

# Traps when asked to, and refuses its configuration in the seconds between the
# two numbers that it is made of.
my $fickle = plugin('fickle', source => <<'EOF');
#include "sluice.h"

static uint64_t parse(struct sluice_str *text)
{
    uint64_t n = 0;

    while (text->len && *text->data >= '0' && *text->data <= '9') {
        n = n * 10 + (uint64_t)(*text->data++ - '0');
        text->len--;
    }
    if (text->len) {
        text->data++;
        text->len--;
    }
    return n;
}

SLUICE_ON_CONFIGURE(root, text)
{
    uint64_t from = parse(&text), to = parse(&text);
    uint64_t now = sluice_now() / 1000000000;

    return now < from || now >= to;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_str value;

    if (sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-trap"),
                          &value)) {
        __builtin_trap();
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    sluice_header_set(SLUICE_RESPONSE_HEADERS, SLUICE_STR("x-fickle"),
                      SLUICE_STR("here"));
    return SLUICE_CONTINUE;
}
EOF

my $from = time + 3 * slow();
my $to = $from + 3;
my $nginx = nginx(<<'EOF', fickle => $fickle, from => $from, to => $to, files => { 'html/f' => 'file', 'html/413' => 'too large' });
wasm_plugin closed %%fickle%%;
wasm_plugin open %%fickle%% fail=open;
wasm_plugin s %%plugin:script%%;
server {
    listen 127.0.0.1:%%port%%;
    location /closed { wasm_filter closed '%%from%% %%to%%'; alias %%dir%%/html/f; }
    location /open { wasm_filter open '%%from%% %%to%%'; alias %%dir%%/html/f; }
    location /return { wasm_filter closed '%%from%% %%to%%'; return 200 x; }
    location /body { client_max_body_size 1k; error_page 413 /413; wasm_filter s 'rb upper'; proxy_pass http://127.0.0.1:1; }
    location /413 { }
}
EOF
my @pids = $nginx->workers;

is $nginx->get("/$_")->header('x-fickle'), 'here', "$_: at work" for qw(closed open);
select undef, undef, undef, $from - time + 0.1;
my $r = $nginx->get('/closed', headers => ['X-Trap: 1']);
is $r->status, 500, 'the fault itself';
$r = $nginx->get('/open', headers => ['X-Trap: 1']);
is $r->status . $r->body, '200file', 'fail=open';
for (1 .. 3) {
    is $nginx->get('/closed')->status, 503, 'not started again: 503';
    $r = $nginx->get('/open');
    is $r->status . ($r->header('x-fickle') // ''), 200, 'fail=open: without it';
}
is $nginx->get('/return')->status, 503, 'in a response';
is scalar($nginx->wait_log(qr/"closed" cannot be started: configure/)), 1, 'one line a second';
select undef, undef, undef, $to - time + 1.1;
is $nginx->get("/$_")->header('x-fickle'), 'here', "$_: back" for qw(closed open);

$r = $nginx->request('POST', '/body', chunked => ['x' x 600, 'x' x 600], pause => 0.1);
is $r->status . $r->body, '413too large', 'too large while it is read: error page';
$r = $nginx->post('/body', 'x' x 2000);
is $r->status . $r->body, '413too large', 'too large from the start';
my $c = $nginx->connect;
$c->send("POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc");
select undef, undef, undef, 0.1;
$c->close;
is $nginx->get('/413')->status, 200, 'a client that leaves while its body is read';
is join(' ', $nginx->workers), "@pids", 'the same worker';

done_testing;

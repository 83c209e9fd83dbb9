# Pause in each phase: resumed in the callback, by another request, by nobody.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time sleep);

my $up = upstream(sub {
    my ($r) = @_;
    my $n = $r->{uri} =~ /long/ ? 3_000_000 : 5;
    return "HTTP/1.1 200 OK\r\nContent-Length: $n\r\n\r\n" . 'h' x $n });

# Wakes the request that waits, by way of its context's number.
my $waker = plugin('waker', source => <<'EOF');
#include "sluice.h"
SLUICE_IMPORT_("proxy_set_effective_context")
enum sluice_status effective(uint32_t);
static uint32_t waiting;
static bool paused, late;

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_str path;

    sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR(":path"), &path);
    late = sluice_contains(path, SLUICE_STR("response"));
    paused = sluice_contains(path, SLUICE_STR("wait"));
    if (paused) {
        waiting = context;
        return late ? SLUICE_CONTINUE : SLUICE_PAUSE;
    }
    if (sluice_contains(path, SLUICE_STR("/wake"))) {
        effective(waiting);
        sluice_continue(SLUICE_REQUEST);
        sluice_continue(SLUICE_RESPONSE);
    } else if (sluice_contains(path, SLUICE_STR("/answer"))) {
        effective(waiting);
        sluice_respond(403, SLUICE_STR("woken"), NULL, 0);
    } else if (sluice_contains(path, SLUICE_STR("/trap"))) {
        __builtin_trap();
    }
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    return context == waiting && late && paused ? SLUICE_PAUSE
                                                : SLUICE_CONTINUE;
}
EOF

my $nginx = nginx(<<'EOF', up => $up->port, waker => $waker, files => { 'html/f' => 'x' x 300_000 });
wasm_plugin s %%plugin:script%% pause_timeout=300ms;
wasm_plugin o %%plugin:script%% pause_timeout=300ms fail=open;
wasm_plugin w %%waker%% pause_timeout=20s;
server {
    listen 127.0.0.1:%%port%%;
    location /rh/ { wasm_filter s 'rh pause|log log ENDED'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rh/on { wasm_filter s 'rh pause|rh continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rb/ { wasm_filter s 'rb pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rb/on { wasm_filter s 'rb pause|rb end continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sh/ { wasm_filter s 'sh pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sh/open { wasm_filter o 'sh pause|sb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sh/on { wasm_filter s 'sh pause|sh continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sb/ { wasm_filter s 'sb pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sb/open { wasm_filter o 'sb pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sb/over { wasm_filter s 'sb pause'; alias %%dir%%/html/f; }
    location /sb/long { wasm_filter s 'sb pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sb/longopen { wasm_filter o 'sb pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /w/ { wasm_filter w; proxy_pass http://127.0.0.1:%%up%%; }
    location /w/file/ { wasm_filter w; alias %%dir%%/html/; }
}
EOF
my ($pid) = $nginx->workers;

sub timed { my $t = time; my $r = $_[0]->(); return ($r, time - $t) }

my ($r, $t) = timed(sub { $nginx->get('/rh/') });
is $r->status, 504, 'request headers: 504';
cmp_ok $t, '>', 0.25, 'after pause_timeout';
cmp_ok $t, '<', 2 * slow(), 'and not later';
is scalar($up->requests), 0, 'nothing upstream';
is $nginx->get('/rh/on')->status, 200, 'continued in the callback';
is $nginx->post('/rb/', 'abc')->status, 504, 'request body: 504';
is $nginx->post('/rb/on', 'abc')->status, 200, 'continued at the end';
is $nginx->get('/sh/')->status, 500, 'response headers: 500';
$r = $nginx->get('/sh/open');
is $r->status . $r->body, '200hhhhh', 'fail=open: as it came';
is $nginx->get('/sh/on')->body, 'hhhhh', 'continued in the callback';
is $nginx->get('/sb/')->status, 500, 'response body: 500';
is $nginx->get('/sb/open')->body, 'hhhhh', 'fail=open: as it came';
($r, $t) = timed(sub { $nginx->get('/sb/long') });
is $r->status, 500, 'more than body_buffer';
cmp_ok $t, '<', 0.25 * slow(), 'at once';
is length $nginx->get('/sb/longopen')->body, 3_000_000, 'fail=open';

# Resumed by another request.
for my $uri (qw(/w/wait /w/wait-response /w/file/f?wait-response /w/wait-response-long)) {
    my $c = $nginx->connect;
    $c->send("GET $uri HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep 0.2;
    ok !$c->fill(0.1), "$uri waits";
    is $nginx->get('/w/wake')->status, 200, 'another request wakes it';
    $r = $c->response;
    is $r->status, 200, 'it goes on';
    is length $r->body, $uri =~ /long/ ? 3_000_000 : $uri =~ /file/ ? 300_000 : 5, 'whole';
    is $c->request('GET', '/w/x')->status, 200, 'keep-alive';

    $c->send("GET $uri HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep 0.2;
    $nginx->get('/w/answer');
    $r = $c->response;
    is $r->status . $r->body, '403woken', "$uri: answered by another request";

    $c = $nginx->connect;
    $c->send("GET $uri HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep 0.2;
    is $nginx->get('/w/trap')->status, 500, 'another request traps';
    is $c->response->status, 500, "$uri: shares its fate";

    # The client leaves.
    $c = $nginx->connect;
    $c->send("GET $uri HTTP/1.1\r\nHost: a\r\n\r\n");
    sleep 0.2;
    $c->close;
    sleep 0.1;
    is $nginx->get('/w/wake')->status, 200, "$uri: the client leaves";
}

my $c = $nginx->connect;
$c->send("GET /rh/ HTTP/1.1\r\nHost: a\r\n\r\n");
sleep 0.1;
$c->close;
ok $nginx->wait_log(qr/ENDED/, 2), 'a client that leaves ends the request';
is +($nginx->workers)[0], $pid, 'the same worker';

done_testing;

# Local responses: from each callback, in each shape.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    "HTTP/1.1 200 OK\r\nX-Up: 1\r\nContent-Length: 5\r\n\r\nhello" });

my $nginx = nginx(<<'EOF', up => $up->port, files => { 'html/403' => 'page', 'html/f' => 'x' x 200_000 });
wasm_plugin s %%plugin:script%%;
wasm_plugin t %%plugin:script%%;
error_page 403 404 /403;
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:tls%% ssl http2;
    ssl_certificate %%cert%%; ssl_certificate_key %%key%%;
    location /rh { wasm_filter s 'rh respond 403 denied x-why because|sh log SH|sb body|log log LOG'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rb { wasm_filter s 'rb respond 404 gone'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sh { wasm_filter s 'sh respond 418 tea x-pot 1|sb body'; proxy_pass http://127.0.0.1:%%up%%; }
    location /sb { wasm_filter s 'sb respond 418 tea'; proxy_pass http://127.0.0.1:%%up%%; }
    location /late/ { wasm_filter s 'sb end respond 418 tea'; alias %%dir%%/html/; }
    location /twice { wasm_filter s 'rh respond 401 first|rh respond 402 second'; proxy_pass http://127.0.0.1:%%up%%; }
    location /both { wasm_filter s 'rh respond 401 first|sh respond 402 second'; proxy_pass http://127.0.0.1:%%up%%; }
    location /log { wasm_filter s 'log respond 500 x|done respond 500 x|delete respond 500 x'; proxy_pass http://127.0.0.1:%%up%%; }
    location /empty { wasm_filter s 'rh respond 204 ignored'; proxy_pass http://127.0.0.1:%%up%%; }
    location /nobody { wasm_filter s 'rh respond 302'; proxy_pass http://127.0.0.1:%%up%%; }
    location /type { wasm_filter s 'rh respond 200 {} content-type application/json'; proxy_pass http://127.0.0.1:%%up%%; }
    location /length { wasm_filter s 'rh respond 200 abc content-length 77'; proxy_pass http://127.0.0.1:%%up%%; }
    location /te { wasm_filter s 'rh respond 200 abc transfer-encoding chunked'; proxy_pass http://127.0.0.1:%%up%%; }
    location /loc { wasm_filter s 'rh respond 302 x location /other'; proxy_pass http://127.0.0.1:%%up%%; }
    location /chain {
        wasm_filter s 'rh log A-RH|sh set x-a 1|log log A-LOG';
        wasm_filter s 'rh respond 200 B|sh set x-b 1';
        wasm_filter t 'create log C-CREATE|rh log C-RH|sh set x-c 1|log log C-LOG';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /change { wasm_filter s 'rh respond 200 body|sb upper|sh remove content-length'; proxy_pass http://127.0.0.1:%%up%%; }
    location /close { wasm_filter s 'rh close'; proxy_pass http://127.0.0.1:%%up%%; }
    location /closesh { wasm_filter s 'sh close'; proxy_pass http://127.0.0.1:%%up%%; }
    location /closesb { wasm_filter s 'sb close'; proxy_pass http://127.0.0.1:%%up%%; }
    location /pausetoo { wasm_filter s 'rh respond 403 p|rh pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /403 { }
}
EOF

my $r = $nginx->get('/rh');
is $r->status . $r->body, '403denied', 'from on_request_headers, no error page';
is $r->header('x-why'), 'because', 'its header';
is $r->header('content-type'), 'text/plain', 'content-type';
is $r->header('content-length'), 6, 'content-length';
ok $nginx->wait_log(qr/\[$_/), "$_ runs for it" for 'sh \d+\] SH', 'sb \d+\] 6 end', 'log \d+\] LOG';
is scalar($up->requests), 0, 'nothing upstream';
$r = $nginx->request('HEAD', '/rh');
is $r->status . $r->body . $r->header('content-length'), '4036', 'HEAD';
my $c = $nginx->connect;
is $c->request('GET', '/rh')->body, 'denied', 'keep-alive' for 1 .. 3;
is $c->request('POST', '/rh', body => 'x' x 100_000)->body, 'denied', 'body is discarded' for 1 .. 2;
is $c->request('POST', '/rb', body => 'abc')->body, 'gone', 'from on_request_body';
is scalar($up->requests), 0, 'nothing upstream';
is $c->request('GET', '/sh')->status, 418, 'from on_response_headers';
$r = $c->request('GET', '/sh');
is $r->body . ($r->header('x-up') // ''), 'tea', 'in place of the response';
is $r->header('x-pot'), 1, 'its header';
$r = $c->request('GET', '/sb');
is $r->status . $r->body . ($r->header('x-up') // ''), '418tea', 'from on_response_body, headers held';
ok !$nginx->get('/late/f')->complete, 'headers gone: the connection is closed';
is $nginx->get('/twice')->body, 'first', 'the first one wins';
$r = $nginx->get('/both');
is $r->status . $r->body, '402second', 'replaced in its own on_response_headers';
is $nginx->get('/log')->body, 'hello', 'no effect in log, done, delete';
$r = $nginx->get('/empty');
is $r->status . $r->body . ($r->header('content-length') // ''), 204, '204 has no body';
$r = $nginx->get('/nobody');
is $r->header('content-length'), 0, 'no body: length 0';
is $r->header('content-type'), undef, 'and no type';
$r = $nginx->get('/type');
is $r->header('content-type'), 'application/json', 'own content-type';
$r = $nginx->get('/length');
is $r->header('content-length') . $r->body, '3abc', 'the true length';
is $nginx->get('/te')->framing, 'length', 'no transfer-encoding';
is $nginx->get('/loc')->header('location'), '/other', 'location';
is $nginx->get('/pausetoo')->status, 403, 'Pause after it';

$r = $nginx->get('/chain');
is join(',', map { $r->header("x-$_") // '-' } qw(a b c)), '1,1,-', 'those that saw the request see it';
ok $nginx->wait_log(qr/C-LOG/), 'the others are made for on_log';
is scalar($nginx->lines(qr/C-RH/)), 0, 'and see nothing';
my @order = map { /\d\] ([AC]-\w+)/ } $nginx->lines(qr/\] [AC]-/);
is "@order", 'A-RH A-LOG C-CREATE C-LOG', 'order';
is $nginx->get('/change')->body, 'BODY', 'its body goes through the chain';

is $nginx->raw("GET /close HTTP/1.1\r\nHost: a\r\n\r\n"), '', 'close_stream: not a byte';
is $nginx->raw("GET $_ HTTP/1.1\r\nHost: a\r\n\r\n"), '', "close_stream ($_)" for qw(/closesh /closesb);

for my $uri (qw(/rh /sh /sb)) {
    my $h2 = Sluice::HTTP::curl('-k', '--http2', 'https://127.0.0.1:' . $nginx->port('tls') . $uri);
    like $h2->status . $h2->body, qr/^4\d\d(denied|tea)$/, "HTTP/2 $uri";
}
is $nginx->get('/rh', headers => ['Content-Type: application/grpc'])->header('grpc-status'), 7, 'gRPC';

done_testing;

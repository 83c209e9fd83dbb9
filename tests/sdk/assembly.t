#!/usr/bin/perl
# A plugin in AssemblyScript, on the SDK @solo-io/proxy-runtime as it is
# published.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    my ($r) = @_;
    my $body = $r->uri eq '/called' ? 'answer' : 'hello';
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
});
my $nginx = nginx(<<'EOF', up => $up->port);
wasm_zone z 2m;
wasm_plugin as %%example:assembly%% allow=default,http_call:up log_rate=1000;
upstream up { server 127.0.0.1:%%up%%; }
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter as 'a text' root_id=assembly; proxy_pass http://up; }
}
EOF

sub said { ok scalar($nginx->wait_log(qr/"as": \Q$_[0]\E( while |,|$)/)), $_[0] }

said("onStart 0");
said("onConfigure a text");
my $r = $nginx->request('POST', '/f', body => 'body',
    headers => ['X-A: 1', 'X-C: 3']);
is $r->status . $r->body . $r->header('x-as'), '200helloyes', 'the response';
my $q = $up->last;
is join(',', map { $q->header("x-$_") // '-' } qw(a b c)), 'a text,2,-',
    'what the upstream got';
said($_) for 'onRequestHeaders all false 1', 'onRequestBody 4 true',
    'onResponseHeaders 200', 'onLog', 'onDone';
$r = $nginx->get('/', headers => ['X-Do: respond']);
is $r->status . $r->body . $r->header('x-l'), '403no1', 'a local response';
$r = $nginx->get('/', headers => ['X-Do: call']);
is $r->status . $r->body, '200hello', 'resumed by the answer of a call';
said('httpCall 200 6');

# An exception: the SDK logs it and ends the instance.
$nginx->expect(qr/on purpose/);
is $nginx->get('/', headers => ['X-Do: abort'])->status, 500, 'an exception';
ok $nginx->wait_log(qr/on purpose/), 'says what it was';
is $nginx->get('/')->status, 200, 'a new instance';

done_testing;

#!/usr/bin/perl
# Every method of the traits of the crate proxy-wasm (tests/sdk/rust).
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    my ($r) = @_;
    my $body = $r->uri eq '/called' ? 'answer to ' . $r->body : 'hello';
    return "HTTP/1.1 200 OK\r\nX-Up: 1\r\nContent-Length: "
        . length($body) . "\r\n\r\n$body";
});
my $trailing = nginx(<<'EOF', files => { 'html/trailing/f' => 'hello' });
server { listen 127.0.0.1:%%port%% http2; add_trailer x-t one always;
    sub_filter none none; sub_filter_types *; }
EOF
my $nginx = nginx(<<'EOF', up => $up->port, trailing => $trailing->port);
wasm_zone z 2m;
wasm_plugin every %%example:rust/every%% vm_config=vm allow=default,http_call:up log_rate=1000 deadline=100ms;
upstream up { server 127.0.0.1:%%up%%; }
server {
    listen 127.0.0.1:%%port%%;
    wasm_filter every text;
    location / { proxy_pass http://up; }
    location /trailing/ { grpc_pass 127.0.0.1:%%trailing%%; }
}
EOF

# What the plugin said since the last time, in order.
my $seen = 0;
sub said
{
    my ($until) = @_;
    $nginx->wait_log($until);
    my @lines = map { /wasm\ plugin\ "every":\ (.*?)(?:(?:\ while\ [a-z ]+)?,
        \ client:\ .*)?$/x } split /\n/, $nginx->log;
    my @new = @lines[$seen .. $#lines];
    $seen = @lines;
    return @new;
}

sub in_order
{
    my ($what, $said, @want) = @_;
    my $i = 0;
    for my $want (@want) {
        my $at = $i;
        $at++ while $at < @$said && $said->[$at] ne $want;
        ok $at < @$said, "$what: $want" or diag join "\n", @$said;
        $i = $at + 1 if $at < @$said;
    }
}

# Root contexts: the start, a tick, its call, and the queue.
$nginx->wait_log(qr/dequeue=Ok\(None\)/);
my @root = said(qr/get_grpc_status/);
in_order('root', \@root, 'on_vm_start 2 vm', 'on_configure 4 text',
    'on_tick 1', 'dispatch_http_call=true', 'enqueue=Ok(())', 'resolve=true',
    'resolve none=None');
in_order('queue', \@root, 'on_queue_ready true', 'dequeue=item',
    'dequeue=Ok(None)');
in_order('call', \@root, 'on_http_call_response true 18 0',
    'call header=Some("200") none=None', 'call headers=true true',
    'call body=answer to question', 'call trailers=',
    'call trailer=NoneNone', 'get_grpc_status=(0, None)');

# A request.
my $r = $nginx->request('POST', '/f', body => 'body',
    headers => ['X-A: 1', 'X-D: 1', 'X-E: 1']);
is $r->status . $r->body, '200Jello', 'the response';
is join(',', map { join '+', $r->headers("x-$_") } qw(b c up)), '3+4,5,',
    'its headers';
my $q = (grep { $_->uri eq '/f' } $up->requests)[0];
is $q->body, 'changed', 'what the upstream got';
is join(',', map { join '+', $q->headers("x-$_") } qw(a b c d e)),
    '2,3+4,5,,', 'its headers';
in_order('request', [said(qr/http on_done/)],
    'on_http_request_headers true false', 'time=true', 'get_property=POST',
    'set_property=value', 'get_property none=None',
    'get_shared_data=(None, None)', 'shared=one true',
    'set_shared_data=Err(CasMismatch)', 'set_shared_data=Ok(())',
    'remove_shared_data=Ok(())', 'removed=none', 'get_metric=Ok(3)',
    'get_log_level=Ok(Info)', 'foreign=YQ==', 'foreign=Err(NotFound)',
    (map { "$_=:authority=localhost,:method=POST,:path=/f,:scheme=http,"
        . 'content-length=4,x-a=1,x-d=1,x-e=1' } 'request', 'request bytes'),
    'header=Some("1") Some(1)', 'on_http_request_body 4 true body',
    'on_http_response_headers true false', 'response=Some("200") Some(1)',
    'response bytes=true', 'on_http_response_body 5 false hello',
    'request trailers=', 'request trailer=NoneNone', 'on_log',
    'http on_done');

# Trailers.
$r = $nginx->get('/trailing/f', headers => ['TE: trailers']);
is $r->status, 200, 'a response with trailers';
in_order('trailers', [said(qr/http on_done/)],
    'on_http_response_trailers 1 x-t=one', 'trailer=Some("one") None',
    'trailers=x-t=two,x-u=3,x-v=4');

# What ends, waits or answers.
$r = $nginx->get('/', headers => ['X-Do: respond']);
is $r->status . $r->body . $r->header('x-l'), '403Jo1',
    'send_http_response, through its own response callbacks, too';
$r = $nginx->get('/', headers => ['X-Do: grpc',
    'Content-Type: application/grpc']);
is join(' ', $r->status, map { $r->header($_) // '-' }
    qw(grpc-status grpc-message x-m)), '200 5 gone 1', 'send_grpc_response';
for (qw(pause pause_response)) {
    $r = $nginx->get('/', headers => ["X-Do: $_"]);
    is $r->status . $r->body, '200Jello', "$_, resumed by a call's answer";
    ok scalar(grep { $_ eq 'paused: answer to ' } said(qr/http on_done/)),
        "$_: the answer";
}
for (qw(reset reset_response)) {
    is $nginx->raw("GET / HTTP/1.1\r\nHost: a\r\nX-Do: $_\r\n\r\n"), '',
        "$_: the connection is closed";
}

$nginx->expect(qr/panicked at/);
# The SDK panics at Unimplemented: a fault of the plugin's, and no more.
is $nginx->get('/', headers => ['X-Do: grpc_call'])->status, 500, 'gRPC call';
ok $nginx->wait_log(qr/unexpected status: 12/), 'says why';
is $nginx->get('/')->status, 200, 'a new instance';

done_testing;

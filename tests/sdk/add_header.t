#!/usr/bin/perl
# sdk-examples/*/add_header: the header, with and without a configuration, in
# the request and in the response.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

for my $language (qw(c rust)) {
    my $up = upstream(sub {
        my ($r) = @_;
        my $body = 'saw ' . ($r->header('x-greeting') // 'nothing');
        return "HTTP/1.1 200 OK\r\nX-Up: 1\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
    });
    my $nginx = nginx(<<'EOF', up => $up->port, language => $language);
    wasm_plugin add %%example:%%language%%/add_header%%;
    server {
        listen 127.0.0.1:%%port%%;
        location / { wasm_filter add; proxy_pass http://127.0.0.1:%%up%%; }
        location /said {
            wasm_filter add 'good morning';
            proxy_pass http://127.0.0.1:%%up%%;
        }
        location /off { wasm_filter off; proxy_pass http://127.0.0.1:%%up%%; }
        location /file { wasm_filter add file; }
    }
EOF
    write_file($nginx->dir . '/html/file', "a file\n");

    my $r = $nginx->get('/');
    is $r->status, 200, "$language: status";
    is $r->body, 'saw hello', "$language: the upstream saw the header";
    is $r->header('x-greeting'), 'hello', "$language: and so did the client";
    is $r->header('x-up'), 1, "$language: the upstream's header is still there";
    is $up->last->header('host'), '127.0.0.1:' . $up->port,
        "$language: Host as nginx sets it";

    $r = $nginx->get('/said', headers => ['X-Greeting: mine', 'X-greeting: 2']);
    is $r->body, 'saw good morning', "$language: the client's are replaced";
    is_deeply [$r->headers('x-greeting')], ['good morning'],
        "$language: the configuration is the value";

    $r = $nginx->get('/off');
    is $r->body, 'saw nothing', "$language: off in the request";
    is $r->header('x-greeting'), undef, "$language: off in the response";

    $r = $nginx->get('/file');
    is $r->body, "a file\n", "$language: a static file";
    is $r->header('x-greeting'), 'file', "$language: with the header";

    my $c = $nginx->connect;
    my @seen = map { $c->request('GET', $_ % 2 ? '/' : '/said')
        ->header('x-greeting') // '' } 1 .. 50;
    is_deeply \@seen, [map { $_ % 2 ? 'hello' : 'good morning' } 1 .. 50],
        "$language: 50 requests on one connection, two configurations by turns";
    $nginx->stop;
}
done_testing;

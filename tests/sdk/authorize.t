#!/usr/bin/perl
# sdk-examples/*/authorize: what the other server is asked, and what becomes of
# its answers.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $auth = upstream(sub {
    my ($r) = @_;
    my %by = (good => 204, bad => 403, none => 401, broken => 500);
    my ($who) = ($r->header('authorization') // 'none') =~ /(\w+)/;
    return '' if $who eq 'silent';
    my $body = $who eq 'good' ? '' : "you are $who\n";
    return "HTTP/1.1 $by{$who} X\r\nConnection: close\r\nX-User: ann\r\n"
        . ($body ? 'Content-Length: ' . length($body) . "\r\n" : '')
        . "\r\n$body";
});
my $up = upstream(sub {
    my $body = 'user ' . ($_[0]->header('x-user') // '-');
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
});

for my $language (qw(c rust)) {
    my $nginx = nginx(<<'EOF', up => $up->port, auth => $auth->port, language => $language);
    upstream auth { server 127.0.0.1:%%auth%%; }
    upstream dead { server 127.0.0.1:1; }
    wasm_plugin authorize %%example:%%language%%/authorize%% allow=default,http_call:auth,http_call:dead;
    server {
        listen 127.0.0.1:%%port%%;
        location / { wasm_filter authorize 'auth /check?a=b'; proxy_pass http://127.0.0.1:%%up%%; }
        location /dead { wasm_filter authorize 'dead /'; proxy_pass http://127.0.0.1:%%up%%; }
        location /other { wasm_filter authorize 'other /'; proxy_pass http://127.0.0.1:%%up%%; }
    }
EOF
    $auth->clear;
    my $get = sub { $nginx->get($_[1] // '/x?y=1',
        headers => ["Authorization: $_[0]", 'X-User: eve']) };
    my $r = $get->('good');
    is $r->status . $r->body, '200user ann', "$language: goes on";
    my ($asked) = $auth->requests;
    is $asked->line, 'GET /check?a=b HTTP/1.1', "$language: was asked";
    is $asked->header('host'), 'auth', "$language: under its name";
    is $asked->header('x-original-method') . $asked->header('x-original-path'),
        'GET/x?y=1', "$language: what about";
    is $asked->header('authorization'), 'good', "$language: who asks";
    $r = $get->('bad');
    is $r->status . $r->body, "403you are bad\n", "$language: refused";
    $r = $nginx->get('/');
    is $r->status . $r->body, "401you are none\n", "$language: unknown";
    for (['broken'], ['silent'], ['good', '/dead'], ['good', '/other']) {
        $r = $get->(@$_);
        is $r->status . $r->body, "503no authorization\n", "$language: @$_";
    }
    my @c = map { $nginx->connect } 1 .. 10;
    $_->send("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\n\r\n") for @c;
    is join(' ', map { $_->response->body } @c), join(' ', ('user ann') x 10),
        "$language: ten at once";
    $nginx->stop;
}
my ($status, $out) = nginx_t('upstream u { server 127.0.0.1:1; } wasm_plugin a '
    . '%%example:c/authorize%%; server { wasm_filter a u; }');
ok $status, 'a wrong configuration';
like $out, qr/not "UPSTREAM PATH"/, 'is told';

done_testing;

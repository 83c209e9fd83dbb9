#!/usr/bin/perl
# sdk-examples/*/deny: rules from the JSON configuration, and which
# configurations are refused.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $config = <<'EOF';
    wasm_plugin deny %%example:%%language%%/deny%%;
    server {
        listen 127.0.0.1:%%port%%;
        wasm_filter deny config=@%%dir%%/rules.json;
        location / { }
    }
EOF
my $rules = <<'EOF';
{ "status": 451, "body": "caf\u00e9 closed\n",
  "rules": [ { "path": "/admin" },
             { "header": "user-agent", "contains": "bot" },
             { "path": "/a", "header": "x-both" } ] }
EOF
my @refused = (
    ['no JSON', 'rules'], ['broken JSON', '{"status": 403,}'],
    ['an array', '[]'], ['nothing', ''], ['an unknown key', '{"x": 1}'],
    ['a status that is text', '{"status": "403"}'],
    ['a status out of range', '{"status": 600}'],
    ['an empty rule', '{"rules": [{}]}'],
    ['a rule that is no object', '{"rules": ["x"]}'],
);

for my $language (qw(c rust)) {
    my %files = map { ("html/$_" => "open\n") } qw(x a admin);
    my $nginx = nginx($config, language => $language,
        files => { 'rules.json' => $rules, %files });

    my $r = $nginx->get('/x');
    is $r->status, 200, "$language: no rule matches";
    is $r->body, "open\n", "$language: body of the file";
    for (['/admin', []], ['/administrator?x=1', []],
        ['/x', ['User-Agent: a bot, perhaps']], ['/a', ['X-Both: ']]) {
        my ($uri, $headers) = @$_;
        $r = $nginx->get($uri, headers => $headers);
        is $r->status, 451, "$language: $uri @$headers is refused";
        is $r->body, "caf\xc3\xa9 closed\n", "$language: with the body";
        is $r->header('content-length'), 13, "$language: and its length";
        is $r->header('content-type'), 'text/plain', "$language: its type";
    }
    for (['/a', []], ['/x', ['X-Both: 1']], ['/x', ['User-Agent: Bot']],
        ['/x/../x', []]) {
        my ($uri, $headers) = @$_;
        is $nginx->get($uri, headers => $headers)->status, 200,
            "$language: $uri @$headers passes";
    }
    my $c = $nginx->connect;
    is join(' ', map { $c->request('GET', $_)->status }
        qw(/x /admin /x /admin /x)), '200 451 200 451 200',
        "$language: the connection is kept";
    $nginx->stop;

    for (@refused) {
        my ($what, $json) = @$_;
        my ($status, $out) = nginx_t($config, language => $language,
            files => { 'rules.json' => $json });
        is $status, 1, "$language: $what is refused by nginx -t";
        like $out, qr/\[emerg\].*deny.*configure/, "$language: saying where";
    }
}
done_testing;

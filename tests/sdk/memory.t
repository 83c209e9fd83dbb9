#!/usr/bin/perl
# The memory of sdk-examples/c/sluice.h: what callbacks take, what lasts, and
# what nginx hands over don't lie on each other, and nothing is lost.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $nginx = nginx(<<'EOF', wasm => plugin('tests/sdk/memory.c'));
wasm_plugin memory %%wasm%% deadline=20s memory=16m;
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter memory; }
}
EOF
for my $seed (1 .. 40) {
    my $r = $nginx->get("/$seed", headers => ["X-Seed: $seed",
        'X-Value: ' . 'v' x ($seed * 37 % 4000)]);
    is $r->body, 'ok', "seed $seed";
}
done_testing;

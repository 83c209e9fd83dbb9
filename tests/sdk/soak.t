#!/usr/bin/perl
# 200,000 requests through sdk-examples/*/add_header: none fails, and the worker
# has grown by less than 1 MiB in the second half.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

# Sanitizers keep what was freed for a while: there it is about errors only.
my $half = $ENV{SLUICE_SAN} ? 5_000 : 100_000;
my $most = ($ENV{SLUICE_SAN} ? 1000 : 1) * 2**20;

sub load
{
    my ($url, $count) = @_;
    my ($done, $failed) = (0, '');
    while ($done < $count) {
        my $out = `wrk -t1 -c16 -d1s $url 2>&1`;
        $out =~ /(\d+) requests in/ or return ($done, "wrk: $out");
        $done += $1;
        $failed .= "$1\n" if $out =~ /(Socket errors.*|Non-2xx.*)/;
    }
    return ($done, $failed);
}

for my $language (qw(c rust)) {
    my $nginx = nginx(<<'EOF', language => $language);
    wasm_plugin add %%example:%%language%%/add_header%%;
    keepalive_requests 100000000;
    server {
        listen 127.0.0.1:%%port%%;
        location / { wasm_filter add; }
    }
EOF
    write_file($nginx->dir . '/html/file', 'x' x 100);
    is $nginx->get('/file')->header('x-greeting'), 'hello',
        "$language: the filter is at work";
    my @workers = $nginx->workers;
    my $url = 'http://127.0.0.1:' . $nginx->port . '/file';
    my @rss;
    for (1, 2) {
        my ($done, $failed) = load($url, $half);
        is $failed, '', "$language: $done requests without an error";
        push @rss, $nginx->rss;
    }
    cmp_ok $rss[1] - $rss[0], '<', $most, sprintf
        '%s: %.1f MiB resident, then %.1f', $language,
        map { $_ / 2**20 } @rss;
    is_deeply [$nginx->workers], \@workers, "$language: by the same worker";
    $nginx->stop;
}
done_testing;

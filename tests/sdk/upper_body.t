#!/usr/bin/perl
# sdk-examples/*/upper_body: bodies of requests and responses come through
# changed and byte-exact, over each kind of connection.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

# All byte values, in no period that a buffer could hide.
sub bytes
{
    my ($size) = @_;
    my $text = join '', map { pack 'N C', $_ * 2654435761 % 2**32, $_ % 251 }
        1 .. $size / 5 + 1;
    return substr $text, 0, $size;
}

sub upper { $_[0] =~ tr/a-z/A-Z/r }

# Long bodies would drown a report: say where they differ.
sub same
{
    my ($got, $want, $name) = @_;
    return if ok($got eq $want, $name);
    my ($equal) = ($got ^ $want) =~ /^(\0*)/;
    diag(length($got), ' bytes for ', length($want), ', the first ',
        length($equal), ' as they should be');
}

my $file = bytes(65536);
my $big = bytes(10_000_000);
my $post = bytes(1_000_000);

for my $language (qw(c rust)) {
    my $up = upstream(sub {
        my ($r) = @_;
        my $body = $r->uri eq '/big' ? $big : $r->body;
        return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
            . "\r\n\r\n$body";
    });
    # with the sanitizers 64 KB take longer than the 10 ms that suffice else
    my $deadline = slow() > 1 ? 'deadline=500ms' : '';
    my $nginx = nginx(<<'EOF', up => $up->port, language => $language, deadline => $deadline);
    wasm_plugin upper %%example:%%language%%/upper_body%% %%deadline%%;
    wasm_filter upper;
    client_max_body_size 20m;
    server {
        listen 127.0.0.1:%%port%%;
        listen 127.0.0.1:%%port:h2%% http2;
        location / { proxy_pass http://127.0.0.1:%%up%%; }
        location /small/ {
            client_body_buffer_size 8k;
            proxy_pass http://127.0.0.1:%%up%%;
        }
        location /file { sendfile on; }
        location /nosendfile { alias %%dir%%/html/file; sendfile off; }
        location /aio { alias %%dir%%/html/file; output_buffers 1 4096; }
        location /empty { }
    }
EOF
    write_file($nginx->dir . '/html/file', $file);
    write_file($nginx->dir . '/html/empty', '');
    my $base = $nginx->rss;

    for my $version ('1.1', '1.0') {
        my $c = $nginx->connect;
        for my $uri (qw(/file /nosendfile /aio)) {
            my $r = $c->request('GET', $uri, version => $version);
            same($r->body, upper($file), "$language: $uri over $version");
            ok $r->complete, "$language: $uri is complete";
            is $r->header('content-length'), length $file,
                "$language: $uri fits into body_buffer, so its length is known";
            $c = $nginx->connect if $version eq '1.0';
        }
    }

    my $r = $nginx->connect->request('GET', '/big', version => '1.0');
    same($r->body, upper($big), "$language: 10 MB from upstream over 1.0");
    is $r->framing, 'close', "$language: which ends with the connection";
    my $c = $nginx->connect;
    $r = $c->request('GET', '/big');
    same($r->body, upper($big), "$language: 10 MB over 1.1");
    is $r->framing, 'chunked', "$language: which is sent in chunks";
    ok $r->complete, "$language: all of them";
    for my $uri (qw(/post /small/post)) {
        $r = $c->request('POST', $uri, body => $post);
        same($up->last->body, upper($post), "$language: 1 MB to upstream, $uri");
        is $up->last->header('content-length'), length $post,
            "$language: with its length";
        same($r->body, upper($post), "$language: and back");
    }
    $r = $c->request('POST', '/post',
        chunked => [map { substr $post, $_ * 10000, 10000 } 0 .. 99]);
    same($up->last->body, upper($post), "$language: 1 MB in chunks to upstream");
    same($r->body, upper($post), "$language: and back");
    $r = $c->request('POST', '/post', body => '');
    is $r->body, '', "$language: an empty body";
    is $c->request('GET', '/empty')->body, '', "$language: an empty file";
    is $c->request('HEAD', '/file')->status, 200, "$language: HEAD";
    $r = $nginx->get('/file');
    same($r->body, upper($file), "$language: without keep-alive");

    my $h2 = 'http://127.0.0.1:' . $nginx->port('h2');
    my @h2 = '--http2-prior-knowledge';
    same(curl(@h2, "$h2/file")->body, upper($file), "$language: file, HTTP/2");
    same(curl(@h2, "$h2/big")->body, upper($big), "$language: 10 MB, HTTP/2");
    write_file($nginx->dir . '/post', $post);
    $r = curl(@h2, '--data-binary', '@' . $nginx->dir . '/post', "$h2/post");
    same($r->body, upper($post), "$language: 1 MB POST, HTTP/2");
    same($up->last->body, upper($post), "$language: as upstream saw it");

    if (!$ENV{SLUICE_SAN}) {
        my $grown = ($nginx->rss - $base) / 2**20;
        ok $grown < 16 + 16, sprintf "$language: the worker grew by %.1f MiB, "
            . 'less than memory= and 16 MiB', $grown;
    }
    $nginx->stop;
}
done_testing;

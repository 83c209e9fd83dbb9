# How requests come in, the same with plugins that only look: malformed ones,
# pipelines, keep-alive, HTTP/0.9 to 2, TLS, chunked bodies, limits, clients
# that leave.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Twins;

my $up = upstream(sub {
    my ($r) = @_;
    my $body = $r->method . ' ' . $r->uri . ' ' . $r->body;
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
});
my $twins = twins(<<'EOF', up => $up->port, files => { 'html/small' => 'abc small', 'html/big' => 'b' x 200_000, 'html/err' => 'own error page' });
client_header_timeout 1s;
client_body_timeout 1s;
proxy_read_timeout 1s;
keepalive_timeout 1s;
lingering_timeout 200ms;
client_header_buffer_size 1k;
large_client_header_buffers 4 4k;
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    listen 127.0.0.1:%%port:tls%% ssl; listen 127.0.0.1:%%port:tlsh2%% ssl http2;
    listen 127.0.0.1:%%port:proxy%% proxy_protocol;
    ssl_certificate %%cert%%; ssl_certificate_key %%key%%;
    server_name localhost;
    location / { }
    location /up { proxy_pass http://127.0.0.1:%%up%%; }
    location /stream { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:%%up%%; }
    location /limit { client_max_body_size 10; proxy_pass http://127.0.0.1:%%up%%; }
    location /page { client_max_body_size 10; error_page 413 /err; proxy_pass http://127.0.0.1:%%up%%; }
    location /nokeep { keepalive_timeout 0; alias %%dir%%/html/small; }
    location /few { keepalive_requests 2; alias %%dir%%/html/small; }
    location /hint { keepalive_timeout 5 4; alias %%dir%%/html/small; }
    location /chunkoff { chunked_transfer_encoding off; gzip on; gzip_types *; gzip_min_length 1; alias %%dir%%/html/big; }
    location /ret { return 200 "$request_method $server_protocol $scheme $http2 $request_length"; }
    location /close { return 444; }
    location /linger { lingering_close always; alias %%dir%%/html/small; }
    location /nolinger { lingering_close off; alias %%dir%%/html/small; }
    location /reset { reset_timedout_connection on; alias %%dir%%/html/big; }
    location /etag { etag on; alias %%dir%%/html/small; }
}
server {
    listen 127.0.0.1:%%port:strict%%; server_name strict;
    error_page 400 414 431 405 501 505 /err;
    ignore_invalid_headers off; underscores_in_headers on; merge_slashes off;
    location / { }
    location /up { proxy_pass http://127.0.0.1:%%up%%; }
}
EOF

my $end = "Host: localhost\r\nConnection: close\r\n\r\n";
my @lines = map { "$_\r\n$end" } (
    # Request lines.
    'GET /small HTTP/1.1', 'GET  /small  HTTP/1.1', 'get /small HTTP/1.1',
    'GET /small', 'GET /small HTTP/1.2', 'GET /small HTTP/2.0',
    'GET /small HTTP/0.9', 'GET /small HTTP/11.1', 'GET /small FTP/1.1',
    'GET small HTTP/1.1', 'GET http://localhost/small HTTP/1.1',
    'GET http://LOCALHOST:80/small?a HTTP/1.1', 'GET http:// HTTP/1.1',
    'GET ftp://x/small HTTP/1.1', 'GET * HTTP/1.1', 'OPTIONS * HTTP/1.1',
    'CONNECT localhost:80 HTTP/1.1', 'TRACE /small HTTP/1.1',
    'TRACE /up HTTP/1.1', 'BREW /small HTTP/1.1', 'G\x01T / HTTP/1.1',
    'LOCK /small HTTP/1.1', 'PATCH /small HTTP/1.1', "GET /sm\x01all HTTP/1.1",
    "GET /sm\x7fall HTTP/1.1", "GET /sm\x00all HTTP/1.1", 'GET /a b HTTP/1.1',
    'GET /%2e%2e/x HTTP/1.1', 'GET /%x HTTP/1.1', 'GET /../../x HTTP/1.1',
    'GET /' . 'a' x 900 . ' HTTP/1.1', 'GET /' . 'a' x 3900 . ' HTTP/1.1',
    'GET /' . 'a' x 5000 . ' HTTP/1.1', 'GET /' . 'a' x 20_000 . ' HTTP/1.1',
    "\r\n\r\nGET /small HTTP/1.1", "PRI * HTTP/2.0\r\n\r\nSM\r\n", "\x16\x03\x01",
    # Headers.
    "GET /small HTTP/1.1\r\nX: " . 'v' x 900, "GET /up HTTP/1.1\r\nX: " . 'v' x 3900,
    "GET /small HTTP/1.1\r\nX: " . 'v' x 5000,
    "GET /up HTTP/1.1\r\n" . join("\r\n", map { "X$_: " . 'v' x 1000 } 1 .. 14),
    "GET /up HTTP/1.1\r\n" . join("\r\n", map { "X$_: " . 'v' x 1000 } 1 .. 30),
    "GET /up HTTP/1.1\r\n" . join("\r\n", map { "X$_: v" } 1 .. 200),
    "GET /small HTTP/1.1\r\nno colon", "GET /small HTTP/1.1\r\n: empty",
    "GET /small HTTP/1.1\r\nX : blank", "GET /small HTTP/1.1\r\n X: fold",
    "GET /up HTTP/1.1\r\nX: a\r\n b", "GET /small HTTP/1.1\r\nX\x00: a",
    "GET /small HTTP/1.1\r\nX: a\x00b", "GET /up HTTP/1.1\r\nX_y: under",
    "GET /up HTTP/1.1\r\nX.y: dot", "GET /up HTTP/1.1\r\nX\xe9: high",
    "GET /up HTTP/1.1\r\nX: \xe9\xff", "GET /small HTTP/1.1\r\nHost: twice",
    "GET /up HTTP/1.1\r\nX:\tno blank \t ", "GET /up HTTP/1.1\r\nX:",
    "GET /small HTTP/1.1\r\nConnection: keep-alive, close",
    "GET /small HTTP/1.1\r\nRange: bytes=0-1\r\nRange: bytes=2-3",
    # Lengths.
    "POST /up HTTP/1.1\r\nContent-Length: x", "POST /up HTTP/1.1\r\nContent-Length: -1",
    "POST /up HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1",
    "POST /up HTTP/1.1\r\nContent-Length: 99999999999999999999",
    "POST /up HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked",
    "POST /up HTTP/1.1\r\nTransfer-Encoding: gzip",
    "POST /up HTTP/1.1\r\nTransfer-Encoding: gzip, chunked",
    "POST /up HTTP/1.1\r\nTransfer-Encoding: identity",
    "POST /up HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "POST /up HTTP/1.0\r\nTransfer-Encoding: chunked",
    "GET /up HTTP/1.1\r\nExpect: nothing", "POST /up HTTP/1.1",
    "POST /small HTTP/1.1\r\nContent-Length: 0",
    "DELETE /small HTTP/1.1", "PUT /small HTTP/1.1\r\nContent-Length: 0",
);
for my $line (@lines) {
    $twins->same_bytes($line);
    $twins->same_bytes($line, port => 'strict');
    # Without its CRs, bare, cut off, dribbled.
    next if length $line > 200;
    $twins->same_bytes($line =~ s/\r//gr);
}
$twins->same_bytes($_) for "GET /small\r\n", "GET /ret\n", "GET /none\r\n",
    "GET /small HTTP/1.1\r\n\r\n", "GET /small HTTP/1.0\r\n\r\n",
    "GET /ret HTTP/1.0\r\nHost: localhost\r\n\r\n", "HEAD /big HTTP/1.0\r\n\r\n",
    "GET /small HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
    "GET /small HTTP/1.1\r\nHost: a/b\r\n\r\n", "GET /small HTTP/1.1\r\nHost: a b\r\n\r\n",
    "GET /small HTTP/1.1\r\nHost: loc\x01\r\n\r\n", "GET /chunkoff HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
    "GET /chunkoff HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n";
# Time-outs, and what comes in pieces.
$twins->same_bytes($_) for "GET /sm", "GET /small HTTP/1.1\r\nHost: loc",
    "POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nab",
    "POST /up HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab";
$twins->same_bytes('G', more => [split //, "ET /s HTTP/1.0\r\n\r\n"]);
$twins->same_bytes("POST /up HTTP/1.1\r\nContent-Length: 4\r\n$end",
    more => [qw(a b c d)]);
# Chunked bodies; where nginx reads them anyway.  A plugin that looks at bodies
# has them read elsewhere, too, and then 100 Continue, 400 and 413 come first.
my $chunked = "POST %s HTTP/1.1\r\nTransfer-Encoding: chunked\r\n$end";
for my $uri (qw(/up /stream /limit /page)) {
    my $post = sprintf $chunked, $uri;
    $twins->same_bytes($post . $_) for "0\r\n\r\n", "3\r\nabc\r\n0\r\n\r\n",
        "3;ext=\"x\"\r\nabc\r\n0\r\nX-T: 1\r\n\r\n", "3\nabc\n0\n\n",
        "03\r\nabc\r\n000\r\n\r\n", "zz\r\n", "3\r\nabcd\r\n0\r\n\r\n",
        "ffffffffffffffff\r\n", "-1\r\nabc\r\n", "3 \r\nabc\r\n0\r\n\r\n",
        "fffff\r\n" . 'x' x 0xfffff . "\r\n0\r\n\r\n",
        "200000\r\n" . 'x' x 0x200000 . "\r\n0\r\n\r\n";
    $twins->same('POST', $uri, body => $_) for 'x' x 10, 'x' x 11, 'x' x 1_048_577;
    $twins->same('POST', $uri, body => 'x' x $_, expect_continue => 1) for 5, 11;
    $twins->same('PUT', $uri, version => '1.0', body => 'abc');
}
# Several requests on a connection.
my $get = "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n";
for my $list (['/small', '/big'], ['/big', '/none', '/small'], ['/up', '/up'],
    ['/few', '/few', '/few'], ['/nokeep', '/small'], ['/hint', '/small'],
    ['/ret', '/close', '/small'], ['/small', '/up', '/big', '/ret'],
    ['/chunkoff', '/small'], ['/linger', '/nolinger'], [('/etag') x 30]) {
    my $all = join '', map { sprintf $get, $_ } @$list;
    $twins->same_bytes($all . "GET /small HTTP/1.1\r\n$end");
    $twins->same_bytes(sprintf($get, $list->[0]),
        more => [map { sprintf $get, $_ } @$list[1 .. $#$list], '/nokeep']);
    $twins->same_bytes("POST /up HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
        . $all . "HEAD /big HTTP/1.1\r\n$end", method => undef) if $list->[0] ne '/big';
    $twins->same_bytes("POST /small HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc"
        . $all . "GET /nokeep HTTP/1.1\r\n$end");
}
$twins->same('GET', '/small', version => '1.0', headers => [$_], close => 1)
    for 'Connection: keep-alive', 'Connection: close', 'Keep-Alive: 5';
# The PROXY protocol.
$twins->same_bytes("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\nGET /ret HTTP/1.0\r\n\r\n", port => 'proxy');
$twins->same_bytes("GET /ret HTTP/1.0\r\n\r\n", port => 'proxy');
$twins->same_bytes("GET /small HTTP/1.1\r\n$end", port => 'tls');
# HTTP/2 and TLS.
my @ways = (['--http2-prior-knowledge', 'http', 'h2'], ['--http2', 'https', 'tlsh2'],
    ['--http1.1', 'https', 'tls'], ['--http1.1', 'https', 'tlsh2'],
    ['--http1.0', 'https', 'tls']);
for my $way (@ways) {
    my ($flag, $scheme, $port) = @$way;
    for my $more (['/small'], ['/big'], ['/none'], ['/up'], ['-I', '/big'],
        ['-r', '1-2', '/big'], ['-r', '1-2,5-6', '/big'],
        ['-d', 'abc', '/up'], ['-d', 'x' x 100_000, '/up'], ['-d', '', '/up'],
        ['-d', 'x' x 100, '/stream'], ['-T', '/dev/null', '/up'],
        ['-H', 'X-Big: ' . 'v' x 3000, '/up'], ['-H', 'X-Big: ' . 'v' x 9000, '/up'],
        ['-X', 'DELETE', '/up'],
        ['-H', 'TE: trailers', '/up'], ['-H', 'Cookie: a=1; b=2', '/up'],
        ['--compressed', '/chunkoff'], ['/ret'], ['/close']) {
        my @args = @$more;
        my $uri = pop @args;
        $twins->same_curl($flag, '-k', @args, '-H', 'Host: localhost',
            "$scheme://127.0.0.1:%%port:$port%%$uri");
    }
}
$twins->report(400);

done_testing;

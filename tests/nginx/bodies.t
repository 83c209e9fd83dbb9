# Bodies: byte-exact and rightly framed, wherever they come from.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $text = join '', map { "line $_ of some text, abc\n" } 1 .. 400_000;
my $file = substr $text, 0, 65536;
my $big = substr $text, 0, 10 * 1024 * 1024;

my $up = upstream(sub {
    my ($r, $s) = @_;
    my $head = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\n";
    return $head . 'Content-Length: ' . length($big) . "\r\n\r\n$big"
        if $r->{uri} =~ /big/;
    if ($r->{uri} =~ /chunked/) {
        print $s $head, "Transfer-Encoding: chunked\r\n\r\n";
        for my $piece (qw(abc def), 'x' x 100000, 'end') {
            printf $s "%x\r\n%s\r\n", length $piece, $piece;
            select undef, undef, undef, 0.02;
        }
        print $s "0\r\n\r\n";
        return;
    }
    return "${head}Content-Length: 20\r\n\r\nbroken off" if $r->{uri} =~ /cut/;
    return $head . "Content-Length: 9\r\n\r\nabcdefghi" if $r->{uri} =~ /nine/;
    return "HTTP/1.0 200 OK\r\n\r\nuntil the end" if $r->{uri} =~ /close/;
    return $head . 'Content-Length: ' . length($r->body) . "\r\n\r\n" . $r->body;
});

my $nginx = nginx(<<'EOF', up => $up->port, files => { 'html/f' => $file, 'html/big' => $big, 'html/empty' => '', 'html/s/s' => 'small' });
wasm_plugin s %%plugin:script%% deadline=500ms;
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:tls%% ssl http2;
    ssl_certificate %%cert%%; ssl_certificate_key %%key%%;
    client_max_body_size 20m;
    output_buffers 2 32k;
    set $up http://127.0.0.1:%%up%%;

    location /plain/ { alias %%dir%%/html/; }
    location /upper/on/ { sendfile on; wasm_filter s 'sb upper'; alias %%dir%%/html/; }
    location /upper/off/ { sendfile off; wasm_filter s 'sb upper'; alias %%dir%%/html/; }
    location /upper/aio/ { aio threads; sendfile on; wasm_filter s 'sb upper'; alias %%dir%%/html/; }
    location /upper/direct/ { directio 512; wasm_filter s 'sb upper'; alias %%dir%%/html/; }
    location /upper/gzip/ { gzip on; gzip_min_length 1; gzip_types *; wasm_filter s 'sb upper'; alias %%dir%%/html/; }
    location /upper/up/ { wasm_filter s 'sb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /upper/unbuf/ { proxy_buffering off; wasm_filter s 'sb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /pass/ { wasm_filter s 'sb body'; alias %%dir%%/html/; }
    location /pass/up/ { wasm_filter s 'sb body'; proxy_pass http://127.0.0.1:%%up%%; }
    location /hold/ { wasm_filter s 'sb pause|sb end body|sb end upper|sb end append !|sb end continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /splice/ { wasm_filter s 'sb data splice 2 3 INSERTED'; proxy_pass http://127.0.0.1:%%up%%; }
    location /twice/ {
        wasm_filter s 'sh remove content-length|sb end append -A';
        wasm_filter s 'sb end append -B';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /empty/ { wasm_filter s 'sb cut'; proxy_pass http://127.0.0.1:%%up%%; }
    location /drop/ { wasm_filter s 'sh remove content-length|sb drop'; proxy_pass http://127.0.0.1:%%up%%; }
    location /nolength/ { wasm_filter s 'sh remove content-length|sb end append !'; proxy_pass http://127.0.0.1:%%up%%; }
    location /late/ { wasm_filter s 'sb end append !'; alias %%dir%%/html/; }
    location /204/ { wasm_filter s 'sh set :status 204|sb body'; proxy_pass http://127.0.0.1:%%up%%; }
    location /setlen/ { wasm_filter s 'sh set content-length 3'; proxy_pass http://127.0.0.1:%%up%%; }

    location /rq/pass/ { wasm_filter s 'rh log headers|rb body'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/upper/ { wasm_filter s 'rb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/hold/ { wasm_filter s 'rb pause|rb end append !|rb end req set x-late 1|rb end continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/gone/ { wasm_filter s 'rh remove content-length|rb cut'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/two/ {
        wasm_filter s 'rb end append A';
        wasm_filter s 'rb end append B';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /rq/mem/ { client_body_in_file_only on; wasm_filter s 'rb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/nolen/ { wasm_filter s 'rh remove content-length'; proxy_pass http://127.0.0.1:%%up%%; }
    location /rq/bogus/ { wasm_filter s 'rh set content-length 5|rh set transfer-encoding chunked'; proxy_pass http://127.0.0.1:%%up%%; }
}
EOF

sub same
{
    my ($got, $want, $name) = @_;
    ok $got eq $want, $name
        or diag 'got ', length $got, ' bytes, wanted ', length $want;
}

# Files, from the disk and from memory.
for my $kind (qw(on off aio direct)) {
    my $r = $nginx->get("/upper/$kind/f");
    same $r->body, uc $file, "64 KiB file, $kind";
    is $r->header('content-length'), 65536, 'its length';
    like $r->header('etag'), qr{^W/}, 'a weak etag';
    $r = $nginx->get("/upper/$kind/big");
    same $r->body, uc $big, "10 MiB file, $kind";
    is $r->framing, 'chunked', 'too large to wait for its length';
}
same $nginx->get('/upper/on/s/s')->body, 'SMALL', 'small file';
same $nginx->get('/upper/on/empty')->body, '', 'empty file';

# Untouched.
my ($plain, $pass) = map { $nginx->get("/$_/big") } qw(plain pass);
same $pass->body, $big, 'a plugin that only looks';
(my $a = $plain->head) =~ s/^Date:.*\n//m;
(my $b = $pass->head) =~ s/^Date:.*\n//m;
is $b, $a, 'same headers';

# Upstreams.
for my $kind (qw(up unbuf)) {
    my $r = $nginx->get("/upper/$kind/big");
    same $r->body, uc $big, "10 MiB proxied, $kind";
    is $r->framing, 'chunked', 'chunked';
    ok $r->complete, 'complete';
    $r = $nginx->get("/upper/$kind/chunked");
    same $r->body, 'ABCDEF' . ('X' x 100000) . 'END', "chunked, $kind";
    $r = $nginx->get("/upper/$kind/close");
    same $r->body, 'UNTIL THE END', "until the end of the connection, $kind";
    $r = $nginx->get("/upper/$kind/big", version => '1.0', close => 1);
    same $r->body, uc $big, "HTTP/1.0, $kind";
    is $r->framing, 'close', 'by the end of the connection';
    $r = $nginx->get("/upper/$kind/nine");
    is $r->header('content-length'), 9, 'length of a small one';
    $r = $nginx->request('HEAD', "/upper/$kind/nine");
    is $r->status . $r->body, 200, 'HEAD';
    $r = $nginx->connect('tls') && Sluice::HTTP::curl('-k', '--http2',
        'https://127.0.0.1:' . $nginx->port('tls') . "/upper/$kind/big");
    same $r->body, uc $big, "HTTP/2, $kind";
}

# Chunks held, changed, dropped.
my $r = $nginx->get('/hold/nine');
same $r->body, 'ABCDEFGHI!', 'held to the end';
is $r->header('content-length'), 10, 'with its new length';
$r = $nginx->get('/hold/chunked');
same $r->body, 'ABCDEF' . ('X' x 100000) . 'END!', 'held, chunked';
$r = $nginx->get('/splice/nine');
same $r->body, 'abINSERTEDfghi', 'spliced in the middle';
is $r->header('content-length'), 14, 'length';
same $nginx->get('/twice/nine')->body, 'abcdefghi-B-A', 'last filter first';
$r = $nginx->get('/empty/nine');
is $r->header('content-length') . $r->body, '0', 'emptied';
$r = $nginx->get('/drop/nine');
same $r->body, '', 'dropped';
$r = $nginx->get('/nolength/nine');
is $r->header('content-length'), 10, 'waited for the new length';
same $r->body, 'abcdefghi!', 'and body';
$r = $nginx->get('/nolength/big');
is $r->framing, 'chunked', 'too large to wait';
same $r->body, "$big!", 'and whole';
$r = $nginx->get('/204/nine');
is $r->status, 204, 'the status becomes 204';
unlike $r->head, qr/content-length|transfer-encoding/i, 'without a body';
$r = $nginx->get('/setlen/nine');
is $r->header('content-length') . $r->body, '9abcdefghi', 'a false length';

# Length changed when it was already sent.
$r = $nginx->get('/late/big');
ok !$r->complete, 'a late change cuts the response';
ok $nginx->wait_log(qr/\[error\].*remove Content-Length/), 'and says why';
$r = $nginx->get('/pass/up/cut');
ok !$r->complete, 'an upstream that breaks off';
$r = $nginx->get('/hold/cut');
ok !$r->complete, '... while the plugin holds the body';
$r = $nginx->get('/upper/up/cut');
ok !$r->complete, '... while its length is waited for';

# gzip is behind the plugin.
$r = Sluice::HTTP::curl('--compressed', '-H', 'Accept-Encoding: gzip',
    'http://127.0.0.1:' . $nginx->port . '/upper/gzip/f');
like $r->head, qr/Content-Encoding: gzip/, 'gzip';
same $r->body, uc $file, 'of the changed body';

# Request bodies.
my $mb = substr $text, 0, 1024 * 1024;
for my $n (0, 1, 4095, 65536, 65537, length $mb) {
    my $body = substr $text, 0, $n;
    same $nginx->post('/rq/upper/', $body)->body, uc $body, "POST of $n bytes";
    same $nginx->post('/rq/pass/', $body)->body, $body, '... untouched';
    same $nginx->post('/rq/mem/', $body)->body, uc $body, '... in a file';
}
same $nginx->post('/rq/upper/', $big)->body, uc $big, 'POST of 10 MiB';
$r = $nginx->request('POST', '/rq/upper/', chunked => ['abc', 'd' x 70000, 'e']);
same $r->body, 'ABC' . ('D' x 70000) . 'E', 'chunked POST';
$r = $nginx->request('POST', '/rq/upper/', body => 'abc', expect_continue => 1);
same $r->body, 'ABC', '100-continue';
$r = $nginx->post('/rq/hold/', 'abc');
same $r->body, 'abc!', 'held';
is $up->last->header('content-length'), 4, 'exact length';
is $up->last->header('x-late'), 1, 'headers can be changed until the end';
same $nginx->post('/rq/hold/', substr $mb, 0, -1)->body, substr($mb, 0, -1) . '!', 'held, nearly 1 MiB';
is $nginx->post('/rq/hold/', $mb . 'x' x 65537)->status, 413, 'held, more than body_buffer';
same $nginx->post('/rq/gone/', 'abc')->body, '', 'emptied';
is $up->last->header('content-length') // 0, 0, 'no length';
same $nginx->post('/rq/two/', 'x')->body, 'xAB', 'two filters, in their order';
same $nginx->post('/rq/nolen/', 'abc')->body, 'abc', 'length removed only';
$nginx->get('/rq/bogus/');
is $up->last->header('content-length'), undef, 'no false length upstream';
my $c = $nginx->connect;
for (1 .. 3) {
    same $c->request('POST', '/rq/upper/', body => 'k' x 1000)->body,
        'K' x 1000, 'keep-alive';
    same $c->request('GET', '/upper/up/nine')->body, 'ABCDEFGHI', 'keep-alive';
}
$r = Sluice::HTTP::curl('-k', '--http2', '--data-binary',
    '@' . write_file($nginx->dir . '/mb', $mb),
    'https://127.0.0.1:' . $nginx->port('tls') . '/rq/upper/');
same $r->body, uc $mb, 'HTTP/2 POST';

done_testing;

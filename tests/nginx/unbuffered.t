# Requests whose body the content handler reads, piece by piece: with
# proxy_request_buffering off, and gRPC.  Pieces reach the upstream as they come,
# changed or not; pauses, answers and faults in between; memory stays bounded.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use IO::Select;
use IO::Socket::INET;
use Time::HiRes qw(sleep time);

my ($listen, $slow) = map { IO::Socket::INET->new(LocalAddr => '127.0.0.1:0',
    Listen => 8) or die "listen: $!" } 1, 2;
my $up = upstream(sub {
    my ($request) = @_;
    my $text = join ' ', $request->header('content-length') // '-',
        $request->{chunked} ? 'chunked' : '-', length $request->body,
        substr $request->body, 0, 20;
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($text)
        . "\r\n\r\n$text";
});
my $grpc = grpc();

my $nginx = nginx(<<'EOF', up => $up->port, raw => $listen->sockport, slow => $slow->sockport, grpc => $grpc, files => { 'html/f' => 'x' });
wasm_plugin s %%plugin:script%% deadline=10s pause_timeout=500ms body_buffer=64k memory=32m;
wasm_plugin o %%plugin:script%% deadline=10s pause_timeout=500ms fail=open;
wasm_plugin c %%plugin:call%% deadline=10s allow=default,http_call:answers;
upstream answers { server 127.0.0.1:%%up%%; }
proxy_http_version 1.1;
proxy_request_buffering off;
client_max_body_size 0;
client_body_buffer_size 16k;
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:two%% http2;
    location /look { wasm_filter s 'rb body'; proxy_pass http://127.0.0.1:%%raw%%; }
    location /upper { wasm_filter s 'rb upper'; proxy_pass http://127.0.0.1:%%raw%%; }
    location /slow { wasm_filter s 'rb upper'; proxy_pass http://127.0.0.1:%%slow%%; }
    location /respond { wasm_filter s 'rb end respond 403 no x-why because'; proxy_pass http://127.0.0.1:%%raw%%; error_page 403 /f; }
    location /trap { wasm_filter s 'rb end trap'; proxy_pass http://127.0.0.1:%%raw%%; }
    location /trap-open { wasm_filter o 'rb end append LOST|rb end trap'; proxy_pass http://127.0.0.1:%%up%%; }
    location /hold { wasm_filter s 'rb pause|rb end upper|rb end continue'; proxy_pass http://127.0.0.1:%%up%%; }
    location /wait { wasm_filter s 'rb end pause'; proxy_pass http://127.0.0.1:%%up%%; }
    location /append { wasm_filter s 'rb end append !!'; proxy_pass http://127.0.0.1:%%up%%; }
    location /append-open { wasm_filter o 'rb end append !!'; proxy_pass http://127.0.0.1:%%up%%; }
    location /removed { wasm_filter s 'rh remove content-length|rb end append !!'; proxy_pass http://127.0.0.1:%%up%%; }
    location /chain { wasm_filter s 'rb data prepend <'; wasm_filter s 'rb upper'; wasm_filter s 'rb end append >'; proxy_pass http://127.0.0.1:%%up%%; }
    location /empty { wasm_filter s 'rb data replace'; proxy_pass http://127.0.0.1:%%up%%; }
    location /old { proxy_http_version 1.0; wasm_filter s 'rb end append !!'; proxy_pass http://127.0.0.1:%%up%%; }
    location /call { wasm_filter c; proxy_pass http://127.0.0.1:%%up%%; }
    location /put/ { wasm_filter s 'rb upper'; dav_methods PUT; create_full_put_path on; root %%dir%%/html; }
    location /f { wasm_filter s 'rb upper'; root %%dir%%/html; }
    location /grpc/ { wasm_filter s 'rb upper|sb data append +'; grpc_pass 127.0.0.1:%%grpc%%; }
}
EOF

# The upstream's side of a request: what it got so far.
sub accepted
{
    IO::Select->new($listen)->can_read(5 * slow()) or return {};
    return { socket => scalar $listen->accept, got => '' };
}

sub got
{
    my ($conn, $pattern) = @_;
    my $end = time + 5 * slow();
    until ($conn->{got} =~ $pattern || $conn->{closed} || time > $end) {
        next unless IO::Select->new($conn->{socket})->can_read(0.1);
        sysread $conn->{socket}, $conn->{got}, 65536, length $conn->{got}
            or $conn->{closed} = 1;
    }
    return $conn->{got} =~ $pattern;
}

sub answer
{
    my ($conn) = @_;
    print { $conn->{socket} }
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
    close $conn->{socket};
}

for my $row (['/look', 'hello', 'world'], ['/upper', 'HELLO', 'WORLD']) {
    my ($uri, $first, $second) = @$row;
    my $c = $nginx->connect;
    $c->send("POST $uri HTTP/1.1\r\nHost: x\r\n"
        . "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    my $conn = accepted();
    ok got($conn, qr/\r\n5\r\n$first\r\n/), "$uri: the first piece comes alone";
    unlike $conn->{got}, qr/$second/, 'the second one is not there';
    $c->send("5\r\nworld\r\n");
    ok got($conn, qr/\r\n5\r\n$second\r\n/), 'it comes as it is sent';
    $c->send("0\r\n\r\n");
    ok got($conn, qr/\r\n0\r\n\r\n$/), 'the end';
    answer($conn);
    is $c->response->body, 'ok', 'answered';

    $c = $nginx->connect;
    $c->send("POST $uri HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
    $conn = accepted();
    ok got($conn, qr/Content-Length: 10\r\n(?:.*\r\n)?\r\n$first$/s),
        "$uri: with a length: the first piece";
    $c->send('world');
    ok got($conn, qr/$first$second$/), 'the second one';
    answer($conn);
    is $c->response->body, 'ok', 'answered';
}

# An answer of the plugin while the upstream has a part of the request.
{
    my $c = $nginx->connect;
    $c->send("POST /respond HTTP/1.1\r\nHost: x\r\n"
        . "Content-Length: 10\r\n\r\nhello");
    my $conn = accepted();
    ok got($conn, qr/hello$/), 'the upstream has a part';
    $c->send('world');
    my $r = $c->response;
    is $r->status . $r->body, '403no', 'the answer of the plugin';
    is $r->header('x-why'), 'because', 'with its header';
    ok !got($conn, qr/world/) && $conn->{closed},
        'the upstream never gets the rest';

    is $nginx->post('/respond', 'all at once')->body, 'no',
        'before there is an upstream';
}

# A trap.
{
    my $c = $nginx->connect;
    $c->send("POST /trap HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhello");
    my $conn = accepted();
    ok got($conn, qr/hello$/), 'the upstream has a part';
    $c->send('world');
    is $c->response->status, 500, 'a trap: 500';
    ok !got($conn, qr/world/) && $conn->{closed},
        'the upstream never gets the rest';
    is $nginx->post('/trap-open', 'a body')->body, '6 - 6 a body',
        'fail=open: as if nothing had happened';
    $nginx->expect(qr/unreachable/);
}

# Lengths.
sub pieces { return (chunked => [@_], pause => 0.05) }

sub chunks
{
    my ($uri, @pieces) = @_;
    return $nginx->request('POST', $uri, pieces(@pieces))->body;
}

like $nginx->request('POST', '/append', chunked => ['abc'])->body,
    qr/^(?:5 -|- chunked) 5 abc!!$/, 'chunks: longer';
is chunks('/append', 'abc', 'def'), '- chunked 8 abcdef!!', 'in pieces';
is response($nginx->raw("POST /append HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
    . "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"))->body,
    '5 - 5 abc!!', 'all there before the upstream: its length is told';
is $nginx->post('/append', 'abc')->status, 500,
    'a length that was told: a fault';
is scalar($nginx->wait_log(qr/on_request_body changed the length of a request whose Content-Length was sent; remove Content-Length in on_request_headers/)),
    1, 'with the remedy';
is $nginx->post('/append-open', 'abc')->body, '3 - 3 abc',
    'fail=open: as it came';
is $nginx->post('/removed', 'abc')->body, '5 - 5 abc!!',
    'Content-Length removed: the new one is exact';
like chunks('/removed', 'abc', 'def'), qr/ 8 abcdef!!$/, 'chunks';
like chunks('/chain', 'abc', 'def'), qr/ 9 <ABC<DEF>$/,
    'a chain: each piece through all';
like chunks('/empty', 'abc', 'def'), qr/^(?:- chunked|0 -) 0 $/,
    'nothing is left';
is chunks('/old', 'abc', 'def'), '8 - 8 abcdef!!',
    'HTTP/1.0: nginx reads all of it, the length is right';
is $nginx->get('/append')->body, '- - 0 ', 'no body';

# Pauses.
is chunks('/hold', 'abc', 'def', 'ghi'), '- chunked 9 ABCDEFGHI',
    'collected to the end';
my $c = $nginx->connect;
$c->send("POST /hold HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
sleep 0.1;
$c->send('def');
is $c->response->body, '6 - 6 ABCDEF', '... with a length';
is $nginx->post('/hold', 'z' x 100_000)->status, 413, 'more than body_buffer';
is $nginx->post('/wait', 'abc')->status, 504, 'paused at the end for ever';
is $nginx->request('POST', '/wait', pieces('abc', 'def'))->status, 504,
    'after pieces';
$nginx->expect(qr/pause_timeout/);
my @call = ('x-call: answers 1000 GET /a', 'x-at: rb', 'x-then: on');
is $nginx->request('POST', '/call', headers => \@call, pieces('abc', 'def'))
    ->body, '- chunked 6 abcdef', 'paused at the end until an answer comes';
is $nginx->post('/call', 'abcdef', headers => \@call)->body, '6 - 6 abcdef',
    '... with a length';

# Whoever reads it.
is $nginx->request('PUT', '/put/a', chunked => ['abc', 'def'])->status, 201,
    'PUT into a file';
is read_file($nginx->dir . '/html/put/a'), 'ABCDEF', 'changed';
is $nginx->request('PUT', '/put/b', body => 'y' x 100_000)->status, 201,
    'a long one';
is read_file($nginx->dir . '/html/put/b'), 'Y' x 100_000, 'changed';
is $nginx->post('/f', 'abc')->status, 405, 'nobody reads it';

# HTTP/2.
my $two = 'http://127.0.0.1:' . $nginx->port('two');
my $short = $nginx->dir . '/short';
my $file = $nginx->dir . '/long';
my $long = join '', map { "line $_\n" } 1 .. 20_000;
write_file($short, 'abc');
write_file($file, $long);
my @two = ('--http2-prior-knowledge', '-X', 'POST', '-H', 'Content-Length:');
for my $row (['/append', qr/^(?:5 -|- chunked) 5 abc!!$/],
             ['/hold', qr/^(?:3 -|- chunked) 3 ABC$/],
             ['/wait', qr/504/], ['/respond', qr/^no$/],
             ['/call', qr/^(?:3 -|- chunked) 3 abc$/]) {
    my ($uri, $want) = @$row;
    like curl(@two, '-T', $short, (map { ('-H', $_) } @call), "$two$uri")
        ->body, $want, "HTTP/2: $uri";
}
my $length = length($long) + 2;
like curl(@two, '-T', $file, "$two/append")->body,
    qr/^(?:$length -|- chunked) $length line 1/, 'HTTP/2: a long one';
is curl('--http2-prior-knowledge', '-X', 'POST', '-T', $file, "$two/wait")
    ->status, 504, 'with a length, paused';

# gRPC: both directions at once.
sub talk
{
    my ($c, $send, $want) = @_;
    $c->send(sprintf "%x\r\n%s\r\n", length $send, $send) if length $send;
    my $end = time + 5 * slow();
    until ($c->{buffer} =~ $want || time > $end) {
        $c->fill(0.1);
    }
    return $c->{buffer} =~ $want;
}
$c = $nginx->connect;
$c->send("POST /grpc/x HTTP/1.1\r\nHost: x\r\nTE: trailers\r\n"
    . "Content-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n");
ok talk($c, 'one', qr/ONE\+/), 'gRPC: the answer to the first message';
ok talk($c, 'two', qr/TWO\+/), 'to the second';
ok talk($c, 'three', qr/THREE\+/), 'to the third';
$c->send("0\r\n\r\n");
ok talk($c, '', qr/\r\n0\r\n/), 'the end';

# Memory: the upstream takes its time.
{
    my $size = 50_000_000;
    my ($before) = map { $nginx->rss($_) } $nginx->workers;
    my $pid = fork // die;
    if (!$pid) {
        my $s = $slow->accept;
        my ($all, $n, $buffer) = (0);
        while ($all < $size and $n = sysread $s, $buffer, 1 << 20) {
            $all += $n;
            sleep 0.002;
        }
        print $s "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        POSIX::_exit(0);
    }
    my $c = $nginx->connect;
    is $c->request('POST', '/slow', body => 'm' x $size, timeout => 60)
        ->status, 200, 'a long request through a slow upstream';
    waitpid $pid, 0;
    my ($after) = map { $nginx->rss($_) } $nginx->workers;
    cmp_ok $after - $before, '<', 4 << 20, 'memory stays bounded'
        unless $ENV{SLUICE_SAN};
}
done_testing;

# A gRPC server that answers each DATA frame with the same one (RFC 9113).
sub grpc
{
    my $server = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 8)
        or die "listen: $!";
    my $owner = $$;
    my $pid = fork // die;
    return $server->sockport if $pid;
    $SIG{$_} = 'DEFAULT' for qw(TERM INT);
    while (getppid == $owner) {
        IO::Select->new($server)->can_read(1) or next;
        my $s = $server->accept;
        $s->autoflush(1);
        echo($s);
        close $s;
    }
    POSIX::_exit(0);
}

sub take
{
    my ($s, $n) = @_;
    my $bytes = '';
    while (length $bytes < $n) {
        sysread $s, $bytes, $n - length $bytes, length $bytes or return;
    }
    return $bytes;
}

sub frame
{
    my ($s, $type, $flags, $stream, $bytes) = @_;
    print $s substr(pack('N', length $bytes), 1),
        pack('CCN', $type, $flags, $stream), $bytes;
}

sub literal { return join '', map { pack 'C/a*', $_ } @_ }

sub echo
{
    my ($s) = @_;
    take($s, length "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    frame($s, 4, 0, 0, '');
    while (defined(my $head = take($s, 9))) {
        my ($size, $type, $flags, $stream) = unpack 'NCCN', "\0$head";
        my $bytes = $size ? take($s, $size) : '';
        if ($type == 4 && !($flags & 1)) {
            frame($s, 4, 1, 0, '');
        }
        elsif ($type == 1) {
            frame($s, 1, 4, $stream, "\x88\0"
                . literal('content-type', 'application/grpc'));
        }
        elsif ($type == 0) {
            if ($size) {
                frame($s, 0, 0, $stream, $bytes);
                frame($s, 8, 0, $_, pack 'N', $size) for 0, $stream;
            }
            frame($s, 1, 5, $stream, "\0" . literal('grpc-status', '0'))
                if $flags & 1;
        }
    }
}

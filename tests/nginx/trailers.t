# Trailers of responses: what the upstream sent, what plugins add, replace and
# remove, over chunks and HTTP/2; and where there can't be any.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(sleep time);

# Trailers come from gRPC upstreams only: an nginx whose add_trailer makes
# them plays the upstream.
my $up = nginx(<<'EOF', files => { 'html/f' => 'hello', 'html/long' => 'y' x 300_000 });
server {
    listen 127.0.0.1:%%port%% http2;
    add_trailer x-first one always;
    add_trailer X-Second $arg_second always;
    sub_filter none none; sub_filter_types *;    # no Content-Length
}
EOF

# Trailers that must not reach the wire: a name and a value in which %XX are
# bytes, and what the log says of them.
my @refused = (
    ['% v', 'the name is empty'],
    (map { ["$_ v", 'the name is no token'] } qw(x%0d%0ax-evil x%0ax-evil
        x%0dx-evil x%0d%0a%0d%0ax-evil x%00y x:y x-evil: x%20y x%09y %20x
        x%ffy x%7fy)),
    (map { ["$_ 200", 'no such pseudo-header here'] }
        qw(: :status :path :Authority :evil)),
    (map { ["x-first $_", 'CR, LF or NUL in the value'] }
        'v%0d%0aX-Evil: 1', 'v%0aX-Evil: 1', 'v%0dX-Evil: 1', '%0d%0a', '%00',
        'v%00', 'v%0d%0a%0d%0aHTTP/1.1 200 OK%0d%0aX-Evil: 1%0d%0a%0d%0a'),
);
# Those that frame a message are passed over, as they are among the headers.
my @framing = ('Content-Length 3', 'content-length 0',
    'transfer-encoding chunked', 'Transfer-Encoding identity', 'trailer x-evil',
    'connection close', 'keep-alive x', 'te trailers', 'host evil',
    'upgrade evil', 'content-type evil/x', 'content-encoding gzip',
    'content-range bytes 0-1/2');
my %raw = map {
    my $how = $_;
    $how => join '|', map { "st raw $how $_" }
        (map { $_->[0] } @refused), @framing;
} qw(add set all);

$raw{end} = $raw{add} =~ s/\bst /sb end trail /gr =~ s/^sb end trail //r;

my $nginx = nginx(<<'EOF', up => $up->port, %raw, files => { 'html/f' => 'hello', 'html/long' => 'y' x 300_000 });
wasm_plugin s %%plugin:script%% deadline=10s pause_timeout=300ms;
wasm_plugin raw %%plugin:script%% deadline=10s log_rate=1000;
wasm_plugin o %%plugin:script%% deadline=10s pause_timeout=300ms fail=open;
proxy_http_version 1.1;
log_format via '$upstream_http_content_length $upstream_trailer_x_made';
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:two%% http2;
    grpc_set_header TE trailers;
    location /plain/ { grpc_pass 127.0.0.1:%%up%%; rewrite ^/plain(.*) $1 break; }
    location /order/ {
        rewrite ^/order(.*) $1 break;
        wasm_filter s 'sh log A-sh|sb log A-sb|sb body|st log A-st|st pairs|st add x-a 1|log trail pairs';
        wasm_filter s 'sh log B-sh|sb log B-sb|sb body|st log B-st|st pairs|st set x-second new|st remove x-first';
        grpc_pass 127.0.0.1:%%up%%;
    }
    location /hold/ {
        rewrite ^/hold(.*) $1 break;
        wasm_filter s 'sb pause|st show-body|st upper|st append !';
        grpc_pass 127.0.0.1:%%up%%;
    }
    location /names/ {
        rewrite ^/names(.*) $1 break;
        wasm_filter s 'st show X-FIRST|st set content-length 3|st set transfer-encoding x|st add Upper-Case v|st set host evil';
        grpc_pass 127.0.0.1:%%up%%;
    }
    location /add/ { rewrite ^/add(.*) $1 break; wasm_filter raw '%%add%%|st raw add X-Last a%ff"b'; grpc_pass 127.0.0.1:%%up%%; }
    location /set/ { rewrite ^/set(.*) $1 break; wasm_filter raw '%%set%%|st raw set X-Last a%ff"b'; grpc_pass 127.0.0.1:%%up%%; }
    location /all/ { rewrite ^/all(.*) $1 break; wasm_filter raw '%%all%%'; grpc_pass 127.0.0.1:%%up%%; }
    location /end/ { wasm_filter raw 'sb end trail raw add x-first one|sb end trail %%end%%'; alias %%dir%%/html/; }
    location /pause/ { rewrite ^/pause(.*) $1 break; wasm_filter s 'sb want x-hold pause|st pause'; grpc_pass 127.0.0.1:%%up%%; }
    location /pause-open/ { rewrite ^/pause-open(.*) $1 break; wasm_filter o 'st set x-first changed|st pause'; grpc_pass 127.0.0.1:%%up%%; }
    location /continue/ { rewrite ^/continue(.*) $1 break; wasm_filter s 'st pause|st continue'; grpc_pass 127.0.0.1:%%up%%; }
    location /trap/ { rewrite ^/trap(.*) $1 break; wasm_filter s 'sb pause|st trap'; grpc_pass 127.0.0.1:%%up%%; }
    location /trap-open/ {
        rewrite ^/trap-open(.*) $1 break;
        wasm_filter s 'st pairs';
        wasm_filter o 'st add x-lost 1|st remove x-first|st append LOST|st trap';
        grpc_pass 127.0.0.1:%%up%%;
    }
    location /respond/ { rewrite ^/respond(.*) $1 break; wasm_filter s 'sb pause|st respond 403 no'; grpc_pass 127.0.0.1:%%up%%; }
    location /close/ { rewrite ^/close(.*) $1 break; wasm_filter s 'st close'; grpc_pass 127.0.0.1:%%up%%; }
    location /made/ {
        wasm_filter s 'sb body|sb log A-made|st pairs';
        wasm_filter s 'sb end trail add x-made yes|sb end trail add x-made twice|st log never';
        alias %%dir%%/html/;
    }
    location /via/ { access_log %%dir%%/via.log via; rewrite ^/via(.*) /made$1 break; grpc_pass 127.0.0.1:%%port:two%%; }
    location /early/ { wasm_filter s 'rh trail pairs|sh trail pairs|sh trail show x-a|sb trail show x-a|log trail pairs'; alias %%dir%%/html/; }
    location /removed/ { wasm_filter s 'sh remove content-length|sb end trail add x-made yes'; alias %%dir%%/html/; }
    location /added/ { add_trailer x-nginx late; wasm_filter s 'st log never|log trail pairs'; alias %%dir%%/html/; }
    location /head/ { wasm_filter s 'sb log never|st log never'; rewrite ^/head(.*) $1 break; grpc_pass 127.0.0.1:%%up%%; }
}
EOF

sub trailers { join '|', $_[0]->trailers }
sub two
{
    my ($uri) = @_;
    return `curl -s --max-time 20 -v --http2-prior-knowledge -o /dev/null http://127.0.0.1:${\$nginx->port('two')}$uri 2>&1`;
}

my $r = $nginx->get('/plain/f?second=2');
is trailers($r), 'x-first: one|x-second: 2', 'without a filter';
$r = $nginx->get('/order/f?second=2');
is $r->body, 'hello', 'order';
is trailers($r), 'x-second: new|x-a: 1', 'changed by two filters';
is $r->framing, 'chunked', 'chunked';
$nginx->wait_log(qr/\[log \d+\] pairs/);
is join(' ', map { /\] ([AB]-\w+|pairs .*?|\d+(?: end)?)(?: while|,|$)/ ? $1 : () } $nginx->lines(qr/\] (?:[AB]-|pairs|\d+)/)),
    'B-sh A-sh B-sb 5 A-sb 5 B-st pairs 2 x-first=one x-second=2 '
    . 'A-st pairs 1 x-second=new pairs 2 x-second=new x-a=1',
    'the last filter first, no body callback with an end';
is trailers($nginx->get('/order/f', version => '1.0')), '', 'HTTP/1.0 has none';
like two('/order/f?second=2'), qr/< x-second: new\r?\n< x-a: 1/, 'HTTP/2';
unlike two('/order/f?second=2'), qr/< x-first/, 'removed';

$r = $nginx->get('/hold/f');
is $r->body . trailers($r), 'HELLO!x-first: one', 'a body that was held until then';
$r = $nginx->get('/hold/long');
ok $r->body eq 'Y' x 300_000 . '!', 'a long one';
$r = $nginx->get('/names/f');
is $r->complete && trailers($r), 'x-first: one|upper-case: v', 'names';
ok scalar($nginx->wait_log(qr/x-first=one/)), 'in any case';

# Nothing splits the message, or makes another of it.
for (['add', "x-first: one|x-last: a\xff\"b"],
    ['set', "x-first: one|x-last: a\xff\"b"],
    ['all', 'x-before: 1|x-behind: 2'], ['end', 'x-first: one']) {
    my ($how, $left) = @$_;
    my ($refused, $called) = map { scalar(() = $nginx->lines($_)) }
        qr/is not applied/, qr/\] status 0/;
    my $raw = $nginx->raw("GET /$how/f HTTP/1.1\r\nHost: a\r\n\r\n"
        . "GET /plain/f HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    unlike $raw, qr/evil/i, "$how: nothing gets through";
    my @r = responses($raw);
    is scalar(@r), 2, "$how: two responses";
    is $r[0]->complete && $r[0]->framing, 'chunked', "$how: whole";
    is $r[0]->body . trailers($r[0]), "hello$left", "$how: what is left";
    is trailers($r[1]), 'x-first: one', "$how: the next one";
    my @lines = $nginx->wait_log(qr/is not applied/, $refused + @refused);
    splice @lines, 0, $refused;
    is scalar(@lines), @refused, "$how: a line each";
    like $lines[$_], qr/\[warn\].*"raw".*: \Q$refused[$_][1]\E;/,
        "$how: $refused[$_][0]" for 0 .. $#refused;
    is scalar(() = $nginx->lines(qr/\] status 0/)) - $called,
        @refused + @framing + ($how ne 'all'), "$how: all calls answer Ok";
    my $two = two("/$how/f");
    unlike $two, qr/evil/i, "$how: nor over HTTP/2";
    is join('|', $two =~ /^< (x-.*?)\r?$/mg), $left, "$how: what is left there"
        unless $how eq 'end';           # where curl stops after the length
    is scalar(() = $two =~ /^< HTTP/mg), 1, "$how: one head";
}

$r = $nginx->get('/pause/f');
ok $r->status == 200 && !$r->complete, 'paused for too long: cut';
is $nginx->get('/pause/f', headers => ['x-hold: 1'])->status, 500, 'headers held: 500';
$r = $nginx->get('/pause-open/f');
is $r->body . trailers($r), 'hellox-first: changed', 'fail=open: goes on';
$r = $nginx->get('/continue/f');
is $r->body . trailers($r), 'hellox-first: one', 'continued in the callback';
is $nginx->get('/trap/f')->status, 500, 'a trap';
$r = $nginx->get('/trap-open/f');
is $r->body . trailers($r), 'hellox-first: one', 'fail=open: as if it had changed nothing';
$r = $nginx->get('/respond/f');
is $r->status . $r->body . trailers($r), '403no', 'a local response instead';
ok !$nginx->get('/close/f')->complete, 'closed: cut';

$r = $nginx->get('/made/f');
is $r->body . trailers($r), 'hellox-made: yes|x-made: twice', 'made by a plugin';
is $r->framing, 'chunked', 'chunked for that';
ok scalar($nginx->wait_log(qr/\] pairs 2 x-made=yes x-made=twice/)), 'the other filter has a callback for them';
is scalar(() = $nginx->lines(qr/\] 5 end/)), 0, 'and no body callback with an end';
$nginx->get('/via/f');
like $nginx->wait_file('via.log', qr/\n/), qr/^5 yes(?:, twice)?$/m, 'HTTP/2 keeps the length';
is trailers($nginx->get('/made/f', version => '1.0')), '', 'HTTP/1.0 has none';
$r = $nginx->get('/made/long');
is length($r->body) . $r->framing . trailers($r), '300000length', 'not where the length is sent';
ok scalar($nginx->wait_log(qr/\[warn\].*trailers cannot be sent/)), 'and a line says so';
$r = $nginx->get('/removed/long');
is length($r->body) . trailers($r), '300000x-made: yes', 'Content-Length removed before';
$r = $nginx->get('/early/f');
is $r->body, 'hello', 'no trailers';
$nginx->wait_log(qr/\[log \d+\] pairs/, 2);
is scalar(() = $nginx->lines(qr/\[(?:rh|sh) \d+\] pairs 0/)), 2, 'before the end: no pairs';
is scalar(() = $nginx->lines(qr/x-a missing/)), 2, 'and no values';
is trailers($nginx->get('/added/f')), 'x-nginx: late', "nginx's own come behind";
is $nginx->request('HEAD', '/head/f')->status, 200, 'HEAD';
is scalar(() = $nginx->lines(qr/\] never/)), 0, 'without callbacks';
done_testing;

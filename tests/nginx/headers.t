# Header maps: what plugins see, and what upstream and client get.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    return join "\r\n", 'HTTP/1.1 200 Fine',
        'Content-Type: text/html; charset=utf-8', 'Server: backend',
        'X-Up: one', 'X-Up: two', 'Set-Cookie: a=1', 'Set-Cookie: b=2',
        'Cache-Control: private', 'Cache-Control: no-cache', 'ETag: "abc"',
        'Location: /elsewhere', 'Content-Length: 2', '', 'hi';
});

my $nginx;
# What is in a log file that is written after the answer.
sub written
{
    my $file = $nginx->dir . "/$_[0]";
    for (1 .. 200) {
        last if -s $file;
        select undef, undef, undef, 0.02;
    }
    return read_file($file);
}

$nginx = nginx(<<'EOF', up => $up->port, files => { 'html/a' => "hi\n" });
wasm_plugin s %%plugin:script%%;
log_format v '$http_x_new|$http_cookie|$http_x_forwarded_for|$http_referer|'
             '$host|$http_host|$request_method|$uri|$args';
server {
    listen 127.0.0.1:%%port%%;
    proxy_set_header Host $http_host;
    location /show {
        wasm_filter s 'rh pairs|sh pairs';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /get {
        wasm_filter s 'rh show X-A|rh show host|rh show cookie|
                       rh show connection|rh show none|sh show content-type|
                       sh show x-up|sh req show x-a|sh req show :path';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /change {
        wasm_filter s 'rh set x-new yes|rh set cookie c=3|
            rh add x-forwarded-for 9.9.9.9|rh remove referer|
            rh set :authority other.example:8080|rh set user-agent me|
            rh add x-dup 2|rh remove x-gone|rh set connection upgrade|
            rh set transfer-encoding chunked|sh set x-up three|
            sh remove set-cookie|sh set cache-control max-age=1|
            sh set content-type text/css|sh remove etag|sh set server mine|
            sh set :status 418|sh add x-more 1|sh add x-more 2|
            sh set location /there|sh set connection close|
            sh set transfer-encoding gzip|sh remove upgrade|
            sh set date never';
        access_log %%dir%%/v.log v;
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /copy {
        wasm_filter s 'rh copy|sh copy';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /path {
        wasm_filter s 'rh set :path /new//a/../%62?x=1&y=%20|
            rh set :method PUT|rh set :scheme https|rh prop request.path|
            rh prop request.url_path|rh prop request.query|rh show :scheme|
            rh show :method';
        access_log %%dir%%/p.log v;
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /badpath {
        wasm_filter s 'rh set :path nope|rh set :path /../..';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /noauth {
        wasm_filter s 'rh remove host|rh pairs';
        proxy_set_header Host h;
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /lm/ {
        wasm_filter s 'sh show last-modified|
            sh set last-modified Mon, 28 Sep 1970 06:00:00 GMT';
        alias %%dir%%/html/;
    }
    location /bare/ {
        wasm_filter s 'sh remove last-modified|sh remove content-type|
                       sh remove content-length';
        alias %%dir%%/html/;
    }
    location /many {
        wasm_filter s 'rh pairs|rh remove x-5|rh remove x-150';
        proxy_pass http://127.0.0.1:%%up%%;
    }
}
EOF

my @h = ('X-A: 1', 'x-a: 2', 'Cookie: a=1', 'User-Agent: test',
    'Referer: http://r/', 'X-Forwarded-For: 1.1.1.1', 'X-Gone: g', 'X-Dup: 1',
    'Accept: a/b');
sub logged { my @l = $nginx->wait_log($_[0]); return $l[-1] // '' }

# What is seen.
my $r = $nginx->get('/show/x?q=1', headers => \@h);
is $r->status, 200, 'passed';
like logged(qr/\[rh \d+\] pairs/), qr{pairs\ 13\ :authority=localhost
    \ :path=/show/x\?q=1\ :method=GET\ :scheme=http\ x-a=1\ x-a=2\ cookie=a=1
    \ user-agent=test\ referer=http://r/\ x-forwarded-for=1.1.1.1\ x-gone=g
    \ x-dup=1\ accept=a/b}x,
    'request: pseudo-headers first, lower case, no connection';
like logged(qr/\[sh \d+\] pairs/), qr{pairs\ 11\ :status=200
    \ content-type=text/html;\ charset=utf-8\ content-length=2\ x-up=one
    \ x-up=two\ set-cookie=a=1\ set-cookie=b=2\ cache-control=private
    \ cache-control=no-cache\ etag="abc"\ location=}x,
    'response: pseudo-headers first, no server and date of nginx';
like $up->last->head, qr/^X-A: 1\r\nx-a: 2\r\n/m, 'the wire form stays';

$nginx->get('/get', headers => \@h);
ok logged($_), "seen: $_"
    for qr/\] X-A=1[ ,]/, qr/\] host=localhost/, qr/\] cookie=a=1/,
    qr/\] connection missing/, qr/\] none missing/,
    qr{\] content-type=text/html; charset=utf-8}, qr/\] x-up=one/,
    qr/\[sh \d+\] x-a=1/, qr{\[sh \d+\] :path=/get};

# What is changed.
$r = $nginx->get('/change?b=1', headers => \@h);
my $q = $up->last;
is $q->header('x-new'), 'yes', 'set';
is $q->header('cookie'), 'c=3', 'cookie replaced';
is $q->header('x-forwarded-for'), '1.1.1.1, 9.9.9.9', 'one more line';
is $q->header('referer'), undef, 'removed';
is $q->header('x-gone'), undef, 'removed, unknown name';
is $q->header('host'), 'other.example:8080', ':authority';
is $q->header('user-agent'), 'me', 'user-agent';
is $q->header('x-dup'), '1, 2', 'added';
is $q->header('connection'), 'close', 'connection is left to nginx';
is $q->header('transfer-encoding'), undef, 'and transfer-encoding';
is $q->header('accept'), 'a/b', 'the last line survives removals';
is written('v.log'), 'yes|c=3|1.1.1.1, 9.9.9.9|-|'
    . "other.example|other.example:8080|GET|/change|b=1\n", 'variables';
is $r->status, 418, 'status';
is join(',', $r->headers('x-up')), 'three', 'duplicates collapse';
is $r->header('set-cookie'), undef, 'removed all';
is join(',', $r->headers('cache-control')), 'max-age=1', 'cache-control';
is $r->header('content-type'), 'text/css', 'content-type';
is $r->header('etag'), undef, 'etag';
is $r->header('server'), 'mine', 'server';
is $r->header('date'), 'never', 'date';
is join(',', $r->headers('x-more')), '1,2', 'added twice';
is $r->header('location'), '/there', 'location';
is $r->header('transfer-encoding'), undef, 'no transfer-encoding';
is $r->body, 'hi', 'body';
my $c = $nginx->connect;
is $c->request('GET', '/change')->status, 418, 'keep-alive';
is $c->request('GET', '/change')->status, 418, '... is left to nginx, too';

$r = $nginx->get('/copy', headers => \@h);
$q = $up->last;
is $q->header('x-a'), '1, 2', 'copied: repeated names';
is $q->header('cookie'), 'a=1', 'copied: cookie';
is $q->header('host'), 'localhost', 'copied: host';
is $r->header('set-cookie'), 'a=1, b=2', 'copied: response';
is $r->header('content-type'), 'text/html; charset=utf-8', 'content-type';
is $r->header('content-length'), 2, 'copied: content-length';
is $r->header('cache-control'), 'private, no-cache', 'copied: cache-control';

# Pseudo-headers of requests.
$nginx->get('/path/old?z=9');
$q = $up->last;
is $q->{uri}, '/new//a/../%62?x=1&y=%20', ':path as it was set';
is $q->{method}, 'PUT', ':method';
ok logged($_), "seen: $_"
    for qr{\] request.path=/new//a/\.\./%62\?x=1&y=%20},
    qr{\] request.url_path=/new//a/\.\./%62[ ,]},
    qr{\] request.query=x=1&y=%20}, qr{\] :scheme=https}, qr{\] :method=PUT};
my $line = qr{\|PUT\|/new/b\|x=1&y=%20};
like $nginx->wait_file('p.log', $line), $line, '$uri and $args';
is $nginx->get('/badpath')->status, 200, 'bad paths are not applied:';
is $up->last->{uri}, '/badpath', 'the old one stays';
$nginx->get('/noauth');
unlike logged(qr{\] pairs.*:path=/noauth}), qr/:authority/, 'no :authority';

# Fields that nginx makes of a file.
$r = $nginx->get('/lm/a');
like logged(qr/\] last-modified=/), qr/=\w+, \d\d \w+ \d{4} /, 'file time';
is $r->header('last-modified'), 'Mon, 28 Sep 1970 06:00:00 GMT', 'changed';
$r = $nginx->get('/bare/a');
is $r->header($_), undef, "$_ removed" for qw(last-modified content-type);
is $r->body, "hi\n", 'body';

# More than one part of nginx's list, more than 100 pairs.
$r = $nginx->get('/many', headers => [map { "X-$_: v$_" } 1 .. 160]);
$q = $up->last;
is join(',', grep { ($q->header("x-$_") // '') ne "v$_" } 1 .. 160),
    '5,150', 'two are removed, the others stay';
like logged(qr{\] pairs 164 }), qr/x-1=v1/, 'all pairs are seen';

done_testing;

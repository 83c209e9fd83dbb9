# Upstreams, the same with plugins that only look: buffered and not, cached,
# sliced, retried, broken off, FastCGI, SCGI, uwsgi, X-Accel-*, subrequests.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use IO::Compress::Gzip qw(gzip);
use Sluice::Gateway qw(gateway);
use Sluice::Twins;

my $big = join '', map { "$_ abcdefghijklmnop\n" } 1 .. 30_000;
gzip(\$big => \my $gz, -Time => 1, -Minimal => 1);
my $modified = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"x\"\r\n";
my $more = 'X-Many: ' . ('v' x 500) . "\r\n";

# What the upstream sends, by the last part of the path.
my %answers = (
    none => "HTTP/1.1 204 None\r\n\r\n",
    same => "HTTP/1.1 304 Same\r\nETag: \"x\"\r\n\r\n",
    reset => "HTTP/1.1 205 Reset\r\nContent-Length: 0\r\n\r\n",
    bad => "HTTP/1.1 500 Bad\r\nContent-Length: 4\r\n\r\noops",
    unavailable => "HTTP/1.1 503 No\r\nRetry-After: 9\r\nContent-Length: 2\r\n\r\nno",
    teapot => "HTTP/1.1 418 I am a teapot\r\nContent-Length: 1\r\n\r\nt",
    odd => "HTTP/1.1 299 Odd reason\r\nContent-Length: 1\r\n\r\no",
    there => "HTTP/1.1 302 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
    away => "HTTP/1.1 301 There\r\nLocation: http://up.example/y\r\nRefresh: 5; url=http://up.example/z\r\nContent-Length: 0\r\n\r\n",
    cookies => "HTTP/1.1 200 OK\r\nSet-Cookie: a=1; path=/p; domain=up.example\r\nSet-Cookie: b=2\r\nContent-Length: 1\r\n\r\nc",
    big => "HTTP/1.1 200 OK\r\n${modified}Content-Length: " . length($big) . "\r\n\r\n$big",
    gz => "HTTP/1.1 200 OK\r\n${modified}Content-Encoding: gzip\r\nContent-Length: " . length($gz) . "\r\n\r\n$gz",
    chunked => "HTTP/1.1 200 OK\r\n${modified}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    trailers => "HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n",
    chunks => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" . join('', map { sprintf "%x;ext=1\r\n%s\r\n", length, $_ } unpack('(a7777)*', $big), '') ,
    badchunk => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n\r\n",
    cutchunk => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhello",
    end => "HTTP/1.0 200 OK\r\n\r\nto the end",
    empty => "HTTP/1.1 200 OK\r\n${modified}Content-Length: 0\r\n\r\n",
    emptychunked => "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    emptyend => "HTTP/1.0 200 OK\r\n\r\n",
    cut => "HTTP/1.1 200 OK\r\n${modified}Content-Length: 100\r\n\r\ncut",
    cutbig => "HTTP/1.1 200 OK\r\nContent-Length: 900000\r\n\r\n$big",
    cuthead => "HTTP/1.1 200 OK\r\nContent-",
    long => "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdefgh",
    nothing => '',
    noise => "this is no HTTP\r\n\r\n",
    nine => "hello from 0.9\r\n",
    ranges => "HTTP/1.1 200 OK\r\n${modified}Accept-Ranges: bytes\r\nContent-Length: 10\r\n\r\n0123456789",
    partial => "HTTP/1.1 206 Partial\r\n${modified}Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\n\r\n234",
    unsat => "HTTP/1.1 416 No\r\nContent-Range: bytes */10\r\nContent-Length: 0\r\n\r\n",
    interim => "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    many => "HTTP/1.1 200 OK\r\n" . ($more x 5) . "Content-Length: 1\r\n\r\nm",
    huge => "HTTP/1.1 200 OK\r\n" . ($more x 40) . "Content-Length: 1\r\n\r\nm",
    twolen => "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
    html => "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=UTF-8\r\n${modified}Content-Length: 24\r\n\r\n<p>abc <b>small</b></p>\n",
    accel => "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /internal/small\r\nX-Own: 1\r\nContent-Type: a/b\r\nContent-Length: 2\r\n\r\nxx",
    accelbig => "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /internal/big\r\nX-Accel-Limit-Rate: 9000000\r\nContent-Length: 2\r\n\r\nxx",
    accelnamed => "HTTP/1.1 403 No\r\nX-Accel-Redirect: \@named\r\nContent-Length: 2\r\n\r\nxx",
    accelnone => "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /internal/missing\r\nContent-Length: 0\r\n\r\n",
    nobuf => "HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\nContent-Length: 2\r\n\r\nnb",
    charset => "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Accel-Charset: koi8-r\r\nContent-Length: 2\r\n\r\nxx",
    expire => "HTTP/1.1 200 OK\r\nX-Accel-Expires: 0\r\nContent-Length: 1\r\n\r\ne",
    private => "HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 1\r\n\r\np",
    vary => "HTTP/1.1 200 OK\r\nVary: Accept\r\nCache-Control: max-age=60\r\nContent-Length: 1\r\n\r\nv",
    hop => "HTTP/1.1 200 OK\r\nConnection: x-hop\r\nKeep-Alive: 5\r\nX-Hop: 1\r\nServer: other\r\nX-Powered-By: p\r\nContent-Length: 1\r\n\r\nh",
    auth => "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"up\"\r\nContent-Length: 0\r\n\r\n",
);
sub answer
{
    my ($r, $s) = @_;
    my ($kind) = $r->{uri} =~ m{/(\w+)(?:\?|$)};
    $kind //= '';
    if ($kind eq 'upgrade') {
        print $s "HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello ";
        sysread $s, my $b, 100;
        print $s $b;
        return;
    }
    if ($kind eq 'slow') {
        print $s "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 6\r\n\r\n";
        for (qw(a bc def)) {
            select undef, undef, undef, 0.03;
            print $s $_;
        }
        return;
    }
    if ($kind eq 'if') {
        return $answers{same} if $r->header('if-none-match')
            || $r->header('if-modified-since');
        return "HTTP/1.1 200 OK\r\n${modified}Cache-Control: max-age=0\r\nContent-Length: 2\r\n\r\nif";
    }
    if ($kind eq 'sliced') {
        my ($from, $to) = ($r->header('range') // '') =~ /(\d+)-(\d+)/
            or return $answers{big};
        return $answers{unsat} if $from >= length $big;
        $to = length($big) - 1 if $to >= length $big;
        my $part = substr $big, $from, $to - $from + 1;
        return "HTTP/1.1 206 P\r\n${modified}Content-Range: bytes $from-$to/"
            . length($big) . "\r\nContent-Length: " . length($part)
            . "\r\n\r\n$part";
    }
    return $answers{$kind} if defined $answers{$kind};
    # All that came, in a body.
    # Chunks that aren't buffered get a length if they happen to be all there
    # when the upstream's request is made.
    my $raw = $r->{uri} !~ /stream/ ? $r->raw : $r->head
        =~ s/^(Content-Length|Transfer-Encoding):.*\n//rmi . $r->body;
    my $body = $raw =~ s/127\.0\.0\.1:\d+/HOST/gr;
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body)
        . "\r\n\r\n$body";
}
# Where connections are kept each answer says whether this one is: a request on
# one that is just being closed may fail.
my $up = upstream(sub {
    my ($r, $s) = @_;
    my $bytes = answer($r, $s);
    my $how = $r->{uri} =~ m{/echo$} ? 'keep-alive' : 'close';
    $bytes =~ s/^(HTTP\/1\.1 [2-5].*\n)/$1Connection: $how\r\n/m
        if $r->{uri} =~ m{^/eleven} && defined $bytes;
    return $bytes;
});
my $gw = gateway(sub {
    my ($params, $body) = @_;
    my ($kind) = $params->{REQUEST_URI} =~ m{/(\w+)(?:\?|$)};
    $kind //= '';
    return "X-A: 1\r\nContent-Type: x/y\r\n\r\n" if $kind eq 'empty';
    return "Status: 404 Not here\r\n\r\ngone" if $kind eq 'gone';
    return "Status: 204 None\r\n\r\n" if $kind eq 'none';
    return "Location: /elsewhere\r\n\r\n" if $kind eq 'there';
    return "Status: 200 OK\r\nX-Accel-Redirect: /internal/small\r\n\r\n" if $kind eq 'accel';
    return "Content-Length: " . length($big) . "\r\n\r\n$big" if $kind eq 'big';
    return "Content-Length: 100\r\n\r\ncut" if $kind eq 'cut';
    return "Content-Length: 3\r\n\r\nlonger" if $kind eq 'long';
    return "no header" if $kind eq 'noise';
    return "Content-Type: text/plain\r\n\r\n"
        . join "\n", (map { "$_=$params->{$_}" }
            sort keys %$params), $body;
});

# The same variables for each protocol.
my %params = (REQUEST_URI => '$request_uri', CONTENT_LENGTH => '$content_length',
    REQUEST_METHOD => '$request_method', QUERY_STRING => '$query_string',
    CONTENT_TYPE => '$content_type', LONG => 'l' x 200, EMPTY => '""');
my %files = map {
    my $kind = $_;
    ($kind => join '', map { "${kind}_param $_ $params{$_};\n" }
        sort keys %params);
} qw(fastcgi scgi uwsgi);

my $twins = twins(<<'EOF', up => $up->port, dead => free_port(), %$gw, files => { 'html/small' => 'abc small', 'html/big' => $big, %files });
proxy_cache_path %%dir%%/tmp/c keys_zone=c:1m;
proxy_cache_path %%dir%%/tmp/s keys_zone=s:1m;
fastcgi_cache_path %%dir%%/tmp/f keys_zone=f:1m;
upstream dead { server 127.0.0.1:%%dead%%; }
upstream retry { server 127.0.0.1:%%dead%% max_fails=0; server 127.0.0.1:%%up%% backup; }
upstream twice { server 127.0.0.1:%%up%% max_fails=0; server 127.0.0.1:%%up%% backup; }
upstream keep { server 127.0.0.1:%%up%%; keepalive 4; }
upstream hash { hash $uri consistent; server 127.0.0.1:%%up%%; server 127.0.0.1:%%up%% weight=2; }
proxy_read_timeout 3s;
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    server_name localhost;
    client_max_body_size 2m;
    set $up http://127.0.0.1:%%up%%;
    location /up/ { proxy_pass http://127.0.0.1:%%up%%; }
    location /unbuf/ { proxy_buffering off; proxy_pass http://127.0.0.1:%%up%%; }
    location /small/ { proxy_buffers 3 4k; proxy_buffer_size 4k; proxy_busy_buffers_size 4k; proxy_max_temp_file_size 64k; proxy_pass http://127.0.0.1:%%up%%; }
    location /notemp/ { proxy_max_temp_file_size 0; proxy_buffers 3 4k; proxy_busy_buffers_size 4k; proxy_pass http://127.0.0.1:%%up%%; }
    location /eleven/ { proxy_http_version 1.1; proxy_set_header Connection ""; proxy_pass http://keep; }
    location /elevenu/ { proxy_http_version 1.1; proxy_buffering off; proxy_set_header Connection ""; proxy_pass http://keep; }
    location /force/ { proxy_force_ranges on; proxy_pass http://127.0.0.1:%%up%%; }
    location /icpt/ { proxy_intercept_errors on; error_page 500 503 418 /internal/small; error_page 404 = @named; error_page 401 =403 /internal/big; proxy_pass http://127.0.0.1:%%up%%; }
    location /gzip/ { gzip on; gzip_types *; gzip_proxied any; gzip_min_length 1; proxy_pass http://127.0.0.1:%%up%%; }
    location /gunzip/ { gunzip on; proxy_set_header Accept-Encoding gzip; proxy_pass http://127.0.0.1:%%up%%; }
    location /sub/ { sub_filter abc ABC; sub_filter_once off; sub_filter_types *; proxy_pass http://127.0.0.1:%%up%%; }
    location /hide/ { proxy_hide_header ETag; proxy_pass_header Server; proxy_pass_header X-Accel-Expires; proxy_ignore_headers X-Accel-Redirect X-Accel-Buffering; add_header X-Up $upstream_http_etag always; proxy_pass http://127.0.0.1:%%up%%; }
    location /set/ { proxy_set_header X-A $arg_a; proxy_set_header Host up.example; proxy_set_body "new body $request_method"; proxy_method PUT; proxy_pass http://127.0.0.1:%%up%%/x/; }
    location /nobody/ { proxy_pass_request_body off; proxy_set_header Content-Length ""; proxy_pass_request_headers off; proxy_pass http://127.0.0.1:%%up%%; }
    location /redir/ { proxy_redirect http://up.example/ /down/; proxy_redirect ~^/x$ /xx; proxy_cookie_domain up.example down.example; proxy_cookie_path /p /q; proxy_cookie_flags b secure; proxy_pass http://127.0.0.1:%%up%%; }
    location /var/ { proxy_pass $up$request_uri; }
    location /stream/ { proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:%%up%%; }
    location /stream10/ { proxy_request_buffering off; proxy_pass http://127.0.0.1:%%up%%; }
    location /infile/ { client_body_in_file_only clean; proxy_pass http://127.0.0.1:%%up%%; }
    location /single/ { client_body_in_single_buffer on; client_body_buffer_size 1k; proxy_pass http://127.0.0.1:%%up%%; }
    location /upg/ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:%%up%%; }
    location /dead/ { proxy_pass http://dead; }
    location /deadpage/ { error_page 502 504 /internal/small; proxy_pass http://dead; }
    location /deadnamed/ { error_page 502 = @named; proxy_pass http://dead; }
    location /retry/ { proxy_pass http://retry; }
    location /twice/ { proxy_next_upstream error timeout invalid_header http_500 http_503 non_idempotent; proxy_pass http://twice; }
    location /hash/ { proxy_pass http://hash; }
    location /cache/ { proxy_cache c; proxy_cache_valid 200 301 302 1m; proxy_cache_valid any 1m; add_header X-Cache $upstream_cache_status; proxy_pass http://127.0.0.1:%%up%%; }
    location /reval/ { proxy_cache c; proxy_cache_revalidate on; proxy_cache_valid 1m; add_header X-Cache $upstream_cache_status; proxy_pass http://127.0.0.1:%%up%%; }
    location /stale/ { proxy_cache c; proxy_cache_key k$uri; proxy_cache_use_stale error http_500; proxy_cache_lock on; proxy_cache_min_uses 2; proxy_cache_methods GET HEAD POST; proxy_cache_valid 1m; proxy_no_cache $arg_no; proxy_cache_bypass $arg_by; add_header X-Cache $upstream_cache_status; proxy_pass http://127.0.0.1:%%up%%; }
    location /cachegz/ { gzip on; gzip_types *; gzip_proxied any; proxy_cache c; proxy_cache_valid 1m; proxy_force_ranges on; proxy_pass http://127.0.0.1:%%up%%; }
    location /store/ { proxy_store %%dir%%/tmp/stored$uri; proxy_pass http://127.0.0.1:%%up%%; }
    location /slice/ { slice 50k; proxy_cache s; proxy_cache_key $uri$slice_range; proxy_set_header Range $slice_range; proxy_cache_valid 200 206 1m; proxy_http_version 1.1; proxy_pass http://127.0.0.1:%%up%%; }
    location /ssi/ { ssi on; ssi_types *; proxy_pass http://127.0.0.1:%%up%%/; }
    location /rate/ { proxy_limit_rate 9000k; proxy_pass http://127.0.0.1:%%up%%; }
    location /abort/ { proxy_ignore_client_abort on; proxy_pass http://127.0.0.1:%%up%%; }
    location /body/ { auth_request /up/none; addition_types *; add_after_body /up/html; proxy_pass http://127.0.0.1:%%up%%; }
    location /fcgi/ { fastcgi_pass 127.0.0.1:%%fastcgi%%; include %%dir%%/fastcgi; }
    location /fcgiu/ { fastcgi_buffering off; fastcgi_pass 127.0.0.1:%%fastcgi%%; include %%dir%%/fastcgi; }
    location /fcgic/ { fastcgi_cache f; fastcgi_cache_key $uri; fastcgi_cache_valid any 1m; fastcgi_pass 127.0.0.1:%%fastcgi%%; include %%dir%%/fastcgi; }
    location /fcgis/ { fastcgi_request_buffering off; fastcgi_intercept_errors on; error_page 404 /internal/small; fastcgi_pass 127.0.0.1:%%fastcgi%%; include %%dir%%/fastcgi; }
    location /scgi/ { scgi_pass 127.0.0.1:%%scgi%%; include %%dir%%/scgi; }
    location /uwsgi/ { uwsgi_pass 127.0.0.1:%%uwsgi%%; include %%dir%%/uwsgi; }
    location /internal/ { internal; alias %%dir%%/html/; }
    location @named { add_header X-Named 1 always; return 200 "named $request_method"; }
}
EOF

my @headers = ([], ['Accept-Encoding: gzip'], ['Range: bytes=2-4'],
    ['Range: bytes=0-1,4-5'], ['If-None-Match: "x"'],
    ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT']);
my @kinds = (sort(keys %answers), 'slow', 'if');

# Every answer, in every way to pass it on.
for my $kind (@kinds) {
    $twins->same('GET', "/$_/$kind") for qw(up unbuf eleven icpt);
    $twins->same('HEAD', "/up/$kind");
    $twins->same('GET', "/up/$kind", version => '1.0');
    $twins->same_curl('--http2-prior-knowledge', '-H', 'Host: localhost',
        "http://127.0.0.1:%%port:h2%%/up/$kind");
}
for my $where (qw(small notemp elevenu force gzip gunzip sub hide redir rate
    hash body ssi)) {
    for my $kind (qw(big chunked chunks end empty html gz there accel bad
        ranges none same cut cookies away)) {
        $twins->same('GET', "/$where/$kind");
    }
    $twins->same('HEAD', "/$where/$_") for qw(big chunked accel bad);
}
for my $where (qw(up unbuf force gzip cache cachegz)) {
    for my $kind (qw(ranges big if partial)) {
        $twins->same('GET', "/$where/$kind", headers => $_) for @headers;
    }
}
# Caches: missed, hit, revalidated, passed by; slices.
for my $round (1 .. 2) {
    for my $where (qw(cache reval stale fcgic)) {
        for my $kind (qw(ranges none chunked big expire private vary there bad
            cookies if nothing gone x)) {
            $twins->same('GET', "/$where/$kind?$_$round") for 1, 1;
            $twins->same('HEAD', "/$where/$kind?1$round");
        }
    }
    $twins->same('GET', '/stale/ranges?by=1&no=1');
    $twins->same('POST', '/stale/ranges', body => 'x');
    for my $kind (qw(sliced big ranges none bad)) {
        $twins->same('GET', "/slice/$kind", headers => $_) for [],
            ['Range: bytes=50000-90000'], ['Range: bytes=5-9,60000-60009'],
            ['Range: bytes=-10'], ['Range: bytes=9999999-'];
        $twins->same('HEAD', "/slice/$kind");
    }
    $twins->same('GET', "/store/big");
}
# Upstreams that fail.
for my $where (qw(dead deadpage deadnamed retry twice)) {
    $twins->same('GET', "/$where/$_") for qw(x big nothing bad cuthead noise);
    $twins->same('POST', "/$where/x", body => 'abc');
    $twins->same('HEAD', "/$where/x");
    $twins->same('GET', "/$where/x", version => '1.0');
}
# What reaches the upstream.
for my $where (qw(up unbuf eleven set nobody var stream stream10 infile single
    hide icpt abort)) {
    $twins->same('GET', "/$where/echo?a=b%20c", headers => ['X-A: 1', 'x-a: 2',
        'Cookie: a=1', 'Cookie: b=2', 'X-Forwarded-For: 1.2.3.4', 'TE: gzip',
        'X_under: 1', 'Accept: */*', "X-Empty:", 'Keep-Alive: 5']);
    for my $method (qw(POST PUT DELETE PATCH OPTIONS PROPFIND)) {
        $twins->same($method, "/$where/echo", body => 'some body');
    }
    $twins->same('POST', "/$where/echo", body => $_) for '', 'x', 'y' x 20_000,
        'z' x 300_000;
    $twins->same('POST', "/$where/echo", chunked => $_)
        for [], ['abc', 'def'], ['x' x 70_000, 'y'];
    $twins->same('POST', "/$where/echo", body => 'abc', expect_continue => 1);
    $twins->same('POST', "/$where/echo", chunked => ['abc'], expect_continue => 1);
    $twins->same('POST', "/$where/echo", body => 'abc', version => '1.0');
    $twins->same('POST', "/$where/echo", body => 'x' x 2_100_000);
    $twins->same_curl('--http2-prior-knowledge', '-d', 'x' x 5000, '-H',
        'Host: localhost', "http://127.0.0.1:%%port:h2%%/$where/echo");
}
# Other protocols.
for my $where (qw(fcgi fcgiu fcgis scgi uwsgi)) {
    for my $kind (qw(x empty gone none there accel big cut long noise)) {
        $twins->same('GET', "/$where/$kind");
        $twins->same('GET', "/$where/$kind", headers => ['Range: bytes=2-4']);
        $twins->same('HEAD', "/$where/$kind");
    }
    $twins->same('POST', "/$where/x", body => $_) for '', 'abc', 'y' x 30_000;
    $twins->same('POST', "/$where/x", chunked => ['abc', 'def']);
}
# A changed protocol, and one that isn't changed.
for my $where (qw(upg eleven)) {
    $twins->same_bytes("GET /$where/upgrade HTTP/1.1\r\nHost: localhost\r\n"
        . "Connection: upgrade\r\nUpgrade: echo\r\n\r\n", more => ['echoed']);
    $twins->same('GET', "/$where/x", headers => ['Connection: upgrade',
        'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']);
}
$twins->report(800);

done_testing;

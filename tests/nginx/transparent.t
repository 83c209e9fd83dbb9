# nginx with a plugin that exports every callback and returns Continue answers
# as nginx without: status, headers, body, connection.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $big = join '', map { "$_ abcdefghijklmnop\n" } 1 .. 30_000;
my $up = upstream(sub {
    my ($r, $s) = @_;
    my ($kind) = $r->{uri} =~ m{/(\w+)$};
    my $head = "HTTP/1.1 200 OK\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"x\"\r\n";
    return "HTTP/1.1 204 None\r\n\r\n" if $kind eq 'none';
    return "HTTP/1.1 304 Same\r\nETag: \"x\"\r\n\r\n" if $kind eq 'same';
    return "HTTP/1.1 500 Bad\r\nContent-Length: 4\r\n\r\noops" if $kind eq 'bad';
    return "HTTP/1.1 302 There\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n" if $kind eq 'there';
    return $head . 'Content-Length: ' . length($big) . "\r\n\r\n$big" if $kind eq 'big';
    return "${head}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" if $kind eq 'chunked';
    return "HTTP/1.0 200 OK\r\n\r\nto the end" if $kind eq 'end';
    return "${head}Content-Length: 100\r\n\r\ncut" if $kind eq 'cut';
    return '' if $kind eq 'nothing';
    return "${head}Accept-Ranges: bytes\r\nContent-Length: 10\r\n\r\n0123456789" if $kind eq 'ranges';
    if ($kind eq 'upgrade') {
        print $s "HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello ";
        sysread $s, my $b, 100;
        print $s $b;
        return;
    }
    return $head . 'Content-Length: ' . length($r->body) . "\r\n\r\n" . $r->body;
});

my $locations = <<'EOF';
    location / { }
    location /nosend/ { sendfile off; output_buffers 2 4k; alias %%dir%%/html/; }
    location /gzip/ { gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; alias %%dir%%/html/; }
    location /sub/ { sub_filter abc ABC; sub_filter_types *; sub_filter_once off; alias %%dir%%/html/; }
    location /add/ { add_before_body /small; add_after_body /small; addition_types *; alias %%dir%%/html/; }
    location /ssi/ { ssi on; ssi_types *; alias %%dir%%/html/; }
    location /exp/ { expires 1h; add_header X-Add 1 always; etag off; alias %%dir%%/html/; }
    location /ret { return 200 "text"; }
    location /redir { return 301 /x; }
    location /empty { return 200; }
    location /gone { return 410; }
    location /deny { deny all; }
    location /auto/ { autoindex on; alias %%dir%%/html/dir/; }
    location /err { error_page 404 =200 /small; alias %%dir%%/html/none; }
    location /limit { limit_rate 2000k; alias %%dir%%/html/big; }
    location /up/ { proxy_pass http://127.0.0.1:%%up%%; }
    location /unbuf/ { proxy_buffering off; proxy_pass http://127.0.0.1:%%up%%; }
    location /force/ { proxy_force_ranges on; proxy_pass http://127.0.0.1:%%up%%; }
    location /icpt/ { proxy_intercept_errors on; error_page 500 /small; proxy_pass http://127.0.0.1:%%up%%; }
    location /upg/ { proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:%%up%%; }
    location /cache/ { proxy_cache c; proxy_cache_valid 1m; proxy_pass http://127.0.0.1:%%up%%; }
    location /slice/ { slice 4k; proxy_cache c; proxy_cache_key $server_port$uri$slice_range; proxy_set_header Range $slice_range; proxy_cache_valid 200 206 1m; proxy_http_version 1.1; proxy_pass http://127.0.0.1:%%port:origin%%/; }
    location /mir { mirror /up/x; alias %%dir%%/html/small; }
EOF
my $nginx = nginx(<<"EOF", up => $up->port, files => { 'html/small' => 'abc small', 'html/big' => $big, 'html/none/' . 'x' => 1, 'html/zero' => '', 'html/dir/a' => 1, 'html/in.html' => 'x<!--#include virtual="/small" -->y', 'html/index.html' => 'index' });
wasm_plugin s %%plugin:script%% deadline=500ms;
proxy_cache_path %%dir%%/tmp/c keys_zone=c:1m;
max_ranges 5;
server { listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2; server_name same; port_in_redirect off;
$locations }
server { listen 127.0.0.1:%%port:wasm%%; listen 127.0.0.1:%%port:wasmh2%% http2; server_name same; port_in_redirect off; wasm_filter s; wasm_filter s 'rh x';
$locations }
server { listen 127.0.0.1:%%port:origin%%; }
EOF

sub shape
{
    my ($r) = @_;
    my $head = $r->head;
    $head =~ s/^(Date|Expires):.*\r\n//mgi;
    my $body = $r->body;
    # The boundary of a multipart response is a counter.
    $_ =~ s/\b0\d{19}\b/BOUNDARY/g for $head, $body;
    return ($head, $body, $r->complete ? 'complete' : 'cut');
}

my ($n, @different) = (0);
sub compare
{
    my ($method, $uri, %o) = @_;
    my @got;
    for my $port ('main', 'wasm') {
        push @got, [shape($nginx->connect($port)->request($method, $uri, %o))];
    }
    $n++;
    for my $i (0 .. 2) {
        next if $got[0][$i] eq $got[1][$i];
        push @different, "$method $uri " . join(',', %o) =~ s/\n.*//sr;
        diag "$different[-1]\n$got[0][$i]\n----\n$got[1][$i]" if length $got[0][$i] < 2000 && length $got[1][$i] < 2000;
        last;
    }
}

my @static = qw(small big zero dir none/missing in.html);
my @where = ('/', map { "/$_/" } qw(nosend gzip sub add ssi exp));
my @headers = (
    [], ['Accept-Encoding: gzip'], ['Range: bytes=0-9'], ['Range: bytes=5-'], ['Range: bytes=-7'],
    ['Range: bytes=0-1,4-5'], ['Range: bytes=9999999-'], ['Range: bytes=2-3', 'If-Range: "no"'],
    ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'], ['If-None-Match: *'], ['If-Match: "no"'],
    ['If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT'],
);
for my $w (@where) {
    for my $f (@static) {
        # A large body is given to plugins in pieces, and several ranges can
        # only be cut from one: nginx then sends the whole.
        compare('GET', "$w$f", headers => $_) for grep { $f ne 'big' || "@$_" !~ /,4/ } @headers;
        compare('HEAD', "$w$f");
        compare('GET', "$w$f", version => '1.0', close => 1);
    }
}
for my $uri (qw(/ret /redir /empty /gone /deny /auto/ /err /limit /mir /dir/ / /none)) {
    for my $m (qw(GET HEAD POST DELETE OPTIONS)) {
        compare($m, $uri, $m eq 'POST' ? (body => 'abc') : ());
    }
    compare('GET', $uri, version => '1.0', close => 1);
}
for my $w (qw(up unbuf force icpt)) {
    for my $kind (qw(none same bad there big chunked end nothing ranges)) {
        compare('GET', "/$w/$kind", headers => $_) for @headers[0 .. 4, 8];
        compare('HEAD', "/$w/$kind");
        compare('GET', "/$w/$kind", version => '1.0', close => 1);
    }
    compare('POST', "/$w/echo", body => $_) for '', 'abc', $big;
    compare('POST', "/$w/echo", chunked => ['abc', 'def']);
    compare('POST', "/$w/echo", body => 'abc', expect_continue => 1);
}
compare('GET', "/up/cut");
for (1 .. 2) {
    compare('GET', "/cache/$_") for qw(chunked ranges none);
    compare('GET', '/slice/big', headers => $_) for [], ['Range: bytes=5000-9000'];
}
my @upgraded = map {
    my $c = $nginx->connect($_);
    $c->send("GET /upg/upgrade HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    $c->fill(2);
    $c->send('echoed');
    $c->read_all(2) =~ s/^Date.*\n//mr;
} qw(main wasm);
is $upgraded[1], $upgraded[0], 'upgrade';
like $upgraded[1], qr/hello echoed$/, 'and what comes after';
for my $uri (qw(/small /big /gzip/big /up/big /up/chunked /up/none /ret /none)) {
    my @r = map { [shape(Sluice::HTTP::curl('--http2-prior-knowledge', '-H', 'Host: same', "http://127.0.0.1:" . $nginx->port($_) . $uri))] } qw(h2 wasmh2);
    $n++;
    push @different, "HTTP/2 $uri" if "@{$r[0]}" ne "@{$r[1]}";
}
is join("\n", @different), '', "$n requests, no difference";
cmp_ok $n, '>=', 700, 'that many';

done_testing;

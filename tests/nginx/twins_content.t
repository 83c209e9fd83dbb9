# What decides about a request and its answer, the same with plugins that only
# look: rewriting, try_files, error pages, access, limits, subrequests, DAV,
# variables.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Digest::MD5 qw(md5_base64);
use MIME::Base64 qw(encode_base64);
use Sluice::Twins;

my $up = upstream(sub {
    my ($r) = @_;
    return "HTTP/1.1 $1 X\r\nContent-Length: 0\r\nX-User: $1\r\nWWW-Authenticate: x\r\n\r\n"
        if $r->{uri} =~ m{/(\d\d\d)};
    my $body = join ' ', $r->method, $r->uri, $r->header('x-real') // '-', $r->body;
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body";
});
my @codes = qw(200 201 202 204 206 301 302 303 307 308 400 401 402 403 404 405
    406 408 409 410 411 412 413 414 415 416 417 418 421 422 423 429 431 444 451
    495 496 497 499 500 501 502 503 504 505 507 511 599);
my $codes = join '', map { "    location = /code/$_ { return $_; }\n"
    . "    location = /text/$_ { return $_ 'text of $_'; }\n"
    . ($_ < 300 || $_ == 499 ? ''
        : "    location = /page/$_ { error_page $_ /small; return $_; }\n")
    . "    location = /sub/$_ { auth_request /up/$_; return 200 never; alias %%dir%%/html/small; }\n" } @codes;

my $twins = twins(<<'EOF', up => $up->port, codes => $codes, files => { 'html/small' => 'abc small', 'html/big' => 'b' x 200_000, 'html/dir/index.html' => 'index of dir', 'html/try/x.html' => 'tried', 'html/in.html' => 'a<!--#include virtual="/up/ssi?x=1" -->b<!--#include file="small" -->c<!--#block name="e" -->err<!--#endblock --><!--#include virtual="/code/404" stub="e" --><!--#echo var="REMOTE_USER" default="none" -->', 'html/dav/keep' => 'kept', passwd => "user:{PLAIN}secret\n", 'html/sec/a' => 'secured', 'html/ref' => 'referred' });
map $arg_m $mapped { default none; a A; ~^b(?<rest>.*)$ $rest; hostnames; }
geo $arg_ip $geo { default far; 10.0.0.0/8 near; 10.1.0.0/16 nearer; }
split_clients $arg_s $split { 30% one; 40% two; * three; }
limit_req_zone $arg_k zone=req:1m rate=1r/m;
limit_conn_zone $arg_k zone=conn:1m;
userid_domain localhost;
proxy_read_timeout 1s;
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    server_name localhost;
    error_page 599 =200 /small;
    set $own value;
%%codes%%
    location / { }
    location /up/ { proxy_set_header X-Real $http_x_real; proxy_pass http://127.0.0.1:%%up%%; }
    location /rw/last/ { rewrite ^/rw/last/(.*)$ /$1 last; }
    location /rw/break/ { rewrite ^/rw/break/(.*)$ /$1 break; }
    location /rw/args/ { rewrite ^/rw/args/(.*)$ /up/$1?added=1; }
    location /rw/noargs/ { rewrite ^/rw/noargs/(.*)$ /up/$1?; }
    location /rw/red/ { rewrite ^/rw/red/(.*)$ /$1 redirect; }
    location /rw/perm/ { rewrite ^/rw/perm/(.*)$ http://other.example/$1 permanent; }
    location /rw/loop/ { rewrite ^(.*)$ $1x last; }
    location /rw/up/ { rewrite ^/rw/up/(.*)$ /up/deep/$1 break; proxy_pass http://127.0.0.1:%%up%%; }
    location /if/ {
        if ($request_method = POST) { return 405 "no POST"; }
        if ($http_x_a ~* "^yes(.*)") { set $own got$1; }
        if ($arg_up) { proxy_pass http://127.0.0.1:%%up%%; }
        if (!-f $request_filename) { rewrite ^ /small; }
        if ($http_cookie ~ "id=(\d+)") { return 200 "cookie $1 $own"; }
        add_header X-Own $own;
    }
    location /try/ { try_files $uri $uri.html $uri/ /small; }
    location /trydir/ { try_files $uri $uri/index.html =404; alias %%dir%%/html/dir/; }
    location /trynamed/ { try_files $uri @named; }
    location /trycode/ { try_files /none =418; }
    location /tryup/ { try_files /none /up/tried?$args; }
    location @named { add_header X-Named $uri always; return 200 "named $uri $request_method"; }
    location @up { proxy_pass http://127.0.0.1:%%up%%; }
    location /err/ {
        error_page 404 /small;
        error_page 403 =200 /up/403page;
        error_page 410 @named;
        error_page 402 = @up;
        error_page 405 http://other.example/405;
        error_page 406 =307 /moved;
        location /err/403 { return 403; }
        location /err/410 { return 410; }
        location /err/402 { return 402; }
        location /err/405 { return 405; }
        location /err/406 { return 406; }
        location /err/chain { error_page 404 /err/410; }
        location /err/rec { recursive_error_pages on; error_page 404 = /err/402; }
        location /err/loop { recursive_error_pages on; error_page 404 /err/loop/again; }
        location /err/norec { error_page 404 /err/none; }
    }
    location /internal/ { internal; alias %%dir%%/html/; }
    location /toint { error_page 404 =200 /internal/small; }
    location /touri { rewrite ^ /internal/big last; }
    location /allow { allow 127.0.0.1; deny all; alias %%dir%%/html/small; }
    location /deny { deny all; alias %%dir%%/html/small; }
    location /denypage { deny all; error_page 403 /small; }
    location /basic { auth_basic "who?"; auth_basic_user_file %%dir%%/passwd; alias %%dir%%/html/small; }
    location /basicup { auth_basic who; auth_basic_user_file %%dir%%/passwd; proxy_set_header X-Real $remote_user; proxy_pass http://127.0.0.1:%%up%%; }
    location /any { satisfy any; allow 127.0.0.1; deny all; auth_basic x; auth_basic_user_file %%dir%%/passwd; alias %%dir%%/html/small; }
    location /anydeny { satisfy any; deny all; auth_basic x; auth_basic_user_file %%dir%%/passwd; alias %%dir%%/html/small; }
    location /all { satisfy all; deny all; auth_basic x; auth_basic_user_file %%dir%%/passwd; alias %%dir%%/html/small; }
    location /authed { auth_request /up/200; auth_request_set $who $upstream_http_x_user; add_header X-Who $who; alias %%dir%%/html/small; }
    location /authbody { auth_request /authbody/sub; proxy_pass http://127.0.0.1:%%up%%; location /authbody/sub { proxy_pass http://127.0.0.1:%%up%%/204; proxy_pass_request_body off; proxy_set_header Content-Length ""; } }
    location /except { limit_except GET { deny all; } alias %%dir%%/html/small; }
    location /exceptauth { limit_except GET POST { auth_basic x; auth_basic_user_file %%dir%%/passwd; } proxy_pass http://127.0.0.1:%%up%%; }
    location /lreq { limit_req zone=req; alias %%dir%%/html/small; }
    location /lreqc { limit_req zone=req; limit_req_status 429; error_page 429 @named; alias %%dir%%/html/small; }
    location /lreqdry { limit_req zone=req; limit_req_dry_run on; add_header X-Lim $limit_req_status; alias %%dir%%/html/small; }
    location /lconn { limit_conn conn 1; limit_conn_status 509; add_header X-Lim $limit_conn_status; proxy_pass http://127.0.0.1:%%up%%; }
    location /sec/ { secure_link $arg_md5,$arg_e; secure_link_md5 "$secure_link_expires$uri secret"; if ($secure_link = "") { return 403; } if ($secure_link = "0") { return 410; } alias %%dir%%/html/sec/; }
    location /secret/ { secure_link_secret word; if ($secure_link = "") { return 403; } rewrite ^ /sec2/$secure_link; }
    location /sec2/ { internal; alias %%dir%%/html/sec/; }
    location /ref { valid_referers none blocked server_names *.ok.example; if ($invalid_referer) { return 403; } }
    location /mirror { mirror /up/mirrored; mirror /small; proxy_pass http://127.0.0.1:%%up%%; }
    location /mirrup { proxy_pass_request_body off; proxy_set_header Content-Length ''; proxy_pass http://127.0.0.1:%%up%%; }
    location /mirrornobody { mirror /mirrup; mirror_request_body off; proxy_pass http://127.0.0.1:%%up%%; }
    location /mirrorfile { mirror /up/mirrored; alias %%dir%%/html/small; }
    location /ssi/ { ssi on; ssi_types *; alias %%dir%%/html/; }
    location /add/ { add_before_body /up/before; add_after_body /code/404; addition_types *; alias %%dir%%/html/; }
    location /dav/ { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; dav_access user:rw group:r; client_body_temp_path %%dir%%/tmp; alias %%dir%%/html/dav/; }
    location /davmin/ { dav_methods PUT; min_delete_depth 2; alias %%dir%%/html/dav/; }
    location /stub { stub_status; }
    location /vars { return 200 "$mapped $geo $split $own $uri $args $is_args $request_length $content_type $remote_addr $scheme $request_uri $document_uri $query_string $server_protocol $host $http_x_a $cookie_c $arg_q $request_method $request_completion $pipe $body_bytes_sent $status $binary_remote_addr $nginx_version $hostname"; }
    location /varup { proxy_set_header X-Real "$mapped $geo $split $request_length $request_body $content_length"; proxy_pass http://127.0.0.1:%%up%%; }
    location /uid { userid on; userid_name u; add_header X-Uid $uid_got; alias %%dir%%/html/small; }
    location /real { set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; real_ip_recursive on; return 200 "$remote_addr $realip_remote_addr"; }
    location /realdeny { set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For; deny 9.9.9.9; allow all; alias %%dir%%/html/small; }
    location /post { post_action /up/after; alias %%dir%%/html/small; }
    location /hide { server_tokens off; alias %%dir%%/html/none; }
    location /msie { msie_padding on; alias %%dir%%/html/none; }
    location /relative { absolute_redirect off; alias %%dir%%/html/dir; }
    location /nested { location /nested/in { return 200 in; } location ~ \.x$ { return 200 regex; } return 200 out; }
    location = /exact { return 200 exact; }
    location ~* ^/re/(?<cap>\w+) { return 200 "captured $cap"; }
    location ^~ /pre { return 200 prefix; }
    location ~ /pre { return 200 never; }
    location /merge { return 200 $uri; }
    location /max { client_max_body_size 10; proxy_pass http://127.0.0.1:%%up%%; }
}
server { listen 127.0.0.1:%%port%%; server_name other.example *.wild.example ~^re\d+\.example$; location / { return 200 "other $host $server_name"; } }
EOF

for my $code (@codes) {
    $twins->same('GET', "/$_/$code") for qw(code text page sub);
    $twins->same('HEAD', "/code/$code");
    $twins->same('POST', "/code/$code", body => 'abc');
    $twins->same('GET', "/text/$code", version => '1.0');
}
# Rewriting and choosing.
for my $kind (qw(last break args noargs red perm loop up)) {
    $twins->same('GET', "/rw/$kind/$_") for qw(small big missing dir a?q=1);
    $twins->same('POST', "/rw/$kind/x", body => 'abc');
    $twins->same('HEAD', "/rw/$kind/small");
}
for my $uri (qw(/if/x /if/x?up=1 /try/x /try/none /try/ /trydir/ /trydir/none
    /trynamed/x /trycode/x /tryup/x?a=1 /err/404 /err/403 /err/410 /err/402
    /err/405 /err/406 /err/chain /err/rec /err/loop /err/norec /internal/small
    /toint /touri /nested /nested/in /nested/a.x /exact /exact/ /re/word
    /RE/word /prefix /merge//a///b /relative /hide /msie /dir /dir/
    /%73mall /small%3f /up/a%2fb?c%20d /up/../small /up/./x /up//y /../x
    /?a /~ /%zz /%00), '/small#frag', '/small?#') {
    $twins->same('GET', $uri);
    $twins->same('POST', $uri, body => 'abc');
    $twins->same('HEAD', $uri);
    $twins->same('GET', $uri, version => '1.0');
}
$twins->same('GET', '/if/x', headers => $_) for ['X-A: yes!'],
    ['Cookie: id=12'], ['X-A: yes!', 'Cookie: id=7'];
$twins->same('GET', '/', host => $_) for qw(other.example a.wild.example
    re5.example LOCALHOST localhost:99 unknown localhost.), '127.0.0.1', '[::1]';
# Who may.
my $good = 'Authorization: Basic ' . encode_base64('user:secret', '');
my @auth = ([], [$good], ['Authorization: Basic xxxx'],
    ['Authorization: Bearer x'], [$good =~ s/Basic/basic/r]);
for my $uri (qw(/allow /deny /denypage /basic /basicup /any /anydeny /all
    /authed /authbody /except /exceptauth)) {
    $twins->same('GET', $uri, headers => $_) for @auth;
    $twins->same($_, $uri) for qw(HEAD DELETE OPTIONS PATCH);
    $twins->same('POST', $uri, body => 'abc');
    $twins->same('POST', $uri, chunked => ['abc'], headers => [$good]);
}
my $md5 = md5_base64('2147483647/sec/a secret') =~ tr{+/}{-_}r;
my $old = md5_base64('1/sec/a secret') =~ tr{+/}{-_}r;
$twins->same('GET', "/sec/a$_") for '', "?md5=$md5&e=2147483647",
    "?md5=$md5&e=2147483646", "?md5=$old&e=1", '?md5=x';
$twins->same('GET', "/secret/$_") for 'x/a',
    unpack('H*', Digest::MD5::md5('aword')) . '/a';
$twins->same('GET', '/ref', headers => $_) for [], ['Referer: http://a.ok.example/'],
    ['Referer: http://bad.example/'], ['Referer: blocked'];
for my $uri (qw(/lreq /lreqc /lreqdry)) {
    $twins->same('GET', "$uri?k=$_") for qw(a b a b c a), '';
    $twins->same('HEAD', "$uri?k=d") for 1 .. 2;
    $twins->same('POST', "$uri?k=e", body => 'x') for 1 .. 2;
}
$twins->same('GET', '/lconn?k=a') for 1 .. 2;
$twins->same('POST', '/max', body => 'x' x $_) for 10, 11, 100_000;
$twins->same('POST', '/max', chunked => ['x' x $_]) for 10, 11;
$twins->same('PUT', '/max', body => 'x' x 11, expect_continue => 1);
# Subrequests.
for my $uri (qw(/mirror /mirrornobody /mirrorfile /ssi/in.html /ssi/small
    /add/small /add/big /add/none /post)) {
    $twins->same('GET', $uri, headers => $_) for [], ['Range: bytes=1-2'];
    $twins->same('HEAD', $uri);
    $twins->same('POST', $uri, body => 'abc');
    $twins->same('POST', $uri, chunked => ['abc', 'x' x 40_000]);
    $twins->same('GET', $uri, version => '1.0');
}
# Files that change.
my @dav = (
    [PUT => 'new', body => 'first'], [GET => 'new'],
    [PUT => 'new', body => 'second'], [PUT => 'a/b/c', body => 'deep'],
    [PUT => 'chunked', chunked => ['ab', 'cd']], [GET => 'chunked'],
    [PUT => 'large', body => 'l' x 300_000], [GET => 'large'],
    [PUT => 'dated', body => 'd', headers => ['Date: Sun, 06 Nov 1994 08:49:37 GMT']],
    [PUT => 'ranged', body => 'd', headers => ['Content-Range: bytes 0-1/2']],
    [PUT => '', body => 'dir'], [PUT => 'empty', body => ''], [GET => 'empty'],
    [MKCOL => 'col/'], [MKCOL => 'col/'], [MKCOL => 'nocol'],
    [MKCOL => 'body/', body => 'x'], [MKCOL => 'no/such/'],
    [COPY => 'new', headers => ['Destination: http://localhost/dav/copied']],
    [COPY => 'new', headers => ['Destination: /dav/copied', 'Overwrite: F']],
    [COPY => 'new', headers => ['Destination: http://else.example/dav/x']],
    [COPY => 'new'], [COPY => 'a/', headers => ['Destination: /dav/acopy/', 'Depth: infinity']],
    [MOVE => 'copied', headers => ['Destination: /dav/moved']],
    [MOVE => 'none', headers => ['Destination: /dav/x']], [GET => 'moved'],
    [DELETE => 'moved'], [DELETE => 'moved'], [DELETE => 'a/'],
    [DELETE => 'a/', headers => ['Depth: 0']], [DELETE => 'col/', body => 'x'],
    [PROPFIND => ''], [POST => 'new', body => 'x'], [OPTIONS => 'new'],
);
for (@dav) {
    my ($method, $name, @more) = @$_;
    $twins->same($method, "/dav/$name", @more);
}
$twins->same($_, '/davmin/keep') for qw(GET DELETE);
$twins->same('DELETE', '/davmin/a');
# Variables.
for my $q (qw(m=a m=bcd m=x ip=10.1.2.3 ip=10.2.3.4 ip=1.1.1.1 ip=bad s=a s=b
    s=c q=%41 q=)) {
    $twins->same('GET', "/vars?$q", headers => ['X-A: a', 'Cookie: c=1; d=2']);
    $twins->same('POST', "/varup?$q", body => "body $q",
        headers => ['Content-Type: text/x']);
}
$twins->same('GET', '/uid', headers => ['Cookie: u=fwAAAWVT8QAAAAAAAwMCAg==']);
$twins->same('GET', $_, headers => ['X-Real-IP: 9.9.9.9', 'X-Forwarded-For: 9.9.9.9'])
    for qw(/real /realdeny);
$twins->same('GET', '/real', headers => ['X-Real-IP: bad']);
# HTTP/2.
for my $uri (qw(/code/404 /code/204 /code/444 /page/500 /rw/last/small /rw/red/x /try/x
    /err/410 /basic /deny /authed /mirror /ssi/in.html /add/big /dav/keep /vars
    /if/x /lreq?k=h2 /touri)) {
    for my $more ([], ['-I'], ['-u', 'user:secret'], ['-r', '0-1']) {
        $twins->same_curl('--http2-prior-knowledge', @$more,
            '-H', 'Host: localhost', "http://127.0.0.1:%%port:h2%%$uri");
    }
}
$twins->report(700);

done_testing;

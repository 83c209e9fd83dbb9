# Files and what is made of them, the same with plugins that only look:
# static files, index, listings, ranges, conditions, gzip, SSI and the other
# filters of bodies.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use IO::Compress::Gzip qw(gzip);
use Sluice::Twins;

my $big = join '', map { "$_ abcdefghijklmnop\n" } 1 .. 30_000;
gzip(\"gzipped by us, abc\n" => \my $gz, -Time => 1, -Minimal => 1);
# An FLV header, and an MP4 of two boxes that can't be searched.
my $flv = "FLV\1\5\0\0\0\11\0\0\0\0" . 'v' x 3000;
my $mp4 = pack('N', 24) . 'ftypisom' . pack('N', 0) . 'isommp41'
    . pack('N', 3008) . 'mdat' . 'm' x 3000;

my $twins = twins(<<'EOF', files => { 'html/small' => 'abc small', 'html/big' => $big, 'html/zero' => '', 'html/dir/a' => 1, 'html/dir/sub/b' => 'bb', 'html/in.html' => 'x<!--#include virtual="/small" -->y', 'html/index.html' => 'index', 'html/all.html' => '<!--#set var="a" value="1" --><!--#if expr="$a = 1" -->yes<!--#else -->no<!--#endif --><!--#echo var="a" --><!--#include virtual="/none" --><!--#include virtual="/big" --><!--#config timefmt="%Y" -->', 'html/z.txt' => 'plain', 'html/z.txt.gz' => $gz, 'html/only.gz' => $gz, 'html/only.txt.gz' => $gz, 'html/random/one' => 'the only one', 'html/v.flv' => $flv, 'html/v.mp4' => $mp4, 'html/page.html' => "<html><body>caf\xe9</body></html>", 'html/deny/x' => 'x', 'html/a b' => 'blank' });
types { text/html html; text/plain txt; video/mp4 mp4; application/x-gzip gz; }
gzip_proxied any;
open_file_cache max=100;
open_file_cache_errors on;
max_ranges 5;
charset_map koi8-r utf-8 { C0 D18E; E9 D0B8; }
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    server_name localhost;
    location / { }
    location /nosend/ { sendfile off; output_buffers 2 4k; alias %%dir%%/html/; }
    location /send/ { sendfile on; tcp_nopush on; sendfile_max_chunk 8k; alias %%dir%%/html/; }
    location /aio/ { aio threads; sendfile on; alias %%dir%%/html/; }
    location /direct/ { directio 512; alias %%dir%%/html/; }
    location /gzip/ { gzip on; gzip_types *; gzip_min_length 1; gzip_vary on; alias %%dir%%/html/; }
    location /gzip10/ { gzip on; gzip_types *; gzip_min_length 1; gzip_http_version 1.0; gzip_disable msie6; gzip_buffers 2 1k; alias %%dir%%/html/; }
    location /static/ { gzip_static on; alias %%dir%%/html/; }
    location /always/ { gzip_static always; gunzip on; alias %%dir%%/html/; }
    location /sub/ { sub_filter abc ABC; sub_filter small LARGE; sub_filter_types *; sub_filter_once off; alias %%dir%%/html/; }
    location /once/ { sub_filter abc ''; sub_filter_last_modified on; sub_filter_types *; alias %%dir%%/html/; }
    location /add/ { add_before_body /small; add_after_body /small; addition_types *; alias %%dir%%/html/; }
    location /addgz/ { add_after_body /big; addition_types *; gzip on; gzip_types *; sub_filter b B; sub_filter_types *; alias %%dir%%/html/; }
    location /ssi/ { ssi on; ssi_types *; ssi_last_modified on; alias %%dir%%/html/; }
    location /ssigz/ { ssi on; ssi_types *; gzip on; gzip_types *; ssi_silent_errors on; alias %%dir%%/html/; }
    location /exp/ { expires 1h; add_header X-Add 1 always; add_header X-Ok 2; etag off; alias %%dir%%/html/; }
    location /epoch/ { expires epoch; if_modified_since off; alias %%dir%%/html/; }
    location /never/ { expires max; if_modified_since before; alias %%dir%%/html/; }
    location /trail/ { add_trailer X-T $request_method; add_trailer X-U always always; alias %%dir%%/html/; }
    location /char/ { charset utf-8; source_charset koi8-r; charset_types *; alias %%dir%%/html/; }
    location /lat/ { charset iso-8859-1; alias %%dir%%/html/; }
    location /auto/ { autoindex on; alias %%dir%%/html/dir/; }
    location /json/ { autoindex on; autoindex_format json; alias %%dir%%/html/dir/; }
    location /xml/ { autoindex on; autoindex_format xml; autoindex_exact_size off; alias %%dir%%/html/dir/; }
    location /html/ { autoindex on; autoindex_localtime on; alias %%dir%%/html/; }
    location /ind/ { index none small; alias %%dir%%/html/; }
    location /indabs/ { index none /small; alias %%dir%%/html/; }
    location /rand/ { random_index on; alias %%dir%%/html/random/; }
    location /flv/ { flv; alias %%dir%%/html/; }
    location /mp4/ { mp4; alias %%dir%%/html/; }
    location /rate/ { limit_rate 4000k; alias %%dir%%/html/; }
    location /after/ { limit_rate_after 1k; limit_rate 4000k; alias %%dir%%/html/; }
    location /none/ { max_ranges 0; alias %%dir%%/html/; }
    location /two/ { max_ranges 2; alias %%dir%%/html/; }
    location /slash { alias %%dir%%/html/dir; }
    location /gif { empty_gif; }
    location /link/ { disable_symlinks on; alias %%dir%%/html/; }
}
EOF

my @plain = ([], ['Accept-Encoding: gzip'], ['Range: bytes=0-9']);
my @conditions = (
    ['Range: bytes=5-'], ['Range: bytes=-7'], ['Range: bytes=0-1,4-5'],
    ['Range: bytes=-1,0-0,2-3'], ['Range: bytes=9999999-'],
    ['Range: bytes=5-2'], ['Range: lines=1-2'], ['Range: bytes=0-0,-0'],
    ['Range: bytes=0-1,2-3,4-5,6-7,8-9,0-3'], ['Range: bytes= 0 - 3'],
    ['Range: bytes=0-8,1-2'], ['Range: bytes=0-99999999999999999999'],
    ['Range: bytes=2-3', 'If-Range: "no"'],
    ['Range: bytes=2-3', 'If-Range: Tue, 14 Nov 2023 22:13:20 GMT'],
    ['Range: bytes=2-3', 'If-Range: Tue, 14 Nov 2023 22:13:21 GMT'],
    ['If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
    ['If-Modified-Since: Tue, 14 Nov 2023 22:13:20 GMT'],
    ['If-Modified-Since: rubbish'], ['If-None-Match: *'],
    ['If-None-Match: "6553f4a0-9"'], ['If-None-Match: W/"6553f4a0-9", "x"'],
    ['If-None-Match: "no"'], ['If-Match: "no"'], ['If-Match: *'],
    ['If-Match: "6553f4a0-9"'],
    ['If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT'],
    ['If-Unmodified-Since: Fri, 01 Jan 2100 00:00:00 GMT'],
    ['Accept-Encoding: gzip;q=0, *'], ['Accept-Encoding: br, gzip;q=0.5'],
    ['Accept-Encoding: gzip', 'Range: bytes=0-3'],
    ['Accept-Encoding: gzip', 'User-Agent: Mozilla/4.0 (MSIE 6.0;)'],
    ['Accept-Encoding: gzip', 'Via: 1.1 x'],
);

# Every condition on the plain files, and on a few filters.
for my $uri (qw(/small /big /zero /gzip/small /sub/big /static/z.txt
    /exp/small /nosend/big /always/z.txt /ssi/in.html /never/small)) {
    $twins->same('GET', $uri, headers => $_) for @plain, @conditions;
}
# Every filter on every kind of file.
for my $where ('', map { "/$_" } qw(nosend send aio direct gzip gzip10 static
    always sub once add addgz ssi ssigz exp epoch never trail char lat rate
    after none two link)) {
    for my $file (qw(small big zero in.html z.txt)) {
        $twins->same('GET', "$where/$file", headers => $_) for @plain;
        $twins->same('HEAD', "$where/$file");
        $twins->same('GET', "$where/$file", version => '1.0');
    }
    $twins->same('GET', "$where/$_") for qw(missing dir dir/ all.html
        only.txt page.html a%20b a%00b ../x dir/a/ dir/../small);
    $twins->same('GET', "$where/big", headers => ['Range: bytes=0-1,99999-']);
    $twins->same('POST', "$where/small", body => 'x');
}
# Listings, indexes, players.
for my $uri (qw(/auto/ /json/ /xml/ /html/ /ind/ /indabs/ /rand/ / /slash
    /auto/sub /auto/sub/ /gif /gif/x)) {
    $twins->same($_, $uri) for qw(GET HEAD DELETE OPTIONS PUT);
    $twins->same('GET', $uri, version => '1.0');
}
for my $query ('', qw(?start=0 ?start=100 ?start=99999 ?start=x ?start=1&end=2
    ?end=1.5)) {
    $twins->same('GET', "/flv/v.flv$query");
    $twins->same('GET', "/mp4/v.mp4$query");
    $twins->same('GET', "/mp4/v.flv$query", headers => ['Range: bytes=1-2']);
}
# HTTP/2.
for my $uri (qw(/small /big /gzip/big /add/big /ssi/all.html /trail/big /zero
    /missing /auto/)) {
    for my $more ([], ['-I'], ['-r', '0-3'], ['--compressed']) {
        $twins->same_curl('--http2-prior-knowledge', @$more,
            '-H', 'Host: localhost', "http://127.0.0.1:%%port:h2%%$uri");
    }
}
$twins->report(1000);

done_testing;

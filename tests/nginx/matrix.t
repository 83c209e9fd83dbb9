# Bodies of both directions: every size, in one piece or byte by byte, buffered
# and not, changed in every way, over every protocol.  Exact bytes, one right
# framing, bounded memory.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Digest::MD5 qw(md5_hex);
use IO::Uncompress::Gunzip qw(gunzip);
use Socket qw(IPPROTO_TCP TCP_NODELAY);
use Sluice::Nginx;

my @sizes = (0, 1, 4095, 4096, 65_537);
my $huge = 50 << 20;
my $text = substr join('', map { "line $_ of text\n" } 1 .. 5_000), 0, 65_537;
sub bytes
{
    my ($size) = @_;
    return substr $size <= length $text ? $text : $text x ($huge / 65_536), 0,
        $size;
}

# What the plugin makes of bytes.
my %made = (
    pass => sub { $_[0] },
    upper => sub { uc $_[0] },
    insert => sub { "<<$_[0]>>" },
    hold => sub { "<<$_[0]>>" },
    shrink => sub { $_[0] =~ s/(.)./$1/gsr },
    grow => sub { $_[0] =~ s/(.)/$1$1/gsr },
    replace => sub { 'REPLACED' },
);

# GET /SIZE/HOW answers that many bytes; POST answers what came.
my $up = upstream(sub {
    my ($r, $s) = @_;
    my ($size, $how) = $r->{uri} =~ m{/(\d+)/(\w+)$};
    if (!defined $size) {
        my $answer = join ' ', length $r->body, md5_hex($r->body),
            $r->header('content-length') // '-',
            $r->header('transfer-encoding') // '-';
        return "HTTP/1.1 200 OK\r\nX-Got: $answer\r\nContent-Length: 0\r\n\r\n";
    }
    my $body = bytes($size);
    my $head = "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nAccept-Ranges: bytes\r\n";
    return "HTTP/1.1 304 Same\r\nETag: \"e\"\r\n\r\n"
        if $r->header('if-none-match');
    if ($how eq 'upgrade') {
        syswrite $s, "HTTP/1.1 101 Up\r\nConnection: upgrade\r\n"
            . "Upgrade: echo\r\n\r\nhello";
        syswrite $s, $_ while sysread $s, $_, 4096;
        return;
    }
    return "$head\r\n$body" if $how eq 'close';
    return "${head}Content-Length: $size\r\n\r\n$body" if $how eq 'length';
    return "${head}Transfer-Encoding: chunked\r\n\r\n"
        . join '', map { sprintf "%x\r\n%s\r\n", length, $_ }
            unpack('(a5000)*', $body), '' if $how eq 'chunked';
    # Byte by byte.
    setsockopt $s, IPPROTO_TCP, TCP_NODELAY, 1;
    syswrite $s, "${head}Content-Length: $size\r\n\r\n";
    syswrite $s, $_ for split //, $body;
    return;
});

# Not before the upstream, which is copied for each connection.
my $all = bytes($huge);
my $md5 = md5_hex($all);

my $locations = join '', map { <<"EOF" } sort keys %made;
    location /$_/ { wasm_filter $_ $_; proxy_pass http://127.0.0.1:%%up%%; }
    location /u/$_/ { wasm_filter $_ $_; proxy_buffering off; proxy_request_buffering off; proxy_http_version 1.1; proxy_pass http://127.0.0.1:%%up%%; }
    location /g/$_/ { wasm_filter $_ $_; gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; proxy_pass http://127.0.0.1:%%up%%; }
    location /up/$_/ { wasm_filter $_ $_; proxy_http_version 1.1; proxy_set_header Upgrade \$http_upgrade; proxy_set_header Connection upgrade; proxy_pass http://127.0.0.1:%%up%%; }
    location /f/$_/ { wasm_filter $_ $_; alias %%dir%%/html/; }
    location /dav/$_/ { wasm_filter $_ $_; dav_methods PUT; create_full_put_path on; client_body_temp_path %%dir%%/tmp; root %%dir%%/html; }
EOF
my $plugins = join '', map { "wasm_plugin $_ %%plugin:resize%% deadline=1s;\n" }
    sort keys %made;
my $nginx = nginx(<<"EOF", up => $up->port, files => { 'html/dav/x' => 1, (map { ("html/$_" => substr $all, 0, $_) } @sizes), 'html/huge' => $all });
$plugins
server {
    listen 127.0.0.1:%%port%%; listen 127.0.0.1:%%port:h2%% http2;
    client_max_body_size 100m;
    default_type text/plain;
    location /raw/ { alias %%dir%%/html/; }
$locations}
EOF
my ($worker) = $nginx->workers;
chmod 0777, $nginx->dir . '/html/dav';

# Everything is compared, a few words are said.
my ($cases, @wrong) = (0);
sub check
{
    my ($name, $ok) = @_;
    $cases++;
    push @wrong, $name unless $ok;
}
sub done
{
    my ($what) = @_;
    is join("\n", splice @wrong), '', "$what: $cases cases";
    $cases = 0;
}
# Each on a connection of its own, as to another host.
my $hosts = 0;
sub h2_args
{
    my ($uri, @more) = @_;
    my $old = grep { /^--http1/ } @more;
    return ($old ? () : '--http2-prior-knowledge', @more, '--connect-to',
        '::127.0.0.1:', 'http://host' . ++$hosts . '.test:'
            . $nginx->port($old ? 'main' : 'h2') . $uri);
}
sub h2 { return Sluice::HTTP::curl(h2_args(@_)) }

# Checks of responses to come: [what h2 gets, NAME, SUB].
sub check_all
{
    my @r = Sluice::HTTP::curls(map { [h2_args(@{ $_->[0] })] } @_);
    check($_->[1], $_->[2]->(shift @r)) for @_;
}

# Responses: the length is told where the upstream tells one.
for my $op (sort keys %made) {
    for my $where ("/$op", "/u/$op") {
        my @h2;
        for my $size (@sizes) {
            my $made = $made{$op}->(substr $all, 0, $size);
            for my $how ('length', 'chunked', 'close',
                $size > 1 && ($size <= 4096 || $op eq 'grow') ? 'bytes' : ())
            {
                my $told = $how eq 'length' || $how eq 'bytes';
                # Where no body follows the headers no plugin gets one.
                my $want = $told && !$size ? '' : $made;
                my $uri = "$where/$size/$how";
                my $r = $nginx->get($uri);
                check("$uri", $r->status == 200 && $r->complete
                    && $r->body eq $want
                    && $r->framing eq ($told ? 'length' : 'chunked'));
                $r = $nginx->get($uri, version => '1.0', close => 1);
                check("$uri 1.0", $r->complete && $r->body eq $want
                    && $r->framing eq ($told ? 'length' : 'close'));
                next if $how eq 'bytes';
                push @h2, [[$uri], "$uri h2", sub {
                    my ($r) = @_;
                    return $r->complete && $r->body eq $want
                        && ($r->header('content-length') // '-')
                            eq ($told ? length $want : '-');
                }];
            }
        }
        check_all(@h2);
    }
}
done('responses');

# Requests: what reaches the upstream has a length.
for my $op (sort keys %made) {
    for my $where ("/$op", "/u/$op") {
        my @h2;
        for my $size (@sizes) {
            my $body = substr $all, 0, $size;
            my $want = $size ? $made{$op}->($body) : '';
            my $got = join ' ', length $want, md5_hex($want);
            my %ways = (
                length => { body => $body },
                chunked => { chunked => [unpack '(a4000)*', $body] },
                continue => { body => $body, expect_continue => 1 },
                old => { body => $body, version => '1.0' },
            );
            # An empty chunked body is one that a plugin can add to.
            my $empty = join ' ', length $made{$op}->(''), md5_hex($made{$op}->(''));
            for my $way (sort keys %ways) {
                my $r = $nginx->request('POST', "$where/post", %{ $ways{$way} });
                my $right = $way eq 'chunked' && $size == 0 ? $empty : $got;
                check("POST $where $size $way: " . ($r->header('x-got') // 'none'),
                    ($r->header('x-got') // '')
                        =~ /^$right (\d+ -|- -|- chunked)$/);
            }
            next if $size == 0;
            my $file = $nginx->dir . "/html/$size";
            push @h2, [["$where/post", '--data-binary', "\@$file"],
                "POST $where $size h2",
                sub { ($_[0]->header('x-got') // '') =~ /^$got / }];
        }
        check_all(@h2);
    }
    for my $where ("/$op", "/u/$op") {
        my $body = substr $all, 0, $op eq 'grow' ? 65_537 : 300;
        my $c = $nginx->connect;
        $c->send("POST $where/post HTTP/1.1\r\nHost: a\r\nContent-Length: "
            . length($body) . "\r\nConnection: close\r\n\r\n");
        setsockopt $c->socket, IPPROTO_TCP, TCP_NODELAY, 1;
        $c->send($_) for split //, $body;
        my $want = $made{$op}->($body);
        check("POST $where, bytes", ($c->response->header('x-got') // '')
            =~ join ' ', '^' . length $want, md5_hex($want), '');
    }
}
# curl sends what it reads, a frame each.
my $slow = $nginx->dir . '/slow';
write_file("$slow.pl", '$| = 1; for (1 .. 200) { print "x"; '
    . 'select undef, undef, undef, 0.001 }');
my %slow;
for my $uri (map { ("/$_/post", "/u/$_/post") } sort keys %made) {
    open $slow{$uri}, '-|', "perl $slow.pl | curl -s --http2-prior-knowledge "
        . '-i -X POST -T - http://127.0.0.1:' . $nginx->port('h2') . $uri
        or die "$!\n";
}
for my $uri (sort keys %slow) {
    my $head = do { local $/; readline $slow{$uri} };
    my ($op) = $uri =~ m{(\w+)/post};
    my $want = $made{$op}->('x' x 200);
    check("POST $uri, h2, frames: $head", $head =~ join ' ',
        'x-got:', length $want, md5_hex($want), '');
}
done('requests');

# Files, gzip, ranges, HEAD, 304; PUT into a file.
for my $op (sort keys %made) {
    for my $size (@sizes) {
        my $want = $size ? $made{$op}->(substr $all, 0, $size) : '';
        my $r = $nginx->get("/f/$op/$size");
        check("file $op $size", $r->body eq $want && $r->framing eq 'length');
        $r = $nginx->request('HEAD', "/f/$op/$size");
        check("HEAD $op $size", $r->status == 200 && $r->body eq ''
            && $r->framing eq 'none');
        $r = $nginx->get("/g/$op/$size/length", headers => ['Accept-Encoding: gzip']);
        my $body = $r->body;
        gunzip(\$body => \my $plain) if $r->header('content-encoding');
        check("gzip $op $size", $r->complete && ($plain // $body) eq $want);
        $r = $nginx->get("/f/$op/$size", headers => ['Range: bytes=1-3']);
        check("range $op $size", $size <= 1 && ($op eq 'pass' || !$size)
            ? $r->status == 416
            : $op eq 'pass'
            ? $r->status == 206 && $r->body eq substr($want, 1, 3)
            : $r->status == 200 && $r->body eq $want);
        $r = $nginx->get("/$op/$size/length", headers => ['If-None-Match: "e"']);
        check("304 $op $size", $r->status == 304 && $r->head !~ /length: [1-9]/i);
        $nginx->request('PUT', "/dav/$op/$size", body => substr $all, 0, $size);
        $r = read_file($nginx->dir . "/html/dav/$op/$size");
        check("PUT $op $size", ($r // '-') eq ($size ? $want : ''));
    }
}
done('files');

# Another protocol: plugins see its headers, and nothing of what follows.
for my $op (sort keys %made) {
    my $c = $nginx->connect;
    $c->send("GET /up/$op/0/upgrade HTTP/1.1\r\nHost: a\r\n"
        . "Connection: upgrade\r\nUpgrade: echo\r\n\r\n");
    $c->fill(1) || last until $c->{buffer} =~ /\r\n\r\nhello$/;
    check("upgrade $op", $c->{buffer} =~ /^HTTP\/1.1 101 /);
    $c->{buffer} = '';
    for my $size (1, 4095, 4096, 65_537) {
        my $bytes = substr $all, 0, $size;
        $c->send($bytes);
        $c->fill(1) || last while length $c->{buffer} < $size;
        check("upgrade $op $size", $c->{buffer} eq $bytes);
        $c->{buffer} = '';
    }
}
done('upgrade');

# 50 MB.
my $before = $nginx->rss($worker);
my $huge_file = $nginx->dir . '/html/huge';
sub big
{
    my ($name, $want, @args) = @_;
    my $uri = pop @args;
    my $r = h2($uri, @args);
    check("$name: $r->{status} $r->{exit}", $r->complete && $want->($r));
    my $grown = $nginx->rss($worker) - $before;
    check("$name: $grown bytes", $ENV{SLUICE_SAN} || $grown < 32 << 20);
}
my $same = sub { md5_hex($_[0]->body) eq $md5 };
my $upper = sub { md5_hex($_[0]->body) eq md5_hex(uc $all) };
my $posted = sub { ($_[0]->header('x-got') // '') =~ /^$huge $md5 $huge -/ };
big('pass', $same, "/pass/$huge/length");
big('upper, unbuffered', $upper, '--http1.1', "/u/upper/$huge/chunked");
big('pass, file', $same, '--http1.1', '/f/pass/huge');
big('upper, file', $upper, '/f/upper/huge');
big('grow, HTTP/1.0', sub { length $_[0]->body == 2 * $huge }, '--http1.0', '/f/grow/huge');
big('one range', sub { $_[0]->body eq substr $all, 30 << 20, 10 }, '-r',
    (30 << 20) . '-' . ((30 << 20) + 9), '/f/pass/huge');
big('ranges', sub { my @part = $_[0]->body =~ /\r\n\r\n(.{10})\r\n/gs;
    join('', @part) eq substr($all, 5, 10) . substr $all, 40 << 20, 10 },
    '-r', '5-14,' . (40 << 20) . '-' . ((40 << 20) + 9), '/f/pass/huge');
big('POST, pass', $posted, '--data-binary', "\@$huge_file", '/pass/post');
big('POST, insert, chunked', sub { ($_[0]->header('x-got') // '')
    =~ /^(\d+) \w+ (\d+) -/ && $1 == $huge + 4 && $2 == $1 }, '--http1.1', '-H',
    'Transfer-Encoding: chunked', '--data-binary', "\@$huge_file", '/insert/post');
done('50 MB');
is +($nginx->workers)[0], $worker, 'the same worker';

done_testing;

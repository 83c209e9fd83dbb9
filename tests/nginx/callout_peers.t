# Calls over nginx's upstreams: balancing, other peers, keepalive, TLS; hosts
# and the resolver.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use IO::Select;
use IO::Socket::INET;
use List::Util qw(uniq);
use POSIX ();
use Time::HiRes qw(sleep time);

sub server
{
    my ($name) = @_;
    return upstream(sub {
        my ($r) = @_;
        return '' if $r->uri =~ m{^/close/\w*$name};
        sleep 3 if $r->uri =~ m{^/slow/\w*$name};
        my $body = join ',', $name, $r->header('host'), $$;
        return "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: "
            . length($body) . "\r\n\r\n$body";
    });
}
my ($one, $two) = (server('one'), server('two'));

# Answers 127.0.0.1 for good.test, and "no such name" for all else.
my $dns = IO::Socket::INET->new(Proto => 'udp', LocalAddr => '127.0.0.1:0')
    or die "udp: $!\n";
my $parent = $$;
my $resolver = fork // die "fork: $!\n";
if (!$resolver) {
    while (getppid == $parent) {
        IO::Select->new($dns)->can_read(1) or next;
        $dns->recv(my $q, 512) or next;
        my ($id) = unpack 'n', $q;
        my $question = substr $q, 12;
        my $good = $question =~ /^\x04good\x04test\x00\x00\x01/;
        $dns->send($good
            ? pack('n6', $id, 0x8180, 1, 1, 0, 0) . $question
                . pack('nnnNnC4', 0xc00c, 1, 1, 60, 4, 127, 0, 0, 1)
            : pack('n6', $id, 0x8183, 1, 0, 0, 0) . $question);
    }
    POSIX::_exit(0);
}
END { kill 'TERM', $resolver if $resolver && $$ == $parent }

# Nobody takes connections here: the backlog is full.
my $full = IO::Socket::INET->new(LocalAddr => '127.0.0.1:0', Listen => 1)
    or die;
my @fill = map {
    IO::Socket::INET->new(PeerAddr => '127.0.0.1:' . $full->sockport,
        Blocking => 0) } 1 .. 4;

my $other = `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=other -keyout /dev/null 2>/dev/null`;
my $nginx = nginx(<<'EOF', one => $one->port, two => $two->port, full => $full->sockport, dns => $dns->sockport, files => { 'other.pem' => $other });
resolver 127.0.0.1:%%dns%% ipv6=off;
resolver_timeout 500ms;
upstream both { server 127.0.0.1:%%one%% max_fails=0; server 127.0.0.1:%%two%% max_fails=0; }
upstream failing { server 127.0.0.1:1 max_fails=1 fail_timeout=60s; server 127.0.0.1:%%one%%; }
upstream hanging { server 127.0.0.1:%%two%% max_fails=1 fail_timeout=60s; server 127.0.0.1:%%one%% backup; }
upstream full { server 127.0.0.1:%%full%% max_fails=0; server 127.0.0.1:%%one%% backup; }
upstream hashed { hash $http_x_key consistent; server 127.0.0.1:%%one%%; server 127.0.0.1:%%two%%; }
upstream byclient { ip_hash; server 127.0.0.1:%%one%%; server 127.0.0.1:%%two%%; }
upstream byvars { hash "$remote_addr $uri $args $host $request_method $scheme $server_addr $server_port $request $upstream_addr $binary_remote_addr $connection $request_id $msec $status $body_bytes_sent $request_length $http_user_agent $cookie_a $arg_k $document_root $is_args $nginx_version $proxy_host $ssl_protocol $tcpinfo_rtt $limit_rate"; server 127.0.0.1:%%one%%; }
upstream kept { zone kept 64k; least_conn; server 127.0.0.1:%%one%%; keepalive 2; }
upstream tls { server 127.0.0.1:%%port:tls%%; keepalive 2; }
upstream tlsplain { server 127.0.0.1:%%port:tls%%; }
upstream plaintls { server 127.0.0.1:%%port%%; }
wasm_plugin c %%plugin:call%% allow=default,http_call:* callout_tls=tls,plaintls ;
wasm_plugin sure %%plugin:call%% allow=default,http_call:* callout_tls=* callout_ca=%%cert%%;
wasm_plugin unsure %%plugin:call%% allow=default,http_call:* callout_tls=* callout_ca=%%dir%%/other.pem;
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter c; empty_gif; }
    location /sure { wasm_filter sure; empty_gif; }
    location /unsure { wasm_filter unsure; empty_gif; }
}
server {
    listen 127.0.0.1:%%port:tls%% ssl;
    ssl_certificate %%cert%%;
    ssl_certificate_key %%key%%;
    location / { return 200 "$connection,$ssl_server_name,$ssl_session_reused,$http_host"; }
}
EOF

sub called { $nginx->get($_[1] // '/', headers => ["x-call: $_[0]", @_[2 .. $#_]])->body }

my @names = map { called('both 9000 GET /') =~ /- (\w+),/ } 1 .. 6;
is_deeply [sort @names], [('one') x 3, ('two') x 3], 'round robin';
is scalar(grep { called('failing 9000 GET /') =~ /200.*one/ } 1 .. 4), 4,
    'a peer that refuses: the next one answers';
is scalar($nginx->lines(qr/connect\(\) failed/)), 1,
    'max_fails: it was asked once';
is scalar(grep { called('both 9000 GET /close/one') =~ /200.*two/ } 1 .. 4), 4,
    'a peer that closes: the next one answers';
my @post = map { called('both 9000 POST /close/one x') =~ /^3 \d+ 0 (503|200)|^2 \d+ 0 (200)/ ? $1 // $2 : '' } 1 .. 4;
is_deeply [sort @post], [200, 200, 503, 503], 'POST is not sent twice';
is scalar(grep { called('both 9000 PUT /close/one x') =~ /200.*two/ } 1 .. 4),
    4, 'PUT is';
my $t = time;
like called('hanging 300 GET /slow/two'), qr/504 timeout/, 'a peer that hangs';
cmp_ok time - $t, '<', 2.5 * slow(), 'until the time-out';
like called('hanging 300 GET /slow/two'), qr/200.*one/,
    'counts as a failure: then the backup is asked';
like called('full 2000 GET /'), qr/200.*one/,
    'a peer that takes no connection has half of the time';

for my $by (['hashed', 'x-more: x-key=a'], ['byclient', 'x-more: a=b'],
    ['byvars', 'x-more: cookie=a=b']) {
    my ($name, $header) = @$by;
    @names = uniq map { called("$name 9000 GET /", '/', $header) =~ /- (\w+),/ }
        1 .. 6;
    is scalar(@names), 1, "$name: always the same peer";
}
my @key = uniq map { called('hashed 9000 GET /', '/', "x-more: x-key=$_")
    =~ /- (\w+),/ } 1 .. 40;
is scalar(@key), 2, 'by a header of the call';
my @pids = uniq map { called('kept 9000 GET /') =~ /,(\d+)\|/ } 1 .. 10;
is scalar(@pids), 1, 'least_conn, zone and keepalive';

# TLS.
like called('tls 9000 GET /'), qr/^\d+ \d+ 0 200 - 0 - \d+,a.test,\.,a.test\|/,
    'TLS, with the name';
@pids = map { called('tls 9000 GET /') =~ /- (\d+),/ } 1 .. 5;
is join(' ', @pids), join(' ', ($pids[0]) x 5), 'TLS, kept alive';
like called('127.0.0.1:' . $nginx->port('tls') . ' 9000 GET /', '/',
    'x-more: :scheme=https'), qr/ 200 - 0 - \d+,a.test,/, 'a host with https';
like called('tlsplain 9000 GET /', '/', 'x-more: :scheme=https'),
    qr/ 400 - /, 'an upstream: what callout_tls says';
like called('plaintls 9000 GET /'), qr/503 tls failed/, 'no TLS there';
like called('tls 9000 GET /', '/sure', 'x-authority: localhost'),
    qr/ 200 - 0 - \d+,localhost,/, 'the right certificate';
like called('tls 9000 GET /', '/sure', 'x-authority: localhost:8443'),
    qr/ 200 - 0 - \d+,localhost,/, 'a port is no part of the name';
@pids = map { called('tls 9000 GET /', '/sure', 'x-authority: localhost') =~ /- (\d+),/ } 1 .. 3;
is join(' ', @pids), join(' ', ($pids[0]) x 3), 'the connection is kept';
for (qw(tls tlsplain)) {
    like called("$_ 9000 GET /", '/sure'), qr/503 tls failed/,
        "$_: for another name";
    like called("$_ 9000 GET /", '/unsure', 'x-authority: localhost'),
        qr/503 tls failed/, "$_: from another authority";
}

# Hosts.
my $port = $one->port;
like called("good.test:$port 9000 GET /"), qr/200 - 0 - one,a.test/, 'a host';
like called("127.0.0.1:$port 9000 GET /"), qr/200 - 0 - one,a.test/, 'an address';
like called("none.test:$port 9000 GET /"), qr/^3 19 0 503 resolve failed/,
    'an unknown host';
like called('good.test 9000 GET /', '/', 'x-more: :scheme=http'),
    qr/^3 \d+ 0 503 connect failed|^\d/, 'the usual port';
kill 'STOP', $resolver;
$t = time;
like called("silent.test:$port 3000 GET /"), qr/503 resolve failed/,
    'a resolver that is silent';
cmp_ok time - $t, '<', 2 * slow(), 'for resolver_timeout';
like called("silent2.test:$port 200 GET /"), qr/504 timeout/,
    'for longer than the call may take';
kill 'CONT', $resolver;
is scalar($nginx->workers), 1, 'the worker lives';

done_testing;

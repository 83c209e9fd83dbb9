# Envoy's attributes: certificates, the upstream, the route, what went wrong.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use File::Temp qw(tempdir);
use Sys::Hostname;

# Certificates for both ends, made and read by openssl.
my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
sub certificate
{
    my ($name, $subject, $san) = @_;
    system("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 "
        . "-nodes -days 2 -subj '$subject' -addext 'subjectAltName=$san' "
        . "-keyout $dir/$name.key -out $dir/$name.pem >/dev/null 2>&1") == 0
        or die "openssl failed\n";
    chmod 0644, "$dir/$name.key";
    return lc(`openssl x509 -in $dir/$name.pem -noout -fingerprint -sha256`
        =~ s/.*=|:|\n//gr);
}
certificate(server => '/O=Server/CN=s.test', 'DNS:s.test,DNS:t.test,URI:spiffe://s/1');
my $client = certificate(client => '/O=Client/CN=c.test', 'URI:spiffe://c/1,DNS:c.test');
my $upstream = certificate(upstream => '/CN=u.test', 'DNS:u.test');

my $up = upstream(sub { my ($r) = @_; $r->uri =~ /reset/ ? '' : "HTTP/1.1 200 OK\r\nX-Up: 12\r\nContent-Length: 5\r\n\r\nhello" });
my $dead = free_port();

my @certs = map { my $p = $_; map { "$p.${_}_certificate" }
    map { ("${_}_local", "${_}_peer") } qw(subject dns_san uri_san) } qw(connection upstream);
my $texts = join '|', map { "sh prop $_" } @certs, 'connection.sha256_peer_certificate_digest',
    'upstream.sha256_peer_certificate_digest', 'upstream.tls_version';
my $nginx = nginx(<<'EOF', up => $up->port, dead => $dead, certs => $dir, texts => $texts);
wasm_zone z 64k;
wasm_plugin s %%plugin:script%% log_rate=1000;
wasm_plugin shared %%plugin:script%% share=ours;
upstream two { server 127.0.0.1:%%up%%; server 127.0.0.1:%%dead%% down; }
upstream dead { server 127.0.0.1:%%dead%%; }
server {
    listen 127.0.0.1:%%port:tls%% ssl;
    ssl_certificate %%certs%%/server.pem; ssl_certificate_key %%certs%%/server.key;
    ssl_verify_client optional_no_ca;
    location / { wasm_filter s '%%texts%%'; proxy_pass https://127.0.0.1:%%port:up%%; }
}
server {
    listen 127.0.0.1:%%port:up%% ssl;
    ssl_certificate %%certs%%/upstream.pem; ssl_certificate_key %%certs%%/upstream.key;
    return 200 x;
}
server {
    listen 127.0.0.1:%%port%%;
    server_name host.test;
    location /plain { wasm_filter s '%%texts%%'; return 200 x; }
    location /route/ {
        wasm_filter s 'rh prop xds.route_name|rh prop route_name|rh prop xds.virtual_host_name|rh prop xds.cluster_name|rh prop cluster_name|rh prop xds.filter_chain_name|rh number xds.listener_direction|rh number listener_direction|rh prop node.id|rh prop xds.node.id|rh number upstream.num_endpoints|rh prop upstream.local_address|rh number request.headers_bytes|rh number response.headers_bytes|sh prop xds.cluster_name|sh prop cluster_name|sh number upstream.num_endpoints|sh prop upstream.local_address|sh prop upstream.transport_failure_reason|sh number response.headers_bytes|sh number response.flags|log number upstream.cx_pool_ready_duration|log number response.flags';
        proxy_pass http://two;
    }
    location /dead { wasm_filter s 'rh number upstream.cx_pool_ready_duration|rh number response.flags|sh number response.flags|sh prop upstream.transport_failure_reason|log number response.flags|log number upstream.cx_pool_ready_duration'; proxy_pass http://dead; }
    location /reset { wasm_filter s 'log number response.flags'; proxy_pass http://two; }
    location /vm { wasm_filter s 'sh prop plugin_vm_id'; wasm_filter shared 'sh prop plugin_vm_id'; return 200 x; }
}
EOF
my $host = hostname();

sub said
{
    my ($count, @want) = @_;
    my @lines = map { /"\w+": (\[\w+ \d+\] .*?)(?: while|, client|$)/ ? $1 : () } $nginx->wait_log(qr/: \[/, $count);
    for my $want (@want) {
        my ($at, $what) = @$want;
        ok scalar(grep { /^\[$at \d+\] $what$/ } @lines), "$at: $what" or diag join "\n", grep { /\Q${\($what =~ s{[= ].*}{}r =~ s{\\}{}gr)}/ } @lines;
    }
    truncate $nginx->dir . '/error.log', 0;
}

is $nginx->get('/plain')->body, 'x', 'without TLS';
said(15, map { [sh => "\Q$_ missing"] } @certs, 'connection.sha256_peer_certificate_digest', 'upstream.tls_version');

my $url = 'https://127.0.0.1:' . $nginx->port('tls') . '/';
is `curl -sk --cert $dir/client.pem --key $dir/client.key $url`, 'x', 'TLS at all ends';
said(15,
    [sh => 'connection.subject_local_certificate=CN=s.test,O=Server'],
    [sh => 'connection.subject_peer_certificate=CN=c.test,O=Client'],
    [sh => 'connection.dns_san_local_certificate=s.test'],
    [sh => 'connection.dns_san_peer_certificate=c.test'],
    [sh => 'connection.uri_san_local_certificate=spiffe://s/1'],
    [sh => 'connection.uri_san_peer_certificate=spiffe://c/1'],
    [sh => "connection.sha256_peer_certificate_digest=$client"],
    [sh => 'upstream.subject_local_certificate missing'],
    [sh => 'upstream.subject_peer_certificate=CN=u.test'],
    [sh => 'upstream.dns_san_peer_certificate=u.test'],
    [sh => 'upstream.uri_san_peer_certificate missing'],
    [sh => "upstream.sha256_peer_certificate_digest=$upstream"],
    [sh => 'upstream.tls_version=TLSv1\.[23]']);
is `curl -sk --http1.1 $url`, 'x', 'a client without a certificate';
said(15, [sh => 'connection.subject_peer_certificate missing'],
    [sh => 'connection.sha256_peer_certificate_digest missing'],
    [sh => 'connection.dns_san_local_certificate=s.test']);

# Names and values of the four pseudo-headers and of two.
my $request = length(':authorityh.test:path/route/x:methodGET:schemehttpx-a1');
is $nginx->get('/route/x', host => 'h.test', headers => ['X-A: 1'])->body, 'hello', 'route';
# What the plugin sees of the response: content-length, x-up.
my $response = length(':status200content-length5x-up12');
said(23, [rh => 'xds.route_name=/route/'], [rh => 'route_name=/route/'],
    [rh => 'xds.virtual_host_name=host.test'], [rh => 'xds.cluster_name missing'],
    [rh => 'cluster_name missing'], [rh => 'xds.filter_chain_name='],
    [rh => 'xds.listener_direction=0'], [rh => 'listener_direction=0'],
    [rh => "node.id=$host"], [rh => "xds.node.id=$host"],
    [rh => 'upstream.num_endpoints=0'], [rh => 'upstream.local_address missing'],
    [rh => "request.headers_bytes=$request"], [rh => 'response.headers_bytes=0'],
    [sh => 'xds.cluster_name=two'], [sh => 'cluster_name=two'],
    [sh => 'upstream.num_endpoints=2'], [sh => 'upstream.local_address=127.0.0.1:\d+'],
    [sh => 'upstream.transport_failure_reason='], [sh => "response.headers_bytes=$response"],
    [sh => 'response.flags=0'], [log => 'upstream.cx_pool_ready_duration=\d+'],
    [log => 'response.flags=0']);

is $nginx->get('/dead')->status, 502, 'no connection';
said(6, [rh => 'upstream.cx_pool_ready_duration=missing'], [rh => 'response.flags=0'],
    [sh => 'response.flags=32'], [sh => 'upstream.transport_failure_reason=connect failed'],
    [log => 'response.flags=32'], [log => 'upstream.cx_pool_ready_duration=missing']);
is $nginx->get('/reset')->status, 502, 'closed without an answer';
said(1, [log => 'response.flags=64']);

is $nginx->get('/vm')->body, 'x', 'the name of the share';
is join(' ', map { /"(\w+)": \[sh \d+\] plugin_vm_id=(\w+)/ ? "$1:$2" : () } $nginx->wait_log(qr/vm_id/, 2)),
    'shared:ours s:s', 'share=, or the plugin';
done_testing;

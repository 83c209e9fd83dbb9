# Properties: Envoy's names, nginx's variables, values of plugins.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" });

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

$nginx = nginx(<<'EOF', up => $up->port);
wasm_plugin s %%plugin:script%% allow=default,property.write;
log_format v '$mine|$other|$limit_rate';
map $http_x_map $mapped { default none; 1 one; }
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:tls%% ssl http2;
    ssl_certificate %%cert%%; ssl_certificate_key %%key%%;
    set $mine before;
    set $other untouched;
    location /text {
        wasm_filter s 'rh prop request.path|rh prop request.url_path|rh prop request.query|rh prop request.host|rh prop request.scheme|rh prop request.method|rh prop request.protocol|rh prop request.referer|rh prop request.useragent|rh prop request.id|rh prop request.headers.x-a|rh prop source.address|rh prop destination.address|rh prop plugin_name|rh prop plugin_root_id|rh prop plugin_vm_id|rh prop response.code|rh prop upstream.address|rh prop bogus.path|rh prop ngx.remote_addr|rh prop ngx.arg_q|rh prop ngx.http_x_map|rh prop ngx.mapped|rh prop ngx.bogus|rh prop ngx.mine|rh prop connection.tls_version|sh prop upstream.address|sh prop request.path|sh prop response.headers.content-length|sh prop response.code_details|log prop request.host' root_id=rooty;
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /number {
        wasm_filter s 'rh number request.size|rh number request.time|rh number request.duration|rh number source.port|rh number destination.port|rh number connection.id|rh number connection.mtls|sh number response.code|sh number upstream.port|log number response.code|log number response.size|log number response.total_size|log number request.duration|log number request.total_size|log number response.backend_latency';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /set {
        wasm_filter s 'rh setprop ngx.mine after|rh setprop ngx.limit_rate 1m|rh setprop ngx.bogus x|rh setprop ngx.remote_addr x|rh setprop my.key value|rh setprop empty|rh prop my.key';
        wasm_filter s 'rh prop my.key|rh prop filter_state.wasm.my.key|rh prop empty|sh prop my.key|rh setprop my.key again|log prop my.key';
        access_log %%dir%%/v.log v;
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /root { wasm_filter s 'configure prop request.path|configure prop plugin_name|configure setprop a b'; return 200; }
}
EOF

sub has { ok scalar($nginx->wait_log($_[0])), $_[1] // "$_[0]" }

my $r = $nginx->get('/text/x?q=1&r', headers => ['Referer: http://r/', 'User-Agent: ua', 'X-A: v', 'X-Request-Id: id7', 'X-Map: 1']);
is $r->status, 200, 'text';
my ($port, $upport) = ($nginx->port, $up->port);
has(qr/\[rh \d+\] $_[ ,]/) for 'request.path=/text/x\?q=1&r', 'request.url_path=/text/x', 'request.query=q=1&r',
    'request.host=localhost', 'request.scheme=http', 'request.method=GET', 'request.protocol=HTTP/1.1',
    'request.referer=http://r/', 'request.useragent=ua', 'request.id=id7', 'request.headers.x-a=v',
    'source.address=127.0.0.1:\d+', "destination.address=127.0.0.1:$port", 'plugin_name=s', 'plugin_root_id=rooty',
    'plugin_vm_id=s', 'response.code missing', 'upstream.address missing', 'bogus.path missing',
    'ngx.remote_addr=127.0.0.1', 'ngx.arg_q=1', 'ngx.http_x_map=1', 'ngx.mapped=one', 'ngx.bogus missing', 'ngx.mine=before',
    'connection.tls_version missing';
has(qr/\[sh \d+\] $_[ ,]/) for "upstream.address=127.0.0.1:$upport", 'request.path=/text/x\?q=1&r', 'response.headers.content-length=5', 'response.code_details=via_upstream';
has(qr/\[log \d+\] request.host=localhost/);

Sluice::HTTP::curl('-k', '--http2', 'https://127.0.0.1:' . $nginx->port('tls') . '/text/x');
has(qr/\] $_[ ,]/) for 'request.protocol=HTTP/2', 'request.scheme=https', 'connection.tls_version=TLSv1.\d';

is $nginx->post('/number', 'x' x 1234)->status, 200, 'numbers';
has(qr/\] $_[ ,]/) for 'request.size=1234', 'request.time=1[6-9]\d{17}', 'request.duration=missing',
    'source.port=\d+', "destination.port=$port", 'connection.id=\d+', 'connection.mtls=0', "upstream.port=$upport";
has(qr/\[sh \d+\] response.code=200/);
has(qr/\[log \d+\] $_[ ,]/) for 'response.code=200', 'request.total_size=1[23]\d\d', 'response.size=5', 'response.total_size=\d\d', 'request.duration=\d+', 'response.backend_latency=\d+';

is $nginx->get('/set')->status, 200, 'set';
like written('v.log'), qr/^after\|untouched\|1048576$/, 'variables are set';
my @set = map { /\] set (\d+)/ } $nginx->lines(qr/\] set /);
is "@set[-7 .. -1]", '0 0 1 2 0 0 0', 'unknown 1, not to be set 2';
my @keys = map { /\[(\w+) \d+\] (?:filter_state.wasm.)?my.key=(\w+)/ ? "$1:$2" : () } $nginx->wait_log(qr/my.key=/, 5);
is "@keys", 'rh:value rh:value rh:value sh:again log:again', 'values are for all filters of the request';
has(qr/\] empty=[ ,]/, 'an empty value');
is $nginx->get('/text')->status, 200, 'and for one request only';
has(qr/\[configure 1?\d\] request.path missing/);
has(qr/\[configure \d+\] plugin_name=s/);
has(qr/\[configure \d+\] set 1/);

done_testing;

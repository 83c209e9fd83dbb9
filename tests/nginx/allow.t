# What a plugin is allowed: allow=, its default, what is refused, and what
# nginx -t says.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use File::Temp 'tempdir';

my $dir = tempdir(CLEANUP => 1);
chmod 0777, $dir;
my $go = "$dir/go";

# /slow: the body comes when the test has seen the headers.
my $up = upstream(sub {
    my ($request, $socket) = @_;
    return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        if $request->{uri} !~ /slow/;
    syswrite $socket, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
    for (1 .. 500) {
        last if -e $go;
        select undef, undef, undef, 0.02;
    }
    syswrite $socket, 'hello';
    return undef;
});

my $script = 'rh set x-a 1|rh show x-b|rb replace x|rh setprop ngx.mine set'
    . '|rh prop request.path|sh set x-c 1|sb body|sb data replace HELLO';
my $probe = "\@rh\ncall_foreign_function \"sha1\" \"a\" %%\n"
    . "call_foreign_function \"base64_encode\" \"a\" %%\n";

my $nginx = nginx(<<'EOF', up => $up->port, files => { probe => $probe }, script => $script);
wasm_plugin default %%plugin:script%%;
wasm_plugin none %%plugin:script%% allow=none;
wasm_plugin read %%plugin:script%% allow=headers.read,body.read;
wasm_plugin most %%plugin:script%% allow=default,property.write;
wasm_plugin some %%plugin:tests/abi/plugins/probe.c%% allow=none,foreign:sha1 vm_config=@probe;
wasm_plugin all %%plugin:tests/abi/plugins/probe.c%% allow=foreign vm_config=@probe;
server {
    listen 127.0.0.1:%%port%%;
    set $mine '';
    postpone_output 0;
    proxy_buffering off;
    location /default { wasm_filter default '%%script%%'; add_header X-Mine $mine; proxy_pass http://127.0.0.1:%%up%%; }
    location /none { wasm_filter none '%%script%%'; add_header X-Mine $mine; proxy_pass http://127.0.0.1:%%up%%; }
    location /read { wasm_filter read '%%script%%'; add_header X-Mine $mine; proxy_pass http://127.0.0.1:%%up%%; }
    location /most { wasm_filter most '%%script%%'; add_header X-Mine $mine; proxy_pass http://127.0.0.1:%%up%%; }
    location /respond { wasm_filter read 'rh respond 403 no'; proxy_pass http://127.0.0.1:%%up%%; }
    location /foreign { wasm_filter some; wasm_filter all; proxy_pass http://127.0.0.1:%%up%%; }
}
EOF

# What upstream and client see.
sub seen
{
    my ($uri) = @_;
    my $r = $nginx->request('POST', $uri, body => 'abc', headers => ['X-B: 2']);
    my $q = $up->last;
    return join ' ', $r->status, $r->body, $r->header('x-c') // '-',
        $r->header('x-mine') // '-', $q->{body}, $q->header('x-a') // '-';
}

is seen('/default'), '200 HELLO 1 - x 1', 'default: headers and bodies';
ok $nginx->wait_log(qr/"default".*setting a variable is not allowed/),
    'no variables';
is scalar($nginx->lines(qr/"default".*request\.path=\/default/)), 1,
    'reading properties';
is seen('/most'), '200 HELLO 1 set x 1', 'variables, if allowed';
is seen('/none'), '200 hello - - abc -', 'none';
ok $nginx->wait_log(qr/"none".*not allowed/), 'refused calls are named';
my @named = $nginx->lines(qr/"none".*not allowed/);
is seen('/none'), '200 hello - - abc -', 'none again';
is scalar($nginx->lines(qr/"none".*not allowed/)), scalar(@named), 'once';
ok !$nginx->lines(qr/"none": \[sb /), 'callbacks of bodies are not called';
is seen('/read'), '200 hello - - abc -', 'reading';
ok $nginx->wait_log(qr/"read": \[sb \d+\] 5/), 'bodies are read';
ok $nginx->lines(qr/"read": \[rh \d+\] x-b=2/), 'headers, too';
is $nginx->get('/respond')->status, 200, 'local responses are refused';

# Who only reads bodies doesn't hold the headers.
my $c = client($nginx->port);
$c->send(request_bytes('GET', '/read/slow', close => 1));
my ($bytes, $end) = ('', time + 8);
while ($bytes !~ /\r\n\r\n/ && time < $end) {
    last unless sysread $c->{socket}, $bytes, 65536, length $bytes;
}
like $bytes, qr/^HTTP\/1.1 200 OK\r\n.*Content-Length: 5\r\n.*\r\n\r\n$/s,
    'headers first';
write_file($go, '');
while (sysread $c->{socket}, $bytes, 65536, length $bytes) { }
like $bytes, qr/\r\n\r\nhello$/, 'then the body';

# Foreign functions one by one.
$nginx->get('/foreign');
ok $nginx->wait_log(qr/"all": call_foreign_function=0 "YQ=="/), 'all';
ok $nginx->lines(qr/"some": call_foreign_function=0 /), 'the one allowed';
ok $nginx->lines(qr/"some": call_foreign_function=10 /), 'another one';
ok $nginx->lines(qr/"some".*base64_encode is not allowed/), 'is named';

# nginx -t
sub check
{
    my ($allow) = @_;
    my ($status, $out) = nginx_t('wasm_plugin p '
        . plugin('tests/abi/plugins/probe.c') . " $allow;\n");
    my @lines = grep { /\[warn\]/ && !/^\d{4}/ } split /\n/, $out;
    is scalar(@lines), @lines ? 1 : 0, "$allow: at most one line";
    return "$status " . (($lines[0] // '') =~ /imports: (.*) in \S+:\d+$/
        ? $1 : '');
}
is check(''), '0 proxy_http_call', 'default';
is check('allow=default,http_call:up'), '0 ', 'all that it imports';
is check('allow=headers,body,local_response,shared_data,queues,timers,foreign,'
    . 'http_call:*'), '0 proxy_define_metric, proxy_increment_metric, '
    . 'proxy_record_metric, proxy_get_metric', 'no metrics';
is check('allow=default,http_call:a,http_call:b,grpc_call:c'), '0 ', 'several';
for (['' => 'an unknown word'], ['bogus' => 'an unknown word'],
    ['headers,' => 'an unknown word'], ['default,x' => 'an unknown word'],
    ['http_call' => 'no name behind'], ['http_call:' => 'an empty name'],
    ['headers:x' => 'takes none'], ['foreign:x' => 'unknown foreign function'],
    ['grpc_call' => 'no name behind'])
{
    my ($status, $out) = nginx_t("wasm_plugin p x.wasm allow=$_->[0];\n");
    is $status, 1, "allow=$_->[0]";
    like $out, qr/invalid parameter "allow=\Q$_->[0]\E": .*$_->[1]/, 'says why';
}

done_testing;

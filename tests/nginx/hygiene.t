# A plugin can't split or forge a message, nor write lines into the log.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub { "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" });

my $nginx = nginx(<<'EOF', up => $up->port);
wasm_plugin s %%plugin:script%%;
wasm_plugin quiet %%plugin:script%% log_rate=5;
server {
    listen 127.0.0.1:%%port%%;
    proxy_set_header Host $http_host;
    location /value {
        wasm_filter s "rh set x-a 1\r\nX-Evil: 1|rh set x-b 1\rX|rh raw add x-c a%00b|sh raw add x-c a%00b|sh set x-a 1\r\nX-Evil: 1\r\n\r\nbody|sh set x-ok fine|rh set x-ok fine";
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /name {
        wasm_filter s "rh set x-a:\r\nx-evil 1|rh set bad:name 1|sh add x(y) 1|sh add a:b 1|rh add :bogus 1|sh add :bogus 1|sh add x-ok fine";
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /pseudo {
        wasm_filter s "rh set :path /a\r\nX-Evil:|rh set :method G\rT|rh set :authority a\r\nb|sh set :status 99|sh set :status abc|sh set :status 1000";
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /local { wasm_filter s "rh respond 200 x x-a 1\r\nX-Evil: 1"; proxy_pass http://127.0.0.1:%%up%%; }
    location /odd { wasm_filter s "rh respond 99 x"; proxy_pass http://127.0.0.1:%%up%%; }
    location /log { wasm_filter s "rh log one\n2026/01/01 00:00:00 [notice] two\x1b[31m"; proxy_pass http://127.0.0.1:%%up%%; }
    location /location { wasm_filter s "sh set location /a\r\nX-Evil: 1|sh set content-type a\r\nb"; proxy_pass http://127.0.0.1:%%up%%; }
    location /flood { wasm_filter quiet 'rh log 1|rh log 2|rh log 3|rh log 4|rh log 5|rh log 6|rh log 7|rh log 8'; proxy_pass http://127.0.0.1:%%up%%; }
}
EOF

sub clean
{
    my ($uri) = @_;
    my $raw = $nginx->raw("GET $uri HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    unlike $raw, qr/^X-Evil/mi, "$uri: response";
    my @r = responses($raw);
    is scalar(@r), 1, "$uri: one response";
    my $q = $up->last;
    unlike $q->{raw}, qr/^X-Evil/mi, "$uri: request" if $q;
    return ($r[0], $q);
}

my ($r, $q) = clean('/value');
is $r->body, 'hello', 'body';
is join(',', map { $q->header("x-$_") // '-' } qw(a b c ok)), '-,-,-,fine', 'bad values are not applied';
is join(',', map { $r->header("x-$_") // '-' } qw(a c ok)), '-,-,fine', 'nor in responses';
ok $nginx->wait_log(qr/\[warn\].*"s".*x-a/), 'one line says so';
($r, $q) = clean('/name');
is scalar(grep { $_->[0] !~ /^[\w-]+$/ } $q->fields, $r->fields), 0, 'bad names are not applied';
is $r->header('x-ok'), 'fine', 'good ones are';
($r, $q) = clean('/pseudo');
is $r->status, 200, 'bad statuses are not applied';
is "$q->{method} $q->{uri} " . $q->header('host'), 'GET /pseudo localhost', 'nor are the others';
($r) = clean('/local');
is $r->body, 'x', 'local response';
is +(clean('/odd'))[0]->status, 500, 'an odd status becomes 500';
($r) = clean('/location');
is $r->header("content-type"), undef, "content-type";
$nginx->get('/log');
ok $nginx->wait_log(qr/one\\x0a2026.*\\x1b\[31m/), 'control characters in the log';
$nginx->get('/flood');
ok $nginx->wait_log(qr/quiet.*\] 5/), 'log_rate';
ok !$nginx->lines(qr/quiet.*\] 6/), 'and no more';
sleep 1;
$nginx->get('/flood');
ok $nginx->wait_log(qr/suppressed 3 log lines/), 'the rest is counted';

done_testing;

# The worker's memory doesn't grow: not on a connection that is kept alive, not
# in a response that is rewritten, not by plugins that are replaced.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

# The sanitizer keeps freed memory for a while.
$ENV{ASAN_OPTIONS} = 'detect_leaks=0:abort_on_error=1:quarantine_size_mb=4'
    if $ENV{SLUICE_SAN};

my $mb = 'abcdefghijklmno.' x 65536;
my $up = upstream(sub {
    my ($r) = @_;
    return "HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nX-Up: 1\r\nContent-Length: 5\r\n\r\nhello" });

my $nginx = nginx(<<'EOF', up => $up->port, log_level => 'crit', files => { 'html/f' => $mb, 'html/big' => $mb x 60 });
wasm_plugin s %%plugin:script%% deadline=500ms;
upstream u { server 127.0.0.1:%%up%%; keepalive 4; }
server {
    listen 127.0.0.1:%%port%%;
    keepalive_requests 1000000;
    client_max_body_size 100m;
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    location /h { wasm_filter s 'rh set x-a 1|rh remove user-agent|rh add x-c 3|rh setprop a b|sh set x-b 2|sh remove x-up'; empty_gif; }
    location /hp { wasm_filter s 'rh set x-a 1|rh remove user-agent|sh set x-b 2|sh remove x-up'; proxy_pass http://u; }
    location /b { wasm_filter s 'sb upper'; alias %%dir%%/html/f; }
    location /big { wasm_filter s 'sb upper'; alias %%dir%%/html/big; }
    location /hold { wasm_filter s 'sb pause|sb end upper|sb end continue'; alias %%dir%%/html/f; }
    location /post { wasm_filter s 'rb pause|rb end upper|rb end continue'; proxy_pass http://u; }
    location /up { wasm_filter s 'rb upper'; proxy_pass http://u; }
    location /local { wasm_filter s "rh respond 403 denied"; proxy_pass http://u; }
    location /trap { wasm_filter s "rh trap"; proxy_pass http://u; }
}
EOF
my ($pid) = $nginx->workers;

# Resident bytes gained by the second half of 2n requests.
sub growth
{
    my ($n, $uri, %o) = @_;
    my $c = $nginx->connect;
    my $method = $o{body} ? 'POST' : 'GET';
    my @rss;
    for (1 .. 2) {
        $c->request($method, $uri, %o) for 1 .. $n;
        push @rss, $nginx->rss($pid);
    }
    return $rss[1] - $rss[0];
}

my $limit = 1 << 20;
$limit *= 8 if $ENV{SLUICE_SAN};           # its quarantine
sub flat
{
    my ($name, @args) = @_;
    cmp_ok growth(@args), '<', $limit, $name;
}

my $few = $ENV{SLUICE_SAN} ? 10 : 1;
flat('headers', 5000 / $few, '/h', headers => ['User-Agent: x']);
flat('headers, proxied', 2000 / $few, '/hp', headers => ['User-Agent: x']);
flat('1 MiB files rewritten', 200 / $few, '/b');
flat('1 MiB files held', 100 / $few, '/hold');
flat('1 MiB requests held', 50 / $few, '/post', body => substr $mb, 0, 1_000_000);
flat('local responses', 5000 / $few, '/local');
flat('instances replaced', 300 / $few, '/trap');

# Within the plugin's limit and 16 MiB, however large the bodies are.
my $before = $nginx->rss($pid);
my $c = $nginx->connect;
is length $c->request('GET', '/big', timeout => 60)->body, 60 << 20, '60 MiB rewritten';
cmp_ok $nginx->rss($pid) - $before, '<', 32 << 20, 'in bounded memory';
is $c->request('POST', '/up', body => $mb x 40, timeout => 60)->status, 200, '40 MiB request rewritten';
cmp_ok $nginx->rss($pid) - $before, '<', 32 << 20, 'in bounded memory';
is +($nginx->workers)[0], $pid, 'the same worker';

# A client that reads slowly doesn't make the worker collect the response.
my $slow = $nginx->connect;
$slow->send("GET /big HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
select undef, undef, undef, 1;
cmp_ok $nginx->rss($pid) - $before, '<', 32 << 20, 'a slow client';
my $all = $slow->read_all(10);
is length((response($all))->body), 60 << 20, 'gets all';

# The master, which loads the plugins at each reload.
my @master;
for (1 .. 2) {
    $nginx->reload for 1 .. 20;
    push @master, $nginx->rss($nginx->pid);
}
cmp_ok $master[1] - $master[0], '<', $limit, '20 reloads';

done_testing;

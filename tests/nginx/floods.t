# Plugins that set too much, and peers that go away at the wrong time: the
# worker lives on, its memory is bounded, each request ends as one message.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Socket qw(SOL_SOCKET SO_LINGER);

# The configuration: CALLBACK WHAT COUNT SIZE; "h" adds that many headers with
# values of that size, "s" sets one again and again, "v" a variable; "b"
# appends to the body.  It logs the status of the last call, and how many of
# the calls were Ok.
my $plugin = plugin('flood', source => <<'EOF');
#include "sluice.h"

static struct sluice_str how;
static char big[1 << 20];

static size_t number(struct sluice_str *s)
{
    size_t n = 0;

    for (; s->len && *s->data >= '0' && *s->data <= '9'; s->data++, s->len--) {
        n = n * 10 + (size_t)(*s->data - '0');
    }
    if (s->len) {
        s->data++;
        s->len--;
    }
    return n;
}

static void flood(const char *callback, enum sluice_map map,
                  enum sluice_body body)
{
    struct sluice_str s = how, value = { big, 0 }, name, got;
    size_t count, last = 0, good = 0;
    char what;

    if (!sluice_equal((struct sluice_str){ s.data, 2 },
                      sluice_str(callback))) {
        return;
    }
    what = s.data[3];
    s.data += 5;
    s.len -= 5;
    count = number(&s);
    value.len = number(&s);
    for (size_t i = 0; i < count; i++) {
        name = what == 'h' ? sluice_join(SLUICE_STR("x-"), sluice_decimal(i))
                           : SLUICE_STR("x-0");
        last = what == 'h' ? sluice_header_add(map, name, value)
               : what == 's' ? sluice_header_set(map, name, value)
               : what == 'v' ? sluice_property_set("ngx.flood", value)
               : sluice_body_splice(body, INT32_MAX, 0, value);
        good += last == 0;
    }
    got = sluice_join(SLUICE_STR("got "), sluice_decimal(last));
    got = sluice_join(sluice_join(got, SLUICE_STR(" ")),
                      sluice_decimal(good));
    sluice_log(SLUICE_WARN, got);
}

SLUICE_ON_CONFIGURE(root, text)
{
    how = sluice_keep(text);
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = 'v';
    }
    return true;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    flood("rh", SLUICE_REQUEST_HEADERS, SLUICE_REQUEST_BODY);
    return SLUICE_CONTINUE;
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    flood("rb", SLUICE_REQUEST_HEADERS, SLUICE_REQUEST_BODY);
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    flood("sh", SLUICE_RESPONSE_HEADERS, SLUICE_RESPONSE_BODY);
    sluice_header_remove(SLUICE_RESPONSE_HEADERS,
                         SLUICE_STR("content-length"));
    return SLUICE_CONTINUE;
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    flood("sb", SLUICE_RESPONSE_HEADERS, SLUICE_RESPONSE_BODY);
    return SLUICE_CONTINUE;
}
EOF

# /cut/N: N pieces of five, then a reset; /length/cut/N with a length.
my @pieces = map { $_ x 1000 } 'a' .. 'e';
my $up = upstream(sub {
    my ($r, $s) = @_;
    if ($r->uri =~ /drip/) {
        syswrite $s, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
        for my $piece (@pieces) {
            syswrite $s, $piece or last;
            select undef, undef, undef, 0.02;
        }
        return;
    }
    return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
        unless $r->uri =~ /cut\/(\d)/;
    my $n = $1;
    my $length = $r->uri =~ /length/;
    if ($n) {
        syswrite $s, "HTTP/1.1 200 OK\r\n"
            . ($length ? "Content-Length: 5000\r\n\r\n"
                : "Transfer-Encoding: chunked\r\n\r\n");
        for my $piece (@pieces[0 .. $n - 1]) {
            syswrite $s, $length ? $piece : sprintf "%x\r\n%s\r\n", 1000, $piece;
            select undef, undef, undef, 0.01;
        }
    }
    setsockopt $s, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    close $s;
    return;
});

my %floods = (
    'rh-many' => 'rh h 10000 10', 'rh-huge' => 'rh h 100 1000000',
    'rh-again' => 'rh s 1000 1000000', 'rh-variable' => 'rh v 1000 1000000',
    'sh-many' => 'sh h 10000 10', 'sh-huge' => 'sh h 100 1000000',
    'sh-again' => 'sh s 1000 1000000', 'sb-again' => 'sb s 1000 1000000',
    'rb-grow' => 'rb b 1100 1000000', 'sb-grow' => 'sb b 1100 1000000',
);
my $floods = join '', map { "location /$_ { wasm_filter f-$_ '$floods{$_}'; "
    . "proxy_pass http://127.0.0.1:%%up%%; }\n" } sort keys %floods;
my $plugins = join '', map { "wasm_plugin f-$_ $plugin deadline=10s "
    . "allow=default,property.write;\n" } sort keys %floods;
my %ways = (pass => 'sb body|rb body', upper => 'sb upper|rb upper',
    hold => 'sb pause|sb end continue|rb pause|rb end continue',
    deny => 'sb end respond 500 no|rb end respond 400 no');
my $ways = join '', map {
    my $buffering = /u$/ ? 'proxy_buffering off; proxy_request_buffering off;' : '';
    my $way = s/u$//r;
    "location /$_/ { wasm_filter s '$ways{$way}|log log ENDED|done log DONE|"
    . "delete log DELETED'; $buffering proxy_pass http://127.0.0.1:%%up%%/; }\n"
} map { ($_, $_ . 'u') } sort keys %ways;

my $nginx = nginx(<<"EOF", up => $up->port);
$plugins
wasm_plugin s %%plugin:script%% log_rate=100000;
server {
    listen 127.0.0.1:%%port%%;
    set \$flood '';
    proxy_http_version 1.1;
    proxy_buffer_size 1m; proxy_buffers 4 1m; proxy_busy_buffers_size 2m;
    $floods
    $ways
    location / { empty_gif; }
}
EOF
my ($pid) = $nginx->workers;

# Headers and variables: 4 MiB a request; bodies: body_buffer and a chunk.
my %want = (many => '0 10000', huge => '10 4', again => '10 4',
    variable => '10 4', grow => '10 1');
my @rss;
for my $round (1 .. 2) {
    for my $name (sort keys %floods) {
        my $n = () = $nginx->lines(qr/: got /);
        my $r = $nginx->post("/$name", 'body', timeout => 20);
        is $r->status, 200, "$name: an answer";
        ok $r->complete, "$name: whole";
        my @got = $nginx->wait_log(qr/: got /, $n + 1);
        my $want = $want{ (split /-/, $name)[1] };
        like $got[$n], qr/: got $want\b/, $name;
        is $r->header('x-9999'), 'v' x 10, "$name: the last one"
            if $name eq 'sh-many';
    }
    push @rss, $nginx->rss($pid);
}
is $up->last->header('x-9999'), undef, 'none left of others';
cmp_ok $rss[1] - $rss[0], '<', (1 << 20) * ($ENV{SLUICE_SAN} ? 64 : 1),
    'and memory comes back';
is scalar(grep { /more than 4194304 bytes/ } $nginx->lines(qr/"f-/)), 12,
    'one line a request';

# A server that resets the connection after each number of pieces.
my $ended = 0;
for my $way (map { ($_, $_ . 'u') } sort keys %ways) {
    for my $kind (qw(cut length/cut)) {
        for my $n (0 .. 4) {
            my $r = $nginx->get("/$way/$kind/$n");
            $ended++;
            ok $r->status != 200 || !$r->complete,
                "/$way/$kind/$n: not taken for whole";
        }
    }
}

# A client that does, while it sends and while it reads.
sub reset_by_client
{
    my ($c) = @_;
    setsockopt $c->socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0;
    $c->close;
    $ended++;
}
for my $way (map { ($_, $_ . 'u') } sort keys %ways) {
    for my $n (0 .. 4) {
        my $c = $nginx->connect;
        $c->send("POST /$way/x HTTP/1.1\r\nHost: a\r\n"
            . "Content-Length: 5000\r\n\r\n");
        select undef, undef, undef, 0.01;
        $c->send($_) for @pieces[0 .. $n - 1];
        reset_by_client($c);
        $c = $nginx->connect;
        $c->send("GET /$way/drip HTTP/1.1\r\nHost: a\r\n\r\n");
        select undef, undef, undef, 0.01 + 0.02 * $n;
        reset_by_client($c);
    }
}
for my $what (qw(ENDED DONE DELETED)) {
    my @lines = $nginx->wait_log(qr/\d\] $what/, $ended);
    is scalar(@lines), $ended, "$what: each context once";
}
is $nginx->get('/')->status, 200, 'a bystander';
is +($nginx->workers)[0], $pid, 'the same worker';

# Queues: a plugin opens 1,024 in a worker; names, which never end, and items
# fill the share of who makes them.
$nginx = nginx(<<'EOF');
wasm_zone plugins 4m;
wasm_plugin names %%plugin:shared%% deadline=10s;
wasm_plugin partner %%plugin:shared%% share=names deadline=10s;
wasm_plugin long %%plugin:shared%% deadline=10s;
wasm_plugin metrics %%plugin:shared%% deadline=10s;
wasm_plugin bystander %%plugin:shared%% deadline=10s;
server {
    listen 127.0.0.1:%%port%%;
    location /names { wasm_filter names; }
    location /again { wasm_filter names 'open other'; }
    location /partner { wasm_filter partner; }
    location /long { wasm_filter long; }
    location /metrics { wasm_filter metrics; }
    location /bystander { wasm_filter bystander; }
    location / { empty_gif; }
}
EOF
sub call
{
    my ($plugin, $command) = @_;
    return $nginx->get("/$plugin", headers => ["x-do: $command"],
        timeout => 20)->body;
}
sub idle
{
    my ($pid) = $nginx->workers;
    my $cpu = $nginx->cpu($pid);
    select undef, undef, undef, 1;
    cmp_ok $nginx->cpu($pid) - $cpu, '<', 0.1 * slow(), 'the worker has time';
}
sub warned
{
    my ($what) = @_;
    return join ' ', map { /"(\w+)"/ } $nginx->lines(qr/\[warn\].*$what/);
}
my $many = 'may not open more than 1024 queues';
my $full = 'no room in its share';
($pid) = $nginx->workers;
my ($own) = call(bystander => 'open own') =~ /^0 (\d+)$/;
ok $own, 'a queue of another share';
is call(bystander => 'set key 0 value'), '0 ', 'and data';

# The number is of the plugin: of all its configurations, with what it takes
# over from another one of its share, which may open as many others then.
my ($foreign) = call(names => 'open 0') =~ /^0 (\d+)$/;
is call(names => 'opens 1000000 8'), '10 1022', 'with two others: 1,024';
is call(names => 'opens 1022 8'), '0 1022', 'the same again';
is call(again => 'open more'), '10 0', 'none by another configuration';
is call(names => 'find  more'), '1 0', 'not even a name';
like call(names => 'open other'), qr/^0 /, 'its open one';
my ($third) = call(partner => 'open third') =~ /^0 (\d+)$/;
ok $third, 'one of the other plugin with this share';
is call(names => 'open third'), '10 0', 'none by taking over';
is call(names => "push $third item"), '0 ', 'that one';
ok scalar($nginx->wait_log(qr/"partner".* ready item/)), 'stays as it was';
is call(partner => 'open 0'), "0 $foreign", 'taken over, one';
is call(names => 'open third'), "0 $third", 'makes room for another';
is call(names => "push $third now"), '0 ', 'which';
ok scalar($nginx->wait_log(qr/"names".* ready now/)), 'it is woken for';
is call(names => 'open 0'), '10 0', 'and no more';
is call(partner => 'opens 1000000 9'), '10 1023', 'as many for the other one';
is warned($many), 'names partner', 'said once of each';

# Sizes of names: how many of them a share of 1 MiB has room for, at most.
my ($made) = call(long => 'opens 1000000 20000') =~ /^10 (\d+)$/;
my $most = 1048576 / 20_000;
cmp_ok $made, '>', $most / 32, 'long names: InternalFailure, later';
cmp_ok $made, '<=', $most, 'a share of the zone';
is call(bystander => 'opens 1 1000000'), '10 0', 'a name as long as a share';
my $rss = $nginx->rss($pid);
is call(long => 'opens 1000000 20000'), "10 $made", 'the same again'
    for 1 .. 5;
cmp_ok $nginx->rss($pid) - $rss, '<', $ENV{SLUICE_SAN} ? 64 << 20 : 1 << 20,
    'and no more memory';
is call(long => 'opens 1000000 20001'), '10 0', 'not one more';

# To the last block.
like call(metrics => 'names 0 1000000'), qr/^10 \d{4}$/, 'metrics fill it';
like call(metrics => "flood $own 1000000 10"), qr/^10 [12]$/,
    "the second item fails, for others' queues, too";
is call(metrics => 'fill k 1 1000'), '10 ', 'nor data';
is call(metrics => 'define 0 m'), '10 0', 'nor a metric';
is call(metrics => 'open q'), '10 0', 'nor a queue';
is warned($full), 'long bystander metrics', 'said once of each';
idle();

like call(bystander => 'get key'), qr/^0 \d+ value$/, 'data of the other share';
is call(bystander => "push $own item"), '0 ', 'its queue';
ok scalar($nginx->wait_log(qr/"bystander".* ready item/)), 'wakes it';
is call(bystander => "push $foreign from-outside"), '0 ', "another's, too";
ok scalar($nginx->wait_log(qr/"partner".* ready from-outside/)), 'as does that';
like call(bystander => 'define 0 m'), qr/^0 /, 'its metrics';
is $nginx->get('/')->status, 200, 'a location without plugins';
is +($nginx->workers)[0], $pid, 'the same worker';
is scalar($nginx->lines(qr/\[error\]/)), 0, 'no error';

ok $nginx->reload, 'reload';
is call(names => 'find  third'), "0 $third", 'the names are kept';
is call(names => 'opens 1000000 8'), '10 1023', 'and counted anew';
is call(long => 'opens 1000000 20000'), "10 $made", 'long ones, too';
is warned($many), 'names partner names', 'said once more';
is warned($full), 'long bystander metrics long', 'of both';
is call(bystander => 'open own'), "0 $own", 'the other share';
is call(bystander => "push $own later"), '0 ', 'is in use';
ok scalar($nginx->wait_log(qr/"bystander".* ready later/)), 'as before';

# In a zone that has room for 100,000, and while a plugin is tried out.
$nginx = nginx(<<'EOF');
wasm_zone plugins 50m;
wasm_plugin start %%plugin:shared%% start_deadline=60s;
server {
    listen 127.0.0.1:%%port%%;
    location /start { wasm_filter start 'opens 1000000 8'; }
}
EOF
is call(start => 'opens 1000000 8'), '10 1024', 'a large zone';
idle();
my $opens = qr/opens 1000000 8 -> 10 1024\b/;
is scalar($nginx->lines($opens)), 1, 'as many at the start';
is warned($many), 'start', 'said once';
ok $nginx->reload, 'reload';
is scalar($nginx->wait_log($opens, 3)), 3, 'as many for the trial';
is warned($many), 'start start start', 'said by the trial, and by the worker';

done_testing;

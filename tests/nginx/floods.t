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

done_testing;

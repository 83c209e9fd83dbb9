# What ends a pause from outside: another request or a timer, in each phase;
# what is changed before; twice, too late, for the wrong direction; shutdown.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time sleep);

my $up = upstream(sub {
    my ($r) = @_;
    my $body = join '|', $r->method, $r->uri, $r->header('x-late') // '-', $r->body // '';
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body" });

# /PHASE/... pauses in PHASE (rh, rb, sh, sb: bodies at their end); the header
# x-steps of a request to /wake is done to the context that paused last, a
# letter a step; with /tick it is done by on_tick a little later.
my $waker = plugin('resumer', source => <<'EOF');
#include "sluice.h"
SLUICE_IMPORT_("proxy_set_effective_context")
enum sluice_status effective(uint32_t);
SLUICE_IMPORT_("proxy_set_tick_period_milliseconds")
enum sluice_status period(uint32_t);

static uint32_t waiting, phases[1024], nlater;
static char later[8];

static void act(const char *steps, size_t n)
{
    effective(waiting);
    for (size_t i = 0; i < n; i++) {
        switch (steps[i]) {
        case 'q': sluice_continue(SLUICE_REQUEST); break;
        case 's': sluice_continue(SLUICE_RESPONSE); break;
        case 'c': sluice_close(SLUICE_REQUEST); break;
        case 'a': sluice_respond(418, SLUICE_STR("pot"), NULL, 0); break;
        case 'h': sluice_header_set(SLUICE_REQUEST_HEADERS,
                                    SLUICE_STR("x-late"), SLUICE_STR("yes"));
                  break;
        case 'r': sluice_header_set(SLUICE_RESPONSE_HEADERS,
                                    SLUICE_STR("x-late"), SLUICE_STR("out"));
                  break;
        }
    }
}

static uint32_t pause_if(uint32_t context, char a, char b)
{
    if (phases[context % 1024] != (uint32_t)(a << 8 | b)) {
        return SLUICE_CONTINUE;
    }
    waiting = context;
    sluice_log(SLUICE_WARN, SLUICE_STR("paused"));
    return SLUICE_PAUSE;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    struct sluice_str path, steps = { "", 0 };

    sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR(":path"), &path);
    sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-steps"), &steps);
    phases[context % 1024] = (uint32_t)(path.data[1] << 8 | path.data[2]);
    if (sluice_contains(path, SLUICE_STR("/wake"))) {
        act(steps.data, steps.len);
        effective(context);
    } else if (sluice_contains(path, SLUICE_STR("/tick"))) {
        for (nlater = 0; nlater < steps.len && nlater < 8; nlater++) {
            later[nlater] = steps.data[nlater];
        }
        period(50);
    }
    return pause_if(context, 'r', 'h');
}

SLUICE_ON_REQUEST_BODY(context, size, over)
{
    return over ? pause_if(context, 'r', 'b') : SLUICE_PAUSE;
}

SLUICE_ON_RESPONSE_HEADERS(context, over)
{
    return pause_if(context, 's', 'h');
}

SLUICE_ON_RESPONSE_BODY(context, size, over)
{
    return over ? pause_if(context, 's', 'b') : SLUICE_PAUSE;
}

SLUICE_EXPORT_("proxy_on_tick") void on_tick(uint32_t root);
void on_tick(SLUICE_UNUSED_ uint32_t root)
{
    period(0);
    act(later, nlater);
}
EOF

my $nginx = nginx(<<'EOF', up => $up->port, waker => $waker);
wasm_plugin w %%waker%% pause_timeout=20s deadline=5s log_rate=10000;
server {
    listen 127.0.0.1:%%port%%;
    listen 127.0.0.1:%%port:two%% http2;
    wasm_filter w;
    location / { proxy_pass http://127.0.0.1:%%up%%; }
    location /wake { empty_gif; }
    location /tick { empty_gif; }
}
EOF
my ($pid) = $nginx->workers;
my $paused = 0;

# A request that is paused in a phase.
sub paused
{
    my ($phase, $body) = @_;
    my $c = $nginx->connect;
    $c->send("POST /$phase HTTP/1.1\r\nHost: a\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
    is scalar($nginx->wait_log(qr/"w": paused/, ++$paused)), $paused, "$phase: paused";
    return $c;
}
sub wake
{
    my ($steps, $how) = @_;
    return $nginx->get('/' . ($how // 'wake'), headers => ["x-steps: $steps"])->status;
}

for my $phase (qw(rh rb sh sb)) {
    my $go = $phase =~ /^r/ ? 'q' : 's';
    for my $how (qw(wake tick)) {
        my $c = paused($phase, 'abc');
        is wake("h$go", $how), 200, "$phase, $how";
        my $r = $c->response;
        is $r->status . $r->body, "200POST|/$phase|" . ($phase =~ /^r/ ? 'yes' : '-') . '|abc',
            'it goes on, with what was changed';
        is $c->request('GET', '/x')->body, 'GET|/x|-|', 'keep-alive';
    }
    my $c = paused($phase, 'abc');
    is wake($phase =~ /^r/ ? 's' : 'q'), 200, 'the other direction';
    ok !$c->fill(0.1), 'wakes nobody';
    is wake("$go$go$go"), 200, 'thrice';
    is $c->response->status, 200, 'is once';
    is wake($go), 200, 'when it is over: nothing';

    $c = paused($phase, 'abc');
    is wake('a'), 200, 'a local response';
    my $r = $c->response;
    is $r->status . $r->body, '418pot', "$phase: takes its place";
    is $c->request('GET', '/x')->status, 200, 'keep-alive';

    $c = paused($phase, 'abc');
    is wake("a$go"), 200, 'a local response, and on';
    is $c->response->status, 418, 'the response wins';

    $c = paused($phase, 'abc');
    is wake('c'), 200, 'close';
    is $c->read_all, '', "$phase: closed without a byte";

    $c = paused($phase, 'x' x 300_000);
    is wake($go), 200, 'a long body';
    $r = $c->response;
    is length $r->body, 300_000 + length("POST|/$phase|-|"), 'is whole';

    # Over HTTP/2.
    my $curl = open my $out, '-|', 'curl', '-s', '--max-time', 20, '--http2-prior-knowledge', '-d', 'abc',
        'http://127.0.0.1:' . $nginx->port('two') . "/$phase";
    ok scalar($nginx->wait_log(qr/"w": paused/, ++$paused)) == $paused, 'HTTP/2: paused';
    is wake($go), 200, 'HTTP/2';
    is join('', <$out>), "POST|/$phase|-|abc", 'goes on';
    close $out;
}

# Response headers can be changed as long as they are held.
for my $phase (qw(sh sb)) {
    my $c = paused($phase, 'abc');
    wake('rs');
    is $c->response->header('x-late'), 'out', "$phase: response headers";
}

# A graceful shutdown waits for them.
is +($nginx->workers)[0], $pid, 'the same worker';
my @c = map { paused($_, 'abc') } qw(rh sb);
ok $nginx->signal('HUP'), 'reload';
sleep 0.3;
is scalar(grep { $_ == $pid } $nginx->workers), 1, 'the old worker waits';
$_->close for @c;
my $end = time + 5 * slow();
sleep 0.05 while time < $end && grep { $_ == $pid } $nginx->workers;
is scalar(grep { $_ == $pid } $nginx->workers), 0, 'the clients leave, it ends';
done_testing;

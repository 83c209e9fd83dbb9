# The end of root contexts: on_done when a worker begins to shut down, and
# on_delete when the plugin is done, or has had its time.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time sleep);

# Says what it sees; its configuration tells after how many ticks it is done:
# none: at once, 0: never.
my $done = plugin('done', source => <<'EOF');
#include "sluice.h"
SLUICE_IMPORT_("proxy_done") enum sluice_status done(void);
SLUICE_IMPORT_("proxy_set_tick_period_milliseconds")
enum sluice_status period(uint32_t);

static uint32_t root, left;
static bool configured, ending;

static void say(const char *text)
{
    sluice_log(SLUICE_WARN, sluice_str(text));
}

SLUICE_ON_CONFIGURE(id, text)
{
    root = id;
    configured = text.len != 0;
    left = configured ? (uint32_t)(text.data[0] - '0') : 0;
    if (done() == SLUICE_NOT_FOUND) {
        say("not yet");
    }
    period(20);
    return true;
}

SLUICE_ON_REQUEST_HEADERS(context, over)
{
    sluice_header_set(SLUICE_REQUEST_HEADERS, SLUICE_STR("x-seen"),
                      SLUICE_STR("1"));
    return SLUICE_CONTINUE;
}

SLUICE_ON_DONE(context)
{
    if (context != root) {
        return false;
    }
    say("root done");
    ending = true;
    return !configured;
}

SLUICE_EXPORT_("proxy_on_tick") void on_tick(uint32_t id);
void on_tick(SLUICE_UNUSED_ uint32_t id)
{
    if (ending && left && --left == 0) {
        say(done() == SLUICE_OK ? "is done" : "wrong");
        say(done() == SLUICE_NOT_FOUND ? "once" : "wrong");
    }
}

SLUICE_EXPORT_("proxy_on_delete") void on_delete(uint32_t id);
void on_delete(uint32_t id)
{
    if (id == root) {
        say("root deleted");
    }
}
EOF

sub start
{
    my ($config, $main) = @_;
    return nginx(<<'EOF', config => $config, done => $done, main => $main // '');
wasm_plugin d %%done%%;
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter d %%config%%; return 200 x; }
}
EOF
}

# How long a graceful shutdown takes, and what the plugin says meanwhile.
sub quit
{
    my ($nginx) = @_;
    is $nginx->get('/')->body, 'x', 'a request: its on_done is ignored';
    my $n = $nginx->lines(qr/./);
    my $from = time;
    $nginx->stop(how => 'QUIT');
    my @lines = ($nginx->lines(qr/./))[$n .. scalar($nginx->lines(qr/./)) - 1];
    return (time - $from, join ' | ', map { /"d": ([\w ]+?)(?: while|,|$)/ } @lines);
}

my $nginx = start("''");
my ($time, $said) = quit($nginx);
is $said, 'root done | root deleted', 'done at once';
cmp_ok $time, '<', 1 * slow(), 'no waiting';

$nginx = start('5');
($time, $said) = quit($nginx);
is $said, 'root done | is done | once | root deleted', 'done after some ticks';
cmp_ok $time, '>', 0.09, 'it had the time';
cmp_ok $time, '<', 2 * slow(), 'and no more';

$nginx = start('0', 'worker_shutdown_timeout 400ms;');
($time, $said) = quit($nginx);
is $said, 'root done | root deleted', 'never done: ended';
cmp_ok $time, '>', 0.35, 'after worker_shutdown_timeout';
cmp_ok $time, '<', 2 * slow(), 'and not later';

$nginx = start('3');
ok $nginx->reload, 'reload';
$nginx->wait_log(qr/"d": is done/);
ok scalar($nginx->wait_log(qr/"d": is done/)), 'of the old worker';
is scalar(() = $nginx->lines(qr/"d": is done/)), 1, 'not of the new one';
is $nginx->get('/')->body, 'x', 'it goes on';
$nginx->stop;

# A fault at the end.
my $trap = plugin('trapdone', source => <<'EOF');
#include "sluice.h"
static uint32_t root;
SLUICE_ON_CONFIGURE(id, text) { root = id; return true; }
SLUICE_ON_DONE(context)
{
    if (context == root) {
        __builtin_trap();
    }
    return true;
}
EOF
$nginx = nginx(<<'EOF', trap => $trap);
wasm_plugin t %%trap%%;
server { listen 127.0.0.1:%%port%%; wasm_filter t; return 200 x; }
EOF
is $nginx->get('/')->body, 'x', 'on_done of the root traps at the end only';
my $before = () = $nginx->lines(qr/\[error\].*"t".*on_done/);
$nginx->stop(how => 'QUIT');
is scalar(() = $nginx->lines(qr/\[error\].*"t".*on_done/)), $before + 1, 'one line';
done_testing;

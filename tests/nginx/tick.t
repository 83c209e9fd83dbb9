# Ticks: in each worker and configuration, without requests; their faults; and
# a worker that shuts down doesn't wait for them.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(sleep time);

my $from = time;
my $nginx = nginx(<<'EOF', main => 'worker_processes 2;');
wasm_plugin tick %%plugin:shared%% log_rate=1000;
wasm_plugin quiet %%plugin:shared%%;
wasm_plugin trap %%plugin:shared%%;
server {
    listen 127.0.0.1:%%port%%;
    location /tick { wasm_filter tick 'period 20'; }
    location /quiet { wasm_filter quiet 'period 20|period 0'; }
    location /trap { wasm_filter trap 'period 30|trap'; }
}
EOF

my @workers = $nginx->workers;
$nginx->wait_log(qr/"tick": tick/, 40);
cmp_ok time - $from, '>', 0.3, 'not faster than asked for';
sleep 0.3;
my %seen = map { /(\d+)#/ ? ($1 => 1) : () } $nginx->lines(qr/"tick": tick/);
is join(',', sort keys %seen), join(',', sort @workers), 'in each worker';
is scalar(() = $nginx->lines(qr/"quiet": tick/)), 0, 'period 0: none';

# A tick that traps: one line, and a new instance a second later.
my @faults = $nginx->wait_log(qr/\[error\].*"trap".*on_tick/, 4);
cmp_ok scalar(@faults), '>=', 4, 'a fault, and one more after the restart';
like $faults[0], qr/unreachable/, 'its cause';
cmp_ok scalar(@faults), '<=', 2 * (2 + (time - $from)),
    'not more than one a second and worker';
is join(',', sort $nginx->workers), join(',', sort @workers),
    'the same workers';

# A request changes its root's period.
is $nginx->get('/tick', headers => ['x-do: period 0'])->body, '0 ',
    'no more in one worker';
sleep 0.3;
my %late = map { /(\d+)#/ ? ($1 => 1) : () }
    ($nginx->lines(qr/"tick": tick/))[-3 .. -1];
is scalar(keys %late), 1, 'ticks of the other only';
is $nginx->get('/trap')->status, 404, 'requests of the plugin that traps';

ok $nginx->reload, 'reload';
$from = time;
$nginx->stop(how => 'QUIT');
cmp_ok time - $from, '<', 5 * slow(), 'no waiting for timers';
done_testing;

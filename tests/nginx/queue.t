# Queues: order, what is refused, on_queue_ready in the worker that opened
# one last, and bounds.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(sleep time);

my $nginx = nginx(<<'EOF', main => 'worker_processes 2;');
wasm_zone plugins 2m;
wasm_plugin a %%plugin:shared%% deadline=60s log_rate=100000;
wasm_plugin b %%plugin:shared%% deadline=60s log_rate=100000;
server {
    listen 127.0.0.1:%%port%% reuseport;
    location /a { wasm_filter a; }
    location /b { wasm_filter b 'set witness 0 b|open woken'; }
}
EOF

sub call
{
    my ($plugin, $command) = @_;
    return $nginx->get("/$plugin", headers => ["x-do: $command"])->body;
}

# Each worker's b opens "woken": the last one is woken, wherever the items
# come from.  Connections are spread over both workers.
my ($b) = call(b => 'find  woken') =~ /^0 (\d+)$/;
ok $b, 'the queue of the start';
is call(a => 'find b woken'), "0 $b", 'by the name of another share';
is call(a => 'find  woken'), '1 0', 'an own queue of this name: NotFound';
is call(a => 'find x woken'), '1 0', 'an unknown share: NotFound';
is call($_ % 2 ? 'a' : 'b', "push $b item$_"), '0 ', "push $_" for 1 .. 40;
my @ready = map { /ready (item\d+)/ ? $1 : () }
    $nginx->wait_log(qr/ready item/, 40);
is "@ready", join(' ', map { "item$_" } 1 .. 40), 'one callback an item';
my %pids = map { /(\d+)#/ ? ($1 => 1) : () } $nginx->lines(qr/ready item/);
is scalar(keys %pids), 1, 'in one worker';
sleep 0.1;
is scalar(() = $nginx->lines(qr/: ready/)), 40, 'and no more';
is call(a => "pop $b"), '7 ', 'Empty';

# The worker that was woken dies; its successor opens the queue.
my $opened = () = $nginx->lines(qr/open woken ->/);
$nginx->expect(qr/exited on signal 9/);
kill 'KILL', keys %pids;
is scalar(() = $nginx->wait_log(qr/open woken ->/, $opened + 1)), $opened + 1,
    'opened anew';
is call(a => "push $b after"), '0 ', 'push after a death';
my ($line) = $nginx->wait_log(qr/ready after/);
my ($pid) = ($line // '') =~ /(\d+)#/;
ok $pid && !$pids{$pid}, 'woken in another worker';
ok $nginx->reload, 'reload';
is call(a => "push $b again"), '0 ', 'push after a reload';
($line) = $nginx->wait_log(qr/ready again/);
($pid) = ($line // '') =~ /(\d+)#/;
ok $pid && grep({ $_ == $pid } $nginx->workers), 'woken in a new worker';

is call(a => 'push 4711 x'), '1 ', 'push, unknown: NotFound';
is call(a => 'push 0 x'), '1 ', 'push, 0: NotFound';
is call(a => 'pop 4711'), '1 ', 'pop, unknown: NotFound';
is call(a => 'pop 4294967295'), '1 ', 'pop, far out: NotFound';

# A flood is charged to who pushes it.
my ($sent) = call(a => "flood $b 1000000 10000") =~ /^10 (\d+)$/;
cmp_ok $sent, '>', 50, "a flood ends at the share ($sent items)";
like call(b => 'get witness'), qr/^0 \d+ b$/, 'the data of the other share';
is call(b => 'set more 0 x'), '0 ', 'which can still write';
my $end = time + 20 * slow();
sleep 0.05 until call(b => "pop $b") =~ /^7/ || time > $end;
is call(b => "pop $b"), '7 ', 'it is drained';
is call(a => "push $b small"), '0 ', 'there is room again';
done_testing;

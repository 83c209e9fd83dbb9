# Metrics: kinds and numbers, across workers, shares and reloads.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $nginx = nginx(<<'EOF', main => 'worker_processes 2;');
wasm_zone plugins 1m;
wasm_plugin a %%plugin:shared%% deadline=60s;
wasm_plugin b %%plugin:shared%% deadline=60s;
server {
    listen 127.0.0.1:%%port%% reuseport;
    location /a { wasm_filter a; }
    location /b { wasm_filter b; }
}
EOF

sub call
{
    my ($plugin, $command) = @_;
    return $nginx->get("/$plugin", headers => ["x-do: $command"])->body;
}

my ($counter) = call(a => 'define 0 hits') =~ /^0 (\d+)$/;
my ($gauge) = call(a => 'define 1 hits') =~ /^0 (\d+)$/;
my ($histogram) = call(a => 'define 2 hits') =~ /^0 (\d+)$/;
is join(',', map { $_ % 4 } $counter, $gauge, $histogram), '0,1,2',
    'the low bits are the kind';
is call(a => 'define 0 hits'), "0 $counter", 'defined again';
is call(a => 'define 3 hits'), '2 0', 'an unknown kind';

is call(a => "add $counter 5"), '0 ', 'counter + 5';
is call(a => "add $counter 0"), '2 ', 'counter + 0';
is call(a => "add $counter -1"), '2 ', 'counter - 1';
is call(a => "record $counter 3"), '0 ', 'record adds to a counter';
is call(a => "read $counter"), '0 8', 'counter';
is call(a => "add $gauge -93"), '0 ', 'gauge - 93';
is call(a => "read $gauge"), '0 18446744073709551523', 'gauge, below zero';
is call(a => "record $gauge 12"), '0 ', 'gauge = 12';
is call(a => "read $gauge"), '0 12', 'gauge';
is call(a => "record $histogram $_"), '0 ', "sample $_" for 0, 7, 1000000, -1;
is call(a => "add $histogram 1"), '2 ', 'histogram + 1';
is call(a => "read $histogram"), '2 0', 'histogram, read';
is call(a => "$_"), '1 ' . (/read/ ? 0 : ''), "$_: NotFound"
    for 'add 4000 1', 'record 4001 1', 'read 4000', 'add 4294967292 1';

is call(b => "add $counter 1"), '1 ', "another share's: NotFound";
my ($theirs) = call(b => 'define 0 hits') =~ /^0 (\d+)$/;
is call(b => "read $theirs"), '0 0', 'its own of this name';

# Two workers: connections are spread over them.
my @pids;
for (1 .. 2) {
    my $pid = fork // die;
    if (!$pid) {
        my $bad = grep { call(b => "adds $theirs 5000") ne '0 5000' } 1 .. 10;
        POSIX::_exit($bad ? 1 : 0);
    }
    push @pids, $pid;
}
for (@pids) {
    waitpid $_, 0;
    is $?, 0, 'a client that counts';
}
is call(b => "read $theirs"), '0 100000', 'not one is lost';

ok $nginx->reload, 'reload';
is call(b => 'define 0 hits'), "0 $theirs", 'the same metric';
is call(b => "read $theirs"), '0 100000', 'and its value';

my ($made) = call(a => 'names 0 100000') =~ /^10 (\d+)$/;
cmp_ok $made, '>', 500, "a flood of names ends ($made)";
like call(b => 'define 1 new'), qr/^0/, 'the other share has room';
is call(a => "read $counter"), '0 8', 'and the first is still there';
done_testing;

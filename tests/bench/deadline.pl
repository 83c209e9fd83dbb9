# How long an answer takes when a plugin loops for ever, beyond its deadline: in
# milliseconds of the client's time and of the worker's CPU time (which is what
# a deadline is about), median and greatest.
#
#     perl tests/bench/deadline.pl [COUNT]
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time);

my $count = shift // 50;
my @deadlines = (5, 20, 100);
my $nginx = nginx(join '', (map { my $d = $_; map { <<"EOF" } qw(closed open) }
wasm_plugin $_$d %%plugin:script%% deadline=${d}ms fail=$_;
EOF
    @deadlines), "server {\nlisten 127.0.0.1:%%port%%;\n",
    (map { my $d = $_; map { <<"EOF" } qw(closed open) }
location /$_/$d { wasm_filter $_$d 'rh loop'; empty_gif; }
EOF
    @deadlines), "}\n");
my ($worker) = $nginx->workers;

sub cpu
{
    my ($ns) = split ' ', read_file("/proc/$worker/schedstat");
    return $ns / 1e6;
}

printf "%8s %8s %8s %8s %8s %8s %8s\n", 'deadline', 'fail', 'status', 'client',
    'max', 'CPU', 'max';
for my $deadline (@deadlines) {
    for my $fail (qw(closed open)) {
        my ($r, @over, @cpu);
        for (1 .. $count) {
            my $c = $nginx->connect;
            my ($began, $used) = (time, cpu());
            $r = $c->request('GET', "/$fail/$deadline");
            push @over, (time - $began) * 1000 - $deadline;
            push @cpu, cpu() - $used - $deadline;
        }
        for (\@over, \@cpu) {
            @$_ = sort { $a <=> $b } @$_;
        }
        printf "%6dms %8s %8d %8.2f %8.2f %8.2f %8.2f\n", $deadline, $fail,
            $r->status, map { ($_->[@$_ / 2], $_->[-1]) } \@over, \@cpu;
    }
}

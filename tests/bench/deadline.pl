# How long an answer takes when a plugin loops, traps, recurses or grows its
# memory for ever: in milliseconds of the client's time and of the worker's CPU
# time (which is what a deadline is about), of a loop what is beyond the
# deadline; median, 90th percentile and greatest, and how many of the client's
# are beyond 5.
#
#     [chrt -f 10] perl tests/bench/deadline.pl [COUNT [DEADLINE]]
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time);

my ($count, $deadline) = (shift // 50, shift // 10);
my @faults = qw(loop trap recurse grow);
my %where = (create => 'a new context', rh => 'request headers',
    rb => 'request body', sh => 'response headers', sb => 'response body');
my @where = qw(create rh rb sh sb);

my @locations;
for my $fail (qw(closed open)) {
    for my $fault (@faults) {
        push @locations, map { <<"EOF" } @where;
location /$fail/$fault/$_ {
    wasm_filter $fail '$_ $fault';
    proxy_pass http://127.0.0.1:%%port%%/up;
}
EOF
    }
}
my $nginx = nginx(join '', <<"EOF", @locations, "}\n");
wasm_plugin closed %%plugin:script%% deadline=${deadline}ms;
wasm_plugin open %%plugin:script%% deadline=${deadline}ms fail=open;
server {
listen 127.0.0.1:%%port%%;
location = /up { return 200 hello; }
EOF
my ($worker) = $nginx->workers;

sub cpu
{
    my ($ns) = split ' ', read_file("/proc/$worker/schedstat");
    return $ns / 1e6;
}

sub figures
{
    my @sorted = sort { $a <=> $b } @_;
    return map { sprintf '%8.2f', $sorted[$_ * $#sorted] } 0.5, 0.9, 1;
}

printf "deadline %d ms, %d requests each %17s %35s\n%-8s %-17s %-7s %6s %s\n",
    $deadline, $count, 'client', 'CPU', 'fault', 'in', 'fail', 'status',
    join ' ', map { sprintf '%8s', $_ } qw(median 90% most late),
    qw(median 90% most);
for my $fault (@faults) {
    for my $in (@where) {
        for my $fail (qw(closed open)) {
            my ($r, @client, @cpu);
            my $less = $fault eq 'loop' ? $deadline : 0;
            for (1 .. $count) {
                my $c = $nginx->connect;
                my ($began, $used) = (time, cpu());
                $r = $c->request('POST', "/$fail/$fault/$in", body => 'body');
                push @client, (time - $began) * 1000 - $less;
                push @cpu, cpu() - $used - $less;
                # The kernel stops real-time processes that never rest.
                select undef, undef, undef, 0.003;
            }
            printf "%-8s %-17s %-7s %6d %s %8d %s\n", $fault, $where{$in},
                $fail, $r->status, join(' ', figures(@client)),
                scalar(grep { $_ > 5 } @client), join ' ', figures(@cpu);
        }
    }
}
($nginx->workers)[0] == $worker or die "the worker is another one\n";

# One host call over very many headers takes a moment: no deadline ends the
# host's own work.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my @ways = map { my $map = $_; map { "$map$_" } qw(l r c) } qw(r s);
my $plugins = join "\n",
    map { "wasm_plugin $_ %%plugin:crowd%% memory=64m deadline=10s;" } @ways;
my $locations = join "\n",
    map { "location = /$_ { wasm_filter $_ $_; }" } @ways;
my $nginx = nginx(<<"EOF", files => { map { ("html/$_" => 'hi') } @ways });
$plugins
server { listen 127.0.0.1:%%port%%; $locations }
EOF

my ($pid) = $nginx->workers;
for my $way (@ways) {
    my $cpu = $nginx->cpu($pid);
    is $nginx->get("/$way", timeout => 60)->status, 200, "$way: passed";
    cmp_ok $nginx->cpu($pid) - $cpu, '<', 0.5 * slow(), "$way: soon";
}

done_testing;

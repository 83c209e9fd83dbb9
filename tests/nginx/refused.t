# nginx -t: one [emerg] line that says which plugin, phase and reason.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use File::Temp 'tempdir';

my $dir = tempdir(CLEANUP => 1);
my $good = read_file(plugin('script'));
write_file("$dir/good.wasm", $good);
write_file("$dir/empty.wasm", '');
write_file("$dir/text.wasm", "this is a text\n");
write_file("$dir/config", 'configure log from a file');
write_file("$dir/no", 'configure false');

# Each of these has an exported memory and the marker of 0.2.1.
sub wat
{
    my ($name, $rest, $first) = @_;
    return plugin($name, source => '(module ' . ($first // '')
        . ' (memory (export "memory") 1)'
        . ' (func (export "proxy_abi_version_0_2_1"))'
        . " (func (export \"malloc\") (param i32) (result i32) i32.const 0) $rest)");
}

# (directives, what the line says)
sub refused
{
    my ($name, $directives, @patterns) = @_;
    my ($status, $out, $nginx) = nginx_t($directives);
    is $status, 1, "$name: refused";
    my @lines = grep { /\[emerg\]/ && !/^\d{4}/ } split /\n/, $out;
    is scalar(@lines), 1, "$name: one line" or diag $out;
    like $lines[0] // '', $_, "$name: $_" for @patterns;
    unlike $out, qr/Sanitizer|runtime error/, "$name: clean";
}

my $place = qr/ in \S+nginx\.conf:\d+$/;
my $use = 'server { location / { wasm_filter p; } }';
my $p = sub { my $m = join ' ', @_; "wasm_plugin p $m;\n$use\n" };

# The file.
refused('missing file', $p->("$dir/none.wasm"), qr/"p" \(.*none\.wasm\): load:/,
    qr/No such file/);
refused('folder', $p->($dir), qr/"p".*load: it is not a file/, $place);
refused('empty file', $p->("$dir/empty.wasm"), qr/"p".*load:.*empty/, $place);
refused('text file', $p->("$dir/text.wasm"), qr/"p".*load:/, $place);
refused('digest', $p->("$dir/good.wasm sha256=" . '0' x 64),
    qr/"p".*load:.*digest/, $place);

# The module.
refused('unknown import', $p->(wat('import', '',
    '(import "env" "proxy_bogus" (func (param i32)))')),
    qr/"p".*proxy_bogus/, $place);
refused('memory over the limit', $p->(plugin('large', source => '(module (memory (export'
    . ' "memory") 300) (func (export "proxy_abi_version_0_2_1"))'
    . ' (func (export "malloc") (param i32) (result i32) i32.const 0))')),
    qr/"p".*(memory|limit)/, $place);
refused('no marker', $p->(plugin('nomark', source => '(module (memory (export'
    . ' "memory") 1))')), qr/"p".*proxy_abi_version/, $place);
refused('no memory', $p->(plugin('nomem', source => '(module (func (export'
    . ' "proxy_abi_version_0_2_1")))')), qr/"p".*memory/, $place);
refused('wrong signature', $p->(wat('sig', '(func (export "proxy_on_log"))')),
    qr/"p".*proxy_on_log/, $place);
refused('start traps', $p->(wat('trap',
    '(func $s unreachable) (start $s)')), qr/"p".*start: .*unreachable/, $place);
refused('endless start', $p->(wat('loop', '(func $s (loop br 0)) (start $s)'),
    'start_deadline=50ms'), qr/"p".*start: .*deadline/, $place);

# What the plugin says itself.
my $script = plugin('script');
refused('vm_start false', $p->("$script 'vm_config=start false'"),
    qr/"p".*vm_start/, $place);
refused('vm_start traps', $p->("$script 'vm_config=start trap'"),
    qr/"p".*vm_start.*unreachable/, $place);
refused('configure false', "wasm_plugin p $script;\nserver {\n"
    . "wasm_filter p 'configure false';\n}\n", qr/"p".*configure/,
    qr/nginx\.conf:\d+$/);
refused('configure loops', "wasm_plugin p $script start_deadline=50ms;\nserver {\n"
    . "wasm_filter p config=\@$dir/no;\nwasm_filter p 'configure loop';\n}\n",
    qr/"p".*configure/);
refused('a configuration of several', "wasm_plugin p $script;\n"
    . "server { wasm_filter p ok; }\nserver { wasm_filter p ok2;\n"
    . "location /x { wasm_filter p config=\@$dir/no; } }\n",
    qr/"p".*configure/, $place);

# Directives.
my %wrong = (
    'deadline=0' => qr/out of range/, 'deadline=x' => qr/not a time/,
    'memory=1k' => qr/out of range/, 'memory=5g' => qr/out of range/,
    'memory=' => qr/not a size/, 'fail=maybe' => qr/invalid.*fail/,
    'bogus=1' => qr/unknown parameter "bogus=1"/, 'word' => qr/unknown/,
    'fail=open fail=open' => qr/duplicate parameter/,
    'sha256=12' => qr/sha256/, 'body_buffer=1' => qr/out of range/,
    'pause_timeout=0' => qr/out of range/, 'log_rate=0' => qr/out of range/,
    'vm_config=@/none' => qr/No such file/,
    map { ("$_=1" => qr/"$_=" is not supported yet/) } qw(budget isolation
        breaker),
);
refused($_, $p->("$script $_"), $wrong{$_}, $place) for sort keys %wrong;
refused($_->[0], "wasm_plugin p $script;\n$_->[1]\n", $_->[2], $place) for
    ['unknown plugin', 'server { wasm_filter q; }', qr/"q"/],
    ['two texts', 'server { wasm_filter p a b; }', qr/duplicate/],
    ['text and config', 'server { wasm_filter p a config=b; }', qr/duplicate/],
    ['rewrite', 'server { location / { if ($arg_x) { wasm_filter p phase=rewrite; } } }', qr/not in "if"/],
    ['phase', 'server { wasm_filter p phase=x; }', qr/phase/],
    ['if', 'server { wasm_filter p if=1; }', qr/not a variable/],
    ['off and on', 'server { wasm_filter p; wasm_filter off; }', qr/off/],
    ['on and off', 'server { wasm_filter off; wasm_filter p; }', qr/off/],
    ['twice', "wasm_plugin p $script;", qr/duplicate wasm_plugin/],
    ['zone, small', 'wasm_zone a 4k;', qr/zone "a" is too small/],
    ['zone, no size', 'wasm_zone a 4x;', qr/invalid zone "a 4x"/],
    ['zones', 'wasm_zone a 1m; wasm_zone b 1m;',
        qr/"wasm_zone".* is duplicate/],
    ['cache', 'wasm_cache /x;', qr/"wasm_cache".* is not supported yet/],
    ['status', 'server { wasm_status; }', qr/not supported yet/],
    ['control', 'server { wasm_control; }', qr/not supported yet/],
    ['name', "wasm_plugin off $script;", qr/invalid plugin name/];

refused('unknown variable', "wasm_plugin p $script;\n"
    . 'server { wasm_filter p if=$nosuch; }', qr/unknown "nosuch" variable/);

# A good one.
my ($status, $out) = nginx_t("wasm_plugin p $dir/good.wasm memory=4m "
    . "host_memory=1m deadline=1s start_deadline=10s fail=open "
    . "body_buffer=64k pause_timeout=1s log_rate=10 vm_config=a "
    . 'sha256=' . `sha256sum $dir/good.wasm` =~ s/ .*//sr . ";\n"
    . "wasm_filter p; server { wasm_filter p config=\@$dir/config root_id=r;\n"
    . "location / { wasm_filter off; if (\$arg_x) { proxy_wasm p x if=\$arg_y"
    . " phase=access; } } }\n");
is $status, 0, 'a good configuration' or diag $out;
like $out, qr/from a file/, 'configured under nginx -t';

# Truncated anywhere.
srand 3;
my ($codes, $single, $clear) = (0, 0, 0);
for (1 .. 100) {
    write_file("$dir/cut.wasm", substr $good, 0, 1 + int rand(length($good) - 1));
    my ($s, $o) = nginx_t($p->("$dir/cut.wasm"));
    $codes++ if $s == 1;
    my @l = grep { /\[emerg\]/ && !/^\d{4}/ } split /\n/, $o;
    $single++ if @l == 1;
    $clear++ if ($l[0] // '') =~ /wasm plugin "p" \(.*cut\.wasm\): \w+: .* in /;
}
is "$codes $single $clear", '100 100 100', 'truncated at 100 random offsets';

done_testing;

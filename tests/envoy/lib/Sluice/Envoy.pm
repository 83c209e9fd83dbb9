package Sluice::Envoy;

# Runs Envoy with a listener a scenario:
#
#     my $envoy = Sluice::Envoy->start(\@scenarios, up => PORT, callee => PORT,
#         plugin => sub { path of the module of a filter });
#     $envoy->port($scenario)   $envoy->stop   $envoy->lines($scenario)
#
# Each filter has a virtual machine of its own (unless it says "same"): Envoy
# shares one between equal vm_ids, and a trap ends all that is in it.

use strict;
use warnings;
use File::Temp qw(tempdir);
use IO::Socket::INET;
use JSON::PP;
use POSIX qw(WNOHANG);
use Time::HiRes qw(sleep time);

use Sluice::Nginx;

my $next_id = $$ * 8 % 30000;
my %running;

sub binary { "$Sluice::Nginx::TOOLS/envoy/bin/envoy-binary" }

sub start
{
    my ($class, $scenarios, %o) = @_;
    my $self = bless { %o, ports => {}, dir => tempdir('sluice-envoy-XXXXXX',
        TMPDIR => 1, CLEANUP => !$ENV{SLUICE_KEEP}) }, $class;
    write_file("$self->{dir}/envoy.json",
        JSON::PP->new->canonical->pretty->encode($self->config($scenarios)));
    my @command = (binary(), '-c', "$self->{dir}/envoy.json",
        '--concurrency', 1, '--base-id', $next_id++, '-l', 'warning',
        '--component-log-level', 'wasm:info,main:info', '--log-format',
        '%l|%t|%n|%v');
    my $pid = fork // die "fork: $!\n";
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDOUT, '>', "$self->{dir}/log";
        open STDERR, '>&', \*STDOUT;
        exec @command or POSIX::_exit(127);
    }
    $self->{pid} = $pid;
    $running{$pid} = 1;
    my $end = time + 60;
    until ($self->is_up) {
        if (time > $end || waitpid($pid, WNOHANG) == $pid) {
            delete $running{$pid};
            $self->{died} = 'refuses to start';
            return $self;
        }
        sleep 0.02;
    }
    return $self;
}

# All of the listeners answer at once.
sub is_up
{
    my ($self) = @_;
    return ($self->log // '') =~ /starting main dispatch loop/
        && !grep { !IO::Socket::INET->new(PeerAddr => "127.0.0.1:$_") }
            values %{ $self->{ports} };
}

sub log { read_file("$_[0]{dir}/log") }
sub died { $_[0]{died} }

sub port
{
    my ($self, $s) = @_;
    return $self->{ports}{ $s->{here} } //= free_port();
}

sub stop
{
    my ($self) = @_;
    my $pid = delete $self->{pid} or return;
    return if $self->{died};
    delete $running{$pid};
    kill 'TERM', $pid;
    # With sanitizers elsewhere the machine is busy.
    my $end = time + ($ENV{SLUICE_SAN} ? 20 : 5);
    my $gone;
    until (($gone = waitpid $pid, WNOHANG) || time > $end) {
        sleep 0.02;
    }
    $self->{died} = 'dies' if $gone && $? & 127;
    if (!$gone) {
        kill 'KILL', $pid;
        waitpid $pid, 0;
        $self->{died} = 'hangs';
    }
}

END {
    kill 'KILL', keys %running;
}

# What the plugins of a scenario logged in the worker: [level, filter, text].
sub lines
{
    my ($self, $s) = @_;
    my ($main, @lines);
    for (split /\n/, $self->log // '') {
        my ($level, $thread, $name, $text) = split /\|/, $_, 4;
        next unless defined $text;
        $main //= $thread;
        next if $thread eq $main || $name ne 'wasm';
        next unless $text
            =~ /^(?:\[[^\]]*\] )?wasm log (\S+) ?\S* \Q$s->{here}\E\.\d+: (.*)/
            || $text =~ /^(?:\[[^\]]*\] )?wasm log (\Q$s->{here}\E\.\d+)[^:]*: (.*)/;
        my ($plugin, $said) = ($1, $2);
        my ($filter) = $plugin =~ /\.(\d+)$/;
        push @lines, [$level, $filter, $said];
    }
    return @lines;
}

# --- the configuration ------------------------------------------------------

my $type = 'type.googleapis.com/envoy.extensions';
sub typed { return { '@type' => "$type.$_[0]", %{ $_[1] // {} } } }
sub text { return { '@type' => 'type.googleapis.com/google.protobuf.StringValue',
    value => $_[0] } }
sub address { return { socket_address => { address => '127.0.0.1',
    port_value => $_[0] + 0 } } }

sub config
{
    my ($self, $scenarios) = @_;
    return {
        node => { id => 'n', cluster => 'c' },
        static_resources => {
            listeners => [map { $self->listener($_) } @$scenarios],
            clusters => [map { cluster($_, $self->{$_}) }
                qw(up callee dead)],
        },
    };
}

sub cluster
{
    my ($name, $port) = @_;
    return {
        name => $name, type => 'STATIC', connect_timeout => '1s',
        typed_extension_protocol_options => {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
                => typed('upstreams.http.v3.HttpProtocolOptions', {
                    common_http_protocol_options => {
                        max_requests_per_connection => 1 },
                    explicit_http_config => { http_protocol_options => {
                        enable_trailers => JSON::PP::true } } }) },
        load_assignment => { cluster_name => $name, endpoints => [{
            lb_endpoints => [{ endpoint => { address => address($port) } }]
        }] },
    };
}

sub listener
{
    my ($self, $s) = @_;
    my @filters = map { $self->filter($s, $_) } 0 .. $#{ $s->{filters} };
    my $manager = {
        stat_prefix => 's', generate_request_id => JSON::PP::false,
        http_protocol_options => { enable_trailers => JSON::PP::true,
            accept_http_10 => JSON::PP::true, default_host_for_http_10 => 'h' },
        route_config => { name => 'r', virtual_hosts => [{
            name => 'v', domains => ['*'], routes => [{
                match => { prefix => '/' },
                route => { cluster => $s->{options}{cluster} // 'up',
                    timeout => '10s' },
                request_headers_to_add => [{ header => {
                    key => 'x-scenario', value => $s->{here} } }] }] }] },
        http_filters => [@filters, {
            name => 'envoy.filters.http.router',
            typed_config => typed('filters.http.router.v3.Router',
                { suppress_envoy_headers => JSON::PP::true }) }],
    };
    return {
        name => $s->{here}, address => address($self->port($s)),
        filter_chains => [{ filters => [{
            name => 'envoy.filters.network.http_connection_manager',
            typed_config => typed('filters.network.http_connection_manager'
                . '.v3.HttpConnectionManager', $manager) }] }],
    };
}

sub filter
{
    my ($self, $s, $i) = @_;
    my $f = $s->{filters}[$i];
    my $of = $f->{same} ? 0 : $i;
    my %policy = (open => 'FAIL_OPEN', reload => 'FAIL_RELOAD');
    return {
        name => "wasm.$i",
        typed_config => typed('filters.http.wasm.v3.Wasm', { config => {
            name => "$s->{here}.$of", root_id => $f->{root} // '',
            failure_policy => $policy{ $f->{fail} // '' } // 'FAIL_CLOSED',
            configuration => text($f->{steps}),
            vm_config => {
                vm_id => "$s->{here}.$of", runtime => 'envoy.wasm.runtime.v8',
                configuration => text("vm configuration"),
                code => { local => { filename => $self->{plugin}->($f) } } },
        } }),
    };
}

1;

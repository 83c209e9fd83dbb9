# Every host call and every callback by a plugin straight over the ABI
# (tests/abi/plugins/probe.c, a command there is a call without "proxy_"): what
# they answer in nginx.  tests/abi/readme.c looks here for the rows' names.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    my ($r) = @_;
    my $body = $r->uri eq '/called' ? 'answer' : 'hello';
    return "HTTP/1.1 200 OK\r\nX-Up: 1\r\nContent-Length: "
        . length($body) . "\r\n\r\n$body";
});
my $trailing = nginx(<<'EOF', files => { 'html/f' => 'hello' });
server { listen 127.0.0.1:%%port%% http2; add_trailer x-t one always;
    sub_filter none none; sub_filter_types *; }
EOF

# Plugin by plugin: callback, command, what the log says of it.
my %plugins = (
    main => [
        [create => 'get_property "plugin_root_id" %%', 'get_property=0 "id"'],
        [start => 'log 2 "line"', 'line', 'log=0'],
        [start => 'get_current_time_nanoseconds %q',
            qr/get_current_time_nanoseconds=0 1\d{18}/],
        [start => 'pthread_equal 3 3', 'pthread_equal=1'],
        [start => 'pthread_equal 3 4', 'pthread_equal=0'],
        [conf => 'get_buffer_bytes 7 0 100 %%', 'get_buffer_bytes=0 "text"'],
        [conf => 'register_shared_queue "q" %',
            qr/register_shared_queue=0 \d+/],
        [conf => 'set_tick_period_milliseconds 20',
            'set_tick_period_milliseconds=0'],
        # once: an item for the queue, and a call
        [tick => 'set_tick_period_milliseconds 0',
            'set_tick_period_milliseconds=0'],
        [tick => 'resolve_shared_queue "" "q" %',
            qr/resolve_shared_queue=0 \d+/],
        [tick => 'enqueue_shared_queue $ "item"', 'enqueue_shared_queue=0'],
        [tick => 'http_call "up" {:method=GET,:path=/called,:authority=h} ""'
            . ' {} 1000 %', 'http_call=0 4'],
        [queue => 'resolve_shared_queue "" "q" %',
            qr/resolve_shared_queue=0 \d+/],
        [queue => 'dequeue_shared_queue $ %%',
            'dequeue_shared_queue=0 "item"'],
        [queue => 'dequeue_shared_queue $ %%', 'dequeue_shared_queue=7 -'],
        [call => 'args', qr/call\(\d+,4,\d+,6,0\)/],
        [call => 'get_buffer_bytes 4 0 100 %%',
            'get_buffer_bytes=0 "answer"'],
        [call => 'get_header_map_value 6 "x-up" %%',
            'get_header_map_value=0 "1"'],
        [call => 'get_status % %%', 'get_status=0 0 null'],
        # a request
        [screate => 'args', qr/screate\(\d+,\d+\)/],
        [rh => 'args', qr/rh\(\d+,6,0\)/],
        [rh => 'get_log_level %', 'get_log_level=0 2'],
        [rh => 'get_header_map_value 0 "X-A" %%',
            'get_header_map_value=0 "1"'],
        [rh => 'get_header_map_value 0 "x-none" %%',
            'get_header_map_value=1 -'],
        [rh => 'add_header_map_value 0 "x-b" "2"', 'add_header_map_value=0'],
        [rh => 'replace_header_map_value 0 "x-c" "3"',
            'replace_header_map_value=0'],
        [rh => 'remove_header_map_value 0 "x-a"',
            'remove_header_map_value=0'],
        [rh => 'get_header_map_pairs 0 %m', 'get_header_map_pairs=0 '
            . '{:authority=localhost,:path=/f,:method=POST,:scheme=http,'
            . 'content-length=4,x-b=2,x-c=3}'],
        # as many bytes as these names and values have
        [rh => 'get_header_map_size 0 %', 'get_header_map_size=0 '
            . length(':authoritylocalhost:path/f:methodPOST:schemehttp'
            . 'content-length4x-b2x-c3')],
        [rh => 'get_property "request\x00path" %%', 'get_property=0 "/f"'],
        [rh => 'set_property "mine" "value"', 'set_property=0'],
        [rh => 'get_property "mine" %%', 'get_property=0 "value"'],
        [rh => 'get_shared_data "key" %% %', 'get_shared_data=1 - -'],
        [rh => 'set_shared_data "key" "v" 0', 'set_shared_data=0'],
        [rh => 'get_shared_data "key" %% %',
            qr/get_shared_data=0 "v" [1-9]\d*/],
        [rh => 'set_shared_data "key" "w" 99999', 'set_shared_data=8'],
        [rh => 'define_metric 1 "gauge" %', qr/define_metric=0 \d+/],
        [rh => 'record_metric $ 5', 'record_metric=0'],
        [rh => 'increment_metric $ 2', 'increment_metric=0'],
        [rh => 'get_metric $ %q', 'get_metric=0 7'],
        [rh => 'call_foreign_function "regex_compile" "\x00\x00\x00\x00l+" %%',
            'call_foreign_function=0 "\x01\x00\x00\x00"'],
        [rh => 'call_foreign_function "regex_replace" "\x01\x00\x00\x00\x00'
            . '\x00\x00\x00\x01\x00\x00\x00Lhello" %%',
            'call_foreign_function=0 "heLo"'],
        [rh => 'set_effective_context 1', 'set_effective_context=0'],
        [rh => 'set_effective_context 7777', 'set_effective_context=2'],
        [rh => 'done', 'done=1'],
        [rh => 'continue_stream 0', 'continue_stream=0'],
        [rh => 'close_stream 4', 'close_stream=2'],
        # what isn't supported
        [rh => 'grpc_call "u" "s" "m" {} "" 9 %', 'grpc_call=12 -'],
        [rh => 'grpc_stream "u" "s" "m" {} %', 'grpc_stream=12 -'],
        [rh => 'grpc_send 1 "m" 0', 'grpc_send=12'],
        [rh => 'grpc_cancel 1', 'grpc_cancel=12'],
        [rh => 'grpc_close 1', 'grpc_close=12'],
        [rb => 'get_buffer_status 0 % %', 'get_buffer_status=0 4 0'],
        [rb => 'get_buffer_bytes 0 1 2 %%', 'get_buffer_bytes=0 "od"'],
        [rb => 'set_buffer_bytes 0 0 4 "changed"', 'set_buffer_bytes=0'],
        [sh => 'args', qr/sh\(\d+,\d+,0\)/],
        [sh => 'get_header_map_pairs 2 %m',
            qr/get_header_map_pairs=0 \{:status=200,.*x-up=1.*\}/],
        [sh => 'set_header_map_pairs 2 {:status=201,x-new=1}',
            'set_header_map_pairs=0'],
        [sb => 'args', qr/sb\(\d+,5,[01]\)/],
        [sb => 'set_buffer_bytes 1 0 5 "HELLO!"', 'set_buffer_bytes=0'],
        [log => 'get_property "response\x00code" %%',
            'get_property=0 "\xc9' . '\x00' x 7 . '"'],
        [done => 'say in done', 'in done'],
        [delete => 'say in delete', 'in delete'],
    ],
    old => [
        [conf => 'get_configuration %%', 'get_configuration=0 "text"'],
        [rh => 'get_header_map_value 0 "x-none" %%',
            'get_header_map_value=0 null'],
        [rh => 'continue_request', 'continue_request=0'],
        [rh => 'clear_route_cache', 'clear_route_cache=0'],
        [sh => 'continue_response', 'continue_response=0'],
        [delete => 'say in delete', 'in delete'],
    ],
    local => [
        # the guest's allocator calls emscripten_notify_memory_growth, and
        # what it may not call
        [rh => "alloc calls\nget_property \"plugin_name\" %%",
            'get_header_map_size=10', 'set_property=10', 'random_get=76',
            'clock_time_get=0', 'get_property=0 "local"'],
        [rh => 'send_local_response 403 "why" "no" {x-l=1} -1',
            'send_local_response=0'],
        [delete => 'say in delete', 'in delete'],
    ],
    closing => [
        [rh => 'close_stream 0', 'close_stream=0'],
        [delete => 'say in delete', 'in delete'],
    ],
    trailing => [
        [st => 'args', qr/st\(\d+,1\)/],
        [st => 'get_header_map_pairs 3 %m', 'get_header_map_pairs=0 {x-t=one}'],
        [st => 'replace_header_map_value 3 "x-t" "two"',
            'replace_header_map_value=0'],
        [rt => 'say in rt', undef],
        [delete => 'say in delete', 'in delete'],
    ],
);

# Which callback a script's name stands for.
my %callbacks = (
    create => 'proxy_on_context_create', screate => 'proxy_on_context_create',
    start => 'proxy_on_vm_start', conf => 'proxy_on_configure',
    tick => 'proxy_on_tick', queue => 'proxy_on_queue_ready',
    call => 'proxy_on_http_call_response', rh => 'proxy_on_request_headers',
    rb => 'proxy_on_request_body', sh => 'proxy_on_response_headers',
    rt => 'proxy_on_request_trailers',      # nginx drops these trailers
    sb => 'proxy_on_response_body', st => 'proxy_on_response_trailers',
    log => 'proxy_on_log', done => 'proxy_on_done',
    delete => 'proxy_on_delete',
);

# The commands of body callbacks are for chunks with bytes: there is one here.
sub script
{
    my ($rows) = @_;
    my (%sections, @order);
    for (@$rows) {
        push @order, $_->[0] unless $sections{$_->[0]};
        push @{ $sections{$_->[0]} }, $_->[1];
    }
    return join '', map { "\@$_\n" . join '', map { "$_\n" } @{ $sections{$_} } }
        @order;
}

my $probe = plugin('tests/abi/plugins/probe.c');
my $old = plugin('probe-0.1.0', source => "#define ABI_0_1_0\n"
    . "#include \"tests/abi/plugins/probe.c\"\n");
my $nginx = nginx(<<'EOF', up => $up->port, trailing => $trailing->port, probe => $probe, old => $old, files => { map { $_ => script($plugins{$_}) } keys %plugins });
wasm_zone z 2m;
wasm_plugin main %%probe%% vm_config=@main allow=default,http_call:up log_rate=1000;
wasm_plugin old %%old%% vm_config=@old;
wasm_plugin local %%probe%% vm_config=@local;
wasm_plugin closing %%probe%% vm_config=@closing;
wasm_plugin trailing %%probe%% vm_config=@trailing;
upstream up { server 127.0.0.1:%%up%%; }
server {
    listen 127.0.0.1:%%port%%;
    location / { wasm_filter main text root_id=id; proxy_pass http://up; }
    location /old { wasm_filter old text; proxy_pass http://up; }
    location /local { wasm_filter local; proxy_pass http://up; }
    location /closing { wasm_filter closing; proxy_pass http://up; }
    location /trailing/ { wasm_filter trailing; rewrite ^/trailing(.*) $1 break; grpc_pass 127.0.0.1:%%trailing%%; }
}
EOF

my $r = $nginx->request('POST', '/f', body => 'body', headers => ['X-A: 1']);
is $r->status . ' ' . $r->body . ' ' . ($r->header('x-new') // ''),
    '201 HELLO!HELLO! 1', 'what the client got: bytes, and the end';
my $q = (grep { $_->uri eq '/f' } $up->requests)[0];
is join(' ', $q->body, map { $q->header("x-$_") // '-' } qw(a b c)),
    'changed - 2 3', 'what the upstream got';
is $nginx->get('/old')->status, 200, '0.1.0';
$r = $nginx->get('/local');
is $r->status . $r->body . $r->header('x-l'), '403no1', 'a local response';
is $nginx->raw("GET /closing HTTP/1.1\r\nHost: a\r\n\r\n"), '', 'closed';
is $nginx->get('/trailing/f')->status, 200, 'trailers';
ok $nginx->wait_log(qr/"main": dequeue_shared_queue=7/), 'the queue';
ok $nginx->wait_log(qr/"main": get_status=/), 'the call';

for my $name (sort keys %plugins) {
    ok $nginx->wait_log(qr/"$name": in delete/), "$name: deleted";
    my @lines = map { /wasm\ plugin\ "$name":\ (.*?)(?:(?:\ while\ [a-z ]+)?,
        \ client:\ .*)?$/x }
        split /\n/, $nginx->log;
    my %at;
    for my $row (@{ $plugins{$name} }) {
        my ($section, $command, @want) = @$row;
        my $what = "$name: $callbacks{$section}: " . substr $command, 0, 60;
        if (!defined $want[0]) {
            ok !grep(/in $section/, @lines), "$what: isn't called";
            next;
        }
        for my $want (@want) {
            my $re = ref $want ? $want : qr/\Q$want\E/;
            my $i = $at{$section} // 0;
            $i++ while $i < @lines && $lines[$i] !~ /^(?:$re)$/;
            ok $i < @lines, $what;
            $at{$section} = $i + 1 if $i < @lines;
        }
    }
}
done_testing;

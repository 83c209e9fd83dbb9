# A plugin that traps, loops, recurses or grows for ever, in each callback: the
# client gets the answer of the fault table in time, the worker lives on, and a
# second plugin on it doesn't notice.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time);

my $up = upstream(sub {
    my ($r) = @_;
    return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
});

my @callbacks = qw(create rh rb sh sb log done delete);
my @faults = qw(trap loop recurse table);
my $locations = '';
for my $mode (qw(closed open)) {
    for my $callback (@callbacks) {
        for my $fault (@faults) {
            $locations .= "location /$mode/$callback/$fault { wasm_filter "
                . "$mode '$callback req set x-undone 1|"
                . "$callback set x-undone 1|$callback append !|"
                . "$callback $fault'; proxy_pass http://127.0.0.1:%%up%%; }\n";
        }
        $locations .= "location /$mode/$callback/grow { wasm_filter "
            . "$mode '$callback grow'; proxy_pass http://127.0.0.1:%%up%%; }\n";
    }
}

my $nginx = nginx(<<"EOF", up => $up->port);
wasm_plugin closed %%plugin:script%% deadline=20ms;
wasm_plugin open %%plugin:script%% deadline=20ms fail=open;
wasm_plugin bystander %%plugin:script%%;
server {
    listen 127.0.0.1:%%port%%;
    $locations
    location /bystander {
        wasm_filter bystander 'sh set x-by stander|sb upper';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /late/closed {
        wasm_filter closed 'sb end trap';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /late/open {
        wasm_filter open 'sb end trap';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /two {
        wasm_filter bystander 'rh set x-before 1|sh set x-outer 1';
        wasm_filter open 'rh set x-lost 1|rh trap|sh set x-lost 1';
        wasm_filter bystander 'rh set x-after 1|sh set x-inner 1';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /answered/rh { wasm_filter closed 'rh respond 403 no|rh trap'; proxy_pass http://127.0.0.1:%%up%%; }
    location /answered/rb { wasm_filter closed 'rb respond 403 no|rb trap'; proxy_pass http://127.0.0.1:%%up%%; }
    location /answered/sh { wasm_filter closed 'sh respond 403 no|sh trap'; proxy_pass http://127.0.0.1:%%up%%; }
    location /answered/sb { wasm_filter closed 'sb respond 403 no|sb trap'; proxy_pass http://127.0.0.1:%%up%%; }
    location /outer {
        wasm_filter bystander 'sh set x-outer 1|log log LOGGED';
        wasm_filter closed 'rh trap|log log NEVER';
        proxy_pass http://127.0.0.1:%%up%%;
    }
}
EOF

my @pids = $nginx->workers;
my $errors = 0;
my %cause = (trap => qr/unreachable/, loop => qr/deadline/,
    recurse => qr/stack/, table => qr/element|table/);
my %name = (create => 'context_create', rh => 'request_headers',
    rb => 'request_body', sh => 'response_headers', sb => 'response_body');

for my $mode (qw(closed open)) {
    for my $callback (@callbacks) {
        my $seen = $callback !~ /log|done|delete/;
        for my $fault (@faults) {
            my $uri = "/$mode/$callback/$fault";
            my $from = time;
            my $r = $nginx->post($uri, 'body');
            my $took = time - $from;
            if (!$seen || $mode eq 'open') {
                is $r->status, 200, "$uri: 200";
                is $r->body, 'hello', "$uri: the response as it was";
                is $r->header('x-undone'), undef, "$uri: nothing of it";
                is $up->last->header('x-undone'), undef, "$uri: upstream";
            } else {
                is $r->status, 500, "$uri: 500";
            }
            # 20 ms, and half a second for a busy machine.
            cmp_ok $took, '<', 0.5 * slow(), "$uri: in time";
            $errors++;
            my @l = $nginx->wait_log(qr/\[error\]/, $errors);
            is scalar(@l), $errors, "$uri: one line" or diag "@l[-2, -1]";
            $errors = @l;
            my $what = $name{$callback} // $callback;
            like $l[-1], qr/plugin "$mode".*$what/, "$uri: plugin, callback";
            like $l[-1], $cause{$fault}, "$uri: cause";
            my $b = $nginx->get('/bystander');
            is $b->status . $b->body . $b->header('x-by'), '200HELLOstander',
                "$uri: the bystander";
        }
        is $nginx->post("/$mode/$callback/grow", 'x')->status, 200,
            "memory ends, the plugin goes on ($mode, $callback)";
    }
}
is $nginx->post("/answered/$_", 'x')->status, 500,
    "what a plugin answers before it traps doesn't count ($_)"
    for qw(rh rb sh sb);
is join(' ', $nginx->workers), "@pids", 'the same worker';

# Headers are gone already.
my $n = $nginx->lines(qr/\[error\]/);
my $r = $nginx->get('/late/closed');
ok !$r->complete, 'a late trap cuts the response';
$r = $nginx->get('/late/open');
is $r->status . $r->body, '200hello', 'with fail=open it passes';

# Neighbours in the chain.
$r = $nginx->get('/two');
is $r->status, 200, 'the others in the chain go on';
is join(',', map { $up->last->header("x-$_") // '-' } qw(before lost after)),
    '1,-,1', 'their request headers';
is join(',', map { $r->header("x-$_") // '-' } qw(outer lost inner)),
    '1,-,1', 'their response headers';
$up->clear;
$r = $nginx->get('/outer');
is $r->status . $r->header('x-outer'), '5001', 'the filter before sees the 500';
is scalar($up->requests), 0, 'nothing was sent upstream';
ok $nginx->wait_log(qr/LOGGED/), 'on_log of the filter before';
ok !$nginx->lines(qr/NEVER/), 'none of the dead one';
is join(' ', $nginx->workers), "@pids", 'still the same worker';

done_testing;

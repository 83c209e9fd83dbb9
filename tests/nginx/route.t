# phase=rewrite, and clear_route_cache: plugins that choose the location.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;
use Time::HiRes qw(time);

my $up = upstream(sub {
    my ($r) = @_;
    my $body = $r->uri . '=' . ($r->body // '');
    return "HTTP/1.1 200 OK\r\nContent-Length: " . length($body) . "\r\n\r\n$body" });

my $nginx = nginx(<<'EOF', up => $up->port, files => { 'html/a' => 'file', 'html/b.html' => '<b>', 'html/secret' => 'secret' });
wasm_plugin s %%plugin:script%% pause_timeout=300ms;
wasm_plugin o %%plugin:script%% fail=open;
types { text/html html; }
server {
    listen 127.0.0.1:%%port%%;
    wasm_filter s 'sh add x-chain server';

    # phase=rewrite
    location /return { wasm_filter s 'rh log RET-rh|rh want x-deny respond 403 no|sh add x-ret 1' phase=rewrite; return 200 returned; }
    location /moved { wasm_filter s 'rh set :path /target/x?q=1|sh add x-chain moved' phase=rewrite; return 500; }
    location /target/ { wasm_filter s 'rh log TARGET-rh|sh add x-chain target'; proxy_pass http://127.0.0.1:%%up%%; }
    location /order {
        wasm_filter s 'rh log A-late|rh show :path|sh log A-sh';
        wasm_filter s 'rh log B-early|rh set :path /target/order|sh log B-sh' phase=rewrite;
        wasm_filter s 'rh log C-early|rh show :path|sh log C-sh' phase=rewrite;
    }
    location /denied { wasm_filter s 'rh set :path /secret' phase=rewrite; }
    location /secret { deny all; }
    location /inside { wasm_filter s 'rh set :path /internal' phase=rewrite; }
    location /internal { internal; return 200 internal; }
    location /pause/on { wasm_filter s 'rh set :path /target/paused|rh pause|rh continue' phase=rewrite; }
    location /pause/off { wasm_filter s 'rh pause' phase=rewrite; }
    location /trap { wasm_filter s 'rh trap' phase=rewrite; return 200 x; }
    location /trap/open { wasm_filter o 'rh set :path /target/no|rh trap' phase=rewrite; return 200 returned; }
    location /if { wasm_filter s 'rh set :path /target/if' phase=rewrite if=$arg_x; return 200 returned; }
    location /rewritten { wasm_filter s 'rh log RW-rh|sh add x-chain rewritten' phase=rewrite; rewrite ^ /target/rewritten last; }
    location /blocked { wasm_filter s 'rh log BLOCK-early' phase=rewrite; wasm_filter s 'rh log BLOCK-late|sh log BLOCK-sh'; deny all; }
    location /body { wasm_filter s 'rh set :path /target/body|rb upper' phase=rewrite; }
    location /type { wasm_filter s 'rh set :path /b.html' phase=rewrite; }
    location /once { wasm_filter s 'rh log ONCE-rh|rh set :path /once' phase=rewrite; return 200 once; }

    # clear_route_cache
    location /stay { wasm_filter s 'rh set :path /target/stay'; proxy_pass http://127.0.0.1:%%up%%; }
    location /route { wasm_filter s 'rh set :path /target/routed|rh route|rb append !|sh add x-chain route'; proxy_pass http://127.0.0.1:%%up%%/wrong; }
    location /routed {
        set $chosen first;
        if ($http_x_version = 2) { set $chosen second; }
        wasm_filter s 'rh set x-version 2|rh route';
        add_header x-chosen $chosen;
        alias %%dir%%/html/a;
    }
    location /routedbody { wasm_filter s 'rb set :path /target/late|rb route'; alias %%dir%%/html/a; }
    location /todenied { wasm_filter s 'rh set :path /secret|rh route'; alias %%dir%%/html/a; }
    location /tointernal { wasm_filter s 'rh set :path /internal|rh route'; alias %%dir%%/html/a; }
    location /toauth { wasm_filter s 'rh set :path /auth|rh route'; auth_request /yes; alias %%dir%%/html/a; }
    location /auth { auth_request /no; alias %%dir%%/html/a; }
    location = /yes { internal; return 204; }
    location = /no { internal; return 403; }
    location /late { wasm_filter s 'sh route|log route'; alias %%dir%%/html/a; }
    location / { alias %%dir%%/html/; }
}
EOF

sub seen { scalar(my @l = $nginx->lines(qr/\] $_[0]/)) }

my $r = $nginx->get('/return');
is join(',', $r->status, $r->body, $r->header('x-ret') // '-', seen('RET-rh')), '200,returned,1,1', 'before return';
$r = $nginx->get('/return', headers => ['x-deny: 1']);
is $r->status . $r->body, '403no', 'a local response instead';
$r = $nginx->get('/moved');
is join(',', $r->status, $r->body, $r->header('x-chain')), '200,/target/x?q=1=,moved', ':path chooses the location';
is seen('TARGET-rh'), 0, 'the chain stays';
is $nginx->get('/order')->body, '/target/order=', 'several filters';
$nginx->wait_log(qr/\] B-sh/);
is join(' ', map { /\] ([ABC]-\w+|:path=[^ ,]*)/ ? $1 : () } $nginx->lines(qr/\] ([ABC]-|:path)/)),
    'B-early C-early :path=/target/order A-late :path=/target/order A-sh C-sh B-sh', 'the early ones first';
is $nginx->get('/denied')->status, 403, 'the access checks of the new location';
is $nginx->get('/inside')->status, 404, 'internal locations stay internal';
is $nginx->get('/pause/on')->body, '/target/paused=', 'paused and continued';
my $from = time;
is $nginx->get('/pause/off')->status, 504, 'paused for too long';
cmp_ok time - $from, '>', 0.25, 'after the time';
is $nginx->get('/trap')->status, 500, 'a trap';
is $nginx->get('/trap/open')->body, 'returned', 'fail=open: the old location';
is $nginx->get('/if')->body, 'returned', 'if= of an empty variable';
is $nginx->get('/if?x=1')->body, '/target/if=', 'if=';
$r = $nginx->get('/rewritten');
is join(',', $r->body, $r->header('x-chain'), seen('RW-rh')), '/target/rewritten=,rewritten,1', 'then rewrite';
is $nginx->get('/blocked')->status, 403, 'denied in between';
$nginx->wait_log(qr/BLOCK-sh/);
is seen('BLOCK-early') . seen('BLOCK-late') . seen('BLOCK-sh'), '101', 'the response is for all';
is $nginx->post('/body', 'abc')->body, '/target/body=ABC', 'a body, in the new location';
is $nginx->get('/type')->header('content-type'), 'text/html', 'its type';
is $nginx->get('/once')->body . seen('ONCE-rh'), 'once1', 'no circle';

is $nginx->get('/stay')->body, '/target/stay=', 'access phase: :path for the upstream';
is seen('TARGET-rh'), 0, 'the location stays';
$r = $nginx->post('/route', 'abc');
is join(',', $r->body, $r->header('x-chain'), seen('TARGET-rh')), '/target/routed=abc!,route,0', 'clear_route_cache: the new location, the same chain';
$r = $nginx->get('/routed');
is $r->status . ($r->header('x-chosen') // '-'), '200second', 'a header chooses';
is $nginx->get('/todenied')->status, 403, 'access checks';
is $nginx->get('/tointernal')->status, 404, 'internal locations stay internal';
is $nginx->get('/toauth')->status, 403, 'auth_request of the new location';
is $nginx->post('/routedbody', 'abc')->body, '/target/late=abc', 'in a body callback';
is $nginx->get('/late')->body, 'file', 'too late: nothing happens';
$r = $nginx->get('/a');
is $r->body . $r->header('x-chain'), 'fileserver', 'others';
done_testing;

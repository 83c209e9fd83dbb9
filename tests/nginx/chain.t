# Which filters run, in which order, for which requests.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    my ($r) = @_;
    return "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /xtarget\r\n\r\n" if $r->{uri} =~ /accel/;
    return "HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno" if $r->{uri} =~ /miss/;
    return "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello" });

my $nginx = nginx(<<'EOF', up => $up->port, files => { 'html/f' => 'file', 'html/404' => 'page', 'html/index.html' => 'index', 'html/ssi.html' => 'a<!--#include virtual="/sub" -->b', 'html/sub' => 'sub' });
wasm_plugin a %%plugin:script%%;
wasm_plugin b %%plugin:script%%;
wasm_filter a 'sh add x-chain http';
server {
    listen 127.0.0.1:%%port%%;
    wasm_filter a 'sh add x-chain server1';
    wasm_filter b 'sh add x-chain server2';
    location /inherit { alias %%dir%%/html/f; }
    location /own { wasm_filter b 'sh add x-chain own'; alias %%dir%%/html/f; }
    location /off { wasm_filter off; alias %%dir%%/html/f; }
    location /if {
        wasm_filter a 'sh add x-chain outside';
        if ($arg_x) { wasm_filter a 'sh add x-chain inside'; }
        alias %%dir%%/html/f;
    }
    location /when { wasm_filter a 'sh add x-chain yes' if=$arg_x; wasm_filter b 'sh add x-chain always'; alias %%dir%%/html/f; }
    location /order {
        wasm_filter a 'create log A-create|rh log A-rh|rb log A-rb|sh log A-sh|sb log A-sb|log log A-log|done log A-done|delete log A-delete';
        wasm_filter b 'create log B-create|rh log B-rh|rb log B-rb|sh log B-sh|sb log B-sb|log log B-log|done log B-done|delete log B-delete';
        proxy_pass http://127.0.0.1:%%up%%;
    }
    location /return { wasm_filter a 'rh log RET-rh|sh add x-ret 1|sb upper'; return 200 "returned"; }
    location /deny { wasm_filter a 'rh log DENY-rh|sh add x-deny 1'; deny all; }
    location /any { satisfy any; allow all; deny all; wasm_filter a 'rh log ANY-rh'; alias %%dir%%/html/f; }
    location /auth { wasm_filter a 'rh log AUTH-rh'; auth_request /authz; alias %%dir%%/html/f; }
    location = /authz { wasm_filter a 'rh log AUTHZ-rh'; internal; return 403; }
    location /try { wasm_filter a 'rh log TRY-rh|sh add x-try 1'; try_files /none /fallback; }
    location /fallback { wasm_filter b 'rh log FALL-rh|sh add x-fall 1'; alias %%dir%%/html/f; }
    location /accel { wasm_filter a 'rh log ACC-rh|sh add x-acc 1'; proxy_pass http://127.0.0.1:%%up%%; }
    location /xtarget { internal; wasm_filter b 'rh log XT-rh|sh add x-xt 1'; alias %%dir%%/html/f; }
    location /miss { proxy_intercept_errors on; error_page 404 /404; wasm_filter a 'rh log MISS-rh|sh show :status|sh add x-miss 1'; proxy_pass http://127.0.0.1:%%up%%; }
    location /named { error_page 404 = @back; wasm_filter a 'sh add x-named 1'; }
    location @back { wasm_filter b 'rh log BACK-rh'; proxy_pass http://127.0.0.1:%%up%%; }
    location /ssi.html { ssi on; ssi_types *; wasm_filter a 'rh log SSI-rh|sb data prepend ['; }
    location /sub { wasm_filter a 'rh log SUB-rh'; }
    location /mirror { mirror /mirrored; wasm_filter a 'rh set x-mirror 1|rb upper'; proxy_pass http://127.0.0.1:%%up%%; }
    location /mirrored { internal; wasm_filter b 'rh log MIR-rh'; proxy_pass http://127.0.0.1:%%up%%; }
    location / { wasm_filter a 'rh log ROOT-rh|sh add x-root 1'; }
    location /plain { wasm_filter off; return 200 plain; }
    location /limited { limit_except POST { deny all; } wasm_filter a 'rh log LIM-rh'; alias %%dir%%/html/f; }
    location /rewrite { rewrite ^ /own last; }
}
server { listen 127.0.0.1:%%port:other%%; location / { alias %%dir%%/html/; } location /t/ { sub_filter a b; addition_types *; add_after_body /after; alias %%dir%%/html/; } location /after { return 200 after; } }
EOF

sub chain { $nginx->get(@_)->header('x-chain') // '' }
sub seen { scalar $nginx->lines(qr/\] $_[0]/) }

is chain('/f', port => 'other'), 'http', 'http level';
is chain('/inherit'), 'server2, server1', 'inherited; the last one first';
is chain('/own'), 'own', 'an own list replaces the inherited one';
is chain('/off'), '', 'off';
is chain('/if'), 'outside', 'outside of if';
is chain('/if?x=1'), 'inside', 'if in location';
is chain('/when'), 'always', 'if= of an empty variable';
is chain('/when?x=0'), 'always', 'if= of 0';
is chain('/when?x=1'), 'always, yes', 'if=';
is chain('/rewrite'), 'own', 'the location after a rewrite';

is $nginx->post('/order', 'x')->status, 200, 'order';
$nginx->wait_log(qr/B-delete/);
is join(' ', map { /\d\] ([AB]-\w+)/ } $nginx->lines(qr/\] [AB]-/)),
    'A-create A-rh B-create B-rh A-rb B-rb B-sh A-sh B-sb A-sb B-sb A-sb '
    . 'A-log B-log A-done A-delete B-done B-delete', 'order of the callbacks';

my $r = $nginx->get('/return');
is $r->body . $r->header('x-ret'), 'RETURNED1', 'return: response callbacks';
is seen('RET-rh'), 0, '... only';
$r = $nginx->get('/deny');
is $r->status . $r->header('x-deny') . seen('DENY-rh'), '40310', 'deny: likewise';
is $nginx->get('/any')->status . seen('ANY-rh'), '2001', 'satisfy any';
is $nginx->get('/auth')->status . seen('AUTH-rh') . seen('AUTHZ-rh'), '40300', 'auth_request comes first, and is not filtered';
$r = $nginx->get('/limited');
is $r->status . seen('LIM-rh'), '4030', 'limit_except';
$r = $nginx->get('/try');
is join(',', $r->status, map { $r->header("x-$_") // '-' } qw(try fall)), '200,1,-', 'try_files: the chain stays';
is seen('TRY-rh') . seen('FALL-rh'), '10', 'and runs once';
$r = $nginx->get('/accel');
is join(',', $r->body, map { $r->header("x-$_") // '-' } qw(acc xt)), 'file,1,-', 'X-Accel-Redirect: the chain stays';
is seen('ACC-rh') . seen('XT-rh'), '10', 'once';
$r = $nginx->get('/miss');
is join(',', $r->status, $r->body, $r->header('x-miss') // '-'), '404,page,1', 'error_page: the chain stays';
is seen('MISS-rh') . seen(':status=404'), '11', 'once';
$r = $nginx->get('/named/x');
is join(',', $r->status, $r->header('x-named') // '-', seen('BACK-rh')), '200,1,0', 'named location';
is $nginx->get('/ssi.html')->body, '[asubb', 'before ssi';
is seen('SSI-rh') . seen('SUB-rh'), '10', 'subrequests are not filtered';
$r = $nginx->get('/');
is $r->body . $r->header('x-root') . seen('ROOT-rh'), 'index11', 'index';
is $nginx->post('/mirror', 'abc')->status, 200, 'mirror';
is $up->last->header('x-mirror'), 1, 'of the changed request';
is seen('MIR-rh'), 0, 'a mirror is not filtered';
$r = $nginx->get('/t/f', port => 'other');
is $r->body . $r->header('x-chain'), 'fileafterhttp', 'addition and sub_filter';
my $bad = $nginx->raw("GET /\x01 HTTP/1.1\r\n\r\n");
like $bad, qr{^HTTP/1.1 400 .*\r\nx-chain: }s, 'a bad request: response callbacks';
$nginx->raw("\x16\x03\x01junk\r\n\r\n");
$nginx->raw("GET /f\r\n", port => 'other');
is $nginx->get('/f', port => 'other')->status, 200, 'the worker lives';

# A reload, with the same and with another configuration.
ok $nginx->reload, 'reload';
is chain('/own'), 'own', 'after it';
ok $nginx->reload, 'and again' for 1 .. 3;
is chain('/inherit'), 'server2, server1', 'after them';

done_testing;

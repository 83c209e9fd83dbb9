# A plugin that answers, traps, closes or pauses in each callback while nginx
# redirects the request inside: one whole response, or none and the end of the
# connection; what comes next on the connection is right.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub {
    my ($r) = @_;
    my $more = $r->uri =~ /accel/ ? "X-Accel-Redirect: /inner/f\r\n" : '';
    my $status = $r->uri =~ /fail/ ? '404 No' : '200 OK';
    return "HTTP/1.1 $status\r\n${more}Content-Length: 5\r\n\r\nhello";
});

# What redirects, and what is sent when the plugin does nothing.
my %ways = (
    plain => ['proxy_pass http://127.0.0.1:%%up%%;', 'hello'],
    page => ['error_page 404 /inner/f; alias %%dir%%/html/none;', 'file'],
    named => ['error_page 404 = @named; alias %%dir%%/html/none;', 'hello'],
    intercept => ['proxy_intercept_errors on; error_page 404 =200 /inner/f;'
        . ' proxy_pass http://127.0.0.1:%%up%%/fail;', 'file'],
    again => ['proxy_intercept_errors on; error_page 404 = @named;'
        . ' proxy_pass http://127.0.0.1:%%up%%/fail;', 'hello'],
    accel => ['proxy_pass http://127.0.0.1:%%up%%/accel;', 'file'],
    try => ['root %%dir%%; try_files /none @named;', 'hello'],
    index => ['alias %%dir%%/html/d/; index none f;', 'file'],
    rewrite => ['rewrite ^ /inner/f last;', 'file'],
    status => ['error_page 418 = @named; return 418;', 'hello'],
);
my %acts = (respond => 'respond 403 no', trap => 'trap', close => 'close',
    pause => 'pause', code => 'set :status 404');
my ($locations, @cases) = ('');
for my $way (sort keys %ways) {
    for my $callback (qw(rh rb sh sb)) {
        for my $act (sort keys %acts) {
            next if $act eq 'code' && $callback ne 'sh';
            my $uri = "/$way/$callback/$act";
            $locations .= "location $uri { wasm_filter s '$callback "
                . "$acts{$act}|log log LOGGED'; $ways{$way}[0] }\n";
            $uri .= '/' if $way eq 'index';
            push @cases, [$uri, $way, $act];
        }
    }
}

my $nginx = nginx(<<"EOF", up => $up->port, files => { 'html/f' => 'file', 'html/d/f' => 'file' });
wasm_plugin s %%plugin:script%% pause_timeout=50ms log_rate=100000;
wasm_plugin outer %%plugin:script%%;
server {
    listen 127.0.0.1:%%port%%;
    location = /next { return 200 next; }
    location /inner/ { internal; wasm_filter outer 'sh add x-inner 1'; alias %%dir%%/html/; }
    location \@named { wasm_filter outer 'sh add x-inner 1'; proxy_pass http://127.0.0.1:%%up%%; }
    $locations
}
EOF
my ($pid) = $nginx->workers;

my ($logged, %statuses) = (0);
for my $case (@cases) {
    my ($uri, $way, $act) = @$case;
    for my $method (qw(GET POST)) {
        my $c = $nginx->connect;
        my $r = $c->request($method, $uri, $method eq 'POST'
            ? (body => 'abc') : ());
        my $name = "$method $uri: " . ($r->status // 0);
        my $next = !$r->status || ($r->header('connection') // '') eq 'close'
            ? $c->read_all(2) : $c->request('GET', '/next')->body;
        is $next, $r->status && $r->header('connection') ne 'close'
            ? 'next' : '', "$name: one response";
        if ($r->status) {
            ok $r->complete, "$name: whole";
            my $as_it_is = $r->body eq $ways{$way}[1] || $act eq 'code';
            ok $r->status < 300 ? $as_it_is : $r->status >= 400
                && ($as_it_is || $r->body eq 'no' || $r->body =~ /<title>/),
                "$name: the plugin's, or as it was" or diag $r->body;
        }
        $statuses{ $r->status // 0 }++;
    }
}
is join(' ', sort keys %statuses), '0 200 403 404 405 500 504', 'all there is';
is +($nginx->workers)[0], $pid, 'the same worker';
$nginx->expect(qr/unreachable|pause_timeout/);

done_testing;

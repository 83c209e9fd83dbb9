# Headers by their names: found whatever the request has, before and after
# changes; and what plugins set is to nginx what a client sends.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $up = upstream(sub { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi" });

# Names of all lengths, whose hashes are nginx's if "proxy_set_header" replaces
# what the plugin sets.
my @names = map { substr 'xabcdefghijklmnopqrstuvwxyz0123456789', 0, $_ } 1 .. 33;
my $sets = join '|', map { "rh set $_ plugin" } @names;
my $config = join "\n", map { "proxy_set_header $_ nginx;" } @names;

my $nginx = nginx(<<"EOF", up => $up->port);
wasm_plugin n %%plugin:names%% deadline=2s;
wasm_plugin s %%plugin:script%%;
server {
    listen 127.0.0.1:%%port%%;
    location /names { wasm_filter n; proxy_pass http://127.0.0.1:%%up%%; }
    location /hash {
        wasm_filter s '$sets';
        $config
        proxy_pass http://127.0.0.1:%%up%%;
    }
}
EOF

srand 20;
my @letters = ('a' .. 'z', 'A' .. 'Z', 0 .. 9, '-');

sub name
{
    my ($most) = @_;
    return join '', 'x', map { $letters[rand @letters] } 2 .. 1 + int rand $most;
}

# One line, some, more than a part of nginx's list has, more than the index.
for my $n (1, 3, 10, 17, 18, 19, 25, 60, 254, 300) {
    for my $most (2, 9, 40) {
        my @h = map { name($most) . ": v$_" } 1 .. $n;
        push @h, $h[rand @h] =~ s/: .*/: again/r if $n > 2;
        push @h, 'User-Agent: me', 'Accept: a/b', 'Cookie: c=1';
        my $r = $nginx->get('/names', headers => \@h);
        my ($line) = ($nginx->wait_log(qr/looked up/))[-1];
        my ($looked, $wrong) = $line =~ /(\d+) looked up, wrong: (\d+)/;
        ok $r->status == 200 && $wrong == 0 && $looked > 12 * $n,
            "$n headers of up to $most letters: $looked lookups";
    }
}

is $nginx->get('/hash')->status, 200, 'names of all lengths';
my $head = $up->last->head;
is_deeply [grep { $head !~ /^\Q$_\E: nginx\r$/mi } @names], [],
    'nginx sets them';
unlike $head, qr/plugin/, 'and drops what the plugin has set';

done_testing;

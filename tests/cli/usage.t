#!/usr/bin/perl
# What the command says to a wrong command line, and of itself.
use strict;
use warnings;
use lib 'tests/cli/lib';
use Test::More;
use Command;

my $module = wat('(module (func (export "f") (param i32)))');

# arguments, pattern that the complaint must match
my @wrong = (
    [[], qr/^usage: sluice COMMAND/],
    [['fly'], qr/^sluice: there is no command "fly"\nusage:/],
    [['run'], qr/which file\?\nusage: sluice run /],
    [['run', '--fast', $module], qr/unrecognized option.*\nusage:/],
    [['run', '--memory', '1m'], qr/which file/],
    [['run', '--memory=much', $module], qr/--memory much: a size such as/],
    [['run', '--memory=0', $module], qr/--memory 0: a size/],
    [['run', '--memory=-1', $module], qr/--memory -1: a size/],
    [['run', '--memory=1t', $module], qr/--memory 1t: a size/],
    [['run', '--memory=99999999999g', $module], qr/a size such as/],
    [['run', '--timeout=soon', $module], qr/--timeout soon: a time such as/],
    [['run', '--timeout=', $module], qr/--timeout : a time/],
    [['run', '--mode=native', $module], qr/native: there is no compiler/],
    [['run', '--mode=magic', $module], qr/magic: there is only interp/],
    [['run', '--env', 'X', $module], qr/--env X: NAME=VALUE/],
    [['run', '--env', '=1', $module], qr/--env =1: NAME=VALUE/],
    [['run', '--invoke'], qr/requires an argument/],
    [['check'], qr/check: which file\?\nusage: sluice check FILE/],
    [['check', 'a', 'b'], qr/check: one file only/],
    [['check', '--all'], qr/check: there are no options/],
);
for my $case (@wrong) {
    my ($argv, $complaint) = @$case;
    my $r = sluice(@$argv);
    (my $shown = "@$argv") =~ s/\S*\///g;
    is $r->{status}, 2, "sluice $shown: status";
    like $r->{err}, $complaint, 'the complaint';
    is $r->{out}, '', 'nothing else';
}

for my $help (qw(help --help -h)) {
    my $r = sluice($help);
    is $r->{status}, 0, "sluice $help: status";
    like $r->{out}, qr/sluice run .*sluice check /s, 'names the commands';
}
for my $version (qw(version --version)) {
    my $r = sluice($version);
    is $r->{status}, 0, "sluice $version: status";
    like $r->{out}, qr/\Asluice \d+\.\d+\.\d+\n\z/, 'name and version';
}

done_testing;

#!/usr/bin/perl
# sluice_json.h, compiled to WebAssembly and run by wasmtime, against Python's
# own JSON reader: which texts are valid, and what is in them.
use strict;
use warnings;
use lib 'tests/nginx/lib';
use Sluice::Nginx;

my $wasm = plugin('tests/sdk/json.c');
$ENV{SLUICE_JSON_WASM} = $wasm;
exec "$Sluice::Nginx::TOOLS/venv/bin/python",
    "$Sluice::Nginx::TOP/tests/sdk/drive_json.py";

#!/bin/sh
# Writes modules.h from wat/*.wat; run after one of them was changed.
# Needs wabt's wat2wasm.
set -e
cd "$(dirname "$0")"
out=modules.h.new
wasm=$(mktemp)
trap 'rm -f "$wasm" $out' EXIT
{
    echo '/* Written by modules.sh from wat/: do not edit. */'
    echo '#include <stdint.h>'
    for wat in wat/*.wat; do
        name=$(basename "$wat" .wat)
        wat2wasm --debug-names --enable-extended-const --enable-tail-call "$wat" -o "$wasm"
        echo
        echo "static const uint8_t wasm_$name[] = {"
        od -An -v -tu1 -w16 "$wasm" | sed 's/ *\([0-9]\{1,3\}\)/ \1,/g; s/^/   /'
        echo '};'
    done
} >$out
mv $out modules.h

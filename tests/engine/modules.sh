#!/bin/sh
# Writes modules.h from wat/*.wat and modules_gc.h from gc/*.wat; run after one
# of them was changed.  Needs wabt's wat2wasm, and wasm-tools.
set -e
cd "$(dirname "$0")"
out=modules.h.new
wasm=$(mktemp)
trap 'rm -f "$wasm" $out' EXIT
bytes() {
    echo
    echo "static const uint8_t wasm_$1[] = {"
    od -An -v -tu1 -w16 "$wasm" | sed 's/ *\([0-9]\{1,3\}\)/ \1,/g; s/^/   /'
    echo '};'
}
{
    echo '/* Written by modules.sh from wat/: do not edit. */'
    echo '#include <stdint.h>'
    for wat in wat/*.wat; do
        name=$(basename "$wat" .wat)
        wat2wasm --debug-names --enable-extended-const --enable-tail-call "$wat" -o "$wasm"
        bytes "$name"
    done
} >$out
mv $out modules.h
{
    echo '/* Written by modules.sh from gc/: do not edit. */'
    echo '#include <stdint.h>'
    for wat in gc/*.wat; do
        wasm-tools parse "$wat" -o "$wasm"
        bytes "$(basename "$wat" .wat)"
    done
} >$out
mv $out modules_gc.h

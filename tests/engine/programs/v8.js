// Runs every export of the module in turn, as runner.c does, with V8.
const fs = require('fs');
const wasm = new WebAssembly.Module(fs.readFileSync(process.argv[2]));
const guest = new WebAssembly.Instance(wasm, {}).exports;
for (const { name, kind } of WebAssembly.Module.exports(wasm)) {
    if (kind !== 'function') continue;
    for (let n = 0; n < 4; n++) console.log(name, n, guest[name](n) >>> 0);
}

// As guest.c, with V8: node v8.js TYPES.json FILE.wasm...
const fs = require('fs');
const zlib = require('zlib');
const view = new DataView(new ArrayBuffer(8));
const types = JSON.parse(fs.readFileSync(process.argv[2]));
const lines = [];

function argument(type, set) {
    switch (type) {
    case 'i': return [0, -1, -0x7fffffff][set];
    case 'I': return [0n, -1n, -0x7fffffffffffffffn][set];
    case 'f': case 'F': return [0, -1.5, 4294967296][set];
    default: return null;
    }
}

function show(type, v) {
    const hex = (bits, n) => bits.toString(16).padStart(n, '0');
    switch (type) {
    case 'i': return hex(v >>> 0, 8);
    case 'I': return hex(BigInt.asUintN(64, v), 16);
    case 'f':
        view.setFloat32(0, v);
        return v !== v ? '7fc00000' : hex(view.getUint32(0), 8);
    case 'F':
        view.setFloat64(0, v);
        return v !== v ? '7ff8000000000000' : hex(view.getBigUint64(0), 16);
    default: return v === null ? 'null' : 'set';
    }
}

// V8's messages in the words of the official suite.
const causes = [
    [/^unreachable/, 'unreachable'],
    [/^array element access/, 'out of bounds array access'],
    [/^requested new array/, 'allocation size too large'],
    [/^illegal cast/, 'cast failure'],
    [/unaligned/, 'out of bounds memory access'],
    [/^Atomics.wait/, 'expected shared memory'],
    [/^(memory access|data segment \d*)/, 'out of bounds memory access'],
    [/^(table|element segment)/, 'out of bounds table access'],
    [/signature mismatch/, 'indirect call type mismatch'],
    [/^(divide|remainder) by zero/, 'integer divide by zero'],
    [/^divide result unrepresentable/, 'invalid conversion to integer'],
    [/^float unrepresentable/, 'invalid conversion to integer'],
    [/call stack size exceeded/, 'call stack exhausted'],
    [/null (pointer|reference|value)/, 'null reference'],
];

function cause(e) {
    if (e instanceof WebAssembly.Exception) return 'uncaught exception';
    const text = e.message.replace(/^WebAssembly.Instance\(\): /, '');
    const row = causes.find(([pattern]) => pattern.test(text));
    return row ? row[1] : text;
}

function call(func, signature, head, set) {
    const [params, results] = signature.split(':');
    try {
        let v = func(...[...params].map(t => argument(t, set)));
        v = results.length === 0 ? [] : results.length === 1 ? [v] : [...v];
        lines.push(head + v.map((x, i) => ` ${results[i]}:` +
                                          show(results[i], x)).join(''));
    } catch (e) {
        lines.push(head + ' trap: ' + cause(e));
    }
}

for (const file of process.argv.slice(3)) {
    lines.push('== ' + file);
    const wasm = new WebAssembly.Module(fs.readFileSync(file));
    const list = WebAssembly.Module.exports(wasm), type = types[file] || {};
    let guest;
    try {
        guest = new WebAssembly.Instance(wasm, {}).exports;
    } catch (e) {
        lines.push('trap: ' + cause(e));
        continue;
    }
    for (let set = 0; set < 3; set++)
        list.forEach(({ name, kind }, i) => {
            if (kind === 'function' && type[i])
                call(guest[name], type[i], `${set} ${i}`, set);
        });
    list.forEach(({ name, kind }, i) => {
        const it = guest[name];
        if (kind === 'global' && type[i])
            lines.push(`g${i} ${type[i]}:` + show(type[i], it.value));
        if (kind === 'table' && type[i]) {
            const one = typeof it.length === 'bigint' ? 1n : 1;
            let text = '';
            for (let at = one - one; at < it.length; at += one)
                text += it.get(at) === null ? '-' : '+';
            lines.push(`t${i} ${text}`);
        }
        if (kind === 'memory') {
            const bytes = new Uint8Array(it.buffer);
            lines.push(`m${i} ${bytes.length} ` +
                       zlib.crc32(bytes).toString(16).padStart(8, '0'));
        }
    });
}
console.log(lines.join('\n'));

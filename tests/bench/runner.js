// Runs a kernel in V8, as runner.c does in our engine.
const fs = require('fs');
const module_ = new WebAssembly.Module(fs.readFileSync(process.argv[2]));
const { run } = new WebAssembly.Instance(module_, {}).exports;

require('readline').createInterface({ input: process.stdin })
    .on('line', (line) => {
        const began = process.cpuUsage();
        const sum = BigInt.asUintN(64, run(Number(line)));
        const took = process.cpuUsage(began);
        console.log(`${sum} ${(took.user + took.system) * 1000}`);
    });

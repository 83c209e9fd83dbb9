"""Compares the engine with others, and all with native code, on the kernels.

    engine.py BUILD [--rounds=N] [--time=MS] [--only=NAME,...] [--wasmi=FILE]
                    [--cc=COMMAND]

All executors run the same kernel in turn, round after round, so that what
disturbs the machine disturbs all of them; the best round counts.  Times are
CPU times; what is printed are ratios to native code of the same compiler
without its vectorizer.  Checksums must agree.
"""
import argparse
import ctypes
import glob
import importlib.metadata
import math
import os
import subprocess
import sys
import time

MASK = (1 << 64) - 1


class Native:
    name = "native"

    def __init__(self, path, options):
        self.run = ctypes.CDLL(path + ".so").run
        self.run.restype = ctypes.c_uint64
        self.run.argtypes = [ctypes.c_uint32]

    def call(self, n):
        began = time.thread_time_ns()
        checksum = self.run(n)
        return checksum & MASK, time.thread_time_ns() - began

    def close(self):
        pass


class Wasmtime(Native):
    name = "wasmtime"

    def __init__(self, path, options):
        import wasmtime
        engine = wasmtime.Engine()
        self.store = wasmtime.Store(engine)
        module = wasmtime.Module.from_file(engine, path + ".wasm")
        instance = wasmtime.Instance(self.store, module, [])
        func = instance.exports(self.store)["run"]
        self.run = lambda n: func(self.store, n)


class Wasm3(Native):
    name = "wasm3"

    def __init__(self, path, options):
        import wasm3
        self.env = wasm3.Environment()
        self.runtime = self.env.new_runtime(1 << 20)
        with open(path + ".wasm", "rb") as f:
            self.runtime.load(self.env.parse_module(f.read()))
        self.run = self.runtime.find_function("run")


class Process:
    """A program that answers each n with checksum and nanoseconds."""

    def __init__(self, path, options):
        self.process = subprocess.Popen(
            self.command(path, options), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, bufsize=1)

    def call(self, n):
        self.process.stdin.write(f"{n}\n")
        line = self.process.stdout.readline().split()
        if len(line) != 2:
            raise RuntimeError("no answer")
        return int(line[0]), int(line[1])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Sluice(Process):
    name = "sluice"

    def command(self, path, options):
        return [options.build + "/tests/bench/runner", path + ".wasm"]


class V8(Process):
    name = "V8"

    def command(self, path, options):
        return ["node", "--no-liftoff", "--no-wasm-tier-up",
                os.path.dirname(os.path.abspath(__file__)) + "/runner.js",
                path + ".wasm"]


class Wasmi:
    """A process a call; the time of one with n = 0 is subtracted."""
    name = "wasmi"

    def __init__(self, path, options):
        self.command = [options.wasmi, "run", "--invoke", "run",
                        path + ".wasm"]
        self.start = min(self.measure(0)[1] for _ in range(3))

    def measure(self, n):
        read, write = os.pipe()
        pid = os.posix_spawn(
            self.command[0], self.command + [str(n)], os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, write, 1)])
        os.close(write)
        with open(read) as f:
            out = f.read().split()
        _, status, usage = os.wait4(pid, 0)
        if status or not out:
            raise RuntimeError("fails")
        return int(out[-1]) & MASK, int(
            (usage.ru_utime + usage.ru_stime) * 1e9)

    def call(self, n):
        checksum, took = self.measure(n)
        return checksum, max(took - self.start, 1)

    def close(self):
        pass


def executors(options):
    found = [Native, Sluice, Wasm3, Wasmtime, V8]
    return found + [Wasmi] if options.wasmi else found


def start(path, options):
    """Those that can run the kernel, warmed up."""
    running = []
    for executor in executors(options):
        try:
            it = executor(path, options)
            it.call(1)
            running.append(it)
        except Exception as e:
            if executor in (Native, Sluice):
                raise
            print(f"# {os.path.basename(path)}: {executor.name}: {e}",
                  file=sys.stderr)
    return running


def first_line(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "unknown"


def version(package):
    try:
        return package + " " + importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "no " + package


def print_versions(options):
    with open(options.build + "/flags") as f:
        compiler = f.read().split()[0]
    with open("/proc/cpuinfo") as f:
        models = [line.split(":", 1)[1].strip() for line in f
                  if line.startswith("model name")]
    print(f"# {models[0] if models else 'unknown processor'}")
    print(f"# sluice: {first_line(compiler, '--version')}")
    print(f"# kernels and native: {first_line(options.cc, '--version')}")
    print(f"# {version('pywasm3')}, {version('wasmtime')}, V8 "
          + first_line("node", "-p", "process.versions.v8")
          + (", " + first_line(options.wasmi, "--version")
             if options.wasmi else ""))


def rounds_for(native, milliseconds):
    """How large n must be for native code to take that long."""
    n = 1
    while native.call(n)[1] < milliseconds * 1e6:
        n *= 2
    return n


def measure(path, options):
    """Name of executor -> best time; checksums are compared."""
    running = start(path, options)
    n = rounds_for(running[0], options.time)
    best, checksums = {}, {}
    for _ in range(options.rounds):
        for it in running:
            checksum, took = it.call(n)
            checksums.setdefault(checksum, set()).add(it.name)
            best[it.name] = min(best.get(it.name, took), took)
    for it in running:
        it.close()
    if len(checksums) != 1:
        sys.exit(f"{path}: checksums differ: {checksums}")
    return best


def mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--time", type=int, default=20)
    parser.add_argument("--only", default="")
    parser.add_argument("--wasmi", default="")
    parser.add_argument("--cc", default="clang-19")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    print_versions(options)
    names = [e.name for e in executors(options)[1:]]
    kernels = sorted(p[:-5] for p in
                     glob.glob(options.build + "/tests/bench/*.wasm"))
    if options.only:
        kernels = [k for k in kernels
                   if os.path.basename(k) in options.only.split(",")]
    columns = {name: [] for name in names}

    print(f"{'time, native = 1':18}" + "".join(f"{n:>10}" for n in names))
    for path in kernels:
        kernel = os.path.basename(path)
        best = measure(path, options)
        line = f"{kernel:18}"
        for name in names:
            if name not in best:
                line += f"{'-':>10}"
                continue
            ratio = best[name] / best["native"]
            line += f"{ratio:10.2f}"
            if kernel != "simd":
                columns[name].append(ratio)
        print(line, flush=True)
    print(f"{'geometric mean':18}" + "".join(
        f"{mean(columns[n]):10.2f}" if columns[n] else f"{'-':>10}"
        for n in names) + "   (without simd)")


if __name__ == "__main__":
    main()

"""What filters in nginx cost, Sluice beside others.

    nginx.py BUILD [--only=ROW,...] [--candidates=NAME,...] [--requests=N]
             [--seconds=S] [--rounds=N] [--profile]

Instructions: nginx runs under callgrind without a master, and answers W + N and
then, in a new run, W + 2N requests on one connection; what the second run has
more, divided by N, is the cost of a request.  What the C library's allocator
takes to find the same memory again depends on what lies before it, by 350 of
nginx's own instructions, so small files are asked for in four environments of
different sizes, and the mean counts.  From Sluice's the handlers of the
interpreter are also given apart.  CPU time: one worker, wrk, the candidates in
turn round after round; the median of a candidate, over plain nginx's, is
printed.  Copies: bytes that are copied 1 KiB or more at a time, of a body's
length.  Memory: how much the worker grew in the rounds after the first.
--requests=0 leaves the instructions out, --rounds=0 the times; --profile prints
where instructions go outside the interpreter.

Envoy is a candidate if TOOLS has it (`setup envoy`): alone, and with the same C
plugins.  It is too big for callgrind, and serves the bodies from memory.
"""
import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__)) + "/nginx"
MODULES = "/usr/lib/nginx/modules"
WARM = 50
PADDINGS = {"1k": range(0, 4000, 1000)}      # of the environment
PROXIED = "64k through a proxy"
TEN = "".join(f"X-H{i}: value{i}\r\n" for i in range(10))
# The handlers of the interpreter, which jump to each other.  They have the names
# of their operations, or of two: we_h_I32_ADD_SAa, I32_LOAD_Ka_BR_IF_A.  What
# leads into them and out of them isn't the loop: we_call, we_interp_call,
# call_any, and what calls the host.
INTERPRETER = re.compile(r"(we_h_)?(?!CALL_IMPORT)[A-Z][A-Z0-9_a]*('\d+)?$")


def text(size):
    return "".join(f"{i:07d} abcdefghijklmnopqrstuvw\n"
                   for i in range(size // 32))


class Row:
    """A piece of work: a file to serve and what each candidate says to it."""

    def __init__(self, name, what, file, headers="", **candidates):
        self.name, self.what, self.file = name, what, file
        self.headers, self.candidates = headers, candidates


ROWS = [
    Row("headers", "set a header of the request and one of the response", "1k",
        native="bench headers;",
        lua="""rewrite_by_lua_block { ngx.req.set_header("x-greeting", "hello") }
            header_filter_by_lua_block { ngx.header["x-greeting"] = "hello" }""",
        njs="js_header_filter bench.headers;",
        c="wasm_filter c_headers;", rust="wasm_filter r_headers hello;"),
    Row("ten", "read 10 headers, test one, add one", "1k", TEN,
        native="bench ten;",
        lua="""header_filter_by_lua_block {
            local h = ngx.req.get_headers()
            for i = 0, 9 do
                local v = h["x-h" .. i]
                if i == 3 and string.sub(v, 1, 1) ~= "v" then return end
            end
            ngx.header["x-greeting"] = "hello" }""",
        njs="js_header_filter bench.ten;",
        c="wasm_filter c_ten;", gets="wasm_filter g_ten;",
        rust="wasm_filter r_ten;"),
    Row("upper", "64 KB in upper case", "64k",
        native="bench upper;",
        lua="""body_filter_by_lua_block { ngx.arg[1] = string.upper(ngx.arg[1]) }""",
        njs="js_body_filter bench.upper;",
        c="wasm_filter c_upper;", simd="wasm_filter s_upper;",
        rust="wasm_filter r_upper;"),
    Row("noop", "a filter that does nothing", "1k", c="wasm_filter c_noop;"),
    Row("noop11", "eleven of them", "1k", c="wasm_filter c_noop;" * 11),
    Row("body", "see a body of 64 KB", "64k", c="wasm_filter c_look;"),
    Row("proxied", "64 KB of an upstream in upper case", PROXIED,
        native="bench upper;", c="wasm_filter c_upper;",
        simd="wasm_filter s_upper;"),
]

NATIVE = "ngx_http_bench_filter_module.so"
OURS = ("c", "gets", "simd", "rust")
ENVOY = os.environ.get("TOOLS", "build") + "/envoy/bin/envoy-binary"
PLUGINS = {
    "c_headers": "bench-nginx/headers", "c_ten": "bench-nginx/ten",
    "g_ten": "bench-nginx/ten_gets",
    "c_noop": "bench-nginx/noop", "c_look": "bench-nginx/look",
    "c_upper": "plugins/c/upper_body", "s_upper": "bench-nginx/upper_simd",
    "r_headers": "plugins/rust/add_header", "r_ten": "bench-nginx/ten_rust",
    "r_upper": "plugins/rust/upper_body",
}


def loads(build, candidate):
    ours = build + "/nginx-deb/ngx_http_wasm_filter_module.so"
    return {
        "native": [f"{build}/bench-nginx/{NATIVE}"],
        "lua": [f"{MODULES}/ndk_http_module.so",
                f"{MODULES}/ngx_http_lua_module.so"],
        "njs": [f"{MODULES}/ngx_http_js_module.so"],
    }.get(candidate, [ours] if candidate in OURS else [])


def http_level(build, candidate):
    if candidate == "njs":
        return f"js_path {HERE}; js_import bench from bench.js;"
    if candidate in OURS:
        return "\n".join(f"wasm_plugin {n} {build}/{f}.wasm deadline=10s;"
                         for n, f in PLUGINS.items() if n[0] == candidate[0])
    return ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """nginx with one candidate at all rows, in a folder of its own."""

    def __init__(self, build, candidate, callgrind=False, counts=False,
                 padding=0):
        alone = callgrind or counts
        self.dir = tempfile.mkdtemp(prefix="bench-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.callgrind = callgrind
        locations = "\n".join(
            f"location /{row.name} {{ {row.candidates.get(candidate, '')} "
            f"{self.content(row)} }}" for row in ROWS)
        for name, size in (("1k", 1024), ("64k", 65536)):
            with open(f"{self.dir}/{name}", "w") as f:
                f.write(text(size))
        load = "".join(f"load_module {m};\n"
                       for m in loads(build, candidate))
        user = "user nobody nogroup;" if os.geteuid() == 0 else ""
        temp = " ".join(f"{n}_temp_path {self.dir}/{n};" for n in
                        ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(f"{self.dir}/nginx.conf", "w") as f:
            f.write(f"""{load}
{'' if alone else user}
daemon off; worker_processes 1; pid {self.dir}/pid;
{'master_process off;' if alone else ''}
error_log {self.dir}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off; {temp}
    keepalive_requests 100000000; keepalive_timeout 600s; default_type text/plain;
    {http_level(build, candidate)}
    server {{ listen 127.0.0.1:{self.port} reuseport;
    proxy_buffers 20 8k;
    {locations}
    location = /64k {{ alias {self.dir}/64k; }}
    }}
}}
""")
        command = ["nginx", "-p", self.dir, "-c", f"{self.dir}/nginx.conf"]
        if callgrind:
            command = ["valgrind", "--tool=callgrind",
                       f"--callgrind-out-file={self.dir}/callgrind.out",
                       "--main-stacksize=8388608"] + command
        env = dict(os.environ, PADDING="x" * padding)
        if counts:
            env.update(LD_PRELOAD=f"{build}/bench-nginx/copies.so",
                       COPIES=f"{self.dir}/copies")
        self.log = open(f"{self.dir}/stderr", "w+")
        # Seldom, valgrind fails to let the stack grow.
        for _ in range(3):
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=self.log,
                stderr=self.log, env=env)
            said = self.wait()
            if "Can't extend stack" not in said:
                break
        if said:
            sys.exit("nginx doesn't start:\n" + said)

    def content(self, row):
        if row.file == PROXIED:
            return f"proxy_pass http://127.0.0.1:{self.port}/64k;"
        return f"alias {self.dir}/{row.file};"

    def wait(self):
        """What it said if it doesn't start, or nothing."""
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return ""
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        return self.log.read() or "nothing said"

    def port_of(self, row):
        return self.port

    def worker(self):
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return int(f.read().split()[0])

    def cpu(self):
        with open(f"/proc/{self.worker()}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss(self):
        with open(f"/proc/{self.worker()}/status") as f:
            return int(re.search(r"VmRSS:\s+(\d+)", f.read())[1])

    def stop(self):
        self.process.terminate()
        while self.process.poll() is None:
            # Without a master it looks at the signal after the next event.
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
            except OSError:
                pass
            time.sleep(0.05)
        result = self.functions() if self.callgrind else self.copied()
        self.log.close()
        shutil.rmtree(self.dir)
        return result

    def copied(self):
        if os.path.exists(f"{self.dir}/copies"):
            with open(f"{self.dir}/copies") as f:
                return int(f.read())

    def functions(self):
        """Self cost of each function, from callgrind's file."""
        names, costs, current = {}, {}, None
        with open(f"{self.dir}/callgrind.out") as f:
            skip = False
            for line in f:
                if line.startswith("fn="):
                    number, _, name = line[3:].rstrip().partition(" ")
                    if name:
                        names[number] = name
                    current = names.get(number, number)
                elif line.startswith("cfn=") or line.startswith("cfi=") or \
                        line.startswith("cob="):
                    number, _, name = line.split("=", 1)[1].rstrip() \
                        .partition(" ")
                    if name and line.startswith("cfn="):
                        names[number] = name
                elif line.startswith("calls="):
                    skip = True
                elif line[0] in "0123456789+-*" and current:
                    if not skip:
                        costs[current] = costs.get(current, 0) \
                            + int(line.split()[1])
                    skip = False
        return costs


class Envoy(Server):
    """Envoy with one thread and a listener a row, with the C plugins or
    without."""

    def __init__(self, build, candidate):
        self.dir = tempfile.mkdtemp(prefix="bench-")
        self.callgrind = False
        rows = [r for r in ROWS if r.file != PROXIED]
        self.ports = {r.name: free_port() for r in rows}
        self.port = max(self.ports.values())
        listeners = [self.listener(build, candidate, r) for r in rows]
        with open(f"{self.dir}/envoy.json", "w") as f:
            json.dump({"static_resources": {"listeners": listeners}}, f)
        self.log = open(f"{self.dir}/stderr", "w+")
        self.process = subprocess.Popen(
            [ENVOY, "-c", f"{self.dir}/envoy.json", "--concurrency", "1",
             "--use-dynamic-base-id", "-l", "error"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        for self.port in self.ports.values():
            said = self.wait()
            if said:
                sys.exit("Envoy doesn't start:\n" + said)

    def listener(self, build, candidate, row):
        size = {"1k": 1024, "64k": 65536}[row.file]
        plugins = re.findall(r"wasm_filter (\w+)", row.candidates["c"])
        filters = [self.filter(build, p) for p in plugins] \
            if candidate == "envoy+c" else []
        return {"address": {"socket_address": {
            "address": "127.0.0.1", "port_value": self.ports[row.name]}},
            "filter_chains": [{"filters": [{
                "name": "envoy.filters.network.http_connection_manager",
                "typed_config": self.typed(
                    "filters.network.http_connection_manager.v3"
                    ".HttpConnectionManager",
                    stat_prefix="s", generate_request_id=False,
                    route_config={
                        "max_direct_response_body_size_bytes": 100000,
                        "virtual_hosts": [{
                            "name": "v", "domains": ["*"], "routes": [{
                                "match": {"prefix": "/"},
                                "direct_response": {
                                    "status": 200, "body": {
                                        "inline_string": text(size)}}}]}]},
                    http_filters=[*filters, {
                        "name": "envoy.filters.http.router",
                        "typed_config": self.typed(
                            "filters.http.router.v3.Router")}])}]}]}

    def filter(self, build, plugin):
        return {"name": plugin, "typed_config": self.typed(
            "filters.http.wasm.v3.Wasm", config={
                "name": plugin, "vm_config": {
                    "vm_id": plugin, "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename":
                             f"{build}/{PLUGINS[plugin]}.wasm"}}}})}

    def typed(self, name, **fields):
        return {"@type": f"type.googleapis.com/envoy.extensions.{name}",
                **fields}

    def port_of(self, row):
        return self.ports[row.name]

    def worker(self):
        return self.process.pid


def start(build, candidate):
    return (Envoy if candidate.startswith("envoy") else Server)(build,
                                                                candidate)


def ask(port, row, n):
    """n requests, one after the other, on one connection."""
    request = (f"GET /{row.name} HTTP/1.1\r\nHost: bench\r\n"
               f"{row.headers}\r\n").encode()
    with socket.create_connection(("127.0.0.1", port)) as s:
        for _ in range(n):
            s.sendall(request)
            data = b""
            while b"\r\n\r\n" not in data:
                data += s.recv(262144)
            head, body = data.split(b"\r\n\r\n", 1)
            if not head.startswith(b"HTTP/1.1 200"):
                sys.exit(f"{row.name}: {head.decode()}")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if length:
                while len(body) < int(length[1]):
                    body += s.recv(262144)
            else:
                while not body.endswith(b"\r\n0\r\n\r\n"):
                    body += s.recv(262144)
    return head, body


def check(server, row, candidate):
    """The candidate does the work."""
    if candidate in ("plain", "envoy"):
        return
    head, body = ask(server.port_of(row), row, 1)
    if row.name == "upper":
        good = b"ABCDEFG" in body and b"abcdefg" not in body
    else:
        good = row.name not in ("headers", "ten") \
            or b"x-greeting: hello" in head
    if not good:
        server.stop()
        sys.exit(f"{candidate} doesn't do {row.name}")


def instructions(options, candidate, row):
    """{function: instructions a request}"""
    paddings = PADDINGS.get(row.file, [0])
    costs = {}
    for padding in paddings:
        for n, sign in ((options.requests, -1), (2 * options.requests, 1)):
            server = Server(options.build, candidate, callgrind=True,
                            padding=padding)
            check(server, row, candidate)
            ask(server.port, row, WARM + n)
            for f, cost in server.stop().items():
                costs[f] = costs.get(f, 0) + sign * cost
    return {f: cost / options.requests / len(paddings)
            for f, cost in costs.items() if cost != 0}


def copies(options, candidate, row):
    """How often a byte of the body is copied, reads of files left out."""
    runs = []
    for n in (20, 40):
        server = Server(options.build, candidate, counts=True)
        ask(server.port, row, n)
        runs.append(server.stop())
    return f"{(runs[1] - runs[0]) / 20 / len(text(65536)):.2f}"


def times(options, row, candidates):
    """CPU microseconds a request, the median of the rounds; kB grown."""
    servers = {c: start(options.build, c) for c in candidates}
    costs, grown = {c: [] for c in candidates}, {c: 0 for c in candidates}
    headers = [a for h in row.headers.split("\r\n") if h for a in ("-H", h)]
    for c, server in servers.items():
        check(server, row, c)
    for number in range(options.rounds):
        for c, server in servers.items():
            before, memory = server.cpu(), server.rss()
            out = subprocess.run(
                ["wrk", "-t1", "-c16", f"-d{options.seconds}s", *headers,
                 f"http://127.0.0.1:{server.port_of(row)}/{row.name}"],
                capture_output=True, text=True).stdout
            done = int(re.search(r"(\d+) requests in", out)[1])
            costs[c].append((server.cpu() - before) / done * 1e6)
            if number:
                grown[c] += server.rss() - memory
    for server in servers.values():
        server.stop()
    return {c: statistics.median(costs[c]) for c in candidates}, grown


def profile(costs, plain):
    rest = {f: costs.get(f, 0) - plain.get(f, 0) for f in costs}
    for f, n in sorted(rest.items(), key=lambda x: -x[1]):
        if n >= 5 and not INTERPRETER.match(f):
            print(f"    {n:9.1f}  {f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--only", default="")
    parser.add_argument("--candidates", default="")
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    wanted = options.only.split(",") if options.only else None

    print(f"{'':10}{'instructions':>14}{'over plain':>12}"
          f"{'interpreter':>12}{'the rest':>10}{'copies':>8}{'CPU time':>10}"
          f"{'grown kB':>10}")
    for row in ROWS:
        if wanted and row.name not in wanted:
            continue
        print(f"{row.name}: {row.what}")
        measure(options, row)


def measure(options, row):
    envoy = ["envoy", "envoy+c"] if os.path.exists(ENVOY) \
        and row.file != PROXIED and options.rounds else []
    candidates = [c for c in ("plain", *row.candidates, *envoy)
                  if not options.candidates or c == "plain"
                  or c in options.candidates.split(",")]
    cpu, grown = times(options, row, candidates) if options.rounds \
        else ({}, {})
    plain = {}
    for c in candidates:
        line = f"  {c:8}"
        costs = {}
        if options.requests and c not in envoy:
            costs = instructions(options, c, row)
            plain = plain or costs
            over = sum(costs.values()) - sum(plain.values())
            loop = sum(n for f, n in costs.items() if INTERPRETER.match(f))
            line += f"{sum(costs.values()):14,.0f}{over:12,.0f}"
            line += f"{loop:12,.0f}{over - loop:10,.0f}" if c in OURS \
                else f"{'':22}"
            copied = copies(options, c, row) if row.file != "1k" else ""
            line += f"{copied:>8}"
        else:
            line += f"{'':56}"
        if cpu:
            line += f"{cpu[c] / cpu['plain']:10.2f}{grown[c]:10}"
        print(line, flush=True)
        if options.profile and c in OURS:
            profile(costs, plain)


if __name__ == "__main__":
    main()

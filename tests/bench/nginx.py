"""What filters in nginx cost, Sluice beside others.

    nginx.py BUILD [--only=ROW,...] [--requests=N] [--seconds=S] [--rounds=N]
             [--profile]

Instructions: nginx runs under callgrind without a master, and answers W + N and
then, in a new run, W + 2N requests on one connection; what the second run has
more, divided by N, is the cost of a request.  From Sluice's the loop of the
interpreter is also given apart.  CPU time: one worker, wrk, the candidates in
turn round after round; the least of a candidate, over plain nginx, is printed.
Memory: the worker's, after as many requests again on the same connections.
--profile prints where instructions go outside the interpreter.
"""
import argparse
import glob
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__)) + "/nginx"
MODULES = "/usr/lib/nginx/modules"
WARM = 50
TEN = "".join(f"X-H{i}: value{i}\r\n" for i in range(10))
# The loop, and the handlers that it jumps to.
INTERPRETER = re.compile(r"(we_interp_run|we_h_\w+|[A-Z][A-Z0-9_]*[a-z]?)('\d)?$")


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
        c="wasm_filter c_headers hello;", rust="wasm_filter r_headers hello;"),
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
        c="wasm_filter c_ten;"),
    Row("upper", "64 KB in upper case", "64k",
        native="bench upper;",
        lua="""body_filter_by_lua_block { ngx.arg[1] = string.upper(ngx.arg[1]) }""",
        njs="js_body_filter bench.upper;",
        c="wasm_filter c_upper;", rust="wasm_filter r_upper;"),
    Row("noop", "a filter that does nothing", "1k", c="wasm_filter c_noop;"),
    Row("noop11", "eleven of them", "1k", c="wasm_filter c_noop;" * 11),
    Row("body", "see a body of 64 KB", "64k", c="wasm_filter c_look;"),
]

NATIVE = "ngx_http_bench_filter_module.so"


def loads(build, candidate):
    ours = build + "/nginx-deb/ngx_http_wasm_filter_module.so"
    return {
        "native": [f"{build}/bench-nginx/{NATIVE}"],
        "lua": [f"{MODULES}/ndk_http_module.so",
                f"{MODULES}/ngx_http_lua_module.so"],
        "njs": [f"{MODULES}/ngx_http_js_module.so"],
        "c": [ours], "rust": [ours],
    }.get(candidate, [])


def http_level(build, candidate):
    plugins = {"c_headers": "plugins/c/add_header",
               "c_upper": "plugins/c/upper_body",
               "c_ten": "bench-nginx/ten", "c_noop": "bench-nginx/noop",
               "c_look": "bench-nginx/look",
               "r_headers": "plugins/rust/add_header",
               "r_upper": "plugins/rust/upper_body"}
    if candidate == "njs":
        return f"js_path {HERE}; js_import bench from bench.js;"
    if candidate in ("c", "rust"):
        return "\n".join(f"wasm_plugin {n} {build}/{f}.wasm deadline=10s;"
                         for n, f in plugins.items() if n[0] == candidate[0])
    return ""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Server:
    """nginx with one candidate at all rows, in a folder of its own."""

    def __init__(self, build, candidate, callgrind=False):
        self.dir = tempfile.mkdtemp(prefix="bench-")
        os.chmod(self.dir, 0o755)
        self.port = free_port()
        self.callgrind = callgrind
        locations = "\n".join(
            f"location /{row.name} {{ {row.candidates.get(candidate, '')} "
            f"alias {self.dir}/{row.file}; }}" for row in ROWS)
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
{'' if callgrind else user}
daemon off; worker_processes 1; pid {self.dir}/pid;
{'master_process off;' if callgrind else ''}
error_log {self.dir}/error.log warn;
events {{ worker_connections 256; }}
http {{
    access_log off; {temp}
    keepalive_requests 100000000; keepalive_timeout 600s; default_type text/plain;
    {http_level(build, candidate)}
    server {{ listen 127.0.0.1:{self.port} reuseport;
    {locations}
    }}
}}
""")
        command = ["nginx", "-p", self.dir, "-c", f"{self.dir}/nginx.conf"]
        if callgrind:
            command = ["valgrind", "--tool=callgrind",
                       f"--callgrind-out-file={self.dir}/callgrind.out",
                       "--main-stacksize=8388608"] + command
        self.log = open(f"{self.dir}/stderr", "w+")
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.log,
            stderr=self.log)
        self.wait()

    def wait(self):
        for _ in range(1200):
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return
            except OSError:
                time.sleep(0.1)
        self.log.seek(0)
        sys.exit("nginx doesn't start:\n" + self.log.read())

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
        functions = self.functions() if self.callgrind else None
        self.log.close()
        shutil.rmtree(self.dir)
        return functions

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
            length = re.search(rb"Content-Length: (\d+)", head)
            if length:
                while len(body) < int(length[1]):
                    body += s.recv(262144)
            else:
                while not body.endswith(b"\r\n0\r\n\r\n"):
                    body += s.recv(262144)
    return head, body


def check(server, row, candidate):
    """The candidate does the work."""
    head, body = ask(server.port, row, 1)
    if row.name == "upper":
        return b"ABCDEFG" in body
    return row.name not in ("headers", "ten") or b"x-greeting: hello" in head


def instructions(options, candidate, row):
    """{function: instructions a request}"""
    runs = []
    for n in (options.requests, 2 * options.requests):
        server = Server(options.build, candidate, callgrind=True)
        if candidate != "plain" and not check(server, row, candidate):
            server.stop()
            sys.exit(f"{candidate} doesn't do {row.name}")
        ask(server.port, row, WARM + n)
        runs.append(server.stop())
    return {f: (runs[1][f] - runs[0].get(f, 0)) / options.requests
            for f in runs[1] if runs[1][f] != runs[0].get(f, 0)}


def times(options, row, candidates):
    """CPU microseconds a request, the least of all rounds."""
    servers = {c: Server(options.build, c) for c in candidates}
    best, grown = {}, {}
    headers = [a for h in row.headers.split("\r\n") if h for a in ("-H", h)]
    for number in range(options.rounds):
        for c, server in servers.items():
            before, memory = server.cpu(), server.rss()
            out = subprocess.run(
                ["wrk", "-t1", "-c16", f"-d{options.seconds}s", *headers,
                 f"http://127.0.0.1:{server.port}/{row.name}"],
                capture_output=True, text=True).stdout
            done = int(re.search(r"(\d+) requests in", out)[1])
            cost = (server.cpu() - before) / done * 1e6
            best[c] = min(best.get(c, cost), cost)
            if number:
                grown[c] = max(grown.get(c, 0), server.rss() - memory)
    for server in servers.values():
        server.stop()
    return best, grown


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
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    wanted = options.only.split(",") if options.only else None

    print(f"{'':10}{'':8}{'instructions':>14}{'over plain':>12}"
          f"{'interpreter':>12}{'the rest':>10}{'CPU time':>10}{'grown kB':>10}")
    for row in ROWS:
        if wanted and row.name not in wanted:
            continue
        candidates = [c for c in ("plain", *row.candidates)
                      if not options.candidates or c == "plain"
                      or c in options.candidates.split(",")]
        print(f"{row.name}: {row.what}")
        if options.rounds:
            cpu, grown = times(options, row, candidates)
        plain = None
        for c in candidates:
            costs = instructions(options, c, row)
            total = sum(costs.values())
            plain = plain or costs
            over = total - sum(plain.values())
            loop = sum(n for f, n in costs.items() if INTERPRETER.match(f))
            line = f"{'':10}{c:8}{total:14,.0f}{over:12,.0f}"
            line += f"{loop:12,.0f}{over - loop:10,.0f}" \
                if c in ("c", "rust") else f"{'':22}"
            if options.rounds:
                line += f"{cpu[c] / cpu['plain']:10.2f}{grown.get(c, 0):10}"
            print(line, flush=True)
            if options.profile and c in ("c", "rust"):
                profile(costs, plain)


if __name__ == "__main__":
    main()

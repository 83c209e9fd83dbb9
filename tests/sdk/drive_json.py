"""Drives tests/sdk/json.c in wasmtime; see json.t.  Prints TAP."""
import json
import os
import random
import re

import wasmtime

engine = wasmtime.Engine()
store = wasmtime.Store(engine)
module = wasmtime.Module.from_file(engine, os.environ["SLUICE_JSON_WASM"])
linker = wasmtime.Linker(engine)
for i in module.imports:
    linker.define_func(i.module, i.name, i.type, lambda *a: 12)
run = linker.instantiate(store, module).exports(store)
run["_initialize"](store)
memory = run["memory"]
count = 0


def ok(passed, name):
    global count
    count += 1
    print(f"{'ok' if passed else 'not ok'} {count} - {name}")


def give(text):
    at = run["text_at"](store, len(text))
    memory.write(store, text + b'"', at)


def valid(text):
    give(text)
    return bool(run["valid"](store, len(text)))


def items(text):
    give(text)
    n = run["items"](store, len(text))
    at = run["out_at"](store)
    return bytes(memory.read(store, at, at + n))


def refuse(constant):
    raise ValueError(constant)


def oracle(text):
    """Python's reader, without its extras (NaN, Infinity)."""
    try:
        json.loads(text.decode("latin-1"), parse_constant=refuse)
        return True
    except (ValueError, RecursionError):
        return False


named = [
    b"", b" ", b"{}", b"[]", b"[", b"]", b"{", b"}", b"[}", b"{]", b"[,]",
    b"[1,]", b"[1,2]", b"[1 2]", b'{"a"}', b'{"a":}', b'{"a":1}', b'{"a":1,}',
    b'{,}', b'{1:2}', b'{"a":1 "b":2}', b"0", b"-0", b"-", b"01", b"1.", b".1",
    b"1.5", b"1e", b"1e5", b"1E+5", b"1e-", b"1.5e3x", b"true", b"tru",
    b"truex", b"null", b"nul", b"false", b'"', b'""', b'"a', b'"\\', b'"\\"',
    b'"\\x"', b'"\\u12"', b'"\\u12', b'"\\u123g"', b'"\\u12af"', b'"\n"',
    b'"\x7f\xc3\xa9"', b"1 2", b"[] []", b" \t\r\n{} \n", b"\x00", b"[1]\x00",
    b"[" * 64 + b"]" * 64, b'{"a":' * 64 + b"1" + b"}" * 64,
    b'[{"a":[{"b":[]}]}]', b'[{"a":[{"b":[}]}]', b"[[1],[2,[3]],{}]",
]
for text in named:
    ok(valid(text) == oracle(text), f"{text[:30]!r} is "
       f"{'valid' if oracle(text) else 'malformed'}")
ok(not valid(b"[" * 65 + b"]" * 65), "65 levels are too deep")
ok(not valid(b"[" * 100000), "100,000 open brackets")

random.seed(20250601)
document = (b'{"status": 403, "body": "no\\n\\u00e9", "x": [1, -2.5e+3, true, '
            b'false, null, {}], "rules": [{"path": "/a"}, {"h": []}]}')
wrong = []
for i in range(20000):
    text = bytearray(document)
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(text))
        match random.randrange(4):
            case 0:
                text[at] = random.choice(b'{}[],:"\\ 0-.eutfn\x01')
            case 1:
                del text[at:at + 1]
                text = text or bytearray(b" ")
            case 2:
                del text[at + 1:]
            case 3:
                text.insert(at, random.choice(b'{}[],:"\\ 0-.eutfn\x01'))
    text = bytes(text)
    if valid(text) != oracle(text):
        wrong.append(text)
ok(not wrong, "20,000 changed documents are judged as by Python")
for text in wrong[:5]:
    print("#", text)


def want(text):
    value = json.loads(text)
    pairs = value.items() if isinstance(value, dict) else [("", v)
                                                           for v in value]
    return [(k, v) for k, v in pairs if isinstance(v, str)]


for text in [b'{"a":"x","b":"y\\n\\t\\"\\\\\\/","c":"\\u00e9\\u20ac"}',
             b'["\\ud83d\\ude00","plain","",   "\\u0041"]', b"{}", b"[]"]:
    lines = [f"3 {k} {v}\n" for k, v in want(text)]
    ok(items(text) == "".join(lines).encode(), f"strings of {text!r}")
ok(items(b'["\\ud83d","\\udc00x"]') == "3  \ufffd\n3  \ufffdx\n".encode(),
   "half a surrogate pair")
ok(items(b'{"n":null,"b": true , "i":-1.5,"a":[1,[2]],"o":{"k":"}"}}')
   == b'0 n null\n1 b true\n2 i -1.5\n4 a [1,[2]]\n5 o {"k":"}"}\n',
   "kinds and texts of other values")
ok(items(b"5") == b"" and items(b'"s"') == b"", "scalars have no items")
print(f"1..{count}")

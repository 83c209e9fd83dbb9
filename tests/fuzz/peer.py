"""As guest.c --vectors, with wasmtime: peer.py TYPES.json FILE.wasm..."""
import ctypes
import json
import struct
import sys
import zlib

import wasmtime
from wasmtime import _ffi as ffi

ARGUMENTS = {
    'i': [b'\0' * 4, b'\xff' * 4, struct.pack('<I', 0x80000001)],
    'I': [b'\0' * 8, b'\xff' * 8, struct.pack('<Q', 0x8000000000000001)],
    'f': [struct.pack('<f', x) for x in (0, -1.5, 4294967296)],
    'F': [struct.pack('<d', x) for x in (0, -1.5, 4294967296)],
}
CAUSES = {
    'UNREACHABLE': 'unreachable',
    'MEMORY_OUT_OF_BOUNDS': 'out of bounds memory access',
    'TABLE_OUT_OF_BOUNDS': 'out of bounds table access',
    'INDIRECT_CALL_TO_NULL': 'indirect call type mismatch',
    'BAD_SIGNATURE': 'indirect call type mismatch',
    'INTEGER_OVERFLOW': 'invalid conversion to integer',
    'INTEGER_DIVISION_BY_ZERO': 'integer divide by zero',
    'BAD_CONVERSION_TO_INTEGER': 'invalid conversion to integer',
    'STACK_OVERFLOW': 'call stack exhausted',
    'HEAP_MISALIGNED': 'out of bounds memory access',
    'ATOMIC_WAIT_NON_SHARED_MEMORY': 'expected shared memory',
    'NULL_REFERENCE': 'null reference',
    'ARRAY_OUT_OF_BOUNDS': 'out of bounds array access',
    'ALLOCATION_TOO_LARGE': 'allocation size too large',
    'CAST_FAILURE': 'cast failure',
}


def engine():
    config = wasmtime.Config()
    for name in ('threads', 'tail_call', 'multi_memory', 'memory64', 'simd',
                 'relaxed_simd', 'relaxed_simd_deterministic', 'exceptions',
                 'function_references', 'gc'):
        setattr(config, 'wasm_' + name, True)
    config.shared_memory = True
    ffi.wasmtime_config_async_stack_size_set(config.ptr(), 64 << 20)
    config.max_wasm_stack = 32 << 20
    config.cranelift_opt_level = 'none'
    config.parallel_compilation = False
    return wasmtime.Engine(config)


def cause(error):
    code = error.trap_code if isinstance(error, wasmtime.Trap) else None
    if code:
        return CAUSES.get(code.name, code.name)
    text = str(error)
    if 'exception' in text:
        return 'uncaught exception'
    if 'GC heap' in text or 'memory' in text:
        return 'allocation size too large'
    return text


def show(letter, raw):
    if letter in 'if':
        bits, = struct.unpack_from('<I', raw)
        if letter == 'f' and bits & 0x7fffffff > 0x7f800000:
            bits = 0x7fc00000
        return f'{letter}:{bits:08x}'
    if letter in 'IF':
        bits, = struct.unpack_from('<Q', raw)
        if letter == 'F' and bits & 0x7fffffffffffffff > 0x7ff0000000000000:
            bits = 0x7ff8000000000000
        return f'{letter}:{bits:016x}'
    if letter == 'v':
        low, high = struct.unpack('<QQ', raw)
        return f'v:{high:016x}{low:016x}'
    return f'{letter}:' + ('set' if any(raw) else 'null')


class Guest:
    """One instance; what the package has no type for goes through the C
    interface below it."""

    def __init__(self, engine, wasm):
        self.store = wasmtime.Store(engine)
        self.module = wasmtime.Module(engine, wasm)
        self.exports = wasmtime.Instance(self.store, self.module, []).exports(
            self.store).by_index

    def call(self, func, params, results, which):
        cells = bytearray(16 * max(len(params), len(results), 1))
        for i, letter in enumerate(params):
            value = ARGUMENTS.get(letter, [b'', b'', b''])[which]
            cells[16 * i:16 * i + len(value)] = value
        raw = (ctypes.c_char * len(cells)).from_buffer(cells)
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = ffi.wasmtime_func_call_unchecked(
            self.store._context(), ctypes.byref(func._func),
            ctypes.cast(raw, ctypes.POINTER(ffi.wasmtime_val_raw_t)),
            len(cells) // 16, ctypes.byref(trap))
        if error:
            raise wasmtime.WasmtimeError._from_ptr(error)
        if trap:
            raise wasmtime.Trap._from_ptr(trap)
        # A reference is 32 bits of its cell, or a function's address.
        return [bytes(raw[16 * i:16 * i + (16 if letter == 'v' else 8)])
                if letter in 'vIF' else
                bytes(raw[16 * i:16 * i + (4 if letter in 'ifrR' else 8)])
                for i, letter in enumerate(results)]

    def value(self, item):
        value = ffi.wasmtime_val_t()
        ffi.wasmtime_global_get(self.store._context(),
                                ctypes.byref(item._global),
                                ctypes.byref(value))
        return value

    def memory(self, item):
        if isinstance(item, wasmtime.SharedMemory):
            size, data = item.data_len(), item.data_ptr()
        else:
            size, data = item.data_len(self.store), item.data_ptr(self.store)
        return size, zlib.crc32(ctypes.string_at(data, size))

    def table(self, item):
        value = ffi.wasmtime_val_t()
        text = ''
        for i in range(item.size(self.store)):
            ffi.wasmtime_table_get(self.store._context(),
                                   ctypes.byref(item._table), i,
                                   ctypes.byref(value))
            text += '-' if null(value) else '+'
            ffi.wasmtime_val_unroot(ctypes.byref(value))
        return text


def null(value):
    """Every kind of reference says in its first word whose it is."""
    return ctypes.c_uint64.from_buffer(value.of).value == 0


def bits(letter, value):
    raw = bytes((ctypes.c_char * 16).from_buffer(value.of))
    if letter not in 'ifIFv':
        raw = raw[:8]
        ffi.wasmtime_val_unroot(ctypes.byref(value))
    return raw


def run(guest, types):
    for which in range(3):
        for i, item in enumerate(guest.exports):
            text = types.get(str(i))
            if not isinstance(item, wasmtime.Func) or not text:
                continue
            params, results = text.split(':')
            try:
                values = guest.call(item, params, results, which)
                print(which, i, *map(show, results, values))
            except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
                print(which, i, 'trap:', cause(error))
    for i, item in enumerate(guest.exports):
        text = types.get(str(i))
        if isinstance(item, (wasmtime.Memory, wasmtime.SharedMemory)):
            print('m%d %d %08x' % (i, *guest.memory(item)))
        elif isinstance(item, wasmtime.Table) and text:
            print(f't{i} {guest.table(item)}')
        elif isinstance(item, wasmtime.Global) and text:
            print(f'g{i} {show(text, bits(text, guest.value(item)))}')


def main():
    types = json.load(open(sys.argv[1]))
    one = engine()
    for path in sys.argv[2:]:
        print('==', path)
        try:
            guest = Guest(one, open(path, 'rb').read())
        except (wasmtime.Trap, wasmtime.WasmtimeError) as error:
            print('trap:', cause(error))
            continue
        run(guest, types.get(path, {}))


main()

# SPDX-License-Identifier: Apache-2.0
"""Asks libpat from Python, with nothing to install: `Gate` is what a web framework's middleware would hold, one for each thread.

    python3 ask.py /run/patd shop GET /orders/7 "Bearer pat_…" 192.0.2.1
"""
import ctypes
import sys


class Question(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32)] + [(name, ctypes.c_char_p) for name in (
        "authorization", "token", "product", "method", "target", "scopes", "address")]


class Answer(ctypes.Structure):
    _fields_ = [("size", ctypes.c_uint32), ("status", ctypes.c_int32), *((name, ctypes.c_char_p) for name in (
        "reason", "detail", "person", "token_id", "scopes", "operation")), ("expires_s", ctypes.c_int64), *((name, ctypes.c_uint32) for name in (
            "rate_requests", "rate_window_s", "rate_remaining", "rate_reset_s", "retry_after_s", "reserved"))]


class Gate:
    def __init__(self, directory, library="libpat.so.1"):
        self.lib = ctypes.CDLL(library)
        self.lib.pat_gate_open.argtypes = [ctypes.c_char_p, ctypes.POINTER(ctypes.c_void_p)]
        self.lib.pat_gate_ask.argtypes = [ctypes.c_void_p, ctypes.POINTER(Question), ctypes.POINTER(Answer)]
        self.lib.pat_gate_close.argtypes = [ctypes.c_void_p]
        if self.lib.pat_gate_abi() < 1:
            raise RuntimeError("libpat is older than this")
        self.gate = ctypes.c_void_p()
        if self.lib.pat_gate_open(directory.encode(), ctypes.byref(self.gate)) < 0:
            raise MemoryError

    def ask(self, **question):
        """The answer as a dictionary; texts of the question as str, None for what there is not."""
        q = Question(ctypes.sizeof(Question), **{name: text.encode("latin-1") for name, text in question.items() if text is not None})
        a = Answer(ctypes.sizeof(Answer))
        self.lib.pat_gate_ask(self.gate, q, a)
        values = {name: getattr(a, name) for name, _ in Answer._fields_ if name not in ("size", "reserved")}
        return {name: value.decode() if isinstance(value, bytes) else value for name, value in values.items()}

    def close(self):
        self.lib.pat_gate_close(self.gate)
        self.gate = None


if __name__ == "__main__":
    directory, product, method, target, authorization, address = sys.argv[1:]
    gate = Gate(directory)
    for name, value in gate.ask(product=product, method=method, target=target, authorization=authorization, address=address).items():
        print(f"{name}: {value}")
    gate.close()

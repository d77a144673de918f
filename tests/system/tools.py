# SPDX-License-Identifier: Apache-2.0
"""What several of the tests need: raw requests, many at once, and a look at what lies on the disk."""
import concurrent.futures
import hashlib
import json
import os
import re
import socket
import sqlite3
import struct
import threading
import time
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
SCOPE = "current_user:read"


# ---- Tokens, told a second time from the specification (not from patd's code).

def base62(number, chars):
    text = ""
    for _ in range(chars):
        number, digit = divmod(number, 62)
        text = ALPHABET[digit] + text
    return text


def unbase62(text):
    number = 0
    for c in text:
        number = number * 62 + ALPHABET.index(c)
    return number


def spell(body, prefix="pat"):
    """The token of a 43-character body, its checksum right."""
    return f"{prefix}_{body}{base62(zlib.crc32(body.encode()), 6)}"


def body_of(token):
    return token[-49:-6]


def secret_of(token):
    return unbase62(body_of(token)).to_bytes(32, "big")


def tid_of(token):
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def never_issued():
    return spell(base62(int.from_bytes(hashlib.sha256(str(time.monotonic_ns()).encode()).digest(), "big"), 43))


# ---- Pictures.

def png(width, height, *extra):
    """A PNG of one colour; `extra` are chunks (type, content) before its pixels."""
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    pixels = zlib.compress((b"\0" + b"\x20\x90\x70" * width) * height, 9)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), *extra, (b"IDAT", pixels), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks)


# ---- Requests.

class Reply:
    """An answer as its bytes came."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if data else 0
        self.headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines[1:]]

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) == 1, (name, values, self.data[:400])
        return values[0]

    def __repr__(self):
        return f"Reply({self.data[:400]!r})"


def raw(product, data, timeout=20):
    """Sends bytes and reads until the server closes. Say `Connection: close` yourself."""
    with socket.create_connection(("127.0.0.1", product.port), timeout) as s:
        s.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        answer = b""
        try:
            while piece := s.recv(65536):
                answer += piece
        except ConnectionResetError:
            pass
    return Reply(answer)


def ask(product, method, path, headers=(), body=None):
    """A request with exactly these headers."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{product.port}", "Connection: close"]
    lines += [f"{k}: {v}" for k, v in (headers.items() if isinstance(headers, dict) else headers)]
    data = b""
    if body is not None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        lines.append(f"Content-Length: {len(data)}")
    return raw(product, "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + data)


def as_person(person, extra=()):
    """The headers of somebody's browser, for `ask`."""
    return [("Cookie", person.cookie), ("X-CSRF-Token", person.csrf), ("Content-Type", "application/json"), *extra]


def together(n, work, threads=None):
    """Calls work(0) … work(n - 1), up to `threads` at the same time, all released at once; the results in order."""
    threads = threads or n
    gate = threading.Barrier(min(n, threads))

    def one(i):
        if i < threads:
            gate.wait()
        return work(i)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(n)))


# ---- What lies on the disk.

def rows(product, sql, *parameters):
    """Reads patd's database from outside."""
    db = sqlite3.connect(f"file:{product.data}/patd.db?mode=ro", uri=True, timeout=10)
    try:
        return db.execute(sql, parameters).fetchall()
    finally:
        db.close()


def edit(product, sql, *parameters):
    """Changes patd's database behind its back. Stop it first."""
    db = sqlite3.connect(product.data / "patd.db", isolation_level=None)
    try:
        return db.execute(sql, parameters).rowcount
    finally:
        db.close()


TABLES = ["person", "session", "sign_in", "scope_set", "token", "idempotency", "change", "audit", "setup"]


def state(product):
    """Everything the database holds that a request could change; what merely counts use and looks is left out."""
    everything = {table: rows(product, f"SELECT * FROM {table}") for table in TABLES if table not in ("token", "session")}
    everything["token"] = rows(product, "SELECT number, state, expires, digest, mac, owner, name, revoked FROM token")
    everything["session"] = rows(product, "SELECT id, hash, person, created, expires FROM session")
    return everything


def contents(path):
    """A file's bytes without its holes: the index has gigabytes of them."""
    data = b""
    with open(path, "rb") as f:
        at, end = 0, path.stat().st_size
        while at < end:
            try:
                at = os.lseek(f.fileno(), at, os.SEEK_DATA)
            except OSError:
                break
            stop = os.lseek(f.fileno(), at, os.SEEK_HOLE)
            data += os.pread(f.fileno(), stop - at, at)
            at = stop
    return data


def files(product):
    """Every file patd keeps, with its bytes: the database, its -wal and -shm, the index, the logs of this test."""
    folders = (product.data, product.runtime, product.folder)
    return {path: contents(path) for folder in folders for path in folder.rglob("*") if path.is_file()}


def events(product, name):
    return [line for line in product.log() if line["event"] == name]


def await_event(product, name, test=lambda e: True, seconds=10):
    """The first log line of that event; it may be on its way."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = [e for e in events(product, name) if test(e)]
        if found:
            return found[0]
        time.sleep(0.02)
    raise AssertionError(f"no {name} in the log: {product.stderr()[-1500:]}")


def edge_pids(product):
    """nginx's master and its workers."""
    master = int((product.runtime / "nginx.pid").read_text())
    children = open(f"/proc/{master}/task/{master}/children").read().split()
    return master, [int(c) for c in children]


def memory(pid, key="VmRSS"):
    """Kilobytes, from /proc."""
    return int(re.search(rf"{key}:\s+(\d+) kB", open(f"/proc/{pid}/status").read()).group(1))

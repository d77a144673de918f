# SPDX-License-Identifier: Apache-2.0
"""Tokens and the verification index, for tests of the edge.

Tokens are spelled here a second time, from the description in docs/token-format.md and not with
libpat's code, so that the two check each other.
"""
import functools
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import zlib
from pathlib import Path
from urllib.parse import quote

REPO = Path(__file__).resolve().parents[2]
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LIBPAT_FOLDERS = ("base", "token", "policy", "index")


def base62(number, chars):
    out = ""
    for _ in range(chars):
        number, digit = divmod(number, 62)
        out = DIGITS[digit] + out
    assert number == 0
    return out


def token_of(secret, prefix="pat"):
    body = base62(int.from_bytes(secret, "big"), 43)
    return f"{prefix}_{body}{base62(zlib.crc32(body.encode()), 6)}"


def new_token(prefix="pat"):
    return token_of(secrets.token_bytes(32), prefix)


def tid(token):
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def _run(command, **kwargs):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **kwargs)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")


@functools.lru_cache(maxsize=None)
def scratch():
    """Where what the tests build for themselves is kept from run to run; each tree, and of several pytest processes each, has its own."""
    one_of = hashlib.sha256(str(REPO).encode()).hexdigest()[:8] + os.environ.get("PYTEST_XDIST_WORKER", "")
    path = Path(os.environ.get("PAT_EDGE_SCRATCH", f"{tempfile.gettempdir()}/pat-edge-{os.getuid()}-{one_of}"))
    path.mkdir(mode=0o700, exist_ok=True)
    assert path.stat().st_uid == os.getuid(), f"{path} is somebody else's"
    return path


@functools.lru_cache(maxsize=None)
def library():
    """What the tool needs, the index's writer included, compiled from src/."""
    out = scratch() / "library"
    out.mkdir(exist_ok=True)
    archive = out / "libpat.a"
    sources = sorted(p for d in LIBPAT_FOLDERS for p in (REPO / "src" / d).glob("*.c"))
    headers = [p for d in LIBPAT_FOLDERS for p in (REPO / "src" / d).glob("*.h")]
    newest = max(p.stat().st_mtime for p in headers)
    objects = []
    for source in sources:
        target = out / f"{source.parent.name}_{source.stem}.o"
        objects.append(target)
        if not target.exists() or target.stat().st_mtime < max(newest, source.stat().st_mtime):
            _run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-g", "-fPIC", f"-I{REPO}/src",
                  "-c", str(source), "-o", str(target)])
            archive.unlink(missing_ok=True)
    if not archive.exists():
        _run(["ar", "rcs", str(archive), *map(str, objects)])
    return archive


@functools.lru_cache(maxsize=None)
def module():
    """$PAT_MODULE, or build/ngx_http_pat_module.so if it is up to date, or one built here."""
    named = os.environ.get("PAT_MODULE")
    if named:
        return Path(named)
    built = REPO / "build" / "ngx_http_pat_module.so"
    inputs = [p for d in LIBPAT_FOLDERS for p in (REPO / "src" / d).iterdir()] + list((REPO / "nginx").iterdir())
    if built.exists() and built.stat().st_mtime > max(p.stat().st_mtime for p in inputs):
        return built
    out = scratch() / "module"
    _run([str(REPO / "nginx" / "build.sh"), str(out), str(library()), str(REPO / "src")])
    return out / "ngx_http_pat_module.so"


@functools.lru_cache(maxsize=None)
def tool():
    source = Path(__file__).with_name("edge_index.c")
    target = scratch() / "edge_index"
    inputs = (source, library())
    if not target.exists() or target.stat().st_mtime < max(p.stat().st_mtime for p in inputs):
        _run(["cc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", f"-I{REPO}/src", str(source),
              str(library()), "-lcrypto", "-lsodium", "-lyaml", "-lz", "-pthread", "-o", str(target)])
    return target


class Index:
    """A live writer of the index in `directory`."""

    def __init__(self, directory, prefix="pat", capacity=100_000):
        self.directory = Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.prefix = prefix
        self.capacity = capacity
        self.process = subprocess.Popen([str(tool())], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        bufsize=1)
        self.new()

    def ask(self, *words):
        self.process.stdin.write(" ".join(map(str, words)) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().split()
        assert answer and answer[0] == "ok", f"{words[0]}: {answer}"
        return answer[1:]

    def new(self):
        """Begins a fresh generation; publish() makes it the index."""
        self.ask("new", self.directory, self.prefix, self.capacity)

    def add(self, token=None, owner="u_42", scopes="files:read projects:read", ttl=3600, expires=None, limits=""):
        token = token or new_token(self.prefix)
        if expires is None:
            expires = int(time.time()) + ttl if ttl else 0
        self.ask("add", token, quote(owner), int(time.time()) - 10_000, expires, scopes, *(["|", limits] if limits else []))
        return token

    def regrant(self, token, scopes, limits=""):
        self.ask("regrant", token, scopes, *(["|", limits] if limits else []))

    def policies(self, incomplete=False, **products):
        """name=path, or name=(path, token scheme, scopes' scheme, any or all[, flags]); in place of those before."""
        for name, given in products.items():
            path, token, scopes, any_or_all, flags = (*(given if isinstance(given, tuple) else (given, "-", "-", "all")), 0)[:5]
            self.ask("policy", name.replace("_", "-"), flags, token, scopes, any_or_all, path)
        self.ask("some-policies" if incomplete else "policies")

    def remove(self, token):
        self.ask("remove", token)

    def publish(self):
        self.ask("publish", int(time.time()) - 5)

    def suspend(self, suspended):
        self.ask("suspend", int(suspended))

    def usage(self, token):
        last, count = self.ask("usage", token)
        return int(last), int(count)

    def close(self):
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.wait(timeout=10)
        self.process.stdout.close()

    def vanish(self):
        """As if the tmpfs had been emptied: no index at all."""
        shutil.rmtree(self.directory)
        self.directory.mkdir()

# SPDX-License-Identifier: Apache-2.0
"""Secrets do not linger in patd's memory, and its memory does not land on a disk (CRY-08)."""
import collections
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from product import PASSWORD, Product
from tools import body_of, secret_of


def regions(pid):
    """What patd may write to and read from; files it maps and devices left out."""
    for line in open(f"/proc/{pid}/maps"):
        span, mode, *_ = line.split()
        if mode.startswith("rw") and "/dev/" not in line:
            start, end = (int(x, 16) for x in span.split("-"))
            yield start, end


EMPTY = bytes(4096)


def squeeze(data):
    """The pages that hold anything."""
    return [p for i in range(0, len(data), 4096) if (p := data[i:i + 4096]) != EMPTY]


def read_memory(pid):
    pages = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as mem:
        for start, end in regions(pid):
            for at in range(start, end, 1 << 20):
                try:
                    mem.seek(at)
                    piece = mem.read(min(1 << 20, end - at))
                except (OSError, ValueError):
                    break
                pages += squeeze(piece)
    return b"".join(pages)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A patd that has issued 200 tokens, signed people in and changed a password; all quiet again."""
    with Product(tmp_path_factory.mktemp("used"), tokens_live_max=1000, tokens_per_hour_max=1000, threads=8) as p:
        ada = p.set_up()
        p.issued = [ada.generate(f"token {i}")["token"] for i in range(200)]
        p.passwords = [PASSWORD + " and more", "a wrong password canary"]
        p.add_person("grace@acme.org", "Grace", p.passwords[0])
        graces = [p.sign_in("grace@acme.org", p.passwords[0]) for _ in range(3)]
        assert p.call("POST", "/api/v1/session", {"email": "grace@acme.org", "password": p.passwords[1]}).status == 401
        p.cookies = [g.cookie.split("=")[1] for g in graces]
        p.csrfs = [g.csrf for g in graces]
        for g in graces:
            g.call("DELETE", "/api/v1/session")
        for _ in range(40):  # the threads' stacks have been used for other things since
            ada.call("GET", "/api/v1/tokens?limit=100")
        time.sleep(2)
        yield p


def left_in(data, p):
    """What kinds of secrets are in these bytes, and how many of each."""
    found = collections.Counter()
    for text in p.issued:
        found["tokens"] += body_of(text).encode() in data
        found["random bytes of tokens"] += secret_of(text) in data
    for kind, values in (("passwords", p.passwords), ("cookies", p.cookies), ("CSRF tokens", p.csrfs), ("set-up codes", [p.setup_code])):
        found[kind] += sum(v.encode() in data for v in values)
    return +found


def test_no_core_dump(used):
    """CRY-08: no core file, no debugger of another user, no new privileges."""
    pid = used.process.pid
    limits = open(f"/proc/{pid}/limits").read()
    assert re.search(r"Max core file size\s+0\s+0\s", limits)
    status = open(f"/proc/{pid}/status").read()
    assert re.search(r"NoNewPrivs:\s+1", status)
    # A process that is not dumpable belongs to root in /proc, and shows its insides to nobody else.
    assert os.stat(f"/proc/{pid}/mem").st_uid == 0
    if os.geteuid() == 0:
        other = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "cat", f"/proc/{pid}/environ"], capture_output=True, text=True)
        assert other.returncode != 0


def test_no_secret_stays_in_the_heap(used):
    """CRY-08: root reads all of patd's memory after 200 tokens, three sign-ins and a refused one: no token, no body of one,
    no 32 bytes, no password, no cookie, no CSRF token is there any more."""
    if os.geteuid() != 0:
        pytest.skip("only root may read the memory of a process that is not dumpable")
    data = read_memory(used.process.pid)
    assert b"patd_session" in data or b"current_user:read" in data  # it is the right memory
    left = left_in(data, used)
    if left:  # once more: the last request may just have ended
        time.sleep(2)
        left = left_in(read_memory(used.process.pid), used)
    assert not left, left


@pytest.mark.skipif(not shutil.which("gcore"), reason="gdb is not installed")
def test_a_core_made_by_force(used, tmp_path):
    """CRY-08: the same of a core that root takes with gcore."""
    if os.geteuid() != 0:
        pytest.skip("only root may")
    # Just now: what went through a thread's registers is still there when it waits, unless it is wiped.
    for _ in range(3):
        grace = used.sign_in("grace@acme.org", used.passwords[0])
        used.cookies.append(grace.cookie.split("=")[1])
        used.csrfs.append(grace.csrf)
        grace.call("DELETE", "/api/v1/session")
    time.sleep(0.3)
    done = subprocess.run(["gcore", "-o", tmp_path / "core", str(used.process.pid)], capture_output=True, text=True, timeout=120)
    cores = list(tmp_path.glob("core.*"))
    if not cores:
        pytest.skip("gcore could not attach: " + done.stderr[-200:])
    with open(cores[0], "rb") as core:
        data = b"".join(p for piece in iter(lambda: core.read(1 << 20), b"") for p in squeeze(piece))
    cores[0].unlink()
    assert b"current_user:read" in data
    left = left_in(data, used)
    assert not left, left


def test_an_abort_leaves_no_core(tmp_path):
    """CRY-08: not even a crash writes one."""
    with Product(tmp_path, env={}) as p:
        p.set_up().generate("x")
        p.process.send_signal(signal.SIGABRT)
        assert p.process.wait(10) == -signal.SIGABRT
        assert not [f for folder in (tmp_path, p.data, p.runtime, p.data.parent) for f in folder.glob("core*")]

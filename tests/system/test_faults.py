# SPDX-License-Identifier: Apache-2.0
"""The disk fails under the running patd: strace makes its system calls fail, while clients generate, revoke and verify.

What is right for SQLite when fsync fails. Linux may forget that the pages were dirty: a later fsync that returns 0 says
nothing about them. So a program must not go on as if repeating the fsync had helped. The store does not: with a
write-ahead log a failed commit never becomes part of the log. The next commit writes its frames again from the same
place, so they are dirty again, and syncs those; a checkpoint whose fsync failed is not counted either, so its pages are
copied again. What had been acknowledged was synced before. So no restart is demanded, and these tests demand that
none is needed: changes are refused with 503 as long as the fault lasts, and work again when it is over.

Whether a change that was answered with 503 has happened is for the client to find out (an Idempotency-Key, a second
revoke); kill_history.py holds that it is one or the other and stays so. Verification goes on all the while.
"""
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

import pytest

from kill_history import History, Verifier, Writer, check_every_token, check_list, check_store
from product import Product

MANY = {"tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "access_log": "off", "threads": 8}

# (system calls, error, when, the reasons clients may be told). `n+` lasts until it is taken away, `n` fails once.
FAULTS = [
    ("fdatasync,fsync", "EIO", "1", {"unavailable"}),
    ("fdatasync,fsync", "EIO", "2", {"unavailable"}),
    ("fdatasync,fsync", "EIO", "1+", {"unavailable"}),
    ("fdatasync,fsync", "EIO", "3+", {"unavailable"}),
    ("fdatasync,fsync", "EIO", "7+2", {"unavailable"}),
    ("fdatasync,fsync", "ENOSPC", "2+", {"storage_full", "unavailable"}),
    ("pwrite64", "EIO", "1", {"unavailable"}),
    ("pwrite64", "EIO", "4", {"unavailable"}),
    ("pwrite64", "EIO", "1+", {"unavailable"}),
    ("pwrite64", "EIO", "6+", {"unavailable"}),
    ("pwrite64", "EIO", "5+3", {"unavailable"}),
    ("pwrite64", "ENOSPC", "1", {"storage_full"}),
    ("pwrite64", "ENOSPC", "3", {"storage_full"}),
    ("pwrite64", "ENOSPC", "1+", {"storage_full"}),
    ("pwrite64", "ENOSPC", "9+", {"storage_full"}),
    ("ftruncate", "EIO", "1+", {"unavailable"}),
    ("pread64", "EIO", "1+", {"unavailable"}),
    ("fdatasync,fsync,pread64", "EIO", "2+", {"unavailable"}),
]


def tracers(pid):
    found = set()
    for status in pathlib.Path(f"/proc/{pid}/task").glob("*/status"):
        try:
            found.add(int(status.read_text().split("TracerPid:")[1].split()[0]))
        except (FileNotFoundError, ProcessLookupError):
            pass
    return found


class Fault:
    """Within it, these system calls of patd fail."""

    def __init__(self, product, calls, error, when):
        self.pid, self.out = product.process.pid, product.folder / "strace"
        self.words = ["strace", "-f", "-q", "-o", str(self.out), "-e", f"trace={calls}",
                      "-e", f"inject={calls}:error={error}:when={when}", "-p", str(self.pid)]

    def __enter__(self):
        self.strace = subprocess.Popen(self.words, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 20
        while tracers(self.pid) != {self.strace.pid}:
            assert self.strace.poll() is None, "strace can not attach: is ptrace permitted?"
            assert time.monotonic() < end
            time.sleep(0.005)
        return self

    def __exit__(self, *exc):
        self.strace.send_signal(signal.SIGINT)
        self.strace.wait(20)
        assert tracers(self.pid) <= {0}

    def injected(self):
        return self.out.read_text().count("(INJECTED)")


class FaultyWriter(Writer):
    AWAY = {"unavailable", "busy", "storage_full"}

    def call(self, *words, **kw):
        status, answer = super().call(*words, **kw)
        if status is None:
            self.history.count[answer] += 1
            self.history.count["unanswered"] += 1
        else:
            self.history.count["answered"] += 1
        return status, answer


def works_again(history, seconds=10):
    before = history.count["answered"]
    end = time.monotonic() + seconds
    while history.count["answered"] < before + 6:
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


READY = (200, {"status": "ready"})
NOT_READY = (503, {"status": "not_ready", "reasons": ["store"]})


def becomes(product, what, seconds=5):
    """Whether /readyz comes to say so: what it knows is up to a second old."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = product.get("/readyz")
        if (answer.status, answer.json) == what:
            return True
        time.sleep(0.02)
    return False


def suffer(product, history, calls, error, when):
    """One fault under load, and the recovery from it. The reasons clients were told."""
    case = f"{calls} {error} {when}"
    accepted = history.count["accepted"]
    for reason in FaultyWriter.AWAY:
        history.count[reason] = 0
    with Fault(product, calls, error, when) as fault:
        time.sleep(0.3)
        if when.endswith("+") and calls not in ("ftruncate", "pread64"):
            assert becomes(product, NOT_READY), case
        assert product.get("/livez").status == 200, case
        time.sleep(0.1)
    assert fault.injected() or calls == "ftruncate", f"{case}: the fault never came"
    told = {r for r in FaultyWriter.AWAY if history.count[r]}
    print(f"{case}: {fault.injected()} faults, clients were told {told or 'nothing'}")
    assert works_again(history), f"{case}: does not work again\n{product.stderr()[-3000:]}"
    assert becomes(product, READY), case
    assert history.count["accepted"] > accepted, f"{case}: verification stood still"
    return told


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_each_fault_is_answered_and_survived(tmp_path):
    seed = int(os.environ.get("PATD_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed}")
    with Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        history = History(owner=str(ada.id))
        actors = [Verifier(history, product, seed), FaultyWriter(history, product, seed + 1, ada, "one"),
                  FaultyWriter(history, product, seed + 2, ada, "two")]
        for actor in actors:
            actor.start()
        assert works_again(history)
        for calls, error, when, reasons in FAULTS:
            # A single failure may hit the journal or a checkpoint, which no client waits for: then once more. About every other does,
            # so five times were too few once in some thirty runs.
            for _ in range(1 if when.endswith("+") else 20):
                told = suffer(product, history, calls, error, when)
                assert told <= reasons, f"{calls} {error} {when}: {told}"
                if told:
                    break
            assert told or calls in ("ftruncate", "pread64"), f"{calls} {error} {when}: nobody was told"
            assert not history.violations, f"{calls} {error} {when}, seed {seed}\n" + "\n".join(history.violations[:10])
        for actor in actors:
            actor.end()
        print(dict(history.count))
        not_ready = [line for line in product.log() if line["event"] == "health.not_ready"]
        reasons = {line["reason"].split("(")[0] for line in not_ready}
        store = "store: a change cannot be made now "
        assert store in reasons and reasons - {store} <= {"files: Input/output error", "files: No space left on device"}
        found = check_list(history, ada)
        check_every_token(history, actors[0])
        assert product.stop() == 0
        check_store(product.data / "patd.db", found)
        product.start()
        check_list(history, ada)
        check_every_token(history, actors[0])


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_killed_amid_a_fault_nothing_acknowledged_is_lost(tmp_path):
    """kill -9 while commits fail: what they left in the log may come back, whole or not at all."""
    seed = random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    with Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        history = History(owner=str(ada.id))
        actors = [Verifier(history, product, seed), FaultyWriter(history, product, seed + 1, ada, "one"),
                  FaultyWriter(history, product, seed + 2, ada, "two")]
        for actor in actors:
            actor.start()
        for calls, error, when in (("fdatasync", "EIO", "2+"), ("pwrite64", "ENOSPC", "5+"), ("pwrite64", "EIO", "2+"),
                                   ("fdatasync", "EIO", "1+2")):
            assert works_again(history)
            with Fault(product, calls, error, when):
                time.sleep(0.2)
                product.process.send_signal(signal.SIGKILL)
                product.process.wait()
            product.start()
        assert works_again(history)
        for actor in actors:
            actor.end()
        print(dict(history.count))
        assert not history.violations, f"seed {seed}\n" + "\n".join(history.violations[:10])
        found = check_list(history, ada)
        check_every_token(history, actors[0])
        assert product.stop() == 0
        check_store(product.data / "patd.db", found)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_a_failed_revoke_that_comes_back_is_a_revoke(tmp_path):
    """The worst disk: neither reads nor syncs, so that every connection to the database is given up. The frames of a
    commit that failed lie whole behind the end of the log, and opening the database anew finds them. The revoke that was
    answered 503 has happened after all; when it is repeated and acknowledged, no verification may say yes."""
    with Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        came_back = 0
        for n in range(4):
            token = ada.generate(f"t{n}")
            for _ in range(3):  # what the revoke reads is in memory
                assert ada.call("GET", f"/api/v1/tokens/{token['id']}").status == 200
            with Fault(product, "fdatasync,fsync,pread64", "EIO", "1+"):
                assert ada.revoke(token["id"]).status == 503
                for _ in range(6):
                    assert ada.call("GET", "/api/v1/tokens").status in (200, 503)
                time.sleep(1.1)  # readiness is probed by a commit, at most once a second
                assert product.get("/readyz").status == 503
            # Not acknowledged: either.
            came_back += ada.call("GET", f"/api/v1/tokens/{token['id']}").json["state"] == "revoked"
            assert product.get("/verify", token=token["token"]).status in (200, 401)
            answer = ada.revoke(token["id"])
            assert answer.status == 200 and answer.json["state"] == "revoked", answer
            assert product.get("/verify", token=token["token"]).status == 401, f"token {n}: accepted after its revoke"
        print(f"{came_back} came back")
        assert came_back > 0, "this test no longer shows what it is about"

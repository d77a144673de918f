# SPDX-License-Identifier: Apache-2.0
"""Health, and databases that patd must not or cannot use."""
import os
import re
import shutil
import sqlite3
import subprocess
import time

import pytest

from product import PATD, Product
from test_token_randomness import Tracer
from tools import SCOPE, await_event, edit, rows


def test_alive_and_ready(shared):
    """OPS-08: two plain answers for a supervisor."""
    assert shared.get("/livez").json == {"status": "ok"}
    assert shared.get("/readyz").json == {"status": "ready"}
    for path in ("/livez", "/readyz"):
        assert shared.call("HEAD", path).body == b""


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("fault, status", [("ENOSPC", "storage_full"), ("EIO", "unavailable")])
def test_a_disk_that_takes_nothing(tmp_path, fault, status):
    """OPS-08: while the disk is full or broken /readyz says "store", nothing is acknowledged that was not written, tokens
    go on working, and everything is well again when the disk is."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("before")
        body = {"name": "not written", "scopes": [SCOPE], "expires_in_days": 1}
        with Tracer(p.process.pid, "-e", "trace=pwrite64,fdatasync,fsync", "-e", f"inject=pwrite64,fdatasync,fsync:error={fault}"):
            ready = p.get("/readyz")
            assert (ready.status, ready.json) == (503, {"status": "not_ready", "reasons": ["store"]})
            assert ready.headers["Retry-After"]
            create, revoke = ada.call("POST", "/api/v1/tokens", body), ada.revoke(token["id"])
            assert (create.status, revoke.status) == (503, 503)
            assert create.json["reason"] == revoke.json["reason"] == status
            assert "token" not in create.json and create.headers["Retry-After"]
            assert p.get("/livez").status == 200
            assert p.get("/v1/me", token=token["token"]).status in (200, 503)  # 503 where the revoke's fate is unknown
        assert await_event(p, "health.not_ready")["reason"].startswith("store: ")
        for _ in range(50):
            if p.get("/readyz").status == 200:
                break
            time.sleep(0.1)
        assert p.get("/readyz").status == 200
        assert rows(p, "SELECT name, state FROM token") == [("before", 0)]
        assert p.get("/v1/me", token=token["token"]).status == 200
        assert ada.revoke(token["id"]).status == 200 and ada.call("POST", "/api/v1/tokens", body).status == 201
        assert p.get("/v1/me", token=token["token"]).status == 401


def test_a_database_that_was_taken_away(tmp_path):
    """OPS-08: the data folder is removed under a running patd: /readyz says so, and nothing more is acknowledged."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        ada.generate("before")
        shutil.rmtree(p.data)
        ready = p.get("/readyz")
        assert (ready.status, ready.json["reasons"]) == (503, ["store"])
        assert ada.call("POST", "/api/v1/tokens", {"name": "lost", "scopes": [SCOPE], "expires_in_days": 1}).status == 503
        p.data.mkdir(mode=0o700)


@pytest.fixture
def stopped(product):
    product.ada = product.set_up()
    product.token = product.ada.generate("kept")["token"]
    assert product.stop() == 0
    return product


def refusal(product):
    done = product.patd("run")
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


def test_a_newer_schema(stopped):
    """OPS-07: a database of a newer patd is refused, untouched, and says which versions meet."""
    (schema,), = rows(stopped, "PRAGMA user_version")
    edit(stopped, "PRAGMA user_version = 99")
    before = (stopped.data / "patd.db").read_bytes()
    words = refusal(stopped)
    assert "99" in words and "newer" in words, words
    assert (stopped.data / "patd.db").read_bytes() == before
    edit(stopped, f"PRAGMA user_version = {schema}")
    stopped.start()
    assert stopped.get("/v1/me", token=stopped.token).status == 200


def other_database(path):
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE somebody (elses TEXT)")
    db.commit()
    db.close()


@pytest.mark.parametrize("what, make", [
    ("somebody else's database", other_database),
    ("no database at all", lambda path: path.write_bytes(b"this is a text file, and quite a long one. " * 100)),
    ("a folder", lambda path: path.mkdir()),
])
def test_what_is_no_store(tmp_path, what, make):
    """OPS-07: a file that is not patd's is left alone."""
    p = Product(tmp_path)
    p.data.mkdir(mode=0o700)
    (p.data / "row.key").write_text("row1 " + "0" * 64 + "\n")
    (p.data / "row.key").chmod(0o600)
    path = p.data / "patd.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    words = refusal(p)
    assert words.startswith("patd: ") and re.search("database|store", words), words
    assert (path.read_bytes() if path.is_file() else None) == before
    shutil.rmtree(p.runtime, ignore_errors=True)


def test_a_second_patd(shared):
    """OPS-07: two on one data folder: the second says that the first is there, and the first is not disturbed."""
    token = shared.ada.generate("undisturbed")["token"]
    other = Product(shared.folder)
    other.settings = dict(shared.settings)
    words = refusal(other)
    assert "patd.lock: the data folder is in use by another patd" in words, words
    assert shared.get("/readyz").status == 200 and shared.get("/v1/me", token=token).status == 200
    assert shared.ada.call("GET", "/api/v1/session").status == 200


def test_a_killed_migration_is_repeated(tmp_path):
    """OPS-07: patd killed at moments of its very first start: the next start makes it whole."""
    p = Product(tmp_path)
    p.data.mkdir(mode=0o700)
    for i in range(12):
        process = subprocess.Popen(p.arguments("run"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(0.002 * i)
        process.kill()
        process.wait()
        p.end_edge()
    with p:
        ada = p.set_up()
        assert p.get("/v1/me", token=ada.generate("first")["token"]).status == 200


def test_the_version(tmp_path):
    """What is running can be asked of the program, not over the network (API-07)."""
    done = subprocess.run([PATD, "version"], capture_output=True, text=True)
    assert re.fullmatch(r"patd \d+\.\d+\.\d+\n", done.stdout)
    for words in ([], ["nonsense"], ["run", "now"], ["user"], ["user", "nonsense"]):
        done = subprocess.run([PATD, *words, *(["--data", str(tmp_path / "d")] if words else [])], capture_output=True, text=True, env={})
        assert done.returncode == 2 and "usage:" in done.stderr, words
    assert not os.path.exists(tmp_path / "d")

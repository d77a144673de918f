# SPDX-License-Identifier: Apache-2.0
"""The key beside the database, and what a stolen or an edited database is worth."""
import hashlib
import os
import subprocess

import pytest

from product import Product
from tools import SCOPE, base62, edit, rows, spell

KEY = "row.key"


def refusal(product):
    done = product.patd("run")
    assert done.returncode == 1 and done.stdout == "", done
    return done.stderr


@pytest.fixture
def stopped(product):
    """A product with a token, stopped."""
    product.ada = product.set_up()
    product.token = product.ada.generate("kept")["token"]
    assert product.stop() == 0
    return product


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o700 | 0o010])
def test_a_key_that_others_may_read(stopped, mode):
    """CRY-04: patd refuses to start, and says which file and what to do."""
    (stopped.data / KEY).chmod(mode)
    assert f"{stopped.data / KEY} must belong to this user alone (chmod 600)" in refusal(stopped)
    assert "must belong to this user alone" in stopped.patd("user", "list").stderr
    (stopped.data / KEY).chmod(0o600)
    stopped.start()
    assert stopped.get("/v1/me", token=stopped.token).status == 200


def test_a_key_of_somebody_else(stopped):
    """CRY-04: owned by another user, a symbolic link, cut, empty or rubbish: refused."""
    key = stopped.data / KEY
    text = key.read_bytes()
    os.chown(key, 65534, -1)
    assert "must belong to this user alone" in refusal(stopped)
    for content in (b"", text[:-1], text + b"\n", b"row0" + text[4:], text.replace(text[10:11], b"g"), b"\0" * 70):
        key.unlink()
        key.write_bytes(content)
        key.chmod(0o600)
        assert f"{key} is not a row key" in refusal(stopped), content
    key.unlink()
    (stopped.folder / "elsewhere").write_bytes(text)
    (stopped.folder / "elsewhere").chmod(0o600)
    key.symlink_to(stopped.folder / "elsewhere")
    assert f"cannot read the row key {key}" in refusal(stopped)


def test_a_lost_key(stopped):
    """CRY-04: a database without its key is not given a new one: that would refuse every token."""
    (stopped.data / KEY).rename(stopped.folder / "backup")
    assert "is missing, but the database exists: restore the key from a backup" in refusal(stopped)
    assert not (stopped.data / KEY).exists()
    (stopped.folder / "backup").rename(stopped.data / KEY)
    stopped.start()
    assert stopped.get("/v1/me", token=stopped.token).status == 200


def test_another_key_is_refused_and_a_new_one_is_not(stopped):
    """CRY-04: a key of somewhere else would seal what nobody else can read. One with the next number is meant."""
    key, text = stopped.data / KEY, (stopped.data / KEY).read_text()
    other = text[:5] + ("1" if text[5] != "1" else "2") + text[6:]
    key.write_text(other)
    assert "row.key is not the key that the database was written with" in refusal(stopped)
    key.write_text(text)
    stopped.start()
    assert stopped.get("/v1/me", token=stopped.token).status == 200
    stopped.stop()
    key.write_text("row2" + other[4:])
    stopped.start()
    assert stopped.get("/v1/me", token=stopped.token).status == 401
    made = stopped.sign_in().generate("made with it")
    assert stopped.get("/v1/me", token=made["token"]).status == 200
    stopped.stop()
    key.write_text(text)
    assert "row.key is not the key" in refusal(stopped)
    key.write_text("row2" + other[4:])
    stopped.start()


def test_what_is_made_is_private(product):
    """CRY-04: the data folder and all in it is the owner's alone; the key is in no other file, no process list, no
    environment."""
    product.set_up().generate("something")
    assert product.data.stat().st_mode & 0o777 == 0o700
    for path in product.data.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    key = (product.data / KEY).read_bytes()[5:69]
    for path in product.data.iterdir():
        if path.name != KEY:
            assert key not in path.read_bytes() and bytes.fromhex(key.decode()) not in path.read_bytes()
    for name in ("cmdline", "environ"):
        assert key not in open(f"/proc/{product.process.pid}/{name}", "rb").read()
    assert key.decode() not in product.stderr() + subprocess.run(["ps", "axe"], capture_output=True, text=True).stdout
    runtime = product.runtime
    assert runtime.stat().st_mode & 0o007 == 0
    for path in runtime.rglob("*"):
        assert path.is_symlink() or path.stat().st_mode & 0o007 == 0, path


def candidates(value):
    """Everything somebody with the database might send as a token."""
    if value is None:
        return
    data = value if isinstance(value, bytes) else str(value).encode()
    yield data
    yield data.hex().encode()
    if 0 < len(data) <= 64:
        number = int.from_bytes(data[:32], "big")
        body = base62(number % 62**43, 43)
        yield spell(body).encode()
        yield spell(base62(int.from_bytes(data[:32][::-1], "big") % 62**43, 43)).encode()
        yield b"pat_" + data
    if data.isalnum() and len(data) <= 43:
        yield spell(data.decode().rjust(43, "0")).encode()


def test_a_stolen_database_opens_nothing(product):
    """CRY-07: every value of every column of every table, as it is and in every spelling of a token, as a token, as a
    session and as a CSRF token: 0 accepted."""
    ada = product.set_up()
    made = [ada.generate(f"t{i}") for i in range(5)]
    product.add_person("grace@acme.org")
    tables = [r[0] for r in rows(product, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
    values = {v for t in tables for row in rows(product, f"SELECT * FROM {t}") for v in row}
    tried = {c for v in values for c in candidates(v) if not set(c) & set(b"\r\n\0") and len(c) < 3000}
    assert len(tried) > 150 and len(tables) >= 8
    for text in tried:
        assert product.get("/verify", headers={"X-Figma-Token": text}).status in (400, 401), text
        assert product.get("/verify", headers={"Authorization": b"Bearer " + text}).status in (400, 401), text
        assert product.get("/api/v1/session", headers={"Cookie": b"patd_session=" + text}).status in (400, 401), text
        answer = ada.call("POST", "/api/v1/tokens", {"name": "x", "scopes": [SCOPE], "expires_in_days": 1}, {"X-CSRF-Token": text})
        assert answer.status in (400, 403), text
    (phc,) = rows(product, "SELECT password FROM person WHERE id = 1")[0]
    assert product.call("POST", "/api/v1/session", {"email": "ada@acme.org", "password": phc}).status == 401
    assert product.get("/verify", token=made[0]["token"]).status == 200


EDITS = {
    "a digest of one's own": "UPDATE token SET digest = X'{digest}' WHERE number = 1",
    "another owner": "UPDATE token SET owner = 2 WHERE number = 1",
    "a later end": "UPDATE token SET expires = expires + 1 WHERE number = 1",
    "an earlier issue": "UPDATE token SET issued = issued - 1 WHERE number = 1",
    "other scopes": "UPDATE token SET scope_set = (SELECT scope_set FROM token WHERE number = 2) WHERE number = 1",
    "wider scopes for all that have them": "UPDATE scope_set SET scopes = scopes || ' files:read' WHERE id = (SELECT scope_set FROM token WHERE number = 1)",
    "no seal": "UPDATE token SET mac = zeroblob(32) WHERE number = 1",
    "another row's seal": "UPDATE token SET mac = (SELECT mac FROM token WHERE number = 2) WHERE number = 1",
    "another key": "UPDATE token SET key_id = 2 WHERE number = 1",
    "another maker": "UPDATE token SET maker = X'00112233445566778899aabbccddeeff', flags = 2 WHERE number = 1",
    "another number of change": "UPDATE token SET seq = seq + 1 WHERE number = 1",
    "a forged row": "INSERT INTO token SELECT 99, state, expires, X'{digest}', mac, owner, issued, flags, seq, key_id, revoked_seq, scope_set, 'x', hint,"
                    " revoked, reason, last_used, use_count, note, limits, maker, known_as, replaced_by FROM token WHERE number = 1",
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edited_row_is_refused_and_reported(tmp_path, what):
    """CRY-07: somebody who can write to the database gains no token: after a restart the row is refused and logged, and
    the others go on."""

    forged = spell("0" * 42 + "1")
    with Product(tmp_path) as p:
        ada = p.set_up()
        p.add_person("grace@acme.org")
        token = ada.generate("edited")["token"]
        other = ada.generate("left alone", ["file_content:read"])["token"]
        p.stop()
        assert edit(p, EDITS[what].format(digest=hashlib.sha256(forged.encode()).hexdigest())) == 1
        p.start()
        assert p.get("/verify", token=forged).status == 401
        if what != "a forged row":
            assert p.get("/verify", token=token).status == 401
        assert p.get("/verify", token=other).status == 200
        reported = [e for e in p.log() if e["event"] == "store.row_tampered"]
        assert len(reported) == 1 and reported[0]["level"] == "error", reported
        assert "edited" not in {t["name"] for t in ada.call("GET", "/api/v1/tokens").json["tokens"]} or what == "a forged row"



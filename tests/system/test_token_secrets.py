# SPDX-License-Identifier: Apache-2.0
"""A token's secret: 256 fresh bits, one spelling, and nowhere but in the one answer that shows it."""
import hashlib
import json
import math
import random
import shutil

import pytest

from product import Product
from tools import ALPHABET, base62, body_of, edge_pids, files, rows, secret_of, spell, tid_of, together, unbase62

N = 1000


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A product and a thousand tokens issued over sixteen connections."""
    with Product(tmp_path_factory.mktemp("many"), tokens_per_hour_max=100000, tokens_live_max=10000, log_level="debug",
                 access_log="all") as p:
        p.ada = p.set_up()
        p.issued = [t["token"] for t in together(N, lambda i: p.ada.generate(f"token {i}"), threads=16)]
        yield p


def test_tokens_are_distinct_and_their_bits_are_balanced(many):
    """TOK-01: 256 random bits each. Every bit of 1 000 secrets is a fair coin: none is off by more than 5 sigma, and the
    bytes have the entropy of noise."""
    secrets = {secret_of(t) for t in many.issued}
    assert len(secrets) == N
    for bit in range(256):
        ones = sum(s[bit // 8] >> (bit % 8) & 1 for s in secrets)
        assert abs(ones - N / 2) < 5 * math.sqrt(N) / 2, f"bit {bit}: {ones} of {N}"
    every = b"".join(secrets)
    counts = [every.count(bytes([b])) for b in range(256)]
    expected = len(every) / 256
    chi2 = sum((c - expected) ** 2 / expected for c in counts)  # 255 degrees of freedom: mean 255, sigma 22.6
    assert 140 < chi2 < 370, chi2


def test_every_token_works_and_verifies_for_an_independent_program(many, node):
    """TOK-02: one canonical spelling, which npm's base62-token knows without us; a changed character is seen by it too."""
    mutants = []
    for token in many.issued[:200]:
        at = random.randrange(4, len(token))
        mutants.append(token[:at] + random.choice([c for c in ALPHABET if c != token[at]]) + token[at + 1:])
    verdicts = json.loads(node("""
        const B = require('base62-token'); const dict = '%s';
        const [good, bad] = JSON.parse(require('fs').readFileSync(0));
        const check = t => /^pat_[0-9A-Za-z]{49}$/.test(t) && B.create(dict).verify(t);
        console.log(JSON.stringify([good.filter(check).length, bad.filter(check).length]))""" % ALPHABET,
                               json.dumps([many.issued, mutants])))
    assert verdicts == [N, 0]
    assert {many.get("/verify", token=t).status for t in many.issued[::20]} == {200}
    assert {many.get("/verify", token=t).status for t in mutants} == {401}


def other_spellings(token):
    body = body_of(token)
    yield from (token.swapcase(), token.upper(), token.lower(), "PAT_" + token[4:], token[4:], token[:-1], token + "0")
    yield from (token.replace("pat_", "pat-"), token.replace("pat_", "pat__"), token.replace("pat_", "ghp_"))
    yield f"%70{token[1:]}"
    yield token[:10] + "%" + format(ord(token[10]), "02X") + token[11:]
    yield token[:4] + "0" + token[4:]
    yield f"secret-token:{token} x"
    yield f'"{token}"'
    yield token + "\t" + token[-1]
    yield token[:20] + " " + token[20:]
    yield token.replace("a", "а").encode().decode("latin-1")  # Cyrillic a, as UTF-8
    yield token.replace("p", "ｐ").encode().decode("latin-1")  # full width p
    yield token[:30] + "\u00ad" + token[30:]  # soft hyphen, latin-1
    # The right checksum over another body: the body's own case, a number of 256 bits too many, the neighbours.
    yield spell(body.swapcase())
    yield spell(base62((unbase62(body) + 2**256) % 62**43, 43))
    yield spell(base62(unbase62(body) ^ 1, 43))
    yield spell(base62(2**256, 43))
    yield spell("z" * 43)
    # Look-alikes.
    for a, b in ("0O", "O0", "1l", "l1", "I1", "5S", "8B"):
        if a in body:
            yield token[:4] + token[4:].replace(a, b)
            yield spell(body.replace(a, b))
    for bit in (b"\x80",):
        yield token[:-1] + chr(ord(token[-1]) | bit[0])


def test_every_other_spelling_is_refused(many):
    """TOK-02: case flips, look-alikes, percent escapes, blanks, other prefixes, repaired checksums: 401, never 200."""
    token = many.issued[0]
    assert many.get("/verify", headers={"Authorization": f"Bearer {token}"}).status == 200
    spellings = [s for s in other_spellings(token) if s != token]
    for spelling in spellings:
        for header in ({"X-Figma-Token": spelling}, {"Authorization": f"Bearer {spelling}"}):
            answer = many.get("/verify", headers=header)
            assert answer.status in (400, 401), (spelling, header, answer)
            # Two words where one belongs are a malformed header, which nothing looks up either.
            if not set(spelling) & set(" \t"):
                assert answer.status == 401, (spelling, header, answer)


def test_a_trailing_blank_belongs_to_the_header_not_to_the_token(many):
    """TOK-02: RFC 9110 has blanks around a field's value cut off; inside the credentials they are refused."""
    token = many.issued[0]
    assert many.get("/verify", headers={"X-Figma-Token": token + "%20"}).status == 401
    assert many.get("/verify", headers={"X-Figma-Token": token + "+"}).status == 401
    assert many.get("/verify", headers={"Authorization": f"Bearer  {token}"}).status in (200, 400, 401)


def test_nothing_but_the_create_answer_holds_the_token(many):
    """TOK-03: after the create answer, no page, no API answer, no file and no log line has the token or its body."""
    canary = many.ada.generate("canary")
    needles = [canary["token"].encode(), body_of(canary["token"]).encode()]
    many.get("/v1/me", token=canary["token"])
    many.get(f"/verify?access_token={canary['token']}")
    many.get("/verify", headers={"Authorization": f"Bearer {canary['token']}x"})
    pages = ["/", "/settings/security", "/settings/account", "/signin", "/setup", "/livez", "/readyz", "/assets/tokens.js",
             "/api/v1/session", "/api/v1/sessions", "/api/v1/scopes", "/api/v1/tokens?limit=100",
             f"/api/v1/tokens/{canary['id']}", "/v1/me"]
    answers = [many.ada.call("GET", page) for page in pages]
    answers += [many.get("/v1/me", token=canary["token"]), many.get("/verify", token=canary["token"])]
    answers += [many.ada.revoke(canary["id"]), many.get("/v1/me", token=canary["token"])]
    assert b"canary" in many.ada.call("GET", f"/api/v1/tokens/{canary['id']}").body
    for answer in answers:
        for needle in needles:
            assert needle not in answer.body
            assert needle.decode() not in str(answer.headers)
    for path, data in files(many).items():
        for needle in needles:
            assert needle not in data, path
    assert canary["id"].encode() in b"".join(files(many).values())  # the search does find what is there


def test_at_rest_there_is_only_a_digest(many):
    """TOK-04: the database, its -wal and its -shm hold SHA-256 of the token; not it, not its body, not its 32 bytes."""
    data = {p.name: p.read_bytes() for p in many.data.glob("patd.db*")}
    assert {"patd.db", "patd.db-wal", "patd.db-shm"} <= set(data)
    everything = b"".join(data.values())
    for token in random.sample(many.issued, 100):
        assert hashlib.sha256(token.encode()).digest() in everything
        for needle in (token.encode(), body_of(token).encode(), secret_of(token), secret_of(token)[::-1]):
            assert needle not in everything
    assert {r[0].hex()[:32] for r in rows(many, "SELECT digest FROM token")} >= {tid_of(t) for t in many.issued}


def test_a_dump_of_the_database_as_sqlite_writes_it(many, tmp_path):
    """TOK-04: the same of a backup."""
    if not shutil.which("sqlite3"):
        pytest.skip("sqlite3 is not installed")
    import subprocess
    backup = tmp_path / "backup.db"
    subprocess.run(["sqlite3", many.data / "patd.db", f".backup {backup}"], check=True, timeout=30)
    dump = subprocess.run(["sqlite3", backup, ".dump"], check=True, capture_output=True, timeout=30).stdout
    assert dump.count(b"INSERT INTO token") >= N
    for token in many.issued:
        assert token.encode() not in dump and body_of(token).encode() not in dump
        assert secret_of(token).hex().encode() not in dump.lower()


def test_the_processes_were_not_disturbed(many):
    """All of the above went to one patd and its edge: neither was restarted."""
    assert many.process.poll() is None
    assert len(edge_pids(many)[1]) == 2
    assert not [line for line in many.log() if line["level"] == "error"]

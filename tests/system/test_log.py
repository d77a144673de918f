# SPDX-License-Identifier: Apache-2.0
"""The log and the audit records: what happened, by whom, from where; never a secret; never without each other."""
import collections
import json
import re
import time

import pytest

from product import PASSWORD, Product
from tools import SCOPE, as_person, ask, await_event, body_of, events, never_issued, rows

UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def test_every_step_leaves_its_line(tmp_path):
    """LOG-01, LOG-02: set-up, sign-in and its failure and throttling, session ended, password changed, token created,
    refused and revoked, what was not allowed, what an administrator did: each with who, from where and which request."""
    with Product(tmp_path, token_expires_days_max=30) as p:
        ada = p.set_up()
        assert await_event(p, "setup.done")["person"] == "1"
        p.add_person("grace@acme.org")
        assert (await_event(p, "person.created")["person"], await_event(p, "person.created")["via"]) == ("2", "cli")
        grace = p.sign_in("grace@acme.org", source="127.0.0.7")
        event = await_event(p, "signin.ok", lambda e: e["person"] == "2")
        assert event["address"] == "127.0.0.7"
        for _ in range(6):
            p.call("POST", "/api/v1/session", {"email": "grace@acme.org", "password": "wrong wrong wrong"}, source="127.0.0.8")
        assert await_event(p, "signin.failed")["address"] == "127.0.0.8"
        assert await_event(p, "signin.throttled")["address"] == "127.0.0.8"
        token = grace.generate("logged")
        event = await_event(p, "token.created")
        assert (event["tid"], event["person"], event["scopes"], event["address"]) == (token["id"], "2", SCOPE, "127.0.0.1")
        p.get("/v1/me", token=never_issued(), source="127.0.0.9")
        event = await_event(p, "edge.request", lambda e: e["address"] == "127.0.0.9")
        assert (event["status"], event["path"], event["method"]) == ("401", "/v1/me", "GET") and event["verdict"]
        grace.revoke(token["id"])
        assert await_event(p, "token.revoked")["tid"] == token["id"]
        p.get("/v1/me", token=token["token"], source="127.0.0.10")
        assert await_event(p, "edge.request", lambda e: e["address"] == "127.0.0.10")["status"] == "401"
        ask(p, "POST", "/api/v1/tokens", {"Cookie": grace.cookie, "Content-Type": "application/json"}, {})
        event = await_event(p, "access.denied")
        assert (event["reason"], event["person"], event["path"]) == ("csrf_token_invalid", "2", "/api/v1/tokens")
        ada.call("DELETE", "/api/v1/people/2/sessions")
        event = await_event(p, "session.ended")
        assert (event["person"], event["of"], event["sessions"]) == ("1", "2", "1")
        answer = ada.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": "another good sentence"})
        assert answer.status == 200 and await_event(p, "password.changed")["person"] == "1"
        for what, name in (("disable", "person.disabled"), ("enable", "person.enabled")):
            assert p.patd("user", what, "grace@acme.org").returncode == 0
            assert (await_event(p, name)["person"], await_event(p, name)["via"]) == ("2", "cli")
        done = p.patd("user", "password", "grace@acme.org", "--password-stdin", input="yet another sentence\n")
        assert done.returncode == 0
        assert await_event(p, "password.changed", lambda e: e.get("via") == "cli")["person"] == "2"
        for line in p.log():
            assert UTC.fullmatch(line["time"]) or line["event"] == "edge.request", line
            assert line["level"] in ("debug", "info", "warning", "error") and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", line["event"])
            if line["event"].startswith(("signin.", "token.", "session.", "access.", "http.request", "edge.request", "setup.")):
                assert line["request_id"] and line["address"], line
        ids = collections.Counter(e["request_id"] for e in events(p, "http.request"))
        assert ids and max(ids.values()) == 1
        assert {r[0] for r in rows(p, "SELECT request_id FROM audit WHERE via = 'page'")} <= set(ids)


def test_no_secret_is_ever_logged(tmp_path):
    """LOG-03: with everything logged that can be, no token, password, cookie, CSRF token, set-up code or query is."""
    with Product(tmp_path, log_level="debug", access_log="all") as p:
        ada = p.set_up()
        secrets = [PASSWORD, p.setup_code, ada.cookie.split("=")[1], ada.csrf, "wrong password canary", "query-canary"]
        token = ada.generate("logged")["token"]
        secrets += [token, body_of(token), token[:20]]
        p.call("POST", "/api/v1/session", {"email": "wrong password canary", "password": "wrong password canary"})
        for path in (f"/verify?access_token={token}", f"/v1/me?token={token}&x=query-canary", f"/api/v1/tokens?cursor={token}", f"/signin?next=/{token}",
                     f"/api/v1/session?{token}", f"/nothing?query-canary#{token}", f"/assets/none.css?{token}", f"/%zz?{token}",
                     f"/_pages/x?query-canary"):
            for headers in ({"X-Figma-Token": token}, {"Authorization": f"Bearer {token}"}, {"Authorization": f"Basic {token}"},
                            {"X-Figma-Token": token, "Authorization": f"Bearer {never_issued()}"}, {"Referer": f"http://x/?t={token}"},
                            dict(as_person(ada)), {"Cookie": f"{ada.cookie}; {ada.cookie}"}, {"X-Long-Header": token * 200}):
                ask(p, "GET", path, headers)
                ask(p, "POST", path, headers, token.encode() * 2000)
        ask(p, "POST", "/api/v1/tokens", as_person(ada), {"name": "x", token: 1, "scopes": [token]})
        ask(p, "POST", "/api/v1/tokens", as_person(ada), {"name": "x", "scopes": [token], "expires_in_days": 1})
        ask(p, "POST", "/api/v1/tokens", as_person(ada, [("Idempotency-Key", token + "\x01")]), {"name": "x"})
        p.kill()
        ask(p, "GET", f"/api/v1/tokens?cursor={token}", as_person(ada))  # nginx's own error lines
        ask(p, "GET", f"/signin?{token}", {"Referer": f"http://x/?{token}"})
        p.start()
        p.get("/livez")
        p.stop()
        log = p.stderr()
        for secret in secrets:
            assert secret not in log, (secret, [line for line in log.splitlines() if secret in line][:2])
        assert len(p.log()) > 100
        assert not [line for line in p.log() if "?" in line.get("path", "")]


HOSTILE = ["\x1b[31mred\x1b[0m", "\x07bell", "a\"b\\c", "\x7f", "{\"event\":\"forged\"}", "</script>", "\xff\xfe", "\u2028", "%0a{}", "x" * 3000]


def test_one_line_is_one_object(shared):
    """LOG-04: whatever clients send, a line is one JSON object of printable characters."""
    for text in HOSTILE:
        value = text.encode("utf-8", "surrogateescape") if text != "\xff\xfe" else b"\xff\xfe"
        for header in ("User-Agent", "Referer", "X-Figma-Token", "Cookie", "Host-X"):
            ask(shared, "GET", "/v1/me", [(header, value.decode("latin-1"))])
        escaped = "".join("%%%02X" % b for b in value)[:3000]
        ask(shared, "GET", f"/v1/me/{escaped}")
        ask(shared, "GET", f"/api/v1/{escaped}")
        ask(shared, "GET", f"/verify/{escaped}%0a%7b%22event%22:%22forged%22%7d")
        shared.call("POST", "/api/v1/session", {"email": text + "@acme.org", "password": text}, source="127.0.0.77")
    # A line longer than a datagram, cut where it looks like an end.
    ask(shared, "GET", "/v1/me/" + "%01" * 1200, [("User-Agent", "}" * 4000)])
    for _ in range(3):  # nginx does not wait for a log that is behind
        ask(shared, "GET", "/v1/me", [("User-Agent", "}" * 4000), ("X-Figma-Token", "last")])
        time.sleep(0.2)
    shared.stop()
    shared.start()
    data = (shared.folder / "err").read_bytes()
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", data)
    lines = data.decode().split("\n")[:-1]  # U+2028 ends no line
    assert len(lines) == data.count(b"\n") > 20
    for line in lines:
        assert isinstance(json.loads(line), dict)
        assert json.loads(line)["event"] != "forged"
    assert [e for e in events(shared, "edge.request") if e["agent"] == "}" * 4000]


def test_rows_are_records(tmp_path):
    """LOG-06: after everything that can happen: exactly one audit record for each change, in its order, without gaps, the
    change's number in it; and none for what was refused."""
    with Product(tmp_path, tokens_live_max=20) as p:
        ada = p.set_up()
        tokens = [ada.generate(f"t{i}") for i in range(12)]
        for token in tokens[:4]:
            ada.revoke(token["id"])
            ada.revoke(token["id"])
        ada.call("POST", "/api/v1/tokens", {"name": "t5", "scopes": [SCOPE], "expires_in_days": 1})  # name taken
        ada.call("POST", "/api/v1/tokens", {"name": "x", "scopes": [], "expires_in_days": 1})
        for i in range(30):
            ada.call("POST", "/api/v1/tokens", {"name": "idem", "scopes": [SCOPE], "expires_in_days": 1}, {"Idempotency-Key": "k"})
        p.add_person("grace@acme.org")
        grace = p.sign_in("grace@acme.org")
        grace.generate("hers")
        p.kill()
        p.start()
        p.patd("user", "disable", "grace@acme.org")
        p.patd("user", "disable", "grace@acme.org")
        p.patd("user", "enable", "grace@acme.org")
        ada.call("DELETE", "/api/v1/session")
        records = rows(p, "SELECT id, seq, action, object, actor, via, at, address FROM audit ORDER BY id")
        assert [r[0] for r in records] == list(range(1, len(records) + 1))
        count = collections.Counter(r[2] for r in records)
        assert count == {"person.created": 2, "setup.completed": 1, "session.created": 2, "token.created": 14, "token.revoked": 5,
                         "session.ended": 2, "person.disabled": 1, "person.enabled": 1}, count
        changes = rows(p, "SELECT seq, kind, hex(substr(digest, 1, 16)), person FROM change ORDER BY seq")
        assert [c[0] for c in changes] == list(range(1, len(changes) + 1))
        numbered = [(r[1], r[2], r[3]) for r in records if r[1]]
        words = {1: "token.created", 2: "token.revoked", 3: "person.disabled", 4: "person.enabled"}
        assert numbered == [(s, words[k], f"token:{h.lower()}" if h else f"person:{person}") for s, k, h, person in changes]
        assert rows(p, "SELECT seq, audit FROM head") == [(len(changes), len(records))]
        assert rows(p, "SELECT count(*) FROM token") == [(count["token.created"],)]
        assert rows(p, "SELECT count(*) FROM token WHERE state = 1") == [(count["token.revoked"],)]
        assert rows(p, "SELECT count(*) FROM session") == [(count["session.created"] - count["session.ended"],)]
        assert all(r[6] > 1_600_000_000 and (r[5] == "cli" or r[7] == "127.0.0.1") for r in records)


@pytest.mark.parametrize("level, quiet", [("error", True), ("info", False)])
def test_levels(tmp_path, level, quiet):
    """LOG-01: the operator chooses how much; below "error" nothing of everyday remains."""
    with Product(tmp_path, log_level=level, access_log="off") as p:
        p.set_up().generate("x")
        p.get("/v1/me", token="wrong")
        assert bool(events(p, "token.created")) != quiet
        assert not events(p, "edge.request")

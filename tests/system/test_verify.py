# SPDX-License-Identifier: Apache-2.0
"""/verify and the gate through the whole product: what callers are told, and what the product behind is told."""
import json
import socket
import time

from product import Product
from tools import SCOPE, Reply, ask, never_issued, raw, rows

FORGED = {"X-Pat-User": "1", "X_Pat_User": "1", "x-pat-user": "1", "X.Pat.User": "1", "X-Pat-Scopes": "all", "X_Pat_Scopes": "all",
          "X-Pat-Token-Id": "0", "X-Pat-Expires": "", "Pat-User": "1", "PAT_USER": "1", "PATD_ENTRY": "health", "Pat-Scopes": SCOPE,
          "X-Forwarded-User": "admin", "X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9", "REMOTE_ADDR": "203.0.113.9"}


def without_date(reply):
    return [line for line in reply.data.split(b"\r\n") if not line.startswith(b"Date:")]


def test_unknown_and_revoked_are_told_the_same(shared):
    """VER-04: unknown, malformed and revoked tokens get byte-identical answers, from /verify and from the gate."""
    revoked = shared.ada.generate("gone")
    shared.ada.revoke(revoked["id"])
    tokens = [never_issued(), revoked["token"], "pat_" + "0" * 49, "x", never_issued().replace("pat_", "ghp_")]
    for path in ("/verify", "/v1/me"):
        for form in (lambda t: {"X-Figma-Token": t}, lambda t: {"Authorization": f"Bearer {t}"}):
            answers = [without_date(ask(shared, "GET", path, form(t))) for t in tokens]
            assert all(a == answers[0] for a in answers), answers
            assert answers[0][0].endswith(b" 401 Unauthorized")


def test_a_disabled_persons_token_is_unknown_too(tmp_path):
    """VER-04: whose token it was does not show."""
    with Product(tmp_path) as p:
        p.set_up()
        p.add_person("grace@acme.org")
        token = p.sign_in("grace@acme.org").generate("hers")["token"]
        assert p.patd("user", "disable", "grace@acme.org").returncode == 0
        answers = [without_date(ask(p, "GET", "/v1/me", {"X-Figma-Token": t})) for t in (token, never_issued())]
        assert answers[0] == answers[1]


def identity(answer):
    return {k.lower(): v for k, v in answer.headers if k.lower().startswith("x-pat-")}


def test_verify_always_says_every_identity_header(shared):
    """VER-07: a 200 of /verify has every identity header, whatever the token may do and whatever the caller sent."""
    tokens = [shared.ada.generate("one scope"), shared.ada.generate("two", ["file_content:read", SCOPE])]
    for token in tokens:
        plain = ask(shared, "GET", "/verify", {"X-Figma-Token": token["token"]})
        forged = ask(shared, "GET", "/verify", {"X-Figma-Token": token["token"], **FORGED})
        assert (plain.status, forged.status) == (200, 200)
        assert identity(plain) == identity(forged)
        assert sorted(identity(plain)["x-pat-scopes"].split()) == sorted(token["scopes"])
        assert set(identity(plain)) == {"x-pat-user", "x-pat-scopes", "x-pat-token-id", "x-pat-expires"}
        assert identity(plain)["x-pat-user"] == shared.ada.id
        assert identity(plain)["x-pat-token-id"] == token["id"]
        assert identity(plain)["x-pat-expires"] == token["expires_at"]


def test_forged_identity_does_not_reach_the_product(shared):
    """VER-07: whatever spelling of our names a client sends, the product sees who the token belongs to."""
    shared.add_person("mallory@acme.org", "Mallory")
    token = shared.sign_in("mallory@acme.org").generate("hers")["token"]
    for name, value in FORGED.items():
        answer = ask(shared, "GET", "/v1/me", {"X-Figma-Token": token, name: value})
        assert answer.status == 200 and b'"handle":"Mallory"' in answer.body, (name, answer)
        assert ask(shared, "GET", "/v1/me", {name: value}).status == 401, name
        assert ask(shared, "GET", "/api/v1/session", {name: value}).status == 401, name
    assert rows(shared, "SELECT count(*) FROM session WHERE address <> '127.0.0.1'") == [(0,)]  # VER-09: nor an address


def test_odd_names_stay_inside_their_value(shared):
    """VER-08: a name with markup, emoji or separators never becomes a second header, nor breaks the JSON."""
    for i, name in enumerate(['Zoë "admin"\\', "Ω, X-Admin: 1", "😀;Path=/", "%0d%0aX-Admin: 1", "<b>é</b>"]):
        shared.add_person(f"odd{i}@acme.org", name)
        token = shared.sign_in(f"odd{i}@acme.org").generate("odd")["token"]
        me = ask(shared, "GET", "/v1/me", {"X-Figma-Token": token})
        verdict = ask(shared, "GET", "/verify", {"X-Figma-Token": token})
        for answer in (me, verdict):
            assert answer.status == 200
            assert not answer.all("X-Admin") and answer.data.split(b"\r\n\r\n")[0].isascii()
        assert json.loads(me.body)["handle"] == name
    for name in ("a\r\nX-Admin: 1", "tab\there"):
        refused = shared.patd("user", "add", "cr@acme.org", "--name", name, "--password-stdin", input="correct horse battery wagon\n")
        assert refused.returncode == 1 and "control characters" in refused.stderr


def test_no_answer_may_be_kept(shared):
    """VER-11: verdicts are not cacheable and set no cookie, yes and no alike."""
    token = shared.ada.generate("uncached")["token"]
    for path in ("/verify", "/v1/me"):
        for headers in ({"X-Figma-Token": token}, {"X-Figma-Token": never_issued()}, {}):
            answer = ask(shared, "GET", path, headers)
            assert "no-store" in answer.one("Cache-Control"), answer
            assert not answer.all("Set-Cookie") and not answer.all("ETag") and not answer.all("Last-Modified")


def test_a_body_that_the_proxy_dropped(shared):
    """VER-12: every method, a Content-Length of 10 MB and no body, as auth_request sends it: the verdict comes at once."""
    token = shared.ada.generate("bodies")["token"]
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        head = f"{method} /verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 10000000\r\nX-Figma-Token: {token}\r\n\r\n"
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", shared.port), 10) as s:
            s.sendall(head.encode())
            answer = Reply(s.recv(65536))
        assert answer.status == 200, (method, answer)
        assert time.monotonic() - began < 1
    whole = raw(shared, f"POST /verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\nX-Figma-Token: {token}\r\n\r\n")
    assert whole.status == 200

# SPDX-License-Identifier: Apache-2.0
"""Refusals: one shape, plain words, and nothing of patd's insides (API-07)."""
import json
import re

import pytest

from product import Product
from tools import as_person, ask, raw

INSIDES = re.compile(rb"(?i:sqlite|SELECT |INSERT |UPDATE |constraint|/dev/shm|/tmp/|/work|/usr|\.c:\d+|errno|patd[/ ]\d|0\.1\.0|nginx/\d|OpenSSL|"
                     rb"argon2|stack|assert|0x[0-9a-f]{6}|segv|panic)|\bE(?:IO|PERM|ACCES|NOENT|INVAL|NOMEM|NOSPC|BUSY|PROTO|AGAIN|EXIST|BADMSG)\b")
PAYLOADS = ["'", "\"", "' OR 1=1--", "1;DROP TABLE token", "%27", "%00", "%ff%fe", "../../../../etc/passwd", "{{7*7}}", "${jndi:ldap://x}", "<x>",
            "A" * 3000, "-1", "9" * 30, "0x10", "1e9", "\u00e9", "[]", "a[b]=c", "%252e%252e%252f"]


def check(answer):
    """A refusal of ours is RFC 9457 and says nothing else; one of nginx is its plain page without a version."""
    assert not INSIDES.search(answer.body), answer
    assert answer.all("Server") in (["nginx"], []), answer
    assert not answer.all("X-Powered-By") and not answer.all("X-Accel-Redirect"), answer
    if "json" in answer.one("Content-Type") and answer.status >= 400:
        problem = json.loads(answer.body)
        assert set(problem) <= {"type", "title", "status", "detail", "reason", "field", "err", "scope"}, answer
        assert {"type", "title", "status", "detail", "reason"} <= set(problem)
        assert problem["status"] == answer.status and re.fullmatch(r"[a-z_]+", problem["reason"]), answer
        assert problem["type"] == "about:blank" and problem["detail"].endswith((".", "scope")) and len(problem["detail"]) < 200, answer


def test_hostile_values_in_every_place(shared):
    """API-07: paths, queries, headers, cookies, bodies: the refusal is generic and well-formed."""
    statuses = set()
    for payload in PAYLOADS:
        escaped = "".join(c if c.isascii() and c.isalnum() or c in "%-._" else "%%%02X" % b for c in payload for b in c.encode())
        place = payload.encode("utf-8").decode("latin-1")
        for path in (f"/api/v1/tokens/{escaped}", f"/api/v1/sessions/{escaped}", f"/api/v1/tokens?cursor={escaped}", f"/api/v1/tokens?{escaped}",
                     f"/avatars/{escaped}.svg", f"/v1/{escaped}", f"/{escaped}"):
            answer = ask(shared, "GET", path, as_person(shared.ada))
            statuses.add(answer.status)
            check(answer)
        for name in ("Cookie", "X-CSRF-Token", "Idempotency-Key", "Content-Type", "X-Figma-Token", "Authorization", "User-Agent", "Origin", "Range",
                     "If-None-Match", "If-Modified-Since", "Accept", "Accept-Encoding", "Host-X"):
            for path in ("/api/v1/tokens", "/v1/me", "/signin"):
                check(ask(shared, "GET", path, [(name, place)]))
        for body in ({"email": payload, "password": payload}, [payload], payload):
            answer = ask(shared, "POST", "/api/v1/session", {"Content-Type": "application/json"}, body)
            statuses.add(answer.status)
            check(answer)
        answer = ask(shared, "POST", "/api/v1/tokens", as_person(shared.ada), {"name": payload, "scopes": [payload], "expires_at": payload})
        assert answer.status == 400
        check(answer)
    assert statuses <= {200, 302, 400, 401, 404, 405, 414, 429}, statuses
    assert not [e for e in shared.log() if e["level"] == "error"]


@pytest.mark.parametrize("name", ["{", "a" * 300, "<script>", "\"", "\u00e9", "\r\nX: y"])
def test_what_was_sent_is_not_echoed_raw(shared, name):
    """API-07, WEB-07: the name of a field at fault comes back as JSON, cut; a value never does."""
    answer = ask(shared, "POST", "/api/v1/tokens", as_person(shared.ada), {name: "a-secret-value"})
    problem = json.loads(answer.body)
    assert problem["reason"] == "unknown_field" and name.startswith(problem["field"].rstrip("…")[:60]), answer
    assert b"a-secret-value" not in answer.data and b"\r\nX: y" not in answer.data


def test_figmas_words(shared):
    """figma-api.md section 4: the product's refusals carry Figma's `err` beside RFC 9457."""
    wrong_scope = shared.ada.generate("no profile", ["file_content:read"])["token"]
    table = [
        ({}, 401, "Missing credentials", "token_missing"), ({"X-Figma-Token": "x"}, 401, "Invalid token", "token_invalid"),
        ({"X-Figma-Token": wrong_scope}, 403, None, "insufficient_scope"),
        ({"X-Figma-Token": wrong_scope, "Authorization": "Bearer x"}, 400, None, "token_ambiguous"),
    ]
    for headers, status, err, reason in table:
        answer = ask(shared, "GET", "/v1/me", headers)
        problem = json.loads(answer.body)
        assert (answer.status, problem["reason"]) == (status, reason), answer
        assert err is None or problem["err"] == err
        assert "Bearer" in answer.one("WWW-Authenticate") if status == 401 else True
        check(answer)
    scope = json.loads(ask(shared, "GET", "/v1/me", {"X-Figma-Token": wrong_scope}).body)
    assert "This endpoint requires the current_user:read scope" in scope["err"] + scope["detail"]
    assert "file_content" not in json.dumps(scope)  # never the scopes held
    assert json.loads(ask(shared, "GET", "/v1/nothing").body)["err"] == "Not found"


def test_faults_are_generic_too(tmp_path):
    """API-07: when the database is broken underneath, the answer is 503 with a plain sentence and the log says more."""
    with Product(tmp_path) as p:
        p.ada = p.set_up()
        p.ada.generate("before")
        p.kill()
        answers = [ask(p, "GET", path, as_person(p.ada)) for path in ("/api/v1/tokens", "/", "/v1/me", "/readyz")]
        for answer in answers:
            check(answer)
        assert [a.status for a in answers] == [503, 503, 401, 503]
        check(raw(p, "BROKEN\r\n\r\n")) if raw(p, "BROKEN\r\n\r\n").all("Content-Type") else None

# SPDX-License-Identifier: Apache-2.0
"""What administrators ask and do over HTTP, by a session or by a token: people, anybody's tokens, the audit records."""
import re

import pytest

from product import PASSWORD, ROOT, Product
from test_policy_command import done, policy
from tools import await_event, edit, rows, state

ADMIN = ["admin:read", "admin:write"]


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    with Product(tokens_per_hour_max=100000, tokens_live_max=1000) as product:
        product.ada = product.set_up()
        product.keeper = product.ada.generate("keeper", ADMIN)
        for i in range(5):
            product.add_person(f"person{i}@acme.org", f"Person {i}")
        yield product


@pytest.fixture(params=["session", "token"])
def call(p, request):
    """Both ways in."""
    if request.param == "session":
        return p.ada.call
    return lambda *a, **kw: p.call(*a, **kw, token=p.keeper["token"])


def person_of(p, email):
    return next(x for x in p.ada.call("GET", "/api/v1/admin/people?limit=100").json["people"] if x["email"] == email)


def test_people(p, call):
    answer = call("GET", "/api/v1/admin/people")
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    first = answer.json["people"][0]
    assert first == {"id": "1", "email": "ada@acme.org", "name": "Ada", "admin": True, "disabled": False, "created_at": first["created_at"],
                     "service": None, "subject": None}
    assert PASSWORD not in answer.body.decode() and "argon2" not in answer.body.decode()


def test_pages(p, call):
    everybody = [x["id"] for x in call("GET", "/api/v1/admin/people?limit=100").json["people"]]
    seen, after = [], "0"
    while after is not None:
        answer = call("GET", f"/api/v1/admin/people?after={after}&limit=2").json
        assert len(answer["people"]) <= 2
        seen += [x["id"] for x in answer["people"]]
        after = answer["next_cursor"]
    assert seen == everybody and len(seen) >= 6
    assert call("GET", "/api/v1/admin/people?after=999999").json == {"people": [], "next_cursor": None}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=-1", "limit=x", "limit=1&limit=2", "after=-1", "after=x", "after=1.5", "after=%00",
                                   "cursor=1", "limit=99999999999999999999", "Limit=1"])
def test_bad_pages(p, call, query):
    for path in ("people", "audit"):
        answer = call("GET", f"/api/v1/admin/{path}?{query}")
        assert answer.status == 400 and answer.json["field"] == query.split("=")[0], answer


def test_disabling_and_enabling(p, call):
    email = f"gone{'t' if call != p.ada.call else 's'}@acme.org"
    p.add_person(email)
    person = p.sign_in(email)
    token = person.generate("hers")
    path = f"/api/v1/admin/people/{person.id}"
    answer = call("PATCH", path, {"disabled": True})
    assert answer.status == 200 and answer.json["disabled"] is True and answer.json["email"] == email
    assert p.get("/v1/me", token=token["token"]).status == 401
    assert person.call("GET", "/api/v1/session").status == 401
    before = state(p)
    assert call("PATCH", path, {"disabled": True}).json["disabled"] is True and state(p) == before
    assert call("PATCH", path, {"disabled": False}).json["disabled"] is False
    assert p.sign_in(email).call("GET", f"/api/v1/tokens/{token['id']}").json["revoked_reason"] == "person_disabled"
    line = await_event(p, "person.disabled", lambda e: e["person"] == person.id)
    assert (line["actor"], line["by"], line["via"]) == ("1", None if call == p.ada.call else p.keeper["id"], "api")
    via = "page" if call == p.ada.call else f"token:{p.keeper['id']}"
    assert rows(p, "SELECT action, actor, via FROM audit WHERE object = ? AND action LIKE 'person.%abled'", f"person:{person.id}") == [
        ("person.disabled", 1, via), ("person.enabled", 1, via)]


@pytest.mark.parametrize("body, reason", [
    ({}, "missing_field"), ({"disabled": "yes"}, "wrong_type"), ({"disabled": None}, "wrong_type"), ({"disabled": True, "admin": True}, "unknown_field"),
    ({"admin": True}, "unknown_field"), ([], "not_an_object"),
])
def test_bad_changes(p, call, body, reason):
    before = state(p)
    answer = call("PATCH", f"/api/v1/admin/people/{person_of(p, 'person0@acme.org')['id']}", body)
    assert (answer.status, answer.json["reason"]) == (400, reason) and state(p) == before


def test_not_oneself(p, call):
    answer = call("PATCH", "/api/v1/admin/people/1", {"disabled": True})
    assert (answer.status, answer.json["reason"], answer.json["detail"]) == (403, "not_allowed", "You can not disable yourself.")
    assert call("PATCH", "/api/v1/admin/people/1", {"disabled": False}).status == 200


@pytest.mark.parametrize("path", ["people/999999", "people/0", "people/x", "people/-1", "people/01", "tokens/" + "0" * 32, "tokens/x", "people/999999/tokens"])
def test_nobody_and_nothing(p, call, path):
    method, body = ("DELETE", None) if path.startswith("tokens") else ("GET", None) if path.endswith("tokens") else ("PATCH", {"disabled": True})
    answer = call(method, f"/api/v1/admin/{path}", body)
    assert (answer.status, answer.json["reason"]) == (404, "not_found")


def test_anybodys_tokens(p, call):
    grace = p.sign_in("person1@acme.org")
    made = grace.generate(f"seen {id(call)}")
    listed = call("GET", f"/api/v1/admin/people/{grace.id}/tokens?state=live&limit=100")
    assert listed.status == 200 and listed.json == grace.call("GET", "/api/v1/tokens?state=live&limit=100").json
    assert made["token"] not in listed.body.decode()
    assert call("GET", f"/api/v1/admin/people/{grace.id}/tokens?state=no").json["field"] == "state"
    gone = call("DELETE", f"/api/v1/admin/tokens/{made['id']}")
    assert (gone.status, gone.json["state"], gone.json["revoked_reason"]) == (200, "revoked", "administrator")
    assert p.get("/v1/me", token=made["token"]).status == 401
    assert call("DELETE", f"/api/v1/admin/tokens/{made['id']}").json == gone.json
    assert grace.call("GET", f"/api/v1/tokens/{made['id']}").json["revoked_reason"] == "administrator"
    line = await_event(p, "token.revoked", lambda e: e["tid"] == made["id"])
    assert line["person"] == grace.id


def test_the_audit_records(p, call):
    """LOG-02: who, what, when, where from; every record, in order, and no secret."""
    seen, after = [], "0"
    while after is not None:
        answer = call("GET", f"/api/v1/admin/audit?after={after}&limit=100")
        seen += answer.json["records"]
        after = answer.json["next_cursor"]
    assert [r["id"] for r in seen] == [str(i + 1) for i in range(len(seen))]
    assert [(int(r["id"]), r["action"], r["object"], r["via"]) for r in seen] == rows(p, "SELECT id, action, object, via FROM audit ORDER BY id")
    assert seen[0]["at"].endswith("Z") and {"id", "at", "actor", "via", "action", "object", "seq", "address", "agent", "request_id"} == set(seen[0])
    made = next(r for r in seen if r["action"] == "token.created")
    assert made["object"] == f"token:{p.keeper['id']}" and made["actor"] == "1" and made["address"] == "127.0.0.1"
    assert next(r for r in seen if r["via"] == "cli")["actor"] is None
    assert p.keeper["token"] not in str(seen)


def test_scopes_count_one_by_one(p):
    reader = p.ada.generate("reads", ["admin:read"])
    writer = p.ada.generate("writes", ["admin:write"])
    tokens = p.ada.generate("tokens", ["tokens:read", "tokens:write"])
    for token, open_to in ((reader, "read"), (writer, "write"), (tokens, None)):
        for method, path, body, kind in (("GET", "people", None, "read"), ("GET", "audit", None, "read"), ("GET", "people/1/tokens", None, "read"),
                                         ("PATCH", "people/1", {"disabled": False}, "write"), ("DELETE", f"tokens/{'0' * 32}", None, "write")):
            answer = p.call(method, f"/api/v1/admin/{path}", body, token=token["token"])
            if kind == open_to:
                assert answer.status in (200, 404)
            else:
                assert (answer.status, answer.json["reason"]) == (403, "insufficient_scope")
        if token is not tokens:
            assert p.get("/api/v1/tokens", token=token["token"]).status == 403


def test_who_is_none_gets_none(p):
    grace = p.sign_in("person2@acme.org")
    for scopes in (["admin:read"], ["admin:write"], ["tokens:read", "admin:read"]):
        for limits in (None, {"products": ["patd"]}):
            answer = grace.call("POST", "/api/v1/tokens", {"name": "above", "scopes": scopes, "expires_in_days": 1, "limits": limits})
            assert (answer.status, answer.json["reason"], answer.json["field"]) == (403, "scope_not_allowed", "scopes")
    for method, path in (("GET", "people"), ("GET", "audit"), ("GET", "people/1/tokens"), ("GET", "people/999/tokens"), ("DELETE", f"tokens/{p.keeper['id']}")):
        answer = grace.call(method, f"/api/v1/admin/{path}")
        assert (answer.status, answer.json["reason"]) == (403, "not_allowed")


def test_who_is_none_any_more_has_none(tmp_path):
    """TOK-07: what an administrator's token opens closes when they are none any more."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("keeper", [*ADMIN, "tokens:read"])
        assert p.get("/api/v1/admin/people", token=token["token"]).status == 200
        p.stop()
        edit(p, "UPDATE person SET admin = 0")
        p.start()
        for method, path, body in (("GET", "people", None), ("GET", "audit", None), ("PATCH", "people/1", {"disabled": False}), ("DELETE", f"tokens/{token['id']}", None)):
            answer = p.call(method, f"/api/v1/admin/{path}", body, token=token["token"])
            assert (answer.status, answer.json["reason"]) == (403, "not_allowed")
        assert p.get("/api/v1/tokens", token=token["token"]).status == 200
        assert p.call("GET", "/api/v1/admin/people", headers={"Cookie": ada.cookie}).status == 403


def test_csrf_token_and_origin_of_a_session(p):
    for headers in ({"X-CSRF-Token": "wrong"}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        before = state(p)
        assert p.ada.call("PATCH", "/api/v1/admin/people/2", {"disabled": True}, headers=headers).status == 403
        assert state(p) == before


# ---- What there is to ask.

def test_the_document(p):
    answer = p.get("/api/v1/openapi.yaml")
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/yaml"
    assert answer.body == (ROOT / "docs/openapi.yaml").read_bytes()
    assert p.get("/api/v1/openapi.yaml", headers={"If-None-Match": answer.headers["ETag"]}).status == 304


def test_the_document_says_what_the_routes_take(product, tmp_path):
    """patd reads its own document as it reads anybody's; the scopes of tokens in it are those of src/web/routes.c."""
    (tmp_path / "openapi.yaml").write_bytes((ROOT / "docs/openapi.yaml").read_bytes())
    done(policy(product, "import", "itself", tmp_path / "openapi.yaml", "--token-scheme", "bearer", "--scopes-from", "bearer"))
    shown = {(m, path): scope for m, path, scope in re.findall(r"^(\w+) +(\S+) +(.+)$", product.patd("policy", "show", "itself").stdout, re.M)}
    managed = re.findall(r'^\t(?:MANAGED|ADMIN)\("(\w+)", "([^"]+)", .*?"([a-z]+:[a-z]+)"', (ROOT / "src/web/routes.c").read_text(), re.M)
    assert len(managed) == 15
    for method, path, scope in managed:
        assert shown[method, path] == scope
    sessions = re.findall(r'^\tAPI\("(\w+)", "([^"]+)", SESSION', (ROOT / "src/web/routes.c").read_text(), re.M)
    assert {shown[route] for route in sessions} == {"not open to tokens"}

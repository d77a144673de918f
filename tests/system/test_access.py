# SPDX-License-Identifier: Apache-2.0
"""Who may do what: every route, for its owner, another person, an administrator, nobody, and a bearer of a token."""
import json
import re

import pytest

from product import PASSWORD, ROOT
from test_access_files import PAGES
from tools import SCOPE, as_person, ask, png, state

PICTURE = png(8, 8)
NEW = {"name": "a new one", "scopes": [SCOPE], "expires_in_days": 1}


class Cast:
    """Fresh people for one look at one route."""

    def __init__(self, product, number):
        self.product = product
        for who in ("owner", "other"):
            product.add_person(f"{who}{number}@acme.org", who.title())
            setattr(self, who, product.sign_in(f"{who}{number}@acme.org"))
        self.token = self.owner.generate("hers")
        self.session = self.owner.call("GET", "/api/v1/sessions").json["sessions"][0]["id"]

    def headers(self, who):
        if who == "anonymous":
            return [("Content-Type", "application/json")]
        if who == "bearer":
            return [("Authorization", f"Bearer {self.token['token']}"), ("Content-Type", "application/json")]
        return as_person({"owner": self.owner, "other": self.other, "admin": self.product.ada}[who])


# Route: who gets what. Another person's thing is not there, for administrators too.
CAST = ["owner", "other", "admin", "anonymous", "bearer"]
MATRIX = [
    # A token that is not for patd itself is told so: those that are have test_manage.py.
    ("GET", "/api/v1/tokens/TOKEN", None, [200, 404, 404, 401, 403]),
    ("GET", "/api/v1/tokens/TOKEN/usage", None, [200, 404, 404, 401, 403]),
    ("POST", "/api/v1/tokens/TOKEN/rotate", {"old_ends_in_seconds": 0}, [201, 404, 404, 401, 403]),
    ("PATCH", "/api/v1/tokens/TOKEN", {"scopes": ["current_user:read"]}, [200, 404, 404, 401, 403]),
    ("DELETE", "/api/v1/tokens/TOKEN", None, [200, 404, 404, 401, 403]),
    ("POST", "/api/v1/tokens/revoke", {"ids": ["TOKEN"]}, [200, 404, 404, 401, 403]),
    ("GET", "/api/v1/tokens", None, [200, 200, 200, 401, 403]),
    ("POST", "/api/v1/tokens", NEW, [201, 201, 201, 401, 403]),
    ("GET", "/api/v1/admin/people", None, [403, 403, 200, 401, 403]),
    ("GET", "/api/v1/admin/people/PERSON/tokens", None, [403, 403, 200, 401, 403]),
    ("PATCH", "/api/v1/admin/people/PERSON", {"disabled": False}, [403, 403, 200, 401, 403]),
    ("DELETE", "/api/v1/admin/tokens/TOKEN", None, [403, 403, 200, 401, 403]),
    ("GET", "/api/v1/admin/audit", None, [403, 403, 200, 401, 403]),
    ("GET", "/api/v1/admin/nodes", None, [403, 403, 200, 401, 403]),
    ("GET", "/api/v1/openapi.yaml", None, [200, 200, 200, 200, 200]),
    ("DELETE", "/api/v1/sessions/SESSION", None, [204, 404, 404, 401, 401]),
    ("DELETE", "/api/v1/sessions", None, [200, 200, ..., 401, 401]),
    ("GET", "/api/v1/sessions", None, [200, 200, 200, 401, 401]),
    ("DELETE", "/api/v1/people/PERSON/sessions", None, [200, 404, 200, 401, 401]),
    ("GET", "/api/v1/session", None, [200, 200, 200, 401, 401]),
    ("DELETE", "/api/v1/session", None, [204, 204, ..., 401, 401]),
    ("GET", "/api/v1/scopes", None, [200, 200, 200, 401, 403]),
    ("PATCH", "/api/v1/me", {"name": "Renamed"}, [200, 200, 200, 401, 401]),
    ("GET", "/api/v1/notifications", None, [200, 200, 200, 401, 401]),
    ("PATCH", "/api/v1/notifications", {"sign_ins": True}, [200, 200, 200, 401, 401]),
    ("PUT", "/api/v1/me/picture", PICTURE, [200, 200, 200, 401, 401]),
    ("DELETE", "/api/v1/me/picture", None, [200, 200, 200, 401, 401]),
    ("POST", "/api/v1/password", {"current_password": "wrong wrong wrong", "new_password": "x"}, [401, 401, 401, 401, 401]),
    ("POST", "/api/v1/session/proof", {"password": "wrong wrong wrong"}, [401, 401, 401, 401, 401]),
    ("GET", "/api/v1/setup", None, [200, 200, 200, 200, 200]),
    ("POST", "/api/v1/setup", {"code": "x", "email": "a@b.c", "name": "A", "password": PASSWORD}, [409, 409, 409, 409, 409]),
    ("POST", "/introspect", "token=TOKEN", [401, 401, 401, 401, 401]),  # of services only: test_introspection.py
    ("POST", "/revoke", "token=TOKEN", [401, 401, 401, 401, 401]),
    ("POST", "/api/v1/portal_sessions", {"subject": "u", "name": "U", "return_url": "https://a.b"}, [401, 401, 401, 401, 401]),  # likewise: test_portal.py
    ("POST", "/api/v1/portal", {"code": "x"}, [403, 403, 403, 403, 403]),
    ("GET", "/.well-known/oauth-authorization-server", None, [200, 200, 200, 200, 200]),
    ("POST", "/api/v1/session", {"email": "nobody@acme.org", "password": "x"}, [401, 401, 401, 401, 401]),
]


@pytest.mark.parametrize("row", range(len(MATRIX)), ids=[f"{m} {p}" for m, p, *_ in MATRIX])
def test_the_matrix(shared, row):
    """API-01: an id is looked up among the caller's own, whoever the caller is; what is not allowed changes nothing."""
    method, path, body, wanted = MATRIX[row]
    cast = Cast(shared, row)
    path = path.replace("TOKEN", cast.token["id"]).replace("SESSION", cast.session).replace("PERSON", cast.owner.id)
    if body is not PICTURE:
        body = json.loads(json.dumps(body).replace("TOKEN", cast.token["id"]))
    for who, status in reversed(list(zip(CAST, wanted))):
        if status is ...:  # Ada stays for the other tests
            continue
        if who == "owner":  # the administrator has just ended her sessions
            cast.owner = shared.sign_in(f"owner{row}@acme.org")
        before = state(shared)
        headers = cast.headers(who)
        if body is PICTURE:
            headers = [*(h for h in headers if h[0] != "Content-Type"), ("Content-Type", "image/png")]
        answer = ask(shared, method, path, headers, body)
        assert answer.status == status, (who, answer)
        if status >= 400:
            assert state(shared) == before, who
        if status == 404:  # nothing tells an existing thing of somebody else from nothing
            elsewhere = re.sub(r"[0-9a-f]{32}(?=$|/usage$|/rotate$)", "0" * 32, re.sub(r"(sessions|people)/\d+", r"\1/99999", path))
            nothing = ask(shared, method, elsewhere, cast.headers(who), body and json.loads(re.sub(r"[0-9a-f]{32}", "0" * 32, json.dumps(body))))
            assert (nothing.status, nothing.body) == (answer.status, answer.body)
    assert shared.get("/v1/me", token=cast.token["token"]).status == (401 if "tokens/" in path and method in ("POST", "DELETE") else 200)


def test_lists_hold_only_ones_own(shared):
    """API-01: nobody finds anybody else's token in a list, also not by turning pages from another's cursor."""
    cast = Cast(shared, 90)
    numbers = [shared.ada.generate(f"ada {i}") for i in range(3)]
    for query in ("", "?state=all&limit=100", "?cursor=999999", "?cursor=1", "?state=live", "?state=ended"):
        for person in (cast.owner, cast.other):
            ids = {t["id"] for t in person.call("GET", "/api/v1/tokens" + query).json["tokens"]}
            assert ids <= ({cast.token["id"]} if person is cast.owner else set())
    assert numbers


def test_every_route_has_its_row(shared):
    """API-02: the routes of src/web/routes.c are those of the matrix and of the other tests; what has no route is 404, for
    everybody, and a route without a rule refuses (tests/unit/test_web_router.c)."""
    source = (ROOT / "src/web/routes.c").read_text()
    routes = set(re.findall(r'^\t(?:API|MANAGED|ADMIN)\("(\w+)", "([^"]+)", (?!NONE)\w+', source, re.M))
    ours = {(m, re.sub("TOKEN|SESSION|PERSON", "{}", p)) for m, p, *_ in MATRIX}
    ours |= {(m, "/api/v1" + re.sub("[A-Z]{4,}", "{}", p.split("?")[0])) for m, p, *_ in PAGES}
    assert {(m, re.sub(r"\{\w+\}", "{}", p)) for m, p in routes} == ours
    assert not re.search(r"\bNONE\b", source)
    for path in ("/api/", "/api/v1", "/api/v1/", "/api/v2/tokens", "/api/v1/admin", "/api/v1/people", "/api/v1/people/1", "/api/v1/audit",
                 "/api/v1/users", "/api/v1/debug", "/api/v1/test", "/metrics", "/debug", "/api/v1/tokens/", "/api/v1/tokens/x/y", "/api/v1/tokens//",
                 "/API/v1/tokens", "/api/v1/Tokens", "/v1/files", "/v1/", "/server-status", "/nginx_status", "/.git/config", "/patd.conf"):
        for headers in ([], as_person(shared.ada)):
            assert ask(shared, "GET", path, headers).status == 404, path


def test_the_path_decides_as_it_is_seen(shared):
    """API-02: dots, escapes and slashes lead to the route they name or to none, never around a rule."""
    for path in ("/api/v1/../v1/tokens", "/api/v1/%74okens", "/api/v1//tokens", "//api/v1/tokens", "/api/v1/./tokens", "/assets/../api/v1/tokens"):
        assert ask(shared, "GET", path).status in (401, 404), path
        assert ask(shared, "POST", path, {"Content-Type": "application/json"}, NEW).status in (401, 404, 405), path
    for path in ("/api/v1/tokens;x", "/api/v1/tokens%00", "/api/v1/tokens%2f", "/assets/..%2f..%2fnginx.conf", "/assets/../../nginx.conf",
                 "/assets/%2e%2e/%2e%2e/nginx.conf", "/_pages/..%2f..%2fpatd.sock", "/assets../nginx.conf"):
        assert ask(shared, "GET", path).status in (400, 404), path


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/api/v1/tokens", NEW),
    ("POST", "/api/v1/tokens/revoke", {"all": True}),
    ("POST", "/api/v1/session", {"email": "ada@acme.org", "password": PASSWORD}),
    ("POST", "/api/v1/session/proof", {"password": PASSWORD}),
    ("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": "quite another sentence"}),
    ("POST", "/api/v1/setup", {"code": "x", "email": "a@b.c", "name": "A", "password": PASSWORD}),
    ("PATCH", "/api/v1/me", {"name": "Renamed"}),
    ("PATCH", "/api/v1/notifications", {"sign_ins": True}),
])
@pytest.mark.parametrize("extra", ["owner", "digest", "id", "admin", "is_admin", "created_at", "state", "token", "person", "seq", "mac",
                                   "expires", "Name", "__proto__", "constructor", "", "x" * 300])
def test_only_listed_properties(shared, method, path, body, extra):
    """API-03: a property that is not listed is refused by name, and nothing happens."""
    before = state(shared)
    answer = ask(shared, method, path, as_person(shared.ada), {**body, extra: 1})
    assert answer.status == 400 and json.loads(answer.body)["reason"] == "unknown_field", answer
    assert state(shared) == before


def test_only_listed_properties_come_out(shared):
    """API-03: answers hold exactly what the contract names; no digest, no seal, no number of a row."""
    made = shared.ada.generate("looked at")
    token = {"id", "name", "note", "hint", "scopes", "limits", "state", "created_at", "expires_at", "last_used_at", "use_count", "revoked_at", "revoked_reason", "made_by", "replaced_by",
             "seq"}
    assert set(made) == token | {"token"}
    assert set(shared.ada.call("GET", f"/api/v1/tokens/{made['id']}").json) == token
    listed = shared.ada.call("GET", "/api/v1/tokens").json
    assert set(listed) == {"tokens", "next_cursor"} and set(listed["tokens"][0]) == token
    assert made["hint"] == f"pat_…{made['token'][-4:]}"
    usage = shared.ada.call("GET", f"/api/v1/tokens/{made['id']}/usage").json
    assert set(usage) == {"days", "operations", "scopes_used", "scopes_unused", "scopes_known", "last_used", "clients", "concurrent"}
    session = shared.ada.call("GET", "/api/v1/session").json
    assert set(session) == {"csrf_token", "person", "expires_at", "portal"} and set(session["person"]) == {"id", "email", "name", "admin", "picture_url"}
    scopes = shared.ada.call("GET", "/api/v1/scopes").json
    assert set(scopes["policy"]) == {"expires_in_days_max", "expires_in_days_default", "never_allowed", "live_tokens_max", "api_docs_url"}
    assert scopes["policy"]["api_docs_url"] is None
    assert set(scopes["scopes"][0]) == {"scope", "description", "category", "access", "deprecated", "allowed", "product"}
    assert set(shared.get("/v1/me", token=made["token"]).json) == {"id", "handle", "email", "img_url"}

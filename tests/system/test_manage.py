# SPDX-License-Identifier: Apache-2.0
"""Tokens that manage tokens: what they open, and that none of them can make more of itself."""
import time
from datetime import datetime, timedelta

import pytest

from edge_index import tid
from edge_site import until
from product import Product
from test_policy_command import SHOP, done, policy
from tools import as_person, ask, await_event, never_issued, rows, state, together

OWN = ["tokens:read", "tokens:write"]
NEW = {"name": "made", "scopes": ["tokens:read"], "expires_in_days": 1}


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("manage") / "shop.yaml"
    shop.write_text(SHOP.replace("orders:write", "admin:read"))  # a scope that has the name of one of patd's own
    with Product(tokens_per_hour_max=100000, tokens_live_max=500) as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        product.add_person("grace@acme.org")
        product.grace = product.sign_in("grace@acme.org")
        yield product


@pytest.fixture
def manager(p, request):
    """A token of Grace's with both scopes, and one more for the product."""
    return p.grace.generate(request.node.name[:60], [*OWN, "file_content:read"], limits={"products": ["patd", "files"]})


def make(p, maker, **members):
    return p.call("POST", "/api/v1/tokens", {**NEW, **members}, token=maker["token"])


# ---- What they open.

def test_the_catalogue_has_them_as_patds_own(p):
    own = [s for s in p.grace.call("GET", "/api/v1/scopes").json["scopes"] if s["product"] == "patd"]
    assert [(s["scope"], s["access"], s["allowed"]) for s in own] == [
        ("tokens:read", "read", True), ("tokens:write", "write", True), ("admin:read", "read", False), ("admin:write", "write", False)]
    assert all(s["allowed"] for s in p.ada.call("GET", "/api/v1/scopes").json["scopes"])


def test_a_token_with_patds_own_scopes_alone_is_for_patd(p):
    made = p.grace.generate("alone", OWN)
    assert made["limits"]["products"] == ["patd"]
    assert p.get("/v1/me", token=made["token"]).json["reason"] == "token_audience"
    answer = p.grace.call("POST", "/api/v1/tokens", {"name": "beside", "scopes": [*OWN, "file_content:read"], "expires_in_days": 1})
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, "products_required", "limits.products")


def test_reading(p, manager):
    reader = p.grace.generate("reader", ["tokens:read"])
    for header in ({"X-Figma-Token": reader["token"]}, {"Authorization": f"Bearer {reader['token']}"}, {"Authorization": f"Bearer secret-token:{reader['token']}"}):
        answer = p.get("/api/v1/tokens", headers=header)
        assert answer.status == 200 and manager["id"] in [t["id"] for t in answer.json["tokens"]]
        assert answer.headers["Pat-Expires"] == reader["expires_at"] and "Set-Cookie" not in answer.headers
    assert p.get(f"/api/v1/tokens/{manager['id']}", token=reader["token"]).json["name"] == manager["name"]
    assert p.get("/api/v1/scopes", token=reader["token"]).status == 200
    for method, path, body in (("POST", "/api/v1/tokens", NEW), ("PATCH", f"/api/v1/tokens/{manager['id']}", {"scopes": ["tokens:read"]}),
                               ("DELETE", f"/api/v1/tokens/{manager['id']}", None), ("POST", "/api/v1/tokens/revoke", {"all": True})):
        before = state(p)
        answer = p.call(method, path, body, token=reader["token"])
        assert (answer.status, answer.json["reason"]) == (403, "insufficient_scope")
        assert 'scope="tokens:write"' in answer.headers["WWW-Authenticate"] and state(p) == before


def test_writing_does_not_read(p):
    writer = p.grace.generate("writer", ["tokens:write"])
    assert p.get("/api/v1/tokens", token=writer["token"]).json["reason"] == "insufficient_scope"
    other = p.grace.generate("other", ["tokens:read", "tokens:write"])
    narrowed = p.call("PATCH", f"/api/v1/tokens/{other['id']}", {"scopes": ["tokens:read"]}, token=writer["token"])
    assert narrowed.json["scopes"] == ["tokens:read"]
    widened = p.call("PATCH", f"/api/v1/tokens/{other['id']}", {"scopes": OWN}, token=writer["token"])
    assert (widened.status, widened.json["reason"]) == (409, "scope_not_held")
    gone = p.call("DELETE", f"/api/v1/tokens/{other['id']}", token=writer["token"])
    assert (gone.status, gone.json["revoked_reason"]) == (200, "owner")
    assert p.get("/api/v1/tokens", token=other["token"]).json["reason"] == "token_invalid"


def test_nobody_elses(p, manager):
    hers = p.ada.generate("Ada's")
    for method, path, body in (("GET", f"/api/v1/tokens/{hers['id']}", None), ("DELETE", f"/api/v1/tokens/{hers['id']}", None),
                               ("PATCH", f"/api/v1/tokens/{hers['id']}", {"scopes": ["current_user:read"]}),
                               ("POST", "/api/v1/tokens/revoke", {"ids": [hers["id"]]})):
        assert p.call(method, path, body, token=manager["token"]).status == 404
    assert hers["id"] not in p.get("/api/v1/tokens", token=manager["token"]).body.decode()


def test_no_session_needs_no_csrf_token_and_no_origin(p, manager):
    headers = {"Origin": "https://ci.example", "Sec-Fetch-Site": "cross-site"}
    answer = p.call("POST", "/api/v1/tokens", NEW | {"name": "from elsewhere"}, headers=headers, token=manager["token"])
    assert answer.status == 201 and "Access-Control-Allow-Origin" not in answer.headers


def test_the_token_decides_whatever_cookie_came_with_it(p, manager):
    """The person, the rights and the record are the token's, also when its cookie is an administrator's."""
    cookie = as_person(p.ada)
    answer = ask(p, "POST", "/api/v1/tokens", [*cookie, ("X-Figma-Token", manager["token"])], NEW | {"name": "whose"})
    assert answer.status == 201
    assert rows(p, "SELECT owner FROM token WHERE name = 'whose'") == [(int(p.grace.id),)]
    assert ask(p, "GET", "/api/v1/admin/people", [*cookie, ("X-Figma-Token", manager["token"])]).status == 403
    for bad, status in ((never_issued(), 401), ("x", 401), ("", 401)):
        before = state(p)
        answer = ask(p, "POST", "/api/v1/tokens", [*cookie, ("Authorization", f"Bearer {bad}")], NEW)
        assert answer.status == status and state(p) == before
    twice = ask(p, "GET", "/api/v1/tokens", [*cookie, ("X-Figma-Token", manager["token"]), ("Authorization", f"Bearer {never_issued()}")])
    assert twice.status == 400 and b"token_ambiguous" in twice.body


@pytest.mark.parametrize("name", ["X-Pat-User", "X_Pat_User", "PAT_USER", "Pat-User", "X-Pat-Limits", "X-Pat-Scopes", "X-Pat-Token-Id", "HTTP_PAT_USER", "REMOTE_USER"])
def test_nobody_says_who_they_are(p, name):
    for value in ("1", p.grace.id, "aud=patd", "admin:write tokens:write"):
        headers = [(name, value), ("X-Pat-User", "1"), ("PAT_SCOPES", "tokens:read"), ("PAT_LIMITS", "aud=patd"), ("Content-Type", "application/json")]
        for method, path, body in (("GET", "/api/v1/tokens", None), ("POST", "/api/v1/tokens", NEW), ("GET", "/api/v1/admin/people", None)):
            answer = ask(p, method, path, headers, body)
            assert answer.status == 401 and b"session_required" in answer.body


@pytest.mark.parametrize("limits, status, reason", [
    ({"products": ["shop"]}, 403, "token_audience"),
    ({"products": ["patd"], "networks": ["192.0.2.0/24"]}, 403, "token_network"),
    ({"products": ["patd"], "networks": ["127.0.0.0/8"]}, 200, None),
    ({"products": ["patd", "shop"], "resources": [{"product": "shop", "parameter": "order", "value": "7"}]}, 200, None),
])
def test_limits_hold_here_too(p, limits, status, reason):
    made = p.grace.generate(f"{limits}"[:60], ["tokens:read", "orders:read"], limits=limits)
    answer = p.get("/api/v1/tokens", token=made["token"])
    assert answer.status == status and (reason is None or answer.json["reason"] == reason)


def test_a_rate_holds_here_too(p):
    made = p.grace.generate("slow", ["tokens:read"], limits={"rate": {"requests": 1, "window_seconds": 60}})
    assert [p.get("/api/v1/tokens", token=made["token"]).status for _ in range(2)] == [200, 429]


def test_another_products_scope_of_the_same_name_opens_nothing(p):
    """`admin:read` is the shop's, too: its tokens are not patd's, and who may not have patd's may have the shop's."""
    made = p.grace.generate("the shop's", ["admin:read", "orders:read"])
    assert made["limits"] is None
    for path in ("/api/v1/admin/people", "/api/v1/tokens"):
        assert p.get(path, token=made["token"]).json["reason"] == "token_audience"
    answer = p.grace.call("POST", "/api/v1/tokens", {"name": "patd's", "scopes": ["admin:read"], "expires_in_days": 1, "limits": {"products": ["patd"]}})
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (403, "scope_not_allowed", "scopes")
    administrator = p.ada.generate("the shop's, an administrator's", ["admin:read"])
    assert p.get("/api/v1/admin/people", token=administrator["token"]).json["reason"] == "token_audience"


def test_patd_is_no_name_for_a_product(p, tmp_path):
    (tmp_path / "shop.yaml").write_text(SHOP)
    assert policy(p, "import", "patd", tmp_path / "shop.yaml").returncode != 0


# ---- What they make.

def test_a_token_makes_a_token(p, manager):
    answer = make(p, manager, name="child", scopes=["tokens:read", "file_content:read"])
    child = answer.json
    assert answer.status == 201 and child["made_by"] == manager["id"] == tid(manager["token"])
    assert child["limits"]["products"] == ["files", "patd"]  # what is left open is as the maker has it
    assert p.get("/api/v1/tokens", token=child["token"]).status == 200
    assert p.get("/api/v1/self", token=child["token"]).json["made_by"] == manager["id"]
    assert p.grace.call("GET", f"/api/v1/tokens/{child['id']}").json["made_by"] == manager["id"]
    assert p.grace.call("GET", f"/api/v1/tokens/{manager['id']}").json["made_by"] is None
    line = await_event(p, "token.created", lambda e: e["tid"] == child["id"])
    assert (line["by"], line["person"]) == (manager["id"], p.grace.id)
    [(actor, via)] = rows(p, "SELECT actor, via FROM audit WHERE action = 'token.created' AND object = ?", f"token:{child['id']}")
    assert (actor, via) == (int(p.grace.id), f"token:{manager['id']}")


@pytest.mark.parametrize("members, field", [
    ({"scopes": ["tokens:read", "file_metadata:read"]}, "scopes"),
    ({"scopes": ["current_user:read"]}, "scopes"),
    ({"expires_in_days": 31}, "expires_in_days"),
    ({"expires_in_days": ..., "expires_at": "2099-01-01T00:00:00Z"}, None),
    ({"limits": {"products": ["patd", "shop"]}}, "limits"),
    ({"limits": {"products": ["shop"]}}, "limits"),
])
def test_none_that_is_more_than_itself(p, manager, members, field):
    """TOK-09."""
    body = {k: v for k, v in (NEW | members).items() if v is not ...}
    before = state(p)
    answer = p.call("POST", "/api/v1/tokens", body, token=manager["token"])
    assert (answer.status, answer.json["reason"]) == ((403, "beyond_token") if field else (400, "expiry_too_far"))
    assert answer.json.get("field") == (field or "expires_at") and state(p) == before


def test_none_that_ends_later_by_a_second(p, manager):
    ends = manager["expires_at"]
    form = "%Y-%m-%dT%H:%M:%SZ"
    later = (datetime.strptime(ends, form) + timedelta(seconds=1)).strftime(form)
    body = {k: v for k, v in NEW.items() if k != "expires_in_days"}
    answer = p.call("POST", "/api/v1/tokens", body | {"expires_at": later, "name": "later"}, token=manager["token"])
    assert (answer.status, answer.json["reason"]) == (403, "beyond_token")
    assert p.call("POST", "/api/v1/tokens", body | {"expires_at": ends, "name": "as late"}, token=manager["token"]).status == 201


def test_days_that_end_a_little_later_end_together(p, manager):
    """As many days as its maker had are seconds too many by the time it is asked."""
    time.sleep(1.1)  # the maker was made before this second
    made = make(p, manager, name="as many days", expires_in_days=30)
    assert made.status == 201 and made.json["expires_at"] == manager["expires_at"]
    fewer = make(p, manager, name="fewer days", expires_in_days=29)
    assert fewer.json["expires_at"] < manager["expires_at"]
    assert make(p, manager, name="a day too many", expires_in_days=31).json["field"] == "expires_in_days"


def test_limits_are_handed_down(p):
    limits = {"products": ["patd", "shop"], "networks": ["127.0.0.0/8"], "resources": [{"product": "shop", "parameter": "order", "value": "eu-", "prefix": True}]}
    maker = p.grace.generate("limited maker", [*OWN, "orders:read"], limits=limits)
    child = make(p, maker, name="as limited", scopes=["orders:read"]).json
    assert child["limits"] == maker["limits"]
    less = {"products": ["shop"], "networks": ["127.0.0.1/32"], "resources": [{"product": "shop", "parameter": "order", "value": "eu-7"}], "rate": {"requests": 5, "window_seconds": 60}}
    assert make(p, maker, name="less", scopes=["orders:read"], limits=less).status == 201
    for name, more in (("net", {"networks": ["127.0.0.0/7"] if False else ["0.0.0.0/0"]}), ("value", {"resources": [{"product": "shop", "parameter": "order", "value": "us-1"}]}),
                       ("prefix", {"resources": [{"product": "shop", "parameter": "order", "value": "e", "prefix": True}]})):
        answer = make(p, maker, name=f"more {name}", scopes=["orders:read"], limits=more)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (403, "beyond_token", "limits"), name


def test_a_rate_is_not_multiplied(p):
    maker = p.grace.generate("slow maker", OWN, limits={"rate": {"requests": 100, "window_seconds": 60}})
    for limits in (None, {"rate": {"requests": 1, "window_seconds": 60}}):
        assert make(p, maker, name="slow child", limits=limits).json["reason"] == "beyond_token"


def test_none_with_administrators_scopes(p):
    """Not from a token that has not got them, whoever's it is; nor from one whose owner is no administrator."""
    maker = p.ada.generate("an administrator's", OWN)
    assert make(p, maker, name="upwards", scopes=["admin:write"]).json["reason"] == "beyond_token"


def test_only_as_many_as_are_allowed(tmp_path):
    with Product(tmp_path, tokens_live_max=3) as p:
        ada = p.set_up()
        maker = ada.generate("maker", OWN)
        answers = together(12, lambda i: make(p, maker, name=f"child {i}"))
        assert sorted(a.status for a in answers) == [201] * 2 + [409] * 10
        assert {a.json["reason"] for a in answers if a.status == 409} == {"token_limit_reached"}


def test_a_retry_makes_one(p, manager):
    headers = {"Idempotency-Key": "made-once"}
    answers = [p.call("POST", "/api/v1/tokens", NEW | {"name": "once"}, headers=headers, token=manager["token"]) for _ in range(2)]
    assert [a.status for a in answers] == [201, 200] and "token" not in answers[1].json
    assert answers[0].json["id"] == answers[1].json["id"]


def test_where_generating_takes_a_recent_sign_in_no_token_generates(tmp_path):
    with Product(tmp_path, token_fresh_sign_in_minutes=10) as p:
        maker = p.set_up().generate("maker", OWN)
        answer = make(p, maker)
        assert (answer.status, answer.json["reason"]) == (403, "reauthentication_required")
        assert p.get("/api/v1/tokens", token=maker["token"]).status == 200


# ---- What becomes of what they made.

def family(p, name):
    first = p.grace.generate(name, OWN)
    second = make(p, first, name=f"{name} 2", scopes=OWN).json
    third = make(p, second, name=f"{name} 3", scopes=OWN).json
    return [first, second, third]


def works(p, token):
    return p.get("/api/v1/tokens", token=token["token"]).status == 200


@pytest.mark.parametrize("how", ["page", "several", "itself", "by another", "administrator"])
def test_it_ends_with_its_maker(p, how):
    first, second, third = family(p, f"ends {how}")
    beside = p.grace.generate(f"beside {how}", OWN)
    assert works(p, first) and works(p, second) and works(p, third)
    if how == "page":
        answer = p.grace.revoke(first["id"])
    elif how == "several":
        answer = p.grace.call("POST", "/api/v1/tokens/revoke", {"ids": [first["id"]]})
        assert answer.json["revoked"] == 3
    elif how == "itself":
        answer = p.call("DELETE", "/api/v1/self", token=first["token"])
    elif how == "by another":
        answer = p.call("DELETE", f"/api/v1/tokens/{first['id']}", token=beside["token"])
    else:
        answer = p.ada.call("DELETE", f"/api/v1/admin/tokens/{first['id']}")
    assert answer.status == 200
    assert not works(p, first) and not works(p, second) and not works(p, third) and works(p, beside)
    reasons = [p.grace.call("GET", f"/api/v1/tokens/{t['id']}").json["revoked_reason"] for t in (first, second, third)]
    assert reasons == ["administrator" if how == "administrator" else "owner", "maker_revoked", "maker_revoked"]
    assert rows(p, "SELECT count(*) FROM audit WHERE action = 'token.revoked' AND object IN (?, ?)", f"token:{second['id']}", f"token:{third['id']}") == [(2,)]


def test_the_middle_takes_its_own(p):
    first, second, third = family(p, "middle")
    p.grace.revoke(second["id"])
    assert works(p, first) and not works(p, second) and not works(p, third)


def test_what_it_did_before_is_kept(p):
    """Its cell in the index goes with it, before anybody has asked for the token by name."""
    first, second, third = family(p, "did something")
    for _ in range(3):
        assert works(p, third)
    p.grace.revoke(first["id"])
    until(lambda: p.grace.call("GET", f"/api/v1/tokens/{third['id']}").json["use_count"] == 3, within=15)
    assert p.grace.call("GET", f"/api/v1/tokens/{third['id']}").json["last_used_at"]


def test_nothing_is_made_while_its_maker_ends(p):
    """However the two cross, what was made is gone when the revoke has answered."""
    for turn in range(5):
        maker = p.grace.generate(f"racing {turn}", OWN)
        answers = together(9, lambda i: p.grace.revoke(maker["id"]) if i == 4 else make(p, maker, name=f"racer {turn} {i}"))
        for answer in answers:
            if answer.status == 201:
                assert not works(p, answer.json)
            else:
                assert answer.status in (200, 401, 409), answer
        assert rows(p, "SELECT count(*) FROM token WHERE state = 0 AND name LIKE ?", f"racer {turn} %") == [(0,)]


def test_a_restart_and_a_restore_keep_the_family(tmp_path):
    with Product(tmp_path) as p:
        p.grace = p.set_up()
        first, second, third = family(p, "kept")
        p.stop()
        p.start()
        p.grace = p.sign_in()
        assert works(p, third)
        p.grace.revoke(first["id"])
        assert not works(p, third)

# SPDX-License-Identifier: Apache-2.0
"""Limits on tokens: given when a token is generated, told as they are, kept by the gate, there after a restart; and scopes that are
taken away from a living token."""
import sqlite3

import pytest

from product import Product
from test_policy_command import SHOP, asks, done, policy
from tools import state


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("limits") / "shop.yaml"
    shop.write_text(SHOP)
    with Product(tokens_per_hour_max=1000, tokens_live_max=200) as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        yield product


names = iter(range(10000))


def generate(p, limits, scopes=("orders:read",)):
    return p.ada.generate(f"t{next(names)}", list(scopes), limits=limits)


def refused(p, limits, reason, field):
    answer = p.ada.call("POST", "/api/v1/tokens", {"name": f"t{next(names)}", "scopes": ["orders:read"], "expires_in_days": 1, "limits": limits})
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, field), answer
    return answer.json["detail"]


FULL = {"products": ["shop"], "networks": ["192.0.2.0/24", "127.0.0.1"], "rate": {"requests": 100, "window_seconds": 60},
        "resources": [{"product": "shop", "parameter": "order", "value": "a b/%ü", "prefix": True}]}


def test_limits_are_told_as_they_are(p):
    made = generate(p, FULL)
    expected = {"products": ["shop"], "networks": ["127.0.0.1/32", "192.0.2.0/24"], "rate": {"requests": 100, "window_seconds": 60},
                "resources": [{"product": "shop", "parameter": "order", "value": "a b/%ü", "prefix": True}]}
    assert made["limits"] == expected
    assert p.ada.call("GET", f"/api/v1/tokens/{made['id']}").json["limits"] == expected
    listed = {t["id"]: t for t in p.ada.call("GET", "/api/v1/tokens").json["tokens"]}
    assert listed[made["id"]]["limits"] == expected
    for none in (None, {}, {"products": [], "networks": [], "rate": None, "resources": []}):
        assert generate(p, none)["limits"] is None


def test_the_gate_keeps_them(p):
    assert asks(p, generate(p, {"products": ["shop"]})["token"], "/api/orders/7").status == 200
    assert asks(p, generate(p, {"products": ["files"]})["token"], "/api/orders/7").json["reason"] == "token_audience"
    assert asks(p, generate(p, {"networks": ["10.0.0.0/8"]})["token"], "/api/orders/7").json["reason"] == "token_network"
    told = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/api/orders/7", "X-Forwarded-For": "10.1.2.3"}
    assert p.get("/verify/shop", token=generate(p, {"networks": ["10.0.0.0/8"]})["token"], headers=told).status == 200
    one = generate(p, {"resources": [{"product": "shop", "parameter": "order", "value": "7"}]})["token"]
    assert asks(p, one, "/api/orders/7").status == 200
    assert asks(p, one, "/api/orders/8").json["reason"] == "token_resource"
    assert asks(p, one, "/api/orders").json["reason"] == "token_resource"
    few = generate(p, {"rate": {"requests": 2, "window_seconds": 3600}})["token"]
    assert [asks(p, few, "/api/orders/7").status for _ in range(3)] == [200, 200, 429]
    assert int(asks(p, few, "/api/orders/7").headers["Retry-After"]) > 1700


@pytest.mark.parametrize("limits, reason, field", [
    ({"networks": ["10.0.0.1/8"]}, "limit_malformed", "limits.networks"),
    ({"networks": ["10.0.0.0/33"]}, "limit_malformed", "limits.networks"),
    ({"networks": ["here"]}, "limit_malformed", "limits.networks"),
    ({"networks": "10.0.0.0/8"}, "limit_malformed", "limits.networks"),
    ({"networks": [8]}, "limit_malformed", "limits.networks"),
    ({"rate": {"requests": 0, "window_seconds": 1}}, "limit_malformed", "limits.rate"),
    ({"rate": {"requests": 1, "window_seconds": 86401}}, "limit_malformed", "limits.rate"),
    ({"rate": {"requests": 1}}, "limit_malformed", "limits.rate"),
    ({"rate": {"requests": 1.5, "window_seconds": 1}}, "limit_malformed", "limits.rate"),
    ({"products": ["No Product"]}, "limit_malformed", "limits.products"),
    ({"products": ["nobody"]}, "unknown_product", "limits"),
    ({"products": ["shop", "shop"]}, "duplicate_limit", "limits"),
    ({"networks": ["10.0.0.0/8", "10.0.0.0/8"]}, "duplicate_limit", "limits"),
    ({"resources": [{"product": "shop", "parameter": "nothing", "value": "1"}]}, "unknown_parameter", "limits.resources"),
    ({"resources": [{"product": "nobody", "parameter": "order", "value": "1"}]}, "unknown_product", "limits"),
    ({"resources": [{"product": "shop", "parameter": "order", "value": ""}]}, "limit_malformed", "limits.resources"),
    ({"resources": [{"product": "shop", "parameter": "order", "value": "x" * 257}]}, "limit_malformed", "limits.resources"),
    ({"resources": [{"product": "shop", "parameter": "or=der", "value": "1"}]}, "limit_malformed", "limits.resources"),
    ({"resources": [{"product": "shop", "parameter": "order"}]}, "limit_malformed", "limits.resources"),
    ({"resources": [{"product": "shop", "parameter": "order", "value": "1", "more": 1}]}, "limit_malformed", "limits.resources"),
    ({"resources": ["shop"]}, "limit_malformed", "limits.resources"),
    ({"what": 1}, "limit_malformed", "limits"),
    ({"networks": [f"10.0.{i}.0/24" for i in range(129)]}, "too_many_limits", "limits"),
    ({"networks": [f"10.{i // 256}.{i % 256}.0/24" for i in range(900)]}, "too_many_limits", "limits"),
])
def test_what_is_no_limit_is_explained(p, limits, reason, field):
    assert len(refused(p, limits, reason, field)) > 10


def test_as_many_as_may_be(p):
    made = generate(p, {"networks": [f"10.0.{i}.0/24" for i in range(127)] + ["203.0.113.9"]})
    assert len(made["limits"]["networks"]) == 128
    assert asks(p, made["token"], "/api/orders/7").status == 200


def test_a_token_loses_scopes(p):
    made = generate(p, {"networks": ["203.0.113.9"]}, ["orders:read", "orders:write"])
    assert asks(p, made["token"], "/api/orders", "POST").status == 200
    path = f"/api/v1/tokens/{made['id']}"
    answer = p.ada.call("PATCH", path, {"scopes": ["orders:read"]})
    assert (answer.status, answer.json["scopes"], answer.json["limits"]["networks"]) == (200, ["orders:read"], ["203.0.113.9/32"])
    assert asks(p, made["token"], "/api/orders", "POST").json["reason"] == "insufficient_scope"
    assert asks(p, made["token"], "/api/orders/7").status == 200
    for scopes, status, reason in ((["orders:read", "orders:write"], 409, "scope_not_held"), (["unused"], 409, "scope_not_held"),
                                   ([], 400, "scope_required"), (["orders:read", "orders:read"], 400, "duplicate_scope"), (["b\"d"], 400, "unknown_scope")):
        answer = p.ada.call("PATCH", path, {"scopes": scopes})
        assert (answer.status, answer.json["reason"]) == (status, reason)
    assert p.ada.call("PATCH", path, {"scopes": ["orders:read"], "limits": None}).json["reason"] == "unknown_field"
    p.ada.revoke(made["id"])
    assert p.ada.call("PATCH", path, {"scopes": ["orders:read"]}).json["reason"] == "token_ended"
    assert p.ada.call("PATCH", "/api/v1/tokens/" + "0" * 32, {"scopes": ["orders:read"]}).status == 404
    narrowed = [e for e in p.log() if e["event"] == "token.narrowed"]
    assert narrowed[-1]["tid"] == made["id"] and narrowed[-1]["scopes"] == "orders:read"


def test_to_the_scopes_it_has_is_no_change(p):
    made = generate(p, None, ["orders:read", "orders:write"])
    before = state(p)
    answer = p.ada.call("PATCH", f"/api/v1/tokens/{made['id']}", {"scopes": ["orders:write", "orders:read"]})
    assert (answer.status, answer.json["scopes"]) == (200, made["scopes"]) and state(p) == before


def test_nobody_narrows_anothers(p):
    made = generate(p, None)
    p.add_person("eve@acme.org", "Eve")
    eve = p.sign_in("eve@acme.org")
    assert eve.call("PATCH", f"/api/v1/tokens/{made['id']}", {"scopes": ["orders:read"]}).status == 404


def test_limits_are_there_after_a_restart_and_cannot_be_taken_off_in_the_database(p):
    kept = generate(p, {"networks": ["10.0.0.0/8"]})
    edited = generate(p, {"networks": ["10.0.0.0/8"]})
    p.stop()
    with sqlite3.connect(p.data / "patd.db") as db:
        assert db.execute("UPDATE token SET limits = '', flags = 0 WHERE lower(hex(substr(digest, 1, 16))) = ?", (edited["id"],)).rowcount == 1
    p.start()
    assert asks(p, kept["token"], "/api/orders/7").json["reason"] == "token_network"
    assert asks(p, edited["token"], "/api/orders/7").json["reason"] == "token_invalid"

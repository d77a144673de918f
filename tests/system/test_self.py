# SPDX-License-Identifier: Apache-2.0
"""What a token asks about itself, and ends: whatever its scopes and limits are, from where it may be used."""
import pytest

from edge_index import tid
from product import Product
from test_policy_command import SHOP, done, policy


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("self") / "shop.yaml"
    shop.write_text(SHOP)
    with Product() as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        yield product


def test_a_token_knows_itself(p):
    made = p.ada.generate("CI", ["file_content:read"], note="nightly")
    answer = p.get("/api/v1/self", token=made["token"])
    assert answer.status == 200
    secret = made.pop("token")
    told = answer.json
    assert told.pop("owner") == {"id": str(p.ada.id)} and told["use_count"] == 1 and told["last_used_at"]
    assert {**told, "use_count": 0, "last_used_at": None} == made
    assert told["id"] == tid(secret) and secret not in answer.body.decode()
    assert answer.headers["Pat-Expires"] == made["expires_at"] and answer.headers["Cache-Control"] == "no-cache, no-store"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("limits", [
    {"products": ["shop"]},
    {"resources": [{"product": "shop", "parameter": "order", "value": "7"}]},
    {"resources": [{"product": "files", "parameter": "file_key", "value": "x"}]},
    {"networks": ["127.0.0.0/8"]},
])
def test_whatever_it_is_limited_to(p, limits):
    made = p.ada.generate(f"limited {limits}"[:60], ["orders:read"], limits=limits)
    assert p.get("/api/v1/self", token=made["token"]).json["limits"] == made["limits"]


def test_not_from_elsewhere_and_not_too_often(p):
    away = p.ada.generate("away", limits={"networks": ["192.0.2.0/24"]})
    assert p.get("/api/v1/self", token=away["token"]).json["reason"] == "token_network"
    few = p.ada.generate("few", limits={"rate": {"requests": 1, "window_seconds": 60}})
    assert [p.get("/api/v1/self", token=few["token"]).status for _ in range(2)] == [200, 429]


def test_nobody_else(p):
    assert p.get("/api/v1/self").json["reason"] == "token_missing"
    assert p.get("/api/v1/self", token="pat_" + "0" * 49).json["reason"] == "token_invalid"
    assert p.ada.call("GET", "/api/v1/self").status == 401  # a session is no token
    for header in ("X-Pat-User", "X-Pat-Token-Id", "PAT_USER", "PAT_TOKEN_ID"):
        assert p.get("/api/v1/self", headers={header: "1"}).status == 401


def test_a_token_ends_itself(p):
    made = p.ada.generate("found on the street")
    answer = p.call("DELETE", "/api/v1/self", token=made["token"])
    assert (answer.status, answer.json["state"], answer.json["revoked_reason"]) == (200, "revoked", "owner")
    assert p.get("/v1/me", token=made["token"]).status == 401
    assert p.call("DELETE", "/api/v1/self", token=made["token"]).status == 401
    assert p.ada.call("GET", f"/api/v1/tokens/{made['id']}").json["state"] == "revoked"
    line = [e for e in p.log() if e["event"] == "token.revoked"][-1]
    assert (line["tid"], line["via"]) == (made["id"], "token")


def test_another_method(p):
    answer = p.call("POST", "/api/v1/self", {}, token=p.ada.generate("post")["token"])
    assert answer.status == 405 and set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "DELETE"}

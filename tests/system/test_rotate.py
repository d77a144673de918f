# SPDX-License-Identifier: Apache-2.0
"""Rotation: a token with another secret in the place of one, which goes on for as long as whoever uses it needs to change over."""
import threading
import time
from datetime import datetime, timezone

import pytest

from clock import Clock
from edge_site import until
from product import Product
from test_policy_command import SHOP, done, policy
from tools import as_person, ask, await_event, rows, state, together

DAY = 86400
CAN = ["current_user:read", "file_content:read"]


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("rotate") / "shop.yaml"
    shop.write_text(SHOP)
    with Product(tokens_per_hour_max=100000, tokens_live_max=500) as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        product.add_person("grace@acme.org")
        product.grace = product.sign_in("grace@acme.org")
        yield product


@pytest.fixture
def old(p, request):
    return p.ada.generate(request.node.name[:60], CAN, days=7, note="for the nightly build", limits={"networks": ["127.0.0.0/8"]})


def rotate(person, token, seconds, headers=None, **members):
    return person.call("POST", f"/api/v1/tokens/{token['id']}/rotate", {"old_ends_in_seconds": seconds, **members}, headers)


def by_token(p, maker, token, seconds, **members):
    return p.call("POST", f"/api/v1/tokens/{token['id']}/rotate", {"old_ends_in_seconds": seconds, **members}, token=maker["token"])


def accepted(p, *tokens):
    return [p.get("/v1/me", token=t["token"]).status for t in tokens]


def at(text):
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc).timestamp()


def now_of(p, token, person=None):
    return (person or p.ada).call("GET", f"/api/v1/tokens/{token['id']}").json


# ---- The two of them.

def test_both_work_until_the_old_one_ends(p, old):
    answer = rotate(p.ada, old, 3)
    new = answer.json
    assert answer.status == 201 and answer.headers["cache-control"] == "no-store"
    assert {k: new[k] for k in ("name", "note", "scopes", "limits", "state", "made_by", "replaced_by", "use_count")} == {
        **{k: old[k] for k in ("name", "note", "scopes", "limits")}, "state": "live", "made_by": None, "replaced_by": None, "use_count": 0}
    assert new["id"] != old["id"] and new["token"] != old["token"] and new["hint"][-4:] == new["token"][-4:]
    assert new["replaced"] == now_of(p, old) and "token" not in new["replaced"] and new["effective"] is True
    assert (new["replaced"]["state"], new["replaced"]["replaced_by"], new["replaced"]["revoked_reason"]) == ("live", new["id"], None)
    assert -2 <= at(new["replaced"]["expires_at"]) - (at(new["created_at"]) + 3) <= 2
    assert accepted(p, old, new) == [200, 200]
    assert [t["id"] for t in p.ada.call("GET", "/api/v1/tokens?state=live&limit=2").json["tokens"]] == [new["id"], old["id"]]
    until(lambda: accepted(p, old) == [401])
    assert time.time() >= at(new["replaced"]["expires_at"])
    assert p.get("/v1/me", token=old["token"]).json["reason"] == "token_expired"
    assert accepted(p, new) == [200] and now_of(p, old)["state"] == "expired"


def test_at_once(p, old):
    new = rotate(p.ada, old, 0).json
    assert accepted(p, old, new) == [401, 200]
    assert p.get("/v1/me", token=old["token"]).json["reason"] == "token_invalid"
    assert (new["replaced"]["state"], new["replaced"]["revoked_reason"], new["replaced"]["replaced_by"]) == ("revoked", "rotated", new["id"])


def test_it_is_told_and_recorded(p, old):
    new = rotate(p.ada, old, 60).json
    line = await_event(p, "token.rotated", lambda e: e["tid"] == old["id"])
    assert line["person"] == p.ada.id and line["by"] is None
    assert await_event(p, "token.created", lambda e: e["tid"] == new["id"])
    actions = rows(p, "SELECT action, seq FROM audit WHERE object IN (?, ?) ORDER BY id", f"token:{old['id']}", f"token:{new['id']}")
    assert actions == [("token.created", old["seq"]), ("token.created", new["seq"]), ("token.shortened", new["seq"] + 1)]
    assert rows(p, "SELECT object FROM audit WHERE action = 'token.rotated' ORDER BY id DESC LIMIT 1") == [(f"token:{old['id']} token:{new['id']}",)]
    assert new["token"] not in p.stderr() and old["token"] not in p.stderr()


def test_it_holds_after_a_restart(p, old):
    new, soon = rotate(p.ada, old, 3600).json, p.ada.generate("ends soon", CAN)
    newer = rotate(p.ada, soon, 1).json
    p.stop()
    p.start()
    assert accepted(p, old, new, newer) == [200, 200, 200]
    until(lambda: accepted(p, soon) == [401])
    assert now_of(p, old)["replaced_by"] == new["id"] and now_of(p, old)["expires_at"] == new["replaced"]["expires_at"]


def test_an_end_that_is_sooner_stays(p):
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 600))
    soon = p.ada.call("POST", "/api/v1/tokens", {"name": "ends sooner", "scopes": CAN, "expires_at": ends}).json
    new = rotate(p.ada, soon, 7 * DAY).json
    assert new["replaced"]["expires_at"] == ends
    assert 0 <= at(new["expires_at"]) - at(new["created_at"]) - (at(ends) - at(soon["created_at"])) <= 0


# ---- How long the new one lives.

def test_without_an_expiry_it_lives_as_long(p, old):
    new = rotate(p.ada, old, 60).json
    assert at(new["expires_at"]) - at(new["created_at"]) == 7 * DAY


def test_with_one_it_lives_so_long(p, old):
    assert at(rotate(p.ada, old, 60, expires_in_days=90).json["expires_at"]) - time.time() == pytest.approx(90 * DAY, abs=5)


@pytest.mark.parametrize("members, reason, field", [
    ({"expires_in_days": 91}, "expiry_too_far", "expires_in_days"),
    ({"expires_at": "2020-01-01T00:00:00Z"}, "expiry_in_past", "expires_at"),
    ({"expires_at": "soon"}, "expiry_malformed", "expires_at"),
    ({"expires_in_days": 1, "expires_at": "2027-01-01T00:00:00Z"}, "expiry_conflict", "expires_at"),
    ({"expires_at": None}, "expiry_required", "expires_at"),
    ({"old_ends_in_seconds": -1}, "bad_value", "old_ends_in_seconds"),
    ({"old_ends_in_seconds": 7 * DAY + 1}, "bad_value", "old_ends_in_seconds"),
    ({"old_ends_in_seconds": "1"}, "wrong_type", "old_ends_in_seconds"),
    ({"old_ends_in_seconds": ...}, "missing_field", "old_ends_in_seconds"),
    ({"name": "another"}, "unknown_field", "name"),
    ({"scopes": CAN}, "unknown_field", "scopes"),
])
def test_what_can_not_be_is_explained(p, old, members, reason, field):
    body = {k: v for k, v in ({"old_ends_in_seconds": 60} | members).items() if v is not ...}
    before = state(p)
    answer = p.ada.call("POST", f"/api/v1/tokens/{old['id']}/rotate", body)
    assert (answer.status, answer.json["reason"], answer.json.get("field")) == (400, reason, field)
    assert state(p) == before and accepted(p, old) == [200]


# ---- Which can be.

def test_each_once(p, old):
    new = rotate(p.ada, old, 60).json
    before = state(p)
    assert (rotate(p.ada, old, 60).status, rotate(p.ada, old, 0).json["reason"]) == (409, "token_replaced")
    assert state(p) == before
    newer = rotate(p.ada, new, 60).json
    assert accepted(p, old, new, newer) == [200] * 3
    assert [t["name"] for t in (old, new, newer)] == [old["name"]] * 3
    # The old one can be revoked at any time, and takes none of the others along.
    p.ada.revoke(old["id"])
    assert accepted(p, old, new, newer) == [401, 200, 200]


def test_of_many_at_once_one(p, old):
    answers = together(8, lambda i: rotate(p.ada, old, 60 * (i % 2)))
    assert sorted(a.status for a in answers) == [201] + [409] * 7
    assert {a.json["reason"] for a in answers if a.status == 409} == {"token_replaced"}
    [made] = [a.json for a in answers if a.status == 201]
    assert now_of(p, old)["replaced_by"] == made["id"] and accepted(p, made) == [200]


def test_none_that_has_ended_and_nobody_elses(p, old):
    p.ada.revoke(old["id"])
    assert (rotate(p.ada, old, 0).status, rotate(p.ada, old, 0).json["reason"]) == (409, "token_ended")
    other = p.grace.generate("hers", CAN)
    assert rotate(p.ada, other, 0).status == rotate(p.ada, {"id": "0" * 32}, 0).status == 404
    assert accepted(p, other) == [200]


def test_one_that_is_narrowed_meanwhile_is_rotated_as_it_is_then(p):
    """However they meet, the new one has no scope that the old one has lost."""
    for i in range(10):
        wide = p.ada.generate(f"narrowed meanwhile {i}", CAN)
        gate, answers = threading.Barrier(2), {}

        def both(what, wide=wide, gate=gate, answers=answers):
            gate.wait()
            path = f"/api/v1/tokens/{wide['id']}"
            answers[what] = p.ada.call("PATCH", path, {"scopes": CAN[:1]}) if what == "narrow" else rotate(p.ada, wide, 60)
        threads = [threading.Thread(target=both, args=(what,)) for what in ("narrow", "rotate")]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        rotated = answers["rotate"]
        assert answers["narrow"].status == 200
        if rotated.status == 201 and rotated.json["scopes"] == CAN:  # it came first
            assert rotated.json["seq"] < answers["narrow"].json["seq"]
        elif rotated.status == 201:
            assert rotated.json["scopes"] == CAN[:1]
        else:
            assert (rotated.status, rotated.json["reason"]) == (409, "scope_not_held")


def test_a_scope_that_is_gone(p, tmp_path):
    (tmp_path / "gone.yaml").write_text(SHOP.replace("orders:write", "orders:gone"))
    done(policy(p, "import", "gone", tmp_path / "gone.yaml"))
    had = p.ada.generate("had it", ["orders:read", "orders:gone"])
    done(policy(p, "remove", "gone"))
    answer = rotate(p.ada, had, 60)
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, "unknown_scope", "scopes")
    assert "orders:gone" in answer.json["detail"] and now_of(p, had)["replaced_by"] is None


def test_the_one_replaced_does_not_count(tmp_path):
    with Product(tmp_path, tokens_live_max=2) as p:
        ada = p.set_up()
        one, _ = ada.generate("one"), ada.generate("two")
        new = rotate(ada, one, 60).json
        assert new["state"] == "live"
        # With the old one there are as many beside it as there may be; at once there are no more than before.
        assert rotate(ada, new, 60).json["reason"] == "token_limit_reached"
        newer = rotate(ada, new, 0)
        assert newer.status == 201
        ada.revoke(one["id"])
        assert rotate(ada, newer.json, 60).status == 201


def test_what_was_made_in_its_place_is_no_more(p, old):
    lost = rotate(p.ada, old, 3600).json
    p.ada.revoke(lost["id"])
    new = rotate(p.ada, old, 60).json
    assert accepted(p, old, lost, new) == [200, 401, 200] and now_of(p, old)["replaced_by"] == new["id"]
    assert new["replaced"]["expires_at"] < lost["replaced"]["expires_at"]


def test_without_room_for_the_new_one_the_old_one_stays(tmp_path):
    with Product(tmp_path, tokens_total_max=1024, tokens_live_max=5000, tokens_per_hour_max=100000) as p:
        ada = p.set_up()
        first = ada.generate("first")
        for i in range(2000):
            answer = ada.call("POST", "/api/v1/tokens", {"name": f"t{i}", "scopes": CAN, "expires_in_days": 1})
            if answer.status != 201:
                break
        assert answer.json["reason"] == "storage_full"
        for seconds in (0, 60):
            answer = rotate(ada, first, seconds)
            assert (answer.status, answer.json["reason"]) == (503, "storage_full")
        assert accepted(p, first) == [200] and now_of(p, first, ada)["replaced_by"] is None


def test_as_many_in_an_hour_as_are_generated(tmp_path):
    with Product(tmp_path, tokens_per_hour_max=2) as p:
        ada = p.set_up()
        new = rotate(ada, ada.generate("one"), 0).json
        answer = rotate(ada, new, 0)
        assert answer.status == 429 and int(answer.headers["retry-after"]) > 0 and accepted(p, new) == [200]


def test_the_same_request_again(p, old):
    key = {"Idempotency-Key": "rotate-once"}
    first, again = rotate(p.ada, old, 60, key), rotate(p.ada, old, 60, key)
    assert (first.status, again.status) == (201, 200) and "token" not in again.json
    assert again.json == {k: v for k, v in first.json.items() if k != "token"}
    other = p.ada.generate("with the same key", CAN)
    assert rotate(p.ada, other, 60, key).json["reason"] == "idempotency_conflict"
    assert rotate(p.ada, old, 61, key).json["reason"] == "idempotency_conflict"


def test_a_recent_sign_in(tmp_path):
    """TOK-10: as for generating."""
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env, token_fresh_sign_in_minutes=10) as p:
        ada = p.set_up()
        one = ada.generate("one")
        clock.set(601)
        before = state(p)
        answer = rotate(ada, one, 0)
        assert (answer.status, answer.json["reason"]) == (403, "reauthentication_required") and state(p) == before
        assert rotate(p.sign_in(), one, 0).status == 201


# ---- By tokens.

@pytest.fixture
def manager(p, request):
    return p.grace.generate(request.node.name[:60], ["tokens:read", "tokens:write", "file_content:read"], limits={"products": ["patd", "files"]})


def test_a_token_rotates_what_it_has_made(p, manager):
    made = p.call("POST", "/api/v1/tokens", {"name": f"made in {manager['name']}"[:60], "scopes": ["file_content:read"], "expires_in_days": 1}, token=manager["token"]).json
    answer = by_token(p, manager, made, 60)
    assert answer.status == 201 and answer.json["made_by"] == manager["id"] and answer.json["limits"] == made["limits"]
    p.grace.revoke(manager["id"])
    assert now_of(p, answer.json, p.grace)["revoked_reason"] == "maker_revoked"


def test_a_token_rotates_itself_and_lives_no_longer_for_it(p, manager):
    answer = by_token(p, manager, manager, 0)
    assert answer.status == 201, answer
    new = answer.json
    assert (new["made_by"], new["expires_at"]) == (manager["id"], manager["expires_at"])
    assert p.get("/api/v1/tokens", token=manager["token"]).status == 401
    assert p.get("/api/v1/tokens", token=new["token"]).status == 200
    assert by_token(p, new, new, 60, expires_in_days=90).json["reason"] == "beyond_token"


@pytest.mark.parametrize("seconds", [0, 600])
def test_who_revokes_a_leaked_token_ends_what_it_has_put_in_its_place(p, manager, seconds):
    """However often it has replaced itself, and whether or not it has ended already."""
    leaked = manager
    heirs = [leaked]
    for _ in range(3):
        heirs.append(by_token(p, heirs[-1], heirs[-1], seconds).json)
    assert p.get("/api/v1/tokens", token=heirs[-1]["token"]).status == 200
    assert p.grace.revoke(leaked["id"]).status == 200
    assert [p.get("/api/v1/tokens", token=t["token"]).status for t in heirs] == [401] * 4


def test_it_gets_no_limits_that_the_old_one_has_not(p, manager):
    free = p.grace.generate(f"free of {manager['name']}"[:60], ["file_content:read"])
    answer = by_token(p, manager, free, 60)
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (403, "beyond_token", "limits")
    assert now_of(p, free, p.grace)["replaced_by"] is None


def test_none_that_has_more_and_not_what_made_it(p, manager):
    wider = p.grace.generate(f"wider than {manager['name']}"[:60], CAN)
    assert by_token(p, manager, wider, 60).json["reason"] == "beyond_token"
    child = p.call("POST", "/api/v1/tokens", {"name": f"child of {manager['name']}"[:60], "scopes": ["tokens:read", "tokens:write", "file_content:read"], "expires_in_days": 1},
                   token=manager["token"]).json
    below = p.call("POST", "/api/v1/tokens", {"name": f"below {manager['name']}"[:60], "scopes": ["tokens:write"], "expires_in_days": 1}, token=child["token"]).json
    before = state(p)
    for maker in (child, below):
        assert by_token(p, maker, manager, 60).json["reason"] == by_token(p, maker, manager, 0).json["reason"] == "beyond_token"
    assert state(p) == before


def test_what_it_has_made_ends_with_it(p, manager):
    made = p.call("POST", "/api/v1/tokens", {"name": f"made in {manager['name']}"[:60], "scopes": ["file_content:read"], "expires_in_days": 1}, token=manager["token"]).json
    new = rotate(p.grace, manager, 2).json
    assert now_of(p, made, p.grace)["expires_at"] == new["replaced"]["expires_at"]
    assert now_of(p, made, p.grace)["replaced_by"] is None
    until(lambda: p.get("/v1/files/x", token=made["token"]).json.get("reason") == "token_expired")


def test_without_the_scope_for_it(p):
    reader = p.grace.generate("only reads tokens", ["tokens:read"])
    assert by_token(p, reader, reader, 0).json["reason"] == "insufficient_scope"


def test_nobody_does_it_from_elsewhere(p, old):
    """WEB-06: not without the session's CSRF token, and not for another site's page."""
    path, body = f"/api/v1/tokens/{old['id']}/rotate", {"old_ends_in_seconds": 0}
    for headers in ([h for h in as_person(p.ada) if h[0] != "X-CSRF-Token"], as_person(p.ada, [("Origin", "https://evil.example")])):
        assert ask(p, "POST", path, headers, body).status == 403
    assert accepted(p, old) == [200]

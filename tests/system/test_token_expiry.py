# SPDX-License-Identifier: Apache-2.0
"""When a token ends: to the second, within the operator's limit, and whatever the clock does afterwards."""
import datetime
import email.utils
import time

import pytest

from clock import Clock
from product import Product
from tools import SCOPE, await_event, events, rows


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def create(person, name, **expiry):
    return person.call("POST", "/api/v1/tokens", {"name": name, "scopes": [SCOPE], **expiry})


def edge_time(answer):
    return email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()


def sleep_until(moment):
    time.sleep(max(0, moment - time.time()))


def test_a_token_ends_at_its_second(shared):
    """TOK-05: accepted before expires_at, refused from it on, and told that it has expired."""
    end = int(time.time()) + 2
    token = create(shared.ada, "two seconds", expires_at=utc(end)).json
    assert token["expires_at"] == utc(end)
    accepted = refused = 0
    while time.time() < end + 3 and refused < 20:
        before = time.time()
        answer = shared.get("/v1/me", token=token["token"])
        after = time.time()
        if after < end:
            assert answer.status == 200, (before - end, answer)
            accepted += 1
        elif before >= end:
            assert (answer.status, answer.json["reason"]) == (401, "token_expired"), (before - end, answer)
            refused += 1
        time.sleep(0.005)
    assert accepted > 10 and refused > 10
    assert shared.ada.call("GET", f"/api/v1/tokens/{token['id']}").json["state"] == "expired"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_the_end_lies_within_the_policy(shared):
    """TOK-06: every token has an end, at most 90 days away; "never" only where the operator allows it."""
    now = time.time()
    table = [
        ({}, "expiry_required"),
        ({"expires_at": None}, "expiry_required"),
        ({"expires_in_days": 91}, "expiry_too_far"),
        ({"expires_in_days": 10**15}, "expiry_too_far"),
        ({"expires_in_days": 0}, "expiry_in_past"),
        ({"expires_in_days": -1}, "expiry_in_past"),
        ({"expires_at": utc(now + 91 * 86400)}, "expiry_too_far"),
        ({"expires_at": utc(now - 1)}, "expiry_in_past"),
        ({"expires_at": "1970-01-01T00:00:00Z"}, "expiry_in_past"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, "expiry_too_far"),
        ({"expires_at": "never"}, "expiry_malformed"),
        ({"expires_at": "2027-02-30T00:00:00Z"}, "expiry_malformed"),
        ({"expires_at": ""}, "expiry_malformed"),
        ({"expires_at": utc(now + 86400), "expires_in_days": 1}, "expiry_conflict"),
        ({"expires_in_days": "30"}, "wrong_type"),
        ({"expires_in_days": 1.5}, "wrong_type"),
        ({"expires_in_days": None}, "wrong_type"),
    ]
    count = rows(shared, "SELECT count(*) FROM token")
    for expiry, reason in table:
        answer = create(shared.ada, "never made", **expiry)
        assert (answer.status, answer.json["reason"]) == (400, reason), (expiry, answer)
        assert answer.json["field"] in ("expires_at", "expires_in_days")
    assert rows(shared, "SELECT count(*) FROM token") == count
    longest = create(shared.ada, "the longest", expires_in_days=90).json
    assert longest["expires_at"] == utc(datetime.datetime.fromisoformat(longest["created_at"]).timestamp() + 90 * 86400)


def test_never_where_the_operator_allows_it(tmp_path):
    """TOK-06: token_never_allowed, and only asked for by name: leaving the expiry out is still refused."""
    with Product(tmp_path, token_never_allowed="yes", token_expires_days_max=7, token_expires_days_default=3) as p:
        ada = p.set_up()
        assert create(ada, "forgotten").json["reason"] == "expiry_required"
        token = create(ada, "for ever", expires_at=None).json
        assert token["expires_at"] is None
        assert p.get("/v1/me", token=token["token"]).status == 200
        assert create(ada, "eight days", expires_in_days=8).json["reason"] == "expiry_too_far"
        policy = ada.call("GET", "/api/v1/scopes").json["policy"]
        assert policy == {"expires_in_days_max": 7, "expires_in_days_default": 3, "never_allowed": True, "live_tokens_max": 50, "api_docs_url": None}


def test_its_expiry_is_logged(tmp_path):
    """LOG-01: a token's expiry is an event of its own, once, with the token's id; also when it came while patd was away."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        end = int(time.time()) + 1
        token, other = (create(ada, str(i), expires_at=utc(end + i)).json for i in (1, 2))
        sleep_until(end + 1.1)
        p.stop()
        assert [e["tid"] for e in events(p, "token.expired")] == [token["id"]]
        sleep_until(end + 2.1)
        p.start()
        p.stop()
        assert [(e["tid"], e["person"]) for e in events(p, "token.expired")] == [(token["id"], "1"), (other["id"], "1")]


def test_what_ended_is_listed_for_30_days(tmp_path):
    """A token that expired or was revoked stays in the list for 30 days from then; the audit records keep it."""
    clock = Clock(tmp_path)
    day = 86400
    with Product(tmp_path, env=clock.env, session_idle_hours=8000, session_max_days=365) as p:
        ada = p.set_up()
        for name, days in (("expires soon", 1), ("expires late", 90), ("revoked", 90)):
            ada.generate(name, days=days)
        revoked = next(t for t in ada.call("GET", "/api/v1/tokens").json["tokens"] if t["name"] == "revoked")
        ada.revoke(revoked["id"])

        def listed(query=""):
            return {t["name"]: t["state"] for t in ada.call("GET", "/api/v1/tokens" + query).json["tokens"]}

        clock.set(30 * day - 60)
        assert listed() == {"expires soon": "expired", "expires late": "live", "revoked": "revoked"}
        clock.set(30 * day + 60)
        assert listed() == {"expires soon": "expired", "expires late": "live"}
        clock.set(31 * day + 60)
        assert listed() == {"expires late": "live"} and listed("?state=ended") == {}
        assert ada.call("GET", f"/api/v1/tokens/{revoked['id']}").json["state"] == "revoked"
        assert rows(p, "SELECT count(*) FROM audit WHERE object = ?", f"token:{revoked['id']}") == [(2,)]


def test_a_clock_set_back_brings_nothing_back(tmp_path):
    """TOK-05: the clock of a running patd goes back by an hour; an expired token stays refused, and /readyz says why it
    is not ready."""
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env) as p:
        ada = p.set_up()
        kept = ada.generate("kept")
        end = int(time.time()) + 2
        token = create(ada, "short", expires_at=utc(end)).json["token"]
        assert p.get("/v1/me", token=token).status == 200
        sleep_until(end + 1.2)  # housekeeping has put this second into the index's floor
        assert p.get("/v1/me", token=token).status == 401
        clock.set(-3600)
        time.sleep(1.1)  # nginx looks at the clock when something happens
        assert edge_time(p.get("/livez")) < time.time() - 3500
        for _ in range(30):
            assert p.get("/v1/me", token=token).status == 401
            assert p.get("/v1/me", token=kept["token"]).status == 200
            time.sleep(0.05)
        ready = p.get("/readyz")
        assert (ready.status, ready.json) == (503, {"status": "not_ready", "reasons": ["clock"]})
        assert await_event(p, "health.not_ready")["reason"].startswith("clock: the wall clock is 3")
        assert ada.generate("made meanwhile")["created_at"] >= utc(end)  # time does not go back in records either
        clock.set(0)
        assert p.get("/readyz").status == 200


@pytest.mark.parametrize("end_of_run", ["stopped", "killed"])
def test_a_restart_with_the_clock_set_back(tmp_path, end_of_run):
    """TOK-05: the same when patd and nginx are started again an hour in the past: after a clean stop, which takes the index
    away as a restart of the machine does, the database remembers; after a kill, the index."""
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env) as p:
        ada = p.set_up()
        end = int(time.time()) + 2
        token = create(ada, "short", expires_at=utc(end)).json["token"]
        sleep_until(end + 1.2)
        assert p.get("/v1/me", token=token).json["reason"] == "token_expired"
        if end_of_run == "stopped":
            assert p.stop() == 0
        else:
            p.kill()
            p.end_edge()
        clock.set(-3600)
        p.start()
        answer = p.get("/v1/me", token=token)
        assert answer.json["reason"] == "token_expired"
        assert edge_time(answer) < time.time() - 3500  # the edge does live in the past
        assert p.get("/readyz").json == {"status": "not_ready", "reasons": ["clock"]}

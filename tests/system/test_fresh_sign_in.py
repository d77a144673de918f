# SPDX-License-Identifier: Apache-2.0
"""TOK-10: where the operator wants it, generating a token takes a recent sign-in, or the password again."""
import pytest

from product import PASSWORD, Person, Product
from test_token_expiry import Clock
from tools import SCOPE, await_event, rows

MINUTE = 60


def generate(person, name, **kw):
    return person.call("POST", "/api/v1/tokens", {"name": name, "scopes": [SCOPE], "expires_in_days": 1, **kw})


def prove(person, password=PASSWORD):
    return person.call("POST", "/api/v1/session/proof", {"password": password})


def proven(person):
    """The same browser with the cookie and the CSRF token that a proof gave it."""
    answer = prove(person)
    assert answer.status == 200, answer
    return Person(person.product, answer.headers["Set-Cookie"].split(";")[0], answer.json)


@pytest.fixture
def timed(tmp_path):
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env, token_fresh_sign_in_minutes=10, session_idle_hours=100) as p:
        yield p, clock


def test_any_session_does_unless_the_operator_says_otherwise(tmp_path):
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env) as p:
        ada = p.set_up()
        clock.set(60 * 60 * 48)
        assert generate(ada, "two days later").status == 201


def test_a_sign_in_is_fresh_for_so_many_minutes(timed):
    """To the second (give or take the one that passes meanwhile); the refusal has a reason of its own and changes nothing; the
    proof makes it good; and then the time runs again."""
    p, clock = timed
    ada = p.set_up()
    assert generate(ada, "at once").status == 201
    clock.set(10 * MINUTE - 5)
    assert generate(ada, "just in time").status == 201
    clock.set(10 * MINUTE + 5)
    before = rows(p, "SELECT count(*) FROM token"), rows(p, "SELECT count(*) FROM audit")
    refused = generate(ada, "too late")
    assert (refused.status, refused.json["reason"]) == (403, "reauthentication_required")
    assert "field" not in refused.json
    assert (rows(p, "SELECT count(*) FROM token"), rows(p, "SELECT count(*) FROM audit")) == before
    assert ada.call("GET", "/api/v1/session").status == 200  # it goes on otherwise

    ada = proven(ada)
    assert generate(ada, "too late").status == 201
    clock.set(20 * MINUTE)
    assert generate(ada, "in time again").status == 201
    clock.set(20 * MINUTE + 10)
    assert generate(ada, "late again").json["reason"] == "reauthentication_required"
    assert generate(p.sign_in(), "signed in anew").status == 201


def test_what_is_wrong_with_the_request_is_told_first(timed):
    """Nobody types a password for a form that will be refused all the same. Revoking never asks for one."""
    p, clock = timed
    ada = p.set_up()
    token = generate(ada, "to be revoked").json
    clock.set(11 * MINUTE)
    assert generate(ada, "").json["reason"] == "name_required"
    assert generate(ada, "x", scopes=["no:such"]).json["reason"] == "unknown_scope"
    assert generate(ada, "x", expires_in_days=1000).json["reason"] == "expiry_too_far"
    assert ada.revoke(token["id"]).status == 200
    assert ada.call("POST", "/api/v1/tokens/revoke", {"all": True}).status == 200


def test_a_retry_asks_too(timed):
    """A repeated request tells of the earlier token only after the proof; then it is the same one, without its text."""
    p, clock = timed
    ada = p.set_up()
    key = {"Idempotency-Key": "k"}
    body = {"name": "once", "scopes": [SCOPE], "expires_in_days": 1}
    made = ada.call("POST", "/api/v1/tokens", body, key).json
    clock.set(11 * MINUTE)
    assert ada.call("POST", "/api/v1/tokens", body, key).json["reason"] == "reauthentication_required"
    again = proven(ada).call("POST", "/api/v1/tokens", body, key)
    assert (again.status, again.json["id"]) == (200, made["id"]) and "token" not in again.json


def test_a_clock_set_back_makes_nothing_fresh(timed):
    p, clock = timed
    ada = p.set_up()
    clock.set(11 * MINUTE)
    assert generate(ada, "late").status == 403
    clock.set(0)
    assert generate(ada, "late").json["reason"] == "reauthentication_required"


def test_a_new_password_is_a_proof(timed):
    p, clock = timed
    ada = p.set_up()
    clock.set(11 * MINUTE)
    answer = ada.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": "another horse battery wagon"})
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    assert generate(Person(p, cookie, {**ada.session, **answer.json}), "after the change").status == 201


def test_the_proof_renews_cookie_and_csrf_token(product):
    """SES-02: what was seen before the proof is worth nothing after it. (It may be given where nobody asked for it.)"""
    ada = product.set_up()
    other = product.sign_in()
    fresh = proven(ada)
    assert fresh.cookie != ada.cookie and fresh.csrf != ada.csrf and fresh.id == ada.id
    assert ada.call("GET", "/api/v1/session").status == 401
    stolen = Person(product, fresh.cookie, ada.session)
    assert generate(stolen, "x").json["reason"] == "csrf_token_invalid"
    assert generate(fresh, "x").status == 201
    sessions = fresh.call("GET", "/api/v1/sessions").json["sessions"]
    assert len(sessions) == 2 and [s["current"] for s in sessions].count(True) == 1  # one in the other's place
    assert other.call("GET", "/api/v1/session").status == 200
    cookie = prove(fresh).headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie


def test_a_wrong_password_proves_nothing(timed):
    """The session stays as stale as it was. Attempts count together with sign-ins (AUT-04)."""
    p, clock = timed
    ada = p.set_up()
    clock.set(11 * MINUTE)
    for password in ("", "wrong wrong wrong", PASSWORD + "\0", PASSWORD[:-1], "x" * 10000):
        answer = prove(ada, password)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (401, "wrong_credentials", "password"), answer
        assert "Set-Cookie" not in answer.headers
    assert generate(ada, "x").json["reason"] == "reauthentication_required"
    waiting = prove(ada)
    assert (waiting.status, waiting.json["reason"]) == (429, "too_many_attempts") and int(waiting.headers["Retry-After"]) > 0
    assert p.call("POST", "/api/v1/session", {"email": "ada@acme.org", "password": PASSWORD}).status == 429
    assert [await_event(p, e)["person"] for e in ("proof.failed", "proof.throttled")] == [ada.id] * 2
    for body, reason in (({}, "missing_field"), ({"password": 1}, "wrong_type"), ({"password": "x", "email": "x"}, "unknown_field")):
        assert ada.call("POST", "/api/v1/session/proof", body).json["reason"] == reason
    assert PASSWORD not in p.stderr()

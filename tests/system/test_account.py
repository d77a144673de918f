# SPDX-License-Identifier: Apache-2.0
"""One's own name and email address: changed by their owner, the address with the password, everything recorded."""
import threading
import time

import pytest

from product import PASSWORD, Product
from tools import await_event, edit, rows, state


def audit(product, person, n):
    """The last records of what was done to a person: (action, actor, address)."""
    return rows(product, "SELECT action, actor, address FROM audit WHERE object = ? ORDER BY id DESC LIMIT ?", f"person:{person.id}", n)


class Member:
    """Somebody with an account of his own for one test."""
    made = 0

    def __init__(self, product, name="Grace"):
        Member.made += 1
        self.product, self.email = product, f"member{Member.made}@acme.org"
        product.add_person(self.email, name)
        self.person = product.sign_in(self.email)
        self.id = self.person.id

    def change(self, **fields):
        return self.person.call("PATCH", "/api/v1/me", fields)

    @property
    def now(self):
        person = self.person.call("GET", "/api/v1/session").json["person"]
        return person["name"], person["email"]


@pytest.fixture
def grace(shared):
    return Member(shared)


def test_a_name_is_changed(shared, grace):
    """The new name is everywhere at once, also where one is signed in elsewhere, and behind tokens; it is recorded and logged."""
    elsewhere = shared.sign_in(grace.email)
    token = grace.person.generate("hers")["token"]
    answer = grace.change(name="  Gráce Hopper 🚀 ")
    assert (answer.status, answer.json) == (200, elsewhere.call("GET", "/api/v1/session").json["person"])
    assert (answer.json["id"], answer.json["name"], answer.json["email"]) == (grace.id, "Gráce Hopper 🚀", grace.email)
    assert shared.get("/v1/me", token=token).json["handle"] == "Gráce Hopper 🚀"
    assert audit(shared, grace, 1) == [("person.renamed", int(grace.id), "127.0.0.1")]
    event = await_event(shared, "person.renamed", lambda e: e["person"] == grace.id)
    assert event["address"] == "127.0.0.1" and event["request_id"] and "Hopper" not in str(event)
    assert shared.call("GET", "/api/v1/session", headers={"Cookie": grace.person.cookie}).headers["Cache-Control"] == "no-store"


def test_an_email_is_changed(shared, grace):
    """One signs in with the new address and no longer with the old one; sessions and tokens go on; its case can be changed."""
    elsewhere = shared.sign_in(grace.email)
    token = grace.person.generate("hers")["token"]
    for new in (f"new-{grace.email}", f"NEW-{grace.email}"):
        answer = grace.change(email=new, current_password=PASSWORD)
        assert (answer.status, answer.json["email"]) == (200, new)
        assert audit(shared, grace, 1) == [("person.email_changed", int(grace.id), "127.0.0.1")]
    await_event(shared, "person.email_changed", lambda e: e["person"] == grace.id)
    assert elsewhere.call("GET", "/api/v1/session").json["person"]["email"] == new
    assert shared.get("/v1/me", token=token).json["email"] == new
    assert shared.call("POST", "/api/v1/session", {"email": grace.email, "password": PASSWORD}).status == 401
    shared.sign_in(new)
    listed = shared.patd("user", "list").stdout
    assert new in listed and grace.email not in listed.replace(new, "")


def test_both_change_or_neither(shared, grace):
    assert grace.change(name="Both", email=f"both-{grace.email}", current_password=PASSWORD).status == 200
    assert grace.now == ("Both", f"both-{grace.email}")
    assert {a for a, *_ in audit(shared, grace, 2)} == {"person.renamed", "person.email_changed"}
    before = state(shared)
    for answer in (grace.change(name="Not", email="ADA@acme.org", current_password=PASSWORD), grace.change(name="Not", email="new@acme.org"),
                   grace.change(name="Not", email="new@acme.org", current_password="wrong"), grace.change(name="", email="new@acme.org")):
        assert answer.status in (400, 401, 409)
    assert state(shared) == before


@pytest.mark.parametrize("fields, status, reason, field", [
    ({"name": ""}, 400, "name_required", "name"),
    ({"name": "   "}, 400, "name_required", "name"),
    ({"name": "x" * 101}, 400, "name_too_long", "name"),
    ({"name": "🚀" * 101}, 400, "name_too_long", "name"),
    ({"name": "a\nb"}, 400, "name_bad_characters", "name"),
    ({"name": "a\u0000b"}, 400, "name_bad_characters", "name"),
    ({"name": "a\u202eb"}, 400, "name_bad_characters", "name"),
    ({"name": None}, 400, "wrong_type", "name"),
    ({"name": 7}, 400, "wrong_type", "name"),
    ({"email": ""}, 400, "email_malformed", "email"),
    ({"email": "grace"}, 400, "email_malformed", "email"),
    ({"email": "grace@"}, 400, "email_malformed", "email"),
    ({"email": "a b@acme.org"}, 400, "email_malformed", "email"),
    ({"email": "x@" + "y" * 253}, 400, "email_malformed", "email"),
    ({"email": "a\u0000@acme.org"}, 400, "email_malformed", "email"),
    ({"email": "other@acme.org"}, 400, "missing_field", "current_password"),
    ({"email": "other@acme.org", "current_password": ""}, 401, "wrong_credentials", "current_password"),
    ({"email": "other@acme.org", "current_password": PASSWORD[:-1]}, 401, "wrong_credentials", "current_password"),
    ({"email": "other@acme.org", "current_password": PASSWORD + "\0"}, 401, "wrong_credentials", "current_password"),
    ({"email": "ada@acme.org", "current_password": PASSWORD}, 409, "email_taken", "email"),
    ({"email": "Ada@ACME.org", "current_password": PASSWORD}, 409, "email_taken", "email"),
    ({"email": "other@acme.org", "current_password": None}, 400, "wrong_type", "current_password"),
], ids=lambda v: str(v)[:40])
def test_each_refusal_names_its_cause_and_field(shared, grace, fields, status, reason, field):
    before = state(shared)
    answer = grace.change(**fields)
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (status, reason, field), answer
    assert len(answer.json["detail"]) > 10 and state(shared) == before


@pytest.mark.parametrize("same", [{}, {"name": "Grace"}, {"name": " Grace "}, {"current_password": "not looked at"}])
def test_what_stays_the_same_leaves_no_record(shared, grace, same):
    """Asking for what is so already takes no password and changes nothing."""
    before = state(shared)
    assert grace.change(**same).status == 200
    assert grace.change(email=grace.email).status == 200
    assert state(shared) == before


def test_guessing_the_password_from_a_session(shared):
    """AUT-04: somebody at an unlocked screen gets as many tries as at sign-in, and then the right one does not help either."""
    victim = Member(shared)
    statuses = [victim.change(email="thief@acme.org", current_password=f"guess number {i}").status for i in range(9)]
    assert statuses[:5] == [401] * 5 and 429 in statuses[5:7], statuses
    refused = victim.change(email="thief@acme.org", current_password=PASSWORD)
    assert (refused.status, refused.json["reason"]) == (429, "too_many_attempts") and 0 < int(refused.headers["Retry-After"]) <= 900
    assert victim.now == ("Grace", victim.email)
    assert victim.change(name="Still free").status == 200


def test_a_proof_is_worth_nothing_once_the_password_was_reset(tmp_path):
    """REV-07: an operator resets the password while somebody who knows the old one is changing the address with it: the change
    does not happen."""
    with Product(tmp_path, argon2_memory_kib=65536, argon2_passes=20) as p:
        ada = p.set_up()
        phc, = rows(p, "SELECT password FROM person WHERE id = 1")[0]
        answers = []
        thief = threading.Thread(target=lambda: answers.append(
            ada.call("PATCH", "/api/v1/me", {"email": "thief@acme.org", "current_password": PASSWORD})))
        thief.start()
        time.sleep(0.3)
        edit(p, "UPDATE person SET password = ? WHERE id = 1", phc[:-1] + ("A" if phc[-1] != "A" else "B"))
        thief.join()
        assert (answers[0].status, answers[0].json["reason"]) == (401, "wrong_credentials"), answers
        assert rows(p, "SELECT email FROM person") == [("ada@acme.org",)]


def test_so_many_changes_in_an_hour(shared):
    """API-04: each change is a record for ever, so their number is bounded; what was refused does not count."""
    busy = Member(shared)
    assert {busy.change(name="").status for _ in range(30)} == {400}
    statuses = [busy.change(name=f"Name {i}").status for i in range(101)]
    assert statuses == [200] * 100 + [429]
    assert 0 < int(busy.change(name="x").headers["Retry-After"]) <= 3600


def test_hostile_names_come_out_as_they_went_in(shared):
    """WEB-07: markup is text, in the answer and in the product's."""
    member = Member(shared)
    token = member.person.generate("his")["token"]
    for name in ("<script>alert(1)</script>", '"><img src=x>', "'; DROP TABLE person; --", "Ünï ⁠çødé"):
        assert member.change(name=name).json["name"] == name
        assert shared.get("/v1/me", token=token).json["handle"] == name

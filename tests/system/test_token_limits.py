# SPDX-License-Identifier: Apache-2.0
"""What may be generated: known scopes, named tokens, as many as are allowed, once per request."""
import random


from product import Product
from tools import SCOPE, rows, together


def create(person, name="a token", headers=None, **body):
    body = {"name": name, "scopes": [SCOPE], "expires_in_days": 7, **body}
    return person.call("POST", "/api/v1/tokens", {k: v for k, v in body.items() if v is not ...}, headers)


def test_scopes_are_given_by_name_and_none_by_default(shared):
    """TOK-07: no default scope, no wildcard, no unknown scope, nothing twice."""
    before = rows(shared, "SELECT count(*) FROM token")
    table = [
        ([], "scope_required"), (..., "missing_field"), (None, "wrong_type"), (SCOPE, "wrong_type"), ([SCOPE, 7], "wrong_type"),
        (["*"], "unknown_scope"), (["files:*"], "unknown_scope"), (["CURRENT_USER:READ"], "unknown_scope"),
        ([SCOPE + " "], "unknown_scope"), ([SCOPE + " files:read"], "unknown_scope"), ([""], "unknown_scope"),
        (["admin"], "unknown_scope"), ([SCOPE, "nonsense:read"], "unknown_scope"), ([SCOPE + "\0"], "unknown_scope"),
        ([SCOPE, SCOPE], "duplicate_scope"), (["x"] * 5000, "too_many_scopes"),
    ]
    for scopes, reason in table:
        answer = create(shared.ada, scopes=scopes)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, "scopes"), (scopes, answer)
    assert rows(shared, "SELECT count(*) FROM token") == before


def test_a_token_has_exactly_the_scopes_chosen(shared):
    """TOK-07: over random choices, granted is what was asked for, in the answer, in the list and at the gate."""
    known = [s["scope"] for s in shared.ada.call("GET", "/api/v1/scopes").json["scopes"] if s["product"] == "files"]
    for i in range(20):
        chosen = random.sample(known, random.randint(1, len(known)))
        token = shared.ada.generate(f"random {i}", chosen)
        assert sorted(token["scopes"]) == sorted(chosen)
        verdict = shared.get("/verify", token=token["token"])
        assert sorted(verdict.headers["X-Pat-Scopes"].split()) == sorted(chosen)
        assert shared.get("/v1/me", token=token["token"]).status == (200 if SCOPE in chosen else 403)


def test_names(shared):
    """TOK-11: 1 to 64 characters, one line, unique among one's live tokens."""
    table = [
        ("", "name_required"), ("   ", "name_required"), ("x" * 65, "name_too_long"), ("é" * 65, "name_too_long"),
        ("a\nb", "name_bad_characters"), ("a\0b", "name_bad_characters"), ("\x1b[31m", "name_bad_characters"),
        ("\u202egnp.exe", "name_bad_characters"), ("\u0085", "name_bad_characters"), (7, "wrong_type"), (None, "wrong_type"),
        (..., "missing_field"),
    ]
    for name, reason in table:
        answer = create(shared.ada, name=name)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, "name"), (name, answer)
    assert create(shared.ada, name="  " + "😀" * 64 + " ").json["name"] == "😀" * 64
    assert create(shared.ada, name="twice").status == 201
    assert create(shared.ada, name="twice").json["reason"] == "name_taken"


def test_notes(shared):
    """A note is optional, one line of at most 200 characters, and comes back as it was."""
    table = [("x" * 201, "note_too_long"), ("é" * 201, "note_too_long"), ("a\nb", "note_bad_characters"), ("a\0b", "note_bad_characters"),
             ("\u202egnp.exe", "note_bad_characters"), (7, "wrong_type"), (None, "wrong_type"), ([], "wrong_type")]
    for note, reason in table:
        answer = create(shared.ada, "never made", note=note)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, "note"), (note, answer)
    for i, (note, kept) in enumerate([(..., ""), ("", ""), ("   ", ""), (" <b>&amp; nightly ", "<b>&amp; nightly"), ("😀" * 200, "😀" * 200)]):
        token = create(shared.ada, f"noted {i}", note=note).json
        assert token["note"] == kept
        assert shared.ada.call("GET", f"/api/v1/tokens/{token['id']}").json["note"] == kept
        assert shared.ada.revoke(token["id"]).json["note"] == kept


def test_the_cap_holds_under_parallel_requests(tmp_path):
    """TOK-11: cap + 1 in 50 parallel connections: exactly the cap."""
    with Product(tmp_path, tokens_live_max=49, tokens_per_hour_max=1000) as p:
        ada = p.set_up()
        answers = together(50, lambda i: create(ada, f"token {i}"))
        assert sorted(a.status for a in answers) == [201] * 49 + [409]
        assert [a.json["reason"] for a in answers if a.status == 409] == ["token_limit_reached"]
        assert rows(p, "SELECT count(*) FROM token") == [(49,)]
        first = next(a for a in answers if a.status == 201).json
        assert ada.revoke(first["id"]).status == 200
        assert create(ada, "a free place").status == 201


def test_tokens_per_hour(tmp_path):
    """TOK-11: the rate of generating is limited per person; the refusal says when to come back."""
    with Product(tmp_path, tokens_per_hour_max=3) as p:
        ada = p.set_up()
        answers = together(10, lambda i: create(ada, f"token {i}"))
        assert sorted(a.status for a in answers) == [201] * 3 + [429] * 7
        refused = next(a for a in answers if a.status == 429)
        assert refused.json["reason"] == "too_many_attempts"
        assert 3500 < int(refused.headers["Retry-After"]) <= 3600
        p.add_person("grace@acme.org")
        assert create(p.sign_in("grace@acme.org"), "somebody else's").status == 201


def test_a_retried_create_makes_one_token(shared):
    """API-09: 100 parallel identical creates with one Idempotency-Key: one token, its text told once."""
    before = rows(shared, "SELECT count(*) FROM token")[0][0]
    answers = together(100, lambda i: create(shared.ada, "once", {"Idempotency-Key": "key-1"}), threads=50)
    assert sorted(a.status for a in answers) == [200] * 99 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    assert [a for a in answers if "token" in a.json] == [a for a in answers if a.status == 201]
    assert rows(shared, "SELECT count(*) FROM token")[0][0] == before + 1


def test_idempotency_keys(shared):
    """API-09: the key is bound to its request and to its person; a malformed one is refused."""
    assert create(shared.ada, "keyed", {"Idempotency-Key": "key-2"}).status == 201
    other = create(shared.ada, "another body", {"Idempotency-Key": "key-2"})
    assert (other.status, other.json["reason"]) == (409, "idempotency_conflict")
    shared.add_person("keys@acme.org", "Kay")
    assert create(shared.sign_in("keys@acme.org"), "keyed", {"Idempotency-Key": "key-2"}).status == 201
    for key in ("", "x" * 65, "two words", "é"):
        answer = create(shared.ada, f"bad key {key}", {"Idempotency-Key": key.encode()})
        assert (answer.status, answer.json["reason"]) == (400, "idempotency_key_malformed"), key


def test_parallel_revokes_are_one(shared):
    """API-09, REV-01: revoking again, later or at the same time, answers the same and changes nothing."""
    token = shared.ada.generate("revoked by many")
    shared.get("/v1/me", token=token["token"])
    answers = together(50, lambda i: shared.ada.revoke(token["id"]))
    assert {a.status for a in answers} == {200}
    assert len({(a.json["state"], a.json["revoked_at"], a.json["revoked_reason"]) for a in answers}) == 1
    assert rows(shared, "SELECT count(*) FROM audit WHERE action = 'token.revoked' AND object = ?", "token:" + token["id"]) == [(1,)]
    assert rows(shared, "SELECT count(*) FROM change WHERE kind = 2 AND hex(substr(digest, 1, 16)) = ?", token["id"].upper()) == [(1,)]

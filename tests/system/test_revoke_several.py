# SPDX-License-Identifier: Apache-2.0
"""Several tokens revoked by one request: as one change, all or none, with the same guarantee as one."""
import time

import pytest

from product import Product
from test_revocation import Verifiers, violations
from tools import events, rows, together


def revoke(person, body):
    return person.call("POST", "/api/v1/tokens/revoke", body)


def ids(tokens):
    return [t["id"] for t in tokens]


def seqs(product, tokens):
    """The numbers of the changes that revoked these."""
    return [rows(product, "SELECT revoked_seq FROM token WHERE lower(hex(substr(digest, 1, 16))) = ?", i)[0][0] for i in ids(tokens)]


def test_some_end_and_the_rest_stay(shared):
    """The answer holds their records, in the order asked for; each has its own audit record and its own line in the log."""
    made = [shared.ada.generate(f"several {i}") for i in range(4)]
    for token in made[:2]:
        assert shared.get("/v1/me", token=token["token"]).status == 200
    answer = revoke(shared.ada, {"ids": ids(reversed(made[:3]))})
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store"
    assert set(answer.json) == {"tokens", "revoked"} and answer.json["revoked"] == 3
    assert ids(answer.json["tokens"]) == ids(reversed(made[:3]))
    assert {t["state"] for t in answer.json["tokens"]} == {"revoked"}
    assert [t["use_count"] for t in answer.json["tokens"]] == [0, 1, 1]
    for token in answer.json["tokens"]:
        assert shared.ada.call("GET", f"/api/v1/tokens/{token['id']}").json == token
    assert [shared.get("/v1/me", token=t["token"]).status for t in made] == [401, 401, 401, 200]
    numbers = seqs(shared, made[:3])
    assert sorted(numbers) == list(range(min(numbers), min(numbers) + 3))  # one after the other, nothing in between
    for token in made[:3]:
        assert rows(shared, "SELECT count(*) FROM audit WHERE action = 'token.revoked' AND object = ?", "token:" + token["id"]) == [(1,)]
    assert set(ids(made[:3])) <= {e["tid"] for e in events(shared, "token.revoked")}
    journal = (shared.data / "revoked.journal").read_text()
    assert all(f"revoked {i} " in journal for i in ids(made[:3]))


def test_again_changes_nothing(shared):
    """Repeated, later or together with new ones: what was revoked stays as it is."""
    made = [shared.ada.generate(f"again {i}") for i in range(3)]
    first = revoke(shared.ada, {"ids": ids(made[:2])}).json
    second = revoke(shared.ada, {"ids": ids(made)}).json
    assert second["revoked"] == 1 and second["tokens"][:2] == first["tokens"]
    third = revoke(shared.ada, {"ids": ids(made)}).json
    assert third == {"tokens": second["tokens"], "revoked": 0}


def test_one_that_is_not_ones_own_refuses_all(shared):
    """API-01: somebody else's id and nobody's are told alike, and nothing happens to the others."""
    shared.add_person("several@acme.org", "Sev")
    other = shared.sign_in("several@acme.org").generate("hers")
    mine = [shared.ada.generate(f"mine {i}") for i in range(2)]
    answers = [revoke(shared.ada, {"ids": [mine[0]["id"], strange, mine[1]["id"]]}) for strange in (other["id"], "0" * 32)]
    assert {(a.status, a.json["reason"]) for a in answers} == {(404, "not_found")} and answers[0].body == answers[1].body
    assert [shared.get("/v1/me", token=t["token"]).status for t in (*mine, other)] == [200] * 3


@pytest.mark.parametrize("body, reason, field", [
    ({}, "missing_field", "ids"), ({"ids": []}, "bad_value", "ids"), ({"ids": ["x"]}, "bad_value", "ids"), ({"ids": [""]}, "bad_value", "ids"),
    ({"ids": ["0" * 31 + "g"]}, "bad_value", "ids"), ({"ids": ["0" * 33]}, "bad_value", "ids"), ({"ids": ["1" * 32, "1" * 32]}, "bad_value", "ids"),
    ({"ids": [f"{i:032x}" for i in range(101)]}, "bad_value", "ids"), ({"ids": "0" * 32}, "wrong_type", "ids"), ({"ids": [1]}, "wrong_type", "ids"),
    ({"ids": None}, "wrong_type", "ids"), ({"all": False}, "bad_value", "all"), ({"all": 1}, "wrong_type", "all"), ({"all": "true"}, "wrong_type", "all"),
    ({"all": True, "ids": ["0" * 32]}, "bad_value", "all"), ({"ids": ["\0" * 32]}, "bad_value", "ids"), ({"all": True, "owner": "2"}, "unknown_field", "owner"),
])
def test_what_is_refused(shared, body, reason, field):
    before = rows(shared, "SELECT number, state FROM token")
    answer = revoke(shared.ada, body)
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, field), answer
    assert rows(shared, "SELECT number, state FROM token") == before


def test_all(tmp_path):
    """REV-07: every token of the person that has not ended, as one change; not one verification begun after the answer says yes.
    The answer holds a hundred of them and says how many there were."""
    with Product(tmp_path, edge_workers=3, tokens_live_max=1000, tokens_per_hour_max=1000) as p:
        ada = p.set_up()
        p.add_person("grace@acme.org")
        kept = p.sign_in("grace@acme.org").generate("hers")
        gone = ada.generate("gone before")
        ada.revoke(gone["id"])
        made = [ada.generate(f"token {i}") for i in range(130)]
        tokens = [t["token"] for t in made]
        with Verifiers(p, [*tokens, kept["token"]]) as verifiers:
            time.sleep(0.3)
            answer = revoke(ada, {"all": True})
            returned = time.monotonic_ns()
            time.sleep(0.3)
        assert answer.status == 200 and answer.json["revoked"] == 130
        assert ids(answer.json["tokens"]) == ids(made[:100])
        assert violations(verifiers.history, dict.fromkeys(tokens, returned)) == []
        assert len([h for h in verifiers.history if h[0] in tokens and h[1] == 200]) > 100
        assert {h[1] for h in verifiers.history if h[0] == kept["token"]} == {200}
        numbers = seqs(p, made)
        assert numbers == list(range(numbers[0], numbers[0] + 130))
        assert ada.call("GET", "/api/v1/tokens?state=live").json["tokens"] == []
        assert {e["tid"] for e in events(p, "token.revoked")} >= set(ids(made))
        uses = sum(t["use_count"] for t in ada.call("GET", "/api/v1/tokens?limit=100").json["tokens"])
        assert uses > 50  # what the edge had counted went with none of them
        assert revoke(ada, {"all": True}).json == {"tokens": [], "revoked": 0}
        # And a restart brings none of them back.
        p.stop()
        p.start()
        assert {p.get("/verify", token=t).status for t in tokens[::10]} == {401}


def test_at_the_same_time(shared):
    """API-09: the same tokens, revoked by fifty requests at once, one by one, several and all: each ends once."""
    shared.add_person("together@acme.org", "To Gether")
    person = shared.sign_in("together@acme.org")
    made = [person.generate(f"together {i}") for i in range(20)]
    several = {"ids": ids(made)}

    def one(i):
        if i % 3 == 0:
            return revoke(person, {"all": True})
        return revoke(person, several) if i % 3 == 1 else person.revoke(made[i % 20]["id"])

    answers = together(50, one)
    assert {a.status for a in answers} == {200}
    changes = "SELECT count(*) FROM change WHERE kind = 2 AND person = ?"
    assert rows(shared, changes, int(person.id)) == [(20,)]
    assert {t["revoked_at"] for t in answers[1].json["tokens"]} <= {t["revoked_at"] for t in person.call("GET", "/api/v1/tokens").json["tokens"]}
    assert {shared.get("/verify", token=t["token"]).status for t in made} == {401}

# SPDX-License-Identifier: Apache-2.0
"""Disabling a person ends everything that was theirs, as one change, whether patd runs or not."""
import time

import pytest

from product import Product
from test_revocation import Verifiers, violations
from tools import rows


@pytest.fixture
def grace(product):
    """Grace has two sessions and 50 tokens; Ada has one of hers."""
    product.ada = product.set_up()
    product.add_person("grace@acme.org")
    grace = product.sign_in("grace@acme.org")
    grace.other = product.sign_in("grace@acme.org")
    grace.tokens = [grace.generate(f"token {i}") for i in range(50)]
    product.kept = product.ada.generate("kept")["token"]
    return grace


def disable(product):
    done = product.patd("user", "disable", "grace@acme.org")
    returned = time.monotonic_ns()
    assert done.returncode == 0, done.stderr
    return returned


def statuses(product, tokens):
    return {product.get("/verify", token=t).status for t in tokens}


def test_sessions_and_tokens_end_at_once(product, grace):
    """REV-07: 50 tokens in use and two sessions: after the command has returned none of them is accepted, and it was one
    transaction: one moment, consecutive change numbers, one record for each thing that ended."""
    tokens = [t["token"] for t in grace.tokens]
    with Verifiers(product, [*tokens, product.kept]) as verifiers:
        time.sleep(0.3)
        returned = disable(product)
        assert grace.call("GET", "/api/v1/session").status == grace.other.call("GET", "/api/v1/session").status == 401
        assert grace.call("POST", "/api/v1/tokens", {"name": "x", "scopes": ["current_user:read"], "expires_in_days": 1}).status == 401
        time.sleep(0.2)
    assert violations(verifiers.history, dict.fromkeys(tokens, returned)) == []
    assert {h[1] for h in verifiers.history if h[0] == product.kept} == {200}
    assert any(h[1] == 200 for h in verifiers.history if h[0] in tokens)
    assert statuses(product, tokens) == {401}

    changes = rows(product, "SELECT seq, kind FROM change WHERE person = 2 ORDER BY seq")[50:]
    assert [kind for _, kind in changes] == [2] * 50 + [3]  # PAT_CHANGE_TOKEN_REMOVED, …PERSON_DISABLED
    assert [seq for seq, _ in changes] == list(range(changes[0][0], changes[0][0] + 51))
    records = rows(product, "SELECT action, count(*), max(at) - min(at) FROM audit WHERE via = 'cli' AND at > 0 GROUP BY action")
    assert {r[0]: r[1] for r in records} == {"person.created": 1, "token.revoked": 50, "session.ended": 2, "person.disabled": 1}
    assert all(r[2] == 0 for r in records)
    assert rows(product, "SELECT DISTINCT reason FROM token WHERE owner = 2") == [(2,)]


def test_signing_in_is_refused_like_any_wrong_password(product, grace):
    """REV-07, AUT-05: and enabling again brings none of the tokens and sessions back."""
    disable(product)
    answer = product.call("POST", "/api/v1/session", {"email": "grace@acme.org", "password": "correct horse battery wagon"})
    nobody = product.call("POST", "/api/v1/session", {"email": "nobody@acme.org", "password": "correct horse battery wagon"})
    assert (answer.status, answer.body) == (nobody.status, nobody.body) == (401, answer.body)
    assert product.patd("user", "enable", "grace@acme.org").returncode == 0
    assert statuses(product, [t["token"] for t in grace.tokens]) == {401}
    assert grace.call("GET", "/api/v1/session").status == 401
    again = product.sign_in("grace@acme.org")
    listed = again.call("GET", "/api/v1/tokens?limit=100").json["tokens"]
    assert {(t["state"], t["revoked_reason"]) for t in listed} == {("revoked", "person_disabled")}
    assert product.get("/v1/me", token=again.generate("a new one")["token"]).status == 200


def test_while_patd_is_not_running(product, grace):
    """REV-07: patd was killed and its nginx goes on verifying; disabling works on the store directly, and once the command
    has returned the edge refuses."""
    tokens = [t["token"] for t in grace.tokens]
    product.kill()
    assert statuses(product, [*tokens[:5], product.kept]) == {200}
    with Verifiers(product, [*tokens, product.kept]) as verifiers:
        time.sleep(0.2)
        returned = disable(product)
        time.sleep(0.3)
    assert violations(verifiers.history, dict.fromkeys(tokens, returned)) == []
    assert {h[1] for h in verifiers.history if h[0] == product.kept} == {200}  # nobody else noticed
    assert statuses(product, tokens) == {401}
    product.start()
    assert statuses(product, tokens) == {401}
    assert statuses(product, [product.kept]) == {200}
    assert grace.call("GET", "/api/v1/session").status == 401
    assert product.ada.call("GET", "/api/v1/session").status == 200

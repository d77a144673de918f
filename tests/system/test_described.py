# SPDX-License-Identifier: Apache-2.0
"""What is held against docs/openapi.yaml is found when it differs: the check of all other tests' exchanges, checked."""
import email.message
import json

import pytest

from described import Prism
from product import ROOT, free_port

TOKEN = {"id": "0" * 32, "name": "CI", "note": "", "hint": "pat_…abcd", "scopes": ["current_user:read"], "limits": None, "state": "live",
         "created_at": "2026-11-23T17:00:00Z", "made_by": None, "replaced_by": None, "expires_at": None, "last_used_at": None, "use_count": 0, "revoked_at": None, "revoked_reason": None, "seq": 1}
NEW = {"name": "CI", "scopes": ["current_user:read"], "expires_in_days": 1}
PROBLEM = {"type": "about:blank", "title": "Bad Request", "status": 400, "detail": "No.", "reason": "missing_field", "field": "name"}


class Said:
    def __init__(self, status, body, kind="application/json", **headers):
        self.status, self.body, self.headers = status, b"" if body is None else json.dumps(body).encode(), email.message.Message()
        for name, value in {"Content-Type": kind, "Cache-Control": "no-store", **headers}.items():
            self.headers[name.replace("_", "-")] = value


@pytest.fixture(scope="module")
def found(oracles):
    prism = Prism(oracles, ROOT / "docs/openapi.yaml", free_port(), True)

    def judge(method, path, said, body=None, headers=None):
        sent = {"Cookie": "patd_session=x", "X-CSRF-Token": "x", **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return prism.violations(method, path, body is not None and json.dumps(body) or None, sent, said)

    yield judge
    prism.stop()


def test_what_is_described_passes(found):
    assert found("GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN)) == []
    assert found("GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN), headers={"Cookie": "", "Authorization": f"Bearer pat_{'0' * 49}"}) == []
    assert found("POST", "/api/v1/tokens", Said(201, TOKEN | {"token": "pat_" + "0" * 49}), NEW) == []
    assert found("POST", "/api/v1/tokens", Said(400, PROBLEM, "application/problem+json"), {"wrong": 1}) == []
    assert found("DELETE", "/api/v1/session", Said(204, None, Clear_Site_Data='"cache", "cookies", "storage"', Set_Cookie="patd_session=; Max-Age=0")) == []
    assert found("GET", "/api/v1/nothing", Said(404, PROBLEM, "application/problem+json")) == []


@pytest.mark.parametrize("what, method, path, said, body", [
    ("a property more", "GET", "/api/v1/setup", Said(200, {"needed": True, "digest": "x"}), None),
    ("a property less", "GET", f"/api/v1/tokens/{'0' * 32}", Said(200, {k: v for k, v in TOKEN.items() if k != "made_by"}), None),
    ("another type", "GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN | {"use_count": "0"}), None),
    ("another word", "GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN | {"state": "sleeping"}), None),
    ("another status", "GET", f"/api/v1/tokens/{'0' * 32}", Said(418, PROBLEM, "application/problem+json"), None),
    ("another reason", "GET", f"/api/v1/tokens/{'0' * 32}", Said(404, PROBLEM | {"reason": "because"}, "application/problem+json"), None),
    ("another kind", "GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN, "text/plain"), None),
    ("another caching", "GET", f"/api/v1/tokens/{'0' * 32}", Said(200, TOKEN, Cache_Control="public"), None),
    ("what was accepted", "POST", "/api/v1/tokens", Said(201, TOKEN | {"token": "pat_" + "0" * 49}), NEW | {"admin": True}),
    ("what there is not", "GET", "/api/v1/nothing", Said(200, TOKEN), None),
])
def test_what_differs_is_found(found, what, method, path, said, body):
    assert found(method, path, said, body), what

# SPDX-License-Identifier: Apache-2.0
"""A token of the product's opens the product's API and nothing else: no page, no account, no other token. Those that are for patd
itself are test_manage.py's."""
import re

import pytest

from tools import ask, state

TOKEN_ID = "0" * 32
PAGES = ["/", "/settings/account", "/settings/notifications", "/settings/security", "/settings/nodes", "/files/abcdefghijklmnopqrstuv"]
API = [
    ("GET", "/api/v1/session", None), ("DELETE", "/api/v1/session", None), ("GET", "/api/v1/sessions", None),
    ("DELETE", "/api/v1/sessions", None), ("DELETE", "/api/v1/sessions/1", None), ("DELETE", "/api/v1/people/1/sessions", None), ("GET", "/api/v1/scopes", None),
    ("PATCH", "/api/v1/me", {"name": "Renamed"}),
    ("PUT", "/api/v1/me/picture", b"x"), ("DELETE", "/api/v1/me/picture", None),
    ("POST", "/api/v1/password", {"current_password": "x" * 15, "new_password": "y" * 15}),
    ("GET", "/api/v1/tokens", None), ("GET", f"/api/v1/tokens/{TOKEN_ID}", None), ("DELETE", f"/api/v1/tokens/{TOKEN_ID}", None),
    ("POST", "/api/v1/tokens/revoke", {"all": True}), ("POST", "/api/v1/session/proof", {"password": "x" * 15}),
    ("POST", "/api/v1/tokens", {"name": "wider", "scopes": ["file_content:read"], "expires_in_days": 90}),
]


@pytest.fixture(scope="module")
def token(shared):
    scopes = [s["scope"] for s in shared.ada.call("GET", "/api/v1/scopes").json["scopes"] if s["product"] == "files"]
    return shared.ada.generate("with every scope", scopes)["token"]


def credentials(token):
    yield {"Authorization": f"Bearer {token}"}
    yield {"X-Figma-Token": token}
    yield {"Cookie": f"patd_session={token}"}
    yield {"Cookie": f"patd_session={token[-43:]}", "X-CSRF-Token": token}


@pytest.mark.parametrize("page", PAGES)
def test_pages_ask_for_a_sign_in(shared, token, page):
    """TOK-09: every page of the web UI with a token is the sign-in page."""
    for headers in credentials(token):
        answer = ask(shared, "GET", page, headers)
        assert (answer.status, answer.one("Location")) == (302, f"/signin?next={page}"), headers


@pytest.mark.parametrize("method, path, body", API)
def test_the_management_api_asks_for_more(shared, token, method, path, body):
    """TOK-09: such a token cannot mint, widen or revoke tokens, and is no session: what is about tokens says that the token is
    for another product, all else asks for a session."""
    path = path.replace(TOKEN_ID, shared.ada.call("GET", "/api/v1/tokens").json["tokens"][0]["id"])
    before = state(shared)
    for headers in credentials(token):
        answer = ask(shared, method, path, {"Content-Type": "application/json", **headers}, body)
        judged = "Cookie" not in headers and re.match("/api/v1/(tokens|scopes)", path)
        wanted = (403, b'"token_audience"') if judged else (401, b'"session_required"')
        assert answer.status == wanted[0] and wanted[1] in answer.body, (headers, answer)
    assert state(shared) == before


def test_the_token_is_good(shared, token):
    """TOK-09: the refusals above were not the token's fault."""
    assert shared.get("/v1/me", token=token).status == 200
    assert shared.get("/v1/me", headers={"Cookie": shared.ada.cookie}).status == 401  # and a session is no token

# SPDX-License-Identifier: Apache-2.0
"""Requests that other sites make a browser send change nothing (WEB-04)."""
import json

import pytest

from product import PASSWORD
from tools import SCOPE, ask, png, state

TOKEN = {"name": "forged", "scopes": [SCOPE], "expires_in_days": 1}


@pytest.fixture(scope="module")
def unsafe(shared):
    """Every request that could change something, each good enough to work for Ada's own page."""
    token = shared.ada.generate("a target")["id"]
    return [
        ("POST", "/api/v1/tokens", TOKEN), ("DELETE", f"/api/v1/tokens/{token}", None), ("DELETE", "/api/v1/session", None),
        ("POST", "/api/v1/tokens/revoke", {"ids": [token]}), ("POST", "/api/v1/tokens/revoke", {"all": True}),
        ("DELETE", "/api/v1/sessions", None), ("DELETE", "/api/v1/sessions/1", None), ("DELETE", f"/api/v1/people/{shared.ada.id}/sessions", None),
        ("POST", "/api/v1/session/proof", {"password": PASSWORD}),
        ("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": "a password of the attacker"}),
        ("PATCH", "/api/v1/me", {"email": "attacker@evil.example", "current_password": PASSWORD}),
        ("PUT", "/api/v1/me/picture", png(8, 8)), ("DELETE", "/api/v1/me/picture", None),
    ]


def good(product):
    return {"Cookie": product.ada.cookie, "X-CSRF-Token": product.ada.csrf, "Content-Type": "application/json",
            "Origin": product.base, "Sec-Fetch-Site": "same-origin"}


SPOILED = {
    "no csrf token": {"X-CSRF-Token": None},
    "empty csrf token": {"X-CSRF-Token": ""},
    "wrong csrf token": {"X-CSRF-Token": "x" * 43},
    "somebody else's csrf token": {"X-CSRF-Token": "OTHER"},
    "the cookie as csrf token": {"X-CSRF-Token": "COOKIE"},
    "csrf token with something behind it": {"X-CSRF-Token": "CSRFx"},
    "another origin": {"Origin": "https://evil.example"},
    "an opaque origin": {"Origin": "null"},
    "an empty origin": {"Origin": ""},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "another scheme": {"Origin": "https://HOST"},
    "our origin as a beginning": {"Origin": "http://HOST.evil.example"},
    "our origin with a path": {"Origin": "http://HOST/"},
    "another name of this machine": {"Origin": "http://localhost:PORT"},
    "cross-site": {"Sec-Fetch-Site": "cross-site"},
    "same-site": {"Sec-Fetch-Site": "same-site"},
    "typed in": {"Sec-Fetch-Site": "none"},
    "nonsense": {"Sec-Fetch-Site": "Same-Origin"},
    "only an origin, and a wrong one": {"Sec-Fetch-Site": None, "Origin": "https://evil.example"},
    "only a fetch site, and a wrong one": {"Sec-Fetch-Site": "cross-site", "Origin": None},
}


def spoil(product, changes):
    headers = good(product)
    for name, value in changes.items():
        if value is None:
            headers.pop(name)
            continue
        for word, text in (("OTHER", product.other.csrf), ("COOKIE", product.ada.cookie.split("=")[1]), ("CSRF", product.ada.csrf),
                           ("HOST", f"127.0.0.1:{product.port}"), ("PORT", str(product.port))):
            value = value.replace(word, text)
        headers[name] = value
    return headers


@pytest.mark.parametrize("case", SPOILED)
def test_every_unsafe_request_is_refused(shared, unsafe, case):
    """WEB-04: an unsafe request needs the session's own CSRF token and an origin that is ours: state diff = 0."""
    if not hasattr(shared, "other"):
        shared.other = shared.sign_in()
    before = state(shared)
    for method, path, body in unsafe:
        answer = ask(shared, method, path, spoil(shared, SPOILED[case]), body)
        assert answer.status == 403, (method, path, answer)
        assert json.loads(answer.body)["reason"] in ("csrf_token_invalid", "cross_site_request")
    assert state(shared) == before


@pytest.mark.parametrize("double", ["X-CSRF-Token", "Origin", "Sec-Fetch-Site"])
def test_two_answers_to_one_question(shared, double):
    """WEB-04: a header given twice is not chosen from."""
    before = state(shared)
    headers = [*good(shared).items(), (double, good(shared)[double])]
    assert ask(shared, "POST", "/api/v1/tokens", headers, TOKEN).status in (400, 403)
    assert state(shared) == before


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "",
                                  "text/json", "application/jsonx", "application/problem+json"])
def test_what_a_form_can_send_is_not_json(shared, kind):
    """WEB-04: the media types that forms and no-cors fetches may use are refused, even with everything else right."""
    before = state(shared)
    for method, path in (("POST", "/api/v1/tokens"), ("POST", "/api/v1/session"), ("POST", "/api/v1/password"), ("PATCH", "/api/v1/me")):
        answer = ask(shared, method, path, {**good(shared), "Content-Type": kind}, TOKEN)
        assert (answer.status, json.loads(answer.body)["reason"]) == (415, "json_required"), answer
    assert state(shared) == before


@pytest.mark.parametrize("path", ["/api/v1/session", "/api/v1/setup"])
@pytest.mark.parametrize("headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                                     {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}])
def test_login_csrf(shared, path, headers):
    """WEB-04: nobody is signed in by another site as somebody the attacker chose."""
    before = state(shared)
    answer = ask(shared, "POST", path, {"Content-Type": "application/json", **headers},
                 {"email": "ada@acme.org", "password": PASSWORD} if "session" in path else
                 {"code": "x", "email": "e@acme.org", "name": "E", "password": PASSWORD})
    assert (answer.status, json.loads(answer.body)["reason"]) == (403, "cross_site_request")
    assert not answer.all("Set-Cookie") and state(shared) == before


def test_safe_methods_change_nothing(shared, unsafe):
    """WEB-04: GET and HEAD with everything a browser would send, from anywhere: state diff = 0; and what another site may
    ask for it gets no answer to."""
    token = unsafe[1][1]
    paths = ["/", "/signin?next=/settings/account", "/setup", "/settings/security", "/settings/account", "/api/v1/session", "/api/v1/sessions",
             "/api/v1/tokens", token, "/api/v1/scopes", "/api/v1/setup", "/livez", "/readyz", "/verify", "/v1/me", "/api/v1/password", "/api/v1/me",
             "/api/v1/sessions/1", "/api/v1/people/1/sessions", "/api/v1/tokens?_method=DELETE", "/api/v1/session?logout=1"]
    before = state(shared)
    for path in paths:
        for method in ("GET", "HEAD", "OPTIONS"):
            ask(shared, method, path, good(shared))
            ask(shared, method, path, {**good(shared), "X-HTTP-Method-Override": "DELETE", "X-HTTP-Method": "DELETE"})
            answer = ask(shared, method, path, {"Cookie": shared.ada.cookie, "Sec-Fetch-Site": "cross-site"})
            if path.startswith("/api/v1/") and path != "/api/v1/setup" and method == "GET":
                assert answer.status in (403, 405), (path, answer)
    assert state(shared) == before


def test_the_page_itself_is_not_refused(shared):
    """WEB-04: what the refused requests lacked is all they lacked."""
    answer = ask(shared, "POST", "/api/v1/tokens", good(shared), {**TOKEN, "name": "by the page"})
    assert answer.status == 201, answer
    without = {k: v for k, v in good(shared).items() if k not in ("Origin", "Sec-Fetch-Site")}  # curl: no browser at all
    assert ask(shared, "POST", "/api/v1/tokens", without, {**TOKEN, "name": "by curl"}).status == 201

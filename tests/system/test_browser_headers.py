# SPDX-License-Identifier: Apache-2.0
"""What every answer tells a browser, and which methods are answered at all."""
import json

import pytest

from product import Product
from tools import as_person, ask, raw

CSP = ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
       "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'")
PAGES = ["/", "/signin", "/setup", "/settings/account", "/settings/notifications", "/settings/security", "/settings/nodes", "/files/abcdefghijklmnopqrstuv"]
ASSETS = ["/assets/patd.css", "/assets/api.js", "/assets/favicon.svg", "/favicon.ico"]
API = ["/api/v1/session", "/api/v1/tokens", "/api/v1/scopes", "/api/v1/sessions", "/api/v1/setup", "/api/v1/nothing"]
OTHER = ["/livez", "/readyz", "/verify", "/v1/me", "/v1/nothing", "/nothing", "/assets/nothing", "/_pages/home.html", "/avatars/1.svg"]


def answers(product):
    """Every kind of answer: pages, assets, API, gate, refusals of nginx itself."""
    for path in PAGES + ASSETS + API + OTHER:
        yield path, ask(product, "GET", path)
        yield f"{path}, signed in", ask(product, "GET", path, as_person(product.ada))
    yield "415", ask(product, "POST", "/api/v1/session", body=b"x")
    yield "400", ask(product, "POST", "/api/v1/session", {"Content-Type": "application/json"}, b"x")
    yield "405", ask(product, "PUT", "/api/v1/tokens", as_person(product.ada))
    yield "413 by patd", ask(product, "POST", "/api/v1/session", {"Content-Type": "application/json"}, b" " * 20000)
    yield "413 by nginx", ask(product, "POST", "/api/v1/tokens", as_person(product.ada), b" " * 70000)
    yield "413 of a page", ask(product, "POST", "/signin", as_person(product.ada), b" " * 70000)
    yield "413 of the product", ask(product, "POST", "/v1/me", as_person(product.ada), b" " * 70000)
    yield "414", ask(product, "GET", "/" + "x" * 9000)
    yield "400, headers", ask(product, "GET", "/", {"X-Large": "x" * 9000})
    yield "400, no host", raw(product, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    yield "TRACE", ask(product, "TRACE", "/")


@pytest.fixture(scope="module")
def every(shared):
    return list(answers(shared))


def policy(answer):
    """The one CSP of an answer, as directives."""
    return {d.split()[0]: d.split()[1:] for d in answer.one("Content-Security-Policy").split(";") if d.strip()}


def test_a_content_security_policy_on_every_answer(every):
    """WEB-01: everything is forbidden unless named, nothing unsafe is, and no answer is without."""
    for name, answer in every:
        directives = policy(answer)
        assert directives["default-src"] == ["'none'"], (name, answer)
        assert directives["frame-ancestors"] == ["'none'"], (name, answer)  # WEB-06
        assert not any("unsafe" in v or "http" in v or v == "*" for values in directives.values() for v in values), name
    for path in PAGES[1:3] + ["/nothing"]:
        assert dict(every)[path].one("Content-Security-Policy") == CSP, path


def test_an_independent_program_finds_nothing_in_the_policy(every, node):
    """WEB-01: csp_evaluator has no finding of high or medium severity."""
    policies = sorted({a.one("Content-Security-Policy") for _, a in every})
    findings = json.loads(node("""
        const { CspEvaluator } = require('csp_evaluator/dist/evaluator.js'), { CspParser } = require('csp_evaluator/dist/parser.js');
        const all = JSON.parse(require('fs').readFileSync(0)).flatMap(p => new CspEvaluator(new CspParser(p).csp).evaluate());
        console.log(JSON.stringify(all.map(f => [f.severity, f.directive, f.description])));""", json.dumps(policies)))
    assert len(policies) >= 1
    # 10 high, 20 syntax, 30 medium, 40 perhaps high; 50 is "'self' is a problem where users upload scripts".
    serious = [f for f in findings if f[0] < 50 and not (f[1] == "script-src" and "missing" in f[2])]
    assert serious == []
    assert json.loads(node("""
        const { CspEvaluator } = require('csp_evaluator/dist/evaluator.js'), { CspParser } = require('csp_evaluator/dist/parser.js');
        console.log(new CspEvaluator(new CspParser("script-src 'unsafe-inline'").csp).evaluate().some(f => f.severity <= 10))"""))


def test_the_other_headers_on_every_answer(every):
    """WEB-03, WEB-06: nosniff, no referrer; pages and API are their own opener, resource and never framed."""
    for name, answer in every:
        assert answer.one("X-Content-Type-Options") == "nosniff", (name, answer)
        assert answer.one("Referrer-Policy") == "no-referrer", (name, answer)
        if name.startswith("413"):
            assert json.loads(answer.body)["reason"] == "body_too_large", (name, answer)
        if name.split(",")[0] in PAGES + ASSETS + API + ["/nothing"]:
            assert answer.one("Cross-Origin-Opener-Policy") == "same-origin", name
            assert answer.one("Cross-Origin-Resource-Policy") == "same-origin", name
            assert answer.one("X-Frame-Options") == "DENY", name


def test_no_origin_is_ever_reflected(shared):
    """WEB-05: no CORS header on pages and management API, whatever the origin; the product's API says "*" and allows no
    cookie."""
    for origin in ("https://evil.example", "null", shared.base, "http://127.0.0.1"):
        for path in PAGES + API + ASSETS:
            for method in ("GET", "OPTIONS"):
                answer = ask(shared, method, path, as_person(shared.ada, [("Origin", origin),
                                                                          ("Access-Control-Request-Method", "POST")]))
                assert not [k for k, _ in answer.headers if k.lower().startswith("access-control")], (origin, path, answer)
        answer = ask(shared, "GET", "/v1/me", [("Origin", origin)])
        assert answer.one("Access-Control-Allow-Origin") == "*" and not answer.all("Access-Control-Allow-Credentials")


def test_nothing_personal_is_kept_by_a_cache(every):
    """WEB-10: pages, API and redirects are no-store; only assets and avatars may be kept."""
    for name, answer in every:
        kind = name.split(",")[0]
        if kind in PAGES + API + ["/livez", "/readyz", "/verify", "/v1/me", "/nothing"] or kind.startswith("413"):
            assert "no-store" in answer.one("Cache-Control"), (name, answer)
        elif kind in ASSETS:
            assert answer.one("Cache-Control") == "no-cache", (name, answer)


def test_internal_pages_are_not_addresses(every):
    """WEB-10: the folder that pages are handed out from is not reachable without patd's word."""
    assert {dict(every)[n].status for n in ("/_pages/home.html", "/_pages/home.html, signed in")} == {404}


ROUTES = {
    "/api/v1/setup": {"GET", "HEAD", "POST"}, "/api/v1/session": {"GET", "HEAD", "POST", "DELETE"},
    "/api/v1/password": {"POST"}, "/api/v1/sessions": {"GET", "HEAD", "DELETE"}, "/api/v1/sessions/1": {"DELETE"},
    "/api/v1/me": {"PATCH"}, "/api/v1/me/picture": {"PUT", "DELETE"}, "/api/v1/people/1/sessions": {"DELETE"}, "/api/v1/scopes": {"GET", "HEAD"}, "/api/v1/tokens": {"GET", "HEAD", "POST"},
    "/api/v1/tokens/" + "0" * 32: {"GET", "HEAD", "PATCH", "DELETE"}, "/": {"GET", "HEAD"}, "/signin": {"GET", "HEAD"},
    "/setup": {"GET", "HEAD"}, "/settings/security": {"GET", "HEAD"}, "/settings/nodes": {"GET", "HEAD"}, "/settings/notifications": {"GET", "HEAD"}, "/settings/account": {"GET", "HEAD"}, "/files/abcdefghijklmnopqrstuv": {"GET", "HEAD"},
    "/livez": {"GET", "HEAD"}, "/readyz": {"GET", "HEAD"},
}
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "LOCK", "FOO", "get"]


@pytest.mark.parametrize("path", ROUTES)
def test_only_listed_methods(shared, path):
    """WEB-11: any other method is 405 with the list of those there are; TRACE and CONNECT are off."""
    for method in METHODS:
        if method in ROUTES[path]:
            continue
        answer = ask(shared, method, path)
        if method == "get":
            assert answer.status in (400, 405), answer
            continue
        assert answer.status == 405, (method, answer)
        assert {m.strip() for m in answer.one("Allow").split(",")} == ROUTES[path], (method, answer)
    assert ask(shared, "TRACE", path).status == 405
    assert ask(shared, "CONNECT", path).status in (400, 405)


def test_while_patd_is_away(tmp_path):
    """WEB-01, WEB-03: the answers that nginx gives by itself carry the same headers."""
    with Product(tmp_path) as p:
        p.ada = p.set_up()
        p.kill()
        for path in PAGES + API + ["/v1/me", "/livez"]:
            answer = ask(p, "GET", path)
            if path != "/v1/me":
                assert answer.status == 503, (path, answer)
            assert policy(answer)["default-src"] == ["'none'"] and policy(answer)["frame-ancestors"] == ["'none'"], (path, answer)
            assert answer.one("X-Content-Type-Options") == "nosniff" and answer.one("Referrer-Policy") == "no-referrer", (path, answer)
            assert "no-store" in answer.one("Cache-Control"), (path, answer)
            assert "<html" in answer.body.decode() if path in PAGES else json.loads(answer.body)["status"] in (401, 503), path

# SPDX-License-Identifier: Apache-2.0
"""A product's policy at the edge: operations, audience, resources, networks and rates, in the gate itself and for proxies
that ask; and paths, which have to be the product's own."""
import re
import socket
import threading
import time

import pytest

from edge_echo import HttpEcho
from edge_index import new_token, tid
from edge_site import Site, bearer, figma

DOCUMENT = """\
openapi: 3.0.3
servers: [{url: 'https://api.example'}]
components:
  securitySchemes:
    token: {type: oauth2, flows: {implicit: {scopes: {'doc:read': Read, 'doc:write': Write, 'admin': ''}}}}
paths:
  /docs: {get: {operationId: list, security: [{token: ['doc:read']}]}}
  /docs/{doc}:
    get: {operationId: read, security: [{token: ['doc:read']}, {token: [admin]}]}
    put: {operationId: write, security: [{token: ['doc:read', 'doc:write']}]}
  /docs/{doc}/pages/{page}: {get: {operationId: page, security: [{token: ['doc:read']}]}}
  /docs/all: {get: {security: [{token: []}]}}
  /keys: {get: {operationId: keys}}
"""
OTHER = DOCUMENT.replace("/docs", "/things")

SERVER = """
server {
    listen 127.0.0.1:@PORT@;
    location / { pat on; pat_policy docs; proxy_pass http://127.0.0.1:@HTTP@; }
    location /other/ { pat on; pat_policy not-there; proxy_pass http://127.0.0.1:@HTTP@; }
    location /plain/ { pat on; proxy_pass http://127.0.0.1:@HTTP@; }
    location /named/ { pat on; pat_product docs; proxy_pass http://127.0.0.1:@HTTP@; }
    location /behind { pat on; pat_policy docs; pat_trusted_proxies 127.0.0.0/8; proxy_pass http://127.0.0.1:@HTTP@; }
    location = /again/x { pat on; pat_product docs; error_page 404 = /named/; proxy_intercept_errors on; proxy_pass http://127.0.0.1:@HTTP@/status/404; }
    location = /verify/docs { pat_verify; pat_policy docs; pat_trusted_proxies 127.0.0.1; }
    location = /verify/nobody { pat_verify; pat_policy docs; }
    location /ext_authz/docs/ { pat_verify path; pat_policy docs; }
    location /ask/ { pat_verify; pat_policy *; pat_trusted_proxies 127.0.0.1; }
    location /envoy/ { pat_verify path; pat_policy *; }
}
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policy")
    (folder / "docs.yaml").write_text(DOCUMENT)
    (folder / "things.yaml").write_text(OTHER)
    echo = HttpEcho()
    with Site(SERVER, http=echo.port, backends=[echo]) as site:
        site.echo, site.folder = echo, folder
        site.index.policies(docs=folder / "docs.yaml", things=folder / "things.yaml")
        yield site


def ask(site, target, scopes="doc:read", method="GET", limits="", headers=(), token=None, **kw):
    token = token or site.index.add(scopes=" ".join(sorted(scopes.split())), limits=" ".join(sorted(limits.split())))
    return site.ask(target, [figma(token), *headers], method=method, **kw)


def refused(answer, status, reason):
    assert (answer.status, answer.json()["reason"], answer.json()["status"]) == (status, reason, status)
    return answer


# ---- Operations.

@pytest.mark.parametrize("method, target, scopes", [
    ("GET", "/docs", "doc:read"),
    ("GET", "/docs?x=/../y", "doc:read"),
    ("HEAD", "/docs", "doc:read"),
    ("GET", "/docs/1", "doc:read"),
    ("GET", "/docs/1", "admin"),
    ("GET", "/docs/%41%20b", "doc:read"),
    ("PUT", "/docs/1", "doc:read doc:write"),
    ("GET", "/docs/all", "x:y"),
])
def test_an_operation_takes_its_scopes(site, method, target, scopes):
    answer = ask(site, target, scopes, method)
    assert answer.status == 200
    if method != "HEAD":
        assert answer.json()["target"] == target


def test_what_is_lacking_is_named(site):
    answer = refused(ask(site, "/docs/1", "x:y"), 403, "insufficient_scope")
    assert answer.json()["err"] == "Invalid scope(s). This endpoint requires the doc:read or admin scope"
    assert answer.one("WWW-Authenticate") == 'Bearer realm="patd", error="insufficient_scope", scope="doc:read admin"'
    answer = refused(ask(site, "/docs/1", "doc:read", "PUT"), 403, "insufficient_scope")
    assert answer.json()["scope"] == "doc:write"


@pytest.mark.parametrize("target", ["/", "/doc", "/docs/", "/docs/1/", "/docs/1/pages", "/DOCS", "/docs/1/pages/2/3"])
def test_what_is_no_operation_is_not_there_whoever_asks(site, target):
    for headers in ([], [figma(site.index.add(scopes="doc:read"))], [figma(new_token())]):
        refused(site.ask(target, headers), 404, "route_unknown")


def test_a_method_that_is_not_there(site):
    answer = refused(site.ask("/docs/1", [], method="DELETE"), 405, "method_not_allowed")
    assert answer.one("Allow") == "GET, HEAD, PUT"
    assert answer.all("WWW-Authenticate") == []
    refused(site.ask("/docs/1", [], method="PROPFIND"), 405, "method_not_allowed")


def test_an_operation_that_is_not_for_tokens(site):
    answer = refused(ask(site, "/keys", "admin"), 403, "operation_closed")
    assert answer.all("WWW-Authenticate") == []
    refused(site.ask("/keys"), 401, "token_missing")


def test_a_product_that_is_not_there(site):
    for headers in ([], [figma(site.index.add(scopes="doc:read"))], [figma(new_token())]):
        answer = refused(site.ask("/other/x", headers), 404, "product_unknown")
        assert answer.all("Retry-After") == answer.all("WWW-Authenticate") == []
    site.log_ends({"verdict": "product"})


def test_a_product_that_may_be_there_is_unavailable(tmp_path):
    """Until patd has told of policies, and while it could not read one of them, nobody can say that there is no such product."""
    (tmp_path / "docs.yaml").write_text(DOCUMENT)
    with Site("server { listen 127.0.0.1:@PORT@; location / { pat on; pat_policy other; } }") as site:
        refused(ask(site, "/x"), 503, "unavailable")
        site.index.policies(incomplete=True, docs=str(tmp_path / "docs.yaml"))
        refused(ask(site, "/x"), 503, "unavailable")
        site.index.policies(docs=str(tmp_path / "docs.yaml"))
        refused(ask(site, "/x"), 404, "product_unknown")


def test_the_log_says_why(site):
    ask(site, "/docs/1", "x:y")
    ask(site, "/docs//1")
    site.log_ends({"verdict": "scope"}, {"verdict": "path"})


# ---- Paths, VER-10: what is allowed here is what the product gets.

AMBIGUOUS = ["//docs", "/docs//1", "/docs/", "/docs/.", "/docs/..", "/x/../docs", "/docs/./1", "/docs/1/..", "/docs/%2e", "/docs/%2e%2e",
             "/docs/.%2E/keys", "/docs%2f1", "/docs%2F1", "/docs/1%2fpages%2f2", "/docs/1%5cpages", "/docs\\1", "/docs/1;x=y", "/docs;a/1",
             "/docs/..;/keys", "/docs/%00", "/docs/1%0a", "/docs/%252e%252e/keys", "/docs/%c3%28/", "/docs/1#x", "/docs/%", "/docs/%4",
             "/docs/%zz", "/./docs", "/../docs", "/docs/%2e/1", "/docs/1/%2e%2e/2", "http://site/docs//1", "http://site//docs", "/docs/1/pages/..%2f2",
             "/docs/\x01", "/docs/1%7f", "/%2fdocs", "/docs/%5C..%5Ckeys", "/docs/caf\xe9"]


@pytest.mark.parametrize("target", AMBIGUOUS)
def test_a_path_with_two_readings_opens_nothing(site, target):
    before = len(site.echo.requests)
    answer = ask(site, target, "doc:read admin doc:write")
    assert answer.status in (400, 404), answer
    assert len(site.echo.requests) == before


@pytest.mark.parametrize("target", ["/docs/a%20b", "/docs/a%3Fb", "/docs/%C3%A9", "/docs/a:b@c,d", "/docs/...", "/docs/%7e", "/docs/100%25"])
def test_the_product_gets_the_path_that_was_judged(site, target):
    assert ask(site, target).json()["target"] == target


def test_an_absolute_target_is_its_path(site):
    assert ask(site, "http://site/docs/1").json()["target"] == "/docs/1"


# ---- Limits.

def test_a_token_for_other_products(site):
    for limits in ("aud=docs", "aud=docs aud=things", ""):
        assert ask(site, "/docs", limits=limits).status == 200
        assert ask(site, "/named/x", limits=limits).status == 200
    answer = refused(ask(site, "/docs", limits="aud=things"), 403, "token_audience")
    assert answer.all("WWW-Authenticate") == []
    refused(ask(site, "/named/x", limits="aud=things"), 403, "token_audience")
    refused(ask(site, "/plain/x", limits="aud=docs"), 403, "token_audience")
    assert ask(site, "/plain/x").status == 200


@pytest.mark.parametrize("limits, target, status", [
    ("res=docs/doc=1", "/docs/1", 200),
    ("res=docs/doc=1", "/docs/%31", 200),
    ("res=docs/doc=1", "/docs/2", 404),
    ("res=docs/doc=1", "/docs/11", 404),
    ("res=docs/doc=1", "/docs/1/pages/9", 200),
    ("res=docs/doc=1", "/docs/2/pages/9", 404),
    ("res=docs/doc=1", "/docs", 404),  # all of them
    ("res=docs/doc=1", "/docs/all", 404),
    ("res=docs/doc=1 res=docs/doc=2", "/docs/2", 200),
    ("res=docs/doc=a-*", "/docs/a-1", 200),
    ("res=docs/doc=a-*", "/docs/a", 404),
    ("res=docs/doc=a%20b", "/docs/a%20b", 200),
    ("res=docs/doc=1 res=docs/page=9", "/docs/1/pages/9", 200),
    ("res=docs/doc=1 res=docs/page=9", "/docs/1/pages/8", 404),
    ("res=docs/doc=1 res=docs/page=9", "/docs/1", 200),
    ("res=docs/page=9", "/docs/1", 404),
    ("res=things/doc=1", "/docs/2", 200),  # another product's
    ("res=things/doc=1", "/named/x", 200),
    ("res=docs/doc=1", "/named/x", 404),  # nobody knows which it is
    ("res=docs/doc=1", "/plain/x", 404),
])
def test_a_token_for_some_resources(site, limits, target, status):
    answer = ask(site, target, limits=limits)
    assert answer.status == status
    if status == 404:
        assert (answer.json()["reason"], answer.json()["err"]) == ("token_resource", "Not found")


def test_a_token_for_some_networks(site):
    for limits in ("net=127.0.0.0/8", "net=10.0.0.0/8 net=127.0.0.1/32"):
        assert ask(site, "/docs", limits=limits).status == 200
    refused(ask(site, "/docs", limits="net=10.0.0.0/8"), 403, "token_network")
    # Nobody is believed but those that are named.
    told = [("X-Forwarded-For", "10.1.2.3")]
    refused(ask(site, "/docs", limits="net=10.0.0.0/8", headers=told), 403, "token_network")


def test_the_address_that_a_trusted_proxy_names(site):
    def behind(limits, *forwarded):
        answer = ask(site, "/behind", limits=limits, headers=[("X-Forwarded-For", f) for f in forwarded])
        return answer.json()["reason"]
    assert behind("net=10.0.0.0/8", "10.1.2.3") == "route_unknown"  # the path is none: that comes first
    site.index.policies(docs=rewritten(site, "/docs: {get", "/behind: {get"))
    try:
        def asks(limits, *forwarded):
            return ask(site, "/behind", limits=limits, headers=[("X-Forwarded-For", f) for f in forwarded]).status
        assert asks("net=10.0.0.0/8", "10.1.2.3") == 200
        assert asks("net=10.0.0.0/8", "11.1.2.3, 10.1.2.3, 127.0.0.9") == 200
        assert asks("net=10.0.0.0/8", "10.1.2.3, 11.1.2.3") == 403
        assert asks("net=10.0.0.0/8", "10.1.2.3", "11.1.2.3") == 403
        assert asks("net=2001:db8::/32", "2001:db8::1") == 200
        assert asks("net=2001:db8::/32", "2001:db9::1") == 403
        assert asks("net=127.0.0.0/8") == 200
        assert asks("net=127.0.0.0/8", "rubbish") == 403
    finally:
        site.index.policies(docs=site.folder / "docs.yaml", things=site.folder / "things.yaml")


def rewritten(site, old, new):
    text = DOCUMENT.replace(old, new)
    assert text != DOCUMENT
    path = site.folder / "other.yaml"
    path.write_text(text)
    return path


def test_a_rate_is_told_and_kept(site):
    token = site.index.add(scopes="doc:read", limits="rate=3/60")
    for left, reset in ((2, 20), (1, 40), (0, 60)):
        answer = ask(site, "/docs", token=token)
        assert answer.one("RateLimit-Policy") == '"token";q=3;w=60'
        assert answer.one("RateLimit") == f'"token";r={left};t={reset}'
    answer = refused(ask(site, "/docs", token=token), 429, "rate_limited")
    assert answer.json()["err"] == "Rate limit exceeded"
    assert answer.one("RateLimit") == '"token";r=0;t=60'
    assert 18 <= int(answer.one("Retry-After")) <= 20
    assert answer.all("WWW-Authenticate") == []
    site.log_ends({"verdict": "rate"})
    # What is refused for another reason takes nothing; others' tokens neither.
    fresh = site.index.add(scopes="doc:read", limits="rate=1/60")
    refused(ask(site, "/docs/1", method="PUT", token=fresh), 403, "insufficient_scope")
    assert ask(site, "/docs", token=fresh).status == 200
    assert ask(site, "/docs").all("RateLimit") == []


def test_a_request_that_is_looked_at_twice_takes_one(site):
    token = site.index.add(scopes="doc:read", limits="rate=2/60")
    assert ask(site, "/again/x", token=token).one("RateLimit") == '"token";r=1;t=30'


def test_a_rate_comes_back(site):
    token = site.index.add(scopes="doc:read", limits="rate=1/1")
    assert ask(site, "/docs", token=token).status == 200
    answer = ask(site, "/docs", token=token)
    assert answer.status == 429
    time.sleep(int(answer.one("Retry-After")))
    assert ask(site, "/docs", token=token).status == 200


def test_a_rate_is_exact_across_workers(tmp_path):
    (tmp_path / "docs.yaml").write_text(DOCUMENT)
    echo = HttpEcho()
    statuses = []
    with Site(SERVER, http=echo.port, backends=[echo], workers=4) as site:
        site.index.policies(docs=tmp_path / "docs.yaml")
        token = site.index.add(scopes="doc:read", limits="rate=50/3600")

        def many():
            for _ in range(20):
                statuses.append(site.ask("/docs", [figma(token)]).status)
        threads = [threading.Thread(target=many) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
    assert (statuses.count(200), statuses.count(429)) == (50, 110)


def test_a_token_is_told_how_long_it_lives(site):
    token = site.index.add(scopes="doc:read", expires=4102444800)
    assert ask(site, "/docs", token=token).one("Pat-Expires") == "2100-01-01T00:00:00Z"
    assert ask(site, "/docs", token=site.index.add(scopes="doc:read", ttl=0)).all("Pat-Expires") == []


# ---- Changes.

def test_a_changed_policy_is_in_force_at_once(site):
    token = site.index.add(scopes="doc:write")
    refused(ask(site, "/docs", token=token), 403, "insufficient_scope")
    site.index.policies(docs=rewritten(site, "list, security: [{token: ['doc:read']}]", "list, security: [{token: ['doc:write']}]"))
    assert ask(site, "/docs", token=token).status == 200
    site.index.policies(docs=site.folder / "docs.yaml", things=site.folder / "things.yaml")
    refused(ask(site, "/docs", token=token), 403, "insufficient_scope")
    assert len([p for p in site.index.directory.iterdir() if p.name.startswith("policies-")]) == 1


def test_a_narrowed_token_is_narrow_at_once(site):
    token = site.index.add(scopes="doc:read doc:write")
    assert ask(site, "/docs/1", method="PUT", token=token).status == 200
    site.index.regrant(token, "doc:read", "res=docs/doc=2")
    refused(ask(site, "/docs/2", method="PUT", token=token), 403, "insufficient_scope")
    refused(ask(site, "/docs/1", token=token), 404, "token_resource")
    assert ask(site, "/docs/2", token=token).status == 200


def test_the_next_generation_has_the_policies(site):
    token = new_token()
    site.index.new()
    site.index.add(token, scopes="doc:read")
    site.index.policies(docs=site.folder / "docs.yaml", things=site.folder / "things.yaml")
    site.index.publish()
    assert ask(site, "/docs", token=token).status == 200


# ---- Proxies that ask.

def forwarded(method, target):
    return [("X-Forwarded-Method", method), ("X-Forwarded-Uri", target)]


@pytest.mark.parametrize("method, target, scopes, status, reason", [
    ("GET", "/docs/1", "doc:read", 200, None),
    ("PUT", "/docs/1", "doc:read doc:write", 200, None),
    ("PUT", "/docs/1?x", "doc:read", 403, "insufficient_scope"),
    ("GET", "/nothing", "doc:read", 403, "route_unknown"),
    ("DELETE", "/docs/1", "doc:read", 403, "method_not_allowed"),
    ("GET", "/docs//1", "doc:read", 403, "path_ambiguous"),
    ("GET", "https://h/docs/1", "doc:read", 403, "path_ambiguous"),
])
def test_a_proxy_asks_about_a_request(site, method, target, scopes, status, reason):
    answer = ask(site, "/verify/docs", scopes, headers=forwarded(method, target))
    assert answer.status == status
    if reason:
        assert answer.json()["reason"] == reason
        assert answer.one("X-Pat-Error") == answer.body.decode()


def test_ingress_nginx_asks_in_its_own_words(site):
    told = [("X-Original-Method", "PUT"), ("X-Original-URL", "https://h.example/docs/1?x=1")]
    assert ask(site, "/verify/docs", "doc:read doc:write", headers=told).status == 200
    assert ask(site, "/verify/docs", "doc:read", headers=told).status == 403


def test_a_proxy_that_says_too_little_or_too_much(site):
    for told in ([], forwarded("GET", "/docs/1")[:1], forwarded("GET", "/docs/1")[1:], forwarded("GET", "/docs/1") + forwarded("GET", "/docs/1"),
                 [("X-Original-Method", "GET"), ("X-Original-URL", "https://h.example")],
                 # One of these ways is the proxy's, and the other what its client wrote.
                 *([*forwarded("GET", "/docs/1"), *more] for more in ([("X-Original-Method", "GET"), ("X-Original-URL", "https://h.example/docs/1")],
                                                                     [("X-Original-Method", "GET")], [("X-Original-URL", "https://h.example/docs/1")])),
                 [("X-Original-Method", "GET"), ("X-Original-URL", "https://h.example/docs/1"), *forwarded("GET", "/docs/1")[:1]]):
        answer = ask(site, "/verify/docs", headers=told)
        assert (answer.status, answer.json()["reason"]) == (403, "path_ambiguous")


def test_nobody_else_is_believed(site):
    refused(ask(site, "/verify/nobody", headers=forwarded("GET", "/docs/1")), 403, "route_unknown")
    with socket.create_connection(("127.0.0.1", site.port), 5, source_address=("127.0.0.2", 0)) as s:
        head = "\r\n".join(f"{k}: {v}" for k, v in [figma(site.index.add(scopes="doc:read")), *forwarded("GET", "/docs/1")])
        s.sendall(f"GET /verify/docs HTTP/1.0\r\nHost: s\r\n{head}\r\n\r\n".encode())
        assert re.match(rb"HTTP/1.1 403 ", s.recv(65536))


def test_the_address_a_proxy_asks_for(site):
    told = forwarded("GET", "/docs/1")
    assert ask(site, "/verify/docs", limits="net=10.0.0.0/8", headers=[*told, ("X-Forwarded-For", "10.1.2.3")]).status == 200
    refused(ask(site, "/verify/docs", limits="net=10.0.0.0/8", headers=[*told, ("X-Forwarded-For", "11.1.2.3")]), 403, "token_network")
    # The proxy's own address is nobody's.
    refused(ask(site, "/verify/docs", limits="net=127.0.0.0/8", headers=told), 403, "token_network")


def test_envoy_asks_with_the_request_line(site):
    assert ask(site, "/ext_authz/docs/docs/1").status == 200
    assert ask(site, "/ext_authz/docs/docs/1", "doc:read doc:write", "PUT").status == 200
    refused(ask(site, "/ext_authz/docs/docs/1", method="PUT"), 403, "insufficient_scope")
    refused(ask(site, "/ext_authz/docs/keys/x"), 403, "route_unknown")
    refused(ask(site, "/ext_authz//docs/docs/1"), 403, "path_ambiguous")
    refused(ask(site, "/ext_authz/docs/docs/../keys"), 403, "path_ambiguous")
    # What is forwarded says nothing here.
    refused(ask(site, "/ext_authz/docs/x", headers=forwarded("GET", "/docs/1")), 403, "route_unknown")


def test_the_request_names_the_product(site):
    for target, scopes, status in (("/ask/docs", "doc:read", 200), ("/ask/docs?x", "doc:read", 200), ("/ask/docs", "x:y", 403)):
        assert ask(site, target, scopes, headers=forwarded("GET", "/docs/1")).status == status
    refused(ask(site, "/ask/things", headers=forwarded("GET", "/docs/1")), 403, "route_unknown")
    assert ask(site, "/ask/things", headers=forwarded("GET", "/things/1")).status == 200
    assert ask(site, "/ask/things", limits="aud=things", headers=forwarded("GET", "/things/1")).status == 200
    refused(ask(site, "/ask/docs", limits="aud=things", headers=forwarded("GET", "/docs/1")), 403, "token_audience")
    refused(ask(site, "/ask/nobody", headers=forwarded("GET", "/docs/1")), 403, "product_unknown")
    refused(ask(site, "/envoy/nobody/docs/1"), 403, "product_unknown")
    for target in ("/ask/", "/ask/Docs", "/ask/%64ocs", "/ask//docs"):
        assert ask(site, target, headers=forwarded("GET", "/docs/1")).status == 403
    assert ask(site, "/envoy/docs/docs/1").status == 200
    assert ask(site, "/envoy/things/things/1").status == 200
    refused(ask(site, "/envoy/things/docs/1"), 403, "route_unknown")
    refused(ask(site, "/envoy/docs"), 403, "path_ambiguous")


def test_verify_tells_of_a_rate(site):
    answer = ask(site, "/verify/docs", limits="rate=5/60", headers=forwarded("GET", "/docs/1"))
    assert answer.one("RateLimit") == '"token";r=4;t=12'
    assert answer.one("X-Pat-Token-Id")


def test_identity_is_as_without_a_policy(site):
    token = site.index.add(scopes="doc:read", owner="ada@acme.org")
    answer = ask(site, "/docs", token=token).json()
    headers = {k.lower(): v for k, v in answer["headers"]}
    assert (headers["x-pat-user"], headers["x-pat-scopes"], headers["x-pat-token-id"]) == ("ada@acme.org", "doc:read", tid(token))
    assert "x-figma-token" not in headers


@pytest.mark.parametrize("inside, message", [
    ("pat_policy Docs;", 'invalid product "Docs"'),
    ("pat_policy docs; pat_product docs;", "a location has one product"),
    ("pat on; pat_policy *;", 'only "pat_verify" is asked about several products'),
    ("pat_trusted_proxies x;", 'invalid network "x"'),
])
def test_bad_configurations(inside, message):
    from test_edge_config import say
    passed, said = say(inside)
    assert not passed and message in said


def test_bearer_is_a_token_as_well(site):
    assert site.ask("/docs", [bearer(site.index.add(scopes="doc:read"))]).status == 200

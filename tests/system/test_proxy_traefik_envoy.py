# SPDX-License-Identifier: Apache-2.0
"""Traefik and Envoy, which Debian has not: what their sources send is sent to patd, and its answers are what they act upon.

Traefik (pkg/middlewares/auth/forward.go) sends a GET to one address with the client's headers, but for those between neighbours, and
its own X-Forwarded-…; any 2xx is a yes, anything else goes to the client with its body. Envoy (ext_authz over HTTP) sends the client's
method, and the path behind a prefix, with the headers that are allowed, a Content-Length of 0, and its own address at the end of
X-Forwarded-For; 200 is a yes, 5xx is an error, anything else goes to the client.
"""
import json

import pytest
import yaml

from edge_site import Conn, Site, bearer, figma
from proxies import AMBIGUOUS, FORGED, SCOPES, SHOP, World, block, readable

IDENTITY = {"x-pat-user", "x-pat-scopes", "x-pat-token-id", "x-pat-expires"}
ENVOY = "192.0.2.7"  # what it takes for its own address


@pytest.fixture(scope="module")
def w():
    with World(trusted_proxies=f"127.0.0.1 ::1 {ENVOY}") as world:
        yield world


def send(w, method, target, headers):
    lines = [f"{method} {target} HTTP/1.1", *(f"{k}: {v}" for k, v in headers)]
    with Conn(w.patd.port) as c:
        return c.send("\r\n".join(lines) + "\r\n\r\n").read(head_only=method == "HEAD")


def traefik(w, method, target, headers=(), client="127.0.0.1"):
    """With trustForwardHeader off, and a path that is tidy or was not tidied."""
    between = {"connection", "keep-alive", "te", "trailers", "transfer-encoding", "upgrade", "content-length"}
    own = {"x-forwarded-for": client, "x-forwarded-method": method, "x-forwarded-proto": "http", "x-forwarded-port": "8000",
           "x-forwarded-host": "shop.example", "x-forwarded-uri": target}
    sent = [(k, v) for k, v in headers if k.lower() not in between | set(own)]
    return send(w, "GET", "/verify/shop", [("Host", f"127.0.0.1:{w.patd.port}"), ("User-Agent", "Go-http-client/1.1"), *sent,
                                           *((k.title(), v) for k, v in own.items()), ("Accept-Encoding", "gzip")])


def envoy(w, method, target, headers=(), client="127.0.0.1"):
    """With the filter's configuration of the document."""
    forwarded = ",".join([*(v for k, v in headers if k.lower() == "x-forwarded-for"), client, ENVOY])
    sent = [(k.lower(), v) for k, v in headers if k.lower() in ("authorization", "x-figma-token", "user-agent")]
    return send(w, method, ext_authz()["http_service"]["path_prefix"] + target,
                [("host", "shop.example"), ("content-length", "0"), *sent, ("x-forwarded-for", forwarded), ("x-envoy-internal", "true"),
                 ("x-envoy-expected-rq-timeout-ms", "1000")])


@pytest.fixture(params=[traefik, envoy])
def ask(request, w):
    return lambda *args, **kw: request.param(w, *args, **kw)


# ---- What they are answered.

def test_yes_is_200_with_every_header_and_no_body(w, ask):
    for token, method, target in (("reader", "GET", "/orders/7?x=1"), ("writer", "POST", "/orders"), ("writer", "PUT", "/orders/7"),
                                  ("reader", "HEAD", "/orders")):
        for header in (figma(w.tokens[token]), bearer(w.tokens[token])):
            answer = ask(method, target, [header, *FORGED])
            assert (answer.status, answer.body, answer.one("Content-Length")) == (200, b"", "0")
            assert {k.lower() for k, _ in answer.headers if k.lower().startswith("x-pat")} == IDENTITY
            assert (answer.one("X-Pat-User"), answer.one("X-Pat-Token-Id")) == (w.ada.id, w.ids[token])
            assert answer.one("X-Pat-Scopes") == " ".join(SCOPES[token]) and answer.one("X-Pat-Expires")
            assert "no-store" in answer.one("Cache-Control")


@pytest.mark.parametrize("method, target, token, status, reason", [
    ("GET", "/orders", None, 401, "token_missing"),
    ("GET", "/orders", "unknown", 401, "token_invalid"),
    ("POST", "/orders", "reader", 403, "insufficient_scope"),
    ("GET", "/keys/1", "reader", 403, "insufficient_scope"),
    ("GET", "/nothing", "reader", 403, "route_unknown"),
    ("DELETE", "/orders/7", "writer", 403, "method_not_allowed"),
    ("GET", "/closed", "reader", 403, "operation_closed"),
    ("GET", "/orders//7", "reader", 403, "path_ambiguous"),
])
def test_no_is_theirs_to_hand_on(w, ask, method, target, token, status, reason):
    answer = ask(method, target, [figma(w.tokens[token])] if token else [])
    assert (answer.status, answer.json()["reason"]) == (status, reason)
    assert answer.one("Content-Type").startswith("application/json") and "no-store" in answer.one("Cache-Control")
    assert len(answer.all("WWW-Authenticate")) == (status == 401 or reason == "insufficient_scope")
    assert len(answer.body) < forward_auth()["maxResponseBodySize"]


def test_a_rate(w, ask):
    token = w.ada.generate("rate", ["orders:read"])
    assert ask("GET", "/orders", [figma(token["token"])]).status == 200  # unlimited
    answers = [ask("GET", "/orders", [figma(w.tokens["rated"])]) for _ in range(3)]
    assert answers[-1].status == 429 and answers[-1].json()["reason"] == "rate_limited" and int(answers[-1].one("Retry-After")) > 0
    assert w.ada.revoke(token["id"]).status == 200
    assert ask("GET", "/orders", [figma(token["token"])]).status == 401


def test_where_the_client_is(w, ask):
    assert ask("GET", "/orders", [figma(w.tokens["far"])], client="10.1.2.3").status == 200
    for told in ([], [("X-Forwarded-For", "10.1.2.3")]):
        answer = ask("GET", "/orders", [figma(w.tokens["far"]), *told], client="11.1.2.3")
        assert (answer.status, answer.json()["reason"]) == (403, "token_network")


def test_what_the_client_says_of_its_request_is_not_believed(w, ask):
    for name, value in (("X-Forwarded-Uri", "/orders"), ("X_Forwarded_Uri", "/orders"), ("X-Original-URL", "/orders"),
                        ("X-Original-Method", "GET"), ("X-Forwarded-Method", "GET")):
        assert ask("GET", "/keys", [figma(w.tokens["reader"]), (name, value)]).status == 403
        assert ask("POST", "/orders", [figma(w.tokens["reader"]), (name, value)]).status == 403


def test_paths(w, ask):
    """VER-10: a yes is for what the product gets, however it reads it. For Traefik these are paths that it should have tidied."""
    passed = [t for t in AMBIGUOUS if t.startswith("/") and ask("GET", t, [figma(w.tokens["reader"]), ("Connection", "close")]).status == 200]
    assert len(passed) >= 5 and all(map(readable, passed)), passed


UP = ["/../../", "/..//../", "/%2e%2e/%2e%2e/", "/..%2f..%2f", "/keys/../../../", "/keys/..%2f..%2f..%2f", "/keys/%2e%2e%2f%2e%2e%2f%2e%2e%2f",
      "/keys/x%2f..%2f..%2f..%2f..%2f"]


@pytest.mark.parametrize("out", ["verify", "verify/shop", "livez", "readyz", "", "setup", "sign-in", "assets/setup.js", "favicon.ico", "v1/me",
                                 "ext_authz/other/orders"])
def test_no_path_leads_out_of_envoys_prefix(w, out):
    """What patd answers at other addresses is no answer to Envoy: some of it is 200 for everybody."""
    for up in UP:
        for headers in ([], [figma(w.tokens["reader"])]):
            assert envoy(w, "GET", up + out, headers).status in (400, 401, 403), up + out


def test_an_nginx_of_ones_own(tmp_path):
    """The server of the document, with the module."""
    (tmp_path / "shop.yaml").write_text(SHOP)
    with Site(block("server {").replace("127.0.0.1:8080", "127.0.0.1:@PORT@")) as site:
        site.index.policies(shop=tmp_path / "shop.yaml")
        token = figma(site.index.add(scopes="orders:read"))
        asked = [("X-Forwarded-Method", "GET"), ("X-Forwarded-Uri", "/orders/7"), ("X-Forwarded-For", "127.0.0.1")]
        assert [site.ask(t, [token, *asked]).status for t in ("/verify", "/verify/shop", "/ext_authz/shop/orders/7")] == [200, 200, 200]
        assert [site.ask(t, asked).status for t in ("/verify", "/verify/shop", "/ext_authz/shop/orders/7")] == [401, 401, 401]
        assert [site.ask(t, asked).status for t in ("/", "/hello.txt")] == [403, 403]
        for up in UP:
            for out in ("verify", "verify/shop", "", "hello.txt", "ext_authz/other/orders"):
                assert site.ask("/ext_authz/shop" + up + out, [token, *asked]).status in (400, 401, 403)


# ---- The configurations.

def documents(first_line):
    return yaml.safe_load(block(first_line))


def forward_auth():
    return documents("# /etc/traefik/shop.yaml")["http"]["middlewares"]["patd"]["forwardAuth"]


def manager():
    [listener] = documents("# /etc/envoy/envoy.yaml")["static_resources"]["listeners"]
    assert listener["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 8000}
    return listener["filter_chains"][0]["filters"][0]["typed_config"]


def ext_authz():
    asks, routes = manager()["http_filters"]
    assert routes["name"] == "envoy.filters.http.router"
    return asks["typed_config"]


def test_traefiks_configuration():
    static = documents("# /etc/traefik/traefik.yaml")
    web = static["entryPoints"]["web"]
    assert (web["address"], web["http"]["aliasHeadersStrategy"]) == ("127.0.0.1:8000", "delete")
    assert static["providers"]["file"]["filename"] == "/etc/traefik/shop.yaml"
    http = documents("# /etc/traefik/shop.yaml")["http"]
    [router] = http["routers"].values()
    assert router["middlewares"] == ["patd", "no-secret"] and router["service"] in http["services"] and router["entryPoints"] == ["web"]
    assert forward_auth()["address"] == "http://127.0.0.1:8080/verify/shop" and forward_auth()["trustForwardHeader"] is False
    assert {h.lower() for h in forward_auth()["authResponseHeaders"]} == IDENTITY
    assert http["middlewares"]["no-secret"]["headers"]["customRequestHeaders"] == {"Authorization": "", "X-Figma-Token": ""}
    assert http["services"]["shop"]["loadBalancer"]["servers"] == [{"url": "http://127.0.0.1:9000"}]


def test_envoys_configuration():
    filter_, service = ext_authz(), ext_authz()["http_service"]
    assert filter_["@type"].endswith(".ext_authz.v3.ExtAuthz") and filter_["failure_mode_allow"] is False
    assert filter_["status_on_error"] == {"code": "ServiceUnavailable"}
    assert {p["exact"] for p in filter_["allowed_headers"]["patterns"]} == {"x-figma-token", "x-forwarded-for", "user-agent"}
    assert service["path_prefix"] == "/ext_authz/shop"
    assert service["server_uri"] == {"uri": "http://127.0.0.1:8080", "cluster": "patd", "timeout": "1s"}
    [own] = service["authorization_response"]["allowed_upstream_headers"]["patterns"]
    assert all(name.startswith(own["prefix"]) for name in IDENTITY)
    assert manager()["use_remote_address"] is True
    assert manager()["common_http_protocol_options"] == {"headers_with_underscores_action": "REJECT_REQUEST"}
    [host] = manager()["route_config"]["virtual_hosts"]
    assert host["request_headers_to_remove"] == ["authorization", "x-figma-token"] and "rewrite" not in json.dumps(host)
    ports = {c["name"]: c["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]["port_value"]
             for c in documents("# /etc/envoy/envoy.yaml")["static_resources"]["clusters"]}
    assert ports == {"patd": 8080, "shop": 9000}
    assert host["routes"] == [{"match": {"prefix": "/"}, "route": {"cluster": "shop"}}]

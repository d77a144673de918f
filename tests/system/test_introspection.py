# SPDX-License-Identifier: Apache-2.0
"""Services ask whether a token is good, and end it: RFC 7662, RFC 7009, RFC 8414, and the clients oauth4webapi and openid-client."""
import base64
import json
import time
from urllib.parse import quote, urlencode

import pytest

from edge_index import tid
from product import Product
from test_policy_command import SHOP, done, failed, policy
from test_token_expiry import create, sleep_until, utc
from tools import await_event, rows

NOTHING = {"active": False}
UNKNOWN = "pat_" + "0" * 49

# Clients that nobody here wrote: they find the endpoints, and check every answer's form.
OAUTH4WEBAPI = """
(async () => {
const o = await import('oauth4webapi');
const { base, name, secret, token } = JSON.parse(require('fs').readFileSync(0));
const http = { [o.allowInsecureRequests]: true };
const issuer = new URL(base);
const server = await o.processDiscoveryResponse(issuer, await o.discoveryRequest(issuer, { algorithm: 'oauth2', ...http }));
const client = { client_id: name };
const ask = async (secret, what, process) => process(server, client, await what(server, client, o.ClientSecretBasic(secret), token, http));
const out = {};
out.before = await ask(secret, o.introspectionRequest, o.processIntrospectionResponse);
out.refused = await ask('wrong', o.introspectionRequest, o.processIntrospectionResponse).catch(e => e.cause?.[0]?.parameters?.realm ?? e.error ?? String(e));
await o.processRevocationResponse(await o.revocationRequest(server, client, o.ClientSecretBasic(secret), token, http));
out.after = await ask(secret, o.introspectionRequest, o.processIntrospectionResponse);
console.log(JSON.stringify(out));
})();
"""
OPENID_CLIENT = """
(async () => {
const c = await import('openid-client');
const { base, name, secret, token } = JSON.parse(require('fs').readFileSync(0));
const connect = (s) => c.discovery(new URL(base), name, {}, c.ClientSecretBasic(s), { algorithm: 'oauth2', execute: [c.allowInsecureRequests] });
const service = await connect(secret);
const out = {};
out.before = await c.tokenIntrospection(service, token);
out.refused = await c.tokenIntrospection(await connect('wrong'), token).catch(e => e.cause?.[0]?.parameters?.realm ?? e.error ?? String(e));
await c.tokenRevocation(service, token);
out.after = await c.tokenIntrospection(service, token);
console.log(JSON.stringify(out));
})();
"""


def service(product, *words):
    return product.patd("service", *words)


def basic(name, secret):
    return {"Authorization": "Basic " + base64.b64encode(f"{quote(name, '')}:{quote(secret, '')}".encode()).decode()}


class Asker:
    def __init__(self, product, name, *words):
        self.product, self.name = product, name
        self.secret = done(service(product, "add", name, *words)).strip()

    def ask(self, token, path="/introspect", headers=None, **more):
        return self.form(urlencode({"token": token, **more}), path, headers)

    def form(self, body, path="/introspect", headers=None):
        return form(self.product, body, path, basic(self.name, self.secret) if headers is None else headers)


def form(product, body, path="/introspect", headers=None):
    return product.call("POST", path, body, {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})})


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("introspection") / "shop.yaml"
    shop.write_text(SHOP)
    with Product() as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        product.any = Asker(product, "gateway")
        product.shop = Asker(product, "shop-gateway", "--product", "shop")
        yield product


@pytest.fixture(params=["introspect", "revoke"])
def path(request):
    return "/" + request.param


def test_a_good_token(p):
    made = p.ada.generate("asked about", ["file_content:read", "current_user:read"])
    answer = p.any.ask(made["token"])
    told = answer.json
    iat, exp = told.pop("iat"), told.pop("exp")
    assert answer.status == 200 and told == {"active": True, "scope": "current_user:read file_content:read", "sub": str(p.ada.id),
                                             "token_type": "Bearer", "jti": tid(made["token"])}
    assert exp - iat == 30 * 86400 and made["id"] == told["jti"]
    assert answer.headers["Content-Type"] == "application/json" and "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff" and made["token"] not in answer.body.decode()


@pytest.mark.parametrize("spelling", ["{}", "secret-token:{}", "Secret-Token:{}"])
@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "mischief", "", "x" * 300])
def test_the_spelling_and_the_hint_change_nothing(p, spelling, hint):
    made = p.ada.generate(f"{spelling} {hint}"[:60])
    assert p.any.ask(spelling.format(made["token"]), token_type_hint=hint).json["jti"] == made["id"]


def test_it_counts_as_a_use(p):
    made = p.ada.generate("counted")
    p.any.ask(made["token"])
    assert p.get("/api/v1/self", token=made["token"]).json["use_count"] == 2


def test_nothing_more_is_said_of_a_token_that_is_not_good(p):
    revoked = p.ada.generate("revoked")
    p.ada.revoke(revoked["id"])
    good = p.ada.generate("good")["token"]
    for token in (UNKNOWN, revoked["token"], good + "0", good[:-1], good.upper(), "x", "x" * 255, "x" * 256, "x" * 3000, "\u00e9", "a b", "secret-token:"):
        answer = p.any.ask(token)
        assert (answer.status, answer.body) == (200, b'{"active":false}'), token


@pytest.mark.parametrize("limits", [
    {"networks": ["127.0.0.0/8"]},
    {"resources": [{"product": "shop", "parameter": "order", "value": "7"}]},
])
def test_who_cannot_judge_a_limit_is_told_no(p, limits):
    made = p.ada.generate(f"limited {limits}"[:60], limits=limits)
    assert p.any.ask(made["token"]).json == NOTHING and p.shop.ask(made["token"]).json == NOTHING


def test_a_token_of_another_product(p):
    shop = p.ada.generate("for the shop", limits={"products": ["shop"]})["token"]
    files = p.ada.generate("for files", limits={"products": ["files"]})["token"]
    wide = p.ada.generate("for all")["token"]
    assert p.shop.ask(shop).json["aud"] == ["shop"]
    assert p.shop.ask(files).json == p.any.ask(shop).json == p.any.ask(files).json == NOTHING
    assert p.shop.ask(wide).json["active"] and p.any.ask(wide).json["active"]


def test_an_expired_token(p):
    end = int(time.time()) + 2
    made = create(p.ada, "two seconds", expires_at=utc(end)).json
    assert p.any.ask(made["token"]).json["exp"] == end
    sleep_until(end)
    assert p.any.ask(made["token"]).json == NOTHING


def test_whose_owner_is_disabled(p):
    p.add_person("grace@acme.org")
    made = p.sign_in("grace@acme.org").generate("of somebody who leaves")
    assert p.any.ask(made["token"]).json["active"]
    done(p.patd("user", "disable", "grace@acme.org"))
    assert p.any.ask(made["token"]).json == NOTHING


def test_revoking(p):
    made = p.ada.generate("to be revoked")
    assert p.get("/v1/me", token=made["token"]).status == 200
    first = p.any.ask(made["token"], "/revoke")
    assert p.get("/v1/me", token=made["token"]).status == 401
    assert p.any.ask(made["token"]).json == NOTHING
    again, unknown = p.any.ask(made["token"], "/revoke"), p.any.ask(UNKNOWN, "/revoke", token_type_hint="mischief")
    assert first.status == again.status == unknown.status == 200 and first.body == again.body == unknown.body
    row = p.ada.call("GET", f"/api/v1/tokens/{made['id']}").json
    assert row["state"] == "revoked"
    line = [e for e in p.log() if e["event"] == "token.revoked"][-1]
    assert (line["tid"], line["service"]) == (made["id"], "gateway")


def test_who_has_a_token_may_end_it_whatever_it_is_for(p):
    made = p.ada.generate("of files", limits={"products": ["files"], "networks": ["192.0.2.0/24"]})
    assert p.shop.ask(made["token"], "/revoke").status == 200
    assert p.ada.call("GET", f"/api/v1/tokens/{made['id']}").json["state"] == "revoked"


def test_who_is_no_service(p, path):
    made = p.ada.generate(f"not a service {path}")["token"]
    name, secret = p.any.name, p.any.secret
    for headers in ({}, {"Authorization": f"Bearer {made}"}, {"X-Figma-Token": made}, {"Cookie": p.ada.cookie}, {"Authorization": "Basic"},
                    {"Authorization": "Basic ="}, {"Authorization": "Basic !!!!"}, {"Authorization": "Basic " + "QQ" * 600},
                    {"Authorization": "Basic " + base64.b64encode(name.encode()).decode()},
                    {"Authorization": "Basic " + base64.b64encode(b"%zz:" + secret.encode()).decode()},
                    basic(name, secret[:-1]), basic(name, secret + "0"), basic("nobody", secret), basic("", secret), basic(name, ""),
                    basic("no name'", secret), basic("g" * 300, secret), basic(name, "x" * 300), basic("shop-gateway", secret),
                    basic("ada@acme.org", "correct horse battery wagon")):
        answer = form(p, urlencode({"token": made}), path, headers)
        assert (answer.status, answer.json) == (401, {"error": "invalid_client"}), headers
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=") and "no-store" in answer.headers["Cache-Control"]
    assert p.get("/v1/me", token=made).status == 200
    assert any(e["event"] == "service.refused" and e["address"] == "127.0.0.1" for e in p.log())
    assert secret not in p.stderr()


def test_what_is_no_question(p, path):
    made = p.ada.generate(f"no question {path}")["token"]
    for body in ("", "token", "token=", "token_type_hint=x", f"token&token={made}", f"token={made}&token={made}", f"token={made}&token=", f"token={made}&token_type_hint=a&token_type_hint=b",
                 f"TOKEN={made}", f"token={made}%", f"token={made}%0", f"token={made}%zz", f"token={made}%00"):
        answer = p.any.form(body, path)
        assert (answer.status, answer.json) == (400, {"error": "invalid_request"}), body
    for kind in ("application/json", "text/plain", "multipart/form-data", "application/x-www-form-urlencodedx"):
        assert p.any.form(f"token={made}", path, {**basic(p.any.name, p.any.secret), "Content-Type": kind}).status == 400, kind
    assert p.any.form("token=" + "x" * 20000, path).status == 413
    for method in ("GET", "HEAD", "PUT", "DELETE"):
        answer = p.call(method, f"{path}?token={made}", headers=basic(p.any.name, p.any.secret))
        assert answer.status == 405 and answer.headers["Allow"] == "POST", method
    assert p.get("/v1/me", token=made).status == 200


def test_a_token_in_the_address_is_none(p, path):
    made = p.ada.generate(f"in the address {path}")["token"]
    assert p.any.form("", f"{path}?token={made}").status == 400
    assert made not in p.stderr()


def test_revoking_keeps_the_last_use(p):
    made = p.ada.generate("used before it ended")
    p.get("/v1/me", token=made["token"])
    p.any.ask(made["token"], "/revoke")
    assert p.ada.call("GET", f"/api/v1/tokens/{made['id']}").json["use_count"] == 1


def test_whoever_tries_is_slowed_down_and_nobody_else():
    with Product() as p:
        p.set_up()
        asker = Asker(p, "gateway")
        answers = [form(p, "token=x", "/introspect", basic("gateway", "wrong")) for _ in range(31)]
        assert [a.status for a in answers] == [401] * 30 + [429] and int(answers[-1].headers["Retry-After"]) > 0
        assert asker.ask(UNKNOWN).json == NOTHING
        assert form(p, "token=x", "/introspect", basic("gateway", "wrong")).status == 429
        assert len([e for e in p.log() if e["event"] == "service.refused"]) == 30


def test_the_metadata(p):
    answer = p.get("/.well-known/oauth-authorization-server")
    assert answer.status == 200 and answer.json == {
        "issuer": p.base, "introspection_endpoint": p.base + "/introspect", "revocation_endpoint": p.base + "/revoke",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic"],
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic"], "response_types_supported": []}


@pytest.mark.parametrize("script", [OAUTH4WEBAPI, OPENID_CLIENT], ids=["oauth4webapi", "openid-client"])
def test_a_client_that_nobody_here_wrote(p, node, script):
    made = p.ada.generate("for a client")
    out = json.loads(node(script, json.dumps({"base": p.base, "name": p.any.name, "secret": p.any.secret, "token": made["token"]})))
    assert out["before"]["active"] is True and out["before"]["jti"] == made["id"] and out["after"] == NOTHING
    assert out["refused"] == "patd services"


def audited(p, name):
    return [action for (action,) in rows(p, "SELECT action FROM audit WHERE object = ? ORDER BY id", f"service:{name}")]


def test_another_secret(p):
    asker = Asker(p, "rotated")
    former = asker.secret
    asker.secret = done(service(p, "rotate", "rotated")).strip()
    assert asker.secret != former and len(asker.secret) >= 43
    assert asker.ask(UNKNOWN).json == NOTHING
    for path in ("/introspect", "/revoke"):
        assert form(p, "token=x", path, basic("rotated", former)).status == 401
    assert audited(p, "rotated") == ["service.added", "service.rotated"]
    line = await_event(p, "service.rotated")
    assert line["service"] == "rotated" and asker.secret not in p.stderr()
    for name in ("nobody", "Rotated", ""):
        failed(service(p, "rotate", name), "there is no service of this name")
    for words in (["rotate"], ["rotate", "rotated", "x"]):
        assert service(p, *words).returncode == 2


def test_another_product(p):
    asker = Asker(p, "edited")
    shops = p.ada.generate("the shop's", ["orders:read"], limits={"products": ["shop"]})["token"]
    anybodys = p.ada.generate("anybody's", ["orders:read"])["token"]

    def active():
        return [asker.ask(t).json["active"] for t in (shops, anybodys)]

    assert active() == [False, True]
    assert done(service(p, "edit", "edited", "--product", "shop")) == "edited is changed, and has the secret it had.\n"
    assert active() == [True, True]
    before = audited(p, "edited")
    for words, why in ((("--product", "none"), "there is no product of this name"), (("--title", "x"), "for a service with a portal"),
                       (("--return", "https://shop.example"), "for a service with a portal"), (("--accent", ""), "for a service with a portal"),
                       (("--portal",), "--portal takes --return"), (("--portal", "--return", "shop.example"), "--portal takes --return"),
                       (("--product", "", "--portal", "--return", "https://shop.example"), "--portal takes the --product")):
        failed(service(p, "edit", "edited", *words), why)
    assert active() == [True, True] and audited(p, "edited") == before == ["service.added", "service.edited"]
    done(service(p, "edit", "edited", "--product", ""))
    assert active() == [False, True]
    failed(service(p, "edit", "nobody", "--product", "shop"), "there is no service of this name")
    for words in (["edit"], ["edit", "edited"], ["edit", "edited", "--product"], ["edit", "edited", "--colour", "red"], ["edit", "edited", "shop"]):
        assert service(p, *words).returncode == 2, words


def test_the_command():
    with Product() as p:
        p.set_up()
        first = Asker(p, "archive")
        failed(service(p, "add", "archive"), "there is a service of this name already")
        failed(service(p, "add", "Archive"), "name")
        failed(service(p, "add", "shop", "--product", "shop"), "there is no product of this name")
        assert len(first.secret) >= 43
        Asker(p, "files-gateway", "--product", "files")
        rows = [line.split() for line in done(service(p, "list")).splitlines()]
        assert [row[:2] for row in rows] == [["archive", "-"], ["files-gateway", "files"]]
        assert first.ask(UNKNOWN).status == 200
        assert done(service(p, "remove", "archive")) == "archive may not ask any more.\n"
        assert first.ask(UNKNOWN).status == 401
        failed(service(p, "remove", "archive"), "there is no service of this name")
        for words in ((), ("add",), ("add", "x", "--product"), ("list", "x"), ("remove",), ("sing",), ("add", "x", "--colour", "red")):
            assert service(p, *words).returncode == 2, words
        p.stop()
        stopped = Asker(p, "made-while-stopped")
        p.start()
        assert stopped.ask(UNKNOWN).json == NOTHING
        assert first.secret not in p.stderr() and [e["service"] for e in p.log() if e["event"] == "service.added"][:1] == ["archive"]

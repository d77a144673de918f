# SPDX-License-Identifier: Apache-2.0
"""Products without accounts here: a service vouches for its people, and a one-time link opens their tokens."""
import json
import re
import time
from urllib.parse import quote

import pytest

from product import PASSWORD, ROOT, Person, Product
from test_introspection import Asker, basic, service
from test_policy_command import SHOP, asks, done, failed, policy
from tools import as_person, ask, await_event, edit, files, rows, state, together

BACK = "https://shop.example"
HERE = f"{BACK}/settings?tab=tokens#mine"
PORTAL = ("--product", "shop", "--portal", "--return", BACK, "--title", "The Shop", "--accent", "#0b6e4f")


class Backend(Asker):
    """A product's backend, with its service's credential."""

    def link(self, subject="u-1", name="Grace Hopper", headers=None, **more):
        body = {"subject": subject, "name": name, "return_url": HERE, **more}
        return self.product.call("POST", "/api/v1/portal_sessions", {k: v for k, v in body.items() if v is not ...},
                                 basic(self.name, self.secret) if headers is None else headers)

    def code(self, *args, **kw):
        answer = self.link(*args, **kw)
        assert answer.status == 201, answer
        return answer.json["url"].split("#")[1]

    def visit(self, *args, **kw):
        """Somebody in a browser who has followed the link."""
        return arrive(self.product, self.code(*args, **kw))


def follow(product, code, **kw):
    return product.call("POST", "/api/v1/portal", {"code": code}, **kw)


def arrive(product, code):
    answer = follow(product, code)
    assert answer.status == 201, answer
    return Person(product, answer.headers["Set-Cookie"].split(";")[0], answer.json)


def imported(product, folder, name="shop"):
    path = folder / f"{name}.yaml"
    path.write_text(SHOP)
    done(policy(product, "import", name, path))


@pytest.fixture
def shop(tmp_path):
    with Product(tmp_path) as product:
        product.ada = product.set_up()
        imported(product, tmp_path)
        product.backend = Backend(product, "shop", *PORTAL)
        yield product


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    folder = tmp_path_factory.mktemp("portal")
    with Product(folder, tokens_per_hour_max=1000) as product:
        product.ada = product.set_up()
        imported(product, folder)
        product.backend = Backend(product, "shop", *PORTAL)
        product.plain = Backend(product, "gateway", "--product", "shop")
        yield product


def refused(answer, status, reason, field=None):
    assert (answer.status, answer.json["reason"], answer.json.get("field")) == (status, reason, field), answer


def orders(product, token):
    return asks(product, token, "/api/orders")


# ---- The journey.

def test_the_whole_journey_without_a_password(p):
    """A link, a token seen once, used, and revoked; then it is refused. The product is told its own user."""
    answer = p.backend.link("u-17", "Grace Hopper", email="grace@navy.example")
    assert answer.status == 201 and set(answer.json) == {"url", "expires_at"} and "no-store" in answer.headers["Cache-Control"]
    assert re.fullmatch(re.escape(p.base) + r"/portal#[0-9A-Za-z]{43}", answer.json["url"])
    opened = follow(p, answer.json["url"].split("#")[1])
    cookie = opened.headers["Set-Cookie"]
    assert opened.status == 201 and "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie
    assert opened.json["portal"] == {"title": "The Shop", "accent": "#0b6e4f", "return_url": HERE}
    assert opened.json["person"] == {"id": opened.json["person"]["id"], "email": "grace@navy.example", "name": "Grace Hopper", "admin": False, "picture_url": None}
    grace = Person(p, cookie.split(";")[0], opened.json)
    made = grace.generate("Nightly export", ["orders:read"], days=7)
    assert made["limits"]["products"] == ["shop"]
    listed = grace.call("GET", "/api/v1/tokens").json["tokens"]
    assert [t["name"] for t in listed] == ["Nightly export"] and "token" not in listed[0]
    used = orders(p, made["token"])
    assert used.status == 200 and used.headers["X-Pat-User"] == "shop:u-17"
    assert asks(p, made["token"], "/api/orders", "POST").status == 403
    told = p.backend.ask(made["token"]).json
    assert (told["sub"], told["aud"]) == ("shop:u-17", ["shop"])
    assert p.get("/api/v1/self", token=made["token"]).json["owner"] == {"id": "shop:u-17"}
    assert grace.call("GET", f"/api/v1/tokens/{made['id']}").json["use_count"] == 3
    assert grace.revoke(made["id"]).status == 200
    assert orders(p, made["token"]).status == 401


def test_who_comes_again_is_the_same(p):
    first, again = p.backend.visit("same"), p.backend.visit("same", "Grace Murray", email="new@navy.example")
    assert first.id == again.id and again.session["person"]["name"] == "Grace Murray"
    assert first.call("GET", "/api/v1/session").json["person"]["email"] == "new@navy.example"
    third = p.backend.visit("same")
    assert third.session["person"]["email"] == "" and len(third.call("GET", "/api/v1/sessions").json["sessions"]) == 3
    assert p.backend.visit("Same").id != first.id  # subjects are not compared as email addresses are


def test_what_products_are_told_outlives_a_restart(shop):
    grace = shop.backend.visit("u:1/%2f~'\"<>,;")
    made = grace.generate("kept", ["orders:read"])
    narrowed = grace.generate("narrowed", ["orders:read", "orders:write"])
    assert grace.call("PATCH", f"/api/v1/tokens/{narrowed['id']}", {"scopes": ["orders:read"]}).status == 200
    for token in (made["token"], narrowed["token"]):
        assert orders(shop, token).headers["X-Pat-User"] == "shop:u:1/%252f~'\"<>,;"
        assert shop.get("/api/v1/self", token=token).json["owner"] == {"id": "shop:u:1/%252f~'\"<>,;"}
    shop.stop()
    shop.start()
    for token in (made["token"], narrowed["token"]):
        assert orders(shop, token).headers["X-Pat-User"] == "shop:u:1/%252f~'\"<>,;"
    assert grace.call("GET", "/api/v1/tokens").status == 200
    shop.stop()
    assert edit(shop, "UPDATE token SET known_as = '1'") == 2
    shop.start()
    assert orders(shop, made["token"]).status == 401 and await_event(shop, "store.row_tampered")


def test_no_subject_is_an_accounts_number(p):
    for subject in (p.ada.id, "0", "-1", "1e0"):
        token = p.backend.visit(subject).generate("as a number", ["orders:read"])["token"]
        assert orders(p, token).headers["X-Pat-User"] == f"shop:{subject}"
    assert orders(p, p.ada.generate("hers", ["orders:read"])["token"]).headers["X-Pat-User"] == p.ada.id


def test_two_people_with_one_email(p):
    """An email is only shown: nobody is found by it, and nobody's account is taken with it."""
    a, b = p.backend.visit("a", email="ada@acme.org"), p.backend.visit("b", email="ada@acme.org")
    assert len({a.id, b.id, p.ada.id}) == 3
    a.generate("of a", ["orders:read"])
    assert b.call("GET", "/api/v1/tokens").json["tokens"] == [] and p.sign_in("ada@acme.org").id == p.ada.id
    p.backend.visit("c", email="later@acme.org")
    p.add_person("later@acme.org")
    assert p.sign_in("later@acme.org").session["portal"] is None


# ---- The link.

def test_a_link_works_once(p):
    code = p.backend.code("once")
    answers = together(8, lambda i: follow(p, code))
    assert sorted(a.status for a in answers) == [201] + [403] * 7
    refused(follow(p, code), 403, "portal_link_invalid", "code")


def test_a_link_is_short_lived(p):
    code = p.backend.code("late")
    ends = p.backend.link("late").json["expires_at"]
    left = time.mktime(time.strptime(ends, "%Y-%m-%dT%H:%M:%SZ")) - time.mktime(time.gmtime())
    assert 110 < left <= 121
    p.stop()
    assert edit(p, "UPDATE portal_link SET expires = expires - 120") >= 2
    p.start()
    refused(follow(p, code), 403, "portal_link_invalid", "code")
    p.backend.code("somebody-else")  # whoever asks next forgets what has expired
    assert rows(p, "SELECT count(*) FROM portal_link WHERE expires < unixepoch()") == [(0,)]


@pytest.mark.parametrize("code", ["", "x", "x" * 43, "x" * 5000, "\u00e9", "' OR 1=1 --"])
def test_what_is_no_code(p, code):
    refused(follow(p, code), 403, "portal_link_invalid", "code")


def test_a_code_is_not_taken_from_another_site(p):
    """WEB-04: nobody is signed in here by a page of somebody else."""
    code = p.backend.code("elsewhere")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "null"}):
        refused(follow(p, code, headers=headers), 403, "cross_site_request")
    assert p.call("POST", "/api/v1/portal", f"code={code}", {"Content-Type": "application/x-www-form-urlencoded"}).status == 415
    assert p.get(f"/portal?code={code}").status == 200 and follow(p, code).status == 201


def test_whoever_guesses_is_slowed_down_and_nobody_else(shop):
    code = shop.backend.code()
    answers = [follow(shop, "x" * 43, source="127.0.0.7") for _ in range(31)]
    assert [a.status for a in answers] == [403] * 30 + [429] and int(answers[-1].headers["Retry-After"]) > 0
    assert follow(shop, code, source="127.0.0.7").status == 201


def test_links_are_bounded(shop):
    answers = [shop.backend.link("eager") for _ in range(31)]
    assert [a.status for a in answers] == [201] * 30 + [429] and int(answers[-1].headers["Retry-After"]) > 0
    assert shop.backend.link("another").status == 201


def test_the_secrets_are_nowhere_but_in_the_link(shop):
    """LOG-03, SES-02: the database has hashes, the log has neither code nor cookie."""
    code = shop.backend.code(email="grace@navy.example")
    unused = shop.backend.code()
    grace = arrive(shop, code)
    assert await_event(shop, "portal.linked")["service"] == "shop"
    assert await_event(shop, "portal.opened") == {**await_event(shop, "portal.opened"), "person": grace.id, "service": "shop", "address": "127.0.0.1"}
    follow(shop, "nothing")
    assert await_event(shop, "portal.refused")
    secrets = [code, unused, grace.cookie.split("=")[1], grace.csrf, shop.backend.secret]
    for path, data in files(shop).items():
        assert not [s for s in secrets if s.encode() in data], path
    assert "grace@navy.example" not in shop.stderr() and "Grace" not in shop.stderr()


def test_the_audit_records(shop):
    """LOG-01, LOG-02: who was vouched for, by which service, and who came."""
    grace = shop.backend.visit()
    shop.backend.link(name="Another Name")
    records = shop.ada.call("GET", "/api/v1/admin/audit?limit=100").json["records"]
    told = [(r["action"], r["via"], r["object"].split(":")[0], r["actor"]) for r in records if r["action"].startswith(("portal", "person", "session"))][1:]
    session = next(r for r in records if r["action"] == "session.created" and r["actor"] == grace.id)
    assert ("person.created", "service:shop", "person", None) in told and ("portal.linked", "service:shop", "person", None) in told
    assert ("person.renamed", "service:shop", "person", None) in told and session["via"] == "page"
    assert shop.patd("audit", "verify").returncode in (0, 2)


# ---- Who may ask for one.

def test_who_is_no_service(p):
    for headers in ({}, {"Cookie": p.ada.cookie, "X-CSRF-Token": p.ada.csrf}, basic("shop", "wrong"), basic("nobody", p.backend.secret),
                    basic("gateway", p.backend.secret), {"Authorization": "Basic !"}, {"Authorization": f"Bearer {p.ada.generate(str(time.time()))['token']}"}):
        answer = p.backend.link(headers=headers)
        refused(answer, 401, "wrong_credentials")
        assert answer.headers["WWW-Authenticate"].startswith("Basic realm=")


def test_a_service_without_a_portal(p):
    refused(p.plain.link(), 403, "portal_not_enabled")


def test_a_product_without_scopes_has_nothing_for_anybody_new(shop, tmp_path):
    """Who has tokens from before comes to them all the same, to revoke them."""
    grace = shop.backend.visit("u-1")
    made = grace.generate("from before", ["orders:read"])
    bare = tmp_path / "bare.yaml"
    bare.write_text("openapi: 3.0.3\ncomponents: {securitySchemes: {k: {type: http, scheme: bearer}}}\npaths: {/orders: {get: {security: [{k: []}]}}}\n")
    for without in (("import", "shop", bare), ("remove", "shop")):
        done(policy(shop, *without))
        before = state(shop)
        refused(shop.backend.link("u-2"), 403, "portal_no_scopes")
        assert state(shop) == before
        assert shop.backend.visit("u-1").call("GET", "/api/v1/tokens").json["tokens"][0]["id"] == made["id"]
    assert shop.backend.visit("u-1").revoke(made["id"]).status == 200
    imported(shop, tmp_path)
    assert shop.backend.visit("u-2").generate("at last", ["orders:read"])


BAD_URLS = ["", "/", "shop.example", "//shop.example/", "https:shop.example", "https:/shop.example/", "http://shop.example/", "https://shop.example.evil.example/",
            "https://shop.example@evil.example/", "https://shop.example:443/", "https://shop.example:8443/", "https://shop.examplE/", "HTTPS://shop.example/",
            "https://evil.example/https://shop.example/", "https://shop.example\\@evil.example/", "https://shop.example\\.evil.example", "https://shop.example%2eevil.example/",
            "https://shop.example%00.evil.example/", "https://user@shop.example/", "https://user:pw@shop.example/", " https://shop.example/", "https://shop.example /",
            "https://shop.example/\n", "https://shop.example/\r\nSet-Cookie: a=b", "https://shop.example/\t", "https://shop.example/a b", "https://shop.example/\\evil",
            "https://shop.example/\u00e9", "https://shop.example\u3002evil.example/", "https://shop.example./", "javascript:alert(1)", "javascript://shop.example/%0aalert(1)",
            "data:text/html,x", "ftp://shop.example/", "https://[::1]/", "https://shop.example;evil.example/", "https://shop.example&evil.example/",
            "https://shop.exampl", "https://shop.example/" + "x" * 1010]


@pytest.mark.parametrize("url", BAD_URLS, ids=range(len(BAD_URLS)))
def test_where_nobody_is_sent_back_to(p, url):
    """WEB-08: only to the origins that the service was added with, however the address is spelt."""
    refused(p.backend.link(return_url=url), 400, "return_url_not_allowed", "return_url")


@pytest.mark.parametrize("tail", ["", "/", "?x", "#x", "/a/../b?c=//evil.example#@evil.example", "/" + "x" * 1000])
def test_where_they_may_be(p, tail):
    assert p.backend.visit("back", return_url=BACK + tail).session["portal"]["return_url"] == BACK + tail


@pytest.mark.parametrize("field, value, reason", [
    ("subject", "", "subject_malformed"), ("subject", "x" * 129, "subject_malformed"), ("subject", "a b", "subject_malformed"),
    ("subject", "a\r\nX-Pat-Scopes: all", "subject_malformed"), ("subject", "a\tb", "subject_malformed"), ("subject", "\u00e9", "subject_malformed"),
    ("subject", "a\x7f", "subject_malformed"), ("subject", "a\0b", "bad_value"), ("subject", 7, "wrong_type"), ("subject", None, "wrong_type"), ("subject", ..., "missing_field"),
    ("name", "", "name_required"), ("name", " ", "name_required"), ("name", "x" * 101, "name_too_long"), ("name", "a\r\nSet-Cookie: x=y", "name_bad_characters"),
    ("name", "a\u202eb", "name_bad_characters"), ("name", ..., "missing_field"), ("email", "grace", "email_malformed"), ("email", "a\n@b.c", "email_malformed"),
    ("email", "", "email_malformed"), ("email", "x" * 250 + "@b.c", "email_malformed"), ("return_url", ..., "missing_field"), ("admin", True, "unknown_field"),
    ("scopes", ["orders:read"], "unknown_field"), ("service", "shop", "unknown_field"), ("__proto__", {}, "unknown_field"),
])
def test_what_is_refused_makes_nobody(p, field, value, reason):
    before = state(p)
    refused(p.backend.link(**{"subject": "refused", field: value}), 400, reason, field)
    assert state(p) == before


def test_what_is_kept_as_it_was_said(p):
    name, subject = "O’Brien <b>&amp;\"'", "!#$%&'()*+,-./09:;<=>?@AZ[\\]^_`az{|}~"
    them = p.backend.visit(subject, name)
    assert them.session["person"]["name"] == name
    listed = next(q for q in p.ada.call("GET", "/api/v1/admin/people?limit=100").json["people"] if q["id"] == them.id)
    assert (listed["service"], listed["subject"], listed["admin"]) == ("shop", subject, False)


def test_an_administrator_finds_who_it_is(p):
    subject = "who:/%2f&a=b"
    them, other = p.backend.visit(subject), p.backend.visit("who")

    def found(text, more=""):
        answer = p.ada.call("GET", f"/api/v1/admin/people?subject={quote(text, safe='')}{more}")
        assert answer.status == 200 and answer.json["next_cursor"] is None
        return [(q["id"], q["service"], q["subject"]) for q in answer.json["people"]]

    assert found(f"shop:{subject}") == found(f"shop:{subject}", "&limit=1&after=0") == [(them.id, "shop", subject)]
    assert found("shop:who") == [(other.id, "shop", "who")]
    assert found(f"shop:{subject}", f"&after={int(them.id) - 1}") and not found(f"shop:{subject}", f"&after={them.id}")
    for nobody in ("shop:who:", "shop:WHO", "shop:", "Shop:who", "none:who", ":who", "x" * 70 + ":who", "a@b.example:who"):
        assert found(nobody) == [], nobody
    for bad in ("who", "ada@acme.org", them.id, "shop:" + "x" * 300):
        refused(p.ada.call("GET", f"/api/v1/admin/people?subject={bad}"), 400, "bad_value", "subject")
    refused(p.ada.call("GET", "/api/v1/admin/people?subject=shop:who&subject=shop:who"), 400, "bad_value", "subject")
    assert len(p.ada.call("GET", "/api/v1/admin/people?subject=").json["people"]) > 1
    assert p.ada.call("GET", "/api/v1/admin/audit?subject=shop:who").status == 400


# ---- What such a session may do.

def test_a_session_is_for_tokens_alone(p):
    """API-02: what a route of src/web/routes.c does not open to products' own people is closed to them, by its rule."""
    source = (ROOT / "src/web/routes.c").read_text()
    grace = p.backend.visit("narrow")
    made = grace.generate("hers", ["orders:read"])
    opened = 0
    for method, path, rest in re.findall(r'^\t(?:API|MANAGED|ADMIN)\("(\w+)", "([^"]+)", (.*)\),$', source, re.M):
        if "PUBLIC" in rest or "SAME_ORIGIN" in rest or "SERVICE" in rest or path == "/api/v1/session" and method == "DELETE":
            continue
        before = state(p)
        answer = ask(p, method, path.replace("{id}", "1").replace("{key}", "a" * 22).replace("{ref}", "1").replace("{version}", "1").replace("{person}", "1"),
                     as_person(grace), b"{}" if method in ("POST", "PUT", "PATCH") else None)
        if "FOR_PORTAL" in rest:
            opened += 1
            assert answer.status in (200, 204, 400, 404), (method, path, answer)
        else:
            assert answer.status == 403 and json.loads(answer.body)["reason"] == "not_allowed", (method, path, answer)
            assert state(p) == before
    assert opened == 13 and orders(p, made["token"]).status == 200
    for page in ("/", "/files/abcdefghijklmnopqrstuv", "/settings/account", "/settings/notifications", "/settings/security"):
        assert p.get(page, headers={"Cookie": grace.cookie}).headers["Location"] == "/portal", page


def test_scopes_and_products_of_others_are_not_there(p):
    grace = p.backend.visit("scopes")
    offered = grace.call("GET", "/api/v1/scopes").json["scopes"]
    assert {s["product"] for s in offered} == {"shop"} and "orders:read" in {s["scope"] for s in offered}
    for scope in ("file_content:read", "tokens:write", "admin:write", "no:such"):
        refused(grace.call("POST", "/api/v1/tokens", {"name": scope, "scopes": [scope], "expires_in_days": 1}), 400, "unknown_scope", "scopes")
    for limits in ({"products": ["files"]}, {"products": ["shop", "files"]}, {"products": ["patd"]}, {"resources": [{"product": "files", "parameter": "file_key", "value": "x"}]}):
        answer = grace.call("POST", "/api/v1/tokens", {"name": "x", "scopes": ["orders:read"], "expires_in_days": 1, "limits": limits})
        refused(answer, 400, "unknown_product", "limits")
    made = grace.generate("narrower", ["orders:read"], limits={"networks": ["203.0.113.0/24"], "resources": [{"product": "shop", "parameter": "order", "value": "7"}]})
    assert made["limits"]["products"] == ["shop"] and asks(p, made["token"], "/api/orders/7").status == 200
    assert asks(p, made["token"], "/api/orders/8").json["reason"] == "token_resource"
    for path in ("/v1/me", "/api/v1/tokens", "/api/v1/admin/people"):
        assert p.get(path, token=made["token"]).status in (403, 404), path


def test_nobody_signs_in_or_gets_a_password(p):
    """There is no password, none is set, and the key that stands where others have an email opens nothing."""
    them = p.backend.visit("no-password", email="nopassword@acme.org")
    key = rows(p, "SELECT email FROM person WHERE id = ?", int(them.id))[0][0]
    for email in ("nopassword@acme.org", "shop:no-password", key):
        assert p.call("POST", "/api/v1/session", {"email": email, "password": PASSWORD}, source="127.0.0.9").status == 401
        failed(p.patd("user", "password", email, "--password-stdin", input="a quite long sentence\n"), "nobody has this email address")
    failed(p.patd("user", "add", "shop:no-password", "--name", "X", "--password-stdin", input=PASSWORD + "\n"), "this is not an email address")
    assert rows(p, "SELECT password FROM person WHERE id = ?", int(them.id)) == [("",)]


def test_a_token_needs_a_recent_visit(tmp_path):
    """TOK-10: nobody can enter a password here, so the product has to send them again."""
    with Product(tmp_path, token_fresh_sign_in_minutes=1) as p:
        p.set_up()
        imported(p, tmp_path)
        backend = Backend(p, "shop", *PORTAL)
        grace = backend.visit()
        grace.generate("fresh", ["orders:read"])
        p.stop()
        edit(p, "UPDATE session SET created = created - 61")
        p.start()
        body = {"name": "stale", "scopes": ["orders:read"], "expires_in_days": 1}
        refused(grace.call("POST", "/api/v1/tokens", body), 403, "reauthentication_required")
        assert grace.call("POST", "/api/v1/session/proof", {"password": "x"}).status == 403
        assert backend.visit().call("POST", "/api/v1/tokens", body).status == 201


def test_signing_out(p):
    grace, elsewhere = p.backend.visit("leaves"), p.backend.visit("leaves")
    assert grace.call("DELETE", "/api/v1/session").status == 204 and grace.call("GET", "/api/v1/session").status == 401
    assert elsewhere.call("GET", "/api/v1/session").status == 200


# ---- Their end.

def test_disabling_works_at_once(shop):
    grace, other = shop.backend.visit("u-1"), shop.backend.visit("u-2")
    token, kept = grace.generate("t", ["orders:read"])["token"], other.generate("t", ["orders:read"])["token"]
    code = shop.backend.code("u-1")
    assert "shop:u-1" in done(shop.patd("user", "list"))
    assert done(shop.patd("user", "disable", "shop:u-1")).startswith("shop:u-1 is disabled")
    assert orders(shop, token).status == 401 and grace.call("GET", "/api/v1/session").status == 401
    refused(follow(shop, code), 403, "portal_link_invalid", "code")
    refused(shop.backend.link("u-1"), 403, "person_disabled")
    assert orders(shop, kept).status == 200 and other.call("GET", "/api/v1/session").status == 200
    done(shop.patd("user", "enable", "shop:u-1"))
    assert shop.backend.visit("u-1").id == grace.id and orders(shop, token).status == 401
    assert shop.ada.call("PATCH", f"/api/v1/admin/people/{other.id}", {"disabled": True}).json["subject"] == "u-2"
    assert orders(shop, kept).status == 401
    failed(shop.patd("user", "disable", "shop:nobody"), "no service has sent a person of this subject")


def test_removing_the_service_ends_what_its_people_have(shop):
    done(service(shop, "add", "other", "--product", "shop", "--portal", "--return", BACK))
    grace = shop.backend.visit("u-1")
    token, hers = grace.generate("t", ["orders:read"])["token"], shop.ada.generate("hers", ["orders:read"])["token"]
    code = shop.backend.code("u-1")
    done(service(shop, "remove", "shop"))
    assert orders(shop, token).status == 401 and grace.call("GET", "/api/v1/session").status == 401
    refused(follow(shop, code), 403, "portal_link_invalid", "code")
    refused(shop.backend.link(), 401, "wrong_credentials")
    assert orders(shop, hers).status == 200
    again = Backend(shop, "shop", *PORTAL).visit("u-1")
    assert again.id == grace.id and [t["revoked_reason"] for t in again.call("GET", "/api/v1/tokens").json["tokens"]] == ["administrator"]


def test_services_are_apart(shop):
    other = Backend(shop, "other", "--product", "shop", "--portal", "--return", "http://127.0.0.1:9000", "--return", "https://b.example")
    a, b = shop.backend.visit("u-1"), other.visit("u-1", return_url="http://127.0.0.1:9000/x")
    assert a.id != b.id and b.session["portal"] == {"title": "other", "accent": None, "return_url": "http://127.0.0.1:9000/x"}
    refused(other.link(return_url=HERE), 400, "return_url_not_allowed", "return_url")
    assert orders(shop, b.generate("t", ["orders:read"])["token"]).headers["X-Pat-User"] == "other:u-1"


def test_a_portal_is_changed_and_its_people_stay(shop):
    a = shop.backend.visit("u-1")
    token = a.generate("kept", ["orders:read"])["token"]

    def portal():
        return shop.backend.visit("u-1", return_url=f"{back}/x").session["portal"]

    back = "https://new.example"
    done(service(shop, "edit", "shop", "--return", back, "--title", "The New Shop"))
    assert portal() == {"title": "The New Shop", "accent": "#0b6e4f", "return_url": f"{back}/x"}
    refused(shop.backend.link(return_url=HERE), 400, "return_url_not_allowed", "return_url")
    done(service(shop, "edit", "shop", "--title", "", "--accent", ""))
    assert portal() == {"title": "shop", "accent": None, "return_url": f"{back}/x"}
    for words, why in ((("--product", "files"), "the product of a service with a portal stays"), (("--product", ""), "the product of a service with a portal stays"),
                       (("--accent", "red"), "the accent is a colour"), (("--title", "x" * 61), "the title is"), (("--return", f"{back}/x"), "--return with an origin"),
                       (("--return", ""), "--return with an origin"), (("--title", "Good", "--accent", "bad"), "the accent is a colour")):
        failed(service(shop, "edit", "shop", *words), why)
    done(service(shop, "edit", "shop", "--product", "shop", "--portal"))  # as it is
    assert portal()["title"] == "shop"

    former, code = shop.backend.secret, shop.backend.code("u-1", return_url=f"{back}/x")
    shop.backend.secret = done(service(shop, "rotate", "shop")).strip()
    refused(shop.backend.link(return_url=f"{back}/x", headers=basic("shop", former)), 401, "wrong_credentials")
    assert arrive(shop, code).id == portal_person(shop, "u-1") == a.id
    assert a.call("GET", "/api/v1/tokens").status == 200 and orders(shop, token).status == 200


def portal_person(product, subject):
    return product.ada.call("GET", f"/api/v1/admin/people?subject=shop:{subject}").json["people"][0]["id"]


def test_a_service_gets_a_portal(shop):
    late = Backend(shop, "late", "--product", "shop")
    refused(late.link(), 403, "portal_not_enabled")
    done(service(shop, "edit", "late", "--portal", "--return", BACK))
    assert late.visit("u-1").session["portal"]["title"] == "late"


def test_an_edited_row_vouches_for_nobody(shop):
    shop.stop()
    assert edit(shop, "UPDATE service SET origins = 'https://evil.example'") == 1
    shop.start()
    refused(shop.backend.link(return_url="https://evil.example/"), 401, "wrong_credentials")
    assert await_event(shop, "store.service_tampered")


def test_a_product_may_come_before_the_first_account(tmp_path):
    """AUT-07: whom a service vouches for is no first administrator, and the set-up link stays good."""
    with Product(tmp_path) as p:
        imported(p, tmp_path)
        Backend(p, "shop", *PORTAL).visit()
        assert p.get("/api/v1/setup").json == {"needed": True}
        assert p.set_up().session["person"]["admin"] is True


def test_links_lead_to_the_public_address(tmp_path):
    with Product(tmp_path, public_url="https://tokens.example") as p:
        imported(p, tmp_path)
        assert Backend(p, "shop", *PORTAL).link().json["url"].startswith("https://tokens.example/portal#")


# ---- The command.

@pytest.mark.parametrize("words, sentence", [
    (("--portal", "--return", BACK), "--portal takes the --product"),
    (("--product", "files", "--portal", "--return", BACK), "--portal takes the --product"),
    (("--product", "patd", "--portal", "--return", BACK), "--portal takes the --product"),
    (("--product", "shop", "--portal"), "--portal takes --return"),
    (("--product", "shop", "--portal", "--return", BACK + "/"), "--portal takes --return"),
    (("--product", "shop", "--portal", "--return", "shop.example"), "--portal takes --return"),
    (("--product", "shop", "--portal", *["--return", BACK] * 17), "--portal takes --return"),
    (("--product", "shop", "--portal", "--return", BACK, "--title", "x" * 61), "the title"),
    (("--product", "shop", "--portal", "--return", BACK, "--title", "a\nb"), "the title"),
    (("--product", "shop", "--portal", "--return", BACK, "--accent", "green"), "the accent"),
    (("--product", "shop", "--portal", "--return", BACK, "--accent", "#12345"), "the accent"),
    (("--product", "shop", "--portal", "--return", BACK, "--accent", "#12345g"), "the accent"),
])
def test_what_the_command_refuses(p, words, sentence):
    failed(service(p, "add", "refused", *words), sentence)
    assert "refused" not in done(service(p, "list"))


def test_the_command(p):
    assert "    portal of The Shop in #0b6e4f, back to https://shop.example\n" in done(service(p, "list"))
    for words in (("--portal", "--product"), ("--return", BACK), ("--title", "x"), ("--accent", "#123456", "--product", "shop"), ("--portal", "x")):
        assert service(p, "add", "wrong", *words).returncode == 2, words

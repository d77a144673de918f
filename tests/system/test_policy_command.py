# SPDX-License-Identifier: Apache-2.0
"""`patd policy …`, with patd running and not; and the acid test: Figma's own document, every operation and every scope."""
import re

import pytest
import yaml

from edge_index import new_token
from edge_site import Site, figma
from packages import packages
from product import Product, ROOT
from tools import edit

SHOP = """\
openapi: 3.0.3
servers: [{url: 'https://shop.example/api'}]
components:
  securitySchemes:
    login: {type: oauth2, flows: {implicit: {scopes: {'orders:read': Read orders, 'orders:write': Change orders, 'unused': Nothing}}}}
paths:
  /orders: {get: {security: [{login: ['orders:read']}]}, post: {security: [{login: ['orders:write']}]}}
  /orders/{order}: {get: {operationId: getOrder, security: [{login: ['orders:read']}]}}
  /status: {get: {security: []}}
"""


@pytest.fixture(scope="module")
def p():
    with Product() as product:
        yield product


@pytest.fixture(scope="module")
def ada(p):
    return p.set_up()


@pytest.fixture
def shop(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP)
    return path


def policy(product, *words, input=None):
    return product.patd("policy", *map(str, words), input=input)


def done(result):
    assert result.returncode == 0, result.stderr
    return result.stdout


def failed(result, words):
    assert result.returncode == 1 and words in result.stderr, result
    assert len(result.stderr.splitlines()) == 1
    return result


def asks(product, token, target, method="GET", name="shop"):
    return product.get(f"/verify/{name}", token=token, headers={"X-Forwarded-Method": method, "X-Forwarded-Uri": target, "X-Forwarded-For": "203.0.113.9"})


def test_a_products_whole_life(p, ada, shop):
    assert done(policy(p, "import", "shop", shop)) == "shop has 4 operations and 3 scopes, and is in force.\n"
    assert re.search(r"^files +built in +\d+ operations +\d+ scopes\nshop +\d{4}-\S+Z +4 operations +3 scopes\n$", done(policy(p, "list")))
    assert done(policy(p, "show", "shop")).splitlines()[1].split() == ["POST", "/api/orders", "orders:write"]
    assert "any token" in done(policy(p, "show", "shop"))
    found = done(policy(p, "lint", "shop"))
    assert re.search(r"^line 9 +no-scopes +GET /api/status takes no scope: any token may$", found, re.M)
    assert re.search(r"^line 5 +unused-scope +no operation takes the scope unused$", found, re.M)

    # Its scopes are among those that people choose from, and the gate knows its operations.
    scopes = {s["scope"]: s for s in ada.call("GET", "/api/v1/scopes").json["scopes"]}
    assert scopes["orders:read"] == {"scope": "orders:read", "description": "Read orders", "category": "shop", "access": "read",
                                     "deprecated": False, "allowed": True, "product": "shop"}
    assert scopes["orders:write"]["access"] == "write" and scopes["current_user:read"]["product"] == "files"
    token = ada.generate("shop", ["orders:read"])["token"]
    assert asks(p, token, "/api/orders/7").status == 200
    assert asks(p, token, "/api/orders", "POST").json["reason"] == "insufficient_scope"
    assert asks(p, token, "/api/nothing").json["reason"] == "route_unknown"
    assert p.get("/ext_authz/shop/api/orders/7", token=token).status == 200
    other = asks(p, token, "/api/orders/7", name="other")
    assert (other.status, other.json["reason"]) == (403, "product_unknown")
    assert p.get("/ext_authz/other/api/orders/7", token=token).json["reason"] == "product_unknown"

    # Another document takes its place, whole and at once.
    shop.write_text(SHOP.replace("getOrder, security: [{login: ['orders:read']}]", "getOrder, security: [{login: ['orders:write']}]"))
    done(policy(p, "import", "shop", shop))
    assert asks(p, token, "/api/orders/7").status == 403

    assert done(policy(p, "remove", "shop")) == "shop has no policy any more: its requests are refused, product_unknown.\n"
    assert asks(p, token, "/api/orders/7").json["reason"] == "product_unknown"
    failed(policy(p, "remove", "shop"), "there is no product of this name")
    failed(policy(p, "show", "shop"), "there is no product of this name")
    assert "orders:read" not in {s["scope"] for s in ada.call("GET", "/api/v1/scopes").json["scopes"]}


def test_a_bad_document_changes_nothing(p, ada, shop):
    done(policy(p, "import", "kept", shop))
    token = ada.generate("kept", ["orders:read"])["token"]
    for text, words in ((SHOP.replace("3.0.3", "2.0"), "line 1: this is no OpenAPI 3.0 or 3.1 document: openapi is 2.0"),
                        (SHOP + "  /orders/{other}: {get: {}}\n", "line 10: GET /api/orders/{other} is the same operation as /api/orders/{order} in line 8"),
                        ("a: [", "line 2, column 1"), ("", "the document is empty"), ("{}", "this is no OpenAPI")):
        shop.write_text(text)
        failed(policy(p, "import", "kept", shop), words)
    failed(policy(p, "import", "kept", shop.parent / "none.yaml"), "cannot open")
    failed(policy(p, "import", "Kept", shop), "a product's name is")
    failed(policy(p, "import", "files", shop), "which are built in")
    failed(policy(p, "import", "patd", shop), "which are built in")
    assert asks(p, token, "/api/orders/7", name="kept").status == 200
    done(policy(p, "remove", "kept"))


def test_a_document_by_standard_input_and_as_large_as_may_be(p):
    text = SHOP + "x-filler: '" + "a" * (10 * 1024 * 1024 - len(SHOP) - 14) + "'\n"
    assert done(policy(p, "import", "large", "-", input=text)).startswith("large has 4 operations")
    failed(policy(p, "import", "large", "-", input=text + "#" * 100), "larger than 10 MiB")
    done(policy(p, "remove", "large"))


def test_what_was_imported_is_there_after_a_restart_and_while_patd_is_away(shop):
    with Product() as product:
        person = product.set_up()
        done(policy(product, "import", "shop", shop))
        token = person.generate("t", ["orders:read"])["token"]
        product.stop()
        assert "shop" in done(policy(product, "list"))
        other = shop.with_name("other.yaml")
        other.write_text(SHOP)
        done(policy(product, "import", "other", other))
        product.start()
        assert asks(product, token, "/api/orders/7").status == 200
        assert asks(product, token, "/api/orders/7", name="other").status == 200


def test_of_an_edited_document_nobody_says_that_it_is_not_there(shop):
    with Product() as product:
        person = product.set_up()
        done(policy(product, "import", "shop", shop))
        token = person.generate("t", ["orders:read"])["token"]
        product.stop()
        assert edit(product, "UPDATE product SET document = x'79'") == 1
        product.start()
        for name in ("shop", "other"):
            answer = asks(product, token, "/api/orders/7", name=name)
            assert (answer.status, answer.json["reason"]) == (503, "unavailable")
        assert asks(product, token, "/v1/me", name="files").status == 403
        failed(policy(product, "show", "shop"), "there is no product of this name")
        done(policy(product, "remove", "shop"))
        assert asks(product, token, "/api/orders/7").json["reason"] == "product_unknown"


def test_lint_needs_no_patd(p, shop):
    assert "GET /api/status takes no scope" in done(policy(p, "lint", shop))
    assert "GET /status takes no scope" in done(policy(p, "lint", shop, "--base-path", "/"))
    assert done(policy(p, "lint", ROOT / "docs/openapi.yaml", "--scopes-from", "bearer"))


def test_a_misspelt_scope_is_named(p, shop):
    """A scope that the scheme does not declare is taken as it stands, and said: by import once, by lint with each operation."""
    shop.write_text(SHOP.replace("post: {security: [{login: ['orders:write']}]}", "post: {security: [{login: ['orders:wirte']}]}"))
    result = policy(p, "import", "misspelt", shop)
    assert done(result) == "misspelt has 4 operations and 4 scopes, and is in force.\n"
    assert result.stderr == "warning: line 7: the scope orders:wirte is declared nowhere; see patd policy lint misspelt\n"
    for words in (["misspelt"], [shop]):
        assert re.search(r"^line 7 +undeclared +the scope orders:wirte is declared nowhere, and taken by POST /api/orders$",
                         done(policy(p, "lint", *words)), re.M)
    shop.write_text(SHOP)
    result = policy(p, "import", "misspelt", shop)
    assert (done(result)[:8], result.stderr) == ("misspelt", "") and "undeclared" not in done(policy(p, "lint", "misspelt"))

    # Where the scheme has no place to declare scopes in, they are what they are.
    shop.write_text(re.sub(r"login: {type.*", "login: {type: http, scheme: bearer}", SHOP))
    result = policy(p, "import", "misspelt", shop)
    assert (done(result)[:8], result.stderr) == ("misspelt", "") and "undeclared" not in done(policy(p, "lint", "misspelt"))
    done(policy(p, "remove", "misspelt"))


@pytest.mark.parametrize("words", [[], ["import"], ["import", "shop"], ["import", "shop", "f", "--what"], ["import", "shop", "f", "--base-path"],
                                   ["list", "x"], ["show"], ["remove"], ["what"]])
def test_wrong_usage(p, words):
    result = policy(p, *words)
    assert result.returncode in (1, 2) and result.stderr


def test_help(p):
    assert done(policy(p, "--help")).startswith("usage: patd policy COMMAND")


# ---- The acid test.

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


@pytest.fixture(scope="module")
def figma_document():
    return packages(ROOT / "tests/system/npm") / "@figma/rest-api-spec/openapi/openapi.yaml"


def test_figmas_document_is_decided_as_its_text_means(figma_document):
    """54 operations and every scope of the document, against a reading of its text that shares nothing with ours: a token is
    PersonalAccessToken; its scopes are those of the OAuth2 alternative; any one of them opens."""
    document = yaml.safe_load(figma_document.read_text())
    scopes = sorted(document["components"]["securitySchemes"]["OAuth2"]["flows"]["authorizationCode"]["scopes"])
    operations = [(method.upper(), path, operation) for path, item in document["paths"].items() for method, operation in item.items() if method in METHODS]
    assert len(operations) == 54 and len(scopes) >= 20
    open_to_tokens = 0
    with Site("server { listen 127.0.0.1:@PORT@; location / { pat_verify path; pat_policy figma; } }") as site:
        site.index.policies(figma=(figma_document, "PersonalAccessToken", "OAuth2", "any"))
        tokens = {scope: site.index.add(scopes=scope) for scope in scopes}
        for method, path, operation in operations:
            target = re.sub(r"\{[^}]*\}", "x1", path)
            security = operation["security"]
            offered = any(set(s) == {"PersonalAccessToken"} for s in security)
            wanted = {scope for s in security if set(s) == {"OAuth2"} for scope in s["OAuth2"]}
            open_to_tokens += offered
            assert site.ask(target, [figma(new_token())], method).status == 401, (method, path)
            with site.conn() as c:
                for scope, token in tokens.items():
                    c.send(f"{method} {target} HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n\r\n")
                    status = c.read(head_only=method == "HEAD").status
                    assert status == (200 if offered and (not wanted or scope in wanted) else 403), (method, path, scope)
    assert open_to_tokens == 50

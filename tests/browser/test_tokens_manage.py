# SPDX-License-Identifier: Apache-2.0
"""Tokens that manage tokens, as the pages show them: patd's own scopes, who may give them, and what became of what was made."""
import json

from selenium.webdriver.common.keys import Keys

from .test_pages import look  # noqa: F401 (a fixture)


def sent(browser):
    """The last body that was sent to generate a token."""
    return [json.loads(r["request"]["postData"]) for r in browser.events("Network.requestWillBeSent")
            if r["request"]["method"] == "POST" and r["request"]["url"].endswith("/api/v1/tokens")][-1]


def test_their_scopes_stand_last_and_say_who_may_give_them(shared, person, browser):
    browser.security()
    browser.open_generate()
    sections = browser.all("#token-scopes-list > *")
    assert sections[-1].get_attribute("data-product") == "patd" and len([s for s in sections if s.get_attribute("data-product")]) == 1
    assert browser.text("#scope-product-patd") == "patd itself"
    assert not browser.all('[data-scope="tokens:read"]:disabled') and len(browser.all('[data-scope^="admin:"]:disabled')) == 2
    whole = browser.all('[data-group="Administration of patd"]')[0]
    assert not whole.is_enabled() and [e.text for e in browser.all('[data-testid="scope-not-allowed"]')] == ["Only administrators can give this to a token."] * 2
    browser.click('[data-group="Tokens of patd"]')
    browser.says("token-scopes-count", "2 selected")
    browser.fill("token-name", "Nightly rotation")
    browser.click("token-submit")
    secret = browser.secret()
    assert "limits" not in sent(browser)
    assert shared.get("/api/v1/tokens", token=secret).status == 200
    assert shared.get("/api/v1/admin/people", token=secret).status == 403


def test_beside_others_the_token_names_its_products(shared, person, browser):
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Both")
    browser.choose_scope("file_content:read")
    browser.choose_scope("tokens:read")
    browser.wait(lambda: "files and patd" in browser.text("token-reason"), "the sentence to say which products")
    browser.click("token-submit")
    secret = browser.secret()
    assert sorted(sent(browser)["limits"]["products"]) == ["files", "patd"]
    assert shared.get("/api/v1/tokens", token=secret).status == 200 and shared.get("/api/v1/self", token=secret).status == 200


def test_a_link_cannot_give_them_either(person, browser):
    browser.go("/settings/security?name=Above&scopes=admin:write,tokens:read")
    browser.see("token-requested")
    assert browser.text("token-requested-notes") == "It asks for a scope that only administrators can give: admin:write."
    assert browser.js("return [...document.querySelectorAll('[data-scope]:checked')].map((e) => e.value)") == ["tokens:read"]


def test_an_administrator_gives_administrators_scopes(shared, browser, look):
    browser.become(shared.ada)
    browser.security()
    browser.open_generate()
    assert not browser.all('[data-testid="scope-not-allowed"]')
    look("administrators' scopes")
    browser.keys(Keys.ESCAPE)
    browser.gone("token-form")
    secret = browser.generate("Keeper", "admin:read")
    assert shared.get("/api/v1/admin/people", token=secret).json["people"][0]["email"] == "ada@acme.org"


def test_whoever_may_not_sees_it_at_every_width(person, browser, look):
    browser.security()
    browser.open_generate()
    browser.js("document.querySelector('[data-product=patd]').scrollIntoView()")
    look("scopes that one may not give")


def test_what_was_made_and_what_became_of_it(shared, person, browser):
    maker = person.generate("Maker", ["tokens:read", "tokens:write"])
    shared.call("POST", "/api/v1/tokens", {"name": "Made", "scopes": ["tokens:read"], "expires_in_days": 1}, token=maker["token"])
    theirs = person.generate("Taken")
    browser.security()
    browser.lists("Taken", "Made", "Maker")
    browser.details("Made")
    assert maker["id"] in browser.text("token-details") and "This one ends with it." in browser.text("token-details")
    browser.keys(Keys.ESCAPE)
    browser.gone("token-details")
    browser.details("Maker")
    browser.click("details-narrow")
    assert browser.see("narrow-text").text.endswith("Tokens that it has made keep theirs.")
    browser.click("narrow-cancel")
    browser.gone("narrow-dialog")
    person.revoke(maker["id"])
    shared.ada.call("DELETE", f"/api/v1/admin/tokens/{theirs['id']}")
    for name, words in (("Made", "With the token that made it"), ("Maker", "By you"), ("Taken", "By an administrator")):
        browser.security()
        browser.details(name)
        assert words in browser.text("token-details")
        browser.keys(Keys.ESCAPE)
        browser.gone("token-details")

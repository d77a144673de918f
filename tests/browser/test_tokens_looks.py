# SPDX-License-Identifier: Apache-2.0
"""Each state of the list and its dialogs in all the shapes of test_pages.py, and for people who need other colours, less motion, more size."""
import time

import pytest
from selenium.webdriver.common.keys import Keys

from .test_pages import AXE, SIDEWAYS, look  # noqa: F401 (a fixture)


def emulate(browser, **features):
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": k.replace("_", "-"), "value": v} for k, v in features.items()])


@pytest.fixture
def full(person, browser):
    """Tokens in every state, with names and notes that are hard to fit."""
    person.generate("A name of as many words as there is room for in sixty-four chars", ["current_user:read", "file_code_connect:write", "webhooks:write"], 14, note="n" * 200)
    person.generate("Slack bot", ["file_comments:read", "file_comments:write"], 3)
    person.revoke(person.generate("Old laptop")["id"])
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1))
    person.call("POST", "/api/v1/tokens", {"name": "Over", "scopes": ["current_user:read"], "expires_at": at})
    time.sleep(1.1)
    browser.security()
    return person


@pytest.mark.long
def test_the_list_in_all_its_states(full, browser, look):  # noqa: F811
    look("list")
    browser.select("Slack bot")
    look("selected")
    browser.click("tokens-select-page")
    browser.click("tokens-revoke-selected")
    browser.see("confirm-dialog")
    look("revoke several?")
    browser.click("confirm-cancel")
    browser.click("tokens-clear")
    browser.click("tokens-revoke-all")
    browser.fill("confirm-word", "revoke")
    look("revoke all?")
    browser.click("confirm-cancel")
    browser.gone("confirm-dialog")
    browser.menu("Slack bot")
    look("menu")
    browser.keys(Keys.ESCAPE)
    browser.details("Over")
    look("details")
    browser.click("details-close")
    browser.go("/settings/security?q=nothing&state=expiring")
    browser.see("tokens-none")
    look("nothing found")


@pytest.mark.long
def test_pages_of_tokens_in_all_sizes(person, browser, look):  # noqa: F811
    for n in range(51):
        person.generate(f"Token {n}")
    browser.go("/settings/security?page=2")
    browser.loaded()
    look("second page")


def test_the_dialog_in_all_its_states(full, browser, look):  # noqa: F811
    browser.go("/settings/security?name=" + "W" * 70 + "&scopes=" + ",".join("x" * 30 + str(n) for n in range(12)) + "&expires=400d&description=" + "n" * 201)
    browser.see("token-requested")
    look("requested, nothing of it possible")
    browser.go("/settings/security?name=CI&scopes=current_user:read&expires=45d&description=Made+by+the+wizard")
    browser.see("token-requested")
    browser.js("""document.getElementById('token-proof').hidden = false;
      document.querySelector('[data-testid=token-error]').textContent = 'The server could not be reached.'""")
    look("password asked for")
    browser.go("/settings/security")
    browser.loaded()
    browser.generate("Cannot read its profile", "webhooks:write")
    browser.click("token-test")
    browser.says("token-status", "It works")
    browser.click("#token-storing summary")
    look("token, tested, told how to store it")


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"token_never_allowed": "yes", "api_docs_url": "https://docs.example/api"}])
def test_what_only_some_see(product, browser, product_settings, look):  # noqa: F811
    ada = product.set_up()
    answer = ada.call("POST", "/api/v1/tokens", {"name": "For ever", "scopes": ["current_user:read"], "expires_at": None})
    assert answer.status == 201
    browser.become(ada)
    browser.security()
    look("never expires, with documentation")
    browser.open_generate()
    browser.js("document.getElementById('expires-never').click()")
    look("no expiration")


@pytest.mark.long
def test_at_twice_the_size(full, browser):
    """200 % zoom of a small laptop: half as many pixels, and everything is still there and in reach."""
    browser.resize(640, 400)
    assert browser.js(SIDEWAYS) == []
    browser.generate("Zoomed")
    browser.click("token-copy")
    browser.done()
    browser.revoke("Zoomed")
    browser.click("confirm-accept")
    browser.toast("“Zoomed” is revoked.")


@pytest.mark.long
@pytest.mark.parametrize("width,cards", [(320, True), (639, True), (768, False), (1280, False)])
def test_a_table_becomes_cards(full, browser, width, cards):
    browser.resize(width)
    assert browser.js("return getComputedStyle(document.querySelector('#tokens-table thead')).display") == ("none" if cards else "table-header-group")
    row = browser.rows()["Slack bot"].tr
    labels = browser.js("return [...arguments[0].cells].map((td) => getComputedStyle(td, '::before').content.replaceAll('\"', ''))", row)
    assert ("Last used" in labels) == cards
    # Whatever it looks like, it is a table to those who do not see it.
    tree = {n["role"]["value"] for n in browser.cdp("Accessibility.getFullAXTree")["nodes"] if not n["ignored"]}
    assert {"table", "row", "cell"} <= tree and ("columnheader" in tree) == (not cards)


@pytest.mark.long
def test_in_colours_of_the_systems_choice(full, browser, axe):
    """Forced colours: what is said by a background elsewhere is said by a border or an outline here."""
    emulate(browser, forced_colors="active", prefers_reduced_motion="reduce")
    assert browser.js("return matchMedia('(forced-colors: active)').matches")
    marked = """const s = getComputedStyle(document.querySelector(arguments[0]));
      return parseFloat(s.borderTopWidth) > 0 && s.borderTopStyle !== 'none' || parseFloat(s.outlineWidth) > 0 && s.outlineStyle !== 'none'"""
    for what in (".badge.bad", ".chip", ".segment input:checked + span", ".card", ".button.primary", "#tokens-search"):
        assert browser.js(marked, what), what
    # What is chosen looks different from what is not.
    outline = "return getComputedStyle(document.querySelector(arguments[0])).outlineStyle"
    assert browser.js(outline, ".segment input:checked + span") != browser.js(outline, ".segment input:not(:checked) + span")
    browser.select("Slack bot")
    assert browser.js(marked, ".bulk")
    browser.generate("Forced")
    for what in (".secret", "dialog[open]", ".notice"):
        assert browser.js(marked, what), what
    browser.js(axe)
    assert browser.js_async(AXE) == []
    browser.resize(1280)


@pytest.mark.long
def test_who_wants_no_motion_gets_none(full, browser):
    browser.click("token-generate")  # the dialog is in the page from then on
    browser.see("token-form")
    browser.keys(Keys.ESCAPE)

    def moving():
        """What moves when a menu, and then the dialog opens."""
        menu = browser.js("document.querySelector('[data-testid=token-actions]').click(); return document.getAnimations().length")
        browser.keys(Keys.ESCAPE)
        browser.settle()
        return menu, browser.js("document.getElementById('token-dialog').showModal(); return document.getAnimations().length")

    assert moving() == (0, 0)
    browser.js("document.getElementById('token-dialog').close()")
    emulate(browser, prefers_reduced_motion="no-preference")
    menu, dialog = moving()
    assert menu > 0 and dialog > 0
    browser.resize(1280)


@pytest.mark.long
def test_the_section_is_there_before_its_scripts(person, browser):
    """The first picture needs no script: title, explanation and button stand in the page."""
    browser.cdp("Network.setBlockedURLs", urls=["*/assets/*.js"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.go("/settings/security")
    browser.cdp("Network.setBlockedURLs", urls=[])
    html = browser.js("return document.getElementById('tokens').textContent")
    assert "Personal access tokens" in html and "Generate new token" in html and "Loading…" in html

# SPDX-License-Identifier: Apache-2.0
"""Rotating a token: a new one takes the place of an old one, which ends at once or a while later; both are shown as what they are."""

import pytest
from selenium.webdriver.common.keys import Keys

from .pages import PASSWORD
from .test_secrecy import everywhere
from .test_tokens_list import ending
from .test_tokens_live import second  # noqa: F401 (a fixture)

# Answers the next rotation as the server does of whoever signed in long ago.
ASK_PASSWORD = """const real = fetch; globalThis.fetch = async (url, options) => {
  if (!url.endsWith('/rotate')) return real(url, options);
  globalThis.fetch = real;
  return new Response(JSON.stringify({ reason: 'reauthentication_required', detail: 'again' }), { status: 403, headers: { 'Content-Type': 'application/json' } }) }"""
# Lets the next rotation happen, and its answer go astray.
LOSE_ANSWER = """const real = fetch; globalThis.fetch = async (url, options) => {
  if (!url.endsWith('/rotate')) return real(url, options);
  globalThis.fetch = real;
  await real(url, options);
  throw new TypeError('lost') }"""


def tokens(person):
    return person.call("GET", "/api/v1/tokens?limit=100").json["tokens"]


def the(token, what=""):
    """A part of that token's row: two rows have the same name."""
    return f'[data-token-id="{token["id"]}"] {what}'.strip()


def successor(person, token):
    newer = next(t["replaced_by"] for t in tokens(person) if t["id"] == token["id"])
    return newer and next(t for t in tokens(person) if t["id"] == newer)


def works(shared, secret):
    return shared.get("/v1/me", token=secret).status == 200


def rotated(person, token, seconds=86_400):
    answer = person.call("POST", f"/api/v1/tokens/{token['id']}/rotate", {"old_ends_in_seconds": seconds})
    assert answer.status == 201, answer
    return answer.json


def offered(browser):
    return [e.text.split("\n")[0] for e in browser.all("#rotate-dialog label.scope")]


def says(browser, token, column):
    """What a cell of that token's row says, in one line."""
    return " ".join(browser.text(the(token, f".col-{column}")).split())


def has_focus(browser, token, what="[data-testid=token-actions]"):
    return browser.js("return document.activeElement.matches(arguments[0])", the(token, what))


def keys_sent(browser):
    return [r["request"]["headers"]["Idempotency-Key"] for r in browser.events("Network.requestWillBeSent") if r["request"]["url"].endswith("/rotate")]


# ---- a later end

def test_by_mouse_both_work_for_a_day(shared, person, browser):
    old = person.generate("CI export", ["current_user:read", "file_content:read"], 30, note="In the vault")
    browser.security()
    assert browser.menu("CI export") == ["Details", "Rotate…", "Revoke"]
    browser.click("[data-testid=token-rotate]")
    dialog = browser.see("rotate-dialog")
    assert dialog.accessible_name == "Rotate “CI export”" and offered(browser) == ["At once", "In an hour", "In 24 hours", "In 7 days"]
    chosen = browser.see("#rotate-dialog :checked")
    assert chosen.get_attribute("id") == "rotate-end-86400" and browser.focus == "rotate-end-86400"
    moments = browser.js("return [...document.querySelectorAll('#rotate-dialog time')].map((e) => Math.round((new Date(e.dateTime) - Date.now()) / 3.6e6))")
    assert moments == [1, 24, 168]
    assert "the same name, scopes and limits. It lives as long as the old one was made for: until " in browser.text("rotate-text")
    assert browser.text("rotate-hint").startswith("Until then both work") and not browser.sees("rotate-made") and not browser.sees("rotate-proof")
    browser.click("label:has(#rotate-end-0)")
    browser.says("rotate-hint", "Whatever uses the old one stops working")
    browser.click("label:has(#rotate-end-86400)")
    browser.click("rotate-accept")
    secret = browser.secret()
    browser.gone("rotate-dialog")
    assert browser.text("token-result-title") == "Token rotated" and browser.text("token-result-name") == "CI export"
    assert browser.js("return document.querySelector('dialog[open]').getAttribute('aria-labelledby')") == "token-result-title"
    browser.wait(lambda: browser.focus == "token-copy", "the focus on Copy")
    browser.toast(f"“CI export” is rotated. The old one, {old['hint']}, works until ")
    new = successor(person, old)
    assert secret != old["token"] and secret.endswith(new["hint"][-4:]) and works(shared, secret) and works(shared, old["token"])
    assert [new[k] for k in ("name", "note", "scopes", "limits")] == [old[k] for k in ("name", "note", "scopes", "limits")]
    browser.click("token-test")
    browser.says("token-status", "It works")

    # What is true of a token that was generated is of this one.
    browser.keys(Keys.ESCAPE)
    browser.says("confirm-dialog", "Close without the token?")
    browser.click("confirm-cancel")
    browser.done()
    assert browser.js("return document.getElementById('token-secret').value") == ""
    assert secret[4:] not in everywhere(browser)
    browser.wait(lambda: has_focus(browser, old), "the focus where it came from")

    # Both rows say what they are to each other, and lead there.
    assert browser.names() == ["CI export", "CI export"] and browser.text("tokens-count") == "2 live tokens"
    assert says(browser, old, "token") == f"{old['hint']} Replaced by {new['hint']}"
    assert says(browser, old, "expires").startswith("24 hours left Replaced · works until ")
    assert says(browser, new, "token") == f"{new['hint']} Replaces {old['hint']}"
    browser.click(the(old, "[data-testid=token-newer]"))
    assert has_focus(browser, new, ".token-name")
    browser.click(the(new, "[data-testid=token-older]"))
    assert has_focus(browser, old, ".token-name")

    # The old one is not rotated once more; the new one may be.
    browser.click(the(old, "[data-testid=token-actions]"))
    assert [e.text for e in browser.all(the(old, "[role=menuitem]"))] == ["Details", "Revoke"]
    browser.click("[data-testid=token-details]")
    browser.says("token-details", "This one works until ")
    assert f"Replaced by\n{new['hint']}" in browser.text("token-details") and not browser.sees("details-rotate")
    browser.click("details-close")
    browser.gone("token-details")
    browser.click(the(new, "[data-testid=token-actions]"))
    browser.click("[data-testid=token-details]")
    browser.says("token-details", "That one works until ")
    assert f"Replaces\n{old['hint']}" in browser.text("token-details") and browser.sees("details-rotate")
    browser.click("details-close")
    browser.gone("token-details")

    # Once the old one has ended nothing is linked any more.
    person.revoke(old["id"])
    browser.wait(lambda: browser.see(the(old)).get_attribute("data-state") == "revoked", "the end")
    browser.wait(lambda: not browser.all("[data-testid=token-older], [data-testid=token-newer]"), "the links to go")


def test_a_link_leads_to_a_row_that_is_not_shown(person, browser):
    old = person.generate("Thirty", days=30)
    for n in range(3):
        person.generate(f"Another {n}", days=90)
    new = rotated(person, old)
    browser.go("/settings/security?state=expiring")
    browser.loaded()
    assert browser.names() == ["Thirty"]
    browser.click(the(old, "[data-testid=token-newer]"))
    browser.wait(lambda: has_focus(browser, new, ".token-name"), "the other row")
    assert len(browser.names()) == 5 and browser.path == "/settings/security"


def test_from_its_details_with_what_it_has_made(shared, person, browser):
    maker = person.generate("Maker", ["tokens:read", "tokens:write"])
    for name in ("One", "Two"):
        assert shared.call("POST", "/api/v1/tokens", {"name": name, "scopes": ["tokens:read"], "expires_in_days": 1}, token=maker["token"]).status == 201
    browser.security()
    browser.details("Maker")
    browser.click("details-rotate")
    browser.see("rotate-dialog")
    assert browser.text("rotate-made") == "The old one has made 2 other tokens, which end with it."
    browser.keys(Keys.ESCAPE)
    browser.gone("rotate-dialog")
    assert successor(person, maker) is None and has_focus(browser, maker)


def test_no_end_is_offered_that_comes_after_its_own(person, browser):
    old = ending(person, "Short", 7200)
    browser.security()
    browser.rotate("Short")
    assert offered(browser) == ["At once", "In an hour", "When it ends anyway"]
    assert browser.see("#rotate-dialog :checked").get_attribute("id") == "rotate-end-own"
    browser.click("rotate-accept")
    browser.secret()
    browser.done()
    assert next(t for t in tokens(person) if t["id"] == old["id"])["expires_at"] == old["expires_at"]


def test_the_name_is_the_newer_ones(person, browser):
    new = rotated(person, person.generate("Named"))
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Named" + Keys.TAB)
    browser.says("token-name-error", "You have a live token of this name already.")
    browser.keys(Keys.ESCAPE)
    browser.click("confirm-accept")
    browser.gone("token-form")
    person.revoke(new["id"])
    browser.wait(lambda: browser.see(the(new)).get_attribute("data-state") == "revoked", "the revocation")
    browser.generate("Named")
    browser.done()


# ---- at once

def test_by_keyboard_the_old_one_ends_at_once(shared, person, browser):
    old = person.generate("Nightly")
    browser.security()
    browser.js("document.querySelector(arguments[0]).focus()", the(old, "[data-testid=token-actions]"))
    browser.keys(Keys.ENTER)
    assert browser.focus == "token-details"
    browser.keys(Keys.ARROW_DOWN)
    assert browser.focus == "token-rotate"
    browser.keys(Keys.ENTER)
    browser.see("rotate-dialog")
    assert browser.focus == "rotate-end-86400"
    browser.keys(Keys.ARROW_UP, Keys.ARROW_UP)
    assert browser.focus == "rotate-end-0"
    browser.says("rotate-hint", "stops working")
    browser.keys(Keys.TAB)
    assert browser.focus == "rotate-cancel"
    browser.keys(Keys.TAB)
    assert browser.focus == "rotate-accept"
    browser.keys(Keys.ENTER)
    secret = browser.secret()
    browser.toast(f"“Nightly” is rotated. The old one, {old['hint']}, has ended.")
    assert works(shared, secret) and not works(shared, old["token"])
    browser.wait(lambda: browser.focus == "token-copy", "the focus on Copy")
    browser.tab_to("token-done")
    browser.keys(Keys.ENTER)
    browser.gone("token-dialog")
    browser.wait(lambda: has_focus(browser, old), "the focus where it came from")
    assert says(browser, old, "expires") == "Revoked Replaced by a new one, just now"
    assert not browser.all("[data-testid=token-older], [data-testid=token-newer]")
    browser.keys(Keys.ENTER)
    assert browser.focus == "token-details"
    browser.keys(Keys.ENTER)
    browser.says("token-details", "Replaced by a new one")


@pytest.mark.long
def test_one_that_the_filter_no_longer_shows_leaves_the_focus_in_the_list(person, browser):
    old = person.generate("Nightly")
    browser.go("/settings/security?state=active")
    browser.loaded()
    browser.rotate("Nightly")
    browser.click("label:has(#rotate-end-0)")
    browser.click("rotate-accept")
    browser.secret()
    browser.done()
    assert not browser.all(the(old)) and browser.names() == ["Nightly"]
    browser.wait(lambda: browser.focus == "tokens-title", "the focus at the list")


# ---- what can go wrong

def test_the_password_is_asked_for_where_one_is(shared, browser):
    shared.add_person("late@acme.org")
    late = shared.sign_in("late@acme.org")
    old = late.generate("Late")
    browser.become(late)
    browser.security()
    browser.rotate("Late")
    browser.click("label:has(#rotate-end-3600)")
    browser.js(ASK_PASSWORD)
    browser.click("rotate-accept")
    browser.see("rotate-proof")
    assert browser.focus == "rotate-password" and browser.text("rotate-reason") == "To rotate, enter your password."
    assert not browser.see("rotate-accept").is_enabled() and browser.text("rotate-accept") == "Confirm and rotate"
    assert browser.see("#rotate-dialog :checked").get_attribute("id") == "rotate-end-3600"
    browser.keys("not my password", Keys.ENTER)
    browser.see("rotate-password-error")
    assert browser.focus == "rotate-password" and successor(late, old) is None
    browser.fill("rotate-password", PASSWORD + Keys.ENTER)
    browser.secret()
    browser.done()
    assert browser.js("return document.getElementById('rotate-password')") is None
    assert len(browser.names()) == 2


def test_what_was_replaced_meanwhile_is_said(person, browser):
    old = person.generate("Twice")
    browser.security()
    browser.rotate("Twice")
    new = rotated(person, old)
    browser.click("rotate-accept")
    browser.says("#rotate-dialog .alert", "Another token was made in its place already")
    assert len(tokens(person)) == 2
    browser.click("rotate-cancel")
    browser.gone("rotate-dialog")
    browser.see(the(new, "[data-testid=token-older]"))
    browser.toast("“Twice” was rotated elsewhere.")
    browser.wait(lambda: has_focus(browser, old), "the focus where it came from")


def test_a_lost_answer_makes_no_second_token(person, browser):
    old = person.generate("Lost")
    browser.security()
    browser.rotate("Lost")
    browser.js(LOSE_ANSWER)
    browser.click("rotate-accept")
    browser.says("#rotate-dialog .alert", "The server could not be reached.")
    browser.click("rotate-accept")
    browser.says("#rotate-dialog .alert", "got lost on the way")
    assert len(set(keys_sent(browser))) == 1 and len(keys_sent(browser)) == 2 and len(tokens(person)) == 2
    assert not browser.see("rotate-accept").is_enabled() and browser.text("rotate-cancel") == "Close"
    browser.keys(Keys.ESCAPE)
    browser.gone("rotate-dialog")
    new = successor(person, old)
    browser.see(the(old, "[data-testid=token-newer]"))
    browser.click(the(new, "[data-testid=token-actions]"))
    browser.click("[data-testid=token-rotate]")
    browser.click("rotate-accept")
    assert browser.secret().endswith(successor(person, new)["hint"][-4:])
    browser.done()


@pytest.mark.long
def test_leaving_it_does_nothing(person, browser):
    old = person.generate("Kept")
    browser.security()
    for leave in (lambda: browser.keys(Keys.ESCAPE), lambda: browser.click("rotate-cancel")):
        browser.rotate("Kept")
        leave()
        browser.gone("rotate-dialog")
        browser.wait(lambda: has_focus(browser, old), "the focus where it came from")
    assert successor(person, old) is None and browser.names() == ["Kept"]


# ---- elsewhere

@pytest.mark.parametrize("seconds", [86_400, 0], ids=["later", "at once"])
def test_another_tab_says_rotated_and_nothing_else(person, second, browser, seconds):  # noqa: F811
    old = person.generate("Shared")
    browser.security()

    def rotate():
        browser.security()
        browser.rotate("Shared")
        browser.click(f"label:has(#rotate-end-{seconds})")
        browser.click("rotate-accept")
        browser.secret()
        browser.done()

    second(rotate)
    browser.wait(lambda: browser.names() == ["Shared", "Shared"], "the other tab to know")
    assert browser.text("toasts") == "“Shared” was rotated elsewhere."
    assert browser.see(the(old)).get_attribute("data-state") == ("live" if seconds else "revoked")
    assert len(browser.all("[data-testid=token-newer]")) == bool(seconds)


def test_over_another_page(person, browser):
    old = person.generate("Over")
    browser.go("/")
    browser.click("account-button")
    browser.click("account-settings")
    browser.click("tab-security")
    browser.loaded()
    browser.rotate("Over")
    browser.click("rotate-accept")
    browser.secret()
    browser.done()
    browser.see(the(old, "[data-testid=token-newer]"))
    # Left by Back while it is open, it is gone with what is below it.
    browser.click(the(successor(person, old), "[data-testid=token-actions]"))
    browser.click("[data-testid=token-rotate]")
    browser.see("rotate-dialog")
    browser.js("history.back()")
    browser.gone("rotate-dialog")

# SPDX-License-Identifier: Apache-2.0
"""The list stays true while it stands open: what happens in another tab, in another browser, or by the clock."""
import datetime
import time

import pytest
from selenium.webdriver.common.keys import Keys

HIDE = """Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => arguments[0] ? 'visible' : 'hidden' });"""


def asked(browser):
    """The requests for the list since the last forget(): (has a tag, status)."""
    sent = {r["requestId"]: "If-None-Match" in r["request"]["headers"] for r in browser.events("Network.requestWillBeSent")
            if "/api/v1/tokens?" in r["request"]["url"]}
    status = {r["requestId"]: r["response"]["status"] for r in browser.events("Network.responseReceived")}
    return [(tagged, status.get(number)) for number, tagged in sent.items()]


def visible(browser, is_visible):
    browser.js(f"globalThis.seen = arguments[0]; {HIDE.replace('arguments[0]', 'globalThis.seen')} document.dispatchEvent(new Event('visibilitychange'))", is_visible)


@pytest.fixture
def opened(person, browser):
    """The list of two tokens, marked so that a reload would show."""
    person.made = {name: person.generate(name) for name in ("Alpha", "Beta")}
    browser.security()
    browser.js("globalThis.sameDocument = true")
    yield person
    assert browser.js("return globalThis.sameDocument"), "without a reload"


@pytest.fixture
def second(browser):
    """Does something in a second tab of this browser, and comes back."""
    first = browser.driver.current_window_handle

    def do(work):
        browser.driver.switch_to.new_window("tab")
        work()
        browser.driver.switch_to.window(first)

    yield do
    for handle in browser.driver.window_handles:
        if handle != first:
            browser.driver.switch_to.window(handle)
            browser.driver.close()
    browser.driver.switch_to.window(first)


def test_two_tabs_show_the_same(shared, opened, second, browser):
    def revoke():
        browser.security()
        browser.revoke("Alpha")
        browser.click("confirm-accept")
        browser.toast("“Alpha” is revoked.")

    second(revoke)
    began = time.monotonic()
    browser.wait(lambda: browser.rows()["Alpha"].state == "revoked", "the other tab to know")
    assert time.monotonic() - began < 4
    browser.says("toasts", "“Alpha” was revoked elsewhere.")
    assert browser.rows()["Beta"].state == "live"
    assert shared.get("/v1/me", token=opened.made["Alpha"]["token"]).status == 401

    def generate():
        browser.security()
        browser.generate("Gamma")
        browser.done()

    second(generate)
    browser.wait(lambda: browser.names() == ["Gamma", "Beta", "Alpha"], "the new token")
    browser.says("toasts", "“Gamma” was generated elsewhere.")


@pytest.mark.long
def test_another_browser_is_noticed_in_time(opened, browser):
    """No tab can tell here: it is asked for. The answer to a list that is the same is an empty 304."""
    browser.forget()
    opened.revoke(opened.made["Beta"]["id"])
    began = time.monotonic()
    browser.wait(lambda: browser.rows()["Beta"].state == "revoked", "the revocation")
    assert time.monotonic() - began < 8
    assert browser.text("tokens-count") == "1 live token, 1 ended"
    assert browser.menu("Beta") == ["Details"]
    browser.keys(Keys.ESCAPE)
    seen = asked(browser)
    assert {tagged for tagged, _ in seen} == {True} and {status for _, status in seen} >= {200}


@pytest.mark.long
def test_asking_is_bounded_and_pauses(opened, browser):
    browser.forget()
    time.sleep(12)
    quiet = asked(browser)
    assert 1 <= len(quiet) <= 3 and {status for _, status in quiet} == {304}, quiet

    # Not while nobody looks; at once when somebody looks again.
    visible(browser, False)
    browser.settle()
    browser.forget()
    time.sleep(7)
    assert asked(browser) == []
    opened.revoke(opened.made["Alpha"]["id"])
    visible(browser, True)
    began = time.monotonic()
    browser.wait(lambda: browser.rows()["Alpha"].state == "revoked", "the revocation")
    assert time.monotonic() - began < 4

    # Not behind a dialog, under which nothing may change; at once when it closes.
    browser.open_generate()
    browser.settle()
    browser.forget()
    opened.revoke(opened.made["Beta"]["id"])
    time.sleep(7)
    assert asked(browser) == [] and browser.rows()["Beta"].state == "live"
    browser.keys(Keys.ESCAPE)
    began = time.monotonic()
    browser.wait(lambda: browser.rows()["Beta"].state == "revoked", "the revocation")
    assert time.monotonic() - began < 4


@pytest.mark.long
def test_the_pauses_grow(opened, browser):
    """By a clock that the test turns: 5, 5, 10, 20, 40 and then 60 seconds while nothing changes; 5 again after a change."""
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
      globalThis.waits = []; const real = setTimeout;
      globalThis.setTimeout = (work, ms, ...rest) => {
        if ([5, 10, 20, 40, 60].includes(ms / 1000)) { waits.push(ms / 1000); return real(work, 200); }
        return real(work, ms, ...rest); };""")
    browser.security()
    browser.wait(lambda: browser.js("return waits.length") >= 8, "a few rounds")
    assert browser.js("return waits.slice(0, 8)") == [5, 5, 10, 20, 40, 60, 60, 60]
    opened.revoke(opened.made["Alpha"]["id"])
    n = browser.js("return waits.length")
    browser.wait(lambda: 5 in browser.js("return waits.slice(arguments[0])", n), "asking often again")
    browser.js("globalThis.sameDocument = true")


def test_a_token_expires_in_the_open_page(person, browser):
    end = time.time() + 8
    at = datetime.datetime.fromtimestamp(end, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert person.call("POST", "/api/v1/tokens", {"name": "Short", "scopes": ["current_user:read"], "expires_at": at}).status == 201
    person.generate("Long")
    browser.security()
    assert browser.rows()["Short"].state == "live" and browser.text("filter-expiring-count") == "1"
    browser.select("Short")
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/*"])  # by its own clock
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.wait(lambda: browser.rows()["Short"].state == "expired", "the end")
    assert -1.5 < time.time() - end < 3
    browser.wait(lambda: browser.rows()["Short"].expires.startswith("Expired\n"), "the words")
    assert [browser.text(f"filter-{f}-count") for f in ("active", "expiring", "expired")] == ["1", "0", "1"]
    assert not browser.sees("tokens-bulk"), "what has ended is not selected"
    browser.cdp("Network.setBlockedURLs", urls=[])


@pytest.mark.long
def test_nothing_is_taken_out_of_somebodys_hands(opened, browser):
    """The focus, an open menu, what is selected and what is typed stay while the list changes around them."""
    def alpha(what):
        return f'[data-token-id="{opened.made["Alpha"]["id"]}"] {what}'

    for name in ("Gamma", "Delta", "Epsilon"):
        opened.made[name] = opened.generate(name)
    browser.wait(lambda: len(browser.names()) == 5, "the new ones")
    browser.select("Alpha")
    browser.js("document.querySelector(arguments[0]).focus()", alpha("[data-testid=token-actions]"))
    opened.revoke(opened.made["Beta"]["id"])
    browser.wait(lambda: browser.rows()["Beta"].state == "revoked", "the revocation")
    assert browser.js("return document.activeElement.matches(arguments[0])", alpha("[data-testid=token-actions]"))
    browser.says("tokens-selected", "1 selected")

    # Its own row changes under the focus.
    opened.product.get("/v1/me", token=opened.made["Alpha"]["token"])
    browser.wait(lambda: "1 use" in browser.rows()["Alpha"].last_used, "the use")
    assert browser.js("return document.activeElement.matches(arguments[0])", alpha("[data-testid=token-actions]"))

    # An open menu keeps its row in place; the rest goes on.
    browser.keys(Keys.ENTER)
    before = browser.see(alpha("[data-testid=token-actions]")).rect
    opened.made["Zeta"] = opened.generate("Zeta")
    opened.revoke(opened.made["Gamma"]["id"])
    browser.wait(lambda: browser.rows()["Gamma"].state == "revoked", "the revocation")
    assert browser.see(alpha("[data-testid=token-actions]")).rect == before and browser.focus == "token-details"
    browser.keys(Keys.ESCAPE)
    browser.wait(lambda: browser.names()[0] == "Zeta", "the new token, once the menu is closed")
    assert browser.js("return document.activeElement.matches(arguments[0])", alpha("[data-testid=token-actions]"))

    # What is being typed is not overwritten.
    browser.fill("tokens-search", "e")
    opened.revoke(opened.made["Delta"]["id"])
    browser.wait(lambda: browser.rows()["Delta"].state == "revoked", "the revocation")
    assert browser.value("tokens-search") == "e" and browser.focus == "tokens-search"
    assert set(browser.names()) == {"Zeta", "Epsilon", "Delta", "Beta"}


@pytest.mark.long
def test_a_server_that_is_away_for_a_while_disturbs_nobody(opened, browser):
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/*"])
    browser.forget()
    browser.wait(lambda: browser.events("Network.loadingFailed"), "a request that fails")
    browser.settle()
    assert browser.names() == ["Beta", "Alpha"] and not browser.sees(".toast")
    browser.cdp("Network.setBlockedURLs", urls=[])
    opened.revoke(opened.made["Alpha"]["id"])
    browser.wait(lambda: browser.rows()["Alpha"].state == "revoked", "the revocation")


@pytest.mark.long
def test_whoever_is_signed_out_elsewhere_is_led_to_sign_in(shared, person, browser):
    browser.security()
    assert person.call("DELETE", "/api/v1/session").status in (200, 204)
    browser.wait(lambda: browser.path.startswith("/signin"), "sign-in")

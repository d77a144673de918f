# SPDX-License-Identifier: Apache-2.0
"""Coming in, going out, and the password: what somebody sees, and what somebody after them does not."""
import pytest

from selenium.webdriver.common.keys import Keys

from .elsewhere import Elsewhere
from .pages import PASSWORD

OTHER_PASSWORD = "a quite different horse wagon"

# Where `next` must not lead: away from here, however it is spelt.
HOSTILE_NEXT = [
    "//evil.example", "/\\evil.example", "https://evil.example/", "%2F%2Fevil.example", "/%09/evil.example", "/%0A/evil.example",
    "/%5Cevil.example", "javascript:alert(1)", "data:text/html,evil", "evil.example", "http:evil.example", "%00//evil.example",
    "/%0D%0ALocation:%20https://evil.example", "@evil.example", ".evil.example", "%E2%80%8B//evil.example", "////evil.example",
    "https:%2F%2Fevil.example", "%68ttps://evil.example", "\\/evil.example",
]


def grace(product):
    product.add_person("grace@acme.org")
    return product.sign_in("grace@acme.org")


# ---- signing in

def test_a_wrong_password_and_an_unknown_person_are_told_alike(shared, browser):
    browser.go("/signin")
    for email, password in (("ada@acme.org", "wrong wrong wrong"), ("nobody@acme.org", PASSWORD)):
        browser.sign_in(email, password)
        browser.says("[data-testid=signin-error]", "Wrong email address or password.")
        browser.wait(lambda: browser.focus == "signin-password", "the focus in the password, to type it again")
    browser.fill("signin-email", "ada@acme.org")
    browser.fill("signin-password", PASSWORD + Keys.ENTER)
    browser.at("/")


def test_a_link_from_another_site_finds_somebody_signed_in(shared, browser):
    """The cookie is SameSite=Strict and does not come along with the link; the person is not made to sign in again."""
    browser.go("/signin")
    browser.sign_in()
    browser.at("/")
    with Elsewhere() as other:
        other.pages["/"] = f'<a id="link" href="{shared.base}/settings/security">tokens</a>'
        browser.go(other.cross_site + "/")
        browser.click("link")
        browser.at("/settings/security")
        browser.see("token-generate")
        browser.forget()  # the other site was asked for on purpose


def test_what_is_missing_is_said_at_its_field(shared, browser):
    browser.go("/signin")
    browser.keys(Keys.ENTER)
    browser.says("signin-email-error", "Enter your email address.")
    browser.says("signin-password-error", "Enter your password.")
    assert browser.focus == "signin-email"
    assert not any("/api/v1/session" in url for method, url in browser.requests() if method == "POST")


@pytest.mark.long  # of two seconds, which a busy machine does not keep; over HTTP it is tests/system/test_sign_in.py's
def test_too_many_attempts_are_told_to_wait(product, browser):
    product.set_up()
    for _ in range(8):
        product.call("POST", "/api/v1/session", {"email": "ada@acme.org", "password": "wrong wrong wrong"})
    browser.go("/signin")
    browser.sign_in()
    browser.says("[data-testid=signin-error]", "Too many attempts. Try again in ")


def test_sign_in_leads_to_the_page_that_was_asked_for(shared, browser):
    browser.go("/settings/security")
    browser.at("/signin?next=/settings/security")
    browser.sign_in()
    browser.at("/settings/security")
    browser.loaded()
    browser.go("/signin?next=/settings/account")
    browser.at("/settings/account")


def test_patd_redirects_no_hostile_next(shared, browser):
    """WEB-08, for somebody who is signed in. That nobody else was asked for anything, the fixture sees."""
    for hostile in HOSTILE_NEXT:
        browser.become(shared.ada, f"/signin?next={hostile}")
        assert browser.path == "/", hostile


def test_the_page_follows_no_hostile_next(shared, browser):
    """WEB-08, for somebody who signs in."""
    for hostile in HOSTILE_NEXT[:6]:
        browser.cdp("Network.clearBrowserCookies")
        browser.go(f"/signin?next={hostile}")
        browser.sign_in()
        browser.wait(lambda: "/signin" not in browser.url, "to be signed in")
        assert browser.path == "/", hostile


def test_fields_suit_password_managers(product, browser):
    """AUT-09: types and autocomplete as managers look for them; pasting works; a password can be looked at."""
    def attributes(field):
        e = browser.all(field)[0]
        return e.get_attribute("type"), e.get_attribute("autocomplete")

    browser.go("/setup")
    assert attributes("setup-name") == ("text", "name")
    assert attributes("setup-email") == ("email", "username")
    assert attributes("setup-password") == ("password", "new-password")
    assert attributes("setup-code") == ("text", "off")
    ada = product.set_up()
    browser.go("/signin")
    assert attributes("signin-email") == ("email", "username")
    assert attributes("signin-password") == ("password", "current-password")
    browser.fill("signin-email", PASSWORD)
    browser.chord(Keys.CONTROL, "a")
    browser.chord(Keys.CONTROL, "c")
    browser.click("signin-password")
    browser.chord(Keys.CONTROL, "v")
    assert browser.value("signin-password") == PASSWORD
    browser.click("[data-reveal=signin-password]")
    assert attributes("signin-password") == ("text", "current-password")
    browser.click("[data-reveal=signin-password]")
    assert attributes("signin-password") == ("password", "current-password")
    browser.become(ada)
    browser.security().click("password-change")
    browser.see("password-form")
    assert attributes("password-current") == ("password", "current-password")
    assert attributes("password-new") == ("password", "new-password")
    assert attributes("#password-form [name=username]") == ("text", "username")
    assert browser.value("#password-form [name=username]") == "ada@acme.org"


# ---- the first account

def test_a_wrong_set_up_code_can_be_mended(product, browser):
    browser.go("/")
    browser.at("/setup")
    browser.go("about:blank")
    browser.go("/setup#WRONG" + product.setup_code[5:])
    browser.fill("setup-name", "Ada")
    browser.fill("setup-email", "ada@acme.org")
    browser.fill("setup-password", "short" + Keys.ENTER)
    browser.wait(lambda: browser.sees("setup-code-error") or browser.sees("setup-password-error"), "a message")
    browser.fill("setup-password", PASSWORD + Keys.ENTER)
    browser.says("setup-code-error", "This set-up code is wrong or no longer valid.")
    assert browser.focus == "setup-code"
    browser.fill("setup-code", product.setup_code)
    browser.click("setup-submit")
    browser.at("/")
    browser.says("account-button", "Ada")
    # The link works once.
    browser.sign_out()
    browser.go(f"/setup#{product.setup_code}")
    browser.wait(lambda: browser.path.startswith("/signin"), "to be at sign-in")


# ---- going out

def test_signing_out_leaves_nothing_behind(product, browser):
    """SES-04: the session is over on the server, and Back shows nothing of what was there."""
    ada = product.set_up()
    ada.generate("Canary token")
    browser.become(ada, "/")
    browser.go("/settings/account")
    browser.says("[data-testid=account-email]", "ada@acme.org")
    browser.security()
    assert "Canary token" in browser.rows()
    browser.sign_out()
    assert ada.call("GET", "/api/v1/session").status == 401
    assert browser.js("return [document.cookie, localStorage.length, sessionStorage.length]") == ["", 0, 0]
    for _ in range(2):
        browser.driver.back()
        browser.wait(lambda: browser.path.startswith("/signin") and browser.sees("signin-form"), "to be at sign-in")
        assert "Canary token" not in browser.driver.page_source
        assert "ada@acme.org" not in browser.driver.page_source


LEAVE = "/assets/favicon.svg"


def test_back_to_a_page_whose_session_has_ended_shows_nothing(product, browser):
    """WEB-10: Chromium keeps no such page in its back/forward cache, because its answer said no-store."""
    ada = product.set_up()
    ada.generate("Canary token")
    browser.become(ada)
    for path in ("/", "/settings/account", "/settings/security"):
        browser.go(path)
        browser.says("account-button", "Ada")
        browser.go(LEAVE)
        browser.forget()
        browser.driver.back()
        browser.says("account-button", "Ada")
        why = [e["reason"] for event in browser.events("Page.backForwardCacheNotUsed") for e in event["notRestoredExplanations"]]
        assert "MainResourceHasCacheControlNoStore" in why, path
    browser.loaded()
    browser.go(LEAVE)
    assert ada.call("DELETE", "/api/v1/session").status == 204
    browser.driver.back()
    browser.see("signin-form")
    assert "Canary token" not in browser.driver.page_source


def test_a_page_that_a_browser_brings_back_all_the_same_checks_its_session(product, browser):
    """Some browsers keep pages in spite of no-store; they say so by a pageshow event like this one."""
    ada = product.set_up()
    ada.generate("Canary token")
    browser.become(ada)
    browser.security()
    restored = "dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true })); return document.querySelector('main')?.hidden"
    assert browser.js(restored) is True
    browser.wait(lambda: "Canary token" in browser.rows(), "the page to be shown again")
    assert ada.call("DELETE", "/api/v1/session").status == 204
    # The list may have asked meanwhile, and left.
    assert browser.js(restored) is True or browser.path.startswith("/signin")
    browser.see("signin-form")
    assert "Canary token" not in browser.driver.page_source


def test_back_to_a_page_of_somebody_else_shows_ones_own(product, browser):
    ada = product.set_up()
    ada.generate("Canary token")
    browser.become(ada)
    browser.security()
    browser.go(LEAVE)
    browser.become(grace(product))
    browser.driver.back()
    browser.says("account-button", "Grace")
    browser.see("tokens-empty")
    assert "Canary token" not in browser.driver.page_source


def test_a_typed_password_does_not_come_back(shared, browser):
    browser.go("/signin")
    browser.fill("signin-email", "ada@acme.org")
    browser.fill("signin-password", "typed and left")
    browser.go(LEAVE)
    browser.driver.back()
    browser.at("/signin")
    browser.wait(lambda: browser.value("signin-password") == "", "an empty password")
    assert "typed and left" not in browser.driver.page_source


def test_a_session_ended_elsewhere_leads_to_sign_in_and_back(product, browser):
    ada = product.set_up()
    browser.become(ada)
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Too late")
    browser.choose_scope("current_user:read")
    assert ada.call("DELETE", f"/api/v1/people/{ada.id}/sessions").status == 200
    browser.click("token-submit")
    browser.wait(lambda: browser.path == "/signin?next=%2Fsettings%2Fsecurity", "to be at sign-in")
    browser.sign_in()
    browser.at("/settings/security")
    browser.see("tokens-empty")


def test_a_disabled_person_is_out_at_once(product, browser):
    product.set_up()
    person = grace(product)
    person.generate("Grace's")
    browser.become(person)
    browser.security()
    browser.revoke("Grace's")
    assert product.patd("user", "disable", "grace@acme.org").returncode == 0
    browser.js("document.getElementById('confirm-accept')?.click()")  # or the page has looked by itself meanwhile, and is gone
    browser.wait(lambda: browser.path.startswith("/signin"), "to be at sign-in")
    browser.sign_in("grace@acme.org")
    browser.says("[data-testid=signin-error]", "Wrong email address or password.")
    assert product.patd("user", "enable", "grace@acme.org").returncode == 0
    browser.sign_in("grace@acme.org")
    browser.at("/settings/security")
    browser.says("tokens-table", "The account was disabled")


# ---- password and sessions

def change_password(browser, current, new):
    if not browser.sees("password-form"):
        browser.click("password-change")
    browser.fill("password-current", current)
    browser.fill("password-new", new + Keys.ENTER)


def test_the_password_is_changed_and_other_sessions_end(product, browser):
    elsewhere = product.set_up()
    token = elsewhere.generate("Stays")
    browser.become(product.sign_in())
    browser.security()
    change_password(browser, "not my password", OTHER_PASSWORD)
    browser.says("password-current-error", "This is not your current password.")
    assert browser.focus == "password-current"
    change_password(browser, PASSWORD, "short")
    browser.says("password-new-error", "The password needs at least 15 characters.")
    change_password(browser, PASSWORD, PASSWORD)
    browser.says("password-new-error", "The new password is the same as the current one.")
    change_password(browser, PASSWORD, OTHER_PASSWORD)
    browser.toast("Password changed. 1 other session ended.")
    assert not browser.sees("password-form")
    assert elsewhere.call("GET", "/api/v1/session").status == 401
    browser.wait(lambda: len(browser.all("[data-session-id]")) == 1, "one session")
    # This page goes on with its new session, and tokens go on working.
    assert product.get("/v1/me", token=token["token"]).status == 200
    browser.revoke("Stays")
    browser.click("confirm-accept")
    browser.toast("“Stays” is revoked.")
    browser.sign_out()
    browser.sign_in(password=PASSWORD)
    browser.says("[data-testid=signin-error]", "Wrong email address or password.")
    browser.sign_in(password=OTHER_PASSWORD)
    browser.at("/")


def test_the_password_is_changed_and_other_sessions_stay(product, browser):
    elsewhere = product.set_up()
    browser.become(product.sign_in())
    browser.security()
    browser.click("password-change")
    browser.click("password-end-others")
    change_password(browser, PASSWORD, OTHER_PASSWORD)
    browser.toast("Password changed.")
    assert elsewhere.call("GET", "/api/v1/session").status == 200


def test_a_session_elsewhere_is_seen_and_ended(product, browser):
    """SES-05."""
    here = product.set_up()
    elsewhere = product.sign_in(headers={"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 "
                                                       "(KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1"})
    browser.become(here)
    browser.security()
    mine, other = browser.all("[data-session-id]")
    assert "This browser" in mine.text and not mine.find_elements("css selector", "button")
    assert "Safari on iPhone" in other.text and "127.0.0.1" in other.text and "Last seen just now" in other.text
    browser.click("[data-testid=session-end]")
    browser.toast("Session of Safari on iPhone ended.")
    browser.wait(lambda: len(browser.all("[data-session-id]")) == 1, "one session")
    assert elsewhere.call("GET", "/api/v1/session").status == 401
    assert here.call("GET", "/api/v1/session").status == 200
    assert browser.focus == "sessions-title"

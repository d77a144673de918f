# SPDX-License-Identifier: Apache-2.0
"""The notifications in the settings, by mouse and by keyboard alone."""
import pytest
from selenium.webdriver.common.keys import Keys

from product import Product

from .test_pages import look  # noqa: F401 (a fixture)


def wishes(person):
    answer = person.call("GET", "/api/v1/notifications").json
    return [name for name in ("token_endings", "token_changes", "sign_ins") if answer[name]]


def checked(browser):
    return [box.get_attribute("id").removeprefix("notify-") for box in browser.all("#panel-notifications input") if box.is_selected()]


@pytest.fixture(scope="module")
def mailing(tmp_path_factory):
    """A server with mail switched on, and a mail server that is not there."""
    p = Product(tmp_path_factory.mktemp("mailing"), mail_url="smtp://127.0.0.1:1", mail_from="patd@acme.org")
    p.settings["public_url"] = p.base
    with p:
        p.ada = p.set_up()
        yield p


def test_by_mouse(mailing, browser, look):  # noqa: F811
    """A switch is saved when it is used; the tab has an address; what is always sent is said."""
    browser.use(mailing)
    browser.become(mailing.ada, "/settings/account")
    browser.see("account-role")
    browser.click("tab-notifications")
    browser.see("notify-token_endings")
    browser.at("/settings/notifications")
    assert browser.text(".tabs [aria-current]") == "Notifications" and browser.js("return document.title") == "Notifications · Settings · patd"
    assert [tab.text for tab in browser.all(".tabs a") if tab.is_displayed()] == ["Account", "Notifications", "Security"]
    assert checked(browser) == ["token_endings", "token_changes"] and not browser.sees("notifications-off")
    text = browser.text("panel-notifications")
    assert "ada@acme.org" in text and "When your password or your email address changes you always get an email" in text
    look("notifications")
    browser.click("notify-sign_ins")
    browser.toast("When somebody signs in as you: on.")
    browser.click("notify-token_changes-title")
    browser.toast("When a token is generated, or revoked by somebody else: off.")
    assert wishes(mailing.ada) == ["token_endings", "sign_ins"]
    browser.go("/settings/notifications")
    browser.see("notify-sign_ins")
    assert checked(browser) == ["token_endings", "sign_ins"]
    assert not [url for _, url in browser.requests() if "tokens.js" in url]


def test_by_keyboard_over_another_page(mailing, browser):
    browser.use(mailing)
    mailing.add_person("grace@acme.org")
    grace = mailing.sign_in("grace@acme.org")
    browser.become(grace, "/")
    browser.click("account-button")
    browser.click("account-settings")
    browser.see("tab-notifications")
    browser.tab_to("tab-notifications")
    browser.keys(Keys.ENTER)
    browser.see("notify-sign_ins")
    browser.tab_to("notify-sign_ins")
    browser.keys(Keys.SPACE)
    browser.toast("When somebody signs in as you: on.")
    assert wishes(grace) == ["token_endings", "token_changes", "sign_ins"] and browser.focus == "notify-sign_ins"
    browser.keys(Keys.ESCAPE)
    browser.gone("settings-dialog")


def test_what_could_not_be_saved_goes_back(mailing, browser):
    browser.use(mailing)
    browser.become(mailing.ada, "/settings/notifications")
    browser.see("notify-token_endings")
    before = checked(browser)
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/notifications*"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.click("notify-token_endings")
    browser.says("notifications-problem", "The server could not be reached.")
    assert checked(browser) == before
    browser.click("tab-security")
    browser.loaded()
    browser.click("tab-notifications")
    browser.says("panel-notifications", "This could not be loaded.")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#panel-notifications button")
    browser.see("notify-token_endings")


def test_where_no_mail_is_sent(shared, browser, look):  # noqa: F811
    """It is said, and to administrators which setting; what is chosen counts later."""
    browser.become(shared.ada, "/settings/notifications")
    browser.says("notifications-off", "This server sends no mail: it has no mail_url in its settings.")
    look("no mail")
    shared.add_person("grace@acme.org")
    browser.become(shared.sign_in("grace@acme.org"), "/settings/notifications")
    browser.says("notifications-off", "This server sends no mail: ask whoever runs it.")
    assert "mail_url" not in browser.text("panel-notifications")

# SPDX-License-Identifier: Apache-2.0
"""What an open dialog does to the page below it, and messages to the dialog."""
import pytest
from selenium.webdriver.common.keys import Keys

WIDTHS = """return [...document.querySelectorAll('.bar, .bar .brand, main')].map((e) => {
  const { left, right } = e.getBoundingClientRect();
  return [left, right];
})"""
MESSAGES = """const messages = document.getElementById('toasts');
  return { in: messages.parentElement.id || messages.parentElement.tagName, above: messages.matches(':popover-open'),
    inert: messages.parentElement.matches('body') && document.querySelector('dialog:modal') !== null,
    bottom: Math.round(innerHeight - messages.getBoundingClientRect().bottom), text: messages.textContent }"""


@pytest.fixture
def ada(product, browser):
    them = product.set_up()
    product.add_person("grace@acme.org", "Grace Hopper")
    browser.become(them, "/")
    browser.see(".file")
    return them


def test_the_page_does_not_move_when_a_dialog_opens(product, browser, ada):
    """Neither a page without a scroll bar nor one that has one."""
    def unmoved(button, dialog):
        before = browser.js(WIDTHS)
        browser.click(button)
        browser.see(dialog)
        browser.settle()
        assert browser.js(WIDTHS) == before
        browser.keys(Keys.ESCAPE)
        browser.gone(dialog)
        browser.settle()
        assert browser.js(WIDTHS) == before

    assert browser.js("return innerWidth === document.documentElement.clientWidth")
    unmoved("files-upload", "upload-dialog")
    browser.security()
    browser.resize(1280, 500)
    assert browser.js("return innerWidth > document.documentElement.clientWidth")
    unmoved("token-generate", "token-dialog")


def test_messages_stand_above_dialogs(product, browser, ada):
    """They are in the dialog that is open, so that they are no part of what is inert, and over it; they outlive it."""
    browser.click(".file-open")
    browser.click("file-share")
    browser.fill("share-email", "grace@acme.org")
    browser.click("share-add")
    browser.toast("Grace Hopper has access now.")
    shown = browser.js(MESSAGES)
    assert (shown["in"], shown["above"], shown["inert"], shown["bottom"]) == ("share-dialog", True, False, 16)
    browser.click("share-done")
    browser.gone("share-dialog")
    assert browser.js(MESSAGES)["in"] == "BODY" and "Grace Hopper has access now." in browser.text("toasts")
    browser.click("file-share")  # and one that is there already is lifted
    browser.see("share-dialog")
    assert browser.js(MESSAGES)["in"] == "share-dialog" and "Grace Hopper has access now." in browser.text("toasts")
    browser.keys(Keys.ESCAPE)
    browser.gone("share-dialog")
    assert browser.js("return document.querySelectorAll('#toasts').length") == 1

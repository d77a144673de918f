# SPDX-License-Identifier: Apache-2.0
"""A token's whole life in a real browser: by mouse, and again without one."""
import subprocess

from selenium.webdriver.common.keys import Keys

from .pages import PASSWORD


def curl(product, token):
    """What a script with this token gets."""
    return subprocess.run(["curl", "-s", "-H", f"X-Figma-Token: {token}", product.base + "/v1/me"],
                          capture_output=True, text=True, timeout=20).stdout


def clipboard(browser):
    """What lies on the clipboard, as another program would paste it."""
    browser.cdp("Browser.grantPermissions", origin=browser.base, permissions=["clipboardReadWrite"])
    return browser.js_async("return navigator.clipboard.readText()")


def test_a_tokens_life_by_mouse(product, browser):
    # The link printed at the first start leads to set-up; its code leaves the address bar.
    browser.go(f"/setup#{product.setup_code}")
    browser.at("/setup")
    assert browser.text("setup-code-taken") == "The set-up code is filled in from your link. It is checked when you create the account."
    assert not browser.sees("setup-code-field")
    browser.fill("setup-name", "Ada Lovelace")
    browser.fill("setup-email", "ada@acme.org")
    browser.fill("setup-password", PASSWORD)
    browser.click("setup-submit")

    # The start page, with the sample on it; the account menu is in the top-left corner.
    browser.at("/")
    browser.says(".files-grid", "Harbor")
    browser.says("account-button", "Ada Lovelace")
    corner = browser.see("account-button").rect
    assert corner["x"] < 40 and corner["y"] < 40
    browser.click("account-button")
    browser.says("account-menu", "ada@acme.org")
    browser.click("account-settings")
    browser.at("/settings/account")
    browser.says("account-role", "Administrator")
    browser.click("tab-security")
    browser.at("/settings/security")
    browser.says("tokens-empty", "No tokens yet")

    # The dialog: nothing can be generated before there is a name and a scope, and it says what is missing.
    browser.open_generate()
    submit = browser.see("token-submit")
    assert not submit.is_enabled()
    assert browser.text("token-reason") == "To generate, enter a name and choose at least one scope."
    browser.fill("token-name", "CI export")
    assert not submit.is_enabled()
    assert browser.text("token-reason") == "To generate, choose at least one scope."
    browser.choose_scope("current_user:read")
    assert submit.is_enabled()
    browser.choose_scope("current_user:read")
    assert not submit.is_enabled()
    browser.choose_scope("current_user:read")
    assert browser.text("token-expires-text").startswith("Expires on ")
    submit.click()

    # Shown once, and copied.
    token = browser.secret()
    assert token.startswith("pat_") and len(token) == 53
    browser.says("token-result", "Copy it now. You won’t be able to see it again.")
    browser.click("token-copy")
    browser.says("token-copy", "Copied")
    assert clipboard(browser) == token
    assert '"handle":"Ada Lovelace"' in curl(product, token)

    # In the list, and used.
    browser.done()
    row = browser.rows()["CI export"]
    assert (row.hint, row.state) == (f"pat_…{token[-4:]}", "live")
    browser.wait(lambda: "1 use" in browser.rows()["CI export"].last_used, "the use to be counted, without a reload")

    # Revoked, after a question whose safe answer has the focus.
    browser.revoke("CI export")
    assert browser.focus == "confirm-cancel"
    browser.says("confirm-dialog", "Revoke “CI export”?")
    browser.says("confirm-dialog", f"pat_…{token[-4:]}")
    browser.click("confirm-cancel")
    browser.gone("confirm-dialog")
    assert '"handle":"Ada Lovelace"' in curl(product, token)
    browser.revoke("CI export")
    browser.click("confirm-accept")
    browser.toast("“CI export” is revoked.")
    assert '"err":"Invalid token"' in curl(product, token)
    row = browser.rows()["CI export"]
    assert row.state == "revoked" and row.expires.startswith("Revoked\nBy you, ")
    assert browser.menu("CI export") == ["Details"]
    assert "line-through" in browser.see(".token-name").value_of_css_property("text-decoration-line")
    assert browser.text("tokens-count") == "0 live tokens, 1 ended"


def test_a_tokens_life_by_keyboard_alone(product, browser):
    browser.go(f"/setup#{product.setup_code}")
    browser.at("/setup")
    browser.tab_to("setup-name")
    browser.keys("Ada Lovelace", Keys.TAB, "ada@acme.org", Keys.TAB, PASSWORD, Keys.ENTER)
    browser.at("/")
    browser.says("account-button", "Ada")

    # The first stop on the page is the account menu; it works as menus do.
    browser.keys(Keys.TAB)
    assert browser.focus == "account-button"
    browser.keys(Keys.ENTER)
    assert browser.focus == "account-settings"
    browser.keys(Keys.END)
    assert browser.focus == "account-signout"
    browser.keys(Keys.ESCAPE)
    assert browser.focus == "account-button" and not browser.sees("account-menu")
    browser.keys(Keys.SPACE, Keys.ENTER)
    browser.at("/settings/account")
    browser.tab_to("tab-security")
    browser.keys(Keys.ENTER)
    browser.at("/settings/security")
    browser.loaded()

    # Enter in the name sends nothing while something is missing; Escape asks before it throws anything away.
    browser.tab_to("token-generate")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "token-name", "the focus in the name")
    browser.keys("Release notes", Keys.ENTER)
    assert browser.text("token-reason") == "To generate, choose at least one scope."
    browser.keys(Keys.ESCAPE)
    browser.wait(lambda: browser.focus == "confirm-cancel", "the question")
    browser.keys(Keys.ENTER)
    browser.gone("confirm-dialog")
    assert browser.value("token-name") == "Release notes"

    # Arrow keys choose the expiration, Space the scope, Enter submits from any field.
    browser.tab_to("expires-30")
    browser.keys(Keys.ARROW_LEFT)
    assert browser.all("expires-7")[0].is_selected()
    browser.tab_to("token-scopes-search")
    browser.keys("name picture", Keys.TAB)
    assert browser.js("return document.activeElement.dataset.group") == "Users"
    browser.keys(Keys.TAB)
    browser.wait(lambda: browser.js("return document.activeElement.value") == "current_user:read", "the scope that was found")
    browser.keys(Keys.SPACE)
    assert browser.text("token-reason").startswith("Can read users until ")
    browser.tab_to("token-name", back=True)
    browser.keys(Keys.ENTER)
    token = browser.secret()
    browser.wait(lambda: browser.focus == "token-copy", "the focus on Copy")
    browser.keys(Keys.SPACE)
    browser.says("token-status", "Token copied to the clipboard.")
    assert clipboard(browser) == token

    # Escape asks first; Done is the way out, and leads back to where it began.
    browser.keys(Keys.ESCAPE)
    browser.says("confirm-dialog", "Close without the token?")
    browser.keys(Keys.ESCAPE)
    browser.gone("confirm-dialog")
    assert browser.value("token-secret") == token
    browser.tab_to("token-done")
    browser.keys(Keys.ENTER)
    browser.gone("token-dialog")
    assert browser.focus == "token-generate"
    assert '"handle":"Ada Lovelace"' in curl(product, token)

    browser.tab_to("token-actions")
    browser.keys(Keys.ENTER)
    assert browser.focus == "token-details"
    browser.keys(Keys.ARROW_DOWN)
    assert browser.focus == "token-rotate"
    browser.keys(Keys.ARROW_DOWN, Keys.ENTER)
    browser.wait(lambda: browser.focus == "confirm-cancel", "the question")
    browser.keys(Keys.TAB, Keys.ENTER)
    browser.toast("“Release notes” is revoked.")
    assert browser.focus == "token-name"
    assert '"err":"Invalid token"' in curl(product, token)
    assert browser.rows()["Release notes"].state == "revoked"

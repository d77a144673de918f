# SPDX-License-Identifier: Apache-2.0
"""The frame of the pages: the account menu, the theme, and the settings, over a page and as one."""
import pytest
from selenium.webdriver.common.keys import Keys

SCHEME = "return getComputedStyle(document.body).backgroundColor"
LIGHT, DARK = "rgb(243, 246, 244)", "rgb(13, 19, 17)"


@pytest.fixture
def ada(product, browser):
    """Ada, on the start page."""
    person = product.set_up(name="Ada Lovelace")
    browser.become(person, "/")
    browser.says("account-button", "Ada Lovelace")
    return person


def over_page(browser):
    return browser.sees("settings-dialog")


# ---- the account menu

@pytest.mark.long
def test_the_account_menu_by_mouse(browser, ada):
    """In the top-left corner; says who one is; closes by a click elsewhere; logs out."""
    corner = browser.see("account-button").rect
    assert corner["x"] < 40 and corner["y"] < 40
    assert not browser.sees("account-menu")
    browser.click("account-button")
    assert browser.text("account-menu").split("\n")[1:3] == ["Ada Lovelace", "ada@acme.org"]
    assert browser.see("account-button").get_attribute("aria-expanded") == "true"
    browser.click("main h1")
    browser.gone("account-menu")
    browser.click("account-button")
    browser.click("account-button")
    browser.gone("account-menu")
    browser.sign_out()
    assert ada.call("GET", "/api/v1/session").status == 401


def test_the_account_menu_by_keyboard(browser, ada):
    """As the menus of the ARIA practices: arrows go round, Home and End, Escape leads back, Tab closes."""
    items = ["account-settings", "theme-system", "theme-light", "theme-dark", "account-signout"]
    browser.keys(Keys.TAB)
    assert browser.focus == "account-button"
    for key, first in ((Keys.ENTER, 0), (Keys.SPACE, 0), (Keys.ARROW_DOWN, 0), (Keys.ARROW_UP, -1)):
        browser.keys(key)
        assert browser.focus == items[first]
        browser.keys(Keys.ESCAPE)
        assert browser.focus == "account-button" and not browser.sees("account-menu")
    browser.keys(Keys.ENTER)
    for item in items[1:] + items[:1]:
        browser.keys(Keys.ARROW_DOWN)
        assert browser.focus == item
    for item in reversed(items):
        browser.keys(Keys.ARROW_UP)
        assert browser.focus == item
    browser.keys(Keys.END)
    assert browser.focus == items[-1]
    browser.keys(Keys.HOME)
    assert browser.focus == items[0]
    browser.keys(Keys.ARROW_RIGHT)  # sideways only among the themes
    assert browser.focus == items[0]
    browser.keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_LEFT)
    assert browser.focus == "theme-light"
    browser.keys(Keys.TAB)
    assert not browser.sees("account-menu")
    browser.tab_to("account-button", back=True)
    browser.keys(Keys.ENTER, Keys.END, Keys.ENTER)
    browser.at("/signin")
    assert ada.call("GET", "/api/v1/session").status == 401


# ---- the theme

def test_a_theme_is_chosen_and_remembered(product, browser, ada):
    """It holds at once, on the next page, on the sign-in page and after logging out, whatever the system says."""
    browser.resize(1280, 900, "dark")
    assert browser.js(SCHEME) == DARK
    browser.click("account-button")
    assert browser.see("theme-system").get_attribute("aria-checked") == "true"
    browser.click("theme-light")
    assert browser.js(SCHEME) == LIGHT
    assert [browser.see(f"theme-{t}").get_attribute("aria-checked") for t in ("system", "light", "dark")] == ["false", "true", "false"]
    browser.go("/settings/account")
    assert browser.js(SCHEME) == LIGHT
    browser.see("account-role")
    browser.sign_out()
    assert browser.js(SCHEME) == LIGHT
    browser.go("/nothing")
    assert browser.js(SCHEME) == LIGHT
    browser.become(product.sign_in(), "/")
    browser.resize(1280, 900, "light")
    browser.says("account-button", "Ada")
    browser.keys(Keys.TAB, Keys.ENTER, Keys.ARROW_DOWN, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.SPACE)  # by keyboard
    assert browser.js(SCHEME) == DARK and browser.sees("account-menu")
    browser.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ENTER)
    assert browser.js(SCHEME) == LIGHT and browser.js("return localStorage.length") == 0


@pytest.mark.long
def test_a_theme_is_there_before_anything_is_painted(browser, ada):
    """The root has it when the first element of the body comes, long before the scripts of the page run."""
    browser.js("localStorage.setItem('patd-theme', 'dark')")
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
      new MutationObserver((_, observer) => { if (!document.body) return; observer.disconnect();
        globalThis.atBody = document.documentElement.style.colorScheme; }).observe(document, { childList: true, subtree: true });""")
    for path in ("/", "/settings/security", "/signin", "/nothing"):
        browser.go(path)
        assert browser.js("return atBody") == "dark", path


@pytest.mark.long
@pytest.mark.parametrize("stored", ["", "red", "light; color: red", "<script>"])
def test_what_is_no_theme_is_none(browser, ada, stored):
    browser.js("localStorage.setItem('patd-theme', arguments[0])", stored)
    browser.go("/")
    assert browser.js("return document.documentElement.style.cssText") == ""
    assert browser.js(SCHEME) == LIGHT


# ---- settings over a page

def test_settings_open_over_the_page_and_are_an_address(browser, ada):
    """Opened from the menu, the page stays below; the address is the tab's; reloaded it is a page; Back leads out of it."""
    browser.js("globalThis.mark = 1")
    browser.click("account-button")
    browser.click("account-settings")
    browser.at("/settings/account")
    browser.says("account-role", "Administrator")
    assert over_page(browser) and not browser.sees("account-menu")
    assert browser.js("return document.title") == "Account · Settings · patd"
    browser.click("tab-security")
    browser.at("/settings/security")
    browser.loaded()
    assert browser.js("return [document.title, mark]") == ["Security · Settings · patd", 1]
    assert browser.see("tab-security").get_attribute("aria-current") == "page"
    browser.click("settings-close")
    browser.at("/")
    browser.gone("settings-dialog")
    assert browser.focus == "account-button" and browser.js("return [document.title, mark]") == ["Recents · Files · patd", 1]

    browser.driver.forward()
    browser.at("/settings/security")
    browser.loaded()
    assert over_page(browser)
    browser.driver.refresh()
    browser.loaded()
    assert browser.path == "/settings/security" and not over_page(browser)
    assert browser.text("main h1") == "Settings"
    browser.driver.back()
    browser.at("/")
    browser.wait(lambda: browser.text("main h1") == "Recents", "the start page")
    browser.driver.forward()
    browser.at("/settings/security")
    browser.loaded()


@pytest.mark.long
def test_settings_by_keyboard(browser, ada):
    """The focus goes in, stays in, and comes back; what lies below is inert; Escape closes a menu or dialog in there first."""
    browser.keys(Keys.TAB, Keys.ENTER, Keys.ENTER)
    browser.at("/settings/account")
    browser.wait(lambda: browser.focus == "tab-account", "the focus in the settings")
    browser.says("account-role", "Administrator")
    seen = set()
    for _ in range(30):
        browser.keys(Keys.TAB)
        seen.add(browser.focus)
    assert {"tab-account", "tab-security", "settings-close", "picture-choose", "name", "email-change", "account-password"} <= seen
    assert not {"account-button", "home-tokens"} & seen
    browser.tab_to("tab-security")
    browser.keys(Keys.ENTER)
    browser.at("/settings/security")
    browser.loaded()
    assert browser.focus == "tab-security"
    browser.tab_to("token-generate")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "token-name", "the focus in the name")
    browser.keys(Keys.ESCAPE)
    browser.gone("token-form")
    assert over_page(browser) and browser.focus == "token-generate"
    browser.keys(Keys.ESCAPE)
    browser.at("/")
    browser.gone("settings-dialog")
    assert browser.focus == "account-button"


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])  # the start page that has a link to the tokens
def test_a_token_is_generated_over_the_page(product, browser, ada, product_settings):
    """Everything of the page works in the dialog: a token is generated, shown, listed and revoked; messages are readable."""
    browser.click("home-tokens")
    browser.at("/settings/security")
    browser.loaded()
    token = browser.generate("CI export")
    assert product.get("/v1/me", token=token).status == 200
    browser.done()
    assert "CI export" in browser.rows()
    browser.revoke("CI export")
    browser.click("confirm-accept")
    browser.toast("“CI export” is revoked.")
    assert browser.js("return document.getElementById('toasts').closest('[inert]') === null")
    assert product.get("/v1/me", token=token).status == 401
    browser.click(".settings-layer")  # its middle is the window: nothing closes
    assert over_page(browser)
    browser.js("document.querySelector('.settings-layer').dispatchEvent(new PointerEvent('pointerdown', { bubbles: true }))")
    browser.at("/")
    assert browser.focus == "home-tokens"


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])  # the start page that has a link to the tokens
def test_back_leaves_no_token_behind(browser, ada, product_settings):
    """TOK-03: left by Back, with the token shown and with the question about it, it is gone from the page."""
    for asked in (False, True):
        browser.click("home-tokens")
        browser.loaded()
        token = browser.generate(f"Canary {asked}")
        if asked:
            browser.keys(Keys.ESCAPE)
            browser.see("confirm-dialog")
        browser.driver.back()
        browser.at("/")
        browser.gone("settings-dialog")
        assert not browser.all("dialog[open]")
        assert token not in browser.js("return [...document.querySelectorAll('textarea, input')].map((e) => e.value).join() + document.body.textContent")
        assert browser.focus == "home-tokens"


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])  # the start page that has a link to the tokens
def test_opened_again_it_is_as_it_is_now(product, browser, ada, product_settings):
    """What happened meanwhile is seen when the settings open again."""
    browser.click("home-tokens")
    browser.loaded()
    assert len(browser.all("[data-session-id]")) == 1
    browser.keys(Keys.ESCAPE)
    browser.at("/")
    product.sign_in()
    browser.click("home-tokens")
    browser.wait(lambda: len(browser.all("[data-session-id]")) == 2, "the other session")


@pytest.mark.long
def test_a_link_with_a_modifier_is_left_alone(browser, ada):
    """Opened in a tab of its own, the settings are a page."""
    browser.click("account-button")
    browser.js("document.getElementById('account-settings').dispatchEvent(new MouseEvent('click', { bubbles: true, cancelable: true, ctrlKey: true }))")
    browser.settle()
    assert browser.path == "/" and not over_page(browser)


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])  # the start page that has a link to the tokens
def test_when_settings_cannot_be_fetched_the_link_is_a_link(product, browser, ada, product_settings):
    """A session that ended, an answer that does not come: the address is gone to, and says what there is to say."""
    assert ada.call("DELETE", "/api/v1/session").status == 204
    browser.click("home-tokens")
    browser.see("signin-form")
    browser.sign_in()
    browser.at("/settings/security")
    browser.go("/")
    browser.says("account-button", "Ada")
    browser.cdp("Network.setBlockedURLs", urls=["*/assets/settings-dialog.js"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.click("home-tokens")
    browser.at("/settings/security")
    browser.loaded()
    assert not over_page(browser)
    browser.cdp("Network.setBlockedURLs", urls=[])


@pytest.mark.long
def test_forced_colours_and_no_motion(browser, ada):
    """Where the system's few colours are forced, what is chosen still differs from what is not; and nothing moves for those who
    asked for that."""
    browser.click("account-button")
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"},
                                                        {"name": "prefers-reduced-motion", "value": "reduce"}])
    outline = [browser.see(f"theme-{t}").value_of_css_property("outline-style") for t in ("system", "dark")]
    assert outline == ["solid", "none"]
    assert browser.see("account-menu").value_of_css_property("animation-name") == "none"
    browser.click("account-settings")
    browser.says("account-role", "Administrator")
    borders = [browser.see(f"tab-{t}").value_of_css_property("border-bottom-color") for t in ("account", "security")]
    assert borders[0] != borders[1]
    assert browser.see("settings-dialog").value_of_css_property("animation-name") == "none"
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-reduced-motion", "value": "no-preference"}])
    assert browser.see("settings-dialog").value_of_css_property("animation-name") == "rise"

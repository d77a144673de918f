# SPDX-License-Identifier: Apache-2.0
"""The page of a product's own people: from the product, without a password, and back again."""
import pytest
from selenium.webdriver.common.keys import Keys

from product import Product
from test_portal import Backend, imported, orders
from tools import edit

from .elsewhere import Elsewhere
from .test_pages import look  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def site():
    """The product that people come from."""
    with Elsewhere() as elsewhere:
        elsewhere.pages = {"/shop": "<title>Shop</title><h1>The Shop</h1>"}
        yield elsewhere


@pytest.fixture(scope="module")
def shop_product(tmp_path_factory, site):
    folder = tmp_path_factory.mktemp("portal")
    with Product(folder) as p:
        p.ada = p.set_up()
        imported(p, folder)
        portal = ("--product", "shop", "--portal", "--return", site.same_site)
        p.backend = Backend(p, "shop", *portal, "--title", "The Shop", "--accent", "#0b6e4f")
        p.bright = Backend(p, "bright", *portal, "--title", "Ümlaut & <Söhne> Versandhandelsgesellschaft mbH", "--accent", "#ffe14d")
        p.back = f"{site.same_site}/shop"
        yield p


@pytest.fixture
def shop(shop_product, browser):
    browser.use(shop_product)
    yield shop_product
    browser.go("about:blank")
    browser.complaints()
    browser.forget()  # that it has gone to the product and back is what is tested here


def link(product, subject, name="Grace Hopper", backend=None, **more):
    answer = (backend or product.backend).link(subject, name, return_url=product.back, **more)
    assert answer.status == 201, answer
    return answer.json["url"]


def arrive(browser, product, subject, **more):
    browser.go(product.back)
    browser.js("location.href = arguments[0]", link(product, subject, **more))
    browser.see("portal-title")
    browser.loaded()


def test_a_tokens_life_by_mouse(shop, browser):
    """From the product's page by its link, which leaves the address bar; a token is generated, used and revoked; and back."""
    arrive(browser, shop, "mouse", email="grace@navy.example")
    assert browser.path == "/portal" and browser.text("portal-title") == "The Shop"
    assert browser.js("return document.title") == "Personal access tokens · The Shop"
    assert browser.text("portal-back") == "Back to The Shop"
    for what in ("tab-account", "password", "panel-account", "password-change"):
        assert not browser.all(what), what
    browser.click("account-button")
    browser.says("account-menu", "grace@navy.example")
    assert not browser.all("account-settings")
    browser.keys(Keys.ESCAPE)

    browser.says("tokens-empty", "No tokens yet")
    browser.open_generate()
    assert browser.js("return [...document.querySelectorAll('[data-scope]')].map((e) => e.value)") == ["orders:read", "orders:write", "unused"]
    browser.fill("token-name", "Nightly export")
    browser.choose_scope("orders:read")
    browser.click("token-limits-toggle")
    browser.see("limits-networks")
    browser.click("token-submit")
    secret = browser.secret()
    browser.click("token-test")
    browser.says("token-status", "the server accepts the token")
    used = orders(shop, secret)
    assert used.status == 200 and used.headers["X-Pat-User"] == "shop:mouse"
    browser.done()
    browser.wait(lambda: "uses" in browser.rows()["Nightly export"].last_used, "the use to be counted, without a reload")
    browser.details("Nightly export")
    browser.keys(Keys.ESCAPE)
    browser.gone("token-details")
    browser.rotate("Nightly export")
    browser.click("label:has(#rotate-end-0)")
    browser.click("rotate-accept")
    secret, old = browser.secret(), secret
    browser.done()
    assert orders(shop, secret).status == 200 and orders(shop, old).status == 401
    browser.click(".segment:has(#filter-active)")
    browser.lists("Nightly export")
    browser.revoke("Nightly export")
    browser.click("confirm-accept")
    browser.see("tokens-none")
    assert orders(shop, secret).status == 401

    browser.click("portal-back")
    browser.wait(lambda: browser.url == shop.back, "to be back")


def test_a_tokens_life_by_keyboard(shop, browser):
    arrive(browser, shop, "keys")
    browser.keys(Keys.TAB)
    assert browser.focus == "account-button"
    browser.tab_to("portal-back")
    browser.tab_to("token-generate")
    browser.keys(Keys.ENTER)
    browser.see("token-form")
    browser.keys("By hand")
    browser.js("document.querySelector('[data-scope=\"orders:write\"]').dataset.testid = 'wanted'")
    browser.wait(lambda: browser.js("return document.activeElement.id") == "token-name", "the name to have the focus")
    for _ in range(60):
        if browser.js("return document.activeElement.value") == "orders:write":
            break
        browser.keys(Keys.TAB)
    browser.keys(Keys.SPACE)
    browser.tab_to("token-submit", 60)
    browser.keys(Keys.ENTER)
    secret = browser.secret()
    assert orders(shop, secret).status == 403 and browser.focus == "token-copy"
    browser.tab_to("token-done")
    browser.keys(Keys.ENTER)
    browser.gone("token-dialog")
    browser.lists("By hand")
    browser.tab_to("account-button", back=True)
    browser.keys(Keys.ENTER, Keys.END, Keys.ENTER)
    browser.wait(lambda: browser.url == shop.back, "logging out to lead back")
    browser.go(shop.base + "/portal")
    browser.says("portal-closed", "Open your tokens from your product")


def test_whoever_is_here_has_one_page(shop, browser):
    arrive(browser, shop, "one-page")
    for path in ("/", "/settings/account", "/settings/security", "/files/abcdefghijklmnopqrstuv", "/signin"):
        browser.go(path)
        browser.at("/portal")
        browser.see("portal-title")


def test_a_link_that_is_good_for_nothing(shop, browser, look):
    url = link(shop, "used")
    browser.go(url)
    browser.loaded()
    browser.go("about:blank")
    browser.go(url)  # again: who is here already stays
    browser.loaded()
    browser.cdp("Network.clearBrowserCookies")
    browser.go("about:blank")
    browser.go(url)
    browser.says("portal-closed", "was used already, or has expired")
    assert browser.focus == "portal-closed-title" and not browser.sees("portal-bar")
    look("a link that was used")
    browser.go("/portal")
    browser.says("portal-closed", "Go there, and follow its link")
    look("the portal without a link")


def test_nobody_leaves_an_account_unasked(shop, browser, look):
    """A link that somebody was given does not put them in another's place."""
    browser.become(shop.sign_in(), "/settings/security")
    browser.go("/portal")
    browser.at("/settings/security")
    browser.loaded()
    browser.go("about:blank")
    browser.go(link(shop, "asked"))
    browser.says("portal-closed", "You are signed in here as Ada")
    look("the portal of somebody with an account")
    assert browser.js_async("return (await (await fetch('/api/v1/session')).json()).person.name") == "Ada"
    browser.click("portal-go")
    browser.loaded()
    assert browser.js_async("return (await (await fetch('/api/v1/session')).json()).person.name") == "Grace Hopper"


def test_a_session_that_has_ended_leads_back(shop, browser):
    arrive(browser, shop, "ends")
    assert shop.patd("user", "disable", "shop:ends").returncode == 0
    browser.click("token-generate")
    browser.see("token-form")
    browser.fill("token-name", "Late")
    browser.choose_scope("orders:read")
    browser.click("token-submit")
    browser.wait(lambda: browser.url == shop.back, "to be led back")


@pytest.mark.parametrize("product_settings", [{"token_fresh_sign_in_minutes": 1}])
def test_who_came_a_while_ago_is_told_to_come_again(product, browser, tmp_path):
    product.set_up()
    imported(product, tmp_path)
    product.backend = Backend(product, "shop", "--product", "shop", "--portal", "--return", product.base, "--title", "The Shop")
    product.back = product.base + "/livez"
    browser.go(link(product, "stale"))
    browser.loaded()
    browser.generate("Old", "orders:read")
    browser.done()
    product.stop()
    edit(product, "UPDATE session SET created = created - 61")
    product.start()
    browser.go("/portal")
    browser.loaded()
    browser.open_generate()
    browser.fill("token-name", "Stale")
    browser.choose_scope("orders:read")
    browser.click("token-submit")
    browser.says("token-form", "Go back to The Shop, open your tokens from there again")
    assert not browser.sees("token-proof")
    browser.keys(Keys.ESCAPE)
    browser.click("confirm-accept")
    browser.gone("token-form")
    browser.rotate("Old")
    browser.click("rotate-accept")
    browser.says("rotate-dialog", "Go back to The Shop, open your tokens from there again, and rotate this one then.")
    assert not browser.sees("rotate-proof")


@pytest.mark.parametrize("backend, ink", [("backend", "rgb(255, 255, 255)"), ("bright", "rgb(0, 0, 0)")])
def test_how_it_looks(shop, browser, look, backend, ink):
    arrive(browser, shop, f"looks-{backend}", name="Grace Brewster Murray Hopper of the Navy", backend=getattr(shop, backend))
    assert browser.js("return getComputedStyle(document.getElementById('token-generate')).color") == ink
    look("the portal, empty")
    browser.generate("Nightly export", "orders:read")
    look("the portal's new token")
    browser.done()
    look("the portal")
    browser.open_generate()
    browser.fill("token-name", "Another")
    browser.choose_scope("orders:write")
    browser.click("token-limits-toggle")
    browser.see("limits-networks")
    look("the portal's dialog")
    browser.keys(Keys.ESCAPE)
    browser.click("confirm-accept")
    browser.gone("token-form")
    browser.click("account-button")
    look("the portal's menu")

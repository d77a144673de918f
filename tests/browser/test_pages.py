# SPDX-License-Identifier: Apache-2.0
"""Every page and dialog at three widths, light and dark: nothing scrolls sideways, axe finds nothing; and how much it weighs."""
import json
import os

import pytest
from selenium.webdriver.common.keys import Keys

from tools import png

from .pages import PASSWORD

SIZES = [(320, 640), (768, 900), (1280, 900)]
# What a page may cost the first time somebody opens it: bytes on the wire, everything included.
WIRE_BYTES_MAX = {"/signin": 26_000, "/settings/account": 51_000, "/settings/security": 75_000}
# What a browser has to have before it shows anything: the page, its style sheets and what of scripts it waits for; unpacked.
FIRST_BYTES_MAX = 40_000

SIDEWAYS = """
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  const inner = [...document.querySelectorAll('dialog[open] *, main *')].filter((e) => e.clientWidth > 1
    && e.scrollWidth > e.clientWidth + 1 && !['visible', 'clip'].includes(getComputedStyle(e).overflowX)
    && getComputedStyle(e).textOverflow !== 'ellipsis' && !e.matches('input'));
  return [...(wide > 0 ? [`the page, by ${wide}px`] : []), ...inner.map((e) => e.outerHTML.slice(0, 120))];
"""
SMALL = """
  const shown = (e) => e.checkVisibility({ opacityProperty: false }) && e.getBoundingClientRect().width > 1;
  const box = (e) => (e.closest('label') ?? e).getBoundingClientRect();
  return [...document.querySelectorAll('button, a[href], input, select, textarea')].filter(shown)
    .filter((e) => !e.ariaHidden && (box(e).width < 24 || box(e).height < 24)).map((e) => e.outerHTML.slice(0, 120));
"""
FIRST = """return performance.getEntries().filter((e) => e.entryType === 'navigation' || e.renderBlockingStatus === 'blocking')
  .reduce((sum, e) => sum + e.decodedBodySize, 0);"""
AXE = """return (await axe.run({ resultTypes: ['violations'] })).violations.map(
  (v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join(' | ')}`);"""


@pytest.fixture
def look(browser, axe):
    """look("name"): judges what is on the screen in all six shapes; the findings are told together at the end."""
    found = []

    def judge(name):
        browser.settle()
        if browser.js("return typeof axe === 'undefined'"):
            browser.js(axe)
        for scheme in ("light", "dark"):
            for width, height in SIZES:
                browser.resize(width, height, scheme)
                where = f"{name} at {width} {scheme}"
                found.extend(f"{where} scrolls sideways: {e}" for e in browser.js(SIDEWAYS))
                if scheme == "light":
                    found.extend(f"{where} target below 24px: {e}" for e in browser.js(SMALL))
                # Contrast depends on the colours, the rest on the layout: not all of it six times.
                if (scheme, width) in (("light", 320), ("light", 1280), ("dark", 768)):
                    answer = browser.js_async(AXE)
                    assert isinstance(answer, list), answer
                    found.extend(f"{where}: {v}" for v in answer)
        browser.resize(1280, 900)

    yield judge
    assert found == []


def test_before_tokens(product, browser, look, tmp_path):
    browser.go("/setup")
    browser.see("setup-code")
    look("set-up without its link")
    browser.go("about:blank")
    browser.go(f"/setup#{product.setup_code}")
    browser.click("setup-submit")
    browser.see("setup-name-error")
    look("set-up with messages")
    ada = product.set_up()
    browser.go("/settings/security")
    browser.see("signin-form")
    look("sign-in")
    browser.sign_in(password="wrong wrong wrong")
    browser.see("[data-testid=signin-error]")
    look("sign-in refused")
    browser.go("/nothing")
    look("404")
    browser.become(ada, "/")
    browser.says("account-button", "Ada")
    look("home")
    browser.click("account-button")
    look("account menu")
    browser.click("account-settings")
    browser.see("account-role")
    look("account, over the page")
    browser.click("tab-security")
    browser.loaded()
    look("security, over the page")
    browser.go("/settings/account")
    browser.see("account-role")
    look("account")
    browser.click("email-change")
    browser.click("email-submit")
    browser.see("email-password-error")
    look("email")
    browser.click("email-cancel")
    (tmp_path / "a.png").write_bytes(png(40, 30))
    browser.all("#picture-file")[0].send_keys(str(tmp_path / "a.png"))
    browser.see("picture-preview")
    look("picture chosen")
    browser.click("picture-save")
    browser.toast("Picture saved.")
    look("picture")
    browser.all("#picture-file")[0].send_keys(__file__)
    browser.see("picture-error")
    look("no picture")
    product.sign_in()
    browser.security()
    browser.click("sessions-end-others")
    browser.see("confirm-dialog")
    look("end all others?")


def test_tokens_and_their_dialogs(product, browser, look):
    ada = product.set_up(name="Augusta Ada King, Countess of Lovelace and her calculating engines")
    product.sign_in(headers={"User-Agent": "curl/7.88.1"})
    browser.become(ada)
    browser.security()
    look("no tokens")
    for name, scopes, days in (("W" * 64, ["current_user:read"], 90), ("Slack bot", ["file_comments:read", "file_comments:write"], 7),
                               ("Old laptop", ["webhooks:read", "webhooks:write", "current_user:read", "projects:read"], 1)):
        last = ada.generate(name, scopes, days)
    ada.revoke(last["id"])
    browser.security()
    look("tokens")
    browser.js("document.querySelectorAll('.scopes-button')[1].focus()")
    browser.see("[data-testid=scopes-popover]")
    look("scopes of a token")

    browser.open_generate()
    look("generate")
    browser.fill("token-name", "Slack bot")
    browser.choose_scope("current_user:read")
    browser.choose_scope("file_comments:write")
    browser.click("token-submit")
    browser.see("token-name-error")
    look("generate refused")
    browser.js("document.getElementById('expires-custom').click()")
    browser.see("token-date-field")
    browser.fill("token-scopes-search", "no such scope")
    look("generate with a date, nothing found")
    browser.keys(Keys.ESCAPE)
    browser.see("confirm-dialog")
    look("discard?")
    browser.click("confirm-cancel")
    browser.js("document.getElementById('expires-30').click()")
    browser.fill("token-name", "CI export")
    browser.click("token-submit")
    browser.secret()
    browser.click("token-copy")
    browser.says("token-copy", "Copied")
    look("token")
    browser.keys(Keys.ESCAPE)
    browser.see("confirm-dialog")
    look("close?")
    browser.click("confirm-accept")
    browser.gone("token-dialog")
    browser.revoke("W" * 64)
    look("revoke?")
    browser.click("confirm-accept")
    browser.gone("confirm-dialog")
    look("revoked")
    browser.rotate("Slack bot")
    look("rotate")
    browser.js("document.getElementById('rotate-proof').hidden = false; document.getElementById('rotate-reason').textContent = 'To rotate, enter your password.'")
    look("rotate, password asked for")
    browser.fill("rotate-password", PASSWORD)
    browser.click("rotate-accept")
    browser.secret()
    look("rotated token")
    browser.done()
    look("a token and the one that replaces it")
    browser.details("Slack bot")
    look("details of a replaced token")
    browser.click("details-close")
    browser.gone("token-details")

    browser.click("password-change")
    browser.click("password-submit")
    browser.see("password-current-error")
    look("password")


def test_when_patd_is_away(product, browser, look):
    """The pages are nginx's, so it can say so: 503 to people as a page, to programs as JSON; the list as it was stays."""
    ada = product.set_up()
    ada.generate("CI export")
    browser.become(ada)
    browser.security()
    product.kill()
    browser.revoke("CI export")
    browser.click("confirm-accept")
    browser.says("confirm-dialog", "patd is not answering. Try again shortly.")
    look("revoke failed")
    browser.click("confirm-cancel")
    browser.click("password-change")
    browser.fill("password-current", PASSWORD)
    browser.fill("password-new", "another horse battery wagon" + Keys.ENTER)
    browser.says("[data-testid=password-error]", "patd is not answering.")
    browser.allow("status of 503")
    for path in ("/", "/settings/security", "/nothing"):
        browser.forget()
        browser.go(path)
        assert browser.text("main h1") == "Not available right now"
        page = next(e["response"] for e in browser.events("Network.responseReceived") if e["type"] == "Document")
        assert page["status"] == 503
    look("503")
    answer = product.get("/api/v1/session")
    assert (answer.status, answer.json["reason"], answer.headers["Retry-After"]) == (503, "unavailable", "1")
    # "Try again" works as soon as it can.
    browser.go("/settings/security")
    product.stop()
    product.end_edge()
    product.start()
    browser.click("main .button")
    browser.loaded()
    assert "CI export" in browser.rows()


def test_when_the_list_cannot_be_had(product, browser, look):
    ada = product.set_up()
    browser.become(ada)
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/tokens*", "*/api/v1/sessions*"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.go("/settings/security")
    browser.says("tokens-list", "The server could not be reached.")
    look("failed lists")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#tokens-list button")
    browser.see("tokens-empty")
    browser.click("#sessions-list button")
    browser.see("[data-session-id]")


def test_there_is_no_such_page(shared, browser):
    for path in ("/nothing", "/settings/nothing", "/settings/security/x", "/index.html", "/home.html"):
        browser.forget()
        browser.go(path)
        assert browser.text("main h1") == "There is no page here", path
        page = next(e["response"] for e in browser.events("Network.responseReceived") if e["type"] == "Document")
        assert page["status"] == 404
    browser.click("main .button")
    browser.see("signin-form")


@pytest.mark.parametrize("zone,name", [("America/New_York", ("EST", "GMT-5")), ("Asia/Kolkata", ("GMT+5:30", "IST")), ("UTC", ("UTC",))])
def test_times_name_their_zone(shared, browser, zone, name):
    """The expiry is written out in the person's own zone, and a chosen day ends there, whatever the server's zone."""
    browser.cdp("Emulation.setTimezoneOverride", timezoneId=zone)
    browser.become(shared.ada)
    browser.security()
    browser.open_generate()
    assert browser.text("token-expires-text").endswith(name)
    browser.js("""document.getElementById('expires-custom').click(); const f = document.getElementById('token-expires-date');
      const d = new Date(Date.now() + 10 * 864e5); f.value = [d.getFullYear(), d.getMonth() + 1, d.getDate()].map(
        (n) => String(n).padStart(2, '0')).join('-'); f.dispatchEvent(new Event('input', { bubbles: true }))""")
    browser.says("token-expires-text", "11:59")
    assert browser.text("token-expires-text").endswith(name)
    browser.fill("token-name", f"In {zone}")
    browser.choose_scope("current_user:read")
    browser.click("token-submit")
    browser.secret()
    browser.done()
    token = next(t for t in shared.ada.call("GET", "/api/v1/tokens").json["tokens"] if t["name"] == f"In {zone}")
    local = browser.js("const d = new Date(arguments[0]); return [d.getHours(), d.getMinutes(), d.getSeconds()]", token["expires_at"])
    assert local == [23, 59, 59]
    assert browser.js("return document.querySelector('#tokens-table time').title").endswith("UTC")
    browser.cdp("Emulation.setTimezoneOverride", timezoneId="")


def test_a_page_weighs_little(shared, browser, record_property):
    """Bytes on the wire with nothing cached; PATD_TEST_WEIGHTS=FILE writes them down."""
    weights = {}
    for path, most in WIRE_BYTES_MAX.items():
        browser.cdp("Network.clearBrowserCache")
        browser.cdp("Network.clearBrowserCookies")
        if path != "/signin":
            browser.become(shared.ada)
        browser.forget()
        browser.go(path)
        browser.loaded() if path == "/settings/security" else browser.see("main h1")
        browser.settle()
        done = browser.events("Network.loadingFinished")
        wire = sum(e["encodedDataLength"] for e in done)
        body = browser.js("return performance.getEntries().reduce((sum, e) => sum + (e.decodedBodySize ?? 0), 0)")
        first = browser.js(FIRST)
        weights[path] = {"requests": len(done), "wire": round(wire), "unpacked": body, "first": first}
        assert wire <= most and 0 < first <= FIRST_BYTES_MAX, (path, weights[path])
    record_property("weights", weights)
    print(json.dumps(weights))
    if os.environ.get("PATD_TEST_WEIGHTS"):
        with open(os.environ["PATD_TEST_WEIGHTS"], "w") as out:
            json.dump(weights, out, indent=1)


def test_without_scripts_the_pages_say_so(shared, browser):
    browser.cdp("Emulation.setScriptExecutionDisabled", value=True)
    browser.go("/signin")
    try:
        assert browser.see("main .alert").text.startswith("These pages need JavaScript.")
    finally:
        browser.cdp("Emulation.setScriptExecutionDisabled", value=False)

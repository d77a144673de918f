# SPDX-License-Identifier: Apache-2.0
"""A token is seen once and kept nowhere; the pages talk to nobody else and leave nothing in the browser."""
import json

from .pages import PASSWORD

# Every place of a page where a text could be left, as one text.
EVERYWHERE = """
  const fields = [...document.querySelectorAll('input, textarea, select, output')].map((e) => [e.value, e.defaultValue]);
  const shadow = [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.innerHTML ?? '');
  const databases = (await indexedDB.databases?.()) ?? [];
  const caches_ = globalThis.caches ? await caches.keys() : [];
  const globals = Object.keys(globalThis).filter((k) => typeof globalThis[k] === 'string').map((k) => globalThis[k]);
  return JSON.stringify([document.documentElement.outerHTML, fields, shadow, { ...localStorage }, { ...sessionStorage }, history.state,
    location.href, document.referrer, document.title, document.cookie, window.name, databases, caches_, globals,
    performance.getEntries().map((e) => e.toJSON())]);
"""


def everywhere(browser):
    text = browser.js_async(EVERYWHERE)
    assert isinstance(text, str), text
    history = browser.cdp("Page.getNavigationHistory")["entries"]
    return text + json.dumps(history) + json.dumps(browser.cdp("Storage.getCookies"))


def test_a_token_is_nowhere_once_it_was_shown(shared, browser):
    """TOK-03, and WEB-09's half about storage."""
    browser.become(shared.ada)
    browser.security()
    token = browser.generate("Canary")
    assert shared.get("/v1/me", token=token).status == 200
    # While it is shown it is the value of one field, and neither markup nor anything else.
    outside = browser.js_async(EVERYWHERE.replace("textarea, ", ""))
    assert isinstance(outside, str) and token not in outside
    assert token in everywhere(browser)

    body = token[4:]
    browser.done()
    assert body not in everywhere(browser)
    browser.driver.refresh()
    browser.loaded()
    assert body not in everywhere(browser)
    browser.click("tab-account")
    browser.at("/settings/account")
    assert body not in everywhere(browser)
    browser.driver.back()
    browser.loaded()
    assert body not in everywhere(browser)


def test_a_token_is_gone_when_its_page_is_left(shared, browser):
    """However it is left: by closing after a question, by a link, by Back, by reloading."""
    browser.become(shared.ada, "/")
    leave = {
        "link": lambda: (browser.go("/settings/account"), browser.driver.back()),
        "back": lambda: (browser.driver.back(), browser.driver.forward()),
        "reload": browser.driver.refresh,
        "pagehide": lambda: browser.js("dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))"),
    }
    for way, go in leave.items():
        browser.security()
        body = browser.generate(f"Left by {way}")[4:]
        assert body in everywhere(browser)
        go()
        browser.loaded()
        assert body not in everywhere(browser), way
        assert not browser.sees("token-dialog"), way


def test_nothing_is_asked_of_anybody_else_and_nothing_is_kept(product, browser):
    """WEB-09: from the first page to the last, every request goes to patd; no page leaves anything in the browser."""
    browser.go(f"/setup#{product.setup_code}")
    browser.fill("setup-name", "Ada")
    browser.fill("setup-email", "ada@acme.org")
    browser.fill("setup-password", PASSWORD)
    browser.click("setup-submit")
    browser.at("/")
    browser.security()
    browser.generate("Canary")
    browser.click("token-copy")
    browser.done()
    browser.revoke("Canary")
    browser.click("confirm-accept")
    browser.gone("confirm-dialog")
    browser.go("/settings/account")
    browser.go("/nothing")
    kept = browser.js_async("""return [document.cookie, localStorage.length, sessionStorage.length, history.state,
      (await indexedDB.databases()).length, (await caches.keys()).length, (await navigator.serviceWorker.getRegistrations()).length]""")
    assert kept == ["", 0, 0, None, 0, 0, 0]
    cookie, = browser.cdp("Storage.getCookies")["cookies"]
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("patd_session", True, "Strict")
    browser.go("/")
    browser.sign_out()
    requests = browser.requests()
    assert len(requests) > 40
    assert all(url.startswith(product.base + "/") for _, url in requests), requests
    # The one-time code of the link and the token travel in no address.
    assert not [url for _, url in requests if product.setup_code in url or "pat_" in url]
    # What is somebody's own is no-store; the rest may be kept, and is asked for again. Pictures have
    # addresses that nobody can guess, and are kept for an hour.
    for answer in browser.events("Network.responseReceived"):
        path, headers = answer["response"]["url"].removeprefix(product.base), answer["response"]["headers"]
        cache = next((v for k, v in headers.items() if k.lower() == "cache-control"), None)
        kept = "no-cache" if path.startswith("/assets/") else "private, max-age=3600" if path.startswith("/pictures/") else "no-store"
        assert cache == kept, (path, cache)


def test_the_watch_sees(shared, browser):
    """What every test relies on: a breach of the policy, an error and a request to elsewhere do not go unnoticed."""
    browser.become(shared.ada, "/")
    browser.says("account-button", "Ada")
    assert browser.complaints() == []
    breaches = {
        "const s = document.createElement('script'); s.textContent = '1'; document.body.append(s)": "CSP VIOLATION",
        "document.body.setAttribute('style', 'color: red')": "CSP VIOLATION",
        "const i = new Image(); i.src = 'http://evil.example/x.png'; document.body.append(i)": "CSP VIOLATION",
        "try { document.body.innerHTML = '<b>x</b>' } catch {}": "CSP VIOLATION",
        "try { document.body.setAttribute('onclick', 'x()') } catch {}": "CSP VIOLATION",
        "setTimeout(() => nothing())": "ReferenceError",
        "fetch('/api/v1/session').then(() => console.error('told'))": "told",
        "location.href = 'http://localhost:1/'": "request to elsewhere",
    }
    for breach, sign in breaches.items():
        browser.forget()
        try:
            browser.js(breach)
        except Exception:  # the page may be on its way elsewhere
            pass
        browser.wait(lambda: any(sign in line for line in browser.complaints()), f"{sign} of {breach}")
    browser.forget()

# SPDX-License-Identifier: Apache-2.0
"""What other people's pages and other people's words cannot do to somebody who is signed in."""
import html
import pathlib
import urllib.parse

import pytest

from .elsewhere import Elsewhere
from .pages import PASSWORD

HERE = pathlib.Path(__file__).parent
PAGES = ["/", "/signin", "/setup", "/settings/account", "/settings/security", "/files/abcdefghijklmnopqrstuv", "/nothing", "/v1/me", "/api/v1/session", "/assets/patd.css"]

with open(HERE / "names.txt") as lines:
    NAMES = [line.rstrip("\n") for line in lines if line.strip() and not line.startswith("# ")]


@pytest.fixture
def elsewhere():
    with Elsewhere() as server:
        yield server


def lasting(person):
    """All that an API tells of a person's tokens and sessions, without what merely passes."""
    sessions = person.call("GET", "/api/v1/sessions").json["sessions"]
    for session in sessions:
        del session["last_seen_at"]
    tokens = person.call("GET", "/api/v1/tokens?limit=100").json["tokens"]
    return {"tokens": tokens, "sessions": sessions, "session": person.call("GET", "/api/v1/session").json}


# ---- pages of another origin

@pytest.mark.parametrize("product_settings", [{"access_log": "all"}])
def test_another_origin_changes_and_reads_nothing(product, browser, elsewhere, product_settings):
    """WEB-04, WEB-05. 127.0.0.1 on another port is the same *site*: there the browser sends even a SameSite=Strict cookie."""
    ada = product.set_up()
    product.add_person("mallory@acme.org", "Mallory")
    token, other = ada.generate("Mine"), product.sign_in()
    session_id = next(s["id"] for s in other.call("GET", "/api/v1/sessions").json["sessions"] if s["current"])
    page = (HERE / "hostile.html").read_text()
    for word, value in {"TARGET": product.base, "TOKEN_ID": token["id"], "SESSION_ID": session_id, "PASSWORD": PASSWORD}.items():
        page = page.replace(f"%{word}%", value)
    elsewhere.pages["/attack"] = page
    browser.become(ada, "/")
    browser.says("account-button", "Ada")
    before = lasting(ada)
    browser.driver.set_script_timeout(60)

    for origin in (elsewhere.same_site, elsewhere.cross_site):
        browser.go(origin + "/attack")
        done = browser.js_async("return run()")
        assert "error" not in done, done
        assert done["readable"] == []
        assert len(done["attempts"]) > 80
        assert lasting(ada) == before, origin
    assert product.sign_in().id == ada.id, "the password is what it was"
    browser.go("/")
    browser.says("account-button", "Ada")

    # They did arrive, and were refused; with the cookie where the attacker is of the same site.
    def posts():
        return [e for e in product.log() if e["event"] == "edge.request" and e["method"] in ("POST", "DELETE") and "api/v1" in e["path"]
                and e["agent"].startswith("Mozilla")]
    browser.wait(lambda: len(posts()) >= 48, "the attempts in the edge's log")
    assert {e["status"][0] for e in posts()} == {"4"}
    assert {"/api/v1/tokens", "/api/v1/session", "/api/v1/password", "/api/v1/setup"} <= {e["path"] for e in posts()}
    assert not [e for e in posts() if e["method"] == "DELETE"], "no preflight was answered, so none was sent"
    browser.forget()  # it is the other page that asked elsewhere and filled the console


def test_a_form_elsewhere_signs_nobody_in(product, browser, elsewhere):
    """Login CSRF by a whole page that goes to patd, which no frame rule could stop."""
    ada = product.set_up()
    product.add_person("mallory@acme.org", "Mallory")
    field = html.escape(f'{{"email":"mallory@acme.org","password":"{PASSWORD}","x":"')
    elsewhere.pages["/login"] = (f'<form id="f" method="post" enctype="text/plain" action="{product.base}/api/v1/session">'
                                 f'<input name="{field}" value="&quot;}}"><button id="go">Win a prize</button></form>')
    for origin in (elsewhere.same_site, elsewhere.cross_site):
        for person in (ada, None):
            browser.cdp("Network.clearBrowserCookies")
            if person:
                browser.become(person)
            browser.go(origin + "/login")
            browser.click("go")
            browser.wait(lambda: browser.path == "/api/v1/session", "the refusal")
            assert '"status":4' in browser.driver.page_source
            browser.go("/")
            if person:
                browser.says("account-button", "Ada")
            else:
                browser.see("signin-form")
    browser.forget()


def test_no_page_can_be_framed(shared, browser, elsewhere):
    """WEB-06."""
    frames = "".join(f'<iframe src="{shared.base}{path}"></iframe>' for path in PAGES)
    elsewhere.pages["/frames"] = f'<!doctype html><title>frames</title>{frames}<iframe src="/inner"></iframe>'
    elsewhere.pages["/inner"] = "<p>can be framed"
    browser.become(shared.ada)
    for origin in (elsewhere.same_site, elsewhere.cross_site):
        browser.forget()
        browser.go(origin + "/frames")
        refused = [line for line in browser.console() if "Framing" in line and "frame-ancestors 'none'" in line]
        assert len(refused) == len(PAGES), refused
        browser.driver.switch_to.frame(len(PAGES))
        assert browser.driver.page_source.count("can be framed") == 1, "this one can, to show that the rest could have been"
        browser.driver.switch_to.default_content()
    # Not by patd's own pages either.
    browser.go("/")
    browser.forget()
    browser.js("const f = document.createElement('iframe'); f.src = '/settings/security'; document.body.append(f)")
    browser.wait(lambda: any("CSP VIOLATION" in line for line in browser.console()), "the refusal in the console")
    browser.forget()


# ---- words of other people

def test_names_are_shown_as_they_are(shared, browser):
    """WEB-07: two hundred names that would be markup, script or a format somewhere else."""
    assert len(NAMES) >= 200
    made = {}
    for name in NAMES:
        answer = shared.ada.call("POST", "/api/v1/tokens", {"name": name, "scopes": ["current_user:read"], "expires_in_days": 30})
        if answer.status == 201:
            made[answer.json["id"]] = name
        else:
            assert answer.json["reason"] in ("name_too_long", "name_bad_characters"), (name, answer)
    assert len(made) >= 150
    browser.become(shared.ada)
    browser.security()
    texts = {}
    for _ in range(len(made) // 50 + 2):
        texts |= browser.js("""return Object.fromEntries([...document.querySelectorAll('[data-token-id]')].map(
          (tr) => [tr.dataset.tokenId, tr.querySelector('.token-name').textContent]))""")
        if not browser.see("tokens-next").is_enabled():
            break
        browser.click("tokens-next")
    assert {key: texts.get(key) for key in made} == made
    assert browser.js("return document.querySelectorAll('.token-name *').length") == 0
    assert browser.js("return document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    # Where else a name appears: labels, the question, the message, the dialog of a new one.
    worst = [name for name in made.values() if "<" in name or "\u202e" in name][:12]
    for name in worst:
        row = next(key for key, value in made.items() if value == name)
        browser.go("/settings/security?q=" + urllib.parse.quote(name))
        browser.click(f'[data-token-id="{row}"] [data-testid=token-actions]')
        browser.click("[data-testid=token-revoke]")
        browser.see("confirm-dialog")
        assert browser.js("return document.getElementById('confirm-title').textContent") == f"Revoke “{name}”?"
        browser.click("confirm-accept")
        browser.gone("confirm-dialog")
        browser.wait(lambda: browser.js("return document.querySelector('#toasts').textContent").endswith(f"“{name}” is revoked."), name)
    name = '<img src=x onerror="alert(1)">'
    browser.generate(name)
    assert browser.text("token-result-name") == name
    browser.done()
    assert browser.js("return document.querySelectorAll('#tokens img, #toasts img, dialog img').length") == 0


def test_people_and_their_browsers_are_shown_as_they_are(shared, browser):
    """WEB-07 for a person's name and for user agents."""
    people = [name for name in NAMES if "<" in name or "{" in name or "\u202e" in name][:10]
    for number, name in enumerate(people):
        email = f"p{number}@acme.org"
        done = shared.patd("user", "add", email, "--name", name, "--password-stdin", input=PASSWORD + "\n")
        if done.returncode != 0:
            assert "name" in done.stderr, done.stderr
            continue
        browser.cdp("Network.clearBrowserCookies")
        browser.become(shared.sign_in(email, headers={"User-Agent": name.encode("ascii", "ignore").decode() or "x"}))
        browser.go("/settings/account")
        browser.wait(lambda: browser.js("return document.querySelector('[data-testid=account-name]')?.textContent") == name, name)
        browser.click("account-button")
        assert browser.js("return document.querySelector('.account-who strong').textContent") == name
        assert browser.js("return document.querySelectorAll('[data-person] *, .avatar *').length") == 0
    agents = [name for name in NAMES if name.isascii()][:40]
    grace = shared.add_person("grace@acme.org") or shared.sign_in("grace@acme.org")
    for agent in agents:
        shared.sign_in("grace@acme.org", headers={"User-Agent": agent})
    browser.cdp("Network.clearBrowserCookies")
    browser.become(grace)
    browser.security()
    assert len(browser.all("[data-session-id]")) == len(agents) + 1
    assert browser.js("return document.querySelectorAll('#sessions :is(img, script, svg:not(.device > .icon), iframe, a)').length") == 0

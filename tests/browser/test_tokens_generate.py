# SPDX-License-Identifier: Apache-2.0
"""The dialog that generates a token: what it asks, how it judges, what a link may propose, how it is left."""
import datetime
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

from .pages import PASSWORD


def tokens(person):
    return person.call("GET", "/api/v1/tokens?limit=100").json["tokens"]


def posted(browser):
    """What was sent to generate tokens: (body, Idempotency-Key) each."""
    return [(r["request"].get("postData"), {k.lower(): v for k, v in r["request"]["headers"].items()}.get("idempotency-key"))
            for r in browser.events("Network.requestWillBeSent")
            if r["request"]["method"] == "POST" and r["request"]["url"].endswith("/api/v1/tokens")]


def chosen(browser):
    return browser.js("return [...document.querySelectorAll('[data-scope]:checked')].map((e) => e.value)")


def set_date(browser, days):
    browser.js("""const f = document.getElementById('token-expires-date'), d = new Date(Date.now() + arguments[0] * 864e5);
      f.value = [d.getFullYear(), d.getMonth() + 1, d.getDate()].map((n) => String(n).padStart(2, '0')).join('-');
      f.dispatchEvent(new Event('input', { bubbles: true }))""", days)


# ---- opening and closing

@pytest.mark.long
def test_it_is_a_dialog_and_gives_the_focus_back(person, browser):
    browser.security()
    for opener in ("token-generate", "#tokens-empty button"):
        browser.click(opener)
        browser.wait(lambda: browser.focus == "token-name", "the focus in the name")
        assert browser.js("const d = document.querySelector('dialog[open]'); return d.matches(':modal') && d.getAttribute('aria-labelledby')") == "token-dialog-title"
        # Nothing typed, nothing asked.
        browser.keys(Keys.ESCAPE)
        browser.gone("token-dialog")
        # The list is read anew then, which takes the focus from nobody.
        browser.wait(lambda: any("If-None-Match" in r["request"]["headers"] for r in browser.events("Network.requestWillBeSent")), "the list to be read")
        browser.settle()
        browser.forget()
        assert browser.js("return document.activeElement.matches(arguments[0])", opener if " " in opener else f"#{opener}")
    for way in ("token-cancel", "token-close"):
        browser.open_generate()
        browser.click(way)
        browser.gone("token-dialog")
    changes = [lambda: browser.fill("token-name", "x"), lambda: browser.choose_scope("projects:read"),
               lambda: browser.js("document.getElementById('expires-60').click()"),
               lambda: (browser.click("#token-more summary"), browser.fill("token-note", "x"))]
    for change in changes:
        browser.open_generate()
        change()
        browser.keys(Keys.ESCAPE)
        browser.says("confirm-dialog", "Discard this token?")
        assert browser.focus == "confirm-cancel"
        browser.keys(Keys.ESCAPE)  # no to the question, not to the dialog
        browser.gone("confirm-dialog")
        assert browser.sees("token-dialog")
        browser.click("token-cancel")
        browser.click("confirm-accept")
        browser.gone("token-dialog")
        # What was discarded is gone.
        browser.open_generate()
        assert browser.value("token-name") == "" and chosen(browser) == [] and browser.all("expires-30")[0].is_selected()
        assert not browser.js("return document.getElementById('token-more').open")
        browser.keys(Keys.ESCAPE)
        browser.gone("token-dialog")
    assert posted(browser) == []


# ---- the fields

@pytest.mark.long
def test_a_name_is_judged_when_it_is_left(shared, person, browser):
    person.generate("Taken")
    person.revoke(person.generate("Was taken")["id"])
    browser.security()
    browser.open_generate()
    browser.keys(Keys.TAB)
    assert not browser.sees("token-name-error"), "nobody has typed yet"
    browser.choose_scope("current_user:read")
    cases = {"x" * 65: "This name has 65 characters. At most 64 fit.", "Taken": "You have a live token of this name already.",
             " Taken ": "You have a live token of this name already.", "": "Enter a name."}
    for name, words in cases.items():
        browser.fill("token-name", "x")
        browser.fill("token-name", name)
        if name:
            assert not browser.sees("token-name-error"), "not while it is typed"
        else:
            browser.keys("x", Keys.BACKSPACE)
        browser.keys(Keys.TAB)
        assert browser.text("token-name-error") == words
        field = browser.see("token-name")
        assert field.get_attribute("aria-invalid") == "true" and "token-name-error" in field.get_attribute("aria-describedby").split()
        assert not browser.see("token-submit").is_enabled() and browser.text("token-reason").startswith("To generate, ")
        browser.fill("token-name", "Fine")
        assert not browser.sees("token-name-error") and field.get_attribute("aria-invalid") is None
        assert browser.see("token-submit").is_enabled()
    for fine in ("x" * 64, "😀" * 64, "Was taken"):
        browser.js("const f = document.getElementById('token-name'); f.value = arguments[0]; f.dispatchEvent(new Event('input', { bubbles: true }))", fine)
        assert browser.see("token-submit").is_enabled(), fine

    # What only the server knows stands at the field as well, and nothing that was typed is lost.
    browser.fill("token-name", "Raced")
    person.generate("Raced")
    browser.click("token-submit")
    browser.see("token-name-error")
    assert browser.focus == "token-name" and browser.value("token-name") == "Raced" and chosen(browser) == ["current_user:read"]
    browser.fill("token-name", "Not raced" + Keys.ENTER)
    browser.secret()


@pytest.mark.long
def test_it_says_why_it_waits_and_what_it_will_do(person, browser):
    browser.security()
    browser.open_generate()
    reason, submit = browser.see("token-reason"), browser.see("token-submit")
    assert submit.get_attribute("aria-describedby") == "token-reason" and reason.get_attribute("aria-live") == "polite"
    until = browser.text("token-expires-text").removeprefix("Expires on ").rsplit(",", 1)[0]

    def says(words, enabled):
        assert reason.text == words and submit.is_enabled() == enabled

    says("To generate, enter a name and choose at least one scope.", False)
    browser.choose_scope("file_content:read")
    says("To generate, enter a name.", False)
    browser.fill("token-name", "CI")
    says(f"Can read files until {until}.", True)
    browser.choose_scope("current_user:read")
    says(f"Can read users and files until {until}.", True)
    browser.choose_scope("file_comments:write")
    browser.choose_scope("webhooks:write")
    says(f"Can read users and files, and change files and webhooks, until {until}.", True)
    browser.js("document.getElementById('expires-custom').click()")
    says("To generate, choose a date.", False)
    browser.js("document.getElementById('expires-7').click()")
    browser.click("#token-more summary")
    browser.fill("token-note", "x" * 201)
    says("To generate, change the note.", False)
    browser.keys(Keys.TAB)
    assert browser.text("token-note-error") == "This note has 201 characters. At most 200 fit."
    browser.fill("token-note", "In the vault of the web team")
    browser.click("token-submit")
    browser.secret()
    token, = tokens(person)
    assert token["note"] == "In the vault of the web team"
    assert set(token["scopes"]) == {"file_content:read", "current_user:read", "file_comments:write", "webhooks:write"}


@pytest.mark.long
def test_when_it_ends(person, browser):
    """What is written out is what the token gets, to the minute."""
    browser.cdp("Emulation.setTimezoneOverride", timezoneId="Europe/Berlin")
    browser.security()
    options = [(1, "1 day"), (7, "7 days"), (30, "30 days"), (60, "60 days"), (90, "90 days"), ("custom", "Custom date")]
    said = {}
    for value, _ in options:
        browser.open_generate()
        assert [e.text for e in browser.all("#token-expires-options .segment")] == [text for _, text in options]
        assert browser.js("return document.querySelector('[name=expires]:checked').id") == "expires-30"
        browser.js("document.getElementById(arguments[0]).click()", f"expires-{value}")
        assert browser.sees("token-date-field") == (value == "custom")
        if value == "custom":
            assert browser.text("token-expires-text") == "Choose the last day on which the token works."
            for wrong in (-1, 91, 3000):
                set_date(browser, wrong)
                assert browser.text("token-expires-error").startswith("Choose a date from ") and not browser.see("token-submit").is_enabled()
                assert browser.see("token-expires-date").get_attribute("aria-invalid") == "true"
            set_date(browser, 12)
            assert not browser.sees("token-expires-error")
        browser.fill("token-name", str(value))
        browser.choose_scope("current_user:read")
        said[str(value)] = browser.text("token-expires-text")
        browser.click("token-submit")
        browser.secret()
        browser.done()
    for token in tokens(person):
        shown = browser.js("""return new Intl.DateTimeFormat(navigator.language, { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric',
          minute: '2-digit', timeZoneName: 'short' }).format(new Date(arguments[0]))""", token["expires_at"])
        near = [shown, browser.js("""return new Intl.DateTimeFormat(navigator.language, { day: 'numeric', month: 'short', year: 'numeric', hour: 'numeric',
          minute: '2-digit', timeZoneName: 'short' }).format(new Date(new Date(arguments[0]) - 60000))""", token["expires_at"])]
        assert said[token["name"]] in [f"Expires on {each}" for each in near]
        assert said[token["name"]].endswith(("CET", "GMT+1"))
        if token["name"] != "custom":
            made, end = (datetime.datetime.fromisoformat(token[k].replace("Z", "+00:00")) for k in ("created_at", "expires_at"))
            assert end - made == datetime.timedelta(days=int(token["name"]))
    assert set(said) == {t["name"] for t in tokens(person)}


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"token_never_allowed": "yes", "token_expires_days_max": 45, "token_expires_days_default": 10}])
def test_the_policy_decides_what_is_offered(product, browser, product_settings):
    browser.become(product.set_up())
    browser.security()
    browser.open_generate()
    assert [e.text for e in browser.all("#token-expires-options .segment")] == ["1 day", "7 days", "10 days", "30 days", "Custom date", "No expiration"]
    assert browser.js("return document.querySelector('[name=expires]:checked').id") == "expires-10"
    browser.js("document.getElementById('expires-never').click()")
    assert browser.text("token-expires-text").startswith("This token works until you revoke it.")
    assert "warn-text" in browser.see("token-expires-text").get_attribute("class")
    browser.fill("token-name", "For ever")
    browser.choose_scope("current_user:read")
    assert browser.text("token-reason") == "Can read users without an end."
    browser.click("token-submit")
    browser.secret()
    browser.done()
    row = browser.rows()["For ever"]
    assert row.expires == "Never" and "warn" in browser.see("[data-testid=token-state]").get_attribute("class")
    for link, note in (("60d", "It asks for 60 days; at most 45 are allowed here."), ("never", None)):
        browser.go(f"/settings/security?expires={link}")
        browser.see("token-requested")
        assert browser.text("token-requested-notes") == note if note else browser.all("expires-never")[0].is_selected()


def test_scopes_are_found_and_chosen(person, browser):
    browser.security()
    browser.open_generate()
    catalog = person.call("GET", "/api/v1/scopes").json["scopes"]
    assert chosen(browser) == []
    groups = [e.text.split("\n")[0] for e in browser.all("#token-scopes-list legend")]
    assert groups == list(dict.fromkeys(s["category"] for s in catalog))
    for scope in catalog:
        text = browser.js("return document.querySelector(arguments[0]).closest('label').innerText", f'[data-scope="{scope["scope"]}"]')
        assert scope["scope"] in text and scope["description"] in text
        assert ("Changes data" in text) == (scope["access"] == "write"), scope

    def group(name):
        return browser.js("""const e = document.querySelector(`[data-group="${arguments[0]}"]`);
          return [e.checked, e.indeterminate, e.closest('fieldset').querySelector('[data-group-count]').textContent]""", name)

    def count(words):
        assert browser.text("token-scopes-count") == words

    count("None selected")
    assert not browser.see("token-scopes-clear").is_enabled()
    assert group("Webhooks") == [False, False, "0 of 2"]
    browser.choose_scope("webhooks:read")
    count("1 selected")
    assert group("Webhooks") == [False, True, "1 of 2"]
    browser.choose_scope("webhooks:write")
    assert group("Webhooks") == [True, False, "2 of 2"]
    browser.click('[data-group="Webhooks"]')
    count("None selected")
    browser.click('[data-group="Webhooks"]')
    assert chosen(browser) == ["webhooks:read", "webhooks:write"]

    # A search narrows, in words and codes; a group's box means what is seen of the group.
    browser.fill("token-scopes-search", "COMMENTS file")
    shown = [e.get_attribute("value") for e in browser.all("[data-scope]") if e.is_displayed()]
    assert shown == ["file_comments:read", "file_comments:write"]
    browser.click('[data-group="Files"]')
    assert chosen(browser) == ["file_comments:read", "file_comments:write", "webhooks:read", "webhooks:write"]
    assert group("Files") == [True, False, "2 of 9"]
    browser.fill("token-scopes-search", "profile picture")
    assert [e.get_attribute("value") for e in browser.all("[data-scope]") if e.is_displayed()] == ["current_user:read"]
    browser.fill("token-scopes-search", "no such thing" + Keys.ENTER)
    browser.says("token-scopes-none", "No scope matches.")
    assert browser.sees("token-form"), "Enter in the search submits nothing"
    browser.fill("token-scopes-search", " " + Keys.BACKSPACE)
    assert group("Files") == [False, True, "2 of 9"]

    # Presets choose exactly what they say, and nothing that manages tokens; Clear chooses nothing.
    catalog = [s for s in catalog if s["product"] != "patd"]
    wanted = {"Read only": [s for s in catalog if s["access"] == "read"], "Read files": [s for s in catalog if s["access"] == "read" and s["category"] == "Files"],
              "Everything I can": catalog}
    buttons = {e.text: e for e in browser.all("#token-presets button")}
    assert list(buttons) == list(wanted)
    for text, scopes in wanted.items():
        buttons[text].click()
        assert sorted(chosen(browser)) == sorted(s["scope"] for s in scopes)
        count(f"{len(scopes)} selected")
    browser.click("token-scopes-clear")
    assert chosen(browser) == [] and browser.focus == "token-scopes-search"


# ---- what a link proposes

def test_a_link_proposes_and_never_generates(person, browser):
    browser.go("/settings/security?name=CI+export&expires=60d&scopes=file_content:read,projects:read&description=From+the+wizard&state=active")
    browser.see("token-requested")
    assert browser.text("token-requested") == "Requested by a link. Check what it has filled in, and generate only if you expected this."
    assert (browser.value("token-name"), browser.value("token-note")) == ("CI export", "From the wizard")
    assert browser.js("return document.getElementById('token-more').open"), "the note is not hidden away"
    assert chosen(browser) == ["file_content:read", "projects:read"]
    assert browser.all("expires-60")[0].is_selected()
    assert browser.text("token-reason").startswith("Can read files and projects until ")
    browser.settle()
    assert posted(browser) == [] and tokens(person) == []

    # Left, it is over, in the address as well; what else stood there stays.
    browser.keys(Keys.ESCAPE)
    browser.gone("token-dialog")
    assert browser.path == "/settings/security?state=active"
    browser.driver.refresh()
    browser.loaded()
    browser.settle()
    assert not browser.sees("token-dialog")
    browser.open_generate()
    assert not browser.sees("token-requested") and browser.value("token-name") == ""

    # It is generated by whoever read it.
    browser.go("/settings/security?name=CI+export&expires=60d&scopes=file_content:read")
    browser.see("token-requested")
    browser.click("token-submit")
    browser.secret()
    browser.done()
    assert browser.path == "/settings/security"
    token, = tokens(person)
    assert (token["name"], token["scopes"]) == ("CI export", ["file_content:read"])


@pytest.mark.long
def test_what_a_link_cannot_have_is_said(person, browser):
    person.generate("Taken")
    late = (datetime.date.today() + datetime.timedelta(days=20)).isoformat()
    table = [
        ("scopes=current_user:read,admin:all", ["It asks for a scope that does not exist here: admin:all."], "30"),
        ("scopes=a,b,current_user:read", ["It asks for 2 scopes that do not exist here: a, b."], "30"),
        ("expires=400d", ["It asks for 400 days; at most 90 are allowed here."], "custom"),
        ("expires=45d", [], "custom"),
        ("expires=7", [], "7"),
        (f"expires={late}", [], "custom"),
        ("expires=2020-01-01", ["It asks for a date that is not allowed here."], "30"),
        ("expires=never", ["It asks for no expiration, which is not allowed here."], "30"),
        ("expires=1e9", ["The expiration it asks for cannot be read."], "30"),
        ("name=" + "x" * 300, [], "30"),
    ]
    for query, notes, radio in table:
        browser.go(f"/settings/security?{query}")
        browser.see("token-requested")
        assert [e.text for e in browser.all("#token-requested-notes li")] == notes, query
        assert browser.js("return document.querySelector('[name=expires]:checked').value") == radio, query
    assert browser.text("token-name-error") == "This name has 300 characters. At most 64 fit."
    browser.go("/settings/security?name=Taken")
    assert browser.text("token-name-error") == "You have a live token of this name already."

    # Whatever it says is text.
    evil = '"><img/src=x/onerror=alert(1)>'
    browser.go("/settings/security?" + urllib.parse.urlencode({"name": evil, "scopes": evil, "description": evil, "expires": evil}))
    browser.see("token-requested")
    assert browser.value("token-name") == evil and evil in browser.text("token-requested-notes")
    assert browser.js("return document.querySelectorAll('main img, dialog img').length") == 0


@pytest.mark.long
def test_a_link_survives_signing_in(shared, browser):
    browser.go("/settings/security?name=CI&scopes=current_user:read")
    browser.wait(lambda: browser.path.startswith("/signin"), "sign-in")
    browser.sign_in()
    browser.see("token-requested")
    assert browser.value("token-name") == "CI" and chosen(browser) == ["current_user:read"]


# ---- what may come between

@pytest.mark.long
def test_a_request_whose_fate_is_unknown_makes_no_second_token(person, browser):
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Once")
    browser.choose_scope("current_user:read")
    # The answer to the first request gets lost: it is carried out, and the page hears nothing.
    browser.js("""const real = fetch; globalThis.fetch = async (url, options) => {
      const answer = await real(url, options);
      if (options.method !== 'POST') return answer;
      globalThis.fetch = real;
      throw new TypeError('lost') }""")
    browser.click("token-submit")
    browser.says("[data-testid=token-error]", "The server could not be reached.")
    assert browser.value("token-name") == "Once"
    browser.click("token-submit")
    browser.says("[data-testid=token-error]", "was generated, but the answer carrying it got lost")
    (first, key), (second, again) = posted(browser)
    assert first == second and key == again and len(key) >= 16
    assert len(tokens(person)) == 1


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"token_fresh_sign_in_minutes": 1}])
def test_a_password_is_asked_for_right_there(product, browser, product_settings):
    """Where policy wants a recent sign-in. The refusal is the server's own (test_fresh_sign_in.py); here it is played to the page."""
    ada = product.set_up()
    browser.become(ada)
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Late")
    browser.choose_scope("current_user:read")
    browser.js("""const real = fetch; globalThis.fetch = async (url, options) => {
      if (options.method !== 'POST') return real(url, options);
      globalThis.fetch = real;
      return new Response(JSON.stringify({ reason: 'reauthentication_required', detail: 'again' }), { status: 403, headers: { 'Content-Type': 'application/json' } }) }""")
    browser.keys(Keys.ENTER) if browser.focus == "token-name" else browser.click("token-submit")
    browser.see("token-proof")
    assert browser.focus == "token-password" and browser.value("token-name") == "Late" and chosen(browser) == ["current_user:read"]
    assert browser.text("token-reason") == "To generate, enter your password."
    assert not browser.see("token-submit").is_enabled() and browser.text("token-submit") == "Confirm and generate"
    browser.keys("not my password", Keys.ENTER)
    browser.see("token-password-error")
    assert tokens(ada) == []
    browser.fill("token-password", PASSWORD + Keys.ENTER)
    browser.secret()
    browser.done()
    assert "Late" in browser.names()

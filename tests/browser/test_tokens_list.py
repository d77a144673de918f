# SPDX-License-Identifier: Apache-2.0
"""The list of tokens: what it shows of each, finding one among many, and revoking one, several or all."""
import datetime
import re
import time

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def ending(person, name, seconds):
    """A token that ends so many seconds from now."""
    answer = person.call("POST", "/api/v1/tokens", {"name": name, "scopes": ["current_user:read"], "expires_at": utc(time.time() + seconds)})
    assert answer.status == 201, answer
    return answer.json


def states(person):
    return {t["name"]: t["state"] for t in person.call("GET", "/api/v1/tokens?limit=100").json["tokens"]}


def filter_by(browser, name):
    browser.click(f".segment:has(#filter-{name})")


def question(browser):
    return browser.text("confirm-dialog")


# ---- what is shown of a token

def test_a_row_says_what_a_token_is(shared, person, browser):
    token = person.generate("CI export", ["current_user:read", "file_content:read", "projects:read"], 30, note="In the vault; ask Grace")
    browser.security()
    head = [th.text for th in browser.all("#tokens-table th")]
    assert head == ["", "Name", "Token", "Scopes", "Created", "Last used", "Expires", "Actions"]
    row = browser.rows()["CI export"]
    assert (row.note, row.hint, row.last_used) == ("In the vault; ask Grace", token["hint"], "Never used")
    assert row.hint == "pat_…" + token["token"][-4:]
    assert row.scopes == "3 scopes\ncurrent_user:read\nfile_content:read\n+1"
    assert row.expires.startswith("30 days left\n")

    # Used: it says so within seconds, by itself; relative to read, absolute and in UTC to know.
    assert shared.get("/v1/me", token=token["token"]).status == 200
    browser.wait(lambda: browser.rows()["CI export"].last_used == "just now\n1 use", "the use")
    shown = browser.see(".col-lastUsed time")
    used = person.call("GET", f"/api/v1/tokens/{token['id']}").json["last_used_at"]
    assert shown.get_attribute("datetime") == used
    assert re.fullmatch(r"25 Nov \d{4}, .* UTC|.*\b\d{4},? .*:\d\d( [AP]M)? UTC", shown.get_attribute("title"))


@pytest.mark.long
def test_a_row_grows_old_by_itself(person, browser):
    """"5 minutes ago" is not what it was five minutes ago."""
    person.generate("Old")
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", source="""
      const every = setInterval; globalThis.setInterval = (work, ms) => { globalThis.minute = work; return every(work, ms); };""")
    browser.security()
    browser.js("""const t = document.querySelector('#tokens-table time'); t.dataset.relative = '';
      t.dateTime = new Date(Date.now() - 300500).toISOString(); minute()""")
    assert browser.text("#tokens-table time") == "5 minutes ago"


@pytest.mark.long
def test_the_badge_counts_down_in_words_and_colour(shared, person, browser):
    for days in (60, 15, 14, 4, 3, 1):
        person.generate(f"{days} days", days=days)
    ending(person, "soon", 3600)
    last = ending(person, "over", 1)
    revoked = person.generate("revoked")
    person.revoke(revoked["id"])
    time.sleep(1.2)
    browser.security()
    badge = {tr.find_element(By.CLASS_NAME, "token-name").text: tr.find_element(By.CLASS_NAME, "badge") for tr in browser.all("#tokens-table tbody tr")}
    words = {name: e.text for name, e in badge.items()}
    tone = {name: (set(e.get_attribute("class").split()) - {"badge"} or {""}).pop() for name, e in badge.items()}
    assert tone == {"60 days": "", "15 days": "", "14 days": "warn", "4 days": "warn", "3 days": "bad", "1 days": "bad", "soon": "bad", "over": "", "revoked": ""}
    assert words["60 days"] == "60 days left" and words["soon"] == "60 minutes left" and words["over"] == "Expired" and words["revoked"] == "Revoked"
    colours = {name: (e.value_of_css_property("color"), e.value_of_css_property("background-color")) for name, e in badge.items()}
    assert len({colours[n] for n in ("60 days", "14 days", "3 days")}) == 3

    # What has ended stays, greyed, with the reason; it can be looked at and not be revoked again.
    rows = browser.rows()
    assert rows["over"].state == "expired" and rows["revoked"].state == "revoked"
    assert rows["revoked"].expires == "Revoked\nBy you, just now"
    assert rows["over"].color == rows["revoked"].color != rows["60 days"].color
    assert not rows["over"].tr.find_elements(By.CSS_SELECTOR, "[data-testid=token-select]")
    assert browser.menu("over") == ["Details"]
    assert browser.text("tokens-count") == "7 live tokens, 2 ended"
    assert browser.text("tokens-ended-hint") == "Ended tokens stay here for 30 days."
    assert last["state"] == "live"


@pytest.mark.long
def test_the_scopes_of_a_token_are_named(person, browser):
    """By hovering, by the focus, and by a finger."""
    scopes = ["current_user:read", "file_comments:write", "projects:read", "webhooks:read"]
    person.generate("Many", scopes)
    person.generate("One")
    browser.security()
    popovers = "[data-testid=scopes-popover]"
    many = f"tr:nth-child(2) {popovers}"

    def shown():
        return [e.text for e in browser.all(popovers) if e.is_displayed()]

    def whole():
        browser.see(many)
        lines = browser.text(many).split("\n")
        assert lines[0::2] == scopes
        assert lines[1::2] == ["Read your name, email and profile picture", "Post and delete comments and reactions on files",
                               "List projects and the files in them", "List webhooks and what they sent"]

    assert shown() == []
    browser.hover("tr:nth-child(2) .scopes-button")
    whole()
    browser.hover(many)  # it can be pointed at
    whole()
    browser.keys(Keys.ESCAPE)  # and dismissed without moving the pointer
    assert shown() == []
    browser.hover("main h1")

    # The focus; leaving takes it along.
    browser.tab_to("sort-expires")
    browser.tab_to("scopes-button")
    assert len(shown()) == 1
    browser.keys(Keys.TAB)
    assert browser.focus == "token-actions" and shown() == []
    browser.tab_to("scopes-button")
    whole()
    assert browser.js("return document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.keys(Keys.ESCAPE)
    assert shown() == [] and browser.focus == "scopes-button"

    # A finger, on a phone: it opens, stays on the screen, and goes when something else is tapped.
    browser.js("document.activeElement.blur()")
    browser.resize(320, 640)
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    browser.tap("tr:nth-child(2) .scopes-button")
    whole()
    box = browser.see(many).rect
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    browser.tap("main h1")
    browser.wait(lambda: shown() == [], "the scopes to go")
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=False)


@pytest.mark.long
def test_details_say_everything(shared, person, browser):
    token = person.generate("CI export", ["current_user:read", "webhooks:write"], 30, note="In the vault")
    shared.get("/v1/me", token=token["token"])
    browser.security()
    browser.wait(lambda: "1 use" in browser.rows()["CI export"].last_used, "the use")
    browser.details("CI export")
    text = browser.text("token-details")
    for words in ("CI export", "In the vault", token["hint"], token["id"], "webhooks:write", "Create, change and delete webhooks", "Uses\n1", "UTC", "30 days left"):
        assert words in text, words
    assert token["token"] not in text
    browser.keys(Keys.ESCAPE)
    browser.gone("token-details")
    assert browser.focus == "token-actions"
    # From there to the question.
    browser.details("CI export")
    browser.click("details-revoke")
    browser.see("confirm-dialog")
    browser.click("confirm-accept")
    browser.toast("“CI export” is revoked.")
    browser.details("CI export")
    assert "By you" in browser.text("token-details") and not browser.sees("details-revoke")


# ---- finding one among many

@pytest.fixture
def dozen(person, browser):
    """A few tokens of every kind."""
    person.generate("Zebra", days=90)
    person.generate("alpha 10", ["current_user:read", "projects:read", "webhooks:read"], 10)
    ending(person, "Over", 1)
    person.generate("alpha 9", days=2)
    person.revoke(person.generate("Beta, revoked", note="Made by the wizard")["id"])
    time.sleep(1.1)
    browser.security()
    return person


@pytest.mark.long
def test_filters_search_and_the_address(dozen, browser):
    browser.lists("Beta, revoked", "alpha 9", "Over", "alpha 10", "Zebra")
    assert browser.text("tokens-filters").removeprefix("Show\n") == "All 5\nActive 3\nExpiring 2\nExpired 1\nRevoked 1"
    wanted = {"active": ["alpha 9", "alpha 10", "Zebra"], "expiring": ["alpha 9", "alpha 10"], "expired": ["Over"], "revoked": ["Beta, revoked"]}
    for name, names in wanted.items():
        filter_by(browser, name)
        browser.lists(*names)
        assert browser.path == f"/settings/security?state={name}"
        assert browser.text("tokens-count") == f"{len(names)} of 5 tokens"
    browser.driver.refresh()
    browser.lists("Beta, revoked")
    filter_by(browser, "all")
    browser.lists("Beta, revoked", "alpha 9", "Over", "alpha 10", "Zebra")
    assert browser.path == "/settings/security"

    # Words in any order, of the name, the note and the hint; with a filter, both.
    browser.fill("tokens-search", "10 ALPHA")
    browser.lists("alpha 10")
    browser.wait(lambda: browser.path == "/settings/security?q=10+ALPHA", "the address")
    browser.fill("tokens-search", "wizard")
    browser.lists("Beta, revoked")
    filter_by(browser, "active")
    browser.says("tokens-none", "No token matches")
    browser.driver.refresh()
    browser.says("tokens-none", "No token matches")
    assert browser.value("tokens-search") == "wizard"
    browser.click("#tokens-none button")
    assert len(browser.names()) == 5 and browser.path == "/settings/security" and browser.value("tokens-search") == ""
    assert browser.focus == "tokens-search"

    # Of the token itself only all that is shown of it counts, or "pat" would find everything.
    hint = next(t["hint"] for t in dozen.call("GET", "/api/v1/tokens").json["tokens"] if t["name"] == "Zebra")
    for words, names in ((hint, ["Zebra"]), (hint[-4:].lower(), ["Zebra"]), ("pat", [])):
        browser.fill("tokens-search", words)
        browser.lists(*names)

    # An address that makes no sense shows what is usual.
    browser.go("/settings/security?state=nothing&sort=-constructor&page=-3&q=")
    browser.lists("Beta, revoked", "alpha 9", "Over", "alpha 10", "Zebra")
    browser.go("/settings/security?q=%3Cimg%20src%3Dx%3E&page=7")
    browser.says("tokens-none", "No token matches")
    assert browser.value("tokens-search") == "<img src=x>"


@pytest.mark.long
def test_a_pointer_at_rest_does_not_hold_the_list(dozen, browser):
    """What floats keeps its row in place when the list changes by itself, not when somebody wants to see something else."""
    browser.hover("tr:nth-child(4) .scopes-button")
    browser.see("[data-testid=scopes-popover]")
    browser.js("document.getElementById('tokens-search').focus()")
    browser.keys("zebra")
    browser.lists("Zebra")
    browser.hover("main h1")


@pytest.mark.long
def test_every_column_sorts(dozen, browser):
    tokens = dozen.call("GET", "/api/v1/tokens").json["tokens"]
    by_hint = [t["name"] for t in sorted(tokens, key=lambda t: t["hint"])]
    firsts = {  # the first press, the second
        "name": (["alpha 9", "alpha 10", "Beta, revoked", "Over", "Zebra"], "name"),
        "token": (by_hint, "token"),
        "scopes": (["alpha 10", "Beta, revoked", "alpha 9", "Over", "Zebra"], "-scopes"),
        "lastUsed": (["Beta, revoked", "alpha 9", "Over", "alpha 10", "Zebra"], "-lastUsed"),
        "expires": (["Over", "alpha 9", "alpha 10", "Beta, revoked", "Zebra"], "expires"),
    }
    for column, (names, address) in firsts.items():
        browser.click(f"[data-testid=sort-{column}]")
        browser.lists(*names)
        assert browser.path == f"/settings/security?sort={address}"
        header = browser.see(f"th.col-{column}")
        assert header.get_attribute("aria-sort") == ("descending" if address[0] == "-" else "ascending")
        assert len(browser.all('th[aria-sort$="ending"]')) == 1
        browser.click(f"[data-testid=sort-{column}]")
        assert browser.path == "/settings/security?sort=" + (address[1:] if address[0] == "-" else "-" + address)
        assert browser.names() != names or column == "lastUsed"
        assert browser.focus == f"sort-{column}"
    browser.driver.refresh()
    browser.lists("Zebra", "Beta, revoked", "alpha 10", "alpha 9", "Over")
    browser.click("[data-testid=sort-created]")
    browser.lists("Beta, revoked", "alpha 9", "Over", "alpha 10", "Zebra")
    assert browser.path == "/settings/security"
    # On a phone there is no head to press; there a list of orders does it.
    browser.resize(320, 640)
    browser.see("tokens-sort").find_element(By.CSS_SELECTOR, "option[value=expires]").click()
    browser.lists("Over", "alpha 9", "alpha 10", "Beta, revoked", "Zebra")


@pytest.mark.long
def test_more_than_fifty_have_pages(person, browser):
    for n in range(1, 121):
        person.generate(f"Token {n}", days=30 if n % 2 else 60)
    browser.security()
    assert len(browser.names()) == 50 and browser.names()[0] == "Token 120"
    assert browser.text("tokens-range") == "1–50 of 120"
    assert not browser.see("tokens-previous").is_enabled()
    browser.click("tokens-next")
    assert browser.names()[0] == "Token 70" and browser.path == "/settings/security?page=2"
    browser.click("tokens-next")
    assert len(browser.names()) == 20 and browser.text("tokens-range") == "101–120 of 120"
    assert not browser.see("tokens-next").is_enabled()
    browser.driver.refresh()
    browser.loaded()
    assert browser.names()[0] == "Token 20"
    # The order and the search are of all, not of the page; either begins at the first page.
    browser.click("[data-testid=sort-name]")
    assert browser.names()[:2] == ["Token 1", "Token 2"] and browser.path == "/settings/security?sort=name"
    browser.fill("tokens-search", "token 11")
    browser.lists(*[f"Token {n}" for n in (11, *range(110, 120))])
    assert not browser.sees("tokens-pager")
    browser.go("/settings/security?page=99")
    browser.loaded()
    assert browser.text("tokens-range") == "101–120 of 120"

    # Selecting a page selects what is seen, and nothing else is revoked.
    browser.click("tokens-select-page")
    browser.says("tokens-selected", "20 selected")
    browser.click("tokens-previous")
    assert not browser.sees("tokens-bulk")
    browser.click("tokens-next")
    browser.click("tokens-select-page")
    browser.click("tokens-revoke-selected")
    assert "Revoke 20 tokens?" in question(browser) and "and 15 more" in question(browser)
    browser.click("confirm-accept")
    browser.toast("20 tokens are revoked.")
    kept = [t for t in person.call("GET", "/api/v1/tokens?limit=100").json["tokens"] if t["state"] == "live"]
    assert len(kept) == 100


# ---- revoking

@pytest.mark.long
def test_revoking_asks_with_all_that_matters(shared, person, browser):
    token = person.generate("Slack bot", days=5)
    for n in range(3):
        person.generate(f"Other {n}")
    shared.get("/v1/me", token=token["token"])
    browser.security()
    browser.wait(lambda: "1 use" in browser.rows()["Slack bot"].last_used, "the use")
    browser.click("[data-testid=sort-name]")
    order = browser.names()
    browser.js("document.querySelectorAll('#tokens-table tbody tr').forEach((tr) => { tr.mark = true })")
    browser.revoke("Slack bot")
    for words in ("Revoke “Slack bot”?", token["hint"], "Last used", "just now", "Everything that uses this token stops working at once. This can’t be undone."):
        assert words in question(browser)
    assert browser.see("confirm-dialog").get_attribute("role") == "alertdialog"
    assert browser.focus == "confirm-cancel"
    for refuse in (lambda: browser.keys(Keys.ESCAPE), lambda: browser.keys(Keys.ENTER), lambda: browser.click("confirm-cancel")):
        refuse()
        browser.gone("confirm-dialog")
        assert browser.focus == "token-actions"
        browser.revoke("Slack bot")
    assert shared.get("/v1/me", token=token["token"]).status == 200
    browser.click("confirm-accept")
    browser.toast("“Slack bot” is revoked.")
    assert shared.get("/v1/me", token=token["token"]).status == 401
    # In place: the same order, the same page, the other rows not even drawn again.
    assert browser.names() == order and browser.path == "/settings/security?sort=name"
    assert browser.js("return [...document.querySelectorAll('#tokens-table tbody tr')].filter((tr) => tr.mark).length") == 3
    assert browser.rows()["Slack bot"].state == "revoked"
    assert browser.js("const e = document.getElementById('toasts'); return [e.role, e.ariaLive]") == ["status", "polite"]


def test_several_are_selected_and_revoked_at_once(person, browser):
    for n in range(5):
        person.generate(f"T{n}")
    browser.security()
    assert not browser.sees("tokens-bulk")
    browser.select("T1", "T3")
    browser.says("tokens-selected", "2 selected")
    assert browser.js("return document.getElementById('tokens-select-page').indeterminate")
    browser.select("T3")
    browser.says("tokens-selected", "1 selected")
    browser.click("tokens-clear")
    browser.gone("tokens-bulk")
    browser.select("T1", "T2")
    # What a filter hides is no longer selected.
    browser.fill("tokens-search", "T2")
    browser.lists("T2")
    browser.says("tokens-selected", "1 selected")
    # As a person does, who stays in the field: one that was left is written again when the list is read meanwhile.
    browser.see("tokens-search").send_keys(Keys.CONTROL + "a", Keys.BACKSPACE)
    browser.lists("T4", "T3", "T2", "T1", "T0")
    browser.select("T4")
    browser.click("tokens-revoke-selected")
    assert "Revoke 2 tokens?" in question(browser) and "T2" in question(browser) and "T4" in question(browser) and "T3" not in question(browser)
    assert browser.focus == "confirm-cancel"
    browser.keys(Keys.ESCAPE)
    browser.gone("confirm-dialog")
    assert set(states(person).values()) == {"live"}
    browser.click("tokens-revoke-selected")
    browser.click("confirm-accept")
    browser.toast("2 tokens are revoked.")
    assert not browser.sees("tokens-bulk")
    assert states(person) == {"T0": "live", "T1": "live", "T2": "revoked", "T3": "live", "T4": "revoked"}
    assert [browser.rows()[n].state for n in ("T2", "T4", "T0")] == ["revoked", "revoked", "live"]
    # One alone is asked about like one.
    browser.select("T0")
    browser.click("tokens-revoke-selected")
    assert "Revoke “T0”?" in question(browser)


@pytest.mark.long
def test_all_are_revoked_behind_a_word(person, browser):
    for n in range(3):
        person.generate(f"T{n}")
    browser.security()
    browser.fill("tokens-search", "T1")
    browser.lists("T1")
    browser.click("tokens-revoke-all")
    assert "Revoke all 3 live tokens?" in question(browser)
    assert browser.focus == "confirm-cancel"
    accept = browser.see("confirm-accept")
    for wrong in ("", "revoke", "all", "revoke all!"):
        browser.fill("confirm-word", wrong + Keys.ENTER)
        assert not accept.is_enabled(), wrong
    assert set(states(person).values()) == {"live"}
    browser.fill("confirm-word", "Revoke ALL ")
    assert accept.is_enabled()
    accept.click()
    browser.toast("3 tokens are revoked.")
    assert set(states(person).values()) == {"revoked"}
    assert not browser.sees("tokens-revoke-all")


def test_the_list_by_keyboard_alone(person, browser):
    for n in range(3):
        person.generate(f"T{n}", days=n + 2)
    browser.security()
    # The order of the stops is the order on the page.
    stops = []
    browser.js("document.getElementById('tokens-title').focus()")
    for _ in range(17):
        browser.keys(Keys.TAB)
        stops.append(browser.focus)
    assert stops == ["token-generate", "filter-all", "tokens-search", "tokens-select-page", "sort-name", "sort-token", "sort-scopes",
                     "sort-created", "sort-lastUsed", "sort-expires", "token-select", "scopes-button", "token-actions",
                     "token-select", "scopes-button", "token-actions", "token-select"]
    browser.tab_to("filter-all", back=True)
    browser.keys(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    assert browser.path == "/settings/security?state=expiring" and browser.focus == "filter-expiring"
    browser.keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    browser.tab_to("sort-expires")
    browser.keys(Keys.ENTER)
    browser.lists("T0", "T1", "T2")
    assert browser.focus == "sort-expires"
    ring = browser.js("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]")
    assert ring[0] == "solid" and ring[1] >= 2

    # The menu of a row, as menus work.
    browser.tab_to("token-actions")
    browser.keys(Keys.ARROW_DOWN)
    assert browser.focus == "token-details"
    browser.keys(Keys.END)
    assert browser.focus == "token-revoke"
    browser.keys(Keys.ARROW_DOWN)
    assert browser.focus == "token-details"
    browser.keys(Keys.ESCAPE)
    assert browser.focus == "token-actions" and not browser.sees("[role=menu].menu")

    # Two, by Space.
    browser.tab_to("token-select")
    browser.keys(Keys.SPACE)
    browser.says("tokens-selected", "1 selected")
    assert browser.focus == "token-select"
    browser.keys(Keys.TAB)
    browser.tab_to("token-select")
    browser.keys(Keys.SPACE)
    browser.says("tokens-selected", "2 selected")
    browser.tab_to("tokens-revoke-selected")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "confirm-cancel", "the question")
    browser.tab_to("confirm-accept")
    browser.keys(Keys.SPACE)
    browser.toast("2 tokens are revoked.")
    assert browser.focus == "tokens-title"
    assert sorted(states(person).values()) == ["live", "revoked", "revoked"]

    # The rest, by the word.
    browser.tab_to("tokens-revoke-all")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "confirm-cancel", "the question")
    browser.tab_to("confirm-word", back=True)
    browser.keys("revoke all", Keys.ENTER)
    browser.toast("1 token is revoked.")
    assert set(states(person).values()) == {"revoked"}


@pytest.mark.long
def test_shortcuts(person, browser):
    person.generate("T")
    browser.security()
    browser.js("document.activeElement.blur()")
    browser.keys("/")
    assert browser.focus == "tokens-search" and browser.value("tokens-search") == ""
    browser.keys("n/")  # typing is typing
    assert browser.value("tokens-search") == "n/" and not browser.sees("token-dialog")
    browser.fill("tokens-search", "T")
    browser.js("document.activeElement.blur()")
    for modifier in (Keys.CONTROL, Keys.ALT):
        browser.chord(modifier, "/")
        assert browser.focus != "tokens-search"
    browser.keys("n")
    browser.wait(lambda: browser.focus == "token-name", "the dialog")
    assert browser.value("token-name") == ""
    browser.tab_to("expires-30")
    browser.keys("/", "n")
    assert browser.focus == "expires-30"
    browser.keys(Keys.ESCAPE)
    browser.gone("token-dialog")
    # Who speaks to their computer switches them off, for good.
    browser.click("shortcuts")
    browser.driver.refresh()
    browser.loaded()
    browser.js("document.activeElement.blur()")
    browser.keys("n", "/")
    assert not browser.sees("token-dialog") and browser.focus != "tokens-search"
    assert not browser.see("shortcuts").is_selected()
    browser.click("shortcuts")
    browser.js("document.activeElement.blur()")
    browser.keys("/")
    assert browser.focus == "tokens-search"

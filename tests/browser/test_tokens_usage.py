# SPDX-License-Identifier: Apache-2.0
"""What a token was used for, in its details: the chart and what says the same in words; taking away what is not used; and two that share it."""
import time

import pytest
from selenium.webdriver.common.keys import Keys

from product import Product
from tools import edit, rows

from .test_pages import look  # noqa: F401 (a fixture)
from .test_tokens_generate import posted, tokens

SEVEN = ["current_user:read", "file_comments:read", "file_comments:write", "file_content:read", "file_metadata:read", "file_versions:read", "projects:read"]
CURL, PYTHON = {"User-Agent": "curl/7.88.1"}, {"User-Agent": "python-requests/2.28.1"}


def use(product, token, path, n=1, headers=CURL):
    for _ in range(n):
        assert product.get(path, token=token["token"], headers=headers).status < 500


def in_the_past(product, name, counts):
    """Uses of so many days ago; the product is stopped."""
    number, = rows(product, "SELECT number FROM token WHERE name = ?", name)[0]
    today = int(time.time()) // 86400
    for ago, count in counts.items():
        edit(product, "INSERT INTO usage_day VALUES (?, ?, ?)", number, today - ago, count)
        edit(product, "UPDATE usage_operation SET count = count + ? WHERE token = ? AND name = '/v1/me'", count, number)


def shown(browser, date):
    """A day as the page writes it."""
    return browser.js("return new Intl.DateTimeFormat(navigator.language, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(arguments[0]))", date)


@pytest.fixture(scope="module")
def used(tmp_path_factory):
    """A product whose tokens were used: one for two of its seven scopes, one by two at once, one where nobody judged, one with all it has."""
    with Product(tmp_path_factory.mktemp("used")) as p:
        ada = p.set_up()
        limits = {"networks": ["127.0.0.0/8"], "rate": {"requests": 1000, "window_seconds": 60}}
        made = {name: ada.generate(name, scopes, **more) for name, scopes, more in (
            ("CI export", SEVEN, {}), ("Shared", SEVEN[3:5], {"limits": limits}), ("Gateway", SEVEN, {}), ("Old laptop", SEVEN[:2], {}),
            ("Only one", SEVEN[:1], {}), ("Unused", SEVEN, {}))}
        use(p, made["CI export"], "/v1/me", 3)
        use(p, made["CI export"], "/v1/files/k/meta", 12)
        for headers in (CURL, PYTHON, CURL, PYTHON):
            use(p, made["Shared"], "/v1/files/k/meta", 1, headers)
            time.sleep(1.1)
        use(p, made["Gateway"], "/verify", 2)
        use(p, made["Old laptop"], "/v1/me")
        use(p, made["Only one"], "/v1/me")
        ada.revoke(made["Old laptop"]["id"])
        p.stop()
        in_the_past(p, "CI export", {ago: (ago * 37) % 100 for ago in range(1, 28) if ago % 6})
        p.start()
        p.ada = p.sign_in()
        yield p


@pytest.fixture
def opened(used, browser):
    """opened("CI export"): its details, with what it was used for."""
    browser.use(used)
    browser.become(used.ada)
    browser.security()

    def details(name):
        browser.details(name)
        browser.see("usage-title")
        return browser.text("token-usage")

    yield details
    browser.go("about:blank")


def test_the_chart_and_the_words_say_the_same(used, opened, browser):
    text = opened("CI export")
    usage = used.ada.call("GET", f"/api/v1/tokens/{tokens(used.ada)[-1]['id']}/usage").json
    counts = [d["count"] for d in usage["days"]]
    most = shown(browser, usage["days"][counts.index(max(counts))]["date"])
    assert f"{sum(counts):,} uses, most of them on {most}: {max(counts)}." in text
    bars = browser.js("""return [...document.querySelectorAll('.usage-chart rect')].map((e) => [e.getBBox().height, e.classList.contains('none'),
        e.querySelector('title').textContent])""")
    assert len(bars) == 30 and [none for _, none, _ in bars] == [not c for c in counts]
    assert [round(height, 1) for height, _, _ in bars] == [round(max(2, c / max(counts) * 60), 1) if c else 1 for c in counts]
    assert bars[counts.index(max(counts))][2] == f"{most}: {max(counts)} uses"
    # What is drawn is hidden from who does not see, and the table has it.
    assert browser.js("return document.querySelector('.usage-chart').getAttribute('aria-hidden')") == "true"
    browser.click(".usage-days summary")
    lines = browser.js("return [...document.querySelectorAll('.usage-days tbody tr')].map((e) => [...e.cells].map((c) => c.textContent))")
    assert lines == [[shown(browser, d["date"]), f"{d['count']:,}"] for d in reversed(usage["days"]) if d["count"]]
    assert "It was not used on the other days." in browser.text("token-usage")


def test_operations_scopes_and_where_from(opened, browser):
    text = opened("CI export")
    assert "GET /v1/files/{key}/meta\n12 uses, last: " in text and "GET /v1/me\n" in text
    assert browser.text("usage-scopes") == "Used 2 of 7 scopes."
    assert "Not used: file_comments:read file_comments:write file_content:read file_versions:read projects:read" in text
    assert browser.text("usage-last") == "Last: 127.0.0.1, curl/7.88.1" and "curl at 127.0.0.0/24" in text
    assert not browser.sees("usage-two")


@pytest.mark.parametrize("name, says, not_there", [
    ("Gateway", "Used at least 0 of 7 scopes. Of some uses nobody could tell which they took, so it may need others.", ["usage-narrow", "usage-two"]),
    ("Only one", "Its scope is used.", ["usage-narrow", "usage-two", "details-narrow"]),
    ("Old laptop", "Used 1 of 2 scopes.", ["usage-narrow", "usage-two"]),  # revoked: there is nothing to narrow
])
def test_narrowing_is_offered_where_it_is_known_to_fit(opened, browser, name, says, not_there):
    opened(name)
    assert browser.text("usage-scopes") == says
    assert not [what for what in not_there if browser.sees(what)]


def test_a_token_that_was_never_used_has_no_section(opened, used, browser):
    browser.details("Unused")
    assert "Never used" in browser.text("token-details") and not browser.all("#token-usage")


def test_it_says_when_it_cannot_be_loaded_and_tries_again(opened, browser):
    browser.cdp("Network.enable")
    browser.cdp("Network.setBlockedURLs", urls=["*/usage"])
    browser.details("Only one")
    browser.says("token-usage", "This could not be loaded.")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#token-usage .button")
    browser.see("usage-scopes")
    assert [line for line in browser.complaints() if "usage" not in line] == []


def test_narrowing_by_mouse(used, opened, browser):
    opened("CI export")
    assert browser.text("usage-narrow") == "Narrow to the used 2…"
    browser.click("usage-narrow")
    browser.see("narrow-dialog")
    kept = browser.js("return [...document.querySelectorAll('[data-keep]:checked')].map((e) => e.value)")
    assert kept == ["current_user:read", "file_metadata:read"] and browser.text("narrow-reason") == "It loses 5 scopes."
    browser.click("narrow-cancel")  # nothing has happened yet
    assert next(t for t in tokens(used.ada) if t["name"] == "CI export")["scopes"] == SEVEN
    opened("CI export")
    browser.click("usage-narrow")
    browser.click("narrow-accept")
    browser.toast("5 scopes taken away from “CI export”.")
    assert next(t for t in tokens(used.ada) if t["name"] == "CI export")["scopes"] == kept
    opened("CI export")
    assert browser.text("usage-scopes") == "All 2 scopes are used."
    assert not browser.sees("usage-narrow")


def test_narrowing_by_keyboard(used, browser):
    browser.use(used)
    made = used.ada.generate("By keys", SEVEN)
    use(used, made, "/v1/me")
    end = time.monotonic() + 20
    while not used.ada.call("GET", f"/api/v1/tokens/{made['id']}/usage").json["scopes_known"]:
        assert time.monotonic() < end
        time.sleep(0.2)
    browser.become(used.ada)
    browser.security()
    browser.details("By keys")
    browser.see("usage-narrow")
    browser.tab_to("usage-narrow")
    browser.keys(Keys.ENTER)
    browser.see("narrow-dialog")
    browser.tab_to("narrow-accept")
    browser.keys(Keys.ENTER)
    browser.toast("6 scopes taken away from “By keys”.")
    assert browser.js("return document.activeElement.textContent") == "By keys"
    assert next(t for t in tokens(used.ada) if t["name"] == "By keys")["scopes"] == ["current_user:read"]


def test_two_that_share_a_token_get_one_each(used, opened, browser):
    opened("Shared")
    text = browser.text("usage-two")
    assert "Used by two at the same time" in text and "take turns with it. Seen " in text and "Nothing is refused because of this." in text
    for client in ("curl at 127.0.0.0/24", "python-requests at 127.0.0.0/24"):
        assert client in text
    assert "but for some of its limits: 1 network, 1000 requests a minute. Set those again." in text
    browser.click("usage-another")
    browser.see("token-form")
    assert not browser.sees("token-requested") and posted(browser) == []  # filled in, and nothing more
    assert browser.value("token-name") in ("Shared (curl)", "Shared (python-requests)")
    browser.click("token-submit")
    browser.secret()
    browser.done()
    made = tokens(used.ada)[0]
    assert made["name"].startswith("Shared (") and made["scopes"] == SEVEN[3:5]


def test_how_it_looks(used, opened, browser, look):
    opened("Shared")
    look("used by two")
    browser.click("details-close")
    opened("Gateway")
    look("used, scopes not known")
    browser.click("details-close")
    opened("CI export")
    browser.click(".usage-days summary")
    look("used, with the table")

# SPDX-License-Identifier: Apache-2.0
"""What a token is limited to: chosen in the dialog, proposed by a link, told in the list and the details; and scopes taken away."""
import json
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

from design import Files, document
from product import Product
from test_policy_command import SHOP, asks

from .test_pages import look  # noqa: F401 (a fixture)
from .test_tokens_generate import posted, tokens
from .test_tokens_live import second  # noqa: F401 (a fixture)

# The same scope as the built-in product has, in a product of its own; and the shop's.
TWIN = SHOP.replace("'orders:write': Change orders", "'orders:write': Change orders, 'projects:read': List projects of the shop").replace(
    "/status: {get: {security: []}}", "/status: {get: {security: [{login: ['projects:read']}]}}")


def imports(product, folder, text=SHOP):
    path = folder / "shop.yaml"
    path.write_text(text)
    assert product.patd("policy", "import", "shop", str(path)).returncode == 0


@pytest.fixture(scope="module")
def shared_product(tmp_path_factory):
    """As everywhere, with a second product."""
    with Product(tmp_path_factory.mktemp("shared"), tokens_live_max=400, tokens_per_hour_max=10000) as p:
        p.ada = p.set_up()
        imports(p, tmp_path_factory.mktemp("shop"))
        yield p


@pytest.fixture
def furnished(person):
    """Somebody with a project of two files, and a file elsewhere."""
    person.files = Files(person)
    person.files.team()
    person.spring = person.files.ok("POST", "/projects", {"name": "Spring"}, 201)["id"]
    drafts = next(p["id"] for p in person.files.projects() if p["id"] != person.spring)
    person.keys = {name: person.files.upload(document(frames=1), name=name, project=project)["key"]
                   for name, project in (("Cover", person.spring), ("Screens", person.spring), ("Invoice", drafts))}
    return person


def opened(browser, name="Limited", *scopes):
    """The dialog, filled in, with the section open."""
    browser.security()
    browser.open_generate()
    browser.fill("token-name", name)
    for scope in scopes or ("file_content:read",):
        browser.choose_scope(scope)
    browser.click("token-limits-toggle")
    browser.see("[data-pick]")


def pick(browser, value):
    browser.click(f'[data-pick="{value}"]')


def chips(browser):
    return [e.text for e in browser.all("#limits-chosen .pick span")]


def asked(browser):
    """The limits that the last request to generate a token had."""
    return json.loads(posted(browser)[-1][0]).get("limits")


def of_files(parameter, value):
    return {"product": "files", "parameter": parameter, "value": value}


def short(browser):
    return browser.text("token-limits-short")


# ---- files and projects, networks, a rate

def test_a_token_is_limited_in_the_dialog(shared, furnished, browser):
    opened(browser)
    browser.click("limits-only-products")
    assert not browser.sees("token-limits-short")
    pick(browser, furnished.keys["Invoice"])
    pick(browser, furnished.keys["Cover"])
    pick(browser, furnished.spring)
    assert chips(browser) == ["Invoice", "Cover", "Spring"] and browser.text("limits-chosen-count") == "3 chosen"
    assert "lists of everything, such as those of a team, are closed to it" in browser.text("limits-files-hint")
    # A search narrows what is offered, and nothing that is chosen goes.
    browser.fill("limits-search", "scr")
    browser.wait(lambda: [e.get_attribute("data-pick") for e in browser.all("[data-pick]")] == [furnished.keys["Screens"]], "what is found")
    browser.fill("limits-search", "no such thing" + Keys.ENTER)
    browser.says("limits-told", "No file or project matches.")
    assert chips(browser) == ["Invoice", "Cover", "Spring"] and posted(browser) == []
    # A chip is taken away, by the chip or in the list.
    browser.click('[aria-label="Take away Cover"]')
    assert chips(browser) == ["Invoice", "Spring"]
    browser.fill("limits-search", " " + Keys.BACKSPACE)
    browser.see(f'[data-pick="{furnished.spring}"]')
    assert browser.see(f'[data-pick="{furnished.spring}"]').is_selected() and not browser.see(f'[data-pick="{furnished.keys["Cover"]}"]').is_selected()
    browser.fill("limits-networks", "127.0.0.0/8\n\n 2001:db8::/32 ")
    browser.fill("limits-rate", "100")
    assert short(browser) == "1 file, 1 project, 2 networks, 100 requests a minute"
    assert browser.text("token-reason").endswith(". Limited to 1 file, 1 project, 2 networks, 100 requests a minute.")
    browser.click("token-limits-toggle")  # closed, it still says so
    assert short(browser).startswith("1 file") and not browser.sees("limits-networks")
    browser.click("token-submit")
    secret = browser.secret()
    assert asked(browser) == {"networks": ["127.0.0.0/8", "2001:db8::/32"], "rate": {"requests": 100, "window_seconds": 60},
                              "resources": [of_files("file_key", furnished.keys["Invoice"]), of_files("project_id", furnished.spring)]}
    made, = tokens(furnished)
    assert made["limits"]["rate"] == {"requests": 100, "window_seconds": 60} and len(made["limits"]["resources"]) == 2 and made["limits"]["products"] == []
    assert [shared.get(f"/v1/files/{furnished.keys[name]}", token=secret).status for name in ("Invoice", "Cover", "Screens")] == [200] * 3
    # The next one begins anew.
    browser.done()
    opened(browser)
    assert chips(browser) == [] and browser.value("limits-networks") == "" and browser.value("limits-rate") == ""
    assert short(browser) == "the product files"


def test_a_token_is_limited_by_keyboard_alone(furnished, browser):
    browser.security()
    browser.tab_to("token-generate")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "token-name", "the dialog")
    browser.keys("By keys")
    browser.tab_to("token-scopes-search")
    browser.keys("file_metadata")
    for _ in range(6):
        if browser.js("return document.activeElement.value") == "file_metadata:read":
            break
        browser.keys(Keys.TAB)
    browser.keys(Keys.SPACE)
    browser.tab_to("token-limits-toggle")
    browser.keys(Keys.ENTER)
    browser.see("[data-pick]")
    browser.tab_to("limits-search")
    browser.keys("invo")
    browser.wait(lambda: len(browser.all("[data-pick]")) == 1, "what is found")
    for _ in range(3):
        browser.keys(Keys.TAB)
        if browser.js("return document.activeElement.dataset.pick") == furnished.keys["Invoice"]:
            break
    browser.keys(Keys.SPACE)
    assert chips(browser) == ["Invoice"]
    # Taken away, and chosen again: the focus is never lost.
    browser.tab_to("limits-take-away", back=True)
    browser.keys(Keys.ENTER)
    assert chips(browser) == [] and browser.focus == "limits-search"
    for _ in range(3):
        browser.keys(Keys.TAB)
        if browser.js("return document.activeElement.dataset.pick"):
            break
    browser.keys(Keys.SPACE)
    browser.tab_to("limits-rate")
    browser.keys("5", Keys.TAB, "requests per hour")
    browser.tab_to("limits-only-products")
    browser.keys(Keys.SPACE)
    assert short(browser) == "1 file, 5 requests an hour"
    browser.tab_to("token-submit")
    browser.keys(Keys.ENTER)
    browser.secret()
    assert asked(browser) == {"rate": {"requests": 5, "window_seconds": 3600}, "resources": [of_files("file_key", furnished.keys["Invoice"])]}


def test_the_section_is_said_to_be_closed_or_open(furnished, browser):
    """To those who hear the page: a disclosure with its state, whose name says what is set; fields with names and their errors."""
    def node(role, name):
        tree = browser.cdp("Accessibility.getFullAXTree")["nodes"]
        found = [n for n in tree if not n["ignored"] and n["role"]["value"] == role and n.get("name", {}).get("value", "").startswith(name)]
        assert found, sorted((n["role"]["value"], n.get("name", {}).get("value", "")) for n in tree if not n["ignored"] and "isclosure" in n["role"]["value"])
        return found[0]["name"]["value"], {p["name"]: p["value"].get("value") for p in found[0]["properties"]}

    opened(browser)
    browser.fill("limits-rate", "7")
    name, state = node("DisclosureTriangle", "Limit what it can reach")
    assert name == "Limit what it can reach 7 requests a minute, the product files" and state["expanded"] is True
    for role, name in (("group", "Files and projects"), ("searchbox", "Find a file or project"), ("group", "Your projects and files"), ("textbox", "Networks"),
                       ("textbox", "At most so many requests"), ("combobox", "Requests per"), ("checkbox", "Only for the products of its scopes")):
        node(role, name)
    browser.click("token-limits-toggle")
    assert node("DisclosureTriangle", "Limit what it can reach")[1]["expanded"] is False


# ---- what the server says of limits

@pytest.mark.parametrize("field, text, words", [
    ("limits-networks", "10.0.0.1/8", "A network is an address, or an address with the length of its prefix and nothing behind that"),
    pytest.param("limits-networks", "10.0.0.0/8\nhere", "A network is an address", marks=pytest.mark.long),
    ("limits-rate", "many", "A rate has requests and window_seconds, two whole numbers."),
    pytest.param("limits-rate", "0", "A rate is 1 to 1000000 requests", marks=pytest.mark.long),
])
def test_a_refusal_stands_at_its_field(furnished, browser, field, text, words):
    opened(browser)
    browser.fill(field, text)
    browser.click("token-limits-toggle")
    browser.click("token-submit")
    browser.says(f"{field}-error", words)  # the section is open again
    assert browser.focus == field and browser.see(field).get_attribute("aria-invalid") == "true"
    assert f"{field}-error" in browser.see(field).get_attribute("aria-describedby").split()
    assert browser.value("token-name") == "Limited" and browser.value(field) == text and not browser.text("token-form").count("not a limit")
    browser.fill(field, "1")
    assert not browser.sees(f"{field}-error") and browser.see(field).get_attribute("aria-invalid") is None
    browser.fill(field, "")
    browser.click("token-submit")
    browser.secret()
    assert asked(browser) == {"products": ["files"]}


@pytest.mark.long
def test_what_is_wrong_with_all_limits_is_said_above_them(furnished, browser):
    opened(browser)
    browser.js("const f = document.getElementById('limits-networks'); f.value = arguments[0]; f.dispatchEvent(new Event('input', { bubbles: true }))",
               "\n".join(f"10.0.{n}.0/24" for n in range(129)))
    assert short(browser).startswith("129 networks")
    browser.click("token-submit")
    browser.says("limits-error", "too many limits")
    browser.fill("limits-networks", "10.0.0.0/8\n10.0.0.0/8")
    assert not browser.sees("limits-error")
    browser.click("token-submit")
    browser.says("limits-error", "A limit is given twice.")


# ---- other products

def test_resources_of_an_imported_product(shared, furnished, browser):
    opened(browser, "Shop", "orders:read")
    assert [e.text for e in browser.all("#limits-rows legend")] == ["Resources of shop"]
    browser.click("[data-testid=limits-add]")
    assert browser.js("return document.activeElement.dataset.part") == "parameter"
    browser.keys("ordre", Keys.TAB, Keys.TAB, "7")
    assert short(browser) == "1 resource of shop, the product shop"
    browser.click("token-submit")
    browser.says("limits-rows-error", "No operation of the product has this parameter in its path.")
    assert browser.js("return document.activeElement.value") == "ordre" and browser.js("return document.activeElement.getAttribute('aria-invalid')") == "true"
    browser.fill('[data-part="parameter"]', "order")
    assert not browser.sees("limits-rows-error")
    browser.click("[data-testid=limits-add]")
    browser.keys("order", Keys.TAB, "begins with", Keys.TAB, "eu-")
    browser.click("[data-testid=limits-add]")  # left empty, it is nothing
    browser.click(".limit-row:last-child [data-testid=limits-remove]")
    assert browser.js("return document.activeElement.value") == "order"
    browser.click("token-submit")
    secret = browser.secret()
    assert asked(browser) == {"products": ["shop"], "resources": [{"product": "shop", "parameter": "order", "value": "7"},
                                                                  {"product": "shop", "parameter": "order", "value": "eu-", "prefix": True}]}
    assert [asks(shared, secret, f"/api/orders/{order}").status for order in ("7", "eu-1")] == [200, 200]
    assert asks(shared, secret, "/api/orders/8").json["reason"] == "token_resource"
    # It is tried by what every token may do.
    assert browser.text("token-command").endswith('/api/v1/self"')
    browser.click("token-test")
    browser.says("token-status", "It works: the server accepts the token.")
    # What is left of a product whose scopes are not chosen after all is not sent.
    browser.done()
    opened(browser, "Files", "file_content:read", "orders:read")
    browser.click("[data-testid=limits-add]")
    browser.keys("order", Keys.TAB, Keys.TAB, "7")
    assert short(browser) == "1 resource of shop, the products files and shop"
    browser.choose_scope("orders:read")
    assert not browser.sees("limits-rows") and short(browser) == "the product files"
    browser.click("token-submit")
    browser.secret()
    assert asked(browser) == {"products": ["files"]}


def test_a_token_is_for_the_products_of_its_scopes(furnished, browser):
    """Unless somebody says otherwise; also when the section was never opened."""
    browser.security()
    browser.open_generate()
    browser.keys(Keys.ESCAPE)  # nothing was entered: nothing is asked
    browser.gone("token-dialog")
    browser.generate("Never opened", "file_content:read", "orders:read")
    assert asked(browser) == {"products": ["files", "shop"]}
    browser.done()
    opened(browser, "Everywhere", "orders:read")
    assert browser.see("limits-only-products").is_selected() and browser.text("limits-products-now") == "Now: shop."
    browser.choose_scope("orders:write")
    browser.click("limits-only-products")
    assert not browser.sees("token-limits-short")
    browser.keys(Keys.ESCAPE)
    browser.says("confirm-dialog", "Discard this token?")
    browser.click("confirm-cancel")
    browser.click("token-submit")
    browser.secret()
    assert asked(browser) is None and {t["name"]: t["limits"] for t in tokens(furnished)}["Everywhere"] is None


def test_scopes_stand_under_their_products(furnished, browser):
    browser.security()
    browser.open_generate()
    assert [e.text for e in browser.all(".scope-product h3")] == ["files", "shop", "patd itself"]
    assert [e.text for e in browser.all('[data-product="shop"] legend')] == ["All scopes\n0 of 3"]
    assert browser.all('[data-product="shop"] [data-group]')[0].get_attribute("aria-label") == "All of shop"
    assert browser.all('[data-product="files"] [data-group]')[0].get_attribute("aria-label") == "All of Users of files"
    browser.fill("token-scopes-search", "orders")
    browser.wait(lambda: not browser.sees('[data-product="files"]'), "the other product to go")
    browser.click('[data-group="shop"]')
    assert browser.text("token-scopes-count") == "2 selected"


@pytest.mark.long
def test_a_scope_of_two_products_is_one_scope(product, browser, tmp_path):
    ada = product.set_up()
    imports(product, tmp_path, TWIN)
    browser.become(ada)
    browser.security()
    browser.open_generate()
    boxes = browser.all('[data-scope="projects:read"]')
    assert len(boxes) == 2
    browser.fill("token-name", "Both")
    browser.click('[data-product="shop"] [data-scope="projects:read"]')
    assert [b.is_selected() for b in boxes] == [True, True] and browser.text("token-scopes-count") == "1 selected"
    assert short(browser) == "the products files and shop"
    browser.click('[data-group="shop"]')
    browser.click('[data-group="shop"]')
    assert [b.is_selected() for b in boxes] == [False, False]
    browser.js("arguments[0].scrollIntoView({ block: 'center' })", boxes[0])
    boxes[0].click()
    browser.click("token-submit")
    browser.secret()
    assert [t["scopes"] for t in tokens(ada)] == [["projects:read"]]


# ---- where there is less

def test_with_one_product_nothing_is_loaded_before_it_is_wanted(product, browser):
    ada = product.set_up()
    Files(ada).team()
    browser.become(ada)
    browser.security()
    browser.open_generate()
    browser.fill("token-name", "Plain")
    browser.choose_scope("file_content:read")
    browser.settle()
    assert len(browser.all(".scope-product")) == 1 and not browser.sees("token-limits-short")
    loaded = {url.rsplit("/", 1)[1] for _, url in browser.requests()}
    assert "token-dialog.js" in loaded and not loaded & {"token-limits.js", "limits-files.js", "limits.css", "strings-limits.js"}
    browser.click("token-limits-toggle")
    browser.see("[data-pick]")
    assert not browser.sees("limits-products") and not browser.sees("limits-resources")
    browser.click("token-submit")
    browser.secret()
    assert asked(browser) is None


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])
def test_without_the_files_product_there_is_nothing_to_pick(product, browser, product_settings):
    browser.become(product.set_up())
    browser.security()
    browser.open_generate()
    browser.click("token-limits-toggle")
    browser.see("limits-networks")
    browser.gone("limits-files")


@pytest.mark.long
def test_files_that_cannot_be_read_are_asked_for_again(product, browser):
    ada = product.set_up()
    Files(ada).team()
    browser.become(ada)
    browser.security()
    browser.open_generate()
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/files*", "*/assets/limits-files.js"])
    browser.click("token-limits-toggle")
    browser.says("token-limits-body", "This could not be loaded.")
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/files*"])
    browser.click("#token-limits-body button")
    browser.says("limits-results", "The server could not be reached.")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#limits-results button")
    browser.see("[data-pick]")
    assert browser.sees("token-dialog")


# ---- what a link proposes

def test_a_link_proposes_files(shared, furnished, browser):
    keys = [furnished.keys["Cover"], furnished.keys["Screens"]]
    link = "/settings/security?" + urllib.parse.urlencode([("name", "CI"), ("scopes", "file_content:read"), *(("file", key) for key in [*keys, keys[0]])])
    browser.go(link)
    browser.see("token-requested")
    browser.see("limits-chosen")
    assert chips(browser) == ["Cover", "Screens"] and short(browser) == "2 files, the product files"
    assert not browser.sees("token-requested-notes")
    opened_at = {f["key"]: f["opened_at"] for f in furnished.files.list(view="all")}
    assert opened_at[keys[0]] is None, "looking a name up is not opening a file"
    assert posted(browser) == [] and tokens(furnished) == []
    browser.click("token-submit")
    secret = browser.secret()
    assert asked(browser) == {"products": ["files"], "resources": [of_files("file_key", key) for key in keys]}
    assert [shared.get(f"/v1/files/{furnished.keys[name]}", token=secret).status for name in ("Cover", "Invoice")] == [200, 404]
    browser.done()
    assert browser.path == "/settings/security"
    browser.open_generate()
    assert not browser.sees("limits-chosen")


def test_a_file_that_one_cannot_see_stays_a_limit(furnished, browser):
    """Or the token would reach more than the link says."""
    browser.go("/settings/security?name=CI&scopes=file_content:read&file=AAAAAAAAAAAAAAAAAAAAAA&file=%3Cimg%20src%3Dx%3E")
    browser.see("token-requested")
    browser.says("token-requested-notes", "It asks for 2 files that you do not have here: AAAAAAAAAAAAAAAAAAAAAA, <img src=x>. The token would not reach them.")
    browser.see("limits-chosen")
    assert chips(browser) == ["AAAAAAAAAAAAAAAAAAAAAA", "<img src=x>"]
    browser.click('[aria-label="Take away <img src=x>"]')
    browser.click("token-submit")
    browser.secret()
    assert asked(browser)["resources"] == [of_files("file_key", "AAAAAAAAAAAAAAAAAAAAAA")]


def test_a_files_page_proposes_a_token_for_it(shared, furnished, browser):
    key = furnished.keys["Screens"]
    browser.go(f"/files/{key}?tab=details")
    assert browser.text("file-token") == "Generate a token for this file"
    browser.click("file-token")
    browser.says("token-requested", "Filled in from a file’s page. The token is limited to this file.")
    browser.see("limits-chosen")
    assert chips(browser) == ["Screens"]
    furnished.files.ok("GET", f"/files/{furnished.keys['Cover']}")
    browser.click("token-submit")
    secret = browser.secret()
    # What is proposed to try it with is the file it reaches, whichever was opened last.
    browser.wait(lambda: f"/v1/files/{key}?depth=1" in browser.text("token-command"), "the command")
    browser.click("token-test")
    browser.says("token-status", "It works")
    assert shared.get(f"/v1/files/{furnished.keys['Cover']}", token=secret).status == 404


# ---- the list and the details

LIMITS = {"products": ["files", "shop"], "networks": ["192.0.2.0/24", "2001:db8::/32"], "rate": {"requests": 100, "window_seconds": 60}}


@pytest.fixture
def limited(furnished, browser):
    """A token with every limit, and one without."""
    furnished.generate("Free")
    furnished.everything = furnished.generate("Limited", ["file_content:read", "file_metadata:read", "orders:read"], limits=LIMITS | {"resources": [
        of_files("file_key", furnished.keys["Cover"]), of_files("file_key", "AAAAAAAAAAAAAAAAAAAAAA"), of_files("project_id", furnished.spring),
        {"product": "shop", "parameter": "order", "value": "7"}, {"product": "shop", "parameter": "order", "value": "eu-", "prefix": True}]})
    browser.security()
    return furnished


def sentences(furnished, named):
    both = sorted(["“Cover”", "AAAAAAAAAAAAAAAAAAAAAA"], key=lambda name: furnished.keys["Cover"] if name == "“Cover”" else name)
    files = f"the files {both[0]} and {both[1]} and what is in the project “Spring”" if named else "2 files and what is in 1 project"
    return [f"Only {files}. Lists of everything are closed to it.",
            "In shop only where order is “7” or order begins with “eu-”.", "Only from 192.0.2.0/24 or 2001:db8::/32.",
            "At most 100 requests a minute.", "Only for files and shop."]


def test_the_list_says_what_is_limited(limited, browser):
    """By hovering, by the focus, and by a finger."""
    popover = "[data-testid=limits-popover]"
    wanted = sentences(limited, named=False)

    def shown():
        return [e.text.split("\n") for e in browser.all(popover) if e.is_displayed()]

    assert len(browser.all("[data-testid=limits-button]")) == 1 and browser.text("[data-testid=limits-button]") == "Limited"
    assert shown() == []
    browser.hover("[data-testid=limits-button]")
    browser.wait(lambda: shown() == [wanted], "the limits")
    browser.keys(Keys.ESCAPE)
    assert shown() == []
    browser.hover("main h1")
    browser.tab_to("sort-expires")
    browser.tab_to("limits-button")
    assert shown() == [wanted] and browser.js("return document.activeElement.getAttribute('aria-expanded')") == "true"
    browser.keys(Keys.TAB)
    assert shown() == []
    browser.js("document.activeElement.blur()")
    browser.resize(320, 640)
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=True)
    browser.tap("[data-testid=limits-button]")
    browser.wait(lambda: shown() == [wanted], "the limits")
    box = browser.see(popover).rect
    assert box["x"] >= 0 and box["x"] + box["width"] <= 320
    browser.tap("main h1")
    browser.wait(lambda: shown() == [], "the limits to go")
    browser.cdp("Emulation.setTouchEmulationEnabled", enabled=False)


def test_details_say_each_limit_with_names(limited, browser):
    browser.details("Limited")
    browser.wait(lambda: [e.text for e in browser.all(".limit-facts li")] == sentences(limited, named=True), "the names")
    browser.click("details-close")
    browser.details("Free")
    assert not browser.all(".limit-facts") and "Limits" not in browser.text("token-details")


# ---- taking scopes away

def test_scopes_are_taken_away(shared, limited, second, browser):  # noqa: F811
    token = limited.everything["token"]
    assert asks(shared, limited.generate("Shop", ["orders:read"])["token"], "/api/orders/7").status == 200

    def take():
        browser.security()
        browser.details("Limited")
        browser.click("details-narrow")
        browser.see("narrow-dialog")
        assert [e.get_attribute("value") for e in browser.all("[data-keep]")] == limited.everything["scopes"]
        assert browser.text("narrow-reason") == "Untick at least one." and not browser.see("narrow-accept").is_enabled()
        for scope in limited.everything["scopes"]:
            browser.click(f'[data-keep="{scope}"]')
        assert browser.text("narrow-reason") == "One has to stay. To end the token, revoke it." and not browser.see("narrow-accept").is_enabled()
        browser.click('[data-keep="file_metadata:read"]')
        assert browser.text("narrow-reason") == "It loses 2 scopes."
        browser.click("narrow-accept")
        browser.toast("2 scopes taken away from “Limited”.")
        browser.gone("narrow-dialog")
        assert browser.rows()["Limited"].scopes.startswith("1 scope\nfile_metadata:read")
        browser.settle()
        assert "elsewhere" not in browser.text("toasts")

    second(take)
    # This tab knows too.
    browser.wait(lambda: browser.rows()["Limited"].scopes.startswith("1 scope\n"), "the other tab to know")
    browser.says("toasts", "“Limited” lost scopes elsewhere.")
    now = limited.call("GET", f"/api/v1/tokens/{limited.everything['id']}").json
    assert now["scopes"] == ["file_metadata:read"] and now["limits"] == limited.everything["limits"]
    assert shared.get(f"/v1/files/{limited.keys['Cover']}", token=token).status == 403
    # Nothing is left to be taken away from it.
    browser.details("Limited")
    browser.see("details-revoke")
    assert not browser.sees("details-narrow")


def test_scopes_are_taken_away_by_keyboard_alone(limited, browser):
    browser.js("document.querySelectorAll('[data-testid=token-actions]')[0].focus()")
    browser.keys(Keys.ENTER, Keys.ENTER)
    browser.see("token-details")
    browser.tab_to("details-narrow")
    browser.keys(Keys.ENTER)
    browser.see("narrow-dialog")
    browser.keys(Keys.SPACE)
    browser.tab_to("narrow-accept")
    browser.keys(Keys.ENTER)
    browser.toast("1 scope taken away from “Limited”.")
    assert browser.js("return document.activeElement.textContent") == "Limited"
    assert len(limited.call("GET", f"/api/v1/tokens/{limited.everything['id']}").json["scopes"]) == 2
    # Left, nothing happens.
    browser.js("document.querySelectorAll('[data-testid=token-actions]')[0].focus()")
    browser.keys(Keys.ENTER, Keys.ENTER)
    browser.tab_to("details-narrow")
    browser.keys(Keys.ENTER)
    browser.see("narrow-dialog")
    browser.keys(Keys.SPACE, Keys.ESCAPE)
    browser.gone("narrow-dialog")
    assert len(limited.call("GET", f"/api/v1/tokens/{limited.everything['id']}").json["scopes"]) == 2


@pytest.mark.long
def test_what_came_between_is_told(limited, browser):
    """Somebody else takes some away, or the token, while the question stands."""
    path = f"/api/v1/tokens/{limited.everything['id']}"

    def question():
        browser.details("Limited")
        browser.click("details-narrow")
        browser.see("narrow-dialog")

    question()
    assert limited.call("PATCH", path, {"scopes": ["file_content:read", "file_metadata:read"]}).status == 200
    browser.click('[data-keep="file_content:read"]')
    browser.click("narrow-accept")
    browser.says("narrow-dialog", "The token does not have this scope: scopes can be taken away, not given.")
    browser.keys(Keys.ESCAPE)
    browser.gone("narrow-dialog")
    browser.wait(lambda: browser.rows()["Limited"].scopes.startswith("2 scopes"), "the list to be true")
    question()
    assert len(browser.all("[data-keep]")) == 2
    limited.revoke(limited.everything["id"])
    browser.click('[data-keep="file_content:read"]')
    browser.click("narrow-accept")
    browser.says("narrow-dialog", "The token has expired or was revoked.")


# ---- how it looks

def test_limits_in_all_sizes(limited, browser, look):  # noqa: F811
    browser.js("document.querySelector('[data-testid=limits-button]').focus()")
    browser.see("[data-testid=limits-popover]")
    look("limits of a token")
    browser.keys(Keys.ESCAPE)
    browser.details("Limited")
    browser.see(".limit-facts")
    look("details with limits")
    browser.click("details-narrow")
    browser.see("narrow-dialog")
    look("take scopes away")
    browser.keys(Keys.ESCAPE)
    browser.gone("narrow-dialog")
    opened(browser, "Look", "file_content:read", "orders:read")
    look("limits, none yet")
    pick(browser, limited.keys["Cover"])
    pick(browser, limited.spring)
    browser.click("[data-testid=limits-add]")
    browser.keys("ordre", Keys.TAB, Keys.TAB, "7")
    browser.click("token-submit")
    browser.see("limits-rows-error")
    look("limits refused")
    browser.click("token-limits-toggle")
    look("limits, closed")

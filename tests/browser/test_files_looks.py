# SPDX-License-Identifier: Apache-2.0
"""The files pages and their dialogs in every shape: nothing scrolls sideways, axe finds nothing, what forced colours take away is there
in another way; and what the pages weigh."""
import json

import pytest
from selenium.webdriver.common.keys import Keys

from design import Files, document, fill, frame, node, page
from tools import png

from .files import choose, give, listed, written
from .test_pages import look  # noqa: F401

LONG = "Checkout flow, second draft, " + "verylongwordwithoutanyspace" * 2
WIRE_BYTES_MAX = {"/": 64_000, "/files/KEY": 76_000, "/files/KEY?tab=details": 82_000}


@pytest.fixture
def ada(product, browser):
    person = product.set_up(name="Augusta Ada King, Countess of Lovelace")
    product.add_person("grace@acme.org", "Grace Brewster Murray Hopper")
    person.files = Files(person)
    person.files.team()
    browser.become(person)
    return person


def full(person):
    """A file with something of everything."""
    files = person.files
    key = files.upload(document(LONG), label="First")["key"]
    files.version(key, document(frames=5), label="More frames", description="Two of them are new, the rest is as it was before.")
    files.share(key, "grace@acme.org", "editor")
    first = files.ok("POST", f"/files/{key}/comments", {"message": "Is the red not too loud? " * 6, "client_meta": {"node_id": "1:1", "node_offset": {"x": 1, "y": 1}}}, status=201)
    files.ok("POST", f"/files/{key}/comments", {"message": "Perhaps.", "parent_id": first["id"]}, status=201)
    for emoji in (":+1:", ":heart:", ":unknown_emoji_of_another_client:"):
        files.ok("POST", f"/files/{key}/reactions", {"comment_id": first["id"], "emoji": emoji}, status=201)
    done = files.ok("POST", f"/files/{key}/comments", {"message": "Done with this."}, status=201)
    files.ok("PATCH", f"/files/{key}/comments/{done['id']}", {"resolved": True})
    return key


@pytest.mark.long
def test_the_browser(product, browser, ada, look, tmp_path):  # noqa: F811
    full(ada)
    browser.go("/")
    browser.see(".files-grid")
    look("files")
    browser.click("[data-testid=file-menu]")
    look("menu of a file")
    browser.keys(Keys.ESCAPE)
    for view in ("shared", "trash"):
        browser.go(f"/?view={view}")
        browser.see("files-empty")
        look(f"empty: {view}")
    browser.go("/?search=no+such+file")
    browser.see("files-empty")
    look("empty: search")
    ada.files.trash(ada.files.upload(document("Old"))["key"])
    browser.go("/?view=trash")
    listed(browser, "Old")
    look("trash")
    choose(browser, "Old", "purge")
    browser.see("confirm-dialog")
    look("delete for good?")
    browser.keys(Keys.ESCAPE)

    browser.go("/?project=1")
    browser.see(".files-grid")
    browser.click("[data-testid=project-menu]")
    look("menu of a project")
    browser.click(".menu:not([hidden]) [data-testid=rename]")
    browser.fill("ask-name", " ")
    browser.click("ask-accept")
    look("rename, with a message")
    browser.keys(Keys.ESCAPE)
    browser.click("files-upload")
    browser.see("upload-dialog")
    look("upload")
    give(browser, written(tmp_path, "a-file-name-that-is-rather-long-because-somebody-liked-it-so.json", '{"name": 1}'))
    browser.click("upload-submit")
    browser.see("upload-error")
    look("upload refused")
    browser.js("document.querySelector('.upload-progress').hidden = false; document.getElementById('upload-words').textContent = '40 % sent'; document.getElementById('upload-bar').value = .4")
    look("upload under way")
    browser.keys(Keys.ESCAPE)
    browser.gone("upload-dialog")
    browser.resize(320, 640)
    browser.click("side-toggle")
    browser.see("side-views")
    assert browser.js("return document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.long
def test_a_file(product, browser, ada, look):  # noqa: F811
    key = full(ada)
    browser.go(f"/files/{key}")
    browser.see(".thread")
    browser.see(".stage-picture")
    look("file, comments")
    browser.click(".thread > .comment [data-testid=comment-react]")
    look("emojis")
    browser.keys(Keys.ESCAPE)
    browser.click(".thread > .comment [data-testid=comment-menu]")
    look("menu of a comment")
    browser.keys(Keys.ESCAPE)
    browser.click("[data-testid=comment-reply]")
    browser.click("comments-resolved")
    look("reply, and resolved")
    browser.click("tab-versions")
    browser.see(".versions")
    look("versions")
    browser.click("[data-testid=version-look]")
    browser.see("to-newest")
    look("an old version")
    browser.click("tab-details")
    browser.see("images-missing")
    look("details")
    ada.files.call("POST", f"/files/{key}/images", png(2, 2), headers={"Content-Type": "image/png"})
    browser.go(f"/files/{key}?tab=details&node=5%3A2")
    browser.see(".image img")
    browser.see(".stage-note")
    look("nothing to draw")
    browser.click("file-share")
    browser.see("[data-testid=share-role]")
    browser.click("share-add")
    look("share")
    browser.keys(Keys.ESCAPE)
    browser.gone("share-dialog")
    browser.resize(320, 640)
    browser.click("layers-toggle")
    browser.see("layers")
    assert browser.js("return document.documentElement.scrollWidth <= innerWidth")
    browser.click("layers-toggle")
    browser.gone("layers")
    browser.resize(1280, 900)
    browser.go("/files/" + "a" * 22)
    browser.see("file-instead")
    look("no such file")
    ada.files.trash(key)
    browser.go(f"/files/{key}")
    browser.see("[data-testid=restore]")
    look("file in the trash")


@pytest.mark.long
def test_what_colours_say_is_said_without_them(product, browser, ada):
    """Forced colours take backgrounds away: what is chosen has an outline or a border of its own."""
    key = full(ada)
    browser.cdp("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    browser.go(f"/files/{key}")
    browser.see(".thread")
    style = "return getComputedStyle(document.querySelector(arguments[0]))[arguments[1]]"
    browser.see('[role="treeitem"][aria-selected="true"]')
    assert browser.js(style, '[role="treeitem"][aria-selected="true"]', "outlineStyle") == "solid"
    assert browser.js(style, '.reaction[aria-pressed="true"]', "outlineStyle") == "solid"
    chosen, other = (browser.js(style, f'[role="tab"][aria-selected="{is_chosen}"]', "borderBottomColor") for is_chosen in ("true", "false"))
    assert chosen != other
    browser.go("/?view=all")
    browser.see(".files-grid")
    assert browser.js(style, ".side-link[aria-current]", "outlineStyle") == "solid"
    assert browser.js("return matchMedia('(forced-colors: active)').matches")


@pytest.mark.long
def test_nothing_moves_for_who_wants_it_so(product, browser, ada):
    browser.go("/")  # the browser asks for reduced motion (chrome.py)
    browser.see(".files-grid")
    browser.click("[data-testid=file-menu]")
    assert browser.js("return document.getAnimations().length") == 0


def test_what_the_files_pages_weigh(product, browser, ada):
    """Bytes on the wire with nothing cached, pictures left out: those weigh what the design does."""
    key = ada.files.upload(document("Harbour"))["key"]
    for path, most in WIRE_BYTES_MAX.items():
        browser.cdp("Network.clearBrowserCache")
        browser.forget()
        browser.go(path.replace("KEY", key))
        browser.see(".files-grid" if path == "/" else "#images-missing" if "details" in path else "#comments-list .empty")
        browser.settle()
        pictures = {e["requestId"] for e in browser.events("Network.responseReceived") if e["type"] == "Image"}
        done = [e for e in browser.events("Network.loadingFinished") if e["requestId"] not in pictures]
        wire = round(sum(e["encodedDataLength"] for e in done))
        print(json.dumps({path: {"requests": len(done), "wire": wire}}))
        assert wire <= most, (path, wire, len(done))


def test_a_picture_is_shown_whole(product, browser):
    """Whatever its shape: nothing of it is outside of its card."""
    ada = product.set_up()
    browser.become(ada, "/")
    browser.see(".file")
    files = Files(ada)
    for name, box in (("Tall", (0, 0, 200, 900)), ("Wide", (0, 0, 1500, 120))):
        tree = document(name)
        tree["document"]["children"] = [page("0:1", name, [frame("1:1", name, box, [node("2:1", "RECTANGLE", "r", box, fills=fill())])])]
        files.upload(tree, name=name)
    browser.go("/?view=all")
    browser.wait(lambda: browser.js("return [...document.querySelectorAll('.file-picture img')].filter((i) => i.naturalWidth > 1).length") == 3, "pictures")
    cut = browser.js("""return [...document.querySelectorAll('.file-picture')].filter((frame) => {
      const [inner, outer] = [frame.firstChild.getBoundingClientRect(), frame.getBoundingClientRect()];
      return inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1 || inner.left < outer.left - 1 || inner.right > outer.right + 1
        || getComputedStyle(frame.firstChild).objectFit !== 'contain';
    }).map((frame) => frame.nextSibling.textContent)""")
    assert cut == []

# SPDX-License-Identifier: Apache-2.0
"""The page of one file: layers and their picture, versions, comments, sharing, its key; by mouse and by keyboard, and with two people
who look at the same file in two browsers."""
import hashlib
import json
import subprocess
import urllib.parse

import pytest
from selenium.webdriver.common.keys import Keys

from design import IMAGE_REF, Files, document, fill, frame, node, page
from tools import png

from .files import by_menu, choose, chosen, drawn, entries, give, layers, listed, written
from .pages import Browser
from .test_journey import clipboard

HIDE = """globalThis.seen = arguments[0];
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (globalThis.seen ? 'visible' : 'hidden') });
  document.dispatchEvent(new Event('visibilitychange'));"""


@pytest.fixture
def ada(product, browser):
    person = product.set_up(name="Ada Lovelace")
    person.files = Files(person)
    browser.become(person)
    return person


@pytest.fixture(scope="session")
def second_chromium():
    browser = Browser()
    yield browser
    browser.quit()


@pytest.fixture
def grace(product, ada, second_chromium):
    """Somebody else, in a browser of her own."""
    product.add_person("grace@acme.org", "Grace Hopper")
    person = product.sign_in("grace@acme.org")
    person.files = Files(person)
    person.browser = second_chromium.use(product)
    second_chromium.fresh()
    second_chromium.become(person)
    yield person
    complaints = second_chromium.complaints()
    second_chromium.go("about:blank")
    assert complaints == []


def opened(browser, key, query=""):
    browser.go(f"/files/{key}{query}")
    browser.see("layers")
    return key


@pytest.mark.long
def test_layers_and_their_picture_by_mouse(product, browser, ada):
    key = opened(browser, ada.files.upload(document("Harbour"))["key"])
    assert browser.text("file-name") == "Harbour" and browser.focus == "file-page"
    drawn(browser, "Screens")
    browser.wait(lambda: "2 Hidden" in layers(browser), "the first page to be open")
    assert layers(browser) == ["1 Screens", "2 Frame 0", "2 Frame 1", "2 Frame 2", "2 Photo", "2 Hidden", "1 Library"]
    assert chosen(browser) == "Screens"

    browser.click('[data-node="1:1"] .layer-name')
    drawn(browser, "Frame 1")
    browser.wait(lambda: "3 Words of 1" in layers(browser), "its layers")
    assert browser.path == f"/files/{key}?node=1%3A1" and chosen(browser) == "Frame 1"
    browser.click('[data-node="1:1"] .layer-twist')
    browser.wait(lambda: "3 Words of 1" not in layers(browser), "them to fold")
    browser.click('[data-node="0:2"] .layer-name')
    drawn(browser, "Library")
    browser.driver.back()
    drawn(browser, "Frame 1")
    assert chosen(browser) == "Frame 1"

    # What is hidden has nothing to draw, and that is said; the next one is drawn again.
    browser.click('[data-node="5:2"] .layer-name')
    browser.says("stage", "There is nothing to draw of “Hidden”.")
    assert not browser.see("zoom-in").is_enabled()
    browser.click('[data-node="1:0"] .layer-name')
    drawn(browser, "Frame 0")

    # Zoom: a frame of 320 by 200 is shown as it is; larger scrolls, and fit is back.
    browser.says("zoom-value", "100 %")
    for _ in range(4):
        browser.click("zoom-in")
    browser.says("zoom-value", "400 %")
    assert browser.see(".stage-picture").rect["width"] == 1280
    assert browser.js("const s = document.getElementById('stage'); return s.scrollWidth > s.clientWidth")
    browser.click("zoom-fit")
    browser.says("zoom-value", "100 %")
    assert browser.see("zoom-fit").get_attribute("aria-pressed") == "true"
    browser.click("zoom-out")
    browser.says("zoom-value", "75 %")

    # The address alone shows the same, also for a layer whose parents are closed.
    opened(browser, key, "?node=3%3A2")
    drawn(browser, "Words of 2")
    # One that is in no version any more leads to the first page.
    opened(browser, key, "?node=77%3A77")
    drawn(browser, "Screens")


def test_layers_by_keyboard(product, browser, ada):
    opened(browser, ada.files.upload(document("Harbour"))["key"])
    browser.wait(lambda: "2 Hidden" in layers(browser), "the first page to be open")
    on = lambda name: browser.wait(lambda: browser.js("return document.activeElement.dataset.name") == name, f"the focus on {name}")  # noqa: E731
    browser.js("document.getElementById('file-name').tabIndex = -1; document.getElementById('file-name').focus()")
    while browser.js("return document.activeElement.role") != "treeitem":
        browser.keys(Keys.TAB)
    on("Screens")
    browser.keys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    browser.wait(lambda: "3 Card 0" in layers(browser), "the frame to open")
    on("Frame 0")
    browser.keys(Keys.ARROW_RIGHT)
    on("Card 0")
    browser.keys(Keys.ARROW_LEFT)
    on("Frame 0")
    browser.keys(Keys.ARROW_LEFT)
    browser.wait(lambda: "3 Card 0" not in layers(browser), "the frame to close")
    browser.keys(Keys.END)
    on("Library")
    browser.keys(Keys.HOME)
    on("Screens")
    browser.keys("p")
    on("Photo")
    assert chosen(browser) == "Screens"
    browser.keys(Keys.ENTER)
    drawn(browser, "Photo")
    assert chosen(browser) == "Photo"
    browser.keys(Keys.ARROW_UP, Keys.SPACE)
    drawn(browser, "Frame 2")
    # The tree is one stop; the picture is the next but for its buttons, and zooms by keys.
    browser.tab_to("stage")
    browser.keys("+")
    browser.says("zoom-value", "150 %")
    browser.keys("-", "-")
    browser.says("zoom-value", "75 %")
    browser.keys("0")
    browser.says("zoom-value", "100 %")
    # Tabs by arrows.
    browser.tab_to("tab-comments")
    browser.keys(Keys.ARROW_RIGHT)
    assert browser.focus == "tab-versions" and browser.see("tab-versions").get_attribute("aria-selected") == "true"
    browser.keys(Keys.END)
    browser.see("file-key")
    assert browser.focus == "tab-details" and "tab=details" in browser.path


@pytest.mark.long
def test_a_level_too_wide_to_list(product, browser, ada):
    wide = document("Wide", frames=0)
    wide["document"]["children"][0]["children"] = [node(f"9:{n}", "RECTANGLE", f"Box {n}", (n, 0, 1, 1), fills=fill()) for n in range(1200)]
    opened(browser, ada.files.upload(wide)["key"])
    browser.wait(lambda: len(layers(browser)) == 1002, "a thousand layers")
    assert browser.js("return document.querySelector('.layer-more').textContent") == "Only the first 1000 are listed here."
    drawn(browser, "Screens")


@pytest.mark.long
def test_versions(product, browser, ada, tmp_path):
    key = opened(browser, ada.files.upload(document("Harbour", frames=1))["key"], "?tab=versions")
    browser.click("versions-upload")
    give(browser, written(tmp_path, "bad.json", "[1, 2]"))
    browser.fill("upload-label", "More frames")
    browser.click("upload-submit")
    browser.says("upload-error", "This is not a design document.")
    give(browser, written(tmp_path, "more.json", document("Ignored", frames=3)))
    browser.fill("upload-description", "Two of them are new")
    browser.click("upload-submit")
    browser.toast("“Harbour” has a new version.")
    browser.says("versions-list", "More frames")
    browser.says("versions-list", "Two of them are new")
    browser.wait(lambda: "2 Frame 2" in layers(browser), "the new layers")
    assert browser.text("file-name") == "Harbour"

    # The old one is looked at, with its own layers, and saved as it was.
    browser.click("[data-testid=version-look]")
    browser.says("file-note", "You are looking at the version of ")
    browser.wait(lambda: "2 Frame 2" not in layers(browser) and "2 Frame 0" in layers(browser), "the old layers")
    old = browser.driver.current_url
    link = browser.js("return document.querySelectorAll('[data-testid=version-download]')[1].getAttribute('href')")
    saved = ada.call("GET", link)
    assert json.loads(saved.body)["document"] == document("Harbour", frames=1)["document"]
    browser.click("to-newest")
    browser.wait(lambda: "2 Frame 2" in layers(browser), "the new layers again")
    assert not browser.sees("to-newest")
    browser.go(old)
    browser.see("to-newest")
    browser.wait(lambda: "2 Frame 0" in layers(browser) and "2 Frame 2" not in layers(browser), "the old layers by address")
    assert ada.files.ok("GET", f"/files/{key}")["version_count"] == 2

    # It is deleted while it is looked at: then one looks at the newest, which can not be deleted.
    assert len(browser.all("[data-testid=version-remove]")) == 1
    browser.click("[data-testid=version-remove]")
    browser.says("confirm-dialog", "Delete “Version 1”?")
    browser.click("confirm-accept")
    browser.toast("Version deleted.")
    browser.wait(lambda: "2 Frame 2" in layers(browser), "the newest layers")
    browser.gone("[data-testid=version-remove]")
    assert ada.files.ok("GET", f"/files/{key}")["version_count"] == 1


def test_comments_of_two_people(product, browser, ada, grace):
    key = ada.files.upload(document("Harbour"))["key"]
    ada.files.share(key, "grace@acme.org", "viewer")
    opened(browser, key)
    browser.says("comments-list", "No comments yet")
    browser.click('[data-node="0:1"] .layer-name')
    browser.click('[data-node="1:1"] .layer-name')
    browser.says("comment-on", "On Frame 1")
    browser.click("#comment-form [type=submit]")
    browser.says("#comment-form .error", "Write something first.")
    browser.fill("#comment-form textarea", "Is <b>this</b> red\ntoo loud?")
    browser.click("#comment-form [type=submit]")
    browser.says(".thread", "Is <b>this</b> red\ntoo loud?")
    browser.says("tab-comments-count", "1")

    # Grace answers and reacts, by keyboard; she may neither resolve Ada's thread nor delete it.
    her = grace.browser
    opened(her, key)
    her.says(".thread", "too loud?")
    assert her.text("file-sub").startswith("from Ada Lovelace") and not her.sees("file-share")
    her.tab_to("comment-react")
    her.keys(Keys.ENTER)
    assert len(her.all(".emojis .menu-item")) == 8
    her.keys(Keys.ARROW_RIGHT, Keys.ENTER)
    her.see('[data-emoji=":heart:"]')
    her.wait(lambda: her.js("return document.activeElement.dataset.emoji") == ":heart:", "the focus on the reaction")
    assert her.see('[data-emoji=":heart:"]').get_attribute("aria-label") == "heart, 1 person: you. Take yours back"
    assert not her.sees("[data-testid=comment-menu]")
    her.tab_to("comment-reply")
    her.keys(Keys.ENTER, "Not on my screen.")
    her.chord(Keys.CONTROL, Keys.ENTER)
    her.says(".replies", "Not on my screen.")
    assert her.sees(".replies [data-testid=comment-menu]")
    # The thread leads to the layer that it is about.
    her.click("[data-testid=comment-layer]")
    drawn(her, "Frame 1")

    # Ada sees both, joins in, resolves; it is hidden until asked for.
    browser.driver.refresh()
    browser.says(".replies", "Not on my screen.")
    browser.click('[data-emoji=":heart:"]')
    browser.says('[data-emoji=":heart:"]', "2")
    browser.click('[data-emoji=":heart:"]')
    browser.says('[data-emoji=":heart:"]', "1")
    browser.click(".thread > .comment [data-testid=comment-menu]")
    assert entries(browser) == ["Resolve", "Delete"]
    browser.click(".menu:not([hidden]) [data-testid=resolve]")
    browser.toast("Comment resolved.")
    browser.gone(".thread")
    browser.click("comments-resolved")
    browser.says(".thread", "Resolved")
    browser.click(".thread > .comment [data-testid=comment-menu]")
    browser.click(".menu:not([hidden]) [data-testid=resolve]")
    browser.toast("Comment reopened.")

    # Ada may delete what is Grace's, because the file is hers; Grace deletes it, Ada the thread with everything.
    browser.click(".replies [data-testid=comment-menu]")
    assert entries(browser) == ["Delete"]
    browser.keys(Keys.ESCAPE)
    her.click(".replies [data-testid=comment-menu]")
    her.click(".menu:not([hidden]) [data-testid=remove]")
    her.says("confirm-dialog", "Not on my screen.")
    her.click("confirm-accept")
    her.gone(".replies")
    browser.click(".thread > .comment [data-testid=comment-menu]")
    browser.click(".menu:not([hidden]) [data-testid=remove]")
    browser.click("confirm-accept")
    browser.toast("Comment deleted.")
    browser.says("comments-list", "No comments yet")
    assert ada.files.ok("GET", f"/files/{key}/comments")["comments"] == []


@pytest.mark.long
def test_a_comment_that_cannot_be_sent_is_not_lost(product, browser, ada):
    opened(browser, ada.files.upload(document("Harbour"))["key"])
    browser.see("comment-form")
    browser.cdp("Network.setBlockedURLs", urls=["*/comments"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.fill("#comment-form textarea", "Long thought")
    browser.click("#comment-form [type=submit]")
    browser.says("#comment-form .error", "The server could not be reached.")
    assert browser.value("#comment-form textarea") == "Long thought"
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#comment-form [type=submit]")
    browser.says(".thread", "Long thought")


@pytest.mark.long
def test_sharing_by_mouse(product, browser, ada, grace):
    key = opened(browser, ada.files.upload(document("Harbour"))["key"])
    her = grace.browser
    her.go(f"/files/{key}")
    her.says("file-instead", "This file isn’t here")

    browser.click("file-share")
    browser.says("share-list", "Only you have access.")
    browser.click("share-add")
    browser.says("share-email-error", "Enter the email address")
    for nobody in ("nobody@acme.org", "ada@acme.org"):
        browser.fill("share-email", nobody)
        browser.click("share-add")
        browser.says("share-email-error", "Nobody here has this email address, or the file is theirs.")
    browser.fill("share-email", "grace@acme.org")
    browser.click("share-add")
    browser.toast("Grace Hopper has access now.")
    browser.says("share-list", "grace@acme.org")

    # A viewer looks and comments; nothing that changes the file is offered.
    her.go("/?view=shared")
    listed(her, "Harbour")
    her.says(".file-facts", "from Ada Lovelace")
    her.click("[data-testid=file-menu]")
    assert entries(her) == ["Open", "Copy link", "Download JSON", "Leave"]
    opened(her, key)
    her.says("file-sub", "View only")
    her.click("#file-menu button")
    assert entries(her) == ["Copy link", "Download JSON", "Leave"]
    her.keys(Keys.ESCAPE)
    her.click("tab-versions")
    her.see(".versions")
    assert not her.sees("versions-upload")

    # An editor may rename and upload, but not share, move or delete.
    browser.js("const s = document.querySelector('[data-testid=share-role]'); s.value = 'editor'; s.dispatchEvent(new Event('change', { bubbles: true }))")
    browser.toast("Access of Grace Hopper changed.")
    opened(her, key)
    her.says("file-sub", "Can edit")
    her.click("#file-menu button")
    assert entries(her) == ["Copy link", "Rename", "Upload new version", "Download JSON", "Leave"]
    her.click(".menu:not([hidden]) [data-testid=rename]")
    her.fill("ask-name", "Harbour, hers")
    her.click("ask-accept")
    her.says("file-name", "Harbour, hers")
    her.wait(lambda: her.focus == "file-menu", "the focus back on the menu")

    # She leaves by herself; is asked back; and is removed.
    her.click("#file-menu button")
    her.click(".menu:not([hidden]) [data-testid=leave]")
    her.says("confirm-dialog", "Leave “Harbour, hers”?")
    her.click("confirm-accept")
    her.wait(lambda: her.path == "/", "the files")
    assert grace.files.list(view="shared") == []
    browser.click("share-done")
    browser.says("file-name", "Harbour, hers")
    ada.files.share(key, "grace@acme.org")
    browser.click("file-share")
    browser.click("[data-testid=share-remove]")
    browser.toast("Grace Hopper has no access any more.")
    browser.says("share-list", "Only you have access.")
    her.go(f"/files/{key}")
    her.says("file-instead", "This file isn’t here")


@pytest.mark.long
def test_sharing_by_keyboard(product, browser, ada, grace):
    opened(browser, ada.files.upload(document("Harbour"))["key"])
    browser.tab_to("file-share")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "share-email", "the focus in the address")
    browser.keys("grace@acme.org", Keys.TAB, Keys.ARROW_DOWN, Keys.TAB, Keys.ENTER)
    browser.toast("Grace Hopper has access now.")
    assert grace.files.list(view="shared")[0]["role"] == "editor"
    browser.wait(lambda: browser.focus == "share-email", "the focus back in the address")
    browser.tab_to("share-remove")
    browser.keys(Keys.ENTER)
    browser.toast("Grace Hopper has no access any more.")
    browser.wait(lambda: browser.focus == "share-email", "the focus back in the address")
    browser.keys(Keys.ESCAPE)
    browser.gone("share-dialog")
    browser.wait(lambda: browser.focus == "file-share", "the focus back where it began")


def test_its_key_and_a_token_for_it(product, browser, ada):
    key = opened(browser, ada.files.upload(document("Harbour"))["key"], "?tab=details")
    assert browser.value("file-key") == key
    browser.click("copy-key")
    browser.says("copy-key", "Copied")
    browser.toast("File key copied.")
    assert clipboard(browser) == key
    browser.cdp("Browser.resetPermissions")  # what was granted for reading took the right to write away
    browser.click("copy-command")
    browser.toast("Command copied.")
    command = clipboard(browser)
    assert command == f'curl -H "X-Figma-Token: $TOKEN" {product.base}/v1/files/{key}'
    link = urllib.parse.urlsplit(browser.see("file-token").get_attribute("href"))
    asked = urllib.parse.parse_qs(link.query)
    assert link.path == "/settings/security" and asked["name"] == ["Read Harbour"] and asked["expires"] == ["30d"] and asked["file"] == [key]
    # A token of just that does what the command says.
    limits = {"resources": [{"product": "files", "parameter": "file_key", "value": key}]}
    token = ada.generate("Read Harbour", asked["scopes"][0].split(","), limits=limits)["token"]
    answer = subprocess.run(["bash", "-c", command.replace("curl", "curl -s")], env={"TOKEN": token, "PATH": "/usr/bin:/bin"}, capture_output=True, timeout=20)
    assert json.loads(answer.stdout)["name"] == "Harbour"

    # The same by keyboard, and where there is no clipboard: the key is selected and what to press is said.
    browser.js("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    browser.tab_to("copy-key", back=True)
    browser.keys(Keys.ENTER)
    browser.toast("Selected. Press Ctrl+C to copy.")
    assert browser.js("return document.activeElement.value.slice(document.activeElement.selectionStart, document.activeElement.selectionEnd)") == key


@pytest.mark.long
def test_missing_images(product, browser, ada, tmp_path):
    image = png(40, 40)
    ref = hashlib.sha1(image).hexdigest()
    opened(browser, ada.files.upload(document("Harbour", image_ref=ref))["key"], "?tab=details")
    browser.says("images-missing", "1 image is missing")
    before = browser.js_async("return (await (await fetch(document.querySelector('.stage-picture').src)).text()).includes('data:image')")
    assert before is False
    give(browser, written(tmp_path, "notes.png", "no image"), "images-file")
    browser.says("images-told", "notes.png: This is not a PNG, JPEG, GIF or WebP image.")
    give(browser, written(tmp_path, "stranger.png", png(9, 9)), "images-file")
    browser.says("images-told", "1 image is not one that this design refers to.")
    browser.says("images-missing", "1 image is missing")
    give(browser, written(tmp_path, "photo.png", image), "images-file")
    browser.toast("1 image added.")
    browser.wait(lambda: not browser.sees("images-missing"), "nothing to be missing")
    drawn(browser, "Screens")
    browser.wait(lambda: browser.js_async("return (await (await fetch(document.querySelector('.stage-picture').src)).text()).includes('data:image')"), "the image in the picture")

    # It is deleted again, and missing again.
    browser.click(f"[data-testid=image-remove][aria-label*='{ref[:10]}']")
    browser.says("confirm-dialog", "Delete this image?")
    browser.click("confirm-accept")
    browser.toast("Image deleted.")
    browser.says("images-missing", "1 image is missing")
    browser.wait(lambda: not browser.js_async("return (await (await fetch(document.querySelector('.stage-picture').src)).text()).includes('data:image')"), "no image in the picture")


def test_an_empty_page_is_no_fault(product, browser, ada):
    """There is nothing to draw of it, which is said on the page and not in the console."""
    tree = document("Harbour")
    tree["document"]["children"] = [page("0:1", "Blank", [])]
    opened(browser, ada.files.upload(tree)["key"])
    browser.says("stage", "There is nothing to draw of “Blank”.")
    assert browser.console() == []


def test_ones_own_click_is_no_request_from_elsewhere(product, browser, ada):
    """The warning of a link is for links that somebody else made."""
    opened(browser, ada.files.upload(document("Harbour"))["key"], "?tab=details")
    browser.click("file-token")
    browser.says("token-requested", "Filled in from a file’s page. The token is limited to this file.")
    assert browser.value("token-name") == "Read Harbour" and not browser.sees("token-requested-outside")
    browser.driver.refresh()  # the same click, still
    browser.says("token-requested", "Filled in from a file’s page.")
    address = browser.path
    browser.go("about:blank")
    browser.go(address)  # as whoever was sent the address arrives
    browser.says("token-requested", "Requested by a link.")
    assert not browser.sees("token-requested-here")


@pytest.mark.long
def test_a_file_in_the_trash(product, browser, ada):
    key = opened(browser, ada.files.upload(document("Harbour"))["key"])
    browser.click("#file-menu button")
    browser.click(".menu:not([hidden]) [data-testid=trash]")
    browser.says("file-instead", "This file is in the trash.")
    browser.click("[data-testid=restore]")
    browser.see("layers")
    ada.files.trash(key)
    browser.driver.refresh()
    browser.click("[data-testid=purge]")
    browser.click("confirm-accept")
    browser.wait(lambda: browser.path == "/", "the files")
    browser.go(f"/files/{key}")
    browser.says("file-instead", "This file isn’t here")
    browser.click("#file-instead a")
    listed(browser, "Harbor")


@pytest.mark.long
def test_names_are_text(product, browser, ada):
    """Whatever a document or a person calls things, it is shown and nothing else happens."""
    evil = '<img src=x onerror=alert(1)>"\'&amp;\u202e{{7*7}}'
    tree = document("Harbour")
    tree["document"]["children"] = [page("0:1", evil, [frame("1:1", evil, (0, 0, 50, 50), [])])]
    key = ada.files.upload(tree, name="<b>bold</b>", label="<i>label</i>")["key"]
    ada.files.ok("POST", f"/files/{key}/comments", {"message": evil}, status=201)
    browser.go("/?view=all")
    listed(browser, "<b>bold</b>", "Harbor")
    opened(browser, key)
    assert browser.text("file-name") == "<b>bold</b>"
    browser.wait(lambda: layers(browser) == [f"1 {evil}", f"2 {evil}"], "the layers")
    browser.wait(lambda: browser.js("return document.querySelector('.comment-text').textContent") == evil, "the comment")
    browser.click("tab-versions")
    browser.says("versions-list", "<i>label</i>")
    assert browser.js("return document.querySelectorAll('main b, main i, main img[src=x]').length") == 0


def test_comments_of_others_show_without_a_reload(product, browser, ada):
    """Within seconds, by requests that tell whether something is new; nothing is asked while nobody looks or a reply is written."""
    key = ada.files.upload(document("Harbour"))["key"]
    product.add_person("grace@acme.org", "Grace Hopper")
    ada.files.share(key, "grace@acme.org", "editor")
    grace = Files(product.sign_in("grace@acme.org"))

    def say(message, **more):
        return grace.ok("POST", f"/files/{key}/comments", {"message": message, **more}, status=201)["id"]

    def said():
        return browser.js("return [...document.querySelectorAll('.comment-text')].map((e) => e.textContent)")

    def asked():
        return [("If-None-Match" in r["request"]["headers"]) for r in browser.events("Network.requestWillBeSent") if r["request"]["url"].endswith("/comments")]

    first = say("First")
    opened(browser, key)
    browser.wait(lambda: said() == ["First"], "the first comment")
    browser.js("document.querySelector('[data-comment]').focus()")
    second = say("Second")
    browser.wait(lambda: said() == ["Second", "First"], "the second, without a reload")
    assert browser.text("tab-comments-count") == "2"
    assert browser.js("return document.activeElement.dataset.comment") == first, "the focus stays where it was"
    grace.ok("DELETE", f"/files/{key}/comments/{second}", status=204)
    browser.wait(lambda: said() == ["First"], "it to go away again")
    browser.wait(lambda: asked()[-1:] == [True], "a request that names what is known")

    # What is being written stays, and is not drawn over.
    browser.click("[data-testid=comment-reply]")
    browser.keys("Half a sent")
    say("While she writes")
    browser.forget()
    browser.js_async("await new Promise((r) => setTimeout(r, 6000))")
    assert asked() == [] and browser.js("return document.activeElement.value") == "Half a sent" and said() == ["First"]
    browser.keys(Keys.ESCAPE)
    browser.js(HIDE, False)
    browser.forget()
    browser.js_async("await new Promise((r) => setTimeout(r, 6000))")
    assert asked() == []
    browser.js(HIDE, True)
    browser.wait(lambda: said() == ["While she writes", "First"], "what came meanwhile")


def test_how_many_comments_there_are_shows_before_they_do(product, browser, ada):
    """The count stands on the tab also when another one was opened first: of threads that are not resolved."""
    key = ada.files.upload(document("Harbour"))["key"]
    made = [ada.files.ok("POST", f"/files/{key}/comments", {"message": f"Number {n}"}, status=201)["id"] for n in range(3)]
    ada.files.ok("POST", f"/files/{key}/comments", {"message": "A reply", "parent_id": made[0]}, status=201)
    ada.files.ok("PATCH", f"/files/{key}/comments/{made[2]}", {"resolved": True})
    opened(browser, key, "?tab=versions")
    browser.see(".version")
    assert browser.text("tab-comments-count") == "2"
    browser.click("tab-comments")
    browser.see(".thread")
    assert browser.text("tab-comments-count") == "2"


def test_people_look_the_same_everywhere(product, browser, ada):
    """The same initials on the same colour in the bar, beside a comment and among those with access; a picture that was given, too."""
    key = ada.files.upload(document("Harbour"))["key"]
    product.add_person("grace@acme.org", "Grace Hopper")
    ada.files.share(key, "grace@acme.org", "viewer")
    grace = Files(product.sign_in("grace@acme.org"))
    for files in (ada.files, grace):
        files.ok("POST", f"/files/{key}/comments", {"message": "Seen"}, status=201)
    looks = """return [...document.querySelectorAll(arguments[0])].map((e) => [e.textContent, getComputedStyle(e).backgroundColor])"""
    opened(browser, key)
    browser.wait(lambda: len(browser.all(".comment .avatar")) == 2, "the comments")
    own, = browser.js(looks, "#account-button .avatar")
    of_grace, of_ada = browser.js(looks, ".comment .avatar")
    assert own == of_ada and own[0] == "AL" and of_grace[0] == "GH" and of_grace[1] != own[1]
    browser.click("file-share")
    browser.wait(lambda: len(browser.all(".share .avatar")) == 2, "those with access")
    assert browser.js(looks, ".share .avatar") == [of_ada, of_grace]
    assert ada.call("PUT", "/api/v1/me/picture", png(8, 8), headers={"Content-Type": "image/png"}).status == 200
    opened(browser, key)
    browser.wait(lambda: len(browser.all(".comment .avatar img")) == 1 and len(browser.all("#account-button .avatar img")) == 1, "her picture, twice")

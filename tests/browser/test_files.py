# SPDX-License-Identifier: Apache-2.0
"""The file browser in a real browser: a file's way through it by mouse and without one, and what can go wrong."""
import json
import time

import pytest
from selenium.webdriver.common.keys import Keys

from design import Files, document, large

from .files import by_menu, choose, click, entries, give, listed, names, written


@pytest.fixture
def ada(product, browser):
    person = product.set_up(name="Ada Lovelace")
    person.files = Files(person)
    browser.become(person, "/")
    browser.see(".files-grid")
    return person


def test_a_files_way_by_mouse(product, browser, ada, tmp_path):
    # Somebody new finds the sample, with a picture drawn from it.
    listed(browser, "Harbor")
    browser.says("files-note", "You have opened nothing yet.")
    browser.wait(lambda: browser.js("return document.querySelector('.file-picture img').naturalWidth") > 100, "the sample's picture")

    # A new file goes to the top; the name in the dialog wins over the document's.
    browser.click("files-upload")
    give(browser, written(tmp_path, "shop.json", document("Shop")))
    browser.says("upload-drop", "shop.json")
    browser.click("upload-submit")
    browser.toast("“Shop” is uploaded.")
    browser.gone("upload-dialog")
    listed(browser, "Shop", "Harbor")
    browser.click("files-upload")
    give(browser, written(tmp_path, "other.json", document("Other")))
    browser.fill("upload-name", "Checkout")
    browser.click("upload-submit")
    listed(browser, "Checkout", "Shop", "Harbor")

    time.sleep(1.1)  # what was touched last stands first, to the second
    choose(browser, "Shop", "rename")
    browser.fill("ask-name", "  ")
    browser.click("ask-accept")
    browser.says("ask-name-error", "Enter a name.")
    browser.fill("ask-name", "Shop, spring")
    browser.click("ask-accept")
    browser.toast("The file is called “Shop, spring” now.")
    listed(browser, "Checkout", "Shop, spring", "Harbor")

    # A project of its own, and a file moved to it.
    browser.click("project-new")
    browser.fill("ask-name", "Spring")
    browser.click("ask-accept")
    browser.says("files-title", "Spring")
    browser.says("files-empty", "Nothing in this project yet")
    project = browser.path
    browser.click('#side-views a[href="/?view=all"]')
    listed(browser, "Shop, spring", "Checkout", "Harbor")
    choose(browser, "Shop, spring", "move")
    browser.see("ask-project")
    browser.js("const s = document.getElementById('ask-project'); s.value = [...s.options].find((o) => o.text === 'Spring').value")
    browser.click("ask-accept")
    browser.toast("“Shop, spring” is in Spring now.")
    browser.click(f'#side-projects a[href="{project}"]')
    listed(browser, "Shop, spring")
    assert browser.text(f'#side-projects a[href="{project}"] .side-count [aria-hidden]') == "1"

    # To the trash and back, and then for good.
    choose(browser, "Shop, spring", "trash")
    browser.toast("“Shop, spring” is in the trash.")
    browser.see("files-empty")
    browser.click('#side-views a[href="/?view=trash"]')
    listed(browser, "Shop, spring")
    choose(browser, "Shop, spring", "restore")
    browser.see("files-empty")
    browser.click(f'#side-projects a[href="{project}"]')
    listed(browser, "Shop, spring")
    choose(browser, "Shop, spring", "trash")
    browser.see("files-empty")
    browser.click('#side-views a[href="/?view=trash"]')
    listed(browser, "Shop, spring")
    choose(browser, "Shop, spring", "purge")
    browser.says("confirm-dialog", "This can’t be undone.")
    browser.click("confirm-cancel")
    listed(browser, "Shop, spring")
    choose(browser, "Shop, spring", "purge")
    browser.click("confirm-accept")
    browser.toast("“Shop, spring” is deleted.")
    browser.says("files-empty", "The trash is empty")
    assert sorted(f["name"] for f in ada.files.list()) == ["Checkout", "Harbor"] and ada.files.list(view="trash") == []

    # The project is renamed, and deleted now that it is empty.
    browser.click(f'#side-projects a[href="{project}"]')
    browser.click("[data-testid=project-menu]")
    browser.click(".menu:not([hidden]) [data-testid=rename]")
    browser.fill("ask-name", "Summer")
    browser.click("ask-accept")
    browser.says("files-title", "Summer")
    browser.click("[data-testid=project-menu]")
    browser.click(".menu:not([hidden]) [data-testid=remove]")
    browser.click("confirm-accept")
    browser.toast("Project “Summer” deleted.")
    browser.says("files-title", "All files")


def test_a_files_way_by_keyboard(product, browser, ada, tmp_path):
    browser.tab_to("project-new")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "ask-name", "the focus in the name")
    browser.keys("Spring", Keys.ENTER)
    browser.says("files-title", "Spring")
    browser.wait(lambda: browser.focus == "files-title", "the focus on the title")

    browser.tab_to("files-upload")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "upload-file", "the focus on the file field")
    give(browser, written(tmp_path, "shop.json", document("Shop")))  # a file chooser is the system's, and has its own keys
    browser.tab_to("upload-name")
    browser.keys("By keys", Keys.ENTER)
    listed(browser, "By keys")
    browser.wait(lambda: browser.focus == "file-open", "the focus on the new file")

    # Its menu: by arrows, by a letter, and away by Escape.
    browser.keys(Keys.TAB)
    assert browser.focus == "file-menu"
    browser.keys(Keys.ARROW_DOWN)
    assert browser.focus == "open"
    browser.keys(Keys.END)
    assert browser.focus == "trash"
    browser.keys("r")
    assert browser.focus == "rename"
    browser.keys(Keys.ARROW_UP, Keys.ARROW_UP, Keys.ARROW_UP)
    assert browser.focus == "trash"
    browser.keys(Keys.ESCAPE)
    assert browser.focus == "file-menu" and entries(browser) == []

    by_menu(browser, "rename")
    browser.wait(lambda: browser.focus == "ask-name", "the focus in the name")
    browser.keys("Renamed by keys", Keys.ENTER)
    listed(browser, "Renamed by keys")
    browser.wait(lambda: browser.focus == "file-menu", "the focus back on the menu")
    by_menu(browser, "move")
    browser.wait(lambda: browser.focus == "ask-project", "the focus on the projects")
    browser.keys("D", Keys.TAB, Keys.TAB, Keys.ENTER)
    browser.toast("“Renamed by keys” is in Drafts now.")
    browser.see("files-empty")

    # Through the side to all files; the slash leads to the search, Escape out of it.
    browser.js("document.activeElement.blur()")
    browser.keys("/")
    browser.wait(lambda: browser.focus == "files-search", "the focus in the search")
    browser.keys("keys")
    browser.says("files-empty", "No file is called that")
    browser.keys(Keys.ESCAPE)
    browser.says("files-empty", "Nothing in this project yet")
    while browser.js("return document.activeElement.textContent") != "All files":
        browser.chord(Keys.SHIFT, Keys.TAB)
    browser.keys(Keys.ENTER)
    listed(browser, "Renamed by keys", "Harbor")

    browser.tab_to("file-open")
    browser.keys(Keys.TAB)
    by_menu(browser, "trash")
    listed(browser, "Harbor")
    browser.wait(lambda: browser.focus == "file-menu", "the focus on the file that took its place")
    while browser.js("return document.activeElement.textContent") != "Trash":
        browser.chord(Keys.SHIFT, Keys.TAB)
    browser.keys(Keys.ENTER)
    listed(browser, "Renamed by keys")
    browser.tab_to("file-menu")
    by_menu(browser, "purge")
    browser.wait(lambda: browser.focus == "confirm-cancel", "the question, with the safe answer")
    browser.keys(Keys.ENTER)
    listed(browser, "Renamed by keys")
    browser.wait(lambda: browser.focus == "file-menu", "the focus back on the menu")
    by_menu(browser, "restore")
    browser.says("files-empty", "The trash is empty")
    assert browser.focus == "files-title"
    assert sorted(f["name"] for f in ada.files.list()) == ["Harbor", "Renamed by keys"]


@pytest.mark.long
def test_what_is_looked_at_stands_in_the_address(product, browser, ada):
    for name in ("Beta", "alpha", "Gamma"):
        ada.files.upload(document(name, frames=1 if name == "alpha" else 9))
    browser.go("/?view=all&sort=name")
    listed(browser, "alpha", "Beta", "Gamma", "Harbor")
    browser.js("const s = document.getElementById('files-sort'); s.value = '-size'; s.dispatchEvent(new Event('change', { bubbles: true }))")
    listed(browser, "Harbor", *names(browser)[1:])
    assert browser.path == "/?view=all&sort=-size"
    browser.js("const s = document.getElementById('files-sort'); s.value = '-name'; s.dispatchEvent(new Event('change', { bubbles: true }))")
    listed(browser, "Harbor", "Gamma", "Beta", "alpha")

    browser.fill("files-search", "ALPH")
    listed(browser, "alpha")
    assert browser.path == "/?view=all&search=ALPH&sort=-name"
    browser.driver.refresh()
    listed(browser, "alpha")
    assert browser.value("files-search") == "ALPH" and browser.text("files-title") == "Search: “ALPH”"
    browser.driver.back()
    listed(browser, "Harbor", "Gamma", "Beta", "alpha")
    browser.driver.forward()
    listed(browser, "alpha")

    # What one opened is what one finds first the next time.
    click(browser, "alpha", "a.file-open")
    browser.says("file-name", "alpha")
    browser.click("file-back")
    listed(browser, "alpha")
    assert browser.path == "/" and browser.text(".file-facts").startswith("Opened")
    assert not browser.sees("files-sort")
    # A search from here is through everything.
    browser.fill("files-search", "bet")
    listed(browser, "Beta")

    browser.go("/?project=99999")
    browser.says("files-empty", "This project is gone")
    browser.click("#files-empty a")
    browser.says("files-title", "All files")


@pytest.mark.long
def test_many_files_come_in_pages(product, browser, ada):
    for n in range(52):
        ada.files.upload(document(f"File {n:02}", frames=0))
    browser.go("/?view=all&sort=name")
    browser.wait(lambda: len(names(browser)) == 50, "the first fifty")
    browser.click("files-more")
    browser.wait(lambda: len(names(browser)) == 53, "all of them")
    assert browser.js("return document.activeElement.textContent") == "File 50" and not browser.sees("files-more")


def test_an_upload_that_is_refused_says_what_is_wrong(product, browser, ada, tmp_path):
    browser.click("files-upload")
    browser.click("upload-submit")
    browser.says("upload-file-error", "Choose a file.")
    assert browser.focus == "upload-file"
    browser.fill("upload-name", "Kept name")
    give(browser, written(tmp_path, "list.json", "[1, 2]"))
    browser.click("upload-submit")
    browser.says("upload-error", "This is not a design document. Line 1, column 1: the file is no JSON object. Upload what Figma’s API answers")
    give(browser, written(tmp_path, "broken.json", '{"name": "x",\n "document": {"id": "0:0", "name": "D", "type": "DOCUMENT",,}}'))
    assert not browser.sees("upload-error")
    browser.click("upload-submit")
    browser.says("upload-error", "Line 2, column ")
    give(browser, written(tmp_path, "other.json", '{"some": "JSON"}'))
    browser.click("upload-submit")
    browser.says("upload-error", "This is not a design document. There is no \"document\" in the file. Upload what Figma’s API answers to GET https://api.figma.com/v1/files/KEY")

    big = tmp_path / "big.json"
    with open(big, "wb") as out:
        out.write(b"{")
        out.truncate((64 << 20) + 1)
    give(browser, big)
    browser.says("upload-file-error", "This file has 64 MiB. At most 64 MiB can be uploaded.")
    browser.forget()
    browser.click("upload-submit")
    browser.says("upload-file-error", "At most 64 MiB")
    assert [r for r in browser.requests() if r[0] == "POST"] == []

    # Nothing that was entered is lost, and the right file goes through.
    assert browser.value("upload-name") == "Kept name"
    give(browser, written(tmp_path, "right.json", document("Right")))
    browser.click("upload-submit")
    listed(browser, "Kept name", "Harbor")


PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(20)
OTHERS = [  # name, content, what is said of it
    ("app.fig", b"fig-kiwi" + bytes(40), "This is a file that only Figma can read."),
    ("board.jam", b"PK\x03\x04" + bytes(40), "This is a file that only Figma can read."),
    ("empty.json", b"", "This file is empty."),
    ("cover.png", PICTURE, "This is a picture, not a design."),
    ("cover.json", PICTURE, "This is a picture, not a design."),
    ("cover.svg", b'<?xml version="1.0"?><svg/>', "This is a picture, not a design."),
    ("notes.txt", b"Dear diary,\nthis is not JSON.", "This file is not JSON."),
]


def test_what_is_no_document_is_told_so_before_it_is_sent(product, browser, ada, tmp_path):
    """Each by a sentence of its own, and what is wanted instead; also when it was dropped and not chosen."""
    browser.click("files-upload")
    browser.see("upload-drop")
    browser.forget()
    for name, content, words in OTHERS:
        give(browser, written(tmp_path, name, content))
        browser.says("upload-file-error", words + " Upload what Figma’s API answers to GET https://api.figma.com/v1/files/KEY")
        browser.click("upload-submit")
        browser.wait(lambda: browser.focus == "upload-file", "the field to have the focus")
        assert browser.text("upload-file-error").startswith(words) and browser.text("upload-file-error").endswith("address.")
    assert [r for r in browser.requests() if r[0] == "POST"] == []
    give(browser, written(tmp_path, "right.fig", document("By another name")))  # a name alone decides nothing
    browser.click("upload-submit")
    browser.toast("“By another name” is uploaded.")


@pytest.mark.long
def test_a_document_that_is_wrong_at_its_end(product, browser, ada, tmp_path):
    """It is refused after megabytes were sent, and the reason arrives nevertheless."""
    browser.click("files-upload")
    give(browser, written(tmp_path, "long.json", large(12)[:-2] + b"]"))
    browser.click("upload-submit")
    browser.says("upload-error", "This is not a design document.")
    # Also when it is wrong at the start and most of it is still under way.
    give(browser, written(tmp_path, "early.json", b"{]" + large(12)))
    browser.click("upload-submit")
    browser.says("upload-error", "Line 1, column 2")


@pytest.mark.long
def test_an_upload_shows_how_far_it_is_and_can_be_stopped(product, browser, ada, tmp_path):
    path = written(tmp_path, "large.json", large(8))
    browser.click("files-upload")
    give(browser, path)
    browser.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=2 << 20)
    browser.click("upload-submit")
    browser.wait(lambda: 0.1 < browser.js("return document.getElementById('upload-bar').value") < 1, "some of it to be sent")
    assert not browser.see("upload-submit").is_enabled()
    browser.click("upload-cancel")
    browser.says("upload-error", "Cancelled. Nothing was stored.")
    assert not browser.sees("upload-bar")
    # It is not lost: the same again, without haste.
    browser.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    browser.allow("ERR_INTERNET_DISCONNECTED")
    browser.click("upload-submit")
    browser.says("upload-error", "The server could not be reached.")
    browser.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    browser.click("upload-submit")
    browser.toast("“Harbour” is uploaded.")
    assert [f["name"] for f in ada.files.list()] == ["Harbour", "Harbor"]


@pytest.mark.long
def test_a_file_that_is_dropped(product, browser, ada):
    drop = """const data = new DataTransfer(); data.items.add(new File([arguments[0]], 'dropped.json', { type: 'application/json' }));
      for (const type of arguments[1]) document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }))"""
    text = json.dumps(document("Dropped"))
    browser.js(drop, text, ["dragenter"])
    assert browser.text(".drop-cover") == "Drop a JSON file to upload it"
    browser.js(drop, text, ["dragleave"])
    assert not browser.sees(".drop-cover")
    browser.js(drop, text, ["dragenter", "dragover", "drop"])
    browser.says("upload-drop", "dropped.json")
    assert not browser.sees(".drop-cover")
    browser.click("upload-submit")
    listed(browser, "Dropped", "Harbor")


@pytest.mark.long
def test_when_the_files_cannot_be_had(product, browser, ada):
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/files*"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.go("/")
    browser.says("files-list", "The server could not be reached.")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.click("#files-list button")
    listed(browser, "Harbor")
    # What could not be done is said, and the list stays as it is.
    product.kill()
    choose(browser, "Harbor", "trash")
    browser.toast("patd is not answering.")
    listed(browser, "Harbor")
    browser.allow("status of 503")


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"files": "no"}])
def test_without_the_files_product(product, browser, product_settings):
    browser.become(product.set_up(), "/")
    assert browser.text("empty-title") == "No files here yet"
    browser.go("/files/abcdefghijklmnopqrstuv")
    browser.says("main h1", "There is no page here")

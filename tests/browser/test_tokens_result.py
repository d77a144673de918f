# SPDX-License-Identifier: Apache-2.0
"""The token, shown this once: copying it with a clipboard and without one, trying it, leaving it."""
import subprocess

import pytest
from selenium.webdriver.common.keys import Keys

WITHOUT_CLIPBOARD = "Object.defineProperty(Navigator.prototype, 'clipboard', { get: () => undefined })"
REFUSING_CLIPBOARD = "Clipboard.prototype.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'))"


def clipboard(browser):
    browser.cdp("Browser.grantPermissions", origin=browser.base, permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    return browser.js_async("return navigator.clipboard.readText()")


def test_it_is_shown_to_be_copied(person, browser):
    browser.security()
    token = browser.generate("CI export")
    browser.wait(lambda: browser.focus == "token-copy", "the focus on Copy")
    assert browser.js("return document.querySelector('dialog[open]').getAttribute('aria-labelledby')") == "token-result-title"
    assert browser.text("token-result-title") == "Token generated" and browser.text("token-result-name") == "CI export"
    browser.says("token-result", "Copy it now. You won’t be able to see it again.")
    assert browser.text("token-copy") == "Copy"
    field = browser.js("""const e = document.getElementById('token-secret'), s = getComputedStyle(e);
      return { readonly: e.readOnly, mono: s.fontFamily.includes('mono'), complete: e.autocomplete, spell: e.spellcheck,
        managers: ['1pIgnore', 'lpignore', 'bwignore'].every((k) => k in e.dataset),
        clipped: e.scrollHeight > e.clientHeight || e.scrollWidth > e.clientWidth, label: e.getAttribute('aria-label') }""")
    assert field["readonly"] and field["mono"] and field["managers"] and not field["clipped"] and field["label"] == "Your new token"
    assert (field["complete"], field["spell"]) == ("off", False)
    browser.click("token-copy")
    browser.says("token-copy", "Copied")
    browser.says("token-status", "Token copied to the clipboard.")
    assert browser.js("return document.getElementById('token-status').getAttribute('aria-live')") == "polite"
    assert clipboard(browser) == token
    assert not browser.js("return document.getElementById('token-storing').open")
    browser.click("#token-storing summary")
    browser.says("token-storing", "In a password manager")
    browser.done()
    # The next one begins anew.
    other = browser.generate("Another")
    assert other != token and browser.text("token-copy") == "Copy" and not browser.sees("token-status")
    assert not browser.js("return document.getElementById('token-storing').open")


@pytest.mark.long
@pytest.mark.parametrize("without", [WITHOUT_CLIPBOARD, REFUSING_CLIPBOARD], ids=["plain http", "refused"])
def test_without_a_clipboard_it_is_selected(person, browser, without):
    """On plain http in a local network there is no navigator.clipboard; and a browser may refuse."""
    script = browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=without)["identifier"]
    browser.security()
    token = browser.generate("CI export")
    browser.wait(lambda: browser.focus == "token-copy", "the focus on Copy")
    browser.keys(Keys.ENTER)
    browser.says("token-status", "The token is selected. Press Ctrl+C to copy it.")
    assert browser.focus == "token-secret"
    assert browser.js("const e = document.activeElement; return e.value.slice(e.selectionStart, e.selectionEnd)") == token
    assert browser.text("token-copy") == "Copy", "it has not been copied yet"
    browser.chord(Keys.CONTROL, "c")
    browser.says("token-copy", "Copied")
    browser.says("token-status", "Token copied to the clipboard.")
    assert browser.sees("token-copy-command") == (without == REFUSING_CLIPBOARD)
    browser.cdp("Page.removeScriptToEvaluateOnNewDocument", identifier=script)
    browser.security()
    assert clipboard(browser) == token


@pytest.mark.long
def test_leaving_is_done_or_asked_about(person, browser):
    browser.security()
    token = browser.generate("CI export")
    browser.keys(Keys.ESCAPE)
    browser.says("confirm-dialog", "Close without the token?")
    assert browser.focus == "confirm-cancel" and browser.text("confirm-cancel") == "Back to the token"
    browser.keys(Keys.ENTER)
    browser.gone("confirm-dialog")
    assert browser.value("token-secret") == token
    browser.keys(Keys.ESCAPE, Keys.ESCAPE, Keys.ESCAPE)  # however often
    browser.see("confirm-dialog")
    browser.keys(Keys.ESCAPE)
    browser.gone("confirm-dialog")
    assert browser.value("token-secret") == token
    browser.keys(Keys.ESCAPE)
    browser.click("confirm-accept")
    browser.gone("token-dialog")
    assert browser.js("return document.getElementById('token-secret').value") == ""
    assert "CI export" in browser.names()
    browser.generate("Another")
    browser.done()
    assert browser.js("return document.getElementById('token-secret').value") == "" and browser.focus == "token-generate"


def proposed(browser, path):
    """Waits until the command that is shown is this request."""
    command = f'curl -H "Authorization: Bearer pat_…" "{browser.base}{path}"'
    browser.wait(lambda: browser.text("token-command") == command, f"{command}, not {browser.text('token-command')}")


def copied(browser, token):
    """What the command answers as it is copied: (status, what it wrote)."""
    shown = browser.text("token-command")
    assert token not in shown
    browser.click("token-copy-command")
    browser.says("token-status", "Command copied, with the token in it.")
    command = clipboard(browser)
    assert token in command and command.replace(token, "pat_…") == shown
    done = subprocess.run(["sh", "-c", command + " -s -w '\\n%{http_code}'"], capture_output=True, text=True, timeout=20)
    wrote, _, status = done.stdout.rpartition("\n")
    return int(status), wrote


def test_the_command_is_one_the_token_may_do(person, browser):
    """Whatever its scopes: what is proposed is not answered by a refusal, and neither is "Test it"."""
    browser.go("/")  # where somebody new gets a file
    browser.see(".file")
    key = browser.js("return document.querySelector('.file').dataset.fileKey")
    table = [
        (["file_content:read", "current_user:read"], "/v1/me", '"handle":"Grace Hopper"', "the server knows you as Grace Hopper"),
        (["file_content:read", "file_comments:read"], f"/v1/files/{key}?depth=1", '"name":"Harbor"', "the server accepts the token"),
        (["file_metadata:read"], f"/v1/files/{key}/meta", '"name":"Harbor"', "the server accepts the token"),
        (["file_versions:read"], f"/v1/files/{key}/versions", '"versions":', "the server accepts the token"),
        (["file_comments:read"], f"/v1/files/{key}/comments", '"comments":', "the server accepts the token"),
        (["webhooks:write"], "/api/v1/self", '"scopes":["webhooks:write"]', "the server accepts the token"),
    ]
    browser.security()
    for scopes, path, words, said in table:
        token = browser.generate(" ".join(scopes), *scopes)
        proposed(browser, path)
        status, wrote = copied(browser, token)
        assert status == 200 and words in wrote, (path, status, wrote[:500])
        browser.click("token-test")
        browser.says("token-status", f"It works: {said}.")
        browser.done()


def test_without_any_file_the_token_is_asked_about(person, browser):
    browser.security()
    token = browser.generate("No file", "file_content:read")
    browser.settle()
    proposed(browser, "/api/v1/self")
    assert copied(browser, token)[0] == 200
    assert browser.text("token-command-note") == "It asks what the token is, which every token may: its scopes, its limits, when it ends."


@pytest.mark.parametrize("product_settings", [{"files": "no"}])
def test_without_the_files_product_the_token_is_asked_about(product, browser, product_settings):
    browser.become(product.set_up())
    browser.security()
    token = browser.generate("CI", "file_content:read")
    browser.wait(lambda: any("/api/v1/files" in url for _, url in browser.requests()), "the question for files")
    browser.settle()
    proposed(browser, "/api/v1/self")
    assert copied(browser, token)[0] == 200


@pytest.mark.long
def test_it_is_tried_out(person, browser):
    browser.security()
    browser.generate("May read")
    browser.click("token-test")
    browser.says("token-status", "It works: the server knows you as Grace Hopper.")
    asked = [r["request"] for r in browser.events("Network.requestWillBeSent") if r["request"]["url"].endswith("/v1/me") and r["request"]["method"] == "GET"]
    assert len(asked) == 1
    # As a script would: the token in a header, no cookie, nothing in the address.
    extra = [e["associatedCookies"] for e in browser.events("Network.requestWillBeSentExtraInfo") if e["headers"].get(":path", e["headers"].get("Referer", "")) == "/v1/me"]
    assert extra in ([], [[]])
    browser.done()

    browser.generate("May not", "projects:read")
    browser.click("token-test")
    browser.says("token-status", "It works: the server accepts the token.")
    revoked = next(t for t in person.call("GET", "/api/v1/tokens").json["tokens"] if t["name"] == "May not")
    person.revoke(revoked["id"])
    browser.click("token-test")
    browser.says("token-status", "The server answered 401.")
    assert "bad" in browser.see("token-status").get_attribute("class")


@pytest.mark.long
@pytest.mark.parametrize("product_settings", [{"api_docs_url": "https://docs.example/api"}])
def test_the_documentation_is_linked(product, browser, product_settings):
    browser.become(product.set_up())
    browser.security()
    links = ["main [data-docs]"]
    browser.generate("CI")
    links.append("dialog[open] [data-docs]")
    for link in links:
        e = browser.see(link)
        assert (e.get_attribute("href"), e.get_attribute("rel"), e.text) == ("https://docs.example/api", "noreferrer", "API documentation")


@pytest.mark.long
def test_no_documentation_no_link(person, browser):
    browser.security()
    browser.generate("CI")
    assert not [e for e in browser.all("[data-docs]") if e.is_displayed()]

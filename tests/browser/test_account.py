# SPDX-License-Identifier: Apache-2.0
"""The account settings: picture, name and email, by mouse and by keyboard alone."""
import pathlib

import pytest
from selenium.webdriver.common.keys import Keys

from tools import png

from .pages import PASSWORD

PERSON = "return (await (await fetch('/api/v1/session')).json()).person"


@pytest.fixture
def ada(product, browser):
    """Ada, in her account settings."""
    person = product.set_up(name="Ada Lovelace")
    browser.become(person, "/settings/account")
    browser.says("account-role", "Administrator")
    return person


@pytest.fixture
def file(tmp_path):
    """file("a.png", bytes): its path."""
    def make(name, content):
        path = pathlib.Path(tmp_path) / name
        path.write_bytes(content)
        return str(path)
    return make


def person(browser):
    return browser.js_async(PERSON)


def choose(browser, path):
    """As somebody does in the dialog of the system, which a test cannot see."""
    browser.all("#picture-file")[0].send_keys(path)


# ---- the picture

def test_a_picture_is_chosen_seen_saved_and_removed(product, browser, ada, file):
    """Shown before it is sent; square and small when it is; everywhere at once; and the initials again without it."""
    assert browser.text("picture-now") == "AL" and browser.text("#account-button .avatar") == "AL"
    assert not browser.sees("picture-remove")
    choose(browser, file("wide.png", png(640, 320, (b"tEXt", b"Comment\0taken at home"))))
    browser.see("picture-preview")
    assert browser.focus == "picture-save" and not browser.sees("picture-now") and not browser.sees("picture-choose")
    assert person(browser)["picture_url"] is None
    browser.click("picture-save")
    browser.toast("Picture saved.")
    path = person(browser)["picture_url"]
    assert browser.all("#account-button .avatar img")[0].get_attribute("src") == product.base + path
    shown = browser.see("#picture-now img")
    browser.wait(lambda: browser.js("return arguments[0].naturalWidth", shown) == 256, "the picture to load")
    assert browser.js("return arguments[0].naturalHeight", shown) == 256
    assert b"taken at home" not in product.get(path).body
    assert browser.text("picture-choose") == "Change picture" and browser.focus == "picture-choose"
    token = ada.generate("hers")["token"]
    assert product.get("/v1/me", token=token).json["img_url"] == product.base + path

    browser.click("picture-remove")
    browser.toast("Picture removed.")
    assert person(browser)["picture_url"] is None
    assert browser.text("picture-now") == "AL" and browser.text("#account-button .avatar") == "AL"
    assert browser.text("picture-choose") == "Upload picture" and browser.focus == "picture-choose"


@pytest.mark.long
def test_a_picture_that_was_chosen_is_not_sent_before_it_is_saved(browser, ada, file):
    choose(browser, file("a.png", png(10, 10)))
    browser.click("picture-cancel")
    assert browser.text("picture-now") == "AL" and browser.focus == "picture-choose"
    assert not browser.sees("picture-preview") and person(browser)["picture_url"] is None
    assert not [url for method, url in browser.requests() if method == "PUT"]


@pytest.mark.long
@pytest.mark.parametrize("name, content", [("a.txt", b"no picture"), ("a.png", b"no picture either"), ("cut.png", png(64, 64)[:60]),
                                           ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"), ("empty.png", b"")])
def test_what_is_no_picture_is_told(browser, ada, file, name, content):
    choose(browser, file(name, content))
    browser.says("picture-error", "This file is no picture that your browser can read. Choose a PNG, JPEG or WebP file.")
    assert not browser.sees("picture-preview")
    choose(browser, file("a.png", png(10, 10)))
    browser.see("picture-preview")
    assert not browser.sees("picture-error")


@pytest.mark.long
def test_a_large_photograph_is_made_small_enough(browser, ada, tmp_path):
    """Noise, the worst there is: no PNG of it fits, so it is sent as another kind."""
    browser.js_async("""
      const canvas = new OffscreenCanvas(1200, 900), context = canvas.getContext('2d'), image = context.createImageData(1200, 900);
      for (let at = 0; at < image.data.length; at += 65536) crypto.getRandomValues(image.data.subarray(at, at + 65536));
      for (let at = 3; at < image.data.length; at += 4) image.data[at] = 255;
      context.putImageData(image, 0, 0);
      const files = new DataTransfer();
      files.items.add(new File([await canvas.convertToBlob()], 'noise.png', { type: 'image/png' }));
      const input = document.getElementById('picture-file');
      input.files = files.files;
      input.dispatchEvent(new Event('change'));""")
    browser.see("picture-preview")
    browser.click("picture-save")
    browser.toast("Picture saved.")
    assert person(browser)["picture_url"].endswith((".webp", ".jpg"))


@pytest.mark.long
def test_a_picture_that_is_gone_leaves_the_initials(product, browser, ada, file):
    """Removed elsewhere, while this page stands open."""
    assert ada.call("PUT", "/api/v1/me/picture", png(8, 8), {"Content-Type": "image/png"}).status == 200
    browser.cdp("Network.setBlockedURLs", urls=["*/avatars/*"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.go("/settings/account")
    browser.wait(lambda: browser.text("#account-button .avatar") == "AL", "the initials")
    browser.cdp("Network.setBlockedURLs", urls=[])


@pytest.mark.long
def test_a_refused_picture_is_told_at_the_picture(product, browser, ada, file):
    for i in range(100):
        ada.call("PATCH", "/api/v1/me", {"name": f"Ada {i}"})
    choose(browser, file("a.png", png(10, 10)))
    browser.click("picture-save")
    browser.says("picture-error", "Too many attempts. Try again in ")
    assert browser.sees("picture-preview")


# ---- the name

@pytest.mark.long
def test_a_name_is_changed_by_mouse(browser, ada):
    """Everywhere on the page at once; what is refused is told at the field."""
    save = browser.see("name-save")
    assert browser.value("name") == "Ada Lovelace" and not save.is_enabled()
    browser.fill("name", "Augusta Ada King")
    assert save.is_enabled()
    save.click()
    browser.toast("Name saved.")
    assert person(browser)["name"] == "Augusta Ada King"
    assert (browser.text("account-button"), browser.text("[data-testid=account-name]")) == ("AK\nAugusta Ada King", "Augusta Ada King")
    assert not save.is_enabled() and browser.focus == "name"
    for wrong, words in (("x" * 101, "The name is too long."), (" ", "Enter your name.")):
        browser.fill("name", wrong)
        save.click()
        browser.says("name-error", words)
        assert browser.see("name").get_attribute("aria-invalid") == "true" and browser.focus == "name"
    browser.fill("name", "Ada")
    assert not browser.sees("name-error")
    assert person(browser)["name"] == "Augusta Ada King"


# ---- the email

@pytest.mark.long
def test_an_email_is_changed_by_mouse(product, browser, ada):
    """With the password; wrong ones are told at their fields; then one signs in with the new address."""
    product.add_person("grace@acme.org")
    assert not browser.sees("email-form")
    browser.click("email-change")
    assert browser.focus == "email"
    browser.click("email-submit")
    assert (browser.text("email-error"), browser.text("email-password-error")) == ("Enter the new email address.", "Enter your current password.")
    for email, password, where, words in (
            ("lovelace@acme.org", "wrong wrong wrong", "email-password", "This is not your current password."),
            ("nonsense", PASSWORD, "email", "This is not an email address."),
            ("grace@acme.org", PASSWORD, "email", "")):
        browser.fill("email", email)
        browser.fill("email-password", password)
        browser.click("email-submit")
        browser.wait(lambda: browser.text(f"{where}-error") and words in browser.text(f"{where}-error"), f"a message at {where}")
        assert browser.focus == where
    assert person(browser)["email"] == "ada@acme.org"
    browser.fill("email", "lovelace@acme.org")
    browser.fill("email-password", PASSWORD + Keys.ENTER)
    browser.toast("Email address changed.")
    assert person(browser)["email"] == "lovelace@acme.org"
    assert browser.text("[data-testid=account-email]") == "lovelace@acme.org" and not browser.sees("email-form")
    assert browser.focus == "email-change"
    browser.click("email-change")
    assert (browser.value("email"), browser.value("email-password")) == ("", "")
    browser.click("email-cancel")
    browser.sign_out()
    browser.sign_in("lovelace@acme.org")
    browser.at("/")


# ---- the keyboard alone

def test_the_account_by_keyboard_alone(product, browser, ada, file):
    """Over the start page: picture, name, email, and from here to the password."""
    browser.go("/")
    browser.says("account-button", "Ada")
    browser.keys(Keys.TAB, Keys.ENTER, Keys.ENTER)
    browser.says("account-role", "Administrator")
    browser.js("""const input = document.getElementById('picture-file');
      globalThis.asked = 0; input.addEventListener('click', (event) => { globalThis.asked += 1; event.preventDefault(); })""")
    browser.tab_to("picture-choose")
    browser.keys(Keys.ENTER)
    assert browser.js("return asked") == 1
    choose(browser, file("a.png", png(30, 20)))
    browser.wait(lambda: browser.focus == "picture-save", "the focus on Save")
    browser.keys(Keys.SPACE)
    browser.toast("Picture saved.")
    browser.wait(lambda: browser.focus == "picture-choose", "the focus to come back")
    browser.keys(Keys.TAB)
    assert browser.focus == "picture-remove"
    browser.tab_to("name")
    browser.chord(Keys.CONTROL, "a")
    browser.keys("Countess", Keys.ENTER)
    browser.toast("Name saved.")
    browser.tab_to("email-change")
    browser.keys(Keys.ENTER)
    browser.keys("countess@acme.org", Keys.TAB, PASSWORD, Keys.ENTER)
    browser.toast("Email address changed.")
    browser.wait(lambda: browser.focus == "email-change", "the focus to come back")
    now = person(browser)
    assert (now["name"], now["email"]) == ("Countess", "countess@acme.org") and now["picture_url"]
    browser.tab_to("account-password")
    browser.keys(Keys.ENTER)
    browser.wait(lambda: browser.focus == "password-current", "the focus in the current password")
    browser.keys(PASSWORD, Keys.TAB, Keys.TAB, "another horse battery wagon", Keys.ENTER)
    browser.toast("Password changed.")
    browser.keys(Keys.ESCAPE)
    browser.wait(lambda: browser.path == "/", "to be back")
    browser.says("account-button", "Countess")


# ---- sessions

@pytest.mark.long
def test_all_other_sessions_end_at_once(product, browser, ada):
    """After a question whose safe answer has the focus; the button is there only while there are others."""
    others = [product.sign_in() for _ in range(3)]
    browser.security()
    assert len(browser.all("[data-session-id]")) == 4
    browser.click("sessions-end-others")
    browser.see("confirm-dialog")
    assert browser.focus == "confirm-cancel"
    browser.keys(Keys.ENTER)
    browser.gone("confirm-dialog")
    assert [s.call("GET", "/api/v1/session").status for s in others] == [200] * 3
    browser.click("sessions-end-others")
    browser.click("confirm-accept")
    browser.toast("3 other sessions ended.")
    browser.wait(lambda: len(browser.all("[data-session-id]")) == 1, "one session")
    assert [s.call("GET", "/api/v1/session").status for s in others] == [401] * 3
    assert ada.call("GET", "/api/v1/session").status == 200
    assert not browser.sees("sessions-end-others")
    browser.wait(lambda: browser.focus == "sessions-title", "the focus at the sessions")

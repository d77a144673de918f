# SPDX-License-Identifier: Apache-2.0
"""The files pages as somebody uses them: what a test says instead of naming buttons."""
import json

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys


def names(browser):
    """Of the files that are listed, in their order."""
    return browser.js("return [...document.querySelectorAll('.files-grid > .file .file-name')].map((e) => e.textContent)")


def listed(browser, *wanted):
    """Waits until exactly these files are listed, in this order."""
    browser.wait(lambda: names(browser) == list(wanted), f"the files {wanted}, not {names(browser)}")


def card(browser, name):
    """The card of a file. It is another one when the list was drawn again."""
    return browser.wait(lambda: next(e for e in browser.all(".files-grid > .file") if e.find_element(By.CSS_SELECTOR, ".file-name").text == name), name)


def click(browser, name, part):
    def done():
        card(browser, name).find_element(By.CSS_SELECTOR, part).click()
        return True
    browser.wait(done, f"{part} of {name} to be clicked")


def entries(browser):
    """What the open menu offers."""
    return [item.text for item in browser.all(".menu:not([hidden]) [role=menuitem]")]


def choose(browser, name, entry):
    """From the menu of a file's card."""
    click(browser, name, "[data-testid=file-menu]")
    browser.click(f".menu:not([hidden]) [data-testid={entry}]")


def give(browser, path, field="upload-file"):
    """Chooses a file in a file field, which is there for keyboards and readers but not for eyes."""
    browser.wait(lambda: browser.all(field), field)
    browser.all(field)[0].send_keys(str(path))


def written(folder, name, content):
    """A file on disk with a document, a text or bytes."""
    path = folder / name
    if isinstance(content, dict):
        content = json.dumps(content)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def layers(browser):
    """The tree as it is shown: one text an item, with its depth in front."""
    return browser.js("""return [...document.querySelectorAll('#layers [role="treeitem"]')].filter((e) => e.checkVisibility())
      .map((e) => `${e.ariaLevel} ${e.dataset.name}`)""")


def chosen(browser):
    return browser.js("return document.querySelector('#layers [aria-selected=\"true\"]')?.dataset.name")


def drawn(browser, name):
    """Waits until the picture is that of the node of this name, and not empty."""
    browser.wait(lambda: browser.js("""const image = document.querySelector('.stage-picture');
      return image && image.complete && image.naturalWidth > 0 && image.alt === arguments[0]
        && document.getElementById('picture-name').textContent === arguments[1]""", f"Picture of {name}", name), f"the picture of {name}")


def by_menu(browser, entry):
    """Chooses an entry of the menu whose button has the focus, by keys alone."""
    browser.keys(Keys.ENTER)
    browser.wait(lambda: entries(browser), "the menu")
    for _ in entries(browser):
        if browser.js("return document.activeElement.dataset.testid") == entry:
            break
        browser.keys(Keys.ARROW_DOWN)
    browser.keys(Keys.ENTER)

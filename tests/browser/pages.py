# SPDX-License-Identifier: Apache-2.0
"""The pages as somebody uses them with a mouse: what a test says instead of naming buttons."""
import dataclasses

from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement

from .chrome import Chrome

PASSWORD = "correct horse battery wagon"


class Browser(Chrome):
    """A Chromium that knows patd's pages."""

    def use(self, product):
        self.base = product.base
        return self

    # ---- being somebody

    def become(self, person, path=None):
        """Takes on a session that was opened over HTTP."""
        name, value = person.cookie.split("=", 1)
        self.cdp("Network.setCookie", name=name, value=value, url=self.base, httpOnly=True, sameSite="Strict", path="/")
        if path:
            self.go(path)

    def sign_in(self, email="ada@acme.org", password=PASSWORD):
        self.fill("signin-email", email)
        self.fill("signin-password", password)
        self.click("signin-submit")

    def sign_out(self):
        self.click("account-button")
        self.click("account-signout")
        self.at("/signin")

    # ---- tokens

    def security(self):
        """The security settings, loaded."""
        self.go("/settings/security")
        return self.loaded()

    def loaded(self):
        self.wait(lambda: self.sees("tokens-table") or self.sees("tokens-empty") or self.sees("tokens-none"), "the list of tokens")
        self.see("[data-session-id]")
        return self

    def open_generate(self):
        self.click("token-generate")
        return self.see("token-form")

    def choose_scope(self, scope):
        self.click(f'[data-scope="{scope}"]')

    def generate(self, name, *scopes):
        """Generates a token by the dialog; the secret, with the dialog still showing it."""
        self.open_generate()
        self.fill("token-name", name)
        for scope in scopes or ("current_user:read",):
            self.choose_scope(scope)
        self.click("token-submit")
        return self.secret()

    def secret(self):
        self.see("token-result")
        return self.value("token-secret")

    def done(self):
        self.click("token-done")
        self.gone("token-dialog")

    def rows(self):
        """The list as a person reads it: name -> Row. One look, so that no row is drawn anew meanwhile."""
        return {row["name"]: Row(**row) for row in self.js(ROWS)}

    def names(self):
        """The names in the list, from the top."""
        return self.js("return [...document.querySelectorAll('#tokens-table tbody .token-name')].map((e) => e.textContent)")

    def lists(self, *names):
        """Waits until exactly these are listed, in this order."""
        self.wait(lambda: self.names() == list(names), f"the list to be {names}, not {self.names()}")

    def menu(self, name):
        """Opens the menu of that row; what can be chosen in it."""
        self.in_row(name, "[data-testid=token-actions]")
        return [e.text for e in self.all("[role=menu].menu [role=menuitem]")]

    def revoke(self, name):
        self.menu(name)
        self.click("[data-testid=token-revoke]")
        self.see("confirm-dialog")

    def rotate(self, name):
        self.menu(name)
        self.click("[data-testid=token-rotate]")
        return self.see("rotate-dialog")

    def details(self, name):
        self.menu(name)
        self.click("[data-testid=token-details]")
        return self.see("token-details")

    def select(self, *names):
        for name in names:
            self.in_row(name, "[data-testid=token-select]")

    def in_row(self, name, what):
        """Clicks on `what` in that row; again, when the row was drawn anew since it was found."""
        def click():
            self.rows()[name].tr.find_element(By.CSS_SELECTOR, what).click()
            return True
        self.wait(click, f"the row of {name}")

    def toast(self, words):
        self.says("toasts", words)


@dataclasses.dataclass
class Row:
    """A token in the list: what each column says, and its element."""
    tr: WebElement
    name: str
    note: str
    hint: str
    scopes: str
    created: str
    last_used: str
    expires: str
    state: str
    color: str


ROWS = """return [...document.querySelectorAll('#tokens-table tbody tr')].map((tr) => {
    const cell = (key) => tr.querySelector(`.col-${key}`);
    const says = (key) => cell(key).innerText.trim();
    return {
        tr,
        name: tr.querySelector('.token-name').innerText,
        note: [...tr.querySelectorAll('.token-note')].map((e) => e.innerText).join(''),
        hint: says('token'), scopes: says('scopes'), created: says('created'), last_used: says('lastUsed'), expires: says('expires'),
        state: tr.dataset.state, color: getComputedStyle(cell('name')).color };
})"""

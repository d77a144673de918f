# SPDX-License-Identifier: Apache-2.0
"""The pages as somebody uses them with a mouse: what a test says instead of naming buttons."""
from selenium.webdriver.common.by import By

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
        """The list as a person reads it: name -> Row."""
        return {row.name: row for row in (Row(self, tr) for tr in self.all("#tokens-table tbody tr"))}

    def names(self):
        """The names in the list, from the top."""
        return self.js("return [...document.querySelectorAll('#tokens-table tbody .token-name')].map((e) => e.textContent)")

    def lists(self, *names):
        """Waits until exactly these are listed, in this order."""
        self.wait(lambda: self.names() == list(names), f"the list to be {names}, not {self.names()}")

    def menu(self, name):
        """Opens the menu of that row; what can be chosen in it."""
        self.rows()[name].click_menu()
        return [e.text for e in self.all("[role=menu].menu [role=menuitem]")]

    def revoke(self, name):
        self.menu(name)
        self.click("[data-testid=token-revoke]")
        self.see("confirm-dialog")

    def details(self, name):
        self.menu(name)
        self.click("[data-testid=token-details]")
        return self.see("token-details")

    def select(self, *names):
        for name in names:
            self.rows()[name].tr.find_element(By.CSS_SELECTOR, "[data-testid=token-select]").click()

    def toast(self, words):
        self.says("toasts", words)


class Row:
    """A token in the list."""

    def __init__(self, browser, tr):
        self.browser, self.tr = browser, tr
        self.name = self._cell("name").find_element(By.CLASS_NAME, "token-name").text
        self.note = "".join(e.text for e in self._cell("name").find_elements(By.CLASS_NAME, "token-note"))
        self.hint = self._cell("token").text
        self.scopes = self._cell("scopes").text
        self.created = self._cell("created").text
        self.last_used = self._cell("lastUsed").text
        self.expires = self._cell("expires").text
        self.state = tr.get_attribute("data-state")

    def _cell(self, key):
        return self.tr.find_element(By.CLASS_NAME, f"col-{key}")

    def click_menu(self):
        self.tr.find_element(By.CSS_SELECTOR, "[data-testid=token-actions]").click()

    def css(self, property):
        return self._cell("name").value_of_css_property(property)

# SPDX-License-Identifier: Apache-2.0
"""A real Chromium, and what of it the tests use: clicks and keys, what it logs, what it requests.

One Chromium serves all tests; each gets a tab of its own without history, cookies or storage. Cached scripts, which are asked for
anew each time, halve what a page costs: who weighs a page empties the cache first.
Nothing here knows the pages (that is pages.py) or the product (that is ../system/product.py).
"""
import base64
import json
import pathlib
import pkgutil
import shutil
import tempfile
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, NoSuchElementException, StaleElementReferenceException, TimeoutException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,900", "--lang=en-GB",
         # What the address bar shows is a page of its own in a process of its own: nobody here types there.
         "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup"]
SECONDS = 15

# Every violation of the page's policy becomes a console error, whatever Chromium itself says of it.
WATCH = """addEventListener('securitypolicyviolation', (e) =>
  console.error('CSP VIOLATION', e.effectiveDirective, e.blockedURI, e.sourceFile));"""

# What a page that works may leave in the console: answers that are no 2xx, and that plain http clears no cache.
EXPECTED = ("Failed to load resource: the server responded with a status of 4", "Clear-Site-Data header on")


# Whether an element can be seen is Selenium's to say. Its script is 80 kB: sent and compiled once a document, not once a question.
DISPLAYED = pkgutil.get_data("selenium.webdriver.remote", "isDisplayed.js").decode()
IS_DISPLAYED = "window[Symbol.for('displayed')]"

# Where a mouse would click on an element: the middle of what of it can be seen, if nothing else is in front. Otherwise what is.
WHERE = """const e = arguments[0];
  if (e.tagName === 'OPTION' || window !== top) return null;
  if (!displayed(e)) return 'it cannot be seen';
  e.scrollIntoViewIfNeeded();
  const box = e.getClientRects()[0];
  const x = (Math.max(box.left, 0) + Math.min(box.right, innerWidth)) / 2, y = (Math.max(box.top, 0) + Math.min(box.bottom, innerHeight)) / 2;
  const there = document.elementFromPoint(x, y);
  return e.contains(there) ? [x, y] : `at ${x}, ${y} there is ${there?.outerHTML.slice(0, 200)}`;"""


def seeing(driver, script, *arguments):
    """Runs a script that may ask displayed(element)."""
    for install in ("", f"{IS_DISPLAYED} = {DISPLAYED};"):
        known, found = driver.execute_script(f"""{install} const displayed = {IS_DISPLAYED};
          return displayed ? [true, (function () {{ {script} }}).apply(null, arguments)] : [false, null];""", *arguments)
        if known:
            break
    return found


class Element(WebElement):
    """Asked and clicked at a tenth of what it costs chromedriver, by the same questions and the same events."""

    def is_displayed(self):
        return seeing(self.parent, "return displayed(arguments[0]);", self)

    def click(self):
        where = seeing(self.parent, WHERE, self)
        if where is None:
            return super().click()  # in a list that the browser draws, or a frame
        if isinstance(where, str):
            raise ElementClickInterceptedException(where)
        for what, pressed in (("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)):
            self.parent.execute_cdp_cmd("Input.dispatchMouseEvent", {"type": what, "x": where[0], "y": where[1], "button": "left" if what != "mouseMoved" else "none",
                                                                     "buttons": pressed, "clickCount": int(what != "mouseMoved")})
        return None


def selector(what):
    return what if any(c in what for c in ".#[ :>") else f"#{what}"


class Chrome:
    def __init__(self):
        self.profile = tempfile.mkdtemp(prefix="patd-chrome-")
        options = webdriver.ChromeOptions()
        for flag in [*FLAGS, f"--user-data-dir={self.profile}"]:
            options.add_argument(flag)
        options.binary_location = "/usr/bin/chromium"
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # A dialog that a page opens stays, and the next command fails of it.
        options.set_capability("unhandledPromptBehavior", "ignore")
        self.driver = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.driver._web_element_cls = Element
        self.base = ""
        self.fresh()

    def quit(self):
        self.driver.quit()
        shutil.rmtree(self.profile, ignore_errors=True)

    def fresh(self):
        """A new tab that knows nothing of what came before but scripts and styles, which are no secret. A window of its own would keep
        nothing more apart, and costs a third more."""
        d = self.driver
        old = d.window_handles
        d.switch_to.new_window("tab")
        kept = d.current_window_handle
        for handle in old:
            d.switch_to.window(handle)
            d.close()
        d.switch_to.window(kept)
        self.cdp("Network.enable")
        self.cdp("Network.clearBrowserCookies")
        if self.base:
            self.cdp("Storage.clearDataForOrigin", origin=self.base, storageTypes="all")
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.cdp("Emulation.setFocusEmulationEnabled", enabled=True)
        self.forget()
        self.allowed = []
        self.resize(1280, 900)

    def cdp(self, command, **arguments):
        return self.driver.execute_cdp_cmd(command, arguments)

    # ---- going about

    def go(self, path):
        self.driver.get(self.base + path if path.startswith("/") else path)

    @property
    def url(self):
        return self.driver.current_url

    @property
    def path(self):
        """Where we are, without the origin when it is ours."""
        return self.url.removeprefix(self.base) if self.base else self.url

    def wait(self, condition, what=""):
        """Waits until condition() is truthy, and gives what it is."""
        def holds(_):
            try:
                return condition()
            except (NoSuchElementException, StaleElementReferenceException, IndexError):
                return False
        try:
            return WebDriverWait(self.driver, SECONDS, poll_frequency=0.03).until(holds)
        except TimeoutException:
            page = self.js("return document.body?.innerText.slice(0, 1500)")
            raise AssertionError(f"waited for {what}; the page at {self.url} says:\n{page}\nconsole: {self.console()}") from None

    def at(self, path):
        """Waits until we are there."""
        self.wait(lambda: self.path == path, f"to be at {path}, not at {self.path}")
        self.wait(lambda: self.js("return document.readyState") == "complete", "the page to load")

    def resize(self, width, height=900, scheme="light"):
        self.width, self.scheme = width, scheme
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme},
                                                         {"name": "prefers-reduced-motion", "value": "reduce"}])

    # ---- elements; `what` is an id or a CSS selector

    def all(self, what):
        return self.driver.find_elements(By.CSS_SELECTOR, selector(what))

    def _seen(self, what):
        """The first such element that can be seen, or None."""
        return seeing(self.driver, "return [...document.querySelectorAll(arguments[0])].find((e) => displayed(e));", selector(what))

    def see(self, what):
        """The first such element that can be seen; waits for it."""
        return self.wait(lambda: self._seen(what), f"to see {what}")

    def sees(self, what):
        return self._seen(what) is not None

    def gone(self, what):
        self.wait(lambda: not self.sees(what), f"{what} to go away")

    def text(self, what):
        return self.wait(lambda: (self.see(what).text,), f"to read {what}")[0]

    def says(self, what, words):
        """Waits until the element says these words."""
        self.wait(lambda: words in self.see(what).text, f"{what} to say {words!r}")

    def value(self, what):
        return self.wait(lambda: (self.js("return arguments[0].value", self.see(what)),), f"to read {what}")[0]

    def click(self, what):
        """A click on it; again, when it was drawn anew since it was found."""
        def click():
            self.see(what).click()
            return True
        self.wait(click, f"to click {what}")

    def fill(self, what, text):
        """Over what is in it. All but the last letter at once, as pasted: each that is typed is a frame to draw."""
        self.js("arguments[0].focus(); arguments[0].select()", self.see(what))
        if text[:-1]:
            self.cdp("Input.insertText", text=text[:-1])
        self.keys(text[-1:] or Keys.DELETE)

    def hover(self, what):
        ActionChains(self.driver).move_to_element(self.see(what)).perform()

    def tap(self, what):
        """A finger instead of a mouse."""
        element = self.see(what)
        self.js("arguments[0].scrollIntoView({ block: 'center' })", element)
        box = self.js("const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]", element)
        self.cdp("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": box[0], "y": box[1]}])
        self.cdp("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    # ---- the keyboard alone

    def keys(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, modifier, key):
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    @property
    def focus(self):
        """The element with the focus: its id, else its test id, else its tag."""
        return self.js("const e = document.activeElement; return e.id || e.dataset.testid || e.className || e.tagName")

    def tab_to(self, what, limit=40, back=False):
        """Presses Tab until `what` has the focus, as somebody without a mouse would."""
        for _ in range(limit):
            if self.focus == what:
                return
            self.chord(Keys.SHIFT, Keys.TAB) if back else self.keys(Keys.TAB)
        raise AssertionError(f"Tab does not lead to {what}; the focus is on {self.focus}")

    # ---- scripts

    def js(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def js_async(self, body, *arguments):
        """Runs the body of an async function; its value, or {'error': …}."""
        script = f"""const done = arguments[arguments.length - 1];
          (async (...arguments_) => {{ {body} }})(...arguments).then(done, (e) => done({{ error: String(e) }}));"""
        return self.driver.execute_async_script(script, *arguments)

    # ---- what it logged and requested since the window was opened, or since forget()

    def forget(self):
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self._console, self._events = [], []

    def console(self):
        self._console += self.driver.get_log("browser")
        return [entry["message"] for entry in self._console]

    def events(self, method=None):
        """Network and Page events of the DevTools protocol, as (method, parameters)."""
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            self._events.append((message["method"], message["params"]))
        return [p for m, p in self._events if m == method] if method else self._events

    def requests(self):
        return [(p["request"]["method"], p["request"]["url"]) for p in self.events("Network.requestWillBeSent")]

    def allow(self, words):
        """This test expects a console line with these words."""
        self.allowed.append(words)

    def complaints(self):
        """What no test may leave behind: console lines nobody expects, and requests to elsewhere."""
        found = [line for line in self.console() if not any(words in line for words in (*EXPECTED, *self.allowed))]
        for method, url in self.requests():
            if urlsplit(url).scheme in ("http", "https", "ws", "wss") and not url.startswith(self.base + "/"):
                found.append(f"request to elsewhere: {method} {url}")
        return found

    # ---- pictures

    def picture(self, path, whole=False):
        clip = {}
        if whole:
            height = self.js("return Math.max(document.documentElement.scrollHeight, innerHeight)")
            clip = {"captureBeyondViewport": True, "clip": {"x": 0, "y": 0, "width": self.width, "height": height, "scale": 1}}
        data = base64.b64decode(self.cdp("Page.captureScreenshot", format="png", **clip)["data"])
        pathlib.Path(path).write_bytes(data)
        return len(data)

    def settle(self):
        """Two frames later, with nothing moving."""
        self.js_async("await new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))")


# SPDX-License-Identifier: Apache-2.0
"""The first load of each page, in a window that is open and a Chromium that has nothing of it: bytes over the wire, bytes unpacked, milliseconds."""
import statistics
import time

from chrome import Chrome
from design import Files, document
from product import Product

# Everything that was fetched, the page itself included, and what of it the first paint waits for; when it could be seen, and was whole.
TIMES = """
const page = performance.getEntriesByType('navigation')[0];
const all = [page, ...performance.getEntriesByType('resource')];
const sum = (name, of = all) => of.reduce((n, e) => n + e[name], 0);
const first = all.filter((e) => e === page || e.renderBlockingStatus === 'blocking');
return { requests: all.length, wire: sum('transferSize'), unpacked: sum('decodedBodySize'), first: sum('decodedBodySize', first),
         painted_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0, loaded_ms: page.loadEventEnd,
         last_ms: Math.max(...all.map((e) => e.responseEnd)) };
"""

NOTHING = "/nothing"  # the page of an address that is none: two style sheets, a line of script. Nothing is shown sooner on this machine


def load(chrome, path, cookie):
    chrome.fresh()
    if cookie:
        name, value = cookie.split("=", 1)
        chrome.cdp("Network.setCookie", name=name, value=value, url=chrome.base)
    chrome.go(NOTHING)
    chrome.cdp("Network.clearBrowserCache")
    time.sleep(0.3)
    chrome.go(path)
    chrome.wait(lambda: chrome.js("return performance.getEntriesByType('navigation')[0].loadEventEnd > 0"), "the page")
    time.sleep(0.5)  # what the page's own scripts fetch
    return chrome.js(TIMES)


def measure(folder, quick):
    folder.mkdir()
    product = Product(folder, access_log="off").start()
    chrome = Chrome()
    try:
        chrome.base = product.base
        ada = product.set_up()
        files = Files(ada)
        files.team()
        key = files.upload(document(), name="A file")["key"]
        for i in range(20):
            ada.generate(f"token {i}", ["file_content:read"])
        pages = {NOTHING: None, "/signin": None, "/": ada.cookie, f"/files/{key}": ada.cookie, "/settings/security": ada.cookie}
        out = {}
        for path, cookie in pages.items():
            rows = [load(chrome, path, cookie) for _ in range(2 if quick else 7)]
            out[path.replace(key, "…")] = {k: statistics.median(row[k] for row in rows) for k in rows[0]}
        return out
    finally:
        chrome.quit()
        product.stop()

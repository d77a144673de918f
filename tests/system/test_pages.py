# SPDX-License-Identifier: Apache-2.0
"""The pages as they are served: forms that password managers understand, and nothing from anywhere else."""
import html.parser
import re

import pytest

from product import Product
from tools import as_person, ask


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def inputs(self, **wanted):
        return [a for t, a in self.elements if t == "input" and all(a.get(k) == v for k, v in wanted.items())]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Every page with its bytes, and every asset."""
    with Product(tmp_path_factory.mktemp("pages")) as p:
        found = {"/setup": ask(p, "GET", "/setup")}
        p.ada = p.set_up()
        found["/signin"] = ask(p, "GET", "/signin")
        for path in ("/", "/settings/account", "/settings/notifications", "/settings/security", "/settings/nodes", "/files/abcdefghijklmnopqrstuv"):
            found[path] = ask(p, "GET", path, as_person(p.ada))
        found["/nothing"] = ask(p, "GET", "/nothing")
        seen = set()
        queue = re.findall(r'(?:src|href)="(/assets/[^"]+)"', "".join(a.body.decode() for a in found.values()))
        while queue:
            path = queue.pop()
            if path in seen:
                continue
            seen.add(path)
            found[path] = ask(p, "GET", path)
            queue += ["/assets/" + name for name in re.findall(r'''(?:from\s+|import\()["']\./([\w.-]+)["']''', found[path].body.decode())]
            queue += re.findall(r'''(?:loadStyle\(|pageWith\('[\w-]+', )["'](/assets/[\w.-]+)["']''', found[path].body.decode())
            queue += re.findall(r'href="(/assets/[^"]+)"', found[path].body.decode()) if path.endswith(".html") else []
        found["/favicon.ico"] = ask(p, "GET", "/favicon.ico")
        p.kill()
        found["503"] = ask(p, "GET", "/")
        yield found


def test_every_page_and_asset_is_served(pages):
    """WEB-09: nothing that a page or a module names is missing."""
    assert len([p for p in pages if p.startswith("/assets/")]) >= 10
    for path, answer in pages.items():
        assert answer.status == {"/nothing": 404, "503": 503}.get(path, 200), (path, answer)
        kind = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "ico": "image/svg+xml"}.get(path.rpartition(".")[2], "text/html")
        assert answer.one("Content-Type") == f"{kind}; charset=utf-8", path


def test_the_icon_that_browsers_ask_for_by_themselves(pages):
    """Every page names the icon; what is no page, such as an answer of the API, has it too. Parts of pages stand in none of their own."""
    for path, answer in pages.items():
        if answer.one("Content-Type").startswith("text/html") and not path.startswith("/assets/"):
            assert '<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">' in answer.body.decode(), path
    icon = pages["/favicon.ico"]
    assert icon.status == 200 and icon.one("Content-Type").startswith("image/svg+xml") and icon.body == pages["/assets/favicon.svg"].body


def test_passwords_and_managers(pages):
    """AUT-09: every password is typed into type=password with the autocomplete word that managers look for, paste is not
    prevented, and no maximum length cuts what is typed."""
    wanted = {"/signin": [("current-password", 1)], "/setup": [("new-password", 1)],
              "/settings/security": [("current-password", 1), ("new-password", 1)],
              "/assets/account.html": [("current-password", 1)], "/assets/token-dialog.html": [("current-password", 1)]}
    for path, counts in wanted.items():
        page = Page(pages[path].body.decode())
        passwords = page.inputs(type="password")
        assert sorted(i["autocomplete"] for i in passwords) == sorted(w for w, n in counts for _ in range(n)), path
        assert all("maxlength" not in i and "readonly" not in i and "onpaste" not in i and "disabled" not in i for i in passwords)
        assert [i for i in page.inputs(autocomplete="username")], path
        assert all(a.get("method") == "post" for t, a in page.elements if t == "form" and a.get("role") != "search"), path  # never into a URL, even without scripts
    scripts = "".join(a.body.decode() for p, a in pages.items() if p.endswith(".js"))
    assert not re.search(r"""["']paste["']|onpaste|["']copy["']\s*,\s*\(?\w""", scripts)  # a listener without an event prevents nothing


def test_nothing_comes_from_elsewhere(pages):
    """WEB-09: no third party is named in any page, style or script; no secret is put where scripts of tomorrow read it."""
    for path, answer in pages.items():
        text = answer.body.decode()
        text = text.replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"""(?:https?:)?//[\w-]+\.[\w.-]+""", re.sub(r"(?m)^\s*//.*$|/\*.*?\*/", "", text, flags=re.S)), path
        assert not re.search(r"@import|url\(\s*['\"]?(?:https?:)?//", text), path
        # What somebody prefers, of two words each: which theme, and whether keys do something by themselves.
        if path in ("/assets/theme.js", "/assets/account-menu.js", "/assets/shortcuts.js"):
            text = re.sub(r"localStorage\.(?:getItem|setItem|removeItem)\(STORED", "", text)
        for store in ("localStorage", "sessionStorage", "indexedDB", "document.cookie", "caches."):
            assert store not in text, (path, store)


def test_nothing_that_the_policy_forbids(pages):
    """WEB-01: no inline script or style, no event attribute, no way to turn text into markup."""
    for path, answer in pages.items():
        text = answer.body.decode()
        if path.endswith(".js"):
            for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setTimeout(\"", "srcdoc"):
                assert sink not in text, (path, sink)
        if not path.startswith("/assets/"):
            page = Page(text)
            for tag, attributes in page.elements:
                assert not [a for a in attributes if a.startswith("on") or a == "style"], (path, tag, attributes)
                assert tag not in ("style", "iframe", "object", "embed", "base") and (tag != "script" or "src" in attributes), (path, tag)

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the pictures of docs/pictures: a product with realistic content, photographed in Chromium.

    tests/browser/pictures.py [FOLDER]

With faketime installed the content has a past: tokens made weeks ago, used, about to expire, expired.
The tokens in the pictures belong to products that end with this program.
"""
import glob
import json
import pathlib
import socket
import sys
import tempfile

if __package__ is None or __package__ == "":  # run by hand
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
from browser.pages import PASSWORD, Browser  # noqa: E402
from design import Files  # noqa: E402
from product import Product  # noqa: E402

SAMPLE = pathlib.Path(__file__).resolve().parents[2] / "share" / "sample" / "sample.json"
FAKETIME = next(iter(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")), None)
WIDE, PHONE = (1280, 800), (390, 844)
IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 "
          "Mobile/15E148 Safari/604.1")
SIZES = {"setup": WIDE, "home": WIDE, "file": WIDE, "tokens-empty": WIDE, "generate": WIDE, "token-shown": WIDE, "tokens": WIDE, "rotate": WIDE, "revoke": WIDE,
         "tokens-dark": WIDE, "tokens-phone": PHONE}

# (days ago, name, scopes, days of life, uses, revoked)
PAST = [
    (75, "Nightly backup", ["file_content:read", "file_metadata:read", "file_versions:read", "current_user:read"], 90, 0, False),
    (40, "Old laptop", ["current_user:read"], 30, 3, False),
    (25, "Slack bot", ["current_user:read", "file_comments:read", "file_comments:write"], 30, 12, False),
    (9, "Contractor’s import", ["current_user:read", "webhooks:write"], 90, 2, True),
    (2, "Design linter", ["current_user:read", "file_content:read", "library_assets:read"], 30, 41, False),
]


def usual_port(product):
    """The address in the pictures is the one of the manual, if it is free."""
    with socket.socket() as s:
        try:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind(("127.0.0.1", 8080))
            product.port = 8080
        except OSError:
            pass
    return product


def at(product, days_ago):
    """Starts the product that many days ago."""
    product.env = {k: v for k, v in product.env.items() if k not in ("LD_PRELOAD", "FAKETIME")}
    if days_ago and FAKETIME:
        product.env.update(LD_PRELOAD=FAKETIME, FAKETIME=f"-{days_ago}d")
    return product.start()


def live_a_while(product):
    """Ada's last months."""
    secrets, ids = {}, {}
    for days_ago, name, scopes, days, uses, revoked in PAST:
        at(product, days_ago)
        ada = product.set_up(name="Ada Lovelace") if not ids else product.sign_in(headers={"User-Agent": IPHONE})
        token = ada.generate(name, scopes, days)
        secrets[name], ids[name] = token["token"], token["id"]
        for busy in [*[name] * uses, *{"Nightly backup", "Slack bot"} & secrets.keys()]:
            product.get("/v1/me", token=secrets[busy])
        if revoked:
            ada.revoke(token["id"])
        product.stop()
    at(product, 0)
    product.get("/v1/me", token=secrets["Design linter"])


class Photographer:
    def __init__(self, browser, folder):
        self.browser, self.folder = browser, pathlib.Path(folder)

    def take(self, name, scheme="light"):
        self.browser.resize(*SIZES[name], scheme)
        self.browser.settle()
        self.browser.picture(self.folder / f"{name}.png")
        self.browser.resize(*WIDE)


def furnish(product):
    """A few files beside the sample, and a conversation about it."""
    ada = product.sign_in()
    ada.files = Files(ada)
    harbor = next(f for f in ada.files.list() if f["name"] == "Harbor")
    product.add_person("grace@acme.org", "Grace Hopper")
    ada.files.share(harbor["key"], "grace@acme.org")
    grace = Files(product.sign_in("grace@acme.org"))
    said = grace.ok("POST", f"/files/{harbor['key']}/comments", {
        "message": "The sun sits lower in September. Shall we let it sink?", "client_meta": {"node_id": "1:2", "node_offset": {"x": 0, "y": 0}}}, status=201)
    ada.files.ok("POST", f"/files/{harbor['key']}/comments", {"message": "Yes, by its own height.", "parent_id": said["id"]}, status=201)
    ada.files.ok("POST", f"/files/{harbor['key']}/reactions", {"comment_id": said["id"], "emoji": ":heart:"}, status=201)
    ada.files.ok("POST", "/projects", {"name": "Spring"}, status=201)
    for name, page in (("Components", "0:3"), ("Screens", "0:2"), ("Cover", "0:1")):
        tree = json.loads(SAMPLE.read_text())
        tree["document"]["children"].sort(key=lambda each: each["id"] != page)  # the first page is the picture
        ada.files.upload(tree, name=f"Harbor, {name.lower()}")


def first_steps(browser, product, take):
    browser.go(f"/setup#{product.setup_code}")
    browser.fill("setup-name", "Ada Lovelace")
    browser.fill("setup-email", "ada@acme.org")
    browser.fill("setup-password", PASSWORD)
    take("setup")
    browser.click("setup-submit")
    browser.at("/")
    browser.says("account-button", "Ada")
    browser.see(".file")  # the sample, made when the page is first asked for
    furnish(product)
    browser.go("/?view=all&sort=name")
    browser.wait(lambda: browser.js("return [...document.querySelectorAll('.file-picture img')].filter((i) => i.naturalWidth > 1).length") == 4, "pictures")
    take("home")
    browser.go(f"/files/{browser.js('return document.querySelector(arguments[0]).dataset.fileKey', '.file')}")
    browser.see(".stage-picture")
    browser.click('[data-node="1:1"] .layer-name')
    browser.see(".thread")
    browser.wait(lambda: browser.js("return document.querySelector('.stage-picture').alt") == "Picture of Cover", "the frame")
    take("file")
    browser.security()
    take("tokens-empty")
    browser.open_generate()
    browser.fill("token-name", "CI export")
    for scope in ("current_user:read", "file_content:read"):
        browser.choose_scope(scope)
    browser.js("document.activeElement.blur(); document.querySelector('#token-form .dialog-body').scrollTo(0, 0)")
    take("generate")
    browser.click("token-submit")
    browser.secret()
    browser.click("token-copy")
    browser.says("token-copy", "Copied")
    take("token-shown")
    browser.done()


def later(browser, product, take):
    browser.go("/signin")
    browser.sign_in()
    browser.at("/")
    browser.security()
    browser.generate("CI export", "current_user:read", "file_content:read")
    browser.done()
    browser.security()
    browser.wait(lambda: "use" in browser.security().rows()["Design linter"].last_used, "uses to be counted")
    take("tokens")
    take("tokens-dark", "dark")
    take("tokens-phone")
    browser.rotate("Nightly backup")
    take("rotate")
    browser.click("rotate-cancel")
    browser.revoke("Slack bot")
    take("revoke")
    browser.click("confirm-cancel")


def make(browser, folder):
    camera = Photographer(browser, folder)
    for story in (first_steps, later):
        with tempfile.TemporaryDirectory(prefix="patd-pictures-") as place:
            product = usual_port(Product(place))
            browser.fresh()
            browser.cdp("Emulation.setScrollbarsHidden", hidden=True)
            try:
                live_a_while(product) if story is later else product.start()
                browser.use(product)
                story(browser, product, camera.take)
            finally:
                browser.go("about:blank")  # an open page goes on asking
                product.__exit__()
    return camera.folder


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).resolve().parents[2] / "docs" / "pictures")
    target.mkdir(parents=True, exist_ok=True)
    chromium = Browser()
    try:
        make(chromium, target)
    finally:
        chromium.quit()
    for picture in sorted(target.glob("*.png")):
        print(f"{picture.stat().st_size:7}  {picture}")

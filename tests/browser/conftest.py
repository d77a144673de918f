# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import sys
import time

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
from packages import packages  # noqa: E402
from product import Product  # noqa: E402
from nodes_cluster import Cluster  # noqa: E402

from .pages import Browser  # noqa: E402


people = 0


def pytest_configure(config):
    config.addinivalue_line("markers", "long: only with PATD_TEST_LONG=1, as `make check` sets it: one more shape of what another test shows")


def spread(items):
    """Files in which Chromium works evenly among those that wait for leases and clocks: three Chromiums at once are slow together."""
    files = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    busy = [path for path in files if HERE in path.parents]
    waiting = [path for path in files if path not in busy]
    step = len(waiting) / max(len(busy), 1)
    place = {path: i for i, path in enumerate(waiting)} | {path: i * step for i, path in enumerate(busy)}
    return [item for path in sorted(files, key=place.get) for item in files[path]]


def pytest_collection_modifyitems(items):
    items[:] = spread(items)
    for item in items:
        if item.get_closest_marker("long") and not os.environ.get("PATD_TEST_LONG"):
            item.add_marker(pytest.mark.skip(reason="a long campaign: PATD_TEST_LONG=1 or make check"))


@pytest.fixture(scope="session")
def chromium():
    browser = Browser()
    yield browser
    browser.quit()


@pytest.fixture
def browser(chromium):
    """A new window. Afterwards no unexpected console line may have been left and no other origin asked."""
    chromium.fresh()
    yield chromium
    complaints = chromium.complaints()
    chromium.go("about:blank")
    assert complaints == []


@pytest.fixture
def product_settings():
    """Settings of `product`; a test parametrizes it for others."""
    return {}


@pytest.fixture
def product(tmp_path, browser, product_settings):
    """A fresh product, running: nobody has an account yet."""
    with Product(tmp_path, **product_settings) as p:
        browser.use(p)
        yield p
        browser.go("about:blank")  # what the page still fetches is not worth a complaint


@pytest.fixture(scope="module")
def shared_product(tmp_path_factory):
    with Product(tmp_path_factory.mktemp("shared"), tokens_live_max=400, tokens_per_hour_max=10000) as p:
        p.ada = p.set_up()
        yield p


@pytest.fixture
def shared(shared_product, browser):
    """One product for a whole file, with Ada set up; each test signs in for itself."""
    browser.use(shared_product)
    return shared_product


@pytest.fixture
def person(shared, browser):
    """Somebody of whom nobody has heard yet, signed in with the browser; no tokens."""
    global people
    people += 1
    email = f"person{people}@acme.org"
    shared.add_person(email, "Grace Hopper")
    them = shared.sign_in(email)
    browser.become(them)
    return them


def serving(nodes, n):
    end = time.monotonic() + 20
    while [node["state"] for node in nodes[0].ada.call("GET", "/api/v1/admin/nodes").json["nodes"]] != ["serving"] * n:
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def three(tmp_path_factory, request):
    lease = getattr(request.module, "LEASE_SECONDS", 4)
    with Cluster(tmp_path_factory.mktemp("three"), nodes=3, lease_seconds=lease, threads=16, tokens_live_max=100, tokens_per_hour_max=1000, edge_workers=1) as nodes:
        yield nodes


@pytest.fixture
def nodes(three, browser):
    """All three of them, serving; Ada at the first, by the browser."""
    browser.use(three[0])
    serving(three, 3)
    three.ada = three[0].sign_in()
    for token in three.ada.call("GET", "/api/v1/tokens?state=live").json["tokens"]:
        three.ada.revoke(token["id"])
    browser.become(three.ada)
    yield three
    for node in range(len(three)):
        three.wake(node)
    browser.go("about:blank")


@pytest.fixture(scope="session")
def axe():
    """axe-core of package.json, as text to run in a page."""
    return (packages(HERE) / "axe-core" / "axe.min.js").read_text()

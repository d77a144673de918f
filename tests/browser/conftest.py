# SPDX-License-Identifier: Apache-2.0
import pathlib
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "system"))
from product import Product  # noqa: E402

from .pages import Browser  # noqa: E402


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


@pytest.fixture(scope="session")
def axe():
    """axe-core of package.json, as text to run in a page."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed: axe-core cannot be fetched")
    installed = HERE / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (HERE / "package-lock.json").stat().st_mtime:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=HERE, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
    return (HERE / "node_modules" / "axe-core" / "axe.min.js").read_text()

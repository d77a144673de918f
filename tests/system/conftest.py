# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
pytest.register_assert_rewrite("proxies")
from described import Prism  # noqa: E402
from packages import packages  # noqa: E402
from product import ROOT, Product, free_port  # noqa: E402


@pytest.fixture
def product(tmp_path):
    """A fresh product, running."""
    with Product(tmp_path) as p:
        yield p


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One product for a whole file, with Ada set up: for tests that leave no trace on each other."""
    with Product(tmp_path_factory.mktemp("shared"), tokens_per_hour_max=100000, tokens_live_max=10000) as p:
        p.ada = p.set_up()
        yield p


@pytest.fixture(scope="session")
def oracles():
    """The folder of the packages of npm/package.json: programs that nobody here wrote."""
    return packages(pathlib.Path(__file__).parent / "npm")


@pytest.fixture(scope="session", autouse=True)
def described(request):
    """Exchanges with the API are held against docs/openapi.yaml: some of each kind, or with DESCRIBED=all or =none all or none."""
    wanted = os.environ.get("DESCRIBED", "some")
    assert wanted in ("some", "all", "none"), wanted
    if wanted == "none":
        yield
        return
    Product.described = Prism(request.getfixturevalue("oracles"), ROOT / "docs/openapi.yaml", free_port(), wanted == "all")
    yield
    Product.described.stop()
    Product.described = None


@pytest.fixture(scope="session")
def node(oracles):
    """Runs JavaScript with the oracles."""
    def run(script, input=""):
        done = subprocess.run(["node", "-e", script], cwd=oracles.parent, input=input, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run

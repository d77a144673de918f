# SPDX-License-Identifier: Apache-2.0
import pathlib
import shutil
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from product import Product  # noqa: E402


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
def node():
    """Runs JavaScript with the oracles of npm/package.json: programs that nobody here wrote."""
    if not shutil.which("npm"):
        pytest.skip("npm is not installed: the oracles base62-token and csp_evaluator cannot be fetched")
    folder = pathlib.Path(__file__).parent / "npm"
    installed = folder / "node_modules" / ".package-lock.json"
    if not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def run(script, input=""):
        done = subprocess.run(["node", "-e", script], cwd=folder, input=input, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run

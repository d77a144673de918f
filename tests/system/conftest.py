# SPDX-License-Identifier: Apache-2.0
import pathlib
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
    with Product(tmp_path_factory.mktemp("shared")) as p:
        p.ada = p.set_up()
        yield p

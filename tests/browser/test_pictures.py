# SPDX-License-Identifier: Apache-2.0
"""The pictures of the manual can be made from the product as it is."""
import struct

import pytest

from . import pictures


@pytest.mark.long
def test_the_pictures_can_be_made(browser, tmp_path):
    pictures.make(browser, tmp_path)
    found = {path.stem: path.read_bytes() for path in tmp_path.glob("*.png")}
    assert found.keys() == pictures.SIZES.keys()
    for name, data in found.items():
        assert struct.unpack(">II", data[16:24]) == pictures.SIZES[name], name
        assert 10_000 < len(data) < 220_000, (name, len(data))

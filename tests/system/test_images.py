# SPDX-License-Identifier: Apache-2.0
"""Which images a design refers to, and which of them its file has not got."""
import hashlib
import json

import pytest

from design import IMAGE_REF, Files, document
from product import Product
from tools import png


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    with Product(tmp_path_factory.mktemp("images")) as p:
        yield Files(p.set_up())


def missing(files, key, **query):
    answer = files.ok("GET", f"/files/{key}/images" + "".join(f"?{k}={v}" for k, v in query.items()))
    return sorted(answer["missing"]), sorted(i["ref"] for i in answer["images"])


def test_an_image_is_missing_until_it_is_uploaded(files):
    image = png(3, 3)
    ref = hashlib.sha1(image).hexdigest()
    key = files.upload(document(image_ref=ref))["key"]
    assert missing(files, key) == ([ref], [])
    assert files.ok("POST", f"/files/{key}/images", image, status=201, headers={"Content-Type": "image/png"})["ref"] == ref
    assert missing(files, key) == ([], [ref])
    # A newer version may refer to others; what is there stays there.
    newer = files.version(key, document(image_ref=IMAGE_REF))
    assert missing(files, key) == ([IMAGE_REF], [ref])
    assert missing(files, key, version=int(newer["version"]) - 1) == ([], [ref])


def test_only_references_count(files):
    """What looks like one inside a text, in a member's value or in another spelling is none; each counts once."""
    tree = document(frames=2)
    children = tree["document"]["children"][0]["children"]
    children[0]["name"] = f'"imageRef":"{"a" * 40}"'
    children[0]["children"][1]["characters"] = "imageRef"
    children[1]["fills"] = [{"blendMode": "NORMAL", "type": "IMAGE", "scaleMode": "FILL", "imageRef": ref}
                            for ref in ("b" * 40, "b" * 40, "B" * 40, "c" * 39, "d" * 41, "", "../../etc/passwd")]
    key = files.upload(tree)["key"]
    assert missing(files, key)[0] == sorted([IMAGE_REF, "b" * 40])
    spaced = json.dumps(tree, indent=3, separators=(" ,", "  :\n ")).encode()
    assert missing(files, files.upload(spaced)["key"])[0] == sorted([IMAGE_REF, "b" * 40])


@pytest.mark.parametrize("before", [0, 1, 5, 10, 11, 12, 30, 52, 53, 54])
def test_wherever_it_stands(files, before):
    """The text is read in windows of 128 KiB: a reference that lies across the end of one is found as well."""
    text = json.dumps(document(frames=0))
    for window in (1, 2):
        spaces = window * (128 << 10) - before - text.index('"imageRef"')
        assert missing(files, files.upload((" " * spaces + text).encode())["key"]) == ([IMAGE_REF], []), (window, before)


def test_so_many_are_told(files):
    tree = document(frames=0)
    tree["document"]["children"][0]["fills"] = [{"type": "IMAGE", "imageRef": hashlib.sha1(str(n).encode()).hexdigest()} for n in range(1500)]
    key = files.upload(tree)["key"]
    found = missing(files, key)[0]
    assert len(found) == 1000 == len(set(found))


def test_only_who_may_see_the_file_is_told(files):
    key = files.upload(document())["key"]
    files.person.product.add_person("grace@acme.org")
    grace = Files(files.person.product.sign_in("grace@acme.org"))
    assert grace.call("GET", f"/files/{key}/images").status == 404
    files.share(key, "grace@acme.org")
    assert missing(grace, key) == ([IMAGE_REF], [])
    assert grace.call("POST", f"/files/{key}/images", png(3, 3), headers={"Content-Type": "image/png"}).status == 403

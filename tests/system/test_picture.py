# SPDX-License-Identifier: Apache-2.0
"""A person's picture: given, shown to whoever has its address, replaced, taken away; and what is no picture is refused."""
import hashlib
import itertools
import struct
import zlib

import pytest

from tools import as_person, ask, await_event, png, rows, state

PATH = "/api/v1/me/picture"
PNG = png(64, 64)
# Containers are looked at, not pixels: after the frame header of a JPEG anything may come but for its end.
JPEG = (b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xc0\x00\x0b\x08" + struct.pack(">HH", 30, 20) + b"\1\1\x11\0"
        + b"\xff\xda\x00\x08\1\1\0\0\x3f\0" + b"pixels" + b"\xff\xd9")
LOSSLESS = b"\x2f" + struct.pack("<I", 19 | 29 << 14) + b"pixels\0"
WEBP = b"RIFF" + struct.pack("<I", 12 + len(LOSSLESS)) + b"WEBPVP8L" + struct.pack("<I", len(LOSSLESS)) + LOSSLESS
KINDS = {"image/png": (PNG, "png"), "image/jpeg": (JPEG, "jpg"), "image/webp": (WEBP, "webp")}
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def put(person, picture, kind="image/png"):
    return person.call("PUT", PATH, picture, {"Content-Type": kind})


def of_name(person, picture, suffix):
    return f"/avatars/{person.id}-{hashlib.sha256(picture).hexdigest()[:32]}.{suffix}"


number = itertools.count(1)


@pytest.fixture
def grace(shared):
    email = f"pictured{next(number)}@acme.org"
    shared.add_person(email, "Grace")
    return shared.sign_in(email)


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_is_given_shown_and_taken_away(shared, grace, kind):
    """Its address stands in the session and behind a token; the bytes come back as they were; afterwards there is the disc again."""
    picture, suffix = KINDS[kind]
    token = grace.generate("hers")["token"]
    disc = f"/avatars/{grace.id}.svg"
    assert grace.call("GET", "/api/v1/session").json["person"]["picture_url"] is None
    assert shared.get("/v1/me", token=token).json["img_url"] == shared.base + disc

    answer = put(grace, picture, kind)
    path = of_name(grace, picture, suffix)
    assert (answer.status, answer.json["picture_url"], answer.headers["Cache-Control"]) == (200, path, "no-store"), answer
    assert grace.call("GET", "/api/v1/session").json["person"]["picture_url"] == path
    assert shared.get("/v1/me", token=token).json["img_url"] == shared.base + path
    shown = shared.get(path)
    assert (shown.status, shown.body, shown.headers["Content-Type"]) == (200, picture, kind)
    event = await_event(shared, "person.picture_changed", lambda e: e["person"] == grace.id)
    assert event["address"] == "127.0.0.1" and event["request_id"]
    assert rows(shared, "SELECT actor FROM audit WHERE action = 'person.picture_changed' AND object = ?", f"person:{grace.id}") == [(int(grace.id),)]

    answer = grace.call("DELETE", PATH)
    assert (answer.status, answer.json["picture_url"]) == (200, None)
    assert shared.get(path).status == 404
    assert shared.get("/v1/me", token=token).json["img_url"] == shared.base + disc
    assert shared.get(disc).status == 200
    await_event(shared, "person.picture_removed", lambda e: e["person"] == grace.id)
    before = state(shared)
    assert grace.call("DELETE", PATH).status == 200 and state(shared) == before


def test_what_is_shown_can_do_nothing(shared, grace):
    """WEB-01, WEB-03: a picture is of its own type and nothing else, runs nothing, and may be shown by other sites."""
    picture = png(8, 8, (b"tEXt", b"Comment\0" + SVG))
    for path in (put(grace, picture).json["picture_url"], f"/avatars/{grace.id}.svg"):
        answer = ask(shared, "GET", path)
        assert answer.status == 200
        assert answer.one("Content-Type").split(";")[0] in ("image/png", "image/svg+xml")
        assert answer.one("X-Content-Type-Options") == "nosniff"
        assert answer.one("Content-Security-Policy") == "default-src 'none'; img-src data:; frame-ancestors 'none'"
        assert answer.one("Cross-Origin-Resource-Policy") == "cross-origin"
        assert answer.one("Cache-Control").startswith("public, max-age=86400")
        assert not answer.all("Set-Cookie")


def test_another_picture_takes_its_place(shared, grace):
    """The old address is nothing; the same picture again is no change; what was refused leaves the old one."""
    first = put(grace, PNG).json["picture_url"]
    before = state(shared)
    assert put(grace, PNG).json["picture_url"] == first and state(shared) == before
    second = put(grace, JPEG, "Image/JPEG; q=1").json["picture_url"]
    assert first != second and shared.get(first).status == 404 and shared.get(second).body == JPEG
    before = state(shared)
    assert put(grace, SVG).status == 400 and state(shared) == before
    assert shared.get(second).status == 200


@pytest.mark.parametrize("kind, body, status, reason", [
    ("image/svg+xml", SVG, 415, "picture_type_unknown"),
    ("image/gif", b"GIF89a", 415, "picture_type_unknown"),
    ("text/html", b"<script>alert(1)</script>", 415, "picture_type_unknown"),
    ("application/json", b"{}", 415, "picture_type_unknown"),
    ("multipart/form-data; boundary=x", PNG, 415, "picture_type_unknown"),
    ("image/pngx", PNG, 415, "picture_type_unknown"),
    ("", PNG, 415, "picture_type_unknown"),
    ("image/png", b"", 400, "picture_malformed"),
    ("image/png", SVG, 400, "picture_malformed"),
    ("image/png", JPEG, 400, "picture_malformed"),
    ("image/jpeg", PNG, 400, "picture_malformed"),
    ("image/webp", PNG, 400, "picture_malformed"),
    ("image/png", PNG[:-1], 400, "picture_malformed"),
    ("image/png", PNG + SVG, 400, "picture_malformed"),
    ("image/jpeg", JPEG + SVG, 400, "picture_malformed"),
    ("image/webp", WEBP + SVG, 400, "picture_malformed"),
    ("image/png", png(2049, 1), 400, "picture_too_large"),
    ("image/png", png(1, 2049), 400, "picture_too_large"),
    ("image/png", png(8, 8, (b"acTL", b"\0\0\0\2\0\0\0\0")), 400, "picture_moves"),
    ("image/png", png(8, 8, (b"tEXt", b"x" * 65536)), 413, "body_too_large"),
], ids=lambda v: str(v)[:24])
def test_each_refusal_names_its_cause(shared, grace, kind, body, status, reason):
    before = state(shared)
    answer = put(grace, body, kind)
    assert (answer.status, answer.json["reason"]) == (status, reason), answer
    assert len(answer.json["detail"]) > 10 and state(shared) == before
    assert grace.call("GET", "/api/v1/session").json["person"]["picture_url"] is None


def test_as_large_as_is_allowed(shared, grace):
    """64 KiB to the byte, through the edge and back."""
    picture = png(2048, 1, (b"tEXt", b""))
    picture = png(2048, 1, (b"tEXt", b"x" * (65536 - len(picture))))
    assert len(picture) == 65536
    assert shared.get(put(grace, picture).json["picture_url"]).body == picture


@pytest.mark.parametrize("change", [
    lambda p: p.replace(".png", ".jpg"), lambda p: p.replace(".png", ".svg"), lambda p: p.replace(".png", ""), lambda p: p[:-5] + "0.png",
    lambda p: p.upper().replace("/AVATARS", "/avatars").replace(".PNG", ".png"), lambda p: p.replace("/avatars/", "/avatars/0"),
    lambda p: p.replace("-", "--"), lambda p: p + "x", lambda p: p.replace("/avatars/", "/avatars/-"), lambda p: "/avatars/" + p.split("-")[1],
    lambda p: "/avatars/1-" + p.split("-")[1], lambda p: p.replace("-", "."), lambda p: p.split("-")[0] + "-.png",
    lambda p: p.split("-")[0] + ".png"])
def test_only_its_own_name_leads_to_it(shared, grace, change):
    """No other kind, person or spelling; the answer is that of any name that is none."""
    path = put(grace, PNG).json["picture_url"]
    other = change(path)
    assert other != path
    answer = ask(shared, "GET", other)
    assert answer.status == 404 and zlib.crc32(PNG) != zlib.crc32(answer.body)
    assert answer.one("X-Content-Type-Options") == "nosniff"


def test_the_disabled_are_not_shown(shared):
    shared.add_person("leaver@acme.org", "Leaver")
    path = put(shared.sign_in("leaver@acme.org"), PNG).json["picture_url"]
    assert shared.get(path).status == 200
    assert shared.patd("user", "disable", "leaver@acme.org").returncode == 0
    assert shared.get(path).status == 404


def test_pictures_count_as_changes(shared, grace):
    """API-04: at most 100 in an hour, with the other changes of oneself; what was refused does not count."""
    assert {put(grace, SVG).status for _ in range(20)} == {400}
    statuses = [put(grace, png(8, 1 + i)).status for i in range(101)]
    assert statuses == [200] * 100 + [429]
    answer = grace.call("PATCH", "/api/v1/me", {"name": "x"})
    assert answer.status == 429 and 0 < int(answer.headers["Retry-After"]) <= 3600
    refused = ask(shared, "DELETE", PATH, as_person(grace))
    assert refused.status == 429 and b"too_many_attempts" in refused.body

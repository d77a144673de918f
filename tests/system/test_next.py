# SPDX-License-Identifier: Apache-2.0
"""?next= leads to a path of this server and nowhere else (WEB-08)."""
import urllib.parse

import pytest

from tools import as_person, ask

HOSTILE = [
    "//evil.example", "///evil.example", "////evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/\\/evil.example",
    "https://evil.example", "HTTPS://evil.example", "http:evil.example", "https:/evil.example", "javascript:alert(1)",
    "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "evil.example", "@evil.example", ".evil.example", "?//evil.example",
"/\t/evil.example", "\t//evil.example", " //evil.example", "/ /evil.example",
    "/\n/evil.example", "/\r\nLocation: https://evil.example", "/\r\nSet-Cookie: a=b", "/\0/evil.example", "\0//evil.example", "/%5cevil.example".replace("%5c", chr(92)),
    "/\x0b/evil.example", "/\u2028/evil.example", "/\u00a0/evil.example", "//evil.example/%2f..", "/\\\\evil.example", "//evil.example\\@x",
    "//[::1]/", "//127.0.0.1:1", "/" + "a" * 1100, "", "settings/account",
]
# As bytes of a query that no browser would write.
RAW = ["%2f%2fevil.example", "%2F%5Cevil.example", "/%5cevil.example", "/%09/evil.example", "/%0d%0aX-Evil:1", "/%0aX-Evil:1", "%00//evil", "/%00",
       "/%", "/%zz", "/%2", "//evil.example", "/x&next=//evil.example", "&next", "%252f%252fevil.example"]
FRIENDLY = ["/", "/settings/account", "/settings/security?x=1", "/a/b/c", "/x?y=//z", "/x#y", "/%2f", "/a:b"]


def location(product, query):
    answer = ask(product, "GET", f"/signin?next={query}", as_person(product.ada))
    assert answer.status == 302 and answer.data.split(b"\r\n\r\n")[0].count(b"Location:") == 1, answer
    assert not answer.all("X-Evil") and not [v for v in answer.all("Set-Cookie") if "a=b" in v]
    base = f"http://127.0.0.1:{product.port}"
    return urllib.parse.urljoin(base + "/signin", answer.one("Location")).removeprefix(base)


@pytest.mark.parametrize("payload", HOSTILE, ids=[ascii(p)[:30] for p in HOSTILE])
def test_elsewhere_is_nowhere(shared, payload):
    """WEB-08: 40 ways to name another place: all of them lead home."""
    assert location(shared, urllib.parse.quote(payload, safe="")) == "/"


@pytest.mark.parametrize("query", RAW)
def test_as_raw_bytes(shared, query):
    """WEB-08: the same, spelled as bytes: never another host, never a second header."""
    target = location(shared, query)
    assert target.startswith("/") and not target.startswith("//") and "\\" not in target, target
    if query not in ("%252f%252fevil.example",):
        assert target == "/", target


@pytest.mark.parametrize("target", FRIENDLY)
def test_a_path_of_this_server(shared, target):
    """WEB-08: and a good one is followed to the letter."""
    assert location(shared, urllib.parse.quote(target, safe="/")) == target


def test_who_is_not_signed_in_comes_back(shared):
    """WEB-08: a page asked for without a session is named in the sign-in's address with its query, encoded, and followed after
    the sign-in to the letter; one that would not be followed is left out."""
    for page in ("/", "/settings/account", "/settings/security", "/files/abcdefghijklmnopqrstuv"):
        for query in ("", "?x=//evil.example", "?next=//evil.example", "?name=CI%20export&scopes=a:b,c&expires=30d", "?a=%0d%0aX-Evil:1"):
            there = ask(shared, "GET", page + query).one("Location")
            assert there == f"/signin?next={urllib.parse.quote(page + query, safe='/')}"  # no scheme, no host: WEB-08 behind TLS
            assert location(shared, there.removeprefix("/signin?next=")) == page + query
        for query in ("?" + "a" * 1100, "?\\evil", "?é"):
            assert ask(shared, "GET", page + query).one("Location") == f"/signin?next={page}"
    assert ask(shared, "GET", "//evil.example/settings/account").status in (302, 404)
    assert "evil" not in str(ask(shared, "GET", "//evil.example/").all("Location"))
    assert "evil" not in str(ask(shared, "GET", "/settings/account", {"X-Forwarded-Host": "evil.example"}).all("Location"))

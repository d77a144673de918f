# SPDX-License-Identifier: Apache-2.0
"""Names are text: whatever somebody writes into one comes back as it was, as JSON, and never as markup."""
import json

import pytest

from tools import as_person, ask

CORPUS = [
    "<script>alert(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg/onload=alert(1)>",
    "'-alert(1)-'", "javascript:alert(1)", "{{7*7}}", "${7*7}", "<%= 7*7 %>", "#{7*7}", "{% debug %}", "&lt;b&gt;", "&amp;&#x3c;",
    "<!--", "-->", "]]>", "<![CDATA[x]]>", "\\", "\\\\", "\\u003c", "\"", "'", "`", "</title><b>", "<base href=//evil.example>",
    "<meta http-equiv=refresh content=0;url=//evil.example>", "<iframe srcdoc='<script>alert(1)</script>'>", "<math><mtext></form><form>",
    "' OR '1'='1", "'; DROP TABLE token; --", "\" UNION SELECT * FROM person --", "%s%s%n", "%00", "%0d%0aX: y", "../../etc/passwd",
    "=cmd|'/c calc'!A1", "@SUM(1)", "+1+1", "null", "undefined", "NaN", "true", "0", "-1", "1e400", "[]", "{}", "{\"admin\":true}",
    "\ufeffbom", "é", "e\u0301", "ﬁ", "İ", "ß", "𝔘𝔫𝔦", "שלום", "مرحبا", "日本語", "👩‍👩‍👧‍👦", "🏳️‍🌈", "z͑ͫa̴l͓g̈o",
    "\u200b\u200bzero", "a\u00adb", "\ufffd", "\U0010ffff", "x" * 64, "😀" * 64, "a  b", "tab?", "<a href=\"data:text/html,x\">",
]


def test_a_name_comes_back_as_it_was(shared):
    """WEB-07: 70 names: stored, listed and revoked byte for byte, always as application/json with nosniff, never with a
    "<" that a browser could take for markup outside of a JSON string."""
    made = {}
    for name in CORPUS:
        token = shared.ada.generate(name)
        assert token["name"] == name
        made[token["id"]] = name
    listed = {}
    cursor = ""
    while cursor is not None:
        answer = ask(shared, "GET", f"/api/v1/tokens?limit=100&cursor={cursor}", as_person(shared.ada))
        assert answer.one("Content-Type") == "application/json" and answer.one("X-Content-Type-Options") == "nosniff"
        page = json.loads(answer.body)
        listed.update({t["id"]: t["name"] for t in page["tokens"]})
        cursor = page["next_cursor"]
    assert {i: listed[i] for i in made} == made
    for token_id, name in made.items():
        assert shared.ada.call("GET", f"/api/v1/tokens/{token_id}").json["name"] == name
        assert shared.ada.revoke(token_id).json["name"] == name


def test_names_of_people_and_agents(shared):
    """WEB-07: the same for a person's name; a browser's name is cut and made visible ASCII."""
    name = "</script><img src=x onerror=alert(1)>"
    shared.add_person("markup@acme.org", name)
    person = shared.sign_in("markup@acme.org")
    assert person.session["person"]["name"] == name
    answer = shared.call("POST", "/api/v1/session", {"email": "markup@acme.org", "password": "correct horse battery wagon"},
                         {"User-Agent": b"<b>\xff\x1b[31m" + b"x" * 500})
    agent = person.call("GET", "/api/v1/sessions").json["sessions"][0]["user_agent"]
    assert answer.status == 200 and agent == ("<b>??[31m" + "x" * 500)[:256]


@pytest.mark.parametrize("body", [
    b'{"name":"\xff","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"\xed\xa0\x80","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"\\ud800","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"\xc0\xbcscript","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"a","name":"b","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"a","scopes":["current_user:read"],"expires_in_days":1}x',
    b'\xef\xbb\xbf{"name":"a","scopes":["current_user:read"],"expires_in_days":1}',
    b'{"name":"a","scopes":["current_user:read"],"expires_in_days":1e999}',
    b"[" * 40000, b'{"name":' * 5000, b"", b"null", b'"x"', b"{'name':'a'}", b'{"name":"a",}', b"{}\0", b'{"name":"a\nb"}',
])
def test_what_is_not_strict_json(shared, body):
    """WEB-07, API-03: broken UTF-8, lone surrogates, duplicate names, trailing bytes, depth: 400, and nothing is stored."""
    answer = ask(shared, "POST", "/api/v1/tokens", as_person(shared.ada), body)
    assert answer.status == 400 and json.loads(answer.body)["reason"] in ("malformed_json", "not_an_object"), answer

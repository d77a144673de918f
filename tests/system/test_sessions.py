# SPDX-License-Identifier: Apache-2.0
"""Sessions: a cookie that says nothing, kept as a hash, ended by time, by the person, by an administrator."""
import hashlib
import time

import pytest

from product import PASSWORD, Product
from tools import edit, rows

HOUR, DAY = 3600, 86400


def cookie_of(answer):
    parts = [p.strip() for p in answer.headers["Set-Cookie"].split(";")]
    name, value = parts[0].split("=", 1)
    return name, value, {p.split("=")[0].lower(): p.partition("=")[2] for p in parts[1:]}


def signing_in(product, headers=None, email="ada@acme.org"):
    return product.call("POST", "/api/v1/session", {"email": email, "password": PASSWORD}, headers)


def test_the_cookie(shared):
    """SES-01: HttpOnly, SameSite=Strict, Path=/, no Domain, and nothing in it but 256 random bits."""
    name, value, attributes = cookie_of(signing_in(shared))
    assert (name, len(value)) == ("patd_session", 43) and value.isalnum()
    assert attributes["path"] == "/" and attributes["samesite"] == "Strict" and "httponly" in attributes
    assert "domain" not in attributes and "secure" not in attributes  # the first run is plain http on loopback
    assert 29 * DAY < int(attributes["max-age"]) <= 30 * DAY


def test_the_cookie_behind_tls(tmp_path):
    """SES-01: served over https it is __Host- and Secure, and a cookie without that prefix is not looked at."""
    with Product(tmp_path, public_url="https://tokens.example.org") as p:
        p.set_up()
        host = {"Host": "tokens.example.org", "Origin": "https://tokens.example.org"}
        answer = signing_in(p, host)
        name, value, attributes = cookie_of(answer)
        assert (answer.status, name) == (200, "__Host-patd_session")
        assert "secure" in attributes and "httponly" in attributes and attributes["path"] == "/" and "domain" not in attributes
        assert p.get("/api/v1/session", headers={**host, "Cookie": f"__Host-patd_session={value}"}).status == 200
        assert p.get("/api/v1/session", headers={**host, "Cookie": f"patd_session={value}"}).status == 401


def test_cookies_are_fresh_and_only_their_hash_is_kept(shared):
    """SES-02: every sign-in makes a new value, whatever the browser brings (no fixation); at rest is its SHA-256."""
    chosen = "A" * 43
    values = set()
    for _ in range(10):
        person = shared.sign_in()
        answer = signing_in(shared, {"Cookie": f"patd_session={chosen}; {person.cookie}"})
        value = cookie_of(answer)[1]
        assert value != chosen and f"patd_session={value}" != person.cookie
        values.add(value)
    assert len(values) == 10
    assert shared.get("/api/v1/session", headers={"Cookie": f"patd_session={chosen}"}).status == 401
    everything = b"".join(p.read_bytes() for p in shared.data.glob("patd.db*"))
    hashes = {r[0] for r in rows(shared, "SELECT hash FROM session")}
    for value in values:
        assert value.encode() not in everything
        assert hashlib.sha256(value.encode()).digest() in hashes


def test_two_cookies_are_none(shared):
    """SES-02: two cookies of the name are not chosen between."""
    ada = shared.ada
    for header in (f"{ada.cookie}; {ada.cookie}", f"{ada.cookie}; patd_session=x", f"patd_session=; {ada.cookie}"):
        assert shared.get("/api/v1/session", headers={"Cookie": header}).status == 401, header
    value = ada.cookie.split("=")[1]
    for other in (value[:-1], value + "0", value.swapcase(), f'"{value}"', value.replace(value[0], "%%%02X" % ord(value[0]), 1)):
        assert shared.get("/api/v1/session", headers={"Cookie": f"patd_session={other}"}).status == 401, other
    assert shared.get("/api/v1/session", headers={"Cookie": f"theme=dark; {ada.cookie}; lang=en"}).status == 200


@pytest.mark.parametrize("column, ago, alive", [
    ("seen", 71 * HOUR, True), ("seen", 72 * HOUR - 60, True), ("seen", 72 * HOUR, False), ("seen", 1000 * HOUR, False),
    ("expires", -60, True), ("expires", 0, False), ("expires", 40 * DAY, False),
])
def test_limits(tmp_path, column, ago, alive):
    """SES-03: 72 hours without use and 30 days in any case, by the server's clock: a cookie kept longer is worth nothing,
    and one still good keeps its absolute end however much it is used."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        end = rows(p, "SELECT expires FROM session")[0][0]
        assert abs(end - time.time() - 30 * DAY) < 10
        p.stop()
        edit(p, f"UPDATE session SET {column} = ?", int(time.time()) - ago)
        p.start()
        answers = [ada.call("GET", "/api/v1/session").status, ada.call("GET", "/api/v1/tokens").status,
                   200 if ada.call("GET", "/").status == 200 else 401]
        assert answers == ([200] * 3 if alive else [401] * 3)
        if alive and column == "seen":
            assert rows(p, "SELECT expires FROM session") == [(end,)]
            assert time.time() - rows(p, "SELECT seen FROM session")[0][0] < 60


def test_signing_out(shared):
    """SES-04: the session is dead on the server, and the browser is told to forget what it has."""
    person = shared.sign_in()
    token = person.generate("made in a session")["token"]
    answer = person.call("DELETE", "/api/v1/session")
    assert answer.status == 204
    assert "cookies" in answer.headers["Clear-Site-Data"] and "cache" in answer.headers["Clear-Site-Data"]
    assert cookie_of(answer)[1:] == ("", {"path": "/", "max-age": "0", "httponly": "", "samesite": "Strict"})
    for method, path in (("GET", "/api/v1/session"), ("DELETE", "/api/v1/session"), ("GET", "/api/v1/tokens")):
        assert person.call(method, path).status == 401
    assert person.call("GET", "/settings/security").headers["Location"] == "/signin?next=/settings/security"
    assert shared.ada.call("GET", "/api/v1/session").status == 200
    assert shared.get("/v1/me", token=token).status == 200  # a token is not a session


def test_one_sees_and_ends_ones_own(shared):
    """SES-05: the list says which is this one; any of them can be ended, alone; somebody else's cannot."""
    shared.add_person("list@acme.org", "Lise")
    here = shared.sign_in("list@acme.org")
    agent = 'Mozilla/5.0 (<script>alert(1)</script>; "Ω")'
    there = signing_in(shared, {"User-Agent": agent.encode()}, "list@acme.org")
    listed = here.call("GET", "/api/v1/sessions").json["sessions"]
    assert [s["current"] for s in listed] == [False, True]
    assert listed[0]["address"] == "127.0.0.1"
    assert listed[0]["user_agent"] == 'Mozilla/5.0 (<script>alert(1)</script>; "??")'
    assert set(listed[0]) == {"id", "created_at", "last_seen_at", "expires_at", "address", "user_agent", "current"}
    ada_id = next(s["id"] for s in shared.ada.call("GET", "/api/v1/sessions").json["sessions"] if s["current"])
    for other in (ada_id, "999999", "0", "-1", "1 OR 1=1", "%31"):
        assert here.call("DELETE", f"/api/v1/sessions/{other.replace(' ', '%20')}").status == 404, other
    assert here.call("DELETE", f"/api/v1/sessions/{listed[0]['id']}").status == 204
    assert shared.get("/api/v1/session", headers={"Cookie": there.headers["Set-Cookie"].split(";")[0]}).status == 401
    assert here.call("DELETE", f"/api/v1/sessions/{listed[1]['id']}").headers["Clear-Site-Data"]
    assert here.call("GET", "/api/v1/session").status == 401
    assert shared.ada.call("GET", "/api/v1/session").status == 200


def test_one_ends_all_ones_others(shared):
    """SES-05: this one goes on, under the same cookie; those of other people too; nothing more is left to end."""
    shared.add_person("vera@acme.org")
    vera = [shared.sign_in("vera@acme.org") for _ in range(3)]
    answer = vera[1].call("DELETE", "/api/v1/sessions")
    assert (answer.status, answer.json) == (200, {"ended_sessions": 2}) and not answer.headers["Set-Cookie"]
    assert [s.call("GET", "/api/v1/session").status for s in vera] == [401, 200, 401]
    assert shared.ada.call("GET", "/api/v1/session").status == 200
    assert len(rows(shared, "SELECT 1 FROM audit WHERE action = 'session.ended' AND actor = ?", int(vera[0].id))) >= 1
    assert vera[1].call("DELETE", "/api/v1/sessions").json == {"ended_sessions": 0}


def test_an_administrator_ends_anyones(shared):
    """SES-05: all sessions of a person, at once; somebody who is no administrator can do so only to himself."""
    shared.add_person("ended@acme.org", "Eve")
    eve = [shared.sign_in("ended@acme.org") for _ in range(3)]
    shared.add_person("other@acme.org", "Otto")
    otto = shared.sign_in("other@acme.org")
    assert otto.call("DELETE", f"/api/v1/people/{eve[0].id}/sessions").status == 404
    assert otto.call("DELETE", "/api/v1/people/999/sessions").status == 404  # the same for nobody
    assert otto.call("DELETE", f"/api/v1/people/{otto.id}/sessions").json == {"ended_sessions": 1}
    assert otto.call("GET", "/api/v1/session").status == 401
    answer = shared.ada.call("DELETE", f"/api/v1/people/{eve[0].id}/sessions")
    assert (answer.status, answer.json) == (200, {"ended_sessions": 3})
    assert {e.call("GET", "/api/v1/session").status for e in eve} == {401}
    assert shared.ada.call("DELETE", "/api/v1/people/999/sessions").status == 404
    assert rows(shared, "SELECT DISTINCT actor FROM audit WHERE action = 'session.ended' ORDER BY id DESC LIMIT 1") == [(1,)]


def test_a_person_has_so_many_sessions_and_no_more(tmp_path):
    """SES-03: one more than `sessions_live_max` ends the one that was used longest ago; somebody else's stay; it is recorded."""
    with Product(tmp_path, sessions_live_max=3) as p:
        ada = p.set_up()
        p.add_person("grace@acme.org")
        grace = p.sign_in("grace@acme.org")
        others = [p.sign_in() for _ in range(2)]
        p.stop()
        edit(p, "UPDATE session SET seen = seen - 3600 WHERE id > 1")  # Ada's first is in daily use, those made later are not
        p.start()
        newest = p.sign_in()
        assert [s.call("GET", "/api/v1/session").status for s in (ada, *others, newest, grace)] == [200, 401, 200, 200, 200]
        assert rows(p, "SELECT action, object, actor FROM audit ORDER BY id DESC LIMIT 2") == [
            ("session.ended", "session:3", 1), ("session.created", "session:5", 1)]

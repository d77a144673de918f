# SPDX-License-Identifier: Apache-2.0
"""The first run: nobody exists, nothing opens, and one code works once."""
import pytest

from product import PASSWORD
from tools import await_event, rows, together

ADA = {"email": "ada@acme.org", "name": "Ada", "password": PASSWORD}


def set_up(product, code, source=None, **more):
    return product.call("POST", "/api/v1/setup", {"code": code, **ADA, **more}, source=source)


def test_there_is_no_default_account(product):
    """AUT-07: a fresh installation knows nobody: no usual name and password signs in, no page and no API opens."""
    assert rows(product, "SELECT count(*) FROM person") == [(0,)]
    assert product.patd("user", "list").stdout == ""
    for i, (email, password) in enumerate([("admin", "admin"), ("admin@localhost", "admin"), ("root", ""), ("patd", "patd"),
                                           ("admin@example.org", "changeme"), ("", ""), ("admin", PASSWORD)]):
        answer = product.call("POST", "/api/v1/session", {"email": email, "password": password}, source=f"127.0.0.{10 + i}")
        assert answer.status == 401, (email, answer)
    for page in ("/", "/settings/security", "/settings/account", "/files/abcdefghijklmnopqrstuv"):
        assert product.get(page).headers["Location"] == f"/signin?next={page}"
    assert product.get("/signin").headers["Location"] == "/setup"
    assert product.get("/setup").status == 200
    assert product.get("/api/v1/setup").json == {"needed": True}
    for path in ("/api/v1/session", "/api/v1/tokens", "/api/v1/scopes", "/api/v1/sessions"):
        assert product.get(path).status == 401


def test_the_code_works_once(product):
    """AUT-07: the link's code makes the first administrator and is used up."""
    code = product.setup_code
    assert len(code) >= 43  # 256 bits in base62
    answer = set_up(product, code)
    assert answer.status == 201 and answer.json["person"] == {"id": "1", "email": "ada@acme.org", "name": "Ada", "admin": True, "picture_url": None}
    again = set_up(product, code, email="eve@acme.org")
    assert (again.status, again.json["reason"]) == (409, "setup_done")
    assert product.get("/setup").headers["Location"] == "/signin"
    assert product.get("/api/v1/setup").json == {"needed": False}
    product.stop()
    product.setup_code = None
    product.start()
    assert product.setup_code is None  # no link is printed any more
    assert set_up(product, code).status == 409


def test_two_who_have_the_link(product):
    """AUT-07: of twenty parallel attempts with the right code one becomes the administrator."""
    answers = together(20, lambda i: set_up(product, product.setup_code, email=f"n{i}@acme.org", source=f"127.0.0.{10 + i}"))
    assert sorted(a.status for a in answers)[0] == 201
    assert [a.status for a in answers].count(201) == 1
    assert {a.status for a in answers} <= {201, 403, 409, 503}
    assert rows(product, "SELECT count(*) FROM person") == [(1,)]


def test_a_restart_replaces_the_code(product):
    """AUT-07: a link that was printed earlier is worth nothing."""
    old = product.setup_code
    product.stop()
    product.start()
    assert product.setup_code != old
    answer = set_up(product, old)
    assert (answer.status, answer.json["reason"]) == (403, "setup_code_invalid")
    assert set_up(product, product.setup_code).status == 201


def test_guessing_the_code(product):
    """AUT-04, AUT-07: wrong codes are slowed down; a password that is refused is no guess."""
    for _ in range(8):
        assert set_up(product, product.setup_code, password="short").json["reason"] == "password_too_short"
    statuses = [set_up(product, "x" * 43, source="127.0.0.2").status for _ in range(20)]
    assert statuses[:5] == [403] * 5 and statuses[5] == 429 and statuses.count(403) < 10, statuses
    for code in ("", product.setup_code[:-1], product.setup_code.swapcase(), product.setup_code + "x"):
        assert set_up(product, code, source="127.0.0.3").status == 403, code
    assert rows(product, "SELECT count(*) FROM person") == [(0,)]
    assert set_up(product, product.setup_code, source="127.0.0.4").status == 201


def test_the_code_is_nowhere_but_in_the_link(product):
    """LOG-03, AUT-07: the database has its hash, the log has nothing."""
    code = product.setup_code
    assert all(code.encode() not in path.read_bytes() for path in product.data.glob("*"))
    set_up(product, code)
    assert await_event(product, "setup.done")["person"] == "1"
    assert code not in product.stderr()
    assert rows(product, "SELECT count(*) FROM setup") == [(0,)]


@pytest.mark.parametrize("field, value, reason", [
    ("email", "ada", "email_malformed"), ("email", "a da@acme.org", "email_malformed"), ("email", "ada@acme.org\0", "email_malformed"),
    ("name", "", "name_required"), ("name", "x" * 101, "name_too_long"), ("name", "a\nb", "name_bad_characters"),
    ("password", "passwordpassword", "password_too_common"), ("password", "ada@acme.org1234", "password_is_personal"),
])
def test_what_is_refused_leaves_the_code_good(product, field, value, reason):
    """AUT-02, AUT-07: the rules for names and passwords hold for the first account too."""
    answer = set_up(product, product.setup_code, **{field: value})
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, field)
    assert set_up(product, product.setup_code).status == 201

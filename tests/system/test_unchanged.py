# SPDX-License-Identifier: Apache-2.0
"""A page that stands open asks whether its list is still true: cheaply, and without keeping its session alive."""
from product import Product
from test_token_expiry import Clock
from tools import rows, together

HOUR = 3600


def ask(person, tag=None, query=""):
    return person.call("GET", "/api/v1/tokens" + query, headers={"If-None-Match": tag} if tag else {})


def test_what_has_not_changed_is_not_sent_again(tmp_path):
    """304 without a body as long as nothing in the list is different; whatever changes it is seen at once: generating,
    revoking, a use, an expiry, what becomes too old to be listed."""
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env, session_idle_hours=8000, session_max_days=365) as p:
        ada = p.set_up()
        tag = ask(ada).headers["ETag"]

        def same():
            answer = ask(ada, tag)
            assert (answer.status, answer.body, answer.headers["ETag"]) == (304, b"", tag), answer
            assert answer.headers["Cache-Control"] == "no-store" and "Content-Length" not in answer.headers

        def changed():
            nonlocal tag
            answer = ask(ada, tag)
            assert answer.status == 200 and answer.headers["ETag"] != tag, answer
            assert answer.json == ask(ada).json
            tag = answer.headers["ETag"]
            same()

        same()
        token = ada.generate("a", days=1)
        changed()
        assert p.get("/v1/me", token=token["token"]).status == 200
        changed()
        ada.generate("b", days=2)
        changed()
        ada.revoke(token["id"])
        changed()
        clock.set(47 * HOUR)
        same()
        clock.set(49 * HOUR)  # b has expired
        changed()
        clock.set(31 * 24 * HOUR)  # a has left the list
        changed()
        # Another view, another tag; and another person's is of no use.
        assert ask(ada, tag, "?state=live").status == 200
        p.add_person("grace@acme.org")
        assert ask(p.sign_in("grace@acme.org"), tag).status == 200
        assert {a.status for a in together(20, lambda i: ask(ada, tag))} == {304}


def test_asking_on_and_on_keeps_no_session(tmp_path):
    """SES-03: what a page asks by itself is no activity: the session idles out all the same."""
    clock = Clock(tmp_path)
    with Product(tmp_path, env=clock.env, session_idle_hours=1) as p:
        ada, grace = p.set_up(), p.sign_in()
        tag = ask(ada).headers["ETag"]
        for minutes in range(5, 60, 5):
            clock.set(minutes * 60)
            assert ask(ada, tag).status == 304
            assert ask(grace).status == 200
        assert len({seen for seen, in rows(p, "SELECT seen FROM session")}) == 2
        clock.set(HOUR + 5)
        assert ask(ada, tag).status == 401
        assert ask(grace).status == 200

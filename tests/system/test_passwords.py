# SPDX-License-Identifier: Apache-2.0
"""Passwords: how they are kept, which are accepted, and changing one's own."""
import base64
import shutil
import subprocess

import pytest

from product import PASSWORD, ROOT, Product
from tools import rows

LONGEST = "".join(chr(33 + (i * 37) % 90) for i in range(4096))
EMOJI = "".join(chr(0x1F600 + i % 64) for i in range(128))


def unpadded(text):
    return base64.b64decode(text + "=" * (-len(text) % 4))


def phc(product, email):
    """The parts of the stored PHC string: variant, version, parameters, salt, hash."""
    (text,), = rows(product, "SELECT password FROM person WHERE email = ?", email)
    _, variant, version, parameters, salt, digest = text.split("$")
    return variant, version, dict(p.split("=") for p in parameters.split(",")), unpadded(salt), unpadded(digest)


@pytest.mark.skipif(not shutil.which("argon2"), reason="the argon2 program is not installed")
def test_stored_as_argon2id_with_the_asvs_minimum(tmp_path):
    """AUT-01: what patd stores with its default settings is argon2id, 46 MiB, one pass, a salt of 16 bytes, and the argon2
    program computes the same hash."""
    with Product(tmp_path, argon2_memory_kib=47104) as p:
        for i in range(5):  # a salt with a NUL byte cannot be handed to a program
            p.add_person(f"p{i}@acme.org", password=PASSWORD + str(i))
            variant, version, parameters, salt, digest = phc(p, f"p{i}@acme.org")
            assert (variant, version, parameters) == ("argon2id", "v=19", {"m": "47104", "t": "1", "p": "1"})
            assert len(salt) == 16 and len(digest) == 32
            if b"\0" not in salt:
                break
        done = subprocess.run([b"argon2", salt, b"-id", b"-t", b"1", b"-k", b"47104", b"-p", b"1", b"-l", b"32", b"-r"],
                              input=(PASSWORD + str(i)).encode(), capture_output=True, check=True)
        assert done.stdout.decode().strip() == digest.hex()


def test_rehashed_when_the_cost_has_risen(tmp_path):
    """AUT-01: the next sign-in after the operator asks for more memory stores a new hash; nothing is asked of the person."""
    with Product(tmp_path) as p:
        p.set_up()
        assert phc(p, "ada@acme.org")[2]["m"] == "8192"
        p.stop()
        p.settings["argon2_memory_kib"] = 16384
        p.settings["argon2_passes"] = 2
        p.start()
        session = p.sign_in()
        assert (phc(p, "ada@acme.org")[2]["m"], phc(p, "ada@acme.org")[2]["t"]) == ("16384", "2")
        assert session.call("GET", "/api/v1/session").status == 200
        p.sign_in()
        assert rows(p, "SELECT count(*) FROM audit WHERE action = 'password.rehashed'") == [(1,)]


class Changer:
    """Somebody who changes passwords for a living."""

    def __init__(self, product, email, name):
        product.add_person(email, name)
        self.product, self.email, self.current = product, email, PASSWORD
        self.person = product.sign_in(email)

    def try_new(self, new):
        answer = self.person.call("POST", "/api/v1/password", {"current_password": self.current, "new_password": new})
        if answer.status == 200:
            self.current = new
            self.person = self.product.sign_in(self.email, new)
        return answer


@pytest.fixture(scope="module")
def changer(shared):
    return Changer(shared, "changer@acme.org", "Margaret Hamilton")


@pytest.mark.parametrize("new", [
    "fifteen chars ok",  # 16
    "quinze lettres!",  # 15
    "blue lamp singing under seven hats" * 3,
    "all lower case words here",
    "  blanks at both ends count  ",
    EMOJI[:15],  # 60 bytes, 15 characters
    EMOJI,
    "пароль из пятнадцати",
    "a" * 10 + "bc de fg hi" + "\u0301",
    LONGEST,
    "and back to one of everyday length",
], ids=lambda v: f"{len(v)} characters, {len(v.encode())} bytes")
def test_accepted(changer, new):
    """AUT-02: 15 to 4096 bytes of any characters, no composition rules; what was set is what signs in, to the last one."""
    assert changer.try_new(new).status == 200
    for wrong in (new[:-1], new[:-1] + chr(ord(new[-1]) ^ 1), new + " "):
        answer = changer.product.call("POST", "/api/v1/session", {"email": changer.email, "password": wrong})
        assert answer.status == 401, wrong
    changer.product.sign_in(changer.email, new)


@pytest.mark.parametrize("new, reason", [
    ("", "password_too_short"),
    ("fourteen chars", "password_too_short"),
    (EMOJI[:14], "password_too_short"),
    ("x1" * 2049, "password_too_long"),
    ("nul byte inside\0 of it", "password_bad_characters"),
    # AUT-03
    ("passwordpassword", "password_too_common"),
    ("Password1234567890!", "password_too_common"),
    ("aaaaaaaaaaaaaaaaaaaa", "password_too_common"),
    ("123456789012345678", "password_too_common"),
    ("abcdefghijklmnopqrst", "password_too_common"),
    ("987654321098765432", "password_too_common"),
    ("qwertyqwertyqwerty", "password_too_common"),
    ("11111letmein11111", "password_too_common"),
    ("monkeymonkeymonkey", "password_too_common"),
    ("patdpatdpatdpatd", "password_too_common"),
    ("changer@acme.org", "password_is_personal"),
    ("Changer@Acme.org1!", "password_is_personal"),
    ("margaret hamilton", "password_is_personal"),
    ("1Margaret Hamilton1", "password_is_personal"),
], ids=lambda v: v[:20])
def test_refused(changer, new, reason):
    """AUT-02, AUT-03: too short, too long, not text, among the first guesses, or the person's own name or address: refused
    with the reason."""
    answer = changer.try_new(new)
    assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, reason, "new_password"), answer
    assert len(answer.json["detail"]) > 20
    changer.product.sign_in(changer.email, changer.current)


def test_from_one_longest_password_to_another(shared):
    """AUT-02: the request has room for both."""
    changer = Changer(shared, "long@acme.org", "Dorothy")
    assert changer.try_new(LONGEST).status == 200
    assert changer.try_new(LONGEST[::-1]).status == 200


def test_the_blocklist_is_long_enough():
    """AUT-03: at least 3 000 passwords come with patd."""
    lines = (ROOT / "share" / "passwords" / "common.txt").read_text().splitlines()
    assert len({line.lower() for line in lines if line and not line.startswith("#")}) >= 3000


def test_the_same_rules_everywhere(shared):
    """AUT-02, AUT-03: at the command line the rules are those of the page."""
    for password in ("short", "passwordpassword", "newcomer@acme.org"):
        done = shared.patd("user", "add", "newcomer@acme.org", "--name", "New", "--password-stdin", input=password + "\n")
        assert done.returncode == 1 and done.stderr.startswith("patd: the password is"), done
    assert "newcomer" not in shared.patd("user", "list").stdout


def test_a_change_needs_the_current_password(shared):
    """AUT-08: a session alone does not change the password, and ends the other sessions unless told not to."""
    shared.add_person("change@acme.org", "Joan")
    first, second, third = (shared.sign_in("change@acme.org") for _ in range(3))
    new = "another sentence of mine"

    def change(person, current, new, **more):
        return person.call("POST", "/api/v1/password", {"current_password": current, "new_password": new, **more})

    for wrong in ("", "wrong", PASSWORD[:-1], PASSWORD.upper()):
        answer = change(first, wrong, new)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (401, "wrong_credentials", "current_password")
    assert first.call("POST", "/api/v1/password", {"new_password": new}).json["reason"] == "missing_field"
    assert change(first, PASSWORD, PASSWORD).json["reason"] == "password_unchanged"
    assert [s.call("GET", "/api/v1/session").status for s in (first, second, third)] == [200, 200, 200]

    kept = change(first, PASSWORD, new, end_other_sessions=False)
    assert (kept.status, kept.json["ended_sessions"]) == (200, 0)
    assert [s.call("GET", "/api/v1/session").status for s in (first, second, third)] == [401, 200, 200]  # SES-02: a new cookie
    assert kept.json["csrf_token"] != first.csrf
    first.cookie, first.csrf = kept.headers["Set-Cookie"].split(";")[0], kept.json["csrf_token"]

    changed = change(first, new, new + "!")
    assert (changed.status, changed.json["ended_sessions"]) == (200, 2)
    first.cookie, first.csrf = changed.headers["Set-Cookie"].split(";")[0], changed.json["csrf_token"]
    assert [s.call("GET", "/api/v1/session").status for s in (first, second, third)] == [200, 401, 401]
    assert shared.call("POST", "/api/v1/session", {"email": "change@acme.org", "password": PASSWORD}).status == 401
    shared.sign_in("change@acme.org", new + "!")

# SPDX-License-Identifier: Apache-2.0
"""`patd user …`, with patd running and not: the same words do the same."""
import subprocess

import pytest

from product import PASSWORD, Product
from tools import rows, together


@pytest.fixture(params=["running", "stopped", "never started"])
def p(request, tmp_path):
    """A product in each state; `ready()` makes it serve."""
    product = Product(tmp_path)
    if request.param == "never started":
        product.ready = product.start
        yield product
        product.__exit__()
        return
    with product:
        product.set_up("root@acme.org", "Root")
        if request.param == "stopped":
            product.stop()
        product.ready = product.start if request.param == "stopped" else lambda: product
        yield product


def user(product, *words, password=None):
    return product.patd("user", *words, *(["--password-stdin"] if password is not None else []), input=password)


def test_add_list_disable_enable_password(p):
    """Every subcommand, and what it says."""
    assert user(p, "add", "ada@acme.org", "--name", "Ada Lovelace", "--admin", password=PASSWORD + "\n").returncode == 0
    assert user(p, "add", "grace@acme.org", "--name", "Grace", password=PASSWORD).returncode == 0  # no line end
    listed = user(p, "list").stdout
    assert [line.split()[-3:] for line in listed.splitlines() if "ada@" in line] == [["Ada", "Lovelace", "admin"]]
    assert "disabled" not in listed
    assert user(p, "disable", "GRACE@acme.org").returncode == 0
    assert [line.split()[-1] for line in user(p, "list").stdout.splitlines() if "grace" in line] == ["disabled"]
    assert user(p, "enable", "grace@acme.org").returncode == 0
    assert "disabled" not in user(p, "list").stdout
    assert user(p, "password", "grace@acme.org", password="a fresh start for her\r\n").returncode == 0
    p.ready()
    assert p.sign_in("ada@acme.org").session["person"]["admin"] is True
    assert p.sign_in("grace@acme.org", "a fresh start for her").session["person"]["admin"] is False
    assert p.call("POST", "/api/v1/session", {"email": "grace@acme.org", "password": PASSWORD}).status == 401
    assert p.get("/api/v1/setup").json == {"needed": False}


@pytest.mark.parametrize("words, password, sentence", [
    (["add", "ada"], PASSWORD, "this is not an email address"),
    (["add", "ada@acme.org"], PASSWORD, "a name is required (--name)"),
    (["add", "ada@acme.org", "--name", "x" * 101], PASSWORD, "the name is longer than 100 characters"),
    (["add", "ada@acme.org", "--name", "Ada"], "short", "the password is shorter than 15 characters"),
    (["add", "ada@acme.org", "--name", "Ada"], "passwordpassword", "one of those that everybody tries first"),
    (["add", "ada@acme.org", "--name", "Ada"], "ada@acme.org 123", "made of the person's own name or email address"),
    (["add", "ada@acme.org", "--name", "Ada"], "x" * 5000, "the password is longer than 4096 bytes"),
    (["add", "ada@acme.org", "--name", "Ada"], None, "give the password on standard input, and say so with --password-stdin"),
    (["disable", "nobody@acme.org"], None, "nobody has this email address"),
    (["enable", "nobody@acme.org"], None, "nobody has this email address"),
    (["password", "nobody@acme.org"], PASSWORD, "nobody has this email address"),
], ids=lambda v: str(v)[:25])
def test_faults_are_one_sentence(shared, words, password, sentence):
    """A fault is one plain sentence on standard error and status 1; nothing is changed."""
    before = rows(shared, "SELECT count(*) FROM audit")
    done = user(shared, *words, password=password)
    assert (done.returncode, done.stdout) == (1, "") and done.stderr.startswith("patd: ") and sentence in done.stderr, done
    assert rows(shared, "SELECT count(*) FROM audit") == before


def test_the_same_address_twice(shared):
    """Addresses are compared without case."""
    assert user(shared, "add", "twice@acme.org", "--name", "T", password=PASSWORD).returncode == 0
    done = user(shared, "add", "Twice@Acme.ORG", "--name", "T", password=PASSWORD)
    assert done.returncode == 1 and "somebody has this email address already" in done.stderr


@pytest.mark.parametrize("words", [[], ["add"], ["list", "x"], ["disable"], ["disable", "a@b.c", "--admin"], ["nonsense", "a@b.c"],
                                   ["disable", "a@b.c", "--password-stdin"], ["add", "a@b.c", "extra", "--name", "x"]])
def test_usage(shared, words):
    """What is no command is answered with the usage and status 2."""
    done = user(shared, *words)
    assert done.returncode == 2 and done.stderr.startswith("usage: patd user add"), done


def test_passwords_are_in_no_command_line(shared):
    """CRY-04: there is no flag that takes a password."""
    for flag in ("--password", "--password=x"):
        done = subprocess.run(shared.arguments("user", "add", "flag@acme.org", "--name", "F", flag, PASSWORD), capture_output=True, text=True)
        assert done.returncode == 2 and PASSWORD not in done.stderr, done


def test_a_new_password_ends_sessions(shared):
    """REV-07: an administrator's reset signs the person out everywhere; tokens are not touched by it."""
    user(shared, "add", "reset@acme.org", "--name", "R", password=PASSWORD)
    person = shared.sign_in("reset@acme.org")
    token = person.generate("stays")["token"]
    assert user(shared, "password", "reset@acme.org", password="after the reset, new\n").returncode == 0
    assert person.call("GET", "/api/v1/session").status == 401
    assert shared.get("/v1/me", token=token).status == 200
    shared.sign_in("reset@acme.org", "after the reset, new")


def test_many_commands_at_once(shared):
    """The running patd does them one after the other, and goes on serving."""
    done = together(12, lambda i: user(shared, "add", f"many{i}@acme.org", "--name", "M", password=PASSWORD))
    assert [d.returncode for d in done] == [0] * 12, done
    listed = user(shared, "list").stdout
    assert all(f"many{i}@acme.org" in listed for i in range(12))
    assert shared.get("/readyz").status == 200

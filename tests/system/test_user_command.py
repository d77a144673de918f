# SPDX-License-Identifier: Apache-2.0
"""`patd user …`, with patd running and not: the same words do the same."""
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from product import PASSWORD, PATD, Product
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
    done = user(p, "add", "ada@acme.org", "--name", "Ada Lovelace", "--admin", password=PASSWORD + "\n")
    assert done.returncode == 0 and re.fullmatch(r"ada@acme.org is person \d, an administrator.\n", done.stdout)
    assert user(p, "add", "grace@acme.org", "--name", "Grace", password=PASSWORD).returncode == 0  # no line end
    listed = user(p, "list").stdout
    assert [line.split()[-3:] for line in listed.splitlines() if "ada@" in line] == [["Ada", "Lovelace", "admin"]]
    assert "disabled" not in listed
    done = user(p, "disable", "GRACE@acme.org")
    assert done.returncode == 0 and done.stdout == "GRACE@acme.org is disabled: signed out everywhere, and all of their tokens are revoked.\n"
    assert [line.split()[-1] for line in user(p, "list").stdout.splitlines() if "grace" in line] == ["disabled"]
    assert user(p, "enable", "grace@acme.org").stdout == "grace@acme.org may sign in. Tokens that were revoked stay so.\n"
    assert "disabled" not in user(p, "list").stdout
    done = user(p, "password", "grace@acme.org", password="a fresh start for her\r\n")
    assert (done.returncode, done.stdout) == (0, "grace@acme.org has a new password. All of their sessions have ended.\n")
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
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.startswith("usage: patd user COMMAND"), done


COMMANDS = ["add EMAIL --name NAME", "list", "disable EMAIL", "enable EMAIL", "password EMAIL"]


@pytest.mark.parametrize("words", [["--help"], ["help"], ["add", "--help"], ["add", "a@b.c", "--name", "x", "--help"]])
def test_help(tmp_path, words):
    """Asked for, the commands are the answer: on standard output, without any data folder, and nothing is done."""
    done = subprocess.run([PATD, "user", *words], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "") and all(f"\n  {command}" in done.stdout for command in COMMANDS), done
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_the_one_of_run(tmp_path):
    """Without any flag both take patd-data in the current folder; where there is none, that is said with what names another."""
    alone = {k: v for k, v in os.environ.items() if not k.startswith("PATD_")}
    run = lambda *words, **more: subprocess.run([PATD, *words], capture_output=True, text=True, cwd=tmp_path, env=alone, **more)  # noqa: E731
    done = run("user", "list")
    assert done.returncode == 1 and "there is no data folder patd-data (`patd run` makes one; --data names another)" in done.stderr, done
    assert "data = patd-data\n" in run("check").stdout
    assert run("user", "add", "ada@acme.org", "--name", "Ada", "--password-stdin", input=PASSWORD).returncode == 0
    assert (tmp_path / "patd-data" / "patd.db").exists() and "ada@acme.org" in run("user", "list").stdout


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


# ---- At a terminal.

class Terminal:
    """`patd user …` at a terminal of its own: what is shown there, and what somebody types."""

    def __init__(self, product, *words, shell=()):
        self.master, self.slave = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen([*shell, *product.arguments("user", *words)], stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                        env=product.env, start_new_session=True, preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)
        os.close(self.slave)

    @property
    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def see(self, words):
        end = time.monotonic() + 20
        while words not in self.shown:
            assert time.monotonic() < end, self.shown
            if select.select([self.master], [], [], 0.1)[0]:
                self.shown += os.read(self.master, 4096).decode().replace("\r\n", "\n")

    def type(self, text):
        os.write(self.master, text.encode())

    def end(self):
        return self.process.wait(timeout=20)


def test_a_password_is_asked_for_and_not_shown(p):
    """CRY-04: at a terminal, without a flag, twice and unseen; the terminal is as it was afterwards."""
    with Terminal(p, "add", "ada@acme.org", "--name", "Ada") as t:
        t.see("Password: ")
        assert not t.echoes
        t.type("Pass\bw\x7f" + "\x15" + PASSWORD + "\n")  # erased by Ctrl-U, and typed anew
        t.see("The same again: ")
        t.type(PASSWORD + "\n")
        t.see("ada@acme.org is person ")
        assert t.end() == 0 and t.echoes
        assert PASSWORD not in t.shown and PASSWORD[:4] not in t.shown and "P" not in t.shown.replace("Password: ", "")
    with Terminal(p, "password", "ada@acme.org", "--password-stdin") as t:
        for words in ("Password: ", "The same again: "):
            t.see(words)
            t.type("another sentence of hers\n")
        t.see("ada@acme.org has a new password.")
        assert t.end() == 0
    p.ready()
    p.sign_in("ada@acme.org", "another sentence of hers")


def test_two_different_passwords_are_none(shared):
    with Terminal(shared, "add", "typo@acme.org", "--name", "T") as t:
        t.see("Password: ")
        t.type(PASSWORD + "\n")
        t.see("The same again: ")
        t.type(PASSWORD + "!\n")
        t.see("patd: these are two different passwords\n")
        assert t.end() == 1 and t.echoes
    assert "typo" not in user(shared, "list").stdout


@pytest.mark.parametrize("key, number", [("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT), (None, signal.SIGTERM), (None, signal.SIGHUP)])
def test_breaking_off_leaves_the_terminal_as_it_was(shared, key, number):
    with Terminal(shared, "password", "ada@acme.org") as t:
        t.see("Password: ")
        assert not t.echoes
        t.type("half a pass")
        t.type(key) if key else t.process.send_signal(number)
        assert t.end() == -number and t.echoes
    shared.sign_in()


def test_a_pause_asks_again(shared):
    """Ctrl-Z gives the terminal back to the shell as it was; going on, what was typed before does not count."""
    shared.add_person("pause@acme.org")
    shell = ["bash", "-mc", '"$@"; stty -a | tr " " "\\n" | grep -x -- "-\\?echo"; fg > /dev/null', "bash"]
    with Terminal(shared, "password", "pause@acme.org", shell=shell) as t:
        t.see("Password: ")
        t.type("half a pass")
        t.type("\x1a")
        t.see("\necho\n")
        t.shown = ""
        t.see("Password: ")
        t.type("after the pause, new\n")
        t.see("The same again: ")
        t.type("after the pause, new\n")
        t.see("pause@acme.org has a new password.")
        assert t.end() == 0
    shared.sign_in("pause@acme.org", "after the pause, new")

# SPDX-License-Identifier: Apache-2.0
"""Mail to people, through a real SMTP server: what comes, to whom, once, whatever breaks in between, and never a secret."""
import re
import time

import pytest

from clock import Clock
from nodes_cluster import Cluster
from product import PASSWORD, Product
from smtp_server import SmtpServer, certificate
from tools import await_event, events

DAY = 86400


def with_mail(folder, server, env=None, **settings):
    folder.mkdir(exist_ok=True)
    p = Product(folder, env=env, mail_url=server.url, mail_from="patd@acme.org", tokens_per_hour_max=100000, **settings)
    p.settings["public_url"] = p.base
    return p


def settled(product, server):
    """Everything that there was to send has been sent: what a token of Ada's own says last. Her mails are forgotten."""
    name = f"settled {time.monotonic_ns()}"
    product.ada.generate(name)
    end = time.monotonic() + 15
    while not any(name in m.subject for m in server.mails):
        assert time.monotonic() < end, server.heard[-20:]
        time.sleep(0.02)
    server.mails[:] = [m for m in server.mails if m.to != ["ada@acme.org"]]


@pytest.fixture(scope="module")
def post():
    with SmtpServer() as server:
        yield server


@pytest.fixture(scope="module")
def running(tmp_path_factory, post):
    with with_mail(tmp_path_factory.mktemp("mail"), post) as p:
        p.ada = p.set_up()
        settled(p, post)
        yield p


made = 0


@pytest.fixture
def grace(running, post):
    """Somebody of whom nobody was told yet."""
    global made
    made += 1
    email = f"grace{made}@acme.org"
    running.add_person(email, "Grace Hopper")
    person = running.sign_in(email)
    person.email = email
    yield person
    post.replies.clear()


def test_a_token_that_was_generated(running, post, grace):
    """Its name, its last characters, its scopes, when; and nothing that opens anything. Once."""
    token = grace.generate("CI export", ["current_user:read", "file_content:read"])
    mail, = post.wait(1, to=grace.email)
    message = mail.message
    assert (message["From"], message["To"]) == ("patd <patd@acme.org>", f"Grace Hopper <{grace.email}>")
    assert mail.subject == 'A token was generated: "CI export"' and mail.sender.startswith("MAIL FROM:<patd@acme.org>") and mail.to == [grace.email]
    assert (message["Auto-Submitted"], message.get_content_type(), message.get_content_charset()) == ("auto-generated", "text/plain", "utf-8")
    assert re.fullmatch(r"<patd\.[0-9a-f]{16}\.audit\.\d+\.\d+@acme\.org>", mail.id)
    assert abs(message["Date"].datetime.timestamp() - time.time()) < 30
    for part in ("Hello Grace Hopper,", "on the pages", "CI export", f"…{token['token'][-4:]}", "current_user:read, file_content:read", " UTC\n", "127.0.0.1",
                 f"{running.base}/settings/security", f"{running.base}/settings/notifications"):
        assert part in mail.text, mail.text
    settled(running, post)
    assert len(post.wait(1, to=grace.email)) == 1
    event = await_event(running, "notice.sent", lambda e: e["person"] == grace.id)
    assert event["notice"] == "generated" and "@acme.org" not in running.stderr()


def test_no_secret_is_in_any_mail(running, post, grace):
    token = grace.generate("a secret")["token"]
    grace.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": "another horse battery wagon", "end_other_sessions": False})
    settled(running, post)
    assert len(post.wait(2, to=grace.email)) == 2
    everything = b"".join(m.data for m in post.mails) + "".join(post.heard).encode()
    for secret in (token, token[4:-8], token[-12:], PASSWORD, "another horse", grace.cookie.split("=")[1]):
        assert secret.encode() not in everything.replace(b"=\r\n", b"")


def test_names_come_out_as_they_went_in(running, post, grace):
    names = ['"><b>x</b>', "Ünï çødé 🚀" * 5, "=?utf-8?Q?x?=", "a, b; <c@d.e>", 'quote " and \\', "x" * 64]
    for name in names:
        grace.generate(name)
    for name, mail in zip(names, post.wait(len(names), to=grace.email), strict=True):
        assert mail.subject == f'A token was generated: "{name}"' and f"  Name     {name}\n" in mail.text and len(mail.message.keys()) == 9
    for i, name in enumerate(names[:2]):
        assert grace.call("PATCH", "/api/v1/me", {"name": name}).status == 200
        grace.generate(f"another {i}")
        mail = post.wait(len(names) + i + 1, to=grace.email)[-1]
        address, = mail.message["To"].addresses
        assert (mail.to_name, address.addr_spec) == (name, grace.email) and f"Hello {name},\n" in mail.text and len(mail.message.keys()) == 9


def test_a_revoke_by_somebody_else(running, post, grace):
    """One's own is not told; an administrator's is."""
    own, other = grace.generate("own"), grace.generate("other")
    grace.revoke(own["id"])
    assert running.ada.call("DELETE", f"/api/v1/admin/tokens/{other['id']}").status in (200, 204)
    mail = post.wait(3, to=grace.email)[2]
    assert mail.subject == 'Your token "other" was revoked' and "by an administrator" in mail.text and "127.0.0.1" not in mail.text.split("http")[0]
    settled(running, post)
    assert [m.subject for m in post.wait(3, to=grace.email)][2:] == [mail.subject]


def test_who_does_not_want_it_gets_none(running, post, grace):
    before = grace.call("GET", "/api/v1/notifications").json
    assert before == {"sends_mail": True, "token_endings": True, "token_changes": True, "sign_ins": False}
    answer = grace.call("PATCH", "/api/v1/notifications", {"token_changes": False, "sign_ins": True})
    assert (answer.status, answer.json) == (200, {**before, "token_changes": False, "sign_ins": True})
    assert await_event(running, "person.wishes_changed", lambda e: e["person"] == grace.id)
    grace.generate("unseen")
    running.sign_in(grace.email, headers={"User-Agent": "Looker/9"})
    settled(running, post)
    mails = post.wait(1, to=grace.email)
    assert {m.subject for m in mails} == {"Somebody has signed in as you"} and "Looker/9" in mails[-1].text


def test_a_changed_address_is_told_at_both(running, post, grace):
    assert grace.call("PATCH", "/api/v1/notifications", {"token_changes": False, "token_endings": False}).status == 200
    new = f"new-{grace.email}"
    assert grace.call("PATCH", "/api/v1/me", {"email": new, "current_password": PASSWORD}).status == 200
    old_mail, = post.wait(1, to=grace.email)
    new_mail, = post.wait(1, to=new)
    assert "no longer has this email address" in old_mail.text and new not in old_mail.text and old_mail.id != new_mail.id
    assert "has this email address now" in new_mail.text


def test_somebody_disabled_gets_nothing(running, post, grace):
    grace.generate("hers")
    post.wait(1, to=grace.email)
    assert running.patd("user", "disable", grace.email).returncode == 0
    settled(running, post)
    assert len(post.wait(1, to=grace.email)) == 1


def test_a_recipient_who_is_refused_stops_nobody(running, post, grace):
    post.replies[grace.email] = f"550 5.1.1 <{grace.email}>: nobody here"
    grace.generate("for nobody")
    settled(running, post)
    event = await_event(running, "notice.refused", lambda e: e["person"] == grace.id)
    assert (event["code"], event["command"]) == ("550", "RCPT") and "@" not in str(event)
    post.replies[grace.email] = "450 4.2.1 later"
    grace.generate("for later")
    settled(running, post)
    assert await_event(running, "notice.deferred", lambda e: e["person"] == grace.id)["code"] == "450"
    assert not [m for m in post.mails if grace.email in m.to]


@pytest.mark.parametrize("body, status, reason", [
    ({"token_endings": "yes"}, 400, "wrong_type"), ({"token_endings": None}, 400, "wrong_type"), ({"sends_mail": True}, 400, "unknown_field"),
    ({"password": True}, 400, "unknown_field"), ([], 400, "not_an_object"), ({}, 200, None)])
def test_only_wishes_are_taken(running, body, status, reason):
    answer = running.ada.call("PATCH", "/api/v1/notifications", body)
    assert answer.status == status and answer.json.get("reason") == reason
    assert running.ada.call("GET", "/api/v1/notifications").json["token_endings"] is True


# ---- What breaks.

def test_nothing_is_lost_and_nothing_waits(tmp_path):
    """The mail server is away, patd is killed, the server comes back, dies with a mail in its hands, and stalls. Everything comes, under
    the same name where it comes twice; and no request ever waits for it."""
    server = SmtpServer().start()
    with with_mail(tmp_path, server) as p:
        ada = p.set_up()
        ada.generate("first")
        server.wait(1)
        server.stop()
        ada.generate("while it is away")
        failed = await_event(p, "notice.failed")
        assert "connect" in failed["error"].lower() and "@acme.org" not in p.stderr()
        p.kill()
        p.start()
        assert [m.subject for m in server.mails] == ['A token was generated: "first"']
        server.forget()
        server.dies = 1
        server.start()
        first, again = server.wait(2, seconds=20)[:2]
        assert first.subject == again.subject == 'A token was generated: "while it is away"' and first.id == again.id
        await_event(p, "notice.resumed")

        server.stalls = "greeting"
        began = time.monotonic()
        token = ada.generate("while it stalls")
        assert p.get("/v1/me", token=token["token"]).status == 200
        time.sleep(1.5)  # it is being sent by now
        assert ada.revoke(token["id"]).status in (200, 204)
        assert p.get("/v1/me", token=token["token"]).status == 401
        assert time.monotonic() - began < 4
        began = time.monotonic()
        assert p.stop() == 0
        assert time.monotonic() - began < 5
        server.stop()
        server.stalls = None
        server.forget()
        server.start()
        p.start()
        mails = server.wait(1)
        assert [m.subject for m in mails] == ['A token was generated: "while it stalls"']
    server.stop()


def test_the_end_of_a_token(tmp_path):
    """A week and a day before; not of what never had so long to live; not what is over, nor one with another in its place."""
    clock = Clock(tmp_path)
    with SmtpServer() as server, with_mail(tmp_path / "p", server, env=clock.env) as p:
        ada = p.set_up()
        token = ada.generate("CI export", days=30)
        ada.generate("short", days=7)
        gone = ada.generate("gone", days=30)
        ada.revoke(gone["id"])
        replaced = ada.generate("replaced", days=90)
        newer = ada.call("POST", f"/api/v1/tokens/{replaced['id']}/rotate", {"old_ends_in_seconds": 7 * DAY}).json
        assert newer["replaced"]["expires_at"] < token["expires_at"]
        server.wait(5)
        server.forget()
        clock.set(23 * DAY - 60)
        time.sleep(1)
        clock.set(23 * DAY + 5)
        week, = server.wait(1)
        assert week.subject == 'Your token "CI export" ends in 7 days'
        ends = time.strftime("%H:%M UTC", time.strptime(token["expires_at"], "%Y-%m-%dT%H:%M:%SZ"))
        assert ends in week.text and f"…{token['token'][-4:]}" in week.text and f"{p.base}/settings/security" in week.text
        clock.set(29 * DAY + 5)
        day = server.wait(2)[1]
        assert day.subject == 'Your token "CI export" ends in 1 day' and day.id != week.id
        assert re.search(r"\.ends\.[0-9a-f]{32}\.7@", week.id)
        time.sleep(1.5)
        assert len(server.mails) == 2


def test_of_two_nodes_one_sends(tmp_path):
    with SmtpServer() as server, Cluster(tmp_path, nodes=2, mail_url=server.url, mail_from="patd@acme.org", public_url="http://tokens.example.org") as nodes:
        # public_url is what a page has to come from
        for i in range(2):
            made = nodes[i].call("POST", "/api/v1/tokens", {"name": f"at {i}", "scopes": ["current_user:read"], "expires_in_days": 30},
                                 {"Cookie": nodes.ada.cookie, "X-CSRF-Token": nodes.ada.csrf})
            assert made.status == 201, made
        server.wait(2)
        time.sleep(1.5)
        assert sorted(m.subject for m in server.mails) == ['A token was generated: "at 0"', 'A token was generated: "at 1"']
        assert len({m.id for m in server.mails}) == 2


# ---- The server, and the settings.

def test_the_command(tmp_path):
    """`patd mail test`: with TLS and a password, and what it says when something is wrong."""
    tls = certificate(tmp_path)
    secret = tmp_path / "password"
    secret.write_text("open sesame\n")
    secret.chmod(0o600)
    known = {"mail_user": "patd", "mail_password_file": str(secret), "mail_ca_file": str(tls[0]), "mail_tls": "required"}
    with SmtpServer(tls=tls, starttls=True, auth=("patd", "open sesame")) as server, SmtpServer(tls=tls, implicit=True) as other, SmtpServer() as plain:
        def test(where=server, address="ada@acme.org", **settings):
            p = with_mail(tmp_path / "p", where, **settings)
            done = p.patd("mail", "test", address)
            assert "sesame" not in done.stdout + done.stderr
            return done.returncode, done.stdout + done.stderr

        assert test(**known) == (0, f"{server.url} took the mail: 250 taken\n")
        mail, = server.wait(1)
        assert mail.tls and mail.user == "patd" and mail.message["Subject"] == "A test from patd"
        assert not any("sesame" in line for line in server.heard) and "EHLO acme.org" in server.heard
        assert test(other, mail_ca_file=str(tls[0]))[0] == 0 and other.wait(1)[0].tls
        assert test(plain)[0] == 0 and not plain.wait(1)[0].tls  # on this machine

        for settings, words in (({**known, "mail_ca_file": ""}, "certificate"), ({**known, "mail_user": "eve"}, "535 5.7.8 no"),
                                ({"mail_ca_file": str(tls[0]), "mail_tls": "required"}, "530 who are you?")):
            status, said = test(**settings)
            assert status == 1 and words in said, said
        status, said = test(plain, mail_tls="required")
        assert status == 1 and "STARTTLS" in said and not any("MAIL" in line for line in plain.heard[-2:]), said
        plain.replies["ada@acme.org"] = "550 5.1.1 nobody here"
        status, said = test(plain)
        assert status == 1 and "550 5.1.1 nobody here to RCPT" in said
        plain.stop()
        status, said = test(plain)
        assert status == 1 and "connect" in said.lower()
        assert test(plain, address="nobody")[0] == 1
        assert "mail_url is empty" in Product(tmp_path / "p").patd("mail", "test", "a@b").stderr
        assert Product(tmp_path / "p").patd("mail", "tset").returncode == 2


@pytest.mark.parametrize("settings, words", [
    ({"mail_from": ""}, "mail_from"), ({"public_url": ""}, "public_url"), ({"mail_url": "mail.example.org"}, "smtp://"),
    ({"mail_url": "smtp://u:p@mail.example.org"}, "smtp://"), ({"mail_from": "nobody"}, "mail_from"), ({"mail_user": "x"}, "mail_password_file"),
    ({"mail_ca_file": "/nowhere"}, "/nowhere"), ({"mail_tls": "maybe"}, "mail_tls"), ({"mail_user": "x", "mail_password_file": "/nowhere"}, "/nowhere"),
    ({}, None)])
def test_what_cannot_work_is_said(tmp_path, settings, words):
    p = Product(tmp_path, **{"mail_url": "smtp://mail.example.org:587", "mail_from": "patd@acme.org", "public_url": "https://t.example.org", **settings})
    done = p.patd("check")
    assert (done.returncode == 0) == (words is None) and (words or "") in done.stderr, done.stderr


def test_where_no_mail_is_sent(tmp_path):
    with Product(tmp_path) as p:
        ada = p.set_up()
        answer = ada.call("GET", "/api/v1/notifications")
        assert answer.json == {"sends_mail": False, "token_endings": True, "token_changes": True, "sign_ins": False}
        assert ada.call("PATCH", "/api/v1/notifications", {"sign_ins": True}).json["sign_ins"] is True
        assert events(p, "notice.failed") == []

# SPDX-License-Identifier: Apache-2.0
"""An SMTP server (RFC 5321) that takes mail down, and refuses, stalls or dies as it is told.

    with SmtpServer() as server:
        server.replies["ada@acme.org"] = "550 5.1.1 nobody here"
        mail, = server.wait(1)
        mail.message["Subject"], mail.text
"""
import base64
import email
import email.header
import email.policy
import socket
import ssl
import subprocess
import threading
import time


class Mail:
    def __init__(self, sender, to, data, tls, user):
        self.sender, self.to, self.data, self.tls, self.user = sender, to, data, tls, user
        self.message = email.message_from_bytes(data, policy=email.policy.default)
        assert self.message.defects == [], self.message.defects

    @property
    def text(self):
        return self.message.get_content().replace("\r\n", "\n")

    @property
    def subject(self):
        return self.message["Subject"]

    @property
    def id(self):
        return self.message["Message-ID"]

    @property
    def to_name(self):
        """By the older of Python's two readers: the newer one leaves a blank between two encoded words of a name (RFC 2047, section 6.2)."""
        name, _, _ = email.message_from_bytes(self.data)["To"].rpartition("<")
        return str(email.header.make_header(email.header.decode_header(name.strip())))

    def __repr__(self):
        return f"Mail({self.to}, {self.subject!r})"


def certificate(folder, name="localhost"):
    """A certificate that follows from nothing but itself: (certificate, key)."""
    crt, key = folder / f"{name}.crt", folder / f"{name}.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key, "-out", crt], check=True, capture_output=True)
    return crt, key


class Gone(Exception):
    pass


class Session:
    def __init__(self, server, connection):
        self.server, self.connection = server, connection
        self.buffer, self.tls, self.user = b"", False, None

    def say(self, line):
        self.connection.sendall(line.encode() + b"\r\n")

    def hear(self):
        while b"\r\n" not in self.buffer:
            piece = self.connection.recv(65536)
            if not piece:
                raise Gone
            self.buffer += piece
        line, _, self.buffer = self.buffer.partition(b"\r\n")
        return line

    def secure(self):
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*self.server.tls)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.buffer, self.tls = b"", True

    def serve(self):
        if self.server.implicit:
            self.secure()
        if self.server.stalls == "greeting":
            self.server.stall()
        self.say(self.server.greeting)
        self.sender, self.to = None, []
        while self.turn(self.hear()):
            pass

    def turn(self, line):
        command = line.decode("utf-8", "replace")
        word = command.split(" ")[0].split(":")[0].upper()
        self.server.heard.append(command)
        if word in ("EHLO", "HELO"):
            offers = ["smtp.test"] + ["STARTTLS"] * (self.server.starttls and not self.tls) + ["AUTH PLAIN"] * bool(self.server.auth) + ["SMTPUTF8", "8BITMIME"]
            for i, offer in enumerate(offers):
                self.say(f"250{' ' if i == len(offers) - 1 else '-'}{offer}")
        elif word == "STARTTLS":
            self.say("220 go ahead")
            self.secure()
        elif word == "AUTH":
            self.authenticate(command)
        elif word == "MAIL":
            self.sender = command
            self.say(self.server.replies.get("MAIL") or ("530 who are you?" if self.server.auth and not self.user else "250 ok"))
        elif word == "RCPT":
            address = command[command.index("<") + 1:command.index(">")]
            reply = self.server.replies.get(address, "250 ok")
            if reply.startswith("250"):
                self.to.append(address)
            self.say(reply)
        elif word == "DATA":
            return self.data()
        elif word == "QUIT":
            self.say("221 bye")
            return False
        else:
            self.say("502 what?")
        return True

    def authenticate(self, command):
        words = command.split(" ")
        if len(words) < 3:
            self.say("334 ")
            words.append(self.hear().decode())
        _, user, password = base64.b64decode(words[2]).decode().split("\0")
        if (user, password) == self.server.auth:
            self.user = user
            self.say("235 welcome")
        else:
            self.say("535 5.7.8 no")

    def data(self):
        self.say("354 go on")
        lines = []
        while (line := self.hear()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
            assert len(line) <= 998
        self.server.take(Mail(self.sender, list(self.to), b"\r\n".join(lines) + b"\r\n", self.tls, self.user))
        if self.server.stalls == "data":
            self.server.stall()
        if self.server.dies > 0:  # it has the mail, and nobody hears that
            self.server.dies -= 1
            return False
        self.say(self.server.replies.get("DATA", "250 taken"))
        self.sender, self.to = None, []
        return True


class SmtpServer:
    def __init__(self, port=0, tls=None, implicit=False, starttls=False, auth=None):
        self.port, self.tls, self.implicit, self.starttls, self.auth = port, tls, implicit, starttls, auth
        self.greeting = "220 smtp.test ready"
        self.replies = {}  # of a recipient, or of the words MAIL and DATA
        self.stalls, self.dies = None, 0
        self.mails, self.heard = [], []
        self.changed = threading.Condition()
        self.ended = threading.Event()

    @property
    def url(self):
        return f"{'smtps' if self.implicit else 'smtp'}://localhost:{self.port}"

    def start(self):
        self.ended.clear()
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self):
        if self.ended.is_set():
            return
        self.ended.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def _accept(self):
        while not self.ended.is_set():
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        session = Session(self, connection)
        try:
            session.serve()
        except (OSError, Gone):
            pass
        finally:
            session.connection.close()

    def stall(self):
        self.ended.wait(60)
        raise Gone

    def take(self, mail):
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()

    def wait(self, n, seconds=15, to=None):
        """At least so many mails (to somebody), in the order in which they came."""
        end = time.monotonic() + seconds
        with self.changed:
            while len(found := [m for m in self.mails if to is None or to in m.to]) < n:
                assert self.changed.wait(end - time.monotonic()) or time.monotonic() < end, (self.mails, self.heard[-20:])
        return found

    def forget(self):
        with self.changed:
            self.mails.clear()
            self.heard.clear()

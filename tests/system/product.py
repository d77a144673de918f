# SPDX-License-Identifier: Apache-2.0
"""The whole product, started as a user starts it, and people who use it over HTTP.

    with Product(tmp_path) as p:
        ada = p.set_up()                       # the first administrator, signed in
        token = ada.generate("CI", ["current_user:read"])
        p.get("/v1/me", token=token["token"])  # -> Answer(status, headers, body)

Nothing here knows patd's insides: only its command line, its standard output and HTTP.
"""
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATD = pathlib.Path(os.environ.get("PATD_PROGRAM", ROOT / "build" / "patd"))
PASSWORD = "correct horse battery wagon"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers  # http.client.HTTPMessage: case-insensitive, get_all()
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"Answer({self.status}, {self.body[:300]!r})"


class Person:
    """Somebody with a session, as a browser would keep it."""

    def __init__(self, product, cookie, session):
        self.product, self.cookie, self.session = product, cookie, session
        self.csrf = session["csrf_token"]
        self.id = session["person"]["id"]

    def call(self, method, path, body=None, headers=None, **kw):
        h = {"Cookie": self.cookie}
        if method not in ("GET", "HEAD"):
            h["X-CSRF-Token"] = self.csrf
        h.update(headers or {})
        return self.product.call(method, path, body, h, **kw)

    def generate(self, name, scopes=("current_user:read",), days=30, **kw):
        answer = self.call("POST", "/api/v1/tokens", {"name": name, "scopes": list(scopes), "expires_in_days": days, **kw})
        assert answer.status == 201, answer
        return answer.json

    def revoke(self, token_id):
        return self.call("DELETE", f"/api/v1/tokens/{token_id}")


class Product:
    """`patd run` in a folder of its own on a free port. Settings as keyword arguments."""

    described = None  # whether what is answered is what the document says (described.py); None: nobody looks

    def __init__(self, folder=None, env=None, wrap=(), program=None, **settings):
        self.folder = pathlib.Path(folder or tempfile.mkdtemp(prefix="patd-test-"))
        self.data = self.folder / "data"
        self.port = free_port()
        self.settings = {"argon2_memory_kib": 8192, "edge_workers": 2, **settings}
        # Of our own environment patd must not see what only tests know: it refuses a PATD_ variable that is no setting.
        ours = {k: v for k, v in os.environ.items() if not k.startswith("PATD_")}
        self.env, self.wrap, self.program = {**ours, **(env or {})}, list(wrap), str(program or PATD)
        self.process = None
        self.setup_code = None
        self.known_runtime = None

    @property
    def base(self):
        return f"http://127.0.0.1:{self.port}"

    def arguments(self, *command):
        flags = [f"--{k.replace('_', '-')}={v}" for k, v in self.settings.items()]
        return [self.program, *command, "--data", str(self.data), "--listen", f"127.0.0.1:{self.port}", *flags]

    def start(self, wait=True):
        self.out = open(self.folder / "out", "ab")
        self.err = open(self.folder / "err", "ab")
        before = (self.folder / "out").stat().st_size
        self.process = subprocess.Popen([*self.wrap, *self.arguments("run")], stdout=self.out, stderr=self.err,
                                        stdin=subprocess.DEVNULL, env=self.env, start_new_session=True)
        if wait:
            self.wait_ready(before)
            assert self.runtime.is_dir()
        return self

    def wait_ready(self, before=0, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise AssertionError(f"patd ended with {self.process.returncode}: {self.stderr()[-2000:]}")
            text = (self.folder / "out").read_bytes()[before:].decode()
            if "patd serves" in text:
                found = re.search(r"/setup#(\S+)", text)  # written in one piece with the line above
                self.setup_code = found.group(1) if found else None
                return
            time.sleep(0.01)
        raise AssertionError(f"patd did not serve: {self.stderr()[-2000:]}")

    def stderr(self):
        return (self.folder / "err").read_text(errors="replace")

    def log(self):
        """Its log lines as objects; a line that is none is an error. The last is not there yet before it ends."""
        return [json.loads(line) for line in self.stderr().split("\n")[:-1] if line.strip()]

    def kill(self):
        """kill -9 of patd alone: its nginx goes on."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, sig=signal.SIGTERM, seconds=30):
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(sig)
        status = self.process.wait(timeout=seconds)
        self.process = None
        self.out.close()
        self.err.close()
        return status

    @property
    def runtime(self):
        """The folder of the index and the sockets, as `patd check` tells it while there is nothing wrong."""
        if self.known_runtime is None:
            found = re.search(r"runtime in (\S+)", self.patd("check").stdout)
            if not found:
                return self.folder / "never-started"
            self.known_runtime = pathlib.Path(found.group(1))
        return self.known_runtime

    def end_edge(self):
        """Ends an nginx that a killed patd left behind."""
        pid_file = self.runtime / "nginx.pid"
        if pid_file.exists():
            pid = int(pid_file.read_text() or 0)
            if pid:
                try:
                    os.kill(pid, signal.SIGTERM)
                    for _ in range(200):
                        os.kill(pid, 0)
                        time.sleep(0.02)
                except ProcessLookupError:
                    pass

    def __enter__(self):
        return self.start()

    def __exit__(self, *exc):
        runtime = self.runtime
        try:
            self.stop()
        finally:
            self.end_edge()
            shutil.rmtree(runtime, ignore_errors=True)

    def patd(self, *words, input=None):
        """Runs the command line on the same data."""
        given = {"input": input} if input is not None else {"stdin": subprocess.DEVNULL}  # never the tester's own terminal
        return subprocess.run(self.arguments(*words), capture_output=True, text=True, timeout=60, env=self.env, **given)

    def call(self, method, path, body=None, headers=None, token=None, timeout=30, source=None):
        h = dict(headers or {})
        if isinstance(body, (dict, list)):
            body = json.dumps(body)
            h.setdefault("Content-Type", "application/json")
        if token:
            h.setdefault("X-Figma-Token", token)
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout,
                                                source_address=(source, 0) if source else None)
        try:
            connection.request(method, path, body, h)
            response = connection.getresponse()
            answer = Answer(response, response.read())
        finally:
            connection.close()
        if Product.described:
            found = Product.described.violations(method, path, body, h, answer)
            assert not found, found
        return answer

    def get(self, path, **kw):
        return self.call("GET", path, **kw)

    def _person(self, answer):
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        return Person(self, cookie, answer.json)

    def set_up(self, email="ada@acme.org", name="Ada", password=PASSWORD):
        answer = self.call("POST", "/api/v1/setup",
                           {"code": self.setup_code, "email": email, "name": name, "password": password})
        assert answer.status == 201, answer
        return self._person(answer)

    def add_person(self, email, name="Grace", password=PASSWORD, admin=False):
        done = self.patd("user", "add", email, "--name", name, *(["--admin"] if admin else []), "--password-stdin",
                         input=password + "\n")
        assert done.returncode == 0, done.stderr

    def sign_in(self, email="ada@acme.org", password=PASSWORD, **kw):
        answer = self.call("POST", "/api/v1/session", {"email": email, "password": password}, **kw)
        assert answer.status == 200, answer
        return self._person(answer)

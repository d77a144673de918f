# SPDX-License-Identifier: Apache-2.0
"""A real nginx with the module, in a directory of its own, and raw sockets to talk to it.

Nothing here normalises what is sent or received: the tests are about bytes.
"""
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from edge_index import Index, module

NGINX = "/usr/sbin/nginx"

HEAD = """
load_module {module};
{user}
daemon off;
worker_processes {workers};
worker_shutdown_timeout 10s;
error_log {root}/error.log notice;
pid {root}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    scgi_temp_path {root}/t4; uwsgi_temp_path {root}/t5;
    log_format pat escape=json '{{"status":$status,"uri":"$request_uri","verdict":"$pat_verdict",'
        '"user":"$pat_user","scopes":"$pat_scopes","tid":"$pat_token_id","expires":"$pat_expires"}}';
    access_log {root}/access.log pat;
    types {{ text/html html; text/plain txt; application/json json; }}
    lingering_timeout 1s; keepalive_requests 1000000;
    pat_index {index};
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Answer:
    def __init__(self, status, headers, body, raw_head):
        self.status = status
        self.headers = headers  # pairs, as they came
        self.body = body
        self.raw_head = raw_head

    def all(self, name):
        return [v for k, v in self.headers if k.lower() == name.lower()]

    def one(self, name):
        values = self.all(name)
        assert len(values) == 1, f"{name}: {values}"
        return values[0]

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def until(check, within=5.0):
    """Waits for what follows an answer, and returns it; fails when it never comes."""
    deadline = time.monotonic() + within
    while not (found := check()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return found


class Conn:
    """One connection to nginx."""

    def __init__(self, address, timeout=8):
        if isinstance(address, int):
            self.socket = socket.create_connection(("127.0.0.1", address), timeout)
        else:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(timeout)
            self.socket.connect(str(address))
        self.buffer = b""

    def send(self, data):
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)
        return self

    def _more(self):
        piece = self.socket.recv(65536)
        self.buffer += piece
        return bool(piece)

    def read(self, head_only=False):
        """The next answer, or None when the server has closed."""
        while b"\r\n\r\n" not in self.buffer:
            if not self._more():
                assert not self.buffer, f"cut off: {self.buffer!r}"
                return None
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        status = int(lines[0].split()[1])
        headers = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in lines[1:]]
        low = {k.lower(): v for k, v in headers}
        body = b""
        if not (head_only or status in (204, 304) or 100 <= status < 200):
            if "content-length" in low:
                size = int(low["content-length"])
                while len(self.buffer) < size:
                    assert self._more(), "cut off in the body"
                body, self.buffer = self.buffer[:size], self.buffer[size:]
            elif low.get("transfer-encoding") == "chunked":
                body = self._chunked()
            else:
                while self._more():
                    pass
                body, self.buffer = self.buffer, b""
        return Answer(status, headers, body, head)

    def _chunked(self):
        body = b""
        while True:
            while b"\r\n" not in self.buffer:
                assert self._more()
            line, self.buffer = self.buffer.split(b"\r\n", 1)
            size = int(line, 16)
            while len(self.buffer) < size + 2:
                assert self._more()
            body += self.buffer[:size]
            self.buffer = self.buffer[size + 2:]
            if size == 0:
                return body

    def read_all(self):
        """Everything until the server closes."""
        try:
            while self._more():
                pass
        except ConnectionResetError:
            pass
        return self.buffer

    def closed(self, within=3.0):
        """Whether the server closes without saying more."""
        self.socket.settimeout(within)
        try:
            return self.buffer == b"" and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Site:
    """nginx, its index and its backends. `http` is the inside of the http block after HEAD."""

    def __init__(self, servers, workers=1, index=True, backends=(), user=None, **names):
        self.root = Path(tempfile.mkdtemp(prefix="edge-"))
        self.root.chmod(0o755)
        self.port = free_port()
        self.index_directory = self.root / "index"
        self.workers = workers
        self.user = user or ("user root;" if os.getuid() == 0 else "")
        self.names = names
        self.backends = backends
        self.index = None
        self.process = None
        (self.root / "html").mkdir()
        (self.root / "html" / "index.html").write_text("open door\n")
        (self.root / "html" / "hello.txt").write_text("hello\n")
        if index is True:
            self.index = Index(self.index_directory)
        elif index:
            self.index_directory = index  # another site's
        self.write(servers)

    def path(self, name):
        return self.root / name

    def write(self, servers):
        values = dict(root=self.root, index=self.index_directory, module=module(), port=self.port,
                      workers=self.workers, user=self.user, **self.names)
        body = servers
        for key, value in values.items():
            body = body.replace("@" + key.upper() + "@", str(value))
        (self.root / "nginx.conf").write_text(HEAD.format(**values) + body + "\n}\n")

    def command(self, *more):
        under = shlex.split(os.environ.get("PAT_EDGE_UNDER", ""))  # valgrind and its like
        return [*under, NGINX, "-p", str(self.root), "-c", str(self.root / "nginx.conf"),
                "-e", str(self.root / "error.log"), *more]

    def check(self):
        """nginx -t: (passed, what it said)."""
        done = subprocess.run([NGINX, "-p", str(self.root), "-c", str(self.root / "nginx.conf"), "-t"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.returncode == 0, done.stdout

    def start(self):
        if self.index:
            self.index.publish()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + (60 if "PAT_EDGE_UNDER" in os.environ else 5)
        while True:
            try:
                Conn(self.port).close()
                return self
            except OSError:
                assert self.process.poll() is None, self.errors()
                assert time.monotonic() < deadline, "nginx does not listen"
                time.sleep(0.02)

    def reload(self):
        """SIGHUP, and back when new workers serve."""
        before = self.worker_pids()
        self.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 5
        while not self.worker_pids() - before:
            assert time.monotonic() < deadline, self.errors()
            time.sleep(0.02)
        return before

    def worker_pids(self):
        done = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self.process.pid)], stdout=subprocess.PIPE, text=True)
        return {int(p) for p in done.stdout.split()}

    def stop(self):
        try:
            if self.process and self.process.poll() is None:
                self.process.send_signal(signal.SIGQUIT)
                try:
                    self.process.wait(timeout=15)
                except subprocess.TimeoutExpired:
                    self.process.terminate()
                    self.process.wait(timeout=5)
            if self.index:
                self.index.close()
            for backend in self.backends:
                backend.stop()
        finally:
            errors = self.errors()
            shutil.rmtree(self.root, ignore_errors=True)
        bad = [line for line in errors.splitlines() if re.search(r"\[(emerg|alert|crit)\]|AddressSanitizer|==\d+==", line)]
        assert not bad, bad

    def errors(self):
        path = self.root / "error.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def log(self):
        """The access log, one dict a request. nginx writes a line after its answer: log_ends waits for one."""
        return [json.loads(line) for line in (self.root / "access.log").read_text(errors="replace").split("\n")[:-1]]

    def log_ends(self, *wanted):
        """Waits until the access log's last lines say these dicts, one each; the last of them."""
        deadline = time.monotonic() + 5
        while True:
            last = self.log()[-len(wanted):]
            if len(last) == len(wanted) and all(want.items() <= line.items() for want, line in zip(wanted, last)):
                return last[-1]
            assert time.monotonic() < deadline, last
            time.sleep(0.01)

    def all_logs(self):
        return "".join(p.read_text(errors="replace") for p in self.root.glob("*.log"))

    # Requests.

    def conn(self, **kwargs):
        return Conn(self.port, **kwargs)

    def ask(self, target, headers=(), method="GET", version="1.1", body=b""):
        """One request on a connection of its own."""
        lines = [f"{method} {target} HTTP/{version}", "Host: site"]
        lines += [f"{k}: {v}" for k, v in headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        with self.conn() as c:
            c.send("\r\n".join(lines) + "\r\n\r\n")
            if body:
                try:
                    c.send(body)
                except (BrokenPipeError, ConnectionResetError):
                    pass
            return c.read(head_only=method == "HEAD")

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__(True)
            raise

    def __exit__(self, kind, *_):
        if kind:
            try:
                self.stop()
            except AssertionError as e:  # the test's own failure matters more
                print(e)
        else:
            self.stop()


def bearer(token):
    return ("Authorization", f"Bearer {token}")


def figma(token):
    return ("X-Figma-Token", token)

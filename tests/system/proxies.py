# SPDX-License-Identifier: Apache-2.0
"""Other people's proxies, run with the configurations of docs/proxies.md, and what has to be so behind each of them.

A file of tests starts its proxy in a World and inherits the tests of Gate.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import unquote

from edge_echo import HttpEcho
from edge_site import Conn, bearer, figma
from product import ROOT, Product, free_port
from tools import contents, never_issued

SHOP = """\
openapi: 3.0.3
servers: [{url: 'https://shop.example'}]
components:
  securitySchemes:
    login: {type: oauth2, flows: {implicit: {scopes: {'orders:read': Read orders, 'orders:write': Change orders, 'keys:read': Read keys}}}}
paths:
  /orders: {get: {security: [{login: ['orders:read']}]}, post: {security: [{login: ['orders:write']}]}}
  /orders/{order}: {get: {security: [{login: ['orders:read']}]}, put: {security: [{login: ['orders:write']}]}}
  /keys: {get: {security: [{login: ['keys:read']}]}}
  /keys/{key}: {get: {security: [{login: ['keys:read']}]}}
  /closed: {get: {operationId: closed}}
"""


def block(first_line):
    """A configuration of the document, by the name in its first line."""
    found = [b for b in re.findall(r"^```[a-z]*\n(.*?)^```", (ROOT / "docs/proxies.md").read_text(), re.M | re.S)
             if b.startswith(first_line + "\n")]
    assert len(found) == 1, first_line
    return found[0]


class World:
    """patd with the policy `shop`, tokens, a product that echoes, and the proxy's place and process."""

    def __init__(self, **settings):
        self.root = Path(tempfile.mkdtemp(prefix="proxy-"))
        self.root.chmod(0o755)
        self.echo = HttpEcho()
        self.port = free_port()
        self.process = None
        self.patd = Product(**settings)

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _begin(self):
        self.patd.start()
        self.ada = self.patd.set_up()
        (self.root / "shop.yaml").write_text(SHOP)
        done = self.patd.patd("policy", "import", "shop", str(self.root / "shop.yaml"))
        assert done.returncode == 0, done.stderr
        rate = {"requests": 2, "window_seconds": 3600}
        made = {"reader": (["orders:read"], {}), "writer": (["orders:read", "orders:write"], {}), "rated": (["orders:read"], {"rate": rate}),
                "near": (["orders:read"], {"networks": ["127.0.0.0/8"]}), "far": (["orders:read"], {"networks": ["10.0.0.0/8"]})}
        made = {name: self.ada.generate(name, scopes, limits=limits) for name, (scopes, limits) in made.items()}
        self.tokens = {"unknown": never_issued(), **{name: token["token"] for name, token in made.items()}}
        self.ids = {name: token["id"] for name, token in made.items()}

    def file(self, name, first_line, *more, head="", tail=""):
        """Writes a configuration of the document here: other ports, other paths, nothing else."""
        text = block(first_line)
        for old, new in (("127.0.0.1:8080", f"127.0.0.1:{self.patd.port}"), ("127.0.0.1:9000", f"127.0.0.1:{self.echo.port}"),
                         ("127.0.0.1:8000", f"127.0.0.1:{self.port}"), *more):
            text = text.replace(old, str(new))
        assert not re.search(r":(8080|9000|8000)\b", text)
        path = self.root / name
        path.write_text(head + text + tail)
        return path

    def start(self, *command, env=None):
        self.output = open(self.root / "output", "ab")
        self.process = subprocess.Popen([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
                                        env={**os.environ, **(env or {})}, cwd=self.root, start_new_session=True)
        end = time.monotonic() + 20
        while True:
            time.sleep(0.02)
            try:
                with Conn(self.port) as c:
                    if c.socket.getsockname() != c.socket.getpeername():  # a free port can be connected to itself
                        return
            except OSError:
                pass
            assert self.process.poll() is None and time.monotonic() < end, self.said()

    def said(self):
        return "".join(p.read_text(errors="replace") for p in self.root.iterdir() if p.name in ("output", "error.log"))

    def end(self):
        """Ends the proxy and whatever it has started: they are a group of their own."""
        if self.process:
            try:
                if self.process.poll() is None:
                    os.killpg(self.process.pid, signal.SIGTERM)
                self.process.wait(timeout=5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait(timeout=5)
            self.process = None
            self.output.close()

    def __exit__(self, *_):
        try:
            self.end()
        finally:
            self.patd.__exit__()
            self.echo.stop()
            shutil.rmtree(self.root, ignore_errors=True)

    # Requests to the proxy.

    def ask(self, target, headers=(), method="GET", body=None, token=None):
        with Conn(self.port, timeout=15) as c:
            c.send(request(target, [*([figma(self.tokens[token])] if token else []), *headers], method, body))
            return c.read(head_only=method == "HEAD")

    def reached(self):
        """What the product got since the last call."""
        with self.echo.lock:
            found, self.echo.requests = self.echo.requests, []
        return found


def request(target, headers=(), method="GET", body=None):
    lines = [f"{method} {target} HTTP/1.1", "Host: shop.example", *(f"{k}: {v}" for k, v in headers)]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")


def plain(name):
    return re.sub("[^a-z0-9]", "-", name.lower())


# ---- VER-10: what a product might read in a path.

AMBIGUOUS = ["//orders", "/orders//1", "/orders/.", "/orders/..", "/x/../orders", "/orders/./1", "/orders/1/..", "/orders/%2e",
             "/orders/%2e%2e", "/orders/.%2E/keys", "/orders%2f1", "/orders/1%2f..%2f..%2fkeys", "/orders/1%5ckeys", "/orders\\1",
             "/orders/..\\keys", "/orders/1;x=y", "/orders;a/1", "/orders/..;/keys", "/orders/%00", "/orders/1%0a",
             "/orders/%252e%252e/keys", "/orders/%252fkeys", "/orders/%c3%28", "/orders/1#x", "/orders/%", "/orders/%4", "/orders/%zz",
             "/./orders", "/../orders", "/orders/1/%2e%2e/2", "/orders/\x01", "/orders/1%7f", "/%2fkeys", "/orders/%5C..%5Ckeys",
             "/orders/caf\xe9", "/orders/../keys", "/orders/%2e%2e/keys", "/orders/%2e%2e%2fkeys", "/keys/../orders/1",
             "/keys/%2e%2e/orders/1", "/keys/..%2forders/1", "/keys;/../orders", "/orders/1/../../keys", "/orders/..%252fkeys",
             "//orders/../keys", "/orders/..//keys", "/orders/.../keys", "/keys%3f/../orders/1", "/orders/1?/../../keys",
             "/keys?x=/orders", "/orders/%3f/../../keys", "/orders/%3F", "/orders/a%20b", "/orders/%41", "/orders/1%23", "/orders/100%25",
             "/ORDERS", "/orders/", "http://shop.example/orders/1", "http://shop.example/keys", "http://shop.example//keys/../orders",
             "http://keys/orders/1", "/orders/1 /keys", "*", "orders", "/orders/1?%2e%2e/", "/orders/%u002e%u002e/keys",
             "/orders/%c0%ae%c0%ae/keys", "/orders/1/%2e%2e;/%2e%2e;/keys", "/orders/1%2e%2e/keys", "/%6frders/1", "/ke%79s"]


def readings(path):
    """All that some product may take a path for: decoded once or twice, tidied, with backslashes as slashes, without parameters."""
    found, new = set(), {path}
    while new - found:
        found |= new
        new = set()
        for p in found:
            new.add(unquote(p, "latin-1"))
            new.add(p.replace("\\", "/"))
            new.add(re.sub("/+", "/", p))
            new.add(re.sub(";[^/]*", "", p))
            new.add(p.split("#")[0].split("\0")[0])
            parts = []
            for part in p.split("/")[1:]:
                if part == "..":
                    parts = parts[:-1]
                elif part != ".":
                    parts.append(part)
            new.add("/" + "/".join(parts))
    return found


def readable(target):
    """Whether a token of orders:read may GET it, whoever reads it."""
    path = re.sub("^http://[^/]*", "", target.split("?")[0])
    # RFC 3986, 6.2.2.2: the same path.
    path = re.sub("%[0-9a-fA-F]{2}", lambda m: c if re.match(r"[\w.~-]", c := unquote(m[0], "latin-1"), re.A) else m[0], path)
    return all(re.fullmatch("/orders(/[^/]+)?", p) for p in readings(path))


def test_readings():
    assert readable("/orders/1") and readable("/%6frders") and readable("/orders/%41?x=/../y") and readable("/orders/1%2e%2e")
    assert not any(map(readable, ["/keys", "/orders/../keys", "/orders/%252e%252e/keys", "/orders/..;/keys", "/orders/1%2f2", "/orders\\..\\keys",
                                  "//orders/x/y"]))


class Stand:
    """In patd's place: answers the same to everything, or nothing at all."""

    def __init__(self, port, answer=None):
        self.answer, self.open = answer, []
        self.listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(s)
            if self.answer:
                s.recv(65536)
                s.sendall(self.answer)
                s.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in self.open:
            s.close()


# What RFC 9110 lets a name have besides letters, digits and the hyphen, and CGI makes "_" of.
ODD = "!#$%&'*+.^_`|~"
FORGED = [(name, "1") for name in ("X-Pat-User", "x-pat-user", "X_PAT_USER", "X.Pat_User", *(f"X{c}Pat{c}User" for c in ODD),
                                   *(f"X-Pat{c}User" for c in ODD), *(f"X{c}Pat-User" for c in ODD))]
FORGED += [(name, "all") for name in ("X-Pat-Scopes", "X_Pat_Scopes", "X-Pat-Token-Id", "X_Pat_Token_Id", "X-Pat-Expires", "X-Pat-Expires",
                                      "X.Pat.Expires")]


class Gate:
    """What has to be so behind every proxy. `w` is its World. Where a proxy's own answer differs, the class says so."""

    OWN = ()  # reasons that the proxy gives in words of its own

    def identity(self, w, got, token):
        headers = [(k, v) for k, v in got["headers"] if plain(k).startswith("x-pat")]
        assert sorted((k.lower(), v) for k, v in headers) == [
            ("x-pat-expires", dict((k.lower(), v) for k, v in headers)["x-pat-expires"]), ("x-pat-scopes", " ".join(sorted(SCOPES[token]))),
            ("x-pat-token-id", w.ids[token]), ("x-pat-user", w.ada.id)]
        return got

    def passes(self, w, token, target, headers=(), method="GET", body=None):
        w.reached()
        answer = w.ask(target, headers, method, body, token)
        assert answer.status == 200, answer
        [got] = w.reached()
        assert (got["method"], got["target"], got["body"]) == (method, target, len(body or b""))
        return self.identity(w, got, token)

    def refused(self, w, status, reason, answer):
        assert answer.status == status, answer
        assert answer.json()["reason"] == reason and answer.json()["status"] == status
        assert answer.one("Content-Type").startswith("application/json")
        assert "no-store" in answer.one("Cache-Control")
        assert w.reached() == []
        return answer

    def test_who_may_passes_and_the_product_knows_who(self, w):
        self.passes(w, "reader", "/orders/7?x=1&y=%2f;z")
        self.passes(w, "reader", "/orders/%41%20b")
        self.passes(w, "writer", "/orders", method="POST", body=b"12345")
        self.passes(w, "writer", "/orders/7", method="PUT", body=b"x" * 100_000)
        w.reached()
        assert w.ask("/orders/7", [bearer(w.tokens["reader"])]).status == 200
        assert w.ask("/orders/7", method="HEAD", token="reader").status == 200
        first, second = w.reached()
        self.identity(w, first, "reader")
        assert self.identity(w, second, "reader")["method"] == "HEAD"

    def test_who_may_not_is_told_why(self, w):
        w.reached()
        answer = self.refused(w, 401, "token_missing", w.ask("/orders"))
        assert answer.one("WWW-Authenticate") == 'Bearer realm="patd"'
        answer = self.refused(w, 401, "token_invalid", w.ask("/orders", token="unknown"))
        assert 'error="invalid_token"' in answer.one("WWW-Authenticate")
        answer = self.refused(w, 403, "insufficient_scope", w.ask("/orders", method="POST", body=b"{}", token="reader"))
        assert answer.json()["scope"] == "orders:write" and 'scope="orders:write"' in answer.one("WWW-Authenticate")
        self.refused(w, 403, "route_unknown", w.ask("/nothing", token="writer"))
        self.refused(w, 403, "method_not_allowed", w.ask("/orders/7", method="DELETE", token="writer"))
        self.refused(w, 403, "operation_closed", w.ask("/closed", token="writer"))
        assert w.ask("/orders", [figma(w.tokens["reader"]), bearer(w.tokens["writer"])]).status == 400
        assert w.reached() == []

    def test_a_rate_is_told(self, w):
        assert [w.ask("/orders", token="rated").status for _ in range(2)] == [200, 200]
        w.reached()
        answer = self.refused(w, 429, "rate_limited", w.ask("/orders", token="rated"))
        assert 1700 < int(answer.one("Retry-After")) <= 1800

    def test_where_it_comes_from(self, w):
        self.passes(w, "near", "/orders")
        self.refused(w, 403, "token_network", w.ask("/orders", [("X-Forwarded-For", "10.1.2.3")], token="far"))
        self.refused(w, 403, "token_network", w.ask("/orders", [("X-Real-IP", "10.1.2.3"), ("Forwarded", "for=10.1.2.3")], token="far"))

    def test_what_it_is_used_by_is_known(self, w):
        """patd is told of the client's agent, not of the proxy's own, nor of the script's."""
        self.passes(w, "reader", "/orders", [("User-Agent", "told-by-the-client/1")])
        told = contents(w.patd.runtime / "rings")
        assert b"told-by-the-client/1" in told
        for own in (b"LuaSocket", b"HAProxy"):
            assert own not in told

    def test_nobody_says_who_they_are(self, w):
        self.passes(w, "reader", "/orders", FORGED)
        for header in FORGED:
            self.passes(w, "reader", "/orders", [header])
            assert w.ask("/orders", [header]).status == 401
        assert w.reached() == []

    def test_nobody_tunnels(self, w):
        """What follows a 101 passes unseen, so another protocol is not asked for in the client's name."""
        for upgrade in ("h2c", "H2C", "websocket, h2c", "TLS/1.0"):
            headers = [("Connection", "Upgrade, HTTP2-Settings"), ("Upgrade", upgrade), ("HTTP2-Settings", "AAMAAABkAAQAAP__")]
            w.reached()
            answer = w.ask("/orders", headers, token="reader")
            got = w.reached()
            # A proxy may also call it no request.
            assert answer.status == (200 if got else 400), answer
            assert not [v for g in got for k, v in g["headers"] if k.lower() == "upgrade"], got

    def test_nobody_takes_away_who_they_are(self, w):
        for names in ("X-Pat-User", "close, X-Pat-User, X-Pat-Scopes, x-pat-token-id, X-Pat-Expires", "keep-alive, X-Pat-Token-Id",
                      "X-Forwarded-Uri"):
            self.passes(w, "reader", "/orders", [("Connection", names)])

    def test_nobody_asks_for_another_request(self, w):
        for name, value in (("X-Forwarded-Uri", "/orders"), ("X-Forwarded-Method", "GET"), ("X_Forwarded_Uri", "/orders"),
                            ("X-Original-URL", "/orders"), ("X-Original-Method", "GET"), ("X-HTTP-Method-Override", "GET"),
                            ("X-Rewrite-URL", "/orders")):
            for headers in ([(name, value)], [(name, value), ("Connection", name)], [(name, value), (name, value)]):
                w.reached()
                assert w.ask("/keys", headers, token="reader").status == 403, headers
                assert w.ask("/orders", headers, method="POST", body=b"", token="reader").status == 403, headers
                assert w.reached() == []

    def test_the_secret_stays_here(self, w):
        token = w.tokens["reader"]
        for headers in ([figma(token)], [bearer(token)], [figma(token), bearer(token)], [("x-figma-token", token)],
                        [figma(token), ("X_Figma_Token", token)], [figma(token), ("X.Figma.Token", token), ("X-Figma_Token", token)],
                        [("authorization", "bearer " + token)],
                        [figma(token), ("Connection", "X-Pat-User")]):
            w.reached()
            assert w.ask("/orders", headers).status == 200
            [got] = w.reached()
            assert token not in json.dumps(got), headers
            assert not {"authorization", "x-figma-token"} & {plain(k) for k, _ in got["headers"]}
        assert token not in w.said()

    def test_paths_are_what_was_judged(self, w):
        """VER-10: whatever the product got is a path that the token may read, in every reading."""
        w.reached()
        arrived = 0
        for target in AMBIGUOUS:
            with Conn(w.port, timeout=15) as c:
                c.send(request(target, [figma(w.tokens["reader"]), ("Connection", "close")]))
                answer = c.read()
            for got in w.reached():
                arrived += 1
                assert got["method"] == "GET" and readable(got["target"]), (target, got["target"])
                assert answer.status == 200
        assert arrived >= 5

    def test_a_refused_body_is_no_request(self, w):
        """A connection that is kept after a refusal goes on behind the body, whatever it says."""
        w.reached()
        inner = request("/orders/smuggled", [figma(w.tokens["reader"])])
        chunked = request("/keys", [figma(w.tokens["reader"]), ("Transfer-Encoding", "chunked")], "POST")
        chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (len(inner), inner)
        for refused in (request("/keys", [figma(w.tokens["reader"])], "POST", inner), chunked):
            with Conn(w.port) as c:
                assert c.send(refused).read().status == 403
                try:
                    answer = c.send(request("/orders/next", [figma(w.tokens["reader"]), ("Connection", "close")])).read()
                    rest = c.read_all()
                except (BrokenPipeError, ConnectionResetError):
                    answer = None
            if answer:
                assert (answer.status, [got["target"] for got in w.reached()], rest) == (200, ["/orders/next"], b"")
            assert w.reached() == []

    def test_revoked_is_revoked(self, w):
        token = w.ada.generate("to be revoked", ["orders:read"])
        with Conn(w.port) as c:
            for _ in range(3):
                assert c.send(request("/orders", [figma(token["token"])])).read().status == 200
            assert w.ada.revoke(token["id"]).status == 200
            assert c.send(request("/orders", [figma(token["token"])])).read().status == 401
        w.reached()

    def test_without_patd_nothing_passes(self, w):
        assert w.ask("/orders", token="reader").status == 200
        w.patd.stop()
        w.reached()
        try:
            self.away(w)
            with Stand(w.patd.port):  # listens, and says nothing
                self.away(w)
            for status in ("302 Found\r\nLocation: /", "500 Internal Server Error", "204 No Content", "404 Not Found", "201 Created"):
                with Stand(w.patd.port, f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()):
                    answer = w.ask("/orders", token="reader")
                    if not status.startswith("20"):
                        assert answer.status != 200 and w.reached() == [], (status, answer)
                    for got in w.reached():  # a yes of nobody
                        assert not [v for k, v in got["headers"] if plain(k).startswith("x-pat-") and "1" in v], got
        finally:
            w.patd.start()
        assert w.ask("/orders").status == 401
        self.passes(w, "reader", "/orders")

    def away(self, w):
        began = time.monotonic()
        answer = self.refused(w, 503, "unavailable", w.ask("/orders", FORGED, token="reader"))
        assert time.monotonic() - began < 10
        return answer


SCOPES = {"reader": ["orders:read"], "writer": ["orders:read", "orders:write"], "near": ["orders:read"]}

# SPDX-License-Identifier: Apache-2.0
"""Connections: bodies, pipelines, HTTP/2, and requests whose end two parties might see differently."""
import json
import re
import shutil
import struct
import subprocess
import time

import pytest
from edge_echo import HttpEcho
from edge_index import new_token, tid
from edge_site import Conn, Site, bearer, figma, free_port

SERVERS = """
    client_max_body_size 30m;
    server {
        listen 127.0.0.1:@PORT@;
        listen 127.0.0.1:@H2@ http2;
        root @ROOT@/html;
        proxy_http_version 1.1;
        proxy_set_header Connection "";
        location / { }
        location /in/ { pat on; alias @ROOT@/html/; }
        location /app/ { pat on; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /stream/ { pat on; proxy_request_buffering off; proxy_pass http://127.0.0.1:@HTTP@/; }
        location = /verify { pat_verify; }
    }
"""


@pytest.fixture(scope="module")
def site():
    http = HttpEcho()
    with Site(SERVERS, http=http.port, h2=free_port(), backends=[http]) as s:
        s.http = http
        s.token = s.index.add()
        yield s


@pytest.fixture(autouse=True)
def afresh(site):
    site.http.requests.clear()


def get(path, token=None, more=""):
    line = f"X-Figma-Token: {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: s\r\n{line}{more}\r\n"


def test_keepalive_and_pipelining(site):
    with site.conn() as c:
        c.send(get("/in/hello.txt", site.token) + get("/in/hello.txt") + get("/in/hello.txt", "x")
               + get("/hello.txt") + get("/app/a", site.token) + get("/in/hello.txt", site.token))
        assert [c.read().status for _ in range(6)] == [200, 401, 401, 200, 200, 200]
        c.send(get("/in/hello.txt"))
        assert c.read().status == 401
    assert [r["target"] for r in site.http.requests] == ["/a"]


def test_one_requests_token_is_not_the_nexts(site):
    with site.conn() as c:
        for _ in range(20):
            assert c.send(get("/app/x", site.token)).read().status == 200
            assert c.send(get("/app/x")).read().status == 401
    assert len(site.http.requests) == 20


def test_a_reader_who_is_slow(site):
    """More refusals than socket buffers hold: each is sent once, whole and in order."""
    wanted = 4000
    with site.conn() as c:
        c.socket.settimeout(20)
        sent = b""
        batch = (get("/in/hello.txt") + "HEAD /in/x HTTP/1.1\r\nHost: s\r\n\r\n").encode() * (wanted // 2)
        c.socket.setblocking(False)
        at = 0
        while at < len(batch):
            try:
                at += c.socket.send(batch[at:])
            except BlockingIOError:
                c.socket.setblocking(True)
                c.socket.settimeout(20)
                for _ in range(10):
                    c._more()
                c.socket.setblocking(False)
        c.socket.setblocking(True)
        c.socket.settimeout(20)
        for n in range(wanted // 2):
            assert c.read().json()["reason"] == "token_missing"
            assert c.read(head_only=True).status == 401
        c.send(get("/hello.txt"))
        assert c.read().status == 200


BIG = 10_000_000
PROMPT_S = 0.25  # on an idle machine under 0.01; waiting for the body would be seconds


def test_a_large_body_that_is_refused(site):
    with site.conn() as c:
        begun = time.monotonic()
        c.send(f"POST /app/x HTTP/1.1\r\nHost: s\r\nContent-Length: {BIG}\r\n\r\n")
        assert c.read().status == 401
        assert time.monotonic() - begun < PROMPT_S
        c.send(b"x" * BIG)
        c.send(get("/app/after", site.token))
        assert c.read().status == 200
    assert [r["target"] for r in site.http.requests] == ["/after"]


def test_a_large_chunked_body_that_is_refused(site):
    with site.conn() as c:
        c.send("POST /app/x HTTP/1.1\r\nHost: s\r\nTransfer-Encoding: chunked\r\n\r\n")
        assert c.read().status == 401
        for _ in range(100):
            c.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        c.send(b"0\r\n\r\n" + get("/app/after", site.token).encode())
        assert c.read().status == 200
    assert [r["target"] for r in site.http.requests] == ["/after"]


@pytest.mark.parametrize("path", ["/app/x", "/stream/x"])
def test_a_large_body_that_passes(site, path):
    answer = site.ask(path, [figma(site.token)], method="POST", body=b"x" * BIG)
    assert answer.json()["body"] == BIG
    with site.conn() as c:
        c.send(f"POST {path} HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {site.token}\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(100):
            c.send(b"186a0\r\n" + b"x" * 100_000 + b"\r\n")
        c.send(b"0\r\n\r\n" + get("/app/after", site.token).encode())
        assert c.read().json()["body"] == BIG
        assert c.read().json()["target"] == "/after"


def test_a_refused_body_holding_a_request(site):
    hidden = get("/app/hidden", site.token).encode()
    with site.conn() as c:
        c.send(f"POST /app/x HTTP/1.1\r\nHost: s\r\nContent-Length: {len(hidden)}\r\n\r\n".encode() + hidden
               + get("/app/after", site.token).encode())
        assert [c.read().status for _ in range(2)] == [401, 200]
    assert [r["target"] for r in site.http.requests] == ["/after"]


def test_expecting_to_continue(site):
    ask = "POST /app/x HTTP/1.1\r\nHost: s\r\nContent-Length: 5\r\nExpect: 100-continue\r\n"
    with site.conn() as c:
        c.send(ask + f"X-Figma-Token: {site.token}\r\n\r\n")
        assert c.read().status == 100
        c.send("hello")
        assert c.read().json()["body"] == 5
    with site.conn() as c:  # not told to go on, and nothing may be taken for the body
        c.send(ask + "\r\n")
        answer = c.read()
        assert answer.status == 401 and answer.one("Connection") == "close"
        c.send(get("/app/y", site.token))
        assert c.closed()
    with site.conn() as c:
        c.send("GET /app/x HTTP/1.1\r\nHost: s\r\nExpect: 100-continue\r\n\r\n" + get("/app/z", site.token))
        assert [c.read().status for _ in range(2)] == [401, 200]
    assert [r["target"] for r in site.http.requests] == ["/x", "/z"]


def test_a_body_announced_and_dropped_by_the_proxy(site):
    """As auth_request does it: any method, Content-Length, no body."""
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE"):
        for token, status in ((site.token, 200), (new_token(), 401)):
            with site.conn() as c:
                begun = time.monotonic()
                c.send(f"{method} /verify HTTP/1.1\r\nHost: s\r\nContent-Length: {BIG}\r\nX-Figma-Token: {token}\r\n\r\n")
                assert c.read(head_only=method == "HEAD").status == status
                assert time.monotonic() - begun < PROMPT_S


def test_verify_takes_a_body_of_any_size(site):
    for token, status in ((site.token, 200), (new_token(), 401)):
        answer = site.ask("/verify", [figma(token), ("Content-Length", str(10**12))], method="POST")
        assert answer.status == status




# Head lines and what follows them; "GOOD" requests are framed as everybody understands them.
SMUGGLE = "GET /app/smuggled HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {t}\r\n\r\n"
CORPUS = {
    "CL and TE": ("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE and CL": ("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n", "0\r\n\r\n" + SMUGGLE),
    "two CL, differing": ("Content-Length: 0\r\nContent-Length: 5\r\n", SMUGGLE),
    "two CL, the same": ("Content-Length: 5\r\nContent-Length: 5\r\n", "hello" + SMUGGLE),
    "CL list": ("Content-Length: 5, 5\r\n", "hello" + SMUGGLE),
    "CL with plus": ("Content-Length: +5\r\n", "hello" + SMUGGLE),
    "CL with minus": ("Content-Length: -5\r\n", SMUGGLE),
    "CL with space inside": ("Content-Length: 5 5\r\n", "hello" + SMUGGLE),
    "CL hex": ("Content-Length: 0x5\r\n", "hello" + SMUGGLE),
    "CL empty": ("Content-Length:\r\n", SMUGGLE),
    "CL too large": ("Content-Length: 99999999999999999999\r\n", SMUGGLE),
    "CL with letter": ("Content-Length: 5a\r\n", "hello" + SMUGGLE),
    "space before colon": ("Content-Length : 5\r\n", "hello" + SMUGGLE),
    "tab before colon": ("Content-Length\t: 5\r\n", "hello" + SMUGGLE),
    "TE space before colon": ("Transfer-Encoding : chunked\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE identity": ("Transfer-Encoding: identity\r\n", SMUGGLE),
    "TE unknown": ("Transfer-Encoding: xchunked\r\n", SMUGGLE),
    "TE twice": ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE list": ("Transfer-Encoding: chunked, identity\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE gzip, chunked": ("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE quoted": ("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n" + SMUGGLE),
    "TE vertical tab": ("Transfer-Encoding: \x0bchunked\r\n", "0\r\n\r\n" + SMUGGLE),
    "obs-fold": ("X-A: b\r\n Content-Length: 5\r\n", "hello" + SMUGGLE),
    "obs-fold with tab": ("X-A: b\r\n\tc\r\n", SMUGGLE),
    "obs-fold of the token": ("X-B: 1\r\n X-Figma-Token: zork\r\n", SMUGGLE),
    "bare CR in a value": ("X-A: b\rContent-Length: 5\r\n", "hello" + SMUGGLE),
    "bare CR ends a line": ("X-A: b\rX-B: c\r\n", SMUGGLE),
    "NUL in a value": ("X-A: b\0c\r\n", SMUGGLE),
    "NUL in a name": ("X-\0A: b\r\n", SMUGGLE),
    "empty name": (": b\r\n", SMUGGLE),
    "chunk size with plus": ("Transfer-Encoding: chunked\r\n", "+5\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk size with 0x": ("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk size too large": ("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk size empty": ("Transfer-Encoding: chunked\r\n", "\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk size negative": ("Transfer-Encoding: chunked\r\n", "-1\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk longer than said": ("Transfer-Encoding: chunked\r\n", "3\r\nhello\r\n0\r\n\r\n" + SMUGGLE),
    "chunk without CRLF": ("Transfer-Encoding: chunked\r\n", "5\r\nhelloXX0\r\n\r\n" + SMUGGLE),
}
# Requests that are whole by every reading: nginx takes them, and so must the product.
WHOLE = {
    "CL": ("Content-Length: 5\r\n", "hello"),
    "CL zero-padded": ("Content-Length: 005\r\n", "hello"),
    "chunked": ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"),
    "chunk extension": ("Transfer-Encoding: chunked\r\n", "5;a=b\r\nhello\r\n0\r\n\r\n"),
    "trailer": ("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\nX-Pat-User: admin\r\n\r\n"),
    "bare LF ends a line": ("X-A: b\nContent-Length: 5\r\n", "hello"),
    "no colon: an empty field": ("Nonsense\r\nContent-Length: 5\r\n", "hello"),
}


@pytest.mark.parametrize("name", CORPUS)
@pytest.mark.parametrize("passes", [True, False], ids=["good token", "bad token"])
@pytest.mark.parametrize("path", ["/app/first", "/stream/first"])
def test_no_request_is_smuggled(site, name, passes, path):
    headers, rest = CORPUS[name]
    token = site.token if passes else new_token()
    with site.conn(timeout=4) as c:
        try:
            c.send(f"POST {path} HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n{headers}\r\n"
                   + rest.replace("{t}", site.token))
            c.socket.shutdown(1)
        except OSError:
            pass
        said = c.read_all()
    targets = [r["target"] for r in site.http.requests]
    statuses = re.findall(r"HTTP/1\.1 (\d+) ", said.decode("latin-1"))
    assert "/smuggled" not in targets, said
    assert "200" not in statuses, said
    assert len(statuses) == 1 or statuses[0] == "401", said
    if not passes:
        assert targets == []


@pytest.mark.parametrize("name", WHOLE)
def test_whole_requests(site, name):
    headers, rest = WHOLE[name]
    with site.conn() as c:
        for token, status in ((site.token, 200), (new_token(), 401), (site.token, 200)):
            c.send(f"POST /app/x HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n{headers}\r\n{rest}")
            answer = c.read()
            assert answer.status == status
            if status == 200:
                assert answer.json()["body"] == 5
                assert b"admin" not in answer.body
    assert len(site.http.requests) == 2


def test_targets_in_absolute_form(site):
    with site.conn() as c:
        c.send(get(f"http://s:{site.port}/app/x", site.token) + get(f"http://s:{site.port}/app/x"))
        assert [c.read().status for _ in range(2)] == [200, 401]


@pytest.mark.parametrize("path", ["//in//hello.txt", "/x/../in/hello.txt", "/%69n/hello.txt", "/./in/hello.txt",
                                  "/in/./hello.txt", "/in/%68ello.txt", "/x/%2e%2e/in/hello.txt"])
def test_no_spelling_of_a_path_goes_around(site, path):
    assert site.ask(path).status == 401
    assert site.ask(path, [figma(site.token)]).status == 200


# HTTP/2.

curl = pytest.mark.skipif("HTTP2" not in subprocess.run(["curl", "--version"], stdout=subprocess.PIPE, text=True).stdout
                          if shutil.which("curl") else True, reason="curl without HTTP/2")


def h2(site, path, *more):
    done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-m", "10", "-i", *more,
                           f"http://127.0.0.1:{site.names['h2']}{path}"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert done.returncode == 0, done.stderr
    head, body = done.stdout.split(b"\r\n\r\n", 1)
    lines = head.decode().split("\r\n")
    assert lines[0].startswith("HTTP/2 ")
    return int(lines[0].split()[1]), dict(line.split(": ", 1) for line in lines[1:]), body


@curl
def test_http2(site):
    status, headers, body = h2(site, "/in/hello.txt", "-H", f"X-Figma-Token: {site.token}")
    assert (status, body) == (200, b"hello\n")
    status, headers, body = h2(site, "/in/hello.txt")
    assert status == 401 and json.loads(body)["reason"] == "token_missing"
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["www-authenticate"] == 'Bearer realm="patd"'
    status, headers, body = h2(site, "/in/hello.txt", "-I")
    assert status == 401 and body == b"" and int(headers["content-length"]) > 100
    status, _, body = h2(site, "/app/x", "-H", f"Authorization: Bearer {site.token}", "-H", "X-Pat-User: admin")
    told = [tuple(h) for h in json.loads(body)["headers"]]
    assert ("X-Pat-User", "u_42") in told and ("X-Pat-Token-Id", tid(site.token)) in told
    assert b"admin" not in body and site.token.encode() not in body
    status, headers, body = h2(site, "/verify", "-H", f"Authorization: Bearer {site.token}")
    assert status == 200 and body == b"" and headers["content-length"] == "0" and headers["x-pat-user"] == "u_42"


@curl
def test_http2_bodies(site, tmp_path):
    big = tmp_path / "big"
    big.write_bytes(b"x" * BIG)
    status, _, body = h2(site, "/app/x", "-H", f"X-Figma-Token: {site.token}", "--data-binary", f"@{big}")
    assert status == 200 and json.loads(body)["body"] == BIG
    assert len(site.http.requests) == 1


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload


def literal(name, value):
    """A field HPACK does not index, its texts not compressed."""
    def text(s):
        assert len(s) < 127
        return bytes([len(s)]) + s.encode()
    return b"\x00" + text(name) + text(value)


@pytest.mark.parametrize("path", ["/app/x", "/verify"])
def test_http2_refusal_before_the_body(site, path):
    """Frame by frame, because curl 7.88 forgets an answer that comes before its body is sent."""
    fields = b"".join(literal(*f) for f in ((":method", "POST"), (":scheme", "http"), (":authority", "s"),
                                            (":path", path), ("content-length", str(BIG)),
                                            ("x-figma-token", new_token())))
    with Conn(site.names["h2"]) as c:
        c.send(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(1, 4, 1, fields)
               + frame(0, 0, 1, b"x" * 10_000))
        frames, body = [], b""
        while not frames or frames[-1] not in ("RST", "GOAWAY"):
            while len(c.buffer) < 9 or len(c.buffer) < 9 + int.from_bytes(c.buffer[:3], "big"):
                assert c._more(), frames
            size = int.from_bytes(c.buffer[:3], "big")
            kind, stream, payload = c.buffer[3], int.from_bytes(c.buffer[5:9], "big"), c.buffer[9:9 + size]
            c.buffer = c.buffer[9 + size:]
            if stream == 1 or kind == 7:
                frames.append({0: "DATA", 1: "HEADERS", 3: "RST", 7: "GOAWAY", 8: "WINDOW"}[kind])
                if kind == 0:
                    body += payload
                if kind == 3:
                    assert payload == bytes(4)  # NO_ERROR: what was said stands, send no more
        assert [f for f in frames if f != "WINDOW"] == ["HEADERS", "DATA", "RST"]
        assert json.loads(body)["reason"] == "token_invalid"
        fields = b"".join(
            literal(*f) for f in ((":method", "GET"), (":scheme", "http"), (":authority", "s"),
                                  (":path", "/app/after"), ("x-figma-token", site.token)))
        c.send(frame(1, 5, 3, fields))
        while b'"/after"' not in c.buffer:
            assert c._more()
    assert [r["target"] for r in site.http.requests] == ["/after"]


@curl
def test_http2_many_streams_on_one_connection(site):
    done = subprocess.run(["curl", "-sS", "--http2-prior-knowledge", "-m", "10", "-Z", "--parallel-max", "50",
                           "--parallel-immediate", "-o", "/dev/null", "-w", "%{http_code}\n", "-H", f"X-Figma-Token: {site.token}"]
                          + [f"http://127.0.0.1:{site.names['h2']}/in/hello.txt?[1-50]"],
                          stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == ["200"] * 50


def test_a_client_that_goes_away(site):
    """At any byte of the request or the answer."""
    text = get("/app/x", site.token)
    for n in range(0, len(text), 7):
        with site.conn() as c:
            c.send(text[:n])
    for _ in range(20):
        with site.conn() as c:
            c.send("POST /app/x HTTP/1.1\r\nHost: s\r\nContent-Length: 100000\r\n\r\n" + "x" * 1000)
    assert site.ask("/app/x", [bearer(site.token)]).status == 200

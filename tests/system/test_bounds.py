# SPDX-License-Identifier: Apache-2.0
"""Sizes and times of requests are bounded (API-04)."""
import json
import signal
import socket
import time

import pytest

from design import Files, document
from tools import SCOPE, as_person, ask, png, raw


def test_headers(shared):
    """API-04: 16 KiB of headers and no more; one line of 4 KiB and no more."""
    line = "x" * 1000
    assert ask(shared, "GET", "/livez", [(f"X-H{i}", line) for i in range(10)]).status == 200
    assert ask(shared, "GET", "/livez", [(f"X-H{i}", line) for i in range(40)]).status == 400
    assert ask(shared, "GET", "/livez", [("X-Long", "x" * 9000)]).status == 400
    assert ask(shared, "GET", "/livez?" + "x" * 9000).status == 414
    assert ask(shared, "GET", "/livez", [(f"X-{i}", "") for i in range(5000)]).status in (0, 400)
    many = ask(shared, "GET", "/livez", [(f"X-{i}", "y") for i in range(300)])
    assert many.status in (200, 400), many  # more headers than patd looks at: refused, not dropped
    assert ask(shared, "GET", "/livez").status == 200


def test_bodies(shared):
    """API-04: 64 KiB of body and no more, with a Content-Length or in chunks; small forms less."""
    name = {"scopes": [SCOPE], "expires_in_days": 1}
    fits = json.dumps({**name, "name": "padded"}).encode()
    assert ask(shared, "POST", "/api/v1/tokens", as_person(shared.ada), fits + b" " * (65536 - len(fits))).status == 201
    for path, size in (("/api/v1/tokens", 65537), ("/api/v1/tokens", 10_000_000), ("/api/v1/session", 16385), ("/api/v1/setup", 16385)):
        answer = ask(shared, "POST", path, as_person(shared.ada), b" " * size) if size < 100000 else \
            raw(shared, f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {size}\r\n\r\n")
        assert (answer.status, json.loads(answer.body)["reason"]) == (413, "body_too_large"), (path, size, answer)
    head = "\r\n".join([f"POST /api/v1/tokens HTTP/1.1\r\nHost: 127.0.0.1:{shared.port}\r\nConnection: close\r\nTransfer-Encoding: chunked",
                        *(f"{k}: {v}" for k, v in as_person(shared.ada))]) + "\r\n\r\n"
    assert raw(shared, head.encode() + b"10000\r\n" + b" " * 65536 + b"\r\n1\r\n \r\n0\r\n\r\n").status == 413
    chunked = json.dumps({**name, "name": "in chunks"}).encode()
    assert raw(shared, head.encode() + b"%x\r\n%s\r\n0\r\n\r\n" % (len(chunked), chunked)).status == 201
    assert ask(shared, "DELETE", "/api/v1/tokens/" + "0" * 32, as_person(shared.ada), b"{}").status == 413  # takes no body
    assert ask(shared, "GET", "/api/v1/tokens", as_person(shared.ada), b"x").status == 413


def test_pages_of_lists(shared):
    """API-04: at most 100 tokens a page, 50 unless told; other values are refused by name."""
    for i in range(105):
        shared.ada.generate(f"page {i}")
    pages = shared.ada.call("GET", "/api/v1/tokens").json
    assert len(pages["tokens"]) == 50 and pages["next_cursor"]
    first = shared.ada.call("GET", "/api/v1/tokens?limit=100").json
    assert len(first["tokens"]) == 100
    rest = shared.ada.call("GET", f"/api/v1/tokens?limit=100&cursor={first['next_cursor']}").json
    names = [t["name"] for t in first["tokens"] + rest["tokens"]]
    assert len(set(t["id"] for t in first["tokens"] + rest["tokens"])) == len(names) and f"page {0}" in names
    for query, field in (("limit=101", "limit"), ("limit=0", "limit"), ("limit=-1", "limit"), ("limit=1e2", "limit"), ("limit=10&limit=20", "limit"),
                         ("limit=%31%30%30%30", "limit"), ("cursor=x", "cursor"), ("cursor=0", "cursor"), ("cursor=9999999999999999999", "cursor"),
                         ("state=gone", "state"), ("state=live%00", "state")):
        answer = shared.ada.call("GET", "/api/v1/tokens?" + query)
        assert (answer.status, answer.json["reason"], answer.json["field"]) == (400, "bad_value", field), query
    assert shared.ada.call("GET", "/api/v1/tokens?owner=1").json["reason"] == "unknown_field"


SLOW = [
    b"GET /livez HTTP/1.1\r\nHost: x\r\nX-Slow: ",
    b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{",
    b"POST /api/v1/tokens HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nx",
    b"",
]


def test_slow_requests_are_cut_off(shared):
    """API-04: a request that is not whole after ten seconds is given up: headers, bodies, chunks; a thousand idle
    connections from one client are all it gets. Everybody else is served meanwhile."""
    began = time.monotonic()
    slow = []
    for start in SLOW:
        s = socket.create_connection(("127.0.0.1", shared.port), 20)
        s.sendall(start)
        slow.append(s)
    trickle = socket.create_connection(("127.0.0.1", shared.port), 20)
    trickle.sendall(SLOW[0])
    trickled = 0
    while time.monotonic() - began < 16 and trickled is not None:
        assert shared.get("/livez").status == 200
        time.sleep(0.4)
        try:
            trickle.settimeout(0.1)
            trickle.sendall(b"x")  # a header that goes on and on counts as one
            trickled = None if trickle.recv(1000) == b"" else trickled
        except TimeoutError:
            trickled += 1
        except OSError:
            trickled = None
    assert trickled is None and time.monotonic() - began < 15
    for s in slow:
        s.settimeout(5)
        answer = b""
        while piece := s.recv(65536):
            answer += piece
        assert answer == b"" or answer.split()[1] in (b"408", b"400", b"401"), answer
    assert time.monotonic() - began < 18


def test_connections_of_one_client(shared):
    """API-04: many idle connections do not keep the next one out."""
    idle = [socket.create_connection(("127.0.0.1", shared.port), 10) for _ in range(500)]
    try:
        assert shared.get("/livez").status == 200
        assert shared.sign_in().call("GET", "/api/v1/session").status == 200
    finally:
        for s in idle:
            s.close()


DOCUMENTS_EACH = 16


@pytest.mark.parametrize("path", [
    "/api/v1/files/KEY/document", "/api/v1/files/KEY/layers", "/api/v1/files/KEY/picture", "/api/v1/files/KEY/images",
    "/v1/files/KEY", "/v1/files/KEY/nodes?ids=1:1", "/v1/images/KEY?ids=1:1&format=svg"])
def test_documents_that_are_open_at_once(shared, path):
    """API-04: so many of one client, whatever of a document is asked for; the next is told to come back, and what opens none is
    answered. patd is halted meanwhile, so that all of them are under way."""
    files = Files(shared.ada)
    key = files.upload(document(frames=1))["key"]
    token = shared.ada.generate(f"open {path}", ["file_content:read"])["token"]
    head = f"GET {path.replace('KEY', key)} HTTP/1.1\r\nHost: 127.0.0.1:{shared.port}\r\nConnection: close\r\n"
    head += f"X-Figma-Token: {token}\r\n\r\n" if path.startswith("/v1") else f"Cookie: {shared.ada.cookie}\r\n\r\n"

    def begin():
        s = socket.create_connection(("127.0.0.1", shared.port), 20)
        s.sendall(head.encode())
        return s

    def end(s):
        answer = b""
        while piece := s.recv(65536):
            answer += piece
        s.close()
        return int(answer.split()[1])
    shared.process.send_signal(signal.SIGSTOP)
    try:
        time.sleep(0.3)  # a thread that runs on would answer
        under_way = [begin() for _ in range(DOCUMENTS_EACH + 3)]
        time.sleep(1)
    finally:
        shared.process.send_signal(signal.SIGCONT)
    assert sorted(end(s) for s in under_way) == [200] * DOCUMENTS_EACH + [429] * 3
    assert end(begin()) == 200
    image = files.call("POST", f"/files/{key}/images", png(7, 7) + bytes(200000), headers={"Content-Type": "image/png"})
    assert image.status == 201, image  # an address for both is still one for large bodies


@pytest.mark.parametrize("start", [
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/9.9\r\nHost: x\r\n\r\n", b"\0\0\0\0\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 2\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\nTransfer-Encoding: xchunked\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
])
def test_broken_framing_never_reaches_patd(shared, start):
    """VER-14: nginx refuses what is framed in two ways, and the connection ends."""
    answer = raw(shared, start)
    assert answer.status in (0, 400, 501, 505) or answer.data.lstrip().startswith(b"<html"), answer

# SPDX-License-Identifier: Apache-2.0
"""Who asks for large answers and does not read them: sixteen from one address are borne, and no more of them wait in patd."""
import collections
import hashlib
import socket
import time
import urllib.parse

import pytest

from design import Files, document, large
from edge_site import Site
from tools import png

SLOW = 24
BORNE = 16


@pytest.fixture(scope="module")
def world(shared):
    shared.files = Files(shared.ada)
    shared.files.team()
    shared.token = shared.ada.generate("slow", ["file_content:read"])["token"]
    return shared


@pytest.fixture(scope="module")
def whole(world):
    return f"/v1/files/{world.files.upload(large(24), name='Large')['key']}"


@pytest.fixture(scope="module")
def picture(world):
    """The address of an image that no socket takes as a whole."""
    image = png(2, 2) + bytes(6 << 20)
    key = world.files.upload(document(image_ref=hashlib.sha1(image).hexdigest()), name="Illustrated")["key"]
    assert world.files.call("POST", f"/files/{key}/images", image, headers={"Content-Type": "image/png"}).status == 201
    [url] = world.get(f"/v1/files/{key}/images", token=world.token).json["meta"]["images"].values()
    path = urllib.parse.urlsplit(url).path
    assert path.startswith("/pictures/") and len(world.get(path).body) == len(image)
    return path


def ask_slowly(world, path):
    """A connection that has asked; what it reads of the answer is left to others."""
    c = socket.socket()
    c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    c.settimeout(60)
    c.connect(("127.0.0.1", world.port))
    c.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Figma-Token: {world.token}\r\n\r\n".encode())
    return c


@pytest.mark.parametrize("what", ["whole", "picture"])
def test_so_many_are_borne(world, what, request):
    path = request.getfixturevalue(what)
    slow = [ask_slowly(world, path) for _ in range(SLOW)]
    try:
        assert collections.Counter(int(c.recv(12).split()[1]) for c in slow) == {200: BORNE, 429: SLOW - BORNE}
        assert world.get("/v1/me", token=world.token).status == 403  # what is small is answered
    finally:
        for c in slow:
            c.close()


@pytest.mark.parametrize("length", ["Content-Length: 60000", "Transfer-Encoding: chunked"])
@pytest.mark.parametrize("path", ["/pictures/none", "/api/v1/files/none/document", "/v1/files/none"])
def test_strangers_who_send_bodies_that_never_end_take_no_places(world, whole, path, length):
    """Two addresses fill what all have together; neither a token nor a session is asked for before places are counted."""
    slow = [socket.create_connection(("127.0.0.1", world.port), 60, source_address=(source, 0)) for source in ("127.0.0.2", "127.0.0.3") for _ in range(BORNE)]
    try:
        for i, c in enumerate(slow):
            c.sendall(f"{('GET', 'HEAD')[i % 2]} {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n1".encode())
        time.sleep(0.3)
        assert world.get(whole, token=world.token).status == 200
        assert {int(c.recv(12).split()[1]) for c in slow} == {413}
    finally:
        for c in slow:
            c.close()


@pytest.mark.parametrize("length", ["Content-Length: 0", "X-None: 1"])
def test_no_body_is_no_body(world, whole, length):
    name, value = length.split(": ")
    assert world.get(whole, token=world.token, headers={name: value}).status == 200


def test_an_address_is_a_network_where_addresses_are_many(world):
    """By what nginx's configuration says; this machine has one IPv6 address, so nginx is told others."""
    told = next(line for line in (world.runtime / "nginx.conf").read_text().splitlines() if "$patd_client {" in line)
    with Site(told + """
    server { listen 127.0.0.1:@PORT@; set_real_ip_from 127.0.0.1; real_ip_header X-Real-IP; location / { return 200 "$patd_client"; } }
    """, index=False) as site:
        def counted_as(address):
            return site.ask("/", [("X-Real-IP", address)]).body
        for address in ("192.0.2.7", "2001:db8::7", "2001:db8:0:0:1::a:a0a"):
            assert socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)[:8] == counted_as(address)
        assert counted_as("2001:db8::7") == counted_as("2001:db8::ffff:7") != counted_as("2001:db8:0:1::7")
        assert counted_as("192.0.2.7") != counted_as("192.0.2.8")

# SPDX-License-Identifier: Apache-2.0
"""What an attacker tried once, and must not be able to do again."""
import os
import pathlib
import struct
import threading
import time

import pytest
from product import PASSWORD, Product

FRESH = "a quite different horse wagon"


def test_a_password_change_ends_sign_ins_on_their_way(product):
    """SES-02, REV-07: somebody signs in over and over with a stolen password while its owner changes it. Once the change
    is answered, nothing the old password opened works, and the new password holds."""
    ada = product.set_up()
    stop, opened = threading.Event(), []

    def thief():
        while not stop.is_set():
            answer = product.call("POST", "/api/v1/session", {"email": "ada@acme.org", "password": PASSWORD})
            if answer.status == 200:
                opened.append(answer.headers["Set-Cookie"].split(";")[0])

    thieves = [threading.Thread(target=thief) for _ in range(6)]
    for t in thieves:
        t.start()
    while len(opened) < 5:
        time.sleep(0.01)
    answer = ada.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": FRESH,
                                                   "end_other_sessions": True})
    while answer.status in (429, 503):
        time.sleep(0.2)
        answer = ada.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": FRESH,
                                                       "end_other_sessions": True})
    time.sleep(0.5)  # those that were on their way have arrived
    stop.set()
    for t in thieves:
        t.join()
    assert answer.status == 200, answer
    alive = [cookie for cookie in opened if product.get("/api/v1/session", headers={"Cookie": cookie}).status == 200]
    assert alive == []
    assert product.sign_in(password=FRESH, source="127.0.0.9")


@pytest.fixture
def poisoned(product):
    ada = product.set_up()
    token = ada.generate("kept")
    assert product.get("/verify", token=token["token"]).status == 200
    usage, = pathlib.Path(product.runtime).glob("usage-*")
    with open(usage, "r+b") as f:  # as a worker that was taken over could
        f.seek(4096)
        f.write(struct.pack("<II", 0xFFFFFFF0, 1))
        f.flush()
        os.fsync(f.fileno())
    return product, ada, token


def test_a_poisoned_usage_cell_does_not_move_our_time(poisoned):
    """A worker writes usage cells and nothing else; what it writes there must not become the clock."""
    product, ada, token = poisoned
    now = time.strftime("%Y-%m-%dT%H", time.gmtime())
    assert ada.call("GET", "/api/v1/tokens").json["tokens"][0]["last_used_at"][:4] == now[:4]
    assert product.stop() == 0  # folds what the cells say
    product.start()
    assert product.get("/verify", token=token["token"]).status == 200
    assert product.get("/readyz").status == 200
    assert ada.generate("new")["created_at"].startswith(now[:10])


def test_an_empty_log_line_is_not_the_end_of_the_log(product):
    """LOG-01: whoever can write to the edge's log socket can not silence it."""
    import socket
    product.set_up()
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(str(product.runtime / "log.sock"))
    s.send(b"")
    s.close()
    assert product.get("/v1/me", token="pat_nonsense").status == 401
    end = time.monotonic() + 5
    while time.monotonic() < end and not any(line["event"] == "edge.request" for line in product.log()):
        time.sleep(0.05)
    assert any(line["event"] == "edge.request" and line["status"] == "401" for line in product.log())


def test_a_process_that_only_looks_like_our_nginx_is_not_taken_over(tmp_path):
    """Anybody can give a process any words; only nginx itself, as our own user, is taken over."""
    import subprocess
    import sys
    with Product(tmp_path) as p:
        runtime = p.runtime
        p.set_up()
    runtime.mkdir(mode=0o700, exist_ok=True)
    conf = runtime / "nginx.conf"
    fake = subprocess.Popen([f"nginx: master process nginx -c {conf}", "-c", "import time; time.sleep(60)"],
                            executable=sys.executable, start_new_session=True)
    (runtime / "nginx.pid").write_text(str(fake.pid))
    try:
        p.start()
        assert p.get("/livez").status == 200
        assert fake.poll() is None
        assert not any(line["event"] == "edge.taken_over" for line in p.log())
    finally:
        fake.kill()
        fake.wait()
        p.stop()

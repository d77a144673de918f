# SPDX-License-Identifier: Apache-2.0
"""The edge and the verification index: absent, appearing, replaced, revoked from; nginx reloading."""
import os
import signal
import threading
import time

import pytest
from edge_echo import HttpEcho
from edge_index import Index, new_token, tid
from edge_site import Site, bearer, figma, until

SERVERS = """
    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        location / { }
        location /in/ { pat on; alias @ROOT@/html/; }
        location /read/ { pat on; pat_scopes files:read; alias @ROOT@/html/; }
        location /later/ { pat on; pat_scopes later:scope; alias @ROOT@/html/; }
        location = /verify { pat_verify; }
    }
"""


def get(path, token):
    return f"GET {path} HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n\r\n"


def test_no_index_then_one():
    with Site(SERVERS, index=False) as site:
        assert site.ask("/in/hello.txt", [figma(new_token())]).status == 503
        assert site.ask("/hello.txt").status == 200
        index = Index(site.index_directory)
        token = index.add()
        assert site.ask("/in/hello.txt", [figma(token)]).status == 503
        index.publish()
        until(lambda: site.ask("/in/hello.txt", [figma(token)]).status == 200, within=1.5)
        index.close()
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200, "serving goes on without a writer"
        assert site.errors().count("no verification index") == 1
        time.sleep(1.1)
        assert site.errors().count("is there again") == 1


def test_the_index_goes_away_and_comes_back():
    with Site(SERVERS) as site:
        token = site.index.add()
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200
        site.index.vanish()
        until(lambda: site.ask("/in/hello.txt", [figma(token)]).status == 503, within=2.5)
        site.index.new()
        site.index.add(token)
        site.index.publish()
        until(lambda: site.ask("/in/hello.txt", [figma(token)]).status == 200, within=1.5)


def test_rubbish_is_no_index():
    with Site(SERVERS, index=False) as site:
        site.index_directory.mkdir()
        for rubbish in (b"", b"x", b"\0" * 5000, b"patindx1" + b"\xff" * 100_000):
            (site.index_directory / "index").write_bytes(rubbish)
            assert site.ask("/in/hello.txt", [figma(new_token())]).status == 503


def test_a_new_generation_takes_over_seamlessly():
    with Site(SERVERS, workers=2) as site:
        token = site.index.add()
        counts = {}
        stop = threading.Event()

        def load():
            with site.conn() as c:
                while not stop.is_set():
                    status = c.send(get("/read/hello.txt", token)).read().status
                    counts[status] = counts.get(status, 0) + 1

        threads = [threading.Thread(target=load) for _ in range(3)]
        for t in threads:
            t.start()
        for generation in range(15):
            gone = site.index.add()
            assert site.ask("/in/hello.txt", [figma(gone)]).status == 200
            site.index.new()
            site.index.add(scopes=f"new:{generation}")  # the scopes get other numbers
            site.index.add(token)
            site.index.publish()
            with site.conn() as c:
                for _ in range(4):
                    assert c.send(get("/in/hello.txt", gone)).read().status == 401
        stop.set()
        for t in threads:
            t.join()
        assert set(counts) == {200} and counts[200] > 100, counts


def test_revoked_means_revoked_in_every_worker():
    with Site(SERVERS, workers=3) as site:
        conns = [site.conn() for _ in range(9)]
        for _ in range(100):
            token = site.index.add()
            for c in conns[:3]:
                assert c.send(get("/in/hello.txt", token)).read().status == 200
            site.index.remove(token)
            for c in conns:
                assert c.send(get("/in/hello.txt", token)).read().status == 401
        for c in conns:
            c.close()


def test_suspended_is_neither_yes_nor_no():
    with Site(SERVERS) as site:
        token = site.index.add()
        site.index.suspend(True)
        for text in (token, new_token(), "x"):
            assert site.ask("/in/hello.txt", [figma(text)]).status == 503
        site.index.suspend(False)
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200


def test_scopes_that_come_later():
    with Site(SERVERS) as site:
        assert site.ask("/later/hello.txt", [figma(site.index.add())]).status == 403
        assert site.ask("/later/hello.txt", [figma(site.index.add(scopes="later:scope"))]).status == 200


def test_use_is_noted():
    with Site(SERVERS) as site:
        token = site.index.add()
        assert site.index.usage(token)[1] == 0
        for _ in range(3):
            site.ask("/in/hello.txt", [figma(token)])
        site.ask("/later/hello.txt", [figma(token)])
        last, count = site.index.usage(token)
        assert count == 3 and abs(last - time.time()) < 3


def test_another_prefix():
    with Site(SERVERS, index=False) as site:
        index = Index(site.index_directory, prefix="acme")
        token = index.add()
        index.publish()
        until(lambda: site.ask("/in/hello.txt", [figma(token)]).status == 200)
        assert site.ask("/in/hello.txt", [figma(new_token("pat"))]).status == 401
        index.close()


def test_reload_under_load():
    """No wrong answer and no lost connection; the workers before are gone when their work is done."""
    with Site(SERVERS, workers=2) as site:
        good, bad = site.index.add(), new_token()
        wrong, counts = [], [0]
        stop = threading.Event()

        def load(n):
            while not stop.is_set():
                with site.conn() as c:
                    for i in range(50):
                        token, expected = ((good, 200), (bad, 401))[(n + i) % 2]
                        try:
                            answer = c.send(get("/read/hello.txt", token)).read()
                        except (ConnectionResetError, BrokenPipeError):
                            answer = None
                        if answer is None:
                            if i == 0:
                                wrong.append("closed without an answer")
                            break
                        counts[0] += 1
                        if answer.status != expected:
                            wrong.append(answer)

        threads = [threading.Thread(target=load, args=(n,)) for n in range(4)]
        for t in threads:
            t.start()
        for _ in range(4):
            old = site.reload()
            time.sleep(0.3)
            revoked = site.index.add()
            assert site.ask("/in/hello.txt", [figma(revoked)]).status == 200
            site.index.remove(revoked)
            for _ in range(5):
                assert site.ask("/in/hello.txt", [figma(revoked)]).status == 401
            until(lambda: not old & site.worker_pids(), within=5)
        stop.set()
        for t in threads:
            t.join()
        assert not wrong and counts[0] > 200, (wrong[:3], counts)


class Slow(HttpEcho):
    """Answers when told to."""
    go = threading.Event()

    def note(self, request):
        super().note(request)
        if request["target"] == "/slow":
            self.go.wait(8)


def test_a_draining_worker_sees_a_revoke():
    """An old worker that a slow request keeps alive has the index of today, not of the reload."""
    product = Slow()
    servers = """
        server {
            listen 127.0.0.1:@PORT@;
            location / { pat on; proxy_pass http://127.0.0.1:@HTTP@; }
            location /inner/ { internal; pat on; proxy_pass http://127.0.0.1:@HTTP@/; }
            location /slow { pat on; proxy_pass http://127.0.0.1:@HTTP@; error_page 404 = /inner/after;
                             proxy_intercept_errors on; }
        }"""
    with Site(servers, http=product.port, backends=[product]) as site:
        token, other = site.index.add(), site.index.add()
        results = {}

        def ask(name, t):
            results[name] = site.ask("/slow", [bearer(t)])

        threads = [threading.Thread(target=ask, args=a) for a in (("revoked", token), ("kept", other))]
        for t in threads:
            t.start()
        until(lambda: len(product.requests) == 2)
        old = site.reload()
        time.sleep(1.2)
        assert old & site.worker_pids()
        site.index.new()
        site.index.add(other)
        site.index.publish()
        time.sleep(0.1)
        product.go.set()
        for t in threads:
            t.join()
        assert results["kept"].status == 200
        assert results["revoked"].status == 200, "it had passed before it was revoked"
        until(lambda: not old & site.worker_pids(), within=3)


def test_idle_workers_leave_at_once():
    with Site(SERVERS, workers=2) as site:
        old = site.reload()
        until(lambda: not old & site.worker_pids(), within=3)


def test_quit_is_not_delayed():
    with Site(SERVERS) as site:
        site.process.send_signal(signal.SIGQUIT)
        begun = time.monotonic()
        assert site.process.wait(timeout=5) == 0
        assert time.monotonic() - begun < 3


def test_a_worker_that_dies_is_replaced_and_serves():
    with Site(SERVERS) as site:
        token = site.index.add()
        for pid in site.worker_pids():
            os.kill(pid, signal.SIGTERM)
        until(lambda: site.worker_pids())
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200


def test_the_directory_may_change_at_a_reload():
    with Site(SERVERS) as site:
        token = site.index.add()
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200
        second = Index(site.root / "second")
        other = second.add(owner="u_2")
        second.publish()
        site.index_directory = second.directory
        site.write(SERVERS)
        old = site.reload()
        until(lambda: not old & site.worker_pids())
        assert site.ask("/in/hello.txt", [figma(token)]).status == 401
        answer = site.ask("/verify", [figma(other)])
        assert answer.one("X-Pat-User") == "u_2" and answer.one("X-Pat-Token-Id") == tid(other)
        second.close()


@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
def test_as_another_user():
    """Workers may not write where patd's group does not let them: then nothing passes."""
    with Site(SERVERS, user="user www-data;") as site:
        token = site.index.add()
        assert site.ask("/in/hello.txt", [figma(token)]).status == 503
        for p in site.index_directory.iterdir():
            os.chown(p, 0, __import__("grp").getgrnam("www-data").gr_gid)
        assert site.ask("/in/hello.txt", [figma(token)]).status == 200

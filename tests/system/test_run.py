# SPDX-License-Identifier: Apache-2.0
"""Starting, stopping, killing and taking over."""
import os
import re
import signal
import socket
import threading
import time

import pytest

from product import Product
from tools import await_event, edge_pids, events, never_issued


def processes(*needles):
    """Processes whose command line has one of the words."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            line = open(f"/proc/{pid}/cmdline", "rb").read().replace(b"\0", b" ").decode(errors="replace")
            state = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z" and any(n in line for n in needles):
            found.append(line)
    return found


def gone(pid):
    """Ended; perhaps not yet collected by whoever adopted it."""
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.mark.parametrize("sig", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_clean_stop(tmp_path, sig):
    """SIGINT, SIGTERM and a closed terminal end patd and its nginx with status 0 and leave no process, no socket, and
    nothing unsaid."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("x")["token"]
        for _ in range(5):
            p.get("/v1/me", token=token)
        runtime = p.runtime
        master, workers = edge_pids(p)
        assert p.stop(sig) == 0
        assert processes(str(p.data), str(runtime)) == []
        for pid in (master, *workers):
            assert gone(pid)
        assert not list(runtime.glob("*.sock"))
        with socket.socket() as s:
            assert s.connect_ex(("127.0.0.1", p.port)) != 0
        assert [e["event"] for e in p.log()][-1] == "patd.stopping"
        assert not [e for e in p.log() if e["level"] in ("warning", "error")]
        p.start()
        assert ada.call("GET", "/api/v1/tokens").json["tokens"][0]["use_count"] == 5  # use was not lost


def test_a_stop_while_it_is_used(tmp_path):
    """Requests that are under way when it stops are answered; nothing hangs."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        answers, over = [], threading.Event()

        def use():
            while not over.is_set():
                try:
                    answers.append(ada.call("GET", "/api/v1/tokens").status)
                except OSError:
                    return

        threads = [threading.Thread(target=use) for _ in range(8)]
        for t in threads:
            t.start()
        time.sleep(0.3)
        began = time.monotonic()
        assert p.stop() == 0
        assert time.monotonic() - began < 8
        over.set()
        for t in threads:
            t.join()
        assert set(answers) <= {200, 503} and answers.count(200) > 10


class Watch:
    """Somebody who verifies a good and a bad token all the time."""

    def __init__(self, product, token):
        self.product, self.token, self.good, self.bad, self.faults = product, token, [], [], []
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.is_set():
            try:
                self.good.append(self.product.get("/verify", token=self.token).status)
                self.bad.append(self.product.get("/verify", token=never_issued()).status)
            except OSError as fault:
                self.faults.append(fault)
            time.sleep(0.001)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.over.set()
        self.thread.join()


def test_a_new_run_takes_over(tmp_path):
    """kill -9: the edge goes on verifying, and the next run takes it over: from the kill to the new run not one
    verification is refused, wrong or lost. Two kills in a row."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("through it all")
        with Watch(p, token["token"]) as watch:
            time.sleep(0.2)
            master = edge_pids(p)[0]
            for _ in range(2):
                p.kill()
                time.sleep(0.3)
                assert p.get("/api/v1/session").status == 503
                p.start()
                assert edge_pids(p)[0] == master
                time.sleep(0.3)
        assert watch.faults == [] and set(watch.good) == {200} and set(watch.bad) == {401} and len(watch.good) > 100
        assert [e["pid"] for e in events(p, "edge.taken_over")] == [str(master)] * 2
        assert p.get("/readyz").status == 200
        assert ada.call("GET", "/api/v1/session").status == 200
        assert ada.revoke(token["id"]).status == 200
        assert p.get("/v1/me", token=token["token"]).status == 401
        assert p.get("/v1/me", token=ada.generate("new")["token"]).status == 200
        assert p.stop() == 0
        assert gone(master) and processes(str(p.data)) == []


def test_settings_of_the_new_run(tmp_path):
    """The edge that is taken over gets the new run's configuration."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("x")["token"]
        p.kill()
        p.settings["token_headers"] = "X-Another"
        p.settings["edge_workers"] = 1
        p.start()
        for _ in range(100):
            if p.get("/v1/me", headers={"X-Another": token}).status == 200:
                break
            time.sleep(0.05)
        time.sleep(0.2)
        assert p.get("/v1/me", headers={"X-Another": token}).status == 200
        assert p.get("/v1/me", headers={"X-Figma-Token": token}).status == 401


def test_nginx_is_started_again(tmp_path):
    """An nginx that dies is back within seconds, and it is in the log; a worker that dies is replaced by nginx itself."""
    with Product(tmp_path) as p:
        token = p.set_up().generate("x")["token"]
        master, workers = edge_pids(p)
        os.kill(workers[0], signal.SIGKILL)
        for _ in range(100):
            if workers[0] not in edge_pids(p)[1] and len(edge_pids(p)[1]) == 2:
                break
            time.sleep(0.05)
        assert p.get("/v1/me", token=token).status == 200
        os.kill(master, signal.SIGTERM)
        await_event(p, "edge.restarted")
        assert edge_pids(p)[0] != master
        assert p.get("/v1/me", token=token).status == 200
        assert events(p, "edge.ended")


def test_what_it_says(tmp_path):
    """The first words on standard output are where it serves, and the one-time link only while nobody exists."""
    with Product(tmp_path) as p:
        first = (tmp_path / "out").read_text()
        assert re.fullmatch(r"patd serves http://127.0.0.1:\d+\n\(for an nginx of your own: pat_index /dev/shm/patd-\S+;\)\n\n.*\n\n    http://127.0.0.1:\d+/setup#\w{43}\n\n", first), first
        p.set_up()
        p.stop()
        p.start()
        assert (tmp_path / "out").read_text()[len(first):] == \
            f"patd serves http://127.0.0.1:{p.port}\n(for an nginx of your own: pat_index {p.runtime};)\n"


def test_a_port_in_use(tmp_path):
    """Why it does not start is one sentence, and it leaves nothing behind."""
    p = Product(tmp_path)
    with socket.socket() as s:
        s.bind(("127.0.0.1", p.port))
        s.listen()
        done = p.patd("run")
    assert done.returncode == 1 and "nginx did not start: " in done.stderr and "Address already in use" in done.stderr, done
    assert "patd serves" not in done.stdout and processes(str(p.data)) == []
    p.__exit__()


def test_the_edges_workers_are_not_root(shared):
    """OPS-02: started as root, what talks to the network runs as somebody who may do little."""
    if os.geteuid() != 0:
        pytest.skip("not root")
    _, workers = edge_pids(shared)
    for pid in workers:
        status = open(f"/proc/{pid}/status").read()
        assert re.search(r"Uid:\s+(?!0\b)\d+", status) and re.search(r"NoNewPrivs:\s+1", status)
        assert re.search(r"CapEff:\s+0+\n", status)

# SPDX-License-Identifier: Apache-2.0
"""HAProxy that decides by a map of its own, which patd keeps: the configurations of docs/proxies.md, a real HAProxy with its reloads, and
whatever stops answering. A revoke that was answered holds in all of them."""
import collections
import concurrent.futures
import hashlib
import os
import random
import re
import shutil
import signal
import socket
import threading
import time

import pytest

from clock import Clock
from edge_site import Conn, bearer, figma, until
from nodes_cluster import Cluster
from product import PASSWORD, Product, free_port
from proxies import FORGED, World, block, plain, request
from test_policy_command import SHOP, done, policy
from tools import never_issued

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"
LEASE = 2
SCOPE = "file_content:read"


class Map(World):
    """patd that keeps the map of a HAProxy, which is not started yet."""

    def __init__(self, **settings):
        super().__init__(tokens_live_max=10000, tokens_per_hour_max=1000000, **settings)
        self.patd.settings |= {"haproxy_master": self.master, "haproxy_map": self.map, "haproxy_lease_seconds": LEASE}

    @property
    def master(self):
        return self.root / "master.sock"

    @property
    def map(self):
        return self.root / "patd.map"

    def begin(self):
        """HAProxy, as the document says: a map of nothing, filled when it is there."""
        clock = self.file("patd-now.lua", "-- /etc/haproxy/patd-now.lua")
        self.config = self.file("haproxy.cfg", "# /etc/haproxy/patd-map.cfg", ("/etc/haproxy/patd.map", self.map), ("/etc/haproxy/patd-now.lua", clock))
        self.run()

    def run(self):
        for name in ("patd.map", "patd.map.until"):
            (self.root / name).touch()
        self.start(HAPROXY, "-W", "-S", f"{self.master},mode,600", "-f", self.config)

    def reload(self):
        self.process.send_signal(signal.SIGUSR2)

    def talk(self, command):
        """What somebody at HAProxy's command line reads; while it loads its configuration, nothing."""
        end = time.monotonic() + 5
        while True:
            try:
                return self._talk(command)
            except (ConnectionError, FileNotFoundError):
                assert time.monotonic() < end
                time.sleep(0.01)

    def _talk(self, command):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(str(self.master))
            s.sendall(command.encode() + b"\n")
            s.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: s.recv(65536), b"")).decode()

    def workers(self):
        return [int(pid) for pid in re.findall(r"^(\d+)\s+worker\s", self.talk("show proc"), re.M)]

    def entries(self, worker=None):
        return len(re.findall(r"^0x", self.talk(f"@!{worker or self.workers()[0]} show map {self.map}"), re.M))

    def status(self, token, *headers):
        with Conn(self.port, timeout=15) as c:
            c.send(request("/r", [figma(token), *headers]))
            return c.read().status

    def comes(self, status, token, within=10):
        """What else is answered until then; nothing is ever answered wrongly on the way."""
        end, seen = time.monotonic() + within, set()
        while (got := self.status(token)) != status:
            seen.add(got)
            assert time.monotonic() < end, (seen, self.said())
            time.sleep(0.01)
        return seen

    def new(self, name="", scopes=(SCOPE,), **kw):
        self.n = getattr(self, "n", 0) + 1
        return self.ada.generate(f"{name or 'token'} {self.n}", scopes, **kw)

    def gone(self, token):
        assert self.ada.revoke(token["id"]).status == 200

    def freeze(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)

    def thaw(self, *pids):
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@pytest.fixture(scope="module")
def w():
    with Map() as world:
        world.begin()
        world.comes(200, world.new()["token"])
        yield world


def held(w, token):
    """The head of a request that has begun, on a connection of its own; ends with the answer's status."""
    c = Conn(w.port, timeout=20)
    c.send(b"GET /r HTTP/1.1\r\nHost: a\r\n")
    time.sleep(0.05)

    def end():
        with c:
            c.send(b"X-Figma-Token: " + token["token"].encode() + b"\r\n\r\n")
            return c.read().status
    return end


# ---- What the map says.

def test_who_may_passes_and_the_product_knows_who(w):
    token = w.new(scopes=(SCOPE, "current_user:read"))
    w.reached()
    for header in (figma(token["token"]), bearer(token["token"]), ("authorization", "bEaReR  " + token["token"])):
        with Conn(w.port) as c:
            c.send(request("/r?x=1", [header, *FORGED, ("X_Figma_Token", "x"), ("X.Figma-Token", "y")]))
            assert c.read().status == 200
        [got] = w.reached()
        told = {k.lower(): v for k, v in got["headers"]}
        assert {k: v for k, v in told.items() if plain(k).startswith("x-pat")} == {
            "x-pat-user": w.ada.id, "x-pat-token-id": token["id"], "x-pat-scopes": f"current_user:read {SCOPE}", "x-pat-expires": token["expires_at"]}
        assert len([k for k, _ in got["headers"] if plain(k).startswith("x-pat")]) == 4
        assert not [k for k in told if plain(k) in ("authorization", "x-figma-token")]
        assert token["token"] not in str(got)


def test_who_may_not_is_told_why(w):
    other = w.new(scopes=("current_user:read",))["token"]
    limited = w.new(limits={"networks": ["127.0.0.0/8"]})["token"]
    w.reached()

    def ask(*headers):
        with Conn(w.port) as c:
            c.send(request("/r", headers))
            answer = c.read()
        return answer.status, answer.json()["reason"]
    good = w.new()["token"]
    assert ask() == (401, "token_missing")
    assert ask(("Authorization", good)) == ask(("Authorization", "Basic " + good)) == (401, "token_missing")
    assert ask(figma(never_issued())) == ask(figma("x")) == (401, "token_invalid")
    assert ask(figma(other)) == (403, "insufficient_scope")
    # Only patd knows where it comes from.
    assert ask(figma(limited)) == (401, "token_invalid")
    assert ask(figma(good), bearer(good)) == ask(figma(good), figma(good)) == (400, "token_ambiguous")
    assert w.reached() == []


def test_a_scope_has_whatever_characters_it_may_have(w, tmp_path):
    """RFC 6749, section 3.3: all that can be seen but quotes and backslashes. Some of it means something to HAProxy's command line."""
    strange = "a;b<<c<d|e$(f)`g'#h%"
    document = tmp_path / "strange.yaml"
    document.write_text(SHOP.replace("'unused'", f'"{strange}"'))
    done(policy(w.patd, "import", "strange", document))
    token = w.new(scopes=(SCOPE, strange, "orders:read"))
    w.reached()
    assert w.status(token["token"]) == 200
    [got] = w.reached()
    assert {k.lower(): v for k, v in got["headers"]}["x-pat-scopes"].split() == sorted([SCOPE, strange, "orders:read"])
    w.gone(token)
    assert w.status(token["token"]) == 401


def test_the_map_has_no_secret_and_nobody_else_s_tokens(w):
    token = w.new()
    shown = w.talk(f"@!{w.workers()[0]} show map {w.map}")
    assert token["id"] in shown and token["token"] not in shown and token["token"].split("_")[1] not in shown


def test_a_token_that_ends_ends_here(w):
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 3))
    answer = w.ada.call("POST", "/api/v1/tokens", {"name": "short", "scopes": [SCOPE], "expires_at": ends}).json
    assert w.status(answer["token"]) == 200
    before = w.entries()
    while time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) < ends:
        time.sleep(0.02)
    assert w.status(answer["token"]) == 401
    # patd looks every ten seconds.
    end = time.monotonic() + 15
    while w.entries() != before - 1:
        assert time.monotonic() < end
        time.sleep(0.1)


# ---- Changes.

def test_what_is_answered_holds_at_once(w):
    for _ in range(50):
        token = w.new()
        assert w.status(token["token"]) == 200
        w.gone(token)
        assert w.status(token["token"]) == 401


def test_fewer_scopes_hold_at_once(w):
    token = w.new(scopes=(SCOPE, "current_user:read"))
    assert w.status(token["token"]) == 200
    assert w.ada.call("PATCH", f"/api/v1/tokens/{token['id']}", {"scopes": ["current_user:read"]}).status == 200
    assert w.status(token["token"]) == 403


def test_one_with_another_in_its_place_ends_when_it_is_to(w):
    old = w.new()
    new = w.ada.call("POST", f"/api/v1/tokens/{old['id']}/rotate", {"old_ends_in_seconds": 3}).json
    assert [w.status(t["token"]) for t in (old, new)] == [200, 200]
    assert w.comes(401, old["token"]) == {200} and w.status(new["token"]) == 200
    assert time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) >= new["replaced"]["expires_at"]
    newer = w.ada.call("POST", f"/api/v1/tokens/{new['id']}/rotate", {"old_ends_in_seconds": 0}).json
    assert [w.status(t["token"]) for t in (new, newer)] == [401, 200]


def test_a_person_who_is_disabled_has_no_token_there(w):
    w.patd.add_person("bob@acme.org", "Bob")
    bob = w.patd.sign_in("bob@acme.org", PASSWORD)
    tokens = [bob.generate(f"b{i}", (SCOPE,))["token"] for i in range(20)]
    assert {w.status(t) for t in tokens} == {200}
    assert w.patd.patd("user", "disable", "bob@acme.org").returncode == 0
    assert {w.status(t) for t in tokens} == {401}


# ---- HAProxy's own ways.

def test_a_worker_that_a_reload_has_ended_takes_changes_too(w):
    stays, goes = w.new(), w.new()
    [old] = w.workers()
    end_stays, end_goes = held(w, stays), held(w, goes)
    w.reload()
    end = time.monotonic() + 10
    while len(w.workers()) != 2:
        assert time.monotonic() < end
        time.sleep(0.02)
    assert old in w.workers()
    w.gone(goes)
    assert end_goes() == 401 and end_stays() == 200
    w.comes(200, stays["token"])
    assert w.status(goes["token"]) == 401


def test_a_reload_refuses_nobody_wrongly(w):
    tokens = [w.new() for _ in range(500)]  # it takes some time to be filled
    good, bad = tokens[-1], w.new()
    w.gone(bad)
    for _ in range(3):
        w.reload()
        seen = set()
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            seen.add(w.status(good["token"]))
            assert w.status(bad["token"]) in (401, 503)
        assert seen <= {200, 503} and w.comes(200, good["token"]) <= {503}
    for token in tokens:
        w.gone(token)


def test_one_that_was_killed_and_one_that_is_started_later(w):
    token = w.new()
    os.killpg(w.process.pid, signal.SIGKILL)
    w.process.wait()
    gone = w.new()
    began = time.monotonic()
    w.gone(gone)
    assert time.monotonic() - began < LEASE + 3
    began = time.monotonic()
    w.gone(w.new())
    assert time.monotonic() - began < 1  # nobody is waited for twice
    w.run()
    assert w.comes(200, token["token"]) <= {503}
    assert w.status(gone["token"]) == 401


@pytest.mark.parametrize("who", ["a worker", "all of it"])
def test_one_that_does_not_answer_is_waited_for_until_nobody_believes_it(w, who):
    stays, goes = w.new(), w.new()
    w.comes(200, goes["token"])
    pids = w.workers() + ([w.process.pid] if who == "all of it" else [])
    w.freeze(*pids)
    try:
        began = time.monotonic()
        w.gone(goes)
        took = time.monotonic() - began
        assert 0.5 < took < LEASE + 3
        # From then on nothing waits for it.
        began = time.monotonic()
        for _ in range(5):
            w.gone(w.new())
        assert time.monotonic() - began < 2
    finally:
        w.thaw(*pids)
    assert w.status(goes["token"]) in (401, 503)
    assert w.comes(200, stays["token"]) <= {503}
    assert w.status(goes["token"]) == 401


def test_one_that_stands_still_while_it_is_busy(w):
    """Requests that came while it stood still are judged by the time at which they are judged."""
    stays, passed = w.new(), 0
    for _ in range(20 if os.environ.get("PATD_TEST_LONG") else 2):
        w.comes(200, stays["token"])
        goes = w.new()
        assert w.status(goes["token"]) == 200
        conns = [Conn(w.port, timeout=20) for _ in range(60)]
        for c in conns:
            c.send(b"GET /r HTTP/1.1\r\nHost: a\r\n")
        pids, frozen = w.workers(), threading.Event()

        def dribble():
            n = 0
            while not frozen.is_set():
                for c in conns:
                    c.send(b"X-%d: 1\r\n" % (n % 10))
                n += 1
                time.sleep(0.001)

        busy = threading.Thread(target=dribble)
        busy.start()
        time.sleep(0.2)
        w.freeze(*pids)
        frozen.set()
        busy.join()
        try:
            w.gone(goes)
            for c in conns:
                c.send(b"X-Figma-Token: " + goes["token"].encode() + b"\r\n\r\n")
        finally:
            w.thaw(*pids)
        for c in conns:
            with c:
                try:
                    answer = c.read()
                except OSError:
                    continue
                passed += bool(answer) and answer.status == 200
    assert passed == 0


@pytest.mark.parametrize("later", [0, 0.4])
def test_another_master_knows_nothing_of_the_former_ones_workers(w, later):
    """Whether patd has heard of it yet or not."""
    stays, goes = w.new(), w.new()
    w.comes(200, goes["token"])
    end = held(w, goes)
    old, former = w.process, w.workers()
    try:
        w.start(HAPROXY, "-W", "-S", f"{w.master},mode,600", "-f", w.config, "-sf", *map(str, (old.pid, *former)))
        deadline = time.monotonic() + 10
        while set(w.workers()) & set(former):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        time.sleep(later)
        began = time.monotonic()
        w.gone(goes)
        assert end() != 200 and time.monotonic() - began < LEASE + 3
        w.comes(200, stays["token"])
        began = time.monotonic()
        w.gone(w.new())
        assert time.monotonic() - began < 1
    finally:
        os.killpg(old.pid, signal.SIGKILL)
        old.wait()


def test_one_without_such_a_map_says_so_once(w):
    """A worker whose configuration names no map believes nothing, and patd goes on."""
    text = w.config.read_text()
    try:
        w.config.write_text(text.replace(str(w.map), str(w.root / "another.map")))
        for name in ("another.map", "another.map.until"):
            (w.root / name).touch()
        w.reload()
        token = w.new()
        w.comes(503, token["token"])
        time.sleep(1)
        w.gone(token)
        [line] = [x for x in w.patd.log() if x["event"] == "haproxy.worker_failed" and "map" in x["error"]]
        assert "Unknown map" in line["error"]
    finally:
        w.config.write_text(text)
        w.reload()
    w.comes(200, w.new()["token"])


def test_under_load_and_reloads_no_revoked_token_passes(w):
    """Verifiers on connections that stay, by old workers and new; after a revoke was answered none of them gets a yes."""
    stop, wrong, counts = threading.Event(), [], {"yes": 0, "no": 0}
    revoked, live = {}, []

    def verify(seed):
        i = seed
        while not stop.is_set():
            try:
                with Conn(w.port, timeout=10) as c:
                    for _ in range(40):
                        if not live:
                            continue
                        token = live[i % len(live)] if i % 3 else (list(revoked) or live)[-1]
                        i += 1
                        before = revoked.get(token)
                        c.send(request("/r", [figma(token)]))
                        answer = c.read()
                        if answer is None:
                            break
                        counts["yes" if answer.status == 200 else "no"] += 1
                        if before and answer.status == 200:
                            wrong.append(token)
                        if stop.is_set():
                            return
            except (OSError, AssertionError, ValueError):
                pass  # a worker that ends closes what it holds

    threads = [threading.Thread(target=verify, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    end, n = time.monotonic() + 6, 0
    try:
        while time.monotonic() < end:
            token = w.new()
            live.append(token["token"])
            if len(live) > 5:
                w.gone(token)
                revoked[token["token"]] = time.monotonic()
                live.remove(token["token"])
                n += 1
            if n % 40 == 20:
                w.reload()
    finally:
        stop.set()
        for t in threads:
            t.join()
    assert not wrong and n > 20 and counts["yes"] > 50 and counts["no"] > 50, (len(wrong), n, counts)
    w.comes(200, live[0])


# ---- patd's own ways.

def test_without_patd_it_is_believed_for_a_lease_and_no_longer(w):
    token = w.new()
    w.comes(200, token["token"])
    w.patd.kill()
    assert w.status(token["token"]) == 200
    began = time.monotonic()
    w.comes(503, token["token"], within=LEASE + 3)
    assert time.monotonic() - began > 0.3
    w.patd.start()
    assert w.comes(200, token["token"]) <= {503}


def test_what_is_changed_without_patd_holds_too(w):
    w.patd.add_person("eve@acme.org", "Eve")
    token = w.patd.sign_in("eve@acme.org", PASSWORD).generate("e", (SCOPE,))["token"]
    w.comes(200, token)
    w.patd.kill()
    try:
        assert w.status(token) == 200
        assert w.patd.patd("user", "disable", "eve@acme.org").returncode == 0
        assert w.status(token) == 503
    finally:
        w.patd.start()
    w.comes(401, token)


def test_a_patd_that_ends_takes_the_lease_with_it(w):
    token = w.new()
    w.comes(200, token["token"])
    w.patd.stop()
    assert w.status(token["token"]) == 503
    w.patd.start()
    assert w.comes(200, token["token"]) <= {503}


def test_who_is_not_found_may_be_asked_about(w):
    """The second configuration of the document: map first, then a question."""
    text = w.config.read_text()
    script = w.file("patd.lua", "-- /etc/haproxy/patd.lua", ("/verify/shop", "/verify"))
    ask = block("    # /etc/haproxy/patd-map-ask.cfg").split("\n", 1)[1]
    first = re.search(r"^    http-request return status 503.*\n    http-request return status 401.*\n    http-request return status 401.*\n", text, re.M)
    limited = w.new(limits={"networks": ["127.0.0.0/8"]})
    good, gone = w.new(), w.new()
    w.gone(gone)
    try:
        w.config.write_text(f"global\n    lua-load-per-thread {script}\n\n" + text.replace(first[0], ask))
        w.reload()
        w.comes(200, limited["token"])
        w.reload()
        seen = set()
        end = time.monotonic() + 1.5
        while time.monotonic() < end:
            seen.add((w.status(good["token"]), w.status(gone["token"])))
        assert seen == {(200, 401)}
        w.reached()
        assert w.status(limited["token"], *FORGED[:3]) == 200
        [got] = w.reached()
        told = {k.lower(): v for k, v in got["headers"] if plain(k).startswith("x-pat")}
        assert told["x-pat-token-id"] == limited["id"] and len(told) == 4
        # Without patd it is asked: the edge goes on from the index.
        w.patd.kill()
        time.sleep(LEASE + 1.5)
        assert w.status(good["token"]) == 200 and w.status(gone["token"]) == 401
        w.patd.start()
    finally:
        w.config.write_text(text)
        w.reload()


# ---- One that lies.

class Liar:
    """In HAProxy's place: workers that do what they are told, or do it and do not say so, or much later and in any order, or not at all; that come
    and go. It judges tokens as the document's configuration does."""

    def __init__(self, folder, seed):
        self.socket, self.random = folder / "liar.sock", random.Random(seed)
        self.lock, self.calm, self.stopping, self.lies = threading.Lock(), False, False, collections.Counter()
        self.workers, self.next, self.late, self.began = {}, 100, [], time.clock_gettime(time.CLOCK_BOOTTIME)
        self.ordered = None  # the beginning of a command that is to be done so many seconds later, without an answer
        self._fork()
        self._listen()
        threading.Thread(target=self._live, daemon=True).start()

    def _listen(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.socket))
        self.listener.listen(64)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def _refuse(self):
        """As long as a master loads its configuration nobody gets a connection."""
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        if self.random.random() < 0.5:
            self.socket.unlink()

    def _fork(self):
        self.next += 1
        self.workers[self.next] = {"map": [], "until": [], "ends": None}

    def _accept(self, listener):
        while True:
            try:
                c, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(c,), daemon=True).start()

    def _live(self):
        """Reloads; old workers end; what was late is done."""
        back = None
        while not self.stopping:
            time.sleep(0.01)
            if back and back < time.monotonic():
                back = None
                self.socket.unlink(missing_ok=True)
                self._listen()
            with self.lock:
                now = time.monotonic()
                self.random.shuffle(self.late)
                for item in [x for x in self.late if x[0] <= now]:
                    self.late.remove(item)
                    self._execute(item[1], item[2])
                for pid in [pid for pid, w in self.workers.items() if w["ends"] and w["ends"] <= now]:
                    del self.workers[pid]
                # Now and then many: what is late finds its worker in the times between.
                if not self.calm and not back and self.random.random() < (0.01 if now % 6 < 2 else 0.0005):
                    self.lies["reload"] += 1
                    self._refuse()
                    back = now + self.random.uniform(0, 0.3)
                    for w in self.workers.values():
                        w["ends"] = w["ends"] or now + self.random.uniform(0, 4)
                    self._fork()

    def _talk(self, c):
        with c:
            command = b"".join(iter(lambda: c.recv(65536), b"")).decode()
            if command == "show proc\n":
                with self.lock:
                    up = int(time.clock_gettime(time.CLOCK_BOOTTIME) - self.began)
                    c.sendall((f"#<PID>\n9 master 0 [failed: 0] 0d00h{up // 60:02}m{up % 60:02}s 2.6\n# workers\n"
                               + "".join(f"{pid} worker 0\n" for pid in self.workers)).encode())
                return
            pid, command = re.fullmatch(r"@!(\d+) (.*)\n", command, re.S).groups()
            with self.lock:
                # A token that is added late, or a lease, does the most harm.
                often = 0.03 if re.match(r"add map \S+ [0-9a-f]{64}|\w+ map \S+ until ", command) else 0.003
                lie = self.random.choice(["late", "late", "mute", "slow", "dropped"]) if not self.calm and self.random.random() < often else None
                seconds = self.random.uniform(0, 5)
                if self.ordered and command.startswith(self.ordered[0]):
                    lie, seconds, self.ordered = "late", self.ordered[1], None
                self.lies[lie] += 1
                if lie == "late":
                    self.late.append((time.monotonic() + seconds, int(pid), command))
            if lie == "slow" or "<<" in command:
                time.sleep(self.random.uniform(0, 1.5 if lie else 0.01))
            if lie in (None, "mute", "slow"):
                with self.lock:
                    answer = self._execute(int(pid), command)
            if lie in (None, "slow"):
                try:
                    c.sendall(answer.encode())
                except OSError:
                    pass

    def _execute(self, pid, command):
        w = self.workers.get(pid)
        if not w:
            return f"Can't find the target PID matching the prefix '@!{pid}'\n"
        verb, name, rest = re.fullmatch(r"(\w+) map (\S+) ?(.*)", command, re.S).groups()
        entries = w["until" if name.endswith(".until") else "map"]
        if verb == "clear":
            entries.clear()
        elif rest.startswith("<<\n"):
            entries += [line.split(" ", 1) for line in rest[3:].splitlines() if line]
        else:
            key, value = re.sub(r"\\(.)", r"\1", rest + " ").split(" ", 1)
            same = [e for e in entries if e[0] == key]
            if verb == "add":
                entries.append([key, value.rstrip()])
            elif not same:
                return {"del": "Key not found.\n\n", "set": "entry not found.\n\n", "get": "found=no\n"}[verb]
            elif verb == "set":
                for e in same:
                    e[1] = value.rstrip()
            elif verb == "get":
                return f'found=yes, value="{same[0][1]}"\n'
            else:
                entries[:] = [e for e in entries if e[0] != key]
        return "\n"

    def accepted(self):
        """Digests of what some worker would let pass now."""
        found, now, boot = set(), int(time.time()), int(time.clock_gettime(time.CLOCK_BOOTTIME))
        with self.lock:
            for w in self.workers.values():
                until = next((v.split() for k, v in w["until"]), None)
                if not until or int(until[0]) <= boot:
                    continue
                seen = set()
                for key, value in w["map"]:
                    if key == "epoch":
                        continue
                    epoch, end = value.split()[:2]
                    if key not in seen and epoch == until[1] and int(end) > now:
                        found.add(key)
                    seen.add(key)
        return found

    def end(self):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Trial:
    """patd with a liar: tokens are made and revoked, and somebody looks all the time at what passes."""

    def __init__(self, folder, seed):
        folder.mkdir()
        (folder / "patd").mkdir()
        self.liar = Liar(folder, seed)
        self.liar.calm = True
        self.product = Product(folder / "patd", haproxy_master=self.liar.socket, haproxy_map="/m", haproxy_lease_seconds=1, tokens_live_max=10000,
                               tokens_per_hour_max=1000000, files="no")
        self.dead, self.live, self.wrong, self.stop, self.passed = set(), [], [], threading.Event(), 0
        self.revoking = threading.Event()

    @staticmethod
    def digest(token):
        return hashlib.sha256(token["token"].encode()).hexdigest()

    def watch(self):
        while not self.stop.is_set():
            gone = frozenset(self.dead)  # … before it is looked
            found = self.liar.accepted()
            self.wrong.extend(found & gone)
            self.passed += bool(found)
            time.sleep(0.002)

    def work(self, name):
        mine, n = [], 0
        while not self.stop.is_set():
            n += 1
            mine.append(self.ada.generate(f"{name} {n}", (SCOPE,)))
            # As many as take some time to be filled in; any of them.
            if len(mine) > 150:
                self.liar.calm = False
                self.revoking.set()
                token = mine.pop(self.liar.random.randrange(len(mine)))
                assert self.ada.revoke(token["id"]).status == 200
                self.dead.add(self.digest(token))
        self.live.extend(mine)

    def run(self, seconds):
        with self.product as p:
            self.ada = p.set_up()
            threads = [threading.Thread(target=self.work, args=(name,)) for name in "ab"] + [threading.Thread(target=self.watch)]
            for t in threads:
                t.start()
            begun = self.revoking.wait(60)  # making what is revoked takes as long as it takes
            time.sleep(seconds)
            self.stop.set()
            for t in threads:
                t.join()
            assert begun
            with self.liar.lock:  # a new worker knows of no lies
                self.liar.calm, self.liar.late = True, []
                for w in self.liar.workers.values():
                    w["ends"] = time.monotonic()
                self.liar._fork()
            end = time.monotonic() + 20
            while not {self.digest(t) for t in self.live} <= self.liar.accepted():
                assert time.monotonic() < end
                time.sleep(0.05)
            assert not self.liar.accepted() & self.dead
        self.liar.end()
        return self


def test_what_is_added_much_later_passes_nowhere(tmp_path):
    """A worker was told of a token and did not answer; it was filled anew, the token was revoked, and then the worker does what it was told."""
    trial = Trial(tmp_path / "trial", 1)
    with trial.product as p:
        ada = p.set_up()
        stays = ada.generate("stays", (SCOPE,))
        end = time.monotonic() + 10
        while Trial.digest(stays) not in trial.liar.accepted():
            assert time.monotonic() < end
            time.sleep(0.02)
        trial.liar.ordered = ("add map /m ", 5)
        began = time.monotonic()
        goes = ada.generate("goes", (SCOPE,))
        assert not trial.liar.ordered and time.monotonic() - began < 4
        assert ada.revoke(goes["id"]).status == 200
        while not any(entry[0] == Trial.digest(goes) for w in trial.liar.workers.values() for entry in w["map"]):
            assert Trial.digest(goes) not in trial.liar.accepted() and time.monotonic() - began < 10
            time.sleep(0.01)
        # What stays passes, or will once the worker has been told so: a worker that was not told for long lets nobody pass.
        while (accepted := trial.liar.accepted()) != {Trial.digest(stays)}:
            assert not accepted and time.monotonic() - began < 15
            time.sleep(0.01)
    trial.liar.end()


def test_whatever_haproxy_does_what_was_revoked_passes_nowhere(tmp_path):
    seconds = 120 if os.environ.get("PATD_TEST_LONG") else 12
    seed = int(os.environ.get("SEED", time.time()))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        trials = list(pool.map(lambda i: Trial(tmp_path / str(i), 10 * seed + i).run(seconds), range(4)))
    lies = sum((t.liar.lies for t in trials), collections.Counter())
    said = (seed, [len(t.dead) for t in trials], [t.passed for t in trials], lies)
    assert not any(t.wrong for t in trials), said
    assert sum(len(t.dead) for t in trials) > 100 and sum(t.passed for t in trials) > 500, said
    assert sum(lies[x] for x in ("late", "mute", "slow", "dropped", "reload")) > 10, said


# ---- Clocks.

def test_what_has_ended_does_not_come_back_with_the_clock(tmp_path):
    """patd's clock went past a token's end and was set back: a worker that is filled then does not get it. HAProxy's own clock never moved."""
    clock = Clock(tmp_path)
    with Map(env=clock.env) as w:
        w.begin()
        week, month = w.new(days=7), w.new(days=30)
        w.comes(200, week["token"])
        clock.set(8 * 86400)
        w.comes(401, week["token"], within=20)  # patd looks every ten seconds
        clock.set(0)
        [old] = w.workers()
        w.reload()
        new = until(lambda: next((pid for pid in w.workers() if pid != old), None))
        shown = until(lambda: month["id"] in (text := w.talk(f"@!{new} show map {w.map}")) and text)
        assert week["id"] not in shown
        w.comes(200, month["token"])
        assert {w.status(week["token"]) for _ in range(20)} == {401}


# ---- Of several nodes.

def test_what_another_node_revokes_holds_here(tmp_path):
    with Cluster(tmp_path, nodes=2) as nodes, Map() as w:
        w.patd.stop()
        here = nodes[1]
        here.settings |= {"haproxy_master": w.master, "haproxy_map": w.map, "haproxy_lease_seconds": LEASE}
        here.stop()
        here.start()
        w.begin()
        stays = nodes.ada.generate("stays", (SCOPE,))["token"]
        w.comes(200, stays)
        for i in range(20):
            token = nodes.ada.generate(f"t{i}", (SCOPE,))
            w.comes(200, token["token"], within=2)
            assert nodes.ada.revoke(token["id"]).status == 200
            assert w.status(token["token"]) == 401
        # What the node may not answer by, HAProxy may not either.
        nodes.lines[1].swallow()
        w.comes(503, stays, within=10)
        nodes.lines[1].heal()
        w.comes(200, stays, within=10)


def test_a_map_that_somebody_has_emptied_is_filled_again(w):
    token = w.new()
    w.comes(200, token["token"])
    for emptied in (w.map, f"{w.map}.until"):
        w.talk(f"@!{w.workers()[-1]} clear map {emptied}")
        assert w.status(token["token"]) in (401, 503)
        w.comes(200, token["token"])


def test_a_map_that_somebody_else_has_filled_is_filled_anew(w):
    """What says so is the entry in which each filling leaves a number of its own."""
    def epoch():
        return re.findall(r"^0x\S+ epoch (\S+)$", w.talk(f"@!{w.workers()[-1]} show map {w.map}"), re.M)
    token, stranger = w.new(), never_issued()
    w.comes(200, token["token"])
    [before] = epoch()
    w.talk(f"@!{w.workers()[-1]} set map {w.map} epoch f00d")
    end = time.monotonic() + 15
    while epoch() in ([], ["f00d"], [before]):
        assert time.monotonic() < end, epoch()
        time.sleep(0.05)
    w.comes(200, token["token"])
    assert w.status(stranger) == 401


def test_settings_that_can_not_be(tmp_path):
    for settings, words in (({"consistency": "strict"}, "does not go with consistency = strict"),
                            ({"haproxy_map": "/etc/a map"}, "haproxy_map must not contain")):
        p = Product(tmp_path, haproxy_master="/run/h.sock", **settings)
        done = p.patd("check")
        assert done.returncode == 2 and words in done.stderr

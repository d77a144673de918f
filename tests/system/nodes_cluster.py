# SPDX-License-Identifier: Apache-2.0
"""Several nodes on one database, called node1, node2 and so on, and what stands between them: a proxy for each node, which delays, swallows or cuts.

    with Cluster(folder, nodes=3, standby=True) as c:
        c.ada.generate(…)                 # at node1
        c[1].get("/v1/me", token=…)
        c.lines[1].swallow()              # node2 and the database hear nothing of each other any more
        c.lines[1].heal()
"""
import os
import pathlib
import select
import shutil
import signal
import socket
import threading
import time

from clock import Clock
from kill_history import History, Truncated, Verifier, Writer
from postgres import Postgres
from product import Person, Product

LEASE = 2
WAIT_OUT = LEASE * 101 / 99 + 0.05  # what a revoke waits for a node that says nothing


class Line:
    """A unix socket in a folder of its own that leads to a server's, for one node."""

    def __init__(self, folder, server):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.name = ".s.PGSQL.5432"
        self.server = server
        self.delay, self.swallowing, self.ended = 0.0, False, False
        self.lock, self.open = threading.Lock(), set()
        self.up()

    def up(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.folder / self.name))
        self.listener.listen(64)
        os.chmod(self.folder / self.name, 0o777)
        threading.Thread(target=self._accept, args=(self.listener,), daemon=True).start()

    def down(self):
        """Nobody answers there: a connection is refused, not accepted and ended."""
        (self.folder / self.name).unlink(missing_ok=True)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.cut()

    def swallow(self):
        self.swallowing = True

    def heal(self):
        """What was swallowed is lost, so the connections that it was swallowed from are as well."""
        cut = self.swallowing
        self.swallowing, self.delay = False, 0.0
        if cut:
            self.cut()

    def cut(self):
        with self.lock:
            for s in self.open:
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def end(self):
        self.ended = True
        self.listener.close()
        self.cut()

    def _accept(self, listener):
        while not self.ended:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        far = socket.socket(socket.AF_UNIX)
        try:
            while self.swallowing and not self.ended:
                time.sleep(0.01)
            far.connect(str(pathlib.Path(self.server.folder) / self.name))
        except OSError:
            near.close()
            return
        with self.lock:
            self.open |= {near, far}
        try:
            while True:
                for s in select.select([near, far], [], [])[0]:
                    data = s.recv(65536)
                    if not data:
                        return
                    if self.delay:
                        time.sleep(self.delay)
                    if self.swallowing:
                        continue
                    (far if s is near else near).sendall(data)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open -= {near, far}
            near.close()
            far.close()


class Cluster:
    def __init__(self, folder, nodes=3, standby=False, program=None, env=None, envs=(), log_mib=None, clocks=False, **settings):
        self.folder = pathlib.Path(folder)
        self.n, self.program, self.env, self.envs = nodes, program, env or {}, list(envs)
        self.settings = {"lease_seconds": LEASE, "tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "edge_workers": 1, "access_log": "off",
                         "files": "no", **settings}
        self.primary, self.standby, self.with_standby = Postgres(log_mib=log_mib), None, standby
        self.clocks = [Clock(self.folder / f"clock{i + 1}") for i in range(nodes)] if clocks else []  # the nodes' wall clocks
        self.nodes, self.lines, self.standby_lines = [], [], []

    def __getitem__(self, i):
        return self.nodes[i]

    def __len__(self):
        return len(self.nodes)

    def silence(self, i):
        """patd stands still: it says nothing to anybody, and stands in no transaction, which would hold up the others' until the
        database ends it. Its nginx goes on."""
        self[i].process.send_signal(signal.SIGSTOP)
        while self._someone_stands_in_a_transaction():
            self.wake(i)
            time.sleep(0.02)
            self[i].process.send_signal(signal.SIGSTOP)

    def _someone_stands_in_a_transaction(self):
        time.sleep(0.1)
        return self.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%'"
                                " AND state_change < clock_timestamp() - interval '80 ms'") != "0"

    def wake(self, i):
        self[i].process.send_signal(signal.SIGCONT)

    def __enter__(self):
        try:
            self.primary.__enter__()
            if self.with_standby:
                self._make_standby()
            for i in range(self.n):
                self._make(i)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _make_standby(self):
        self.standby = Postgres(data_from=self.primary)
        self.standby.__enter__()
        # The copy was made before: a standby that has taken over waits for nobody.
        self.primary.sql("ALTER SYSTEM SET synchronous_standby_names = '*'", database="postgres")
        self.primary.sql("SELECT pg_reload_conf()", database="postgres")
        end = time.monotonic() + 20
        while self.primary.sql("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'", database="postgres") != "1":
            assert time.monotonic() < end, "the standby does not follow"
            time.sleep(0.05)

    def _make(self, i):
        folder = self.folder / f"node{i + 1}"
        folder.mkdir(parents=True)
        lines = [Line(self.primary.folder / f"line{i}", self.primary)]
        hosts = [str(lines[0].folder)]
        if self.standby:
            lines.append(Line(self.standby.folder / f"line{i}", self.standby))
            hosts.append(str(lines[1].folder))
            self.standby_lines.append(lines[1])
        self.lines.append(lines[0])
        env = {**self.env, **(self.envs[i] if i < len(self.envs) else {}), **(self.clocks[i].env if self.clocks else {})}
        p = Product(folder, env=env, program=self.program, store=f"postgresql://patd@/patd?host={','.join(hosts)}",
                    node_name=f"node{i + 1}", **self.settings)
        if i:
            p.data.mkdir(mode=0o700)
            shutil.copy(self.nodes[0].data / "row.key", p.data / "row.key")
        self.nodes.append(p)
        p.start()
        if i == 0:
            p.ada = self.ada = p.set_up()

    def ada_at(self, i):
        """The same session at another node."""
        return Person(self.nodes[i], self.ada.cookie, self.ada.session)

    def fail_over(self):
        """The primary ends as by a power cut, and the standby is the primary."""
        self.primary.crash()
        for line in self.lines:
            line.down()
        self.standby.promote()
        self.primary, self.standby = self.standby, self.primary
        self.lines, self.standby_lines = self.standby_lines, self.lines

    def rows(self):
        return self.primary.sql("SELECT label, applied FROM node ORDER BY label, incarnation").splitlines()

    def __exit__(self, *exc):
        for p in self.nodes:
            if p.process and p.process.poll() is None:
                try:
                    os.killpg(p.process.pid, signal.SIGCONT)
                except ProcessLookupError:
                    pass
        for line in (*self.lines, *self.standby_lines):
            line.heal()
        for p in self.nodes:
            try:
                p.__exit__()
            except Exception:  # noqa: BLE001
                if p.process:
                    os.killpg(p.process.pid, signal.SIGKILL)
        for line in (*self.lines, *self.standby_lines):
            line.end()
        for server in (self.standby, self.primary):
            if server and server.process:
                server.thaw()
                server.__exit__()


def until(true, within=10, every=0.02):
    end = time.monotonic() + within
    while not (found := true()):
        assert time.monotonic() < end, "not in time"
        time.sleep(every)
    return found


# ---- Histories.

class NodesHistory(History):
    """Across nodes: while a revoke has not returned, one may refuse and another accept. Once it has, none accepts. A node that cannot say says
    503, which is counted."""

    def __init__(self, owner):
        super().__init__(owner=owner)
        self.revokes = []  # (begun, returned, receipt)

    def judge(self, token, status, headers, t0, t1):
        if status == 503:
            self.count["unavailable"] += 1
            return
        super().judge(token, status, headers, t0, t1)

    def _judge_refused(self, token, t0, t1):
        super()._judge_refused(token, t0, t1)
        if token is not None:
            token.seen_refused = None


class NodesVerifier(Verifier):
    def __init__(self, history, cluster, seed):
        super().__init__(history, cluster[0], seed)
        self.ports = [p.port for p in cluster.nodes]

    def turn(self):
        self.port = self.dice.choice(self.ports)
        try:
            super().turn()
        except OSError:
            self.history.count["not answered"] += 1
            time.sleep(0.01)


class NodesWriter(Writer):
    AWAY = {"unavailable", "busy", "change_unknown", "not_effective", "storage_full"}

    def __init__(self, history, cluster, seed, name):
        super().__init__(history, cluster[0], seed, cluster.ada, name)
        self.ports = [p.port for p in cluster.nodes]

    def call(self, method, path, body=b"", more=""):
        self.port = self.dice.choice(self.ports)
        try:
            return super().call(method, path, body, more)
        except Truncated:
            raise
        except OSError:
            time.sleep(0.01)
            return None, "nobody there"

    def revoke(self, token):
        if token is None:
            return
        begun = time.monotonic()
        super().revoke(token)
        if token.revoke_acked:
            self.history.revokes.append((begun, token.revoke_acked))

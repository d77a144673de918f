# SPDX-License-Identifier: Apache-2.0
"""No accept after a revoke has returned, whatever fails: histories of several nodes under everything that can go wrong, and the worst moments one by
one. The program is one that pauses between the protocol's steps, and takes them wrongly when it is told to (src/base/provoke.h): each
wrong step has to be found here, or these tests could not see.

PATD_TEST_LONG=1: the campaign, with a report in docs/revocation.md, and the wrong steps. PATD_TEST_SEED=n: the dice of an earlier run.
"""
import os
import random
import signal
import statistics
import threading
import time

import pytest

from kill_history import check_every_token
from nodes_cluster import LEASE, WAIT_OUT, Cluster, NodesHistory, NodesVerifier, NodesWriter, until
from product import PATD, ROOT

PROVOKED = {"program": PATD.parent / "patd-provoked", "edge_module": PATD.parent / "ngx_http_pat_module_provoked.so"}
LONG = bool(os.environ.get("PATD_TEST_LONG"))
SEED = int(os.environ.get("PATD_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
CAN = ["current_user:read"]

pytestmark = pytest.mark.skipif(not PROVOKED["program"].exists(), reason="it is built with the tests: meson configure build -Dtests=true")


def accepts(node, token):
    return node.get("/verify", token=token["token"]).status == 200


# ---- The worst moments. Each says whether a token was accepted after its revoke had returned.

def cut_off(c):
    """A node hears nothing: the revoke waits for its lease, and then it accepts nothing."""
    gone = c.ada.generate("gone", CAN)
    assert accepts(c[1], gone)
    c.lines[1].swallow()
    assert c.ada.revoke(gone["id"]).status == 200
    return accepts(c[1], gone)


def asked_all_the_time(c):
    """The same with requests that do not stop, so that nobody's clock is an old one by accident."""
    gone, seen, stop = c.ada.generate("gone", CAN), [], threading.Event()

    def ask():
        while not stop.is_set():
            began = time.monotonic()
            if accepts(c[1], gone):
                seen.append(began)

    thread = threading.Thread(target=ask)
    thread.start()
    time.sleep(random.uniform(0, LEASE))  # a clock that is read now and then may have been read just now
    c.lines[1].swallow()
    assert c.ada.revoke(gone["id"]).status == 200
    returned = time.monotonic()
    time.sleep(0.3)
    stop.set()
    thread.join()
    c.lines[1].heal()
    assert seen
    return any(began > returned for began in seen)


def at_once(c):
    """A token that was accepted a moment ago."""
    gone = c.ada.generate("gone", CAN)
    assert all(accepts(p, gone) for p in c.nodes for _ in range(3))
    assert c.ada.revoke(gone["id"]).status == 200
    return any(accepts(p, gone) for p in c.nodes)


def cut_off_at(c, after):
    """A node is cut off that long after the revoke has been sent."""
    gone = c.ada.generate(f"gone {time.monotonic()}", CAN)
    until(lambda: accepts(c[1], gone))
    revoking = threading.Thread(target=lambda: c.ada.revoke(gone["id"]))
    revoking.start()
    time.sleep(after)
    c.lines[1].swallow()
    revoking.join()
    found = any(accepts(c[1], gone) for _ in range(3))
    c.lines[1].heal()
    until(lambda: c[1].get("/readyz").status == 200, within=20)
    return found


def cut_off_at_any_time(c):
    return any(cut_off_at(c, after) for after in [0.0, 0.3, 0.6, 0.0, 0.5, 0.8] * (3 if LONG else 1))


def taken_for_dead(c):
    """A node stood still for longer than its lease, and goes on just when it is taken for dead."""
    gone = c.ada.generate("gone", CAN)
    assert accepts(c[1], gone)
    os.killpg(c[1].process.pid, signal.SIGSTOP)
    time.sleep(WAIT_OUT + 0.8)
    os.killpg(c[1].process.pid, signal.SIGCONT)
    time.sleep(0.3)
    c.lines[1].swallow()
    end = time.monotonic() + LEASE
    while len(c.rows()) > 1 and time.monotonic() < end:
        time.sleep(0.02)
    assert c.ada.revoke(gone["id"]).status == 200
    found = accepts(c[1], gone)
    c.lines[1].heal()
    return found


def former_primary(c):
    """A standby has taken over, and one node still talks to the server that was primary before, which answers."""
    gone = c.ada.generate("gone", CAN)
    assert accepts(c[1], gone)
    c.lines[0].down()
    c.standby.promote()
    until(lambda: c.ada.call("POST", "/api/v1/tokens", {"name": "after", "scopes": CAN, "expires_in_days": 1}).status == 201, within=20)
    until(lambda: c.ada.revoke(gone["id"]).status == 200, within=20)
    return accepts(c[1], gone)


def standby_did_not_hear(c):
    """A revoke whose standby is away: it must not be said to be done. What a failover would lose counts as accepted."""
    gone = c.ada.generate("gone", CAN)
    c.standby.crash()
    answer = c.ada.call("DELETE", f"/api/v1/tokens/{gone['id']}", timeout=60)
    lost = answer.status == 200
    c.standby.start()
    return lost


WORST = {
    # moment: (nodes, standby, pauses of node 0, of node 1, [(wrong step, at which node)])
    cut_off: (2, False, "", "", ["NO_LEASE_CHECK"]),
    asked_all_the_time: (2, False, "", "", ["CACHED_CLOCK"]),
    at_once: (3, False, "", "N4:100:400", ["ACK_FIRST", "EARLY_LOOK"]),
    cut_off_at_any_time: (2, False, "", "N2:100:500,N3:100:900,N4:100:500", ["LATE_T0", "FETCH_FIRST"]),
    taken_for_dead: (2, False, "G:100:3000", "", ["UNGUARDED_REAP"]),
    former_primary: (2, True, "", "", ["READ_RENEWAL", "ASYNC_REGISTER"]),
    standby_did_not_hear: (1, True, "", "", ["ASYNC_REVOKE"]),
}


def cluster(folder, moment, wrong=None):
    nodes, standby, first, second, _ = WORST[moment]
    env = {"PAT_BREAK": wrong} if wrong else {}
    return Cluster(folder, nodes=nodes, standby=standby, **PROVOKED, env=env,
                   envs=[{"PAT_PAUSE": first}, {"PAT_PAUSE": second}, {"PAT_PAUSE": second}])


SHORT = (cut_off, at_once)


@pytest.mark.parametrize("moment", WORST if LONG else SHORT, ids=lambda m: m.__name__)
def test_at_the_worst_moment_nothing_is_accepted(tmp_path, moment):
    with cluster(tmp_path, moment) as c:
        assert not moment(c)


@pytest.mark.skipif(not LONG, reason="a long campaign: PATD_TEST_LONG=1 or make check")
@pytest.mark.parametrize("moment, wrong", [(m, w) for m in WORST for w in WORST[m][4]], ids=lambda x: getattr(x, "__name__", x))
def test_a_wrong_step_is_found(tmp_path, moment, wrong):
    for attempt in range(8):
        with cluster(tmp_path / str(attempt), moment, wrong) as c:
            if moment(c):
                return
    raise AssertionError(f"{wrong} was not found")


# ---- Histories.

class Nemesis:
    """What goes wrong, one thing or two at a time, and is put right again."""

    def __init__(self, c, dice):
        self.c, self.dice, self.count = c, dice, {}

    def node_stands_still(self):
        p = self.dice.choice(self.c.nodes)
        os.killpg(p.process.pid, signal.SIGSTOP)
        time.sleep(self.dice.choice([0.05, 0.3, 1, LEASE + 1]))
        os.killpg(p.process.pid, signal.SIGCONT)

    def node_is_killed(self):
        p = self.dice.choice(self.c.nodes)
        p.process.send_signal(signal.SIGKILL)
        p.process.wait()
        time.sleep(self.dice.uniform(0, 0.5))
        p.start()

    def node_is_killed_with_its_edge(self):
        p = self.dice.choice(self.c.nodes)
        p.process.send_signal(signal.SIGKILL)
        p.process.wait()
        p.end_edge()
        p.start()

    def node_is_stopped(self):
        p = self.dice.choice(self.c.nodes)
        assert p.stop() == 0
        p.start()

    def server_stands_still(self):
        self.c.primary.freeze()
        time.sleep(self.dice.choice([0.05, 0.5, LEASE + 0.5]))
        self.c.primary.thaw()

    def server_crashes(self):
        self.c.primary.crash()
        time.sleep(self.dice.uniform(0, 0.5))
        self.c.primary.start()

    def standby_stands_still(self):
        self.c.standby.freeze()
        time.sleep(self.dice.choice([0.05, 0.5, LEASE + 0.5]))
        self.c.standby.thaw()

    def standby_crashes(self):
        self.c.standby.crash()
        time.sleep(self.dice.uniform(0, 1))
        self.c.standby.start()

    def line_swallows(self):
        line = self.dice.choice(self.c.lines)
        line.swallow()
        time.sleep(self.dice.choice([0.2, 1, LEASE + 1]))
        line.heal()

    def line_is_slow(self):
        line = self.dice.choice(self.c.lines)
        line.delay = self.dice.choice([0.01, 0.1, 0.5])
        time.sleep(1.5)
        line.heal()

    def line_is_cut(self):
        self.dice.choice(self.c.lines).cut()
        time.sleep(0.3)

    def sessions_are_ended(self):
        self.c.primary.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'patd'", database="postgres")
        time.sleep(0.5)

    def waits_for_the_standby_are_cancelled(self):
        self.c.standby.freeze()
        time.sleep(0.3)
        self.c.primary.sql("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", database="postgres")
        self.c.standby.thaw()
        time.sleep(0.3)

    def wall_clock_steps(self):
        """Tokens expire by it, and nothing else: days, which it does not step over. Time does not go back, so a node whose clock
        was far ahead would not be ready until then."""
        clock = self.dice.choice(self.c.clocks)
        clock.set(self.dice.choice([-3600, -40, -2, 2, 20]))
        time.sleep(self.dice.choice([0.3, LEASE + 0.5]))
        clock.set(0)

    def log_is_full(self):
        self.c.primary.fill_log()
        time.sleep(self.dice.choice([0.3, LEASE + 0.5]))
        self.c.primary.empty_log()

    def fails_over(self):
        time.sleep(3)
        self.c.fail_over()

    ALL = ("node_stands_still", "node_is_killed", "node_is_killed_with_its_edge", "node_is_stopped", "server_stands_still", "server_crashes",
           "standby_stands_still", "standby_crashes", "line_swallows", "line_is_slow", "line_is_cut", "sessions_are_ended",
           "waits_for_the_standby_are_cancelled", "wall_clock_steps", "log_is_full")

    def strike(self, name):
        self.count[name] = self.count.get(name, 0) + 1
        getattr(self, name)()


def history(c, seed, strikes, pause=0.5, enough=0):
    """Writers, verifiers, and a nemesis between them. Returns the history, checked."""
    h = NodesHistory(str(c.ada.id))
    writers = [NodesWriter(h, c, seed + i, f"w{seed}-{i}") for i in range(4)]
    verifiers = [NodesVerifier(h, c, seed + 10 + i) for i in range(4)]
    nemesis = Nemesis(c, random.Random(seed))
    for actor in writers + verifiers:
        actor.start()
    h.struck = []
    for name in strikes:
        before = len(h.revokes)
        nemesis.strike(name)
        time.sleep(pause)
        # Where little returned while it lasted, a little longer.
        end = time.monotonic() + 5
        while len(h.revokes) < before + enough and time.monotonic() < end:
            time.sleep(0.05)
        h.struck.append((name, len(h.revokes) - before))
    until(lambda: all(p.get("/readyz").status == 200 for p in c.nodes), within=60, every=0.1)
    time.sleep(0.5)
    for actor in writers + verifiers:
        actor.end()
    print(f"seed {seed}: {dict(h.count)}; violations {len(h.violations)}")
    assert not h.violations, f"seed {seed}\n" + "\n".join(h.violations[:20])
    # Not vacuous: there were accepts before and refusals after, and revokes returned.
    assert h.count["accepted"] > 20 and h.count["refused"] > 20 and len(h.revokes) > 10, dict(h.count)
    for i in range(c.n):
        verifiers[0].ports = [c[i].port]
        verifiers[0].port = c[i].port
        check_every_token(h, verifiers[0])
    return h


PAUSES = "N1:5:300,N2:5:300,N3:5:300,N4:5:300,N5:5:300,V2:1:50,V4:1:50,V5:1:50,K:2:100"


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")
def test_a_short_history(tmp_path):
    dice = random.Random(SEED)
    with Cluster(tmp_path, nodes=3, standby=True, **PROVOKED, env={"PAT_PAUSE": PAUSES}, log_mib=128, clocks=True) as c:
        history(c, SEED, dice.sample(Nemesis.ALL, 8))


def test_a_standby_takes_over_under_load(tmp_path):
    """What was acknowledged is there afterwards: every token that was given out, and every revoke."""
    with Cluster(tmp_path, nodes=3, standby=True, **PROVOKED, env={"PAT_PAUSE": PAUSES}) as c:
        h = history(c, SEED, ["fails_over"], pause=4)
        assert int(c.primary.sql("SELECT count(*) FROM token WHERE state <> 0")) >= len(h.revokes)


@pytest.mark.skipif(not LONG, reason="a long campaign: PATD_TEST_LONG=1 or make check")
def test_the_campaign(tmp_path):
    """At least 200 revokes under each nemesis, 5,000 in all. Zero violations in 5,000 means fewer than 0.06 % with 95 % confidence."""
    began, taken, struck, counts, dice = time.monotonic(), [], {}, {}, random.Random(SEED)
    with Cluster(tmp_path, nodes=3, standby=True, **PROVOKED, env={"PAT_PAUSE": PAUSES}, log_mib=128, clocks=True) as c:
        round_number = 0
        while len(taken) < 5000 or min(struck.get(n, 0) for n in Nemesis.ALL) < 200:
            assert time.monotonic() - began < 3600, (len(taken), struck)
            round_number += 1
            h = history(c, SEED + round_number, dice.sample(Nemesis.ALL, len(Nemesis.ALL)), enough=15)
            taken += [returned - started for started, returned in h.revokes]
            for name, n in h.struck:
                struck[name] = struck.get(name, 0) + n
            for name, n in h.count.items():
                counts[name] = counts.get(name, 0) + n
    with Cluster(tmp_path / "calm", nodes=3, standby=True) as c:
        calm = calm_revokes(c)
    report(taken, calm, struck, counts)
    assert statistics.quantiles(calm, n=100)[98] < 0.5
    assert max(taken) < 60


def calm_revokes(c, n=500):
    taken = []
    for i in range(n):
        made = c.ada_at(i % 3).generate(f"calm {i}", CAN)
        began = time.monotonic()
        assert c.ada_at((i + 1) % 3).revoke(made["id"]).status == 200
        taken.append(time.monotonic() - began)
    return taken


def report(taken, calm, struck, counts):
    def line(name, values):
        q = statistics.quantiles(values, n=1000)
        return f"| {name} | {len(values)} | {1000 * q[499]:.1f} | {1000 * q[899]:.1f} | {1000 * q[989]:.1f} | {1000 * max(values):.0f} |"

    text = "\n".join([
        "# Revocation: the last campaign", "",
        "Made by `make check` (tests/system/test_nodes_history.py). Three nodes, a primary and a synchronous standby on one machine, leases of "
        f"{LEASE} seconds, pauses between the protocol's steps, and one failure after the other.", "",
        f"**Violations: 0** in {len(taken)} revokes: no token was accepted in a request that began after its revoke had returned. "
        "No token was refused that was given out and not revoked.", "",
        "| revokes | how many | p50 ms | p90 ms | p99 ms | longest ms |", "| --- | --- | --- | --- | --- | --- |",
        line("nothing fails", calm), line("something fails", taken), "",
        f"Verifications: {counts['accepted']} accepted, {counts['refused']} refused, {counts.get('unavailable', 0)} answered 503 (a node that could not say), "
        f"{counts.get('not answered', 0)} not answered (a node that was not there).", "",
        "| what failed | revokes that returned meanwhile |", "| --- | --- |",
        *[f"| {name.replace('_', ' ')} | {n} |" for name, n in sorted(struck.items())], ""])
    (ROOT / "docs" / "revocation.md").write_text(text)

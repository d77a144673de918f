# SPDX-License-Identifier: Apache-2.0
"""Several nodes on one PostgreSQL database, as their users see them: what is changed at one is in force at all. What happens when nodes,
lines and servers fail at random is test_nodes_history.py's."""
import concurrent.futures
import os
import signal
import threading
import time

import pytest

from clock import Clock
from nodes_cluster import LEASE, WAIT_OUT, Cluster, NodesHistory, NodesVerifier, NodesWriter, until
from postgres import Postgres
from product import PASSWORD

ME = "/v1/me"
CAN = ["current_user:read"]


@pytest.fixture(scope="module")
def three(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("three"), files="yes") as c:
        yield c


def everywhere(c, token, path="/verify", **kw):
    return [p.get(path, token=token["token"], **kw).status for p in c.nodes]


def healthy(c):
    """Every node serves, and knows everything."""
    return until(lambda: all(p.get("/readyz").status == 200 for p in c.nodes) and len({row.split("|")[1] for row in c.rows()}) == 1 and len(c.rows()) == c.n)


def test_idle_they_ask_little(three):
    """Three statements a node and round. Before anything was used: that is told of for a while."""

    def transactions():
        time.sleep(2)  # they are counted a moment later
        return int(three.primary.sql("SELECT xact_commit FROM pg_stat_database WHERE datname = 'patd'"))

    healthy(three)
    before, began = transactions(), time.monotonic()
    time.sleep(2 * LEASE)
    spent = transactions() - before
    rounds = (time.monotonic() - began) / (LEASE / 5)
    assert spent < 3 * rounds * 4 + 20, (spent, rounds)


# ---- One life, everywhere.

def test_a_new_token_is_accepted_by_all_at_once_and_a_revoked_one_by_none(three):
    for turn in range(20):
        made = three.ada_at(turn % 3).generate(f"turn {turn}", CAN)
        assert everywhere(three, made, ME) == [200] * 3
        gone = three.ada_at((turn + 1) % 3).revoke(made["id"])
        assert everywhere(three, made, ME) == [401] * 3
        receipt = gone.json["receipt"]
        assert sorted(n["node"] for n in receipt["nodes"]) == ["node1", "node2", "node3"]
        assert {n["how"] for n in receipt["nodes"]} == {"stopped"} and receipt["seq"] >= gone.json["seq"] > made["seq"]
        assert receipt["ms"] < 1000 * LEASE


def test_revoked_again_waits_again(three):
    made = three.ada.generate("twice", CAN)
    assert three.ada.revoke(made["id"]).status == 200
    again = three.ada_at(2).revoke(made["id"])
    assert again.status == 200 and len(again.json["receipt"]["nodes"]) == 3


def test_the_audit_records_keep_the_receipt(three):
    made = three.ada.generate("recorded", CAN)
    receipt = three.ada.revoke(made["id"]).json["receipt"]

    def record():
        after, found = "", []
        while after is not None:
            page = three.ada_at(1).call("GET", f"/api/v1/admin/audit?limit=100&after={after}" if after else "/api/v1/admin/audit?limit=100").json
            found += [r for r in page["records"] if r["action"] == "change.effective" and r["seq"] == receipt["seq"]]
            after = page["next_cursor"]
        return found

    [found] = until(record)
    assert found["object"] == f"nodes:3/3 ms:{receipt['ms']}" and str(found["actor"]) == str(three.ada.id)


def test_several_narrowing_disabling_and_policies_are_waited_for(three):
    ada = three.ada_at(1)
    two = [ada.generate(f"several {i}", CAN) for i in range(2)]
    answer = ada.call("POST", "/api/v1/tokens/revoke", {"ids": [t["id"] for t in two]})
    assert answer.json["revoked"] == 2 and len(answer.json["receipt"]["nodes"]) == 3
    assert [everywhere(three, t) for t in two] == [[401] * 3] * 2

    wide = ada.generate("narrowed", [*CAN, "file_content:read"])
    assert everywhere(three, wide, ME) == [200] * 3
    assert ada.call("PATCH", f"/api/v1/tokens/{wide['id']}", {"scopes": ["file_content:read"]}).json["receipt"]
    assert everywhere(three, wide, ME) == [403] * 3

    done = three[2].patd("user", "add", "grace@navy.example", "--name", "Grace", "--password-stdin", input="correct horse battery wagon")
    assert done.returncode == 0, done.stderr
    grace = three[0].sign_in("grace@navy.example")
    hers = grace.generate("hers", CAN)
    assert everywhere(three, hers) == [200] * 3
    assert three[1].patd("user", "disable", "grace@navy.example").returncode == 0
    assert everywhere(three, hers) == [401] * 3
    assert [p.get("/api/v1/tokens", headers={"Cookie": grace.cookie}).status for p in three.nodes] == [401] * 3


def test_disabling_somebody_with_a_thousand_tokens_is_one_wait(three):
    done = three[0].patd("user", "add", "many@navy.example", "--name", "Many", "--password-stdin", input=PASSWORD)
    assert done.returncode == 0, done.stderr
    person = three[0].sign_in("many@navy.example")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda i: person.generate(f"one of many {i}", CAN), range(1000)))
    some = made[::100]
    assert [everywhere(three, t) for t in some] == [[200] * 3] * 10
    answer = three.ada.call("PATCH", f"/api/v1/admin/people/{person.id}", {"disabled": True})
    assert answer.status == 200, answer
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert all(statuses == [401] * 3 for statuses in pool.map(lambda t: everywhere(three, t), made))
    effective = [line for line in three.primary.sql("SELECT action FROM audit ORDER BY id").splitlines()[-1001:] if line == "change.effective"]
    assert len(effective) <= 1  # a moment later


def test_a_policy_is_in_force_on_all(three, tmp_path):
    document = tmp_path / "shop.json"
    document.write_text('{"openapi":"3.0.0","info":{"title":"Shop","version":"1"},"components":{"securitySchemes":{"s":{"type":"oauth2","flows":'
                        '{"clientCredentials":{"tokenUrl":"https://x.example","scopes":{"shop:read":"Read."}}}}}},'
                        '"paths":{"/things":{"get":{"operationId":"things","security":[{"s":["shop:read"]}],"responses":{"200":{"description":"."}}}}}}')
    asked = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/things"}
    done = three[0].patd("policy", "import", "shop", str(document))
    assert done.returncode == 0, done.stderr
    made = three.ada_at(1).generate("for the shop", ["shop:read"])
    assert everywhere(three, made, "/verify/shop", headers=asked) == [200] * 3
    assert three[2].patd("policy", "remove", "shop").returncode == 0
    assert everywhere(three, made, "/verify/shop", headers=asked) == [503] * 3
    three.ada.revoke(made["id"])


def test_who_has_seen_a_change_is_answered_by_who_has_applied_it(three):
    made = three.ada.generate("min seq", CAN)
    assert everywhere(three, made, headers={"X-Min-Seq": str(made["seq"])}) == [200] * 3
    for nonsense in (str(made["seq"] + 1000), "-1", "x", ""):
        assert everywhere(three, made, headers={"X-Min-Seq": nonsense}) == [503] * 3, nonsense
    three.ada.revoke(made["id"])


def test_a_service_is_told_by_any_node(three):
    done = three[0].patd("service", "add", "gateway")
    assert done.returncode == 0, done.stderr
    secret = done.stdout.split()[-1]
    import base64
    headers = {"Authorization": "Basic " + base64.b64encode(f"gateway:{secret}".encode()).decode(), "Content-Type": "application/x-www-form-urlencoded"}
    made = three.ada_at(2).generate("asked about", CAN)

    def active():
        return [p.call("POST", "/introspect", f"token={made['token']}", headers).json["active"] for p in three.nodes]

    assert active() == [True] * 3
    three.ada_at(1).revoke(made["id"])
    assert active() == [False] * 3
    assert three[1].patd("service", "remove", "gateway").returncode == 0


def test_retried_at_other_nodes_it_is_one_token(three):
    answers = []
    body = {"name": "once", "scopes": CAN, "expires_in_days": 1}

    def ask(i):
        answers.append(three.ada_at(i % 3).call("POST", "/api/v1/tokens", body, headers={"Idempotency-Key": "once"}))

    threads = [threading.Thread(target=ask, args=(i,)) for i in range(24)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert sorted(a.status for a in answers) == [200] * 23 + [201]
    assert len({a.json["id"] for a in answers}) == 1
    three.ada.revoke(answers[0].json["id"])


# ---- Who cannot be reached.

def test_a_node_that_hears_nothing_is_waited_for_as_long_as_it_answers(tmp_path):
    with Cluster(tmp_path) as c:
        kept, gone = c.ada.generate("kept", CAN), c.ada.generate("gone", CAN)
        assert everywhere(c, gone) == [200] * 3
        c.lines[1].swallow()
        capped = c.ada.call("DELETE", f"/api/v1/tokens/{gone['id']}", headers={"Prefer": "wait=1"})
        assert capped.status == 503 and capped.json["reason"] == "not_effective" and capped.headers["Retry-After"], capped
        assert [line["tid"] for line in c[0].log() if line["event"] == "token.revoked"] == [gone["id"]]
        assert c[1].get("/verify", token=gone["token"]).status == 200  # it does not know, and its lease is not over: that is why
        began = time.monotonic()
        waited = c.ada_at(2).revoke(gone["id"])
        assert waited.status == 200 and time.monotonic() - began < WAIT_OUT + 1
        assert [p.get("/verify", token=gone["token"]).status for p in c.nodes] == [401, 503, 401]
        how = {n["node"]: n["how"] for n in waited.json["receipt"]["nodes"]}
        assert how["node1"] == how["node3"] == "stopped" and how["node2"] in ("lease_over", "gone")
        assert c[1].get("/verify", token=kept["token"]).status == 503
        ready = c[1].get("/readyz")
        assert ready.status == 503 and "node" in ready.body.decode()

        # It is taken for dead, and nobody waits for it any more.
        until(lambda: len(c.rows()) == 2)
        quick = c.ada.revoke(c.ada.generate("quick", CAN)["id"])
        assert quick.json["receipt"]["ms"] < 1000 and len(quick.json["receipt"]["nodes"]) == 2

        c.lines[1].heal()
        healthy(c)
        assert everywhere(c, kept) == [200] * 3 and everywhere(c, gone) == [401] * 3
        events = [line["event"] for line in c[1].log()]
        assert "node.left_behind" in events and events.count("index.loaded") == 2


def test_without_the_database_all_verify_for_a_lease(tmp_path):
    with Cluster(tmp_path, nodes=2) as c:
        kept = c.ada.generate("kept", CAN)
        assert everywhere(c, kept) == [200] * 2
        c.primary.freeze()
        frozen = time.monotonic()
        assert everywhere(c, kept) == [200] * 2
        assert time.monotonic() - frozen < LEASE
        until(lambda: everywhere(c, kept) == [503] * 2, within=LEASE + 1)
        assert all(p.get("/v1/me", token=kept["token"]).status == 503 for p in c.nodes)
        c.primary.thaw()
        until(lambda: everywhere(c, kept) == [200] * 2, within=20)


def test_patd_is_restarted_without_a_refused_verification(tmp_path):
    with Cluster(tmp_path, nodes=2, lease_seconds=10) as c:
        kept, gone = c.ada.generate("kept", CAN), c.ada.generate("gone", CAN)
        assert everywhere(c, kept) == everywhere(c, gone) == [200] * 2
        statuses, stop = set(), threading.Event()

        def verify():
            while not stop.is_set():
                statuses.add(c[1].get("/verify", token=kept["token"]).status)

        thread = threading.Thread(target=verify)
        thread.start()
        former = [row for row in c.primary.sql("SELECT label, incarnation FROM node").splitlines() if row.startswith("node2")]
        brain = c[1].process.pid
        c[1].process.send_signal(signal.SIGKILL)
        c[1].process.wait()
        c[1].start()
        assert c[1].process.pid != brain
        now = until(lambda: [row for row in c.primary.sql("SELECT label, incarnation FROM node").splitlines() if row.startswith("node2")])
        until(lambda: c.primary.sql("SELECT count(*) FROM node") == "2")
        assert now != former
        revoked = c.ada.revoke(gone["id"])
        assert revoked.json["receipt"]["ms"] < 2000 and everywhere(c, gone) == [401] * 2
        stop.set()
        thread.join()
        assert statuses == {200}


def test_what_another_version_left_is_no_obstacle(tmp_path):
    with Cluster(tmp_path, nodes=1) as c:
        kept = c.ada.generate("kept", CAN)
        c[0].kill()
        index = c[0].runtime / "index"
        for left in (b"", b"something else", index.read_bytes()[:4096].replace(b"patindx1", b"patindx9") + bytes(4096)):
            index.unlink()
            index.write_bytes(left)
            c[0].start()
            until(lambda: everywhere(c, kept) == [200])
            c[0].kill()
        c[0].start()


def test_all_are_restarted_one_after_the_other_under_load(tmp_path):
    """patd alone: nginx goes on. No wrong answer, and none that says that it cannot say."""
    with Cluster(tmp_path, nodes=3, lease_seconds=10) as c:
        h = NodesHistory(str(c.ada.id))
        writers = [NodesWriter(h, c, i, f"w{i}") for i in range(2)]
        verifiers = [NodesVerifier(h, c, 10 + i) for i in range(3)]
        for actor in writers + verifiers:
            actor.start()
        for p in c.nodes:
            time.sleep(0.5)
            p.kill()
            p.start()
            until(lambda: p.get("/readyz").status == 200)
        time.sleep(0.5)
        for actor in writers + verifiers:
            actor.end()
        print(dict(h.count))
        assert not h.violations, h.violations[:10]
        assert h.count["unavailable"] == h.count["not answered"] == 0, dict(h.count)
        assert h.count["accepted"] > 100 and len(h.revokes) > 20


def test_a_node_that_ends_takes_its_row_away(tmp_path):
    with Cluster(tmp_path, nodes=2) as c:
        assert len(c.rows()) == 2
        assert c[1].stop() == 0
        assert len(c.rows()) == 1
        made = c.ada.generate("alone", CAN)
        assert c.ada.revoke(made["id"]).json["receipt"]["ms"] < 1000


def test_the_command_line_does_not_cut_in(tmp_path):
    """Where the database is in use elsewhere, it says so; where nobody is there any more, it waits until nobody answers either."""
    with Cluster(tmp_path, nodes=2) as c:
        kept = c.ada.generate("kept", CAN)
        c[0].kill()
        refused = c[0].patd("user", "disable", c.ada.session["person"]["email"])
        assert refused.returncode != 0 and "in use by another patd" in refused.stderr
        os.killpg(c[1].process.pid, signal.SIGKILL)
        c[1].process.wait()
        assert c[0].get("/verify", token=kept["token"]).status in (200, 503)
        began = time.monotonic()
        done = c[0].patd("user", "disable", c.ada.session["person"]["email"])
        assert done.returncode == 0, done.stderr
        assert time.monotonic() - began > LEASE
        assert c[0].get("/verify", token=kept["token"]).status == 503


# ---- Strict.

def test_strict_nodes_ask_before_each_answer(tmp_path):
    with Cluster(tmp_path, nodes=2, consistency="strict") as c:
        made = c.ada.generate("strict", CAN)
        for _ in range(20):
            assert everywhere(c, made) == [200] * 2
        assert c.ada.revoke(made["id"]).status == 200
        assert everywhere(c, made) == [401] * 2
        kept = c.ada.generate("kept", CAN)
        assert everywhere(c, kept) == [200] * 2
        c.lines[1].swallow()
        assert c[1].get("/verify", token=kept["token"]).status == 503
        assert c[0].get("/verify", token=kept["token"]).status == 200


# ---- Clocks.

def test_a_clock_that_is_not_the_databases_is_told_of(tmp_path):
    clock = Clock(tmp_path)
    with Cluster(tmp_path, nodes=2, envs=[{}, clock.env]) as c:
        made = c.ada.generate("clock", CAN)
        assert everywhere(c, made) == [200] * 2
        for seconds in (120, -120):
            clock.set(seconds)
            ready = until(lambda: (a := c[1].get("/readyz")).status == 503 and a)
            assert "clock" in ready.body.decode()
            assert c[0].get("/readyz").status == 200
            # Leases are not measured by it.
            assert everywhere(c, made) == [200] * 2
            gone = c.ada.generate(f"gone {seconds}", CAN)
            assert everywhere(c, gone) == [200] * 2
            assert c.ada.revoke(gone["id"]).json["receipt"]["ms"] < 1000 * LEASE
            assert everywhere(c, gone) == [401] * 2


# ---- Another server.

def test_a_standby_takes_over(tmp_path):
    with Cluster(tmp_path, nodes=3, standby=True) as c:
        kept, gone = c.ada.generate("kept", CAN), c.ada.generate("gone", CAN)
        assert everywhere(c, kept) == everywhere(c, gone) == [200] * 3
        assert c.ada.revoke(gone["id"]).status == 200
        c.fail_over()
        until(lambda: everywhere(c, gone) == [401] * 3, within=20)
        assert everywhere(c, kept) == [200] * 3
        made = until(lambda: (a := c.ada.call("POST", "/api/v1/tokens", {"name": "after", "scopes": CAN, "expires_in_days": 1})).status == 201 and a.json, within=20)
        assert everywhere(c, made) == [200] * 3
        until(lambda: c.ada_at(1).revoke(made["id"]).status == 200)
        assert everywhere(c, made) == [401] * 3
        assert any(line["event"] == "node.other_timeline" for line in c[0].log())


def test_what_a_failover_forgot_is_revoked_again(tmp_path):
    """A standby that was not waited for: the last changes are lost with the primary. The journals know of the revoke."""
    with Cluster(tmp_path, nodes=1) as c:
        gone = c.ada.generate("gone", CAN)
        standby = Postgres(data_from=c.primary)
        with standby:
            standby.crash()
            assert c.ada.revoke(gone["id"]).status == 200
            c.primary.crash()
            standby.start()
            standby.promote()
            assert standby.sql("SELECT state FROM token WHERE name = 'gone'") == "0"
            c.lines[0].server = standby
            c.lines[0].cut()
            until(lambda: standby.sql("SELECT state FROM token WHERE name = 'gone'") == "1", within=30)
            assert c[0].get("/verify", token=gone["token"]).status == 401
            assert any(line["event"] == "revocation.reasserted" for line in c[0].log())
            c[0].stop()

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
from edge_site import Conn
from nodes_cluster import LEASE, WAIT_OUT, Cluster, NodesHistory, NodesVerifier, NodesWriter, until
from postgres import Postgres
from product import PASSWORD
from tools import never_issued

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
    # … and leaves no more than one record, however often.
    for _ in range(30):
        assert three.ada_at(2).revoke(made["id"]).status == 200
    time.sleep(2.5)
    records = three.primary.sql(f"SELECT count(*) FROM audit WHERE action = 'change.effective' AND seq = {again.json['receipt']['seq']}")
    assert records in ("1", "2"), records  # of the first node that revoked, and of the other


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


def test_rotating_is_the_same_everywhere(three):
    ada = three.ada_at(1)
    old = ada.generate("rotated", CAN)
    new = ada.call("POST", f"/api/v1/tokens/{old['id']}/rotate", {"old_ends_in_seconds": 3}).json
    # The new one at once, and the old one until it ends, whoever is asked.
    assert everywhere(three, new) == [200] * 3 and everywhere(three, old) == [200] * 3
    assert three.ada_at(2).call("GET", f"/api/v1/tokens/{old['id']}").json["replaced_by"] == new["id"]
    until(lambda: everywhere(three, old, ME) == [401] * 3)
    assert everywhere(three, new) == [200] * 3
    newer = three.ada_at(2).call("POST", f"/api/v1/tokens/{new['id']}/rotate", {"old_ends_in_seconds": 0}).json
    assert everywhere(three, new) == [401] * 3 and everywhere(three, newer) == [200] * 3
    receipt = newer["receipt"]
    assert {n["how"] for n in receipt["nodes"]} == {"stopped"} and receipt["seq"] >= newer["replaced"]["seq"] > newer["seq"]
    assert newer["effective"] is True and "receipt" not in ada.call("POST", f"/api/v1/tokens/{newer['id']}/rotate", {"old_ends_in_seconds": 86400}).json


def test_disabling_somebody_with_a_thousand_tokens_is_one_wait(three):
    done = three[0].patd("user", "add", "many@navy.example", "--name", "Many", "--password-stdin", input=PASSWORD)
    assert done.returncode == 0, done.stderr
    person = three[0].sign_in("many@navy.example")
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda i: person.generate(f"one of many {i}", CAN), range(1000)))
    some = made[::100]
    assert [everywhere(three, t) for t in some] == [[200] * 3] * 10
    answer = three.ada.call("PATCH", f"/api/v1/admin/people/{person.id}", {"disabled": True})
    assert answer.status == 200 and len(answer.json["receipt"]["nodes"]) == 3, answer
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
    assert everywhere(three, made, "/verify/shop", headers=asked) == [403] * 3
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

def test_what_rotating_says_of_a_node_that_hears_nothing(tmp_path):
    """Made it is in any case, or its secret would be lost; what it replaces is not gone everywhere, and it says so."""
    with Cluster(tmp_path) as c:
        old = c.ada.generate("turned", CAN)
        assert everywhere(c, old) == [200] * 3
        c.lines[1].swallow()
        rotate = "POST", f"/api/v1/tokens/{old['id']}/rotate", {"old_ends_in_seconds": 0}, {"Prefer": "wait=1", "Idempotency-Key": "turn"}
        early = c.ada.call(*rotate)
        assert early.status == 201 and early.json["effective"] is False and "receipt" not in early.json, early
        assert c[1].get("/verify", token=old["token"]).status == 200
        again = until(lambda: (answer := c.ada.call(*rotate)).json["effective"] and answer)
        assert again.status == 200 and again.json["id"] == early.json["id"]
        assert [p.get("/verify", token=old["token"]).status for p in c.nodes] == [401, 503, 401]
        assert [c[i].get("/verify", token=early.json["token"]).status for i in (0, 2)] == [200, 200]


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


def test_more_nodes_than_a_receipt_has_room_for_are_waited_for(tmp_path):
    """Rows of forty others. Whichever is the last to apply it is waited for, also one that the receipt does not name; and those of the
    longest lease are, when none of them does."""
    with Cluster(tmp_path, nodes=1) as c:
        tokens = [c.ada.generate(f"t{i}", CAN) for i in range(4)]

        def others(turn):
            return ", ".join(f"('{turn:016x}{i:016x}', 'other{i:02}', 6000, 1, 0)" for i in range(40))

        def revoked_after(token, last, seconds):
            """All have applied it but one, and that one some time later."""
            c.primary.sql(f"DELETE FROM node WHERE label LIKE 'other%'; INSERT INTO node VALUES {others(last)}")
            began = time.monotonic()
            answers = []
            thread = threading.Thread(target=lambda: answers.append(c.ada.call("DELETE", f"/api/v1/tokens/{token['id']}")))
            thread.start()
            c.primary.sql(f"UPDATE node SET applied = 1000000 WHERE label LIKE 'other%' AND label <> 'other{last:02}'")
            time.sleep(seconds)
            c.primary.sql("UPDATE node SET applied = 1000000")
            thread.join()
            assert answers[0].status == 200 and len(answers[0].json["receipt"]["nodes"]) == 32
            return time.monotonic() - began

        for token, last in zip(tokens, (0, 35, 39)):
            assert 1 <= revoked_after(token, last, 1) < 5, last
        c.primary.sql(f"DELETE FROM node WHERE label LIKE 'other%'; INSERT INTO node VALUES {others(99)}")
        began = time.monotonic()
        receipt = c.ada.call("DELETE", f"/api/v1/tokens/{tokens[3]['id']}", timeout=30).json["receipt"]
        assert 6 <= time.monotonic() - began < 12 and [n["how"] for n in receipt["nodes"]].count("lease_over") == 31


def test_more_rows_than_there_can_be_nodes_go_away_and_are_waited_for(tmp_path):
    with Cluster(tmp_path, nodes=1) as c:
        token = c.ada.generate("gone", CAN)
        c.primary.sql("INSERT INTO node SELECT md5(i::text), 'left', 500, 1, 0 FROM generate_series(1, 1100) i")
        assert c.ada.call("DELETE", f"/api/v1/tokens/{token['id']}", timeout=30).status == 200
        until(lambda: len(c.rows()) == 1, within=20)
        assert any(line["event"] == "node.too_many" for line in c[0].log())
        for row in ("'x', 'odd', 500, 1, 0", "md5('x'), E'a\\nb', 500, 1, 0", "md5('x'), repeat('x', 64), 500, 1, 0", "md5('x'), 'long', 300001, 1, 0"):
            with pytest.raises(AssertionError, match="violates check constraint"):
                c.primary.sql(f"INSERT INTO node VALUES ({row})")


def test_a_node_that_can_not_start_is_not_waited_for(tmp_path):
    with Cluster(tmp_path, nodes=2, lease_seconds=10) as c:
        token = c.ada.generate("gone", CAN)
        assert c[1].stop() == 0
        c.primary.sql("ALTER TABLE token RENAME COLUMN hint TO hidden")
        c[1].start(wait=False)
        assert c[1].process.wait(timeout=30) != 0
        c[1].process = None
        c.primary.sql("ALTER TABLE token RENAME COLUMN hidden TO hint")
        assert [row.split("|")[0] for row in c.rows()] == ["node1"]
        assert c.ada.revoke(token["id"]).json["receipt"]["ms"] < 5000


def test_a_node_with_another_key_or_in_anothers_folder_does_not_start(tmp_path):
    with Cluster(tmp_path, nodes=2) as c:
        token = c.ada.generate("kept", CAN)
        assert c[1].stop() == 0
        key = (c[1].data / "row.key").read_text()
        (c[1].data / "row.key").write_text("row1 " + "0" * 64 + "\n")
        refused = c[1].patd("run")
        assert refused.returncode == 1 and "row.key is not the key" in refused.stderr
        (c[1].data / "row.key").write_text(key)
        c[1].start()
        pid = c[1].process.pid
        refused = c[1].patd("run", "--listen", "127.0.0.1:1")
        assert refused.returncode == 1 and "in use by another patd" in refused.stderr
        assert c[1].process.pid == pid and until(lambda: everywhere(c, token) == [200] * 2)
        assert len(c.rows()) == 2


def test_one_person_does_not_make_the_others_wait(tmp_path):
    """Calls that wait for a silent node have a thread each: a few of each person's wait, and a quarter of all."""
    with Cluster(tmp_path, nodes=2, lease_seconds=10, threads=8) as c:
        token = c.ada.generate("gone", CAN)
        assert c[0].get("/v1/me", token=token["token"]).status == 200
        c.silence(1)
        path = f"/api/v1/tokens/{token['id']}"
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            began = time.monotonic()
            calls = [pool.submit(c.ada.call, "DELETE", path, timeout=60) for _ in range(12)]
            time.sleep(0.5)
            for _ in range(5):
                asked = time.monotonic()
                assert c[0].get("/livez").status == 200
                assert time.monotonic() - asked < 3
            answers = [call.result() for call in calls]
            assert time.monotonic() - began > 5
        c.wake(1)
        assert [a.json["reason"] for a in answers if a.status == 503] == ["not_effective"] * (12 - sum(a.status == 200 for a in answers))
        assert 1 <= sum(a.status == 200 for a in answers) <= 4


def test_verifiers_that_ask_without_an_end_delay_no_revoke(tmp_path):
    """A node that does not know a token asks the database, and while it does it still tells the others what it has applied: also where the
    database is so far away that it is always asking."""
    with Cluster(tmp_path, nodes=2) as c:
        stop, asked = threading.Event(), [0] * 4

        def ask(i):
            with Conn(c[1].port) as conn:
                while not stop.is_set():
                    conn.send(f"GET /verify HTTP/1.1\r\nHost: a\r\nX-Figma-Token: {never_issued()}\r\n\r\n".encode())
                    assert conn.read().status == 401
                    asked[i] += 1

        c.lines[1].delay = 0.004
        threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
        for t in threads:
            t.start()
        try:
            until(lambda: min(asked) > 3)
            tokens = [c.ada.generate(f"t{i}", CAN) for i in range(20)]
            before, took = sum(asked), []
            for token in tokens:
                receipt = c.ada.revoke(token["id"]).json["receipt"]
                assert {n["how"] for n in receipt["nodes"]} == {"stopped"}
                took.append(receipt["ms"])
        finally:
            stop.set()
            for t in threads:
                t.join()
        assert sum(asked) - before > 20  # they went on asking
        # A round comes every fifth of a lease: nothing waited for one.
        assert sorted(took)[len(took) // 2] < 1000 * LEASE / 5 / 2, took


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
        with open(index, "rb") as f:  # most of it is a hole
            header = f.read(4096)
        for left in (b"", b"something else", header.replace(b"patindx1", b"patindx9") + bytes(4096)):
            index.unlink()
            index.write_bytes(left)
            c[0].start()
            until(lambda: everywhere(c, kept) == [200])
            c[0].kill()
        c[0].start()


def revoked(history, more):
    """The load goes on until so many more were revoked: a slow machine takes longer for it."""
    upto = len(history.revokes) + more
    until(lambda: len(history.revokes) >= upto, within=60)


def test_all_are_restarted_one_after_the_other_under_load(tmp_path):
    """patd alone: nginx goes on. No wrong answer, and none that says that it cannot say."""
    with Cluster(tmp_path, nodes=3, lease_seconds=10) as c:
        h = NodesHistory(str(c.ada.id))
        writers = [NodesWriter(h, c, i, f"w{i}") for i in range(2)]
        verifiers = [NodesVerifier(h, c, 10 + i) for i in range(3)]
        for actor in writers + verifiers:
            actor.start()
        for p in c.nodes:
            revoked(h, 6)
            p.kill()
            p.start()
            until(lambda: p.get("/readyz").status == 200)
        revoked(h, 6)
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


def test_a_start_after_a_failover_is_as_cautious(tmp_path):
    """Rows of nodes that still serve were lost with the primary, and whoever starts then has never seen them."""
    with Cluster(tmp_path, nodes=2, lease_seconds=10) as c:
        gone, later = c.ada.generate("gone", CAN), c.ada.generate("later", CAN)
        assert c[1].stop() == 0
        standby = Postgres(data_from=c.primary)
        with standby:
            standby.crash()  # behind by what follows
            c[1].start()
            until(lambda: c[1].get("/verify", token=gone["token"]).status == 200)
            time.sleep(2.5)  # a round more: the lease is young
            c.lines[1].swallow()
            c.primary.crash()
            c[0].kill()
            standby.start()
            standby.promote()
            c.lines[0].server = standby
            c.lines[0].cut()
            c[0].start()

            def revoke(token):
                try:
                    return c.ada.call("DELETE", f"/api/v1/tokens/{token['id']}", timeout=60).status == 200
                except OSError:  # of the edge that was there before
                    return False

            until(lambda: revoke(gone), within=60)
            assert c[1].get("/verify", token=gone["token"]).status == 503
            assert any(line["event"] == "node.unknown_history" for line in c[0].log())
            time.sleep(3)
            # Once that is over a start needs none of it.
            c[0].kill()
            c[0].start()
            began = time.monotonic()
            assert until(lambda: revoke(later)) and time.monotonic() - began < 5
            assert c[0].stop() == 0
            c[1].kill()

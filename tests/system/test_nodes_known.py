# SPDX-License-Identifier: Apache-2.0
"""What administrators are told of the nodes on one database: GET /api/v1/admin/nodes and `patd nodes`."""

import pytest

from product import Product
from nodes_cluster import Cluster, until

KEYS = {"node", "incarnation", "lease_ms", "behind", "silent_ms", "state", "self"}
LEASE = 3


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("nodes"), nodes=2, lease_seconds=LEASE) as two:
        yield two


def listed(nodes, **kw):
    answer = nodes[0].ada.call("GET", "/api/v1/admin/nodes", **kw)
    assert answer.status == 200 and answer.headers["Cache-Control"] == "no-store", answer
    return {node["node"]: node for node in answer.json["nodes"]}


def test_both_are_listed_and_the_one_that_answers_says_so(nodes):
    seen = listed(nodes)
    assert list(seen) == ["node1", "node2"]
    for name, node in seen.items():
        assert set(node) == KEYS and node["lease_ms"] == LEASE * 1000 and node["state"] == "serving"
        assert node["self"] is (name == "node1") and 0 <= node["silent_ms"] < LEASE * 1000 and len(node["incarnation"]) == 32
    assert until(lambda: all(node["behind"] == 0 for node in listed(nodes).values()))
    other = nodes[1].sign_in()
    assert {n["node"]: n["self"] for n in other.call("GET", "/api/v1/admin/nodes").json["nodes"]} == {"node1": False, "node2": True}


def test_by_a_token_of_an_administrators(nodes):
    keeper = nodes[0].ada.generate("keeper", ["admin:read"])["token"]
    answer = nodes[1].get("/api/v1/admin/nodes", token=keeper)
    assert answer.status == 200 and [n["node"] for n in answer.json["nodes"]] == ["node1", "node2"]
    other = nodes[0].ada.generate("other", ["tokens:read"])["token"]
    assert nodes[0].get("/api/v1/admin/nodes", token=other).status == 403


@pytest.mark.parametrize("query", ["limit=1", "after=0", "x"])
def test_a_parameter_is_refused(nodes, query):
    answer = nodes[0].ada.call("GET", f"/api/v1/admin/nodes?{query}")
    assert answer.status == 400 and answer.json["reason"] == "unknown_field" and answer.json["field"] == query.split("=")[0]


def test_asking_with_a_tag_does_not_keep_the_session_open(nodes):
    """The page asks every few seconds for as long as it is open."""
    def seen():
        return nodes.primary.sql(f"SELECT seen FROM session WHERE id = {session}")
    ada = nodes[0].sign_in()
    session, = [s["id"] for s in ada.call("GET", "/api/v1/sessions").json["sessions"] if s["current"]]
    tag = ada.call("GET", "/api/v1/admin/nodes").headers["ETag"]
    nodes.primary.sql(f"UPDATE session SET seen = seen - 1000 WHERE id = {session}")
    before = seen()
    assert ada.call("GET", "/api/v1/admin/nodes", headers={"If-None-Match": tag}).status in (200, 304)
    assert seen() == before
    ada.call("GET", "/api/v1/admin/nodes")
    assert seen() != before


def test_the_command_prints_them(nodes):
    for i, node in enumerate(nodes):
        done = node.patd("nodes")
        assert done.returncode == 0 and done.stderr == "", done.stderr
        head, *rows = [line.split() for line in done.stdout.splitlines()]
        assert head == ["NODE", "STATE", "LEASE", "BEHIND", "HEARD", "INCARNATION"]
        assert [row[:4] for row in rows] == [["node1", "serving", str(LEASE), "s"], ["node2", "serving", str(LEASE), "s"]]
        assert rows[i][5:7] == ["this", "node"] and rows[1 - i][6:8] == ["s", "ago"]
        assert [row[-1] for row in rows] == [n["incarnation"] for n in listed(nodes).values()]


def test_a_node_that_says_nothing(nodes):
    """It is behind what was changed, and silent once its lease is over; a revoke's receipt says that this made it true."""
    token = nodes[0].ada.generate("CI")
    nodes.silence(1)
    try:
        nodes[0].ada.generate("a change")
        node2 = until(lambda: (n := listed(nodes)["node2"])["behind"] > 0 and n)
        assert listed(nodes)["node1"]["behind"] == 0 and node2["state"] == "serving"
        silent = until(lambda: (n := listed(nodes).get("node2")) and n["state"] == "silent" and n)
        assert silent["silent_ms"] >= LEASE * 1000
        until(lambda: "node2" not in listed(nodes))  # taken for dead
        alone = nodes[0].patd("nodes")
        assert alone.returncode == 0 and "There are no others on this database." in alone.stdout and "node2" not in alone.stdout
        assert [n["node"] for n in nodes[0].ada.revoke(token["id"]).json["receipt"]["nodes"]] == ["node1"]
    finally:
        nodes.wake(1)
    back = until(lambda: listed(nodes).get("node2"))
    assert back["incarnation"] != node2["incarnation"]


def test_when_the_database_does_not_answer(nodes):
    nodes.primary.crash()
    try:
        answer = nodes[0].ada.call("GET", "/api/v1/admin/nodes")
        assert answer.status == 503 and answer.json["reason"] == "unavailable" and answer.headers["Retry-After"]
        done = nodes[0].patd("nodes")
        assert done.returncode == 1 and done.stdout == ""
        assert done.stderr == "patd: the database does not answer the running patd\n"
    finally:
        nodes.primary.start()


def test_where_one_patd_is_alone(product):
    ada = product.set_up()
    answer = ada.call("GET", "/api/v1/admin/nodes")
    assert answer.status == 200 and answer.json == {"nodes": []}
    done = product.patd("nodes")
    assert done.returncode == 0 and done.stdout.startswith("There are no nodes: this patd is alone") and done.stderr == ""
    product.stop()
    stopped = product.patd("nodes")
    assert stopped.returncode == 1 and stopped.stdout == ""
    assert stopped.stderr.startswith("patd: no patd is running on ") and str(product.data) in stopped.stderr


def test_of_a_folder_that_is_not_there(tmp_path):
    missing = Product(tmp_path / "nothing").patd("nodes")
    assert missing.returncode == 1 and missing.stderr.startswith("patd: ") and missing.stderr.count("\n") == 1
    assert not (tmp_path / "nothing").exists()


@pytest.mark.parametrize("words", [("x",), ("list",), ("--name",)])
def test_a_wrong_command_explains(tmp_path, words):
    wrong = Product(tmp_path).patd("nodes", *words)
    assert wrong.returncode == 2 and "usage: patd COMMAND" in wrong.stderr and "\n  nodes " in wrong.stderr

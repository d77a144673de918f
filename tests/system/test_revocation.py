# SPDX-License-Identifier: Apache-2.0
"""Revoked means revoked: from the moment the answer arrives, in every worker, for ever."""
import http.client
import itertools
import os
import signal
import threading
import time

from product import Product
from tools import SCOPE, edge_pids, edit, rows


class Verifiers:
    """Threads that ask /verify about tokens all the time, each over its own connection, and write down what they saw:
    (token, status, invoked, returned), all by one monotonic clock."""

    def __init__(self, product, tokens, threads=6):
        self.product, self.tokens, self.history = product, tokens, []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=self.run, args=(i,)) for i in range(threads)]

    def run(self, first):
        seen = []
        connection = None
        for i in itertools.count(first):
            if self.stop.is_set():
                break
            token = self.tokens[i % len(self.tokens)]
            if connection is None or i % 50 == 0:  # other connections find other workers
                connection = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=10)
            invoked = time.monotonic_ns()
            try:
                connection.request("GET", "/verify", headers={"X-Figma-Token": token})
                response = connection.getresponse()
                response.read()
            except (OSError, http.client.HTTPException):  # a worker that ends may close an idle connection
                connection = None
                continue
            seen.append((token, response.status, invoked, time.monotonic_ns()))
        self.history += seen

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *exc):
        self.stop.set()
        for t in self.threads:
            t.join()


def violations(history, revoked):
    """Accepts that were begun after the revoke had returned."""
    return [h for h in history if h[1] == 200 and h[0] in revoked and h[2] > revoked[h[0]]]


def test_after_the_answer_no_worker_accepts(tmp_path):
    """REV-04: 60 tokens are revoked one after the other while six clients verify them on three nginx workers, which are
    replaced by a reload in between. Not one verification begun after a revoke returned says yes."""
    with Product(tmp_path, edge_workers=3, tokens_live_max=100) as p:
        ada = p.set_up()
        made = [ada.generate(f"token {i}") for i in range(60)]
        kept = ada.generate("kept")["token"]
        asked, revoked = {}, {}
        workers = set(edge_pids(p)[1])
        with Verifiers(p, [t["token"] for t in made] + [kept]) as verifiers:
            time.sleep(0.3)
            for i, token in enumerate(made):
                if i in (15, 40):
                    os.kill(edge_pids(p)[0], signal.SIGHUP)
                asked[token["token"]] = time.monotonic_ns()
                assert ada.revoke(token["id"]).status == 200
                revoked[token["token"]] = time.monotonic_ns()
                time.sleep(0.02)
            time.sleep(0.3)
        history = verifiers.history
        assert workers.isdisjoint(edge_pids(p)[1])
        assert violations(history, revoked) == []
        before = [h for h in history if h[0] in asked and h[3] < asked[h[0]]]
        assert len(before) > 100 and {h[1] for h in before} == {200}
        after = [h for h in history if h[0] in revoked and h[2] > revoked[h[0]]]
        assert len(after) > 100 and {h[1] for h in after} == {401}
        assert {h[1] for h in history if h[0] == kept} == {200}
        # The checker would see a violation: a history with one accept moved behind the revoke has one.
        token, _, invoked, returned = after[0]
        assert len(violations(history + [(token, 200, invoked, returned)], revoked)) == 1


def test_created_means_it_works(shared):
    """REV-04's twin: once "generate" has returned, every worker accepts the token."""
    for i in range(40):
        token = shared.ada.generate(f"fresh {i}")["token"]
        assert [shared.get("/verify", token=token).status for _ in range(3)] == [200] * 3


def test_delete_is_idempotent(shared):
    """REV-01: repeating the revoke answers the same, byte for byte; what was never there is not found."""
    token = shared.ada.generate("twice gone")
    shared.get("/verify", token=token["token"])
    first = shared.ada.revoke(token["id"])
    assert first.json["state"] == "revoked" and first.json["use_count"] == 1
    for _ in range(3):
        again = shared.ada.revoke(token["id"])
        assert (again.status, again.body) == (200, first.body)
    for unknown in ("0" * 32, "f" * 31, "x" * 32, token["id"].upper() + "0", "1"):
        assert shared.ada.revoke(unknown).status == 404


def test_nothing_brings_a_token_back(shared):
    """REV-05: no route, no method, no repeated create, no renewed name revives a revoked token."""
    key = {"Idempotency-Key": "the-one"}
    body = {"name": "one way", "scopes": [SCOPE], "expires_in_days": 5}
    token = shared.ada.call("POST", "/api/v1/tokens", body, key).json
    shared.ada.revoke(token["id"])
    replayed = shared.ada.call("POST", "/api/v1/tokens", body, key)
    assert (replayed.status, replayed.json["state"]) == (200, "revoked")
    assert "token" not in replayed.json
    path = f"/api/v1/tokens/{token['id']}"
    for method, status in (("PUT", 405), ("POST", 405), ("PATCH", 400)):
        assert shared.ada.call(method, path, {"state": "live", "revoked_at": None}).status == status
    narrowed = shared.ada.call("PATCH", path, {"scopes": [SCOPE]})
    assert (narrowed.status, narrowed.json["reason"]) == (409, "token_ended")
    assert shared.ada.call("POST", "/api/v1/tokens", {**body, "id": token["id"], "state": "live"}).status == 400
    assert shared.ada.call("POST", "/api/v1/tokens", body).json["id"] != token["id"]  # the name is free, the token is not
    assert shared.get("/v1/me", token=token["token"]).status == 401
    assert shared.ada.call("GET", path).json["state"] == "revoked"


def test_a_revoked_row_made_live_again_in_the_database(tmp_path):
    """REV-05, CRY-07: a restart does not bring it back, nor does editing its row: the seal covers its state."""
    with Product(tmp_path) as p:
        ada = p.set_up()
        token = ada.generate("revoked")
        ada.revoke(token["id"])
        p.stop()
        p.start()
        assert p.get("/v1/me", token=token["token"]).status == 401
        p.stop()
        assert edit(p, "UPDATE token SET state = 0, revoked = 0, reason = 0, revoked_seq = 0") == 1
        p.start()
        assert p.get("/v1/me", token=token["token"]).status == 401
        assert [line for line in p.log() if line["event"] == "store.row_tampered"]
        assert rows(p, "SELECT state FROM token") == [(0,)]

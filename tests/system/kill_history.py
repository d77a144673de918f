# SPDX-License-Identifier: Apache-2.0
"""What clients saw, and whether it can be true: tokens with their times on one monotonic clock.

The rules, for every verification that began at t0 and ended at t1:

  - accepted: the token was issued, it is taken for itself, no revoke of it had returned before t0, and nobody had seen
    it refused before t0;
  - refused: the token's generate had not returned before t0, or its revoke was begun before t1;
  - anything else (a 5xx, no answer, a refused connection) is wrong at any time.

A change that was not acknowledged may have happened or not; once a client has seen which, it stays so.
"""
import collections
import json
import random
import secrets
import socket
import threading
import time
import zlib

BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, width):
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(width, "0")


def stranger():
    """A token in perfect shape that nobody ever issued."""
    body = base62(int.from_bytes(secrets.token_bytes(32), "big"), 43)
    return "pat_" + body + base62(zlib.crc32(body.encode()), 6)


class Token:
    """What a client knows of a token it was given. A revoke is written down before it is sent."""

    __slots__ = ("text", "id", "acked", "revoke_begun", "revoke_acked", "seen_refused")

    def __init__(self, text, token_id, acked):
        self.text, self.id, self.acked = text, token_id, acked
        self.revoke_begun = self.revoke_acked = self.seen_refused = None


class History:
    def __init__(self, owner=None, unsure=False):
        """`unsure`: of a token that it does not know, a node whose database is away may say that it cannot say."""
        self.owner, self.unsure = owner, unsure
        self.tokens = []
        self.live = []
        self.ended = collections.deque(maxlen=400)
        self.lock = threading.Lock()
        self.violations = []
        self.count = collections.Counter()

    def wrong(self, words):
        self.violations.append(f"{time.monotonic():.6f} {words}")

    def issued(self, text, token_id):
        token = Token(text, token_id, time.monotonic())
        with self.lock:
            self.tokens.append(token)
            self.live.append(token)
        return token

    def take_live(self, choose=random):
        """A token to revoke: nobody else gets it."""
        with self.lock:
            if not self.live:
                return None
            at = choose.randrange(len(self.live))
            token, self.live[at] = self.live[at], self.live[-1]
            self.live.pop()
            self.ended.append(token)
            return token

    def pick(self, choose):
        """A token to verify: the newest, a live one, one that is or was revoked, or a stranger's (None)."""
        with self.lock:
            dice = choose.random()
            if dice < 0.08 or not self.tokens:
                return None
            if dice < 0.25:
                return self.tokens[-1]
            if dice < 0.6 and self.live:
                return choose.choice(self.live)
            if dice < 0.85 and self.ended:
                return self.ended[-1 - min(int(choose.expovariate(0.2)), len(self.ended) - 1)]
            return choose.choice(self.tokens)

    def judge(self, token, status, headers, t0, t1):
        """`token` is None for one that nobody issued."""
        if status == 200:
            self.count["accepted"] += 1
            self._judge_accepted(token, headers, t0)
        elif status == 401:
            self.count["refused"] += 1
            self._judge_refused(token, t0, t1)
        elif status == 503 and self.unsure and (token is None or token.revoke_begun is not None or token.acked > t0):
            self.count["unsure"] += 1
        else:
            self.wrong(f"/verify answered {status} {headers}")

    def _judge_accepted(self, token, headers, t0):
        if token is None:
            return self.wrong("a token that nobody issued was accepted")
        if token.revoke_acked is not None and token.revoke_acked < t0:
            self.wrong(f"{token.id} accepted at {t0:.6f}, its revoke had returned at {token.revoke_acked:.6f}")
        if token.seen_refused is not None and token.seen_refused < t0:
            self.wrong(f"{token.id} accepted at {t0:.6f}, it had been refused at {token.seen_refused:.6f}")
        if headers.get("x-pat-token-id") != token.id or headers.get("x-pat-user") != self.owner:
            self.wrong(f"{token.id} was taken for another: {headers}")

    def _judge_refused(self, token, t0, t1):
        if token is None:
            return
        if token.acked < t0 and (token.revoke_begun is None or token.revoke_begun > t1):
            self.wrong(f"{token.id} refused at {t1:.6f}, it was given out at {token.acked:.6f} and never revoked")
        if token.seen_refused is None:
            token.seen_refused = t1


def exchange(port, request, timeout=30):
    """One request on a connection of its own: (status, headers, body). OSError when nobody answered."""
    with socket.create_connection(("127.0.0.1", port), timeout=timeout) as s:
        s.sendall(request)
        pieces = []
        while piece := s.recv(65536):
            pieces.append(piece)
    head, _, body = b"".join(pieces).partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    if not lines[0].startswith("HTTP/1.1 "):
        raise ConnectionError(f"no answer, but {head[:100]!r}")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
    if len(body) < int(headers.get("content-length", 0)):
        raise Truncated(f"{len(body)} of {headers['content-length']} bytes of the body")
    return int(lines[0].split()[1]), headers, body


class Truncated(ConnectionError):
    """patd was killed between an answer's head and the end of its body; Content-Length tells the client."""


class Actor(threading.Thread):
    """A client thread with its own dice. What goes wrong in it is a violation, not a silent end."""

    def __init__(self, history, product, seed):
        super().__init__(daemon=True)
        self.history, self.port = history, product.port
        self.dice = random.Random(seed)
        self.ending = False

    def run(self):
        while not self.ending:
            try:
                self.turn()
            except Exception as e:  # noqa: BLE001
                self.history.wrong(f"{type(self).__name__}: {type(e).__name__}: {e}")
                time.sleep(0.05)

    def end(self):
        self.ending = True
        self.join(60)
        if self.is_alive():
            self.history.wrong(f"{type(self).__name__} did not end")


class Verifier(Actor):
    def turn(self):
        self.verify(self.history.pick(self.dice))

    def verify(self, token):
        text = token.text if token else stranger()
        request = f"GET /verify HTTP/1.1\r\nHost: x\r\nX-Figma-Token: {text}\r\nConnection: close\r\n\r\n".encode()
        t0 = time.monotonic()
        status, headers, _ = exchange(self.port, request)
        self.history.judge(token, status, headers, t0, time.monotonic())


class Writer(Actor):
    """Generates, rotates and revokes. What was not acknowledged is asked again until it is known."""

    AWAY = {"unavailable", "busy", "change_unknown"}

    def __init__(self, history, product, seed, person, name):
        super().__init__(history, product, seed)
        self.person, self.name_prefix, self.n = person, name, 0
        self.in_flight = False

    def call(self, method, path, body=b"", more=""):
        """(status, object), or (None, reason) when it was not answered for certain."""
        request = (f"{method} {path} HTTP/1.1\r\nHost: x\r\nCookie: {self.person.cookie}\r\n"
                   f"X-CSRF-Token: {self.person.csrf}\r\nContent-Type: application/json\r\n{more}"
                   f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n").encode() + body
        self.in_flight = True
        try:
            status, headers, answer = exchange(self.port, request)
        except Truncated:
            self.history.count["answers cut short"] += 1
            return None, "truncated"
        finally:
            self.in_flight = False
        if status == 503:
            problem = json.loads(answer)
            if headers.get("content-type") != "application/problem+json" or problem["reason"] not in self.AWAY:
                self.history.wrong(f"{method} {path}: {status} {headers} {answer!r}")
            return None, problem["reason"]
        return status, json.loads(answer) if answer else None

    def until_answered(self, method, path, body=b"", more=""):
        """(status, object, how often it was not answered)."""
        for asked in range(100000):
            status, answer = self.call(method, path, body, more)
            if status is not None:
                return status, answer, asked
            if self.ending and asked > 600:
                break
            time.sleep(self.dice.uniform(0.002, 0.03))
        raise TimeoutError(f"{method} {path} was not answered")

    def turn(self):
        dice = self.dice.random()
        if dice < 0.5:
            self.generate()
        elif dice < 0.6:
            self.rotate(self.history.take_live(self.dice))
        else:
            self.revoke(self.history.take_live(self.dice))

    def generate(self):
        self.n += 1
        name = f"{self.name_prefix}-{self.n}"
        body = json.dumps({"name": name, "scopes": ["current_user:read"], "expires_in_days": 30}).encode()
        status, answer, unanswered = self.until_answered("POST", "/api/v1/tokens", body, f"Idempotency-Key: {name}\r\n")
        if status == 201:
            self.history.issued(answer["token"], answer["id"])
            self.history.count["created"] += 1
            self.history.count["create unacknowledged, not done"] += unanswered > 0
        elif status == 200 and unanswered and "token" not in answer and answer["name"] == name:
            self.history.count["create unacknowledged, done"] += 1
            self.throw_away(answer)
        else:
            self.history.wrong(f"generating {name}: {status} {answer}")

    def throw_away(self, answer):
        """Made, but the answer with the token was lost: known by the key. Nobody can use it."""
        status, _, _ = self.until_answered("DELETE", f"/api/v1/tokens/{answer['id']}")
        if status != 200:
            self.history.wrong(f"revoking {answer['id']}: {status}")

    def rotate(self, token):
        """Another one in its place, at once: a revoke and a generate, both or neither."""
        if token is None:
            return
        token.revoke_begun = time.monotonic()
        status, answer, unanswered = self.until_answered("POST", f"/api/v1/tokens/{token.id}/rotate", b'{"old_ends_in_seconds":0}',
                                                         f"Idempotency-Key: rotate-{token.id}\r\n")
        if status not in (200, 201) or answer["replaced"]["state"] != "revoked" or answer["replaced"]["replaced_by"] != answer["id"]:
            return self.history.wrong(f"rotating {token.id}: {status} {answer}")
        token.revoke_acked = time.monotonic()
        if status == 201:
            self.history.issued(answer["token"], answer["id"])
            self.history.count["rotated"] += 1
        elif unanswered and "token" not in answer:
            self.history.count["rotate unacknowledged, done"] += 1
            self.throw_away(answer)
        else:
            self.history.wrong(f"rotating {token.id}: {status} {answer}")

    def revoke(self, token):
        if token is None:
            return
        token.revoke_begun = time.monotonic()
        status, answer, unanswered = self.until_answered("DELETE", f"/api/v1/tokens/{token.id}")
        if status != 200 or answer["state"] != "revoked":
            return self.history.wrong(f"revoking {token.id}: {status} {answer}")
        token.revoke_acked = time.monotonic()
        self.history.count["revoked"] += 1
        self.history.count["revoke unacknowledged"] += unanswered > 0


def listed(person):
    """Every token the person has, by id, through the list's pages."""
    found, cursor = {}, ""
    while True:
        answer = person.call("GET", f"/api/v1/tokens?limit=100&cursor={cursor}")
        assert answer.status == 200, answer
        for token in answer.json["tokens"]:
            assert token["id"] not in found
            found[token["id"]] = token
        cursor = answer.json["next_cursor"]
        if cursor is None:
            return found


def check_list(history, person):
    """The list against what was acknowledged: nothing is lost, nothing is undone, nothing is there twice."""
    found = listed(person)
    names = collections.Counter(t["name"] for t in found.values() if t["replaced_by"] is None)
    assert not [n for n, times in names.items() if times > 1]
    for token in history.tokens:
        assert token.id in found, f"{token.id} was acknowledged and is not in the list"
        state = found[token.id]["state"]
        if token.revoke_acked is not None:
            assert state == "revoked", f"the revoke of {token.id} was acknowledged; it is {state}"
        elif token.revoke_begun is None:
            assert state == "live", f"{token.id} was never revoked; it is {state}"
    known = {t.id for t in history.tokens}
    for token_id, token in found.items():
        assert token_id in known or token["state"] == "revoked" or history.count["left unknown"], token
    return found


def check_every_token(history, verifier):
    """Each token once more, now that all is quiet."""
    for token in history.tokens:
        verifier.verify(token)
    assert not history.violations, "\n".join(history.violations[:20])


def check_store(database, found, pruned=False):
    """Audit records are the changes; numbers have no gaps. The product has been stopped. `pruned`: changes that every node has applied may be gone."""
    import sqlite3
    db = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    try:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        head_seq, head_audit = db.execute("SELECT seq, audit FROM head").fetchone()
        seqs = [r[0] for r in db.execute("SELECT seq FROM change ORDER BY seq")]
        first = seqs[0] if pruned and seqs else 1
        assert seqs == list(range(first, head_seq + 1)), "the numbers of the changes have gaps"
        ids = [r[0] for r in db.execute("SELECT id FROM audit ORDER BY id")]
        assert ids == list(range(1, head_audit + 1)), "the numbers of the audit records have gaps"
        # Each change has exactly one audit record with its number, action and token.
        actions = {1: "token.created", 2: "token.revoked"}
        changes = {(seq, actions[kind], "token:" + digest.hex()[:32])
                   for seq, kind, digest in db.execute("SELECT seq, kind, digest FROM change WHERE kind IN (1, 2)")}
        audits = db.execute("SELECT seq, action, object FROM audit WHERE seq > 0 AND action <> 'change.effective'").fetchall()
        assert len(audits) == len(set(audits)) == head_seq and len(changes) == len(seqs)
        assert {a for a in audits if a[0] >= first} == changes, "audit records and changes differ"
        rows = {digest.hex()[:32]: state for digest, state in db.execute("SELECT digest, state FROM token")}
        created = [o for _, a, o in audits if a == "token.created"]
        revoked = [o for _, a, o in audits if a == "token.revoked"]
        assert sorted(created) == sorted("token:" + t for t in rows)
        assert sorted(revoked) == sorted("token:" + t for t, state in rows.items() if state != 0)
        assert set(rows) == set(found)
        return head_seq
    finally:
        db.close()

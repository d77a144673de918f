# SPDX-License-Identifier: Apache-2.0
"""patd is killed at any moment while people upload, comment, share and trash: what was acknowledged is there, to the byte; what
was not is there whole or not at all; and what broke off leaves nothing behind.

PATD_TEST_LONG=1: ten times as many kills; PATD_TEST_SEED=n: the dice of an earlier run (threads still race).
"""
import http.client
import json
import os
import random
import sqlite3
import threading

from design import Files, document
from product import Product
from test_kill import restart

KILLS = 300 if os.environ.get("PATD_TEST_LONG") else 30
SEED = int(os.environ.get("PATD_TEST_SEED") or random.SystemRandom().randrange(1 << 32))

WHOLE = [
    "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
    "SELECT count(*) FROM pragma_foreign_key_check",
    "SELECT count(*) FROM piece WHERE id / 4096 NOT IN (SELECT id FROM content)",
    "SELECT count(*) FROM content WHERE id NOT IN (SELECT content FROM version UNION SELECT content FROM fill)",
    "SELECT count(*) FROM file WHERE version IS NOT (SELECT max(id) FROM version v WHERE v.file = file.id)",
]


def text_of(n):
    """Several pieces long, and no two alike."""
    made = document(frames=1)
    made["document"]["children"][0]["children"][0]["name"] = f"{n} " + "x" * (400_000 + 300_000 * (n % 4))
    return json.dumps(made).encode()


class Busy(threading.Thread):
    """Does one thing after the other until told to stop, and keeps what was acknowledged."""

    def __init__(self, product, person, number):
        super().__init__()
        self.files, self.number, self.over = Files(person), number, threading.Event()
        self.tried, self.uploaded, self.trashed, self.comments, self.shared = {}, {}, set(), {}, set()
        self.failure = None

    def turn(self, n):
        name = f"{self.number} {n}"
        self.tried[name] = text_of(n)
        key = self.files.upload(self.tried[name], name=name)["key"]
        self.uploaded[key] = name
        if n % 3 == 0:
            message = f"on {name}"
            made = self.files.ok("POST", f"/files/{key}/comments", {"message": message}, 201)
            self.comments[made["id"]] = (key, message)
        if n % 4 == 1:
            self.files.share(key, "eve@acme.org", "editor")
            self.shared.add(key)
        if n % 5 == 2:
            self.unsure = key
            self.files.trash(key)
            self.trashed.add(key)

    def run(self):
        n = 0
        while not self.over.is_set():
            self.unsure = None
            try:
                self.turn(n)
            except (OSError, http.client.HTTPException):  # also an answer that broke off
                pass
            except AssertionError as refused:  # nginx says so while patd is away, or counts those it waited for, and so may the answer of one that was killed
                if not any(f"Answer({status}" in str(refused) for status in (429, 502, 503)):
                    self.failure = refused
                    return
            if self.unsure and self.unsure not in self.trashed:
                del self.uploaded[self.unsure]  # whether it is in the trash nobody knows
            n += 1
            self.over.wait(0.01)


def check(product, busy):
    files = busy.files
    token = files.person.generate("all of it", ["file_content:read", "file_comments:read"])["token"]
    kept = {}
    cursor = ""
    while cursor is not None:
        page = files.ok("GET", f"/files?limit=100{cursor and '&cursor=' + cursor}")
        kept |= {f["key"]: f for f in page["files"] if f["name"] in busy.tried}
        cursor = page["next_cursor"]
    trash = {f["key"] for f in files.list(view="trash", limit=100)}
    assert busy.trashed <= trash
    assert set(busy.uploaded) - busy.trashed <= set(kept)
    for key, file in kept.items():
        text = files.call("GET", f"/files/{key}/document", timeout=60)
        assert text.status == 200 and text.body == busy.tried[file["name"]], key
    some = next(iter(set(busy.uploaded) - busy.trashed))
    assert product.get(f"/v1/files/{some}", token=token, timeout=60).json["name"] == busy.uploaded[some]
    for comment, (key, message) in busy.comments.items():
        if key in kept:
            assert message in [c["message"] for c in files.ok("GET", f"/files/{key}/comments")["comments"] if c["id"] == comment]
    for key in busy.shared & set(kept):
        assert [s["person"]["handle"] for s in files.ok("GET", f"/files/{key}/shares")["shares"]] == ["Eve"]


def test_kills_lose_nothing_of_files(tmp_path):
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    with Product(tmp_path, tokens_per_hour_max=1000000, access_log="off") as product:
        people = [product.set_up()]
        product.add_person("bob@acme.org", "Bob")
        product.add_person("eve@acme.org", "Eve")
        people.append(product.sign_in("bob@acme.org"))
        crew = [Busy(product, person, i) for i, person in enumerate(people)]
        for busy in crew:
            busy.files.team()
            busy.start()
        for _ in range(KILLS):
            crew[0].over.wait(dice.uniform(0, 0.5))
            product.kill()
            while restart(product, dice) is None:
                pass
        for busy in crew:
            busy.over.set()
        for busy in crew:
            busy.join()
            assert busy.failure is None, busy.failure
        for busy in crew:
            assert len(busy.uploaded) > 5, "it was busy"
            check(product, busy)
        product.stop()
        product.start()  # which removes what broke off
        product.stop()
        with sqlite3.connect(f"file:{tmp_path}/data/files.db?mode=ro", uri=True) as db:
            for sql in WHOLE:
                assert db.execute(sql).fetchone()[0] == 0, sql

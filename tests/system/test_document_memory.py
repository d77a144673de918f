# SPDX-License-Identifier: Apache-2.0
"""What a document of 50 MiB takes of patd's memory: less than three times its size is promised, whatever is asked for."""
import json
import threading

import pytest

from design import Files, large

MIB = 50


class Peak:
    """The most resident memory that a process has from here on, beyond what it has now."""

    def __init__(self, pid):
        self.pid = pid
        with open(f"/proc/{pid}/clear_refs", "w") as f:
            f.write("5")
        self.before = self.status("VmRSS")

    def status(self, name):
        with open(f"/proc/{self.pid}/status") as f:
            return next(int(line.split()[1]) << 10 for line in f if line.startswith(name + ":"))

    def grown(self):
        return self.status("VmHWM") - self.before


@pytest.fixture(scope="module")
def world(shared):
    shared.text = large(MIB)
    shared.files = Files(shared.ada)
    shared.files.team()
    peak = Peak(shared.process.pid)
    shared.key = shared.files.upload(shared.text, name="Large")["key"]
    shared.upload_grew = peak.grown()
    shared.token = shared.ada.generate("large", ["file_content:read", "file_metadata:read"])["token"]
    return shared


def test_uploading(world):
    assert world.upload_grew < 3 * len(world.text), world.upload_grew
    assert world.upload_grew < len(world.text), "an ordinary document's outline is a fraction of it"


@pytest.mark.parametrize("query", ["", "?geometry=paths", "?depth=1", "?ids=2:40,2:80", "/nodes?ids=1:1"])
def test_reading(world, query):
    peak = Peak(world.process.pid)
    answer = world.get(f"/v1/files/{world.key}{query}", token=world.token, timeout=120)
    assert answer.status == 200 and json.loads(answer.body)["name"] == "Large"
    assert peak.grown() < 3 * len(world.text), peak.grown()
    assert peak.grown() < len(world.text), "only windows of it are in memory"


def test_many_at_once(world):
    """Eight readers of the whole together."""
    peak = Peak(world.process.pid)
    lengths = []

    def read():
        lengths.append(len(world.get(f"/v1/files/{world.key}", token=world.token, timeout=300).body))
    threads = [threading.Thread(target=read) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(lengths) == 8 and len(set(lengths)) == 1 and lengths[0] > MIB << 20
    assert peak.grown() < 3 * len(world.text), peak.grown()


def test_a_picture(world):
    peak = Peak(world.process.pid)
    answer = world.get(f"/v1/images/{world.key}?ids=1:1&format=svg", token=world.token)
    assert answer.status == 200 and answer.json["images"]["1:1"]
    assert world.ada.call("GET", f"/api/v1/files/{world.key}/picture").status == 200
    assert peak.grown() < len(world.text), peak.grown()

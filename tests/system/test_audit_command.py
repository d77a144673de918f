# SPDX-License-Identifier: Apache-2.0
"""LOG-05: `patd audit verify` walks the chain of audit records, and finds each way in which somebody could have changed them."""
import re
import shutil
import sqlite3

import pytest

from nodes_cluster import Cluster
from product import Product


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A data folder whose records somebody may change; patd is not running."""
    with Product(tmp_path_factory.mktemp("written")) as p:
        ada = p.set_up()
        for i in range(12):
            ada.revoke(ada.generate(f"token {i}")["id"])
    return p


@pytest.fixture
def p(written, tmp_path):
    shutil.copytree(written.data, tmp_path / "data")
    return Product(tmp_path)


def verify(p):
    done = p.patd("audit", "verify")
    assert done.returncode in (0, 1) and len((done.stdout + done.stderr).splitlines()) == 1, done
    return done.returncode, done.stdout + done.stderr


def edited(p, *statements):
    with sqlite3.connect(p.data / "patd.db") as db:
        for statement in statements:
            assert db.execute(statement).rowcount != 0, statement
    db.close()


def test_as_they_were_written(p):
    code, said = verify(p)
    n = int(re.fullmatch(r"(\d+) audit records, each as it was written\n", said).group(1))
    assert code == 0 and n >= 26
    assert verify(p) == (code, said)  # and verifying leaves none


def test_while_patd_runs():
    with Product() as p:
        ada = p.set_up()
        before = int(verify(p)[1].split()[0])
        ada.generate("one more")
        assert int(verify(p)[1].split()[0]) == before + 1
        edited(p, "UPDATE audit SET object = 'token:' || hex(zeroblob(16)) WHERE action = 'token.created'")
        code, said = verify(p)
        assert (code, said) == (1, f"patd: audit record {before + 1} is missing, or is not what patd wrote. Those before it are as they were written\n")


@pytest.mark.parametrize("statement, first", [
    *((f"UPDATE audit SET {column} = {value} WHERE id = 7", 7) for column, value in (
        ("at", "at + 1"), ("actor", "99"), ("via", "'cli'"), ("action", "'token.revoked '"), ("object", "'token:x'"), ("address", "'192.0.2.1'"),
        ("agent", "'another'"), ("request_id", "'another'"), ("seq", "seq + 1"), ("mac", "zeroblob(32)"))),
    ("DELETE FROM audit WHERE id = 7", 7),
    ("DELETE FROM audit WHERE id = 1", 1),
    ("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", None),
    ("UPDATE audit SET mac = (SELECT mac FROM audit WHERE id = 8) WHERE id = 9", 9),
    ("UPDATE head SET audit = audit - 1", ...),
])
def test_each_change_is_found(p, statement, first):
    last = int(verify(p)[1].split()[0])
    edited(p, statement)
    code, said = verify(p)
    found = int(re.search(r"audit record (\d+) is missing", said).group(1))
    assert code == 1 and found == {None: last, ...: last + 1}.get(first, first)


def test_two_that_changed_places(p):
    columns = "seq, at, actor, via, action, object, address, agent, request_id, key_id, mac"
    edited(p, "CREATE TEMP TABLE kept AS SELECT * FROM audit WHERE id = 7",
           f"UPDATE audit SET ({columns}) = (SELECT {columns} FROM audit WHERE id = 8) WHERE id = 7",
           f"UPDATE audit SET ({columns}) = (SELECT {columns} FROM kept) WHERE id = 8")
    assert "audit record 7 is missing" in verify(p)[1]


def test_without_the_key(p):
    (p.data / "row.key").unlink()
    code, said = verify(p)
    assert code == 1 and "row.key" in said


def test_other_words(p):
    for words in ((), ("verify", "more"), ("walk",)):
        done = p.patd("audit", *words)
        assert done.returncode == 2 and done.stderr.startswith("usage: patd audit ")
    assert p.patd("audit", "--help").stdout.startswith("usage: patd audit ")


def test_on_a_postgresql_server(tmp_path):
    with Cluster(tmp_path, nodes=1) as c:
        c.ada.revoke(c.ada.generate("one")["id"])
        assert verify(c[0])[0] == 0
        c.primary.sql("UPDATE audit SET at = at + 1 WHERE id = 2")
        assert "audit record 2 is missing" in verify(c[0])[1]

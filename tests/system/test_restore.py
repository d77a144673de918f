# SPDX-License-Identifier: Apache-2.0
"""REV-05: a revoke is one-way. Putting an older backup of the database back does not bring a token back: the journal of
revocations, which is no part of the backup, is held against it at the next start."""
import shutil
import sqlite3


def backup(product, to):
    source, target = sqlite3.connect(product.data / "patd.db"), sqlite3.connect(to)
    source.backup(target)
    source.close()
    target.close()


def restore(product, backup_file):
    for name in ("patd.db", "patd.db-wal", "patd.db-shm"):
        (product.data / name).unlink(missing_ok=True)
    shutil.copy(backup_file, product.data / "patd.db")


def test_an_older_backup_brings_no_token_back(product, tmp_path):
    ada = product.set_up()
    product.add_person("grace@acme.org")
    grace = product.sign_in("grace@acme.org")
    kept, revoked = ada.generate("kept"), ada.generate("revoked")
    hers = grace.generate("hers")
    backup(product, tmp_path / "backup.db")

    assert ada.revoke(revoked["id"]).status == 200
    assert product.patd("user", "disable", "grace@acme.org").returncode == 0
    assert product.stop() == 0
    journal = (product.data / "revoked.journal").read_text()
    assert revoked["id"] in journal and hers["id"] in journal and kept["id"] not in journal
    # A line that a crash has torn is no reason not to start.
    with open(product.data / "revoked.journal", "a") as f:
        f.write("revoked 0123")

    restore(product, tmp_path / "backup.db")
    product.start()
    assert product.get("/v1/me", token=kept["token"]).status == 200
    for token in (revoked, hers):
        assert product.get("/v1/me", token=token["token"]).json["err"] == "Invalid token"
    again = product.sign_in()
    assert {t["name"]: t["state"] for t in again.call("GET", "/api/v1/tokens").json["tokens"]} == {
        "kept": "live", "revoked": "revoked"}
    said = {line["tid"]: line["stored"] for line in product.log() if line["event"] == "revocation.reasserted"}
    assert said == {revoked["id"]: "yes", hers["id"]: "yes"}

    # From then on the store knows it again, and later revocations stand on lines of their own.
    assert again.revoke(kept["id"]).status == 200
    assert product.stop() == 0
    assert f"revoked {kept['id']} " in [line[:41] for line in (product.data / "revoked.journal").read_text().splitlines()]
    product.start()
    assert product.get("/v1/me", token=revoked["token"]).status == 401
    assert len([line for line in product.log() if line["event"] == "revocation.reasserted"]) == 2

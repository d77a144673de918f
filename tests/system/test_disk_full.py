# SPDX-License-Identifier: Apache-2.0
"""No space left: for the database, and for the verification index. Changes are refused with a clear 503, nothing is lost,
every token goes on working, and when there is space again everything works without a restart.

The folders are small tmpfs mounts, so this needs root; patd then runs as root and its nginx workers as www-data.
"""
import contextlib
import os
import pathlib
import subprocess
import tempfile
import time

import pytest

from design import Files, document, large
from product import PASSWORD, Product
from tools import png

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small tmpfs needs root")

MANY = {"tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "access_log": "off"}


@contextlib.contextmanager
def small_disk(folder, kib, mode="0755"):
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={kib}k,mode={mode}", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        until = time.monotonic() + 10  # draining nginx workers have it open
        while subprocess.run(["umount", str(folder)], capture_output=True).returncode != 0:
            if time.monotonic() > until:
                subprocess.run(["umount", "-l", str(folder)], check=True)
                break
            time.sleep(0.05)


@contextlib.contextmanager
def small_runtime(kib):
    """Where nginx's workers, another user, can reach it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="patd-run-", dir="/run"))
    folder.chmod(0o755)
    try:
        with small_disk(folder, kib):
            yield folder
    finally:
        folder.rmdir()


def fill(folder, leave_kib=0):
    """Takes all the space but so much; ends in pages of 4 KiB."""
    ballast = folder / "ballast"
    with open(ballast, "wb") as f:
        while True:
            space = os.statvfs(folder)
            free = space.f_bavail * space.f_frsize // 1024 - leave_kib
            if free < 4:
                return ballast
            f.write(bytes(min(free, 1024) * 1024))
            f.flush()


def body(name):
    return {"name": name, "scopes": ["current_user:read"], "expires_in_days": 30}


def check_refused(answer):
    """RFC 9457, a machine word, a sentence for people, when to come back."""
    assert answer.status == 503, answer
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert answer.json["reason"] == "storage_full" and answer.json["status"] == 503, answer
    assert answer.json["detail"] == "The service has no space left to store this."
    assert int(answer.headers["Retry-After"]) > 0
    assert "token" not in answer.json


def generate_until_refused(person, name, most=20000):
    """(tokens that were generated, the refusal)."""
    made = []
    for n in range(most):
        answer = person.call("POST", "/api/v1/tokens", body(f"{name}-{n}"))
        if answer.status != 201:
            return made, answer
        made.append(answer.json)
    raise AssertionError("the disk never got full")


def check_accepted(product, tokens):
    for token in tokens:
        answer = product.get("/verify", token=token["token"])
        assert answer.status == 200 and answer.headers["X-Pat-Token-Id"] == token["id"], answer


def states(person):
    found, cursor = {}, ""
    while cursor is not None:
        answer = person.call("GET", f"/api/v1/tokens?limit=100&cursor={cursor}")
        assert answer.status == 200, answer
        found.update({t["id"]: t["state"] for t in answer.json["tokens"]})
        cursor = answer.json["next_cursor"]
    return found


def becomes_ready(product, status, seconds=5):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        answer = product.get("/readyz")
        if answer.status == status:
            return answer.json
        time.sleep(0.05)
    raise AssertionError(f"/readyz does not become {status}: {answer}")


def test_a_full_disk_refuses_changes_and_loses_nothing(tmp_path):
    with small_disk(tmp_path / "data", 4096, mode="0700") as disk, Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        kept = [ada.generate(f"kept-{n}") for n in range(20)]
        gone = [ada.generate(f"gone-{n}") for n in range(5)]
        ballast = fill(disk, leave_kib=64)
        made, refusal = generate_until_refused(ada, "filling")
        check_refused(refusal)
        assert made  # the last bytes were used
        kept += made

        # A revoke that can not be written is refused too, and the token goes on working: it was not revoked.
        refused, revoked = [], []
        for token in gone:
            answer = ada.revoke(token["id"])
            if answer.status == 200:
                revoked.append(token)
                continue
            check_refused(answer)
            refused.append(token)
            assert product.get("/verify", token=token["token"]).status == 200
        assert refused, "a disk this full should have refused a revoke"
        assert becomes_ready(product, 503) == {"status": "not_ready", "reasons": ["store"]}
        assert product.get("/livez").status == 200
        check_accepted(product, kept)
        # Reading needs no space, and nobody is signed out.
        listed = states(ada)
        assert {listed[t["id"]] for t in kept + refused} == {"live"}
        for n in range(3):  # not once only
            check_refused(ada.call("POST", "/api/v1/tokens", body(f"again-{n}")))

        # Space returns: it works again by itself, names of refused tokens are free, refused revokes can be made.
        ballast.unlink()
        fresh = ada.call("POST", "/api/v1/tokens", body(f"filling-{len(made)}"))
        assert fresh.status == 201, fresh
        kept.append(fresh.json)
        for token in refused:
            assert ada.revoke(token["id"]).status == 200
        for token in gone:
            assert product.get("/verify", token=token["token"]).status == 401
        assert becomes_ready(product, 200) == {"status": "ready"}

        product.kill()
        product.start()
        check_accepted(product, kept)
        for token in gone:
            assert product.get("/verify", token=token["token"]).status == 401
        listed = states(ada)
        assert {listed[t["id"]] for t in kept} == {"live"}
        assert {listed[t["id"]] for t in gone} == {"revoked"}
        assert len(listed) == len(kept) + len(gone)
        noted = (disk / "revoked.journal").read_text().splitlines()
        assert {t["id"] for t in gone} <= {line.split()[1] for line in noted if line.startswith("revoked ")}


def test_a_restart_on_a_full_disk_says_why_or_serves(tmp_path):
    """Killed on a full disk, patd is started again before anybody made space: it serves, or says what is wrong; verification
    does not stop in either case, and with space it serves."""
    with small_disk(tmp_path / "data", 4096, mode="0700") as disk, Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        kept = [ada.generate(f"kept-{n}") for n in range(20)]
        ballast = fill(disk, leave_kib=16)
        made, refusal = generate_until_refused(ada, "filling")
        check_refused(refusal)
        fill(disk)
        kept += made
        product.kill()
        check_accepted(product, kept)
        try:
            product.start()
        except AssertionError as ended:
            assert "No space left on device" in str(ended) or "full" in str(ended), ended
        check_accepted(product, kept)
        ballast.unlink()
        if product.process.poll() is not None:
            product.start()
        check_accepted(product, kept)
        assert ada.generate("after")["state"] == "live"


def test_a_full_index_refuses_new_tokens_and_leaves_nothing_behind(tmp_path):
    """The folder of the index is a tmpfs that others may fill. No SIGBUS: patd and nginx live on."""
    with small_runtime(12288) as run:
        with Product(tmp_path, runtime_dir=str(run / "patd"), **MANY) as product:
            ada = product.set_up()
            nginx = (run / "patd" / "nginx.pid").read_text()
            kept = [ada.generate(f"kept-{n}") for n in range(10)]
            ballast = fill(run)
            made, refusal = generate_until_refused(ada, "filling")
            check_refused(refusal)
            kept += made
            listed = states(ada)
            assert "live" not in [listed[i] for i in listed if i not in {t["id"] for t in kept}]
            check_accepted(product, kept)
            # What needs no new memory works.
            assert ada.revoke(kept[0]["id"]).status == 200
            assert product.get("/verify", token=kept[0]["token"]).status == 401
            # Another token may still find room, in another part of the index; each is told for certain.
            refused = 1
            for n in range(60):
                answer = ada.call("POST", "/api/v1/tokens", body(f"more-{n}"))
                if answer.status == 201:
                    kept.append(answer.json)
                else:
                    check_refused(answer)
                    refused += 1
            assert refused > 3
            check_accepted(product, kept[1:])
            assert product.process.poll() is None
            assert (run / "patd" / "nginx.pid").read_text() == nginx

            # Space returns. The refused name was never used up.
            ballast.unlink()
            fresh = ada.call("POST", "/api/v1/tokens", body(f"filling-{len(made)}"))
            assert fresh.status == 201, fresh
            kept = kept[1:] + [fresh.json]
            check_accepted(product, kept)
            # A refused token is no live token: not before a restart, not after.
            product.kill()
            product.start()
            check_accepted(product, kept)
            listed = states(ada)
            assert {i for i, state in listed.items() if state == "live"} == {t["id"] for t in kept}
            assert product.process.poll() is None


def test_a_restart_without_memory_for_a_second_index_says_so(tmp_path):
    """A new index is made beside the one in force. Without room for both patd says so and ends; the old one serves."""
    with small_runtime(12288) as run:
        with Product(tmp_path, runtime_dir=str(run / "patd"), **MANY) as product:
            ada = product.set_up()
            token = ada.generate("kept")
            ballast = fill(run)
            product.kill()
            with pytest.raises(AssertionError, match="No space left on device"):
                product.start()
            assert product.get("/verify", token=token["token"]).status == 200
            ballast.unlink()
            product.start()
            assert product.get("/verify", token=token["token"]).status == 200
            assert ada.revoke(token["id"]).status == 200
            assert product.get("/verify", token=token["token"]).status == 401


def test_a_password_change_on_a_full_disk_changes_nothing(tmp_path):
    with small_disk(tmp_path / "data", 4096, mode="0700") as disk, Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        ballast = fill(disk, leave_kib=16)
        generate_until_refused(ada, "filling")
        fill(disk)
        # Smaller changes than a token may fit into the last page; fill that, too.
        for _ in range(200):
            ready = ada.call("GET", "/readyz")
            if ready.status == 503 and ready.json["reasons"] == ["store"]:  # the files product's database needs more room
                break
            time.sleep(0.05)
        answer = ada.call("POST", "/api/v1/password", {"current_password": PASSWORD, "new_password": PASSWORD + " new"})
        check_refused(answer)
        ballast.unlink()
        assert product.sign_in().id == ada.id


def upload_until_refused(files, content):
    """(how many were kept, the refusal)."""
    for n in range(1000):
        answer = files.call("POST", "/files", content, headers={"Content-Type": "application/json"})
        if answer.status != 201:
            return n, answer
    raise AssertionError("the disk never got full")


def test_files_leave_what_revoking_needs(tmp_path):
    """Somebody uploads, comments and adds images until all of it is refused: tokens are generated and revoked as before, and
    what is purged makes room again."""
    with small_disk(tmp_path / "data", 64 << 10, mode="0700") as disk, \
            Product(tmp_path, files_reserve_mib=16, files_team_mib=0, **MANY) as product:
        ada = product.set_up()
        token = ada.generate("to be revoked")
        files = Files(ada)
        held = files.upload(document())
        thread = files.ok("POST", f"/files/{held['key']}/comments", {"message": "before"}, 201)["id"]
        kept, refusal = upload_until_refused(files, large(4))
        assert kept >= 3
        assert (refusal.status, refusal.json["reason"]) == (507, "storage_reserved"), refusal
        small, refusal = upload_until_refused(files, large(0.2))
        assert refusal.status == 507, refusal
        space = os.statvfs(disk)
        assert space.f_bavail * space.f_frsize > 8 << 20, "the reserve is for the other database"
        fill(disk, leave_kib=15 << 10)  # as if others took of it
        comment = {"message": "x" * 5000}
        grow = [("POST", "/comments", comment), ("POST", "/reactions", {"comment_id": thread, "emoji": ":eyes:"}),
                ("PUT", "/shares", {"email": "nobody@acme.org", "role": "viewer"}), ("POST", "/images", png(2, 2)),
                ("POST", "/versions", b"{}")]
        for method, path, body_ in grow:
            answer = files.call(method, f"/files/{held['key']}{path}", body_, headers={"Content-Type": "application/json"})
            if path == "/shares":  # judged before: nobody has the address
                assert answer.status == 422, answer
            else:
                assert (answer.status, answer.json["reason"]) == (507, "storage_reserved"), (path, answer)
        assert becomes_ready(product, 200) == {"status": "ready"}
        assert ada.revoke(token["id"]).status == 200
        assert product.get("/verify", token=token["token"]).status == 401
        more = [ada.generate(f"more {n}") for n in range(20)]
        for each in more:
            assert ada.revoke(each["id"]).status == 200
        # Everything is there to be read, and to be removed.
        assert len(files.list(limit=100)) == kept + small + 2
        assert files.call("DELETE", f"/files/{held['key']}/comments/{thread}").status == 204
        files.trash(held["key"])
        assert files.call("POST", f"/files/{held['key']}/purge").status == 204

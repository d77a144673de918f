# SPDX-License-Identifier: Apache-2.0
"""The whole product with its store on a PostgreSQL server: the journey, a server that crashes, servers that will not do, and
moving there and back.

PATD_TEST_LONG=1: ten times as many crashes.
"""
import os
import random
import re
import shutil
import signal
import subprocess
import time

import pytest

from kill_history import History, Verifier, Writer, check_every_token, check_list, check_store
from postgres import Postgres
from product import Product, free_port
from test_portal import PORTAL, Backend, follow, imported, orders

CRASHES = 60 if os.environ.get("PATD_TEST_LONG") else 6
MANY = {"tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "access_log": "off"}


@pytest.fixture(scope="module")
def server():
    with Postgres() as pg:
        yield pg


@pytest.fixture
def pg(server):
    """The server, with an empty database."""
    server.sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION patd")
    return server


def at_start(product):
    """What `patd run` does that is expected to end by itself."""
    return subprocess.run(product.arguments("run"), capture_output=True, text=True, timeout=60, env=product.env)


def refusal(folder, url, **settings):
    """What `patd run` and `patd check` say of a store they refuse."""
    product = Product(folder, store=url, **settings)
    product.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ran = at_start(product)
    checked = product.patd("check")
    assert ran.returncode == 1 and checked.returncode == 1, (ran.stdout, checked.stdout)
    assert ran.stderr.splitlines()[-1] == checked.stderr.splitlines()[-1]
    assert not (product.data / "row.key").exists() or settings
    return ran.stderr.splitlines()[-1]


def test_a_token_from_its_making_to_its_end(tmp_path, pg):
    with Product(tmp_path, store=pg.url) as product:
        ada = product.set_up()
        token = ada.generate("CI")
        assert product.get("/v1/me", token=token["token"]).status == 200
        product.stop()
        product.start()
        assert product.get("/v1/me", token=token["token"]).status == 200
        assert [t["id"] for t in ada.call("GET", "/api/v1/tokens").json["tokens"]] == [token["id"]]
        assert ada.revoke(token["id"]).status == 200
        assert product.get("/v1/me", token=token["token"]).status == 401
        product.kill()
        product.start()
        assert product.get("/v1/me", token=token["token"]).status == 401
        assert pg.sql("SELECT count(*) FROM token WHERE state = 1") == "1"
        assert not (product.data / "patd.db").exists()


def test_a_products_own_person_from_the_first_link_to_the_end_of_the_service(tmp_path, pg):
    with Product(tmp_path, store=pg.url) as product:
        product.set_up()
        imported(product, tmp_path)
        shop = Backend(product, "shop", *PORTAL)
        used = shop.code(email="grace@navy.example")
        assert follow(product, used).status == 201 and follow(product, used).status == 403
        unused = shop.code()
        grace = shop.visit()
        token = grace.generate("CI", ["orders:read"])["token"]
        product.kill()
        product.start()
        assert orders(product, token).headers["X-Pat-User"] == "shop:u-1"
        assert grace.call("GET", "/api/v1/session").json["portal"]["title"] == "The Shop"
        assert pg.sql("SELECT count(*) FROM portal_person") == "1"
        assert product.patd("service", "remove", "shop").returncode == 0
        assert grace.call("GET", "/api/v1/session").status == 401
        assert follow(product, unused).status == 403
        assert orders(product, token).status == 401


def test_without_its_server_the_edge_goes_on_and_changes_wait(tmp_path, pg):
    with Product(tmp_path, store=pg.url) as product:
        ada = product.set_up()
        token = ada.generate("CI")
        pg.crash()
        assert product.get("/verify", token=token["token"]).status == 200
        for answer in (ada.call("POST", "/api/v1/tokens", {"name": "x", "scopes": ["current_user:read"], "expires_in_days": 3}),
                       ada.revoke(token["id"]), ada.call("GET", "/api/v1/tokens")):
            assert answer.status == 503 and answer.json["reason"] == "unavailable", answer
            assert answer.headers["Content-Type"] == "application/problem+json" and answer.headers["Retry-After"]
        assert product.get("/verify", token=token["token"]).status == 200
        ready = product.get("/readyz")
        assert ready.status == 503 and "store" in ready.body.decode()
        pg.start()
        end = time.monotonic() + 10
        while (answer := ada.revoke(token["id"])).status != 200:
            assert answer.status == 503 and time.monotonic() < end, answer
            time.sleep(0.1)
        assert product.get("/verify", token=token["token"]).status == 401
        events = [line["event"] for line in product.log()]
        assert events.count("store.lost") == 1 and events.count("store.regained") == 1, events


def test_a_server_that_crashes_again_and_again_loses_nothing(tmp_path, pg):
    seed = int(os.environ.get("PATD_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
    print(f"seed {seed}")
    dice = random.Random(seed)
    with Product(tmp_path, store=pg.url, **MANY) as product:
        ada = product.set_up()
        history = History(owner=str(ada.id), unsure=True)
        writers = [Writer(history, product, seed + i, ada, f"writer-{i}") for i in range(3)]
        verifiers = [Verifier(history, product, seed + 10 + i) for i in range(2)]
        for actor in writers + verifiers:
            actor.start()
        for _ in range(CRASHES):
            time.sleep(dice.uniform(0.3, 0.9))
            history.count["crashes with a change in flight"] += any(w.in_flight for w in writers)
            pg.crash()
            time.sleep(dice.uniform(0, 0.3))
            pg.start()
        time.sleep(1)
        for actor in writers + verifiers:
            actor.end()
        print(f"{dict(history.count)}; violations {len(history.violations)}")
        assert not history.violations, f"seed {seed}\n" + "\n".join(history.violations[:20])
        assert history.count["crashes with a change in flight"] > 0
        for what in ("accepted", "refused", "created", "revoked"):
            assert history.count[what] > CRASHES, what
        found = check_list(history, ada)
        check_every_token(history, verifiers[0])
        assert product.stop() == 0
        # The books balance, by the same checks as an SQLite store's: on a copy.
        copied = product.patd("store", "copy", pg.url, str(tmp_path / "copy.db"))
        assert copied.returncode == 0, copied.stderr
        check_store(tmp_path / "copy.db", found, pruned=True)
        product.start()
        check_every_token(history, verifiers[0])


# ---- Servers that will not do.

def test_a_standby_is_refused(tmp_path, pg):
    with Postgres(data_from=pg) as standby:
        assert "standby" in refusal(tmp_path, standby.url)


@pytest.mark.parametrize("setting, words", [("synchronous_commit = off", "synchronous_commit is off"),
                                            ("default_transaction_read_only = on", "read-only")])
def test_a_server_that_may_forget_is_refused(tmp_path, pg, setting, words):
    name = setting.split()[0]
    pg.sql(f"ALTER ROLE patd SET {setting}")
    try:
        assert words in refusal(tmp_path, pg.url)
    finally:
        pg.sql(f"ALTER ROLE patd RESET {name}")


def test_a_check_asks_the_server_before_there_is_a_data_folder(tmp_path, pg):
    for url, status in ((pg.url, 0), ("postgresql://127.0.0.1:1/patd", 1)):
        checked = Product(tmp_path, store=url).patd("check")
        assert checked.returncode == status, checked.stderr
        assert ("port 1" in checked.stderr) == bool(status)
    assert pg.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == "0"


class Pooler:
    """pgbouncer in front of the server."""

    def __init__(self, folder, pg, mode, **settings):
        self.port = free_port()
        lines = ["[databases]", f"patd = host={pg.folder} dbname=patd user=patd", "[pgbouncer]", f"pool_mode = {mode}",
                 "listen_addr = 127.0.0.1", f"listen_port = {self.port}", "auth_type = any", "unix_socket_dir =",
                 *(f"{k} = {v}" for k, v in settings.items())]
        folder.chmod(0o755)
        self.config = folder / f"{mode}.ini"
        self.config.write_text("\n".join(lines) + "\n")
        self.url = f"postgresql://patd@127.0.0.1:{self.port}/patd?sslmode=disable"

    def __enter__(self):
        from postgres import become_postgres
        self.process = subprocess.Popen(["/usr/sbin/pgbouncer", "-q", str(self.config)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, preexec_fn=become_postgres)
        import socket
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return self
            except OSError:
                assert self.process.poll() is None
                time.sleep(0.02)
        raise AssertionError("pgbouncer did not start")

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=10)


@pytest.fixture
def public_folder(pg):
    """A folder that the pooler's user can read."""
    folder = pg.folder / f"pooler-{time.monotonic_ns()}"
    folder.mkdir(mode=0o755)
    return folder


@pytest.mark.parametrize("settings", [{}, {"server_round_robin": 1, "min_pool_size": 4}], ids=["last", "round robin"])
def test_a_pooler_in_transaction_mode_is_refused(tmp_path, pg, public_folder, settings):
    with Pooler(public_folder, pg, "transaction", **settings) as pooler:
        assert "pooler in transaction mode" in refusal(tmp_path, pooler.url)


def test_a_pooler_in_session_mode_will_do(tmp_path, pg, public_folder):
    with Pooler(public_folder, pg, "session") as pooler, Product(tmp_path, store=pooler.url) as product:
        token = product.set_up().generate("CI")
        assert product.get("/v1/me", token=token["token"]).status == 200


@pytest.mark.parametrize("first, second", [(0, 0), (0, 10), (10, 0)])
def test_a_second_patd_is_refused_where_one_is_alone(tmp_path, pg, first, second):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    with Product(tmp_path / "one", store=pg.url, lease_seconds=first):
        ran = at_start(Product(tmp_path / "two", store=pg.url, lease_seconds=second))
        assert ran.returncode == 1 and "in use by another patd" in ran.stderr


def test_a_new_row_key_does_not_take_over_a_database(tmp_path, pg):
    with Product(tmp_path, store=pg.url) as product:
        product.set_up()
        product.stop()
        (product.data / "row.key").unlink()
        ran = at_start(product)
        assert ran.returncode == 1 and "restore the key from a backup" in ran.stderr
        assert not (product.data / "row.key").exists()
        product.process = None


def test_a_role_that_may_only_change_rows_will_do(tmp_path, pg):
    """The owner makes the schema; patd runs as a role that cannot change it."""
    with Product(tmp_path, store=pg.url) as product:
        product.set_up()
    pg.sql("DROP ROLE IF EXISTS rows_only", database="postgres")
    pg.sql("CREATE ROLE rows_only LOGIN", database="postgres")
    pg.sql("GRANT USAGE ON SCHEMA public TO rows_only; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO rows_only;"
           "REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    url = pg.url.replace("patd@", "rows_only@")
    with pytest.raises(AssertionError, match="must be owner"):
        pg.run("psql", "-h", pg.folder, "-U", "rows_only", "-d", "patd", "-Atqc", "ALTER TABLE token ADD COLUMN x int")
    with pytest.raises(AssertionError, match="permission denied"):
        pg.run("psql", "-h", pg.folder, "-U", "rows_only", "-d", "patd", "-Atqc", "CREATE TABLE x (x int)")
    with Product(tmp_path, store=url) as product:
        ada = product.sign_in()
        token = ada.generate("rows only")
        assert product.get("/verify", token=token["token"]).status == 200
        assert ada.revoke(token["id"]).status == 200
        assert product.get("/verify", token=token["token"]).status == 401


def certificate(folder, name):
    """A key and a certificate of its own for localhost, as the server's user can read them."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"], check=True, capture_output=True)
    os.chmod(folder / f"{name}.key", 0o600)
    if os.geteuid() == 0:
        shutil.chown(folder / f"{name}.key", "postgres", "postgres")
    return folder / f"{name}.crt"


def test_the_servers_certificate_is_checked(tmp_path, pg):
    good, bad = certificate(pg.folder, "good"), certificate(tmp_path, "bad")
    port = free_port()
    pg.crash()
    pg.options = ["-c", "ssl=on", "-c", f"ssl_cert_file={good}", "-c", f"ssl_key_file={pg.folder}/good.key"]
    try:
        pg.start(port)
        for trusted in (f"sslrootcert={bad}", "sslrootcert=/nowhere.crt"):
            words = refusal(tmp_path / trusted[-7:-4], f"postgresql://patd@localhost:{port}/patd?{trusted}")
            assert "certificate" in words, words
        assert "certificate" in refusal(tmp_path / "ip", f"postgresql://patd@127.0.0.1:{port}/patd?sslrootcert={good}")  # not its name
        (tmp_path / "good").mkdir()
        with Product(tmp_path / "good", store=f"postgresql://patd@localhost:{port}/patd?sslrootcert={good}") as product:
            token = product.set_up().generate("by TLS")
            assert product.get("/verify", token=token["token"]).status == 200
    finally:
        pg.crash()
        pg.options = []
        pg.start()


# ---- Moving.

def test_an_installation_moves_there_and_back(tmp_path, pg):
    sqlite = str(tmp_path / "data" / "patd.db")
    with Product(tmp_path) as product:
        ada = product.set_up()
        kept, gone = ada.generate("kept"), ada.generate("gone")
        ada.revoke(gone["id"])
        refused = product.patd("store", "copy", sqlite, pg.url)
        assert refused.returncode == 1 and "in use" in refused.stderr
        product.stop()
        copied = product.patd("store", "copy", sqlite, pg.url)
        assert copied.returncode == 0, copied.stderr
        assert re.search(r"^ +2 tokens$", copied.stdout, re.M) and "compared" in copied.stdout, copied.stdout
        again = product.patd("store", "copy", sqlite, pg.url)
        assert again.returncode == 1 and "not empty" in again.stderr

        product.settings["store"] = pg.url
        product.start()
        assert ada.call("GET", "/api/v1/session").status == 200
        assert product.get("/v1/me", token=kept["token"]).status == 200
        assert product.get("/v1/me", token=gone["token"]).status == 401
        new = ada.generate("made on the server")
        product.stop()

        back = str(tmp_path / "back.db")
        assert product.patd("store", "copy", pg.url, back).returncode == 0
        product.settings["store"] = back
        product.start()
        for token, status in ((kept, 200), (gone, 401), (new, 200)):
            assert product.get("/v1/me", token=token["token"]).status == status


@pytest.mark.parametrize("words", [(), ("copy",), ("copy", "a"), ("copy", "a", "b", "c"), ("move", "a", "b")])
def test_a_wrong_store_command_explains(tmp_path, words):
    product = Product(tmp_path)
    wrong = product.patd("store", *words)
    assert wrong.returncode == 2 and "usage: patd store" in wrong.stderr


def test_a_copy_of_nothing_or_without_its_key_is_refused(tmp_path):
    product = Product(tmp_path)
    product.data.mkdir(mode=0o700)
    missing = product.patd("store", "copy", str(tmp_path / "no.db"), str(tmp_path / "to.db"))
    assert missing.returncode == 1 and "row.key" in missing.stderr
    (tmp_path / "other").mkdir()
    with Product(tmp_path / "other") as other:
        other.set_up()
        other.stop()
        missing = other.patd("store", "copy", str(tmp_path / "no.db"), str(tmp_path / "to.db"))
        assert missing.returncode == 1 and "there is no store" in missing.stderr
        assert not (tmp_path / "no.db").exists() and not (tmp_path / "to.db").exists()


def test_a_password_is_neither_printed_nor_logged(tmp_path, pg):
    url = pg.url.replace("patd@", "patd:Pass-w0rd@")
    with Product(tmp_path, store=url) as product:
        product.set_up()
        checked = product.patd("check")
        assert checked.returncode == 0 and "store = postgresql://***@/patd?***" in checked.stdout
        pg.crash()
        product.get("/readyz")
        pg.start()
        for text in (checked.stdout, checked.stderr, product.stderr(), (product.folder / "out").read_text()):
            assert "Pass-w0rd" not in text
    for wrong in ("postgresql://ann:Pass-w0rd/x@h/patd", "postgresql://ann:Pass-w0rd@127.0.0.1:1/patd?sslmode=disable",
                  "postgresql://ann:Pass-w0rd@[::1/patd", "postgresql://ann:Pass-w0rd%zz@h/patd"):
        assert "Pass-w0rd" not in refusal(tmp_path / "wrong", wrong)

# SPDX-License-Identifier: Apache-2.0
"""nginx under `patd run` is killed or reloaded: it comes back by itself, and no verdict is wrong before, during, after."""
import os
import pathlib
import random
import signal
import time

import pytest

from kill_history import History, Verifier, Writer, check_every_token, check_list, exchange
from product import Product

MANY = {"tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "access_log": "off"}


def master_of(product):
    """The pid of the product's nginx; 0 while there is none."""
    try:
        return int((product.runtime / "nginx.pid").read_text() or 0)
    except FileNotFoundError:
        return 0


def stat_of(pid):
    """(state, parent, process group), or None when there is no such process."""
    try:
        rest = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return rest[0], int(rest[1]), int(rest[2])


def group(pgid):
    """Living processes of a process group: a master and its workers."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        stat = stat_of(entry.name) if entry.name.isdigit() else None
        if stat and stat[2] == pgid and stat[0] != "Z":
            found.append(int(entry.name))
    return found


def workers_of(master):
    return [pid for pid in group(master) if pid != master and (stat_of(pid) or (0, 0))[1] == master]


def until(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.01)
    return False


class Tolerant(Verifier):
    """Counts connections that nobody answered; a killed nginx can not do better. Verdicts are judged as ever."""

    def verify(self, token):
        try:
            super().verify(token)
        except (ConnectionError, TimeoutError):
            self.history.count["no answer"] += 1


class TolerantWriter(Writer):
    def call(self, *words, **kw):
        try:
            return super().call(*words, **kw)
        except (ConnectionError, TimeoutError):
            self.history.count["no answer"] += 1
            return None, "no answer"


class Load:
    """Clients at work around a test's body; what they saw is judged at the end."""

    def __init__(self, product, verifier=Verifier, writer=Writer):
        self.product, self.person = product, product.set_up()
        self.history = History(owner=str(self.person.id))
        dice = random.randrange(1 << 32)
        print(f"seed {dice}")
        self.actors = [verifier(self.history, product, dice), verifier(self.history, product, dice + 1),
                       writer(self.history, product, dice + 2, self.person, "one"),
                       writer(self.history, product, dice + 3, self.person, "two")]

    def __enter__(self):
        for actor in self.actors:
            actor.start()
        return self

    def __exit__(self, kind, *exc):
        for actor in self.actors:
            actor.end()
        if kind is not None:
            return
        print(dict(self.history.count))
        assert not self.history.violations, "\n".join(self.history.violations[:20])
        for what in ("accepted", "refused", "created", "revoked"):
            assert self.history.count[what] > 20, what
        check_list(self.history, self.person)
        check_every_token(self.history, self.actors[0])


def verifies(product):
    try:
        return exchange(product.port, b"GET /verify HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")[0] == 401
    except OSError:
        return False


def test_a_killed_worker_is_replaced(tmp_path):
    with Product(tmp_path, **MANY) as product, Load(product, Tolerant, TolerantWriter):
        master = master_of(product)
        for _ in range(10):
            before = workers_of(master)
            os.kill(random.choice(before), signal.SIGKILL)
            assert until(lambda: len(workers_of(master)) == 2 and set(workers_of(master)) != set(before))
            time.sleep(0.1)
        assert master_of(product) == master


@pytest.mark.parametrize("taken_over", [False, True], ids=["own", "taken over"])
def test_a_killed_master_is_replaced_with_all_its_workers(tmp_path, taken_over):
    """Its workers live on as orphans and hold the port: patd ends them, and starts a new nginx."""
    with Product(tmp_path, **MANY) as product, Load(product, Tolerant, TolerantWriter) as load:
        if taken_over:
            product.kill()
            product.start()
        for _ in range(3):
            master = master_of(product)
            assert len(workers_of(master)) >= 2
            time.sleep(0.3)
            os.kill(master, signal.SIGKILL)
            assert until(lambda: master_of(product) not in (0, master) and len(workers_of(master_of(product))) == 2), \
                product.stderr()[-2000:]
            assert until(lambda: not group(master)), "workers of the killed master are left"
            assert until(lambda: verifies(product))
            # The new one is watched in its turn, and knows what is revoked.
            token = load.person.generate(f"after {master}")
            assert product.get("/verify", token=token["token"]).status == 200
            assert load.person.revoke(token["id"]).status == 200
            assert product.get("/verify", token=token["token"]).status == 401
    # What load clients saw is judged above.


def test_an_nginx_killed_while_patd_is_away_is_started_anew(tmp_path):
    """Both are killed, in either order; orphaned workers verify on, and hold the port, until patd is back."""
    with Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        token = ada.generate("kept")
        master = master_of(product)
        product.kill()
        os.kill(master, signal.SIGKILL)
        assert product.get("/verify", token=token["token"]).status == 200
        product.start()
        assert until(lambda: not group(master)), "workers of the killed master are left"
        assert product.get("/verify", token=token["token"]).status == 200
        assert ada.revoke(token["id"]).status == 200
        assert product.get("/verify", token=token["token"]).status == 401


def test_a_reload_of_nginx_refuses_nobody(tmp_path):
    """SIGHUP under load: not one refused connection, not one wrong verdict, in old workers or new ones."""
    with Product(tmp_path, **MANY) as product, Load(product):
        master = master_of(product)
        for _ in range(25):
            before = workers_of(master)
            os.kill(master, signal.SIGHUP)
            assert until(lambda: len(set(workers_of(master)) - set(before)) == 2)
            time.sleep(0.1)
        assert master_of(product) == master


def test_patd_killed_while_it_starts_nginx_starts_the_next_time(tmp_path):
    """Nothing runs yet; patd is killed 0 to 60 ms after it was started, and started again at once."""
    dice = random.Random(1)
    for n in range(12):
        folder = tmp_path / str(n)
        folder.mkdir()
        product = Product(folder)
        product.start(wait=False)
        time.sleep(dice.uniform(0.005, 0.06))
        product.kill()
        with product:  # starts it, and waits until it serves
            ada = product.set_up()
            token = ada.generate("first")
            assert product.get("/verify", token=token["token"]).status == 200

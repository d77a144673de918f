# SPDX-License-Identifier: Apache-2.0
"""What a token is used for: told by the edge through its rings, added up by patd, stored every ten seconds, shown to its owner.

Nothing of it is the request's: a token is not written about when it is used, and is not refused because of how it is.
"""
import base64
import concurrent.futures
import datetime
import http.client
import mmap
import os
import re
import signal
import struct
import time

import pytest

from product import Product
from tools import SCOPE, await_event, edge_pids, edit, events, rows

READS = ["current_user:read", "file_content:read", "file_metadata:read"]
CURL = {"User-Agent": "curl/7.88.1"}
PYTHON = {"User-Agent": "python-requests/2.28.1"}
RINGS, USES, HEADS_AT, HEAD_BYTES = 64, 8192, 4096, 128  # src/index/ring.h


def usage(person, token, until=lambda u: True, seconds=25):
    """What is known of a token, once `until` holds: patd stores what it was told every ten seconds."""
    end = time.monotonic() + seconds
    while True:
        answer = person.call("GET", f"/api/v1/tokens/{token['id']}/usage")
        assert answer.status == 200, answer
        if until(answer.json):
            return answer.json
        assert time.monotonic() < end, answer.json
        time.sleep(0.2)


def told(u):
    return sum(o["count"] for o in u["operations"])


def use(product, token, path="/v1/me", n=1, headers=CURL, **kw):
    for _ in range(n):
        answer = product.get(path, token=token["token"], headers=headers, **kw)
    return answer


# ---- What is told. All tokens are used before anybody waits.

def at(address, headers=CURL):
    return {**headers, "X-Forwarded-For": address}


# What is asked for with each, one after the other: path, headers, and the status.
PLAIN = {
    "counted": [("/v1/me", CURL, 200)] * 3 + [
        ("/v1/files/nokey/meta", CURL, 404), ("/v1/files/nokey/meta/", CURL, 404),  # the product's own no: the gate let it pass
        ("/v1/teams/1/projects", CURL, 403),  # projects:read, which it has not: refused, and no use
        ("/v1/nothing", CURL, 404)],  # no operation, and no use
    "live": [("/v1/me", CURL, 200)] * 2,
    "verified": [("/verify", at("192.0.2.77"), 200)],
    "verified for a product": [("/verify/files", {**at("192.0.2.77, 127.0.0.1"), "X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/v1/me?x=1"}, 200)],
    "asked by Envoy": [("/ext_authz/files/v1/files/x/meta", at("192.0.2.77"), 200)],
    "about itself": [("/v1/me", CURL, 200), ("/api/v1/self", CURL, 200)],
}
AGENTS = {  # as it is sent, what is kept of it, and its first word
    "none": (None, None, None),
    "long": ("x" * 500, "x" * 60, "x" * 31),
    "markup": ("<script>alert(1)</script>/1", "<script>alert(1)</script>/1", "<script>alert"),
    "letters": ("b\xe9b\xe9/1 \x7f", "b?b?/1 ?", "b?b?"),
    "browser": ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)", "Mozilla"),
}
# A use is put into the ring of whichever worker serves it, and rings are read one after the other: a second lies between steps.
TWO = {
    "two programs": [CURL, PYTHON, CURL, PYTHON],
    "two networks": [at("192.0.2.1"), at("198.51.100.1"), at("192.0.2.9")],  # .9 is in the network of .1
}
ONE = {
    "who has moved does not come back": [at("192.0.2.1"), at("192.0.2.1"), at("198.51.100.1"), at("198.51.100.1")],
    "who was replaced does not come back": [at("192.0.2.1"), at("192.0.2.1"), at("192.0.2.1", PYTHON), at("192.0.2.1", PYTHON)],
    "IPv4 and IPv6 are one machine's": [at("192.0.2.1"), at("2001:db8::1"), at("192.0.2.1"), at("2001:db8::1")],
}


def use_as(product, token, agent):
    connection = http.client.HTTPConnection("127.0.0.1", product.port)
    connection.putrequest("GET", "/v1/me")
    connection.putheader("X-Figma-Token", token["token"])
    if agent is not None:
        connection.putheader("User-Agent", agent.encode("latin-1"))
    connection.endheaders()
    assert connection.getresponse().status == 200, agent
    connection.close()


@pytest.fixture(scope="module")
def used(shared):
    """What is known of each token, by its name, once everything has been told."""
    made = {name: shared.ada.generate(name, READS) for name in (*PLAIN, *AGENTS, *TWO, *ONE)}
    count = dict.fromkeys(made, 1)
    for name, requests in PLAIN.items():
        for path, headers, status in requests:
            assert shared.get(path, token=made[name]["token"], headers=headers).status == status, (name, path)
        count[name] = sum(status != 403 and path != "/v1/nothing" for path, _, status in requests)
    assert shared.get("/v1/me", token=made["counted"]["token"] + "x").status == 401
    for name, (agent, *_) in AGENTS.items():
        use_as(shared, made[name], agent)
    for step in range(4):
        for name, clients in (TWO | ONE).items():
            if step < len(clients):
                assert use(shared, made[name], headers=clients[step]).status == 200
                count[name] = step + 1
        time.sleep(1.1)
    shared.live = shared.ada.call("GET", f"/api/v1/tokens/{made['live']['id']}/usage").json
    shared.made = made
    return {name: usage(shared.ada, token, lambda u, name=name: told(u) == count[name]) for name, token in made.items()}


def test_nothing_is_known_of_a_token_that_was_never_used(shared):
    made = shared.ada.generate("never", READS)
    u = usage(shared.ada, made)
    today = datetime.datetime.now(datetime.timezone.utc).date()
    assert [d["date"] for d in u["days"]] == [str(today - datetime.timedelta(days=n)) for n in range(29, -1, -1)]
    assert not any(d["count"] for d in u["days"])
    assert u == {"days": u["days"], "operations": [], "scopes_used": [], "scopes_unused": READS, "scopes_known": False, "last_used": None,
                 "clients": [], "concurrent": None}


def test_operations_scopes_and_where_from(used):
    """By operation, with the scopes it takes; what is refused is no use, and with a slash at its end it is the same one."""
    u = used["counted"]
    assert [(o["product"], o["method"], o["operation"], o["count"], o["scopes"]) for o in u["operations"]] == [
        ("files", "GET", "/v1/me", 3, ["current_user:read"]), ("files", "GET", "/v1/files/{key}/meta", 2, ["file_metadata:read"])]
    assert (u["scopes_used"], u["scopes_unused"], u["scopes_known"]) == (["current_user:read", "file_metadata:read"], ["file_content:read"], True)
    assert u["days"][-1]["count"] == 5 and not any(d["count"] for d in u["days"][:-1])
    assert u["last_used"]["address"] == "127.0.0.1" and u["last_used"]["agent"] == "curl/7.88.1"
    assert [(c["network"], c["agent"]) for c in u["clients"]] == [("127.0.0.0/24", "curl")]
    assert u["concurrent"] is None
    assert max(o["last_used_at"] for o in u["operations"]) == u["last_used"]["at"]


def test_the_count_of_the_day_is_live(shared, used):
    """As in the list: what the cells know counts at once, and is not counted again when it is stored."""
    assert [u["days"][-1]["count"] for u in (shared.live, used["live"])] == [2, 2]


@pytest.mark.parametrize("name, operation, known", [
    ("verified", None, False),  # whoever asks is told the scopes, and may look at them
    ("verified for a product", "/v1/me", True),
    ("asked by Envoy", "/v1/files/{key}/meta", True),
])
def test_other_proxies_tell_for_whom(used, name, operation, known):
    """The address is the client's that a believed proxy names; where no scopes are judged, nobody can say what the token needs."""
    u = used[name]
    assert u["last_used"]["address"] == "192.0.2.77" and [c["network"] for c in u["clients"]] == ["192.0.2.0/24"]
    assert [o["operation"] for o in u["operations"]] == [operation] and u["scopes_known"] is known


def test_what_a_token_asks_about_itself_takes_no_scope(used):
    assert (used["about itself"]["scopes_used"], used["about itself"]["scopes_known"]) == ([SCOPE], True)


@pytest.mark.parametrize("name", AGENTS)
def test_whatever_agents_say_is_kept_as_a_short_line(used, name):
    _, line, word = AGENTS[name]
    assert used[name]["last_used"]["agent"] == line and used[name]["clients"][0]["agent"] == word


def test_not_another_persons(shared, used):
    """API-01: see also test_access.py. Ids that are none are not found either."""
    shared.add_person("grace@acme.org")
    grace = shared.sign_in("grace@acme.org")
    made = shared.made["counted"]
    for path in (f"/api/v1/tokens/{made['id']}/usage", "/api/v1/tokens/" + "0" * 32 + "/usage", "/api/v1/tokens/x/usage"):
        assert grace.call("GET", path).status == 404, path
    assert shared.ada.call("POST", f"/api/v1/tokens/{made['id']}/usage", {}).status == 405


def test_what_a_service_asks_about_is_not_judged_here(shared):
    """It is told the scopes and looks at them itself, so nobody can say which the token needs."""
    made = shared.ada.generate("introspected", READS)
    done = shared.patd("service", "add", "asker")
    assert done.returncode == 0, done.stderr
    secret = re.search(r"^\s*(\S{40,})\s*$", done.stdout, re.M)[1]
    answer = shared.call("POST", "/introspect", f"token={made['token']}", {
        "Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic " + base64.b64encode(f"asker:{secret}".encode()).decode()})
    assert answer.json["active"], answer
    use(shared, made)
    u = usage(shared.ada, made, lambda u: told(u) == 2)
    assert (u["scopes_used"], u["scopes_known"], len(u["clients"])) == ([SCOPE], False, 1)


# ---- One token, one integration.

@pytest.mark.parametrize("name, clients", [
    ("two programs", {("127.0.0.0/24", "curl"), ("127.0.0.0/24", "python-requests")}),
    ("two networks", {("192.0.2.0/24", "curl"), ("198.51.100.0/24", "curl")}),
])
def test_two_in_turns_are_told_of_and_never_refused(shared, used, name, clients):
    assert {(c["network"], c["agent"]) for c in used[name]["concurrent"]["clients"]} == clients
    assert use(shared, shared.made[name]).status == 200 and use(shared, shared.made[name], headers=PYTHON).status == 200


@pytest.mark.parametrize("name", ONE)
def test_these_are_not_two(used, name):
    assert used[name]["concurrent"] is None


# ---- What it costs, and what is lost.

def verify(product, token, n):
    """Asks n times, over four connections."""
    def some(_):
        connection = http.client.HTTPConnection("127.0.0.1", product.port)
        for _ in range(n // 4):
            connection.request("GET", "/verify", headers={"X-Figma-Token": token["token"], **CURL})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
        connection.close()
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(some, range(4)))


def writes(product):
    """System calls of patd's that wrote anything anywhere."""
    return int(re.search(r"syscw: (\d+)", open(f"/proc/{product.process.pid}/io").read())[1])


def test_no_write_for_a_verification(product):
    """However many there are, the store is written to as often as it is folded."""
    ada = product.set_up()
    made, n = ada.generate("busy", READS), 4000
    before, written = time.monotonic(), writes(product)
    verify(product, made, n)
    usage(ada, made, lambda u: told(u) == n)
    # A fold is two transactions of some writes each, and looking reads; a write for each use would be thousands.
    folds = (time.monotonic() - before) / 10 + 1
    assert writes(product) - written < 150 * folds, "for 4000 uses"


def test_a_full_ring_drops_and_disturbs_nobody(product):
    """While patd does not look, the rings fill up: what is dropped is counted and logged, every request is answered, and the
    count of uses is whole, because that is the cells'."""
    ada = product.set_up()
    made = ada.generate("flood")
    os.kill(product.process.pid, signal.SIGSTOP)
    n = 3 * USES
    try:
        verify(product, made, n)
    finally:
        os.kill(product.process.pid, signal.SIGCONT)
    dropped = int(await_event(product, "usage.dropped", seconds=25)["uses"])
    u = usage(ada, made, lambda u: told(u) == n - dropped)
    assert USES <= told(u) <= 2 * USES, "two workers, a ring each"
    assert u["days"][-1]["count"] == n
    assert u["scopes_known"] is False, "what was dropped may have been anything"


def test_it_is_kept_over_a_restart(product):
    ada = product.set_up()
    made = ada.generate("kept", READS)
    use(product, made, n=2)
    product.stop()
    product.start()
    u = usage(product.sign_in(), made)
    assert told(u) == 2 and u["days"][-1]["count"] == 2 and u["last_used"]["agent"] == "curl/7.88.1"


def test_killed_it_loses_what_was_not_stored_and_no_more(product):
    """kill -9: what was stored stays; what the edge goes on telling while nobody listens is in its ring when patd comes back,
    operations included, though these are a former policy's."""
    ada = product.set_up()
    made = ada.generate("killed", READS)
    use(product, made, n=2)
    usage(ada, made, lambda u: told(u) == 2)
    product.kill()
    use(product, made, "/verify", n=3)
    assert use(product, made, "/v1/me").status == 503  # the gate let it pass; the product is away
    product.start()
    ada = product.sign_in()
    u = usage(ada, made, lambda u: told(u) == 6)
    assert {o["operation"]: o["count"] for o in u["operations"]} == {"/v1/me": 3, None: 3}


def test_an_ended_worker_gives_its_ring_back(product):
    """nginx is reloaded and its workers are killed more often than there are rings."""
    ada = product.set_up()
    made = ada.generate("many workers")
    for n in range(8):
        _, workers = edge_pids(product)
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        end = time.monotonic() + 10
        while set(edge_pids(product)[1]) & set(workers) or len(edge_pids(product)[1]) < 2:
            assert time.monotonic() < end
            time.sleep(0.02)
    use(product, made, n=4)
    usage(ada, made, lambda u: told(u) == 4)
    with open(product.runtime / "rings", "rb") as f:
        f.seek(HEADS_AT)
        heads = f.read(RINGS * HEAD_BYTES)
    owners = [struct.unpack_from("<Q", heads, i * HEAD_BYTES)[0] for i in range(RINGS)]
    assert sum(o != 0 for o in owners) <= 4, "two workers', patd's own, and one that was just killed"


def test_a_worker_that_was_taken_over_harms_nobody(product):
    """It can write its rings as it likes: patd believes no number and no time, and reads no further than a ring."""
    ada = product.set_up()
    made = ada.generate("poisoned", READS)
    noise = os.urandom(RINGS * HEAD_BYTES)
    with open(product.runtime / "rings", "r+b") as f, mmap.mmap(f.fileno(), 0) as m:
        uses_at = HEADS_AT + RINGS * HEAD_BYTES
        for ring in range(RINGS):
            head = HEADS_AT + ring * HEAD_BYTES
            m[head:head + HEAD_BYTES] = noise[ring * HEAD_BYTES:(ring + 1) * HEAD_BYTES]
        time.sleep(2.5)
        for ring in range(2, RINGS):  # uses of garbage, from free rings
            head, at = HEADS_AT + ring * HEAD_BYTES, uses_at + ring * USES * 128
            tail = struct.unpack_from("<Q", m, head + 64)[0]
            m[at:at + 65536] = os.urandom(65536)
            struct.pack_into("<Q", m, head + 8, (tail + 500) % (1 << 64))
    time.sleep(2.5)
    assert product.process.poll() is None
    assert use(product, made).status == 200
    assert ada.call("GET", f"/api/v1/tokens/{made['id']}/usage").status == 200
    assert not events(product, "usage.not_stored")
    assert rows(product, "SELECT count(*) FROM usage_operation WHERE token NOT IN (SELECT number FROM token)") == [(0,)]
    assert rows(product, "SELECT count(*) FROM usage_last WHERE at > ?", int(time.time()) + 5) == [(0,)]


# ---- What is kept.

def test_addresses_are_not_kept_where_they_are_not_wanted(tmp_path):
    with Product(tmp_path, usage_addresses="no") as p:
        ada = p.set_up()
        made = ada.generate("private")
        for headers in (CURL, PYTHON, CURL):
            use(p, made, headers=headers)
            time.sleep(1.1)
        p.stop()
        p.start()
        u = usage(p.sign_in(), made)
        assert told(u) == 3
        assert (u["last_used"], u["clients"], u["concurrent"]) == (None, [], None)
        assert b"python-requests" not in b"".join(f.read_bytes() for f in p.data.glob("patd.db*"))


def test_it_is_forgotten_after_thirty_days(product):
    """The rows go, and are not shown in the meantime."""
    ada = product.set_up()
    made, other = ada.generate("old", READS), ada.generate("young", READS)
    use(product, made)
    use(product, other)
    product.stop()  # stores what it has
    number, = rows(product, "SELECT number FROM token WHERE name = 'old'")[0]
    for table in ("usage_day", "usage_operation", "usage_client", "usage_last"):
        assert edit(product, f"UPDATE {table} SET day = day - 30 WHERE token = ?", number) == 1, table
    product.start()
    ada = product.sign_in()
    u = usage(ada, made)
    assert (told(u), u["last_used"], u["clients"], sum(d["count"] for d in u["days"])) == (0, None, [], 0)
    end = time.monotonic() + 10
    while any(rows(product, f"SELECT 1 FROM {table} WHERE token = ?", number) for table in ("usage_day", "usage_operation", "usage_client", "usage_last")):
        assert time.monotonic() < end, "the housekeeper forgets soon after its start"
        time.sleep(0.1)
    assert told(usage(ada, other)) == 1

# SPDX-License-Identifier: Apache-2.0
"""Several nodes: how long changes take with 1, 3 and 8 of them, what they ask of the database, what a verification costs beside SQLite's, and how long
tokens take to load from PostgreSQL. The servers' files are on a tmpfs: what is measured is the protocol, not a disk."""
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import time

from edge import Edge
from nodes_cluster import Cluster
from postgres import Postgres
from product import Product

CAN = ["current_user:read"]


def quantiles(values):
    q = statistics.quantiles(values, n=100)
    return {"p50": 1000 * statistics.median(values), "p99": 1000 * q[98]}


def latencies(c, rounds):
    generated, revoked = [], []
    for i in range(rounds):
        began = time.monotonic()
        made = c.ada_at(i % c.n).generate(f"bench {c.n} {i}", CAN)
        generated.append(time.monotonic() - began)
        began = time.monotonic()
        assert c.ada_at((i + 1) % c.n).revoke(made["id"]).status == 200
        revoked.append(time.monotonic() - began)
    return {"generate": quantiles(generated), "revoke": quantiles(revoked)}


def transactions(server):
    return int(server.sql("SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = 'patd'"))


def asked(c, seconds, meanwhile):
    """Transactions a second, all nodes together; statistics reach the view a second late."""
    time.sleep(2)
    before, began = transactions(c.primary), time.monotonic()
    got = meanwhile(seconds)
    spent = time.monotonic() - began
    time.sleep(2)
    return (transactions(c.primary) - before - 1) / spent, got / spent


def worker(product):
    master = int((product.runtime / "nginx.pid").read_text())
    return [int(p) for p in pathlib.Path(f"/proc/{master}/task/{master}/children").read_text().split()][0]


def verifications(kinds, program, tokens, turns, ms):
    """Processor time of nginx's worker for a verification, in turns. Client and worker have a processor each: on one that they share, a
    worker finds more requests at once, and each is cheaper."""
    rows = {name: [] for name in kinds}
    for turn in range(turns):
        for name, (product, file) in sorted(kinds.items(), reverse=turn % 2 == 1):
            pid = worker(product)
            os.sched_setaffinity(pid, {Edge.cpu()})
            before = int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0])
            got = program("load", product.port, "/verify", file, tokens, 32, ms, cpus=Edge.other_cpus())
            rows[name].append((int(pathlib.Path(f"/proc/{pid}/schedstat").read_text().split()[0]) - before) / got["allowed"])
    return rows


def tokens_file(person, path, n):
    path.write_text("".join(person.generate(f"verified {i}", CAN)["token"] for i in range(n)))
    return path


def loading(places, program, tokens, say):
    """A store filled as SQLite's, copied, and loaded by a patd that starts."""
    folder = places.disk / "nodes-load"
    folder.mkdir()
    program("fill", folder / "data", tokens, tokens // 20)
    with Postgres(under="/var/tmp") as server:  # the build folder is not open to the user postgres
        p = Product(folder, store=server.url, tokens_total_max=max(2 * tokens, 1 << 20))
        began = time.monotonic()
        copied = subprocess.run(p.arguments("store", "copy", str(folder / "data" / "patd.db"), server.url), capture_output=True, text=True, env=p.env)
        assert copied.returncode == 0, copied.stderr
        say(f"nodes: {tokens:,} tokens copied in {time.monotonic() - began:.0f} s")
        p.start(wait=False)
        try:
            p.wait_ready(seconds=600)
            loaded = [json.loads(line) for line in p.stderr().splitlines() if '"index.loaded"' in line][-1]
        finally:
            p.stop()
    shutil.rmtree(folder)
    return {"tokens": int(loaded["tokens"]), "s": int(loaded["ms"]) / 1000}


def measure(places, program, quick, say):
    out = {"latency": {}}
    for n in (1, 3, 8):
        say(f"nodes: changes with {n}")
        with Cluster(places.memory / f"nodes-{n}", nodes=n, lease_seconds=10) as c:
            latencies(c, 10)
            out["latency"][n] = latencies(c, 40 if quick else 300)
            if n != 3:
                continue
            say("nodes: what three ask of the database")
            file = tokens_file(c.ada, places.memory / "nodes-tokens", 64)
            time.sleep(15)  # what was done before is told of, and counted, for a while
            out["idle_per_s"], _ = asked(c, 0, lambda s: time.sleep(10 if quick else 30) or 0)
            out["busy_per_s"], out["verifications_per_s"] = asked(
                c, 0, lambda s: program("load", c[0].port, "/verify", file, 64, 32, 10000 if quick else 30000)["allowed"])
            say("nodes: a verification beside SQLite's")
            (places.memory / "nodes-alone").mkdir()
            with Product(places.memory / "nodes-alone", edge_workers=1, access_log="off", files="no", tokens_live_max=100) as alone:
                kinds = {"sqlite": (alone, tokens_file(alone.set_up(), places.memory / "alone-tokens", 64)), "node": (c[0], file)}
                verifications(kinds, program, 64, 2, 300)
                rows = verifications(kinds, program, 64, 10 if quick else 60, 300)
            out["verification_ns"] = {name: statistics.median(r) for name, r in rows.items()}
            out["verification_ratio"] = statistics.median(s / n for s, n in zip(rows["sqlite"], rows["node"]))
    say("nodes: loading from PostgreSQL")
    out["loading"] = loading(places, program, 100_000 if quick else 10_000_000, say)
    return out

# SPDX-License-Identifier: Apache-2.0
"""patd is killed at any moment, again and again, while clients generate, rotate, revoke and verify through the real nginx.

Each time it is started over what the killed run left; nginx stays and is taken over. The rules of kill_history.py hold
all the while, verification is never interrupted, and at the end the store's books balance.

PATD_TEST_LONG=1: ten times as many kills; PATD_TEST_KILLS=n: so many. PATD_TEST_SEED=n: the dice of an earlier run (threads still race).
"""
import os
import random
import statistics
import time

from kill_history import History, Token, Verifier, Writer, check_every_token, check_list, check_store
from product import Product

KILLS = int(os.environ.get("PATD_TEST_KILLS") or (2000 if os.environ.get("PATD_TEST_LONG") else 200))
SEED = int(os.environ.get("PATD_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
MANY = {"tokens_live_max": 10000, "tokens_per_hour_max": 1000000, "access_log": "off"}


def restart(product, dice):
    """Starts patd over the killed run. Milliseconds until it serves, or None when it was killed on the way there."""
    out = product.folder / "out"
    before = out.stat().st_size
    product.out.close()
    product.err.close()
    began = time.monotonic()
    product.start(wait=False)
    killed_at = began + dice.uniform(0, 0.06) if dice.random() < 0.25 else None
    while True:
        now = time.monotonic()
        if out.stat().st_size > before:
            return (now - began) * 1000
        if killed_at is not None and now >= killed_at:
            product.kill()
            return None
        assert product.process.poll() is None, f"patd ended by itself: {product.stderr()[-2000:]}"
        assert now - began < 20, f"patd did not serve: {product.stderr()[-2000:]}"
        time.sleep(0.001)


def kill_again_and_again(product, writers, dice, count):
    """The campaign: `KILLS` kills, of which a quarter hits a patd that is still starting. Restart times in ms."""
    times = []
    for _ in range(KILLS):
        time.sleep(dice.uniform(0.0, 0.35) if dice.random() < 0.8 else 0)
        count["kills with a change in flight"] += any(w.in_flight for w in writers)
        product.kill()
        time.sleep(dice.choice((0, 0, 0, 0.01, 0.1)))
        while (ms := restart(product, dice)) is None:
            count["kills while starting"] += 1
        count["kills"] += 1
        times.append(ms)
    return times


def test_kill_at_any_moment_loses_nothing_and_interrupts_nothing(tmp_path):
    print(f"seed {SEED}")
    dice = random.Random(SEED)
    with Product(tmp_path, **MANY) as product:
        ada = product.set_up()
        history = History(owner=str(ada.id))
        writers = [Writer(history, product, SEED + i, ada, f"writer-{i}") for i in range(3)]
        verifiers = [Verifier(history, product, SEED + 10 + i) for i in range(2)]
        for actor in writers + verifiers:
            actor.start()
        began = time.monotonic()
        times = kill_again_and_again(product, writers, dice, history.count)
        seconds = time.monotonic() - began
        time.sleep(0.3)
        for actor in writers + verifiers:
            actor.end()
        print(f"{seconds:.0f} s, {dict(history.count)}; restart ms: median {statistics.median(times):.0f}, "
              f"95th {sorted(times)[len(times) * 95 // 100]:.0f}, worst {max(times):.0f}; violations {len(history.violations)}")
        assert not history.violations, f"seed {SEED}\n" + "\n".join(history.violations[:20])
        leftovers = list(product.runtime.glob("usage-*"))
        assert len(leftovers) <= 2, f"killed runs fill the tmpfs: {leftovers}"  # its own, and the former one's for 3 s
        # Not vacuous.
        assert history.count["kills"] == KILLS
        assert history.count["kills with a change in flight"] > KILLS / 3
        for what in ("create unacknowledged, done", "create unacknowledged, not done", "rotate unacknowledged, done", "revoke unacknowledged"):
            assert history.count[what] > 0, what
        for what in ("accepted", "refused", "created", "revoked"):
            assert history.count[what] > 2 * KILLS, what
        assert history.count["rotated"] > KILLS

        found = check_list(history, ada)
        check_every_token(history, verifiers[0])
        assert product.stop() == 0
        changes = check_store(product.data / "patd.db", found)
        assert changes >= history.count["created"] + history.count["revoked"] + 2 * history.count["rotated"]
        product.start()
        states = {k: t["state"] for k, t in check_list(history, ada).items()}
        assert states == {k: t["state"] for k, t in found.items()}
        check_every_token(history, verifiers[0])


def test_the_history_checker_sees_every_kind_of_wrong(tmp_path):
    """The judge is judged: each lie alone is a violation, and the truth is none."""
    def told(status, t0, t1, token_id="t", **times):
        history = History(owner="1")
        token = Token("pat_x", "t", 10)
        for name, value in times.items():
            setattr(token, name, value)
        history.judge(token, status, {"x-pat-token-id": token_id, "x-pat-user": "1"}, t0, t1)
        return len(history.violations)

    assert told(200, 11, 12) == 0
    assert told(401, 9, 10.5) == 0  # not yet acknowledged when it began
    assert told(401, 11, 12) == 1
    assert told(401, 11, 12, revoke_begun=12.5) == 1
    assert told(401, 11, 12, revoke_begun=11.5) == 0
    assert told(200, 11, 12, revoke_begun=10.5) == 0  # unacknowledged: either
    assert told(200, 11, 12, revoke_begun=10.5, revoke_acked=11.5) == 0
    assert told(200, 11.6, 12, revoke_begun=10.5, revoke_acked=11.5) == 1
    assert told(200, 11.6, 12, revoke_begun=10.5, seen_refused=11.5) == 1
    assert told(200, 11, 12, token_id="another") == 1
    assert told(503, 11, 12) == 1
    history = History()
    history.judge(None, 200, {}, 0, 1)
    history.judge(None, 401, {}, 0, 1)
    assert len(history.violations) == 1

# SPDX-License-Identifier: Apache-2.0
"""HAProxy with a script that asks, as docs/proxies.md has it."""
import shutil
import subprocess

import pytest

from proxies import Gate, World

HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"


def start(world, *more):
    script = world.file("patd.lua", "-- /etc/haproxy/patd.lua", *more)
    conf = world.file("haproxy.cfg", "# /etc/haproxy/haproxy.cfg", ("/etc/haproxy/patd.lua", script))
    checked = subprocess.run([HAPROXY, "-c", "-f", conf], capture_output=True, text=True)
    assert checked.returncode == 0 and "WARNING" not in checked.stderr, checked.stderr
    world.start(HAPROXY, "-db", "-f", conf)


@pytest.fixture(scope="module")
def w():
    with World() as world:
        start(world)
        yield world


class TestHaproxy(Gate):
    pass


def test_a_script_that_fails_lets_nobody_pass(w):
    """HAProxy goes on behind an action of Lua that has failed."""
    w.end()
    start(w, ("core.httpclient()", "nothing()"))
    w.reached()
    Gate().refused(w, 503, "unavailable", w.ask("/orders", token="reader"))
    assert "nothing" in w.said()

# SPDX-License-Identifier: Apache-2.0
"""Caddy with forward_auth, as docs/proxies.md has it."""
import shutil

import pytest

from proxies import Gate, World

CADDY = shutil.which("caddy") or "/usr/bin/caddy"


@pytest.fixture(scope="module")
def w():
    with World() as world:
        conf = world.file("Caddyfile", "# /etc/caddy/Caddyfile", (":8000 {", f":{world.port} {{"))
        # Its own state stays here, and its administration is nobody else's.
        world.start(CADDY, "run", "--config", conf, "--adapter", "caddyfile",
                    env={"CADDY_ADMIN": f"unix/{world.root}/admin", "XDG_DATA_HOME": str(world.root), "XDG_CONFIG_HOME": str(world.root)})
        yield world


class TestCaddy(Gate):
    pass

# SPDX-License-Identifier: Apache-2.0
"""Apache with mod_lua, as docs/proxies.md has it. Only Debian's apache2-bin is needed: what stands around the site is here."""
import os
import shutil

import pytest

from proxies import Gate, World

APACHE = shutil.which("apache2") or "/usr/sbin/apache2"

# What Debian's apache2.conf has, and the modules that the page enables.
HEAD = """
ServerRoot {root}
ServerName shop.example
PidFile {root}/pid
DefaultRuntimeDir {root}
Mutex file:{root}
ErrorLog {root}/error.log
LogLevel warn
TypesConfig /dev/null
{user}
{modules}
StartServers 1
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
<Directory />
    Options FollowSymLinks
    AllowOverride None
    Require all denied
</Directory>
"""
MODULES = ("mpm_event", "authn_core", "authz_core", "authz_host", "access_compat", "alias", "dir", "env", "mime", "negotiation", "reqtimeout",
           "setenvif", "status", "filter", "deflate", "lua", "proxy", "proxy_http")


def start(world, *more):
    modules = "\n".join(f"LoadModule {m}_module /usr/lib/apache2/modules/mod_{m}.so" for m in MODULES)
    head = HEAD.format(root=world.root, modules=modules, user="User www-data\nGroup www-data" if os.getuid() == 0 else "")
    script = world.file("patd.lua", "-- /etc/apache2/patd.lua", *more)
    conf = world.file("apache.conf", "# /etc/apache2/sites-available/shop.conf", ("/etc/apache2/patd.lua", script), head=head)
    world.start(APACHE, "-D", "FOREGROUND", "-f", conf)


@pytest.fixture(scope="module")
def w():
    with World() as world:
        start(world)
        yield world


class TestApache(Gate):
    pass


def test_a_script_that_fails_lets_nobody_pass(w):
    w.end()
    start(w, ("http.request(", "nothing("))
    w.reached()
    assert w.ask("/orders", token="reader").status == 500
    assert w.reached() == [] and "nothing" in w.said()

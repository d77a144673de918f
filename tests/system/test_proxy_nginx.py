# SPDX-License-Identifier: Apache-2.0
"""nginx without our module, with auth_request, as docs/proxies.md has it."""
import os

import pytest

from edge_site import NGINX
from proxies import Gate, World, test_readings  # noqa: F401

HEAD = """
daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log notice; {user}
events {{ worker_connections 256; }}
http {{
client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3; scgi_temp_path {root}/t4; uwsgi_temp_path {root}/t5;
access_log off;
"""


@pytest.fixture(scope="module")
def w():
    with World() as world:
        head = HEAD.format(root=world.root, user="user root;" if os.getuid() == 0 else "")
        conf = world.file("nginx.conf", "# /etc/nginx/conf.d/shop.conf", head=head, tail="}\n")
        world.start(NGINX, "-p", world.root, "-c", conf, "-e", world.root / "error.log")
        yield world


class TestNginx(Gate):
    pass

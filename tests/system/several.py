# SPDX-License-Identifier: Apache-2.0
"""Several patd on one PostgreSQL of the tests' own, called node1, node2 and so on.

    with several(folder, 2) as nodes:
        nodes[0].ada.generate("CI")
        nodes.silence(1)    # from now on it says nothing to anybody; nginx goes on, and answers by its lease
"""
import contextlib
import shutil
import signal

from postgres import Postgres
from product import Product


class Nodes(list):
    pg = None

    def silence(self, i):
        self[i].process.send_signal(signal.SIGSTOP)

    def wake(self, i):
        self[i].process.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def several(folder, n, **settings):
    with Postgres() as pg, contextlib.ExitStack() as stack:
        nodes = Nodes()
        nodes.pg = pg
        for i in range(n):
            (folder / f"node{i + 1}").mkdir()
            node = Product(folder / f"node{i + 1}", store=pg.url, node_name=f"node{i + 1}", **settings)
            if nodes:
                node.data.mkdir(mode=0o700)
                shutil.copy(nodes[0].data / "row.key", node.data / "row.key")
            nodes.append(stack.enter_context(node))
            stack.callback(lambda p: p.process and p.process.send_signal(signal.SIGCONT), node)  # what stands still can not be stopped
            if i == 0:
                node.ada = node.set_up()
        yield nodes

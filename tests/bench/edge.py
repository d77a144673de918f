# SPDX-License-Identifier: Apache-2.0
"""nginx with one worker and one static file: /gate/ asks for a token, /open/ does not; and behind doors of their own, the same
address open, for any token with the scope, and under the policies of the products that limits.c makes."""
import os
import pathlib
import socket
import subprocess
import time

CONF = """
load_module {module};
{user}
daemon off;
worker_processes 1;
error_log {root}/error.log warn;
pid {root}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    scgi_temp_path {root}/t4; uwsgi_temp_path {root}/t5;
    pat_index {index};
    access_log off; sendfile on; keepalive_requests 1000000000; default_type text/plain;
    server {{
        listen 127.0.0.1:{port};
        root {root}/html;
        location /open/ {{ }}
        location /gate/ {{ pat on; pat_scopes current_user:read; }}
    }}
    {doors}
}}
"""

DOORS = {"open": "", "plain": "pat on; pat_scopes current_user:read;", "ten": "pat on; pat_policy ten;",
         "thousand": "pat on; pat_policy thousand;"}
DOOR = "server {{ listen 127.0.0.1:{port}; root {root}/html; location / {{ {rule} }} }}\n"
OPERATION = "/v1/things7/abcdefghijkl/parts"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Edge:
    def __init__(self, root, module, index):
        self.root = pathlib.Path(root)
        self.port = free_port()
        for door in ("open", "gate"):
            (self.root / "html" / door).mkdir(parents=True)
            (self.root / "html" / door / "file.txt").write_text("a small static file\n" * 10)
        operation = self.root / "html" / OPERATION[1:]
        operation.parent.mkdir(parents=True)
        operation.write_text("a small static file\n" * 10)
        self.doors = {name: free_port() for name in DOORS}
        doors = "".join(DOOR.format(port=port, root=self.root, rule=DOORS[name]) for name, port in self.doors.items())
        user = "user root;" if os.getuid() == 0 else ""
        (self.root / "nginx.conf").write_text(CONF.format(module=module, user=user, root=self.root, index=index, port=self.port, doors=doors))
        self.process = None

    @staticmethod
    def cpu():
        """The worker's."""
        return min(os.sched_getaffinity(0))

    @staticmethod
    def other_cpus():
        """Where the client runs: not on the worker's, if there is another."""
        return os.sched_getaffinity(0) - {Edge.cpu()} or {Edge.cpu()}

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(self.root), "-c", str(self.root / "nginx.conf"),
                                         "-e", str(self.root / "error.log")],
                                        preexec_fn=lambda: os.sched_setaffinity(0, {Edge.cpu()}))
        for _ in range(500):
            workers = self.workers()
            if workers:
                self.worker = workers[0]
                time.sleep(0.2)
                return self
            time.sleep(0.01)
        raise SystemExit("nginx did not start: " + (self.root / "error.log").read_text())

    def workers(self):
        pid = self.process.pid
        return [int(p) for p in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def worker_cpu_ns(self):
        """Processor time of the worker, user and system, to the nanosecond."""
        return int(pathlib.Path(f"/proc/{self.worker}/schedstat").read_text().split()[0])

    def request_ns(self, ask):
        """Processor time of the worker for one of the answers that `ask` counts, by status."""
        for _ in range(5):
            before = self.worker_cpu_ns()
            got = ask()
            spent = self.worker_cpu_ns() - before
            if got["other"] + got["cut"] > 0 or got["allowed"] and got["refused"]:
                raise SystemExit(f"the edge answered {got}")
            answers = got["allowed"] + got["refused"]
            if answers >= 100:
                return spent / answers
        raise SystemExit("the machine is too busy to measure the edge")

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()

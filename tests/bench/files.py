# SPDX-License-Identifier: Apache-2.0
"""Documents over HTTP: `GET /v1/files/:key` of patd run, against nginx serving the same bytes as a static file."""
import http.client
import os
import pathlib
import statistics
import subprocess
import time

from design import Files, large
from edge import free_port
from product import Product

CONF = """
{user}
daemon off;
worker_processes 1;
error_log {root}/error.log warn;
pid {root}/nginx.pid;
events {{ worker_connections 64; }}
http {{
    client_body_temp_path {root}/t1; proxy_temp_path {root}/t2; fastcgi_temp_path {root}/t3;
    scgi_temp_path {root}/t4; uwsgi_temp_path {root}/t5;
    access_log off; sendfile on; keepalive_requests 1000000000; default_type application/json;
    server {{ listen 127.0.0.1:{port}; root {root}/html; }}
}}
"""


class Static:
    """nginx as Debian ships it, with one folder."""

    def __init__(self, root):
        self.root = pathlib.Path(root)
        self.port = free_port()
        (self.root / "html").mkdir(parents=True)
        (self.root / "nginx.conf").write_text(CONF.format(user="user root;" if os.getuid() == 0 else "", root=self.root, port=self.port))

    def __enter__(self):
        self.process = subprocess.Popen(["/usr/sbin/nginx", "-p", str(self.root), "-c", str(self.root / "nginx.conf"),
                                         "-e", str(self.root / "error.log")])
        for _ in range(500):
            if (self.root / "nginx.pid").exists():
                return self
            time.sleep(0.01)
        raise SystemExit("nginx did not start: " + (self.root / "error.log").read_text())

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()


class Reader:
    """One connection that is kept, as clients keep theirs."""

    def __init__(self, port, headers):
        self.connection, self.headers = http.client.HTTPConnection("127.0.0.1", port, timeout=300), headers
        self.window = bytearray(1 << 20)

    def get(self, path):
        """Nanoseconds until the last byte, and how many there were."""
        began = time.perf_counter_ns()
        self.connection.request("GET", path, headers=self.headers)
        answer = self.connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"{path}: {answer.status} {answer.read()[:300]}")
        size = 0
        while n := answer.readinto(self.window):
            size += n
        return time.perf_counter_ns() - began, size


def memory(pid, name):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) << 10
    raise SystemExit(f"{name} of {pid} is not known")


def one(product, api, static, path, copy, rounds):
    """Turns of patd's answer and the same bytes as a file."""
    api_headers = api.headers
    copy.write_bytes(product.get(path, headers=api_headers, timeout=300).body)
    _, size = api.get(path)
    static.get("/" + copy.name)
    (pathlib.Path(f"/proc/{product.process.pid}") / "clear_refs").write_text("5")
    before = memory(product.process.pid, "VmRSS")
    rows = [(api.get(path)[0], static.get("/" + copy.name)[0]) for _ in range(rounds)]
    return {"bytes": size, "api_ns": statistics.median(a for a, _ in rows), "static_ns": statistics.median(s for _, s in rows),
            "ratio": statistics.median(a / s for a, s in rows), "memory": memory(product.process.pid, "VmHWM") - before}


def measure(folder, quick, say):
    out = {}
    folder = pathlib.Path(folder)
    (folder / "product").mkdir(parents=True)
    product = Product(folder / "product", access_log="off").start()
    try:
        ada = product.set_up()
        files = Files(ada)
        token = ada.generate("bench", ["file_content:read"])["token"]
        with Static(folder / "static") as static:
            api = Reader(product.port, {"X-Figma-Token": token})
            plain = Reader(static.port, {})
            for mib in (0.1, 1, 10, 50):
                say(f"files: a document of {mib} MiB")
                text = large(mib)
                began = time.perf_counter_ns()
                key = files.upload(text, name=f"{mib} MiB")["key"]
                upload_ns = time.perf_counter_ns() - began
                node = "1:0"
                rounds = 5 if quick else 200 if mib <= 1 else 20
                asked = {"whole": f"/v1/files/{key}", "depth1": f"/v1/files/{key}?depth=1", "node": f"/v1/files/{key}/nodes?ids={node}"}
                out[mib] = {name: one(product, api, plain, path, static.root / "html" / f"{name}-{mib}.json",
                                      rounds if name == "whole" else 5 if quick else 200)
                            for name, path in asked.items()} | {"upload_ns": upload_ns, "document": len(text)}
    finally:
        product.stop()
    return out

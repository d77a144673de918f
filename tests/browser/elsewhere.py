# SPDX-License-Identifier: Apache-2.0
"""Another web server on this machine: the origin of somebody who means harm."""
import http.server
import threading


class Elsewhere:
    """Serves pages that are handed to it, at 127.0.0.1 (same site as patd, other origin) and localhost (other site)."""

    def __init__(self):
        self.pages = {}
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                page = outer.pages.get(self.path.split("?")[0])
                self.send_response(200 if page else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write((page or "").encode())

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    @property
    def same_site(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def cross_site(self):
        return f"http://localhost:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()

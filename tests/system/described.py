# SPDX-License-Identifier: Apache-2.0
"""Whether the product answers as docs/openapi.yaml says, judged by a program that nobody here wrote: Prism.

Prism is a proxy that validates what passes through it. Standing between a test and the product it would also tidy what passes:
tests here send what no client should, and look at bytes. So it stands beside: each exchange of a test with the API, once it is over, is
sent again through Prism to a server that answers as the product did. Prism says what of it the document does not allow. (It does not know unevaluatedProperties: test_access.py looks at those answers.)

A request that is refused may be as wrong as it likes; one that was accepted, and every answer, has to be described.

Of what goes through Product.call() some of each kind is looked at; with DESCRIBED=all, as `tests/run --long` sets it, everything.
"""
import collections
import http.client
import http.server
import itertools
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse

OURS = ("/api/v1/", "/v1/", "/v2/", "/introspect", "/revoke", "/.well-known/", "/livez", "/readyz", "/verify")
BODY_MAX = 256 * 1024
NO_BODY = "No supported content types, but request included a non-empty body"  # Figma's clients may send one with anything; nobody looks
SOME = 3  # of an operation's successes with the same status; of refusals one of each reason
NOT_OURS = {"transfer-encoding", "connection", "content-length", "date", "keep-alive"}


class _Again(http.server.BaseHTTPRequestHandler):
    """Answers as the product did."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        said = self.server.said.pop(int(self.headers["X-Again"]))
        self.send_response(said.status)
        for name, value in said.headers.items():
            if name.lower() not in NOT_OURS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(said.body)))
        self.end_headers()
        if self.command != "HEAD" and said.status not in (204, 304):
            self.wfile.write(said.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


class Prism:
    """One for a test run; started when it is first needed."""

    def __init__(self, node_modules, document, port, everything):
        self.everything, self.seen = everything, collections.Counter()
        self.pid = os.getpid()  # what a test forks has no thread that answers again
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.again = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Again)
        self.again.said = {}
        threading.Thread(target=self.again.serve_forever, daemon=True).start()
        self.port = port
        self.process = subprocess.Popen(
            ["node", str(node_modules / "@stoplight" / "prism-cli" / "dist" / "index.js"), "proxy", str(document),
             f"http://127.0.0.1:{self.again.server_port}", "--host", "127.0.0.1", "--port", str(port), "--verboseLevel", "silent"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._wait()

    def _wait(self):
        end = time.monotonic() + 60
        while time.monotonic() < end:
            assert self.process.poll() is None, "prism has ended"
            try:
                http.client.HTTPConnection("127.0.0.1", self.port, timeout=1).connect()
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("prism does not listen")

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.again.shutdown()

    def violations(self, method, path, body, headers, answer):
        """What the document does not allow of an exchange, as texts."""
        sent = body.encode() if isinstance(body, str) else body
        if method == "OPTIONS" or os.getpid() != self.pid or not path.startswith(OURS) or len(sent or b"") > BODY_MAX or len(answer.body) > BODY_MAX:
            return []
        if answer.status >= 400 and answer.headers.get_content_type() == "text/html":
            return []  # nginx's own, of what never was a request of the API's
        if not self.everything and self._has_seen(method, path, answer):
            return []
        if not self.lock.acquire(blocking=False):
            return []  # of a storm one after the other is looked at, as far as there is time
        try:
            # Figma's clients send a slash at the end now and then, which is overlooked.
            described = re.sub(r"^(/v[12]/[^?]+?)/(?=\?|$)", r"\1", path)
            found = self._again_through_prism(method, described, sent, headers, answer)
        finally:
            self.lock.release()
        return [f"{method} {path} {answer.status}: {' '.join(map(str, v['location']))}: {v['message']}" for v in found
                if v["location"][0] == "response" or (answer.status < 400 and v["message"] != NO_BODY)]

    def _has_seen(self, method, path, answer):
        shape = re.sub(r"[0-9a-f]{32}|\b\d+\b|\b[A-Za-z0-9]{22}\b", "#", path.split("?")[0])
        refused = answer.status >= 400
        kind = (method, shape, answer.status, bytes(re.findall(rb'"reason":"(\w+)"', answer.body)[0]) if refused and b'"reason"' in answer.body else b"")
        self.seen[kind] += 1
        return self.seen[kind] > (1 if refused else SOME)

    def _again_through_prism(self, method, path, sent, headers, answer):
        """What Prism finds."""
        number = next(self.numbers)
        self.again.said[number] = answer
        kept = {k: v for k, v in headers.items() if k.lower() not in NOT_OURS and isinstance(v, str) and v.isprintable() and v.isascii()}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, sent, {**kept, "X-Again": str(number)})
            response = connection.getresponse()
            said = response.read()
        finally:
            connection.close()
        if self.again.said.pop(number, None) is not None:
            assert b'"invalid_json"' in said, said  # a body that is not what its type says does not pass through
            return []
        return json.loads(urllib.parse.unquote(response.headers.get("sl-violations", "[]")))

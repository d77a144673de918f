# SPDX-License-Identifier: Apache-2.0
"""Products behind the edge: an HTTP one and an SCGI one, which answer with what they were told.

They count every request that reaches them, so that a test can tell a smuggled one.
"""
import json
import socket
import threading


class _Backend:
    family = socket.AF_INET

    def __init__(self, address=None):
        self.listener = socket.socket(self.family)
        self.listener.bind(address or ("127.0.0.1", 0))
        self.listener.listen(64)
        self.address = self.listener.getsockname()
        self.requests = []
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        try:
            self.listener.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.listener.close()

    def note(self, request):
        with self.lock:
            self.requests.append(request)

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._guard, args=(s,), daemon=True).start()

    def _guard(self, s):
        s.settimeout(10)
        try:
            self.serve(s)
        except OSError:
            pass
        finally:
            s.close()


class HttpEcho(_Backend):
    """Keeps connections open, reads bodies, echoes the head as JSON. /redirect?X answers with
    X-Accel-Redirect: X; /status/N with status N; "Upgrade" is agreed to and echoes bytes."""

    @property
    def port(self):
        return self.address[1]

    def serve(self, s):
        f = s.makefile("rb")
        while True:
            start = f.readline().decode("latin-1").rstrip("\r\n")
            if not start:
                return
            method, target, _ = start.split(" ", 2)
            headers = []
            while True:
                line = f.readline().decode("latin-1").rstrip("\r\n")
                if not line:
                    break
                headers.append(line.split(": ", 1) if ": " in line else [line.rstrip(":"), ""])
            low = {k.lower(): v for k, v in headers}
            body = b""
            if low.get("transfer-encoding") == "chunked":
                while size := int(f.readline(), 16):
                    body += f.read(size)
                    f.readline()
                f.readline()
            else:
                body = f.read(int(low.get("content-length", 0)))
            request = {"method": method, "target": target, "headers": headers, "body": len(body)}
            self.note(request)
            if low.get("upgrade") == "websocket":
                s.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
                while data := s.recv(1000):
                    s.sendall(data)
                return
            status, extra = 200, ""
            if target.startswith("/redirect?"):
                extra = f"X-Accel-Redirect: {target.split('?', 1)[1]}\r\n"
            if target.startswith("/status/"):
                status = int(target.rsplit("/", 1)[1])
            if target.startswith("/origin"):
                extra = "Access-Control-Allow-Origin: https://own.example\r\n"
            text = b"" if method == "HEAD" else json.dumps(request).encode()
            s.sendall(f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{extra}"
                      f"Content-Length: {len(text)}\r\n\r\n".encode() + text)


class ScgiEcho(_Backend):
    """SCGI on a unix socket: answers with the variables it got, as a JSON list of pairs."""

    family = socket.AF_UNIX

    def serve(self, s):
        f = s.makefile("rb")
        size = b""
        while (c := f.read(1)) != b":":
            if not c:
                return
            size += c
        head = f.read(int(size))
        f.read(1)
        parts = head.split(b"\0")[:-1]
        pairs = [(parts[i].decode("latin-1"), parts[i + 1].decode("latin-1")) for i in range(0, len(parts), 2)]
        variables = dict(pairs)
        body = f.read(int(variables.get("CONTENT_LENGTH") or 0))
        request = {"variables": pairs, "body": len(body)}
        self.note(request)
        s.sendall(b"Status: 200\r\nContent-Type: application/json\r\n\r\n" + json.dumps(request).encode())

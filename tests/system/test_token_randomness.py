# SPDX-License-Identifier: Apache-2.0
"""Without random bytes from the kernel nothing is issued."""
import shutil
import subprocess
import time

import pytest

from tools import rows


class Tracer:
    """strace, attached to a running patd and all its threads."""

    def __init__(self, pid, *rules):
        self.process = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", *rules, "-p", str(pid)], stderr=subprocess.PIPE)
        for _ in range(500):
            if open(f"/proc/{pid}/status").read().find("TracerPid:\t0\n") < 0:
                break
            assert self.process.poll() is None, self.process.stderr.read()
            time.sleep(0.01)
        time.sleep(0.2)  # the threads follow the first one

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(10)


@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
@pytest.mark.parametrize("fault", ["error=EIO", "retval=16"])
def test_no_token_without_the_kernels_randomness(shared, fault):
    """TOK-01: when getrandom() fails or comes back short, the answer is 503 and no row is written."""
    before = rows(shared, "SELECT count(*) FROM token")
    body = {"name": "unlucky", "scopes": ["current_user:read"], "expires_in_days": 1}
    with Tracer(shared.process.pid, "-e", "trace=getrandom", "-e", f"inject=getrandom:{fault}"):
        answer = shared.ada.call("POST", "/api/v1/tokens", body)
        assert (answer.status, answer.json["reason"]) == (503, "unavailable")
        assert "token" not in answer.json
        signing_in = shared.call("POST", "/api/v1/session", {"email": "ada@acme.org", "password": "correct horse battery wagon"})
        assert (signing_in.status, signing_in.headers["Set-Cookie"]) == (503, None)
    assert rows(shared, "SELECT count(*) FROM token") == before
    assert shared.ada.call("POST", "/api/v1/tokens", {**body, "name": f"lucky {fault}"}).status == 201

# SPDX-License-Identifier: Apache-2.0
"""libpat as another program uses it: installed, found by pkg-config, called from C, Python and Node.js by examples/."""
import ctypes
import importlib.util
import json
import os
import shutil
import subprocess

import pytest

from product import PATD, ROOT, Product
from test_policy_command import SHOP, done, policy
from test_token_expiry import create, sleep_until, utc
from tools import never_issued

BUILD = PATD.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The library, its header and what pkg-config says of it, in a folder of their own."""
    root = tmp_path_factory.mktemp("installed")
    done(subprocess.run(["meson", "install", "-C", BUILD, "--no-rebuild", "--quiet", "--destdir", root], capture_output=True, text=True))
    [pc] = root.rglob("pat.pc")
    env = {**os.environ, "PKG_CONFIG_PATH": str(pc.parent), "PKG_CONFIG_SYSROOT_DIR": str(root)}
    flags = done(subprocess.run(["pkg-config", "--cflags", "--libs", "pat"], capture_output=True, text=True, env=env)).split()
    return pc.parent.parent, flags


@pytest.fixture(scope="module")
def library(installed):
    return installed[0] / "libpat.so.1"


@pytest.fixture(scope="module")
def helper(installed, tmp_path_factory):
    """examples/ask.c, built as its first lines say."""
    program = tmp_path_factory.mktemp("helper") / "ask"
    folder, flags = installed
    for dialect in ("-std=gnu11", "-std=gnu17"):
        done(subprocess.run(["cc", dialect, "-Wall", "-Wextra", "-Wpedantic", "-Werror", ROOT / "examples/ask.c", *flags, f"-Wl,-rpath,{folder}", "-o", program],
                            capture_output=True, text=True))
    return program


@pytest.fixture(scope="module")
def p(tmp_path_factory):
    shop = tmp_path_factory.mktemp("libpat") / "shop.yaml"
    shop.write_text(SHOP)
    with Product() as product:
        product.ada = product.set_up()
        done(policy(product, "import", "shop", shop))
        product.index = product.runtime
        yield product


@pytest.fixture(scope="module")
def example(library):
    spec = importlib.util.spec_from_file_location("ask", ROOT / "examples/ask.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.LIBRARY = str(library)
    return module


@pytest.fixture
def gate(p, example):
    gate = example.Gate(str(p.index), example.LIBRARY)
    yield gate
    gate.close()


def order(token, target="/api/orders/7", method="GET", **more):
    return {"product": "shop", "method": method, "target": target, "authorization": f"Bearer {token}", "address": "192.0.2.1", **more}


def verdict(answer):
    return answer["status"], answer["reason"]


def test_what_the_library_shows():
    """Nothing but its header's functions, so that nothing else can be relied upon."""
    symbols = subprocess.run(["nm", "-D", "--defined-only", BUILD / "libpat.so"], capture_output=True, text=True, check=True).stdout
    assert {line.split()[2] for line in symbols.splitlines() if " T " in line} == {
        f"pat_gate_{what}@@LIBPAT_1" for what in ("abi", "open", "ask", "close")}


def test_a_request_passes(p, gate):
    made = p.ada.generate("by libpat", ["orders:read", "current_user:read"])
    answer = gate.ask(**order(made["token"]))
    assert verdict(answer) == (200, "") and answer["operation"] == "getOrder" and answer["scopes"] == "current_user:read orders:read"
    assert (answer["person"], answer["token_id"]) == (str(p.ada.id), made["id"]) and utc(answer["expires_s"]) == made["expires_at"]
    assert verdict(gate.ask(token=made["token"])) == (200, "")
    assert p.get("/api/v1/self", token=made["token"]).json["use_count"] == 3


def test_each_refusal(p, gate):
    """Beside the edge's, which has tests of its own: the same verdicts, by the same words."""
    token = p.ada.generate("each refusal", ["orders:read"])["token"]
    assert verdict(gate.ask(product="shop")) == (401, "token_missing")
    assert verdict(gate.ask(authorization="Bearer x")) == (401, "token_invalid")
    assert verdict(gate.ask(authorization=f"Bearer {never_issued()}")) == (401, "token_invalid")
    assert verdict(gate.ask(authorization=f"Bearer {token}", token=never_issued())) == (400, "token_ambiguous")
    assert verdict(gate.ask(**order(token, method="POST", target="/api/orders"))) == (403, "insufficient_scope")
    assert verdict(gate.ask(**order(token, "/api/nothing"))) == (404, "route_unknown")
    assert verdict(gate.ask(**order(token, method="PUT"))) == (405, "method_not_allowed")
    assert verdict(gate.ask(**order(token, "/api/orders/../x"))) == (400, "path_ambiguous")
    assert verdict(gate.ask(**order(token, product="nobody"))) == (404, "product_unknown")
    assert verdict(gate.ask(token=token, scopes="orders:read")) == (200, "")
    assert verdict(gate.ask(token=token, scopes="orders:read orders:write")) == (403, "insufficient_scope")
    assert verdict(gate.ask(token=token, scopes="never:heard")) == (403, "insufficient_scope")
    assert gate.ask(token=token, scopes="orders:write")["detail"]


def test_limits(p, gate):
    shop = p.ada.generate("the shop's", ["orders:read"], limits={"products": ["shop"]})["token"]
    assert verdict(gate.ask(**order(shop))) == (200, "") and verdict(gate.ask(token=shop)) == (403, "token_audience")
    assert verdict(gate.ask(token=shop, product="files")) == (403, "token_audience")
    near = p.ada.generate("near", ["orders:read"], limits={"networks": ["192.0.2.0/24", "2001:db8::/32"]})["token"]
    for address, status in (("192.0.2.255", 200), ("2001:db8::1", 200), ("192.0.3.1", 403), ("::1", 403), ("near", 403), ("", 403), (None, 403)):
        assert gate.ask(token=near, address=address)["status"] == status, address
    seventh = p.ada.generate("seventh", ["orders:read"], limits={"resources": [{"product": "shop", "parameter": "order", "value": "7"}]})["token"]
    assert [gate.ask(**order(seventh, f"/api/orders/{n}"))["status"] for n in (7, 8)] == [200, 404]
    rated = p.ada.generate("rated", ["orders:read"], limits={"rate": {"requests": 2, "window_seconds": 3600}})["token"]
    answers = [gate.ask(**order(rated)) for _ in range(3)]
    assert [verdict(a) for a in answers] == [(200, ""), (200, ""), (429, "rate_limited")]
    assert [a["rate_remaining"] for a in answers] == [1, 0, 0] and 1700 < answers[2]["retry_after_s"] <= 1800
    assert (answers[0]["rate_requests"], answers[0]["rate_window_s"]) == (2, 3600)


def test_revoked_and_expired(p, gate):
    made = p.ada.generate("to be revoked")
    for _ in range(20):
        made = p.ada.generate(f"revoked {_}")
        assert gate.ask(token=made["token"])["status"] == 200
        p.ada.revoke(made["id"])
        assert verdict(gate.ask(token=made["token"])) == (401, "token_invalid")
    end = int(__import__("time").time()) + 2
    short = create(p.ada, "two seconds", expires_at=utc(end)).json["token"]
    assert gate.ask(token=short)["status"] == 200
    sleep_until(end)
    assert verdict(gate.ask(token=short)) == (401, "token_expired")


def test_questions_that_are_none(p, gate, example):
    token = p.ada.generate("no question")["token"]
    for question in ({"method": "GET", "product": "shop"}, {"target": "/", "product": "shop"}, {"method": "GET", "target": "/"}, {"scopes": " "},
                     {"scopes": "a  b"}, {"scopes": "a "}, {"scopes": " ".join("abcdefghijklmnopq")}, {"scopes": "a" * 3000}):
        assert verdict(gate.ask(token=token, **question)) == (500, "question_malformed"), question
    assert gate.ask(token=token)["status"] == 200


def test_programs_of_other_days(p, gate, example):
    """The structures grow at their end: an older program's are shorter, a newer one's longer."""
    token = p.ada.generate("other days", ["orders:read"])["token"].encode()
    ask, Question, Answer = gate.lib.pat_gate_ask, example.Question, example.Answer
    ask.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    q = Question(size=Question.product.offset, token=token, scopes=b"not read: beyond the size")
    assert ask(gate.gate, ctypes.byref(q), ctypes.byref(Answer(size=ctypes.sizeof(Answer)))) == 200

    class Longer(ctypes.Structure):
        _fields_ = [("q", Question), ("more", ctypes.c_uint64)]

    for more, status in ((0, 200), (1, 500)):
        longer = Longer(Question(size=ctypes.sizeof(Longer), token=token), more)
        assert ask(gate.gate, ctypes.byref(longer), ctypes.byref(Answer(size=ctypes.sizeof(Answer)))) == status
    assert ask(gate.gate, ctypes.byref(Question(size=0)), ctypes.byref(Answer(size=ctypes.sizeof(Answer)))) == 500

    older = Answer(size=Answer.person.offset)
    assert ask(gate.gate, ctypes.byref(Question(size=ctypes.sizeof(Question), token=token)), ctypes.byref(older)) == 200
    assert older.status == 200 and older.person is None and older.size == Answer.person.offset


def test_without_patd(p, example, tmp_path):
    gate = example.Gate(str(tmp_path / "nothing here"), example.LIBRARY)
    assert verdict(gate.ask(token=never_issued())) == (503, "unavailable")
    gate.close()


def test_through_a_restart_of_patd(example):
    with Product() as p:
        made = p.set_up().generate("outlives patd")
        gate = example.Gate(str(p.runtime), example.LIBRARY)
        assert gate.ask(token=made["token"])["status"] == 200
        p.kill()
        assert gate.ask(token=made["token"])["status"] in (200, 503)
        p.start()
        assert gate.ask(token=made["token"])["status"] == 200
        gate.close()


def test_the_example_in_c(p, helper):
    token = p.ada.generate("in C", ["orders:read"])["token"]
    lines = [f"GET\t/api/orders/7\t192.0.2.1\tBearer {token}", f"POST\t/api/orders\t192.0.2.1\tBearer {token}", "GET\t/api/orders\t192.0.2.1\t", "GET", ""]
    out = done(subprocess.run([helper, p.index, "shop"], input="\n".join(lines) + "\n", capture_output=True, text=True)).splitlines()
    assert [line.split("\t")[:2] for line in out] == [["200", ""], ["403", "insufficient_scope"], ["401", "token_missing"], ["500", "question_malformed"],
                                                      ["500", "question_malformed"]]
    assert out[0].split("\t")[2] == str(p.ada.id)
    for length in (16370, 16382, 16383, 16384, 16385, 100000):  # one question is one answer
        line = "GET\t/" + "a" * length
        out = done(subprocess.run([helper, p.index, "shop"], input=f"{line}\n{lines[0]}\n", capture_output=True, text=True)).splitlines()
        assert len(out) == 2 and out[0][0] in "45" and out[1].startswith("200"), length
    assert subprocess.run([helper], capture_output=True).returncode == 2


@pytest.mark.skipif(not shutil.which("node"), reason="no node")
def test_the_example_in_node(p, helper):
    token = p.ada.generate("in Node.js", ["orders:read"])["token"]

    def ask(target, authorization):
        return json.loads(done(subprocess.run(["node", ROOT / "examples/ask.mjs", helper, p.index, "shop", "GET", target, "192.0.2.1", authorization],
                                              capture_output=True, text=True)))
    assert ask("/api/orders/7", f"Bearer {token}")["scopes"] == ["orders:read"]
    assert ask("/api/orders/7", f"Bearer {never_issued()}")["reason"] == "token_invalid"
    assert ask("/api/orders/7\tx", f"Bearer {token}")["reason"] == "question_malformed"


def test_the_example_in_python(p, library):
    token = p.ada.generate("in Python", ["orders:read"])["token"]
    out = done(subprocess.run(["/usr/bin/python3", ROOT / "examples/ask.py", p.index, "shop", "GET", "/api/orders/7", f"Bearer {token}", "192.0.2.1"],
                              env={**os.environ, "LD_LIBRARY_PATH": str(library.parent)}, capture_output=True, text=True))
    assert "status: 200" in out and f"person: {p.ada.id}" in out

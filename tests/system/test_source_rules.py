# SPDX-License-Identifier: Apache-2.0
"""What can only be seen in the source and in the finished program."""
import re
import subprocess

import pytest

from product import PATD, ROOT

SOURCES = sorted((ROOT / "src").rglob("*.c")) + sorted((ROOT / "nginx").glob("*.c"))
SQL = re.compile(r"\b(SELECT|INSERT INTO|INSERT OR|UPDATE|DELETE FROM|PRAGMA|CREATE TABLE|DROP)\b[ A-Za-z(*]")


def code(path):
    """A source without comments, its adjacent string literals joined."""
    text = re.sub(r"/\*.*?\*/", " ", path.read_text(), flags=re.S)
    return re.sub(r'"\s*\n\s*"', "", text)


def test_sql_is_constant():
    """API-08: SQL stands in string literals handed to the store's one query function; it is never formatted, and never
    outside of src/store, src/files and what both share, src/lite."""
    holders = set()
    for path in SOURCES:
        text = code(path)
        for match in re.finditer(r'"((?:\\.|[^"\\])*)"', text):
            if not SQL.search(match.group(1)):
                continue
            holders.add(path.parent.name)
            assert "%" not in match.group(1) or "% 1000000" in match.group(1), (path.name, match.group(1))
            before = text[max(0, match.start() - 200):match.start()]
            call = re.findall(r"(\w+)\s*\((?:[^()]|\([^()]*\))*$", before)
            assert not call or not re.search("printf|pat_buf_add|strcat|strcpy|memcpy|join", call[-1]), (path.name, call[-1], match.group(1))
        assert not re.search(r"sqlite3_mprintf|sqlite3_snprintf|sqlite3_vmprintf|sqlite3_str_", text), path.name
        assert not re.search(r"sqlite3_exec\s*\([^,]+,\s*(?!\s*\")\w*(buf|text|tmp)", text), path.name
    assert holders <= {"lite", "store", "files"} and "store" in holders


def test_secrets_are_compared_in_constant_time():
    """CRY-02: no memcmp or strcmp meets a hash, a MAC, a digest, a key, a token or a CSRF token; sodium_memcmp does
    (pat_memeq), and its use is where secrets are compared. The index compares a digest's four words without branching."""
    secret = re.compile(r"\b(?:memcmp|bcmp|strcmp|strncmp|strcasecmp|strncasecmp)\s*\(([^;]*?)\)\s*(?:[!=<>&|)?;]|$)", re.M)
    words = re.compile(r"hash|mac\b|digest|csrf|password|cookie->|secret|row_key|->key\b", re.I)
    innocent = re.compile(r'"[^"]*"')
    found = []
    for path in SOURCES:
        # writer.c looks its own slots up by digests that come from the store: nobody outside chooses them. revoke.c orders the ids
        # of one's own tokens, which are no secrets.
        if path.name in ("writer.c", "revoke.c"):
            continue
        for match in secret.finditer(code(path)):
            if words.search(innocent.sub('""', match.group(1))):
                found.append((path.name, match.group(0)))
    assert found == []
    uses = {p.name: code(p).count("pat_memeq(") for p in SOURCES}
    assert uses["sessions.c"] >= 2 and uses["record.c"] >= 1 and uses["sqlite_people.c"] >= 1 and uses["sqlite_token.c"] >= 1
    assert "sodium_memcmp" in (ROOT / "src/base/crypto.c").read_text()
    assert "digest_same" in (ROOT / "src/index/reader.c").read_text()


@pytest.fixture(scope="module")
def binaries():
    found = [PATD, PATD.parent / "ngx_http_pat_module.so"]
    assert all(b.exists() for b in found)
    return found


def test_no_fault_hook_and_no_test_route_in_the_binaries(binaries):
    """OPS-04: nothing that tests use is in what ships: no fault injection, no sanitizer, no debug route or password."""
    for binary in binaries:
        symbols = subprocess.run(["nm", "-a", "--defined-only", binary], capture_output=True, text=True, check=True).stdout
        everything = subprocess.run(["nm", "-a", binary], capture_output=True, text=True, check=True).stdout
        text = subprocess.run(["strings", "-a", "-n", "5", binary], capture_output=True, text=True, check=True).stdout
        assert len(symbols) > 100 or binary.suffix == ".so"
        for word in (r"\bfiu_", r"__asan", r"__ubsan", r"__tsan", r"cmocka", r"fault_inject", r"faulty_", r"LLVMFuzzer", r"__gcov", r"(?<!ngx_http_)test_"):
            assert not re.search(word, everything), (binary.name, word)
        for word in (r"/debug\b", r"/test\b", r"PATD_TEST", r"PATD_FAULT", r"backdoor", r"changeme", r"correct horse", r"libfaketime", r"LD_PRELOAD"):
            assert not re.search(word, text), (binary.name, word)


def test_every_route_in_the_binary_is_in_the_table(binaries):
    """OPS-04: no path of ours is in the program but those of the route table and of nginx's configuration."""
    text = subprocess.run(["strings", "-a", "-n", "4", binaries[0]], capture_output=True, text=True, check=True).stdout
    paths = {m for m in re.findall(r"^(/(?:api|v1|v2)/[\w{}/]*)$", text, re.M)}
    table = set(re.findall(r'^\t(?:READ\(|[A-Z]+\("\w+", )"(/[^"]*)"', (ROOT / "src/web/routes.c").read_text(), re.M))
    assert paths and paths - {"/v1/", "/v2/"} <= table, paths - table

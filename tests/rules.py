#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Rules a tool can check: includes point down, headers stand alone, no forbidden function, SPDX lines, no machine paths.

Prints what breaks a rule, as file:line: words; exit status 1 then.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAYERS = {"base": 0, "token": 1, "policy": 1.5, "lite": 1, "mail": 1, "index": 2, "store": 2, "core": 3, "files": 3.5, "haproxy": 3.5, "web": 4, "patd": 5, "pat": 2.5}
FORBIDDEN = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca|rand|atoi|strncpy|system|popen)\s*\(")
# What libpat is made of must need nothing else of ours.
LIBPAT = {"base/base", "base/provoke", "base/chars", "base/clock", "base/codec", "base/crc32", "base/crypto", "token/credential", "token/limits", "token/network", "policy/path", "policy/policy", "policy/layout", "index/grant", "index/policies", "index/rate", "token/record", "token/scopes",
          "token/token", "index/map", "index/reader", "index/ring", "index/verify", "index/layout", "pat/gate", "pat/verify"}
failures = []


def fail(path, line, words):
    failures.append(f"{path.relative_to(ROOT)}:{line}: {words}")


def layer(path):
    return LAYERS[path.relative_to(ROOT / "src").parts[0]]


def check_source(path):
    text = path.read_text()
    lines = text.splitlines()
    if "SPDX-License-Identifier: Apache-2.0" not in lines[0]:
        fail(path, 1, "the first line must be the SPDX line")
    own = str(path.relative_to(ROOT / "src").with_suffix("")) if path.is_relative_to(ROOT / "src") else None
    for number, line in enumerate(lines, 1):
        include = re.match(r'#include "([^"]+)"', line)
        if include and own:
            folder = include.group(1).split("/")[0]
            if folder not in LAYERS:
                fail(path, number, f"{include.group(1)} is not of src/")
            elif LAYERS[folder] > layer(path) or (LAYERS[folder] == layer(path) and folder != own.split("/")[0]
                                                  and layer(path) != 5):
                fail(path, number, f"{include.group(1)} is not below {own}")
            if own in LIBPAT and include.group(1)[:-2] not in LIBPAT:
                fail(path, number, f"libpat must not need {include.group(1)}")
        code = re.sub(r'"(\\.|[^"\\])*"', '""', re.sub(r"/\*.*?\*/", "", line))
        if own and FORBIDDEN.search(code) and not line.lstrip().startswith("*"):
            fail(path, number, "forbidden function: " + FORBIDDEN.search(code).group(1))


def check_header(path):
    done = subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Werror", "-I", ROOT / "src",
                           "-x", "c", "-include", path, "/dev/null"], capture_output=True, text=True)
    if done.returncode != 0:
        fail(path, 1, "does not compile alone: " + done.stderr.splitlines()[0])


def check_sql(path):
    """API-08: SQL is a constant with bound parameters, never made by formatting."""
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if re.search(r"(printf|pat_buf_addf?)\s*\(.*\b(SELECT|INSERT|UPDATE|DELETE)\b", line):
            fail(path, number, "SQL made by formatting")


def check_provoked():
    """What includes base/provoke.h is built once more for tests; otherwise its points would do nothing there."""
    listed = set(re.findall(r"'([a-z_/]+\.c)'", re.search(r"provoked = files\(([^)]*)\)", (ROOT / "src/meson.build").read_text()).group(1)))
    for path in sorted((ROOT / "src").rglob("*.c")):
        if ('#include "base/provoke.h"' in path.read_text()) != (str(path.relative_to(ROOT / "src")) in listed):
            fail(path, 1, "not in src/meson.build's list of what has points of base/provoke.h, or wrongly so")


def check_tracked():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True).stdout.split()
    for name in tracked:
        path = ROOT / name
        if not path.is_file() or "/corpus/" in name or path.suffix in (".png", ".ico"):
            continue
        try:
            text = path.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"/(work|root)/[a-z]", line):
                fail(path, number, "a path of one machine")
            if name.endswith("lock.json") and '"resolved": "http' in line:
                fail(path, number, "a download address")


sources = sorted(p for p in (ROOT / "src").rglob("*.[ch]"))
for source in sources + sorted((ROOT / "tests").rglob("*.[ch]")) + sorted((ROOT / "nginx").glob("*.[ch]")):
    if source.is_relative_to(ROOT / "src") or source.is_relative_to(ROOT / "tests"):
        check_source(source)
for header in (p for p in sources if p.suffix == ".h"):
    check_header(header)
for source in (ROOT / "src").rglob("*.c"):
    check_sql(source)
check_provoked()
check_tracked()
print("\n".join(failures) if failures else f"rules: {len(sources)} sources in their layers")
sys.exit(1 if failures else 0)

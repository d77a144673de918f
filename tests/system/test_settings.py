# SPDX-License-Identifier: Apache-2.0
"""Settings: where they come from, which wins, and how a wrong one is told."""
import re
import subprocess

import pytest

from edge_site import Conn
from product import PATD, ROOT, Product


def patd(*words, env=None, folder=None):
    return subprocess.run([PATD, *words], capture_output=True, text=True, env=env or {}, cwd=folder, timeout=20)


def check(folder, *flags, env=None):
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    return patd("check", "--data", str(folder / "data"), "--runtime-dir", str(folder / "run"), *flags, env=env)


def value(done, name):
    return re.search(rf"^{name} = (.*)$", done.stdout, re.M).group(1)


def write(folder, text):
    (folder / "data").mkdir(mode=0o700, exist_ok=True)
    (folder / "data" / "patd.conf").write_text(text)


def test_flag_over_environment_over_file_over_default(tmp_path):
    """The flag wins over the environment, the environment over patd.conf, and that over the default."""
    assert value(check(tmp_path), "tokens_live_max") == "50"
    write(tmp_path, "# a comment\n\n  tokens_live_max   =  7  \nrealm = our tokens\n")
    assert value(check(tmp_path), "tokens_live_max") == "7"
    assert value(check(tmp_path), "realm") == "our tokens"
    env = {"PATD_TOKENS_LIVE_MAX": "8"}
    assert value(check(tmp_path, env=env), "tokens_live_max") == "8"
    assert value(check(tmp_path, "--tokens-live-max", "9", env=env), "tokens_live_max") == "9"
    assert value(check(tmp_path, "--tokens_live_max=10", env=env), "tokens_live_max") == "10"
    assert value(check(tmp_path, "--tokens-live-max=1", "--tokens-live-max=2"), "tokens_live_max") == "2"


def test_another_file(tmp_path):
    """--config names a file anywhere; then patd.conf is not read; a file that is named must be there."""
    write(tmp_path, "tokens_live_max = 7\n")
    other = tmp_path / "other.conf"
    other.write_text("tokens_live_max = 11")  # no line end
    assert value(check(tmp_path, "--config", str(other)), "tokens_live_max") == "11"
    done = check(tmp_path, f"--config={tmp_path}/nothing.conf")
    assert done.returncode == 2 and f"cannot read {tmp_path}/nothing.conf: No such file" in done.stderr
    done = patd("check", "--runtime-dir", str(tmp_path / "run"), env={"PATD_DATA": str(tmp_path / "data")})
    assert value(done, "tokens_live_max") == "7"


@pytest.mark.parametrize("line, words", [
    ("tokens_live_max = 0", "tokens_live_max must be a whole number from 1 to 10000, not \"0\""),
    ("tokens_live_max = many", "not \"many\""),
    ("tokens_live_max = 5x", "not \"5x\""),
    ("tokens_live_max =", "not \"\""),
    ("tokens_live_max = 99999999999999999999", "must be a whole number"),
    ("tokens_live_max", "expected `name = value`"),
    ("token_never_allowed = maybe", "must be yes or no, not \"maybe\""),
    ("log_level = loud", "log_level cannot be \"loud\""),
    ("no_such_thing = 1", "there is no setting \"no_such_thing\""),
    ("Tokens_live_max = 1", "there is no setting \"Tokens_live_max\""),
    ("token_prefix = toolong", "token_prefix must be 2 to 5 characters long"),
    ("realm = a\tb", "control characters"),
    ("x" * 5000, "longer than 4096 characters"),
], ids=lambda v: v[:30])
def test_a_wrong_line_is_named(tmp_path, line, words):
    """An error names the file, the line and what would be right."""
    write(tmp_path, f"# first\nrealm = x\n{line}\nrealm = y\n")
    for command in ("check", "run", "serve"):
        done = patd(command, "--data", str(tmp_path / "data"))
        assert done.returncode == 2 and done.stderr.startswith(f"patd: {tmp_path}/data/patd.conf, line 3: "), done
        assert words in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize("env, flags, words", [
    ({"PATD_TOKENS_LIVE_MAX": "x"}, [], "environment, PATD_TOKENS_LIVE_MAX: tokens_live_max must be a whole number"),
    ({"PATD_NO_SUCH_THING": "x"}, [], "there is no setting"),
    ({}, ["--tokens-live-max", "x"], "tokens_live_max must be a whole number"),
    ({}, ["--no-such-thing", "x"], "there is no setting \"no_such_thing\""),
    ({}, ["--realm"], "--realm needs a value"),
    ({}, ["--token-expires-days-default", "91"], "token_expires_days_default (91) is more than token_expires_days_max (90)"),
    ({}, ["--session-idle-hours", "100", "--session-max-days", "1"], "session_idle_hours is longer than session_max_days"),
    ({}, ["--public-url", "tokens.example.org"], "public_url must begin with https:// or http://"),
    ({}, ["--public-url", "https://tokens.example.org/"], "public_url must not end with a slash"),
    ({}, ["--api-docs-url", "javascript:alert(1)"], "api_docs_url must begin with https:// or http://"),
    ({}, ["--listen", "8080"], "listen must be an address and a port"),
    ({}, ["--listen", "127.0.0.1:80; include /etc/passwd"], "listen must be an address and a port"),
    ({}, ["--realm", 'a"; return 200'], "realm must not contain quotes"),
    ({}, ["--token-headers", "X-Token; return 200"], "token_headers must be header names"),
    ({}, ["--runtime-dir", "relative"], "runtime_dir must be an absolute path"),
    ({}, ["--token-prefix", "a b"], "token_prefix must be letters and digits"),
    ({}, ["--nginx", "/no/such/nginx"], "cannot run /no/such/nginx"),
    ({}, ["--scopes-file", "/no/such/file"], "/no/such/file"),
    ({}, ["--web-dir", "/no/such/dir"], "/no/such/dir"),
])
def test_a_wrong_setting_is_named(tmp_path, env, flags, words):
    """`patd check` says what is wrong in one sentence, with status 2, or 1 where only looking shows it."""
    done = check(tmp_path, *flags, env=env)
    assert done.returncode == (1 if "/no/such" in words or words.startswith("runtime_dir") else 2) and words in done.stderr, done
    assert done.stderr.startswith("patd: ") and done.stderr.count("\n") == 1


def test_check_shows_everything(tmp_path):
    """`patd check` prints every setting in the form of the file: its output is a valid patd.conf."""
    first = check(tmp_path, "--tokens-live-max", "33", "--token-never-allowed", "yes", "--access-log", "all")
    assert first.returncode == 0 and first.stdout.splitlines()[-1].startswith("# ok: data in ")
    write(tmp_path, first.stdout)
    again = check(tmp_path)
    assert again.stdout == first.stdout
    documented = set(re.findall(r"^\| `(\w+)` \|", patd("settings").stdout, re.M))
    assert documented == set(re.findall(r"^(\w+) = ", first.stdout, re.M)) and len(documented) > 25


def test_the_manual_is_made_from_the_table():
    """docs/settings.md is what `patd settings` prints."""
    manual = ROOT / "docs" / "settings.md"
    if not manual.exists():
        pytest.skip("docs/settings.md is not written yet")
    assert manual.read_text() == patd("settings").stdout


def test_settings_are_in_force(tmp_path):
    """What is set in the file is what the product does."""
    p = Product(tmp_path)
    p.data.mkdir(mode=0o700)
    (p.data / "patd.conf").write_text("token_prefix = acme\ntoken_headers = X-Acme-Token X-Figma-Token\nrealm = acme\n"
                                      "token_expires_days_max = 5\ntoken_expires_days_default = 5\ntokens_live_max = 2\n")
    with p:
        ada = p.set_up()
        token = ada.generate("one", days=5)["token"]
        assert re.fullmatch(r"acme_[0-9A-Za-z]{49}", token)
        with Conn(p.port) as c:  # a header of the operator's own, which the document does not know
            c.send(f"GET /v1/me HTTP/1.1\r\nHost: a\r\nX-Acme-Token: {token}\r\n\r\n".encode())
            assert c.read().status == 200
        assert 'realm="acme"' in p.get("/v1/me").headers["WWW-Authenticate"]
        assert ada.call("POST", "/api/v1/tokens", {"name": "x", "scopes": ["current_user:read"], "expires_in_days": 6}).json["reason"] == "expiry_too_far"
        ada.generate("two", days=1)
        assert ada.call("POST", "/api/v1/tokens", {"name": "x", "scopes": ["current_user:read"], "expires_in_days": 1}).json["reason"] == "token_limit_reached"

# SPDX-License-Identifier: Apache-2.0
"""The documents say what is so: links, settings, directives, events, reasons, vectors, and the nginx.conf to copy."""
import hashlib
import hmac
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import ssl
import struct
import subprocess
import tempfile
import time
import zlib

import pytest
from product import PASSWORD, PATD, ROOT, Person, Answer, Product, free_port

MODULE = pathlib.Path(os.environ.get("PAT_MODULE", ROOT / "build" / "ngx_http_pat_module.so"))
NGINX = "/usr/sbin/nginx"
DOCS = ROOT / "docs"


def read(name):
    return (ROOT / name).read_text()


def documents():
    skipped = {"node_modules", ".git", ".pytest_cache", "var", "patd-data"}
    return sorted(p for p in ROOT.rglob("*.md")
                  if not skipped & set(p.relative_to(ROOT).parts) and not p.relative_to(ROOT).parts[0].startswith("build"))


def sources(*folders):
    return "\n".join(p.read_text() for f in folders for p in sorted((ROOT / f).rglob("*.c")))


def without_fences(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)


def anchors(text):
    """As GitHub and GitLab make them of headings."""
    found = set()
    for title in re.findall(r"^#+ +(.*?) *$", without_fences(text), re.M):
        word = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        while word in found:
            word += "-1"
        found.add(word)
    return found


def table(text, heading):
    """The first cells of the tables under a heading, without back quotes."""
    part = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#+ |\Z)", text, re.M | re.S)
    assert part, heading
    return re.findall(r"^\| `([^`]+)` \|", part.group(1), re.M)


def fence(text, first_line):
    """The fenced block that begins with that line."""
    blocks = re.findall(r"^```[a-z]*\n(.*?)^```", text, re.M | re.S)
    found = [b for b in blocks if b.startswith(first_line)]
    assert len(found) == 1, first_line
    return found[0]


def equal(documented, real):
    documented, real = set(documented), set(real)
    assert documented - real == set(), "documented, but not there"
    assert real - documented == set(), "there, but not documented"


# ---- Settings and commands.

def test_settings_md_is_what_patd_prints():
    printed = subprocess.run([PATD, "settings"], capture_output=True, text=True).stdout
    assert read("docs/settings.md") == printed, "run: build/patd settings > docs/settings.md"


def defaults():
    return dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| `?([^|`]+?)`? \|", read("docs/settings.md"), re.M))


def manual(name):
    """A manual page as text, and that it renders without a warning."""
    done = subprocess.run(["groff", "-mandoc", "-Tutf8", "-P-cbou", "-ww", DOCS / "man" / name], capture_output=True, text=True,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


needs_groff = pytest.mark.skipif(not shutil.which("groff"), reason="no groff")


@needs_groff
def test_the_manual_of_patd_has_every_command():
    page = re.sub(r"\s+", " ", manual("patd.1"))
    usage = subprocess.run([PATD, "help"], capture_output=True, text=True).stdout
    commands = re.findall(r"^  ((?:user|policy|service|audit|mail|store) [a-z]+|[a-z]+)\b", usage, re.M)
    described = re.findall(r"^\.It Cm ([a-z ]+?)(?: Ar (?:email|name|address|from Ar to))?$", read("docs/man/patd.1"), re.M)
    equal(described, commands + ["help"])
    for flag in re.findall(r"--[a-z-]+", usage):
        assert flag == "--setting" or flag in page, flag


@needs_groff
def test_the_manual_of_patd_conf_has_every_setting():
    page = manual("patd.conf.5")
    listed = re.findall(r"^ {5}(\w+) = ?(.*)$", page, re.M)
    assert {n: v.strip() for n, v in listed} == {n: "" if v == "–" else v for n, v in defaults().items()}


@needs_groff
def test_the_manual_of_the_module_has_every_directive():
    page = manual("ngx_http_pat_module.8")
    for directive in module_directives():
        assert f"{directive} " in page or f"{directive};" in page, directive
    for variable in module_variables():
        assert f"${variable}" in page, variable


def test_the_inventory_of_cryptography():
    """CRY-03: what SECURITY.md names is what the programs import."""
    wanted = re.compile(r"^(EVP_|HMAC|SHA\d|MD5|RAND_|CRYPTO_mem|crypto_|sodium_|randombytes|getrandom|getentropy|arc4random|gcry|gnutls)")
    real = set()
    for program in (PATD, MODULE):
        symbols = subprocess.run(["nm", "-D", "-u", program], capture_output=True, text=True, check=True).stdout
        real |= {name for name in re.findall(r" U ([^@\s]+)", symbols) if wanted.match(name)}
    rows = re.search(r"^## Cryptography$(.*?)(?=^## |\Z)", read("SECURITY.md"), re.M | re.S).group(1)
    cells = [line.split("|")[4] for line in rows.splitlines() if line.startswith("| ")]
    equal([name for cell in cells for name in re.findall(r"`(\w+)`", cell)], real)


# ---- Links.

@pytest.mark.parametrize("path", documents(), ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = path.read_text()
    links = re.findall(r"\]\(([^)\s]+)\)", without_fences(text)) + re.findall(r'(?:src|href)="([^"]+)"', without_fences(text))
    for link in links:
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        there = (path.parent / target).resolve() if target else path
        assert there.exists(), link
        if anchor:
            assert there.suffix == ".md" and anchor in anchors(there.read_text()), link


# ---- What the sources say.

def test_events():
    text = sources("src")
    real = set(re.findall(r'pat_log\(\s*[^"]*?"([a-z_]+\.[a-z_]+)"', text))
    # Two names in one conditional, or chosen into a variable first.
    real |= set(re.findall(r'pat_log\([^;]*?\?\s*"[a-z_.]+"\s*:\s*"([a-z_]+\.[a-z_]+)"', text))
    for chosen in re.findall(r"const char \*event = ([^;]*);", text):
        real |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', chosen))
    # Named to a function of the file's own that writes the line.
    for named in re.findall(r'(?:log_\w+\(call|\bsay\(link), ([^;]*?)[,)]', text):
        real |= set(re.findall(r'"([a-z_]+\.[a-z_]+)"', named))
    # Lines that are written without pat_log(): nginx's format, and the last words of a failed assertion.
    real |= set(re.findall(r'\\?"event\\":\\"([a-z_]+\.[a-z_]+)\\"', text))
    assert len(real) > 25
    equal(table(read("docs/operations.md"), "Logs"), real)


def module_directives():
    text = read("nginx/ngx_http_pat_conf.c")
    commands = re.search(r"ngx_http_pat_commands\[\] = \{(.*?)ngx_null_command", text, re.S).group(1)
    return re.findall(r'ngx_string\("(\w+)"\)', commands)


def module_variables():
    text = read("nginx/ngx_http_pat_vars.c")
    variables = re.search(r"ngx_http_pat_vars\[\] = \{(.*?)ngx_http_null_variable", text, re.S).group(1)
    return re.findall(r'ngx_string\("(\w+)"\)', variables)


def test_directives():
    text = read("docs/nginx.md")
    equal(re.findall(r"^### (pat\w*)$", text, re.M), module_directives())
    for name in module_directives():
        assert re.search(rf"^### {name}$.*?\*\*Context:\*\* `", text, re.M | re.S), name


def test_variables_and_verdicts():
    text = read("docs/nginx.md")
    equal(table(text, "Variables"), ["$" + v for v in module_variables()])
    verdicts = re.search(r"ngx_http_pat_verdicts\[PAT_VERDICTS\] = \{(.*?)\};", read("nginx/ngx_http_pat_vars.c"), re.S)
    equal(table(text, "Verdicts"), re.findall(r'ngx_string\("(\w+)"\)', verdicts.group(1)) + ["-"])


def test_reasons():
    # rows of { status, "reason", … } at patd; { status, "reason", "Title", … } at the gate
    patd = re.findall(r'\{\s*(\d{3}),\s*"([a-z_]+)"', read("src/web/outcome.c"))
    gate = [(s, r) for s, r in re.findall(r'\{\s*(\d{3}),\s*"([a-z_]+)"', read("src/index/verify.c"))]
    assert len(patd) > 40 and len(gate) >= 6
    rows = re.search(r"^## Refusals$(.*?)^## ", read("docs/operations.md"), re.M | re.S).group(1)
    at_gate, at_patd = rows.split("From patd, under")
    row = r"^\| `([a-z_]+)` \| (\d{3}) \|"
    equal([(s, r) for r, s in re.findall(row, at_gate, re.M)], gate)
    equal([(s, r) for r, s in re.findall(row, at_patd, re.M)], patd)


def test_layers():
    """The folders of docs/architecture.md are the folders there are."""
    equal(table(read("docs/architecture.md"), "The house"),
          {f"src/{p.relative_to(ROOT / 'src').parts[0]}" for p in (ROOT / "src").glob("*/*.c")})


# ---- The token's bytes.

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def base62(number, width):
    text = ""
    for _ in range(width):
        number, digit = divmod(number, 62)
        text = ALPHABET[digit] + text
    return text


def test_vectors():
    rows = re.findall(r"^\| `([0-9a-f]{64})` \| `(\w+)` \| `([0-9a-f]{64})` \|$", read("docs/token-format.md"), re.M)
    assert len(rows) == 5
    for secret, token, digest in rows:
        prefix = token.split("_")[0]
        body = base62(int(secret, 16), 43)
        assert token == f"{prefix}_{body}{base62(zlib.crc32(body.encode()), 6)}"
        assert digest == hashlib.sha256(token.encode()).hexdigest()
    equal({(s, t, d) for s, t, d in rows} & set(unit_vectors()), unit_vectors())
    assert f"`{rows[0][2][:32]}`" in read("docs/token-format.md"), "the tid"


def unit_vectors():
    return re.findall(r'\{ "([0-9a-f]{64})",\s*"(pat_\w{49})",\s*"([0-9a-f]{64})" \}', read("tests/unit/test_token.c"))


def test_the_python_of_the_page_makes_the_vectors():
    names = {}
    exec(fence(read("docs/token-format.md"), "import hashlib"), names)  # our own page
    token = names["token"](bytes(range(32)))
    assert f"| `{token}` | `{names['digest'](token)}` |" in read("docs/token-format.md")


def seal(key, digest, owner, issued, expires, seq, state, revoked_seq, scopes):
    text = (b"patd/row1" + digest + struct.pack(">QQQIQIQ", owner, issued, expires, 0, seq, state, revoked_seq)
            + hashlib.sha256(scopes.encode()).digest())
    assert len(text) == 121
    return hmac.new(key, text, "sha256").hexdigest()


def test_the_seal():
    """The page's vector, and the rows of a real store: one live, one revoked."""
    page = read("docs/token-format.md")
    first = re.search(r"`([0-9a-f]{64})` \|$", page, re.M).group(1)
    assert seal(bytes(range(32)), bytes.fromhex(first), 7, 1700000000, 1702592000, 12, 0, 0,
                "current_user:read files:read") in page
    with Product() as product:
        ada = product.set_up()
        ada.generate("live", ["file_versions:read", "current_user:read"])
        gone = ada.generate("gone")
        ada.revoke(gone["id"])
        key = bytes.fromhex((product.data / "row.key").read_text().split()[1])
        store = sqlite3.connect(f"file:{product.data}/patd.db?mode=ro", uri=True)
        rows = store.execute("SELECT mac, digest, owner, issued, expires, token.seq, state, revoked_seq, scopes FROM token"
                             " JOIN scope_set ON scope_set.id = scope_set").fetchall()
        store.close()
        assert sorted(r[6] for r in rows) == [0, 1]
        for mac, *row in rows:
            assert mac.hex() == seal(key, *row)
        tid = hashlib.sha256(gone["token"].encode()).hexdigest()[:32]
        assert tid == gone["id"]
        # the query of "Somebody found a token"
        query = re.search(r'"(SELECT person\.email.*?)"', page, re.S).group(1)
        query = re.sub(r"x'[0-9a-f]{32}'", f"x'{tid}'", query)
        store = sqlite3.connect(f"file:{product.data}/patd.db?mode=ro", uri=True)
        assert store.execute(query).fetchall() == [("ada@acme.org", "gone", 1)]
        store.close()


# ---- The nginx.conf of operations.md, as it stands there but for places.

class Copied:
    """The two services of the page: `patd serve` and the nginx.conf that it prints, with a product behind."""

    def __init__(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="patd-docs-"))
        self.root.chmod(0o755)
        self.run = pathlib.Path(tempfile.mkdtemp(prefix="patd-docs-", dir="/dev/shm"))
        self.port, self.plain, self.product_port = free_port(), free_port(), free_port()
        self.processes = []
        shutil.copytree(ROOT / "web", self.root / "web")
        shutil.copy(MODULE, self.root / "module.so")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                        "-subj", "/CN=tokens.example.org", "-keyout", self.root / "key", "-out", self.root / "crt"],
                       check=True, capture_output=True)
        self.write(fence(read("docs/operations.md"), "# nginx.conf"))

    def write(self, text):
        root = self.root
        for old, new in (
            ("user www-data patd;", "user www-data;" if os.getuid() == 0 else ""),
            ("worker_processes auto;", "worker_processes 1; daemon off;"),
            ("/run/nginx.pid", f"{root}/nginx.pid"),
            ("/var/log/nginx/", f"{root}/"),
            ("/usr/lib/nginx/modules/ngx_http_pat_module.so", f"{root}/module.so"),
            ("/run/patd", str(self.run)),
            ("/etc/ssl/tokens.example.org.crt", f"{root}/crt"),
            ("/etc/ssl/private/tokens.example.org.key", f"{root}/key"),
            ("/usr/local/share/patd/web", f"{root}/web"),
            ("listen 443 ssl", f"listen 127.0.0.1:{self.port} ssl"),
            ("listen 80 default_server", f"listen 127.0.0.1:{self.plain} default_server"),
            ("127.0.0.1:9000", f"127.0.0.1:{self.product_port}"),
        ):
            assert old in text, old
            text = text.replace(old, new)
        temporary = "".join(f"{n}_temp_path {root}/t-{n};\n" for n in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        (root / "nginx.conf").write_text(text.replace("http {\n", "http {\n" + temporary, 1))

    def nginx(self, *more):
        return [NGINX, "-p", str(self.root), "-c", str(self.root / "nginx.conf"), "-e", str(self.root / "error.log"), *more]

    def check(self):
        return subprocess.run(self.nginx("-t"), capture_output=True, text=True)

    def spawn(self, command):
        log = open(self.root / "out", "ab")
        env = {k: v for k, v in os.environ.items() if not k.startswith("PATD_")}
        self.processes.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env))
        log.close()

    def wait(self, condition):
        end = time.monotonic() + 20
        while not condition():
            assert time.monotonic() < end, (self.root / "out").read_text()
            time.sleep(0.02)

    def start(self):
        conf = self.root / "patd.conf"
        conf.write_text(f"data = {self.root}/data\nruntime_dir = {self.run}\npublic_url = https://tokens.example.org\n"
                        "argon2_memory_kib = 8192\n")
        self.spawn([PATD, "serve", "--config", conf])
        self.wait(lambda: "/setup#" in (self.root / "out").read_text())
        self.spawn(["/usr/bin/python3", "-c", ECHO, str(self.product_port)])
        self.spawn(self.nginx())
        for port in (self.port, self.product_port):
            self.wait(lambda: listens(port))
        return self

    def stop(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=20)
        shutil.rmtree(self.root, ignore_errors=True)
        shutil.rmtree(self.run, ignore_errors=True)

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(self, *_):
        self.stop()

    def call(self, method, path, body=None, headers=None, host="tokens.example.org", token=None):
        h = {"Host": host, **(headers or {})}
        if body is not None:
            body = json.dumps(body)
            h["Content-Type"] = "application/json"
        if token:
            h["Authorization"] = "Bearer " + token
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=context)
        try:
            connection.request(method, path, body, h)
            response = connection.getresponse()
            return Answer(response, response.read())
        finally:
            connection.close()


ECHO = """
import http.server, json, sys
class Echo(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
        self.wfile.write(json.dumps(self.headers.items()).encode())
    do_POST = do_GET
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Echo).serve_forever()
"""


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def test_the_nginx_conf_is_one():
    site = Copied()
    try:
        done = site.check()
        assert done.returncode == 0 and "test is successful" in done.stderr, done.stderr
        assert "[warn]" not in done.stderr
    finally:
        site.stop()


def check_conf(http, main=""):
    root = pathlib.Path(tempfile.mkdtemp(prefix="patd-docs-"))
    try:
        temporary = "".join(f"{n}_temp_path {root}/t-{n};\n" for n in ("client_body", "proxy", "fastcgi", "scgi", "uwsgi"))
        (root / "nginx.conf").write_text(f"{main}\npid {root}/pid; error_log {root}/log notice;\nevents {{ }}\n"
                                         f"http {{\n{temporary}access_log off;\n{http}\n}}\n")
        done = subprocess.run([NGINX, "-p", root, "-c", root / "nginx.conf", "-e", root / "log", "-t"], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    finally:
        shutil.rmtree(root)


def test_the_examples_of_nginx_md_are_configurations():
    page = read("docs/nginx.md")
    load = f"load_module {MODULE};"
    short = fence(page, "load_module")
    check_conf(re.search(r"http \{\n(.*)\}", short, re.S).group(1), load)
    scopes = fence(page, "pat_scopes file_content:read file_metadata:read;")
    check_conf(f"pat_index /x; server {{ listen 127.0.0.1:1; location / {{ pat on; {scopes} }} }}", load)
    check_conf(f"pat_index /x; server {{ listen 127.0.0.1:1; {fence(page, 'location / {')} }}", load)
    check_conf(fence(page, "log_format"), load)
    check_conf(fence(read("docs/operations.md"), "set_real_ip_from"))
    check_conf(f"pat_index /x; server {{ listen 127.0.0.1:1; {fence(read('docs/proxies.md'), 'location = /verify/reports')} }}", load)


def test_the_example_of_the_readme_is_a_configuration():
    example = fence(read("README.md"), "load_module")
    check_conf(re.search(r"http \{\n(.*)\}", example, re.S).group(1), f"load_module {MODULE};")


def test_the_units_are_units(tmp_path):
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze")
    unit = fence(read("docs/operations.md"), "[Unit]")
    assert "ExecStart=/usr/local/bin/patd serve" in unit
    (tmp_path / "patd.service").write_text(unit.replace("/usr/local/bin/patd", str(PATD)))
    done = subprocess.run(["systemd-analyze", "verify", tmp_path / "patd.service"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_patd_conf_is_one(tmp_path):
    """Of operations.md and of the manual: every line is a setting."""
    for text in (fence(read("docs/operations.md"), "data = "),
                 re.search(r"offset indent\n(.*?)\.Ed", read("docs/man/patd.conf.5"), re.S).group(1)):
        (tmp_path / "patd.conf").write_text(text.replace("/var/lib/patd", str(tmp_path / "data"))
                                            .replace("/run/patd", str(tmp_path / "run")))
        done = subprocess.run([PATD, "check", "--config", tmp_path / "patd.conf"], capture_output=True, text=True,
                              env={k: v for k, v in os.environ.items() if not k.startswith("PATD_")})
        assert done.returncode == 0, done.stderr
        for line in text.strip().splitlines():
            assert line.split("=")[0] in done.stdout


def test_the_nginx_conf_serves():
    with Copied() as site:
        page = site.call("GET", "/setup")
        assert page.status == 200 and b"<!doctype html>" in page.body
        assert page.headers["Strict-Transport-Security"] and page.headers["Content-Security-Policy"]
        assert site.call("GET", "/assets/setup.js").status == 200
        assert site.call("GET", "/_pages/home.html").status == 404
        assert site.call("GET", "/readyz").json == {"status": "ready"}

        out = (site.root / "out").read_text()
        assert "https://tokens.example.org/setup#" in out
        code = re.search(r"/setup#(\S+)", out).group(1)
        answer = site.call("POST", "/api/v1/setup", {"code": code, "email": "ada@acme.org", "name": "Ada", "password": PASSWORD},
                           headers={"Origin": "https://tokens.example.org"})
        assert answer.status == 201, answer
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-patd_session=") and "; Secure" in cookie
        ada = Person(site, cookie.split(";")[0], answer.json)

        read_only = ada.generate("reads", ["current_user:read", "file_content:read"])
        writer = ada.generate("writes", ["file_content:read", "file_comments:write"])
        assert site.call("GET", "/v1/me", token=read_only["token"]).json["handle"] == "Ada"
        assert site.call("GET", "/verify", token=writer["token"]).headers["X-Pat-User"] == ada.id

        # All that `patd run` answers is answered here.
        assert site.call("GET", "/v1/files/none", token=read_only["token"]).json["err"] == "Not found"
        assert site.call("GET", "/api/v1/self", token=read_only["token"]).json["id"] == read_only["id"]
        for path in ("/introspect", "/revoke"):
            assert site.call("POST", path).json["error"] == "invalid_client"
        assert site.call("GET", "/.well-known/oauth-authorization-server").json["issuer"] == "https://tokens.example.org"
        asked = {"X-Forwarded-Method": "GET", "X-Forwarded-Uri": "/v1/me"}
        assert site.call("GET", "/verify/files", headers=asked, token=read_only["token"]).status == 200
        assert site.call("GET", "/verify/files", headers=asked, token=writer["token"]).status == 403
        assert site.call("GET", "/ext_authz/files/v1/me", token=read_only["token"]).status == 200
        assert site.call("GET", "/ext_authz/../", token=read_only["token"]).status != 200
        assert site.call("POST", "/api/v1/files?name=Large", {"name": "x" * 100_000}).json["reason"] == "session_required"

        api = {"host": "api.example.org"}
        assert site.call("GET", "/anything", **api).json["reason"] == "token_missing"
        seen = dict(site.call("GET", "/anything", token=read_only["token"], **api).json)
        assert seen["X-Pat-User"] == ada.id and seen["X-Pat-Token-Id"] == read_only["id"] and "Authorization" not in seen
        refused = site.call("POST", "/anything", {}, token=read_only["token"], **api)
        assert (refused.status, refused.json["scope"]) == (403, "file_comments:write")
        assert site.call("POST", "/anything", {}, token=writer["token"], **api).status == 200

        assert ada.revoke(writer["id"]).status == 200
        assert site.call("GET", "/anything", token=writer["token"], **api).json["reason"] == "token_invalid"

        # plain HTTP is refused without a word
        with socket.create_connection(("127.0.0.1", site.plain)) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: tokens.example.org\r\n\r\n")
            assert s.recv(100) == b""

        # patd goes, verifying stays
        site.processes[0].terminate()
        site.processes[0].wait(timeout=20)
        assert site.call("GET", "/anything", token=read_only["token"], **api).status == 200
        away = site.call("GET", "/api/v1/session", headers={"Cookie": ada.cookie})
        assert (away.status, away.json["reason"]) == (503, "unavailable")
        assert site.call("GET", "/").status == 503

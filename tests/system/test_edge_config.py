# SPDX-License-Identifier: Apache-2.0
"""What an operator is told about a configuration that would not do what it seems to say."""
import pytest
from edge_index import new_token
from edge_site import Site, bearer, figma


def say(inside, http="", location="location / { %s }", site_args=()):
    site = Site(f"""
    {http}
    server {{
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        {location % inside if "%s" in location else location}
    }}
    """, index=False)
    try:
        return site.check()
    finally:
        site.stop()


LONG = "x" * 64

REFUSED = [
    ("pat maybe;", 'invalid value "maybe"'),
    ("pat on optional;", 'invalid number of arguments in "pat"'),
    ("pat_verify; pat optional;", '"pat_verify" and "pat optional" in location "/"'),
    ("pat on; pat on;", '"pat" directive is duplicate'),
    ("pat;", 'invalid number of arguments in "pat"'),
    ("pat_scopes;", 'invalid number of arguments in "pat_scopes"'),
    ('pat_scopes "";', 'invalid scope ""'),
    ("pat_scopes 'a b';", 'invalid scope "a b"'),
    ("pat_scopes 'a\"b';", 'invalid scope "a"b"'),
    ("pat_scopes \"a\\\\\\\\b\";", 'invalid scope'),
    ("pat_scopes gr\u00fc\u00df;", 'invalid scope'),
    (f"pat_scopes {'s' * 129};", 'invalid scope'),
    ("pat_scopes a b a;", 'duplicate scope "a"'),
    ("pat_scopes " + " ".join(f"s{n}" for n in range(17)) + ";", 'more than 16 scopes in one "pat_scopes"'),
    ("pat_token_headers;", 'invalid number of arguments'),
    ("pat_token_headers X-A; pat_token_headers X-B;", '"pat_token_headers" directive is duplicate'),
    ("pat_token_headers X-A x-a;", 'token header "x-a" is duplicate'),
    ("pat_token_headers X_A;", 'token header "X_A" has another character than a letter, a digit or "-"'),
    ("pat_token_headers 'X A';", 'has another character'),
    ("pat_token_headers -A;", 'begins with "-"'),
    ("pat_token_headers X-A:;", 'has another character'),
    ('pat_token_headers "";', 'is empty or too long'),
    (f"pat_token_headers {LONG};", 'is empty or too long'),
    ("pat_token_headers Authorization;", 'token header "Authorization" has a meaning of its own'),
    ("pat_token_headers Cookie;", 'has a meaning of its own'),
    ("pat_token_headers host;", 'has a meaning of its own'),
    ("pat_token_headers Content-Length;", 'has a meaning of its own'),
    ("pat_token_headers X-Forwarded-For;", 'has a meaning of its own'),
    ("pat_token_headers x-pat-user;", 'is in the name space of what the product is told'),
    ("pat_token_headers " + " ".join(f"X-{n}" for n in range(17)) + ";", 'token header "X-16" is one too many'),
    ("pat_realm a; pat_realm b;", '"pat_realm" directive is duplicate'),
    ("pat_realm 'a\"b';", '"pat_realm" takes visible ASCII without quotes and backslashes'),
    ("pat_realm gr\u00fc\u00df;", '"pat_realm" takes visible ASCII'),
    ("pat_cors yes;", 'it must be "on" or "off"'),
    ("pat_verify; pat_verify;", '"pat_verify" directive is duplicate'),
    ("pat_verify on;", 'invalid parameter "on": "pat_verify" takes "path" or nothing'),
    ("pat_verify; pat on;", '"pat_verify" and "pat on" in location "/"'),
    ("pat on; pat_verify;", '"pat_verify" and "pat on" in location "/"'),
    ("pat_verify; proxy_pass http://127.0.0.1:9;", '"pat_verify" in location "/" that something else answers'),
    ("pat_index /x;", '"pat_index" directive is not allowed here'),
    ("if ($arg_a) { pat on; }", '"pat" directive is not allowed here'),
]


@pytest.mark.parametrize("inside, message", REFUSED, ids=lambda v: v[:40])
def test_refused(inside, message):
    passed, said = say(inside)
    assert not passed
    assert message in said
    assert "nginx.conf:" in said, "says where"


@pytest.mark.parametrize("http, message", [
    ("pat_index /a;", '"pat_index" directive is duplicate'),
    ("pat_verify;", '"pat_verify" directive is not allowed here'),
])
def test_refused_in_http(http, message):
    passed, said = say("pat on;", http=http)
    assert not passed and message in said


@pytest.mark.parametrize("inside", ["pat on;", "pat optional;", "pat_verify;"])
def test_an_index_must_be_named(inside):
    site = Site(f"server {{ listen 127.0.0.1:@PORT@; location / {{ {inside} }} }}", index=False)
    conf = site.path("nginx.conf")
    conf.write_text(conf.read_text().replace(f"pat_index {site.index_directory};", ""))
    passed, said = site.check()
    site.stop()
    assert not passed and '"pat" and "pat_verify" need a "pat_index" in "http"' in said


def test_without_pat_nothing_is_needed():
    site = Site("server { listen 127.0.0.1:@PORT@; location / { pat off; } }", index=False)
    conf = site.path("nginx.conf")
    conf.write_text(conf.read_text().replace(f"pat_index {site.index_directory};", ""))
    passed, said = site.check()
    site.stop()
    assert passed, said


@pytest.mark.parametrize("level, warned", [("notice", False), ("error", False), ("info", True), ("debug", True)])
def test_a_log_that_would_hold_tokens(level, warned):
    passed, said = say(f"pat on; error_log /dev/null {level};")
    assert passed
    assert ("nginx writes tokens to the log" in said) == warned


def test_what_a_location_inherits():
    servers = """
    pat_realm outer;
    pat_scopes files:read;
    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        pat on;
        pat_scopes projects:write;
        pat_token_headers X-Outer;
        location / { }
        location /own/ { pat_scopes files:read; pat_token_headers X-Inner; pat_realm inner; alias @ROOT@/html/; }
        location /open/ { pat off; alias @ROOT@/html/; }
        location = /verify { pat_verify; }
        location /verify/under {
            pat_verify; if ($request_method = GET) { set $a b; }
            location /verify/under/nested/ { alias @ROOT@/html/; }
        }
        location = /verify/limited { pat_verify; limit_except GET { pat_scopes a:b; } }
        location /nest/ { pat_scopes a:b; location /nest/in/ { alias @ROOT@/html/; } }
    }"""
    with Site(servers) as site:
        token = site.index.add()
        answer = site.ask("/hello.txt", [bearer(token)])
        assert answer.json()["scope"] == "projects:write"
        assert 'realm="outer"' in answer.one("WWW-Authenticate")
        assert site.ask("/hello.txt", [("X-Outer", token)]).status == 403
        assert site.ask("/hello.txt", [figma(token)]).status == 401
        assert site.ask("/own/hello.txt", [bearer(token)]).status == 200
        assert site.ask("/own/hello.txt", [("X-Inner", token)]).status == 200
        answer = site.ask("/own/hello.txt", [("X-Outer", token)])
        assert answer.status == 401 and 'realm="inner"' in answer.one("WWW-Authenticate")
        assert site.ask("/open/hello.txt").status == 200
        assert site.ask("/nest/in/hello.txt", [bearer(token)]).json()["scope"] == "a:b"
        assert site.ask("/verify", [bearer(token)]).json()["scope"] == "projects:write"
        assert site.ask("/verify/under", [bearer(token)]).status == 403
        writer = site.index.add(scopes="projects:write")
        assert site.ask("/verify", [bearer(writer)]).status == 200
        assert site.ask("/verify/under", [bearer(writer)]).one("X-Pat-User") == "u_42"
        answer = site.ask("/verify/under", [bearer(new_token())])
        assert answer.status == 401 and answer.one("X-Pat-Error").encode() == answer.body
        assert site.ask("/verify/under/nested/hello.txt", [bearer(writer)]).body == b"hello\n"
        assert site.ask("/verify/under/nested/hello.txt").status == 401
        assert site.ask("/verify/limited", [bearer(writer)]).one("X-Pat-User") == "u_42"
        assert site.ask("/verify/limited", [bearer(writer)], method="PUT").json()["scope"] == "a:b"


def test_one_process_and_no_daemon():
    """As when nginx is looked at in a debugger."""
    servers = "server { listen 127.0.0.1:@PORT@; root @ROOT@/html; location / { pat on; } }"
    site = Site(servers)
    conf = site.path("nginx.conf")
    conf.write_text("master_process off;\n" + conf.read_text())
    with site:
        assert site.ask("/hello.txt", [bearer(site.index.add())]).status == 200
        assert site.ask("/hello.txt").status == 401


def test_a_helper_process_needs_no_index():
    """The cache manager and loader run every module's init too."""
    servers = """
        proxy_cache_path @ROOT@/cache keys_zone=one:1m loader_threshold=10;
        server { listen 127.0.0.1:@PORT@; root @ROOT@/html; location / { pat on; } }"""
    with Site(servers) as site:
        assert site.ask("/hello.txt", [bearer(site.index.add())]).status == 200

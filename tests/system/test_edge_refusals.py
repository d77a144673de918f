# SPDX-License-Identifier: Apache-2.0
"""What a client is told when it may not pass, byte by byte, and what `pat_verify` says."""
import json
import re
import time

import pytest
from edge_echo import HttpEcho
from edge_index import new_token, tid, token_of
from edge_site import Site, bearer, figma

SERVERS = """
    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        location / { pat on; }
        location /one/ { pat on; pat_scopes projects:write; alias @ROOT@/html/; }
        location /any/ { pat on; pat_scopes a:b c:d e:f; alias @ROOT@/html/; }
        location /all/ {
            pat on; alias @ROOT@/html/;
            pat_scopes files:read files:admin;
            pat_scopes projects:write;
        }
        location /own/ { pat on; pat_realm "the house"; pat_token_headers X-Key X-Other; alias @ROOT@/html/; }
        location /cors/ { pat on; pat_cors on; alias @ROOT@/html/; }
        location /cors-app/ { pat on; pat_cors on; proxy_pass http://127.0.0.1:@HTTP@/; }
        location = /verify { pat_verify; }
        location = /verify/write { pat_verify; pat_scopes projects:write; }
        location = /verify/long { pat_verify; pat_scopes @LONG@; }
        location /open/ { alias @ROOT@/html/; }
    }
"""
PROMPT_S = 0.25
LONG = " ".join(f"long:{'x' * 100}{n}" for n in range(16))


@pytest.fixture(scope="module")
def site():
    http = HttpEcho()
    with Site(SERVERS, long=LONG, http=http.port, backends=[http]) as s:
        s.token = s.index.add()
        s.expired = s.index.add(owner="u_7", expires=int(time.time()) - 60)
        s.never = s.index.add(owner="u_9", ttl=0)
        yield s


def head_lines(answer):
    """The head without what nginx alone decides."""
    lines = answer.raw_head.decode("latin-1").split("\r\n")
    return [line for line in lines if not re.match(r"(Date|Server): ", line)]


def expect(answer, status, reason, body, challenge, realm="patd", vary="X-Figma-Token, Authorization"):
    titles = {400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 503: "Service Unavailable"}
    phrases = {503: "Service Temporarily Unavailable"}
    assert answer.body.decode() == body
    assert answer.json()["title"] == titles[status]
    assert answer.json()["reason"] == reason
    known = reason in ("token_expired", "insufficient_scope")
    expires = "Pat-Expires: " + answer.one("Pat-Expires") if known else None
    assert head_lines(answer) == [line for line in (
        f"HTTP/1.1 {status} {phrases.get(status, titles[status])}",
        "Content-Type: application/json; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: keep-alive",
        f'WWW-Authenticate: Bearer realm="{realm}"{challenge}' if challenge is not None else None,
        "Cache-Control: no-store",
        f"Vary: {vary}",
        "X-Content-Type-Options: nosniff",
        "Retry-After: 1" if status == 503 else None,
        expires,
    ) if line]


MISSING = ('{"type":"about:blank","title":"Unauthorized","status":401,'
           '"detail":"This address needs a personal access token.",'
           '"err":"Missing credentials","reason":"token_missing"}')
INVALID = ('{"type":"about:blank","title":"Unauthorized","status":401,'
           '"detail":"The token is not valid: it was never issued here, was mistyped, or has been revoked.",'
           '"err":"Invalid token","reason":"token_invalid"}')
EXPIRED = ('{"type":"about:blank","title":"Unauthorized","status":401,'
           '"detail":"The token has expired. Its owner can generate a new one.",'
           '"err":"Token expired","reason":"token_expired"}')
AMBIGUOUS = ('{"type":"about:blank","title":"Bad Request","status":400,'
             '"detail":"The request carries more than one credential. Send one token, once.",'
             '"err":"Invalid parameter: more than one credential","reason":"token_ambiguous"}')
UNAVAILABLE = ('{"type":"about:blank","title":"Service Unavailable","status":503,'
               '"detail":"Tokens can not be verified right now. Try again shortly.",'
               '"err":"Verification unavailable","reason":"unavailable"}')


def scope_body(words, names):
    return ('{"type":"about:blank","title":"Forbidden","status":403,'
            '"detail":"The token does not have the scope that this address requires.",'
            f'"err":"Invalid scope(s). This endpoint requires the {words} scope",'
            f'"reason":"insufficient_scope","scope":"{names}"}}')


def test_missing(site):
    expect(site.ask("/hello.txt"), 401, "token_missing", MISSING, "")


def test_another_scheme_presents_nothing(site):
    answer = site.ask("/hello.txt", [("Authorization", "Basic dTpw")])
    expect(answer, 401, "token_missing", MISSING, "")


def test_never_from_the_url(site):
    for query in (f"access_token={site.token}", f"X-Figma-Token={site.token}", f"token={site.token}"):
        expect(site.ask(f"/hello.txt?{query}"), 401, "token_missing", MISSING, "")


def test_unknown_malformed_and_revoked_are_told_the_same(site):
    revoked = site.index.add()
    assert site.ask("/hello.txt", [bearer(revoked)]).status == 200
    site.index.remove(revoked)
    mistyped = site.token[:-1] + ("a" if site.token[-1] != "a" else "b")
    answers = [site.ask("/hello.txt", [bearer(text)]) for text in
               (new_token(), revoked, mistyped, "x", "not even close", token_of(bytes(32)), new_token("abc"))]
    for answer in answers:
        expect(answer, 401, "token_invalid", INVALID, ', error="invalid_token"')
    assert len({tuple(head_lines(a)) + (a.body,) for a in answers}) == 1
    words = ["unknown", "unknown"] + ["malformed"] * 3 + ["unknown", "malformed"]
    site.log_ends(*({"verdict": word} for word in words))


def test_expired(site):
    answer = site.ask("/hello.txt", [figma(site.expired)])
    expect(answer, 401, "token_expired", EXPIRED, ', error="invalid_token"')
    site.log_ends({"verdict": "expired", "user": "u_7", "tid": tid(site.expired)})


def test_it_expires_in_the_second_that_was_said(site):
    expires = int(time.time()) + 2
    token = site.index.add(expires=expires)
    with site.conn() as c:
        while True:
            before = time.time()
            answer = c.send(f"GET /hello.txt HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n\r\n").read()
            after = time.time()
            if after < expires:
                assert answer.status == 200
            if before >= expires:
                assert answer.json()["err"] == "Token expired"
                break


@pytest.mark.parametrize("headers", [
    lambda t: [bearer(t), figma(new_token())],
    lambda t: [figma(new_token()), bearer(t)],
    lambda t: [figma(t), figma(new_token())],
    lambda t: [figma(t), figma("")],
    lambda t: [figma(""), bearer(t)],
    lambda t: [figma(t), ("Authorization", "Basic dTpw")],
    lambda t: [("Authorization", "Basic dTpw"), figma(t)],
])
def test_two_credentials(site, headers):
    answer = site.ask("/hello.txt", headers(site.token))
    expect(answer, 400, "token_ambiguous", AMBIGUOUS, ', error="invalid_request"')


@pytest.mark.parametrize("headers", [
    lambda t: [bearer(t), ("authorization", f"Bearer {new_token()}")],
    lambda t: [bearer(t), bearer(t)],
    lambda t: [("Authorization", "Basic dTpw"), bearer(t)],
    lambda t: [bearer(t), ("Authorization", "Basic dTpw")],
])
def test_two_authorization_headers(site, headers):
    """nginx takes no request with two of them; were it to, libpat would not."""
    assert site.ask("/hello.txt", headers(site.token)).status == 400


@pytest.mark.parametrize("headers", [
    lambda t: [bearer(t), figma(t)],
    lambda t: [figma(t), figma(t)],
    lambda t: [figma(t), figma(t), ("authorization", f"bearer secret-token:{t}")],
])
def test_the_same_credential_twice_is_one(site, headers):
    assert site.ask("/hello.txt", headers(site.token)).body == b"hello\n"


def test_comma_joined_credentials_are_no_token(site):
    for text in (f"{site.token}, {site.token}", f"{site.token},Bearer {site.token}"):
        answer = site.ask("/hello.txt", [bearer(text)])
        expect(answer, 401, "token_invalid", INVALID, ', error="invalid_token"')


def test_scope_missing(site):
    answer = site.ask("/one/hello.txt", [figma(site.token)])
    expect(answer, 403, "insufficient_scope", scope_body("projects:write", "projects:write"),
           ', error="insufficient_scope", scope="projects:write"')
    assert "files:read" not in answer.raw_head.decode() + answer.body.decode()


def test_any_one_of_a_lines_scopes_suffices(site):
    answer = site.ask("/any/hello.txt", [figma(site.token)])
    expect(answer, 403, "insufficient_scope", scope_body("a:b or c:d or e:f", "a:b c:d e:f"),
           ', error="insufficient_scope", scope="a:b c:d e:f"')
    for scope in ("a:b", "c:d", "e:f"):
        assert site.ask("/any/hello.txt", [figma(site.index.add(scopes=scope))]).status == 200


def test_every_line_must_be_met_and_only_the_unmet_one_is_named(site):
    answer = site.ask("/all/hello.txt", [figma(site.token)])
    expect(answer, 403, "insufficient_scope", scope_body("projects:write", "projects:write"),
           ', error="insufficient_scope", scope="projects:write"')
    token = site.index.add(scopes="projects:write")
    answer = site.ask("/all/hello.txt", [figma(token)])
    assert answer.json()["err"].endswith("requires the files:read or files:admin scope")
    token = site.index.add(scopes="files:admin projects:write")
    assert site.ask("/all/hello.txt", [figma(token)]).status == 200


def test_own_realm_and_headers(site):
    vary = "X-Key, X-Other, Authorization"
    expect(site.ask("/own/hello.txt", [figma(site.token)]), 401, "token_missing", MISSING, "", "the house", vary)
    for name in ("x-key", "X-OTHER"):
        assert site.ask("/own/hello.txt", [(name, site.token)]).status == 200
    answer = site.ask("/own/hello.txt", [("X-Key", site.token), ("X-Other", new_token())])
    expect(answer, 400, "token_ambiguous", AMBIGUOUS, ', error="invalid_request"', "the house", vary)


def test_head_has_the_same_head_and_no_body(site):
    with site.conn() as c:
        c.send("GET /hello.txt HTTP/1.1\r\nHost: s\r\n\r\n")
        get = c.read()
        c.send("HEAD /hello.txt HTTP/1.1\r\nHost: s\r\n\r\nGET /open/hello.txt HTTP/1.1\r\nHost: s\r\n\r\n")
        head = c.read(head_only=True)
        assert head_lines(head) == head_lines(get)
        assert c.read().body == b"hello\n"


def test_http_1_0(site):
    answer = site.ask("/hello.txt", version="1.0")
    assert answer.status == 401 and answer.body.decode() == MISSING
    assert answer.one("Connection") == "close"
    with site.conn() as c:
        c.send(f"GET /hello.txt HTTP/1.0\r\nX-Figma-Token: {site.token}\r\n\r\n")
        assert c.read_all().endswith(b"\r\n\r\nhello\n")
    with site.conn() as c:  # HTTP/0.9 has no headers, so it presents nothing
        assert c.send("GET /hello.txt\r\n").read_all().decode() == MISSING


def test_gzip_leaves_a_refusal_readable(site):
    answer = site.ask("/hello.txt", [("Accept-Encoding", "gzip")])
    assert answer.json()["reason"] == "token_missing"


def test_error_page_does_not_replace_a_refusal():
    servers = """
    server {
        listen 127.0.0.1:@PORT@; root @ROOT@/html;
        error_page 401 403 503 /index.html;
        location / { }
        location /in/ { pat on; alias @ROOT@/html/; }
    }"""
    with Site(servers) as site:
        assert site.ask("/in/hello.txt").body.decode() == MISSING


# The verify answer.

def test_verify_allows(site):
    for token, expires in ((site.token, None), (site.never, "-")):
        answer = site.ask("/verify", [bearer(token)])
        seen = answer.one("X-Pat-Expires")
        assert re.fullmatch(expires or r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", seen)
        assert head_lines(answer) == [
            "HTTP/1.1 200 OK",
            "Content-Length: 0",
            "Connection: keep-alive",
            f"X-Pat-User: {'u_42' if token == site.token else 'u_9'}",
            "X-Pat-Scopes: files:read projects:read",
            f"X-Pat-Token-Id: {tid(token)}",
            f"X-Pat-Expires: {seen}",
            "Cache-Control: no-store",
            *([f"Pat-Expires: {seen}"] if expires is None else []),
        ]
        head = site.ask("/verify", [bearer(token)], method="HEAD")
        assert head_lines(head) == head_lines(answer)


@pytest.mark.parametrize("method", "GET HEAD POST PUT DELETE PATCH OPTIONS PROPFIND PURGE".split())
def test_verify_takes_any_method(site, method):
    extra = [("X-Pat-User", "admin"), ("X-Pat-Verdict", "allowed"), ("X-Original-Method", "GET"),
             ("X-Pat-Scopes", "projects:write"), ("X-HTTP-Method-Override", "GET")]
    answer = site.ask("/verify?access_token=x&pat_scopes=none", [bearer(site.token), *extra], method=method)
    assert answer.status == 200
    assert answer.one("X-Pat-User") == "u_42"
    answer = site.ask("/verify", extra, method=method)
    assert answer.status == 401
    answer = site.ask("/verify/write", [bearer(site.token), *extra], method=method)
    assert answer.status == 403


def test_verify_refuses_with_the_body_in_a_header(site):
    for headers, status in (([], 401), ([bearer("x")], 401), ([bearer(site.expired)], 401),
                            ([bearer(site.token), figma("x")], 400)):
        answer = site.ask("/verify", headers)
        assert answer.status == status
        assert answer.one("X-Pat-Error").encode() == answer.body
        assert len(answer.one("X-Pat-Error")) < 1024
        assert answer.one("Cache-Control") == "no-store"
        assert answer.one("WWW-Authenticate").startswith('Bearer realm="patd"')
        assert not answer.all("X-Pat-User")
    assert not site.ask("/hello.txt").all("X-Pat-Error")


def test_the_header_stays_short_whatever_the_scopes(site):
    answer = site.ask("/verify/long", [bearer(site.token)])
    assert answer.status == 403
    assert len(answer.json()["scope"].split()) == 16
    brief = json.loads(answer.one("X-Pat-Error"))
    assert len(answer.one("X-Pat-Error")) < 1024
    assert brief["status"] == 403 and brief["err"] == "Invalid scope(s)."


def test_verify_answers_a_body_that_never_comes(site):
    for headers in ("Content-Length: 10000000", "Transfer-Encoding: chunked",
                    "Content-Length: 5\r\nExpect: 100-continue"):
        for token, status in ((site.token, 200), ("x", 401)):
            begun = time.monotonic()
            with site.conn() as c:
                c.send(f"POST /verify HTTP/1.1\r\nHost: s\r\nX-Figma-Token: {token}\r\n{headers}\r\n\r\n")
                answer = c.read()
                assert answer.status == status
                assert time.monotonic() - begun < PROMPT_S
                # What the proxy sends next must not be taken for the body.
                assert answer.one("Connection") == "close"
                assert c.closed(within=0.5)


def test_verify_keeps_the_connection_without_a_body(site):
    with site.conn() as c:
        for _ in range(3):
            c.send(f"POST /verify HTTP/1.1\r\nHost: s\r\nContent-Length: 0\r\nX-Figma-Token: {site.token}\r\n\r\n")
            assert c.read().one("Connection") == "keep-alive"


def test_nothing_of_ours_is_cacheable_or_sets_a_cookie(site):
    for answer in (site.ask("/hello.txt"), site.ask("/verify"), site.ask("/verify", [bearer(site.token)])):
        assert answer.one("Cache-Control") == "no-store"
        assert not answer.all("Set-Cookie") and not answer.all("ETag") and not answer.all("Expires")


# CORS.

def preflight(site, path, headers=(("Access-Control-Request-Method", "DELETE"),)):
    return site.ask(path, [("Origin", "https://a.example"), *headers], method="OPTIONS")


def test_preflight(site):
    answer = preflight(site, "/cors/hello.txt")
    assert answer.status == 204
    assert answer.one("Access-Control-Allow-Origin") == "*"
    assert answer.one("Access-Control-Allow-Headers") == "X-Figma-Token, Authorization, Content-Type"
    assert set(answer.one("Access-Control-Allow-Methods").split(", ")) >= {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert int(answer.one("Access-Control-Max-Age")) > 0
    assert not answer.all("Access-Control-Allow-Credentials")


def test_options_that_is_no_preflight_needs_a_token(site):
    assert preflight(site, "/cors/hello.txt", headers=()).status == 401
    assert preflight(site, "/hello.txt").status == 401


def test_cors_on_answers_and_refusals(site):
    for headers, status in (([], 401), ([figma(site.token)], 200), ([figma(site.token), bearer("x")], 400)):
        answer = site.ask("/cors/hello.txt", headers)
        assert answer.status == status
        assert answer.one("Access-Control-Allow-Origin") == "*"
    assert site.ask("/cors/absent", [figma(site.token)]).one("Access-Control-Allow-Origin") == "*"
    assert not site.ask("/hello.txt").all("Access-Control-Allow-Origin")


def test_a_browser_sees_one_allowed_origin(site):
    answer = site.ask("/cors-app/origin", [figma(site.token)])
    assert answer.status == 200 and answer.one("Access-Control-Allow-Origin") == "*"


def test_unavailable():
    with Site(SERVERS, long=LONG, http=1, index=False) as site:
        expect(site.ask("/hello.txt", [bearer(new_token())]), 503, "unavailable", UNAVAILABLE, None)
        expect(site.ask("/hello.txt", [bearer("x")]), 503, "unavailable", UNAVAILABLE, None)
        expect(site.ask("/hello.txt"), 401, "token_missing", MISSING, "")
        assert site.ask("/open/hello.txt").status == 200
        answer = site.ask("/verify", [bearer(new_token())])
        assert answer.status == 503 and answer.one("Retry-After") == "1"
        assert answer.one("X-Pat-Error").encode() == answer.body
        assert not answer.all("WWW-Authenticate")

# SPDX-License-Identifier: Apache-2.0
"""What the product behind the edge is told: our word on who it is, nobody else's, never the secret.

Also through every turn nginx can make inside: redirects, subrequests, "satisfy any".
"""
import itertools

import pytest
from edge_echo import HttpEcho, ScgiEcho
from edge_index import new_token, tid
from edge_site import Site, bearer, figma, until

SERVERS = """
    underscores_in_headers on;
    ignore_invalid_headers off;
    log_format told '$http_x_pat_user|$http_authorization|$http_x_figma_token|$http_user_agent|$remote_user';

    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        proxy_http_version 1.1;
        proxy_set_header Connection "";

        location / { }
        location /app/ { pat on; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /ws/ {
            pat on; proxy_pass http://127.0.0.1:@HTTP@/;
            proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "Upgrade";
        }
        location /scgi/ {
            pat on; scgi_pass unix:@SCGI@;
            scgi_param WHO $pat_user; scgi_param WHAT $pat_scopes; scgi_param WHICH $pat_token_id;
            scgi_param UNTIL $pat_expires; scgi_param VERDICT $pat_verdict;
        }
        location /plain/ {
            scgi_pass unix:@SCGI@;
            scgi_param WHO $pat_user; scgi_param VERDICT $pat_verdict;
        }
        location /logged/ { pat on; access_log @ROOT@/told.log told; alias @ROOT@/html/; }
        location /set/ {
            pat on; proxy_pass http://127.0.0.1:@HTTP@/;
            proxy_set_header X-Pat-User "fixed"; proxy_set_header X-Mine $pat_user;
        }
        location /keys/ { pat on; pat_token_headers X-Key; proxy_pass http://127.0.0.1:@HTTP@/; }

        # Redirects inside.
        location /accel/ { pat on; proxy_pass http://127.0.0.1:@HTTP@/; proxy_pass_request_headers on; }
        location /inner/ { internal; pat on; pat_scopes projects:read; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /inner-write/ { internal; pat on; pat_scopes projects:write; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /inner-plain/ { internal; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /try/ { pat on; try_files /absent @named; }
        location /try-open/ { try_files /absent @named; }
        location @named { pat on; proxy_pass http://127.0.0.1:@HTTP@; }
        location /try2/ { pat on; try_files /absent /inner-write/x; }
        location /error/ { pat on; error_page 404 = /inner/e; alias @ROOT@/html/; }
        location /error-plain/ { pat on; error_page 404 = /inner-plain/e; alias @ROOT@/html/; }
        location /rewrite/ { pat on; rewrite ^/rewrite/(.*)$ /app/$1 last; }
        location /dir/ { pat on; index hello.txt; alias @ROOT@/html/; }

        # Subrequests.
        location /ssi/ { ssi on; ssi_types text/plain; alias @ROOT@/html/; }
        location /ssi-in/ { pat on; ssi on; ssi_types text/plain; alias @ROOT@/html/; }
        location /part { pat on; pat_scopes projects:read; proxy_pass http://127.0.0.1:@HTTP@; }
        location /part-write { pat on; pat_scopes projects:write; proxy_pass http://127.0.0.1:@HTTP@; }
        location /asked/ { auth_request /check; alias @ROOT@/html/; }
        location /asked-write/ { auth_request /check-write; alias @ROOT@/html/; }
        location /asked-in/ { pat on; auth_request /check; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /asked-gate/ { auth_request /part; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /check { internal; pat_verify; }
        location /check-write { internal; pat_verify; pat_scopes projects:write; }
        location /mirrored/ { pat on; mirror /mirror; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /mirror { internal; proxy_pass http://127.0.0.1:@HTTP@; }

        # More than one way in.
        location /any-in/ { satisfy any; allow 127.0.0.1; deny all; pat on; proxy_pass http://127.0.0.1:@HTTP@/;
                            proxy_set_header X-Mine $pat_user; }
        location /any-out/ { satisfy any; deny all; pat on; pat_scopes projects:read;
                             proxy_pass http://127.0.0.1:@HTTP@/; }
        location /all-out/ { deny all; pat on; proxy_pass http://127.0.0.1:@HTTP@/; }

        location /any-basic/ { satisfy any; auth_basic x; auth_basic_user_file @ROOT@/passwords; pat on;
                               proxy_pass http://127.0.0.1:@HTTP@/; proxy_set_header X-Mine $remote_user; }
        location /any-then/ { satisfy any; allow 127.0.0.1; deny all; pat on; try_files /absent /inner/x; }

        location /limited/ {
            pat on;
            proxy_pass http://127.0.0.1:@HTTP@/;
            pat_scopes files:read;
            limit_except GET { pat_scopes files:write; }
        }
    }
"""

FORGED_NAMES = [a + "Pat" + b + c for a, b, c in itertools.product(
    ("X-", "X_", "X.", "x-", "x_"), "-_.", ("User", "Scopes", "Token-Id", "Token_Id", "Expires", "Error", "Whatever"))]
FORGED_NAMES += ["x-pat-user", "X-PAT-USER", "x_pat_user", "X_PAT_USER", "x-pAt-scopes", "X~Pat~User", "X!Pat+User"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    http = HttpEcho()
    scgi = ScgiEcho(str(tmp_path_factory.mktemp("scgi") / "s"))
    with Site(SERVERS, http=http.port, scgi=scgi.address, backends=[http, scgi]) as s:
        s.http, s.scgi = http, scgi
        (s.path("html") / "page.txt").write_text('<!--#include virtual="/part" -->|<!--#include virtual="/part-write" -->')
        s.path("passwords").write_text("basil:{PLAIN}secret\n")
        s.token = s.index.add()
        yield s


@pytest.fixture(autouse=True)
def afresh(site):
    site.http.requests.clear()
    site.scgi.requests.clear()


def canonical(name):
    return "".join(c if c.isalnum() else "-" for c in name.lower())


def told(site, request=None):
    """What the product got of our names, under any spelling."""
    headers = (request or site.http.requests[-1])["headers"]
    return [(k, v) for k, v in headers if canonical(k).startswith("x-pat")]


def ours(token, user="u_42", scopes="files:read projects:read"):
    return [("X-Pat-User", user), ("X-Pat-Scopes", scopes), ("X-Pat-Token-Id", tid(token))]


def secret_free(site):
    assert site.token not in str(site.http.requests)
    assert site.token not in str(site.scgi.requests)


CREDENTIALS = [
    lambda t: [bearer(t)],
    lambda t: [figma(t)],
    lambda t: [figma(t), bearer(t)],
    lambda t: [figma(t), figma(t)],
    lambda t: [figma(t), ("X_Figma_Token", t), ("X.Figma.Token", t), ("x_figma-token", t)],
]


@pytest.mark.parametrize("credential", CREDENTIALS)
def test_proxied(site, credential):
    around = [("Accept", "*/*"), ("X-First", "1"), ("X_Under", "2"), ("X.Dot", "3"), ("Cookie", "a=b"), ("X-Path", "4"),
              ("X-Pa", "5"), ("X-Pat", "6"), ("Range", "bytes=0-1"), ("User-Agent", "agent")]
    headers = around[:5] + credential(site.token) + around[5:]
    answer = site.ask("/app/x", headers)
    assert answer.status == 200
    got = [tuple(h) for h in answer.json()["headers"]]
    assert got == [("Host", f"127.0.0.1:{site.http.port}"), *around, *ours(site.token)]
    secret_free(site)


@pytest.mark.parametrize("order", range(4))
def test_forged_identity(site, order):
    forged = [(name, "admin") for name in FORGED_NAMES]
    mixed = {0: forged + [bearer(site.token)], 1: [bearer(site.token)] + forged,
             2: forged[:50] + [("A", "1")] + forged[50:] + [figma(site.token), ("B", "2")],
             3: [h for f in forged for h in (f, ("A", "1"))] + [figma(site.token)]}[order]
    answer = site.ask("/app/x", mixed)
    assert told(site) == ours(site.token)
    assert b"admin" not in answer.body
    kept = [tuple(h) for h in answer.json()["headers"]]
    assert [h for h in kept if h[0] in "AB"] == [h for h in mixed if h[0] in ("A", "B")]

    variables = site.ask("/scgi/x", mixed).json()["variables"]
    named = [(k, v) for k, v in variables if k.startswith("HTTP_X_PAT")]
    assert sorted(named) == sorted(("HTTP_" + k.upper().replace("-", "_"), v) for k, v in ours(site.token))
    assert "admin" not in str(variables)
    secret_free(site)


def test_scgi_params(site):
    variables = dict(site.ask("/scgi/x", [bearer(site.token)]).json()["variables"])
    assert variables["WHO"] == "u_42"
    assert variables["WHAT"] == "files:read projects:read"
    assert variables["WHICH"] == tid(site.token)
    assert variables["VERDICT"] == "allowed"
    assert variables["UNTIL"].endswith("Z")
    assert not [k for k in variables if "AUTHORIZATION" in k or "FIGMA" in k]


def test_where_pat_is_off_the_request_is_left_alone(site):
    variables = dict(site.ask("/plain/x", [bearer("abc"), ("X-Pat-User", "me")]).json()["variables"])
    assert variables["HTTP_AUTHORIZATION"] == "Bearer abc"
    assert variables["HTTP_X_PAT_USER"] == "me"
    assert variables["WHO"] == "" and variables["VERDICT"] == "-"


@pytest.mark.parametrize("owner, seen", [
    ("a\r\nX-Admin: 1", "a%0D%0AX-Admin:%201"),
    ("zo\u00eb@example.org", "zo%C3%AB@example.org"),
    ("\U0001f511 key", "%F0%9F%94%91%20key"),
    ("100%", "100%25"),
    ("\x01\x7f", "%01%7F"),
])
def test_an_owner_is_one_clean_header(site, owner, seen):
    token = site.index.add(owner=owner)
    site.ask("/app/x", [bearer(token)])
    assert told(site)[0] == ("X-Pat-User", seen)
    assert "X-Admin" not in dict(site.http.requests[-1]["headers"])


def test_no_header_at_all_but_the_token(site):
    with site.conn() as c:
        c.send(f"GET /app/x HTTP/1.0\r\nX-Figma-Token: {site.token}\r\n\r\n")
        assert c.read().status == 200
    assert told(site) == ours(site.token)


@pytest.mark.parametrize("before, after", [(0, 0), (30, 0), (0, 30), (19, 1), (20, 20), (21, 40), (60, 3)])
def test_many_headers_keep_their_order(site, before, after):
    """nginx keeps headers in pieces of twenty."""
    a = [(f"A-{n}", str(n)) for n in range(before)]
    b = [(f"B-{n}", str(n)) for n in range(after)]
    answer = site.ask("/app/x", a + [figma(site.token)] + b)
    assert [tuple(h) for h in answer.json()["headers"]][1:] == a + b + ours(site.token)


def test_variables_of_headers(site):
    site.ask("/logged/hello.txt", [("X-Pat-User", "admin"), bearer(site.token), figma(site.token), ("User-Agent", "me")])
    until(lambda: site.path("told.log").read_text().splitlines()[-1:] == ["u_42|-|-|me|-"])


def test_proxy_set_header_still_wins(site):
    headers = [tuple(h) for h in site.ask("/set/x", [bearer(site.token)]).json()["headers"]]
    assert [v for k, v in headers if k == "X-Pat-User"] == ["fixed"]
    assert ("X-Mine", "u_42") in headers


def test_configured_headers_are_the_ones_removed(site):
    other = new_token()
    headers = [tuple(h) for h in site.ask("/keys/x", [("X-Key", site.token), figma(other)]).json()["headers"]]
    assert figma(other) in headers and "X-Key" not in dict(headers)


def test_websocket(site):
    with site.conn() as c:
        c.send("GET /ws/x HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               f"X-Figma-Token: {site.token}\r\n\r\n")
        assert c.read().status == 101
        assert told(site) == ours(site.token)
        c.send(b"\x81\x00ping")
        assert c.socket.recv(100) == b"\x81\x00ping"
    with site.conn() as c:
        c.send("GET /ws/x HTTP/1.1\r\nHost: s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert c.read().status == 401


# Redirects inside.

def test_accel_redirect_to_a_protected_location(site):
    answer = site.ask("/accel/redirect?/inner/final", [bearer(site.token), ("X-Pat-User", "admin")])
    assert answer.status == 200
    assert site.http.requests[-1]["target"] == "/final"
    assert told(site) == ours(site.token)
    secret_free(site)
    site.log_ends({"uri": "/accel/redirect?/inner/final", "verdict": "allowed", "user": "u_42"})


def test_accel_redirect_to_a_location_with_other_scopes(site):
    count = len(site.http.requests)
    answer = site.ask("/accel/redirect?/inner-write/final", [bearer(site.token)])
    assert answer.status == 403
    assert answer.json()["scope"] == "projects:write"
    assert len(site.http.requests) == count + 1


def test_accel_redirect_to_an_open_location_tells_no_secret(site):
    site.ask("/accel/redirect?/inner-plain/final", [bearer(site.token), ("X_Pat_User", "admin")])
    assert site.http.requests[-1]["target"] == "/final"
    assert told(site) == ours(site.token)
    secret_free(site)
    site.log_ends({"uri": "/accel/redirect?/inner-plain/final", "verdict": "allowed", "tid": tid(site.token)})


@pytest.mark.parametrize("path", ["/try/x", "/try-open/x", "/error/absent", "/error-plain/absent", "/rewrite/x"])
def test_redirects(site, path):
    answer = site.ask(path, [figma(site.token), ("X_Pat_User", "admin")])
    assert answer.status == 200
    assert told(site) == ours(site.token)
    secret_free(site)
    for headers in ([], [figma("x")]):
        count = len(site.http.requests)
        assert site.ask(path, headers).status == 401
        assert len(site.http.requests) == count


def test_a_redirect_is_judged_by_the_new_locations_rules(site):
    assert site.ask("/try2/x", [figma(site.token)]).status == 403
    assert site.ask("/try2/x", [figma(site.index.add(scopes="projects:write"))]).status == 200


def test_index_file(site):
    assert site.ask("/dir/", [figma(site.token)]).body == b"hello\n"
    assert site.ask("/dir/").status == 401


def test_a_token_revoked_between_the_redirects(site):
    """The second look is a new one, not a memory of the first."""
    token = site.index.add()
    seen = []

    class Revoker(HttpEcho):
        def note(self, request):
            super().note(request)
            if not seen:
                seen.append(1)
                site.index.remove(token)

    product = Revoker()
    servers = """
        server {
            listen 127.0.0.1:@PORT@;
            location / { pat on; proxy_pass http://127.0.0.1:@HTTP@; }
            location /inner/ { internal; pat on; proxy_pass http://127.0.0.1:@HTTP@; }
        }"""
    with Site(servers, http=product.port, backends=[product], index=site.index_directory) as second:
        answer = second.ask("/redirect?/inner/x", [bearer(token)])
        assert answer.status == 401 and answer.json()["reason"] == "token_invalid"
        assert len(product.requests) == 1


# Subrequests.

def test_an_include_is_judged_by_the_requests_token(site):
    answer = site.ask("/ssi/page.txt", [bearer(site.token), ("X-Pat-User", "admin")])
    read, write = answer.body.decode().split("|")
    assert '"X-Pat-User", "u_42"' in read and "admin" not in read
    assert "403 Forbidden" in write
    open_read, open_write = site.ask("/ssi/page.txt").body.decode().split("|")
    assert "401 Authorization Required" in open_read and "401" in open_write
    secret_free(site)


def test_an_include_from_a_protected_page(site):
    read, write = site.ask("/ssi-in/page.txt", [bearer(site.token)]).body.decode().split("|")
    assert '"X-Pat-User", "u_42"' in read and "403 Forbidden" in write
    secret_free(site)


def test_auth_request_to_pat_verify(site):
    assert site.ask("/asked/hello.txt", [bearer(site.token)]).body == b"hello\n"
    answer = site.ask("/asked/hello.txt", [bearer("x")])
    assert answer.status == 401
    assert answer.one("WWW-Authenticate") == 'Bearer realm="patd", error="invalid_token"'
    assert site.ask("/asked-write/hello.txt", [bearer(site.token)]).status == 403


def test_auth_request_after_pat(site):
    assert site.ask("/asked-in/x", [bearer(site.token)]).status == 200
    assert told(site) == ours(site.token)


def test_auth_request_to_a_protected_location(site):
    assert site.ask("/asked-gate/x", [bearer(site.token)]).status == 200
    answer = site.ask("/asked-gate/x")
    assert answer.status == 401
    assert answer.one("WWW-Authenticate") == 'Bearer realm="patd"'


def test_mirror(site):
    site.ask("/mirrored/x", [bearer(site.token), ("X-Pat-User", "admin")])
    both = site.http.requests
    until(lambda: len(both) == 2)
    assert all(told(site, request) == ours(site.token) for request in both)
    secret_free(site)


# More than one way in.

def test_satisfy_any_lets_in_by_address_as_nobody(site):
    for headers in ([], [bearer("x")], [bearer(new_token())]):
        answer = site.ask("/any-in/x", [*headers, ("X_Pat_User", "admin")])
        assert answer.status == 200
        assert told(site) == [("X-Pat-User", "-"), ("X-Pat-Scopes", "-"), ("X-Pat-Token-Id", "-")]
        assert "Authorization" not in dict(site.http.requests[-1]["headers"])
        assert "X-Mine" not in dict(site.http.requests[-1]["headers"])
        assert not answer.all("WWW-Authenticate")


def test_satisfy_any_knows_who_it_is_with_a_token(site):
    assert site.ask("/any-in/x", [bearer(site.token)]).status == 200
    assert told(site) == ours(site.token)


def test_an_expired_token_is_nobodys(site):
    expired = site.index.add(owner="u_gone", expires=1_000_000_000)
    site.ask("/any-in/x", [bearer(expired)])
    assert told(site)[0] == ("X-Pat-User", "-")
    assert "u_gone" not in str(site.http.requests)
    site.log_ends({"verdict": "expired", "user": ""})


def test_satisfy_any_with_a_password(site):
    basic = ("Authorization", "Basic YmFzaWw6c2VjcmV0")
    for headers, user in (([basic], "basil"), ([bearer(site.token)], None)):
        answer = site.ask("/any-basic/x", headers)
        assert answer.status == 200
        assert dict(answer.json()["headers"]).get("X-Mine") == user
        assert (list(basic) in answer.json()["headers"]) == (user is not None)
    for headers in ([], [("Authorization", "Basic YmFzaWw6d3Jvbmc=")], [bearer("x")]):
        assert site.ask("/any-basic/x", headers).status == 401


def test_satisfy_any_and_a_second_look(site):
    """What was wrong with the token is still wrong when its header is gone."""
    assert site.ask("/any-then/x", [figma(site.token)]).status == 200
    assert site.ask("/any-then/x", [figma("x")]).json()["reason"] == "token_invalid"
    assert site.ask("/any-then/x").json()["reason"] == "token_missing"
    expired = site.index.add(expires=1_000_000_000)
    assert site.ask("/any-then/x", [figma(expired)]).json()["reason"] == "token_expired"


def test_another_spelling_of_a_token_header_is_no_credential(site):
    for name in ("X_Figma_Token", "X.Figma.Token", "x-figma_token"):
        assert site.ask("/app/x", [(name, site.token)]).json()["reason"] == "token_missing"


def test_satisfy_any_with_no_other_way(site):
    assert site.ask("/any-out/x", [bearer(site.token)]).status == 200
    answer = site.ask("/any-out/x", [bearer("x")])
    assert answer.status == 401 or answer.status == 403
    answer = site.ask("/any-out/x", [bearer(site.token), figma(new_token())])
    assert answer.status == 400 and answer.json()["reason"] == "token_ambiguous"


def test_all_ways_must_agree(site):
    assert site.ask("/all-out/x", [bearer(site.token)]).status == 403
    assert site.ask("/all-out/x").status == 401


def test_scopes_by_method(site):
    assert site.ask("/limited/x", [bearer(site.token)]).status == 200
    answer = site.ask("/limited/x", [bearer(site.token)], method="DELETE")
    assert answer.json()["scope"] == "files:write"
    writer = site.index.add(scopes="files:write")
    assert site.ask("/limited/x", [bearer(writer)], method="DELETE").status == 200
    assert site.ask("/limited/x", [bearer(writer)]).status == 403

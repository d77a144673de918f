# SPDX-License-Identifier: Apache-2.0
"""`pat optional`: a request without a token goes on as nobody's, one with a token is judged as anywhere else."""
import pytest
from edge_echo import HttpEcho, ScgiEcho
from edge_index import new_token, tid
from edge_site import Site, bearer, figma
from test_edge_headers import FORGED_NAMES, told

NOBODY = [("X-Pat-User", "-"), ("X-Pat-Scopes", "-"), ("X-Pat-Token-Id", "-")]
SERVERS = """
    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        location /app/ { pat optional; proxy_pass http://127.0.0.1:@HTTP@/; proxy_set_header X-Mine $pat_user; }
        location /write/ { pat optional; pat_scopes files:write; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /shop/ { pat optional; pat_product shop; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /policed/ { pat optional; pat_policy shop; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /scgi/ {
            pat optional; scgi_pass unix:@SCGI@;
            scgi_param PAT_USER $pat_user; scgi_param PAT_SCOPES $pat_scopes; scgi_param PAT_TOKEN_ID $pat_token_id;
        }
        location /then/ { pat optional; try_files /absent /inner/x; }
        location /inner/ { internal; pat on; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /again/ { pat optional; try_files /absent /app/x; }
        location /ssi/ { ssi on; ssi_types text/plain; alias @ROOT@/html/; }
        location /part { pat optional; pat_scopes files:read; proxy_pass http://127.0.0.1:@HTTP@; }
        location /none/ { satisfy any; deny all; pat optional; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /near/ { satisfy any; allow 127.0.0.1; deny all; pat optional; proxy_pass http://127.0.0.1:@HTTP@/; }
        location /off/ { pat optional; limit_except GET { pat off; } proxy_pass http://127.0.0.1:@HTTP@/; }
    }
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    http = HttpEcho()
    scgi = ScgiEcho(str(tmp_path_factory.mktemp("scgi") / "s"))
    with Site(SERVERS, http=http.port, scgi=scgi.address, backends=[http, scgi]) as s:
        s.http, s.scgi = http, scgi
        (s.path("html") / "page.txt").write_text('<!--#include virtual="/part" -->')
        s.token = s.index.add()
        yield s


@pytest.fixture(autouse=True)
def afresh(site):
    site.http.requests.clear()
    site.scgi.requests.clear()


def headers_of(request):
    return [(k, v) for k, v in request["headers"]]


@pytest.mark.parametrize("headers", [[], [("Cookie", "a=b")], [("Authorization", "Basic YmFzaWw6c2VjcmV0")]])
def test_nothing_presented_is_nobodys(site, headers):
    answer = site.ask("/app/x", headers)
    assert answer.status == 200 and not answer.all("Pat-Expires")
    assert told(site) == NOBODY
    seen = headers_of(site.http.requests[-1])
    assert "X-Mine" not in dict(seen) and set(headers) <= set(seen)
    site.log_ends({"verdict": "-", "user": "", "tid": ""})


def test_a_token_is_somebodys(site):
    for header in (bearer(site.token), figma(site.token)):
        assert site.ask("/app/x", [header, ("Cookie", "a=b")]).status == 200
        assert told(site) == [("X-Pat-User", "u_42"), ("X-Pat-Scopes", "files:read projects:read"), ("X-Pat-Token-Id", tid(site.token))]
        assert site.token not in str(site.http.requests)


@pytest.mark.parametrize("headers, status, reason", [
    ([bearer("x")], 401, "token_invalid"),
    ([bearer("")], 401, "token_invalid"),
    ([figma("")], 401, "token_invalid"),
    ([bearer(new_token())], 401, "token_invalid"),
    ([bearer(new_token()), figma(new_token())], 400, "token_ambiguous"),
    ([("Authorization", "Basic YQ=="), figma(new_token())], 400, "token_ambiguous"),
])
def test_what_is_presented_is_judged(site, headers, status, reason):
    answer = site.ask("/app/x", headers)
    assert (answer.status, answer.json()["reason"]) == (status, reason)
    assert not site.http.requests


def test_expired_scopes_and_products(site):
    assert site.ask("/app/x", [bearer(site.index.add(expires=1_000_000_000))]).json()["reason"] == "token_expired"
    assert site.ask("/write/x", [bearer(site.token)]).json()["scope"] == "files:write"
    assert site.ask("/write/x").status == 200 and told(site) == NOBODY
    elsewhere = site.index.add(limits="aud=files")
    assert site.ask("/shop/x", [bearer(elsewhere)]).json()["reason"] == "token_audience"
    assert site.ask("/shop/x", [bearer(site.index.add(limits="aud=shop"))]).status == 200
    assert len(site.http.requests) == 2


@pytest.mark.parametrize("name", FORGED_NAMES)
def test_forged_identity(site, name):
    """Without a token nobody else's word is left, in any spelling; with one, ours."""
    for target in ("/app/x", "/write/x", "/near/x", "/off/x"):
        assert site.ask(target, [(name, "admin"), ("Cookie", "a=b")]).status == 200
        assert told(site) == NOBODY
    assert site.ask("/app/x", [(name, "admin"), bearer(site.token)]).status == 200
    assert told(site)[0] == ("X-Pat-User", "u_42") and "admin" not in str(site.http.requests[-1])
    assert site.ask("/scgi/x", [(name, "admin")]).status == 200
    params = dict(site.scgi.requests[-1]["variables"])
    assert not params.get("PAT_USER") and not params.get("PAT_SCOPES") and params.get("HTTP_X_PAT_USER") == "-"
    assert "admin" not in str(site.scgi.requests[-1])


def test_a_redirect_to_where_a_token_is_needed(site):
    assert site.ask("/then/x").json()["reason"] == "token_missing"
    assert site.ask("/then/x", [bearer(site.token)]).status == 200
    assert site.ask("/again/x", [("X-Pat-User", "admin")]).status == 200 and told(site) == NOBODY
    assert site.ask("/again/x", [bearer(site.token)]).status == 200 and told(site)[0] == ("X-Pat-User", "u_42")


def test_an_include(site):
    """A subrequest goes through the same door."""
    assert site.ask("/ssi/page.txt", [("X-Pat-User", "admin")]).status == 200 and told(site) == NOBODY
    site.http.requests.clear()
    assert site.ask("/ssi/page.txt", [bearer(site.token)]).status == 200 and told(site)[0] == ("X-Pat-User", "u_42")
    site.http.requests.clear()
    site.ask("/ssi/page.txt", [bearer(new_token())])
    assert not site.http.requests


def test_it_lets_nobody_in_by_itself(site):
    """With "satisfy any" it is no reason to let a request pass that the others refuse."""
    assert site.ask("/none/x").status == 403
    assert site.ask("/none/x", [bearer(site.token)]).status == 200
    assert site.ask("/near/x").status == 200


def test_without_an_index(tmp_path):
    """Who presents nothing can do without one; who presents a token is told, and where a policy is in force nobody passes."""
    http = HttpEcho()
    with Site(SERVERS, index=False, http=http.port, scgi=str(tmp_path / "s"), backends=[http]) as s:
        assert s.ask("/app/x", [("X-Pat-User", "admin")]).status == 200
        assert told(s, http.requests[-1]) == NOBODY
        assert s.ask("/app/x", [bearer(new_token())]).json()["reason"] == "unavailable"
        assert s.ask("/policed/x").json()["reason"] == "unavailable"

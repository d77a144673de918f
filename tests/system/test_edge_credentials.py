# SPDX-License-Identifier: Apache-2.0
"""Sixty spellings of a credential: which are a token, which are nothing, which are refused."""
import pytest
from edge_index import new_token
from edge_site import Site, figma, until

SERVERS = """
    server {
        listen 127.0.0.1:@PORT@;
        root @ROOT@/html;
        location / { pat on; }
    }
"""

# T is a valid token. 200 passes, "invalid" and "missing" are the two refusals of 401, 400 is refused by
# nginx or by us. A field value's own blanks before and after are not part of it (RFC 9110 section 5.5);
# nginx removes spaces there, and leaves a tab, which is then a byte no token has.
AUTHORIZATION = [
    ("Bearer T", 200),
    ("bearer T", 200),
    ("BEARER T", 200),
    ("bEaReR T", 200),
    ("  Bearer T", 200),
    ("Bearer T  ", 200),
    ("Bearer secret-token:T", 200),
    ("Bearer SECRET-TOKEN:T", 200),
    ("Bearer  T", "invalid"),
    ("Bearer   T", "invalid"),
    ("Bearer \tT", "invalid"),
    ("Bearer T\t", "invalid"),
    ("Bearer\tT", "missing"),
    ("\tBearer T", "missing"),
    ("Bearer", "invalid"),
    ("Bearer ", "invalid"),
    ("bearer", "invalid"),
    ("BearerT", "missing"),
    ("Bearer=T", "missing"),
    ("Bearer:T", "missing"),
    ("Bearer: T", "missing"),
    ("Bearer,T", "missing"),
    ("Bearers T", "missing"),
    ("Beare T", "missing"),
    ("XBearer T", "missing"),
    ('"Bearer" T', "missing"),
    ("Token T", "missing"),
    ("token T", "missing"),
    ("PAT T", "missing"),
    ("Basic T", "missing"),
    ("Basic Og==", "missing"),
    ("Digest username=T", "missing"),
    ("DPoP T", "missing"),
    ("T", "missing"),
    ("", "missing"),
    ("Bearer \"T\"", "invalid"),
    ("Bearer 'T'", "invalid"),
    ("Bearer <T>", "invalid"),
    ("Bearer T,", "invalid"),
    ("Bearer ,T", "invalid"),
    ("Bearer T;", "invalid"),
    ("Bearer T T", "invalid"),
    ("Bearer T, Bearer T", "invalid"),
    ("Bearer Bearer T", "invalid"),
    ("Bearer T=", "invalid"),
    ("Bearer =T", "invalid"),
    ("Bearer T==", "invalid"),
    ("Bearer T%20", "invalid"),
    ("Bearer T\\", "invalid"),
    ("Bearer T#", "invalid"),
    ("Bearer T\x7f", "invalid"),
    ("Bearer T\xe9", "invalid"),
    ("Bearer \xff", "invalid"),
    ("Bearer token=T", "invalid"),
    ("Bearer realm=x, T", "invalid"),
    ("Bearer secret-token: T", "invalid"),
    ("Bearer secret-token:secret-token:T", "invalid"),
    ("Bearer secret-token:", "invalid"),
    ("Bearer " + "a" * 4096, "invalid"),
    ("Bearer " + "a" * 4097, "invalid"),
    ("Bearer " + "a" * 7000, "invalid"),
    ("Bearer " + "=" * 53, "invalid"),
    ("Bearer .", "invalid"),
    ("Bearer T\0", 400),
    ("Bearer T\0x", 400),
    ("Bearer T\rX", 400),
    ("Bearer \r\n T", 400),
    ("Bearer\r\n T", 400),
]

BARE = [
    ("T", 200),
    ("  T  ", 200),
    ("secret-token:T", 200),
    ("", "invalid"),
    ("\tT", "invalid"),
    ("Bearer T", "invalid"),
    ("bearer T", "invalid"),
    ("\"T\"", "invalid"),
    ("T,T", "invalid"),
    ("T T", "invalid"),
    ("T=", "invalid"),
    ("t", "invalid"),
    ("\xe9", "invalid"),
    ("a" * 7000, "invalid"),
    ("T\0", 400),
]


@pytest.fixture(scope="module")
def site():
    with Site(SERVERS) as s:
        s.token = s.index.add()
        yield s


def outcome(site, header, value):
    with site.conn() as c:
        value = value.replace("T\0", site.token + "\0") if "\0" in value else spelled(value, site.token)
        c.send(f"GET /hello.txt HTTP/1.1\r\nHost: s\r\n{header}: {value}\r\nConnection: close\r\n\r\n".encode("latin-1"))
        answer = c.read()
    if answer.status != 401:
        return answer.status
    err = answer.json()["err"]
    return {"Invalid token": "invalid", "Missing credentials": "missing"}[err]


def spelled(value, token):
    """The value with the lonely letter T standing for the token."""
    out, i = "", 0
    while i < len(value):
        alone = value[i] == "T" and not (value[i - 1:i].isalpha() and i > 0 and not value.startswith("Bearer", i - 6)) \
            and not value[i + 1:i + 2].isalpha()
        out += token if alone else value[i]
        i += 1
    return out


def test_spelling_helper():
    assert spelled("Token T", "x") == "Token x"
    assert spelled("BearerT", "x") == "Bearerx"
    assert spelled("PAT T", "x") == "PAT x"
    assert spelled("secret-token:T", "x") == "secret-token:x"
    assert spelled("SECRET-TOKEN:T", "x") == "SECRET-TOKEN:x"
    assert spelled("T,T", "x") == "x,x"


@pytest.mark.parametrize("value, expected", AUTHORIZATION, ids=lambda v: repr(v)[:40])
def test_authorization(site, value, expected):
    assert outcome(site, "Authorization", value) == expected


@pytest.mark.parametrize("value, expected", BARE, ids=lambda v: repr(v)[:40])
def test_bare_header(site, value, expected):
    assert outcome(site, "X-Figma-Token", value) == expected


def test_header_names_in_any_case(site):
    for name in ("authorization", "AUTHORIZATION", "aUtHoRiZaTiOn"):
        assert outcome(site, name, "Bearer T") == 200
    for name in ("x-figma-token", "X-FIGMA-TOKEN", "x-fIgMa-ToKeN"):
        assert outcome(site, name, "T") == 200
    for name in ("Proxy-Authorization", "X-Authorization", "Authorization2", "X-Token", "Cookie"):
        assert outcome(site, name, "Bearer T") == "missing"


def test_nothing_was_looked_up_for_what_is_no_token(site):
    assert outcome(site, "X-Figma-Token", "T.") == "invalid"
    assert outcome(site, "X-Token", "T") == "missing"
    site.log_ends({"verdict": "missing"})
    entries = [e for e in site.log() if e["status"] == 401]
    assert {e["verdict"] for e in entries} == {"missing", "malformed"}
    assert site.ask("/hello.txt", [figma(new_token())]).status == 401
    site.log_ends({"verdict": "unknown"})


def test_no_log_line_holds_a_secret(site):
    before = len(site.log())
    spellings = [(header, value) for header, values in (("Authorization", AUTHORIZATION), ("X-Figma-Token", BARE))
                 for value, _ in values if "T" in value]
    for header, value in spellings:
        outcome(site, header, value)
    until(lambda: len(site.log()) >= before + len(spellings))
    assert site.token not in site.all_logs()
    assert site.token[4:40] not in site.all_logs()

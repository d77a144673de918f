# SPDX-License-Identifier: Apache-2.0
"""API-01 of the files product: every route, for whoever a file is of, an editor, a viewer, a stranger, an administrator, and
nobody; with a token that has the scope, with one that has every other scope, and with one that was revoked. What one may not
see is 404, and looks like nothing."""
import json
import re
import socket
import time

import pytest

from design import Files, document, key_of
from product import ROOT
from tools import png

PEOPLE = ["owner", "editor", "viewer", "stranger", "admin"]
SEE = [200, 200, 200, 404, 404]
OWN = [200, 404, 404, 404, 404]
OWNER_DOES = [200, 403, 403, 404, 404]
EDITOR_DOES = [200, 200, 403, 404, 404]


def made(status, who):
    """The same, where what succeeds makes something."""
    return [status if s == 200 else s for s in who]


PLAIN = document(frames=1) | {"components": {}, "componentSets": {}, "styles": {}}  # whose keys lead nowhere
DOCUMENT = json.dumps(PLAIN).encode()
NAME = {"name": "Another name"}
HEART = ":heart:"

# The pages' API. FILE is the file, TRASHED one in the trash, THREAD a comment of the viewer's, MINE a comment of the caller's.
PAGES = [
    ("GET", "/team", None, [200] * 5),
    ("GET", "/projects", None, [200] * 5),
    ("POST", "/projects", {"name": "One more"}, [201] * 5),
    ("PATCH", "/projects/PROJECT", NAME, OWN),
    ("DELETE", "/projects/EMPTY", None, made(204, OWN)),
    ("GET", "/files", None, [200] * 5),
    ("GET", "/files?project=PROJECT", None, OWN),
    ("POST", "/files", DOCUMENT, [201] * 5),
    ("POST", "/files?project=PROJECT", DOCUMENT, made(201, OWN)),
    ("GET", "/files/FILE", None, SEE),
    ("PATCH", "/files/FILE", NAME, EDITOR_DOES),
    ("PATCH", "/files/FILE", {"project": "EMPTY"}, OWNER_DOES),
    ("DELETE", "/files/FILE", None, OWNER_DOES),
    ("GET", "/files/TRASHED", None, OWN),
    ("POST", "/files/TRASHED/restore", None, OWN),
    ("POST", "/files/TRASHED/purge", None, made(204, OWN)),
    ("POST", "/files/FILE/purge", None, [404, 403, 403, 404, 404]),
    ("GET", "/files/FILE/document", None, SEE),
    ("GET", "/files/FILE/layers", None, SEE),
    ("GET", "/files/FILE/picture", None, SEE),
    ("GET", "/files/FILE/versions", None, SEE),
    ("POST", "/files/FILE/versions", DOCUMENT, made(201, EDITOR_DOES)),
    ("DELETE", "/files/FILE/versions/VERSION", None, made(204, OWNER_DOES)),
    ("DELETE", "/files/FILE/versions/NEWEST", None, [409, 403, 403, 404, 404]),
    ("GET", "/files/FILE/images", None, SEE),
    ("POST", "/files/FILE/images", png(3, 3), made(201, EDITOR_DOES)),
    ("DELETE", "/files/FILE/images/IMAGE", None, made(204, EDITOR_DOES)),
    ("GET", "/files/FILE/shares", None, OWNER_DOES),
    ("PUT", "/files/FILE/shares", {"email": "viewer@acme.org", "role": "editor"}, OWNER_DOES),
    ("DELETE", "/files/FILE/shares/EDITOR", None, [204, 204, 403, 404, 404]),
    ("DELETE", "/files/FILE/shares/VIEWER", None, [204, 403, 204, 404, 404]),
    ("GET", "/files/FILE/comments", None, SEE),
    ("POST", "/files/FILE/comments", {"message": "Seen"}, made(201, SEE)),
    ("POST", "/files/FILE/comments", {"message": "A reply", "parent_id": "THREAD"}, made(201, SEE)),
    ("PATCH", "/files/FILE/comments/THREAD", {"resolved": True}, SEE),
    ("PATCH", "/files/FILE/comments/OWNERS", {"resolved": True}, EDITOR_DOES),
    ("DELETE", "/files/FILE/comments/THREAD", None, [204, 403, 204, 404, 404]),
    ("DELETE", "/files/FILE/comments/OWNERS", None, [204, 403, 403, 404, 404]),
    ("POST", "/files/FILE/reactions", {"comment_id": "THREAD", "emoji": ":eyes:"}, made(201, SEE)),
    ("DELETE", "/files/FILE/reactions?comment_id=THREAD&emoji=:heart:", None, [404, 404, 204, 404, 404]),
]

# The product. OTHERWISE is a file that is shared with nobody, by the same owner.
PRODUCT = [
    ("GET", "/v1/me", "current_user:read", None, [200] * 5),
    ("GET", "/v1/files/FILE", "file_content:read", None, SEE),
    ("GET", "/v1/files/OTHERWISE", "file_content:read", None, OWN),
    ("GET", "/v1/files/TRASHED", "file_content:read", None, [404] * 5),
    ("GET", "/v1/files/FILE/nodes?ids=1:1", "file_content:read", None, SEE),
    ("GET", "/v1/files/FILE/meta", "file_metadata:read", None, SEE),
    ("GET", "/v1/files/FILE/images", "file_content:read", None, SEE),
    ("GET", "/v1/images/FILE?ids=1:1&format=svg", "file_content:read", None, SEE),
    ("GET", "/v1/files/FILE/versions", "file_versions:read", None, SEE),
    ("GET", "/v1/files/FILE/comments", "file_comments:read", None, SEE),
    ("POST", "/v1/files/FILE/comments", "file_comments:write", {"message": "Seen"}, SEE),
    ("DELETE", "/v1/files/FILE/comments/THREAD", "file_comments:write", None, [403, 403, 200, 404, 404]),
    ("GET", "/v1/files/FILE/comments/THREAD/reactions", "file_comments:read", None, SEE),
    ("POST", "/v1/files/FILE/comments/THREAD/reactions", "file_comments:write", {"emoji": ":eyes:"}, SEE),
    ("DELETE", "/v1/files/FILE/comments/THREAD/reactions?emoji=:heart:", "file_comments:write", None, [404, 404, 200, 404, 404]),
    ("GET", "/v1/teams/TEAM/projects", "projects:read", None, OWN),
    ("GET", "/v1/projects/PROJECT/files", "projects:read", None, OWN),
    ("GET", "/v1/projects/PROJECT/meta", "project_metadata:read", None, OWN),
    ("GET", "/v2/teams/TEAM/folders", "folders:read", None, OWN),
    ("GET", "/v2/folders/PROJECT/folders", "folders:read", None, OWN),
    ("GET", "/v2/folders/PROJECT/files", "folders:read", None, OWN),
    ("GET", "/v2/folders/PROJECT/meta", "folder_metadata:read", None, OWN),
    ("GET", "/v1/files/FILE/components", "library_content:read", None, SEE),
    ("GET", "/v1/files/FILE/component_sets", "library_content:read", None, SEE),
    ("GET", "/v1/files/FILE/styles", "library_content:read", None, SEE),
    ("GET", "/v1/teams/TEAM/components", "team_library_content:read", None, OWN),
    ("GET", "/v1/teams/TEAM/component_sets", "team_library_content:read", None, OWN),
    ("GET", "/v1/teams/TEAM/styles", "team_library_content:read", None, OWN),
    ("GET", f"/v1/components/{key_of('on')}", "library_assets:read", None, SEE),
    ("GET", f"/v1/component_sets/{key_of('switch')}", "library_assets:read", None, SEE),
    ("GET", f"/v1/component_set/{key_of('switch')}", "library_assets:read", None, SEE),
    ("GET", f"/v1/styles/{key_of('red')}", "library_assets:read", None, SEE),
]
ALL = sorted({scope for _, _, scope, _, _ in PRODUCT})


@pytest.fixture(scope="module")
def cast(shared):
    """Everybody, and for each a token with each scope, one without it, and a revoked one."""
    cast = {"admin": shared.ada}
    for who in PEOPLE[:-1]:
        shared.add_person(f"{who}@acme.org", who.title())
        cast[who] = shared.sign_in(f"{who}@acme.org")
    shared.tokens = {who: {scope: cast[who].generate(scope, [scope])["token"] for scope in ALL} for who in PEOPLE}
    shared.others = {who: {scope: cast[who].generate(f"not {scope}", [s for s in ALL if s != scope])["token"] for scope in ALL}
                     for who in PEOPLE}
    shared.revoked = {}
    for who in PEOPLE:
        token = cast[who].generate("revoked", ALL)
        assert cast[who].revoke(token["id"]).status == 200
        shared.revoked[who] = token["token"]
    shared.cast = cast
    return cast


def place(cast):
    """A file with everything, fresh; and what the words of the tables stand for."""
    files = Files(cast["owner"])
    for held in files.list():  # so that keys of components lead to one file alone
        files.trash(held["key"])
    full = files.upload(document(frames=1), name="Full")
    oldest, full = full["version"], files.version(full["key"], document(frames=1))
    files.share(full["key"], "editor@acme.org", "editor")
    files.share(full["key"], "viewer@acme.org", "viewer")
    otherwise = files.upload(PLAIN, name="Otherwise")
    trashed = files.upload(PLAIN, name="Trashed")
    files.trash(trashed["key"])
    viewer = Files(cast["viewer"])
    thread = viewer.ok("POST", f"/files/{full['key']}/comments", {"message": "A thread"}, 201)["id"]
    viewer.ok("POST", f"/files/{full['key']}/reactions", {"comment_id": thread, "emoji": HEART}, 201)
    owners = files.ok("POST", f"/files/{full['key']}/comments", {"message": "Another"}, 201)["id"]
    image = files.call("POST", f"/files/{full['key']}/images", png(4, 4), headers={"Content-Type": "image/png"})
    assert image.status == 201, image
    empty = files.ok("POST", "/projects", {"name": f"Empty {thread}"}, 201)["id"]
    return {"FILE": full["key"], "OTHERWISE": otherwise["key"], "TRASHED": trashed["key"], "THREAD": thread, "OWNERS": owners,
            "EMPTY": empty, "PROJECT": full["project"]["id"], "TEAM": files.team()["id"],
            "VERSION": oldest, "NEWEST": full["version"], "IMAGE": image.json["ref"], "EDITOR": cast["editor"].id, "VIEWER": cast["viewer"].id}


def filled(text, words):
    return re.sub("|".join(words), lambda m: words[m.group()], text) if isinstance(text, str) else text


def body_of(body, words):
    return body if not isinstance(body, dict) else {k: filled(v, words) for k, v in body.items()}


def nothing(text, words):
    """The same address of things that are not there."""
    gone = {w: "99999999" if v.isdigit() else "0" * len(v) for w, v in words.items()}
    return filled(re.sub(r"[0-9a-f]{40}", "0" * 40, text), gone)


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize("row", range(len(PAGES)), ids=[f"{m} {p} {b if isinstance(b, dict) else ''}" for m, p, b, _ in PAGES])
def test_the_pages(shared, cast, row):
    method, path, body, wanted = PAGES[row]
    for who, status in zip(PEOPLE, wanted):
        words = place(cast)
        answer = cast[who].call(method, "/api/v1" + filled(path, words), body_of(body, words), headers=JSON)
        assert answer.status == status, (who, answer)
        if status == 404:
            gone = cast[who].call(method, "/api/v1" + nothing(path, words), body_of(body, words), headers=JSON)
            assert (gone.status, gone.body) == (404, answer.body), who
    words = place(cast)
    bare = shared.call(method, "/api/v1" + filled(path, words), body_of(body, words), headers=JSON)
    assert bare.status in (401, 403), bare
    token = shared.call(method, "/api/v1" + filled(path, words), body_of(body, words), headers=JSON, token=shared.tokens["owner"][ALL[0]])
    assert token.status in (401, 403), token


@pytest.mark.parametrize("row", range(len(PRODUCT)), ids=[f"{m} {p}" for m, p, *_ in PRODUCT])
def test_the_product(shared, cast, row):
    method, path, scope, body, wanted = PRODUCT[row]
    for who, status in zip(PEOPLE, wanted):
        words = place(cast)

        def ask(token, where=None):
            return shared.call(method, where or filled(path, words), body_of(body, words), headers=JSON if body else {}, token=token)
        # First those that change nothing: also what is there is not told to a token that may not ask.
        assert ask(shared.revoked[who]).status == 401
        lacking = ask(shared.others[who][scope])
        assert lacking.status == 403 and scope in lacking.json["err"], lacking
        assert ask(shared.others[who][scope], nothing(path, words)).body == lacking.body
        answer = ask(shared.tokens[who][scope])
        assert answer.status == status, (who, answer)
        if status == 404:
            gone = ask(shared.tokens[who][scope], nothing(path, words))
            assert (gone.status, gone.body) == (404, answer.body), who


def test_every_route_has_its_row():
    """A route that is added without its rows here fails."""
    source = (ROOT / "src/web/routes.c").read_text()
    product = {("GET", p) for p in re.findall(r'READ\("([^"]+)"', source)} | set(re.findall(r'^\tGATED\("(\w+)", "([^"]+)"', source, re.M))
    ours = {(m, re.sub(r"[A-Z]{4,}|[0-9a-f]{40}", "{}", p.split("?")[0])) for m, p, *_ in PRODUCT}
    product -= {("GET", "/api/v1/self"), ("DELETE", "/api/v1/self")}  # test_self.py
    assert {(m, re.sub(r"\{\w+\}", "{}", p)) for m, p in product} == ours


def test_a_picture_s_address_ends_with_the_file(shared, cast):
    """Whoever has the address sees the picture without a token, until the file is trashed."""
    words = place(cast)
    files = Files(cast["owner"])
    url = next(f["picture_url"] for f in files.list() if f["key"] == words["FILE"])
    assert shared.get(url).status == 200
    files.trash(words["FILE"])
    assert shared.get(url).status == 404


class Slow:
    """An upload of which the first half has come."""

    def __init__(self, person, path, body, type="application/json"):
        head = (f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{person.product.port}\r\nCookie: {person.cookie}\r\nConnection: close\r\n"
                f"X-CSRF-Token: {person.csrf}\r\nContent-Type: {type}\r\nContent-Length: {len(body)}\r\n\r\n")
        self.rest = body[len(body) // 2:]
        self.socket = socket.create_connection(("127.0.0.1", person.product.port), 30)
        self.socket.sendall(head.encode() + body[:len(body) // 2])
        time.sleep(0.3)  # patd has begun

    def finish(self):
        self.socket.sendall(self.rest)
        answer = b""
        while piece := self.socket.recv(65536):
            answer += piece
        self.socket.close()
        return int(answer.split()[1]), json.loads(answer.split(b"\r\n\r\n", 1)[1])


ENDS = {
    "signed out": (lambda p, owner, editor, key: editor.call("DELETE", "/api/v1/session").status == 204, 401),
    "disabled": (lambda p, owner, editor, key: p.patd("user", "disable", "slow@acme.org").returncode == 0, 401),
    "no longer shared": (lambda p, owner, editor, key: owner.call("DELETE", f"/api/v1/files/{key}/shares/{editor.id}").status == 204, 404),
    "viewer now": (lambda p, owner, editor, key: Files(owner).share(key, "slow@acme.org", "viewer"), 403),
    "nothing": (lambda p, owner, editor, key: True, 201),
}


@pytest.mark.parametrize("end", ENDS)
def test_an_upload_does_not_outlive_what_it_began_with(shared, cast, end):
    """Nothing of it is kept when its session, its person or its share has ended while it came."""
    happens, status = ENDS[end]
    if shared.patd("user", "enable", "slow@acme.org").returncode != 0:
        shared.add_person("slow@acme.org", "Slow")
    editor = shared.sign_in("slow@acme.org")
    files = Files(cast["owner"])
    key = files.upload(PLAIN, name="Slow")["key"]
    files.share(key, "slow@acme.org", "editor")
    uploads = [Slow(editor, f"/api/v1/files/{key}/versions", json.dumps(PLAIN | {"padding": "x" * 300000}).encode()),
               Slow(editor, f"/api/v1/files/{key}/images", png(5, 5) + bytes(100000), "image/png")]
    assert happens(shared, cast["owner"], editor, key)
    answers = [u.finish() for u in uploads]
    assert [a[0] for a in answers] == [status] * 2, answers
    if status == 401:
        assert {a[1]["reason"] for a in answers} == {"session_required"}
    assert files.ok("GET", f"/files/{key}")["version_count"] == (2 if status == 201 else 1)
    assert len(files.ok("GET", f"/files/{key}/images")["images"]) == (1 if status == 201 else 0)


def test_who_is_disabled_sees_nothing(shared, cast):
    words = place(cast)
    shared.add_person("late@acme.org", "Late")
    late = shared.sign_in("late@acme.org")
    Files(cast["owner"]).share(words["FILE"], "late@acme.org", "editor")
    token = late.generate("late", ["file_content:read"])["token"]
    assert shared.get(f"/v1/files/{words['FILE']}", token=token).status == 200
    assert shared.patd("user", "disable", "late@acme.org").returncode == 0
    assert shared.get(f"/v1/files/{words['FILE']}", token=token).status == 401
    assert late.call("GET", f"/api/v1/files/{words['FILE']}").status == 401

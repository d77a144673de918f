# SPDX-License-Identifier: Apache-2.0
"""The API at /v1 and /v2: every answer has the shape that Figma's published document gives it, and says what is in the file."""
import json
import re
import urllib.parse

import jsonschema
import pytest
import yaml

from design import IMAGE_REF, Files, document, key_of
from tools import png

SCOPES = ["current_user:read", "file_content:read", "file_metadata:read", "file_versions:read", "file_comments:read",
          "file_comments:write", "library_content:read", "library_assets:read", "team_library_content:read", "projects:read",
          "project_metadata:read", "folders:read", "folder_metadata:read"]


class Api:
    """Calls with a token, each answer held against the schema of its operation."""

    def __init__(self, product, token, spec):
        self.product, self.token, self.spec = product, token, spec

    def operation(self, method, path):
        for template, item in self.spec["paths"].items():
            if method.lower() in item and re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                return item[method.lower()]
        raise AssertionError(f"Figma has no {method} {path}")

    def schema(self, method, path, status):
        response = self.operation(method, path)["responses"][str(status)]
        while "$ref" in response:
            response = self.at(response["$ref"])
        return response["content"]["application/json"]["schema"]

    def at(self, ref):
        found = self.spec
        for step in ref[2:].split("/"):
            found = found[step.replace("~1", "/")]
        return found

    def check(self, method, path, answer):
        schema = self.schema(method, path, answer.status)
        resolver = jsonschema.RefResolver("", self.spec)
        errors = list(jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(answer.json))
        assert not errors, f"{method} {path}: {errors[0].json_path} {errors[0].message[:300]}"

    def call(self, method, path, body=None, status=200, **query):
        where = path + ("?" + urllib.parse.urlencode(query) if query else "")
        answer = self.product.call(method, where, body, token=self.token, timeout=120)
        assert answer.status == status, (where, answer)
        assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
        assert answer.headers["Cache-Control"] == "no-cache, no-store"
        assert answer.headers["Vary"] == "X-Figma-Token,Authorization,Accept-Encoding"
        if status == 200:
            self.check(method, path, answer)
        return answer.json

    def get(self, path, **query):
        return self.call("GET", path, **query)


@pytest.fixture(scope="session")
def spec(oracles):
    with open(oracles / "@figma" / "rest-api-spec" / "openapi" / "openapi.yaml") as f:
        return yaml.load(f, yaml.CSafeLoader)


@pytest.fixture(scope="module")
def world(shared, spec):
    """Ada has a file with three versions, comments and an image; all of it is read through the API."""
    shared.files = Files(shared.ada)
    shared.team = shared.files.team()
    shared.file = shared.files.upload(document(frames=1), name="Harbour")
    shared.files.version(shared.file["key"], document(frames=2), label="Second", description="With another frame")
    shared.file = shared.files.version(shared.file["key"], document(frames=3))
    shared.api = Api(shared, shared.ada.generate("all", SCOPES)["token"], spec)
    shared.key = shared.file["key"]
    return shared


def ids(tree):
    yield tree["id"]
    for child in tree.get("children", []):
        yield from ids(child)


def without_geometry(tree):
    hidden = ("fillGeometry", "strokeGeometry", "size", "relativeTransform")
    return {k: [without_geometry(c) for c in v] if k == "children" else v for k, v in tree.items() if k not in hidden}


def test_a_whole_file_is_what_was_uploaded(world):
    answer = world.api.get(f"/v1/files/{world.key}")
    wanted = document(frames=3)
    assert answer["document"] == without_geometry(wanted["document"])
    for table in ("components", "componentSets", "styles", "schemaVersion", "editorType"):
        assert answer[table] == wanted[table]
    assert answer["name"] == "Harbour" and answer["role"] == "owner"
    assert answer["version"] == world.file["version"]
    assert answer["lastModified"] == world.file["last_touched_at"]


def test_geometry_comes_when_it_is_asked_for(world):
    assert world.api.get(f"/v1/files/{world.key}", geometry="paths")["document"] == document(frames=3)["document"]


def test_an_older_version(world):
    versions = world.api.get(f"/v1/files/{world.key}/versions")["versions"]
    answer = world.api.get(f"/v1/files/{world.key}", version=versions[-1]["id"])
    assert answer["document"] == without_geometry(document(frames=1)["document"])
    assert answer["version"] == versions[-1]["id"] and answer["lastModified"] == versions[-1]["created_at"]
    world.api.call("GET", f"/v1/files/{world.key}", status=404, version="999999")


@pytest.mark.parametrize("depth, wanted", [
    (1, ["0:0", "0:1", "0:2"]),
    (2, ["0:0", "0:1", "1:0", "1:1", "1:2", "5:1", "5:2", "0:2", "6:0"]),
])
def test_depth_counts_from_the_document(world, depth, wanted):
    assert list(ids(world.api.get(f"/v1/files/{world.key}", depth=depth)["document"])) == wanted


def test_ids_bring_what_is_below_them_and_what_leads_to_them(world):
    answer = world.api.get(f"/v1/files/{world.key}", ids="1:1,6:2,88:88")
    assert list(ids(answer["document"])) == ["0:0", "0:1", "1:1", "2:1", "3:1", "4:1", "0:2", "6:0", "6:2"]
    shallow = world.api.get(f"/v1/files/{world.key}", ids="6:0", depth=1)
    assert list(ids(shallow["document"])) == ["0:0", "0:1", "0:2", "6:0", "6:1", "6:2"]


@pytest.mark.parametrize("path", ["?ids=", "?", "/", "/?ids=&depth=", "?unknown=1&ids=", "?branch_data=true&plugin_data=shared"])
def test_what_clients_write_for_nothing_is_nothing(world, path):
    whole = world.get(f"/v1/files/{world.key}", token=world.api.token)
    answer = world.get(f"/v1/files/{world.key}{path}", token=world.api.token)
    assert answer.status == 200 and answer.body == whole.body


@pytest.mark.parametrize("written", ["1:1", "1%3A1", "1:1,", ",1:1", "1:1,1:1"])
def test_ids_as_clients_write_them(world, written):
    answer = world.get(f"/v1/files/{world.key}/nodes?ids={written}", token=world.api.token)
    assert answer.status == 200 and list(answer.json["nodes"]) == ["1:1"]


def test_nodes(world):
    answer = world.api.call("GET", f"/v1/files/{world.key}/nodes", ids="1:1,6:2,2:0")
    wanted = {n["id"]: n for n in walk(document(frames=3)["document"])}
    assert answer["nodes"]["1:1"]["document"] == without_geometry(wanted["1:1"])
    assert answer["nodes"]["1:1"]["styles"] == {"9:1": document()["styles"]["9:1"]}
    assert answer["nodes"]["1:1"]["components"] == {} and answer["nodes"]["1:1"]["componentSets"] == {}
    assert answer["nodes"]["6:2"]["components"] == {"7:1": document()["components"]["7:1"]}
    assert answer["nodes"]["6:2"]["componentSets"] == document()["componentSets"]
    assert answer["name"] == "Harbour"


def walk(tree):
    yield tree
    for child in tree.get("children", []):
        yield from walk(child)


def test_a_node_that_is_not_there_is_null(world):
    answer = world.get(f"/v1/files/{world.key}/nodes?ids=1:1,88:88", token=world.api.token)
    assert answer.json["nodes"]["88:88"] is None and answer.json["nodes"]["1:1"] is not None


def test_depth_of_nodes_counts_from_each(world):
    answer = world.api.get(f"/v1/files/{world.key}/nodes", ids="0:1,6:0", depth=1)
    assert list(ids(answer["nodes"]["0:1"]["document"])) == ["0:1", "1:0", "1:1", "1:2", "5:1", "5:2"]
    assert list(ids(answer["nodes"]["6:0"]["document"])) == ["6:0", "6:1", "6:2"]


@pytest.mark.parametrize("path, param", [
    ("/v1/files/KEY?depth=0", "depth"), ("/v1/files/KEY?depth=-1", "depth"), ("/v1/files/KEY?depth=x", "depth"),
    ("/v1/files/KEY?geometry=all", "geometry"), ("/v1/files/KEY?version=new", "version"), ("/v1/files/KEY?ids=%zz", "ids"),
    ("/v1/files/KEY?ids=1:1&ids=1:2", "ids"), ("/v1/files/KEY?ids=" + "x" * 97, "ids"), ("/v1/files/KEY/nodes", "ids"),
    ("/v1/files/KEY/nodes?ids=", "ids"), ("/v1/images/KEY", "ids"), ("/v1/images/KEY?ids=1:1&scale=0", "scale"),
    ("/v1/images/KEY?ids=1:1&scale=4.1", "scale"), ("/v1/images/KEY?ids=1:1&scale=nan", "scale"),
    ("/v1/images/KEY?ids=1:1&format=gif", "format"), ("/v1/images/KEY?ids=1:1&svg_include_id=yes", "svg_include_id"),
    ("/v1/files/KEY/versions?page_size=51", "page_size"), ("/v1/files/KEY/versions?page_size=0", "page_size"),
    ("/v1/files/KEY/versions?before=1&after=1", "after"), ("/v1/files/KEY/comments/1/reactions?cursor=x", "cursor"),
    ("/v1/teams/TEAM/components?page_size=1001", "page_size"), ("/v1/teams/TEAM/styles?after=x", "after"),
])
def test_a_bad_parameter_is_named(world, path, param):
    path = path.replace("KEY", world.key).replace("TEAM", world.team["id"])
    answer = world.get(path, token=world.api.token)
    assert answer.status == 400 and answer.json["err"] == f"Invalid parameter: {param}", answer
    assert answer.json["status"] == 400 and answer.json["reason"] == "bad_value" and answer.json["field"] == param


def test_an_answer_without_bounds_is_refused(world):
    """Every node of a deep chain would bring all that is below it."""
    deep = document(frames=0)
    chain = [frame_with(str(n)) for n in range(300)]
    for outer, inner in zip(chain, chain[1:]):
        outer["children"].append(inner)
    chain[-1]["name"] = "x" * 3_000_000
    deep["document"]["children"][0]["children"] = [chain[0]]
    key = world.files.upload(deep, name="Deep")["key"]
    answer = world.get(f"/v1/files/{key}/nodes?ids=" + ",".join(f"50:{n}" for n in range(300)), token=world.api.token)
    assert answer.status == 400 and answer.json["field"] == "ids" and "too large" in answer.json["detail"]
    # Not through the schemas: they would be followed three hundred levels down.
    assert len(world.get(f"/v1/files/{key}/nodes?ids=50:0,50:1", token=world.api.token).json["nodes"]) == 2


def frame_with(n):
    from design import frame
    return frame(f"50:{n}", "Deep", (0, 0, 10, 10), [])


def test_meta(world):
    answer = world.api.get(f"/v1/files/{world.key}/meta")["file"]
    assert answer["name"] == "Harbour" and answer["folder_name"] == world.files.projects()[0]["name"]
    assert answer["creator"]["handle"] == "Ada" and answer["version"] == world.file["version"]
    assert answer["url"] == f"{world.base}/files/{world.key}" and answer["role"] == "owner"


def test_versions_go_by_pages_that_name_each_other(world):
    whole = world.api.get(f"/v1/files/{world.key}/versions")
    assert [v["label"] for v in whole["versions"]] == [None, "Second", None]
    assert whole["versions"][1]["description"] == "With another frame" and whole["pagination"] == {}
    first = world.api.get(f"/v1/files/{world.key}/versions", page_size=2)
    assert "prev_page" not in first["pagination"]
    path = urllib.parse.urlsplit(first["pagination"]["next_page"])
    second = world.api.get(path.path, **dict(urllib.parse.parse_qsl(path.query)))
    assert first["versions"] + second["versions"] == whole["versions"] and "next_page" not in second["pagination"]
    path = urllib.parse.urlsplit(second["pagination"]["prev_page"])
    back = world.api.get(path.path, **dict(urllib.parse.parse_qsl(path.query)))
    assert back["versions"] == first["versions"]


def test_pictures_need_no_token_and_end(world):
    answer = world.api.get(f"/v1/images/{world.key}", ids="1:1,5:2,88:88,0:1", format="svg")
    assert answer["err"] is None and sorted(answer["images"]) == ["0:1", "1:1", "5:2", "88:88"]
    assert answer["images"]["88:88"] is None and answer["images"]["5:2"] is None
    picture = world.get(urllib.parse.urlsplit(answer["images"]["1:1"]).path)
    assert picture.status == 200 and picture.headers["Content-Type"].startswith("image/svg+xml")
    assert b"Words of 1" in picture.body and b"Words of 2" not in picture.body
    assert "'none'" in picture.headers["Content-Security-Policy"]
    forged = urllib.parse.urlsplit(answer["images"]["1:1"]).path
    forged = forged[:20] + ("a" if forged[20] != "a" else "b") + forged[21:]
    assert world.get(forged).status == 404


def test_pictures_are_scaled_and_name_their_nodes(world):
    def picture(**query):
        url = world.api.get(f"/v1/images/{world.key}", ids="1:1", **query)["images"]["1:1"]
        return world.get(urllib.parse.urlsplit(url).path).body.decode()
    assert 'width="320"' in picture() and 'width="160"' in picture(scale=0.5) and 'width="1280"' in picture(scale=4)
    assert 'id="Frame_1"' in picture(svg_include_id="true") and 'data-node-id="2:1"' in picture(svg_include_node_id="true")
    assert "data-node-id" not in picture() and "Frame_1" not in picture()


def test_what_is_no_svg_can_not_be_drawn(world):
    for form in ("png", "jpg", "pdf"):
        assert world.api.get(f"/v1/images/{world.key}", ids="1:1", format=form)["images"] == {"1:1": None}


def test_image_fills(world):
    image = png(2, 2)
    ref = world.files.call("POST", f"/files/{world.key}/images", image, headers={"Content-Type": "image/png"}).json["ref"]
    answer = world.api.get(f"/v1/files/{world.key}/images")
    assert list(answer["meta"]["images"]) == [ref] and ref != IMAGE_REF
    got = world.get(urllib.parse.urlsplit(answer["meta"]["images"][ref]).path)
    assert got.status == 200 and got.body == image and got.headers["Content-Type"] == "image/png"


def test_comments_replies_and_reactions(world):
    path = f"/v1/files/{world.key}/comments"
    first = world.api.call("POST", path, {"message": "Look <b>here</b>", "client_meta": {"node_id": "1:1", "node_offset": {"x": 4, "y": 5.5}}})
    assert first["order_id"] == "1" and first["resolved_at"] is None and first["file_key"] == world.key
    assert first["client_meta"] == {"node_id": "1:1", "node_offset": {"x": 4, "y": 5.5}} and "parent_id" not in first
    reply = world.api.call("POST", path, {"message": "Seen", "comment_id": first["id"], "client_meta": None})
    assert reply["parent_id"] == first["id"] and reply["order_id"] is None and reply["client_meta"] == first["client_meta"]
    reactions = f"{path}/{first['id']}/reactions"
    for emoji in (":heart:", ":+1::skin-tone-2:", ":heart:"):
        assert world.api.call("POST", reactions, {"emoji": emoji}) == {"status": 200, "error": False}
    answer = world.api.get(reactions)
    assert [r["emoji"] for r in answer["reactions"]] == [":heart:", ":+1::skin-tone-2:"] and answer["pagination"] == {}
    listed = world.api.get(path, as_md="true")["comments"]
    assert [c["message"] for c in listed] == ["Look <b>here</b>", "Seen"]
    assert listed[0]["reactions"] == answer["reactions"] and listed[1]["reactions"] == []
    world.api.call("DELETE", reactions, emoji=":+1::skin-tone-2:")
    assert world.call("DELETE", reactions + "?emoji=:nothing:", token=world.api.token).status == 404
    assert [r["emoji"] for r in world.api.get(reactions)["reactions"]] == [":heart:"]
    world.api.call("DELETE", f"{path}/{first['id']}", {"why": "a body that nobody reads"})
    assert world.api.get(path) == {"comments": []}


@pytest.mark.parametrize("body, status, field", [
    ({}, 400, "message"), ({"message": ""}, 400, "message"), ({"message": "x" * 5001}, 400, "message"),
    ({"message": "x", "comment_id": "77777"}, 400, "comment_id"), ({"message": "x", "comment_id": "y"}, 400, "comment_id"),
    ({"message": "x", "client_meta": {"x": 1}}, 400, "client_meta"), ({"message": "x", "client_meta": 7}, 400, "client_meta"),
    ({"message": "x", "owner": "me"}, 400, "owner"), ({"message": 5}, 400, "message"), ("[]", 400, None), ("{", 400, None),
])
def test_a_bad_comment_is_refused(world, body, status, field):
    answer = world.call("POST", f"/v1/files/{world.key}/comments", body, token=world.api.token)
    assert answer.status == status and answer.json.get("field") == field, answer


def test_reactions_go_by_pages(world):
    path = f"/v1/files/{world.key}/comments"
    comment = world.api.call("POST", path, {"message": "Many"})["id"]
    names = [f":e{n}:" for n in range(60)]
    for name in names:
        world.api.call("POST", f"{path}/{comment}/reactions", {"emoji": name})
    first = world.api.get(f"{path}/{comment}/reactions")
    where = urllib.parse.urlsplit(first["pagination"]["next_page"])
    second = world.api.get(where.path, **dict(urllib.parse.parse_qsl(where.query)))
    assert [r["emoji"] for r in first["reactions"] + second["reactions"]] == names
    assert "prev_page" in second["pagination"] and "next_page" not in second["pagination"]
    world.api.call("DELETE", f"{path}/{comment}")


def test_projects_and_folders(world):
    project = world.files.projects()[0]
    team = world.api.get(f"/v1/teams/{world.team['id']}/projects")
    assert team["name"] == world.team["name"] and {"id": project["id"], "name": project["name"]} in team["projects"]
    folders = world.api.get(f"/v2/teams/{world.team['id']}/folders")
    assert {"id": project["id"], "name": project["name"], "parent_folder_id": None} in folders["folders"]
    for path in (f"/v1/projects/{project['id']}/files", f"/v2/folders/{project['id']}/files"):
        files = world.api.get(path)
        assert files["name"] == project["name"] and world.key in [f["key"] for f in files["files"]]
    assert world.api.get(f"/v2/folders/{project['id']}/folders") == {"name": project["name"], "folders": []}
    for path in (f"/v1/projects/{project['id']}/meta", f"/v2/folders/{project['id']}/meta"):
        meta = world.api.get(path)
        assert meta["id"] == project["id"] and meta["file_count"] == len(world.files.list(project=project["id"], limit=100))
        assert world.get(urllib.parse.urlsplit(meta["thumbnail_url"]).path).status == 200


def test_a_project_without_files_has_no_picture(world):
    project = world.files.ok("POST", "/projects", {"name": "Empty"}, status=201)
    assert world.api.get(f"/v1/projects/{project['id']}/meta")["thumbnail_url"] is None
    assert world.api.get(f"/v1/projects/{project['id']}/files") == {"name": "Empty", "files": []}


def test_more_files_than_a_page(world):
    project = world.files.ok("POST", "/projects", {"name": "Full"}, status=201)["id"]
    names = {f"File {n}" for n in range(103)}
    for name in names:
        world.files.upload(document(frames=0), project=project, name=name)
    assert {f["name"] for f in world.api.get(f"/v1/projects/{project}/files")["files"]} == names


@pytest.mark.parametrize("kind, name, keys", [
    ("components", "components", ["on", "off"]), ("component_sets", "component_sets", ["switch"]), ("styles", "styles", ["red"])])
def test_libraries(world, kind, name, keys):
    of_file = world.api.get(f"/v1/files/{world.key}/{kind}")["meta"][name]
    assert [a["key"] for a in of_file] == [key_of(k) for k in keys]
    of_team = world.api.get(f"/v1/teams/{world.team['id']}/{kind}", page_size=1000)["meta"][name]
    assert [a for a in of_team if a["file_key"] == world.key] == of_file
    one = world.api.get(f"/v1/{kind}/{of_file[0]['key']}")["meta"]
    assert one["key"] == of_file[0]["key"] and one["name"] == of_file[0]["name"]
    world.api.call("GET", f"/v1/{kind}/nothing", status=404)


def test_a_component_says_where_it_lies(world):
    first = world.api.get(f"/v1/files/{world.key}/components")["meta"]["components"][0]
    assert first["containing_frame"]["pageId"] == "0:2" and first["containing_frame"]["pageName"] == "Library"
    assert first["containing_frame"]["containingComponentSet"] == {"nodeId": "6:1", "name": "Switch"}
    assert first["user"]["handle"] == "Ada" and first["description"] == "It is on"


def test_team_libraries_go_by_pages(world):
    path = f"/v1/teams/{world.team['id']}/components"
    whole = world.api.get(path, page_size=1000)["meta"]
    seen, after = [], 0
    for _ in range(len(whole["components"])):
        page = world.api.get(path, page_size=5, after=after)["meta"]
        seen += page["components"]
        if "after" not in page.get("cursor", {}):
            break
        after = page["cursor"]["after"]
    assert seen == whole["components"] and len(seen) > 10
    last = world.api.get(path, page_size=5, after=after)["meta"]
    back = world.api.get(path, page_size=5, before=last["cursor"]["before"])["meta"]
    assert back["components"] == list(reversed(whole["components"][:-len(last["components"])]))[:5]


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/files", "/v1/files/KEY/nothing", "/v2/", "/v1/webhooks", "/v1/files/KEY/variables/local"])
def test_an_unknown_route_is_told_before_anybody_is_asked(world, path):
    answer = world.get(path.replace("KEY", world.key))
    assert answer.status == 404 and answer.json["err"] == "Not found" and "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("path", ["/v1/files/" + "0" * 22, "/v1/files/x", "/v1/files/" + "0" * 22 + "/nodes?ids=1:1",
                                  "/v1/teams/999999/projects", "/v1/teams/x/projects", "/v1/projects/999999/files",
                                  "/v1/images/" + "0" * 22 + "?ids=1:1", "/v1/files/" + "0" * 22 + "/comments",
                                  "/v1/files/KEY/comments/99999/reactions", "/v1/files/" + "9" * 400])
def test_what_is_not_there(world, path):
    answer = world.get(path.replace("KEY", world.key), token=world.api.token)
    assert answer.status == 404 and answer.json["err"] == "Not found" and answer.json["status"] == 404


def test_head_has_the_length_of_get(world):
    whole = world.get(f"/v1/files/{world.key}", token=world.api.token)
    head = world.call("HEAD", f"/v1/files/{world.key}", token=world.api.token)
    assert head.status == 200 and head.body == b"" and head.headers["Content-Length"] == str(len(whole.body))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "POST"])
def test_another_method_is_told_which_there_are(world, method):
    answer = world.call(method, f"/v1/files/{world.key}", {}, token=world.api.token)
    assert answer.status == 405 and answer.headers["Allow"] == "GET, HEAD"


@pytest.mark.parametrize("scope", ["current_user:read", "file_comments:read"])
def test_a_scope_opens_what_it_opens_and_no_more(world, scope):
    token = world.ada.generate(f"only {scope}", [scope])["token"]
    assert world.get("/v1/me", token=token).status == (200 if scope == "current_user:read" else 403)
    answer = world.call("POST", f"/v1/files/{world.key}/comments", {"message": "x"}, token=token)
    assert answer.status == 403 and "requires the file_comments:write scope" in answer.json["err"]
    assert world.get(f"/v1/files/{world.key}/comments", token=token).status == (200 if scope == "file_comments:read" else 403)


def test_cors(world):
    answer = world.call("OPTIONS", f"/v1/files/{world.key}", headers={
        "Origin": "https://plugin.example", "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "x-figma-token"})
    assert answer.status == 204 and answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "X-Figma-Token" in answer.headers["Access-Control-Allow-Headers"]
    for path in (f"/v1/files/{world.key}", "/v1/nothing"):
        assert world.get(path, token=world.api.token).headers["Access-Control-Allow-Origin"] == "*"


def test_names_are_data(world):
    """WEB-07, VER-08: what people write is a JSON text or an escaped one in a picture, whatever it looks like."""
    evil = '"><script>alert(1)</script>\\'
    spoiled = document(frames=1)
    spoiled["document"]["children"][0]["children"][0]["children"][1]["characters"] = evil + "\u2028"
    file = world.files.upload(spoiled, name=evil)
    assert world.api.get(f"/v1/files/{file['key']}")["name"] == evil
    picture = world.get(file["picture_url"]).body
    assert b"<script" not in picture and b"&lt;script&gt;" in picture

# SPDX-License-Identifier: Apache-2.0
"""Tokens that are limited to files and projects of the built-in product: every route of its API."""
import re

import pytest

from design import Files, document
from product import ROOT, Product

SCOPES = ["current_user:read", "file_content:read", "file_metadata:read", "file_versions:read", "file_comments:read", "file_comments:write",
          "projects:read", "project_metadata:read", "folders:read", "folder_metadata:read", "library_content:read",
          "team_library_content:read", "library_assets:read"]
FILE = ["/v1/files/FILE", "/v1/files/FILE/nodes?ids=0:1", "/v1/files/FILE/meta", "/v1/files/FILE/images", "/v1/images/FILE?ids=0:1",
        "/v1/files/FILE/versions", "/v1/files/FILE/comments", "/v1/files/FILE/components", "/v1/files/FILE/component_sets", "/v1/files/FILE/styles"]
PROJECT = ["/v1/projects/PROJECT/files", "/v1/projects/PROJECT/meta", "/v2/folders/PROJECT/folders", "/v2/folders/PROJECT/files",
           "/v2/folders/PROJECT/meta"]
ALL = ["/v1/teams/TEAM/projects", "/v2/teams/TEAM/folders", "/v1/teams/TEAM/components", "/v1/teams/TEAM/component_sets", "/v1/teams/TEAM/styles",
       "/v1/components/ASSET", "/v1/component_sets/ASSET", "/v1/component_set/ASSET", "/v1/styles/ASSET"]


class World:
    def __init__(self, product):
        self.product = product
        self.ada = product.set_up()
        product.add_person("eve@acme.org", "Eve")
        self.eve = product.sign_in("eve@acme.org")
        files, other = Files(self.ada), Files(self.eve)
        self.team = files.team()["id"]
        self.projects = [files.ok("POST", "/projects", {"name": n}, 201)["id"] for n in ("one", "two")]
        self.files = [files.upload(document(frames=1), name=n, project=p)["key"]
                      for n, p in (("a", self.projects[0]), ("b", self.projects[0]), ("c", self.projects[1]))]
        self.shared = other.upload(document(frames=1), name="shared")["key"]
        other.share(self.shared, "ada@acme.org", "editor")
        self.n = 0

    def token(self, *resources, **limits):
        self.n += 1
        named = [{"product": "files", "parameter": p, "value": v, "prefix": False} for p, v in resources]
        return self.ada.generate(f"t{self.n}", SCOPES, limits={"resources": named, **limits})["token"]

    def get(self, token, path, file=None, project=None):
        path = path.replace("FILE", file or self.files[0]).replace("PROJECT", str(project or self.projects[0])).replace("TEAM", str(self.team))
        return self.product.get(path.replace("ASSET", "0" * 40), token=token)


@pytest.fixture(scope="module")
def world():
    with Product(tokens_per_hour_max=1000, tokens_live_max=1000) as product:
        yield World(product)


def test_every_route_is_in_one_of_the_lists():
    routes = set(re.findall(r'^\tREAD\("([^"]+)"', (ROOT / "src/web/routes.c").read_text(), re.M))
    ours = {re.sub(r"FILE|PROJECT|TEAM|ASSET", "{}", path.split("?")[0]) for path in FILE + PROJECT + ALL}
    # Reactions are reached by way of a comment of the file: below.
    assert {re.sub(r"\{\w+\}", "{}", r) for r in routes} - ours == {"/v1/me", "/v1/files/{}/comments/{}/reactions"}


@pytest.mark.parametrize("path", FILE)
def test_a_token_for_one_file(world, path):
    token = world.token(("file_key", world.files[0]))
    assert world.get(token, path).status == 200
    for other in (world.files[1], world.files[2], world.shared, "AAAAAAAAAAAAAAAAAAAAAA"):
        answer = world.get(token, path, other)
        assert (answer.status, answer.json["err"]) == (404, "Not found"), answer


@pytest.mark.parametrize("path", FILE)
def test_a_token_for_a_project_reaches_the_files_in_it(world, path):
    token = world.token(("project_id", str(world.projects[0])))
    assert [world.get(token, path, f).status for f in (*world.files, world.shared)] == [200, 200, 404, 404]


@pytest.mark.parametrize("path", PROJECT)
def test_projects(world, path):
    token = world.token(("project_id", str(world.projects[0])))
    assert world.get(token, path).status == 200
    assert world.get(token, path, project=world.projects[1]).status == 404
    assert world.get(world.token(("file_key", world.files[0])), path).status == 404


@pytest.mark.parametrize("path", ALL)
def test_what_lists_or_finds_everything_is_closed(world, path):
    for resource in (("file_key", world.files[0]), ("project_id", str(world.projects[0]))):
        assert world.get(world.token(resource), path).status == 404


def test_files_and_projects_together(world):
    token = world.token(("file_key", world.files[2]), ("project_id", str(world.projects[0])), ("file_key", world.shared))
    assert [world.get(token, "/v1/files/FILE", f).status for f in (*world.files, world.shared)] == [200] * 4
    assert world.get(token, "/v1/projects/PROJECT/files").status == 200


def test_a_file_that_moves_out_of_the_project(world):
    token = world.token(("project_id", str(world.projects[1])))
    assert world.get(token, "/v1/files/FILE", world.files[2]).status == 200
    Files(world.ada).ok("PATCH", f"/files/{world.files[2]}", {"project": world.projects[0]})
    assert world.get(token, "/v1/files/FILE", world.files[2]).status == 404
    Files(world.ada).ok("PATCH", f"/files/{world.files[2]}", {"project": world.projects[1]})


def test_changes_are_limited_alike(world):
    token = world.token(("file_key", world.files[0]))
    for key, status in ((world.files[0], 200), (world.files[1], 404)):
        answer = world.product.call("POST", f"/v1/files/{key}/comments", {"message": "hello"}, token=token)
        assert answer.status == status
    comment = world.product.call("POST", f"/v1/files/{world.files[0]}/comments", {"message": "hello"}, token=token).json["id"]
    assert world.product.get(f"/v1/files/{world.files[0]}/comments/{comment}/reactions", token=token).status == 200
    assert world.product.get(f"/v1/files/{world.files[1]}/comments/{comment}/reactions", token=token).status == 404


def test_whose_token_it_is_may_be_asked(world):
    assert world.get(world.token(("file_key", world.files[0])), "/v1/me").status == 200


def test_other_products_and_limits_change_nothing(world):
    token = world.token(networks=["127.0.0.1"])
    assert world.get(token, "/v1/files/FILE").status == 200
    assert world.get(world.token(products=["files"]), "/v1/teams/TEAM/projects").status == 200
    token = world.token(rate={"requests": 1, "window_seconds": 60})
    assert [world.get(token, "/v1/me").status for _ in range(2)] == [200, 429]


def test_a_client_can_not_say_so_itself(world):
    token = world.token(("file_key", world.files[0]))
    for header in ("X-Pat-Limits", "PAT_LIMITS", "Pat-Limits"):
        answer = world.product.get(f"/v1/files/{world.files[1]}", token=token, headers={header: f"res=files/file_key={world.files[1]}"})
        assert answer.status == 404

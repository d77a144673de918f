# SPDX-License-Identifier: Apache-2.0
"""Every list is answered, whatever a document says: what is put into one is cut at a stated length, and what is in one is bounded."""
import json
import sqlite3

import pytest

from design import Files, document, frame, key_of, node, page
from product import Product

NAME, DESCRIPTION = 1024, 8192


@pytest.fixture(scope="module")
def files(shared):
    return Files(shared.ada)


def written(text):
    """As a document has it that takes what JSON lets it."""
    return json.dumps(text, ensure_ascii=False).encode()


def test_layers_with_names_of_megabytes(files):
    long = "é😀" * (5 << 18)
    text = written(document(frames=0) | {"document": {"id": "0:0", "name": "Document", "type": "DOCUMENT", "children": [
        page("0:1", long, [node(f"1:{n}", "RECTANGLE", long) for n in range(5)] + [node("1:9", "RECTANGLE", "short")])]}})
    held = files.upload(text, name="Long")
    for query in ("", "?node=0:1"):
        layers = files.ok("GET", f"/files/{held['key']}/layers{query}")
        for each in [layers["node"], *layers["children"]]:
            name = each["name"]
            if name not in ("Document", "short"):
                assert long.startswith(name[:-1]) and name.endswith("…")
                assert NAME - 8 <= len(name.encode()) <= NAME


def library(entries, name, description):
    """A document that publishes so many components."""
    nodes = [node(f"7:{n}", "COMPONENT", name, children=[]) for n in range(entries)]
    return document(frames=0) | {
        "document": {"id": "0:0", "name": "Document", "type": "DOCUMENT", "children": [page("0:1", name, [frame("6:0", name, (0, 0, 1, 1), nodes)])]},
        "components": {f"7:{n}": {"key": key_of(str(n)), "name": name, "description": description, "remote": False,
                                  "documentationLinks": []} for n in range(entries)},
        "componentSets": {}, "styles": {}}


@pytest.mark.parametrize("name, description, entries, listed", [
    ("n" * 3000, "d" * 20000, 300, 300),
    ("\x7f" * 400, "\x7f" * 7000, 4000, None),  # JSON takes six bytes to write each
    ("n", "", 25000, 20000),
], ids=["long", "escaped", "many"])
def test_libraries(shared, files, name, description, entries, listed):
    for held in files.list(limit=100):
        files.trash(held["key"])
    held = files.upload(written(library(entries, name, description)), name="Library")
    token = shared.ada.generate(f"library {entries}", ["library_content:read", "team_library_content:read"])["token"]
    answer = shared.get(f"/v1/files/{held['key']}/components", token=token, timeout=60)
    assert answer.status == 200, answer
    components = answer.json["meta"]["components"]
    assert len(components) == listed if listed else len(components) > 1000, len(components)
    for each in components:
        for text, cut, most in ((each["name"], name, NAME), (each["description"], description, DESCRIPTION),
                                (each["containing_frame"]["name"], name, NAME), (each["containing_frame"]["pageName"], name, NAME)):
            assert len(written(text)) <= most + 2
            assert text == cut or (text.endswith("…") and cut.startswith(text[:-1]))
    answer = shared.get(f"/v1/teams/{files.team()['id']}/components?page_size=1000", token=token, timeout=60)
    assert answer.status == 200 and len(answer.json["meta"]["components"]) == min(1000, len(components))


def test_comments_that_are_nothing_but_lines(tmp_path):
    """As many bytes of messages as a file may have; put there by SQL, as nobody posts so much."""
    with Product(tmp_path) as product:
        ada = product.set_up()
        files = Files(ada)
        held = files.upload(document())
        token = ada.generate("comments", ["file_comments:read"])["token"]
        files.ok("POST", f"/files/{held['key']}/comments", {"message": "first"}, 201)
        with sqlite3.connect(product.data / "files.db") as db:
            db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1600)"
                       " INSERT INTO comment (file, parent, person, created, resolved, number, meta, message)"
                       " SELECT file, id, person, created, 0, 0, meta, ? FROM comment, n", ("x" + "\n" * 4998 + "x",))
        db.close()
        for ask in (lambda: ada.call("GET", f"/api/v1/files/{held['key']}/comments", timeout=60),
                    lambda: product.get(f"/v1/files/{held['key']}/comments", token=token, timeout=60)):
            answer = ask()
            assert answer.status == 200 and len(answer.json["comments"]) == 1601, answer


def test_a_document_that_is_cut_at_a_million_places(shared, files):
    """Each node has something that only geometry=paths shows: so many cuts are refused, by name, and parts are answered."""
    nodes = ",".join(f'{{"id":"1:{n}","name":"","size":{{}},"type":"SLICE"}}' for n in range(600000))
    shell = json.dumps(document(frames=0) | {"document": {"id": "0:0", "name": "Document", "type": "DOCUMENT",
                                                          "children": [page("0:1", "Wide", ["@@"])]}})
    held = files.upload(shell.replace('"@@"', nodes).encode(), name="Wide")
    token = shared.ada.generate("wide", ["file_content:read"])["token"]

    def ask(query):
        return shared.get(f"/v1/files/{held['key']}{query}", token=token, timeout=60)
    answer = ask("")
    assert (answer.status, answer.json["err"]) == (400, "Invalid parameter: ids"), answer
    assert "too large" in answer.json["detail"]
    assert ask("/nodes?ids=0:1").status == 400
    assert ask("?depth=1").status == 200 and ask("/nodes?ids=1:599999").json["nodes"]["1:599999"]["document"]["id"] == "1:599999"
    assert len(ask("?geometry=paths").json["document"]["children"][0]["children"]) == 600000

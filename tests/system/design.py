# SPDX-License-Identifier: Apache-2.0
"""Design documents for tests, as Figma's GET /v1/files/:key answers them, and what may be done with files over HTTP."""
import hashlib
import json
import urllib.parse


def colour(r, g, b, a=1.0):
    return {"r": r, "g": g, "b": b, "a": a}


def fill(r=0.9, g=0.3, b=0.2):
    return [{"blendMode": "NORMAL", "type": "SOLID", "color": colour(r, g, b)}]


def node(id, type, name, box=(0, 0, 100, 50), **members):
    x, y, w, h = box
    area = {"x": float(x), "y": float(y), "width": float(w), "height": float(h)}
    return {"id": id, "name": name, "type": type, "scrollBehavior": "SCROLLS", "blendMode": "PASS_THROUGH",
            "absoluteBoundingBox": area, "absoluteRenderBounds": area, "constraints": {"vertical": "TOP", "horizontal": "LEFT"},
            "fills": [], "strokes": [], "strokeWeight": 1.0, "strokeAlign": "INSIDE", "effects": [], "interactions": [], **members}


def frame(id, name, box, children, **members):
    return node(id, "FRAME", name, box, children=children, clipsContent=True, background=[],
                backgroundColor=colour(0, 0, 0, 0), **members)


def page(id, name, children):
    return {"id": id, "name": name, "type": "CANVAS", "scrollBehavior": "SCROLLS", "children": children,
            "backgroundColor": colour(0.96, 0.96, 0.96), "prototypeStartNodeID": None, "flowStartingPoints": [],
            "prototypeDevice": {"type": "NONE", "rotation": "NONE"}}


def text(id, words, box):
    style = {"fontFamily": "Inter", "fontPostScriptName": None, "fontWeight": 400, "fontSize": 12.0, "textAlignHorizontal": "LEFT",
             "textAlignVertical": "TOP", "letterSpacing": 0.0, "lineHeightPx": 15.0, "lineHeightPercent": 100.0,
             "lineHeightUnit": "INTRINSIC_%", "textAutoResize": "WIDTH_AND_HEIGHT"}
    return node(id, "TEXT", words, box, characters=words, style=style, fills=fill(0, 0, 0), layoutVersion=4,
                characterStyleOverrides=[], styleOverrideTable={}, lineTypes=["NONE"], lineIndentations=[0])


IMAGE_REF = "0123456789abcdef0123456789abcdef01234567"


def document(name="Harbour", frames=3, image_ref=IMAGE_REF):
    """Two pages; on the first `frames` frames with a shape and a text each, and on the second what a library has."""
    first = [frame(f"1:{n}", f"Frame {n}", (n * 400, 0, 320, 200), [
        node(f"2:{n}", "RECTANGLE", f"Card {n}", (n * 400 + 10, 10, 200, 80), fills=fill(), cornerRadius=8.0,
             styles={"fill": "9:1"}),
        text(f"3:{n}", f"Words of {n}", (n * 400 + 10, 120, 90, 15)),
        node(f"4:{n}", "VECTOR", "Path", (n * 400 + 220, 10, 20, 20), fills=fill(0.1, 0.5, 0.9),
             fillGeometry=[{"path": "M0 0L20 0L20 20Z", "windingRule": "NONZERO"}], strokeGeometry=[],
             size={"x": 20.0, "y": 20.0}, relativeTransform=[[1.0, 0.0, 220.0], [0.0, 1.0, 10.0]]),
    ]) for n in range(frames)]
    first.append(node("5:1", "RECTANGLE", "Photo", (0, 300, 64, 64), fills=[
        {"blendMode": "NORMAL", "type": "IMAGE", "scaleMode": "FILL", "imageRef": image_ref}]))
    first.append(node("5:2", "RECTANGLE", "Hidden", (0, 400, 64, 64), visible=False, fills=fill()))
    components = [
        node("7:1", "COMPONENT", "State=On", (0, 0, 80, 40), children=[], clipsContent=True, fills=fill(), background=[],
             backgroundColor=colour(0, 0, 0, 0)),
        node("7:2", "COMPONENT", "State=Off", (0, 60, 80, 40), children=[], clipsContent=True, fills=fill(), background=[],
             backgroundColor=colour(0, 0, 0, 0)),
    ]
    second = [frame("6:0", "Library", (0, 0, 400, 300), [
        node("6:1", "COMPONENT_SET", "Switch", (0, 0, 100, 120), children=components, clipsContent=True, background=[],
             backgroundColor=colour(0, 0, 0, 0), componentPropertyDefinitions={
                 "State": {"type": "VARIANT", "defaultValue": "On", "variantOptions": ["On", "Off"]}}),
        node("6:2", "INSTANCE", "Switch", (0, 150, 80, 40), children=[], componentId="7:1", clipsContent=True, background=[],
             backgroundColor=colour(0, 0, 0, 0), overrides=[]),
    ])]
    return {
        "name": name, "lastModified": "2026-11-20T10:00:00Z", "version": "1", "role": "owner", "editorType": "figma",
        "linkAccess": "view", "schemaVersion": 0,
        "document": {"id": "0:0", "name": "Document", "type": "DOCUMENT", "scrollBehavior": "SCROLLS",
                     "children": [page("0:1", "Screens", first), page("0:2", "Library", second)]},
        "components": {
            "7:1": {"key": key_of("on"), "name": "State=On", "description": "It is on", "componentSetId": "6:1", "remote": False,
                    "documentationLinks": []},
            "7:2": {"key": key_of("off"), "name": "State=Off", "description": "", "componentSetId": "6:1", "remote": False,
                    "documentationLinks": []}},
        "componentSets": {"6:1": {"key": key_of("switch"), "name": "Switch", "description": "", "remote": False,
                                  "documentationLinks": []}},
        "styles": {"9:1": {"key": key_of("red"), "name": "Red", "description": "A warm one", "styleType": "FILL", "remote": False}},
    }


def key_of(word):
    return hashlib.sha1(word.encode()).hexdigest()


def large(mib):
    """The text of a document of about so many MiB."""
    nodes, size, n = [], 0, 0
    while size < mib * (1 << 20):
        block = json.dumps(frame(f"1:{n}", f"Frame {n}", (n * 400, 0, 320, 200), [
            text(f"2:{n * 40 + i}", f"Words {i} of {n}", (n * 400, i * 20, 90, 15)) for i in range(40)]))
        nodes.append(block)
        size += len(block)
        n += 1
    shell = json.dumps(document(frames=0) | {"document": {
        "id": "0:0", "name": "Document", "type": "DOCUMENT", "scrollBehavior": "SCROLLS",
        "children": [page("0:1", "Screens", ["@@"])]}})
    return shell.replace('"@@"', ",".join(nodes)).encode()


class Files:
    """What somebody does with files, through the pages' API."""

    def __init__(self, person):
        self.person = person

    def call(self, method, path, body=None, **kw):
        return self.person.call(method, f"/api/v1{path}", body, **kw)

    def ok(self, method, path, body=None, status=200, **kw):
        answer = self.call(method, path, body, **kw)
        assert answer.status == status, answer
        return answer.json if answer.body else None

    def upload(self, content=None, status=201, **query):
        body = content if isinstance(content, bytes) else json.dumps(content or document()).encode()
        answer = self.call("POST", "/files" + ("?" + urllib.parse.urlencode(query) if query else ""), body,
                           headers={"Content-Type": "application/json"}, timeout=120)
        assert answer.status == status, answer
        return answer.json

    def version(self, key, content, status=201, **query):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        answer = self.call("POST", f"/files/{key}/versions" + ("?" + urllib.parse.urlencode(query) if query else ""), body,
                           headers={"Content-Type": "application/json"}, timeout=120)
        assert answer.status == status, answer
        return answer.json

    def share(self, key, email, role="viewer"):
        return self.ok("PUT", f"/files/{key}/shares", {"email": email, "role": role})

    def trash(self, key):
        return self.ok("DELETE", f"/files/{key}")

    def team(self):
        return self.ok("GET", "/team")

    def projects(self):
        return self.ok("GET", "/projects")["projects"]

    def list(self, **query):
        return self.ok("GET", "/files" + ("?" + urllib.parse.urlencode(query) if query else ""))["files"]

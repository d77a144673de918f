# SPDX-License-Identifier: Apache-2.0
"""Figma's clients from npm, as they are, through every call that they have for our routes."""
import json

import pytest

from design import Files, document, key_of
from test_figma_api import SCOPES

FIGMA_JS = """
const { Client } = require('figma-js');
const { base, token, key, team, project, asset } = JSON.parse(require('fs').readFileSync(0));
(async () => {
const c = Client({ personalAccessToken: token });
c.client.defaults.baseURL = base + '/v1/';
const out = {};
const run = async (name, what) => { out[name] = (await what).data; return out[name]; };
await run('me', c.me());
await run('file', c.file(key));
await run('fileIds', c.file(key, { ids: ['1:1'], depth: 3, geometry: 'paths' }));
await run('fileVersions', c.fileVersions(key));
await run('fileNodes', c.fileNodes(key, { ids: ['1:1', '2:0'] }));
await run('fileImages', c.fileImages(key, { ids: ['1:1', '88:88'], scale: 1, format: 'svg' }));
await run('fileImageFills', c.fileImageFills(key));
const posted = await run('postComment', c.postComment(key, { message: 'From figma-js', client_meta: { x: 1, y: 2 } }));
await run('comments', c.comments(key));
await run('deleteComment', c.deleteComment(key, posted.id));
await run('teamProjects', c.teamProjects(team));
await run('projectFiles', c.projectFiles(project));
await run('teamComponents', c.teamComponents(team, { page_size: 500 }));
await run('fileComponents', c.fileComponents(key));
await run('component', c.component(asset.component));
await run('teamComponentSets', c.teamComponentSets(team, { page_size: 500 }));
await run('fileComponentSets', c.fileComponentSets(key));
await run('componentSet', c.componentSet(asset.set));
await run('teamStyles', c.teamStyles(team, { page_size: 500 }));
await run('fileStyles', c.fileStyles(key));
await run('style', c.style(asset.style));
const bearer = Client({ accessToken: token });
bearer.client.defaults.baseURL = base + '/v1/';
await run('bearer', bearer.me());
const refused = Client({ personalAccessToken: token.slice(0, -1) + (token.endsWith('0') ? '1' : '0') });
refused.client.defaults.baseURL = base + '/v1/';
out.refused = await refused.me().catch(e => ({ status: e.response.status, err: e.response.data.err }));
console.log(JSON.stringify(out));
})();
"""

FIGMA_API = """
const { base, token, key, team, project, asset } = JSON.parse(require('fs').readFileSync(0));
(async () => {
require('figma-api/lib/config').API_DOMAIN = base;
const { Api } = require('figma-api');
const api = new Api({ personalAccessToken: token });
const out = {};
const run = async (name, what) => { out[name] = await what; return out[name]; };
await run('me', api.getMe());
await run('file', api.getFile(key));
await run('fileIds', api.getFile(key, { ids: ['1:1'], depth: 3, geometry: 'paths', branch_data: true }));
await run('fileVersions', api.getVersions(key));
await run('fileNodes', api.getFileNodes(key, ['1:1', '2:0']));
await run('fileImages', api.getImage(key, { ids: '1:1,88:88', scale: 1, format: 'svg' }));
await run('fileImageFills', api.getImageFills(key));
const posted = await run('postComment', api.postComment(key, 'From figma-api', { x: 1, y: 2 }));
const replied = await run('reply', api.postComment(key, 'A reply', { x: 1, y: 2 }, posted.id));
await run('comments', api.getComments(key));
await run('deleteComment', api.deleteComments(key, posted.id));
await run('teamProjects', api.getTeamProjects(team));
await run('projectFiles', api.getProjectFiles(project, { branch_data: false }));
await run('teamComponents', api.getTeamComponents(team, { page_size: 500 }));
await run('fileComponents', api.getFileComponents(key));
await run('component', api.getComponent(asset.component));
await run('teamComponentSets', api.getTeamComponentSets(team, { page_size: 500 }));
await run('fileComponentSets', api.getFileComponentSets(key));
await run('componentSet', api.getComponentSet(asset.set));
await run('teamStyles', api.getTeamStyles(team, { page_size: 500 }));
await run('fileStyles', api.getFileStyles(key));
await run('style', api.getStyle(asset.style));
const refused = new Api({ personalAccessToken: token.slice(0, -1) + (token.endsWith('0') ? '1' : '0') });
out.refused = await refused.getMe().catch(e => ({ status: e.response.status, err: e.response.data.err }));
console.log(JSON.stringify(out));
})();
"""


@pytest.fixture(scope="module")
def asked(shared, node):
    files = Files(shared.ada)
    team = files.team()["id"]
    file = files.upload(document())
    question = {"base": shared.base, "token": shared.ada.generate("clients", SCOPES)["token"], "key": file["key"], "team": team,
                "project": files.projects()[0]["id"],
                "asset": {"component": key_of("on"), "set": key_of("switch"), "style": key_of("red")}}

    def ask(script):
        return json.loads(node(script, json.dumps(question)))

    ask.key = file["key"]
    return ask


@pytest.mark.parametrize("script", [FIGMA_JS, FIGMA_API], ids=["figma-js", "figma-api"])
def test_every_call(asked, script):
    out = asked(script)
    assert out["me"]["email"] == "ada@acme.org" and out["me"]["handle"] == "Ada"
    assert out["file"]["document"]["children"][0]["name"] == "Screens"
    assert [c["id"] for c in out["fileIds"]["document"]["children"][0]["children"]] == ["1:1"]
    assert "fillGeometry" in json.dumps(out["fileIds"]) and "fillGeometry" not in json.dumps(out["file"])
    assert len(out["fileVersions"]["versions"]) == 1
    assert out["fileNodes"]["nodes"]["2:0"]["document"]["name"] == "Card 0"
    assert out["fileImages"]["images"]["88:88"] is None and "/pictures/" in out["fileImages"]["images"]["1:1"]
    assert out["fileImageFills"]["meta"]["images"] == {}
    assert out["postComment"]["message"].startswith("From figma-") and out["postComment"]["client_meta"] == {"x": 1, "y": 2}
    assert out["postComment"]["id"] in [c["id"] for c in out["comments"]["comments"]]
    assert len(out["teamProjects"]["projects"]) == 1
    assert asked.key in [f["key"] for f in out["projectFiles"]["files"]]
    for name, wanted in (("component", "State=On"), ("componentSet", "Switch"), ("style", "Red")):
        assert out[name]["meta"]["name"] == wanted
    for name, list_name in (("Components", "components"), ("ComponentSets", "component_sets"), ("Styles", "styles")):
        assert out[f"file{name}"]["meta"][list_name] == [
            a for a in out[f"team{name}"]["meta"][list_name] if a["file_key"] == asked.key]
    assert out["refused"] == {"status": 401, "err": "Invalid token"}

# SPDX-License-Identifier: Apache-2.0
"""One token's whole life over HTTP, with the client everybody has: curl."""
import subprocess


def curl(*words):
    return subprocess.run(["curl", "-s", *words], capture_output=True, text=True, timeout=20).stdout


def test_a_token_is_generated_used_and_revoked(product):
    ada = product.set_up()
    token = ada.generate("CI export")
    assert '"handle":"Ada"' in curl("-H", f"X-Figma-Token: {token['token']}", product.base + "/v1/me")
    assert '"handle":"Ada"' in curl("-H", f"Authorization: Bearer {token['token']}", product.base + "/v1/me")

    revoked = ada.revoke(token["id"]).json
    assert (revoked["state"], revoked["revoked_reason"], revoked["use_count"]) == ("revoked", "owner", 2)
    assert revoked["last_used_at"]
    assert '"err":"Invalid token"' in curl("-H", f"X-Figma-Token: {token['token']}", product.base + "/v1/me")
    assert ada.revoke(token["id"]).json["revoked_at"] == revoked["revoked_at"]


def test_a_restart_keeps_everything(product):
    ada = product.set_up()
    kept, gone = ada.generate("kept"), ada.generate("gone")
    ada.revoke(gone["id"])
    assert product.get("/v1/me", token=kept["token"]).status == 200
    assert product.stop() == 0
    product.start()
    assert product.get("/v1/me", token=kept["token"]).status == 200
    assert product.get("/v1/me", token=gone["token"]).status == 401
    listed = {t["name"]: t for t in ada.call("GET", "/api/v1/tokens").json["tokens"]}
    assert listed["kept"]["use_count"] == 2
    assert listed["gone"]["state"] == "revoked"

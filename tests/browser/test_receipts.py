# SPDX-License-Identifier: Apache-2.0
"""What the pages say of where a revoke is in force: its receipt, that it takes long, and that it is not so everywhere yet."""
import re
import threading
import time

import pytest

from .test_pages import look  # noqa: F401 (a fixture)

LEASE_SECONDS = 10  # a silent node is waited for as long, and a browser has that much time to show it


def test_a_revoke_says_on_how_many_nodes_it_is_in_force(nodes, browser):
    for name in ("one", "two", "three", "four"):
        nodes.ada.generate(name, ["current_user:read", "file_content:read"])
    browser.security()
    browser.revoke("one")
    browser.click("confirm-accept")
    browser.toast("“one” is revoked. Stopped on 3 of 3 nodes in ")
    assert re.search(r"nodes in \d+ ms\.", browser.text("toasts"))
    browser.select("two", "three")
    browser.click("tokens-revoke-selected")
    browser.click("confirm-accept")
    browser.toast("2 tokens are revoked. Stopped on 3 of 3 nodes in ")
    browser.details("four")
    browser.click("details-narrow")
    browser.click('[data-keep="file_content:read"]')
    browser.click("narrow-accept")
    browser.toast("1 scope taken away from “four”. In force on 3 of 3 nodes in ")
    browser.select("four")
    browser.click("tokens-revoke-selected")
    browser.click("confirm-accept")
    browser.toast("1 token is revoked. Stopped on 3 of 3 nodes in ")
    assert {row.state for row in browser.rows().values()} == {"revoked"}
    nodes.ada.generate("five")
    browser.security()
    browser.rotate("five")
    browser.click("label:has(#rotate-end-0)")
    browser.click("rotate-accept")
    browser.secret()
    browser.says("toasts", ", has ended. Stopped on 3 of 3 nodes in ")
    browser.done()


def test_of_a_node_that_can_not_be_reached_it_says_so_and_waits_visibly(nodes, browser, look):  # noqa: F811
    nodes.ada.generate("Nightly")
    browser.security()
    browser.revoke("Nightly")
    nodes.silence(2)
    browser.click("confirm-accept")
    browser.says("confirm-accept", "Waiting…")
    assert "Waiting until this is in force everywhere." in browser.text("confirm-dialog")
    assert not browser.see("confirm-cancel").is_enabled()
    look("waiting")
    browser.toast("“Nightly” is revoked. Stopped on 2 of 3 nodes in ")
    assert re.search(r"nodes in \d+ ms; node3 (cannot be reached, and answers nobody any more|has left)\.", browser.text("toasts")), browser.text("toasts")
    nodes.wake(2)


@pytest.fixture
def crowd(nodes):
    """crowd(): node 3 says nothing, and so many wait for it that who comes now waits no longer than a living one takes. crowd.end(): as it was."""
    if not hasattr(nodes, "grace"):
        nodes[0].add_person("hopper@acme.org")
        nodes.grace = nodes[0].sign_in("hopper@acme.org")
    threads = [threading.Thread(target=nodes.grace.revoke, args=(nodes.grace.generate(f"crowd {i}")["id"],)) for i in range(4)]

    def changes():
        return int(nodes.primary.sql("SELECT seq FROM head"))

    def gather():
        nodes.silence(2)
        before = changes()
        for thread in threads:
            thread.start()
        end = time.monotonic() + 3
        while changes() < before + len(threads):
            assert time.monotonic() < end
            time.sleep(0.02)
        time.sleep(0.2)  # each waits once it has committed

    def end():
        nodes.wake(2)
        for thread in threads:
            thread.join()

    gather.end = end
    return gather


DONE = "This is done, and not yet in force on every node."


def test_what_is_not_yet_in_force_everywhere_is_said_and_revoking_again_works(nodes, crowd, browser):
    token = nodes.ada.generate("CI")
    browser.allow("status of 503")
    browser.security()
    browser.revoke("CI")
    crowd()
    browser.click("confirm-accept")
    browser.says("confirm-dialog", DONE)
    assert browser.text("confirm-accept") == "Revoke token" and browser.text("confirm-cancel") == "Close" and browser.see("confirm-cancel").is_enabled()
    assert nodes.ada.call("GET", f"/api/v1/tokens/{token['id']}").json["state"] == "revoked"
    crowd.end()
    browser.click("confirm-accept")
    browser.toast("“CI” is revoked. Stopped on ")
    assert browser.rows()["CI"].state == "revoked"


def test_all_of_them_are_counted_that_an_attempt_before_has_revoked(nodes, crowd, browser):
    for name in ("A", "B"):
        nodes.ada.generate(name)
    browser.allow("status of 503")
    browser.security()
    browser.click("tokens-revoke-all")
    browser.fill("confirm-word", "revoke all")
    crowd()
    browser.click("confirm-accept")
    browser.says("confirm-dialog", DONE)
    crowd.end()
    browser.click("confirm-accept")
    browser.toast("2 tokens are revoked. Stopped on ")


def test_scopes_that_are_not_yet_lost_everywhere(nodes, crowd, browser):
    nodes.ada.generate("Narrow", ["current_user:read", "file_content:read"])
    browser.allow("status of 503")
    browser.security()
    browser.details("Narrow")
    browser.click("details-narrow")
    browser.click('[data-keep="file_content:read"]')
    crowd()
    browser.click("narrow-accept")
    browser.says("narrow-dialog", DONE)
    assert browser.text("narrow-cancel") == "Close" and browser.text("narrow-reason") == "It loses 1 scope."
    crowd.end()
    browser.click("narrow-accept")
    browser.toast("1 scope taken away from “Narrow”. In force on ")
    assert "file_content:read" not in browser.rows()["Narrow"].scopes


def test_whoever_leaves_it_at_that_sees_it_revoked_by_themselves(nodes, crowd, browser):
    nodes.ada.generate("Linter")
    browser.allow("status of 503")
    browser.security()
    browser.revoke("Linter")
    crowd()
    browser.click("confirm-accept")
    browser.says("confirm-dialog", DONE)
    browser.click("confirm-cancel")
    browser.gone("confirm-dialog")
    browser.wait(lambda: browser.rows()["Linter"].state == "revoked", "the list to show it as revoked")
    crowd.end()
    assert "“Linter”" not in browser.js("return document.getElementById('toasts').textContent")


# ---- the words

@pytest.mark.parametrize("hows, ms, words", [
    ("stopped", 0, " Stopped on 1 of 1 node in 1 ms."),
    ("stopped stopped", 14, " Stopped on 2 of 2 nodes in 14 ms."),
    ("stopped stopped stopped", 1540, " Stopped on 3 of 3 nodes in 1.5 s."),
    ("stopped stopped lease_over", 10200, " Stopped on 2 of 3 nodes in 8 ms; node3 cannot be reached, and answers nobody any more."),
    ("stopped gone", 10200, " Stopped on 1 of 2 nodes in 7 ms; node2 has left."),
    ("stopped gone lease_over lease_over", 99, " Stopped on 1 of 4 nodes in 7 ms; node2 has left; node3 and node4 cannot be reached, and answer nobody any more."),
    ("gone gone lease_over", 99, " Stopped on 0 of 3 nodes in 1 ms; node1 and node2 have left; node3 cannot be reached, and answers nobody any more."),
])
def test_a_receipt_in_words(shared, browser, hows, ms, words):
    browser.become(shared.ada, "/settings/account")
    browser.see("account-role")
    receipt = {"seq": 1, "ms": ms, "nodes": [{"node": f"node{i + 1}", "how": how, "ms": 7 + i} for i, how in enumerate(hows.split())]}
    said = browser.js_async("return (await import('/assets/receipt.js')).receiptWords(arguments[0], arguments[1])", receipt, "stopped")
    assert said.replace("\u00a0", " ") == words
    assert browser.js_async("return (await import('/assets/receipt.js')).receiptWords(arguments[0], arguments[1])", receipt, "narrowed") == said.replace("Stopped", "In force")

# SPDX-License-Identifier: Apache-2.0
"""The nodes in the settings, as administrators see them.

A node is silenced by SIGSTOP: a patd that says nothing, while its nginx goes on."""
import re

from selenium.webdriver.common.keys import Keys

from .test_pages import look  # noqa: F401 (a fixture)


def of(browser, name):
    return browser.text(f'[data-node="{name}"]')


def test_the_nodes_are_listed_and_one_falls_silent(nodes, browser, look):  # noqa: F811
    browser.go("/settings/nodes")
    browser.see('[data-node="node3"]')
    assert browser.text(".tabs [aria-current]") == "Nodes" and browser.js("return document.title") == "Nodes · Settings · patd"
    assert re.fullmatch(r"node1\nServing\nThis node\nLease 4 s · up to date", of(browser, "node1"))
    assert re.fullmatch(r"node2\nServing\nLease 4 s · up to date · last heard (just now|\d s ago)", of(browser, "node2"))
    look("nodes")
    nodes.primary.sql("CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; "
                 "CREATE TRIGGER keep BEFORE DELETE ON node FOR EACH ROW EXECUTE FUNCTION keep()")  # or it would be taken out too soon to be looked at
    nodes.silence(1)
    nodes.ada.generate("a change")
    browser.says('[data-node="node2"]', "1 change behind")
    browser.says('[data-node="node2"]', "Silent")
    assert re.search(r"last heard \d s ago\nIts lease is over", of(browser, "node2"))
    look("one is silent")
    nodes.primary.sql("DROP TRIGGER keep ON node; DROP FUNCTION keep")
    browser.wait(lambda: not browser.all('[data-node="node2"]'), "the silent node to be taken out of the list")
    nodes.wake(1)
    browser.says('[data-node="node2"]', "Serving")


def test_what_can_not_be_asked_for_is_told(nodes, browser):
    browser.go("/settings/nodes")
    browser.see('[data-node="node1"]')
    browser.cdp("Network.setBlockedURLs", urls=["*/api/v1/admin/nodes*"])
    browser.allow("ERR_BLOCKED_BY_CLIENT")
    browser.says("nodes-problem", "This is what was known last. The server could not be reached.")
    browser.cdp("Network.setBlockedURLs", urls=[])
    browser.gone("nodes-problem")


def test_over_another_page_by_keyboard(nodes, browser):
    browser.go("/")
    browser.click("account-button")
    browser.click("account-settings")
    browser.see("tab-nodes")
    browser.tab_to("tab-nodes")
    browser.keys(Keys.ENTER)
    browser.see('[data-node="node1"]')
    browser.at("/settings/nodes")
    browser.keys(Keys.ESCAPE)
    browser.gone("settings-dialog")


def test_nobody_else_has_the_tab(nodes, browser):
    nodes[0].add_person("grace@acme.org")
    browser.become(nodes[0].sign_in("grace@acme.org"))
    browser.go("/settings/nodes")
    browser.at("/settings/account")
    browser.see("account-role")
    assert not browser.sees("tab-nodes") and not browser.sees("panel-nodes") and browser.text(".tabs [aria-current]") == "Account"
    browser.click("tab-security")
    browser.loaded()
    assert not browser.sees("tab-nodes")


def test_where_one_patd_is_alone_there_is_no_tab(shared, browser):
    browser.become(shared.ada)
    browser.go("/settings/nodes")
    browser.at("/settings/account")
    browser.see("account-role")
    browser.security()
    browser.settle()
    assert not browser.sees("tab-nodes") and not browser.sees("panel-nodes")

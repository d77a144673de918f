// SPDX-License-Identifier: Apache-2.0
// The tabs of the settings, on their page and over another: shows the one that an address names, and starts its sections when they
// are first shown.

import { get } from './api.js';
import { byId, pageWith, toast } from './dom.js';
import { strings } from './strings.js';

async function startAccount(opening) {
  const [account, page] = await Promise.all([import('./account.js'), pageWith('name-form', '/assets/account.html')]);
  byId('panel-account').replaceChildren(...page.body.children);
  account.startAccount((await opening).person);
}

async function openPassword() {
  try {
    const { openPasswordForm } = await import('./password.js');
    openPasswordForm();
  } catch {
    toast(strings.error.network);
  }
}

async function startSecurity(opening) {
  byId('password-change').addEventListener('click', openPassword);
  const [tokens, sessions] = await Promise.all([import('./tokens.js'), import('./sessions.js')]);
  sessions.startSessions();
  await Promise.all([tokens.startTokens(), opening]);
}

async function refreshSecurity() {
  const [tokens, sessions] = await Promise.all([import('./tokens.js'), import('./sessions.js')]);
  await Promise.all([tokens.refreshTokens(), sessions.refreshSessions()]);
}

async function showNotifications(opening) {
  await (await import('./notifications.js')).showNotifications(opening);
}

let offering = null; // of the nodes' tab: a promise of whether it is there

/** Where several patd can be on one database, administrators have a tab for them. That does not change while the page is open. */
function offerNodes(opening) {
  offering ??= (async () => {
    const { person } = await opening;
    const isOffered = person.admin && (await get('/admin/nodes')).nodes.length > 0;
    byId('tab-nodes').hidden = !isOffered;
    return isOffered;
  })().catch((error) => {
    offering = null; // it is asked again when another tab is shown
    throw error;
  });
  return offering;
}

/** To whoever has no such tab its address shows the account. */
async function startNodes(opening) {
  if (await offerNodes(opening)) {
    await (await import('./nodes.js')).startNodes();
    return;
  }
  started.delete('nodes');
  history.replaceState(history.state, '', ADDRESSES.account);
  await showTab(new URL(location.href), opening);
}

async function refreshNodes() {
  (await import('./nodes.js')).refreshNodes();
}

const ADDRESSES = { account: '/settings/account', notifications: '/settings/notifications', security: '/settings/security', nodes: '/settings/nodes' };
const TABS = {
  account: { start: startAccount },
  notifications: { start: showNotifications },
  security: { start: startSecurity, refresh: refreshSecurity },
  nodes: { start: startNodes, refresh: refreshNodes },
};
const started = new Set();
const pageTitle = document.title;

async function start(tab, opening) {
  if (started.has(tab)) {
    await TABS[tab].refresh?.();
    return;
  }
  started.add(tab);
  try {
    await TABS[tab].start(opening);
  } catch (error) {
    started.delete(tab);
    throw error;
  }
}

/** `opening` resolves to the session. */
export async function showTab({ pathname, hash }, opening) {
  const tab = Object.keys(ADDRESSES).find((each) => pathname.startsWith(ADDRESSES[each])) ?? 'account';
  for (const each of Object.keys(TABS)) {
    if (each === tab) byId(`tab-${each}`).setAttribute('aria-current', 'page');
    else byId(`tab-${each}`).removeAttribute('aria-current');
    byId(`panel-${each}`).hidden = each !== tab;
  }
  document.title = `${byId(`tab-${tab}`).textContent} · ${strings.settings.title} · ${pageTitle.split(' · ').at(-1)}`;
  offerNodes(opening).catch(() => {}); // what is wrong is said where it is wanted
  await start(tab, opening);
  byId('page-error').replaceChildren();
  if (hash === '#password') await openPassword();
}

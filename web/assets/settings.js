// SPDX-License-Identifier: Apache-2.0
// The settings page: shows the tab its address names and starts the sections of that tab.
// Each tab is a page of its own, so reloading, linking and going back need no help.

import { byId, fill, toast } from './dom.js';
import { startSession } from './session.js';
import { strings } from './strings.js';

async function startAccount(opening) {
  const { person } = await opening;
  byId('account-role').textContent = person.admin ? strings.account.administrator : strings.account.member;
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
  await Promise.all([tokens.startTokens(), sessions.refreshSessions(), opening]);
}

const TABS = { account: startAccount, security: startSecurity };
const tab = location.pathname.startsWith('/settings/security') ? 'security' : 'account';

byId(`tab-${tab}`).setAttribute('aria-current', 'page');
byId(`panel-${tab}`).hidden = false;
document.title = `${byId(`tab-${tab}`).textContent} · ${document.title}`;

const opening = startSession();
await fill(byId('page-error'), () => TABS[tab](opening), strings.error);

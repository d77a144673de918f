// SPDX-License-Identifier: Apache-2.0
// The tabs of the settings, on their page and over another: shows the one that an address names, and starts its sections when they
// are first shown.

import { byId, toast } from './dom.js';
import { strings } from './strings.js';

async function startAccount(opening) {
  const { startAccount: start } = await import('./account.js');
  start((await opening).person);
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

const TABS = { account: { start: startAccount }, security: { start: startSecurity, refresh: refreshSecurity } };
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
  const tab = pathname.startsWith('/settings/security') ? 'security' : 'account';
  for (const each of Object.keys(TABS)) {
    if (each === tab) byId(`tab-${each}`).setAttribute('aria-current', 'page');
    else byId(`tab-${each}`).removeAttribute('aria-current');
    byId(`panel-${each}`).hidden = each !== tab;
  }
  document.title = `${byId(`tab-${tab}`).textContent} · ${strings.settings.title} · ${pageTitle.split(' · ').at(-1)}`;
  await start(tab, opening);
  byId('page-error').replaceChildren();
  if (hash === '#password') await openPassword();
}

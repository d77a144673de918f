// SPDX-License-Identifier: Apache-2.0
// The sessions section of the security settings: where one is signed in, and ending a session elsewhere.
// A session is named by its browser and system, read from the user agent as well as that can be done.

import { del, get } from './api.js';
import { byId, el, fill, toast, whileBusy } from './dom.js';
import { strings } from './strings.js';
import { relative, timeElement } from './time.js';

const texts = strings.sessions;

// The first that matches names it: browsers also carry the names of those they descend from.
const BROWSERS = [
  ['Edg', 'Edge'], ['OPR/', 'Opera'], ['Firefox/', 'Firefox'], ['FxiOS/', 'Firefox'],
  ['Chrome/', 'Chrome'], ['CriOS/', 'Chrome'], ['Safari/', 'Safari'], ['curl/', 'curl'],
];
const SYSTEMS = [
  ['iPhone', 'iPhone'], ['iPad', 'iPad'], ['Android', 'Android'], ['CrOS', 'ChromeOS'],
  ['Windows', 'Windows'], ['Mac OS X', 'macOS'], ['Linux', 'Linux'],
];

function deviceOf(agent) {
  const nameIn = (list) => list.find(([mark]) => agent.includes(mark))?.[1];
  return texts.device(nameIn(BROWSERS), nameIn(SYSTEMS));
}

async function end(session, device, button) {
  await whileBusy(button, async () => {
    try {
      await del(`/sessions/${session.id}`);
      toast(texts.ended(device));
    } catch (error) {
      toast(error.message);
    }
    await refreshSessions();
    byId('sessions-title').focus();
  });
}

function row(session) {
  const device = deviceOf(session.user_agent ?? '');
  const action = session.current
    ? el('span', { class: 'badge good' }, texts.current)
    : el('button', {
      type: 'button', class: 'button small', 'aria-label': texts.endLabel(device, session.address),
      onclick: (event) => end(session, device, event.currentTarget), data: { testid: 'session-end' },
    }, texts.end);
  return el('li', { class: 'line', data: { sessionId: session.id } },
    el('div', { class: 'line-text' },
      el('strong', {}, device),
      el('span', { class: 'sub' }, session.address),
      el('span', { class: 'sub' },
        texts.lastSeen, timeElement(session.last_seen_at, relative), ' · ', texts.signedIn, timeElement(session.created_at))),
    action);
}

export function refreshSessions() {
  const list = byId('sessions-list');
  return fill(list, async () => {
    const { sessions } = await get('/sessions');
    sessions.sort((a, b) => b.current - a.current || b.last_seen_at.localeCompare(a.last_seen_at));
    list.replaceChildren(el('ul', { class: 'lines' }, ...sessions.map(row)));
  }, strings.error);
}

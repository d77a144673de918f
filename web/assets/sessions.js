// SPDX-License-Identifier: Apache-2.0
// The sessions section of the security settings: where one is signed in, and ending a session elsewhere or all of them.
// A session is named by its browser and system, read from the user agent as well as that can be done.

import { del, get } from './api.js';
import { byId, drawing, el, fill, toast, whileBusy } from './dom.js';
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

// Drawn beside it: a phone, a terminal, a computer.
const DEVICES = [
  [/iPhone|Android.*Mobile|FxiOS/, 'M5 1.5h6v13H5zM7.5 12.25h1'],
  [/^(?!.*Mozilla).*\S/, 'M1.5 2.5h13v11h-13zM4 6l2.5 2L4 10M8 10.5h4'],
  [/(?:)/, 'M3 3h10v7H3zM1 13h14'],
];

function deviceOf(agent) {
  const nameIn = (list) => list.find(([mark]) => agent.includes(mark))?.[1];
  return texts.device(nameIn(BROWSERS), nameIn(SYSTEMS));
}

function iconOf(agent) {
  const [, path] = DEVICES.find(([marks]) => marks.test(agent)) ?? DEVICES.at(-1);
  return el('span', { class: 'device', 'aria-hidden': 'true' }, drawing(path));
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

async function endOthers() {
  const { confirm } = await import('./confirm.js');
  let ended = 0;
  const isAccepted = await confirm({
    title: texts.endOthersTitle,
    details: [el('p', {}, texts.endOthersText)],
    accept: texts.endOthers,
    cancel: texts.endOthersCancel,
    action: async () => {
      ended = (await del('/sessions')).ended_sessions;
    },
  });
  if (!isAccepted) return;
  toast(texts.endedOthers(ended));
  await refreshSessions();
  byId('sessions-title').focus();
}

function row(session) {
  const agent = session.user_agent ?? '';
  const device = deviceOf(agent);
  const endButton = () => el('button', {
    type: 'button', class: 'button small', 'aria-label': texts.endLabel(device, session.address),
    onclick: (event) => end(session, device, event.currentTarget), data: { testid: 'session-end' },
  }, texts.end);
  return el('li', { class: 'line', data: { sessionId: session.id } },
    iconOf(agent),
    el('div', { class: 'line-text' },
      el('span', { class: 'with-badge' }, el('strong', {}, device), session.current && el('span', { class: 'badge good' }, texts.current)),
      el('span', { class: 'sub' }, session.address, ' · ', texts.lastSeen, timeElement(session.last_seen_at, relative)),
      el('span', { class: 'sub' }, texts.signedIn, timeElement(session.created_at))),
    !session.current && endButton());
}

export function refreshSessions() {
  const list = byId('sessions-list');
  return fill(list, async () => {
    const { sessions } = await get('/sessions');
    sessions.sort((a, b) => b.current - a.current || b.last_seen_at.localeCompare(a.last_seen_at));
    list.replaceChildren(el('ul', { class: 'lines' }, ...sessions.map(row)));
    byId('sessions-end-others').hidden = sessions.length < 2;
  }, strings.error);
}

export function startSessions() {
  byId('sessions-end-others').addEventListener('click', endOthers);
  refreshSessions();
}

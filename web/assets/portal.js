// SPDX-License-Identifier: Apache-2.0
// The page of a product's own people: their tokens and sessions, under the product's title and in its colour, and the way back. The
// code that opens it stands in the link's fragment, which never reaches the server by itself, and leaves the address bar as soon as
// it is read. What is managed here is what the settings have; their sections are moved over, as into the dialog over a page.

import { ApiError, openSession, post, signOut } from './api.js';
import { byId, fill, pageWith, whileBusy } from './dom.js';
import { startFrame } from './frame.js';
import { portalStrings as texts } from './strings-portal.js';
import { strings } from './strings.js';

// --- looks -----------------------------------------------------------------------------------------

/** Relative luminance of #rrggbb (WCAG 2.2). */
function luminance(colour) {
  const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
  const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Of black and white, one has a contrast of 4.5 or more to any colour: they meet at a luminance of 0.179. */
function showAccent(accent) {
  if (!accent) return;
  document.body.style.setProperty('--brand', accent);
  document.body.style.setProperty('--on-brand', luminance(accent) > 0.179 ? '#000' : '#fff');
}

function showProduct({ title, accent, return_url: back }) {
  document.title = texts.title(title);
  byId('portal-title').textContent = title;
  byId('portal-back').href = back;
  byId('portal-back-text').textContent = texts.back(title);
  showAccent(accent);
}

// --- the page --------------------------------------------------------------------------------------

async function takeSections() {
  const page = await pageWith('tokens', '/portal/sections');
  const { startTokens } = await import('./tokens.js');
  const { startSessions } = await import('./sessions.js');
  page.querySelector('#sessions .lead').textContent = texts.sessions;
  byId('portal-sections').replaceChildren(page.getElementById('tokens'), page.getElementById('sessions'));
  startSessions();
  await startTokens();
}

async function show({ portal }) {
  showProduct(portal);
  byId('portal-closed').hidden = true;
  byId('portal').hidden = false;
  byId('portal-bar').hidden = false;
  await Promise.all([startFrame({ leaveTo: portal.return_url }), fill(byId('portal-sections'), takeSections, strings.error)]);
}

/** Says why nothing is open, and what can be done about it. */
function showClosed({ title, text, go, action }) {
  document.title = title;
  byId('portal-closed-title').textContent = title;
  byId('portal-closed-text').textContent = text;
  byId('portal-go').hidden = !go;
  byId('portal-go').textContent = go ?? '';
  byId('portal-go').onclick = () => whileBusy(byId('portal-go'), () => attempt(action));
  byId('portal-closed').hidden = false;
  byId('portal-closed-title').focus();
}

// --- opening it --------------------------------------------------------------------------------------

function takeCode() {
  const code = location.hash.slice(1);
  if (code) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/** Who is signed in, or null. Asked as elsewhere, nobody would be sent to sign in. */
async function sessionIfAny() {
  const answer = await fetch('/api/v1/session').catch(() => { throw new ApiError(0, {}); });
  return answer.status === 401 ? null : openSession();
}

/** A link that is good for nothing is no trouble to who is here already. */
async function open(code, before) {
  try {
    await post('/portal', { code });
  } catch (error) {
    if (error.reason !== 'portal_link_invalid') throw error;
    if (before) await show(before);
    else showClosed({ ...texts.used, text: error.message });
    return;
  }
  await show(await openSession()); // where it is somebody else's than before, the page starts afresh as theirs
}

/** Nobody is to find themselves in somebody else's place by a link they were given. */
function askToLeave({ person }, code) {
  const { title, text, go } = texts.other;
  showClosed({ title, text: text(person.name), go, action: async () => {
    await signOut();
    await open(code, null);
  } });
}

async function start(code) {
  const session = await sessionIfAny();
  if (code && session && !session.portal) askToLeave(session, code);
  else if (code) await open(code, session);
  else if (session?.portal) await show(session);
  else if (session) location.replace('/settings/security');
  else showClosed(texts.nowhere);
}

/** Does it, or says what went wrong and offers to try again. */
async function attempt(work) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showClosed({ title: texts.failed.title, text: error.message, go: texts.failed.again, action: work });
  }
}

function begin() {
  const code = takeCode();
  return attempt(() => start(code));
}

addEventListener('hashchange', () => location.hash && location.reload());
await begin();

// SPDX-License-Identifier: Apache-2.0
// The settings over another page. What is in there is the page settings.html itself: fetched once, and moved over here. It is no
// <dialog>: the token dialogs open above it, messages in the corner stay readable, and what works only while no dialog is open (keys,
// keeping the list true) works in here. Instead of it, the page below is inert. Whether it is open stands in the address, so Back
// closes it, and closing it goes back.

import { openSession } from './api.js';
import { byId, drawing, el, fill, pageWith } from './dom.js';
import { showPerson } from './session.js';
import { showTab } from './settings-tabs.js';
import { strings } from './strings.js';

const texts = strings.settings;
const ADDRESS = '/settings/account';
const CROSS = 'M4 4l8 8M12 4l-8 8';

let layer = null; // built when first wanted
let building = null;
let opener = null;
let titleBelow = '';

// --- building -----------------------------------------------------------------------------------

async function build() {
  const page = await pageWith('panel-security', ADDRESS);
  const { person } = await openSession();
  const close = el('button', { type: 'button', class: 'icon-button', id: 'settings-close', 'aria-label': texts.close, onclick: () => history.back() }, drawing(CROSS));
  const head = page.querySelector('.settings-head');
  head.append(close);
  layer = el('div', { class: 'settings-layer', hidden: true },
    el('div', { class: 'settings-window', id: 'settings-dialog', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'settings-title' },
      head, el('div', { class: 'settings-body' }, ...page.querySelectorAll('main > :not(noscript)'))));
  document.body.append(layer);
  layer.addEventListener('pointerdown', (event) => event.target === layer && history.back());
  layer.addEventListener('keydown', onKey);
  showPerson(person);
}

/** Escape is also for what is open in here: a menu, a popover. */
function onKey(event) {
  if (event.key !== 'Escape' || event.defaultPrevented || layer.querySelector('[aria-expanded="true"]')) return;
  event.preventDefault();
  history.back();
}

// --- opening and closing -------------------------------------------------------------------------

function setOpen(isOpen) {
  const root = document.documentElement;
  root.style.scrollbarGutter = isOpen && innerWidth > root.clientWidth ? 'stable' : ''; // nothing moves when its scroll bar goes
  root.classList.toggle('under-settings', isOpen);
  layer.hidden = !isOpen;
  for (const node of document.querySelectorAll('body > :is(header, main, nav, footer)')) node.inert = isOpen;
}

/** Shows the tab that `url` names. `isNew`: the address is not there yet, because a link was followed. */
export async function openSettings(url, isNew) {
  const focused = document.activeElement;
  building ??= build();
  await building.catch((error) => {
    building = null;
    throw error;
  });
  const isOpening = layer.hidden;
  if (isNew) history[isOpening ? 'pushState' : 'replaceState']({ isOurLink: true }, '', url); // a link from elsewhere arrives as a page
  if (isOpening) {
    opener = focused;
    titleBelow = document.title;
    setOpen(true);
  }
  const showing = fill(byId('page-error'), () => showTab(url, openSession()), strings.error);
  if (isOpening) layer.querySelector('.tabs [aria-current]').focus();
  await showing;
}

/** Called when the address is another page's again. */
export function hideSettings() {
  if (!layer || layer.hidden) return;
  for (const dialog of [...document.querySelectorAll('dialog[open]')].reverse()) dialog.close(); // left by Back, with a token shown perhaps
  setOpen(false);
  document.title = titleBelow;
  const isThere = opener?.isConnected && opener.checkVisibility();
  (isThere && opener !== document.body ? opener : byId('account-button')).focus();
}

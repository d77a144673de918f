// SPDX-License-Identifier: Apache-2.0
// The catalog of scopes, and how a token's scopes are shown in short with a popover that names them all.
// Choosing scopes for a new token is in scope-choices.js.

import { get } from './api.js';
import { el } from './dom.js';
import { strings } from './strings.js';

const CHIPS_MAX = 2;

let catalogLoading = null;
let openPopover = null;
let popovers = 0;

/** A scope's code; where it has to break, it breaks after the colon. */
function chip(scope) {
  const [noun, verb] = scope.split(/(?<=:)/);
  return el('code', { class: 'chip' }, noun, el('wbr'), verb);
}

/** The catalog of scopes and the policy, read from the server once. */
export function scopeCatalog() {
  catalogLoading ??= get('/scopes').catch((error) => {
    catalogLoading = null;
    throw error;
  });
  return catalogLoading;
}

/** Shows the popover while the pointer or the focus is in `box`, and after a tap. One is open at a time. */
function attachPopover(box, button, popover) {
  const setOpen = (open) => {
    if (open) openPopover?.setOpen(false);
    openPopover = open ? { box, setOpen } : null;
    popover.hidden = !open;
    popover.tabIndex = popover.scrollHeight > popover.clientHeight ? 0 : -1;
    button.setAttribute('aria-expanded', String(open));
  };
  const open = () => openPopover?.box === box || setOpen(true);
  const close = () => openPopover?.box === box && setOpen(false);
  const isMouse = (event) => event.pointerType === 'mouse';

  box.addEventListener('pointerenter', (event) => isMouse(event) && open());
  box.addEventListener('pointerleave', (event) => isMouse(event) && !box.contains(document.activeElement) && close());
  box.addEventListener('focusout', (event) => box.contains(event.relatedTarget) || close());
  button.addEventListener('focus', open);
  button.addEventListener('click', open);
}

addEventListener('pointerdown', (event) => openPopover?.box.contains(event.target) || openPopover?.setOpen(false));
addEventListener('keydown', (event) => event.key === 'Escape' && openPopover?.setOpen(false));

/** The count and the first scopes of a token; the whole list on hover, focus and tap. */
export function scopeSummary(token, catalog) {
  const id = `scopes-popover-${(popovers += 1)}`;
  const names = token.scopes;
  const label = strings.tokens.scopesLabel(names.length, token.name);
  const describe = (name) => catalog.scopes.find(({ scope }) => scope === name)?.description;
  const popover = el('div', { class: 'popover', id, hidden: true, role: 'group', 'aria-label': label, data: { testid: 'scopes-popover' } },
    el('ul', {}, ...names.map((name) => el('li', {}, el('code', {}, name), el('span', { class: 'sub' }, describe(name))))));
  const button = el('button', {
    type: 'button', class: 'scopes-button', 'aria-expanded': 'false', 'aria-controls': id,
    'aria-label': label, data: { testid: 'scopes-button' },
  }, strings.tokens.scopes(names.length));
  const rest = names.length - CHIPS_MAX;
  const more = rest > 0 && el('span', { class: 'chip-more' }, strings.tokens.more(rest));
  const chips = el('div', { class: 'chips' }, ...names.slice(0, CHIPS_MAX).map(chip), more);
  const box = el('div', { class: 'scopes' }, button, chips, popover);
  attachPopover(box, button, popover);
  return box;
}

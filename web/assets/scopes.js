// SPDX-License-Identifier: Apache-2.0
// The catalog of scopes, and how a token's scopes and limits are shown in short, with popovers that name them all.
// Choosing scopes for a new token is in scope-choices.js.

import { get } from './api.js';
import { el } from './dom.js';
import { attachPopover } from './floating.js';
import { strings } from './strings.js';

const CHIPS_MAX = 2;

let catalogLoading = null;
let popovers = 0;
const nextId = () => `popover-${(popovers += 1)}`;

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

/** The count and the first scopes of a token; the whole list on hover, focus and tap. */
export function scopeSummary(token, catalog) {
  const id = nextId();
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

/** A badge that says that a token is limited; to what, on hover, focus and tap. What says it in words is loaded where there is one. */
export function limitsBadge(token) {
  const id = nextId();
  const label = strings.tokens.limitedLabel(token.name);
  const list = el('ul', {});
  import('./limits-words.js').then(({ inSentences }) => list.append(...inSentences(token.limits).map((text) => el('li', {}, text))), () => {});
  const popover = el('div', { class: 'popover', id, hidden: true, role: 'group', 'aria-label': label, data: { testid: 'limits-popover' } }, list);
  const button = el('button', {
    type: 'button', class: 'badge limited-button', 'aria-expanded': 'false', 'aria-controls': id, 'aria-label': label, data: { testid: 'limits-button' },
  }, strings.tokens.limited);
  const box = el('div', { class: 'limited' }, button, popover);
  attachPopover(box, button, popover);
  return box;
}

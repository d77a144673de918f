// SPDX-License-Identifier: Apache-2.0
// The list with checkboxes, grouped by category, from which the scopes of a new token are chosen.
// Scopes that change data and deprecated ones are marked; a search narrows the list.

import { el } from './dom.js';
import { strings } from './strings.js';

const texts = strings.generate;

function choice({ scope, description, access, deprecated }) {
  return el('label', { class: 'scope', data: { words: `${scope} ${description}`.toLowerCase() } },
    el('input', { type: 'checkbox', name: 'scopes', value: scope, data: { scope } }),
    el('span', { class: 'scope-text' },
      el('span', { class: 'scope-name' },
        el('code', {}, scope),
        access === 'write' && el('span', { class: 'badge warn' }, texts.changesData),
        deprecated && el('span', { class: 'badge' }, texts.deprecated)),
      el('span', { class: 'sub' }, description)));
}

/** Fills `container` with the catalog's scopes by category, deprecated ones last in theirs. */
export function fillScopeChoices(container, catalog) {
  const groups = Object.groupBy(catalog.scopes, ({ category }) => category);
  container.replaceChildren(...Object.entries(groups).map(([category, scopes]) => el('fieldset', { class: 'scope-group' },
    el('legend', {}, category),
    ...scopes.toSorted((a, b) => a.deprecated - b.deprecated).map(choice))));
}

/** Shows only the choices that contain every word; returns how many those are. */
export function filterScopeChoices(container, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const group of container.querySelectorAll('fieldset')) {
    const choices = [...group.querySelectorAll('.scope')];
    for (const each of choices) each.hidden = !words.every((word) => each.dataset.words.includes(word));
    const left = choices.filter((each) => !each.hidden).length;
    group.hidden = left === 0;
    shown += left;
  }
  return shown;
}

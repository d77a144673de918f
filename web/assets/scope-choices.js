// SPDX-License-Identifier: Apache-2.0
// The list with checkboxes, grouped by product where there are several and by category, from which the scopes of a new token are chosen. A group has a box of its
// own, ticked in part when some are; presets tick what is often wanted. Scopes that change data and deprecated ones are marked. patd's own
// stand last, and no preset ticks them; those that one may not give are there with the reason.

import { el } from './dom.js';
import { tokenStrings } from './strings-generate.js';
import { locale } from './time.js';

export const OWN = 'patd'; // the product whose scopes manage tokens: a token has to name it to use them
const FILES = 'Files'; // the category of the preset "Read files", where there is one
const texts = tokenStrings.generate;
const list = new Intl.ListFormat(locale, { type: 'conjunction' });

const boxesIn = (node) => [...node.querySelectorAll('[data-scope]:not(:disabled)')];
const isShown = (box) => !box.closest('.scope').hidden;

function choice({ scope, description, access, deprecated, allowed }) {
  return el('label', { class: 'scope', data: { words: `${scope} ${description}`.toLowerCase() } },
    el('input', { type: 'checkbox', name: 'scopes', value: scope, disabled: !allowed, data: { scope } }),
    el('span', { class: 'scope-text' },
      el('span', { class: 'scope-name' },
        el('code', {}, scope),
        access === 'write' && el('span', { class: 'badge warn' }, texts.changesData),
        deprecated && el('span', { class: 'badge' }, texts.deprecated)),
      el('span', { class: 'sub' }, description),
      !allowed && el('span', { class: 'sub', data: { testid: 'scope-not-allowed' } }, texts.notAllowed)));
}

/** `name`: as it is called where it stands; `whole`: as it is called alone. */
function group(name, whole, scopes) {
  const box = el('input', { type: 'checkbox', 'aria-label': texts.wholeGroup(whole), data: { group: whole } });
  return el('fieldset', { class: 'scope-group' },
    el('legend', {}, el('label', { class: 'scope-all' }, box, el('span', {}, name), el('span', { class: 'sub', data: { groupCount: '' } }))),
    ...scopes.toSorted((a, b) => a.deprecated - b.deprecated).map(choice));
}

const byCategory = (scopes) => Object.entries(Object.groupBy(scopes, ({ category }) => category));

/** What an imported document puts into no category has its product's name for one. */
function productGroup([product, scopes]) {
  const id = `scope-product-${product}`;
  return el('section', { class: 'scope-product', 'aria-labelledby': id, data: { product } }, el('h3', { id }, product === OWN ? texts.own : product),
    ...byCategory(scopes).map(([category, some]) => (category === product
      ? group(texts.allScopes, product, some)
      : group(category, texts.groupOfProduct(category, product), some))));
}

const isOwn = ({ product }) => product === OWN;
const ofProducts = ({ scopes }) => scopes.filter((each) => !isOwn(each));

/** Whether there are scopes of more products than one, patd itself not counted. */
export const isOfSeveral = (catalog) => new Set(ofProducts(catalog).map(({ product }) => product)).size > 1;

/** Whether some of these are patd's own and others are not: then the token has to say which products it is for. */
export function mixesOwn(scopes, catalog) {
  const chosen = catalog.scopes.filter(({ scope, allowed }) => allowed && scopes.includes(scope));
  return chosen.some(isOwn) && !chosen.every(isOwn);
}

/** Fills `container` with the catalog's scopes, by product if there are several, and by category; deprecated ones last in theirs. */
export function fillScopeChoices(container, catalog) {
  const scopes = ofProducts(catalog);
  const groups = isOfSeveral(catalog)
    ? Object.entries(Object.groupBy(scopes, ({ product }) => product)).map(productGroup)
    : byCategory(scopes).map(([category, some]) => group(category, category, some));
  const own = catalog.scopes.filter(isOwn);
  container.replaceChildren(...groups, own.length ? productGroup([OWN, own]) : '');
}

/** Shows only the choices that contain every word; returns how many those are. */
export function filterScopeChoices(container, search) {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  let shown = 0;
  for (const each of container.querySelectorAll('fieldset')) {
    const choices = [...each.querySelectorAll('.scope')];
    for (const one of choices) one.hidden = !words.every((word) => one.dataset.words.includes(word));
    const left = choices.filter((one) => !one.hidden).length;
    each.hidden = left === 0;
    shown += left;
  }
  for (const each of container.querySelectorAll('.scope-product')) each.hidden = !each.querySelector('fieldset:not([hidden])');
  return shown;
}

/** A scope's box was pressed. Several products may take the same scope, and then it stands there as often. */
export function chooseScope(container, box) {
  for (const each of boxesIn(container)) if (each.value === box.value) each.checked = box.checked;
}

/** A group's box was pressed: all of the group that a search leaves, or none of it. */
export function chooseGroup(container, box) {
  for (const each of boxesIn(box.closest('fieldset'))) {
    if (!isShown(each)) continue;
    each.checked = box.checked;
    chooseScope(container, each);
  }
}

/** What is chosen, each once. */
export const chosenScopes = (container) => [...new Set(boxesIn(container).filter((box) => box.checked).map(({ value }) => value))];

/** Chooses exactly these. */
export function chooseScopes(container, scopes) {
  for (const box of boxesIn(container)) box.checked = scopes.includes(box.value);
}

/** Brings the groups' boxes and counts up to date with what is chosen. */
export function drawGroups(container) {
  for (const each of container.querySelectorAll('fieldset')) {
    const boxes = boxesIn(each);
    const shown = boxes.filter(isShown);
    const chosen = shown.filter((box) => box.checked).length;
    const whole = each.querySelector('[data-group]');
    whole.disabled = boxes.length === 0;
    whole.checked = chosen > 0 && chosen === shown.length;
    whole.indeterminate = chosen > 0 && chosen < shown.length;
    each.querySelector('[data-group-count]').textContent = texts.ofGroup(boxes.filter((box) => box.checked).length, each.querySelectorAll('[data-scope]').length);
  }
}

/** What is often wanted at once: [{ text, scopes }], without those that would choose nothing. */
export function presetsOf(catalog) {
  const current = ofProducts(catalog).filter(({ deprecated }) => !deprecated);
  const reads = current.filter(({ access }) => access === 'read');
  const names = (scopes) => scopes.map(({ scope }) => scope);
  return [
    { text: texts.presetRead, scopes: names(reads) },
    { text: texts.presetFiles, scopes: names(reads.filter(({ category }) => category === FILES)) },
    { text: texts.presetAll, scopes: names(current) },
  ].filter(({ scopes }) => scopes.length > 0);
}

/** In the middle of a sentence, "Files" is "files"; "API" stays what it is. */
const inSentence = (category) => (/^\p{Lu}\p{Ll}/u.test(category) ? category[0].toLocaleLowerCase() + category.slice(1) : category);

/** What the chosen scopes come to, by category: { reads, changes }, each as a list in words or ''. */
export function inWords(scopes, catalog) {
  const chosen = catalog.scopes.filter(({ scope }) => scopes.includes(scope));
  const categories = (access) => [...new Set(chosen.filter((each) => each.access === access).map(({ category }) => inSentence(category)))];
  return { reads: list.format(categories('read')), changes: list.format(categories('write')) };
}

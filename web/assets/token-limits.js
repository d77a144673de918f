// SPDX-License-Identifier: Apache-2.0
// The section "Limit what it can reach" of the dialog that generates a token. Loaded when it is first opened, when a link proposes
// limits, or when there are several products: then a token is for those of its scopes unless somebody says otherwise. One that has scopes of
// patd itself beside others is in any case.

import { el, icon, loadStyle } from './dom.js';
import { setFieldError } from './form.js';
import { filesPart } from './limits-files.js';
import { namesOf } from './limits-names.js';
import { BUILT_IN, fileLimit } from './limits.js';
import { inShort } from './limits-words.js';
import { OWN, mixesOwn } from './scope-choices.js';
import { limitsStrings } from './strings-limits.js';
import { locale } from './time.js';

const USUAL_WINDOW = 60;
const and = new Intl.ListFormat(locale, { type: 'conjunction' });
const texts = limitsStrings.section;

const errorSlot = (id, field) => el('p', { class: 'error', id, data: field && { errorFor: field } });

// --- resources of imported products ----------------------------------------------------------------

/** One fieldset a product, with rows "parameter = value". */
function rowsPart(product, onChange) {
  const rows = el('div', { class: 'limit-rows' });
  const add = el('button', { type: 'button', class: 'button small', 'aria-label': texts.addLabel(product), data: { testid: 'limits-add' } }, texts.add);
  const described = { 'aria-describedby': 'limits-rows-error', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false' };

  function newRow() {
    const row = el('div', { class: 'limit-row', role: 'group' },
      el('input', { type: 'text', placeholder: texts.parameter, 'aria-label': texts.parameter, data: { part: 'parameter' }, ...described }),
      el('select', { 'aria-label': texts.comparison, data: { part: 'prefix' } }, el('option', { value: '' }, texts.is), el('option', { value: 'yes' }, texts.beginsWith)),
      el('input', { type: 'text', placeholder: texts.value, 'aria-label': texts.value, data: { part: 'value' }, ...described }),
      el('button', { type: 'button', class: 'icon-button', 'aria-label': texts.remove, data: { testid: 'limits-remove' }, onclick: () => remove(row) }, icon('cross')));
    return row;
  }

  function remove(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    row.remove();
    (next?.querySelector('input') ?? add).focus();
    onChange();
  }

  add.addEventListener('click', () => {
    const row = newRow();
    rows.append(row);
    row.querySelector('input').focus();
    onChange();
  });
  const read = (row) => {
    const part = (name) => row.querySelector(`[data-part="${name}"]`).value;
    return { product, parameter: part('parameter').trim(), value: part('value'), ...(part('prefix') && { prefix: true }) };
  };
  const node = el('fieldset', { class: 'field', data: { limitsOf: product } }, el('legend', {}, texts.rowsTitle(product)), rows, add);
  return {
    node,
    limits: () => [...rows.children].map(read).filter(({ parameter, value }) => parameter || value),
    clear: () => rows.replaceChildren(),
  };
}

// --- the fields ------------------------------------------------------------------------------------

function networksField() {
  return el('div', { class: 'field' },
    el('label', { for: 'limits-networks' }, texts.networksTitle),
    el('textarea', { id: 'limits-networks', class: 'mono', rows: 2, 'aria-describedby': 'limits-networks-hint limits-networks-error', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', data: { limit: 'limits.networks' } }),
    el('p', { class: 'hint', id: 'limits-networks-hint' }, texts.networksHint),
    errorSlot('limits-networks-error', 'limits.networks'));
}

function rateField() {
  const described = { 'aria-describedby': 'limits-rate-hint limits-rate-error', data: { limit: 'limits.rate' } };
  return el('fieldset', { class: 'field' },
    el('legend', {}, texts.rateTitle),
    el('div', { class: 'rate' },
      el('input', { id: 'limits-rate', type: 'text', inputmode: 'numeric', 'aria-label': texts.rateNumber, autocomplete: 'off', ...described }),
      el('select', { id: 'limits-window', 'aria-label': texts.ratePer }, ...Object.entries(texts.units).map(([seconds, text]) => el('option', { value: seconds, selected: Number(seconds) === USUAL_WINDOW }, text)))),
    el('p', { class: 'hint', id: 'limits-rate-hint' }, texts.rateHint),
    errorSlot('limits-rate-error', 'limits.rate'));
}

function productsField() {
  return el('fieldset', { class: 'field', id: 'limits-products' },
    el('legend', {}, texts.productsTitle),
    el('label', { class: 'check' }, el('input', { type: 'checkbox', id: 'limits-only-products', checked: true, 'aria-describedby': 'limits-products-now' }), el('span', {}, texts.onlyProducts)),
    el('p', { class: 'hint', id: 'limits-products-now' }));
}

// --- the section -------------------------------------------------------------------------------------

/**
 * Builds the section in `body`. `onChange` is called after a change. What it returns mostly depends on the scopes that are
 * chosen.
 */
export async function limitsSection(form, body, onChange) {
  await loadStyle('/assets/limits.css');
  const files = filesPart(() => changed('limits.resources'));
  const rows = new Map(); // product → rowsPart()
  const rowsBox = el('div', { id: 'limits-rows' });
  const rowsHint = el('p', { class: 'hint', id: 'limits-rows-hint' }, texts.rowsHint);
  const rowsError = errorSlot('limits-rows-error');
  const networks = networksField();
  const rate = rateField();
  const products = productsField();
  const field = (id) => body.querySelector(`#${id}`);
  let catalog = { scopes: [] };
  let unseen = [];

  body.replaceChildren(el('div', { role: 'group', tabindex: -1, 'aria-labelledby': 'token-limits-title', 'aria-describedby': 'limits-error' },
    errorSlot('limits-error', 'limits limits.products'), files.node,
    el('div', { class: 'field', hidden: true, id: 'limits-resources' }, rowsBox, rowsHint, rowsError), networks, rate, products));

  /** What was wrong with a field is unsaid once it has changed. */
  function unsay(slot) {
    for (const name of ['limits', slot]) if (form.querySelector(`[data-error-for~="${CSS.escape(name)}"]`)) setFieldError(form, name, '');
  }

  function changed(slot) {
    unsay(slot);
    onChange();
  }

  body.addEventListener('input', ({ target }) => {
    const slot = target.dataset.limit ?? (target.closest('.limit-row, .picker') ? 'limits.resources' : 'limits');
    unsay(target.id === 'limits-window' ? 'limits.rate' : slot); // the form's own listener does the rest
  });

  const all = () => [...new Set(catalog.scopes.map(({ product }) => product))].filter((product) => product !== OWN);
  const productsOf = (scopes) => [...new Set(catalog.scopes.filter(({ scope, allowed }) => allowed && scopes.includes(scope)).map(({ product }) => product))];
  const imported = (scopes) => productsOf(scopes).filter((product) => product !== BUILT_IN && product !== OWN);
  const isOnlyProducts = () => all().length > 1 && field('limits-only-products').checked;

  function resources(scopes) {
    return [...files.limits(), ...imported(scopes).flatMap((product) => rows.get(product)?.limits() ?? [])];
  }

  /** A number where it is one: what is none, the server explains. */
  function rateLimit() {
    const text = field('limits-rate').value.trim();
    return text ? { requests: /^\d{1,15}$/.test(text) ? Number(text) : text, window_seconds: Number(field('limits-window').value) } : null;
  }

  const parts = (scopes) => ({
    products: isOnlyProducts() || mixesOwn(scopes, catalog) ? productsOf(scopes) : [],
    networks: field('limits-networks').value.split('\n').map((line) => line.trim()).filter(Boolean),
    rate: rateLimit(),
    resources: resources(scopes),
  });

  function drawRows(scopes) {
    const wanted = imported(scopes);
    for (const product of wanted) {
      if (rows.has(product)) continue;
      rows.set(product, rowsPart(product, () => changed('limits.resources')));
      rowsBox.append(rows.get(product).node);
    }
    for (const [product, { node }] of rows) node.hidden = !wanted.includes(product);
    field('limits-resources').hidden = wanted.length === 0;
    // What the server says of resources can be about either; where there are rows it is about them, who are typed.
    const isOfRows = wanted.some((product) => rows.get(product).limits().length > 0);
    const [place, other] = isOfRows ? [rowsError, field('limits-files-error')] : [field('limits-files-error'), rowsError];
    if (place.dataset.errorFor) return;
    place.dataset.errorFor = 'limits.resources';
    delete other.dataset.errorFor;
    other.textContent = '';
  }

  return {
    load: () => all().includes(BUILT_IN) && files.load(),

    /** What a link names that one cannot see. It stays a limit: without it the token would reach more than was proposed. */
    unseen: () => unseen,

    async reset(newest, keys = []) {
      catalog = newest;
      const names = keys.length ? await namesOf({ files: keys, projects: [] }) : new Map();
      unseen = keys.filter((key) => !names.has(key));
      files.choose(keys.map(fileLimit), names);
      for (const part of rows.values()) part.clear();
      field('limits-networks').value = '';
      field('limits-rate').value = '';
      field('limits-window').value = USUAL_WINDOW;
      field('limits-only-products').checked = true;
      products.hidden = all().length < 2;
    },

    draw(scopes) {
      files.node.hidden = !files.isThere() || !all().includes(BUILT_IN);
      drawRows(scopes);
      const now = productsOf(scopes);
      field('limits-products-now').textContent = now.length ? texts.productsNow(and.format(now)) : texts.productsNone;
    },

    /** The member `limits` of the request, or undefined. */
    value(scopes) {
      const { products: only, networks: from, rate: most, resources: named } = parts(scopes);
      const limits = { ...(only.length && { products: only }), ...(from.length && { networks: from }), ...(most && { rate: most }), ...(named.length && { resources: named }) };
      return Object.keys(limits).length ? limits : undefined;
    },

    isOnlyProducts,
    short: (scopes) => inShort(parts(scopes)),
    sentence: limitsStrings.limitedTo,
    unseenNote: (keys) => limitsStrings.link.unseen(keys.slice(0, 10), keys.length),
  };
}

// SPDX-License-Identifier: Apache-2.0
// The list of tokens as a table, which the style sheet makes cards of on phones. Rows are kept and only replaced when
// what they show has changed, so that nothing somebody points at or has the focus in jumps without need.

import { el, icon } from './dom.js';
import { attachMenu, isFloating } from './floating.js';
import { limitsBadge, scopeSummary } from './scopes.js';
import { strings } from './strings.js';
import { SORTABLE, expiryTone, isReplaced, stateOf } from './tokens-view.js';
import { full, relative, timeElement, until } from './time.js';

const texts = strings.tokens;
const shown = new WeakMap(); // a row, or the head → the text of all that it shows

// --- cells ---------------------------------------------------------------------------------------

const sub = (...content) => el('span', { class: 'sub' }, ...content);

function selectCell(token, { selected, onSelect }) {
  if (stateOf(token) !== 'live') return [];
  const box = el('input', {
    type: 'checkbox', 'aria-label': texts.selectLabel(token.name), data: { testid: 'token-select' },
    onchange: (event) => onSelect(token, event.currentTarget.checked),
  });
  box.checked = selected.has(token.id);
  return [el('label', { class: 'select' }, box)];
}

function nameCell(token) {
  return [el('strong', { class: 'token-name', dir: 'auto', tabindex: -1 }, token.name), token.note && el('span', { class: 'sub token-note', dir: 'auto' }, token.note)];
}

/** The other one of two of which one replaces the other, while both work: [what it is to this one, itself]. */
function othersOf(token, { newerOf, olderOf }) {
  const newer = isReplaced(token) && newerOf(token);
  const older = olderOf(token);
  return [newer && [texts.replacedBy, newer], older && isReplaced(older) && [texts.replaces, older]].filter(Boolean);
}

/** Each once, and again when what was made in its place is no more. */
export const canRotate = (token, { newerOf }) => stateOf(token) === 'live' && !(token.replaced_by && newerOf(token)?.state === 'live');

function tokenCell(token, context) {
  const links = othersOf(token, context).map(([words, other]) => el('button', {
    type: 'button', class: 'scopes-button sub', onclick: () => context.onGoTo(other), data: { testid: other.id === token.replaced_by ? 'token-newer' : 'token-older' },
  }, words, el('code', {}, other.hint)));
  return [el('code', {}, token.hint), ...links];
}

function lastUsedCell(token) {
  if (!token.last_used_at) return [el('span', { class: 'soft' }, texts.neverUsed)];
  return [timeElement(token.last_used_at, relative), sub(texts.uses(token.use_count))];
}

/** How long a token has left, or why it has ended: the words of the badge, its tone, and what stands below. */
function expiry(token) {
  if (stateOf(token) === 'revoked') {
    return { text: texts.revoked, tone: '', below: [texts.revokedBy[token.revoked_reason], ', ', timeElement(token.revoked_at, relative)] };
  }
  if (stateOf(token) === 'expired') return { text: texts.expired, tone: '', below: [timeElement(token.expires_at)] };
  if (isReplaced(token)) return { text: texts.left(until(token.expires_at)), tone: '', below: [texts.worksUntil, timeElement(token.expires_at, full)] };
  if (!token.expires_at) return { text: texts.neverExpires, tone: 'warn', below: [] };
  return { text: texts.left(until(token.expires_at)), tone: expiryTone(token), below: [timeElement(token.expires_at)] };
}

/** The badge that says how a token stands. */
export function stateBadge(token) {
  const { text, tone } = expiry(token);
  return el('span', { class: `badge ${tone}`, data: { testid: 'token-state' } }, text);
}

function expiresCell(token) {
  const { below } = expiry(token);
  return [stateBadge(token), below.length > 0 && sub(...below)];
}

function actionsCell(token, context) {
  const { onDetails, onRotate, onRevoke } = context;
  const button = el('button', { type: 'button', class: 'icon-button', 'aria-label': texts.actionsLabel(token.name), data: { testid: 'token-actions' } }, icon('more'));
  const box = el('div', { class: 'menu-box' }, button);
  attachMenu(box, button, texts.actionsLabel(token.name), [
    { text: texts.details, run: () => onDetails(token), testid: 'token-details' },
    canRotate(token, context) && { text: texts.rotate, run: () => onRotate(token), testid: 'token-rotate' },
    stateOf(token) === 'live' && { text: texts.revoke, run: () => onRevoke(token), danger: true, testid: 'token-revoke' },
  ].filter(Boolean));
  return [box];
}

const COLUMNS = [
  { key: 'select', cell: selectCell },
  { key: 'name', cell: nameCell },
  { key: 'token', cell: tokenCell },
  { key: 'scopes', cell: (token, { catalog }) => [scopeSummary(token, catalog), token.limits && limitsBadge(token)] },
  { key: 'created', cell: (token) => [timeElement(token.created_at)] },
  { key: 'lastUsed', cell: lastUsedCell },
  { key: 'expires', cell: expiresCell },
  { key: 'actions', cell: actionsCell },
];

// --- rows ----------------------------------------------------------------------------------------
// The roles say what the elements are anyway: browsers forget it where the style sheet makes cards of rows.

const lookOf = (token, context) => JSON.stringify([
  token, stateOf(token), expiry(token).text, expiryTone(token), context.selected.has(token.id), othersOf(token, context).map(([words, { id, hint }]) => [words, id, hint]),
]);

function newRow(token, context) {
  const row = el('tr', { role: 'row', data: { tokenId: token.id, state: stateOf(token) } },
    ...COLUMNS.map(({ key, cell }) => el('td', { role: 'cell', class: `col-${key}`, data: { label: texts.columns[key] } }, ...cell(token, context))));
  shown.set(row, lookOf(token, context));
  return row;
}

/** The row of a token: the one there is, if it still shows the truth or something floats over it. */
function rowFor(token, old, context) {
  if (old && (shown.get(old) === lookOf(token, context) || isFloating(old))) return old;
  return newRow(token, context);
}

/** Runs `work` and gives the focus back to what it was on, if that was in a row that was replaced or moved. */
function keepingFocus(table, work) {
  const focused = table.contains(document.activeElement) ? document.activeElement : null;
  const id = focused?.closest('tr')?.dataset.tokenId;
  const mark = focused?.dataset.testid ? `[data-testid="${focused.dataset.testid}"]` : '.token-name';
  work();
  if (!focused || document.activeElement === focused) return;
  const row = id && table.querySelector(`[data-token-id="${CSS.escape(id)}"]`);
  const target = focused.isConnected ? focused : row && (row.querySelector(mark) ?? row.querySelector('.token-name'));
  target?.focus({ preventScroll: true });
}

function drawRows(table, tokens, context) {
  const body = table.tBodies[0];
  const rows = Object.fromEntries([...body.rows].map((row) => [row.dataset.tokenId, row]));
  if (isFloating(table)) {
    // The row it floats over must not move: the others are brought up to date where they are, and nothing comes or goes.
    for (const token of tokens.filter(({ id }) => rows[id])) {
      const row = rowFor(token, rows[token.id], context);
      if (row !== rows[token.id]) rows[token.id].replaceWith(row);
    }
    return;
  }
  keepingFocus(table, () => {
    const wanted = tokens.map((token) => rowFor(token, rows[token.id], context));
    for (const row of [...body.rows]) if (!wanted.includes(row)) row.remove();
    wanted.forEach((row, at) => body.rows[at] !== row && body.insertBefore(row, body.rows[at] ?? null));
  });
}

// --- head ----------------------------------------------------------------------------------------

function sortHeader(key, { view, onSort }) {
  const isSorted = view.column === key;
  const order = view.descending ? 'descending' : 'ascending';
  return el('th', { scope: 'col', role: 'columnheader', class: `col-${key}`, 'aria-sort': isSorted ? order : 'none' },
    el('button', { type: 'button', class: 'sort', onclick: () => onSort(key), data: { testid: `sort-${key}` } },
      texts.columns[key], icon(isSorted && !view.descending ? 'up' : 'down')));
}

function selectHeader(tokens, { selected, onSelectPage }) {
  const live = tokens.filter((token) => stateOf(token) === 'live');
  const n = live.filter(({ id }) => selected.has(id)).length;
  const box = el('input', { type: 'checkbox', id: 'tokens-select-page', 'aria-label': texts.selectPage, onchange: (event) => onSelectPage(event.currentTarget.checked) });
  box.checked = n > 0 && n === live.length;
  box.indeterminate = n > 0 && n < live.length;
  box.disabled = live.length === 0;
  return el('th', { scope: 'col', role: 'columnheader', class: 'col-select' }, el('label', { class: 'select' }, box));
}

function header(key, tokens, context) {
  if (key === 'select') return selectHeader(tokens, context);
  if (SORTABLE.includes(key)) return sortHeader(key, context);
  return el('th', { scope: 'col', role: 'columnheader', class: `col-${key}` }, el('span', { class: 'visually-hidden' }, texts.columns[key]));
}

function drawHead(table, tokens, context) {
  const { view, selected } = context;
  const look = JSON.stringify([view.column, view.descending, tokens.map((token) => [stateOf(token), selected.has(token.id)])]);
  if (shown.get(table.tHead) === look) return;
  shown.set(table.tHead, look);
  const focused = table.tHead.contains(document.activeElement) ? document.activeElement : null;
  table.tHead.rows[0].replaceChildren(...COLUMNS.map(({ key }) => header(key, tokens, context)));
  const again = focused?.id ? `#${focused.id}` : `[data-testid="${focused?.dataset.testid}"]`;
  if (focused) table.tHead.querySelector(again)?.focus();
}

function newTable() {
  return el('table', { class: 'tokens', role: 'table', id: 'tokens-table' },
    el('caption', { class: 'visually-hidden' }, texts.caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' })),
    el('tbody', { role: 'rowgroup' }));
}

/** Shows `tokens` in `container`. `context` is { catalog, view, selected, newerOf, olderOf, onSort, onSelect, onSelectPage, onGoTo, onDetails, onRotate, onRevoke }. */
export function drawTable(container, tokens, context) {
  let table = container.querySelector('table');
  if (!table) {
    table = newTable();
    container.replaceChildren(table);
  }
  drawHead(table, tokens, context);
  drawRows(table, tokens, context);
}

// SPDX-License-Identifier: Apache-2.0
// The list of personal access tokens: loads it, draws it as a table (cards on phones), revokes from it.
// Filters and search belong into #tokens-tools and visibleTokens(), sorting into COLUMNS and header().

import { ApiError, del, get } from './api.js';
import { byId, el, fill, toast, whileBusy } from './dom.js';
import { scopeCatalog, scopeSummary } from './scopes.js';
import { strings } from './strings.js';
import { DAY_MS, relative, timeElement, until } from './time.js';

const PAGE_SIZE = 50;
const WARN_DAYS = 14;
const DANGER_DAYS = 3;
const texts = strings.tokens;

const state = { tokens: [], nextCursor: null, isLoaded: false, catalog: null, openDialog: null };

const visibleTokens = () => state.tokens;

/** As the server says, except that a token may expire while the page is open. */
function stateOf(token) {
  const isOver = token.expires_at && new Date(token.expires_at) <= Date.now();
  return token.state === 'live' && isOver ? 'expired' : token.state;
}

// --- cells ---------------------------------------------------------------------------------------

function nameCell(token) {
  return [el('strong', { class: 'token-name', dir: 'auto', tabindex: -1 }, token.name), el('code', { class: 'sub' }, token.hint)];
}

function lastUsedCell(token) {
  if (!token.last_used_at) return [el('span', { class: 'soft' }, texts.neverUsed)];
  return [timeElement(token.last_used_at, relative), el('span', { class: 'sub' }, texts.uses(token.use_count))];
}

function expiryTone(expiresAt) {
  const days = (new Date(expiresAt) - Date.now()) / DAY_MS;
  if (days <= DANGER_DAYS) return 'bad';
  return days <= WARN_DAYS ? 'warn' : '';
}

function expiresCell(token) {
  const badge = (text, tone = '') => el('span', { class: `badge ${tone}`, data: { testid: 'token-state' } }, text);
  const sub = (...content) => el('span', { class: 'sub' }, ...content);
  if (stateOf(token) === 'revoked') {
    const why = token.revoked_reason === 'person_disabled' ? texts.revokedByDisabling : timeElement(token.revoked_at, relative);
    return [badge(texts.revoked), sub(why)];
  }
  if (stateOf(token) === 'expired') return [badge(texts.expired), sub(timeElement(token.expires_at))];
  if (!token.expires_at) return [badge(texts.neverExpires, 'warn')];
  return [badge(texts.left(until(token.expires_at)), expiryTone(token.expires_at)), sub(timeElement(token.expires_at))];
}

function actionsCell(token) {
  if (stateOf(token) !== 'live') return [];
  return [el('button', {
    type: 'button', class: 'button small', 'aria-label': texts.revokeLabel(token.name),
    onclick: (event) => run(event.currentTarget, () => revoke(token)), data: { testid: 'token-revoke' },
  }, texts.revoke)];
}

const COLUMNS = [
  { key: 'name', cell: nameCell },
  { key: 'scopes', cell: (token) => [scopeSummary(token, state.catalog)] },
  { key: 'created', cell: (token) => [timeElement(token.created_at)] },
  { key: 'lastUsed', cell: lastUsedCell },
  { key: 'expires', cell: expiresCell },
  { key: 'actions', cell: actionsCell },
];

// --- table ---------------------------------------------------------------------------------------
// The roles say what the elements are anyway: browsers forget it where the style sheet makes cards of rows.

function header({ key }) {
  const title = texts.columns[key];
  const content = key === 'actions' ? el('span', { class: 'visually-hidden' }, title) : title;
  return el('th', { scope: 'col', role: 'columnheader', class: `col-${key}` }, content);
}

function row(token) {
  return el('tr', { role: 'row', data: { tokenId: token.id, state: stateOf(token) } },
    ...COLUMNS.map(({ key, cell }) => el('td', { role: 'cell', class: `col-${key}`, data: { label: texts.columns[key] } }, ...cell(token))));
}

function table(tokens) {
  return el('table', { class: 'tokens', role: 'table', id: 'tokens-table' },
    el('caption', { class: 'visually-hidden' }, texts.caption),
    el('thead', { role: 'rowgroup' }, el('tr', { role: 'row' }, ...COLUMNS.map(header))),
    el('tbody', { role: 'rowgroup' }, ...tokens.map(row)));
}

function emptyState() {
  return el('div', { class: 'empty', id: 'tokens-empty' }, el('h3', {}, texts.emptyTitle), el('p', {}, texts.emptyText),
    el('button', { type: 'button', class: 'button', onclick: () => byId('token-generate').click() }, texts.emptyAction));
}

function renderTools() {
  const live = state.tokens.filter((token) => stateOf(token) === 'live').length;
  const isWhole = state.tokens.length && !state.nextCursor;
  byId('tokens-count').textContent = isWhole ? texts.count(live, state.tokens.length - live) : '';
  byId('tokens-more').hidden = !state.nextCursor;
}

function render() {
  const tokens = visibleTokens();
  byId('tokens-list').replaceChildren(tokens.length ? table(tokens) : emptyState());
  renderTools();
}

const rowOf = ({ id }) => document.querySelector(`[data-token-id="${CSS.escape(id)}"]`);

/** Puts a changed token in place of what the list has of it, leaving all other rows as they are. */
function update(token) {
  state.tokens = state.tokens.map((each) => (each.id === token.id ? token : each));
  const fresh = row(token);
  rowOf(token).replaceWith(fresh);
  renderTools();
  return fresh;
}

// --- what one can do -----------------------------------------------------------------------------

async function loadPage(cursor) {
  const page = await get(`/tokens?limit=${PAGE_SIZE}${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`);
  state.tokens = cursor ? [...state.tokens, ...page.tokens] : page.tokens;
  state.nextCursor = page.next_cursor;
  state.isLoaded = true;
  render();
}

const reload = () => loadPage(null).catch((error) => toast(error.message));

/** Runs what a button asks for, and says so if it could not be done. Code of dialogs is loaded when first wanted. */
function run(button, work) {
  return whileBusy(button, async () => {
    try {
      await work();
    } catch (error) {
      toast(error instanceof ApiError ? error.message : strings.error.network);
    }
  });
}

async function revoke(token) {
  const { confirm } = await import('./confirm.js');
  const fact = (term, value) => el('div', {}, el('dt', {}, term), el('dd', {}, value));
  let revoked = null;
  const isAccepted = await confirm({
    title: strings.revoke.title(token.name),
    details: [
      el('dl', { class: 'facts' },
        fact(strings.revoke.token, el('code', {}, token.hint)),
        fact(strings.revoke.lastUsed, token.last_used_at ? timeElement(token.last_used_at, relative) : texts.neverUsed)),
      el('p', {}, strings.revoke.consequence),
    ],
    accept: strings.revoke.accept,
    cancel: strings.revoke.cancel,
    action: async () => {
      revoked = await del(`/tokens/${token.id}`);
    },
  });
  if (!isAccepted) return;
  update(revoked).querySelector('.token-name').focus();
  toast(strings.revoke.done(revoked.name));
}

/** A new token goes to the top, marked for a moment. */
async function add(token) {
  if (!state.isLoaded) return reload();
  state.tokens = [token, ...state.tokens.filter(({ id }) => id !== token.id)];
  render();
  return rowOf(token)?.classList.add('fresh');
}

async function generate() {
  const { tokenDialog } = await import('./token-dialog.js');
  state.catalog = await scopeCatalog();
  state.openDialog ??= tokenDialog({ onCreated: add, onUncertain: reload });
  state.openDialog(state.catalog);
}

export async function startTokens() {
  byId('token-generate').addEventListener('click', (event) => run(event.currentTarget, generate));
  byId('tokens-more').addEventListener('click', (event) => run(event.currentTarget, () => loadPage(state.nextCursor)));

  await fill(byId('tokens-list'), async () => {
    state.catalog = await scopeCatalog();
    await loadPage(null);
  }, strings.error);
}

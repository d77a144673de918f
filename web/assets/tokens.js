// SPDX-License-Identifier: Apache-2.0
// The section of personal access tokens: loads them, draws what the view selects (tokens-view.js, tokens-table.js), keeps it
// true while the page stands open, and starts what can be done. Code of dialogs is loaded when first wanted.

import { ApiError, getUnlessSame } from './api.js';
import { byId, el, fill, loadStyle, pageWith, toast, whileBusy } from './dom.js';
import { closeFloating, whenSettled } from './floating.js';
import { keepTrue } from './live.js';
import { scopeCatalog } from './scopes.js';
import { startShortcuts } from './shortcuts.js';
import { strings } from './strings.js';
import { DAY_MS } from './time.js';
import { drawTable } from './tokens-table.js';
import { FILTERS, SORTABLE, countByFilter, isNarrowed, pageOf, readView, select, startsDescending, stateOf, writeView } from './tokens-view.js';

const API_PAGE = 100;
const SEARCH_MS = 150;
const PREFILL = ['name', 'expires', 'scopes', 'description'];
const texts = strings.tokens;

const state = {
  tokens: [], // the newest first
  isLoaded: false,
  catalog: null,
  view: readView(new URLSearchParams(location.search)),
  selected: new Set(),
  dialog: null, // see newTokenDialog()
};
let pages = new Map(); // address of a page of the API → { tag, answer }, to be asked for only if it has changed
let live = null; // see keepTrue()
let expiryTimer = 0;

// --- drawing -------------------------------------------------------------------------------------

function showAddress() {
  const url = new URL(location.href);
  writeView(state.view, url.searchParams);
  history.replaceState(null, '', url);
}

function emptyState() {
  return el('div', { class: 'empty', id: 'tokens-empty' }, el('h3', {}, texts.emptyTitle), el('p', {}, texts.emptyText),
    el('button', { type: 'button', class: 'button', onclick: () => byId('token-generate').click() }, texts.emptyAction));
}

function nothingFound() {
  return el('div', { class: 'empty', id: 'tokens-none' }, el('h3', {}, texts.noneTitle), el('p', {}, texts.noneText),
    el('button', { type: 'button', class: 'button', onclick: showAll }, texts.noneAction));
}

/** Shows what `make` makes, unless it stands there already: the focus may be in it. */
function showOnce(list, id, make) {
  if (!byId(id)) list.replaceChildren(make());
}

function drawTools() {
  const counts = countByFilter(state.tokens);
  for (const filter of FILTERS) {
    byId(`filter-${filter}`).checked = state.view.filter === filter;
    byId(`filter-${filter}-count`).textContent = counts[filter];
  }
  const search = byId('tokens-search');
  if (document.activeElement !== search) search.value = state.view.search;
  byId('tokens-sort').value = `${state.view.descending ? '-' : ''}${state.view.column}`;
  byId('tokens-tools').hidden = state.tokens.length === 0;
}

function setText(id, text) {
  if (byId(id).textContent !== text) byId(id).textContent = text; // or it would be read out again
}

function drawFoot({ found, first, page, pages: n, rows }) {
  const liveCount = state.tokens.filter((token) => stateOf(token) === 'live').length;
  const ended = state.tokens.length - liveCount;
  setText('tokens-count', isNarrowed(state.view) ? texts.found(found.length, state.tokens.length) : state.tokens.length ? texts.count(liveCount, ended) : '');
  byId('tokens-foot').hidden = state.tokens.length === 0;
  byId('tokens-ended-hint').hidden = ended === 0;
  byId('tokens-revoke-all').hidden = liveCount === 0;
  byId('tokens-pager').hidden = n === 1;
  byId('tokens-range').textContent = texts.range(first + 1, first + rows.length, found.length);
  byId('tokens-previous').disabled = page === 1;
  byId('tokens-next').disabled = page === n;
}

function drawSelection() {
  const n = state.selected.size;
  byId('tokens-bulk').hidden = n === 0;
  setText('tokens-selected', n ? texts.selected(n) : '');
}

/** A token that expires while the page stands open is shown so at that moment. */
function drawAtNextExpiry() {
  clearTimeout(expiryTimer);
  const left = state.tokens.map(({ expires_at: at }) => new Date(at ?? 0) - Date.now()).filter((ms) => ms > 0);
  const next = Math.min(...left);
  if (next < DAY_MS) expiryTimer = setTimeout(draw, next + 50);
}

function draw() {
  const selection = select(state.tokens, state.view);
  const liveRows = new Set(selection.rows.filter((token) => stateOf(token) === 'live').map(({ id }) => id));
  for (const id of state.selected) if (!liveRows.has(id)) state.selected.delete(id); // nothing is selected that is not seen
  const list = byId('tokens-list');
  if (!state.tokens.length) showOnce(list, 'tokens-empty', emptyState);
  else if (!selection.rows.length) showOnce(list, 'tokens-none', nothingFound);
  else drawTable(list, selection.rows, context);
  drawTools();
  drawFoot(selection);
  drawSelection();
  drawAtNextExpiry();
}

/** Somebody wants to see something else: nothing holds its row in place any longer. */
function show(change) {
  closeFloating();
  Object.assign(state.view, { page: 1, ...change });
  showAddress();
  draw();
}

function showAll() {
  show({ filter: 'all', search: '' });
  byId('tokens-search').focus();
}

const context = {
  get catalog() { return state.catalog; },
  view: state.view,
  selected: state.selected,
  onSort: (column) => show({ column, descending: column === state.view.column ? !state.view.descending : startsDescending(column) }),
  onSelect(token, isSelected) {
    state.selected[isSelected ? 'add' : 'delete'](token.id);
    draw();
  },
  onSelectPage(isSelected) {
    state.selected.clear();
    if (isSelected) selectPage();
    draw();
  },
  onDetails: (token) => run(null, async () => (await styled(import('./token-details.js'))).showDetails(token, state.catalog, context)),
  newerOf: ({ replaced_by: id }) => state.tokens.find((token) => token.id === id),
  olderOf: ({ id }) => state.tokens.find((token) => token.replaced_by === id),
  onGoTo: goTo,
  onGenerate: (prefill) => run(null, () => openGenerate(prefill)),
  onNarrow: (token, keep) => run(null, async () => {
    const narrowed = await (await styled(import('./token-narrow.js'))).narrow(token, state.catalog, keep, reload);
    if (!narrowed) return;
    put(narrowed.tokens);
    rowOf(token)?.querySelector('.token-name').focus();
    await tell(narrowed.words, narrowed, 'narrowed');
  }),
  onRotate: (token) => run(null, async () => {
    const { showToken } = await newTokenDialog(); // before there is a secret that only it can show
    state.catalog = await scopeCatalog();
    const made = state.tokens.filter((each) => each.made_by === token.id && stateOf(each) === 'live').length;
    const rotated = await (await styled(import('./token-rotate.js'))).rotate(token, state.catalog, made, reload);
    if (!rotated) return;
    add(rotated.token, rotated.replaced);
    (rowOf(token)?.querySelector('[data-testid="token-actions"]') ?? byId('tokens-title')).focus(); // and here again afterwards
    showToken(rotated.token, rotated.secret, rotated.title);
    await tell(rotated.words, rotated);
  }),
  onRevoke: (token) => run(null, async () => {
    const answer = await (await styled(import('./token-revoke.js'))).revokeOne(token, reload);
    if (!answer) return;
    put(answer.tokens);
    rowOf(token)?.querySelector('.token-name').focus();
    await tell(strings.revoke.done(token.name), answer);
  }),
};

function selectPage() {
  for (const token of select(state.tokens, state.view).rows) if (stateOf(token) === 'live') state.selected.add(token.id);
}

/** Leads to another token's row, wherever that stands. */
function goTo(token) {
  if (!pageOf(token, state.tokens, state.view)) show({ filter: 'all', search: '' });
  if (!rowOf(token)) show({ page: pageOf(token, state.tokens, state.view) });
  const row = rowOf(token);
  row?.querySelector('.token-name').focus();
  row?.classList.remove('fresh');
  requestAnimationFrame(() => row?.classList.add('fresh'));
}

const rowOf = ({ id }) => document.querySelector(`[data-token-id="${CSS.escape(id)}"]`);

// --- loading, and staying true -------------------------------------------------------------------

/** All of the person's tokens. A page that has not changed since it was last read is not sent again. */
async function readAll() {
  const fresh = new Map();
  const tokens = [];
  for (let cursor = ''; cursor !== null;) {
    const path = `/tokens?limit=${API_PAGE}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = (await getUnlessSame(path, pages.get(path)?.tag)) ?? pages.get(path);
    fresh.set(path, page);
    tokens.push(...page.answer.tokens);
    cursor = page.answer.next_cursor;
  }
  pages = fresh;
  return tokens;
}

/** What became of the tokens elsewhere, in words. */
function changesTo(tokens) {
  const before = new Map(state.tokens.map((token) => [token.id, token]));
  const made = tokens.filter(({ id, state: now }) => now === 'live' && !before.has(id));
  const replaced = new Set(tokens.map(({ replaced_by: id }) => id));
  const rotated = made.filter(({ id }) => replaced.has(id));
  const isRotated = ({ replaced_by: newer }) => rotated.some(({ id }) => id === newer);
  const revoked = tokens.filter((token) => token.state === 'revoked' && before.has(token.id) && before.get(token.id).state !== 'revoked' && !isRotated(token));
  const narrowed = tokens.filter(({ id, state: now, scopes }) => now === 'live' && before.has(id) && scopes.length < before.get(id).scopes.length);
  const of = (some, words) => some.map(({ name }) => words(name));
  const fresh = made.filter((token) => !rotated.includes(token));
  const words = [of(revoked, texts.revokedElsewhere), of(narrowed, texts.narrowedElsewhere), of(rotated, texts.rotatedElsewhere), of(fresh, texts.madeElsewhere)];
  return { made, words: words.flat() };
}

/** Reads the list again; true when something in it was different. */
async function refresh() {
  const pagesBefore = pages;
  const tokens = await readAll();
  const isSame = pages.size === pagesBefore.size && [...pages].every(([path, page]) => pagesBefore.get(path) === page);
  if (isSame) {
    draw(); // what has expired meanwhile, and what is left of the others
    return false;
  }
  const { words, made } = changesTo(tokens);
  state.tokens = tokens;
  draw();
  for (const token of made) rowOf(token)?.classList.add('fresh');
  if (words.length > 3) toast(texts.changedElsewhere(words.length));
  else words.forEach(toast);
  return true;
}

/** Takes over tokens that an answer has told of: changed ones in place, new ones on top. */
function put(tokens) {
  const byTokenId = new Map(tokens.map((token) => [token.id, token]));
  const known = new Set(state.tokens.map(({ id }) => id));
  state.tokens = [...tokens.filter(({ id }) => !known.has(id)), ...state.tokens.map((token) => byTokenId.get(token.id) ?? token)];
  draw();
  live?.changedHere();
}

async function load() {
  [state.catalog, state.tokens] = await Promise.all([scopeCatalog(), readAll()]);
  state.isLoaded = true;
  draw();
}

const reload = () => load().catch((error) => toast(error.message));

// --- what one can do -----------------------------------------------------------------------------

/** Runs what a button asks for, and says so if it could not be done. */
function run(button, work) {
  const attempt = async () => {
    try {
      await work();
    } catch (error) {
      toast(error instanceof ApiError ? error.message : strings.error.network);
    }
  };
  return button ? whileBusy(button, attempt) : attempt();
}

/** The module of a dialog, once the dialogs' style sheet is here as well. */
const styled = async (module) => (await Promise.all([module, loadStyle('/assets/token-dialogs.css')]))[0];

/** Says what was done, and where it is in force, as the answer's receipt says. */
async function tell(words, { receipt }, what = 'stopped') {
  toast(receipt ? words + (await import('./receipt.js')).receiptWords(receipt, what) : words);
}

/** A new token is shown, whatever the view was, and marked for a moment; `others` are what has changed with it. */
async function add(token, ...others) {
  if (!state.isLoaded) return reload();
  put([token, ...others]);
  const { found } = select(state.tokens, state.view);
  if (!found.some(({ id }) => id === token.id)) show({ filter: 'all', search: '' });
  return rowOf(token)?.classList.add('fresh');
}

async function generateDialog() {
  const [{ tokenDialog }, page, { policy }] = await Promise.all([
    import('./token-dialog.js'), pageWith('token-dialog', '/assets/token-dialog.html'), scopeCatalog(),
  ]);
  document.body.append(page.getElementById('token-dialog'));
  showDocumentation(policy);
  const liveNames = () => state.tokens.filter((token) => stateOf(token) === 'live' && !token.replaced_by).map(({ name }) => name);
  return tokenDialog({ onCreated: add, onUncertain: reload, onClosed: dropPrefill, liveNames });
}

/** The dialog that generates a token and shows it, once it was wanted. */
function newTokenDialog() {
  state.dialog ??= generateDialog().catch((error) => {
    state.dialog = null;
    throw error;
  });
  return state.dialog;
}

async function openGenerate(prefill) {
  const { open } = await newTokenDialog();
  state.catalog = await scopeCatalog();
  await open(state.catalog, prefill);
}

/** What a link proposes for a new token, or null. `isOurs`: it stands on a page of ours, from which settings were opened (settings-dialog.js). */
function readPrefill() {
  const parameters = new URLSearchParams(location.search);
  const values = Object.fromEntries(PREFILL.filter((name) => parameters.has(name)).map((name) => [name, parameters.get(name)]));
  const files = [...new Set(parameters.getAll('file').filter(Boolean))];
  if (files.length) values.files = files;
  return Object.keys(values).length ? { ...values, isOurs: history.state?.isOurLink === true } : null;
}

/** Once the dialog has closed, the address no longer proposes anything. */
function dropPrefill() {
  const url = new URL(location.href);
  if (!readPrefill()) return;
  for (const name of [...PREFILL, 'file']) url.searchParams.delete(name);
  history.replaceState(null, '', url);
}

async function revokeSelected() {
  const tokens = state.tokens.filter(({ id }) => state.selected.has(id));
  const answer = await (await styled(import('./token-revoke.js'))).revokeSeveral(tokens, reload);
  if (!answer) return;
  put(answer.tokens);
  byId('tokens-title').focus();
  await tell(strings.revoke.doneSeveral(tokens.length), answer);
}

async function revokeAll() {
  const n = state.tokens.filter((token) => stateOf(token) === 'live').length;
  const answer = await (await styled(import('./token-revoke.js'))).revokeAll(n, reload);
  if (!answer) return;
  put(answer.tokens);
  byId('tokens-title').focus();
  await tell(strings.revoke.doneSeveral(answer.revoked), answer);
  await refresh();
}

// --- tools ---------------------------------------------------------------------------------------

function fillTools() {
  byId('tokens-filters').append(...FILTERS.map((filter) => el('label', { class: 'segment' },
    el('input', { type: 'radio', name: 'filter', value: filter, id: `filter-${filter}`, onchange: () => show({ filter }) }),
    el('span', {}, texts.filters[filter], ' ', el('span', { class: 'segment-count', id: `filter-${filter}-count` })))));
  byId('tokens-sort').append(...SORTABLE.map((column) => [startsDescending(column), !startsDescending(column)].map((descending) => el('option',
    { value: `${descending ? '-' : ''}${column}` }, texts.sorts[column][Number(descending !== startsDescending(column))]))).flat());
}

function startTools() {
  fillTools();
  let typing = 0;
  byId('tokens-search').addEventListener('input', (event) => {
    clearTimeout(typing);
    typing = setTimeout(() => show({ search: event.target.value }), SEARCH_MS);
  });
  byId('tokens-tools').addEventListener('submit', (event) => event.preventDefault());
  byId('tokens-sort').addEventListener('change', (event) => show({ column: event.target.value.replace(/^-/, ''), descending: event.target.value.startsWith('-') }));
  const turn = (by) => {
    show({ page: select(state.tokens, state.view).page + by });
    byId('tokens-title').focus();
  };
  byId('tokens-previous').addEventListener('click', () => turn(-1));
  byId('tokens-next').addEventListener('click', () => turn(1));
  byId('tokens-clear').addEventListener('click', () => {
    context.onSelectPage(false);
    byId('tokens-title').focus();
  });
  byId('tokens-select-all').addEventListener('click', () => context.onSelectPage(true));
  byId('tokens-revoke-selected').addEventListener('click', (event) => run(event.currentTarget, revokeSelected));
  byId('tokens-revoke-all').addEventListener('click', (event) => run(event.currentTarget, revokeAll));
  byId('token-generate').addEventListener('click', (event) => run(event.currentTarget, () => openGenerate(null)));
}

function showDocumentation({ api_docs_url: url }) {
  if (!url) return;
  for (const link of document.querySelectorAll('[data-docs]')) {
    link.href = url;
    link.hidden = false;
  }
}

/** The dialog, filled in, when the address proposes a token. */
async function openProposed() {
  const prefill = readPrefill();
  if (prefill && state.isLoaded) await run(null, () => openGenerate(prefill));
}

export async function startTokens() {
  startTools();
  startShortcuts({ n: () => byId('token-generate').click(), '/': () => byId('tokens-search').focus() });
  whenSettled(() => state.isLoaded && draw());
  await fill(byId('tokens-list'), async () => {
    await load();
    showDocumentation(state.catalog.policy);
    live ??= keepTrue(byId('tokens-list'), refresh, 'patd-tokens');
  }, strings.error);
  await openProposed();
}

/** The section is shown again: what has happened meanwhile? */
export async function refreshTokens() {
  live?.soon();
  await openProposed();
}

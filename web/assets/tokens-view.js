// SPDX-License-Identifier: Apache-2.0
// What of the tokens is shown: which, in what order, on which page; and how the address says so (?state=&q=&sort=&page=).
// Nothing here touches the page.

import { DAY_MS, locale } from './time.js';

export const FILTERS = ['all', 'active', 'expiring', 'expired', 'revoked'];
const PAGE_ROWS = 50;
const WARN_DAYS = 14;
const DANGER_DAYS = 3;
const HINT_LENGTH = 4;

const byName = new Intl.Collator(locale, { numeric: true, sensitivity: 'base' });
const byText = (a, b) => (a < b ? -1 : Number(a > b));

/** Comparisons by column, the smaller first. */
const ORDERS = {
  name: (a, b) => byName.compare(a.name, b.name),
  token: (a, b) => byText(a.hint, b.hint),
  scopes: (a, b) => a.scopes.length - b.scopes.length,
  created: (a, b) => byText(a.created_at, b.created_at),
  lastUsed: (a, b) => byText(a.last_used_at ?? '', b.last_used_at ?? ''),
  expires: (a, b) => byText(a.expires_at ?? '~', b.expires_at ?? '~'),
};
export const SORTABLE = Object.keys(ORDERS);
/** What somebody wants to see first when they sort by it: the latest, or the beginning of the alphabet. */
export const startsDescending = (column) => ['created', 'lastUsed', 'scopes'].includes(column);

const USUAL = { filter: 'all', search: '', column: 'created', descending: true, page: 1 };

/** As the server says, except that a token may expire while the page is open. */
export function stateOf(token) {
  const isOver = token.expires_at && new Date(token.expires_at) <= Date.now();
  return token.state === 'live' && isOver ? 'expired' : token.state;
}

/** Whether another one has taken its place while it still works. */
export const isReplaced = (token) => stateOf(token) === 'live' && Boolean(token.replaced_by);

/** 'bad' in the last days of a token, 'warn' in its last weeks, '' before. A token without an end is worth a warning too. */
export function expiryTone(token) {
  if (!token.expires_at) return 'warn';
  const days = (new Date(token.expires_at) - Date.now()) / DAY_MS;
  if (days <= DANGER_DAYS) return 'bad';
  return days <= WARN_DAYS ? 'warn' : '';
}

function passes(token, filter) {
  const state = stateOf(token);
  if (filter === 'active') return state === 'live';
  if (filter === 'expiring') return state === 'live' && token.expires_at !== null && expiryTone(token) !== '';
  return filter === 'all' || state === filter;
}

/** How many tokens each filter would show. */
export const countByFilter = (tokens) => Object.fromEntries(FILTERS.map((filter) => [filter, tokens.filter((token) => passes(token, filter)).length]));

/** By name and note; by the last characters of a token too, if all that are shown are given. */
function matches(token, words) {
  const text = `${token.name} ${token.note}`.toLocaleLowerCase();
  const hint = token.hint.toLocaleLowerCase();
  return words.every((word) => text.includes(word) || (word.length >= HINT_LENGTH && hint.endsWith(word)));
}

/** The tokens of the view in its order, and of them the page to show. `tokens` come the newest first, which decides ties. */
export function select(tokens, view) {
  const words = view.search.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const direction = view.descending ? -1 : 1;
  const found = tokens
    .filter((token) => passes(token, view.filter) && matches(token, words))
    .sort((a, b) => direction * ORDERS[view.column](a, b)); // sort() keeps the order of equals
  const pages = Math.max(1, Math.ceil(found.length / PAGE_ROWS));
  const page = Math.min(view.page, pages);
  const first = (page - 1) * PAGE_ROWS;
  return { found, page, pages, first, rows: found.slice(first, first + PAGE_ROWS) };
}

/** The page of the view on which a token stands, or 0 where the view leaves it out. */
export const pageOf = ({ id }, tokens, view) => Math.ceil((select(tokens, view).found.findIndex((token) => token.id === id) + 1) / PAGE_ROWS);

/** Whether the view leaves tokens out. */
export const isNarrowed = (view) => view.filter !== 'all' || view.search.trim() !== '';

/** The view that an address asks for; what it does not say, or says wrongly, is as usual. */
export function readView(parameters) {
  const sort = parameters.get('sort') ?? '';
  const column = sort.replace(/^-/, '');
  const page = Number(parameters.get('page'));
  return {
    ...USUAL,
    ...(FILTERS.includes(parameters.get('state')) && { filter: parameters.get('state') }),
    search: (parameters.get('q') ?? '').slice(0, 200),
    ...(SORTABLE.includes(column) && { column, descending: sort.startsWith('-') }),
    ...(Number.isSafeInteger(page) && page > 0 && { page }),
  };
}

/** Puts the view into the parameters of an address, leaving out what is as usual. */
export function writeView(view, parameters) {
  const sort = `${view.descending ? '-' : ''}${view.column}`;
  const values = { state: view.filter === 'all' ? '' : view.filter, q: view.search.trim(), sort: sort === '-created' ? '' : sort, page: view.page > 1 ? view.page : '' };
  for (const [name, value] of Object.entries(values)) {
    if (value === '') parameters.delete(name);
    else parameters.set(name, value);
  }
}

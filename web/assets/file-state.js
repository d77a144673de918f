// SPDX-License-Identifier: Apache-2.0
// What of a file is looked at: a node, a version, a tab. It stands in the address; whoever shows something of it is told when it
// changes.

const KEYS = ['node', 'version', 'tab'];
const listeners = [];

function fromAddress() {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(KEYS.map((key) => [key, query.get(key)]));
}

/** `file` is the file as the API tells of it; `name` that of the node; `page` the page that the node is on, if it is known; `comments`
 * those last read, by whomever. */
export const state = { file: null, name: '', page: null, comments: null, ...fromAddress() };

function tell(before) {
  const changes = new Set(Object.keys(state).filter((key) => state[key] !== before[key]));
  if (changes.size) for (const listener of listeners) listener(changes);
}

/** `listener(changes)` is called with the set of names that changed. */
export const onChange = (listener) => listeners.push(listener);

/** A change of what is looked at is a step one can go back from; of a tab it is not. */
export function set(changes) {
  const before = { ...state };
  Object.assign(state, changes);
  const query = new URLSearchParams(KEYS.filter((key) => state[key]).map((key) => [key, state[key]]));
  const address = query.size ? `${location.pathname}?${query}` : location.pathname;
  const isStep = ['node', 'version'].some((key) => state[key] !== before[key]) && before.node;
  if (address !== location.pathname + location.search) history[isStep ? 'pushState' : 'replaceState'](null, '', address);
  tell(before);
}

addEventListener('popstate', () => {
  if (!location.pathname.startsWith('/files/')) return;
  const before = { ...state };
  Object.assign(state, fromAddress());
  if (state.node !== before.node) state.name = '';
  tell(before);
});

/** Adds what version is looked at, if it is not the newest. */
export function query(parameters = {}) {
  const all = { ...parameters, ...(state.version && { version: state.version }) };
  const text = new URLSearchParams(all).toString();
  return text ? `?${text}` : '';
}

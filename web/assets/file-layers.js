// SPDX-License-Identifier: Apache-2.0
// Pages and layers as a tree, by the keys of trees: arrows, Home, End, a first letter; Enter and Space choose. A level is fetched when
// it is first opened, so a file of a million layers costs what one looks at.

import { get } from './api.js';
import { byId, drawing, el, fill, toast } from './dom.js';
import { attempt } from './file-menu.js';
import { onChange, query, set, state } from './file-state.js';
import { strings } from './strings.js';
import { filesStrings } from './strings-files.js';

const texts = filesStrings.layers;
const CHEVRON = 'M6 4l4 4-4 4';
const KINDS = {
  CANVAS: 'M4 1.5h5L12.5 5v9.5H4zM9 1.5V5h3.5',
  SECTION: 'M2.5 4.5h11v9h-11zM2.5 4.5v-2H7v2',
  FRAME: 'M5 2v12M11 2v12M2 5h12M2 11h12',
  GROUP: 'M2.5 4.5v-2h2M11.5 2.5h2v2M13.5 11.5v2h-2M4.5 13.5h-2v-2M7 2.5h2M7 13.5h2M2.5 7v2M13.5 7v2',
  TEXT: 'M3.5 5V3h9v2M8 3v10M6 13h4',
  COMPONENT: 'M8 2l2.25 2.25L8 6.5 5.75 4.25zM8 9.5l2.25 2.25L8 14l-2.25-2.25zM4.25 5.75L6.5 8l-2.25 2.25L2 8zM11.75 5.75L14 8l-2.25 2.25L9.5 8z',
  COMPONENT_SET: 'M8 2l2.25 2.25L8 6.5 5.75 4.25zM8 9.5l2.25 2.25L8 14l-2.25-2.25zM4.25 5.75L6.5 8l-2.25 2.25L2 8zM11.75 5.75L14 8l-2.25 2.25L9.5 8z',
  INSTANCE: 'M8 2l6 6-6 6-6-6z',
  ELLIPSE: 'M8 13.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11z',
  LINE: 'M3 13L13 3',
  VECTOR: 'M3 12.5C3 6 6 3.5 12.5 3.5M1.75 11.25h2.5v2.5h-2.5zM11.25 2.25h2.5v2.5h-2.5z',
  RECTANGLE: 'M2.5 3.5h11v9h-11z',
};

let tree = null;

// --- items ---------------------------------------------------------------------------------------

const itemsShown = () => [...tree.querySelectorAll('[role="treeitem"]')].filter((item) => item.checkVisibility());
const itemOf = (id) => tree.querySelector(`[data-node="${CSS.escape(id)}"]`);
const hasGroup = (item) => item.nextElementSibling !== null;
const parentOf = (item) => item.parentElement.parentElement.closest('li')?.firstElementChild;
const isOpen = (item) => item.getAttribute('aria-expanded') === 'true';

function focusItem(item) {
  tree.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
  item.tabIndex = 0;
  item.focus();
}

function itemNode(node, level) {
  const isBranch = node.child_count > 0;
  const label = node.name || node.type.toLowerCase();
  const item = el('div', {
    role: 'treeitem', class: `layer depth-${Math.min(level, 12)}${node.hidden ? ' hidden-layer' : ''}`, title: label, tabindex: -1, 'aria-level': level,
    'aria-selected': 'false', 'aria-expanded': isBranch ? 'false' : undefined, data: { node: node.id, name: label, level },
  },
    el('span', { class: 'layer-twist', 'aria-hidden': 'true' }, isBranch && drawing(CHEVRON)),
    drawing(KINDS[node.type] ?? KINDS.RECTANGLE),
    el('span', { class: 'layer-name', dir: 'auto' }, label),
    node.hidden && el('span', { class: 'visually-hidden' }, texts.hidden));
  return el('li', { role: 'none' }, item);
}

async function loadChildren(item) {
  const level = Number(item.dataset.level) + 1;
  item.setAttribute('aria-busy', 'true');
  try {
    const { children, truncated } = await get(`/files/${state.file.key}/layers${query({ node: item.dataset.node })}`);
    const id = `in-${item.dataset.node}`;
    item.setAttribute('aria-owns', id);
    item.after(el('ul', { role: 'group', id }, ...children.map((child) => itemNode(child, level)),
      truncated && el('li', { role: 'none', class: `layer-more sub depth-${level}` }, texts.truncated(children.length))));
  } finally {
    item.removeAttribute('aria-busy');
  }
}

async function expand(item) {
  if (item.getAttribute('aria-expanded') !== 'false' || item.getAttribute('aria-busy')) return;
  try {
    if (!hasGroup(item)) await loadChildren(item);
    item.setAttribute('aria-expanded', 'true');
  } catch (error) {
    toast(error.message);
  }
}

function collapse(item) {
  if (item.nextElementSibling?.contains(document.activeElement)) focusItem(item);
  item.setAttribute('aria-expanded', 'false');
}

const pageOf = (item) => {
  const page = item.closest('#layers > li').firstElementChild;
  return { id: page.dataset.node, name: page.dataset.name };
};

const choose = (item) => set({ node: item.dataset.node, name: item.dataset.name, page: pageOf(item) });

function markChosen() {
  tree.querySelector('[aria-selected="true"]')?.setAttribute('aria-selected', 'false');
  const item = state.node && itemOf(state.node);
  if (!item) return;
  item.setAttribute('aria-selected', 'true');
  tree.querySelector('[tabindex="0"]')?.setAttribute('tabindex', '-1');
  item.tabIndex = 0;
}

// --- keys and clicks -----------------------------------------------------------------------------

function onKey(event) {
  const item = event.target.closest('[role="treeitem"]');
  if (!item || event.ctrlKey || event.metaKey || event.altKey) return;
  const shown = itemsShown();
  const at = shown.indexOf(item);
  const byKey = {
    ArrowDown: () => shown[at + 1],
    ArrowUp: () => shown[at - 1],
    Home: () => shown[0],
    End: () => shown.at(-1),
    ArrowRight: () => (isOpen(item) ? shown[at + 1] : void expand(item)),
    ArrowLeft: () => (isOpen(item) ? void collapse(item) : parentOf(item)),
    Enter: () => void choose(item),
    ' ': () => void choose(item),
  };
  const letter = event.key.toLocaleLowerCase();
  const byLetter = () => [...shown.slice(at + 1), ...shown.slice(0, at + 1)].find((each) => each.dataset.name.toLocaleLowerCase().startsWith(letter));
  if (!byKey[event.key] && event.key.length !== 1) return;
  event.preventDefault();
  const target = (byKey[event.key] ?? byLetter)();
  if (target) focusItem(target);
}

function onClick(event) {
  const item = event.target.closest('[role="treeitem"]');
  if (!item) return;
  focusItem(item);
  if (event.target.closest('.layer-twist') && item.hasAttribute('aria-expanded')) {
    if (isOpen(item)) collapse(item);
    else expand(item);
    return;
  }
  choose(item);
  expand(item);
}

// --- the tree ------------------------------------------------------------------------------------

async function load() {
  const { children, truncated } = await get(`/files/${state.file.key}/layers${query()}`);
  tree = el('ul', { role: 'tree', class: 'layers', id: 'layers', 'aria-label': filesStrings.layers.show, onkeydown: onKey, onclick: onClick },
    ...children.map((page) => itemNode(page, 1)),
    truncated && el('li', { role: 'none', class: 'layer-more sub' }, texts.truncated(children.length)));
  byId('layers-list').replaceChildren(tree);
  const first = tree.querySelector('[role="treeitem"]');
  if (!first) return;
  first.tabIndex = 0;
  if (!state.node) set({ node: first.dataset.node, name: first.dataset.name, page: pageOf(first) });
  else if (itemOf(state.node)) choose(itemOf(state.node));
  else await nameOfChosen();
  markChosen();
  await expand(itemOf(state.node) ?? first);
  markChosen();
}

/** The address may name a node that is further down, or in no version any more. */
async function nameOfChosen() {
  try {
    const { node } = await get(`/files/${state.file.key}/layers${query({ node: state.node })}`);
    set({ name: node.name, page: null });
  } catch (error) {
    if (error.status !== 404) throw error;
    const first = tree.querySelector('[role="treeitem"]');
    set({ node: first.dataset.node, name: first.dataset.name, page: pageOf(first) });
  }
}

const reload = () => fill(byId('layers-list'), load, strings.error);

export function startLayers() {
  onChange((changes) => {
    if (changes.has('version') || (changes.has('file') && !state.version)) reload();
    else if (changes.has('node') && tree) {
      const item = itemOf(state.node);
      if (item) Object.assign(state, { name: item.dataset.name, page: pageOf(item) });
      else if (!state.name) attempt(nameOfChosen);
      markChosen();
    }
  });
  return reload();
}
